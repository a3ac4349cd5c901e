"""`dynacli describe`: prints all that the document says about an operation or a field, as data or text.

The text of a field includes the tree of its schema, as far as it fits.
"""

from __future__ import annotations

import json
from bisect import bisect_left
from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import islice
from typing import Any, NamedTuple

import click

from dynacli.client.described_operation import DescribedOperation
from dynacli.client.operation_description import OperationDescription
from dynacli.client.pages.decide_rule import PAGE_KINDS
from dynacli.commands.help_pages.page_lines import server_line
from dynacli.commands.run import Run
from dynacli.errors import UsageError
from dynacli.http.semantics import is_patch
from dynacli.openapi.model.operation import EACH, Parameter
from dynacli.openapi.model.wording import (
    CREDENTIAL,
    EXAMPLE,
    MAY_BE_REPEATED,
    OPTIONAL_INPUTS,
    REQUIRED_INPUTS,
    constraints,
    counted,
    did_you_mean,
    enumerated,
    notable_constraints,
    placeholder,
)
from dynacli.openapi.schema.flatten_schema import FlatSchema, FlatSchemas, flatten, value_type
from dynacli.openapi.schema.option_fields import parse_steps
from dynacli.openapi.schema.read_schema import Resolve
from dynacli.openapi.schema.response_outline import response_outline
from dynacli.registry.opened_api import OpenedApi
from dynacli.text.markdown import first_sentence, to_text
from dynacli.text.terminal import Painter, visible
from dynacli.text.wrapping import (
    block_text,
    folded,
    foreign,
    foreign_lines,
    quoted,
    short_sentence,
    shortened,
    word_or_quoted,
)

_MAX_DEPTH = 8
_MAX_LINES = 300
_ANY_NAME = "<any name>"
_MOST_COUNTED = 1_000
"""Maximum number of omitted fields to count."""
_INDENT = 4
_MOST_BYTES = 6_000
_NO_LIMIT = 100_000
_MOST_NAMES = 12
"""Maximum number of fields in a hint."""
_DEEPEST = 4
_MOST_FIELDS = 2_000


Text = Callable[[Painter, int], str]
"""A function that returns a description as text, painted and wrapped to a width."""


class _TreeLimits(NamedTuple):
    """Limits for the tree of a schema.

    Args:
        depth: Maximum levels of fields.
        lines: Maximum number of lines.
        sentence: Maximum characters of the description of a field; 0 for as many as the width allows.
    """

    depth: int = _MAX_DEPTH
    lines: int = _MAX_LINES
    sentence: int = 0


class SchemaField(NamedTuple):
    """A field in the tree of a schema.

    Args:
        level: Depth of the field; 0 for the fields of the schema itself.
        name: Name in the document; `<any name>` for further properties.
        steps: Path of the field, including its own name.
        is_recursive: Whether its schema is also the schema of an enclosing field.
    """

    level: int
    name: str
    steps: tuple[str, ...]
    flat: FlatSchema
    is_required: bool = False
    is_recursive: bool = False


def _schema_lines(
    schema: Any,
    flat_schemas: FlatSchemas,
    paint: Painter,
    width: int,
    limits: _TreeLimits | None = None,
) -> list[str]:
    """Return the tree: a line for each field, with type, constraints and the first sentence of its description.

    A last line counts the omitted fields.
    """
    limits = limits or _TreeLimits()
    flat, resolve = flat_schemas(schema), flat_schemas.resolve
    lines = [" " * _INDENT + _type_text(flat, resolve)] if not flat.properties else []
    fields = list(islice(_fields_below(flat, flat_schemas), max(limits.lines, _MOST_COUNTED)))
    depth = limits.depth
    # A level is printed completely or omitted. The first level may be cut.
    while depth > 1 and sum(field.level < depth for field in fields) > limits.lines:
        depth -= 1
    shown = [field for field in fields if field.level < depth]
    deeper, more = len(fields) - len(shown), max(len(shown) - limits.lines, 0)
    lines += [
        _field_line(field, resolve, paint, width, _INDENT + 2 * field.level, limits.sentence)
        for field in shown[: limits.lines]
    ]
    left_out = [f"{_count_text(more)} more fields"] if more else []
    left_out += [f"{_count_text(deeper)} fields deeper"] if deeper else []
    if left_out:
        way = "`--all`" if more else f"`--depth {depth + 1}` or `--all`"
        lines.append(f"{' ' * _INDENT}and {' and '.join(left_out)}: {way}")
    return lines


