"""What tests of signing in share with those of credentials."""

from tests.auth.conftest import no_ring, ring, shop

__all__ = ["no_ring", "ring", "shop"]
