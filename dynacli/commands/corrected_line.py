"""What an error of a call teaches: the corrected command line, tried before it is shown, and where values come from.

Wrong words are replaced by the nearest right ones: names of options, values, what the validator finds.
"""

import json
import os
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from difflib import get_close_matches
from functools import partial
from time import monotonic
from typing import Any

from dynacli.client.call import base_url_of
from dynacli.client.call_settings import settings_of
from dynacli.client.call_validator import CallValidator
from dynacli.client.described_operation import DescribedOperation
from dynacli.client.input_sources import input_sources
from dynacli.client.inputs.collect_values import collect_values, input_name
from dynacli.client.inputs.find_input import INSTEAD, near_options
from dynacli.client.search_operations import SLIP
from dynacli.commands._call.make_call import read_inputs
from dynacli.commands._call_line import CallLine, Piece
from dynacli.commands._command_line import CommandLine, read_words, standard_bindings
from dynacli.commands._operation_command import OperationCommand
from dynacli.commands._option_values import option_value
from dynacli.commands.run import Run
from dynacli.commands.typed_line import asked_call, read_line, repeatable_line
from dynacli.environment import Environment, invocation
from dynacli.errors import DynacliError, UsageError
from dynacli.files import is_url
from dynacli.http.semantics import is_json, is_multipart
from dynacli.openapi.document.json_trees import split
from dynacli.openapi.model.acting_names import is_reading
from dynacli.openapi.model.operation import EACH, ValueType, of_first_items
from dynacli.openapi.model.wording import enumerated, reads_input
from dynacli.openapi.schema.example_call import option_text
from dynacli.openapi.schema.option_fields import parse_steps
from dynacli.options.standard_options import INPUT_OPTIONS, OPTIONS_BY_NAME
from dynacli.output.output_format import FORMATS
from dynacli.record import replace
from dynacli.registry.configuration import DEMO
from dynacli.request.build_request import build_request
from dynacli.request.convert_words import convert_all, is_given_as_text, items_in, json_value
from dynacli.secrets import is_secret_name
from dynacli.text.jq_program import jmespath_of_jq

_TRUE = frozenset({"1", "on", "t", "y", "yes"})
_FALSE = frozenset({"0", "f", "n", "no", "off"})
_JSON_OPTIONS = frozenset({"body", "inputs"})
"""The names of the options that take JSON or a file of it."""


def _with_fitting_values(line: CallLine) -> CallLine:
    """Return the line with each value that does not fit replaced by the nearest one that does, or a placeholder."""
    media_type = line.table.described.media_type
    is_parted = media_type is not None and is_multipart(media_type.name)
    is_safe = is_reading(line.table.described.operation)
    pieces = [
        _fitting(_deepened(line, piece), is_parted=is_parted, is_safe=is_safe)
        if piece.is_input
        else _fitting_standard(piece)
        for given in line.pieces
        for piece in _each_item(given)
    ]
    return line.with_before(map(_fitting_standard, line.before)).with_pieces(pieces)


def _each_item(piece: Piece) -> list[Piece]:
    """Return an option for each item that an array got in one value, with commas between them."""
    items, value = piece.value_type.items if piece.is_input else None, piece.value
    if items is None or value is None or piece.value_type.type != "array" or piece.is_placeholder:
        return [piece]
    return [replace(piece, value=item) for item in items_in(value, items)]


def _deepened(line: CallLine, piece: Piece) -> Piece:
    """Return the option of the only required field of an object, if the object got a text that the field takes.

    `--schedule '0 3 * * *'` is meant for `--schedule.cron`.
    """
    text, field, media_type = piece.value, piece.field, line.table.described.media_type
    is_text = text is not None and not piece.is_placeholder and text[:1] not in {"@", "{", "["}
    kind = piece.value_type.items or piece.value_type
    if not is_text or field is None or piece.key[0] != "body" or kind.type != "object" or media_type is None:
        return piece
    places = (field.path, (*field.path, EACH))
    required = [below for below in media_type.fields if below.is_required and below.path[:-1] in places]
    deeper = [line.piece_of(f"--{of_first_items(below.option)}", text) for below in required]
    return deeper[0] if len(deeper) == 1 and _fits(deeper[0]) else piece


