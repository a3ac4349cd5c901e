"""The end of a check: all that is asked for is written, and what was found decides how the run ends."""

import time

from dynacli.check.reporting.check_error import check_error
from dynacli.check.reporting.check_results import CheckResults
from dynacli.check.reporting.check_text import check_table
from dynacli.commands.call.call_report import write_reports
from dynacli.commands.run import Run
from dynacli.commands.verbs.check.check_files import write_har, write_overlay
from dynacli.errors import DynacliError
from dynacli.options.command import HTML
from dynacli.output.output_form import OutputForm
from dynacli.output.render import write_data
from dynacli.output.written_text import written_text

__all__ = ["conclude_check"]


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
            write_har(har, results)
        if learn:
            write_overlay(run, learn, results)
    except DynacliError as second:
        if error is None and not results.is_interrupted:
            error = second
        else:
            run.warn(f"{second.message}: {second.why}")  # the first cause wins
    if not is_shown:
        pass  # what was found stands there already
    elif run.options.output == HTML:
        from dynacli.check.reporting.html_page import check_page

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
