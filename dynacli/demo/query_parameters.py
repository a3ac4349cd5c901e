"""Query strings: what each parameter may be, and the reading of it.

Written by hand rather than from the OpenAPI document, so that a client which follows a wrong document,
or reads a right one wrongly, is told.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from dynacli.demo.error_answers import FieldError, invalid

__all__ = ["Choice", "Slugs", "Text", "Whole", "read_query"]

_SLUG = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
_INTEGER = re.compile(r"-?[0-9]+")


@dataclass(frozen=True)
class Text:
    """Free text that is not empty."""

    max_length: int | None = None
    default: str | None = None

    def read(self, raw: str) -> str:
        """Returns the text; a ValueError says what is wrong."""
        if not raw:
            raise ValueError("is empty")
        if self.max_length is not None and len(raw) > self.max_length:
            raise ValueError(f"is at most {self.max_length} characters long")
        return raw


@dataclass(frozen=True)
class Choice:
    """One of a few words."""

    words: tuple[str, ...]
    default: str | None = None

    def read(self, raw: str) -> str:
        """Returns the word; a ValueError says what is wrong."""
        if raw not in self.words:
            raise ValueError(f"is one of {', '.join(self.words)}")
        return raw


@dataclass(frozen=True)
class Whole:
    """A whole number between two bounds."""

    minimum: int
    maximum: int | None
    default: int

    def read(self, raw: str) -> int:
        """Returns the number; a ValueError says what is wrong."""
        # Longer than any bound needs, and short of the length that `int` refuses.
        if not _INTEGER.fullmatch(raw) or len(raw) > 1000:
            raise ValueError("is an integer")
        number = int(raw)
        if number < self.minimum:
            raise ValueError(f"is at least {self.minimum}")
        if self.maximum is not None and number > self.maximum:
            raise ValueError(f"is at most {self.maximum}")
        return number


@dataclass(frozen=True)
class Slugs:
    """Slugs in one comma-separated value (OpenAPI's `style: form`, `explode: false`), or a single one."""

    is_list: bool = True
    default: None = None

    def read(self, raw: str) -> str | list[str]:
        """Returns the slugs; a ValueError says what is wrong."""
        slugs = raw.split(",") if self.is_list else [raw]
        if any(not _SLUG.fullmatch(slug) for slug in slugs):
            raise ValueError("is made of lower-case letters, digits and single hyphens")
        return slugs if self.is_list else raw


Kind = Text | Choice | Whole | Slugs


def read_query(pairs: Sequence[tuple[str, str]], allowed: Mapping[str, Kind]) -> dict[str, Any]:
    """Reads a query string that was taken apart and decoded.

    Args:
        pairs: Names and values in the order of the query string.
        allowed: What each parameter may be.

    Returns:
        A value for every allowed parameter: what was sent, else the default.

    Raises:
        Problem: A 400 that names each unknown, repeated or wrong parameter.
    """
    values: dict[str, Any] = {name: kind.default for name, kind in allowed.items()}
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
