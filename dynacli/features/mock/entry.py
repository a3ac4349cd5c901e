"""The entry of this feature in the table of commands."""

from dynacli.options.command import API, HOST, OPENING, PORT, TEST, Argument, Command
from dynacli.options.standard_options import API_NAMES, DATA_OUTPUT, Option
from dynacli.record import replace

IN_MEMORY = "-"
"""The value of `--state` without a file."""
COMMANDS = (
    Command(
        "mock",
        section=TEST,
        runs="features.mock.command:mock_api",
        help="Respond to requests from the document, until Ctrl-C",
        examples=(
            "dynacli mock ./openapi.yaml",
            "dynacli mock ./openapi.yaml --port 0 --dynamic",
            "dynacli mock ./openapi.yaml --state",
        ),
        arguments=(Argument("api", offers=API_NAMES),),
        options=(
            replace(PORT, default=4010),
            HOST,
            Option(
                ("--state",),
                help="Remember what clients create and change, in FILE",
                metavar="[FILE]",
                kind="text",
                value_alone=IN_MEMORY,
            ),
            Option(("--seed",), help="Begin with the state in FILE, and do not write it", metavar="FILE"),
            Option(("--empty",), help="Begin without the examples of the document"),
            Option(("--no-control",), help="Do not serve /_dynacli/state and /_dynacli/reset"),
            Option(("--dynamic",), help="Generate new values for each response"),
            Option(("--ignore-examples",), help="Generate values from schemas, not from examples"),
            Option(("--no-cors",), help="Let no page of another origin call it"),
        ),
        takes=(DATA_OUTPUT, *OPENING, "validate"),
        texts={
            "output": "Print a line (auto) or an object (json) per exchange",
            "validate": "Set the validation level [default: strict]",
            "verbose": "Print all findings, with their lines in the document",
        },
        of_tool=API,
    ),
)
