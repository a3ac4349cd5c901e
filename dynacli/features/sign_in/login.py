"""`dynacli auth login`: asks for a credential, or reads it, and stores it.

For OAuth and OpenID Connect it comes from a provider: by a browser, another device, or the client's own secret.
"""

import sys
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from functools import partial
from shlex import quote
from time import time
from typing import Any

import click

from dynacli.auth.credential_store import FILE, CredentialStore, Keeping, StoredCredential
from dynacli.auth.credentials import (
    WITH_PASSWORD,
    WITH_TOKEN,
    has_login,
    kind_of,
    variables_of,
    with_prefixes,
)
from dynacli.auth.oauth_flows import CLIENT_CREDENTIALS, CODE, DEVICE, IMPLICIT, PASSWORD, OAuthFlow
from dynacli.auth.references import referred
from dynacli.auth.tls_login import context_besides
from dynacli.client.call_settings import CallSettings, settings_of
from dynacli.client.credentials.chosen_security import COOKIE, CREDENTIAL_KINDS, declares_none, schemes_of
from dynacli.commands.call.make_call import asker
from dynacli.commands.questions import agrees, hidden_line, line, nobody_to_ask
from dynacli.commands.run import Run
from dynacli.environment import Environment, invocation, program
from dynacli.errors import AuthError, UsageError
from dynacli.features.sign_in.chosen_scheme import (
    bound_origins,
    chosen_scheme,
    chosen_store,
    keep_text,
    text_of_choice,
)
from dynacli.features.sign_in.interactive_grants import sign_in_by_code, sign_in_by_device
from dynacli.features.sign_in.oauth import (
    OAuthClient,
    SignInContext,
    Token,
    sign_in_by_client_credentials,
    sign_in_by_password,
)
from dynacli.features.sign_in.oauth_sign_in import (
    accepting,
    chosen_flow,
    credential_of,
    discover_device_flow,
    find_flows,
    marked_with_login,
    needed_scopes,
    operation_refresh_parts,
    provider_origins,
)
from dynacli.features.sign_in.own_scheme import cookie_scheme, create_scheme
from dynacli.http.cookies import Cookie
from dynacli.openapi.model.operation import SecurityScheme
from dynacli.output.standard_error import write_stderr
from dynacli.record import record, replace
from dynacli.registry.opened_api import OpenedApi
from dynacli.request.choose_server import choose_server, parse_origin
from dynacli.secrets import Secret
from dynacli.text.terminal import visible
from dynacli.urls import without_query

_MOST_BYTES = 1 << 20


