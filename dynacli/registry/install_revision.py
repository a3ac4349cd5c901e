"""Makes a document a revision: compiles it, writes it, compares it with the current one, and makes it current."""

from __future__ import annotations

import os
import sqlite3
import time
from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any, NamedTuple

from dynacli.environment import Program, program, variable
from dynacli.errors import DocumentError, FileError
from dynacli.files import locked, make_directory, regular_file, sweep, write_file
from dynacli.openapi.catalog.catalog_file import FORMAT, Catalog, DamagedCatalogError
from dynacli.openapi.document.fetched import Fetched
from dynacli.options.command_table import COMMAND_NAMES
from dynacli.registry.news import forget_pending, keep_aside
from dynacli.registry.read_sources import (
    Layers,
    SourceReader,
    compose,
    read_cached_document,
    without_collector,
)
from dynacli.registry.revisions.housekeeping import begin_day, thin_out
from dynacli.registry.revisions.referenced_files import read_archive, write_archive
from dynacli.registry.revisions.revisions import RESOURCES_KEY, Revisions, revision_of, write_file_list

if TYPE_CHECKING:
    from dynacli.openapi.catalog.compiler.compile_document import Compiled, OperationSelection
    from dynacli.openapi.document.load import Document
    from dynacli.registry._replacement_rules import ReplacementRules
    from dynacli.registry.revisions.referenced_files import ReferencedFiles

_BUSY = "compiling this document"
_AS_IT_WAS = "the document as it was"


def _find_given_names(revisions: Revisions) -> tuple[dict[tuple[str, str], str], bool]:
    """Return (method, path) → name from the latest catalog that can be read, and whether it is the current one.

    Catalogs that another version of dynacli wrote count, too: names outlive the format.
    """
    pointer = revisions.current()
    current = revisions.catalog_path(pointer["revision"]) if pointer is not None else ""
    for path in _latest_first(revisions, current):
        catalog = None
        try:
            catalog = Catalog(path)
            if not _is_misplaced(catalog):
                return catalog.given_names(), path == current
        except DamagedCatalogError:
            continue
        finally:
            if catalog is not None:
                catalog.close()
    return {}, False


def _is_misplaced(catalog: Catalog) -> bool:
    """Return whether a catalog in this version's format belongs to another revision than its file's name says."""
    revision, _, kind = os.path.basename(catalog.path).partition(".")
    return kind == f"{FORMAT}.sqlite" and catalog.meta.get("revision") != revision


def _latest_first(revisions: Revisions, current: str) -> Iterator[str]:
    if current:
        yield current
    try:
        with os.scandir(revisions.directory) as entries:
            catalogs = [
                (entry.stat(follow_symlinks=False).st_mtime_ns, entry.path)
                for entry in entries
                if entry.name.endswith(".sqlite")
            ]
    except OSError:
        return
    yield from (path for _, path in sorted(catalogs, reverse=True))


class Installed(NamedTuple):
    """A document that was compiled just now.

    Args:
        catalog: Its catalog.
        pointer: To its revision.
        files: The files that it refers to.
        failure: Why it could not be written into the cache; the catalog is then in memory alone.
        objections: Why it was held back and did not become the current revision; empty if it did.
        before: The pointer to the revision that was current until now, if that is another.
        document: The document that the catalog was compiled from, if it replaces another.
    """

    catalog: Catalog
    pointer: dict[str, Any]
    files: ReferencedFiles
    failure: FileError | None = None
    objections: tuple[str, ...] = ()
    before: dict[str, Any] | None = None
    document: Document | None = None


def install(
    revisions: Revisions,
    fetched: Fetched,
    name: str,
    facts: dict[str, Any],
    reader: SourceReader,
    rules: ReplacementRules | None = None,
) -> Installed:
    """Compile a document and make it the current revision.

    Only a document that was compiled whole replaces an earlier one.

    Args:
        fetched: The document's bytes, and the base of its relative servers.
        name: How messages call it.
        facts: The members of its pointer that are not about its content: size, time, ETag, layers, ...
        reader: Reads the other files of the document.
        rules: By which rules it may replace the current revision; without them, it may in any case.

    Raises:
        DocumentError: The bytes are no document that dynacli can use; the earlier revision stays.
        FileError: Another process has been compiling it for too long.
    """
    with without_collector():
        return _install(revisions, fetched, name, facts, reader, rules)


