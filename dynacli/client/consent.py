"""Whether a person agrees to calls that are to be confirmed."""

from collections.abc import Callable

__all__ = ["Consent"]


class Consent:
    """Whether a person agrees to calls that are to be confirmed.

    Attributes:
        is_given: Whether the person has agreed to all of them, or nothing is sent.
        ask: Asks the person, with a question; None if no one can be asked.
        is_required: Whether nothing that removes something is called without it, if no one can be asked.
        agreed: The names of the operations that the person has agreed to.
        waiting: Ask the questions that wait until the call can be sent, by the consent to it; None if none waits.
        hint: How a person agrees if no one can be asked.
        hint_on_reading: How `{operation}` is called, by the line that begins with `{line}`, if only operations are
            that read.
    """

    hint = "Give `--yes` where a person has agreed to it"
    hint_on_reading = "To call it anyway: `{line} {operation} ...`"

    def __init__(
        self,
        *,
        is_given: bool = False,
        ask: Callable[[str], bool] | None = None,
        is_required: bool = False,
    ) -> None:
        self.is_given, self.ask, self.is_required = is_given, ask, is_required
        self.agreed: set[str] = set()
        self.waiting: list[Callable[[Consent], None]] | None = None
