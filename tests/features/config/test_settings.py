"""`dynacli api set` and `dynacli config`: settings are changed one at a time, and nothing else in the file is."""

import os
import tomllib
from pathlib import Path
from typing import Any

import pytest

from dynacli.client.configuration_mistakes import mistakes_in
from dynacli.environment import Environment
from tests.documents import pets, save, serve
from tests.harness import Recorder, assert_ended, run_cli

_TEXT = """\
# Mine

[apis.pets]  # the pets
source = "{source}"
origins = [
  "https://pets.example",  # ours
]
timeout = 5  # seconds

# About others
[apis.pets.profiles.staging]
server = "https://staging.example"

# The end
"""
_TERMINAL = ("stdin", "stderr")


@pytest.fixture
def path() -> Path:
    """The configuration file, with comments in every place."""
    found = Path(os.environ["DYNACLI_CONFIG_DIR"], "config.toml")
    found.parent.mkdir(parents=True, exist_ok=True)
    found.write_text(_TEXT.format(source=Path(save(pets())).resolve()))
    return found


def _entry(path: Path) -> dict[str, Any]:
    entry: dict[str, Any] = tomllib.loads(path.read_text())["apis"]["pets"]
    return entry


@pytest.mark.sampled(3)
@pytest.mark.parametrize(
    ("word", "before", "after"),
    [
        pytest.param("timeout=10", "timeout = 5  # seconds", "timeout = 10  # seconds", id="changed"),
        pytest.param("timeout=2.5", "timeout = 5  # seconds", "timeout = 2.5  # seconds", id="number"),
        pytest.param("timeout=", "timeout = 5  # seconds\n", "", id="removed"),
        pytest.param("rate=", "", "", id="removed-that-is-not-there"),
        pytest.param("policy.deny=", "", "", id="removed-of-a-table-that-is-not-there"),
        pytest.param("retries=3", "# seconds\n", "# seconds\nretries = 3\n", id="added"),
        pytest.param("server=1", "# seconds\n", "# seconds\nserver = 1\n", id="index"),
        pytest.param(
            "origins=https://a.example,https://b.example",
            'origins = [\n  "https://pets.example",  # ours\n]',
            'origins = ["https://a.example", "https://b.example"]',
            id="list-of-several-lines",
        ),
        pytest.param(
            'profiles.staging.headers."X-Team"=tools',
            "# The end\n",
            '# The end\n\n[apis.pets.profiles.staging.headers]\nX-Team = "tools"\n',
            id="new-table",
        ),
        pytest.param(
            'pages."*".items=data',
            "# The end\n",
            '# The end\n\n[apis.pets.pages."*"]\nitems = "data"\n',
            id="quoted-table",
        ),
        pytest.param(
            'policy.deny=["DELETE", "tag:x"]',
            "# The end\n",
            '# The end\n\n[apis.pets.policy]\ndeny = ["DELETE", "tag:x"]\n',
            id="list",
        ),
        pytest.param(
            "policy.read_only=true",
            "# The end\n",
            "# The end\n\n[apis.pets.policy]\nread_only = true\n",
            id="boolean",
        ),
        pytest.param(
            "auth.bearer.token=env:PETS",
            "# The end\n",
            '# The end\n\n[apis.pets.auth.bearer]\ntoken = "env:PETS"\n',
            id="reference",
        ),
    ],
)
@pytest.mark.parametrize("is_inside", [True, False], ids=["api-set", "config-set"])
def test_one_setting_changes_its_own_lines(
    word: str, before: str, after: str, is_inside: bool, path: Path
) -> None:
    """Comments, order and all other lines stay."""
    text = path.read_text()
    words = ["api", "set", "pets", word] if is_inside else ["config", "set", f"apis.pets.{word}"]
    result = run_cli(*words)
    assert (0, "") == (result.exit_code, result.stderr)
    assert text.replace(before, after, 1) == path.read_text()