@click.pass_obj
def login(
    run: Run,
    /,
    api: str,
    words: tuple[str, ...],
    scheme: str,
    with_token: bool,
    store: str | None,
    name: str,
    operation: str,
    token_at: str,
    cookie: str,
    refresh_operation: str,
    refresh_token_at: str,
    **oauth: Any,
) -> None:
    """Get a credential for an API, and store it.

    Args:
        oauth: The fields of `_OAuthWords`.

    Raises:
        AuthError: The sign-in failed, or the credential cannot be stored.
        RefusedError: The user has not accepted the origin of the credential.
        UsageError: The API or the scheme does not exist, or the options do not fit together.
    """
    if words and not operation:
        raise UsageError(
            "`auth login` has an unexpected argument",
            reason="A credential is never an argument, because other programs can see it",
            hint=f"Give it on standard input: `{invocation('auth login', 'API')} --with-token < FILE`; "
            "or name an operation that returns a token: `--operation NAME`",
        )
    if not operation and (token_at or cookie or refresh_operation or refresh_token_at):
        raise UsageError(
            "`--operation` is missing",
            hint="Name the operation that returns a token or sets a cookie: `--operation NAME`",
        )
    if cookie and (token_at or refresh_operation or refresh_token_at or scheme or name):
        raise UsageError(
            "`--cookie` cannot be combined with `--scheme`, `--name` and the options of a token",
            reason="The credential is the cookie, for the scheme that sends it",
            hint="Leave them out",
        )
    with ExitStack() as undo:  # removes a created scheme if the sign-in fails
        opened = _with_own_scheme(run, api, scheme, name, undo)
        settings = settings_of(run.env, opened, run.options)
        is_oauth = any(value not in ((), "", False, None) for value in oauth.values())
        if cookie:
            chosen = cookie_scheme(opened, cookie)
        else:
            chosen = chosen_scheme(
                opened,
                scheme,
                partial(_choice, run.env) if run.may_ask else None,
                takes_token=bool(operation),
                is_oauth=is_oauth,
            )
        ((chosen,),) = with_prefixes([(chosen,)], settings.auth_tables)
        origins = bound_origins(opened, settings, asker(run))
        keeping = _keeping(run, api, settings.profile, store or "", origins)
        if chosen.type in WITH_TOKEN and not (with_token or operation):
            kept = _oauth_login(run, opened, settings, chosen, _OAuthWords(**oauth), keeping)
        else:
            end, more, how, place = None, dict[str, Secret](), dict[str, Any](), dict[str, Any]()
            if operation:
                from dynacli.features.sign_in.operation_login import (
                    LoginWords,
                    sign_in_by_operation,
                )

                asked = LoginWords(
                    operation, token_at, cookie, refresh_operation, refresh_token_at, is_piped=with_token
                )
                token, refresh, chosen, set_cookie = sign_in_by_operation(
                    run, api, asked, words, chosen, keeping
                )
                if set_cookie is not None:
                    place, keeping = set_cookie.place, _bound_to(set_cookie, keeping)
                    if cookie:
                        opened = _with_scheme(run, opened, COOKIE, cookie, undo)
                # The value of `Authorization` begins with a scheme such as `Bearer` (RFC 9110, section 11.4).
                text = f"Bearer {token.text}" if _is_authorization(chosen) else token.text
                end = token.expires_at
                if refresh is not None:
                    more, how = operation_refresh_parts(token, refresh, time())
            else:
                text = _line_of_input(run.env) if with_token else _asked(run, chosen)
                _check_is_token(opened, chosen, text)
            kept = keep_text(run.env, opened, chosen, text, keeping, end, more, how, place)
        undo.pop_all()
    where = "in the system's keyring" if kept.store == "keyring" else "in a file that only you can read"
    write_stderr(
        run.env,
        f"{visible(api, keep='')}: signed in with `{visible(chosen.name, keep='')}` at {' and '.join(kept.origins)}; "
        f"the credential is kept {where}"
        + (f"; it is sent after `{visible(chosen.prefix, keep='')}`" if chosen.prefix else "")
        + (f", and refreshed by `{kept.refresh['operation']}`\n" if "operation" in kept.refresh else "\n"),
    )


def _keeping(run: Run, api: str, profile: str, store: str, origins: tuple[str, ...]) -> Keeping:
    """Return how to store the credential; if necessary, ask the user before they type the secret.

    Args:
        store: The value of the option `--store`; empty for none.

    Raises:
        AuthError: The system has no keyring, and the user has not agreed to a file.
    """
    again = _again(run, api)

    def agrees_to_file() -> bool:
        question = "This system has no keyring. Store the credential in a file that only you can read?"
        return agrees(run.env, question)

    # `--yes` does not agree to this, because dynacli never uses a file silently.
    chosen = chosen_store(store, agrees_to_file if run.may_ask and not run.options.yes else None)
    if chosen != store and chosen == FILE:
        again = (*again, "--store", FILE)
    return Keeping(profile, chosen, origins, again)


def _bound_to(cookie: Cookie, keeping: Keeping) -> Keeping:
    """Return how to store a cookie, which is only for the origin that has set it.

    Raises:
        AuthError: Calls go to another origin.
    """
    if keeping.origins[0] != cookie.origin:
        raise AuthError(
            "The cookie cannot be kept for this API",
            reason=f"`{cookie.origin}` has set it, and calls go to `{keeping.origins[0]}`",
            hint="Sign in with an operation at the server of the calls, or name that with `--server`",
        )
    return replace(keeping, origins=(cookie.origin,))


def _with_own_scheme(run: Run, api: str, scheme: str, header: str, undo: ExitStack) -> OpenedApi:
    """Return the API; if its document declares no scheme, add the one that the user names.

    Args:
        undo: Gets the function that removes the scheme again.

    Raises:
        UsageError: The scheme cannot be created.
        FileError: The configuration cannot be written.
    """
    opened = run.api(api)
    if scheme not in CREDENTIAL_KINDS or not declares_none(opened):
        if header:
            raise UsageError(
                "`--name` is only for documents that declare no security scheme",
                hint=f"Write `{invocation('auth login', api)} --scheme apikey --name HEADER`, or leave out `--name`",
            )
        return opened
    return _with_scheme(run, opened, scheme, header, undo)


