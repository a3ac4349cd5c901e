"""Validation results as text and JSON, with excerpts of the validated message.

An excerpt has the lines around the value of a finding, with a marker under the value. Each body is scanned once for
all values, and only shown lines are formatted. Scalars and keys keep their spelling, as in `dynacli.text.json_text`.
"""

from __future__ import annotations

import json
import re
from collections import deque
from collections.abc import Iterable, Iterator, Mapping
from json.decoder import scanstring  # type: ignore[attr-defined]  # typeshed leaves it out
from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.parse import unquote

from dynacli.http.semantics import essence, is_json_lines, is_json_sequence
from dynacli.openapi.model.wording import enumerated
from dynacli.registry.opened_api import OpenedApi
from dynacli.text.body_text import decoded, is_json_content
from dynacli.text.json_text import escape_unsafe
from dynacli.text.terminal import cell_width, visible

if TYPE_CHECKING:
    from collections.abc import Sequence

    from dynacli.http.built_request import Request
    from dynacli.http.exchange import WireResponse
    from dynacli.openapi.document.positions import Location
    from dynacli.validation.finding import Finding, ValidationResult

_MARGIN = "    | "
"""Margin at the start of each line of an excerpt."""

_LONGEST = 56
"""Maximum width of a marked value."""
_LONGEST_SIBLING = 36
_BEFORE = 2
"""Maximum number of neighbours before a value. One is shown after it."""
_MOST_LEVELS = 5
_DEEPEST = 200
_MOST_MEMBERS = 2_000_000
"""Maximum number of scanned members, which takes a second. Values after them get no excerpt."""

_SPACE = re.compile(r"[ \t\r\n]*+")
# Numbers stay strings, because parsing an integer takes quadratic time.
_DECODER = json.JSONDecoder(parse_int=str, parse_float=str)
MAX_SHOWN = 20
MAX_SHORT = 3
MAX_STEPS = 5
_INDEX = re.compile(r"/\d+(?=/|$)")
_FEWEST_MERGED = 4
"""Minimum number of fields with the same defect that become one finding."""
_MOST_LOCATIONS = 12
_OF_THE_NAME = frozenset({"additionalProperties", "unevaluatedProperties", "undocumented-property"})
"""Rules that reject a property for its name, whatever its value is."""
_ABOUT_NAMES = frozenset({"required", "minProperties", "maxProperties", "dependentRequired", "dependencies"})
"""Rules about the names of an object's properties."""
_SECRET = frozenset({"writeOnly"})
"""Rules about secrets, whose values are not shown."""
_ABSENT = frozenset({"missing-header", "missing-parameter", "missing-body"})


class ExcerptTarget(NamedTuple):
    """A value to show and mark.

    Args:
        pointer: JSON pointer (RFC 6901) to the value.
        is_name: True to mark the name of the property instead of its value.
        is_about_names: True to show only the property names of an object.
    """

    pointer: str
    is_name: bool = False
    is_about_names: bool = False


def _in_margin(lines: Iterable[str]) -> str:
    """Return the lines of an excerpt as text, with a margin."""
    return "\n".join(f"{_MARGIN}{line}" for line in lines)


def marked(before: str, value: str, after: str = "") -> list[str]:
    """Return a line with a value, and a line with the marker under it."""
    shown = _cut_to_width(visible(value[: _LONGEST * 4], keep=""), _LONGEST)
    before, after = visible(before, keep=""), visible(after, keep="")
    return [f"{before}{shown}{after}", _marker(before, shown)]


def json_excerpts(text: str, targets: Iterable[ExcerptTarget]) -> dict[ExcerptTarget, list[str]]:
    """Return the lines around each value that is found; none if the text is not JSON."""
    targets = [target for target in targets if target.pointer.count("/") <= _DEEPEST]
    values = _Scan(text, {target.pointer for target in targets}).found
    return {
        target: _laid_out(text, value, target) for target in targets if (value := values.get(target.pointer))
    }