def test_settings_of_a_profile_are_set_by_its_name(path: Path) -> None:
    """Those of a new profile, too."""
    assert 0 == run_cli("api", "set", "pets", "--profile", "staging", "rate=5/s", "timeout=3").exit_code
    assert 0 == run_cli("api", "set", "pets", "--profile", "new", "server=https://new.example").exit_code
    profiles = _entry(path)["profiles"]
    assert {"server": "https://staging.example", "rate": "5/s", "timeout": 3} == profiles["staging"]
    assert {"server": "https://new.example"} == profiles["new"]


@pytest.mark.parametrize("text", ["", "# nothing\n", "[cache]\nlimit = 1\n", "\r\n[cache]\r\nlimit = 1\r\n"])
def test_settings_of_the_whole_file_are_set(text: str, path: Path) -> None:
    """At its top, and in tables, whatever is there."""
    path.write_bytes(text.encode())
    assert 0 == run_cli("config", "set", "history=off", "cache.limit=500 MiB").exit_code
    assert {"history": "off", "cache": {"limit": "500 MiB"}} == tomllib.loads(path.read_bytes().decode())
    assert "off\n" == run_cli("config", "get", "history").stdout
    assert 0 == run_cli("config", "set", "history", "headers").exit_code
    assert "headers\n" == run_cli("config", "get", "history").stdout


@pytest.mark.parametrize(
    "text",
    [
        'apis.pets.source = "x"\n',
        '[apis]\npets = {source = "x"}\n',
        '[apis."pets"]\nsource = "x"\n',
        '[apis.pets]\nsource = """\n[apis.pets]\n"""\n',
        '[apis.pets]\nsource = "x"',
    ],
    ids=["dotted", "inline", "quoted", "several-lines", "no-line-break"],
)
def test_a_setting_is_written_however_its_table_is(text: str, path: Path) -> None:
    """If it cannot be done by lines, the value alone decides."""
    path.write_text(text)
    assert 0 == run_cli("api", "set", "pets", "timeout=9").exit_code
    assert 9 == _entry(path)["timeout"]


@pytest.mark.parametrize(
    ("word", "message"),
    [
        pytest.param("tiemout=1", "Did you mean `timeout`?", id="unknown-key"),
        pytest.param("x.y.z=1", "`x.y.z` is not a key", id="unknown-table"),
        pytest.param("timeout", "`timeout` sets nothing", id="no-value"),
        pytest.param("=1", "`` is not a key", id="no-key"),
        pytest.param("a b=1", "`a b` is not a key", id="no-such-key"),
        pytest.param("timeout=soon", "It is a number", id="no-number"),
        pytest.param("timeout=-1", "`-1.0` is not a time limit", id="negative-time"),
        pytest.param("profiles.p.timeout=0", "`0` is not a time limit", id="no-time"),
        pytest.param("rate=10x", "`10x` is not a rate. Give requests in a time", id="no-rate"),
        pytest.param("retries=1000", "`1000` is not a number of retries", id="too-many-retries"),
        pytest.param("server=ftp://pets.example", "is not a URL that can be sent to", id="no-server"),
        pytest.param("headers.Host=pets.example", "`Host` belongs to the connection", id="no-header"),
        pytest.param("output=cvs", "`output` must be one of `auto`", id="no-format"),
        pytest.param("retries=-1", "`retries` must be a number", id="negative"),
        pytest.param("policy.read_only=yes", "It is `true` or `false`", id="no-boolean"),
        pytest.param("policy.deny=[1]", "It is a list", id="no-list-of-texts"),
        pytest.param("policy.deny=[", "It is a list", id="no-list"),
        pytest.param("policy.deny=tag:", "`deny` has an empty string", id="empty-tag"),
        pytest.param("validate=hard", "It is one of `off`, `warn`", id="no-choice"),
        pytest.param("auth=sometimes", "`auth` must be one of", id="no-way-of-signing"),
        pytest.param("source=", "needs a `source`", id="no-source"),
        pytest.param("profiles.p=1", "`profiles.p` is not a key", id="a-table"),
        pytest.param("source.x=1", "is not a key", id="below-a-value"),
    ],
)
def test_what_cannot_be_set_is_an_error(word: str, message: str, path: Path) -> None:
    """With the reason; the file stays."""
    text = path.read_text()
    result = run_cli("api", "set", "pets", word)
    assert (2, text) == (result.exit_code, path.read_text())
    assert message in result.stderr


