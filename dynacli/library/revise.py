"""What becomes of a document that was read or fetched: the revision that there is, a new one, or one kept aside."""

import os
import time
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from dynacli.catalog.store.catalog_file import DamagedCatalogError
from dynacli.document.fetched import Fetched
from dynacli.document.fetching.fetch import fetch
from dynacli.document.source import Source, parse_source
from dynacli.environment import Environment
from dynacli.errors import DocumentError, FileError, RefusedError
from dynacli.library.install_revision import Objections, accept, install, keep_parts, rebuilt, touch
from dynacli.library.opened_api import OpenedApi
from dynacli.library.read_sources import DocumentAccess, SourceReader
from dynacli.library.revisions.freshness import is_due
from dynacli.library.revisions.open_request import OpenRequest
from dynacli.library.revisions.pending_document import find_pending, forget_pending
from dynacli.library.revisions.referenced_files import ReferencedFiles
from dynacli.library.revisions.replacement_rules import lost_operations, objections_of
from dynacli.library.revisions.revisions import Revisions, revision_of

if TYPE_CHECKING:
    from dynacli.library.install_revision import Installed

__all__ = [
    "accept_pending",
    "adopt",
    "is_due_now",
    "open_cached",
    "open_content",
    "open_installed",
    "open_stdin",
    "reread_file",
]


def is_due_now(open_request: OpenRequest, pointer: dict[str, Any]) -> bool:
    """Tell whether it is time to ask the server, by the person's word and by the clock."""
    return is_due(pointer, time.time(), open_request.lifetime)


def accept_pending(open_request: OpenRequest, revisions: Revisions) -> OpenedApi | None:
    """Return the API of the document that was kept aside, which is now the current one; None where there is none."""
    held = find_pending(revisions)
    if held is None:
        return None
    again = open_cached(open_request, revisions, held.pointer)
    if again is None:
        return None
    before = accept(revisions, held.pointer)
    if before is not None:
        _note_news(open_request, revisions, before, held.pointer)
    again.is_new = True
    return again


def reread_file(
    open_request: OpenRequest, revisions: Revisions, path: str, remembered: dict[str, Any]
) -> OpenedApi:
    """Return the API of a file that is new, or may have changed.

    Args:
        remembered: What is known of the file from before it is read.

    Raises:
        DocumentError: It cannot be used.
    """
    source = parse_source(path, Path.cwd())
    if open_request.is_accepted:
        api = accept_pending(open_request, revisions)
        if api is not None:
            return api
    return adopt(
        open_request, revisions, revisions.current(), source, fetch(source, open_request.env), remembered
    )


def adopt(
    open_request: OpenRequest,
    revisions: Revisions,
    pointer: dict[str, Any] | None,
    source: Source,
    fetched: Fetched,
    remembered: dict[str, Any],
) -> OpenedApi:
    """Return the API of the file that was named, compiled where it or another of its files has changed."""
    reader = _reader(open_request, revisions, pointer, source)
    if pointer is not None and _is_the_same(open_request, pointer, fetched, reader):
        catalog = revisions.catalog(pointer)
        if catalog is not None:  # touched, or copied over with the same content
            parts = reader.parts
            pointer = _confirmed(revisions, pointer, fetched, reader, remembered)
            return OpenedApi(
                open_request.name, revisions, catalog, pointer, fetched.content, parts, open_request
            )
    for key in ("allow_refs", "more", "overlays"):
        if getattr(open_request, key):
            remembered[key] = list(getattr(open_request, key))
    is_own_edit = pointer is not None and not reader.is_again and _is_root(open_request, pointer, fetched)
    owner = open_request.name if open_request.is_registered else _owner(open_request, revisions)
    objections = _objections(open_request, owner, source, pointer, is_own_edit=is_own_edit)
    installed = install(revisions, fetched, source.label, remembered, reader, objections)
    if installed.objections:
        installed.catalog.close()
        return _kept_aside(open_request, owner, revisions, pointer, installed.objections)
    if installed.before is not None and (open_request.is_registered or source.kind == "url"):
        _note_news(open_request, revisions, installed.before, installed.pointer, installed)
    return open_installed(open_request, revisions, fetched, installed)


