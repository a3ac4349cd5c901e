"""The description of one field of an operation, and the tree of its schema: as data, and as text that fits."""

from bisect import bisect_left
from collections.abc import Callable, Iterator, Mapping
from itertools import islice
from typing import Any, NamedTuple

from dynacli.client.described_operation import DescribedOperation
from dynacli.client.operation_description import OperationDescription
from dynacli.errors import UsageError
from dynacli.openapi.model.operation import EACH, Parameter
from dynacli.openapi.model.wording import MAY_BE_REPEATED, constraints, did_you_mean, enumerated
from dynacli.openapi.schema.flatten_schema import FlatSchema, FlatSchemas, Resolve, flatten, value_type
from dynacli.openapi.schema.option_fields import parse_steps
from dynacli.text.markdown import first_sentence, to_text
from dynacli.text.terminal import Painter, visible
from dynacli.text.wrapping import foreign, foreign_lines, shortened, word_or_quoted

__all__ = [
    "EVERYTHING",
    "Detail",
    "Text",
    "cut_lines",
    "describe_field",
    "detail_of_depth",
    "fields_below",
    "fitting_text",
    "schema_lines",
    "type_text",
]

_MAX_DEPTH = 8
MAX_LINES = 300
_ANY_NAME = "<any name>"
_MOST_COUNTED = 1_000
_INDENT = 4
"""Fields that are left out are counted up to here."""


class _TreeLimits(NamedTuple):
    """How much of a tree is shown.

    Args:
        depth: The levels of fields.
        lines: The most lines.
        sentence: The most characters of what the document says of a field; 0 for what the width allows.
    """

    depth: int = _MAX_DEPTH
    lines: int = MAX_LINES
    sentence: int = 0


class SchemaField(NamedTuple):
    """A field in a tree.

    Args:
        level: 0 for the fields of the schema itself.
        name: As the document spells it; `<any name>` for all others.
        steps: The names that lead to it, its own at the end.
        is_recursive: Whether its schema is that of something around it.
    """

    level: int
    name: str
    steps: tuple[str, ...]
    flat: FlatSchema
    is_required: bool = False
    is_recursive: bool = False


def schema_lines(
    schema: Any,
    flat_schemas: FlatSchemas,
    paint: Painter,
    width: int,
    limits: _TreeLimits | None = None,
) -> list[str]:
    """Return the tree: a line for each property, with type, constraints and the first sentence of its description.

    What is left out is counted in a last line.
    """
    limits = limits or _TreeLimits()
    flat, resolve = flat_schemas(schema), flat_schemas.resolve
    lines = [" " * _INDENT + type_text(flat, resolve)] if not flat.properties else []
    fields = list(islice(fields_below(flat, flat_schemas), max(limits.lines, _MOST_COUNTED)))
    depth = limits.depth
    # A level is shown whole or not at all, unless there is but one.
    while depth > 1 and sum(field.level < depth for field in fields) > limits.lines:
        depth -= 1
    shown = [field for field in fields if field.level < depth]
    deeper, more = len(fields) - len(shown), max(len(shown) - limits.lines, 0)
    lines += [
        _line(field, resolve, paint, width, _INDENT + 2 * field.level, limits.sentence)
        for field in shown[: limits.lines]
    ]
    left_out = [f"{_count(more)} more fields"] if more else []
    left_out += [f"{_count(deeper)} fields deeper"] if deeper else []
    if left_out:
        way = "`--all`" if more else f"`--depth {depth + 1}` or `--all`"
        lines.append(f"{' ' * _INDENT}and {' and '.join(left_out)}: {way}")
    return lines


def _count(number: int) -> str:
    return f"{number:,}" + (" or more" if number >= _MOST_COUNTED else "")


def fields_below(flat: FlatSchema, flat_schemas: FlatSchemas) -> Iterator[SchemaField]:
    """Yield the fields of a schema and of what is in them, at any depth, in the order of the document."""
    yield from _fields(flat, flat_schemas, (), flat.refs)


