"""The project file `.dynacli.toml`, which adds the APIs of a project, and the record of trusted project files.

The author of the file may be a stranger, so calls do not even open it before the user trusts it. Trust is for one
content at one path. The content is read once, so the trusted and the used content are the same.

The file must not give its author the rights of the user: it cannot read other files, run commands, or loosen a rule.
So only listed keys of the configuration are allowed, with limited values. All other keys are refused.
"""

import os
import re
from collections.abc import Callable, Iterator, Mapping
from shlex import split
from typing import Any

from dynacli.environment import Environment, prefix_of, program, variable
from dynacli.errors import FileError, UsageError
from dynacli.files import check_own, locked, make_directory, regular_file, write_file
from dynacli.openapi.document.json_trees import leaves
from dynacli.record import record
from dynacli.registry.project import BROKEN, CHANGED, TRUSTED, UNTRUSTED, Project, ProjectState
from dynacli.secrets import holds_secret, is_secret_setting
from dynacli.text.terminal import visible
from dynacli.urls import origin_of

_ANY = "*"
_VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_WEB = ("http://", "https://")

EntryPath = tuple[str, ...]
_Check = Callable[[Any], str]
"""Returns what is wrong with a value, in a clause that follows the key; empty for nothing."""
_OF_ALL = "is for all your APIs"
_NOT_OF_CALLS: dict[EntryPath, str] = {
    **{("auth", _ANY, key): "reads a file" for key in ("cert", "cert_key", "passphrase")},
    **{("auth", _ANY, key): "says where this machine listens" for key in ("callback_host", "callback_port")},
    ("auth", _ANY, "client_secret"): "would be sent where the document says",
    ("auth", _ANY, "sign"): "runs a command",
    ("ca",): "reads a file and says whom connections trust",
    ("policy", "additional"): "is always so: your own policies hold as well",
    ("policy", "apply"): "lets agents apply plans, which only your own configuration can",
    ("policy", "reads"): "says that calls change nothing, which only your own configuration can",
}
_NOT_OF_API: dict[EntryPath, str] = {
    **_NOT_OF_CALLS,
    **{("profiles", _ANY, *path): reason for path, reason in _NOT_OF_CALLS.items()},
    ("allow_refs",): "lets a document refer to other hosts and directories",
    ("origins",): "says where credentials may go besides `source` and `server`, which only you accept",
    ("pin",): "names a revision in your cache",
}
REFUSED: Mapping[EntryPath, str] = {
    ("cache",): _OF_ALL,
    ("cache_limit",): _OF_ALL,
    ("history",): _OF_ALL,
    ("output",): _OF_ALL,
    **{("apis", _ANY, *path): reason for path, reason in _NOT_OF_API.items()},
}
"""Key that no project file has → why, in a clause that follows the key."""
_MOST_BYTES = 1 << 14
"""tomllib takes a second for as many dots in one key, and four times as long for twice as many."""
_MOST_APIS = 64
_FORMAT = 1


def _anything(value: Any) -> str:  # noqa: ARG001
    return ""


def _document(value: Any) -> str:
    if not isinstance(value, str) or not value.strip():
        return "must be a URL, or a path below the project"
    return _wrong_in_url(value) if "://" in value else _wrong_in_path(value)


def _wrong_in_url(value: str) -> str:
    if holds_secret(value):
        return "must not hold a secret"
    try:
        is_url = (
            value.lower().startswith(_WEB) and value.isascii() and bool(origin_of(value).partition("://")[2])
        )
    except ValueError:
        is_url = False
    return "" if is_url else "must be a URL that begins with `https://` or `http://`, in ASCII"


def _wrong_in_path(value: Any) -> str:
    if not isinstance(value, str) or not value.strip() or not value.isprintable():
        return "must be a path relative to the file"
    is_other = "://" in value or value == "-" or value.lower().startswith(("~", "unix:", "file:"))
    return "must be a path relative to the file" if is_other or os.path.isabs(value) else ""


def _paths(value: Any) -> str:
    return (
        next(filter(None, map(_wrong_in_path, value)), "")
        if isinstance(value, list)
        else "must be a list of paths"
    )


def _documents(value: Any) -> str:
    if not isinstance(value, list):
        return "must be a list of URLs and paths"
    return next(filter(None, map(_document, value)), "")


