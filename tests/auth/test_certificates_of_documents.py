"""A document is fetched with the certificates of its API: its own authorities, and the client's certificate."""

import json
import ssl
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.auth.digest_server import DigestServer
from tests.auth.tls_server import Certificates, TlsServer, tls_server
from tests.documents import document, operation
from tests.harness import RecordedRequest, Recorder, Response, assert_ended, run_cli

_VERSION = ssl.TLSVersion.TLSv1_3
_ITEMS = {"get": operation("list-items", security=[{"mtls": []}])}
_SCHEMES = {"mtls": {"type": "mutualTLS"}}


@pytest.fixture(scope="module")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> Certificates:
    """Certificates of a server and of a client."""
    made = Certificates(tmp_path_factory.mktemp("certificates"))
    made.sign("server")
    made.sign("client")
    return made


@pytest.fixture
def strict(certificates: Certificates) -> Iterator[TlsServer]:
    """A server of a document that lets no one in without a certificate."""
    with tls_server(certificates.folder, "server", ssl.CERT_REQUIRED, _VERSION) as server:
        _serve(server, {"/items": {"$ref": "items.json"}}, schemes=_SCHEMES)
        server.documents["/items.json"] = json.dumps(_ITEMS).encode()
        yield server


def _serve(server: TlsServer, paths: dict[str, Any], **more: Any) -> None:
    server.documents["/openapi.json"] = json.dumps(document(paths, [server.origin], **more)).encode()


@pytest.mark.exhaustive
@pytest.mark.parametrize("path", ["/openapi.json", "/"], ids=["document", "searched for"])
def test_an_authority_is_given_with_the_api(path: str, certificates: Certificates, home: Path) -> None:
    """`api add --ca` is for the document, its search and its references, and is kept for calls and refreshes."""
    folder = certificates.folder
    with tls_server(folder, "server", ssl.CERT_OPTIONAL, _VERSION) as server:
        _serve(server, {"/items": {"$ref": "items.json"}})
        server.documents |= {"/items.json": json.dumps(_ITEMS).encode(), "/": b"<html></html>"}
        url = f"{server.origin}{path}"
        refused = run_cli("api", "add", "corp", url)
        assert (6, []) == (refused.exit_code, server.names)
        assert f"`dynacli api add corp {url} --ca FILE`" in refused.stderr
        assert 0 == run_cli("api", "add", "corp", url, "--ca", str(folder / "ca.pem")).exit_code
        assert f'ca = "{folder}/ca.pem"' in (home / "config" / "config.toml").read_text()
        for words in (
            ("corp", "list-items"),
            ("api", "refresh", "corp"),
            ("--refresh", "operations", "corp"),
        ):
            assert 0 == run_cli(*words).exit_code
        assert 0 == run_cli("api", "set", "corp", "ca=").exit_code
        for more in (("corp", "list-items", "--retries", "0"), ("api", "refresh", "corp")):
            result = run_cli(*more)
            assert_ended(result, 6, "`dynacli api set corp ca=FILE`")


def test_a_certificate_lets_the_document_be_fetched(strict: TlsServer, certificates: Certificates) -> None:
    """It is configured before the API is there; a reference at the document's origin is fetched with it, too."""
    folder = certificates.folder
    url = f"{strict.origin}/openapi.json"
    words = ("api", "add", "corp", url, "--no-discovery", "--ca", str(folder / "ca.pem"))
    refused = run_cli(*words)
    assert (6, []) == (refused.exit_code, strict.names)
    line = f"`dynacli config set apis.corp.source={url} apis.corp.auth.mutual.cert=FILE "
    assert line in refused.stderr
    mutual = (
        f"apis.corp.auth.mutual.cert={folder}/client.pem",
        f"apis.corp.auth.mutual.cert_key={folder}/client.key",
    )
    assert 0 == run_cli("config", "set", f"apis.corp.source={url}", *mutual).exit_code
    assert 0 == run_cli(*words).exit_code
    assert 0 == run_cli("corp", "list-items").exit_code
    assert ["client"] * 3 == strict.names


