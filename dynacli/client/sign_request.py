"""Signing a request: its credentials are found, checked against its origin, and added."""

from __future__ import annotations

import os
from collections.abc import Callable, Container, Iterable, Iterator, Mapping, Sequence
from functools import partial
from shlex import quote
from typing import TYPE_CHECKING, Any

from dynacli.auth.credentials import (
    DIGEST,
    Alternative,
    Credential,
    CredentialSource,
    attach,
    find_credentials,
    has_login,
    present_names,
    store_path,
    variables_of,
    with_prefixes,
)
from dynacli.client.call_settings import CallSettings
from dynacli.environment import Environment, invocation
from dynacli.errors import DynacliError, RefusedError
from dynacli.http.built_request import Request
from dynacli.openapi.model.operation import ANY, Field, Operation, Parameter, Server, ValueType
from dynacli.options.command_table import feature
from dynacli.record import record
from dynacli.registry.configuration import DEMO, Configuration, texts
from dynacli.registry.opened_api import OpenedApi
from dynacli.request.choose_server import hint_at_document, parse_origin
from dynacli.secrets import (
    SECRET_HEADERS,
    Masker,
    Secret,
    is_secret_header,
    is_secret_name,
    mask_header,
    mask_url,
    secret_pieces,
    secret_values,
)
from dynacli.urls import origin_of

if TYPE_CHECKING:
    from dynacli.auth.challenges import DigestLogin
    from dynacli.auth.tls_login import TlsLogin, TlsSettings
    from dynacli.client.credential_sources import RenewableSource, StoredSource
    from dynacli.http.exchange import WireResponse

_NOTHING: Mapping[str, str] = {}


@record
class Signed:
    """A request with its credentials.

    Args:
        request: The request as it is sent.
        shown: The request with masked secrets.
        masker: Masks its secrets in printed text.
        secret_headers: Lower-case names of headers with secret values.
        login: Signs the request after a challenge of the server; None if it is signed already.
        tls: Certificates of the connection; None for those of the system.
        renew: Refreshes the stored token of the request; None if it has none that can be refreshed.
        cookies: Source of its stored cookies; None if it has none.
        credentials: Its credentials, including one that is sent after a challenge.
        sign_ins: Scheme → id of the sign-in, for credentials that may be refreshed. An id may be secret.
    """

    request: Request
    shown: Request
    masker: Masker
    secret_headers: frozenset[str]
    login: DigestLogin | None = None
    tls: TlsLogin | None = None
    renew: Callable[[], None] | None = None
    cookies: StoredSource | None = None
    credentials: tuple[Credential, ...] = ()
    sign_ins: Mapping[str, str] = _NOTHING

    def account(self) -> list[Any]:
        """Return data that identifies the sender, including secrets. It stays the same after a token is refreshed."""
        account: list[Any] = [
            [
                credential.scheme,
                credential.location,
                credential.name,
                self.sign_ins.get(credential.scheme) or credential.value.reveal(),
            ]
            for credential in self.credentials
        ]
        if self.tls is not None:
            from hashlib import sha256

            account.append(sha256(self.tls.certificate()).hexdigest())
        return account

    def head_of(self, response: WireResponse) -> dict[str, Any]:
        """Return the status and the headers of a response for filters, with secrets masked."""
        return head_value(response, self.masked_value)

    def masked_value(self, name: str, value: str) -> str:
        """Return the value of a header, masked if it is secret."""
        return mask_header(name, self.masker.mask(value), self.secret_headers)

    def response_masker(self, headers: Iterable[tuple[str, str]]) -> Masker:
        """Return a masker for the secrets of the request and for secret headers of its response.

        Args:
            headers: Headers of the response.
        """
        secret_headers = [
            (name, value) for name, value in headers if is_secret_header(name, self.secret_headers)
        ]
        if not secret_headers:
            return self.masker
        return self.masker.extended(
            Secret(text) for name, value in secret_headers for text in secret_pieces(value, name)
        )


def head_value(response: WireResponse, shown: Callable[[str, str], str] | None = None) -> dict[str, Any]:
    """Return the status and the headers of a response for filters: lower-case name → values.

    Args:
        shown: Masks the value of a header if it is secret; None to mask nothing.
    """
    headers: dict[str, list[str]] = {}
    for name, value in response.headers:
        headers.setdefault(name.lower(), []).append(value if shown is None else shown(name, value))
    return {"status": response.status, "headers": headers}


def unsigned(
    operation: Operation, request: Request, settings: CallSettings, env: Environment | None = None
) -> Signed:
    """Return the request without further credentials, and mask those that the caller gave.

    Args:
        env: Environment with the certificate authorities; None if the request is not sent.

    Raises:
        FileError: The file of certificate authorities cannot be read.
    """
    given, tls = _given(operation, request, settings), None
    if settings.ca and env is not None:
        from dynacli.auth.tls_login import TlsSettings

        tls = _tls_login(env, TlsSettings(settings.ca), request.url)
    masker = Masker((*given.secrets, *given.passwords))
    return Signed(request, given.shown, masker, given.headers, tls=tls)