def _server(value: Any) -> str:
    if not isinstance(value, str):
        return ""
    if "://" in value:
        return _wrong_in_url(value)
    # `{a}:/run/app.sock` could become one by a variable.
    is_socket = value.strip().lower().startswith("unix:") or "{" in value
    return "must be a URL, or the index or name of a server of the document" if is_socket else ""


def _wrong_in_reference(value: Any) -> str:
    form, _, name = value.partition(":") if isinstance(value, str) else ("", "", "")
    if form != "env" or not _VARIABLE.fullmatch(name):
        return "must be `env:NAME`: a project file names no secret, file, command or keyring"
    prefix = f"{program().prefix}_"
    if name.upper().startswith(prefix):
        return f"must not name a variable that begins with `{prefix}`: those belong to an API by their name"
    return ""


_OF_ALIASES = frozenset(
    {
        *(
            "all",
            "cache",
            "columns",
            "follow",
            "filter",
            "include",
            "jq",
            "max_bytes",
            "max_items",
            "output",
            "query",
        ),
        *(
            "progress",
            "rate",
            "retries",
            "sql",
            "timeout",
            "validate",
            "wait",
            "wait_interval",
            "wait_timeout",
        ),
        *("dry_run", "verbose"),
    }
)
"""The options that an alias of a project file may have: they read and write no file, and agree to nothing."""


def _alias(value: Any) -> str:
    """Return what is wrong with the line of an alias, which has the rights of the user who calls it.

    Its words are parsed without the document. So each one that could name a file or be a refused option is refused.
    """
    if not isinstance(value, str):
        return "must be the arguments of a call, as a string"
    from dynacli.commands.read_line import Binding, read_words, standard_bindings

    try:
        words = split(value)
    except ValueError as error:
        return f"cannot be read: {error}"
    if any(_names_file(word) for word in words):
        return "must not name a file: `@` begins its name"
    bindings = standard_bindings()
    for start in range(len(words)):  # a value that looks like an option could be one
        for word in read_words(words[start:], bindings, lambda _: Binding()).given:
            if word.option is not None and word.option_name not in _OF_ALIASES:
                return f"must not have `{word.flag}`: only your own aliases can"
            if _names_file(word.value or ""):
                return "must not name a file: `@` begins its name"
    return "must not hold a secret" if any(map(holds_secret, words)) else ""


def _names_file(word: str) -> bool:
    return word.startswith("@") or "=@" in word or ":@" in word


def _format(value: Any) -> str:
    # `@FILE` is refused for all configurations; here it is named as what it is.
    is_file = isinstance(value, str) and value.startswith("@")
    return "must not name a file" if is_file else ""


_OF_CALLS: dict[EntryPath, _Check] = {
    ("auth",): _anything,
    ("auth", "when"): _anything,
    **{("auth", _ANY, key): _wrong_in_reference for key in ("key", "password", "token", "username")},
    **{("auth", _ANY, key): _anything for key in ("audience", "client_id", "prefix", "scopes")},
    ("cache",): _anything,  # it holds for the project's own API, whose server decides what it sends anyway
    ("headers", _ANY): _anything,
    ("http_version",): _anything,
    ("output",): _format,
    **{("policy", key): _anything for key in ("allow", "confirm", "deny", "read_only")},
    ("query", _ANY): _anything,
    ("rate",): _anything,
    ("retries",): _anything,
    ("server",): _server,
    ("server_vars", _ANY): _anything,
    ("success",): _anything,  # it makes a success a failure, and never a failure a success
    ("timeout",): _anything,
    ("validate",): _anything,
}
"""Key of an API or of a profile → what checks its value."""
_OF_API: dict[EntryPath, _Check] = {
    **_OF_CALLS,
    ("aliases", _ANY): _alias,
    ("document_login",): _anything,
    ("ignore",): _anything,
    ("more",): _documents,
    ("overlays",): _paths,
    ("pages", _ANY, _ANY): _anything,
    ("refresh",): _anything,
    ("refresh_after",): _anything,
    ("resources", _ANY, _ANY): _anything,  # the document, of the same author, could say the same
    ("source",): _document,
    **{("profiles", _ANY, *path): check for path, check in _OF_CALLS.items()},
}
ALLOWED: Mapping[EntryPath, _Check] = {("apis", _ANY, *path): check for path, check in _OF_API.items()}
"""Key, with `*` for any name → the check of its value."""

