"""A planned call becomes a request with its credentials, judged before it is sent."""

from dataclasses import replace
from typing import TYPE_CHECKING, NamedTuple

from dynacli.auth.secret import Masker
from dynacli.check.check_records import Planned
from dynacli.client.call import request_of
from dynacli.client.call_settings import CallSettings
from dynacli.client.described_operation import DescribedOperation
from dynacli.client.inputs.call_inputs import CallInputs, CallValues
from dynacli.client.sign_request import Signed, sign, unsigned
from dynacli.environment import Environment
from dynacli.errors import AuthError, DynacliError, RefusedError, UsageError
from dynacli.request.assemble_body import Assignment
from dynacli.request.built_request import Request
from dynacli.request.convert_words import convert_all
from dynacli.schema.example_call import option_text
from dynacli.schema.option_fields import find_field

if TYPE_CHECKING:
    from dynacli.check.running.judge_answers import Judgement

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
    values: CallValues
    signed: Signed


def make_ready(
    env: Environment,
    described: DescribedOperation,
    planned: Planned,
    settings: CallSettings,
    content_type: str,
    judgement: "Judgement | None" = None,
) -> Ready:
    """Return a call, built, signed and judged.

    Args:
        content_type: The media type of bodies that was asked for; empty for the preferred one.
        judgement: Says whether the document allows the request; None to ask nobody.

    Raises:
        NotCalledError: It cannot be made.
    """
    masker = Masker()
    try:
        values = _values(described, planned, content_type)
        request = request_of(described, settings, values)
        masker = unsigned(described.operation, request, settings).masker
        _check_allowed(described, request, values, judgement)
        signed = sign(env, described.api, described.operation, request, settings)
        return Ready(planned, values, signed)
    except DynacliError as error:
        kinds = {AuthError: "auth", RefusedError: "refused", _NotAllowedError: "request"}
        kind = next((name for type_, name in kinds.items() if isinstance(error, type_)), "values")
        raise NotCalledError(kind, masker.mask_error(error)) from error


def _check_allowed(
    described: DescribedOperation, request: Request, values: CallValues, judgement: "Judgement | None"
) -> None:
    if judgement is None:
        return
    from dynacli.client.validate_call import judged_request
    from dynacli.client.verdict_text import findings_text

    verdict = judgement.request(judged_request(request, values))
    if not verdict.is_valid:
        why = findings_text(described.api, verdict.findings)
        raise _NotAllowedError("The document does not allow the request", why=why)


def _values(described: DescribedOperation, planned: Planned, content_type: str) -> CallValues:
    parameters = {
        (value.location, value.name): value.value for value in planned.values if value.location != "body"
    }
    operation = described.operation
    if operation.body is None:
        return CallValues(parameters)
    from dynacli.client.inputs.build_body import build_body

    described = _with_body(described).sending(content_type)
    assignments = []
    for value in planned.values:
        if value.location == "body":
            field = find_field(described.body_schema(), described.resolve, value.name)
            if field is not None:
                option = f"--{field.option}"
                read = convert_all([option_text(value.value)], field.value, option)
                assignments.append(Assignment(field.path, read, option))
    inputs = CallInputs(parameters, tuple(assignments), wants_example=True, content_type=content_type)
    try:
        body = build_body(described, inputs, is_strict=True)
    except UsageError:
        if operation.body.is_required or assignments:
            raise
        return CallValues(parameters)  # nothing can be made up for what may be left out
    return CallValues(parameters, body.content, body.media_type, body.form)


def _with_body(described: DescribedOperation) -> DescribedOperation:
    """Return an operation that sends its body also where the document says that it may be left out.

    Many documents forget `required`, whose default is false (OpenAPI 3.1.1, "Request Body Object").
    """
    operation = described.operation
    if operation.body is None or operation.method not in _WITH_BODY:
        return described
    return DescribedOperation(
        described.api, replace(operation, body=replace(operation.body, is_required=True))
    )
