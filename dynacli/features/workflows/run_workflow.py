"""A run of a workflow: steps, criteria and actions in the order of Arazzo 1.1.0. The engine makes each call."""

from __future__ import annotations

import re
import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

from dynacli.client.engine.call_engine import MadeCall
from dynacli.client.links.follow_link import ReceivedCall, received_call
from dynacli.client.responses.response_errors import http_error, mismatch_error
from dynacli.environment import invocation
from dynacli.errors import (
    AuthError,
    DocumentError,
    DynacliError,
    MismatchError,
    NetworkError,
    RefusedError,
    TimedOutError,
    UsageError,
)
from dynacli.features.workflows.arazzo_document import ArazzoDocument
from dynacli.features.workflows.conditions import CriterionResult, evaluate_all
from dynacli.features.workflows.expressions import text_of
from dynacli.features.workflows.scope import MissingValueError, RunScope
from dynacli.features.workflows.sources import ApiSource, WorkflowSources
from dynacli.features.workflows.step_call import BuiltCall, build_call
from dynacli.http.retrying import seconds_asked
from dynacli.http.semantics import is_json
from dynacli.media.body_value import NoValueError, exact_value
from dynacli.openapi.document.json_trees import MISSING, dict_or_empty, follow, from_fragment, list_or_empty
from dynacli.openapi.model.wording import enumerated
from dynacli.openapi.references import reference_of
from dynacli.record import record, replace
from dynacli.secrets import MASK, Masker, Secret, is_secret_header, mask_fields, secret_texts
from dynacli.text.body_text import decoded

_MOST_STEPS = 1000
"""Default of `--max-steps`."""
_MOST_NESTED = 20
_LONGEST_SEEN = 200
_END, _GOTO, _RETRY = "end", "goto", "retry"

MakeCall = Callable[[ApiSource, BuiltCall, float | None, str], MadeCall]
"""Function that makes the call of a step within a number of seconds, and saves it in the history."""


CheckInputs = Callable[[ArazzoDocument, str, Mapping[str, Any]], object]
"""Function that validates the inputs of a workflow, and raises UsageError if they are invalid."""


@record
class StepEnd:
    """The end of a step.

    Args:
        step: Its id.
        title: The method and name of its operation, or the workflow that it ran.
        status: Status of the last response; None without one.
        seconds: Duration, with all retries and pauses.
        retries: Number of retries.
        is_success: Whether it succeeded.
        made: The last call with its response; None without one.
    """

    step: str
    title: tuple[str, str]
    status: int | None
    seconds: float
    retries: int
    is_success: bool
    made: MadeCall | None = None


@record
class WorkflowEnd:
    """The end of a workflow.

    Args:
        outputs: Its outputs.
        error: The reason why it failed; None if it ended well.
    """

    outputs: Mapping[str, Any]
    error: DynacliError | None = None


class _Transfer(NamedTuple):
    """A workflow that takes over."""

    document: ArazzoDocument
    name: str
    inputs: Mapping[str, Any]


class _Frame(NamedTuple):
    """A running workflow."""

    document: ArazzoDocument
    name: str
    workflow: Mapping[str, Any]
    scope: RunScope


class _Attempt:
    """One execution of a step.

    Attributes:
        made: The call with its response; None for a step without one.
        error: The error of the call or of the workflow that the step ran.
        outcomes: The evaluated success criteria.
        title: As in `StepEnd`.
    """

    def __init__(self) -> None:
        self.made: MadeCall | None = None
        self.error: DynacliError | None = None
        self.outcomes: list[CriterionResult] = []
        self.title = ("", "")
        self.outputs: Mapping[str, Any] = {}

    @property
    def is_success(self) -> bool:
        return self.error is None and all(outcome.is_met for outcome in self.outcomes)


class _StopError(Exception):
    """The run cannot go on, and no action can help.

    Args:
        error: The error for the user.
    """

    def __init__(self, error: DynacliError) -> None:
        super().__init__(error.message)
        self.error = error


