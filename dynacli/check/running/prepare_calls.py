"""A planned call becomes a request with its credentials, judged before it is sent."""

from dataclasses import replace
from typing import Any, NamedTuple

from dynacli.auth.secret import Masker
from dynacli.check.check_records import Planned
from dynacli.client.call_request import request_of
from dynacli.client.sign_request import Signed, sign, unsigned
from dynacli.commands.call.collect_values import Values
from dynacli.commands.operation_command import Given, OperationCommand
from dynacli.commands.run import Run
from dynacli.errors import AuthError, DynacliError, RefusedError, UsageError
from dynacli.request.built_request import Request
from dynacli.schema.example_call import option_text
from dynacli.schema.option_fields import find_field

__all__ = ["NotCalledError", "Ready", "make_ready"]


_WITH_BODY = frozenset({"PATCH", "POST", "PUT", "QUERY"})


class NotCalledError(Exception):
    """A call that cannot be made.

    Args:
        kind: `values`, `request`, `auth` or `refused`, as `Checked.reason` has it.
        error: Why, as the call alone would end.
    """

    def __init__(self, kind: str, error: DynacliError) -> None:
        super().__init__(error.what)
        self.kind, self.error = kind, error

    @property
    def reason(self) -> str:
        """One line, with what to do where that is known."""
        told = (self.error.what, self.error.why, self.error.hint)
        return ". ".join(" ".join(text.split()) for text in told if text)


class _NotAllowedError(UsageError):
    """The document does not allow the request that was planned."""


class Ready(NamedTuple):
    """A call that can be sent."""

    planned: Planned
    values: Values
    signed: Signed


def make_ready(run: Run, command: OperationCommand, planned: Planned, judgement: Any = None) -> Ready:
    """Return a call, built, signed and judged.

    Args:
        judgement: Says whether the document allows the request; None to ask nobody.

    Raises:
        NotCalledError: It cannot be made.
    """
    masker = Masker()
    try:
        values = _values(run, command, planned)
        request = request_of(run, command, values)
        masker = unsigned(run, command.operation, request).masker
        _check_allowed(command, request, values, judgement)
        return Ready(planned, values, sign(run, command.api, command.operation, request, may_ask=False))
    except DynacliError as error:
        kinds = {AuthError: "auth", RefusedError: "refused", _NotAllowedError: "request"}
        kind = next((name for one, name in kinds.items() if isinstance(error, one)), "values")
        raise NotCalledError(kind, masker.mask_error(error)) from error


def _check_allowed(command: OperationCommand, request: Request, values: Values, judgement: Any) -> None:
    if judgement is None:
        return
    from dynacli.client.validate_call import sent_of
    from dynacli.client.verdict_text import findings_text

    verdict = judgement.request(sent_of(request, values))
    if not verdict.is_valid:
        why = findings_text(command.api, verdict.findings)
        raise _NotAllowedError("The document does not allow the request", why=why)


def _values(run: Run, command: OperationCommand, planned: Planned) -> Values:
    parameters = {(one.location, one.name): one.value for one in planned.values if one.location != "body"}
    operation = command.operation
    if operation.body is None:
        return Values(parameters, None, "")
    from dynacli.commands.call.call_body import build_body

    command = _with_body(command)
    command.prepare(str(run.option("content_type", "")))
    given = Given(command.media_type)
    for one in planned.values:
        if one.location == "body":
            field = find_field(command.body_schema(), command.api.catalog.resolve, one.name)
            if field is not None:
                given.body_fields.append((field, [option_text(one.value)]))
    try:
        body = build_body(run, command, given, is_strict=True, wants_example=True)
    except UsageError:
        if operation.body.is_required or given.body_fields:
            raise
        return Values(parameters, None, "")  # nothing can be made up for what may be left out
    return Values(parameters, body.content, body.media_type, body.form)


def _with_body(command: OperationCommand) -> OperationCommand:
    """Return an operation that sends its body also where the document says that it may be left out.

    Many documents forget `required`, whose default is false (OpenAPI 3.1.1, "Request Body Object").
    """
    operation = command.operation
    if operation.body is None or operation.method not in _WITH_BODY:
        return command
    return OperationCommand(command.api, replace(operation, body=replace(operation.body, is_required=True)))
