"""The entry of this feature in the table of commands."""

from dynacli.options.command import API, HOST, LEARN, OF_DEMO, OPENING, PORT, TEST, Argument, Command
from dynacli.options.standard_options import API_NAMES, DATA_OUTPUT, Option
from dynacli.record import replace

COMMANDS = (
    Command(
        "proxy",
        section=TEST,
        runs="features.proxy.command:proxy_api",
        help="Validate the traffic of other programs",
        about="dynacli forwards requests to the server of the API unchanged, and validates them and the responses.",
        examples=("dynacli proxy github", "dynacli proxy github --port 8080 --report json=findings.json"),
        arguments=(Argument("api", offers=API_NAMES),),
        options=(
            replace(PORT, default=8644),
            HOST,
            Option(
                ("--upstream",),
                help="Forward to URL instead of the document's server",
                metavar="URL",
            ),
            Option(("--preserve-host",), help="Forward the client's Host header"),
            LEARN,
            *OF_DEMO,
        ),
        takes=(
            DATA_OUTPUT,
            *OPENING,
            "validate",
            "report",
            "server",
            "server_var",
            "timeout",
            "accept_origin",
            "no_fail",
        ),
        texts={
            "output": "Print a line (auto) or an object (json) per exchange",
            "filter": "Filter the object of each exchange with JMESPath",
            "validate": "Set the validation level [default: strict]",
            "server": "Forward to this base URL, or to a server of the document",
            "timeout": "Limit the wait for a response [default: 300]",
            "verbose": "Print all findings, with their lines in the document",
            "no_fail": "Exit with 0 despite findings",
            "yes": "Forward what the policy wants confirmed",
        },
        of_tool=API,
    ),
)