class WorkflowRun:
    """A run of a workflow and of the workflows that it needs.

    Attributes:
        done: The ids of the steps that succeeded, in order.

    Args:
        sources: The APIs and documents of the workflows.
        make_call: Makes the calls.
        on_step: Called at the end of each step.
        check_inputs: Validates the inputs of a workflow that another one runs.
        warn: Called with the reason if a criterion cannot be evaluated.
        most_steps: Maximum number of executed steps, retries included.
        seconds: Time limit of the whole run; None for none.
        sleep: Waits for a number of seconds.
    """

    def __init__(
        self,
        sources: WorkflowSources,
        make_call: MakeCall,
        *,
        check_inputs: CheckInputs = lambda *_: None,
        on_step: Callable[[StepEnd], object] = lambda end: None,  # noqa: ARG005
        warn: Callable[[str], object] = lambda text: None,  # noqa: ARG005
        most_steps: int = _MOST_STEPS,
        seconds: float | None = None,
        sleep: Callable[[float], object] = time.sleep,
    ) -> None:
        self._sources, self._make_call, self._on_step, self._warn = sources, make_call, on_step, warn
        self._check_inputs = check_inputs
        self._most_steps, self._seconds, self._sleep = most_steps, seconds, sleep
        self._end = None if seconds is None else time.monotonic() + seconds
        self._workflows: dict[str, dict[str, Mapping[str, Any]]] = {}
        self._finished: set[tuple[str, str]] = set()
        self._completed: set[tuple[str, str, str]] = set()
        self._received: ReceivedCall | None = None
        self._count = self._depth = 0
        self._reported: set[str] = set()
        self._secrets: set[str] = set()
        self.has_sent = False
        self.done: list[str] = []

    def run(self, document: ArazzoDocument, name: str, inputs: Mapping[str, Any]) -> WorkflowEnd:
        """Run a workflow, and return how it ended."""
        try:
            return self._run(document, name, inputs)
        except _StopError as stop:
            return WorkflowEnd({}, stop.error)

    def _run(self, document: ArazzoDocument, name: str, inputs: Mapping[str, Any]) -> WorkflowEnd:
        if self._depth == _MOST_NESTED:
            raise _StopError(
                TimedOutError(
                    f"The workflow `{name}` is nested too deeply", reason="Workflows call each other"
                )
            )
        self._depth += 1
        try:
            while True:
                ended = self._workflow(document, name, inputs)
                if not isinstance(ended, _Transfer):
                    return ended
                document, name, inputs = ended
        finally:
            self._depth -= 1

    def _workflow(
        self, document: ArazzoDocument, name: str, inputs: Mapping[str, Any]
    ) -> WorkflowEnd | _Transfer:
        workflow = document.workflows[name]
        scope = RunScope(document, inputs, self._workflows)
        frame = _Frame(document, name, workflow, scope)
        for reference in list_or_empty(workflow.get("dependsOn")):
            target, needed = self._sources.workflow(document, reference)
            if (target.name, needed) not in self._finished:
                shared = with_defaults(target, needed, _inputs_of_same_name(target, needed, inputs))
                try:
                    self._check_inputs(target, needed, shared)
                except UsageError as wrong:
                    raise _StopError(wrong) from wrong
                ended = self._run(target, needed, shared)
                if ended.error is not None:
                    return WorkflowEnd({}, ended.error)
        self._workflows[name] = {"inputs": inputs, "outputs": {}}
        self._secrets.update(secret_texts(inputs, _password_names(document, name)))
        error = self._steps(frame)
        if isinstance(error, _Transfer):
            return error
        scope.received = self._received
        outputs = scope.outputs_of(dict_or_empty(workflow.get("outputs")))
        self._workflows[name] = {"inputs": inputs, "outputs": outputs}
        if error is None:
            self._finished.add((document.name, name))
        return WorkflowEnd(outputs, error)

    def _steps(self, frame: _Frame) -> DynacliError | _Transfer | None:
        """Run the steps of a workflow. Return the error if it failed, or the workflow that takes over."""
        steps = frame.document.steps_of(frame.workflow)
        positions = {step["stepId"]: position for position, step in enumerate(steps)}
        position = 0
        while position < len(steps):
            step = steps[position]
            self._check_dependencies(frame, step)
            attempt = self._execute(frame, step)
            action = self._action(frame, step, attempt)
            if action is None:
                if not attempt.is_success:
                    return self._failure(frame, step, attempt)
                position += 1
            elif action["type"] == _END:
                return None if attempt.is_success else self._failure(frame, step, attempt, is_ended=True)
            elif "stepId" in action:
                position = positions[action["stepId"]]
            else:
                return self._target(frame, step, action)
        return None

    def _target(self, frame: _Frame, step: Mapping[str, Any], action: Mapping[str, Any]) -> _Transfer:
        """Return the workflow of an action after a step, with its inputs."""
        document, name = self._sources.workflow(frame.document, action["workflowId"])
        try:
            given = self._inputs(frame, action)
            if not given:
                given = _inputs_of_same_name(document, name, frame.scope.inputs)
            inputs = with_defaults(document, name, given)
            self._check_inputs(document, name, inputs)
        except (UsageError, MissingValueError, ValueError) as error:
            raise _StopError(
                self._unbuilt(
                    step, error, f"The action `{action['name']}` after `{step['stepId']}` cannot run"
                )
            ) from error
        return _Transfer(document, name, inputs)

    def _inputs(self, frame: _Frame, owner: Mapping[str, Any]) -> dict[str, Any]:
        """Return the inputs that the parameters of a step or an action give to a workflow."""
        given = {}
        for item in list_or_empty(owner.get("parameters")):
            parameter = frame.document.followed(item)
            given[str(parameter["name"])] = frame.scope.resolve(parameter["value"])
        return given

    def _check_dependencies(self, frame: _Frame, step: Mapping[str, Any]) -> None:
        """Check that the steps that a step depends on have succeeded."""
        for reference in list_or_empty(step.get("dependsOn")):
            if self._key_of(frame, str(reference)) not in self._completed:
                raise _StopError(
                    MismatchError(
                        f"The step `{step['stepId']}` cannot run",
                        reason=f"It depends on `{reference}`, which has not succeeded",
                        step=step["stepId"],
                    )
                )

    def _key_of(self, frame: _Frame, reference: str) -> tuple[str, str, str]:
        """Return the document, workflow and id of a step that `dependsOn` names."""
        if not reference.startswith("$"):
            return frame.document.name, frame.name, reference
        kind, *names = reference.split(".")
        if kind == "$workflows" and len(names) > 2:
            return frame.document.name, names[0], names[2]
        if kind == "$sourceDescriptions" and len(names) > 3:
            return self._sources.document(frame.document, names[0]).name, names[1], names[3]
        return "", "", reference

    def _execute(self, frame: _Frame, step: Mapping[str, Any]) -> _Attempt:
        """Execute a step once and each retry, and return the last attempt."""
        began, retries = time.monotonic(), 0
        counts: Counter[str] = Counter()
        while True:
            attempt = self._attempt(frame, step)
            action = None if attempt.is_success else self._action(frame, step, attempt, counts)
            if action is None or action["type"] != _RETRY:
                break
            counts[action["name"]] += 1
            if not self._prepare_retry(frame, step, action):
                break
            self._wait(step, attempt, float(action.get("retryAfter", 0)))
            retries += 1
        made = attempt.made
        if attempt.is_success:
            self.done.append(step["stepId"])
            self._completed.add((frame.document.name, frame.name, step["stepId"]))
        self._on_step(
            StepEnd(
                step["stepId"],
                attempt.title,
                made.response.status if made is not None else None,
                time.monotonic() - began,
                retries,
                attempt.is_success,
                made,
            )
        )
        return attempt

    def _action(
        self,
        frame: _Frame,
        step: Mapping[str, Any],
        attempt: _Attempt,
        counts: Counter[str] | None = None,
    ) -> dict[str, Any] | None:
        """Return the first action whose criteria are met; None if there is none.

        Args:
            counts: Name of an action → its retries so far; None to leave out retries, which are over.
        """
        for action in frame.document.actions_of(frame.workflow, step, is_success=attempt.is_success):
            is_retry = action["type"] == _RETRY
            if is_retry and (counts is None or counts[action["name"]] >= action.get("retryLimit", 1)):
                continue
            outcomes = self._evaluated(list_or_empty(action.get("criteria")), frame.scope)
            if all(outcome.is_met for outcome in outcomes):
                return action
        return None

    def _evaluated(self, criteria: Sequence[Mapping[str, Any]], scope: RunScope) -> list[CriterionResult]:
        outcomes = evaluate_all(criteria, scope)
        for outcome in outcomes:
            if outcome.problem and outcome.condition not in self._reported:
                self._reported.add(outcome.condition)
                problem = self._masker(None).mask(outcome.problem)
                self._warn(f"The criterion `{outcome.condition}` is not met: {problem}")
        return outcomes

    def _prepare_retry(self, frame: _Frame, step: Mapping[str, Any], action: Mapping[str, Any]) -> bool:
        """Run the step or workflow that a retry names, and return whether it succeeded."""
        if "workflowId" in action:
            target = self._target(frame, step, action)
            return self._run(*target).error is None
        if "stepId" in action and action["stepId"] != step["stepId"]:
            steps = {item["stepId"]: item for item in frame.workflow["steps"]}
            return self._execute(frame, steps[action["stepId"]]).is_success
        return True

    def _wait(self, step: Mapping[str, Any], attempt: _Attempt, seconds: float) -> None:
        """Wait before a retry. `Retry-After` of the response overrules the seconds of the action."""
        if attempt.made is not None:
            headers = attempt.made.response.headers
            asked = seconds_asked(
                [pair for pair in headers if pair[0].lower() in {"retry-after", "date"}], time.time()
            )
            seconds = seconds if asked is None else asked
        if self._end is not None and time.monotonic() + seconds > self._end:
            raise _StopError(self._out_of_time(step))
        if seconds > 0:
            self._sleep(seconds)

    def _out_of_time(self, step: Mapping[str, Any]) -> TimedOutError:
        return TimedOutError(
            f"The workflow did not end within {self._seconds:g} s",
            reason=f"It was at the step `{step['stepId']}`. {self._done_text}",
            hint="Give it more time: `--timeout-total SECONDS`",
            step=step["stepId"],
        )

    @property
    def _done_text(self) -> str:
        names = [f"`{name}`" for name in dict.fromkeys(self.done)]
        return f"Done before: {enumerated(names, most=10)}" if names else "No step had succeeded"

    def _attempt(self, frame: _Frame, step: Mapping[str, Any]) -> _Attempt:
        """Execute a step once."""
        self._count += 1
        if self._count > self._most_steps:
            raise _StopError(
                TimedOutError(
                    f"The workflow did not end within {self._most_steps:,} steps",
                    reason=f"It was at the step `{step['stepId']}`; its actions may form a circle",
                    hint="`--max-steps N` changes the limit",
                    step=step["stepId"],
                )
            )
        if self._end is not None and time.monotonic() > self._end:
            raise _StopError(self._out_of_time(step))
        attempt, scope = _Attempt(), frame.scope
        scope.received = None
        try:
            if "workflowId" in step:
                self._attempt_workflow(frame, step, attempt)
            else:
                self._attempt_call(frame, step, attempt)
        except (NetworkError, TimedOutError) as error:
            attempt.error = error
        except (UsageError, DocumentError, MissingValueError, ValueError) as error:
            raise _StopError(self._unbuilt(step, error)) from error
        except (AuthError, RefusedError) as error:
            error.details.setdefault("step", step["stepId"])
            raise _StopError(error) from error
        scope.outputs = attempt.outputs
        if attempt.error is None or "successCriteria" in step:
            attempt.outcomes = self._evaluated(list_or_empty(step.get("successCriteria")), scope)
        if scope.received is not None or "workflowId" in step:
            sources = dict_or_empty(step.get("outputs"))
            scope.steps[step["stepId"]] = outputs = scope.outputs_of(sources)
            self._secrets.update(
                value
                for name, value in outputs.items()
                if isinstance(value, str) and (_is_secret(name) or _is_secret(str(sources[name])))
            )
        scope.outputs = {}
        return attempt

    def _attempt_workflow(self, frame: _Frame, step: Mapping[str, Any], attempt: _Attempt) -> None:
        document, name = self._sources.workflow(frame.document, step["workflowId"])
        attempt.title = ("workflow", name)
        shared = list_or_empty(frame.workflow.get("parameters"))
        given = self._inputs(frame, {"parameters": [*shared, *list_or_empty(step.get("parameters"))]})
        inputs = with_defaults(document, name, given)
        self._check_inputs(document, name, inputs)
        ended = self._run(document, name, inputs)
        frame.scope.received = self._received
        attempt.outputs, attempt.error = ended.outputs, ended.error

    def _attempt_call(self, frame: _Frame, step: Mapping[str, Any], attempt: _Attempt) -> None:
        source, described = self._sources.operation(frame.document, step)
        attempt.title = (described.operation.method, described.operation.name)
        parameters = frame.document.parameters_of(frame.workflow, step)
        failure_actions = frame.document.actions_of(frame.workflow, step, is_success=False)
        has_retry = any(action["type"] == _RETRY for action in failure_actions)
        settings = replace(source.settings, retries=0) if has_retry else source.settings
        built = build_call(described, settings, parameters, step, frame.scope)
        made = self._make_call(source, built, self._seconds_of(step), step["stepId"])
        self.has_sent = True
        attempt.made = made
        self._received = frame.scope.received = received_call(
            made.call, made.response, lambda: _response_value(made)
        )
        if "successCriteria" not in step:
            attempt.error = _error_of_response(made)

    def _seconds_of(self, step: Mapping[str, Any]) -> float | None:
        """Return the time limit of a call in seconds; None for none."""
        limits = []
        if "timeout" in step:
            limits.append(step["timeout"] / 1000)
        if self._end is not None:
            limits.append(max(self._end - time.monotonic(), 0.001))
        return min(limits, default=None)

    def _unbuilt(self, step: Mapping[str, Any], error: Exception, message: str = "") -> DynacliError:
        """Return the error for a step that cannot be built. Before the first request it is the error itself."""
        if isinstance(error, DynacliError) and not self.has_sent:
            return error
        reason = str(error)
        if isinstance(error, DynacliError):
            reason = ": ".join(text for text in (error.message, error.reason) if text)
        return MismatchError(
            message or f"The step `{step['stepId']}` cannot be sent",
            reason=self._masker(None).mask(f"{reason[:1].upper()}{reason[1:]}. {self._done_text}"),
            hint=error.hint if isinstance(error, DynacliError) else "",
            step=step["stepId"],
        )

    def _masker(self, made: MadeCall | None) -> Masker:
        """Return the masker for the secrets among inputs and outputs, and for those of a call."""
        secrets = map(Secret, self._secrets)
        if made is None:
            return Masker(secrets)
        return made.call.signed.response_masker(made.response.headers).extended(secrets)

    def _failure(
        self, frame: _Frame, step: Mapping[str, Any], attempt: _Attempt, *, is_ended: bool = False
    ) -> DynacliError:
        """Return the error for a step that failed, and that no action took over."""
        unmet = next((outcome for outcome in attempt.outcomes if not outcome.is_met), None)
        error = attempt.error
        if unmet is None and error is not None and not is_ended:
            error.details.setdefault("step", step["stepId"])
            error.details["done"] = list(dict.fromkeys(self.done))
            if "workflowId" not in step:
                error.reason = (
                    f"{error.reason}\nThe step `{step['stepId']}` failed. {self._done_text}".strip()
                )
                if self.done:
                    made = f"`{invocation('history')}` lists the calls that were made"
                    error.hint = f"{error.hint}\n{made}; another run begins at the first step".strip()
            return error
        if unmet is None:
            message = error.message if error is not None else "it failed"
            return MismatchError(
                f"The workflow `{frame.name}` ended because the step `{step['stepId']}` failed",
                reason=f"{message}. {self._done_text}",
                step=step["stepId"],
            )
        masker = self._masker(attempt.made)
        seen = _shown(unmet.seen, masker)
        values = "; ".join(f"`{text}` was `{text_of(value)[:_LONGEST_SEEN]}`" for text, value in seen.items())
        why = masker.mask(unmet.problem) or values or "it is false"
        return MismatchError(
            f"The step `{step['stepId']}` failed",
            reason=f"The criterion `{unmet.condition}` is not met: {why}. {self._done_text}",
            step=step["stepId"],
            criterion=unmet.condition,
            values=seen,
            done=list(dict.fromkeys(self.done)),
        )