def sign(
    env: Environment,
    api: OpenedApi,
    operation: Operation,
    request: Request,
    settings: CallSettings,
    ask: Callable[[str], bool] | None = None,
    *,
    may_send: bool = True,
) -> Signed:
    """Return the request with the credentials that its operation needs.

    Args:
        ask: Asks the user whether credentials may go to a new origin; None if dynacli cannot ask.
        may_send: True if token providers may be contacted; False for a request that is only shown.

    Raises:
        AuthError: A credential is missing.
        RefusedError: The user has not accepted the origin of the request, or its response would reveal a credential.
    """
    if request.method == "TRACE":
        return _traced(env, operation, request, settings)
    given = _given(operation, request, settings)
    credentials: tuple[Credential, ...] = ()
    renew, bound, cookies = None, _NOTHING, None
    security: Sequence[Alternative] = operation.security
    if settings.auth or settings.signs:
        from dynacli.client.credentials.chosen_security import chosen_security

        security = chosen_security(api, security, settings.auth, settings.signs)
    signer, tls = None, None
    if settings.auth_tables:
        signer, security = feature("sign_in.sign_by_command").signer_of(settings, security)
    check_origin = partial(_check_origin, env, api, operation, origin_of(request.url), settings, ask)
    if security:
        if settings.auth_tables:
            security = with_prefixes(security, settings.auth_tables)
        credentials, renew, bound, cookies = _find_credentials(
            env, api, security, request, settings, check_origin, may_send
        )
    if settings.ca or settings.auth_tables:
        from dynacli.client.credentials.chosen_security import tls_settings

        tls = tls_settings(settings, security)
    sent: list[Credential] = []
    digest: Credential | None = None
    is_unbound = False
    for credential in credentials:
        is_unbound = is_unbound or credential.scheme not in bound
        if credential.word == DIGEST:
            digest = digest or credential
        else:
            sent.append(credential)
    if is_unbound or given.secrets or signer or (tls and tls.cert):
        check_origin()
    if request.url.startswith("unix:") and (credentials or given.secrets or signer):
        from dynacli.http.sockets import check_private

        check_private(request.url)
    login = None
    if digest is not None:
        from dynacli.auth.challenges import DigestLogin

        login = DigestLogin(env, digest.value.reveal(), origin_of(request.url))
    signed, headers = attach(request, sent), given.headers
    if signer is not None:
        by_command: tuple[Credential, ...] = feature("sign_in.sign_by_command").sign_by_command(
            signer, signed
        )
        credentials, signed = (*credentials, *by_command), attach(signed, by_command)
        headers |= {credential.name.lower() for credential in by_command}
        bound = {**bound, signer.scheme: " ".join(signer.words)}  # the signature differs in each request
    secrets = [*given.secrets, *given.passwords]
    for credential in credentials:
        secrets += credential.parts
    return Signed(
        signed,
        attach(given.shown, credentials, is_masked=True),
        Masker(secrets),
        headers,
        login,
        None if tls is None else _tls_login(env, tls, request.url),
        renew,
        cookies,
        credentials,
        bound,
    )


def _traced(env: Environment, operation: Operation, request: Request, settings: CallSettings) -> Signed:
    """Return a TRACE request, which the server echoes: it gets no credential (RFC 9110, section 9.3.8).

    Raises:
        RefusedError: A header or an input has a credential, which a user with read-only access would see.
    """
    signed = unsigned(operation, request, settings, env)
    if settings.is_bound and _given(operation, request, settings).secrets:
        raise RefusedError(
            "A TRACE request with a credential is not sent",
            reason="The response repeats the request, so the credential would be shown",
            hint="Leave out the header or the input with it",
        )
    return signed


def _tls_login(env: Environment, tls: TlsSettings, url: str) -> TlsLogin | None:
    if not url.startswith("https:"):
        return None
    from dynacli.auth.tls_login import TlsLogin

    return TlsLogin(env, tls, origin_of(url))


