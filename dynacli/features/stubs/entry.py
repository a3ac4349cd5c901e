"""The entry of this feature in the table of commands."""

from dynacli.options.command import API, OPENING, SHARE, Argument, Command
from dynacli.options.standard_options import API_NAMES, OPERATIONS, Option

COMMANDS = (
    Command(
        "stubs",
        section=SHARE,
        runs="features.stubs.command:write_stubs",
        help="Write type stubs for Python programs",
        about=(
            "A type checker then knows the operations of the API, their inputs and their responses. Set `MYPYPATH` "
            "(mypy) or `stubPath` (pyright) to the directory."
        ),
        examples=(
            "dynacli stubs demo --out typings",
            "dynacli stubs demo --out typings --check",
        ),
        arguments=(Argument("api", offers=API_NAMES),),
        options=(
            Option(("--out",), help="Write the files below this directory [required]", metavar="DIRECTORY"),
            Option(("--check",), help="Write nothing; exit with 9 unless the files are current"),
            Option(
                ("--only",),
                offers=OPERATIONS,
                help="Write only these operations",
                metavar="OPERATION|TAG",
                is_multiple=True,
            ),
        ),
        takes=OPENING,
        of_tool=API,
    ),
)
