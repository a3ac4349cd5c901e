"""The commands about the registered APIs, credentials, the configuration and the cache."""

from dynacli.options.command import ALONE, API, LISTING, MARKDOWN, OPENING, Argument, Command
from dynacli.options.standard_options import (
    API_NAMES,
    CALLS,
    DATA,
    KEYS,
    OPERATIONS,
    REGISTERED,
    REVISIONS,
    Option,
)

__all__ = ["REGISTRY_COMMANDS"]

_SCHEME = Option(
    ("--scheme",), help="the security scheme, as the document names it", metavar="NAME", default=""
)

REGISTRY_COMMANDS = (
    Command(
        "api",
        help="The registered APIs.",
        commands=(
            Command(
                "add",
                runs="api.api_add:add",
                help="Register the API of the document at SOURCE as NAME. SOURCE is a URL or a file, or "
                "the base URL of an API, where its document is looked for. Several SOURCEs become "
                "one API. --server, --server-var, --timeout and --validate are kept for its calls, "
                "with --profile in that profile; -H is for fetching the document.",
                arguments=(Argument("name"), Argument("source", is_multiple=True)),
                options=(
                    Option(
                        ("--overlay",),
                        help="an OpenAPI overlay that is laid over the document, now and after each refresh",
                        metavar="FILE",
                        is_multiple=True,
                    ),
                    Option(
                        ("--refresh-after",),
                        help="how long the document is fresh, for example 12h or 7d, whatever the server says",
                        metavar="TIME",
                    ),
                    Option(("--no-discovery",), help="take SOURCE for the document, and look nowhere else"),
                    Option(
                        ("--ca",),
                        help="the certificates of a private authority, for the document and for calls; kept as "
                        "`ca`",
                        metavar="FILE",
                    ),
                ),
                takes=(*OPENING, CALLS),
            ),
            Command("list", runs="api.api:list_apis", help="List the registered APIs.", takes=(DATA,)),
            Command(
                "show",
                of_tool=API,
                runs="api.api:show_api",
                help="Show what is known of an API and of its document.",
                arguments=(Argument("api", offers=API_NAMES),),
                takes=LISTING,
            ),
            Command(
                "refresh",
                of_tool=API,
                runs="api.api:refresh_document",
                help="Read or fetch the document again.",
                arguments=(Argument("name", offers=REGISTERED),),
                options=(
                    Option(
                        ("--accept",),
                        help="take the document that was kept aside, or that is there now, whatever it changes",
                    ),
                ),
                takes=(*OPENING, "header"),
            ),
            Command(
                "history",
                of_tool=API,
                runs="api.api_revisions:show_history",
                help="List the revisions of an API's document, the latest first.",
                arguments=(Argument("api", offers=API_NAMES),),
                takes=(DATA,),
            ),
            Command(
                "rollback",
                of_tool=API,
                runs="api.api_revisions:rollback",
                help="Go back to the revision before, or to REVISION, and hold it.",
                arguments=(
                    Argument("name", offers=REGISTERED),
                    Argument("revision", is_required=False, offers=REVISIONS),
                ),
            ),
            Command(
                "pin",
                of_tool=API,
                runs="api.api_revisions:pin",
                help="Hold the revision in use, or REVISION: it is used until it is let go, whatever the "
                "server has.",
                arguments=(
                    Argument("name", offers=REGISTERED),
                    Argument("revision", is_required=False, offers=REVISIONS),
                ),
                takes=OPENING,
            ),
            Command(
                "unpin",
                of_tool=API,
                runs="api.api_revisions:unpin",
                help="Let the revision go that is held, and go on with the latest.",
                arguments=(Argument("name", offers=REGISTERED),),
            ),
            Command(
                "set",
                of_tool=API,
                runs="api.api:set_keys",
                help="Set keys of an API in the configuration, or with --profile of a profile, such as "
                "timeout=10; comments stay. KEY= removes the key.",
                arguments=(
                    Argument("name", offers=REGISTERED),
                    Argument("settings", metavar="KEY=VALUE...", is_multiple=True, offers=KEYS),
                ),
                takes=("profile",),
            ),
            Command(
                "catalog",
                runs="api.api:write_catalog",
                help="Print the registered APIs as a catalog for other programs (RFC 9727).",
                options=(
                    Option(("--out",), help="write it into FILE, which is replaced whole", metavar="FILE"),
                ),
                takes=LISTING,
            ),
            Command(
                "remove",
                runs="api.api:remove_api",
                help="Remove an API from the configuration.",
                arguments=(Argument("name", offers=REGISTERED),),
            ),
            Command(
                "rename",
                runs="api.api:rename_api",
                help="Give an API another name.",
                arguments=(Argument("name", offers=REGISTERED), Argument("new_name")),
            ),
        ),
        rows=(
            ("api add NAME SOURCE", "register an API by its document or its base URL"),
            ("api list|show|set|refresh|remove|rename", "the registered APIs"),
            ("api history|rollback|pin|unpin", "the revisions of their documents"),
            ("api catalog", "the registered APIs as a catalog for other programs"),
        ),
    ),
    Command(
        "changes",
        runs="changes:ChangesVerb",
        help="Show what the document of API gained, lost and changed since the revision before. "
        "`-o markdown` writes it for a changelog, `-o json` for programs.",
        arguments=(Argument("api", offers=API_NAMES),),
        options=(
            Option(
                ("--since",),
                offers=REVISIONS,
                help="compare with the first digits of a revision, as `api history` lists them, or a "
                "document: a URL or a path; else the one before",
                metavar="REVISION",
            ),
            Option(
                ("--until",),
                offers=REVISIONS,
                help="compare that one, instead of the one in use",
                metavar="REVISION",
            ),
            Option(("--breaking",), help="only what breaks a client"),
            Option(("--texts",), help="also where only words for people changed"),
        ),
        takes=LISTING,
        rows=(("changes API [--since REVISION]", "what the document gained, lost and changed"),),
        of_tool=API,
        formats=(MARKDOWN,),
    ),
    Command(
        "auth",
        help="Sign in and out, and see which credentials calls carry.",
        commands=(
            Command(
                "login",
                of_tool=API,
                runs="auth.login:login",
                help="Sign in to API: ask for the credential that it needs, and keep it for its calls. It "
                "is sent nowhere but to the origin that calls go to now.",
                arguments=(
                    Argument("api", offers=REGISTERED),
                    Argument("words", is_required=False, is_multiple=True),
                ),
                options=(
                    _SCHEME,
                    Option(
                        ("--operation",),
                        offers=OPERATIONS,
                        help="an operation of the API whose answer has the token; its inputs stand behind --",
                        metavar="OPERATION",
                        default="",
                    ),
                    Option(
                        ("--token-at",),
                        help="where the token stands in that answer, a JMESPath expression",
                        metavar="EXPR",
                        default="",
                    ),
                    Option(
                        ("--refresh-operation",),
                        help="an operation that refreshes the token, where the document does not make it plain",
                        metavar="OPERATION",
                        default="",
                    ),
                    Option(
                        ("--refresh-token-at",),
                        help="where the refresh token stands in the answer, a JMESPath expression",
                        metavar="EXPR",
                        default="",
                    ),
                    Option(
                        ("--with-token",),
                        help="read it from standard input, one line; USERNAME:PASSWORD for basic and digest; with "
                        "--operation the password",
                    ),
                    Option(
                        ("--name",),
                        help="the header of a key, with --scheme apikey, if the document declares no scheme "
                        "[X-API-Key]",
                        metavar="HEADER",
                        default="",
                    ),
                    Option(
                        ("--store",),
                        help="where it is kept: the system's keyring, or a file that only you can read",
                        values=("keyring", "file"),
                    ),
                    Option(("--device",), help="sign in on another device, by a code that is shown here"),
                    Option(("--no-browser",), help="show the address to open, and ask for what comes of it"),
                    Option(
                        ("--client-id",), help="the client's name at the provider", metavar="ID", default=""
                    ),
                    Option(
                        ("--scope",),
                        help="what is asked for; may be repeated",
                        metavar="SCOPE",
                        is_multiple=True,
                        name="scopes",
                    ),
                    Option(
                        ("--callback-host",),
                        help="127.0.0.1 (default) or localhost: where the provider sends the browser back to",
                        metavar="HOST",
                        default="",
                    ),
                    Option(
                        ("--callback-port",),
                        help="the port for that, if the provider wants a certain one",
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
                help="Forget what is stored for API, or for one of its schemes or profiles.",
                arguments=(Argument("api", offers=REGISTERED),),
                options=(_SCHEME,),
                takes=("profile",),
            ),
            Command(
                "status",
                runs="auth.stored:status",
                help="List the stored credentials, never their secrets.",
                arguments=(Argument("api", is_required=False, offers=REGISTERED),),
                takes=(DATA,),
            ),
            Command(
                "explain",
                of_tool=API,
                runs="auth.stored:explain",
                help="Tell which credential a call of OPERATION carries, from where, and to where, or "
                "what is missing.",
                arguments=(Argument("api", offers=API_NAMES), Argument("operation", offers=OPERATIONS)),
                takes=(DATA, *OPENING, "server", "server_var", "auth", "accept_origin"),
            ),
            Command(
                "token",
                of_tool=API,
                runs="auth.stored:show_token",
                help="Print a stored credential to a pipe, for another program.",
                arguments=(Argument("api", offers=REGISTERED),),
                options=(_SCHEME,),
                takes=("profile",),
            ),
        ),
        rows=(("auth login|logout|status|explain|token", "credentials: signing in, and what is sent where"),),
    ),
    Command(
        "config",
        help="The configuration file, `config.toml`; the page `configuration` of `help` has its keys.",
        commands=(
            Command(
                "path",
                runs="config.config:show_path",
                help="Say where the configuration file is, or will be.",
            ),
            Command(
                "get",
                runs="config.config:show_values",
                help="Show the value of KEY, such as apis.github.timeout, or everything. Secrets are masked.",
                arguments=(Argument("key", is_required=False, offers=KEYS),),
                takes=(DATA,),
            ),
            Command(
                "set",
                runs="config.config:set_values",
                help="Set keys, such as history=off or apis.github.timeout=10; comments stay. KEY= "
                "removes the key.",
                arguments=(Argument("settings", metavar="KEY=VALUE...", is_multiple=True, offers=KEYS),),
            ),
            Command(
                "edit",
                runs="config.config:edit_file",
                help="Edit the file in $VISUAL or $EDITOR; what cannot be used is shown with its line, "
                "and not taken.",
            ),
        ),
        rows=(("config get|set|edit|path", "what is configured, one key at a time or in your editor"),),
        of_tool=ALONE,
    ),
    Command(
        "cache",
        help="What is kept of documents. All of it can go at any time: it is fetched and compiled again.",
        commands=(
            Command(
                "info",
                runs="cache:show_cache",
                help="Show what is kept of which document, how large it is, and when it was last used.",
                takes=(DATA,),
            ),
            Command(
                "clear",
                runs="cache:clear_cache",
                help="Remove what is kept of all documents, or of that of API.",
                arguments=(Argument("api", is_required=False, offers=API_NAMES),),
                options=(Option(("--history",), help="only revisions that are neither current nor held"),),
            ),
        ),
        rows=(("cache info|clear", "what is kept of documents"),),
        of_tool=ALONE,
    ),
)
