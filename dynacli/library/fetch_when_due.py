"""Fetches a document from its URL when it is new, lost or due: whoever does so holds a lock meanwhile.

The others wait for it and find the work done. What the server sends is taken over by `revise`.
"""

import os
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import replace
from typing import Any

from dynacli.document.fetched import Fetched
from dynacli.document.fetching.fetch import fetch
from dynacli.document.limits import TOTAL_SECONDS
from dynacli.document.source import Source
from dynacli.errors import DocumentError, DynacliError, NetworkError, TimedOutError
from dynacli.files import LOCK_SECONDS, hold_lock
from dynacli.library.install_revision import install
from dynacli.library.opened_api import OpenedApi
from dynacli.library.read_sources import SourceReader
from dynacli.library.revise import accept_pending, adopt, is_due_now, open_cached, open_installed
from dynacli.library.revisions.freshness import is_as_compiled
from dynacli.library.revisions.open_request import BLOCKING, OpenRequest
from dynacli.library.revisions.pending_document import forget_pending, note_failure
from dynacli.library.revisions.revisions import Revisions

__all__ = ["fetch_when_due"]

_LOCK = "refresh.lock"


def fetch_when_due(open_request: OpenRequest, source: Source, *, patience: float | None = None) -> OpenedApi:
    """Return the API of a document at a URL, fetched where that is needed and allowed.

    Args:
        patience: For how many seconds another process that fetches the same is waited for; by default shortly
            where there is a document to use meanwhile, else as long as a fetch may take.

    Raises:
        DocumentError: It cannot be used, and there is none from before.
        NetworkError: It cannot be fetched, and there is none from before.
        DynacliError: The same, where a refresh was asked for, whatever there is from before.
    """
    revisions = Revisions(open_request.env.cache_dir, source.location, open_request.layers)
    began = time.time()
    if open_request.offline:
        return _without_network(open_request, revisions, source)
    if patience is None:
        patience = TOTAL_SECONDS if open_request.refresh or revisions.current() is None else LOCK_SECONDS
    with _fetching(revisions, patience) as is_alone:
        pointer = revisions.current()
        if pointer is not None and is_as_compiled(open_request, revisions, pointer):
            # One from the future is of a clock that was wrong.
            is_just_fetched = began <= pointer.get("fetched_at", 0) <= time.time()
            is_done = is_just_fetched or not (open_request.refresh or is_due_now(open_request, pointer))
            # Another process has just done it, or is at it and takes its time.
            api = (
                open_cached(open_request, revisions, pointer)
                if is_done or not (is_alone or open_request.refresh)
                else None
            )
            if api is not None:
                return api
        try:
            return _fetched(open_request, revisions, pointer, source)
        except DynacliError as error:
            if "kept_aside" in error.details:
                raise  # it was there, and is at hand
            return _after_failure(open_request, revisions, pointer, source, error)


@contextmanager
def _fetching(revisions: Revisions, patience: float) -> Iterator[bool]:
    """Keep others from fetching the same for as long as the block lasts.

    Yields whether nobody else is at it; where there can be no lock, that is supposed.
    """
    # What cannot be written cannot be shared either: each run fetches for itself then.
    with hold_lock(os.path.join(revisions.directory, _LOCK), patience, is_needed=False) as is_alone:
        try:
            yield is_alone
        finally:
            if is_alone:
                _leave_nothing(revisions.directory)


def _leave_nothing(directory: str) -> None:
    """Remove a directory in which nothing but the lock is: what was to be fetched did not come."""
    try:
        if os.listdir(directory) == [_LOCK]:
            os.unlink(os.path.join(directory, _LOCK))
            os.rmdir(directory)
    except OSError:
        return  # somebody else has begun to use it


def _without_network(open_request: OpenRequest, revisions: Revisions, source: Source) -> OpenedApi:
    pointer = revisions.current()
    api = open_cached(open_request, revisions, pointer) if pointer is not None else None
    api = api or _shipped(open_request, revisions, source)
    if api is None:
        raise DocumentError(
            f"`{source.label}` is not in the cache", hint="Leave out `--offline` once, so that it is fetched"
        )
    return api


def _after_failure(
    open_request: OpenRequest,
    revisions: Revisions,
    pointer: dict[str, Any] | None,
    source: Source,
    error: DynacliError,
) -> OpenedApi:
    """Return the API as it was before a refresh that failed.

    Raises:
        DynacliError: The error, where there is none, or where the refresh was asked for.
    """
    # Whoever registers a URL asks for its document, and has all that there is of it as before.
    is_beneath = (
        pointer is not None
        and pointer.get("is_shipped")
        and open_request.refresh
        and not open_request.is_registered
    )
    if pointer is None or is_beneath:
        is_unreachable = isinstance(error, NetworkError | TimedOutError)
        api = _shipped(open_request, revisions, source) if is_unreachable else None
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


