"""The word that names an API → its current catalog: a registered name, a URL, a path, `-`, or `demo`.

A warm run does one `stat` for each file of the document and opens its catalog. Only a document that is new
or changed is read and compiled.
"""

import os
import re
import time
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, NamedTuple

from dynacli.catalog.api import Api
from dynacli.catalog.configuration import DEMO, VERBS, Configuration, is_name, texts
from dynacli.catalog.freshness import are_parts_unchanged, facts_of, is_unchanged
from dynacli.catalog.revisions import Revisions, revision_of
from dynacli.catalog.store import DamagedCatalogError
from dynacli.environment import Environment
from dynacli.errors import DocumentError, DynacliError, FileError, UsageError

if TYPE_CHECKING:
    from dynacli.catalog.reading import Reading
    from dynacli.document.fetch import Fetched
    from dynacli.document.source import Source

__all__ = ["Before", "open_api", "open_content", "refresh_api"]


class _Wish(NamedTuple):
    """What is asked for.

    Args:
        name: How the API is called.
        refresh: Whether the document is read or fetched again first.
        offline: Whether nothing may be fetched.
        allow_refs: The origins and absolute directories beside the document's own that its references may lead to.
    """

    name: str
    env: Environment
    refresh: bool = False
    offline: bool = False
    allow_refs: tuple[str, ...] = ()

    def is_met_by(self, pointer: dict[str, Any]) -> bool:
        """Tell whether a revision was compiled with the same references allowed, if that matters to it."""
        return "parts" not in pointer or tuple(pointer.get("allow_refs", ())) == self.allow_refs


def open_api(
    word: str,
    env: Environment,
    *,
    refresh: bool = False,
    offline: bool = False,
    allow_refs: Iterable[str] = (),
) -> Api:
    """Return the API that a word names.

    Args:
        refresh: Whether the document is read or fetched again first.
        offline: Whether nothing may be fetched.
        allow_refs: The origins and absolute directories beside the document's own that its references
            may lead to; a registered API has those of its entry besides.

    Raises:
        UsageError: There is no such API.
        DocumentError: The document cannot be used.
        NetworkError: It cannot be fetched.
        FileError: The cache or the configuration cannot be used.
    """
    wish = _Wish(word, env, refresh, offline, tuple(sorted({*allow_refs})))
    if word == DEMO:
        from dynacli.document.shipped import shipped_path

        path = shipped_path("armature.json")
        api = _from_file(wish, path, path)
        api.prefix = "DYNACLI_DEMO"
        return api
    if _is_source(word):
        return _from_source(wish, word)
    configuration = Configuration(env)
    entry = configuration.apis().get(word)
    if entry is None and word not in VERBS and configuration.has_entry(word):
        raise FileError(
            f"The entry of `{word}` in the configuration has no `source`",
            hint=f'Write `source = "..."` under `[apis.{word}]` in `{configuration.path}`',
        )
    if entry is None:
        raise _unknown(word, env)
    wish = wish._replace(allow_refs=tuple(sorted({*wish.allow_refs, *configuration.allow_refs(entry)})))
    try:
        api = _from_source(wish, entry["source"])
    except DynacliError as error:
        old = _as_it_was(word, entry["source"], env)
        if old is None or refresh:
            raise
        # A document that does not work never takes the place of one that did.
        api = old
        api.warning = error
    api.entry = entry
    api.origins = tuple(dict.fromkeys((*api.origins, *texts(entry, "origins"))))
    api.prefix = "DYNACLI_" + re.sub(r"[^A-Z0-9]", "_", word.upper())
    return api


class Before(NamedTuple):
    """What the cache had of an API before it was refreshed.

    Args:
        names: (method, path) → name of its operations.
    """

    revision: str
    names: dict[tuple[str, str], str]


def refresh_api(word: str, env: Environment, allow_refs: Iterable[str] = ()) -> tuple[Api, Before | None]:
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
    return open_api(word, env, refresh=True, allow_refs=allow_refs), before


def _is_source(word: str) -> bool:
    # The rule of `dynacli.document.source.looks_like_source`, which a warm run does not import.
    return word == "-" or "/" in word or word.lower().endswith((".json", ".yaml", ".yml"))


