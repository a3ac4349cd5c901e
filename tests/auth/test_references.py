"""References: a configuration says where the secret of a scheme is, and never holds it."""

import json
import shlex
import sys
from base64 import b64encode
from pathlib import Path

import pytest

from dynacli.auth import references
from tests.auth.fake_keyring import Keyring
from tests.auth.shop import Shop
from tests.documents import API_KEY, BASIC, BEARER
from tests.harness import run_cli

WRITE = "import sys; sys.stdout.write(open(sys.argv[1]).read())"


def command(code: str, *words: str) -> str:
    """Return the reference for a command that runs Python."""
    return "command:" + shlex.join([sys.executable, "-S", "-c", code, *words])


def toml(**keys: str) -> str:
    """Return the table of the scheme `auth` with references."""
    return "\n".join(["[apis.shop.auth.auth]", *(f"{key} = {json.dumps(keys[key])}" for key in keys)])


@pytest.mark.parametrize("form", ["env", "file", "command", "keyring"])
def test_a_reference_leads_to_the_credential(
    shop: Shop,
    home: Path,
    tmp_path: Path,
    canary: str,
    ring: Keyring,
    form: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """It is read for the call alone, counts before the store, and `auth explain` names it."""
    shop.register({"auth": BEARER}, [{"auth": []}])
    run_cli("auth", "login", "shop", "--with-token", stdin=b"stored-token")
    file = tmp_path / "secret.txt"
    file.write_text(f"{canary}\n")
    monkeypatch.setenv("SHOP_SECRET", canary)
    ring.kept["safe/shop me"] = canary
    reference = {
        "env": "env:SHOP_SECRET",
        "file": f"file:{file}",
        "command": command(WRITE, str(file)),
        "keyring": "keyring:safe/shop/me",
    }[form]
    shop.configure(home, toml(token=reference))
    assert 0 == shop.call("-v").exit_code
    assert [f"Bearer {canary}"] == shop.server.last.headers["authorization"]
    explained = run_cli("auth", "explain", "shop", "list-items", "-o", "json").json
    (scheme,) = explained["alternatives"][0]["schemes"]
    shown = reference if form != "command" else f"command:{sys.executable}"
    assert (f"the reference `{shown}`", "present") == (scheme["source"], scheme["state"])


def test_each_kind_of_scheme_has_keys_of_its_own(
    shop: Shop, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """User name and password are two references; a profile has its own table, applied to that of the API."""
    shop.register({"auth": BASIC}, [{"auth": []}])
    monkeypatch.setenv("NAME", "me")
    monkeypatch.setenv("SECRET", "sesame-1")
    monkeypatch.setenv("OTHER", "sesame-2")
    shop.configure(home, toml(username="env:NAME", password="env:SECRET"))
    shop.configure(home, '[apis.shop.profiles.test.auth.auth]\npassword = "env:OTHER"')

    def sent(*words: str) -> str:
        assert 0 == shop.call(*words).exit_code
        return str(shop.server.last.headers["authorization"][0])

    assert "Basic " + b64encode(b"me:sesame-1").decode() == sent()
    assert "Basic " + b64encode(b"me:sesame-2").decode() == sent("--profile", "test")
    monkeypatch.setenv("NAME", "me:you")
    assert 10 == shop.call().exit_code


def test_keys_that_are_not_of_the_scheme_give_nothing(shop: Shop, home: Path) -> None:
    """A token is not what an API key or a user has."""
    for scheme, key in ((API_KEY, "token"), (BASIC, "token"), (BEARER, "key")):
        shop.register({"auth": scheme}, [{"auth": []}])
        shop.configure(home, toml(**{key: "env:HOME"}))
        assert 10 == shop.call().exit_code
        run_cli("api", "remove", "shop", "--yes")


@pytest.mark.sampled(3)
@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ('token = "CANARY"', "no secret is stored here"),
        ('token = "CANARY:CANARY"', "no secret is stored here"),
        ("password = 5", "no secret is stored here"),
        ('token = "env:"', "has nothing after `env:`"),
        ('token = "command:"', "has no command"),
        ('token = "command:a \'b"', "that is not closed"),
        ('token = "keyring:a"', "is `keyring:SERVICE/USER`"),
        ('tokn = "env:A"', "`tokn` of `auth.auth` is not a known key"),
        ("client_id = 5", "is a text"),
        ("scopes = [5]", "must be a string, or a list of strings"),
        ("callback_port = true", "must be a port number"),
        ('sign = "a \'b"', "that is not closed"),
        ("sign = []", "must be a string, or a list of strings"),
    ],
)
def test_a_table_that_cannot_be_used_is_refused(
    shop: Shop, home: Path, canary: str, line: str, expected: str
) -> None:
    """A literal secret above all: the message says how to do it, and does not show it."""
    shop.register({"auth": BEARER}, [{"auth": []}])
    # A literal secret stands in the file, where the canary must not be.
    secret = canary.replace("canary", "literal")
    shop.configure(home, f"[apis.shop.auth.auth]\n{line.replace('CANARY', secret)}")
    result = shop.call()
    assert (12, []) == (result.exit_code, shop.server.requests)
    assert expected in result.stderr
    assert secret not in result.stderr