class _Value:
    """A value, by its position in the text.

    Attributes:
        parent: Its container; None for the whole text.
        name: Start and end of its key; (0, 0) if it is not in an object.
        before: Nearest neighbours before it: start of the member, start and end of the value.
        index: Number of neighbours before it.
    """

    __slots__ = ("before", "end", "index", "name", "parent", "start")

    def __init__(self, parent: _Value | None, name: tuple[int, int], start: int) -> None:
        self.parent, self.name, self.start = parent, name, start
        self.end = start
        self.before: tuple[tuple[int, int, int], ...] = ()
        self.index = 0


class _Scan:
    """A scan of a JSON text, which notes the positions of wanted values.

    If an object repeats a name, the last value counts, as in JSON parsers.

    Attributes:
        found: JSON pointer → value.
    """

    def __init__(self, text: str, pointers: set[str]) -> None:
        self.found: dict[str, _Value] = {}
        self._text = text
        self._members = 0
        # Keys are steps of pointers. The key None has the pointer that ends at this node.
        tree: dict[str | None, Any] = {}
        for pointer in pointers:
            node = tree
            for step in pointer.split("/")[1:]:
                node = node.setdefault(step.replace("~1", "/").replace("~0", "~"), {})
            node[None] = pointer
        try:
            whole = _Value(None, (0, 0), _skip_space(text, 0))
            self._scan_value(whole, tree)
            if _skip_space(text, whole.end) < len(text):
                self.found.clear()
        except (ValueError, IndexError, StopIteration, RecursionError):
            self.found.clear()  # the text is invalid, nested too deeply, or too long

    def _scan_value(self, value: _Value, node: dict[str | None, Any]) -> None:
        """Find the end of a value, and the wanted values inside it."""
        if self._text[value.start] in "{[" and node.keys() - {None}:
            value.end = self._scan_members(value, node)
        else:
            _, value.end = _DECODER.raw_decode(self._text, value.start)
        if None in node:
            self.found[node[None]] = value

    def _scan_members(self, parent: _Value, node: dict[str | None, Any]) -> int:
        text, at = self._text, _skip_space(self._text, parent.start + 1)
        is_object = text[parent.start] == "{"
        closer = "}" if is_object else "]"
        before: deque[tuple[int, int, int]] = deque(maxlen=_BEFORE)
        index = 0
        while text[at] != closer:
            first, key, name = at, str(index), (0, 0)
            if is_object:
                key, at = scanstring(text, at + 1, True)
                name = (first, at)
                colon = _skip_space(text, at)
                if text[first] != '"' or text[colon] != ":":
                    raise ValueError(at)
                at = _skip_space(text, colon + 1)
            below = node.get(key)
            if below is None:
                _, end = _DECODER.raw_decode(text, at)
            else:
                self._forget(below)
                value = _Value(parent, name, at)
                value.before, value.index = tuple(before), index
                self._scan_value(value, below)
                end = value.end
            before.append((first, at, end))
            index += 1
            self._members += 1
            if self._members > _MOST_MEMBERS:
                raise ValueError(at)
            at = _skip_space(text, end)
            if text[at] == ",":
                at = _skip_space(text, at + 1)
                if text[at] == closer:
                    raise ValueError(at)
            elif text[at] != closer:
                raise ValueError(at)
        return at + 1

    def _forget(self, node: dict[str | None, Any]) -> None:
        for step, below in node.items() if self.found else ():
            if step is None:
                self.found.pop(below, None)
            else:
                self._forget(below)


def _laid_out(text: str, value: _Value, target: ExcerptTarget) -> list[str]:
    chain = [value]
    while chain[-1].parent is not None:
        chain.append(chain[-1].parent)
    ancestors = chain[:0:-1][-_MOST_LEVELS:]
    lines = ["..."] if len(ancestors) < len(chain) - 1 else []
    for depth, ancestor in enumerate(ancestors):
        indent = "  " * depth
        # If outer containers are left out, the first shown container has a name.
        lines += [f"{indent}..."] * (depth > 0 and ancestor.index > 0)
        lines.append(f"{indent}{_key_text(text, ancestor)}{text[ancestor.start]}")
    indent = "  " * len(ancestors)
    lines += [f"{indent}..."] * (value.index > len(value.before))
    lines += [f"{indent}{_neighbour(text, *positions)}," for positions in value.before]
    after, is_last = _neighbour_after(text, value)
    key = _key_text(text, value)
    shown = _short(text, value.start, value.end, is_about_names=target.is_about_names)
    lines.append(f"{indent}{key}{shown}" + ("," if after else ""))
    lines.append(
        _marker(indent, key.removesuffix(": ")) if target.is_name and key else _marker(indent + key, shown)
    )
    if after:
        lines.append(f"{indent}{after}" + ("" if is_last else ","))
    lines += [f"{indent}..."] * (not is_last)
    return lines


