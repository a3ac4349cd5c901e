"""The entry of this feature in the table of commands."""

from dynacli.options.command import API, MANAGE, OPENING, Argument, Command
from dynacli.options.standard_options import ALIASES, API_NAMES, DATA_OUTPUT

COMMANDS = (
    Command(
        "alias",
        section=MANAGE,
        help="Give short names to calls",
        about=(
            "`dynacli demo failed --all` then calls what LINE says, with `--all` at the end. LINE is an operation with "
            "inputs and options, in quotes. The history has the operation that was called."
        ),
        examples=(
            'dynacli alias set demo failed "search-runs --range 7d --status fail"',
            "dynacli alias list",
            "dynacli alias remove demo failed",
        ),
        commands=(
            Command(
                "list",
                runs="features.aliases.command:list_aliases",
                help="List the aliases of all APIs, or of one",
                examples=("dynacli alias list", "dynacli alias list demo"),
                arguments=(Argument("api", is_required=False, offers=API_NAMES),),
                takes=(DATA_OUTPUT,),
                of_tool=API,
            ),
            Command(
                "set",
                runs="features.aliases.command:set_alias",
                help="Give a call a short name, or change it",
                examples=('dynacli alias set demo failed "search-runs --range 7d --status fail"',),
                arguments=(Argument("api", offers=API_NAMES), Argument("name"), Argument("line")),
                takes=OPENING,
                of_tool=API,
            ),
            Command(
                "remove",
                runs="features.aliases.command:remove_alias",
                help="Remove an alias",
                examples=("dynacli alias remove demo failed",),
                arguments=(Argument("api", offers=API_NAMES), Argument("name", offers=ALIASES)),
                of_tool=API,
            ),
        ),
    ),
)
