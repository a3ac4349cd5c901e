"""`dynacli describe`: shows all that the document says of an operation, or of a field of it, as data and as text."""

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

import click

from dynacli.client.described_operation import DescribedOperation
from dynacli.client.operation_description import OperationDescription
from dynacli.client.pages.decide_rule import KINDS
from dynacli.commands._help.page_lines import server_line
from dynacli.commands._subcommands.describe.field_description import (
    Detail,
    Text,
    cut_lines,
    describe_field,
    fields_below,
    fitting_text,
    schema_lines,
    type_text,
)
from dynacli.commands.run import Run
from dynacli.http.semantics import is_patch
from dynacli.openapi.model.wording import constraints, counted, placeholder
from dynacli.openapi.schema.flatten_schema import FlatSchemas, Resolve
from dynacli.openapi.schema.response_outline import response_outline
from dynacli.registry.opened_api import OpenedApi
from dynacli.text.markdown import first_sentence, to_text
from dynacli.text.terminal import Painter, visible
from dynacli.text.wrapping import block_text, foreign, foreign_lines, quoted, short_sentence, word_or_quoted

__all__ = ["describe", "described_details"]


class _Asked(NamedTuple):
    """What a person asked for beside the operation."""

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

    write_data(run.env, data, run.data_form, page)


def _description(
    run: Run, opened: OpenedApi, operation: tuple[str, ...], asked: _Asked
) -> "tuple[Any, Text]":
    from dynacli.client.search_operations import unknown_operation
    from dynacli.errors import UsageError

    words = list(operation)
    tag = opened.catalog.tag(words[0]) if len(words) > 1 else ""
    if tag:
        words.pop(0)
    name = opened.catalog.find(words[0], tag)
    if name is None and not tag and (description := _webhook(opened, words)):
        return description
    if name is None:
        newer = run.fetch_again(opened)  # it may have appeared a moment ago
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
        return _summary(opened, name, run.options.profile)
    if asked.like is not None:
        return _likeness(opened, name, asked.like)
    from dynacli.commands._subcommands.describe.field_description import EVERYTHING, detail_of_depth

    detail = EVERYTHING if asked.everything else None
    if asked.depth is not None:
        detail = detail_of_depth(asked.depth)
    return described_details(opened, name, *words[1:], detail=detail)


def _summary(opened: OpenedApi, name: str, profile: str) -> "tuple[Any, Text]":
    from dynacli.client.operation_summary import operation_summary, summary_text

    summary = operation_summary(opened, name, profile=profile)
    return summary.as_json(), lambda paint, _: summary_text(summary, paint)


def _likeness(opened: OpenedApi, name: str, other: str) -> "tuple[Any, Text]":
    """Return how an operation differs from another one of its API.

    Raises:
        UsageError: There is no such operation.
    """
    from dynacli.client.described_operation import DescribedOperation
    from dynacli.client.search_operations import unknown_operation

    found = opened.catalog.find(other)
    if found is None:
        raise unknown_operation(opened, other)
    first, second = (
        DescribedOperation(opened, opened.catalog.operation(each)).sending("") for each in (name, found)
    )
    data = _differences(first, second)
    return data, lambda paint, width: "\n".join(_difference_lines(data, paint, width))


def _webhook(opened: OpenedApi, words: list[str]) -> "tuple[Any, Text] | None":
    """Return the description of the webhook that the words name, for `webhooks` of all; None if there is none.

    Raises:
        UsageError: A field of a webhook is asked for, which cannot be described by itself.
    """
    from dynacli.client.documented_parts import describe_webhook
    from dynacli.commands._help.operation_list import find_webhook, webhook_lines, webhooks_of
    from dynacli.errors import UsageError

    rows = webhooks_of(opened)
    # A webhook that has the name of an operation is meant by `webhooks.NAME`.
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
    """Return the description of a webhook for a person."""
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
    """Return the callbacks of an operation for a person."""
    lines = []
    for name, callback in callbacks.items():
        for expression, requests in callback.items():
            for method, request in requests.items():
                place = f"{visible(method, keep='')} {word_or_quoted(expression)}"
                told = f"  {paint.bold(word_or_quoted(name))}  {place}  {foreign(request['summary'], paint)}"
                lines.append(told.rstrip())
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
        yield from schema_lines(content["schema"], FlatSchemas(resolve), paint, width)
    for status, response in request["responses"].items():
        line = f"{word_or_quoted(status)}  {foreign(response['description'].strip(), paint)}"
        yield f"  You respond with {line}".rstrip()


