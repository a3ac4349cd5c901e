"""Confirmations of calls: the client asks its user, by elicitation.

Before 2026-07-28, the server sends a request during the call. Since then, the call ends with the question, and the
client repeats it with the answer (https://modelcontextprotocol.io/specification, "Elicitation").
"""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import secrets
from collections.abc import Callable
from concurrent.futures import CancelledError, Future
from typing import Any

from mcp.server.context import ServerRequestContext
from mcp.shared.exceptions import MCPError
from mcp_types import (
    CallToolRequestParams,
    ElicitRequest,
    ElicitRequestFormParams,
    ElicitResult,
    InputRequiredResult,
)
from mcp_types.version import MODERN_PROTOCOL_VERSIONS

from dynacli.features.mcp._byte_budget import json_line
from dynacli.secrets import Masker
from dynacli.text.terminal import visible

_KEY = secrets.token_bytes(32)
_CONFIRM = "confirm"
_LONGEST_ARGUMENTS = 4_000
_NO_FIELDS: Any = {"type": "object", "properties": {}}
"""The schema of a form without fields, which the user accepts or declines."""


class Confirmation:
    """Asks the user of a client about one call; any thread may do so.

    Args:
        params: The request of the client.
        masker: Returns a masker of the secrets that the question must not show.

    Attributes:
        can_ask: Whether the client has declared that it can ask.
    """

    def __init__(
        self,
        context: ServerRequestContext[Any, Any],
        params: CallToolRequestParams,
        masker: Callable[[], Masker],
    ) -> None:
        self._context, self._params, self._masker = context, params, masker
        self._loop = asyncio.get_running_loop()
        self._unanswered = ""
        self._asked: Future[bool] | None = None
        self._is_ended = False
        declared = context.session.client_capabilities
        able = declared.elicitation if declared is not None else None
        self._is_modern = context.protocol_version in MODERN_PROTOCOL_VERSIONS
        has_forms = able is not None and (able.form is not None or able.url is None)
        self.can_ask = has_forms and (self._is_modern or context.session.can_send_request)

    def ask(self, question: str) -> bool:
        """Return whether the user agrees to the call; False if there is no answer yet."""
        message = f"{question}\n{self._shown_arguments()}"
        if self._is_modern:
            answer = (self._params.input_responses or {}).get(_CONFIRM)
            is_answered = hmac.compare_digest(self._params.request_state or "", _state_of(message))
            if isinstance(answer, ElicitResult) and is_answered:
                return answer.action == "accept"
            self._unanswered = message
            return False
        if self._is_ended:
            return False
        self._asked = asyncio.run_coroutine_threadsafe(self._elicit(message), self._loop)
        try:
            return self._asked.result()
        except (CancelledError, MCPError):
            return False

    async def _elicit(self, message: str) -> bool:
        answer = await self._context.session.elicit_form(message, _NO_FIELDS, self._context.request_id)
        return answer.action == "accept"

    def _shown_arguments(self) -> str:
        text = visible(self._masker().mask(json_line(self._params.arguments or {})))
        more = len(text) - _LONGEST_ARGUMENTS
        return f"{text[:_LONGEST_ARGUMENTS]} and {more} more characters" if more > 0 else text

    def input_required(self) -> InputRequiredResult | None:
        """Return the result with the question that the client must ask before it repeats the call; None for none."""
        if not self._unanswered:
            return None
        params = ElicitRequestFormParams(message=self._unanswered, requested_schema=_NO_FIELDS)
        return InputRequiredResult(
            input_requests={_CONFIRM: ElicitRequest(params=params)}, request_state=_state_of(self._unanswered)
        )

    def end(self) -> None:
        """End a question that has no answer yet, because the call has ended."""
        self._is_ended = True
        if self._asked is not None:
            self._asked.cancel()


def _state_of(message: str) -> str:
    """Return a code that shows that this server has asked exactly this question."""
    return hmac.new(_KEY, message.encode("utf-8", "surrogatepass"), hashlib.sha256).hexdigest()
