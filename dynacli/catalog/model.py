"""The frozen data model of an operation and of what it has.

The compiler makes these from a document, the store keeps each operation as one row of JSON,
and the runner reads that one row back.
Names are those of the OpenAPI specification (3.0.4 and 3.1.1, "Operation Object" and its parts).
"""

from collections.abc import Mapping
from typing import Any

from dynacli.record import record

__all__ = [
    "Body",
    "Field",
    "MediaType",
    "Operation",
    "OperationSummary",
    "Parameter",
    "Response",
    "SecurityScheme",
    "Server",
    "ValueType",
    "operation_from_row",
]

ANY = "any"
EACH = "[]"
"""The step into the items of an array, in a `Field.path`."""


@record
class ValueType:
    """The flat summary of a schema: what one option takes.

    Args:
        type: `string`, `integer`, `number`, `boolean`, `array`, `object` or `any`.
        format: The schema's `format`, empty where it has none.
        enum: The values it allows, empty where it allows all.
        has_default: Whether the schema names a default.
        default: The schema's default, a JSON value.
        limits: Bounds, lengths and the pattern by their JSON Schema keyword.
        is_nullable: Whether null is allowed.
        items: What an array holds, or an object under names that the schema does not list.
    """

    type: str = ANY
    format: str = ""
    enum: tuple[Any, ...] = ()
    has_default: bool = False
    default: Any = None
    limits: Mapping[str, Any] | None = None
    is_nullable: bool = False
    items: "ValueType | None" = None


@record
class Field:
    """A place inside a body or inside an object parameter that has an option of its own.

    Args:
        path: Property names from the root; `[]` steps into the items of an array.
        option: The option's name without dashes, for example `schedule.cron`.
        value: What it takes.
        is_required: Whether the value is invalid without it, as far as its parents are given.
        is_needed: Whether it is invalid without it in any case, because its parents are required too.
        is_deprecated: Whether the schema says so.
        description: The schema's description, Markdown.
    """

    path: tuple[str, ...]
    option: str
    value: ValueType
    is_required: bool = False
    is_deprecated: bool = False
    description: str = ""
    is_needed: bool = False


@record
class Parameter:
    """A path, query, header or cookie parameter.

    Args:
        name: The name on the wire.
        location: The document's `in`.
        option: The option's name without dashes.
        value: What it takes.
        style: The document's or the location's default style.
        explode: The document's or the style's default.
        allow_reserved: Whether RFC 3986 reserved characters are sent as they are.
        media_type: The media type of a parameter that has `content` instead of `schema`.
        fields: The properties of an object parameter.
    """

    name: str
    location: str
    option: str
    value: ValueType
    is_required: bool = False
    is_deprecated: bool = False
    is_hidden: bool = False
    style: str = "form"
    explode: bool = True
    allow_reserved: bool = False
    media_type: str = ""
    description: str = ""
    aliases: tuple[str, ...] = ()
    fields: tuple[Field, ...] = ()


@record
class MediaType:
    """One media type that a body can be sent as, with the options that build it.

    Args:
        name: As the document spells it.
        value: What the body as a whole is.
        fields: The options, in document order.
        is_cut: Whether the schema goes deeper than the fields listed; deeper ones work all the same.
    """

    name: str
    value: ValueType
    fields: tuple[Field, ...] = ()
    is_cut: bool = False


@record
class Body:
    """The request body."""

    content: tuple[MediaType, ...]
    is_required: bool = False
    description: str = ""


@record
class Response:
    """One documented answer.

    Args:
        status: `200`, `4XX` or `default`, as the document spells it.
        schema_name: The component's name or the type, for the help; empty where there is no schema.
    """

    status: str
    description: str = ""
    media_types: tuple[str, ...] = ()
    schema_name: str = ""


