"""Reads or fetches a document that is new, changed, lost or due, and makes a revision of it.

Whoever fetches holds a lock of their own meanwhile; the others wait for it and find the work done.
"""

import os
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from dynacli.catalog.api import Api
from dynacli.catalog.files import LOCK_SECONDS, held_lock, make_directory
from dynacli.catalog.freshness import is_due
from dynacli.catalog.gate import lost_operations, objections_of
from dynacli.catalog.installing import Objections, accept, install, keep_parts, rebuilt, touch
from dynacli.catalog.parts import Parts
from dynacli.catalog.pending import forget, held_of, note_failure
from dynacli.catalog.reading import Further, Reading
from dynacli.catalog.revisions import Revisions, revision_of
from dynacli.catalog.store import DamagedCatalogError
from dynacli.catalog.wish import BLOCKING, Wish
from dynacli.document.fetch import Fetched, fetch
from dynacli.document.limits import TOTAL_SECONDS
from dynacli.document.source import Source, parse_source
from dynacli.environment import Environment
from dynacli.errors import (
    DocumentError,
    DynacliError,
    FileError,
    NetworkError,
    RefusedError,
    TimedOutError,
)

if TYPE_CHECKING:
    from dynacli.catalog.installing import Installed

_LOCK = "refresh.lock"

__all__ = ["from_stdin", "kept", "obtained", "open_content", "read_again"]


def obtained(wish: Wish, source: Source, *, patience: float | None = None) -> Api:
    """Return the API of a document at a URL, fetched where that is needed and allowed.

    Args:
        patience: For how many seconds another process that fetches the same is waited for; by default shortly
            where there is a document to use meanwhile, else as long as a fetch may take.

    Raises:
        DocumentError: It cannot be used, and there is none from before.
        NetworkError: It cannot be fetched, and there is none from before.
        DynacliError: The same, where a refresh was asked for, whatever there is from before.
    """
    revisions = Revisions(wish.env.cache_dir, source.location, wish.layers)
    began = time.time()
    if wish.offline:
        return _without_network(wish, revisions, source)
    if patience is None:
        patience = TOTAL_SECONDS if wish.refresh or revisions.current() is None else LOCK_SECONDS
    with _fetching(revisions, patience) as is_alone:
        pointer = revisions.current()
        if pointer is not None and wish.is_met_by(pointer):
            is_done = pointer.get("fetched_at", 0) >= began or not (wish.refresh or _is_due(wish, pointer))
            # Another process has just done it, or is at it and takes its time.
            api = kept(wish, revisions, pointer) if is_done or not (is_alone or wish.refresh) else None
            if api is not None:
                return api
        try:
            return _fetched(wish, revisions, pointer, source)
        except (DocumentError, NetworkError, TimedOutError) as error:
            return _after_failure(wish, revisions, pointer, source, error)


@contextmanager
def _fetching(revisions: Revisions, patience: float) -> Iterator[bool]:
    """Keep others from fetching the same for as long as the block lasts.

    Yields whether nobody else is at it; where there can be no lock, that is supposed.
    """
    lock, is_alone = None, True
    try:
        make_directory(revisions.directory)
        lock = held_lock(os.path.join(revisions.directory, _LOCK), patience)
        is_alone = lock is not None
    except (OSError, ImportError):
        pass  # what cannot be written cannot be shared either: each run fetches for itself
    try:
        yield is_alone
    finally:
        if lock is not None:
            _leave_nothing(revisions.directory)
            os.close(lock)


def _leave_nothing(directory: str) -> None:
    """Remove a directory in which nothing but the lock is: what was to be fetched did not come."""
    try:
        if os.listdir(directory) == [_LOCK]:
            os.unlink(os.path.join(directory, _LOCK))
            os.rmdir(directory)
    except OSError:
        return  # somebody else has begun to use it


def _without_network(wish: Wish, revisions: Revisions, source: Source) -> Api:
    pointer = revisions.current()
    api = kept(wish, revisions, pointer) if pointer is not None else None
    api = api or _shipped(wish, revisions, source)
    if api is None:
        raise DocumentError(
            f"`{source.label}` is not in the cache", hint="Leave out `--offline` once, so that it is fetched"
        )
    return api


