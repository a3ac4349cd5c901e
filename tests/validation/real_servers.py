"""Servers from package registries that publish their own OpenAPI document, and how each is started.

They are looked for in the folder that `DYNACLI_TEST_SERVERS` names, in a folder of its own each: a virtual
environment (`optimade/bin/python`), what `npm install --prefix` made (`todo/node_modules`), or a jar
(`wiremock/wiremock-standalone.jar`). Which versions: see `.ci/outside`.
"""

import contextlib
import os
import shutil
import signal
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.harness import free_port

# Before a test begins: in a test no variable of dynacli's is left.
_FOLDER = os.environ.get("DYNACLI_TEST_SERVERS", "")
_START_SECONDS = 120
_STOP_SECONDS = 5
TOKEN = "of-this-test"


@dataclass(frozen=True)
class RealServer:
    """A server, and how it is started.

    Attributes:
        name: Of its folder, and of the API that it is registered as.
        needs: The file in its folder without which it is not installed.
        words: Its command line, from the file, the port and the directory that it may write to.
        document: Path and query of its document.
        variables: More environment variables, from the port.
        prepare: Puts into its directory what it starts from.
        options: Standard options that every call of it needs, from its origin.
        visited: A path that is asked for first, so that there is something to tell of.
    """

    name: str
    needs: str
    words: Callable[[str, int, Path], list[str]]
    document: str
    variables: Callable[[int], Mapping[str, str]] = lambda _: {}
    prepare: Callable[[str, int, Path], None] = lambda *_: None
    options: Callable[[str], tuple[str, ...]] = lambda _: ()
    visited: str = ""


@contextlib.contextmanager
def serving(server: RealServer, directory: Path) -> Iterator[str]:
    """Run a server until the end of the block, and give its origin; the test is skipped if it is missing.

    Args:
        directory: Its home and working directory, empty.

    Raises:
        OSError: It does not start.
    """
    program = Path(_FOLDER) / server.name / server.needs
    if not _FOLDER or not program.exists():
        pytest.skip(f"`{server.name}` is not installed (set DYNACLI_TEST_SERVERS to the folder that has it)")
    if server.needs.endswith(".jar") and shutil.which("java") is None:
        pytest.skip(f"`{server.name}` needs `java`")
    port = free_port()
    server.prepare(str(program), port, directory)
    log = directory / "log"
    with (
        log.open("wb") as output,
        subprocess.Popen(
            server.words(str(program), port, directory),
            cwd=directory,
            env={**os.environ, "HOME": str(directory), **server.variables(port)},
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            start_new_session=True,
        ) as process,
    ):
        try:
            _wait_for(f"http://127.0.0.1:{port}{server.document}", process, log)
            yield f"http://127.0.0.1:{port}"
        finally:
            _stop(process)


def visit(server: RealServer, origin: str) -> None:
    """Ask a server for what it is to be asked for first, whatever it responds."""
    if server.visited:
        with contextlib.suppress(urllib.error.HTTPError):
            urllib.request.urlopen(origin + server.visited, timeout=30).close()


def _wait_for(url: str, process: "subprocess.Popen[bytes]", log: Path) -> None:
    end = time.monotonic() + _START_SECONDS
    while time.monotonic() < end:
        if process.poll() is not None:
            break
        with contextlib.suppress(OSError), urllib.request.urlopen(url, timeout=5):
            return
        time.sleep(0.1)
    lines = log.read_text(errors="replace").strip().splitlines()
    raise OSError(f"{url} does not respond: {lines[-5:]}")


def _stop(process: "subprocess.Popen[bytes]") -> None:
    """End a server and whatever it started; asked first, so that it ends what left its process group."""
    for sent in (signal.SIGTERM, signal.SIGKILL):
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, sent)
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(_STOP_SECONDS)


def _geography(program: str, port: int, directory: Path) -> None:
    (directory / "points.geojson").write_text(
        """{"type": "FeatureCollection", "features": [
            {"type": "Feature", "id": "1", "properties": {"name": "a", "value": 1.5},
             "geometry": {"type": "Point", "coordinates": [7.1, 46.2]}},
            {"type": "Feature", "id": "2", "properties": {"name": "b", "value": 2},
             "geometry": {"type": "Point", "coordinates": [8.1, 47.2]}}]}"""
    )
    (directory / "config.yml").write_text(
        f"""
        server:
          bind: {{host: 127.0.0.1, port: {port}}}
          url: http://127.0.0.1:{port}
          mimetype: application/json; charset=UTF-8
          encoding: utf-8
          languages: [en-US]
          limits: {{default_items: 10, max_items: 50}}
          map: {{url: 'http://127.0.0.1/tiles', attribution: none}}
        logging: {{level: ERROR}}
        metadata:
          identification:
            {{title: Points, description: Two points, keywords: [points], keywords_type: theme,
              terms_of_service: 'http://127.0.0.1/', url: 'http://127.0.0.1/'}}
          license: {{name: CC-BY, url: 'http://127.0.0.1/'}}
          provider: {{name: Nobody, url: 'http://127.0.0.1/'}}
          contact: {{name: Nobody, email: nobody@example.org, url: 'http://127.0.0.1/', role: pointOfContact}}
        resources:
          points:
            type: collection
            title: Points
            description: Two points
            keywords: [points]
            extents: {{spatial: {{bbox: [-180, -90, 180, 90]}}}}
            providers: [{{type: feature, name: GeoJSON, data: points.geojson, id_field: id}}]
          hello-world:
            type: process
            processor: {{name: HelloWorld}}
        """
    )
    subprocess.run(
        [program, "openapi", "generate", "config.yml", "--output-file", "openapi.yml"],
        cwd=directory,
        check=True,
        capture_output=True,
        timeout=_START_SECONDS,
    )


