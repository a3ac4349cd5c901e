"""The description of an operation or a field: as data, and as text for a person."""

import json
from collections.abc import Callable, Mapping
from typing import Any

from dynacli.client.described_operation import DescribedOperation, schema_of_parameter
from dynacli.client.links.describe_links import describe_links
from dynacli.client.pages.document_rule import KINDS, describe_pages
from dynacli.commands.help.server_lines import server_line
from dynacli.commands.verbs.describe.incoming_requests import callback_lines, describe_callbacks
from dynacli.commands.verbs.describe.schema_tree import schema_lines
from dynacli.errors import UsageError
from dynacli.library.opened_api import OpenedApi
from dynacli.model.descriptions import operation_description, parameter_description
from dynacli.model.media_types import body_schema, is_patch, takes_options
from dynacli.model.operation import MediaType, Operation, Parameter
from dynacli.model.server_objects import server_row
from dynacli.schema.flatten_schema import FlatSchemas, Resolve, flatten
from dynacli.schema.option_fields import list_fields, parse_steps
from dynacli.text.markdown import to_text
from dynacli.text.terminal import Painter, visible
from dynacli.text.text_blocks import block_text

__all__ = ["describe_field", "describe_operation"]

Text = Callable[[Painter, int], str]


def describe_operation(api: OpenedApi, name: str) -> tuple[dict[str, Any], Text]:
    """Return the description of an operation as `describe -o json` writes it, and its text."""
    operation = api.catalog.operation(name)
    described = DescribedOperation(api, operation).sending("")
    raw_parameters = {(raw.get("in"), raw.get("name")): raw for raw in reversed(described.raw_parameters())}
    parameters = [
        (parameter, raw_parameters.get((parameter.location, parameter.name), {}))
        for parameter in operation.parameters
    ]
    data = {
        "api": api.name,
        "name": operation.name,
        "operation_id": operation.operation_id or None,
        "method": operation.method,
        "path": operation.path,
        "summary": operation.summary,
        "description": operation_description(described.part["operation"], described.part["path_item"]),
        "tags": list(operation.tags),
        "deprecated": operation.is_deprecated,
        "parameters": [
            {
                "name": parameter.name,
                "in": parameter.location,
                "option": f"--{parameter.option}",
                "required": parameter.is_required,
                "schema": schema_of_parameter(raw),
                "style": parameter.style,
                "explode": parameter.explode,
                "description": _parameter_description(raw, api.catalog.resolve),
            }
            for parameter, raw in parameters
        ],
        "body": _body(described),
        "responses": _responses(described),
        "security": [
            {scheme.name: list(scheme.scopes) for scheme in alternative} for alternative in operation.security
        ],
        "servers": _servers(api, operation),
        "links": describe_links(described),
        "pages": describe_pages(described),
        "callbacks": describe_callbacks(described.part, api.catalog.resolve),
        "example": described.example_line,
    }
    return data, lambda paint, width: _operation_text(described, data, paint, width)


def _body(described: DescribedOperation) -> dict[str, Any] | None:
    body = described.operation.body
    if body is None:
        return None
    raw = described.follow(described.part["operation"].get("requestBody"))
    content = raw.get("content") if isinstance(raw, Mapping) else {}
    return {
        "required": body.is_required,
        "content": {
            media_type.name: _media_type(
                described, media_type, content.get(media_type.name) if isinstance(content, Mapping) else None
            )
            for media_type in body.content
        },
    }


def _media_type(described: DescribedOperation, media_type: MediaType, raw: Any) -> dict[str, Any]:
    schema = _schema(described, raw)
    fields = media_type.fields if takes_options(media_type) else ()
    # The compiled fields have the first sentences of their descriptions alone.
    listed = list_fields(schema, FlatSchemas(described.api.catalog.resolve)).fields if fields else ()
    descriptions = {field.path: field.description for field in listed}
    return {
        "schema": schema,
        "options": [
            {
                "option": f"--{field.option}".replace("[]", "[0]"),
                "type": field.value.type,
                "required": field.is_needed,
                "enum": list(field.value.enum) or None,
                "default": field.value.default,
                "description": descriptions.get(field.path, field.description),
            }
            for field in fields
        ],
    }


def _parameter_description(raw: dict[str, Any], resolve: Resolve) -> str:
    return parameter_description(raw) or flatten(schema_of_parameter(raw), resolve).description