def _count_text(number: int) -> str:
    return f"{number:,}" + (" or more" if number >= _MOST_COUNTED else "")


def _fields_below(flat: FlatSchema, flat_schemas: FlatSchemas) -> Iterator[SchemaField]:
    """Yield the fields of a schema at any depth, in the order of the document."""
    yield from _schema_fields(flat, flat_schemas, (), flat.refs)


def _schema_fields(
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
            yield from _schema_fields(inner, flat_schemas, path, refs | inner.refs)


def _field_line(
    field: SchemaField, resolve: Resolve, paint: Painter, width: int, indent: int, limit: int
) -> str:
    mark = "*" if field.is_required else ""
    name = field.name if field.name == _ANY_NAME else word_or_quoted(field.name)
    left = f"{' ' * indent}{paint.bold(name)}{mark}  {_type_text(field.flat, resolve)}"
    if field.is_recursive:
        return f"{left}  (recursive)"
    room = max(width - indent - len(field.name) - 30, 20)
    about = first_sentence(field.flat.description, min(room, limit) if limit else room)
    return f"{left}  {foreign(about, paint)}" if about else left


def _refs_of(flat: FlatSchema, flat_schemas: FlatSchemas) -> frozenset[str]:
    """Return the references of a schema, and of its items if it is an array."""
    return flat.refs | flat_schemas(flat.items).refs if flat.type == "array" else flat.refs


def _type_text(flat: FlatSchema, resolve: Resolve) -> str:
    """Return the type of a value and its constraints as text."""
    value = value_type(flat, resolve)
    kind = value.type_words
    if flat.format:
        kind += f" ({word_or_quoted(flat.format)})"
    facts = [fact for fact in notable_constraints(value) if fact != MAY_BE_REPEATED]
    return kind + (f" [{'; '.join(facts)}]" if facts else "")


class ShownDetail(NamedTuple):
    """Limits for a description.

    Args:
        tree: Limits for the tree of each schema.
        description: Maximum lines of a description.
        rows: Maximum rows of any other section.
        has_error_trees: Whether each error has the tree of its schema. Otherwise similar errors share one line.
        has_sentences: Whether inputs have descriptions.
        columns: Maximum characters of a line. The last line is a command and is never cut.
    """

    tree: _TreeLimits
    description: int = _NO_LIMIT
    rows: int = _NO_LIMIT
    has_error_trees: bool = False
    has_sentences: bool = True
    columns: int = _NO_LIMIT


_EVERYTHING = ShownDetail(_TreeLimits(64, 20_000), has_error_trees=True)
_LESS_AND_LESS = (
    *(ShownDetail(_TreeLimits(_MAX_DEPTH, lines), 40, 60) for lines in (120, 90, 70, 55)),
    *(ShownDetail(_TreeLimits(4, lines, 60), 14, 40) for lines in (70, 55, 45)),
    *(ShownDetail(_TreeLimits(3, lines, 50), 8, 24) for lines in (45, 35)),
    *(ShownDetail(_TreeLimits(2, lines, 40), 6, 16) for lines in (35, 25)),
    ShownDetail(_TreeLimits(2, 25, 40), 4, 12, has_sentences=False),
    ShownDetail(_TreeLimits(1, 16, 24), 3, 8, has_sentences=False, columns=200),
    ShownDetail(_TreeLimits(1, 8, 20), 2, 4, has_sentences=False, columns=120),
    ShownDetail(_TreeLimits(1, 4, 20), 1, 2, has_sentences=False, columns=80),
)


def _fitting_text(
    lines_of: Callable[[Painter, int, ShownDetail], list[str]],
    paint: Painter,
    width: int,
    asked: ShownDetail | None,
) -> str:
    """Return a description with the requested limits, or with the widest limits that fit.

    Args:
        lines_of: Returns the lines of the description within limits.
    """
    if asked is not None:
        return _folded_text(lines_of(paint, width, asked), width)
    plain = Painter(enabled=False)

    def fits(detail: ShownDetail) -> bool:
        text = _folded_text(_cut_but_last(lines_of(plain, width, detail), detail), width)
        return len(text.encode()) < _MOST_BYTES  # a line feed ends it

    # Most descriptions fit within the widest limits.
    number = 0 if fits(_LESS_AND_LESS[0]) else bisect_left(_LESS_AND_LESS, True, 1, key=fits)
    detail = _LESS_AND_LESS[min(number, len(_LESS_AND_LESS) - 1)]
    reported = lines_of(plain, width, detail)
    lines = _cut_but_last(reported, detail)
    if paint.enabled:
        painted = lines_of(paint, width, detail)
        lines = [
            colourful if line == whole else line
            for line, whole, colourful in zip(lines, reported, painted, strict=True)
        ]
    return _folded_text(lines, width)


def _folded_text(lines: list[str], width: int) -> str:
    """Return lines wrapped to a width. The last line may be a command, which stays whole so that it can be copied."""
    is_command = len(lines) > 1 and EXAMPLE in lines[-2]
    wrapping, whole = (lines[:-1], lines[-1:]) if is_command else (lines, [])
    return "\n".join([part for line in wrapping for part in folded(line, width, _INDENT)] + whole)


def _cut_but_last(lines: list[str], detail: ShownDetail) -> list[str]:
    return [*(shortened(line, detail.columns) for line in lines[:-1]), lines[-1]]


def _cut_lines(lines: list[str], most: int, indent: str = "  ") -> list[str]:
    """Return indented lines, and a last line that counts the omitted ones."""
    shown = [f"{indent}{line}".rstrip() for line in lines[:most]]
    more = len(lines) - most
    return [*shown, f"{indent}and {more:,} more lines: `--all`"] if more > 0 else shown


def _describe_field(
    described: DescribedOperation, place: str, asked: ShownDetail | None = None
) -> tuple[dict[str, Any], Text]:
    """Return the description of a field of a parameter, the body or a response (`response.`) as data and text.

    Args:
        place: Path of the field.
        asked: The requested limits; None for the widest that fit.

    Raises:
        UsageError: The operation has no such field.
    """
    operation = described.operation
    # Summaries write `rows[].id` for the field of each item.
    steps = list(parse_steps(place.replace(EACH, "")))
    if not steps:
        raise UsageError(
            f"`{place}` is not a field path", hint="Separate names with dots, for example `schedule.cron`"
        )
    field = _find_field(described, steps)
    if field is None:
        raise UsageError(
            f"`{operation.name}` has no field `{place}`", hint=_hint_for_unknown(described, place, steps)
        )
    location, schema, is_required = field
    flat = flatten(schema, described.resolve)
    reported = flat.description or _described_parameter(described, steps)
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
        "description": reported,
        "schema": schema,
    }

    def lines(paint: Painter, width: int, detail: ShownDetail) -> list[str]:
        text = [f"{paint.bold(visible(place, keep=''))}  {location}{', required' if is_required else ''}"]
        if reported:
            shown_lines = foreign_lines(to_text(reported, width - 4).splitlines(), paint)
            text.extend(_cut_lines(shown_lines, detail.description))
        return [*text, *_schema_lines(schema, described.flat_schemas, paint, width, limits=detail.tree)]

    return data, lambda paint, width: _fitting_text(lines, paint, width, asked)


