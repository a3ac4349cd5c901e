"""The description of an operation as text for a person."""

import json
from collections.abc import Iterator, Mapping
from typing import Any

from dynacli.client.described_operation import DescribedOperation
from dynacli.client.description.operation_description import OperationDescription
from dynacli.client.pages.document_rule import KINDS
from dynacli.commands.help.server_lines import server_line
from dynacli.commands.verbs.describe.fitting_text import Detail, cut_lines
from dynacli.commands.verbs.describe.incoming_text import callback_lines
from dynacli.commands.verbs.describe.schema_tree import schema_lines
from dynacli.model.media_types import is_patch
from dynacli.model.value_words import constraints
from dynacli.schema.answer_outline import answer_outline
from dynacli.text.markdown import first_sentence, to_text
from dynacli.text.terminal import Painter, visible
from dynacli.text.text_blocks import block_text, short_sentence
from dynacli.text.wrapping import quoted, quoted_lines, word_or_quoted

__all__ = ["operation_lines"]


def operation_lines(
    description: OperationDescription, paint: Painter, width: int, detail: Detail
) -> list[str]:
    """Return the lines of the description; what is left out for want of room is counted."""
    described, operation = description.described, description.operation
    lines = [
        f"{paint.bold(operation.name)}  {visible(operation.method)} {word_or_quoted(operation.path)}"
        + (paint.yellow("  deprecated") if operation.is_deprecated else "")
    ]
    if operation.summary:
        lines.append(f"  {quoted(operation.summary)}")
    if operation.description:
        text = block_text(operation.description, width - 4).splitlines()
        lines.extend(["", *cut_lines(quoted_lines(text), detail.description)])
    lines.extend(_parameter_lines(description, paint, width, detail))
    lines.extend(_body_lines(described, description.body, paint, width, detail))
    lines.extend(_answer_lines(description, paint, width, detail))
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
        rows = callback_lines(description.callbacks, described.resolve, paint, width)
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
            yield from _description_lines(text, width)
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


def _answer_lines(
    description: OperationDescription, paint: Painter, width: int, detail: Detail
) -> Iterator[str]:
    described, responses, answer = description.described, description.responses, description.answer
    has_success = any(status[:1] == "2" for status in responses)
    errors = {}
    for status, response in responses.items():
        is_success = status[:1] == "2" or not has_success
        if not is_success and not detail.has_error_trees:
            errors[status] = response
            continue
        heading = paint.bold(f"Answer {word_or_quoted(status)}")
        yield from ("", f"{heading}  {quoted(response['description'].strip())}".rstrip())
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
        if status == answer.status:
            yield from (f"  {each.text}" for each in answer.unreturned)
        headers = [f"header {word_or_quoted(str(name))}" for name in response["headers"]]
        yield from cut_lines(headers, detail.rows)
    if errors:
        yield from ("", paint.bold("Other answers"))
        yield from cut_lines(list(_error_rows(described, errors, detail)), detail.rows)


def _error_rows(described: DescribedOperation, errors: Mapping[str, Any], detail: Detail) -> Iterator[str]:
    """Yield a row for each error, and below those that hold the same one for what they hold."""
    rows = [
        (
            status,
            response,
            answer_outline({"content": response["content"]}, described.resolve).text_lines(12, 2),
        )
        for status, response in errors.items()
    ]
    for number, (status, response, fields) in enumerate(rows):
        about = short_sentence(first_sentence(response["description"]), detail.tree.sentence * 2 or 120)
        yield f"{word_or_quoted(status)}  {quoted(about)}".rstrip()
        is_last = number + 1 == len(rows) or rows[number + 1][2] != fields
        if is_last and response["content"]:
            yield from (f"     {line}" for line in fields)


def _description_lines(description: str, width: int) -> list[str]:
    if not description:
        return []
    return [f"      {line}" for line in quoted_lines(to_text(description, width - 8).splitlines())]


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
    leads = f"{word_or_quoted(link['status'])} -> {word_or_quoted(str(target))}"
    lines = [f"  {paint.bold(word_or_quoted(name))}  {leads}"]
    if isinstance(link.get("description"), str):
        lines.extend(_description_lines(link["description"], width))
    for fill in link["fills"]:
        source = fill["from"]
        text = source if isinstance(source, str) else json.dumps(source, ensure_ascii=False)
        lines.append(f"      {visible(fill['option'], keep='')}  from {word_or_quoted(text)}")
    if "note" in link:
        lines.append(visible(f"      {link['note']}", keep=""))
    if link["example"]:
        lines.append(visible(f"      {link['example']}", keep=""))
    return lines
