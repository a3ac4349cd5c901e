"""Rules of pages that somebody has written down: in the configuration, in an extension, or as a link to itself.

An extension that does not fit its operation, or has another form, is passed over.
"""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from dynacli.client.described_operation import DescribedOperation
from dynacli.client.links.linked_operation import links_in
from dynacli.client.pages.decide_rule import first_number
from dynacli.client.pages.page_names import EXTENSIONS
from dynacli.client.pages.page_rule import AnswerPlace, InputPlace, PageRule, place_at
from dynacli.document.pointer import join, split
from dynacli.record import replace
from dynacli.schema.read_schema import mapping_of

__all__ = ["declared_rule", "input_named"]

# Compiled on first use, because few documents declare rules.
_STEP = r"""\.?([^.\[\]'"]+)|\[(-?\d+)\]|\[(?:'([^']*)'|"([^"]*)")\]"""


def declared_rule(described: DescribedOperation, response: Mapping[str, Any]) -> PageRule | None:
    """Return the rule that the document declares for an operation; None where it declares none that fits.

    Args:
        response: The Response Object of a success.
    """
    operation = described.part["operation"]
    spellings = ((name, table) for key, table in EXTENSIONS.items() for name in (key, table.get("also", "")))
    for name, table in spellings:
        value = operation.get(name)
        rule = _extension_rule(described, table, value) if isinstance(value, Mapping) else None
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


def _extension_rule(
    described: DescribedOperation, table: Mapping[str, Any], value: Mapping[str, Any]
) -> PageRule | None:
    """Return the rule that an extension declares; None where it does not fit the operation.

    Args:
        table: The table of the extension in `page_names.toml`.
        value: The value of the extension.
    """
    # Speakeasy has its inputs and outputs one level deeper.
    members = {**mapping_of(value, "outputs"), **value}
    for each in value["inputs"] if isinstance(value.get("inputs"), list) else ():
        if isinstance(each, Mapping):
            prefix = "body." if each.get("in") == "requestBody" else ""
            members[str(each.get("type"))] = f"{prefix}{each.get('name')}"

    def member(key: str, of: Mapping[str, Any] = table) -> Any:
        return members.get(of.get(key, ""))

    def input_in(name: Any) -> InputPlace | None:
        prefix = table.get("prefix", "")
        if not isinstance(name, str) or not name.startswith(prefix):
            return None
        name = name.removeprefix(prefix)
        return input_named(described, name) or input_named(described, f"body.{name}")

    for way in table["ways"]:
        is_chosen = way.get("when") == member("by") and ("has" not in way or way["has"] in members)
        if not is_chosen or ("null" in way and members.get(way["null"], "") is not None):
            continue
        given = [input_in(members.get(name)) for name in way.get("input", "").split()]
        place, following = next(filter(None, given), None), _place(member("next", way))
        if (given and place is None) or ("next" in way and following is None):
            continue
        start = member("first")
        is_number = isinstance(start, int) and not isinstance(start, bool)
        return PageRule(
            way["kind"],
            "",
            input=place,
            size=input_in(member("size")),
            next=following,
            items=_place(member("items") or table.get("default_items")),
            more=_place(member("more")),
            last=_place(member("last")),
            first=start if is_number else first_number(way["kind"], place),
        )
    return None


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
