"""The frozen data model of an operation: its parameters, body, responses, security schemes and servers.

The compiler makes an operation from the document and stores it as one row of JSON. A run reads that row.
The names come from the OpenAPI specification (3.0.4 and 3.1.1, "Operation Object" and its parts).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any, Literal

from dynacli.record import record

Dialect = Literal["3.0", "3.1", "3.2"]
"""The version of OpenAPI whose rules apply to schemas."""

ANY = "any"
EACH = "[]"
"""Step into the items of an array, in a `Field.path`."""
MORE, AGAIN = "more", "again"
"""Values of `Field.below`: deeper options exist but are not listed; the schema is recursive."""

_QUOTE = r"[\"'`\u2018\u2019\u201c\u201d]"
_WORD = r"([A-Za-z][A-Za-z-]{1,30})"
_KEY = r"(?:[<{\[$]|[A-Z_]{3,}\b|[0-9a-f]{16})"
_FILLER = "(?:with|by|of|is|must|be|the|word|value|string)"
_PREFIX_IN_PROSE = (
    # required prefix "Token"; prefixed with `Bearer`; prepended with "token"
    rf"\b(?:[Pp]refix(?:ed)?|prepended|preceded)(?: {_FILLER})*:? {_QUOTE}{_WORD} ?{_QUOTE}",
    rf"{_QUOTE}{_WORD} ?{_QUOTE} (?:as (?:a |the )?)?prefix\b",  # the "Token" prefix
    rf"{_QUOTE}{_WORD} {_QUOTE}",  # 'Token ' + key
    rf"(?:\bAuthorization: ?|{_QUOTE}){_WORD} {_KEY}",  # Authorization: Token YOUR_KEY; `Bearer <token>`
)
"""Patterns that find the prefix of an API key in its description."""
_NO_PREFIXES = frozenset(("A", "API", "An", "Api", "My", "The", "Your", "a", "an", "my", "the", "your"))
_NO_SINGLE_PREFIX = (
    rf"(?i)\b(?:no|not|never|without|don['\u2019]t|omit|optional(?:ly)?)\b|{_QUOTE} or (?:the )?{_QUOTE}"
)
_LONGEST_PROSE = 2_000
"""Maximum number of characters of a description to search."""

WITHOUT_BODY = frozenset({204, 205, 304})
"""Statuses whose responses have no body: RFC 9110, sections 15.3.5, 15.3.6 and 15.4.5."""

ITEM_FORMATS_KEY = "x-dynacli-item-formats"
"""Key for the `collectionFormat` of each inner list, the outer first, in Parameter and Encoding Objects.

The conversion from Swagger 2.0 adds it, because OpenAPI 3 has no such field.
"""

WEBHOOKS_POINTER = "/x-dynacli-webhooks"
"""Key of the list of webhooks; it is stored among the components, so that it is read only on demand."""
IGNORED_HEADERS = frozenset({"accept", "content-type", "authorization"})
"""Header parameters of these names "shall be ignored" (OpenAPI 3.1.1, "Parameter Object")."""
_STYLES = {
    "path": ("simple", "label", "matrix", "ssv", "tsv", "pipes"),
    "query": ("form", "spaceDelimited", "pipeDelimited", "deepObject", "tsv"),
    "querystring": ("form",),
    "header": ("simple", "ssv", "tsv", "pipes"),
    "cookie": ("form", "cookie"),
}
"""Location → its styles, the default first (OpenAPI 3.2.0, "Style Values").

`ssv`, `tsv` and `pipes` are values of `collectionFormat` in Swagger 2.0. OpenAPI 3 has no style for them there.
"""


def of_first_items(option: str) -> str:
    """Return an option with the index of the first item in each array: `criteria.0.text`, which needs no quotes."""
    return option.replace(EACH, ".0").removeprefix(".")


@record
class ValueType:
    """The value that an option takes: a flat summary of its schema.

    Args:
        type: `string`, `integer`, `number`, `boolean`, `array`, `object` or `any`.
        format: The schema's `format`; empty if it has none.
        enum: The allowed values; empty if all are allowed.
        has_default: Whether the schema names a default.
        default: The schema's default, a JSON value.
        limits: Bounds, lengths and the pattern by their JSON Schema keyword.
        is_nullable: Whether null is allowed.
        items: The type of an array's items, or of an object's additional properties.
    """

    type: str = ANY
    format: str = ""
    enum: tuple[Any, ...] = ()
    has_default: bool = False
    default: Any = None
    limits: Mapping[str, Any] | None = None
    is_nullable: bool = False
    items: ValueType | None = None

    @property
    def has_known_default(self) -> bool:
        """Whether the schema's default can replace a missing value; null and empty defaults cannot."""
        return self.has_default and self.default not in (None, [], {})

    @property
    def type_words(self) -> str:
        """The type as messages show it: `integer`, or `array of string`."""
        is_list = self.type == "array" and self.items is not None
        return f"array of {self.items.type}" if is_list and self.items else self.type


