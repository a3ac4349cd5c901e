"""A document is read leniently: what is wrong in one place costs that place alone, and is told with its line."""

import json
from pathlib import Path
from typing import Any

import pytest

from dynacli.environment import Environment
from dynacli.openapi.document.positions import positions_of
from dynacli.registry.open_by_name import open_named_api
from tests.documents import PETS, operation, pets, save
from tests.dry_runs import dry_run
from tests.harness import run_cli
from tests.real_documents import own_and_real

BAD: dict[str, tuple[Any, str]] = {
    "text": ("x", "it is not an object"),
    "null": (None, "it is not an object"),
    "list": ([], "it is not an object"),
    "body-leads-nowhere": (
        operation("bad", requestBody={"$ref": "#/components/requestBodies/Gone"}),
        "the request body `#/components/requestBodies/Gone` leads nowhere",
    ),
}


def _with_bad(bad: Any) -> dict[str, Any]:
    return pets(**{"/bad": {"get": bad, "post": operation("goodBesideIt")}})


def _line_of(path: Path, text: str) -> int:
    return next(
        number
        for number, line in enumerate(path.read_text().splitlines(), 1)
        if line.lstrip().startswith(text)
    )


@pytest.mark.parametrize("kind", BAD)
def test_a_bad_operation_is_left_out_alone(kind: str) -> None:
    """All other operations work; a warning names the bad one with the reason, its line and its place."""
    bad, reason = BAD[kind]
    path = Path("api.json")
    path.write_text(json.dumps(_with_bad(bad), indent=1))
    names = [row["name"] for row in run_cli("operations", "./api.json", "-o", "json").json]
    assert [*PETS, "good-beside-it"] == names
    for name in names:
        words = ("1",) if name == "get-pet" else ()
        assert 0 == run_cli("./api.json", name, *words, "--example", "--dry-run").exit_code
    line = 1 + next(
        number for number, text in enumerate(path.read_text().splitlines()) if text.startswith('  "/bad"')
    )
    warnings = run_cli("api", "show", "./api.json", "-o", "json").json["warnings"]
    (warning,) = (warning for warning in warnings if " is left out: " in warning["message"])
    assert ("`GET /bad` is left out: " + reason, "/paths/~1bad/get", line + 1) == tuple(
        warning[key] for key in ("message", "pointer", "line")
    )


def test_the_line_is_that_of_a_yaml_document() -> None:
    """Lines are counted in the text of the document as it stands, comments and all."""
    path = Path("pets.yaml")
    path.write_text(
        "# comment\nopenapi: 3.0.0\ninfo: {title: P, version: '1'}\npaths:\n"
        "  /good:\n    get:\n      responses: {}\n\n  # another\n  /bad:\n    get: 5\n"
    )
    (warning,) = run_cli("api", "show", "pets.yaml", "-o", "json").json["warnings"]
    assert _line_of(path, "get: 5") == warning["line"]


def test_adding_an_api_counts_the_operations_left_out() -> None:
    """`api add` and `api refresh` count them and name the command that lists them."""
    save(_with_bad(5))
    added = run_cli("api", "add", "shop", "./api.json")
    expected = "warning: 1 operation is left out; details: `dynacli api show shop`\n"
    assert (0, expected) == (added.exit_code, added.stderr.splitlines(keepends=True)[1])


@pytest.mark.parametrize(
    ("paths", "expected"),
    [
        ({}, ""),
        ({"/a": {"get": 5}}, "1 operation is left out"),
        ({"/a": {"get": 5, "put": 5}}, "2 operations are left out"),
        ({"/a/{b}": {"get": operation("a")}}, "1 problem is worked around"),
        (
            {"/a/{b}/{c}": {"get": operation("a"), "put": 5}},
            "1 operation is left out and 2 problems are worked around",
        ),
    ],
    ids=["none", "operation", "operations", "place", "both"],
)
def test_operations_left_out_are_noted_once(paths: dict[str, Any], expected: str) -> None:
    """The run that compiles a document has a note of them; the next run is silent."""
    save(pets(**paths))
    notes = [f"{expected}; details: `dynacli api show ./api.json`"] if expected else []
    for now in (notes, []):
        api = open_named_api("./api.json", Environment())
        assert now == [note.partition("\n")[0] for note in api.notes]
        api.catalog.close()