def _from_source(wish: _Wish, word: str) -> Api:
    if word != "-" and "://" not in word:
        return _from_file(wish, os.path.normpath(os.path.join(os.getcwd(), word)), word)
    from pathlib import Path

    from dynacli.document.source import parse_source

    source = parse_source(word, Path.cwd())
    if source.kind == "file":
        return _from_file(wish, source.location, word)
    return _from_stdin(wish, source) if source.kind == "stdin" else _from_url(wish, source)


def _from_file(wish: _Wish, path: str, word: str) -> Api:
    revisions = Revisions(wish.env.cache_dir, path)
    pointer = revisions.current()
    # Before anything is read: what changes from here on has a later time.
    checked_ns = time.time_ns()
    facts = facts_of(path)
    if (
        pointer is not None
        and not wish.refresh
        and is_unchanged(pointer, facts)
        and wish.is_met_by(pointer)
        and are_parts_unchanged(revisions.directory, pointer)
    ):
        catalog = revisions.catalog(pointer)
        if catalog is not None:
            return Api(wish.name, revisions, catalog, pointer)
    from pathlib import Path

    from dynacli.document.fetch import fetch
    from dynacli.document.source import parse_source

    source = parse_source(path, Path.cwd())
    remembered = {"source": word, "checked_ns": checked_ns}
    remembered |= dict(zip(("size", "mtime_ns", "ctime_ns"), facts, strict=True))
    return _from_fetched(wish, revisions, pointer, source, fetch(source, wish.env), remembered)


def _from_url(wish: _Wish, source: "Source") -> Api:
    revisions = Revisions(wish.env.cache_dir, source.location)
    pointer = revisions.current()
    if pointer is not None and (wish.offline or (not wish.refresh and wish.is_met_by(pointer))):
        api = _kept(wish.name, revisions, pointer, source)
        if api is not None:
            return api
    if wish.offline:
        raise DocumentError(
            f"`{source.label}` is not in the cache", hint="Leave out `--offline` once, so that it is fetched"
        )
    from dataclasses import replace

    from dynacli.document.fetch import Fetched, fetch

    remembered: dict[str, Any] = {"source": source.location}
    # Asking whether it has changed, or not asking at all, makes sense only where nothing of it was lost.
    is_whole = pointer is not None and revisions.parts(pointer) is not None
    content = revisions.content(pointer) if pointer is not None and is_whole else None
    if pointer is not None and content is not None and not wish.refresh and not wish.is_met_by(pointer):
        # Only what it may refer to is another: that alone is no reason to fetch what is here.
        fetched = Fetched(content, uri=pointer["uri"])
        kept = ("etag", "last_modified", "fetched_at")
        remembered |= {key: pointer[key] for key in kept if key in pointer}
        return _from_fetched(wish, revisions, pointer, source, fetched, remembered)
    known = pointer if pointer is not None and content is not None else {}
    etag, last_modified = known.get("etag", ""), known.get("last_modified", "")
    fetched = fetch(source, wish.env, etag=etag, last_modified=last_modified)
    if fetched.not_modified and content is not None:
        fetched = replace(
            fetched,
            content=content,
            etag=fetched.etag or etag,
            last_modified=fetched.last_modified or last_modified,
        )
    remembered |= {
        "etag": fetched.etag,
        "last_modified": fetched.last_modified,
        "fetched_at": time.time(),
    }
    return _from_fetched(wish, revisions, pointer, source, fetched, remembered)


def _from_fetched(
    wish: _Wish,
    revisions: Revisions,
    pointer: dict[str, Any] | None,
    source: "Source",
    fetched: "Fetched",
    remembered: dict[str, Any],
) -> Api:
    """Return the API of the file that was named, compiled where it or another of its files has changed."""
    origins = (source.origin,) if source.origin else ()  # the person named this one
    reading = _reading(wish, revisions, pointer, source)
    if pointer is not None and _is_the_same(wish, pointer, fetched, reading):
        catalog = revisions.catalog(pointer)
        if catalog is not None:  # touched, or copied over with the same content
            parts = reading.parts
            revisions.keep(pointer, fetched.content, parts)
            pointer = revisions.touch(pointer, reading, **remembered)
            return Api(wish.name, revisions, catalog, pointer, origins, fetched.content, parts)
    if wish.allow_refs:
        remembered["allow_refs"] = list(wish.allow_refs)
    return _installed(wish.name, revisions, fetched, source.label, remembered, reading, origins)


