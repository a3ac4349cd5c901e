"""How a document becomes a revision: compiled whole, written aside, looked at, and only then made the current one."""

import os
import sqlite3
import time
from collections.abc import Callable, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any, NamedTuple

from dynacli.catalog.compiler.garbage_collection import without_collector
from dynacli.catalog.store.catalog_file import Catalog, DamagedCatalogError
from dynacli.document.fetched import Fetched
from dynacli.errors import DocumentError, FileError
from dynacli.files import locked, make_directory, sweep, write_file
from dynacli.library.compose_document import Layers, compose, read_cached_document
from dynacli.library.read_sources import SourceReader
from dynacli.library.revisions.given_names import names_in_catalogs
from dynacli.library.revisions.housekeeping import begin_day, thin_out
from dynacli.library.revisions.pending_document import forget_pending, keep_aside
from dynacli.library.revisions.revisions import Revisions, revision_of

if TYPE_CHECKING:
    from dynacli.catalog.compiler.compile_document import Compiled
    from dynacli.document.load import Document
    from dynacli.library.revisions.referenced_files import ReferencedFiles

__all__ = ["Installed", "Objections", "accept", "install", "keep_parts", "rebuilt", "touch"]

Objections = Callable[[Catalog, Catalog], Sequence[str]]
"""Returns why a catalog shall not take the place of an earlier one by itself; given the earlier one and the new one."""


_AS_IT_WAS = "the document as it was"


class Installed(NamedTuple):
    """A document that was compiled just now.

    Args:
        catalog: Its catalog.
        pointer: What is remembered of it.
        parts: The other files of the document.
        failure: Why it could not be kept; the catalog is then in memory alone.
        objections: Why it was kept aside and did not become the current revision; none where it did.
        before: The pointer to the revision that was current until now, if that is another one.
        document: What the catalog was compiled from.
    """

    catalog: Catalog
    pointer: dict[str, Any]
    parts: "ReferencedFiles"
    failure: FileError | None = None
    objections: tuple[str, ...] = ()
    before: dict[str, Any] | None = None
    document: "Document | None" = None


def install(
    revisions: Revisions,
    fetched: Fetched,
    name: str,
    facts: dict[str, Any],
    reader: SourceReader,
    objections: Objections | None = None,
) -> Installed:
    """Compile a document and make it the current revision.

    Only a document that was compiled whole takes the place of an earlier one.

    Args:
        fetched: The document's bytes, and the base of its relative servers.
        name: How messages call it.
        facts: What the pointer remembers beside the revision: size, time, ETag, layers, ...
        reader: Reads the other files of the document.
        objections: Whether it may take the place of the current revision; without it, it may.

    Raises:
        DocumentError: The bytes are no document that dynacli can use; the earlier revision stays.
        FileError: Another process has been compiling it for too long.
    """
    with without_collector():
        return _install(revisions, fetched, name, facts, reader, objections)


def _install(
    revisions: Revisions,
    fetched: Fetched,
    name: str,
    facts: dict[str, Any],
    reader: SourceReader,
    objections: Objections | None,
) -> Installed:
    from dynacli.catalog.store.catalog_writer import catalog_in_memory, write_catalog

    reader.forget()
    document = compose(fetched, name, reader, Layers.of(facts))
    reader.check_nothing_lost()
    parts = reader.parts
    revision = revision_of(fetched.content, parts, fetched.uri)
    pointer = {
        "fetched_at": time.time(),
        **facts,
        "location": revisions.location,
        "revision": revision,
        "uri": fetched.uri,
        "bytes": len(fetched.content),
    }
    compiled = None
    try:
        make_directory(revisions.directory)
        with locked(revisions.directory, "compiling this document"):
            sweep(revisions.directory)
            before = revisions.current()
            catalog = _made_meanwhile(revisions, before, pointer)
            if catalog is None:
                compiled = _compile(document, _names_so_far(revisions))
                path = revisions.catalog_path(revision)
                write_catalog(path, compiled, document.problems, revision)
                catalog = Catalog(path)
            write_file(revisions.document_path(revision), fetched.content)
            keep_parts(revisions, revision, fetched.content, parts)
            if parts.found or parts.missing:
                pointer.update(parts="", root=revision_of(fetched.content))
            meta = catalog.meta
            pointer |= {key: meta[key] for key in ("title", "version", "operations")}
            said = _objections(revisions, before, pointer, catalog, objections)
            if said:
                keep_aside(revisions, pointer, said)
                return Installed(catalog, pointer, parts, objections=tuple(said))
            if "parts" in pointer:
                pointer.update(_part_facts(revisions, reader))
            _make_current(revisions, before, pointer)
    except (OSError, sqlite3.Error) as error:
        why = getattr(error, "strerror", None) or str(error)
        failure = FileError(
            f"The cache `{revisions.cache_dir}` cannot be written ({why})",
            hint="Free some space, or name another directory in `DYNACLI_CACHE_DIR`",
        )
        compiled = compiled or _compile(document, _names_so_far(revisions))
        return Installed(catalog_in_memory(compiled, document.problems), pointer, parts, failure)
    is_new = before is not None and before["revision"] != revision
    return Installed(catalog, pointer, parts, before=before if is_new else None, document=document)


