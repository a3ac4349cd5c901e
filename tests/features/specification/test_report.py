"""The report of where a document breaks the specification: each place is found, and no value stops it."""

import json
from typing import Any

import pytest

from dynacli.features.specification.report import report
from dynacli.openapi.document.positions import positions_of
from tests.rooted_document import REF, rooted


def test_every_problem_of_long_maps_and_lists_is_located() -> None:
    """They are validated in parts, which changes neither the places nor the messages of what is wrong in them."""
    tree = {
        "openapi": "3.1.1",
        "info": {"version": "1"},
        "tags": [{"name": f"tag {number}"} for number in range(50)] + [{"title": "a"}],
        "paths": {
            f"/a{number}": {
                "get": {
                    "parameters": [{"name": f"p{index}", "in": "query", "schema": {}} for index in range(300)]
                    + [{"name": "p", "in": "cookies", "schema": {}}],
                    "responses": {"200": {}},
                }
            }
            for number in range(2)
        },
        "components": {"schemas": {f"List<A{number}>": {} for number in range(3)}},
    }
    wrong_parameters = [f"/paths/~1a{number}/get/parameters/300/in" for number in range(2)]
    wrong_responses = [f"/paths/~1a{number}/get/responses/200" for number in range(2)]
    assert {
        "/info": "`title` is missing",
        "/tags/50": "`name` is missing",
        **dict.fromkeys(wrong_parameters, "This should be one of query, header, path, cookie"),
        **dict.fromkeys(wrong_responses, "`description` is missing"),
        **{
            f"/components/schemas/List<A{number}>": f"The name `List<A{number}>` is not allowed here"
            for number in range(3)
        },
    } == {
        problem.pointer: problem.message
        for problem in report(tree, "3.1")
        if not problem.message.startswith("Unknown here")
    }


@pytest.mark.parametrize("version", ["3.0", "3.1"])
def test_every_problem_of_short_maps_and_lists_is_located(version: str) -> None:
    """A large piece of which no map or list is long is validated in parts, too, down to the smallest."""
    methods = ("get", "put", "post", "delete", "patch", "head")

    def operation_with(wrong: int) -> dict[str, Any]:
        common = {
            "in": "query",
            "schema": {"type": "string"},
            "description": "What it is",
            "deprecated": False,
        }
        parameters = [{"name": f"p{number}", **common} for number in range(15)]
        parameters[wrong]["in"] = "cookies"
        responses: dict[str, Any] = {f"20{number}": {"description": "", "headers": {}} for number in range(9)}
        responses[f"20{wrong}"] = {"headers": {}}
        return {"parameters": parameters, "responses": responses}

    def properties(wrong: int) -> dict[str, Any]:
        return {
            f"p{number}": {"title": 7 if number == wrong else "", "type": "string"} for number in range(18)
        }

    tree = {
        "openapi": f"{version}.0",
        "info": {"title": "", "version": "1"},
        "paths": {"/a": {method: operation_with(number) for number, method in enumerate(methods)}},
    }
    expected = {
        f"/paths/~1a/{method}/{place}"
        for number, method in enumerate(methods)
        for place in (f"parameters/{number}/in", f"responses/20{number}")
    }
    if version == "3.0":  # of later versions each schema is held against its dialect, as a whole
        wide = {"allOf": [{"properties": properties(number), "title": "A"} for number in range(18)]}
        tree["components"] = {"schemas": {"Wide": wide}}
        expected |= {
            f"/components/schemas/Wide/allOf/{number}/properties/p{number}/title" for number in range(18)
        }
    found = [problem.pointer for problem in report(tree, version) if "Unknown here" not in problem.message]
    assert (expected, len(expected)) == (set(found), len(found))


def test_a_large_part_without_maps_and_lists_has_its_first_problem_located() -> None:
    """Data is not a list to go on with, however long it is."""
    schema = {"enum": list(range(2_000)), "title": 7}
    tree = {"openapi": "3.0.0", "info": {"title": "", "version": "1"}, "paths": {}}
    tree["components"] = {"schemas": {"A": schema}}
    assert ["/components/schemas/A/title"] == [problem.pointer for problem in report(tree, "3.0")]


def test_a_large_example_hides_no_problem() -> None:
    """What may be any value is left out, if a part is large by it alone."""
    large = list(range(2_000))
    body = {"content": {"a/b": {"example": large}}}
    wrong = {"x-large": large, "requestBody": body, "summary": 7, "deprecated": 1, "responses": 7}
    tree = {"openapi": "3.0.0", "info": {"title": "", "version": "1"}, "paths": {"/a": {"post": wrong}}}
    assert {f"/paths/~1a/post/{key}" for key in ("summary", "deprecated", "responses")} == {
        problem.pointer for problem in report(tree, "3.0")
    }


def test_problems_are_located() -> None:
    """The report names what breaks the specification, and each place has its line."""
    tree = rooted(REF)
    tree["paths"] = {
        "/a/{id}": {"get": {"operationId": "x"}, "put": {"operationId": "x", "responses": {}}},
        "/a/{name}": {"parameters": [{"name": "name", "in": "path", "required": True, "schema": {}}]},
    }
    tree["components"]["schemas"]["Bad"] = {"$ref": "#/nowhere"}
    content = json.dumps(tree, indent=1).encode()
    problems = report(tree, "3.1")
    assert [
        ("/components/schemas/Bad", "`#/nowhere` refers to nothing in the document"),
        ("/paths/~1a~1{id}/get", "The path parameter `id` is not declared"),
        ("/paths/~1a~1{id}/put", "`/paths/~1a~1{id}/get` has the operationId `x`, too"),
        ("/paths/~1a~1{id}/put", "The path parameter `id` is not declared"),
        ("/paths/~1a~1{name}", "The path is the same as `/a/{id}`"),
    ] == [problem[:2] for problem in problems[:5]]
    lines = content.decode().split("\n")
    (position,) = positions_of(content, ["/components/schemas/Bad"]).values()
    assert '"Bad": {' == lines[position.line - 1].strip()


@pytest.mark.parametrize("version", ["3.0", "3.1", "9.9"])
@pytest.mark.parametrize(
    "tree", [None, [], "x", {}, {"paths": []}, {"paths": {"/a": 1}}, {"openapi": "3.0.3"}], ids=repr
)
def test_the_report_raises_for_no_value(tree: Any, version: str) -> None:
    """A report never prevents the use of a document, so it accepts any value."""
    assert isinstance(report(tree, version), list)


@pytest.mark.parametrize("value", [{}, {"a": {}}])
def test_a_map_that_the_specification_does_not_know_is_reported(value: dict[str, Any]) -> None:
    """Also if it is empty, such as the `inputs` that belong to Arazzo."""
    tree = {
        "openapi": "3.1.0",
        "info": {"title": "", "version": ""},
        "paths": {},
        "components": {"inputs": value},
    }
    assert [("/components", "Unknown here: `inputs`")] == [
        (problem.pointer, problem.message) for problem in report(tree, "3.1")
    ]
