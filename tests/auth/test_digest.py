"""HTTP Digest: the server's challenge gets a response once, with a hash, and the password never goes out."""

import shlex
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from dynacli.auth.challenges import Challenge, authorization, challenges_in
from tests.auth.digest_server import DigestServer
from tests.auth.shop import Shop
from tests.documents import document, operation, serve
from tests.harness import Recorder, Response, recording, run_cli

DIGEST = {"type": "http", "scheme": "Digest"}
QOP = 'qop="auth, auth-int"'


def challenge(words: str = QOP) -> Callable[[str, bool], str]:
    """Return what makes the challenges of a server."""
    return lambda nonce, is_stale: (
        f'Digest realm="a \\"shop\\", of goods", nonce="{nonce}", {words}'
        + (", stale=true" if is_stale else "")
    )


def guarded(shop: Shop, password: str, words: str = QOP) -> DigestServer:
    """Return the server of the shop, whose operation is after Digest."""
    shop.register({"auth": DIGEST}, [{"auth": []}])
    made = DigestServer("me", password, challenge(words))
    shop.server.responses["/items"] = made
    return made


@pytest.fixture
def user(monkeypatch: pytest.MonkeyPatch, canary: str) -> str:
    """The password of a user, whom the environment names."""
    monkeypatch.setenv("DYNACLI_SHOP_USERNAME", "me")
    monkeypatch.setenv("DYNACLI_SHOP_PASSWORD", canary)
    return canary


RFC = Challenge(
    "http-auth@example.org",
    "7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v",
    qop="auth",
    opaque="FQhe/qaU925kfnzjCev0ciny7QMkPqMAFRtzCUYo5tdS",
)


@pytest.mark.parametrize(
    ("algorithm", "expected"),
    [
        ("MD5", "8ca523f5e9506fed4657c9700eebdbec"),
        ("SHA-256", "753927fa0e85d155564e2e272a28d1802ca10daf4496794697cf8db5856cb6c1"),
    ],
)
def test_the_example_of_the_rfc(algorithm: str, expected: str) -> None:
    """RFC 7616, section 3.9.1."""
    header = authorization(
        RFC._replace(algorithm=algorithm),
        "Mufasa:Circle of Life",
        "GET",
        "/dir/index.html",
        "f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ",
        1,
    )
    assert f'response="{expected}"' in header
    assert 'username="Mufasa"' in header
    assert "nc=00000001" in header


def test_the_example_of_sha_512_256() -> None:
    """RFC 7616, section 3.9.2, as its erratum 4897 has it: https://www.rfc-editor.org/errata/eid4897."""
    challenge = Challenge(
        "api@example.org",
        "5TsQWLVdgBdmrQ0XsxbDODV+57QdFR34I9HAbC/RVvkK",
        algorithm="SHA-512-256",
        qop="auth",
        opaque="HRPCssKJSGjCrkzDg8OhwpzCiGPChXYjwrI2QmXDnsOS",
        is_utf8=True,
        has_user_hash=True,
    )
    pair, cnonce = "J\u00e4s\u00f8n Doe:Secret, or not?", "NTg6RKcb9boFIAS3KrFK9BGeh+iDa/sm6jUMp2wds69v"
    header = authorization(challenge, pair, "GET", "/doe.json", cnonce, 1)
    assert 'username="793263caabb707a56211940d90411ea4a575adeccb7e360aeb624ed06ece9b0b"' in header
    assert 'response="3798d4131c277846293534c3edc11bd8a5e4cdcbff78b05db9d95eeb1cec68a5"' in header


def test_names_that_are_not_ascii() -> None:
    """They are sent in UTF-8 and percent-encoded, or as a hash (RFC 7616, sections 3.4 and 3.4.4)."""
    pair = "J\u00e4s\u00f8n Doe:Secret, or not?"
    header = authorization(RFC._replace(is_utf8=True), pair, "GET", "/", "c", 1)
    assert "username*=UTF-8''J%C3%A4s%C3%B8n%20Doe" in header
    hashed = authorization(RFC._replace(has_user_hash=True, is_utf8=True), pair, "GET", "/", "c", 1)
    assert "userhash=true" in hashed
    assert "J%C3" not in hashed
    assert "username*" in authorization(RFC, "\u0416:x", "GET", "/", "c", 1)  # not in Latin-1 either