def test_tables_that_can_be_used_are_not_refused(shop: Shop, home: Path) -> None:
    """Every key has a value that is right."""
    shop.register({"auth": BEARER}, [])
    shop.configure(home, toml(client_id="me", scopes="a b", sign="x y") + "\ncallback_port = 80")
    assert 0 == shop.call().exit_code


@pytest.mark.sampled(5)
@pytest.mark.parametrize(
    ("reference", "expected"),
    [
        ("env:NOT_SET", "gives nothing"),
        ("file:none.txt", "No such file"),
        ("file:a\0b", "is not a path"),
        ("file:latin.txt", "is not text in UTF-8"),
        ("file:lines.txt", "holds a control character"),
        ("file:large.txt", "larger than 1 MiB"),
        ("keyring:none/none", "gives nothing"),
        ("command:/none", "No such file"),
        (command("raise SystemExit(3)"), "ended with exit code 3"),
        (command("print(2 * 2**19 * 'a')"), "wrote more than 1 MiB"),
        (command("print()"), "gives nothing"),
        (command("import time; time.sleep(600)"), "took longer than"),
    ],
    ids=lambda text: text.replace(sys.executable, "python"),
)
@pytest.mark.usefixtures("ring")
def test_a_reference_that_leads_to_nothing_ends_the_call(
    shop: Shop, home: Path, reference: str, expected: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing is sent, not even by what is stored: the person has said where the credential is."""
    shop.register({"auth": BEARER}, [{"auth": []}])
    run_cli("auth", "login", "shop", "--with-token", stdin=b"stored-token")
    config = home / "config"
    (config / "latin.txt").write_bytes(b"\xe4")
    (config / "lines.txt").write_text("one\ntwo")
    (config / "large.txt").write_text("a" * (2**20 + 1))
    shop.configure(home, toml(token=reference))
    if "sleep" in reference:
        monkeypatch.setattr(references, "SECONDS", 0.1)
    result = shop.call()
    assert (10, []) == (result.exit_code, shop.server.requests)
    assert expected in result.stderr
    assert "it is missing (" in run_cli("auth", "explain", "shop", "list-items").stdout


def test_a_command_runs_once_for_a_series_of_calls(shop: Shop, home: Path, tmp_path: Path) -> None:
    """A batch of many rows does not ask a password manager for each."""
    shop.register({"auth": BEARER}, [{"auth": []}])
    log = tmp_path / "log"
    code = "import sys; open(sys.argv[1], 'a').write('x'); print('abcdef')"
    shop.configure(home, toml(token=command(code, str(log))))
    assert 0 == run_cli("batch", "shop", "list-items", "-", stdin=b"{}\n{}\n{}\n").exit_code
    assert (3, "x") == (len(shop.server.requests), log.read_text())