def _fitting(piece: Piece, *, is_parted: bool, is_safe: bool) -> Piece:
    """Return an input with a value that it takes, or a placeholder.

    Args:
        is_parted: Whether the body has parts, which may be files.
        is_safe: Whether the operation only reads: a value that no one meant must not change anything.
    """
    value, parameter = piece.value, piece.parameter
    if value is None or piece.is_placeholder or value.startswith("@"):
        return piece
    if parameter is not None and piece.field is None and is_given_as_text(parameter, [value]):
        return piece
    kind = piece.value_type.items or piece.value_type
    if piece.field is not None and kind.format == "binary" and is_parted and os.path.isfile(value):
        return replace(piece, value=f"@{value}")
    is_empty = not value and piece.key[0] == "path"
    fitting = None if is_empty else _fitting_value(value, piece.value_type)
    if fitting is None and is_safe:  # one of a list is an example that works
        fitting = next((word for word in map(option_text, kind.enum) if word and not reads_input(word)), None)
    return _with_value(piece, fitting)


def _with_value(piece: Piece, value: str | None) -> Piece:
    return piece.unfilled() if value is None else replace(piece, value=value)


def _fitting_standard(piece: Piece) -> Piece:
    """Return a standard option with a value that it takes."""
    option, value = piece.standard, piece.value
    if option is None or value is None or piece.is_placeholder:
        return piece
    if not option.takes_value:
        return replace(piece, value=None)
    if option.value_alone and value == option.value_alone:
        return piece
    if option.choices:
        return piece if value in option.choices else _with_value(piece, _nearest(value, option.choices))
    if option.name in _JSON_OPTIONS:
        if value[:1] in {"@", "-"} or _is_json(value):
            return piece
        return replace(piece, value=f"@{value}") if os.path.isfile(value) else piece.unfilled()
    if option.name == "set":
        name, equals, text = value.partition("=")
        if not equals or not name:
            return replace(piece, value=f"{name or 'PATH'}=JSON", is_placeholder=True)
        return (
            piece
            if _is_json(text)
            else replace(piece, value=f"{name}={json.dumps(text, ensure_ascii=False)}")
        )
    try:
        option_value(option, value)
    except UsageError:
        if option.kind in {"filter", "condition"}:
            return _with_value(piece, jmespath_of_jq(value) or None)
        return _with_value(piece, _near_format(value) if option.name == "output" else None)
    return piece


def _near_format(text: str) -> str | None:
    """Return the output format that is nearest to a wrong one, with the file beside it; None if none is near."""
    word, at, file = text.partition("@")
    near = {"jsonl": "ndjson", "jsonlines": "ndjson", "yml": "yaml"}.get(word) or _nearest(word, FORMATS)
    return f"{near}{at if file else ''}{file}" if near is not None else None


def _is_json(text: str) -> bool:
    try:
        json.loads(text)
    except (ValueError, RecursionError):
        return False
    return True


def _fitting_value(text: str, value: ValueType) -> str | None:
    """Return a text if a type takes it, else the value of the type that it was meant for; None if nothing is near."""
    try:
        convert_all([text], value, "it")
    except UsageError:
        items = value.items or value
        if items.enum:
            return _nearest(text, map(option_text, items.enum))
        plain = text.strip().lower() if items.type == "boolean" else ""
        return "true" if plain in _TRUE else "false" if plain in _FALSE else None
    return text


def _nearest(text: str, words: Iterable[str]) -> str | None:
    """Return the word that is nearest to a text; None if none is near."""
    listed = list(words)
    same = [word for word in listed if word.lower() == text.lower()]
    starting = [word for word in listed if len(text) > 2 and word.lower().startswith(text.lower())]
    near = same or get_close_matches(text.lower(), [word.lower() for word in listed], 1, 0.6) or starting[:1]
    return next((word for word in listed if near and word.lower() == near[0].lower()), None)


def _with_known_names(typed: CallLine) -> CallLine:
    """Return the line with each unknown option replaced by a near one, else by a placeholder: nothing gets lost.

    Only a secret is left out, an option for a body if there is none, and an option for which the error has advice.
    An option that may be dynacli's or the operation's is dynacli's, and goes before the API; one that is the
    operation's goes after it.
    """
    line, guarded = typed, typed.table.guarded
    pieces = [piece for piece in line.pieces if piece.flag not in guarded]
    dynacli_s = [piece for piece in line.before if piece.standard is not None]
    line = line.with_before([*dynacli_s, *(piece for piece in line.pieces if piece not in pieces)])
    pieces += [piece for piece in typed.before if piece.is_input]
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
        takes_next = piece.value is None and follows is not None
        has_value = bool(surplus) or (known is not None and known.value is not None)
        is_secret = is_secret_name(piece.flag)
        is_needless = piece.flag in INSTEAD or any(piece.flag in option.flags for option in INPUT_OPTIONS)
        if takes_next and (has_value or is_secret):
            index += 1
            surplus = max(surplus - 1, 0)
        elif takes_next:
            value = None
        if known is not None:
            made.append(known)
        elif not is_secret and not is_needless:
            made.append(_unnamed(line, piece.flag, value))
    return line.with_pieces(made)


