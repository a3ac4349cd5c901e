"""The entry of this feature in the table of commands."""

from dynacli.options.command import API, LISTING, MANAGE, Argument, Command
from dynacli.options.standard_options import API_NAMES

COMMANDS = (
    Command(
        "doctor",
        section=MANAGE,
        runs="features.doctor.command:examine",
        help="Check the installation and the documents",
        examples=("dynacli doctor", "dynacli doctor demo -o json"),
        arguments=(Argument("api", is_required=False, offers=API_NAMES),),
        takes=LISTING,
        of_tool=API,
    ),
)
