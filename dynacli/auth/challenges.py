"""What a server asks for in `WWW-Authenticate` (RFC 9110, section 11.6.1)."""

import re
from collections.abc import Iterable
from typing import NamedTuple

from dynacli.auth.credentials import WITH_PASSWORD, is_supported
from dynacli.openapi.model.operation import SecurityScheme
from dynacli.record import replace

__all__ = ["LONGEST_WORD", "USUAL_KEY", "read_challenges", "schemes_asked_for"]

_WORD = r"[!#$%&'*+.^_`|~0-9A-Za-z-]+"  # a token: RFC 9110, section 5.6.2
_PART = re.compile(
    rf"(?:^|,)[ \t]*(?P<alone>{_WORD})[ \t]*(?=,|$)"  # a scheme without parameters
    rf"|(?<![!#$%&\'*+.^_`|~0-9A-Za-z-])(?:(?P<scheme>{_WORD})[ \t]+)?(?P<name>{_WORD})[ \t]*=[ \t]*"
    r'(?P<value>"(?:[^"\\]|\\.)*"|[^\s,"]*)'
)
_MOST_CHARACTERS = 16_384
LONGEST_WORD = 40
"""Characters of a scheme that are shown, and sent."""

USUAL_KEY = SecurityScheme("", "apiKey", "", "header", "X-API-Key")
"""Where most APIs have their key that do not say so."""
_HEADER_NAMES = ("header", "header_name", "name")
"""The parameters of a challenge in which servers name the header of a key."""
_NOT_ANSWERED = frozenset({"negotiate", "ntlm", "mutual", "hoba", "vapid", "dpop", "gnap", "hawk", "oauth"})
"""Schemes of the registry of HTTP authentication schemes whose credentials are made for each request."""


class Asked(NamedTuple):
    """A challenge.

    Args:
        scheme: The authentication scheme, as the server writes it.
        parameters: Name in lower case → value; of a name that is given twice the first value.
    """

    scheme: str
    parameters: dict[str, str]


def read_challenges(values: Iterable[str]) -> list[Asked]:
    """Return the challenges of some headers in the order of the server; what cannot be read is left out."""
    found: list[Asked] = []
    for value in values:
        is_open = False
        for part in _PART.finditer(value[:_MOST_CHARACTERS]):
            scheme = part["alone"] or part["scheme"]
            if scheme:
                found.append(Asked(scheme, {}))
                is_open = True
            if is_open and part["name"]:
                text = part["value"]
                plain = re.sub(r"\\(.)", r"\1", text[1:-1]) if text.startswith('"') else text
                found[-1].parameters.setdefault(part["name"].lower(), plain)
    return found


def schemes_asked_for(values: Iterable[str]) -> list[SecurityScheme]:
    """Return the schemes that a server asks for, without a name, in its order.

    An API key has no scheme of its own, so servers make up words: FastAPI writes `APIKey`, Django REST framework
    `Token`. A word with `key` in it is about a header, which parameters may name; any other stands before the value.
    """
    found = []
    for word, parameters in read_challenges(values):
        kind = word.lower()
        if kind in {"bearer", *WITH_PASSWORD}:
            found.append(SecurityScheme("", "http", kind))
        elif "key" in kind:
            named = next((parameters[name] for name in _HEADER_NAMES if name in parameters), "")
            scheme = replace(USUAL_KEY, parameter=named or USUAL_KEY.parameter)
            found.append(scheme if is_supported(scheme) else USUAL_KEY)
        elif kind not in _NOT_ANSWERED and len(word) <= LONGEST_WORD:
            found.append(SecurityScheme("", "apiKey", "", "header", "Authorization", prefix=word))
    return found
