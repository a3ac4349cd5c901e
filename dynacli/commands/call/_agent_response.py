"""The lines that `-o agent` prints around a response, and the note for agents about a large response.

The suggested commands come from the command that was typed. They run unchanged and are read-only.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import islice
from typing import TYPE_CHECKING

from dynacli.client.call import Call
from dynacli.client.links.next_calls import next_calls
from dynacli.client.pages.decide_rule import configured_rule, document_pages
from dynacli.client.pages.page_rule import is_listing, place_at
from dynacli.commands.call.conclude_call import change_line, next_line
from dynacli.commands.run import Run
from dynacli.openapi.model.acting_names import is_reading
from dynacli.openapi.model.find_items import Items
from dynacli.openapi.model.wording import counted, shell_line
from dynacli.output.agent_text import AgentView, Around, DescribeAround, rounded_up
from dynacli.record import record

if TYPE_CHECKING:
    from dynacli.client.pages.page_loop import PageLoop
    from dynacli.commands.call_line import CallLine
    from dynacli.commands.read_line import Word
    from dynacli.http.exchange import WireResponse

_MOST_REST = 40_000
"""Maximum bytes of items that a suggested command prints."""
_MOST_NEXT = 3
"""Maximum number of suggested operations for one item."""
_OUTPUT = frozenset({"output", "columns", "max_bytes", "include", "resume", "remote_name", "report"})
_PAGES = frozenset({"all", "max_items"})


@record
class _Came:
    """The facts about the items of a response.

    Args:
        total: Number of items on all pages; None if unknown.
        has_more: Whether there are more items.
        text: Text for the first line; empty if all items arrived.
    """

    total: int | None = None
    has_more: bool = False
    text: str = ""


def around_response(
    run: Run, call: Call, response: WireResponse, pages: PageLoop | None = None
) -> DescribeAround:
    """Return the function that describes the lines around a response.

    Args:
        pages: The fetched pages of a list; None for a single response.
    """

    def describe(view: AgentView) -> Around:
        if not response.is_success:
            return Around(notes=(f"status {response.status}",))
        is_filtered = run.options.filter or run.options.jq or run.options.sql
        came = _Came() if is_filtered else _items_that_came(call, response, pages, view)
        if not _only_reads(call):
            changed = change_line(run, call, response, "-o", "agent")
            return Around(came.total, came.text, commands=(changed,) if changed else ())
        line = _typed_line(run, call)
        if line is None:
            return Around(came.total, came.text)
        narrowing = _narrowing(line) if view.shown == 0 and not view.items else []
        notes = [f"narrowed by {shell_line(line.with_after(narrowing).words())}"] if narrowing else []
        commands = [
            *(made.typed_text for made in _further_lines(line, view, came, narrowing)),
            *_next_lines(run, call, response, view),
        ]
        return Around(came.total, came.text, tuple(notes), tuple(commands))

    return describe


def note_large_response(run: Run, call: Call, response: WireResponse, pages: PageLoop | None = None) -> None:
    """Print a note for an agent about a large response: its size, its items, and a command that prints less."""
    count = _item_count(call, response) if pages is None else pages.count
    text = f"The response has {run.env.stdout_size:,} bytes"
    text += f" and {counted(count, 'item')}" if count else ""
    line = _typed_line(run, call)
    if line is not None and _only_reads(call):
        text += f"; less: {line.with_options(_OUTPUT, ('-o', 'agent')).typed_text}"
    run.note(text)


def _only_reads(call: Call) -> bool:
    """Return whether a call may be repeated to get more: it is read-only, or it is a POST that lists or searches."""
    return is_reading(call.described.operation) or is_listing(call.described)


def _item_count(call: Call, response: WireResponse) -> int:
    """Return the number of items of a response; 0 for anything but a stored list."""
    from dynacli.media.body_value import NoValueError, body_items

    try:
        found = body_items(call.received(response))
    except NoValueError:
        return 0
    return len(found.values) if isinstance(found, Items) else 0


def _items_that_came(call: Call, response: WireResponse, pages: PageLoop | None, view: AgentView) -> _Came:
    if pages is not None:
        has_more = pages.total is not None and pages.total > pages.count
        return _Came(pages.total, True, f"{pages.count:,} fetched") if has_more else _Came()
    from dynacli.client.pages.page_loop import received_page

    page = received_page(call, response)
    if page is None:
        return _Came()
    label = "one page" if page.number is None else f"page {page.number:,}"
    return _Came(page.total, True, label if view.shown == page.items else f"{label} has {page.items:,}")


def _typed_line(run: Run, call: Call) -> CallLine | None:
    """Return the typed command of a call; None if another call was typed, or if it cannot be repeated unchanged."""
    line = run.repeatable_line(run) if run.repeatable_line is not None else None
    is_same = line is not None and line.table.described.operation.name == call.described.operation.name
    return line if is_same else None


def _narrowing(line: CallLine) -> list[Word]:
    """Return the inputs that may have emptied a list: all but path parameters and page sizes."""
    described = line.table.described
    rules = document_pages(described, configured_rule(described)).rules
    sizes = {f"--{rule.size.option}" for rule in rules if rule.size is not None}
    return [word for word in line.after if word.is_input and word.key[0] != "path" and word.flag not in sizes]


def _further_lines(
    line: CallLine, view: AgentView, came: _Came, narrowing: Sequence[Word]
) -> Iterator[CallLine]:
    """Yield commands that print more of the same response."""
    # A filter by JMESPath cannot follow another kind of filter.
    may_filter = not any(word.option_name in {"jq", "sql"} for word in line.after)
    if narrowing:
        wide = [word for word in line.after if word not in narrowing or _is_needed(word)]
        if len(wide) < len(line.after):
            yield line.with_after(wide)
    if view.is_binary:
        yield line.with_options(_OUTPUT, ("-O", None))
    elif view.shown is None:
        if view.size:
            yield line.with_options({"max_bytes"}, ("--max-bytes", _room(view.size)))
        elif view.hidden and may_filter:
            yield _filtered(line, place_at(view.hidden[0]).text)
    elif view.items:
        rest = _rest(line, view, came)
        if rest is not None:
            yield rest
        if may_filter and (view.hidden or not view.shown) and not view.is_of_columns:
            place = place_at(*view.steps).text
            first = f"values({place})[0]" if view.is_keyed else f"{place}[0]".removeprefix("@")
            yield _filtered(line, first)


def _is_needed(word: Word) -> bool:
    return word.parameter is None or word.parameter.must_be_given


def _filtered(line: CallLine, expression: str) -> CallLine:
    """Return the command with a filter for the value that it printed before."""
    given = next((word.value for word in line.after if word.option_name == "filter"), "")
    removed = {"filter", *_OUTPUT, *_PAGES}
    found = f"{given} | {expression}" if given else expression
    return line.with_options(removed, ("-o", "agent"), ("-f", found))


def _rest(line: CallLine, view: AgentView, came: _Came) -> CallLine | None:
    """Return the command that prints the omitted items, up to a size that an agent can read; None if there is none."""
    size = max(view.size // len(view.items), 1)  # average per item
    if not came.has_more:
        if view.shown == len(view.items) or size > _MOST_REST:
            return None
        return line.with_options({"max_bytes"}, ("--max-bytes", _room(min(view.size, _MOST_REST))))
    count = _MOST_REST // size
    if came.total is not None and came.total <= count:
        options = [("--all", None), ("--max-bytes", _room(came.total * size))]
    elif count <= (view.shown or 0):
        return None
    else:
        options = [("--max-items", str(count)), ("--max-bytes", _room(_MOST_REST))]
    return line.with_options({"max_bytes", *_PAGES}, *options)


def _room(size: int) -> str:
    return str(rounded_up(size))


def _next_lines(run: Run, call: Call, response: WireResponse, view: AgentView) -> Iterator[str]:
    """Yield commands that call other operations with an id of the response.

    After a list, that is one operation on the first item, because resources below an item may not exist.
    """
    most = _MOST_NEXT if call.described.operation.path.rstrip("/").endswith("}") else 1
    item = view.items[0] if view.items else view.value
    for name, words in islice(next_calls(call.described, item, call.values.parameters), most):
        line = next_line(run, call, response, name, [*words, "-o", "agent"])
        if line:
            yield line
