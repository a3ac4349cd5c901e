"""A verdict as people and programs read it."""

import re
from typing import TYPE_CHECKING, Any

from dynacli.library.opened_api import OpenedApi
from dynacli.model.wording import enumerated

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from dynacli.client.answers.evidence import Evidence
    from dynacli.library.document_locations import Location
    from dynacli.validation.findings.finding import Finding, Verdict

    _Group = tuple[Finding, int, tuple[str, ...]]

__all__ = [
    "findings_json",
    "findings_text",
    "notes_of",
    "placed",
    "short_findings_text",
    "suppressed_json",
    "verdict_json",
]

MAX_SHOWN = 20
MAX_SHORT = 3
MAX_STEPS = 5

_INDEX = re.compile(r"/\d+(?=/|$)")
_FEWEST_MERGED = 4
"""Fields with the same defect that become one finding."""
_MOST_PLACES = 12


def short_findings_text(findings: "Sequence[Finding]") -> str:
    """Return the first findings, a line each, and the number of the others, which `-v` shows."""
    groups = _merged(_grouped(findings))
    lines = [_headline(*group) for group in groups[:MAX_SHORT]]
    if len(groups) > MAX_SHORT:
        lines.append(_others(len(groups) - MAX_SHORT, has_verbose=True))
    return "\n".join(lines)


def _others(count: int, *, has_verbose: bool) -> str:
    return f"and {count:,} more" + "; `-v` shows them all" * has_verbose


def findings_text(
    api: OpenedApi,
    findings: "Sequence[Finding]",
    evidence: "Evidence | None" = None,
    is_verbose: bool | None = None,
) -> str:
    """Return the findings: a line each, the part of the message that is wrong, and who says so in the document.

    Args:
        evidence: The message that they are about; without it the parts that are wrong are not shown.
        is_verbose: Whether all are told, and not the first alone; those that the items of a list share count as one.
            None where `-v` would not tell the others.
    """
    most = None if is_verbose else MAX_SHOWN
    groups = _grouped(findings) if is_verbose else _merged(_grouped(findings))
    counts = [(count, others) for _, count, others in groups[:most]]
    shown = [finding for finding, _, _ in groups[:most]]
    excerpts = evidence.excerpts(shown) if evidence is not None else [""] * len(shown)
    locations = _locations(api, shown)
    is_one_file = len(api.catalog.files()) < 2
    lines = []
    for finding, count, excerpt in zip(shown, counts, excerpts, strict=True):
        lines.append(_headline(finding, *count))
        if excerpt:
            lines.append(excerpt)
        location = locations.get(finding.schema_pointer)
        if location is not None and location.line is not None:
            lines.append(f"    {placed(location, location.line, is_one_file=is_one_file)}")
            # Backwards: from the place that says so to the operation.
            steps = [locations[pointer] for pointer in reversed(finding.via) if pointer in locations]
            via = [
                f"      via {placed(step, step.line, is_one_file=is_one_file)}"
                for step in steps
                if step.line is not None
            ]
            lines += via[:MAX_STEPS]
    if len(groups) > len(shown):
        lines.append(_others(len(groups) - len(shown), has_verbose=is_verbose is not None))
    return "\n".join(lines)


def _merged(groups: "Sequence[_Group]") -> "list[_Group]":
    """Return the groups, with one for each rule that many fields break: the first, with the places of the others."""
    by_rule: dict[tuple[str, str], list[_Group]] = {}
    for group in groups:
        by_rule.setdefault((group[0].where, group[0].rule), []).append(group)
    merged: list[_Group] = []
    for alike in by_rule.values():
        if len(alike) < _FEWEST_MERGED:
            merged += alike
            continue
        places = [
            f"{_place(each)} `{each.expected}`" if each.rule == "required" else _place(each)
            for each, _, _ in alike[1:]
        ]
        merged.append((alike[0][0], sum(count for _, count, _ in alike), tuple(dict.fromkeys(places))))
    return merged


def _grouped(findings: "Sequence[Finding]") -> "list[_Group]":
    """Return each finding that the items of a list share once, with its number; the first stands for all."""
    groups: dict[tuple[str, ...], _Group] = {}
    for finding in findings:
        # A message has the wrong value, which differs; where nothing came it has the name of what is missing.
        text = finding.message if finding.got is None or not finding.schema_pointer else ""
        pointer = _INDEX.sub("/*", finding.pointer)
        key = (finding.where, finding.rule, pointer, finding.schema_pointer, text)
        first, count, others = groups.get(key, (finding, 0, ()))
        groups[key] = first, count + 1, others
    return list(groups.values())


