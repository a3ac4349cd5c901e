"""Deciding the pagination rule of an operation, from the configuration, the document and the response.

If no rule is declared, rules are tried in this order: the header `Link`, a URL in the body, a cursor with a parameter,
the id of the last item, a page number, an offset. Ids of a page are used only on request.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from dynacli.client.described_operation import DescribedOperation
from dynacli.client.pages.page_rule import (
    ABSENT,
    EXTENSIONS,
    HOLDERS,
    NAMES,
    NUMBERS,
    SIZES,
    InputPlace,
    PageRule,
    ResponsePlace,
    input_of,
    is_listing,
    names_of,
    paging_inputs,
    place_at,
    with_size,
)
from dynacli.client.profiles import malformed
from dynacli.http.semantics import is_sequence
from dynacli.openapi.document.json_trees import join, split
from dynacli.openapi.model.field_names import MORE_NAMES, plain_name
from dynacli.openapi.model.links import links_in
from dynacli.openapi.model.media_types import success_response, success_schema
from dynacli.openapi.model.wording import enumerated
from dynacli.openapi.schema.read_schema import mapping_of
from dynacli.openapi.schema.response_fields import ResponseField, fields_of_schema, item_field
from dynacli.record import record, replace

_URL_NAMES = NAMES["response"]["next_urls"]
_CURSORS = NAMES["cursors"]
_CURSORS_ABOUT_PAGES = NAMES["cursors_about_pages"]
_INNER_NAMES = ("href", "url", "uri", "link")
"""Plain names of fields with the URL, inside an object for the next page."""
_WRAPPERS = {*HOLDERS, *_URL_NAMES, *NAMES["objects"]["next_urls"]}
"""Plain names of objects that may contain fields about the next page."""
_LINK_LISTS = {"links": ("rel", "href"), "link": ("relation", "url")}
"""Plain name of an array of links → the members with the relation and the URL of a link."""
_NEXT = "next"
_NEXT_PAGE = (_NEXT, "nextpage")
_FROM_ZERO = r"\b(?:zero|0)[- ](?:based|indexed)\b|\bstart(?:s|ing)? (?:at|from|with) (?:0|zero)\b"
_LINK_TEXT = r"\blink\W{0,2} header\b"
_URL_TEXT = r"\b(?:ur[il]s?|hrefs?|links?)\b"
# Compiled on first use, because few documents declare rules.
_STEP = r"""\.?([^.\[\]'"]+)|\[(-?\d+)\]|\[(?:'([^']*)'|"([^"]*)")\]"""
_WAYS = ("next", "cursor", "page", "offset")
_KEYS = ("items", *_WAYS, "parameter")
_ALL = "*"
NO_RULE = PageRule("none", "the document does not say how to request another page")
PAGE_KINDS = {
    "link": "the header `Link`",
    "url": "the URL of the next page",
    "cursor": "a cursor",
    "last-id": "the id of the last item",
    "page": "page numbers",
    "offset": "an offset",
    "keyset": "ids",
}
"""Kind of a rule → phrase for it in messages."""


def _says(pattern: str, text: str) -> bool:
    return re.search(pattern, text, re.IGNORECASE) is not None


def _names_link_header(text: str) -> bool:
    return "header" in text.lower() and _says(_LINK_TEXT, text)


def inferred_rules(
    described: DescribedOperation,
    fields: Sequence[ResponseField],
    headers: Mapping[str, Any],
    *,
    is_keyset_asked: bool = False,
) -> tuple[PageRule, ...]:
    """Return the rules that may apply, the most reliable first.

    Args:
        fields: Fields of the response, from the document and from a received response.
        headers: Headers of the response, from the document or as received.
    """
    inputs = paging_inputs(described)
    if not (is_listing(described) or (_inputs_in_body(inputs) and _lists_of(fields) == 1)):
        return ()
    rules = [
        *_link_rules(headers, inputs),
        *_url_rules(fields, inputs),
        *_cursor_rules(fields, inputs),
        *_last_id_rules(fields, inputs),
        *_page_rules(inputs),
        *_offset_rules(inputs),
        *(_keyset_rules(fields, inputs) if is_keyset_asked else ()),
    ]
    return tuple(with_size(with_ends(rule, fields), inputs) for rule in rules)


def _inputs_in_body(inputs: Sequence[InputPlace]) -> tuple[InputPlace, InputPlace] | None:
    """Return the inputs for limit and offset in the body; None unless both exist."""
    own = [place for place in inputs if place.location == "body" and len(place.path) == 1]
    limit, offset = input_of(own, ("limit",), NUMBERS), input_of(own, ("offset", "skip"), NUMBERS)
    return (limit, offset) if limit is not None and offset is not None else None


def _lists_of(fields: Sequence[ResponseField]) -> int:
    """Return the number of lists at the top of a response."""
    return len({field.steps for field in fields if "array" in field.types and len(field.steps) < 2})


def _link_rules(headers: Mapping[str, Any], inputs: Sequence[InputPlace]) -> Iterator[PageRule]:
    reported = next((place for place in inputs if _names_link_header(place.description)), None)
    if any(name.lower() == "link" for name in headers):
        yield PageRule("link", "the response has the header `Link`")
    elif reported is not None:
        yield PageRule("link", f"the description of `--{reported.option}` names the header `Link`")
    for name, value in headers.items():
        if plain_name(name).removeprefix("x") in (*_URL_NAMES, "nextpage") and is_url_value(value):
            reason = f"the response has the URL of the next page in its header `{name}`"
            yield PageRule("url", reason, next=ResponsePlace(f"header {name}", (), name))


def _url_rules(fields: Sequence[ResponseField], inputs: Sequence[InputPlace]) -> Iterator[PageRule]:
    has_size = input_of(inputs, SIZES, NUMBERS) is not None
    for field in fields:
        place = place_at(*field.steps) if _is_next_url(field) else _next_of_links(field, has_size=has_size)
        if place is not None:
            yield PageRule("url", f"the response has the URL of the next page in `{place.text}`", next=place)
            return


def _next_of_links(field: ResponseField, *, has_size: bool) -> ResponsePlace | None:
    """Return the location of the next page's URL in an array of links; None for other fields.

    Args:
        has_size: True if the operation has an input for the page size. Without one, links in the document probably
            belong to a single resource.
    """
    relation, url = _LINK_LISTS.get(plain_name(field.steps[-1]) if field.steps else "", ("", ""))
    if not relation or "array" not in field.types:
        return None
    # The relation may be an array, as in Siren. A link with a body needs more than its URL.
    chosen = f"[?contains(to_array({relation}), '{_NEXT}') && !body].{url} | [0]"
    if field.is_shown:
        is_chosen = ResponsePlace(chosen).value_in(field.facts["example"]) is not ABSENT
    else:
        is_chosen = has_size and {relation, url} <= {*field.item_names}
    return ResponsePlace(f"{place_at(*field.steps).text}{chosen}") if is_chosen else None


def empty_next(fields: Sequence[ResponseField]) -> str:
    """Return the location of an empty field for the next page, such as `next: null`, which marks the last page.

    The result is empty if there is no such field, or if any field for the next page has a value.

    Args:
        fields: Fields of the response.
    """
    empty = ""
    for field in fields:
        names, value = [plain_name(step) for step in field.steps], field.facts["example"]
        is_inner = _is_inner(names)
        name = names[-2 if is_inner else -1] if names else ""
        is_next = name == _NEXT or name in _URL_NAMES or (name.startswith(_NEXT) and name in _CURSORS)
        if not is_next or not _WRAPPERS.issuperset(names[:-1]):
            continue
        if isinstance(value, dict) and any(plain_name(key) in _INNER_NAMES for key in value):
            continue  # its URL is checked as a field
        if value is not None and value is not False and value not in ("", [], {}):
            return ""
        empty = empty or place_at(*field.steps).text
    return empty


def _is_inner(names: Sequence[str]) -> bool:
    """Return whether a field may be the URL inside an object for the next page."""
    return len(names) > 1 and names[-1] in _INNER_NAMES and names[-2] in _NEXT_PAGE


def _is_next_url(field: ResponseField) -> bool:
    names = [plain_name(step) for step in field.steps]
    if not names or (field.types and "string" not in field.types):
        return False
    if names[-1] in _URL_NAMES or _is_inner(names):
        return True
    if names[-1] not in _NEXT_PAGE:
        return False
    facts = field.facts
    if field.is_shown:
        return is_url_value(facts.get("example"))
    if facts.get("format") in ("uri", "url", "uri-reference", "iri") or is_url_value(facts.get("example")):
        return True
    reported = f"{facts.get('description', '')} {facts.get('title', '')}"
    if _says(_URL_TEXT, reported) or is_url_value(reported.rsplit(" ", maxsplit=1)[-1]):
        return "cursor" not in reported.lower() and "token" not in reported.lower()
    holders = names[:-1] if names[-2:-1] != ["pages"] else names[:-2]
    return holders[-1:] in (["links"], ["link"]) and "format" not in facts


def is_url_value(value: Any) -> bool:
    """Return whether a value is an absolute URL, or a path or query relative to one."""
    if not isinstance(value, str) or any(char.isspace() for char in value):
        return False
    return value.startswith(("http://", "https://", "/", "?")) and len(value) > 1


def _cursor_rules(fields: Sequence[ResponseField], inputs: Sequence[InputPlace]) -> Iterator[PageRule]:
    for field in fields:
        names = [plain_name(step) for step in field.steps]
        if not names or not field.types <= {"string", "integer", "number"}:
            continue
        partner = _partner(field, names, inputs)
        if partner is not None:
            place = place_at(*field.steps)
            reason = f"the response has the next cursor in `{place.text}`, which `--{partner.option}` takes"
            yield PageRule("cursor", reason, input=partner, next=place)
            return


def _partner(field: ResponseField, names: list[str], inputs: Sequence[InputPlace]) -> InputPlace | None:
    """Return the input that takes a field of the response as a cursor; None if the field is not a cursor."""
    name = names[-1]
    if name.startswith(_NEXT) and name not in _CURSORS and name != _NEXT:
        return input_of(inputs, [name, "startat"], ("string",))
    partners = _CURSORS.get(name)
    if (
        partners is None
        and _is_about_pages(names)
        and (len(names) > 1 or name in ("cursor", _NEXT, "marker"))
    ):
        partners = _CURSORS_ABOUT_PAGES.get(name)
    if partners is None:
        return None
    stem = name.removeprefix(_NEXT)
    wanted = [*partners, name, *((stem, f"page{stem}") if stem else ())]
    # An input for strings also accepts a number.
    types = ("string",) if field.types == {"string"} else (*NUMBERS, "string")
    return input_of(inputs, wanted, types)


def _is_about_pages(names: Sequence[str]) -> bool:
    """Return whether a field is at the top level, or in an object about pages."""
    return all(holder in HOLDERS for holder in names[:-1])


def _last_id_rules(fields: Sequence[ResponseField], inputs: Sequence[InputPlace]) -> Iterator[PageRule]:
    more = _field_of_more(fields)
    after = input_of(inputs, NAMES["inputs"]["last_ids"])
    if more is not None and after is not None:
        place = place_at(*more.steps)
        reason = f"`{place.text}` says if there is more, and `--{after.option}` takes the id of the last item"
        yield PageRule("last-id", reason, input=after, more=place)


def _page_rules(inputs: Sequence[InputPlace]) -> Iterator[PageRule]:
    page = input_of(inputs, NAMES["inputs"]["pages"], NUMBERS)
    if page is not None and "client state" not in page.description:
        yield PageRule(
            "page",
            f"`--{page.option}` is the number of a page",
            input=page,
            first=_first_number("page", page),
        )


def _first_number(kind: str, place: InputPlace | None) -> int | None:
    """Return the number of the first page or item; None if it is unknown or the rule does not count.

    Args:
        kind: As in `PageRule`.
        place: Input with the number.
    """
    usual = {"page": 1, "offset": 0}.get(kind)
    if place is None or usual is None:
        return None
    value, minimum = place.value, (place.value.limits or {}).get("minimum")
    if value.has_default and isinstance(value.default, int) and value.default in (0, 1):
        return int(value.default)
    if _says(_FROM_ZERO, place.description):
        return 0
    if minimum in (0, 1) and usual in (minimum, 0):
        return int(minimum)
    return None if minimum == 0 else 0 if place.plain_name.endswith("index") else usual


def _offset_rules(inputs: Sequence[InputPlace]) -> Iterator[PageRule]:
    offset = input_of(inputs, NAMES["inputs"]["offsets"], NUMBERS)
    if offset is None or "greater than" in offset.description:
        return
    is_sure = any(name in NAMES["inputs"]["sure_offsets"] for name in names_of(offset))
    if is_sure or input_of(inputs, SIZES, NUMBERS) is not None:
        reason = f"`--{offset.option}` is the number of items before the page"
        yield PageRule("offset", reason, input=offset, first=_first_number("offset", offset))


def _keyset_rules(fields: Sequence[ResponseField], inputs: Sequence[InputPlace]) -> Iterator[PageRule]:
    ids = [place for place in inputs if "cursor" not in place.description.lower()]
    before, after = input_of(ids, ("before", "beforeid")), input_of(ids, ("after", "afterid"))
    is_bare = any(not field.steps and "array" in field.types for field in fields)
    chosen = before or after
    if is_bare and chosen is not None and input_of(inputs, SIZES, NUMBERS) is not None:
        reason = f"`--{chosen.option}` takes an id of the page, as `--all=keyset` requests"
        yield PageRule("keyset", reason, input=chosen, other=after if before else None)


def with_ends(rule: PageRule, fields: Sequence[ResponseField]) -> PageRule:
    """Return a rule with the locations of the total, the last page, and the flag for more pages."""
    more = _field_of_more(fields)
    total = _numeric(fields, NAMES["response"]["totals"])
    last = _numeric(fields, NAMES["response"]["last_pages"])
    return replace(
        rule,
        more=rule.more or (place_at(*more.steps) if more else None),
        total=rule.total or (place_at(*total.steps) if total else None),
        last=rule.last or (place_at(*last.steps) if last else None),
    )


def _field_of_more(fields: Sequence[ResponseField]) -> ResponseField | None:
    for field in fields:
        if field.steps and plain_name(field.steps[-1]) in MORE_NAMES and field.types <= {"boolean"}:
            return field
    return None


def _numeric(fields: Sequence[ResponseField], names: Sequence[str]) -> ResponseField | None:
    found = []
    for field in fields:
        steps = [plain_name(step) for step in field.steps]
        is_number = bool(field.types) and field.types <= {"integer", "number"}
        if not steps or not is_number or steps[-1] not in names:
            continue
        if steps[-1] not in NAMES["response"]["vague"] or _is_about_pages(steps):
            found.append((names.index(steps[-1]), len(steps), field))
    return min(found, key=lambda candidate: candidate[:2])[2] if found else None


def _declared_rule(described: DescribedOperation, response: Mapping[str, Any]) -> PageRule | None:
    """Return the declared rule of an operation; None if no declaration fits.

    Args:
        response: Response Object of a success.
    """
    operation = described.part["operation"]
    spellings = ((name, table) for key, table in EXTENSIONS.items() for name in (key, table.get("also", "")))
    for name, table in spellings:
        value = operation.get(name)
        rule = _extension_rule(described, table, value) if isinstance(value, Mapping) else None
        if rule is not None:
            return replace(rule, reason=f"the document says so in `{name}`", is_declared=True)
    return next(_rules_of_links(described, response), None)


def _input_named(described: DescribedOperation, name: Any) -> InputPlace | None:
    """Return the parameter or the field of the body with a name."""
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


def _place_of_path(text: Any) -> ResponsePlace | None:
    """Return the location for a path in a response: JSONPath, a JSON pointer, or names separated by dots."""
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
            else next(item for item in (match[1], match[3], match[4], "") if item is not None)
        )
    return place_at(*found) if end == len(path) else None


def _extension_rule(
    described: DescribedOperation, table: Mapping[str, Any], value: Mapping[str, Any]
) -> PageRule | None:
    """Return the rule that an extension declares; None if it does not fit the operation.

    Args:
        table: Table of the extension in `page_names.toml`.
        value: Value of the extension.
    """
    # Speakeasy nests its inputs and outputs one level deeper.
    members = {**mapping_of(value, "outputs"), **value}
    for input_ in value["inputs"] if isinstance(value.get("inputs"), list) else ():
        if isinstance(input_, Mapping):
            prefix = "body." if input_.get("in") == "requestBody" else ""
            members[str(input_.get("type"))] = f"{prefix}{input_.get('name')}"

    def member(key: str, of: Mapping[str, Any] = table) -> Any:
        return members.get(of.get(key, ""))

    def input_in(name: Any) -> InputPlace | None:
        prefix = table.get("prefix", "")
        if not isinstance(name, str) or not name.startswith(prefix):
            return None
        name = name.removeprefix(prefix)
        return _input_named(described, name) or _input_named(described, f"body.{name}")

    for way in table["ways"]:
        is_chosen = way.get("when") == member("by") and ("has" not in way or way["has"] in members)
        if not is_chosen or ("null" in way and members.get(way["null"], "") is not None):
            continue
        given = [input_in(members.get(name)) for name in way.get("input", "").split()]
        place, following = next(filter(None, given), None), _place_of_path(member("next", way))
        if (given and place is None) or ("next" in way and following is None):
            continue
        if "named" in way and input_of([place] if place else [], NAMES["inputs"][way["named"]]) is None:
            continue
        start = member("first")
        is_number = isinstance(start, int) and not isinstance(start, bool)
        return PageRule(
            way["kind"],
            "",
            input=place,
            size=input_in(member("size")),
            next=following,
            items=_place_of_path(member("items") or table.get("default_items")),
            more=_place_of_path(member("more")),
            last=_place_of_path(member("last")),
            first=start if is_number else _first_number(way["kind"], place),
        )
    return None


def _rules_of_links(described: DescribedOperation, response: Mapping[str, Any]) -> Iterator[PageRule]:
    """Yield the rules of links from the operation to its own next page."""
    for _, _, name, link in links_in({"": response}, described.follow):
        if re.search("prev|first|last|self", str(name), re.IGNORECASE) or not _leads_to(described, link):
            continue
        from dynacli.openapi.model.runtime_expressions import parse_expression

        parameters = link.get("parameters")
        for key, text in parameters.items() if isinstance(parameters, Mapping) else ():
            expression = parse_expression(text)
            place = _input_named(described, key)
            if (
                expression is None
                or expression.message != "response"
                or place is None
                or place.location == "path"
            ):
                continue
            if expression.source == "header":
                where = ResponsePlace(f"header {expression.name}", (), expression.name)
            else:
                steps = (int(step) if step.lstrip("-").isdigit() else step for step in expression.steps)
                where = place_at(*steps)
            reason = f"the document's link `{name}` is to the same operation"
            yield PageRule("cursor", reason, is_declared=True, input=place, next=where)


def _leads_to(described: DescribedOperation, link: Mapping[str, Any]) -> bool:
    operation = described.operation
    if "operationId" in link:
        return bool(link["operationId"] == operation.operation_id and operation.operation_id)
    reference = link.get("operationRef")
    place = join(("paths", operation.path, operation.method.lower()))
    return isinstance(reference, str) and reference.endswith(f"#{place}")


def configured_rule(described: DescribedOperation) -> PageRule | None:
    """Return the configured rule of an operation; None if it has none.

    A rule for `"*"` applies to each operation with the input that it names.

    Raises:
        FileError: The rule is invalid.
    """
    api, operation = described.api, described.operation
    tables = api.entry.get("pages")
    if tables is None:
        return None
    env = api.open_request.env
    if not isinstance(tables, Mapping):
        reason = f"they must be tables, each `[apis.{api.name}.pages.OPERATION]`"
        raise malformed(env, f"`pages` of `{api.name}`", reason, api.name)
    for key in (operation.name, operation.operation_id, _ALL):
        if key and key in tables:
            part = f"`pages.{key}` of `{api.name}`"
            table = tables[key]
            wrong = what_is_wrong_with_rule(table)
            if wrong:
                raise malformed(env, part, wrong, api.name)
            rule = _rule(described, table)
            if rule is None and key == _ALL:
                continue
            if rule is None:
                missing = table.get("parameter") or table.get("page") or table.get("offset")
                raise malformed(env, part, f"`{operation.name}` has no input `{missing}`", api.name)
            reason = f"the configuration says so in `pages.{key}`"
            return replace(rule, reason=reason, is_declared=True, is_configured=True)
    return None


def what_is_wrong_with_rule(table: Any) -> str:
    """Return the mistake in the table of a rule, as a clause; empty if it is valid."""
    if not isinstance(table, Mapping):
        return "it must be a table"
    unknown = sorted(table.keys() - set(_KEYS))
    if unknown:
        return f"`{unknown[0]}` is not a known key. Known keys: {', '.join(f'`{key}`' for key in _KEYS)}"
    for key, value in table.items():
        if not isinstance(value, str) or not value:
            return f"`{key}` must be a string"
    ways = [key for key in _WAYS if key in table]
    if len(ways) > 1:
        return f"`{ways[0]}` and `{ways[1]}` exclude each other"
    if not ways and "items" not in table:
        return f"it must have one of {', '.join(f'`{key}`' for key in ('items', *_WAYS))}"
    if ("cursor" in table) != ("parameter" in table):
        return "`cursor` and `parameter` must be given together"
    for key in ("items", "next", "cursor"):
        wrong = _wrong_expression(table[key]) if key in table else ""
        if wrong:
            return f"`{key}` is not a JMESPath expression: {wrong}"
    return ""


def _wrong_expression(text: str) -> str:
    import jmespath
    from jmespath.exceptions import JMESPathError

    try:
        jmespath.compile(text)
    except JMESPathError as error:
        return str(error).splitlines()[0]
    return ""


def _expression(text: str | None) -> ResponsePlace | None:
    """Return the location for a JMESPath expression, with steps if it is a plain path."""
    if text is None:
        return None
    steps = text.split(".")
    is_plain = all(step.isidentifier() and step.isascii() for step in steps)
    return place_at(*steps) if is_plain else ResponsePlace(text)


def _rule(described: DescribedOperation, table: Mapping[str, str]) -> PageRule | None:
    items = _expression(table.get("items"))
    if "next" in table:
        return PageRule("url", "", next=_expression(table["next"]), items=items)
    if "cursor" in table:
        place = _input_named(described, table["parameter"])
        return (
            PageRule("cursor", "", input=place, next=_expression(table["cursor"]), items=items)
            if place
            else None
        )
    for kind in ("page", "offset"):
        if kind in table:
            place = _input_named(described, table[kind])
            return PageRule(kind, "", input=place, items=items) if place else None
    return PageRule("items", "", items=items)


@record
class DocumentPages:
    """Pagination of an operation according to the document.

    Args:
        rules: Rules that may apply, the most reliable first. A declared rule is the only one.
        items: Location of the items; None if the document does not determine it.
        candidates: Arrays that may be the items.
        fields: Fields of the response.
        headers: Headers of the response.
    """

    rules: tuple[PageRule, ...]
    items: ResponsePlace | None
    candidates: tuple[str, ...]
    fields: Sequence[ResponseField]
    headers: Mapping[str, Any]


def document_pages(
    described: DescribedOperation, configured: PageRule | None = None, *, is_keyset_asked: bool = False
) -> DocumentPages:
    """Return the pagination of an operation according to the document.

    Args:
        configured: The rule in the user's configuration.
    """
    response = success_response(described.raw_responses, described.follow)
    fields = fields_of_schema(success_schema(response, described.follow), described.resolve)
    headers = described.follow(response.get("headers"))
    headers = headers if isinstance(headers, Mapping) else {}
    if configured is None and _is_streamed(response):
        return DocumentPages((), None, (), fields, headers)
    found = item_field(fields, described.operation.path)
    items = place_at(*found.steps) if isinstance(found, ResponseField) else None
    candidates = (
        ()
        if isinstance(found, ResponseField)
        else tuple(place_at(*response_field.steps).text for response_field in found)
    )
    if configured is not None and configured.items is not None:
        items, candidates = configured.items, ()
    rules: tuple[PageRule, ...] = ()
    if configured is not None and configured.kind != "items":
        rules = (configured,)
    if not rules:
        declared = _declared_rule(described, response)
        rules = (declared,) if declared is not None else ()
    rules = tuple(with_size(rule, paging_inputs(described)) for rule in rules)
    if not rules:
        rules = inferred_rules(described, fields, headers, is_keyset_asked=is_keyset_asked)
    if not rules and is_listing(described):
        # There is one page, so it should be as large as allowed.
        rules = (with_size(NO_RULE, paging_inputs(described)),)
        if inferred_rules(described, fields, headers, is_keyset_asked=True):
            rules = (replace(rules[0], reason=f"{NO_RULE.reason}, but by ids: `--all=keyset`"),)
    in_body = None if rules else _inputs_in_body(paging_inputs(described))
    if in_body is not None and _lists_of(fields) > 1:
        ways = " and ".join(f"`--{place.option}`" for place in in_body)
        reason = f"the pages of several lists cannot be merged; {ways} request another page"
        rules = (replace(NO_RULE, reason=reason),)
    rules = tuple(replace(rule, items=rule.items or items) for rule in rules)
    return DocumentPages(rules, rules[0].items if rules else items, candidates, fields, headers)


def _is_streamed(response: Mapping[str, Any]) -> bool:
    """Return whether one response streams all items, as lines, records or events."""
    content = response.get("content")
    return isinstance(content, Mapping) and bool(content) and all(map(is_sequence, content))


def document_rule(pages: DocumentPages) -> PageRule:
    """Return the rule that `describe` shows."""
    return pages.rules[0] if pages.rules else replace(NO_RULE, items=pages.items)


def describe_pages(described: DescribedOperation) -> dict[str, Any] | None:
    """Return the pagination rule of an operation as data; None if its response is not a list.

    Raises:
        FileError: The rule in the configuration is invalid.
    """
    configured = None
    if "pages" in described.api.entry:
        configured = configured_rule(described)
    pages = document_pages(described, configured)
    rule = document_rule(pages)
    if rule.kind != "none" and rule.items is None and len(pages.candidates) > 1:
        listed = enumerated([f"`{candidate}`" for candidate in pages.candidates], "and")
        rule = replace(NO_RULE, reason=f"the response has several lists, {listed}, so `--all` is refused")
    if rule.kind == "none" and not rule.is_declared and not _is_list(described, pages):
        return None
    return rule.as_json()


def _is_list(described: DescribedOperation, pages: DocumentPages) -> bool:
    """Return whether a response is a list, and not a resource with a list among its properties."""
    is_named = described.operation.path.partition("#")[0].rstrip("/").endswith("}")
    has_id = any(field.steps == ("id",) for field in pages.fields)
    has_items = pages.items is not None or bool(pages.candidates)
    return has_items and is_listing(described) and not is_named and not has_id
