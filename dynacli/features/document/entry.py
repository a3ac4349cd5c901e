"""The entry of this feature in the table of commands."""

from dynacli.options.command import API, LISTING, SHARE, Argument, Command
from dynacli.options.standard_options import API_NAMES, OPERATIONS, Option

COMMANDS = (
    Command(
        "document",
        section=SHARE,
        runs="features.document.command:write_document",
        help="Print the OpenAPI document of an API",
        examples=(
            "dynacli document demo --bundled",
            "dynacli document demo --only runs -o yaml",
        ),
        arguments=(Argument("api", offers=API_NAMES),),
        options=(
            Option(("--bundled",), help="Print one file in OpenAPI 3, as dynacli uses it"),
            Option(("--resolved",), help="Replace references, except recursive ones"),
            Option(
                ("--only",),
                offers=OPERATIONS,
                help="Print only these operations and what they need",
                metavar="OPERATION|TAG",
                is_multiple=True,
            ),
        ),
        takes=LISTING,
        of_tool=API,
    ),
)
