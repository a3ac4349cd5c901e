"""Makes a workflow from recorded calls: values of earlier responses become expressions, other values inputs."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from itertools import chain, count, pairwise
from statistics import median
from typing import Any, NamedTuple
from urllib.parse import parse_qsl

from dynacli.client.described_operation import DescribedOperation
from dynacli.client.sign_request import is_secret_input
from dynacli.errors import UsageError
from dynacli.features.workflows.step_call import located_values
from dynacli.files import is_url
from dynacli.http.semantics import SAFE_METHODS, essence, is_form, is_json, is_multipart
from dynacli.openapi.document.json_trees import MISSING, follow, is_same_json, join
from dynacli.openapi.model.field_names import plain_name
from dynacli.openapi.model.kebab_names import free_name, kebab
from dynacli.openapi.model.operation import Parameter
from dynacli.secrets import MASK, is_secret_name
from dynacli.text.exact_json import read_json
from dynacli.traffic.recorded_request import MatchedOperation, RecordedExchange, RecordedResponse
from dynacli.traffic.validate_exchange import recorded_values, request_parts, secret_names_of

_DEEPEST = 20
_MOST_VALUES = 200_000
"""Maximum number of values of all responses that are searched."""
_TELLING = 8
"""Minimum length of a text that two places hardly share by chance."""
_FEWEST_RETRIES = 30
"""Minimum of `retryLimit`: a recording shows a single duration of the server's work."""
_STATES = re.compile(
    r".*(?:status|state|phase|stage|progress|percent|percentage)|(?:is)?(?:done|finished|completed?|ready)"
)
"""Plain names of fields that show whether work is finished."""
_STATE = re.compile(r"\w[\w .-]{0,40}")
_TYPES: Mapping[type, str] = {str: "string", bool: "boolean", int: "integer", float: "number", list: "array"}
_NOT_IN_NAMES = re.compile(r"[^A-Za-z0-9_-]+")
_AUTHORIZATION = frozenset(("authorization", "proxy-authorization"))


class RecordedStep(NamedTuple):
    """A recorded call.

    Args:
        recorded: The request and its response.
        match: Its operation.
        retry: The Retry Action of calls that were repeated until this one; None for a single call.
        condition: The condition that only the last of them met; empty if it is the status.
    """

    recorded: RecordedExchange
    match: MatchedOperation
    retry: Mapping[str, Any] | None = None
    condition: str = ""


class _Origin(NamedTuple):
    """A value in a response.

    Args:
        step: The position of the step.
        steps: The steps to the value in the body, or the name of a header.
        is_header: Whether it is a header.
    """

    step: int
    steps: tuple[str | int, ...]
    is_header: bool = False

    @property
    def expression(self) -> str:
        """The expression for the value after its step."""
        if self.is_header:
            return f"$response.header.{self.steps[0]}"
        return f"$response.body#{join(list(map(str, self.steps)))}"

    @property
    def rank(self) -> tuple[int, int]:
        """A sort key: values outside of lists first, then the first items of lists; of equal ones the earliest."""
        return sum(1 + (step > 0) for step in self.steps if isinstance(step, int)), self.step


