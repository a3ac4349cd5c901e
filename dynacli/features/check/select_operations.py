"""Selects the operations that a check calls, and their order: operations that supply ids come first."""

import itertools
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from fnmatch import fnmatchcase
from typing import NamedTuple

from dynacli.client.described_operation import DescribedOperation
from dynacli.client.policy.policy_rules import Policy, only_reads
from dynacli.client.search_operations import unknown_operation, unknown_tag
from dynacli.client.shards import Shard
from dynacli.environment import invocation
from dynacli.errors import UsageError
from dynacli.features.check.check_records import CheckedOperation
from dynacli.features.check.resource_chains import ResourceChain, ResponseLinks, find_chains
from dynacli.openapi.model.acting_names import acting_word
from dynacli.openapi.model.field_names import is_search_name
from dynacli.openapi.model.operation import Operation
from dynacli.openapi.model.path_templates import ListingOperations, parameter_names
from dynacli.registry.opened_api import OpenedApi

_MAX_ROUNDS = 20
_MAX_STEPS = 1_000
READING_METHODS = frozenset({"GET", "HEAD"})
"""Methods that a check calls by default. OPTIONS and TRACE are safe, too (RFC 9110, section 9.2.1), but they show more
about the server than about the operation."""
_UNSAFE = "it may change something; `--operation NAME` or `--write` calls it anyway"
_UNSAFE_WITH_WRITE = (
    "it may change something, and is not about what is created here; `--operation NAME` calls it anyway"
)


def value_sources(
    operations: Sequence[DescribedOperation], linked_from: Mapping[str, Iterable[str]]
) -> dict[str, list[str]]:
    """Return operation → the operations whose collections or links may supply values for it.

    Args:
        linked_from: Operation → the operations whose responses link to it.
    """
    listing = ListingOperations(described.operation for described in operations)
    called = {described.operation.name for described in operations}
    sources = {}
    for described in operations:
        name = described.operation.name
        candidates = list(itertools.chain.from_iterable(listing.sources_of(described.operation).values()))
        candidates.extend(linked_from.get(name, ()))
        sources[name] = [other for other in dict.fromkeys(candidates) if other != name and other in called]
    return sources


def call_rounds(
    operations: Sequence[DescribedOperation],
    linked_from: Mapping[str, Iterable[str]],
    changing_names: Iterable[str],
) -> list[list[DescribedOperation]]:
    """Return the operations in rounds: earlier rounds supply the values for later ones.

    Args:
        linked_from: Operation → the operations whose responses link to it.
        changing_names: The names of operations that may change something; they come after all others.
    """
    changing = set(changing_names)
    reading = [described for described in operations if described.operation.name not in changing]
    ranks = _ranks(reading, value_sources(reading, linked_from))
    by_rank: dict[int, list[DescribedOperation]] = {}
    for described in reading:
        by_rank.setdefault(ranks[described.operation.name], []).append(described)
    rounds = [by_rank[rank] for rank in sorted(by_rank)]
    # One at a time, in the order of the document, because changes must not happen in parallel.
    # Removals come last, parts before the whole, so that the other operations find their resources.
    last = [described for described in operations if described.operation.name in changing]
    rounds.extend([described] for described in sorted(last, key=_removal_order))
    return rounds


def _removal_order(described: DescribedOperation) -> int:
    """Return a sort key that puts deletions after all others, the deepest path first."""
    return -described.operation.path.count("/") if described.operation.method == "DELETE" else -_MAX_STEPS


def _ranks(operations: Sequence[DescribedOperation], sources: Mapping[str, Sequence[str]]) -> dict[str, int]:
    """Return operation → number of its round."""
    ranks = {described.operation.name: _least_rank(described.operation) for described in operations}
    for _ in range(_MAX_ROUNDS):
        has_changed = False
        for name, rank in ranks.items():
            # An operation without required values is called first, even if others link to it.
            needed = max([rank, *(ranks[source] + 1 for source in sources[name])]) if rank else 0
            # Links may form a cycle, which would raise ranks forever.
            if rank < needed <= _MAX_ROUNDS:
                ranks[name], has_changed = needed, True
        if not has_changed:
            break
    return ranks


def _least_rank(operation: Operation) -> int:
    in_path = len(parameter_names(operation.path))
    needs_value = any(parameter.must_be_given for parameter in operation.parameters)
    return max(1, in_path) if needs_value or in_path else 0


class Selection(NamedTuple):
    """The operations in the scope of a check, in the order of the document.

    Args:
        called: The operations to call.
        left_out: The operations that are not called, each with the reason.
    """

    called: tuple[Operation, ...]
    left_out: tuple[CheckedOperation, ...]


