"""What a stranger's `.dynacli.toml` may try: each variant in a real directory, and nothing is used, sent or run."""

import hashlib
import io
import json
import os
import shutil
import socket
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from dynacli.__main__ import main
from dynacli.environment import Environment
from dynacli.features.project_file.project_file import trust
from tests.documents import API_KEY, BEARER, api_of, get, pets, save
from tests.harness import Recorder, Result, assert_ended, json_response, run_cli
from tests.registry.surroundings import NOBODY

_FILE = ".dynacli.toml"
_MINIMAL = '[apis.shop]\nsource = "api.json"\n'
_IS_ROOT = os.geteuid() == 0


@pytest.fixture(autouse=True)
def project(home: Path) -> Path:
    """Return a project with a document, which is the working directory."""
    assert home.is_dir()
    save(pets())
    return Path.cwd()


def _write(text: str, directory: str | Path = ".") -> Path:
    path = Path(directory) / _FILE
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return path


def _trust(*words: str) -> Result:
    return run_cli("config", "trust", "--yes", *words)


def _names() -> list[str]:
    return [row["name"] for row in run_cli("api", "list", "-o", "json").json]


def _record(home: Path) -> Path:
    return home / "state" / "projects" / "trusted.json"


# What the file holds.


@pytest.mark.sampled(3)
@pytest.mark.parametrize(
    ("text", "key"),
    [
        ('history = "full"', "history"),
        ('history = "off"', "history"),
        ('output = "json"', "output"),
        ('[cache]\nlimit = "1 KiB"', "cache.limit"),
        ('[hooks]\nbefore = "os:system"', "hooks.before"),
        ("[hooks]", "hooks"),
        ("trusted = true", "trusted"),
        ('[apis.shop]\nsource = "api.json"\nallow_refs = ["/"]', "apis.shop.allow_refs"),
        ('[apis.shop]\nsource = "api.json"\norigins = ["https://evil.example"]', "apis.shop.origins"),
        ('[apis.shop]\nsource = "api.json"\nca = "evil.pem"', "apis.shop.ca"),
        ('[apis.shop]\nsource = "api.json"\npin = "abc"', "apis.shop.pin"),
        ('[apis.shop]\nsource = "api.json"\nhooks = "os:system"', "apis.shop.hooks"),
        ('[apis.shop]\nsource = "api.json"\npolicies = []', "apis.shop.policies"),
        ('[apis.shop]\nsource = "api.json"\nproxy = "http://evil"', "apis.shop.proxy"),
        ('[apis.shop]\nsource = "api.json"\naccept_origin = ["https://evil"]', "apis.shop.accept_origin"),
        ('[apis.shop]\nsource = "api.json"\noutput = "@/tmp/x"', "apis.shop.output"),
        ('[apis.shop]\nsource = "api.json"\nserver = "unix:/run/docker.sock"', "apis.shop.server"),
        ('[apis.shop]\nsource = "api.json"\nserver = "file:///etc"', "apis.shop.server"),
        ('[apis.shop]\nsource = "api.json"\nserver = "UNIX:/run/docker.sock"', "apis.shop.server"),
        (
            '[apis.shop]\nsource = "api.json"\nserver = "{s}:/run/docker.sock"\nserver_vars = {s = "unix"}',
            "apis.shop.server",
        ),
        ('[apis.shop]\nsource = "api.json"\nserver = "https://me:pw@evil.example"', "apis.shop.server"),
        ('[apis.shop]\nsource = "api.json"\nserver = "https://\\u0430pple.com"', "apis.shop.server"),
        ('[apis.shop]\nsource = "api.json"\nserver_vars = {token = "abc"}', "apis.shop.server_vars.token"),
        ('[apis.shop]\nsource = "https://evil.example/o?api_key=abc"', "apis.shop.source"),
        ('[apis.shop]\nsource = "https://me:pw@evil.example/o"', "apis.shop.source"),
        ('[apis.shop]\nsource = "https://[::1"', "apis.shop.source"),
        ('[apis.shop]\nsource = "-"', "apis.shop.source"),
        ('[apis.shop]\nsource = "file:///etc/passwd"', "apis.shop.source"),
        ('[apis.shop]\nsource = "/etc/passwd"', "apis.shop.source"),
        ('[apis.shop]\nsource = "~/.ssh/id_rsa"', "apis.shop.source"),
        ('[apis.shop]\nsource = "unix:/run/docker.sock:/o"', "apis.shop.source"),
        ('[apis.shop]\nsource = "Unix:/run/docker.sock:/o"', "apis.shop.source"),
        ('[apis.shop]\nsource = "api.json"\nmore = ["unix:/run/docker.sock:/o"]', "apis.shop.more"),
        ('[apis.shop]\nsource = "../../../../etc/passwd"', "source"),
        ('[apis.shop]\nsource = "api.json"\nmore = ["../secret.json"]', "more"),
        ('[apis.shop]\nsource = "api.json"\noverlays = ["/etc/passwd"]', "apis.shop.overlays"),
        ('[apis.shop]\nsource = "api.json"\noverlays = ["https://evil.example/o"]', "apis.shop.overlays"),
        (f"{_MINIMAL}[apis.shop.policy]\nadditional = false", "apis.shop.policy.additional"),
        (f'{_MINIMAL}[apis.shop.policy]\napply = "agent"', "apis.shop.policy.apply"),
        (f'{_MINIMAL}[apis.shop.policy]\nreads = ["buy"]', "apis.shop.policy.reads"),
        (f'{_MINIMAL}[apis.shop.auth.a]\ntoken = "s3cret"', "apis.shop.auth.a.token"),
        (f'{_MINIMAL}[apis.shop.auth.a]\ntoken = "command:id"', "apis.shop.auth.a.token"),
        (f'{_MINIMAL}[apis.shop.auth.a]\nkey = "file:/etc/passwd"', "apis.shop.auth.a.key"),
        (f'{_MINIMAL}[apis.shop.auth.a]\npassword = "keyring:a/b"', "apis.shop.auth.a.password"),
        (f'{_MINIMAL}[apis.shop.auth.a]\ntoken = "ENV:HOME"', "apis.shop.auth.a.token"),
        (f'{_MINIMAL}[apis.shop.auth.a]\ntoken = "env:A B"', "apis.shop.auth.a.token"),
        (f'{_MINIMAL}[apis.shop.auth.a]\ntoken = "env:DYNACLI_GITHUB_TOKEN"', "apis.shop.auth.a.token"),
        (f'{_MINIMAL}[apis.shop.auth.a]\ntoken = "env:dynacli_github_token"', "apis.shop.auth.a.token"),
        (f'{_MINIMAL}[apis.shop.auth.a]\ntoken = ["env:HOME"]', "apis.shop.auth.a.token"),
        (f'{_MINIMAL}[apis.shop.auth.a]\nclient_secret = "env:HOME"', "apis.shop.auth.a.client_secret"),
        (f'{_MINIMAL}[apis.shop.auth.a]\ncert = "me.pem"', "apis.shop.auth.a.cert"),
        (f'{_MINIMAL}[apis.shop.auth.a]\npassphrase = "env:HOME"', "apis.shop.auth.a.passphrase"),
        (f'{_MINIMAL}[apis.shop.auth.a]\nsign = "id"', "apis.shop.auth.a.sign"),
        (f'{_MINIMAL}[apis.shop.auth.a]\ncallback_host = "0.0.0.0"', "apis.shop.auth.a.callback_host"),
        (f'{_MINIMAL}[apis.shop.profiles.p]\nca = "evil.pem"', "apis.shop.profiles.p.ca"),
        (f'{_MINIMAL}[apis.shop.profiles.p.auth.a]\nsign = "id"', "apis.shop.profiles.p.auth.a.sign"),
        (f'{_MINIMAL}[apis.shop.profiles.p.headers]\nCookie = "a=b"', "apis.shop.profiles.p.headers.Cookie"),
        (
            f'{_MINIMAL}[apis.shop.profiles.p.headers]\nX-Session-Id = "b"',
            "apis.shop.profiles.p.headers.X-Session-Id",
        ),
        (
            f'{_MINIMAL}[apis.shop.profiles.p.headers]\nX-Api-Key = "b"',
            "apis.shop.profiles.p.headers.X-Api-Key",
        ),
        (f'{_MINIMAL}[apis.shop.profiles.p.query]\napi_key = "b"', "apis.shop.profiles.p.query.api_key"),
        (f'{_MINIMAL}"*" = "x"', "apis.shop.*"),
        (f'{_MINIMAL}[apis.shop."*".a]\ntoken = "env:HOME"', "apis.shop.*.a.token"),
        (f'{_MINIMAL}[apis.shop.auth."*"]\nsign = "id"', "apis.shop.auth.*.sign"),
        (f'{_MINIMAL}[apis.shop.profiles."*"]\nca = "x"', "apis.shop.profiles.*.ca"),
        *(
            (f"{_MINIMAL}[apis.shop.aliases]\nmine = {line!r}", "apis.shop.aliases.mine")
            for line in (
                "add-pet --body @/etc/passwd",
                "add-pet --photo=@/etc/passwd",
                "add-pet --unknown @/etc/passwd",
                "add-pet --inputs=@x",
                "add-pet --set-file a=/etc/passwd",
                "list-pets -o @.bashrc",
                "list-pets -o@.bashrc",
                "list-pets -vo@.bashrc",
                "list-pets -O",
                "list-pets --report json=.bashrc",
                "list-pets --plan plan.json",
                "drop-pets --yes",
                "drop-pets -v --yes",
                "drop-pets --unknown --yes",
                "list-pets --server https://evil.example",
                "list-pets --accept-origin https://evil.example",
                "list-pets --profile=live",
                "list-pets -H 'Authorization: abc'",
                "list-pets 'open",
                "list-pets https://me:pw@evil.example",
            )
        ),
        ("[apis.github.auth]", "github"),
        ("[apis]\nshop = 3", "shop"),
        ("apis = 3", "apis"),
        ('[apis.shop]\nsource = "api.json"\ntimeout = "soon"', "timeout"),
        ('[apis.shop]\nsource = "api.json"\nretries = -1', "retries"),
        ('[apis.shop]\nsource = "api.json"\npolicy = "none"', "policy"),
    ],
)
def test_a_file_with_what_it_must_not_hold_is_refused(text: str, key: str, home: Path) -> None:
    """`config trust` names the key and exits with 12, shows no value that may be a secret, and remembers nothing."""
    _write(text)
    result = _trust()
    assert 12 == result.exit_code, result.stderr
    assert f"`{key}`" in result.stderr
    assert "s3cret" not in result.stderr
    assert not _record(home).exists()
    assert [] == _names()


