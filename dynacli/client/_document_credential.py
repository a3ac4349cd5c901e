"""The credential for fetching a document whose server asks for one. It can be any credential of the API's calls.

Often the document is still missing, so the server's challenge decides which credential is sent.
"""

from collections.abc import Iterable, Iterator, Sequence
from collections.abc import Set as AbstractSet
from contextlib import closing
from functools import cached_property
from shlex import quote
from typing import Any

from dynacli.auth.challenges import LONGEST_WORD, USUAL_KEY, DigestLogin, read_challenges, schemes_asked_for
from dynacli.auth.credentials import (
    DIGEST,
    MUTUAL_TLS,
    WITH_PASSWORD,
    Credential,
    CredentialSource,
    Held,
    Variables,
    attach,
    find_credentials,
    is_key_header,
    is_supported,
    kind_of,
    variables_of,
    with_prefixes,
)
from dynacli.auth.missing_credential import needed_variables
from dynacli.client.call_settings import CallSettings
from dynacli.client.credential_sources import credential_sources
from dynacli.client.credentials.chosen_security import own_schemes, scheme_from
from dynacli.environment import Environment, invocation, prefix_of, program
from dynacli.errors import AuthError, DynacliError, RefusedError
from dynacli.http.built_request import Request
from dynacli.openapi.catalog.catalog_file import DamagedCatalogError
from dynacli.openapi.document.fetched import Advice
from dynacli.openapi.model.operation import SecurityScheme, Server
from dynacli.record import replace
from dynacli.registry.configuration import is_name
from dynacli.registry.open_by_name import find_revisions
from dynacli.request.choose_server import choose_server
from dynacli.text.terminal import visible
from dynacli.urls import origin_of