def _fields(
    flat: FlatSchema, flat_schemas: FlatSchemas, steps: tuple[str, ...], refs: frozenset[str]
) -> Iterator[SchemaField]:
    while flat.type == "array" and flat.items is not None:
        flat = flat_schemas(flat.items)
        if flat.refs & refs and refs:
            return
        refs |= flat.refs
    found = [(name, schema, name in flat.required) for name, schema in flat.properties.items()]
    if isinstance(flat.additional, dict) and flat.additional:
        found.append((_ANY_NAME, flat.additional, False))
    for name, schema, is_required in found:
        inner = flat_schemas(schema)
        is_recursive = bool(_refs_of(inner, flat_schemas) & refs)
        path = (*steps, name)
        yield SchemaField(len(steps), name, path, inner, is_required, is_recursive)
        if not is_recursive:
            yield from _fields(inner, flat_schemas, path, refs | inner.refs)


def _line(field: SchemaField, resolve: Resolve, paint: Painter, width: int, indent: int, limit: int) -> str:
    mark = "*" if field.is_required else ""
    name = field.name if field.name == _ANY_NAME else word_or_quoted(field.name)
    left = f"{' ' * indent}{paint.bold(name)}{mark}  {type_text(field.flat, resolve)}"
    if field.is_recursive:
        return f"{left}  (recursive)"
    room = max(width - indent - len(field.name) - 30, 20)
    about = first_sentence(field.flat.description, min(room, limit) if limit else room)
    return f"{left}  {paint.dim(foreign(about, paint))}" if about else left


def _refs_of(flat: FlatSchema, flat_schemas: FlatSchemas) -> frozenset[str]:
    """Return the references that lead to a schema, or to the items of an array."""
    return flat.refs | flat_schemas(flat.items).refs if flat.type == "array" else flat.refs


def type_text(flat: FlatSchema, resolve: Resolve) -> str:
    """Return the type of a value with its constraints, as text."""
    value = value_type(flat, resolve)
    kind = value.type_words
    if flat.format:
        kind += f" ({word_or_quoted(flat.format)})"
    facts = [fact for fact in constraints(value) if fact != MAY_BE_REPEATED]
    return kind + (f" [{'; '.join(facts)}]" if facts else "")


_MOST_BYTES = 6_000
_NO_LIMIT = 100_000

Text = Callable[[Painter, int], str]
"""A description as text, painted and wrapped to a width."""


class Detail(NamedTuple):
    """How much is shown.

    Args:
        tree: Of each schema.
        description: The most lines of a description.
        rows: The most rows of any other section.
        has_error_trees: Whether the schema of each error is shown, instead of one line for those that are alike.
        has_sentences: Whether inputs have their descriptions.
        columns: The most characters of a line, except the last one, which runs as it stands.
    """

    tree: _TreeLimits
    description: int = _NO_LIMIT
    rows: int = _NO_LIMIT
    has_error_trees: bool = False
    has_sentences: bool = True
    columns: int = _NO_LIMIT


EVERYTHING = Detail(_TreeLimits(64, 20_000), has_error_trees=True)
_LESS_AND_LESS = (
    *(Detail(_TreeLimits(_MAX_DEPTH, lines), 40, 60) for lines in (120, 90, 70, 55)),
    *(Detail(_TreeLimits(4, lines, 60), 14, 40) for lines in (70, 55, 45)),
    *(Detail(_TreeLimits(3, lines, 50), 8, 24) for lines in (45, 35)),
    *(Detail(_TreeLimits(2, lines, 40), 6, 16) for lines in (35, 25)),
    Detail(_TreeLimits(2, 25, 40), 4, 12, has_sentences=False),
    Detail(_TreeLimits(1, 16, 24), 3, 8, has_sentences=False, columns=200),
    Detail(_TreeLimits(1, 8, 20), 2, 4, has_sentences=False, columns=120),
    Detail(_TreeLimits(1, 4, 20), 1, 2, has_sentences=False, columns=80),
)


def detail_of_depth(depth: int) -> Detail:
    """Return what `--depth` asks for: everything, with schemas of so many levels."""
    return Detail(_TreeLimits(depth, 20_000))


