"""Suggestions for a usage error: a corrected command, which is tried first, and sources of values.

The nearest valid names of options, values and properties replace the invalid ones.
"""

import json
import os
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from difflib import get_close_matches
from functools import partial
from shlex import quote
from time import process_time
from typing import Any

from dynacli.client.call import base_url_of
from dynacli.client.call_settings import settings_of
from dynacli.client.call_validator import CallValidator
from dynacli.client.described_operation import DescribedOperation
from dynacli.client.input_sources import input_sources
from dynacli.client.inputs.collect_values import collect_values, input_name
from dynacli.client.inputs.find_input import INSTEAD, near_options
from dynacli.client.search_operations import SLIP
from dynacli.commands._option_values import option_value
from dynacli.commands.call.make_call import read_inputs
from dynacli.commands.call_line import CallLine, unfilled
from dynacli.commands.operation_command import OperationCommand
from dynacli.commands.read_line import CommandLine, Word, read_words, standard_bindings
from dynacli.commands.run import Run
from dynacli.commands.typed_line import asked_call, read_line, repeatable_line
from dynacli.environment import Environment, invocation
from dynacli.errors import DynacliError, UsageError
from dynacli.files import is_url
from dynacli.http.semantics import is_json, is_multipart
from dynacli.openapi.document.json_trees import split
from dynacli.openapi.model.acting_names import is_reading
from dynacli.openapi.model.operation import EACH, ValueType, of_first_items
from dynacli.openapi.model.wording import enumerated, nearest_value, reads_input
from dynacli.openapi.schema.example_call import option_text
from dynacli.openapi.schema.option_fields import parse_steps
from dynacli.options.standard_options import INPUT_OPTIONS, OPTIONS_BY_NAME
from dynacli.output.output_format import FORMATS
from dynacli.record import replace
from dynacli.registry.configuration import DEMO
from dynacli.request.build_request import build_request
from dynacli.request.convert_words import convert_all, is_given_as_text, items_in, json_value
from dynacli.secrets import is_secret_name
from dynacli.text.jq_syntax import jmespath_of_path, reads_like_jq

_TRUE = frozenset({"1", "on", "t", "y", "yes"})
_FALSE = frozenset({"0", "f", "n", "no", "off"})
_JSON_OPTIONS = frozenset({"body", "inputs"})
"""Names of the options whose value is JSON, or a file of JSON."""
_UNNAMED = "--OPTION"
"""The placeholder for the name of an option."""
_MISSING = frozenset({"required", "missing-parameter", "missing-body", "missing-header", "dependentRequired"})
_SURPLUS = frozenset({"additionalProperties", "unevaluatedProperties", "undocumented-property", "readOnly"})
_TO_FILL_IN = "VALUE"
"""The placeholder inside a JSON value."""
_MOST_CHANGES = 100
"""Maximum number of arguments, or of errors, in a command that is corrected. A longer correction would not be read."""
_ANY_SERVER = "http://localhost"
_OF_STDIN = frozenset({"-", "@-"})
_MOST_ROUNDS, _CPU_SECONDS = 8, 3.0
_QUOTED = re.compile("`([^`]+)`")
_FLAG = re.compile(r"--?[A-Za-z][\w.\[\]-]*")
_WORDS_AROUND_NAMES = 4
"""Maximum words of a hint that only suggests names, such as `Did you mean ...?`."""


_Finding = Mapping[str, Any]
_Build = Callable[[Run, DescribedOperation, CommandLine], None]


def _with_fitting_values(line: CallLine) -> CallLine:
    """Return the command with each invalid value replaced by the nearest valid one, or by a placeholder."""
    media_type = line.table.described.media_type
    is_parted = media_type is not None and is_multipart(media_type.name)
    is_safe = is_reading(line.table.described.operation)
    words = [
        _fitting(_deepened(line, word), is_parted=is_parted, is_safe=is_safe)
        if word.is_input
        else _fitting_standard(word)
        for given in line.after
        for word in _each_item(given)
    ]
    return line.with_before(map(_fitting_standard, line.before)).with_after(words)


def _each_item(word: Word) -> list[Word]:
    """Return an option for each item of an array that was given as one value with commas."""
    items, value = word.value_type.items if word.is_input else None, word.value
    if items is None or value is None or word.value_type.type != "array" or word.is_placeholder:
        return [word]
    return [replace(word, value=item) for item in items_in(value, items)]


