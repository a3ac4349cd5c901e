"""A Schema Object → plain JSON Schema 2020-12 with the meaning that the keywords of this room give it.

What has no such form, or is misused by the document, becomes a doubt: a keyword that says, when a value comes to it,
that nothing can be said of that value here.
"""

from collections.abc import Callable, Mapping
from typing import Any

from dynacli.catalog.store.catalog_file import DamagedCatalogError
from dynacli.validation.judging_session import Session
from dynacli.validation.schemas.formats import Formats
from dynacli.validation.schemas.keywords import required
from dynacli.validation.schemas.plain_keywords import TRANSLATIONS, WHOLE, DoubtError, Part, Way

__all__ = ["DOUBT", "PlainSchema", "UntranslatableError"]

DOUBT = "doubt"
"""The keyword of a doubt."""

_DOUBT: Any = {DOUBT: True}
_MAX_STEPS = 64
"""References and branches that lead from one schema to another one of the same value."""

_HIDDEN = {"request": "readOnly", "response": "writeOnly"}
_WHOLE = {"$schema": "http://json-schema.org/draft-04/schema#", "id": WHOLE, "$id": WHOLE, "type": "integer"}


class UntranslatableError(Exception):
    """A schema as a whole has no plain form; the text says why."""


class PlainSchema:
    """The plain form of one schema and of all that its references lead to.

    Args:
        validator: Of the schema, as it is judged otherwise; its class says the dialect and the direction.
        most: How many schemas it may consist of.

    Attributes:
        root: The plain form.
        patterns: Pattern → the format that stands for it.
        size: Of how many schemas it consists.

    Raises:
        UntranslatableError: See there.
    """

    def __init__(self, validator: Any, most: int) -> None:
        self._validator = validator
        self._most = most
        kind = type(validator)
        self.is_3_0: bool = kind.is_3_0
        self.text_formats: Mapping[str, Any] = validator.format_checker.texts
        self._is_required = required(_HIDDEN[kind.direction])
        self._names: dict[str, int] = {}
        self._waiting: list[tuple[int, Any]] = []
        self._steps: dict[int, dict[int, int]] = {}
        self._here = -1
        self.size = 0
        self.patterns: dict[str, str] = {}
        self.root = self._translated()

    def _translated(self) -> Part:
        definitions: Part = {"whole": _WHOLE}
        root = self.plain(self._validator.schema, Way())
        while self._waiting:
            self._here, schema = self._waiting.pop()
            definitions[str(self._here)] = self.plain(schema, Way())
        self._refuse_circles()
        dialect = "https://json-schema.org/draft/2020-12/schema"
        return {"$schema": dialect, "$defs": definitions, "allOf": [root]}

    def _refuse_circles(self) -> None:
        """Refuse schemas that come back to themselves with the same value, or take too many steps on one."""
        longest: dict[int, int] = {}

        def follow(number: int, path: tuple[int, ...]) -> int:
            if number in path:
                raise UntranslatableError("it leads back to itself")
            if len(path) > _MAX_STEPS:
                raise UntranslatableError("it is too deep")
            if number not in longest:
                ways = self._steps.get(number, {})
                found = (steps + follow(other, (*path, number)) for other, steps in ways.items())
                longest[number] = max(found, default=0)
            return longest[number]

        if any(follow(number, ()) > _MAX_STEPS for number in list(self._steps)):
            raise UntranslatableError("it is too deep")

    def plain(self, schema: Any, way: Way) -> Any:
        """Return the plain form of one schema.

        Args:
            way: It leads here.
        """
        self.size += 1
        if self.size > self._most:
            raise UntranslatableError("it is too large")
        if way.steps > _MAX_STEPS:
            raise UntranslatableError("it is too deep")
        if isinstance(schema, bool):
            return schema
        if not isinstance(schema, dict):
            return _DOUBT
        if self.is_3_0:
            if isinstance(schema.get("$ref"), str):
                return _safely(lambda: self._reference(schema["$ref"], way))
        elif "$schema" in schema and not self._is_same_dialect(schema):
            return _DOUBT
        plain: Part = {}
        others: list[Part] = []
        for name, value in schema.items():
            if name not in self._validator.VALIDATORS:
                continue
            part = self._part(name, value, schema, way)
            if part.keys() & plain.keys():
                others.append(part)
            else:
                plain.update(part)
        if others:
            plain["allOf"] = [*plain.get("allOf", ()), *others]
        return plain

    def _part(self, name: str, value: Any, schema: Any, way: Way) -> Part:
        if name in {"$ref", "$dynamicRef"}:
            return _safely(lambda: self._reference(value, way, is_dynamic=name != "$ref"))
        translation = TRANSLATIONS.get(name)
        if translation is None:
            return {"allOf": [_DOUBT]}
        return _safely(lambda: translation(self, value, schema, way))

    def _is_same_dialect(self, schema: Any) -> bool:
        session = Session()  # an unknown dialect is noted by whoever judges by it
        kind = type(self._validator)
        named = kind({}, format_checker=Formats(session)).evolve(schema={"$schema": schema["$schema"]})
        return type(named) is kind and not session.count

    def _reference(self, value: Any, way: Way, *, is_dynamic: bool = False) -> Part:
        if not isinstance(value, str):
            raise DoubtError
        if is_dynamic and not value.startswith("#/"):
            raise DoubtError  # an anchor, which means what was on the way here
        if value not in self._names:
            contents = self._target(value)
            self._names[value] = len(self._names)
            self._waiting.append((self._names[value], contents))
        number = self._names[value]
        if way.is_same_value:
            known = self._steps.setdefault(self._here, {})
            known[number] = max(known.get(number, 0), way.steps + 1)
        return {"$ref": f"#/$defs/{number}"}

    def _target(self, ref: str) -> Any:
        resolver = self._validator._resolver  # noqa: SLF001  - as jsonschema's own keyword
        try:
            found = resolver.lookup(ref)
        except (RecursionError, DamagedCatalogError):
            raise
        except Exception:  # noqa: BLE001  - whatever it is, the judge notes that it leads nowhere
            raise DoubtError from None
        if found.resolver._base_uri != resolver._base_uri:  # noqa: SLF001  - nothing public has it
            raise DoubtError
        return found.contents

    def is_hidden(self, schema: Any) -> bool:
        """Return whether a property is left out in this direction."""
        try:
            return not list(self._is_required(self._validator, ["it"], {}, {"properties": {"it": schema}}))
        except (RecursionError, DamagedCatalogError):
            raise
        except Exception:  # noqa: BLE001  - the judge notes what it is
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
