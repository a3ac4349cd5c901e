"""The views of a response: value, text, headers and findings. Its call is new or from the history."""

import io
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Final, NamedTuple

from textual.content import Content

from dynacli.client.call import Call, request_of
from dynacli.client.call_settings import CallSettings
from dynacli.client.call_validator import CallValidator
from dynacli.client.inputs.collect_values import collect_values
from dynacli.client.responses.response_errors import http_error, mismatch_error
from dynacli.client.responses.validation_text import Evidence, findings_text, notes_of
from dynacli.client.sign_request import Signed, head_value
from dynacli.environment import Consent, Environment, invocation
from dynacli.errors import DynacliError, FileError, FormatError, UsageError
from dynacli.features.explorer._running_call import Ended
from dynacli.features.explorer._styles import painted_method, painted_status
from dynacli.features.explorer.drafts import Draft, inputs_of
from dynacli.http.exchange import WireResponse
from dynacli.http.semantics import ReceivedBody, is_sequence, is_structured
from dynacli.openapi.model.wording import counted
from dynacli.output.har import har_call
from dynacli.output.output_format import OutputFormat
from dynacli.output.render import write_body
from dynacli.output.standard_error import write_error, write_note, write_stderr, write_warning
from dynacli.output.written_items import written_sequence
from dynacli.record import replace
from dynacli.registry.call_history import HistoryRow
from dynacli.secrets import mask_header
from dynacli.text.body_text import decoded
from dynacli.text.filter_value import check_filter
from dynacli.text.terminal import Painter, visible
from dynacli.validation.validated_messages import ValidatedResponse

BODY_VIEWS: Final = ("pretty", "table", "raw")
_SEPARATOR: Final = Content(" · ")
VIEWS: Final = (*BODY_VIEWS, "headers", "validation")


def _write_view(
    env: Environment,
    view: str,
    response: WireResponse,
    body: ReceivedBody,
    asked: OutputFormat,
    signed: Signed | None = None,
) -> None:
    """Write a body. The filter applies to successes alone, unless status and headers are shown, too.

    Args:
        view: `pretty`, `table` or `raw`.
        asked: The filter, and whether to show status and headers.
        signed: Masks the headers; None for a response from the history, which is masked already.
    """
    if not (asked.include or response.is_success):
        asked = OutputFormat()
    if view == "raw":
        text = response.body.decode("utf-8", "backslashreplace").replace("\r\n", "\n")
        env.stdout.write(visible(text))
    elif asked.filter or asked.include:
        form = replace(asked, format="json" if view == "pretty" else view, may_page=False)
        _write_formed(env, response, body, form, signed)
    elif decoded(body.content, body.media_type) is None and not is_structured(body.media_type):
        name = f"`{visible(body.media_type, keep='')}`" if body.media_type else "of no declared type"
        size = counted(len(body.content), "byte")
        write_note(env, f"The response is binary ({name}, {size}); s saves it in a file")
    elif not response.body:
        write_note(env, "The response has no body")
    else:
        form = OutputFormat("text" if view == "pretty" else view, may_page=False)
        _write_formed(env, response, body, form, signed)


def _write_formed(
    env: Environment,
    response: WireResponse,
    body: ReceivedBody,
    form: OutputFormat,
    signed: Signed | None,
) -> None:
    """Write a body in an output format. An error comes first, before the body that is written instead."""
    screen = response_screen(int(env.variables["COLUMNS"]), env.variables)
    head = None
    if form.include:
        head = head_value(response) if signed is None else signed.head_of(response)
    try:
        if form.filter:
            check_filter(form.filter)
        if form.filter and is_sequence(body.media_type):
            with written_sequence(screen.env, body.media_type, form, head=head) as write:
                write(body.content)
        else:
            write_body(screen.env, body, form, head=head)
    except (UsageError, FormatError, FileError) as error:
        write_error(env, error, "text")
    env.stdout.write(screen.take())


class _Stream(io.StringIO):
    """A terminal in memory."""

    encoding = "utf-8"

    def isatty(self) -> bool:
        return True


class ResponseScreen(NamedTuple):
    """A terminal in memory, to which both streams of a run write in turn.

    Args:
        env: The environment with these streams.
        stream: The text that was written.
    """

    env: Environment
    stream: io.StringIO

    def take(self) -> str:
        """Return the text that was written since the last call."""
        text = self.stream.getvalue()
        self.stream.seek(0)
        self.stream.truncate()
        return text


def response_screen(width: int, variables: Mapping[str, str]) -> ResponseScreen:
    """Return a terminal of a width in columns. It has colours if the variables allow them."""
    stream = _Stream()
    allowed = {name: value for name, value in variables.items() if name in {"NO_COLOR", "TERM"}}
    env = Environment(
        stdin=stream, stdout=stream, stderr=stream, variables={**allowed, "COLUMNS": str(max(width, 1))}
    )
    return ResponseScreen(env, stream)


