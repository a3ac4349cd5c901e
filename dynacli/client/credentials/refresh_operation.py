"""The operation of an API that refreshes the tokens that another one of its operations gives."""

import re
import secrets
from collections.abc import Iterator, Mapping
from typing import Any

from dynacli.auth.credentials import Credential, attach, kind_of
from dynacli.auth.operation_token import OperationRefresh
from dynacli.auth.secret import Secret
from dynacli.client.call import request_of
from dynacli.client.call_settings import CallSettings
from dynacli.client.described_operation import DescribedOperation, choose_media_type
from dynacli.client.inputs.collect_values import collect_values
from dynacli.client.inputs.read_plain_inputs import read_given
from dynacli.client.sign_request import is_accepted_origin, is_secret_parameter, is_secret_value
from dynacli.errors import RefusedError, UsageError
from dynacli.openapi.model.operation import ANY, Operation, SecurityScheme, ValueType
from dynacli.record import record
from dynacli.registry.opened_api import OpenedApi
from dynacli.urls import origin_of

__all__ = ["RefreshInputs", "find_refresh", "refresh_by"]

_WORD = re.compile("refresh|renew", re.IGNORECASE)
_OTHER_WORD = re.compile("revoke|logout|log-out|sign-?out|delete|invalidate", re.IGNORECASE)
_METHODS = frozenset({"POST", "GET", "PUT"})
_TAKES = frozenset({"refreshtoken", "xrefreshtoken", "refresh"})
"""What inputs for a refresh token are called, in lower case and without what separates their words."""


@record
class RefreshInputs:
    """What a refresh has to do with the sign-in before it.

    Args:
        login: The operation that gave the token.
        scheme: The security scheme that the token is for.
        values: Input → JSON value of that sign-in; secrets among them are not used.
        origins: Where the credential may be sent.
        token_at: Where the token stands in the response; empty for where most have it.
        refresh_token_at: The same for the token that refreshes it.
    """

    login: Operation
    scheme: SecurityScheme
    values: Mapping[str, Any]
    origins: tuple[str, ...]
    token_at: str = ""
    refresh_token_at: str = ""


def find_refresh(
    api: OpenedApi, settings: CallSettings, inputs: RefreshInputs, *, has_refresh_token: bool
) -> OperationRefresh | None:
    """Return the request of the operation that plainly refreshes a token; None where the document names none, or two.

    Plain is an operation called by `refresh` or `renew` that takes the refresh token by its name, or one beside the
    sign-in that takes nothing, and so the token in the place of a credential.

    Args:
        has_refresh_token: Whether the response of the sign-in had one.
    """
    named = list(_named(api, inputs.login)) if has_refresh_token else []
    found = [each for each in named if _takes(each)]
    near = [each for each in found if _is_beside(each, inputs.login)]
    if not found:
        near = [each for each in named or _named(api, inputs.login) if _is_bare(each, inputs)]
    choices = near or found
    if len(choices) != 1:
        return None
    try:
        return refresh_by(api, settings, choices[0], inputs)
    except (UsageError, RefusedError):
        return None


def _named(api: OpenedApi, login: Operation) -> Iterator[Operation]:
    for summary in api.catalog.each_summary():
        words = f"{summary.path} {summary.name}"
        if (
            summary.method in _METHODS
            and _WORD.search(words)
            and not _OTHER_WORD.search(words)
            and summary.name != login.name
        ):
            yield api.catalog.operation(summary.name)


def _is_beside(operation: Operation, login: Operation) -> bool:
    holder = operation.path.rstrip("/").rpartition("/")[0]
    own = login.path.rstrip("/")
    return holder in (own, own.rpartition("/")[0])


def _is_bare(operation: Operation, inputs: RefreshInputs) -> bool:
    """Return whether an operation beside the sign-in takes no input, and a credential."""
    is_asking = any(
        scheme.name == inputs.scheme.name or _WORD.search(scheme.name)
        for alternative in operation.security
        for scheme in alternative
    )
    has_inputs = operation.body is not None or any(each.is_required for each in operation.parameters)
    return is_asking and not has_inputs and _is_beside(operation, inputs.login)


def _takes(operation: Operation) -> str:
    """Return the name of the input for a refresh token; empty where there is none."""
    found = (
        name
        for name, value, *_ in _inputs(operation)
        if _letters(name) in _TAKES and value.type in {"string", ANY} and not value.enum
    )
    return next(found, "")


def _letters(name: str) -> str:
    return re.sub("[^a-z]", "", name.rpartition(".")[2].lower())


def _inputs(operation: Operation) -> Iterator[tuple[str, ValueType, bool, bool]]:
    """Yield (name of the input, its type, whether it is required, whether it is secret)."""
    for parameter in operation.parameters:
        name = f"{parameter.location}.{parameter.name}"
        yield name, parameter.value, parameter.is_required, is_secret_parameter(parameter)
    body = choose_media_type(operation, "")
    for field in body.fields if body is not None else ():
        if len(field.path) == 1:
            is_secret = is_secret_value(field.path[0], field.value)
            yield f"body.{field.path[0]}", field.value, field.is_required, is_secret


def refresh_by(
    api: OpenedApi, settings: CallSettings, operation: Operation, inputs: RefreshInputs
) -> OperationRefresh:
    """Return the request by which an operation refreshes a token.

    It takes the token in the input for a refresh token, else as its credential; what else it takes is what the sign-in
    was given under the same name.

    Raises:
        UsageError: It needs something else, or its body is no text.
        RefusedError: It would go to an origin that nobody accepted, or the policy denies it.
    """
    mark, place = f"token{secrets.token_hex(12)}", _takes(operation)
    given: dict[str, Any] = {place: mark} if place else {}
    for name, value, is_required, is_secret in _inputs(operation):
        own = name.partition(".")[2]
        if name == place or is_secret:
            continue
        if own == "grant_type":
            given[name] = "refresh_token"  # RFC 6749, section 6, after which many call it
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
            reason=f"The document names it for `{operation.name}`, and nobody has accepted it",
            hint=f"If you trust it: `--accept-origin {origin}`",
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
