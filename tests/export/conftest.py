"""A demo API that exported requests are sent to."""

from collections.abc import Iterator

import pytest

from dynacli.demo.demo_facts import DemoServer
from dynacli.demo.demo_server import running


@pytest.fixture
def stand_in() -> Iterator[DemoServer]:
    """Return a demo API, which every test may change."""
    with running() as server:
        yield server
