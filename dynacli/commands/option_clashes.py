"""Errors about options that both dynacli and an operation have."""

from collections.abc import Sequence
from shlex import quote

import click

from dynacli.client.described_operation import DescribedOperation
from dynacli.commands.click_errors import from_click
from dynacli.environment import invocation_words, program
from dynacli.errors import DynacliError, UsageError
from dynacli.options.standard_options import OPTIONS_BY_FLAG

__all__ = ["ambiguous_option", "with_namesakes"]


def ambiguous_option(described: DescribedOperation, flag: str, own: str) -> UsageError:
    """Return the error for a standard option behind an operation that has an input of the same name.

    Args:
        flag: The standard option, with its `--`.
        own: The flag of the operation's input.
    """
    standard = OPTIONS_BY_FLAG[flag]
    needs_value = standard.takes_value and not standard.value_alone
    name, *api = invocation_words(api=quote(described.api.name))
    words = [name, flag, *([standard.metavar] if needs_value else []), *api, described.operation.name]
    place = "operation" if program().api else "API"
    return UsageError(
        f"`{flag}` may mean two things behind `{words[-1]}`",
        why=f"The operation has an input of this name, and {program().name} has an option of this name",
        hint=f"The operation's is `{own}`; {program().name}'s stands before the {place}: "
        f"`{' '.join(words)} ...`",
        near=[own],
    )


def with_namesakes(error: DynacliError | click.UsageError, flags: Sequence[str]) -> DynacliError:
    """Return an error of a call, which says which of the given options are not dynacli's.

    Args:
        flags: The given options of the operation that have the names of standard options.
    """
    told = from_click(error) if isinstance(error, click.UsageError) else error
    names = " and ".join(f"`{flag}`" for flag in flags)
    is_own, stand = (
        ("is the operation's own option", "stands")
        if len(flags) == 1
        else ("are the operation's own options", "stand")
    )
    place = "operation" if program().api else "API"
    note = f"{names} {is_own} here; {program().name}'s {stand} before the {place}"
    told.hint = f"{told.hint}{' ' if told.hint[-1] in '?.' else '; '}{note}" if told.hint else note
    return told
