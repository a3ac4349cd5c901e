"""The commands about the registered APIs, credentials, the configuration and the cache."""

from dynacli.options.command import ALONE, API, LISTING, MANAGE, OPENING, Argument, Command
from dynacli.options.standard_options import (
    API_NAMES,
    CACHE,
    CALLS,
    DATA_OUTPUT,
    KEYS,
    OPERATIONS,
    REGISTERED,
    REVISIONS,
    Option,
)

_SCHEME = Option(("--scheme",), help="Use this security scheme of the document", metavar="NAME", default="")
_PROJECT = Argument("file", metavar="FILE|DIRECTORY", is_required=False)

COMMANDS = (
    Command(
        "api",
        section=MANAGE,
        help="Register APIs and manage their documents",
        examples=("dynacli api add github ./openapi.yaml", "dynacli api list"),
        commands=(
            Command(
                "add",
                runs="api.api_add:add",
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
                runs="api.api:list_apis",
                help="List the registered APIs",
                examples=("dynacli api list", "dynacli api list -o json"),
                takes=(DATA_OUTPUT,),
            ),
            Command(
                "show",
                of_tool=API,
                runs="api.api:show_api",
                help="Show an API, its document and its problems",
                examples=("dynacli api show github",),
                arguments=(Argument("api", offers=API_NAMES),),
                takes=LISTING,
            ),
            Command(
                "refresh",
                of_tool=API,
                runs="api.api:refresh_document",
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
                runs="revisions:show_history",
                help="List the revisions of a document, latest first",
                examples=("dynacli api history github",),
                arguments=(Argument("api", offers=API_NAMES),),
                takes=(DATA_OUTPUT,),
            ),
            Command(
                "rollback",
                of_tool=API,
                runs="revisions:rollback",
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
                runs="revisions:pin",
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
                runs="revisions:unpin",
                help="Unpin the revision and use the latest",
                examples=("dynacli api unpin github",),
                arguments=(Argument("name", offers=REGISTERED),),
            ),
            Command(
                "set",
                of_tool=API,
                runs="api.api:set_keys",
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
                runs="api.api:write_link_set",
                help="Print a catalog of the APIs (RFC 9727)",
                examples=("dynacli api catalog --out api-catalog.json",),
                options=(Option(("--out",), help="Write to FILE, which is replaced whole", metavar="FILE"),),
                takes=LISTING,
            ),
            Command(
                "remove",
                runs="api.api:remove_api",
                help="Remove an API from the configuration",
                examples=("dynacli api remove github",),
                arguments=(Argument("name", offers=REGISTERED),),
            ),
            Command(
                "rename",
                runs="api.api:rename_api",
                help="Rename an API",
                examples=("dynacli api rename github gh",),
                arguments=(Argument("name", offers=REGISTERED), Argument("new_name")),
            ),
        ),
    ),
    Command(
        "auth",
        section=MANAGE,
        help="Sign in and out; explain which credentials calls carry",
        examples=("dynacli auth login github", "dynacli auth explain github issues-create"),
        commands=(
            Command(
                "login",
                of_tool=API,
                runs="auth.login:login",
                help="Sign in to an API",
                about=(
                    "dynacli asks for the credential that the API needs, stores it, and sends it only to the "
                    "origin that calls go to now."
                ),
                examples=(
                    "dynacli auth login github",
                    "dynacli auth login github --with-token < token.txt",
                    "dynacli auth login github --operation log-in -- --name ada",
                    "dynacli auth login shop --operation log-in --cookie sessionid",
                ),
                arguments=(
                    Argument("api", offers=REGISTERED),
                    Argument("words", metavar="[-- INPUTS...]", is_required=False, is_multiple=True),
                ),
                options=(
                    _SCHEME,
                    Option(
                        ("--operation",),
                        offers=OPERATIONS,
                        help="Call OPERATION for the token, with the inputs after --",
                        metavar="OPERATION",
                        default="",
                    ),
                    Option(
                        ("--token-at",),
                        help="Take the token from this place, a JMESPath expression",
                        metavar="EXPR",
                        default="",
                    ),
                    Option(
                        ("--cookie",),
                        help="Keep this cookie of the response as the credential",
                        metavar="NAME",
                        default="",
                    ),
                    Option(
                        ("--refresh-operation",),
                        help="Refresh the token with OPERATION",
                        metavar="OPERATION",
                        default="",
                    ),
                    Option(
                        ("--refresh-token-at",),
                        help="Take the refresh token from this place",
                        metavar="EXPR",
                        default="",
                    ),
                    Option(
                        ("--with-token",),
                        help="Read the token, or USERNAME:PASSWORD, from standard input",
                    ),
                    Option(
                        ("--name",),
                        help="With --scheme apikey: use this header [default: X-API-Key]",
                        metavar="HEADER",
                        default="",
                    ),
                    Option(
                        ("--store",),
                        help="Store it in the system's keyring or in a private file",
                        values=("keyring", "file"),
                    ),
                    Option(("--device",), help="Sign in on another device, with a code"),
                    Option(("--no-browser",), help="Print the address instead of opening a browser"),
                    Option(
                        ("--client-id",), help="Use this client ID at the provider", metavar="ID", default=""
                    ),
                    Option(
                        ("--scope",),
                        help="Request this scope; repeat for more",
                        metavar="SCOPE",
                        is_multiple=True,
                        name="scopes",
                    ),
                    Option(
                        ("--callback-host",),
                        help="Receive the browser at HOST [default: 127.0.0.1]",
                        metavar="HOST",
                        default="",
                    ),
                    Option(
                        ("--callback-port",),
                        help="Receive the browser at PORT [default: a free port]",
                        metavar="PORT",
                        kind="integer",
                    ),
                ),
                takes=(*OPENING, "server", "server_var", "accept_origin"),
            ),
            Command(
                "logout",
                of_tool=API,
                runs="auth.stored:logout",
                help="Delete the stored credentials of an API",
                about="With `--scheme` or `--profile`, only those of that scheme or profile.",
                examples=("dynacli auth logout github",),
                arguments=(Argument("api", offers=REGISTERED),),
                options=(_SCHEME,),
                takes=("profile",),
            ),
            Command(
                "status",
                runs="auth.stored:status",
                help="List the stored credentials, without secrets",
                examples=("dynacli auth status",),
                arguments=(Argument("api", is_required=False, offers=REGISTERED),),
                takes=(DATA_OUTPUT,),
            ),
            Command(
                "explain",
                of_tool=API,
                runs="auth.stored:explain_credential",
                help="Explain the credential of a call",
                about="The page says where the credential comes from and where it goes, or what is missing.",
                examples=("dynacli auth explain github issues-create",),
                arguments=(Argument("api", offers=API_NAMES), Argument("operation", offers=OPERATIONS)),
                takes=(DATA_OUTPUT, *OPENING, "server", "server_var", "auth", "accept_origin"),
            ),
            Command(
                "token",
                of_tool=API,
                runs="auth.stored:show_token",
                help="Print a stored credential to a pipe",
                examples=("dynacli auth token github | wc -c",),
                arguments=(Argument("api", offers=REGISTERED),),
                options=(_SCHEME,),
                takes=("profile",),
            ),
        ),
    ),
    Command(
        "config",
        section=MANAGE,
        help="Show and change the configuration",
        examples=("dynacli config get apis.github", "dynacli config set history=off"),
        commands=(
            Command(
                "path",
                runs="config:show_path",
                help="Print the path of the configuration file",
                examples=("dynacli config path",),
            ),
            Command(
                "get",
                runs="config:show_values",
                help="Show one setting, or all; secrets are masked",
                examples=("dynacli config get", "dynacli config get apis.github"),
                arguments=(Argument("key", is_required=False, offers=KEYS),),
                takes=(DATA_OUTPUT,),
            ),
            Command(
                "set",
                runs="config:set_values",
                help="Set keys of the configuration",
                about="`KEY=` removes a key. Comments stay.",
                examples=("dynacli config set history=off", "dynacli config set apis.github.timeout=10"),
                arguments=(Argument("settings", metavar="KEY=VALUE...", is_multiple=True, offers=KEYS),),
            ),
            Command(
                "edit",
                runs="config:edit_file",
                help="Edit the file in $VISUAL or $EDITOR",
                about="dynacli refuses a file with mistakes, and shows them with their lines.",
                examples=("dynacli config edit",),
            ),
            Command(
                "trust",
                runs="trust:trust_project",
                help="Trust the project file, after showing what it adds",
                about=(
                    "Without FILE, it is the nearest `.dynacli.toml`. If its content changes, trust it again. An agent "
                    "cannot trust a file."
                ),
                examples=("dynacli config trust", "dynacli config trust ./shop"),
                arguments=(_PROJECT,),
            ),
            Command(
                "untrust",
                runs="trust:distrust_project",
                help="No longer use the project file",
                examples=("dynacli config untrust", "dynacli config untrust ./shop"),
                arguments=(_PROJECT,),
            ),
        ),
        of_tool=ALONE,
    ),
    Command(
        "cache",
        section=MANAGE,
        help="Show or clear the cache",
        examples=("dynacli cache info", "dynacli cache clear github", "dynacli cache clear --responses"),
        commands=(
            Command(
                "info",
                runs="revisions:show_cache",
                help="Show the sizes of cached documents or responses",
                examples=("dynacli cache info", "dynacli cache info --responses -o json"),
                options=(Option(("--responses",), help="Show how much the stored responses take"),),
                takes=(DATA_OUTPUT,),
            ),
            Command(
                "clear",
                runs="revisions:clear_cache",
                help="Clear the cache, or the part of one API",
                about="Clearing is always safe: dynacli fetches and compiles a document again if it needs it.",
                examples=("dynacli cache clear github", "dynacli cache clear --responses"),
                arguments=(Argument("api", is_required=False, offers=API_NAMES),),
                options=(
                    Option(("--history",), help="Clear only revisions that are neither current nor pinned"),
                    Option(("--responses",), help="Clear only the stored responses"),
                ),
            ),
        ),
        of_tool=ALONE,
    ),
)