def _neighbour_after(text: str, value: _Value) -> tuple[str, bool]:
    """Return the neighbour after a value, and whether it is the last one."""
    if value.parent is None:
        return "", True
    members = _member_spans(text, value.parent.start, _next(text, value.end))
    neighbour = next(members, None)
    return ("", True) if neighbour is None else (_neighbour(text, *neighbour), next(members, None) is None)


def _next(text: str, end: int) -> int:
    """Return the start of the member after a value."""
    at = _skip_space(text, end)
    return _skip_space(text, at + 1) if text[at : at + 1] == "," else at


def _skip_space(text: str, at: int) -> int:
    space = _SPACE.match(text, at)
    return space.end() if space else at


def _member_spans(text: str, container: int, at: int) -> Iterator[tuple[int, int, int]]:
    """Yield the members of a container from a position on: start, start of the value, end."""
    is_object = text[container] == "{"
    while text[at : at + 1] not in {"", "}", "]"}:
        first = at
        if is_object:
            _, at = scanstring(text, at + 1, True)
            at = _skip_space(text, _skip_space(text, at) + 1)
        _, end = _DECODER.raw_decode(text, at)
        yield first, at, end
        at = _next(text, end)


def _key_text(text: str, value: _Value) -> str:
    start, end = value.name
    return f"{_scalar_text(text, start, end, _LONGEST_SIBLING)}: " if end else ""


def _neighbour(text: str, first: int, start: int, end: int) -> str:
    name = ""
    if first < start:
        _, name_end = scanstring(text, first + 1, True)
        name = f"{_scalar_text(text, first, name_end, _LONGEST_SIBLING)}: "
    return name + _tiny(text, start, end, _LONGEST_SIBLING)


def _tiny(text: str, start: int, end: int, width: int) -> str:
    """Return a value in a few characters. A container shows only whether it is empty."""
    opener = text[start]
    if opener not in "{[":
        return _scalar_text(text, start, end, width)
    inside = "" if _skip_space(text, start + 1) == end - 1 else "..."
    return f"{opener}{inside}{text[end - 1]}"


def _short(text: str, start: int, end: int, *, is_about_names: bool) -> str:
    """Return a value on one line. A container shows as many members as fit."""
    if text[start] not in "{[":
        return _scalar_text(text, start, end, _LONGEST)
    pieces: list[str] = []
    used = 2
    for first, at, member_end in _member_spans(text, start, _skip_space(text, start + 1)):
        piece = _tiny(text, at, member_end, 24)
        if first < at:
            name = _scalar_text(text, first, scanstring(text, first + 1, True)[1], 24)
            piece = name if is_about_names else f"{name}: {piece}"
        used += cell_width(piece) + 2
        if used > _LONGEST - len("..."):
            pieces.append("...")
            break
        pieces.append(piece)
    return f"{text[start]}{', '.join(pieces)}{text[end - 1]}"


def _scalar_text(text: str, start: int, end: int, width: int) -> str:
    token = text[start : min(end, start + width * 4)]
    shown = _cut_to_width(visible(escape_unsafe(token), keep=""), width)
    return shown if shown.endswith(text[end - 1]) or token[:1] != '"' else f'{shown}"'


def _cut_to_width(text: str, width: int) -> str:
    """Return text with a maximum width, cut with `...`. The dots also mark a secret that was cut."""
    if cell_width(text) <= width:
        return text
    kept = text[: width - 3]
    while cell_width(kept) > width - 3:
        kept = kept[:-1]
    return f"{kept}..."