def _store(_program: str, _port: int, directory: Path) -> None:
    """Anybody may make buckets, which are kept in memory."""
    (directory / "kinto.ini").write_text(
        """
[server:main]
use = egg:waitress#main
host = 127.0.0.1
port = %(http_port)s

[app:main]
use = egg:kinto
kinto.storage_backend = kinto.core.storage.memory
kinto.cache_backend = kinto.core.cache.memory
kinto.permission_backend = kinto.core.permission.memory
kinto.userid_hmac_secret = none
kinto.experimental_permissions_endpoint = true
kinto.bucket_create_principals = system.Everyone
kinto.bucket_read_principals = system.Everyone
"""
    )


SERVERS = {
    server.name: server
    for server in (
        # FastAPI: an OpenAPI 3.1 document made from pydantic models.
        RealServer(
            "optimade",
            "bin/python",
            lambda program, port, _: [
                *(program, "-m", "uvicorn", "optimade.server.main:app"),
                *("--host", "127.0.0.1", "--port", str(port)),
            ],
            "/v1/extensions/openapi.json",
        ),
        # Swagger 2.0, written by hand, in YAML. It declares no security, so the token goes into a header.
        RealServer(
            "jupyter",
            "bin/python",
            lambda program, port, directory: [
                *(program, "-m", "jupyter_server", "--no-browser", "--allow-root"),
                *("--ServerApp.ip=127.0.0.1", f"--ServerApp.port={port}", "--ServerApp.port_retries=0"),
                *(f"--IdentityProvider.token={TOKEN}", f"--ServerApp.root_dir={directory / 'files'}"),
            ],
            f"/api/spec.yaml?token={TOKEN}",
            prepare=lambda _program, _port, directory: (directory / "files").mkdir(),
            options=lambda _: ("-H", f"Authorization: token {TOKEN}"),
        ),
        # Swagger 2.0, put together from docstrings; it names another server than the one that it runs on.
        RealServer(
            "httpbin",
            "bin/python",
            lambda program, port, _: [
                *(program, "-m", "flask", "--app", "httpbin:app"),
                *("run", "--host", "127.0.0.1", "--port", str(port)),
            ],
            "/spec.json",
            options=lambda origin: ("--server", origin),
        ),
        # Swagger 2.0, put together from pieces of YAML and the schemas that the server validates with.
        RealServer(
            "kinto",
            "bin/kinto",
            lambda program, port, _: [program, "start", "--ini", "kinto.ini", "--port", str(port)],
            "/v1/__api__",
            prepare=_store,
        ),
        # OpenAPI 3.0, written by hand, in many files that were bundled.
        RealServer(
            "wiremock",
            "wiremock-standalone.jar",
            lambda program, port, directory: [
                *("java", "-XX:TieredStopAtLevel=1", "-jar", program),
                *("--bind-address", "127.0.0.1", "--port", str(port), "--root-dir", str(directory)),
            ],
            "/__admin/docs/swagger",
            visited="/nothing",
        ),
        # LoopBack: OpenAPI 3.0 made from the decorators of TypeScript classes.
        RealServer(
            "todo",
            "node_modules/@loopback/example-todo/dist/index.js",
            lambda program, _port, _directory: ["node", program],
            "/openapi.json",
            variables=lambda port: {"HOST": "127.0.0.1", "PORT": str(port)},
            # Where it keeps what it is given.
            prepare=lambda _program, _port, directory: (directory / "data").mkdir(),
        ),
        # OpenAPI 3.0 put together by a program, whose references lead to the schemas of a standard, on other hosts.
        RealServer(
            "pygeoapi",
            "bin/pygeoapi",
            lambda program, _port, _directory: [program, "serve"],
            "/openapi?f=json",
            variables=lambda _: {"PYGEOAPI_CONFIG": "config.yml", "PYGEOAPI_OPENAPI": "openapi.yml"},
            prepare=_geography,
        ),
    )
}

BY_BASE_URL = {
    server.name: server
    for server in (
        # Rust, OpenAPI 3.1; asks for a key in its document, and takes every call without.
        RealServer(
            "chroma",
            "bin/chroma",
            lambda program, port, directory: [
                *(program, "run", "--host", "127.0.0.1", "--port", str(port)),
                *("--path", str(directory / "data")),
            ],
            "/api/v2/heartbeat",
            variables=lambda _: {"ANONYMIZED_TELEMETRY": "False"},
        ),
        # FastAPI below `/api`; the one at its root has the same paths, where nothing is.
        RealServer(
            "prefect",
            "bin/prefect",
            lambda program, port, _: [
                *(program, "server", "start", "--host", "127.0.0.1", "--port", str(port)),
            ],
            "/api/openapi.json",  # making it takes seconds, once
            variables=lambda _: {"PREFECT_SERVER_ANALYTICS_ENABLED": "false", "DO_NOT_TRACK": "1"},
            visited="/openapi.json",
        ),
        # FastAPI; its root is an application for browsers.
        RealServer(
            "phoenix",
            "bin/phoenix",
            lambda program, _port, _directory: [program, "serve"],
            "/healthz",
            variables=lambda port: {
                "PHOENIX_HOST": "127.0.0.1",
                "PHOENIX_PORT": str(port),
                "PHOENIX_GRPC_PORT": "0",
                "PHOENIX_TELEMETRY_ENABLED": "false",
            },
        ),
    )
}
"""Servers that are registered by their base URL alone, as a newcomer does it."""