def view_text(view: str, ended: Ended, asked: OutputFormat, width: int, variables: Mapping[str, str]) -> str:
    """Return the text of a view.

    Args:
        view: One of `VIEWS`.
        asked: The filter, and whether to show status and headers.
        width: The width in columns.
        variables: The environment variables, which may turn colours off.
    """
    screen = response_screen(width, variables)
    call, response = ended.call, ended.response
    if call is not None and response is not None:
        if view in BODY_VIEWS:
            body = call.received(response)
            _write_view(screen.env, view, response, body, asked, call.signed)
            if view != "raw" and not response.is_success:
                write_error(screen.env, http_error(call, response), "text")
        else:
            _WRITERS[view](screen.env, call, response, ended)
    if ended.was_cancelled:
        sent = call is not None and call.has_sent
        more = "the request may have reached the server" if sent else "nothing was sent"
        write_note(screen.env, f"Cancelled: {more}")
    elif ended.error is not None:
        write_error(screen.env, ended.error, "text")
    return screen.take()


def status_line(ended: Ended) -> Content:
    """Return the status, size, time and result of a response in one line."""
    response = ended.response
    if response is None:
        return Content("Cancelled" if ended.was_cancelled else "No response")
    parts = [
        counted(response.size, "byte"),
        f"{response.seconds * 1000:,.0f} ms",
    ]
    if response.cache:
        parts.append(f"cache: {response.cache}")
    validation = ended.validation
    if validation is not None:
        parts.append("valid" if validation.is_valid else counted(len(validation.findings), "finding"))
    if ended.was_cancelled:
        parts.append("cancelled")
    elif ended.error is not None:
        parts.append("broken off")
    status = painted_status(f"{response.status} {visible(response.reason, keep='')}".strip())
    return _SEPARATOR.join([status, *map(Content, parts)])


def _write_headers(env: Environment, call: Call, response: WireResponse, ended: Ended) -> None:  # noqa: ARG001
    signed, paint = call.signed, Painter.for_stdout(env)
    masker = signed.response_masker(response.headers)

    def header(name: str, value: str) -> str:
        shown = mask_header(name, masker.mask(value), signed.secret_headers)
        return f"{paint.cyan(visible(name, keep=''))}: {visible(shown, keep='')}"

    shown = signed.shown
    lines = [f"{shown.method} {visible(masker.mask(shown.url), keep='')}"]
    lines += [header(name, value) for name, value in shown.headers]
    lines += ["", *(f"{status} {visible(masker.mask(url), keep='')}" for status, url in response.hops)]
    lines += [
        paint.bold(visible(f"{response.http_version} {response.status} {response.reason}".rstrip(), keep=""))
    ]
    lines += [header(name, value) for name, value in response.headers]
    env.stdout.write("\n".join(lines) + "\n")


def _write_validation(env: Environment, call: Call, response: WireResponse, ended: Ended) -> None:
    validation, validating = ended.validation, call.validating
    if validation is None or validating is None:
        write_note(env, "Nothing was validated")
        return
    masker = call.signed.response_masker(response.headers)
    if not validating.validation.is_valid:
        text = f"The request has values that the document does not mention\n{validating.findings_text()}"
        write_warning(env, masker.mask(text))
    if validation.is_valid:
        write_stderr(
            env, Painter.for_stderr(env).green("The response matches the document") + "\n", painted=True
        )
    else:
        mismatch = mismatch_error(call, response, validation, has_json=False)
        if call.settings.is_strict:
            write_error(env, mismatch, "text")
        else:
            write_warning(env, f"{mismatch.message}\n{mismatch.reason}")
    for note in notes_of([validating.validation, validation], shows_ignored=True):
        write_note(env, masker.mask(note))
    for reason in dict.fromkeys((*validating.validation.failures, *validation.failures)):
        write_warning(env, masker.mask(f"Not validated: {reason}"))


_WRITERS: Final[Mapping[str, Callable[[Environment, Call, WireResponse, Ended], None]]] = {
    "headers": _write_headers,
    "validation": _write_validation,
}


