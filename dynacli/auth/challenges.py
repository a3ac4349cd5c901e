"""What a server asks for in `WWW-Authenticate` (RFC 9110, section 11.6.1)."""

import re
from collections.abc import Iterable
from typing import NamedTuple

__all__ = ["Asked", "read_challenges"]

_WORD = r"[!#$%&'*+.^_`|~0-9A-Za-z-]+"  # a token: RFC 9110, section 5.6.2
_PART = re.compile(
    rf"(?:^|,)[ \t]*(?P<alone>{_WORD})[ \t]*(?=,|$)"  # a scheme without parameters
    rf"|(?<![!#$%&\'*+.^_`|~0-9A-Za-z-])(?:(?P<scheme>{_WORD})[ \t]+)?(?P<name>{_WORD})[ \t]*=[ \t]*"
    r'(?P<value>"(?:[^"\\]|\\.)*"|[^\s,"]*)'
)
_MOST_CHARACTERS = 16_384


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
