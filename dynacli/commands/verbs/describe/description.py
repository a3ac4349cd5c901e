"""A description of one operation or field: the data of it, and its text for a person."""

import json
from collections.abc import Callable, Mapping
from typing import Any

from dynacli.client.described_operation import DescribedOperation, schema_of_parameter
from dynacli.client.links import describe_links
from dynacli.commands.verbs.describe.incoming_requests import callback_lines, describe_callbacks
from dynacli.commands.verbs.describe.schema_tree import schema_lines
from dynacli.errors import UsageError
from dynacli.library.opened_api import OpenedApi
from dynacli.model.media_types import body_schema, takes_options
from dynacli.model.operation import Operation, Server
from dynacli.model.server_objects import server_row
from dynacli.schema.flatten_schema import flatten
from dynacli.schema.option_fields import parse_steps
from dynacli.text.markdown.markdown import to_text
from dynacli.text.terminal import Painter, visible

__all__ = ["describe_field", "describe_operation"]

Text = Callable[[Painter, int], str]


def describe_operation(api: OpenedApi, name: str) -> tuple[dict[str, Any], Text]:
    """Return the description of an operation in the shape of `describe -o json`, and its text."""
    operation = api.catalog.operation(name)
    described = DescribedOperation(api, operation).sending("")
    raw_parameters = {(one.get("in"), one.get("name")): one for one in reversed(described.raw_parameters())}
    data = {
        "api": api.name,
        "name": operation.name,
        "operation_id": operation.operation_id or None,
        "method": operation.method,
        "path": operation.path,
        "summary": operation.summary,
        "description": operation.description,
        "tags": list(operation.tags),
        "deprecated": operation.is_deprecated,
        "parameters": [
            {
                "name": one.name,
                "in": one.location,
                "option": f"--{one.option}",
                "required": one.is_required,
                "schema": schema_of_parameter(raw_parameters.get((one.location, one.name), {})),
                "style": one.style,
                "explode": one.explode,
                "description": one.description,
            }
            for one in operation.parameters
        ],
        "body": _body(described),
        "responses": _responses(described),
        "security": [
            {scheme.name: list(scheme.scopes) for scheme in alternative} for alternative in operation.security
        ],
        "servers": _servers(api, operation),
        "links": describe_links(described),
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
            one.name: {
                "schema": _schema(described, content.get(one.name) if isinstance(content, Mapping) else None),
                "options": [
                    {
                        "option": f"--{each.option}".replace("[]", "[0]"),
                        "type": each.value.type,
                        "required": each.is_needed,
                        "enum": list(each.value.enum) or None,
                        "default": each.value.default,
                        "description": each.description,
                    }
                    for each in (one.fields if takes_options(one) else ())
                ],
            }
            for one in body.content
        },
    }


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
                media: {"schema": _schema(described, one)}
                for media, one in (content.items() if isinstance(content, Mapping) else ())
            },
            "headers": response.get("headers") or {},
        }
    return responses


def _schema(described: DescribedOperation, media: Any) -> Any:
    """Return the schema of a Media Type Object, which 3.2 lets be a reference, or be about a sequence of items."""
    media = described.follow(media)
    return body_schema(media) if isinstance(media, Mapping) else None


def _servers(api: OpenedApi, operation: Operation) -> list[dict[str, Any]]:
    servers = operation.servers or tuple(Server(**one) for one in api.catalog.meta["servers"])
    return [server_row(one) for one in servers]


def _operation_text(
    described: DescribedOperation, data: Mapping[str, Any], paint: Painter, width: int
) -> str:
    from dynacli.commands.help.operation_help import constraints, placeholder

    operation, resolve = described.operation, described.api.catalog.resolve
    lines = [
        f"{paint.bold(operation.name)}  {visible(f'{operation.method} {operation.path}', keep='')}"
        + (paint.yellow("  deprecated") if operation.is_deprecated else "")
    ]
    if operation.summary:
        lines.append(visible(operation.summary, keep=""))
    if operation.description:
        lines.extend(["", to_text(operation.description, width)])
    if operation.parameters:
        lines.extend(["", paint.bold("Parameters")])
    for one in operation.parameters:
        facts = ["required"] if one.is_required else []
        facts.extend(constraints(one.value))
        lines.append(
            f"  --{visible(one.option, keep='')} {placeholder(one.value)}".rstrip()
            + paint.dim(f"  {one.location}" + (f" [{'; '.join(facts)}]" if facts else ""))
        )
        if one.description:
            lines.extend(
                f"      {line}".rstrip() for line in to_text(one.description, width - 6).splitlines()
            )
    for media, content in (data["body"] or {"content": {}})["content"].items():
        required = ", required" if data["body"]["required"] else ""
        lines.extend(["", paint.bold(f"Body ({visible(media, keep='')}{required})")])
        lines.extend(schema_lines(content["schema"], resolve, paint, width))
    for status, response in data["responses"].items():
        heading = paint.bold(f"Answer {visible(status, keep='')}")
        lines.extend(["", f"{heading}  {visible(response['description'], keep='')}"])
        for media, content in response["content"].items():
            lines.append(f"  {visible(media, keep='')}")
            lines.extend(schema_lines(content["schema"], resolve, paint, width))
        lines.extend(f"  header {visible(name, keep='')}" for name in response["headers"])
    if data["security"]:
        choices = " or ".join(" with ".join(one) or "none" for one in data["security"])
        lines.extend(["", f"{paint.bold('Security')}  {visible(choices, keep='')}"])
    if data["servers"]:
        lines.extend(["", paint.bold("Servers")])
        for index, server in enumerate(data["servers"]):
            lines.extend(_server_lines(index, server, paint))
    if data["links"]:
        lines.extend(["", paint.bold("Links")])
        for name, link in data["links"].items():
            lines.extend(_link_lines(name, link, paint, width))
    if data["callbacks"]:
        lines.extend(["", paint.bold("Callbacks") + "  requests that the server sends to you"])
        lines.extend(callback_lines(data["callbacks"], resolve, paint, width))
    lines.extend(["", paint.bold("Example"), f"  {visible(str(data['example']), keep='')}"])
    return "\n".join(lines)