class _Recorder:
    """Builds the workflow, step by step."""

    def __init__(self, recorded: Sequence[RecordedStep]) -> None:
        self._recorded = recorded
        self._origins: dict[str, list[_Origin]] = {}
        self._given: dict[str, int] = {}
        self._left = _MOST_VALUES
        self._locations: list[tuple[int, str]] = []
        self._names = _FreeNames()
        self.steps: list[dict[str, Any]] = []
        self.properties: dict[str, dict[str, Any]] = {}
        self.required: list[str] = []

    def add(self, sources: Mapping[str, str]) -> None:
        """Add the next step.

        Args:
            sources: Name of an API → the name of its source.
        """
        number = len(self.steps)
        recorded, match, retry, condition = self._recorded[number]
        name = sources[match.api.name]
        operation_id = match.operation.operation_id
        step: dict[str, Any] = {"stepId": self._step_id(match)}
        if operation_id and _is_plain_id(operation_id):
            step["operationId"] = (
                operation_id
                if len(set(sources.values())) == 1
                else f"$sourceDescriptions.{name}.{operation_id}"
            )
        else:
            pointer = join(["paths", match.operation.path, match.operation.method.lower()])
            step["operationPath"] = f"{{$sourceDescriptions.{name}.url}}#{pointer}"
        self.steps.append(step)
        parameters = list(self._parameters(number))
        if parameters:
            step["parameters"] = parameters
        body = self._body(number)
        if body is not None:
            step["requestBody"] = body
        response = recorded.response
        if response is not None:
            conditions = [f"$statusCode == {response.status}", *filter(None, [condition])]
            step["successCriteria"] = [{"condition": text} for text in conditions]
            if retry is not None:
                step["onFailure"] = [dict(retry)]
            if location := _header_of(response, "location"):
                self._locations.append((number, location))
                self._origins.setdefault(location, []).append(_Origin(number, ("Location",), is_header=True))
            self._note_values(number, _json_of(response))

    def _step_id(self, match: MatchedOperation) -> str:
        return self._names.take(_NOT_IN_NAMES.sub("-", match.operation.name).strip("-") or "step")

    def _note_values(self, number: int, value: Any) -> None:
        """Note the values of a response, so that later requests can refer to them."""
        for steps, leaf in _leaves(value, ()):
            self._left -= 1
            if self._left < 0:
                return
            if leaf not in (MASK, MISSING, None, "") and not isinstance(leaf, bool):
                self._origins.setdefault(_key_of(leaf), []).append(_Origin(number, steps))

    def _parameters(self, number: int) -> Iterator[dict[str, Any]]:
        recorded, match, *_ = self._recorded[number]
        credentials = {(location, name.lower()) for location, name in match.operation.api_keys}
        declared = {parameter.key: parameter for parameter in match.operation.parameters}
        given = recorded_values(recorded, match)
        for key, value in given.items():
            location, name = key
            if (location, name.lower()) in credentials or name.lower() in _AUTHORIZATION:
                continue
            parameter = declared[key]
            is_hidden = is_secret_input(parameter) or (
                location == "cookie" or is_secret_name(name, in_path=location == "path")
            )
            written = self._written(number, (name,), value, is_hidden=is_hidden, parameter=parameter)
            yield {"name": name, "in": location, "value": written}
        texts: dict[str, list[str]] = {}
        for pair in request_parts(recorded, match).query:
            if ("query", pair.name) not in given and ("query", pair.name.lower()) not in credentials:
                texts.setdefault(pair.name, []).append(pair.value)
        for name, values in texts.items():
            if is_secret_name(name) and ("query", name) not in declared:
                continue  # an undeclared credential, which the API's settings give
            value = values[0] if len(values) == 1 else values
            written = self._written(number, (name,), value, is_hidden=is_secret_name(name))
            yield {"name": name, "in": "query", "value": written}

    def _body(self, number: int) -> dict[str, Any] | None:
        recorded, match, *_ = self._recorded[number]
        if recorded.content_loss:
            raise UsageError(
                f"The call {number + 1}, `{match.operation.name}`, cannot be recorded",
                reason="The recording does not have the body of its request",
            )
        content = recorded.content
        if not content:
            return None
        media_type = essence(recorded.request.header("content-type"))
        wrong = UsageError(
            f"The call {number + 1}, `{match.operation.name}`, cannot be recorded",
            reason=f"A workflow cannot hold its body of `{media_type or 'no media type'}`",
            hint="Leave it out of the recording",
        )
        if is_multipart(media_type):
            raise wrong
        names = secret_names_of(match.api, match.operation)
        try:
            if is_form(media_type):
                value: Any = dict(parse_qsl(content.decode("utf-8"), keep_blank_values=True))
            elif is_json(media_type):
                value = read_json(content.decode("utf-8"))
            else:
                value = content.decode("utf-8")
        except (ValueError, RecursionError):
            raise wrong from None
        body: dict[str, Any] = {}
        described = DescribedOperation(match.api, match.operation)
        usual = described.sending("").media_type if match.operation.body is not None else None
        if media_type and (usual is None or essence(usual.name) != media_type):
            body["contentType"] = media_type
        body["payload"] = self._payload(number, (), value, names, 0)
        return body

    def _payload(
        self, number: int, path: tuple[str, ...], value: Any, names: frozenset[str], depth: int
    ) -> Any:
        if depth < _DEEPEST and isinstance(value, dict):
            return {
                key: self._payload(number, (*path, str(key)), member, names, depth + 1)
                for key, member in value.items()
            }
        if isinstance(value, list):
            has_objects = any(isinstance(item, dict | list) for item in value)
            if depth < _DEEPEST and (has_objects or any(self._origin(number, path, item) for item in value)):
                return [
                    self._payload(number, (*path, str(index)), item, names, depth + 1)
                    for index, item in enumerate(value)
                ]
        if value is None:
            return None
        name = path[-1] if path else "body"
        is_hidden = isinstance(value, str | int) and (name in names or is_secret_name(name))
        return self._written(number, path or ("body",), value, is_hidden=is_hidden)

    def _written(
        self,
        number: int,
        path: tuple[str, ...],
        value: Any,
        *,
        is_hidden: bool,
        parameter: Parameter | None = None,
    ) -> Any:
        """Return the expression for a value: of an earlier response, or else of an input."""
        origin = self._origin(number, path, value)
        if parameter is not None and parameter.location == "path":
            origin = self._located(number, parameter.name, value, origin)
        if origin is not None and not (is_hidden and value == MASK):
            return self._output(origin)
        if isinstance(value, dict):
            return value
        return f"$inputs.{self._input(number, path, value, is_hidden=is_hidden, parameter=parameter)}"

    def _origin(self, number: int, path: tuple[str, ...], value: Any) -> _Origin | None:
        """Return the place of a value in an earlier response; None if it is the user's, or may be there by chance."""
        if not isinstance(value, str | int | float) or isinstance(value, bool) or value in ("", MASK):
            return None
        found = [origin for origin in self._origins.get(_key_of(value), ()) if origin.step < number]
        text = str(value)
        is_telling = isinstance(value, str) and (
            len(text) >= _TELLING or (len(text) >= 4 and any(map(str.isdigit, text)))
        )
        if is_telling:
            # A response may only repeat what the user gave.
            given = self._given.get(_key_of(value), number)
            found = [origin for origin in found if origin.step < given]
        else:
            own = plain_name(next((step for step in reversed(path) if not step.isdigit()), ""))
            found = [origin for origin in found if _is_akin(own, origin.steps)]
        return min(found, key=lambda origin: origin.rank, default=None)

    def _located(self, number: int, name: str, value: Any, origin: _Origin | None) -> _Origin | None:
        """Return the latest `Location` that has the value of a path parameter, or else an origin in a body.

        A value in the body of the same response comes first, because all programs can read it.
        """
        path = self._recorded[number].match.operation.path
        for step, location in reversed(self._locations):
            if located_values(path, location).get(name) == str(value):
                has_both = origin is not None and origin.step == step
                return origin if has_both else _Origin(step, ("Location",), is_header=True)
        return origin

    def _output(self, origin: _Origin) -> str:
        """Return the expression for a value of a response, and add it to the outputs of its step."""
        step = self.steps[origin.step]
        outputs = step.setdefault("outputs", {})
        expression = origin.expression
        for name, source in outputs.items():
            if source == expression:
                return f"$steps.{step['stepId']}.outputs.{name}"
        words = [str(item) for item in origin.steps if isinstance(item, str)]
        base = _NOT_IN_NAMES.sub("-", words[-1] if words else "value").strip("-") or "value"
        name = free_name(base, outputs, "-")
        outputs[name] = expression
        return f"$steps.{step['stepId']}.outputs.{name}"

    def _input(
        self,
        number: int,
        path: tuple[str, ...],
        value: Any,
        *,
        is_hidden: bool,
        parameter: Parameter | None,
    ) -> str:
        """Return the name of the input for a value, and add it if it is new."""
        is_hidden = is_hidden or (isinstance(value, str) and MASK in value)
        self._given.setdefault(_key_of(value), number)
        kind = next((kind for known, kind in _TYPES.items() if isinstance(value, known)), "string")
        schema: dict[str, Any] = {"type": kind}
        if parameter is not None and parameter.description:
            schema["description"] = parameter.description
        if is_hidden:
            schema |= {"type": "string", "format": "password"}
        else:
            schema["default"] = value
        words = "-".join(path)
        base = _NOT_IN_NAMES.sub("-", words).strip("-") or "value"
        step_id = self.steps[number]["stepId"]
        for name in chain((base,), _numbered_names(f"{step_id}-{base}")):
            known = self.properties.get(name)
            if known is None:
                self.properties[name] = schema
                if is_hidden:
                    self.required.append(name)
                return name
            if {**known, "description": ""} == {**schema, "description": ""}:
                return name
        raise AssertionError