def fitting_text(
    lines_of: Callable[[Painter, int, Detail], list[str]], paint: Painter, width: int, asked: Detail | None
) -> str:
    """Return a description in the detail that a person asked for, else in the most that fits.

    Args:
        lines_of: Returns the lines of the description in a detail.
    """
    if asked is not None:
        return "\n".join(lines_of(paint, width, asked))
    plain = Painter(enabled=False)

    def fits(detail: Detail) -> bool:
        lines = _cut(lines_of(plain, width, detail), detail)
        return len("\n".join(lines).encode()) < _MOST_BYTES  # a line feed ends it

    # Most descriptions fit as they are.
    number = 0 if fits(_LESS_AND_LESS[0]) else bisect_left(_LESS_AND_LESS, True, 1, key=fits)
    detail = _LESS_AND_LESS[min(number, len(_LESS_AND_LESS) - 1)]
    told = lines_of(plain, width, detail)
    lines = _cut(told, detail)
    if not paint.enabled:
        return "\n".join(lines)
    painted = lines_of(paint, width, detail)
    return "\n".join(
        colourful if line == whole else line
        for line, whole, colourful in zip(lines, told, painted, strict=True)
    )


def _cut(lines: list[str], detail: Detail) -> list[str]:
    return [*(shortened(line, detail.columns) for line in lines[:-1]), lines[-1]]


def cut_lines(lines: list[str], most: int, indent: str = "  ") -> list[str]:
    """Return lines with an indent, those that are too many counted in a last one."""
    shown = [f"{indent}{line}".rstrip() for line in lines[:most]]
    more = len(lines) - most
    return [*shown, f"{indent}and {more:,} more lines: `--all`"] if more > 0 else shown


_MOST_NAMES = 12
"""Fields that a hint names."""


def describe_field(
    described: DescribedOperation, place: str, asked: Detail | None = None
) -> tuple[dict[str, Any], Text]:
    """Return the description of a field of a parameter, of the body, or of a response (`response.`), and its text.

    Args:
        place: The path of the field.
        asked: How much of it a person asked for; None for what fits.

    Raises:
        UsageError: There is no such field.
    """
    operation = described.operation
    # Summaries write `rows[].id`: any item's.
    steps = list(parse_steps(place.replace(EACH, "")))
    if not steps:
        raise UsageError(
            f"`{place}` is not a field path", hint="Separate names with dots, for example `schedule.cron`"
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
            told_lines = foreign_lines(to_text(told, width - 4).splitlines(), paint)
            text.extend(cut_lines(told_lines, detail.description))
        return [*text, *schema_lines(schema, described.flat_schemas, paint, width, limits=detail.tree)]

    return data, lambda paint, width: fitting_text(lines, paint, width, asked)


def _hint_for_unknown(described: DescribedOperation, place: str, steps: list[str]) -> str:
    """Return what leads to a field that there is: it in the response, the fields beside it, or names like it."""
    from difflib import get_close_matches

    if _find_in_responses(described, steps) is not None:
        return f"A response's fields start with `response.`: `response.{place}`"
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
    return did_you_mean(near, "A response's fields start with `response.`")


def _fields_of(described: DescribedOperation, schema: Any) -> list[str]:
    """Return the names of the fields of an object, or of the items of an array."""
    flat = flatten(schema, described.resolve)
    if flat.type == "array":
        flat = flatten(flat.items, described.resolve)
    return list(flat.properties)


def _described_parameter(described: DescribedOperation, steps: list[str]) -> str:
    """Return what the document says of a parameter beside its schema; empty if the steps lead to a field."""
    for parameter in described.operation.parameters:
        if steps[-1] in _names_of(parameter) and steps[:-1] in ([], [parameter.location]):
            return str(described.raw_parameters.get(parameter.key, {}).get("description") or "")
    return ""


def _names_of(parameter: Parameter) -> tuple[str, ...]:
    return (parameter.option, parameter.word, parameter.name, *parameter.aliases)


def _find(described: DescribedOperation, steps: list[str]) -> tuple[str, Any, bool] | None:
    """Return where a field is, its schema, and whether it is required; None if there is no such field."""
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
    if steps[0] == "response":
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
                return (f"response {status}", *inner)
    return None


def _walk(
    described: DescribedOperation, schema: Any, steps: list[str], *, is_required: bool
) -> tuple[Any, bool] | None:
    """Return the schema at a path inside of a schema, and whether it is required; None if the path leads nowhere."""
    from dynacli.openapi.model.kebab_names import kebab

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
