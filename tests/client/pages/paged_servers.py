"""Servers from package registries whose lists have several pages: how each is filled, and what it then holds."""

import csv
import json
import re
import sqlite3
import urllib.request
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from tests.client.pages.paged_apps import DJANGO, FASTAPI, FLASK
from tests.harness import run_cli
from tests.validation.real_servers import SERVERS, RealServer

BOOKS = 87
_REQUEST = re.compile(r"^> (?:GET|POST) ", re.MULTILINE)
_DATABASE = "/api/v2/tenants/default_tenant/databases/default_database"


@dataclass(frozen=True)
class Held:
    """A list, and what the server holds of it.

    Attributes:
        words: Of the call.
        kind: Of the rule that the document leads to.
        held: Returns the ids of the items in their order, as the server itself has them, from origin and directory.
        requests: How many requests fetch them all.
        name: Which member of an item is compared.
        options: Inputs that make pages small.
    """

    words: tuple[str, ...]
    kind: str
    held: Callable[[str, Path], list[Any]]
    requests: int
    name: str = "id"
    options: tuple[str, ...] = ()

    def compare(self, name: str, origin: str, directory: Path) -> None:
        """Compare all items, in two formats, and as many as are asked for with what the server holds.

        Args:
            name: The API that the server is registered as.
            directory: The home of the server.
        """
        held = self.held(origin, directory)
        pages = run_cli("describe", name, self.words[0], "-o", "json").json["pages"]
        assert self.kind == pages["kind"], pages
        words = (name, *self.words, *self.options)
        lines = run_cli(*words, "--all", "-o", "ndjson", "-v")
        assert 0 == lines.exit_code, lines.stderr
        assert held == [json.loads(line)[self.name] for line in lines.stdout.splitlines()]
        assert self.requests == len(_REQUEST.findall(lines.stderr)), lines.stderr
        table = run_cli(*words, "--all", "-o", "csv").stdout.splitlines()
        assert [str(item) for item in held] == [row[self.name] for row in csv.DictReader(table)]
        some = len(held) - 1
        most = run_cli(*words, "--max-items", str(some), "-o", "ndjson").stdout
        assert held[:some] == [json.loads(line)[self.name] for line in most.splitlines()]


@dataclass(frozen=True)
class Lists:
    """The lists of a server.

    Attributes:
        fill: Makes items through the API of the server, from its origin.
    """

    fill: Callable[[str], None]
    lists: tuple[Held, ...]

    def compare(self, name: str, origin: str, directory: Path) -> None:
        """Compare the pages of each list with what the server holds.

        Args:
            name: The API that the server is registered as.
            directory: The home of the server.
        """
        self.fill(origin)
        for listed in self.lists:
            listed.compare(name, origin, directory)


def _asked(url: str, body: Any = None, method: str | None = None) -> Any:
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(url, data, {"Content-Type": "application/json"}, method=method)
    with urllib.request.urlopen(request, timeout=30) as response:
        return json.loads(response.read() or b"null")


def _count_is(expected: int, found: list[Any]) -> list[Any]:
    """Return what was found, if a server counts as much."""
    assert expected == len(found)
    return found


def _rows(file: str, statement: str) -> Callable[[str, Path], list[Any]]:
    """Return what asks the database of a server."""

    def held(_origin: str, directory: Path) -> list[Any]:
        connection = sqlite3.connect(directory / file)
        try:
            return [row[0] for row in connection.execute(statement)]
        finally:
            connection.close()

    return held


def _fill_kinto(origin: str) -> None:
    everyone = {"write": ["system.Everyone"]}
    bucket = f"{origin}/v1/buckets/shop"
    _asked(bucket, {"permissions": everyone}, "PUT")
    _asked(f"{bucket}/collections/books", {}, "PUT")
    for number in range(60):
        _asked(f"{bucket}/collections/books/records", {"data": {"n": number}})


def _kinto_records(origin: str, _directory: Path) -> list[Any]:
    url = f"{origin}/v1/buckets/shop/collections/books/records"
    head = urllib.request.Request(url, method="HEAD")
    with urllib.request.urlopen(head, timeout=30) as response:
        return _count_is(int(response.headers["Total-Objects"]), [item["id"] for item in _asked(url)["data"]])


def _draw_points(program: str, port: int, directory: Path) -> None:
    SERVERS["pygeoapi"].prepare(program, port, directory)
    point = {"type": "Feature", "geometry": {"type": "Point", "coordinates": [7.1, 46.2]}}
    features = [{**point, "id": str(number), "properties": {"n": number}} for number in range(123)]
    (directory / "points.geojson").write_text(
        json.dumps({"type": "FeatureCollection", "features": features}), encoding="utf-8"
    )


def _points(origin: str, directory: Path) -> list[Any]:
    counted = _asked(f"{origin}/collections/points/items?f=json&limit=1")["numberMatched"]
    kept = json.loads((directory / "points.geojson").read_bytes())["features"]
    return _count_is(counted, [item["id"] for item in kept])


def _references(origin: str, _directory: Path) -> list[Any]:
    response = _asked(f"{origin}/v1/references?page_limit=500")
    return _count_is(response["meta"]["data_available"], [item["id"] for item in response["data"]])


def _fill_todos(origin: str) -> None:
    for number in range(7):
        _asked(f"{origin}/todos", {"title": f"todo {number}"})


