"""The end of a check: all that is asked for is written, and what was found decides how the run ends."""

import time
from pathlib import Path

from dynacli.check.check_results import CheckResults
from dynacli.check.check_text import check_error, check_table
from dynacli.commands._call.call_report import wanted_reports, write_reports
from dynacli.commands.run import Run
from dynacli.errors import DynacliError, FileError, UsageError
from dynacli.files import write_named_file
from dynacli.options.command import HTML
from dynacli.output.output_form import OutputForm
from dynacli.output.render import write_data
from dynacli.output.written_text import written_text

__all__ = ["check_files", "conclude_check"]

_MAX_LISTED = 10


def check_files(run: Run, **files: str | None) -> None:
    """Check, before anything is sent, that each file is named once, and that its directory is there.

    Args:
        files: Option → the file that it names.

    Raises:
        UsageError: An option names no file, or a file that another option names, too.
        FileError: A directory is not there.
    """
    import os

    named = [
        (f"--report ...={report.file}", report.file) for report in wanted_reports(run.options) if report.file
    ]
    if run.options.output.startswith("@"):
        named.append((f"-o {run.options.output}", run.options.output[1:]))
    named.extend((f"--{option}", file) for option, file in files.items() if file is not None)
    taken: set[str] = set()
    for option, file in named:
        if not file:
            raise UsageError(f"`{option}` names no file")
        path = os.path.abspath(file)
        if path in taken:
            raise UsageError(f"`{file}` is named twice", hint="Give each its own file")
        taken.add(path)
        folder = os.path.dirname(path)
        if not os.path.isdir(folder):
            from shlex import quote

            raise FileError(
                f"`{file}` cannot be written",
                reason=f"`{folder}` is not a directory",
                hint=f"Create the directory first: `mkdir -p {quote(folder)}`",
            )


def _write_har(file: str, results: CheckResults) -> None:
    """Write all calls as an HTTP Archive, secrets masked, into a file that only its owner may read.

    Raises:
        FileError: It cannot be written.
    """
    from dynacli.check.check_page import har_calls
    from dynacli.output.har import har_of

    # Bodies of responses may hold private data that no mask knows of: the permissions are those of dynacli's own state.
    content = har_of(har_calls(results.all_exchanges)).encode("utf-8", "backslashreplace")
    write_named_file(Path(file), content, is_private=True)


def _write_overlay(run: Run, file: str, results: CheckResults) -> None:
    """Write the overlay that would make the document agree with the responses, if it can be made.

    Raises:
        DocumentError: The document's text is lost.
        FileError: It cannot be written.
    """
    from dynacli.check.learning.learn_overlay import learn_overlay, overlay_text
    from dynacli.check.learning.observed_responses import observed_responses

    responses = observed_responses(results.checked)
    learned = learn_overlay(results.api, responses)
    # Each once: the report says where each was found.
    unmended = list(
        dict.fromkeys(f"{name}: {finding.message} [{finding.rule}]" for name, finding in learned.unmended)
    )
    if unmended:
        lines = ["What is left here no overlay can mend:", *unmended[:_MAX_LISTED]]
        if len(unmended) > _MAX_LISTED:
            lines.append(f"and {len(unmended) - _MAX_LISTED} more")
        text = "\n".join(lines)
        for exchange in results.all_exchanges:
            text = exchange.masker.mask(text)
        run.warn(text)
    if learned.overlay is None:
        reason = "There is nothing to learn" if responses else "No response was validated"
        run.note(f"{reason}: `{file}` is not written")
        return
    write_named_file(Path(file), overlay_text(learned.overlay, file))
    count = len(learned.overlay["actions"])
    run.note(f"`{file}` has {count} change{'s' if count > 1 else ''} of the document")


def conclude_check(
    run: Run,
    results: CheckResults,
    *,
    is_strict: bool,
    learn: str | None,
    har: str | None = None,
    is_shown: bool = True,
) -> None:
    """Write everything that is asked for, and end the run by what was found.

    Args:
        is_strict: Whether findings are a failure.
        learn: The file for the overlay; None where none is wanted.
        har: The file for the traffic; None where none is wanted.
        is_shown: Whether the results are written to standard output; else only reports and files are.

    Raises:
        DynacliError: What was found, or a file that cannot be written.
        KeyboardInterrupt: The check was interrupted.
    """
    error = check_error(results, is_strict=is_strict)
    if error is not None and error.kind == "mismatch" and run.options.no_fail:
        error = None
    try:
        write_reports(run.env, run.options, results.calls())
        if har:
            _write_har(har, results)
        if learn:
            _write_overlay(run, learn, results)
    except DynacliError as second:
        if error is None and not results.is_interrupted:
            error = second
        else:
            run.warn(f"{second.message}: {second.reason}")  # the first cause wins
    if not is_shown:
        pass  # what was found stands there already
    elif run.options.output == HTML:
        from dynacli.check.check_page import check_page

        with written_text(run.env, OutputForm()) as write:
            write(check_page(results, time.time()))
    else:
        write_data(
            run.env,
            results.rows(),
            run.data_form,
            lambda paint, width: check_table(results, paint, width),
        )
    if results.is_interrupted:
        raise KeyboardInterrupt
    if error is not None:
        raise error
