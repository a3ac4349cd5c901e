"""Opens a document at a URL that is new, lost or due: fetches it, if no other process has done so meanwhile.

The process that fetches holds a lock. Other processes wait for the lock, and then use its result.
`revisions/revisions` decides whether a document is due, and `revise` what happens to a fetched document.

A document that differs in its title or version alone is the same: some servers write the time or a build there.
"""

import os
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import replace
from typing import Any

from dynacli.errors import DocumentError, DynacliError, NetworkError, TimedOutError
from dynacli.files import LOCK_SECONDS, hold_lock
from dynacli.http.failures import with_api_named
from dynacli.openapi.document.fetch import fetch
from dynacli.openapi.document.fetched import Fetched
from dynacli.openapi.document.limits import DOCUMENT_TOTAL_SECONDS
from dynacli.openapi.document.source import Source
from dynacli.registry.install_revision import install
from dynacli.registry.news import forget_pending, note_failure
from dynacli.registry.opened_api import OpenedApi
from dynacli.registry.read_sources import SourceReader, make_reader
from dynacli.registry.revise import accept_pending, adopt, open_cached, open_installed
from dynacli.registry.revisions.revisions import (
    BLOCKING,
    OpenRequest,
    Revisions,
    is_as_compiled,
    is_compiled_as_asked,
    is_due,
)

_LOCK = "refresh.lock"
_FIELDS = ("title", "version")
_MOST_BYTES = 500
"""Most bytes by which another title and version may change the length of a document."""


def fetch_when_due(open_request: OpenRequest, source: Source, *, patience: float | None = None) -> OpenedApi:
    """Return the API of a document at a URL, fetched if that is needed and allowed.

    Args:
        patience: For how many seconds another process that fetches the same is waited for; by default shortly
            if there is a document to use meanwhile, else as long as a fetch may take.

    Raises:
        DocumentError: The document cannot be used, and there is none from before.
        NetworkError: The document cannot be fetched, and there is none from before.
        DynacliError: The same, if a refresh was asked for, whatever there is from before.
    """
    revisions = Revisions(
        open_request.env.cache_dir, source.location, open_request.more, open_request.overlays
    )
    began = time.time()
    if open_request.offline:
        return _open_offline(open_request, revisions, source)
    if patience is None:
        patience = (
            DOCUMENT_TOTAL_SECONDS if open_request.refresh or revisions.current() is None else LOCK_SECONDS
        )
    with _fetching(revisions, patience) as is_alone:
        pointer = revisions.current()
        if pointer is not None and is_as_compiled(open_request, revisions, pointer):
            # A timestamp in the future comes from a wrong clock.
            is_just_fetched = began <= pointer.get("fetched_at", 0) <= time.time()
            is_fresh = is_just_fetched or not (open_request.refresh or is_due(pointer, open_request.lifetime))
            is_busy = not is_alone and not open_request.refresh
            api = open_cached(open_request, revisions, pointer) if is_fresh or is_busy else None
            if api is not None:
                return api
        try:
            api = None
            if pointer is None and not open_request.refresh and open_request.at_hand is None:
                api = _with_new_layers(open_request, revisions, source)
            return api or _fetch_and_adopt(open_request, revisions, pointer, source)
        except DynacliError as error:
            if "held_back" in error.details:
                raise  # the server has sent a document
            return _open_after_failure(open_request, revisions, pointer, source, error)


@contextmanager
def _fetching(revisions: Revisions, patience: float) -> Iterator[bool]:
    """Keep other processes from fetching the same for as long as the block lasts; yields whether none does so."""
    # If the lock cannot be made, the cache cannot be written either, and each run fetches for itself.
    with hold_lock(os.path.join(revisions.directory, _LOCK), patience, is_needed=False) as is_alone:
        try:
            yield is_alone
        finally:
            if is_alone:
                _remove_empty(revisions.directory)


def _remove_empty(directory: str) -> None:
    """Remove a directory in which nothing but the lock is, because the document could not be fetched."""
    try:
        if os.listdir(directory) == [_LOCK]:
            os.unlink(os.path.join(directory, _LOCK))
            os.rmdir(directory)
    except OSError:
        return  # another process has begun to use it


def _open_offline(open_request: OpenRequest, revisions: Revisions, source: Source) -> OpenedApi:
    pointer = revisions.current()
    api = open_cached(open_request, revisions, pointer) if pointer is not None else None
    api = api or _with_new_layers(open_request, revisions, source)
    api = api or _open_shipped(open_request, revisions, source)
    if api is None:
        raise DocumentError(
            f"`{source.label}` is not in the cache", hint="Run it once without `--offline` to fetch it"
        )
    return api