@pytest.mark.parametrize(
    "name", ["demo", "config", "api", "SHOP", "a b", "../x", "-o", "x.json", "a\\u001b[2J"]
)
def test_a_file_names_no_api_like_a_command(name: str) -> None:
    """A name that no API can have is refused, and nothing in it reaches the terminal."""
    _write(f'[apis."{name}"]\nsource = "api.json"\n')
    result = run_cli("config", "trust", "--yes", terminal=("stderr",))
    assert (12, []) == (result.exit_code, _names())
    assert "\x1b[2J" not in result.stderr


def test_a_key_adds_no_line_to_a_message() -> None:
    """A name with a line break cannot imitate a hint, in a pipe either."""
    _write('"a\\n  hint: run `rm -rf ~`" = 1\n')
    result = _trust()
    assert (12, 3) == (result.exit_code, len(result.stderr.splitlines()))


# What the file is.


def _fifo(path: Path) -> None:
    os.mkfifo(path)


def _socket(path: Path) -> None:
    here = os.getcwd()
    os.chdir(path.parent)  # a socket's path is short
    with socket.socket(socket.AF_UNIX) as bound:
        bound.bind(path.name)
    os.chdir(here)


def _out(path: Path) -> None:
    outside = path.parent.parent / "outside"
    outside.mkdir()
    (outside / "x.toml").write_text(_MINIMAL)
    path.symlink_to(outside / "x.toml")


