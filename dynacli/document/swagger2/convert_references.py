"""The references of a converted document, made to lead to where their targets went."""

from collections.abc import Sequence
from typing import Any

from dynacli.document.pointer import join
from dynacli.document.swagger2.conversion_ledger import Kind
from dynacli.document.swagger2.convert_media_types import MediaTypes
from dynacli.document.swagger2.convert_names import ConvertedNames, to_fragment
from dynacli.document.swagger2.convert_parameters import convert_header, convert_parameter
from dynacli.document.swagger2.convert_responses import convert_response
from dynacli.document.swagger2.convert_schemas import convert_schema
from dynacli.document.swagger2.converted_places import ConvertedPlace

__all__ = ["convert_references"]

Steps = tuple[str, ...]

_EXTENSIBLE_SECTIONS = ("schemas", "parameters", "responses", "headers")
"""The sections of `components` that targets outside of them are added to."""


def convert_references(
    components: dict[str, Any], names: ConvertedNames, produces: MediaTypes, root: ConvertedPlace
) -> None:
    """Make every reference in the ledger lead to where its target is in the new document.

    A reference that leads nowhere, or out of the document, stays as it is.
    A target where nothing was converted, for instance in an extension, is added to the components,
    and so is a parameter among the definitions.
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

    while ledger.referrers:  # an added component may have references of its own
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
    if isinstance(value, dict) and not isinstance(value.get("$ref"), str):
        return convert_parameter(value, place)
    if isinstance(value, dict):
        return place.ledger.copy_reference(value, "parameters")
    return value


def _kind_at(steps: Steps) -> Kind | None:
    """Return the kind of object at a place of a Swagger document.

    Returns:
        The kind; empty for a place that is converted and of another kind;
        None for a place that is not converted.
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
