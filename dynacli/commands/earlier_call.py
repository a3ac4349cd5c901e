"""A call of the history, found by its number and made again."""

from dynacli.auth.secret import MASK
from dynacli.commands.command_groups import make_root
from dynacli.commands.read_options import options_in
from dynacli.commands.run import Run
from dynacli.environment import Environment, invocation, program
from dynacli.errors import UsageError
from dynacli.library.history.history_file import HistoryRow, read_calls
from dynacli.options.parsed_words import parse, standard_rules

__all__ = ["earlier_call", "replay"]

_OF_OPENING = ("refresh", "offline", "profile", "allow_ref")
"""The options that say how a document is opened, before the words of its operation are read."""


def earlier_call(env: Environment, number: int, *, with_messages: bool = False) -> HistoryRow:
    """Return a call of the history.

    Args:
        number: Counted back from the latest, which is 1.

    Raises:
        UsageError: There is no such call.
        FileError: The history cannot be read.
    """
    row = next(iter(read_calls(env, with_messages=with_messages, first=number)), None)
    if row is None:
        raise UsageError(
            f"The history has no call {number}",
            hint=f"`{invocation('history')}` lists the calls, the latest is 1",
        )
    return row


def replay(run: Run, row: HistoryRow, laid_over: list[str]) -> None:
    """Make a call of the history once more.

    Args:
        laid_over: Options that take the place of those of the call.

    Raises:
        UsageError: The call holds a secret that is given by none of them.
        DynacliError: As from any call.
    """
    words = row.words
    if any("://" in word and MASK in word for word in words):
        raise UsageError(
            "The call names a URL with a secret, which the history does not keep",
            hint=f"Write the line anew: `{row.as_json()['command']}`",
        )
    given = options_in(parse(laid_over, standard_rules()))
    for name in _OF_OPENING:
        value = getattr(given, name)
        if value:
            run.options = run.options.with_value(name, value)
    run.laid_over, run.words = laid_over, tuple(words)
    with make_root(run).make_context(program().name, list(words)) as context:
        context.command.invoke(context)
