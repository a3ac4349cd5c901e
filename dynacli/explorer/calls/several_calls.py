"""Calls that are made one after the other: the pages of a list, a wait, and links that are followed."""

from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from typing import TYPE_CHECKING, NamedTuple

from dynacli.client.call import Call
from dynacli.client.call_settings import CallSettings
from dynacli.client.described_operation import DescribedOperation
from dynacli.client.inputs.call_inputs import CallInputs
from dynacli.client.links.follow_link import followed_inputs, link_of_answer, missing_link, settings_for
from dynacli.client.pages.configured_rule import configured_rule
from dynacli.client.pages.document_rule import document_pages
from dynacli.client.pages.merge_pages import MergedVerdict, merged_text
from dynacli.client.pages.page_calls import PageCalls
from dynacli.client.pages.page_loop import Page, PageLoop, no_list
from dynacli.client.wait_until import Until, wait_until
from dynacli.environment import Environment
from dynacli.errors import AuthError, DocumentError, FormError, UsageError
from dynacli.explorer.form.further_calls import FurtherCalls
from dynacli.http.exchange import ClientPool
from dynacli.http.send import RENDER_LIMIT, Answer
from dynacli.model.wording import counted
from dynacli.record import replace
from dynacli.text.exact_json import compact_json, read_json

if TYPE_CHECKING:
    from dynacli.validation.findings.finding import Verdict

__all__ = ["MadeAnswer", "SeveralCalls"]


class MadeAnswer(NamedTuple):
    """A call, its answer, and the verdict on it; of the pages of a list the first call, and an answer of all items."""

    call: Call
    answer: Answer
    verdict: "Verdict | None"


class SeveralCalls:
    """Makes calls one after the other.

    Attributes:
        last: The call that was made last; None before the first.
        came: The last answer, or what came of the pages of a list; None as long as nothing came.
        notes: What is to be said of it.

    Args:
        clients: Keeps connections open between calls.
        ask: Asks the person whether credentials may go to an origin.
        say: Is told how far the calls are.
        show: Is given an answer that is not the last one.
        sleep: Waits for so many seconds, and raises what ends the calls where the person cancels them.
    """

    def __init__(
        self,
        env: Environment,
        settings: CallSettings,
        clients: ClientPool,
        *,
        ask: Callable[[str], bool],
        say: Callable[[str], object],
        show: Callable[[MadeAnswer], object],
        sleep: Callable[[float], object],
    ) -> None:
        self._env, self._settings, self._clients, self._ask = env, settings, clients, ask
        self._say, self._show, self._sleep = say, show, sleep
        self.last: Call | None = None
        self.came: MadeAnswer | None = None
        self.notes: list[str] = []

    def make(self, described: DescribedOperation, inputs: CallInputs, further: FurtherCalls) -> None:
        """Make the calls; what came stays also where an error ends them.

        Raises:
            DynacliError: The calls do not end well.
        """
        if further.is_of_pages:
            self._call_pages(described, inputs, further)
            return
        try:
            self._call_targets(described, inputs, further)
        except (UsageError, AuthError, DocumentError) as error:
            if self.came is None:
                raise
            why = ": ".join(text for text in (error.message, error.why) if text)
            raise FormError("The next call cannot be made", why=why, hint=error.hint) from error

    def _calls(self, described: DescribedOperation, settings: CallSettings) -> PageCalls:
        def begin(call: Call) -> None:
            self.last = call

        return PageCalls(
            self._env,
            described,
            settings,
            self._clients,
            ask=self._ask,
            before_sending=begin,
            waiting=self._waiting,
        )

    def _waiting(self, call: Call, pause: object) -> AbstractContextManager[None]:
        self._say(call.signed.masker.mask(str(pause)))
        return nullcontext()

    # Links and waits

    def _call_targets(self, described: DescribedOperation, inputs: CallInputs, further: FurtherCalls) -> None:
        settings = self._settings
        for name in further.follow:
            came = self._take(*self._calls(described, settings)(inputs))
            link = link_of_answer(described, name, came.answer.status)
            if link is None and 200 <= came.answer.status < 300:
                raise missing_link(described, name, came.answer.status)
            if link is None or link.target is None:
                return
            self._show(came)
            inputs = followed_inputs(link, came.call, came.answer)
            described, settings = link.target, settings_for(link, settings)
        if further.wait is None:
            self._take(*self._calls(described, settings)(inputs))
        else:
            self._wait(described, settings, inputs, further.wait)

    def _take(self, call: Call, answer: Answer, verdict: "Verdict | None") -> MadeAnswer:
        self.came = MadeAnswer(call, answer, verdict)
        return self.came

    def _wait(
        self, described: DescribedOperation, settings: CallSettings, inputs: CallInputs, until: Until
    ) -> None:
        # A call that fails is made again all the same, when it is time.
        calls = self._calls(described, replace(settings, retries=0))

        def exchange(seconds: float) -> Answer:
            return self._take(*calls(inputs, seconds=seconds)).answer

        def waiting(pause: object) -> AbstractContextManager[None]:
            if self.came is not None:
                self._show(self.came)
            return nullcontext() if calls.last is None else self._waiting(calls.last, pause)

        wait_until(
            exchange,
            until,
            retries=settings.retries,
            statuses=settings.retry_statuses,
            waiting=waiting,
            sleep_for=self._sleep,
        )

    # Pages

    def _call_pages(self, described: DescribedOperation, inputs: CallInputs, further: FurtherCalls) -> None:
        is_keyset_asked = further.all == "keyset"
        pages = document_pages(described, configured_rule(described), is_keyset_asked=is_keyset_asked)
        if pages.items is None and len(pages.candidates) > 1:
            raise no_list(described, pages.candidates)
        loop = PageLoop(
            described,
            inputs,
            pages,
            self._calls(described, self._settings),
            parse=read_json,
            max_items=further.max_items,
            is_keyset_asked=is_keyset_asked,
        )
        merging = _Merging(loop)
        try:
            for page in loop:
                merging.add(page)
                self._say(merging.progress)
                if merging.size > RENDER_LIMIT:
                    self.notes.append("There are more: the command line writes lists of any size")
                    break
        finally:
            self.came = merging.came
        self.notes += merging.notes(described)


class _Merging:
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
    def came(self) -> MadeAnswer | None:
        """The answer of all pages that came; None where none did."""
        first, last, place = self._first, self._last, self._loop.items
        if first is None:
            return None
        answer = first.answer
        if first.items is not None and last is not None and place is not None:
            text = merged_text(first.value, last.value, place, self._texts)
            body = text.encode("utf-8", "surrogatepass")
            answer = replace(answer, body=body, size=len(body))
        return MadeAnswer(first.call, answer, None if first.verdict is None else self._verdict)

    def notes(self, described: DescribedOperation) -> list[str]:
        """Return what is to be said of the list: why this is one page, or what is missing."""
        loop, first = self._loop, self._first
        if first is None or not 200 <= first.answer.status < 300:
            return []
        if first.items is None:
            error = no_list(described, loop.candidates, is_keyed=loop.is_keyed)
            return [f"This is one page: {error.message}. {error.why or error.hint}"]
        if loop.rule.kind == "none":
            return [f"This is one page: {loop.rule.why}"]
        if loop.left_out and loop.end is not None:
            of = f"{loop.count:,} of {loop.total:,} items came"
            return [f"{of}; the server gives no more: {loop.end.why}"]
        return [f"{counted(self._number, 'page')}, {counted(loop.count, 'item')}"]
