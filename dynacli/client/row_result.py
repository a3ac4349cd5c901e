"""Results of one call among many: of a row of a batch, or a request of a plan."""

from typing import Any

from dynacli.client.call import RowResult
from dynacli.client.engine.call_engine import MadeCall
from dynacli.client.responses.response_errors import http_error, mismatch_error
from dynacli.errors import DynacliError
from dynacli.media.body_value import shown_value


def received_result(row: int, made: MadeCall) -> tuple[RowResult, DynacliError | None]:
    """Return the result of a row with a response, and the error that the call alone would have."""
    call, response, validation = made
    request_validation = call.validating.validation if call.validating is not None else None
    validations = [validated for validated in (request_validation, validation) if validated is not None]
    found = [finding for validated in validations for finding in validated.findings]
    masker = call.signed.response_masker(response.headers)
    findings: list[Any] = []
    if found:
        from dynacli.client.responses.validation_text import findings_json

        findings = masker.mask_value(findings_json(call.described.api, found))
    error: DynacliError | None = None
    if not response.is_success:
        error = http_error(call, response)
    elif validation is not None and not validation.is_valid and call.settings.is_strict:
        error = mismatch_error(call, response, validation, detail="short", has_json=False)
    data = masker.mask_value(shown_value(call.received(response)))
    result = RowResult(
        row,
        response.status,
        error.exit_code if error else 0,
        data,
        tuple(findings),
        headers=call.signed.head_of(response)["headers"],
    )
    return result, error
