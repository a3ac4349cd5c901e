"""Gives the security schemes of several documents names that mean one thing, and each operation its requirements."""

from collections.abc import Iterator, Sequence
from typing import Any

from dynacli.document.json_trees import copy_json
from dynacli.document.merging.component_names import Names
from dynacli.document.merging.merged_source import Source, path_items_of
from dynacli.document.merging.object_walk import objects_of
from dynacli.document.merging.shared_units import Unit, Units, digest_of
from dynacli.document.path_items import operations_of
from dynacli.document.pointer import fragment_of
from dynacli.document.references.scan import Steps

__all__ = ["settle_security"]

_SCHEMES = ("components", "securitySchemes")


def settle_security(sources: Sequence[Source]) -> None:
    """Rename what has the name of another scheme, and say in each operation what a document says of all.

    A name that a document requires and does not define stays one that is not defined: it never becomes
    the scheme of another document, whose credentials would be sent then.

    Args:
        sources: The documents; those after the first are changed.
    """
    units = [Units(_schemes_alone(source)) for source in sources]
    schemes = [_schemes_of(source, one) for source, one in zip(sources, units, strict=True)]
    shared = {
        (earlier, later): _shared(units, schemes, earlier, later)
        for later in range(len(sources))
        for earlier in range(later)
    }
    names = Names(schemes, shared)
    for source in sources[1:]:
        _rename(source, {old[2]: new[2] for old, new in names.renamed(source.number).items()})
    lead = _of_all(sources[0].tree)
    for source in sources[1:]:
        own = _of_all(source.tree)
        if digest_of(own) != digest_of(lead):
            _push(source, own)


def _schemes_alone(source: Source) -> dict[str, Any]:
    """Return a document that has nothing but the security schemes of another, which lead to each other alone."""
    components = source.tree.get("components")
    schemes = components.get("securitySchemes") if isinstance(components, dict) else None
    return {"components": {"securitySchemes": schemes}} if isinstance(schemes, dict) else {}


def _schemes_of(source: Source, units: Units) -> set[Unit]:
    """Return the schemes that a document defines or requires."""
    defined = {unit for unit in units.texts if unit[:2] == _SCHEMES}
    required = {
        (*_SCHEMES, str(name))
        for found in objects_of(source.tree)
        for requirement in _requirements_of(found.node)
        for name in requirement
    }
    return defined | required


def _shared(units: list[Units], schemes: list[set[Unit]], earlier: int, later: int) -> set[Unit]:
    """Return the schemes that mean the same in two documents, those that neither defines among them."""
    neither = {
        unit
        for unit in schemes[earlier] & schemes[later]
        if unit not in units[earlier].texts and unit not in units[later].texts
    }
    return units[earlier].shared(units[later]) | neither


def _rename(source: Source, names: dict[str, str]) -> None:
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
                source.made((*_SCHEMES, new), (*_SCHEMES, old))
        schemes.clear()
        schemes.update(renamed)
    for found in objects_of(source.tree):
        for index, requirement in enumerate(_of_all(found.node)):
            if not isinstance(requirement, dict):
                continue
            here = (*found.steps, "security", str(index))
            for name in requirement.keys() & names.keys():
                source.made((*here, names[name]), (*here, name))
            named = {names.get(name, name): scopes for name, scopes in requirement.items()}
            requirement.clear()
            requirement.update(named)


def _push(source: Source, security: list[Any]) -> None:
    for steps, operation in _operations_of(source.tree):
        if "security" in operation:
            continue
        operation["security"] = copy_json(security)
        if "security" not in source.tree:
            source.made((*steps, "security"), steps)
            continue
        source.carried((*steps, "security"), ("security",), security)


def _operations_of(tree: dict[str, Any]) -> Iterator[tuple[Steps, dict[str, Any]]]:
    for steps, item in path_items_of(tree):
        for entry in operations_of(item):
            if isinstance(entry.operation, dict) and "$ref" not in entry.operation:
                yield (*steps, *entry.steps), entry.operation


def _of_all(tree: dict[str, Any]) -> list[Any]:
    security = tree.get("security")
    return security if isinstance(security, list) else [security] if isinstance(security, dict) else []


def _requirements_of(node: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield from (one for one in _of_all(node) if isinstance(one, dict))
