"""Questions to the person on the terminal."""

from dynacli.environment import Environment
from dynacli.text.terminal import visible

__all__ = ["agrees", "hidden_line", "line"]


def agrees(env: Environment, question: str) -> bool:
    """Return whether the person agrees; anything but `y` and `yes` is a no."""
    return line(env, f"{visible(question)} [y/N] ").lower() in {"y", "yes"}


def line(env: Environment, question: str) -> str:
    """Return the line that the person types, without white space around it.

    Args:
        question: As it is shown, with the space behind it.
    """
    env.stderr.write(question)
    env.stderr.flush()
    return env.stdin.readline().strip()


def hidden_line(env: Environment, question: str) -> str:
    """Return the line that the person types, which is not shown."""
    import getpass

    return getpass.getpass(question, stream=env.stderr)
