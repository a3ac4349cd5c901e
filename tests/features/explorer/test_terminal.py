"""The explorer in a real terminal, and without one."""

import re
import shutil
import subprocess
import sys
import time
import uuid
from collections.abc import Callable, Iterator

import pytest

from tests.documents import operation, save_api
from tests.harness import Response, recording, run_cli


def test_without_a_terminal_it_says_what_to_do_instead() -> None:
    """Exit code 2, and the verbs that need none."""
    result = run_cli("explore", "demo", "--error-format=json")
    assert 2 == result.exit_code
    assert "needs a terminal" in result.error["message"]
    assert "`dynacli operations demo`" in result.error["hint"]


def test_without_textual_it_says_how_to_install_it(monkeypatch: pytest.MonkeyPatch) -> None:
    """Exit code 2, and the line that brings the extra."""
    monkeypatch.setitem(sys.modules, "textual", None)
    result = run_cli("explore", "demo", "--error-format=json", terminal=("stdin", "stderr"))
    assert 2 == result.exit_code
    assert "Install it: `pip install '.[tui]'` in the checkout of dynacli" == result.error["hint"]


class _Tmux:
    """A terminal of 80 columns and 24 lines, in which a shell command runs."""

    def __init__(self, command: str) -> None:
        self._name = f"dynacli-{uuid.uuid4().hex[:8]}"
        # A server of its own, which no one's configuration changes.
        self._tmux = ["tmux", "-L", self._name, "-f", "/dev/null"]
        self._run(
            "new-session", "-d", "-x", "80", "-y", "24", "-s", self._name, f"{command}; echo ended $?; cat"
        )

    def _run(self, *words: str) -> str:
        return subprocess.run([*self._tmux, *words], check=True, capture_output=True, text=True).stdout

    def press(self, *keys: str) -> None:
        self._run("send-keys", "-t", self._name, "--", *keys)

    def screen(self, *, has_colours: bool = False) -> str:
        return self._run("capture-pane", "-p", *(["-e"] if has_colours else []), "-t", self._name)

    def until(self, is_there: Callable[[str], bool]) -> str:
        """Wait until something is on the screen, and return it."""
        end = time.monotonic() + 15
        while not is_there(screen := self.screen()):
            assert time.monotonic() < end, screen
            time.sleep(0.1)
        return screen

    def close(self) -> None:
        self._run("kill-server")


@pytest.fixture
def terminal() -> Iterator[Callable[[str], _Tmux]]:
    """Return what opens a terminal in which a command runs."""
    if shutil.which("tmux") is None:
        pytest.skip("there is no tmux here; `.ci/system` installs it")
    opened: list[_Tmux] = []

    def open_terminal(command: str) -> _Tmux:
        opened.append(_Tmux(command))
        return opened[-1]

    yield open_terminal
    for tmux in opened:
        tmux.close()


_EXPLORE = f"{sys.executable} -m dynacli explore demo"


@pytest.mark.exhaustive
@pytest.mark.parametrize("colours", ["NO_COLOR=1", "TERM=xterm COLORTERM="], ids=["none", "sixteen"])
def test_a_person_calls_an_operation_and_takes_its_line_along(
    terminal: Callable[[str], _Tmux], colours: str
) -> None:
    """From the search to the line that is left on the terminal, with the colours that the terminal has."""
    tmux = terminal(f"env {colours} {_EXPLORE}")
    tmux.until(lambda screen: "F2 Operations" in screen)
    tmux.press("F2", "search-runs", "Enter")
    tmux.until(lambda screen: "How far back to look" in screen)  # of the first box, which has the focus
    tmux.press("Tab", "Tab")
    tmux.until(lambda screen: "Keeps the runs with this status" in screen)
    tmux.press("Right")
    tmux.until(lambda screen: "--status pending" in screen)
    tmux.press("F9", "F5")
    tmux.until(lambda screen: "200 OK" in screen)
    seen = set(re.findall("\x1b\\[([0-9;]*)m", tmux.screen(has_colours=True)))
    codes = {code for sequence in seen for code in sequence.split(";")}
    # 39 and 49 are the colours that the terminal has anyway; 38 and 48 begin one of 256 or more.
    assert set() == codes & {"38", "48"}
    assert (colours != "NO_COLOR=1") == bool(codes & {str(code) for code in (*range(30, 38), *range(90, 98))})
    tmux.press("F10")
    screen = tmux.until(lambda screen: "ended 0" in screen)
    assert "dynacli demo search-runs --status pending" in screen


@pytest.mark.exhaustive
def test_a_signal_gives_the_terminal_back(terminal: Callable[[str], _Tmux]) -> None:
    """As it was: with an echo, and with the exit code that a shell gives to the signal."""
    tmux = terminal(
        f"sh -c 'echo $$ >pid; exec {_EXPLORE}'; s=$?; stty -a | tr ' ;' '\\n\\n' | grep echo$; (exit $s)"
    )
    tmux.until(lambda screen: "F2 Operations" in screen)
    with open("pid", encoding="ascii") as file:
        subprocess.run(["kill", "-TERM", file.read().strip()], check=True)
    screen = tmux.until(lambda screen: "ended" in screen)
    assert "ended 143" in screen
    assert "-echo" not in screen
    assert "echo" in screen


@pytest.mark.exhaustive
def test_a_person_signs_in_and_goes_on_where_they_were(terminal: Callable[[str], _Tmux]) -> None:
    """On the terminal as it was before; the call that had no credential has one then."""
    with recording() as server:
        scheme = {"token": {"type": "http", "scheme": "bearer"}}
        listing = {"/pets": {"get": operation("listPets")}}
        api = save_api(listing, server=server, schemes=scheme, security=[{"token": []}])
        server.responses["/pets"] = Response()
        tmux = terminal(f"{sys.executable} -m dynacli explore {api}")
        tmux.until(lambda screen: "F2 Operations" in screen)
        tmux.press("F2", "list-pets", "Enter")
        tmux.until(lambda screen: "GET /pets" in screen)
        tmux.press("F5")
        tmux.until(lambda screen: "l signs in" in screen)
        tmux.press("l")
        question = "Send the credential to"
        tmux.until(lambda screen: question in screen)
        tmux.press("y", "Enter")
        tmux.until(lambda screen: "has no keyring" in screen)
        tmux.press("y", "Enter")
        tmux.until(lambda screen: "Token for token" in screen)
        tmux.press("hush-hush", "Enter")
        tmux.until(lambda screen: "F5 sends the request again" in screen)
        tmux.press("F5")
        tmux.until(lambda screen: "200 OK" in screen)
        assert ["Bearer hush-hush"] == server.last.headers["authorization"]
