"""A mirror of a server that others wrote has what that server has, also after changes made through dynacli."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.client.pages.paged_servers import SERVED
from tests.harness import run_cli
from tests.validation.real_servers import serving

pytestmark = pytest.mark.servers

_FEEDS = {
    # From npm; the document describes the items.
    "todo": {
        "list": ("todo-controller-find",),
        "key": (),
        "change": ("todo-controller-update-by-id", "{id}", "--title", "changed"),
        "delete": ("todo-controller-delete-by-id", "{id}"),
        "table": ("todos",),
    },
    # From PyPI; the document says nothing of the items, and pages follow from headers.
    "kinto": {
        "list": ("get-records", "shop", "books", "--limit", "7"),
        "key": ("--key", "id"),
        "change": ("patch-record", "shop", "books", "{id}", "--data.n", "999"),
        "delete": ("delete-record", "shop", "books", "{id}"),
        "table": ("records",),
    },
}
"""Server → the words of its feed, of a change and of a deletion, and its table."""


@pytest.fixture(params=_FEEDS)
def name(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """A server that runs, holds items and is registered under this name."""
    server, lists = SERVED[request.param]
    directory = tmp_path / "server"
    directory.mkdir()
    with serving(server, directory) as origin:
        lists.fill(origin)
        added = run_cli("api", "add", server.name, f"{origin}{server.document}")
        assert 0 == added.exit_code, added.stderr
        yield server.name


def test_a_mirror_follows_what_is_changed_and_deleted(name: str) -> None:
    """After each pass the rows are the items of the list, value for value."""
    feed = _FEEDS[name]

    def items() -> list[dict[str, object]]:
        lines = run_cli("-q", name, *feed["list"], "--all", "-o", "ndjson").stdout.splitlines()
        return sorted((json.loads(line) for line in lines), key=lambda item: str(item["id"]))

    def rows() -> list[dict[str, object]]:
        query = f"select _json as item from {feed['table'][0]} order by cast(id as text)"  # noqa: S608
        return [json.loads(row["item"]) for row in run_cli("sql", name, query, "-o", "json").json]

    synced = run_cli("sync", name, *feed["list"], *feed["key"])
    assert 0 == synced.exit_code, synced.stderr
    first = items()
    assert first == rows()
    for kind, item in (("change", first[0]), ("delete", first[1])):
        words = [word.format(id=item["id"]) for word in feed[kind]]
        done = run_cli(name, *words, "--yes", "--validate", "off")
        assert 0 == done.exit_code, done.stderr
    synced = run_cli("sync", name)
    assert "1 changed, 0 new, 1 deleted" in synced.stderr
    assert len(first) - 1 == len(items())
    assert items() == rows()
