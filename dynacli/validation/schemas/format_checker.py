"""The format checker that jsonschema gets."""

from collections.abc import Mapping
from functools import partial
from typing import Any

from jsonschema import FormatChecker  # type: ignore[import-untyped]

from dynacli.validation.formats import RANGES, FormatCheck, is_in_range, text_formats
from dynacli.validation.judging_notes import JudgingNotes

__all__ = ["Formats"]

_NUMBERS: Mapping[str, Any] = {name: partial(is_in_range, *limits) for name, limits in RANGES.items()}


class Formats(FormatChecker):  # type: ignore[misc]
    """Checks formats, and holds the notes of the message.

    The format checker is the only object that jsonschema passes on from each validator to the next,
    so keywords find the notes here.

    Attributes:
        notes: The notes of the message.
        texts: Name → check, for the formats of texts.
        acceptance: Accepts large values of the same message.
    """

    acceptance: Any

    def __init__(self, notes: JudgingNotes) -> None:
        super().__init__(())
        self.notes = notes
        known = text_formats(notes.patterns)
        self.texts: dict[str, FormatCheck] = {
            name: check for name, check in known.items() if name not in notes.undefined_formats
        }
        self.checkers = {
            **{name: (check, ()) for name, check in _NUMBERS.items()},
            **{name: (partial(_check_text, check), ()) for name, check in self.texts.items()},
        }


def _check_text(check: FormatCheck, value: object) -> bool:
    return not isinstance(value, str) or check(value)