def _fetched(
    open_request: OpenRequest, revisions: Revisions, pointer: dict[str, Any] | None, source: Source
) -> OpenedApi:
    if open_request.is_accepted and pointer is not None:
        api = accept_pending(open_request, revisions)
        if api is not None:
            return api
    is_waited_for = open_request.refresh or (
        open_request.mode == BLOCKING and pointer is not None and is_due_now(open_request, pointer)
    )
    is_brief = pointer is not None and is_waited_for and _may_ask_briefly(open_request, revisions, pointer)
    content = None if pointer is None or is_brief else _whole(revisions, pointer)
    if pointer is not None and content is not None and not is_waited_for:
        # Only what it may refer to or an overlay is another, or its catalog is lost: no reason to fetch what is here.
        fetched = Fetched(content, uri=pointer["uri"])
        kept_facts = ("source", "etag", "last_modified", "fetched_at", "asked_at", "max_age", "is_shipped")
        remembered = {key: pointer[key] for key in kept_facts if key in pointer}
        remembered["checked_ns"] = time.time_ns()
        return adopt(open_request, revisions, pointer, source, fetched, remembered)
    # Asking whether it has changed makes sense only where nothing of it was lost.
    known = pointer if pointer is not None and (is_brief or content is not None) else {}
    fetched = _fetch(open_request, source, known)
    if fetched.not_modified and pointer is not None:
        api = _unchanged(open_request, revisions, pointer, source, fetched) if is_brief else None
        if api is not None:
            return api
        content = content or _whole(revisions, pointer)
        fetched = _fetch(open_request, source, {}) if content is None else replace(fetched, content=content)
    return adopt(open_request, revisions, pointer, source, fetched, _facts_of(source, fetched))


def _whole(revisions: Revisions, pointer: dict[str, Any]) -> bytes | None:
    """Return the bytes of a document of which nothing was lost; None where something was."""
    return revisions.content(pointer) if revisions.parts(pointer) is not None else None


def _fetch(open_request: OpenRequest, source: Source, known: Mapping[str, Any]) -> Fetched:
    """Fetch a document, unless it is still the one that a pointer remembers; what that knows holds then."""
    etag, last_modified = known.get("etag", ""), known.get("last_modified", "")
    fetched = fetch(
        source,
        open_request.env,
        timeout=open_request.seconds,
        etag=etag,
        last_modified=last_modified,
        authorize=open_request.authorize,
    )
    if not fetched.not_modified:
        return fetched
    return replace(fetched, etag=fetched.etag or etag, last_modified=fetched.last_modified or last_modified)


def _facts_of(source: Source, fetched: Fetched) -> dict[str, Any]:
    """Return what is remembered of a document that the server has just sent or confirmed."""
    facts = {
        "source": source.location,
        "etag": fetched.etag,
        "last_modified": fetched.last_modified,
        "fetched_at": time.time(),
        # The other files are read after it.
        "checked_ns": time.time_ns(),
    }
    return facts if fetched.max_age is None else {**facts, "max_age": fetched.max_age}


def _may_ask_briefly(open_request: OpenRequest, revisions: Revisions, pointer: dict[str, Any]) -> bool:
    """Tell whether a 304 would be all that has to be known: nothing of the revision is lost, as far as a look tells.

    Who asks for the refresh themselves gets a closer look: the bytes are read and compared.
    """
    if (
        open_request.is_asked
        or "parts" in pointer
        or pointer.get("is_shipped")
        or not open_request.is_met_by(pointer)
    ):
        return False
    try:
        size = os.stat(revisions.document_path(pointer["revision"])).st_size
    except OSError:
        return False
    return bool(size == pointer.get("bytes"))


def _unchanged(
    open_request: OpenRequest, revisions: Revisions, pointer: dict[str, Any], source: Source, fetched: Fetched
) -> OpenedApi | None:
    """Return the API of a document that the server has confirmed, which is not read; None where its catalog is lost."""
    catalog = revisions.catalog(pointer)
    if catalog is None or pointer["uri"] != fetched.uri:
        return None
    with suppress(OSError):  # a cache that cannot be written stays as it is
        forget_pending(revisions)
    facts = {key: value for key, value in pointer.items() if key != "max_age"}
    known = revisions.touch(facts, **_facts_of(source, fetched))
    return OpenedApi(open_request.name, revisions, catalog, known, open_request=open_request)


def _shipped(open_request: OpenRequest, revisions: Revisions, source: Source) -> OpenedApi | None:
    """Return the API of the document that travels with dynacli for a URL, the layer beneath the cache."""
    from dynacli.document.fetching.shipped_documents import shipped_for

    path = shipped_for(source.location)
    if path is None or open_request.layers:
        return None
    with open(path, "rb") as file:
        fetched = Fetched(file.read(), uri=source.uri)
    # It is due from the beginning: whatever the server has is newer.
    facts = {"source": source.location, "fetched_at": 0, "is_shipped": True}
    installed = install(revisions, fetched, source.label, facts, SourceReader(None))
    api = open_installed(open_request, revisions, fetched, installed)
    api.is_due = True
    return api
