"""The application of a plan: it checks all conditions again, and sends the requests once, in their order.

Nothing that changes anything is sent until all checks have passed, the user has agreed, and the start is recorded.
"""

import time
from collections.abc import Callable, Iterator
from shlex import quote
from typing import Any

from dynacli.client.call import Call, RowResult
from dynacli.client.call_settings import CallSettings, settings_of
from dynacli.client.damaged_cache import explain_damage
from dynacli.client.described_operation import DescribedOperation
from dynacli.client.engine.call_engine import NOTHING_SENT, Engine
from dynacli.client.inputs.call_inputs import CallValues, QueryPair
from dynacli.client.responses.compare_calls import schemas_by_place, time_places
from dynacli.client.responses.compare_responses import (
    ComparedResponse,
    ComparisonRules,
    Difference,
    compare_responses,
)
from dynacli.client.row_result import received_result
from dynacli.environment import Environment, invocation
from dynacli.errors import DynacliError, FileError, RefusedError, UsageError
from dynacli.features.plans.make_plan import (
    account_of,
    is_for_person,
    operation_digest,
    planning,
    read_state,
    reading_of,
    request_json,
    with_etag,
)
from dynacli.features.plans.plan import Plan, PlannedRequest, StateBefore, instant
from dynacli.features.plans.plan_store import (
    ApplyRecord,
    check_new_result,
    plan_key,
    recording,
    write_result,
)
from dynacli.http.payload import Payload
from dynacli.media.text_values import BodySchema
from dynacli.openapi.catalog.catalog_file import DamagedCatalogError
from dynacli.openapi.model.wording import counted, enumerated
from dynacli.options.standard_options import Options
from dynacli.record import record, replace
from dynacli.registry.opened_api import OpenedApi
from dynacli.registry.record_call import api_key
from dynacli.text.exact_json import compact_json
from dynacli.text.terminal import visible
from dynacli.text.wrapping import shortened

_CLOCK_SECONDS = 60
"""Maximum seconds by which the clock may have been set back since a plan was made."""
_AGAIN = "Make the plan again, and read it before you apply it"
_MOST_NAMED = 3


def apply_settings(env: Environment, plan: Plan, api: OpenedApi, options: Options) -> CallSettings:
    """Return the settings for the requests of a plan.

    The server of the plan is not from the command line of this run, so it adds no origin for credentials.

    Args:
        options: The options of the caller for time limits, retries and accepted origins. The rest is from the plan.

    Raises:
        RefusedError: Another profile is in use.
    """
    settings = settings_of(
        env,
        api,
        replace(
            options,
            profile=plan.profile,
            header=tuple(f"{name}:{value}" for name, value in plan.headers),
            auth=plan.auth,
            validate=plan.level,
            cache="off",
        ),
    )
    if settings.profile != plan.profile:
        raise _moved(plan, "profile", plan.profile or "none", settings.profile or "none")
    if plan.server:
        settings = replace(settings, server=plan.server)
    if plan.server or plan.server_variables:
        variables = {} if plan.server else dict(settings.server_variables)
        settings = replace(
            settings, server_variables=tuple({**variables, **dict(plan.server_variables)}.items())
        )
    return planning(settings)  # the person agrees to the whole plan


def _check_times(plan: Plan) -> None:
    """Check that a plan is valid at this time.

    Raises:
        RefusedError: The plan has expired, or the clock is earlier than its creation.
    """
    now = time.time()
    if now >= plan.expires_at:
        raise RefusedError(
            f"The plan `{plan.name}` has expired",
            reason=f"It was valid until {instant(plan.expires_at)}",
            hint=_AGAIN,
        )
    if now < plan.made_at - _CLOCK_SECONDS:
        raise RefusedError(
            f"The plan `{plan.name}` is not applied",
            reason=f"It was made at {instant(plan.made_at)}, and the clock of this machine says {instant(now)}",
            hint="Set the clock",
        )


def _moved(plan: Plan, what: str, before: str, now: str) -> RefusedError:
    """Return the error about something that has changed since the plan was made."""
    return RefusedError(
        f"The plan `{plan.name}` no longer matches: another {what}",
        reason=f"It was {before}, and is now {now}",
        hint=_AGAIN,
        changed=what,
    )


