"""Whole documents: every operation has a name of its own, and every input of it an option of its own."""

import re
from collections import Counter
from pathlib import Path

import pytest

from dynacli.errors import DocumentError
from dynacli.openapi.catalog.compiler.compile_document import compile_document
from dynacli.openapi.document.load import load
from dynacli.openapi.model.operation import MediaType, Operation
from tests.real_documents import OWN, documents

NAME = re.compile(r"[a-z0-9]+(?:-[a-z0-9]+)*")
# A property whose kebab form another one has is called as the document spells it, if that is plain.
OPTION = re.compile(r"[A-Za-z0-9_-]+(?:\[\])*(?:\.[A-Za-z0-9_-]+(?:\[\])*)*")


def _faults(operation: Operation) -> list[str]:
    """Return what is wrong with the names of one operation."""
    faults = [] if NAME.fullmatch(operation.name) else [f"the name {operation.name!a}"]
    own: list[str] = []
    for parameter in operation.parameters:
        own.extend((parameter.option, *parameter.aliases, *(part.option for part in parameter.fields)))
        faults.extend([] if OPTION.fullmatch(parameter.option) else [f"the option {parameter.option!a}"])
    bodies: list[MediaType | None] = list(operation.body.content) if operation.body else [None]
    for media in bodies:
        fields = [field.option for field in media.fields] if media else []
        faults.extend(
            f"the option {field!a}" for field in fields if not OPTION.fullmatch(field.lstrip("[]."))
        )
        counted = Counter([*own, *fields])
        faults.extend(f"the option {option!a} twice" for option, number in counted.items() if number > 1)
    return faults


@pytest.mark.long
def test_every_input_of_every_operation_has_an_option_of_its_own(folder: Path) -> None:
    """No two share one, in any media type of the body; all are of letters, digits, hyphens and dots."""
    faults: dict[str, list[str]] = {}
    read = operations = 0
    for path in documents(folder):
        try:
            compiled = compile_document(load(path.read_bytes(), path.name, path.as_uri()))
        except DocumentError:
            continue  # what cannot be read is another test's
        read += 1
        operations += len(compiled.operations)
        names = Counter(operation.operation.name for operation in compiled.operations)
        found = [f"the name {name} twice" for name, number in names.items() if number > 1]
        for compiled_row in compiled.operations:
            found.extend(
                f"{compiled_row.operation.name}: {fault}" for fault in _faults(compiled_row.operation)
            )
        if found:
            faults[path.name] = found
    assert {} == faults
    assert (read, operations) > ((4, 20) if folder == OWN else (30, 3000))
