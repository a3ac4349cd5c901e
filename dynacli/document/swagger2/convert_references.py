"""Turns the references of a converted document to where their targets went."""

from typing import Any

from dynacli.document.pointer import join
from dynacli.document.swagger2.conversion_ledger import Kind, Ledger
from dynacli.document.swagger2.convert_media_types import MediaTypes
from dynacli.document.swagger2.convert_names import Names, to_fragment
from dynacli.document.swagger2.convert_parameters import convert_header, convert_parameter
from dynacli.document.swagger2.convert_responses import convert_response
from dynacli.document.swagger2.convert_schemas import convert_schema
from dynacli.document.swagger2.converted_places import ConvertedPlace

__all__ = ["turn_references"]

Steps = tuple[str, ...]

_ADDED = ("schemas", "parameters", "responses", "headers")
"""What becomes a component where it is none yet."""


def turn_references(components: dict[str, Any], names: Names, produces: MediaTypes, ledger: Ledger) -> None:
    """Turn every reference that the ledger knows to where its target is in the new document.

    One that leads nowhere, or out of the document, stays as it is written.
    What is referred to where nothing was converted, in an extension for instance, becomes a component,
    and so does a parameter that is kept among the definitions.

    Args:
        components: Of the new document; takes more of them.
        names: The names of components.
        produces: The media types of responses.
        ledger: Has the references.
    """
    known: dict[tuple[str, Kind], str] = {}
    while ledger.referrers:  # a component that is added may refer to more
        referrers, ledger.referrers = ledger.referrers, []
        for node, key, kind in referrers:
            ref = node[key]
            if (ref, kind) not in known:
                steps = ledger.locate(ref)
                known[ref, kind] = (
                    ref if steps is None else _turned(steps, kind, components, names, produces, ledger)
                )
            node[key] = known[ref, kind]


def _turned(
    steps: Steps, kind: Kind, components: dict[str, Any], names: Names, produces: MediaTypes, ledger: Ledger
) -> str:
    old, found = join(steps), _kind_at(steps)
    is_unconverted = found is None and bool(steps)
    is_misplaced = kind == "parameters" and found == "schemas"
    if kind not in _ADDED or not (is_unconverted or is_misplaced):
        return to_fragment(ledger.where_to(old))
    if (kind, old) in names.given:
        return to_fragment(join(("components", kind, names.given[kind, old])))
    value = ledger.at(steps)
    if not ledger.affords(value, spot=ConvertedPlace(old)):
        return to_fragment(ledger.where_to(old))
    name = names.give(kind, old, steps[-1])
    spot = ConvertedPlace(old, join(("components", kind, name)))
    ledger.came(spot)
    if kind not in components:
        ledger.made({}, ConvertedPlace("", join(("components", kind))), "")
    components.setdefault(kind, {})[name] = _converted(value, kind, spot, produces, ledger)
    return to_fragment(spot.new)


def _converted(value: Any, kind: Kind, spot: ConvertedPlace, produces: MediaTypes, ledger: Ledger) -> Any:
    if kind == "schemas":
        return convert_schema(value, spot, ledger)
    if kind == "headers":
        return convert_header(value, spot, ledger)
    if kind == "responses":
        return convert_response(value, produces, spot, ledger)
    if isinstance(value, dict) and not isinstance(value.get("$ref"), str):
        return convert_parameter(value, spot, ledger)
    if isinstance(value, dict):
        return ledger.referring(value, "parameters")
    return value


def _kind_at(steps: Steps) -> Kind | None:
    """Return what stands at a place of a Swagger document.

    Returns:
        Its kind; empty for a place that is converted, but is none of these;
        None for one that is not converted.
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
