"""Completion: the protocol that the scripts speak, and the scripts in real shells."""

import base64
import contextlib
import json
import os
import pty
import re
import select
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from dynacli.options.command import Command
from dynacli.options.command_table import COMMANDS
from tests.harness import Recorder, Response, run_cli

_STATE = {"type": "string", "enum": ["open", "closed", "name:asc", "in progress", "$(id)", "-rf", "-1", "+1"]}


def _query(name: str, schema: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"name": name, "in": "query", "schema": schema, **more}


_DOCUMENT: dict[str, Any] = {
    "openapi": "3.0.3",
    "info": {"title": "Pets", "version": "1"},
    "servers": [{"url": "https://pets.example"}],
    "tags": [{"name": "toys", "description": "What they play with"}],
    "paths": {
        "/pets": {
            "get": {
                "operationId": "listPets",
                "tags": ["pets"],
                "summary": "List *pets*",
                "parameters": [
                    _query("state", _STATE, description="Which *ones*\nto list. Or all"),
                    _query("kinds", {"type": "array", "items": {"enum": ["cat", "dog"]}}),
                    _query("isSold", {"type": "boolean"}),
                    _query("secretly", {"type": "string"}, **{"x-cli-hidden": True}),
                    _query("output", {"type": "string", "enum": ["long", "short"]}),
                ],
                "responses": {"200": {"description": "Pets"}},
            },
        },
        "/{species}/pets/{age}": {
            "put": {
                "operationId": "putPet",
                "tags": ["pets"],
                "parameters": [
                    {
                        "name": "species",
                        "in": "path",
                        "required": True,
                        "schema": {"type": "string", "enum": ["felis", "canis"]},
                    },
                    {"name": "age", "in": "path", "required": True, "schema": {"enum": [1, 2]}},
                ],
                "requestBody": {
                    "content": {
                        "application/json": {
                            "schema": {
                                "type": "object",
                                "properties": {
                                    "size": {"enum": ["small", "large", None, 7]},
                                    "owner": {"type": "object", "properties": {"vip": {"type": "boolean"}}},
                                    "bells": {
                                        "type": "array",
                                        "items": {
                                            "type": "object",
                                            "properties": {"tone": {"enum": ["low", "high"]}},
                                        },
                                    },
                                },
                            }
                        },
                        "application/vnd.pet+json": {"schema": {"type": "object"}},
                    }
                },
                "responses": {"200": {"description": "It"}},
            }
        },
        "/toys": {
            "get": {
                "operationId": "toysList",
                "tags": ["toys"],
                "summary": "List toys",
                "responses": {"200": {"description": "Toys"}},
            },
            "delete": {
                "operationId": "toysForget",
                "x-cli-hidden": True,
                "responses": {"200": {"description": "Gone"}},
            },
        },
    },
}
_VERBS = [
    "alias",
    "api",
    "auth",
    "bake",
    "batch",
    "cache",
    "changes",
    "check",
    "completion",
    "config",
    "demo",
    "describe",
    "diff",
    "doctor",
    "document",
    "edit",
    "explore",
    "export",
    "help",
    "history",
    "ignore",
    "import",
    "learn",
    "mcp",
    "mock",
    "operations",
    "plan",
    "policy",
    "proxy",
    "read",
    "replay",
    "request",
    "resources",
    "search",
    "skill",
    "sql",
    "stubs",
    "sync",
    "validate",
    "workflow",
]
_API_VERBS = [
    "add",
    "catalog",
    "history",
    "list",
    "pin",
    "refresh",
    "remove",
    "rename",
    "rollback",
    "set",
    "show",
    "unpin",
]


@pytest.fixture
def pets() -> Path:
    """The document, registered as `pets`, beside another API `pens`."""
    path = Path("pets.json").absolute()
    path.write_text(json.dumps(_DOCUMENT))
    os.utime(path, (1_000_000_000, 1_000_000_000))
    for name in ("pets", "pens"):
        assert 0 == run_cli("api", "add", name, str(path)).exit_code
    return path


def _completed(*words: str, shell: str = "bash") -> list[str]:
    if shell == "powershell":
        words = (base64.b64encode("\0".join(words).encode()).decode(),)
    result = run_cli("__complete", shell, *words)
    assert (0, "") == (result.exit_code, result.stderr)
    if shell != "powershell" or not result.stdout:
        return result.stdout.splitlines()
    assert result.stdout.isascii()
    return ["\t".join(filter(None, (found["word"], found["about"]))) for found in json.loads(result.stdout)]


