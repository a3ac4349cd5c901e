"""Definitions and shared objects of Swagger 2.0 → components of OpenAPI 3.0."""

from typing import Any, Literal, NamedTuple

from dynacli.document.pointer import join, split
from dynacli.document.swagger2.convert_bodies import convert_body
from dynacli.document.swagger2.convert_media_types import MediaTypes
from dynacli.document.swagger2.convert_names import ConvertedNames, to_fragment
from dynacli.document.swagger2.convert_operations import is_body, is_field
from dynacli.document.swagger2.convert_parameters import convert_field, convert_parameter
from dynacli.document.swagger2.convert_responses import convert_response
from dynacli.document.swagger2.convert_schemas import convert_schema
from dynacli.document.swagger2.convert_security import convert_scheme
from dynacli.document.swagger2.converted_places import ConvertedPlace

__all__ = ["Components", "convert_components"]

Section = Literal["schemas", "parameters", "responses", "requestBodies", "securitySchemes"]

_MAX_BASES = 20
"""How many schemas a schema is taken to inherit from."""


class Components(NamedTuple):
    """The components of a document.

    Args:
        sections: The value of `components`.
        names: The names of the components.
        fields: JSON pointer of a shared form field → the JSON pointer of its schema in the new document.
        schemes: Name of a security definition → the name of its security scheme.
    """

    sections: dict[str, Any]
    names: ConvertedNames
    fields: dict[str, str]
    schemes: dict[str, str]

    def put(self, section: Section, place: ConvertedPlace, value: Any) -> None:
        """Put a component into its section, under the name that was assigned to its place."""
        self.sections[section][self.names.assigned[section, place.old]] = value


def convert_components(
    source: dict[str, Any], consumes: MediaTypes, produces: MediaTypes, root: ConvertedPlace
) -> Components:
    """Return the components.

    - A shared body becomes a request body, with the media types that the document consumes.
    - A shared form field becomes a schema, which the forms that have the field refer to.
    - A name that 3.0 does not allow is changed; a schema keeps it as its title.
    """
    components = Components({}, ConvertedNames(), {}, {})
    definitions = _entries(source, "definitions", root)
    components.names.reserve("schemas", definitions)
    for name, raw in definitions.items():
        place = _placed(components, "definitions", name, "schemas", root)
        components.put("schemas", place, _titled(convert_schema(raw, place), name, place))
    parameters = _entries(source, "parameters", root)
    for kind in ("parameters", "requestBodies"):
        components.names.reserve(kind, parameters)
    for name, raw in parameters.items():
        _parameter(name, raw, components, consumes, root)
    responses = _entries(source, "responses", root)
    components.names.reserve("responses", responses)
    for name, raw in responses.items():
        place = _placed(components, "responses", name, "responses", root)
        components.put("responses", place, convert_response(raw, produces, place))
    schemes = _entries(source, "securityDefinitions", root)
    components.names.reserve("securitySchemes", schemes)
    for name, raw in schemes.items():
        place = _placed(components, "securityDefinitions", name, "securitySchemes", root)
        components.schemes[name] = components.names.assigned["securitySchemes", place.old]
        components.put("securitySchemes", place, convert_scheme(raw, place))
    _map_discriminators(definitions, components, root)
    return components


def _entries(source: dict[str, Any], key: str, root: ConvertedPlace) -> dict[str, Any]:
    entries = source.get(key)
    if entries is not None and not isinstance(entries, dict):
        root.below(key).warn(f"`{key}` is no object and is ignored")
    return entries if isinstance(entries, dict) else {}


def _placed(
    components: Components, key: str, name: str, section: Section, root: ConvertedPlace
) -> ConvertedPlace:
    """Return the place of a part in the section of `components` that it goes to, under the name that it gets."""
    old = join((key, name))
    if section not in components.sections:
        components.sections[section] = {}
        root.at(f"/{key}", f"/components/{section}").note_move()
    # Schemas of form fields must not take the names of definitions.
    is_reserved = not (key == "parameters" and section == "schemas")
    new = components.names.assign(section, old, name, is_reserved=is_reserved)
    place = root.at(old, join(("components", section, new)))
    if new != name or key == "parameters":
        place.note_move()
    return place


