"""The names in a query: the parameter of each name, and names that the document does not declare.

A parameter may have another name in the request than in the document. The object `filter` is `filter[status]=open` in
the style `deepObject`, and `status=open` if it is exploded (OpenAPI 3.1.1, "Style Examples").
"""

from urllib.parse import parse_qsl

from dynacli.openapi.model.operation import Operation, Parameter
from dynacli.openapi.model.wording import did_you_mean

UNDECLARED_BODY = "The body is not in the OpenAPI document"


def parameter_named(operation: Operation, name: str) -> tuple[Parameter, str] | None:
    """Return the parameter that a name in the query belongs to, and its field; None for an undeclared name.

    Args:
        name: The decoded name.

    Returns:
        The parameter, and the path of the field in it with dots: empty for the parameter itself.
    """
    found = [
        parameter for parameter in operation.parameters if parameter.location in {"query", "querystring"}
    ]
    for parameter in found:
        if parameter.name == name and parameter.location == "query":
            return parameter, ""
    for parameter in found:
        start = f"{parameter.name}["
        if parameter.style == "deepObject" and name.startswith(start) and name.endswith("]"):
            return parameter, name[len(start) : -1].replace("][", ".")
    for parameter in found:
        is_spread = parameter.location == "querystring" or (parameter.style == "form" and parameter.explode)
        if is_spread and any(field.path == (name,) for field in parameter.fields):
            return parameter, name
    return None


def is_declared(operation: Operation, name: str) -> bool:
    """Return whether the document declares a name in the query: as a parameter, in the path, or as an API key."""
    return (
        parameter_named(operation, name) is not None
        or name in fixed_names(operation)
        or ("query", name) in operation.api_keys
        or any(map(_takes_any_name, operation.parameters))
    )


def _takes_any_name(parameter: Parameter) -> bool:
    """Return whether a parameter adds arbitrary names to the query: an exploded object, or a `querystring`."""
    is_object = parameter.value.type == "object" and (bool(parameter.value.items) or not parameter.fields)
    is_spread = parameter.location == "query" and parameter.style == "form" and parameter.explode
    return parameter.location == "querystring" or (is_object and is_spread and not parameter.media_type)


def fixed_names(operation: Operation) -> frozenset[str]:
    """Return the names in the query that the document writes in a path: `action` in `/messages?action=send`."""
    query = operation.path.partition("#")[0].partition("?")[2]
    return frozenset(name for name, _ in parse_qsl(query, keep_blank_values=True))


def undeclared_text(operation: Operation, name: str) -> str:
    """Return the message about an undeclared name in the query, with a similar name if there is one."""
    declared = (parameter.name for parameter in operation.parameters if parameter.location == "query")
    near = [item for item in declared if _is_one_edit_from(name, item)]
    return ". ".join(filter(None, (f"`{name}` is not in the OpenAPI document", did_you_mean(near[:1]))))


def _is_one_edit_from(word: str, other: str) -> bool:
    """Return whether two names differ by one letter, or by two swapped neighbours."""
    start = _common_length(word, other)
    left, right = word[start:], other[start:]
    end = _common_length(left[::-1], right[::-1])
    left, right = left[: len(left) - end], right[: len(right) - end]
    return max(len(left), len(right)) == 1 or (len(left) == 2 and left == right[::-1])


def _common_length(word: str, other: str) -> int:
    """Return the length of the common prefix."""
    shorter = min(len(word), len(other))
    return next((at for at in range(shorter) if word[at] != other[at]), shorter)
