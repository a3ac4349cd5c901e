"""`api add|list|show|remove|rename`: an API under a name of its own."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from dynacli.options.command_table import COMMANDS
from tests.documents import operation, pets, save, serve
from tests.dry_runs import dry_run
from tests.harness import Recorder, Response, assert_ended, json_response, run_cli

KEYS = [
    *("name", "source", "title", "version", "openapi", "operations", "fetched_at", "fresh", "revision"),
    "configuration",
]


def _apis() -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = run_cli("api", "list", "-o", "json").json
    return rows


def test_add_says_what_it_added() -> None:
    """After `api add` a person knows what it is and how to go on; standard output stays empty."""
    save(pets())
    result = run_cli("api", "add", "shop", "./api.json")
    assert (0, "", 'shop: "Pets 1", 3 operations\nTry: dynacli shop --help\n') == (
        result.exit_code,
        result.stdout,
        result.stderr,
    )


def test_add_names_the_variables_of_the_credentials() -> None:
    """If the API wants credentials, `api add` says in which variables they are looked for."""
    document = pets()
    document["components"]["securitySchemes"] = {"key": {"type": "http", "scheme": "bearer"}}
    document["security"] = [{"key": []}]
    save(document)
    result = run_cli("api", "add", "my-shop", "./api.json")
    assert "DYNACLI_MY_SHOP_TOKEN" in result.stderr.splitlines()[1]


def test_list_has_the_shape_of_the_contract() -> None:
    """`api list -o json` has the fields that the contract names, in their order."""
    save(pets())
    assert [] == _apis()
    run_cli("api", "add", "shop", "./api.json")
    run_cli("api", "add", "another", "./api.json")
    rows = _apis()
    assert ["another", "shop"] == [row["name"] for row in rows]
    assert [KEYS, KEYS] == [list(row) for row in rows]
    expected = {
        "name": "shop",
        "source": str(Path("api.json").absolute()),
        "title": "Pets",
        "version": "1",
        "openapi": "3.0.3",
        "operations": 3,
        "fresh": True,
    }
    assert expected == {key: rows[1][key] for key in expected}


def test_list_is_readable() -> None:
    """On a terminal there is a line for each, and a way to begin if there is none."""
    assert (
        "No API is registered yet: dynacli api add NAME SOURCE\n"
        == run_cli("api", "list", "-o", "text").stdout
    )
    save(pets())
    run_cli("api", "add", "shop", "./api.json")
    expected = f'shop  "Pets 1", 3 operations  {Path("api.json").absolute()}\n'
    assert expected == run_cli("api", "list", "-o", "text").stdout


def test_show_says_where_calls_go(home: Path) -> None:
    """A server that is kept for the calls, or for those of a profile, is shown; one that is none gives a warning."""
    document = pets()
    document["servers"] = [{"url": "https://{zone}.example.com", "variables": {"zone": {"default": "eu"}}}]
    save(document)
    run_cli("api", "add", "shop", "./api.json")
    assert [] == run_cli("api", "show", "shop", "-o", "json").json["calls_go_to"]
    run_cli("api", "add", "shop", "./api.json", "--server", "http://127.0.0.1:1/v1")
    run_cli("api", "add", "shop", "./api.json", "--profile", "us", "--server", "0", "--server-var", "zone=us")
    run_cli("api", "add", "shop", "./api.json", "--profile", "slow", "--timeout", "9")
    assert [
        {"profile": None, "server": "http://127.0.0.1:1/v1"},
        {"profile": "us", "server": "https://us.example.com"},
    ] == run_cli("api", "show", "shop", "-o", "json").json["calls_go_to"]
    text = run_cli("api", "show", "shop", "-o", "text").stdout
    assert "  calls go to http://127.0.0.1:1/v1\n" in text
    assert "  calls go to https://us.example.com, with `--profile us`\n" in text
    config = home / "config" / "config.toml"
    config.write_text(config.read_text().replace('server = "0"', 'server = "7"'))
    result = run_cli("api", "show", "shop", "-o", "json")
    assert_ended(result, 0, "no server `7`")
    assert [] == result.json["calls_go_to"]


def test_list_fetches_nothing_and_hides_nobody(server: Recorder, home: Path) -> None:
    """An API that the cache has lost is listed without its facts; no server is asked, the others are whole."""
    serve(server, pets())
    run_cli("api", "add", "far", f"{server.origin}/openapi.json")
    for path in sorted((home / "cache").rglob("*"), reverse=True):
        if path.is_file():
            path.unlink()
    save(pets())
    run_cli("api", "add", "near", "./api.json")
    server.requests.clear()
    result = run_cli("api", "list", "-o", "json")
    assert (0, []) == (result.exit_code, server.requests)
    assert [("far", None, False), ("near", 3, True)] == [
        (row["name"], row["operations"], row["fresh"]) for row in result.json
    ]
    assert result.stderr.startswith("warning: `far`: ")
    assert "far   not read yet" in run_cli("api", "list", "-o", "text").stdout


def test_show_has_all_that_is_known() -> None:
    """`api show` has what `api list` has, and servers, origins, warnings and problems."""
    document = pets(**{"/bad": {"get": 5}})
    save(document)
    run_cli("api", "add", "shop", "./api.json")
    shown = run_cli("api", "show", "shop", "-o", "json").json
    assert [
        *KEYS,
        "files",
        "servers",
        "calls_go_to",
        "origins",
        "allow_refs",
        "warnings",
        "problems",
    ] == list(shown)
    assert [{"url": "http://127.0.0.1:9", "description": "", "variables": {}}] == shown["servers"]
    assert ["/paths/~1bad/get"] == [warning["pointer"] for warning in shown["warnings"]]
    column = Path("api.json").read_text().index('"get": 5') + 1
    place = {"file": str(Path("api.json").resolve()), "line": 1, "column": column}
    for found in (shown["warnings"], shown["problems"]):
        assert [{"message", *place, "pointer"}] == [set(row) for row in found]
        assert [{**place, "pointer": "/paths/~1bad/get"}] == [
            {key: row[key] for key in (*place, "pointer")} for row in found
        ]
    assert (1, []) == (shown["files"], shown["allow_refs"])
    text = run_cli("api", "show", "shop", "-o", "text").stdout
    assert "\nWorked around (1)\n  `GET /bad` is left out" in text
    assert f" (api.json:1:{column}, /paths/~1bad/get)\n" in text


@pytest.mark.parametrize("words", [("api", "list"), ("api", "show", "pets"), ("doctor",)], ids=" ".join)
@pytest.mark.parametrize("form", ["json", "text"])
def test_the_query_of_a_source_is_not_shown(server: Recorder, words: tuple[str, ...], form: str) -> None:
    """What stands in the query of a document's URL may be a secret: its names are shown, its values are not."""
    server.responses["/api.json"] = json_response(pets())
    url = f"{server.origin}/api.json"
    assert 0 == run_cli("api", "add", "pets", f"{url}?version=2&ticket=hunter2&hunter2").exit_code
    result = run_cli(*words, "-o", form)
    assert "hunter2" not in result.stdout + result.stderr
    assert (f"{url}?version=***&ticket=***&***" in result.stdout) is (words != ("doctor",) or form == "json")
    again = run_cli("api", "add", "pets", f"{url}?token=other")
    assert_ended(again, 2, without=["hunter2"])


