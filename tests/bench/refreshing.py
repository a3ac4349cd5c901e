"""What refreshing costs: a run while one is due, one that finds nothing new, and comparing two revisions."""

import contextlib
import threading
import time
from collections.abc import Iterator
from hashlib import sha256
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from statistics import median
from typing import Any

from tests.bench import process
from tests.bench.setting import Setting

_PATIENCE_SECONDS = 20.0


@contextlib.contextmanager
def _served(**documents: Path) -> Iterator[str]:
    """Serve documents under their names, each with an `ETag`, and yield the origin."""
    contents = {f"/{name}.json": path.read_bytes() for name, path in documents.items()}
    # Made once: a digest of the large document would take longer than the rest of the response.
    tags = {name: f'"{sha256(content).hexdigest()}"' for name, content in contents.items()}

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            content, tag = contents[self.path], tags[self.path]
            is_known = self.headers.get("If-None-Match") == tag
            self.send_response(304 if is_known else 200)
            self.send_header("ETag", tag)
            self.send_header("Content-Length", "0" if is_known else str(len(content)))
            self.end_headers()
            if not is_known:
                self.wfile.write(content)

        def log_message(self, format: str, *args: Any) -> None:  # noqa: A002
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        server.server_close()


def _registered(variables: dict[str, str], origin: str) -> None:
    """Write down one document that is always due and one that never is, of each of the two that are served."""
    lines = []
    for name in ("large", "small"):
        for state, lifetime in (("due", "0s"), ("fresh", "7d")):
            lines += [
                f"[apis.{state}-{name}]",
                f'source = "{origin}/{name}.json"',
                f'refresh_after = "{lifetime}"',
            ]
    path = Path(variables["DYNACLI_CONFIG_DIR"]) / "config.toml"
    path.parent.mkdir(parents=True)
    path.write_text("\n".join(lines) + "\n")


@contextlib.contextmanager
def _prepared(setting: Setting) -> Iterator[dict[str, str]]:
    """Yield the variables of a configuration in which the served documents have been fetched once."""
    variables = setting.with_empty_cache()
    variables["DYNACLI_CONFIG_DIR"] = str(Path(variables["DYNACLI_CACHE_DIR"]) / "configuration")
    with _served(large=setting.github, small=setting.small) as origin:
        _registered(variables, origin)
        for name in ("large", "small"):
            process.run(setting.dynacli("operations", f"fresh-{name}"), variables)
        yield variables


def due_against_fresh(setting: Setting, pairs: int, words: tuple[str, ...]) -> process.Comparison:
    """Hold a run that starts a refresh after itself against the same one that does not."""
    with _prepared(setting) as variables:
        bases, runs = [], []
        for number in range(pairs + 1):
            base = process.run(setting.dynacli("fresh-large", *words), variables).seconds
            run = process.run(setting.dynacli("due-large", *words), variables).seconds
            _wait_for_refresh(variables)
            if number:
                bases.append(base)
                runs.append(run)
    return process.compared(bases, runs)


def _wait_for_refresh(variables: dict[str, str]) -> None:
    """Wait until the refresh has releases its claim, so that the next run has the machine for itself."""
    end = time.monotonic() + _PATIENCE_SECONDS
    documents = Path(variables["DYNACLI_CACHE_DIR"]) / "documents"
    while any(documents.glob("*/refresh.claim")):
        if time.monotonic() > end:
            raise process.FailedRunError("the refresh does not end")
        time.sleep(0.01)
    time.sleep(0.1)


def large_against_small(setting: Setting, pairs: int) -> process.Comparison:
    """Hold a refresh that finds nothing new of a large document against one of a small document."""
    with _prepared(setting) as variables:
        small, large = (setting.dynacli("__refresh", f"due-{name}") for name in ("small", "large"))
        return process.compare(small, large, variables, pairs)


def compare_revisions(setting: Setting, pairs: int) -> float:
    """Return the seconds that comparing two versions of the large document takes, both compiled already."""
    words = ("changes", str(setting.changed), "--since", str(setting.github), "-o", "json")
    command = setting.dynacli(*words)
    process.run(command, setting.variables)
    return median(process.run(command, setting.variables).seconds for _ in range(min(pairs, 5)))
