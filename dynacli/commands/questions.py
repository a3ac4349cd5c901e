"""Questions on the terminal, and the error if dynacli cannot ask."""

from dynacli.environment import Environment
from dynacli.errors import UsageError
from dynacli.options.standard_options import Options
from dynacli.text.terminal import visible


def agrees(env: Environment, question: str) -> bool:
    """Ask a question, and return whether the user agrees. Only `y` and `yes` mean yes."""
    return line(env, f"{visible(question)} [y/N] ").lower() in {"y", "yes"}


def line(env: Environment, question: str) -> str:
    """Return the line that the user types, without white space around it.

    Args:
        question: The question, including the blank after it.
    """
    env.stderr.write(question)
    env.stderr.flush()
    return env.stdin.readline().strip()


def hidden_line(env: Environment, question: str) -> str:
    """Return a line that the user types without echo."""
    import getpass

    return getpass.getpass(question, stream=env.stderr)


def nobody_to_ask(env: Environment, options: Options, wanted: str, hint: str) -> UsageError:
    """Return the error, with the reason why dynacli cannot ask.

    Args:
        wanted: The subject of the question, for the message.
        hint: An alternative.
    """
    is_terminal = env.stdin_is_terminal and env.stderr_is_terminal
    if options.no_input:
        reason = "`--no-input` was given"
    else:
        reason = "An agent runs the command" if is_terminal else "There is no terminal"
    return UsageError(f"Cannot ask for {wanted}", reason=reason, hint=hint)
