"""Lists of servers that others wrote: all pages have exactly what the server holds, by its own count."""

import json
import urllib.request
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from tests.harness import run_cli
from tests.validation.real_servers import BY_BASE_URL, SERVERS, serving

pytestmark = pytest.mark.servers

Ask = Callable[..., Any]
"""(method, path, value of the body) → the value of the server's answer."""


class Listed(NamedTuple):
    """A list of a server.

    Args:
        words: The call that lists it, in pages of a few.
        kind: The rule by which it is paged.
        prepare: Makes what is listed, and returns how many there are by the server's own count.
        items: The member of the result that has the items; empty where it is the result.
    """

    words: tuple[str, ...]
    kind: str
    prepare: Callable[[Ask], int]
    items: str = ""


def _seven_records(ask: Ask) -> int:
    ask("PUT", "/v1/buckets/b", {})
    ask("PUT", "/v1/buckets/b/collections/c", {})
    for number in range(7):
        ask("POST", "/v1/buckets/b/collections/c/records", {"data": {"number": number}})
    return len(ask("GET", "/v1/buckets/b/collections/c/records?_limit=100")["data"])


def _five_todos(ask: Ask) -> int:
    for number in range(5):
        ask("POST", "/todos", {"title": f"todo {number}"})
    return int(ask("GET", "/todos/count")["count"])


def _five_variables(ask: Ask) -> int:
    for number in range(5):
        ask("POST", "/api/variables/", {"name": f"v{number}", "value": number})
    return int(ask("POST", "/api/variables/count", {}))


def _five_projects(ask: Ask) -> int:
    for number in range(5):
        ask("POST", "/v1/projects", {"name": f"project {number}"})
    return len(ask("GET", "/v1/projects?limit=1000")["data"])


_LISTS = {
    "kinto": Listed(("get-records", "b", "c", "--limit", "3"), "none", _seven_records, "data"),
    "todo": Listed(("todo-controller-find", "--filter.limit", "2"), "offset", _five_todos),
    "pygeoapi": Listed(
        ("get-points-features", "--limit", "1"),
        "offset",
        lambda ask: int(ask("GET", "/collections/points/items?f=json")["numberMatched"]),
        "features",
    ),
    "optimade": Listed(
        ("get-structures", "--page-limit", "3"),
        "url",
        lambda ask: int(ask("GET", "/v1/structures")["meta"]["data_available"]),
        "data",
    ),
    "prefect": Listed(("read-variables", "--limit", "2"), "offset", _five_variables),
    "phoenix": Listed(("get-projects", "--limit", "2"), "cursor", _five_projects, "data"),
}


@pytest.mark.parametrize(("name", "listed"), _LISTS.items(), ids=_LISTS)
def test_all_pages_have_what_the_server_holds(name: str, listed: Listed, tmp_path: Path) -> None:
    """Each item once; the rule that `describe` names leads there, or what the answer shows does."""
    server = SERVERS.get(name) or BY_BASE_URL[name]
    with serving(server, tmp_path) as origin:

        def ask(method: str, path: str, value: Any = None) -> Any:
            body = None if value is None else json.dumps(value).encode()
            head = {"Content-Type": "application/json"}
            request = urllib.request.Request(origin + path, body, head, method=method)
            with urllib.request.urlopen(request, timeout=30) as answer:
                return json.loads(answer.read() or b"null")

        source = origin + (server.document if name in SERVERS else "")
        assert 0 == run_cli("api", "add", name, source).exit_code
        count = listed.prepare(ask)
        assert count > 1
        pages = run_cli("describe", name, listed.words[0], "-o", "json").json["pages"]
        assert listed.kind == pages["kind"]
        first = run_cli(name, *listed.words)
        result = run_cli(name, *listed.words, "--all")
        assert 0 == result.exit_code, result.stderr
        found, page = (
            (value[listed.items] if listed.items else value) for value in (result.json, first.json)
        )
        assert len(page) < count
        assert count == len({json.dumps(item) for item in found}) == len(found)