@pytest.mark.sampled(3)
@pytest.mark.parametrize(
    ("line", "expected"),
    [
        pytest.param("", ["pens", "pets", *_VERBS], id="first-word"),
        pytest.param("pe", ["pens", "pets"], id="api-by-prefix"),
        pytest.param("de", ["demo", "describe"], id="verb-by-prefix"),
        pytest.param(
            "pets ", ["list-pets", "put-pet", "toys-list", "pets", "toys"], id="operations-and-tags"
        ),
        pytest.param("pets li", ["list-pets"], id="operation-by-prefix"),
        pytest.param("pets toys ", ["toys-list"], id="operations-of-a-tag"),
        pytest.param("pets toys li", ["list"], id="a-tag-s-operation-without-the-tag"),
        pytest.param("pets toys list --ref", ["--refresh"], id="options-behind-tag-and-operation"),
        pytest.param("pets listPets --st", ["--state"], id="behind-an-operation-id"),
        pytest.param("pets nothing ", [], id="unknown-operation"),
        pytest.param("nothing ", [], id="unknown-api"),
        pytest.param("search ", ["pens", "pets", "demo"], id="search-in-an-api"),
        pytest.param("proxy ", ["pens", "pets", "demo"], id="proxy-of-an-api"),
        pytest.param("mock ", ["pens", "pets", "demo"], id="mock-of-an-api"),
        pytest.param("batch pets list-pets --pa", ["--parallel"], id="batch-options"),
        pytest.param("batch pets list-pets ", [], id="batch-file"),
        pytest.param("--validate off --dry-run pe", ["pens", "pets"], id="behind-standard-options"),
        pytest.param("--dry-run json pe", ["pens", "pets"], id="behind-an-optional-value"),
        pytest.param("--output=raw -H a:b -v pe", ["pens", "pets"], id="behind-short-options"),
        pytest.param(
            "pets list-pets --s",
            ["--state", "--sql", "--show-secrets", "--server", "--server-var"],
            id="options",
        ),
        pytest.param("pets list-pets --bo", [], id="no-body-options-without-a-body"),
        pytest.param("pets list-pets --state ", ["open", "closed", "name:asc", "-1", "+1"], id="enumeration"),
        pytest.param("pets list-pets --state -", ["-1"], id="a-value-that-looks-like-an-option"),
        pytest.param("pets list-pets --state=o", ["--state=open"], id="joined-enumeration"),
        pytest.param("pets list-pets --state name:a", ["name:asc"], id="colon"),
        pytest.param("pets list-pets --state open --kinds ", ["cat", "dog"], id="items-of-an-array"),
        pytest.param("pets list-pets --kinds cat --kinds ", ["cat", "dog"], id="repeated"),
        pytest.param("pets list-pets --is-sold ", ["true", "false"], id="boolean"),
        pytest.param("pets list-pets --isSold ", ["true", "false"], id="the-document-s-own-spelling"),
        pytest.param("pets list-pets --secretly ", [], id="hidden-option-has-no-values"),
        pytest.param("pets list-pets --secr", [], id="hidden-option"),
        pytest.param("pets list-pets --output ", ["long", "short"], id="the-operation-s-own-option-wins"),
        pytest.param("pets list-pets -o t", ["toon", "table", "tsv", "text"], id="short-option"),
        pytest.param("pets list-pets --validate=s", ["--validate=strict"], id="joined-standard-value"),
        pytest.param("pets list-pets -vo t", ["toon", "table", "tsv", "text"], id="short-options-in-one"),
        pytest.param("pets list-pets -vojs", ["-vojson"], id="value-joined-to-short-options"),
        pytest.param("-ojs", ["-ojson"], id="value-joined-to-a-short-option"),
        pytest.param("pets list-pets -o -o ", [], id="an-option-that-is-a-value"),
        pytest.param("pets list-pets --server --state ", [], id="an-option-that-is-the-value-before"),
        pytest.param("pets list-pets -- --state ", [], id="no-option-after-the-end-of-options"),
        pytest.param("pets list-pets -- --state=o", [], id="no-joined-option-after-the-end-of-options"),
        pytest.param("pets list-pets state=o", [], id="a-pair-without-hyphens-is-no-option"),
        pytest.param("pets list-pets -state=o", [], id="a-pair-with-one-hyphen-is-no-option"),
        pytest.param(
            "pets list-pets --dry-run ",
            ["http", "json", "curl", "python", "har", "inputs", "body"],
            id="optional-value",
        ),
        pytest.param("pets list-pets --dry-run --of", ["--offline"], id="optional-value-left-out"),
        pytest.param("pets list-pets --timeout ", [], id="free-value"),
        pytest.param("pets put-pet ", ["felis", "canis"], id="path-parameter"),
        pytest.param("pets put-pet felis ", ["1", "2"], id="second-path-parameter"),
        pytest.param("pets pets put-pet felis ", ["1", "2"], id="behind-a-tag"),
        pytest.param("pets put-pet --species felis ", ["1", "2"], id="path-parameter-given-by-name"),
        pytest.param("pets put-pet --species=felis ", ["1", "2"], id="path-parameter-given-by-name-joined"),
        pytest.param("pets put-pet --size small -- ", ["felis", "canis"], id="behind-the-end-of-options"),
        pytest.param("pets put-pet --owner.vip true ", ["felis", "canis"], id="behind-a-boolean"),
        pytest.param(
            "pets put-pet --owner.vip ", ["true", "false", "felis", "canis"], id="boolean-or-positional"
        ),
        pytest.param("pets put-pet --owner.vip.deeper x ", ["felis", "canis"], id="behind-an-unlisted-field"),
        pytest.param("pets put-pet felis 1 ", [], id="one-too-many"),
        pytest.param("pets put-pet --size ", ["small", "large", "7"], id="body-property"),
        pytest.param("pets put-pet --o", ["--owner.vip", "--output", "--offline"], id="deep-body-property"),
        pytest.param("pets put-pet --bo", ["--body"], id="whole-body"),
        pytest.param("pets put-pet --bells.", ["--bells.0.tone"], id="array"),
        pytest.param("pets put-pet --bells.0.tone ", ["low", "high"], id="value-in-an-item"),
        pytest.param("pets put-pet --bells.12.", ["--bells.12.tone"], id="item-by-its-index"),
        pytest.param(
            "pets put-pet --bells.0.tone low --bells.", ["--bells.0.tone", "--bells.1.tone"], id="next-item"
        ),
        pytest.param("pets put-pet --bells.1.tone ", ["low", "high"], id="value-in-another-item"),
        pytest.param("pets put-pet --bells[0].tone=low --bells[1", ["--bells[1].tone"], id="in-brackets"),
        pytest.param("pets put-pet --bells[0].to", ["--bells[0].tone"], id="item-of-an-array"),
        pytest.param("pets put-pet --bells[0].tone ", ["low", "high"], id="value-in-an-item-of-an-array"),
        pytest.param(
            "pets put-pet --content-type ", ["application/json", "application/vnd.pet+json"], id="media-types"
        ),
        pytest.param("operations ", ["pens", "pets", "demo"], id="operations-of-an-api"),
        pytest.param("operations pets --tag ", ["pets", "toys"], id="operations-of-a-tag-verb"),
        pytest.param("operations pets --ta", ["--tag"], id="verb-option"),
        pytest.param("document pets --reso", ["--resolved"], id="document-option"),
        pytest.param("describe pets li", ["list-pets"], id="describe-an-operation"),
        pytest.param("describe -o json pets li", ["list-pets"], id="describe-behind-an-option"),
        pytest.param("describe pets toys l", ["list"], id="describe-through-a-tag"),
        pytest.param("api ", _API_VERBS, id="api-verbs"),
        pytest.param("api refresh --acc", ["--accept"], id="api-options-of-its-own"),
        pytest.param("api pin ", ["pens", "pets"], id="api-pin"),
        pytest.param("api add --ov", ["--overlay"], id="api-add-options"),
        pytest.param("cache ", ["clear", "info"], id="cache-verbs"),
        pytest.param("cache clear ", ["pens", "pets", "demo"], id="cache-clear"),
        pytest.param("policy ", ["explain"], id="policy-verbs"),
        pytest.param("policy explain ", ["pens", "pets", "demo"], id="policy-of-an-api"),
        pytest.param("policy explain pets li", ["list-pets"], id="policy-of-an-operation"),
        pytest.param("policy --h", ["--help"], id="policy-options"),
        pytest.param("changes ", ["pens", "pets", "demo"], id="changes"),
        pytest.param("changes pets --si", ["--since"], id="changes-options"),
        pytest.param("api show ", ["pens", "pets", "demo"], id="api-show"),
        pytest.param("api remove ", ["pens", "pets"], id="api-remove"),
        pytest.param("api rename pets ", [], id="api-rename-has-a-new-name"),
        pytest.param("api add ", [], id="api-add-has-a-new-name"),
        pytest.param("completion ", ["bash", "zsh", "fish", "powershell"], id="shells"),
        pytest.param("workflow run w.yaml --report ha", ["har="], id="report-of-a-workflow"),
        pytest.param("demo --role e", ["editor"], id="demo-role"),
        pytest.param("demo --role viewer ser", ["serve"], id="demo-serve"),
        pytest.param("demo serve --po", ["--port"], id="demo-serve-options"),
    ],
)
def test_the_last_word_is_completed_by_what_may_stand_there(
    line: str,
    expected: list[str],
    pets: Path,  # noqa: ARG001
) -> None:
    """The candidates are those that the grammar allows in that place, and begin with what was typed."""
    assert expected == _completed(*line.split(" "))


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        pytest.param("config ", ["edit", "get", "path", "set", "trust", "untrust"], id="config-subcommands"),
        pytest.param("config set hi", ["history="], id="config-key"),
        pytest.param("config set history=h", ["history=headers"], id="config-value"),
        pytest.param("config get apis.pens.tim", ["apis.pens.timeout"], id="config-key-of-an-api"),
        pytest.param("api set ", ["pens", "pets"], id="api-set"),
        pytest.param("api set pets val", ["validate="], id="api-set-key"),
        pytest.param("api set pets validate=s", ["validate=strict"], id="api-set-value"),
    ],
)
def test_settings_are_completed(line: str, expected: list[str], pets: Path) -> None:  # noqa: ARG001
    """The keys that the configuration may have, and the values of those that choose."""
    assert expected == _completed(*line.split(" "))


