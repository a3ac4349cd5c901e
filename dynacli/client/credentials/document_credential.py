"""The credential that a document is fetched with, where its server asks for one: any that calls of its API would carry.

Nobody has a document yet that says how to sign in, so the server's challenge decides what is sent.
"""

from collections.abc import Iterator, Sequence
from contextlib import closing
from functools import cached_property
from typing import Any

from dynacli.auth.credentials import (
    DIGEST,
    WITH_PASSWORD,
    Credential,
    Held,
    Source,
    attach,
    find_credentials,
    is_key_header,
    kind_of,
    variables_of,
)
from dynacli.auth.digest import DigestLogin
from dynacli.catalog.store.catalog_file import DamagedCatalogError
from dynacli.client.call_settings import CallSettings
from dynacli.client.credentials.chosen_security import scheme_from
from dynacli.client.credentials.credential_sources import credential_sources
from dynacli.environment import Environment, prefix_of, program
from dynacli.errors import AuthError, DynacliError, RefusedError
from dynacli.library.configuration.configuration import is_name
from dynacli.library.open_by_name import find_revisions
from dynacli.model.operation import SecurityScheme
from dynacli.record import replace
from dynacli.request.built_request import Request, RequestParts
from dynacli.urls import origin_of

__all__ = ["DocumentCredential"]

_NO_PARTS = RequestParts({}, (), {}, ())


class DocumentCredential:
    """The credential of an API, put into requests for its document.

    Args:
        name: Of the API; a URL where it has none.
        settings: What the configuration says of its credentials.
    """

    def __init__(self, env: Environment, name: str, settings: CallSettings) -> None:
        self._env, self._name, self._settings = env, name, settings
        self._digest: DigestLogin | None = None
        self._challenge = ""

    @cached_property
    def _raw_schemes(self) -> dict[str, Any]:
        """The Security Scheme Objects of the document at hand; none where there is none."""
        try:
            _, revisions = find_revisions(self._name, self._env)
            pointer = revisions.current()
            catalog = revisions.open_catalog(pointer) if pointer is not None else None
            if catalog is None:
                return {}
            with closing(catalog):
                return dict(catalog.components("/components/securitySchemes"))
        except (DynacliError, DamagedCatalogError):
            return {}

    @property
    def schemes(self) -> list[Any]:
        """The Security Scheme Objects of the document at hand."""
        return list(self._raw_schemes.values())

    def headers(self, url: str, challenge: str) -> dict[str, str] | None:
        """Return the headers that sign a GET request in; None where there is no credential.

        Args:
            challenge: What the server has asked for; empty for nothing in particular.

        Raises:
            AuthError: The credential cannot be read, has ended, or the challenge cannot be answered.
        """
        found = self._find(origin_of(url), challenge.lower())
        if not found:
            return None
        request = Request("GET", url, (), None, _NO_PARTS)
        credential = found[0]
        if credential.word != DIGEST:
            return dict(attach(request, found).headers)
        return dict(self._answering(request, credential, challenge).headers) if challenge else {}

    def _find(self, origin: str, challenge: str) -> tuple[Credential, ...] | None:
        prefix = prefix_of(self._name) if is_name(self._name) else program().prefix
        security = [(scheme,) for scheme in self._candidates(challenge)]
        return find_credentials(
            security, variables_of(self._env, prefix), further=lambda: self._sources(origin)
        )

    def _candidates(self, challenge: str) -> list[SecurityScheme]:
        """Return the schemes whose credentials may be sent, what the server asks for first; in doubt tokens."""
        asks_for_password = ("basic" in challenge or "digest" in challenge) and "bearer" not in challenge
        with_password = "digest" if "digest" in challenge else "basic"

        def rank(scheme: SecurityScheme) -> int:
            kind = kind_of(scheme)
            return 2 if kind == "apiKey" else int((kind in WITH_PASSWORD) != asks_for_password)

        fitting = [
            replace(scheme, scheme=with_password) if kind_of(scheme) in WITH_PASSWORD else scheme
            for scheme in self._known()
        ]
        return sorted(fitting, key=rank)

    def _known(self) -> Iterator[SecurityScheme]:
        """Yield the schemes of the document at hand and of the configuration, and those of variables that name none."""
        for key, raw in self._raw_schemes.items():
            if isinstance(raw, dict) and (raw.get("type") != "apiKey" or is_key_header(raw)):
                yield scheme_from(key, raw)
        for name, table in (self._settings.auth_tables or {}).items():
            if name not in self._raw_schemes:
                yield SecurityScheme(name, "http", "bearer" if "token" in table else "basic")
        yield SecurityScheme("", "http", "bearer")
        yield SecurityScheme("", "http", "basic")

    def _sources(self, origin: str) -> Sequence[Source]:
        sources = credential_sources(self._env, self._name, self._settings, origin)
        return [_unless_bound_elsewhere(source) for source in sources]

    def _answering(self, request: Request, credential: Credential, challenge: str) -> Request:
        """Return the request with the answer to a challenge for Digest."""
        if self._digest is None or challenge != self._challenge:
            self._digest = DigestLogin(self._env, credential.value.reveal(), origin_of(request.url))
            self._challenge = challenge
            if not self._digest.wants_again(request, 401, [("WWW-Authenticate", challenge)]):
                raise AuthError(
                    f"The document of `{self._name}` wants Digest, which cannot be answered",
                    why=f"Of the server's answer, {self._digest.refusal}",
                    hint="Ask who runs the server, or save the document as a file and add that",
                )
        return self._digest.signed(request)


def _unless_bound_elsewhere(source: Source) -> Source:
    def asked(scheme: SecurityScheme) -> Held | None:
        try:
            return source(scheme)
        except RefusedError:
            return None  # it was stored for the API's origin alone, and the document is at another

    return asked
