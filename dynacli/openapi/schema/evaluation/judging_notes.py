"""The notes of judging one message."""

from functools import cached_property

from dynacli.openapi.model.patterns import Patterns

__all__ = ["TOO_DEEP", "JudgingNotes"]

TOO_DEEP = "the value or its schema is nested too deeply"

_MAX_REASONS = 100


class JudgingNotes:
    """The notes of one message: keywords take them in the midst of a schema, where nothing can be returned.

    Attributes:
        not_validated: Reasons why something could not be judged, each once; a stream may give any number of them.
        failures: The same, where the document's own schema is to blame.
        count: How many notes were taken. It tells whether all of a value was judged.
        undefined_formats: The formats that the document's version does not define, and that say nothing there.

    Args:
        is_swagger: Whether the document is written in Swagger 2.0.
    """

    def __init__(self, *, is_swagger: bool = False) -> None:
        # JSON Schema got them after Swagger 2.0, in whose documents they are names of any format.
        self.undefined_formats = frozenset({"duration", "time"} if is_swagger else ())
        self.not_validated: dict[str, None] = {}
        self.failures: dict[str, None] = {}
        self.count = 0

    @cached_property
    def patterns(self) -> Patterns:
        """Decides regular expressions within the message's time."""
        return Patterns()

    def begin(self) -> None:
        """Begin the notes of another message, with a full budget for its regular expressions."""
        self.not_validated.clear()
        self.failures.clear()
        self.patterns.renew()

    def add_not_validated(self, reason: str) -> None:
        """Note that something was not validated."""
        if len(self.not_validated) < _MAX_REASONS:
            self.not_validated.setdefault(reason)
        self.count += 1

    def add_failure(self, reason: str) -> None:
        """Note that something was not validated because the document is wrong there."""
        if len(self.failures) < _MAX_REASONS:
            self.failures.setdefault(reason)
        self.count += 1
