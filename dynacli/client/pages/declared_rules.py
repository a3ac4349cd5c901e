"""Rules of pages that somebody has written down: in the configuration, in an extension, or as a link to itself.

| extension | of | its form |
|---|---|---|
| `x-speakeasy-pagination` | speakeasy.com | `type`, `inputs` (`name`, `in`, `type`), `outputs` (JSONPath) |
| `x-fern-pagination` | buildwithfern.com | `offset`, `cursor`, `next_cursor`, `next_uri`, `results`, `step` |
| `x-ms-pageable` | Azure | `nextLinkName`, `itemName` |
| `x-pagination` | Datadog | `limitParam`, `pageParam`, `pageOffsetParam`, `cursorParam`, `cursorPath`, `resultsPath` |
| `x-redoclyPagination` | Redocly | `style`, `cursorParam`, `nextCursor`, `offsetParam`, `items` (JSON pointers) |

One that does not fit its operation, or has another form, is passed over.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from dynacli.client.described_operation import DescribedOperation
from dynacli.client.links.linked_operation import links_in
from dynacli.client.pages.page_rule import AnswerPlace, InputPlace, PageRule, place_at
from dynacli.document.pointer import join, split
from dynacli.record import replace

__all__ = ["declared_rule", "input_named"]

# Compiled on first use, because few documents declare rules.
_STEP = r"""\.?([^.\[\]'"]+)|\[(-?\d+)\]|\[(?:'([^']*)'|"([^"]*)")\]"""


def declared_rule(described: DescribedOperation, response: Mapping[str, Any]) -> PageRule | None:
    """Return the rule that the document declares for an operation; None where it declares none that fits.

    Args:
        response: The Response Object of a success.
    """
    operation = described.part["operation"]
    for name, read in _EXTENSIONS.items():
        value = operation.get(name)
        if isinstance(value, Mapping):
            rule = read(described, value)
            if rule is not None:
                return replace(rule, why=f"the document says so in `{name}`", is_declared=True)
    return next(_link_rules(described, response), None)


def input_named(described: DescribedOperation, name: Any) -> InputPlace | None:
    """Return the input that a name means: a parameter, or a place in the body."""
    if not isinstance(name, str) or not name:
        return None
    from dynacli.client.inputs.find_input import find_input

    parameter, field = find_input(described, name)
    if parameter is not None:
        inner = field.path if field is not None else ()
        value = field.value if field is not None else parameter.value
        option = field.option if field is not None else parameter.option
        return InputPlace(parameter.location, parameter.name, inner, option, value, parameter.description)
    if field is None:
        return None
    return InputPlace("body", "", field.path, field.option, field.value, field.description)


def _place(text: Any) -> AnswerPlace | None:
    """Return the place that a path in an answer means: JSONPath, a JSON pointer, or names with dots between them."""
    if not isinstance(text, str) or not text:
        return None
    if text.startswith(("/", "#/")):
        return place_at(*split(text.removeprefix("#")))
    path = re.sub(r"^\$(?:response(?:\.body)?)?", "", text)
    found: list[str | int] = []
    end = 0
    for match in re.finditer(_STEP, path):
        if match.start() != end:
            return None
        end = match.end()
        found.append(
            int(match[2])
            if match[2]
            else next(each for each in (match[1], match[3], match[4], "") if each is not None)
        )
    return place_at(*found) if end == len(path) else None


def _advancing(kind: str, place: InputPlace | None, **more: Any) -> PageRule | None:
    """Return a rule whose input changes from page to page; None where the operation has no such input."""
    if place is None:
        return None
    default = place.value.default
    is_known = place.value.has_default and isinstance(default, int) and default in (0, 1)
    first = more.pop("first", None)
    usual = default if is_known else {"page": 1, "offset": 0}.get(kind)
    return PageRule(kind, "", input=place, first=usual if first is None else first, **more)


def _speakeasy(described: DescribedOperation, value: Mapping[str, Any]) -> PageRule | None:
    outputs = value.get("outputs")
    outputs = outputs if isinstance(outputs, Mapping) else {}
    given: dict[str, InputPlace | None] = {}
    raw = value.get("inputs")
    for each in raw if isinstance(raw, list) else ():
        if isinstance(each, Mapping):
            prefix = "body." if each.get("in") == "requestBody" else ""
            given[str(each.get("type"))] = input_named(described, f"{prefix}{each.get('name')}")
    more: dict[str, Any] = {
        "items": _place(outputs.get("results")),
        "last": _place(outputs.get("numPages")),
        "size": given.get("limit"),
    }
    match value.get("type"):
        case "url":
            place = _place(outputs.get("nextUrl"))
            return PageRule("url", "", next=place, **more) if place else None
        case "cursor":
            place = _place(outputs.get("nextCursor"))
            return (
                _advancing(
                    "cursor",
                    given.get("cursor") or given.get("page") or given.get("offset"),
                    next=place,
                    **more,
                )
                if place
                else None
            )
        case "offsetLimit":
            return _advancing("page", given.get("page"), **more) or _advancing(
                "offset", given.get("offset"), **more
            )
    return None


def _fern(described: DescribedOperation, value: Mapping[str, Any]) -> PageRule | None:
    def requested(name: str) -> InputPlace | None:
        text = value.get(name)
        if not isinstance(text, str) or not text.startswith("$request."):
            return None
        inner = text.removeprefix("$request.")
        return input_named(described, inner) or input_named(described, f"body.{inner}")

    more: dict[str, Any] = {
        "items": _place(value.get("results")),
        "more": _place(value.get("has-next-page")),
        "size": requested("step"),
    }
    for name in ("next_uri", "next_path"):
        if _place(value.get(name)):
            return PageRule("url", "", next=_place(value[name]), **more)
    if _place(value.get("next_cursor")):
        return _advancing("cursor", requested("cursor"), next=_place(value["next_cursor"]), **more)
    return _advancing("offset" if "step" in value else "page", requested("offset"), **more)


def _microsoft(described: DescribedOperation, value: Mapping[str, Any]) -> PageRule | None:  # noqa: ARG001
    items = _place(value.get("itemName") or "value")
    if value.get("nextLinkName") is None:
        return PageRule("none", "", items=items) if "nextLinkName" in value else None
    place = _place(value["nextLinkName"])
    return PageRule("url", "", next=place, items=items) if place else None


def _datadog(described: DescribedOperation, value: Mapping[str, Any]) -> PageRule | None:
    start = value.get("pageStart")
    more: dict[str, Any] = {
        "items": _place(value.get("resultsPath")),
        "size": input_named(described, value.get("limitParam")),
    }
    if _place(value.get("cursorPath")):
        cursor = input_named(described, value.get("cursorParam"))
        return _advancing("cursor", cursor, next=_place(value["cursorPath"]), **more)
    first = start if isinstance(start, int) and not isinstance(start, bool) else None
    page = input_named(described, value.get("pageParam"))
    offset = input_named(described, value.get("pageOffsetParam"))
    return _advancing("page", page, first=first, **more) or _advancing("offset", offset, **more)


def _redocly(described: DescribedOperation, value: Mapping[str, Any]) -> PageRule | None:
    more: dict[str, Any] = {
        "items": _place(value.get("items")),
        "more": _place(value.get("hasMore")),
        "size": input_named(described, value.get("limitParam")),
    }
    match value.get("style"):
        case "link":
            return PageRule("link", "", **more)
        case "cursor":
            place = _place(value.get("nextCursor"))
            return (
                _advancing("cursor", input_named(described, value.get("cursorParam")), next=place, **more)
                if place
                else None
            )
        case "page" | "offset" as style:
            name = value.get("offsetParam") or value.get("pageParam")
            return _advancing(style, input_named(described, name), **more)
    return None


_EXTENSIONS: dict[str, Callable[[DescribedOperation, Mapping[str, Any]], PageRule | None]] = {
    "x-speakeasy-pagination": _speakeasy,
    "x-fern-pagination": _fern,
    "x-ms-pageable": _microsoft,
    "x-pagination": _datadog,
    "x-redoclyPagination": _redocly,
    "x-redocly-pagination": _redocly,
}


def _link_rules(described: DescribedOperation, response: Mapping[str, Any]) -> Iterator[PageRule]:
    """Yield the rules of links from the operation to itself that lead forward."""
    for _, _, name, link in links_in({"": response}, described.follow):
        if re.search("prev|first|last|self", str(name), re.IGNORECASE) or not _leads_to(described, link):
            continue
        from dynacli.model.runtime_expressions import parse_expression

        parameters = link.get("parameters")
        for key, text in parameters.items() if isinstance(parameters, Mapping) else ():
            expression = parse_expression(text)
            place = input_named(described, key)
            if (
                expression is None
                or expression.message != "response"
                or place is None
                or place.location == "path"
            ):
                continue
            if expression.source == "header":
                where = AnswerPlace(f"header {expression.name}", (), expression.name)
            else:
                steps = (int(step) if step.lstrip("-").isdigit() else step for step in expression.steps)
                where = place_at(*steps)
            why = f"the document's link `{name}` leads to the operation itself"
            yield PageRule("cursor", why, is_declared=True, input=place, next=where)


def _leads_to(described: DescribedOperation, link: Mapping[str, Any]) -> bool:
    operation = described.operation
    if "operationId" in link:
        return bool(link["operationId"] == operation.operation_id and operation.operation_id)
    reference = link.get("operationRef")
    place = join(("paths", operation.path, operation.method.lower()))
    return isinstance(reference, str) and reference.endswith(f"#{place}")
