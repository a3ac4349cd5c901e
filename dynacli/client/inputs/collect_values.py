"""Collecting the values of a call from its inputs. All missing inputs are reported together."""

from typing import Any

from dynacli.client.described_operation import DescribedOperation
from dynacli.client.inputs.call_inputs import CallInputs, CallValues, ParameterKey
from dynacli.errors import UsageError
from dynacli.openapi.model.operation import Parameter


def collect_values(described: DescribedOperation, inputs: CallInputs, *, is_strict: bool) -> CallValues:
    """Return the values of a call.

    Args:
        described: The operation, with the media type of its body.
        is_strict: True if the values must match the document; False at level `off`.

    Raises:
        UsageError: A required input is missing, or the body cannot be built.
    """
    parameters, missing = collect_parameters(described, inputs, is_strict=is_strict)
    if described.media_type is None:
        check_missing(described, missing)
        return CallValues(parameters, query=inputs.query)
    # Imported late: calls without a body do not need these modules.
    from dynacli.client.inputs.build_body import build_body, missing_in_body

    body = build_body(described, inputs, is_strict=is_strict)
    if is_strict and inputs.body is None and not inputs.wants_example and not inputs.is_complete:
        missing.extend(missing_in_body(described, body))
    check_missing(described, missing)
    return CallValues(parameters, body.content, body.media_type, body.form, inputs.query)


def collect_parameters(
    described: DescribedOperation, inputs: CallInputs, *, is_strict: bool
) -> tuple[dict[ParameterKey, Any], list[str]]:
    """Return the values of the parameters, and the names of missing ones for messages.

    Args:
        is_strict: True if all required parameters must be given, not only those in the path.
    """
    operation = described.operation
    parameters = dict(inputs.parameters)
    for parameter in operation.parameters:
        if is_idempotency_key(parameter) and parameter.key not in parameters:
            value = new_idempotency_key(parameter)
            if value is not None:
                parameters[parameter.key] = value
    if inputs.wants_example:
        _fill_parameters(described, parameters)
    missing: list[str] = []
    for parameter in operation.parameters:
        key = parameter.location, parameter.name
        if key in parameters or not parameter.is_required:
            continue
        if parameter.value.has_known_default:
            parameters[key] = parameter.value.default  # the document defines this value
        elif is_strict or parameter.location == "path":
            missing.append(input_name(parameter))
    return parameters, missing


def is_idempotency_key(parameter: Parameter) -> bool:
    """Return whether a parameter is the header by which servers recognise a repeated request."""
    return parameter.location == "header" and parameter.name.lower() == "idempotency-key"


def check_missing(described: DescribedOperation, missing: list[str]) -> None:
    """Raise an error for missing inputs, if there are any.

    Raises:
        UsageError: Inputs are missing. The error lists them, with an example of the call.
    """
    if missing:
        from dynacli.openapi.model.wording import enumerated

        raise UsageError(
            f"`{described.operation.name}` needs {enumerated(missing)}",
            hint=f"For example: {described.example_line}",
            missing=missing,
        )


def _fill_parameters(described: DescribedOperation, parameters: dict[ParameterKey, Any]) -> None:
    from dynacli.openapi.schema.document_schemas import NoExampleError
    from dynacli.openapi.schema.example_call import parameter_example

    raw = described.raw_parameters
    for parameter in described.operation.parameters:
        key = (parameter.location, parameter.name)
        if not parameter.is_required or key in parameters:
            continue
        try:
            parameters[key] = parameter_example(parameter, raw.get(key), described.resolve)
        except (NoExampleError, LookupError):
            continue  # it is reported as missing


def input_name(parameter: Parameter) -> str:
    """Return the name of a parameter in messages: `OWNER` for one in the path, else `--state`."""
    if parameter.location == "path":
        return parameter.argument
    return f"--{parameter.option}"


def new_idempotency_key(parameter: Parameter) -> str | None:
    """Return a new idempotency key; None if the document requires a special format.

    Args:
        parameter: The header parameter.
    """
    value, limits = parameter.value, parameter.value.limits or {}
    is_uuid = value.format == "uuid"
    if value.type not in {"string", "any"} or value.enum or ("pattern" in limits and not is_uuid):
        return None
    from uuid import uuid4  # imported late, because few calls need it

    key = uuid4()
    text = str(key)
    if limits.get("maxLength", len(text)) < len(text):
        text = key.hex
    return text if limits.get("minLength", 0) <= len(text) <= limits.get("maxLength", len(text)) else None
