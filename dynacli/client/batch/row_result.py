"""What came of a row, as a line of the result has it."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from dynacli.client.answers.answer_errors import answer_masker, http_error, mismatch_error
from dynacli.client.engine.call_engine import MadeCall
from dynacli.errors import DynacliError
from dynacli.model.media_types import essence, is_json, is_json_lines, is_json_sequence
from dynacli.record import record
from dynacli.text.exact_json import read_json

if TYPE_CHECKING:
    from dynacli.http.send import Answer

__all__ = ["RowResult", "answered_result", "failed_result", "read_result"]


@record
class RowResult:
    """What came of a row.

    Args:
        row: Its number in the file, counted from 1.
        status: That of the answer; None where none came.
        exit_code: That of the call, if it had been made alone.
        data: The value of the answer: of JSON its value, of JSON lines a list, of other text the text; None where
            there is none. Of an answer that is no text it is an object whose only member is `base64`.
        findings: What breaks the document, in the request and the answer, as in the validation report.
        error: Why no answer came, as `--error-format json` has it; None where one came.
    """

    row: int
    status: int | None
    exit_code: int
    data: Any = None
    findings: tuple[Any, ...] = ()
    error: Mapping[str, Any] | None = None

    def as_json(self) -> dict[str, Any]:
        """Return the line of the result."""
        line = {
            "row": self.row,
            "status": self.status,
            "exit_code": self.exit_code,
            "data": self.data,
            "findings": list(self.findings),
        }
        return line if self.error is None else {**line, "error": dict(self.error)}


def failed_result(row: int, error: DynacliError) -> RowResult:
    """Return the result of a row that got no answer.

    Args:
        error: Why; no secret is in it.
    """
    return RowResult(row, None, error.exit_code, error=error.as_json()["error"])


def answered_result(row: int, made: MadeCall) -> tuple[RowResult, DynacliError | None]:
    """Return the result of a row that was answered, and the error that it means as a call by itself."""
    call, answer, verdict = made
    request_verdict = call.judging.verdict if call.judging is not None else None
    verdicts = [judged for judged in (request_verdict, verdict) if judged is not None]
    found = [finding for judged in verdicts for finding in judged.findings]
    masker = answer_masker(call.signed, answer.headers)
    findings: list[Any] = []
    if found:
        from dynacli.client.answers.verdict_text import findings_json

        findings = masker.mask_value(findings_json(call.described.api, found))
    error: DynacliError | None = None
    if not 200 <= answer.status < 300:
        error = http_error(call, answer)
    elif verdict is not None and not verdict.is_valid and call.settings.is_strict:
        error = mismatch_error(call, answer, verdict, detail="short", has_json=False)
    data = masker.mask_value(_value_of(answer))
    return RowResult(row, answer.status, error.exit_code if error else 0, data, tuple(findings)), error


def _value_of(answer: "Answer") -> Any:
    if not answer.body:
        return None
    from dynacli.text.content_kind import decoded

    media_type = answer.header("content-type")
    text = decoded(answer.body, media_type)
    if text is None:
        from base64 import b64encode

        return {"base64": b64encode(answer.body).decode()}
    name = essence(media_type)
    try:
        if is_json_lines(name) or is_json_sequence(name):
            pieces = text.split("\x1e" if is_json_sequence(name) else "\n")
            return [read_json(piece) for piece in pieces if piece.strip()]
        return read_json(text) if is_json(name) else text
    except (ValueError, RecursionError):
        return text


def read_result(line: str | bytes) -> RowResult | None:
    """Return the result that a line has; None where it has none."""
    try:
        value = read_json(line)
    except (ValueError, RecursionError):
        return None
    row, code = (value.get("row"), value.get("exit_code")) if isinstance(value, dict) else (None, None)
    if type(row) is not int or row < 1 or type(code) is not int:
        return None
    findings, error = value.get("findings"), value.get("error")
    return RowResult(
        row,
        value.get("status"),
        code,
        value.get("data"),
        tuple(findings) if isinstance(findings, list) else (),
        error if isinstance(error, dict) else None,
    )