def _operation_lines(
    description: OperationDescription, paint: Painter, width: int, detail: Detail
) -> list[str]:
    """Return the lines of the description; what is left out for want of room is counted."""
    described, operation = description.described, description.operation
    lines = [
        f"{paint.bold(operation.name)}  {visible(operation.method)} {word_or_quoted(operation.path)}"
        + (paint.yellow("  deprecated") if operation.is_deprecated else "")
    ]
    if operation.summary:
        lines.append(f"  {foreign(operation.summary, paint)}")
    if operation.description:
        text = block_text(operation.description, width - 4).splitlines()
        lines.extend(["", *cut_lines(foreign_lines(text, paint), detail.description)])
    lines.extend(_parameter_lines(description, paint, width, detail))
    lines.extend(_body_lines(described, description.body, paint, width, detail))
    lines.extend(_response_lines(description, paint, width, detail))
    if description.security:
        words = [" with ".join(map(word_or_quoted, schemes)) or "none" for schemes in description.security]
        lines.extend(["", f"{paint.bold('Security')}  {' or '.join(dict.fromkeys(words))}"])
    if description.servers:
        rows = [
            line
            for index, server in enumerate(description.servers)
            for line in _server_lines(index, server, paint)
        ]
        lines.extend(["", paint.bold("Servers"), *cut_lines(rows, detail.rows, "")])
    if description.pages is not None:
        lines.extend(["", paint.bold("Pages"), *_page_lines(description.pages)])
    if description.links:
        rows = [
            line for name, link in description.links.items() for line in _link_lines(name, link, paint, width)
        ]
        lines.extend(["", paint.bold("Links"), *cut_lines(rows, detail.rows, "")])
    if description.callbacks:
        lines.extend(["", paint.bold("Callbacks") + "  requests that the server sends to you"])
        rows = _callback_lines(description.callbacks, described.resolve, paint, width)
        lines.extend(cut_lines(rows, detail.rows, ""))
    lines.extend(["", paint.bold("Example"), f"  {visible(description.example, keep='')}"])
    return lines


def _parameter_lines(
    description: OperationDescription, paint: Painter, width: int, detail: Detail
) -> Iterator[str]:
    rows = list(
        zip(description.inputs, description.parameters, strict=False)
    )  # the fields of the body come last
    if rows:
        yield from ("", paint.bold("Parameters"))
    rows.sort(key=lambda row: not row[0].is_needed) if len(rows) > detail.rows else None
    for parameter, written in rows[: detail.rows]:
        facts = ["required"] if parameter.is_needed else []
        facts.extend(constraints(parameter.value))
        told = f" [{'; '.join(facts)}]" if facts else ""
        yield f"  {parameter.flag}" + paint.dim(f"  {parameter.location}{told}")
        if detail.has_sentences and written["description"]:
            is_whole = detail.tree.sentence == 0
            text = written["description"] if is_whole else first_sentence(written["description"])
            yield from _description_lines(text, width, paint)
    if len(rows) > detail.rows:
        yield f"  and {len(rows) - detail.rows:,} more: `--all`"


def _body_lines(
    described: DescribedOperation, body: Mapping[str, Any] | None, paint: Painter, width: int, detail: Detail
) -> Iterator[str]:
    seen: list[Any] = []
    for media_type, content in (body or {"content": {}})["content"].items():
        required = ", required" if body and body["required"] else ""
        yield from ("", paint.bold(f"Body ({word_or_quoted(media_type)}{required})"))
        if content["schema"] in seen and not detail.has_error_trees:
            yield "    the same as above"
            continue
        seen.append(content["schema"])
        tree = schema_lines(content["schema"], described.flat_schemas, paint, width, limits=detail.tree)
        yield from tree
        if is_patch(described.operation.method, media_type) and any("default " in line for line in tree):
            yield "  A default is what a new object gets; what this body leaves out stays as it is."


def _response_lines(
    description: OperationDescription, paint: Painter, width: int, detail: Detail
) -> Iterator[str]:
    described, responses, outline = description.described, description.responses, description.response
    has_success = any(status[:1] == "2" for status in responses)
    errors = {}
    for status, response in responses.items():
        is_success = status[:1] == "2" or not has_success
        if not is_success and not detail.has_error_trees:
            errors[status] = response
            continue
        heading = paint.bold(f"Response {word_or_quoted(status)}")
        yield from ("", f"{heading}  {foreign(response['description'].strip(), paint)}".rstrip())
        seen: list[Any] = []
        for media_type, content in response["content"].items():
            yield f"  {word_or_quoted(media_type)}"
            if content["schema"] in seen and not detail.has_error_trees:
                yield "    the same as above"
                continue
            seen.append(content["schema"])
            yield from schema_lines(
                content["schema"], described.flat_schemas, paint, width, limits=detail.tree
            )
        if status == outline.status:
            yield from (f"  {each.text}" for each in outline.unreturned)
        headers = [f"header {word_or_quoted(str(name))}" for name in response["headers"]]
        yield from cut_lines(headers, detail.rows)
    if errors:
        yield from ("", paint.bold("Other responses"))
        yield from cut_lines(list(_error_rows(described, errors, detail, paint)), detail.rows)