def _shown(seen: Mapping[str, Any], masker: Masker) -> dict[str, Any]:
    """Return the values of expressions with secrets masked: those of the run, and those with names of secrets."""
    values = {
        text: MASK if isinstance(value, str | int | float) and _is_secret(text) else mask_fields(value)
        for text, value in seen.items()
    }
    masked: dict[str, Any] = masker.mask_value(values)
    return masked


def _is_secret(text: str) -> bool:
    """Return whether the value of an expression is a secret, by the last name in it."""
    return is_secret_header(re.split(r"[./#]", text)[-1])


def _password_names(document: ArazzoDocument, name: str) -> set[str]:
    """Return the names of the inputs of a workflow that are passwords by their schema."""
    properties = _properties(document, name).items()
    return {
        key for key, schema in properties if isinstance(schema, dict) and schema.get("format") == "password"
    }


def _error_of_response(made: MadeCall) -> DynacliError | None:
    """Return the error of a step without criteria: a status other than 2xx, or at `strict` an invalid response."""
    call, response, validation = made
    if not response.is_success:
        return http_error(call, response)
    if validation is not None and not validation.is_valid and call.settings.is_strict:
        return mismatch_error(call, response, validation, detail="short", has_json=False)
    return None


def _response_value(made: MadeCall) -> Any:
    """Return the value of a response: of JSON its value, of other text the text; None for other content."""
    body = made.call.received(made.response)
    if is_json(body.media_type):
        try:
            return exact_value(body)
        except NoValueError:
            return None
    return decoded(body.content, body.media_type)


def _inputs_of_same_name(document: ArazzoDocument, name: str, inputs: Mapping[str, Any]) -> dict[str, Any]:
    """Return the inputs that a workflow also has."""
    properties = _properties(document, name)
    return {key: value for key, value in inputs.items() if key in properties}


def with_defaults(document: ArazzoDocument, name: str, inputs: Mapping[str, Any]) -> dict[str, Any]:
    """Return inputs with the defaults of the workflow's schema for the others."""
    defaults = {
        key: schema["default"]
        for key, schema in _properties(document, name).items()
        if isinstance(schema, dict) and "default" in schema
    }
    return {**defaults, **inputs}


def _properties(document: ArazzoDocument, name: str) -> dict[str, Any]:
    """Return the properties of the inputs of a workflow, also in references and in `allOf`."""
    found: dict[str, Any] = {}
    left, seen = [document.workflows[name].get("inputs")], 0
    while left and seen < 100:
        schema, seen = dict_or_empty(left.pop()), seen + 1
        steps = from_fragment(reference_of(schema) or "")
        target = follow(document.tree, steps) if steps is not None else MISSING
        left += [target, *list_or_empty(schema.get("allOf"))]
        found = {**dict_or_empty(schema.get("properties")), **found}
    return found
