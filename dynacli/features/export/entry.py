"""The entry of this feature in the table of commands."""

from dynacli.options.command import API, OPENING, SHARE, Argument, Command
from dynacli.options.standard_options import API_NAMES, OPERATIONS, Option

COMMANDS = (
    Command(
        "export",
        section=SHARE,
        runs="features.export.command:export_api",
        help="Export the operations for another program",
        about=(
            "Each operation becomes a request with a valid example, in folders by tag. Credentials become "
            "variables without a value."
        ),
        examples=(
            "dynacli export demo --to postman --out demo.json",
            "dynacli export demo --to hurl --only runs",
        ),
        arguments=(Argument("api", offers=API_NAMES),),
        options=(
            Option(
                ("--to",),
                help="Export for this program [required]",
                values=("postman", "insomnia", "bruno", "har", "hurl", "markdown", "html"),
                name="form",
            ),
            Option(
                ("--only",),
                offers=OPERATIONS,
                help="Export only these operations",
                metavar="OPERATION|TAG",
                is_multiple=True,
            ),
            Option(
                ("--out",),
                help="Write to a file or directory [default: standard output]",
                metavar="FILE|DIRECTORY",
            ),
        ),
        takes=(*OPENING, "output", "server", "server_var"),
        of_tool=API,
    ),
)
