"""Signing in by an operation of the API itself, whose response has the token, and the operation that refreshes it."""

from __future__ import annotations

import re
import secrets
from collections.abc import Iterator, Mapping, Sequence
from shlex import quote
from time import time
from typing import TYPE_CHECKING, Any, NamedTuple

from dynacli.auth.credential_store import Keeping
from dynacli.auth.credentials import Credential, attach, kind_of
from dynacli.client.call import Call, base_url_of, request_of
from dynacli.client.call_settings import CallSettings, settings_of
from dynacli.client.credentials.chosen_security import NO_SCHEME, schemes_of
from dynacli.client.described_operation import DescribedOperation, choose_media_type
from dynacli.client.engine.call_engine import Engine
from dynacli.client.inputs.call_inputs import CallValues
from dynacli.client.inputs.collect_values import collect_values
from dynacli.client.inputs.read_plain_inputs import read_given
from dynacli.client.responses.response_errors import http_error
from dynacli.client.search_operations import unknown_operation
from dynacli.client.sign_request import is_accepted_origin, is_secret_input, trust_hint
from dynacli.commands.call.make_call import asker, read_inputs
from dynacli.commands.command_groups import Root
from dynacli.commands.questions import hidden_line
from dynacli.commands.read_line import CommandLine, Word, input_binding
from dynacli.commands.run import Run
from dynacli.environment import Environment, invocation, program
from dynacli.errors import AuthError, RefusedError, UsageError
from dynacli.features.sign_in.operation_token import OperationRefresh, OperationToken, read_operation_token
from dynacli.http.cookies import Cookie, read_cookie
from dynacli.http.exchange import REDIRECTS
from dynacli.http.semantics import is_json
from dynacli.http.sockets import check_private
from dynacli.openapi.model.operation import ANY, Field, Operation, SecurityScheme, ValueType
from dynacli.options.standard_options import Options
from dynacli.record import record, replace
from dynacli.registry.opened_api import OpenedApi
from dynacli.secrets import Secret
from dynacli.text.exact_json import read_json
from dynacli.text.filter_value import check_filter
from dynacli.text.terminal import visible
from dynacli.urls import origin_of

if TYPE_CHECKING:
    from dynacli.http.exchange import WireResponse

_REFRESH_WORD = re.compile("refresh|renew", re.IGNORECASE)
_OTHER_WORD = re.compile("revoke|logout|log-out|sign-?out|delete|invalidate", re.IGNORECASE)
_METHODS = frozenset({"POST", "GET", "PUT"})
_TAKES = frozenset({"refreshtoken", "xrefreshtoken", "refresh"})
"""Names of inputs for a refresh token, reduced to lower-case letters."""
_MOST_BYTES = 1 << 20
_SECONDS_OF_INPUT = 1.0


@record
class _RefreshInputs:
    """The data of a sign-in that its refresh needs.

    Args:
        login: The operation that returned the token.
        scheme: The security scheme of the token.
        values: Input → JSON value of the sign-in; the refresh does not use secrets.
        origins: The origins to which the credential may be sent.
        token_at: JMESPath expression of the token; empty for the usual names.
        refresh_token_at: JMESPath expression of the refresh token; empty for the usual names.
    """

    login: Operation
    scheme: SecurityScheme
    values: Mapping[str, Any]
    origins: tuple[str, ...]
    token_at: str = ""
    refresh_token_at: str = ""


def _find_refresh(
    api: OpenedApi, settings: CallSettings, inputs: _RefreshInputs, *, has_refresh_token: bool
) -> OperationRefresh | None:
    """Return the request of the one operation that refreshes a token; None if there is none, or several.

    Such an operation has `refresh` or `renew` in its name or path. It has an input for the refresh token; or its path
    is next to the sign-in, and it takes only the token as its credential.

    Args:
        has_refresh_token: Whether the response of the sign-in had a refresh token.
    """
    named = list(_refreshing(api, inputs.login)) if has_refresh_token else []
    found = [operation for operation in named if _takes(operation)]
    near = [operation for operation in found if _is_beside(operation, inputs.login)]
    if not found:
        near = [
            operation for operation in named or _refreshing(api, inputs.login) if _is_bare(operation, inputs)
        ]
    choices = near or found
    if len(choices) != 1:
        return None
    try:
        return _refresh_by(api, settings, choices[0], inputs)
    except (UsageError, RefusedError):
        return None


