"""The entry of this feature in the table of commands."""

from dynacli.options.command import API, LISTING, MAKE_CALLS, SHARD_COUNT, Argument, Command
from dynacli.options.standard_options import API_NAMES, CACHE, CALLS, OPERATIONS, RESENDING, Option

COMMANDS = (
    Command(
        "batch",
        section=MAKE_CALLS,
        runs="features.batch.command:make_calls",
        help="Make a call for each row of a CSV or NDJSON file",
        about=(
            "A column or key is an input, by the name of its option. Without OPERATION, each row of NDJSON names "
            "its own. dynacli checks all rows before it sends the first, and writes one line of NDJSON per row."
        ),
        examples=(
            "dynacli batch demo get-run runs.csv",
            "dynacli batch demo get-run runs.csv --parallel 4 -o csv",
            "dynacli batch demo get-run runs.csv --dry-run",
        ),
        arguments=(
            Argument("api", offers=API_NAMES),
            Argument(
                "words", metavar="[OPERATION] FILE|-", is_required=False, is_multiple=True, offers=OPERATIONS
            ),
        ),
        options=(
            Option(
                ("--parallel",),
                help="Make N calls at once",
                metavar="N",
                kind="integer",
                between=(1, 64),
                default=1,
                shows_default=True,
            ),
            Option(("--stop-on-error",), help="Start no further row after one fails"),
            Option(
                ("--resume",),
                help="Skip the rows that succeeded in an earlier result",
                metavar="RESULT",
                name="resume_",
            ),
            Option(
                ("--shard",),
                help="Send every N-th row, starting with the I-th",
                metavar="I/N|auto",
                values=("auto",),
                kind="text",
            ),
            SHARD_COUNT,
        ),
        takes=(
            *(*LISTING, CALLS, CACHE, RESENDING, "include", "progress", "dry_run", "show_secrets", "no_fail"),
            *("plan", "plan_expires"),
        ),
        texts={
            "output": "Set the output format, or write to @FILE [default: ndjson]",
            "include": "Add the headers of each response to its line",
            "filter": "Filter each line of the result with JMESPath",
            "dry_run": "Check all rows and send none; print requests if FORMAT",
            "plan": "Write a plan of all rows; -: to the state directory",
            "header": "Add a header to every request",
            "query": "Add a pair to the query of every request",
            "timeout": "Limit the time of each call",
            "verbose": "Print a line to stderr for each row",
            "no_fail": "Exit with 0 although rows failed",
            "yes": "Do not ask on a terminal before DELETE rows",
        },
        groups=(
            ("Rows", ("--parallel", "--stop-on-error", "--resume", "--shard", "--shard-count", "--yes")),
            ("Before sending", ("--dry-run", "--plan")),
            ("Requests", ("--header", "--query", "--timeout")),
            ("Output", ("--output", "--filter", "--include", "--no-fail", "--verbose")),
        ),
        of_tool=API,
    ),
)
