"""The entries of this feature in the table of commands."""

from dynacli.options.command import ALONE, API, CALL, CALL_USAGE, MAKE_CALLS, SHARD_COUNT, Argument, Command
from dynacli.options.standard_options import API_NAMES, CACHE, CALLS, DATA_OUTPUT, Option

_INTO = Option(("--into",), help="Use the mirror in FILE", metavar="FILE")

COMMANDS = (
    Command(
        "sql",
        section=MAKE_CALLS,
        runs="features.sql.sql_command:run_sql",
        help="Ask the mirrors of APIs by SQL",
        about=(
            "QUERY is one SELECT of SQLite over the tables that `sync` has made. Without it, `sql` lists tables, "
            "columns, rows and ages. Several APIs are separated by commas; write their names before the tables: "
            "`github.issues`."
        ),
        examples=(
            "dynacli sql demo",
            "dynacli sql demo 'select status, count(*) as runs from runs group by 1'",
        ),
        arguments=(
            Argument("api", metavar="API[,API...]", is_required=False, offers=API_NAMES),
            Argument("query", metavar="QUERY", is_required=False),
        ),
        options=(Option(("--file",), help="Read the mirror in FILE", metavar="FILE"),),
        takes=(DATA_OUTPUT, "profile"),
        of_tool=API,
    ),
    Command(
        "sync",
        section=MAKE_CALLS,
        runs="features.sql.sync_command:SyncGroup",
        help="Copy a list into a SQLite file, and keep it up to date",
        about=(
            "OPERATION must be read-only (else exit 11). dynacli fetches all pages, and remembers the call as a "
            "feed. `sync API` repeats all feeds of an API, `sync API/TABLE` the feeds of one table. It asks only for "
            "what changed, if the API can say that. `dynacli sql` reads the mirror."
        ),
        examples=(
            "dynacli sync demo search-runs --range 30d",
            "dynacli sync demo list-workflows --into demo.sqlite",
        ),
        usage=f"{CALL_USAGE}\n  sync API[/TABLE] [OPTIONS]",
        arguments=(Argument("api", metavar="API[/TABLE]", offers=API_NAMES),),
        options=(
            Option(("--key",), help="Identify a row by these fields", metavar="FIELD,FIELD"),
            Option(("--append",), help="Add all items as new rows in each run"),
            Option(
                ("--since",),
                help="Ask by PARAM for what changed since the latest FIELD",
                metavar="PARAM=FIELD",
                name="since_",
            ),
            Option(
                ("--for",),
                help="Make a call for each row of TABLE; --set INPUT=COLUMN",
                metavar="TABLE",
                name="for_",
            ),
            Option(
                ("--parallel",),
                help="Make N calls for parents at once",
                metavar="N",
                kind="integer",
                between=(1, 64),
            ),
            Option(
                ("--shard",),
                help="Fetch for every N-th parent, starting with the I-th",
                metavar="I/N|auto",
                values=("auto",),
                kind="text",
            ),
            SHARD_COUNT,
            Option(("--full",), help="Fetch everything, although less would do"),
            _INTO,
        ),
        takes=(CALLS, CACHE, DATA_OUTPUT, "max_items", "yes"),
        commands=(
            Command(
                "list",
                runs="features.sql.mirrors:list_mirrors",
                help="List the mirrors",
                examples=("dynacli sync list", "dynacli sync list -o json"),
                takes=(DATA_OUTPUT,),
                of_tool=ALONE,
            ),
            Command(
                "show",
                runs="features.sql.mirrors:show_mirror",
                help="Show feeds, their rules and last runs",
                examples=("dynacli sync show demo",),
                arguments=(Argument("api", offers=API_NAMES),),
                options=(_INTO,),
                takes=(DATA_OUTPUT, "profile"),
                of_tool=API,
            ),
            Command(
                "drop",
                runs="features.sql.mirrors:drop_mirror",
                help="Remove a mirror, or a table with its feeds",
                examples=("dynacli sync drop demo/runs --yes",),
                arguments=(Argument("api", metavar="API[/TABLE]", offers=API_NAMES),),
                options=(_INTO,),
                takes=("profile", "yes"),
                of_tool=API,
            ),
        ),
        of_tool=CALL,
    ),
)
