"""The check itself: round by round, planned, sent side by side, judged one by one."""

import time
from collections import deque
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from dynacli.check.check_records import Checked, Exchange, Planned, Value
from dynacli.check.planning.call_order import placeholders, rounds, sources
from dynacli.check.planning.chains import Chain
from dynacli.check.planning.harvest import Fits, Harvest
from dynacli.check.planning.linked_values import Links
from dynacli.check.planning.made_resources import Made
from dynacli.check.planning.plan_calls import Calls, Plan
from dynacli.check.running.dispatch import Dispatch
from dynacli.check.running.judge_answers import GONE, Judgement
from dynacli.check.running.prepare_calls import NotCalledError, Ready, make_ready
from dynacli.check.running.write_chains import Writing
from dynacli.client.call_settings import CallSettings
from dynacli.client.described_operation import DescribedOperation
from dynacli.environment import Environment
from dynacli.errors import DynacliError, TimedOutError
from dynacli.record import record

__all__ = ["Checkup", "Pace"]

_TICK = 0.1
"""Seconds between two looks at what is going on; Ctrl-C is felt at each."""
_LEAST_SILENCE = 4
"""Calls one after the other that get no answer in time, after which nobody waits for more, if nothing ever answered."""
_AFTER_ANSWERS = 4
"""How many times as many it takes where there were answers before."""


@record
class Pace:
    """How fast a check goes.

    Args:
        parallel: Calls at once.
        rate: Calls each second, 0 for any number.
        timeout: Seconds for one call.
        most: Calls of one operation.
        content_type: The media type of bodies; empty for the preferred one of each operation.
    """

    parallel: int = 4
    rate: float = 0.0
    timeout: float = 30.0
    most: int = 5
    content_type: str = ""


