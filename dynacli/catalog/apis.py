"""The word that names an API → its current catalog: a registered name, a URL, a path, `-`, or `demo`.

A warm run does one `stat` and opens one file. Only a document that is new or changed is read and compiled.
"""

import os
import re
import time
from typing import TYPE_CHECKING, Any, NamedTuple

from dynacli.catalog.revisions import Installed, Revisions, revision_of
from dynacli.catalog.store import Catalog, DamagedCatalogError
from dynacli.environment import Environment
from dynacli.errors import DocumentError, DynacliError, FileError, UsageError

if TYPE_CHECKING:
    from dynacli.document.fetch import Fetched

__all__ = [
    "DEMO",
    "VERBS",
    "Api",
    "Before",
    "Configuration",
    "check_name",
    "open_api",
    "open_content",
    "refresh_api",
]

DEMO = "demo"

VERBS = (
    "api",
    "auth",
    "changes",
    "check",
    "completion",
    "demo",
    "describe",
    "doctor",
    "document",
    "explore",
    "export",
    "help",
    "history",
    "mcp",
    "operations",
    "replay",
    "request",
    "search",
)
"""Words that mean dynacli itself; no API can have such a name."""

_NAME = re.compile(r"[a-z0-9][a-z0-9_-]{0,62}")
MOST_NAMED = 5
"""Operations that a warning names, before it leaves the rest to `api show`."""

_SETTLED_NS = 2_000_000_000
"""A file changed within two seconds before it was read may change again without its time showing it."""


class Api:
    """An API that can be called.

    Attributes:
        name: How it is called: a registered name, or the word that was given for its document.
        catalog: Its operations.
        uri: The base of relative servers: the document's own URI.
        prefix: Of the variables that hold its credentials.
        origins: Where its credentials may go, as far as that was accepted before.
        warning: Why the document could not be read again, so that an earlier revision is used.
        is_new: Whether the document has just been compiled.
        failure: Why what was compiled could not be kept.

    Args:
        content: The document's bytes, where they are at hand.
    """

    def __init__(
        self,
        name: str,
        revisions: Revisions,
        catalog: Catalog,
        pointer: dict[str, Any],
        origins: tuple[str, ...] = (),
        content: bytes | None = None,
    ) -> None:
        self.name = name
        self.revisions = revisions
        self.catalog = catalog
        self.pointer = pointer
        self.uri: str = pointer["uri"]
        self.prefix = "DYNACLI"
        self.origins = origins
        self.warning: DynacliError | None = None
        self.is_new = False
        self.failure: FileError | None = None
        self._content = content

    @property
    def location(self) -> str:
        """The absolute path or the URL of the document."""
        return self.revisions.location

    def content(self) -> bytes | None:
        """Return the bytes of the document as they came; None when the cache has lost them."""
        return self._content or self.revisions.content(self.pointer["revision"])

    @property
    def notes(self) -> list[str]:
        """What a person should know once, when the document has just been compiled."""
        notes = []
        left_out = what_is_left_out(self.catalog) if self.is_new else ""
        if left_out:
            import shlex

            head = f"{left_out}; `dynacli api show {shlex.quote(self.name)}` tells more"
            notes.append("\n".join([head, *_named(self.catalog)]))
        if self.failure is not None:
            notes.append(f"{self.failure.what}, so the document is compiled for this run alone")
        return notes

    @property
    def is_registered(self) -> bool:
        """Whether the name stands in the configuration."""
        return bool(_NAME.fullmatch(self.name)) and self.name != DEMO


def check_name(name: str) -> None:
    """Check a name before it is registered.

    Raises:
        UsageError: It cannot be one.
    """
    if name in VERBS:
        raise UsageError(
            f"`{name}` is a command of dynacli and cannot be the name of an API", hint="Choose another"
        )
    if not _NAME.fullmatch(name) or name.endswith((".json", ".yaml", ".yml")):
        raise UsageError(
            f"`{name}` cannot be the name of an API",
            why="A name has lower-case letters, digits, `-` and `_`, and starts with a letter or digit",
        )