def _deepened(line: CallLine, word: Word) -> Word:
    """Return the option for the only required field of an object, if the field takes the given string.

    `--schedule '0 3 * * *'` becomes `--schedule.cron '0 3 * * *'`.
    """
    text, field, media_type = word.value, word.field, line.table.described.media_type
    is_text = text is not None and not word.is_placeholder and text[:1] not in {"@", "{", "["}
    kind = word.value_type.items or word.value_type
    if not is_text or field is None or word.key[0] != "body" or kind.type != "object" or media_type is None:
        return word
    places = (field.path, (*field.path, EACH))
    required = [below for below in media_type.fields if below.is_required and below.path[:-1] in places]
    deeper = [line.word_of(f"--{of_first_items(below.option)}", text) for below in required]
    return deeper[0] if len(deeper) == 1 and _fits(deeper[0]) else word


def _fitting(word: Word, *, is_parted: bool, is_safe: bool) -> Word:
    """Return an input with a valid value, or with a placeholder.

    Args:
        is_parted: Whether the body is multipart, so that a part may be a file.
        is_safe: Whether the operation is read-only. A guessed value must not change anything.
    """
    value, parameter = word.value, word.parameter
    if value is None or word.is_placeholder or value.startswith("@"):
        return word
    if parameter is not None and word.field is None and is_given_as_text(parameter, [value]):
        return word
    kind = word.value_type.items or word.value_type
    if word.field is not None and kind.format == "binary" and is_parted and os.path.isfile(value):
        return replace(word, value=f"@{value}")
    is_empty = not value and word.key[0] == "path"
    fitting = None if is_empty else _fitting_value(value, word.value_type)
    if fitting is None and is_safe:  # an item of the `enum` is an example that works
        fitting = next((text for text in map(option_text, kind.enum) if text and not reads_input(text)), None)
    return _with_value(word, fitting)


def _with_value(word: Word, value: str | None) -> Word:
    return unfilled(word) if value is None else replace(word, value=value)


def _fitting_standard(word: Word) -> Word:
    """Return a standard option with a valid value, or with a placeholder."""
    option, value = word.option, word.value
    if option is None or value is None or word.is_placeholder:
        return word
    if not option.takes_value:
        return replace(word, value=None)
    if option.value_alone and value == option.value_alone:
        return word
    if option.choices:
        return word if value in option.choices else _with_value(word, nearest_value(value, option.choices))
    if option.name in _JSON_OPTIONS:
        if value[:1] in {"@", "-"} or _is_json(value):
            return word
        return replace(word, value=f"@{value}") if os.path.isfile(value) else unfilled(word)
    if option.name == "set":
        name, equals, text = value.partition("=")
        if not equals or not name:
            return replace(word, value=f"{name or 'PATH'}=JSON", is_placeholder=True)
        return (
            word if _is_json(text) else replace(word, value=f"{name}={json.dumps(text, ensure_ascii=False)}")
        )
    try:
        option_value(option, value)
    except UsageError:
        if option.kind in {"filter", "condition", "jq"} and (path := jmespath_of_path(value)):
            return replace(_as_option(word, "filter") if option.kind == "jq" else word, value=path)
        if option.kind == "filter" and reads_like_jq(value):
            return _as_option(word, "jq")
        return _with_value(word, _near_format(value) if option.name == "output" else None)
    return word


def _as_option(word: Word, name: str) -> Word:
    """Return another standard option with the same value."""
    option = OPTIONS_BY_NAME[name]
    return replace(word, flag=option.flags[-1], binding=standard_bindings()[option.flags[-1]])


def _near_format(text: str) -> str | None:
    """Return the output format nearest to an unknown one, with its file; None if none is near."""
    word, at, file = text.partition("@")
    near = {"jsonl": "ndjson", "jsonlines": "ndjson", "yml": "yaml"}.get(word) or nearest_value(word, FORMATS)
    return f"{near}{at if file else ''}{file}" if near is not None else None


def _is_json(text: str) -> bool:
    try:
        json.loads(text)
    except (ValueError, RecursionError):
        return False
    return True


def _fitting_value(text: str, value: ValueType) -> str | None:
    """Return the string if it is a valid value, else the value that was probably meant; None if nothing is near."""
    try:
        convert_all([text], value, "it")
    except UsageError:
        items = value.items or value
        if items.enum:
            return nearest_value(text, map(option_text, items.enum))
        plain = text.strip().lower() if items.type == "boolean" else ""
        return "true" if plain in _TRUE else "false" if plain in _FALSE else None
    return text


