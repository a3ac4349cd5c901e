"""Writes real documents in other versions of OpenAPI: as valid as before, and with the same results.

Run it as `python -m tests.converted_documents [FOLDER]`. Of each document it converts the whole, lets
openapi-spec-validator read the result, and validates the examples of some responses, and what becomes of these by a
mistake, by the document and by its conversions. Documents above 100 kB are left out unless
`DYNACLI_TEST_CORPUS_LARGE` is set.
The exit code is 1 if a conversion is not as good as its document, 3 if there is no folder.
"""

import argparse
import json
import os
import sys
from collections import Counter
from collections.abc import Iterator
from typing import Any

from openapi_spec_validator import OpenAPIV30SpecValidator, OpenAPIV31SpecValidator, OpenAPIV32SpecValidator
from referencing.exceptions import Unresolvable

from dynacli.errors import DocumentError
from dynacli.export.convert_version import Converted, convert_version
from dynacli.openapi.catalog.catalog_writer import catalog_in_memory
from dynacli.openapi.catalog.compiler.compile_document import compile_document
from dynacli.openapi.document.load import Document
from dynacli.openapi.document.references.cut_document import make_portable
from dynacli.openapi.document.references.scan import follow_references, lookup
from dynacli.openapi.model.media_types import documented_success
from dynacli.openapi.schema.document_schemas import NoExampleError
from dynacli.openapi.schema.example_value import example_value
from dynacli.validation.validator import Validator
from tests.documents import load_file, load_tree, places_in
from tests.real_documents import documents, parsed_with_folder
from tests.validation.in_process_validator import JSON, responded

VERSIONS = ("3.0", "3.1")
"""The versions that `document --version` writes."""

_LARGE = 100_000
_MOST_OPERATIONS = 3
_MOST_PLACES = 4
_VALIDATORS = {
    "3.0": OpenAPIV30SpecValidator,
    "3.1": OpenAPIV31SpecValidator,
    "3.2": OpenAPIV32SpecValidator,
}


def is_valid(tree: dict[str, Any], version: str) -> bool:
    """Return whether openapi-spec-validator accepts a document; one that it fails on counts as not accepted."""
    try:
        return next(iter(_VALIDATORS[version](tree).iter_errors()), None) is None
    except (Unresolvable, RecursionError, LookupError, TypeError, ValueError, AttributeError):
        return False


def with_mistakes(value: Any) -> Iterator[Any]:
    """Yield a JSON value as it is, and with one mistake each at some of its places."""
    yield value
    for steps in list(places_in(value))[:_MOST_PLACES]:
        wrongs: tuple[Any, ...] = (None, [], "\x00?", {"unknown": 1}, -1)
        for wrong in wrongs:
            yield _replaced(value, steps, wrong)
        if steps and isinstance(steps[-1], str):
            yield _replaced(value, steps, _replaced)


def _replaced(value: Any, steps: tuple[str | int, ...], new: Any) -> Any:
    """Return a value with another one at a place; without the member if the new one is this function."""
    if not steps:
        return new
    copy = value.copy()
    if new is _replaced and len(steps) == 1:
        del copy[steps[0]]
    else:
        copy[steps[0]] = _replaced(value[steps[0]], steps[1:], new)
    return copy


def faults_of(document: Document, counts: Counter[str]) -> Iterator[str]:
    """Yield where conversions of a document are not as good as the document.

    Args:
        counts: What was tried, which is added to.
    """
    tree = make_portable(document.tree).tree
    made: dict[str, Converted] = {
        version: convert_version(tree, document.version, version) for version in VERSIONS
    }
    was_valid = is_valid(tree, document.version)
    for version, converted in made.items():
        counts["conversions"] += 1
        counts["valid"] += was_valid
        if was_valid and not is_valid(converted.tree, version):
            yield f"{version} is not valid"
    yield from _other_validations(tree, made, counts)


def _other_validations(
    tree: dict[str, Any], made: dict[str, Converted], counts: Counter[str]
) -> Iterator[str]:
    plain = made["3.1"].tree
    catalogs = {
        name: catalog_in_memory(compile_document(load_tree(entry)), [])
        for name, entry in [("", tree), *((name, converted.tree) for name, converted in made.items())]
    }
    kept = [{summary.name: summary for summary in catalog.summaries()} for catalog in catalogs.values()]
    names = [name for name in kept[0] if all(name in entry for entry in kept)]
    for name in names[:: max(len(names) // _MOST_OPERATIONS, 1)][:_MOST_OPERATIONS]:
        operation = catalogs["3.1"].operation(name)
        raw = follow_references(plain, plain["paths"].get(operation.path, {})).get(
            operation.method.lower(), {}
        )
        status, response = documented_success(
            raw.get("responses"), lambda node: follow_references(plain, node)
        )
        schema = (response.get("content") or {}).get(JSON, {}).get("schema")
        if schema is None or not status.isdigit():
            continue
        try:
            example = example_value(schema, lambda ref: lookup(plain, ref), direction="response")
        except NoExampleError:
            continue
        validators = {item: Validator(catalog, catalog.operation(name)) for item, catalog in catalogs.items()}
        for value in with_mistakes(example):
            message = responded(json.dumps(value).encode(), int(status))
            validations = {
                item: validator.response(message).is_valid for item, validator in validators.items()
            }
            for version, converted in made.items():
                counts["verdicts"] += 1
                if validations[version] != validations[""] and not (
                    validations[version] and converted.losses
                ):
                    is_right = "right" if validations[version] else "wrong"
                    yield f"{version}: {name}: {is_right}: {json.dumps(value)[:200]}"


def _main() -> int:
    folder = parsed_with_folder(argparse.ArgumentParser(description=__doc__)).folder
    counts: Counter[str] = Counter()
    for path in documents(folder):
        if path.stat().st_size > _LARGE and not os.environ.get("DYNACLI_TEST_CORPUS_LARGE"):
            continue
        try:
            document = load_file(path)
        except DocumentError:
            continue
        if document.unread:
            continue  # openapi-spec-validator would look for the other files
        counts["documents"] += 1
        for fault in faults_of(document, counts):
            counts["faults"] += 1
            sys.stdout.write(f"{path.relative_to(folder)}: {fault}\n")
    sys.stdout.write(", ".join(f"{number:,} {name}" for name, number in counts.items()) + "\n")
    return int(counts["faults"] > 0)


if __name__ == "__main__":
    sys.exit(_main())
