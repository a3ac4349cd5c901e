"""Converts arguments of the command line to JSON values of the types in the document."""

import json
import re
from collections.abc import Sequence
from typing import Any

from dynacli.errors import UsageError
from dynacli.http.semantics import is_form, is_json
from dynacli.openapi.model.operation import ANY, EACH, Field, Parameter, ValueType

_INTEGER = re.compile(r"[+-]?\d+")
_NUMBER = re.compile(r"[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d+)?")
_ITEM = re.compile(r"\[\d*\]|\.\d+(?=\.)")
_SHOWN = 60
_MOST_MEMBERS = 3
"""Maximum number of properties in the example of an object."""
_MAX_CHOICES = 12


def convert(
    text: str, value_type: ValueType, option: str, *, is_strict: bool = True, fields: Sequence[Field] = ()
) -> Any:
    """Return the JSON value of an argument.

    Args:
        text: The argument.
        value_type: The type in the document.
        option: Name of the input in messages, for example `--state` or `OWNER`.
        fields: The options of the parameter or the body. The ones below `option` are properties of an object.
        is_strict: Whether a wrong type is an error. If not, the argument becomes a string (`--validate off`).

    Raises:
        UsageError: The argument has the wrong type, and `is_strict` is set.
    """
    is_text = value_type.type == "string" and (not value_type.enum or "null" in value_type.enum)
    if value_type.is_nullable and text == "null" and not is_text:
        return None
    try:
        value = _typed(text, value_type)
        if value_type.enum:
            value = _choice(value, text, value_type)
    except _MisfitError as misfit:
        if not is_strict:
            return text
        hint = _object_hint(option, fields) if value_type.type == "object" else misfit.hint
        raise UsageError(
            f"`{_shortened_text(text)}` is not a value for {option}", reason=str(misfit), hint=hint
        ) from None
    return value


def _object_hint(option: str, fields: Sequence[Field]) -> str:
    """Return an example of an object with its required properties, or with its first ones if none is required.

    Args:
        option: As for `convert`.
        fields: As for `convert`.
    """
    above = _without_items(f"{option.removeprefix('--').replace('_', '-')}.")
    members: dict[str, Field | None] = {}
    for field in fields:
        below = _without_items(field.option)
        if below.startswith(above):
            depth = below.count(".", len(above))
            name = [step for step in field.path if step != EACH][-1 - depth]
            # For a nested object, perhaps only its properties have options.
            members.setdefault(name, None if depth else field)
    required = [name for name, field in members.items() if field is not None and field.is_required]
    branches = [field.branch for field in members.values() if field is not None]
    names = required or [
        name for name, field in members.items() if field is None or field.branch in {"", branches[0]}
    ]
    example = {name: _example_member(members[name]) for name in names[:_MOST_MEMBERS]} or {"name": "value"}
    from dynacli.openapi.model.wording import shell_word

    return f"For example {shell_word(json.dumps(example, ensure_ascii=False))}"


def _without_items(option: str) -> str:
    return _ITEM.sub("", option)


def _example_member(field: Field | None) -> Any:
    kind = ValueType("object") if field is None else field.value
    if kind.enum or kind.has_known_default:
        return kind.enum[0] if kind.enum else kind.default
    return {"integer": 1, "number": 1, "boolean": True, "object": {}, "array": []}.get(kind.type, "...")


def convert_all(
    words: list[str],
    value_type: ValueType,
    option: str,
    *,
    is_strict: bool = True,
    fields: Sequence[Field] = (),
) -> Any:
    """Return the value of an option that may be repeated.

    Repeated arguments are the items of an array. A single JSON array is the whole array. For an array of arrays, a
    single array without arrays is the only item.
    """
    # A value that may be an array or another type is an array if it is given more than once.
    is_repeated = value_type.type == ANY and value_type.items is not None and len(words) > 1
    if value_type.type != "array" and not is_repeated:
        return convert(words[-1], value_type, option, is_strict=is_strict, fields=fields)
    if len(words) == 1 and words[0].lstrip().startswith("["):
        try:
            whole = _read_json(words[0], has_constants=True)
        except (ValueError, RecursionError):
            whole = None
        if isinstance(whole, list):
            return [whole] if is_single_item(whole, value_type) else whole
    if words == ["null"] and value_type.is_nullable:
        return None
    items = value_type.items or ValueType()
    if len(words) > 1 and items.type == "object" and any(_is_array(word) for word in words):
        raise UsageError(
            f"{option} got a whole array and further items",
            reason="A JSON array gives all items at once",
            hint=f"Give one array, or each item by itself: `{option} '{{...}}' {option} '{{...}}'`",
        )
    try:
        return [convert(word, items, option, is_strict=is_strict, fields=fields) for word in words]
    except UsageError as error:
        parts = [part for word in words for part in items_in(word, items)]
        if len(parts) > len(words):
            error.hint = (
                f"Repeat the option for each item: `{' '.join(f'{option} {part}' for part in parts)}`"
            )
        raise


def items_in(word: str, items: ValueType) -> list[str]:
    """Return the comma-separated items of an argument if each item is valid and the whole is not; else the argument."""
    parts = [part.strip() for part in word.split(",")]
    if (
        len(parts) == 1
        or _converts(word, items)
        or not all(part and _converts(part, items) for part in parts)
    ):
        return [word]
    return parts


