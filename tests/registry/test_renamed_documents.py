"""A title or a version that alone is new each time that a document is fetched makes no revision."""

import json
from collections.abc import Callable, Iterator
from itertools import count
from typing import Any

import pytest

from dynacli.registry._fetch_when_due import new_name
from tests.documents import pets
from tests.harness import RecordedRequest, Recorder, Response, run_cli
from tests.served_document import Served


def _text(document: dict[str, Any]) -> bytes:
    return json.dumps(document).encode()


def _named(title: Any, version: Any, **more: Any) -> dict[str, Any]:
    return {**pets(), "info": {"title": title, "version": version, **more}}


_NAMES: dict[str, tuple[bytes, bytes, dict[str, str] | None]] = {
    "version": (_text(_named("a", "1")), _text(_named("a", "2")), {"title": "a", "version": "2"}),
    "title": (_text(_named("a", "1")), _text(_named("b", "1")), {"title": "b", "version": "1"}),
    "number": (_text(_named("a", 1)), _text(_named("a", 1.5)), {"title": "a"}),
    "yaml": (
        b"openapi: 3.0.3\ninfo: {title: a, version: '1'}\npaths: {}\n",
        b"openapi: 3.0.3\ninfo:\n  title: a\n  version: '2'\npaths: {}\n",
        {"title": "a", "version": "2"},
    ),
    "same": (_text(_named("a", "1")), _text(_named("a", "1")), None),
    "description": (_text(_named("a", "1")), _text(_named("a", "2", description="x")), None),
    "operation": (_text(_named("a", "1")), _text({**_named("a", "2"), "paths": {}}), None),
    "long title": (_text(_named("a", "1")), _text(_named("a" * 999, "1")), None),
    "no document": (b"{", b"[", None),
    "no info": (b'{"openapi": "3.0.3"}', b'{"openapi": "3.1.0"}', None),
}


@pytest.mark.parametrize(("old", "new", "name"), _NAMES.values(), ids=_NAMES)
def test_a_document_of_which_the_name_alone_is_new(
    old: bytes, new: bytes, name: dict[str, str] | None
) -> None:
    """Nothing else in it has another value, however it is written."""
    assert name == new_name(old, new)


def _versions(served: Served, versions: Iterator[Any]) -> None:
    """Let each response have the next version."""

    def response(_: RecordedRequest) -> Response:
        return Response(200, _text(_named("Pets", str(next(versions)))), {"Content-Type": "application/json"})

    served.responses(response)


def _revisions() -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = run_cli("api", "history", "shop", "-o", "json").json
    return found


def test_a_version_that_is_new_at_every_fetch_is_no_revision(server: Recorder) -> None:
    """Nothing is reported of it, and the list of APIs has the latest."""
    served = Served(server)
    _versions(served, count(1))
    assert 0 == run_cli("api", "add", "shop", served.url).exit_code
    for _ in range(3):
        result = run_cli("api", "refresh", "shop")
        assert (0, True) == (result.exit_code, result.stderr.endswith(", unchanged\n"))
    assert 1 == len(_revisions())
    assert "2" < run_cli("api", "list", "-o", "json").json[0]["version"]
    assert "changed" not in run_cli("shop", "list-pets", "--dry-run").stderr


def test_a_version_that_is_new_each_day_is_no_revision_from_the_second_time_on(server: Recorder) -> None:
    """The first time it may be the version of the API."""
    served = Served(server, _named("Pets", "1"))
    assert 0 == run_cli("api", "add", "shop", served.url).exit_code
    for version, revisions in (("2", 2), ("3", 2), ("4", 2)):
        served.has(_named("Pets", version))
        assert 0 == run_cli("api", "refresh", "shop").exit_code
        assert revisions == len(_revisions())
        assert version == run_cli("api", "list", "-o", "json").json[0]["version"]


def _with_operation(served: Served) -> None:
    served.has({**_named("Pets", "9"), "paths": {**pets()["paths"], "/toys": pets()["paths"]["/pets"]}})


def _with_description(served: Served) -> None:
    served.has(_named("Pets", "9", description="New"))


@pytest.mark.parametrize("change", [_with_operation, _with_description])
def test_any_other_change_is_a_revision(server: Recorder, change: Callable[[Served], None]) -> None:
    """Also after a version that was new at every fetch; what follows it is looked at again."""
    served = Served(server)
    _versions(served, count(1))
    assert 0 == run_cli("api", "add", "shop", served.url).exit_code
    assert 0 == run_cli("api", "refresh", "shop").exit_code
    change(served)
    assert 0 == run_cli("api", "refresh", "shop").exit_code
    assert 2 == len(_revisions())
