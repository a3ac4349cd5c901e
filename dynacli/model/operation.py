"""The frozen data model of an operation and of what it has.

The compiler makes these from a document, the store keeps each operation as one row of JSON,
and the runner reads that one row back.
Names are those of the OpenAPI specification (3.0.4 and 3.1.1, "Operation Object" and its parts).
"""

from collections.abc import Mapping
from typing import Any

from dynacli.record import record

__all__ = [
    "AGAIN",
    "ANY",
    "EACH",
    "MORE",
    "WEBHOOKS",
    "Body",
    "Choice",
    "Field",
    "MediaType",
    "Operation",
    "OperationSummary",
    "Parameter",
    "Response",
    "SecurityScheme",
    "Server",
    "ValueType",
]

ANY = "any"
EACH = "[]"
"""The step into the items of an array, in a `Field.path`."""
MORE, AGAIN = "more", "again"
"""What a `Field.below` says of options that are not listed: there are some; they are those above once more."""

WEBHOOKS = "/x-dynacli-webhooks"
"""Where a catalog keeps the list of its webhooks: among the components, so that only what shows it reads it."""


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

    @property
    def has_known_default(self) -> bool:
        """Whether the document tells what is sent where nothing is given: a default that can be written anywhere."""
        return self.has_default and self.default not in (None, [], {})


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
        branch: The branches that have it, as help says it; empty where all have.
        below: Whether it has options below it that are not listed: `MORE`, or `AGAIN` where it holds itself.
    """

    path: tuple[str, ...]
    option: str
    value: ValueType
    is_required: bool = False
    is_deprecated: bool = False
    description: str = ""
    is_needed: bool = False
    branch: str = ""
    below: str = ""


@record
class Choice:
    """A place in a body where one of several branches holds.

    Args:
        option: The option of that place without dashes; empty for the body as a whole.
        by: The word of the property that picks the branch; empty where the given options do.
        branches: Their names, each with the value that picks it, empty where nothing does.
        more: How many more there are.
    """

    option: str
    by: str = ""
    branches: tuple[tuple[str, str], ...] = ()
    more: int = 0


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
        allow_empty: Whether the empty string may stand for a value of any type (`allowEmptyValue`).
        media_type: The media type of a parameter that has `content` instead of `schema`.
        encoding: Property name → Encoding Object, of one whose media type is a form.
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
    allow_empty: bool = False
    media_type: str = ""
    encoding: Mapping[str, Any] | None = None
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
        choices: The places where one of several branches holds.
    """

    name: str
    value: ValueType
    fields: tuple[Field, ...] = ()
    is_cut: bool = False
    choices: tuple[Choice, ...] = ()


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
        variables: Name → `{"default": TEXT or None, "enum": [...]}`.
        name: What OpenAPI 3.2 calls it by.
    """

    url: str
    description: str = ""
    variables: Mapping[str, Any] | None = None
    name: str = ""


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