def _refreshing(api: OpenedApi, login: Operation) -> Iterator[Operation]:
    for summary in api.catalog.each_summary():
        words = f"{summary.path} {summary.name}"
        if (
            summary.method in _METHODS
            and _REFRESH_WORD.search(words)
            and not _OTHER_WORD.search(words)
            and summary.name != login.name
        ):
            yield api.catalog.operation(summary.name)


def _is_beside(operation: Operation, login: Operation) -> bool:
    holder = operation.path.rstrip("/").rpartition("/")[0]
    own = login.path.rstrip("/")
    return holder in (own, own.rpartition("/")[0])


def _is_bare(operation: Operation, inputs: _RefreshInputs) -> bool:
    """Return whether an operation next to the sign-in needs a credential, but no input."""
    is_asking = any(
        scheme.name == inputs.scheme.name or _REFRESH_WORD.search(scheme.name)
        for alternative in operation.security
        for scheme in alternative
    )
    has_inputs = operation.body is not None or any(
        parameter.is_required for parameter in operation.parameters
    )
    return is_asking and not has_inputs and _is_beside(operation, inputs.login)


def _takes(operation: Operation) -> str:
    """Return the name of the input for a refresh token; empty for none."""
    found = (
        name
        for name, value, *_ in _inputs(operation)
        if _letters(name) in _TAKES and value.type in {"string", ANY} and not value.enum
    )
    return next(found, "")


def _letters(name: str) -> str:
    return re.sub("[^a-z]", "", name.rpartition(".")[2].lower())


def _inputs(operation: Operation) -> Iterator[tuple[str, ValueType, bool, bool]]:
    """Yield (name, type, whether it is required, whether it is secret) of each input."""
    for parameter in operation.parameters:
        name = f"{parameter.location}.{parameter.name}"
        yield name, parameter.value, parameter.is_required, is_secret_input(parameter)
    body = choose_media_type(operation, "")
    for field in body.fields if body is not None else ():
        if len(field.path) == 1:
            is_secret = is_secret_input(field)
            yield f"body.{field.path[0]}", field.value, field.is_required, is_secret


def _refresh_by(
    api: OpenedApi, settings: CallSettings, operation: Operation, inputs: _RefreshInputs
) -> OperationRefresh:
    """Return the request with which an operation refreshes a token.

    The token goes into the input for a refresh token, or else into the credential. Other inputs get the values that
    inputs of the same name had in the sign-in.

    Raises:
        UsageError: The operation needs other inputs, or its body has files.
        RefusedError: The user has not accepted the origin of the request, or the policy denies the operation.
    """
    mark, place = f"token{secrets.token_hex(12)}", _takes(operation)
    given: dict[str, Any] = {place: mark} if place else {}
    for name, value, is_required, is_secret in _inputs(operation):
        own = name.partition(".")[2]
        if name == place or is_secret:
            continue
        if own == "grant_type":
            given[name] = "refresh_token"  # as in RFC 6749, section 6, which many APIs follow
        elif is_required and len(value.enum) == 1:
            given[name] = value.enum[0]
        elif own in inputs.values:
            given[name] = inputs.values[own]
    described, read = read_given(DescribedOperation(api, operation), given)
    values = collect_values(described, read, is_strict=True)
    request = request_of(described, settings, values)
    origin = origin_of(request.url)
    if origin not in inputs.origins and not is_accepted_origin(api, settings, origin):
        raise RefusedError(
            f"No token is refreshed at `{origin}`",
            reason=f"The document names it for `{operation.name}`, and you have not accepted it",
            hint=trust_hint(api, operation.servers, settings, origin, f"`--accept-origin {origin}`"),
            origin=origin,
        )
    if not place:
        is_key = kind_of(inputs.scheme) == "apiKey"
        at = (inputs.scheme.location, inputs.scheme.parameter) if is_key else ("header", "Authorization")
        request = attach(
            request,
            [
                Credential(
                    inputs.scheme.name, *at, inputs.scheme.prefix if is_key else "Bearer", Secret(mark), ()
                )
            ],
        )
    if not isinstance(request.body, bytes | None):
        raise UsageError(f"The body of `{operation.name}` cannot be kept", reason="It has files")
    return OperationRefresh(
        operation.name,
        request.method,
        request.url,
        request.headers,
        (request.body or b"").decode(),
        mark,
        inputs.token_at,
        inputs.refresh_token_at,
    )