@record
class Field:
    """A field of a body or of an object parameter that has its own option.

    Args:
        path: Property names from the root; `[]` steps into the items of an array.
        option: The option's name without dashes, for example `schedule.cron`.
        value: What the option takes.
        is_required: Whether its parent is invalid without it.
        is_needed: Whether the whole value is invalid without it, because its parents are required, too.
        is_deprecated: Whether the schema is deprecated.
        description: In a compiled operation, the first sentence of the schema's description as plain text. In a listing
            of a schema's fields, the whole description in Markdown.
        branch: The branches that have the field, as help prints them; empty if all have it.
        below: `MORE` if deeper options are not listed, `AGAIN` if the schema is recursive, else empty.
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

    @property
    def must_be_given(self) -> bool:
        """Whether the user must give the field: the value is invalid without it, and it has no default."""
        return self.is_needed and not self.value.has_known_default


@record
class Choice:
    """A part of a body that has several branches (`oneOf`, `anyOf`). Only one of them applies.

    Args:
        option: The option of that part without dashes; empty for the whole body.
        by: The option, without dashes, of the property that selects the branch; empty if the given options select it.
        branches: The name of each branch with the value that selects it; the value is empty if none does.
        more: Number of branches that are not listed.
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
        value: What the option takes.
        style: The document's style, else the location's default.
        explode: The document's `explode`, else the style's default.
        item_formats: The `collectionFormat` of each inner list, the outer first (Swagger 2.0).
        allow_reserved: Whether reserved characters (RFC 3986) are sent unescaped.
        allow_empty: Whether the empty string is allowed for a value of any type (`allowEmptyValue`).
        media_type: The media type of a parameter that has `content` instead of `schema`.
        description: First sentence of its description, as plain text.
        encoding: Property name → Encoding Object, if the media type is a form.
        fields: The options of an object parameter's properties.
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
    item_formats: tuple[str, ...] = ()

    @property
    def word(self) -> str:
        """The option without the prefix of its location, which is there only to avoid a clash of names."""
        return self.option.removeprefix(f"{self.location}.")

    @property
    def argument(self) -> str:
        """The name of the argument in usage lines and messages: `RUN_ID`."""
        return self.word.upper().replace("-", "_")

    @property
    def must_be_given(self) -> bool:
        """Whether the user must give the parameter: it is required and has no default."""
        return self.is_required and not self.value.has_known_default

    @property
    def key(self) -> tuple[str, str]:
        """The location and the name, which are unique within the operation."""
        return self.location, self.name


@record
class MediaType:
    """A media type of a body, with the options that build the body.

    Args:
        name: The media type, as the document spells it.
        value: The type of the whole body.
        fields: The options, in the order of the document.
        is_cut: Whether the schema has deeper fields than are listed; their options work anyway.
        choices: The parts of the body that have several branches.
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


ANY_BODY = Body((MediaType("application/json", ValueType()), MediaType("*/*", ValueType())))
"""Body of an operation without a declared body: JSON, or any other media type."""


@record
class DocumentedResponse:
    """A documented response.

    Args:
        status: `200`, `4XX` or `default`, as the document spells it.
        description: First sentence of its description, as plain text.
        schema_name: The schema's component name or type, for help; empty if there is no schema.
    """

    status: str
    description: str = ""
    media_types: tuple[str, ...] = ()
    schema_name: str = ""


@record
class SecurityScheme:
    """A security scheme as an operation uses it.

    Args:
        name: Its key in the document.
        type: `http`, `apiKey`, `oauth2`, `openIdConnect`, `mutualTLS`, or empty if the document does not define it.
        scheme: For `http`: `bearer`, `basic`, ... in lower case.
        location: For `apiKey`: `query`, `header` or `cookie`.
        parameter: For `apiKey`: the name of that parameter.
        scopes: The scopes that the operation requires.
        prefix: For `apiKey`: the prefix of the value, from the configuration or the description; OpenAPI has no field
            for it.
        has_password_flow: For `oauth2`: whether a user name and a password can be exchanged for a token.
    """

    name: str
    type: str = ""
    scheme: str = ""
    location: str = ""
    parameter: str = ""
    scopes: tuple[str, ...] = ()
    prefix: str = ""
    has_password_flow: bool = False


@record
class Server:
    """A server of the document, a path or an operation.

    Args:
        url: The URL as the document spells it, possibly relative or with `{variables}`.
        variables: Name → `{"default": TEXT or None, "enum": [...]}`.
        name: The server's `name` (OpenAPI 3.2).
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
        description: The blocks of its description, as `text.wrapping.Blocks` describes them.
        security: Alternatives, each a set of schemes that are used together. Empty if no security is declared.
            If an alternative is empty, anonymous calls are allowed.
        example: Arguments and options that make a complete call, without the name of the operation.
        media_headers: Header → value, of the required `Accept` and `Content-Type` parameters. They are not options
            ("shall be ignored"), but dynacli sends the values that the document gives them.
    """

    name: str
    operation_id: str
    method: str
    path: str
    summary: str = ""
    description: tuple[Any, ...] = ()
    tags: tuple[str, ...] = ()
    is_deprecated: bool = False
    is_hidden: bool = False
    aliases: tuple[str, ...] = ()
    parameters: tuple[Parameter, ...] = ()
    body: Body | None = None
    responses: tuple[DocumentedResponse, ...] = ()
    security: tuple[tuple[SecurityScheme, ...], ...] = ()
    servers: tuple[Server, ...] = ()
    example: tuple[str, ...] = ()
    media_headers: Mapping[str, str] | None = None

    @property
    def takes_options(self) -> bool:
        """Whether the operation has inputs that are not path parameters."""
        return self.body is not None or any(parameter.location != "path" for parameter in self.parameters)

    @property
    def api_keys(self) -> frozenset[tuple[str, str]]:
        """The location and the name of each API key in the operation's security."""
        return frozenset(
            (scheme.location, scheme.parameter)
            for alternative in self.security
            for scheme in alternative
            if scheme.type == "apiKey"
        )


