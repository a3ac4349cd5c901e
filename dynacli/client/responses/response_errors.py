"""Errors for unsuccessful responses: the server's message, likely wrong inputs, and how to sign in."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from shlex import quote
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

from dynacli.auth.challenges import schemes_asked_for
from dynacli.auth.credentials import is_known, variables_of
from dynacli.client.call import Call
from dynacli.client.credentials.chosen_security import CREDENTIAL_KINDS, declares_none
from dynacli.client.described_operation import DescribedOperation
from dynacli.client.inputs.collect_values import input_name
from dynacli.client.sign_request import is_secret_input
from dynacli.environment import invocation
from dynacli.errors import DynacliError, HttpError, MismatchError
from dynacli.http.semantics import SAFE_METHODS
from dynacli.media.body_value import error_value
from dynacli.openapi.document.json_trees import unescaped
from dynacli.openapi.model.field_names import plain_name
from dynacli.openapi.model.operation import EACH, Operation, Parameter, SecurityScheme, of_first_items
from dynacli.openapi.model.path_templates import parameter_names
from dynacli.openapi.model.wording import enumerated
from dynacli.registry.configuration import DEMO
from dynacli.secrets import MASK, with_masked_query
from dynacli.text.body_text import FIELD_ERRORS, server_message
from dynacli.text.terminal import visible
from dynacli.urls import is_served, origin_of, without_query

if TYPE_CHECKING:
    from types import UnionType

    from dynacli.http.exchange import WireResponse
    from dynacli.validation.finding import ValidationResult

Detail = Literal["none", "short", "usual"]
"""Amount of detail about findings in an error."""

_CHECK = "Check the credential: it may be wrong or expired, or lack a permission"
_USUAL_WORDS = ("Bearer", "Token")
_MOST_NAMED = 4
_MAX_NODES = 2_000
_NAMING = (
    *("pointer", "parameter", "field", "param", "property", "propertyPath", "loc", "header", "attribute"),
    *("path", "instancePath", "dataPath"),
)
"""Keys of an error object that name an input.