def _marker(before: str, value: str) -> str:
    return " " * cell_width(before) + "^" * max(1, cell_width(value))


if TYPE_CHECKING:
    _Group = tuple[Finding, int, tuple[str, ...]]


def short_findings_text(findings: Sequence[Finding]) -> str:
    """Return the first findings, one line each, and the number of further ones, which `-v` shows."""
    groups = _merged(_grouped(findings))
    lines = [_headline(*group) for group in groups[:MAX_SHORT]]
    if len(groups) > MAX_SHORT:
        lines.append(_others(len(groups) - MAX_SHORT, has_verbose=True))
    return "\n".join(lines)


def _others(count: int, *, has_verbose: bool) -> str:
    return f"and {count:,} more" + "; `-v` shows them all" * has_verbose


def findings_text(
    api: OpenedApi,
    findings: Sequence[Finding],
    evidence: Evidence | None = None,
    is_verbose: bool | None = None,
) -> str:
    """Return the findings, each with the invalid part of the message and the line of the document.

    Args:
        evidence: The validated message; None to show no parts of it.
        is_verbose: True to show all findings, not only the first ones. Findings shared by items of a list count as
            one. None if `-v` cannot show the rest.
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
            lines.append(f"    {document_place(location, location.line, is_one_file=is_one_file)}")
            # From the rule back to the operation.
            steps = [locations[pointer] for pointer in reversed(finding.via) if pointer in locations]
            via = [
                f"      via {document_place(step, step.line, is_one_file=is_one_file)}"
                for step in steps
                if step.line is not None
            ]
            lines += via[:MAX_STEPS]
    if len(groups) > len(shown):
        lines.append(_others(len(groups) - len(shown), has_verbose=is_verbose is not None))
    return "\n".join(lines)


def _merged(groups: Sequence[_Group]) -> list[_Group]:
    """Return the groups, merging those of one rule that fails for many fields: the first, with other locations."""
    by_rule: dict[tuple[str, str], list[_Group]] = {}
    for group in groups:
        by_rule.setdefault((group[0].where, group[0].rule), []).append(group)
    merged: list[_Group] = []
    for alike in by_rule.values():
        if len(alike) < _FEWEST_MERGED:
            merged += alike
            continue
        locations = [
            f"{_finding_location(finding)} `{finding.expected}`"
            if finding.rule == "required"
            else _finding_location(finding)
            for finding, _, _ in alike[1:]
        ]
        merged.append((alike[0][0], sum(count for _, count, _ in alike), tuple(dict.fromkeys(locations))))
    return merged


def _grouped(findings: Sequence[Finding]) -> list[_Group]:
    """Return the findings, with those shared by items of a list merged into the first one and counted."""
    groups: dict[tuple[str, ...], _Group] = {}
    for finding in findings:
        # Messages quote the invalid value, which differs. Without a value they name what is missing.
        text = finding.message if finding.got is None or not finding.schema_pointer else ""
        pointer = _INDEX.sub("/*", finding.pointer)
        key = (finding.where, finding.rule, pointer, finding.schema_pointer, text)
        first, count, others = groups.get(key, (finding, 0, ()))
        groups[key] = first, count + 1, others
    return list(groups.values())


def _headline(finding: Finding, count: int = 1, others: Sequence[str] = ()) -> str:
    more = f" (and {count - 1:,} more like it)" if count > 1 else ""
    if others:
        more = f"{more[:-1]}, at {enumerated(others, 'and', most=_MOST_LOCATIONS)})"
    return f"{_finding_location(finding)}: {finding.message} [{finding.rule}]{more}"


def document_place(location: Location, line: int, *, is_one_file: bool) -> str:
    """Return a location in the document as text."""
    from dynacli.openapi.document.positions import named_line
    from dynacli.openapi.document.source import shown_file

    file, position = (
        "document" if is_one_file else shown_file(location.file),
        named_line(line, location.column),
    )
    # In a document without line breaks, the pointer is more useful than the column.
    is_long = position != named_line(line, None)
    return f"{location.pointer} ({file} {position})" if is_long else f"{file} {position}: {location.pointer}"


def _finding_location(finding: Finding) -> str:
    if not finding.pointer:
        return "body"
    if finding.pointer.startswith("/") or "/" not in finding.pointer:  # `status`, `security`
        return finding.pointer
    # `query/page`, or `query/ids/0` for a value inside the parameter.
    location, _, rest = finding.pointer.partition("/")
    name, _, inside = rest.partition("/")
    return f"{location} `{name}`" + (f" /{inside}" if inside else "")


def validation_json(api: OpenedApi, validation: ValidationResult) -> dict[str, Any]:
    """Return a validation result as in the validation report."""
    return {
        "findings": findings_json(api, validation.findings),
        "tolerated": findings_json(api, validation.tolerated),
        "not_validated": list(dict.fromkeys((*validation.failures, *validation.not_validated))),
        "suppressed": _suppressed_json(api, validation),
    }


def findings_json(api: OpenedApi, findings: Sequence[Finding]) -> list[dict[str, Any]]:
    """Return the findings as in the validation report."""
    locations = _locations(api, findings)
    return [
        {**finding.as_json(), "document": _document_json(api, locations.get(finding.schema_pointer))}
        for finding in findings
    ]


def _suppressed_json(api: OpenedApi, validation: ValidationResult) -> list[dict[str, Any]]:
    """Return the suppressed findings, each with its reason."""
    rows = findings_json(api, [finding for finding, _ in validation.suppressed])
    return [{**row, "reason": reason} for row, (_, reason) in zip(rows, validation.suppressed, strict=True)]


def _document_json(api: OpenedApi, location: Location | None) -> dict[str, Any]:
    if location is None:
        return {"file": api.catalog.files()[0][1], "line": None, "column": None, "pointer": ""}
    return location._asdict()


def _locations(api: OpenedApi, findings: Sequence[Finding]) -> dict[str, Location]:
    """Return schema pointer → location in the document. Files are read only if there are findings."""
    pointers = [
        pointer for finding in findings for pointer in (finding.schema_pointer, *finding.via) if pointer
    ]
    return api.places(pointers) if pointers else {}


def notes_of(validations: Iterable[ValidationResult], *, shows_ignored: bool) -> list[str]:
    """Return a line for each tolerated deviation, each part that was not validated, and each suppressed finding.

    Args:
        validations: Results of the request and of the response.
        shows_ignored: True to include suppressed findings.
    """
    validations = list(validations)
    notes = _tolerated_notes(finding for validation in validations for finding in validation.tolerated)
    notes += [f"Not validated: {reason}" for validation in validations for reason in validation.not_validated]
    if shows_ignored:
        suppressed = [pair for validation in validations for pair in validation.suppressed]
        notes += [f"Suppressed: {_headline(finding)}: {reason}" for finding, reason in suppressed[:MAX_SHOWN]]
        if len(suppressed) > MAX_SHOWN:
            notes.append(f"Suppressed: {len(suppressed) - MAX_SHOWN} more")
    return list(dict.fromkeys(notes))


def _tolerated_notes(findings: Iterable[Finding]) -> list[str]:
    """Return a line for each kind of tolerated deviation."""
    kinds: dict[str, list[Finding]] = {}
    for finding in findings:
        # Null can violate any rule, but the tolerated deviation is always that the value is null.
        is_null = finding.got is None and finding.rule != "readOnly"
        kinds.setdefault("null" if is_null else finding.rule, []).append(finding)
    return [f"Tolerated: {_headline(alike[0], len(alike))}" for alike in kinds.values()]


class Evidence:
    """A validated message, from which excerpts are taken.

    Args:
        body: The body; empty if there is none, or if it was not stored.
        media_type: Media type of the body, with parameters.
        contexts: Location of a finding → text before the value, the value, and text after it.
    """

    def __init__(
        self,
        body: bytes = b"",
        media_type: str = "",
        contexts: Mapping[str, tuple[str, str, str]] | None = None,
    ) -> None:
        self._body, self._media_type = body, media_type
        self._contexts = contexts or {}

    @classmethod
    def of_response(cls, response: WireResponse) -> Evidence:
        """Return the evidence of a response."""
        contexts = {f"header/{name.lower()}": (f"{name}: ", value, "") for name, value in response.headers}
        return cls(response.body, response.header("content-type"), contexts)

    @classmethod
    def of_request(cls, method: str, path: str, request: Request, media_type: str) -> Evidence:
        """Return the evidence of a request that was built from a path template."""
        contexts: dict[str, tuple[str, str, str]] = {}
        for name, text in request.parts.path.items():
            before, _, after = path.partition(f"{{{name}}}")
            others = {f"{{{other}}}": unquote(value) for other, value in request.parts.path.items()}
            for template, value in others.items():
                before, after = before.replace(template, value), after.replace(template, value)
            contexts[f"path/{name}"] = (f"{method} {before}", unquote(text), after)
        seen: dict[str, int] = {}
        for pair in request.parts.query:
            context = (f"?{pair.name}=", pair.value, "")
            contexts.setdefault(f"query/{pair.name}", context)
            number = seen[pair.name] = seen.get(pair.name, -1) + 1
            contexts[f"query/{pair.name}/{number}"] = context
        for name, value in request.parts.headers.items():
            contexts[f"header/{name.lower()}"] = (f"{name}: ", value, "")
        for pair in request.parts.cookies:
            contexts[f"cookie/{pair.name}"] = (f"Cookie: {pair.name}=", pair.value, "")
        body = request.body if isinstance(request.body, bytes) else b""
        return cls(body, media_type, contexts)

    def excerpts(self, findings: Sequence[Finding]) -> list[str]:
        """Return for each finding the marked part of the message; empty if it cannot be shown."""
        wanted = [self._wanted(finding) for finding in findings]
        in_body: dict[tuple[int | None, ExcerptTarget], list[str]] = {}
        numbers: dict[int | None, list[ExcerptTarget]] = {}
        for target in wanted:
            if target is not None:
                numbers.setdefault(target[0], []).append(target[1])
        if numbers:
            texts = self._texts()
            for number, targets in numbers.items():
                if number in texts:
                    excerpts = json_excerpts(texts[number], targets)
                    in_body |= {(number, target): lines for target, lines in excerpts.items()}
        return [
            _in_margin(in_body.get(target, ()) if target is not None else self._outside_body(finding))
            for finding, target in zip(findings, wanted, strict=True)
        ]

    def _wanted(self, finding: Finding) -> tuple[int | None, ExcerptTarget] | None:
        """Return the number of the body's item (None for the whole) and the target in it; None outside the body."""
        pointer: str = finding.pointer
        if finding.rule in _ABSENT | _SECRET or finding.rule == "unreadable-body":
            return None
        if pointer and pointer[0] != "/":
            return None
        wanted = ExcerptTarget(pointer, finding.rule in _OF_THE_NAME, finding.rule in _ABOUT_NAMES)
        if not self._is_sequence:
            return None, wanted
        number, slash, rest = pointer[1:].partition("/")
        return (int(number), wanted._replace(pointer=slash + rest)) if number.isdecimal() else None

    def _outside_body(self, finding: Finding) -> list[str]:
        if finding.rule in _ABSENT:
            return []
        steps = finding.pointer.split("/")
        if steps[0] == "header":
            steps = [step.lower() for step in steps]
        # An array item may have its own pair; otherwise the whole parameter is shown.
        contexts = (self._contexts.get("/".join(steps[:length])) for length in (3, 2))
        context = next((found for found in contexts if found is not None), None)
        return marked(*context) if context is not None and context[1] else []

    @property
    def _is_sequence(self) -> bool:
        name = self._name
        return name == "application/stream+json" or is_json_lines(name) or is_json_sequence(name)

    @property
    def _name(self) -> str:
        return essence(self._media_type)

    def _texts(self) -> dict[int | None, str]:
        """Return the JSON texts of the body: the whole, or the items of a sequence by number."""
        text = decoded(self._body, self._media_type) if self._body else None
        if text is None:
            return {}
        if self._is_sequence:
            pieces = text.split("\x1e" if is_json_sequence(self._name) else "\n")
            return dict(enumerate(piece for piece in pieces if piece.strip()))
        return {None: text} if is_json_content(self._media_type, text) else {}
