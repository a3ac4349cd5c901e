"""`dynacli auth`: credentials that are stored go to the origin they were stored for, and nowhere else."""

import getpass
import json
import shlex
from base64 import b64encode
from pathlib import Path
from typing import Any

import pytest

from dynacli.auth import credential_store
from dynacli.auth.credentials import store_path
from dynacli.environment import Environment
from tests.auth.fake_keyring import Keyring
from tests.auth.shop import Shop
from tests.documents import API_KEY, BASIC, BEARER, operation, register_api
from tests.harness import Recorder, Response, assert_ended, recording, run_cli

OAUTH = {"type": "oauth2", "flows": {}}
SCHEMES: dict[str, dict[str, Any]] = {
    "bearer": BEARER,
    "basic": BASIC,
    "key": API_KEY,
    "cookie": {"type": "apiKey", "in": "cookie", "name": "sid"},
    "query": {"type": "apiKey", "in": "query", "name": "key"},
    "oauth2": OAUTH,
}


def sent_credential(request: Any) -> str:
    """Return what a request carries as its credential, in words."""
    for name in ("authorization", "x-api-key", "cookie"):
        if name in request.headers:
            return str(request.headers[name][0])
    return str(request.target)


@pytest.mark.parametrize("store", ["file", "keyring"])
@pytest.mark.parametrize("name", SCHEMES)
@pytest.mark.sampled(3)
def test_a_stored_credential_is_sent(shop: Shop, canary: str, ring: Keyring, name: str, store: str) -> None:
    """It is kept by `auth login`, listed, explained, sent if the scheme has it, and forgotten by `auth logout`."""
    shop.register({"auth": SCHEMES[name]}, [{"auth": []}])
    assert 10 == run_cli("auth", "explain", "shop", "list-items").exit_code
    text = f"me:{canary}" if name == "basic" else canary
    stored = run_cli("auth", "login", "shop", "--with-token", "--store", store, stdin=f"{text}\n".encode())
    assert 0 == stored.exit_code
    assert shop.server.origin in stored.stderr
    assert bool(ring.kept) is (store == "keyring")

    assert 0 == shop.call("-v").exit_code
    expected = b64encode(text.encode()).decode() if name == "basic" else canary
    assert expected in sent_credential(shop.server.last)

    (row,) = json.loads(run_cli("auth", "status", "-o", "json").stdout)
    assert ("shop", "auth", store, [shop.server.origin]) == tuple(
        row[key] for key in ("api", "scheme", "store", "origins")
    )
    explained = json.loads(run_cli("auth", "explain", "shop", "list-items", "-o", "json").stdout)
    (scheme,) = explained["alternatives"][0]["schemes"]
    assert ("the stored credential", "present", True) == tuple(
        scheme[key] for key in ("source", "state", "allowed")
    )

    assert 0 == run_cli("auth", "logout", "shop").exit_code
    assert {} == ring.kept
    assert 10 == shop.call().exit_code


