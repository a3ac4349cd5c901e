"""Lists of operations and webhooks with one line each, and the help page of a tag."""

from collections.abc import Callable, Iterable, Iterator
from typing import Any

from dynacli.commands.help_pages.page_lines import usage_lines
from dynacli.environment import Environment, invocation
from dynacli.openapi.catalog.catalog_file import Catalog
from dynacli.openapi.model.operation import WEBHOOKS_POINTER, OperationSummary
from dynacli.openapi.model.tag_tree import TagTree
from dynacli.registry.opened_api import OpenedApi
from dynacli.text.terminal import Painter, cell_width, terminal_width, visible
from dynacli.text.wrapping import closed, foreign, foreign_within, short_sentence, shortened, word_or_quoted

_WIDEST_NAME = 44
_METHOD = 7
"""Columns of the method. `DELETE` is the longest common one."""
_NARROWEST = 15
"""Minimum columns of a path and of a summary, whatever the length of the name."""
_WIDEST_PATH = 60
_SHORTEST = 6
"""Minimum columns of a summary beside other notes. With less space it is omitted."""


def operation_row(api: str, operation: OperationSummary) -> dict[str, Any]:
    """Return an operation as JSON data.

    Args:
        api: Name of the API.
    """
    return {
        "api": api,
        "name": operation.name,
        "operation_id": operation.operation_id or None,
        "method": operation.method,
        "path": operation.path,
        "tags": list(operation.tags),
        "summary": operation.summary,
        "deprecated": operation.is_deprecated,
    }


def by_tag(
    operations: Iterable[OperationSummary], tags: TagTree
) -> Iterator[tuple[str, list[OperationSummary]]]:
    """Yield the title of each tag with its operations, in the order of the tree; operations without a tag come last."""
    groups: dict[str, list[OperationSummary]] = {}
    for operation in operations:
        groups.setdefault(tags.main_tag(operation.tags), []).append(operation)
    for tag in (*tags.sorted(tag for tag in groups if tag), *([""] if "" in groups else [])):
        yield tags.title(tag) if tag else "Without a tag", groups[tag]


