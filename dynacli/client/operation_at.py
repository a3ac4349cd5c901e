"""The operation for a method and a path, with the values in the path.

The values are decoded from the style of their parameters.
"""

import json
from collections.abc import Iterator, Mapping
from functools import cached_property
from typing import Any
from urllib.parse import parse_qsl, unquote

from dynacli.client.described_operation import DescribedOperation
from dynacli.environment import invocation
from dynacli.errors import UsageError
from dynacli.http.semantics import METHODS_WITHOUT_BODY
from dynacli.openapi.catalog.catalog_file import Catalog, operations_at
from dynacli.openapi.model.field_names import plain_name
from dynacli.openapi.model.operation import (
    ANY_BODY,
    Operation,
    OperationSummary,
    Parameter,
    documented_status,
)
from dynacli.openapi.model.path_templates import collection_template, parameter_names, path_values
from dynacli.openapi.model.query_names import parameter_named
from dynacli.openapi.model.wording import did_you_mean, enumerated
from dynacli.registry.opened_api import OpenedApi
from dynacli.request.parameter_serialization import DELIMITERS
from dynacli.urls import join_url, origin_of, split_url

_STARTS = {"label": ".", "matrix": ";"}
_MOST_NAMED = 3
_BY_ID = frozenset({"byid", "byuuid", "id", "uuid"})


def delimiter_of(style: str) -> str:
    """Return the delimiter between the items of a list in a style."""
    return DELIMITERS.get(style, DELIMITERS["csv"])[0]


def styled_texts(parameter: Parameter, text: str) -> list[str]:
    """Return the decoded value of a path parameter, or several values for an array.

    OpenAPI 3.0.4, "Style Values" and "Style Examples". Text that does not follow the parameter's style is one value.
    """
    start = _STARTS.get(parameter.style, "")
    plain = text.removeprefix(start)
    if start and plain == text:
        return [unquote(text)]
    if parameter.style == "matrix":
        # If items are exploded, each has the name; else the name comes once.
        mark = f"{parameter.name}="
        texts = [item.removeprefix(mark) for item in plain.split(f";{mark}")]
    else:
        texts = [plain]
    if parameter.value.type == "array":
        delimiter = delimiter_of(parameter.style)
        if parameter.style == "label" and parameter.explode:
            delimiter = "."
        if delimiter not in ",.":  # delimiters of Swagger 2.0, which are percent-encoded in a path
            return unquote(plain).split(delimiter)
        texts = [item for text in texts for item in text.split(delimiter)]
    return [unquote(text) for text in texts]


def styled_properties(parameter: Parameter, text: str) -> dict[str, str] | None:
    """Return the decoded properties of an object in a path; None if the text is not an object."""
    text = text.removeprefix(_STARTS.get(parameter.style, ""))
    delimiter = ","
    if parameter.explode:
        delimiter = {"label": ".", "matrix": ";"}.get(parameter.style, ",")
    elif parameter.style == "matrix":
        text = text.removeprefix(f"{parameter.name}=")
    pieces = text.split(delimiter)
    if parameter.explode:
        parts = [piece.partition("=") for piece in pieces]
        if not all(item[1] for item in parts):
            return None
        pairs = [(name, value) for name, _, value in parts]
    elif len(pieces) % 2:
        return None
    else:
        pairs = list(zip(pieces[::2], pieces[1::2], strict=True))
    return {unquote(name): unquote(value) for name, value in pairs}


def _styled_options(parameter: Parameter, text: str) -> list[str]:
    """Return the options for the percent-encoded value of a path parameter."""
    if parameter.value.type == "object":
        properties = styled_properties(parameter, text)
        if properties is not None:
            return _object_options(parameter, properties)
    return [f"--{parameter.option}={styled_text}" for styled_text in styled_texts(parameter, text)]


def _object_options(parameter: Parameter, properties: dict[str, str]) -> list[str]:
    """Return an option for each property, or one for the whole object if a property has no option."""
    options = {field.path: field.option for field in parameter.fields}
    if all((name,) in options for name in properties):
        return [f"--{options[name,]}={value}" for name, value in properties.items()]
    return [f"--{parameter.option}={json.dumps(properties, ensure_ascii=False)}"]


