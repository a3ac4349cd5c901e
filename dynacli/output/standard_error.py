"""Lines on standard error."""

from dynacli.environment import Environment
from dynacli.text.terminal import visible, visible_painted

__all__ = ["write_stderr"]


def write_stderr(env: Environment, text: str, *, painted: bool = False) -> None:
    """Write lines to standard error; a closed or broken one is survived in silence.

    On a terminal the text is made `visible`; elsewhere it stays as it is.

    Args:
        env: The surroundings of the run.
        text: One line or several; a missing final line feed is added.
        painted: The caller has made the foreign parts `visible` and painted around them.
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
        # Broken pipe or full disk; closed; started without one (it is None then).
        # There is no third place to say so, and the exit code still tells the outcome.
        return
