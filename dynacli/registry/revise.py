"""Lets a document that was read or fetched confirm the current revision or replace it, or holds the document back.

`adopt` decides by the rules in `_replacement_rules`.

Documents from standard input or from a caller cannot be read again. A hash of their content names them.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from dynacli.environment import Environment, invocation
from dynacli.errors import DocumentError, FileError, RefusedError
from dynacli.files import is_url
from dynacli.openapi.catalog.catalog_file import DamagedCatalogError
from dynacli.openapi.document.fetch import fetch
from dynacli.openapi.document.fetched import Fetched
from dynacli.openapi.document.source import Source, parse_source
from dynacli.registry._replacement_rules import rules_for
from dynacli.registry.install_revision import (
    confirm_revision,
    install,
    make_pending_current,
    rebuild_catalog,
    restore_files,
)
from dynacli.registry.news import find_pending, forget_pending, note_news
from dynacli.registry.opened_api import OpenedApi
from dynacli.registry.read_sources import SourceReader, label_of, make_reader
from dynacli.registry.revisions.housekeeping import keep_within_limit, registered_directories
from dynacli.registry.revisions.revisions import (
    RESOURCES_KEY,
    OpenRequest,
    Revisions,
    given_resources,
    is_compiled_as_asked,
    is_due,
    revision_of,
)

if TYPE_CHECKING:
    from dynacli.openapi.document.load import Document
    from dynacli.registry.install_revision import Installed


def reread_file(
    open_request: OpenRequest, revisions: Revisions, path: str, facts: dict[str, Any]
) -> OpenedApi:
    """Return the API of a file that is new, or may have changed.

    Args:
        facts: Facts of the file for the pointer, from before it is read.

    Raises:
        DocumentError: The document cannot be used.
    """
    source = parse_source(path, Path.cwd())
    if open_request.is_accepted:
        api = accept_pending(open_request, revisions)
        if api is not None:
            return api
    fetched = fetch(source, open_request.env)
    return adopt(open_request, revisions, revisions.current(), source, fetched, facts)


def adopt(
    open_request: OpenRequest,
    revisions: Revisions,
    pointer: dict[str, Any] | None,
    source: Source,
    fetched: Fetched,
    facts: dict[str, Any],
    reader: SourceReader | None = None,
) -> OpenedApi:
    """Return the API of a document that was read or fetched, compiled if it or a file of it has changed.

    Args:
        pointer: To the current revision.
        facts: Facts of the document for the pointer, beside its revision.
        reader: Reads the other files of the document; None for one that knows those of the current revision.

    Raises:
        DocumentError: The document cannot be used.
        RefusedError: The document was held back, and the user had asked for the refresh.
    """
    reader = reader or make_reader(open_request, revisions, pointer, source)
    if pointer is not None and _is_the_same(open_request, pointer, fetched, reader):
        catalog = revisions.open_catalog(pointer)
        if catalog is not None:
            files = reader.files
            pointer = _confirm_revision(revisions, pointer, fetched, reader, facts)
            return OpenedApi(open_request, revisions, catalog, pointer, fetched.content, files)
    for key in ("allow_refs", "more", "overlays"):
        if getattr(open_request, key):
            facts[key] = list(getattr(open_request, key))
    resources = given_resources(open_request.entry)
    if resources:
        facts[RESOURCES_KEY] = resources
    if not open_request.follows_files:
        facts["follows_files"] = False
    is_own_edit = (
        pointer is not None and not reader.is_refresh and _is_same_document(open_request, pointer, fetched)
    )
    owner = open_request.name if open_request.is_registered else _find_owner(open_request, revisions)
    rules = rules_for(open_request, source, pointer, owner=owner, is_own_edit=is_own_edit)
    installed = install(revisions, fetched, source.label, facts, reader, rules)
    if installed.objections:
        installed.catalog.close()
        return _open_previous(open_request, owner, revisions, pointer, installed.objections)
    if installed.before is not None and (open_request.is_registered or source.kind == "url"):
        _note_news(open_request, revisions, installed.before, installed.pointer, installed.document)
    return open_installed(open_request, revisions, fetched, installed)


def _is_the_same(
    open_request: OpenRequest, pointer: dict[str, Any], fetched: Fetched, reader: SourceReader
) -> bool:
    """Return whether a document and all its files have the content that a revision was compiled from."""
    if not _is_same_document(open_request, pointer, fetched):
        return False
    files = reader.read_again()
    return files.is_empty is ("parts" not in pointer) and pointer["revision"] == revision_of(
        fetched.content, files, fetched.uri
    )


def _is_same_document(open_request: OpenRequest, pointer: dict[str, Any], fetched: Fetched) -> bool:
    """Return whether a document, whatever its other files are, has the content that a revision was compiled from."""
    if (
        pointer["uri"] != fetched.uri
        or not is_compiled_as_asked(open_request, pointer)
        or pointer.get("is_shipped")
    ):
        return False
    return bool(pointer.get("root", pointer["revision"]) == revision_of(fetched.content))


def _confirm_revision(
    revisions: Revisions,
    pointer: dict[str, Any],
    fetched: Fetched,
    reader: SourceReader,
    facts: dict[str, Any],
) -> dict[str, Any]:
    """Save that the source still has the current revision, and restore lost files of the revision."""
    with suppress(OSError):  # a cache that cannot be written stays as it is; what was read is used
        restore_files(revisions, pointer["revision"], fetched.content, reader.files)
        # If nothing was fetched, what a server sent before still waits for a decision.
        if "fetched_at" not in facts or facts["fetched_at"] != pointer.get("fetched_at"):
            forget_pending(revisions)
    if "max_age" not in facts:
        pointer = {key: value for key, value in pointer.items() if key != "max_age"}
    return confirm_revision(revisions, pointer, reader, **facts)


def _find_owner(open_request: OpenRequest, revisions: Revisions) -> str:
    """Return the name of a registered API that has the same document; empty if none has."""
    try:
        names = registered_directories(open_request.env).get(revisions.directory, ())
    except FileError:
        return ""  # a run that needs the configuration says what is wrong with it
    return next((name for name in names if name != open_request.name), "")


def _open_previous(
    open_request: OpenRequest,
    owner: str,
    revisions: Revisions,
    pointer: dict[str, Any] | None,
    objections: Sequence[str],
) -> OpenedApi:
    """Return the API of the current revision, after a new document was held back.

    Raises:
        RefusedError: The person has asked for the refresh.
    """
    if pointer is not None:
        pointer = revisions.update_pointer(pointer, asked_at=time.time())
    if open_request.is_asked:
        raise RefusedError(
            f"The new document of `{open_request.name}` is held back, and the previous one is used",
            reason="; ".join(objections),
            hint=f"If you trust it: `{invocation('api refresh', owner or open_request.name)} --accept`",
            held_back=list(objections),
        )
    if pointer is not None:
        api = open_cached(open_request, revisions, pointer)
        if api is not None:
            api.objections = tuple(objections)
            return api
    raise DocumentError("The document cannot be used", reason="; ".join(objections))


def accept_pending(open_request: OpenRequest, revisions: Revisions) -> OpenedApi | None:
    """Make the document that was held back the current one, and return its API; None if there is none."""
    pending = find_pending(revisions)
    if pending is None:
        return None
    api = open_cached(open_request, revisions, pending.pointer)
    if api is None:
        return None
    before = make_pending_current(revisions, pending.pointer)
    if before is not None:
        _note_news(open_request, revisions, before, pending.pointer)
    api.is_new = True
    return api


def _note_news(
    open_request: OpenRequest,
    revisions: Revisions,
    before: dict[str, Any],
    after: dict[str, Any],
    document: Document | None = None,
) -> None:
    note_news(revisions, before, after, open_request.name, document)


def open_installed(
    open_request: OpenRequest, revisions: Revisions, fetched: Fetched, installed: Installed
) -> OpenedApi:
    """Return the API of a document that was compiled just now."""
    api = OpenedApi(
        open_request, revisions, installed.catalog, installed.pointer, fetched.content, installed.files
    )
    api.is_new, api.failure = True, installed.failure
    if installed.failure is None:
        keep_within_limit(open_request.env, revisions)
    return api


def open_cached(open_request: OpenRequest, revisions: Revisions, pointer: dict[str, Any]) -> OpenedApi | None:
    """Return the API of a revision in the cache, compiled again if its catalog is lost; None if all is."""
    catalog = revisions.open_catalog(pointer) or rebuild_catalog(
        revisions, pointer, label_of(revisions.location)
    )
    if catalog is None:
        return None
    api = OpenedApi(open_request, revisions, catalog, pointer)
    api.is_due = is_url(revisions.location) and is_due(pointer, open_request.lifetime)
    return api


def open_stdin(open_request: OpenRequest, source: Source) -> OpenedApi:
    """Return the API of the document on standard input.

    Raises:
        DocumentError: The document cannot be used.
    """
    fetched = fetch(source, open_request.env)
    revisions, api = _open_compiled(open_request, fetched)
    if api is not None:
        return api
    return adopt(open_request, revisions, revisions.current(), source, fetched, {"source": "-"})


def open_content(name: str, fetched: Fetched, label: str, env: Environment) -> OpenedApi:
    """Return the API of a document that the caller has.

    Args:
        name: The name of the API.
        fetched: The document's bytes.
        label: The name of the document in messages.

    Raises:
        DocumentError: The document cannot be used.
    """
    open_request = OpenRequest(name, env)
    revisions, api = _open_compiled(open_request, fetched)
    if api is not None:
        return api
    installed = install(revisions, fetched, label, {"source": "-"}, SourceReader(None))
    return open_installed(open_request, revisions, fetched, installed)


def _open_compiled(open_request: OpenRequest, fetched: Fetched) -> tuple[Revisions, OpenedApi | None]:
    """Return the revisions of a document of that content, and its API if it was compiled before."""
    revisions = Revisions(open_request.env.cache_dir, f"-{revision_of(fetched.content)}")
    pointer = revisions.current()
    if pointer is None or open_request.refresh or not is_compiled_as_asked(open_request, pointer):
        return revisions, None
    catalog = revisions.open_catalog(pointer)
    if catalog is None:
        return revisions, None
    try:
        # Damage that is found later could not be fixed: standard input is read only once.
        catalog.check(whole=True)
    except DamagedCatalogError:
        catalog.close()
        revisions.drop_catalog(pointer)
        return revisions, None
    return revisions, OpenedApi(open_request, revisions, catalog, pointer, fetched.content)