_DEEPEST = max(map(len, ALLOWED))


def refusals(tables: Mapping[str, Any]) -> Iterator[tuple[EntryPath, str]]:
    """Yield (key, reason) for each key or value that a project file may not have.

    Args:
        tables: The content of the file.
    """
    for path, value in leaves(tables, deepest=_DEEPEST):
        name = f"`{'.'.join(path)}`"
        allowed = [pattern for pattern in ALLOWED if _begin_alike(pattern, path)]
        check = next((ALLOWED[pattern] for pattern in allowed if len(pattern) == len(path)), None)
        if check is None:
            if not any(len(pattern) > len(path) for pattern in allowed):
                refused = (pattern for pattern in REFUSED if len(pattern) <= len(path))
                reason = next((REFUSED[pattern] for pattern in refused if _begin_alike(pattern, path)), "")
                yield path, f"{name} {reason or 'is not known in project files'}"
        elif wrong := check(value) or ("must not hold a secret" if is_secret_setting(path) else ""):
            yield path, f"{name} {wrong}"


def _begin_alike(pattern: EntryPath, path: EntryPath) -> bool:
    """Return whether a key and a pattern are equal up to the end of the shorter one; `*` matches any name."""
    return all(part in (_ANY, name) for part, name in zip(pattern, path, strict=False))


_known: dict[str, tuple[tuple[Any, ...], ProjectState]] = {}
"""Path → the stamp of the files, which shows changes, and the state for this stamp."""


Names = tuple[str, ...]
CheckName = Callable[[str], None]


def project_state(env: Environment, own: Names, check_name: CheckName) -> ProjectState:
    """Return the state of the project file of the working directory, which must have one.

    Args:
        own: The names of the user's own APIs, and of the demo API.
        check_name: Raises a `UsageError` for a name that no API can have.
    """
    path = env.project_file
    try:
        stamp = (_stamp(path), _stamp(_record_path(env)), own)
    except FileError:  # there is no directory that could say so
        return ProjectState(path, UNTRUSTED)
    if path not in _known or _known[path][0] != stamp:
        _known[path] = stamp, _found_project(env, path, own, check_name)
    return _known[path][1]


def _stamp(path: str) -> tuple[int, ...]:
    try:
        found = os.stat(path)
    except OSError:
        return ()
    return found.st_dev, found.st_ino, found.st_size, found.st_mtime_ns, found.st_ctime_ns


def _found_project(env: Environment, path: str, own: Names, check_name: CheckName) -> ProjectState:
    trusted = _trusted(env, path).get(path)
    if trusted is None:
        return ProjectState(path, UNTRUSTED)
    try:
        content = _file_in_project(path)
        if _digest(content) != trusted.digest:
            return ProjectState(path, CHANGED)
        project = _project(path, content, own, check_name)
    except FileError as error:
        return ProjectState(path, BROKEN, error=error)
    for name in project.apis.keys() & trusted.origins.keys():
        project.apis[name]["origins"] = list(trusted.origins[name])
    return ProjectState(path, TRUSTED, project)


def read_project(path: str, own: Names, check_name: CheckName) -> Project:
    """Read a project file, and check it.

    Args:
        path: The path, with resolved symbolic links of its directory.
        own: As in `project_state`.
        check_name: As in `project_state`.

    Raises:
        FileError: The file cannot be read, is not TOML, or has keys or values that it may not have.
    """
    return _project(path, _file_in_project(path), own, check_name)


def _file_in_project(path: str) -> bytes:
    """Return the content of a file.

    Raises:
        FileError: The file cannot be read, is too large, or is outside of the project.
    """
    try:
        real = os.path.realpath(path)
        if not _is_inside(real, _root(path)):
            raise _unusable(path, "it is a symbolic link that leads out of the project")
        with open(path, "rb", opener=regular_file) as file:
            if not os.path.samestat(os.fstat(file.fileno()), os.stat(real)):
                raise _unusable(path, "it was replaced while it was read")
            content = file.read(_MOST_BYTES + 1)
    except OSError as error:
        raise _unusable(path, (error.strerror or "it cannot be read").lower()) from error
    if len(content) > _MOST_BYTES:
        raise _unusable(path, f"it is larger than {_MOST_BYTES >> 10} KiB")
    return content


