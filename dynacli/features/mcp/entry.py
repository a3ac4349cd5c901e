"""The entry of this feature in the table of commands."""

from dynacli.options.command import API, SHARE, Argument, Command
from dynacli.options.standard_options import API_NAMES, Option

COMMANDS = (
    Command(
        "mcp",
        section=SHARE,
        runs="features.mcp.command:serve_mcp",
        help="Offer APIs to an agent over MCP",
        about=(
            "The server has the tools `search`, `describe`, `call` and `result`, on standard input and output. Without "
            "APIs, it offers all registered ones. Without `--write`, `call` makes only read-only calls, `reads` "
            "of the policy included. A DELETE, and a call that the policy wants confirmed, also needs `--yes`."
        ),
        examples=("dynacli mcp demo", "dynacli mcp github --http 8080"),
        arguments=(
            Argument("apis", metavar="[API...]", is_required=False, is_multiple=True, offers=API_NAMES),
        ),
        options=(
            Option(("--write",), help="Allow calls that may change something"),
            Option(
                ("--workflows",), help="Offer the workflows of an Arazzo document as tools", metavar="FILE"
            ),
            Option(
                ("--tools",),
                help="Offer generic tools, or one for each operation",
                values=("search", "operations"),
                default="search",
                shows_default=True,
            ),
            Option(
                ("--http",),
                help="Serve over HTTP [default host: 127.0.0.1; 0: a free port]",
                metavar="[HOST:]PORT",
            ),
            Option(
                ("--token",),
                help="Read the token of HTTP clients from env:NAME or file:PATH",
                metavar="REFERENCE|none",
            ),
            Option(("--files",), help="Let agents use the files below DIR", metavar="DIR"),
            Option(
                ("--max-bytes",),
                help="Store larger results, and return first items",
                metavar="N",
                kind="integer",
                between=(2000, 10000000),
                default=20000,
                shows_default=True,
            ),
        ),
        takes=("validate", "profile", "timeout", "retries", "rate"),
        of_tool=API,
    ),
)
