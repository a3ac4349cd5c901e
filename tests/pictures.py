"""The pictures of the README, made of real output: `python -m tests.pictures` writes them into `.github/`.

Each is an SVG of a terminal with one command, and its text is text. A twin with `-light` in its name has the colours
of a light terminal. They change only if the output does: times and ports, which
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
from rich.terminal_theme import TerminalTheme
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
_COLUMNS = 84
_SIZE_OF_EXPLORER = (132, 30)
_COMMANDS = {
    "session": "demo search-runs --max-items 8 --columns workflowName,status,startedAt",
    "help": "demo search-runs --help",
    "check": "check demo --misbehave listWorkflows=undocumented-field --tag workflows",
}
"""Name of a picture → the command on it, without `dynacli`."""
_DARK = TerminalTheme(
    (30, 34, 42),
    (220, 223, 228),
    [
        *((62, 68, 81), (224, 108, 117), (152, 195, 121), (229, 192, 123)),
        *((97, 175, 239), (198, 120, 221), (86, 182, 194), (220, 223, 228)),
    ],
    [
        *((110, 118, 134), (240, 128, 136), (172, 215, 141), (245, 210, 143)),
        *((127, 195, 255), (218, 145, 240), (112, 205, 215), (255, 255, 255)),
    ],
)
_LIGHT = TerminalTheme(
    (250, 250, 250),
    (40, 44, 52),
    [
        *((40, 44, 52), (190, 40, 40), (50, 120, 40), (140, 95, 0)),
        *((30, 90, 190), (140, 50, 150), (0, 115, 130), (90, 95, 105)),
    ],
    [
        *((110, 115, 125), (200, 50, 50), (60, 135, 50), (155, 105, 0)),
        *((40, 105, 205), (155, 60, 165), (0, 130, 145), (20, 20, 20)),
    ],
)
_FRAME, _LIGHT_FRAME = 'fill="#292929"', 'fill="#d0d0d0"'
"""The frame of the explorer, which Textual draws dark, and of its light twin."""
_THEMES = {"": (_DARK, "textual-dark"), "-light": (_LIGHT, "textual-light")}
"""End of the name of a picture → the colours of a terminal, and the theme of the explorer."""
_CHANGING = (
    (re.compile(r"127\.0\.0\.1:\d+"), "127.0.0.1:50080"),
    (re.compile(r"\d+ ms"), "9 ms"),
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
            for end, (colours, theme) in _THEMES.items():
                for name, command in _COMMANDS.items():
                    _write(folder / f"{name}{end}.svg", _picture_of_command(command, colours))
                _write(folder / f"explorer{end}.svg", asyncio.run(_picture_of_explorer(theme)))
        finally:
            os.chdir(here)


def _picture_of_command(command: str, colours: TerminalTheme) -> str:
    result = run_cli(*command.split(), terminal=("stdout", "stderr"))
    output = result.stdout + result.stderr
    for pattern, text in _CHANGING:
        # As wide as before, so that columns stay where they are.
        output = pattern.sub(partial(_as_wide, text), output)
    console = Console(record=True, width=_COLUMNS, file=io.StringIO(), force_terminal=True)
    prompt = f"\x1b[1;32m$\x1b[0m \x1b[1mdynacli {command}\x1b[0m\n"
    console.print(Text.from_ansi(prompt + output.rstrip()), soft_wrap=False)
    return console.export_svg(title="dynacli", theme=colours)


def _as_wide(text: str, found: re.Match[str]) -> str:
    return text.ljust(len(found[0]))


async def _picture_of_explorer(theme: str) -> str:
    env = Environment()
    shipped = open_named_api("demo", env)
    with closing(shipped.catalog), live_demo(env, shipped) as (api, _):
        app = ExplorerApp(env, api, Options(), (), partial(explored_line, env))
        async with app.run_test(size=_SIZE_OF_EXPLORER, notifications=True) as pilot:
            app.theme = theme
            explorer = Explorer(app, pilot)
            await explorer.open("search-runs")
            await explorer.press("f5")
            await explorer.responded()
            picture = _TIME.sub("9&#160;ms", app.export_screenshot(title="dynacli explore demo"))
            picture = _CHANGING[0][0].sub(_CHANGING[0][1], picture)
            return picture.replace(_FRAME, _LIGHT_FRAME) if theme == "textual-light" else picture


def _write(path: Path, picture: str) -> None:
    # Both libraries name a web font that a browser would fetch; without it, the reader's own font is used.
    picture = _IDS.sub("terminal", _FONT_FACE.sub("", picture))
    path.write_text(picture, encoding="utf-8")


if __name__ == "__main__":
    write_pictures(_FOLDER)