def _with_known_names(typed: CallLine) -> CallLine:
    """Return the command with each unknown option replaced by a similar one, or by a placeholder.

    It leaves out secrets, options for a body that the operation does not have, and options that the error explains.
    An option that both dynacli and the operation have counts as dynacli's, and moves before the API. An input of the
    operation moves after it.
    """
    line, guarded = typed, typed.table.guarded
    words = [word for word in line.after if word.flag not in guarded]
    dynacli_s = [word for word in line.before if word.option is not None]
    line = line.with_before([*dynacli_s, *(word for word in line.after if word not in words)])
    words += [word for word in typed.before if word.is_input]
    made: list[Word] = []
    surplus = _surplus(words)
    index = 0
    while index < len(words):
        word = words[index]
        index += 1
        if not word.flag or word.is_known:
            made.append(word)
            continue
        follows = words[index] if index < len(words) and not words[index].flag else None
        value = word.value if word.value is not None else follows.value if follows else None
        known = _meant(line, word.flag, value, [*made, *words[index:]])
        takes_next = word.value is None and follows is not None
        has_value = bool(surplus) or (known is not None and known.value is not None)
        is_secret = is_secret_name(word.flag)
        is_needless = word.flag in INSTEAD or any(word.flag in option.flags for option in INPUT_OPTIONS)
        if takes_next and (has_value or is_secret):
            index += 1
            surplus = max(surplus - 1, 0)
        elif takes_next:
            value = None
        if known is not None:
            made.append(known)
        elif not is_secret and not is_needless:
            made.append(_unnamed(line, word.flag, value))
    return line.with_after(made)


def _unnamed(line: CallLine, flag: str, value: str | None) -> Word:
    """Return an option without a name, to fill in; for an undocumented operation, a pair of the query."""
    if not line.table.described.is_documented and value is not None and flag.startswith("--"):
        return line.word_of("--query", f"{flag.removeprefix('--')}={value}")
    return Word(_UNNAMED, value, is_placeholder=True)


def _surplus(words: Iterable[Word]) -> int:
    listed = [word for word in words if not word.flag]
    return sum(word.parameter is None for word in listed)


def _meant(line: CallLine, flag: str, value: str | None, others: Iterable[Word]) -> Word | None:
    """Return the option that was probably meant by an unknown one; None if all similar options are given already.

    A standard option that does not take the value must have nearly the same name.
    """
    given = {(other.parameter, other.field, other.option) for other in others if other.flag}
    candidates = []
    for near in near_options(line.table.described, flag, set(line.table.bindings)):
        word = line.word_of(near, value)
        if word.value_type.type == "array" or (word.parameter, word.field, word.option) not in given:
            candidates.append(word)
    fitting = (
        candidate for candidate in candidates if value is None or candidate.value is None or _fits(candidate)
    )
    nearly_named = (
        candidate
        for candidate in candidates
        if candidate.is_input or get_close_matches(flag, [candidate.flag], 1, SLIP)
    )
    return next(fitting, next(nearly_named, None))


def _fits(word: Word) -> bool:
    if word.option is not None:
        return not _fitting_standard(word).is_placeholder
    return _fitting_value(word.value or "", word.value_type) is not None


def _without_surplus(line: CallLine) -> CallLine:
    """Return the command with each surplus argument joined to the value before it, or turned into an option.

    Any other surplus argument becomes an option without a name. If the operation takes no options, it is removed.
    """
    made: list[Word] = []
    surplus = _surplus(line.after)
    for word in line.after:
        before = made[-1] if made else None
        text = None if before is None or word.flag or not surplus else word.value
        value = None if before is None or text is None else _joined(before, text)
        if before is not None and value is not None:
            made[-1] = replace(before, value=value)
            surplus -= 1
        elif before is not None and text is not None and _takes_more(before, text):
            made.append(replace(before, value=text))
            surplus -= 1
        else:
            made.append(word)
    named = [_named(line, word) for word in line.with_after(made).after]
    if not line.table.described.operation.takes_options:
        named = [word for word in named if word.flag != _UNNAMED or word in line.after]
    return line.with_after(named)


def _takes_more(word: Word, text: str) -> bool:
    """Return whether an argument is one more item of the array that an option gives: `--labels bug docs`."""
    items = word.value_type.items
    is_list = bool(word.flag) and word.value_type.type == "array" and items is not None
    is_whole = (word.value or "[").lstrip().startswith("[")
    return is_list and not is_whole and _fitting_value(text, word.value_type) == text


