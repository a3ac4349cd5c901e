"""The commands that find operations, make calls, and show the manual."""

from dynacli.options.command import ALONE, API, CALL, CALL_USAGE, FIND, LISTING, MAKE_CALLS, Argument, Command
from dynacli.options.standard_options import API_NAMES, OPERATIONS, TAGS, TOPICS, Option

COMMANDS = (
    Command(
        "search",
        section=FIND,
        runs="commands.subcommands.operations:search",
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
        options=(Option(("--api",), help="Search only API", metavar="API"),),
        takes=LISTING,
        of_tool=API,
    ),
    Command(
        "operations",
        section=FIND,
        runs="commands.subcommands.operations:list_operations",
        help="List every operation, one per line",
        examples=(
            "dynacli operations demo",
            "dynacli operations demo --tag runs --method GET",
            "dynacli operations demo -f '[].name' -o lines",
            "dynacli operations demo --graph mermaid",
        ),
        arguments=(Argument("api", is_required=False, offers=API_NAMES),),
        options=(
            Option(
                ("--tag",),
                offers=TAGS,
                help="List only operations with this tag or one below it",
                metavar="TAG",
            ),
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
        runs="commands.subcommands.describe:describe",
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
        "read",
        section=MAKE_CALLS,
        runs="commands.subcommands.call_groups:ReadGroup",
        help="Call an operation only if it is read-only",
        about=(
            "Every method except GET, HEAD, OPTIONS, TRACE and QUERY is refused (exit 11), except a POST that "
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
        usage=CALL_USAGE,
        of_tool=CALL,
    ),
    Command(
        "request",
        section=MAKE_CALLS,
        runs="commands.subcommands.call_groups:RequestGroup",
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
        "help",
        runs="commands.subcommands.help:show_topic",
        help="Show the manual, or its page on TOPIC",
        about="`help errors KIND` explains errors of a kind: `usage`, `auth`, `refused` and so on. "
        "`help options TOPIC` lists the options about a topic.",
        examples=(
            "dynacli help",
            "dynacli help check",
            "dynacli help api add",
            "dynacli help errors usage",
            "dynacli help options retries",
        ),
        arguments=(
            Argument("topic", is_required=False, offers=TOPICS),
            Argument("kind", is_required=False, offers=TOPICS),
        ),
        is_plain=True,
        of_tool=ALONE,
    ),
)
