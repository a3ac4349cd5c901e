"""Times a mirror of 100,000 items of 1 KB, and a query over it, against httpx and the sqlite3 module alone.

The requests take 1.5 ms a page, and SQLite alone needs 1 ms to store it. So 1.3 times is out of reach without storing
a page while the next one is fetched; reading numbers exactly and validating take another 2 ms.
"""

import contextlib
import json
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from tests.bench.process import Comparison, compare, compared, run
from tests.bench.setting import Setting, serving

_PAGES, _SIZE = 1_000, 100
_QUERY = "select state, count(*) as n, max(updated_at) from things group by 1"
_BARE = """
import httpx, json
with httpx.Client() as client:
    path = "/page-1"
    while path:
        path = json.loads(client.get("ORIGIN" + path).content)["next"]
"""
_ASKED = """
import sqlite3
db = sqlite3.connect("file:FILE?mode=ro", uri=True)
print(db.execute("QUERY").fetchall())
"""


def compare_syncs(setting: Setting, pairs: int, *, has_tags: bool = False) -> Comparison:
    """Hold `sync` into a new file against a loop over the same requests with httpx's client.

    Args:
        has_tags: Whether responses have an ETag, so that `sync` stores them for the next run.
    """
    bases, runs = [], []
    with _listed(setting, *(() if has_tags else ("--no-tag",))) as (origin, document):
        bare = setting.python(_BARE.replace("ORIGIN", origin))
        for number in range(pairs + 1):
            costs = run(bare, setting.variables).seconds, _synced(setting, document)[0]
            if number:
                bases.append(costs[0])
                runs.append(costs[1])
    return compared(bases, runs)


def compare_second_syncs(setting: Setting, pairs: int) -> Comparison:
    """Hold a second `sync`, which finds nothing new, against the same loop."""
    with _listed(setting) as (origin, document):
        bare = setting.python(_BARE.replace("ORIGIN", origin))
        _, file = _synced(setting, document)
        return compare(bare, setting.dynacli("sync", document, "--into", file), setting.variables, pairs)


def compare_queries(setting: Setting, pairs: int) -> Comparison:
    """Hold a `group by` of `sql` against that of the sqlite3 module."""
    with _listed(setting) as (_, document):
        _, file = _synced(setting, document)
        bare = setting.python(_ASKED.replace("FILE", file).replace("QUERY", _QUERY))
        return compare(bare, setting.dynacli("sql", "--file", file, _QUERY), setting.variables, pairs)


def _synced(setting: Setting, document: str) -> tuple[float, str]:
    """Make a mirror, and return the seconds and its file."""
    file = str(Path(tempfile.mkdtemp(dir=setting.directory)) / "mirror.sqlite")
    command = setting.dynacli("sync", document, "list-things", "--into", file)
    return run(command, setting.variables).seconds, file


@contextlib.contextmanager
def _listed(setting: Setting, *more: str) -> Iterator[tuple[str, str]]:
    """Enter with the origin of a server that has the pages, and the document of the list."""
    folder = setting.directory / "things"
    folder.mkdir(exist_ok=True)
    words = [str(_page(folder, number)) for number in range(1, _PAGES + 1)]
    with serving([*more, *words]) as origin:
        path = folder / "things.json"
        path.write_text(json.dumps(_document(origin)), encoding="utf-8")
        run(setting.dynacli("operations", str(path)), setting.variables)  # compiles the document
        yield origin, str(path)


def _page(folder: Path, number: int) -> Path:
    """Write a page, and return its path."""
    first = (number - 1) * _SIZE
    items = [
        {
            "id": item,
            "title": f"thing {item}",
            "state": ("open", "closed", "draft")[item % 3],
            "body": "text " * 150,
            "comments": item % 11,
            "locked": item % 5 == 0,
            "labels": [{"id": 1, "name": "bug"}],
            "created_at": "2026-01-01T00:00:00Z",
            "updated_at": f"2026-01-01T00:00:{item % 60:02}Z",
            "user": {"id": item % 7, "login": f"user-{item % 7}"},
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
    at = {**text, "format": "date-time"}
    owner = {"type": "object", "properties": {"id": integer, "login": text}}
    label = {"type": "object", "properties": {"id": integer, "name": text}}
    thing = {
        "id": integer,
        "title": text,
        "state": text,
        "body": text,
        "comments": integer,
        "locked": {"type": "boolean"},
        "labels": {"type": "array", "items": label},
        "created_at": at,
        "updated_at": at,
        "user": owner,
    }
    item = {"type": "object", "properties": thing, "required": ["id"]}
    page = {
        "type": "object",
        "properties": {"data": {"type": "array", "items": item}, "next": {**text, "nullable": True}},
    }
    response = {"description": "", "content": {"application/json": {"schema": page}}}
    more = {"x-dynacli-resource": {"name": "thing", "id": "/id"}}
    return {
        "openapi": "3.0.3",
        "info": {"title": "Things", "version": "1"},
        "servers": [{"url": origin}],
        "paths": {"/page-1": {"get": {"operationId": "listThings", "responses": {"200": response}, **more}}},
    }