@pytest.mark.sampled(3)
@pytest.mark.parametrize(
    "words",
    [
        QOP,
        "",
        "algorithm=MD5",
        "algorithm=MD5-sess",
        'algorithm="MD5-sess", qop=auth',
        'algorithm=SHA-256, qop="auth", opaque="x"',
        "algorithm=SHA-256-sess, qop=auth",
        "algorithm=SHA-512-256, qop=auth",
        "algorithm=SHA-512-256-sess, qop=auth",
    ],
)
def test_a_challenge_is_answered(shop: Shop, user: str, words: str) -> None:
    """The call goes well by a second request, and nothing shows the password."""
    server = guarded(shop, user, words)
    result = shop.call("-v")
    assert (0, 2, 1) == (result.exit_code, len(shop.server.requests), len(server.authorized))
    assert "Authorization: Digest ***" in result.stderr
    assert "Digest ***" in shop.call("--dry-run", "http").stdout
    assert 2 == len(shop.server.requests)


def test_a_challenge_is_good_for_many_calls(shop: Shop, user: str) -> None:
    """The calls of a batch count on from it; a stale nonce is replaced without a word."""
    server = guarded(shop, user)
    assert 0 == run_cli("batch", "shop", "list-items", "-", "--parallel", "1", stdin=b"{}\n{}\n").exit_code
    assert (3, ["00000001", "00000002"]) == (len(shop.server.requests), server.counts)

    server.nonce = "nonce-2"
    assert 0 == shop.call().exit_code


def test_a_nonce_that_is_stale_at_once_is_replaced(shop: Shop, user: str) -> None:
    """It happens if a server is slow; one whose nonces are all too old is not asked forever."""
    server = guarded(shop, user)

    def renew(nonce: str, is_stale: bool) -> str:
        if is_stale:
            server.nonce = nonce = "nonce-2"
        return f'Digest realm="r", nonce="{nonce if is_stale else "old"}", qop="auth", stale={is_stale}'

    server.challenge = renew
    assert (0, 3) == (shop.call().exit_code, len(shop.server.requests))
    server.challenge = lambda nonce, _: f'Digest realm="{nonce}", nonce="old", qop="auth", stale=true'
    server.nonce = "nonce-3"
    assert (4, 6) == (shop.call().exit_code, len(shop.server.requests))


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        ('Digest realm="r", nonce="n", qop="auth-int"', "it asks for `auth-int`"),
        ('Digest realm="r", nonce="n", algorithm=SHA-512', "its algorithm is `SHA-512`"),
        ('Digest realm="r"', "has no nonce"),
        ('Basic realm="r"', "no challenge for Digest"),
        ("Negotiate", "no challenge for Digest"),
    ],
)
def test_a_challenge_that_cannot_be_answered(shop: Shop, user: str, header: str, expected: str) -> None:
    """The response of the server counts, with the reason; a password is never sent in another way."""
    guarded(shop, user)
    shop.server.responses["/items"] = Response(401, b"{}", {"WWW-Authenticate": header})
    result = shop.call()
    assert (4, 1) == (result.exit_code, len(shop.server.requests))
    assert expected in result.stderr
    assert "authorization" not in shop.server.last.headers


def test_a_wrong_password_is_tried_once(shop: Shop, user: str) -> None:
    """Servers lock accounts after a few attempts."""
    guarded(shop, f"other-{user}")
    assert 4 == shop.call().exit_code
    assert 2 == len(shop.server.requests)


