"""Signing in by an operation of the API itself, whose answer has the token."""

from collections.abc import Iterator, Sequence
from time import time
from typing import Any, NamedTuple

from dynacli.client.answers.answer_errors import http_error
from dynacli.client.call import Call
from dynacli.client.call_settings import settings_of
from dynacli.client.credentials.chosen_security import NO_SCHEME
from dynacli.client.described_operation import DescribedOperation
from dynacli.client.inputs.call_inputs import collect_values
from dynacli.client.sign_request import is_secret_value
from dynacli.commands.call.make_call import GivenWords, asker, read_inputs
from dynacli.commands.command_groups import make_root
from dynacli.commands.questions import hidden_line
from dynacli.commands.run import Run
from dynacli.errors import AuthError
from dynacli.model.operation import Field
from dynacli.record import replace
from dynacli.text.content_kind import decoded
from dynacli.text.exact_json import read_json
from dynacli.text.filter_value import check_filter, filtered

__all__ = ["OperationToken", "token_of_operation"]

_USUAL = ("access_token", "accessToken", "token", "jwt", "auth_token", "api_key", "key", "id_token")
"""Where a token stands in most answers, at the top or in `data`."""


class OperationToken(NamedTuple):
    """A token that an operation gave.

    Args:
        text: The token.
        expires_at: When it ends, in seconds since the epoch; None where the answer does not say it.
    """

    text: str
    expires_at: float | None


def token_of_operation(
    run: Run, api: str, operation: str, words: Sequence[str], token_at: str, scheme: str
) -> OperationToken:
    """Call an operation, and return the token in its answer.

    Args:
        words: The inputs, as behind any operation; a password that is not among them is asked for.
        token_at: A JMESPath expression for the token; empty for where most answers have it.
        scheme: The security scheme that the token is for, which the call itself cannot have.

    Raises:
        UsageError: The operation cannot be called with these words.
        AuthError: The answer is no success, or has no token.
        DynacliError: As from any call.
    """
    if token_at:
        check_filter(token_at, "`--token-at`")
    came: list[OperationToken] = []

    def act(run: Run, described: DescribedOperation, given: GivenWords) -> None:
        came.append(_token(run, described, given, token_at, scheme))

    run.act = act
    with make_root(run).make_context("dynacli", [api, operation, *words]) as context:
        context.command.invoke(context)
    return came[0]


def _token(
    run: Run, described: DescribedOperation, given: GivenWords, token_at: str, scheme: str
) -> OperationToken:
    settings = settings_of(run.env, described.api, run.call_options)
    security = described.operation.security
    if all(any(scheme == each.name for each in alternative) for alternative in security):
        settings = replace(settings, auth=NO_SCHEME)
    asked = [
        (field, [hidden_line(run.env, f"{'.'.join(field.path)}: ")])
        for field in _missing_secrets(run, described, given)
    ]
    given = replace(given, body_fields=[*given.body_fields, *asked])
    is_strict = settings.level != "off"
    inputs, _ = read_inputs(run, described, given, is_strict=is_strict)
    values = collect_values(described, inputs, is_strict=is_strict)
    call = Call(run.env, described, values, settings, ask=asker(run))
    call.check_request()
    answer = call.send()
    if not 200 <= answer.status < 300:
        error = call.signed.masker.mask_error(http_error(call, answer))
        raise AuthError(error.message, why=error.why, hint="Look at what it was given")
    return _read(answer.body, answer.header("content-type"), token_at, described.operation.name)


def _missing_secrets(run: Run, described: DescribedOperation, given: GivenWords) -> Iterator[Field]:
    """Yield the required fields of the body that hold a password and were not given, where somebody can be asked."""
    if described.media_type is None or run.options.body is not None or not run.may_ask:
        return
    known = {field.path for field, _ in given.body_fields}
    for field in described.media_type.fields:
        if field.is_required and field.path not in known and is_secret_value(field.path[-1], field.value):
            yield field


def _read(body: bytes, media_type: str, token_at: str, operation: str) -> OperationToken:
    text = decoded(body, media_type)
    try:
        value = read_json(text or "")
    except (ValueError, RecursionError):
        if not token_at and media_type.startswith("text/plain") and text and len(text.split()) == 1:
            return OperationToken(text.strip(), None)
        raise AuthError(f"The answer of `{operation}` has no token", why="It is no JSON") from None
    found = filtered(value, token_at, "`--token-at`") if token_at else _usual(value)
    if not isinstance(found, str) or not found:
        names = ", ".join(f"`{name}`" for name in value) if isinstance(value, dict) else "no fields"
        raise AuthError(
            f"The answer of `{operation}` has no token" + (f" at `{token_at}`" if token_at else ""),
            why=f"It has {names[:300]}",
            hint="Say where it stands: `--token-at EXPR`, a JMESPath expression",
        )
    seconds = value.get("expires_in") if isinstance(value, dict) else None
    if isinstance(seconds, int | float) and not isinstance(seconds, bool) and seconds > 0:
        return OperationToken(found, time() + float(seconds))
    return OperationToken(found, None)


def _usual(value: Any) -> Any:
    if isinstance(value, str):
        return value
    for holder in (value, value.get("data") if isinstance(value, dict) else None):
        if isinstance(holder, dict):
            for name in _USUAL:
                if isinstance(holder.get(name), str):
                    return holder[name]
    return None