def test_a_variable_counts_before_the_store(
    shop: Shop, ring: Keyring, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The order is that of the help: environment, configuration, store."""
    shop.register({"auth": BEARER}, [{"auth": []}])
    run_cli("auth", "login", "shop", "--with-token", stdin=b"stored-token")
    monkeypatch.setenv("DYNACLI_SHOP_TOKEN", "from-variable")
    shop.call()
    assert ["Bearer from-variable"] == shop.server.last.headers["authorization"]
    assert ring.writes == 1


def test_a_stored_credential_stays_at_its_origin(shop: Shop, ring: Keyring, canary: str) -> None:
    """Another server gets nothing, even by the person's own `--server`, unless `--accept-origin` names it."""
    shop.register({"auth": BEARER}, [{"auth": []}])
    run_cli("auth", "login", "shop", "--with-token", stdin=canary.encode())
    with recording() as other:
        other.responses["/items"] = Response()
        result = shop.call("--server", other.origin)
        assert (11, []) == (result.exit_code, other.requests)
        assert f"--accept-origin {other.origin}" in result.stderr
        explained = run_cli("auth", "explain", "shop", "list-items", "--server", other.origin)
        assert 11 == explained.exit_code
        assert 0 == shop.call("--server", other.origin, "--accept-origin", other.origin).exit_code
        assert [f"Bearer {canary}"] == other.last.headers["authorization"]
    assert ring.kept


def test_an_origin_that_was_accepted_when_signing_in_stays_accepted_for_that_credential(
    server: Recorder, ring: Keyring, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The document came from a file, so it alone names its server; a credential from elsewhere is still refused."""
    server.responses["/items"] = Response()
    paths = {"/items": {"get": operation("list-items", security=[{"auth": []}])}}
    register_api("shop", paths, server=server, schemes={"auth": BEARER})
    login = ("auth", "login", "shop", "--with-token")
    assert 11 == run_cli(*login, stdin=b"token").exit_code
    assert 0 == run_cli(*login, "--accept-origin", server.origin, stdin=b"token").exit_code
    assert ring.kept
    assert 0 == run_cli("auth", "explain", "shop", "list-items").exit_code
    assert 0 == run_cli("shop", "list-items").exit_code
    assert ["Bearer token"] == server.last.headers["authorization"]
    monkeypatch.setenv("DYNACLI_SHOP_TOKEN", "another")
    assert 11 == run_cli("shop", "list-items").exit_code


def test_a_long_secret_is_kept_in_pieces(shop: Shop, ring: Keyring) -> None:
    """A keyring may take no more than 1,280 characters; a new credential leaves nothing of the old one after."""
    shop.register({"auth": BEARER}, [{"auth": []}])
    for length in (5000, 10):
        run_cli("auth", "login", "shop", "--with-token", stdin=b"t" * length)
        shop.call()
        assert ["Bearer " + "t" * length] == shop.server.last.headers["authorization"]
    assert 1 == len(ring.kept)


@pytest.mark.parametrize("is_reference", [False, True])
def test_a_series_of_calls_reads_the_keyring_once(
    shop: Shop, ring: Keyring, home: Path, tmp_path: Path, *, is_reference: bool
) -> None:
    """A keyring may ask its owner each time."""
    shop.register({"auth": BEARER}, [{"auth": []}])
    if is_reference:
        ring.kept["store me"] = "token"
        shop.configure(home, '[apis.shop.auth.auth]\ntoken = "keyring:store/me"\n')
    else:
        run_cli("auth", "login", "shop", "--with-token", stdin=b"token")
    rows = tmp_path / "rows.ndjson"
    rows.write_text('{"operation": "list-items"}\n' * 20)
    result = run_cli("batch", "shop", str(rows), "--parallel", "4")
    assert (0, 20) == (result.exit_code, len(shop.server.requests))
    assert [["Bearer token"]] * 20 == [request.headers["authorization"] for request in shop.server.requests]
    assert 1 == ring.reads


@pytest.mark.usefixtures("no_ring")
def test_without_a_keyring_a_file_is_asked_for(shop: Shop) -> None:
    """Nothing is stored silently in a file."""
    shop.register({"auth": BEARER}, [{"auth": []}])
    result = run_cli("auth", "login", "shop", "--with-token", stdin=b"token")
    assert_ended(result, 10, "--store file")
    assert "No credential is stored" in run_cli("auth", "status").stdout


@pytest.mark.usefixtures("no_ring")
@pytest.mark.parametrize(
    ("typed", "words", "store"),
    [("y", (), "file"), ("", (), ""), ("y", ("--store", "keyring"), ""), ("y", ("--yes",), "")],
    ids=["yes", "no", "the keyring was asked for", "--yes"],
)
def test_on_a_terminal_a_missing_keyring_is_a_question(
    shop: Shop, canary: str, monkeypatch: pytest.MonkeyPatch, typed: str, words: tuple[str, ...], store: str
) -> None:
    """It comes before the credential is typed, and only `y` stores in a file, which nobody else can read."""
    asked: list[str] = []

    def ask(question: str, **_: object) -> str:
        asked.append(question)
        return canary

    monkeypatch.setattr(getpass, "getpass", ask)
    shop.register({"auth": BEARER}, [{"auth": []}])
    terminal = ("stdin", "stderr")
    result = run_cli("auth", "login", "shop", *words, stdin=f"{typed}\n".encode(), terminal=terminal)
    assert ((0, 1) if store else (10, 0)) == (result.exit_code, len(asked))
    assert ("has no keyring. Store the credential in a file" in result.stderr) is (not words)
    rows = json.loads(run_cli("auth", "status", "-o", "json").stdout)
    assert ([store] if store else []) == [row["store"] for row in rows]
    if store:
        path = Path(store_path(Environment()))
        assert 0o600 == path.stat().st_mode & 0o777
        assert 0 == shop.call().exit_code
        assert [f"Bearer {canary}"] == shop.server.last.headers["authorization"]


def test_a_locked_keyring_is_not_waited_for(
    shop: Shop, ring: Keyring, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It could wait for its owner for ever."""
    import threading

    shop.register({"auth": BEARER}, [{"auth": []}])
    run_cli("auth", "login", "shop", "--with-token", stdin=b"token")
    is_unlocked = threading.Event()
    monkeypatch.setattr(ring, "get_password", lambda *_: is_unlocked.wait())
    monkeypatch.setattr(credential_store, "_KEYRING_SECONDS", 0.01)
    result = shop.call()
    is_unlocked.set()
    assert (10, []) == (result.exit_code, shop.server.requests)
    assert "It may be locked" in result.stderr


def test_what_a_locked_keyring_keeps_is_told(
    shop: Shop, ring: Keyring, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Signing out forgets the credential; its secret goes as soon as the keyring lets it."""
    shop.register({"auth": BEARER}, [{"auth": []}])
    run_cli("auth", "login", "shop", "--with-token", stdin=b"token")
    with monkeypatch.context() as locked:
        locked.setattr(ring, "delete_password", lambda *_: 1 / 0)
        result = run_cli("auth", "logout", "shop")
    assert_ended(result, 0, "the next `auth login` or `auth logout` removes")
    assert 1 == len(ring.kept)
    run_cli("auth", "login", "shop", "--with-token", stdin=b"other")
    assert ["other"] == [json.loads(text)["credential"] for text in ring.kept.values()]


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        ("{", "it is damaged"),
        ('{"version": 1, "credentials": [5]}', "it is damaged"),
        ('{"version": 1, "credentials": [{"api": "shop"}]}', "it is damaged"),
        ('{"version": 2, "credentials": []}', "a newer dynacli has written it"),
    ],
    ids=["cut", "no object", "half", "newer"],
)
def test_a_store_that_cannot_be_read(shop: Shop, home: Path, content: str, reason: str) -> None:
    """It is left as it is, calls that need nothing of it go on, and others say what is wrong."""
    shop.register({"auth": BEARER}, [{"auth": []}])
    path = home / "state" / "credentials" / "credentials.json"
    path.parent.mkdir(parents=True)
    path.write_text(content)
    for words in (
        ("shop", "list-items"),
        ("auth", "status"),
        ("auth", "login", "shop", "--with-token", "--store", "file"),
    ):
        result = run_cli(*words, stdin=b"token")
        assert_ended(result, 10, reason)
    assert content == path.read_text()
    assert 0 == shop.call("-H", "Authorization: Bearer mine").exit_code


def test_the_line_that_removes_a_damaged_store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A shell takes its path as one word, whatever is in it."""
    monkeypatch.setenv("DYNACLI_STATE_DIR", str(tmp_path / "a b; c"))
    path = tmp_path / "a b; c" / "credentials" / "credentials.json"
    path.parent.mkdir(parents=True)
    path.write_text("{")
    line = run_cli("auth", "status").stderr.partition("Remove it with `")[2].partition("`")[0]
    assert ["rm", str(path)] == shlex.split(line)


@pytest.mark.parametrize(
    ("scheme", "text", "message"),
    [
        (BEARER, b"", "There is no credential to store"),
        (BEARER, b"a\nb\n", "The credential has more than one line"),
        (BEARER, b"a\x1bb", "The credential holds a control character"),
        (BEARER, b"\xff", "Cannot read the credential from standard input"),
        (BASIC, b"me", "The credential has no `:`"),
    ],
    ids=["empty", "lines", "control", "no text", "no colon"],
)
def test_what_is_no_credential(shop: Shop, scheme: dict[str, Any], text: bytes, message: str) -> None:
    """Exit code 10, and nothing is stored."""
    shop.register({"auth": scheme}, [{"auth": []}])
    result = run_cli("auth", "login", "shop", "--with-token", "--store", "file", stdin=text)
    assert_ended(result, 10, message)
    assert [] == json.loads(run_cli("auth", "status", "-o", "json").stdout)


def test_a_credential_follows_its_api(shop: Shop) -> None:
    """It has the new name of a renamed API, and goes with a removed one."""
    shop.register({"auth": BEARER}, [{"auth": []}])
    run_cli("auth", "login", "shop", "--with-token", "--store", "file", stdin=b"token")
    run_cli("api", "rename", "shop", "market")
    assert 0 == run_cli("market", "list-items").exit_code
    run_cli("api", "remove", "market")
    assert "No credential is stored" in run_cli("auth", "status").stdout


def test_a_token_goes_to_another_program(shop: Shop) -> None:
    """It is printed to a pipe, and to no terminal; an expired one is not given away."""
    shop.register({"auth": BEARER}, [{"auth": []}])
    assert 2 == run_cli("auth", "token", "shop").exit_code
    claims = b64encode(json.dumps({"exp": 4102444800}).encode()).decode().rstrip("=")
    token = f"h.{claims}.s"
    run_cli("auth", "login", "shop", "--with-token", "--store", "file", stdin=token.encode())
    assert f"{token}\n" == run_cli("auth", "token", "shop").stdout
    assert "2100-01-01" in run_cli("auth", "status").stdout
    refused = run_cli("auth", "token", "shop", terminal=("stdout",))
    assert (11, "") == (refused.exit_code, refused.stdout)


def test_calls_can_go_without_a_credential(shop: Shop, ring: Keyring, home: Path) -> None:
    """`--auth none` sends none; `auth = "always"` sends one if the document forgets to ask for it."""
    shop.register({"auth": BEARER}, [])
    run_cli("auth", "login", "shop", "--with-token", stdin=b"token")
    assert ring.kept

    def sent(*words: str) -> bool:
        assert 0 == shop.call(*words).exit_code
        return "authorization" in shop.server.last.headers

    assert (False, True, False) == (sent(), sent("--auth", "auth"), sent("--auth", "none"))
    assert 2 == shop.call("--auth", "other").exit_code
    for value, expected in (("always", True), ("never", False), ("document", False)):
        path = home / "config" / "config.toml"
        lines = [line for line in path.read_text().splitlines() if not line.startswith("auth =")]
        path.write_text("\n".join([*lines, f'auth = "{value}"']))
        assert expected is sent()


def test_the_token_of_a_profile(
    shop: Shop, ring: Keyring, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """`auth token` prints what calls carry: the profile's own credential, else that of the API."""
    shop.register({"auth": BEARER}, [{"auth": []}])
    shop.configure(home, "[apis.shop.profiles.staging]\n[apis.shop.profiles.other]\n")
    login, token = ("auth", "login", "shop", "--with-token"), ("auth", "token", "shop")
    run_cli(*login, "--profile", "staging", stdin=b"of-staging")
    assert ("of-staging\n", 2) == (run_cli(*token).stdout, run_cli(*token, "--profile", "other").exit_code)
    run_cli(*login, stdin=b"of-the-api")
    assert "of-the-api\n" == run_cli(*token).stdout
    assert "of-the-api\n" == run_cli(*token, "--profile", "other").stdout
    assert "of-staging\n" == run_cli(*token, "--profile", "staging").stdout
    monkeypatch.setenv("DYNACLI_PROFILE", "staging")
    assert "of-staging\n" == run_cli(*token).stdout
    shop.call()
    assert ["Bearer of-staging"] == shop.server.last.headers["authorization"]
    assert ring.kept


def test_several_schemes_that_no_operation_names(shop: Shop) -> None:
    """Signing in then wants to know for which of them."""
    shop.register({"auth": BEARER, "key": API_KEY}, [])
    login = ("auth", "login", "shop", "--with-token", "--store", "file")
    result = run_cli(*login, stdin=b"token")
    assert_ended(result, 2, "does not say which credential")
    assert 0 == run_cli(*login, "--scheme", "key", stdin=b"token").exit_code
    behind = ("auth", "login", "--with-token", "--scheme", "key", "--store", "file", "--", "shop")
    assert 0 == run_cli(*behind, stdin=b"token").exit_code
