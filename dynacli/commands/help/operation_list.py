"""Lists of operations, a line each."""

from collections.abc import Callable, Iterable, Iterator

from dynacli.model.operation import OperationSummary
from dynacli.text.terminal import Painter, cell_width, visible
from dynacli.text.wrapping import shortened

__all__ = ["operation_lines", "summary_text"]

_WIDEST_NAME = 44
_METHOD = 7
"""The columns of a method; `DELETE` is the longest usual one."""
_NARROWEST = 15
"""The columns that a path and a summary have at least each, next to a name of any length."""
_WIDEST_PATH = 60


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
        path_room = max(rest // 2, rest - cell_width(about) - 2, _NARROWEST)
        path = shortened(visible(operation.path, keep=""), path_room)
        path += " " * (min(longest[1], max(rest // 2, _NARROWEST), _WIDEST_PATH) - cell_width(path))
        about = shortened(about, max(rest - cell_width(path) - 2, _NARROWEST))
        call = paint.dim(f"{operation.method.ljust(_METHOD - 1)} {path}")
        yield f"  {word.ljust(column - 4)}  {call}  {about}".rstrip()


def summary_text(operation: OperationSummary, has_name: Callable[[str], bool]) -> str:
    """Return what a list says of an operation in a few words: its summary, else its method and path.

    Args:
        has_name: Whether there is an operation of a name.
    """
    about = _about(operation, has_name)
    return (
        about
        if operation.summary
        else f"{operation.method} {visible(operation.path, keep='')} {about}".rstrip()
    )


def _about(operation: OperationSummary, has_name: Callable[[str], bool]) -> str:
    """Return the summary, with what else is to be known of the operation."""
    about = visible(operation.summary, keep="")
    if operation.is_deprecated:
        about = f"{about} (deprecated)".lstrip()
    other = _namesake(operation, has_name)
    return f"(its operationId is also that of {other}) {about}".rstrip() if other else about


def _namesake(operation: OperationSummary, has_name: Callable[[str], bool]) -> str:
    """Return the name of the operation that has the same operationId; empty where there is none."""
    # Of two such operations the second is named by method and path as well; that test is fast, for long lists.
    if not operation.operation_id or f"-{operation.method.lower()}-" not in operation.name:
        return ""
    from dynacli.model.kebab_names import kebab

    plain = kebab(operation.operation_id)
    is_longer = plain != operation.name and operation.name.startswith(f"{plain}-")
    return plain if is_longer and has_name(plain) else ""
