"""Paths of Swagger 2.0 → paths of OpenAPI 3.0; parameters for bodies and forms become request bodies."""

from typing import Any, NamedTuple

from dynacli.features.swagger2.conversion_ledger import ConvertedPlace
from dynacli.features.swagger2.convert_schemas import (
    MediaTypes,
    convert_content,
    convert_schema,
    read_media_types,
    to_fragment,
)
from dynacli.features.swagger2.convert_servers import ServerAddress, convert_requirements
from dynacli.openapi.document.json_trees import join
from dynacli.openapi.document.objects import operations_of
from dynacli.openapi.document.workarounds import meant_boolean
from dynacli.openapi.references import beside_reference, reference_of, reference_to

_OF_SCHEMA = frozenset(
    {"type", "format", "items", "default", "enum", "multipleOf", "pattern", "uniqueItems"}
    | {"maximum", "exclusiveMaximum", "minimum", "exclusiveMinimum"}
    | {"maxLength", "minLength", "maxItems", "minItems"}
    # Swagger 2.0 does not allow these in parameters, but documents have them.
    | {"properties", "additionalProperties", "allOf", "anyOf", "oneOf", "not", "const", "$schema", "id"}
    | {"maxProperties", "minProperties", "discriminator"}
)
"""Keywords that describe the value of a parameter."""

_NOT_OF_FIELD = frozenset(
    {
        "name",
        "in",
        "required",
        "allowEmptyValue",
        "collectionFormat",
        "schema",
        "style",
        "explode",
        "x-example",
    }
)
"""Keywords of a form field that do not become keywords of its schema."""

_STYLES = {
    "csv": ("form", False),
    "ssv": ("spaceDelimited", False),
    "tsv": ("tsv", False),
    "pipes": ("pipeDelimited", False),
    "multi": ("form", True),
}
"""`collectionFormat` (2.0, "Parameter Object") → `style` and `explode` (3.0.4, "Style Values") in a query or a form.

A style that 3.0 does not have keeps its name from 2.0.
"""

_ITEM_FORMATS = "x-dynacli-item-formats"
"""Key of an extension with the `collectionFormat` of lists within a list, which 3.0 cannot express."""

_DEFAULTS = {"path": "csv", "header": "csv", "multipart": "multi"}
"""Location in which 3.0 has a single style for lists → the `collectionFormat` of this style."""
_EMPTY = frozenset({"204", "205"})
"""The successful statuses without content (RFC 9110, sections 15.3.5 and 15.3.6)."""
_EXAMPLES = ("x-example", "x-examples")


def _keywords_of_value(raw: dict[str, Any]) -> dict[str, Any]:
    """Return the keywords of a parameter that describe its value."""
    return {
        key: value
        for key, value in raw.items()
        if key in _OF_SCHEMA or (key == "x-nullable" and isinstance(value, bool))
    }


def convert_swagger_parameter(raw: dict[str, Any], place: ConvertedPlace) -> dict[str, Any]:
    """Return a parameter in the path, the query, a header or a cookie."""
    converted = _without_style(raw, place)
    converted.update(_style(raw, str(raw.get("in")).strip().lower(), place))
    return converted


def convert_header(raw: Any, place: ConvertedPlace) -> Any:
    """Return a header of a response; a value that is not an object is returned unchanged."""
    if not isinstance(raw, dict):
        return raw
    if reference_of(raw) is not None:
        return place.ledger.copy_reference(raw, "headers")
    converted = _without_style(raw, place)
    converted.update(_style(raw, "header", place))
    return converted


def convert_field(raw: dict[str, Any], place: ConvertedPlace) -> Any:
    """Return the schema of a form field."""
    place.note_move()
    keywords = {key: value for key, value in raw.items() if key not in _NOT_OF_FIELD}
    if isinstance(raw.get("schema"), dict):  # as in OpenAPI 3.0
        schema = place.relocated(("schema",), ())
        for key in raw["schema"]:
            schema.below(key).note_move()
        converted = convert_schema(raw["schema"], schema)
        return {**keywords, **converted} if reference_of(converted) is None else converted
    if raw.get("allowEmptyValue") is True and raw.get("type") not in (None, "string", "file"):
        place.below("allowEmptyValue").warn("`allowEmptyValue` of a form field cannot be carried over")
    converted = convert_schema(_plain_items(keywords, place), place)
    if "x-example" in raw and "example" not in converted:
        old = place.below("x-example").old
        converted["example"] = place.below("example").note_made(raw["x-example"], old)
    return converted