def _responses(described: DescribedOperation) -> dict[str, Any]:
    responses: dict[str, Any] = {}
    raw = described.part["operation"].get("responses")
    for status, reference in raw.items() if isinstance(raw, Mapping) else ():
        response = described.follow(reference)
        if not isinstance(response, Mapping):
            continue
        content = response.get("content")
        responses[str(status)] = {
            "description": response.get("description") or response.get("summary", ""),
            "content": {
                media_type: {"schema": _schema(described, raw_media_type)}
                for media_type, raw_media_type in (content.items() if isinstance(content, Mapping) else ())
            },
            "headers": response.get("headers") or {},
        }
    return responses


def _schema(described: DescribedOperation, raw_media_type: Any) -> Any:
    """Return the schema of a Media Type Object; in OpenAPI 3.2 that may be a reference, or have an `itemSchema`."""
    target = described.follow(raw_media_type)
    return body_schema(target) if isinstance(target, Mapping) else None


def _servers(api: OpenedApi, operation: Operation) -> list[dict[str, Any]]:
    return [server_row(server) for server in operation.servers or api.servers]


def _operation_text(
    described: DescribedOperation, data: Mapping[str, Any], paint: Painter, width: int
) -> str:
    from dynacli.model.value_words import constraints, placeholder

    operation, resolve = described.operation, described.api.catalog.resolve
    lines = [
        f"{paint.bold(operation.name)}  {visible(f'{operation.method} {operation.path}', keep='')}"
        + (paint.yellow("  deprecated") if operation.is_deprecated else "")
    ]
    if operation.summary:
        lines.append(visible(operation.summary, keep=""))
    if operation.description:
        lines.extend(["", block_text(operation.description, width)])
    if operation.parameters:
        lines.extend(["", paint.bold("Parameters")])
    for parameter, written in zip(operation.parameters, data["parameters"], strict=True):
        facts = ["required"] if parameter.is_required else []
        facts.extend(constraints(parameter.value))
        lines.append(
            f"  --{visible(parameter.option, keep='')} {placeholder(parameter.value)}".rstrip()
            + paint.dim(f"  {parameter.location}" + (f" [{'; '.join(facts)}]" if facts else ""))
        )
        lines.extend(_description_lines(written["description"], width))
    for media_type, content in (data["body"] or {"content": {}})["content"].items():
        required = ", required" if data["body"]["required"] else ""
        lines.extend(["", paint.bold(f"Body ({visible(media_type, keep='')}{required})")])
        tree = schema_lines(content["schema"], resolve, paint, width)
        lines.extend(tree)
        if is_patch(operation.method, media_type) and any("default " in line for line in tree):
            lines.append("  A default is what a new object gets; what this body leaves out stays as it is.")
    for status, response in data["responses"].items():
        heading = paint.bold(f"Answer {visible(status, keep='')}")
        lines.extend(["", f"{heading}  {visible(response['description'], keep='')}"])
        for media_type, content in response["content"].items():
            lines.append(f"  {visible(media_type, keep='')}")
            lines.extend(schema_lines(content["schema"], resolve, paint, width))
        lines.extend(f"  header {visible(str(name), keep='')}" for name in response["headers"])
    if data["security"]:
        alternatives = " or ".join(" with ".join(schemes) or "none" for schemes in data["security"])
        lines.extend(["", f"{paint.bold('Security')}  {visible(alternatives, keep='')}"])
    if data["servers"]:
        lines.extend(["", paint.bold("Servers")])
        for index, server in enumerate(data["servers"]):
            lines.extend(_server_lines(index, server, paint))
    if data["pages"] is not None:
        lines.extend(["", paint.bold("Pages"), *_page_lines(data["pages"])])
    if data["links"]:
        lines.extend(["", paint.bold("Links")])
        for name, link in data["links"].items():
            lines.extend(_link_lines(name, link, paint, width))
    if data["callbacks"]:
        lines.extend(["", paint.bold("Callbacks") + "  requests that the server sends to you"])
        lines.extend(callback_lines(data["callbacks"], resolve, paint, width))
    lines.extend(["", paint.bold("Example"), f"  {visible(str(data['example']), keep='')}"])
    return "\n".join(lines)


def _description_lines(description: str, width: int) -> list[str]:
    if not description:
        return []
    return [f"      {line}".rstrip() for line in to_text(description, width - 6).splitlines()]


