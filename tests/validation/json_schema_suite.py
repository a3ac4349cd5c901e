"""Reads the official JSON-Schema-Test-Suite, and puts its schemas into documents as a person would write them.

It is looked for in the folder that `DYNACLI_TEST_SUITE` names, which has `tests` and `remotes` in it;
the source distribution of `jsonschema` on PyPI brings it as `json`.
`python -m tests.validation.json_schema_suite` prints how many cases pass.
"""

import json
import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from dynacli.errors import RefusedError
from dynacli.openapi.catalog.catalog_writer import catalog_in_memory
from dynacli.openapi.catalog.compiler.compile_document import compile_document
from dynacli.openapi.document.fetched import Fetched
from dynacli.openapi.document.load import load
from dynacli.validation.validator import Validator
from tests.validation.in_process_validator import JSON, responded, response_document

# Before a test begins: in a test no variable of dynacli's is left.
_FOLDER = os.environ.get("DYNACLI_TEST_SUITE", "")
_NAME = "Case"
_ORIGIN = "http://localhost:1234/"


class Case(NamedTuple):
    """A value, and whether the schema of its group allows it."""

    description: str
    value: Any
    is_valid: bool


class Group(NamedTuple):
    """A schema, and values for it."""

    file: str
    description: str
    schema: Any
    cases: tuple[Case, ...]

    @property
    def name(self) -> str:
        """What tests call it."""
        return f"{self.file}: {self.description}"


class Figures(NamedTuple):
    """What came of some files of the suite.

    Args:
        cases: How many there are.
        others: Group, case and result of those that were validated otherwise than the suite has it.
    """

    cases: int
    others: tuple[tuple[str, str, bool | str], ...]


def figures(draft: str, version: str, pattern: str = "*.json", dialect: str = "") -> Figures:
    """Validate the cases of a draft by documents of a version of OpenAPI.

    Args:
        pattern: Which of its files.
        dialect: What schemas name as theirs, if they do not say it themselves.
    """
    cases, others = 0, []
    for group in groups(draft, pattern):
        named = {"$schema": dialect} if dialect and isinstance(group.schema, dict) else {}
        validator = validator_of_group({**named, **group.schema} if named else group.schema, version)
        for case in group.cases:
            cases += 1
            validation = validation_of(validator, case.value)
            if validation is not case.is_valid:
                others.append((group.name, case.description, validation))
    return Figures(cases, tuple(others))


def suite_folder() -> Path:
    """Return the folder of the suite's tests; a test that needs it is skipped if it is missing."""
    path = Path(_FOLDER) / "tests"
    if not _FOLDER or not path.is_dir():
        pytest.skip("the JSON-Schema-Test-Suite is missing (set DYNACLI_TEST_SUITE to its folder)")
    return path


def groups(draft: str, pattern: str = "*.json") -> Iterator[Group]:
    """Yield the groups of a draft, file by file.

    Args:
        draft: Such as `draft2020-12`.
        pattern: Which of its files.
    """
    folder = suite_folder() / draft
    for path in sorted(folder.glob(pattern)):
        for group in json.loads(path.read_bytes()):
            cases = tuple(Case(case["description"], case["data"], case["valid"]) for case in group["tests"])
            file = str(path.relative_to(folder).with_suffix(""))
            yield Group(file, group["description"], group["schema"], cases)


def validator_of_group(schema: Any, version: str) -> Validator:
    """Return the validator of a response that is described by a schema of the suite.

    What the schema refers to by an address of the suite is another file of the document.
    """
    root = f"#/components/schemas/{_NAME}"
    responses = {"200": {"description": "", "content": {JSON: {"schema": {"$ref": root}}}}}
    document = response_document(responses, version, **{_NAME: _placed(schema, root)})
    loaded = load(json.dumps(document).encode(), "document", f"{_ORIGIN}document.json", opener=_opened)
    catalog = catalog_in_memory(compile_document(loaded), [])
    return Validator(catalog, catalog.operation(catalog.summaries()[0].name))


def _opened(uri: str) -> Fetched:
    path = suite_folder().parent / "remotes" / uri.removeprefix(_ORIGIN)
    if not uri.startswith(_ORIGIN) or not path.is_file():
        raise RefusedError(f"{uri} is not read")
    return Fetched(path.read_bytes(), uri=uri)


def validation_of(validator: Validator, value: Any) -> bool | str:
    """Return whether a value is allowed; why no one knows, if it was not validated."""
    validation = validator.response(responded(json.dumps(value).encode()))
    notes = [*validation.failures, *validation.not_validated]
    is_valid = (
        validation.is_valid and not validation.tolerated
    )  # a note is about what breaks the letter of the schema
    return is_valid if not is_valid or not notes else notes[0]


def _placed(schema: Any, root: str) -> Any:
    """Return a schema whose references to its own root lead to where it stands in a document.

    `#` is the root of the document there (OpenAPI 3.1.1, "Relative References in API Description URIs"),
    except below an `$id` of the schema's own, which is the base of what is in it.
    """
    if isinstance(schema, list):
        return [_placed(item, root) for item in schema]
    if not isinstance(schema, dict):
        return schema
    if isinstance(schema.get("$id"), str):
        return schema
    made = {}
    for key, value in schema.items():
        is_own = key in {"$ref", "$dynamicRef"} and isinstance(value, str)
        if is_own and (value == "#" or value.startswith("#/")):
            made[key] = root + value[1:]
        else:
            made[key] = value if key in {"enum", "const", "default"} else _placed(value, root)
    return made


def _main() -> None:
    for draft, version in (("draft2020-12", "3.1.1"), ("draft4", "3.0.4")):
        for pattern in ("*.json", "optional/*.json", "optional/format/*.json"):
            found = figures(draft, version, pattern)
            passed = found.cases - len(found.others)
            sys.stdout.write(f"{draft:13} {pattern:24} {passed:5} of {found.cases}\n")
            sys.stdout.writelines(
                f"    {name}: {case}: {validation}\n" for name, case, validation in found.others
            )


if __name__ == "__main__":
    _main()