def _hint_for_unknown(described: DescribedOperation, place: str, steps: list[str]) -> str:
    """Return a hint for an unknown field: the response that has it, its neighbours, or similar names."""
    from difflib import get_close_matches

    if _find_in_responses(described, steps) is not None:
        return f"A response's fields start with `response.`: `response.{place}`"
    for size in range(len(steps) - 1, 0, -1):
        around = _find_field(described, steps[:size])
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
    """Return the description of a parameter itself, apart from its schema; empty for a field."""
    for parameter in described.operation.parameters:
        if steps[-1] in _names_of(parameter) and steps[:-1] in ([], [parameter.location]):
            return str(described.raw_parameters.get(parameter.key, {}).get("description") or "")
    return ""


def _names_of(parameter: Parameter) -> tuple[str, ...]:
    return (parameter.option, parameter.word, parameter.name, *parameter.aliases)


def _find_field(described: DescribedOperation, steps: list[str]) -> tuple[str, Any, bool] | None:
    """Return the location of a field, its schema, and whether it is required; None if there is no such field."""
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
    """Return the schema at a path, and whether it is required; None if there is no such path."""
    from dynacli.openapi.model.kebab_names import kebab

    for step in steps:
        flat = flatten(schema, described.resolve)
        if flat.type == "array" and step.isdecimal():
            step = f"[{step}]"  # noqa: PLW2901  `rows.0.id` is what runs unquoted in every shell
        if flat.type == "array" and not step.startswith("["):
            # `rows.id` is a field of the items of `rows`: the index is optional.
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