def test_the_first_of_several_challenges_is_answered() -> None:
    """The server puts first what it likes best (RFC 7616, section 3.7), and schemes are not mixed up."""
    headers = [
        ("WWW-Authenticate", 'Digest realm="d", nonce="3", algorithm=SHA-1, qop=auth'),
        ("WWW-Authenticate", 'Basic realm="a, Digest nonce=x", Digest realm="b", nonce="1", qop="auth"'),
        (
            "www-authenticate",
            'Bearer abc==, Negotiate, Digest realm="c", nonce="2", algorithm=SHA-256, qop=auth',
        ),
    ]
    found, reason = challenges_in(headers)
    assert ([("b", "1"), ("c", "2")], "") == (
        [(challenge.realm, challenge.nonce) for challenge in found],
        reason,
    )


def test_a_body_goes_along_once_it_is_asked_for(server: Recorder, user: str, tmp_path: Path) -> None:
    """A short body goes with both requests; one that is read from a file waits for the challenge, as curl's does."""
    body: dict[str, Any] = {
        "content": {"application/octet-stream": {"schema": {}}, "application/json": {"schema": {}}}
    }
    paths = {"/items": {"post": operation("make-item", requestBody=body, security=[{"auth": []}])}}
    assert (
        0
        == run_cli(
            "api", "add", "shop", serve(server, document(paths, None, schemes={"auth": DIGEST}))
        ).exit_code
    )
    guard = DigestServer("me", user, challenge())
    server.responses["/items"] = guard
    file = tmp_path / "large.bin"
    file.write_bytes(b"x" * 100_000)

    def sent(*words: str, stdin: bytes = b"") -> list[int]:
        server.requests.clear()
        assert 0 == run_cli("shop", "make-item", *words, stdin=stdin).exit_code
        return [len(request.body) for request in server.requests]

    assert [2, 2] == sent("--body", "{}")
    octets = ("--content-type", "application/octet-stream")
    assert [0, 100_000] == sent("--body", f"@{file}", *octets)
    assert [0, 5] == sent("--body", "@-", *octets, stdin=b"12345")
    server.responses["/items"] = Response()  # it asks for nothing
    assert [0, 100_000] == sent("--body", f"@{file}", *octets)


def test_a_digest_stays_at_its_origin(shop: Shop, user: str) -> None:
    """Another origin that a redirect leads to gets no response to its challenge."""
    guarded(shop, user)
    with recording() as other:
        asking = DigestServer("me", user, challenge())
        other.responses["/there"] = asking
        shop.server.responses["/items"] = Response(307, b"", {"Location": f"{other.origin}/there"})
        assert 4 == shop.call().exit_code
        assert [False] == ["authorization" in request.headers for request in other.requests]
        assert "name it with `--server`" in shop.call().stderr


def test_a_redirect_within_the_origin_is_signed_anew(shop: Shop, user: str) -> None:
    """The hash is that of the path that is asked for."""
    server = guarded(shop, user)
    shop.server.responses["/there?a=b"] = server
    shop.server.responses["/there"] = server
    shop.server.responses["/items"] = Response(307, b"", {"Location": "/there?a=b"})
    assert 0 == shop.call().exit_code
    assert ["/there?a=b"] == [request.target for request in server.authorized]


@pytest.mark.usefixtures("user")
def test_curl_responses_the_challenge_by_itself(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    """What `--dry-run curl` shows is a command that works; its password is masked unless it is asked for."""
    server = guarded(shop, "open sesame")
    monkeypatch.setenv("DYNACLI_SHOP_PASSWORD", "open sesame")
    shown = shop.call("--dry-run", "curl").stdout
    assert "--digest -u 'me:***'" in shown
    assert "Authorization" not in shown
    line = shop.call("--dry-run", "curl", "--show-secrets").stdout
    if shutil.which("curl") is None:
        pytest.skip("curl is not installed")
    done = subprocess.run([*shlex.split(line), "-s", "--fail"], check=False, capture_output=True)
    assert (0, 1) == (done.returncode, len(server.authorized)), line
