"""All pages of lists of servers that others wrote are what these hold, by their own databases and counts."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.client.pages.paged_servers import BOOKS, SERVED
from tests.harness import run_cli
from tests.validation.real_servers import serving

pytestmark = pytest.mark.servers


@pytest.fixture(params=list(SERVED))
def served(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[tuple[str, str, Path]]:
    """A server that runs and is registered: its name, origin and directory."""
    name = request.param
    server, _ = SERVED[name]
    directory = tmp_path / "server"
    directory.mkdir()
    with serving(server, directory) as origin:
        added = run_cli("api", "add", name, f"{origin}{server.document}")
        assert 0 == added.exit_code, added.stderr
        yield name, origin, directory


def test_all_pages_are_what_a_server_holds(served: tuple[str, str, Path]) -> None:
    """Each item comes once and in order, in each format, and as many as are asked for."""
    name, origin, directory = served
    SERVED[name][1].compare(name, origin, directory)


@pytest.mark.parametrize("served", ["django"], indirect=True)
def test_what_a_server_throttles_is_waited_for(served: tuple[str, str, Path]) -> None:
    """A short wait is waited out; a long one ends the list, with what came and how to go on."""
    name, origin, _ = served
    SERVED[name][1].fill(origin)
    words = ("--page-size", "20", "--all", "-o", "ndjson", "-v")
    brief = run_cli(name, "brief-list", *words)
    assert (0, BOOKS) == (brief.exit_code, len(brief.stdout.splitlines())), brief.stderr
    assert "429 Too Many Requests; try 2 of 3 in " in brief.stderr
    long = run_cli(name, "long-list", *words)
    assert (4, 60) == (long.exit_code, len(long.stdout.splitlines())), long.stderr
    assert "60 items came before that; go on with: " in long.stderr
    assert re.search(r"hint: Try again in \d+ s", long.stderr)