@pytest.mark.sampled(3)
@pytest.mark.parametrize(
    ("line", "expected"),
    [
        pytest.param("pets list-pets --profile ", ["staging", "main"], id="behind-an-operation"),
        pytest.param("--profile s", ["staging"], id="before-the-api"),
        pytest.param("pets list-pets --profile=m", ["--profile=main"], id="joined"),
        pytest.param("pens list-pets --profile ", [], id="of-an-api-without"),
        pytest.param("policy explain pets list-pets --profile s", ["staging"], id="of-a-verb"),
        pytest.param("policy explain pets --profile=s", ["--profile=staging"], id="joined-of-a-verb"),
        pytest.param("diff pets list-pets --profile ", ["staging", "main"], id="of-a-compared-call"),
        pytest.param("-v --profile=s", ["--profile=staging"], id="joined-before-the-api"),
        pytest.param("-- --profile ", [], id="after-the-end-of-options"),
        pytest.param("pets list-pets -- --profile ", [], id="after-the-end-of-options-of-an-operation"),
        pytest.param("pets list-pets -- --profile=m", [], id="joined-after-the-end-of-options"),
        pytest.param("policy explain pets -- --profile s", [], id="after-the-end-of-options-of-a-verb"),
        pytest.param("pets list-pets --server --profile ", [], id="as-the-value-of-another-option"),
        pytest.param("pets list-pets -vo --profile s", [], id="as-the-value-of-short-options"),
        pytest.param("--server --profile sta", [], id="as-a-value-before-the-api"),
        pytest.param("pets list-pets profile=", [], id="a-pair-without-hyphens"),
    ],
)
def test_profiles_are_completed(line: str, expected: list[str], pets: Path) -> None:  # noqa: ARG001
    """Those of the API that is named, else those of all."""
    for name in ("staging", "main"):
        words = ("api", "set", "pets", "--profile", name, "timeout=3")
        assert 0 == run_cli(*words).exit_code
    assert expected == _completed(*line.split(" "))


