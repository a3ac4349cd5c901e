"""The conversion of a whole Swagger 2.0 document to OpenAPI 3.0."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal, NamedTuple

from dynacli.features.swagger2.conversion_ledger import ConvertedPlace, Kind, Ledger
from dynacli.features.swagger2.convert_operations import (
    DocumentContext,
    convert_body,
    convert_field,
    convert_header,
    convert_paths,
    convert_response,
    convert_swagger_parameter,
    is_body,
    is_field,
)
from dynacli.features.swagger2.convert_schemas import (
    ConvertedNames,
    MediaTypes,
    convert_schema,
    read_media_types,
    to_fragment,
)
from dynacli.features.swagger2.convert_servers import (
    convert_requirements,
    convert_scheme,
    read_address,
)
from dynacli.openapi.document.json_trees import join, split
from dynacli.openapi.document.references.place_origins import Origins
from dynacli.openapi.document.references.scan import Steps
from dynacli.openapi.references import REFERENCE, reference_of

Section = Literal["schemas", "parameters", "responses", "requestBodies", "securitySchemes"]

_MAX_BASES = 20
"""Maximum number of schemas from which a schema inherits; further ones are ignored."""
_EXTENSIBLE_SECTIONS = ("schemas", "parameters", "responses", "headers")
"""The sections of `components` to which the conversion adds targets of references from elsewhere in a document."""
_VERSION = "3.0.3"
_IN_COMPONENTS = frozenset({"definitions", "parameters", "responses", "securityDefinitions"})
_READ_ELSEWHERE = frozenset({"swagger", "host", "basePath", "schemes", "consumes", "produces"})
_NOT_OF_SWAGGER = ("openapi", "servers", "components")


class _Components(NamedTuple):
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
        """Put a component into its section, under its assigned name."""
        self.sections[section][self.names.assigned[section, place.old]] = value


def _convert_components(
    source: dict[str, Any], consumes: MediaTypes, produces: MediaTypes, root: ConvertedPlace
) -> _Components:
    """Convert the shared parts of a document, and return the components.

    - A shared body becomes a request body, with the media types that the document consumes.
    - A shared form field becomes a schema, to which forms with this field refer.
    - A name that 3.0 does not allow is changed; a schema keeps it as its title.
    """
    components = _Components({}, ConvertedNames(), {}, {})
    definitions = _checked_entries(source, "definitions", root)
    components.names.reserve("schemas", definitions)
    for name, raw in definitions.items():
        place = _placed(components, "definitions", name, "schemas", root)
        components.put("schemas", place, _titled(convert_schema(raw, place), name, place))
    parameters = _checked_entries(source, "parameters", root)
    for kind in ("parameters", "requestBodies"):
        components.names.reserve(kind, parameters)
    for name, raw in parameters.items():
        _parameter(name, raw, components, consumes, root)
    responses = _checked_entries(source, "responses", root)
    components.names.reserve("responses", responses)
    for name, raw in responses.items():
        place = _placed(components, "responses", name, "responses", root)
        components.put("responses", place, convert_response(raw, produces, place))
    schemes = _checked_entries(source, "securityDefinitions", root)
    components.names.reserve("securitySchemes", schemes)
    for name, raw in schemes.items():
        place = _placed(components, "securityDefinitions", name, "securitySchemes", root)
        components.schemes[name] = components.names.assigned["securitySchemes", place.old]
        components.put("securitySchemes", place, convert_scheme(raw, place))
    _map_discriminators(definitions, components, root)
    return components


def _checked_entries(source: dict[str, Any], key: str, root: ConvertedPlace) -> dict[str, Any]:
    entries = source.get(key)
    if entries is not None and not isinstance(entries, dict):
        root.below(key).warn(f"`{key}` is not an object and is ignored")
    return entries if isinstance(entries, dict) else {}


def _placed(
    components: _Components, key: str, name: str, section: Section, root: ConvertedPlace
) -> ConvertedPlace:
    """Assign a name to a part in its section of `components`, and return its location."""
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
    """Return a schema with its old name as its title, if it got another name."""
    unchanged = place.old.replace("/definitions/", "/components/schemas/", 1)
    if not isinstance(schema, dict) or {REFERENCE, "title"} & schema.keys() or place.new == unchanged:
        return schema
    return {"title": place.below("title").note_made(name, place.old), **schema}


def _parameter(
    name: str, raw: Any, components: _Components, consumes: MediaTypes, root: ConvertedPlace
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
        converted = convert_swagger_parameter(raw, place)
    components.put(kind, place, converted)


def _map_discriminators(definitions: dict[str, Any], components: _Components, root: ConvertedPlace) -> None:
    """Give discriminators the mapping that OpenAPI 3.0 needs.

    In 2.0, the value is the name or the `x-ms-discriminator-value` of a schema. It selects the schema with the
    discriminator, or one that inherits from it ("Schema Object", `discriminator`).
    """
    schemas = components.sections.get("schemas", {})
    # Base → (value, name in the new document, origin) of the base and of each schema that inherits from it.
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
            ref = reference_of(part)
            steps = root.ledger.locate(ref) if ref is not None else None
            if steps and steps[0] == "definitions" and len(steps) == 2 and join(steps) not in bases:
                bases[join(steps)] = root.ledger.value_at(steps)
                pending.append(join(steps))
    return list(bases)


def _convert_references(
    components: dict[str, Any], names: ConvertedNames, produces: MediaTypes, root: ConvertedPlace
) -> None:
    """Rewrite the references in the ledger to the new locations of their targets.

    A reference without a target in the document stays as it is. A target in a part that is not converted, for instance
    in an extension, is added to the components. So is a parameter among the definitions.
    """
    ledger = root.ledger
    known: dict[tuple[str, Kind], str] = {}

    def new_reference(ref: str, kind: Kind) -> str:
        steps = ledger.locate(ref)
        if steps is None:
            return ref
        old, kind_there = join(steps), _kind_at(steps)
        is_unconverted = kind_there is None and bool(steps)
        is_misplaced = kind == "parameters" and kind_there == "schemas"
        if kind in _EXTENSIBLE_SECTIONS and (is_unconverted or is_misplaced):
            if (kind, old) in names.assigned:
                return to_fragment(join(("components", kind, names.assigned[kind, old])))
            value = ledger.value_at(steps)
            if root.at(old).may_copy(value):
                place = root.at(old, join(("components", kind, names.assign(kind, old, steps[-1]))))
                place.note_origin()
                if kind not in components:
                    root.at("", join(("components", kind))).note_made({}, "")
                section = components.setdefault(kind, {})
                section[names.assigned[kind, old]] = _converted(value, kind, place, produces)
                return to_fragment(place.new)
        return to_fragment(ledger.new_pointer(old))

    while ledger.referrers:  # an added component may contain further references
        referrers, ledger.referrers = ledger.referrers, []
        for node, key, kind in referrers:
            ref = node[key]
            if (ref, kind) not in known:
                known[ref, kind] = new_reference(ref, kind)
            node[key] = known[ref, kind]


def _converted(value: Any, kind: Kind, place: ConvertedPlace, produces: MediaTypes) -> Any:
    if kind == "schemas":
        return convert_schema(value, place)
    if kind == "headers":
        return convert_header(value, place)
    if kind == "responses":
        return convert_response(value, produces, place)
    if isinstance(value, dict) and reference_of(value) is None:
        return convert_swagger_parameter(value, place)
    if isinstance(value, dict):
        return place.ledger.copy_reference(value, "parameters")
    return value


def _kind_at(steps: Steps) -> Kind | None:
    """Return the kind of object at a location in a Swagger document.

    Returns:
        The kind; empty for a converted part of another kind; None for a part that is not converted.
    """
    match steps:
        case ("definitions", _, *_):
            return "schemas"
        case ("paths", _):
            return "pathItems"
        case (
            ("parameters", _, *inner)
            | ("paths", _, "parameters", _, *inner)
            | ("paths", _, _, "parameters", _, *inner)
        ):
            return _in_parameter(inner)
        case ("responses", _, *inner) | ("paths", _, _, "responses", _, *inner):
            return _in_response(inner)
        case ("definitions" | "parameters" | "responses" | "paths",) | ("paths", _, _):
            return ""
        case ("paths", _, _, "parameters" | "responses"):
            return ""
    return None


def _in_parameter(steps: Sequence[str]) -> Kind | None:
    if not steps:
        return "parameters"
    return "schemas" if steps[0] in ("schema", "items") else None


def _in_response(steps: Sequence[str]) -> Kind | None:
    match steps:
        case []:
            return "responses"
        case ["schema", *_] | ["headers", _, "items", *_]:
            return "schemas"
        case ["headers", _]:
            return "headers"
        case ["headers"]:
            return ""
    return None


class Conversion(NamedTuple):
    """A converted document.

    Args:
        tree: The document in OpenAPI 3.0.
        origins: The origins of its parts in the Swagger document.
        warnings: A message and a JSON pointer in the Swagger document, for each part that could not be converted.
    """

    tree: dict[str, Any]
    origins: Origins
    warnings: Sequence[tuple[str, str]]


def convert_swagger(source: dict[str, Any], uri: str = "") -> Conversion:
    """Return a Swagger 2.0 document converted to OpenAPI 3.0; the argument is not changed.

    Parts that cannot be converted are left out with a warning. Unchanged values, such as examples, are shared with
    the argument.

    Args:
        source: The document as JSON, with all its files in one tree.
        uri: The URI of the document; its scheme counts if the document names none.
    """
    ledger = Ledger(source)
    root = ConvertedPlace(ledger)
    consumes = read_media_types(source, "consumes", root) or MediaTypes()
    produces = read_media_types(source, "produces", root) or MediaTypes()
    address = read_address(source, uri, root)
    components = _convert_components(source, consumes, produces, root)
    context = DocumentContext(consumes, produces, address, components.fields, components.schemes)
    old = "/swagger" if "swagger" in source else ""
    tree: dict[str, Any] = {"openapi": root.at("", "/openapi").note_made(_VERSION, old)}
    if "info" in source:
        tree["info"] = source["info"]
    tree["servers"] = address.servers(source.get("schemes"), root.below("schemes"), root.at("", "/servers"))
    for key, value in source.items():
        if key == "paths":
            tree[key] = convert_paths(value, context, root.below(key))
        elif key == "security":
            tree[key] = convert_requirements(value, components.schemes, root.below(key))
        elif key in _NOT_OF_SWAGGER:
            root.below(key).warn(f"`{key}` is not of Swagger 2.0 and is ignored")
        elif key not in _IN_COMPONENTS and key not in _READ_ELSEWHERE:
            tree[key] = value
    _convert_references(components.sections, components.names, produces, root)
    if components.sections:
        root.at("", "/components").note_origin()
        tree["components"] = components.sections
    return Conversion(tree, Origins(ledger.moves), tuple(dict.fromkeys(ledger.warnings)))
