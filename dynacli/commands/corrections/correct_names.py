"""The names of options, and the number of words: wrong ones of a call are replaced by what they were meant for."""

from collections.abc import Iterable

from dynacli.client.inputs.find_input import near_options
from dynacli.commands.corrections.call_line import CallLine, Piece
from dynacli.commands.corrections.correct_values import fitting_value
from dynacli.record import replace
from dynacli.urls import is_secret_name

__all__ = ["with_known_names", "without_surplus"]


def with_known_names(typed: CallLine) -> CallLine:
    """Return the line with each unknown option replaced by a near one, or left out.

    An option that may be dynacli's or the operation's is dynacli's, and goes before the API; one that is the
    operation's goes behind it.
    """
    line, guarded = typed, typed.command.guarded
    pieces = [each for each in line.pieces if each.flag not in guarded]
    dynacli_s = [each for each in line.before if each.standard is not None]
    line = line.with_before([*dynacli_s, *(each for each in line.pieces if each not in pieces)])
    pieces += [each for each in typed.before if each.is_input]
    made: list[Piece] = []
    surplus = _surplus(pieces)
    index = 0
    while index < len(pieces):
        piece = pieces[index]
        index += 1
        if not piece.flag or piece.is_known:
            made.append(piece)
            continue
        follows = pieces[index] if index < len(pieces) and not pieces[index].flag else None
        value = piece.value if piece.value is not None else follows.value if follows else None
        known = _meant(line, piece.flag, value, [*made, *pieces[index:]])
        if known is not None:
            made.append(known)
        takes_next = piece.value is None and follows is not None
        has_value = bool(surplus) or (known is not None and known.value is not None)
        if takes_next and (has_value or is_secret_name(piece.flag)):
            index += 1
            surplus = max(surplus - 1, 0)
    return line.with_pieces(made)


def _surplus(pieces: Iterable[Piece]) -> int:
    listed = [each for each in pieces if not each.flag]
    return sum(each.parameter is None for each in listed)


def _meant(line: CallLine, flag: str, value: str | None, others: Iterable[Piece]) -> Piece | None:
    """Return the option that an unknown one was meant for; None where there is none that is not given already."""
    given = {(each.parameter, each.field, each.standard) for each in others if each.flag}
    candidates = []
    for near in near_options(line.command.described, flag, set(line.command.rules())):
        piece = line.piece_of(near, value)
        if piece.value_type.type == "array" or (piece.parameter, piece.field, piece.standard) not in given:
            candidates.append(piece)
    fitting = (each for each in candidates if value is None or each.value is None or _fits(each))
    return next(fitting, candidates[0] if candidates else None)


def _fits(piece: Piece) -> bool:
    return piece.standard is not None or fitting_value(piece.value or "", piece.value_type) is not None


def without_surplus(line: CallLine) -> CallLine:
    """Return the line with each word that is too many made a part of the value before it, an option, or left out."""
    made: list[Piece] = []
    surplus = _surplus(line.pieces)
    for piece in line.pieces:
        before = made[-1] if made else None
        value = None if before is None or piece.flag or not surplus else _joined(before, piece.value or "")
        if before is None or value is None:
            made.append(piece)
        else:
            made[-1] = replace(before, value=value)
            surplus -= 1
    named = (_named(line, piece) for piece in line.with_pieces(made).pieces)
    return line.with_pieces(piece for piece in named if piece is not None)


def _joined(piece: Piece, word: str) -> str | None:
    """Return the value of an option with the word behind it; None if the word is no part of the value."""
    if _is_open_text(piece):
        return f"{piece.value} {word}"
    if piece.is_input and piece.value_type.type == "boolean" and piece.value == "true":
        return fitting_value(word, piece.value_type)
    return None


def _is_open_text(piece: Piece) -> bool:
    """Return whether a value is free text, of which the shell may have made several words."""
    value = piece.value_type
    is_in_path = piece.parameter is not None and piece.parameter.location == "path"
    is_text = (
        piece.is_input and not is_in_path and value.type == "string" and not value.enum and not value.format
    )
    return bool(piece.flag) and is_text and piece.value is not None and not piece.is_placeholder


def _named(line: CallLine, piece: Piece) -> Piece | None:
    """Return a piece; of a word that is too many the option that `NAME=VALUE` means, or None."""
    if piece.flag or piece.parameter is not None:
        return piece
    name, equals, value = (piece.value or "").partition("=")
    option = line.piece_of(f"--{name}", value)
    return option if equals and name and option.is_input else None