@pytest.mark.parametrize("word", ["./pets.json", "pets.json", "../here/pets.json"])
def test_a_document_that_was_used_before_is_completed_like_a_registered_api(word: str, pets: Path) -> None:  # noqa: ARG001
    """A path stands where the name of an API does."""
    assert ["list-pets"] == _completed(word, "li")


@pytest.mark.parametrize(
    ("shell", "expected"),
    [
        ("bash", ["list-pets"]),
        ("zsh", ["list-pets\tList *pets*"]),
        ("fish", ["list-pets\tList *pets*"]),
        ("powershell", ["list-pets\tList *pets*"]),
    ],
)
def test_descriptions_go_to_the_shells_that_show_them(shell: str, expected: list[str], pets: Path) -> None:  # noqa: ARG001
    """A tab stands before the description; Bash gets the words alone."""
    assert expected == _completed("pets", "li", shell=shell)


def test_the_first_sentence_of_a_description_is_told(pets: Path) -> None:  # noqa: ARG001
    """A candidate is one line, whatever its description is."""
    assert ["--state\tWhich ones to list"] == _completed("pets", "list-pets", "--sta", shell="zsh")  # noqa: S604


def test_an_unknown_shell_is_refused() -> None:
    """The protocol is spoken with the four shells only."""
    assert (2, b"") == (run_cli("__complete", "tcsh", "").exit_code, run_cli("__complete").stdout_bytes)


