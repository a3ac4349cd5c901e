"""`.dynacli.toml`: a project's own APIs, used only once a person has trusted this content at this path."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from mcp import Client
from mcp_types import CallToolResult

from dynacli import open_api
from dynacli.auth.references import _KEYS as _AUTH_KEYS
from dynacli.client.configuration_mistakes import _ENTRY_KEYS
from dynacli.client.profiles import PROFILE_KEYS
from dynacli.commands.setting_keys import _KINDS
from dynacli.environment import Environment, Program, become
from dynacli.errors import RefusedError
from dynacli.features.project_file.project_file import ALLOWED, REFUSED, refusals
from dynacli.registry.configuration import Configuration
from tests.documents import BEARER, api_of, get, pets, save
from tests.features.explorer.exploring import explored, exploring
from tests.features.mcp.clients import converse
from tests.harness import Recorder, Result, assert_ended, json_response, run_cli

_FILE = ".dynacli.toml"
_TERMINAL = ("stdin", "stderr")


def _write(text: str, directory: Path | None = None) -> Path:
    path = (directory or Path.cwd()) / _FILE
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return path


def _shop(server: str = "") -> str:
    save(pets())
    line = f'server = "{server}"\n' if server else ""
    return f'[apis.shop]\nsource = "api.json"\n{line}'


def _trust(*words: str) -> Result:
    return run_cli("config", "trust", "--yes", *words)


def _names() -> list[str]:
    return [row["name"] for row in run_cli("api", "list", "-o", "json").json]


def test_a_file_is_used_once_a_person_has_trusted_it(server: Recorder) -> None:
    """Before `config trust` there is no such API and the error says why; afterwards it is called as any other."""
    server.responses["/pets"] = json_response([])
    path = _write(_shop(server.origin))
    before = run_cli("shop", "list-pets")
    assert (2, 0) == (before.exit_code, len(server.requests))
    assert f"`{path}` is not used, because it is not trusted" in before.stderr
    assert "dynacli config trust" in before.stderr
    assert [] == _names()
    assert 0 == _trust().exit_code
    assert ["shop"] == _names()
    after = run_cli("shop", "list-pets")
    assert (0, "/pets") == (after.exit_code, server.last.target)


def test_a_person_is_asked_about_what_is_shown() -> None:
    """On a terminal the file is shown whole, then a question; anything but yes trusts nothing."""
    _write(_shop("https://shop.example") + 'timeout = 5\n[apis.shop.policy]\ndeny = ["DELETE"]\n')
    no = run_cli("config", "trust", stdin=b"\n", terminal=_TERMINAL)
    assert ([], 11) == (_names(), no.exit_code)
    for line in (
        'source = "api.json"',
        'server = "https://shop.example"',
        "timeout = 5",
        'policy.deny = ["DELETE"]',
        "https://shop.example",
        "every variable that begins with DYNACLI_SHOP_",
    ):
        assert f" {line}\n" in no.stderr
    assert 1 == no.stderr.count("[y/N]")
    yes = run_cli("config", "trust", stdin=b"y\n", terminal=_TERMINAL)
    assert (["shop"], 0) == (_names(), yes.exit_code)


def test_without_a_terminal_trust_needs_yes() -> None:
    """A script that does not say `--yes` is refused."""
    _write(_shop())
    result = run_cli("config", "trust", stdin=b"y\n")
    assert (11, []) == (result.exit_code, _names())
    assert "--yes" in result.stderr


@pytest.mark.parametrize("name", ["CLAUDECODE", "CODEX_SANDBOX", "AI_AGENT"])
@pytest.mark.parametrize("terminal", [(), _TERMINAL])
def test_an_agent_trusts_nothing(
    name: str, terminal: tuple[str, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    """An agent is refused, also with `--yes` and on a terminal, but uses what a person has trusted."""
    _write(_shop())
    monkeypatch.setenv(name, "1")
    result = run_cli("config", "trust", "--yes", stdin=b"y\n", terminal=terminal)
    assert (11, []) == (result.exit_code, _names())
    monkeypatch.delenv(name)
    _trust()
    monkeypatch.setenv(name, "1")
    assert ["shop"] == _names()


def test_a_changed_file_is_trusted_again() -> None:
    """Any change ends trust, and going back to the trusted content restores it."""
    path = _write(_shop())
    _trust()
    text = path.read_text()
    path.write_text(text + "# \n")
    assert [] == _names()
    assert "changed since it was trusted" in run_cli("shop").stderr
    path.write_text(text)
    assert ["shop"] == _names()


def test_untrust_forgets_a_file() -> None:
    """After `config untrust` the file is ignored, and it can be named after it was removed."""
    path = _write(_shop())
    _trust()
    assert 0 == run_cli("config", "untrust").exit_code
    assert [] == _names()
    _trust()
    text = path.read_text()
    path.unlink()
    assert 0 == run_cli("config", "untrust", ".").exit_code
    path.write_text(text)
    assert [] == _names()


def test_an_untrusted_file_is_one_note_on_a_terminal() -> None:
    """The note comes once, and never in a pipe."""
    path = _write(_shop())
    words = ("api", "list")
    assert 1 == run_cli(*words, terminal=("stderr",)).stderr.count(f"{path}")
    assert "" == run_cli(*words).stderr


def test_what_is_trusted_is_remembered_for_its_owner_alone(home: Path) -> None:
    """The record has path and SHA-256, and only its owner can read it."""
    path = _write(_shop())
    _trust()
    record = home / "state" / "projects" / "trusted.json"
    assert 0o600 == record.stat().st_mode & 0o777
    assert [str(path)] == list(json.loads(record.read_text())["files"])


def test_each_list_of_apis_says_where_an_api_is_from(home: Path) -> None:
    """`api list`, `api show`, `doctor` and `config path` name the project file that is used."""
    path = _write(_shop())
    _trust()
    run_cli("api", "add", "mine", "./api.json")
    config = home / "config" / "config.toml"
    rows = run_cli("api", "list", "-o", "json").json
    assert {"mine": str(config), "shop": str(path)} == {row["name"]: row["configuration"] for row in rows}
    assert [f"{path.parent / 'api.json'}, from {_FILE}"] == [
        line.rpartition("  ")[2] for line in run_cli("api", "list").stdout.splitlines() if "shop" in line
    ]
    assert str(path) == run_cli("api", "show", "shop", "-o", "json").json["configuration"]
    assert f"  from        {path}\n" in run_cli("api", "show", "shop").stdout
    assert run_cli("api", "show", "demo", "-o", "json").json["configuration"] is None
    shown = run_cli("config", "path")
    assert (f"{config}\n", f"Project file: {path}\n") == (shown.stdout, shown.stderr)


@pytest.mark.parametrize(
    ("text", "is_trusted", "message", "is_well"),
    [
        ("", False, "`{path}` is not used, because it is not trusted", True),
        ("", True, "{path}, 1 API", True),
        ("# changed", True, "`{path}` is not used, because it has changed since it was trusted", True),
    ],
)
def test_doctor_checks_the_project_file(text: str, is_trusted: bool, message: str, is_well: bool) -> None:
    """It says whether the file is used, and why not; one that is not trusted is no fault."""
    path = _write(_shop())
    if is_trusted:
        _trust()
    path.write_text(path.read_text() + text)
    checks = {row["name"]: row for row in run_cli("doctor", "-o", "json").json["checks"]}
    assert (message.format(path=path), is_well) == (
        checks["project file"]["message"],
        checks["project file"]["ok"],
    )


def test_a_trusted_file_that_cannot_be_used_is_a_fault(home: Path) -> None:
    """`doctor` ends with 12 if a trusted file is one that this version refuses, and says why."""
    path = _write(_shop())
    _trust()
    path.unlink()
    path.symlink_to(home / "elsewhere.toml")
    result = run_cli("doctor", "-o", "json")
    check = next(row for row in result.json["checks"] if row["name"] == "project file")
    assert 12 == result.exit_code
    assert not check["ok"]
    assert "out of the project" in check["message"]


def test_a_broken_configuration_is_an_error_of_its_own(home: Path) -> None:
    """`config path` works beside a project file, and a call says what is wrong with the configuration."""
    _write(_shop())
    _trust()
    config = home / "config" / "config.toml"
    config.parent.mkdir()
    config.write_text("apis = [")
    assert (0, f"{config}\n") == (run_cli("config", "path").exit_code, run_cli("config", "path").stdout)
    assert 0 == run_cli("--help", terminal=("stderr",)).exit_code
    assert 12 == run_cli("shop").exit_code
    assert 12 == _trust().exit_code


def test_an_origin_is_accepted_once(server: Recorder, canary: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A person who lets credentials go to a server of the document is not asked again until the file changes."""
    made = api_of(get("/pets", "listPets"), server=server, schemes={"key": BEARER})
    save({**made, "security": [{"key": []}]})
    path = _write('[apis.shop]\nsource = "api.json"\n')
    server.responses["/pets"] = json_response([])
    monkeypatch.setenv("DYNACLI_SHOP_TOKEN", canary)
    _trust()
    call = ("shop", "list-pets")
    assert (11, []) == (run_cli(*call).exit_code, server.requests)
    asked = run_cli(*call, stdin=b"y\n", terminal=_TERMINAL)
    assert (0, 1) == (asked.exit_code, asked.stderr.count("[y/N]"))
    _trust()
    assert 0 == run_cli(*call).exit_code
    path.write_text(path.read_text() + "# again")
    _trust()
    assert 11 == run_cli(*call).exit_code