def _confirmed(
    revisions: Revisions,
    pointer: dict[str, Any],
    fetched: Fetched,
    reader: SourceReader,
    remembered: dict[str, Any],
) -> dict[str, Any]:
    """Remember that the current revision is still the one that there is, and mend what was lost of it."""
    with suppress(OSError):  # a cache that cannot be written stays as it is; what was read is used
        keep_parts(revisions, pointer["revision"], fetched.content, reader.parts)
        if not _is_kept(pointer, remembered):
            forget_pending(revisions)
    if "max_age" not in remembered:
        pointer = {key: value for key, value in pointer.items() if key != "max_age"}
    return touch(revisions, pointer, reader, **remembered)


def _is_kept(pointer: dict[str, Any], remembered: dict[str, Any]) -> bool:
    """Tell whether nothing was fetched, so that what a server had before still waits for a decision."""
    return "fetched_at" in remembered and remembered["fetched_at"] == pointer.get("fetched_at")


def _owner(open_request: OpenRequest, revisions: Revisions) -> str:
    """Return the name of a registered API that has the same document as a URL that is called by itself."""
    from dynacli.library.revisions.cache_limit import registered_directories

    try:
        names = registered_directories(open_request.env).get(revisions.directory, ())
    except FileError:
        return ""  # a run that needs the configuration says what is wrong with it
    return next((name for name in names if name != open_request.name), "")


def _objections(
    open_request: OpenRequest,
    owner: str,
    source: Source,
    pointer: dict[str, Any] | None,
    *,
    is_own_edit: bool,
) -> Objections | None:
    """Return what has to be looked at before a document takes the place of another by itself.

    Args:
        owner: The registered API whose document it is; empty where it is that of none.
        is_own_edit: Whether nothing came over the network, so that a file of this machine is another, an overlay.
    """
    if open_request.is_accepted or pointer is None or pointer.get("is_shipped"):
        return None
    if not owner and (open_request.is_asked or source.kind != "url"):
        return None  # the person named this very document just now
    # Who can write a person's files needs no document to get at their credentials.
    return objections_of if source.kind == "url" and not is_own_edit else lost_operations


def _kept_aside(
    open_request: OpenRequest,
    owner: str,
    revisions: Revisions,
    pointer: dict[str, Any] | None,
    objections: Sequence[str],
) -> OpenedApi:
    """Return the API as it was, with what was held against the new document.

    Raises:
        RefusedError: The person asked for the refresh.
    """
    if pointer is not None:
        pointer = revisions.touch(pointer, asked_at=time.time())
    if open_request.is_asked:
        raise RefusedError(
            f"The new document of `{open_request.name}` was kept aside, and the one before is used",
            why="; ".join(objections),
            hint=f"If you trust it: `dynacli api refresh {owner or open_request.name} --accept`",
            kept_aside=list(objections),
        )
    if pointer is not None:
        api = open_cached(open_request, revisions, pointer)
        if api is not None:
            api.objections = tuple(objections)
            return api
    raise DocumentError("The document cannot be used", why="; ".join(objections))


def _note_news(
    open_request: OpenRequest,
    revisions: Revisions,
    before: dict[str, Any],
    after: dict[str, Any],
    installed: "Installed | None" = None,
) -> None:
    from dynacli.library.news import note_news

    note_news(
        revisions, before, after, open_request.name, installed.document if installed is not None else None
    )


def _is_the_same(
    open_request: OpenRequest, pointer: dict[str, Any], fetched: Fetched, reader: SourceReader
) -> bool:
    """Tell whether the files of a document have the content that it was compiled from."""
    revision = pointer["revision"]
    if not _is_root(open_request, pointer, fetched):
        return False
    parts = reader.look_again()
    is_one_file = not parts.found and not parts.missing
    return is_one_file is ("parts" not in pointer) and revision == revision_of(
        fetched.content, parts, fetched.uri
    )


def _is_root(open_request: OpenRequest, pointer: dict[str, Any], fetched: Fetched) -> bool:
    """Tell whether the file that was named has the content that a revision was compiled from."""
    if pointer["uri"] != fetched.uri or not open_request.is_met_by(pointer) or pointer.get("is_shipped"):
        return False
    return bool(pointer.get("root", pointer["revision"]) == revision_of(fetched.content))


