"""The word that names an API → its current catalog: a registered name, a URL, a path, `-`, or `demo`.

A warm run does one `stat` and opens one file. Only a document that is new or changed is read and compiled.
"""

import os
import re
import time
from typing import Any

from dynacli.catalog.revisions import Revisions, revision_of
from dynacli.catalog.store import Catalog
from dynacli.environment import Environment
from dynacli.errors import DocumentError, DynacliError, UsageError

__all__ = ["DEMO", "VERBS", "Api", "Configuration", "check_name", "open_api", "refresh_api"]

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
    """

    def __init__(
        self,
        name: str,
        revisions: Revisions,
        catalog: Catalog,
        pointer: dict[str, Any] | None,
        origins: tuple[str, ...] = (),
    ) -> None:
        self.name = name
        self.revisions = revisions
        self.catalog = catalog
        # None only where somebody removed it just now; the catalog at hand is whole all the same.
        self.pointer = pointer or {}
        self.uri: str = self.pointer.get("uri", "")
        self.prefix = "DYNACLI"
        self.origins = origins
        self.warning: DynacliError | None = None

    @property
    def location(self) -> str:
        """The absolute path or the URL of the document."""
        return self.revisions.location

    def content(self) -> bytes | None:
        """Return the bytes of the document as they came; None when the cache has lost them."""
        revision = self.pointer.get("revision")
        return self.revisions.content(revision) if revision else None

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
        """Return name → entry of the registered APIs."""
        import tomllib

        from dynacli.errors import FileError

        try:
            with open(self.path, "rb") as file:
                entries = tomllib.load(file).get("apis", {})
        except FileNotFoundError:
            return {}
        except (OSError, ValueError) as error:
            why = getattr(error, "strerror", None) or str(error)
            raise FileError(
                f"The configuration `{self.path}` cannot be read",
                why=why,
                hint="Mend the file, or move it away",
            ) from error
        if not isinstance(entries, dict):
            return {}
        return {
            name: entry
            for name, entry in entries.items()
            if isinstance(entry, dict) and isinstance(entry.get("source"), str)
        }

    def edit(self, name: str, entry: dict[str, Any] | None, *, new_name: str = "") -> None:
        """Write, remove (None) or rename the entry of an API; comments and all else stay as they are."""
        import tomlkit
        from tomlkit.exceptions import TOMLKitError

        from dynacli.errors import FileError

        try:
            try:
                with open(self.path, encoding="utf-8") as file:
                    document = tomlkit.parse(file.read())
            except FileNotFoundError:
                document = tomlkit.document()
            apis = document.setdefault("apis", tomlkit.table(is_super_table=True))
            if new_name:
                apis[new_name] = apis.pop(name)
            elif entry is None:
                apis.pop(name, None)
            else:
                known = apis.setdefault(name, tomlkit.table())
                for key, value in entry.items():
                    known[key] = value
            self._write(tomlkit.dumps(document))
        except (OSError, ValueError, TOMLKitError) as error:
            why = getattr(error, "strerror", None) or str(error)
            raise FileError(f"The configuration `{self.path}` cannot be changed", why=why) from error

    def _write(self, text: str) -> None:
        from dynacli.catalog.revisions import write_atomically

        os.makedirs(os.path.dirname(self.path), mode=0o700, exist_ok=True)
        write_atomically(self.path, text.encode())


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
        from dynacli.demo import document_path

        path = str(document_path())
        api = _from_file(DEMO, path, path, env, refresh=refresh)
        api.prefix = "DYNACLI_DEMO"
        return api
    if _is_source(word):
        return _from_source(word, word, env, refresh=refresh, offline=offline)
    entry = Configuration(env).apis().get(word)
    if entry is None:
        raise _unknown(word, env)
    origins = entry.get("origins")
    origins = tuple(one for one in origins if isinstance(one, str)) if isinstance(origins, list) else ()
    try:
        api = _from_source(word, entry["source"], env, refresh=refresh, offline=offline)
    except (DocumentError, DynacliError) as error:
        old = _as_it_was(word, entry["source"], env)
        if old is None or refresh:
            raise
        # A document that does not work never takes the place of one that did.
        api = old
        api.warning = error
    api.origins += origins
    api.prefix = "DYNACLI_" + re.sub(r"[^A-Z0-9]", "_", word.upper())
    return api


def refresh_api(word: str, env: Environment) -> tuple[Api, dict[tuple[str, str], str] | None]:
    """Read or fetch the document again, and return the API with the names that the revision before had."""
    before = None
    entry = Configuration(env).apis().get(word)
    source = entry["source"] if entry else word
    if word != DEMO:
        old = _as_it_was(word, source, env)
        if old is not None:
            before = {(one.method, one.path): one.name for one in old.catalog.summaries()}
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
    try:
        status = os.stat(path)
        facts = {"size": status.st_size, "mtime_ns": status.st_mtime_ns}
    except (OSError, ValueError):
        facts = None
    if pointer is not None and facts is not None and not refresh and _is_unchanged(pointer, facts):
        catalog = revisions.catalog(pointer)
        if catalog is not None:
            return Api(name, revisions, catalog, pointer)
    from pathlib import Path

    from dynacli.document.fetch import fetch
    from dynacli.document.source import parse_source

    source = parse_source(path, Path.cwd())
    fetched = fetch(source, env)
    remembered: dict[str, Any] = {**(facts or {}), "source": word, "checked_ns": time.time_ns()}
    if pointer is not None and pointer["revision"] == revision_of(fetched.content):
        catalog = revisions.catalog(pointer)
        if catalog is not None:  # touched, or copied over with the same content
            revisions.touch(pointer, **remembered)
            return Api(name, revisions, catalog, pointer)
    catalog = revisions.install(fetched, source.label, remembered)
    return Api(name, revisions, catalog, revisions.current())


def _is_unchanged(pointer: dict[str, Any], facts: dict[str, int]) -> bool:
    checked = pointer.get("checked_ns")
    return (
        all(pointer.get(key) == value for key, value in facts.items())
        and isinstance(checked, int)
        and facts["mtime_ns"] + _SETTLED_NS < checked
    )


def _from_url(name: str, source: Any, env: Environment, *, refresh: bool, offline: bool) -> Api:
    from dynacli.request.servers import origin_of

    revisions = Revisions(env.cache_dir, source.location)
    origins = (origin_of(source.location),)  # the person named this one
    pointer = revisions.current()
    catalog = revisions.catalog(pointer) if pointer is not None else None
    if pointer is not None and catalog is not None and (offline or not refresh):
        return Api(name, revisions, catalog, pointer, origins)
    if offline:
        raise DocumentError(
            f"`{source.label}` is not in the cache", hint="Leave out `--offline` once, so that it is fetched"
        )
    from dynacli.document.fetch import fetch

    known = pointer or {} if catalog is not None else {}
    fetched = fetch(
        source, env, etag=str(known.get("etag", "")), last_modified=str(known.get("last_modified", ""))
    )
    if fetched.not_modified and pointer is not None and catalog is not None:
        revisions.touch(pointer, fetched_at=time.time())
        return Api(name, revisions, catalog, pointer, origins)
    facts = {"source": source.location, "etag": fetched.etag, "last_modified": fetched.last_modified}
    catalog = revisions.install(fetched, source.label, facts)
    return Api(name, revisions, catalog, revisions.current(), origins)


def _from_stdin(name: str, source: Any, env: Environment) -> Api:
    from dynacli.document.fetch import fetch

    fetched = fetch(source, env)
    # The content is its only name: the same document is compiled once.
    location = f"-{revision_of(fetched.content)}"
    revisions = Revisions(env.cache_dir, location)
    pointer = revisions.current()
    catalog = revisions.catalog(pointer) if pointer is not None else None
    if catalog is None:
        catalog = revisions.install(fetched, source.label, {"source": "-"})
        pointer = revisions.current()
    return Api(name, revisions, catalog, pointer)


def _as_it_was(name: str, word: str, env: Environment) -> Api | None:
    """Return the API as the cache has it, whatever has become of its source."""
    location = word if "://" in word else os.path.normpath(os.path.join(os.getcwd(), word))
    revisions = Revisions(env.cache_dir, location)
    pointer = revisions.current()
    catalog = revisions.catalog(pointer) if pointer is not None else None
    if pointer is None or catalog is None:
        return None
    origins: tuple[str, ...] = ()
    if "://" in location:
        from dynacli.request.servers import origin_of

        origins = (origin_of(location),)
    return Api(name, revisions, catalog, pointer, origins)


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
