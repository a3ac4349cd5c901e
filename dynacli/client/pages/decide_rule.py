"""Deciding by which rule an operation is paged, where nobody has written it down.

The order is that of the surest: the header `Link`, a URL in the body, a cursor with a parameter for it, the id of the
last item, the number of a page, an offset, and an id of the page only where it is asked for.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from dynacli.client.described_operation import DescribedOperation
from dynacli.client.pages.answer_fields import AnswerField
from dynacli.client.pages.page_rule import ABSENT, AnswerPlace, InputPlace, PageRule, place_at
from dynacli.client.pages.paging_inputs import (
    HOLDERS,
    NUMBERS,
    SIZES,
    input_of,
    is_listing,
    names_of,
    paging_inputs,
    with_size,
)
from dynacli.model.field_names import MORE_NAMES, plain_name
from dynacli.record import replace

__all__ = ["empty_next", "inferred_rules", "is_url", "with_ends"]

_URL_NAMES = frozenset(
    (
        *("nextlink", "nexturl", "nexturi", "nexthref", "nextpageurl", "nextpageuri", "nextpagelink"),
        *("odatanextlink", "nextpagehref", "nextrecordsurl", "nextresultsurl"),
    )
)
"""Plain names of fields that have the URL of the next page."""
_INNER_NAMES = (["href"], ["url"], ["uri"], ["link"])
"""Plain names of fields that have a URL inside of an object that is called the next page."""
_WRAPPERS = HOLDERS | _URL_NAMES | {"data", "response"}
"""Plain names of objects that may hold what is said of the next page."""
_LINK_LISTS = {"links": ("rel", "href"), "link": ("relation", "url")}
"""Plain name of an array of links → which member of a link has its relation, and which one its URL."""
_NEXT = "next"
_CURSORS = frozenset(
    (
        *("nextpagetoken", "nextcursor", "nexttoken", "nextmarker", "endcursor", "nextpage", "nextoffset"),
        *(
            "nextpagecursor",
            "nextpageid",
            "nextpagekey",
            "nextkey",
            "nextstartkey",
            "nextpageoffset",
            "nextid",
        ),
        *(
            "continuationtoken",
            "nextcontinuationtoken",
            "continuation",
            "continue",
            "scrollid",
            "nextpagenumber",
        ),
        *(
            "lastevaluatedkey",
            "bookmark",
            "nextpageinfo",
            "nextstart",
            "nextskip",
            "nextindex",
            "nextpagestart",
        ),
        *("nextbatch", "nextstartingtoken", "resumetoken", "nextsearchafter", "nextanchor", "nextposition"),
        *("nextstartindex", "nextafter", "nexturlparams", "streamposition", "nextstreamposition"),
    )
)
"""Plain names of fields that have the cursor of the next page, wherever they stand."""
_PLAIN_CURSORS = frozenset({"cursor", "after", "marker", "pagetoken", "nextpage", _NEXT, "token"})
"""Plain names that mean the cursor of the next page where they stand at the top, or in an object about pages."""
_PARTNERS = {
    "endcursor": ("after", "cursor", "aftercursor"),
    "continuationtoken": ("continuationtoken", "continuation", "token", "pagetoken", "cursor"),
    "nextcontinuationtoken": ("continuationtoken", "token"),
    "lastevaluatedkey": ("exclusivestartkey", "startkey", "lastevaluatedkey"),
    "nextpageoffset": ("offset", "pageoffset"),
    "nextoffset": ("offset",),
    "nextskip": ("skip",),
    "nextstart": ("start", "from", "offset"),
    "nextindex": ("index", "startindex", "start"),
    "nextid": ("fromid", "startid", "afterid", "sinceid", "id"),
    "nextbatch": ("from", "since"),
    "nextstreamposition": ("streamposition",),
    "nextsearchafter": ("searchafter",),
    "after": ("after", "pageafter", "cursor", "pagecursor"),
    "cursor": ("cursor", "pagecursor", "after", "startcursor", "nextcursor"),
    "nextcursor": (
        "cursor",
        "pagecursor",
        "nextcursor",
        "after",
        "startcursor",
        "pagetoken",
        "startingafter",
    ),
    "nextpagetoken": ("pagetoken", "nextpagetoken", "token", "cursor"),
    "nexttoken": ("nexttoken", "token", "pagetoken", "startingtoken"),
    "nextmarker": ("marker", "nextmarker"),
    "nextpage": ("page", "pagenumber", "nextpage", "pagetoken", "cursor"),
    _NEXT: ("page", "pagenumber", "cursor", "next", "offset", "from", "start", "after", "token", "since"),
    "token": ("token", "pagetoken", "nexttoken"),
    "bookmark": ("bookmark",),
    "continue": ("continue",),
}
"""Plain name of a cursor in an answer → plain names of the inputs that it is for, the usual one first."""
_LAST_ID_INPUTS = ("startingafter", "after", "afterid", "startafter", "sinceid", "lastid")
_PAGES = ("page", "pagenumber", "pageno", "pagenum", "pageindex", "currentpage", "pagepage")
_OFFSETS = (
    *("offset", "skip", "pageoffset", "start", "startat", "startindex", "startoffset", "startposition"),
    *("firstresult", "recordoffset", "from", "pagestart"),
)
_TOTALS = (
    *("total", "totalcount", "totalitems", "totalresults", "totalelements", "totalhits", "totalrecords"),
    *("totalentries", "totalrows", "itemcount", "totalsize", "totalobjects", "recordstotal", "itemstotal"),
    *("odatacount", "fullcount", "resultcount", "numfound", "numbermatched", "totalnumber", "count"),
)
_LAST_PAGES = (
    *("totalpages", "pagecount", "lastpage", "pagestotal", "numpages", "pages", "totalpagecount"),
    *("numberofpages",),
)
_FROM_ZERO = r"\b(?:zero|0)[- ](?:based|indexed)\b|\bstart(?:s|ing)? (?:at|from|with) (?:0|zero)\b"
_LINK_TEXT = r"\blink\W{0,2} header\b"
_URL_TEXT = r"\b(?:ur[il]s?|hrefs?|links?)\b"


def _says(pattern: str, text: str) -> bool:
    return re.search(pattern, text, re.IGNORECASE) is not None


def _names_link_header(text: str) -> bool:
    return "header" in text.lower() and _says(_LINK_TEXT, text)


def inferred_rules(
    described: DescribedOperation,
    fields: Sequence[AnswerField],
    headers: Mapping[str, Any],
    *,
    is_keyset_asked: bool = False,
) -> tuple[PageRule, ...]:
    """Return the rules that may hold, the surest first.

    Args:
        fields: The fields of the answer: those of the document, and those of an answer.
        headers: The headers that the document says the answer has, or that it has.
    """
    inputs = paging_inputs(described)
    if not is_listing(described):
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


def _link_rules(headers: Mapping[str, Any], inputs: Sequence[InputPlace]) -> Iterator[PageRule]:
    told = next((place for place in inputs if _names_link_header(place.description)), None)
    if any(name.lower() == "link" for name in headers):
        yield PageRule("link", "the answer has the header `Link`")
    elif told is not None:
        yield PageRule("link", f"the description of `--{told.option}` names the header `Link`")
    for name, value in headers.items():
        if plain_name(name).removeprefix("x") in _URL_NAMES | {"nextpage"} and is_url(value):
            why = f"the answer has the URL of the next page in its header `{name}`"
            yield PageRule("url", why, next=AnswerPlace(f"header {name}", (), name))


def _url_rules(fields: Sequence[AnswerField], inputs: Sequence[InputPlace]) -> Iterator[PageRule]:
    has_size = input_of(inputs, SIZES, NUMBERS) is not None
    for field in fields:
        place = place_at(*field.steps) if _is_next_url(field) else _next_of_links(field, has_size=has_size)
        if place is not None:
            yield PageRule("url", f"the answer has the URL of the next page in `{place.text}`", next=place)
            return


def _next_of_links(field: AnswerField, *, has_size: bool) -> AnswerPlace | None:
    """Return where an array of links has the URL of the next page; None where the field is no such array.

    Args:
        has_size: Whether the operation can be asked for a number of items; without that, the document's links are
            more likely about one thing than about pages.
    """
    relation, url = _LINK_LISTS.get(plain_name(field.steps[-1]) if field.steps else "", ("", ""))
    if not relation or "array" not in field.types:
        return None
    # A link may have several relations, in an array, as in Siren. One with a body of its own is no URL alone.
    chosen = f"[?contains(to_array({relation}), '{_NEXT}') && !body].{url} | [0]"
    if field.is_shown:
        is_chosen = AnswerPlace(chosen).value_in(field.facts["example"]) is not ABSENT
    else:
        is_chosen = has_size and {relation, url} <= {*field.item_names}
    return AnswerPlace(f"{place_at(*field.steps).text}{chosen}") if is_chosen else None


def empty_next(fields: Sequence[AnswerField]) -> str:
    """Return the place where a response says that there is no next page.

    It is a field that is called the next page and is empty, such as `next: null`. The result is empty if there is
    none, and if any such field has a value.

    Args:
        fields: The fields of the response.
    """
    empty = ""
    for field in fields:
        names, value = [plain_name(step) for step in field.steps], field.facts["example"]
        is_inner = names[-1:] in _INNER_NAMES and names[-2:-1] in ([_NEXT], ["nextpage"])
        name = names[-2 if is_inner else -1] if names else ""
        is_next = name == _NEXT or name in _URL_NAMES or (name.startswith(_NEXT) and name in _CURSORS)
        if not is_next or not all(each in _WRAPPERS for each in names[:-1]):
            continue
        if isinstance(value, dict) and any([plain_name(key)] in _INNER_NAMES for key in value):
            continue  # its URL is a field of its own
        if value is not None and value is not False and value not in ("", [], {}):
            return ""
        empty = empty or place_at(*field.steps).text
    return empty


def _is_next_url(field: AnswerField) -> bool:
    names = [plain_name(step) for step in field.steps]
    if not names or (field.types and "string" not in field.types):
        return False
    if names[-1] in _URL_NAMES or names[-1] == "odatanextlink":
        return True
    if names[-1] in ("href", "url", "uri", "link"):
        return len(names) > 1 and names[-2] in (_NEXT, "nextpage")
    if names[-1] not in (_NEXT, "nextpage"):
        return False
    facts = field.facts
    if field.is_shown:
        return is_url(facts.get("example"))
    if facts.get("format") in ("uri", "url", "uri-reference", "iri") or is_url(facts.get("example")):
        return True
    told = f"{facts.get('description', '')} {facts.get('title', '')}"
    if _says(_URL_TEXT, told) or is_url(told.rsplit(" ", maxsplit=1)[-1]):
        return "cursor" not in told.lower() and "token" not in told.lower()
    holders = names[:-1] if names[-2:-1] != ["pages"] else names[:-2]
    return holders[-1:] in (["links"], ["link"]) and "format" not in facts


def is_url(value: Any) -> bool:
    """Return whether a value is a URL, or a reference that is as good as one."""
    if not isinstance(value, str) or any(char.isspace() for char in value):
        return False
    return value.startswith(("http://", "https://", "/", "?")) and len(value) > 1


def _cursor_rules(fields: Sequence[AnswerField], inputs: Sequence[InputPlace]) -> Iterator[PageRule]:
    for field in fields:
        names = [plain_name(step) for step in field.steps]
        if not names or not field.types <= {"string", "integer", "number"}:
            continue
        partner = _partner(field, names, inputs)
        if partner is not None:
            place = place_at(*field.steps)
            why = f"the answer has the next cursor in `{place.text}`, which `--{partner.option}` takes"
            yield PageRule("cursor", why, input=partner, next=place)
            return


def _partner(field: AnswerField, names: list[str], inputs: Sequence[InputPlace]) -> InputPlace | None:
    """Return the input that takes a field of the answer as a cursor; None where the field is no cursor."""
    name = names[-1]
    is_held = len(names) == 1 or all(holder in HOLDERS for holder in names[:-1])
    if name.startswith(_NEXT) and name not in _CURSORS | _PLAIN_CURSORS:
        return input_of(inputs, [name, "startat"], ("string",))
    if name not in _CURSORS and not (name in _PLAIN_CURSORS and is_held):
        return None
    if name in _PLAIN_CURSORS - _CURSORS and len(names) == 1 and name not in ("cursor", _NEXT, "marker"):
        return None
    stem = name.removeprefix("next")
    wanted = dict.fromkeys((*_PARTNERS.get(name, ()), name, stem, f"page{stem}" if stem else ""))
    # A text takes a number as well.
    types: tuple[str, ...] = ("string",) if field.types == {"string"} else (*NUMBERS, "string")
    return input_of(inputs, [each for each in wanted if each], types)


def _last_id_rules(fields: Sequence[AnswerField], inputs: Sequence[InputPlace]) -> Iterator[PageRule]:
    more = _field_of_more(fields)
    after = input_of(inputs, _LAST_ID_INPUTS)
    if more is not None and after is not None:
        place = place_at(*more.steps)
        why = f"`{place.text}` says whether there is more, which `--{after.option}` asks for by the id of the last item"
        yield PageRule("last-id", why, input=after, more=place)


def _page_rules(inputs: Sequence[InputPlace]) -> Iterator[PageRule]:
    page = input_of(inputs, _PAGES, NUMBERS)
    if page is not None and "client state" not in page.description:
        yield PageRule(
            "page", f"`--{page.option}` is the number of a page", input=page, first=_first(page, 1)
        )


def _first(place: InputPlace, usual: int) -> int | None:
    """Return the number of the first page or item; None where the document does not tell it."""
    value = place.value
    if value.has_default and isinstance(value.default, int) and value.default in (0, 1):
        return int(value.default)
    if _says(_FROM_ZERO, place.description):
        return 0
    minimum = (value.limits or {}).get("minimum")
    if minimum in (0, 1) and usual in (minimum, 0):
        return int(minimum)
    return None if minimum == 0 else 0 if place.plain_name.endswith("index") and usual == 1 else usual


def _offset_rules(inputs: Sequence[InputPlace]) -> Iterator[PageRule]:
    offset = input_of(inputs, _OFFSETS, NUMBERS)
    if offset is None or "greater than" in offset.description:
        return
    is_sure = any(
        name in ("offset", "skip", "pageoffset", "startindex", "startat") for name in names_of(offset)
    )
    if is_sure or input_of(inputs, SIZES, NUMBERS) is not None:
        first = _first(offset, 0) or 0
        yield PageRule(
            "offset", f"`--{offset.option}` is the number of items before the page", input=offset, first=first
        )


def _keyset_rules(fields: Sequence[AnswerField], inputs: Sequence[InputPlace]) -> Iterator[PageRule]:
    ids = [place for place in inputs if "cursor" not in place.description.lower()]
    before, after = input_of(ids, ("before", "beforeid")), input_of(ids, ("after", "afterid"))
    is_bare = any(not field.steps and "array" in field.types for field in fields)
    chosen = before or after
    if is_bare and chosen is not None and input_of(inputs, SIZES, NUMBERS) is not None:
        why = f"`--{chosen.option}` takes an id of the page, which was asked for with `--all=keyset`"
        yield PageRule("keyset", why, input=chosen, other=after if before else None)


def with_ends(rule: PageRule, fields: Sequence[AnswerField]) -> PageRule:
    """Return a rule with the places where an answer says that there is more, or how much there is."""
    more = _field_of_more(fields)
    total = _numeric(fields, _TOTALS)
    last = _numeric(fields, _LAST_PAGES)
    return replace(
        rule,
        more=rule.more or (place_at(*more.steps) if more else None),
        total=rule.total or (place_at(*total.steps) if total else None),
        last=rule.last or (place_at(*last.steps) if last else None),
    )


def _field_of_more(fields: Sequence[AnswerField]) -> AnswerField | None:
    for field in fields:
        if field.steps and plain_name(field.steps[-1]) in MORE_NAMES and field.types <= {"boolean"}:
            return field
    return None


def _numeric(fields: Sequence[AnswerField], names: Sequence[str]) -> AnswerField | None:
    found = []
    for field in fields:
        steps = [plain_name(step) for step in field.steps]
        if not steps or not field.types or not field.types <= {"integer", "number"}:
            continue
        name = steps[-1]
        if (
            name in ("count", "pages", "total")
            and len(steps) > 1
            and not all(each in HOLDERS for each in steps[:-1])
        ):
            continue
        if name in names:
            found.append((names.index(name), len(steps), field))
    return min(found, key=lambda each: each[:2])[2] if found else None
