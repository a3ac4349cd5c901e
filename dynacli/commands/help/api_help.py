"""The help page of an API or of one of its tags: the operations, by tag."""

from typing import Any

from dynacli.commands.help.usage_lines import usage_lines
from dynacli.environment import Environment
from dynacli.library.opened_api import OpenedApi
from dynacli.model.operation import OperationSummary
from dynacli.text.markdown.markdown import first_sentence, to_text
from dynacli.text.terminal import Painter, terminal_width, visible

__all__ = ["api_help", "operation_lines"]

_MOST_WEBHOOKS = 12
"""Nobody calls them, so that a document with hundreds shows a few, and where the others are."""


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
    described = dict(tags.values())
    groups: dict[str, list[OperationSummary]] = {}
    for one in api.catalog.summaries(tag):
        if not one.is_hidden:
            groups.setdefault("" if tag or not one.tags else one.tags[0], []).append(one)
    for group, operations in groups.items():
        heading = visible(group, keep="") if group else "Operations"
        told = first_sentence(described.get(group, ""), max(width - len(heading) - 3, 20))
        lines.append(paint.bold(heading) + (f"  {paint.dim(told)}" if told else ""))
        lines.extend(operation_lines(operations, width, paint))
        lines.append("")
    if not tag:
        lines.extend(_server_lines(meta["servers"], paint))
        lines.extend(_webhook_lines(api, width, paint))
    lines.append(f"More about one of them: dynacli {name} OPERATION --help")
    return "\n".join(lines)


def _server_lines(servers: list[dict[str, Any]], paint: Painter) -> list[str]:
    """Return the servers where there is a choice, each with the index that `--server` takes."""
    if len(servers) < 2 and not any(one["variables"] for one in servers):
        return []
    lines = [f"{paint.bold('Servers')}  {paint.dim('for --server and --server-var')}"]
    for index, one in enumerate(servers):
        told = visible(", ".join(word for word in (one.get("name", ""), one["description"]) if word), keep="")
        lines.append(f"  {index}  {visible(one['url'], keep='')}" + (paint.dim(f"  {told}") if told else ""))
    return [*lines, ""]


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
    column = min(max((len(one.name) for one in operations), default=0), 44) + 4
    names = {one.name for one in operations}
    lines = []
    for one in operations:
        told = visible(one.summary, keep="") or f"{one.method} {visible(one.path, keep='')}"
        if one.is_deprecated:
            told += " (deprecated)"
        if other := _shares_name_with(one, names):
            told = f"(its operationId is also that of {other}) {told}"
        room = width - max(column, len(one.name) + 4)
        if len(told) > room:
            told = told[: max(room - 3, 12)].rstrip() + "..."
        lines.append(f"  {one.name.ljust(column - 4)}  {paint.dim(told)}")
    return lines


def _shares_name_with(one: OperationSummary, names: set[str]) -> str:
    """Return the operation that has the plain name which this one would have; empty when it has its own."""
    # A qualified name ends with method and path; asking that first keeps long lists fast.
    if not one.operation_id or f"-{one.method.lower()}-" not in one.name:
        return ""
    from dynacli.model.kebab_names import kebab

    plain = kebab(one.operation_id)
    return plain if plain != one.name and plain in names and one.name.startswith(f"{plain}-") else ""
