"""How a call ends that is not plainly well: what is said of it, and the exit code that it leads to."""

from typing import TYPE_CHECKING, Any

from dynacli.client.answer_errors import answer_masker, http_error, mismatch_error
from dynacli.client.call import Call
from dynacli.client.verdict_text import notes_of, verdict_json
from dynacli.commands.run import Run
from dynacli.errors import DynacliError, FileError, MismatchError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from dynacli.auth.secret import Masker
    from dynacli.client.call_settings import CallSettings
    from dynacli.client.described_operation import DescribedOperation
    from dynacli.client.validate_call import CallJudge
    from dynacli.commands.call.call_report import CallReport
    from dynacli.transport.send import Answer
    from dynacli.validation.findings.finding import Verdict

__all__ = ["conclude", "conclude_request", "tell_so_far", "warn_of_request"]


def conclude(
    run: Run,
    call: Call,
    answer: "Answer",
    verdict: "Verdict | None",
    report: "CallReport | None",
    unwritten: FileError | None,
) -> None:
    """Report the verdict, and end the run by what the answer means.

    Args:
        verdict: On the answer, None where nothing was judged.
        report: What is reported for machines; None where nothing is.
        unwritten: Why the answer could not be written; None where it was.

    Raises:
        HttpError: The final status is no 2xx.
        FileError: The answer could not be written.
        MismatchError: The answer breaks the document, at a level that minds.
    """
    _note_answer(call, answer, report)
    failure: DynacliError | None = None
    if not 200 <= answer.status < 300 and not run.options.no_fail:
        failure = http_error(call, answer, "on standard output" if unwritten is None else "")
    if unwritten is not None and failure is not None:
        run.warn(": ".join(text for text in (unwritten.what, unwritten.why) if text))  # the first cause wins
    elif unwritten is not None:
        failure = unwritten
    asked = call.judging.verdict if call.judging is not None else None
    if verdict is not None:
        mismatch = _judged(run, call, answer, verdict, asked, report)
        if mismatch is not None:
            if call.settings.is_strict and not run.options.no_fail and failure is None:
                failure = mismatch
            else:
                _warn(run, mismatch)
    if failure is not None:
        raise failure


def tell_so_far(
    run: Run, call: Call, answer: "Answer", verdict: "Verdict", report: "CallReport | None"
) -> None:
    """Report the verdict on what came of an answer that has no end."""
    _note_answer(call, answer, report)
    mismatch = _judged(run, call, answer, verdict, None, report)
    if mismatch is not None:
        _warn(run, mismatch)


def _note_answer(call: Call, answer: "Answer", report: "CallReport | None") -> None:
    if report is not None:
        report.answered(call.signed.masker.mask(answer.url), answer.status, answer.seconds)


def _warn(run: Run, mismatch: MismatchError) -> None:
    text = f"{mismatch.what}\n{mismatch.why}" if mismatch.why else mismatch.what
    run.warn(text, **mismatch.details)


def warn_of_request(run: Run, judging: "CallJudge", masker: "Masker", report: "CallReport | None") -> None:
    """Warn of what a request that passed holds besides what the document mentions, which `exact` asks for."""
    if judging.verdict.is_valid or (report is not None and report.is_on_stderr):
        return
    details: dict[str, Any] = {}
    if run.error_format == "json":
        details = masker.mask_value(verdict_json(judging.described.api, judging.verdict))
    message = f"The request holds what the document does not mention\n{judging.findings_text()}"
    run.warn(masker.mask(message), **details)


def conclude_request(
    run: Run,
    described: "DescribedOperation",
    verdict: "Verdict",
    masker: "Masker",
    settings: "CallSettings",
    report: "CallReport | None",
) -> None:
    """Report the verdict on a request that the document allows and that is not sent."""
    if report is not None:
        report.judged(masker.mask_value(verdict_json(described.api, verdict)))
    _tell(run, [verdict], masker, settings, report)


def _judged(
    run: Run,
    call: Call,
    answer: "Answer",
    verdict: "Verdict",
    asked: "Verdict | None",
    report: "CallReport | None",
) -> MismatchError | None:
    """Report what there is to report of a verdict; return the mismatch, where there is one."""
    masker = answer_masker(call.signed, answer.headers)
    verdicts = [each for each in (asked, verdict) if each is not None]
    if report is not None:
        for each in verdicts:
            report.judged(masker.mask_value(verdict_json(call.described.api, each)))
    _tell(run, verdicts, masker, call.settings, report)
    if verdict.is_valid:
        return None
    return mismatch_error(
        call,
        answer,
        verdict,
        has_text=report is None or not report.is_on_stderr,
        has_json=run.error_format == "json",
    )


def _tell(
    run: Run,
    verdicts: "Sequence[Verdict]",
    masker: "Masker",
    settings: "CallSettings",
    report: "CallReport | None",
) -> None:
    """Say what could not be judged, and what was found and does not count."""
    if report is not None and report.is_on_stderr:
        return  # where a person would read it, a program reads the same
    for reason in dict.fromkeys(reason for verdict in verdicts for reason in verdict.failures):
        run.warn(masker.mask(f"Not judged: {reason}"))
    for note in notes_of(verdicts, shows_ignored=settings.is_strict or run.options.verbose):
        run.note(masker.mask(note))
