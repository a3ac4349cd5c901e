"""The token in the response of an operation of the API: its location, its expiry, and how to refresh it.

The request that refreshes it is stored as the user accepted it when signing in.
"""

from __future__ import annotations

import json
from base64 import urlsafe_b64decode
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote, quote_plus

from dynacli.auth.credential_store import LAST_MOMENT
from dynacli.environment import invocation
from dynacli.errors import AuthError, DynacliError, FormatError
from dynacli.features.sign_in.oauth import SignInContext, exchange
from dynacli.http.semantics import ReceivedBody
from dynacli.media.body_value import error_value
from dynacli.record import record
from dynacli.secrets import Masker, Secret
from dynacli.text.body_text import decoded, server_message
from dynacli.text.exact_json import read_json
from dynacli.urls import without_query

_USUAL = ("access_token", "accessToken", "token", "jwt", "auth_token", "api_key", "key", "id_token")
"""Usual names of a token, at the top of a response or in `data`."""
_REFRESH = ("refresh_token", "refreshToken", "refresh")
"""Usual names of a refresh token, in the same object as the token or in one around it."""
_ENDS = ("expires_at", "expiresAt", "expires", "expiry", "expiration", "exp")
_TEN_YEARS = 10 * 365 * 86400
_FIRST_DATE = 1e9
"""Numbers from here on count from the epoch, smaller ones from now."""
_FIRST_IN_MILLISECONDS = 1e11
_TOO_LARGE = 1e20
"""Larger numbers are ignored: no expiry is so late, and some integers do not fit into a float."""
_LONGEST_IN_SECONDS = 1e5
"""Durations from here on are in milliseconds: Directus writes 900000 for 15 minutes
(https://directus.io/docs/api/authentication)."""
BY_OPERATION = "operation"
"""The kind of a refresh that is not an OAuth flow."""


@record
class OperationToken:
    """A token from the response of an operation.

    Args:
        text: The token.
        expires_at: Expiry in seconds since the epoch; None if unknown.
        refresh_token: The refresh token; None if the response has none.
    """

    text: str
    expires_at: float | None = None
    refresh_token: Secret | None = None


def read_operation_token(
    body: bytes,
    media_type: str,
    operation: str,
    now: float,
    *,
    token_at: str = "",
    refresh_token_at: str = "",
    is_refresh: bool = False,
) -> OperationToken:
    """Return the token in a response.

    Args:
        operation: The name of the operation, for messages.
        now: The current time in seconds since the epoch.
        token_at: JMESPath expression of the token; empty for the usual names.
        refresh_token_at: JMESPath expression of the refresh token; empty for the usual names.
        is_refresh: Whether this is the response of a refresh. The expressions were written for the sign-in, so the
            usual names are tried as well.

    Raises:
        AuthError: The response has no token.
    """
    text = decoded(body, media_type) or ""
    try:
        value = read_json(text)
    except (ValueError, RecursionError):
        if not media_type.startswith("text/plain") or len(text.split()) != 1:
            raise AuthError(f"The response of `{operation}` has no token", reason="It is not JSON") from None
        value = text.strip()

    def placed(expression: str, usual: Callable[[], Any]) -> Any:
        found = _filtered_or_none(value, expression) if expression else None
        return usual() if found is None and (is_refresh or not expression) else found

    found = placed(token_at, lambda: _usual(value, is_refresh=is_refresh))
    if not isinstance(found, str) or not found:
        raise _no_token(value, operation, token_at)
    holders = tuple(_holders(value, found))
    refresh = placed(refresh_token_at, lambda: _first(holders, _REFRESH))
    has_refresh = isinstance(refresh, str) and refresh not in ("", found)
    refresh_token = Secret(_sound(refresh, operation)) if has_refresh else None
    return OperationToken(_sound(found, operation), _end(holders, found, now), refresh_token)


def _sound(token: str, operation: str) -> str:
    if not (token.isascii() and token.isprintable() and " " not in token):
        raise AuthError(
            f"The token in the response of `{operation}` cannot be sent",
            reason="It holds a character that no token has",
            hint="Give its location: `--token-at EXPR`, a JMESPath expression",
        )
    return token


def _no_token(value: Any, operation: str, place: str) -> AuthError:
    names = ", ".join(f"`{name}`" for name in value) if isinstance(value, dict) else ""
    return AuthError(
        f"The response of `{operation}` has no token" + (f" at `{place}`" if place else ""),
        reason=f"It has {names[:300] or 'no fields'}",
        hint="Give its location: `--token-at EXPR`, a JMESPath expression",
    )


def _filtered_or_none(value: Any, expression: str) -> Any:
    from dynacli.text.filter_value import filtered

    try:
        return filtered(value, expression)
    except FormatError:
        return None


def _usual(value: Any, *, is_refresh: bool) -> Any:
    if isinstance(value, str):
        return value
    holders = [item for item in (value, _member(value, "data")) if isinstance(item, dict)]
    found = _first(holders, _USUAL)
    # djangorestframework-simplejwt uses `access`; in a sign-in, it counts only together with `refresh`.
    paired = [holder for holder in holders if is_refresh or isinstance(holder.get("refresh"), str)]
    return found or _first(paired, ["access"])


def _member(value: Any, name: str) -> Any:
    return value.get(name) if isinstance(value, dict) else None


def _first(holders: Iterable[Mapping[str, Any]], names: Iterable[str]) -> str | None:
    """Return the first text with one of the names in one of the objects; None if there is none."""
    names = tuple(names)
    found = (holder[name] for holder in holders for name in names if isinstance(holder.get(name), str))
    return next(found, None)


