"""Which chains `--write` runs: those that hold an operation that was selected."""

from dataclasses import replace

from dynacli.check.planning.answer_links import AnswerLinks
from dynacli.check.planning.resource_chains import ResourceChain, find_chains
from dynacli.check.planning.select_operations import Selection
from dynacli.client.described_operation import DescribedOperation
from dynacli.library.opened_api import OpenedApi

__all__ = ["select_chains"]


def select_chains(api: OpenedApi, selection: Selection) -> list[ResourceChain]:
    """Return the chains that hold a selected operation, without the reads and updates that were not selected.

    What creates and what deletes stays in each: the one makes the others possible, the other cleans up. A chain is
    left out where one of its necessary operations is not to be called.
    """
    summaries = api.catalog.summaries()
    linked_to = {
        summary.name: AnswerLinks(DescribedOperation(api, api.catalog.operation(summary.name))).targets
        for summary in summaries
        if summary.method == "POST"
    }
    names = {operation.name for operation in selection.called}
    names.update(each.operation.name for each in selection.left_out if each.skip_kind == "unsafe")
    refused = {each.operation.name for each in selection.left_out} - names
    chains = []
    for chain in find_chains(summaries, linked_to):
        needed = {chain.create, chain.delete, chain.read if chain.is_created_by_put else ""}
        if names.isdisjoint(chain.changing) or not refused.isdisjoint(needed):
            continue
        updates = tuple(name for name in chain.updates if name in names)
        read = chain.read if chain.read in names or chain.is_created_by_put else ""
        chains.append(replace(chain, updates=updates, read=read))
    return chains
