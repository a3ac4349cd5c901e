"""The entries of this feature in the table of commands."""

from dynacli.options.command import ALONE, MAKE_CALLS, Argument, Command
from dynacli.options.standard_options import API_NAMES, DATA_OUTPUT, EARLIER_CALLS, Option

_FAILED = Option(("--failed",), help="List only calls with an exit code other than 0")
_SINCE = Option(("--since",), help="List only calls of the last 30m, 2h or 7d", metavar="TIME")

COMMANDS = (
    Command(
        "history",
        section=MAKE_CALLS,
        default="list",
        help="List, show and clear earlier calls",
        examples=("dynacli history --failed --since 2h", "dynacli history show 1 --as curl"),
        commands=(
            Command(
                "list",
                runs="features.history.command:list_calls",
                help="List earlier calls, latest first",
                arguments=(Argument("api", is_required=False, offers=API_NAMES),),
                options=(_FAILED, _SINCE),
                takes=(DATA_OUTPUT,),
            ),
            Command(
                "show",
                runs="features.history.command:show_call",
                help="Show call N",
                examples=("dynacli history show 1", "dynacli history show 1 --as curl"),
                arguments=(Argument("number", metavar="N", least=1, offers=EARLIER_CALLS),),
                options=(
                    Option(
                        ("--as",),
                        help="Show the call in this format",
                        values=("curl", "har", "http"),
                        name="form",
                    ),
                ),
                takes=(DATA_OUTPUT,),
            ),
            Command(
                "export",
                runs="features.export.command:export_calls",
                help="Export calls for another program",
                examples=("dynacli history export demo --as har --out calls.har",),
                arguments=(Argument("api", is_required=False, offers=API_NAMES),),
                options=(
                    Option(
                        ("--as",),
                        help="Export in this format [required]",
                        values=("har", "hurl", "postman"),
                        name="form",
                    ),
                    _FAILED,
                    _SINCE,
                    Option(("--out",), help="Write to FILE [default: standard output]", metavar="FILE"),
                ),
                takes=("output",),
            ),
            Command(
                "clear",
                runs="features.history.command:forget_calls",
                help="Delete all calls, and ids known from them",
                examples=("dynacli history clear",),
            ),
        ),
        of_tool=ALONE,
    ),
    Command(
        "replay",
        section=MAKE_CALLS,
        runs="features.history.command:Replay",
        help="Repeat an earlier call, with other options",
        about=(
            "N is the number of a call in `dynacli history`. OPTIONS are options of its operation; they replace "
            "the earlier ones."
        ),
        examples=("dynacli replay 1", "dynacli replay 1 --page 2 --dry-run"),
        usage="N [OPTIONS]",
        of_tool=ALONE,
    ),
)
