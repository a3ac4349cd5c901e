"""Questions to the person on the terminal, and the error if no one is there."""

from dynacli.environment import Environment
from dynacli.errors import UsageError
from dynacli.options.standard_options import Options
from dynacli.text.terminal import visible


def agrees(env: Environment, question: str) -> bool:
    """Return whether the person agrees; anything but `y` and `yes` is a no."""
    return line(env, f"{visible(question)} [y/N] ").lower() in {"y", "yes"}


def line(env: Environment, question: str) -> str:
    """Return the line that the person types, without white space around it.

    Args:
        question: As it is shown, with the space after it.
    """
    env.stderr.write(question)
    env.stderr.flush()
    return env.stdin.readline().strip()


def hidden_line(env: Environment, question: str) -> str:
    """Return the line that the person types, which is not shown."""
    import getpass

    return getpass.getpass(question, stream=env.stderr)


def nobody_to_ask(env: Environment, options: Options, wanted: str, hint: str) -> UsageError:
    """Return the error, with why no one can be asked.

    Args:
        wanted: What a person would be asked for, as messages say it.
        hint: What to do instead.
    """
    is_terminal = env.stdin_is_terminal and env.stderr_is_terminal
    if options.no_input:
        reason = "`--no-input` was given"
    else:
        reason = "An agent runs the command" if is_terminal else "There is no terminal"
    return UsageError(f"Cannot ask for {wanted}", reason=reason, hint=hint)