@record
class LoginWords:
    """The options of the command line for signing in with an operation.

    Args:
        operation: The name of the operation.
        token_at: JMESPath expression of the token in the response; empty for the usual names.
        cookie: The name of the cookie to store; empty for a token, or for the cookie of a scheme.
        refresh_operation: The operation that refreshes the token; empty to find it in the document.
        refresh_token_at: JMESPath expression of the refresh token; empty for the usual names.
        is_piped: Whether standard input contains the password.
    """

    operation: str = ""
    token_at: str = ""
    cookie: str = ""
    refresh_operation: str = ""
    refresh_token_at: str = ""
    is_piped: bool = False


class OperationSignIn(NamedTuple):
    """The result of signing in with an operation.

    Args:
        token: The token, or the value of the cookie.
        refresh: The request that refreshes the token; None for none.
        scheme: The security scheme of the credential.
        cookie: The cookie; None for a token.
    """

    token: OperationToken
    refresh: OperationRefresh | None
    scheme: SecurityScheme
    cookie: Cookie | None = None


def sign_in_by_operation(
    run: Run,
    api: str,
    asked: LoginWords,
    words: Sequence[str],
    scheme: SecurityScheme,
    keeping: Keeping,
) -> OperationSignIn:
    """Call an operation, and return the token or cookie in its response, and how to refresh it.

    Args:
        words: The arguments of the operation on the command line. If the password is missing, the user is asked.
        scheme: The security scheme of the token; the call itself is sent without a credential of this scheme.
        keeping: How to store the credential.

    Raises:
        UsageError: The arguments of the operation are invalid, or the operation for refreshing does not exist.
        AuthError: The response is not a success, or has no token.
        RefusedError: The user has not accepted the origin to which a secret would be sent.
        DynacliError: The call failed.
    """
    for expression, option in (
        (asked.token_at, "--token-at"),
        (asked.refresh_token_at, "--refresh-token-at"),
    ):
        if expression:
            check_filter(expression, f"`{option}`")
    came: list[OperationSignIn] = []

    def act(run: Run, described: DescribedOperation, line: CommandLine) -> None:
        came.append(_sign_in(run, described, line, asked, scheme, keeping.origins))

    run.act = act
    with Root(run).make_context(program().name, [api, asked.operation, *words]) as context:
        try:
            context.command.invoke(context)
        finally:
            run.asked = None  # a corrected command line of this call would print the token
    return came[0]


