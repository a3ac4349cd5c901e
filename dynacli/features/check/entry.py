"""The entries of this feature in the table of commands."""

from dynacli.options.command import API, HTML, LISTING, OF_DEMO, OPENING, ROLE, TEST, Argument, Command
from dynacli.options.standard_options import (
    API_NAMES,
    CALLS,
    DATA_OUTPUT,
    OPERATIONS,
    OPTIONS_BY_NAME,
    TAGS,
    Option,
)
from dynacli.record import replace

_LEARN = Option(
    ("--learn",),
    help="Write an overlay that makes the document match the responses",
    metavar="FILE",
)
_SHARD_COUNT = Option(
    ("--shard-count",),
    help="Set the number of shards of --shard auto",
    metavar="N",
    kind="integer",
    between=(1, 999_999),
)
_COMPARED_CHECK = (
    replace(
        OPTIONS_BY_NAME["against"],
        metavar="PROFILE|URL",
        help="Compare with the responses of this server",
    ),
    OPTIONS_BY_NAME["ignore"],
    OPTIONS_BY_NAME["all_values"],
)

COMMANDS = (
    Command(
        "check",
        section=TEST,
        runs="features.check.command:check",
        help="Call every safe operation and validate the responses",
        examples=(
            "dynacli check demo",
            "dynacli check demo --only 'list-*' --report junit=check.xml",
            "dynacli check demo --write --dry-run",
        ),
        arguments=(Argument("api", offers=API_NAMES),),
        options=(
            Option(
                ("--operation",),
                offers=OPERATIONS,
                help="Also call OPERATION, although it is not safe",
                metavar="OPERATION|PATTERN",
                is_multiple=True,
            ),
            Option(
                ("--only",),
                offers=OPERATIONS,
                help="Call only these, such as 'list-*' or '/admin/*'",
                metavar="OPERATION|PATTERN",
                is_multiple=True,
            ),
            Option(
                ("--tag",),
                offers=TAGS,
                help="Call only operations with this tag",
                metavar="TAG",
                is_multiple=True,
            ),
            Option(
                ("--skip",),
                help="Never call these",
                metavar="OPERATION|TAG|PATTERN",
                is_multiple=True,
            ),
            Option(
                ("--set",),
                help="Set an input of one operation, or of all that have it",
                metavar="[OPERATION.]NAME=VALUE",
                is_multiple=True,
                name="set_",
            ),
            Option(
                ("--most",),
                help="Call an operation with up to N of its examples",
                metavar="N",
                kind="integer",
                between=(1, 1000),
                default=5,
                shows_default=True,
            ),
            Option(
                ("--parallel",),
                help="Make N calls at once",
                metavar="N",
                kind="integer",
                between=(1, 64),
                default=4,
                shows_default=True,
            ),
            Option(("--write",), help="Also create, read, change and remove resources; asks"),
            Option(
                ("--probe",),
                help="Also send requests that the server must refuse; all safe",
            ),
            Option(("--har",), help="Write all requests and responses as HAR 1.2", metavar="FILE"),
            _LEARN,
            Option(
                ("--shard",),
                help="Call every N-th operation, starting with the I-th",
                metavar="I/N|auto",
                values=("auto",),
                kind="text",
            ),
            _SHARD_COUNT,
            *_COMPARED_CHECK,
        ),
        last=(ROLE, *OF_DEMO),
        takes=(*LISTING, CALLS, "progress", "report", "dry_run", "no_fail"),
        texts={
            "validate": "Set the validation level [default: exact]",
            "dry_run": "Print the calls and their values, and send nothing",
            "header": "Add a header to every request",
            "query": "Add a pair to the query of every request",
            "timeout": "Limit the time of each call [default: 30]",
            "verbose": "Print a line to stderr for each call",
            "no_fail": "Exit with 0 despite findings",
            "yes": "Agree to what --write asks",
        },
        of_tool=API,
        formats=(HTML,),
        before=("set", "content_type"),
        switches=("dry_run",),
    ),
    Command(
        "validate",
        section=TEST,
        runs="features.check.validate:validate",
        help="Validate recorded traffic (HAR)",
        about="A HAR file comes from a browser, from a proxy, or from `dynacli check --har`.",
        examples=(
            "dynacli validate github traffic.har",
            "dynacli validate github traffic.har --report sarif=found.sarif",
        ),
        arguments=(Argument("api", offers=API_NAMES), Argument("file", metavar="FILE.har|-")),
        options=(_LEARN,),
        takes=(DATA_OUTPUT, *OPENING, "progress", "validate", "report", "server", "server_var", "no_fail"),
        texts={
            "validate": "Set the validation level [default: strict]",
            "server": "Set the recorded base URL, if the document lacks it",
            "no_fail": "Exit with 0 despite findings",
        },
        of_tool=API,
        formats=(HTML,),
    ),
)
