"""The commands that find operations, call them, and judge calls."""

from dynacli.options.command import API, CALL, HTML, LISTING, OF_DEMO, OPENING, PORT, ROLE, Argument, Command
from dynacli.options.standard_options import API_NAMES, CALLS, DATA, OPERATIONS, RESENDING, TAGS, Option
from dynacli.record import replace

__all__ = ["CALL_COMMANDS"]

_LEARN = Option(
    ("--learn",),
    help="write an OpenAPI overlay that makes the document agree with the answers",
    metavar="FILE",
)
_HOST = Option(
    ("--host",),
    help="where to listen; 0.0.0.0 lets other machines in",
    kind="text",
    default="127.0.0.1",
    shows_default=True,
)

CALL_COMMANDS = (
    Command(
        "search",
        runs="search:search",
        help="Find the operations that do what you say in plain words, of one API or of all that "
        "are registered. The best is shown as a summary, two others as a line each; `-o "
        "json` has four others.",
        arguments=(Argument("words", metavar="[API] WORDS...", is_multiple=True, offers=API_NAMES),),
        options=(
            Option(
                ("--api",), help="the one API to search, where its name is not the first word", metavar="API"
            ),
        ),
        takes=LISTING,
        rows=(
            ("search [API] WORDS...", "the operations that do what you say in plain words, the best first"),
        ),
        of_tool=API,
    ),
    Command(
        "operations",
        runs="operations:list_operations",
        help="List every operation of API, or of all registered APIs, a line each.",
        arguments=(Argument("api", is_required=False, offers=API_NAMES),),
        options=(
            Option(("--tag",), offers=TAGS, help="only those with this tag", metavar="TAG"),
            Option(
                ("--method",),
                help="only those of this method, such as GET",
                metavar="METHOD",
                kind="text",
                values=("GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS", "TRACE", "QUERY"),
            ),
            Option(
                ("--graph",),
                help="as a graph for Mermaid or Graphviz: which list has the ids that others need, and "
                "where links lead",
                values=("mermaid", "dot"),
            ),
        ),
        takes=LISTING,
        rows=(("operations [API] [--tag TAG]", "every operation, a line each, or as a graph"),),
        of_tool=API,
    ),
    Command(
        "describe",
        runs="describe.describe:describe",
        help="Show all of one operation: parameters, body, answers, security, servers, links, "
        "callbacks and an example. The name of a webhook, or `webhooks`, shows what the "
        "server sends. With FIELD.PATH, such as `schedule.cron`, `answer.rows.id` or a "
        "parameter's name, that field alone.",
        arguments=(
            Argument("api", offers=API_NAMES),
            Argument("operation", metavar="OPERATION [FIELD.PATH]", is_multiple=True, offers=OPERATIONS),
        ),
        options=(
            Option(("--summary",), help="Show the least that a first correct call needs."),
            Option(
                ("--depth",),
                help="Show N levels of each schema, however long the text gets.",
                metavar="N",
                kind="integer",
                between=(1, 64),
            ),
            Option(("--all",), help="Show everything, however long the text gets.", name="everything"),
            Option(("--like",), help="Show only the differences to another operation.", metavar="OTHER"),
        ),
        takes=LISTING,
        rows=(("describe API OPERATION [FIELD.PATH]", "all about one operation, or about one field"),),
        of_tool=API,
    ),
    Command(
        "explore",
        runs="explore:explore_api",
        help="Explore API on the whole screen: find an operation, fill in its form, send it, and "
        "read what came and what is wrong with it. F1 shows the keys. F9 copies the command "
        "line of the request, and leaving prints it, too.",
        arguments=(Argument("api", offers=API_NAMES),),
        takes=(*OPENING, CALLS, RESENDING),
        rows=(("explore API", "its operations, forms and answers on the whole screen"),),
        of_tool=API,
    ),
    Command(
        "batch",
        runs="batch:make_calls",
        help="Make a call for each row of FILE, NDJSON or CSV, and write a line of NDJSON for "
        "each. A column, or a key, is an input by the name of its option. Without OPERATION "
        "each row of NDJSON names its own. All rows are checked before the first is sent.",
        arguments=(
            Argument("api", offers=API_NAMES),
            Argument(
                "words", metavar="[OPERATION] FILE|-", is_required=False, is_multiple=True, offers=OPERATIONS
            ),
        ),
        options=(
            Option(
                ("--parallel",),
                help="calls at once; a row then waits only for those whose answers it uses",
                kind="integer",
                between=(1, 64),
                default=1,
                shows_default=True,
            ),
            Option(("--stop-on-error",), help="begin no further row after one that failed"),
            Option(
                ("--resume",),
                help="take what went well from an earlier result (NDJSON), and send the other rows",
                metavar="RESULT",
                name="resume_",
            ),
            Option(("--shard",), help="send every N-th row, beginning with the I-th", metavar="I/N"),
        ),
        takes=(*LISTING, CALLS, RESENDING, "progress", "dry_run", "show_secrets", "no_fail"),
        texts={
            "output": "ndjson (the default), json, yaml, table, csv, tsv, lines, gron, or @FILE for ndjson",
            "filter": "what a JMESPath expression leaves of each line of the result",
            "progress": "whether a terminal shows how far the batch is: auto or off",
            "dry_run": "check all rows, and send none; with a form, print their requests (json: a line each)",
            "header": "a header of every request",
            "timeout": "for each call",
            "verbose": "a line on standard error for each row",
            "no_fail": "exit 0 although rows failed by a 3xx, 4xx, 5xx or a mismatch",
            "yes": "agree to rows that remove something; where a credential goes is never answered by it",
        },
        rows=(("batch API [OPERATION] FILE", "a call for each row of a file, side by side"),),
        of_tool=API,
    ),
    Command(
        "check",
        runs="check.check:check",
        help="Call every operation of API that only reads, judge every answer, and report.",
        arguments=(Argument("api", offers=API_NAMES),),
        options=(
            Option(
                ("--operation",),
                offers=OPERATIONS,
                help="call this operation too, although it may change something",
                metavar="OPERATION|PATTERN",
                is_multiple=True,
            ),
            Option(
                ("--only",),
                offers=OPERATIONS,
                help="look at this operation alone; a pattern such as 'list-*' or '/admin/*' is compared "
                "with names, ids and paths",
                metavar="OPERATION|PATTERN",
                is_multiple=True,
            ),
            Option(
                ("--tag",),
                offers=TAGS,
                help="look at operations with this tag alone",
                metavar="TAG",
                is_multiple=True,
            ),
            Option(
                ("--skip",),
                help="do not call these, whatever else is said of them",
                metavar="OPERATION|TAG|PATTERN",
                is_multiple=True,
            ),
            Option(
                ("--set",),
                help="a value for an input, of all operations that have it or of one",
                metavar="[OPERATION.]NAME=VALUE",
                is_multiple=True,
                name="set_",
            ),
            Option(
                ("--most",),
                help="calls of one operation, where the document has several examples",
                kind="integer",
                between=(1, 1000),
                default=5,
                shows_default=True,
            ),
            Option(
                ("--parallel",),
                help="calls at once",
                kind="integer",
                between=(1, 64),
                default=4,
                shows_default=True,
            ),
            Option(
                ("--write",),
                help="also create, read, change and remove things, where the document makes plain how; "
                "asks before",
            ),
            Option(
                ("--probe",),
                help="also ask for what the server ought to refuse: methods that the document does not "
                "have (TRACE or OPTIONS alone), reads without credentials, reads with values that "
                "are not allowed; nothing that could change something, and at most 50 requests of "
                "each kind",
            ),
            Option(("--har",), help="write all that was sent and came to FILE, as HAR 1.2", metavar="FILE"),
            _LEARN,
            Option(
                ("--shard",),
                help="call every N-th operation, beginning with the I-th, and those whose answers give "
                "them values",
                metavar="I/N",
            ),
        ),
        last=(replace(ROLE, help=f"(demo) {ROLE.help}"), *OF_DEMO),
        takes=(*LISTING, CALLS, "progress", "report", "dry_run", "no_fail"),
        texts={
            "output": "auto (text), json, yaml, table, csv, tsv, ndjson, lines, gron, html (a whole page), "
            "or @FILE for json",
            "progress": "whether a terminal shows how far the check is: auto or off",
            "validate": "off, warn (findings are no failure), strict, or exact (the default: what the "
            "document does not mention is found, too)",
            "dry_run": "show what would be called, with which values from where, and send nothing",
            "header": "a header of every request",
            "timeout": "for each call  [default: 30]",
            "retries": "how often a call that only reads is made again after 408, 425, 429, 502, 503 and "
            "504 (2)",
            "verbose": "a line on standard error for each call",
            "no_fail": "exit 0 although an answer breaks the document",
            "yes": "agree to what --write asks; where a credential goes is never answered by it",
        },
        rows=(("check API", "call every operation that only reads, and judge every answer"),),
        of_tool=API,
        formats=(HTML,),
        before=("set", "content_type"),
        switches=("dry_run",),
    ),
    Command(
        "validate",
        runs="traffic:validate",
        help="Validate what other programs sent and got, as a HAR of a browser, a proxy or `check "
        "--har` has it.",
        arguments=(Argument("api", offers=API_NAMES), Argument("file", metavar="FILE.har|-")),
        options=(_LEARN,),
        takes=(DATA, *OPENING, "progress", "validate", "report", "server", "server_var", "no_fail"),
        texts={
            "progress": "whether a terminal shows how far the reading is: auto or off",
            "validate": "off, warn (findings are no failure), strict (the default), or exact (what the "
            "document does not mention is found, too)",
            "server": "the server that was recorded, if the document does not have it: its base URL",
            "no_fail": "exit 0 although an exchange breaks the document",
        },
        rows=(("validate API FILE.har", "validate what other programs sent and got, as a HAR has it"),),
        of_tool=API,
        formats=(HTML,),
    ),
    Command(
        "mock",
        runs="servers:mock_api",
        help="Answer every operation of an API from its document, until Ctrl-C.",
        arguments=(Argument("api", offers=API_NAMES),),
        options=(
            replace(PORT, default=4010),
            _HOST,
            Option(("--dynamic",), help="make values up anew for each answer, instead of examples"),
            Option(
                ("--ignore-examples",),
                help="make values of the schemas, which stay the same, instead of the examples of answers",
            ),
            Option(("--no-cors",), help="let no page of another origin call it"),
        ),
        takes=(DATA, *OPENING, "validate"),
        texts={
            "output": "auto (a line for each exchange), json or ndjson (an object a line), or @FILE for "
            "the latter",
            "validate": "off, warn (a request that the document does not allow is told, and answered like a "
            "right one), or strict (the default: it is refused)",
            "verbose": "all findings, each with its place in the document",
        },
        rows=(("mock API [--port N]", "a server that answers every operation from the document"),),
        of_tool=API,
    ),
    Command(
        "proxy",
        runs="servers:proxy_api",
        help="Pass on what clients send to the API's server, unaltered, and judge what has passed.",
        arguments=(Argument("api", offers=API_NAMES),),
        options=(
            replace(PORT, default=8644),
            _HOST,
            Option(
                ("--upstream",),
                help="the base URL to pass on to, in the place of the document's server",
                metavar="URL",
            ),
            Option(("--preserve-host",), help="send the client's Host, and not the upstream's"),
            _LEARN,
            *OF_DEMO,
        ),
        takes=(
            DATA,
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
            "output": "auto (a line for each exchange, the table of `check` at the end), json or ndjson "
            "(an object a line), or @FILE for the latter",
            "filter": "what a JMESPath expression leaves of the object of each exchange",
            "validate": "off, warn (findings are no failure), strict (the default), or exact (what the "
            "document does not mention is found, too)",
            "server": "the server to pass on to, as for a call: a URL, or the index or name of one of the "
            "document",
            "timeout": "for the head of an answer  [default: 300]",
            "verbose": "all findings, each with its place in the document",
            "no_fail": "exit 0 although an exchange breaks the document",
            "yes": "let pass what the policy wants confirmed",
        },
        rows=(("proxy API", "pass on what clients send to the API, and judge what has passed"),),
        of_tool=API,
    ),
    Command(
        "read",
        runs="call_groups:ReadGroup",
        rows=(("read API OPERATION", "a call that is refused where it may change something"),),
        of_tool=CALL,
    ),
    Command(
        "request",
        runs="call_groups:RequestGroup",
        rows=(("request API METHOD PATH", "a call to any path, whether the document has it or not"),),
        of_tool=CALL,
    ),
    Command(
        "edit",
        runs="call_groups:EditGroup",
        rows=(("edit API OPERATION", "what a GET gives, changed in your editor and sent back"),),
        of_tool=CALL,
    ),
)
