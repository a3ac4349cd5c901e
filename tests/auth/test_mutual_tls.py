"""Mutual TLS: a certificate of the configuration is shown to its origin alone; and authorities of one's own."""

import json
import shlex
import shutil
import ssl
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.auth.tls_server import Certificates, TlsServer, tls_server
from tests.documents import document, operation
from tests.harness import assert_ended, run_cli

MUTUAL = {"type": "mutualTLS"}


@pytest.fixture(scope="module")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> Certificates:
    """Certificates of a server and of clients: one that is good, one that has expired, one with a key in secret."""
    made = Certificates(tmp_path_factory.mktemp("certificates"))
    for name, days in (("server", 2), ("client", 2), ("old", -1)):
        made.sign(name, days)
    made.encrypt("client", "open sesame")
    (made.folder / "both.pem").write_text(
        (made.folder / "client.pem").read_text() + (made.folder / "client.key").read_text()
    )
    (made.folder / "broken.key").write_text("-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n")
    (made.folder / "broken.pem").write_text("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n")
    return made


@pytest.fixture
def strict(certificates: Certificates) -> Iterator[TlsServer]:
    """A server that lets no one in without a certificate."""
    with tls_server(certificates.folder, "server", ssl.CERT_REQUIRED, ssl.TLSVersion.TLSv1_3) as server:
        yield server


def register(home: Path, origin: str, folder: Path, security: list[object], **auth: str) -> None:
    """Register an API whose operation has a requirement, with what the configuration says of its TLS."""
    paths = {"/items": {"get": operation("list-items", security=security)}}
    file = folder / "api.json"
    schemes = {"mtls": MUTUAL, "bearer": {"type": "http", "scheme": "bearer"}}
    file.write_text(json.dumps(document(paths, [origin], schemes=schemes)))
    assert 0 == run_cli("api", "add", "shop", str(file), "--server", origin).exit_code
    lines = [f'ca = "{folder}/ca.pem"']
    lines += ["[apis.shop.auth.mtls]", *(f"{key} = {json.dumps(text)}" for key, text in auth.items())]
    with (home / "config" / "config.toml").open("a") as config:
        config.write("\n" + "\n".join(lines) + "\n")


@pytest.mark.parametrize(
    "auth",
    [
        {"cert": "client.pem", "cert_key": "client.key"},
        {"cert": "both.pem"},
        {"cert": "client.pem", "cert_key": "client.secret", "passphrase": "env:SESAME"},
    ],
    ids=["two files", "one file", "passphrase"],
)
def test_a_certificate_lets_in(
    strict: TlsServer,
    certificates: Certificates,
    home: Path,
    monkeypatch: pytest.MonkeyPatch,
    auth: dict[str, str],
) -> None:
    """It is shown with each connection, and `auth explain` names it."""
    monkeypatch.setenv("SESAME", "open sesame")
    folder = certificates.folder
    paths = {key: value if ":" in value else str(folder / value) for key, value in auth.items()}
    register(home, strict.origin, folder, [{"mtls": []}], **paths)
    assert 0 == run_cli("shop", "list-items").exit_code
    assert ["client"] == strict.names
    explained = run_cli("auth", "explain", "shop", "list-items")
    assert f"(mutualTLS) in the TLS connection, from the certificate `{paths['cert']}`" in explained.stdout