_UNNAMED = "--OPTION"
"""The placeholder for the name of an option."""


def _unnamed(line: CallLine, flag: str, value: str | None) -> Piece:
    """Return an option whose name is left to fill in; a query parameter if the document does not say what there is."""
    if not line.table.described.is_documented and value is not None and flag.startswith("--"):
        return line.piece_of("--query", f"{flag.removeprefix('--')}={value}")
    return Piece(_UNNAMED, value, is_placeholder=True)


def _surplus(pieces: Iterable[Piece]) -> int:
    listed = [piece for piece in pieces if not piece.flag]
    return sum(piece.parameter is None for piece in listed)


def _meant(line: CallLine, flag: str, value: str | None, others: Iterable[Piece]) -> Piece | None:
    """Return the option that an unknown one was meant for; None if there is none that is not given already.

    A standard option that does not take the value was meant only if the name is nearly its own.
    """
    given = {(other.parameter, other.field, other.standard) for other in others if other.flag}
    candidates = []
    for near in near_options(line.table.described, flag, set(line.table.bindings)):
        piece = line.piece_of(near, value)
        if piece.value_type.type == "array" or (piece.parameter, piece.field, piece.standard) not in given:
            candidates.append(piece)
    fitting = (
        candidate for candidate in candidates if value is None or candidate.value is None or _fits(candidate)
    )
    nearly_named = (
        candidate
        for candidate in candidates
        if candidate.is_input or get_close_matches(flag, [candidate.flag], 1, SLIP)
    )
    return next(fitting, next(nearly_named, None))


def _fits(piece: Piece) -> bool:
    if piece.standard is not None:
        return not _fitting_standard(piece).is_placeholder
    return _fitting_value(piece.value or "", piece.value_type) is not None


def _without_surplus(line: CallLine) -> CallLine:
    """Return the line with each word that is too many made a part of the value before it, or an option.

    A word that is neither is left out if the operation takes no options, else its option is left to fill in.
    """
    made: list[Piece] = []
    surplus = _surplus(line.pieces)
    for piece in line.pieces:
        before = made[-1] if made else None
        word = None if before is None or piece.flag or not surplus else piece.value
        value = None if before is None or word is None else _joined(before, word)
        if before is not None and value is not None:
            made[-1] = replace(before, value=value)
            surplus -= 1
        elif before is not None and word is not None and _takes_more(before, word):
            made.append(replace(before, value=word))
            surplus -= 1
        else:
            made.append(piece)
    named = [_named(line, piece) for piece in line.with_pieces(made).pieces]
    if not line.table.described.operation.takes_options:
        named = [piece for piece in named if piece.flag != _UNNAMED or piece in line.pieces]
    return line.with_pieces(named)


def _takes_more(piece: Piece, word: str) -> bool:
    """Return whether a word is one more item of the list that an option gives: `--labels bug docs`."""
    items = piece.value_type.items
    is_list = bool(piece.flag) and piece.value_type.type == "array" and items is not None
    is_whole = (piece.value or "[").lstrip().startswith("[")
    return is_list and not is_whole and _fitting_value(word, piece.value_type) == word


def _joined(piece: Piece, word: str) -> str | None:
    """Return the value of an option with the word after it; None if the word is not a part of the value."""
    if _is_open_text(piece):
        return f"{piece.value} {word}"
    if piece.is_input and piece.value_type.type == "boolean" and piece.value == "true":
        return _fitting_value(word, piece.value_type)
    return None


def _is_open_text(piece: Piece) -> bool:
    """Return whether a value is free text, which the shell may have split into several words."""
    value = piece.value_type
    is_in_path = piece.parameter is not None and piece.parameter.location == "path"
    is_text = (
        piece.is_input and not is_in_path and value.type == "string" and not value.enum and not value.format
    )
    return bool(piece.flag) and is_text and piece.value is not None and not piece.is_placeholder


def _named(line: CallLine, piece: Piece) -> Piece:
    """Return a piece; of a word that is too many the option that `NAME=VALUE` means, else one without a name."""
    if piece.flag or piece.parameter is not None:
        return piece
    name, equals, value = (piece.value or "").partition("=")
    option = line.piece_of(f"--{name}", value)
    return option if equals and name and option.is_input else _unnamed(line, "", piece.value)


_MISSING = frozenset({"required", "missing-parameter", "missing-body", "missing-header", "dependentRequired"})
_SURPLUS = frozenset({"additionalProperties", "unevaluatedProperties", "undocumented-property", "readOnly"})
_TO_FILL_IN = "VALUE"
"""The placeholder inside of a JSON value."""
_Finding = Mapping[str, Any]


