"""The operation that a method and a path mean, with the values that the path has."""

from collections.abc import Iterator, Mapping
from urllib.parse import parse_qsl

from dynacli.catalog.store.catalog_file import Catalog
from dynacli.client.inputs.styled_values import styled_options
from dynacli.environment import invocation
from dynacli.errors import UsageError
from dynacli.library.opened_api import OpenedApi
from dynacli.model.operation import Operation, OperationSummary
from dynacli.model.path_templates import path_values
from dynacli.model.wording import did_you_mean, enumerated

__all__ = ["no_operation_at", "operation_at", "path_options"]

_MOST_NAMED = 3


def operation_at(catalog: Catalog, method: str, path: str) -> tuple[Operation, list[str]] | None:
    """Return the operation of a method and a path, and the options that its path and query stand for.

    Args:
        catalog: The document.
        method: In upper or lower case.
        path: As the document has it (`/pets/{petId}`), with values in it (`/pets/7`), or with some; a query may follow.

    Returns:
        None where there is none. Of several, the one whose template says most of the path.
    """
    path, _, query = path.partition("?")
    matching = [
        (summary, values)
        for summary, values in _matching(catalog, path)
        if summary.method in (method, method.upper())
    ]
    if not matching:
        return None
    found, values = min(matching, key=lambda match: (len(match[1]), "#" in match[0].path))
    operation = catalog.operation(found.name)
    options = path_options(operation, values)
    options += [f"--query.{key}={value}" for key, value in parse_qsl(query, keep_blank_values=True)]
    return operation, options


def path_options(operation: Operation, values: Mapping[str, str]) -> list[str]:
    """Return the options for the percent-encoded values of a path, by the names of its parameters."""
    options: list[str] = []
    for parameter in operation.parameters:
        if parameter.location == "path" and parameter.name in values:
            options += styled_options(parameter, values[parameter.name])
    return options


def no_operation_at(api: OpenedApi, method: str, path: str) -> UsageError:
    """Return the error for a method and a path that no operation has."""
    plain = path.partition("?")[0]
    methods = dict.fromkeys(operation.method for operation, _ in _matching(api.catalog, plain))
    near = [] if methods else _near(api.catalog, plain)
    return UsageError(
        f"`{api.name}` has no operation `{method.upper()} {plain}`",
        why=f"This path has {enumerated(list(methods), 'and')}"
        if methods
        else "The document has no such path",
        hint=did_you_mean(near, f"See them all: `{invocation('operations', api.name)}`"),
        near=near,
    )


def _matching(catalog: Catalog, path: str) -> Iterator[tuple[OperationSummary, dict[str, str]]]:
    """Yield the operations whose template a path fits, with the values of the template's parameters."""
    plain, _, fragment = path.partition("#")
    for operation in catalog.each_summary():
        # Documents tell operations of one path apart by a fragment, which is not sent.
        template, _, own = operation.path.partition("#")
        values = path_values(template.partition("?")[0], plain)
        if values is not None and fragment in ("", own):
            yield operation, values


def _near(catalog: Catalog, path: str) -> list[str]:
    from difflib import get_close_matches

    paths = dict.fromkeys(operation.path for operation in catalog.each_summary() if not operation.is_hidden)
    return get_close_matches(path, paths, _MOST_NAMED, 0.6)