def _convert_encoding(
    raw: dict[str, Any], place: ConvertedPlace, *, is_multipart: bool
) -> dict[str, Any] | None:
    """Return the encoding of a form field; None if it is the default of 3.0 (3.0.4, "Encoding Object")."""
    if is_multipart:
        # In 3.0, styles have no effect in multipart bodies.
        is_file = isinstance(raw.get("items"), dict) and raw["items"].get("type") == "file"
        return None if is_file or "style" in raw else _style(raw, "multipart", place) or None
    # In 3.0, lists in forms have the style of `multi` by default.
    is_multi = raw.get("collectionFormat") == "multi" and not _holds_lists(raw)
    is_needed = not is_multi or "style" in raw or "explode" in raw
    return _style(raw, "formData", place) or None if is_needed else None


def _without_style(raw: dict[str, Any], place: ConvertedPlace) -> dict[str, Any]:
    """Return a parameter or a header without its style."""
    keywords = _keywords_of_value(raw)
    converted: dict[str, Any] = {
        key: value
        for key, value in raw.items()
        if key not in keywords and key not in {"collectionFormat", "schema"}
    }
    if isinstance(raw.get("schema"), dict):  # as in OpenAPI 3.0, or in a body
        converted["schema"] = convert_schema(raw["schema"], place.below("schema"))
        for key, value in keywords.items():
            if converted["schema"].get(key) != value and key != "x-nullable":
                place.below(key).warn(f"`{key}` beside `schema` is ignored")
    else:
        schema = place.relocated((), ("schema",))
        schema.note_origin()
        if isinstance(keywords.get("items"), dict):
            schema.below("items").note_move()
        converted["schema"] = convert_schema(_plain_items(keywords, place), schema)
    _convert_examples(converted, place)
    return converted


def _convert_examples(converted: dict[str, Any], place: ConvertedPlace) -> None:
    """Replace the extensions for examples of parameters, for which 2.0 has no field."""
    if "example" in converted or "examples" in converted:
        return
    if "x-example" in converted:
        old = place.below("x-example").old
        converted["example"] = place.below("example").note_made(converted.pop("x-example"), old)
    elif isinstance(converted.get("x-examples"), dict) and converted["x-examples"]:
        old = place.below("x-examples").old
        examples = converted.pop("x-examples")
        converted["examples"] = {}
        for name, value in examples.items():
            example = place.relocated(("x-examples", name), ("examples", name, "value"))
            place.below("examples", name).note_made({}, example.old)
            example.note_origin()
            converted["examples"][name] = {"value": value}
        place.below("examples").note_made({}, old)


def _plain_items(keywords: dict[str, Any], place: ConvertedPlace) -> dict[str, Any]:
    """Return the keywords of a value without the `collectionFormat` of lists within lists."""
    items = keywords.get("items")
    if not isinstance(items, dict):
        return keywords
    inner = place.below("items")
    if "collectionFormat" in items:
        items = {key: value for key, value in items.items() if key != "collectionFormat"}
    return {**keywords, "items": _plain_items(items, inner)}


def _holds_lists(raw: dict[str, Any]) -> bool:
    items = raw.get("items")
    return isinstance(items, dict) and items.get("type") == "array"


def _item_formats(raw: dict[str, Any], place: ConvertedPlace) -> list[str]:
    """Return the `collectionFormat` of each list within a list, from the outer to the inner (2.0, "Items Object")."""
    formats = []
    while _holds_lists(raw):
        raw, place = raw["items"], place.below("items")
        collection_format = raw.get("collectionFormat", "csv")
        if collection_format not in ("csv", "ssv", "tsv", "pipes"):
            _warn_of_format(collection_format, place.below("collectionFormat"))
            collection_format = "csv"
        formats.append(collection_format)
    return formats