def _with_inputs(line: CallLine, names: Sequence[str], *, is_body_known: bool = False) -> CallLine:
    """Return the line with placeholders for inputs that are missing.

    Args:
        names: As messages call them: `OWNER`, `--state`, `a body`.
        is_body_known: Whether they are known to be missing in a body that the line does not show.
    """
    in_path = {
        input_name(parameter): f"--{parameter.option}"
        for parameter in line.table.described.operation.parameters
        if parameter.location == "path"
    }
    given = {(*key, path) for key, path in line.given()}
    has_whole_body = not is_body_known and any(map(_is_whole_body, line.pieces))
    media_type = line.table.described.media_type
    of_item = [
        f"--{field.option}"
        for field in (media_type.fields if media_type else ())
        if field.is_required and len(field.path) == 2 and field.path[0] == EACH
    ]
    if "a body" in names and of_item and not any(map(_gives_body, line.pieces)):
        names = [*(name for name in names if name != "a body"), *of_item]
    made = list(line.pieces)
    for name in names:
        if not name.startswith("--") and name not in in_path:
            if not any(map(_gives_body, made)):
                # An object whose properties may all be left out is empty at least.
                is_object = media_type is not None and media_type.fields and is_json(media_type.name)
                value = "{}" if is_object else None
                made.append(line.piece_of("--body", value))
            continue
        flag = in_path.get(name) or f"--{of_first_items(name.removeprefix('--'))}"
        piece = line.piece_of(flag, None)
        place = (*piece.key, piece.field.path if piece.field else ())
        is_given = piece.is_input and (place in given or (piece.key[0] == "body" and has_whole_body))
        if not piece.is_known or is_given:
            continue
        if name in in_path:
            made.insert(_place_in_path(made), replace(piece.unfilled(), flag=""))
        else:
            made.append(piece.unfilled())
    return line.with_pieces(made)


def _gives_body(piece: Piece) -> bool:
    return piece.standard_name in {"body", "file"} or (piece.is_input and piece.key[0] == "body")


def _is_whole_body(piece: Piece) -> bool:
    """Return whether a piece stands for a whole body that is not known: one to fill in, or of standard input."""
    return piece.standard_name == "body" and (piece.is_placeholder or piece.value == "-")


def _place_in_path(pieces: Sequence[Piece]) -> int:
    """Return where the next positional word stands: after the last one, or before all options."""
    return max((number + 1 for number, piece in enumerate(pieces) if not piece.flag), default=0)


def _is_left_to_fill_in(line: CallLine, finding: _Finding) -> bool:
    """Return whether the place that a finding is about has a placeholder in the line."""
    key, steps = _place(finding["pointer"])
    number, _ = _piece_at(line, key, steps)
    if number is not None and line.pieces[number].is_placeholder:
        return True
    return finding["rule"] in _MISSING and len(_with_missing(line, key, steps, finding).pieces) == len(
        line.pieces
    )


def _without_findings(line: CallLine, findings: Sequence[_Finding]) -> CallLine:
    """Return the line with the words corrected that the validator has found something in.

    Args:
        findings: In the shape of the validation report.
    """
    renamed = {(_above(finding), name) for finding in findings if (name := _renamed(finding, findings))}
    # Surplus properties first: one of them may be what is missing, misspelt.
    for finding in sorted(findings, key=lambda found: found["rule"] not in _SURPLUS):
        key, steps = _place(finding["pointer"])
        if finding["rule"] in _MISSING:
            if (finding["pointer"], finding["expected"]) in renamed:
                continue
            line = _with_missing(line, key, steps, finding)
            continue
        index, rest = _piece_at(line, key, steps)
        if index is None:
            continue
        made = list(line.pieces)
        made[index : index + 1] = _corrected_word(line, made[index], rest, finding, findings)
        line = line.with_pieces(made)
    return line


def _place(pointer: str) -> tuple[tuple[str, str], tuple[str, ...]]:
    """Return the parameter and the steps inside of its value; the location is `body` for a place in the body."""
    if pointer.startswith("/") or not pointer:
        return ("body", ""), split(pointer)
    location, _, rest = pointer.partition("/")
    name, *inside = split(f"/{rest}")
    return (location, name), tuple(inside)


