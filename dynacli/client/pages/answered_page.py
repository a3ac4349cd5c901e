"""One answer looked at as a page of a list: how many items there are, and which inputs ask for the next page."""

from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, urlsplit

from dynacli.client.call import Call
from dynacli.client.engine.call_engine import MadeCall
from dynacli.client.inputs.call_inputs import CallInputs
from dynacli.client.pages.next_page import NextPage, given_value
from dynacli.client.pages.page_loop import PageLoop
from dynacli.errors import DynacliError
from dynacli.record import record

if TYPE_CHECKING:
    from dynacli.http.send import Answer

__all__ = ["AnsweredPage", "answered_page"]


@record
class AnsweredPage:
    """A page that an answer proves not to be the last one.

    Args:
        items: How many items it has.
        total: How many there are on all pages; None where the answer does not say it.
        next_inputs: Option → value of the inputs that ask for the next page, with the others as they were; None where
            only a URL says it, in which there is more than inputs.
    """

    items: int
    total: int | None
    next_inputs: dict[str, Any] | None


def answered_page(call: Call, answer: "Answer") -> AnsweredPage | None:
    """Return what an answer tells of the pages of its list; None where it tells of no further page."""
    described, values = call.described, call.values
    inputs = CallInputs(values.parameters, body=values.body if isinstance(values.body, bytes) else None)
    try:
        loop = PageLoop(None, described, inputs)
        page = loop.take(MadeCall(call, answer, None))
    except DynacliError:
        return None  # whoever asks for all pages is told
    following = loop.following
    if page is None or not page.items or following is None or not following.is_proven:
        return None
    return AnsweredPage(len(page.items), loop.total, _next_inputs(call, loop, following))


def _next_inputs(call: Call, loop: PageLoop, following: NextPage) -> dict[str, Any] | None:
    if not following.url:
        place = loop.rule.input
        return None if place is None else {place.option: given_value(place, following.inputs)}
    here, there = urlsplit(call.signed.request.url), urlsplit(following.url)
    if here.path != there.path:
        return None
    before = dict(parse_qsl(here.query, keep_blank_values=True))
    changed = {
        name: value
        for name, value in parse_qsl(there.query, keep_blank_values=True)
        if before.get(name) != value
    }
    options = {
        parameter.name: parameter.option
        for parameter in call.described.operation.parameters
        if parameter.location == "query"
    }
    if not changed or not changed.keys() <= options.keys():
        return None
    return {options[name]: value for name, value in changed.items()}