@record
class AppliedPlan:
    """The result of applying a plan.

    Args:
        plan: The plan.
        results: The results of the requests that were sent in this run, in their order.
        error: The error that stopped it, or the first mismatch of a response; None if there was none.
        text: The progress so far, in a sentence without its period.
        is_complete: Whether all requests of the plan succeeded, in this run or before.
        is_interrupted: Whether Ctrl-C ended this run.
        path: The path of the file with the result; empty if it could not be written.
    """

    plan: Plan
    results: tuple[RowResult, ...]
    error: DynacliError | None
    text: str
    is_complete: bool
    is_interrupted: bool = False
    path: str = ""

    def lines(self) -> Iterator[str]:
        """Yield a line for each result: its row, its status, and the request."""
        labels = {request.row: f"{request.operation}  {request.label}" for request in self.plan.requests}
        for result in self.results:
            yield visible(f"{result.row}  {result.status or 'no response'}  {labels[result.row]}", keep="")

    def as_json(self) -> dict[str, Any]:
        """Return the result as in its file."""
        labels = {request.row: request for request in self.plan.requests}
        return {
            "plan": self.plan.name,
            "api": self.plan.api,
            "complete": self.is_complete,
            "text": self.text,
            "results": [
                {
                    "operation": labels[result.row].operation,
                    "method": labels[result.row].request["method"],
                    "url": labels[result.row].request["url"],
                    **result.as_json(),
                }
                for result in self.results
            ],
        }


def apply_plan(
    plan: Plan,
    path: str,
    api: OpenedApi,
    engine: Engine,
    agree: Callable[[str], None],
    *,
    is_resumed: bool = False,
) -> AppliedPlan:
    """Apply a plan: check it, ask, record the start, send its requests, and write the result.

    Args:
        path: The path of the plan. The result is written beside it.
        api: The opened API of the plan.
        engine: Makes the calls, with settings from `apply_settings` and with consent.
        agree: Asks a question; raises a `RefusedError` unless you agree.
        is_resumed: Whether to send the requests that did not succeed before.

    Raises:
        RefusedError: An agent applies the plan, something has changed, it was applied before, or you declined.
        DynacliError: The plan cannot be checked; nothing was sent that changes anything.
    """
    _check_agent(engine)
    with recording(engine.env, plan) as noted:
        _check_record(plan, path, noted, is_resumed=is_resumed)
        _check_times(plan)
        if api_key(api.revisions.directory) != plan.source:
            raise RefusedError(
                f"The plan `{plan.name}` no longer matches: `{plan.api}` is another API",
                reason=f"Its document is `{visible(api.location, keep='')}` now",
                hint=_AGAIN,
                changed="api",
            )
        run = _Run(plan, api, engine)
        left = [request for request in plan.requests if request.row not in noted.done]
        for request in left:
            run.check_state(request, run.prepared(request))
        agree(_question(plan, left, noted))
        noted.begin()
        error: DynacliError | None = None
        is_interrupted = False
        try:
            error = run.send(left, noted)
        except DamagedCatalogError as damage:
            explain_damage(damage, has_sent=True)
        except KeyboardInterrupt:
            is_interrupted = True
        applied = AppliedPlan(
            plan,
            tuple(run.results),
            error,
            noted.text,
            is_complete=noted.is_complete,
            is_interrupted=is_interrupted,
        )
        try:
            return replace(applied, path=write_result(path, applied.as_json()))
        except FileError as failure:
            failure.reason = f"{noted.text}; {failure.reason}"
            return replace(applied, error=error or failure)


def _check_agent(engine: Engine) -> None:
    """Check that the user applies a plan, or that the policy of the API lets agents do it.

    Raises:
        RefusedError: An agent applies the plan.
    """
    if is_for_person(engine):
        raise RefusedError(
            "An agent does not apply plans",
            reason="A person reads a plan and applies it, and an agent runs this command",
            hint=f"Ask the user to run this command; `{invocation('plan show')}` shows the plan. "
            'Only the user can let agents apply plans, with `apply = "agent"` in the policy of the API',
        )


def _check_record(plan: Plan, path: str, noted: ApplyRecord, *, is_resumed: bool) -> None:
    """Check that a plan is new, or that it stopped and is resumed now.

    Raises:
        RefusedError: The plan was applied, or it stopped and is not resumed.
        UsageError: The plan is resumed, but was never applied.
        FileError: The file for the result exists.
    """
    if noted.is_new:
        if is_resumed:
            raise UsageError(
                f"The plan `{plan.name}` was never applied, so it cannot be resumed",
                hint="Leave out `--resume`",
            )
        check_new_result(path)
        return
    if noted.is_complete:
        raise RefusedError(
            f"The plan `{plan.name}` was applied already",
            reason=f"That began at {noted.begun_at}: {noted.text}",
            hint="Make a new plan",
        )
    if not is_resumed:
        raise RefusedError(
            f"The plan `{plan.name}` stopped before its end",
            reason=f"That began at {noted.begun_at}: {noted.text}",
            hint=f"`{invocation('plan apply')} {quote(path)} --resume` sends the requests that did not succeed",
        )