def _warn_of_format(collection_format: Any, place: ConvertedPlace) -> None:
    place.warn(
        f"`collectionFormat: {_beginning_or_type(collection_format)}` is unknown; commas separate the items"
    )


def _style(raw: dict[str, Any], location: str, place: ConvertedPlace) -> dict[str, Any]:
    """Return `style` and `explode` of a list if they are not the default, and the formats of inner lists."""
    schema = raw.get("schema")
    value_keywords = schema if isinstance(schema, dict) and "type" not in raw else raw
    is_array = value_keywords.get("type", "array" if value_keywords.get("items") else None) == "array"
    if not is_array:
        return {}
    if "style" in raw or "explode" in raw:
        # The document uses keywords of OpenAPI 3.0, which are copied unchanged. Only those of a form must move.
        own = {key: value for key, value in raw.items() if key in ("style", "explode")}
        return own if location == "formData" else {}
    collection_format = raw.get("collectionFormat", "csv")
    old = place.below("collectionFormat") if "collectionFormat" in raw else place
    if not isinstance(collection_format, str) or collection_format not in _STYLES:
        _warn_of_format(collection_format, old)
        collection_format = "csv"
    formats = _item_formats(raw, place)
    written = {_ITEM_FORMATS: place.below(_ITEM_FORMATS).note_made(formats, old.old)} if formats else {}
    style, explode = _STYLES[collection_format]
    if location in _DEFAULTS:
        if collection_format == "multi" and location != "multipart":
            old.warn(
                f"`collectionFormat: multi` is none for a {location} parameter; commas separate the items"
            )
            collection_format = "csv"
        if collection_format == _DEFAULTS[location]:
            return written
        style, explode = collection_format, False
    return {
        **written,
        "style": place.below("style").note_made(style, old.old),
        "explode": place.below("explode").note_made(explode, old.old),
    }


def _beginning_or_type(value: Any) -> str:
    return value[:20] if isinstance(value, str) else type(value).__name__


def _convert_responses(raw: Any, types: MediaTypes, shared_types: MediaTypes, place: ConvertedPlace) -> Any:
    """Return the responses of an operation; a value that is not an object is returned unchanged.

    A shared response has the media types that the document produces.
    An operation that produces others gets a copy of it.

    Args:
        types: The media types that the operation produces.
        shared_types: The media types that the document produces.
    """
    if not isinstance(raw, dict):
        return raw
    converted: dict[str, Any] = {}
    succeeding = _succeeding(raw)
    for status, response in raw.items():
        here, is_success = place.below(status), status in succeeding
        if status.startswith("x-") or not isinstance(response, dict):
            converted[status] = response
        elif reference_of(response) is None:
            converted[status] = convert_response(response, types, here, is_success=is_success)
        else:
            target, steps = place.ledger.follow(response)
            is_shared = steps[:1] == ("responses",) and isinstance(target, dict)
            if (
                is_shared
                and _needs_copy(target, types, shared_types, is_success=is_success)
                and here.may_copy(target)
            ):
                copy_place = place.at(join(steps), here.new)
                copy_place.note_origin()
                converted[status] = convert_response(target, types, copy_place, is_success=is_success)
            else:
                converted[status] = place.ledger.copy_reference(response, "responses")
    return converted


def _succeeding(responses: dict[str, Any]) -> frozenset[str]:
    """Return the successful statuses of an operation that have content; `default` if it has none."""
    successful = {status for status in responses if status.startswith("2")}
    return frozenset((successful or {"default"}) - _EMPTY)


def _needs_copy(
    shared: dict[str, Any], types: MediaTypes, shared_types: MediaTypes, *, is_success: bool
) -> bool:
    """Return whether a shared response is different in an operation that produces these media types."""
    if "schema" in shared or "examples" in shared:
        return types.names != shared_types.names
    return is_success and bool(types.names)


