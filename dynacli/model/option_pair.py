"""An option with its value as words of a command line."""

__all__ = ["option_pair"]


def option_pair(flag: str, value: str, *, is_joined: bool = False) -> list[str]:
    """Return an option and its value as two words, or as one where the value looks like an option.

    Args:
        flag: The option with its hyphens.
        is_joined: Whether they are one word in any case, as where the option may also stand alone.
    """
    return [f"{flag}={value}"] if is_joined or value.startswith("-") else [flag, value]