def _piece_at(
    line: CallLine, key: tuple[str, str], steps: tuple[str, ...]
) -> tuple[int | None, tuple[str, ...]]:
    """Return the number of the piece that gives a place, the deepest one, and the steps that are left inside of it."""
    number: int | None = None
    depth = -1
    for index, piece in enumerate(line.pieces):
        path: tuple[str, ...] = ()
        if piece.is_input and _is_of(piece, key):
            path = tuple(step.strip("[]") for step in piece.field.path) if piece.field else ()
        elif piece.standard_name == "set" and key[0] == "body":
            path = tuple(step.strip("[]") for step in parse_steps((piece.value or "").partition("=")[0]))
        elif piece.standard_name != "body" or key[0] != "body":
            continue
        is_inside = steps[: len(path)] == path or (len(steps) < len(path) and path[: len(steps)] == steps)
        if is_inside and len(path) >= depth:
            number, depth = index, len(path)
    if number is not None and _is_repeated(line, number) and steps[depth:][:1]:
        # The items of a list that is given by repetition are numbered.
        alike = [index for index, piece in enumerate(line.pieces) if _same_place(piece, line.pieces[number])]
        item = int(steps[depth]) if steps[depth].isdecimal() else 0
        number, depth = alike[min(item, len(alike) - 1)], depth + 1
    return number, steps[depth:]


def _is_of(piece: Piece, key: tuple[str, str]) -> bool:
    return piece.key == key or (piece.key[0] == key[0] == "header" and piece.key[1].lower() == key[1].lower())


def _is_repeated(line: CallLine, number: int) -> bool:
    piece = line.pieces[number]
    is_whole = (piece.value or "").lstrip().startswith("[")
    return piece.is_input and piece.value_type.type == "array" and not is_whole


def _same_place(piece: Piece, other: Piece) -> bool:
    path, other_path = (item.field.path if item.field else None for item in (piece, other))
    return piece.is_input and piece.key == other.key and path == other_path


def _with_missing(
    line: CallLine, key: tuple[str, str], steps: tuple[str, ...], finding: _Finding
) -> CallLine:
    if key[0] != "body":
        parameters = line.table.described.operation.parameters
        return _with_inputs(line, [input_name(parameter) for parameter in parameters if parameter.key == key])
    name = finding["expected"]
    if not isinstance(name, str):
        return _with_inputs(line, ["a body"])
    return _with_inputs(line, [_option_at(line, (*steps, name))], is_body_known=True)


def _option_at(line: CallLine, steps: tuple[str, ...]) -> str:
    """Return the option of a place in the body, as it is listed or in the document's own spelling."""
    media_type = line.table.described.media_type
    numbers = [step for step in steps if step.isdecimal()]
    for field in media_type.fields if media_type else ():
        shape = tuple(EACH if step.isdecimal() else step for step in steps)
        if field.path == shape:
            option = field.option
            for number in numbers:
                option = option.replace(EACH, f".{number}", 1)
            return f"--{of_first_items(option)}"
    return "--" + ".".join(steps)


def _corrected_word(
    line: CallLine, piece: Piece, rest: tuple[str, ...], finding: _Finding, findings: Sequence[_Finding]
) -> Iterator[Piece]:
    """Yield what is given instead of a piece."""
    value = piece.value or ""
    if not rest and piece.is_input:
        if finding["rule"] not in _SURPLUS:
            yield piece.unfilled()
    elif piece.standard_name == "set":
        if finding["rule"] not in _SURPLUS:
            yield replace(piece, value=f"{value.partition('=')[0]}=JSON", is_placeholder=True)
    elif value.lstrip()[:1] in {"{", "["}:
        tree = json_value(value, piece.flag)
        is_list = isinstance(tree, list) and len(rest) == 1 and finding["expected"] == "array"
        if is_list and not any(isinstance(item, list) for item in tree):
            yield replace(
                piece, value=json.dumps([tree], ensure_ascii=False)
            )  # the only item of a list of lists
            return
        with suppress(LookupError, ValueError, TypeError):  # an earlier finding has moved the place
            _correct_in(tree, rest, finding, _renamed(finding, findings))
        text = json.dumps(tree, ensure_ascii=False)
        yield replace(piece, value=text, is_placeholder=piece.is_placeholder or f'"{_TO_FILL_IN}"' in text)
    else:
        yield piece
        # The body stands in a file or comes from standard input: options override it.
        option = line.piece_of(_option_at(line, rest), None)
        if finding["rule"] not in _SURPLUS and option.is_input:
            yield option.unfilled()


def _above(finding: _Finding) -> str:
    return str(finding["pointer"]).rpartition("/")[0]


def _renamed(finding: _Finding, findings: Sequence[_Finding]) -> str:
    """Return the property that a surplus one was meant for: a missing one beside it; empty if there is none."""
    if finding["rule"] not in _SURPLUS:
        return ""
    above = _above(finding)
    missing = [
        finding["expected"]
        for finding in findings
        if finding["rule"] == "required" and finding["pointer"] == above
    ]
    name = _place(finding["pointer"])[1][-1:]
    return _nearest("".join(name), [item for item in missing if isinstance(item, str)]) or ""