def _with_new_layers(open_request: OpenRequest, revisions: Revisions, source: Source) -> OpenedApi | None:
    """Return the API of a document that the cache has with other overlays or further documents; None without it.

    A new overlay needs no new document, so it needs neither the network nor the credential of the document.
    """
    found = revisions.with_other_layers()
    content = None if found is None else _read_whole(*found)
    if found is None or content is None or _must_fetch_first(open_request, found[1]):
        return None
    other, pointer = found
    reader = make_reader(open_request, other, pointer, source)
    return adopt(
        open_request,
        revisions,
        None,
        source,
        Fetched(content, uri=pointer["uri"]),
        _kept_facts(pointer),
        reader=reader,
    )


def _kept_facts(pointer: Mapping[str, Any]) -> dict[str, Any]:
    """Return what a pointer remembers of a document whose bytes are compiled again."""
    kept = (
        *("source", "etag", "last_modified", "fetched_at", "asked_at", "max_age", "is_shipped"),
        "depends_on_who_asks",
    )
    return {**{key: pointer[key] for key in kept if key in pointer}, "checked_ns": time.time_ns()}


def _open_after_failure(
    open_request: OpenRequest,
    revisions: Revisions,
    pointer: dict[str, Any] | None,
    source: Source,
    error: DynacliError,
) -> OpenedApi:
    """Return the API as it was before a refresh that failed.

    Raises:
        DynacliError: The error of the refresh, if there is nothing from before, or a person has asked for it.
    """
    # To register a URL, its document has to be fetched; to refresh an unregistered one, the shipped document will do.
    is_only_shipped = (
        pointer is not None
        and pointer.get("is_shipped")
        and open_request.refresh
        and not open_request.is_registered
    )
    if pointer is None or is_only_shipped:
        is_unreachable = isinstance(error, NetworkError | TimedOutError)
        api = _open_shipped(open_request, revisions, source) if is_unreachable else None
        if api is None:
            raise error
        api.warning = error
        return api
    note_failure(revisions, error)
    api = open_cached(open_request, revisions, pointer)
    if api is None or open_request.refresh:
        raise error
    api.warning = error
    return api


def _must_fetch_first(open_request: OpenRequest, pointer: dict[str, Any]) -> bool:
    """Return whether a document is due, and the command has to wait for the new one."""
    return (
        open_request.mode == BLOCKING and not open_request.offline and is_due(pointer, open_request.lifetime)
    )


def _fetch_and_adopt(
    open_request: OpenRequest, revisions: Revisions, pointer: dict[str, Any] | None, source: Source
) -> OpenedApi:
    if open_request.is_accepted and pointer is not None:
        api = accept_pending(open_request, revisions)
        if api is not None:
            return api
    must_ask = open_request.refresh or (pointer is not None and _must_fetch_first(open_request, pointer))
    may_confirm = pointer is not None and must_ask and _may_be_confirmed(open_request, revisions, pointer)
    content = None if pointer is None or may_confirm else _read_whole(revisions, pointer)
    if pointer is not None and content is not None and not must_ask:
        # Its catalog is lost, or its overlays or what it may refer to have changed: its bytes are as good as new ones.
        fetched = Fetched(content, uri=pointer["uri"])
        return adopt(open_request, revisions, pointer, source, fetched, _kept_facts(pointer))
    # Asking whether the document has changed makes sense only if nothing of it is lost.
    known = pointer if pointer is not None and (may_confirm or content is not None) else {}
    fetched = _fetch(open_request, source, known)
    if fetched.not_modified and pointer is not None:
        api = _open_confirmed(open_request, revisions, pointer, source, fetched) if may_confirm else None
        if api is not None:
            return api
        content = content or _read_whole(revisions, pointer)
        fetched = _fetch(open_request, source, {}) if content is None else replace(fetched, content=content)
    facts = _facts_of(source, fetched)
    if pointer is not None and open_request.at_hand is None and not pointer.get("is_shipped"):
        current = revisions.read_document(pointer)
        if current is not None and current != fetched.content:
            name = new_name(current, fetched.content)
            if name is not None and _is_always_renamed(open_request, source, pointer, fetched.content):
                fetched, facts = replace(fetched, content=current), {**facts, **name}
            elif name is not None:
                facts["is_renamed"] = True
    return adopt(open_request, revisions, pointer, source, fetched, facts)


def _is_always_renamed(
    open_request: OpenRequest, source: Source, pointer: Mapping[str, Any], content: bytes
) -> bool:
    """Return whether a document whose title or version alone is new has another one each time that it is fetched.

    It is so if the current revision has come about in the same way, and if it is new again when fetched again.
    """
    if pointer.get("is_renamed"):
        return True

    try:
        return new_name(content, _fetch(open_request, source, {}).content) is not None
    except DynacliError:
        return False


