"""Calls every operation of real documents, with `--example`, against Prism's mock server.

Prism reads the same document with code of its own, and says of each request whether the document allows it.
Run it as `python -m tests.request.prism [FOLDER] [--only X] [--most N]`; it needs `prism` from npm's
`@stoplight/prism-cli` (see tests/npm_programs.py) and sends to this machine alone.
"""

import argparse
import contextlib
import json
import os
import re
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from dynacli.auth.credentials import Variables
from tests.harness import free_port, run_cli
from tests.npm_programs import program
from tests.real_documents import documents, parsed_with_folder

_START_SECONDS = 120
_SECRET = "Y3VjdW1iZXI6c2VjcmV0"
_STATUS = re.compile(r"^< HTTP/1\.1 (\d+)", re.MULTILINE)
# A header that is cut if it is too long, so it cannot be read as JSON.
_VIOLATION = re.compile(
    r'\{"location":\["request"(?:,([^]]*))?\],"severity":"Error",(?:"code":"[^"]*",)?"message":"((?:[^"\\]|\\.)*)"'
)


@dataclass
class PrismReport:
    """What Prism said of the calls of one document.

    Attributes:
        refusal: Why Prism does not serve the document, or dynacli does not read it.
        called: Operations that were called, and responded.
        unanswered: Operations whose call ended Prism itself, for instance objects in `style: pipeDelimited`.
        accepted: Calls of which Prism says that the document allows them.
        reasons: The others, with what it says.
    """

    name: str
    refusal: str = ""
    called: int = 0
    accepted: int = 0
    reasons: list[str] = field(default_factory=list)
    unanswered: list[str] = field(default_factory=list)

    def line(self) -> str:
        """Return the row of the table."""
        ended = f", and {len(self.unanswered)} that ended Prism" if self.unanswered else ""
        return f"{self.name:52} " + (self.refusal or f"{self.accepted:5}/{self.called}{ended}")


def ask(
    path: Path, name: str, *, most: int = 0, least: int = 0, seconds: float = _START_SECONDS
) -> PrismReport:
    """Serve a document with Prism and call its operations.

    Args:
        most: How many, spread evenly over the document; 0 for all.
        least: A document with fewer is left alone.
        seconds: How long Prism may take to start.
    """
    report = PrismReport(name)
    listed = run_cli("operations", str(path), "-o", "json")
    if listed.exit_code:
        report.refusal = f"dynacli: {listed.stderr.splitlines()[0]}"
        return report
    names = [row["name"] for row in listed.json]
    if len(names) < least:
        return report
    with tempfile.TemporaryDirectory() as folder:
        # Prism has rules of its own for references; it is given what dynacli works with, in one file.
        served = Path(folder) / "served.json"
        served.write_bytes(run_cli("document", str(path), "--bundled").stdout_bytes)
        os.environ.update(_credentials(json.loads(served.read_bytes())))
        step = max(-(-len(names) // most), 1) if most else 1
        waiting = names[::step]
        while waiting:
            try:
                with _serving(served, seconds) as (url, process):
                    # Some requests end Prism itself; the ones after them are made to another one.
                    while waiting and process.poll() is None:
                        _call(path, waiting.pop(0), url, process, report)
            except OSError as error:
                report.refusal = f"prism: {error}"
                break
    return report


def _call(path: Path, name: str, url: str, process: "subprocess.Popen[bytes]", report: PrismReport) -> None:
    # Before the API, as an operation may have options of these names itself.
    standard = ("--server", url, "--accept-origin", url, "-v", "--no-fail", "--example")
    result = run_cli(*standard, str(path), name)
    status = _STATUS.search(result.stderr)
    if status is None and _has_ended(process):
        report.unanswered.append(name)
        return
    report.called += 1
    violations = _VIOLATION.findall(result.stderr)
    is_own = b"https://stoplight.io/prism/errors#" in result.stdout_bytes
    # A 5xx of its own says that it has no response to give; it has accepted the request by then.
    if status and not violations and not (is_own and status[1].startswith("4")):
        report.accepted += 1
        return
    if is_own:
        problem = json.loads(result.stdout_bytes)
        more = problem.get("validation", problem.get("detail"))
        reported = f"{problem['status']} {problem['title']}: {json.dumps(more)}"
    elif violations:
        reported = "; ".join(f"{place}: {message}" for place, message in violations)
    else:
        reported = result.stderr[:300]
    report.reasons.append(f"{name}: {' '.join(reported.split())[:400]}")


def _has_ended(process: "subprocess.Popen[bytes]") -> bool:
    try:
        process.wait(2)
    except subprocess.TimeoutExpired:
        return False
    return True


@contextlib.contextmanager
def _serving(path: Path, seconds: float) -> Iterator[tuple[str, "subprocess.Popen[bytes]"]]:
    """Run Prism on a document until the end of the block, and give its URL and its process.

    Raises:
        OSError: It does not start.
    """
    port = free_port()
    log = path.with_suffix(".log")
    with (
        log.open("wb") as output,
        subprocess.Popen(
            [program("prism"), "mock", "-h", "127.0.0.1", "-p", str(port), str(path)],
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
        ) as process,
    ):
        try:
            _wait_for(port, process, log, seconds)
            yield f"http://127.0.0.1:{port}", process
        finally:
            process.kill()


def _wait_for(port: int, process: "subprocess.Popen[bytes]", log: Path, seconds: float) -> None:
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if process.poll() is not None:
            lines = log.read_text(errors="replace").strip().splitlines()
            raise OSError(lines[-1][:200] if lines else "it ended")
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 0.2):
            return
        time.sleep(0.1)
    raise OSError(f"it does not listen after {seconds:g} seconds")


def _main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--most", type=int, default=0, help="operations of each document")
    parser.add_argument("--only", default="", help="documents whose path has this")
    chosen = parsed_with_folder(parser)
    called = accepted = 0
    with tempfile.TemporaryDirectory() as home:
        for name in ("cache", "config", "state"):
            os.environ[f"DYNACLI_{name.upper()}_DIR"] = f"{home}/{name}"
        for path in documents(chosen.folder):
            name = str(path.relative_to(chosen.folder))
            if chosen.only not in name:
                continue
            began = time.monotonic()
            report = ask(path, name, most=chosen.most)
            sys.stdout.write(f"{report.line()}   {time.monotonic() - began:.1f} s\n")
            sys.stdout.writelines(f"    {reason}\n" for reason in report.reasons)
            sys.stdout.flush()
            called += report.called
            accepted += report.accepted
    sys.stdout.write(f"accepted {accepted} of {called}\n")


def _credentials(document: dict[str, Any]) -> dict[str, str]:
    """Return the variables that hold a credential for each scheme of a document."""
    schemes = document.get("components", {}).get("securitySchemes", {})
    return {
        Variables("DYNACLI").own(name): f"user:{_SECRET}" if scheme.get("scheme") == "basic" else _SECRET
        for name, scheme in schemes.items()
    }


if __name__ == "__main__":
    _main()
