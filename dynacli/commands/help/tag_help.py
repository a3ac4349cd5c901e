"""The help page of a tag: its operations."""

from dynacli.catalog.store.catalog_file import Catalog
from dynacli.commands.help.operation_list import operation_lines
from dynacli.commands.help.usage_lines import usage_lines
from dynacli.environment import Environment, invocation
from dynacli.library.opened_api import OpenedApi
from dynacli.model.kebab_names import under_tag
from dynacli.output.render import list_width
from dynacli.text.terminal import Painter, terminal_width, visible
from dynacli.text.wrapping import quoted

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
    lines = [
        *usage_lines(f"{invocation(api=name)} {tag} OPERATION [ARGUMENTS] [OPTIONS]", width),
        "",
    ]
    title = quoted(" ".join(part for part in (meta["title"], meta["version"]) if part))
    lines.extend([f"  {paint.bold(title)}", ""] if title else [])
    operations = [
        (_word(catalog, operation.name, tag), operation)
        for operation in catalog.summaries(tag)
        if not operation.is_hidden
    ]
    longest = max((len(word) for word, _ in operations), default=0)
    longest_path = max((len(operation.path) for _, operation in operations), default=0)
    lines.append(paint.bold("Operations"))
    list_layout = (longest, longest_path), catalog.has_name, list_width(env), paint
    lines.extend(operation_lines(operations, *list_layout))
    lines.extend(["", "More about one of them:", f"  {invocation(api=name)} {tag} OPERATION --help"])
    return "\n".join(lines)


def _word(catalog: Catalog, name: str, tag: str) -> str:
    """Return the shortest word that names an operation behind its tag."""
    word = under_tag(name, tag)
    return word if word != name and catalog.find(word, tag) == name else name