class _Asked(NamedTuple):
    """The options of `describe`."""

    summary: bool
    depth: int | None
    everything: bool
    like: str | None


@click.pass_obj
def describe(
    run: Run,
    api: str,
    operation: tuple[str, ...],
    summary: bool,
    depth: int | None,
    everything: bool,
    like: str | None,
) -> None:
    """Run `describe`."""
    from dynacli.output.render import write_data

    asked = _Asked(summary, depth, everything, like)
    data, text = _description(run, run.api(api), operation, asked)

    def page(paint: Painter, width: int) -> str:
        run.note_quotes()
        return text(paint, width)

    write_data(run.env, data, run.data_format, page)


def _description(run: Run, opened: OpenedApi, operation: tuple[str, ...], asked: _Asked) -> tuple[Any, Text]:
    from dynacli.client.search_operations import unknown_operation

    words = list(operation)
    tag = opened.catalog.tag(words[0]) if len(words) > 1 else ""
    if tag:
        words.pop(0)
    name = opened.catalog.find(words[0], tag)
    if name is None and not tag and (description := _webhook(opened, words)):
        return description
    if name is None:
        newer = run.fetch_again(opened)  # the operation may be new
        if newer is not None:
            return _description(run, newer, operation, asked)
        raise unknown_operation(opened, words[0], tag)
    if len(words) > 2:
        raise UsageError(
            f"`{words[2]}` is an unexpected argument", hint="Write `describe API OPERATION [FIELD.PATH]`"
        )
    if len(words) == 2 and (asked.summary or asked.like is not None):
        subject = "A summary" if asked.summary else "A comparison"
        option = "--summary" if asked.summary else "--like"
        raise UsageError(f"{subject} needs a whole operation", hint=f"Leave out `{words[1]}`, or `{option}`")
    if asked.summary:
        return _operation_card(run, opened, name)
    if asked.like is not None:
        return _likeness(opened, name, asked.like)

    detail = _EVERYTHING if asked.everything else None
    if asked.depth is not None:
        detail = ShownDetail(_TreeLimits(asked.depth, 20_000))
    return described_details(opened, name, *words[1:], detail=detail)


def _operation_card(run: Run, opened: OpenedApi, name: str) -> tuple[Any, Text]:
    from dynacli.client.operation_summary import operation_summary, summary_text

    summary = operation_summary(opened, name, profile=run.options.profile)
    is_terminal = run.env.stdout_is_terminal
    return summary.as_json(), lambda paint, width: summary_text(summary, paint, width * is_terminal)


def _likeness(opened: OpenedApi, name: str, other: str) -> tuple[Any, Text]:
    """Return the differences between two operations of an API.

    Raises:
        UsageError: The API has no such operation.
    """
    from dynacli.client.search_operations import unknown_operation

    found = opened.catalog.find(other)
    if found is None:
        raise unknown_operation(opened, other)
    first, second = (
        DescribedOperation(opened, opened.catalog.operation(item)).sending("") for item in (name, found)
    )
    data = _differences(first, second)
    return data, lambda paint, width: "\n".join(_difference_lines(data, paint, width))


