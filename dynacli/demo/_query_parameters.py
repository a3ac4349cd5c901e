"""Reading query strings, with a class for each kind of parameter.

The parameters are written by hand rather than taken from the OpenAPI document, so that the demo API notices
where the document is wrong, or where a client misreads it.
"""

import re
from collections.abc import Mapping, Sequence
from typing import Any

from dynacli.demo._error_answers import FieldError, invalid
from dynacli.record import record

__all__ = ["ChoiceParameter", "IntegerParameter", "SlugsParameter", "TextParameter", "read_query"]

_SLUG = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
_INTEGER = re.compile(r"-?[0-9]+")


@record
class TextParameter:
    """A parameter that is any text but an empty one."""

    max_length: int | None = None
    default: str | None = None

    def read(self, raw: str) -> str:
        """Return the text; the text of a ValueError says what is wrong."""
        if not raw:
            raise ValueError("is empty")
        if self.max_length is not None and len(raw) > self.max_length:
            raise ValueError(f"is at most {self.max_length} characters long")
        return raw


@record
class ChoiceParameter:
    """A parameter that is one of a few words."""

    words: tuple[str, ...]
    default: str | None = None

    def read(self, raw: str) -> str:
        """Return the word; the text of a ValueError says what is wrong."""
        if raw not in self.words:
            raise ValueError(f"is one of {', '.join(self.words)}")
        return raw


@record
class IntegerParameter:
    """A parameter that is an integer between two bounds."""

    minimum: int
    maximum: int | None
    default: int

    def read(self, raw: str) -> int:
        """Return the number; the text of a ValueError says what is wrong."""
        # The limit is longer than any bound, and shorter than the numbers that `int` refuses.
        if not _INTEGER.fullmatch(raw) or len(raw) > 1000:
            raise ValueError("is an integer")
        number = int(raw)
        if number < self.minimum:
            raise ValueError(f"is at least {self.minimum}")
        if self.maximum is not None and number > self.maximum:
            raise ValueError(f"is at most {self.maximum}")
        return number


@record
class SlugsParameter:
    """Slugs in a comma-separated value (OpenAPI's `style: form`, `explode: false`), or a single slug."""

    is_list: bool = True
    default: None = None

    def read(self, raw: str) -> str | list[str]:
        """Return the slugs; the text of a ValueError says what is wrong."""
        slugs = raw.split(",") if self.is_list else [raw]
        if any(not _SLUG.fullmatch(slug) for slug in slugs):
            raise ValueError("is made of lower-case letters, digits and single hyphens")
        return slugs if self.is_list else raw


QueryParameter = TextParameter | ChoiceParameter | IntegerParameter | SlugsParameter


def read_query(pairs: Sequence[tuple[str, str]], allowed: Mapping[str, QueryParameter]) -> dict[str, Any]:
    """Read the values of a query string.

    Args:
        pairs: The decoded names and values in the order of the query string.
        allowed: Name → parameter.

    Returns:
        A value for every allowed parameter, which is its default where the parameter was not sent.

    Raises:
        Problem: A 400 that names each unknown, repeated or wrong parameter.
    """
    values: dict[str, Any] = {name: parameter.default for name, parameter in allowed.items()}
    errors: list[FieldError] = []
    seen: set[str] = set()
    for name, raw in pairs:
        if name not in allowed:
            errors.append(FieldError(name, "is not a parameter of this operation"))
            continue
        if name in seen:
            errors.append(FieldError(name, "was given more than once"))
            continue
        seen.add(name)
        try:
            values[name] = allowed[name].read(raw)
        except ValueError as error:
            errors.append(FieldError(name, str(error)))
    if errors:
        raise invalid(errors)
    return values
