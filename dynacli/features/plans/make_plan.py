"""Makes plans: builds, signs and validates calls without sending them, and reads the states of their resources.

A later run compares everything that a plan holds: see `apply_plan`.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import re
import time
from collections.abc import Mapping
from functools import partial
from secrets import token_hex
from typing import TYPE_CHECKING, Any

from dynacli.client.call import Call
from dynacli.client.call_settings import CallSettings, pairs_of
from dynacli.client.described_operation import DescribedOperation
from dynacli.client.engine.call_engine import Engine, read_finite
from dynacli.client.inputs.call_inputs import CallInputs, TypedWords
from dynacli.client.links.next_calls import given_to
from dynacli.client.masked_call import MaskedCall
from dynacli.client.operation_at import operation_by_id, operations_of_path
from dynacli.client.policy.permission import decision_on
from dynacli.client.responses.compare_calls import compared_body, without_secrets
from dynacli.client.responses.compare_responses import (
    ComparedResponse,
    ComparisonRules,
    Difference,
    compare_responses,
)
from dynacli.client.responses.response_errors import http_error
from dynacli.client.sign_request import unsigned
from dynacli.environment import Consent, invocation
from dynacli.errors import UsageError
from dynacli.features.plans.plan import LONGEST_SECONDS, Plan, PlannedRequest, StateBefore
from dynacli.files import is_url
from dynacli.http.semantics import SAFE_METHODS, essence, is_json
from dynacli.openapi.document.json_trees import MISSING
from dynacli.openapi.references import references_of
from dynacli.openapi.schema.read_schema import applied_schemas, following
from dynacli.options.standard_options import Options
from dynacli.record import replace
from dynacli.registry.configuration import DEMO
from dynacli.registry.opened_api import OpenedApi
from dynacli.registry.record_call import api_key
from dynacli.request.preview import as_json
from dynacli.secrets import Masker, with_masked_query
from dynacli.text.exact_json import read_json
from dynacli.urls import origin_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from dynacli.http.exchange import WireResponse
    from dynacli.media.text_values import BodySchema
    from dynacli.openapi.catalog.catalog_file import Catalog
    from dynacli.openapi.model.operation import Operation

_MOST_BODY = 1024 * 1024
"""Maximum size in bytes of a body made from files."""
_GONE = (404, 410)
_JSON_PATCH = "application/json-patch+json"  # RFC 6902
_MERGE_PATCH = "application/merge-patch+json"  # RFC 7396
_AT_DEMO = "http://demo"
"""The origin of the demo API in a plan, because each run of the demo API has another port."""
_UNKNOWN: Any = object()
"""The state after a request whose effect does not follow from the document."""


def planning(settings: CallSettings) -> CallSettings:
    """Return the settings for planning calls: they ask no question, and refuse only what the policy denies.

    A read-only client may plan, too, because nothing is sent that changes anything.
    """
    return replace(settings, consent=Consent(is_given=True), reads_only_by="", cache=None)


def check_seconds(seconds: float | None, text: str = "") -> float:
    """Return the validity of a plan, after checking it.

    Args:
        seconds: The validity; None if the text is not a duration.
        text: The value of `--plan-expires`; empty if the validity was given in seconds.

    Raises:
        UsageError: The validity is too short, too long, or not a duration.
    """
    if seconds is None or not 1 <= seconds <= LONGEST_SECONDS:
        raise UsageError(
            f"`{text or seconds}` is an invalid validity of a plan",
            reason="Expected a time of at most 30 days",
            hint="For example: `--plan-expires 30m`, `24h` or `7d`" if text else "Give seconds",
        )
    return seconds


class Planner:
    """Makes one plan of several calls.

    Args:
        engine: Prepares the calls, with settings from `planning`, and reads the states of their resources.
        options: The options of the caller, besides the inputs.
        key: The key of the seals, which also identifies accounts.

    Attributes:
        is_for_person: Whether only a person may apply the plan.
    """

    def __init__(self, engine: Engine, api: OpenedApi, options: Options, key: bytes) -> None:
        self._engine, self._api, self._options, self._key = engine, api, options, key
        self.is_for_person = is_for_person(engine)
        self._requests: list[PlannedRequest] = []
        self._resources: dict[str, tuple[int, Any]] = {}
        _check_api(api)

    def add(self, call: Call, row: int = 1) -> None:
        """Add a call without sending it.

        Args:
            call: The call as the engine has prepared it.
            row: The number of the request.

        Raises:
            UsageError: The operation is read-only, the request holds a secret, or its body is too large.
            DynacliError: The state of the resource cannot be read.
        """
        described, settings = call.described, call.settings
        if call.request.method in SAFE_METHODS:
            raise UsageError(
                f"`{described.operation.name}` is not planned",
                reason=f"Its method is {call.request.method}, which changes nothing",
                hint="Call it without `--plan`",
            )
        body = _body_content(call)
        before, follows, known, masker = None, 0, _UNKNOWN, call.signed.masker
        reading = reading_of(self._engine, call)
        if reading is not None:
            url = reading.request.url
            masker = masker.joined(reading.signed.masker)
            if url in self._resources:
                follows, known = self._resources[url]
            else:
                before, _ = read_state(self._engine, reading, masker)
                known = before.body
                call = with_etag(self._engine, call, before.etag)
        after = _UNKNOWN if known is _UNKNOWN else _after(call, body, known)
        if reading is not None:
            self._resources[reading.request.url] = row, after
        decision = decision_on(described, settings.bounds)
        values = call.values
        planned = PlannedRequest(
            row,
            described.operation.name,
            operation_digest(described),
            account_of(call, self._key),
            request_json(call, body),
            tuple((location, name, value) for (location, name), value in values.parameters.items()),
            values.media_type,
            tuple(values.query),
            values.form is not None or not isinstance(values.body, bytes | None),
            {"decision": decision.effect, "reason": decision.reason},
            before,
            follows,
            tuple(_differences(call, body, known, after)),
        )
        _check_secrets(call, planned)
        self._requests.append(planned)

    def plan(self, seconds: float) -> Plan:
        """Return the plan.

        Args:
            seconds: The validity in seconds.

        Raises:
            UsageError: The plan has no request, or the validity is too long.
        """
        check_seconds(seconds)
        if not self._requests:
            raise UsageError("There is nothing to plan", hint="Give at least one row")
        operations = {request.operation for request in self._requests}
        word = operations.pop() if len(operations) == 1 else "batch"
        options, now = self._options, int(time.time())
        settings = self._engine.settings
        return Plan(
            f"{re.sub('[^a-z0-9]+', '-', word.lower()).strip('-')[:50] or 'plan'}-{token_hex(4)}",
            _word_of(self._api),
            api_key(self._api.revisions.directory),
            self._api.pointer["revision"],
            settings.profile,
            options.server,
            tuple(pairs_of(options.server_var, "=", "--server-var").items()),
            options.auth,
            settings.level,
            tuple(pairs_of(options.header, ":", "--header").items()),
            _maker(),
            now,
            now + int(seconds),
            tuple(self._requests),
        )


def _check_api(api: OpenedApi) -> None:
    """Check that a later run can open the same document, and that its location holds no secret.

    Raises:
        UsageError: The document came from standard input, or its URL may hold a secret.
    """
    word = _word_of(api)
    reason = ""
    if word.startswith("-"):
        reason = "Its document comes from standard input, so it cannot be opened again"
    elif is_url(word) and with_masked_query(word) != word:
        reason = "The URL of its document has a query, which may hold a secret"
    if reason:
        raise UsageError(
            f"A call of `{with_masked_query(word)}` is not planned",
            reason=reason,
            hint=f"Register the document: `{invocation('api add')} NAME SOURCE`",
        )


def _word_of(api: OpenedApi) -> str:
    """Return the name or location that opens an API from any directory."""
    return api.name if api.is_registered or api.name == DEMO else api.location


def _maker() -> str:
    import getpass
    import socket

    try:
        user = getpass.getuser()
    except (OSError, KeyError, ImportError):  # containers often have no name for the user
        user = "unknown"
    return f"{user}@{socket.gethostname()}"


def _body_content(call: Call) -> bytes | None:
    """Return the body of a call, reading its files now.

    Raises:
        UsageError: The body is too large.
        FileError: A file cannot be read.
    """
    body = call.request.body
    if isinstance(body, bytes | None):
        return body
    content = body.whole(_MOST_BODY)
    if content is None:
        raise UsageError(
            f"`{call.described.operation.name}` is not planned",
            reason=f"Its body is larger than {_MOST_BODY >> 20} MiB",
            hint="Call it without `--plan`",
        )
    return content


def request_json(call: Call, body: bytes | None) -> dict[str, Any]:
    """Return the request of a call without credentials, in the format of a plan.

    Args:
        body: The body, with its files read.
    """
    request = call.request._replace(body=body)
    form, origin = as_json(request), origin_of(request.url)
    if call.described.api.name == DEMO and origin in call.described.api.origins:
        form["url"] = _AT_DEMO + request.url.removeprefix(origin)
    return form


def account_of(call: Call, key: bytes) -> str:
    """Return an identifier of a call's account. Refreshing a token does not change it, and it reveals no secret.

    Args:
        key: The key of the seals.
    """
    account = f"account\n{json.dumps(call.signed.account())}"
    return hmac.digest(key, account.encode(), hashlib.sha256).hex()[:32]


def operation_digest(described: DescribedOperation) -> str:
    """Return the SHA-256, in hexadecimal, of an operation in the document with everything that it refers to."""
    part = described.part
    found: dict[str, Any] = {}
    waiting: list[Any] = [part]
    while waiting:
        node = waiting.pop()
        if isinstance(node, list):
            waiting += node
        elif isinstance(node, dict):
            waiting += node.values()
            for ref in references_of(node):
                if ref not in found:
                    try:
                        found[ref] = described.resolve(ref)
                    except LookupError:
                        found[ref] = None
                    waiting.append(found[ref])
    operation = described.operation
    security = [[scheme.name for scheme in alternative] for alternative in operation.security]
    said = [operation.method, operation.path, part, found, security]
    return hashlib.sha256(json.dumps(said, sort_keys=True, default=str).encode()).hexdigest()


def is_for_person(engine: Engine) -> bool:
    """Return whether only the user may apply plans: an agent runs dynacli, and no policy lets it apply them."""
    policy = engine.settings.policy
    return engine.env.is_agent and not (policy is not None and policy.lets_agents_apply)


def reading_of(engine: Engine, call: Call) -> Call | None:
    """Return the call that reads the resource of another call, ready to be sent; None if the document has none.

    It is the GET of the same path, or the operation that reads the resource which the call changes or deletes. The path
    of another POST must end with a parameter, so that it names a single resource.

    Raises:
        RefusedError: The policy denies the GET.
        AuthError: A credential is missing.
    """
    described, operation = call.described, call.described.operation
    if not described.is_documented:
        return None
    name = _reading_name(described.api.catalog, operation)
    if name is None:
        return None
    headers = tuple(pair for pair in call.settings.headers if pair[0].lower() != "if-match")
    return _reading_by(engine, call, name, replace(call.settings, headers=headers))


def _reading_name(catalog: Catalog, operation: Operation) -> str | None:
    """Return the operation that reads the resource of another operation; None if the document has none."""
    for resource in catalog.resources_of(operation.name):
        if operation.name in (*resource.change, resource.delete) and resource.read is not None:
            return resource.read
    if _is_beside_item(operation):
        return None
    return operations_of_path(catalog, operation.path).get("GET")


def _is_beside_item(operation: Operation) -> bool:
    """Return whether an operation is a POST to another path than an item: to a collection, or `/items/{id}/archive`."""
    return operation.method == "POST" and not operation.path.endswith("}")


def _reading_by(engine: Engine, call: Call, name: str, settings: CallSettings) -> Call | None:
    """Return the call of an operation with the parameters of another call; None if these are not enough."""
    api = call.described.api
    reading = DescribedOperation(api, api.catalog.operation(name))
    # By their positions in the path; `/books/by-id/{id}` has the parameter of `/books/{id}` at another one.
    given = {**call.values.parameters, **given_to(reading, call.described, call.values.parameters)}
    keys = {parameter.key for parameter in reading.operation.parameters}
    parameters = {key: value for key, value in given.items() if key in keys}
    try:
        return engine.prepare(reading, CallInputs(parameters, query=call.values.query), settings)
    except UsageError:
        return None


def with_etag(engine: Engine, call: Call, etag: str) -> Call:
    """Return a call that the server refuses if its resource has another entity tag (RFC 9110, section 13.1.1).

    Args:
        etag: A strong tag; empty for none. An `If-Match` of the caller stays.
    """
    is_at_item = not _is_beside_item(
        call.described.operation
    )  # the tag is of the item, not of `/items/7/archive`
    if not (etag and is_at_item) or call.request.header("if-match") is not None:
        return call
    settings, given = call.settings, call.given
    settings = replace(settings, headers=(*settings.headers, ("If-Match", etag)))
    call = engine.prepare(call.described, call.values, settings, is_checked=False)
    call.given = given
    return call


def read_state(engine: Engine, reading: Call, masker: Masker) -> tuple[StateBefore, Callable[[], BodySchema]]:
    """Return the state of a resource, and a function that returns the document's schema of its body.

    If the resource is not found, and another operation reads it by its id, that operation decides.

    Args:
        reading: The call from `reading_of`.
        masker: Masks the secrets in the state.

    Raises:
        HttpError: The server responds with another error.
        DynacliError: The state cannot be read.
    """
    response = engine.send(reading, read_finite)
    name = reading.described.operation.name
    schema: Callable[[], BodySchema] = partial(
        reading.described.response_schema, response.status, response.headers
    )
    if response.status in _GONE:
        found = operation_by_id(reading.described.api.catalog, reading.described.operation.path)
        by_id = _reading_by(engine, reading, found.name, reading.settings) if found is not None else None
        if by_id is not None:
            state, schema = read_state(engine, by_id, masker)
            return replace(state, etag=""), schema  # the tag belongs to another URL
        return StateBefore(name, response.status), schema
    if not response.is_success:
        error = reading.signed.masker.mask_error(http_error(reading, response))
        error.reason = f"The state before cannot be read. {error.reason}"
        raise error
    etag = response.header("etag")
    is_strong = re.fullmatch(r'"[\x21\x23-\x7e]*"', etag) is not None
    body = _state(reading, response, masker)
    return StateBefore(name, response.status, etag if is_strong else "", body), schema


def _state(reading: Call, response: WireResponse, masker: Masker) -> Any:
    """Return the value of a body, with known secrets masked."""
    value = compared_body(reading.received(response))
    if value is MISSING:
        return value
    masker = masker.joined(reading.signed.response_masker(response.headers))
    return without_secrets(Difference(("body",), "added", None, value), masker).right


def _after(call: Call, body: bytes | None, before: Any) -> Any:
    """Return the state after a request, as far as it follows from the document; `_UNKNOWN` if it does not."""
    method, media_type = call.request.method, essence(call.values.media_type)
    if method == "DELETE":
        return MISSING
    sent = _body_json(body, media_type)
    if method not in {"PUT", "PATCH"} or sent is MISSING or media_type == _JSON_PATCH:
        return _UNKNOWN
    if method == "PATCH":
        return _patched(before, sent, removes=media_type == _MERGE_PATCH)
    if not (isinstance(before, dict) and isinstance(sent, dict)):
        return sent
    settable = _settable(call.described)  # what the server itself adds, such as an id, stays
    return {**{name: value for name, value in before.items() if settable and name not in settable}, **sent}


def _body_json(body: bytes | None, media_type: str) -> Any:
    """Return the value of a JSON body; `MISSING` for another body, and for JSON that servers may read differently."""
    if body is None or not is_json(media_type):
        return MISSING
    try:
        json.loads(body, object_pairs_hook=_unique)
        return read_json(body)
    except (ValueError, RecursionError):
        return MISSING


def _unique(pairs: list[tuple[str, Any]]) -> None:
    """Check that an object has no name twice (RFC 8259, section 4).

    Raises:
        ValueError: A name is there twice.
    """
    if len({name for name, _ in pairs}) < len(pairs):
        raise ValueError("a name is there twice")


def _patched(before: Any, sent: Any, *, removes: bool) -> Any:
    """Return a value with a patch applied, member by member.

    Args:
        removes: Whether null removes a member, as in a merge patch (RFC 7396). In other JSON, null is a value.
    """
    if not isinstance(sent, dict) or not isinstance(before, dict):
        return sent
    merged = dict(before)
    for name, value in sent.items():
        if value is None and removes:
            merged.pop(name, None)
        else:
            merged[name] = _patched(before.get(name, {}), value, removes=removes)
    return merged


def _settable(described: DescribedOperation) -> frozenset[str]:
    """Return the properties that the body of an operation can set, as far as the document names them."""
    applied = applied_schemas(described.body_schema(), following(described.resolve))
    properties = [schema.get("properties") for schema in applied]
    return frozenset(
        name
        for members in properties
        if isinstance(members, dict)
        for name, schema in members.items()
        if not (isinstance(schema, Mapping) and schema.get("readOnly"))
    )


def _differences(call: Call, body: bytes | None, before: Any, after: Any) -> list[Difference]:
    """Return the differences between two states, and the body of the request if they do not show all of it."""
    differences: list[Difference] = []
    is_known = _UNKNOWN not in (before, after)
    if is_known:
        sides = (ComparedResponse(200, {}, value) for value in (before, after))
        rules = ComparisonRules(all_values=True, order_counts=True)
        differences = compare_responses(*sides, rules=rules, is_changing=lambda _: False).differences
    if body and (not is_known or call.request.method == "DELETE"):
        value = _body_json(body, call.values.media_type)
        if value is MISSING:
            value = as_json(call.request._replace(body=body))["body"]
        if value is not None:  # it is None for binary data
            differences.append(Difference(("request",), "added", None, value))
    return differences


def _check_secrets(call: Call, planned: PlannedRequest) -> None:
    """Check that a plan would hold no secret.

    Raises:
        UsageError: An input is a secret, or holds a credential.
    """
    settings, given = call.settings, call.given
    pairs = (*settings.query, *settings.default_query, *settings.server_variables)
    typed = TypedWords(
        [f"{name}:{value}" for name, value in settings.headers],
        [f"{part}:{name}:{value}" for (part, name), value in given.part_headers] if given else [],
        [f"{name}={value}" for name, value in pairs],
    )
    masked, form, request = MaskedCall(call, typed), planned.as_json(), call.request
    shown = unsigned(call.described.operation, request, settings).shown
    is_masked = (shown.url, shown.headers) != (request.url, request.headers)
    if is_masked or masked.secrets or masked.masker.mask_value(form) != form:
        raise UsageError(
            f"`{call.described.operation.name}` is not planned",
            reason="An input is a secret, by the document or by its name, or holds a credential",
            hint="Call it without `--plan`: a plan never holds a secret",
        )
