"""The arguments of a complete example call, for the help of an operation."""

import json
from collections.abc import Callable, Mapping
from typing import Any

from dynacli.errors import UsageError
from dynacli.http.semantics import essence, is_form, is_json
from dynacli.openapi.document.json_trees import leaves
from dynacli.openapi.model.media_types import is_object_of_bytes, preferred
from dynacli.openapi.model.operation import Body, MediaType, Parameter, ValueType
from dynacli.openapi.model.wording import option_pair
from dynacli.openapi.references import reference_of
from dynacli.openapi.schema.document_schemas import DocumentSchemas, NoExampleError
from dynacli.openapi.schema.documented_values import example_values_of
from dynacli.openapi.schema.example_value import example_value, example_value_for_parameter
from dynacli.openapi.schema.read_schema import Resolve
from dynacli.text.terminal import visible

_WITH_BODY = frozenset({"POST", "PUT", "PATCH"})
_MAX_WORDS = 12
"""Maximum number of arguments for a body in an example; a longer body is written as `--example`."""

_NOT_EMPTY = {"minProperties": 1, "minItems": 1}


def is_body_meant(method: str, body: Any) -> bool:
    """Return whether a call probably needs a body, although the document does not say so.

    The default of `required` is false (OpenAPI 3.1.1, "Request Body Object"), but many documents forget to set it for
    `POST`, `PUT` and `PATCH`. A document that writes `false` means it.

    Args:
        body: The Request Body Object, with its reference followed.
    """
    return method in _WITH_BODY and isinstance(body, Mapping) and body.get("required") is None


class ExampleWords:
    """Makes the arguments of an example call for each operation; shared parameters and bodies are handled once."""

    def __init__(self, resolve: Resolve) -> None:
        self._resolve = resolve
        # Store the sources, too, so that no other object gets their ids.
        self._of_parameters: dict[tuple[int, int], tuple[Any, list[str]]] = {}
        self._of_bodies: dict[tuple[int | str, int, str], tuple[Any, tuple[str, ...]]] = {}

    def __call__(
        self,
        raw: Mapping[tuple[Any, Any], Any],
        parameters: tuple[Parameter, ...],
        body: Body | None,
        schema_of: Callable[[str], Any],
    ) -> tuple[str, ...]:
        """Return the arguments after the operation's name.

        Args:
            raw: (location, name) → resolved Parameter Object.
            body: The body that the call needs; None if it needs none.
            schema_of: Returns the schema of the body for a media type, with its references, because they name the
                branches that a discriminator picks.
        """
        words: list[str] = []
        for parameter in parameters:
            if parameter.is_required:
                words.extend(self._of_parameter(parameter, raw.get(parameter.key)))
        if body is not None:
            media_type = preferred(body.content)
            words.extend(self._of_body(media_type, schema_of(media_type.name)))
        # You could not copy an argument that a terminal cannot show unchanged.
        return tuple(words) if all(visible(word, keep="") == word for word in words) else ("--example",)

    def _of_parameter(self, parameter: Parameter, described: dict[str, Any] | None) -> list[str]:
        key = id(parameter), id(described)
        if key not in self._of_parameters:
            try:
                value = parameter_example(parameter, described, self._resolve)
            except NoExampleError:
                value = parameter.name
            self._of_parameters[key] = (parameter, described), _parameter_words(parameter, value)
        return self._of_parameters[key][1]

    def _of_body(self, media_type: MediaType, schema: Any) -> tuple[str, ...]:
        ref = reference_of(schema)
        key = (
            ref if ref is not None and len(schema) == 1 else id(schema),
            id(media_type.fields),
            media_type.name,
        )
        if key not in self._of_bodies:
            words = _body_words(schema, media_type, self._resolve)
            self._of_bodies[key] = (schema, media_type.fields), words
        return self._of_bodies[key][1]


def _parameter_words(parameter: Parameter, value: Any) -> list[str]:
    if parameter.location != "path":
        return _option_words(parameter.option, value)
    text = option_text(value[0] if isinstance(value, list) and len(value) == 1 else value)
    # A value that looks like an option must follow the name of its option.
    return option_pair(f"--{parameter.option}", text) if text.startswith("-") else [text]


