"""Times a list of 10,000 items on 100 pages that one process writes as CSV, and the bare requests for them."""

import contextlib
import json
from collections.abc import Iterator
from pathlib import Path
from statistics import median
from typing import Any

from tests.bench.process import Comparison, compare, run
from tests.bench.setting import Setting, serving

_PAGES, _SIZE = 100, 100
_BARE = """
import httpx
with httpx.Client() as client:
    path = "/page-1"
    while path:
        path = client.get("ORIGIN" + path).json()["next"]
"""


def compare_pages(setting: Setting, pairs: int) -> Comparison:
    """Hold `--all -o csv` against a loop over the same requests with httpx's client."""
    with _listed(setting) as (origin, command):
        bare = setting.python(_BARE.replace("ORIGIN", origin))
        return compare(bare, command, setting.variables, pairs)


def memory_of_pages(setting: Setting, pairs: int) -> float:
    """Return the most memory in MiB that `--all -o csv` takes."""
    with _listed(setting) as (_, command):
        return median(run(command, setting.variables).peak_mib for _ in range(min(pairs, 3)))


@contextlib.contextmanager
def _listed(setting: Setting) -> Iterator[tuple[str, list[str]]]:
    """Enter with the origin of a server that has the pages, and the command that lists them."""
    folder = setting.directory / "pages"
    folder.mkdir(exist_ok=True)
    words = [str(_page(folder, number)) for number in range(1, _PAGES + 1)]
    with serving(words) as origin:
        path = folder / "listed.json"
        path.write_text(json.dumps(_document(origin)), encoding="utf-8")
        command = setting.dynacli(str(path), "list-things", "--all", "-o", "csv")
        run(command, setting.variables)  # compiles the document
        yield origin, command


def _page(folder: Path, number: int) -> Path:
    """Write a page, and return its path."""
    first = (number - 1) * _SIZE
    items = [
        {
            "id": item,
            "name": f"thing {item}",
            "state": "open",
            "text": "text " * 30,
            "at": "2026-01-01T00:00:00Z",
            "owner": {"id": item % 7, "login": f"user-{item % 7}"},
        }
        for item in range(first, first + _SIZE)
    ]
    following = f"/page-{number + 1}" if number < _PAGES else None
    path = folder / f"page-{number}.json"
    path.write_text(json.dumps({"data": items, "next": following}), encoding="utf-8")
    return path


def _document(origin: str) -> dict[str, Any]:
    """Return the document of the list; the path of its operation is that of the first page."""
    text, integer = {"type": "string"}, {"type": "integer"}
    owner = {"type": "object", "properties": {"id": integer, "login": text}}
    at = {**text, "format": "date-time"}
    thing = {"id": integer, "name": text, "state": text, "text": text, "at": at, "owner": owner}
    items = {"type": "array", "items": {"type": "object", "properties": thing}}
    page = {"type": "object", "properties": {"data": items, "next": {**text, "nullable": True}}}
    response = {"description": "", "content": {"application/json": {"schema": page}}}
    return {
        "openapi": "3.0.3",
        "info": {"title": "Listed", "version": "1"},
        "servers": [{"url": origin}],
        "paths": {"/page-1": {"get": {"operationId": "listThings", "responses": {"200": response}}}},
    }
