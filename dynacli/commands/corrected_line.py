"""What an error of a call teaches: the corrected command line, tried before it is shown, and where values come from."""

import re
from collections.abc import Iterable, Iterator
from functools import partial
from time import monotonic

import click

from dynacli.client.call import base_url_of
from dynacli.client.call_settings import CallSettings, settings_of
from dynacli.client.call_validator import CallValidator
from dynacli.client.described_operation import DescribedOperation
from dynacli.client.input_sources import input_sources
from dynacli.client.inputs.collect_values import collect_values, input_name
from dynacli.commands._call.make_call import read_inputs
from dynacli.commands._call_line import CallLine, Piece, asked_call, read_line
from dynacli.commands._correct_words import (
    is_left_to_fill_in,
    nearest,
    with_fitting_values,
    with_inputs,
    with_known_names,
    without_findings,
    without_surplus,
)
from dynacli.commands._operation_command import OperationCommand
from dynacli.commands._read_options import options_in
from dynacli.commands.command_line_errors import from_click
from dynacli.commands.run import GivenWords, Run
from dynacli.environment import Environment, invocation
from dynacli.errors import DynacliError, UsageError
from dynacli.openapi.model.wording import enumerated
from dynacli.options.parsed_words import parse, standard_rules
from dynacli.options.standard_options import INPUT_OPTIONS, Options
from dynacli.record import replace
from dynacli.request.build_request import build_request

__all__ = ["teach"]

_MOST_CHANGES = 100
"""Of a line with more words, or with more that is wrong, no corrected one is made: no one would read it."""

_ANY_SERVER = "http://localhost"
_OF_STDIN = frozenset({"-", "@-"})


def _problem_of(line: CallLine, env: Environment) -> UsageError | None:
    """Return what is wrong with a line; None if its call can be made once its placeholders are filled in.

    Args:
        env: The surroundings; nothing is read from standard input.
    """
    tried = line.with_pieces(each for each in line.pieces if not _is_for_person(each))
    if any(each.standard_name == "server_var" for each in line.unfilled()):
        # Without it there is no server, and any will do.
        tried = tried.without(_is_of_server)
    is_complete = len(tried.pieces) == len(line.pieces) and not line.unfilled()
    problem = _problem_of_words(line, tried.words(is_complete=False, by_option=not is_complete), env)
    if is_complete or problem is None or _needs_too_much(problem):
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


def _needs_too_much(problem: UsageError) -> bool:
    """Return whether more is wrong with a line than is corrected."""
    return len(problem.details.get("missing") or problem.details.get("findings") or ()) > _MOST_CHANGES


def _problem_filled(tried: CallLine, env: Environment) -> UsageError | None:
    """Return what is wrong if all that is left to fill in is filled from the document."""
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
    """Build a request and validate it.

    Raises:
        UsageError: There cannot be such a request.
    """
    run.output_form()  # it raises if options cannot be combined
    settings = _with_server(run.options, described, settings_of(run.env, described.api, run.call_options))
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
        validating = CallValidator(described, request, values, settings)
        validating.validate_request()
        validating.check()


def _with_server(options: Options, described: DescribedOperation, settings: CallSettings) -> CallSettings:
    """Return the settings; without `--server`, any server will do for a request that is not sent.

    Raises:
        UsageError: The server that was asked for is none.
    """
    try:
        base_url_of(described, settings)
    except UsageError:
        if options.server or options.server_var:
            raise
        return replace(settings, server=_ANY_SERVER)
    return settings


_MOST_ROUNDS = 8
_SECONDS = 3.0
_QUOTED = re.compile("`([^`]+)`")
_FLAG = re.compile(r"--?[A-Za-z][\w.\[\]-]*")


def _corrected_line(
    run: Run, described: DescribedOperation, words: list[str], error: UsageError
) -> CallLine | None:
    """Return the corrected line of a call; None if nothing better than the typed one is known.

    Args:
        words: The words after the operation.
        error: What ended the call.
    """
    command = OperationCommand(described)
    if len(words) > _MOST_CHANGES:
        return None
    typed = read_line(run, command, words)
    line = _corrected(typed, run.env, error)
    if line is None:
        typed = with_known_names(typed)
        line = _example(typed, run.env)
    if line is None:
        return None
    return None if _is_same(line, typed) and not line.unfilled() else line


def _example(typed: CallLine, env: Environment) -> CallLine | None:
    """Return the document's own example, which is right, though its inputs are others, with the standard options."""
    example = typed.with_words(typed.command.described.operation.example)
    options = [each for each in typed.pieces if each.standard is not None]
    others = [each for each in options if each.standard not in INPUT_OPTIONS]
    for kept in (options, others):
        line = example.with_pieces([*example.pieces, *kept])
        if _problem_of(line, env) is None:
            return line
    return None


def _corrected(typed: CallLine, env: Environment, error: UsageError) -> CallLine | None:
    """Return the line with everything right in it; None if that cannot be reached."""
    line = with_fitting_values(without_surplus(with_known_names(typed)))
    until = monotonic() + _SECONDS
    for _ in range(_MOST_ROUNDS):
        if monotonic() > until:
            return None
        problem = _problem_of(line, env)
        if problem is None:
            # Some things only the call itself finds, such as options that cannot be combined.
            is_left = _has_named(line, typed, error) or (_is_same(line, typed) and not line.unfilled())
            return _mended(line, error) if is_left else line
        changed = _mended(line, problem)
        if _is_same(changed, line):
            return None
        line = changed
    return None


