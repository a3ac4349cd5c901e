"""The note below one page of a list on a terminal, that there are more pages and how to have them."""

from typing import TYPE_CHECKING

from dynacli.client.call import Call
from dynacli.client.pages.answered_page import answered_page
from dynacli.commands.run import Run
from dynacli.model.wording import counted

if TYPE_CHECKING:
    from dynacli.http.send import Answer

__all__ = ["note_more_pages"]


def note_more_pages(run: Run, call: Call, answer: "Answer") -> None:
    """Say that an answer is one page of several, where it shows that it is."""
    page = answered_page(call, answer)
    if page is None:
        return
    shown = counted(page.items, "item")
    if page.total is not None and page.total > page.items:
        shown = f"{page.items:,} of {page.total:,}"
    run.note(f"{shown}; --all for the rest")
