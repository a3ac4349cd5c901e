"""The pictures of the README, made of real output: `python -m tests.pictures` writes them into `.github/`.

Each is an SVG of a terminal, with its text as text. They change only if the output does: times and ports, which
differ from run to run, are replaced.
"""

import asyncio
import io
import os
import re
import tempfile
from contextlib import closing
from functools import partial
from pathlib import Path

from rich.console import Console
from rich.terminal_theme import MONOKAI
from rich.text import Text

from dynacli.client.live_demo import live_demo
from dynacli.environment import Environment
from dynacli.features.explorer.command import explored_line
from dynacli.features.explorer.explorer_app import ExplorerApp
from dynacli.options.standard_options import Options
from dynacli.registry.open_by_name import open_named_api
from tests.features.explorer.exploring import Explorer
from tests.harness import run_cli

_FOLDER = Path(__file__).resolve().parents[1] / ".github"
_COLUMNS = 108
_COMMANDS = {
    "session": (
        "demo search-runs --status fail --page-size 3 --columns workflowName,classification",
        "demo search-runs --status failed",
        "demo --misbehave getOrg=wrong-type get-org --validate strict -o @org.json",
    ),
    "help": ("demo search-runs --help",),
    "check": ("check demo --misbehave listWorkflows=undocumented-field --tag workflows",),
}
"""Name of a picture → the commands on it, without `dynacli`."""
_CHANGING = (
    (re.compile(r"127\.0\.0\.1:\d+"), "127.0.0.1:50080"),
    (re.compile(r"\d+ ms"), "12 ms"),
    (re.compile(r"in \d+\.\d s"), "in 0.2 s"),
)
"""Pattern of a text that differs from run to run → what stands in its place."""
_TIME = re.compile(r"\d+&#160;ms")
_FONT_FACE = re.compile(r"@font-face \{.*?\}\s*", re.DOTALL)
_IDS = re.compile(r"terminal-\d+")


def write_pictures(folder: Path) -> None:
    """Write the pictures into a folder, in turn; what they need besides is in a folder that is removed."""
    here = Path.cwd()
    with tempfile.TemporaryDirectory() as home:
        for name in ("CONFIG", "CACHE", "STATE"):
            os.environ[f"DYNACLI_{name}_DIR"] = f"{home}/{name.lower()}"
        os.environ.update(COLUMNS=str(_COLUMNS), TERM="xterm-256color", DYNACLI_HISTORY="off")
        os.chdir(home)
        try:
            for name, commands in _COMMANDS.items():
                _write(folder / f"{name}.svg", _picture_of_commands(commands))
            _write(folder / "explorer.svg", asyncio.run(_picture_of_explorer()))
        finally:
            os.chdir(here)


def _picture_of_commands(commands: tuple[str, ...]) -> str:
    output = "\n".join(_output(command) for command in commands)
    for pattern, text in _CHANGING:
        # As wide as before, so that columns stay where they are.
        output = pattern.sub(partial(_as_wide, text), output)
    console = Console(record=True, width=_COLUMNS, file=io.StringIO(), force_terminal=True)
    console.print(Text.from_ansi(output.rstrip()), soft_wrap=False)
    return console.export_svg(title="dynacli", theme=MONOKAI)


def _output(command: str) -> str:
    result = run_cli(*command.split(), terminal=("stdout", "stderr"))
    return f"$ dynacli {command}\n{result.stdout}{result.stderr}"


def _as_wide(text: str, found: re.Match[str]) -> str:
    return text.ljust(len(found[0]))


async def _picture_of_explorer() -> str:
    env = Environment()
    shipped = open_named_api("demo", env)
    with closing(shipped.catalog), live_demo(env, shipped) as (api, _):
        app = ExplorerApp(env, api, Options(), (), partial(explored_line, env))
        async with app.run_test(size=(120, 30), notifications=True) as pilot:
            explorer = Explorer(app, pilot)
            await explorer.open("search-runs")
            await explorer.press("f5")
            await explorer.responded()
            return _TIME.sub("12&#160;ms", app.export_screenshot(title="dynacli explore demo"))


def _write(path: Path, picture: str) -> None:
    # Both libraries name a web font that a browser would fetch; without it, the reader's own font is used.
    picture = _IDS.sub("terminal", _FONT_FACE.sub("", picture))
    path.write_text(picture, encoding="utf-8")


if __name__ == "__main__":
    write_pictures(_FOLDER)