def test_a_certificate_is_shown_to_the_documents_origin_alone(
    strict: TlsServer, certificates: Certificates
) -> None:
    """A file at another origin is fetched with the same trust, and without the certificate."""
    folder = certificates.folder
    with tls_server(folder, "server", ssl.CERT_OPTIONAL, _VERSION) as other:
        other.documents["/far.json"] = json.dumps(_ITEMS).encode()
        _serve(strict, {"/items": {"$ref": f"{other.origin}/far.json"}})
        url = f"{strict.origin}/openapi.json"
        settings = {"ca": "ca.pem", "auth.mutual.cert": "client.pem", "auth.mutual.cert_key": "client.key"}
        pairs = [f"apis.corp.{key}={folder}/{name}" for key, name in settings.items()]
        assert 0 == run_cli("config", "set", f"apis.corp.source={url}", *pairs).exit_code
        assert 0 == run_cli("api", "add", "corp", url, "--allow-ref", other.origin).exit_code
        assert (["client"], [""]) == (strict.names, other.names)
        elsewhere = run_cli("api", "add", "corp", f"{other.origin}/far.json", "--no-discovery")
        assert (6, [""]) == (elsewhere.exit_code, other.names)


@pytest.mark.parametrize(("name", "code"), [("none.pem", 12), ("client.key", 12)])
def test_an_authority_that_cannot_be_read(name: str, code: int, certificates: Certificates) -> None:
    """Its file is an error before anything is connected to."""
    words = ("api", "add", "corp", "https://127.0.0.1:1/", "--ca", str(certificates.folder / name))
    result = run_cli(*words)
    assert_ended(result, code, "The file of `ca`")


def _digest(nonce: str, is_stale: bool) -> str:
    return (
        f'Digest realm="docs", nonce="{nonce}", qop="auth", algorithm=SHA-256, stale={str(is_stale).lower()}'
    )


def _secured(kind: str, origin: str) -> bytes:
    paths = {"/items": {"get": operation("list-items", security=[{"auth": []}])}}
    return json.dumps(document(paths, [origin], schemes={"auth": {"type": "http", "scheme": kind}})).encode()


@pytest.mark.sampled(4)
@pytest.mark.parametrize("kind", ["basic", "digest", "bearer"])
@pytest.mark.parametrize("source", ["configuration", "store", "variable"])
def test_a_document_is_fetched_with_the_credential_of_its_api(
    kind: str, source: str, server: Recorder, canary: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Wherever calls have it from, as soon as the server asks for it; the document at hand says what it is for."""
    url = f"{server.origin}/openapi.json"
    server.responses["/openapi.json"] = Response(body=_secured(kind, server.origin))
    assert 0 == run_cli("api", "add", "corp", url).exit_code
    if source == "configuration":
        monkeypatch.setenv("OF_MINE", canary)
        key = "token" if kind == "bearer" else "password"
        user = () if kind == "bearer" else ("apis.corp.auth.auth.username=env:USER_OF_MINE",)
        monkeypatch.setenv("USER_OF_MINE", "ann")
        assert 0 == run_cli("config", "set", f"apis.corp.auth.auth.{key}=env:OF_MINE", *user).exit_code
    elif source == "store":
        text = canary if kind == "bearer" else f"ann:{canary}"
        words = ("auth", "login", "corp", "--with-token", "--store", "file")
        assert 0 == run_cli(*words, stdin=text.encode()).exit_code
    else:
        monkeypatch.setenv("DYNACLI_CORP_TOKEN" if kind == "bearer" else "DYNACLI_CORP_PASSWORD", canary)
        monkeypatch.setenv("DYNACLI_CORP_USERNAME", "ann")
    asked = {"basic": 'Basic realm="docs"', "bearer": "Bearer"}
    by_digest = DigestServer("ann", canary, _digest)

    def response(request: RecordedRequest) -> Response:
        if kind == "digest":
            given = by_digest(request)
            return Response(body=_secured(kind, server.origin)) if given.status == 200 else given
        if "authorization" in request.headers:
            return Response(body=_secured(kind, server.origin))
        return Response(401, b"{}", {"WWW-Authenticate": asked[kind]})

    server.responses["/openapi.json"] = response
    result = run_cli("api", "refresh", "corp")
    assert 0 == result.exit_code, result.stderr
    assert [False, True] == ["authorization" in request.headers for request in server.requests[-2:]]
    assert bool(by_digest.authorized) is (kind == "digest")


def test_a_digest_that_cannot_be_answered(server: Recorder, monkeypatch: pytest.MonkeyPatch) -> None:
    """It says why, and sends nothing."""
    monkeypatch.setenv("DYNACLI_CORP_USERNAME", "ann")
    monkeypatch.setenv("DYNACLI_CORP_PASSWORD", "secret of ann")
    challenge = {"WWW-Authenticate": 'Digest realm="a", nonce="b", qop="auth-int"'}
    server.responses["/openapi.json"] = Response(401, b"{}", challenge)
    result = run_cli("api", "add", "corp", f"{server.origin}/openapi.json")
    assert (10, 1) == (result.exit_code, len(server.requests))
    assert "it asks for `auth-int`" in result.stderr
