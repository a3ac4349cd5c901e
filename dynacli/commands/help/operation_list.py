"""Lists of operations, a line each."""

from collections.abc import Callable, Iterable, Iterator

from dynacli.model.operation import OperationSummary
from dynacli.text.terminal import Painter, cell_width, visible
from dynacli.text.wrapping import closed, quoted_within, shortened, word_or_quoted

__all__ = ["operation_lines", "summary_text"]

_WIDEST_NAME = 44
_METHOD = 7
"""The columns of a method; `DELETE` is the longest usual one."""
_NARROWEST = 15
"""The columns that a path and a summary have at least each, next to a name of any length."""
_WIDEST_PATH = 60
_SHORTEST = 6
"""The columns for which a summary is worth showing beside what else is to be known."""


def operation_lines(
    operations: Iterable[tuple[str, OperationSummary]],
    longest: tuple[int, int],
    has_name: Callable[[str], bool],
    width: int,
    paint: Painter,
) -> Iterator[str]:
    """Yield a line for each operation: its name, method, path and summary, cut to the width.

    Args:
        operations: The word that names each of them, and the operation.
        longest: The lengths of the longest word and of the longest path.
        has_name: Whether there is an operation of a name.
    """
    column = min(longest[0], _WIDEST_NAME) + 4
    for word, operation in operations:
        rest = width - max(column, len(word) + 4) - _METHOD
        # Where there is no room for both, path and summary are cut, and neither is left out.
        about = _about(operation, has_name)
        path_room = max(rest // 2, rest - _width_of(*about) - 2, _NARROWEST)
        path = closed(shortened(word_or_quoted(operation.path), path_room))
        path += " " * (min(longest[1], max(rest // 2, _NARROWEST), _WIDEST_PATH) - cell_width(path))
        told = _joined(*about, max(rest - cell_width(path) - 2, _NARROWEST))
        call = paint.dim(f"{operation.method.ljust(_METHOD - 1)} {path}")
        yield f"  {word.ljust(column - 4)}  {call}  {told}".rstrip()


def summary_text(operation: OperationSummary, has_name: Callable[[str], bool], width: int) -> str:
    """Return what a list says of an operation in a few words: its summary, else its method and path.

    Args:
        has_name: Whether there is an operation of a name.
        width: The most columns.
    """
    before, summary, behind = _about(operation, has_name)
    if not summary:
        before = f"{operation.method} {word_or_quoted(operation.path)} {before}".rstrip()
    return _joined(before, summary, behind, width)


def _about(operation: OperationSummary, has_name: Callable[[str], bool]) -> tuple[str, str, str]:
    """Return the summary, between what else is to be known of the operation."""
    other = _namesake(operation, has_name)
    before = f"(its operationId is also that of {other})" if other else ""
    return before, visible(operation.summary, keep=""), "(deprecated)" if operation.is_deprecated else ""


def _joined(before: str, summary: str, behind: str, width: int) -> str:
    """Return a summary, which is quoted and cut, between what else is to be known, in at most `width` columns."""
    room = width - _width_of(before, "", behind) - 2
    if not summary or (room < _SHORTEST and (before or behind)):
        return closed(shortened(f"{before} {behind}".strip(), width))
    return f"{before} {quoted_within(summary, room + 2)} {behind}".strip()


def _width_of(before: str, summary: str, behind: str) -> int:
    """Return the columns that a summary takes with its quotes, and with what else is to be known."""
    return sum(cell_width(text) + 1 for text in (before, behind) if text) + (
        cell_width(summary) + 2 if summary else 0
    )


def _namesake(operation: OperationSummary, has_name: Callable[[str], bool]) -> str:
    """Return the name of the operation that has the same operationId; empty where there is none."""
    # Of two such operations the second is named by method and path as well; that test is fast, for long lists.
    if not operation.operation_id or f"-{operation.method.lower()}-" not in operation.name:
        return ""
    from dynacli.model.kebab_names import kebab

    plain = kebab(operation.operation_id)
    is_longer = plain != operation.name and operation.name.startswith(f"{plain}-")
    return plain if is_longer and has_name(plain) else ""