def operation_lines(
    operations: Iterable[tuple[str, OperationSummary]],
    longest: tuple[int, int],
    has_name: Callable[[str], bool],
    width: int,
    paint: Painter,
) -> Iterator[str]:
    """Yield a line for each operation, with its name, method, path and summary cut to the width.

    Args:
        operations: The name to print for each operation, and the operation.
        longest: Length of the longest name and of the longest path.
        has_name: Returns whether an operation of a name exists.
    """
    column = min(longest[0], _WIDEST_NAME) + 4
    for word, operation in operations:
        rest = width - max(column, len(word) + 4) - _METHOD
        # If both do not fit, shorten path and summary instead of omitting one.
        about = _summary_and_notes(operation, has_name)
        path_room = max(rest // 2, rest - _width_of(*about) - 2, _NARROWEST)
        path = closed(shortened(word_or_quoted(operation.path), path_room))
        path += " " * (min(longest[1], max(rest // 2, _NARROWEST), _WIDEST_PATH) - cell_width(path))
        reported = _summary_between(*about, max(rest - cell_width(path) - 2, _NARROWEST), paint)
        call = f"{paint.method(operation.method.ljust(_METHOD - 1))} {paint.dim(path)}"
        yield f"  {paint.command(word)}{' ' * (column - 4 - len(word))}  {call}  {reported}".rstrip()


def operation_text(
    operation: OperationSummary, has_name: Callable[[str], bool], width: int, paint: Painter
) -> str:
    """Return a short text about an operation: its summary, or else its method and path.

    Args:
        has_name: Returns whether an operation of a name exists.
        width: Maximum columns.
    """
    before, summary, after = _summary_and_notes(operation, has_name)
    if not summary:
        before = f"{operation.method} {word_or_quoted(operation.path)} {before}".rstrip()
    return _summary_between(before, summary, after, width, paint)


def _summary_and_notes(operation: OperationSummary, has_name: Callable[[str], bool]) -> tuple[str, str, str]:
    """Return the summary, with the notes before and after it."""
    other = _namesake(operation, has_name)
    before = f"({other} has the same operationId)" if other else ""
    return before, visible(operation.summary, keep=""), "(deprecated)" if operation.is_deprecated else ""


def _summary_between(before: str, summary: str, after: str, width: int, paint: Painter) -> str:
    """Return a summary cut to fit between its notes, in at most `width` columns."""
    room = width - _width_of(before, "", after) - 2
    if not summary or (room < _SHORTEST and (before or after)):
        return closed(shortened(f"{before} {after}".strip(), width))
    return f"{before} {foreign_within(summary, room + 2, paint)} {after}".strip()


def _width_of(before: str, summary: str, after: str) -> int:
    """Return the columns of a quoted summary and its notes."""
    return sum(cell_width(text) + 1 for text in (before, after) if text) + (
        cell_width(summary) + 2 if summary else 0
    )


def _namesake(operation: OperationSummary, has_name: Callable[[str], bool]) -> str:
    """Return the name of another operation with the same operationId; empty if there is none."""
    # The name of the second one includes method and path. Test that first, because it is fast.
    if not operation.operation_id or f"-{operation.method.lower()}-" not in operation.name:
        return ""
    from dynacli.openapi.model.kebab_names import kebab

    plain = kebab(operation.operation_id)
    is_longer = plain != operation.name and operation.name.startswith(f"{plain}-")
    return plain if is_longer and has_name(plain) else ""


def tag_help(env: Environment, api: OpenedApi, tag: str) -> str:
    """Return the help page of a tag.

    Args:
        tag: Name of the tag in kebab case.
    """
    from dynacli.output.render import list_width

    paint = Painter.for_stdout(env)
    width = terminal_width(env, env.stdout)
    meta, catalog = api.catalog.meta, api.catalog
    name = visible(api.name, keep="")
    lines = [
        *usage_lines(f"{invocation(api=name)} {tag} OPERATION [ARGUMENTS] [OPTIONS]", width),
        "",
    ]
    title = foreign(" ".join(part for part in (meta["title"], meta["version"]) if part), paint)
    lines.extend([f"  {paint.bold(title)}", ""] if title else [])
    operations = [
        (_word(catalog, operation.name, tag), operation)
        for operation in catalog.summaries(tag)
        if not operation.is_hidden
    ]
    longest = max((len(word) for word, _ in operations), default=0)
    longest_path = max((len(operation.path) for _, operation in operations), default=0)
    lines.append(paint.heading("Operations"))
    list_layout = (longest, longest_path), catalog.has_name, list_width(env), paint
    lines.extend(operation_lines(operations, *list_layout))
    lines.extend(["", "More about one of them:", f"  {invocation(api=name)} {tag} OPERATION --help"])
    return "\n".join(lines)


def _word(catalog: Catalog, name: str, tag: str) -> str:
    """Return the shortest name of an operation after its tag."""
    from dynacli.openapi.model.kebab_names import under_tag

    word = under_tag(name, tag)
    return word if word != name and catalog.find(word, tag) == name else name


def webhooks_of(api: OpenedApi) -> list[dict[str, Any]]:
    """Return the webhooks of a document, each with `name`, `pointer`, `methods` and `summary`."""
    is_found, rows = api.catalog.component(WEBHOOKS_POINTER)
    return list(rows) if is_found else []


def webhook_lines(webhooks: list[dict[str, Any]], width: int, paint: Painter) -> list[str]:
    """Return a line for each webhook, with its name and its summary cut to the width."""
    column = min(max((len(webhook["name"]) for webhook in webhooks), default=0), 44) + 2
    lines = []
    for webhook in webhooks:
        name, summary = webhook["name"], " ".join(webhook["summary"].split())
        room = max(width - max(column, len(name) + 2) - 6, 20)
        about = foreign_within(short_sentence(summary, room), room + 2, paint)
        shown = word_or_quoted(name)
        lines.append(f"  {paint.command(shown)}{' ' * (column - len(shown))}{about}".rstrip())
    return lines


def find_webhook(webhooks: list[dict[str, Any]], word: str) -> dict[str, Any] | None:
    """Return the webhook of a name, as spelled or in kebab case; None if there is none."""
    from dynacli.openapi.model.kebab_names import kebab

    for webhook in webhooks:
        if webhook["name"] == word:
            return webhook
    return next((webhook for webhook in webhooks if kebab(webhook["name"]) == kebab(word) != ""), None)