class KeptCall(NamedTuple):
    """A call from the history.

    Args:
        draft: The contents of the form that its command line gives.
        left_out: The parts of its command line that have no row in the form.
        settings: The settings of a new call, which also apply to the validation.
    """

    row: HistoryRow
    draft: Draft
    left_out: tuple[str, ...]
    settings: CallSettings

    @property
    def response(self) -> WireResponse | None:
        """The response, with its body if that was stored; None if no response was stored."""
        if self.row.call.messages is None or self.row.call.status is None:
            return None
        kept, size = har_call(self.row), self.row.call.size or 0
        headers = tuple((name, value) for name, value in kept.response_headers)
        parts = (kept.status, kept.reason, kept.http_version, kept.url, headers, kept.response_body)
        return WireResponse(*parts, self.row.call.seconds, size=size)

    @property
    def status_lines(self) -> list[Content]:
        """The call in one line, and a second line about parts that the form leaves out."""
        lines = [line_of_kept(self.row)]
        if self.left_out:
            lines.append(Content(visible(f"The form leaves out: {', '.join(self.left_out)}", keep="")))
        return lines


def line_of_kept(row: HistoryRow) -> Content:
    """Return a call of the history in one line."""
    call, parts = row.call, []
    if call.size is not None:
        parts.append(counted(call.size, "byte"))
    parts.append(f"{call.seconds * 1000:,.0f} ms")
    if call.cache is not None:
        parts.append(f"cache: {call.cache}")
    if call.findings is not None:
        parts.append(counted(call.findings, "finding") if call.findings else "valid")
    at = datetime.fromtimestamp(call.at).strftime("%m-%d %H:%M")  # noqa: DTZ006  - people expect local time
    status = painted_status(str(call.status)) if call.status is not None else Content("no response")
    line = _SEPARATOR.join([status, *map(Content, parts)])
    return Content.assemble(
        f"{at} ", painted_method(call.method), f" {visible(call.operation, keep='')} ", line
    )


def kept_text(
    view: str, kept: KeptCall, asked: OutputFormat, width: int, variables: Mapping[str, str]
) -> str:
    """Return the text of a view of a call from the history, like `view_text`."""
    screen = response_screen(width, variables)
    env, response = screen.env, kept.response
    if view == "headers":
        _write_heads(env, kept, response)
    elif response is None:
        _write_line(env, kept)
        write_note(
            env,
            "The history keeps no more of this call. F5 makes it again; "
            f"`{invocation('config set')} history full` keeps messages from now on",
        )
    elif response.size and not response.body:
        _write_line(env, kept)
        write_note(
            env,
            f"The body of {counted(response.size, 'byte')} was too large to be kept; F5 makes the call again",
        )
    elif view == "validation":
        _write_kept_validation(env, kept, response)
    else:
        _write_view(env, view, response, kept.draft.described.received(response), asked)
    return screen.take()


def _write_line(env: Environment, kept: KeptCall) -> None:
    command = kept.row.as_json()["command"]
    env.stdout.write(
        f"$ {visible(command, keep='')}\n{kept.row.call.method} {visible(kept.row.call.url, keep='')}\n"
    )


def _write_heads(env: Environment, kept: KeptCall, response: WireResponse | None) -> None:
    _write_line(env, kept)
    paint = Painter.for_stdout(env)

    def lines(headers: tuple[tuple[str, str], ...]) -> str:
        return "".join(
            f"{paint.cyan(visible(name, keep=''))}: {visible(value, keep='')}\n" for name, value in headers
        )

    if response is not None:
        status = f"{response.http_version} {response.status} {response.reason}".strip()
        head = f"\n{paint.bold(visible(status, keep=''))}\n"
        env.stdout.write(lines(tuple(har_call(kept.row).headers)) + head + lines(response.headers))


def _write_kept_validation(env: Environment, kept: KeptCall, response: WireResponse) -> None:
    """Validate the response by the current document."""
    draft = kept.draft
    settings = replace(kept.settings, level="exact", consent=Consent(is_given=True))
    try:
        values = collect_values(
            draft.described, inputs_of(draft, replace(settings, level="off")), is_strict=False
        )
        validating = CallValidator(
            draft.described, request_of(draft.described, settings, values), values, settings
        )
        validating.validate_request()
    except DynacliError as error:
        write_warning(env, f"It is not validated: {error.message}\n{error.reason}".rstrip())
        return
    media_type = response.header("content-type")
    responded = ValidatedResponse(response.status, response.headers, media_type, response.body)
    if response.is_json_lines:
        responded = responded.as_json_lines()
    validation = validating.validate_response(responded)
    settings.set_apart(validation, draft.described.operation, response.status)
    if validation.is_valid:
        env.stdout.write(
            Painter.for_stdout(env).green("The response matches the document as it is now") + "\n"
        )
    else:
        evidence = Evidence.of_response(response)
        text = findings_text(draft.described.api, validation.findings, evidence, is_verbose=True)
        write_warning(env, f"The response does not match the document as it is now\n{text}")
    for note in notes_of([validation], shows_ignored=True):
        write_note(env, note)