def test_show_of_a_valid_document_says_that_it_is() -> None:
    """A document without a fault is said to be valid."""
    save(pets())
    assert run_cli("api", "show", "./api.json", "-o", "text").stdout.endswith("\n\nThe document is valid.\n")


@pytest.mark.parametrize("name", COMMANDS)
def test_a_verb_is_no_name(name: str) -> None:
    """A word that is a command of dynacli, now or later, is refused at registration."""
    save(pets())
    for words in (("api", "add", name, "./api.json"), ("api", "rename", "shop", name)):
        result = run_cli(*words)
        assert 2 == result.exit_code
        assert f"`{name}` is a command of dynacli and cannot be the name of an API" in result.stderr
    assert [] == _apis()


@pytest.mark.parametrize(
    "name",
    [
        "Shop",
        "a b",
        "a/b",
        "./a",
        "https://a",
        "a.json",
        "a.b",
        "--",
        "-",
        "_a",
        "a" * 64,
        "käse",
        "a\nb",
        "*",
        "",
    ],
)
def test_a_name_is_made_of_few_characters(name: str) -> None:
    """A name can never be taken for a path, a URL or an option."""
    save(pets())
    assert 2 == run_cli("api", "add", "--", name, "./api.json").exit_code
    assert [] == _apis()


