"""The run of a check: round by round, it plans calls, sends them in parallel, and validates the responses."""

import time
from collections import deque
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import NamedTuple

from dynacli.client.call import Call
from dynacli.client.call_settings import CallSettings, settings_of
from dynacli.client.described_operation import DescribedOperation
from dynacli.client.engine.call_engine import Engine
from dynacli.client.inputs.query_pairs import for_further_calls
from dynacli.client.links.follow_link import sent_json
from dynacli.client.parallel_calls import Dispatcher, noting_interrupt
from dynacli.environment import Environment
from dynacli.errors import BrokenResponseError, DynacliError, TimedOutError
from dynacli.features.check._call_planner import (
    CallPlanner,
    NotCalledError,
    OperationPlan,
    ResponseValues,
    prepare_call,
)
from dynacli.features.check.check_records import TIMEOUT, CheckedOperation, Exchange, InputValue, PlannedCall
from dynacli.features.check.input_values import known_ids_for_body
from dynacli.features.check.operation_validator import GONE, OperationValidator, ResponseReader
from dynacli.features.check.resource_chains import ChainRunner, CreatedResources, ResourceChain, ResponseLinks
from dynacli.features.check.select_operations import READING_METHODS, call_rounds, value_sources
from dynacli.openapi.model.acting_names import acting_word
from dynacli.openapi.model.operation import Operation
from dynacli.options.standard_options import Options
from dynacli.record import record
from dynacli.registry.opened_api import OpenedApi
from dynacli.validation.finding import Finding

_TICK = 0.1
"""Interval in seconds at which the main thread wakes up and can notice Ctrl-C."""
_MAX_TIMEOUTS = 4
"""Number of consecutive timeouts after which the check stops, if no call ever got a response."""
_PATIENCE_AFTER_RESPONSES = 4
"""Factor for that number if some call got a response."""
_LEAST_RETRIES = 2
"""Minimum number of retries of a removal, so that no resource is left over."""


def _make_exchange(engine: Engine, planned: PlannedCall, call: Call) -> Exchange:
    """Send a call, and return the exchange; can run in another thread."""
    signed = call.signed
    exchange = Exchange(
        planned,
        signed.request,
        signed.shown,
        signed.masker,
        sent_json=sent_json(call.values),
        started=time.time(),
    )
    start, reader = time.monotonic(), ResponseReader()
    try:
        response = engine.send(call, reader)
    except DynacliError as error:
        partial = reader.partial_response() if isinstance(error, TimedOutError) else None
        if partial is None:
            return replace(exchange, error=error, seconds=time.monotonic() - start)
        response = partial
    cut_reason = ""
    if reader.is_cut:
        cut_reason = f"the stream went on after {response.seconds:.1f} s: what came later is not validated"
    # The call may have waited for the rate limit before it was sent.
    started = time.time() - response.seconds
    return replace(
        exchange, response=response, started=started, seconds=response.seconds, cut_reason=cut_reason
    )


@record
class CheckSettings:
    """Settings of a check.

    Args:
        parallel: Number of parallel calls.
        max_calls: Maximum number of calls of one operation.
        content_type: The media type of bodies; empty for the preferred one of each operation.
        has_probes: Whether to send probes, which the server must refuse.
    """

    parallel: int = 4
    max_calls: int = 5
    content_type: str = ""
    has_probes: bool = False


def settings_of_check(env: Environment, api: OpenedApi, options: Options) -> CallSettings:
    """Return the settings of the calls of a check; the default validation level is `exact`.

    Raises:
        DynacliError: `settings_of` fails.
    """
    settings = for_further_calls(settings_of(env, api, options, default_level="exact"))
    # A broken connection is a finding, so it is not retried. A call that may change something is made only once.
    return replace(
        settings,
        timeout=settings.timeout or TIMEOUT,
        may_retry_lost=False,
        may_retry_unsafe=False,
        cache=None,
    )


class _Skip(NamedTuple):
    """The reason why an operation was not called, or one of its planned calls was not made."""

    reason: str
    kind: str
    planned: PlannedCall | None = None


