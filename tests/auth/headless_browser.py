"""Chromium without a window, driven over a pipe by its own protocol; it fills in whatever form a provider shows.

See https://chromedevtools.github.io/devtools-protocol/
"""

import contextlib
import json
import os
import shutil
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

_SECONDS = 120
_FILL_IN = """(() => {
  const form = [...document.forms].find(each => !each.dataset.sent && !/abort/.test(each.action));
  if (!form) return location.href;
  for (const [name, text] of Object.entries(VALUES)) {
    const field = form.elements.namedItem(name);
    if (field) field.value = text;
  }
  form.dataset.sent = "1";
  form.submit();
  return location.href;
})()"""


class HeadlessBrowser:
    """A running Chromium."""

    def __init__(self, to_browser: int, from_browser: int) -> None:
        self._to, self._from = to_browser, os.fdopen(from_browser, "rb")
        self._number = 0
        self._read = b""

    def fill_in(self, url: str, values: dict[str, str], end: str) -> None:
        """Open a page, and fill in and send each form that comes, until a text stands on a page or in its address.

        Args:
            values: Name of a field → what is typed there.
        """
        target = self._ask("Target.createTarget", {"url": url})["targetId"]
        session = self._ask("Target.attachToTarget", {"targetId": target, "flatten": True})["sessionId"]
        script = _FILL_IN.replace("VALUES", json.dumps(values))
        last = time.monotonic() + _SECONDS
        shown = ""
        while time.monotonic() < last:
            shown = self._evaluate(
                "location.href + ' ' + (document.body ? document.body.innerText : '')", session
            )
            if end in shown:
                return
            self._evaluate(script, session)
            time.sleep(0.2)
        raise OSError(f"no page with {end!r}: {shown[:500]}")

    def evaluate(self, url: str, script: str, *, colours: str) -> str:
        """Return what an expression is on a page, in an offline tab of a colour scheme (`light` or `dark`)."""
        target = self._ask("Target.createTarget", {"url": "about:blank"})["targetId"]
        session = self._ask("Target.attachToTarget", {"targetId": target, "flatten": True})["sessionId"]
        scheme = {"features": [{"name": "prefers-color-scheme", "value": colours}]}
        self._ask("Emulation.setEmulatedMedia", scheme, session)
        self._ask("Network.enable", {}, session)
        nothing = {"offline": True, "latency": 0, "downloadThroughput": 0, "uploadThroughput": 0}
        self._ask("Network.emulateNetworkConditions", nothing, session)
        self._ask("Page.navigate", {"url": url}, session)
        last = time.monotonic() + _SECONDS
        while time.monotonic() < last:
            if self._evaluate(f"location.href === {url!r} && document.readyState", session) == "complete":
                return self._evaluate(script, session)
            time.sleep(0.05)
        raise OSError(f"{url} is not loaded")

    def _evaluate(self, script: str, session: str) -> str:
        response = self._ask("Runtime.evaluate", {"expression": script, "returnByValue": True}, session)
        return str(response.get("result", {}).get("value", ""))

    def _ask(self, method: str, parameters: dict[str, Any], session: str = "") -> dict[str, Any]:
        self._number += 1
        message = {"id": self._number, "method": method, "params": parameters}
        if session:
            message["sessionId"] = session
        os.write(self._to, json.dumps(message).encode() + b"\0")
        while True:
            response = json.loads(self._next())
            if response.get("id") == self._number:
                return dict(response.get("result", {}))

    def _next(self) -> bytes:
        while b"\0" not in self._read:
            piece = os.read(self._from.fileno(), 65536)
            if not piece:
                raise OSError("Chromium has ended")
            self._read += piece
        message, _, self._read = self._read.partition(b"\0")
        return message

    def close(self) -> None:
        """Close the pipes, which ends the browser."""
        os.close(self._to)
        self._from.close()


def chromium() -> str:
    """Return the path of Chromium; a test that needs it is skipped if it is not installed."""
    program = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if program is None:
        pytest.skip("`chromium` is not installed (`.ci/system` installs it)")
    return program


@contextlib.contextmanager
def headless_browser(profile: Path) -> Iterator[HeadlessBrowser]:
    """Run Chromium until the end of the block; a test that needs it is skipped if it is not installed.

    Args:
        profile: An empty directory for what it keeps.
    """
    program = chromium()
    for_browser, to_browser = os.pipe()
    from_browser, of_browser = os.pipe()
    # The protocol has the file descriptors 3 and 4, which a shell puts in place.
    words = [
        *(program, "--headless=new", "--no-sandbox", "--disable-gpu", "--remote-debugging-pipe"),
        *(
            "--no-first-run",
            "--disable-background-networking",
            "--disable-component-update",
            "--disable-sync",
        ),
        *("--no-proxy-server", f"--user-data-dir={profile}", "about:blank"),
    ]
    shell = f'exec "$@" 3<&{for_browser} 4>&{of_browser}'
    with subprocess.Popen(
        ["bash", "-c", shell, "bash", *words],
        pass_fds=(for_browser, of_browser),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    ) as process:
        os.close(for_browser)
        os.close(of_browser)
        browser = HeadlessBrowser(to_browser, from_browser)
        try:
            yield browser
        finally:
            browser.close()
            process.terminate()
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(10)
            process.kill()