def convert_response(raw: Any, types: MediaTypes, place: ConvertedPlace, *, is_success: bool = False) -> Any:
    """Return a response; a value that is not an object is returned unchanged.

    Without `produces`, its media type can be any. In Swagger 2.0 a response without schema has no content,
    but documents leave the schema out if there is content: a successful response gets the types of `produces`.
    """
    if not isinstance(raw, dict):
        return raw
    if reference_of(raw) is not None:
        return place.ledger.copy_reference(raw, "responses")
    converted = {key: value for key, value in raw.items() if key not in {"schema", "examples", "headers"}}
    headers = raw.get("headers")
    if isinstance(headers, dict):
        headers_place = place.below("headers")
        converted["headers"] = {
            name: convert_header(header, headers_place.below(name)) for name, header in headers.items()
        }
    elif "headers" in raw:
        converted["headers"] = headers
    schema = raw.get("schema")
    if "schema" in raw and not isinstance(schema, dict):
        place.below("schema").warn("The schema of the response is not an object and is ignored")
        schema = None
    examples = _media_type_examples(raw, place)
    if schema is not None:
        all_types = types.or_else("*/*")
    else:
        all_types = types if is_success else types.only([])
        if not all_types.names and not examples:
            return converted
    other_types = [name for name in examples if name not in all_types.names]
    all_types = MediaTypes(
        (*all_types.names, *other_types),
        (*all_types.pointers, *(place.below("examples", name).old for name in other_types)),
        all_types.old,
    )
    content = convert_content(schema, all_types, place, ("schema",))
    for name, value in examples.items():
        if name in content:
            place.relocated(("examples", name), ("content", name, "example")).note_origin()
            content[name]["example"] = value
    converted["content"] = content
    return converted


def _media_type_examples(raw: dict[str, Any], place: ConvertedPlace) -> dict[str, Any]:
    """Return the examples by media type."""
    examples = raw.get("examples")
    if not isinstance(examples, dict):
        if "examples" in raw:
            place.below("examples").warn("Examples are given by media type; these are left out")
        return {}
    by_type = {}
    for name, value in examples.items():
        if "/" in name:
            by_type[name] = value
        elif not name.startswith("x-"):
            place.below("examples", name).warn("An example is given by media type; this one is left out")
    return by_type


class _Field(NamedTuple):
    """A form field.

    Args:
        raw: The Parameter Object of 2.0.
        old: Its JSON pointer.
        entry: The JSON pointer of its entry in the list of parameters; another one if the entry is a reference.
        schema: The JSON pointer of its schema in the new document, if the field is shared; else empty.
    """

    raw: dict[str, Any]
    old: str
    entry: str
    schema: str


def convert_body(raw: dict[str, Any], types: MediaTypes, place: ConvertedPlace) -> dict[str, Any]:
    """Return the request body for a parameter `in: body`."""
    place.note_move()
    converted = {
        key: value
        for key, value in raw.items()
        if key in ("description", "required") or (key.startswith("x-") and key not in _EXAMPLES)
    }
    schema = raw.get("schema")
    schema_at: tuple[str, ...] = ("schema",)
    if not isinstance(schema, dict):
        if "schema" in raw:
            place.below("schema").warn("The schema of the body is not an object and is ignored")
        schema = None
        if keywords := _keywords_of_value(raw):
            place.warn("The body has no `schema`; the parameter itself is read as the schema")
            schema, schema_at = keywords, ()
    converted["content"] = convert_content(schema, types.or_else("application/json"), place, schema_at)
    _body_examples(raw, converted, place)
    name = raw.get("name")
    if isinstance(name, str) and name:
        # A body has no name in 3.0; code generators read it from this extension.
        converted["x-body-name"] = place.below("x-body-name").note_made(name, place.below("name").old)
    return converted