def test_words_of_powershell_that_are_no_base64_are_no_words() -> None:
    """Whoever types the command by hand gets what stands after `dynacli`, and no traceback."""
    result = run_cli("__complete", "powershell", "de")
    assert (0, "") == (result.exit_code, result.stderr)
    assert {"demo", "describe"} <= {found["word"] for found in json.loads(result.stdout)}


def test_no_script_runs_text_as_code() -> None:
    """Each takes candidates as data, without `eval` and its like, and PowerShell puts unusual ones into quotes."""
    for shell in ("bash", "zsh", "fish", "powershell"):
        script = run_cli("completion", shell).stdout
        assert not re.search(
            r"\beval\b|Invoke-Expression|\biex\b|ScriptBlock\]|ExpandString|\bsource\b", script
        )
    assert "EscapeSingleQuotedStringContent($text)" in script


def _hostile() -> dict[str, Any]:
    texts = [
        "x;id",
        "$(id)",
        "`id`",
        "a b",
        "a\nb",
        "a\tb",
        "*",
        "~root",
        "--help",
        "\u202eabc",
        "\x1b[31m",
        "ok",
    ]
    parameters = [_query(text, {"enum": texts}, description="\x1b]0;owned\x07\u202e$(id)") for text in texts]
    operation = {
        "operationId": "fine",
        "summary": "\x1b[31mred\x1b[0m\u202e",
        "parameters": [*parameters, _query("one", {"enum": texts})],
        "responses": {"200": {"description": ""}},
    }
    others = {
        f"/{number}": {
            "get": {"operationId": text, "tags": [text], "responses": {"200": {"description": ""}}}
        }
        for number, text in enumerate(texts)
    }
    return {
        "openapi": "3.1.0",
        "info": {"title": "x", "version": "1"},
        "paths": {"/fine": {"get": operation}, **others},
    }


@pytest.mark.sampled(6)
@pytest.mark.parametrize("words", [[""], ["fine", "--"], ["fine", "--one", ""], ["fine", "--one="]])
@pytest.mark.parametrize("shell", ["bash", "zsh", "fish", "powershell"])
def test_a_hostile_document_puts_nothing_into_a_shell(shell: str, words: list[str]) -> None:
    """Candidates are words of an allow-list, and no control character is in a description."""
    Path("hostile.json").write_text(json.dumps(_hostile()))
    run_cli("operations", "./hostile.json")
    lines = _completed("./hostile.json", *words, shell=shell)
    assert lines
    for line in lines:
        candidate, _, described = line.partition("\t")
        assert re.fullmatch(r"(--)?[A-Za-z0-9][A-Za-z0-9._=\[\]-]*", candidate)
        assert described.isprintable()


def _break_configuration(home: Path, pets: Path) -> None:  # noqa: ARG001
    (home / "config" / "config.toml").write_text("[apis\n")


def _lose_configuration(home: Path, pets: Path) -> None:  # noqa: ARG001
    shutil.rmtree(home / "config")


def _odd_configuration(home: Path, pets: Path) -> None:  # noqa: ARG001
    (home / "config" / "config.toml").write_text('apis = 7\nother = "x"\n')


def _lose_cache(home: Path, pets: Path) -> None:  # noqa: ARG001
    shutil.rmtree(home / "cache")


