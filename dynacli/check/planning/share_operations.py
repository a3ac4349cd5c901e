"""The share of a check that one of several machines has."""

from dynacli.check.planning.answer_links import AnswerLinks
from dynacli.check.planning.call_order import value_sources
from dynacli.check.planning.resource_chains import ResourceChain
from dynacli.check.planning.select_operations import Selection
from dynacli.client.batch.shard import Shard
from dynacli.client.described_operation import DescribedOperation
from dynacli.library.opened_api import OpenedApi

__all__ = ["share_chains", "share_operations"]


def share_operations(api: OpenedApi, selection: Selection, shard: Shard) -> Selection:
    """Return every N-th operation, and besides those that are called the ones whose answers give them values."""
    operations = [DescribedOperation(api, operation) for operation in selection.called]
    linked_from: dict[str, list[str]] = {}
    for described in operations:
        for target in AnswerLinks(described).targets:
            linked_from.setdefault(target, []).append(described.operation.name)
    sources = value_sources(operations, linked_from)
    waiting = [each.name for number, each in enumerate(selection.called, 1) if shard.has(number)]
    names: set[str] = set()
    while waiting:
        name = waiting.pop()
        if name not in names:
            names.add(name)
            waiting.extend(sources[name])
    return Selection(
        tuple(each for each in selection.called if each.name in names),
        tuple(each for number, each in enumerate(selection.left_out, 1) if shard.has(number)),
    )


def share_chains(chains: list[ResourceChain], shard: Shard) -> list[ResourceChain]:
    """Return every N-th chain."""
    return [chain for number, chain in enumerate(chains, 1) if shard.has(number)]
