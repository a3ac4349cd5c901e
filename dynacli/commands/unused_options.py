"""The error for a standard option that a command would forget."""

from dynacli.environment import invocation
from dynacli.errors import UsageError
from dynacli.options.standard_options import Option

__all__ = ["unused_option"]


def unused_option(verb: str, option: Option) -> UsageError:
    """Return the error for an option that changes nothing of what a verb does."""
    return UsageError(
        f"`{verb}` has no use for `{option.flags[-1]}`",
        why=f"It would change nothing of what `{verb}` does",
        hint=f"Leave it out; `{invocation(verb)} --help` has the options that count here",
    )