def _through(path: Path) -> None:
    _out(path.parent / "link")
    path.symlink_to("link")


_SHAPES: dict[str, Callable[[Path], object]] = {
    "a directory": Path.mkdir,
    "a named pipe": _fifo,
    "a socket": _socket,
    "a device": lambda path: path.symlink_to("/dev/zero"),
    "a link out of the project": _out,
    "a link to a link out": _through,
    "a link in a circle": lambda path: path.symlink_to(_FILE),
    "a link to nothing": lambda path: path.symlink_to("missing"),
    "larger than the limit": lambda path: path.write_text(_MINIMAL + "#" * (1 << 14)),
    "no TOML": lambda path: path.write_text("apis = [\n"),
    "no text": lambda path: path.write_bytes(b"\xff\xfe"),
    "keys nested too deeply": lambda path: path.write_text(f"{'a.' * 3_000}a = 1"),
    "tables nested too deeply": lambda path: path.write_text(f"[{'a.' * 3_000}a]"),
    "tables in a profile": lambda path: path.write_text(f"[apis.shop.profiles.{'a.' * 500}a]"),
    "a number of 5,000 digits": lambda path: path.write_text(f"a = {'9' * 5_000}"),
    "a value of 15,000 lines": lambda path: path.write_text(f'a = """{chr(10) * 15_000}"""\n'),
    "nested too deeply": lambda path: path.write_text(f"a = {'[' * 20_000}"),
    "too many APIs": lambda path: path.write_text(
        "".join(f'[apis.a{n}]\nsource = "api.json"\n' for n in range(65))
    ),
}


@pytest.mark.sampled(3)
@pytest.mark.parametrize("shape", _SHAPES)
def test_a_file_that_cannot_be_read_is_refused_and_holds_no_run_up(shape: str) -> None:
    """`config trust` exits with 12 and says why; every other run goes on as if the file were not there."""
    _SHAPES[shape](Path.cwd() / _FILE)
    result = _trust()
    assert_ended(result, 12, "reason: ")
    assert "Traceback" not in result.stderr
    assert [] == _names()
    assert 0 == run_cli("demo", "search-runs", "--range", "7d", "--dry-run").exit_code


@pytest.mark.sampled(3)
@pytest.mark.parametrize("shape", _SHAPES)
def test_a_trusted_file_that_becomes_another_is_not_used(shape: str) -> None:
    """What takes the place of a trusted file is not used, and says so if one of its APIs is asked for."""
    path = _write(_MINIMAL)
    assert 0 == _trust().exit_code
    path.unlink()
    _SHAPES[shape](path.absolute())
    result = run_cli("shop")
    assert (2, []) == (result.exit_code, _names())
    assert _FILE in result.stderr


