"""The first lines of a help page."""

from dynacli.output.wrapping import wrapped

__all__ = ["usage_lines"]

_LABEL = "Usage: "


def usage_lines(text: str, width: int) -> list[str]:
    """Return the usage, filled up to the width; further lines stand below its first word."""
    first, *others = wrapped(_LABEL + text, width - len(_LABEL))
    return [first, *(" " * len(_LABEL) + line for line in others)]