def _todos(origin: str, _directory: Path) -> list[Any]:
    counted = _asked(f"{origin}/todos/count")["count"]
    return _count_is(counted, [item["id"] for item in _asked(f"{origin}/todos")])


def _fill_chroma(origin: str) -> None:
    for number in range(43):
        _asked(f"{origin}{_DATABASE}/collections", {"name": f"docs-{number}"})


def _collections(origin: str, _directory: Path) -> list[Any]:
    counted = _asked(f"{origin}{_DATABASE}/collections_count")
    return _count_is(counted, [item["id"] for item in _asked(f"{origin}{_DATABASE}/collections")])


def _fill_phoenix(origin: str) -> None:
    for number in range(110):
        _asked(f"{origin}/v1/projects", {"name": f"project-{number}"})


def _projects(origin: str, directory: Path) -> list[Any]:
    return _rows(".phoenix/phoenix.db", "SELECT name FROM projects ORDER BY id DESC")(origin, directory)


def _fill_prefect(origin: str) -> None:
    for number in range(47):
        _asked(f"{origin}/api/flows/", {"name": f"flow-{number:02}"})


def _flows(origin: str, directory: Path) -> list[Any]:
    found = _rows(".prefect/prefect.db", "SELECT name FROM flow ORDER BY name")(origin, directory)
    return _count_is(_asked(f"{origin}/api/flows/count", {}), found)


def _no_items(_origin: str) -> None:
    """Make nothing: the server starts with its items."""


def _fill_books(origin: str) -> None:
    for number in range(BOOKS):
        _asked(f"{origin}/numbered/", {"title": f"Book {number}"})


def _written(name: str, program: str, document: str) -> RealServer:
    return RealServer(
        name,
        "bin/python",
        lambda python, port, _directory: [python, "books.py", f"127.0.0.1:{port}"],
        document,
        prepare=lambda _python, _port, directory: _write(directory / "books.py", program),
    )


def _write(path: Path, text: str) -> None:
    path.write_text(text, encoding="utf-8")


_UP = _rows("books.sqlite", "SELECT id FROM books_book ORDER BY id")
_DOWN = _rows("books.sqlite", "SELECT id FROM books_book ORDER BY id DESC")

SERVED: dict[str, tuple[RealServer, Lists]] = {
    server.name: (server, lists)
    for server, lists in (
        (
            SERVERS["kinto"],
            Lists(
                _fill_kinto,
                # The document says nothing of the header `Next-Page`.
                (
                    Held(
                        ("get-records", "shop", "books"), "none", _kinto_records, 9, options=("--limit", "7")
                    ),
                ),
            ),
        ),
        (
            replace(SERVERS["pygeoapi"], prepare=_draw_points),
            # The document names a response that cannot be fetched, which has the list `links`.
            Lists(_no_items, (Held(("get-points-features",), "offset", _points, 3),)),
        ),
        (
            SERVERS["optimade"],
            Lists(
                _no_items, (Held(("get-references",), "url", _references, 4, options=("--page-limit", "1")),)
            ),
        ),
        (
            SERVERS["todo"],
            Lists(
                _fill_todos,
                # The last one is empty.
                (Held(("todo-controller-find",), "offset", _todos, 5, options=("--filter.limit", "2")),),
            ),
        ),
        (
            _written("django", DJANGO, "/schema/"),
            Lists(
                _fill_books,
                (
                    Held(("numbered-list",), "url", _UP, 9),
                    Held(("numbered-list",), "url", _UP, 4, options=("--page-size", "25")),
                    Held(("skipped-list",), "url", _UP, 9),
                    Held(("cursors-list",), "url", _DOWN, 9),
                ),
            ),
        ),
        (
            _written("fastapi-pagination", FASTAPI, "/openapi.json"),
            Lists(
                _fill_books,
                (
                    Held(("numbered-list",), "page", _UP, 5, options=("--size", "20")),
                    Held(("skipped-list",), "offset", _UP, 5, options=("--limit", "20")),
                    Held(("cursors-list",), "cursor", _UP, 5, options=("--size", "20")),
                    Held(("urls-list",), "url", _UP, 5, options=("--size", "20")),
                    # The document says nothing of the header `Link`.
                    Held(("headers-list",), "page", _UP, 5, options=("--size", "20")),
                ),
            ),
        ),
        (
            _written("flask-smorest", FLASK, "/openapi.json"),
            Lists(_fill_books, (Held(("get-numbered",), "page", _UP, 4),)),
        ),
    )
}
"""Name → a server that starts within seconds."""

LISTS = {
    "chroma": Lists(
        _fill_chroma,
        (
            Held(
                ("list-collections", "default_tenant", "default_database"),
                "offset",
                _collections,
                requests=6,  # the last one is empty
                options=("--limit", "10"),
            ),
        ),
    ),
    "prefect": Lists(
        _fill_prefect,
        (
            Held(("read-flows",), "offset", _flows, 4, name="name", options=("--limit", "20")),
            Held(("paginate-flows",), "page", _flows, 3, name="name", options=("--limit", "20")),
        ),
    ),
    "phoenix": Lists(_fill_phoenix, (Held(("get-projects",), "cursor", _projects, 2, name="name"),)),
}
"""Name of a server by its base URL → lists, which are looked at where it runs anyway."""