def _joined(word: Word, text: str) -> str | None:
    """Return the value of an option joined with the next argument; None if the argument is not part of the value."""
    if _is_open_text(word):
        return f"{word.value} {text}"
    if word.is_input and word.value_type.type == "boolean" and word.value == "true":
        return _fitting_value(text, word.value_type)
    return None


def _is_open_text(word: Word) -> bool:
    """Return whether a value is free text, which the shell may have split into several arguments."""
    value = word.value_type
    is_in_path = word.parameter is not None and word.parameter.location == "path"
    is_text = (
        word.is_input and not is_in_path and value.type == "string" and not value.enum and not value.format
    )
    return bool(word.flag) and is_text and word.value is not None and not word.is_placeholder


def _named(line: CallLine, word: Word) -> Word:
    """Return the argument; if surplus, the option of its `NAME=VALUE` or of its enumeration, or one without a name."""
    if word.flag or word.parameter is not None:
        return word
    name, equals, value = (word.value or "").partition("=")
    option = line.word_of(f"--{name}", value)
    if equals and name and option.is_input:
        return option
    taking = [item for item in line.table.described.operation.parameters if word.value in item.value.enum]
    if len(taking) == 1 and not any(other.parameter is taking[0] for other in line.after):
        return line.word_of(f"--{taking[0].option}", word.value)
    return _unnamed(line, "", word.value)


def _with_inputs(line: CallLine, names: Sequence[str], *, is_body_known: bool = False) -> CallLine:
    """Return the command with placeholders for missing inputs.

    Args:
        names: The inputs as messages name them: `OWNER`, `--state`, `a body`.
        is_body_known: Whether the inputs are known to be missing in a body that the command line does not show.
    """
    in_path = {
        input_name(parameter): f"--{parameter.option}"
        for parameter in line.table.described.operation.parameters
        if parameter.location == "path"
    }
    given = {(*key, path) for key, path in line.given()}
    has_whole_body = not is_body_known and any(map(_is_whole_body, line.after))
    media_type = line.table.described.media_type
    of_item = [
        f"--{field.option}"
        for field in (media_type.fields if media_type else ())
        if field.is_required and len(field.path) == 2 and field.path[0] == EACH
    ]
    if "a body" in names and of_item and not any(map(_gives_body, line.after)):
        names = [*(name for name in names if name != "a body"), *of_item]
    made = list(line.after)
    for name in names:
        if not name.startswith("--") and name not in in_path:
            if not any(map(_gives_body, made)):
                # If all properties of the object are optional, an empty object is a valid body.
                is_object = media_type is not None and media_type.fields and is_json(media_type.name)
                value = "{}" if is_object else None
                made.append(line.word_of("--body", value))
            continue
        flag = in_path.get(name) or f"--{of_first_items(name.removeprefix('--'))}"
        word = line.word_of(flag, None)
        place = (*word.key, word.field.path if word.field else ())
        is_given = word.is_input and (place in given or (word.key[0] == "body" and has_whole_body))
        if not word.is_known or is_given:
            continue
        if name in in_path:
            made.insert(_place_in_path(made), replace(unfilled(word), flag=""))
        else:
            made.append(unfilled(word))
    return line.with_after(made)


def _gives_body(word: Word) -> bool:
    return word.option_name in {"body", "file"} or (word.is_input and word.key[0] == "body")


def _is_whole_body(word: Word) -> bool:
    """Return whether an argument gives a whole body that is not known here: a placeholder or standard input."""
    return word.option_name == "body" and (word.is_placeholder or word.value == "-")


def _place_in_path(words: Sequence[Word]) -> int:
    """Return the position for the next positional argument: after the last one, or before all options."""
    return max((number + 1 for number, word in enumerate(words) if not word.flag), default=0)


def _is_left_to_fill_in(line: CallLine, finding: _Finding) -> bool:
    """Return whether the command has a placeholder at the location of a finding."""
    key, steps = _place(finding["pointer"])
    number, _ = _word_at(line, key, steps)
    if number is not None and line.after[number].is_placeholder:
        return True
    return finding["rule"] in _MISSING and len(_with_missing(line, key, steps, finding).after) == len(
        line.after
    )


