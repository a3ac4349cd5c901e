"""The explorer of an API, from its start until the person leaves it."""

import os
from collections.abc import Sequence

from dynacli.client.call_settings import CallOptions
from dynacli.environment import Environment
from dynacli.errors import UsageError
from dynacli.library.opened_api import OpenedApi

__all__ = ["explore"]


def explore(env: Environment, api: OpenedApi, options: CallOptions, before: Sequence[str]) -> list[str]:
    """Run the explorer; return the command lines that were copied.

    Args:
        options: How calls are made and judged.
        before: The standard options among them, as words that stand before the API.

    Raises:
        UsageError: There is no terminal, or textual is not installed.
        DynacliError: The options do not fit the API.
    """
    if not (env.stdin_is_terminal and env.stderr_is_terminal):
        raise UsageError(
            "The explorer needs a terminal",
            why="Standard input or standard error is none",
            hint=f"Without one: `dynacli operations {api.name}`, `dynacli describe {api.name} OPERATION`",
        )
    try:
        from dynacli.explorer.explorer_app import ExplorerApp
    except ModuleNotFoundError as error:
        if (error.name or "").partition(".")[0] not in {"textual", "rich"}:
            raise
        raise UsageError(
            "The explorer is not installed",
            why=f"It needs the library `{error.name}`",
            hint="Install it: `pip install 'dynacli[tui]'`",
        ) from None
    no_colour = os.environ.get("NO_COLOR")
    app = ExplorerApp(env, api, options, before)
    if no_colour is not None:
        os.environ["NO_COLOR"] = no_colour  # textual takes it away
    app.run()
    return list(dict.fromkeys(app.copied))
