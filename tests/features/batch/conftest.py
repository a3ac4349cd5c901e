"""The small API that the tests of batches call."""

import pytest

from tests.features.batch.small_api import SmallApi
from tests.harness import Recorder


@pytest.fixture
def api(server: Recorder) -> SmallApi:
    """Return the API, on a server of its own."""
    return SmallApi(server)
