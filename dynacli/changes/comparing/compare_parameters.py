"""Compares the parameters of two operations, and the headers of two responses."""

import re
from collections.abc import Mapping

from dynacli.changes.comparing.compare_content import compare_content, media_types
from dynacli.changes.comparing.compare_texts import compare_deprecation, compare_texts
from dynacli.changes.comparing.compared_document import (
    ComparedDocument,
    Place,
    child,
    child_of_either,
    members,
)
from dynacli.changes.comparing.compared_schema import compared_schema
from dynacli.changes.comparing.comparison import Pair
from dynacli.model.operation import IGNORED_HEADERS, default_style, explodes

__all__ = ["compare_headers", "compare_parameters", "parameters"]

Parameters = dict[tuple[str, str], Place]
"""(location, name) → Parameter Object."""

_LOCATIONS = ("path", "query", "querystring", "header", "cookie")


def parameters(document: ComparedDocument, item: Place, operation: Place) -> Parameters:
    """Return the parameters of an operation, with those of its path."""
    found: Parameters = {}
    for holder in (item, operation):
        array = child(holder, "parameters")
        for index in range(len(array.node) if isinstance(array.node, list) else 0):
            place = document.resolve(child(array, index))
            node = place.node if isinstance(place.node, dict) else {}
            location, name = node.get("in"), node.get("name")
            if location not in _LOCATIONS or not isinstance(name, str):
                continue
            key = location, name.lower() if location == "header" else name
            if key[0] == "header" and key[1] in IGNORED_HEADERS:
                continue
            found[key] = place._replace(subject=f"{location} parameter {name}")
    return found


def compare_parameters(pair: Pair, old: Parameters, new: Parameters, paths: tuple[str, str]) -> None:
    """Compare the parameters of two operations.

    Args:
        paths: The old and the new path.
    """
    new_names = _new_names(*paths)
    only_old = {
        ("path", new_names.get(name, name)) if location == "path" else (location, name): place
        for (location, name), place in old.items()
    }
    for key, after in new.items():
        before = only_old.pop(key, None) or _moved(pair, only_old, new, key, after)
        if before is None:
            _report_added(pair, after)
            continue
        old_name, new_name = before.node.get("name"), child(after, "name")
        if old_name != new_name.node and key[0] == "path":
            pair.add_change("parameter-renamed", new_name, old_name, new_name.node, rule="same-on-the-wire")
        pair.add_places(_compare_parameter, before, after)
    for before in only_old.values():
        pair.add_change("parameter-removed", before, before.node, None)


def _new_names(old_path: str, new_path: str) -> dict[str, str]:
    """Return old name → new name of the path parameters, matched by their order in the path."""
    names = [re.findall(r"\{([^{}]*)\}", path) for path in (old_path, new_path)]
    return dict(zip(*names, strict=True)) if len(names[0]) == len(names[1]) else {}


def _moved(
    pair: Pair, only_old: Parameters, new: Parameters, key: tuple[str, str], after: Place
) -> Place | None:
    """Return the old parameter of the same name at another location, and report that it moved."""
    for old_key, before in list(only_old.items()):
        if old_key[1].lower() == key[1].lower() and old_key not in new and "path" not in (old_key[0], key[0]):
            del only_old[old_key]
            pair.add_change(
                "parameter-moved", child(after, "in"), old_key[0], key[0], rule="request-written-otherwise"
            )
            return before
    return None


def _report_added(pair: Pair, place: Place) -> None:
    if place.node["in"] == "path":
        rule = ""  # the path is the same, so the parameter was only missing from the document
    elif place.node.get("required") is True:
        rule = "" if _has_default(pair.comparison.new, place) else "request-needs-more"
    else:
        rule = "request-needs-less"
    pair.add_change("parameter-added", place, None, place.node, rule=rule)


def _has_default(document: ComparedDocument, place: Place) -> bool:
    schema = child(place, "schema")
    return isinstance(schema.node, dict) and compared_schema(document, [schema]).first("default") is not None


def _compare_parameter(pair: Pair, old: Place, new: Place) -> None:
    location = new.node["in"]
    was_required, is_required = (place.node.get("required") is True for place in (old, new))
    if was_required != is_required and location != "path":
        kind, rule = "parameter-optional", "request-needs-less"
        if is_required:
            kind = "parameter-required"
            rule = "" if _has_default(pair.comparison.new, new) else "request-needs-more"
        place = child_of_either(old, new, "required")
        pair.add_change(kind, place, was_required, is_required, rule=rule)
    _compare_style(pair, old, new, location)
    _compare_value(pair, old, new)


