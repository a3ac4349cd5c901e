"""The keys of `config.toml`, their allowed values, and the check that no value is a secret."""

import tomllib
from collections.abc import Mapping
from difflib import get_close_matches
from typing import Any

from dynacli.environment import invocation
from dynacli.errors import UsageError
from dynacli.openapi.model.resources import OVERRIDES
from dynacli.openapi.model.wording import did_you_mean
from dynacli.options.standard_options import OPTIONS_BY_KEY
from dynacli.secrets import MASK, holds_secret, is_secret_setting

_ANY = "*"
_CHOICES: dict[str, tuple[str, ...]] = {
    "apply": ("agent", "person"),
    "history": ("off", "headers", "full"),
    "refresh": ("background", "blocking", "never"),
    **{key: option.choices for key, option in OPTIONS_BY_KEY.items() if option.choices},
}
_SYNONYMS = {"auth": {"none": "never"}}
"""Kind → other spellings of its values. `--auth none` of one call corresponds to `auth = "never"`."""
_KIND_OF_OPTION = {"retries": "integer", "seconds": "number", "server": "server"}
_OF_CALLS: dict[tuple[str, ...], str] = {
    **{
        (key, _ANY) if option.is_multiple else (key,): key
        if option.choices
        else _KIND_OF_OPTION.get(option.kind, "text")
        for key, option in OPTIONS_BY_KEY.items()
    },
    ("auth",): "auth",
    ("auth", "when"): "auth",
    ("auth", _ANY, "callback_port"): "integer",
    ("auth", _ANY, "scopes"): "list",
    ("auth", _ANY, _ANY): "text",
    ("ca",): "text",
    ("policy", "additional"): "boolean",
    ("policy", "allow"): "list",
    ("policy", "apply"): "apply",
    ("policy", "confirm"): "list",
    ("policy", "deny"): "list",
    ("policy", "read_only"): "boolean",
    ("policy", "reads"): "list",
    ("success",): "text",
}
_OF_API: dict[tuple[str, ...], str] = {
    **_OF_CALLS,
    ("allow_refs",): "list",
    ("document_login",): "text",
    ("more",): "list",
    ("origins",): "list",
    ("overlays",): "list",
    ("pages", _ANY, _ANY): "text",
    ("pin",): "text",
    ("refresh",): "refresh",
    ("refresh_after",): "text",
    **{("resources", _ANY, key): "text" for key in OVERRIDES},
    ("source",): "text",
    **{("profiles", _ANY, *path): kind for path, kind in _OF_CALLS.items()},
}
_KINDS = {
    ("history",): "history",
    ("output",): "text",
    ("cache", "limit"): "text",
    ("cache_limit",): "text",
    **{("apis", _ANY, *path): kind for path, kind in _OF_API.items()},
}
"""Path of a key → kind of its value. `*` matches any name."""

KEYS_OF_API = tuple(sorted(".".join(path) for path in _OF_API if _ANY not in path))
"""The keys of an API that contain no name chosen by the user."""

_REFERENCED = frozenset({"token", "username", "password", "key", "client_secret", "passphrase"})
_FORMS = ("env:", "file:", "command:", "keyring:")
_NEVER_KEPT = "Secrets are never kept in the configuration, where backups and other people find them"
_TRUTH = {"true": True, "false": False}


def key_path(word: str) -> tuple[str, ...]:
    """Return the parts of a key such as `pages."*".items`.

    Raises:
        UsageError: The string is not a key.
    """
    try:
        found: Any = tomllib.loads(f"{word} = 0") if "\n" not in word and "=" not in word else {}
    except tomllib.TOMLDecodeError:
        found = {}
    parts = []
    while isinstance(found, dict) and len(found) == 1:
        (name, found), *_ = found.items()
        parts.append(name)
    if not parts or found != 0:
        raise UsageError(
            f"`{word}` is not a key",
            reason="A key consists of names separated by `.`",
            hint=f"For example `history`; {_help()}",
        )
    return tuple(parts)


def _kind_of(path: tuple[str, ...]) -> str:
    found = [
        (pattern.count(_ANY), kind)
        for pattern, kind in _KINDS.items()
        if len(pattern) == len(path)
        and all(part in (_ANY, word) for part, word in zip(pattern, path, strict=True))
    ]
    return min(found)[1] if found else ""