def operation_at(catalog: Catalog, method: str, path: str) -> tuple[Operation, list[str]] | None:
    """Return the operation of a method and a path, and the options for the values in its path and query.

    Args:
        catalog: The document.
        method: The method, in upper or lower case.
        path: The path as in the document (`/pets/{petId}`), with values (`/pets/7`), or with both. It may have a
            query.

    Returns:
        None if no operation matches. Of several, the one with the fewest parameters in its path.
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
    for name, value in parse_qsl(query, keep_blank_values=True):
        options.append(f"{_option_in_query(operation, name)}={value}")
    return operation, options


def operations_of_path(catalog: Catalog, path: str) -> dict[str, str]:
    """Return method → name for the operations of a path, spelled as in the document."""
    return {summary.method: summary.name for summary in catalog.each_summary() if summary.path == path}


def operation_by_id(catalog: Catalog, path: str) -> OperationSummary | None:
    """Return the operation that reads an item by its id, if it is separate from the usual path of an item.

    Beside `/books/by-id/{id}`, the parameter of `/books/{id}` may be a name.

    Raises:
        DamagedCatalogError: The catalog is damaged.
    """
    last = len(parameter_names(path)) - 1
    collection = collection_template(path, last)

    def is_wanted(other: str) -> bool:
        above, _, segment = collection_template(other, last).rpartition("/")
        is_item = other.rstrip("/").endswith("}") and len(parameter_names(other)) == last + 1
        return is_item and above == collection and plain_name(segment) in _BY_ID

    operations = operations_at(catalog, ("GET",), is_wanted) if path.rstrip("/").endswith("}") else ()
    return next(iter(operations), None)


def _option_in_query(operation: Operation, name: str) -> str:
    """Return the option for a name in a query. It cannot be mistaken for another input or an option of dynacli."""
    found = parameter_named(operation, name)
    if found is None:
        return f"-Q{name}"
    parameter, inside = found
    if not inside:
        return f"--{parameter.location}.{parameter.word}"
    has_option = any(".".join(field.path) == inside for field in parameter.fields)
    return f"--{parameter.option}.{inside}" if has_option else f"-Q{name}"


def is_documented_way_out(api: OpenedApi, operation: Operation, url: str, status: int, location: str) -> bool:
    """Return whether a redirect is documented and its target is not in the document.

    Such a redirect is itself the response of the operation.

    Args:
        url: URL that redirects.
        status: Status of the redirect. `default` does not document it.
        location: Value of its `Location`.
    """
    if documented_status(status, [response.status for response in operation.responses]) in {"", "default"}:
        return False
    try:
        target = split_url(join_url(url, location))
        origins = [origin_of(url), origin_of(target.geturl())]
    except ValueError:
        return True
    bases = [_base_path(split_url(url).path, operation.path)]
    for server in api.catalog.meta["servers"]:
        try:
            known = join_url(api.uri, server["url"])
            is_there = origin_of(known) == origins[1]
        except ValueError:
            continue
        if is_there:
            origins[0] = origins[1]
            bases.append(split_url(known).path.rstrip("/"))
    paths = [target.path.removeprefix(base) for base in bases if target.path.startswith(f"{base}/")]
    # Servers often redirect to the same path with a trailing slash.
    paths += [path.removesuffix("/") for path in paths]
    return origins[0] != origins[1] or not any(True for path in paths for _ in _matching(api.catalog, path))


def _base_path(path: str, template: str) -> str:
    """Return the base path: the path of a URL without the path of the operation."""
    own = template.partition("#")[0].partition("?")[0].count("/")
    return "/".join(path.split("/")[: max(path.count("/") - own, 0) + 1])


def path_options(operation: Operation, values: Mapping[str, str]) -> list[str]:
    """Return the options for the percent-encoded values of a path, given by parameter name."""
    options: list[str] = []
    for parameter in operation.parameters:
        if parameter.location == "path" and parameter.name in values:
            options += _styled_options(parameter, values[parameter.name])
    return options


def _no_operation_at(api: OpenedApi, method: str, path: str) -> UsageError:
    """Return the error for a method and a path without an operation."""
    plain = path.partition("?")[0]
    methods = dict.fromkeys(operation.method for operation, _ in _matching(api.catalog, plain))
    near = [] if methods else _near(api.catalog, plain)
    return UsageError(
        f"`{api.name}` has no operation `{method.upper()} {plain}`",
        reason=f"This path has {enumerated(list(methods), 'and')}"
        if methods
        else "The document has no such path",
        hint=did_you_mean(near, f"See them all: `{invocation('operations', api.name)}`"),
        near=near,
    )


def _matching(catalog: Catalog, path: str) -> Iterator[tuple[OperationSummary, dict[str, str]]]:
    """Yield the operations whose template matches a path, with the values of their parameters."""
    plain, _, fragment = path.partition("#")
    for operation in catalog.each_summary():
        # Some documents distinguish operations of one path by a fragment, which is not sent.
        template, _, own = operation.path.partition("#")
        values = path_values(template.partition("?")[0], plain)
        if values is not None and fragment in ("", own):
            yield operation, values


def _near(catalog: Catalog, path: str) -> list[str]:
    from difflib import get_close_matches

    paths = dict.fromkeys(operation.path for operation in catalog.each_summary() if not operation.is_hidden)
    return get_close_matches(path, paths, _MOST_NAMED, 0.6)


class UndocumentedOperation(DescribedOperation):
    """An operation that the document does not have, known by method and path alone."""

    is_documented = False

    @cached_property
    def part(self) -> dict[str, Any]:
        """The part of a document that would allow any request."""
        content: dict[str, Any] = {media_type.name: {} for media_type in ANY_BODY.content}
        return {"operation": {"requestBody": {"content": content}}, "path_item": {}}


def undocumented_operation(api: OpenedApi, method: str, path: str) -> UndocumentedOperation:
    """Return an operation for a method and a path that the document does not have.

    It uses the security schemes of the other operations, if credentials are available.

    Args:
        method: The method. Letters are converted to upper case.
        path: The path with its query.

    Raises:
        UsageError: The path has placeholders, or the method is invalid.
    """
    method = method.upper() if method.isalpha() else method
    if "{" in path or not (method.isascii() and method.replace("-", "").isalnum()):
        raise _no_operation_at(api, method, path)
    security = (*(sign_in.schemes for sign_in in api.catalog.overview().sign_ins), ())
    operation = Operation(
        f"{method} {path.partition('#')[0].partition('?')[0]}",
        "",
        method,
        path,
        "A path that the document does not have",
        body=None if method in METHODS_WITHOUT_BODY else ANY_BODY,
        security=security,
    )
    return UndocumentedOperation(api, operation)


def undocumented_note(described: DescribedOperation) -> str:
    """Return the note that the call is not validated, with the reason."""
    operation = described.operation
    missing = _no_operation_at(described.api, operation.method, operation.path)
    near = f". {missing.hint}" if missing.details["near"] else ""
    return f"Not validated: {missing.message}. {missing.reason}{near}"