class CheckRun:
    """One check of an API.

    Attributes:
        call_settings: Settings of the calls and of the validation of their responses.
        is_interrupted: Whether Ctrl-C ended the check early.
        has_sent: Whether a request may have been sent.
        left_out_probes: Number of probes that were not sent because of the limit.
        leftovers: A sentence for each created resource that was not removed, or may exist.

    Args:
        operations: The operations to call.
        call_settings: Settings of the calls; the timeout is the limit of each call.
        check_settings: Settings of the check.
        chains: Chains to run; the changing operations in them are called only there.
        changing_names: The names of operations that may change something; they are called last.
        preset: Operation → the values that you set for it.
        on_progress: Function that gets the numbers of calls that are done, in progress, and planned so far.
        on_exchange: Function that gets each call when it is done.
    """

    def __init__(
        self,
        env: Environment,
        operations: Sequence[DescribedOperation],
        call_settings: CallSettings,
        check_settings: CheckSettings,
        *,
        chains: Sequence[ResourceChain],
        changing_names: Iterable[str],
        preset: Mapping[str, Sequence[InputValue]],
        on_progress: Callable[[int, int, int], None],
        on_exchange: Callable[[Exchange], None],
    ) -> None:
        self._operations, self._preset = operations, preset
        self._engine = Engine(env, call_settings)
        self.call_settings, self._check_settings = call_settings, check_settings
        self._on_progress, self._on_exchange = on_progress, on_exchange
        self._by_name = {described.operation.name: described for described in operations}
        self._responses = ResponseValues()
        self._links = {name: ResponseLinks(described) for name, described in self._by_name.items()}
        self._linked_from: dict[str, list[str]] = {}
        for name, links in self._links.items():
            for target in links.targets:
                self._linked_from.setdefault(target, []).append(name)
        self._chains = chains
        in_chains = {name for chain in chains for name in chain.changing}
        self._changing = set(changing_names) - in_chains
        self._created = CreatedResources(self._by_name, self._changing, self._links, self._responses)
        outside = [described for described in operations if described.operation.name not in in_chains]
        self._rounds = call_rounds(outside, self._linked_from, self._changing)
        self._validators: dict[str, OperationValidator] = {}
        self._exchanges: dict[str, list[Exchange]] = {name: [] for name in self._by_name}
        self._waiting: deque[tuple[DescribedOperation, PlannedCall]] = deque()
        self._spare_calls: dict[str, deque[PlannedCall]] = {}
        self._order: dict[str, list[PlannedCall]] = {}
        self._skips: dict[str, list[_Skip]] = {}
        self._dispatcher: Dispatcher[Exchange] = Dispatcher(check_settings.parallel)
        self._done_count = self._planned_count = self._timeouts_in_a_row = 0
        self._has_responded = False
        self.is_interrupted = False
        self.has_sent = False
        self.left_out_probes = 0
        self._probes: dict[str, list[Exchange]] = {}
        self.leftovers: list[str] = []

    def plans(self) -> list[tuple[Operation, OperationPlan]]:
        """Return each operation with the calls that can be planned before anything is sent."""
        in_chains = [self._by_name[name] for chain in self._chains for name in chain.changing]
        return [
            (described.operation, self._plan(described))
            for item in [*self._rounds, in_chains]
            for described in item
        ]

    def sources(self) -> dict[str, list[str]]:
        """Return operation → the operations whose collections or links may supply values for it."""
        return value_sources(self._operations, self._linked_from)

    def repeat(self, settings: CallSettings) -> list[tuple[Exchange, Exchange | DynacliError]]:
        """Repeat the read-only calls that got a complete response, with other settings.

        Returns:
            Each call, with its repetition or the error of that.
        """
        engine = Engine(self._engine.env, settings)
        exchanges = [
            exchange
            for described in self._operations
            for exchange in self._checked(described).exchanges
            if described.operation.method in READING_METHODS and exchange.response is not None
            if not (acting_word(described.operation) or exchange.cut_reason)
        ]
        again: dict[int, Exchange | DynacliError] = {}
        self._planned_count += len(exchanges)
        try:
            self._repeat(engine, deque(exchanges), again)
        except KeyboardInterrupt:
            self.is_interrupted = True
        made = ((exchange, again.get(id(exchange.planned))) for exchange in exchanges)
        return [(exchange, found) for exchange, found in made if found is not None]

    def _repeat(
        self, engine: Engine, waiting: deque[Exchange], again: dict[int, Exchange | DynacliError]
    ) -> None:
        """Repeat calls in parallel, and put each result into `again`, by the identity of the planned call."""
        while waiting or self._dispatcher.running:
            if waiting and self._dispatcher.is_free:
                planned = waiting.popleft().planned
                described = self._by_name[planned.operation_name]
                try:
                    call = prepare_call(
                        engine, described, planned, engine.settings, self._check_settings.content_type
                    )
                except NotCalledError as error:
                    again[id(planned)] = error.error
                    self._done_count += 1
                    continue
                self._dispatcher.start(partial(_make_exchange, engine, planned, call))
                continue
            exchange = self._dispatcher.take(_TICK)
            if exchange is not None:
                self._done_count += 1
                self._on_exchange(exchange)
                again[id(exchange.planned)] = exchange if exchange.error is None else exchange.error
            self._report_progress()

    def possible_probes(self) -> dict[str, list[str]]:
        """Return operation → the kinds of probes that it may get; empty without probes."""
        if not self._check_settings.has_probes:
            return {}
        from dynacli.features.check.probes import possible_probes

        return possible_probes(described.operation for described in self._operations)

    def run(self) -> tuple[CheckedOperation, ...]:
        """Call the operations, and return their results in the order of the document."""
        from dynacli.http.import_httpx import httpx  # noqa: F401  - before openapi-core, and before any thread needs it

        try:
            for operations in self._rounds:
                self._run_round(operations)
            if not self._is_silent and self._check_settings.has_probes and self.call_settings.level != "off":
                self._run_probes()
            if not self._is_silent:
                chain_runner = ChainRunner(self, self._by_name, self._chains, self._responses, self._links)
                self.leftovers = chain_runner.leftovers
                with noting_interrupt(self._note_interrupt):
                    chain_runner.run()
        except KeyboardInterrupt:
            self.is_interrupted = True
        return tuple(self._checked(described) for described in self._operations)

    @property
    def order(self) -> tuple[str, ...]:
        """The names of the operations outside of chains, in the order of their calls."""
        return tuple(described.operation.name for item in self._rounds for described in item)

    def run_operation(self, name: str) -> CheckedOperation:
        """Call one operation after the operations that may supply values for it, unless those were called before.

        Returns:
            The results of the operation.
        """
        from dynacli.http.import_httpx import httpx  # noqa: F401  - as in `run`

        sources = self.sources()
        wanted, waiting = {name}, [name]
        while waiting:
            found = set(sources.get(waiting.pop(), ())) - wanted
            wanted |= found
            waiting.extend(found)
        for operations in self._rounds:
            names = [described.operation.name for described in operations]
            self._run_round(
                described
                for described in operations
                if described.operation.name in wanted and described.operation.name not in self._order
            )
            if name in names:
                break
        return self._checked(self._by_name[name])

    def _note_interrupt(self) -> None:
        self.is_interrupted = True

    def call(
        self,
        described: DescribedOperation,
        path_values: Sequence[InputValue],
        *,
        body_values: Sequence[InputValue] = (),
        is_vital: bool = False,
        may_repeat: bool = False,
    ) -> Exchange | None:
        """Make one call and return it; None if it cannot be made.

        Args:
            path_values: Values of its path parameters.
            body_values: Values for fields of its body.
            is_vital: Whether to wait for the response even after a first Ctrl-C.
            may_repeat: Whether to retry it after a temporary failure, although it changes something.

        Raises:
            KeyboardInterrupt: Ctrl-C was pressed, or pressed twice during a vital call.
        """
        name = described.operation.name
        preset = [*path_values, *self._preset.get(name, ())]
        plan = CallPlanner(described, self._responses, preset, 1, body_values=body_values).plan()
        if plan.skip_reason:
            self.skip(name, plan.skip_reason)
            return None
        planned = plan.calls[0]
        self._order.setdefault(name, []).append(planned)
        self._spare_calls.setdefault(name, deque())
        self._planned_count += 1
        earlier = len(self._exchanges[name])
        self._start(described, planned, may_repeat=may_repeat)
        while self._dispatcher.running:
            self._take_exchange()
            self._report_progress()
            if self.is_interrupted and not is_vital:
                raise KeyboardInterrupt
            for exchange in self._exchanges[name][earlier:]:
                if exchange.planned is planned:
                    return exchange
        return None

    def unanswered_reads(self, item_path: str) -> list[DescribedOperation]:
        """Return the read-only operations below the path of an item that have no successful call so far.

        Omit the operations of chains. `/things/{key}/log` is not below `/things/{id}`, because the server may
        accept only one of the two identifiers.

        Args:
            item_path: The path of the item, with the names of its parameters.
        """
        in_chains = {name for chain in self._chains for name in chain.steps}
        return [
            described
            for name, described in self._by_name.items()
            if name not in in_chains
            and described.operation.method in READING_METHODS
            and described.operation.path.startswith(f"{item_path.removesuffix('/')}/")
            and not any(exchange.is_success for exchange in self._exchanges[name])
        ]

    def answerable_reads(self, item_path: str) -> list[DescribedOperation]:
        """Return the read-only operations on one kind of resource that may succeed with values from new responses.

        They have other paths, such as `/things/name/{name}` and `/ui/things/{id}` for `/things/{}`. No call of them
        succeeded so far, or had the same values.

        Args:
            item_path: The path of such a resource: a template whose parameters have no names.
        """
        segment = item_path.rpartition("/")[0].rpartition("/")[2]
        in_chains = {name for chain in self._chains for name in chain.steps}
        found = []
        for name, described in self._by_name.items():
            operation, exchanges = described.operation, self._exchanges[name]
            if (
                name in in_chains
                or operation.method not in READING_METHODS
                or segment not in operation.path.split("/")
                or any(exchange.is_success for exchange in exchanges)
            ):
                continue
            calls = self._plan(described).calls[:1]
            values = [value for call in calls for value in call.values if value.location == "path"]
            is_new = all(
                call.path_values != exchange.planned.path_values for call in calls for exchange in exchanges
            )
            if values and is_new and all(value.origin == "response" for value in values):
                found.append(described)
        return found

    def skip(self, name: str, reason: str) -> None:
        """Record the reason why an operation is not called."""
        if name in self._by_name:
            self._skips.setdefault(name, []).append(_Skip(reason, "values"))

    def _plan(self, described: DescribedOperation) -> OperationPlan:
        name = described.operation.name
        created = self._created.path_values(described) if name in self._changing else None
        preset, max_calls = self._preset.get(name, ()), self._check_settings.max_calls
        # Only read-only operations may get the ids of existing resources.
        ids = known_ids_for_body(described, self._responses) if created is None else ()
        return CallPlanner(described, self._responses, preset, max_calls, created, ids).plan()

    def _run_round(self, operations: Iterable[DescribedOperation]) -> None:
        self._waiting.clear()
        for described in operations:
            name = described.operation.name
            plan = self._plan(described)
            self._order[name] = [*plan.calls, *plan.spare_calls]
            self._spare_calls[name] = deque(plan.spare_calls)
            if plan.skip_reason:
                self._skips[name] = [_Skip(plan.skip_reason, "values")]
            self._waiting.extend((described, planned) for planned in plan.calls)
        self._planned_count += len(self._waiting)
        waiting = self._waiting
        while waiting or self._dispatcher.running:
            if self._is_silent:
                waiting.clear()
            if waiting and self._dispatcher.is_free and self._may_start(waiting[0][0]):
                self._start(*waiting.popleft())
                continue
            if self._dispatcher.running:
                self._take_exchange()
            self._report_progress()

    def _run_probes(self) -> None:
        """Send the probes, which the server must refuse."""
        from dynacli.features.check.probes import plan_probes, prepare_probe, validate_probe

        planned, self.left_out_probes = plan_probes(
            [self._checked(operation) for operation in self._operations]
        )
        waiting = deque(planned)
        wrongs: dict[int, Finding | None] = {}
        self._planned_count += len(planned)
        summaries = self._operations[0].api.catalog.summaries() if planned else []
        while waiting or self._dispatcher.running:
            if waiting and self._dispatcher.is_free:
                probe = waiting.popleft()
                name = probe.operation_name
                described, validator = self._by_name[name], self._validator_of(self._by_name[name])
                found = prepare_probe(self._engine, described, probe, validator, summaries)
                if found is None:
                    self._done_count += 1
                    continue
                probe, call, wrong = found
                wrongs[id(probe)] = wrong
                self._dispatcher.start(partial(_make_exchange, self._engine, probe, call))
                continue
            exchange = self._dispatcher.take(_TICK)
            if exchange is not None:
                self._done_count += 1
                self._on_exchange(exchange)
                name, wrong = exchange.operation_name, wrongs[id(exchange.planned)]
                described, validator = self._by_name[name], self._validators[name]
                validated = validate_probe(
                    exchange, described, self.call_settings, validator, summaries, wrong
                )
                self._probes.setdefault(name, []).append(validated)
            self._report_progress()

    def _validator_of(self, described: DescribedOperation) -> OperationValidator:
        name = described.operation.name
        if name not in self._validators:
            self._validators[name] = OperationValidator(
                described.api, described.operation, self.call_settings
            )
        return self._validators[name]

    def _may_start(self, described: DescribedOperation) -> bool:
        """Return whether a call may start now: one that may change something waits until no other call runs."""
        return not self._dispatcher.running or described.operation.name not in self._changing

    @property
    def _is_silent(self) -> bool:
        """Whether the server seems to hang, so that each further call would time out."""
        most = max(self._check_settings.parallel, _MAX_TIMEOUTS)
        return self._timeouts_in_a_row >= most * (_PATIENCE_AFTER_RESPONSES if self._has_responded else 1)

    def _start(
        self, described: DescribedOperation, planned: PlannedCall, *, may_repeat: bool = False
    ) -> None:
        """Start a call, or record the reason why it cannot be made."""
        name, content_type = described.operation.name, self._check_settings.content_type
        validator = self._validator_of(described) if self.call_settings.level != "off" else None
        settings = self.call_settings
        if may_repeat:
            retries = max(settings.retries, _LEAST_RETRIES)
            settings = replace(settings, may_retry_unsafe=True, may_retry_lost=True, retries=retries)
        try:
            call = prepare_call(self._engine, described, planned, settings, content_type, validator)
        except NotCalledError as error:
            self._skips.setdefault(name, []).append(_Skip(error.reason, error.kind, planned))
            self._done_count += 1
            return
        self.has_sent = True
        self._dispatcher.start(lambda: _make_exchange(self._engine, planned, call))

    def _take_exchange(self) -> None:
        """Wait for the next call to end, validate it, and store its values for later calls."""
        exchange = self._dispatcher.take(_TICK)
        if exchange is None:
            return
        self._done_count += 1
        self._has_responded = self._has_responded or exchange.response is not None
        is_timeout = isinstance(exchange.error, TimedOutError)
        self._timeouts_in_a_row = self._timeouts_in_a_row + 1 if is_timeout else 0
        name = exchange.operation_name
        validator = self._validators.get(name)
        if validator is not None and exchange.response is not None:
            validation = validator.response(exchange, exchange.response)
            exchange = replace(
                exchange, validation=validation, is_validated=validator.is_described(exchange.response)
            )
        elif validator is not None and isinstance(exchange.error, BrokenResponseError):
            exchange = replace(exchange, validation=validator.broken_off())
        self._exchanges[name].append(exchange)
        described = self._by_name[name]
        self._on_exchange(exchange)
        self._created.add(exchange)  # first, because the next lines make its values known
        is_unknown = exchange.response is not None and exchange.response.status in GONE
        self._responses.add_status(described.operation, exchange, is_unknown=is_unknown)
        self._responses.add_response(described.operation, exchange)
        for target, values in self._links[name].values(exchange):
            self._responses.add_link(target, values)
        spare_calls = self._spare_calls.get(name)
        if spare_calls and self._is_all_gone(name):
            self._waiting.append((described, spare_calls.popleft()))
            self._planned_count += 1

    def _report_progress(self) -> None:
        self._on_progress(self._done_count, self._dispatcher.running, self._planned_count)

    def _is_all_gone(self, name: str) -> bool:
        """Return whether all calls of an operation got 404 or 410, and no call of it is waiting."""
        is_waiting = any(described.operation.name == name for described, _ in self._waiting)
        responses = [exchange.response for exchange in self._exchanges[name]]
        return not is_waiting and all(
            response is not None and response.status in GONE for response in responses
        )

    def _checked(self, described: DescribedOperation) -> CheckedOperation:
        name, operation = described.operation.name, described.operation
        order = self._order.get(name, [])
        positions = {id(planned): number for number, planned in enumerate(order)}
        exchanges = sorted(
            self._exchanges[name], key=lambda exchange: positions.get(id(exchange.planned), len(order))
        )
        skips = self._skips.get(name, [])
        unsent = tuple((skip.planned, skip.reason) for skip in skips if skip.planned is not None)
        probes = tuple(self._probes.get(name, ()))
        if exchanges:
            return CheckedOperation(operation, tuple(exchanges), unsent=unsent, probes=probes)
        if skips:
            return CheckedOperation(operation, (), skips[0].reason, skips[0].kind, unsent, probes)
        reason = (
            "the server stopped responding in time" if self._is_silent else "the check was interrupted before"
        )
        return CheckedOperation(operation, (), reason, "interrupted")