def test_each_way_to_call_knows_the_apis_of_a_project(server: Recorder) -> None:
    """`batch`, `replay`, `describe`, `search`, `check`, the Python library and a policy of the file."""
    server.responses["/pets"] = json_response([])
    _write(_shop(server.origin) + '[apis.shop.policy]\ndeny = ["create-pet"]\n')
    _trust()
    Path("rows.ndjson").write_text("{}\n")
    for words in (
        ("batch", "shop", "list-pets", "rows.ndjson"),
        ("shop", "list-pets"),
        ("replay", "1"),
        ("describe", "shop", "list-pets"),
        ("search", "list pets"),
        ("policy", "explain", "shop", "list-pets"),
        ("operations",),
    ):
        assert 0 == run_cli(*words).exit_code, words
    with open_api("shop") as api:
        assert [] == api.call("list-pets").data
        with pytest.raises(RefusedError, match="the policy denies it"):
            api.call("create-pet", body={})
    assert {"GET"} == {request.method for request in server.requests}
    explained = run_cli("policy", "explain", "shop", "create-pet", "-o", "json").json
    assert str(Path.cwd() / _FILE) == explained["decided_by"]["file"]
    assert 5 == explained["decided_by"]["line"]
    denied = run_cli("shop", "create-pet", "--body", "{}")
    assert f"in `{_FILE}`" in denied.stderr