def _with_scheme(run: Run, api: OpenedApi, kind: str, header: str, undo: ExitStack) -> OpenedApi:
    """Create a scheme, and return the API with it; the arguments are as for `create_scheme`."""
    undone = create_scheme(run.env, api, kind, header)
    if undone is None:
        return api
    undo.callback(undone)
    return run.reopened(api.name)


def _check_is_token(api: OpenedApi, scheme: SecurityScheme, text: str) -> None:
    """Check that a bearer token is not a user name with a password.

    Raises:
        AuthError: The token contains `:`, which no bearer token does (RFC 6750, section 2.1).
    """
    if kind_of(scheme) != "bearer" or ":" not in text:
        return
    others = [scheme for scheme in schemes_of(api).values() if kind_of(scheme) in WITH_PASSWORD]
    ways = [f"`{invocation('auth login', api.name)} --scheme {quote(other.name)}`" for other in others[:1]]
    if scheme.has_password_flow:
        ways.append(
            f"`{invocation('auth login', api.name)} --scheme {quote(scheme.name)}` without `--with-token`"
        )
    ways.append("`--operation NAME`, an operation that gives a token for them")
    listed = visible(", or ".join(ways), keep="")
    variable = variables_of(api.open_request.env, api.prefix).generic("TOKEN")
    raise AuthError(
        f"`{visible(scheme.name, keep='')}` takes a token, and this has the form `USERNAME:PASSWORD`",
        reason="A bearer token has no `:` (RFC 6750, section 2.1)",
        hint=f"For a user name and password: {listed}; if it is a token, set `{variable}`",
    )


def _choice(env: Environment, schemes: Sequence[SecurityScheme]) -> SecurityScheme | None:
    """Let the user pick a scheme by its number or name, and return it; None if the input matches none."""
    lines = [f"  {number} {text_of_choice(scheme)}" for number, scheme in enumerate(schemes, 1)]
    write_stderr(env, "\n".join(["You can sign in in several ways:", *lines, ""]))
    word = line(env, f"Which one [1-{len(schemes)}]: ")
    by_word = {str(number): scheme for number, scheme in enumerate(schemes, 1)}
    return by_word.get(word) or next((scheme for scheme in schemes if scheme.name == word), None)


def _again(run: Run, api: str) -> tuple[str, ...]:
    """Return the options of this command line, without the inputs of an operation, which may be secret."""
    words = list(run.words[: run.words.index("--")] if "--" in run.words else run.words)
    for word in ("auth", "login", api):
        if word in words:  # the name of the API may come after `--`
            words.remove(word)
    return tuple(words)


def _line_of_input(env: Environment) -> str:
    try:
        content = env.read_stdin("read as the credential", _MOST_BYTES)
        text = content.decode().removeprefix("\ufeff").rstrip("\r\n")
    except (OSError, ValueError) as error:
        raise AuthError(
            "Cannot read the credential from standard input", reason=type(error).__name__
        ) from None
    if "\n" in text:
        raise AuthError("The credential has more than one line", hint="Give it in one line")
    return text


def _asked(run: Run, scheme: SecurityScheme) -> str:
    """Ask the user for the credential, and return it; secrets are not shown while typed."""
    if not run.may_ask:
        raise nobody_to_ask(
            run.env,
            run.options,
            "the credential",
            f"Give it on standard input: `{invocation('auth login', 'API')} --with-token < FILE`",
        )
    name = visible(scheme.name, keep="")
    if _is_authorization(scheme):
        return hidden_line(run.env, f"Key for {name}, with its prefix, such as Bearer: ")
    if kind_of(scheme) not in WITH_PASSWORD:
        word = "Key" if kind_of(scheme) == "apiKey" else "Token"
        sent = f", which is sent after `{visible(scheme.prefix, keep='')}`" if scheme.prefix else ""
        return hidden_line(run.env, f"{word} for {name}{sent}: ")
    user = line(run.env, f"User name for {name}: ")
    if ":" in user:
        raise AuthError(
            "A user name cannot contain `:`",
            reason="It separates the name from the password (RFC 7617, section 2)",
        )
    return f"{user}:{hidden_line(run.env, 'Password: ')}"