@pytest.mark.parametrize(
    ("word", "hint"),
    [
        pytest.param("auth.bearer.token=Zu7sxGeheim", "`auth.bearer.token=env:NAME`", id="token"),
        pytest.param("auth.o.client_secret=Zu7sxGeheim", "dynacli auth login", id="client-secret"),
        pytest.param("profiles.p.auth.b.password=Zu7sxGeheim", "keyring:SERVICE/USER", id="of-a-profile"),
        pytest.param("profiles.p.headers.Authorization=Zu7sxGeheim", "dynacli auth login", id="header"),
        pytest.param('profiles.p.headers."X-Api-Key"=Zu7sxGeheim', "dynacli auth login", id="key-header"),
        pytest.param("server=https://me:Zu7sxGeheim@pets.example", "dynacli help auth", id="in-a-url"),
        pytest.param("source=https://pets.example/?api_key=Zu7sxGeheim", "dynacli auth login", id="query"),
    ],
)
def test_a_secret_is_never_written(word: str, hint: str, path: Path) -> None:
    """The error says where it belongs, and does not repeat it."""
    text = path.read_text()
    result = run_cli("api", "set", "pets", word)
    assert (2, text) == (result.exit_code, path.read_text())
    assert hint in result.stderr
    assert "Zu7sxGeheim" not in result.stderr


@pytest.mark.parametrize("words", [("api", "set", "pets", "source="), ("config", "set", "apis.pets.source=")])
def test_a_source_is_set_as_it_is_added(words: tuple[str, ...], path: Path, server: Recorder) -> None:
    """A file must be there, and its path is absolute then; of a URL without a document there is a warning."""
    text = path.read_text()
    for wrong, message in (
        ("./missing.json", "There is no file"),
        (".", "is neither a URL nor the path of a document"),
        ("./", "is a directory"),
    ):
        result = run_cli(*words[:-1], f"{words[-1]}{wrong}")
        assert text == path.read_text()
        assert result.exit_code in {2, 8}
        assert message in result.stderr
    other = Path(save(pets(), "other.json")).resolve()
    assert (0, "") == (run_cli(*words[:-1], f"{words[-1]}./other.json").exit_code, result.stdout)
    assert f'source = "{other}"' in path.read_text()
    result = run_cli(*words[:-1], f"{words[-1]}{server.origin}/none.json")
    assert (0, 1) == (result.exit_code, len(server.requests))
    assert "warning: The document of `pets` cannot be read now. " in result.stderr
    assert 0 == run_cli(*words[:-1], f"{words[-1]}{serve(server, pets())}").exit_code
    assert 0 == run_cli("pets").exit_code


@pytest.mark.parametrize("text", ["cache = 1\n", "[[cache]]\nlimit = 1\n"], ids=["value", "list"])
def test_a_table_that_is_something_else_is_left_alone(text: str, path: Path) -> None:
    """There is nowhere to put the key."""
    path.write_text(text)
    result = run_cli("config", "set", "cache.limit=1")
    assert (12, text) == (result.exit_code, path.read_text())
    assert "`cache` is not a table" in result.stderr


def test_values_are_shown(path: Path) -> None:
    """As text for people, as data with `-o json`; secrets that someone wrote by hand are masked."""
    path.write_text(
        f"{path.read_text()}[apis.pets.auth.b]\ntoken = 'Zu7sxGeheim'\nusername = 'env:ME'\n"
        "[apis.pets.profiles.p]\nserver = 'https://a:Zu7sxGeheim@b'\nheaders = {X-Api-Key = 'Zu7sxGeheim'}\n"
    )
    assert "5\n" == run_cli("config", "get", "apis.pets.timeout").stdout
    assert '["https://pets.example"]' in run_cli("config", "get", "apis.pets").stdout.replace(
        "\n", ""
    ).replace("  ", "").replace(",]", "]")
    found = run_cli("config", "get", "-o", "json")
    assert {"token": "***", "username": "env:ME"} == found.json["apis"]["pets"]["auth"]["b"]
    assert {"server": "***", "headers": {"X-Api-Key": "***"}} == found.json["apis"]["pets"]["profiles"]["p"]
    assert "Zu7sxGeheim" not in run_cli("config", "get").stdout
    missing = run_cli("config", "get", "apis.pets.rate")
    assert_ended(missing, 2, "`apis.pets.rate` is not set")
    assert f"{path}\n" == run_cli("config", "path").stdout


