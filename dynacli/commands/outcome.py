"""How a call ends: what is said of its answer, and the exit code that it leads to."""

from typing import Any

from dynacli.commands.operation import OperationCommand
from dynacli.commands.run import Run
from dynacli.errors import DynacliError, HttpError, MismatchError
from dynacli.request.servers import origin_of

__all__ = ["conclude"]


def conclude(run: Run, command: OperationCommand, signed: Any, answer: Any, verdict: Any, level: str) -> None:
    """Report the verdict, and end the run by what the answer means.

    Args:
        verdict: None where nothing was judged.

    Raises:
        HttpError: The final status is no 2xx.
        MismatchError: The answer breaks the document, at a level that minds.
    """
    failure: DynacliError | None = None
    if not 200 <= answer.status < 300 and not run.option("no_fail"):
        failure = _http_error(command, signed, answer)
    if verdict is not None:
        from dynacli.commands.verdict import findings_json, findings_text, report_unchecked

        report_unchecked(run, verdict)
        if not verdict.is_valid:
            what = "The answer breaks the document"
            text = findings_text(command.api, verdict.findings)
            is_failing = level in {"strict", "exact"} and not run.option("no_fail")
            if is_failing and failure is None:
                failure = MismatchError(what, why=text, findings=findings_json(command.api, verdict.findings))
            else:
                run.warn(signed.masker.mask(f"{what}\n{text}"))
    if failure is not None:
        raise failure


def _http_error(command: OperationCommand, signed: Any, answer: Any) -> HttpError:
    from dynacli.wire.failures import without_query

    reason = f" {answer.reason}" if answer.reason else ""
    why = "The server says so" + ("; its answer, on standard output, may say more" if answer.body else "")
    return HttpError(
        answer.status,
        f"`{command.operation.method} {without_query(answer.url)}` answered {answer.status}{reason}",
        why=why,
        hint=_http_hint(command, signed, answer),
    )


def _http_hint(command: OperationCommand, signed: Any, answer: Any) -> str:
    from dynacli.transport.send import SAFE_METHODS
    from dynacli.wire.client import REDIRECTS

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