def _without_findings(line: CallLine, findings: Sequence[_Finding]) -> CallLine:
    """Return the command with the findings of the validator corrected.

    Args:
        findings: The findings, as in the validation report.
    """
    renamed = {(_above(finding), name) for finding in findings if (name := _renamed(finding, findings))}
    # Surplus properties first: one of them may be the misspelt name of a missing property.
    for finding in sorted(findings, key=lambda found: found["rule"] not in _SURPLUS):
        key, steps = _place(finding["pointer"])
        if finding["rule"] in _MISSING:
            if (finding["pointer"], finding["expected"]) in renamed:
                continue
            line = _with_missing(line, key, steps, finding)
            continue
        index, rest = _word_at(line, key, steps)
        if index is None:
            continue
        made = list(line.after)
        made[index : index + 1] = _corrected_word(line, made[index], rest, finding, findings)
        line = line.with_after(made)
    return line


def _place(pointer: str) -> tuple[tuple[str, str], tuple[str, ...]]:
    """Return the parameter and the path inside its value. The key of the body is `("body", "")`."""
    if pointer.startswith("/") or not pointer:
        return ("body", ""), split(pointer)
    location, _, rest = pointer.partition("/")
    name, *inside = split(f"/{rest}")
    return (location, name), tuple(inside)


def _word_at(
    line: CallLine, key: tuple[str, str], steps: tuple[str, ...]
) -> tuple[int | None, tuple[str, ...]]:
    """Return the index of the deepest argument that gives a location, and the rest of the path inside its value."""
    number: int | None = None
    depth = -1
    for index, word in enumerate(line.after):
        path: tuple[str, ...] = ()
        if word.is_input and _is_of(word, key):
            path = tuple(step.strip("[]") for step in word.field.path) if word.field else ()
        elif word.option_name == "set" and key[0] == "body":
            path = tuple(step.strip("[]") for step in parse_steps((word.value or "").partition("=")[0]))
        elif word.option_name != "body" or key[0] != "body":
            continue
        is_inside = steps[: len(path)] == path or (len(steps) < len(path) and path[: len(steps)] == steps)
        if is_inside and len(path) >= depth:
            number, depth = index, len(path)
    if number is not None and _is_repeated(line, number) and steps[depth:][:1]:
        # Each repetition of an option gives one item of the array.
        alike = [index for index, word in enumerate(line.after) if _same_place(word, line.after[number])]
        item = int(steps[depth]) if steps[depth].isdecimal() else 0
        number, depth = alike[min(item, len(alike) - 1)], depth + 1
    return number, steps[depth:]


def _is_of(word: Word, key: tuple[str, str]) -> bool:
    return word.key == key or (word.key[0] == key[0] == "header" and word.key[1].lower() == key[1].lower())


def _is_repeated(line: CallLine, number: int) -> bool:
    word = line.after[number]
    is_whole = (word.value or "").lstrip().startswith("[")
    return word.is_input and word.value_type.type == "array" and not is_whole


def _same_place(word: Word, other: Word) -> bool:
    path, other_path = (item.field.path if item.field else None for item in (word, other))
    return word.is_input and word.key == other.key and path == other_path


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
    """Return the option for a location in the body, or the path of the location if no option is listed."""
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
    line: CallLine, word: Word, rest: tuple[str, ...], finding: _Finding, findings: Sequence[_Finding]
) -> Iterator[Word]:
    """Yield the replacement of an argument."""
    value = word.value or ""
    if not rest and word.is_input:
        if finding["rule"] not in _SURPLUS:
            yield unfilled(word)
    elif word.option_name == "set":
        if finding["rule"] not in _SURPLUS:
            yield replace(word, value=f"{value.partition('=')[0]}=JSON", is_placeholder=True)
    elif value.lstrip()[:1] in {"{", "["}:
        tree = json_value(value, word.flag)
        is_list = isinstance(tree, list) and len(rest) == 1 and finding["expected"] == "array"
        if is_list and not any(isinstance(item, list) for item in tree):
            yield replace(
                word, value=json.dumps([tree], ensure_ascii=False)
            )  # the array becomes the only item of an array of arrays
            return
        with suppress(LookupError, ValueError, TypeError):  # an earlier finding has moved the location
            _correct_in(tree, rest, finding, _renamed(finding, findings))
        text = json.dumps(tree, ensure_ascii=False)
        yield replace(word, value=text, is_placeholder=word.is_placeholder or f'"{_TO_FILL_IN}"' in text)
    else:
        yield word
        # The body comes from a file or from standard input: an option can override it.
        option = line.word_of(_option_at(line, rest), None)
        if finding["rule"] not in _SURPLUS and option.is_input:
            yield unfilled(option)


def _above(finding: _Finding) -> str:
    return str(finding["pointer"]).rpartition("/")[0]