def _body_examples(raw: dict[str, Any], converted: dict[str, Any], place: ConvertedPlace) -> None:
    """Convert the extensions for examples of the body: a single value, or a value for each media type."""
    by_type = raw.get("x-examples")
    if isinstance(by_type, dict) and not any(name in converted["content"] for name in by_type):
        converted["x-examples"] = by_type
        by_type = None
    for name, media in converted["content"].items():
        example = place.below("content", name, "example")
        if isinstance(by_type, dict) and name in by_type:
            media["example"] = by_type[name]
            place.relocated(("x-examples", name), ("content", name, "example")).note_origin()
        elif "x-example" in raw:
            media["example"] = example.note_made(raw["x-example"], place.below("x-example").old)


def _convert_form(fields: list[_Field], types: MediaTypes, place: ConvertedPlace) -> dict[str, Any]:
    """Return the request body for at least one parameter `in: formData`, with unique names."""
    place.note_origin()
    place.below("content").note_made({}, types.old or place.old)
    content: dict[str, Any] = {}
    for name, pointer in zip(types.names, types.pointers, strict=True):
        if content and not place.may_copy(name, *(field.raw for field in fields)):
            break
        place.below("content", name).note_made({}, pointer or place.old)
        content[name] = _form_schema(fields, place.relocated((), ("content", name)), name)
    converted: dict[str, Any] = {"content": content}
    for field in fields:
        _warn_of_required(field, place)
    for field in fields:
        if meant_boolean(field.raw.get("required")):
            converted["required"] = place.below("required").note_made(True, _required(field))
            break
    return converted


def _warn_of_required(field: _Field, place: ConvertedPlace) -> None:
    """Warn if `required` of a form field is not a boolean; for other parameters, a later step corrects the value."""
    value = field.raw.get("required", False)
    if not isinstance(value, bool):
        meant = meant_boolean(value)
        read = "ignored" if meant is None else f"read as {str(meant).lower()}"
        place.at(field.old).below("required").warn(f"`required` should be true or false; it is {read}")


def _form_schema(fields: list[_Field], place: ConvertedPlace, media_type: str) -> dict[str, Any]:
    properties: dict[str, Any] = {}
    required: list[str] = []
    encoding: dict[str, Any] = {}
    schema = place.below("schema")
    schema.note_made({"type": 0, "properties": 0}, place.old)
    for field in fields:
        name = str(field.raw["name"])
        new = schema.below("properties", name).new
        if field.schema:
            properties[name] = reference_to(to_fragment(field.schema))
            place.at(field.entry, new).note_origin()
        else:
            properties[name] = convert_field(field.raw, place.at(field.old, new))
        if meant_boolean(field.raw.get("required")):
            schema.below("required", len(required)).note_made(name, _required(field))
            required.append(name)
        field_place = place.at(field.old, place.below("encoding", name).new)
        style = _convert_encoding(field.raw, field_place, is_multipart=media_type.startswith("multipart/"))
        if style:
            field_place.note_origin()
            encoding[name] = style
    converted: dict[str, Any] = {"schema": {"type": "object", "properties": properties}}
    if required:
        schema.below("required").note_made([], place.old)
        converted["schema"]["required"] = required
    if encoding:
        place.below("encoding").note_made({}, place.old)
        converted["encoding"] = encoding
    return converted


def _required(field: _Field) -> str:
    return field.old + "/required"


class DocumentContext(NamedTuple):
    """The settings of a document for all its operations.

    Args:
        consumes: The media types of bodies.
        produces: The media types of responses.
        address: The address of the servers.
        fields: JSON pointer of a shared form field → the JSON pointer of its schema in the new document.
        schemes: Name of a security definition → the name of its security scheme.
    """

    consumes: MediaTypes
    produces: MediaTypes
    address: ServerAddress
    fields: dict[str, str]
    schemes: dict[str, str]


class _Inputs(NamedTuple):
    """The parameters of a list.

    Args:
        plain: The converted parameters, without body and form fields.
        body: The parameter that is the body; None if there is none.
        fields: Name → form field.
        old: The JSON pointer of the list.
    """

    plain: list[Any]
    body: _Field | None
    fields: dict[str, _Field]
    old: str


