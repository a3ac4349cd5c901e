"""Compares the properties of two object schemas."""

from collections.abc import Sequence

from dynacli.changes.comparing.compared_document import Place, child, empty_schema
from dynacli.changes.comparing.compared_schema import ComparedSchema, compared_schema
from dynacli.changes.comparing.comparison import Pair, Use

__all__ = ["compare_object"]


def compare_object(pair: Pair, old: ComparedSchema, new: ComparedSchema) -> None:
    """Compare the properties that an object may have and must have."""
    old_properties, new_properties = old.properties(), new.properties()
    old_required, new_required = old.required(), new.required()
    inner_form = {"form": "field", "field": "json"}.get(pair.use.form, pair.use.form)
    inner = pair.with_use(pair.use._replace(form=inner_form))
    for name, places in new_properties.items():
        required = name in old_required, name in new_required
        if name in old_properties:
            _compare_property(inner, old_properties[name], places, required)
        else:
            _report_added(
                pair, places, is_newly_required=required == (False, True), was_closed=old.closed() is not None
            )
    for name, places in old_properties.items():
        if name not in new_properties:
            _report_removed(
                pair, places, was_required=name in old_required, is_closed=new.closed() is not None
            )
    described = old_properties.keys() | new_properties.keys()
    _compare_undescribed_required(pair, described, old_required, new_required)
    _compare_additional(inner, old, new)
    _compare_pattern_properties(inner, old, new)


def _is_hidden(schema: ComparedSchema, use: Use) -> bool:
    """Return whether a property is not sent: a read-only one in a request, a write-only one in a response."""
    return schema.flag("readOnly" if use.is_request else "writeOnly") is not None


def _compare_property(
    pair: Pair, old_places: Sequence[Place], new_places: Sequence[Place], required: tuple[bool, bool]
) -> None:
    was_required, is_required = required
    inner = pair.comparison.pair_of_schemas(old_places, new_places, pair.use)
    if was_required == is_required and inner is None:
        return
    comparison = pair.comparison
    old, new = compared_schema(comparison.old, old_places), compared_schema(comparison.new, new_places)
    was_hidden, is_hidden = _is_hidden(old, pair.use), _is_hidden(new, pair.use)
    if was_hidden and is_hidden:
        return
    if was_hidden != is_hidden:
        _report_hidden(pair, old, new, required, is_hidden=is_hidden)
        return
    if was_required != is_required:
        has_default = new.first("default") is not None
        _report_required(pair, new_places[0], is_required=is_required, has_default=has_default)
    pair.add(inner)


def _report_hidden(
    pair: Pair, old: ComparedSchema, new: ComparedSchema, required: tuple[bool, bool], *, is_hidden: bool
) -> None:
    """Report a property that is no longer sent in this direction, or is sent for the first time."""
    keyword, kind = ("readOnly", "read-only") if pair.use.is_request else ("writeOnly", "write-only")
    if is_hidden:
        found = new.flag(keyword)
        rule = "answer-promises-less" if required[0] and not pair.use.is_request else ""
    else:
        found = old.flag(keyword)
        if not pair.use.is_request:
            rule = "answer-promises-more"
        elif required[1]:
            rule = "" if new.first("default") is not None else "request-needs-more"
        else:
            rule = "request-needs-less"
    if found is not None:
        kind = f"{kind}-set" if is_hidden else f"{kind}-lifted"
        rule = pair.use.judged(rule)
        pair.add_change(kind, found.place, not is_hidden, is_hidden, rule=rule)


def _report_required(pair: Pair, place: Place, *, is_required: bool, has_default: bool) -> None:
    if is_required:
        rule = (
            ("" if has_default else "request-needs-more") if pair.use.is_request else "answer-promises-more"
        )
    else:
        rule = "request-needs-less" if pair.use.is_request else "answer-promises-less"
    kind = "property-required" if is_required else "property-optional"
    pair.add_change(kind, place, not is_required, is_required, rule=pair.use.judged(rule))


def _report_added(pair: Pair, places: Sequence[Place], *, is_newly_required: bool, was_closed: bool) -> None:
    schema = compared_schema(pair.comparison.new, places)
    if _is_hidden(schema, pair.use):
        return
    if not pair.use.is_request:
        rule = "" if was_closed else "answer-promises-more"
    elif is_newly_required:
        rule = "" if schema.first("default") is not None else "request-needs-more"
    else:
        rule = "request-needs-less"
    pair.add_change("property-added", places[0], None, places[0].node, rule=pair.use.judged(rule))


def _report_removed(pair: Pair, places: Sequence[Place], *, was_required: bool, is_closed: bool) -> None:
    if _is_hidden(compared_schema(pair.comparison.old, places), pair.use):
        return
    if pair.use.is_request:
        # Most servers ignore an undescribed property, and some refuse it.
        rule = "request-allows-less" if is_closed else ""
    else:
        rule = "answer-promises-less" if was_required else ""
    pair.add_change("property-removed", places[0], places[0].node, None, rule=pair.use.judged(rule))


def _compare_undescribed_required(
    pair: Pair, described: set[str], old_required: dict[str, Place], new_required: dict[str, Place]
) -> None:
    """Compare the properties that are required but described nowhere."""
    for name, place in new_required.items():
        if name not in old_required and name not in described:
            _report_required(pair, place, is_required=True, has_default=False)
    for name, place in old_required.items():
        if name not in new_required and name not in described:
            _report_required(pair, place, is_required=False, has_default=False)


def _compare_additional(pair: Pair, old: ComparedSchema, new: ComparedSchema) -> None:
    """Compare whether undescribed properties are allowed, and their schemas."""
    was_closed, is_closed = old.closed(), new.closed()
    pair.add_flag_change(
        ("additional-properties-refused", "additional-properties-allowed"),
        was_closed.place if was_closed is not None else None,
        is_closed.place if is_closed is not None else None,
        rules=(pair.use.narrowed(), pair.use.widened()),
        value=False,
    )
    if was_closed is not None or is_closed is not None:
        return
    for keyword in ("additionalProperties", "unevaluatedProperties"):
        before, after = old.under(keyword, ".*"), new.under(keyword, ".*")
        if before or after:
            before, after = before or [empty_schema(after[0])], after or [empty_schema(before[0])]
            pair.add_schemas(before, after)


def _compare_pattern_properties(pair: Pair, old: ComparedSchema, new: ComparedSchema) -> None:
    before, after = _pattern_properties(old), _pattern_properties(new)
    for pattern, places in after.items():
        if pattern in before:
            pair.add_schemas(before[pattern], places)
        else:
            rule = pair.use.narrowed() if old.closed() is None else pair.use.widened()
            pair.add_change("constraint-changed", places[0], None, places[0].node, rule=rule)
    for pattern, places in before.items():
        if pattern not in after:
            rule = pair.use.widened() if new.closed() is None else pair.use.narrowed()
            pair.add_change("constraint-changed", places[0], places[0].node, None, rule=rule)


def _pattern_properties(schema: ComparedSchema) -> dict[str, list[Place]]:
    patterns: dict[str, list[Place]] = {}
    for found in schema.every("patternProperties"):
        for pattern, subschema in found.value.items() if isinstance(found.value, dict) else ():
            place = child(found.place, pattern, f"{found.place.subject}./{pattern}/")
            patterns.setdefault(str(pattern), []).append(place._replace(node=subschema))
    return patterns