def test_a_baked_tool_reads_no_project_file(server: Recorder) -> None:
    """It is bound to one API, with the settings and the policy that it was made with."""
    _write(_shop(server.origin))
    _trust()
    before = become(Program(name="shop", api="shop", entry={"source": str(Path("api.json").absolute())}))
    try:
        assert "" == Environment().project_file
    finally:
        become(before)


def _decided(path: tuple[str, ...]) -> bool:
    tables = (*ALLOWED, *REFUSED)
    return any(
        len(path) >= len(table)
        and all("*" in pair or pair[0] == pair[1] for pair in zip(path, table, strict=False))
        for table in tables
    )


def test_each_key_of_the_configuration_is_allowed_or_refused() -> None:
    """Whoever adds a key to the configuration decides whether a stranger's file may have it, and says so in a table."""
    of_calls = [*((key,) for key in PROFILE_KEYS), *(("auth", "*", key) for key in _AUTH_KEYS)]
    of_api = [*((key,) for key in _ENTRY_KEYS), *of_calls, *(("profiles", "*", *path) for path in of_calls)]
    keys = {*_KINDS, ("cache",), ("history",), *(("apis", "*", *path) for path in of_api)}
    tables = {
        ("aliases",),
        ("policy",),
        ("server_vars",),
        ("profiles",),
        ("pages",),
        ("resources",),
        ("headers",),
        ("query",),
    }
    leaves = [path for path in keys if path[-1:] not in tables]
    assert [] == sorted(path for path in leaves if not _decided(path))
    assert [] == sorted(set(ALLOWED) & set(REFUSED))


def test_a_key_that_nobody_has_decided_about_is_refused() -> None:
    """The table is one of what is allowed: what is missing there is refused, wherever it stands."""
    for path in (
        ("new",),
        ("apis", "shop", "new"),
        ("apis", "shop", "auth", "a", "new"),
        ("apis", "shop", "policy", "new"),
    ):
        tables: dict[str, Any] = {"apis": {"shop": {"source": "api.json"}}}
        inner = tables
        for part in path[:-1]:
            inner = inner.setdefault(part, {})
        values: tuple[Any, ...] = ("x", 1, True, [], {}, {"deeper": 1})
        for value in values:
            inner[path[-1]] = value
            assert [".".join(path)] == [".".join(found[: len(path)]) for found, _ in refusals(tables)]


def test_without_a_file_each_directory_is_looked_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """A run with no project file costs one look in each directory above, however often the APIs are asked for."""
    deep = Path("a/b/c")
    deep.mkdir(parents=True)
    monkeypatch.chdir(deep)
    looked: list[str] = []
    exists = os.path.lexists

    def look(path: str) -> bool:
        looked.append(path)
        return exists(path)

    monkeypatch.setattr(os.path, "lexists", look)
    env = Environment()
    for _ in range(3):
        Configuration(env).apis()
    here = Path.cwd()
    assert [str(parent / _FILE) for parent in (here, *here.parents)] == looked


def test_without_a_file_nothing_more_is_imported() -> None:
    """The module that reads project files is loaded only where there is one."""
    code = (
        "import sys; from dynacli.environment import Environment; "
        "from dynacli.registry.configuration import Configuration; Configuration(Environment()).apis(); "
        "sys.exit('dynacli.features.project_file.project_file' in sys.modules)"
    )
    assert 0 == subprocess.run([sys.executable, "-c", code], check=False).returncode
    _write("")
    assert 1 == subprocess.run([sys.executable, "-c", code], check=False).returncode