@pytest.mark.parametrize("name", ["a", "7", "my-shop_2", "a" * 63])
def test_a_good_name_is_taken(name: str) -> None:
    """Lower-case letters, digits, `-` and `_` make a name."""
    save(pets())
    assert 0 == run_cli("api", "add", name, "./api.json").exit_code
    assert 0 == dry_run(name).exit_code


@pytest.mark.sampled(4)
@pytest.mark.parametrize(
    ("source", "code"),
    [
        ("./absent.json", 8),
        ("./broken.json", 8),
        ("http://127.0.0.1:9/openapi.json", 6),
        ("{origin}/absent.json", 8),
        ("pets", 2),
        ("-", 2),
        ("ftp://host/openapi.json", 2),
        ("https://user:secret@host/openapi.json", 2),
    ],
)
def test_what_cannot_be_read_leaves_nothing_behind(
    source: str, code: int, server: Recorder, home: Path
) -> None:
    """A document that cannot be used is not registered, and neither configuration nor cache know of it."""
    Path("broken.json").write_text("{")
    result = run_cli("api", "add", "shop", source.format(origin=server.origin))
    assert (code, "") == (result.exit_code, result.stdout)
    assert [] == [path for path in home.rglob("*") if path.is_file()]


def test_adding_again_refreshes_and_keeps_what_was_accepted(server: Recorder) -> None:
    """The same API can be added again; its accepted origins stay."""
    serve(server, pets())
    url = f"{server.origin}/openapi.json"
    add = ("api", "add", "shop", url)
    assert 0 == run_cli(*add, "--accept-origin", "https://Api.Example.com:443/v1").exit_code
    assert 0 == run_cli(*add).exit_code
    assert 0 == run_cli(*add, "--accept-origin", "http://127.0.0.1:9").exit_code
    expected = ["http://127.0.0.1:9", server.origin, "https://api.example.com"]
    assert sorted(expected) == sorted(set(run_cli("api", "show", "shop", "-o", "json").json["origins"]))
    assert 3 == len(server.requests)


def test_another_document_needs_another_name() -> None:
    """A name that is taken is not given to another document."""
    save(pets())
    save(pets("2"), "other.json")
    run_cli("api", "add", "shop", "./api.json")
    result = run_cli("api", "add", "shop", "./other.json", "--error-format", "json")
    assert (2, "The API `shop` already exists, with another document") == (
        result.exit_code,
        result.error["message"],
    )
    assert "1" == _apis()[0]["version"]