def test_a_link_inside_the_project_is_followed() -> None:
    """A project may have its file elsewhere in itself; its paths start from where the link is."""
    Path(".git").mkdir()
    Path("tools").mkdir()
    Path("tools/dynacli.toml").write_text(_MINIMAL)
    Path(_FILE).symlink_to("tools/dynacli.toml")
    assert (0, ["shop"]) == (_trust().exit_code, _names())
    Path("tools/dynacli.toml").write_text(_MINIMAL + "#")
    assert [] == _names()


@pytest.mark.skipif(_IS_ROOT, reason="root reads every file")
def test_a_file_that_may_not_be_read_is_refused() -> None:
    """It is an error with a reason, and other runs go on."""
    _write(_MINIMAL).chmod(0)
    result = _trust()
    assert_ended(result, 12, "permission denied")
    assert [] == _names()


def test_a_hard_link_changes_nothing(project: Path) -> None:
    """Under whatever name a file is changed: its content is what was trusted."""
    path = _write(_MINIMAL)
    _trust()
    os.link(path, project.parent / "elsewhere.toml")
    assert ["shop"] == _names()
    with (project.parent / "elsewhere.toml").open("a") as file:
        file.write('server = "https://evil.example"\n')
    assert [] == _names()


# Where the file is.


def test_only_the_nearest_file_up_to_the_repository_counts(project: Path) -> None:
    """A nearer file hides one above it, and one above the directory with `.git` is not looked at."""
    _write(_MINIMAL)
    _trust()
    inner = project / "vendor" / "evil"
    inner.mkdir(parents=True)
    os.chdir(inner)
    assert ["shop"] == _names()
    _write("[apis]\n")
    assert [] == _names()
    Path(_FILE).unlink()
    Path(".git").mkdir()
    assert [] == _names()
    assert 12 == _trust().exit_code


def test_a_repository_whose_git_is_a_file_is_one(project: Path) -> None:
    """Submodules and linked work trees are projects of their own."""
    _write(_MINIMAL)
    _trust()
    (project / "sub" / "deep").mkdir(parents=True)
    (project / "sub" / ".git").write_text("gitdir: ../.git/modules/sub\n")
    os.chdir("sub/deep")
    assert [] == _names()


def test_the_files_of_a_bare_repository_are_not_trusted(project: Path) -> None:
    """A clone can hold a bare repository; a file in it needs trust as any other."""
    bare = project / "fixtures" / "evil.git"
    for name in ("objects", "refs"):
        (bare / name).mkdir(parents=True)
    (bare / "HEAD").write_text("ref: refs/heads/main\n")
    _write(_MINIMAL, bare)
    os.chdir(bare)
    assert [] == _names()