def _titled(schema: Any, name: str, place: ConvertedPlace) -> Any:
    """Return a schema with its old name as its title, where it got another name."""
    unchanged = place.old.replace("/definitions/", "/components/schemas/", 1)
    if not isinstance(schema, dict) or {"$ref", "title"} & schema.keys() or place.new == unchanged:
        return schema
    return {"title": place.below("title").note_made(name, place.old), **schema}


def _parameter(
    name: str, raw: Any, components: Components, consumes: MediaTypes, root: ConvertedPlace
) -> None:
    target, _ = root.ledger.follow(raw)
    is_reference = target is not raw
    if is_field(target):
        if is_reference:
            return  # each form refers to the end of the chain
        place = _placed(components, "parameters", name, "schemas", root)
        components.put("schemas", place, convert_field(target, place))
        components.fields[place.old] = place.new
        return
    kind: Literal["requestBodies", "parameters"] = "requestBodies" if is_body(target) else "parameters"
    place = _placed(components, "parameters", name, kind, root)
    converted = raw
    if is_reference and isinstance(raw, dict):
        converted = root.ledger.copy_reference(raw, kind)
    elif is_body(target):
        converted = convert_body(raw, consumes, place)
    elif isinstance(raw, dict):
        converted = convert_parameter(raw, place)
    components.put(kind, place, converted)


def _map_discriminators(definitions: dict[str, Any], components: Components, root: ConvertedPlace) -> None:
    """Give discriminators the mapping that OpenAPI 3.0 needs.

    A value of a discriminator means the schema of that name, or with that `x-ms-discriminator-value`, among the schema
    with the discriminator and those that inherit from it (2.0, "Schema Object", `discriminator`).
    """
    schemas = components.sections.get("schemas", {})
    # Base → for it and each schema that inherits from it: the value, its name in the new document, its origin.
    entries_by_base: dict[str, list[tuple[str, str, str]]] = {}
    for name, raw in definitions.items():
        old = join(("definitions", name))
        own_value = raw.get("x-ms-discriminator-value") if isinstance(raw, dict) else None
        value, origin = name, old
        if isinstance(own_value, str):
            value, origin = own_value, f"{old}/x-ms-discriminator-value"
        entry = (value, components.names.assigned["schemas", old], origin)
        for base in _bases(old, root):
            entries_by_base.setdefault(base, []).append(entry)
    for base, entries in entries_by_base.items():
        name = components.names.assigned["schemas", base]
        discriminator = schemas[name].get("discriminator") if isinstance(schemas[name], dict) else None
        if all(value == new == name for value, new, _ in entries) or not isinstance(discriminator, dict):
            continue
        if not isinstance(discriminator.get("mapping", {}), dict):
            continue
        place = root.at(base, root.ledger.new_pointer(base)).below("discriminator")
        if "mapping" not in discriminator:
            discriminator["mapping"] = place.below("mapping").note_made({}, place.old)
        mapping = discriminator["mapping"]
        for value, new, origin in entries:
            if value not in mapping:
                mapped = to_fragment(join(("components", "schemas", new)))
                mapping[value] = place.below("mapping", value).note_made(mapped, origin)


def _bases(old: str, root: ConvertedPlace) -> list[str]:
    """Return the JSON pointers of a definition and of all definitions that it inherits from by `allOf`."""
    bases = {old: root.ledger.value_at(split(old))}
    pending = [old]
    while pending and len(bases) < _MAX_BASES:
        raw = bases[pending.pop(0)]
        parts = raw.get("allOf") if isinstance(raw, dict) else None
        for part in parts if isinstance(parts, list) else ():
            ref = part.get("$ref") if isinstance(part, dict) else None
            steps = root.ledger.locate(ref) if isinstance(ref, str) else None
            if steps and steps[0] == "definitions" and len(steps) == 2 and join(steps) not in bases:
                bases[join(steps)] = root.ledger.value_at(steps)
                pending.append(join(steps))
    return list(bases)
