"""The note below one page of a list on a terminal, that there are more pages and how to have them."""

from typing import TYPE_CHECKING

from dynacli.client.call import Call
from dynacli.client.inputs.call_inputs import CallInputs
from dynacli.client.pages.configured_rule import configured_rule
from dynacli.client.pages.document_rule import document_pages
from dynacli.client.pages.page_loop import PageLoop
from dynacli.commands.run import Run
from dynacli.errors import DynacliError
from dynacli.model.wording import counted

if TYPE_CHECKING:
    from dynacli.transport.send import Answer

__all__ = ["note_more_pages"]


def note_more_pages(run: Run, call: Call, answer: "Answer") -> None:
    """Say that an answer is one page of several, where it shows that it is."""
    described, values = call.described, call.values
    inputs = CallInputs(values.parameters, body=values.body if isinstance(values.body, bytes) else None)
    try:
        pages = document_pages(described, configured_rule(described))
        loop = PageLoop(described, inputs, pages, lambda *_: (call, answer, None))
        page = next(iter(loop))
    except DynacliError:
        return  # whoever asks for all pages is told
    if not page.items or loop.following is None or not loop.following.is_proven:
        return
    shown = counted(len(page.items), "item")
    if loop.total is not None and loop.total > len(page.items):
        shown = f"{len(page.items):,} of {loop.total:,}"
    run.note(f"{shown}; --all for the rest")