@pytest.mark.parametrize("place", ["home", "above"])
def test_a_file_in_or_above_the_home_directory_is_never_used(
    place: str, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Not by trust either; a directory below home is a project."""
    base = home if place == "home" else home.parent
    path = _write(_MINIMAL, base)
    below = home / "work"
    below.mkdir()
    monkeypatch.chdir(below)
    assert 12 == _trust(str(base)).exit_code
    assert [] == _names()
    monkeypatch.chdir(base)
    assert (12, []) == (_trust().exit_code, _names())
    path.unlink()
    save(pets(), str(below / "api.json"))
    monkeypatch.chdir(below)
    _write(_MINIMAL)
    assert (0, ["shop"]) == (_trust().exit_code, _names())


def test_a_home_directory_behind_a_link_is_the_home_directory(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """`HOME` may be another path of the same directory."""
    link = home.parent / "link"
    link.symlink_to(home)
    monkeypatch.setenv("HOME", str(link))
    _write(_MINIMAL, home)
    monkeypatch.chdir(home)
    assert (12, 12, []) == (_trust().exit_code, _trust(str(home)).exit_code, _names())


def test_a_repository_in_the_home_directory_makes_no_project_of_it(home: Path) -> None:
    """With `~/.git`, as some keep their dotfiles, a file below may still not lead out of its own directory."""
    (home / ".git").mkdir()
    (home / "secret.json").write_text(json.dumps(pets()))
    below = home / "work"
    _write('[apis.shop]\nsource = "../secret.json"\n', below)
    os.chdir(below)
    assert 12 == _trust().exit_code


def test_a_moved_or_copied_project_is_trusted_again(project: Path) -> None:
    """Trust is for a path; the same content elsewhere may mean other documents."""
    _write(_MINIMAL)
    _trust()
    copy = project.parent / "copy"
    shutil.copytree(project, copy)
    os.chdir(copy)
    assert [] == _names()
    os.chdir(project.parent)
    project.rename(project.parent / "moved")
    os.chdir("moved")
    assert [] == _names()


def test_a_directory_reached_through_a_link_is_the_directory(project: Path) -> None:
    """The path of a file is the real one, however the shell got there."""
    _write(_MINIMAL, project / "real")
    save(pets(), "real/api.json")
    Path("link").symlink_to("real")
    assert 0 == _trust("link").exit_code
    os.chdir("link")
    assert ["shop"] == _names()


@pytest.mark.parametrize("name", [".Dynacli.toml", ".DYNACLI.TOML", "dynacli.toml", ".dynacli.toml~"])
def test_no_other_name_is_read(name: str) -> None:
    """Names are compared as they are, and `config trust` takes no other one."""
    Path(name).write_text(_MINIMAL)
    if Path(_FILE).exists():
        pytest.skip("the file system does not tell letters of both cases apart")
    assert (12, []) == (_trust().exit_code, _names())
    assert 2 == _trust(name).exit_code


@pytest.mark.parametrize(
    "name", ["a\nb", "a\x1b]0;owned\x07", "a\u202eb", "a b", "a'b", os.fsdecode(b"a\xffb")]
)
def test_a_path_controls_no_terminal(name: str) -> None:
    """Whatever a directory is called, it is one line on a terminal, and can be trusted and forgotten."""
    directory = Path(name)
    directory.mkdir()
    save(pets(), f"{name}/api.json")
    _write(_MINIMAL, directory)
    os.chdir(directory)
    noted = run_cli("api", "list", terminal=("stderr",))
    assert 1 == len(noted.stderr.splitlines())
    shown = run_cli("config", "trust", "--yes", terminal=("stderr",))
    assert 0 == shown.exit_code
    assert [] == [item for item in ("\x1b]", "\x07", "\u202e") if item in shown.stderr]
    assert ["shop"] == _names()
    run_cli("config", "untrust")
    assert [] == _names()


def test_a_working_directory_that_was_removed_has_no_project() -> None:
    """The run goes on."""
    gone = Path("gone")
    gone.mkdir()
    _write(_MINIMAL)
    os.chdir(gone)
    Path("../gone").rmdir()
    assert 0 == run_cli("--version").exit_code
    assert 12 == _trust().exit_code


# What the person sees, and what is remembered.


def test_what_is_shown_is_what_is_trusted(server: Recorder) -> None:
    """A file that changes while the question is open is not trusted, not even by yes."""
    path = _write(_MINIMAL)

    class _Slow(io.StringIO):
        def readline(self, size: int | None = -1, /) -> str:  # type: ignore[override]
            path.write_text(f'{_MINIMAL}server = "{server.origin}"\n')
            return super().readline(-1 if size is None else size)

        def isatty(self) -> bool:
            return True

    class _Shown(io.StringIO):
        def isatty(self) -> bool:
            return True

    shown = _Shown()
    env = Environment(stdin=_Slow("y\n"), stdout=io.StringIO(), stderr=shown)
    assert 0 == main(["config", "trust"], env)
    assert server.origin not in shown.getvalue()
    result = run_cli("shop", "list-pets")
    assert (2, []) == (result.exit_code, server.requests)
    assert "changed since it was trusted" in result.stderr


def test_all_of_a_file_is_shown_and_nothing_in_it_controls_the_terminal() -> None:
    """Each key is a line with its value; what could hide or fake a line is visible."""
    _write(
        _MINIMAL
        + 'rate = "1/s\\u001b[1A\\u001b[2K"\n[apis.shop.profiles."p\\n  server = \\"https://good\\""]\ntimeout = 1\n'
    )
    result = run_cli("config", "trust", "--yes", terminal=("stderr",))
    assert "\x1b[1A" not in result.stderr
    assert '\n  server = "https://good"' not in result.stderr


def test_names_of_variables_are_shown_and_never_their_values(
    canary: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The variables that would be sent are listed with the origin that gets them, set or not."""
    monkeypatch.setenv("DYNACLI_SHOP_TOKEN", canary)
    monkeypatch.setenv("SHOP_KEY", canary)
    _write(
        '[apis.shop]\nsource = "https://docs.example/o.json"\nserver = "https://{region}.shop.example"\n'
        'server_vars = {region = "eu"}\n[apis.shop.auth.key]\nkey = "env:SHOP_KEY"\ntoken = "env:UNSET"\n'
        '[apis.shop.profiles.test]\nserver = "http://test.example"\n'
    )
    result = _trust()
    assert 0 == result.exit_code, result.stderr
    for line in (
        "https://docs.example",
        "https://eu.shop.example",
        "http://test.example (not encrypted)",
        "SHOP_KEY (set)",
        "UNSET",
        "DYNACLI_SHOP_TOKEN (set)",
        "every variable that begins with DYNACLI_SHOP_",
    ):
        assert f" {line}\n" in result.stderr


def test_nothing_is_sent_or_run_before_trust(
    canary: str, server: Recorder, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Commands that look at all APIs contact no server of an untrusted file, and neither does `config trust`."""
    monkeypatch.setenv("DYNACLI_SHOP_TOKEN", canary)
    _write(f'[apis.shop]\nsource = "{server.origin}/openapi.json"\ndocument_login = "always"\n')
    for words in (
        ("api", "list"),
        ("api", "catalog"),
        ("doctor",),
        ("search", "pets"),
        ("operations",),
        ("shop",),
        ("shop", "list-pets"),
        ("read", "shop", "list-pets"),
        ("api", "refresh", "shop"),
        ("auth", "status"),
        ("mcp", "shop"),
        ("__complete", "bash", ""),
        ("__complete", "bash", "shop", ""),
        ("__refresh", "shop"),
        ("--help",),
        ("config", "trust"),
    ):
        run_cli(*words)
    assert [] == server.requests
    _trust()
    assert [] == server.requests


def test_an_untrusted_file_changes_no_completion() -> None:
    """Its names are candidates only once it is trusted."""
    _write(_MINIMAL)
    assert "shop" not in run_cli("__complete", "bash", "sh").stdout.split()
    _trust()
    assert "shop" in run_cli("__complete", "bash", "sh").stdout.split()
    assert "list-pets" not in run_cli("__complete", "bash", "shop", "list").stdout.split()
    run_cli("shop")
    assert "list-pets" in run_cli("__complete", "bash", "shop", "list").stdout.split()


# The record of trust.


def _forge(home: Path, project: Path) -> Path:
    """Write a record that trusts the file of a project."""
    _write(_MINIMAL)
    _trust()
    assert project == Path.cwd()
    return _record(home)


@pytest.mark.parametrize("mode", [0o620, 0o602, 0o666, 0o640, 0o604])
def test_a_record_that_others_can_use_says_nothing(mode: int, home: Path, project: Path) -> None:
    """Someone else, or another program than dynacli, may have written it."""
    _forge(home, project).chmod(mode)
    assert [] == _names()
    _trust()
    assert (["shop"], 0o600) == (_names(), _record(home).stat().st_mode & 0o777)


@pytest.mark.skipif(not _IS_ROOT, reason="only root gives files away")
def test_a_record_of_another_user_says_nothing(home: Path, project: Path) -> None:
    """It is not what this person trusts."""
    os.chown(_forge(home, project), NOBODY, NOBODY)
    assert [] == _names()


@pytest.mark.sampled(3)
@pytest.mark.parametrize(
    "text",
    [
        "",
        "{",
        "[]",
        '{"format": 2}',
        '{"format": 1, "files": []}',
        '{"format": 1, "files": {"%s": 1}}',
        '{"format": 1, "files": {"%s": {"sha256": 1}}}',
        '{"format": 1, "files": {"%s": {"sha256": "%%s", "origins": 1}}}',
        "[" * 100_000,
    ],
)
def test_a_damaged_record_trusts_nothing(text: str, home: Path, project: Path) -> None:
    """No run ends because of it, and trusting again repairs it."""
    record = _forge(home, project)
    record.write_text(text.replace("%s", str(project / _FILE)))
    assert [] == _names()
    _trust()
    assert ["shop"] == _names()


def test_a_record_that_is_no_file_holds_no_run_up(home: Path, project: Path) -> None:
    """A named pipe in its place is not waited for."""
    record = _forge(home, project)
    record.unlink()
    os.mkfifo(record)
    assert [] == _names()


@pytest.mark.parametrize("state", ["state", "./state", "{project}/state", "{project}/link/state"])
def test_a_record_inside_the_project_says_nothing(
    state: str, home: Path, project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It came with the project, as a state directory that is relative or below it."""
    Path(".git").mkdir()
    _forge(home, project)
    Path("link").symlink_to(".")
    shutil.copytree(home / "state", "state")
    monkeypatch.setenv("DYNACLI_STATE_DIR", state.format(project=project))
    assert [] == _names()
    result = _trust()
    assert_ended(result, 12, "DYNACLI_STATE_DIR")


def test_a_project_of_another_user_is_named_as_such(project: Path) -> None:
    """Its documents can change after trust, which the person should know."""
    _write(_MINIMAL)
    assert "Another user" not in _trust().stderr
    project.chmod(0o777)
    assert "Another user can change the documents" in _trust().stderr


# Documents that move after trust.


def test_a_document_that_becomes_a_link_out_is_not_read(project: Path) -> None:
    """Trust is for paths in the project, whatever they become."""
    _write(_MINIMAL)
    _trust()
    secret = project.parent / "secret.json"
    secret.write_text(json.dumps(pets()))
    Path("api.json").unlink()
    Path("api.json").symlink_to(secret)
    result = run_cli("shop")
    assert (2, []) == (result.exit_code, _names())
    assert "`source` of `shop` leads out of the project" in result.stderr


def test_a_changed_document_gets_no_credential_elsewhere(
    canary: str, server: Recorder, other_server: Recorder, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A document is not part of what is trusted, so its servers get no credential that no one accepted."""
    made = api_of(get("/pets", "listPets"), server=server, schemes={"key": BEARER})
    save({**made, "security": [{"key": []}]})
    _write(f'{_MINIMAL}server = "{server.origin}"\n')
    _trust()
    monkeypatch.setenv("DYNACLI_SHOP_TOKEN", canary)
    server.responses["/pets"] = other_server.responses["/pets"] = json_response([])
    assert 0 == run_cli("shop", "list-pets").exit_code
    assert [f"Bearer {canary}"] == server.last.headers["authorization"]
    refused = run_cli("shop", "list-pets", "--server", "0")
    assert 0 == refused.exit_code
    made["servers"] = [{"url": other_server.origin}]
    save({**made, "security": [{"key": []}]})
    refused = run_cli("shop", "list-pets", "--server", "0")
    assert (11, []) == (refused.exit_code, other_server.requests)


# Names.


@pytest.mark.parametrize(
    ("own", "theirs"),
    [("git-hub", "git_hub"), ("git_hub", "git-hub"), ("git", "git-hub"), ("shop", "shop-token")],
)
def test_an_api_whose_variables_could_be_those_of_yours_is_refused(own: str, theirs: str) -> None:
    """`git-hub` and `git_hub` have the same variables, and those of `git-hub` may be of a scheme of `git`."""
    run_cli("api", "add", own, "./api.json")
    _write(f'[apis.{theirs}]\nsource = "api.json"\n')
    result = _trust()
    assert (12, [own]) == (result.exit_code, _names())
    assert f"`{own}`" in result.stderr


def test_an_api_that_clashes_later_is_no_longer_used() -> None:
    """The person registers the other one after trusting the file."""
    _write('[apis.git_hub]\nsource = "api.json"\n')
    _trust()
    assert ["git_hub"] == _names()
    run_cli("api", "add", "git-hub", "./api.json")
    assert ["git-hub"] == _names()


def test_an_api_of_yours_wins_as_a_whole(server: Recorder, other_server: Recorder) -> None:
    """No key of the project's API of that name is used: no server, no header, no policy."""
    server.responses["/pets"] = json_response([])
    _write(
        f'{_MINIMAL}server = "{other_server.origin}"\n[apis.shop.policy]\ndeny = ["list-pets"]\n'
        f'[apis.shop.profiles.evil]\nserver = "{other_server.origin}"\n'
    )
    _trust()
    save(pets("2"), "mine.json")
    assert 0 == run_cli("api", "add", "shop", "./mine.json", "--server", server.origin).exit_code
    assert (0, []) == (run_cli("shop", "list-pets").exit_code, other_server.requests)
    assert 2 == run_cli("shop", "list-pets", "--profile", "evil").exit_code
    assert "not used: you have an API of this name" in _trust().stderr


def test_an_entry_of_yours_without_a_source_wins_too(home: Path) -> None:
    """What a person wrote before registering an API is not joined with a stranger's file."""
    config = home / "config" / "config.toml"
    config.parent.mkdir(exist_ok=True)
    config.write_text('[apis.shop.auth.key]\nkey = "command:pass show shop"\n')
    _write(_MINIMAL)
    assert "not used: you have an API of this name" in _trust().stderr
    assert [] == _names()


def test_a_stored_credential_goes_nowhere_else(canary: str, server: Recorder, other_server: Recorder) -> None:
    """What was stored for an API of the same name, of the person's or of another project, is bound to its origin."""
    made = api_of(get("/pets", "listPets"), server=server, schemes={"key": API_KEY})
    save({**made, "security": [{"key": []}]})
    run_cli("api", "add", "shop", "./api.json", "--server", server.origin)
    login = ("auth", "login", "shop", "--with-token", "--store", "file")
    assert 0 == run_cli(*login, stdin=canary.encode()).exit_code
    config = Path(os.environ["DYNACLI_CONFIG_DIR"], "config.toml")
    config.unlink()
    _write(f'{_MINIMAL}server = "{other_server.origin}"\n')
    _trust()
    refused = run_cli("shop", "list-pets")
    assert (11, []) == (refused.exit_code, other_server.requests), refused.stderr


# Policies.


def _shop_of(server: Recorder, policy: str) -> None:
    """Register a `prod` of the person's own, with a policy."""
    save(pets("1", server.origin))
    run_cli("api", "add", "prod", "./api.json")
    config = Path(os.environ["DYNACLI_CONFIG_DIR"], "config.toml")
    config.write_text(f"{config.read_text()}\n[apis.prod.policy]\n{policy}\n")


@pytest.mark.sampled(3)
@pytest.mark.parametrize(
    "policy", ["", "[apis.shop.policy]\nread_only = false\n", "[apis.shop.policy]\nallow = ['*']\n"]
)
@pytest.mark.parametrize("source", ["api.json", "copy.json"])
def test_a_policy_of_yours_holds_for_the_apis_of_a_project(
    policy: str, source: str, server: Recorder
) -> None:
    """A file frees its APIs from no policy for the same document or the same server, also with one of its own."""
    _shop_of(server, "read_only = true")
    save(pets("1", server.origin), "copy.json")
    _write(f'[apis.shop]\nsource = "{source}"\nserver = "{server.origin}"\n{policy}')
    assert 0 == _trust().exit_code
    refused = run_cli("shop", "create-pet", "--body", "{}", "--yes")
    assert (11, []) == (refused.exit_code, server.requests), refused.stderr


def test_a_policy_of_a_project_holds_for_its_apis_alone(server: Recorder) -> None:
    """It binds each way to its own APIs, and no API of the person's."""
    server.responses["/pets"] = json_response([])
    _shop_of(server, "confirm = []")
    _write(
        f'[apis.shop]\nsource = "api.json"\nserver = "{server.origin}"\n[apis.shop.policy]\ndeny = ["*"]\n'
    )
    _trust()
    for words in (("shop", "list-pets"), ("read", "shop", "list-pets"), ("request", "shop", "GET", "/pets")):
        assert 11 == run_cli(*words).exit_code
    assert [] == server.requests
    assert 0 == run_cli("prod", "list-pets").exit_code
    assert 0 == run_cli("./api.json", "list-pets").exit_code


@pytest.mark.sampled(3)
@pytest.mark.parametrize(
    "words",
    [
        ("api", "set", "shop", "timeout=3"),
        ("api", "set", "shop", "policy.read_only=false"),
        ("config", "set", "apis.shop.timeout=3"),
        ("api", "remove", "shop"),
        ("api", "rename", "shop", "other"),
        ("api", "pin", "shop"),
        ("api", "refresh", "shop", "--allow-ref", "/"),
        ("ignore", "shop", "type", "--reason", "x"),
        ("auth", "login", "shop", "--scheme", "bearer", "--with-token", "--store", "file"),
    ],
)
def test_no_command_changes_an_api_of_a_project(words: tuple[str, ...], home: Path) -> None:
    """The file is the project's: dynacli says where it is, and writes neither that nor half an entry of its own."""
    text = _write(_MINIMAL).read_text()
    _trust()
    run_cli("shop")
    result = run_cli(*words, stdin=b"t0ken")
    assert 2 == result.exit_code, result.stderr
    assert _FILE in result.stderr
    assert text == Path(_FILE).read_text()
    assert not (home / "config").exists() or [] == [*(home / "config").rglob("*.toml")]


def test_a_call_of_a_project_reaches_no_socket(server: Recorder) -> None:
    """Neither its server variables nor its document choose a socket of this machine."""
    made = pets("1", server.origin)
    url = "{scheme}:/run/docker.sock"
    made["servers"] = [{"url": url, "name": url, "variables": {"scheme": {"default": "unix"}}}]
    save(made)
    _write('[apis.shop]\nsource = "api.json"\nserver = 0\nserver_vars = {scheme = "unix"}\n')
    assert 0 == _trust().exit_code
    result = run_cli("shop", "list-pets")
    assert_ended(result, 2, "chooses a socket")


def test_two_trusts_at_once_are_both_remembered(project: Path) -> None:
    """The record is changed by one process at a time."""
    env, paths = Environment(), [str(project / str(number) / _FILE) for number in range(8)]
    with ThreadPoolExecutor(len(paths)) as pool:
        for done in [pool.submit(trust, env, path, "0" * 64) for path in paths]:
            done.result()
    record = Path(env.state_dir, "projects", "trusted.json")
    assert {*paths} == {*json.loads(record.read_text())["files"]}


def test_what_cannot_be_remembered_is_an_error(home: Path) -> None:
    """A state directory that is a file: exit 12, and the file is not used."""
    (home / "state").write_text("")
    _write(_MINIMAL)
    result = _trust()
    assert (12, []) == (result.exit_code, _names())
    assert "trusted.json` cannot be written" in result.stderr


@pytest.mark.parametrize(
    "words",
    [
        ("api", "refresh", "shop"),
        ("api", "show", "shop"),
        ("shop", "list-pets"),
        ("search", "list", "pets"),
        ("mcp",),
    ],
)
def test_an_error_about_an_api_says_that_a_file_is_not_used(words: tuple[str, ...]) -> None:
    """The person may have meant an API of it; no word in the file is looked at for that."""
    _write("this is no TOML [")
    result = run_cli(*words)
    assert_ended(result, 2, "because it is not trusted")
    assert "config trust" in result.stderr


@pytest.mark.parametrize(
    "more",
    [
        '[apis.shop.auth.key]\nsign = "touch ran"\n',
        '[apis.shop.auth.key]\nkey = "command:touch ran"\n',
        'allow_refs = ["/"]\n',
        'origins = ["{origin}"]\n',
    ],
)
def test_what_a_file_must_not_hold_is_not_used_although_it_is_trusted(
    more: str, home: Path, project: Path, server: Recorder
) -> None:
    """The rules are those of the version that uses a file, whatever another version let a person trust."""
    record = _forge(home, project)
    path = _write(f"{_MINIMAL}{more.replace('{origin}', server.origin)}")
    forged = json.loads(record.read_text())
    forged["files"][str(project / _FILE)]["sha256"] = hashlib.sha256(path.read_bytes()).hexdigest()
    record.write_text(json.dumps(forged))
    result = run_cli("shop", "list-pets", "--server", server.origin)
    assert (2, [], []) == (result.exit_code, _names(), server.requests)
    assert "is not used: line 3" in result.stderr or "is not used: line 4" in result.stderr
    assert not Path("ran").exists()
