"""Memory: compiling a document takes at most twenty times its size, however much of it is wrong.

A process of its own takes what the interpreter, the libraries and a tiny document take, and so much for each byte more.
"""

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.documents import api_of, document, get, operation, parameter, post

_TIMES = 20

_SCRIPT = """
import re, sys
from dynacli.__main__ import main

code = main(["api", "add", "big", sys.argv[1]])
# Not `ru_maxrss`, which a process inherits from the one that started it.
peak = re.search(r"VmHWM:\\s+(\\d+) kB", open("/proc/self/status").read())
sys.stdout.write(f"\\n{code} {peak[1]}")
"""

if not Path("/proc/self/status").exists():
    pytest.skip("the peak of a process is read from /proc", allow_module_level=True)


def _peak(content: dict[str, Any], name: str = "api.json") -> tuple[int, int]:
    """Return the bytes that adding a document takes at the most, and the bytes of the document."""
    if name.endswith(".json"):
        is_compact = name.startswith("compact")
        text = json.dumps(content, separators=(",", ":")) if is_compact else json.dumps(content, indent=2)
    else:
        # Through JSON, so that nothing is shared, which YAML would write as aliases.
        text = yaml.dump(json.loads(json.dumps(content)), Dumper=yaml.CSafeDumper, sort_keys=False)
    Path(name).write_text(text)
    words = [sys.executable, "-c", _SCRIPT, f"./{name}"]
    done = subprocess.run(words, check=True, capture_output=True, text=True)
    code, peak = done.stdout.splitlines()[-1].split()
    assert "0" == code, done.stderr
    return int(peak) * 1024, len(text)


_WORDS = "What the server has of this thing, in a sentence or two as documents have them."


def _schemas(schemas: dict[str, Any], **more: Any) -> dict[str, Any]:
    first = {"First": {"type": "object"}}
    return api_of(
        post("/a", body={"$ref": "#/components/schemas/First"}), schemas={**first, **schemas}, **more
    )


def _names(count: int, is_wrong: bool) -> dict[str, Any]:
    """Components with names such as `List<A0>`, each with a property."""
    form = "List<A{}>" if is_wrong else "ListOfA{}"
    thing = {"type": "object", "description": _WORDS, "properties": {"id": {"type": "integer"}}}
    return _schemas({form.format(number): thing for number in range(count)})


def _enumerations(count: int, is_wrong: bool) -> dict[str, Any]:
    values = [f"value-{number}" for number in range(count)]
    thing = {"type": "strin" if is_wrong else "string", "enum": values, "description": _WORDS}
    return _schemas({f"E{number}": thing for number in range(20)})


def _paths(count: int, is_wrong: bool) -> dict[str, Any]:
    """Operations with a parameter of the path, which is not declared if they are wrong."""
    declared = [] if is_wrong else [parameter("id", {"type": "string"}, "path")]
    query = parameter("q", {"type": "number" if not is_wrong else 7}, description=_WORDS)
    return api_of(*(get(f"/a{number}/{{id}}", f"a{number}", *declared, query) for number in range(count)))


def _properties(count: int, is_wrong: bool) -> dict[str, Any]:
    """One schema with many properties, whose types are wrong."""
    thing = {"type": "text" if is_wrong else "string", "description": _WORDS}
    return _schemas(
        {"Wide": {"type": "object", "properties": {f"p{number}": thing for number in range(count)}}}
    )


def _tags(count: int, is_wrong: bool) -> dict[str, Any]:
    tags = [
        {"title" if is_wrong else "name": f"tag {number}", "description": _WORDS} for number in range(count)
    ]
    named = operation("a", tags=[f"tag {number}" for number in range(count)])
    return document({"/a": {"get": named}}, tags=tags)


def _examples(count: int, is_wrong: bool) -> dict[str, Any]:
    """Examples of a body, each with a value, and with a place of its value if they are wrong."""
    example: dict[str, Any] = {"summary": _WORDS, "value": {"id": 1, "name": "a", "tags": ["a", "b"]}}
    if is_wrong:
        example["externalValue"] = 1
    content = {"schema": {}, "examples": {f"example-{number}": example for number in range(count)}}
    body = {"required": True, "content": {"application/json": content}}
    return api_of(post("/a", requestBody=body))


