"""The entry of this feature in the table of commands."""

from dynacli.options.command import API, LISTING, MANAGE, OPENING, Argument, Command
from dynacli.options.standard_options import (
    API_NAMES,
    CACHE,
    CALLS,
    DATA_OUTPUT,
    KEYS,
    REGISTERED,
    REVISIONS,
    Option,
)

COMMANDS = (
    Command(
        "api",
        section=MANAGE,
        help="Register APIs and manage their documents",
        examples=("dynacli api add github ./openapi.yaml", "dynacli api list"),
        commands=(
            Command(
                "add",
                runs="features.apis.api_add:add",
                help="Register an API",
                about=(
                    "SOURCE is the URL or the file of an OpenAPI document, or the base URL of an API: dynacli "
                    "then looks for the document there. Several SOURCEs become one API.\n\n"
                    "dynacli saves `--server`, `--server-var`, `--timeout` and `--validate` for calls, with "
                    "`--profile` in that profile. `-H` adds a header to the request for the document only."
                ),
                examples=(
                    "dynacli api add petstore ./openapi.yaml",
                    "dynacli api add petstore ./openapi.yaml --server http://localhost:8080 --timeout 10",
                ),
                arguments=(Argument("name"), Argument("source", is_multiple=True)),
                options=(
                    Option(
                        ("--overlay",),
                        help="Apply an OpenAPI overlay, now and after each refresh",
                        metavar="FILE",
                        is_multiple=True,
                    ),
                    Option(
                        ("--refresh-after",),
                        help="Refresh the document after TIME, such as 12h or 7d",
                        metavar="TIME",
                    ),
                    Option(("--no-discovery",), help="Fetch SOURCE itself, and look nowhere else"),
                    Option(
                        ("--ca",),
                        help="Trust the certificates in FILE, also for calls",
                        metavar="FILE",
                    ),
                ),
                takes=(*OPENING, CALLS, CACHE),
            ),
            Command(
                "list",
                runs="features.apis.command:list_apis",
                help="List the registered APIs",
                examples=("dynacli api list", "dynacli api list -o json"),
                takes=(DATA_OUTPUT,),
            ),
            Command(
                "show",
                of_tool=API,
                runs="features.apis.command:show_api",
                help="Show an API, its document and its problems",
                examples=("dynacli api show github",),
                arguments=(Argument("api", offers=API_NAMES),),
                takes=LISTING,
            ),
            Command(
                "refresh",
                of_tool=API,
                runs="features.apis.command:refresh_document",
                help="Refresh the document of an API",
                examples=("dynacli api refresh github", "dynacli api refresh github --accept"),
                arguments=(Argument("name", offers=REGISTERED),),
                options=(
                    Option(
                        ("--accept",),
                        help="Accept the document that was held back, or the new one",
                    ),
                ),
                takes=(*OPENING, "header"),
            ),
            Command(
                "history",
                of_tool=API,
                runs="features.changes.command:show_history",
                help="List the revisions of a document, latest first",
                examples=("dynacli api history github",),
                arguments=(Argument("api", offers=API_NAMES),),
                takes=(DATA_OUTPUT,),
            ),
            Command(
                "rollback",
                of_tool=API,
                runs="features.changes.command:rollback",
                help="Return to an earlier revision and pin it",
                about="Without REVISION, dynacli returns to the previous one.",
                examples=("dynacli api rollback github",),
                arguments=(
                    Argument("name", offers=REGISTERED),
                    Argument("revision", is_required=False, offers=REVISIONS),
                ),
            ),
            Command(
                "pin",
                of_tool=API,
                runs="features.changes.command:pin",
                help="Pin a revision, whatever the server has",
                about="Without REVISION, dynacli pins the one in use. `api unpin` follows the server again.",
                examples=("dynacli api pin github",),
                arguments=(
                    Argument("name", offers=REGISTERED),
                    Argument("revision", is_required=False, offers=REVISIONS),
                ),
                takes=OPENING,
            ),
            Command(
                "unpin",
                of_tool=API,
                runs="features.changes.command:unpin",
                help="Unpin the revision and use the latest",
                examples=("dynacli api unpin github",),
                arguments=(Argument("name", offers=REGISTERED),),
            ),
            Command(
                "set",
                of_tool=API,
                runs="features.apis.command:set_keys",
                help="Set keys of an API in the configuration",
                about="`KEY=` removes a key. With `--profile`, the keys of that profile. Comments stay.",
                examples=(
                    "dynacli api set github timeout=10",
                    "dynacli api set github --profile staging server=https://staging.example.com",
                ),
                arguments=(
                    Argument("name", offers=REGISTERED),
                    Argument("settings", metavar="KEY=VALUE...", is_multiple=True, offers=KEYS),
                ),
                takes=("profile",),
            ),
            Command(
                "catalog",
                runs="features.apis.command:write_link_set",
                help="Print a catalog of the APIs (RFC 9727)",
                examples=("dynacli api catalog --out api-catalog.json",),
                options=(Option(("--out",), help="Write to FILE, which is replaced whole", metavar="FILE"),),
                takes=LISTING,
            ),
            Command(
                "remove",
                runs="features.apis.command:remove_api",
                help="Remove an API from the configuration",
                examples=("dynacli api remove github",),
                arguments=(Argument("name", offers=REGISTERED),),
            ),
            Command(
                "rename",
                runs="features.apis.command:rename_api",
                help="Rename an API",
                examples=("dynacli api rename github gh",),
                arguments=(Argument("name", offers=REGISTERED), Argument("new_name")),
            ),
        ),
    ),
)