def _correct_in(tree: Any, steps: tuple[str, ...], finding: _Finding, renamed: str) -> None:
    """Correct the value at a place inside of a JSON value."""
    for step in steps[:-1]:
        tree = tree[int(step)] if isinstance(tree, list) else tree[step]
    last: Any = int(steps[-1]) if isinstance(tree, list) else steps[-1]
    if finding["rule"] in _SURPLUS:
        value = tree.pop(last)
        if renamed:
            tree[renamed] = value
        return
    tree[last] = _allowed(tree[last], finding)


def _allowed(value: Any, finding: _Finding) -> Any:
    """Return the value of an enumeration that is nearest to one that is not in it; a placeholder if none is near."""
    expected = finding["expected"]
    allowed = expected if isinstance(expected, list) and finding["rule"] == "enum" else [expected]
    if finding["rule"] not in {"enum", "const"}:
        return _TO_FILL_IN
    near = _nearest(option_text(value), map(option_text, allowed))
    found = [item for item in allowed if option_text(item) == near] or (allowed if len(allowed) == 1 else [])
    return found[0] if found else _TO_FILL_IN


_MOST_CHANGES = 100
"""Of a line with more words, or with more that is wrong, no corrected one is made: no one would read it."""

_ANY_SERVER = "http://localhost"
_OF_STDIN = frozenset({"-", "@-"})
_Build = Callable[[Run, DescribedOperation, CommandLine], None]


def _problem_of(line: CallLine, env: Environment) -> UsageError | None:
    """Return what is wrong with a line; None if its call can be made once its placeholders are filled in.

    Args:
        env: The surroundings; nothing is read from standard input.
    """
    tried = line.with_pieces(piece for piece in line.pieces if not _is_for_person(piece))
    is_server_open = any(map(_is_of_server, line.unfilled()))
    if is_server_open:
        tried = tried.without(_is_of_server)
    is_complete = len(tried.pieces) == len(line.pieces) and not line.unfilled()
    build = partial(_build, any_server=is_server_open)
    words = tried.words(is_complete=False, by_option=not is_complete)
    problem = _problem_of_words(tried, words, env, build)
    if is_complete or problem is None or _needs_too_much(problem):
        return problem
    missing = problem.details.get("missing") or ()
    if any(len(_with_inputs(line, [name]).pieces) > len(line.pieces) for name in missing):
        return problem
    if missing:
        words = [*tried.words(is_complete=False, by_option=True), "--example"]
        problem = _problem_of_words(tried, words, env, build)
    if problem is None or "findings" not in problem.details:
        return problem
    findings = [finding for finding in problem.details["findings"] if not _is_left_to_fill_in(line, finding)]
    problem.details["findings"] = findings
    return problem if findings else None


def _needs_too_much(problem: UsageError) -> bool:
    """Return whether more is wrong with a line than is corrected."""
    return len(problem.details.get("missing") or problem.details.get("findings") or ()) > _MOST_CHANGES


def _is_of_server(piece: Piece) -> bool:
    return piece.standard_name in {"server", "server_var"}


def _is_for_person(piece: Piece) -> bool:
    """Return whether a piece asks for what a trial must not touch: standard input, and an editor."""
    return piece.standard_name == "editor" or (bool(piece.flag) and piece.value in _OF_STDIN)


def _problem_of_words(line: CallLine, words: list[str], env: Environment, build: _Build) -> UsageError | None:
    run = Run(env)
    run.options = replace(
        read_words(line.before_words(), standard_bindings()).options(),
        dry_run="http",
        error_format="json",
    )
    run.act, run.act_options = build, line.table.more
    described = line.table.described
    command = OperationCommand(described)
    try:
        with command.make_context(described.operation.name, words, obj=run, help_option_names=[]) as context:
            command.invoke(context)
    except UsageError as error:
        return error
    except DynacliError:
        return None  # such as a credential that is missing: the line is right
    return None


def _build(run: Run, described: DescribedOperation, line: CommandLine, *, any_server: bool) -> None:
    """Build a request and validate it.

    Args:
        any_server: Whether the server is left to fill in: the request is not sent, so any one will do.

    Raises:
        UsageError: There cannot be such a request.
    """
    run.output_format()  # it raises if options cannot be combined
    settings = settings_of(run.env, described.api, run.call_options)
    # The demo API has its server only while it is called.
    if any_server or (described.api.name == DEMO and not settings.server):
        settings = replace(settings, server=_ANY_SERVER, server_variables=())
    if not described.is_documented:
        settings = replace(settings, level="off")
    if is_url(run.options.against):
        from dynacli.client.responses.compare_calls import check_other_server, options_of_other

        other = options_of_other(run.call_options, run.options.against)
        check_other_server(described, settings_of(run.env, described.api, other))
    is_strict = settings.level != "off"
    described, inputs, _ = read_inputs(run, described, line, settings)
    values = collect_values(described, inputs, is_strict=is_strict)
    request = build_request(
        described.operation,
        base_url_of(described, settings),
        values.parameters,
        values.body,
        values.media_type,
        settings.headers,
        query_pairs=[(pair.name, pair.value) for pair in values.query],
        is_strict=is_strict,
    )
    if is_strict:
        validating = CallValidator(described, request, values, settings)
        validating.validate_request()
        validating.check()


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
    if len(words) > _MOST_CHANGES:
        return None
    typed = read_line(run, described, words)
    line = _corrected(typed, run.env, error)
    if line is None:
        typed = _with_known_names(typed)
        line = _example(typed, run.env)
    if line is None:
        return None
    return None if _is_same(line, typed) and not line.unfilled() else _shortened(line, run.env)