def _after_failure(
    wish: Wish,
    revisions: Revisions,
    pointer: dict[str, Any] | None,
    source: Source,
    error: DynacliError,
) -> Api:
    """Return the API as it was before a refresh that failed.

    Raises:
        DynacliError: The error, where there is none, or where the refresh was asked for.
    """
    if pointer is None:
        is_unreachable = isinstance(error, NetworkError | TimedOutError)
        api = _shipped(wish, revisions, source) if is_unreachable else None
        if api is None:
            raise error
        api.warning = error
        return api
    note_failure(revisions, error)
    api = kept(wish, revisions, pointer)
    if api is None or wish.refresh:
        raise error
    api.warning = error
    return api


def _fetched(wish: Wish, revisions: Revisions, pointer: dict[str, Any] | None, source: Source) -> Api:
    if wish.is_accepted and pointer is not None:
        api = _accepted(wish, revisions)
        if api is not None:
            return api
    remembered: dict[str, Any] = {"source": source.location}
    # Asking whether it has changed, or not asking at all, makes sense only where nothing of it was lost.
    is_whole = pointer is not None and revisions.parts(pointer) is not None
    content = revisions.content(pointer) if pointer is not None and is_whole else None
    is_waited_for = wish.refresh or (wish.mode == BLOCKING and pointer is not None and _is_due(wish, pointer))
    if pointer is not None and content is not None and not is_waited_for:
        # Only what it may refer to is another, or its catalog is lost: that is no reason to fetch what is here.
        fetched = Fetched(content, uri=pointer["uri"])
        kept_facts = ("etag", "last_modified", "fetched_at", "asked_at", "max_age", "is_shipped")
        remembered |= {key: pointer[key] for key in kept_facts if key in pointer}
        return _from_fetched(wish, revisions, pointer, source, fetched, remembered)
    known = pointer if pointer is not None and content is not None else {}
    etag, last_modified = known.get("etag", ""), known.get("last_modified", "")
    fetched = fetch(
        source,
        wish.env,
        timeout=wish.seconds,
        etag=etag,
        last_modified=last_modified,
        authorize=wish.authorize,
    )
    if fetched.not_modified and content is not None:
        fetched = replace(
            fetched,
            content=content,
            etag=fetched.etag or etag,
            last_modified=fetched.last_modified or last_modified,
        )
    remembered |= {"etag": fetched.etag, "last_modified": fetched.last_modified, "fetched_at": time.time()}
    if fetched.max_age is not None:
        remembered["max_age"] = fetched.max_age
    return _from_fetched(wish, revisions, pointer, source, fetched, remembered)


def _is_due(wish: Wish, pointer: dict[str, Any]) -> bool:
    return is_due(pointer, time.time(), wish.lifetime)


def _accepted(wish: Wish, revisions: Revisions) -> Api | None:
    """Return the API of the document that was kept aside, which is now the current one; None where there is none."""
    held = held_of(revisions)
    if held is None:
        return None
    again = kept(wish, revisions, held.pointer)
    if again is None:
        return None
    before = accept(revisions, held.pointer)
    if before is not None:
        _note_news(wish, revisions, before, held.pointer)
    again.is_new = True
    return again


def read_again(wish: Wish, revisions: Revisions, path: str, remembered: dict[str, Any]) -> Api:
    """Return the API of a file that is new, or may have changed.

    Args:
        remembered: What is known of the file from before it is read.

    Raises:
        DocumentError: It cannot be used.
    """
    from pathlib import Path

    source = parse_source(path, Path.cwd())
    if wish.is_accepted:
        api = _accepted(wish, revisions)
        if api is not None:
            return api
    return _from_fetched(wish, revisions, revisions.current(), source, fetch(source, wish.env), remembered)


