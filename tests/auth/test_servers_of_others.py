"""HTTP Digest and mutual TLS against the servers that most of the web runs on, from the system's packages."""

import os
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.auth.tls_server import Certificates
from tests.documents import get, save_api
from tests.harness import free_port, run_cli

pytestmark = pytest.mark.exhaustive

_APACHE = """
ServerRoot {folder}
ServerName 127.0.0.1
Listen 127.0.0.1:{port}
PidFile {folder}/pid
ErrorLog {folder}/error.log
DocumentRoot {folder}/root
LoadModule mpm_event_module /usr/lib/apache2/modules/mod_mpm_event.so
LoadModule authn_core_module /usr/lib/apache2/modules/mod_authn_core.so
LoadModule authn_file_module /usr/lib/apache2/modules/mod_authn_file.so
LoadModule authz_core_module /usr/lib/apache2/modules/mod_authz_core.so
LoadModule authz_user_module /usr/lib/apache2/modules/mod_authz_user.so
LoadModule auth_digest_module /usr/lib/apache2/modules/mod_auth_digest.so
{user}
<Directory {folder}/root>
    AuthType Digest
    AuthName "of the shop"
    AuthDigestNonceLifetime {lifetime}
    AuthUserFile {folder}/users
    Require valid-user
</Directory>
"""

_NGINX = """
daemon off;
pid {folder}/pid;
error_log {folder}/error.log;
{user}
events {{}}
http {{
    access_log off;
    client_body_temp_path {folder}/a; proxy_temp_path {folder}/b; fastcgi_temp_path {folder}/c;
    uwsgi_temp_path {folder}/d; scgi_temp_path {folder}/e;
    server {{
        listen 127.0.0.1:{port} ssl;
        ssl_certificate {certificates}/server.pem;
        ssl_certificate_key {certificates}/server.key;
        ssl_client_certificate {certificates}/ca.pem;
        ssl_verify_client on;
        location = /openapi.json {{ alias {folder}/openapi.json; }}
        location / {{ default_type application/json; return 200 '{{"name": "$ssl_client_s_dn"}}'; }}
    }}
}}
"""


def program(name: str, *needed: str) -> str:
    """Return the path of a server; the test is skipped if it or one of its modules is not installed."""
    found = shutil.which(name, path=os.environ["PATH"] + ":/usr/sbin")
    if found is None or not all(map(os.path.exists, needed)):
        pytest.skip(f"{name} is not installed")
    return found


@contextmanager
def running(words: list[str], port: int, folder: Path) -> Iterator[None]:
    """Run a server until the end of the block, which begins when it listens."""
    with (folder / "stderr").open("wb") as log:
        process = subprocess.Popen(words, stdout=log, stderr=log)
    try:
        while True:
            assert process.poll() is None, (folder / "stderr").read_text()
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", port)) == 0:
                    break
            time.sleep(0.02)
        yield
    finally:
        process.terminate()
        process.wait()


@pytest.fixture
def folder() -> Iterator[Path]:
    """A folder that a server may read, whoever it runs as; the folders above those of pytest are private."""
    with tempfile.TemporaryDirectory() as name:
        Path(name).chmod(0o755)
        yield Path(name)


@pytest.mark.parametrize("lifetime", [300, -1], ids=["lasting nonces", "nonces that last forever"])
def test_apache_takes_the_digest(folder: Path, monkeypatch: pytest.MonkeyPatch, lifetime: int) -> None:
    """A right password lets in, a wrong one does not, and a batch responds to one challenge for all its calls."""
    from hashlib import md5

    apache = program("apache2", "/usr/lib/apache2/modules/mod_auth_digest.so")
    port, root = free_port(), folder / "root"
    root.mkdir()
    (root / "items").write_text("{}")
    first = md5(b"me:of the shop:open sesame", usedforsecurity=False).hexdigest()
    (folder / "users").write_text(f"me:of the shop:{first}\n")
    user = "User nobody\nGroup nogroup" if os.geteuid() == 0 else ""
    (folder / "conf").write_text(_APACHE.format(folder=folder, port=port, user=user, lifetime=lifetime))
    digest = {"type": "http", "scheme": "digest"}
    api = save_api(
        get("/items", "list-items", security=[{"auth": []}]),
        server=f"http://127.0.0.1:{port}",
        schemes={"auth": digest},
    )
    monkeypatch.setenv("DYNACLI_USERNAME", "me")
    monkeypatch.setenv("DYNACLI_PASSWORD", "open sesame")
    accepted = ("--accept-origin", f"http://127.0.0.1:{port}", "--validate", "off")
    with running([apache, "-X", "-f", str(folder / "conf")], port, folder):
        result = run_cli(api, "list-items", *accepted)
        assert (0, "{}") == (result.exit_code, result.stdout), result.stderr
        rows = run_cli("batch", api, "list-items", "-", *accepted, stdin=b"{}\n{}\n{}\n")
        assert 0 == rows.exit_code, rows.stderr
        for key, value in (("USERNAME", "me"), ("PASSWORD", "open sesame")):
            monkeypatch.setenv(f"DYNACLI_SHOP_{key}", value)
        shutil.copy(api, root / "openapi.json")
        added = run_cli("api", "add", "shop", f"http://127.0.0.1:{port}/openapi.json")
        assert 0 == added.exit_code, added.stderr
        monkeypatch.setenv("DYNACLI_PASSWORD", "open barley")
        assert 4 == run_cli(api, "list-items", *accepted).exit_code


def test_nginx_takes_the_certificate(folder: Path, home: Path) -> None:
    """It lets in who shows a certificate of its authority, and responses 400 to all others."""
    nginx = program("nginx")
    certificates = Certificates(folder)
    for name in ("server", "client"):
        certificates.sign(name)
    port = free_port()
    user = "user nobody nogroup;" if os.geteuid() == 0 else ""
    config = _NGINX.format(folder=folder, certificates=folder, port=port, user=user)
    (folder / "conf").write_text(config)
    origin = f"https://127.0.0.1:{port}"
    api = save_api(
        get("/items", "list-items", security=[{"auth": []}]),
        server=origin,
        schemes={"auth": {"type": "mutualTLS"}},
    )
    assert 0 == run_cli("api", "add", "shop", api, "--server", origin).exit_code
    with (home / "config" / "config.toml").open("a") as file:
        file.write(f'\nca = "{folder}/ca.pem"\n')
    with running([nginx, "-c", str(folder / "conf")], port, folder):
        assert 10 == run_cli("shop", "list-items").exit_code
        assert 4 == run_cli("shop", "list-items", "--auth", "none").exit_code
        with (home / "config" / "config.toml").open("a") as file:
            file.write(
                f'[apis.shop.auth.auth]\ncert = "{folder}/client.pem"\ncert_key = "{folder}/client.key"\n'
            )
        result = run_cli("shop", "list-items")
        assert (0, {"name": "CN=client"}) == (result.exit_code, result.json), result.stderr
        shutil.copy(api, folder / "openapi.json")
        (folder / "openapi.json").chmod(0o644)
        files = {"ca": "ca.pem", "auth.mutual.cert": "client.pem", "auth.mutual.cert_key": "client.key"}
        url = f"{origin}/openapi.json"
        pairs = [f"apis.corp.{key}={folder}/{name}" for key, name in files.items()]
        assert 0 == run_cli("config", "set", f"apis.corp.source={url}", *pairs).exit_code
        added = run_cli("api", "add", "corp", url)
        assert 0 == added.exit_code, added.stderr
        assert {"name": "CN=client"} == run_cli("corp", "list-items").json
