"""How something is called: the first lines of a help page."""

__all__ = ["usage_lines"]

_LABEL = "Usage: "


def usage_lines(text: str, width: int) -> list[str]:
    """Return the usage, filled up to the width; further lines stand below its first word."""
    from dynacli.text.wrapping import wrapped

    first, *others = wrapped(_LABEL + text, width - len(_LABEL))
    return [first, *(" " * len(_LABEL) + line for line in others)]
