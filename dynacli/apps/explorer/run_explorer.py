"""The explorer of an API, from its start until the person leaves it."""

import os
import signal
from collections.abc import Sequence
from typing import TYPE_CHECKING

from dynacli.client.call_settings import CallOptions
from dynacli.environment import Environment, how_to_install, invocation
from dynacli.errors import UsageError
from dynacli.registry.opened_api import OpenedApi

if TYPE_CHECKING:
    from dynacli.apps.explorer.drafts import ReadLine

__all__ = ["check_terminal", "explore"]


def check_terminal(env: Environment, name: str) -> None:
    """Check that there is a terminal, and the library that draws on it.

    Args:
        name: What the API is called.

    Raises:
        UsageError: One of both is missing.
    """
    # textual reads standard input and draws on standard error, so that standard output can be a pipe.
    if not (env.stdin_is_terminal and env.stderr_is_terminal) or env.variables.get("TERM") == "dumb":
        raise UsageError(
            "The explorer needs a terminal",
            reason="Standard input and standard error are not both on one that can be drawn on",
            hint=f"`{invocation('operations', name)}` lists the operations without one, "
            f"`{invocation(api=name)} OPERATION` calls one",
        )
    try:
        import textual  # noqa: F401
    except ModuleNotFoundError as error:
        raise UsageError(
            "The explorer is not installed",
            reason=f"It needs the library `{error.name}`",
            hint=f"Install it: {how_to_install('tui')}",
        ) from None


def explore(
    env: Environment, api: OpenedApi, options: CallOptions, opening: Sequence[str], read_line: "ReadLine"
) -> list[str]:
    """Run the explorer; return the command lines that were copied.

    Args:
        options: How calls are made and validated.
        opening: The options by which the document was opened, as words.
        read_line: Reads the command line of an earlier call.

    Raises:
        DamagedCatalogError: The catalog is damaged.
        DynacliError: The options do not fit the API.
        BaseException: A signal came; it is what its handler raises.
    """
    from dynacli.apps.explorer._explorer_app import ExplorerApp

    # textual takes an empty variable for a wish, too (https://no-color.org says otherwise), and removes it.
    no_colour = os.environ.get("NO_COLOR")
    if no_colour == "":
        del os.environ["NO_COLOR"]
    app = ExplorerApp(env, api, options, opening, read_line)
    if no_colour is not None:
        os.environ["NO_COLOR"] = no_colour

    caught: list[int] = []

    def leave(number: int, _: object) -> None:
        caught.append(number)
        app.exit()

    # An exception from a handler would be lost if it comes in a callback of asyncio.
    handlers = {number: signal.signal(number, leave) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        app.run()
    finally:
        for number, handler in handlers.items():
            signal.signal(number, handler)
    if caught:
        signal.raise_signal(caught[0])
    if app.failure is not None:
        raise app.failure
    return list(dict.fromkeys(app.copied))