def workflow_of(recorded: Sequence[RecordedStep], workflow_id: str, folder: str) -> dict[str, Any]:
    """Return an Arazzo document with a workflow that makes recorded calls.

    Args:
        recorded: The calls, in order; at least one.
        workflow_id: The id of the workflow.
        folder: The directory of the document, from which the paths of its sources start.

    Raises:
        UsageError: The body of a request is missing, or cannot be in a workflow.
    """
    apis = {step.match.api.name: step.match.api for step in recorded}
    sources: dict[str, str] = {}
    described = []
    for name, api in apis.items():
        word = os.path.basename(name).partition(".")[0] if not is_url(name) else "api"
        base = _NOT_IN_NAMES.sub("-", kebab(word)).strip("-") or "api"
        own = base if base not in sources.values() else f"{base}-{len(sources) + 1}"
        sources[name] = own
        url = api.location
        if not is_url(url):
            url = os.path.relpath(url, folder).replace(os.sep, "/")
        described.append({"name": own, "url": url, "type": "openapi"})
    steps = _without_polls(recorded)
    recorder = _Recorder(steps)
    for _ in steps:
        recorder.add(sources)
    workflow: dict[str, Any] = {"workflowId": workflow_id}
    if recorder.properties:
        inputs: dict[str, Any] = {"type": "object"}
        if recorder.required:
            inputs["required"] = recorder.required
        workflow["inputs"] = {**inputs, "properties": recorder.properties}
    workflow["steps"] = recorder.steps
    last = recorder.steps[-1]
    response = recorded[-1].recorded.response
    if response is not None and response.body:
        last.setdefault("outputs", {})["result"] = "$response.body"
        workflow["outputs"] = {"result": f"$steps.{last['stepId']}.outputs.result"}
    return {
        "arazzo": "1.0.1",
        "info": {"title": f"The workflow {workflow_id}", "version": "1"},
        "sourceDescriptions": described,
        "workflows": [workflow],
    }