@record
class SecurityScheme:
    """A security scheme as one operation uses it.

    Args:
        name: Its key in the document.
        type: `http`, `apiKey`, `oauth2`, `openIdConnect`, `mutualTLS`, or empty when it is not defined.
        scheme: For `http`: `bearer`, `basic`, ... in lower case.
        location: For `apiKey`: `query`, `header` or `cookie`.
        parameter: For `apiKey`: the name of that parameter.
        scopes: What the operation asks for.
    """

    name: str
    type: str = ""
    scheme: str = ""
    location: str = ""
    parameter: str = ""
    scopes: tuple[str, ...] = ()


@record
class Server:
    """A server of the document, its path or its operation.

    Args:
        url: As the document spells it: relative, or with `{variables}`.
        variables: Name → `{"default": ..., "enum": [...]}`.
    """

    url: str
    description: str = ""
    variables: Mapping[str, Any] | None = None


@record
class OperationSummary:
    """An operation as lists show it."""

    name: str
    operation_id: str
    method: str
    path: str
    tags: tuple[str, ...]
    summary: str
    is_deprecated: bool
    is_hidden: bool


@record
class Operation:
    """An operation with everything that its command needs.

    Args:
        security: Alternatives, each a set of schemes that go together;
            empty: no security is declared; an empty alternative: anonymous calls are allowed.
        example: The words after the operation's name that make a call which runs as it stands.
    """

    name: str
    operation_id: str
    method: str
    path: str
    summary: str = ""
    description: str = ""
    tags: tuple[str, ...] = ()
    is_deprecated: bool = False
    is_hidden: bool = False
    aliases: tuple[str, ...] = ()
    parameters: tuple[Parameter, ...] = ()
    body: Body | None = None
    responses: tuple[Response, ...] = ()
    security: tuple[tuple[SecurityScheme, ...], ...] = ()
    servers: tuple[Server, ...] = ()
    example: tuple[str, ...] = ()


# Reading a row back. Written out rather than generic: this runs on every start of a command.


def operation_from_row(row: Mapping[str, Any]) -> Operation:
    """Return the operation that `orjson.dumps(operation)` wrote."""
    body = row["body"]
    return Operation(
        name=row["name"],
        operation_id=row["operation_id"],
        method=row["method"],
        path=row["path"],
        summary=row["summary"],
        description=row["description"],
        tags=tuple(row["tags"]),
        is_deprecated=row["is_deprecated"],
        is_hidden=row["is_hidden"],
        aliases=tuple(row["aliases"]),
        parameters=tuple(_parameter(item) for item in row["parameters"]),
        body=None
        if body is None
        else Body(
            content=tuple(_media_type(item) for item in body["content"]),
            is_required=body["is_required"],
            description=body["description"],
        ),
        responses=tuple(
            Response(item["status"], item["description"], tuple(item["media_types"]), item["schema_name"])
            for item in row["responses"]
        ),
        security=tuple(
            tuple(SecurityScheme(**{**scheme, "scopes": tuple(scheme["scopes"])}) for scheme in alternative)
            for alternative in row["security"]
        ),
        servers=tuple(Server(**item) for item in row["servers"]),
        example=tuple(row["example"]),
    )


def _parameter(item: dict[str, Any]) -> Parameter:
    item["value"] = _value_type(item["value"])
    item["aliases"] = tuple(item["aliases"])
    item["fields"] = tuple(_field(part) for part in item["fields"])
    return Parameter(**item)


def _media_type(item: Mapping[str, Any]) -> MediaType:
    return MediaType(
        name=item["name"],
        value=_value_type(item["value"]),
        fields=tuple(_field(part) for part in item["fields"]),
        is_cut=item["is_cut"],
    )


def _field(item: dict[str, Any]) -> Field:
    item["path"] = tuple(item["path"])
    item["value"] = _value_type(item["value"])
    return Field(**item)


def _value_type(item: dict[str, Any]) -> ValueType:
    item["enum"] = tuple(item["enum"])
    if item["items"] is not None:
        item["items"] = _value_type(item["items"])
    return ValueType(**item)
