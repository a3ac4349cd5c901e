"""Calls that are made one after the other: links that are followed, and a wait at the end."""

import time
from collections.abc import Callable, Sequence
from typing import NamedTuple

from dynacli.catalog.store.catalog_file import DamagedCatalogError
from dynacli.client.call_settings import CallSettings
from dynacli.client.described_operation import DescribedOperation
from dynacli.client.engine.call_engine import Engine, MadeCall
from dynacli.client.engine.call_events import CallFailed, Retrying
from dynacli.client.inputs.call_inputs import CallInputs
from dynacli.client.links.follow_link import (
    FollowedLink,
    followed_inputs,
    link_of_answer,
    missing_link,
    settings_for,
)
from dynacli.client.wait_until import Until, WaitPause, wait_until
from dynacli.errors import AuthError, DocumentError, FormError, UsageError
from dynacli.record import replace

__all__ = ["NextCall", "Series", "followed_link", "next_call"]

sleep = time.sleep


class NextCall(NamedTuple):
    """The call that a link leads to."""

    described: DescribedOperation
    inputs: CallInputs
    settings: CallSettings


class Series:
    """Calls of which the last answer is the result.

    Attributes:
        last: The latest call that was answered; None before the first one.

    Args:
        follow: The links that are followed, one after the other.
        until: What the last call is repeated for; None to make it once.
        wants_example: Whether what a call requires and no link fills is made up.
        ends_with_findings: Whether no link of an answer is followed that breaks the document.
        on_next: Called with an answer and the operation of the call that follows, before that is made.
        sleep: Waits for so many seconds, and may raise what ends the wait; None for the system's own.
    """

    def __init__(
        self,
        engine: Engine,
        *,
        follow: Sequence[str] = (),
        until: Until | None = None,
        wants_example: bool = False,
        ends_with_findings: bool = False,
        on_next: Callable[[MadeCall, DescribedOperation], object] = lambda made, described: None,  # noqa: ARG005
        sleep: Callable[[float], object] | None = None,
    ) -> None:
        self._engine, self._follow, self._until, self._sleep = engine, follow, until, sleep
        self._on_next = on_next
        self._wants_example, self._ends_with_findings = wants_example, ends_with_findings
        self.last: MadeCall | None = None

    def make(self, described: DescribedOperation, inputs: CallInputs) -> MadeCall:
        """Make the calls, and return the last one.

        Raises:
            NeverTrueError: What is waited for did not come true in time.
            FormError: An answer has no such link, or lacks what the next call takes from it, or that cannot be made.
            DynacliError: A call fails.
        """
        try:
            return self._make(described, inputs)
        except (UsageError, AuthError, DocumentError) as error:
            # Their exit codes say that nothing was sent.
            if self.last is None:
                raise
            why = ": ".join(text for text in (error.message, error.why) if text)
            raise FormError("The next call cannot be made", why=why, hint=error.hint) from error
        except DamagedCatalogError as damage:
            from dynacli.client.damaged_cache import explain_damage

            explain_damage(damage, has_sent=self.last is not None)

    def _make(self, described: DescribedOperation, inputs: CallInputs) -> MadeCall:
        settings = self._engine.settings
        for name in self._follow:
            self.last = made = self._engine.make(described, inputs, settings)
            link = followed_link(made, name)
            is_wrong = made.verdict is not None and not made.verdict.is_valid
            if link is None or (is_wrong and self._ends_with_findings):
                return made
            described, inputs, settings = next_call(made, link, wants_example=self._wants_example)
            self._on_next(made, described)
        if self._until is None:
            self.last = self._engine.make(described, inputs, settings)
            return self.last
        return self._wait(described, inputs, settings, self._until)

    def _wait(
        self, described: DescribedOperation, inputs: CallInputs, settings: CallSettings, until: Until
    ) -> MadeCall:
        # A call that fails is made again all the same, when it is time.
        single = replace(settings, retries=0)

        def exchange(seconds: float) -> MadeCall:
            self.last = self._engine.make(described, inputs, single, seconds=seconds)
            return self.last

        def pause(pause: WaitPause) -> None:
            call = self._engine.latest
            if call is not None:
                self._engine.tell(Retrying(call, pause))
            try:
                (self._sleep or sleep)(pause.seconds)
            except BaseException as error:
                if call is not None:
                    self._engine.tell(CallFailed(call, error))
                raise

        return wait_until(
            exchange,
            until,
            retries=settings.retries,
            statuses=settings.retry_statuses,
            wait=pause,
        )


def followed_link(made: MadeCall, name: str) -> FollowedLink | None:
    """Return the link of a name that an answer has; None where an answer that is no success has none.

    Raises:
        FormError: An answer that is a success has none.
    """
    described, status = made.call.described, made.answer.status
    link = link_of_answer(described, name, status)
    if link is None and 200 <= status < 300:
        raise missing_link(described, name, status)
    return link


def next_call(made: MadeCall, link: FollowedLink, *, wants_example: bool = False) -> NextCall:
    """Return the call that a link of an answer leads to.

    Args:
        wants_example: Whether what is required and the link does not fill is made up.

    Raises:
        FormError: The answer lacks what the link takes from it.
    """
    if link.target is None:
        raise UsageError(f"The link `{link.name}` leads to no call", why=link.note)
    inputs = followed_inputs(link, made.call, made.answer, wants_example=wants_example)
    return NextCall(link.target, inputs, settings_for(link, made.call.settings))