def test_a_file_that_is_not_there_is_empty(path: Path) -> None:
    """It is reported if it will be, and made by the first setting."""
    path.unlink()
    assert {} == run_cli("config", "get", "-o", "json").json
    assert 0 == run_cli("config", "set", "history=off").exit_code
    assert 'history = "off"\n' == path.read_text()
    assert 2 == run_cli("api", "set", "pets", "timeout=1").exit_code


@pytest.mark.parametrize("words", [("config", "get"), ("config", "set", "history=off")])
def test_a_broken_file_is_left_alone(words: tuple[str, ...], path: Path) -> None:
    """It cannot be read, and is not written."""
    path.write_text("[apis\n")
    assert 12 == run_cli(*words).exit_code
    assert "[apis\n" == path.read_text()


@pytest.mark.parametrize(
    ("words", "terminal", "stdin", "code"),
    [
        pytest.param(("api", "set", "pets", "policy.deny=POST"), (), b"", 11, id="nobody-can-be-asked"),
        pytest.param(("api", "set", "pets", "policy.deny=", "--yes"), (), b"", 11, id="yes-is-not-enough"),
        pytest.param(("api", "remove", "pets"), (), b"", 11, id="removed-with-the-api"),
        pytest.param(("api", "set", "pets", "policy.deny="), _TERMINAL, b"n\n", 11, id="not-agreed"),
        pytest.param(("api", "set", "pets", "policy.deny="), _TERMINAL, b"y\n", 0, id="agreed"),
        pytest.param(("api", "set", "pets", "profiles.p.policy.read_only=true"), (), b"", 0, id="another"),
        pytest.param(("api", "set", "pets", "timeout=3"), (), b"", 0, id="something-else"),
    ],
)
def test_a_policy_is_changed_by_a_person(
    words: tuple[str, ...], terminal: tuple[str, ...], stdin: bytes, code: int, path: Path
) -> None:
    """Who may be held back by a policy cannot take it away."""
    path.write_text(f"{path.read_text()}[apis.pets.policy]\ndeny = ['DELETE']\n")
    text = path.read_text()
    assert code == run_cli(*words, stdin=stdin, terminal=terminal).exit_code
    assert (code == 0) == (text != path.read_text())