def test_an_agent_over_mcp_has_the_apis_of_a_trusted_file(server: Recorder) -> None:
    """They are served with their policy, from the moment of trust on, and an untrusted file serves nothing."""
    server.responses["/pets"] = json_response([])
    _write(_shop(server.origin) + '[apis.shop.policy]\ndeny = ["create-pet"]\n')

    run_cli("api", "add", "mine", "./api.json")

    async def act(client: Client) -> list[CallToolResult]:
        before = await client.call_tool("call", {"api": "shop", "operation": "list-pets"})
        _trust()
        operations = ("list-pets", "create-pet")
        calls = [{"api": "shop", "operation": name, "inputs": {}} for name in operations]
        after = [await client.call_tool("call", call) for call in calls]
        run_cli("config", "untrust")
        return [before, *after, await client.call_tool("call", calls[0])]

    before, called, denied, again = converse(["--write"], act)
    assert [True, False, True, True] == [bool(result.is_error) for result in (before, called, denied, again)]
    assert "policy" in str(denied.content)
    assert ["GET"] == [request.method for request in server.requests]


@pytest.mark.exhaustive
def test_an_explorer_opens_an_api_of_a_trusted_file(server: Recorder) -> None:
    """The policy of the file holds there, too."""
    _write(_shop(server.origin) + '[apis.shop.policy]\ndeny = ["list-pets"]\n')
    _trust()

    async def work() -> None:
        async with exploring("shop") as explorer:
            await explorer.open("list-pets")
            await explorer.press("f5")
            await explorer.until(lambda: "the policy denies it" in explorer.screen)

    explored(work())
    assert [] == server.requests


@pytest.mark.exhaustive
def test_a_tool_that_is_baked_takes_the_policies_along(server: Recorder, tmp_path: Path) -> None:
    """That of the file, and that of an API of the person's with the same server."""
    _write(_shop(server.origin) + '[apis.shop.policy]\ndeny = ["create-pet"]\n')
    _trust()
    run_cli("api", "add", "prod", "./api.json", "--server", server.origin)
    config = Path(os.environ["DYNACLI_CONFIG_DIR"], "config.toml")
    config.write_text(f'{config.read_text()}\n[apis.prod.policy]\ndeny = ["get-pet"]\n')
    tool = tmp_path / "petshop"
    assert 0 == run_cli("bake", "petshop", "--api", "shop", "--out", str(tool)).exit_code
    os.chdir(tmp_path)
    for words in (("create-pet", "--body", "{}"), ("get-pet", "1")):
        done = subprocess.run(
            [sys.executable, str(tool), *words], capture_output=True, text=True, check=False
        )
        assert 11 == done.returncode, done.stderr
        assert "policy" in done.stderr, done.stderr
    assert [] == server.requests


def test_a_message_names_the_file_that_a_person_edits(server: Recorder) -> None:
    """A hint about a key of an API of the project is about the project's file."""
    _write(_shop(server.origin))
    _trust()
    refused = run_cli("shop", "list-pets", "--profile", "test")
    assert f"Write `[apis.shop.profiles.test]` in `{_FILE}`" in refused.stderr


def test_registering_an_api_of_the_same_name_says_what_it_hides() -> None:
    """From then on it is the person's own, and the file's is not used."""
    path = _write(_shop())
    _trust()
    added = run_cli("api", "add", "shop", "./api.json")
    assert_ended(added, 0, f"It is used instead of `shop` of {path}\n")
    assert 0 == run_cli("api", "set", "shop", "timeout=3").exit_code


def test_a_person_signs_in_to_an_api_of_a_project(server: Recorder, canary: str) -> None:
    """What is stored is bound to the server that the trusted file names."""
    made = api_of(get("/pets", "listPets"), server=server, schemes={"key": BEARER})
    save({**made, "security": [{"key": []}]})
    _write(f'[apis.shop]\nsource = "api.json"\nserver = "{server.origin}"\n')
    _trust()
    server.responses["/pets"] = json_response([])
    login = ("auth", "login", "shop", "--with-token", "--store", "file")
    assert 0 == run_cli(*login, stdin=canary.encode()).exit_code
    assert 0 == run_cli("shop", "list-pets").exit_code
    assert [f"Bearer {canary}"] == server.last.headers["authorization"]
    assert [[server.origin]] == [row["origins"] for row in run_cli("auth", "status", "-o", "json").json]
    read = run_cli("read", "shop", "list-pets")
    assert 0 == read.exit_code, read.stderr
