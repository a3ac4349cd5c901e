"""The description of one field of an operation: as data, and as text for a person."""

from collections.abc import Mapping
from typing import Any

from dynacli.client.described_operation import DescribedOperation
from dynacli.client.description.operation_description import OperationDescription
from dynacli.commands.verbs.describe.fitting_text import Detail, Text, cut_lines, fitting_text
from dynacli.commands.verbs.describe.schema_tree import schema_lines
from dynacli.errors import UsageError
from dynacli.model.operation import EACH, Parameter
from dynacli.model.wording import did_you_mean, enumerated
from dynacli.schema.flatten_schema import flatten
from dynacli.schema.option_fields import parse_steps
from dynacli.text.markdown import to_text
from dynacli.text.terminal import Painter, visible
from dynacli.text.wrapping import quoted_lines

__all__ = ["describe_field"]

_MOST_NAMES = 12
"""Fields that a hint names."""


def describe_field(
    described: DescribedOperation, place: str, asked: Detail | None = None
) -> tuple[dict[str, Any], Text]:
    """Return the description of a field of a parameter, of the body, or of an answer (`answer.`), and its text.

    Args:
        place: The path of the field.
        asked: How much of it a person asked for; None for what fits.

    Raises:
        UsageError: There is no such field.
    """
    operation = described.operation
    # Cards write `rows[].id`: any item's.
    steps = list(parse_steps(place.replace(EACH, "")))
    if not steps:
        raise UsageError(
            f"`{place}` is not a path of a field", hint="Write names with dots, for example `schedule.cron`"
        )
    field = _find(described, steps)
    if field is None:
        raise UsageError(
            f"`{operation.name}` has no field `{place}`", hint=_hint_for_unknown(described, place, steps)
        )
    location, schema, is_required = field
    flat = flatten(schema, described.resolve)
    told = flat.description or _described_parameter(described, steps)
    data = {
        "api": described.api.name,
        "operation": operation.name,
        "field": place,
        "in": location,
        "required": is_required,
        "type": flat.type,
        "format": flat.format or None,
        "enum": list(flat.enum) or None,
        "default": flat.default,
        "nullable": flat.is_nullable,
        "description": told,
        "schema": schema,
    }

    def lines(paint: Painter, width: int, detail: Detail) -> list[str]:
        text = [f"{paint.bold(visible(place, keep=''))}  {location}{', required' if is_required else ''}"]
        if told:
            told_lines = quoted_lines(to_text(told, width - 4).splitlines())
            text.extend(cut_lines(told_lines, detail.description))
        return [*text, *schema_lines(schema, described.flat_schemas, paint, width, limits=detail.tree)]

    return data, lambda paint, width: fitting_text(lines, paint, width, asked)


def _hint_for_unknown(described: DescribedOperation, place: str, steps: list[str]) -> str:
    """Return what leads to a field that there is: it in the answer, the fields beside it, or names like it."""
    from difflib import get_close_matches

    if _find_in_responses(described, steps) is not None:
        return f"An answer's fields start with `answer.`: `answer.{place}`"
    for size in range(len(steps) - 1, 0, -1):
        around = _find(described, steps[:size])
        names = _fields_of(described, around[1]) if around is not None else []
        if names:
            listed = enumerated([f"`{visible(name)}`" for name in names], most=_MOST_NAMES)
            return f"`{'.'.join(steps[:size]).replace('.[', '[')}` has {listed}"
    inputs = [parameter.option for parameter in described.operation.parameters]
    fields = described.media_type.fields if described.media_type else ()
    inputs.extend(field.option.replace(EACH, "") for field in fields)
    near = get_close_matches(place, inputs, 3, 0.5)
    return did_you_mean(near, "An answer's fields start with `answer.`")


def _fields_of(described: DescribedOperation, schema: Any) -> list[str]:
    """Return the names of the fields of an object, or of the items of an array."""
    flat = flatten(schema, described.resolve)
    if flat.type == "array":
        flat = flatten(flat.items, described.resolve)
    return list(flat.properties)


def _described_parameter(described: DescribedOperation, steps: list[str]) -> str:
    """Return what the document says of a parameter beside its schema; empty where the steps lead to a field."""
    for parameter in described.operation.parameters:
        if steps[-1] in _names_of(parameter) and steps[:-1] in ([], [parameter.location]):
            return str(described.raw_parameters.get(parameter.key, {}).get("description") or "")
    return ""


def _names_of(parameter: Parameter) -> tuple[str, ...]:
    return (parameter.option, parameter.word, parameter.name, *parameter.aliases)


def _find(described: DescribedOperation, steps: list[str]) -> tuple[str, Any, bool] | None:
    """Return where a field is, its schema, and whether it is required; None where there is no such field."""
    locations = {"path", "query", "querystring", "header", "cookie"}
    wanted_location = steps[0] if steps[0] in locations and len(steps) > 1 else ""
    if wanted_location:
        steps = steps[1:]
    for parameter in described.operation.parameters:
        if steps[0] in _names_of(parameter) and wanted_location in ("", parameter.location):
            schema = described.parameter_schema(parameter)
            inner = _walk(described, schema, steps[1:], is_required=parameter.is_required)
            if inner is not None:
                return (parameter.location, *inner)
    if steps[0] in ("answer", "response"):
        return _find_in_responses(described, steps[1:])
    if described.media_type is None:
        return None
    schema = described.body_schema()
    inner = _walk(described, schema, steps, is_required=False)
    if inner is None and steps[0] == "body":
        inner = _walk(
            described,
            schema,
            steps[1:],
            is_required=bool(described.operation.body and described.operation.body.is_required),
        )
    return None if inner is None else ("body", *inner)


def _find_in_responses(described: DescribedOperation, steps: list[str]) -> tuple[str, Any, bool] | None:
    responses = OperationDescription(described).responses
    if steps and steps[0] in responses:
        responses, steps = {steps[0]: responses[steps[0]]}, steps[1:]
    for status, response in responses.items():
        for content in response["content"].values():
            inner = _walk(described, content["schema"], steps, is_required=False)
            if inner is not None:
                return (f"answer {status}", *inner)
    return None


def _walk(
    described: DescribedOperation, schema: Any, steps: list[str], *, is_required: bool
) -> tuple[Any, bool] | None:
    """Return the schema at a path inside of a schema, and whether it is required; None where the path leads nowhere."""
    from dynacli.model.kebab_names import kebab

    for step in steps:
        flat = flatten(schema, described.resolve)
        if flat.type == "array" and step.isdecimal():
            step = f"[{step}]"  # noqa: PLW2901  `rows.0.id` is what runs unquoted in every shell
        if flat.type == "array" and not step.startswith("["):
            # `rows.id` is a field of the items of `rows`: the index may be left out.
            flat = flatten(flat.items, described.resolve)
        names = {kebab(name): name for name in reversed(flat.properties)}
        name = step if step in flat.properties else names.get(step, "")
        if step.startswith("[") and flat.items is not None:
            schema, is_required = flat.items, True
        elif name:
            schema, is_required = flat.properties[name], name in flat.required
        elif isinstance(flat.additional, Mapping):
            schema, is_required = flat.additional, False
        else:
            return None
    return schema, is_required
