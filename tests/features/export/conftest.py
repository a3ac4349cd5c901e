"""A demo API that exported requests are sent to."""

from collections.abc import Iterator

import pytest

from dynacli.features.demo.demo_server import running
from dynacli.registry.demo_facts import DemoServer


@pytest.fixture
def stand_in() -> Iterator[DemoServer]:
    """Return a demo API, which every test may change."""
    with running() as server:
        yield server