def _without_polls(recorded: Sequence[RecordedStep]) -> list[RecordedStep]:
    """Return calls with those that wait for the work of a server as one call with a retry."""
    steps: list[RecordedStep] = []
    group: list[RecordedStep] = []
    for step in recorded:
        if group and not _is_repeated(group[-1], step):
            steps += _as_one(group)
            group = []
        group.append(step)
    return steps + _as_one(group)


def _is_repeated(first: RecordedStep, second: RecordedStep) -> bool:
    """Return whether a call only repeats the one before it."""
    one, other = first.recorded, second.recorded
    return (
        one.request.method in SAFE_METHODS
        and (one.request.method, one.request.url, one.content)
        == (other.request.method, other.request.url, other.content)
        and recorded_values(one, first.match) == recorded_values(other, second.match)
    )


def _as_one(group: list[RecordedStep]) -> list[RecordedStep]:
    """Return equal calls as one with a retry if their responses show that the user waited; else as they are."""
    responses = [step.recorded.response for step in group]
    if len(group) < 2 or None in responses:
        return group
    statuses = [response.status for response in responses if response is not None]
    bodies = [_json_of(response) for response in responses if response is not None]
    condition, retries = "", _retries([status == statuses[-1] for status in statuses])
    for steps in _states(bodies[-1]) if not retries else ():
        values = [follow(body, steps) for body in bodies]
        last = values[-1]
        if retries := _retries([is_same_json(value, last) for value in values]):
            condition = f"$response.body#{join(steps)} == {_literal(last)}"
            break
    if not retries:
        return group
    times = [step.recorded.started for step in group[: retries + 1]]
    pause = round(median(after - before for before, after in pairwise(times)), 1) if all(times) else 0
    retry = {
        "name": "not-finished",
        "type": "retry",
        "retryAfter": max(int(pause) if pause == int(pause) else pause, 1),
        "retryLimit": max(3 * retries, _FEWEST_RETRIES),
    }
    return [group[-1]._replace(retry=retry, condition=condition)]


