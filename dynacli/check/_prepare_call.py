"""A planned call becomes a call that can be sent: its body is built, its request validated, its credentials found."""

from dataclasses import replace

from dynacli.auth.secret import Masker
from dynacli.check._operation_validator import OperationValidator
from dynacli.check.check_records import PlannedCall
from dynacli.client.call import Call
from dynacli.client.call_settings import CallSettings
from dynacli.client.described_operation import DescribedOperation
from dynacli.client.engine.call_engine import Engine
from dynacli.client.inputs.call_inputs import CallInputs, CallValues
from dynacli.client.inputs.collect_values import is_idempotency_key, new_idempotency_key
from dynacli.errors import AuthError, DynacliError, RefusedError, UsageError
from dynacli.openapi.schema.example_call import option_text
from dynacli.openapi.schema.option_fields import find_field
from dynacli.request.assemble_body import Assignment
from dynacli.request.convert_words import convert_all

__all__ = ["NotCalledError", "call_values", "prepare_call"]

_METHODS_WITH_BODY = frozenset({"PATCH", "POST", "PUT", "QUERY"})


class NotCalledError(Exception):
    """A call that cannot be made.

    Args:
        kind: `values`, `request`, `auth` or `refused`, as in `CheckedOperation.skip_kind`.
        error: Why, as the call would end if it were made alone.
    """

    def __init__(self, kind: str, error: DynacliError) -> None:
        super().__init__(error.message)
        self.kind, self.error = kind, error

    @property
    def reason(self) -> str:
        """The error in one line, with what to do if that is known."""
        texts = (self.error.message, self.error.reason, self.error.hint)
        return ". ".join(" ".join(text.split()) for text in texts if text)


class _NotAllowedError(UsageError):
    """The document does not allow the request that was planned."""


def prepare_call(
    engine: Engine,
    described: DescribedOperation,
    planned: PlannedCall,
    settings: CallSettings,
    content_type: str,
    validator: OperationValidator | None = None,
) -> Call:
    """Return a call whose request is built, allowed by the document, and signed.

    Args:
        content_type: The media type of bodies that was asked for; empty for the preferred one.
        validator: Validates the request; None if nothing is validated.

    Raises:
        NotCalledError: The call cannot be made.
    """
    masker = Masker()
    # The request is validated here, and what is after a documented redirect says nothing of the operation.
    settings = replace(settings, level="off", ends_with_redirects=True)
    try:
        values = call_values(described, planned, content_type)
        call = engine.prepare(described, values, settings, is_signed=False)
        masker = call.signed.masker
        # Before credentials are looked for, so that an invalid request is reported first.
        _check_allowed(call, validator)
        call.sign()
    except DynacliError as error:
        kinds = {AuthError: "auth", RefusedError: "refused", _NotAllowedError: "request"}
        kind = next((name for type_, name in kinds.items() if isinstance(error, type_)), "values")
        raise NotCalledError(kind, masker.mask_error(error)) from error
    return call


def _check_allowed(call: Call, validator: OperationValidator | None) -> None:
    if validator is None:
        return
    from dynacli.client.call_validator import validated_request
    from dynacli.client.responses.validation_text import findings_text

    validation = validator.request(validated_request(call.request, call.values))
    if not validation.is_valid:
        reason = findings_text(call.described.api, validation.findings)
        raise _NotAllowedError("The document does not allow the request", reason=reason)


def call_values(described: DescribedOperation, planned: PlannedCall, content_type: str) -> CallValues:
    """Return what the request of a planned call is built of.

    Args:
        content_type: The media type of the body that was asked for; empty for the preferred one.

    Raises:
        UsageError: No body can be made.
    """
    parameters = {value.key: value.value for value in planned.values if value.location != "body"}
    operation = described.operation
    given = {value.key for value in planned.values if value.origin == "set"}
    for parameter in operation.parameters:
        if is_idempotency_key(parameter) and parameter.key not in given:
            # With a value of the document's the server would take each call for the same one.
            key = new_idempotency_key(parameter)
            if key is not None and not planned.probe:
                parameters[parameter.key] = key
    if operation.body is None:
        return CallValues(parameters)
    from dynacli.client.inputs.build_body import build_body

    described = _with_required_body(described).sending(content_type)
    assignments = []
    for value in planned.values:
        if value.location == "body":
            field = find_field(described.body_schema(), described.resolve, value.name)
            if field is not None:
                option = f"--{field.option}"
                converted = convert_all([option_text(value.value)], field.value, option)
                assignments.append(Assignment(field.path, converted, option))
    inputs = CallInputs(parameters, tuple(assignments), wants_example=True, content_type=content_type)
    try:
        body = build_body(described, inputs, is_strict=True)
    except UsageError:
        if operation.body.is_required or assignments:
            raise
        return CallValues(parameters)  # nothing can be made up for a body that may be left out
    return CallValues(parameters, body.content, body.media_type, body.form)


def _with_required_body(described: DescribedOperation) -> DescribedOperation:
    """Return the operation with its body required, even if the document says that it may be left out.

    Many documents forget `required`, whose default is false (OpenAPI 3.1.1, "Request Body Object").
    """
    operation = described.operation
    if operation.body is None or operation.method not in _METHODS_WITH_BODY:
        return described
    return DescribedOperation(
        described.api, replace(operation, body=replace(operation.body, is_required=True))
    )
