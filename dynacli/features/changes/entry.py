"""The entries of this feature in the table of commands."""

from dynacli.options.command import API, LISTING, MARKDOWN, TEST, Argument, Command
from dynacli.options.standard_options import API_NAMES, REVISIONS, Option

COMMANDS = (
    Command(
        "changes",
        section=TEST,
        runs="features.changes.command:show_changes",
        help="Show what changed between revisions of a document",
        about=(
            "REVISION is the first digits of a revision (`dynacli api history API`), the URL or path of a document, "
            "or `git:REV` for the same path in git, or `git:REV:PATH`."
        ),
        examples=(
            "dynacli changes github",
            "dynacli changes ./openapi.yaml --since ./openapi-old.yaml --breaking",
            "dynacli changes github -o markdown",
            "dynacli changes ./openapi.yaml --since ./openapi-old.yaml --fail-on breaking",
        ),
        arguments=(Argument("api", offers=API_NAMES),),
        options=(
            Option(
                ("--since",),
                offers=REVISIONS,
                help="Compare with REVISION [default: the previous one]",
                metavar="REVISION",
            ),
            Option(
                ("--until",),
                offers=REVISIONS,
                help="Compare REVISION [default: the one in use]",
                metavar="REVISION",
            ),
            Option(("--breaking",), help="Show only changes that break clients"),
            Option(
                ("--fail-on",),
                help="Exit with 9 on such changes; texts never count",
                values=("breaking", "any"),
            ),
            Option(("--texts",), help="Also show changes of descriptions and titles"),
        ),
        takes=LISTING,
        of_tool=API,
        formats=(MARKDOWN,),
    ),
)