def _question(plan: Plan, left: list[PlannedRequest], noted: ApplyRecord) -> str:
    first = left[0]
    more = f" and {counted(len(left) - 1, 'further request')}" if len(left) > 1 else ""
    before = f"Before: {noted.text}. " if not noted.is_new else ""
    return visible(f"{before}Apply the plan `{plan.name}` ({first.label}{more})?", keep="")


class _Run:
    """One run that applies a plan.

    Attributes:
        results: The results of the requests that were sent, in their order, with the error that ended the run.
    """

    def __init__(self, plan: Plan, api: OpenedApi, engine: Engine) -> None:
        self.results: list[RowResult] = []
        self._plan, self._api, self._engine = plan, api, engine
        self._key = plan_key(engine.env)

    def prepared(self, planned: PlannedRequest) -> Call:
        """Return the call of a request, ready to be sent, after checking everything but the state of its resource.

        Raises:
            RefusedError: Something has changed since the plan was made.
            DynacliError: The call cannot be made.
        """
        plan, described = self._plan, self._described(planned)
        if operation_digest(described) != planned.digest:
            since = plan.revision[:12]
            raise RefusedError(
                f"The plan `{plan.name}` no longer matches: the document says something else of `{planned.operation}`",
                reason=f"The plan was made with the revision {since}",
                hint=f"`{invocation('changes', self._api.name)} --since {since}` shows what changed. {_AGAIN}",
                changed="document",
            )
        # The sealed request was valid, and its operation is unchanged, so it is not validated again.
        call = self._engine.prepare(described, _values_of(planned), is_checked=False)
        call = with_etag(self._engine, call, planned.before.etag if planned.before else "")
        self._check_request(planned, call)
        if account_of(call, self._key) != planned.account:
            sources = [f"`{found.source}`" for found in call.signed.credentials if found.source]
            raise RefusedError(
                f"The plan `{plan.name}` was made with another account",
                reason=f"Request {planned.row} would be sent with the credential of {enumerated(sources)}, "
                "which is another one"
                if sources
                else f"Request {planned.row} would be sent without its credential",
                hint=_AGAIN,
                changed="account",
            )
        return call

    def _described(self, planned: PlannedRequest) -> DescribedOperation:
        """Return the operation of a request.

        Raises:
            RefusedError: The document no longer has it.
        """
        from dynacli.client.operation_at import operation_at, undocumented_operation

        catalog, method = self._api.catalog, planned.request["method"]
        name = catalog.find(planned.operation)
        if name is not None:
            return DescribedOperation(self._api, catalog.operation(name)).sending(planned.media_type)
        word, _, path = planned.operation.partition(" ")
        if path.startswith("/") and operation_at(catalog, word, path) is None:
            return undocumented_operation(self._api, word, path).sending(planned.media_type)
        raise RefusedError(
            f"The plan `{self._plan.name}` no longer matches: the document has no `{planned.operation}`",
            reason=f"Request {planned.row} is {method} of it",
            hint=_AGAIN,
            changed="document",
        )

    def _check_request(self, planned: PlannedRequest, call: Call) -> None:
        """Check that the request is the planned one. The configuration or the document may add something now."""
        body = call.request.body
        form = request_json(call, b"".join(body) if isinstance(body, Payload) else body)
        for name, before in planned.request.items():
            if form[name] != before:
                raise _moved(
                    self._plan,
                    "URL" if name == "url" else name.partition("_")[0],
                    f"`{shortened(compact_json(before), 200)}`",
                    f"`{shortened(compact_json(form[name]), 200)}`",
                )

    def check_state(self, planned: PlannedRequest, call: Call) -> None:
        """Check that the resource of a request is unchanged.

        Raises:
            RefusedError: The resource has changed, or can no longer be read.
        """
        before = planned.before
        if before is None:
            return
        reading = reading_of(self._engine, call)
        if reading is None:
            raise _moved(self._plan, "state", f"read by `{before.operation}`", "not readable")
        now, schema = read_state(self._engine, reading, call.signed.masker)
        differences = _changes(before, now, schema(), call.described)
        if differences:
            named = [_sentence(difference) for difference in differences[:_MOST_NAMED]]
            if len(differences) > _MOST_NAMED:
                named.append(f"and {counted(len(differences) - _MOST_NAMED, 'further difference')}")
            raise RefusedError(
                f"The plan `{self._plan.name}` no longer matches: the resource of request {planned.row} was changed",
                reason="\n".join(named),
                hint=_AGAIN,
                changed="state",
                differences=[difference.as_json() for difference in differences],
            )

    def send(self, requests: list[PlannedRequest], noted: ApplyRecord) -> DynacliError | None:
        """Send requests one after the other, until one fails. Return its error, else the first mismatch, else None."""
        mismatch: DynacliError | None = None
        for planned in requests:
            try:
                call = self.prepared(planned)
                if planned.before is not None and not planned.before.etag:
                    # Without `If-Match`, only this shows changes since the first check.
                    self.check_state(planned, call)
                result, error = self._send(planned, call, noted)
            except DynacliError as failure:
                error = failure
                if self.results and failure.exit_code in NOTHING_SENT:  # but earlier requests were sent
                    error = RefusedError(failure.message, reason=failure.reason, hint=failure.hint)
                form = error.as_json()["error"]
                self.results.append(RowResult(planned.row, None, error.exit_code, error=form))
                return error
            self.results.append(result)
            if error is not None and (isinstance(error, FileError) or planned.row not in noted.done):
                return error
            mismatch = mismatch or error
        return mismatch

    def _send(
        self, planned: PlannedRequest, call: Call, noted: ApplyRecord
    ) -> tuple[RowResult, DynacliError | None]:
        noted.note(planned.row, "sending")
        try:
            response = self._engine.send(call)
        except DynacliError as failure:
            state = {"status": None, "exit_code": failure.exit_code, "was_sent": call.has_sent}
            noted.note(planned.row, state)
            raise
        unrecorded: DynacliError | None = None
        try:
            noted.note(planned.row, {"status": response.status})
        except FileError as failure:
            unrecorded = failure
        result, error = received_result(planned.row, self._engine.validate(call, response))
        if response.status == 412 and planned.before is not None and planned.before.etag:
            error = RefusedError(
                f"The plan `{self._plan.name}` no longer matches: the resource of request {planned.row} was changed",
                reason=f"The server responded with 412 to `If-Match: {planned.before.etag}`",
                hint=_AGAIN,
                changed="state",
            )
            result = replace(result, exit_code=error.exit_code)
        return result, unrecorded or error