def _renamed(finding: _Finding, findings: Sequence[_Finding]) -> str:
    """Return the missing property that a surplus one was probably meant for; empty if there is none."""
    if finding["rule"] not in _SURPLUS:
        return ""
    above = _above(finding)
    missing = [
        finding["expected"]
        for finding in findings
        if finding["rule"] == "required" and finding["pointer"] == above
    ]
    name = _place(finding["pointer"])[1][-1:]
    return nearest_value("".join(name), [item for item in missing if isinstance(item, str)]) or ""


def _correct_in(tree: Any, steps: tuple[str, ...], finding: _Finding, renamed: str) -> None:
    """Correct the value at a location inside a JSON value."""
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
    """Return the allowed value nearest to an invalid one; a placeholder if none is near."""
    expected = finding["expected"]
    allowed = expected if isinstance(expected, list) and finding["rule"] == "enum" else [expected]
    if finding["rule"] not in {"enum", "const"}:
        return _TO_FILL_IN
    near = nearest_value(option_text(value), map(option_text, allowed))
    found = [item for item in allowed if option_text(item) == near] or (allowed if len(allowed) == 1 else [])
    return found[0] if found else _TO_FILL_IN


def _problem_of(line: CallLine, env: Environment) -> UsageError | None:
    """Return the error of a command; None if its call works once its placeholders are filled in.

    Args:
        env: The environment. Standard input is not read.
    """
    tried = line.with_after(word for word in line.after if not _is_for_person(word))
    is_server_open = any(map(_is_of_server, line.placeholders()))
    if is_server_open:
        tried = tried.without(_is_of_server)
    is_complete = len(tried.after) == len(line.after) and not line.placeholders()
    build = partial(_build, any_server=is_server_open)
    plain = tried.words(is_complete=False, by_option=not is_complete)
    problem = _problem_of_words(tried, plain, env, build)
    if is_complete or problem is None or _needs_too_much(problem):
        return problem
    missing = problem.details.get("missing") or ()
    if any(len(_with_inputs(line, [name]).after) > len(line.after) for name in missing):
        return problem
    if missing:
        plain = [*tried.words(is_complete=False, by_option=True), "--example"]
        problem = _problem_of_words(tried, plain, env, build)
    if problem is None or "findings" not in problem.details:
        return problem
    findings = [finding for finding in problem.details["findings"] if not _is_left_to_fill_in(line, finding)]
    problem.details["findings"] = findings
    return problem if findings else None


def _needs_too_much(problem: UsageError) -> bool:
    """Return whether the command has too many errors to correct."""
    return len(problem.details.get("missing") or problem.details.get("findings") or ()) > _MOST_CHANGES


def _is_of_server(word: Word) -> bool:
    return word.option_name in {"server", "server_var"}


def _is_for_person(word: Word) -> bool:
    """Return whether an argument needs what a trial must not use: standard input or an editor."""
    return word.option_name == "editor" or (bool(word.flag) and word.value in _OF_STDIN)


