"""Values that a check prefers to invented ones: values of `--set`, ids from responses, and unused names.

`--set NAME=VALUE` and `--set OPERATION.NAME=VALUE` set a value. A name may be a path into an object: `filter.limit` is
a property of the parameter `filter`, or a field of the body.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterable, Iterator, Sequence
from copy import deepcopy
from difflib import get_close_matches
from itertools import islice
from typing import Any, NamedTuple

from dynacli.client.described_operation import DescribedOperation
from dynacli.client.inputs.build_body import example_body
from dynacli.client.inputs.call_inputs import ParameterKey
from dynacli.errors import UsageError
from dynacli.features.check._call_planner import ResponseValues
from dynacli.features.check.check_records import INVENTED, InputValue
from dynacli.openapi.model.field_names import (
    GENERAL_NAMES,
    ID_ENDINGS,
    names_another_thing,
    plain_name,
    singular,
)
from dynacli.openapi.model.operation import EACH, Field, Parameter
from dynacli.openapi.model.path_templates import nouns_of_paths, path_template
from dynacli.openapi.model.wording import did_you_mean
from dynacli.openapi.schema.document_schemas import DocumentSchemas, NoExampleError
from dynacli.openapi.schema.option_fields import find_field
from dynacli.request.assemble_body import Assignment, assemble
from dynacli.request.convert_words import convert_all, convert_parameter

OWN_PREFIX = "dynacli-check-"
"""Prefix of the names of resources that a check creates."""


def known_ids_for_body(described: DescribedOperation, responses: ResponseValues) -> list[InputValue]:
    """Return values from earlier responses for the fields of a body that are named like the id of another resource."""
    body = _ExampleBody.of(described)
    if body is None:
        return []
    values = []
    for field in _fields_of_other_ids(described, body):
        name = plain_name(field.path[-1])
        fitting = (found for found in responses.fields_called(name) if body.fits(field, found[0]))
        for value, source in islice(fitting, 1):
            values.append(InputValue("body", field.option, value, "response", source))
    return values


def fields_of_other_ids(described: DescribedOperation) -> list[str]:
    """Return the fields of a body, as `--set` names them, that may get the id of another existing resource."""
    body = _ExampleBody.of(described)
    return [field.option for field in _fields_of_other_ids(described, body)] if body is not None else []


def _fields_of_other_ids(described: DescribedOperation, body: _ExampleBody) -> Iterator[Field]:
    """Yield the fields of a body that are named like the id of another resource.

    Omit a field that names the new resource itself: the id of an existing resource would change that resource.
    """
    template = path_template(described.operation.path).rstrip("/")
    noun = singular(template.rpartition("/")[2])
    own = {noun, *(noun + ending for ending in ID_ENDINGS)}
    nouns = nouns_of_paths(summary.path for summary in described.api.catalog.summaries())
    for field in body.fields():
        name = plain_name(field.path[-1])
        is_own = name in own or name in GENERAL_NAMES
        if not is_own and names_another_thing(field.path[-1], nouns):
            yield field


def own_names_for_body(described: DescribedOperation, names: Iterable[str]) -> list[InputValue]:
    """Return an unused name for some top-level fields in the body of a creation.

    Args:
        names: The plain names of the fields.
    """
    body, wanted = _ExampleBody.of(described), set(names)
    if body is None:
        return []
    own = unused_name()
    return [
        InputValue("body", field.option, own, INVENTED)
        for field in body.fields()
        if len(field.path) == 1 and plain_name(field.path[0]) in wanted and body.fits(field, own)
    ]


def unused_name() -> str:
    """Return a random name that is almost certainly unused, and shows that a check created the resource."""
    return f"{OWN_PREFIX}{secrets.token_hex(4)}"


class _ExampleBody:
    """The example body of an operation.

    Args:
        described: The operation, with the chosen media type of the body.
        value: The example.
    """

    def __init__(self, described: DescribedOperation, value: Any) -> None:
        self._described, self._value = described, value
        self._schemas = DocumentSchemas(described.resolve, "request")

    @classmethod
    def of(cls, described: DescribedOperation) -> _ExampleBody | None:
        """Return the example body of an operation; None if it has no body or no example."""
        if described.operation.body is None:
            return None
        try:
            described = described.sending("")
            return cls(described, example_body(described, True))
        except UsageError:
            return None

    def fields(self) -> Iterator[Field]:
        """Yield the fields that the body has or must have, except fields inside of lists."""
        media_type = self._described.media_type
        for field in media_type.fields if media_type is not None else ():
            if EACH not in field.path and (field.is_needed or self._at(field.path) is not None):
                yield field

    def fits(self, field: Field, value: Any) -> bool:
        """Return whether the schema allows the body with another value of a field."""
        body = deepcopy(self._value)
        holder = body
        for step in field.path[:-1]:
            holder = holder.get(step) if isinstance(holder, dict) else None
        if not isinstance(holder, dict) or field.value.items is not None:
            return False
        holder[field.path[-1]] = value
        try:
            return self._schemas.fits(body, self._described.body_schema())
        except (NoExampleError, RecursionError):
            return False

    def _at(self, path: tuple[str, ...]) -> Any:
        value = self._value
        for step in path:
            value = value.get(step) if isinstance(value, dict) else None
        return value


class _PropertyText(NamedTuple):
    """The text for a property of a parameter that is an object.

    Args:
        option: Name of the option for messages.
    """

    parameter: Parameter
    field: Field
    option: str
    text: str


_Preset = InputValue | _PropertyText


def read_preset_values(
    words: Sequence[str], operations: Sequence[DescribedOperation]
) -> dict[str, list[InputValue]]:
    """Return operation → the values of `--set` for it; values for this operation alone come first.

    Args:
        words: `NAME=VALUE` or `OPERATION.NAME=VALUE`; a name is spelled as in the document or as an option.

    Raises:
        UsageError: An argument has no `=`, no operation has such an input, or the value is invalid.
    """
    for_all: dict[str, list[_Preset]] = {}
    for_one: dict[str, list[_Preset]] = {}
    for word in words:
        name, equals, text = word.partition("=")
        if not equals or not name.strip():
            # The message does not repeat the argument, because it may contain a secret.
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
    return {name: _joined_presets(for_one.get(name, []), for_all.get(name, [])) for name in names}


def _joined_presets(for_one: list[_Preset], for_all: list[_Preset]) -> list[InputValue]:
    """Return the values of one operation; set properties of an object override the object itself."""
    values = [preset for preset in (*for_one, *for_all) if isinstance(preset, InputValue)]
    texts: dict[ParameterKey, dict[tuple[str, ...], list[_PropertyText]]] = {}
    for preset in (*for_all, *for_one):  # the last value wins
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
            value = convert_all([property_.text for property_ in properties], field.value, option)
            assignments.append(Assignment(path, value, option))
        objects.append(InputValue(*key, assemble(whole, assignments), "set"))
    return [*objects, *values]


def _without_operation(described: DescribedOperation, name: str) -> str:
    """Return a name without the name of the operation before it; empty if it does not start with that."""
    operation = described.operation
    for start in (operation.name, operation.operation_id, *operation.aliases):
        if start and name.startswith(f"{start}."):
            return name[len(start) + 1 :]
    return ""


def _presets(described: DescribedOperation, name: str, text: str) -> Iterable[_Preset]:
    option = f"--set {name}"
    for parameter in described.operation.parameters:
        if name in _names_of(parameter):
            yield InputValue(*parameter.key, convert_parameter(parameter, [text], option), "set")
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
    """Return the property of a parameter by its path; None if the parameter has no such property."""
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
