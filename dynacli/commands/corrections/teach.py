"""What an error of a call says besides: the corrected line, where its values come from, and the operation's card."""

from collections.abc import Iterator

from dynacli.client.cards.input_sources import input_sources
from dynacli.client.described_operation import DescribedOperation
from dynacli.client.inputs.call_inputs import input_name
from dynacli.commands.corrections.asked_call import asked_call
from dynacli.commands.corrections.call_line import CallLine
from dynacli.commands.corrections.corrected_line import corrected_line
from dynacli.commands.run import Run
from dynacli.errors import UsageError
from dynacli.model.wording import enumerated

__all__ = ["teach"]


def teach(run: Run, error: UsageError) -> None:
    """Add to a usage error about a known operation what leads to a call that works."""
    asked = run.asked or asked_call(run)
    if asked is None:
        return
    described, words = asked
    _correct(run, error, described, words)
    if run.error_format == "json" and described.is_documented:
        from dynacli.client.cards.operation_card import operation_card

        name, profile = described.operation.name, run.all_options.profile
        error.details["card"] = operation_card(described.api, name, profile=profile).as_json()


def _correct(run: Run, error: UsageError, described: DescribedOperation, words: list[str]) -> None:
    line = corrected_line(run, described, words, error)
    if line is None:
        return
    error.suggestion = line.text(run.env.variables)
    if run.asked is None and any(each.is_input and f"`{each.flag}`" in error.message for each in line.pieces):
        error.hint = f"The options of `{described.operation.name}` stand behind its name"
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