def test_the_warning_names_the_operation_and_its_line() -> None:
    """The run that compiles a document says which operations it left out, why, and where they stand."""
    path = Path("pets.yaml")
    path.write_text(
        "openapi: 3.0.0\ninfo: {title: P, version: '1'}\nservers: [{url: 'http://pets.invalid'}]\npaths:\n"
        "  /good:\n    get:\n      operationId: good\n      responses: {}\n  /bad:\n    get: 5\n"
    )
    first, second = (run_cli("./pets.yaml", "good", "--dry-run") for _ in range(2))
    expected = (
        "warning: 1 operation is left out; details: `dynacli api show ./pets.yaml`\n"
        f"         `GET /bad` is left out: it is not an object (line {_line_of(path, 'get: 5')})\n"
    )
    assert (0, expected) == (first.exit_code, first.stderr)
    assert (0, "") == (second.exit_code, second.stderr)


def test_a_note_can_be_copied_to_a_shell() -> None:
    """A path with spaces is quoted in the command that the note names."""
    save(pets(**{"/a": {"get": 5}}), "my api.json")
    api = open_named_api("./my api.json", Environment())
    assert ["1 operation is left out; details: `dynacli api show './my api.json'`"] == [
        note.partition("\n")[0] for note in api.notes
    ]
    api.catalog.close()