def convert_paths(raw: Any, context: DocumentContext, place: ConvertedPlace) -> Any:
    """Return the paths; a value that is not an object is returned unchanged."""
    if not isinstance(raw, dict):
        return raw
    converted: dict[str, Any] = {}
    for path, item in raw.items():
        if path.startswith("x-") or not isinstance(item, dict):
            converted[path] = item
        else:
            converted[path] = _path_item(item, context, place.below(path))
    place.ledger.note_reference(converted, "")
    return converted


def _path_item(item: dict[str, Any], context: DocumentContext, place: ConvertedPlace) -> dict[str, Any]:
    if reference_of(item) is not None:
        target, steps = place.ledger.follow(item)
        is_elsewhere = isinstance(target, dict) and steps[:1] != ("paths",) and any(operations_of(target))
        if is_elsewhere and place.may_copy(target):
            # The target is in a part that is not converted, for instance in an extension, so it is copied.
            new = place.at(join(steps), place.new)
            beside = beside_reference(item)
            for key in target:
                new.below(key).note_origin()
            return _path_item(target, context, new) | _path_item(beside, context, place)
    path_inputs = _inputs(item.get("parameters"), context, place.below("parameters"))
    entries = {entry.steps[0]: entry.operation for entry in operations_of(item) if len(entry.steps) == 1}
    converted: dict[str, Any] = {}
    for key, value in item.items():
        if key == "parameters" and isinstance(value, (list, dict)):
            if path_inputs.plain:
                converted[key] = path_inputs.plain
        elif key in entries and isinstance(value, dict):
            converted[key] = _operation(value, path_inputs, context, place.below(key))
        else:
            converted[key] = value
    place.ledger.note_reference(converted, "pathItems")
    return converted


def _operation(
    raw: dict[str, Any], path_inputs: _Inputs, context: DocumentContext, place: ConvertedPlace
) -> dict[str, Any]:
    converted: dict[str, Any] = {}
    own_inputs = _inputs(raw.get("parameters"), context, place.below("parameters"))
    produces = read_media_types(raw, "produces", place)
    for key, value in raw.items():
        if key == "parameters" and isinstance(value, (list, dict)):
            if own_inputs.plain:
                converted[key] = own_inputs.plain
        elif key == "responses":
            types = context.produces if produces is None else produces
            converted[key] = _convert_responses(value, types, context.produces, place.below(key))
        elif key == "security":
            converted[key] = convert_requirements(value, context.schemes, place.below(key))
        elif key == "schemes":
            servers = context.address.servers(value, place.below(key), place.below("servers"))
            if servers:
                converted["servers"] = servers
        elif key not in {"consumes", "produces"}:
            converted[key] = value
    body = _request_body(raw, own_inputs, path_inputs, context, place)
    if body is not None:
        converted["requestBody"] = body
    return converted


def _inputs(raw: Any, context: DocumentContext, place: ConvertedPlace) -> _Inputs:
    """Read a list of parameters; a value that is not a parameter stays among the plain ones."""
    inputs = _Inputs([], None, {}, place.old)
    entries: list[tuple[str | int, Any]] = list(enumerate(raw)) if isinstance(raw, list) else []
    if isinstance(raw, dict) and raw:
        place.warn("`parameters` should be a list; it is read as one")
        entries = [(key, {"name": key, **value}) for key, value in raw.items() if isinstance(value, dict)]
    for index, value in entries:
        parameter, steps = place.ledger.follow(value)
        entry = place.below(index)
        old = join(steps) if steps else entry.old
        if is_body(parameter):
            if inputs.body:
                entry.warn("There is one body only; this further one is left out")
            else:
                inputs = inputs._replace(body=_Field(parameter, old, entry.old, ""))
        elif is_field(parameter):
            name = parameter.get("name")
            if isinstance(name, str):
                inputs.fields[name] = _Field(parameter, old, entry.old, context.fields.get(old, ""))
            else:
                entry.warn("A form field has no name and is left out")
        else:
            plain_place = place.relocated((index,), (len(inputs.plain),))
            if index != len(inputs.plain):
                plain_place.note_move()
            inputs.plain.append(_converted_parameter(value, plain_place))
    return inputs


