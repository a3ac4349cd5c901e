"""The call that a command line asks for whose standard options, before the API, are wrong already."""

from collections.abc import Sequence

from dynacli.client.described_operation import DescribedOperation
from dynacli.commands.command_groups import ApiGroup
from dynacli.commands.corrections.call_line import KEPT_VERBS
from dynacli.commands.operation_command import OperationCommand
from dynacli.commands.run import Run
from dynacli.errors import DynacliError
from dynacli.options.parsed_words import parse, standard_rules

__all__ = ["asked_call"]


def asked_call(run: Run) -> tuple[DescribedOperation, list[str]] | None:
    """Return the operation that a run would have called, and the words behind it; None where no call can be told.

    Nothing is fetched for it: the document is a file, or in the cache.
    """
    run.options = run.options.with_value("offline", True)
    return _call_in(run, run.words)


def _call_in(run: Run, words: Sequence[str]) -> tuple[DescribedOperation, list[str]] | None:
    rest, may_be_value = _from_positional(words)
    for skipped in range(min(1 + may_be_value, len(rest))):
        word, behind = rest[skipped], rest[skipped + 1 :]
        if word in KEPT_VERBS:
            return _call_in(run, behind)
        if word == "-":
            return None
        try:
            group = ApiGroup(run.api(word))
        except DynacliError:
            continue
        return _asked_of(group, behind)
    return None


def _from_positional(words: Sequence[str]) -> tuple[list[str], bool]:
    """Return the words from the first one that is no option, and whether that one may be an unknown option's value."""
    parsed = parse(words, standard_rules(), stop_at_positional=True)
    last = parsed.given[-1] if parsed.given else None
    is_open = last is not None and last.rule is None and last.value is None and last.flag.startswith("--")
    return parsed.positional, is_open


def _asked_of(group: ApiGroup, words: list[str]) -> tuple[DescribedOperation, list[str]] | None:
    rest, may_be_value = _from_positional(words)
    for skipped in range(1 + may_be_value):
        command, behind = group.find_command(rest[skipped:])
        if isinstance(command, OperationCommand):
            return command.described, behind
        if command is not None:
            return _asked_of(command, behind)
    return None
