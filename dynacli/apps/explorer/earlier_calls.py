"""The calls of an API that the history keeps from before: listed, and each opened in the form again."""

from collections.abc import Callable, Mapping, Sequence
from itertools import islice

from dynacli.apps.explorer._draft import CONTENT_TYPE, Draft
from dynacli.client.described_operation import DescribedOperation
from dynacli.environment import Environment
from dynacli.record import record
from dynacli.registry.call_history import HistoryRow, read_calls
from dynacli.registry.opened_api import OpenedApi
from dynacli.registry.record_call import api_key

__all__ = ["CalledLine", "ReadLine", "draft_of", "earlier_calls", "with_messages"]

_MOST = 1_000
"""How many calls are listed."""


@record
class CalledLine:
    """What a command line gives to the form of its operation.

    Args:
        operation: The name of the operation.
        words: Option → what stands in its row.
        text: The whole body; None if rows give it.
        settings: As in `Draft`.
        left_out: Options that no row has, and those whose secret values no one kept.
    """

    operation: str
    words: Mapping[str, str]
    text: str | None
    settings: Mapping[str, str]
    left_out: tuple[str, ...] = ()


ReadLine = Callable[[Sequence[str]], CalledLine]
"""The words of a command line after the program's name → what they give; UsageError if they name no operation."""


def earlier_calls(env: Environment, api: OpenedApi, before: float) -> list[HistoryRow]:
    """Return the calls of an API's operations, whatever it was called, the latest first.

    Args:
        before: Calls from then on are left out, in seconds since 1970.

    Raises:
        FileError: The history cannot be read.
    """
    key = api_key(api.revisions.directory)
    of_api = (row for row in read_calls(env) if row.call.source == key)
    return list(islice((row for row in of_api if row.call.operation and row.call.at < before), _MOST))


def with_messages(env: Environment, row: HistoryRow) -> HistoryRow:
    """Return a call with its messages if they were kept; other calls may have come since it was listed.

    Raises:
        FileError: The history cannot be read.
    """
    for found in read_calls(env, with_messages=True, first=row.number):
        if found.call.at <= row.call.at:
            return found if found.words == row.words else row
    return row


def draft_of(api: OpenedApi, line: CalledLine) -> Draft:
    """Return what a form holds that is filled in from a command line.

    Raises:
        DynacliError: The document has no such operation any more, or no such media type.
    """
    described = DescribedOperation(api, api.catalog.operation(line.operation))
    described = described.sending(line.settings.get(CONTENT_TYPE, ""))
    return Draft(described, (), line.words, line.text, line.settings)