def _shortened(line: CallLine, env: Environment) -> CallLine:
    """Return a line that is short even if a great many of its options are left to fill in."""
    return next((shorter for shorter in line.shorter() if _problem_of(shorter, env) is None), line)


def _example(typed: CallLine, env: Environment) -> CallLine | None:
    """Return the document's own example, which is right, though its inputs are others, with the standard options."""
    example = typed.with_words(typed.table.described.operation.example)
    options = [piece for piece in typed.pieces if piece.standard is not None]
    others = [option for option in options if option.standard not in INPUT_OPTIONS]
    # An example has no body if the document declares none: the one that was given must not get lost.
    for kept in (options,) if typed.table.described.has_undeclared_body else (options, others):
        line = example.with_pieces([*example.pieces, *kept])
        if _problem_of(line, env) is None:
            return line
    return None


def _corrected(typed: CallLine, env: Environment, error: UsageError | None) -> CallLine | None:
    """Return the line with everything right in it; None if that cannot be reached.

    Args:
        error: What ended the call; None if the line is not as it was typed.
    """
    line = _with_fitting_values(_without_surplus(_with_known_names(typed)))
    until = monotonic() + _SECONDS
    for _ in range(_MOST_ROUNDS):
        if monotonic() > until:
            return None
        problem = _problem_of(line, env)
        if problem is None:
            if error is None:
                return line
            # Some things only the call itself finds, such as options that cannot be combined.
            is_left = (
                "output" in error.details
                or _has_named(line, typed, error)
                or (_is_same(line, typed) and not line.unfilled())
            )
            return _fixed(line, error) if is_left else line
        changed = _fixed(line, problem)
        if _is_same(changed, line):
            return None
        line = changed
    return None


def _has_named(line: CallLine, typed: CallLine, error: UsageError) -> bool:
    """Return whether a line still has the standard options that an error names, as they were typed."""
    flags = set(_FLAG.findall(f"{error.message} {error.reason}"))
    named, left = (
        [piece for piece in (*call_line.before, *call_line.pieces) if _is_option_of(piece, flags)]
        for call_line in (typed, line)
    )
    return bool(named) and named == left


def _is_same(line: CallLine, other: CallLine) -> bool:
    """Return whether two lines say the same; what a placeholder stands for was not said."""
    if len(line.unfilled()) != len(other.unfilled()):
        return False
    return (line.words(), line.before_words()) == (other.words(), other.before_words())


def _fixed(line: CallLine, problem: UsageError) -> CallLine:
    if _needs_too_much(problem):
        return line
    if problem.details.get("missing"):
        return _with_inputs(line, problem.details["missing"])
    if problem.details.get("findings"):
        return _without_findings(line, problem.details["findings"])
    if "server_variable" in problem.details:
        return _with_server_variable(line, problem)
    if "output" in problem.details:
        return line.with_options(("output",), ("-o", problem.details["output"]))
    if "pair" in problem.details:  # it is given twice
        start = f"{problem.details['pair']}="
        return line.without(
            lambda piece: piece.standard_name == "query" and (piece.value or "").startswith(start)
        )
    named = set(_FLAG.findall(problem.message))
    options = [piece.standard for piece in (*line.before, *line.pieces) if _is_option_of(piece, named)]
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
        near = _nearest(piece.value, allowed) or (allowed[0] if len(allowed) == 1 else None)
        near = near or _nearest(piece.value, _QUOTED.findall(problem.hint))
        if piece.standard_name in {"set", "set_file"} and problem.details.get("near"):
            near = f"{problem.details['near'][0]}={piece.value.partition('=')[2]}"
        if piece.standard_name == "inputs" and problem.details.get("near"):
            wrong, *_ = _QUOTED.findall(problem.message)
            near = piece.value.replace(json.dumps(wrong), json.dumps(problem.details["near"][0]), 1)
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
    """Add to a usage error about a known operation, or one with nearly its name, what leads to a call that works."""
    asked = run.asked or asked_call(run)
    if asked is not None:
        described, words = asked
        line = _corrected_line(run, described, words, error)
        if line is not None:
            _correct(run, error, line)
        if run.error_format == "json" and described.is_documented:
            error.details["summary"] = _summary(run, described, error, line)
    elif error.details.get("near"):
        _suggest_near(run, error)