def test_a_cache_that_cannot_be_written_is_noted(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A run that had to do without a cache has a note that names the directory and the reason."""
    save(pets())
    (home / "file").write_text("")
    monkeypatch.setenv("DYNACLI_CACHE_DIR", str(home / "file"))
    api = open_named_api("./api.json", Environment())
    reason = f"The cache `{home / 'file'}` cannot be written (Not a directory)"
    assert [f"{reason}, so the document is compiled for this run alone"] == api.notes
    api.catalog.close()


def test_a_duplicate_key_is_warned_of() -> None:
    """YAML with the same key twice is read as other tools do, with a warning."""
    Path("pets.yaml").write_text(json.dumps(pets())[:-1] + ', "x-a": 1, "x-a": 2}')
    Path("twice.yaml").write_text(
        "openapi: 3.0.0\ninfo: {title: P, version: '1'}\nx-a: 1\nx-a: 2\npaths: {}\n"
    )
    (warning,) = run_cli("api", "show", "twice.yaml", "-o", "json").json["warnings"]
    assert ("Duplicate key `x-a`; the last value counts", 4, 1, "/x-a") == (
        warning["message"],
        warning["line"],
        warning["column"],
        warning["pointer"],
    )
    assert (
        "\n  Duplicate key `x-a`; the last value counts (twice.yaml:4:1, /x-a)\n"
        in run_cli("api", "show", "twice.yaml", "-o", "text").stdout
    )


@pytest.mark.parametrize(
    ("document", "phrase"),
    [
        ({"swagger": "1.2"}, "Swagger 1.2 documents are not supported"),
        ({"swagger": "2.5"}, "Swagger 2.5 documents are not supported"),
        ({"openapi": "3.3.0"}, "OpenAPI 3.3.0 documents are not supported"),
        ({"openapi": "4.0.0"}, "OpenAPI 4.0.0 documents are not supported"),
        ({"openapi": "next"}, "has no version in its field `openapi`"),
    ],
    ids=["1.2", "2.5", "3.3", "4", "next"],
)
def test_another_version_is_refused_clearly(document: dict[str, Any], phrase: str) -> None:
    """A version that cannot be used ends with 8, says which can, and what to do."""
    whole = {**pets(), **document}
    if "swagger" in document:
        del whole["openapi"]
    save(whole)
    result = run_cli("./api.json", "list-pets", "--error-format", "json")
    assert (8, "") == (result.exit_code, result.stdout)
    assert phrase in result.error["message"] + result.error["reason"]
    assert result.error["reason"]


@pytest.mark.parametrize("version", ["3.0.0", "3.0.4", "3.1.0", "3.1.1", "3.0.0-rc1", "3.1"])
def test_any_version_of_3_0_and_3_1_is_read(version: str) -> None:
    """The patch version does not matter."""
    save({**pets(), "openapi": version})
    assert 0 == dry_run().exit_code


@pytest.mark.parametrize(
    "ref", ["other.yaml#/x", "https://example.com/x.json", "./pet.json", "file:///etc/passwd"]
)
def test_a_dangling_reference_is_warned_of_with_its_line(ref: str) -> None:
    """Only the operations that need it are affected; message, line and pointer name the place."""
    document = pets()
    document["components"]["schemas"]["Pet"] = {"$ref": ref}
    path = Path("api.json")
    path.write_text(json.dumps(document, indent=1))
    assert 0 == run_cli("operations", "./api.json").exit_code
    assert 0 == dry_run().exit_code
    warnings = run_cli("api", "show", "./api.json", "-o", "json").json["warnings"]
    line = _line_of(path, '"Pet": {')
    assert [(line, "/components/schemas/Pet")] == [
        (warning["line"], warning["pointer"])
        for warning in warnings
        if ref.partition("#")[0] in warning["message"]
    ]


def test_an_invalid_document_is_used() -> None:
    """A document that breaks the specification is used; `api show` reports where it does."""
    document = pets()
    del document["info"]
    document["tags"] = 5
    document["x-anything"] = {"$ref": "nowhere"}
    save(document)
    assert 0 == dry_run().exit_code
    shown = run_cli("api", "show", "./api.json", "-o", "json").json
    messages = [(problem["message"], problem["pointer"]) for problem in shown["problems"]]
    assert [("`info` is missing", ""), ("This should be of type array", "/tags")] == messages
    assert ("", "") == (shown["title"], shown["version"])


@pytest.mark.parametrize(
    "path",
    own_and_real(
        ["bookshop.yaml", "observatory.json", "ferries.yaml", "warehouse.json", "split/openapi.yaml"],
        ["museum.yaml", "petstore3.yaml", "scalar-galaxy-3.1.yaml", "adyen-checkout-v71.json", "box.json"],
    ),
)
def test_whole_documents_lose_nothing(path: Path) -> None:
    """Documents of well-kept APIs are compiled with all their operations."""
    shown = run_cli("api", "show", str(path), "-o", "json").json
    assert [] == [warning for warning in shown["warnings"] if "is left out" in warning["message"]]
    assert 0 < shown["operations"]


@pytest.mark.parametrize("has_alias", [False, True], ids=["events", "nodes"])
def test_positions_in_yaml_of_every_form(has_alias: bool) -> None:
    """Blocks, flows, quoted and twice-given keys, keys that are lists: the same with an alias, which needs nodes."""
    text = """# a comment
a: &shared
- 1
- {b: [x, 'y'], "c d": 2}
? [odd, key]
: nothing
200:
  e: |
    text: no key
  e: 2
"""
    text += "f: *shared\n" if has_alias else "f: 1\n"
    expected = {"": (2, 1), "/a/1/c d": (4, 17), "/a/1/b/1": (4, 11), "/200/e": (10, 3), "/f": (11, 1)}
    wanted = [*expected, "/200/text", "/odd"]
    assert expected == positions_of(text.encode(), wanted)
    assert ({"/f/0": (3, 3)} if has_alias else {}) == positions_of(text.encode(), ["/f/0"])
