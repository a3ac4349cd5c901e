"""What a client asks a mock to answer: by the header `Prefer`, or by parameters of the query.

Names and forms are those of Prism: https://github.com/stoplightio/prism/blob/master/docs/guides/01-mocking.md
"""

import re
from urllib.parse import unquote_plus, urlsplit, urlunsplit

from dynacli.record import record, replace
from dynacli.traffic.recorded_request import RecordedRequest

__all__ = ["PreferenceError", "Preferences", "preferences_of"]

_NAMES = frozenset({"code", "example", "dynamic"})
# RFC 7240, section 2: a preference and its parameters are separated by `;`, preferences by `,`.
_PREFERENCE = re.compile(r'\s*([^\s=;,"]+)\s*(?:=\s*("(?:[^"\\]|\\.)*"|[^;,]*))?\s*(?:[;,]|$)')
_LOWEST, _HIGHEST = 200, 599


class PreferenceError(ValueError):
    """A preference has a value that it cannot have; the text says which."""


@record
class Preferences:
    """What a client asks for.

    Args:
        code: The status; 0 for none.
        example: The name of an example of the document; empty for none.
        is_dynamic: Whether values are made up anew for each answer; None where the client does not say.
    """

    code: int = 0
    example: str = ""
    is_dynamic: bool | None = None


def preferences_of(request: RecordedRequest) -> tuple[Preferences, RecordedRequest]:
    """Return what the client asks for, and the request without the parameters that say it.

    Raises:
        PreferenceError: A status is none, or `dynamic` is neither true nor false.
    """
    found: dict[str, str] = {}
    parts = urlsplit(request.url)
    kept = []
    for pair in parts.query.split("&") if parts.query else ():
        name, _, value = pair.partition("=")
        if name.startswith("__") and name[2:] in _NAMES:
            found[name[2:]] = unquote_plus(value)
        else:
            kept.append(pair)
    if found:
        request = replace(request, url=urlunsplit(parts._replace(query="&".join(kept))))
    for name, value in request.headers:
        if name.lower() == "prefer":
            found.update(_preferences(value))
    return Preferences(_code(found.get("code", "")), found.get("example", ""), _dynamic(found)), request


def _preferences(text: str) -> dict[str, str]:
    found: dict[str, str] = {}
    for match in _PREFERENCE.finditer(text):
        name, value = match[1].lower(), (match[2] or "").strip()
        if value.startswith('"'):
            value = re.sub(r"\\(.)", r"\1", value[1:-1])
        if name in _NAMES:
            found.setdefault(name, value)  # "the first one counts"
    return found


def _code(text: str) -> int:
    if not text:
        return 0
    if not (text.isascii() and text.isdecimal() and _LOWEST <= int(text[:4]) <= _HIGHEST):
        raise PreferenceError(f"`code={text}` names no status from {_LOWEST} to {_HIGHEST}")
    return int(text)


def _dynamic(found: dict[str, str]) -> bool | None:
    if "dynamic" not in found:
        return None
    text = found["dynamic"].lower()
    if text not in {"", "true", "false"}:
        raise PreferenceError(f"`dynamic={text}` is neither `true` nor `false`")
    return text != "false"
