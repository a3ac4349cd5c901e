"""The pages of a list as they come in the explorer, and one answer of them all."""

from dynacli.client.engine.call_engine import MadeCall
from dynacli.client.pages.merge_pages import MergedVerdict, merged_text
from dynacli.client.pages.page_loop import Page, PageLoop
from dynacli.model.wording import counted
from dynacli.record import replace
from dynacli.text.exact_json import compact_json

__all__ = ["MergedList"]


class MergedList:
    """The pages of a list as they come, and one answer of them all.

    Attributes:
        size: The characters of the items.
    """

    def __init__(self, loop: PageLoop) -> None:
        self._loop, self._verdict, self._texts = loop, MergedVerdict(), list[str]()
        self._first: Page | None = None
        self._last: Page | None = None
        self.size = self._number = 0

    def add(self, page: Page) -> None:
        """Add a page.

        Raises:
            HttpError: It is a later one that is no success.
        """
        items, is_success = page.items or [], 200 <= page.answer.status < 300
        self._verdict.add(page, self._loop.items, self._loop.count - len(items))
        self._first = self._first or page
        if is_success:
            self._last, self._number = page._replace(items=None), page.number
            texts = [compact_json(item) for item in items]
            self._texts += texts
            self.size += sum(map(len, texts))
        elif page.number > 1:
            from dynacli.client.answers.answer_errors import http_error

            raise http_error(page.call, page.answer)

    @property
    def progress(self) -> str:
        """How far it is, in words."""
        total = f" of {self._loop.total:,}" if self._loop.total is not None else ""
        return f"{counted(self._number, 'page')}, {self._loop.count:,}{total} items"

    @property
    def came(self) -> MadeCall | None:
        """The answer of all pages that came; None where none did."""
        first, last, place = self._first, self._last, self._loop.items
        if first is None:
            return None
        answer = first.answer
        if first.items is not None and last is not None and place is not None:
            text = merged_text(first.value, last.value, place, self._texts)
            body = text.encode("utf-8", "surrogatepass")
            answer = replace(answer, body=body, size=len(body))
        return MadeCall(first.call, answer, None if first.verdict is None else self._verdict)

    @property
    def note(self) -> str:
        """What is to be said of the list; empty where its first page is no success."""
        if self._first is None or not 200 <= self._first.answer.status < 300:
            return ""
        return self._loop.note or f"{counted(self._number, 'page')}, {counted(self._loop.count, 'item')}"
