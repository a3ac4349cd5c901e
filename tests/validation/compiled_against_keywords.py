"""Holds the compiled judge against the keywords, over the schemas of real documents.

`python -m tests.validation.compiled_against_keywords [FOLDER] [--most N] [--values N]` is the whole run;
its exit code is 1 when they differ.

For each schema, each direction and each dialect, values are made from the schema and changed in many ways.
What is compiled must accept a value if, and only if, the keywords find nothing and note nothing.
Of what it leaves to the keywords (a schema that has no plain form, a keyword that the document misuses)
nothing is asked; it is counted.
"""

import argparse
import copy
import sys
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from typing import Any

from dynacli.catalog.compiler.compile_document import compile_document
from dynacli.catalog.store.catalog_file import Catalog
from dynacli.catalog.store.catalog_writer import catalog_in_memory
from dynacli.errors import DocumentError
from dynacli.schema.example_value import example_value
from dynacli.schema.read_schema import Direction
from dynacli.validation.accepting.acceptance import source_of
from dynacli.validation.accepting.compiled_schema import CompiledSchema
from dynacli.validation.accepting.plain_schema import PlainSchema, UntranslatableError
from dynacli.validation.judge import Judge
from dynacli.validation.judging_notes import JudgingNotes
from dynacli.validation.schemas.dialects import SchemaValidators
from tests.documents import load_file, places_in
from tests.real_documents import documents, parsed_with_folder
from tests.validation.in_process_judge import judge_of

__all__ = [
    "Tally",
    "compare_document",
    "compare_values",
    "compiled_schema_of",
    "mutations",
    "plain_schema_of",
    "resolver_of",
]

_MOST_SCHEMAS = 200_000
_DIRECTIONS: tuple[Direction, ...] = ("request", "response")
_VERSIONS = ("3.0", "3.1", "3.2")


@dataclass
class Tally:
    """What a comparison found.

    Attributes:
        schemas: How many were compiled.
        left: Why others were not.
        values: How many were judged both ways.
        accepted: By what is compiled.
        doubted: Left to the keywords by a doubt, or because they are not plain.
        differing: (schema, value, what the keywords say) where both have another opinion.
    """

    schemas: int = 0
    left: Counter[str] = field(default_factory=Counter)
    values: int = 0
    accepted: int = 0
    doubted: int = 0
    differing: list[tuple[str, Any, Any]] = field(default_factory=list)

    def add(self, other: "Tally") -> None:
        """Add another tally."""
        self.schemas += other.schemas
        self.left += other.left
        self.values += other.values
        self.accepted += other.accepted
        self.doubted += other.doubted
        self.differing += other.differing

    def line(self) -> str:
        """Return it as one line."""
        left = ", ".join(f"{count} {why}" for why, count in self.left.items()) or "none"
        return (
            f"{self.schemas:6} schemas, left: {left}; {self.values:7} values, {self.accepted} accepted,"
            f" {self.doubted} left to the keywords, {len(self.differing)} differ"
        )