def _cut_catalog(home: Path, pets: Path) -> None:  # noqa: ARG001
    for path in home.rglob("*.sqlite"):
        path.write_bytes(path.read_bytes()[:5000])


def _foreign_catalog(home: Path, pets: Path) -> None:  # noqa: ARG001
    for path in home.rglob("*.sqlite"):
        path.write_bytes(b"SQLite format 3\0" + b"\xff" * 9000)


def _torn_pointer(home: Path, pets: Path) -> None:  # noqa: ARG001
    for path in home.rglob("*.json"):
        path.write_text('{"location": ')


def _odd_pointer(home: Path, pets: Path) -> None:
    for path in home.rglob("*.json"):
        path.write_text(json.dumps({"location": str(pets), "revision": ["x"]}))


def _lose_pointer(home: Path, pets: Path) -> None:  # noqa: ARG001
    for path in home.rglob("current.json"):
        path.unlink()


_BROKEN = (
    _break_configuration,
    _lose_configuration,
    _odd_configuration,
    _lose_cache,
    _cut_catalog,
    _foreign_catalog,
    _torn_pointer,
    _odd_pointer,
)


@pytest.mark.parametrize("damage", _BROKEN, ids=lambda function: function.__name__.strip("_"))
def test_completion_responses_with_nothing_in_any_broken_state(damage: Any, home: Path, pets: Path) -> None:
    """Whatever is lost or damaged, completion is silent; the words of dynacli itself are still there."""
    damage(home, pets)
    assert [] == _completed("pets", "put-pet", "--size", "s")
    assert ["operations"] == [
        word for word in _completed("o") if word in _VERBS
    ] or damage is _break_configuration


def test_a_lost_pointer_is_no_lost_completion(home: Path, pets: Path) -> None:
    """What was remembered of a revision leads to it, if the pointer to it is lost."""
    _lose_pointer(home, pets)
    assert ["small"] == _completed("pets", "put-pet", "--size", "s")


@pytest.mark.parametrize(
    "damage", [_lose_cache, _cut_catalog, _torn_pointer], ids=lambda function: function.__name__.strip("_")
)
def test_completion_mends_nothing(damage: Any, home: Path, pets: Path) -> None:
    """It only reads: no file is written, none is compiled."""
    damage(home, pets)
    before = {path: path.stat().st_mtime_ns for path in home.rglob("*")}
    _completed("pets", "li")
    assert before == {path: path.stat().st_mtime_ns for path in home.rglob("*")}


def test_completion_asks_no_server(server: Recorder) -> None:
    """Also an API whose document was fetched is completed from the cache alone."""
    body = json.dumps(_DOCUMENT).encode()
    server.responses["/openapi.json"] = Response(200, body)
    assert 0 == run_cli("api", "add", "remote", f"{server.origin}/openapi.json").exit_code
    asked = len(server.requests)
    assert ["list-pets"] == _completed("remote", "li")
    assert ["list-pets"] == _completed(f"{server.origin}/openapi.json", "li")
    assert [] == _completed(f"{server.origin}/unknown.json", "li")
    assert asked == len(server.requests)


def _entries() -> Iterator[tuple[str, Command]]:
    """Yield each command that completion offers options for, with the words that name it."""
    for entry in COMMANDS.values():
        if entry.name not in {"read", "edit", "request", "replay", "diff"}:  # after which a call stands
            yield from ((f"{entry.name} {command.name}", command) for command in entry.commands)
        if entry.runs and not entry.commands and entry.takes:
            yield entry.name, entry


@pytest.mark.parametrize(("words", "entry"), [(words, entry) for words, entry in _entries()])
def test_the_options_of_a_command_are_completed(words: str, entry: Command) -> None:
    """The long form of each option that its entry has is a candidate, and no other."""
    typed = ["history"] if words == "history list" else words.split()
    found = {line for line in run_cli("__complete", "bash", *typed, "--").stdout.split() if line != "--"}
    listed = {option.flags[-1] for option in entry.all_options}
    assert listed | {"--help"} == found


def test_the_commands_are_completed() -> None:
    """Each command of the table is a candidate for the first word, and each of a group for the word after it."""
    assert set(COMMANDS) <= set(run_cli("__complete", "bash", "").stdout.split())
    for group in ("api", "auth", "cache", "config", "import", "policy"):
        names = {entry.name for entry in COMMANDS[group].commands}
        assert names == set(run_cli("__complete", "bash", group, "").stdout.split())