def documented_status(status: int, documented: Iterable[str]) -> str:
    """Return the key that describes a status in the document: code, range or `default`; empty for none.

    Args:
        documented: The keys of an operation's Responses Object.
    """
    # Documents write `4xx` for `4XX`.
    keys = {key.upper(): key for key in documented if not key.startswith("x-")}
    for wanted in (str(status), f"{status // 100}XX", "DEFAULT"):
        if wanted in keys:
            return keys[wanted]
    return ""


def is_documented_name(name: str) -> bool:
    """Return whether a name is an operation of the document, instead of a method and a path."""
    return " " not in name


def has_password_flow(scheme: Mapping[str, Any]) -> bool:
    """Return whether a Security Scheme Object has a password flow with a token URL."""
    flows = scheme.get("flows")
    flow = flows.get("password") if isinstance(flows, Mapping) else None
    return scheme.get("type") == "oauth2" and isinstance(flow, Mapping) and bool(flow.get("tokenUrl"))


def prefix_in_prose(scheme: Mapping[str, Any]) -> str:
    """Return the prefix of an API key in `Authorization` according to the Security Scheme Object's description.

    The prefix is empty if the description names none or several, or says that there is none.
    """
    description, name = scheme.get("description"), scheme.get("name")
    is_key = scheme.get("type") == "apiKey" and scheme.get("in") == "header"
    if not (is_key and isinstance(name, str) and name.lower() == "authorization"):
        return ""
    text = " ".join(description[:_LONGEST_PROSE].split()) if isinstance(description, str) else ""
    found: set[str] = set()
    for sentence in re.split(r"(?<=[.!?]) ", text):
        words = {word for pattern in _PREFIX_IN_PROSE for word in re.findall(pattern, sentence)}
        if re.search(_NO_SINGLE_PREFIX, sentence) and (words or "prefix" in sentence.lower()):
            return ""
        found |= words - _NO_PREFIXES
    return found.pop() if len(found) == 1 else ""


def default_style(location: str) -> str:
    """Return the default style of a location."""
    return _STYLES[location][0]


def has_style(location: str, declared: Any) -> bool:
    """Return whether the `style` that a document declares is allowed at the location."""
    return isinstance(declared, str) and declared in _STYLES[location]


def style_of(location: str, declared: Any) -> str:
    """Return the declared style if the location allows it, else the default."""
    return str(declared) if has_style(location, declared) else default_style(location)


def item_formats_of(described: Mapping[str, Any]) -> tuple[str, ...]:
    """Return the `collectionFormat` of each inner list of a Parameter or Encoding Object."""
    found = described.get(ITEM_FORMATS_KEY)
    known = found if isinstance(found, list) else []
    return tuple(name for name in known if name in {"csv", "ssv", "tsv", "pipes"})


def explodes(style: str, declared: Any) -> bool:
    """Return the declared `explode`, or the default of the style: whether members are separate parameters."""
    return declared if isinstance(declared, bool) else style in {"form", "cookie"}
