"""The documents that travel with dynacli."""

import os

import dynacli

__all__ = ["shipped_path"]


def shipped_path(name: str) -> str:
    """Return where a shipped document is: inside the package, or beside it in a checkout.

    Args:
        name: Its file name.
    """
    package = os.path.dirname(dynacli.__file__)
    inside = os.path.join(package, "shipped", name)
    return inside if os.path.exists(inside) else os.path.join(os.path.dirname(package), "cache", name)
