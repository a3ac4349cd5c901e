"""`dynacli auth`: its commands."""

import click

from dynacli.commands.command_groups import Verb, VerbGroup
from dynacli.commands.standard_options import STANDARD_OPTIONS
from dynacli.commands.verbs.auth.explain import explain
from dynacli.commands.verbs.auth.login import login
from dynacli.commands.verbs.auth.stored import logout, show_token, status
from dynacli.commands.verbs.verb_options import LISTING, LISTING_OF_DOCUMENT, named_options

__all__ = ["command"]

_OAUTH_OPTIONS = (
    click.Option(["--device"], is_flag=True, help="sign in on another device, by a code that is shown here"),
    click.Option(
        ["--no-browser"], is_flag=True, help="show the address to open, and ask for what comes of it"
    ),
    click.Option(["--client-id"], metavar="ID", default="", help="the client's name at the provider"),
    click.Option(
        ["--scope", "scopes"], metavar="SCOPE", multiple=True, help="what is asked for; may be repeated"
    ),
    click.Option(
        ["--callback-host"],
        metavar="HOST",
        default="",
        help="127.0.0.1 (default) or localhost: where the provider sends the browser back to",
    ),
    click.Option(
        ["--callback-port"],
        metavar="PORT",
        type=int,
        help="the port for that, if the provider wants a certain one",
    ),
)
"""The options of OAuth and OpenID Connect."""

_API = click.Argument(["api"])
_SCHEME = click.Option(
    ["--scheme"], metavar="NAME", default="", help="the security scheme, as the document names it"
)

command = VerbGroup(
    "auth",
    options=STANDARD_OPTIONS,
    help="Sign in and out, and see which credentials calls carry.",
    commands=[
        Verb(
            "login",
            params=[
                _API,
                click.Argument(["words"], nargs=-1),
                _SCHEME,
                click.Option(
                    ["--operation"],
                    metavar="OPERATION",
                    default="",
                    help="an operation of the API whose answer has the token; its inputs stand behind --",
                ),
                click.Option(
                    ["--token-at"],
                    metavar="EXPR",
                    default="",
                    help="where the token stands in that answer, a JMESPath expression",
                ),
                click.Option(
                    ["--refresh-operation"],
                    metavar="OPERATION",
                    default="",
                    help="an operation that refreshes the token, where the document does not make it plain",
                ),
                click.Option(
                    ["--refresh-token-at"],
                    metavar="EXPR",
                    default="",
                    help="where the refresh token stands in the answer, a JMESPath expression",
                ),
                click.Option(
                    ["--with-token"],
                    is_flag=True,
                    help="read it from standard input, one line; USERNAME:PASSWORD for basic and digest; with "
                    "--operation the password",
                ),
                click.Option(
                    ["--name"],
                    metavar="HEADER",
                    default="",
                    help="the header of a key, with --scheme apikey, if the document declares no scheme [X-API-Key]",
                ),
                click.Option(
                    ["--store"],
                    type=click.Choice(("keyring", "file")),
                    help="where it is kept: the system's keyring, or a file that only you can read",
                ),
                *_OAUTH_OPTIONS,
            ],
            options=named_options(
                ("profile", "allow_ref", "refresh", "server", "server_var", "accept_origin")
            ),
            callback=click.pass_obj(login),
            help="Sign in to API: ask for the credential that it needs, and keep it for its calls. It is sent nowhere "
            "but to the origin that calls go to now.",
        ),
        Verb(
            "logout",
            params=[_API, _SCHEME],
            options=named_options(["profile"]),
            callback=click.pass_obj(logout),
            help="Forget what is stored for API, or for one of its schemes or profiles.",
        ),
        Verb(
            "status",
            params=[click.Argument(["api"], required=False)],
            options=LISTING,
            callback=click.pass_obj(status),
            help="List the stored credentials, never their secrets.",
        ),
        Verb(
            "explain",
            params=[_API, click.Argument(["operation"])],
            options=named_options(
                [
                    *(option.name for option in LISTING_OF_DOCUMENT),
                    "server",
                    "server_var",
                    "accept_origin",
                    "auth",
                ]
            ),
            callback=click.pass_obj(explain),
            help="Tell which credential a call of OPERATION carries, from where, and to where, or what is missing.",
        ),
        Verb(
            "token",
            params=[_API, _SCHEME],
            options=named_options(["profile"]),
            callback=click.pass_obj(show_token),
            help="Print a stored credential to a pipe, for another program.",
        ),
    ],
)
