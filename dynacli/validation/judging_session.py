"""What is noted while one message is judged."""

from time import monotonic

from dynacli.model.patterns import Patterns

__all__ = ["Session", "TooLongError", "reason_of"]

_MAX_REASONS = 100
_SECONDS = 10.0
_STEPS = 1_024


class TooLongError(Exception):
    """Judging a value takes too long; the text says so."""


class Session:
    """Notes of one message, made in the midst of a schema, where no result can be given.

    Attributes:
        unchecked: What could not be judged, each reason once; a stream of items may give no end of them.
        failures: The same, where the document's own schema is to blame.
        patterns: Decides regular expressions within the message's time.
    """

    def __init__(self) -> None:
        self.unchecked: dict[str, None] = {}
        self.failures: dict[str, None] = {}
        self.patterns = Patterns()
        self._steps = 0
        self._until = float("inf")

    def begin(self) -> None:
        """Give the value that is judged next its time.

        Alternatives that lead to themselves are tried once more for each level of a value, inside of each other.
        """
        self._until = monotonic() + _SECONDS

    def step(self) -> None:
        """Go on by one keyword.

        Raises:
            TooLongError: The value's time is over.
        """
        self._steps += 1
        if not self._steps % _STEPS and monotonic() > self._until:
            raise TooLongError("it takes too long to judge all of the value")

    def note(self, reason: str) -> None:
        """Note that something was not judged."""
        if len(self.unchecked) < _MAX_REASONS:
            self.unchecked.setdefault(reason)
        self.count += 1

    def fail(self, reason: str) -> None:
        """Note that something was not judged because the document is wrong there."""
        if len(self.failures) < _MAX_REASONS:
            self.failures.setdefault(reason)
        self.count += 1

    count = 0
    """How often anything was noted; a keyword compares it to learn whether its branches were judged."""


def reason_of(error: Exception) -> str:
    """Return why nothing was judged, where a library raised what nobody could expect from the document."""
    reference = getattr(error, "ref", None)  # of referencing's own errors
    if isinstance(reference, str):
        return f"the document's reference `{reference}` leads nowhere"
    return f"the document cannot be used here ({type(error).__name__})"