def _webhook(opened: OpenedApi, words: list[str]) -> tuple[Any, Text] | None:
    """Return the description of a webhook, or of all for `webhooks`; None if there is no such webhook.

    Raises:
        UsageError: The arguments name a field of a webhook, which has no description of its own.
    """
    from dynacli.client.documented_parts import describe_webhook
    from dynacli.commands.help_pages.operation_list import find_webhook, webhook_lines, webhooks_of

    rows = webhooks_of(opened)
    # If an operation has the same name, `webhooks.NAME` means the webhook.
    row = find_webhook(rows, words[0].removeprefix("webhooks."))
    if not rows or (row is None and words[0] != "webhooks"):
        return None
    if len(words) > 1:
        raise UsageError(f"`{words[1]}` is an unexpected argument", hint="Webhooks have no field paths")
    if row is None:
        entries = [{key: webhook[key] for key in ("name", "methods", "summary")} for webhook in rows]
        return entries, lambda paint, width: "\n".join(webhook_lines(rows, width, paint))
    data = describe_webhook(opened, row)
    resolve = opened.catalog.resolve
    return data, lambda paint, width: _webhook_text(data, resolve, paint, width)


def _webhook_text(data: Mapping[str, Any], resolve: Resolve, paint: Painter, width: int) -> str:
    """Return the description of a webhook as text."""
    lines = [
        f"{paint.bold(word_or_quoted(data['webhook']))}  a webhook: the server sends it to you, it cannot be called"
    ]
    for method, request in data["requests"].items():
        lines.extend(
            ["", f"{paint.bold(visible(method, keep=''))}  {foreign(request['summary'], paint)}".rstrip()]
        )
        lines.extend(_request_lines(request, resolve, paint, width))
    return "\n".join(lines)


def _callback_lines(callbacks: Mapping[str, Any], resolve: Resolve, paint: Painter, width: int) -> list[str]:
    """Return the callbacks of an operation as text."""
    lines = []
    for name, callback in callbacks.items():
        for expression, requests in callback.items():
            for method, request in requests.items():
                place = f"{visible(method, keep='')} {word_or_quoted(expression)}"
                reported = (
                    f"  {paint.bold(word_or_quoted(name))}  {place}  {foreign(request['summary'], paint)}"
                )
                lines.append(reported.rstrip())
                lines.extend(f"  {line}" for line in _request_lines(request, resolve, paint, width - 2))
    return lines


def _request_lines(request: Mapping[str, Any], resolve: Resolve, paint: Painter, width: int) -> Iterator[str]:
    if request["description"]:
        text = to_text(request["description"], width - 4)
        yield from (f"  {line}" for line in foreign_lines(text.splitlines(), paint))
    for parameter in request["parameters"]:
        required = ", required" if parameter["required"] else ""
        location = paint.dim(visible(f"  {parameter['in']}{required}", keep=""))
        yield f"  {word_or_quoted(parameter['name'])}{location}"
    body = request["body"]
    for media_type, content in body["content"].items() if body else ():
        required = ", required" if body["required"] else ""
        yield f"  Body ({word_or_quoted(media_type)}{required})"
        yield from _schema_lines(content["schema"], FlatSchemas(resolve), paint, width)
    for status, response in request["responses"].items():
        line = f"{word_or_quoted(status)}  {foreign(response['description'].strip(), paint)}"
        yield f"  You respond with {line}".rstrip()


def _operation_lines(
    description: OperationDescription, paint: Painter, width: int, detail: ShownDetail
) -> list[str]:
    """Return the lines of the description of an operation. Omitted lines are counted."""
    described, operation = description.described, description.operation
    lines = [
        f"{paint.command(operation.name)}  {paint.method(visible(operation.method, keep=''))} "
        + word_or_quoted(operation.path)
        + (paint.yellow("  deprecated") if operation.is_deprecated else "")
    ]
    if operation.summary:
        lines.append(f"  {foreign(operation.summary, paint)}")
    if operation.description:
        text = block_text(operation.description, width - 4).splitlines()
        lines.extend(["", *_cut_lines(foreign_lines(text, paint), detail.description)])
    lines.extend(_parameter_lines(description, paint, width, detail))
    lines.extend(_body_lines(described, description.body, paint, width, detail))
    lines.extend(_response_lines(description, paint, width, detail))
    if description.security:
        words = [" with ".join(map(word_or_quoted, schemes)) or "none" for schemes in description.security]
        lines.extend(["", f"{paint.heading(CREDENTIAL)}  {' or '.join(dict.fromkeys(words))}"])
    if description.servers:
        rows = [
            line
            for index, server in enumerate(description.servers)
            for line in _server_lines(index, server, paint)
        ]
        lines.extend(["", paint.heading("Servers"), *_cut_lines(rows, detail.rows, "")])
    if description.pages is not None:
        lines.extend(["", paint.heading("Pages"), *_page_lines(description.pages)])
    if description.links:
        rows = [
            line for name, link in description.links.items() for line in _link_lines(name, link, paint, width)
        ]
        lines.extend(["", paint.heading("Links"), *_cut_lines(rows, detail.rows, "")])
    if description.callbacks:
        lines.extend(["", paint.heading("Callbacks") + "  requests that the server sends to you"])
        rows = _callback_lines(description.callbacks, described.resolve, paint, width)
        lines.extend(_cut_lines(rows, detail.rows, ""))
    lines.extend(["", paint.heading(EXAMPLE), f"  {visible(description.example, keep='')}"])
    return lines


