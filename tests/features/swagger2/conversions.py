"""What Swagger 2.0 documents are converted to, and whether each place of that has come from one."""

from typing import Any

from dynacli.features.swagger2.conversion import Conversion, convert_swagger
from dynacli.openapi.document.json_trees import MISSING, follow, join, split
from tests.documents import swagger

RESPONSES = {"200": {"description": "fine"}}


def converted_operation(operation: dict[str, Any], **more: Any) -> dict[str, Any]:
    """Return an operation after the conversion of a document that has only this one, without its responses.

    Args:
        more: What else is in the document.
    """
    given = {"responses": RESPONSES, **operation}
    tree = convert_swagger(swagger({"/a": {"post": given}}, **more)).tree
    made: dict[str, Any] = tree["paths"]["/a"]["post"]
    return {key: value for key, value in made.items() if key != "responses" or "responses" in operation}


def pointers_of(value: Any, pointer: str = "") -> list[str]:
    """Return the JSON pointers of a value and of all that is in it."""
    found = [pointer]
    if isinstance(value, dict):
        for key, item in value.items():
            found += pointers_of(item, pointer + join((key,)))
    elif isinstance(value, list):
        for index, item in enumerate(value):
            found += pointers_of(item, pointer + join((index,)))
    return found


def faults_of_places(source: dict[str, Any], conversion: Conversion) -> list[str]:
    """Return what a conversion says of places that are not there.

    Every place of the new document comes from one in the Swagger document, and so does every warning.
    """
    new = pointers_of(conversion.tree)
    old = [conversion.origins.locate(pointer).pointer for pointer in new]
    faults = [
        f"{here} came from {there}"
        for here, there in zip(new, old, strict=True)
        if follow(source, split(there)) is MISSING
    ]
    for move in conversion.origins:
        if follow(source, split(move.origin)) is MISSING:
            faults.append(f"{move.pointer} moved from {move.origin}")
        if follow(conversion.tree, split(move.pointer)) is MISSING:
            faults.append(f"{move.origin} moved to {move.pointer}")
    faults += [
        f"{place}: {warning}"
        for warning, place in conversion.warnings
        if follow(source, split(place)) is MISSING
    ]
    return faults
