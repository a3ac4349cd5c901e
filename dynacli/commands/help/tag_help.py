"""The help page of a tag: its operations."""

from dynacli.commands.help.operation_list import operation_lines
from dynacli.commands.help.usage_lines import usage_lines
from dynacli.environment import Environment
from dynacli.library.opened_api import OpenedApi
from dynacli.text.terminal import Painter, terminal_width, visible

__all__ = ["tag_help"]


def tag_help(env: Environment, api: OpenedApi, tag: str) -> str:
    """Return the page.

    Args:
        tag: The kebab form of the tag.
    """
    paint = Painter.for_stdout(env)
    width = terminal_width(env, env.stdout)
    meta, catalog = api.catalog.meta, api.catalog
    name = visible(api.name, keep="")
    lines = [*usage_lines(f"dynacli {name} {tag} OPERATION [ARGUMENTS] [OPTIONS]", width), ""]
    title = visible(" ".join(part for part in (meta["title"], meta["version"]) if part), keep="")
    lines.extend([f"  {paint.bold(title)}", ""] if title else [])
    operations = [operation for operation in catalog.summaries(tag) if not operation.is_hidden]
    longest = max((len(operation.name) for operation in operations), default=0)
    lines.append(paint.bold("Operations"))
    lines.extend(operation_lines(operations, longest, catalog.has_name, width, paint))
    lines.extend(["", f"More about one of them: dynacli {name} OPERATION --help"])
    return "\n".join(lines)
