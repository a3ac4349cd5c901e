"""The help page of an API or of one of its tags: the operations, by tag."""

from typing import Any

from dynacli.commands.help.server_lines import server_line
from dynacli.commands.help.usage_lines import usage_lines
from dynacli.environment import Environment
from dynacli.library.opened_api import OpenedApi
from dynacli.model.operation import OperationSummary
from dynacli.text.markdown.markdown import first_sentence, to_text
from dynacli.text.terminal import Painter, terminal_width, visible

__all__ = ["api_help", "operation_lines"]

_MOST_WEBHOOKS = 12
"""Webhooks that the page lists: they cannot be called, so the page only points to the others."""


def api_help(env: Environment, api: OpenedApi, tag: str = "") -> str:
    """Return the page."""
    paint = Painter.for_stdout(env)
    width = terminal_width(env, env.stdout)
    meta = api.catalog.meta
    name = visible(api.name, keep="")
    words = f"dynacli {name} {f'{tag} ' if tag else ''}OPERATION [ARGUMENTS] [OPTIONS]"
    lines = [*usage_lines(words, width), ""]
    title = " ".join(part for part in (meta["title"], meta["version"]) if part)
    lines.extend([f"  {paint.bold(visible(title, keep=''))}"] if title else [])
    if not tag:
        description = to_text(meta["description"], width - 2).splitlines()
        lines.extend(f"  {line}".rstrip() for line in description[:12])
        if len(description) > 12:
            lines.append(f"  {paint.dim('...')}")
    lines.extend([""] if lines[-1] else [])
    tags = api.catalog.tags()
    descriptions = dict(tags.values())
    by_tag: dict[str, list[OperationSummary]] = {}
    for operation in api.catalog.summaries(tag):
        if not operation.is_hidden:
            by_tag.setdefault("" if tag or not operation.tags else operation.tags[0], []).append(operation)
    for tag_name, operations in by_tag.items():
        heading = visible(tag_name, keep="") if tag_name else "Operations"
        about = first_sentence(descriptions.get(tag_name, ""), max(width - len(heading) - 3, 20))
        lines.append(paint.bold(heading) + (f"  {paint.dim(about)}" if about else ""))
        lines.extend(operation_lines(operations, width, paint))
        lines.append("")
    if not tag:
        lines.extend(_server_lines(meta["servers"], paint))
        lines.extend(_webhook_lines(api, width, paint))
    lines.append(f"More about one of them: dynacli {name} OPERATION --help")
    return "\n".join(lines)


def _server_lines(servers: list[dict[str, Any]], paint: Painter) -> list[str]:
    """Return the section on servers; empty where there is only one, without variables."""
    if len(servers) < 2 and not any(server["variables"] for server in servers):
        return []
    heading = f"{paint.bold('Servers')}  {paint.dim('for --server and --server-var')}"
    return [heading, *(server_line(index, server, paint) for index, server in enumerate(servers)), ""]


def _webhook_lines(api: OpenedApi, width: int, paint: Painter) -> list[str]:
    from dynacli.commands.help.webhook_list import webhook_lines, webhooks_of

    webhooks = webhooks_of(api)
    if not webhooks:
        return []
    name = visible(api.name, keep="")
    lines = [
        f"{paint.bold('Webhooks')}  {paint.dim(f'which the server sends: dynacli describe {name} NAME')}"
    ]
    lines.extend(webhook_lines(webhooks[:_MOST_WEBHOOKS], width, paint))
    if len(webhooks) > _MOST_WEBHOOKS:
        more = f"{len(webhooks) - _MOST_WEBHOOKS} more: dynacli describe {name} webhooks"
        lines.append(f"  {paint.dim(more)}")
    return [*lines, ""]


def operation_lines(operations: list[OperationSummary], width: int, paint: Painter) -> list[str]:
    """Return a line for each operation: its name and its summary, cut to the width."""
    column = min(max((len(operation.name) for operation in operations), default=0), 44) + 4
    names = {operation.name for operation in operations}
    lines = []
    for operation in operations:
        about = (
            visible(operation.summary, keep="") or f"{operation.method} {visible(operation.path, keep='')}"
        )
        if operation.is_deprecated:
            about += " (deprecated)"
        if other := _namesake(operation, names):
            about = f"(its operationId is also that of {other}) {about}"
        room = width - max(column, len(operation.name) + 4)
        if len(about) > room:
            about = about[: max(room - 3, 12)].rstrip() + "..."
        lines.append(f"  {operation.name.ljust(column - 4)}  {paint.dim(about)}")
    return lines


def _namesake(operation: OperationSummary, names: set[str]) -> str:
    """Return the name of the operation that has the same operationId; empty where there is none."""
    # Of two such operations the second is named by method and path as well; that test is fast, for long lists.
    if not operation.operation_id or f"-{operation.method.lower()}-" not in operation.name:
        return ""
    from dynacli.model.kebab_names import kebab

    plain = kebab(operation.operation_id)
    is_namesake = plain != operation.name and plain in names and operation.name.startswith(f"{plain}-")
    return plain if is_namesake else ""