def _make_current(revisions: Revisions, before: dict[str, Any] | None, pointer: dict[str, Any]) -> None:
    """Make a revision whose files are complete the current one; `current.json` is the last that is written."""
    if before is None or before["revision"] != pointer["revision"] or "installed_at" not in before:
        pointer["installed_at"] = time.time()
        pointer["number"] = 1 + max((one.get("number", 0) for one in revisions.history()), default=0)
        # Without power it is a line less in the history: `current.json` says the same.
        revisions.write_state(f"{pointer['revision']}.json", pointer, is_lasting=False)
    else:
        pointer |= {key: before[key] for key in ("installed_at", "number") if key in before}
    revisions.point_to(pointer)
    forget_pending(revisions)
    if not revisions.was_used_today:
        begin_day(revisions)
    thin_out(revisions, pointer)


def accept(revisions: Revisions, pointer: dict[str, Any]) -> dict[str, Any] | None:
    """Make the revision that was kept aside the current one, and return the pointer to the one before.

    Raises:
        OSError: The cache cannot be written.
        FileError: Another process has been compiling this document for too long.
    """
    with locked(revisions.directory, "compiling this document"):
        before = revisions.current()
        _make_current(revisions, before, pointer)
    return before


def rebuilt(revisions: Revisions, pointer: dict[str, Any], name: str) -> Catalog | None:
    """Compile a lost catalog again from the bytes that were kept; None when they are lost too.

    Args:
        pointer: To the revision, which need not be the current one, and does not become it.
        name: How messages call the document.
    """
    from dynacli.catalog.store.catalog_writer import catalog_in_memory, write_catalog

    made = _compiled_again(revisions, pointer, name)
    if made is None:
        return None
    document, compiled = made
    path = revisions.catalog_path(pointer["revision"])
    try:
        with locked(revisions.directory, "compiling this document"):
            write_catalog(path, compiled, document.problems, pointer["revision"])
        return Catalog(path)
    except (OSError, sqlite3.Error, FileError):
        return catalog_in_memory(compiled, document.problems)


def _compiled_again(
    revisions: Revisions, pointer: dict[str, Any], name: str
) -> "tuple[Document, Compiled] | None":
    """Return what becomes of the bytes that were kept of a revision; None where they are lost."""
    try:
        with without_collector():
            document = read_cached_document(revisions, pointer, name)
            if document is None:
                return None
            return document, _compile(document, names_in_catalogs(revisions)[0])
    except DocumentError:
        return None  # an older dynacli read it, this one does not


def touch(
    revisions: Revisions, pointer: dict[str, Any], reader: SourceReader, **changes: Any
) -> dict[str, Any]:
    """Write the pointer with changes, after the files of the document were looked at again, and return it.

    A cache that cannot be written stays as it was.
    """
    try:
        if "parts" in pointer:
            changes.update(_part_facts(revisions, reader))
    except OSError:
        return {**pointer, **changes}
    return revisions.touch(pointer, **changes)


def keep_parts(revisions: Revisions, revision: str, content: bytes, parts: "ReferencedFiles") -> None:
    """Write the files of a revision where they were lost.

    Raises:
        OSError: They cannot be written.
    """
    from dynacli.library.revisions.referenced_files import read_parts, write_parts

    path = revisions.document_path(revision)
    if not _holds(path, content):
        write_file(path, content)
    path = revisions.parts_path(revision)
    if (parts.found or parts.missing) and read_parts(path) != parts:
        write_parts(path, parts)


def _holds(path: str, content: bytes) -> bool:
    try:
        with open(path, "rb") as file:
            return os.fstat(file.fileno()).st_size == len(content) and file.read() == content
    except OSError:
        return False


def _part_facts(revisions: Revisions, reader: SourceReader) -> dict[str, str]:
    from dynacli.library.revisions.freshness import write_parts_list

    if not reader.looks:
        return {}  # nothing was looked at: what is known of them holds
    return {"parts": write_parts_list(revisions.directory, reader.facts)}


def _objections(
    revisions: Revisions,
    before: dict[str, Any] | None,
    pointer: dict[str, Any],
    catalog: Catalog,
    objections: Objections | None,
) -> Sequence[str]:
    if objections is None or before is None or before["revision"] == pointer["revision"]:
        return ()
    for find in (revisions.catalog, partial(_catalog_again, revisions)):
        old = find(before)
        if old is None:
            continue
        try:
            return objections(old, catalog)
        except DamagedCatalogError:
            continue  # it can be made again
        finally:
            old.close()
    return ()  # there is nothing left that could be lost


def _catalog_again(revisions: Revisions, pointer: dict[str, Any]) -> Catalog | None:
    """Return the catalog of a revision, made from the bytes that were kept; None where they are lost."""
    from dynacli.catalog.store.catalog_writer import catalog_in_memory

    made = _compiled_again(revisions, pointer, _AS_IT_WAS)
    return None if made is None else catalog_in_memory(made[1], made[0].problems)


def _made_meanwhile(
    revisions: Revisions, pointer: dict[str, Any] | None, wanted: dict[str, Any]
) -> Catalog | None:
    """Return the catalog of a revision that another process has made current while this one waited."""
    # What may be referred to decides what a catalog says of the references that were not followed.
    same = ("revision", "uri", "allow_refs", "more", "overlays")
    if pointer is None or any(pointer.get(key) != wanted.get(key) for key in same):
        return None
    return revisions.catalog(pointer)


def _names_so_far(revisions: Revisions) -> dict[tuple[str, str], str]:
    """Return the names that the current revision gave, whose catalog may be lost."""
    names, is_current = names_in_catalogs(revisions)
    pointer = None if is_current else revisions.current()
    made = _compiled_again(revisions, pointer, _AS_IT_WAS) if pointer is not None else None
    return names if made is None else dict(made[1].lock)


def _compile(document: "Document", names: dict[tuple[str, str], str]) -> "Compiled":
    from dynacli.catalog.compiler.compile_document import compile_document

    return compile_document(document, names)
