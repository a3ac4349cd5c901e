"""Tokens that an operation of the API itself refreshes: its request, kept as it was accepted when signing in."""

import json
from collections.abc import Iterable
from typing import Any
from urllib.parse import quote, quote_plus

from dynacli.auth.oauth.oauth_flow import SignInContext
from dynacli.auth.oauth.provider_exchange import exchange
from dynacli.auth.operation_token import OperationToken, read_operation_token
from dynacli.auth.secret import Masker, Secret
from dynacli.environment import invocation
from dynacli.errors import AuthError, DynacliError
from dynacli.record import record
from dynacli.text.server_message import server_message
from dynacli.urls import without_query

__all__ = ["OPERATION", "OperationRefresh"]

OPERATION = "operation"
"""The kind of a refresh that is no OAuth flow."""


@record
class OperationRefresh:
    """The request that refreshes a token, in which a mark stands for the token that it takes.

    A later document does not change where it goes.

    Args:
        operation: The operation's name, for messages.
        headers: (name, value), as they are sent.
        body: Empty for none.
        mark: Letters and digits, which are encoded nowhere.
        token_at: Where the new token stands in the answer, as of `read_operation_token`.
        refresh_token_at: The same for the one that refreshes it.
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
        """Return the form that is kept; as headers may hold keys, it is a secret."""
        return json.dumps(self.__dict__)

    @classmethod
    def from_text(cls, text: str) -> "OperationRefresh":
        """Return the request for its form.

        Raises:
            ValueError: It is no such form.
        """
        try:
            form: dict[str, Any] = json.loads(text)
            headers = tuple((str(name), str(value)) for name, value in form.pop("headers"))
            return cls(headers=headers, **{name: str(value) for name, value in form.items()})
        except (TypeError, KeyError, AttributeError) as error:
            raise ValueError("no request") from error

    @property
    def media_type(self) -> str:
        """The media type of the body; empty where there is none."""
        return next((value for name, value in self.headers if name.lower() == "content-type"), "")

    def token(self, given: Secret, context: SignInContext, known: Iterable[Secret] = ()) -> OperationToken:
        """Return a new token.

        Args:
            given: The token that the operation takes.
            context: How the API is reached.
            known: Other secrets, which no message may show.

        Raises:
            AuthError: The API refuses, with 401 as the detail `status` where the token is no longer good; or the
                answer has no token.
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
        answer = exchange(
            self.method,
            self.url.replace(self.mark, quote(given, safe="")),
            f"operation `{self.operation}`",
            context,
            [(name, value.replace(self.mark, given)) for name, value in self.headers],
            self.body.replace(self.mark, in_body).encode() or None,
        )
        if not 200 <= answer.status < 300:
            said = server_message(answer.body, answer.media_type, masker.mask)
            raise AuthError(
                f"The operation `{self.operation}` did not refresh the token",
                why=f"`{without_query(self.url)}` answered {answer.status}" + (f": {said}" if said else ""),
                hint=f"Sign in again with `{invocation('auth login')}`"
                if answer.status < 500
                else f"Try again later, or sign in again with `{invocation('auth login')}`",
                status=answer.status,
            )
        return read_operation_token(
            answer.body,
            answer.media_type,
            self.operation,
            asked_at,
            token_at=self.token_at,
            refresh_token_at=self.refresh_token_at,
            is_refresh=True,
        )