def select_operations(
    api: OpenedApi,
    *,
    only: Sequence[str] = (),
    named: Sequence[str] = (),
    tags: Sequence[str] = (),
    skipped: Sequence[str] = (),
    may_write: bool = False,
    policy: Policy | None = None,
    refusal: Callable[[Operation], str] = lambda operation: "",  # noqa: ARG005
) -> Selection:
    """Return the operations of a check.

    Args:
        only: Operations and patterns that limit the scope; empty for no limit.
        named: Operations and patterns to call even if they may change something.
        tags: Tags that limit the scope; empty for no limit.
        skipped: Operations, tags and patterns to leave out, even if another option selects them.
        may_write: Whether `--write` allows the check to create and change resources.
        policy: The policy, whose `reads` lists read-only operations.
        refusal: Function that returns why an operation must not be called; empty if it may be called.

    Raises:
        UsageError: No operation has such a name or tag, or matches such a pattern.
    """
    catalog = api.catalog
    only_names = {name for word in only for name in _names_of_word(api, word)}
    added_names = {name for word in named for name in _names_of_word(api, word)}
    words_of_skipped = {
        name: word for word in reversed(skipped) for name in _names_of_word(api, word, with_tags=True)
    }
    summaries = catalog.summaries()
    scope = _names_with_tag(api, tags) if tags else {summary.name for summary in summaries}
    if only_names:
        scope &= only_names
    scope |= added_names
    called: list[Operation] = []
    left_out: list[CheckedOperation] = []

    def leave_out(operation: Operation, kind: str, reason: str) -> None:
        left_out.append(CheckedOperation(operation, (), reason, kind))

    for summary in summaries:
        name = summary.name
        if name not in scope:
            continue
        operation = catalog.operation(name)
        if name in words_of_skipped:
            leave_out(operation, "skipped", f"`--skip {words_of_skipped[name]}` leaves it out")
        elif (may_write or name in added_names or summary.method in READING_METHODS) and (
            reason := refusal(operation)
        ):
            leave_out(operation, "refused", reason)
        elif name in added_names:
            called.append(operation)
        elif summary.method not in READING_METHODS:
            leave_out(operation, "unsafe", _UNSAFE_WITH_WRITE if may_write else _UNSAFE)
        elif name not in only_names and not only_reads(policy, catalog, summary):
            word = acting_word(summary)
            reason = f"its name suggests that it may change something (`{word}`); `--operation NAME` calls it anyway"
            leave_out(operation, "dangerous", reason)
        else:
            called.append(operation)
    return Selection(tuple(called), tuple(left_out))


def may_change(operation: Operation) -> bool:
    """Return whether an operation may change something; `POST /runs/search`, for example, is read-only."""
    last = operation.path.rstrip("/").rpartition("/")[2].rpartition(":")[2]
    is_search = operation.method == "POST" and "{" not in last and is_search_name(last)
    return operation.method not in READING_METHODS and not is_search


def _names_of_word(api: OpenedApi, word: str, *, with_tags: bool = False) -> set[str]:
    """Return the names of all operations for an argument: an operation, a pattern of names or paths, or a tag.

    Raises:
        UsageError: The argument matches no operation.
    """
    catalog = api.catalog
    name, tag = catalog.find(word), catalog.tag(word) if with_tags else ""
    names = {name} if name is not None else set()
    if tag:
        names.update(summary.name for summary in catalog.summaries(tag))
    if name is not None and not with_tags:
        return names
    for summary in catalog.summaries():
        path = summary.path
        texts = (summary.name, summary.operation_id, path, f"{summary.method} {path}")
        if any(fnmatchcase(text, word) for text in texts):
            names.add(summary.name)
    if not names and not any(letter in word for letter in "*?["):
        raise unknown_operation(api, word)
    if not names:
        raise UsageError(
            f"No operation matches `{word}`",
            reason="It is compared with the names, the ids and the paths of the operations",
            hint=f"`{invocation('operations', api.name)}` lists them",
        )
    return names


def _names_with_tag(api: OpenedApi, tags: Iterable[str]) -> set[str]:
    names: set[str] = set()
    for word in tags:
        key = api.catalog.tag(word)
        if not key:
            raise unknown_tag(api, word)
        names.update(summary.name for summary in api.catalog.summaries(key))
    return names


def select_chains(api: OpenedApi, selection: Selection) -> list[ResourceChain]:
    """Return the chains with a selected operation, without reads and updates that were not selected.

    Each chain keeps its creation, which the others need, and its deletion, which cleans up. Omit a chain if one of its
    necessary operations must not be called.
    """
    names = {operation.name for operation in selection.called}
    names.update(checked.operation.name for checked in selection.left_out if checked.skip_kind == "unsafe")
    refused = {checked.operation.name for checked in selection.left_out} - names
    chains = []
    for chain in find_chains(api.catalog.resources(), api.catalog.summaries()):
        needed = {chain.create, chain.delete, chain.read if chain.is_created_by_put else ""}
        if names.isdisjoint(chain.changing) or not refused.isdisjoint(needed):
            continue
        updates = tuple(name for name in chain.updates if name in names)
        read = chain.read if chain.read in names or chain.is_created_by_put else ""
        chains.append(replace(chain, updates=updates, read=read))
    return chains


def shard_operations(api: OpenedApi, selection: Selection, shard: Shard) -> Selection:
    """Return every N-th operation, and the operations that supply values for the called ones."""
    operations = [DescribedOperation(api, operation) for operation in selection.called]
    linked_from: dict[str, list[str]] = {}
    for described in operations:
        for target in ResponseLinks(described).targets:
            linked_from.setdefault(target, []).append(described.operation.name)
    sources = value_sources(operations, linked_from)
    waiting = [operation.name for number, operation in enumerate(selection.called, 1) if shard.has(number)]
    names: set[str] = set()
    while waiting:
        name = waiting.pop()
        if name not in names:
            names.add(name)
            waiting.extend(sources[name])
    return Selection(
        tuple(operation for operation in selection.called if operation.name in names),
        tuple(checked for number, checked in enumerate(selection.left_out, 1) if shard.has(number)),
    )


def shard_chains(chains: list[ResourceChain], shard: Shard) -> list[ResourceChain]:
    """Return every N-th chain."""
    return [chain for number, chain in enumerate(chains, 1) if shard.has(number)]
