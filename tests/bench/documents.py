"""Makes what the bench works on: `python -m tests.bench.documents GITHUB DIRECTORY`.

In a process of its own, because a process's peak of memory is inherited by the ones that it starts.
"""

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from dynacli.openapi.schema.example_value import example_value

GENERATED = (50, 500, 5000)
"""How many operations the generated documents have."""

MANY = {"thousand": 1_000, "ten-thousand": 10_000}
"""Responses that are lists, and how many issues each has."""

OTHER = "other-ten-thousand"
"""The response of another server: the last issue comes first, and one in a hundred has another title."""

_ISSUE_BYTES = 6_300
"""Of one of them: that of GitHub's own responses, and ten thousand are just within what a call renders (64 MiB)."""

_OPERATIONS = 20
_KEPT = ("/repos/{owner}/{repo}/issues", "get")
_RECEIVED = ("/repos/{owner}/{repo}/issues/{issue_number}", "get")


def _main() -> None:
    github = json.loads(Path(sys.argv[1]).read_bytes())
    directory = Path(sys.argv[2])
    (directory / "small.json").write_text(json.dumps(_cut(github)))
    (directory / "changed.json").write_text(json.dumps(_changed(github)))
    (directory / "issue.json").write_text(json.dumps(_example(github, *_RECEIVED)))
    issue = _example(github, *_KEPT)[0]
    for name, count in MANY.items():
        (directory / f"{name}.json").write_text(
            json.dumps([_varied(issue, number) for number in range(count)])
        )
    others = [_varied(issue, number) for number in range(10_000)]
    for number in range(0, 10_000, 100):
        others[number]["title"] = "Something else fails"
    (directory / f"{OTHER}.json").write_text(json.dumps([others[-1], *others[:-1]]))
    for count in GENERATED:
        (directory / f"generated-{count}.json").write_text(json.dumps(_generated(count)))


def _cut(document: dict[str, Any]) -> dict[str, Any]:
    """Return GitHub's document with twenty operations, and the components that these reach."""
    path, method = _KEPT
    paths: dict[str, Any] = {path: {method: document["paths"][path][method]}}
    for other, item in document["paths"].items():
        if len(paths) == _OPERATIONS:
            break
        paths.setdefault(other, {method: item[method]} if method in item else None)
        if paths[other] is None:
            del paths[other]
    reached: dict[str, Any] = {}
    waiting = list(_references(paths))
    while waiting:
        reference = waiting.pop()
        if reference not in reached:
            _, _, kind, name = reference.split("/")
            reached[reference] = document["components"][kind][name]
            waiting.extend(_references(reached[reference]))
    components: dict[str, Any] = {}
    for reference, value in reached.items():
        _, _, kind, name = reference.split("/")
        components.setdefault(kind, {})[name] = value
    return {**document, "paths": paths, "components": components}


def _changed(document: dict[str, Any]) -> dict[str, Any]:
    """Return GitHub's document as a later version might be: each schema has a property more, a few paths differ."""
    schemas = {
        name: {**schema, "properties": {**schema["properties"], "newest": {"type": "string"}}}
        if isinstance(schema.get("properties"), dict)
        else schema
        for name, schema in document["components"]["schemas"].items()
    }
    paths = dict(document["paths"])
    for number, path in enumerate(list(paths)):
        if number % 100 == 0:
            item = paths.pop(path)
            if number % 200:
                paths[f"/v2{path}"] = item
    return {**document, "paths": paths, "components": {**document["components"], "schemas": schemas}}


def _references(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        if isinstance(value.get("$ref"), str):
            yield value["$ref"]
        for item in value.values():
            yield from _references(item)
    elif isinstance(value, list):
        for item in value:
            yield from _references(item)


def _example(document: dict[str, Any], path: str, method: str) -> Any:
    content = document["paths"][path][method]["responses"]["200"]["content"]

    def resolve(reference: str) -> Any:
        target: Any = document
        for step in reference.removeprefix("#/").split("/"):
            target = target[step]
        return target

    schema = dict(content["application/json"]["schema"])
    items = schema.get("items")
    if items is not None:  # the example of one is longer than that of several
        return [example_value(items, resolve, direction="response")]
    return example_value(schema, resolve, direction="response")


def _varied(issue: dict[str, Any], number: int) -> dict[str, Any]:
    """Return an issue that is not quite like the others, the same one for the same number."""
    varied = {
        **issue,
        "id": 1_000_000 + number,
        "number": number,
        "title": f"Issue {number}: something fails at {number * 7919 % 1009}",
        "state": "closed" if number % 3 else "open",
        "locked": number % 5 == 0,
        "comments": number * 31 % 97,
        "assignee": None if number % 2 else issue["assignee"],
        "milestone": None if number % 4 else issue["milestone"],
        "labels": issue["labels"] * (number % 3),
        "body": "",
    }
    words = [f"word{number * place * 2654435761 % 4093}" for place in range(1, 700)]
    varied["body"] = " ".join(words)[: max(_ISSUE_BYTES - len(json.dumps(varied)), 0)]
    return varied


def _generated(count: int) -> dict[str, Any]:
    """Return a document whose operations each have parameters, a body and a schema of their own.

    Schemas are nested in chains of ten, so that an operation is as large in a large document as in a small one.
    """
    paths, schemas = {}, {}
    for number in range(count):
        schemas[f"Thing{number}"] = {
            "type": "object",
            "required": ["id"],
            "properties": {
                "id": {"type": "string", "format": "uuid"},
                "state": {"type": "string", "enum": ["open", "closed"]},
                "labels": {"type": "array", "items": {"type": "string"}},
                "parent": {"$ref": f"#/components/schemas/Thing{number - min(number % 10, 1)}"},
            },
        }
        content = {"application/json": {"schema": {"$ref": f"#/components/schemas/Thing{number}"}}}
        paths[f"/things{number}/{{id}}"] = {
            "put": {
                "operationId": f"putThing{number}",
                "tags": [f"tag{number % 40}"],
                "summary": "Replace a thing",
                "parameters": [
                    {"name": "id", "in": "path", "required": True, "schema": {"type": "string"}},
                    {"name": "dry", "in": "query", "schema": {"type": "boolean"}},
                ],
                "requestBody": {"content": content},
                "responses": {"200": {"description": "The thing", "content": content}},
            }
        }
    return {
        "openapi": "3.0.3",
        "info": {"title": "Generated", "version": "1"},
        "servers": [{"url": "https://generated.example"}],
        "paths": paths,
        "components": {"schemas": schemas},
    }


if __name__ == "__main__":
    _main()
