"""The entry of this feature in the table of commands."""

from dynacli.options.command import OPENING, SHARE, Argument, Command
from dynacli.options.standard_options import OPERATIONS, Option

COMMANDS = (
    Command(
        "bake",
        section=SHARE,
        runs="features.bake.command:bake",
        help="Write a separate command-line program for one API",
        about=(
            "Its operations follow NAME directly; its help, completion, variables and directories have that name. "
            "It needs an installed dynacli, contains the document, which it refreshes, and no secret."
        ),
        examples=(
            "dynacli bake armature --api demo",
            "dynacli bake armature --api demo --only runs --package --out armature-cli",
        ),
        arguments=(Argument("name"),),
        options=(
            Option(("--api",), help="Write the program for API [default: NAME]", metavar="API", default=""),
            Option(
                ("--only",),
                offers=OPERATIONS,
                help="Include only these operations",
                metavar="TAG|OPERATION",
                is_multiple=True,
            ),
            Option(
                ("--except",),
                help="Leave these operations out",
                metavar="TAG|OPERATION",
                is_multiple=True,
                name="without",
            ),
            Option(
                ("--name-style",),
                help="Drop the tag from names that stay unique [default: usual]",
                values=("usual", "short"),
                default="usual",
            ),
            Option(("--package",), help="Write a directory for `pip install` and `pipx install`"),
            Option(("--vendor",), help="Put dynacli into the package; it needs no other"),
            Option(("--before",), help="Call this function before each call", metavar="MODULE:FUNCTION"),
            Option(("--after",), help="Call this function after each call", metavar="MODULE:FUNCTION"),
            Option(("--out",), help="Write to this path [default: ./NAME]", metavar="FILE|DIR"),
        ),
        takes=OPENING,
    ),
)