def _headline(finding: "Finding", count: int = 1, places: "Sequence[str]" = ()) -> str:
    more = f" (and {count - 1:,} more like it)" if count > 1 else ""
    if places:
        more = f"{more[:-1]}, at {enumerated(places, 'and', most=_MOST_PLACES)})"
    return f"{_place(finding)}: {finding.message} [{finding.rule}]{more}"


def placed(location: "Location", line: int, *, is_one_file: bool) -> str:
    """Return a place in the document as a line of text."""
    from dynacli.document.file_names import shown_file
    from dynacli.library.document_locations import line_of

    file, place = "document" if is_one_file else shown_file(location.file), line_of(line, location.column)
    # Of a document without line breaks the pointer says more than the column.
    is_long = place != line_of(line, None)
    return f"{location.pointer} ({file} {place})" if is_long else f"{file} {place}: {location.pointer}"


def _place(finding: "Finding") -> str:
    if not finding.pointer:
        return "body"
    if finding.pointer.startswith("/") or "/" not in finding.pointer:  # `status`, `security`
        return finding.pointer
    # `query/page`, or `query/ids/0` for a value inside of it.
    location, _, rest = finding.pointer.partition("/")
    name, _, inside = rest.partition("/")
    return f"{location} `{name}`" + (f" /{inside}" if inside else "")


def verdict_json(api: OpenedApi, verdict: "Verdict") -> dict[str, Any]:
    """Return a verdict in the shape of the validation report."""
    return {
        "findings": findings_json(api, verdict.findings),
        "tolerated": findings_json(api, verdict.tolerated),
        "unchecked": list(dict.fromkeys((*verdict.failures, *verdict.unchecked))),
        "suppressed": suppressed_json(api, verdict),
    }


def findings_json(api: OpenedApi, findings: "Sequence[Finding]") -> list[dict[str, Any]]:
    """Return the findings in the shape of the validation report."""
    locations = _locations(api, findings)
    return [
        {**finding.as_json(), "document": _document_json(api, locations.get(finding.schema_pointer))}
        for finding in findings
    ]


def suppressed_json(api: OpenedApi, verdict: "Verdict") -> list[dict[str, Any]]:
    """Return the findings that do not count, each with the reason."""
    rows = findings_json(api, [finding for finding, _ in verdict.suppressed])
    return [{**row, "reason": reason} for row, (_, reason) in zip(rows, verdict.suppressed, strict=True)]


def _document_json(api: OpenedApi, location: "Location | None") -> dict[str, Any]:
    if location is None:
        return {"file": api.catalog.files()[0][1], "line": None, "column": None, "pointer": ""}
    return location._asdict()


def _locations(api: OpenedApi, findings: "Sequence[Finding]") -> dict[str, "Location"]:
    """Return schema pointer → place; the files are looked at only now, when something was found."""
    pointers = [
        pointer for finding in findings for pointer in (finding.schema_pointer, *finding.via) if pointer
    ]
    return api.places(pointers) if pointers else {}


def notes_of(verdicts: "Iterable[Verdict]", *, shows_ignored: bool) -> list[str]:
    """Return a line for each thing that is tolerated or could not be judged, and for each finding that does not count.

    Args:
        verdicts: On the request and on the answer.
        shows_ignored: Whether the last kind is told.
    """
    verdicts = list(verdicts)
    notes = _tolerated_notes(finding for verdict in verdicts for finding in verdict.tolerated)
    notes += [f"Not judged: {reason}" for verdict in verdicts for reason in verdict.unchecked]
    if shows_ignored:
        suppressed = [pair for verdict in verdicts for pair in verdict.suppressed]
        notes += [f"Ignored: {_headline(finding)}: {reason}" for finding, reason in suppressed[:MAX_SHOWN]]
        if len(suppressed) > MAX_SHOWN:
            notes.append(f"Ignored: {len(suppressed) - MAX_SHOWN} more")
    return list(dict.fromkeys(notes))


def _tolerated_notes(findings: "Iterable[Finding]") -> list[str]:
    """Return a line for each kind of what is tolerated."""
    kinds: dict[str, list[Finding]] = {}
    for finding in findings:
        # Null breaks one rule or another; what is tolerated is that it is null.
        is_null = finding.got is None and finding.rule != "readOnly"
        kinds.setdefault("null" if is_null else finding.rule, []).append(finding)
    return [f"Note: {_headline(alike[0], len(alike))}" for alike in kinds.values()]
