"""The entry of this feature in the table of commands."""

from dynacli.options.command import API, FIND, LISTING, Argument, Command
from dynacli.options.standard_options import API_NAMES

COMMANDS = (
    Command(
        "resources",
        section=FIND,
        runs="features.resources.command:show_resources",
        help="Show what an API lists, reads, creates, changes, deletes",
        about=(
            "dynacli derives the resources from the paths and responses of the document. `-o json` has the evidence "
            "for each fact."
        ),
        examples=("dynacli resources demo", "dynacli resources demo -o json"),
        arguments=(Argument("api", offers=API_NAMES),),
        takes=LISTING,
        of_tool=API,
    ),
)