RFC 9457 and JSON:API (`pointer`, `parameter`, `header`), FastAPI (`loc`), GitHub, Google, Spring and many others
(`field`), Stripe (`param`), Jakarta validation (`propertyPath`), zod and express-validator (`path`), Ajv
(`instancePath`, `dataPath`).
"""
_BESIDE_NAME = frozenset({"reason", "message", "detail"})
_LOCATIONS = frozenset({"path", "query", "header", "cookie", "body"})
_STEP = re.compile(r"[^.\[\]/]+")
_LONGEST_SENTENCE = 500
_NAMES_IN_PROSE = (
    re.compile(r"[`'\"\u2018\u201c]([A-Za-z][\w.\[\]-]*)[`'\"\u2019\u201d]"),  # the parameter 'page_size'
    # `name: is too short`, or in the style of Rails: `Page size must be a number`
    re.compile(
        r"(?:^|[.;,:!\n] ?)([A-Za-z][\w.\[\]-]*(?: [a-z]\w*){0,2}?)"
        r"(?:: | (?:is|are|must|can|can't|cannot|could|should|has|have|may|does|needs|was|not|already|too)\b)"
    ),
    re.compile(r"\b([a-z]+(?:_[a-z0-9]+)+|[a-z]+(?:[A-Z][a-z0-9]+)+)\b"),  # snake_case and camelCase
)
"""Patterns that find the name of an input in an error sentence."""


def http_error(call: Call, response: WireResponse, place: str = "") -> HttpError:
    """Return the error for a response that is unsuccessful by its status or its body.

    Args:
        place: Location of the printed body, for example `on standard output`; empty if it is not printed.
    """
    from dynacli.http.exchange import may_pass
    from dynacli.text.wrapping import quoted

    phrase = f" {response.reason}" if response.reason else ""
    if response.is_refusal:
        phrase += ", and its body says that the call failed"
    # Masked before it is shortened, so that no part of a secret remains.
    masked = call.signed.response_masker(response.headers).mask
    value = error_value(call.received(response))
    said = server_message(value, masked)
    has_more = bool(place and response.size)
    unsaid = f"The response {place} may say why" if has_more else "The server gave no reason"
    reason = f"The server says: {quoted(said)}" if said else unsaid
    error = HttpError(
        response.status,
        f"`{call.described.operation.method} {without_query(response.url)}` responded with {response.status}{phrase}",
        reason=reason if response.tries == 1 else f"{reason}; tried {response.tries} times",
        hint=_http_hint(call, response, said),
    )
    if response.status == 401 and isinstance(call.renewal, DynacliError):
        refusal = call.renewal
        reason = f": {refusal.reason}" if refusal.reason else ""
        error.reason, error.hint = f"{error.reason}. {refusal.message}{reason}", refusal.hint or error.hint
    error.is_retryable = may_pass(response, call.signed.request.method, call.settings.retry_statuses)
    if 400 <= response.status < 500:
        _name_inputs(error, call, response, value, masked)
    if response.tries > 1:
        error.details["tries"] = response.tries
    if response.status in {403, 413, 429, 500, 503}:
        seconds = _seconds_asked(response)
        if seconds is not None:
            error.hint = f"Try again in {_duration(seconds)}"
            error.details["retry_after"] = seconds
    return error


def _name_inputs(
    error: HttpError, call: Call, response: WireResponse, value: Any, masked: Callable[[str], str]
) -> None:
    """Add the likely wrong inputs to an error.

    Args:
        value: JSON value of the response; None if it has none.
    """
    if response.status in {404, 410}:
        error.hint = masked(_not_found_hint(call)) or error.hint
        if call.described.api.name == DEMO and not call.settings.server:
            error.hint += (
                f". Each command starts a new demo API; `{invocation('demo serve')}` keeps one running"
            )
        return
    inputs = _likely_inputs(call, value) if response.status in {400, 409, 422} else []
    if inputs:
        error.hint = f"Check {enumerated(inputs)}; {_describe_line(call)} shows their types"
        error.details["inputs"] = inputs


def _describe_line(call: Call) -> str:
    line = invocation("describe", with_masked_query(call.described.api.name))
    return f"`{line} {call.described.operation.name}`"


def _compare_hint(call: Call) -> str:
    return f"Compare the request, which `-v` shows, with {_describe_line(call)}"


def _seconds_asked(response: WireResponse) -> int | None:
    """Return the seconds after which the server permits a retry; None if it does not say so."""
    import math
    import time

    from dynacli.http.retrying import seconds_asked

    seconds = seconds_asked(response.headers, time.time())
    return math.ceil(seconds) if seconds else None


def _duration(seconds: int) -> str:
    for size, unit in ((86_400, "days"), (3_600, "hours"), (60, "minutes")):
        if seconds >= 2 * size:
            return f"{-(-seconds // size)} {unit}"
    return f"{seconds} s"


def _http_hint(call: Call, response: WireResponse, said: str) -> str:
    from dynacli.http.exchange import REDIRECTS, may_pass

    origin, request = origin_of(response.url), call.signed.request
    if response.is_refusal:
        return f"The expression `success` in the configuration is false: `{call.settings.success}`"
    match response.status:
        case 401 | 403 if origin != origin_of(request.url):
            return f"The redirect went to `{origin}`, to which no credential is sent; name it with `--server`"
        case 401 if call.signed.login is not None and call.signed.login.refusal:
            return f"The server's challenge is not supported: {call.signed.login.refusal}"
        case 401 if call.renewal is True and request.method not in SAFE_METHODS:
            return "The token has been refreshed; make the call again"
        case 401 | 403:
            return _sign_in_hint(call, response)
        case 400 if "authorization" in said.lower():
            return _prefix_hint(call, response, said) or _compare_hint(call)
        case 407:
            return "Check the user name and the password in the variable of the proxy, such as `HTTP_PROXY`"
        case 404 | 410 if not (call.described.api.catalog.meta["servers"] or call.settings.server):
            return f"The document names no server, so its own server was called: {_choose_server_hint(call)}"
        case 404 | 410:
            return "Check the arguments; `-v` shows the requested URL"
        case 429:
            return "Wait, then try again"
        case status if status in REDIRECTS and request.method not in SAFE_METHODS:
            return f"Redirects of {request.method} requests are not followed"
        case status if status in REDIRECTS and request.method == "QUERY":
            return "The redirect was not followed, because it would send the body to another origin"
        case status if status >= 500 and may_pass(response, request.method, call.settings.retry_statuses):
            return "Try again later, or report it to the operator of the server"
        case status if status >= 500:
            return "Check the inputs, or report the error to the operator of the server"
    return _compare_hint(call)


def _choose_server_hint(call: Call) -> str:
    api = call.described.api
    command = f"{invocation('api set', api.name)} server=URL" if api.is_registered else "--server URL"
    above = api.uri.partition("?")[0].rpartition("/")[0] if is_served(api.uri) else ""
    is_below = above and above != origin_of(api.uri)
    example = f"`{above}`" if is_below else "one that ends in `/api`"
    return f"if the API is at another URL, such as {example}, give it with `{command}`"


def mismatch_error(
    call: Call,
    response: WireResponse,
    validation: ValidationResult,
    *,
    detail: Detail = "usual",
    has_json: bool = True,
) -> MismatchError:
    """Return the error for a response that does not match the document, with secrets masked.

    Args:
        detail: Findings in its text: none, the first few with one line each, or each with the invalid part of the
            response and its line in the document.
        has_json: True to include the findings as data.
    """
    from dynacli.client.responses.validation_text import findings_text, short_findings_text, validation_json

    api, text = call.described.api, ""
    if detail == "short":
        text = short_findings_text(validation.findings)
    elif detail != "none":
        from dynacli.client.responses.validation_text import Evidence

        evidence = Evidence.of_response(response)
        text = findings_text(api, validation.findings, evidence, call.settings.is_verbose)
    details = validation_json(api, validation) if has_json else {}
    hint = ""
    if api.is_registered and validation.findings:
        words = f"{validation.findings[0].rule} {call.described.operation.name} --reason TEXT"
        hint = f"If the server is right, accept such findings: `{invocation('ignore', api.name)} {words}`"
    mismatch = MismatchError("The response does not match the document", reason=text, hint=hint, **details)
    call.signed.response_masker(response.headers).mask_error(mismatch)
    return mismatch


def _sign_in_hint(call: Call, response: WireResponse) -> str:
    """Return the hint for a response that refuses or requires a credential."""
    api, operation, signed = call.described.api, call.described.operation, call.signed
    if signed.shown != signed.request:
        return _prefix_hint(call, response) or _CHECK
    values = _challenges(response)
    is_declared = any(is_known(scheme) for alternative in operation.security for scheme in alternative)
    if response.status == 401 and api.is_registered and not is_declared and declares_none(api):
        return f"The document declares no way to sign in. Add one: `{_own_scheme_line(api.name, values)}`"
    if operation.security:
        registered = api.name if api.is_registered else ""
        variables = variables_of(call.env, api.prefix)
        from dynacli.auth.missing_credential import missing_credential

        return missing_credential([item for item in operation.security if item], variables, registered).hint
    return "The document requires no credential here. To send one anyway: `-H 'NAME: VALUE'`"


def _prefix_hint(call: Call, response: WireResponse, said: str = "") -> str:
    """Return the hint to add a prefix to a key that was sent in `Authorization` without one; empty in other cases.

    Args:
        said: Message of the server, which may mention the prefix, as in `Bearer SECRET`.
    """
    sent, shown = (
        [value for name, value in request.headers if name.lower() == "authorization"]
        for request in (call.signed.request, call.signed.shown)
    )
    api = call.described.api
    scheme = _key_in_authorization(call.described.operation)
    # A key that already has a prefix is masked together with it.
    if scheme is None or MASK not in shown or any(" " in value for value in sent) or not api.is_registered:
        return ""
    asked = schemes_asked_for(_challenges(response))
    words = [scheme.prefix or "Bearer" for scheme in asked if scheme.prefix or scheme.scheme == "bearer"]
    words = words or [word for word in dict.fromkeys((scheme.name, *_USUAL_WORDS)) if _is_shown(word, said)]
    key = f"auth.{_toml_key(scheme.name)}.prefix="
    lines = [f"`{invocation('api set', api.name)} {quote(key + word)}`" for word in words or _USUAL_WORDS]
    listed = visible(" or ".join(lines), keep="")
    return f"The key was sent in `Authorization` without a prefix, which most servers require: {listed}"


def _challenges(response: WireResponse) -> list[str]:
    return [value for name, value in response.headers if name.lower() == "www-authenticate"]


def _is_shown(word: str, said: str) -> bool:
    """Return whether a message has a prefix before a secret, as in `Bearer SECRET` or `Token <key>`."""
    return re.search(rf"(?<!\w){re.escape(word)} [<{{$\[A-Z]", said) is not None and word.isalnum()


def _key_in_authorization(operation: Operation) -> SecurityScheme | None:
    schemes = (scheme for alternative in operation.security for scheme in alternative)
    return next(
        (
            scheme
            for scheme in schemes
            if scheme.type == "apiKey"
            and (scheme.location, scheme.parameter.lower()) == ("header", "authorization")
        ),
        None,
    )


def _toml_key(name: str) -> str:

    return name if re.fullmatch(r"[A-Za-z0-9_-]+", name) else json.dumps(name)


def _own_scheme_line(name: str, challenges: list[str]) -> str:
    """Return the command that adds the scheme that the server asks for; a bearer token if it asks for none."""
    line = invocation("auth login", name)
    for scheme in schemes_asked_for(challenges):
        if scheme.type == "apiKey":
            return f"{line} --scheme apikey --name {quote(scheme.parameter)}"
        if scheme.scheme in CREDENTIAL_KINDS:
            return f"{line} --scheme {scheme.scheme}"
    return f"{line} --scheme bearer"


class _Target(NamedTuple):
    """The location of an error in the request.

    Args:
        location: `query`, `body` or another kind; empty if the error does not say it.
        steps: Names on the path to the value.
    """

    location: str
    steps: tuple[str, ...]


def _likely_inputs(call: Call, value: Any) -> list[str]:
    """Return at most four inputs that the value of an error names, as in messages: `OWNER`, `--state`.

    Only names from the document are returned, never the server's own words.
    """
    inputs = _Inputs(call.described)
    named = [name for target in _named_targets(value) if (name := inputs.at(target))]
    return list(dict.fromkeys(named or _in_prose(inputs, value)))[:_MOST_NAMED]


def _named_targets(tree: Any) -> Iterator[_Target]:
    """Yield the locations that an error object names, in its order."""
    for node in _nodes(tree, list | Mapping):
        if isinstance(node, Mapping):
            yield from _named_by(node)


def _nodes(tree: Any, kinds: type | UnionType = object) -> Iterator[Any]:
    """Yield the values in an error, in its order, outer values first, up to a limit.

    Args:
        kinds: Types of member values to visit.
    """
    left = [tree]
    for _ in range(_MAX_NODES):
        if not left:
            return
        node = left.pop()
        yield node
        if isinstance(node, list):
            left += reversed(node)
        elif isinstance(node, Mapping):
            left += reversed([value for value in node.values() if isinstance(value, kinds)])


def _named_by(node: Mapping[str, Any]) -> Iterator[_Target]:
    for key in _NAMING:
        # In an error of Spring, `path` is the path of the URL.
        if key in node and not (key == "path" and str(node[key]).startswith("/")):
            yield from _targets_in_value(node[key], key)
    if isinstance(node.get("name"), str) and not _BESIDE_NAME.isdisjoint(node):
        yield from _targets_in_value(node["name"], "name")  # `invalid-params` of RFC 7807
    for key in FIELD_ERRORS:
        if isinstance(node.get(key), Mapping):
            for name in node[key]:
                yield from _targets_in_value(name, "field")
    for name, value in node.items():
        # For example in Django: {"name": ["This field is required."]}
        if isinstance(value, list) and value and all(isinstance(item, str) for item in value):
            yield from _targets_in_value(name, "field")


def _targets_in_value(value: Any, key: str) -> Iterator[_Target]:
    if isinstance(value, list):
        steps = tuple(str(step) for step in value if isinstance(step, str | int))
    elif isinstance(value, str):
        steps = tuple(map(unescaped, _STEP.findall(value.strip("#$"))))
    else:
        return
    if key in {"header", "parameter"}:
        yield _Target("header" if key == "header" else "", steps)
    elif steps[:1] and steps[0] in _LOCATIONS and len(steps) > 1:
        yield _Target(steps[0], steps[1:])
    elif steps:
        yield _Target("", steps)


class _Inputs:
    """The inputs of an operation, indexed by the names that servers use. An error can name very many locations."""

    def __init__(self, described: DescribedOperation) -> None:
        self._parameters: dict[tuple[str, str], Parameter] = {}
        self._options: dict[tuple[str, ...], str] = {}
        self._namesakes: dict[str, list[str]] = {}
        for parameter in described.operation.parameters:
            for location in ("", parameter.location):
                self._parameters.setdefault((location, plain_name(parameter.name)), parameter)
        for field in described.media_type.fields if described.media_type is not None else ():
            path = tuple(step if step == EACH else plain_name(step) for step in field.path)
            self._options.setdefault(path, field.option)
            self._namesakes.setdefault(path[-1], []).append(field.option)
        self._deepest = max(map(len, self._options), default=0)

    def at(self, target: _Target) -> str:
        """Return the name in messages of the input at a location; empty if the operation has none."""
        steps = target.steps
        parameter = self._parameters.get((target.location, plain_name(steps[0]))) if steps else None
        if parameter is not None:
            return input_name(parameter)
        if target.location not in {"", "body"}:
            return ""
        wanted = [EACH if step.isdecimal() else plain_name(step) for step in steps]
        # JSON:API puts `/data/attributes` first, and other servers the name of the resource.
        for start in range(len(steps)):
            for end in range(min(start + self._deepest, len(steps)), start, -1):
                option = self._options.get(tuple(wanted[start:end]))
                if option is not None:
                    return _with_numbers(option, filter(str.isdecimal, steps[start:end]))
        return ""

    def only(self, name: str) -> str:
        """Return the option of the only field with a name; empty if there are several: `cron` is `schedule.cron`."""
        options = self._namesakes.get(plain_name(name), [])
        return f"--{of_first_items(options[0])}" if len(options) == 1 else ""


def _with_numbers(option: str, numbers: Iterable[str]) -> str:
    for number in numbers:
        option = option.replace(EACH, f".{number}", 1)
    return f"--{of_first_items(option)}"


def _in_prose(inputs: _Inputs, tree: Any) -> Iterator[str]:
    """Yield the inputs that sentences in an error name."""
    for text in _short_strings(tree):
        for name in (name for pattern in _NAMES_IN_PROSE for name in pattern.findall(text)):
            steps = tuple(_STEP.findall(name))
            reported = inputs.at(_Target("", steps)) or (inputs.only(name) if len(steps) == 1 else "")
            if reported:
                yield reported


def _short_strings(tree: Any) -> Iterator[str]:
    """Yield the short strings in an error, which may be sentences."""
    for node in _nodes(tree):
        if isinstance(node, str) and len(node) <= _LONGEST_SENTENCE:
            yield node


def _not_found_hint(call: Call) -> str:
    """Return the hint to check the path arguments, with the sources of their values; empty without arguments."""
    parameters = [
        parameter for parameter in call.described.operation.parameters if parameter.location == "path"
    ]
    if not parameters:
        return ""
    from dynacli.client.input_sources import input_sources, listing_command
    from dynacli.client.operation_at import operation_by_id

    api, operation = call.described.api, call.described.operation
    hints = [f"Check {enumerated([_shown_input(call, parameter) for parameter in parameters])}"]
    by_id = operation_by_id(api.catalog, operation.path) if operation.method == "GET" else None
    if by_id is not None:  # a list of ids would not help: this operation takes another kind of name
        hints.append(f"`{by_id.name}` takes an id")
        parameters = [
            parameter for parameter in parameters if parameter.name != parameter_names(operation.path)[-1]
        ]
    for source in dict.fromkeys(input_sources(api, operation, parameters).values()):
        command = listing_command(api, source)
        hints.append(f"List valid values: `{command}`" if command else f"Valid values: `{source}`")
    return ". ".join(hints)


def _shown_input(call: Call, parameter: Parameter) -> str:
    value = call.values.parameters.get(parameter.key)
    is_shown = isinstance(value, str | int) and not is_secret_input(parameter)
    return f"{input_name(parameter)} (`{str(value)[:60]}`)" if is_shown else input_name(parameter)