def _from_fetched(
    wish: Wish,
    revisions: Revisions,
    pointer: dict[str, Any] | None,
    source: Source,
    fetched: Fetched,
    remembered: dict[str, Any],
) -> Api:
    """Return the API of the file that was named, compiled where it or another of its files has changed."""
    reading = _reading(wish, revisions, pointer, source)
    if pointer is not None and _is_the_same(wish, pointer, fetched, reading):
        catalog = revisions.catalog(pointer)
        if catalog is not None:  # touched, or copied over with the same content
            parts = reading.parts
            pointer = _confirmed(revisions, pointer, fetched, reading, remembered)
            api = Api(wish.name, revisions, catalog, pointer, fetched.content, parts)
            api.wish = wish
            return api
    for key in ("allow_refs", "more", "overlays"):
        if getattr(wish, key):
            remembered[key] = list(getattr(wish, key))
    objections = _objections(wish, source, pointer)
    installed = install(revisions, fetched, source.label, remembered, reading, objections)
    if installed.objections:
        installed.catalog.close()
        return _kept_aside(wish, revisions, pointer, installed.objections)
    if installed.before is not None and (wish.is_registered or source.kind == "url"):
        _note_news(wish, revisions, installed.before, installed.pointer, installed)
    return _installed(wish, revisions, fetched, installed)


def _confirmed(
    revisions: Revisions,
    pointer: dict[str, Any],
    fetched: Fetched,
    reading: Reading,
    remembered: dict[str, Any],
) -> dict[str, Any]:
    """Remember that the current revision is still the one that there is, and mend what was lost of it."""
    try:
        keep_parts(revisions, pointer["revision"], fetched.content, reading.parts)
        forget(revisions)
    except OSError:
        pass  # a cache that cannot be written stays as it is; what was read is used
    if "max_age" not in remembered:
        pointer = {key: value for key, value in pointer.items() if key != "max_age"}
    return touch(revisions, pointer, reading, **remembered)


def _objections(wish: Wish, source: Source, pointer: dict[str, Any] | None) -> Objections | None:
    """Return what has to be looked at before a document takes the place of another by itself."""
    if wish.is_accepted or pointer is None or pointer.get("is_shipped"):
        return None
    if not wish.is_registered and (wish.is_asked or source.kind != "url"):
        return None  # the person named this very document just now
    # Who can write a person's files needs no document to get at their credentials.
    return objections_of if source.kind == "url" else lost_operations


def _kept_aside(
    wish: Wish, revisions: Revisions, pointer: dict[str, Any] | None, objections: Sequence[str]
) -> Api:
    """Return the API as it was, with what was held against the new document.

    Raises:
        RefusedError: The person asked for the refresh.
    """
    if pointer is not None:
        pointer = revisions.touch(pointer, asked_at=time.time())
    if wish.is_asked:
        raise RefusedError(
            f"The new document of `{wish.name}` was kept aside, and the one before is used",
            why="; ".join(objections),
            hint=f"If you trust it: `dynacli api refresh {wish.name} --accept`",
        )
    if pointer is not None:
        api = kept(wish, revisions, pointer)
        if api is not None:
            api.objections = tuple(objections)
            return api
    raise DocumentError("The document cannot be used", why="; ".join(objections))


def _note_news(
    wish: Wish,
    revisions: Revisions,
    before: dict[str, Any],
    after: dict[str, Any],
    installed: "Installed | None" = None,
) -> None:
    from dynacli.catalog.news import note_news

    note_news(revisions, before, after, wish.name, installed.document if installed is not None else None)


def _is_the_same(wish: Wish, pointer: dict[str, Any], fetched: Fetched, reading: Reading) -> bool:
    """Tell whether the files of a document have the content that it was compiled from."""
    revision = pointer["revision"]
    if pointer["uri"] != fetched.uri or not wish.is_met_by(pointer) or pointer.get("is_shipped"):
        return False
    if pointer.get("root", revision) != revision_of(fetched.content):
        return False
    parts = reading.look_again()
    is_one_file = not parts.found and not parts.missing
    return is_one_file is ("parts" not in pointer) and revision == revision_of(
        fetched.content, parts, fetched.uri
    )


def _reading(wish: Wish, revisions: Revisions, pointer: dict[str, Any] | None, source: Source) -> Reading:
    from pathlib import Path

    kept_parts = None
    # What was read when more was allowed is not looked at any more.
    if pointer is not None and {*pointer.get("allow_refs", ())} <= {*wish.allow_refs}:
        kept_parts = revisions.parts(pointer)
    own = _further(wish, source, source)
    more = [parse_source(one, Path.cwd()) for one in wish.more]
    return Reading(
        own.opener,
        kept_parts or Parts({}),
        may_fetch=not wish.offline,
        is_again=wish.refresh or (pointer is not None and _is_due(wish, pointer)),
        folders=own.folders,
        further=[_further(wish, one, source) for one in more],
    )