class Checkup:
    """One check of an API.

    Attributes:
        settings: How the calls are made, and their answers judged.
        is_interrupted: Whether Ctrl-C ended it before its time.
        has_sent: Whether a request may be on its way.
        remains: What was created and is still there, or may be: a sentence each.

    Args:
        commands: The operations to call.
        chains: Those that create something; what in them changes something is called as a part of them alone.
        last: The names of those that may change something.
        given: Operation → what the person gave for it.
        tell: Told of what goes on: calls that are done, those under way, those planned so far.
        seen: Given each call when it is over.
    """

    def __init__(
        self,
        env: Environment,
        commands: Sequence[DescribedOperation],
        *,
        chains: Sequence[Chain] = (),
        last: Iterable[str] = (),
        given: Mapping[str, list[Value]] | None = None,
        settings: CallSettings,
        pace: Pace,
        tell: Callable[[int, int, int], None] = lambda *_: None,
        seen: Callable[[Exchange], None] = lambda _: None,
    ) -> None:
        self._env, self._commands, self._given = env, commands, given or {}
        self.settings, self._pace, self._tell, self._seen = settings, pace, tell, seen
        self._by_name = {one.operation.name: one for one in commands}
        self._harvest = Harvest()
        self._links = {one.operation.name: Links(one) for one in commands}
        self._linked: dict[str, list[str]] = {}
        for name, links in self._links.items():
            for target in links.targets:
                self._linked.setdefault(target, []).append(name)
        self._chains = chains
        self._chained = {name for chain in chains for name in chain.writes}
        apart = [one for one in commands if one.operation.name not in self._chained]
        self._careful = set(last) - self._chained
        self._made = Made(self._by_name, self._careful, self._links, fits=self.fits, known=self.known)
        self._rounds = rounds(apart, self._linked, self._careful)
        self._judgements: dict[str, Judgement] = {}
        self._exchanges: dict[str, list[Exchange]] = {one.operation.name: [] for one in commands}
        self._waiting: deque[tuple[DescribedOperation, Planned]] = deque()
        self._spare: dict[str, deque[Planned]] = {}
        self._order: dict[str, list[Planned]] = {}
        self._skipped: dict[str, list[tuple[Planned | None, str, str]]] = {}
        self._dispatch: Dispatch[Exchange] = Dispatch(pace.parallel, pace.rate)
        self._done = self._planned = self._silence = 0
        self._has_answered = False
        self.is_interrupted = False
        self.has_sent = False
        self.remains: list[str] = []

    def plans(self) -> list[tuple[DescribedOperation, Calls]]:
        """Return each operation with its calls as far as they are known before anything is sent."""
        chained = [self._by_name[name] for chain in self._chains for name in chain.writes]
        return [(one, self._plan(one)) for each in [*self._rounds, chained] for one in each]

    def sources(self) -> dict[str, tuple[str, ...]]:
        """Return operation → those whose answers may give values for it: a collection that it is in, or a link."""
        return {name: tuple(found) for name, found in sources(self._commands, self._linked).items() if found}

    def run(self) -> tuple[Checked, ...]:
        """Call the operations, and return what became of each, in the order of the document."""
        from dynacli.wire.import_httpx import httpx  # noqa: F401  - before openapi-core, and before any thread needs it

        try:
            for commands in self._rounds:
                self._round(commands)
            if not self._is_silent:
                self._write()
        except KeyboardInterrupt:
            self.is_interrupted = True
        return tuple(self._checked(one) for one in self._commands)

    def _write(self) -> None:
        writing = Writing(self, self._by_name, self._chains)
        self.remains = writing.remains
        writing.run()

    def call(
        self, described: DescribedOperation, path: Sequence[Value], *, is_vital: bool = False
    ) -> Exchange | None:
        """Make one call and return it; None where it cannot be made.

        Args:
            path: Values of its path.
            is_vital: Whether it is waited for where Ctrl-C is pressed once; `is_interrupted` then says so.

        Raises:
            KeyboardInterrupt: Ctrl-C was pressed, of a vital call for the second time.
        """
        name = described.operation.name
        given = [*path, *self._given.get(name, [])]
        calls = Plan(described, self._harvest, given, 1).calls()
        if calls.missing:
            self.skip(name, calls.missing)
            return None
        planned = calls.planned[0]
        self._order.setdefault(name, []).append(planned)
        self._spare.setdefault(name, deque())
        self._planned += 1
        before = len(self._exchanges[name])
        time.sleep(self._dispatch.seconds_until_free or 0)
        self._start(described, planned)
        while self._dispatch.running:
            try:
                self._take(self._dispatch.take(_TICK))
                self._tell(self._done, self._dispatch.running, self._planned)
            except KeyboardInterrupt:
                if self.is_interrupted or not is_vital:
                    raise
                self.is_interrupted = True
            for exchange in self._exchanges[name][before:]:
                if exchange.planned is planned:
                    return exchange
        return None

    def skip(self, name: str, why: str) -> None:
        """Note why an operation is not called."""
        if name in self._by_name:
            self._skipped.setdefault(name, []).append((None, why, "values"))

    def fits(self, described: DescribedOperation) -> Fits:
        """Return what says whether a parameter of an operation takes a value."""
        return Plan(described, self._harvest, [], 1).fits

    def known(self, described: DescribedOperation) -> set[str]:
        """Return what stands at the end of an operation's path for things that earlier answers listed."""
        names = placeholders(described.operation.path)
        found = self._harvest.of_path(described.operation, self.fits(described))
        return {str(values[-1].value) for values in found if len(values) == len(names)}

    def links(self, described: DescribedOperation) -> Links:
        """Return the links of an operation's answers."""
        return self._links[described.operation.name]

    def _plan(self, described: DescribedOperation) -> Calls:
        name = described.operation.name
        made = self._made.values(described) if name in self._careful else None
        return Plan(described, self._harvest, self._given.get(name, []), self._pace.most, made).calls()

    def _round(self, commands: Iterable[DescribedOperation]) -> None:
        self._waiting.clear()
        for described in commands:
            name = described.operation.name
            calls = self._plan(described)
            self._order[name] = [*calls.planned, *calls.spare]
            self._spare[name] = deque(calls.spare)
            if calls.missing:
                self._skipped[name] = [(None, calls.missing, "values")]
            self._waiting.extend((described, one) for one in calls.planned)
        self._planned += len(self._waiting)
        waiting = self._waiting
        while waiting or self._dispatch.running:
            if self._is_silent:
                waiting.clear()
            pause = self._dispatch.seconds_until_free
            if waiting and pause == 0 and self._is_turn_of(waiting[0][0]):
                self._start(*waiting.popleft())
                continue
            wait = min(pause, _TICK) if pause and waiting else _TICK
            if self._dispatch.running:
                self._take(self._dispatch.take(wait))
            else:
                time.sleep(wait)
            self._tell(self._done, self._dispatch.running, self._planned)

    def _is_turn_of(self, described: DescribedOperation) -> bool:
        """Return whether a call may begin beside what is under way: what changes something waits for its end."""
        return not self._dispatch.running or described.operation.name not in self._careful

    @property
    def _is_silent(self) -> bool:
        """Whether the server seems to hang: each call more would take the whole time limit."""
        most = max(self._pace.parallel, _LEAST_SILENCE) * (_AFTER_ANSWERS if self._has_answered else 1)
        return self._silence >= most

    def _start(self, described: DescribedOperation, planned: Planned) -> bool:
        """Begin a call; return whether it can be made."""
        name = described.operation.name
        try:
            ready = make_ready(
                self._env,
                described,
                planned,
                self.settings,
                self._pace.content_type,
                self._judgement(described),
            )
        except NotCalledError as error:
            self._skipped.setdefault(name, []).append((planned, error.reason, error.kind))
            self._done += 1
            return False
        self.has_sent = True
        timeout = self._pace.timeout
        self._dispatch.start(lambda: _exchange(ready, timeout))
        return True

    def _judgement(self, described: DescribedOperation) -> Judgement | None:
        if self.settings.level == "off":
            return None
        name = described.operation.name
        if name not in self._judgements:
            self._judgements[name] = Judgement(described.api, described.operation, self.settings)
        return self._judgements[name]

    def _take(self, exchange: Exchange | None) -> Exchange | None:
        """Judge a call that is over, and keep what it gives to others."""
        if exchange is None:
            return None
        self._done += 1
        self._has_answered = self._has_answered or exchange.answer is not None
        self._silence = self._silence + 1 if isinstance(exchange.error, TimedOutError) else 0
        name = exchange.operation
        judgement = self._judgements.get(name)
        if judgement is not None and exchange.answer is not None:
            verdict = judgement.response(exchange.planned, exchange.answer, cut=exchange.cut)
            is_judged = verdict is not None and judgement.says_something(exchange.answer)
            exchange = _with(exchange, verdict=verdict, is_judged=is_judged)
        self._exchanges[name].append(exchange)
        described = self._by_name[name]
        self._seen(exchange)
        self._made.take(exchange)
        self._harvest.take(described.operation, exchange)
        for target, values in self._links[name].values(exchange):
            self._harvest.take_link(target, values)
        spare = self._spare.get(name)
        if spare and self._finds_nothing(name):
            self._waiting.append((described, spare.popleft()))
            self._planned += 1
        return exchange

    def _finds_nothing(self, name: str) -> bool:
        """Tell whether the server knows nothing of what was asked for, and nothing else is under way."""
        answers = [one.answer for one in self._exchanges[name]]
        is_last = not any(one.operation.name == name for one, _ in self._waiting)
        return is_last and all(one is not None and one.status in GONE for one in answers)

    def _checked(self, described: DescribedOperation) -> Checked:
        name = described.operation.name
        order = self._order.get(name, [])
        places = {id(one): number for number, one in enumerate(order)}
        exchanges = sorted(self._exchanges[name], key=lambda one: places.get(id(one.planned), len(order)))
        skipped = self._skipped.get(name, [])
        unsent = tuple((planned, why) for planned, why, _ in skipped if planned is not None)
        if exchanges:
            return Checked(described.operation, tuple(exchanges), unsent=unsent)
        if skipped:
            _, why, kind = skipped[0]
            return Checked(described.operation, (), why, kind, unsent)
        why = (
            "the server stopped answering in time" if self._is_silent else "the check was interrupted before"
        )
        return Checked(described.operation, (), why, "interrupted")


