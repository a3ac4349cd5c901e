"""The errors that an answer means: a status that is no success, and an answer that breaks the document."""

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Literal

from dynacli.auth.secret import Masker, Secret
from dynacli.client.call import Call
from dynacli.environment import invocation
from dynacli.errors import DynacliError, HttpError, MismatchError
from dynacli.methods import SAFE_METHODS
from dynacli.urls import origin_of, with_masked_query

if TYPE_CHECKING:
    from dynacli.client.sign_request import Signed
    from dynacli.http.send import Answer
    from dynacli.validation.findings.finding import Verdict

__all__ = ["Detail", "answer_masker", "http_error", "mismatch_error"]

Detail = Literal["none", "short", "usual"]
"""How much of its findings an error tells."""

_COMPARE = "Compare the request, which `-v` shows, with `describe`"


def answer_masker(signed: "Signed", headers: Iterable[tuple[str, str]]) -> Masker:
    """Return what masks the secrets of the request, and those of an answer: the values of its secret headers."""
    found = [value for name, value in headers if name.lower() in signed.secret_headers]
    if not found:
        return signed.masker
    # `Set-Cookie: NAME=VALUE; ...`
    pieces = [piece.partition("=")[2] for value in found for piece in value.split(";")[:1]]
    return signed.masker.extended(Secret(text) for text in (*found, *pieces))


def http_error(call: Call, answer: "Answer", place: str = "") -> HttpError:
    """Return the error for an answer whose final status is no 2xx.

    Args:
        place: Where its body may say more, for example `on standard output`; empty for nowhere.
    """
    from dynacli.http.send import may_pass
    from dynacli.text.server_message import server_message
    from dynacli.text.wrapping import quoted
    from dynacli.urls import without_query

    reason = f" {answer.reason}" if answer.reason else ""
    # Masked before it is cut, so that no secret is cut in two.
    masked = answer_masker(call.signed, answer.headers).mask
    said = server_message(answer.body, answer.header("content-type"), masked)
    more = f"; its answer, {place}, may say more" if place and answer.size else ""
    why = f"The server says: {quoted(said)}" if said else f"The server says so{more}"
    error = HttpError(
        answer.status,
        f"`{call.described.operation.method} {without_query(answer.url)}` answered {answer.status}{reason}",
        why=why if answer.tries == 1 else f"{why}; tried {answer.tries} times",
        hint=_http_hint(call, answer, said),
    )
    if answer.status == 401 and isinstance(call.renewal, DynacliError):
        refusal = call.renewal
        why = f": {refusal.why}" if refusal.why else ""
        error.why, error.hint = f"{error.why}. {refusal.message}{why}", refusal.hint or error.hint
    error.is_retryable = may_pass(answer, call.signed.request.method, call.settings.retry_statuses)
    if 400 <= answer.status < 500:
        _name_inputs(error, call, answer, masked)
    if answer.tries > 1:
        error.details["tries"] = answer.tries
    if answer.status in {403, 413, 429, 500, 503}:
        seconds = _seconds_asked(answer)
        if seconds is not None:
            error.hint = f"Come back in {_duration(seconds)}"
            error.details["retry_after"] = seconds
    return error


def _name_inputs(error: HttpError, call: Call, answer: "Answer", masked: Callable[[str], str]) -> None:
    """Let an error say which inputs it is likely about."""
    from dynacli.client.answers.likely_inputs import likely_inputs, missing_thing

    if answer.status in {404, 410}:
        error.hint = masked(missing_thing(call)) or error.hint
        return
    inputs = likely_inputs(call, answer) if answer.status in {400, 409, 422} else []
    if inputs:
        from dynacli.model.wording import enumerated

        error.hint = f"Check {enumerated(inputs)}; {_describe_line(call)} says what they take"
        error.details["inputs"] = inputs


def _describe_line(call: Call) -> str:
    line = invocation("describe", with_masked_query(call.described.api.name))
    return f"`{line} {call.described.operation.name}`"


def _seconds_asked(answer: "Answer") -> int | None:
    """Return the seconds after which the server wants to be asked again; None where it does not say so."""
    import math
    import time

    from dynacli.http.retrying import seconds_asked

    seconds = seconds_asked(answer.headers, time.time())
    return math.ceil(seconds) if seconds else None


def _duration(seconds: int) -> str:
    for size, unit in ((86_400, "days"), (3_600, "hours"), (60, "minutes")):
        if seconds >= 2 * size:
            return f"{-(-seconds // size)} {unit}"
    return f"{seconds} s"


def _http_hint(call: Call, answer: "Answer", said: str) -> str:
    from dynacli.http.exchange import REDIRECTS

    origin, request = origin_of(answer.url), call.signed.request
    match answer.status:
        case 401 | 403 if origin != origin_of(request.url):
            return f"The redirect led to `{origin}`, where no credential goes; name it with `--server`"
        case 401 if call.signed.login is not None and call.signed.login.refusal:
            return f"The credential was not used: of the server's answer, {call.signed.login.refusal}"
        case 401 if call.renewal is True and request.method not in SAFE_METHODS:
            return "The token was refreshed now; make the call again"
        case 401 | 403:
            from dynacli.client.answers.sign_in_hint import sign_in_hint

            return sign_in_hint(call, answer)
        case 400 if "authorization" in said.lower():
            from dynacli.client.answers.sign_in_hint import prefix_hint

            return prefix_hint(call, answer, said) or _COMPARE
        case 407:
            return "Check the user name and the password in the variable of the proxy, such as `HTTP_PROXY`"
        case 404 | 410:
            return "Check the arguments; `-v` shows the URL that was asked for"
        case 429:
            return "Wait, then try again"
        case status if status in REDIRECTS and request.method not in SAFE_METHODS:
            return "The redirect was not followed: only those of safe methods are"
        case status if status in REDIRECTS and request.method == "QUERY":
            return "The redirect was not followed: a body is never sent to another origin"
        case status if status >= 500:
            return "Try again later, or tell those who run the server"
    return _COMPARE


def mismatch_error(
    call: Call,
    answer: "Answer",
    verdict: "Verdict",
    *,
    detail: Detail = "usual",
    has_json: bool = True,
) -> MismatchError:
    """Return the error for an answer that breaks the document; no secret is in it.

    Args:
        detail: The findings that it holds for a person: none, the first few in a line each, or each with the part of
            the answer that is wrong and its place in the document.
        has_json: Whether it holds the findings for a program.
    """
    from dynacli.client.answers.verdict_text import findings_text, short_findings_text, verdict_json

    api, text = call.described.api, ""
    if detail == "short":
        text = short_findings_text(verdict.findings)
    elif detail != "none":
        from dynacli.client.answers.evidence import Evidence

        evidence = Evidence.of_answer(answer)
        text = findings_text(api, verdict.findings, evidence, call.settings.is_verbose)
    details = verdict_json(api, verdict) if has_json else {}
    mismatch = MismatchError("The answer breaks the document", why=text, **details)
    answer_masker(call.signed, answer.headers).mask_error(mismatch)
    return mismatch
