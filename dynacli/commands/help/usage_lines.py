"""The usage of a command: the first lines of its help page."""

__all__ = ["usage_lines"]

_LABEL = "Usage: "


def usage_lines(text: str, width: int) -> list[str]:
    """Return the usage, wrapped at a width; further lines are indented up to its first word."""
    from dynacli.text.wrapping import wrapped

    first, *others = wrapped(_LABEL + text, width - len(_LABEL))
    return [first, *(" " * len(_LABEL) + line for line in others)]