def _is_authorization(scheme: SecurityScheme) -> bool:
    """Return whether a scheme sends a key in `Authorization` without a prefix, as in Directus and many conversions."""
    return (
        scheme.type == "apiKey"
        and not scheme.prefix
        and (scheme.location, scheme.parameter.lower())
        == (
            "header",
            "authorization",
        )
    )


@record
class _OAuthWords:
    """The options of the command line for OAuth.

    Args:
        device: Whether the user signs in on another device.
        no_browser: Whether dynacli may not open a browser.
        client_id: The client ID; empty for the one in the configuration.
        scopes: The scopes to request; empty for those of the configuration or the document.
        callback_host: The host to which the provider sends the browser back; empty for the default.
        callback_port: The port on this host; None for the configured or any free port.
    """

    device: bool = False
    no_browser: bool = False
    client_id: str = ""
    scopes: tuple[str, ...] = ()
    callback_host: str = ""
    callback_port: int | None = None


def _oauth_login(
    run: Run,
    api: OpenedApi,
    settings: CallSettings,
    scheme: SecurityScheme,
    words: _OAuthWords,
    keeping: Keeping,
) -> StoredCredential:
    """Sign in, and store the token.

    Raises:
        AuthError: The user or the provider refuses, or the response has no token.
        RefusedError: The user has not accepted the provider that the document names.
        UsageError: The client ID is missing, or the API has no such way to sign in.
        DynacliError: The provider cannot be reached.
    """
    configured = (settings.auth_tables or {}).get(scheme.name, {})
    context = SignInContext(
        announce=lambda line: write_stderr(run.env, f"{visible(line)}\n"),
        open_browser=None if words.no_browser else _browser(run.env),
        ask=(lambda question: line(run.env, f"{question}: ")) if run.may_ask else None,
        callback_host=words.callback_host or configured.get("callback_host", "127.0.0.1"),
        callback_port=words.callback_port or configured.get("callback_port", 0),
        timeout=min(settings.timeout or 30.0, 30.0),
        tls=context_besides(run.env, settings.ca),
    )
    base = choose_server(api.servers, api.uri, settings.server, settings.server_variables)
    accept = accepting(
        [*api.origins, *keeping.origins, *map(parse_origin, settings.accepted_origins)], asker(run), scheme
    )
    flows = find_flows(api, scheme, base, accept, context)
    secret = referred(configured, "client_secret", run.env)
    kinds, is_alone = {flow.kind for flow in flows}, not (run.may_ask or context.open_browser or secret)
    if DEVICE not in kinds and (words.device or (is_alone and CODE in kinds)):
        flows = (*flows, *discover_device_flow(api, scheme, base, flows, accept, context))
    flow = chosen_flow(
        api.name,
        flows,
        DEVICE if words.device else "",
        has_browser=(words.no_browser and run.may_ask) or context.open_browser is not None,
        has_person=run.may_ask,
        has_secret=secret is not None,
    )
    accept(provider_origins(flow))
    client_id = words.client_id or configured.get("client_id", "")
    if not client_id and flow.kind != PASSWORD:
        raise _no_client(api, scheme)
    is_typed = flow.kind == CLIENT_CREDENTIALS and secret is None
    if is_typed:
        remedy = f"Say where it is: {_configuration_place(api, scheme, 'client_secret')}"
        secret = Secret(_hidden(run, f"Secret of the client {client_id}: ", remedy))
    scopes = words.scopes or configured.get("scopes") or _scopes(api, scheme, flow)
    scopes = tuple(scopes.split()) if isinstance(scopes, str) else tuple(scopes)
    client = OAuthClient(client_id, secret, scopes, configured.get("audience", ""))
    typed = secret if is_typed else None
    if flow.kind != PASSWORD:
        token = _token(run, flow, client, context)
        kept = credential_of(api, scheme, token, flow, client, keeping, typed)
    else:
        run.warn(
            f"the document has no other way to sign in than to give {program().name} your password, which it sends to "
            f"`{without_query(flow.token_url)}` and does not keep"
        )
        user, password = _login(run, api, scheme, configured)
        token = sign_in_by_password(flow, client, user, password, context)
        # If the variables have the same name and password, calls use this token.
        made = credential_of(api, scheme, token, flow, client, keeping, typed)
        kept = marked_with_login(made, user, password.reveal())
    CredentialStore(run.env).put(kept)
    return kept