def _read_whole(revisions: Revisions, pointer: dict[str, Any]) -> bytes | None:
    """Return the bytes of a complete document; None if a part of it is lost."""
    if revisions.read_referenced_files(pointer) is None:
        return None
    return revisions.read_document(pointer)


def _fetch(open_request: OpenRequest, source: Source, known: Mapping[str, Any]) -> Fetched:
    """Fetch a document, unless it is still the one that a pointer knows: then its ETag and date hold on."""
    if open_request.at_hand is not None:
        return open_request.at_hand
    etag, last_modified = known.get("etag", ""), known.get("last_modified", "")
    try:
        fetched = fetch(
            source,
            open_request.env,
            timeout=open_request.seconds,
            etag=etag,
            last_modified=last_modified,
            login=open_request.login(),
        )
    except NetworkError as error:
        if open_request.is_registered:
            with_api_named(error, open_request.name)
        raise
    if not fetched.not_modified:
        return fetched
    return replace(fetched, etag=fetched.etag or etag, last_modified=fetched.last_modified or last_modified)


def _facts_of(source: Source, fetched: Fetched) -> dict[str, Any]:
    """Return what the pointer is to remember of a document that the server has just sent or confirmed."""
    facts = {
        "source": source.location,
        "etag": fetched.etag,
        "last_modified": fetched.last_modified,
        "fetched_at": time.time(),
        # The other files are read after the document.
        "checked_ns": time.time_ns(),
        "depends_on_who_asks": fetched.depends_on_who_asks,
    }
    return facts if fetched.max_age is None else {**facts, "max_age": fetched.max_age}


def _may_be_confirmed(open_request: OpenRequest, revisions: Revisions, pointer: dict[str, Any]) -> bool:
    """Return whether a 304 would be enough: nothing of the revision is lost, as far as a look at sizes tells.

    A refresh that the user asked for reads and compares the bytes.
    """
    if (
        open_request.is_asked
        or "parts" in pointer
        or pointer.get("is_shipped")
        or not is_compiled_as_asked(open_request, pointer)
    ):
        return False
    try:
        size = os.stat(revisions.document_path(pointer["revision"])).st_size
    except OSError:
        return False
    return bool(size == pointer.get("bytes"))


def _open_confirmed(
    open_request: OpenRequest,
    revisions: Revisions,
    pointer: dict[str, Any],
    source: Source,
    fetched: Fetched,
) -> OpenedApi | None:
    """Return the API of a document that the server has confirmed, unread; None if its catalog is lost."""
    catalog = revisions.open_catalog(pointer)
    if catalog is None or pointer["uri"] != fetched.uri:
        return None
    with suppress(OSError):  # a cache that cannot be written stays as it is
        forget_pending(revisions)
    facts = {key: value for key, value in pointer.items() if key != "max_age"}
    pointer = revisions.update_pointer(facts, **_facts_of(source, fetched))
    return OpenedApi(open_request, revisions, catalog, pointer)


def _open_shipped(open_request: OpenRequest, revisions: Revisions, source: Source) -> OpenedApi | None:
    """Return the API of the document that comes with dynacli for a URL; None if none does."""
    from dynacli.registry.demo_facts import shipped_for

    path = shipped_for(source.location)
    if path is None or open_request.more or open_request.overlays:
        return None
    with open(path, "rb") as file:
        fetched = Fetched(file.read(), uri=source.uri)
    # It is due from the beginning: whatever the server has is newer.
    facts = {"source": source.location, "fetched_at": 0, "is_shipped": True}
    installed = install(revisions, fetched, source.label, facts, SourceReader(None))
    api = open_installed(open_request, revisions, fetched, installed)
    api.is_due = True
    return api


def new_name(old: bytes, new: bytes) -> dict[str, str] | None:
    """Return the title and the version of a document if nothing else is new in it; None if something is.

    Args:
        old: The document before.
        new: The document.
    """
    if old == new or abs(len(old) - len(new)) > _MOST_BYTES:
        return None
    before, after = _parsed(old), _parsed(new)
    if before is None or after is None or _without_name(before) != _without_name(after):
        return None
    name = {key: after["info"].get(key) for key in _FIELDS}
    return {key: value for key, value in name.items() if isinstance(value, str)}


def _parsed(content: bytes) -> dict[str, Any] | None:
    """Return a document with an object `info`; None if it is none."""
    from dynacli.openapi.document.parse import parse_file

    try:
        tree = parse_file(content, name="the document").tree
    except DocumentError:
        return None
    return tree if isinstance(tree, dict) and isinstance(tree.get("info"), dict) else None


def _without_name(tree: Mapping[str, Any]) -> dict[str, Any]:
    info = {key: value for key, value in tree["info"].items() if key not in _FIELDS}
    return {**tree, "info": info}
