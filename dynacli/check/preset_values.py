"""The values that the person sets for the calls of a check: `--set NAME=VALUE` and `--set OPERATION.NAME=VALUE`.

A name may lead into an object: `filter.limit` is a property of the parameter `filter`, or a field of the body.
"""

from collections.abc import Iterable, Sequence
from difflib import get_close_matches
from typing import NamedTuple

from dynacli.check.check_records import InputValue
from dynacli.client.described_operation import DescribedOperation
from dynacli.client.inputs.call_inputs import ParameterKey
from dynacli.errors import UsageError
from dynacli.openapi.model.operation import Field, Parameter
from dynacli.openapi.model.wording import did_you_mean
from dynacli.openapi.schema.option_fields import find_field
from dynacli.request.assemble_body import Assignment, assemble
from dynacli.request.convert_words import convert_all, is_given_as_text

__all__ = ["read_preset_values"]


class _PropertyText(NamedTuple):
    """A text for a property of an object that is a parameter.

    Args:
        option: How messages call it.
    """

    parameter: Parameter
    field: Field
    option: str
    text: str


_Preset = InputValue | _PropertyText


def read_preset_values(
    words: Sequence[str], operations: Sequence[DescribedOperation]
) -> dict[str, list[InputValue]]:
    """Return operation → the values that are set for it; those that are set for it alone come first.

    Args:
        words: `NAME=VALUE` or `OPERATION.NAME=VALUE`; a name is spelled as in the document or as an option.

    Raises:
        UsageError: A word has no `=`, no operation has an input of its name, or its value does not fit.
    """
    for_all: dict[str, list[_Preset]] = {}
    for_one: dict[str, list[_Preset]] = {}
    for word in words:
        name, equals, text = word.partition("=")
        if not equals or not name.strip():
            # The word may hold a secret: it is not repeated.
            raise UsageError(
                "A value of --set has no `=`", hint="Write `--set NAME=VALUE` or `--set OPERATION.NAME=VALUE`"
            )
        is_known = False
        for described in operations:
            for presets, input_name in ((for_all, name), (for_one, _without_operation(described, name))):
                for preset in _presets(described, input_name, text) if input_name else ():
                    presets.setdefault(described.operation.name, []).append(preset)
                    is_known = True
        if not is_known:
            raise _unknown_input(name, operations)
    names = dict.fromkeys([*for_one, *for_all])
    return {name: _joined(for_one.get(name, []), for_all.get(name, [])) for name in names}


def _joined(for_one: list[_Preset], for_all: list[_Preset]) -> list[InputValue]:
    """Return the values of one operation; the properties of an object override the object, if it is set."""
    values = [preset for preset in (*for_one, *for_all) if isinstance(preset, InputValue)]
    texts: dict[ParameterKey, dict[tuple[str, ...], list[_PropertyText]]] = {}
    for preset in (*for_all, *for_one):  # the last word wins
        if isinstance(preset, _PropertyText):
            by_path = texts.setdefault(preset.parameter.key, {})
            by_path.setdefault(preset.field.path, []).append(preset)
    objects = []
    for key, by_path in texts.items():
        whole = next((value.value for value in values if value.key == key), None)
        values = [value for value in values if value.key != key]
        assignments = []
        for path, properties in by_path.items():
            field, option = properties[0].field, properties[0].option
            value = convert_all([each.text for each in properties], field.value, option)
            assignments.append(Assignment(path, value, option))
        objects.append(InputValue(*key, assemble(whole, assignments), "set"))
    return [*objects, *values]


def _without_operation(described: DescribedOperation, name: str) -> str:
    """Return what stands after the operation's own name; empty if the name begins otherwise."""
    operation = described.operation
    for start in (operation.name, operation.operation_id, *operation.aliases):
        if start and name.startswith(f"{start}."):
            return name[len(start) + 1 :]
    return ""


def _presets(described: DescribedOperation, name: str, text: str) -> Iterable[_Preset]:
    option = f"--set {name}"
    for parameter in described.operation.parameters:
        if name in _names_of(parameter):
            words = [text]
            value = (
                text if is_given_as_text(parameter, words) else convert_all(words, parameter.value, option)
            )
            yield InputValue(*parameter.key, value, "set")
            return  # the first location has the plain name, as with options
    for parameter in described.operation.parameters:
        field = _find_property(described, parameter, name)
        if field is not None:
            yield _PropertyText(parameter, field, option, text)
            return
    if described.operation.body is None:
        return
    described = described.sending("")
    name = name.removeprefix("body.")
    if find_field(described.body_schema(), described.resolve, name, allows_any_name=False) is not None:
        yield InputValue("body", name, text, "set")


def _find_property(described: DescribedOperation, parameter: Parameter, name: str) -> Field | None:
    """Return the property of a parameter that a name leads to; None if it leads to none."""
    for start in _names_of(parameter):
        rest = name.removeprefix(start)
        if rest != name and rest.startswith((".", "[")):
            schema = described.parameter_schema(parameter)
            return find_field(schema, described.resolve, rest.removeprefix("."))
    return None


def _names_of(parameter: Parameter) -> tuple[str, ...]:
    names = (parameter.name, parameter.option, *parameter.aliases)
    return (*names, *(f"{parameter.location}.{name}" for name in names))


def _unknown_input(name: str, operations: Sequence[DescribedOperation]) -> UsageError:
    known = dict.fromkeys(
        parameter.name for described in operations for parameter in described.operation.parameters
    )
    near = get_close_matches(name.rpartition(".")[2], list(known), 3, 0.6)
    return UsageError(
        f"No operation that is called has an input `{name}`",
        hint=did_you_mean(near, "`--dry-run` shows what would be called with which values"),
        near=near,
    )
