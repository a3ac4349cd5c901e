"""The references of a converted document, made to lead to where their targets went."""

from typing import Any

from dynacli.document.pointer import join
from dynacli.document.swagger2.conversion_ledger import Kind, Ledger
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
    components: dict[str, Any], names: ConvertedNames, produces: MediaTypes, ledger: Ledger
) -> None:
    """Make every reference in the ledger lead to where its target is in the new document.

    A reference that leads nowhere, or out of the document, stays as it is.
    A target where nothing was converted, for instance in an extension, becomes a component,
    and so does a parameter among the definitions.

    Args:
        components: The components of the new document; more are added.
        names: The names of components.
        produces: The media types of responses.
        ledger: Has the references.
    """
    known: dict[tuple[str, Kind], str] = {}
    while ledger.referrers:  # an added component may have references of its own
        referrers, ledger.referrers = ledger.referrers, []
        for node, key, kind in referrers:
            ref = node[key]
            if (ref, kind) not in known:
                steps = ledger.locate(ref)
                known[ref, kind] = (
                    ref if steps is None else _new_reference(steps, kind, components, names, produces, ledger)
                )
            node[key] = known[ref, kind]


def _new_reference(
    steps: Steps,
    kind: Kind,
    components: dict[str, Any],
    names: ConvertedNames,
    produces: MediaTypes,
    ledger: Ledger,
) -> str:
    old, kind_there = join(steps), _kind_at(steps)
    is_unconverted = kind_there is None and bool(steps)
    is_misplaced = kind == "parameters" and kind_there == "schemas"
    if kind not in _EXTENSIBLE_SECTIONS or not (is_unconverted or is_misplaced):
        return to_fragment(ledger.new_pointer(old))
    if (kind, old) in names.assigned:
        return to_fragment(join(("components", kind, names.assigned[kind, old])))
    value = ledger.value_at(steps)
    if not ledger.may_copy(value, place=ConvertedPlace(old)):
        return to_fragment(ledger.new_pointer(old))
    name = names.assign(kind, old, steps[-1])
    place = ConvertedPlace(old, join(("components", kind, name)))
    ledger.note_origin(place)
    if kind not in components:
        ledger.note_made({}, ConvertedPlace("", join(("components", kind))), "")
    components.setdefault(kind, {})[name] = _converted(value, kind, place, produces, ledger)
    return to_fragment(place.new)


def _converted(value: Any, kind: Kind, place: ConvertedPlace, produces: MediaTypes, ledger: Ledger) -> Any:
    if kind == "schemas":
        return convert_schema(value, place, ledger)
    if kind == "headers":
        return convert_header(value, place, ledger)
    if kind == "responses":
        return convert_response(value, produces, place, ledger)
    if isinstance(value, dict) and not isinstance(value.get("$ref"), str):
        return convert_parameter(value, place, ledger)
    if isinstance(value, dict):
        return ledger.copy_reference(value, "parameters")
    return value


def _kind_at(steps: Steps) -> Kind | None:
    """Return the kind of what is at a place of a Swagger document.

    Returns:
        The kind; empty for a place that is converted and of another kind;
        None for a place that is not converted.
    """
    if not steps:
        return None
    first, rest = steps[0], steps[1:]
    if first == "definitions":
        return "schemas" if rest else ""
    if first == "parameters":
        return _in_parameter(rest[1:]) if rest else ""
    if first == "responses":
        return _in_response(rest[1:]) if rest else ""
    if first != "paths":
        return None
    if len(rest) <= 1:
        return "pathItems" if rest else ""
    rest = rest[1:]
    if rest[0] != "parameters":
        if len(rest) == 1:
            return ""
        rest = rest[1:]
    if rest[0] in ("parameters", "responses"):
        if len(rest) == 1:
            return ""
        return _in_parameter(rest[2:]) if rest[0] == "parameters" else _in_response(rest[2:])
    return None


def _in_parameter(steps: Steps) -> Kind | None:
    if not steps:
        return "parameters"
    return "schemas" if steps[0] in ("schema", "items") else None


def _in_response(steps: Steps) -> Kind | None:
    if not steps:
        return "responses"
    if steps[0] == "schema":
        return "schemas"
    if steps[0] == "headers":
        if len(steps) <= 2:
            return "headers" if steps[1:] else ""
        return "schemas" if steps[2] == "items" else None
    return None