@pytest.mark.parametrize(
    ("editor", "code", "text"),
    [
        pytest.param("sed -i s/Mine/Ours/", 0, "# Ours", id="changed"),
        pytest.param("true", 0, "# Mine", id="unchanged"),
        pytest.param("sed -i s/apis/[/", 12, "# Mine", id="no-toml"),
        pytest.param("false", 2, "# Mine", id="failed"),
        pytest.param("", 2, "# Mine", id="no-editor"),
    ],
)
def test_the_file_is_edited(
    editor: str, code: int, text: str, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In the person's editor; what is not TOML is kept elsewhere."""
    monkeypatch.delenv("VISUAL", raising=False)
    monkeypatch.setenv("EDITOR", editor)
    result = run_cli("config", "edit", terminal=_TERMINAL)
    assert code == result.exit_code
    assert path.read_text().startswith(text)
    assert (code == 12) == ("Your text is saved in `" in result.stderr), result.stderr


MISTAKES = {
    "pages = 3": "`pages` must be tables",
    "timeout = 'x'": "`timeout` must be a number of seconds",
    "timout = 3": "`timout` is not a known key. Did you mean `timeout`?",
    "validate = 'hard'": "`validate` must be one of `off`, `warn`",
    "refresh = 'daily'": "`refresh` must be one of `never`",
    "refresh_after = 'soon'": "`refresh_after` must be a time such as",
    "origins = ['nowhere']": "`origins` has `nowhere`, which is not an origin",
    "overlays = 'a.yaml'": "`overlays` must be a list of strings",
    "pin = 3": "`pin` must be a string",
    "ca = 1": "`ca` must be the name of a file",
    "ignore = [{rule = 'x'}]": "`ignore`: ",
    "auth.bearer.token = 'abc'": "`token` of `auth.bearer` must be a reference",
    "policy.dney = []": "`policy`: `dney` is not a known key",
    "profiles.p.retries = -1": "`retries` must be a number",
    "profiles.p.policy = 1": "`policy`: it must be a table",
}
"""A line of an API's entry that cannot be used → what is reported of it."""


@pytest.mark.parametrize("line", MISTAKES)
def test_what_no_run_could_use_is_not_taken(line: str, path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is shown with its line, and may be edited again; the file stays as it was."""
    monkeypatch.delenv("VISUAL", raising=False)
    monkeypatch.setenv("EDITOR", f'sed -i "/source = /a {line}"')
    before = "# Mine\n[apis.pets]\nsource = 'pets.json'\n"
    path.write_text(before)
    result = run_cli("config", "edit", terminal=_TERMINAL, stdin=b"n\n")
    assert (12, before) == (result.exit_code, path.read_text())
    assert f"line 4: {MISTAKES[line]}" in result.stderr
    assert "Edit it again? [Y/n]" in result.stderr


_SOURCE = "[apis.pets]\nsource = 'pets.json'\n"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("x = 1", ["line 1: `x` is not a known key. Known keys: `apis`, `cache`, `cache_limit`, `history`"]),
        ("history = 'all'", ["line 1: `history` must be one of `off`"]),
        ("cache = 3", ["line 1: `cache` must be a table"]),
        (
            "[cache]\nlimit = 'a'\nlimt = 3",
            ["line 3: `limt` is not a known key", "line 2: `limit` must be a size"],
        ),
        ("apis = 3", ["line 1: `apis` must be a table"]),
        ("[apis]\npets = 3", ["line 2: `pets` must be a table"]),
        ("[apis.'a b']\nsource = 'x'", ["line 1: A name has lower-case letters"]),
        ("[apis.pets]", ["line 1: `pets` has no `source`"]),
        (f"{_SOURCE}profiles = 3", ["line 3: `profiles` must be tables"]),
        (f"{_SOURCE}profiles.p = 3", ["line 3: `apis.pets.profiles.p` must be"]),
        (f"{_SOURCE}[apis.pets.pages.list]\npage = 3", ["line 3: `pages.list`: `page` must be"]),
        (f"{_SOURCE}[apis.pets.pages]\n'*' = {{kind = 1}}", ["line 4: `pages.*`: `kind` is not a known key"]),
        (_SOURCE, []),
    ],
)
def test_each_mistake_of_a_file_has_its_line(text: str, expected: list[str]) -> None:
    """Also of what is around the entries of APIs, where most of a run would not look."""
    found = [mistake.text(text) for mistake in mistakes_in(Environment(), tomllib.loads(text))]
    assert expected == [said[: len(part)] for said, part in zip(found, expected, strict=True)]


def test_what_cannot_be_used_is_edited_again(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Until it can; other mistakes of the file are no reason to refuse a key."""
    monkeypatch.delenv("VISUAL", raising=False)
    path.write_text("[apis.pets]\nsource = 'pets.json'\n")
    script = path.with_name("editor.sh")
    script.write_text(
        "#!/bin/sh\nif grep -q timout $1; then sed -i s/timout/timeout/ $1; else echo 'timout = 3' >> $1; fi\n"
    )
    script.chmod(0o700)
    monkeypatch.setenv("EDITOR", str(script))
    assert 0 == run_cli("config", "edit", terminal=_TERMINAL, stdin=b"y\n").exit_code
    assert "timeout = 3" in path.read_text()
    assert "timout" not in path.read_text()
    path.write_text(path.read_text() + "\n[apis.other]\nsource = 'x.json'\nrefresh = 'daily'\n")
    assert 0 == run_cli("config", "set", "history=off").exit_code
    result = run_cli("config", "set", "apis.pets.refresh_after=soon")
    assert_ended(result, 2, "`refresh_after` must be a time")


def test_an_agent_does_not_edit(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:  # noqa: ARG001
    """Nor is a file edited without a terminal, or that another process changes meanwhile."""
    monkeypatch.setenv("EDITOR", "sed -i s/Mine/Ours/")
    assert 2 == run_cli("config", "edit").exit_code
    monkeypatch.setenv("CLAUDECODE", "1")
    assert 11 == run_cli("config", "edit", terminal=_TERMINAL).exit_code


def test_a_file_that_changes_meanwhile_is_not_replaced(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What another process has written stays, and what the person wrote is kept elsewhere."""
    script = path.with_name("editor.sh")
    script.write_text(f"#!/bin/sh\necho '# Theirs' > '{path}'\necho '# Ours' > \"$1\"\n")
    script.chmod(0o700)
    monkeypatch.setenv("EDITOR", str(script))
    result = run_cli("config", "edit", terminal=_TERMINAL)
    assert (12, "# Theirs\n") == (result.exit_code, path.read_text())
    assert "it was changed meanwhile" in result.stderr


def test_an_empty_policy_is_filled_by_anybody(path: Path) -> None:
    """It holds no one back; and registering the API again, or renaming it, leaves a policy as it is."""
    path.write_text(f"{path.read_text()}[apis.pets.policy]\n")
    assert 0 == run_cli("api", "set", "pets", "policy.deny=DELETE").exit_code
    assert 0 == run_cli("api", "add", "pets", "./api.json").exit_code
    assert 0 == run_cli("api", "rename", "pets", "toys").exit_code
    assert ["DELETE"] == run_cli("config", "get", "apis.toys.policy.deny", "-o", "json").json


_CALLED_WRONG = {
    "timeout": "timeout = 'long'",
    "level": "validate = 'loud'",
    "ignore": "ignore = 5",
    "rate": "rate = 5",
    "policy": "[apis.shop.policy]\ndeny = 5",
    "credential": "[apis.shop.auth.key]\nbogus = 1",
    "profile": "[apis.shop.profiles.staging]\ntimeout = 'long'",
}


@pytest.mark.parametrize("wrong", _CALLED_WRONG.values(), ids=_CALLED_WRONG)
def test_a_refresh_says_what_a_call_would_say_of_the_configuration(wrong: str) -> None:
    """It is the same error with exit code 12, and the document is refreshed anyway."""
    assert 0 == run_cli("api", "add", "shop", save(pets(), "shop.json")).exit_code
    configuration = Path(os.environ["DYNACLI_CONFIG_DIR"], "config.toml")
    configuration.write_text(f"{configuration.read_text()}{wrong}\n")
    profile = ("--profile", "staging") if "profiles" in wrong else ()
    save(pets("9"), "shop.json")
    call = run_cli("shop", "list-pets", "--dry-run", *profile)
    result = run_cli("api", "refresh", "shop", *profile)
    assert (12, 12) == (call.exit_code, result.exit_code)
    assert "shop: " in result.stderr
    assert result.stderr.endswith(call.stderr[call.stderr.index("error: ") :].partition("  try:")[0])
    assert "9" == run_cli("api", "show", "shop", "-o", "json").json["version"]


def test_one_key_chooses_the_format_of_all_apis() -> None:
    """An option, a profile and the API's own key win over it."""
    as_json = run_cli("demo", "list-workflows", "-o", "json").stdout
    as_table = run_cli("demo", "list-workflows", "-o", "table").stdout
    assert as_json != run_cli("demo", "list-workflows").stdout
    assert_ended(run_cli("config", "set", "output=json"), 0)
    assert as_json == run_cli("demo", "list-workflows").stdout
    assert as_table == run_cli("demo", "list-workflows", "-o", "table").stdout
    assert_ended(run_cli("config", "set", "output=xml"), 2, "must be one of")
