"""Defects: findings that are the same, in items of a list, in several calls or in several operations, become one."""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from typing import Any

from dynacli.check.check_records import CheckedOperation, Exchange
from dynacli.check.reporting.check_results import CheckResults
from dynacli.record import record

__all__ = ["Defect", "find_defects", "finding_key", "merged_defects", "starred"]

_INDEX = re.compile(r"/\d+(?=/|$)")
_NAMING_PREFIXES = ("undocumented", "missing", "additional", "unevaluated")
_NAMING_RULES = frozenset({"required", "dependentRequired", "dependencies"})
_RULES_OF_THE_SERVER = frozenset({"ignored-security", "missing-allow"})
"""Rules that a server breaks for all operations alike, wherever they stand in the document."""
_Key = tuple[str, ...]
_FEWEST_MERGED = 4
"""Fields with the same defect that become one block."""


@record
class Defect:
    """A finding, and how often it was found again.

    Args:
        checked: The operation where it was found first.
        exchange: The call where it was found first.
        number: The finding's number among those of that call.
        finding: The finding in the form of the validation report.
        more: How many more such findings the operation has.
        places: The pointers of all of them in that operation, indices as `*`.
        others: The names of the other operations that have it.
    """

    checked: CheckedOperation
    exchange: Exchange
    number: int
    finding: Mapping[str, Any]
    more: int = 0
    places: tuple[str, ...] = ()
    others: tuple[str, ...] = ()


def find_defects(results: CheckResults) -> list[Defect]:
    """Return each defect once, in the order in which they were found."""
    defects: dict[_Key, Defect] = {}
    for checked in results.checked:
        for exchange, number, finding in _distinct_findings(results, checked):
            key, place = (finding["where"], *_defect_key(finding)), starred(finding["pointer"])
            defect = defects.get(key)
            if defect is None:
                defects[key] = Defect(checked, exchange, number, finding, places=(place,))
            elif defect.checked is checked:
                places = dict.fromkeys([*defect.places, place])
                defects[key] = replace(defect, more=defect.more + 1, places=tuple(places))
            elif checked.operation.name not in defect.others:
                defects[key] = replace(defect, others=(*defect.others, checked.operation.name))
    return list(defects.values())


def merged_defects(defects: Iterable[Defect]) -> list[Defect]:
    """Return the defects of one operation, with one for each rule that many of its fields break.

    The first stands for them all, with the places of the others.
    """
    by_rule: dict[tuple[str, str], list[Defect]] = {}
    for defect in defects:
        by_rule.setdefault((defect.finding["where"], defect.finding["rule"]), []).append(defect)
    merged = []
    for alike in by_rule.values():
        if len(alike) < _FEWEST_MERGED:
            merged += alike
            continue
        places = [place for each in alike for place in _places_of_name(each)]
        others = dict.fromkeys(name for each in alike for name in each.others)
        more = sum(each.more for each in alike) + len(alike) - 1
        merged.append(replace(alike[0], more=more, places=tuple(dict.fromkeys(places)), others=tuple(others)))
    return merged


def _places_of_name(defect: Defect) -> Iterator[str]:
    """Yield the places of a defect; that of a property which is missing ends with its name."""
    finding = defect.finding
    is_missing = finding["rule"] in _NAMING_RULES and isinstance(finding["expected"], str)
    yield from (f"{place}/{finding['expected']}" if is_missing else place for place in defect.places)


def finding_key(finding: Mapping[str, Any]) -> _Key:
    """Return what is the same in findings that several calls of an operation repeat."""
    return finding["where"], finding["rule"], finding["pointer"], finding["message"]


def starred(pointer: str) -> str:
    """Return a pointer that stands for all items of its lists: `/data/*/id`."""
    return _INDEX.sub("/*", pointer)


def _distinct_findings(
    results: CheckResults, checked: CheckedOperation
) -> Iterator[tuple[Exchange, int, dict[str, Any]]]:
    """Yield the findings on an operation's answers, each once, with its call and its number among the call's."""
    seen: set[_Key] = set()
    for exchange in checked.all_exchanges:
        for number, finding in enumerate(results.findings(exchange)):
            if finding_key(finding) not in seen:
                seen.add(finding_key(finding))
                yield exchange, number, finding


def _defect_key(finding: Mapping[str, Any]) -> _Key:
    """Return what is the same in all findings of one defect.

    That is the rule, and its place in the document. Where the rule is about a name, the message belongs to it, because
    it holds the name. A rule of an operation's own part of the document is the same defect in another operation where
    the messages are the same.
    """
    rule, schema_pointer = finding["rule"], finding["schema_pointer"]
    if rule in _RULES_OF_THE_SERVER:
        return rule, finding["message"]
    if not (rule in _NAMING_RULES or rule.startswith(_NAMING_PREFIXES)):
        return rule, schema_pointer
    if rule == "undocumented-status":
        return rule, str(finding["got"])  # the message also lists the documented ones, which differ
    if schema_pointer.startswith("/paths/"):
        return rule, finding["message"], starred(finding["pointer"])
    return rule, schema_pointer, finding["message"]
