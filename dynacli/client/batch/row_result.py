"""The result of a row of a batch, and those of an earlier run: which rows went well, and what was answered."""

import os
from array import array
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from typing import IO, TYPE_CHECKING, Any

from dynacli.client.answers.answer_errors import answer_masker, http_error, mismatch_error
from dynacli.client.engine.call_engine import MadeCall
from dynacli.environment import invocation
from dynacli.errors import DynacliError, FileError, UsageError
from dynacli.model.media_types import essence, is_json, is_json_lines, is_json_sequence
from dynacli.record import record
from dynacli.text.exact_json import read_json

if TYPE_CHECKING:
    from dynacli.http.send import Answer

__all__ = ["EarlierResults", "RowResult", "answered_result", "failed_result", "open_earlier_results"]


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


def _read_result(line: str | bytes) -> RowResult | None:
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


class EarlierResults:
    """The rows that went well, of a result in NDJSON; of each it keeps the place in the file alone.

    Args:
        file: The result.
        name: Of the file, for messages.

    Raises:
        UsageError: A line of it is no result; the last one may be cut.
        OSError: It cannot be read.
    """

    def __init__(self, file: IO[bytes], name: str) -> None:
        self._file = file
        self._places = array("Q")  # row → the place of its line, plus one
        number = place = 0
        while line := file.readline():
            number += 1
            result = _read_result(line) if line.strip() else None
            if result is None and line.strip() and line.endswith(b"\n"):
                raise UsageError(
                    f"Line {number} of `{name}` is no result of a batch",
                    hint=f"Give `--resume` what `{invocation('batch')}` wrote as NDJSON",
                )
            if result is not None and result.exit_code == 0:
                if result.row > 100_000_000:
                    raise UsageError(
                        f"Line {number} of `{name}` is about row {result.row}, of which there is none"
                    )
                self._places.extend([0] * (result.row + 1 - len(self._places)))
                self._places[result.row] = place + 1
            place += len(line)

    def __contains__(self, row: object) -> bool:
        """Return whether a row went well."""
        return isinstance(row, int) and row < len(self._places) and self._places[row] > 0

    def __getitem__(self, row: int) -> RowResult:
        """Return the result of a row that went well."""
        self._file.seek(self._places[row] - 1)
        result = _read_result(self._file.readline())
        if result is None or result.row != row:
            raise FileError("The earlier result was changed while it was read", hint="Start again")
        return result


@contextmanager
def open_earlier_results(path: str) -> Iterator[EarlierResults]:
    """Open the result of an earlier run.

    Raises:
        FileError: It cannot be read.
        UsageError: It is no result.
    """
    with ExitStack() as stack:
        try:
            results = EarlierResults(stack.enter_context(open(os.path.expanduser(path), "rb")), path)
        except (OSError, ValueError) as error:
            why = getattr(error, "strerror", None) or "it is no file name"
            raise FileError(f"The earlier result `{path}` cannot be read", why=why) from error
        yield results
