"""What an answer holds and the document does not mention: the part of `--validate exact`."""

from collections.abc import Iterator, Mapping
from typing import Any

from dynacli.catalog.schema import Resolve, view
from dynacli.validation.findings import Finding, shortened

__all__ = ["undocumented_properties"]


def undocumented_properties(
    schema: Any, value: Any, resolve: Resolve, pointer: str = ""
) -> Iterator[Finding]:
    """Yield a finding for each property that no schema which may apply mentions.

    An object whose schema lists no properties, a map, and a schema that says itself
    that more may come are free: nothing in them is undocumented.
    """
    seen = view(schema, resolve)
    if isinstance(value, Mapping):
        for name, item in value.items():
            here = f"{pointer}/{name.replace('~', '~0').replace('/', '~1')}"
            if name in seen.properties:
                yield from undocumented_properties(seen.properties[name], item, resolve, here)
            elif isinstance(seen.additional, Mapping):
                yield from undocumented_properties(seen.additional, item, resolve, here)
            elif seen.properties and not seen.is_open:
                yield Finding(
                    "response",
                    "undocumented-property",
                    here,
                    f"the document does not mention the property `{name}`",
                    got=shortened(item),
                )
    elif isinstance(value, list) and seen.items is not None:
        for index, item in enumerate(value):
            yield from undocumented_properties(seen.items, item, resolve, f"{pointer}/{index}")