class DocumentCredential:
    """The credential of an API, added to requests for its document.

    Args:
        name: Name of the API; a URL if it has none.
        settings: Settings of its calls, with its credentials from the configuration.
        source: Source of its document while it is being registered; else empty.
    """

    def __init__(self, env: Environment, name: str, settings: CallSettings, source: str = "") -> None:
        self._env, self._name, self._settings, self._source = env, name, settings, source
        self._digest: DigestLogin | None = None
        self._challenge = ""
        self._bound_elsewhere: list[str] = []
        self._has_document = False
        self.sent: Credential | None = None

    @cached_property
    def _stored_document(self) -> tuple[dict[str, Any], str]:
        """The Security Scheme Objects of the stored document, and the origin of calls; empty without a document."""
        try:
            asked, revisions = find_revisions(self._name, self._env)
            pointer = revisions.current()
            catalog = revisions.open_catalog(pointer) if pointer is not None else None
            if catalog is None or pointer is None:
                uri = asked.entry.get("source", "")  # the user's own schemes do not depend on the document
                return own_schemes(self._env, asked.overlays), self._origin_of_calls((), uri)
            self._has_document = True
            with closing(catalog):
                servers = tuple(Server(**raw) for raw in catalog.meta["servers"])
                return dict(catalog.components("/components/securitySchemes")), self._origin_of_calls(
                    servers, pointer["uri"]
                )
        except (DynacliError, DamagedCatalogError):
            return {}, ""

    def _origin_of_calls(self, servers: tuple[Server, ...], uri: str) -> str:
        settings = self._settings
        try:
            return origin_of(choose_server(servers, uri, settings.server, settings.server_variables))
        except DynacliError:
            return ""  # each call has to name its server

    @property
    def _raw_schemes(self) -> dict[str, Any]:
        return self._stored_document[0]

    @property
    def schemes(self) -> list[Any]:
        """The Security Scheme Objects of the stored document."""
        return list(self._raw_schemes.values())

    def headers(self, url: str, challenge: str) -> dict[str, str] | None:
        """Return the headers that authenticate a GET request; None if there is no credential.

        Args:
            challenge: The server's challenge; empty if it sent none.

        Raises:
            AuthError: The credential cannot be read or has expired, or dynacli does not support the challenge.
        """
        self.sent, self._bound_elsewhere = None, []
        credentials = self._find(url, challenge)
        if not credentials:
            return None
        request = Request("GET", url)
        credential = credentials[0]
        self.sent = credential
        if credential.word != DIGEST:
            return dict(attach(request, credentials).headers)
        return dict(self._with_digest(request, credential, challenge).headers) if challenge else {}

    def _find(self, url: str, challenge: str) -> tuple[Credential, ...] | None:
        security = [(scheme,) for scheme in self._candidates(challenge)]
        return find_credentials(security, self._variables, further=lambda: self._sources(url))

    @cached_property
    def _variables(self) -> Variables:
        prefix = prefix_of(self._name) if is_name(self._name) else program().prefix
        return variables_of(self._env, prefix)

    def _candidates(self, challenge: str) -> list[SecurityScheme]:
        """Return the schemes whose credentials may be sent, the preferred one first.

        Schemes of the challenge come first, then schemes of the stored document, then tokens before
        passwords.
        """
        asked = schemes_asked_for([challenge])
        kinds = [kind_of(scheme) for scheme in asked]
        pair = "digest" if "digest" in kinds else "basic"

        def rank(scheme: SecurityScheme) -> tuple[bool, bool, int]:
            kind = kind_of(scheme)
            order = 2 if kind == "apiKey" else int(kind in WITH_PASSWORD)
            return bool(asked) and kind not in kinds, not scheme.name, order

        known = [
            replace(scheme, scheme=pair) if kind_of(scheme) in WITH_PASSWORD else scheme
            for scheme in self._known()
        ]
        keys = [scheme for scheme in asked if kind_of(scheme) == "apiKey"]
        if not any(kind_of(scheme) == "apiKey" and scheme.location == "header" for scheme in known):
            # Without a document, nothing says which header the key belongs in.
            known += keys or ([] if asked or self._raw_schemes else [USUAL_KEY])
        else:
            known = [_with_prefix(scheme, keys) for scheme in known]
        fitting = [*known, SecurityScheme("", "http", "bearer"), SecurityScheme("", "http", pair)]
        return sorted(fitting, key=rank)

    def _known(self) -> Iterator[SecurityScheme]:
        """Yield the schemes of the stored document and of the configuration."""
        tables = self._settings.auth_tables or {}
        schemes = [
            scheme_from(key, raw)
            for key, raw in self._raw_schemes.items()
            if isinstance(raw, dict)
            and (raw.get("type") != "apiKey" or raw.get("in") == "cookie" or is_key_header(raw))
        ]
        for (scheme,) in with_prefixes([(scheme,) for scheme in schemes], tables):
            yield scheme
        for name, table in tables.items():
            if name not in self._raw_schemes:
                yield SecurityScheme(name, "http", "bearer" if "token" in table else "basic")

    def advice(self, url: str, challenge: str) -> Advice:
        """Return advice on a refused request: the credentials that were sent or not, and those that would help."""
        candidates = self._candidates(challenge)
        asked = {kind_of(scheme) for scheme in schemes_asked_for([challenge])}
        wanted = [scheme for scheme in candidates if scheme.name or not self._raw_schemes or asked]
        if asked:
            wanted = [scheme for scheme in wanted if kind_of(scheme) in asked] or wanted
        reasons = []
        if self.sent is not None:
            shown = f"{self.sent.name}: {self.sent.word}".removesuffix(": ")
            reasons.append(f"{_label(self.sent.source)} was sent as `{shown}`, and refused")
        schemes = " or ".join(
            dict.fromkeys(offered.scheme[:LONGEST_WORD] for offered in read_challenges([challenge]))
        )
        for name, kinds in self._set_variables(candidates).items():
            if self.sent is not None and name in self._names_for(self.sent.source):
                continue
            reasons.append(f"`{name}` is set, and was not sent: {self._why_not(kinds, candidates, schemes)}")
        reasons += self._bound_elsewhere
        ways, refused = dict[str, None](), ""
        for scheme in wanted:
            if is_supported(scheme) and kind_of(scheme) != MUTUAL_TLS:
                names = needed_variables((scheme,), self._variables)
                way = f"{' and '.join(f'`{name}`' for name in names)} (sent as `{_as_sent(scheme)}`)"
                if self.sent is not None and self.sent.source in (*names, self._variables.own(scheme.name)):
                    refused = f"Check `{self.sent.source}`"
                else:
                    ways[way] = None
        others = f"{'or set ' if refused else 'Set '}{', or '.join(ways)}" if ways else ""
        hint = ", ".join(filter(None, (refused, others)))
        # A stored credential belongs to the origin of calls, which can differ from the document's.
        is_of_calls = is_name(self._name) and self._stored_document[1] == origin_of(url)
        if is_of_calls and self._has_document and wanted and wanted[0].name:
            line = f"{invocation('auth login', self._name)} --scheme {quote(wanted[0].name)}"
            hint = f"{hint}, or sign in: `{visible(line, keep='')}`"
        if not asked and not self._has_document:
            hint += f"; or {self._command_with_header(url)}"
        if not asked and not self._raw_schemes:
            line = f"{invocation('api add')} NAME FILE --server {origin_of(url)}"
            hint += f"; for a key in the query, save the document, then `{line}`"
        return Advice("; ".join(reasons), hint)

    def _command_with_header(self, url: str) -> str:
        """Return the command that fetches the document with a header: `-H` of a call applies to that call alone."""
        if self._source:
            return "give another header: `-H NAME:VALUE`"
        if is_name(self._name):
            return f"fetch it with another header: `{invocation('api refresh', self._name)} -H NAME:VALUE`"
        return f"register it with another header: `{invocation('api add')} NAME {quote(url)} -H NAME:VALUE`"

    def _set_variables(self, candidates: Iterable[SecurityScheme]) -> dict[str, set[str]]:
        """Return the variables that are set, each with the kinds of schemes that it has credentials for."""
        kinds_by_ending = {"TOKEN": {"bearer"}, "KEY": {"apiKey"}, "USERNAME": set(WITH_PASSWORD)}
        kinds_by_variable = {
            self._variables.generic(ending): kinds for ending, kinds in kinds_by_ending.items()
        }
        for scheme in candidates:
            if scheme.name:
                kinds_by_variable.setdefault(self._variables.own(scheme.name), set()).add(kind_of(scheme))
        return {name: kinds for name, kinds in kinds_by_variable.items() if self._variables.is_set(name)}

    def _names_for(self, source: str) -> tuple[str, ...]:
        return source, self._variables.generic("USERNAME") if source.endswith("PASSWORD") else source

    def _why_not(self, kinds: AbstractSet[str], candidates: Iterable[SecurityScheme], offered: str) -> str:
        if not any(kind_of(scheme) in kinds for scheme in candidates):
            # There is always a header for a token or a password, so the variable holds a key.
            if any(isinstance(raw, dict) and raw.get("type") == "apiKey" for raw in self.schemes):
                return "the document's key is not sent in a header"
            return f"the server asks for {offered}" if offered else "the document declares no key in a header"
        if self.sent is not None:
            return "another credential comes first" + (
                f", as the server asks for {offered}" if offered else ""
            )
        return (
            f"the server asks for {offered}" if offered else "the server asked for no particular credential"
        )

    def _sources(self, url: str) -> Sequence[CredentialSource]:
        sources = credential_sources(self._env, self._name, self._settings, url)
        return [self._unless_bound_elsewhere(source) for source in sources]

    def _unless_bound_elsewhere(self, source: CredentialSource) -> CredentialSource:
        def asked(scheme: SecurityScheme) -> Held | None:
            try:
                return source(scheme)
            except (
                RefusedError
            ) as error:  # it is stored for the API's origin, and the document has another origin
                reason = f"{error.message[:1].lower()}{error.message[1:]}"
                if reason not in self._bound_elsewhere:
                    self._bound_elsewhere.append(reason)
                return None

        return asked

    def _with_digest(self, request: Request, credential: Credential, challenge: str) -> Request:
        """Return the request with the credentials that a Digest challenge asks for."""
        if self._digest is None or challenge != self._challenge:
            self._digest = DigestLogin(self._env, credential.value.reveal(), origin_of(request.url))
            self._challenge = challenge
            if not self._digest.wants_again(request, 401, [("WWW-Authenticate", challenge)]):
                raise AuthError(
                    f"The document of `{self._name}` needs a Digest login that dynacli does not support",
                    reason=f"The server's challenge is not supported: {self._digest.refusal}",
                    hint="Ask the operator of the server, or save the document to a file and register the file",
                )
        return self._digest.signed(request)


def _with_prefix(scheme: SecurityScheme, asked: Iterable[SecurityScheme]) -> SecurityScheme:
    """Return an API key of the document, with the prefix that the server asks for if it has none."""
    prefixes = [scheme.prefix for scheme in asked if scheme.prefix]
    is_bare = scheme.type == "apiKey" and scheme.parameter.lower() == "authorization" and not scheme.prefix
    return replace(scheme, prefix=prefixes[0]) if is_bare and prefixes else scheme


def _as_sent(scheme: SecurityScheme) -> str:
    """Return the header of a scheme without its secret: `Authorization: Bearer`."""
    if scheme.location == "cookie":
        return f"Cookie: {scheme.parameter}"
    if kind_of(scheme) == "apiKey":
        return f"{scheme.parameter}: {scheme.prefix}".removesuffix(": ")
    return f"Authorization: {kind_of(scheme).title()}"


def _label(source: str) -> str:
    return source if " " in source else f"`{source}`"