def _install(
    revisions: Revisions,
    fetched: Fetched,
    name: str,
    facts: dict[str, Any],
    reader: SourceReader,
    rules: ReplacementRules | None,
) -> Installed:
    from dynacli.openapi.catalog.catalog_writer import catalog_in_memory, write_catalog

    reader.start_again()
    document = compose(fetched, name, reader, Layers.of(facts))
    reader.check_nothing_lost()
    files = reader.files
    revision = revision_of(fetched.content, files, fetched.uri)
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
        with locked(revisions.directory, _BUSY):
            sweep(revisions.directory)
            before = revisions.current()
            catalog = _made_meanwhile(revisions, before, pointer)
            if catalog is None:
                compiled = compile_with_names(document, _names_so_far(revisions), pointer)
                path = revisions.catalog_path(revision)
                write_catalog(path, compiled, document.problems, revision)
                catalog = Catalog(path)
            write_file(revisions.document_path(revision), fetched.content)
            restore_files(revisions, revision, fetched.content, files)
            if not files.is_empty:
                pointer.update(parts="", root=revision_of(fetched.content))
            meta = catalog.meta
            pointer |= {key: meta[key] for key in ("title", "version", "operations")}
            objections = _find_objections(revisions, before, pointer, catalog, rules)
            if objections:
                keep_aside(revisions, pointer, objections)
                return Installed(catalog, pointer, files, objections=tuple(objections))
            if "parts" in pointer:
                pointer.update(_list_files(revisions, reader))
            _make_current(revisions, before, pointer)
    except (OSError, sqlite3.Error) as error:
        reason = getattr(error, "strerror", None) or str(error)
        failure = FileError(
            f"The cache `{revisions.cache_dir}` cannot be written ({reason})",
            hint=f"Free some space, or name another directory in `{variable('CACHE_DIR')}`",
        )
        compiled = compiled or compile_with_names(document, _names_so_far(revisions), pointer)
        return Installed(catalog_in_memory(compiled, document.problems), pointer, files, failure)
    if before is None or before["revision"] == revision:
        # The collector is about to run again, and need not look at all of a document that is no longer used.
        return Installed(catalog, pointer, files)
    return Installed(catalog, pointer, files, before=before, document=document)


def _made_meanwhile(
    revisions: Revisions, pointer: dict[str, Any] | None, wanted: dict[str, Any]
) -> Catalog | None:
    """Return the catalog of a revision that another process has made current while this one waited."""
    # What a document may refer to decides which references its catalog reports as not followed.
    same = ("revision", "uri", "allow_refs", "follows_files", "more", "overlays", RESOURCES_KEY)
    if pointer is None or any(pointer.get(key) != wanted.get(key) for key in same):
        return None
    return revisions.open_catalog(pointer)


def restore_files(revisions: Revisions, revision: str, content: bytes, files: ReferencedFiles) -> None:
    """Write the document of a revision, and the files that it refers to, if they are lost or damaged.

    Raises:
        OSError: The files cannot be written.
    """
    path = revisions.document_path(revision)
    if not _holds(path, content):
        write_file(path, content)
    path = revisions.archive_path(revision)
    if not files.is_empty and read_archive(path) != files:
        write_archive(path, files)


def _holds(path: str, content: bytes) -> bool:
    try:
        with open(path, "rb", opener=regular_file) as file:
            return os.fstat(file.fileno()).st_size == len(content) and file.read() == content
    except OSError:
        return False


def _list_files(revisions: Revisions, reader: SourceReader) -> dict[str, str]:
    """Save how to detect changes in the files that a document refers to, and return the entry for the pointer."""
    if reader.access is None:
        return {}  # the files were not looked at: the list from before holds
    return {"parts": write_file_list(revisions.directory, reader.facts)}


def _find_objections(
    revisions: Revisions,
    before: dict[str, Any] | None,
    pointer: dict[str, Any],
    catalog: Catalog,
    rules: ReplacementRules | None,
) -> Sequence[str]:
    if rules is None or before is None or before["revision"] == pointer["revision"]:
        return ()
    for find in (revisions.open_catalog, partial(_catalog_from_files, revisions)):
        old = find(before)
        if old is None:
            continue
        try:
            return rules(old, catalog)
        except DamagedCatalogError:
            continue  # it can be compiled again
        finally:
            old.close()
    return ()  # nothing is left of the revision before, so nothing can get lost


