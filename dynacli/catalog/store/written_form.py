"""How a part of a document is written, told by the little that makes it differ from its normal form.

The normal form is what most runs need. Only openapi-core and the text of findings go by the document as written, so
the catalog keeps the difference alone.

A difference is JSON: `null` where both are the same; `{"is": VALUE}` for another value; for an object
`{"keys": [...], "in": {...}}`, the keys in their order where they are others, and the difference of each member that
has one; for a list `{"in": {...}}` by index.
"""

from typing import Any

__all__ = ["difference", "written_form"]


def difference(normal: Any, written: Any) -> Any:
    """Return what makes a written value differ from its normal form; None where nothing does.

    Both share the objects in which they do not differ.
    """
    if normal is written:
        return None
    if isinstance(normal, dict) and isinstance(written, dict):
        inner = {
            key: difference(normal[key], value) if key in normal else {"is": value}
            for key, value in written.items()
        }
        found: dict[str, Any] = {"in": {key: value for key, value in inner.items() if value is not None}}
        if list(normal) != list(written):
            found["keys"] = list(written)
        return found if found["in"] or "keys" in found else None
    if isinstance(normal, list) and isinstance(written, list) and len(normal) == len(written):
        each = {
            str(index): difference(*pair)
            for index, pair in enumerate(zip(normal, written, strict=True))
            if pair[0] is not pair[1]
        }
        items = {index: value for index, value in each.items() if value is not None}
        return {"in": items} if items else None
    return None if type(normal) is type(written) and normal == written else {"is": written}


def written_form(normal: Any, found: Any) -> Any:
    """Return a value as it is written.

    Args:
        normal: Its normal form, which is not changed.
        found: The difference.

    Raises:
        LookupError, TypeError, AttributeError: The difference does not belong to this value.
    """
    if found is None:
        return normal
    if "is" in found:
        return found["is"]
    if isinstance(normal, list):
        items = list(normal)
        for index, inner in found["in"].items():
            items[int(index)] = written_form(items[int(index)], inner)
        return items
    return {key: written_form(normal.get(key), found["in"].get(key)) for key in found.get("keys", normal)}