def _retries(is_met: list[bool]) -> int:
    """Return the number of calls before the first that met a condition; 0 if it did not hold from then on."""
    first = is_met.index(True)
    return first if all(is_met[first:]) else 0


def _states(value: Any) -> list[tuple[str, ...]]:
    """Return the paths of the values that may show that work is finished, the likeliest first."""
    found = []
    for steps, leaf in _leaves(value, ()):
        names = [step for step in steps if isinstance(step, str)]
        is_state = bool(names) and _STATES.fullmatch(plain_name(names[-1])) is not None
        is_word = isinstance(leaf, str) and _STATE.fullmatch(leaf) is not None
        if isinstance(leaf, bool) or (is_state and (is_word or isinstance(leaf, int | float))):
            found.append((not is_state, len(steps), tuple(map(str, steps))))
    return [steps for *_, steps in sorted(found)]


def _literal(value: Any) -> str:
    """Return a value as a literal of a condition (Arazzo 1.1.0, "Literals")."""
    return f"'{value}'" if isinstance(value, str) else str(value).lower()


def _header_of(response: RecordedResponse, name: str) -> str:
    return next((value for known, value in response.headers if known.lower() == name), "")


def _json_of(response: RecordedResponse) -> Any:
    """Return the JSON value of a response, or `MISSING`."""
    if response.body and is_json(essence(_header_of(response, "content-type"))):
        with suppress(ValueError, RecursionError):
            return read_json(response.body.decode("utf-8"))
    return MISSING


class _FreeNames:
    """Gives each name once: `base`, `base-2`, `base-3`, and so on."""

    def __init__(self) -> None:
        self._taken: set[str] = set()
        self._numbers: dict[str, Iterator[str]] = {}

    def take(self, base: str) -> str:
        """Return a name that was not returned before."""
        names = self._numbers.setdefault(base, _numbered_names(base))
        name = next(name for name in names if name not in self._taken)
        self._taken.add(name)
        return name


def _numbered_names(base: str) -> Iterator[str]:
    """Yield names: `base`, `base-2`, `base-3`, and so on."""
    yield base
    yield from (f"{base}-{number}" for number in count(2))


def _is_plain_id(text: str) -> bool:
    return not text.startswith("$") and not any(map(str.isspace, text)) and "{" not in text


def _leaves(value: Any, steps: tuple[str | int, ...]) -> Iterator[tuple[tuple[str | int, ...], Any]]:
    """Yield the values of a response that are no objects and no lists, with the steps to them."""
    if len(steps) > _DEEPEST:
        return
    if isinstance(value, dict):
        for key, member in value.items():
            yield from _leaves(member, (*steps, str(key)))
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield from _leaves(item, (*steps, index))
    else:
        yield steps, value


def _key_of(value: Any) -> str:
    """Return a key that is the same for a number and for its text, which a path or a query has."""
    return value if isinstance(value, str) else str(value)


def _is_akin(own: str, steps: Sequence[str | int]) -> bool:
    """Return whether an input may take a short value of a response by their names: `petId` the `id` of a pet."""
    names = [plain_name(str(step)) for step in steps if isinstance(step, str)]
    last = names[-1] if names else ""
    return bool(own and last) and (own.endswith(last) or last.endswith(own))