def _make_current(revisions: Revisions, before: dict[str, Any] | None, pointer: dict[str, Any]) -> None:
    """Make a revision whose files are complete the current one; the caller holds the lock."""
    if before is None or before["revision"] != pointer["revision"] or "installed_at" not in before:
        pointer["installed_at"] = time.time()
        pointer["number"] = 1 + max((known.get("number", 0) for known in revisions.history()), default=0)
        # A loss of power may cost this line of the history: `current.json` says the same.
        revisions.write_state(f"{pointer['revision']}.json", pointer, is_lasting=False)
    else:
        pointer |= {key: before[key] for key in ("installed_at", "number") if key in before}
    revisions.point_to(pointer)
    forget_pending(revisions)
    if not revisions.was_used_today:
        begin_day(revisions)
    thin_out(revisions, pointer)


def make_pending_current(revisions: Revisions, pointer: dict[str, Any]) -> dict[str, Any] | None:
    """Make the revision that was held back the current one, and return the pointer to the revision before.

    Raises:
        OSError: The cache cannot be written.
        FileError: Another process has been compiling this document for too long.
    """
    with locked(revisions.directory, _BUSY):
        before = revisions.current()
        _make_current(revisions, before, pointer)
    return before


def confirm_revision(
    revisions: Revisions, pointer: dict[str, Any], reader: SourceReader, **changes: Any
) -> dict[str, Any]:
    """Write the pointer to the current revision, whose files are unchanged, with changes, and return it.

    A cache that cannot be written stays as it was.
    """
    try:
        if "parts" in pointer:
            changes.update(_list_files(revisions, reader))
    except OSError:
        return {**pointer, **changes}
    return revisions.update_pointer(pointer, **changes)


def rebuild_catalog(revisions: Revisions, pointer: dict[str, Any], name: str) -> Catalog | None:
    """Compile a lost catalog again from the files of its revision; None if they are lost, too.

    Args:
        pointer: To the revision, which need not be the current one, and does not become it.
        name: How messages call the document.
    """
    from dynacli.openapi.catalog.catalog_writer import catalog_in_memory, write_catalog

    found = _compile_again(revisions, pointer, name)
    if found is None:
        return None
    document, compiled = found
    path = revisions.catalog_path(pointer["revision"])
    try:
        with locked(revisions.directory, _BUSY):
            write_catalog(path, compiled, document.problems, pointer["revision"])
        return Catalog(path)
    except (OSError, sqlite3.Error, FileError):
        return catalog_in_memory(compiled, document.problems)


def _catalog_from_files(revisions: Revisions, pointer: dict[str, Any]) -> Catalog | None:
    """Return the catalog of a revision in memory, compiled from its files; None if they are lost."""
    from dynacli.openapi.catalog.catalog_writer import catalog_in_memory

    found = _compile_again(revisions, pointer, _AS_IT_WAS)
    return None if found is None else catalog_in_memory(found[1], found[0].problems)


def _names_so_far(revisions: Revisions) -> dict[tuple[str, str], str]:
    """Return the names that operations were given, by the current revision, though its catalog may be lost."""
    names, is_current = _find_given_names(revisions)
    pointer = None if is_current else revisions.current()
    found = _compile_again(revisions, pointer, _AS_IT_WAS) if pointer is not None else None
    return names if found is None else dict(found[1].given_names)


def _compile_again(
    revisions: Revisions, pointer: dict[str, Any], name: str
) -> tuple[Document, Compiled] | None:
    """Return the document of a revision, and compiled; None if a file of it is lost."""
    try:
        with without_collector():
            document = read_cached_document(revisions, pointer, name)
            if document is None:
                return None
            return document, compile_with_names(document, _find_given_names(revisions)[0], pointer)
    except DocumentError:
        return None  # an older dynacli could read it, this version cannot


def compile_with_names(
    document: Document, names: dict[tuple[str, str], str], pointer: Mapping[str, Any]
) -> Compiled:
    """Return a document compiled.

    Args:
        names: (method, path) → name that the operation has in another revision.
        pointer: To its revision.
    """
    from dynacli.lean_imports import import_jsonschema_rs
    from dynacli.openapi.catalog.compiler.compile_document import compile_document

    import_jsonschema_rs()  # decides about patterns, and checks the document
    return compile_document(document, names, selection_of(program()), pointer.get(RESOURCES_KEY))


def selection_of(runs: Program) -> OperationSelection:
    """Return the operations of a document that the catalogs of a program have."""
    from dynacli.openapi.catalog.compiler.compile_document import EVERYTHING, OperationSelection

    if not (runs.only or runs.without or runs.is_short):
        return EVERYTHING
    return OperationSelection(runs.only, runs.without, runs.is_short, frozenset(COMMAND_NAMES))
