"""How something is called: the first lines of a help page, and its last."""

from dynacli.model.operation import Operation

__all__ = ["example_line", "usage_lines"]

_LABEL = "Usage: "


def usage_lines(text: str, width: int) -> list[str]:
    """Return the usage, filled up to the width; further lines stand below its first word."""
    from dynacli.text.wrapping import wrapped

    first, *others = wrapped(_LABEL + text, width - len(_LABEL))
    return [first, *(" " * len(_LABEL) + line for line in others)]


def example_line(api: str, operation: Operation) -> str:
    """Return the command that calls an operation as it stands."""
    from shlex import quote

    return " ".join(["dynacli", quote(api), operation.name, *(quote(word) for word in operation.example)])