def _parameter_lines(
    description: OperationDescription, paint: Painter, width: int, detail: ShownDetail
) -> Iterator[str]:
    rows = list(
        zip(description.inputs, description.parameters, strict=False)
    )  # the fields of the body come last
    rows.sort(key=lambda row: not row[0].is_needed)
    title = ""
    for parameter, written in rows[: detail.rows]:
        of_parameter = REQUIRED_INPUTS if parameter.is_needed else OPTIONAL_INPUTS
        if of_parameter != title:
            title = of_parameter
            yield from ("", paint.heading(title))
        facts = parameter.facts
        reported = f" [{'; '.join(facts)}]" if facts else ""
        yield f"  {paint.usage(parameter.flag)}  {paint.dim(parameter.location)}{reported}"
        if detail.has_sentences and written["description"]:
            is_whole = detail.tree.sentence == 0
            text = written["description"] if is_whole else first_sentence(written["description"])
            yield from _description_lines(text, width, paint)
    if len(rows) > detail.rows:
        yield f"  and {len(rows) - detail.rows:,} more: `--all`"


def _body_lines(
    described: DescribedOperation,
    body: Mapping[str, Any] | None,
    paint: Painter,
    width: int,
    detail: ShownDetail,
) -> Iterator[str]:
    if body is None:
        return
    required = ", required" if body["required"] else ""
    for media_type, tree in _trees(described, body["content"], paint, width, detail):
        yield from ("", paint.heading(f"Body ({word_or_quoted(media_type)}{required})"), *tree)
        if is_patch(described.operation.method, media_type) and any("default " in line for line in tree):
            yield "  A default is what a new object gets; what this body leaves out stays as it is."


def _trees(
    described: DescribedOperation,
    content: Mapping[str, Any],
    paint: Painter,
    width: int,
    detail: ShownDetail,
) -> Iterator[tuple[str, list[str]]]:
    """Yield each media type of a body with the tree of its schema. A repeated schema is not printed again."""
    seen: list[Any] = []
    for media_type, described_as in content.items():
        schema = described_as["schema"]
        if schema in seen and not detail.has_error_trees:
            yield media_type, ["    the same as above"]
        else:
            seen.append(schema)
            yield (
                media_type,
                _schema_lines(schema, described.flat_schemas, paint, width, limits=detail.tree),
            )


def _response_lines(
    description: OperationDescription, paint: Painter, width: int, detail: ShownDetail
) -> Iterator[str]:
    described, responses, outline = description.described, description.responses, description.response
    has_success = any(status[:1] == "2" for status in responses)
    errors = {}
    for status, response in responses.items():
        is_success = status[:1] == "2" or not has_success
        if not is_success and not detail.has_error_trees:
            errors[status] = response
            continue
        heading = f"{paint.heading('Response')} {paint.status(word_or_quoted(status))}"
        yield from ("", f"{heading}  {foreign(response['description'].strip(), paint)}".rstrip())
        for media_type, tree in _trees(described, response["content"], paint, width, detail):
            yield from (f"  {word_or_quoted(media_type)}", *tree)
        if status == outline.status:
            yield from (f"  {unreturned.text}" for unreturned in outline.unreturned)
        headers = [f"header {word_or_quoted(str(name))}" for name in response["headers"]]
        yield from _cut_lines(headers, detail.rows)
    if errors:
        yield from ("", paint.heading("Other responses"))
        yield from _cut_lines(list(_error_rows(described, errors, detail, paint)), detail.rows)


