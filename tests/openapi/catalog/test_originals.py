"""What is the same in a document is found to be the same, and what may mean something else is not."""

from typing import Any

import pytest

from dynacli.openapi.catalog.compiler._operation_inputs import Originals, equality_key

PLAIN: dict[str, Any] = {"name": "id", "in": "path", "required": True, "schema": {"type": "string"}}


def test_equal_objects_are_one() -> None:
    """The first of them stands for all."""
    originals = Originals()
    other = {**PLAIN, "schema": {"type": "string"}}
    assert originals(PLAIN) is PLAIN
    assert originals(other) is PLAIN
    assert equality_key(PLAIN) == equality_key(other)


@pytest.mark.parametrize(
    ("value", "other"),
    [
        ({"required": True}, {"required": 1}),
        ({"schema": {"default": 1}}, {"schema": {"default": 1.0}}),
        ({"name": "a", "in": "query"}, {"in": "query", "name": "a"}),
    ],
    ids=["true and 1", "an integer and a number", "another order"],
)
def test_what_python_calls_equal_may_differ(value: dict[str, Any], other: dict[str, Any]) -> None:
    """What is written in another way stays as it is written."""
    originals = Originals()
    assert originals(value) is value
    assert originals(other) is other
    assert equality_key(value) != equality_key(other)


@pytest.mark.parametrize(
    "schema",
    [{"$ref": "#/a"}, {"items": {"$ref": "#/a"}}, {"allOf": [{} for _ in range(100)]}],
    ids=["a reference", "a reference inside", "many parts"],
)
def test_references_and_large_objects_are_their_own(schema: dict[str, Any]) -> None:
    """What a reference means depends on where it was found; what is large would be compared for too long."""
    originals = Originals()
    schema_object, other = {"schema": schema}, {"schema": dict(schema)}
    assert [schema_object, other] == [originals(schema_object), originals(other)]
    assert originals(other) is other


def test_what_holds_itself_ends() -> None:
    """An object whose references were replaced can be without end."""
    endless: dict[str, Any] = {"type": "object"}
    endless["items"] = endless
    assert Originals()(endless) is endless
