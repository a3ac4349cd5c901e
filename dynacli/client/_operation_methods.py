"""Methods of the Python API that are named as the operations of a document: `api.list_pets(limit=3)`."""

from __future__ import annotations

from collections.abc import Callable, Collection
from keyword import iskeyword
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from dynacli.client.responses.response import Response
    from dynacli.openapi.model.operation import OperationSummary


def method_names(
    operations: Collection[OperationSummary], members: Collection[str]
) -> dict[str, OperationSummary]:
    """Return method → its operation.

    A method is named in snake case. It ends with `_` if Python or the class has a use for the name.

    Args:
        members: The names that the class itself has.
    """
    names = {}
    for operation in operations:
        name = operation.name.replace("-", "_")
        names[f"{name}_" if iskeyword(name) or name in members else name] = operation
    return names


def method_of(
    call: Callable[..., Response], operation: OperationSummary, name: str
) -> Callable[..., Response]:
    """Return the method that calls an operation.

    Args:
        call: Makes a call from the name of an operation and its inputs.
        name: The name of the method.
    """

    def method(**inputs: Any) -> Response:
        return call(
            operation.name, {_input_of_argument(argument): value for argument, value in inputs.items()}
        )

    method.__name__ = method.__qualname__ = name
    method.__doc__ = operation.summary
    return method


def _input_of_argument(argument: str) -> str:
    """Return the input of an argument: `from` for `from_`, because Python does not accept `from` as an argument."""
    plain = argument.removesuffix("_")
    return plain if iskeyword(plain) or plain == "self" else argument