def _api(count: int, is_wrong: bool) -> dict[str, Any]:
    """An API as generators write them: each thing can be listed, made and read, and refers to others."""
    things, paths = {}, {}
    for number in range(count):
        ref = {"$ref": f"#/components/schemas/Thing{number}"}
        next_one = {"$ref": f"#/components/schemas/Thing{(number + 1) % count}"}
        things[f"Thing{number}"] = {
            "type": "objekt" if is_wrong else "object",
            "description": _WORDS,
            "required": ["id"],
            "properties": {
                "id": {"type": "integer", "description": _WORDS},
                "name": {"type": "string", "description": _WORDS, "example": "a name"},
                "next": next_one,
                "tags": {"type": "array", "items": {"type": "string"}, "description": _WORDS},
            },
        }
        query = parameter("limit", {"type": "integer", "minimum": 1}, description=_WORDS)
        content = {"application/json": {"schema": {"type": "array", "items": ref}}}
        listed = {"200": {"description": _WORDS, "content": content}, "404": {"description": _WORDS}}
        more = {
            "summary": f"The things of kind {number}",
            "tags": [f"tag{number % 20}"],
            "description": _WORDS,
        }
        paths[f"/things{number}"] = {
            "get": {**operation(f"listThing{number}", query), **more, "responses": listed},
            "post": {**operation(f"createThing{number}", body=ref), **more},
        }
        if is_wrong:
            del paths[f"/things{number}"]["post"]["responses"]
    return document(paths, components={"schemas": things})


_KINDS: list[Callable[[int, bool], dict[str, Any]]] = [
    _names,
    _enumerations,
    _paths,
    _properties,
    _tags,
    _examples,
]


@pytest.mark.no_cover
@pytest.mark.sampled(0)
@pytest.mark.parametrize(("version", "is_wrong"), [("3.0.3", False), ("3.1.1", True)], ids=["right", "wrong"])
@pytest.mark.parametrize("make", _KINDS, ids=lambda make: make.__name__.strip("_"))
def test_memory_grows_as_the_document_does(
    make: Callable[[int, bool], dict[str, Any]], is_wrong: bool, version: str
) -> None:
    """However many names, values, paths, properties, tags or examples there are, and whatever is wrong with each."""
    (few, small), (many, large) = (
        _peak({**make(count, is_wrong), "openapi": version}) for count in (500, 2_000)
    )
    assert (many - few) / (large - small) < _TIMES, (
        f"{(many - few) >> 20} MiB more for {large - small:,} bytes"
    )


@pytest.mark.no_cover
@pytest.mark.long
@pytest.mark.parametrize(
    ("name", "is_wrong", "version"),
    [
        pytest.param("api.json", False, "3.1.1", id="json"),
        pytest.param("compact.json", False, "3.0.3", id="compact-json"),
        pytest.param("compact.json", True, "3.1.1", id="compact-json-wrong"),
        pytest.param("api.yaml", True, "3.0.3", id="yaml-wrong"),
    ],
)
def test_memory_of_a_document_of_megabytes(name: str, is_wrong: bool, version: str) -> None:
    """Operations with parameters, bodies and responses, and schemas that refer to each other."""
    least, _ = _peak({**_api(2, True), "openapi": version}, name)
    peak, size = _peak({**_api(1_500, is_wrong), "openapi": version}, name)
    assert 2_000_000 < size
    assert (peak - least) / size < _TIMES, f"{(peak - least) >> 20} MiB for {size:,} bytes"


def _woven(count: int) -> dict[str, Any]:
    """Things that refer to distant ones, so that each body has options of many, each described in other words."""
    things, paths = {}, {}
    for number in range(count):
        fields: dict[str, Any] = {
            f"field_{index}": {
                "type": "string",
                "description": f"The field {index} of {number}. {_WORDS} {_WORDS}",
            }
            for index in range(12)
        }
        for name, distance in (("next", 7), ("other", 13)):
            fields[name] = {"$ref": f"#/components/schemas/Thing{(number * distance + 1) % count}"}
        things[f"Thing{number}"] = {"type": "object", "properties": fields}
        body = {"$ref": f"#/components/schemas/Thing{number}"}
        paths[f"/things{number}"] = {"patch": operation(f"change{number}", body=body)}
    return document(paths, components={"schemas": things})


@pytest.mark.no_cover
@pytest.mark.long
def test_memory_of_bodies_with_the_options_of_many_things() -> None:
    """What bodies have in common is kept once."""
    (few, small), (many, large) = (_peak(_woven(count), "compact.json") for count in (200, 800))
    assert (many - few) / (large - small) < _TIMES, f"{(many - few) >> 20} MiB for {large - small:,} bytes"
