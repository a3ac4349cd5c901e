"""The views of an answer: its value, its text, its headers and its findings."""

import io
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Final, NamedTuple

from dynacli.auth.secret import MASK
from dynacli.client.answers.answer_errors import answer_masker, http_error, mismatch_error
from dynacli.client.answers.verdict_text import notes_of
from dynacli.client.call import Call
from dynacli.environment import Environment
from dynacli.errors import FileError, FormError
from dynacli.explorer.calls.running_call import Ended
from dynacli.http.exchange import Answer
from dynacli.model.wording import counted
from dynacli.output.error_messages import write_error, write_note, write_warning
from dynacli.output.output_form import OutputForm
from dynacli.output.render import write_body
from dynacli.output.standard_error import write_stderr
from dynacli.text.content_kind import decoded
from dynacli.text.terminal import Painter, visible

if TYPE_CHECKING:
    from dynacli.model.find_items import KnownItems

__all__ = ["VIEWS", "AnswerScreen", "answer_screen", "status_text", "view_text", "write_view"]


def write_view(env: Environment, view: str, answer: Answer, known: "KnownItems | None" = None) -> None:
    """Write a body.

    Args:
        view: `pretty`, `table` or `raw`.
        known: What the document says of the items; None where it says nothing.
    """
    media_type = answer.header("content-type")
    if view == "raw":
        text = answer.body.decode("utf-8", "backslashreplace").replace("\r\n", "\n")
        env.stdout.write(visible(text))
    elif decoded(answer.body, media_type) is None:
        name = f"`{visible(media_type, keep='')}`" if media_type else "of no declared type"
        size = counted(len(answer.body), "byte")
        write_note(env, f"The answer is binary ({name}, {size}); s saves it in a file")
    elif not answer.body:
        write_note(env, "The answer has no body")
    else:
        form = OutputForm("auto" if view == "pretty" else view, may_page=False)
        try:
            write_body(env, answer.body, media_type, form, known=known)
        except (FormError, FileError) as error:
            write_error(env, error, "text")


VIEWS: Final = ("pretty", "table", "raw", "headers", "verdict")


class _Stream(io.StringIO):
    """A terminal whose text is kept."""

    encoding = "utf-8"

    def isatty(self) -> bool:
        return True


class AnswerScreen(NamedTuple):
    """A terminal that both streams of a run write to, in the order in which they write.

    Args:
        env: The surroundings of what writes to it.
        stream: What was written.
    """

    env: Environment
    stream: io.StringIO

    def take(self) -> str:
        """Return what was written since the last time."""
        text = self.stream.getvalue()
        self.stream.seek(0)
        self.stream.truncate()
        return text


def answer_screen(width: int, variables: Mapping[str, str]) -> AnswerScreen:
    """Return a terminal of a width in columns, with colours as the variables allow them."""
    stream = _Stream()
    allowed = {name: value for name, value in variables.items() if name in {"NO_COLOR", "TERM"}}
    env = Environment(
        stdin=stream, stdout=stream, stderr=stream, variables={**allowed, "COLUMNS": str(max(width, 1))}
    )
    return AnswerScreen(env, stream)


def view_text(view: str, ended: Ended, width: int, variables: Mapping[str, str]) -> str:
    """Return the text of a view.

    Args:
        view: One of `VIEWS`.
        width: The columns that it has.
        variables: Those of the environment, which say whether there are colours.
    """
    screen = answer_screen(width, variables)
    call, answer = ended.call, ended.answer
    if call is not None and answer is not None:
        _WRITERS[view](screen.env, call, answer, ended)
    if ended.was_cancelled:
        sent = call is not None and call.has_sent
        more = "the request may have reached the server" if sent else "nothing was sent"
        write_note(screen.env, f"Cancelled: {more}")
    elif ended.error is not None:
        write_error(screen.env, ended.error, "text")
    return screen.take()


def status_text(ended: Ended) -> str:
    """Return an answer in a line: its status, size, time and verdict."""
    answer = ended.answer
    if answer is None:
        return "Cancelled" if ended.was_cancelled else "No answer"
    parts = [
        f"{answer.status} {visible(answer.reason, keep='')}".strip(),
        counted(answer.size, "byte"),
        f"{answer.seconds * 1000:,.0f} ms",
    ]
    verdict = ended.verdict
    if verdict is not None:
        parts.append("valid" if verdict.is_valid else counted(len(verdict.findings), "finding"))
    if ended.was_cancelled:
        parts.append("cancelled")
    elif ended.error is not None:
        parts.append("broken off")
    return " · ".join(parts)


def _write_pretty(env: Environment, call: Call, answer: Answer, _: Ended) -> None:
    write_view(env, "pretty", answer)
    _write_status(env, call, answer)


def _write_table(env: Environment, call: Call, answer: Answer, _: Ended) -> None:
    from dynacli.client.pages.known_items import known_items

    write_view(env, "table", answer, known_items(call.described))
    _write_status(env, call, answer)


def _write_status(env: Environment, call: Call, answer: Answer) -> None:
    if not 200 <= answer.status < 300:
        write_error(env, http_error(call, answer), "text")


def _write_raw(env: Environment, call: Call, answer: Answer, ended: Ended) -> None:  # noqa: ARG001
    write_view(env, "raw", answer)


def _write_headers(env: Environment, call: Call, answer: Answer, ended: Ended) -> None:  # noqa: ARG001
    signed, paint = call.signed, Painter.for_stdout(env)
    masker = answer_masker(signed, answer.headers)

    def header(name: str, value: str) -> str:
        shown = MASK if name.lower() in signed.secret_headers and MASK not in value else masker.mask(value)
        return f"{paint.cyan(visible(name, keep=''))}: {visible(shown, keep='')}"

    shown = signed.shown
    lines = [f"{shown.method} {visible(masker.mask(shown.url), keep='')}"]
    lines += [header(name, value) for name, value in shown.headers]
    lines += ["", *(f"{status} {visible(masker.mask(url), keep='')}" for status, url in answer.hops)]
    lines += [paint.bold(visible(f"{answer.http_version} {answer.status} {answer.reason}".rstrip(), keep=""))]
    lines += [header(name, value) for name, value in answer.headers]
    env.stdout.write("\n".join(lines) + "\n")


def _write_verdict(env: Environment, call: Call, answer: Answer, ended: Ended) -> None:
    verdict, judging = ended.verdict, call.judging
    if verdict is None or judging is None:
        write_note(env, "Nothing was judged")
        return
    masker = answer_masker(call.signed, answer.headers)
    if not judging.verdict.is_valid:
        text = f"The request holds what the document does not mention\n{judging.findings_text()}"
        write_warning(env, masker.mask(text))
    if verdict.is_valid:
        write_stderr(
            env, Painter.for_stderr(env).green("The answer is as the document says") + "\n", painted=True
        )
    else:
        mismatch = mismatch_error(call, answer, verdict, has_json=False)
        if call.settings.is_strict:
            write_error(env, mismatch, "text")
        else:
            write_warning(env, f"{mismatch.message}\n{mismatch.why}")
    for note in notes_of([judging.verdict, verdict], shows_ignored=True):
        write_note(env, masker.mask(note))
    for reason in dict.fromkeys((*judging.verdict.failures, *verdict.failures)):
        write_warning(env, masker.mask(f"Not judged: {reason}"))


_WRITERS: Final[Mapping[str, Callable[[Environment, Call, Answer, Ended], None]]] = {
    "pretty": _write_pretty,
    "table": _write_table,
    "raw": _write_raw,
    "headers": _write_headers,
    "verdict": _write_verdict,
}
