"""Reports on a call besides its response: headers, findings, notes, and the error that ends the run."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from dynacli.client.call import Call
from dynacli.commands.run import Run
from dynacli.environment import Environment
from dynacli.errors import DynacliError, FileError, FormatError, MismatchError
from dynacli.openapi.model.wording import age_text
from dynacli.output.standard_error import write_stderr, write_trace

if TYPE_CHECKING:
    from collections.abc import Sequence

    from dynacli.client.call_settings import CallSettings
    from dynacli.client.call_validator import CallValidator
    from dynacli.client.described_operation import DescribedOperation
    from dynacli.client.responses.response_errors import Detail
    from dynacli.client.sign_request import Signed
    from dynacli.commands.call.call_report import CallReport
    from dynacli.http.exchange import WireResponse
    from dynacli.secrets import Masker
    from dynacli.validation.finding import ValidationResult

_MINUTE = 60
_OF_WHERE = ("profile", "server", "server_var", "auth", "accept_origin")
"""The options of a call that a suggested next call needs, too."""


def conclude(
    run: Run,
    call: Call,
    response: WireResponse,
    validation: ValidationResult | None,
    report: CallReport | None,
    unwritten: FileError | FormatError | None,
) -> None:
    """Report the validation result of a response, and raise the error that ends the run, if there is one.

    Args:
        validation: Validation result of the response; None if it was not validated.
        report: The report for programs; None if none is requested.
        unwritten: The error that prevented writing the response; None if it was written.

    Raises:
        HttpError: The final status is not 2xx.
        FileError: The response could not be written.
        FormatError: The response cannot be written in the requested format.
        MismatchError: The response does not match the document at the level `strict` or `exact`.
    """
    _note_response(call, response, report)
    if response.header("deprecation") or response.header("sunset"):
        from dynacli.commands.call._deprecation import note_deprecation

        note_deprecation(run, call, response)
    error: DynacliError | None = None
    if not response.is_success and not run.options.no_fail:
        from dynacli.client.responses.response_errors import http_error

        is_shown = not isinstance(unwritten, FileError)
        error = http_error(call, response, "on standard output" if is_shown else "")
    if unwritten is not None and error is not None:
        run.warn(
            ": ".join(text for text in (unwritten.message, unwritten.reason) if text)
        )  # the run ends with the error about the status
    elif unwritten is not None:
        error = unwritten
    request_validation = call.validating.validation if call.validating is not None else None
    if validation is not None:
        mismatch = _report_validation(run, call, response, validation, request_validation, report)
        if mismatch is not None:
            if call.settings.is_strict and not run.options.no_fail and error is None:
                error = mismatch
            else:
                _warn(run, mismatch)
    if error is not None:
        raise error


def conclude_part(run: Run, call: Call, response: WireResponse, report: CallReport | None) -> None:
    """Report on a response with only the rest of a file, which the document does not describe."""
    _note_response(call, response, report)
    if call.validating is not None and call.settings.is_strict:
        run.warn("Not validated: the response is the rest of a file, and the document describes the whole")


def note_next_call(run: Run, call: Call, response: WireResponse) -> None:
    """Print the command that reads a created or changed resource, if the document or the response shows it."""
    line = "" if run.env.is_quiet else change_line(run, call, response)
    if line:
        write_stderr(run.env, f"next: {line}")


def change_line(run: Run, call: Call, response: WireResponse, *more: str) -> str:
    """Return the command that reads a created or changed resource; empty if it is unknown.

    For the demo API it is empty, because the demo API forgets everything when its command ends.

    Args:
        more: Arguments to add at the end.
    """
    from dynacli.client.links.next_calls import call_after_change
    from dynacli.registry.configuration import DEMO

    found = call_after_change(call, response) if call.described.api.name != DEMO else None
    return "" if found is None else next_line(run, call, response, found[0], [*found[1], *more])


def next_line(run: Run, call: Call, response: WireResponse, name: str, words: Sequence[str]) -> str:
    """Return the command of a call that follows from a response; empty if it would contain a secret.

    Args:
        name: Name of the operation.
        words: The arguments after it.
    """
    from dynacli.environment import invocation_words
    from dynacli.openapi.model.wording import option_pair, shell_line
    from dynacli.options.standard_options import OPTIONS_BY_NAME

    given = {name: getattr(run.options, name) for name in _OF_WHERE}
    texts = [
        (OPTIONS_BY_NAME[name].flags[-1], text)
        for name, value in given.items()
        for text in (value if isinstance(value, tuple) else (value,))
        if text
    ]
    program, *verb = invocation_words("read" if run.is_read_only else "", call.described.api.name)
    standard = [word for flag, text in texts for word in option_pair(flag, text)]
    line = shell_line([program, *standard, *verb, name, *words])
    return line if call.signed.response_masker(response.headers).mask(line) == line else ""


def report_validation_so_far(
    run: Run,
    call: Call,
    response: WireResponse,
    validation: ValidationResult,
    report: CallReport | None,
) -> None:
    """Report the validation result of the part of a stream that arrived before an error or an interruption."""
    _note_response(call, response, report)
    mismatch = _report_validation(run, call, response, validation, None, report)
    if mismatch is not None:
        _warn(run, mismatch)


def _note_response(call: Call, response: WireResponse, report: CallReport | None) -> None:
    if report is not None:
        report.note_response(call.signed.masker.mask(response.url), response.status, response.seconds)


def _warn(run: Run, mismatch: MismatchError) -> None:
    text = f"{mismatch.message}\n{mismatch.reason}" if mismatch.reason else mismatch.message
    run.warn(text, **mismatch.details)


def report_request(run: Run, call: Call, report: CallReport | None, *, is_first: bool) -> None:
    """Report on a request before it is sent.

    Args:
        is_first: Whether it is the first of several requests. Only the first one is validated.
    """
    if is_first and call.validating is not None and not call.validating.validation.is_valid:
        warn_of_request(run, call.validating, call.signed.masker, report)
    if run.options.verbose:
        _show_request(run.env, call.signed)


def warn_of_request(run: Run, validating: CallValidator, masker: Masker, report: CallReport | None) -> None:
    """Warn of values in a request that the document does not declare, which are findings at the level `exact`."""
    if validating.validation.is_valid or (report is not None and report.is_on_stderr):
        return
    details: dict[str, Any] = {}
    if run.error_format == "json":
        from dynacli.client.responses.validation_text import validation_json

        details = masker.mask_value(validation_json(validating.described.api, validating.validation))
    message = f"The request has values that the document does not mention\n{validating.findings_text()}"
    run.warn(masker.mask(message), **details)


def conclude_request(
    run: Run,
    described: DescribedOperation,
    validation: ValidationResult,
    masker: Masker,
    settings: CallSettings,
    report: CallReport | None,
) -> None:
    """Report the validation result of a valid request that is not sent."""
    if report is not None:
        from dynacli.client.responses.validation_text import validation_json

        report.note_validation(masker.mask_value(validation_json(described.api, validation)))
    if validation.has_something_to_report:
        _write_notes(run, [validation], masker, settings, report)


def _report_validation(
    run: Run,
    call: Call,
    response: WireResponse,
    validation: ValidationResult,
    request_validation: ValidationResult | None,
    report: CallReport | None,
) -> MismatchError | None:
    """Report the validation results of a request and its response. Return the error for an invalid response."""
    from dynacli.client.responses.response_errors import mismatch_error
    from dynacli.client.responses.validation_text import validation_json

    masker = call.signed.response_masker(response.headers)
    validations = [validated for validated in (request_validation, validation) if validated is not None]
    if report is not None:
        for validated in validations:
            report.note_validation(masker.mask_value(validation_json(call.described.api, validated)))
    _write_notes(run, validations, masker, call.settings, report)
    if validation.is_valid:
        return None
    has_text = report is None or not report.is_on_stderr
    detail: Detail = "usual" if call.settings.is_strict or run.options.verbose else "short"
    return mismatch_error(
        call, response, validation, detail=detail if has_text else "none", has_json=run.error_format == "json"
    )


def _write_notes(
    run: Run,
    validations: Sequence[ValidationResult],
    masker: Masker,
    settings: CallSettings,
    report: CallReport | None,
) -> None:
    """Print notes about tolerated, unvalidated and ignored parts of messages."""
    if report is not None and report.is_on_stderr:
        return  # the report on standard error has the same text
    from dynacli.client.responses.validation_text import notes_of

    for reason in dict.fromkeys(reason for validation in validations for reason in validation.failures):
        run.warn(masker.mask(f"Not validated: {reason}"))
    for note in notes_of(validations, shows_ignored=settings.is_strict or run.options.verbose):
        run.note(masker.mask(note))


def _show_request(env: Environment, signed: Signed) -> None:
    """Print the method, the URL and the headers of the request."""
    lines = [f"> {signed.shown.method} {signed.shown.url}", *_header_lines(">", signed, signed.shown.headers)]
    write_trace(env, signed.masker.mask("\n".join(lines)))


def show_response(env: Environment, signed: Signed, response: WireResponse) -> None:
    """Print the redirects, and the status line and headers of the response."""
    lines = [f"< {status} {url}" for status, url in response.hops]
    lines.append(f"< {response.http_version} {response.status} {response.reason}".rstrip())
    lines.extend(_header_lines("<", signed, response.headers))
    write_trace(env, signed.masker.mask("\n".join(lines)))


def write_head(env: Environment, signed: Signed, response: WireResponse) -> None:
    """Print the status line and headers of the response to standard output, for `--include`."""
    from dynacli.output.standard_output import write_bytes
    from dynacli.text.terminal import visible

    lines = [f"{response.http_version} {response.status} {response.reason}".rstrip()]
    lines.extend(line.removeprefix(" ") for line in _header_lines("", signed, response.headers))
    text = signed.masker.mask("\n".join(lines)) + "\n\n"
    write_bytes(env, (visible(text) if env.stdout_is_terminal else text).encode("utf-8", "backslashreplace"))


def cache_text(response: WireResponse) -> str:
    """Return the result of the response cache: `hit, 12 s old`, `revalidated` or `miss`."""
    return f"hit, {cached_age(response)} old" if response.cache == "hit" else response.cache


def cached_age(response: WireResponse) -> str:
    """Return the age of a stored response, such as `12 s` or `3 days`."""
    seconds = int(response.age)
    return f"{seconds} s" if seconds < _MINUTE else age_text(seconds)


def show_size(env: Environment, response: WireResponse) -> None:
    """Print the size of the response and the duration of the call."""
    write_trace(env, f"* {response.size} bytes in {response.seconds * 1000:.0f} ms")


def show_validators(env: Environment, request: ValidationResult, response: ValidationResult) -> None:
    """Print whether openapi-core or compiled schemas validated the request and the response."""
    by = [
        "compiled schemas" if validation.is_accepted else "openapi-core" for validation in (request, response)
    ]
    parts = [f"the request and the response by {by[0]}"]
    if by[0] != by[1]:
        parts = [f"the request by {by[0]}", f"the response by {by[1]}"]
    write_trace(env, f"* validated: {', '.join(parts)}")


def _header_lines(mark: str, signed: Signed, headers: Iterable[tuple[str, str]]) -> list[str]:
    return [f"{mark} {name}: {signed.masked_value(name, value)}" for name, value in headers]
