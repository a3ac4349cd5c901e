"""Questions to the person on the terminal, each answered by yes or no."""

from dynacli.environment import Environment
from dynacli.text.terminal import visible

__all__ = ["agrees"]


def agrees(env: Environment, question: str) -> bool:
    """Return whether the person agrees; anything but `y` and `yes` is a no."""
    env.stderr.write(f"{visible(question)} [y/N] ")
    env.stderr.flush()
    return env.stdin.readline().strip().lower() in {"y", "yes"}
