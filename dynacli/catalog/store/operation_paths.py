"""The operations of a catalog by their paths, without reading what else there is of them."""

from collections.abc import Callable, Iterable

from dynacli.catalog.store.catalog_file import Catalog
from dynacli.model.operation import OperationSummary

__all__ = ["operations_at"]


def operations_at(
    catalog: Catalog, methods: Iterable[str], is_wanted: Callable[[str], bool]
) -> list[OperationSummary]:
    """Return the operations of some methods whose path is wanted, in document order, without the hidden ones.

    Raises:
        DamagedCatalogError: The catalog cannot be read.
    """
    marks = ",".join(f"'{method}'" for method in sorted(methods) if method.isalpha())
    rows = catalog.rows(f"SELECT id, path FROM operations WHERE NOT is_hidden AND method IN ({marks})")  # noqa: S608
    numbers = [number for number, path in rows if is_wanted(str(path))]
    return list(catalog.each_summary(numbers=numbers)) if numbers else []
