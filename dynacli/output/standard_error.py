"""Writing lines to standard error."""

from dynacli.environment import Environment
from dynacli.text.terminal import visible, visible_painted

__all__ = ["write_stderr"]


def write_stderr(env: Environment, text: str, *, painted: bool = False) -> None:
    """Write lines to standard error; where it is closed or broken, nothing happens.

    On a terminal the text is made `visible`; elsewhere it stays as it is.

    Args:
        env: The surroundings of the run.
        text: Lines; a missing final line feed is added.
        painted: Whether the caller has made foreign text `visible` already, and painted around it.
    """
    if env.stderr_is_terminal:
        text = visible_painted(text) if painted else visible(text)
    if not text.endswith("\n"):
        text += "\n"
    try:
        try:
            env.stderr.write(text)
        except UnicodeEncodeError:
            encoding = env.stderr.encoding or "ascii"
            env.stderr.write(text.encode(encoding, "backslashreplace").decode(encoding))
        env.stderr.flush()
    except (OSError, ValueError, AttributeError):
        # A broken pipe or a full disk; a closed stream; a process started without one, where it is None.
        # There is no other place for a message, and the exit code still tells the outcome.
        return