def _reader(
    open_request: OpenRequest, revisions: Revisions, pointer: dict[str, Any] | None, source: Source
) -> SourceReader:
    kept_parts = None
    # What was read when more was allowed is not looked at any more.
    if pointer is not None and {*pointer.get("allow_refs", ())} <= {*open_request.allow_refs}:
        kept_parts = revisions.parts(pointer)
    own = _document_access(open_request, source, source)
    more = [parse_source(one, Path.cwd()) for one in open_request.more]
    return SourceReader(
        own.opener,
        kept_parts or ReferencedFiles({}),
        may_fetch=not open_request.offline,
        is_again=open_request.refresh or (pointer is not None and is_due_now(open_request, pointer)),
        folders=own.folders,
        further=[_document_access(open_request, one, source) for one in more],
    )


def _document_access(open_request: OpenRequest, source: Source, first: Source) -> DocumentAccess:
    """Return how the files of a document are read.

    Args:
        first: The document whose origin the credentials are for.
    """
    from dynacli.document.fetching.allowed_places import directories_of
    from dynacli.document.fetching.file_opener import allowed_files

    folders: tuple[str, ...] = ()
    if source.kind == "file":
        own = os.path.dirname(source.location)
        folders = (os.path.join(own, ""), *directories_of((own, *open_request.allow_refs)))
    authorize = open_request.authorize if source.origin == first.origin else None
    try:
        return DocumentAccess(allowed_files(source, open_request.allow_refs, authorize=authorize), folders)
    except ValueError as error:
        from dynacli.library.configuration.configuration import Configuration

        # Those of the command line were looked at as they were read.
        raise FileError(
            f"An origin that the references of `{open_request.name}` may lead to is malformed",
            hint=f"Mend `allow_refs` in `{Configuration(open_request.env).path}`: an origin looks like `https://api.example.com`",
        ) from error


def open_stdin(open_request: OpenRequest, source: Source) -> OpenedApi:
    """Return the API of the document on standard input.

    Raises:
        DocumentError: It cannot be used.
    """
    fetched = fetch(source, open_request.env)
    revisions, api = _by_content(open_request, fetched)
    if api is not None:
        return api
    return adopt(open_request, revisions, revisions.current(), source, fetched, {"source": "-"})


def open_content(name: str, fetched: Fetched, label: str, env: Environment) -> OpenedApi:
    """Return the API of a document that is at hand, without a place that it could be read from again.

    Its content is its only name: the same document is compiled once.

    Args:
        name: How the API is called.
        fetched: The document's bytes.
        label: How messages call the document.

    Raises:
        DocumentError: The document cannot be used.
    """
    open_request = OpenRequest(name, env)
    revisions, api = _by_content(open_request, fetched)
    if api is not None:
        return api
    installed = install(revisions, fetched, label, {"source": "-"}, SourceReader(None))
    return open_installed(open_request, revisions, fetched, installed)


def _by_content(open_request: OpenRequest, fetched: Fetched) -> tuple[Revisions, OpenedApi | None]:
    """Return where a document of that content is kept, and its API where it was compiled before."""
    revisions = Revisions(open_request.env.cache_dir, f"-{revision_of(fetched.content)}")
    pointer = revisions.current()
    if pointer is None or open_request.refresh or not open_request.is_met_by(pointer):
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
    return revisions, OpenedApi(
        open_request.name, revisions, catalog, pointer, fetched.content, open_request=open_request
    )


def open_installed(
    open_request: OpenRequest, revisions: Revisions, fetched: Fetched, installed: "Installed"
) -> OpenedApi:
    """Return the API of a document that was compiled just now."""
    api = OpenedApi(
        open_request.name,
        revisions,
        installed.catalog,
        installed.pointer,
        fetched.content,
        installed.parts,
        open_request,
    )
    api.is_new, api.failure = True, installed.failure
    if installed.failure is None:
        from dynacli.library.revisions.cache_limit import keep_within_limit

        keep_within_limit(open_request.env, revisions)
    return api


def open_cached(open_request: OpenRequest, revisions: Revisions, pointer: dict[str, Any]) -> OpenedApi | None:
    """Return the API as the cache has it, compiled again where only its catalog was lost; None where all is."""
    from dynacli.library.compose_document import label_of

    catalog = revisions.catalog(pointer)
    if catalog is None:
        catalog = rebuilt(revisions, pointer, label_of(revisions.location))
    if catalog is None:
        return None
    api = OpenedApi(open_request.name, revisions, catalog, pointer, open_request=open_request)
    api.is_due = "://" in revisions.location and is_due_now(open_request, pointer)
    return api
