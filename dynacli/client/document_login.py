"""Authentication for fetching a document, with the credentials of its API and only at the document's own origin.

A credential is sent only after the server asks for it, unless a header or the configuration requests it. Connections
trust the system's certificate authorities and those of the API, because documents are often on other servers.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import cached_property
from typing import TYPE_CHECKING, Any

from dynacli.environment import Environment, invocation
from dynacli.errors import AuthError
from dynacli.openapi.document.fetched import Advice, DocumentLogin
from dynacli.registry.configuration import LOGIN_KEY, Configuration, is_name, pairs_in, profiles_in
from dynacli.text.terminal import visible

if TYPE_CHECKING:
    import ssl

    from dynacli.client._document_credential import DocumentCredential
    from dynacli.client.call_settings import CallSettings

ALWAYS = "always"


def login_of(
    env: Environment,
    name: str,
    headers: Iterable[str] = (),
    profile: str | None = None,
    *,
    new_source: str = "",
    ca: str = "",
    is_bound: bool = False,
) -> DocumentLogin:
    """Return the source of credentials and certificates for the document of an API.

    Nothing is read before it is needed, because most documents are public.

    Args:
        name: Name of the API, registered or not yet; a URL if it has none.
        headers: Headers from `-H` for the document itself, such as `X-API-Key: abc`.
        profile: Name of the profile whose headers are sent [default: from the environment].
        new_source: Source of the document while the API is being registered. An entry with another source is ignored.
        ca: File of certificate authorities; empty for the file in the configuration.
        is_bound: True to send credentials only to the origin of a registered document.
    """
    if is_bound and not is_name(name):
        return DocumentLogin()
    return _Login(env, name, tuple(headers), profile, new_source, ca)


class _Login(DocumentLogin):
    """The login of one API, for all files of its document."""

    def __init__(
        self,
        env: Environment,
        name: str,
        given: tuple[str, ...],
        profile: str | None,
        new_source: str,
        ca: str,
    ) -> None:
        self._env, self._name, self._ca = env, name, ca
        self._given_headers, self._new_source = given, new_source
        self._profile = profile or env.setting("PROFILE")

    @cached_property
    def _entry(self) -> Mapping[str, Any]:
        """Entry of the API. For an API that is being registered: the entry that a user has prepared."""
        configuration = Configuration(self._env)
        entry = configuration.entry(self._name)
        if self._new_source and self._name in configuration.project_apis():
            return {}
        is_other = bool(self._new_source) and entry.get("source", self._new_source) != self._new_source
        return {} if is_other else entry

    @cached_property
    def _settings(self) -> CallSettings:
        """Settings of the entry and the profile. Invalid parts are ignored here, because each call reports them."""
        from dynacli.client.call_settings import CallSettings
        from dynacli.client.profiles import signing_of, wrong_in_profile

        own = {key: self._entry[key] for key in ("auth", "ca", "server", "server_vars") if key in self._entry}
        profile = profiles_in(self._entry).get(self._profile, {})
        usable = [table for table in (own, profile) if not wrong_in_profile(table)]
        merged = {key: value for table in usable for key, value in table.items()}
        return CallSettings(
            server=str(merged.get("server", "")),
            server_variables=tuple(pairs_in(merged, "server_vars").items()),
            headers=tuple(pairs_in(merged, "headers").items()),
            profile=self._profile,
            ca=self._ca or merged.get("ca", ""),
            **signing_of(*(table.get("auth") for table in usable)),
        )

    @cached_property
    def _credential(self) -> DocumentCredential:
        from dynacli.client._document_credential import DocumentCredential

        return DocumentCredential(self._env, self._name, self._settings, self._new_source)

    @cached_property
    def _given(self) -> dict[str, str]:
        from dynacli.client.call_settings import pairs_of

        return _checked(pairs_of(self._given_headers, ":", "--header"))

    def headers(self, url: str, challenge: str | None = None) -> Mapping[str, str]:
        """Return the headers that authenticate a request.

        Raises:
            AuthError: A credential is required, and none can be sent.
            FileError: The configuration cannot be read.
        """
        given = self._given
        is_always = not self._new_source and self._entry.get(LOGIN_KEY) == ALWAYS
        if challenge is None and not is_always:
            return given
        if challenge is None and has_credential(given, self._credential.schemes):
            return given
        own = _checked(dict(self._settings.headers))
        signed = self._credential.headers(url, challenge or "")
        if challenge is None and not own and signed is None:
            raise _missing(self._name, self._credential.advice(url, "").hint)
        return {**own, **(signed or {}), **given}

    def advice(self, url: str, challenge: str) -> Advice:
        """Return advice on a refused request: the credentials that were sent or not, and those that would help.

        Raises:
            FileError: The configuration cannot be read.
        """
        advice = self._credential.advice(url, challenge)
        given = [*self._given, *dict(self._settings.headers)]
        if not given:
            return advice
        shown = " and ".join(f"`{visible(name, keep='')}`" for name in given)
        return advice._replace(
            reason="; ".join(filter(None, (f"{shown} was given, and sent", advice.reason)))
        )

    def context(self) -> ssl.SSLContext | None:
        """Return the TLS settings of the connections; None for the system's settings.

        Raises:
            AuthError: The client certificate cannot be used.
            FileError: A file of certificates is missing or invalid, or the configuration cannot be read.
        """
        if not self._ca and not self._entry:
            return None
        from dynacli.auth.tls_login import context_of
        from dynacli.client.credentials.chosen_security import tls_settings

        return context_of(self._env, tls_settings(self._settings, ()))

    def elsewhere(self) -> DocumentLogin:
        """Return the login for other origins, with the same certificate authorities but without credentials."""
        return _Elsewhere(self)

    def context_elsewhere(self) -> ssl.SSLContext | None:
        """Return the TLS settings of connections without a client certificate.

        Raises:
            FileError: The file of certificate authorities is invalid, or the configuration cannot be read.
        """
        if not self._ca and not self._entry:
            return None
        from dynacli.auth.tls_login import context_besides

        return context_besides(self._env, self._settings.ca)


class _Elsewhere(DocumentLogin):
    """The login for files of a document at other origins."""

    def __init__(self, login: _Login) -> None:
        self._login = login

    def context(self) -> ssl.SSLContext | None:
        """Return the TLS settings of the connections; None for the system's settings."""
        return self._login.context_elsewhere()


def has_credential(names: Iterable[str], schemes: Iterable[Any]) -> bool:
    """Return whether one of the headers has a credential.

    Args:
        names: Names of the headers.
        schemes: Security Scheme Objects of the document. Their API keys may be in headers of any name.
    """
    from dynacli.auth.credentials import is_key_header
    from dynacli.secrets import is_secret_header

    keys = {scheme["name"].lower() for scheme in schemes if is_key_header(scheme)}
    return any(is_secret_header(name, keys) for name in names)


def _missing(name: str, hint: str) -> AuthError:
    return AuthError(
        f"The credential for fetching the document of `{name}` is not set",
        reason=f'`{LOGIN_KEY} = "{ALWAYS}"` requires it, because the server may return another document without it',
        hint=f"{hint}; or stop using a credential for it: `{invocation('api set', name)} {LOGIN_KEY}=`",
    )


def _checked(headers: dict[str, str]) -> dict[str, str]:
    from dynacli.request.build_request import check_header

    for name, value in headers.items():
        check_header(name, value)
    return headers
