"""What tests of credentials share."""

import pytest

from tests.auth.shop import Shop
from tests.harness import Recorder


@pytest.fixture
def shop(server: Recorder) -> Shop:
    """A shop without goods."""
    return Shop(server)
