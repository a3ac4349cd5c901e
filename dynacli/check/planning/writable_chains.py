"""Which chains a check may write: those that what was selected belongs to."""

from collections.abc import Iterable
from dataclasses import replace

from dynacli.check.planning.chains import Chain, chains_of
from dynacli.check.planning.linked_values import Links
from dynacli.client.described_operation import DescribedOperation
from dynacli.library.opened_api import OpenedApi
from dynacli.model.operation import Operation

__all__ = ["writable_chains"]


def writable_chains(api: OpenedApi, scope: Iterable[Operation]) -> list[Chain]:
    """Return the chains that hold an operation of those that are looked at.

    Of each, what creates and what removes is called in any case: the one makes the others possible,
    the other cleans up.
    """
    summaries = api.catalog.summaries()
    linked = {
        one.name: Links(DescribedOperation(api, api.catalog.operation(one.name))).targets
        for one in summaries
        if one.method == "POST"
    }
    names = {one.name for one in scope}
    found = []
    for chain in chains_of(summaries, linked):
        if names.isdisjoint(chain.writes):
            continue
        updates = tuple(one for one in chain.updates if one in names)
        read = chain.read if chain.read in names or chain.is_named else ""
        found.append(replace(chain, updates=updates, read=read))
    return found