def _find_credentials(
    env: Environment,
    api: OpenedApi,
    security: Sequence[Alternative],
    request: Request,
    settings: CallSettings,
    check_origin: Callable[[], None],
    may_send: bool,
) -> tuple[tuple[Credential, ...], Callable[[], None] | None, Mapping[str, str], StoredSource | None]:
    """Return the credentials of a request, the function that refreshes one, their sign-ins, and the source of cookies.

    Stored credentials need no check of the origin: they are bound to the origins for which the user stored them.
    """
    stored: list[RenewableSource] = []
    kept: list[StoredSource] = []
    variables = variables_of(env, api.prefix)
    origin = origin_of(request.url)

    def further() -> Sequence[CredentialSource]:
        sources: Sequence[CredentialSource] = ()
        if has_login(security, variables):
            origins = accepted_origins(api, settings)
            by_password = feature("sign_in.oauth_sign_in").PasswordSource(
                env, api, variables, settings, origins, origin, check_origin, may_send=may_send
            )
            stored.append(by_password)
            sources = (by_password,)
        if not settings.auth_tables and not os.path.exists(store_path(env)):
            return sources
        from dynacli.client.credential_sources import StoredSource, credential_sources

        further = credential_sources(env, api.name, settings, request.url, may_refresh=may_send)
        kept.extend(source for source in further if isinstance(source, StoredSource))
        stored.extend(kept)
        return (*sources, *further)

    credentials = find_credentials(security, variables, present_names(request), further)
    if credentials is None:
        from dynacli.auth.missing_credential import missing_credential, without_credential

        lacking = next((source.lacking for source in stored if source.lacking), None)
        name = api.name if api.is_registered else ""
        error = lacking or missing_credential(security, variables, name)
        if not lacking:
            error.hint += f"; {without_credential(name)}"
        if settings.auth_tables:
            from dynacli.client.credentials.chosen_security import unknown_schemes

            error.reason = "; ".join([error.reason, *unknown_schemes(api, settings.auth_tables)])
        raise error
    if not stored:
        return credentials, None, _NOTHING, None
    renew = next((source.renew for source in stored if source.is_renewable), None)
    cookies = next((source for source in kept if source.has_cookies), None)
    sign_ins = {name: of for source in stored for name, of in source.given.items()}
    return credentials, renew, sign_ins, cookies


def is_accepted_origin(api: OpenedApi, settings: CallSettings, origin: str) -> bool:
    """Return whether the user has accepted an origin for an API's credentials, in the configuration or by an option."""
    return origin in accepted_origins(api, settings)


def accepted_origins(api: OpenedApi, settings: CallSettings) -> frozenset[str]:
    """Return the origins that the user has accepted for an API's credentials.

    The origin of the final URL must be among them, however the server was selected.
    """
    is_known = not settings.is_bound or api.is_registered or api.name == DEMO
    return frozenset(
        (
            *(api.origins if is_known else ()),
            *settings.written_origins,
            *map(parse_origin, settings.accepted_origins),
        )
    )


def _check_origin(
    env: Environment,
    api: OpenedApi,
    operation: Operation,
    origin: str,
    settings: CallSettings,
    ask: Callable[[str], bool] | None,
) -> None:
    """Refuse to send credentials to an origin that the user has not accepted. The document cannot accept origins.

    Args:
        origin: Scheme, host and port of the built URL.

    Raises:
        RefusedError: The origin is new, and the user does not accept it.
    """
    if origin in accepted_origins(api, settings):
        return
    if ask is None or not ask(origin):
        if settings.is_bound:
            raise _not_bound(api, origin)
        raise RefusedError(
            f"The credential is not sent to `{origin}`",
            reason="The document names this origin, and you have not accepted it for this API's credentials",
            hint=trust_hint(api, operation.servers, settings, origin, how_to_accept(api, origin)),
            origin=origin,
        )
    if api.is_registered:
        Configuration(env).accept_origin(api.name, origin, api.origins)


def how_to_accept(api: OpenedApi, origin: str) -> str:
    """Return how to accept an origin for the credentials of an API: for one call, and for all."""
    once = f"`--accept-origin {origin}`"
    configuration = Configuration(api.open_request.env)
    if not api.is_registered or api.name in configuration.project_apis():
        return once
    origins = ",".join((*texts(api.entry, "origins"), origin))
    return f"{once}, or for all calls `{invocation('api set', api.name)} {quote(f'origins={origins}')}`"


def trust_hint(
    api: OpenedApi, servers: Sequence[Server], settings: CallSettings, origin: str, accepting: str
) -> str:
    """Return the hint for a credential whose origin you have not accepted.

    If the server is a placeholder, the hint first suggests the document's origin.

    Args:
        servers: As in `_server_hint`.
        accepting: Text that says how to accept the origin.
    """
    instead = _server_hint(api, servers, settings)
    return f"{instead}. If you trust `{origin}`: {accepting}" if instead else f"If you trust it: {accepting}"


def _server_hint(api: OpenedApi, servers: Sequence[Server], settings: CallSettings) -> str:
    """Return the hint to use the document's own origin if the API's server is a placeholder.

    Args:
        servers: Servers of the operation; empty for those of the document.
    """
    if settings.server:
        return ""

    return hint_at_document(servers or api.servers, api.uri, api.name if api.is_registered else "")