def _exchange(ready: Ready, timeout: float) -> Exchange:
    """Send a call; for a thread of its own."""
    from dynacli.check.running.receive_answer import Arrival
    from dynacli.transport.send import Budget, send

    signed = ready.signed
    exchange = Exchange(
        ready.planned,
        signed.request,
        signed.shown,
        signed.masker,
        body=_json_of(ready.values),
        started=time.time(),
    )
    start, arrival = time.monotonic(), Arrival()
    try:
        answer = send(signed.request, Budget(timeout), lambda: None, arrival)
    except DynacliError as error:
        begun = arrival.begun() if isinstance(error, TimedOutError) else None
        if begun is None:
            return _with(exchange, error=signed.masker.mask_error(error), seconds=time.monotonic() - start)
        answer = begun
    cut = (
        f"the stream went on after {answer.seconds:.1f} s: what came later is not judged"
        if arrival.is_cut
        else ""
    )
    return _with(exchange, answer=answer, seconds=answer.seconds, cut=cut)


def _json_of(values: Any) -> Any:
    """Return the JSON value of a body, as far as it is one."""
    import json

    if values.form is not None:
        return values.form
    if not isinstance(values.body, bytes) or not values.body:
        return None
    try:
        return json.loads(values.body)
    except (ValueError, RecursionError):
        return None


def _with(exchange: Exchange, **changes: Any) -> Exchange:
    from dataclasses import replace

    return replace(exchange, **changes)