def _further(wish: Wish, source: Source, first: Source) -> Further:
    """Return how the files of a document are read.

    Args:
        first: The document whose origin the credentials are for.
    """
    from dynacli.document.allowed import folders_of
    from dynacli.document.opener import allowed_files

    folders: tuple[str, ...] = ()
    if source.kind == "file":
        own = os.path.dirname(source.location)
        folders = (os.path.join(own, ""), *folders_of((own, *wish.allow_refs)))
    authorize = wish.authorize if source.origin == first.origin else None
    try:
        return Further(allowed_files(source, wish.allow_refs, authorize=authorize), folders)
    except ValueError as error:
        from dynacli.catalog.configuration import Configuration

        # Those of the command line were looked at as they were read.
        raise FileError(
            f"An origin that the references of `{wish.name}` may lead to is malformed",
            hint=f"Mend `allow_refs` in `{Configuration(wish.env).path}`: an origin looks like `https://api.example.com`",
        ) from error


def from_stdin(wish: Wish, source: Source) -> Api:
    """Return the API of the document on standard input.

    Raises:
        DocumentError: It cannot be used.
    """
    fetched = fetch(source, wish.env)
    revisions, api = _by_content(wish, fetched)
    if api is not None:
        return api
    return _from_fetched(wish, revisions, revisions.current(), source, fetched, {"source": "-"})


def open_content(name: str, fetched: Fetched, label: str, env: Environment) -> Api:
    """Return the API of a document that is at hand, without a place that it could be read from again.

    Its content is its only name: the same document is compiled once.

    Args:
        name: How the API is called.
        fetched: The document's bytes.
        label: How messages call the document.

    Raises:
        DocumentError: The document cannot be used.
    """
    wish = Wish(name, env)
    revisions, api = _by_content(wish, fetched)
    if api is not None:
        return api
    installed = install(revisions, fetched, label, {"source": "-"}, Reading(None))
    return _installed(wish, revisions, fetched, installed)


def _by_content(wish: Wish, fetched: Fetched) -> tuple[Revisions, Api | None]:
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
    except DamagedCatalogError:
        catalog.close()
        revisions.drop(pointer)
        return revisions, None
    api = Api(wish.name, revisions, catalog, pointer, fetched.content)
    api.wish = wish
    return revisions, api


def _installed(wish: Wish, revisions: Revisions, fetched: Fetched, installed: "Installed") -> Api:
    api = Api(wish.name, revisions, installed.catalog, installed.pointer, fetched.content, installed.parts)
    api.wish, api.is_new, api.failure = wish, True, installed.failure
    if installed.failure is None:
        from dynacli.catalog.cache_limit import keep_within_limit

        keep_within_limit(wish.env, revisions)
    return api


def kept(wish: Wish, revisions: Revisions, pointer: dict[str, Any]) -> Api | None:
    """Return the API as the cache has it, compiled again where only its catalog was lost; None where all is."""
    from dynacli.catalog.composition import label_of

    catalog = revisions.catalog(pointer)
    if catalog is None:
        again = rebuilt(revisions, pointer, label_of(revisions.location))
        if again is None:
            return None
        catalog = again.catalog
    api = Api(wish.name, revisions, catalog, pointer)
    api.wish, api.is_due = wish, "://" in revisions.location and _is_due(wish, pointer)
    return api


def _shipped(wish: Wish, revisions: Revisions, source: Source) -> Api | None:
    """Return the API of the document that travels with dynacli for a URL, the layer beneath the cache."""
    from dynacli.document.shipped import shipped_for

    path = shipped_for(source.location)
    if path is None or wish.layers:
        return None
    with open(path, "rb") as file:
        fetched = Fetched(file.read(), uri=source.uri)
    # It is due from the beginning: whatever the server has is newer.
    facts = {"source": source.location, "fetched_at": 0, "is_shipped": True}
    installed = install(revisions, fetched, source.label, facts, Reading(None))
    api = _installed(wish, revisions, fetched, installed)
    api.is_due = True
    return api
