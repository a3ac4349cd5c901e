"""The error where signing in wants an answer of a person and nobody can be asked."""

from dynacli.commands.run import Run
from dynacli.errors import UsageError

__all__ = ["nobody_to_ask"]


def nobody_to_ask(run: Run, wanted: str, hint: str) -> UsageError:
    """Return the error, with why nobody can be asked.

    Args:
        wanted: What a person would be asked for, as messages say it.
        hint: What to do instead.
    """
    is_terminal = run.env.stdin_is_terminal and run.env.stderr_is_terminal
    if run.options.no_input:
        why = "`--no-input` was given"
    else:
        why = "An agent runs this" if is_terminal else "There is no terminal"
    return UsageError(f"There is nobody to ask for {wanted}", why=why, hint=hint)
