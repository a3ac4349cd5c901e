"""What Swagger 2.0 keeps at the top of a document → the components of OpenAPI 3.0."""

from typing import Any, Literal, NamedTuple

from dynacli.document.pointer import join, split
from dynacli.document.swagger2.conversion_ledger import Ledger
from dynacli.document.swagger2.convert_bodies import convert_body
from dynacli.document.swagger2.convert_media_types import MediaTypes
from dynacli.document.swagger2.convert_names import Names, to_fragment
from dynacli.document.swagger2.convert_operations import is_body, is_field
from dynacli.document.swagger2.convert_parameters import convert_field, convert_parameter
from dynacli.document.swagger2.convert_responses import convert_response
from dynacli.document.swagger2.convert_schemas import convert_schema
from dynacli.document.swagger2.convert_security import convert_scheme
from dynacli.document.swagger2.converted_places import ConvertedPlace

__all__ = ["Components", "convert_components"]

Section = Literal["schemas", "parameters", "responses", "requestBodies", "securitySchemes"]

_MAX_BASES = 20
"""How many schemas one is taken to inherit from."""


class Components(NamedTuple):
    """The components of a document.

    Args:
        sections: `components`.
        names: The names that they were given.
        fields: JSON pointer of a shared form field → that of its schema in the new document.
        schemes: Names of security definitions → those of their schemes.
    """

    sections: dict[str, Any]
    names: Names
    fields: dict[str, str]
    schemes: dict[str, str]


def convert_components(
    source: dict[str, Any], consumes: MediaTypes, produces: MediaTypes, ledger: Ledger
) -> Components:
    """Return the components.

    - A parameter that is a body becomes a request body, with what all operations consume.
    - A form field becomes a schema, which the forms that have it refer to.
    - A name that 3.0 does not allow is changed; a schema keeps it as its title.

    Args:
        source: The Swagger document.
        consumes: The media types of its bodies.
        produces: The media types of its responses.
        ledger: Takes references, and what moved.
    """
    made = Components({}, Names(), {}, {})
    definitions = _entries(source, "definitions", ledger)
    made.names.reserve("schemas", definitions)
    for name, raw in definitions.items():
        spot = _placed(made, "definitions", name, "schemas", ledger)
        schema = convert_schema(raw, spot, ledger)
        made.sections["schemas"][made.names.given["schemas", spot.old]] = _titled(schema, name, spot, ledger)
    parameters = _entries(source, "parameters", ledger)
    for kind in ("parameters", "requestBodies"):
        made.names.reserve(kind, parameters)
    for name, raw in parameters.items():
        _parameter(name, raw, made, consumes, ledger)
    responses = _entries(source, "responses", ledger)
    made.names.reserve("responses", responses)
    for name, raw in responses.items():
        spot = _placed(made, "responses", name, "responses", ledger)
        response = convert_response(raw, produces, spot, ledger)
        made.sections["responses"][made.names.given["responses", spot.old]] = response
    schemes = _entries(source, "securityDefinitions", ledger)
    made.names.reserve("securitySchemes", schemes)
    for name, raw in schemes.items():
        spot = _placed(made, "securityDefinitions", name, "securitySchemes", ledger)
        made.schemes[name] = made.names.given["securitySchemes", spot.old]
        made.sections["securitySchemes"][made.schemes[name]] = convert_scheme(raw, spot, ledger)
    _name_kinds(definitions, made, ledger)
    return made


def _entries(source: dict[str, Any], key: str, ledger: Ledger) -> dict[str, Any]:
    entries = source.get(key)
    if entries is not None and not isinstance(entries, dict):
        ledger.warn(f"`{key}` is no object and is ignored", ConvertedPlace().below(key))
    return entries if isinstance(entries, dict) else {}


def _placed(made: Components, key: str, name: str, kind: Section, ledger: Ledger) -> ConvertedPlace:
    """Return the way of a part to the section of `components` where it gets a name."""
    old = join((key, name))
    if kind not in made.sections:
        made.sections[kind] = {}
        ledger.moved(ConvertedPlace(f"/{key}", f"/components/{kind}"))
    # What is not of that section in Swagger 2.0 leaves the names to those that are.
    is_reserved = not (key == "parameters" and kind == "schemas")
    new = made.names.give(kind, old, name, is_reserved=is_reserved)
    spot = ConvertedPlace(old, join(("components", kind, new)))
    if new != name or key == "parameters":
        ledger.moved(spot)
    return spot


