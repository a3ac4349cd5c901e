"""The security of merged documents: unique names for their schemes, and requirements for each operation."""

from collections.abc import Iterator, Sequence
from typing import Any

from dynacli.document.json_trees import copy_json
from dynacli.document.merging.component_names import UnitNames
from dynacli.document.merging.merged_source import SourceDocument, path_items_of
from dynacli.document.merging.object_walk import objects_of, requirements_of, security_of
from dynacli.document.merging.shared_units import Unit, Units, digest_of
from dynacli.document.path_items import operations_of
from dynacli.document.pointer import fragment_of
from dynacli.document.references.scan import Steps

__all__ = ["settle_security"]

_SCHEMES = ("components", "securitySchemes")


def settle_security(sources: Sequence[SourceDocument]) -> None:
    """Rename schemes that have the name of another scheme, and put a document's requirements into its operations.

    A name that a document requires and does not define stays undefined: it must not become the scheme of another
    document, because that scheme's credentials would be sent.

    Args:
        sources: The documents; those after the first are changed.
    """
    units = [Units(_schemes_alone(source)) for source in sources]
    schemes = [_schemes_of(source, own) for source, own in zip(sources, units, strict=True)]
    shared = {
        (earlier, later): _shared(units, schemes, earlier, later)
        for later in range(len(sources))
        for earlier in range(later)
    }
    names = UnitNames(schemes, shared)
    for source in sources[1:]:
        _rename(source, {old[2]: new[2] for old, new in names.renamed(source.number).items()})
    lead = security_of(sources[0].tree)
    for source in sources[1:]:
        own = security_of(source.tree)
        if digest_of(own) != digest_of(lead):
            _push(source, own)


def _schemes_alone(source: SourceDocument) -> dict[str, Any]:
    """Return a document that has nothing but the security schemes of a document."""
    components = source.tree.get("components")
    schemes = components.get("securitySchemes") if isinstance(components, dict) else None
    return {"components": {"securitySchemes": schemes}} if isinstance(schemes, dict) else {}


def _schemes_of(source: SourceDocument, units: Units) -> set[Unit]:
    """Return the schemes that a document defines or requires."""
    defined = {unit for unit in units.texts if unit[:2] == _SCHEMES}
    required = {
        (*_SCHEMES, str(name))
        for walked in objects_of(source.tree)
        for requirement in requirements_of(walked.node)
        for name in requirement
    }
    return defined | required


def _shared(units: list[Units], schemes: list[set[Unit]], earlier: int, later: int) -> set[Unit]:
    """Return the schemes that mean the same in two documents, including those that neither defines."""
    neither = {
        unit
        for unit in schemes[earlier] & schemes[later]
        if unit not in units[earlier].texts and unit not in units[later].texts
    }
    return units[earlier].shared(units[later]) | neither


def _rename(source: SourceDocument, names: dict[str, str]) -> None:
    if not names:
        return
    for site, _, target in Units(_schemes_alone(source)).sites:
        if target is not None and target[:2] == _SCHEMES and target[2] in names:
            site.node[site.keyword] = fragment_of((*_SCHEMES, names[target[2]], *target[3:]))
    schemes = _schemes_alone(source).get("components", {}).get("securitySchemes")
    if schemes is not None:
        renamed = {names.get(name, name): scheme for name, scheme in schemes.items()}
        for old, new in names.items():
            if old in schemes:
                source.note_origin((*_SCHEMES, new), (*_SCHEMES, old))
        schemes.clear()
        schemes.update(renamed)
    for walked in objects_of(source.tree):
        for index, requirement in enumerate(security_of(walked.node)):
            if not isinstance(requirement, dict):
                continue
            here = (*walked.steps, "security", str(index))
            for name in requirement.keys() & names.keys():
                source.note_origin((*here, names[name]), (*here, name))
            named = {names.get(name, name): scopes for name, scopes in requirement.items()}
            requirement.clear()
            requirement.update(named)


def _push(source: SourceDocument, security: list[Any]) -> None:
    for steps, operation in _operations_of(source.tree):
        if "security" in operation:
            continue
        operation["security"] = copy_json(security)
        if "security" in source.tree:
            source.note_copy((*steps, "security"), ("security",), security)
        else:
            source.note_origin((*steps, "security"), steps)


def _operations_of(tree: dict[str, Any]) -> Iterator[tuple[Steps, dict[str, Any]]]:
    for steps, item in path_items_of(tree):
        for entry in operations_of(item):
            if isinstance(entry.operation, dict) and "$ref" not in entry.operation:
                yield (*steps, *entry.steps), entry.operation
