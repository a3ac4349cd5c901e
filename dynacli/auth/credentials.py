"""The credentials of a call: their selection, their sources, and their locations in the request.

The operation's security requirement decides (OpenAPI 3.0.4, "Security Requirement Object"). dynacli tries its
alternatives in order, and sends credentials for all schemes of the chosen one.
The values come from environment variables, then from the configuration, then from the credential store.

A document chooses the names of its security schemes, which are a part of the variables' names.
dynacli prevents a document from naming a variable of another API or a setting of dynacli in this way.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from dynacli.environment import Environment, prefix_of, program
from dynacli.errors import AuthError
from dynacli.http.built_request import Request
from dynacli.openapi.model.operation import SecurityScheme
from dynacli.options.standard_options import setting_variables
from dynacli.record import record, replace
from dynacli.registry.configuration import DEMO, Configuration
from dynacli.secrets import MASK, Secret

WITH_PASSWORD = frozenset({"basic", "digest"})
"""Kinds of schemes with a user name and a password."""

WITH_TOKEN = frozenset({"oauth2", "openIdConnect"})
"""Types of schemes with a token of a provider."""

MUTUAL_TLS = "mutualTLS"
"""The kind of schemes that use the client certificate of the connection."""

DIGEST = "Digest"
"""The scheme of a credential that is used to respond to a challenge and is not sent itself."""

_OTHERS = re.compile(r"[^A-Z0-9]+")
_PAIR = frozenset({"USERNAME", "PASSWORD"})
_GENERIC = re.compile(r".+_(TOKEN|KEY|USERNAME|PASSWORD)")

Alternative = Sequence[SecurityScheme]
PresentNames = frozenset[tuple[str, str]]
"""(location, name) of the headers, query parameters and cookies of a request; header names in lower case."""

_TOKEN = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")  # RFC 9110, section 5.6.2
_NOT_FOR_CREDENTIALS = frozenset(
    {"host", "content-length", "transfer-encoding", "connection", "accept", "content-type"}
)


def store_path(env: Environment) -> str:
    """Return the path of the file that lists the stored credentials."""
    return os.path.join(env.state_dir, "credentials", "credentials.json")


def variables_of(env: Environment, prefix: str) -> Variables:
    """Return the variables of an API, without the variables of other registered APIs.

    Args:
        env: The environment of the run.
        prefix: Prefix of their names.

    Raises:
        FileError: The configuration cannot be read.
    """
    return Variables(prefix, env.variables, map(prefix_of, (*Configuration(env).apis(), DEMO)))


class Variables:
    """The environment variables of one API.

    Args:
        prefix: Prefix of their names.
        values: The environment.
        others: The prefixes of other APIs, whose variables are not read.
    """

    def __init__(
        self, prefix: str, values: Mapping[str, str] | None = None, others: Iterable[str] = ()
    ) -> None:
        self.prefix = prefix
        self._values = values or {}
        self._is_of_any_document = prefix == program().prefix and not program().api
        self._beginnings_of_others = tuple(f"{other}_" for other in others if len(other) > len(prefix))

    def generic(self, word: str) -> str:
        """Return the name of a variable for no particular scheme: `DYNACLI_<API>_TOKEN`."""
        return f"{self.prefix}_{word}"

    def login(self) -> tuple[str, str]:
        """Return the names of the two variables for user name and password."""
        return self.generic("USERNAME"), self.generic("PASSWORD")

    def own(self, scheme: str) -> str:
        """Return the name of the variable for one scheme: `DYNACLI_<API>_<SCHEME>`.

        If another variable could have this name, two underscores separate the scheme.
        """
        word = _OTHERS.sub("_", scheme.upper()).strip("_")
        plain = self.generic(word)
        is_taken = (
            not word
            or word in _PAIR
            or plain in setting_variables()
            or plain.startswith(self._beginnings_of_others)
            # `DYNACLI_GITHUB_TOKEN` may be set before `github` is registered.
            or (self._is_of_any_document and _GENERIC.fullmatch(word) is not None)
        )
        return f"{self.prefix}__{word}" if is_taken else plain

    def is_set(self, name: str) -> bool:
        """Return whether a variable has a value."""
        return bool(self._values.get(name, "").strip())

    def value(self, name: str) -> str:
        """Return a value for a header, a URL or a cookie; empty if the variable is not set.

        Raises:
            AuthError: The value cannot be sent; the message names the variable and never shows the value.
        """
        # White space around a value comes from files and from `$(cat FILE)` in some shells. It is not a part of it.
        value = self.text(name).strip()
        _check_sendable(value, name)
        return value

    def text(self, name: str) -> str:
        """Return a value that is encoded before it is sent; empty if the variable is not set.

        Raises:
            AuthError: The value has a control character, or is not text.
        """
        return checked_text(self._values.get(name, ""), name)


def _source_in_words(source: str) -> str:
    return f"{source[:1].upper()}{source[1:]}" if " " in source else f"The value of `{source}`"


def checked_text(text: str, source: str) -> str:
    """Return a credential without the line break at its end.

    Args:
        text: The credential.
        source: Name of its variable, or a phrase for another source, such as "the stored credential".

    Raises:
        AuthError: The credential has a control character, or is not text.
    """
    text = text.rstrip("\r\n")
    if text.isprintable():
        return text
    if any(char < " " or "\x7f" <= char <= "\x9f" for char in text):
        raise AuthError(
            f"{_source_in_words(source)} holds a control character", hint="Set it again, without line breaks"
        )
    if any("\ud800" <= char <= "\udfff" for char in text):
        raise AuthError(f"{_source_in_words(source)} is not text in UTF-8", hint="Set it again")
    return text


def _check_sendable(value: str, source: str) -> None:
    try:
        value.encode("latin-1")
    except UnicodeEncodeError:
        raise AuthError(
            f"{_source_in_words(source)} holds a character that a request cannot carry",
            reason="Headers are Latin-1 (RFC 9110, section 5.5)",
            hint="Set it again",
        ) from None


@record
class Held:
    """The credential of a source for a security scheme.

    Args:
        text: The secret; for `basic` and `digest`, `USERNAME:PASSWORD`.
        source: A phrase for the source in messages, such as "the stored credential".
        is_cookie: Whether a server has set the secret as a cookie, so that it is sent back unchanged.
    """

    text: str
    source: str
    is_cookie: bool = False


CredentialSource = Callable[[SecurityScheme], Held | None]
"""Returns the credential of a source for a scheme; None if it has none."""


@record
class Credential:
    """A header, query parameter or cookie that authenticates a call.

    Args:
        location: `header`, `query` or `cookie`.
        word: The scheme before the secret, for example `Bearer`; empty for none.
        value: The secret as it is sent.
        parts: All secrets to mask: the value, and the texts that are encoded in it.
        source: As in `Held`.
    """

    scheme: str
    location: str
    name: str
    word: str
    value: Secret
    parts: tuple[Secret, ...]
    source: str = ""


def present_names(request: Request) -> PresentNames:
    """Return the names that already have a value in a request, for example a credential that the user gave."""
    names = {("query", pair.name) for pair in request.parts.query}
    for name, value in request.headers:
        names.add(("header", name.lower()))
        if name.lower() == "cookie":
            names.update(("cookie", pair.partition("=")[0].strip()) for pair in value.split(";"))
    return frozenset(names)


def find_credentials(
    security: Sequence[Alternative],
    variables: Variables,
    present: PresentNames = frozenset(),
    further: Callable[[], Sequence[CredentialSource]] = tuple,
) -> tuple[Credential, ...] | None:
    """Return the credentials of the first complete alternative; None if no required alternative is complete.

    Args:
        security: The alternatives of the operation; without any, no credential is needed.
        variables: The variables of the API.
        present: The names in the request. A value of the user counts as the credential of the scheme.
        further: Returns further sources to try in order, if the variables do not suffice.

    Raises:
        AuthError: A value cannot be read or sent.
    """
    # An alternative with an undefined scheme is tried last.
    ordered = sorted(security, key=lambda schemes: not all(map(is_known, schemes)))
    sources: Sequence[CredentialSource] = ()
    if (found := _complete(ordered, variables, present, sources)) is not None:
        return found
    for source in further() if security else ():
        sources = (*sources, source)
        if (found := _complete(ordered, variables, present, sources)) is not None:
            return found
    is_anonymous_allowed = not all(security)
    return () if is_anonymous_allowed or not security else None


def _complete(
    alternatives: Sequence[Alternative],
    variables: Variables,
    present: PresentNames,
    sources: Sequence[CredentialSource],
) -> tuple[Credential, ...] | None:
    """Return the credentials of the first alternative with values for all its schemes; None if there is none."""
    for alternative in alternatives:
        found: list[Credential] = []
        is_complete = bool(alternative)
        for scheme in alternative:
            credential = _credential(scheme, alternative, variables, present, sources)
            is_complete = is_complete and credential is not None
            if isinstance(credential, Credential):
                found.append(credential)
        if is_complete:
            return tuple(found)
    return None


def _credential(
    scheme: SecurityScheme,
    alternative: Alternative,
    variables: Variables,
    present: PresentNames,
    sources: Sequence[CredentialSource],
) -> Credential | bool | None:
    """Return the credential of a scheme; True if dynacli adds none to the request, None if it is missing."""
    kind = kind_of(scheme)
    place = (scheme.location, scheme.parameter) if kind == "apiKey" else ("header", "Authorization")
    if kind != MUTUAL_TLS and (place[0], place[1].lower() if place[0] == "header" else place[1]) in present:
        return True
    if not is_known(scheme):
        return True  # the document does not define the scheme, so nothing can be sent for it
    if not is_supported(scheme):
        return None
    held = held_for(scheme, alternative, variables, sources)
    if held is None:
        return None
    if kind == MUTUAL_TLS:
        return True  # the certificate is a part of the connection
    name, value = held.source, held.text
    if kind in WITH_PASSWORD:
        return replace(_with_password(scheme, value), source=name)
    _check_sendable(value, name)
    word = "Bearer" if kind != "apiKey" else scheme.prefix
    # A value for `Authorization` with a space already has its scheme.
    has_word = " " in value and place[1].lower() == "authorization"
    if kind == "apiKey" and word and (has_word or value.lower().startswith(f"{word.lower()} ")):
        word = ""
    if place[0] == "cookie" and not held.is_cookie and re.search(r'[\s",;\\]', f"{word} {value}".lstrip()):
        raise AuthError(
            f"{_source_in_words(name)} holds a character that a cookie cannot hold",
            reason="Cookies have no white space, quotes, commas, semicolons or backslashes (RFC 6265)",
            hint="Set it again",
        )
    secret, token = (
        Secret(value),
        Secret(value.partition(" ")[2]),
    )  # an API key may have the prefix `Bearer`
    parts = (secret, token) if token.reveal() else (secret,)
    return Credential(scheme.name, *place, word, secret, parts, name)


def held_for(
    scheme: SecurityScheme,
    alternative: Alternative,
    variables: Variables,
    sources: Sequence[CredentialSource],
) -> Held | None:
    """Return the credential for a scheme of an alternative, from the variables or the first other source that has one.

    Raises:
        AuthError: The value cannot be read or sent.
    """
    name = value = ""
    is_cookie = False
    if kind_of(scheme) != MUTUAL_TLS:
        name, value = _from_variables(
            scheme, variables, may_be_generic=is_only_of_its_kind(scheme, alternative)
        )
    for source in sources:
        if not value and (held := source(scheme)) is not None:
            name, value, is_cookie = held.source, checked_text(held.text, held.source), held.is_cookie
    if value and kind_of(scheme) in WITH_PASSWORD and ":" not in value:
        raise AuthError(f"{_source_in_words(name)} has no `:`", hint="Set it to `USERNAME:PASSWORD`")
    return Held(value, name, is_cookie) if value else None


def _from_variables(scheme: SecurityScheme, variables: Variables, *, may_be_generic: bool) -> tuple[str, str]:
    """Return the name and the value of the variable for a scheme; the value is empty if no variable is set."""
    own = variables.own(scheme.name)
    is_pair = kind_of(scheme) in WITH_PASSWORD
    value = variables.text(own) if is_pair else variables.value(own)
    if value or not may_be_generic:
        return own, value
    if is_pair:
        return _named_pair(variables)
    name = variables.generic(generic_word(scheme))
    return name, variables.value(name)


def _named_pair(variables: Variables) -> tuple[str, str]:
    name = variables.login()[0]
    user, password = map(variables.text, variables.login())
    if ":" in user:
        raise AuthError(
            f"The value of `{name}` holds a `:`",
            reason="It separates the name from the password (RFC 7617, section 2)",
            hint="Set it again",
        )
    return name, f"{user}:{password}" if user or password else ""


def _with_password(scheme: SecurityScheme, pair: str) -> Credential:
    """Return the credential for a user name and a password. Digest uses it for challenges and does not send it."""
    password = pair.partition(":")[2]
    parts = (Secret(pair), *([Secret(password)] if password else []))
    if kind_of(scheme) == "digest":
        return Credential(scheme.name, "header", "Authorization", DIGEST, Secret(pair), parts)
    from base64 import b64encode

    encoded = Secret(b64encode(pair.encode()).decode())
    return Credential(scheme.name, "header", "Authorization", "Basic", encoded, (encoded, *parts))


def kind_of(scheme: SecurityScheme) -> str:
    """Return the way a credential is sent: `bearer`, `basic`, `digest`, `apiKey`, `mutualTLS`, or an unknown scheme."""
    if scheme.type == "http":
        return scheme.scheme
    return "bearer" if scheme.type in WITH_TOKEN else scheme.type


def shown_kind(scheme: SecurityScheme) -> str:
    """Return the kind of a scheme for display: `oauth2` and `openIdConnect` instead of `bearer`."""
    return scheme.type if scheme.type in WITH_TOKEN else kind_of(scheme)


def generic_word(scheme: SecurityScheme) -> str:
    """Return the last part of the name of the variable for a scheme that is the only one of its kind."""
    return "KEY" if kind_of(scheme) == "apiKey" else "TOKEN"


def has_login(security: Iterable[Alternative], variables: Variables) -> bool:
    """Return whether the variables have a user name and password for a scheme that exchanges them for a token."""
    is_set = all(map(variables.is_set, variables.login()))
    return is_set and any(scheme.has_password_flow for schemes in security for scheme in schemes)


def is_known(scheme: SecurityScheme) -> bool:
    """Return whether the scheme is defined and has a type of OpenAPI 3.2.0, "Security Scheme Object"."""
    return scheme.type in {"http", "apiKey", "oauth2", "openIdConnect", "mutualTLS"}


def is_supported(scheme: SecurityScheme) -> bool:
    """Return whether a credential for the scheme can be sent."""
    kind = kind_of(scheme)
    if kind != "apiKey":
        return kind in {"bearer", *WITH_PASSWORD, MUTUAL_TLS}
    # The document chooses the name, which must not inject further headers.
    name = scheme.parameter
    match scheme.location:
        case "header":
            return bool(_TOKEN.fullmatch(name)) and name.lower() not in _NOT_FOR_CREDENTIALS
        case "cookie":
            return bool(_TOKEN.fullmatch(name))
        case "query":
            return bool(name) and name.isprintable()
    return False


def is_key_header(scheme: object) -> bool:
    """Return whether a Security Scheme Object is an API key in a header that dynacli may send."""
    if not isinstance(scheme, Mapping) or scheme.get("type") != "apiKey" or scheme.get("in") != "header":
        return False
    name = scheme.get("name")
    return isinstance(name, str) and bool(_TOKEN.fullmatch(name)) and name.lower() not in _NOT_FOR_CREDENTIALS


def with_prefixes(
    security: Sequence[Alternative], tables: Mapping[str, Mapping[str, Any]] | None
) -> Sequence[Alternative]:
    """Return alternatives with the prefixes of API keys from the configuration.

    Args:
        security: The alternatives of the operation.
        tables: Security scheme → its table in the configuration.
    """
    prefixes = {name: table["prefix"] for name, table in (tables or {}).items() if "prefix" in table}
    if not prefixes:
        return security

    def prefixed(scheme: SecurityScheme) -> SecurityScheme:
        prefix = prefixes.get(scheme.name) if scheme.type == "apiKey" else None
        return scheme if prefix is None else replace(scheme, prefix=prefix)

    return [tuple(map(prefixed, alternative)) for alternative in security]


def is_only_of_its_kind(scheme: SecurityScheme, alternative: Alternative) -> bool:
    """Return whether no other scheme of an alternative is sent in the same way."""
    return list(map(kind_of, alternative)).count(kind_of(scheme)) == 1


def attach(request: Request, credentials: Sequence[Credential], *, is_masked: bool = False) -> Request:
    """Return the request with its credentials. A header that the user gave stays.

    Args:
        request: The request.
        credentials: The credentials to add.
        is_masked: Whether to mask each secret, to show the request.
    """
    if not credentials:
        return request
    url, headers = request.url, list(request.headers)
    present = {name.lower() for name, _ in headers}
    for credential in credentials:
        value = f"{credential.word} {MASK if is_masked else credential.value.reveal()}".lstrip()
        if credential.location == "query":
            from urllib.parse import quote

            separator = "&" if "?" in url else "?"
            # `*` needs no encoding in a query, and the mask `***` stays readable.
            url += f"{separator}{quote(credential.name, safe='')}={quote(value, safe='*')}"
        elif credential.location == "cookie":
            cookie = f"{credential.name}={value}"
            before = [text for name, text in headers if name.lower() == "cookie"]
            headers = [(name, text) for name, text in headers if name.lower() != "cookie"]
            headers.append(("Cookie", "; ".join([*before, cookie])))
        elif credential.name.lower() not in present:
            headers.append((credential.name, value))
    return request._replace(url=url, headers=tuple(headers))