def _compare_value(pair: Pair, old: Place, new: Place) -> None:
    """Compare the values of a parameter or header, and its texts."""
    compare_deprecation(pair, old, new)
    compare_texts(pair, old, new, ("description",))
    old_schema, new_schema = child(old, "schema"), child(new, "schema")
    had_schema, has_schema = (isinstance(schema.node, dict | bool) for schema in (old_schema, new_schema))
    if had_schema and has_schema:
        pair.add_schemas([old_schema], [new_schema], pair.use._replace(form="text"))
    elif "content" in old.node and "content" in new.node:
        compare_content(pair, old, new)
    elif has_schema and "content" not in old.node:
        pair.add_change("schema-added", new_schema, None, new_schema.node)
    elif had_schema and "content" not in new.node:
        pair.add_change("schema-removed", old_schema, old_schema.node, None)


def _compare_style(pair: Pair, old: Place, new: Place, location: str) -> None:
    before, after = _style(old, location), _style(new, location)
    # The first of these that differs decides: with another style, the other keywords mean something else.
    keyword = next(
        (
            keyword
            for keyword in ("content", "style", "explode", "allowReserved")
            if before.get(keyword) != after.get(keyword)
        ),
        "",
    )
    if not keyword:
        return
    types = [_types(pair.comparison.old, old), _types(pair.comparison.new, new)]
    if keyword == "explode" and all(each is not None and not each & {"array", "object"} for each in types):
        return  # a single value is written the same
    place = (
        child(new, keyword) if keyword in new.node else child(old, keyword) if keyword in old.node else new
    )
    if keyword == "allowReserved" or (keyword == "explode" and None in types):
        rule = ""
    else:
        rule = "request-written-otherwise" if pair.use.is_request else "answer-holds-other"
    pair.add_change("style-changed", place, _shown(before, keyword), _shown(after, keyword), rule=rule)


def _shown(style: Mapping[str, object], keyword: str) -> dict[str, object]:
    """Return the part of a style that a change of a keyword is about."""
    return {
        name: value
        for name, value in style.items()
        if name == keyword or (keyword == "content" and name == "style")
    }


def _types(document: ComparedDocument, place: Place) -> frozenset[str] | None:
    schema = child(place, "schema")
    return compared_schema(document, [schema]).types()[0] if isinstance(schema.node, dict) else None


def _style(place: Place, location: str) -> Mapping[str, object]:
    """Return the keywords that tell how a value is written, with their defaults."""
    media_type = next(iter(media_types(place)), "")
    if media_type:
        return {"content": media_type}
    style = place.node.get("style")
    style = style if isinstance(style, str) else default_style(location)
    explode = explodes(style, place.node.get("explode"))
    return {"style": style, "explode": explode, "allowReserved": place.node.get("allowReserved") is True}


def compare_headers(pair: Pair, old: Place, new: Place) -> None:
    """Compare the headers of two responses."""
    before, after = _headers(pair.comparison.old, old), _headers(pair.comparison.new, new)
    for name, place in after.items():
        if name in before:
            pair.add_places(_compare_header, before[name], place)
        else:
            rule = "answer-promises-more"
            pair.add_change("header-added", place, None, place.node, rule=rule)
    for name, place in before.items():
        if name not in after:
            was_required = isinstance(place.node, dict) and place.node.get("required") is True
            rule = "answer-promises-less" if was_required else ""
            pair.add_change("header-removed", place, place.node, None, rule=rule)


def _headers(document: ComparedDocument, place: Place) -> dict[str, Place]:
    found: dict[str, Place] = {}
    for name, header in members(child(place, "headers")):
        if name.lower() != "content-type":  # ignored there (OpenAPI 3.1.1, "Response Object")
            found.setdefault(name.lower(), document.resolve(header)._replace(subject=f"header {name}"))
    return found


def _compare_header(pair: Pair, old: Place, new: Place) -> None:
    if not isinstance(old.node, dict) or not isinstance(new.node, dict):
        return
    was_required, is_required = (place.node.get("required") is True for place in (old, new))
    if was_required != is_required:
        kind = "header-required" if is_required else "header-optional"
        rule = "answer-promises-more" if is_required else "answer-promises-less"
        place = child_of_either(old, new, "required")
        pair.add_change(kind, place, was_required, is_required, rule=rule)
    _compare_style(pair, old, new, "header")
    _compare_value(pair, old, new)