class Configuration:
    """The file that a person may write by hand: `config.toml` in the configuration directory.

    Raises:
        FileError: From any method, when the file cannot be read or written.
    """

    def __init__(self, env: Environment) -> None:
        self.path = os.path.join(env.config_dir, "config.toml")

    def apis(self) -> dict[str, dict[str, Any]]:
        """Return name → entry of the registered APIs; their sources mean the same from any directory."""
        return {
            name: {**entry, "source": self._meant(entry["source"])}
            for name, entry in self._entries().items()
            if name not in VERBS and isinstance(entry, dict) and isinstance(entry.get("source"), str)
        }

    def has_entry(self, name: str) -> bool:
        """Tell whether there is an entry of that name, be it usable or not."""
        return name in self._entries()

    def _entries(self) -> dict[str, Any]:
        import tomllib

        try:
            with open(self.path, "rb") as file:
                entries = tomllib.load(file).get("apis", {})
        except FileNotFoundError:
            return {}
        except (OSError, ValueError, RecursionError) as error:
            raise FileError(
                f"The configuration `{self.path}` cannot be read",
                why=_reason(error),
                hint="Mend the file, or move it away",
            ) from error
        return entries if isinstance(entries, dict) else {}

    def _meant(self, source: str) -> str:
        # A person writes what a shell would take; a path starts from the file that it is written in.
        if "://" in source or os.path.isabs(source):
            return source
        directory = os.path.dirname(os.path.abspath(self.path))
        return os.path.normpath(os.path.join(directory, os.path.expanduser(source)))

    def edit(self, name: str, entry: dict[str, Any] | None, *, new_name: str = "") -> None:
        """Write, remove (None) or rename the entry of an API; comments and all else stay as they are."""
        from dynacli.catalog.configuration import edited
        from dynacli.catalog.files import locked, make_directory, write_atomically

        directory = os.path.dirname(self.path)
        try:
            make_directory(directory)
            with locked(directory, "changing the configuration"):
                try:
                    with open(self.path, encoding="utf-8", newline="") as file:
                        text = file.read()
                except FileNotFoundError:
                    text = ""
                # Many people keep their configuration elsewhere, with a link to it here.
                write_atomically(os.path.realpath(self.path), edited(text, name, entry, new_name).encode())
        except (OSError, ValueError, RecursionError) as error:
            raise FileError(
                f"The configuration `{self.path}` cannot be changed", why=_reason(error)
            ) from error


def _reason(error: Exception) -> str:
    if isinstance(error, OSError):
        return error.strerror or ""
    if isinstance(error, UnicodeDecodeError):
        return f"it is not UTF-8 (at byte {error.start})"
    return "it is nested too deeply" if isinstance(error, RecursionError) else str(error)


def open_api(word: str, env: Environment, *, refresh: bool = False, offline: bool = False) -> Api:
    """Return the API that a word names.

    Args:
        refresh: Whether the document is read or fetched again first.
        offline: Whether nothing may be fetched.

    Raises:
        UsageError: There is no such API.
        DocumentError: The document cannot be used.
        NetworkError: It cannot be fetched.
        FileError: The cache or the configuration cannot be used.
    """
    if word == DEMO:
        from dynacli.document.shipped import shipped_path

        path = shipped_path("armature.json")
        api = _from_file(DEMO, path, path, env, refresh=refresh)
        api.prefix = "DYNACLI_DEMO"
        return api
    if _is_source(word):
        return _from_source(word, word, env, refresh=refresh, offline=offline)
    configuration = Configuration(env)
    entry = configuration.apis().get(word)
    if entry is None and word not in VERBS and configuration.has_entry(word):
        raise FileError(
            f"The entry of `{word}` in the configuration has no `source`",
            hint=f'Write `source = "..."` under `[apis.{word}]` in `{configuration.path}`',
        )
    if entry is None:
        raise _unknown(word, env)
    origins = entry.get("origins")
    origins = tuple(one for one in origins if isinstance(one, str)) if isinstance(origins, list) else ()
    try:
        api = _from_source(word, entry["source"], env, refresh=refresh, offline=offline)
    except DynacliError as error:
        old = _as_it_was(word, entry["source"], env)
        if old is None or refresh:
            raise
        # A document that does not work never takes the place of one that did.
        api = old
        api.warning = error
    api.origins += origins
    api.prefix = "DYNACLI_" + re.sub(r"[^A-Z0-9]", "_", word.upper())
    return api


class Before(NamedTuple):
    """What the cache had of an API before it was refreshed.

    Args:
        names: (method, path) → name of its operations.
    """

    revision: str
    names: dict[tuple[str, str], str]


