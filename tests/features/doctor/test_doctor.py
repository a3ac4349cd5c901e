"""`doctor` tells whether dynacli can work here, and what is wrong with each document, with its place."""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.documents import api_of, document, get, operation, parameter, save, save_api, serve
from tests.harness import Recorder, run_cli

STRING = {"type": "string"}


def _odd() -> dict[str, Any]:
    """Return a document with one thing that is fixed, one that is left out, and one that is not valid."""
    made = api_of(get("/a", "a", parameter("q", STRING, required="true")), {"/b": {"get": 5}})
    return {**made, "x-a": 1, "tags": 5}


def _checks(result: Any) -> dict[str, bool]:
    return {row["name"]: row["ok"] for row in result.json["checks"]}


def test_all_is_well_without_anything() -> None:
    """Before the first API is added there is nothing wrong, and nothing is made up."""
    result = run_cli("doctor", "-o", "json")
    assert (0, "") == (result.exit_code, result.stderr)
    expected = dict.fromkeys(
        ("dynacli", "libraries", "HTTP library", "configuration", "cache", "history"), True
    )
    assert expected == _checks(result)
    assert [] == result.json["documents"]
    reported = {row["name"]: row["message"] for row in result.json["checks"]}
    assert "Python 3." in reported["dynacli"]
    assert "openapi-core 0." in reported["libraries"]


