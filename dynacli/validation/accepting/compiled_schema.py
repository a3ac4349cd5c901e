"""A schema compiled by jsonschema-rs, which can tell that a value is valid, but not why it is not."""

from collections.abc import Callable
from functools import partial
from typing import Any

from dynacli.model.multiples import is_multiple
from dynacli.model.patterns import Patterns, PatternTimeoutError, UnsupportedPatternError
from dynacli.validation.accepting.plain_keywords import MULTIPLE
from dynacli.validation.accepting.plain_schema import DOUBT, ENTRY, LATER, PlainSchema
from dynacli.validation.accepting.plain_values import is_plain
from dynacli.validation.formats import engine_options, is_by_engine, text_formats

__all__ = ["CompiledSchema", "EntryCount", "Later"]

_MAX_ENTRIES = 100_000
"""How often the schemas on circles of references may be entered for one value: a tree of so many nodes, or too many
alternatives."""

Later = Callable[[str], "CompiledSchema | None"]
"""Reference → its target, compiled; None where it cannot be."""


class EntryCount:
    """Counts how often schemas on circles of references are entered; shared by the schemas that judge one value.

    Attributes:
        left: How often they may still be entered.
    """

    def __init__(self) -> None:
        self.left = _MAX_ENTRIES


class CompiledSchema:
    """A schema that jsonschema-rs has compiled.

    Attributes:
        is_in_doubt: Whether the last value that was not accepted may be valid all the same.

    Args:
        plain: The schema in the form of plain JSON Schema.
        patterns: Decides regular expressions within the time of the message.
        later: Compiles the targets of the references that `plain` leaves for later; None where it leaves none.
        entries: Shared with the schemas that are compiled later.

    Raises:
        ValueError: jsonschema-rs cannot compile the schema.
    """

    def __init__(
        self,
        plain: PlainSchema,
        patterns: Patterns,
        later: Later | None = None,
        entries: EntryCount | None = None,
    ) -> None:
        from jsonschema_rs import Draft202012Validator

        self.is_in_doubt = False
        self._entries = entries or EntryCount()
        compiled = self

        class Entry:
            def __init__(self, *_: Any) -> None:
                pass

            def validate(self, _: Any) -> None:
                compiled._entries.left -= 1
                if compiled._entries.left < 0:
                    compiled.is_in_doubt = True
                    raise ValueError

        class Doubt:
            def __init__(self, *_: Any) -> None:
                pass

            def validate(self, _: Any) -> None:
                compiled.is_in_doubt = True
                raise ValueError

        class Reference:
            def __init__(self, _: Any, reference: str, __: Any) -> None:
                self._reference = reference

            def validate(self, instance: Any) -> None:
                target = later(self._reference) if later is not None else None
                if target is None:
                    compiled.is_in_doubt = True
                elif target.matches(instance):
                    return
                else:
                    compiled.is_in_doubt |= target.is_in_doubt
                raise ValueError

        self._validator = Draft202012Validator(
            plain.root,
            formats={
                **{name: check for name, check in text_formats(patterns).items() if not is_by_engine(name)},
                **{name: partial(patterns.is_found, pattern) for pattern, name in plain.patterns.items()},
            },
            keywords={DOUBT: Doubt, ENTRY: Entry, LATER: Reference, MULTIPLE: _MultipleOf},
            **engine_options(),
        )

    def accepts(self, value: Any) -> bool:
        """Return whether a value is certainly valid."""
        self._entries.left = _MAX_ENTRIES
        try:
            if is_plain(value):
                return self.matches(value)
        except ValueError:
            pass  # a text with a lone surrogate
        self.is_in_doubt = True
        return False

    def matches(self, value: Any) -> bool:
        """Return whether a plain value is certainly valid."""
        self.is_in_doubt = False
        try:
            return self._validator.is_valid(value) and not self.is_in_doubt
        except (UnsupportedPatternError, PatternTimeoutError, ValueError):
            self.is_in_doubt = True
            return False


class _MultipleOf:
    """`multipleOf` by our own keyword, which takes numbers as they are written: as decimal fractions."""

    def __init__(self, _: Any, value: Any, __: Any) -> None:
        self._value = value

    def validate(self, instance: Any) -> None:
        is_number = isinstance(instance, int | float) and not isinstance(instance, bool)
        if is_number and not is_multiple(instance, self._value):
            raise ValueError
