"""`dynacli auth login` for OAuth and OpenID Connect: a browser, another device, or the client's own secret."""

import sys
from collections.abc import Callable, Mapping
from typing import Any

from dynacli.auth.credential_store import CredentialStore, Keeping, StoredCredential
from dynacli.auth.credentials import has_login, variables_of
from dynacli.auth.interactive_grants import sign_in_by_code, sign_in_by_device
from dynacli.auth.oauth import (
    CLIENT_CREDENTIALS,
    CODE,
    DEVICE,
    IMPLICIT,
    PASSWORD,
    OAuthClient,
    OAuthFlow,
    SignInContext,
    Token,
    sign_in_by_client_credentials,
    sign_in_by_password,
)
from dynacli.auth.references import referred
from dynacli.auth.secret import Secret
from dynacli.auth.tls_login import context_besides
from dynacli.client.call_settings import CallSettings
from dynacli.client.credentials.oauth_sign_in import (
    accepting,
    chosen_flow,
    credential_of,
    discover_device_flow,
    find_flows,
    marked,
    needed_scopes,
    provider_origins,
)
from dynacli.commands._call.make_call import asker
from dynacli.commands._questions import hidden_line, line, nobody_to_ask
from dynacli.commands.run import Run
from dynacli.environment import Environment, invocation, program
from dynacli.errors import UsageError
from dynacli.openapi.model.operation import SecurityScheme
from dynacli.output.standard_error import write_stderr
from dynacli.record import record
from dynacli.registry.opened_api import OpenedApi
from dynacli.request.choose_server import choose_server, parse_origin
from dynacli.text.terminal import visible
from dynacli.urls import without_query

__all__ = ["OAuthWords", "oauth_login"]


@record
class OAuthWords:
    """What the command line says of signing in with OAuth.

    Args:
        device: Whether the person signs in on another device.
        no_browser: Whether no browser is opened here.
        client_id: The client; empty if the configuration names it.
        scopes: What is asked for; empty if the configuration or the document decides.
        callback_host: Where the provider sends the person back to; empty for 127.0.0.1.
        callback_port: Its port; None for any that is free.
    """

    device: bool = False
    no_browser: bool = False
    client_id: str = ""
    scopes: tuple[str, ...] = ()
    callback_host: str = ""
    callback_port: int | None = None


def oauth_login(
    run: Run,
    api: OpenedApi,
    settings: CallSettings,
    scheme: SecurityScheme,
    words: OAuthWords,
    keeping: Keeping,
) -> StoredCredential:
    """Sign in, and store the token.

    Raises:
        AuthError: The person or the provider refuses, or there is no token.
        RefusedError: No one has accepted the provider that the document names.
        UsageError: The client is not known, or there is no such way to sign in.
        DynacliError: The provider cannot be reached.
    """
    configured = (settings.auth_tables or {}).get(scheme.name, {})
    context = SignInContext(
        tell=lambda line: write_stderr(run.env, f"{visible(line)}\n"),
        open_browser=None if words.no_browser else _browser(run.env),
        ask=(lambda question: line(run.env, f"{question}: ")) if run.may_ask else None,
        callback_host=words.callback_host or configured.get("callback_host", "127.0.0.1"),
        callback_port=words.callback_port or configured.get("callback_port", 0),
        timeout=min(settings.timeout or 30.0, 30.0),
        tls=context_besides(run.env, settings.ca),
    )
    base = choose_server(api.servers, api.uri, settings.server, dict(settings.server_variables))
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
        remedy = f"Say where it is: {_place(api, scheme, 'client_secret')}"
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
        # The variables may have the same name and password: then calls use this token.
        made = credential_of(api, scheme, token, flow, client, keeping, typed)
        kept = marked(made, user, password.reveal())
    CredentialStore(run.env).put(kept)
    return kept


def _login(
    run: Run, api: OpenedApi, scheme: SecurityScheme, configured: Mapping[str, Any]
) -> tuple[str, Secret]:
    """Return the name and the password: as the configuration or the variables have them, or as the person types."""
    name, password = (referred(configured, key, run.env) for key in ("username", "password"))
    variables = variables_of(run.env, api.prefix)
    if name is None and password is None and has_login([(scheme,)], variables):
        name, password = (Secret(variables.text(each)) for each in variables.login())
    if name is None:
        name = Secret(line(run.env, "User name: ") if run.may_ask else "")
    names = " and ".join(f"`{each}`" for each in variables.login())
    remedy = f"Set {names}, with which calls sign in by themselves; or say where they are: "
    remedy += _place(api, scheme, "username", "password")
    return name.reveal(), password or Secret(_hidden(run, "Password: ", remedy))


def _place(api: OpenedApi, scheme: SecurityScheme, *keys: str) -> str:
    """Return where the configuration says where a secret is, as messages name it."""
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
    """Return the scopes that are asked for if no one says which."""
    needed = needed_scopes(api, scheme.name)
    if scheme.type != "openIdConnect":
        return needed
    # OpenID Connect Core 1.0, sections 3.1.2.1 and 11: the second one for a refresh token.
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
    """Return what opens a URL in the person's browser; None for an agent, and if there is no display for one.

    Over SSH a browser would open on a screen that the person may not see. `BROWSER` names a browser, and is not a
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
    """Return a secret that the person types.

    Args:
        remedy: How to give it if no one can be asked.

    Raises:
        UsageError: No one can be asked.
    """
    if not run.may_ask:
        raise nobody_to_ask(
            run.env,
            run.options,
            "a secret",
            f"{remedy}; or give a token: `{invocation('auth login', 'API')} --with-token < FILE`",
        )
    return hidden_line(run.env, question)
