"""The order of a check: an operation whose answers give ids is called before the operations that need them."""

from collections.abc import Iterable, Mapping, Sequence
from itertools import chain

from dynacli.client.described_operation import DescribedOperation
from dynacli.model.operation import Operation
from dynacli.model.path_templates import parameter_names
from dynacli.model.value_sources import ListingOperations

__all__ = ["call_rounds", "value_sources"]

_MAX_ROUNDS = 20
_MAX_STEPS = 1_000


def value_sources(
    operations: Sequence[DescribedOperation], linked_from: Mapping[str, Iterable[str]]
) -> dict[str, list[str]]:
    """Return operation → the operations whose answers may give values for it, by a collection or by a link.

    Args:
        linked_from: Operation → the operations whose answers link to it.
    """
    listing = ListingOperations(described.operation for described in operations)
    called = {described.operation.name for described in operations}
    sources = {}
    for described in operations:
        name = described.operation.name
        candidates = list(chain.from_iterable(listing.sources_of(described.operation).values()))
        candidates.extend(linked_from.get(name, ()))
        sources[name] = [other for other in dict.fromkeys(candidates) if other != name and other in called]
    return sources


def call_rounds(
    operations: Sequence[DescribedOperation],
    linked_from: Mapping[str, Iterable[str]],
    changing_names: Iterable[str],
) -> list[list[DescribedOperation]]:
    """Return the operations in rounds: each operation only needs what earlier rounds can give.

    Args:
        linked_from: Operation → the operations whose answers link to it.
        changing_names: The names of operations that may change something; they come after all others.
    """
    changing = set(changing_names)
    reading = [described for described in operations if described.operation.name not in changing]
    ranks = _ranks(reading, value_sources(reading, linked_from))
    by_rank: dict[int, list[DescribedOperation]] = {}
    for described in reading:
        by_rank.setdefault(ranks[described.operation.name], []).append(described)
    rounds = [by_rank[rank] for rank in sorted(by_rank)]
    # One after the other, in the order of the document: what they change must not happen at the same time.
    # What removes something comes last, parts before the whole, so that the others find it there.
    last = [described for described in operations if described.operation.name in changing]
    rounds.extend([described] for described in sorted(last, key=_removal_order))
    return rounds


def _removal_order(described: DescribedOperation) -> int:
    """Return a key that sorts deletions behind all others, the deepest path first."""
    return -described.operation.path.count("/") if described.operation.method == "DELETE" else -_MAX_STEPS


def _ranks(operations: Sequence[DescribedOperation], sources: Mapping[str, Sequence[str]]) -> dict[str, int]:
    """Return operation → the number of its round."""
    ranks = {described.operation.name: _least_rank(described.operation) for described in operations}
    for _ in range(_MAX_ROUNDS):
        has_changed = False
        for name, rank in ranks.items():
            # An operation that needs no value waits for nobody, whoever links to it.
            needed = max([rank, *(ranks[source] + 1 for source in sources[name])]) if rank else 0
            # Links may lead in a circle, which would raise ranks without end.
            if rank < needed <= _MAX_ROUNDS:
                ranks[name], has_changed = needed, True
        if not has_changed:
            break
    return ranks


def _least_rank(operation: Operation) -> int:
    in_path = len(parameter_names(operation.path))
    needs_value = any(parameter.must_be_given for parameter in operation.parameters)
    return max(1, in_path) if needs_value or in_path else 0
