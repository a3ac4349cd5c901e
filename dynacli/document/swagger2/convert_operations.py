"""Paths of Swagger 2.0 → paths of OpenAPI 3.0; parameters for bodies and forms become request bodies."""

from typing import Any, NamedTuple

from dynacli.document.path_items import operations_of
from dynacli.document.pointer import join
from dynacli.document.swagger2.convert_bodies import Field, convert_body, convert_form
from dynacli.document.swagger2.convert_media_types import MediaTypes, read_media_types
from dynacli.document.swagger2.convert_names import to_fragment
from dynacli.document.swagger2.convert_parameters import convert_parameter
from dynacli.document.swagger2.convert_responses import convert_responses
from dynacli.document.swagger2.convert_security import convert_requirements
from dynacli.document.swagger2.convert_servers import ServerAddress
from dynacli.document.swagger2.converted_places import ConvertedPlace

__all__ = ["DocumentContext", "convert_paths", "is_body", "is_field"]


class DocumentContext(NamedTuple):
    """The statements of a document that hold for all its operations.

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
        body: The parameter that is the body; None where there is none.
        fields: Name → form field.
        old: The JSON pointer of the list.
    """

    plain: list[Any]
    body: Field | None
    fields: dict[str, Field]
    old: str


def convert_paths(raw: Any, context: DocumentContext, place: ConvertedPlace) -> Any:
    """Return the paths; a value that is no object is returned unchanged."""
    if not isinstance(raw, dict):
        return raw
    converted: dict[str, Any] = {}
    for path, item in raw.items():
        if path.startswith("x-") or not isinstance(item, dict):
            converted[path] = item
        else:
            converted[path] = _path_item(item, context, place.below(path))
    if isinstance(converted.get("$ref"), str):
        place.ledger.add_referrer(converted, "$ref", "")
    return converted


def _path_item(item: dict[str, Any], context: DocumentContext, place: ConvertedPlace) -> dict[str, Any]:
    if isinstance(item.get("$ref"), str):
        target, steps = place.ledger.follow(item)
        is_elsewhere = isinstance(target, dict) and steps[:1] != ("paths",) and any(operations_of(target))
        if is_elsewhere and place.may_copy(target):
            # The target is where nothing is converted, for instance in an extension: 3.0 has no place for it.
            new = place.at(join(steps), place.new)
            beside = {key: value for key, value in item.items() if key != "$ref"}
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
    if isinstance(converted.get("$ref"), str):
        place.ledger.add_referrer(converted, "$ref", "pathItems")
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
            converted[key] = convert_responses(value, types, context.produces, place.below(key))
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
    """Read a list of parameters; a value that is no parameter stays among the plain ones."""
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
                inputs = inputs._replace(body=Field(parameter, old, entry.old, ""))
        elif is_field(parameter):
            name = parameter.get("name")
            if isinstance(name, str):
                inputs.fields[name] = Field(parameter, old, entry.old, context.fields.get(old, ""))
            else:
                entry.warn("A form field has no name and is left out")
        else:
            plain_place = place.relocated((index,), (len(inputs.plain),))
            if index != len(inputs.plain):
                plain_place.note_move()
            inputs.plain.append(_plain(value, plain_place))
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


def _plain(parameter: Any, place: ConvertedPlace) -> Any:
    if not isinstance(parameter, dict):
        return parameter
    if isinstance(parameter.get("$ref"), str):
        return place.ledger.copy_reference(parameter, "parameters")
    return convert_parameter(parameter, place)


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
    return convert_form(list(fields.values()), form_types, parameters)


def _body(
    body: Field, types: MediaTypes, context: DocumentContext, place: ConvertedPlace
) -> dict[str, Any] | None:
    new = place.below("requestBody").new
    is_shared = body.old.startswith("/parameters/") and body.old.count("/") == 2
    if not is_shared and body.old == body.entry and not place.ledger.has_moved(body.old):
        return convert_body(body.raw, types, place.at(body.old, new))
    is_affordable = place.may_copy(body.raw)
    if is_shared and (types.names == context.consumes.names or not is_affordable):
        place.at(body.entry, new).note_origin()
        return place.ledger.copy_reference({"$ref": to_fragment(body.old)}, "requestBodies")
    return convert_body(body.raw, types, place.at(body.old, new)) if is_affordable else None


def _form_types(types: MediaTypes, is_own: bool, has_files: bool, place: ConvertedPlace) -> MediaTypes:
    """Return the media types that are forms; where the form has files, those for files first."""
    forms = [name for name in types.names if _is_multipart(name) or _is_urlencoded(name)]
    if is_own and len(forms) < len(types.names):
        place.below("consumes").warn("A form cannot be sent as any other media type than those of forms")
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
