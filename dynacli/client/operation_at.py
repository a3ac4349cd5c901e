"""The operation that a method and a path mean, with the values that the path has."""

from collections.abc import Iterator, Mapping
from urllib.parse import parse_qsl, urljoin, urlsplit

from dynacli.catalog.store.catalog_file import Catalog
from dynacli.client.inputs.styled_values import styled_options
from dynacli.environment import invocation
from dynacli.errors import UsageError
from dynacli.library.opened_api import OpenedApi
from dynacli.model.operation import Operation, OperationSummary, documented_status
from dynacli.model.path_templates import path_values
from dynacli.model.wording import did_you_mean, enumerated
from dynacli.urls import origin_of

__all__ = ["is_documented_way_out", "no_operation_at", "operation_at", "path_options"]

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


def is_documented_way_out(api: OpenedApi, operation: Operation, url: str, status: int, location: str) -> bool:
    """Return whether an operation documents a redirect, and it leads to a place that the document does not have.

    What is there says nothing of the operation: the redirect is its response.

    Args:
        url: The URL that redirects.
        status: The status of the redirect; `default` does not document it.
        location: Where it leads, as its `Location` says.
    """
    if documented_status(status, [each.status for each in operation.responses]) in {"", "default"}:
        return False
    try:
        target = urlsplit(urljoin(url, location))
        origins = [origin_of(url), origin_of(target.geturl())]
    except ValueError:
        return True
    bases = [_base_path(urlsplit(url).path, operation.path)]
    for server in api.catalog.meta["servers"]:
        try:
            known = urljoin(api.uri, server["url"])
            is_there = origin_of(known) == origins[1]
        except ValueError:
            continue
        if is_there:
            origins[0] = origins[1]
            bases.append(urlsplit(known).path.rstrip("/"))
    paths = [target.path.removeprefix(base) for base in bases if target.path.startswith(f"{base}/")]
    # Servers redirect to the same path with a slash at its end.
    paths += [path.removesuffix("/") for path in paths]
    return origins[0] != origins[1] or not any(True for path in paths for _ in _matching(api.catalog, path))


def _base_path(path: str, template: str) -> str:
    """Return the path of the server: what stands before the operation's own in the path of its URL."""
    own = template.partition("#")[0].partition("?")[0].count("/")
    return "/".join(path.split("/")[: max(path.count("/") - own, 0) + 1])


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