def _login(
    run: Run, api: OpenedApi, scheme: SecurityScheme, configured: Mapping[str, Any]
) -> tuple[str, Secret]:
    """Return the name and the password from the configuration or the variables; ask the user for missing ones."""
    name, password = (referred(configured, key, run.env) for key in ("username", "password"))
    variables = variables_of(run.env, api.prefix)
    if name is None and password is None and has_login([(scheme,)], variables):
        name, password = (Secret(variables.text(item)) for item in variables.login())
    if name is None:
        name = Secret(line(run.env, "User name: ") if run.may_ask else "")
    names = " and ".join(f"`{item}`" for item in variables.login())
    remedy = f"Set {names}, with which calls sign in by themselves; or say where they are: "
    remedy += _configuration_place(api, scheme, "username", "password")
    return name.reveal(), password or Secret(_hidden(run, "Password: ", remedy))


def _configuration_place(api: OpenedApi, scheme: SecurityScheme, *keys: str) -> str:
    """Return the keys and the table of the configuration that refer to a secret, for messages."""
    listed = " and ".join(f"`{key}`" for key in keys)
    return f"{listed} in `[apis.{api.name}.auth.{visible(scheme.name, keep='')}]`"


def _token(
    run: Run,
    flow: OAuthFlow,
    client: OAuthClient,
    context: SignInContext,
) -> Token:
    if flow.kind == DEVICE:
        return sign_in_by_device(flow, client, context)
    if flow.kind == CLIENT_CREDENTIALS:
        return sign_in_by_client_credentials(flow, client, context)
    if flow.kind == IMPLICIT:
        run.warn(
            "the document has no other way to sign in than the implicit flow, which shows the token to the browser "
            "(RFC 9700, section 2.1.2)"
        )
    return sign_in_by_code(flow, client, context)


def _scopes(api: OpenedApi, scheme: SecurityScheme, flow: OAuthFlow) -> tuple[str, ...]:
    """Return the scopes to request if neither the command line nor the configuration names any."""
    needed = needed_scopes(api, scheme.name)
    if scheme.type != "openIdConnect":
        return needed
    # OpenID Connect Core 1.0, sections 3.1.2.1 and 11; `offline_access` requests a refresh token.
    more = ["openid", *(["offline_access"] if "offline_access" in flow.scopes else [])]
    return tuple(dict.fromkeys([*more, *needed]))


def _no_client(api: OpenedApi, scheme: SecurityScheme) -> UsageError:
    return UsageError(
        f"Signing in for `{visible(scheme.name, keep='')}` needs a client ID",
        reason="The provider issues tokens only to registered clients",
        hint=f"Register a client there and name it: `{invocation('auth login', api.name)} --client-id ID`, or "
        f"`client_id` in `[apis.{api.name}.auth.{visible(scheme.name, keep='')}]`",
    )


def _browser(env: Environment) -> Callable[[str], bool] | None:
    """Return the function that opens a URL in the user's browser; None for an agent or without a display.

    Over SSH, a browser could open on a screen that the user does not see. The variable `BROWSER` does not count as a
    display.
    """
    is_set = env.variables.get
    if env.is_agent or any(map(is_set, ("SSH_CONNECTION", "SSH_CLIENT", "SSH_TTY"))):
        return None
    if sys.platform not in {"darwin", "win32"} and not any(map(is_set, ("DISPLAY", "WAYLAND_DISPLAY"))):
        return None
    import webbrowser

    return webbrowser.open


def _hidden(run: Run, question: str, remedy: str) -> str:
    """Ask the user for a secret, and return it.

    Args:
        remedy: Another way to provide the secret, for the error.

    Raises:
        UsageError: dynacli cannot ask the user.
    """
    if not run.may_ask:
        raise nobody_to_ask(
            run.env,
            run.options,
            "a secret",
            f"{remedy}; or give a token: `{invocation('auth login', 'API')} --with-token < FILE`",
        )
    return hidden_line(run.env, question)