def offer_values(run: Run, error: DynacliError, values: Mapping[str, str]) -> None:
    """Add to the error of a call that was made the same call with other values of standard options.

    Args:
        values: Name of an option → the value that fits the response.
    """
    line = repeatable_line(run)
    if line is not None:
        options = [(OPTIONS_BY_NAME[name].flags[-1], value) for name, value in values.items()]
        error.try_ = line.with_options(values.keys(), *options).typed_text


def _summary(
    run: Run, described: DescribedOperation, error: UsageError, line: CallLine | None
) -> dict[str, Any] | None:
    """Return the summary of an operation; for an agent only the inputs that an error is about, None if there are none.

    For an unknown input that has no near name, they are the most useful inputs.

    Args:
        line: The corrected line; None if none is known.
    """
    from dynacli.client.operation_summary import operation_summary, summary_of_inputs

    name, profile = described.operation.name, run.all_options.profile
    if not run.is_for_agent:
        return operation_summary(described.api, name, profile=profile).as_json()
    details = error.details
    rules = {finding["rule"] for finding in details.get("findings", ())}
    if not ("missing" in details or "near" in details or rules & (_MISSING | _SURPLUS)):
        return None
    unfilled = line.unfilled() if line is not None else ()
    asked_for = [piece.field or piece.parameter for piece in unfilled]
    named = {flag.removeprefix("--") for flag in details.get("near", ())}
    named |= {origin.option for origin in asked_for if origin is not None}
    question = " ".join(_FLAG.findall(error.message)).replace("-", " ")
    return summary_of_inputs(described.sending(""), named, question, profile)


def _suggest_near(run: Run, error: UsageError) -> None:
    """Add to the error for an unknown operation the same call of the one that has nearly its name."""
    asked = asked_call(run, error.details["near"])
    if asked is None:
        return
    described, words = asked
    line = _corrected(read_line(run, described, words), run.env, None)
    if line is None:
        return
    error.try_ = line.text(run.env.variables)
    others = [f"`{name}`" for name in error.details["near"] if name != described.operation.name]
    error.hint = f"Other near names: {', '.join(others)}" if others else ""


def _correct(run: Run, error: UsageError, line: CallLine) -> None:
    error.try_ = line.text(run.env.variables)
    described = line.table.described
    call = f"{invocation(api=described.api.name)} {described.operation.name} "
    if call in error.hint.replace(" --help", "--help") or _says_the_same(error.hint, line):
        error.hint = ""
    if run.asked is None and any(
        piece.is_input and f"`{piece.flag}`" in error.message for piece in line.pieces
    ):
        error.hint = f"The options of `{described.operation.name}` go after its name"
    typed = {text for word in run.words for text in (word, word.partition("=")[2])}
    for piece in line.pieces:
        if (
            piece.standard_name in _JSON_OPTIONS
            and reads_input(piece.value or "")
            and piece.value not in typed
        ):
            error.hint = f"`{piece.value}` reads the file"
    sources = enumerated(list(_sources(line)))
    if sources and "missing" in error.details:
        error.hint = sources
    elif sources:
        error.hint = (
            f"{error.hint}{'' if error.hint.endswith('?') else ';'} {sources}" if error.hint else sources
        )


_WORDS_AROUND_NAMES = 4
"""As in `Did you mean ...?`."""


def _says_the_same(hint: str, line: CallLine) -> bool:
    """Return whether a hint says nothing but names of options and values that are in the corrected line."""
    if len(_QUOTED.sub("", hint).split()) > _WORDS_AROUND_NAMES:
        return False
    words = {*line.before_words(), *line.words()}
    named = [text.split()[0] if text.startswith("-") else text for text in _QUOTED.findall(hint)]
    return bool(named) and words.issuperset(named)


def _sources(line: CallLine) -> Iterator[str]:
    """Yield where the ids come from that are left to fill in."""
    described = line.table.described
    inputs = {piece.field or piece.parameter: piece for piece in line.unfilled()}
    asked_for = [input_ for input_ in inputs if input_ is not None]
    sources = input_sources(described.api, described.operation, asked_for)
    for field in asked_for:
        piece, source = inputs[field], sources.get(field.option)
        if source:
            name = piece.flag or (input_name(piece.parameter) if piece.parameter is not None else "")
            yield f"{name} comes from `{source}`"
