"""The commands that find operations, make calls, and validate them."""

from dynacli.options.command import (
    ALONE,
    API,
    CALL,
    FIND,
    HTML,
    LISTING,
    MAKE_CALLS,
    MARKDOWN,
    OF_DEMO,
    OPENING,
    PORT,
    ROLE,
    TEST,
    Argument,
    Command,
)
from dynacli.options.standard_options import (
    API_NAMES,
    CACHE,
    CALLS,
    COMPARING,
    DATA_OUTPUT,
    OPERATIONS,
    OPTIONS_BY_NAME,
    PLANS,
    RESENDING,
    REVISIONS,
    TAGS,
    Option,
    options_of,
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
_HOST = Option(
    ("--host",),
    help="Listen at HOST; 0.0.0.0 admits other machines",
    kind="text",
    default="127.0.0.1",
    shows_default=True,
)
_PLAN = Argument("plan", metavar="FILE|NAME", offers=PLANS)
_CALL_USAGE = "API OPERATION [ARGUMENTS] [OPTIONS]"

COMMANDS = (
    Command(
        "search",
        section=FIND,
        runs="operations:search",
        help="Find operations by a task in plain words",
        about=(
            "Without an API, dynacli searches all registered ones. It prints the best operation as a summary and "
            "two more with one line each; `-o json` has four more."
        ),
        examples=(
            "dynacli search demo runs that failed",
            "dynacli search --api demo close a workflow -o json",
        ),
        arguments=(Argument("words", metavar="[API] WORDS...", is_multiple=True, offers=API_NAMES),),
        options=(Option(("--api",), help="Search API, if its name is not the first word", metavar="API"),),
        takes=LISTING,
        of_tool=API,
    ),
    Command(
        "operations",
        section=FIND,
        runs="operations:list_operations",
        help="List every operation, one per line",
        examples=(
            "dynacli operations demo",
            "dynacli operations demo --tag runs --method GET",
            "dynacli operations demo -f '[].name' -o lines",
            "dynacli operations demo --graph mermaid",
        ),
        arguments=(Argument("api", is_required=False, offers=API_NAMES),),
        options=(
            Option(("--tag",), offers=TAGS, help="List only operations with this tag", metavar="TAG"),
            Option(
                ("--method",),
                help="List only operations with this method",
                metavar="METHOD",
                kind="text",
                values=("GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS", "TRACE", "QUERY"),
            ),
            Option(
                ("--graph",),
                help="Draw which operations use ids and links of others",
                values=("mermaid", "dot"),
            ),
        ),
        takes=LISTING,
        of_tool=API,
    ),
    Command(
        "describe",
        section=FIND,
        runs="describe:describe",
        help="Describe an operation, or one field of it",
        about=(
            "FIELD.PATH is a field such as `schedule.cron`, `response.rows.id`, or the name of a parameter. "
            "`webhooks`, or the name of a webhook, shows what the server sends."
        ),
        examples=(
            "dynacli describe demo create-workflow",
            "dynacli describe demo create-workflow schedule.cron",
            "dynacli describe demo search-runs --summary",
        ),
        arguments=(
            Argument("api", offers=API_NAMES),
            Argument("operation", metavar="OPERATION [FIELD.PATH]", is_multiple=True, offers=OPERATIONS),
        ),
        options=(
            Option(("--summary",), help="Show only what a first correct call needs"),
            Option(
                ("--depth",),
                help="Show N levels of each schema, at any length",
                metavar="N",
                kind="integer",
                between=(1, 64),
            ),
            Option(("--all",), help="Show everything, at any length", name="everything"),
            Option(("--like",), help="Show only the differences from OTHER", metavar="OTHER"),
        ),
        takes=LISTING,
        of_tool=API,
    ),
    Command(
        "explore",
        section=FIND,
        runs="explore:explore_api",
        help="Open the full-screen explorer",
        about=(
            "Find an operation, fill in its form, send it, and read the response and its findings. F1 shows the "
            "keys; F9 copies the command of the request."
        ),
        examples=("dynacli explore demo", "dynacli explore demo --profile staging"),
        arguments=(Argument("api", offers=API_NAMES),),
        takes=(*OPENING, CALLS, CACHE, RESENDING),
        of_tool=API,
    ),
    Command(
        "read",
        section=MAKE_CALLS,
        runs="call_groups:ReadGroup",
        help="Call an operation only if it is read-only",
        about=(
            "Every other method than GET, HEAD, OPTIONS, TRACE and QUERY is refused (exit 11), except a POST that "
            "`reads` of your policy lists. Arguments and options are those of the operation. You can allow a script "
            "or an agent the prefix `dynacli read`. It permits no more than this:\n\n"
            "- Requests: GET, HEAD, OPTIONS, TRACE and QUERY to any host, with any input and header; what `reads` "
            "lists.\n"
            "- Credentials: those of registered APIs, to the origins in your configuration; they are never shown. "
            "`--server`, the URL of a document and `--accept-origin` add no origin.\n"
            "- Reading: standard input, and the documents of registered APIs with the files that they refer to; no "
            "other file. `@FILE`, `--editor` and `--allow-ref DIRECTORY` are refused.\n"
            "- Writing: new files below the working directory, never over an existing one (`-o @FILE`, `-O`, "
            "`--report FORMAT=FILE`, `--plan FILE`); the cache and the history. Paths with a part that begins with a "
            "dot, directories of dynacli, and `--resume` are refused.\n"
            "- Policy: the policy of the API applies; `--yes` confirms what it wants confirmed.\n\n"
            "`--allow-files` also takes inputs from files. A prefix permits every option after it, so deny this "
            "one in your list if it is for an agent. dynacli refuses it if an agent runs the command, as far as "
            "variables show: `dynacli help environment`."
        ),
        examples=(
            "dynacli read demo search-runs --range 7d",
            "dynacli read demo search-runs --all -f 'rows[].id' -o lines",
        ),
        usage=_CALL_USAGE,
        of_tool=CALL,
    ),
    Command(
        "request",
        section=MAKE_CALLS,
        runs="call_groups:RequestGroup",
        help="Call any path of an API by its method",
        about=(
            "The call uses the server and the credentials of the API; PATH can contain a query. If an operation "
            "matches, its options and its validation apply. Otherwise give a body with `--body`. `dynacli API "
            "METHOD PATH` is the same."
        ),
        examples=(
            "dynacli request demo GET /workflows",
            "dynacli request demo GET '/runs?range=7d' -f 'rows[].id'",
        ),
        usage="API METHOD PATH [OPTIONS]",
        of_tool=CALL,
    ),
    Command(
        "edit",
        section=MAKE_CALLS,
        runs="edit:EditGroup",
        help="Edit a resource and send the change",
        about=(
            "dynacli calls OPERATION (a GET), opens the response in $VISUAL or $EDITOR, shows the difference, "
            "asks, and sends it with the PATCH or PUT of the same path. If the response had an ETag, it sends "
            "`If-Match`. `--yes` sends without asking."
        ),
        examples=(
            "dynacli edit demo get-workflow wf_search-issues",
            "dynacli edit demo get-workflow wf_search-issues --dry-run",
        ),
        usage=_CALL_USAGE,
        of_tool=CALL,
    ),
    Command(
        "batch",
        section=MAKE_CALLS,
        runs="batch:make_calls",
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
            _SHARD_COUNT,
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
        of_tool=API,
    ),
    Command(
        "plan",
        section=MAKE_CALLS,
        help="Show and apply planned calls",
        about=(
            "`--plan FILE` on a call or on `batch` writes a plan instead of sending. A plan is applied once, and only "
            "if nothing has changed since it was made: the file, the resource, the document and the account."
        ),
        examples=("dynacli plan list", "dynacli plan show change.json", "dynacli plan apply change.json"),
        commands=(
            Command(
                "list",
                runs="plan:list_plans",
                help="List the plans in the state directory",
                examples=("dynacli plan list", "dynacli plan list -o json"),
                takes=(DATA_OUTPUT,),
            ),
            Command(
                "show",
                runs="plan:show",
                help="Show a plan as a diff",
                examples=("dynacli plan show change.json",),
                arguments=(_PLAN,),
                takes=(DATA_OUTPUT,),
            ),
            Command(
                "apply",
                runs="plan:apply",
                help="Send the requests of a plan, once",
                about=(
                    "dynacli checks that nothing has changed, asks, and sends the requests in order. It stops at the "
                    "first failure, and writes the result beside the plan."
                ),
                examples=("dynacli plan apply change.json", "dynacli plan apply change.json --yes"),
                arguments=(_PLAN,),
                options=(
                    Option(("--resume",), help="Send the requests that did not succeed", name="resume_"),
                ),
                last=(ROLE, *OF_DEMO),
                takes=(
                    *(DATA_OUTPUT, *OPENING[:1], RESENDING, "timeout", "retries", "rate", "http_version"),
                    "accept_origin",
                ),
                texts={"yes": "Apply it without asking"},
            ),
        ),
        of_tool=ALONE,
    ),
    Command(
        "check",
        section=TEST,
        runs="check:check",
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
        "diff",
        section=TEST,
        runs="diff:DiffGroup",
        help="Compare the responses of two servers to one call",
        about=(
            "OPERATION must be read-only (else exit 11). dynacli calls it with the same inputs on the server in use "
            "and on that of `--against`, and compares status, documented headers and body. It exits with 0 if they "
            "are equal, with 9 if they differ."
        ),
        examples=(
            "dynacli diff demo search-runs --range 7d --against https://new.example.com",
            "dynacli diff demo list-workflows --against history:1 --ignore '/body/*/*/updatedAt'",
        ),
        usage=f"{_CALL_USAGE} --against PROFILE|URL|history:N|rev:N",
        options=options_of({COMPARING}),
        of_tool=CALL,
    ),
    Command(
        "validate",
        section=TEST,
        runs="validate:validate",
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
    Command(
        "changes",
        section=TEST,
        runs="revisions:show_changes",
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
    Command(
        "mock",
        section=TEST,
        runs="mock:mock_api",
        help="Respond to requests from the document, until Ctrl-C",
        examples=("dynacli mock ./openapi.yaml", "dynacli mock ./openapi.yaml --port 0 --dynamic"),
        arguments=(Argument("api", offers=API_NAMES),),
        options=(
            replace(PORT, default=4010),
            _HOST,
            Option(("--dynamic",), help="Generate new values for each response"),
            Option(("--ignore-examples",), help="Generate values from schemas, not from examples"),
            Option(("--no-cors",), help="Let no page of another origin call it"),
        ),
        takes=(DATA_OUTPUT, *OPENING, "validate"),
        texts={
            "output": "Print a line (auto) or an object (json) per exchange",
            "validate": "Set the validation level [default: strict]",
            "verbose": "Print all findings, with their places in the document",
        },
        of_tool=API,
    ),
    Command(
        "proxy",
        section=TEST,
        runs="proxy:proxy_api",
        help="Validate the traffic of other programs",
        about="dynacli forwards requests to the server of the API unchanged, and validates them and the responses.",
        examples=("dynacli proxy github", "dynacli proxy github --port 8080 --report json=findings.json"),
        arguments=(Argument("api", offers=API_NAMES),),
        options=(
            replace(PORT, default=8644),
            _HOST,
            Option(
                ("--upstream",),
                help="Forward to URL instead of the document's server",
                metavar="URL",
            ),
            Option(("--preserve-host",), help="Forward the client's Host header"),
            _LEARN,
            *OF_DEMO,
        ),
        takes=(
            DATA_OUTPUT,
            *OPENING,
            "validate",
            "report",
            "server",
            "server_var",
            "timeout",
            "accept_origin",
            "no_fail",
        ),
        texts={
            "output": "Print a line (auto) or an object (json) per exchange",
            "filter": "Filter the object of each exchange with JMESPath",
            "validate": "Set the validation level [default: strict]",
            "server": "Forward to this base URL, or to a server of the document",
            "timeout": "Limit the wait for a response [default: 300]",
            "verbose": "Print all findings, with their places in the document",
            "no_fail": "Exit with 0 despite findings",
            "yes": "Forward what the policy wants confirmed",
        },
        of_tool=API,
    ),
)