def test_a_certificate_needs_no_authority_beside_it(
    strict: TlsServer, certificates: Certificates, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without `ca`, servers are trusted as by all other calls."""
    register(home, strict.origin, certificates.folder, [], cert=str(certificates.folder / "both.pem"))
    config = home / "config" / "config.toml"
    config.write_text(config.read_text().replace("ca = ", "# "))
    assert 6 == run_cli("shop", "list-items", "--retries", "0").exit_code
    monkeypatch.setenv("SSL_CERT_FILE", str(certificates.folder / "ca.pem"))
    assert 0 == run_cli("shop", "list-items").exit_code


def test_a_certificate_is_shown_also_where_the_document_does_not_ask(
    strict: TlsServer, certificates: Certificates, home: Path
) -> None:
    """Servers want one that their documents do not mention; a series of calls has one connection."""
    register(home, strict.origin, certificates.folder, [], cert=str(certificates.folder / "both.pem"))
    assert 0 == run_cli("batch", "shop", "list-items", "-", stdin=b"{}\n{}\n").exit_code
    assert ["client", "client"] == strict.names
    assert 6 == run_cli("shop", "list-items", "--auth", "none", "--retries", "0").exit_code


@pytest.mark.parametrize(
    ("version", "expected"),
    [
        (ssl.TLSVersion.TLSv1_2, "It may want a client certificate"),
        (ssl.TLSVersion.TLSv1_3, "It requires a client certificate"),
    ],
)
def test_a_server_that_wants_a_certificate_is_named(
    certificates: Certificates, home: Path, version: ssl.TLSVersion, expected: str
) -> None:
    """Its alert comes while connecting or after it."""
    with tls_server(certificates.folder, "server", ssl.CERT_REQUIRED, version) as server:
        register(home, server.origin, certificates.folder, [])
        result = run_cli("shop", "list-items", "--retries", "0")
    assert (6, []) == (result.exit_code, server.names)
    assert expected in result.stderr


@pytest.mark.sampled(3)
@pytest.mark.parametrize(
    ("auth", "code", "expected"),
    [
        ({}, 10, "`cert` and `cert_key` in `[apis.shop.auth.mtls]`"),
        ({"cert": "none.pem"}, 12, "The file of `cert` cannot be read"),
        ({"cert": "client.key"}, 12, "The file of `cert` is not a certificate"),
        ({"cert": "broken.pem", "cert_key": "client.key"}, 12, "The file of `cert` is not a certificate"),
        ({"cert": "client.pem"}, 10, "has no key"),
        ({"cert": "client.pem", "cert_key": "none.key"}, 12, "The file of `cert_key` cannot be read"),
        ({"cert": "client.pem", "cert_key": "server.key"}, 10, "does not belong to the certificate"),
        ({"cert": "client.pem", "cert_key": "broken.key"}, 10, "It is damaged"),
        ({"cert": "client.pem", "cert_key": "client.secret"}, 10, "It is encrypted"),
        (
            {"cert": "client.pem", "cert_key": "client.secret", "passphrase": "env:WRONG"},
            10,
            "It is encrypted, and `passphrase` is wrong",
        ),
        ({"cert": "old.pem", "cert_key": "old.key"}, 10, "has expired"),
    ],
    ids=lambda value: " ".join(value.values()) if isinstance(value, dict) else None,
)
def test_a_certificate_that_cannot_be_used(
    certificates: Certificates,
    home: Path,
    monkeypatch: pytest.MonkeyPatch,
    auth: dict[str, str],
    code: int,
    expected: str,
) -> None:
    """It ends the call before anything is connected to, and never asks on the terminal."""
    monkeypatch.setenv("WRONG", "open barley")
    monkeypatch.setenv("DYNACLI_SHOP_TOKEN", "no certificate")
    folder = certificates.folder
    paths = {key: value if ":" in value else str(folder / value) for key, value in auth.items()}
    register(home, "https://127.0.0.1:1", folder, [{"mtls": []}], **paths)
    result = run_cli("shop", "list-items")
    assert_ended(result, code, expected)


def test_a_certificate_that_is_not_valid_yet(
    certificates: Certificates, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A clock that is set back is as good a reason as a wrong file."""
    monkeypatch.setattr("dynacli.auth.tls_login.time.time", lambda: 1e9)
    register(home, "https://127.0.0.1:1", certificates.folder, [], cert=str(certificates.folder / "both.pem"))
    result = run_cli("shop", "list-items")
    assert_ended(result, 10, "is not valid yet")


@pytest.mark.parametrize(
    ("ca", "code", "expected"),
    [
        ("none.pem", 12, "The file of `ca` cannot be read"),
        ("client.key", 12, "The file of `ca` is not a certificate"),
        ("a\\u0000", 12, "it is not a path"),
        ("client.pem", 6, "is not trusted"),
    ],
)
def test_an_authority_that_cannot_be_used(
    strict: TlsServer, certificates: Certificates, home: Path, ca: str, code: int, expected: str
) -> None:
    """Only the authorities in the file of `ca` are trusted, and it has to be one."""
    register(home, strict.origin, certificates.folder, [])
    config = home / "config" / "config.toml"
    config.write_text(config.read_text().replace("ca.pem", ca))
    result = run_cli("shop", "list-items", "--retries", "0")
    assert_ended(result, code, expected)


def test_malformed_settings_are_refused(certificates: Certificates, home: Path) -> None:
    """`ca` must be the name of a file."""
    register(home, "https://127.0.0.1:1", certificates.folder, [])
    config = home / "config" / "config.toml"
    config.write_text(config.read_text().replace("ca = ", "ca = 5 #"))
    assert 12 == run_cli("shop", "list-items").exit_code


def test_a_certificate_stays_at_its_origin(certificates: Certificates, home: Path) -> None:
    """A redirect leads to a connection without it, which trusts the same authorities; a document's origin gets none."""
    folder, version = certificates.folder, ssl.TLSVersion.TLSv1_3
    with (
        tls_server(folder, "server", ssl.CERT_OPTIONAL, version) as here,
        tls_server(folder, "server", ssl.CERT_OPTIONAL, version) as there,
    ):
        register(home, here.origin, folder, [{"mtls": []}], cert=str(folder / "both.pem"))
        here.location = f"{there.origin}/there"
        assert 0 == run_cli("shop", "list-items").exit_code
        assert (["client"], [""]) == (here.names, there.names)
        config = home / "config" / "config.toml"
        text = config.read_text().replace("origins = ", "# ").replace("server = ", "# ")
        config.write_text(text)
        assert 11 == run_cli("shop", "list-items").exit_code


def test_nobody_signs_in_with_a_certificate(home: Path, tmp_path: Path) -> None:
    """`auth login` says where it is named instead."""
    (tmp_path / "ca.pem").touch()
    register(home, "https://127.0.0.1:1", tmp_path, [{"mtls": []}])
    result = run_cli("auth", "login", "shop", "--scheme", "mtls", "--with-token", stdin=b"abc")
    assert_ended(result, 10, "`[apis.shop.auth.mtls]`")


def test_a_check_trusts_the_same_authorities(certificates: Certificates, home: Path) -> None:
    """Its probes go without the certificate of the client, and get a response anyway."""
    with tls_server(certificates.folder, "server", ssl.CERT_OPTIONAL, ssl.TLSVersion.TLSv1_3) as server:
        register(home, server.origin, certificates.folder, [])
        result = run_cli("check", "shop", "--probe", "-v")
    assert f"TRACE {server.origin}/items: 501" in result.stderr


@pytest.mark.parametrize(("ca", "code"), [("ca.pem", 10), ("client.pem", 6), ("client.key", 12)])
def test_a_provider_of_the_same_authority(
    certificates: Certificates, home: Path, monkeypatch: pytest.MonkeyPatch, ca: str, code: int
) -> None:
    """Tokens are fetched from a provider whose certificate the API's own authority has signed."""
    monkeypatch.setenv("SECRET", "of-the-client")
    folder, version = certificates.folder, ssl.TLSVersion.TLSv1_3
    with tls_server(folder, "server", ssl.CERT_OPTIONAL, version) as server:
        flows = {"clientCredentials": {"tokenUrl": f"{server.origin}/token", "scopes": {}}}
        paths = {"/items": {"get": operation("list-items", security=[{"auth": []}])}}
        file = folder / "api.json"
        schemes = {"auth": {"type": "oauth2", "flows": flows}}
        file.write_text(json.dumps(document(paths, [server.origin], schemes=schemes)))
        assert 0 == run_cli("api", "add", "shop", str(file), "--server", server.origin).exit_code
        with (home / "config" / "config.toml").open("a") as config:
            config.write(f'\nca = "{folder}/{ca}"\n[apis.shop.auth.auth]\nclient_secret = "env:SECRET"\n')
        words = ("--client-id", "cli", "--store", "file", "--server", server.origin)
        result = run_cli("auth", "login", "shop", *words)
    assert code == result.exit_code, result.stderr
    assert (code == 10) is bool(server.names)


def test_curl_shows_the_certificate_by_itself(
    strict: TlsServer, certificates: Certificates, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What `--dry-run curl` shows is a command that works; the passphrase is masked unless it is asked for."""
    monkeypatch.setenv("SESAME", "open sesame")
    folder = certificates.folder
    auth = {"cert": f"{folder}/client.pem", "cert_key": f"{folder}/client.secret", "passphrase": "env:SESAME"}
    register(home, strict.origin, folder, [{"mtls": []}], **auth)
    shown = run_cli("shop", "list-items", "--dry-run", "curl").stdout
    files = f"--cacert {folder}/ca.pem --cert {folder}/client.pem --key {folder}/client.secret"
    assert f"curl {files} --pass '***' {strict.origin}/items" in shown
    line = run_cli("shop", "list-items", "--dry-run", "curl", "--show-secrets").stdout
    if shutil.which("curl") is None:
        pytest.skip("curl is not installed")
    done = subprocess.run([*shlex.split(line), "-s", "--fail"], check=False, capture_output=True)
    assert (0, ["client"]) == (done.returncode, strict.names), line