def _server_lines(index: int, server: Mapping[str, Any], paint: Painter) -> list[str]:
    lines = [server_line(index, server, paint)]
    for name, variable in server["variables"].items():
        facts = [f"one of {', '.join(variable['enum'])}"] if variable.get("enum") else []
        default = variable.get("default")
        facts.append(
            "needs a value" if default is None else f"default {default}" if default else "empty by default"
        )
        lines.append(visible(f"     {name}  {'; '.join(facts)}", keep=""))
    return lines


def _page_lines(pages: Mapping[str, Any]) -> list[str]:
    """Return the lines that say how the next page of a list is asked for, and where its items are."""
    if pages["kind"] == "none":
        lines = [f"  one page: {pages['why']}"]
    else:
        lines = [f"  `--all` has all of them by {KINDS[pages['kind']]}: {pages['why']}"]
    items = (
        "not clear from the document"
        if pages["items"] is None
        else "the answer"
        if pages["items"] == "@"
        else pages["items"]
    )
    facts = [f"items: {items}"]
    if pages["size_option"]:
        most = f" up to {pages['largest']:,}" if pages["largest"] else ""
        facts.append(f"{pages['size_option']} says how many{most}")
    if pages["total"]:
        facts.append(f"{pages['total']} counts all")
    return [visible(line, keep="") for line in (*lines, f"  {'; '.join(facts)}")]


def _link_lines(name: str, link: Mapping[str, Any], paint: Painter, width: int) -> list[str]:
    """Return the lines of a link: the answer that has it, its target, the options it fills, the next command."""
    target = link["operation"] or link.get("operationId") or link.get("operationRef") or "nowhere"
    leads = f"{link['status']} -> {target}"
    lines = [f"  {paint.bold(visible(name, keep=''))}  {visible(leads, keep='')}"]
    if isinstance(link.get("description"), str):
        lines.extend(_description_lines(link["description"], width))
    for fill in link["fills"]:
        source = fill["from"]
        text = source if isinstance(source, str) else json.dumps(source, ensure_ascii=False)
        lines.append(visible(f"      {fill['option']}  from {text}", keep=""))
    if "note" in link:
        lines.append(visible(f"      {link['note']}", keep=""))
    if link["example"]:
        lines.append(visible(f"      {link['example']}", keep=""))
    return lines


def describe_field(api: OpenedApi, name: str, place: str) -> tuple[dict[str, Any], Text]:
    """Return the description of a field of a parameter, of the body, or of an answer (`answer.`), and its text.

    Raises:
        UsageError: There is no such field.
    """
    operation = api.catalog.operation(name)
    described = DescribedOperation(api, operation).sending("")
    steps = list(parse_steps(place))
    if not steps:
        raise UsageError(
            f"`{place}` is not a path of a field", hint="Write names with dots, for example `schedule.cron`"
        )
    field = _find(described, steps)
    if field is None:
        names = [parameter.option for parameter in operation.parameters]
        names.extend(field.option for field in (described.media_type.fields if described.media_type else ()))
        from difflib import get_close_matches

        near = get_close_matches(place, names, 3, 0.5)
        raise UsageError(
            f"`{operation.name}` has no field `{place}`",
            hint=f"Did you mean {' or '.join(f'`{name}`' for name in near)}?"
            if near
            else "An answer's fields start with `answer.`",
        )
    location, schema, is_required = field
    flat = flatten(schema, api.catalog.resolve)
    told = flat.description or _described_parameter(described, steps)
    data = {
        "api": api.name,
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

    def text(paint: Painter, width: int) -> str:
        lines = [f"{paint.bold(visible(place, keep=''))}  {location}{', required' if is_required else ''}"]
        if told:
            lines.append(to_text(told, width))
        lines.extend(schema_lines(schema, api.catalog.resolve, paint, width))
        return "\n".join(lines)

    return data, text


def _described_parameter(described: DescribedOperation, steps: list[str]) -> str:
    """Return what the document says of a parameter beside its schema; empty where the steps lead to a field."""
    for parameter in described.operation.parameters:
        if steps[-1] in _names_of(parameter) and steps[:-1] in ([], [parameter.location]):
            key = (parameter.location, parameter.name)
            found = (raw for raw in described.raw_parameters() if (raw.get("in"), raw.get("name")) == key)
            return str(next(found, {}).get("description") or "")
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
    responses = _responses(described)
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
        flat = flatten(schema, described.api.catalog.resolve)
        if flat.type == "array" and not step.startswith("["):
            # `rows.id` is a field of the items of `rows`: the index may be left out.
            flat = flatten(flat.items, described.api.catalog.resolve)
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
