"""A corrected line is tried: its call is built and judged as always, and nothing is sent."""

import click

from dynacli.client.call import CallJudge, base_url_of
from dynacli.client.call_settings import CallSettings, settings_of
from dynacli.client.described_operation import DescribedOperation
from dynacli.client.inputs.call_inputs import collect_values
from dynacli.commands.call.make_call import read_inputs
from dynacli.commands.click_errors import from_click
from dynacli.commands.corrections.call_line import CallLine, Piece
from dynacli.commands.corrections.correct_findings import is_left_to_fill_in, with_inputs
from dynacli.commands.operation_command import OperationCommand
from dynacli.commands.read_options import options_in
from dynacli.commands.run import GivenWords, Run
from dynacli.environment import Environment
from dynacli.errors import DynacliError, UsageError
from dynacli.options.parsed_words import parse, standard_rules
from dynacli.record import replace
from dynacli.request.build_request import build_request

__all__ = ["MOST_CHANGES", "needs_too_much", "problem_of"]

MOST_CHANGES = 100
"""Of a line with more words, or with more that is wrong, no corrected one is made: nobody would read it."""

_ANY_SERVER = "http://localhost"
_OF_STDIN = frozenset({"-", "@-"})


def problem_of(line: CallLine, env: Environment) -> UsageError | None:
    """Return what is wrong with a line; None where its call can be made once its placeholders are filled in.

    Args:
        env: The surroundings; nothing is read from standard input.
    """
    tried = line.with_pieces(each for each in line.pieces if not _is_for_person(each))
    if any(each.standard_name == "server_var" for each in line.unfilled()):
        # Without it there is no server, and any will do.
        tried = tried.without(_is_of_server)
    is_complete = len(tried.pieces) == len(line.pieces) and not line.unfilled()
    problem = _problem_of_words(line, tried.words(is_complete=False, by_option=not is_complete), env)
    if is_complete or problem is None or needs_too_much(problem):
        return problem
    missing = problem.details.get("missing") or ()
    if any(len(with_inputs(line, [name]).pieces) > len(line.pieces) for name in missing):
        return problem
    if missing:
        problem = _problem_filled(tried, env)
    if problem is None or "findings" not in problem.details:
        return problem
    findings = [each for each in problem.details["findings"] if not is_left_to_fill_in(line, each)]
    problem.details["findings"] = findings
    return problem if findings else None


def needs_too_much(problem: UsageError) -> bool:
    """Return whether more is wrong with a line than is corrected."""
    return len(problem.details.get("missing") or problem.details.get("findings") or ()) > MOST_CHANGES


def _problem_filled(tried: CallLine, env: Environment) -> UsageError | None:
    """Return what is wrong where all that is left to fill in is filled from the document."""
    words = [*tried.words(is_complete=False, by_option=True), "--example"]
    return _problem_of_words(tried, words, env)


def _is_of_server(piece: Piece) -> bool:
    return piece.standard_name in {"server", "server_var"}


def _is_for_person(piece: Piece) -> bool:
    """Return whether a piece asks for what a trial must not touch: standard input, and an editor."""
    return piece.standard_name == "editor" or (bool(piece.flag) and piece.value in _OF_STDIN)


def _problem_of_words(line: CallLine, words: list[str], env: Environment) -> UsageError | None:
    run = Run(env)
    run.options = replace(
        options_in(parse(line.before_words(), standard_rules())),
        dry_run="http",
        error_format="json",
    )
    run.act = _build
    described = line.command.described
    command = OperationCommand(described)
    try:
        with command.make_context(described.operation.name, words, obj=run, help_option_names=[]) as context:
            command.invoke(context)
    except click.ClickException as error:
        told = from_click(error)
        return told if isinstance(told, UsageError) else None
    except UsageError as error:
        return error
    except DynacliError:
        return None  # such as a credential that is missing: the line is right
    return None


def _build(run: Run, described: DescribedOperation, given: GivenWords) -> None:
    """Build a request and judge it.

    Raises:
        UsageError: There cannot be such a request.
    """
    run.output_form()  # it raises where options do not go together
    settings = _with_server(run, described, settings_of(run.env, described.api, run.call_options))
    is_strict = settings.level != "off" and described.is_documented
    inputs, _ = read_inputs(run, described, given, is_strict=is_strict)
    values = collect_values(described, inputs, is_strict=is_strict)
    request = build_request(
        described.operation,
        base_url_of(described, settings),
        values.parameters,
        values.body,
        values.media_type,
        settings.headers,
        is_strict=is_strict,
    )
    if is_strict:
        judging = CallJudge(described, request, values, settings)
        judging.judge_request()
        judging.check()


def _with_server(run: Run, described: DescribedOperation, settings: CallSettings) -> CallSettings:
    """Return the settings; where nothing was said of the server, any will do for a request that is not sent.

    Raises:
        UsageError: The server that was asked for is none.
    """
    try:
        base_url_of(described, settings)
    except UsageError:
        if run.options.server or run.options.server_var:
            raise
        return replace(settings, server=_ANY_SERVER)
    return settings
