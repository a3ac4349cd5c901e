"""Bodies that are not there as a whole: those that are judged while they come, and those that are too large to keep."""

from collections.abc import Callable, Iterable, Iterator
from typing import Any

from dynacli.validation.bodies.read_body import UncheckedError
from dynacli.validation.bodies.read_forms import UnreadBody
from dynacli.validation.findings.finding import Finding

__all__ = ["KEPT", "MAX_FINDINGS", "BrokenOffError", "DroppedBody", "Passing", "Streamed"]

MAX_FINDINGS = 1_000
KEPT = 8 * 1024 * 1024
"""Bytes of a stream up to which it is kept, for what is about all of it."""


class BrokenOffError(Exception):
    """A stream ended before its end."""


class DroppedBody(UnreadBody):
    """A body that was too large to be kept.

    Args:
        size: In bytes.
        limit: In bytes, up to which it would have been kept.
    """

    def __init__(self, size: int, limit: int) -> None:
        super().__init__(size)
        self.reason = f"the body is larger than {limit // 1024 // 1024} MiB"


class Streamed:
    """A body that is judged while it comes.

    Attributes:
        error: What ended it before its end.

    Args:
        pieces: It, cut anywhere; none of them is empty.
    """

    def __init__(self, pieces: Iterable[bytes]) -> None:
        self._pieces = iter(pieces)
        self._first: list[bytes] | None = None
        self.error: BaseException | None = None

    def __bool__(self) -> bool:
        """Whether there is anything in it; waits until that is known."""
        if self._first is None:
            try:
                self._first = [piece for piece in (next(self._pieces, b""),) if piece]
            except BaseException as error:  # noqa: BLE001  - for who reads on
                self.error, self._first = error, []
        return bool(self._first) or self.error is not None

    def __iter__(self) -> Iterator[bytes]:
        """Yield the pieces.

        Raises:
            BrokenOffError: Something ended it.
        """
        if self:
            yield from self._first or ()
        self._first = []
        while self.error is None:
            # Not `yield from`: who stops reading must not end the pieces, which somebody else reads on.
            try:
                piece = next(self._pieces, b"")
            except BaseException as error:  # noqa: BLE001  - for who reads on
                self.error = error
                break
            if not piece:
                return
            yield piece
        if self.error is not None:
            raise BrokenOffError from self.error

    def finish(self) -> None:
        """Read what nobody has read yet.

        Raises:
            BaseException: What ended it before its end.
        """
        try:
            for _ in self:
                pass
        except BrokenOffError:
            pass
        if self.error is not None:
            raise self.error

    def whole(self) -> bytes:
        """Return it as a whole.

        Raises:
            UncheckedError: It is too large for that, or broke off.
        """
        body = bytearray()
        try:
            for piece in self:
                body += piece
                if len(body) > KEPT:
                    raise UncheckedError(
                        f"the stream is larger than {KEPT // 1024 // 1024} MiB, and its schema is about all of it"
                    )
        except BrokenOffError:
            raise UncheckedError("the answer broke off") from None
        return bytes(body)


class Passing(list[tuple[Any, Any, str]]):
    """A list that hands on what is put into it and keeps nothing but what is found in it.

    Attributes:
        found: The findings, at most `MAX_FINDINGS`.
        more: How many of what was put into it had some of the others.

    Args:
        look: Finds.
    """

    def __init__(self, look: Callable[[tuple[Any, Any, str]], Iterable[Finding]]) -> None:
        super().__init__()
        self._look = look
        self.found: list[Finding] = []
        self.more = 0

    def append(self, one: tuple[Any, Any, str]) -> None:
        """Hand one on."""
        found = list(self._look(one))
        left = MAX_FINDINGS - len(self.found)
        self.found.extend(found[:left])
        self.more += len(found) > left
