"""Which operations a check calls: those that only read, those that the person names, and the share of a machine."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from fnmatch import fnmatchcase
from typing import NamedTuple

from dynacli.check.check_records import CheckedOperation
from dynacli.check.planning.call_order import value_sources
from dynacli.check.planning.resource_chains import AnswerLinks, ResourceChain, find_chains
from dynacli.client.batch.shard import Shard
from dynacli.client.described_operation import DescribedOperation
from dynacli.client.unknown_operation import unknown_operation, unknown_tag
from dynacli.environment import invocation
from dynacli.errors import UsageError
from dynacli.library.opened_api import OpenedApi
from dynacli.model.acting_names import acting_word
from dynacli.model.field_names import is_search_name
from dynacli.model.operation import Operation

__all__ = [
    "READING_METHODS",
    "may_change",
    "select_chains",
    "select_operations",
    "share_chains",
    "share_operations",
]

READING_METHODS = frozenset({"GET", "HEAD"})
"""Methods that are called without being named. OPTIONS and TRACE are safe too (RFC 9110, section 9.2.1),
and say more of the server than of the operation."""
_UNSAFE = "it may change something; `--operation NAME` or `--write` calls it all the same"
_UNSAFE_WITH_WRITE = (
    "it may change something, and is not about what is created here; `--operation NAME` calls it all the same"
)


class _Selection(NamedTuple):
    """The operations that are looked at, in document order.

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
    refusal: Callable[[Operation], str] = lambda operation: "",  # noqa: ARG005
) -> _Selection:
    """Return the operations of a check.

    Args:
        only: Operations and patterns; where there are some, no others are looked at.
        named: Operations and patterns whose operations are called although they may change something.
        tags: Where there are some, only operations with one of them are looked at.
        skipped: Operations, tags and patterns whose operations are not called, whatever else is said of them.
        may_write: Whether the person let the check create and change things.
        refusal: Returns why an operation is never called; empty where it may be.

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
        elif name not in only_names and (word := acting_word(summary)):
            reason = (
                f"it sounds as if it did more than read (`{word}`); `--operation NAME` calls it all the same"
            )
            leave_out(operation, "dangerous", reason)
        else:
            called.append(operation)
    return _Selection(tuple(called), tuple(left_out))


def may_change(operation: Operation) -> bool:
    """Return whether an operation may change something; `POST /runs/search` only reads."""
    last = operation.path.rstrip("/").rpartition("/")[2].rpartition(":")[2]
    is_search = operation.method == "POST" and "{" not in last and is_search_name(last)
    return operation.method not in READING_METHODS and not is_search


def _names_of_word(api: OpenedApi, word: str, *, with_tags: bool = False) -> set[str]:
    """Return the names of all operations that a word can mean: an operation, a pattern of names or paths, or a tag.

    Raises:
        UsageError: It means none.
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
            why="It is compared with the names, the ids and the paths of the operations",
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


def select_chains(api: OpenedApi, selection: _Selection) -> list[ResourceChain]:
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


def share_operations(api: OpenedApi, selection: _Selection, shard: Shard) -> _Selection:
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
    return _Selection(
        tuple(each for each in selection.called if each.name in names),
        tuple(each for number, each in enumerate(selection.left_out, 1) if shard.has(number)),
    )


def share_chains(chains: list[ResourceChain], shard: Shard) -> list[ResourceChain]:
    """Return every N-th chain."""
    return [chain for number, chain in enumerate(chains, 1) if shard.has(number)]
