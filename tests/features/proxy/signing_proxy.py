"""A signing proxy in a process of its own, and a client of it."""

from __future__ import annotations

import contextlib
import http.client
import json
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import Any

_PATIENCE = 30.0


@dataclass
class Reply:
    """A response as the client got it."""

    status: int
    headers: list[tuple[str, str]]
    body: bytes

    @property
    def text(self) -> str:
        """Everything that the client got."""
        return f"{self.status}\n{self.headers}\n{self.body.decode('latin-1')}"

    def header(self, name: str) -> str:
        """Return the value of a header; empty if there is none."""
        return next((value for key, value in self.headers if key.lower() == name.lower()), "")

    @property
    def problem(self) -> dict[str, Any]:
        """The problem in a response of the proxy itself."""
        value: dict[str, Any] = json.loads(self.body)
        return value


@dataclass
class SigningProxy:
    """A running proxy.

    Attributes:
        variables: What it printed.
        output: Its standard output and standard error, filled at its end.
    """

    process: subprocess.Popen[bytes]
    variables: dict[str, str]
    output: list[str] = field(default_factory=list)

    @property
    def url(self) -> str:
        """Its base URL."""
        return next(value for name, value in self.variables.items() if name.endswith("API_URL"))

    @property
    def token(self) -> str:
        """The token of its session."""
        return list(self.variables.values())[-1]

    @property
    def port(self) -> int:
        """Its port."""
        return int(self.url.rpartition(":")[2])

    def connected(self) -> http.client.HTTPConnection:
        """Return a connection with it."""
        if not self.url.startswith("unix:"):
            return http.client.HTTPConnection("127.0.0.1", self.port, timeout=_PATIENCE)
        connection = http.client.HTTPConnection("localhost", timeout=_PATIENCE)
        connection.sock = socket.socket(socket.AF_UNIX)
        connection.sock.connect(self.url.removeprefix("unix:"))
        return connection

    def send(
        self,
        path: str,
        method: str = "GET",
        body: bytes | None = None,
        *,
        token: str | None = None,
        headers: Mapping[str, str] = MappingProxyType({}),
    ) -> Reply:
        """Send a request.

        Args:
            token: The bearer token; None for that of the session, empty for none.
            headers: Further headers.
        """
        bearer = self.token if token is None else token
        connection = self.connected()
        try:
            sent = {"Authorization": f"Bearer {bearer}", **headers} if bearer else dict(headers)
            connection.request(method, path, body, sent)
            response = connection.getresponse()
            return Reply(response.status, response.getheaders(), response.read())
        finally:
            connection.close()

    def log(self) -> list[str]:
        """Return the lines of standard error after the end."""
        return self.output[1].splitlines()


def _measured() -> list[str]:
    """Return the arguments with which the process counts for the coverage of the tests, if that is measured."""
    current = sys.modules["coverage"].Coverage.current() if "coverage" in sys.modules else None
    if current is None:
        return []
    beside = Path(current.get_data().data_filename()).with_name(".coverage")
    rules = f"--rcfile={Path(__file__).parents[3] / 'pyproject.toml'}"
    return ["-m", "coverage", "run", rules, "--parallel-mode", f"--data-file={beside}"]


@contextlib.contextmanager
def signing(*words: str, port: str = "0") -> Iterator[SigningProxy]:
    """Run `proxy --sign` until the end of the block."""
    command = [sys.executable, *_measured(), "-m", "dynacli", "proxy", *words, "--sign", "--port", port]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        started = process.stderr.readline().decode()  # it comes after the variables
        if "passes on to" not in started:
            raise AssertionError(started + process.stderr.read().decode())
        variables: dict[str, str] = {}
        printed = ""
        while not any(name.endswith(("TOKEN", "KEY", "PASSWORD")) for name in variables):
            line = process.stdout.readline().decode()
            assert line, "no variables are printed"
            printed += line
            if line.startswith("{"):
                variables = json.loads(line)
            else:
                name, _, value = line.strip().partition("=")
                variables[name] = value
        proxy = SigningProxy(process, variables)
        errors: list[bytes] = []
        stderr = process.stderr
        reader = threading.Thread(target=lambda: errors.append(stderr.read()))
        reader.start()
        try:
            yield proxy
        finally:
            process.send_signal(signal.SIGTERM)
            process.wait(timeout=_PATIENCE)
            reader.join()
            proxy.output += [printed + process.stdout.read().decode(), started + errors[0].decode()]
