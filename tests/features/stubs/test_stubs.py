"""`dynacli stubs`: the types of a document for Python programs."""

import ast
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.documents import api_of, get, parameter, post, save
from tests.harness import assert_ended, run_cli
from tests.real_documents import own_and_real

_PROGRAM = """
import dynacli

api = dynacli.open_api({source!r})
reveal_type(api.list_pets(state="sold").data)
reveal_type(api.call("listPets").data)
reveal_type(api.call("other").data)
reveal_type(dynacli.open_api("other"))
api.make_pet(kind="cat")
api.make_pet(body={{"kind": "cat"}})
for pet in api.list_pets().data:
    if pet["kind"] == "cat":
        reveal_type(pet.get("purrs"))
api.list_pets(state="other")
api.no_such()
"""


def _responds(schema: Any) -> dict[str, Any]:
    return {"200": {"description": "", "content": {"application/json": {"schema": schema}}}}


def _pet(own: str, **more: Any) -> Any:
    return {
        "type": "object",
        "required": ["kind"],
        "properties": {"kind": {"type": "string"}, own: {"type": "boolean"}, **more},
    }


def _api(**schemas: Any) -> str:
    ref = "#/components/schemas/"
    document = api_of(
        get(
            "/pets",
            "listPets",
            parameter("state", {"enum": ["sold", "free"]}),
            responses=_responds({"type": "array", "items": {"$ref": f"{ref}pet"}}),
        ),
        post("/pets", "makePet", body={"$ref": f"{ref}cat"}),
        *(get(f"/{name}", name, responses=_responds({"$ref": f"{ref}{name}"})) for name in schemas),
    )
    document["components"] = {
        "schemas": {
            "pet": {
                "oneOf": [{"$ref": f"{ref}cat"}, {"$ref": f"{ref}dog"}],
                "discriminator": {"propertyName": "kind"},
            },
            "cat": _pet("purrs"),
            "dog": _pet("barks"),
            **schemas,
        }
    }
    return save(document)


def _module(source: str) -> str:
    assert_ended(run_cli("stubs", source, "--out", "typings"), 0)
    (path,) = (item for item in Path("typings/dynacli_apis").iterdir() if item.name != "__init__.pyi")
    return path.read_text(encoding="utf-8")


def _mypy(*arguments: str) -> str:
    run = subprocess.run(
        [sys.executable, "-m", "mypy", "--strict", "--cache-dir", os.devnull, *arguments],
        env={**os.environ, "MYPYPATH": "typings"},
        capture_output=True,
        text=True,
        check=False,
    )
    return run.stdout


def _assert_mypy_accepts(source: str) -> None:
    _module(source)
    (name,) = (item.stem for item in Path("typings/dynacli_apis").iterdir() if item.stem != "__init__")
    assert "Success" in _mypy("-c", f"import dynacli_apis.{name}")


def test_a_module_has_the_types_of_the_document() -> None:
    """A component is a `TypedDict` with its name, a discriminator a literal, and an operation a method."""
    text = _module(_api())
    assert "class Cat(TypedDict):\n    kind: Literal['cat']\n    purrs: NotRequired[bool]\n" in text
    assert "Pet: TypeAlias = Cat | Dog\n" in text
    assert "state: Literal['sold', 'free'] | None = ..." in text
    assert "-> Response[list[Pet]]" in text


@pytest.mark.long
def test_mypy_knows_operations_inputs_and_responses() -> None:
    """It knows the types of responses, reports a wrong value and a wrong name, and takes any other API."""
    source = _api()
    _module(source)
    Path("program.py").write_text(_PROGRAM.format(source=source), encoding="utf-8")
    lines = _mypy("program.py").splitlines()
    revealed = [line.partition("Revealed type is ")[2] for line in lines if "Revealed" in line]
    assert revealed[0] == revealed[1]
    assert ['"Any"', '"dynacli.Api"', '"bool | None"'] == revealed[2:]
    assert ["[arg-type]", "[attr-defined]"] == [line.split()[-1] for line in lines if "error:" in line]


