"""Lists of operations, a line each."""

from collections.abc import Callable, Iterable, Iterator

from dynacli.model.operation import OperationSummary
from dynacli.text.terminal import Painter, visible
from dynacli.text.wrapping import shortened

__all__ = ["operation_lines", "summary_text"]

_WIDEST_NAME = 44
_NARROWEST = 15
"""The columns that the summary has at least, next to a name of any length."""


def operation_lines(
    operations: Iterable[OperationSummary],
    longest_name: int,
    has_name: Callable[[str], bool],
    width: int,
    paint: Painter,
) -> Iterator[str]:
    """Yield a line for each operation: its name and its summary, cut to the width.

    Args:
        longest_name: The length of the longest of their names.
        has_name: Whether there is an operation of a name.
    """
    column = min(longest_name, _WIDEST_NAME) + 4
    for operation in operations:
        room = max(width - max(column, len(operation.name) + 4), _NARROWEST)
        about = shortened(summary_text(operation, has_name), room)
        yield f"  {operation.name.ljust(column - 4)}  {paint.dim(about)}"


def summary_text(operation: OperationSummary, has_name: Callable[[str], bool]) -> str:
    """Return what a list says of an operation: its summary, else its method and path.

    Args:
        has_name: Whether there is an operation of a name.
    """
    about = visible(operation.summary, keep="") or f"{operation.method} {visible(operation.path, keep='')}"
    if operation.is_deprecated:
        about += " (deprecated)"
    other = _namesake(operation, has_name)
    return f"(its operationId is also that of {other}) {about}" if other else about


def _namesake(operation: OperationSummary, has_name: Callable[[str], bool]) -> str:
    """Return the name of the operation that has the same operationId; empty where there is none."""
    # Of two such operations the second is named by method and path as well; that test is fast, for long lists.
    if not operation.operation_id or f"-{operation.method.lower()}-" not in operation.name:
        return ""
    from dynacli.model.kebab_names import kebab

    plain = kebab(operation.operation_id)
    is_longer = plain != operation.name and operation.name.startswith(f"{plain}-")
    return plain if is_longer and has_name(plain) else ""
