"""The names that operations of a document were given before: each of its catalogs holds all of them."""

import os
from collections.abc import Iterator

from dynacli.catalog.store.catalog_file import FORMAT, Catalog, DamagedCatalogError
from dynacli.library.revisions.revisions import Revisions

__all__ = ["names_in_catalogs"]


def names_in_catalogs(revisions: Revisions) -> tuple[dict[tuple[str, str], str], bool]:
    """Return the latest names that can be read, and whether they are those of the current revision.

    Those of a catalog that another version of dynacli wrote too: names outlive its format.
    """
    pointer = revisions.current()
    current = revisions.catalog_path(pointer["revision"]) if pointer is not None else ""
    for path in _latest_first(revisions, current):
        catalog = None
        try:
            catalog = Catalog(path)
            if _is_foreign(catalog):
                continue
            return catalog.lock(), path == current
        except DamagedCatalogError:
            continue
        finally:
            if catalog is not None:
                catalog.close()
    return {}, False


def _is_foreign(catalog: Catalog) -> bool:
    """Tell whether a catalog in our own format is not that of the revision in its file's name."""
    revision, _, kind = os.path.basename(catalog.path).partition(".")
    return kind == f"{FORMAT}.sqlite" and catalog.meta.get("revision") != revision


def _latest_first(revisions: Revisions, current: str) -> Iterator[str]:
    if current:
        yield current
    try:
        with os.scandir(revisions.directory) as entries:
            found = [
                (one.stat(follow_symlinks=False).st_mtime_ns, one.path)
                for one in entries
                if one.name.endswith(".sqlite")
            ]
    except OSError:
        return
    yield from (path for _, path in sorted(found, reverse=True))
