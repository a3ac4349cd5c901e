"""The explorer without a terminal: keys go in, and the text of the screen comes out."""

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager, closing
from functools import partial
from typing import Any

from textual.keys import _character_to_key
from textual.pilot import Pilot
from textual.widgets import Input

from dynacli.environment import Environment
from dynacli.features.explorer._request_form import RequestForm
from dynacli.features.explorer._response_pane import ResponsePane
from dynacli.features.explorer.command import explored_line
from dynacli.features.explorer.explorer_app import ExplorerApp
from dynacli.options.standard_options import Options
from dynacli.registry.open_by_name import open_named_api

_DEADLINE = 20.0


class Explorer:
    """An explorer that runs, and what a person does with it."""

    def __init__(self, app: ExplorerApp, pilot: Pilot[None]) -> None:
        self.app, self.pilot = app, pilot

    @property
    def response_text(self) -> str:
        """The text of the response as it is laid out."""
        return self.app.query_one(ResponsePane).text

    def is_showing(self, name: str) -> bool:
        """Return whether the form is that of an operation."""
        draft = self.app.query_one(RequestForm).draft
        return draft is not None and draft.described.operation.name == name

    async def press(self, *keys: str) -> None:
        """Press keys, and let what they cause happen."""
        await self.pilot.press(*keys)
        await self.pilot.pause()

    async def type(self, text: str) -> None:
        """Type a text into what has the focus."""
        await self.press(*(_character_to_key(character) for character in text))

    async def open(self, operation: str) -> None:
        """Search an operation, and open its form."""
        await self.press("f2", *["backspace"] * len(self.app.query_one("#search", Input).value))
        await self.type(operation)
        await self.press("enter")
        await self.until(lambda: self.is_showing(operation))
        await self.checked()

    async def until(self, is_there: Callable[[], bool]) -> None:
        """Wait until something is so."""
        loop = asyncio.get_running_loop()
        end = loop.time() + _DEADLINE
        while not is_there():
            assert loop.time() < end, self.screen
            await self.pilot.pause(0.01)
        await self.pilot.pause()

    async def checked(self) -> None:
        """Wait until the form was checked as it stands."""
        await self.until(lambda: self.app.is_checked)

    async def responded(self) -> None:
        """Wait until no call is under way."""
        await self.until(lambda: not self.app.is_calling)

    def colour_of(self, text: str) -> str:
        """Return the colour of the first text on the screen that begins so."""
        for strip in self.app.screen._compositor.render_strips():
            for segment in strip:
                if segment.text.strip().startswith(text) and segment.style and segment.style.color:
                    return segment.style.color.name
        raise AssertionError(self.screen)

    @property
    def panes(self) -> dict[str, int]:
        """Name of each visible pane → its width in columns."""
        return {str(pane.id): pane.size.width + 2 for pane in self.app.query(".pane") if pane.display}

    @property
    def footer(self) -> str:
        """The last line of the screen."""
        return self.screen.splitlines()[-1].strip()

    @property
    def screen(self) -> str:
        """The text of the screen."""
        strips = self.app.screen._compositor.render_strips()
        return "\n".join(strip.text.rstrip() for strip in strips)


@asynccontextmanager
async def exploring(
    word: str,
    *,
    size: tuple[int, int] = (80, 24),
    options: Options = Options(),  # noqa: B008  - a frozen record
    opening: tuple[str, ...] = (),
) -> AsyncIterator[Explorer]:
    """Explore an API until the end of the block.

    Args:
        word: What names it, as after `dynacli explore`.
        options: How calls are made.
        opening: The words of further options.
    """
    env = Environment()
    api = open_named_api(word, env)
    with closing(api.catalog):
        app = ExplorerApp(env, api, options, opening, partial(explored_line, env))
        async with app.run_test(size=size, notifications=True) as pilot:
            yield Explorer(app, pilot)
    if app.failure is not None:
        raise app.failure


def explored(work: Coroutine[Any, Any, None]) -> None:
    """Run what a test does with the explorer."""
    asyncio.run(work)