def test_a_relative_path_means_the_same_from_anywhere(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A file is registered by its absolute path."""
    save(pets())
    run_cli("api", "add", "shop", "api.json")
    monkeypatch.chdir(tmp_path)
    assert 0 == dry_run("shop").exit_code


def test_remove_forgets_the_name() -> None:
    """After `api remove` the name means nothing; removing it again is an error."""
    save(pets())
    run_cli("api", "add", "shop", "./api.json")
    assert 0 == run_cli("api", "remove", "shop").exit_code
    assert [] == _apis()
    assert 2 == dry_run("shop").exit_code
    assert 2 == run_cli("api", "remove", "shop").exit_code


def test_rename_keeps_all_but_the_name() -> None:
    """After `api rename` the API has its new name alone; a taken name is refused."""
    save(pets())
    run_cli("api", "add", "shop", "./api.json", "--accept-origin", "http://127.0.0.1:9")
    run_cli("api", "add", "other", "./api.json")
    assert 2 == run_cli("api", "rename", "shop", "other").exit_code
    assert 2 == run_cli("api", "rename", "absent", "new").exit_code
    assert 0 == run_cli("api", "rename", "shop", "new").exit_code
    assert ["new", "other"] == [row["name"] for row in _apis()]
    assert ["http://127.0.0.1:9"] == run_cli("api", "show", "new", "-o", "json").json["origins"]
    assert 2 == dry_run("shop").exit_code


@pytest.mark.parametrize("content", [json.dumps(pets(), indent=3), "openapi: 3.0.3 # why\npaths: {}\r\n"])
def test_document_is_what_came(content: str, server: Recorder) -> None:
    """`document` writes the bytes of the document as they were fetched."""
    server.responses["/d"] = Response(body=content.encode())
    run_cli("api", "add", "shop", f"{server.origin}/d")
    result = run_cli("document", "shop")
    assert (0, content.encode(), "") == (result.exit_code, result.stdout_bytes, result.stderr)


def test_a_lost_document_is_read_again(home: Path, server: Recorder) -> None:
    """`document` needs nothing that the cache may have lost, as long as the source is there."""
    content = json.dumps(pets())
    server.responses["/d"] = Response(body=content.encode())
    save(pets())
    for source in ("./api.json", f"{server.origin}/d"):
        for damage in (Path.unlink, lambda path: path.write_bytes(b"x")):
            dry_run(source)
            for path in (home / "cache").rglob("*.document"):
                damage(path)
            assert content == run_cli("document", source).stdout
    for path in (home / "cache").rglob("*.document"):
        path.unlink()
    result = run_cli("document", f"{server.origin}/d", "--offline")
    assert 8 == result.exit_code
    assert "The document's text was removed from the cache" in result.stderr


def test_resolved_has_no_references() -> None:
    """`document --resolved` puts in what references lead to; a recursive one stays."""
    document = pets()
    document["components"]["schemas"]["Node"] = {
        "type": "object",
        "properties": {"next": {"$ref": "#/components/schemas/Node"}},
    }
    save(document)
    resolved = run_cli("document", "./api.json", "--resolved", "-o", "json").json
    body = resolved["paths"]["/pets"]["post"]["requestBody"]["content"]["application/json"]["schema"]
    assert document["components"]["schemas"]["Pet"] == body
    assert "$ref" in json.dumps(resolved["components"]["schemas"]["Node"])


def test_a_document_that_unfolds_without_end_is_not_written_out() -> None:
    """References that multiply each other end with a message instead of filling disk and memory."""
    schemas: dict[str, Any] = {
        f"S{level}": {
            "properties": {key: {"$ref": f"#/components/schemas/S{level + 1}"} for key in "abcdefgh"}
        }
        for level in range(12)
    }
    schemas["S12"] = {"type": "string"}
    save({**pets(), "components": {"schemas": {**pets()["components"]["schemas"], **schemas}}})
    result = run_cli("document", "./api.json", "--resolved")
    assert (8, "") == (result.exit_code, result.stdout)
    assert "without references would have" in result.stderr


@pytest.mark.exhaustive
def test_two_at_once_register_both() -> None:
    """Several processes that register at the same time lose nothing of each other."""
    save(pets())
    names = [f"shop{number}" for number in range(6)]
    script = "import sys\nfrom dynacli.__main__ import main\nsys.exit(main(sys.argv[1:]))"
    processes = [
        subprocess.Popen(
            [sys.executable, "-c", script, "api", "add", name, "./api.json"], stderr=subprocess.DEVNULL
        )
        for name in names
    ]
    assert [0] * 6 == [process.wait(timeout=60) for process in processes]
    assert names == [row["name"] for row in _apis()]


def test_an_api_of_that_name_does_not_shadow_a_path() -> None:
    """A path is a path although an API has the name of the file's first part."""
    save(pets())
    save(pets(**{"/only": {"get": operation("onlyHere")}}), "shop.json")
    run_cli("api", "add", "shop", "./api.json")
    assert 0 == dry_run("shop.json", "only-here").exit_code
    assert 2 == dry_run("shop", "only-here").exit_code


def test_an_unknown_name_is_told_near_ones() -> None:
    """A name with a slip of the finger gets the one that is meant."""
    save(pets())
    run_cli("api", "add", "shop", "./api.json")
    result = run_cli("shpo", "list-pets", "--error-format", "json")
    assert (2, "There is no API `shpo`", "Did you mean `shop`?") == (
        result.exit_code,
        result.error["message"],
        result.error["hint"],
    )