# Real shells.

_SHOW = """#!/bin/sh
printf '<:'
for word; do printf '<%s>' "$word"; done
printf ':>\\n'
"""


class _Shell:
    """An interactive shell on a terminal of its own.

    Args:
        command: The shell and its words.
        setup: What is typed first.
    """

    def __init__(self, command: list[str], setup: list[str]) -> None:
        show = Path("show")
        show.write_text(_SHOW)
        show.chmod(0o755)
        process, self._terminal = pty.fork()
        if process == 0:  # pragma: no cover - this is the shell's process
            os.execvp(command[0], command)  # noqa: S606
        self._process = process
        self._heard = b""
        self._type("".join(f"{line}\r" for line in setup))
        self.response("./show ready\r")

    def _type(self, text: str) -> None:
        os.write(self._terminal, text.encode())

    def response(self, text: str) -> list[str]:
        """Type something that runs `show`, and return the words that it was given."""
        self._heard = b""
        self._type(text)
        end = time.monotonic() + 30
        while time.monotonic() < end:
            if select.select([self._terminal], [], [], 0.2)[0]:
                try:
                    self._heard += os.read(self._terminal, 65536)
                except OSError:  # the shell has ended
                    break
            found = re.search(rb"<:(.*?):>", self._heard, re.DOTALL)
            if found:
                return re.findall(r"<(.*?)>", found[1].decode())
        return pytest.fail(f"the shell did not respond: {self._heard!r}")

    def completed(self, line: str) -> list[str]:
        """Type a line and the Tab key, and return the words that the line then has.

        The beginning of the line gets a command that shows them.
        """
        return self.response(f"{line}\t\x01./show \r")

    def close(self) -> None:
        with contextlib.suppress(ProcessLookupError):
            os.kill(self._process, signal.SIGKILL)
        os.waitpid(self._process, 0)
        os.close(self._terminal)


_SHELLS = {
    "bash": (["bash", "--norc", "--noprofile", "-i"], ['eval "$(dynacli completion bash)"']),
    "zsh": (
        ["zsh", "-f", "-i"],
        ["autoload -Uz compinit && compinit -D -u", 'eval "$(dynacli completion zsh)"'],
    ),
    "fish": (["fish", "--no-config", "-i"], ["dynacli completion fish | source"]),
}