def _titled(schema: Any, name: str, spot: ConvertedPlace, ledger: Ledger) -> Any:
    """Return a schema that has its old name as its title, where it was given another name."""
    if not isinstance(schema, dict) or {"$ref", "title"} & schema.keys() or spot.new == _unchanged(spot):
        return schema
    return {"title": ledger.made(name, spot.below("title"), spot.old), **schema}


def _unchanged(spot: ConvertedPlace) -> str:
    return spot.old.replace("/definitions/", "/components/schemas/", 1)


def _parameter(name: str, raw: Any, made: Components, consumes: MediaTypes, ledger: Ledger) -> None:
    target, _ = ledger.follow(raw)
    is_reference = target is not raw
    if is_field(target):
        if is_reference:
            return  # each form refers to what is at the end of the chain
        spot = _placed(made, "parameters", name, "schemas", ledger)
        made.sections["schemas"][made.names.given["schemas", spot.old]] = convert_field(target, spot, ledger)
        made.fields[spot.old] = spot.new
        return
    kind: Literal["requestBodies", "parameters"] = "requestBodies" if is_body(target) else "parameters"
    spot = _placed(made, "parameters", name, kind, ledger)
    converted = raw
    if is_reference and isinstance(raw, dict):
        converted = dict(raw)
        ledger.refer(converted, "$ref", kind)
    elif is_body(target):
        converted = convert_body(raw, consumes, spot, ledger)
    elif isinstance(raw, dict):
        converted = convert_parameter(raw, spot, ledger)
    made.sections[kind][made.names.given[kind, spot.old]] = converted


def _name_kinds(definitions: dict[str, Any], made: Components, ledger: Ledger) -> None:
    """Map the values of a discriminator to the schemas that they stand for.

    These are the schema that has it and all that inherit from that, by their names (2.0, "Schema Object",
    `discriminator`), or as `x-ms-discriminator-value` calls them. Who reads 3.0 knows them by the mapping.
    """
    schemas = made.sections.get("schemas", {})
    # The base → what stands for it and each of its heirs: the value, where it goes and where it comes from.
    kinds: dict[str, list[tuple[str, str, str]]] = {}
    for name, raw in definitions.items():
        old = join(("definitions", name))
        told = raw.get("x-ms-discriminator-value") if isinstance(raw, dict) else None
        from_ = f"{old}/x-ms-discriminator-value" if isinstance(told, str) else old
        kind = (told if isinstance(told, str) else name, made.names.given["schemas", old], from_)
        for base in _bases(old, ledger):
            kinds.setdefault(base, []).append(kind)
    for base, found in kinds.items():
        name = made.names.given["schemas", base]
        told = schemas[name].get("discriminator") if isinstance(schemas[name], dict) else None
        is_plain = all(value == new == name for value, new, _ in found)
        if is_plain or not isinstance(told, dict) or not isinstance(told.get("mapping", {}), dict):
            continue
        spot = ConvertedPlace(base, ledger.where_to(base)).below("discriminator")
        if "mapping" not in told:
            told["mapping"] = ledger.made({}, spot.below("mapping"), spot.old)
        for value, new, from_ in found:
            mapped = to_fragment(join(("components", "schemas", new)))
            if value not in told["mapping"]:
                told["mapping"][value] = ledger.made(mapped, spot.below("mapping", value), from_)


def _bases(old: str, ledger: Ledger) -> list[str]:
    """Return the JSON pointers of a definition and of all definitions that it inherits from by `allOf`."""
    found = {old: ledger.at(split(old))}
    pending = [old]
    while pending and len(found) < _MAX_BASES:
        raw = found[pending.pop(0)]
        parts = raw.get("allOf") if isinstance(raw, dict) else None
        for part in parts if isinstance(parts, list) else ():
            ref = part.get("$ref") if isinstance(part, dict) else None
            steps = ledger.locate(ref) if isinstance(ref, str) else None
            if steps and steps[0] == "definitions" and len(steps) == 2 and join(steps) not in found:
                found[join(steps)] = ledger.at(steps)
                pending.append(join(steps))
    return list(found)
