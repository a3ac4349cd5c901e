"""Paths and operations of Swagger 2.0: parameters in bodies and forms become request bodies."""

from typing import Any, NamedTuple

from dynacli.document.path_items import operations_of
from dynacli.document.pointer import join
from dynacli.document.swagger2.conversion_ledger import Ledger
from dynacli.document.swagger2.convert_bodies import Field, convert_body, convert_form
from dynacli.document.swagger2.convert_media_types import MediaTypes, read_media_types
from dynacli.document.swagger2.convert_names import to_fragment
from dynacli.document.swagger2.convert_parameters import convert_parameter
from dynacli.document.swagger2.convert_responses import convert_responses
from dynacli.document.swagger2.convert_security import convert_requirements
from dynacli.document.swagger2.convert_servers import Address
from dynacli.document.swagger2.converted_places import ConvertedPlace

__all__ = ["Shared", "convert_paths", "is_body", "is_field"]


class Shared(NamedTuple):
    """What a document says once for all its operations.

    Args:
        consumes: The media types of bodies.
        produces: The media types of responses.
        address: Where the servers are.
        fields: JSON pointer of a shared form field → that of its schema in the new document.
        schemes: Names of security schemes → their names in the new document.
    """

    consumes: MediaTypes
    produces: MediaTypes
    address: Address
    fields: dict[str, str]
    schemes: dict[str, str]


class _Inputs(NamedTuple):
    """The parameters in one list.

    Args:
        plain: All but those of the body, converted.
        body: The parameter that is the body, None where there is none.
        fields: Those of a form, by name.
        old: The JSON pointer of the list.
    """

    plain: list[Any]
    body: Field | None
    fields: dict[str, Field]
    old: str


def convert_paths(raw: Any, shared: Shared, ledger: Ledger) -> Any:
    """Return the paths; what is no object is returned as it is."""
    if not isinstance(raw, dict):
        return raw
    spot = ConvertedPlace().below("paths")
    made: dict[str, Any] = {}
    for path, item in raw.items():
        if path.startswith("x-") or not isinstance(item, dict):
            made[path] = item
        else:
            made[path] = _path_item(item, shared, spot.below(path), ledger)
    if isinstance(made.get("$ref"), str):
        ledger.refer(made, "$ref", "")
    return made


def _path_item(item: dict[str, Any], shared: Shared, spot: ConvertedPlace, ledger: Ledger) -> dict[str, Any]:
    if isinstance(item.get("$ref"), str):
        target, steps = ledger.follow(item)
        is_elsewhere = isinstance(target, dict) and steps[:1] != ("paths",) and any(operations_of(target))
        if is_elsewhere and ledger.affords(target, spot=spot):
            # It is kept where nothing is converted, in an extension for instance, and 3.0 has no place for it.
            new = ConvertedPlace(join(steps), spot.new)
            beside = {key: value for key, value in item.items() if key != "$ref"}
            for key in target:
                ledger.came(new.below(key))
            return {
                **_path_item(target, shared, new, ledger),
                **_path_item(beside, shared, spot, ledger),
            }
    of_path = _inputs(item.get("parameters"), shared, spot.below("parameters"), ledger)
    entries = {entry.steps[0]: entry.operation for entry in operations_of(item) if len(entry.steps) == 1}
    made: dict[str, Any] = {}
    for key, value in item.items():
        if key == "parameters" and isinstance(value, (list, dict)):
            if of_path.plain:
                made[key] = of_path.plain
        elif key in entries and isinstance(value, dict):
            made[key] = _operation(value, of_path, shared, spot.below(key), ledger)
        else:
            made[key] = value
    if isinstance(made.get("$ref"), str):
        ledger.refer(made, "$ref", "pathItems")
    return made


def _operation(
    raw: dict[str, Any], of_path: _Inputs, shared: Shared, spot: ConvertedPlace, ledger: Ledger
) -> dict[str, Any]:
    made: dict[str, Any] = {}
    own = _inputs(raw.get("parameters"), shared, spot.below("parameters"), ledger)
    produces = read_media_types(raw, "produces", spot, ledger)
    for key, value in raw.items():
        if key == "parameters" and isinstance(value, (list, dict)):
            if own.plain:
                made[key] = own.plain
        elif key == "responses":
            types = shared.produces if produces is None else produces
            made[key] = convert_responses(value, types, shared.produces, spot.below(key), ledger)
        elif key == "security":
            made[key] = convert_requirements(value, shared.schemes, spot.below(key), ledger)
        elif key == "schemes":
            servers = shared.address.servers(value, spot.below(key), spot.below("servers"), ledger)
            if servers:
                made["servers"] = servers
        elif key not in {"consumes", "produces"}:
            made[key] = value
    body = _request_body(raw, own, of_path, shared, spot, ledger)
    if body is not None:
        made["requestBody"] = body
    return made


