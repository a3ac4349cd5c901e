"""The entry of this feature in the table of commands."""

from dynacli.options.command import ALONE, LISTING, SHARE, Argument, Command
from dynacli.options.standard_options import Option

_LOOKED_IN = Option(("--api",), help="Search this API only, with any server", metavar="API")

COMMANDS = (
    Command(
        "import",
        section=SHARE,
        help="Turn a curl command or a HAR into dynacli commands",
        examples=(
            "dynacli import curl \"curl 'https://api.example.com/issues?state=open'\"",
            "dynacli import har traffic.har",
        ),
        commands=(
            Command(
                "curl",
                runs="features.import_.command:import_curl",
                help="Turn a curl command into a dynacli command",
                examples=("dynacli import curl \"curl 'https://api.example.com/issues?state=open'\"",),
                arguments=(Argument("line", metavar="COMMAND|FILE|-"),),
                options=(_LOOKED_IN,),
                takes=LISTING,
            ),
            Command(
                "har",
                runs="features.import_.command:import_har",
                help="Turn the requests of a HAR file into commands",
                examples=("dynacli import har traffic.har",),
                arguments=(Argument("file", metavar="FILE|-"),),
                options=(_LOOKED_IN,),
                takes=LISTING,
            ),
        ),
        of_tool=ALONE,
    ),
)