def _is_the_same(wish: _Wish, pointer: dict[str, Any], fetched: "Fetched", reading: "Reading") -> bool:
    """Tell whether the files of a document have the content that it was compiled from."""
    revision = pointer["revision"]
    if pointer["uri"] != fetched.uri or not wish.is_met_by(pointer):
        return False
    if pointer.get("root", revision) != revision_of(fetched.content):
        return False
    parts = reading.look_again()
    is_one_file = not parts.found and not parts.missing
    return is_one_file is ("parts" not in pointer) and revision == revision_of(
        fetched.content, parts, fetched.uri
    )


def _reading(
    wish: _Wish,
    revisions: Revisions,
    pointer: dict[str, Any] | None,
    source: "Source",
) -> "Reading":
    from dynacli.catalog.parts import Parts
    from dynacli.catalog.reading import Reading
    from dynacli.document.allowed import folders_of
    from dynacli.document.opener import allowed_files

    kept = None
    # What was read when more was allowed is not looked at any more.
    if pointer is not None and {*pointer.get("allow_refs", ())} <= {*wish.allow_refs}:
        kept = revisions.parts(pointer)
    folders: tuple[str, ...] = ()
    if source.kind == "file":
        own = os.path.dirname(source.location)
        folders = (os.path.join(own, ""), *folders_of((own, *wish.allow_refs)))
    try:
        opener = allowed_files(source, wish.allow_refs)
    except ValueError as error:
        # Those of the command line were looked at as they were read.
        raise FileError(
            f"An origin that the references of `{wish.name}` may lead to is malformed",
            hint=f"Mend `allow_refs` in `{Configuration(wish.env).path}`: an origin looks like `https://api.example.com`",
        ) from error
    return Reading(
        opener, kept or Parts({}), may_fetch=not wish.offline, is_again=wish.refresh, folders=folders
    )


def _from_stdin(wish: _Wish, source: "Source") -> Api:
    from dynacli.document.fetch import fetch

    fetched = fetch(source, wish.env)
    revisions, api = _by_content(wish, fetched)
    if api is not None:
        return api
    pointer = revisions.current()
    return _from_fetched(wish, revisions, pointer, source, fetched, {"source": "-"})


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
    revisions, api = _by_content(_Wish(name, env), fetched)
    if api is not None:
        return api
    from dynacli.catalog.reading import Reading

    return _installed(name, revisions, fetched, label, {"source": "-"}, Reading(None))


def _by_content(wish: _Wish, fetched: "Fetched") -> tuple[Revisions, Api | None]:
    """Return where a document of that content is kept, and its API where it was compiled before."""
    revisions = Revisions(wish.env.cache_dir, f"-{revision_of(fetched.content)}")
    pointer = revisions.current()
    if pointer is None or wish.refresh or not wish.is_met_by(pointer):
        return revisions, None
    catalog = revisions.catalog(pointer)
    if catalog is None:
        return revisions, None
    try:
        # Damage that is found later could not be mended: standard input is read only once.
        catalog.check(whole=True)
        return revisions, Api(wish.name, revisions, catalog, pointer, content=fetched.content)
    except DamagedCatalogError:
        catalog.close()
        revisions.drop(pointer)
        return revisions, None


def _installed(
    name: str,
    revisions: Revisions,
    fetched: "Fetched",
    label: str,
    remembered: dict[str, Any],
    reading: "Reading",
    origins: tuple[str, ...] = (),
) -> Api:
    installed = revisions.install(fetched, label, remembered, reading)
    api = Api(
        name, revisions, installed.catalog, installed.pointer, origins, fetched.content, installed.parts
    )
    api.is_new, api.failure = True, installed.failure
    return api


def _kept(name: str, revisions: Revisions, pointer: dict[str, Any], source: "Source") -> Api | None:
    """Return the API as the cache has it, compiled again where only its catalog was lost."""
    origins = (source.origin,) if source.origin else ()
    catalog = revisions.catalog(pointer)
    if catalog is not None:
        return Api(name, revisions, catalog, pointer, origins)
    rebuilt = revisions.rebuilt(pointer, source.label)
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
    return _kept(name, revisions, pointer, source) if pointer is not None else None


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
        else f"Register it: `dynacli api add {word if is_name(word) else 'NAME'} SOURCE`",
    )