def _error_rows(
    described: DescribedOperation, errors: Mapping[str, Any], detail: ShownDetail, paint: Painter
) -> Iterator[str]:
    """Yield a row for each error. Successive errors with the same fields share the lines of these."""
    rows = [
        (
            status,
            response,
            response_outline({"content": response["content"]}, described.resolve).text_lines(12, 2),
        )
        for status, response in errors.items()
    ]
    for number, (status, response, fields) in enumerate(rows):
        about = short_sentence(first_sentence(response["description"]), detail.tree.sentence * 2 or 120)
        yield f"{paint.status(word_or_quoted(status))}  {foreign(about, paint)}".rstrip()
        is_last = number + 1 == len(rows) or rows[number + 1][2] != fields
        if is_last and response["content"]:
            yield from (f"     {line}" for line in fields)


def _description_lines(description: str, width: int, paint: Painter) -> list[str]:
    if not description:
        return []
    return [f"      {line}" for line in foreign_lines(to_text(description, width - 8).splitlines(), paint)]


def _server_lines(index: int, server: Mapping[str, Any], paint: Painter) -> list[str]:
    lines = [server_line(index, server, paint)]
    for name, variable in server["variables"].items():
        facts = [f"one of {', '.join(map(word_or_quoted, variable['enum']))}"] if variable.get("enum") else []
        default = variable.get("default")
        facts.append(
            "needs a value"
            if default is None
            else f"default {word_or_quoted(default)}"
            if default
            else "empty by default"
        )
        lines.append(visible(f"     {word_or_quoted(name)}  {'; '.join(facts)}", keep=""))
    return lines


def _page_lines(pages: Mapping[str, Any]) -> list[str]:
    """Return the lines about pagination: how to get all pages, and where the items are."""
    if pages["kind"] == "none":
        lines = [f"  one page: {pages['reason']}"]
    else:
        lines = [f"  `--all` fetches all pages, by {PAGE_KINDS[pages['kind']]}: {pages['reason']}"]
    items = (
        "not clear from the document"
        if pages["items"] is None
        else "the response"
        if pages["items"] == "@"
        else pages["items"]
    )
    facts = [f"items: {items}"]
    if pages["size_option"]:
        most = f" up to {pages['largest']:,}" if pages["largest"] else ""
        facts.append(f"items per page: {pages['size_option']}{most}")
    if pages["total"]:
        facts.append(f"number of all items: {pages['total']}")
    return [visible(line, keep="") for line in (*lines, f"  {'; '.join(facts)}")]


def _link_lines(name: str, link: Mapping[str, Any], paint: Painter, width: int) -> list[str]:
    """Return the lines of a link: its response, its target, the options that it sets, and the next command."""
    target = link["operation"] or link.get("operationId") or link.get("operationRef") or "nowhere"
    leads = f"{word_or_quoted(link['status'])} -> {word_or_quoted(str(target))}"
    lines = [f"  {paint.bold(word_or_quoted(name))}  {leads}"]
    if isinstance(link.get("description"), str):
        lines.extend(_description_lines(link["description"], width, paint))
    for fill in link["fills"]:
        source = fill["from"]
        text = source if isinstance(source, str) else json.dumps(source, ensure_ascii=False)
        lines.append(f"      {visible(fill['option'], keep='')}  from {word_or_quoted(text)}")
    if "note" in link:
        lines.append(visible(f"      {link['note']}", keep=""))
    if link["example"]:
        lines.append(visible(f"      {link['example']}", keep=""))
    return lines


def described_details(
    api: OpenedApi, name: str, place: str = "", *, detail: ShownDetail | None = None
) -> tuple[dict[str, Any], Text]:
    """Return the description of an operation or a field as data and text.

    Args:
        name: Name of the operation in the catalog.
        place: Path of a field; empty for the whole operation.
        detail: Limits of the text; None for as much as fits into 6,000 bytes.

    Raises:
        UsageError: The operation has no such field.
    """
    description = OperationDescription(DescribedOperation(api, api.catalog.operation(name)).sending(""))
    if place:
        return _describe_field(description.described, place, detail)
    return description.as_json(), lambda paint, width: _fitting_text(
        lambda *layout: _operation_lines(description, *layout), paint, width, detail
    )


