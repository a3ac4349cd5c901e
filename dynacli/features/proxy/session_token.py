"""The token of one run of `proxy --sign`, and the places of a request in which it is accepted."""

from __future__ import annotations

import hmac
import re
import secrets
from base64 import b64decode
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any
from urllib.parse import unquote_plus

from dynacli.auth.credentials import WITH_PASSWORD, kind_of
from dynacli.features.proxy._messages import RawHeaders
from dynacli.openapi.model.operation import SecurityScheme
from dynacli.secrets import Secret

_BYTES = 32
_ANY_USER = "session"
"""The user name that is printed. Any other is accepted, too."""
_REMOVED = frozenset({b"authorization", b"proxy-authorization"})
_NOT_IN_NAMES = re.compile("[^A-Z0-9]")


class SessionToken:
    """A random token that a client sends instead of the API's credential.

    Args:
        schemes: The security schemes of the API, first the most used one.
        tables: Security scheme → its table in the configuration.
    """

    def __init__(
        self, schemes: Sequence[SecurityScheme], tables: Mapping[str, Mapping[str, Any]] | None = None
    ) -> None:
        self._token = Secret(f"dyn_{secrets.token_hex(_BYTES)}")
        self._value = self._token.reveal().encode()
        signed = {name for name, table in (tables or {}).items() if "sign" in table}
        self._first = "bearer"
        self._is_bearer, self._is_basic = not schemes or bool(signed), bool(signed)
        self._keys: dict[str, set[str]] = {"header": set(), "query": set(), "cookie": set()}
        for number, scheme in enumerate(schemes):
            kind = "sign" if scheme.name in signed else kind_of(scheme)
            if kind == "apiKey" and scheme.location in self._keys:
                is_header = scheme.location == "header"
                self._keys[scheme.location].add(scheme.parameter.lower() if is_header else scheme.parameter)
            self._is_basic |= kind in WITH_PASSWORD
            # Digest and a signature cannot hold a token, and other schemes are sent in `Authorization`.
            self._is_bearer |= kind not in {"apiKey", "basic"}
            if not number:
                self._first = kind

    def variables(self, name: str, url: str) -> dict[str, str]:
        """Return the environment variables for a program.

        Args:
            name: The name of the API; empty for an API without one.
            url: The base URL of the proxy.
        """
        prefix = _NOT_IN_NAMES.sub("_", name.upper())
        start = f"{prefix}_" if prefix else ""
        token = self._token.reveal()
        variables = {f"{start}API_URL": url}
        if self._first == "apiKey":
            return {**variables, f"{start or 'API_'}KEY": token}
        if self._first == "basic":
            login = {f"{start or 'API_'}USERNAME": _ANY_USER, f"{start or 'API_'}PASSWORD": token}
            return variables | login
        return {**variables, f"{start or 'API_'}TOKEN": token}

    def is_in(self, headers: RawHeaders, query: bytes) -> bool:
        """Return whether a request has the token where the API's credential would be."""
        is_found = False
        for candidate in self._candidates(headers, query):
            # Without a shortcut: the time says nothing about the place of the token.
            is_found |= hmac.compare_digest(candidate, self._value)
        return is_found

    def _candidates(self, headers: RawHeaders, query: bytes) -> Iterator[bytes]:
        for raw_name, value in headers:
            name = raw_name.decode("latin-1").lower()
            word, _, rest = value.partition(b" ")
            if name in self._keys["header"]:
                yield value
                yield rest.strip()  # the document may ask for a prefix such as `Token`
            if name == "authorization" and self._is_bearer:
                yield rest.strip()  # some programs write `token` for `Bearer`
            if name == "authorization" and self._is_basic and word.lower() == b"basic":
                yield _password_of(rest)
            if name == "cookie":
                for pair in value.split(b";"):
                    key, _, text = pair.strip().partition(b"=")
                    if key.decode("latin-1") in self._keys["cookie"]:
                        yield text
        for pair in query.split(b"&"):
            key, _, text = pair.partition(b"=")
            if unquote_plus(key.decode("latin-1")) in self._keys["query"]:
                yield unquote_plus(text.decode("latin-1")).encode("latin-1", "replace")

    def without(self, headers: RawHeaders, *, keeps_cookies: bool) -> list[tuple[str, str]]:
        """Return the headers of a request without its credentials.

        Args:
            keeps_cookies: Whether cookies that are no credentials stay.
        """
        kept: list[tuple[str, str]] = []
        for raw_name, raw_value in headers:
            name, value = raw_name.decode("latin-1"), raw_value.decode("latin-1")
            key = name.lower()
            if key.encode() in _REMOVED or key in self._keys["header"]:
                continue
            if key == "cookie":
                pairs = [pair.strip() for pair in value.split(";")] if keeps_cookies else []
                value = "; ".join(
                    pair for pair in pairs if pair.partition("=")[0] not in self._keys["cookie"]
                )
                if not value:
                    continue
            kept.append((name, value))
        return kept

    def query_without(self, query: str) -> str:
        """Return a query without the parameters that are credentials."""
        names = self._keys["query"]
        pairs = query.split("&")
        return "&".join(pair for pair in pairs if unquote_plus(pair.partition("=")[0]) not in names)

    def is_elsewhere(self, *texts: bytes) -> bool:
        """Return whether the token is in other parts of a request, from which it would reach the API."""
        return any(self._value in text for text in texts)

    def mask(self, text: str) -> str:
        """Return a text without the token."""
        return text.replace(self._token.reveal(), str(self._token))


def _password_of(encoded: bytes) -> bytes:
    try:
        return b64decode(encoded.strip(), validate=True).partition(b":")[2]
    except ValueError:
        return b""


def without_credentials(
    variables: Mapping[str, str], prefixes: Iterable[str], names: Iterable[str]
) -> dict[str, str]:
    """Return the environment of a program that must not see credentials.

    Args:
        variables: The environment of dynacli.
        prefixes: Beginnings of the names of variables that are left out.
        names: Further names that are left out.
    """
    beginnings, others = tuple(f"{prefix}_" for prefix in prefixes), frozenset(names)
    return {
        name: value
        for name, value in variables.items()
        if not name.startswith(beginnings) and name not in others
    }
