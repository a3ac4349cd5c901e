"""Finding the next page from a rule and a response. Pure functions: nothing is sent here."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from dynacli.client.inputs.call_inputs import CallInputs, ParameterKey
from dynacli.client.pages.decide_rule import empty_next, is_url_value
from dynacli.client.pages.page_rule import ABSENT, NAMES, InputPlace, PageRule, ResponsePlace
from dynacli.environment import invocation
from dynacli.errors import NetworkError, RefusedError
from dynacli.openapi.model.field_names import plain_name
from dynacli.openapi.schema.response_fields import fields_of_value
from dynacli.record import record, replace
from dynacli.request.assemble_body import Assignment, assemble
from dynacli.urls import join_url, origin_of, split_url, without_query

_NOWHERE = ResponsePlace("", ())
_IDS = ("id", "_id", "ID", "Id", "uuid", "key", "sid", "guid", "name")


@record
class ReceivedPage:
    """A received page.

    Args:
        inputs: Inputs of its request.
        url: URL of its response, to which URLs in the body are relative.
        origin: Origin of the first request, to which all pages must belong.
        headers: Headers of its response.
        value: Value of its body.
        items: Its items; None if it has none or they are unknown.
        number: Number of the page among the requested ones, from 1.
        count: Number of items on earlier pages.
    """

    inputs: CallInputs
    url: str
    origin: str
    headers: Sequence[tuple[str, str]]
    value: Any
    items: Sequence[Any] | None
    number: int = 1
    count: int = 0

    def header(self, name: str) -> str:
        """Return the values of a header, joined by commas; empty if it is missing."""
        return ", ".join(text for key, text in self.headers if key.lower() == name.lower())


@record
class NextPage:
    """The request for the next page.

    Args:
        inputs: Inputs of the previous page with the changed one.
        url: URL of the page, if the response has it. Then only inputs outside the URL apply.
        mark: Identifies the page: the URL, or the value of the changed input.
        is_proven: True if the response says that the page exists; False if that is uncertain.
    """

    inputs: CallInputs
    url: str
    mark: str
    is_proven: bool = True


@record
class End:
    """The end of a list.

    Args:
        reason: The reason in words.
        is_said: True if the response says that it is the last page; False if it lacks what the rule needs.
    """

    reason: str
    is_said: bool = True


def next_page(rule: PageRule, page: ReceivedPage) -> NextPage | End:
    """Return the request for the page after this one, or the reason for the end.

    With every rule, the list ends if the response says that there is no next page, or if all items were received.

    Raises:
        NetworkError: The response gives an invalid value for the next page.
        RefusedError: The next page is on another server, or its URL has credentials.
    """
    step = _by_rule(rule, page)
    return step if isinstance(step, End) else _unless_ended(rule, page, step)


def _unless_ended(rule: PageRule, page: ReceivedPage, step: NextPage) -> NextPage | End:
    """Return the step of the rule, unless another part of the response says that the list ends."""
    # A URL in the response, or a field that the user has configured, is more reliable than other fields.
    if not step.url and not (rule.is_configured and rule.next is not None):
        empty = empty_next(fields_of_value(page.value))
        if empty:
            return End(f"`{empty}` is empty")
    if rule.kind in ("page", "offset") or page.items is None:
        return step  # these rules have already checked the counts
    total = _total_beside(rule, page, page.count)
    if total is None or page.count + len(page.items) < total:
        return step
    if step.url and total == len(page.items):
        # The total may be the length of this page, so the URL is tried.
        return replace(step, is_proven=False)
    return End(f"all {total:,} items came")


def _by_rule(rule: PageRule, page: ReceivedPage) -> NextPage | End:
    match rule.kind:
        case "link":
            return _by_link(page)
        case "url":
            return _by_url(rule, page)
        case "cursor":
            return _by_cursor(rule, page)
        case "last-id":
            return _by_last_id(rule, page)
        case "page":
            return _by_number(rule, page)
        case "offset":
            return _by_offset(rule, page)
        case "keyset":
            return _by_keyset(rule, page)
    return End(rule.reason)


def _by_link(page: ReceivedPage) -> NextPage | End:
    values = [text for key, text in page.headers if key.lower() == "link"]
    if not values:
        return End("the response has no header `Link`", is_said=False)
    from dynacli.http.link_values import parse_links

    links = parse_links(values)
    for link in links:
        if "next" in link.relations and link.target:
            return _at_url(page, link.target)
    others = {"prev", "previous", "first", "last", "self"}
    is_said = any(not others.isdisjoint(link.relations) for link in links)
    return End("the response's header `Link` names no next page", is_said)


def _by_url(rule: PageRule, page: ReceivedPage) -> NextPage | End:
    place = rule.next or _NOWHERE
    found, where = _value_at_place(place, page), place.text
    if isinstance(found, dict):
        found = found.get("href", found.get("url", found))
    if found is ABSENT:
        return End(f"the response has no `{where}`", is_said=False)
    if found in (None, "", False, [], {}):
        return End(f"`{where}` is empty")
    if not isinstance(found, str):
        raise _invalid_next_page(page, where, "a URL", found)
    if not rule.is_declared and (where.endswith("next") or place.header) and not is_url_value(found):
        return End(f"`{where}` is not a URL", is_said=False)
    return _at_url(page, found)


def _at_url(page: ReceivedPage, target: str) -> NextPage:
    here, there = without_query(page.url), ""
    try:
        url = split_url(join_url(page.url, target))._replace(fragment="")
        there = origin_of(url.geturl())
    except ValueError:
        raise NetworkError(
            f"The next page of `{here}` has a URL that cannot be read",
            reason="The server gave it in its response",
            hint="Report it to the operator of the server",
        ) from None
    if there == page.origin and "@" not in url.netloc:
        return NextPage(page.inputs, url.geturl(), url.geturl())
    is_downgrade = page.origin.startswith("https:") and there.startswith("http:")
    reason = f"Its URL is on `{there}`" + (", which is not encrypted" if is_downgrade else "")
    raise RefusedError(
        f"The next page of `{here}` is not fetched",
        reason=reason if there != page.origin else "Its URL contains credentials",
        hint="If you trust it, name that server with `--server`",
        origin=there,
    )


def _by_cursor(rule: PageRule, page: ReceivedPage) -> NextPage | End:
    place = rule.next or _NOWHERE
    where = place.text
    if _more(rule, page) is False:
        return End(f"`{rule.more.text if rule.more else ''}` is false")
    found = _value_at_place(place, page)
    if found is ABSENT:
        return End(f"the response has no `{where}`", is_said=False)
    if found in (None, "", False, 0, "0") or (isinstance(found, int) and found < 0):
        return End(f"`{where}` is empty")
    if isinstance(found, bool | dict | list):
        raise _invalid_next_page(page, where, "a cursor", found)
    if page.items is not None and not page.items and rule.more is None and not isinstance(found, str):
        return End("the page is empty")
    return _with_input(rule, page, found)


def _by_last_id(rule: PageRule, page: ReceivedPage) -> NextPage | End:
    more = _more(rule, page)
    if more is None:
        return End(f"the response has no `{rule.more.text if rule.more else ''}`", is_said=False)
    if not more:
        return End(f"`{rule.more.text if rule.more else ''}` is false")
    last = id_of(page.items[-1]) if page.items else None
    return (
        End("the page has no item with an id", is_said=False)
        if last is None
        else _with_input(rule, page, last)
    )


def _by_number(rule: PageRule, page: ReceivedPage) -> NextPage | End:
    first = rule.first
    given = number_in(given_value(rule.input, page.inputs))
    echo = _echo(page.value) if given is None or first is None else None
    current = given if given is not None else echo if echo in (0, 1) else 1 if first is None else first
    if first is None:
        first = current if given is None else 0 if given == 0 else 1
    ended = _ended(rule, page, skipped=_skipped(rule, page, current - first))
    if isinstance(ended, End):
        return ended
    last = _last_of(rule, page)
    if last is not None and last > 0:
        if current - first + 1 >= last:
            return End(f"the response says that there are {last} pages")
        ended = True
    return _with_input(rule, page, current + 1, is_proven=bool(ended))


def _skipped(rule: PageRule, page: ReceivedPage, pages: int) -> int | None:
    """Return the number of items before a page; None if unknown.

    Args:
        pages: Number of pages before it.
    """
    unseen = pages - (page.number - 1)
    if unseen <= 0:
        return page.count
    size = number_in(given_value(rule.size, page.inputs)) or rule.usual
    return unseen * size + page.count if size else None


def _by_offset(rule: PageRule, page: ReceivedPage) -> NextPage | End:
    first = rule.first or 0
    given = number_in(given_value(rule.input, page.inputs))
    current = first if given is None else given
    ended = _ended(rule, page, skipped=current - first)
    if isinstance(ended, End):
        return ended
    return _with_input(rule, page, current + len(page.items or ()), is_proven=bool(ended))


def _ended(rule: PageRule, page: ReceivedPage, skipped: int | None) -> End | bool:
    """Return the reason why a counted page is the last one; else whether the response promises another."""
    if page.items is None:
        return End("the response has no items", is_said=False)
    if not page.items:
        return End("the page is empty")
    more = _more(rule, page)
    if more is not None:
        return True if more else End(f"`{rule.more.text if rule.more else ''}` is false")
    total = _total_beside(rule, page, skipped)
    if total is not None:
        if skipped is None:
            return False
        if skipped + len(page.items) >= total:
            return End(f"all {total:,} items came")
        return True
    if _last_of(rule, page) is None and _is_short(rule, page):
        return End("the page is not full")
    return False


def _total_beside(rule: PageRule, page: ReceivedPage, skipped: int | None) -> int | None:
    """Return the number of items on all pages; None if unknown, or if it may be the length of this page.

    Args:
        skipped: Number of items before the page; None if unknown.
    """
    total = total_of(rule, page)
    if total is None or total != len(page.items or ()):
        return total
    steps = (rule.total.steps if rule.total is not None else None) or ()
    is_length = bool(steps) and plain_name(str(steps[-1])) in NAMES["response"]["lengths"]
    return None if is_length or skipped else total


def _is_short(rule: PageRule, page: ReceivedPage) -> bool:
    """Return whether a page has fewer items than requested, if the server is known to allow that size."""
    asked = number_in(given_value(rule.size, page.inputs))
    if asked is None:
        asked = rule.usual
    elif rule.most is None or asked > rule.most:
        # A server may silently return fewer items than requested.
        asked = None
    return asked is not None and len(page.items or ()) < asked


def _by_keyset(rule: PageRule, page: ReceivedPage) -> NextPage | End:
    if not page.items:
        return End("the page is empty")
    if _is_short(rule, page):
        return End("the page is not full")
    ids = [id_of(page.items[0]), id_of(page.items[-1])]
    if None in ids:
        return End("the items have no id", is_said=False)
    has_turned = given_value(rule.other, page.inputs) is not None
    if rule.other is not None and (has_turned or _order(ids[0]) < _order(ids[1])):
        # `before` takes smaller ids, `after` larger ones.
        rule = replace(rule, input=rule.other)
    return _with_input(rule, page, ids[1], is_proven=False)


def _order(found: Any) -> tuple[int, int, str]:
    number = number_in(found)
    return (1, 0, str(found)) if number is None else (0, number, "")


def id_of(item: Any) -> Any:
    """Return the id of an item; None if it has none."""
    if isinstance(item, dict):
        for name in _IDS:
            if isinstance(item.get(name), str | int) and not isinstance(item[name], bool):
                return item[name]
    return item if isinstance(item, str | int) and not isinstance(item, bool) else None


def _value_at_place(place: ResponsePlace, page: ReceivedPage) -> Any:
    if place.header:
        return page.header(place.header) or ABSENT
    return place.value_in(page.value)


def _more(rule: PageRule, page: ReceivedPage) -> bool | None:
    found = ABSENT if rule.more is None else _value_at_place(rule.more, page)
    return found if isinstance(found, bool) else None


def number_in(value: Any) -> int | None:
    """Return an integer, also from a string; None for other values."""
    if isinstance(value, int) and not isinstance(value, bool):
        return value
    if isinstance(value, str) and value.strip().lstrip("-").isdecimal() and len(value) < 20:
        return int(value)
    return None


def total_of(rule: PageRule, page: ReceivedPage) -> int | None:
    """Return the number of items on all pages; None if a page does not state it."""
    return _count_of(page, rule.total, NAMES["headers"]["totals"])


def _last_of(rule: PageRule, page: ReceivedPage) -> int | None:
    return _count_of(page, rule.last, NAMES["headers"]["last_pages"])


def _count_of(page: ReceivedPage, place: ResponsePlace | None, headers: Sequence[str]) -> int | None:
    """Return a number of items or pages from a response; None if it is missing or negative."""
    found = number_in(place.value_in(page.value)) if place is not None else None
    if found is None:
        found = next((number_in(text) for name, text in page.headers if plain_name(name) in headers), None)
    if found is None:
        # flask-smorest and many ASP.NET servers send this header.
        members = _members_by_plain_name(page.header("X-Pagination"))
        found = next((number_in(value) for name, value in members.items() if f"x{name}" in headers), None)
    return found if found is not None and found >= 0 else None


def _members_by_plain_name(text: str) -> dict[str, Any]:
    """Return plain name → member of a JSON object; empty for other texts."""
    try:
        return _by_plain_name(json.loads(text) if text.startswith("{") else None)
    except (ValueError, RecursionError):
        return {}


def _by_plain_name(value: Any) -> dict[str, Any]:
    """Return plain name → member of an object; empty for other values."""
    return {plain_name(key): member for key, member in value.items()} if isinstance(value, dict) else {}


def _echo(value: Any) -> int | None:
    """Return the page number in a response."""
    top = _by_plain_name(value)
    holders = (_by_plain_name(top.get(name)) for name in NAMES["response"]["number_holders"])
    numbers = (
        number_in(members.get(name)) for members in (top, *holders) for name in NAMES["response"]["numbers"]
    )
    return next((number for number in numbers if number is not None), None)


def _with_input(rule: PageRule, page: ReceivedPage, value: Any, *, is_proven: bool = True) -> NextPage | End:
    if rule.input is None:
        return End(rule.reason, is_said=False)
    if rule.input.value.type in ("integer", "number") and number_in(value) is not None:
        value = number_in(value)
    elif rule.input.value.type == "string" and not isinstance(value, str):
        value = str(value)
    return NextPage(with_input(page.inputs, rule.input, value), "", json.dumps(value), is_proven)


def given_value(place: InputPlace | None, inputs: CallInputs) -> Any:
    """Return the given value of an input; None if there is none."""
    if place is None:
        return None
    if place.location == "body":
        found = [assignment.value for assignment in inputs.assignments if assignment.path == place.path]
        if not found and isinstance(inputs.body, bytes):
            try:
                whole = ResponsePlace("", place.path).value_in(json.loads(inputs.body))
            except (ValueError, RecursionError):
                return None
            return None if whole is ABSENT else whole
        return found[-1] if found else None
    value = inputs.parameters.get((place.location, place.name))
    for step in place.path:
        value = value.get(step) if isinstance(value, dict) else None
    return value


def with_input(inputs: CallInputs, place: InputPlace, value: Any) -> CallInputs:
    """Return the inputs with one value replaced."""
    if place.location == "body":
        kept = tuple(assignment for assignment in inputs.assignments if assignment.path != place.path)
        return replace(inputs, assignments=(*kept, Assignment(place.path, value, f"--{place.option}")))
    key: ParameterKey = (place.location, place.name)
    if place.path:
        value = assemble(inputs.parameters.get(key), [Assignment(place.path, value, f"--{place.option}")])
    return replace(inputs, parameters={**inputs.parameters, key: value})


def _invalid_next_page(page: ReceivedPage, where: str, kind: str, found: Any) -> NetworkError:
    names = {dict: "an object", list: "a list", bool: "true", int: "a number", float: "a number"}
    return NetworkError(
        f"The response of `{without_query(page.url)}` has no usable value for the next page",
        reason=f"`{where}` is {names.get(type(found), 'a value')}, not {kind}",
        hint="Report it to the operator of the server, or configure its pagination rule: "
        f"`{invocation('help pages')}`",
    )
