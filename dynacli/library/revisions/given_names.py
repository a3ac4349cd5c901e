"""The names that the operations of a document were given so far: each of its catalogs holds all of them."""

import os
from collections.abc import Iterator

from dynacli.catalog.store.catalog_file import FORMAT, Catalog, DamagedCatalogError
from dynacli.library.revisions.revisions import Revisions

__all__ = ["find_given_names"]


def find_given_names(revisions: Revisions) -> tuple[dict[tuple[str, str], str], bool]:
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
    """Tell whether a catalog in this version's format belongs to another revision than its file's name says."""
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
