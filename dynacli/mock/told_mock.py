"""What a mock was asked and answered, as a line for a person and as an object for a program."""

from typing import Any
from urllib.parse import urlsplit

from dynacli.check.recordings.told_exchange import ToldExchange
from dynacli.library.opened_api import OpenedApi
from dynacli.mock.mock_server import MockExchange
from dynacli.text.terminal import Painter

__all__ = ["ToldMock"]


class ToldMock(ToldExchange):
    """An exchange of a mock as it is told: with what the body of the answer was made of."""

    def __init__(self, api: OpenedApi, exchange: MockExchange) -> None:
        recorded = exchange.recorded
        parts = urlsplit(recorded.request.url)
        target = f"{parts.path}?{parts.query}" if parts.query else parts.path
        sizes = len(recorded.content or b""), len((recorded.answer and recorded.answer.body) or b"")
        super().__init__(api, recorded, exchange.match, exchange.verdict, target, sizes)
        self._source = exchange.source

    def outcome(self, paint: Painter) -> str:
        """Return what the body was made of, or why the document has none."""
        return paint.dim(self.shown(self._source)) if self._source else ""

    def members(self) -> dict[str, Any]:
        """Return the same as data."""
        return {"from": self._source or None}
