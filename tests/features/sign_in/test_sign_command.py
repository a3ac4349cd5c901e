"""A command of the configuration signs requests: its headers go where credentials may, and are never shown."""

import json
import shlex
import sys
import textwrap
from base64 import b64decode
from pathlib import Path
from typing import Any

import pytest

import dynacli
from dynacli.auth import references
from tests.auth.shop import Shop
from tests.documents import API_KEY, document, operation, serve
from tests.harness import Recorder, Response, recording, run_cli

HMAC = {"type": "http", "scheme": "hmac"}
SIGN = """
import json, os, sys
asked = json.load(sys.stdin)
open(sys.argv[1], "a").write(json.dumps(asked) + "\\n")
print(json.dumps({"headers": {"Authorization": "Hmac " + os.environ["SECRET"], "X-Date": "20261126"}}))
"""


def signing(code: str, *words: str) -> str:
    """Return the table of the scheme `auth` with a command that runs Python."""
    return (
        f"[apis.shop.auth.auth]\nsign = {json.dumps(shlex.join([sys.executable, '-S', '-c', code, *words]))}"
    )


def test_a_command_signs_the_request(
    shop: Shop, home: Path, tmp_path: Path, canary: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is reported all that is sent, other credentials too, and its headers are masked wherever they are shown."""
    monkeypatch.setenv("SECRET", canary)
    monkeypatch.setenv("DYNACLI_SHOP_KEY", "key-of-shop")
    shop.register({"auth": HMAC, "key": API_KEY}, [{"auth": [], "key": []}])
    log = tmp_path / "log"
    shop.configure(home, signing(SIGN, str(log)))
    result = shop.call("-v")
    assert 0 == result.exit_code
    assert (["Hmac " + canary], ["20261126"], ["key-of-shop"]) == tuple(
        shop.server.last.headers[name] for name in ("authorization", "x-date", "x-api-key")
    )
    asked = json.loads(log.read_text())
    assert {"method": "GET", "url": f"{shop.server.origin}/items", "body_base64": None} == {
        key: asked[key] for key in ("method", "url", "body_base64")
    }
    assert ["X-Api-Key", "key-of-shop"] in asked["headers"]
    assert "> Authorization: ***" in result.stderr
    assert "> X-Date: ***" in result.stderr
    assert "Authorization: ***" in shop.call("--dry-run", "http").stdout
    explained = run_cli("auth", "explain", "shop", "list-items")
    assert f"from the command `{sys.executable}` of `sign`" in explained.stdout


def test_a_command_is_told_the_body(
    server: Recorder, home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Many schemes sign a hash of it."""
    monkeypatch.setenv("SECRET", "sesame")
    body: dict[str, Any] = {"content": {"application/json": {"schema": {}}}}
    paths = {"/items": {"post": operation("make-item", requestBody=body, security=[{"auth": []}])}}
    url = serve(server, document(paths, None, schemes={"auth": HMAC}))
    assert 0 == run_cli("api", "add", "shop", url).exit_code
    server.responses["/items"] = Response()
    log = tmp_path / "log"
    Shop(server).configure(home, signing(SIGN, str(log)))
    assert 0 == run_cli("shop", "make-item", "--body", '{"a":1}').exit_code
    assert b'{"a":1}' == b64decode(json.loads(log.read_text())["body_base64"])


@pytest.mark.sampled(4)
@pytest.mark.parametrize(
    ("code", "expected"),
    [
        ("import time; time.sleep(600)", "took longer than"),
        ("raise SystemExit('CANARY')", "ended with exit code 1"),
        ("print('CANARY')", "returns no headers"),
        ("print('[]')", "returns no headers"),
        ("print('{\"headers\": {}}')", "returns no headers"),
        ('print(\'{"headers": {"A": 5}}\')', "returns no headers"),
        ('print(\'{"headers": {"A b": "CANARY"}}\')', "returns no headers"),
        ('print(\'{"headers": {"A": "CANARY\\\\n"}}\')', "returns no headers"),
        ('print(\'{"headers": {"Host": "CANARY"}}\')', "returns no headers"),
        ("print('[' * 100000)", "returns no headers"),
    ],
)
def test_a_command_that_does_not_sign_ends_the_call(
    shop: Shop, home: Path, canary: str, code: str, expected: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing is sent, and what it wrote is not shown."""
    secret = canary.replace(
        "canary", "signature"
    )  # it stands in the configuration, where the canary must not be
    shop.register({"auth": HMAC}, [{"auth": []}])
    shop.configure(home, signing(code.replace("CANARY", secret)))
    if "sleep" in code:
        monkeypatch.setattr(references, "SECONDS", 0.1)
    result = shop.call()
    assert (10, []) == (result.exit_code, shop.server.requests)
    assert expected in result.stderr
    assert secret not in result.stderr


def test_a_signature_goes_to_accepted_origins_alone(
    shop: Shop, home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The command is not even started for an origin that only the document names."""
    monkeypatch.setenv("SECRET", "sesame")
    log = tmp_path / "log"
    with recording() as other:
        shop.register({"auth": HMAC}, [{"auth": []}], servers=[{"url": other.origin}])
        shop.configure(home, signing(SIGN, str(log)))
        assert 11 == shop.call().exit_code
        assert ([], False) == (other.requests, log.exists())


def test_when_a_command_signs(
    shop: Shop, home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It does so if the operation asks for its scheme, or if the configuration says `always`."""
    monkeypatch.setenv("SECRET", "sesame")
    shop.register({}, [])
    command = signing(SIGN, str(tmp_path / "log"))
    shop.configure(home, command)

    def is_signed(*words: str) -> bool:
        assert 0 == shop.call(*words).exit_code
        return "authorization" in shop.server.last.headers

    assert not is_signed()
    shop.configure(home, '[apis.shop.auth]\nwhen = "always"')
    assert (True, False) == (is_signed(), is_signed("--auth", "none"))


@pytest.mark.exhaustive
def test_the_example_of_the_help_signs_for_aws(
    shop: Shop, home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The script of `dynacli help auth-config` gives the signature that botocore gives for what was sent."""
    auth = pytest.importorskip("botocore.auth")
    requests, credentials = (
        pytest.importorskip(f"botocore.{name}") for name in ("awsrequest", "credentials")
    )
    page = (Path(dynacli.__file__).parent / "guide" / "auth-config.md").read_text()
    lines = page.partition("    import base64")[2].partition("\n\n##")[0]
    script = tmp_path / "sign_aws.py"
    script.write_text(textwrap.dedent(f"    import base64{lines}\n"))
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIDEXAMPLE")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "wJalrXUtnFEMI/K7MDENG")
    aws = {"type": "apiKey", "in": "header", "name": "Authorization"}
    query = {"name": "q", "in": "query", "schema": {"type": "string"}}
    shop.register({"auth": aws}, [{"auth": []}], parameters=[query])
    shop.configure(
        home, f"[apis.shop.auth.auth]\nsign = {json.dumps(shlex.join([sys.executable, str(script)]))}"
    )
    result = shop.call("--q", "a b/c")
    assert 0 == result.exit_code, result.stderr
    sent = shop.server.last
    again = requests.AWSRequest(
        "GET", shop.server.origin + sent.target, headers={"X-Amz-Date": sent.headers["x-amz-date"][0]}
    )
    again.context["timestamp"] = sent.headers["x-amz-date"][0]
    signer = auth.SigV4Auth(
        credentials.Credentials("AKIDEXAMPLE", "wJalrXUtnFEMI/K7MDENG"), "execute-api", "eu-central-1"
    )
    canonical = signer.canonical_request(again)
    expected = signer.signature(signer.string_to_sign(again, canonical), again)
    assert f"Signature={expected}" in sent.headers["authorization"][0]
