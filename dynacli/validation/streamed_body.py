"""Bodies that are never whole in memory: judged while they come, or dropped because they are too large."""

from collections.abc import Callable, Iterable, Iterator

from dynacli.validation.finding import Finding
from dynacli.validation.read_body import JudgedValue, NotValidatedError, UnreadBody

__all__ = ["KEPT", "MAX_FINDINGS", "BrokenOffError", "DroppedBody", "PassingValues", "StreamedBody"]

MAX_FINDINGS = 1_000
KEPT = 8 * 1024 * 1024
"""The largest stream in bytes that is kept, for the keywords that need all of it."""


class BrokenOffError(Exception):
    """A stream broke off before its end."""


class DroppedBody(UnreadBody):
    """A body that was too large to be kept.

    Args:
        size: Its size in bytes.
        limit: The largest size in bytes that would have been kept.
        strict_limit: The largest one that would have been kept at the level `strict`; 0 where it is the same.
    """

    def __init__(self, size: int, limit: int, strict_limit: int = 0) -> None:
        super().__init__(size)
        self.reason = f"the body is larger than {limit // 1024 // 1024} MiB"
        if limit < size <= strict_limit:
            self.reason += f" (`--validate strict` validates up to {strict_limit // 1024 // 1024} MiB)"


class StreamedBody:
    """A body that is judged while it comes.

    Attributes:
        error: The exception that ended the body before its end.

    Args:
        pieces: The body, cut anywhere; no piece is empty.
    """

    def __init__(self, pieces: Iterable[bytes]) -> None:
        self._pieces = iter(pieces)
        self._first: list[bytes] | None = None
        self.error: BaseException | None = None

    def __bool__(self) -> bool:
        """Whether the body has any bytes; waits for the first of them."""
        if self._first is None:
            try:
                self._first = [piece for piece in (next(self._pieces, b""),) if piece]
            except BaseException as error:  # noqa: BLE001  - raised again by `__iter__` or `finish`
                self.error, self._first = error, []
        return bool(self._first) or self.error is not None

    def __iter__(self) -> Iterator[bytes]:
        """Yield the pieces.

        Raises:
            BrokenOffError: An exception ended the body.
        """
        if self:
            yield from self._first or ()
        self._first = []
        while self.error is None:
            # Not `yield from`: a reader that stops must not close the pieces, because another reader goes on.
            try:
                piece = next(self._pieces, b"")
            except BaseException as error:  # noqa: BLE001  - raised again below or by `finish`
                self.error = error
                break
            if not piece:
                return
            yield piece
        if self.error is not None:
            raise BrokenOffError from self.error

    def finish(self) -> None:
        """Read what was not read yet.

        Raises:
            BaseException: The exception that ended the body.
        """
        try:
            for _ in self:
                pass
        except BrokenOffError:
            pass
        if self.error is not None:
            raise self.error

    def whole(self) -> bytes:
        """Return the whole body.

        Raises:
            NotValidatedError: The body is too large to be kept, or broke off.
        """
        body = bytearray()
        try:
            for piece in self:
                body += piece
                if len(body) > KEPT:
                    raise NotValidatedError(
                        f"the stream is larger than {KEPT // 1024 // 1024} MiB, and its schema is about all of it"
                    )
        except BrokenOffError:
            raise NotValidatedError("the response broke off") from None
        return bytes(body)


class PassingValues(list[JudgedValue]):
    """A list of judged values that inspects each one as it is appended, and keeps only the findings.

    For the values of a stream, which would not fit into memory.

    Attributes:
        findings: The findings, at most `MAX_FINDINGS`.
        cut: The number of values whose findings were left out.

    Args:
        inspect: Returns the findings of a value.
    """

    def __init__(self, inspect: Callable[[JudgedValue], Iterable[Finding]]) -> None:
        super().__init__()
        self._inspect = inspect
        self.findings: list[Finding] = []
        self.cut = 0

    def append(self, value: JudgedValue) -> None:
        """Inspect a value; it is not kept."""
        found = list(self._inspect(value))
        left = MAX_FINDINGS - len(self.findings)
        self.findings.extend(found[:left])
        self.cut += len(found) > left