def add_server_hint(
    error: DynacliError, api: OpenedApi, servers: Sequence[Server], settings: CallSettings
) -> None:
    """Add the hint of `_server_hint` to an error, before the error's own hint."""
    error.hint = ". ".join(filter(None, (_server_hint(api, servers, settings), error.hint)))


def _not_bound(api: OpenedApi, origin: str) -> RefusedError:
    hint = f"To accept it, the user must register the document: `{invocation('api add')} NAME SOURCE`"
    if api.name in Configuration(api.open_request.env).project_apis():
        hint = f"To accept it, the user must call the API on a terminal: `{invocation(api=api.name)}`"
    elif api.is_registered:
        hint = f"To accept it, the user must add it to `origins` under `[apis.{api.name}]` in `config.toml`"
    return RefusedError(
        f"The credential is not sent to `{origin}`",
        reason="In this run, it is sent only to origins that the user has accepted for this API",
        hint=hint,
        origin=origin,
    )


@record
class _Given:
    """Credentials that the caller gave with `-H`, `--query`, a profile, or a parameter that is an API key.

    Args:
        secrets: The values of these credentials.
        passwords: Values of parameters that the document declares as passwords, and possible secrets in an
            undocumented URL.
        shown: The request with all of these masked, and other parameters and headers whose names suggest a secret.
        headers: Lower-case names of headers with secret values.
    """

    secrets: list[Secret]
    passwords: list[Secret]
    shown: Request
    headers: frozenset[str]


def _given(operation: Operation, request: Request, settings: CallSettings) -> _Given:
    parts, names, key_names = request.parts, _passwords_of(operation), operation.api_keys
    values: list[str] = []
    secret_headers: set[str] = set()
    if key_names or parts.added:
        secret_headers.update(name.lower() for location, name in key_names if location == "header")
        values += [
            pair.value
            for pair in parts.query
            if ("query", pair.name) in key_names or (pair.name in parts.added and is_secret_name(pair.name))
        ]
        values += [
            pair.encoded.partition("=")[2] for pair in parts.cookies if ("cookie", pair.name) in key_names
        ]
    for name, _ in settings.headers:
        if name.lower() in SECRET_HEADERS or is_secret_name(name):
            secret_headers.add(name.lower())
    passwords = list(_values_of(names, request)) if names else []
    # Same rule as `is_documented_name`, repeated here because a call would slow down each request.
    is_documented = " " not in operation.name
    if not is_documented:
        passwords += map(Secret, secret_values(request.url))
    headers = []
    for name, value in request.headers:
        if name.lower() in secret_headers:
            values += secret_pieces(value, name)
        # Cookies are shown, except credentials, which the masker below replaces.
        is_shown = name.lower() == "cookie" and "cookie" not in secret_headers
        headers.append((name, value if is_shown else mask_header(name, value, secret_headers | names)))
    secrets = [Secret(value) for value in values if value]
    url = request.url
    if secrets or passwords:
        masker = Masker((*secrets, *passwords))
        headers = [(name, masker.mask(text)) for name, text in headers]
        url = masker.mask(url)
    url = mask_url(url, names, is_documented=is_documented)
    shown = request._replace(url=url, headers=tuple(headers))
    return _Given(secrets, passwords, shown, SECRET_HEADERS | secret_headers | names)


def _passwords_of(operation: Operation) -> set[str]:
    """Return the names in the request of parameters, and of their fields, that are passwords in the document."""
    names: set[str] = set()
    for parameter in operation.parameters:
        is_password = _is_password(parameter.value)
        for field in parameter.fields:
            if _is_password(field.value):
                is_password = True
                names.add(field.path[-1])
        if is_password:
            # A value that is not spread over its fields is sent under the parameter's name.
            names.add(parameter.name.lower() if parameter.location == "header" else parameter.name)
    return names


def _is_password(value: ValueType) -> bool:
    return (value.items or value).format == "password"


def _values_of(names: Container[str], request: Request) -> Iterator[Secret]:
    """Yield the values of parameters and their fields that have one of the names."""
    parts = request.parts
    for pair in (*parts.query, *parts.cookies):
        if pair.name in names or pair.name.rpartition("[")[2].rstrip("]") in names:
            yield from map(Secret, {pair.value, pair.encoded.partition("=")[2]})
    yield from (Secret(text) for name, text in parts.path.items() if name in names)
    yield from (Secret(text) for name, text in parts.headers.items() if name.lower() in names)


def is_secret_input(given: Parameter | Field) -> bool:
    """Return whether an input is secret or has a secret field, by its format or its name."""
    value = given.value.items or given.value
    if value.format == "password":
        return True
    is_text = not value.enum and value.type in {"string", ANY}
    if isinstance(given, Field):
        return is_text and is_secret_name(given.path[-1])
    if given.location == "cookie" or any(map(is_secret_input, given.fields)):
        return True
    return is_text and is_secret_name(given.name, in_path=given.location == "path")