def _values_of(planned: PlannedRequest) -> CallValues:
    """Return the values from which the request of a plan is built."""
    from base64 import b64decode

    request = planned.request
    body: Any = None
    if request["body_base64"] is not None:
        body = b64decode(request["body_base64"])
    elif request["body"] is not None:
        body = request["body"].encode("utf-8", "surrogatepass")
    return CallValues(
        {(location, name): value for location, name, value in planned.parameters},
        Payload([body]) if planned.is_form else body,
        planned.media_type,
        query=tuple(QueryPair(*entry) for entry in planned.query),
    )


def _changes(
    before: StateBefore, now: StateBefore, schema: BodySchema, described: DescribedOperation
) -> list[Difference]:
    """Return the differences between two states of a resource.

    A date that the request cannot set is ignored: many servers update it on every read. A real change shows in another
    field, too.

    Args:
        schema: The schema of the state's body.
        described: The operation of the request.
    """
    if before.etag and before.etag == now.etag and before.status == now.status:
        return []
    is_time, settable = time_places(schema), schemas_by_place(described.sent_schema())

    def is_changing(difference: Difference) -> bool:
        part, *steps = difference.steps
        is_settable = described.media_type is not None and any(
            not found.get("readOnly") for found in settable(tuple(steps))
        )
        return part == "body" and is_time(tuple(steps)) and not is_settable

    sides = (ComparedResponse(state.status, {"ETag": state.etag}, state.body) for state in (before, now))
    return compare_responses(
        *sides, rules=ComparisonRules(order_counts=True), is_changing=is_changing
    ).differences


def _sentence(difference: Difference) -> str:
    sides = [shortened(compact_json(side), 100) for side in (difference.left, difference.right)]
    if difference.kind == "changed":
        return visible(f"`{difference.pointer}` was {sides[0]}, and is now {sides[1]}", keep="")
    text = "came" if difference.kind == "added" else "is gone"
    return visible(
        f"`{difference.pointer}` {text}: {sides[0] if difference.kind == 'removed' else sides[1]}", keep=""
    )
