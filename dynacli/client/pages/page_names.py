"""The names that tell of pages, and the extensions that declare pages: the tables of `page_names.toml`."""

import os
import tomllib
from typing import Any

__all__ = ["EXTENSIONS", "NAMES"]


def _read_tables() -> dict[str, Any]:
    path = os.path.join(os.path.dirname(os.path.abspath(__file__)), "page_names.toml")
    with open(path, "rb") as file:
        return tomllib.load(file)


_TABLES = _read_tables()

EXTENSIONS: dict[str, dict[str, Any]] = _TABLES.pop("extensions")
"""Extension → how it declares pages."""
NAMES: dict[str, dict[str, list[str]]] = {
    title: {key: names.split() for key, names in table.items()} for title, table in _TABLES.items()
}
"""Title of a table → its keys → plain names."""