def compare_document(
    path: Path, most: int = 0, values: int = 20, versions: tuple[str, ...] = _VERSIONS
) -> Tally:
    """Compare over the schemas of a document.

    Args:
        most: How many schemas, spread over the document; 0 for all.
        values: How many for each schema, direction and dialect.
    """
    tally = Tally()
    try:
        document = load_file(path)
        compiled = compile_document(document)
    except DocumentError:
        return tally
    catalog = catalog_in_memory(compiled, [])
    names = [operation.operation.name for operation in compiled.operations]
    if not names:
        return tally
    components = document.tree.get("components")
    schemas = components.get("schemas") if isinstance(components, dict) else None
    found = list(_schemas(catalog, names, schemas if isinstance(schemas, dict) else {}))
    step = max(-(-len(found) // most), 1) if most else 1
    for place, schema, resolver in found[::step]:
        for version in versions:
            for direction in _DIRECTIONS:
                random = Random(f"{place} {version} {direction}")  # noqa: S311  - the same values each time
                made = _values(catalog, schema, direction, random, values)
                where = f"{path.name}{place} {version} {direction}"
                compare_values(where, schema, resolver, version, direction, made, tally)
    catalog.close()
    return tally


def plain_schema_of(validator: Any, most: int = _MOST_SCHEMAS) -> PlainSchema:
    """Return the plain form of the schema of a validator."""
    return PlainSchema(validator.schema, source_of(validator), most)


def compiled_schema_of(validator: Any, most: int = _MOST_SCHEMAS) -> CompiledSchema:
    """Return the schema of a validator, compiled."""
    return CompiledSchema(plain_schema_of(validator, most), validator.format_checker.notes.patterns)


def resolver_of(document: dict[str, Any]) -> Any:
    """Return what knows where the references of a document lead to."""
    with judge_of(document, is_mended=False)._spec.resolve() as resolved:
        return resolved.resolver


def _schemas(
    catalog: Catalog, names: list[str], components: dict[str, Any]
) -> Iterator[tuple[str, Any, Any]]:
    """Yield the component schemas, and those of bodies: place, schema, resolver."""
    with Judge(catalog, catalog.operation(names[0]))._spec.resolve() as resolved:
        resolver = resolved.resolver
    for name, schema in components.items():
        yield f"/components/schemas/{name}", schema, resolver
    for name in names:
        operation = catalog.part(name)["operation"]
        for holder in (operation.get("requestBody"), *(operation.get("responses") or {}).values()):
            content = holder.get("content") if isinstance(holder, dict) else None
            for media_type in content.values() if isinstance(content, dict) else ():
                if isinstance(media_type, dict) and isinstance(media_type.get("schema"), dict):
                    yield f"/{name}", media_type["schema"], resolver


def compare_values(
    where: str,
    schema: Any,
    resolver: Any,
    version: str,
    direction: Direction,
    values: list[Any],
    tally: Tally,
) -> None:
    """Compare over the values of one schema."""
    maker = SchemaValidators(version, direction, JudgingNotes())
    validator = maker.validator(schema, resolver)
    try:
        compiled = compiled_schema_of(validator)
    except UntranslatableError as error:
        tally.left[str(error) or "untranslatable"] += 1
        return
    except RecursionError:
        tally.left["too deep"] += 1
        return
    tally.schemas += 1
    for value in values:
        notes = JudgingNotes()
        judged = SchemaValidators(version, direction, notes)
        try:
            errors = list(judged.validator(schema, resolver).iter_errors(value))
        except RecursionError:
            continue
        is_accepted = compiled.accepts(value)
        tally.values += 1
        tally.accepted += is_accepted
        is_clean = not errors and not notes.count
        if is_clean and not is_accepted and compiled.is_in_doubt:
            tally.doubted += 1
        elif is_clean != is_accepted:
            said = [error.message for error in errors] + [*notes.failures, *notes.unchecked]
            tally.differing.append((where, value, said))


def _values(catalog: Catalog, schema: Any, direction: Direction, random: Random, most: int) -> list[Any]:
    try:
        valid = example_value(schema, catalog.resolve, direction=direction)
    except (LookupError, ValueError, TypeError, RecursionError, AttributeError):
        valid = {"id": 1, "name": "string"}
    return [valid, None, {}, [], "string", 1, *(mutations(valid, random, most))]


def mutations(value: Any, random: Random, most: int) -> Iterator[Any]:
    """Yield values like one, each changed in one to three places."""
    for _ in range(most):
        changed = copy.deepcopy(value)
        for _ in range(random.choice((1, 1, 1, 2, 3))):
            changed = _changed(changed, random)
        yield changed


def _changed(value: Any, random: Random) -> Any:
    places = list(places_in(value))
    place = random.choice(places)
    if not place:
        return copy.deepcopy(random.choice(_OTHERS))
    *way, last = place
    holder = value
    for step in way:
        holder = holder[step]
    if isinstance(holder, dict) and random.random() < 0.2:
        if random.random() < 0.5:
            del holder[last]
        else:
            holder[random.choice(("x-extra", "extra", "@type", ""))] = copy.deepcopy(random.choice(_OTHERS))
        return value
    if isinstance(holder, list) and random.random() < 0.2:
        item = holder[int(last)]
        holder.extend(copy.deepcopy(item) for _ in range(random.choice((1, 2, 12))))
        return value
    holder[last] = _other(holder[last], random)
    return value


_OTHERS: tuple[Any, ...] = (
    *(None, True, False, 0, 1, -1, 1.0, 0.5, 1e300, 2**31, 2**53 + 1, 2**63, "", "string", "x" * 300),
    *([], {}, [None], [1, 1.0], {"a": None}, "2020-01-01T00:00:00Z", "2020-01-01", "a@b.example", "é"),
    *("https://example.com/", "00000000-0000-0000-0000-000000000000", "\0", "1.2.3.4", "::1", "a b"),
)


def _other(value: Any, random: Random) -> Any:
    if random.random() < 0.4:
        return copy.deepcopy(random.choice(_OTHERS))
    if isinstance(value, bool):
        return not value
    if isinstance(value, int):
        return random.choice((value + 1, value - 1, float(value), value * 1000, -value, value + 0.5))
    if isinstance(value, float):
        return random.choice((value + 1, -value, value * 10, value / 3))
    if isinstance(value, str):
        return random.choice(
            (value.upper(), value[:-1], value + "x", value[:50] * 20, " " + value, value + "\n")
        )
    if isinstance(value, list):
        return random.choice(([], value[:20] * 2, {}, [*value, None]))
    return random.choice(({}, [], {**value, "more": value}, None)) if isinstance(value, dict) else 0


def _main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--most", type=int, default=0, help="schemas of each document")
    parser.add_argument("--values", type=int, default=20, help="for each schema, direction and dialect")
    parser.add_argument("--only", default="", help="documents whose path has this")
    given = parsed_with_folder(parser)
    total = Tally()
    for path in documents(given.folder):
        if given.only not in str(path):
            continue
        began = time.monotonic()
        tally = compare_document(path, given.most, given.values)
        name = str(path.relative_to(given.folder))
        sys.stdout.write(f"{name:50} {tally.line()} ({time.monotonic() - began:.1f} s)\n")
        for where, value, said in tally.differing[:5]:
            sys.stdout.write(f"    {where}: {str(value)[:300]}: {said[:3]}\n")
        sys.stdout.flush()
        total.add(tally)
    sys.stdout.write(f"all: {total.line()}\n")
    return 1 if total.differing else 0


if __name__ == "__main__":
    sys.exit(_main())