def _sign_in(
    run: Run,
    described: DescribedOperation,
    line: CommandLine,
    asked: LoginWords,
    scheme: SecurityScheme,
    origins: tuple[str, ...],
) -> OperationSignIn:
    if run.options.dry_run:
        raise UsageError(
            "Signing in sends a request",
            hint=f"See it with `{invocation(api=described.api.name)} {described.operation.name} ... --dry-run`",
        )
    settings = replace(settings_of(run.env, described.api, run.call_options), cache=None)
    refreshing = _operation(described.api, asked.refresh_operation) if asked.refresh_operation else None
    _check_origin(described, settings, origins)
    security = described.operation.security
    if all(any(scheme.name == item.name for item in alternative) for alternative in security):
        settings = replace(settings, auth=NO_SCHEME)
    typed = _typed_secrets(run, _missing_secrets(run.options, described, line), is_piped=asked.is_piped)
    line = CommandLine([*line.words, *typed], line.bindings)
    described, inputs, _ = read_inputs(run, described, line, settings)
    values = collect_values(described, inputs, is_strict=settings.level != "off")
    # Many documents require a token for all operations, although the sign-in that sets a cookie needs none.
    on_unsigned = (lambda _: None) if asked.cookie else None
    engine = Engine(run.env, settings, ask=asker(run), on_unsigned=on_unsigned)
    call = engine.prepare(described, values)
    further = _RefreshInputs(
        described.operation, scheme, _given_values(values), origins, asked.token_at, asked.refresh_token_at
    )
    refresh = _refresh_by(described.api, settings, refreshing, further) if refreshing else None
    asked_at, response = time(), engine.send(call)
    cookies = _cookies(call, response, asked_at)
    is_redirect = response.status in REDIRECTS and bool(cookies)
    if not 200 <= response.status < 300 and not is_redirect:
        error = call.signed.masker.mask_error(http_error(call, response))
        raise AuthError(error.message, reason=error.reason, hint="Check the inputs")
    if asked.cookie:
        return _by_cookie(asked.cookie, cookies, described.operation.name, scheme)
    try:
        token = _token(response, asked, described.operation.name, asked_at)
    except AuthError as error:
        known = [
            cookie_scheme
            for cookie_scheme in _cookie_schemes(described.api, scheme)
            if cookie_scheme.parameter in cookies
        ]
        if len(known) == 1 and not asked.token_at:
            return _by_cookie(known[0].parameter, cookies, described.operation.name, known[0])
        if cookies:
            names = " or ".join(f"`--cookie {quote(visible(name, keep=''))}`" for name in cookies)
            error.hint += f"; or to keep a cookie that it sets: {names}"
        raise
    if refresh is None:
        has_refresh_token = token.refresh_token is not None
        refresh = _find_refresh(described.api, settings, further, has_refresh_token=has_refresh_token)
    return OperationSignIn(token, refresh, scheme)


def _cookies(call: Call, response: WireResponse, now: float) -> dict[str, Cookie]:
    """Return name → valid cookie that the response, or a redirect before it, has set for the origin of the call."""
    origin, found = origin_of(call.request.url), dict[str, Cookie]()
    for url, text in response.set_cookies:
        cookie = read_cookie(url, text, now)
        if cookie is None or cookie.origin != origin:
            continue
        found.pop(cookie.name, None)
        if cookie.value and (cookie.expires_at is None or cookie.expires_at > now):
            found[cookie.name] = cookie
    return found


def _cookie_schemes(api: OpenedApi, scheme: SecurityScheme) -> Sequence[SecurityScheme]:
    """Return the possible schemes of a cookie: the given one if it sends a cookie, else all such in the document."""
    if scheme.location == "cookie":
        return (scheme,)
    return tuple(scheme for scheme in schemes_of(api).values() if scheme.location == "cookie")


def _by_cookie(
    name: str, cookies: Mapping[str, Cookie], operation: str, scheme: SecurityScheme
) -> OperationSignIn:
    if name not in cookies:
        listed = ", ".join(f"`{visible(cookie, keep='')}`" for cookie in cookies)
        raise AuthError(
            f"The response of `{operation}` does not set the cookie of `--cookie`",
            reason=f"It sets {listed}" if listed else "It sets no cookie that can be kept for its origin",
            hint="Check the inputs, and the name of the cookie",
        )
    cookie = cookies[name]
    return OperationSignIn(OperationToken(cookie.value, cookie.expires_at), None, scheme, cookie)