def _converts(word: str, value_type: ValueType) -> bool:
    try:
        convert(word, value_type, "it")
    except UsageError:
        return False
    return True


def is_single_item(array: list[Any], value_type: ValueType) -> bool:
    """Return whether an array contains no arrays although its type is an array of arrays, so that it is an item."""
    has_arrays = value_type.items is not None and value_type.items.type == "array"
    return has_arrays and bool(array) and not any(isinstance(item, list | None) for item in array)


def _is_array(word: str) -> bool:
    return word.lstrip().startswith("[") and isinstance(_json_or_text(word), list)


def is_given_as_text(parameter: Parameter, words: list[str]) -> bool:
    """Return whether the argument for a parameter is sent unchanged.

    This is the case for an empty argument that `allowEmptyValue` allows, and for media types that dynacli does not
    write.
    """
    if words == [""] and parameter.allow_empty:
        return True
    name = parameter.media_type
    return bool(name) and not (is_json(name) or is_form(name) or name.lower().startswith("text/"))


def convert_parameter(parameter: Parameter, words: list[str], option: str, *, is_strict: bool = True) -> Any:
    """Return the value of a parameter from its arguments.

    Args:
        parameter: The parameter.
        words: The arguments. An array uses all of them, and other types the last.
        option: Name of the input in messages.
        is_strict: As for `convert`.

    Raises:
        UsageError: An argument has the wrong type, and `is_strict` is set.
    """
    # Checked first, because few parameters have either, and function calls take time.
    if (parameter.media_type or parameter.allow_empty) and is_given_as_text(parameter, words):
        return words[-1]
    return convert_all(words, parameter.value, option, is_strict=is_strict, fields=parameter.fields)


def json_value(text: str, option: str) -> Any:
    """Return the value of an argument that must be JSON.

    Raises:
        UsageError: The argument is not JSON.
    """
    try:
        return _read_json(text)
    except (ValueError, RecursionError) as error:
        reason = error.msg if isinstance(error, json.JSONDecodeError) else "it is not a JSON value"
        place = (
            f" at line {error.lineno}, column {error.colno}"
            if isinstance(error, json.JSONDecodeError)
            else ""
        )
        raise UsageError(
            f"The value of {option} is not JSON",
            reason=f"{reason}{place}",
            hint="A JSON text needs its quotes, and the shell needs quotes around them: '\"text\"'",
        ) from None


class _MisfitError(ValueError):
    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.hint = hint


def _typed(text: str, value_type: ValueType) -> Any:
    match value_type.type:
        case "string":
            return text
        case "integer":
            if not _INTEGER.fullmatch(text):
                raise _MisfitError("it takes an integer")
            # Python refuses to convert numbers of more than 4,300 digits, because that is slow.
            if len(text) > 4000:
                raise _MisfitError("it has too many digits for an integer")
            return int(text)
        case "number":
            if not _NUMBER.fullmatch(text):
                raise _MisfitError("it takes a number")
            return int(text) if _INTEGER.fullmatch(text) and len(text) < 4000 else float(text)
        case "boolean":
            if text.lower() not in {"true", "false"}:
                raise _MisfitError("it takes `true` or `false`")
            return text.lower() == "true"
        case "object":
            value = _json_or_text(text)
            if not isinstance(value, dict):
                raise _MisfitError("it takes a JSON object")
            return value
        case "array":
            value = _json_or_text(text)
            return value if isinstance(value, list) else [value]
    return _json_or_text(text)


def _read_json(text: str, *, has_constants: bool = False) -> Any:
    from dynacli.text.json_budget import read_limited  # most arguments are not JSON

    return read_limited(text, has_constants=has_constants)


def _json_or_text(text: str) -> Any:
    try:
        return _read_json(text)
    except (ValueError, RecursionError):
        return text


def _choice(value: Any, text: str, value_type: ValueType) -> Any:
    for choice in value_type.enum:
        # JSON has one type for numbers, and booleans are not numbers, unlike in Python.
        if choice == value and isinstance(choice, bool) is isinstance(value, bool):
            return choice
        # `enum: [1, 2]` with `type: string`, and the reverse, are common in real documents.
        if choice_word(choice) == text:
            return choice
    words = [choice_word(choice) for choice in value_type.enum]
    from dynacli.openapi.model.wording import did_you_mean, nearest_value
    from dynacli.text.terminal import visible

    nearest = nearest_value(text, words)
    near = [] if nearest is None else [visible(nearest, keep="")]
    shown = ", ".join(f"`{visible(word, keep='')}`" for word in words[:_MAX_CHOICES])
    if len(words) > _MAX_CHOICES:
        shown += f", ... ({len(words)} in all)"
    raise _MisfitError(f"it takes one of {shown}", did_you_mean(near))


def choice_word(choice: Any) -> str:
    """Return the argument for a value of an enumeration."""
    return choice if isinstance(choice, str) else json.dumps(choice)


def _shortened_text(text: str) -> str:
    return text if len(text) <= _SHOWN else text[:_SHOWN] + "..."