def refresh_api(word: str, env: Environment) -> tuple[Api, Before | None]:
    """Read or fetch the document of a registered API again, and return the API with what it was before.

    Raises:
        DynacliError: As for `open_api`.
    """
    before = None
    entry = Configuration(env).apis().get(word)
    old = _as_it_was(word, entry["source"], env) if entry is not None else None
    if old is not None:
        try:
            names = {(one.method, one.path): one.name for one in old.catalog.summaries()}
            before = Before(old.pointer["revision"], names)
        except DamagedCatalogError:
            pass  # nothing to compare with; what takes its place is read and compiled anyway
        finally:
            old.catalog.close()
    return open_api(word, env, refresh=True), before


def _is_source(word: str) -> bool:
    # The rule of `dynacli.document.source.looks_like_source`, which a warm run does not import.
    return word == "-" or "/" in word or word.lower().endswith((".json", ".yaml", ".yml"))


def _from_source(name: str, word: str, env: Environment, *, refresh: bool, offline: bool) -> Api:
    if word != "-" and "://" not in word:
        path = os.path.normpath(os.path.join(os.getcwd(), word))
        return _from_file(name, path, word, env, refresh=refresh)
    from pathlib import Path

    from dynacli.document.source import parse_source

    source = parse_source(word, Path.cwd())
    if source.kind == "file":
        return _from_file(name, source.location, word, env, refresh=refresh)
    if source.kind == "stdin":
        return _from_stdin(name, source, env)
    return _from_url(name, source, env, refresh=refresh, offline=offline)


def _from_file(name: str, path: str, word: str, env: Environment, *, refresh: bool) -> Api:
    revisions = Revisions(env.cache_dir, path)
    pointer = revisions.current()
    # Before anything is read: what changes from here on has a later time.
    checked_ns = time.time_ns()
    facts = _facts(path)
    if pointer is not None and facts and not refresh and _is_unchanged(pointer, facts):
        catalog = revisions.catalog(pointer)
        if catalog is not None:
            return Api(name, revisions, catalog, pointer)
    from pathlib import Path

    from dynacli.document.fetch import fetch
    from dynacli.document.source import parse_source

    source = parse_source(path, Path.cwd())
    fetched = fetch(source, env)
    remembered: dict[str, Any] = {**facts, "source": word, "checked_ns": checked_ns}
    if pointer is not None and pointer["revision"] == revision_of(fetched.content):
        catalog = revisions.catalog(pointer)
        if catalog is not None:  # touched, or copied over with the same content
            revisions.keep(fetched.content)
            revisions.touch(pointer, **remembered)
            return Api(name, revisions, catalog, pointer, content=fetched.content)
    return _installed(name, revisions, revisions.install(fetched, source.label, remembered), fetched.content)


def _facts(path: str) -> dict[str, int]:
    """Return what tells that a file has changed; nothing where it cannot be looked at."""
    try:
        status = os.stat(path)
    except (OSError, ValueError):
        return {}
    # The last one changes with anything, also where a tool sets the second one back.
    return {"size": status.st_size, "mtime_ns": status.st_mtime_ns, "ctime_ns": status.st_ctime_ns}


def _is_unchanged(pointer: dict[str, Any], facts: dict[str, int]) -> bool:
    return all(pointer.get(key) == value for key, value in facts.items()) and facts[
        "mtime_ns"
    ] + _SETTLED_NS < pointer.get("checked_ns", 0)


def _from_url(name: str, source: Any, env: Environment, *, refresh: bool, offline: bool) -> Api:
    revisions = Revisions(env.cache_dir, source.location)
    origins = (source.origin,)  # the person named this one
    pointer = revisions.current()
    if pointer is not None and (offline or not refresh):
        api = _kept(name, revisions, pointer, source.label, origins)
        if api is not None:
            return api
    if offline:
        raise DocumentError(
            f"`{source.label}` is not in the cache", hint="Leave out `--offline` once, so that it is fetched"
        )
    from dynacli.document.fetch import fetch

    catalog = revisions.catalog(pointer) if pointer is not None else None
    # Asking whether it has changed makes sense only where nothing of it was lost.
    is_whole = catalog is not None and pointer is not None and revisions.content(pointer["revision"])
    known = pointer if pointer is not None and is_whole else {}
    fetched = fetch(source, env, etag=known.get("etag", ""), last_modified=known.get("last_modified", ""))
    if fetched.not_modified and pointer is not None and catalog is not None:
        revisions.touch(pointer, fetched_at=time.time())
        return Api(name, revisions, catalog, {**pointer, "fetched_at": time.time()}, origins)
    facts = {"source": source.location, "etag": fetched.etag, "last_modified": fetched.last_modified}
    installed = revisions.install(fetched, source.label, facts)
    return _installed(name, revisions, installed, fetched.content, origins)


