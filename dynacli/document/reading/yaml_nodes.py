"""YAML texts as PyYAML's nodes, which know their lines and the keys that are given twice."""

from typing import Any

__all__ = ["compose_nodes", "safe_loader"]


def safe_loader() -> Any:
    """Return PyYAML's safe loader, written in C where that was compiled."""
    import yaml

    return getattr(yaml, "CSafeLoader", yaml.SafeLoader)


def compose_nodes(text: str | bytes) -> Any:
    """Return the root node of a YAML text; None where it is empty, or PyYAML refuses what yaml-rs accepts."""
    import yaml

    try:
        return yaml.compose(text, Loader=safe_loader())
    except yaml.YAMLError:
        return None