def _digest(content: bytes) -> str:
    import hashlib

    return hashlib.sha256(content).hexdigest()


def _unusable(path: str, reason: str, hint: str = "") -> FileError:
    shown, reason = (visible(item, keep="") for item in (path, reason))
    return FileError(f"The project file `{shown}` cannot be used", reason=reason, hint=hint or "Fix the file")


def _project(path: str, content: bytes, own: Names, check_name: CheckName) -> Project:
    """Check the content of a project file, and return the project.

    Raises:
        FileError: The content is not TOML, or has keys or values that it may not have.
    """
    import tomllib

    try:
        text = content.decode()
        tables = tomllib.loads(text)
    except UnicodeDecodeError as error:
        raise _unusable(path, f"it is not UTF-8 (at byte {error.start})") from None
    except (ValueError, RecursionError) as error:  # `int` raises a ValueError for 5,000 digits
        reason = "it is nested too deeply" if isinstance(error, RecursionError) else str(error)
        raise _unusable(path, f"it is not TOML: {reason}") from None
    for key, reason in refusals(tables):
        raise _refused(path, text, key, reason)
    apis = tables.get("apis", {})
    if not isinstance(apis, dict):
        raise _refused(path, text, ("apis",), "`apis` must be a table, with one of each API: `[apis.NAME]`")
    if len(apis) > _MOST_APIS:
        raise _unusable(path, f"it has {len(apis)} APIs, and at most {_MOST_APIS} are allowed")
    root = _root(path)
    found = {}
    for name, entry in apis.items():
        place = ("apis", name)
        wrong = _wrong_name(name, own, check_name)
        if wrong:
            raise _refused(path, text, place, wrong, "Give it another name in the file")
        if not isinstance(entry, dict) or "source" not in entry:
            raise _refused(path, text, place, f"`{name}` has no `source`, the file or URL of its document")
        located = _located(entry, os.path.dirname(path))
        for word, location in _locations(located):
            if "://" not in location and not _is_inside(os.path.realpath(location), root):
                raise _refused(path, text, (*place, word), f"`{word}` of `{name}` leads out of the project")
        found[name] = located
    return Project(path, _digest(content), text, tables, found)


def _refused(path: str, text: str, key: tuple[str, ...], reason: str, hint: str = "") -> FileError:
    from dynacli.registry.configuration_text import nearest_line  # it takes tomlkit along

    line = nearest_line(text, key)
    hint = hint or "Remove it from the file; your own configuration can have it"
    return _unusable(path, f"line {line}: {reason}" if line else reason, hint)


def _wrong_name(name: str, own: Names, check_name: CheckName) -> str:
    """Return the reason why a project's API may not have a name; empty if it may.

    The variables with credentials begin with the name, so names can share variables: `git-hub` and `git_hub` do. And
    `git-hub` would get the variable of the scheme `hub_token` of `git`.
    """
    try:
        check_name(name)
    except UsageError as error:
        return f"{error.message}: {error.reason}" if error.reason else error.message
    prefix = prefix_of(name)
    for other in own:
        theirs = prefix_of(other)
        if other != name and (prefix == theirs or prefix.startswith(f"{theirs}_")):
            return f"`{name}` would get credentials of your API `{other}`, from variables such as `{prefix}_TOKEN`"
    return ""


def _located(entry: Mapping[str, Any], directory: str) -> dict[str, Any]:
    """Return the entry of an API with absolute paths, and with a policy that keeps the user's own policies in force."""

    def place(word: str) -> str:
        return word if "://" in word else os.path.normpath(os.path.join(directory, word))

    located = {**entry, "source": place(entry["source"])}
    located |= {key: [place(word) for word in entry[key]] for key in ("more", "overlays") if key in entry}
    if isinstance(entry.get("policy"), dict):
        located["policy"] = {**entry["policy"], "additional": True}
    return located


