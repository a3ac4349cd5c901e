"""What tests of the library share."""

from collections.abc import Iterator

import pytest

from tests.library.forked_runs import Forks, forking


@pytest.fixture(scope="session")
def forks() -> Iterator[Forks]:
    """A process with children that begin at the same time, in surroundings of their own."""
    with forking() as forks:
        yield forks
