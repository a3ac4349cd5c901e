"""What is noted while one message is judged."""

from dynacli.catalog.patterns import Patterns

__all__ = ["Session"]


class Session:
    """Notes of one message, made in the midst of a schema, where no result can be given.

    Attributes:
        unchecked: What could not be judged, each reason once.
        failures: The same, where the document's own schema is to blame.
        patterns: Decides regular expressions within the message's time.
    """

    def __init__(self) -> None:
        self.unchecked: dict[str, None] = {}
        self.failures: dict[str, None] = {}
        self.patterns = Patterns()

    def note(self, reason: str) -> None:
        """Note that something was not judged."""
        self.unchecked.setdefault(reason)
        self.count += 1

    def fail(self, reason: str) -> None:
        """Note that something was not judged because the document is wrong there."""
        self.failures.setdefault(reason)
        self.count += 1

    count = 0
    """How often anything was noted; a keyword compares it to learn whether its branches were judged."""