def _has_named(line: CallLine, typed: CallLine, error: UsageError) -> bool:
    """Return whether a line still has the standard options that an error names, as they were typed."""
    flags = set(_FLAG.findall(f"{error.message} {error.reason}"))
    named, left = (
        [piece for piece in (*each.before, *each.pieces) if _is_option_of(piece, flags)]
        for each in (typed, line)
    )
    return bool(named) and named == left


def _is_same(line: CallLine, other: CallLine) -> bool:
    """Return whether two lines say the same; what a placeholder stands for was not said."""
    if len(line.unfilled()) != len(other.unfilled()):
        return False
    return (line.words(), line.before_words()) == (other.words(), other.before_words())


def _mended(line: CallLine, problem: UsageError) -> CallLine:
    if _needs_too_much(problem):
        return line
    if problem.details.get("missing"):
        return with_inputs(line, problem.details["missing"])
    if problem.details.get("findings"):
        return without_findings(line, problem.details["findings"])
    if "server_variable" in problem.details:
        return _with_server_variable(line, problem)
    named = set(_FLAG.findall(problem.message))
    options = [each.standard for each in (*line.before, *line.pieces) if _is_option_of(each, named)]
    if len(set(options)) > 1:  # they cannot be combined
        return line.without(lambda piece: piece.standard == options[-1])
    for text in (problem.message, problem.hint):
        made = line.changed(partial(_replaced, problem=problem, text=text))
        if _is_same(made, line) and text == problem.message:
            made = _without_named(line, problem)
        if not _is_same(made, line):
            return made
    return line


def _is_option_of(piece: Piece, flags: set[str]) -> bool:
    return piece.standard is not None and not flags.isdisjoint(piece.standard.flags)


def _with_server_variable(line: CallLine, problem: UsageError) -> CallLine:
    """Return the line with a server variable left to fill in; without it if the server has none of its name."""
    name = problem.details["server_variable"]
    line = line.without(
        lambda piece: piece.standard_name == "server_var" and (piece.value or "").partition("=")[0] == name
    )
    if "near" in problem.details:
        return line
    variable = replace(line.piece_of("--server-var", f"{name}=VALUE"), is_placeholder=True)
    return line.with_pieces([*line.pieces, variable])


def _replaced(pieces: Iterable[Piece], problem: UsageError, text: str) -> Iterator[Piece]:
    """Yield the pieces, those that a text names with a value that the error names, or with a placeholder."""
    flags, values = set(_FLAG.findall(text)), set(_QUOTED.findall(text))
    allowed = _QUOTED.findall(problem.reason)
    for piece in pieces:
        is_named = piece.flag in flags or (piece.standard is not None and piece.value in values)
        if not is_named or piece.value is None or piece.is_placeholder:
            yield piece
            continue
        near = nearest(piece.value, allowed) or (allowed[0] if len(allowed) == 1 else None)
        near = near or nearest(piece.value, _QUOTED.findall(problem.hint))
        if piece.standard_name == "set" and problem.details.get("near"):
            near = f"{problem.details['near'][0]}={piece.value.partition('=')[2]}"
        is_right = piece.standard is not None and near is not None and near != piece.value
        yield replace(piece, value=near) if is_right else piece.unfilled()


def _without_named(line: CallLine, problem: UsageError) -> CallLine:
    """Return the line without the standard options, and without the headers, that an error names."""
    named, quoted = (
        set(_FLAG.findall(f"{problem.message} {problem.reason}")),
        _QUOTED.findall(problem.message),
    )

    def is_named(piece: Piece) -> bool:
        is_header = (
            piece.standard_name == "header" and (piece.value or "").partition(":")[0].strip() in quoted
        )
        return is_header or _is_option_of(piece, named)

    return line.without(is_named)


def teach(run: Run, error: UsageError) -> None:
    """Add to a usage error about a known operation what leads to a call that works."""
    asked = run.asked or asked_call(run)
    if asked is None:
        return
    described, words = asked
    _correct(run, error, described, words)
    if run.error_format == "json" and described.is_documented:
        from dynacli.client.operation_summary import operation_summary

        name, profile = described.operation.name, run.all_options.profile
        error.details["summary"] = operation_summary(described.api, name, profile=profile).as_json()


def _correct(run: Run, error: UsageError, described: DescribedOperation, words: list[str]) -> None:
    line = _corrected_line(run, described, words, error)
    if line is None:
        return
    error.try_ = line.text(run.env.variables)
    if f"{invocation(api=described.api.name)} {described.operation.name} " in error.hint.replace(
        " --help", "--help"
    ):
        error.hint = ""  # it is a call, too
    if run.asked is None and any(each.is_input and f"`{each.flag}`" in error.message for each in line.pieces):
        error.hint = f"The options of `{described.operation.name}` go after its name"
    sources = enumerated(list(_sources(line)))
    if sources and "missing" in error.details:
        error.hint = sources
    elif sources:
        error.hint = f"{error.hint}; {sources}" if error.hint else sources


def _sources(line: CallLine) -> Iterator[str]:
    """Yield where the ids come from that are left to fill in."""
    described = line.command.described
    inputs = {piece.field or piece.parameter: piece for piece in line.unfilled()}
    asked_for = [each for each in inputs if each is not None]
    sources = input_sources(described.api, described.operation, asked_for)
    for each in asked_for:
        piece, source = inputs[each], sources.get(each.option)
        if source:
            name = piece.flag or (input_name(piece.parameter) if piece.parameter is not None else "")
            yield f"{name} comes from `{source}`"
