"""The notes of judging one message, and the limits of its time and depth."""

from functools import cached_property
from time import monotonic
from typing import Any, NamedTuple

from dynacli.model.patterns import Patterns

__all__ = ["JudgedValue", "JudgingNotes", "TooLongError", "check_stack", "look_up", "reason_of"]

_MAX_REASONS = 100
_SECONDS = 4.0
_KEYWORDS_PER_LOOK = 1_024
_FRAMES = 30


class JudgedValue(NamedTuple):
    """A value of a body that was judged by a schema.

    Args:
        schema: The Schema Object as it is written, its references in place.
        value: The JSON value.
        pointer: JSON pointer into the body.
    """

    schema: Any
    value: Any
    pointer: str


class TooLongError(Exception):
    """Judging a value takes too long; the text says so."""


class JudgingNotes:
    """The notes of one message: keywords take them in the midst of a schema, where nothing can be returned.

    Attributes:
        unchecked: Reasons why something could not be judged, each once; a stream may give any number of them.
        failures: The same, where the document's own schema is to blame.
        count: How many notes were taken. A keyword compares it to learn whether its branches were judged.
        undefined_formats: The formats that the document's version does not define, and that say nothing there.

    Args:
        is_swagger: Whether the document is written in Swagger 2.0.
        seconds: How long judging a value may take; None for as long as usual.
    """

    def __init__(self, *, is_swagger: bool = False, seconds: float | None = None) -> None:
        self._seconds = _SECONDS if seconds is None else seconds
        # JSON Schema got them after Swagger 2.0, in whose documents they are names of any format.
        self.undefined_formats = frozenset({"duration", "time"} if is_swagger else ())
        self.unchecked: dict[str, None] = {}
        self.failures: dict[str, None] = {}
        self.count = 0
        self._keywords = 0
        self._until = float("inf")

    @cached_property
    def patterns(self) -> Patterns:
        """Decides regular expressions within the message's time."""
        return Patterns()

    def start_clock(self) -> None:
        """Start the time that the next value may take.

        The limit is for alternatives that lead to themselves: nested in each other, each is tried at each level.
        """
        self._until = monotonic() + self._seconds

    def check_clock(self) -> None:
        """Count a keyword, and look at the clock now and then.

        Raises:
            TooLongError: The time for the value is over.
        """
        self._keywords += 1
        if not self._keywords % _KEYWORDS_PER_LOOK and monotonic() > self._until:
            raise TooLongError("it takes too long to judge all of the value")

    def add_unchecked(self, reason: str) -> None:
        """Note that something was not judged."""
        if len(self.unchecked) < _MAX_REASONS:
            self.unchecked.setdefault(reason)
        self.count += 1

    def add_failure(self, reason: str) -> None:
        """Note that something was not judged because the document is wrong there."""
        if len(self.failures) < _MAX_REASONS:
            self.failures.setdefault(reason)
        self.count += 1


def reason_of(error: Exception) -> str:
    """Return why nothing was judged, for an exception that a library raised because of the document."""
    reference = getattr(error, "ref", None)  # set by the exceptions of `referencing`
    if isinstance(reference, str):
        return f"the document's reference `{reference}` leads nowhere"
    return f"the document cannot be used here ({type(error).__name__})"


def check_stack(frames: int = _FRAMES) -> None:
    """Fail here where a call some frames deeper would fail.

    The registry of `referencing` is written in Rust. Where Python's stack ends inside of it, it panics, prints
    a backtrace, and raises something that is no `Exception`.
    https://github.com/crate-py/rpds/blob/main/src/lib.rs

    Raises:
        RecursionError: The stack has fewer frames left.
    """
    if frames:
        check_stack(frames - 1)


def look_up(resolver: Any, reference: str) -> Any:
    """Return what a resolver of `referencing` finds for a reference.

    Raises:
        RecursionError: The stack is too deep to look.
    """
    check_stack()
    return resolver.lookup(reference)