def parameter_example(parameter: Parameter, described: dict[str, Any] | None, resolve: Resolve) -> Any:
    """Return an example of a parameter: the example in the document, or a value made from the schema.

    Args:
        described: The Parameter Object; None if the document has none.

    Raises:
        NoExampleError: No value can be made.
    """
    value = example_value_for_parameter(
        described or {"name": parameter.name, "in": parameter.location}, resolve
    )
    if value in ({}, []) and parameter.is_required and described is not None and "schema" in described:
        # Empty values are not sent, and the document requires the parameter.
        value = example_value({"allOf": [described["schema"], _NOT_EMPTY]}, resolve)
    if parameter.location != "path":
        return value
    if value == "string" and _allows(parameter.name, parameter.value):
        # `issues-get owner repo 1` reads better than `issues-get string string 1`.
        return parameter.name
    if is_json(parameter.media_type):
        return value  # JSON can write every value
    # An empty value would result in another path.
    return parameter.name if value in ("", None, [], {}) else value


def _allows(text: str, value: ValueType) -> bool:
    limits = value.limits or {}
    if value.type not in {"string", "any"} or value.format or value.enum or "pattern" in limits:
        return False
    shortest, longest = limits.get("minLength", 0), limits.get("maxLength", len(text))
    return all(isinstance(limit, int) for limit in (shortest, longest)) and shortest <= len(text) <= longest


def _option_words(option: str, value: Any) -> list[str]:
    """Return an option with its value; an array of scalars repeats the option."""
    items = value if isinstance(value, list) else [value]
    # A single item that looks like a JSON array would be read as the whole array.
    is_ambiguous = items is value and len(items) == 1 and option_text(items[0]).lstrip().startswith("[")
    if not items or is_ambiguous or any(map(_needs_json, items)):
        items = [value]
    return [word for item in items for word in option_pair(f"--{option}", option_text(item))]


def _body_words(schema: Any, media_type: MediaType, resolve: Resolve) -> tuple[str, ...]:
    if not media_type.fields or not (is_json(media_type.name) or is_form(media_type.name)):
        return ("--example",)
    try:
        value = example_value(schema, resolve)
    except NoExampleError:
        return ("--body", "{}")
    if not isinstance(value, Mapping):
        return ("--example",)
    options = {field.path: field.option for field in media_type.fields}
    words: list[str] = []
    for path, leaf in leaves(value):
        option = options.get(path)
        if option is None or leaf is None or leaf == "":
            return ("--example",)
        if isinstance(leaf, Mapping) or (isinstance(leaf, list) and any(map(_needs_json, leaf))):
            return ("--example",)
        words.extend(_option_words(option, leaf))
    if len(words) > _MAX_WORDS or not words:
        return ("--example",)
    return tuple(words)


def _needs_json(value: Any) -> bool:
    return value is None or isinstance(value, Mapping | list)


def body_example(media: Mapping[str, Any], resolve: Resolve, schemas: DocumentSchemas | None = None) -> Any:
    """Return an example of a body: the example in the document, or a value made from the schema.

    The example in the document must match the schema, because many have properties of responses, or are JSON in a
    string.

    Args:
        media: The Media Type Object.
        resolve: Returns the target of a reference.
        schemas: The evaluator of the schema, for callers that have one, so that each schema is compiled once.

    Raises:
        NoExampleError: No value can be made.
    """
    schema = media.get("schema")
    schemas = schemas or DocumentSchemas(resolve, "request")
    for value in example_values_of(media, resolve):
        try:
            if schemas.fits(value, schema):
                return value
        except (NoExampleError, RecursionError):
            return value  # the value may match
    return example_value(schema, resolve)


def option_text(value: Any) -> str:
    """Return a JSON value as the text of an option: a string unchanged, other values as JSON."""
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def text_body(example: Any, media_type: str, schema: Any) -> bytes:
    """Return an example of a body that options cannot build, such as text, bytes or an unsigned token.

    Args:
        schema: The schema of the body in the normal form; None if it has none.

    Raises:
        UsageError: The value cannot be written in the media type.
    """
    if isinstance(example, str | int | float):
        return option_text(example).encode()
    if essence(media_type) == "application/jwt":
        return _unsecured_token(example)
    if is_object_of_bytes(schema or {}):
        return b"string"
    raise UsageError(
        f"Cannot make an example body of `{media_type}`", hint="Give the whole body: `--body @FILE`"
    )


def _unsecured_token(claims: Any) -> bytes:
    """Return a token with claims and without a signature (RFC 7519, section 6)."""
    from base64 import urlsafe_b64encode

    parts = (
        urlsafe_b64encode(json.dumps(part, separators=(",", ":")).encode()).rstrip(b"=")
        for part in ({"alg": "none"}, claims)
    )
    return b".".join([*parts, b""])
