"""What the commands of a page run against: mocks of the documents that it names, other servers, and files."""

import json
import os
import re
import shlex
import shutil
import socket
import ssl
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any
from unittest.mock import patch

import pytest
import yaml

from tests.auth.tls_server import Certificates, tls_server
from tests.console_examples import Example
from tests.features.mock.mocked import mocked
from tests.harness import Response, free_port, recording
from tests.real_documents import FOLDER
from tests.website.pages import WRITTEN

GUIDES: Mapping[str, Mapping[str, Any]] = yaml.safe_load(
    Path(__file__).with_name("guides.yaml").read_text(encoding="utf-8")
)
"""Page that is written by hand, without its ending → what it needs; `guides.yaml` explains the keys."""
_DOCUMENTS = Path(__file__).with_name("documents")
_FILE = re.compile(r'^```\w+ title="([^"]+)"\n(.*?)^```$', re.DOTALL | re.MULTILINE)
_PATIENCE_SECONDS = 30


def guide_text(guide: str) -> str:
    """Return the Markdown of a guide."""
    return (WRITTEN / f"{guide}.md").read_text(encoding="utf-8")


class Stage:
    """The working directory of a guide, and the servers that stand for those that it names.

    Attributes:
        places: What the guide shows → what has its place here.
    """

    def __init__(self, stack: ExitStack) -> None:
        self.places: dict[str, str] = {}
        self._stack = stack

    def has_document(self, source: str, file: str, server: str = "", real: str = "") -> None:
        """Put a document where the guide expects it, with a mock as its server if no other server is running there.

        Args:
            source: The URL or the path by which the guide names it.
            file: Its path below the folder of real documents (`corpus/...`), of the guides or of the tests.
            server: The URL of its server, as it is written there.
            real: Its real document below `corpus/`, which takes the place of `file` if it is there.
        """
        original = _original(real if real and _original(real).exists() else file)
        here = Path("fetched", original.name) if "://" in source else Path(source)
        if file.count("/") > 1:  # with all that it refers to
            shutil.copytree(original.parent, here.parent)
        here.parent.mkdir(exist_ok=True)
        content = original.read_bytes()
        if server and server not in self.places:
            port = self._stack.enter_context(mocked(str(original))).port
            self._is_at(server, f"http://127.0.0.1:{port}")
        if server:
            content = content.replace(server.encode(), self.places[server].encode())
        here.write_bytes(content)
        if "://" in source:
            self._shows(source, f"./{here}")

    def has_server(self, url: str, responses: Mapping[str, Any], certificates: str = "") -> None:
        """Run a server.

        Args:
            url: Its URL in the guide: of plain HTTP, of HTTPS, or of a socket.
            responses: Path → the file of the tests with the body, or the value of it.
            certificates: The name of the client's certificate that it wants, which goes into the working directory.
        """
        bodies = {
            path: _original(value).read_bytes() if isinstance(value, str) else json.dumps(value).encode()
            for path, value in responses.items()
        }
        if certificates:
            folder = Path("authority")
            folder.mkdir()
            made = Certificates(folder.absolute())
            for name in ("server", certificates):
                made.sign(name)
            for name in ("ca.pem", f"{certificates}.pem", f"{certificates}.key"):
                shutil.copy(folder / name, name)
            running = tls_server(made.folder, "server", ssl.CERT_REQUIRED, ssl.TLSVersion.TLSv1_3)
            server = self._stack.enter_context(running)
            server.documents = bodies
            self._is_at(url, server.origin)
            return
        path = str(Path("a.sock").absolute()) if url.startswith("unix:") else ""
        recorder = self._stack.enter_context(recording(path))
        for name, body in bodies.items():
            recorder.responses[name] = Response(200, body)
        self._is_at(url, recorder.origin)

    def run(self, example: Example) -> None:
        """Run a command of the guide; one that ends with `&` goes on until the end of the guide."""
        command = example.command
        if command.startswith("export "):
            for assignment in shlex.split(command)[1:]:
                name, _, value = assignment.partition("=")
                os.environ[name] = value
        elif command.endswith(" &"):
            self._start(shlex.split(command.removesuffix(" &")))
        else:
            example.check(self.places)

    def _start(self, words: list[str]) -> None:
        port = free_port()
        self._shows(words[words.index("--port") + 1], str(port))
        program = [sys.executable, "-m", "dynacli", *(self.places.get(word, word) for word in words[1:])]
        process = subprocess.Popen(program, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        self._stack.callback(process.wait, _PATIENCE_SECONDS)
        self._stack.callback(process.terminate)
        end = time.monotonic() + _PATIENCE_SECONDS
        while not _listens(port):
            assert process.poll() is None, words
            assert time.monotonic() < end, words
            time.sleep(0.05)

    def _is_at(self, url: str, here: str) -> None:
        """Let a server of the guide be at another URL, and in a header `Host` at another name."""
        self._shows(url, here)
        if "://" in url:
            self.places[url.partition("://")[2]] = here.partition("://")[2]

    def _shows(self, shown: str, here: str) -> None:
        self.places = {shown: here, **self.places}


def _original(file: str) -> Path:
    if file.startswith("corpus/"):
        return FOLDER / file.removeprefix("corpus/")
    of_guides = WRITTEN / "guides" / file
    return of_guides if of_guides.exists() else _DOCUMENTS / file


def _listens(port: int) -> bool:
    with socket.socket() as client:
        return client.connect_ex(("127.0.0.1", port)) == 0


@contextmanager
def staged(guide: str) -> Iterator[Stage]:
    """Put all that a guide needs into the working directory, until the end of the block."""
    needs = GUIDES[guide] or {}
    for program in needs.get("programs", ()):
        if shutil.which(program) is None:
            pytest.skip(f"{program} is not installed")
    with ExitStack() as stack:
        stack.enter_context(patch.dict(os.environ))
        stage = Stage(stack)
        for name, text in [*_FILE.findall(guide_text(guide)), *needs.get("files", {}).items()]:
            Path(name).parent.mkdir(parents=True, exist_ok=True)
            Path(name).write_text(text, encoding="utf-8")
        for server in needs.get("servers", ()):
            stage.has_server(**server)
        for document in needs.get("documents", ()):
            stage.has_document(**document)
        if "prepare" in needs:
            subprocess.run(["sh", "-ec", needs["prepare"]], check=True, capture_output=True)
        yield stage