def test_another_project_with_the_same_files_is_found(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """If `dynacli` of the package index is installed, too, either may have the other's files."""
    metadata = tmp_path / "dynacli-9.0.dist-info" / "METADATA"
    metadata.parent.mkdir()
    metadata.write_text("Metadata-Version: 2.1\nName: dynacli\nVersion: 9.0\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    result = run_cli("doctor", "-o", "json")
    assert (12, False) == (result.exit_code, _checks(result)["libraries"])
    assert "`pip uninstall dynacli dynacli-openapi`, then `pip install .` in" in result.stderr


def test_each_thing_that_is_wrong_has_its_place() -> None:
    """File, line, column and pointer, of what is fixed and of what is not valid."""
    api = save(_odd())
    Path("api.json").write_text(json.dumps(_odd(), indent=1))
    result = run_cli("doctor", api, "-o", "json")
    assert 0 == result.exit_code
    (found,) = result.json["documents"]
    assert {"name", "source", "warnings", "problems"} == set(found)
    lines = Path("api.json").read_text().splitlines()

    def spot(text: str) -> tuple[int, int]:
        number = next(number for number, line in enumerate(lines, 1) if text in line)
        return number, lines[number - 1].index(text) + 1

    file = str(Path("api.json").resolve())
    worked_around = "`required` should be true or false; it is read as true"
    assert [
        {
            "message": worked_around,
            "file": file,
            "line": spot('"required": "true"')[0],
            "column": spot('"required": "true"')[1],
            "pointer": "/paths/~1a/get/parameters/0/required",
        },
        {
            "message": "`GET /b` is left out: it is not an object",
            "file": file,
            "line": spot('"get": 5')[0],
            "column": spot('"get": 5')[1],
            "pointer": "/paths/~1b/get",
        },
    ] == found["warnings"]
    tags = next(row for row in found["problems"] if row["pointer"] == "/tags")
    assert ("This should be of type array", *spot('"tags": 5')) == (
        tags["message"],
        tags["line"],
        tags["column"],
    )
    shown = run_cli("api", "show", api, "-o", "json").json
    assert (shown["warnings"], shown["problems"]) == (found["warnings"], found["problems"])


def test_a_path_without_a_leading_slash_is_listed_and_called() -> None:
    """It is read as if it had one; an extension among the paths is none."""
    paths = {"/b": {"get": operation("b")}, "a": {"get": operation("a")}, "x-c": {}}
    api = save_api(paths)
    (found,) = run_cli("doctor", api, "-o", "json").json["documents"]
    assert [("A path should begin with a slash; it is read as `/a`", "/paths/a")] == [
        (row["message"], row["pointer"]) for row in found["warnings"]
    ]
    assert "http://127.0.0.1:9/a" == run_cli(api, "a", "--dry-run", "json").json["url"]


def test_the_text_names_places_as_editors_open_them() -> None:
    """`file:line:column`, the pointer, and what dynacli does about it."""
    api = save(_odd())
    text = run_cli("doctor", api, "-o", "text").stdout
    assert f"{api}: worked around (2)" in text
    line = next(line for line in text.splitlines() if "read as true" in line)
    assert line.startswith("  api.json:1:")
    assert "/paths/~1a/get/parameters/0/required  `required` should be true or false" in line
    assert "not valid OpenAPI, and used as far as it can be" in text
    assert "ok" in text
    assert "BROKEN" not in text


def test_the_same_remark_is_made_once() -> None:
    """A problem of several places is reported with the first one and a count; JSON has them all."""
    response = {
        "description": "",
        "content": {"application/json": {"schema": {"$ref": "#/components/schemas/No"}}},
    }
    paths = {f"/{name}": {"get": operation(name, responses={"200": response})} for name in "abc"}
    api = save_api(paths, server=None)
    (found,) = run_cli("doctor", api, "-o", "json").json["documents"]
    assert [3, 3] == [len(found["warnings"]), len(found["problems"])]
    for words in (("doctor", api), ("api", "show", api)):
        text = run_cli(*words, "-o", "text").stdout
        (line,) = (written for written in text.splitlines() if "has no target" in written)
        assert "/paths/~1a/get/responses/200/content/application~1json/schema, and 2 more places" in line
        assert " (3)" in text


def test_a_reference_to_another_host_tells_how_to_allow_it() -> None:
    """Also if nothing is fetched: it is refused, and not for want of a network."""
    elsewhere = {"$ref": "https://schemas.example.org/parameters.yaml#/Id"}
    api = save_api(get("/a", "a", elsewhere), server=None)
    (found,) = run_cli("doctor", api, "-o", "json").json["documents"]
    assert "add `--allow-ref https://schemas.example.org`" in found["warnings"][0]["message"]
    words = ("--allow-ref", "https://schemas.example.org", "-o", "json")
    (found,) = run_cli("doctor", api, *words).json["documents"]
    assert "is not in the cache. Fetch it once: with `--refresh`" in found["warnings"][0]["message"]


def test_a_parameter_is_validated_as_what_it_says_it_is() -> None:
    """Of the forms that a parameter of Swagger 2.0 can have, the one with its `in` tells what is wrong."""
    parameters = [{"in": "path", "name": "p", "type": "string"}]
    made = {
        "swagger": "2.0",
        "info": {"title": "t", "version": "1"},
        "paths": {"/{p}": {"get": {"parameters": parameters, "responses": {"200": {"description": "d"}}}}},
    }
    (found,) = run_cli("doctor", save(made), "-o", "json").json["documents"]
    (row,) = found["problems"]
    assert ("/paths/~1{p}/get/parameters/0", "`required` is missing") == (row["pointer"], row["message"])


def test_a_parameter_that_is_elsewhere_may_be_the_one_of_the_path() -> None:
    """No one learns that a parameter is not declared if a reference to another host may declare it."""
    elsewhere = {"$ref": "https://schemas.example.org/parameters.yaml#/Id"}
    paths = {"/{a}": {"get": operation("a", elsewhere)}, "/{b}/{b}": {"get": operation("b")}}
    (found,) = run_cli("doctor", save_api(paths, server=None), "-o", "json").json["documents"]
    assert ["The path parameter `b` is not declared"] == [row["message"] for row in found["problems"]]


def test_the_place_is_in_the_file_that_has_the_fault() -> None:
    """Of a document of several files, the one that is to be fixed is named."""
    Path("part.yaml").write_text("Q:\n  name: q\n  in: query\n  required: 'yes'\n  schema: {type: string}\n")
    made = api_of(get("/a", "a", {"$ref": "part.yaml#/Q"}), server=None)
    (found,) = run_cli("doctor", save(made), "-o", "json").json["documents"]
    (row,) = found["warnings"]
    expected = (str(Path("part.yaml").resolve()), 4, 3, "/Q/required")
    assert expected == (row["file"], row["line"], row["column"], row["pointer"])


def test_every_registered_api_is_looked_at() -> None:
    """One that is broken does not hide the others; the run ends with 8 and says how many there are."""
    good = save_api(get("/a"), server=None, file="good.json")
    bad = save_api(get("/a"), server=None, file="bad.json")
    assert [0, 0] == [run_cli("api", "add", *words).exit_code for words in (("good", good), ("bad", bad))]
    Path("bad.json").write_text("{")
    result = run_cli("doctor", "-o", "json")
    assert 8 == result.exit_code
    assert {"document good": True, "document bad": False} == {
        name: ok for name, ok in _checks(result).items() if name.startswith("document")
    }
    # An earlier revision of it is still there, and used.
    assert ["bad", "good"] == [row["name"] for row in result.json["documents"]]
    assert "cannot be read" in result.stderr
    assert "BROKEN  document bad" in run_cli("doctor", "-o", "text").stdout
    assert 0 == run_cli("doctor", "good").exit_code


def test_a_document_that_cannot_be_used_is_told() -> None:
    """It ends with 8, after the rest was shown."""
    Path("api.json").write_text('{"openapi": "9.9"}')
    result = run_cli("doctor", "./api.json", "-o", "json")
    assert (8, False, []) == (
        result.exit_code,
        _checks(result)["document ./api.json"],
        result.json["documents"],
    )
    assert "9.9" in result.stderr
    assert 2 == run_cli("doctor", "nothing").exit_code


def test_nothing_is_fetched_unless_it_is_asked_for(server: Recorder) -> None:
    """Without `--refresh` the network stays untouched, whatever is in the cache."""
    serve(server, _odd())
    url = f"{server.origin}/openapi.json"
    result = run_cli("doctor", url, "-o", "json")
    assert (8, False, []) == (result.exit_code, _checks(result)[f"document {url}"], server.requests)
    assert "--refresh" in result.stderr
    assert 0 == run_cli("doctor", url, "--refresh").exit_code
    assert ["/openapi.json"] == [request.target for request in server.requests]
    again = run_cli("doctor", url, "-o", "json")
    assert (0, 1) == (again.exit_code, len(server.requests))
    assert 2 == len(again.json["documents"][0]["warnings"])


def test_a_configuration_that_cannot_be_read_is_told(home: Path) -> None:
    """It ends with 12, and all else is looked at anyway."""
    (home / "config").mkdir()
    (home / "config" / "config.toml").write_text("[apis")
    result = run_cli("doctor", "-o", "json")
    assert (12, False, True) == (result.exit_code, _checks(result)["configuration"], _checks(result)["cache"])
    assert "config.toml" in result.stderr


def test_a_cache_that_cannot_be_written_is_told(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It ends with 12 and names the directory."""
    (home / "file").write_text("")
    monkeypatch.setenv("DYNACLI_CACHE_DIR", str(home / "file"))
    result = run_cli("doctor", save(_odd()), "-o", "json")
    assert (12, False) == (result.exit_code, _checks(result)["cache"])
    assert str(home / "file") in result.stderr
    assert 2 == len(result.json["documents"][0]["warnings"])


def test_a_history_that_cannot_be_read_is_told(home: Path) -> None:
    """It ends with 12, and says how to begin a new one."""
    (home / "state").mkdir()
    (home / "state" / "history.sqlite").write_bytes(b"damaged" * 1000)
    result = run_cli("doctor", "-o", "json")
    assert (12, False) == (result.exit_code, _checks(result)["history"])
    assert "dynacli history clear" in result.stderr


def test_a_damaged_catalog_is_made_again(home: Path) -> None:
    """Damage anywhere in it is found, and fixed on the spot."""
    api = save(_odd())
    assert 0 == run_cli("operations", api).exit_code
    (catalog,) = home.rglob("*.sqlite")
    content = bytearray(catalog.read_bytes())
    content[-3000:-1000] = b"\xff" * 2000
    catalog.write_bytes(content)
    result = run_cli("doctor", api, "-o", "json")
    assert (0, 2) == (result.exit_code, len(result.json["documents"][0]["warnings"]))


def test_text_of_a_document_cannot_drive_the_terminal() -> None:
    """Messages and pointers with control characters are shown, not obeyed."""
    made = document({"/a\x1b[31m": {"get": 5}}, None, tags=5)
    result = run_cli("doctor", save(made), "-o", "text", terminal=("stdout",))
    assert "\x1b[31m" not in result.stdout
    assert "is left out" in result.stdout


def test_a_table_of_another_name_is_told_with_its_line() -> None:
    """What no run reads would be missed only if a call lacks it."""
    assert 0 == run_cli("api", "add", "a", save(_odd())).exit_code
    path = Path(run_cli("config", "path").stdout.strip())
    path.write_text(path.read_text() + '[apis.a.credentials.key]\ntoken = "env:A"\n')
    line = path.read_text().splitlines().index("[apis.a.credentials.key]") + 1
    result = run_cli("doctor", "-o", "json")
    assert (12, False) == (result.exit_code, _checks(result)["configuration"])
    assert f"line {line}: `credentials` is not a known key. Did you mean `auth`?" in result.stderr
