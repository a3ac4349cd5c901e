"""Makes values for a schema that differ from one to the next: lengths, numbers, choices, numbers of items.

Where such a value is not found, or the schema prescribes how it is written, it is the one that `example_value` makes.
"""

import datetime as dt
import uuid
from collections.abc import Callable, Iterator, Mapping
from random import Random
from typing import Any

from dynacli.schema.document_schemas import DocumentSchemas
from dynacli.schema.example_schema import ExampleSchema
from dynacli.schema.example_value import ExampleMaker, NoExampleError, made_value
from dynacli.schema.read_schema import Direction

__all__ = ["random_value"]

_WORDS = (
    *("amber", "birch", "canyon", "dawn", "ember", "fjord", "grove", "harbor", "island", "jade", "kelp"),
    *("lagoon", "meadow", "north", "orchid", "prairie", "quartz", "river", "summit", "tundra", "umber"),
)
_MOST_ITEMS = 4
_MOST_WORDS = 4
_WIDEST = 10_000
_FIRST_DAY = dt.datetime(2020, 1, 1, tzinfo=dt.UTC)
_DAYS = 3_650


def random_value(
    schema: Any, resolve: Callable[[str], Any], random: Random, *, direction: Direction = "request"
) -> Any:
    """Return a JSON value for a schema, with all properties that it names.

    Args:
        schema: A Schema Object in the normal form with its `$ref`s in place, or a boolean.
        resolve: Returns the target of an internal `$ref`.
        random: What decides; with the same seed the values are the same.
        direction: A request has no `readOnly` properties, a response no `writeOnly` ones.

    Raises:
        NoExampleError: The schema allows no value, or none that can be made by simple rules.
    """
    return made_value(
        schema, DocumentSchemas(resolve, direction), lambda schemas: _RandomMaker(schemas, random)
    )


class _RandomMaker(ExampleMaker):
    """Makes values by chance, place by place."""

    def __init__(self, schemas: DocumentSchemas, random: Random) -> None:
        super().__init__(schemas, required_only=False)
        self._random = random

    def offers(self, merged: ExampleSchema) -> list[Any]:
        """Return the values that the schema prescribes, in any order; examples would be the same each time."""
        if "const" in merged.keywords:
            return [merged.keywords["const"]]
        choices = merged.keywords.get("enum")
        return self._random.sample(choices, len(choices)) if isinstance(choices, list) else []

    def branches(self, branches: list[Any]) -> list[Any]:
        """Return the alternatives of a place, in any order."""
        return self._random.sample(branches, len(branches))

    def values(self, type_name: str, merged: ExampleSchema, below: frozenset[str]) -> Iterator[Any]:
        """Yield values of a type, the random one first."""
        keywords = merged.keywords
        match type_name:
            case "string":
                yield self._text(keywords)
            case "integer" | "number":
                yield self._number(keywords, is_integer=type_name == "integer")
            case "boolean":
                yield self._random.random() < 0.5
            case "array" if "items" in keywords and "prefixItems" not in keywords:
                yield from self._items(keywords, below)
        yield from super().values(type_name, merged, below)

    def _text(self, keywords: Mapping[str, Any]) -> str:
        random = self._random
        moment = _FIRST_DAY + dt.timedelta(seconds=random.randrange(_DAYS * 86_400))
        word = random.choice(_WORDS)
        match keywords.get("format"):
            case "date":
                return moment.date().isoformat()
            case "date-time":
                return moment.isoformat().replace("+00:00", "Z")
            case "time":
                return moment.time().isoformat() + "Z"
            case "uuid":
                return str(uuid.UUID(int=random.getrandbits(128), version=4))
            case "email" | "idn-email":
                return f"{word}@example.com"
            case "uri" | "url" | "iri":
                return f"https://example.com/{word}/{random.randrange(_WIDEST)}"
            case "hostname" | "idn-hostname":
                return f"{word}.example.com"
            case "ipv4":
                return f"192.0.2.{random.randrange(1, 255)}"
        words = " ".join(random.choices(_WORDS, k=random.randint(1, _MOST_WORDS)))
        longest = keywords.get("maxLength")
        return words[:longest].strip() if isinstance(longest, int) and longest >= 0 else words

    def _number(self, keywords: Mapping[str, Any], *, is_integer: bool) -> float:
        lowest, highest = keywords.get("minimum"), keywords.get("maximum")
        if not isinstance(lowest, int | float):
            lowest = keywords.get("exclusiveMinimum")
        if not isinstance(highest, int | float):
            highest = keywords.get("exclusiveMaximum")
        if not isinstance(lowest, int | float):
            lowest = highest - _WIDEST if isinstance(highest, int | float) else 0
        if not isinstance(highest, int | float):
            highest = lowest + _WIDEST
        share = self._random.random()
        try:
            number = lowest * (1 - share) + highest * share
        except OverflowError:  # an integer beyond the numbers of floats
            return 0
        step = keywords.get("multipleOf")
        if isinstance(step, int) and step > 0:
            return int(number // step) * step
        return int(number) if is_integer else round(number, 2)

    def _items(self, keywords: Mapping[str, Any], below: frozenset[str]) -> Iterator[list[Any]]:
        fewest, most = keywords.get("minItems", 0), keywords.get("maxItems", _MOST_ITEMS)
        if not isinstance(fewest, int) or not isinstance(most, int):
            return
        most = min(most, fewest + _MOST_ITEMS)
        count = self._random.randint(fewest, max(fewest, most)) if fewest <= _WIDEST else 0
        try:
            yield [self.make(keywords["items"], below) for _ in range(count)]
        except NoExampleError:
            return  # an empty array, which the plain maker yields, ends a recursion
