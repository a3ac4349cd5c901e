"""The notes of judging one message."""

from functools import cached_property
from typing import Any, NamedTuple

from dynacli.model.patterns import Patterns

__all__ = ["TOO_DEEP", "JudgedValue", "JudgingNotes", "check_stack", "look_up", "reason_of"]

TOO_DEEP = "the value or its schema is nested too deeply"

_MAX_REASONS = 100
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


class JudgingNotes:
    """The notes of one message: keywords take them in the midst of a schema, where nothing can be returned.

    Attributes:
        unchecked: Reasons why something could not be judged, each once; a stream may give any number of them.
        failures: The same, where the document's own schema is to blame.
        count: How many notes were taken. It tells whether all of a value was judged.
        undefined_formats: The formats that the document's version does not define, and that say nothing there.

    Args:
        is_swagger: Whether the document is written in Swagger 2.0.
    """

    def __init__(self, *, is_swagger: bool = False) -> None:
        # JSON Schema got them after Swagger 2.0, in whose documents they are names of any format.
        self.undefined_formats = frozenset({"duration", "time"} if is_swagger else ())
        self.unchecked: dict[str, None] = {}
        self.failures: dict[str, None] = {}
        self.count = 0

    @cached_property
    def patterns(self) -> Patterns:
        """Decides regular expressions within the message's time."""
        return Patterns()

    def begin(self) -> None:
        """Begin the notes of another message, with a full budget for its regular expressions."""
        self.unchecked.clear()
        self.failures.clear()
        self.patterns.renew()

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