def _token(response: WireResponse, asked: LoginWords, name: str, asked_at: float) -> OperationToken:
    """Return the token in a response.

    Raises:
        AuthError: The response has no token, or no refresh token at the given location.
    """
    token = read_operation_token(
        response.body,
        response.header("content-type"),
        name,
        asked_at,
        token_at=asked.token_at,
        refresh_token_at=asked.refresh_token_at,
    )
    if asked.refresh_token_at and token.refresh_token is None:
        raise AuthError(
            f"The response of `{name}` has no refresh token at `{asked.refresh_token_at}`",
            hint="Give its location: `--refresh-token-at EXPR`, a JMESPath expression",
        )
    return token


def _operation(api: OpenedApi, word: str) -> Operation:
    name = api.catalog.find(word)
    if name is None:
        raise unknown_operation(api, word)
    return api.catalog.operation(name)


def _check_origin(described: DescribedOperation, settings: CallSettings, origins: tuple[str, ...]) -> None:
    """Check the origin to which a password is sent, because the document may name other servers for an operation."""
    base = base_url_of(described, settings)
    origin = origin_of(base)
    check_private(base)
    if origin not in origins and not is_accepted_origin(described.api, settings, origin):
        raise RefusedError(
            f"No secret is sent to `{origin}`",
            reason=f"The document names it for `{described.operation.name}`, and you have not accepted it",
            hint=trust_hint(
                described.api, described.operation.servers, settings, origin, f"`--accept-origin {origin}`"
            ),
            origin=origin,
        )


def _given_values(values: CallValues) -> Mapping[str, Any]:
    """Return input → JSON value of a call, including the members of its body."""
    plain = {name: value for (_, name), value in values.parameters.items()}
    body = values.form
    if body is None and isinstance(values.body, bytes) and is_json(values.media_type):
        body = read_json(values.body)
    return {**plain, **body} if isinstance(body, dict) else plain


def _missing_secrets(options: Options, described: DescribedOperation, line: CommandLine) -> list[Field]:
    """Return the required secret fields of the body that the user did not give.

    If the document marks no secret field as required, return one of them, preferably a password.
    """
    if described.media_type is None or options.body is not None:
        return []
    known = {field.path for parameter, field, _ in line.inputs() if field and parameter is None}
    fields = list(filter(is_secret_input, described.media_type.fields))
    required = [field for field in fields if field.is_required]
    if not required and not any(field.path in known for field in fields):
        required = sorted(fields, key=lambda field: "pass" not in field.path[-1].lower())[:1]
    return [field for field in required if field.path not in known]


def _typed_secrets(run: Run, fields: Sequence[Field], *, is_piped: bool) -> list[Word]:
    """Return options with the secrets that the user types, or gives as lines of standard input.

    Args:
        is_piped: Whether the user said that standard input contains the secrets.

    Raises:
        AuthError: Standard input has too few lines, although the user said that it contains the secrets.
    """
    if run.may_ask and not is_piped:
        return [_option_of(field, hidden_line(run.env, f"{'.'.join(field.path)}: ")) for field in fields]
    if not fields or not (is_piped or _has_input(run.env)):
        return []
    lines = (
        run.env.read_stdin("read as the password", _MOST_BYTES).decode().removeprefix("\ufeff").splitlines()
    )
    if is_piped and len(lines) < len(fields):
        listed = " and ".join(f"`{visible('.'.join(field.path), keep='')}`" for field in fields)
        raise AuthError(f"Standard input is missing a line for {listed}", hint="Give each on its own line")
    return [_option_of(field, line) for field, line in zip(fields, lines, strict=False) if line]


def _option_of(field: Field, value: str) -> Word:
    return Word(f"--{field.option}", value, input_binding(None, field))


def _has_input(env: Environment) -> bool:
    """Return whether standard input gets data soon; the input that a program inherits may stay open without any."""
    if env.stdin_is_terminal:
        return False
    try:
        number = env.stdin.fileno()
    except (OSError, ValueError):
        return True  # without a descriptor, the input is in memory
    from dynacli.system import has_input

    try:
        return has_input(number, _SECONDS_OF_INPUT)
    except (OSError, ValueError):
        return False
