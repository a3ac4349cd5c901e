"""The views of a call that the history keeps from before: what of it was kept, and a verdict on that."""

from collections.abc import Mapping
from datetime import datetime
from typing import NamedTuple

from dynacli.client.answers.verdict_text import Evidence, findings_text, notes_of
from dynacli.client.call import request_of
from dynacli.client.call_judge import CallJudge
from dynacli.client.call_settings import CallSettings
from dynacli.client.consent import Consent
from dynacli.client.inputs.collect_values import collect_values
from dynacli.environment import Environment, invocation
from dynacli.errors import DynacliError
from dynacli.explorer.answer.answer_views import answer_screen, write_view
from dynacli.explorer.form.draft import Draft, inputs_of
from dynacli.http.exchange import Answer
from dynacli.library.history.history_file import HistoryRow
from dynacli.model.wording import counted
from dynacli.output.error_messages import write_note, write_warning
from dynacli.output.reports.har import har_call
from dynacli.record import replace
from dynacli.text.terminal import Painter, visible
from dynacli.validation.judged_messages import JudgedResponse

__all__ = ["KeptCall", "kept_text", "line_of_kept"]


class KeptCall(NamedTuple):
    """A call that the history keeps.

    Args:
        draft: What its command line gives to the form.
        left_out: What it does not give.
        settings: How it would be made now, and is judged.
    """

    row: HistoryRow
    draft: Draft
    left_out: tuple[str, ...]
    settings: CallSettings

    @property
    def answer(self) -> Answer | None:
        """The answer, with its body where that was kept; None where nothing was."""
        if self.row.call.messages is None or self.row.call.status is None:
            return None
        kept, size = har_call(self.row), self.row.call.size or 0
        headers = tuple((name, value) for name, value in kept.answer_headers)
        parts = (kept.status, kept.reason, kept.http_version, kept.url, headers, kept.answer_body)
        return Answer(*parts, self.row.call.seconds, size=size)

    @property
    def status_text(self) -> str:
        """The call in a line: when it was made, and what came."""
        lines = [line_of_kept(self.row)]
        if self.left_out:
            lines.append(f"The form leaves out: {', '.join(self.left_out)}")
        return "\n".join(lines)


def line_of_kept(row: HistoryRow) -> str:
    """Return a call of the history in a line."""
    call = row.call
    parts = [str(call.status) if call.status is not None else "no answer"]
    if call.size is not None:
        parts.append(counted(call.size, "byte"))
    parts.append(f"{call.seconds * 1000:,.0f} ms")
    if call.findings is not None:
        parts.append(counted(call.findings, "finding") if call.findings else "valid")
    at = datetime.fromtimestamp(call.at).strftime("%m-%d %H:%M")  # noqa: DTZ006  - a person's own time
    return f"{at} {call.method} {visible(call.operation, keep='')} {' · '.join(parts)}"


def kept_text(view: str, kept: KeptCall, width: int, variables: Mapping[str, str]) -> str:
    """Return the text of a view, as `view_text` does."""
    screen = answer_screen(width, variables)
    env, answer = screen.env, kept.answer
    if view == "headers":
        _write_heads(env, kept, answer)
    elif answer is None:
        _write_line(env, kept)
        write_note(
            env,
            "The history keeps no more of this call. F5 makes it again; "
            f"`{invocation('config set')} history full` keeps messages from now on",
        )
    elif answer.size and not answer.body:
        _write_line(env, kept)
        write_note(
            env,
            f"The body of {counted(answer.size, 'byte')} was too large to be kept; F5 makes the call again",
        )
    elif view == "verdict":
        _write_verdict(env, kept, answer)
    else:
        write_view(env, view, answer)
    return screen.take()


def _write_line(env: Environment, kept: KeptCall) -> None:
    command = kept.row.as_json()["command"]
    env.stdout.write(
        f"$ {visible(command, keep='')}\n{kept.row.call.method} {visible(kept.row.call.url, keep='')}\n"
    )


def _write_heads(env: Environment, kept: KeptCall, answer: Answer | None) -> None:
    _write_line(env, kept)
    paint = Painter.for_stdout(env)

    def lines(headers: tuple[tuple[str, str], ...]) -> str:
        return "".join(
            f"{paint.cyan(visible(name, keep=''))}: {visible(value, keep='')}\n" for name, value in headers
        )

    if answer is not None:
        status = f"{answer.http_version} {answer.status} {answer.reason}".strip()
        head = f"\n{paint.bold(visible(status, keep=''))}\n"
        env.stdout.write(lines(tuple(har_call(kept.row).headers)) + head + lines(answer.headers))


def _write_verdict(env: Environment, kept: KeptCall, answer: Answer) -> None:
    """Judge the answer by the document as it is now."""
    draft = kept.draft
    settings = replace(kept.settings, level="exact", consent=Consent(is_given=True))
    try:
        values = collect_values(draft.described, inputs_of(draft, is_strict=False), is_strict=False)
        judging = CallJudge(draft.described, request_of(draft.described, settings, values), values, settings)
        judging.judge_request()
    except DynacliError as error:
        write_warning(env, f"It is not judged: {error.message}\n{error.why}".rstrip())
        return
    media_type = answer.header("content-type")
    verdict = judging.judge_answer(JudgedResponse(answer.status, answer.headers, media_type, answer.body))
    settings.set_apart(verdict, draft.described.operation, answer.status)
    if verdict.is_valid:
        env.stdout.write(Painter.for_stdout(env).green("The answer is as the document says now") + "\n")
    else:
        evidence = Evidence.of_answer(answer)
        text = findings_text(draft.described.api, verdict.findings, evidence, is_verbose=True)
        write_warning(env, f"The answer breaks the document as it is now\n{text}")
    for note in notes_of([verdict], shows_ignored=True):
        write_note(env, note)
