"""The entry of this feature in the table of commands."""

from dynacli.options.command import API, FIND, OPENING, Argument, Command
from dynacli.options.standard_options import API_NAMES, CACHE, CALLS, RESENDING

COMMANDS = (
    Command(
        "explore",
        section=FIND,
        runs="features.explorer.command:explore_api",
        help="Open the full-screen explorer",
        about=(
            "Find an operation, fill in its form, send it, and read the response and its findings. `?` shows the "
            "keys. Ctrl-Y copies the command of the request."
        ),
        examples=("dynacli explore demo", "dynacli explore demo --profile staging"),
        arguments=(Argument("api", offers=API_NAMES),),
        takes=(*OPENING, CALLS, CACHE, RESENDING),
        of_tool=API,
    ),
)
