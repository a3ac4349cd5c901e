"""Findings that are the same defect, made one: of the items of a list, of several calls, of several operations."""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from dynacli.check.check_records import CheckedOperation, Exchange
from dynacli.check.reporting.results import Results
from dynacli.record import record

__all__ = ["Fold", "folded", "row_key"]

_INDEX = re.compile(r"/\d+(?=/|$)")
_NAMING = ("undocumented", "missing", "additional", "unevaluated")
_NAMING_TOO = frozenset({"required", "dependentRequired", "dependencies"})
Key = tuple[str, ...]


@record
class Fold:
    """A finding, and those that are like it.

    Args:
        checked: The operation where it was found first.
        exchange: The call where it was found first.
        number: Which of that call's findings it is.
        finding: In the form of the validation report.
        more: How many more there are in that operation.
        places: Where they all are in that operation, indices as `*`.
        others: The other operations that have it.
    """

    checked: CheckedOperation
    exchange: Exchange
    number: int
    finding: Mapping[str, Any]
    more: int = 0
    places: tuple[str, ...] = ()
    others: tuple[str, ...] = ()


def folded(results: Results) -> list[Fold]:
    """Return what was found, each defect once, in the order in which it is met."""
    from dataclasses import replace

    found: dict[Key, Fold] = {}
    for checked in results.checked:
        for exchange, number, finding in _each(results, checked):
            key, place = _key(finding), starred(finding["pointer"])
            fold = found.get(key)
            if fold is None:
                found[key] = Fold(checked, exchange, number, finding, places=(place,))
            elif fold.checked is checked:
                places = dict.fromkeys([*fold.places, place])
                found[key] = replace(fold, more=fold.more + 1, places=tuple(places))
            elif checked.operation.name not in fold.others:
                found[key] = replace(fold, others=(*fold.others, checked.operation.name))
    return list(found.values())


def row_key(finding: Mapping[str, Any]) -> Key:
    """Return by what a finding is the same in several calls of an operation."""
    return finding["rule"], finding["pointer"], finding["message"]


def starred(pointer: str) -> str:
    """Return a pointer that stands for all items of its lists: `/data/*/id`."""
    return _INDEX.sub("/*", pointer)


def _each(results: Results, checked: CheckedOperation) -> Iterator[tuple[Exchange, int, dict[str, Any]]]:
    seen: set[Key] = set()
    for exchange in checked.exchanges:
        for number, finding in enumerate(results.findings(exchange)):
            if row_key(finding) not in seen:
                seen.add(row_key(finding))
                yield exchange, number, finding


def _key(finding: Mapping[str, Any]) -> Key:
    """Return by what a finding is the same defect as others.

    That is its place in the document and its rule. Where the rule is about a name, the name counts as well, which is
    in the message. And what is said of an operation's own description is the same defect where the words are the same.
    """
    rule, where = finding["rule"], finding["schema_pointer"]
    if not (rule in _NAMING_TOO or rule.startswith(_NAMING)):
        return rule, where
    if rule == "undocumented-status":
        return rule, str(finding["got"])  # which others there are does not matter
    if where.startswith("/paths/"):
        return rule, finding["message"], starred(finding["pointer"])
    return rule, where, finding["message"]