def is_body(parameter: Any) -> bool:
    """Return whether a parameter is the body."""
    return _location(parameter) == "body"


def is_field(parameter: Any) -> bool:
    """Return whether a parameter is a form field; in Swagger 1.2, its location was called `form`."""
    return _location(parameter) in {"formdata", "form"}


def _location(parameter: Any) -> str:
    location = parameter.get("in") if isinstance(parameter, dict) else None
    return location.strip().lower() if isinstance(location, str) else ""


def _converted_parameter(parameter: Any, place: ConvertedPlace) -> Any:
    if not isinstance(parameter, dict):
        return parameter
    if reference_of(parameter) is not None:
        return place.ledger.copy_reference(parameter, "parameters")
    return convert_swagger_parameter(parameter, place)


def _request_body(
    raw: dict[str, Any],
    own_inputs: _Inputs,
    path_inputs: _Inputs,
    context: DocumentContext,
    place: ConvertedPlace,
) -> dict[str, Any] | None:
    consumes = read_media_types(raw, "consumes", place)
    types = context.consumes if consumes is None else consumes
    body = own_inputs.body or (None if own_inputs.fields else path_inputs.body)
    if body:
        if own_inputs.fields or (path_inputs.fields and not own_inputs.body):
            place.warn("A body and a form exclude each other; the form's fields are left out")
        return _body(body, types, context, place)
    fields = {**path_inputs.fields, **own_inputs.fields}
    if not fields:
        return None
    if path_inputs.body:
        place.warn("A body and a form exclude each other; the path's body is left out")
    copied = [
        field.raw for field in fields.values() if not field.schema and place.ledger.has_moved(field.old)
    ]
    if copied and not place.may_copy(*copied):
        return None
    old = own_inputs.old if own_inputs.fields else path_inputs.old
    parameters = place.at(old, place.below("requestBody").new)
    has_files = any(_has_file(field.raw) for field in fields.values())
    form_types = _form_types(types, consumes is not None, has_files, place)
    return _convert_form(list(fields.values()), form_types, parameters)


def _body(
    body: _Field, types: MediaTypes, context: DocumentContext, place: ConvertedPlace
) -> dict[str, Any] | None:
    new = place.below("requestBody").new
    is_shared = body.old.startswith("/parameters/") and body.old.count("/") == 2
    if not is_shared and body.old == body.entry and not place.ledger.has_moved(body.old):
        return convert_body(body.raw, types, place.at(body.old, new))
    is_affordable = place.may_copy(body.raw)
    if is_shared and (types.names == context.consumes.names or not is_affordable):
        place.at(body.entry, new).note_origin()
        return place.ledger.copy_reference(reference_to(to_fragment(body.old)), "requestBodies")
    return convert_body(body.raw, types, place.at(body.old, new)) if is_affordable else None


def _form_types(types: MediaTypes, is_own: bool, has_files: bool, place: ConvertedPlace) -> MediaTypes:
    """Return the media types of forms; if the form has files, multipart types come first."""
    forms = [name for name in types.names if _is_multipart(name) or _is_urlencoded(name)]
    if is_own and len(forms) < len(types.names):
        place.below("consumes").warn("A form can only be sent as a media type for forms")
    if not forms:
        default = "multipart/form-data" if has_files else "application/x-www-form-urlencoded"
        return MediaTypes().or_else(default)
    if has_files:
        forms.sort(key=lambda name: not _is_multipart(name))
    return types.only(forms)


def _is_multipart(name: str) -> bool:
    essence = name.partition(";")[0].strip().lower()
    return essence.startswith("multipart/") and essence.endswith("form-data")


def _is_urlencoded(name: str) -> bool:
    return name.partition(";")[0].strip().lower().endswith("x-www-form-urlencoded")


def _has_file(raw: dict[str, Any]) -> bool:
    items = raw.get("items")
    return raw.get("type") == "file" or (isinstance(items, dict) and items.get("type") == "file")