def _locations(entry: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Return (key, location) of the documents and overlays of an entry."""
    listed = [(key, word) for key in ("more", "overlays") for word in entry.get(key, ())]
    return [("source", entry["source"]), *listed]


def _root(path: str) -> str:
    """Return the directory of a file's project: the nearest one with `.git`, or else the directory of the file."""
    own = directory = os.path.dirname(path)
    while Environment.may_hold_project(directory):
        if os.path.lexists(os.path.join(directory, ".git")):
            return os.path.realpath(directory)
        directory = os.path.dirname(directory)
    return os.path.realpath(own)


def _is_inside(path: str, directory: str) -> bool:
    return f"{path}/".startswith(f"{directory.rstrip('/')}/")


def _record_path(env: Environment) -> str:
    return os.path.join(env.state_dir, "projects", "trusted.json")


@record
class _Trust:
    """The user's trust in a file.

    Args:
        digest: The SHA-256 of the content, in hexadecimal.
        origins: Name of an API → further origins that the user has accepted for its credentials.
    """

    digest: str
    origins: Mapping[str, tuple[str, ...]]


def _trusted(env: Environment, path: str) -> dict[str, _Trust]:
    """Return path → trust of the files that are trusted; none if the record is damaged, or may be another's.

    Args:
        path: A file that is asked about. What its own project has beside it says nothing: it came with the file.
    """
    import json

    place = _record_path(env)
    try:
        if not os.path.isabs(place) or _is_inside(os.path.realpath(place), _root(path)):
            return {}
        with open(place, "rb", opener=regular_file) as file:
            check_own(os.fstat(file.fileno()), place, is_secret=True)
            found = json.load(file)
    except (OSError, ValueError, RecursionError):
        return {}
    files = found.get("files") if isinstance(found, dict) and found.get("format") == _FORMAT else None
    pairs = files.items() if isinstance(files, dict) else ()
    return {path: trust for path, form in pairs if (trust := _trust_of(form)) is not None}


def _trust_of(form: Any) -> _Trust | None:
    """Return trust in its form in the record; None if it is damaged."""
    if not isinstance(form, dict) or not isinstance(form.get("sha256"), str):
        return None
    origins = form.get("origins", {})
    if not isinstance(origins, dict):
        return None
    lists = {name: origin if isinstance(origin, list) else () for name, origin in origins.items()}
    return _Trust(form["sha256"], {name: tuple(map(str, list_)) for name, list_ in lists.items()})


def trust(env: Environment, path: str, digest: str) -> None:
    """Record that the user trusts a file with this content.

    Args:
        digest: The SHA-256 of the content that the user has seen.

    Raises:
        FileError: The record cannot be written.
    """
    _change(env, path, lambda old: old if old is not None and old.digest == digest else _Trust(digest, {}))


def distrust(env: Environment, path: str) -> bool:
    """End the trust in a file, and return whether it was trusted.

    Raises:
        FileError: The record cannot be written.
    """
    was_trusted = path in _trusted(env, path)
    if was_trusted:
        _change(env, path, lambda _: None)
    return was_trusted


def accept_origin(env: Environment, name: str, origin: str) -> None:
    """Record that the user accepts one more origin for the credentials of an API in the project file.

    This is valid while the content of the file is trusted.

    Args:
        name: The name of the API.

    Raises:
        FileError: The record cannot be written.
    """

    def changed(old: _Trust | None) -> _Trust | None:
        if old is None:
            return None
        origins = tuple(dict.fromkeys((*old.origins.get(name, ()), origin)))
        return _Trust(old.digest, {**old.origins, name: origins})

    _change(env, env.project_file, changed)


def _change(env: Environment, path: str, changed: Callable[[_Trust | None], _Trust | None]) -> None:
    import json

    place = _record_path(env)
    directory = os.path.dirname(place)
    if not os.path.isabs(place) or _is_inside(os.path.realpath(place), _root(path)):
        raise FileError(
            "What you trust cannot be remembered",
            reason=f"The state directory `{env.state_dir}` is relative, or inside the project",
            hint=f"Set another one in `{variable('STATE_DIR')}`",
        )
    try:
        make_directory(directory)
        with locked(directory, "changing which project files are trusted"):
            files = _trusted(env, path)
            new = changed(files.pop(path, None))
            if new is not None:
                files[path] = new
            forms = {key: {"sha256": file.digest, "origins": file.origins} for key, file in files.items()}
            write_file(place, json.dumps({"format": _FORMAT, "files": forms}, indent=1).encode())
    except OSError as error:
        reason = error.strerror or ""
        raise FileError(f"`{place}` cannot be written", reason=reason, hint="Check its directory") from error
