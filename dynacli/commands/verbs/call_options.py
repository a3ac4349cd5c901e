"""The standard options that are about a call, and that a command which makes none refuses rather than forgets."""

from collections.abc import Container

from dynacli.commands.read_options import Options
from dynacli.commands.standard_options import INPUT_OPTIONS, PART_OPTIONS, STANDARD_OPTIONS
from dynacli.errors import UsageError

__all__ = ["NOT_TAKEN_BY_CHANGES", "OF_CALLS", "check_options"]

OF_CALLS = frozenset(
    (
        *("include", "report", "dry_run", "show_secrets", "retry_unsafe", "all", "max_items"),
        *("resume", "remote_name", "progress"),
        *("wait", "wait_timeout", "wait_interval", "follow"),
    )
)
"""The names of the standard options that no command has a use for which makes no call."""
NOT_TAKEN_BY_CHANGES = OF_CALLS | {"server", "server_var", "timeout", "retries", "rate", "validate"}
"""The names of the standard options that commands refuse which change what is registered or kept."""


def check_options(options: Options, verb: str, not_taken: Container[str]) -> None:
    """Check that no option is given that would be forgotten.

    Args:
        options: The standard options of the run.
        verb: The command, for messages.
        not_taken: The names of the standard options that it refuses, besides those that are about a body.

    Raises:
        UsageError: There is such an option.
    """
    refused = [option for option in STANDARD_OPTIONS if option.name in not_taken]
    for option in (*refused, *INPUT_OPTIONS, *PART_OPTIONS):
        if getattr(options, option.name) != getattr(Options, option.name):
            raise UsageError(
                f"`{verb}` has no use for `{option.flags[-1]}`",
                why=f"It is about a call or its answer, and `{verb}` makes no call that it could be about",
                hint="Leave it out, and give it to the call",
            )
