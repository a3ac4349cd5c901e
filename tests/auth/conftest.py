"""What tests of credentials share."""

from collections.abc import Iterator

import keyring
import pytest

from tests.auth.fake_keyring import Keyring
from tests.auth.shop import Shop
from tests.harness import Recorder


@pytest.fixture
def shop(server: Recorder) -> Shop:
    """A shop without goods."""
    return Shop(server)


@pytest.fixture
def ring() -> Iterator[Keyring]:
    """A keyring that is this system's for a test."""
    before = keyring.get_keyring()
    made = Keyring()
    keyring.set_keyring(made)
    yield made
    keyring.set_keyring(before)


@pytest.fixture
def no_ring() -> Iterator[None]:
    """A system without a keyring."""
    from keyring.backends import fail

    before = keyring.get_keyring()
    keyring.set_keyring(fail.Keyring())  # type: ignore[no-untyped-call]  # the library has no types for it
    yield
    keyring.set_keyring(before)
