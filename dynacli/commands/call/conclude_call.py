"""How a call ends: what is said of its answer, and the exit code that it leads to."""

from typing import Any

from dynacli.client.validation_settings import Settings
from dynacli.commands.operation_command import OperationCommand
from dynacli.commands.run import Run
from dynacli.errors import DynacliError, FileError, HttpError, MismatchError
from dynacli.request.choose_server import origin_of

__all__ = ["conclude", "conclude_request", "tell_so_far"]


def conclude(
    run: Run,
    command: OperationCommand,
    signed: Any,
    answer: Any,
    verdict: Any,
    settings: Settings,
    asked: Any = None,
    unwritten: FileError | None = None,
) -> None:
    """Report the verdict, and end the run by what the answer means.

    Args:
        verdict: On the answer, None where nothing was judged.
        asked: The verdict on the request, which let it pass.
        unwritten: Why the answer could not be written; None where it was.

    Raises:
        HttpError: The final status is no 2xx.
        FileError: The answer could not be written.
        MismatchError: The answer breaks the document, at a level that minds.
    """
    _note_answer(run, signed, answer)
    failure: DynacliError | None = None
    if not 200 <= answer.status < 300 and not run.option("no_fail"):
        failure = _http_error(command, signed, answer, is_written=unwritten is None)
    if unwritten is not None and failure is not None:
        run.warn(": ".join(one for one in (unwritten.what, unwritten.why) if one))  # the first cause wins
    elif unwritten is not None:
        failure = unwritten
    if verdict is not None:
        mismatch = _judged(run, command, signed, answer, verdict, settings, asked)
        if mismatch is not None:
            if settings.is_strict and not run.option("no_fail") and failure is None:
                failure = mismatch
            else:
                _warn(run, mismatch)
    if failure is not None:
        raise failure


def tell_so_far(
    run: Run, command: OperationCommand, signed: Any, answer: Any, verdict: Any, settings: Settings
) -> None:
    """Report the verdict on what came of an answer that has no end."""
    _note_answer(run, signed, answer)
    mismatch = _judged(run, command, signed, answer, verdict, settings, None)
    if mismatch is not None:
        _warn(run, mismatch)


def _note_answer(run: Run, signed: Any, answer: Any) -> None:
    if run.report is not None:
        run.report.answered(signed.masker.mask(answer.url), answer.status, answer.seconds)


def _warn(run: Run, mismatch: MismatchError) -> None:
    text = f"{mismatch.what}\n{mismatch.why}" if mismatch.why else mismatch.what
    run.warn(text, **mismatch.details)


def conclude_request(
    run: Run, command: OperationCommand, masker: Any, asked: Any, settings: Settings
) -> None:
    """Report the verdict on a request that the document allows and that is not sent."""
    from dynacli.client.verdict_text import verdict_json

    if run.report is not None:
        run.report.judged(masker.mask_value(verdict_json(command.api, asked)))
    _tell(run, [asked], masker, settings)


def _judged(
    run: Run,
    command: OperationCommand,
    signed: Any,
    answer: Any,
    verdict: Any,
    settings: Settings,
    asked: Any,
) -> MismatchError | None:
    """Report what there is to report of a verdict; return the mismatch, where there is one."""
    from dynacli.client.verdict_text import findings_text, verdict_json

    api, masker = command.api, _masker(signed, answer)
    settings.apply(verdict, command.operation, answer.status)
    verdicts = [one for one in (asked, verdict) if one is not None]
    if run.report is not None:
        for one in verdicts:
            run.report.judged(masker.mask_value(verdict_json(api, one)))
    _tell(run, verdicts, masker, settings)
    if verdict.is_valid:
        return None
    text = ""
    if run.report is None or not run.report.is_on_stderr:
        from dynacli.client.evidence import Evidence

        text = findings_text(api, verdict.findings, Evidence.of_answer(answer))
    details = verdict_json(api, verdict) if run.error_format == "json" else {}
    mismatch = MismatchError("The answer breaks the document", why=text, **details)
    masker.mask_error(mismatch)
    return mismatch


def _tell(run: Run, verdicts: list[Any], masker: Any, settings: Settings) -> None:
    if run.report is not None and run.report.is_on_stderr:
        return  # where a person would read it, a program reads the same
    from dynacli.client.verdict_text import report_notes

    shows_ignored = settings.is_strict or bool(run.option("verbose"))
    report_notes(run, verdicts, masker.mask, shows_ignored=shows_ignored)


def _masker(signed: Any, answer: Any) -> Any:
    """Return what takes out the request's secrets, and the values of the answer's headers that are secret."""
    found = [value for name, value in answer.headers if name.lower() in signed.secret_headers]
    if not found:
        return signed.masker
    from dynacli.auth.secret import Secret

    # `Set-Cookie: NAME=VALUE; ...`
    pieces = [piece.partition("=")[2] for value in found for piece in value.split(";")[:1]]
    return signed.masker.extended(Secret(one) for one in (*found, *pieces))


def _http_error(command: OperationCommand, signed: Any, answer: Any, *, is_written: bool) -> HttpError:
    from dynacli.wire.failures import without_query

    reason = f" {answer.reason}" if answer.reason else ""
    may_say_more = answer.size and is_written
    why = "The server says so" + ("; its answer, on standard output, may say more" if may_say_more else "")
    return HttpError(
        answer.status,
        f"`{command.operation.method} {without_query(answer.url)}` answered {answer.status}{reason}",
        why=why,
        hint=_http_hint(command, signed, answer),
    )


def _http_hint(command: OperationCommand, signed: Any, answer: Any) -> str:
    from dynacli.transport.send import SAFE_METHODS
    from dynacli.wire.http_client import REDIRECTS

    origin = origin_of(answer.url)
    match answer.status:
        case 401 | 403 if origin != origin_of(signed.request.url):
            return f"The redirect led to `{origin}`, where no credential goes; name it with `--server`"
        case 401 | 403 if command.operation.security:
            return "Check the credential: it may be wrong, expired, or without the right for this"
        case 401 | 403:
            return "The document asks for no credential here; give one with `-H` if there is one"
        case 404 | 410:
            return "Check the arguments; `-v` shows the URL that was asked for"
        case 429:
            return "Wait, then try again"
        case status if status in REDIRECTS and signed.request.method not in SAFE_METHODS:
            return "The redirect was not followed: only those of safe methods are"
        case status if status in REDIRECTS and signed.request.method == "QUERY":
            return "The redirect was not followed: a body is never sent to another origin"
        case status if status >= 500:
            return "Try again later, or tell those who run the server"
    return "Compare the request, which `-v` shows, with `describe`"