def _holders(value: Any, token: str) -> Iterator[Mapping[str, Any]]:
    """Yield the objects around a token, from the innermost to the outermost."""
    for item in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
        inner = tuple(_holders(item, token))
        if inner or item == token:
            yield from inner
            if isinstance(value, dict):
                yield value
            return


def _end(holders: Iterable[Mapping[str, Any]], token: str, now: float) -> float | None:
    """Return the expiry of a token in seconds since the epoch; None if unknown."""
    ends = [
        *(
            now + _number_or_zero(holder.get(name))
            for holder in holders
            for name in ("expires_in", "expiresIn")
        ),
        end_of_token(token, now) or 0.0,
        *(_moment(holder.get(name), now) for holder in holders for name in _ENDS),
    ]
    return next((end for end in ends if now < end < now + _TEN_YEARS), None)


def _number_or_zero(value: Any) -> float:
    """Return a number, or the number in a text of digits; 0 for anything else."""
    if isinstance(value, str):
        return float(value) if value.isascii() and value.isdecimal() and len(value) < 20 else 0.0
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    return float(value) if is_number and abs(value) < _TOO_LARGE else 0.0


def _moment(value: Any, now: float) -> float:
    """Return a point in time in seconds since the epoch; 0 if the value is none."""
    number = _number_or_zero(value)
    if number >= _FIRST_IN_MILLISECONDS:
        return number / 1000
    if number >= _FIRST_DATE:
        return number
    if number:
        return now + (number / 1000 if number >= _LONGEST_IN_SECONDS else number)
    try:
        moment = datetime.fromisoformat(value)
        return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()
    except (TypeError, ValueError, OverflowError):
        return 0.0


def end_of_token(text: str, now: float) -> float | None:
    """Return the expiry of a JSON Web Token (RFC 7519, "exp"); None for other texts and expired tokens."""
    parts = text.split(".")
    if len(parts) != 3:
        return None
    try:
        claims = json.loads(urlsafe_b64decode(parts[1] + "=" * (-len(parts[1]) % 4)))
        end = float(claims["exp"])
    except (ValueError, KeyError, TypeError, RecursionError, OverflowError):
        return None
    return end if now < end <= LAST_MOMENT else None


@record
class OperationRefresh:
    """The request that refreshes a token, with a placeholder for the current token.

    The request is stored, so later versions of the document cannot change its URL.

    Args:
        operation: The operation's name, for messages.
        headers: (name, value) of each header.
        body: The body; empty for none.
        mark: The placeholder: letters and digits, because these need no encoding.
        token_at: JMESPath expression of the new token, as in `read_operation_token`.
        refresh_token_at: JMESPath expression of the new refresh token.
    """

    operation: str
    method: str
    url: str
    headers: tuple[tuple[str, str], ...]
    body: str
    mark: str
    token_at: str = ""
    refresh_token_at: str = ""

    def as_text(self) -> str:
        """Return the request as JSON for storing. It is a secret, because headers may contain keys."""
        return json.dumps(self.__dict__)

    @classmethod
    def from_text(cls, text: str) -> OperationRefresh:
        """Return the request from the JSON of `as_text`.

        Raises:
            ValueError: The text is not the JSON of a request.
        """
        try:
            form: dict[str, Any] = json.loads(text)
            headers = tuple((str(name), str(value)) for name, value in form.pop("headers"))
            return cls(headers=headers, **{name: str(value) for name, value in form.items()})
        except (TypeError, KeyError, AttributeError) as error:
            raise ValueError("no request") from error

    @property
    def media_type(self) -> str:
        """The media type of the body; empty if there is none."""
        return next((value for name, value in self.headers if name.lower() == "content-type"), "")

    def token(self, given: Secret, context: SignInContext, known: Iterable[Secret] = ()) -> OperationToken:
        """Refresh the token, and return the new one.

        Args:
            given: The refresh token, or else the current token.
            context: Settings for contacting the API.
            known: Other secrets that messages mask.

        Raises:
            AuthError: The API refuses, with its status as the detail `status`, or the response has no token.
            DynacliError: The API cannot be reached.
        """
        masker = Masker([given, *known])
        try:
            return self._token(given.reveal(), context, masker)
        except DynacliError as error:
            raise masker.mask_error(error) from error.__cause__

    def _token(self, given: str, context: SignInContext, masker: Masker) -> OperationToken:
        asked_at = context.clock()
        in_body = quote_plus(given) if "form-urlencoded" in self.media_type else json.dumps(given)[1:-1]
        response = exchange(
            self.method,
            self.url.replace(self.mark, quote(given, safe="")),
            f"operation `{self.operation}`",
            context,
            [(name, value.replace(self.mark, given)) for name, value in self.headers],
            self.body.replace(self.mark, in_body).encode() or None,
        )
        if not 200 <= response.status < 300:
            said = server_message(error_value(ReceivedBody(response.body, response.media_type)), masker.mask)
            raise AuthError(
                f"The operation `{self.operation}` did not refresh the token",
                reason=f"`{without_query(self.url)}` responded with {response.status}"
                + (f": {said}" if said else ""),
                hint=f"Sign in again with `{invocation('auth login')}`"
                if response.status < 500
                else f"Try again later, or sign in again with `{invocation('auth login')}`",
                status=response.status,
            )
        return read_operation_token(
            response.body,
            response.media_type,
            self.operation,
            asked_at,
            token_at=self.token_at,
            refresh_token_at=self.refresh_token_at,
            is_refresh=True,
        )