def _problem_of_words(line: CallLine, words: list[str], env: Environment, build: _Build) -> UsageError | None:
    run = Run(env)
    run.options = replace(
        read_words(line.before_words()).options,
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
        return None  # such as a missing credential: the command line itself is right
    return None


def _build(run: Run, described: DescribedOperation, line: CommandLine, *, any_server: bool) -> None:
    """Build a request and validate it.

    Args:
        any_server: Whether the server is a placeholder. The request is not sent, so any server will do.

    Raises:
        UsageError: The inputs or options make no valid request.
    """
    run.output_format()  # raises if options cannot be combined
    settings = settings_of(run.env, described.api, run.call_options)
    # The demo API has a server only during a call.
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


def _corrected_line(
    run: Run, described: DescribedOperation, words: list[str], error: UsageError
) -> CallLine | None:
    """Return the corrected command of a call; None if it does not improve the typed one.

    Args:
        words: The arguments after the operation.
        error: The error that ended the call.
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
    return None if _is_same(line, typed) and not line.placeholders() else _shortened(line, run.env)


def _shortened(line: CallLine, env: Environment) -> CallLine:
    """Return a shorter version of the command that also works, if there is one; else the command."""
    return next((shorter for shorter in line.shorter() if _problem_of(shorter, env) is None), line)


def _example(typed: CallLine, env: Environment) -> CallLine | None:
    """Return the example of the operation with the typed standard options; None if it does not work."""
    example = typed.with_words(typed.table.described.operation.example)
    options = [word for word in typed.after if word.option is not None]
    others = [option for option in options if option.option not in INPUT_OPTIONS]
    # If the document declares no body, the example has none either: keep the body that was given.
    for kept in (options,) if typed.table.described.has_undeclared_body else (options, others):
        line = example.with_after([*example.after, *kept])
        if _problem_of(line, env) is None:
            return line
    return None


def _corrected(typed: CallLine, env: Environment, error: UsageError | None) -> CallLine | None:
    """Return the command with all errors corrected; None if that fails.

    Args:
        error: The error that ended the call; None if the command was changed since.
    """
    line = _with_fitting_values(_without_surplus(_with_known_names(typed)))
    until = process_time() + _CPU_SECONDS
    for _ in range(_MOST_ROUNDS):
        if process_time() > until:
            return None
        problem = _problem_of(line, env)
        if problem is None:
            if error is None:
                return line
            # Only the call itself finds some errors, such as options that cannot be combined.
            is_left = (
                "output" in error.details
                or _has_named(line, typed, error)
                or (_is_same(line, typed) and not line.placeholders())
            )
            return _fixed(line, error) if is_left else line
        changed = _fixed(line, problem)
        if _is_same(changed, line):
            return None
        line = changed
    return None


def _has_named(line: CallLine, typed: CallLine, error: UsageError) -> bool:
    """Return whether the command still has the standard options that an error names, as they were typed."""
    flags = set(_FLAG.findall(f"{error.message} {error.reason}"))
    named, left = (
        [word for word in (*call_line.before, *call_line.after) if _is_option_of(word, flags)]
        for call_line in (typed, line)
    )
    return bool(named) and named == left


def _is_same(line: CallLine, other: CallLine) -> bool:
    """Return whether two commands are the same. The text of placeholders does not count."""
    if len(line.placeholders()) != len(other.placeholders()):
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
        return line.without(lambda word: word.option_name == "query" and (word.value or "").startswith(start))
    named = set(_FLAG.findall(problem.message))
    options = [word.option for word in (*line.before, *line.after) if _is_option_of(word, named)]
    if len(set(options)) > 1:  # they cannot be combined
        return line.without(lambda word: word.option == options[-1])
    for text in (problem.message, problem.hint):
        made = line.changed(partial(_replaced, problem=problem, text=text))
        if _is_same(made, line) and text == problem.message:
            made = _without_named(line, problem)
        if not _is_same(made, line):
            return made
    return line


def _is_option_of(word: Word, flags: set[str]) -> bool:
    return word.option is not None and not flags.isdisjoint(word.option.flags)


def _with_server_variable(line: CallLine, problem: UsageError) -> CallLine:
    """Return the command with a placeholder for a server variable, or without it if the server has no such variable."""
    name = problem.details["server_variable"]
    line = line.without(
        lambda word: word.option_name == "server_var" and (word.value or "").partition("=")[0] == name
    )
    if "near" in problem.details:
        return line
    variable = replace(line.word_of("--server-var", f"{name}=VALUE"), is_placeholder=True)
    return line.with_after([*line.after, variable])


def _replaced(words: Iterable[Word], problem: UsageError, text: str) -> Iterator[Word]:
    """Yield the arguments. Those that a text names get a value that the error suggests, or a placeholder."""
    flags, values = set(_FLAG.findall(text)), set(_QUOTED.findall(text))
    allowed = _QUOTED.findall(problem.reason)
    for word in words:
        is_named = word.flag in flags or (word.option is not None and word.value in values)
        if not is_named or word.value is None or word.is_placeholder:
            yield word
            continue
        near = nearest_value(word.value, allowed) or (allowed[0] if len(allowed) == 1 else None)
        near = near or nearest_value(word.value, _QUOTED.findall(problem.hint))
        if word.option_name in {"set", "set_file"} and problem.details.get("near"):
            near = f"{problem.details['near'][0]}={word.value.partition('=')[2]}"
        if word.option_name == "inputs" and problem.details.get("near"):
            wrong, *_ = _QUOTED.findall(problem.message)
            near = word.value.replace(json.dumps(wrong), json.dumps(problem.details["near"][0]), 1)
        is_right = word.option is not None and near is not None and near != word.value
        yield replace(word, value=near) if is_right else unfilled(word)


def _without_named(line: CallLine, problem: UsageError) -> CallLine:
    """Return the command without the standard options and headers that an error names."""
    named, quoted = (
        set(_FLAG.findall(f"{problem.message} {problem.reason}")),
        _QUOTED.findall(problem.message),
    )

    def is_named(word: Word) -> bool:
        is_header = word.option_name == "header" and (word.value or "").partition(":")[0].strip() in quoted
        return is_header or _is_option_of(word, named)

    return line.without(is_named)


def teach(run: Run, error: UsageError) -> None:
    """Add the corrected command to a usage error, and for programs the summary of the operation."""
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
    """Suggest the same call with other values of standard options, for an error after the call was made.

    Args:
        values: Name of an option → value that fits the response.
    """
    line = repeatable_line(run)
    if line is not None:
        options = [(OPTIONS_BY_NAME[name].flags[-1], value) for name, value in values.items()]
        error.try_ = line.with_options(values.keys(), *options).typed_text


def _summary(
    run: Run, described: DescribedOperation, error: UsageError, line: CallLine | None
) -> dict[str, Any] | None:
    """Return the summary of an operation. An agent gets only the inputs that the error is about, or None without any.

    If no input has a similar name, the agent gets the most useful inputs.

    Args:
        line: The corrected command; None if there is none.
    """
    from dynacli.client.operation_summary import operation_summary, summary_of_inputs

    name, profile, details = described.operation.name, run.all_options.profile, error.details
    if not run.is_for_agent:
        return operation_summary(described.api, name, profile=profile).as_json()
    rules = {finding["rule"] for finding in details.get("findings", ())}
    if not ("missing" in details or "near" in details or rules & (_MISSING | _SURPLUS)):
        return None
    left = line.placeholders() if line is not None else ()
    asked_for = [word.field or word.parameter for word in left]
    named = {flag.removeprefix("--") for flag in details.get("near", ())}
    named |= {origin.option for origin in asked_for if origin is not None}
    question = " ".join(_FLAG.findall(error.message)).replace("-", " ")
    return summary_of_inputs(described.sending(""), named, question, profile)


def _suggest_near(run: Run, error: UsageError) -> None:
    """Suggest the same call of the operation with the most similar name, for an error about an unknown operation."""
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
    is_other = any(word.flag == _UNNAMED for word in line.after)
    if is_other:
        error.try_ = f"{invocation(api=quote(described.api.name))} {described.operation.name} --help"
    elif is_other := _needs_login(error, line):
        error.try_ = invocation("auth login", described.api.name)
    repeats = (is_other and error.try_ in error.hint) or call in error.hint.replace(" --help", "--help")
    if repeats or _says_the_same(error.hint, line):
        error.hint = ""
    if run.asked is None and any(word.is_input and f"`{word.flag}`" in error.message for word in line.after):
        error.hint = f"The options of `{described.operation.name}` go after its name"
    typed = {text for typed in run.words for text in (typed, typed.partition("=")[2])}
    for word in line.after:
        if word.option_name in _JSON_OPTIONS and reads_input(word.value or "") and word.value not in typed:
            error.hint = f"`{word.value}` reads the file"
    sources = enumerated(list(_sources(line)))
    if sources and "missing" in error.details:
        error.hint = sources
    elif sources:
        joint = "" if error.hint.endswith("?") else ";"
        error.hint = f"{error.hint}{joint} {sources}" if error.hint else sources


def _needs_login(error: UsageError, line: CallLine) -> bool:
    """Return whether an error is about an unknown option with a secret, of an API that takes credentials."""
    flags = {*_FLAG.findall(error.message)} - {word.flag for word in line.after}
    api = line.table.described.api
    can_login = api.is_registered and api.name != DEMO and bool(api.catalog.overview().sign_ins)
    return can_login and any(map(is_secret_name, flags))


def _says_the_same(hint: str, line: CallLine) -> bool:
    """Return whether a hint only suggests names and values that the corrected command already has."""
    if len(_QUOTED.sub("", hint).split()) > _WORDS_AROUND_NAMES:
        return False
    words = {*line.before_words(), *line.words()}
    named = [text.split()[0] if text.startswith("-") else text for text in _QUOTED.findall(hint)]
    return bool(named) and words.issuperset(named)


def _sources(line: CallLine) -> Iterator[str]:
    """Yield the sources of the ids that the user must fill in."""
    described = line.table.described
    inputs = {word.field or word.parameter: word for word in line.placeholders()}
    asked_for = [input_ for input_ in inputs if input_ is not None]
    sources = input_sources(described.api, described.operation, asked_for)
    for field in asked_for:
        word, source = inputs[field], sources.get(field.option)
        if source:
            name = word.flag or (input_name(word.parameter) if word.parameter is not None else "")
            yield f"{name} comes from `{source}`"
