"""What every measured process finds: directories of its own, GitHub's document compiled, a server that responds."""

import contextlib
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from tests.bench import process
from tests.bench.documents import MANY, OTHER

CHECKOUT = Path(__file__).resolve().parents[2]
_LEFT_OUT = ("PYTHONDONTWRITEBYTECODE", "PYTHONUNBUFFERED", "PYTHONPROFILEIMPORTTIME", "NO_COLOR")


@dataclass(frozen=True)
class Setting:
    """Where the bench works.

    Args:
        directory: For its files.
        variables: The environment of what is measured.
        github: GitHub's document, the biggest of the corpus.
        dense: Adyen's document of payments: nowhere in the corpus does an operation reach so much of its document.
        origin: Of the server that responds at once.
    """

    directory: Path
    variables: dict[str, str]
    github: Path
    dense: Path
    origin: str

    @property
    def small(self) -> Path:
        """GitHub's document, cut down to twenty operations."""
        return self.directory / "small.json"

    @property
    def changed(self) -> Path:
        """GitHub's document, each of its schemas changed and some of its operations gone or moved."""
        return self.directory / "changed.json"

    def dynacli(self, *words: str) -> list[str]:
        """Return the command that runs dynacli's console script."""
        return [str(Path(sys.executable).parent / "dynacli"), *words]

    def call(self, *words: str) -> list[str]:
        """Return the same, `ORIGIN` being that of the server."""
        return self.dynacli(*(word.replace("ORIGIN", self.origin) for word in words))

    def python(self, code: str) -> list[str]:
        """Return the command that runs a line of Python."""
        return [sys.executable, "-c", code]

    def with_empty_cache(self) -> dict[str, str]:
        """Return the variables with a cache directory in which nothing is."""
        return {**self.variables, "DYNACLI_CACHE_DIR": tempfile.mkdtemp(dir=self.directory)}


@contextlib.contextmanager
def prepared() -> Iterator[Setting]:
    """Make the setting, and remove it at the end of the block.

    Raises:
        FileNotFoundError: The folder of real documents is missing.
        FailedRunError: dynacli does not work.
    """
    corpus = Path(os.environ.get("DYNACLI_TEST_CORPUS") or CHECKOUT.parent / "shared" / "corpus")
    github = corpus / "github.json"
    if not github.is_file():
        raise FileNotFoundError(f"{github} (set DYNACLI_TEST_CORPUS to the folder of real documents)")
    with tempfile.TemporaryDirectory() as name, contextlib.ExitStack() as stack:
        directory = Path(name)
        kept = {
            key: value
            for key, value in os.environ.items()
            if key not in _LEFT_OUT and not key.startswith("DYNACLI_") and "proxy" not in key.lower()
        }
        variables = {
            **kept,
            "HOME": name,
            "DYNACLI_CACHE_DIR": str(directory / "cache"),
            "DYNACLI_CONFIG_DIR": str(directory / "config"),
            "DYNACLI_STATE_DIR": str(directory / "state"),
        }
        made = [sys.executable, "-m", "tests.bench.documents", str(github), name]
        subprocess.run(made, check=True, cwd=CHECKOUT)
        responses = [str(directory / f"{response}.json") for response in ("issue", *MANY, OTHER)]
        origin = stack.enter_context(serving(responses))
        setting = Setting(directory, variables, github, corpus / "adyen-checkout-v71.json", origin)
        process.run(setting.dynacli("api", "add", "github", str(github)), variables)
        process.run(setting.dynacli("api", "add", "small", str(setting.small)), variables)
        process.run(setting.dynacli("api", "add", "dense", str(setting.dense)), variables)
        yield setting


@contextlib.contextmanager
def serving(responses: Sequence[str]) -> Iterator[str]:
    """Run a server that responds at once, and enter with its origin.

    Args:
        responses: The files that it has.
    """
    with subprocess.Popen(
        [sys.executable, "-m", "tests.bench.server", *responses],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        cwd=CHECKOUT,
    ) as server:
        if server.stdin is None or server.stdout is None:
            raise RuntimeError("the server has no streams")
        with server.stdin:
            yield f"http://127.0.0.1:{server.stdout.readline().strip()}"