def _differences(described: DescribedOperation, other: DescribedOperation) -> dict[str, Any]:
    """Return the differences between two operations as data."""
    here, there = dict(_facts(described)), dict(_facts(other))
    both = [name for name in here if name in there]
    return {
        "api": described.api.name,
        "name": described.operation.name,
        "like": other.operation.name,
        "only_here": [{"what": name, "is": reported} for name, reported in here.items() if name not in there],
        "only_there": [
            {"what": name, "is": reported} for name, reported in there.items() if name not in here
        ],
        "different": [
            {"what": name, "here": here[name], "there": there[name]}
            for name in both
            if here[name] != there[name]
        ],
        "alike": sum(here[name] == there[name] for name in both),
    }


def _difference_lines(data: Mapping[str, Any], paint: Painter, width: int) -> Iterator[str]:  # noqa: ARG001
    """Yield the differences as text."""
    same = f"{data['alike']:,} inputs, fields and responses are the same"
    yield f"{paint.bold(data['name'])} is like {paint.bold(data['like'])}: {same}"
    for key, title in (("only_here", data["name"]), ("only_there", data["like"])):
        if data[key]:
            yield from ("", paint.bold(f"Only {title} has"))
            yield from _outermost_lines(data[key])
    if data["different"]:
        yield from ("", paint.bold("Different"))
        for row in data["different"]:
            there = row["there"] or "nothing more"
            yield visible(f"  {row['what']}  {row['here'] or 'nothing more'}", keep="")
            yield visible(f"      {data['like']}: {there}", keep="")


def _outermost_lines(rows: Sequence[Mapping[str, str]]) -> Iterator[str]:
    """Yield a line for each row. A row inside another one is only counted."""
    inside: dict[str, int] = {}
    for row in rows:
        outer = next((name for name in inside if row["what"].startswith(f"{name}.")), None)
        if outer is None:
            inside[row["what"]] = 0
        else:
            inside[outer] += 1
    reported = {row["what"]: row["is"] for row in rows}
    for name, count in inside.items():
        below = f", with {counted(count, 'field')} inside" if count else ""
        yield visible(f"  {name}  {reported[name]}{below}".rstrip(), keep="")


def _facts(described: DescribedOperation) -> Iterator[tuple[str, str]]:
    """Yield each part of an operation with a text about it."""
    description, operation = OperationDescription(described), described.operation
    yield "the call", f"{operation.method} {word_or_quoted(operation.path)}"
    yield "what it does", quoted(operation.summary)
    for input_ in description.inputs[: len(operation.parameters)]:
        facts = ["required"] * input_.is_needed + constraints(input_.value)
        reported = f"{placeholder(input_.value)} {input_.location} [{'; '.join(facts)}]"
        yield f"--{input_.option}", reported.removesuffix(" []")
    if operation.body is not None and described.media_type is not None:
        yield "the body", f"{described.media_type.name}{', required' if operation.body.is_required else ''}"
        yield from _webhook_fields(described, "body", described.body_schema())
    for status, response in description.responses.items():
        if status != description.response.status:
            yield f"response {status}", quoted(first_sentence(response["description"]))
            continue
        yield "the response", f"{status}  {quoted(first_sentence(response['description']))}".rstrip()
        for content in list(response["content"].values())[:1]:
            yield from _webhook_fields(described, "response", content["schema"])
    schemes = [" with ".join(map(word_or_quoted, some)) or "none" for some in description.security]
    yield "security", " or ".join(schemes)


def _webhook_fields(described: DescribedOperation, owner: str, schema: Any) -> Iterator[tuple[str, str]]:
    flat = described.flat_schemas(schema)
    if not flat.properties:
        yield f"{owner} as a whole", _type_text(flat, described.resolve)
    for number, field in enumerate(_fields_below(flat, described.flat_schemas)):
        if number >= _MOST_FIELDS:
            return
        if field.level < _DEEPEST:
            required = ", required" if field.is_required else ""
            yield (
                f"{owner} {word_or_quoted('.'.join(field.steps))}",
                _type_text(field.flat, described.resolve) + required,
            )