def test_hostile_names_become_identifiers_or_strings() -> None:
    """No text of a document is code: keywords, quotes, long and repeated names."""
    below = {"class": {"type": "string"}, '"]: x': {}, "list": {"type": "array"}, "n" * 10_000: {}}
    source = _api(
        **{
            "class": {"type": "object", "properties": below},
            "Class": {"oneOf": [{"$ref": "#/components/schemas/Class"}, {"type": "string"}]},
            "list": {"enum": ['"""', "'''", "\\", "\n", None]},
            "call": {"type": "object", "properties": {"call": {"$ref": "#/components/schemas/call"}}},
        }
    )
    text = _module(source)
    ast.parse(text)
    assert "def class_(" in text
    assert "def call_(" in text
    assert "        '\"]: x': NotRequired[Any],\n" in text


@pytest.mark.long
@pytest.mark.parametrize("path", own_and_real(["bookshop.yaml"], ["github.json"]))
def test_mypy_accepts_whole_documents(path: Path) -> None:
    """The types of every operation and schema are consistent."""
    _assert_mypy_accepts(str(path))


@pytest.mark.long
def test_mypy_accepts_hostile_names() -> None:
    """A method that is named as a built-in type does not change the types of other methods."""
    source = _api(
        **{
            "list": {"type": "array", "items": {"type": "string"}},
            "a b": {"type": "object", "properties": {"class": {"type": "string"}, "str": {}}},
        }
    )
    _assert_mypy_accepts(source)


def test_a_request_has_no_read_only_properties_at_any_depth() -> None:
    """A component with such a property below gets a second type for requests."""
    ref = "#/components/schemas/"
    document = api_of(
        get("/boxes", "listBoxes", responses=_responds({"$ref": f"{ref}box"})),
        post("/boxes", "makeBox", body={"$ref": f"{ref}box"}),
    )
    identity = {"type": "integer", "readOnly": True}
    item = {"type": "object", "required": ["id"], "properties": {"id": identity, "size": {"type": "integer"}}}
    box = {"type": "object", "properties": {"items": {"type": "array", "items": {"$ref": f"{ref}item"}}}}
    document["components"] = {"schemas": {"box": box, "item": item}}
    text = _module(save(document))
    assert "class BoxInput(TypedDict):\n    items: NotRequired[list[ItemInput]]\n" in text
    assert "class ItemInput(TypedDict):\n    size: NotRequired[int]\n" in text
    assert "class Item(TypedDict):\n    id: int\n    size: NotRequired[int]\n" in text


def test_check_compares_byte_for_byte() -> None:
    """It exits with 9 if a file is missing or differs, and writes nothing."""
    source = _api()
    assert_ended(run_cli("stubs", source, "--out", "typings", "--check"), 9, "differ or are missing")
    assert not Path("typings").exists()
    first = _module(source)
    assert first == _module(source)
    assert_ended(run_cli("stubs", source, "--out", "typings", "--check"), 0)
    path = Path("typings/dynacli/__init__.pyi")
    path.write_text(path.read_text(encoding="utf-8") + " ", encoding="utf-8")
    assert_ended(run_cli("stubs", source, "--out", "typings", "--check"), 9, "is not what the document gives")


def test_the_directory_is_required() -> None:
    """Without `--out`, nothing is written."""
    assert_ended(run_cli("stubs", _api()), 2, "The directory is missing")


def test_only_chosen_operations_get_methods() -> None:
    """`--only` names operations or tags."""
    assert_ended(run_cli("stubs", _api(), "--out", "typings", "--only", "make-pet"), 0)
    (path,) = Path("typings/dynacli_apis").glob("[!_]*.pyi")
    assert "list_pets" not in path.read_text(encoding="utf-8")
