"""A schema compiled by jsonschema-rs, which can tell that a value is valid, but not why it is not."""

from functools import partial
from typing import Any

from dynacli.model.patterns import PatternTimeoutError, UnsupportedPatternError
from dynacli.validation.bodies.plain_values import is_plain
from dynacli.validation.schemas.formats import Formats, engine_options
from dynacli.validation.schemas.keywords import KEYWORDS
from dynacli.validation.schemas.plain_keywords import MULTIPLE
from dynacli.validation.schemas.plain_schema import DOUBT, PlainSchema

__all__ = ["CompiledSchema"]


class CompiledSchema:
    """A schema that jsonschema-rs has compiled.

    Attributes:
        is_in_doubt: Whether the last value that was not accepted may be valid all the same.

    Args:
        plain: The schema in the form of plain JSON Schema.
        formats: The formats of the message.

    Raises:
        ValueError: jsonschema-rs cannot compile the schema.
    """

    def __init__(self, plain: PlainSchema, formats: Formats) -> None:
        from jsonschema_rs import Draft202012Validator

        self.is_in_doubt = False
        compiled = self

        class Doubt:
            def __init__(self, *_: Any) -> None:
                pass

            def validate(self, _: Any) -> None:
                compiled.is_in_doubt = True
                raise ValueError

        patterns = formats.notes.patterns
        self._validator = Draft202012Validator(
            plain.root,
            formats={
                **{name: check for name, check in formats.texts.items() if not formats.is_by_engine(name)},
                **{name: partial(patterns.is_found, pattern) for pattern, name in plain.patterns.items()},
            },
            keywords={DOUBT: Doubt, MULTIPLE: _MultipleOf},
            **engine_options(),
        )

    def accepts(self, value: Any) -> bool:
        """Return whether a value is certainly valid."""
        self.is_in_doubt = False
        try:
            if is_plain(value):
                return self._validator.is_valid(value) and not self.is_in_doubt
        except (UnsupportedPatternError, PatternTimeoutError, ValueError):
            pass  # a `ValueError` means a text with a lone surrogate
        self.is_in_doubt = True
        return False


class _MultipleOf:
    """`multipleOf` by our own keyword, which takes numbers as they are written: as decimal fractions."""

    def __init__(self, _: Any, value: Any, __: Any) -> None:
        self._value = value

    def validate(self, instance: Any) -> None:
        if list(KEYWORDS["multipleOf"](None, self._value, instance, None)):
            raise ValueError