def _error_rows(
    described: DescribedOperation, errors: Mapping[str, Any], detail: Detail, paint: Painter
) -> Iterator[str]:
    """Yield a row for each error, and below those that hold the same one for what they hold."""
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
        yield f"{word_or_quoted(status)}  {foreign(about, paint)}".rstrip()
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
    """Return the lines that say how the next page of a list is asked for, and where its items are."""
    if pages["kind"] == "none":
        lines = [f"  one page: {pages['reason']}"]
    else:
        lines = [f"  `--all` has all of them by {KINDS[pages['kind']]}: {pages['reason']}"]
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
        facts.append(f"{pages['size_option']} says how many{most}")
    if pages["total"]:
        facts.append(f"{pages['total']} counts all")
    return [visible(line, keep="") for line in (*lines, f"  {'; '.join(facts)}")]


def _link_lines(name: str, link: Mapping[str, Any], paint: Painter, width: int) -> list[str]:
    """Return the lines of a link: the response that has it, its target, the options it fills, the next command."""
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
    api: OpenedApi, name: str, place: str = "", *, detail: Detail | None = None
) -> tuple[dict[str, Any], Text]:
    """Return the description of an operation, or of a field of it, as data and as text.

    Args:
        name: The name of the operation in the catalog.
        place: The path of a field; empty for the whole operation.
        detail: How much the text tells; None for as much as fits into 6,000 bytes.

    Raises:
        UsageError: There is no such field.
    """
    description = OperationDescription(DescribedOperation(api, api.catalog.operation(name)).sending(""))
    if place:
        return describe_field(description.described, place, detail)
    return description.as_json(), lambda paint, width: fitting_text(
        lambda *layout: _operation_lines(description, *layout), paint, width, detail
    )


_DEEPEST = 4
_MOST_FIELDS = 2_000


def _differences(described: DescribedOperation, other: DescribedOperation) -> dict[str, Any]:
    """Return what only one of two operations has, and what both have in another way, as data."""
    here, there = dict(_facts(described)), dict(_facts(other))
    both = [name for name in here if name in there]
    return {
        "api": described.api.name,
        "name": described.operation.name,
        "like": other.operation.name,
        "only_here": [{"what": name, "is": told} for name, told in here.items() if name not in there],
        "only_there": [{"what": name, "is": told} for name, told in there.items() if name not in here],
        "different": [
            {"what": name, "here": here[name], "there": there[name]}
            for name in both
            if here[name] != there[name]
        ],
        "alike": sum(here[name] == there[name] for name in both),
    }


def _difference_lines(data: Mapping[str, Any], paint: Painter, width: int) -> Iterator[str]:  # noqa: ARG001
    """Yield the differences as lines of text."""
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
    """Yield a line for each row; what is inside of another one is counted there."""
    inside: dict[str, int] = {}
    for row in rows:
        outer = next((name for name in inside if row["what"].startswith(f"{name}.")), None)
        if outer is None:
            inside[row["what"]] = 0
        else:
            inside[outer] += 1
    told = {row["what"]: row["is"] for row in rows}
    for name, count in inside.items():
        below = f", with {counted(count, 'field')} inside" if count else ""
        yield visible(f"  {name}  {told[name]}{below}".rstrip(), keep="")


def _facts(described: DescribedOperation) -> Iterator[tuple[str, str]]:
    """Yield each part of an operation with what the document says of it, in words."""
    description, operation = OperationDescription(described), described.operation
    yield "the call", f"{operation.method} {word_or_quoted(operation.path)}"
    yield "what it does", quoted(operation.summary)
    for each in description.inputs[: len(operation.parameters)]:
        facts = ["required"] * each.is_needed + constraints(each.value)
        told = f"{placeholder(each.value)} {each.location} [{'; '.join(facts)}]"
        yield f"--{each.option}", told.removesuffix(" []")
    if operation.body is not None and described.media_type is not None:
        yield "the body", f"{described.media_type.name}{', required' if operation.body.is_required else ''}"
        yield from _fields(described, "body", described.body_schema())
    for status, response in description.responses.items():
        if status != description.response.status:
            yield f"response {status}", quoted(first_sentence(response["description"]))
            continue
        yield "the response", f"{status}  {quoted(first_sentence(response['description']))}".rstrip()
        for content in list(response["content"].values())[:1]:
            yield from _fields(described, "response", content["schema"])
    schemes = [" with ".join(map(word_or_quoted, some)) or "none" for some in description.security]
    yield "security", " or ".join(schemes)


def _fields(described: DescribedOperation, owner: str, schema: Any) -> Iterator[tuple[str, str]]:
    flat = described.flat_schemas(schema)
    if not flat.properties:
        yield f"{owner} as a whole", type_text(flat, described.resolve)
    for number, field in enumerate(fields_below(flat, described.flat_schemas)):
        if number >= _MOST_FIELDS:
            return
        if field.level < _DEEPEST:
            required = ", required" if field.is_required else ""
            yield (
                f"{owner} {word_or_quoted('.'.join(field.steps))}",
                type_text(field.flat, described.resolve) + required,
            )