def _from_stdin(name: str, source: Any, env: Environment) -> Api:
    from dynacli.document.fetch import fetch

    return open_content(name, fetch(source, env), source.label, env)


def open_content(name: str, fetched: "Fetched", label: str, env: Environment) -> Api:
    """Return the API of a document that is at hand, without a place that it could be read from again.

    Its content is its only name: the same document is compiled once.

    Args:
        name: How the API is called.
        fetched: The document's bytes.
        label: How messages call the document.

    Raises:
        DocumentError: The document cannot be used.
    """
    revisions = Revisions(env.cache_dir, f"-{revision_of(fetched.content)}")
    pointer = revisions.current()
    catalog = revisions.catalog(pointer) if pointer is not None else None
    if pointer is not None and catalog is not None:
        try:
            # Damage that is found later could not be mended: standard input is read only once.
            catalog.check(whole=True)
            return Api(name, revisions, catalog, pointer, content=fetched.content)
        except DamagedCatalogError:
            catalog.close()
            revisions.drop(pointer)
    installed = revisions.install(fetched, label, {"source": "-"})
    return _installed(name, revisions, installed, fetched.content)


def _installed(
    name: str, revisions: Revisions, installed: Installed, content: bytes, origins: tuple[str, ...] = ()
) -> Api:
    api = Api(name, revisions, installed.catalog, installed.pointer, origins, content)
    api.is_new, api.failure = True, installed.failure
    return api


def _named(catalog: Catalog) -> list[str]:
    """Return a line for each of the first operations that were left out, with the document's line."""
    rows = [row for row in catalog.warnings() if " is left out: " in row["message"]]
    return [
        f"{row['message']}" + (f" (line {row['line']})" if row["line"] else "") for row in rows[:MOST_NAMED]
    ]


def what_is_left_out(catalog: Catalog) -> str:
    """Return in a few words how much of a document could not be used; empty where all of it could."""
    messages = [row["message"] for row in catalog.warnings()]
    operations = sum(" is left out: " in message for message in messages)
    places = len(messages) - operations
    parts = []
    if operations:
        parts.append(f"{operations} operation{'s are' if operations > 1 else ' is'} left out")
    if places:
        of_them = "places are not used as they stand" if places > 1 else "place is not used as it stands"
        parts.append(f"{places} {of_them}")
    return " and ".join(parts)


def _kept(
    name: str, revisions: Revisions, pointer: dict[str, Any], label: str, origins: tuple[str, ...]
) -> Api | None:
    """Return the API as the cache has it, compiled again where only its catalog was lost."""
    catalog = revisions.catalog(pointer)
    if catalog is not None:
        return Api(name, revisions, catalog, pointer, origins)
    rebuilt = revisions.rebuilt(pointer, label)
    return Api(name, revisions, rebuilt.catalog, rebuilt.pointer, origins) if rebuilt is not None else None


def _as_it_was(name: str, word: str, env: Environment) -> Api | None:
    """Return the API as the cache has it, whatever has become of its source."""
    from pathlib import Path

    from dynacli.document.source import parse_source

    try:
        source = parse_source(word, Path.cwd())
    except UsageError:
        return None
    revisions = Revisions(env.cache_dir, source.location)
    pointer = revisions.current()
    if pointer is None:
        return None
    origins = (source.origin,) if source.origin else ()
    return _kept(name, revisions, pointer, source.label, origins)


def _unknown(word: str, env: Environment) -> UsageError:
    from difflib import get_close_matches

    if word in VERBS:
        return UsageError(f"`{word}` is reserved for a command that this version does not have yet")
    known = [*Configuration(env).apis(), *VERBS]
    near = get_close_matches(word, known, 3, 0.6)
    return UsageError(
        f"There is no API `{word}`",
        why="It is not registered, and not a URL or a path (which has a `/` or ends in .json, .yaml or .yml)",
        hint=f"Did you mean {' or '.join(f'`{one}`' for one in near)}?"
        if near
        else f"Register it: `dynacli api add {word if _NAME.fullmatch(word) else 'NAME'} SOURCE`",
    )
