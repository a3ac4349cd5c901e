"""The corrected command line of a usage error: the same inputs, with what is wrong replaced or left to fill in."""

import re
from collections.abc import Iterable, Iterator

from dynacli.client.described_operation import DescribedOperation
from dynacli.commands.corrections.call_line import CallLine, Piece, read_line
from dynacli.commands.corrections.correct_findings import with_inputs, without_findings
from dynacli.commands.corrections.correct_names import with_known_names, without_surplus
from dynacli.commands.corrections.correct_values import nearest, with_fitting_values
from dynacli.commands.corrections.try_line import problem_of
from dynacli.commands.operation_command import OperationCommand
from dynacli.commands.run import Run
from dynacli.environment import Environment
from dynacli.errors import UsageError
from dynacli.record import replace

__all__ = ["corrected_line"]

_MOST_ROUNDS = 8
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
    typed = read_line(run, command, words)
    line = _corrected(typed, run.env, error)
    if line is None:
        # The document's own example, which is right, though its inputs are others.
        line = typed.with_words(described.operation.example)
        line = line.with_pieces([*line.pieces, *(each for each in typed.pieces if each.standard is not None)])
        if problem_of(line, run.env) is not None:
            return None
    return None if _is_same(line, typed) and not line.unfilled() else line


def _corrected(typed: CallLine, env: Environment, error: UsageError) -> CallLine | None:
    """Return the line with everything right in it; None where that cannot be reached."""
    line = with_fitting_values(without_surplus(with_known_names(typed)))
    for _ in range(_MOST_ROUNDS):
        problem = problem_of(line, env)
        if problem is None:
            # Some things only the call itself finds.
            return _mended(line, error) if _is_same(line, typed) and not line.unfilled() else line
        changed = _mended(line, problem)
        if _is_same(changed, line):
            return None
        line = changed
    return None


def _is_same(line: CallLine, other: CallLine) -> bool:
    """Return whether two lines say the same; what a placeholder stands for was not said."""
    if len(line.unfilled()) != len(other.unfilled()):
        return False
    return (line.words(), line.before_words()) == (other.words(), other.before_words())


def _mended(line: CallLine, problem: UsageError) -> CallLine:
    if problem.details.get("missing"):
        return with_inputs(line, problem.details["missing"])
    if problem.details.get("findings"):
        return without_findings(line, problem.details["findings"])
    made = line.with_before(_replaced(line.before, problem)).with_pieces(_replaced(line.pieces, problem))
    return _without_named(line, problem) if _is_same(made, line) else made


def _replaced(pieces: Iterable[Piece], problem: UsageError) -> Iterator[Piece]:
    """Yield the pieces, those that an error names with a value that it names, too, or with a placeholder."""
    flags, values = set(_FLAG.findall(problem.message)), set(_QUOTED.findall(problem.message))
    allowed = _QUOTED.findall(problem.why)
    for piece in pieces:
        is_named = piece.flag in flags or (piece.standard is not None and piece.value in values)
        if not is_named or piece.value is None or piece.is_placeholder:
            yield piece
            continue
        near = nearest(piece.value, allowed) or (allowed[0] if len(allowed) == 1 else None)
        near = near or nearest(piece.value, _QUOTED.findall(problem.hint))
        is_right = piece.standard is not None and near is not None and near != piece.value
        yield replace(piece, value=near) if is_right else piece.unfilled()


def _without_named(line: CallLine, problem: UsageError) -> CallLine:
    """Return the line without the standard options that an error names."""
    named = set(_FLAG.findall(f"{problem.message} {problem.why}"))
    before, pieces = (
        [each for each in each_side if each.standard is None or named.isdisjoint(each.standard.flags)]
        for each_side in (line.before, line.pieces)
    )
    return line.with_before(before).with_pieces(pieces)