def _server_lines(index: int, server: Mapping[str, Any], paint: Painter) -> list[str]:
    told = visible(
        ", ".join(word for word in (server.get("name", ""), server["description"]) if word), keep=""
    )
    lines = [f"  {index}  {visible(server['url'], keep='')}" + (paint.dim(f"  {told}") if told else "")]
    for name, variable in server["variables"].items():
        facts = [f"one of {', '.join(variable['enum'])}"] if variable.get("enum") else []
        default = variable.get("default")
        facts.append(
            "needs a value" if default is None else f"default {default}" if default else "empty by default"
        )
        lines.append(visible(f"     {name}  {'; '.join(facts)}", keep=""))
    return lines


def _link_lines(name: str, link: Mapping[str, Any], paint: Painter, width: int) -> list[str]:
    """Return a link: whose answer has it, where it leads, what it fills, and the command of the next call."""
    target = link["operation"] or link.get("operationId") or link.get("operationRef") or "nowhere"
    leads = f"{link['status']} -> {target}"
    lines = [f"  {paint.bold(visible(name, keep=''))}  {visible(leads, keep='')}"]
    if isinstance(link.get("description"), str):
        lines.extend(
            f"      {line}".rstrip() for line in to_text(link["description"], width - 6).splitlines()
        )
    for fill in link["fills"]:
        given = (
            fill["from"] if isinstance(fill["from"], str) else json.dumps(fill["from"], ensure_ascii=False)
        )
        lines.append(visible(f"      {fill['option']}  from {given}", keep=""))
    if "note" in link:
        lines.append(visible(f"      {link['note']}", keep=""))
    if link["example"]:
        lines.append(visible(f"      {link['example']}", keep=""))
    return lines


def describe_field(api: OpenedApi, name: str, place: str) -> tuple[dict[str, Any], Text]:
    """Return the description of one field: of a parameter, of the body, or of an answer (`response.`).

    Raises:
        UsageError: There is no such field.
    """
    operation = api.catalog.operation(name)
    described = DescribedOperation(api, operation).sending("")
    steps = list(parse_steps(place))
    if not steps:
        raise UsageError(
            f"`{place}` is no path of a field", hint="Write names with dots, for example `schedule.cron`"
        )
    found = _find(described, steps)
    if found is None:
        names = [one.option for one in operation.parameters]
        names.extend(one.option for one in (described.media_type.fields if described.media_type else ()))
        from difflib import get_close_matches

        near = get_close_matches(place, names, 3, 0.5)
        raise UsageError(
            f"`{operation.name}` has no field `{place}`",
            hint=f"Did you mean {' or '.join(f'`{one}`' for one in near)}?"
            if near
            else "An answer's fields start with `response.`",
        )
    where, schema, is_required = found
    seen = flatten(schema, api.catalog.resolve)
    data = {
        "api": api.name,
        "operation": operation.name,
        "field": place,
        "in": where,
        "required": is_required,
        "type": seen.type,
        "format": seen.format or None,
        "enum": list(seen.enum) or None,
        "default": seen.default,
        "nullable": seen.is_nullable,
        "description": seen.description,
        "schema": schema,
    }

    def text(paint: Painter, width: int) -> str:
        lines = [f"{paint.bold(visible(place, keep=''))}  {where}{', required' if is_required else ''}"]
        if seen.description:
            lines.append(to_text(seen.description, width))
        lines.extend(schema_lines(schema, api.catalog.resolve, paint, width))
        return "\n".join(lines)

    return data, text


def _find(described: DescribedOperation, steps: list[str]) -> tuple[str, Any, bool] | None:
    locations = {"path", "query", "querystring", "header", "cookie"}
    wanted_location = steps[0] if steps[0] in locations and len(steps) > 1 else ""
    if wanted_location:
        steps = steps[1:]
    for one in described.operation.parameters:
        if steps[0] in (one.option, one.name, *one.aliases) and wanted_location in ("", one.location):
            schema = described.parameter_schema(one)
            inner = _walk(described, schema, steps[1:], is_required=one.is_required)
            if inner is not None:
                return (one.location, *inner)
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
    from dynacli.model.kebab_names import kebab

    for step in steps:
        seen = flatten(schema, described.api.catalog.resolve)
        if seen.type == "array" and not step.startswith("["):
            # `rows.id`: the items of an array are meant without saying so.
            seen = flatten(seen.items, described.api.catalog.resolve)
        names = {kebab(name): name for name in reversed(seen.properties)}
        name = step if step in seen.properties else names.get(step, "")
        if step.startswith("[") and seen.items is not None:
            schema, is_required = seen.items, True
        elif name:
            schema, is_required = seen.properties[name], name in seen.required
        elif isinstance(seen.additional, Mapping):
            schema, is_required = seen.additional, False
        else:
            return None
    return schema, is_required