def _inputs(raw: Any, shared: Shared, spot: ConvertedPlace, ledger: Ledger) -> _Inputs:
    """Read a list of parameters; what is none stays among the plain ones."""
    inputs = _Inputs([], None, {}, spot.old)
    entries: list[tuple[str | int, Any]] = list(enumerate(raw)) if isinstance(raw, list) else []
    if isinstance(raw, dict) and raw:
        ledger.warn("`parameters` should be a list; it is read as one", spot)
        entries = [(key, {"name": key, **one}) for key, one in raw.items() if isinstance(one, dict)]
    for index, given in entries:
        parameter, steps = ledger.follow(given)
        entry = spot.below(index)
        old = join(steps) if steps else entry.old
        if is_body(parameter):
            if inputs.body:
                ledger.warn("There is one body only; this further one is left out", entry)
            else:
                inputs = inputs._replace(body=Field(parameter, old, entry.old, ""))
        elif is_field(parameter):
            name = parameter.get("name")
            if isinstance(name, str):
                inputs.fields[name] = Field(parameter, old, entry.old, shared.fields.get(old, ""))
            else:
                ledger.warn("A form field has no name and is left out", entry)
        else:
            at = spot.moved((index,), (len(inputs.plain),))
            if index != len(inputs.plain):
                ledger.moved(at)
            inputs.plain.append(_plain(given, at, ledger))
    return inputs


def is_body(parameter: Any) -> bool:
    """Tell whether a parameter is the body."""
    return _location(parameter) == "body"


def is_field(parameter: Any) -> bool:
    """Tell whether a parameter is one of a form; `form` is what Swagger 1.2 called it."""
    return _location(parameter) in {"formdata", "form"}


def _location(parameter: Any) -> str:
    location = parameter.get("in") if isinstance(parameter, dict) else None
    return location.strip().lower() if isinstance(location, str) else ""


def _plain(given: Any, spot: ConvertedPlace, ledger: Ledger) -> Any:
    if not isinstance(given, dict):
        return given
    if isinstance(given.get("$ref"), str):
        return ledger.referring(given, "parameters")
    return convert_parameter(given, spot, ledger)


def _request_body(
    raw: dict[str, Any], own: _Inputs, of_path: _Inputs, shared: Shared, spot: ConvertedPlace, ledger: Ledger
) -> dict[str, Any] | None:
    consumes = read_media_types(raw, "consumes", spot, ledger)
    types = shared.consumes if consumes is None else consumes
    body = own.body or (None if own.fields else of_path.body)
    if body:
        if own.fields or (of_path.fields and not own.body):
            ledger.warn("A body and a form exclude each other; the form's fields are left out", spot)
        return _body(body, types, shared, spot, ledger)
    fields = {**of_path.fields, **own.fields}
    if not fields:
        return None
    if of_path.body:
        ledger.warn("A body and a form exclude each other; the path's body is left out", spot)
    again = [field.raw for field in fields.values() if not field.schema and ledger.has_moved(field.old)]
    if again and not ledger.affords(*again, spot=spot):
        return None
    parameters = ConvertedPlace(own.old if own.fields else of_path.old, spot.below("requestBody").new)
    files = any(_has_file(field.raw) for field in fields.values())
    return convert_form(
        list(fields.values()),
        _form_types(types, consumes is not None, files, spot, ledger),
        parameters,
        ledger,
    )


def _body(
    body: Field, types: MediaTypes, shared: Shared, spot: ConvertedPlace, ledger: Ledger
) -> dict[str, Any] | None:
    new = spot.below("requestBody").new
    is_shared = body.old.startswith("/parameters/") and body.old.count("/") == 2
    if not is_shared and body.old == body.entry and not ledger.has_moved(body.old):
        return convert_body(body.raw, types, ConvertedPlace(body.old, new), ledger)
    is_affordable = ledger.affords(body.raw, spot=spot)
    if is_shared and (types.names == shared.consumes.names or not is_affordable):
        ledger.came(ConvertedPlace(body.entry, new))
        made = {"$ref": to_fragment(body.old)}
        ledger.refer(made, "$ref", "requestBodies")
        return made
    return convert_body(body.raw, types, ConvertedPlace(body.old, new), ledger) if is_affordable else None


def _form_types(
    types: MediaTypes, is_own: bool, has_files: bool, spot: ConvertedPlace, ledger: Ledger
) -> MediaTypes:
    """Return those media types that are forms; where files are sent, the one that is made for them first."""
    forms = [name for name in types.names if _is_multipart(name) or _is_urlencoded(name)]
    if is_own and len(forms) < len(types.names):
        ledger.warn(
            "A form cannot be sent as any other media type than those of forms", spot.below("consumes")
        )
    if not forms:
        return MediaTypes().or_else(
            "multipart/form-data" if has_files else "application/x-www-form-urlencoded"
        )
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
