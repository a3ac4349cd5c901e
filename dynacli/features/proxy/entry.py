"""The entry of this feature in the table of commands."""

from dynacli.options.command import API, HOST, LEARN, OF_DEMO, OPENING, PORT, TEST, Argument, Command
from dynacli.options.standard_options import API_NAMES, DATA_OUTPUT, Option
from dynacli.record import replace

COMMANDS = (
    Command(
        "proxy",
        section=TEST,
        runs="features.proxy.command:proxy_api",
        help="Validate the traffic of other programs, or sign it",
        about="dynacli forwards requests to the server of the API unchanged, and validates them and the responses. "
        "With `--sign`, it adds your credential to requests with a token of this run, and runs a PROGRAM.",
        examples=(
            "dynacli proxy github",
            "dynacli proxy github --port 8080 --report json=findings.json",
            "dynacli proxy github --sign -- claude",
        ),
        arguments=(
            Argument("api", offers=API_NAMES),
            Argument("program", metavar="-- PROGRAM", is_required=False, is_multiple=True),
        ),
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
            Option(("--sign",), help="Add the credential for programs with a session token"),
            Option(("--socket",), help="Listen at a Unix socket", metavar="PATH"),
            Option(("--write",), help="Allow operations that change data"),
            Option(("--cookies",), help="Pass cookies on"),
            Option(
                ("--max-requests",),
                help="Refuse further requests",
                metavar="N",
                kind="integer",
                between=(1, 1_000_000_000),
            ),
            Option(("--expires",), help="End the token after a time (8h)", metavar="TIME"),
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
            "rate",
        ),
        texts={
            "output": "Print a line (auto) or an object (json) per exchange",
            "filter": "Filter the object of each exchange with JMESPath",
            "validate": "Set the validation level [default: strict]",
            "server": "Forward to this base URL, or to a server of the document",
            "timeout": "Limit the wait for a response [default: 300]",
            "verbose": "Print all findings, with their lines in the document",
            "rate": "Limit the rate of requests",
            "no_fail": "Exit with 0 despite findings",
            "yes": "Forward what the policy wants confirmed",
        },
        groups=(
            (
                "Listening and forwarding",
                ("--port", "--host", "--upstream", "--server", "--preserve-host", "--timeout", "--yes"),
            ),
            (
                "Signing, with --sign",
                ("--sign", "--write", "--cookies", "--socket", "--expires", "--max-requests", "--rate"),
            ),
            ("Demo API", ("--next", "--misbehave")),
            ("Output", ("--validate", "--output", "--filter", "--learn", "--no-fail", "--verbose")),
        ),
        of_tool=API,
    ),
)
