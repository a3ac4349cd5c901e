"""The corrected command line of a usage error: the same inputs, with what is wrong replaced or left to fill in."""

import re
from collections.abc import Iterable, Iterator
from functools import partial
from time import monotonic

from dynacli.client.described_operation import DescribedOperation
from dynacli.commands.corrections.call_line import CallLine, Piece, read_line
from dynacli.commands.corrections.correct_findings import with_inputs, without_findings
from dynacli.commands.corrections.correct_names import with_known_names, without_surplus
from dynacli.commands.corrections.correct_values import nearest, with_fitting_values
from dynacli.commands.corrections.try_line import MOST_CHANGES, needs_too_much, problem_of
from dynacli.commands.operation_command import OperationCommand
from dynacli.commands.run import Run
from dynacli.environment import Environment
from dynacli.errors import UsageError
from dynacli.options.standard_options import INPUT_OPTIONS
from dynacli.record import replace

__all__ = ["corrected_line"]

_MOST_ROUNDS = 8
_SECONDS = 3.0
_QUOTED = re.compile("`([^`]+)`")
_FLAG = re.compile(r"--?[A-Za-z][\w.\[\]-]*")


def corrected_line(
    run: Run, described: DescribedOperation, words: list[str], error: UsageError
) -> CallLine | None:
    """Return the corrected line of a call; None where nothing better than the typed one is known.

    Args:
        words: The words behind the operation.
        error: What ended the call.
    """
    command = OperationCommand(described)
    if len(words) > MOST_CHANGES:
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
        if problem_of(line, env) is None:
            return line
    return None


def _corrected(typed: CallLine, env: Environment, error: UsageError) -> CallLine | None:
    """Return the line with everything right in it; None where that cannot be reached."""
    line = with_fitting_values(without_surplus(with_known_names(typed)))
    until = monotonic() + _SECONDS
    for _ in range(_MOST_ROUNDS):
        if monotonic() > until:
            return None
        problem = problem_of(line, env)
        if problem is None:
            # Some things only the call itself finds, such as options that do not go together.
            is_left = _has_named(line, typed, error) or (_is_same(line, typed) and not line.unfilled())
            return _mended(line, error) if is_left else line
        changed = _mended(line, problem)
        if _is_same(changed, line):
            return None
        line = changed
    return None


def _has_named(line: CallLine, typed: CallLine, error: UsageError) -> bool:
    """Return whether a line still has the standard options that an error names, as they were typed."""
    flags = set(_FLAG.findall(f"{error.message} {error.why}"))
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
    if needs_too_much(problem):
        return line
    if problem.details.get("missing"):
        return with_inputs(line, problem.details["missing"])
    if problem.details.get("findings"):
        return without_findings(line, problem.details["findings"])
    if "server_variable" in problem.details:
        return _with_server_variable(line, problem)
    named = set(_FLAG.findall(problem.message))
    options = [each.standard for each in (*line.before, *line.pieces) if _is_option_of(each, named)]
    if len(set(options)) > 1:  # they do not go together
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
    allowed = _QUOTED.findall(problem.why)
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
    named, quoted = set(_FLAG.findall(f"{problem.message} {problem.why}")), _QUOTED.findall(problem.message)

    def is_named(piece: Piece) -> bool:
        is_header = (
            piece.standard_name == "header" and (piece.value or "").partition(":")[0].strip() in quoted
        )
        return is_header or _is_option_of(piece, named)

    return line.without(is_named)