def value_of(path: tuple[str, ...], text: str, start: int = 0) -> Any:
    """Return the value of a key from a string; None for an empty string, which removes the key.

    Args:
        path: Full path of the key.
        start: Number of its first parts that messages omit.

    Raises:
        UsageError: The key is unknown, or the value is invalid or a secret. The error never contains the value.
    """
    name, kind = ".".join(path[start:]), _kind_of(path)
    if not kind:
        raise _unknown_key(path, start)
    if not text:
        return None
    _check_secret(path, text, name)
    text = _SYNONYMS.get(kind, {}).get(text, text)
    choices = _CHOICES.get(kind, ())
    if choices and text not in choices:
        raise _wrong_value(name, f"It is one of {', '.join(f'`{choice}`' for choice in choices)}")
    if kind == "list":
        return _list_of(name, text)
    if kind == "boolean":
        if text not in _TRUTH:
            raise _wrong_value(name, "It is `true` or `false`")
        return _TRUTH[text]
    if kind == "server":
        return int(text) if text.isdecimal() else text
    if kind in {"integer", "number"}:
        try:
            return int(text) if kind == "integer" or text.isdecimal() else float(text)
        except ValueError:
            raise _wrong_value(name, "It is a number") from None
    return text


def _list_of(name: str, text: str) -> list[Any]:
    if not text.startswith("["):
        return [word.strip() for word in text.split(",") if word.strip()]
    try:
        found = tomllib.loads(f"list = {text}")
    except tomllib.TOMLDecodeError:
        found = {}
    if found.keys() != {"list"} or not all(isinstance(item, str) for item in found["list"]):
        raise _wrong_value(name, 'It is a list: `A,B` or `["A", "B"]`')
    listed: list[Any] = found["list"]
    return listed


def _wrong_value(name: str, reason: str) -> UsageError:
    return UsageError(f"Invalid value for `{name}`", reason=reason, hint=_help())


def _unknown_key(path: tuple[str, ...], start: int) -> UsageError:
    name = ".".join(path[start:])
    known = (
        KEYS_OF_API
        if path[0] == "apis" and len(path) > 2
        else ("history", "output", "cache.limit", "cache_limit", "apis.NAME.KEY")
    )
    near = get_close_matches(".".join(path[2:]) if path[0] == "apis" else name, known, 1, 0.6)
    return UsageError(
        f"`{name}` is not a key that you can set",
        reason=f"Keys: {', '.join(f'`{item}`' for item in known)}" if len(known) < 6 else "",
        hint=f"{did_you_mean(near)} {_help()}".lstrip(),
        near=near,
    )


def _check_secret(path: tuple[str, ...], text: str, name: str) -> None:
    """Check that a value is not a secret.

    Raises:
        UsageError: The value is a secret. The hint says how to store it.
    """
    where = f"`{invocation('auth login')}` stores one; `{invocation('help auth')}` has the other ways"
    if "auth" in path[2:-1] and path[-1] in _REFERENCED and not text.startswith(_FORMS):
        scheme = path[path.index("auth", 2) + 1]
        raise UsageError(
            f"`{name}` takes a reference, not the secret itself",
            reason=_NEVER_KEPT,
            hint=f"Write `{name}=env:NAME`, `file:PATH`, `command:WORDS` or `keyring:SERVICE/USER`, "
            f"or store it for `{scheme}` with `{invocation('auth login')}`",
        )
    if is_secret_setting(path):
        raise UsageError(f"`{path[-1]}` is the name of a secret", reason=_NEVER_KEPT, hint=where)
    if holds_secret(text):
        raise UsageError(f"The URL for `{name}` holds a secret", reason=_NEVER_KEPT, hint=where)
    if path[-1] == "server" and text.startswith("unix:"):
        from dynacli.http.sockets import parse_socket

        parse_socket(text)


def masked_setting(value: Any, path: tuple[str, ...] = ()) -> Any:
    """Return a value of the configuration with secrets masked.

    Args:
        path: Path of its key.
    """
    if isinstance(value, Mapping):
        return {name: masked_setting(item, (*path, name)) for name, item in value.items()}
    if isinstance(value, list):
        return [masked_setting(item, path) for item in value]
    if not isinstance(value, str):
        return value if isinstance(value, int | float) else str(value)
    if is_secret_setting(path) or holds_secret(value):
        return MASK
    is_referenced = "auth" in path[2:-1] and path[-1] in _REFERENCED
    return MASK if is_referenced and not value.startswith(_FORMS) else value


def words_of_key(path: tuple[str, ...]) -> tuple[str, ...]:
    """Return the allowed values of a key; empty if it takes other values."""
    return _CHOICES.get(_kind_of(path), ())


def _help() -> str:
    return f"`{invocation('help config')}` lists the keys"
