"""Signs in if the document itself is after a login: with the credentials of its API, at its own origin only.

Nothing is sent before the server has asked for it, unless a person has said so: by a header, or in the configuration.
Certificates are those of the API: connections trust its own authorities besides those of the system, as a document
often comes from elsewhere than the responses.
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
    """Return what gives the credentials and certificates for the document of an API.

    Nothing is looked up before it is needed, which it seldom is.

    Args:
        name: Of the API, registered or about to be; a URL if it has none.
        headers: What the person gave with `-H` for the document itself, such as `X-API-Key: abc`.
        profile: The name of the profile whose headers go along; by default that of the environment.
        new_source: Where the API is about to be registered, its document: an entry with another one says nothing of it.
        ca: The file with the authorities that the person gave for it; empty for that of the configuration.
        is_bound: Whether only the origin of a registered document gets a credential.
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
        """The entry of the API; of one that is not registered yet, what a person has written of it before."""
        configuration = Configuration(self._env)
        entry = configuration.entry(self._name)
        if self._new_source and self._name in configuration.project_apis():
            return {}
        is_other = bool(self._new_source) and entry.get("source", self._new_source) != self._new_source
        return {} if is_other else entry

    @cached_property
    def _settings(self) -> CallSettings:
        """What the entry and the profile say; of a part that cannot be used nothing, as each call tells of it."""
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
        """Return the headers that sign a request in.

        Raises:
            AuthError: A credential is wanted, and there is none that can be sent.
            FileError: The configuration cannot be read.
        """
        given = self._given
        is_always = not self._new_source and self._entry.get(LOGIN_KEY) == ALWAYS
        if challenge is None and not is_always:
            return given
        if challenge is None and has_credential(given, self._credential.schemes):
            return given
        own = _checked(dict(self._settings.headers))
        found = self._credential.headers(url, challenge or "")
        if challenge is None and not own and found is None:
            raise _missing(self._name, self._credential.advice(url, "").hint)
        return {**own, **(found or {}), **given}

    def advice(self, url: str, challenge: str) -> Advice:
        """Return what was sent, what was not, and which credential would be.

        Raises:
            FileError: The configuration cannot be read.
        """
        found = self._credential.advice(url, challenge)
        given = [*self._given, *dict(self._settings.headers)]
        if not given:
            return found
        shown = " and ".join(f"`{visible(name, keep='')}`" for name in given)
        return found._replace(reason="; ".join(filter(None, (f"{shown} was given, and sent", found.reason))))

    def context(self) -> ssl.SSLContext | None:
        """Return the certificates of the connections; None for those of the system.

        Raises:
            AuthError: The client's certificate cannot be used.
            FileError: A file is missing or is none of certificates, or the configuration cannot be read.
        """
        if not self._ca and not self._entry:
            return None
        from dynacli.auth.tls_login import context_of
        from dynacli.client.credentials.chosen_security import tls_settings

        return context_of(self._env, tls_settings(self._settings, ()))

    def elsewhere(self) -> DocumentLogin:
        """Return what trusts the same authorities, and has no credential."""
        return _Elsewhere(self)

    def context_elsewhere(self) -> ssl.SSLContext | None:
        """Return the certificates of connections that the client shows none to.

        Raises:
            FileError: The file of the authorities cannot be used, or the configuration cannot be read.
        """
        if not self._ca and not self._entry:
            return None
        from dynacli.auth.tls_login import context_besides

        return context_besides(self._env, self._settings.ca)


class _Elsewhere(DocumentLogin):
    """What other origins get that files of a document are at."""

    def __init__(self, login: _Login) -> None:
        self._login = login

    def context(self) -> ssl.SSLContext | None:
        """Return the certificates of the connections; None for those of the system."""
        return self._login.context_elsewhere()


def has_credential(names: Iterable[str], schemes: Iterable[Any]) -> bool:
    """Return whether one of some headers holds a credential.

    Args:
        names: The names of the headers.
        schemes: The Security Scheme Objects of the document, whose API keys may be in headers of any name.
    """
    from dynacli.auth.credentials import is_key_header
    from dynacli.secrets import is_secret_header

    keys = {scheme["name"].lower() for scheme in schemes if is_key_header(scheme)}
    return any(is_secret_header(name, keys) for name in names)


def _missing(name: str, hint: str) -> AuthError:
    return AuthError(
        f"The document of `{name}` is fetched with a credential, and none is set",
        reason=f'`{LOGIN_KEY} = "{ALWAYS}"` says so, because without a credential the document may be another',
        hint=f"{hint}; or fetch it without one from now on: `{invocation('api set', name)} {LOGIN_KEY}=`",
    )


def _checked(headers: dict[str, str]) -> dict[str, str]:
    from dynacli.request.build_request import check_header

    for name, value in headers.items():
        check_header(name, value)
    return headers
