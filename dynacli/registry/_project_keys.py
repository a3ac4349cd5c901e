"""Which keys of the configuration a project file may have, and which values.

Whoever can change the file must not gain what only the person has: it reads no file, runs no command, and loosens
nothing. So this is a list of what is allowed. A key that is not in it is refused until it is decided about.
"""

import os
import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from dynacli.environment import program
from dynacli.urls import holds_secret, is_secret_header, is_secret_name, origin_of

__all__ = ["refusals"]

_ANY = "*"
_VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_WEB = ("http://", "https://")

Path = tuple[str, ...]
_Check = Callable[[Any], str]
"""Returns what is wrong with a value, in a clause that follows the key; empty for nothing."""


def _anything(value: Any) -> str:  # noqa: ARG001
    return ""


def _document(value: Any) -> str:
    if not isinstance(value, str) or not value.strip():
        return "must be a URL, or a path below the project"
    return _url(value) if "://" in value else _path(value)


def _url(value: str) -> str:
    if holds_secret(value):
        return "must not hold a secret"
    try:
        is_url = (
            value.lower().startswith(_WEB) and value.isascii() and bool(origin_of(value).partition("://")[2])
        )
    except ValueError:
        is_url = False
    return "" if is_url else "must be a URL that begins with `https://` or `http://`, in ASCII"


def _path(value: Any) -> str:
    is_other = not isinstance(value, str) or not value.strip() or not value.isprintable()
    if is_other or "://" in value or value.startswith(("~", "unix:")) or value == "-" or os.path.isabs(value):
        return "must be a path relative to the file"
    return ""


def _paths(value: Any) -> str:
    return next(filter(None, map(_path, value)), "") if isinstance(value, list) else "must be a list of paths"


def _documents(value: Any) -> str:
    if not isinstance(value, list):
        return "must be a list of URLs and paths"
    return next(filter(None, map(_document, value)), "")


def _server(value: Any) -> str:
    if not isinstance(value, str):
        return ""
    if value.strip().lower().startswith("unix:"):
        return "must not be a socket of this machine"
    return _url(value) if "://" in value else ""


def _reference(value: Any) -> str:
    form, _, name = value.partition(":") if isinstance(value, str) else ("", "", "")
    if form != "env" or not _VARIABLE.fullmatch(name):
        return "must be `env:NAME`: a project file names no secret, file, command or keyring"
    prefix = f"{program().prefix}_"
    if name.startswith(prefix):
        return f"must not name a variable that begins with `{prefix}`: those belong to an API by their name"
    return ""


def _format(value: Any) -> str:
    # `@FILE` is refused for all configurations; here it is named as what it is.
    is_file = isinstance(value, str) and value.startswith("@")
    return "must not name a file" if is_file else ""


_OF_CALLS: dict[Path, _Check] = {
    ("auth",): _anything,
    ("auth", "when"): _anything,
    **{("auth", _ANY, key): _reference for key in ("key", "password", "token", "username")},
    **{("auth", _ANY, key): _anything for key in ("audience", "client_id", "prefix", "scopes")},
    ("headers", _ANY): _anything,
    ("output",): _format,
    **{("policy", key): _anything for key in ("allow", "confirm", "deny", "read_only")},
    ("query", _ANY): _anything,
    ("rate",): _anything,
    ("retries",): _anything,
    ("server",): _server,
    ("server_vars", _ANY): _anything,
    ("timeout",): _anything,
    ("validate",): _anything,
}
"""Key of an API or of a profile → what checks its value."""
_OF_API: dict[Path, _Check] = {
    **_OF_CALLS,
    ("document_login",): _anything,
    ("ignore",): _anything,
    ("more",): _documents,
    ("overlays",): _paths,
    ("pages", _ANY, _ANY): _anything,
    ("refresh",): _anything,
    ("refresh_after",): _anything,
    ("source",): _document,
    **{("profiles", _ANY, *path): check for path, check in _OF_CALLS.items()},
}
ALLOWED: Mapping[Path, _Check] = {("apis", _ANY, *path): check for path, check in _OF_API.items()}
"""Key, with `*` for any name → what checks its value."""

_OF_ALL = "is for all your APIs"
_NOT_OF_CALLS: dict[Path, str] = {
    **{("auth", _ANY, key): "reads a file" for key in ("cert", "cert_key", "passphrase")},
    **{("auth", _ANY, key): "says where this machine listens" for key in ("callback_host", "callback_port")},
    ("auth", _ANY, "client_secret"): "would be sent where the document says",
    ("auth", _ANY, "sign"): "runs a command",
    ("ca",): "reads a file and says whom connections trust",
    ("policy", "additional"): "is always so: your own policies hold as well",
}
_NOT_OF_API: dict[Path, str] = {
    **_NOT_OF_CALLS,
    **{("profiles", _ANY, *path): reason for path, reason in _NOT_OF_CALLS.items()},
    ("allow_refs",): "lets a document refer to other hosts and directories",
    ("origins",): "says where credentials may go besides `source` and `server`, which only you accept",
    ("pin",): "names a revision in your cache",
}
REFUSED: Mapping[Path, str] = {
    ("cache",): _OF_ALL,
    ("history",): _OF_ALL,
    **{("apis", _ANY, *path): reason for path, reason in _NOT_OF_API.items()},
}
"""Key that no project file has → why, in a clause that follows the key."""


def refusals(tables: Mapping[str, Any]) -> Iterator[tuple[Path, str]]:
    """Yield (key, what is wrong with it, in a clause) for what a project file may not have.

    Args:
        tables: What the file says.
    """
    for path, value in _leaves(tables, ()):
        name = f"`{'.'.join(path)}`"
        allowed = [pattern for pattern in ALLOWED if _begin_alike(pattern, path)]
        check = next((ALLOWED[pattern] for pattern in allowed if len(pattern) == len(path)), None)
        if check is None:
            if not any(len(pattern) > len(path) for pattern in allowed):
                refused = (pattern for pattern in REFUSED if len(pattern) <= len(path))
                reason = next((REFUSED[pattern] for pattern in refused if _begin_alike(pattern, path)), "")
                yield path, f"{name} {reason or 'is not known in project files'}"
        elif wrong := check(value) or _secret(path):
            yield path, f"{name} {wrong}"


def _leaves(value: Any, path: Path) -> Iterator[tuple[Path, Any]]:
    """Yield the key and the value of all that is not a table, and of tables that are empty."""
    if not isinstance(value, Mapping) or (path and not value):
        yield path, value
        return
    for key, each in value.items():
        yield from _leaves(each, (*path, key))


def _begin_alike(pattern: Path, path: Path) -> bool:
    """Return whether a key begins as a pattern does, as far as both go; a key may have a name that is `*`, too."""
    return all(part in (_ANY, name) for part, name in zip(pattern, path, strict=False))


def _secret(path: Path) -> str:
    """Return what is wrong with the name of a header, variable or pair of the query whose value would be a secret."""
    names = {"headers": is_secret_header, "query": is_secret_name, "server_vars": is_secret_name}
    is_secret = names.get(path[-2])
    return "must not hold a secret" if is_secret is not None and is_secret(path[-1]) else ""
