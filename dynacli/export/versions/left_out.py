"""Fields that the new version of a document does not have."""

from typing import Any

from dynacli.document.pointer import fragment_of
from dynacli.document.references.scan import sites_of
from dynacli.export.versions.conversion_walk import Here

__all__ = ["leave_out", "leave_out_components"]


def leave_out(
    made: dict[str, Any], here: Here, owner: str, *fields: str, at: tuple[str | int, ...] = ()
) -> dict[str, Any]:
    """Remove fields from an object, note those that were there as lost, and return the object.

    Args:
        made: The object, which is changed.
        owner: What it is, for messages.
        fields: The fields.
        at: The steps to it from the place.
    """
    for field in fields:
        if field in made:
            del made[field]
            here.lose(f"`{field}` of {owner}", *at, field)
    return made


def leave_out_components(made: dict[str, Any], here: Here, section: str, owner: str) -> None:
    """Remove a section from the components of a document; wherever one of them is referred to, it is brought there."""
    components = made.get("components")
    if not isinstance(components, dict) or section not in components:
        return
    made["components"] = {key: value for key, value in components.items() if key != section}
    used = {str(site.ref) for site in sites_of(here.tree)}
    for name in components[section]:
        if fragment_of(("components", section, name)) not in used:
            here.lose(f"{owner} that nothing refers to", "components", section, name)