@pytest.fixture(params=_SHELLS)
def shell(request: pytest.FixtureRequest, pets: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[_Shell]:  # noqa: ARG001
    """A shell that knows how to complete dynacli, in a directory with files of awkward names."""
    command, setup = _SHELLS[request.param]
    if shutil.which(command[0]) is None:
        pytest.skip(f"{command[0]} is not installed")
    monkeypatch.setenv("PATH", f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}")
    monkeypatch.setenv("PS1", "> ")
    monkeypatch.delenv("PROMPT_COMMAND", raising=False)
    for name in ("*", "a file", "list-*"):
        Path(name).write_text("")
    Path("body.json").write_text("{}")
    running = _Shell(command, setup)
    yield running
    running.close()


_LINES = [
    pytest.param("dynacli pet", ["pets"], id="api"),
    pytest.param("dynacli pets li", ["pets", "list-pets"], id="operation"),
    pytest.param("dynacli pets list-pets --sta", ["pets", "list-pets", "--state"], id="option"),
    pytest.param("dynacli pets list-pets --state cl", ["pets", "list-pets", "--state", "closed"], id="value"),
    pytest.param(
        "dynacli pets list-pets --state=cl", ["pets", "list-pets", "--state=closed"], id="joined-value"
    ),
    pytest.param(
        "dynacli pets list-pets --state na", ["pets", "list-pets", "--state", "name:asc"], id="colon"
    ),
    pytest.param(
        "dynacli pets list-pets --state name:a",
        ["pets", "list-pets", "--state", "name:asc"],
        id="behind-a-colon",
    ),
    pytest.param(
        "dynacli pets list-pets --state=name:a",
        ["pets", "list-pets", "--state=name:asc"],
        id="behind-equals-and-colon",
    ),
    pytest.param(
        "dynacli pets list-pets -H 'A: b c' --state cl",
        ["pets", "list-pets", "-H", "A: b c", "--state", "closed"],
        id="behind-quotes",
    ),
    pytest.param("dynacli pets put-pet --body @bod", ["pets", "put-pet", "--body", "@body.json"], id="file"),
    pytest.param(
        "dynacli pets put-pet --body=@bod", ["pets", "put-pet", "--body=@body.json"], id="joined-file"
    ),
    pytest.param("dynacli pets put-pet --bells.", ["pets", "put-pet", "--bells.0.tone"], id="items"),
    pytest.param("dynacli pets put-pet '--bells[0].t", ["pets", "put-pet", "--bells[0].tone"], id="brackets"),
    pytest.param(
        "dynacli pets put-pet '--bells[0].tone' l",
        ["pets", "put-pet", "--bells[0].tone", "low"],
        id="behind-brackets",
    ),
    pytest.param("dynacli ./pets.js", ["./pets.json"], id="document"),
    pytest.param("dynacli ./pets.json li", ["./pets.json", "list-pets"], id="operation-of-a-document"),
    pytest.param("dynacli '*' li", ["*", "list-*"], id="files-where-nothing-else-is"),
]


@pytest.mark.sampled(4)
@pytest.mark.parametrize(("line", "expected"), _LINES)
def test_the_tab_key_completes_in_a_real_shell(line: str, expected: list[str], shell: _Shell) -> None:
    """Typed into Bash, Zsh and Fish, the line gets the word that it must get, and nothing is expanded."""
    assert ["dynacli", *expected] == shell.completed(line)


_TAB = """
dynacli completion powershell | Out-String | Invoke-Expression
$line = $env:TYPED
$found = TabExpansion2 -inputScript $line -cursorColumn $line.Length
$text = $found.CompletionMatches[0].CompletionText
$at = $found.ReplacementIndex
Invoke-Expression ('./show ' + $line.Remove($at, $found.ReplacementLength).Insert($at, $text))
"""
"""What the Tab key does in PowerShell; the line that it makes is given to `show`."""


@pytest.mark.exhaustive
@pytest.mark.usefixtures("pets")
@pytest.mark.skipif(shutil.which("pwsh") is None, reason="PowerShell is not installed")
@pytest.mark.parametrize(
    ("line", "expected"),
    [
        *(row for row in _LINES if row.id not in {"file", "files-where-nothing-else-is"}),
        pytest.param(
            "dynacli pets put-pet --body '@bod", ["pets", "put-pet", "--body", "@body.json"], id="file"
        ),
        pytest.param(
            "dynacli pets put-pet --body '@a", ["pets", "put-pet", "--body", "@a' $(id) file"], id="odd-file"
        ),
    ],
)
def test_the_tab_key_completes_in_powershell(
    line: str, expected: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each line gets the word that it must get, in quotes if PowerShell would do something with it."""
    monkeypatch.setenv("PATH", f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}")
    monkeypatch.setenv("TYPED", line)
    Path("show").write_text(_SHOW)
    Path("show").chmod(0o755)
    for name in ("body.json", "a' $(id) file"):
        Path(name).write_text("{}")
    command = ["pwsh", "-NoProfile", "-NonInteractive", "-Command", _TAB]
    ended = subprocess.run(command, capture_output=True, text=True, check=True)
    assert ["dynacli", *expected] == re.findall(r"<(.*?)>", ended.stdout.removeprefix("<:"))


@pytest.mark.exhaustive
@pytest.mark.usefixtures("pets")
@pytest.mark.parametrize("name", _SHELLS)
def test_the_tab_key_completes_a_tool_of_its_own(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A command line that `bake` has made completes under its own name, before its first run, too."""
    command, setup = _SHELLS[name]
    if shutil.which(command[0]) is None:
        pytest.skip(f"{command[0]} is not installed")
    assert 0 == run_cli("bake", "pet-shop", "--api", "pets", "--out", str(tmp_path / "pet-shop")).exit_code
    monkeypatch.setenv("PATH", f"{tmp_path}{os.pathsep}{os.environ['PATH']}")
    monkeypatch.setenv("PS1", "> ")
    monkeypatch.delenv("PROMPT_COMMAND", raising=False)
    for line, expected in (
        ("list-pets --state cl", ["list-pets", "--state", "closed"]),
        ("describe lis", ["describe", "list-pets"]),
    ):
        shell = _Shell(command, [item.replace("dynacli", "pet-shop") for item in setup])
        try:
            found = shell.completed(f"pet-shop {line}")
        finally:
            shell.close()
        assert ["pet-shop", *expected] == found[: 1 + len(expected)]
