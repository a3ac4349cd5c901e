"""Compares the content of two messages: bodies by their media types."""

import re

from dynacli.changes.comparing.canonical_values import canonical, canonical_without
from dynacli.changes.comparing.compare_texts import compare_texts
from dynacli.changes.comparing.compared_document import (
    ComparedDocument,
    Place,
    child,
    child_of_either,
    members,
    present,
)
from dynacli.changes.comparing.compared_schema import ComparedSchema, compared_schema
from dynacli.changes.comparing.comparison import Pair
from dynacli.document.pointer import split
from dynacli.model.media_types import essence

__all__ = ["compare_body", "compare_content", "media_types"]

_FORMS = ("application/x-www-form-urlencoded", "multipart/")
_TEXT = re.compile(r"text/.*|.*[/+]xml")
_RANGE = re.compile(r"[^/]*/\*")


def compare_body(pair: Pair, old: Place, new: Place) -> None:
    """Compare the bodies of two operations."""
    before, after = pair.comparison.old.resolve(old), pair.comparison.new.resolve(new)
    had_body, has_body = (isinstance(body.node, dict) for body in (before, after))
    was_required, is_required = (
        body.node.get("required") is True if isinstance(body.node, dict) else False
        for body in (before, after)
    )
    rule = ("request-needs-more" if is_required else "request-needs-less") if pair.use.is_request else ""
    if has_body and not had_body:
        pair.add_change("body-added", after, None, after.node, rule=pair.use.judged(rule))
    elif had_body and not has_body:
        pair.add_change("body-removed", before, before.node, None)
    elif had_body:
        if was_required != is_required:
            kind = "body-required" if is_required else "body-optional"
            place = child_of_either(before, after, "required")
            pair.add_change(kind, place, was_required, is_required, rule=rule)
        pair.add_places(_compare_body, before, after)


def _compare_body(pair: Pair, old: Place, new: Place) -> None:
    compare_texts(pair, old, new, ("description",))
    compare_content(pair, old, new)


def compare_content(pair: Pair, old: Place, new: Place) -> None:
    """Compare the media types of two bodies, responses, parameters or headers."""
    before, after = media_types(old), media_types(new)
    only_old, only_new = dict(before), dict(after)
    matched = [(name, name) for name in before if name in after]
    for name, _ in matched:
        del only_old[name], only_new[name]
    for name in tuple(only_old):
        # The same media type with other parameters, such as another charset.
        match = next((other for other in only_new if essence(other) == essence(name)), None)
        if match is not None:
            names = _spelling(only_old[name]), _spelling(only_new[match])
            pair.add_change("media-type-changed", only_new[match], *names)
            matched.append((name, match))
            del only_old[name], only_new[match]
    for name, place in only_old.items():
        rule = pair.use.judged("request-allows-less" if pair.use.is_request else "answer-promises-less")
        # Nobody misses a media type without a schema, which the conversion of 2.0 gives to every response.
        is_covered = any(_is_in_range(name, other) for other in after) or (
            not after and not _has_schema(pair.comparison.old, place)
        )
        pair.add_change("media-type-removed", place, _spelling(place), None, rule="" if is_covered else rule)
    for place in only_new.values():
        rule = pair.use.judged("request-allows-more" if pair.use.is_request else "")
        pair.add_change("media-type-added", place, None, _spelling(place), rule=rule)
    for name, match in matched:
        inner_use = pair.use
        if pair.use.form == "json" and essence(match).startswith(_FORMS):
            inner_use = pair.use._replace(form="form")
        elif pair.use.form == "json" and _TEXT.fullmatch(essence(match)):
            inner_use = pair.use._replace(form="text")
        pair.add_places(_compare_media_type, before[name], after[match], inner_use)


def media_types(place: Place) -> dict[str, Place]:
    """Return the Media Type Objects under `content`, by their names in lower case and without spaces."""
    found: dict[str, Place] = {}
    for name, media_type in members(child(place, "content")):
        key = re.sub(r"\s+", "", name).lower()
        found.setdefault(key, media_type._replace(subject=place.subject))
    return found


def _spelling(media_type: Place) -> str:
    """Return the name of a media type as the document spells it."""
    return split(media_type.pointer)[-1]


def _is_in_range(name: str, media_range: str) -> bool:
    """Return whether a range such as `*/*` includes a media type."""
    return media_range == "*/*" or bool(
        _RANGE.fullmatch(media_range) and essence(name).startswith(media_range[:-1])
    )


def _compare_media_type(pair: Pair, old: Place, new: Place) -> None:
    for keyword in ("schema", "itemSchema"):
        before, after = child(old, keyword), child(new, keyword)
        had_schema, has_schema = (isinstance(schema.node, dict | bool) for schema in (before, after))
        if had_schema and has_schema:
            pair.add_schemas([before], [after])
        elif had_schema and _says_more_than_bytes(compared_schema(pair.comparison.old, [before])):
            pair.add_change("schema-removed", before, before.node, None)
        elif has_schema and _says_more_than_bytes(compared_schema(pair.comparison.new, [after])):
            pair.add_change("schema-added", after, None, after.node)
    for keyword in ("encoding", "prefixEncoding", "itemEncoding"):
        _compare_encodings(pair, child(old, keyword), child(new, keyword))


def _has_schema(document: ComparedDocument, media_type: Place) -> bool:
    resolved = document.resolve(media_type)
    return any(isinstance(child(resolved, keyword).node, dict) for keyword in ("schema", "itemSchema"))


def _says_more_than_bytes(schema: ComparedSchema) -> bool:
    """Return whether a schema describes more than raw bytes, for which 3.1 documents have no schema at all."""
    found = schema.format()
    is_bytes = (
        found is not None and found.value == "binary" and schema.keywords <= {"type", "format", "description"}
    )
    return not schema.allows_anything and not is_bytes


def _compare_encodings(pair: Pair, old: Place, new: Place) -> None:
    if old.node is None and new.node is None:
        return
    if not isinstance(old.node, dict) or not isinstance(new.node, dict):
        if canonical(old.node or {}) != canonical(new.node or {}):
            pair.add_change("encoding-changed", present(old, new), old.node, new.node)
        return
    for name in dict.fromkeys((*new.node, *old.node)):
        before, after = child(old, name), child(new, name)
        if canonical_without(before.node, "headers") != canonical_without(after.node, "headers"):
            place = present(before, after)
            place = place._replace(subject=f"{place.subject}.{name}")
            pair.add_change("encoding-changed", place, before.node, after.node)
