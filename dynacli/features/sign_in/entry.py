"""The entry of this feature in the table of commands."""

from dynacli.options.command import API, MANAGE, OPENING, Argument, Command
from dynacli.options.standard_options import API_NAMES, DATA_OUTPUT, OPERATIONS, REGISTERED, Option

_SCHEME = Option(("--scheme",), help="Use this security scheme of the document", metavar="NAME", default="")

COMMANDS = (
    Command(
        "auth",
        section=MANAGE,
        help="Sign in and out; explain which credentials calls carry",
        examples=("dynacli auth login github", "dynacli auth explain github issues-create"),
        commands=(
            Command(
                "login",
                of_tool=API,
                runs="features.sign_in.login:login",
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
                        help="Read the token at this JMESPath of the response",
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
                        help="Read the refresh token at this JMESPath",
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
                runs="features.sign_in.stored:logout",
                help="Delete the stored credentials of an API",
                about="With `--scheme` or `--profile`, only the credentials of that scheme or profile.",
                examples=("dynacli auth logout github",),
                arguments=(Argument("api", offers=REGISTERED),),
                options=(_SCHEME,),
                takes=("profile",),
            ),
            Command(
                "status",
                runs="features.sign_in.stored:status",
                help="List the stored credentials, without secrets",
                examples=("dynacli auth status",),
                arguments=(Argument("api", is_required=False, offers=REGISTERED),),
                takes=(DATA_OUTPUT,),
            ),
            Command(
                "explain",
                of_tool=API,
                runs="features.sign_in.stored:explain_credential",
                help="Explain the credential of a call",
                about="The page says where the credential comes from and where it goes, or what is missing.",
                examples=("dynacli auth explain github issues-create",),
                arguments=(Argument("api", offers=API_NAMES), Argument("operation", offers=OPERATIONS)),
                takes=(DATA_OUTPUT, *OPENING, "server", "server_var", "auth", "accept_origin"),
            ),
            Command(
                "token",
                of_tool=API,
                runs="features.sign_in.stored:show_token",
                help="Print a stored credential to a pipe",
                examples=("dynacli auth token github | wc -c",),
                arguments=(Argument("api", offers=REGISTERED),),
                options=(_SCHEME,),
                takes=("profile",),
            ),
        ),
    ),
)
