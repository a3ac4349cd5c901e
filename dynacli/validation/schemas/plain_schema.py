"""Translating a Schema Object into plain JSON Schema 2020-12, with the meaning that the keywords of this room have.

A keyword that has no plain form, or that the document misuses, becomes a doubt: a keyword that says, when it is
asked about a value, that the compiled schema cannot judge that value.
"""

from collections.abc import Callable, Mapping
from typing import Any

from dynacli.catalog.store.catalog_file import DamagedCatalogError
from dynacli.validation.judging_notes import JudgingNotes
from dynacli.validation.schemas.formats import Formats
from dynacli.validation.schemas.keywords import required
from dynacli.validation.schemas.plain_keywords import INTEGER_3_0, TRANSLATIONS, DoubtError, Nesting, Part

__all__ = ["DOUBT", "PlainSchema", "UntranslatableError"]

DOUBT = "doubt"
"""The name of the keyword for a doubt."""

_DOUBT: Any = {DOUBT: True}
_MAX_STEPS = 64
"""The largest number of references and branches between schemas of the same value."""

_HIDDEN = {"request": "readOnly", "response": "writeOnly"}
_INTEGER_3_0 = {
    "$schema": "http://json-schema.org/draft-04/schema#",
    "id": INTEGER_3_0,
    "$id": INTEGER_3_0,
    "type": "integer",
}


class UntranslatableError(Exception):
    """The schema as a whole has no plain form; the text says why."""


class PlainSchema:
    """The plain form of a schema and of all schemas that its references lead to.

    Args:
        validator: The validator of the schema; its class has the dialect and the direction.
        max_schemas: The largest number of schemas that are translated.

    Attributes:
        root: The plain form.
        patterns: Pattern → the name of the format that stands for it.
        size: The number of schemas that were translated.

    Raises:
        UntranslatableError: The schema has no plain form.
    """

    def __init__(self, validator: Any, max_schemas: int) -> None:
        self._validator = validator
        self._max_schemas = max_schemas
        kind = type(validator)
        self.is_3_0: bool = kind.is_3_0
        self.text_formats: Mapping[str, Any] = validator.format_checker.texts
        self._is_required = required(_HIDDEN[kind.direction])
        self._names: dict[str, int] = {}
        self._waiting: list[tuple[int, Any]] = []
        self._steps: dict[int, dict[int, int]] = {}
        self._current = -1
        self.size = 0
        self.patterns: dict[str, str] = {}
        self.root = self._translated()

    def _translated(self) -> Part:
        definitions: Part = {"integer": _INTEGER_3_0}
        root = self.plain(self._validator.schema, Nesting())
        while self._waiting:
            self._current, schema = self._waiting.pop()
            definitions[str(self._current)] = self.plain(schema, Nesting())
        self._refuse_circles()
        dialect = "https://json-schema.org/draft/2020-12/schema"
        return {"$schema": dialect, "$defs": definitions, "allOf": [root]}

    def _refuse_circles(self) -> None:
        """Refuse schemas that lead back to themselves for the same value, or through too many others."""
        longest: dict[int, int] = {}

        def follow(number: int, path: tuple[int, ...]) -> int:
            if number in path:
                raise UntranslatableError("it leads back to itself")
            if len(path) > _MAX_STEPS:
                raise UntranslatableError("it is too deep")
            if number not in longest:
                following = self._steps.get(number, {})
                lengths = (steps + follow(other, (*path, number)) for other, steps in following.items())
                longest[number] = max(lengths, default=0)
            return longest[number]

        if any(follow(number, ()) > _MAX_STEPS for number in list(self._steps)):
            raise UntranslatableError("it is too deep")

    def plain(self, schema: Any, nesting: Nesting) -> Any:
        """Return the plain form of a schema.

        Args:
            schema: The schema.
            nesting: Its distance from the root schema, or from the target of the last reference.
        """
        self.size += 1
        if self.size > self._max_schemas:
            raise UntranslatableError("it is too large")
        if nesting.steps > _MAX_STEPS:
            raise UntranslatableError("it is too deep")
        if isinstance(schema, bool):
            return schema
        if not isinstance(schema, dict):
            return _DOUBT
        if self.is_3_0:
            if isinstance(schema.get("$ref"), str):
                return _safely(lambda: self._reference(schema["$ref"], nesting))
        elif "$schema" in schema and not self._is_same_dialect(schema):
            return _DOUBT
        plain: Part = {}
        others: list[Part] = []
        for name, value in schema.items():
            if name not in self._validator.VALIDATORS:
                continue
            part = self._part(name, value, schema, nesting)
            if part.keys() & plain.keys():
                others.append(part)
            else:
                plain.update(part)
        if others:
            plain["allOf"] = [*plain.get("allOf", ()), *others]
        return plain

    def _part(self, name: str, value: Any, schema: Any, nesting: Nesting) -> Part:
        if name in {"$ref", "$dynamicRef"}:
            return _safely(lambda: self._reference(value, nesting, is_dynamic=name != "$ref"))
        translation = TRANSLATIONS.get(name)
        if translation is None:
            return {"allOf": [_DOUBT]}
        return _safely(lambda: translation(self, value, schema, nesting))

    def _is_same_dialect(self, schema: Any) -> bool:
        notes = JudgingNotes()  # separate notes, because judging notes an unknown dialect itself
        kind = type(self._validator)
        named = kind({}, format_checker=Formats(notes)).evolve(schema={"$schema": schema["$schema"]})
        return type(named) is kind and not notes.count

    def _reference(self, value: Any, nesting: Nesting, *, is_dynamic: bool = False) -> Part:
        if not isinstance(value, str):
            raise DoubtError
        if is_dynamic and not value.startswith("#/"):
            raise DoubtError  # an anchor, whose meaning depends on the way to this schema
        if value not in self._names:
            contents = self._target(value)
            self._names[value] = len(self._names)
            self._waiting.append((self._names[value], contents))
        number = self._names[value]
        if nesting.is_same_value:
            known = self._steps.setdefault(self._current, {})
            known[number] = max(known.get(number, 0), nesting.steps + 1)
        return {"$ref": f"#/$defs/{number}"}

    def _target(self, ref: str) -> Any:
        resolver = self._validator._resolver  # noqa: SLF001  - jsonschema's own keywords use it, too
        try:
            found = resolver.lookup(ref)
        except (RecursionError, DamagedCatalogError):
            raise
        except Exception:  # noqa: BLE001  - judging itself notes that the reference leads nowhere
            raise DoubtError from None
        if found.resolver._base_uri != resolver._base_uri:  # noqa: SLF001  - there is no public way
            raise DoubtError
        return found.contents

    def is_hidden(self, schema: Any) -> bool:
        """Return whether a property is left out in this direction."""
        try:
            properties = {"name": schema}
            return not list(self._is_required(self._validator, ["name"], {}, {"properties": properties}))
        except (RecursionError, DamagedCatalogError):
            raise
        except Exception:  # noqa: BLE001  - judging itself notes the defect
            raise DoubtError from None

    def is_integer(self, value: Any) -> bool:
        """Return whether a number is an integer in this dialect."""
        return bool(self._validator.is_type(value, "integer"))

    def pattern_format(self, pattern: str) -> str:
        """Return the name of the format that stands for a pattern."""
        return self.patterns.setdefault(pattern, f"pattern {len(self.patterns)}")


def _safely(translated: Callable[[], Part]) -> Part:
    try:
        return translated()
    except DoubtError:
        return {"allOf": [_DOUBT]}
