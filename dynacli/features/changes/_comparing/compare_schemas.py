"""Compares the values that two schemas allow, in a request or in a response."""

from collections.abc import Sequence
from decimal import Decimal, InvalidOperation
from typing import Any, NamedTuple

from dynacli.features.changes._comparing.compared_document import (
    ComparedSchema,
    KeywordValue,
    Place,
    canonical,
    child,
    compared_schema,
    empty_schema,
    index_by_value,
)
from dynacli.features.changes._comparing.match_alternatives import compare_alternatives
from dynacli.features.changes.comparison import ComparedPair, Use, compare_deprecation, compare_text

_LEAST = ("minLength", "minItems", "minProperties")
_MOST = ("maxLength", "maxItems", "maxProperties")
_BOUNDS = (("minimum", "exclusiveMinimum", 1), ("maximum", "exclusiveMaximum", -1))
_LIMIT_KEYWORDS = frozenset(
    (
        *_LEAST,
        *_MOST,
        "minimum",
        "maximum",
        "exclusiveMinimum",
        "exclusiveMaximum",
        "multipleOf",
        "uniqueItems",
    )
)
_SCALARS = frozenset(("string", "number", "integer", "boolean"))
_UNVALIDATED = ("not", "if", "then", "else", "contains", "propertyNames", "contentSchema", "unevaluatedItems")
"""Keywords with schemas that a value need not match as a whole, so that no rule decides about their changes."""
_OF_OBJECTS = frozenset(
    ("properties", "required", "additionalProperties", "unevaluatedProperties", "patternProperties")
)
_FLAGS = (("readOnly", "read-only"), ("writeOnly", "write-only"))
_COMPARED = (
    _LIMIT_KEYWORDS
    | _OF_OBJECTS
    | frozenset(_UNVALIDATED)
    | frozenset(("type", "nullable", "enum", "const", "format", "pattern", "default", "deprecated"))
    | frozenset(("title", "description", "readOnly", "writeOnly", "items", "prefixItems", "dependentSchemas"))
    | frozenset(
        (
            "dependentRequired",
            "allOf",
            "oneOf",
            "anyOf",
            "discriminator",
            "$ref",
            "$dynamicRef",
            "contentEncoding",
        )
    )
    # These keywords do not restrict values.
    | frozenset(("example", "examples", "externalDocs", "$comment", "$schema", "$id", "$anchor"))
    | frozenset(("$dynamicAnchor", "$defs", "definitions", "contentMediaType", "$vocabulary"))
)


class _Limit(NamedTuple):
    """A limit.

    Args:
        value: The value for the report.
        order: Sort key; a higher one means a tighter limit.
        place: The location of the limit in the document.
    """

    value: Any
    order: Any
    place: Place


def _compare_limits(pair: ComparedPair, old: ComparedSchema, new: ComparedSchema) -> None:
    """Compare the limits of two schemas."""
    keywords = (old.keywords | new.keywords) & _LIMIT_KEYWORDS
    if not keywords:
        return
    for keyword in (*_LEAST, *_MOST):
        if keyword in keywords:
            _report(pair, _tightest_count(old, keyword), _tightest_count(new, keyword))
    if keywords & {"minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum"}:
        is_integer = old.types()[0] == new.types()[0] == frozenset(("integer",))
        for inclusive, exclusive, sign in _BOUNDS:
            before, after = (
                _bound(schema, inclusive, exclusive, sign, is_integer=is_integer) for schema in (old, new)
            )
            _report(pair, before, after)
    if "uniqueItems" in keywords:
        _report(pair, _unique_items(old), _unique_items(new))
    if "multipleOf" in keywords:
        _report_multiple(pair, _multiple_of(old), _multiple_of(new))


def _report(pair: ComparedPair, old: _Limit | None, new: _Limit | None) -> None:
    if old is None and new is not None:
        pair.add_change("limit-added", new.place, None, new.value, rule=pair.use.narrowed())
    elif old is not None and new is None:
        pair.add_change("limit-removed", old.place, old.value, None, rule=pair.use.widened())
    elif old is not None and new is not None and old.order != new.order:
        is_tighter = new.order > old.order
        kind, rule = (
            ("limit-tightened", pair.use.narrowed()) if is_tighter else ("limit-loosened", pair.use.widened())
        )
        pair.add_change(kind, new.place, old.value, new.value, rule=rule)


def _report_multiple(pair: ComparedPair, old: _Limit | None, new: _Limit | None) -> None:
    if old is None or new is None:
        _report(pair, old, new)
    elif old.order != new.order:
        if _divides(old.order, new.order):
            kind, rule = "limit-tightened", pair.use.narrowed()
        elif _divides(new.order, old.order):
            kind, rule = "limit-loosened", pair.use.widened()
        else:
            # The new limit refuses some values and allows others. The first matters to a request, the second to a
            # response.
            kind, rule = "limit-changed", pair.use.narrowed() if pair.use.is_request else ""
        pair.add_change(kind, new.place, old.value, new.value, rule=rule)


def _tightest(limits: list[_Limit]) -> _Limit | None:
    return max(limits, key=lambda limit: limit.order, default=None)


def _tightest_count(schema: ComparedSchema, keyword: str) -> _Limit | None:
    sign = 1 if keyword in _LEAST else -1
    return _tightest(
        [
            _Limit(found.value, found.value * sign, found.place)
            for found in schema.every(keyword)
            if _is_number(found.value) and (sign < 0 or found.value > 0)
        ]
    )


def _bound(
    schema: ComparedSchema, inclusive: str, exclusive: str, sign: int, *, is_integer: bool
) -> _Limit | None:
    """Return the tightest minimum or maximum."""
    limits = []
    for part in schema.parts:
        value, other = part.node.get(inclusive), part.node.get(exclusive)
        if _is_number(value):
            place = part._replace(pointer=f"{part.pointer}/{inclusive}")
            limits.append(_limit(value, place, sign, is_exclusive=False, is_integer=is_integer))
        if _is_number(other):
            place = part._replace(pointer=f"{part.pointer}/{exclusive}")
            limits.append(_limit(other, place, sign, is_exclusive=True, is_integer=is_integer))
    return _tightest(limits)


def _limit(value: Any, place: Place, sign: int, *, is_exclusive: bool, is_integer: bool) -> _Limit:
    shown = {"exclusive": value} if is_exclusive else value
    if is_integer and is_exclusive and value == int(value):
        # For integers, "above 0" and "at least 1" are the same.
        return _Limit(shown, ((value + sign) * sign, False), place)
    return _Limit(shown, (value * sign, is_exclusive), place)


def _unique_items(schema: ComparedSchema) -> _Limit | None:
    found = schema.flag("uniqueItems")
    return None if found is None else _Limit(found.value, 1, found.place)


def _multiple_of(schema: ComparedSchema) -> _Limit | None:
    for found in schema.every("multipleOf"):
        if _is_number(found.value) and found.value > 0:
            return _Limit(found.value, found.value, found.place)
    return None


def _divides(divisor: Any, value: Any) -> bool:
    try:
        # Decimal, because in binary floating point 0.3 is not a multiple of 0.1.
        return Decimal(str(value)) % Decimal(str(divisor)) == 0
    except (InvalidOperation, ValueError):
        return False


def _is_number(value: Any) -> bool:
    if isinstance(value, float):
        return value - value == 0  # neither infinite nor NaN
    return isinstance(value, int) and not isinstance(value, bool)


def _compare_object(pair: ComparedPair, old: ComparedSchema, new: ComparedSchema) -> None:
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
    """Return whether a property is not sent because it is read-only in a request or write-only in a response."""
    return schema.flag("readOnly" if use.is_request else "writeOnly") is not None


def _compare_property(
    pair: ComparedPair, old_places: Sequence[Place], new_places: Sequence[Place], required: tuple[bool, bool]
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
    pair: ComparedPair,
    old: ComparedSchema,
    new: ComparedSchema,
    required: tuple[bool, bool],
    *,
    is_hidden: bool,
) -> None:
    """Report a property that is no longer sent in this direction, or is sent for the first time."""
    keyword, kind = ("readOnly", "read-only") if pair.use.is_request else ("writeOnly", "write-only")
    if is_hidden:
        found = new.flag(keyword)
        rule = "response-guarantee-removed" if required[0] and not pair.use.is_request else ""
    else:
        found = old.flag(keyword)
        if not pair.use.is_request:
            rule = "response-guarantee-added"
        elif required[1]:
            rule = "" if new.first("default") is not None else "request-needs-more"
        else:
            rule = "request-needs-less"
    if found is not None:
        kind = f"{kind}-set" if is_hidden else f"{kind}-lifted"
        rule = pair.use.validated(rule)
        pair.add_change(kind, found.place, not is_hidden, is_hidden, rule=rule)


def _report_required(pair: ComparedPair, place: Place, *, is_required: bool, has_default: bool) -> None:
    if is_required:
        rule = (
            ("" if has_default else "request-needs-more")
            if pair.use.is_request
            else "response-guarantee-added"
        )
    else:
        rule = "request-needs-less" if pair.use.is_request else "response-guarantee-removed"
    kind = "property-required" if is_required else "property-optional"
    pair.add_change(kind, place, not is_required, is_required, rule=pair.use.validated(rule))


def _report_added(
    pair: ComparedPair, places: Sequence[Place], *, is_newly_required: bool, was_closed: bool
) -> None:
    schema = compared_schema(pair.comparison.new, places)
    if _is_hidden(schema, pair.use):
        return
    if not pair.use.is_request:
        rule = "" if was_closed else "response-guarantee-added"
    elif is_newly_required:
        rule = "" if schema.first("default") is not None else "request-needs-more"
    else:
        rule = "request-needs-less"
    pair.add_change("property-added", places[0], None, places[0].node, rule=pair.use.validated(rule))


def _report_removed(
    pair: ComparedPair, places: Sequence[Place], *, was_required: bool, is_closed: bool
) -> None:
    if _is_hidden(compared_schema(pair.comparison.old, places), pair.use):
        return
    if pair.use.is_request:
        # Most servers ignore an undescribed property, but some refuse it.
        rule = "request-allows-less" if is_closed else ""
    else:
        rule = "response-guarantee-removed" if was_required else ""
    pair.add_change("property-removed", places[0], places[0].node, None, rule=pair.use.validated(rule))


def _compare_undescribed_required(
    pair: ComparedPair, described: set[str], old_required: dict[str, Place], new_required: dict[str, Place]
) -> None:
    """Compare the properties that are required but not described."""
    for name, place in new_required.items():
        if name not in old_required and name not in described:
            _report_required(pair, place, is_required=True, has_default=False)
    for name, place in old_required.items():
        if name not in new_required and name not in described:
            _report_required(pair, place, is_required=False, has_default=False)


def _compare_additional(pair: ComparedPair, old: ComparedSchema, new: ComparedSchema) -> None:
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


def _compare_pattern_properties(pair: ComparedPair, old: ComparedSchema, new: ComparedSchema) -> None:
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


def compare_schemas(pair: ComparedPair, old_places: Sequence[Place], new_places: Sequence[Place]) -> None:
    """Compare two lists of schemas; the schemas of each list apply together."""
    old = compared_schema(pair.comparison.old, old_places)
    new = compared_schema(pair.comparison.new, new_places)
    is_null_compared = not pair.use.is_null_compared_elsewhere
    pair = pair.with_use(pair.use._replace(is_null_compared_elsewhere=False))
    if old.broken_refs != new.broken_refs:
        # The target of a broken reference cannot be compared.
        place = child(new.outermost if new.broken_refs else old.outermost, "$ref")
        refs = (", ".join(schema.broken_refs) or None for schema in (old, new))
        pair.add_change("constraint-changed", place, *refs)
        return
    if compare_alternatives(pair, old, new):
        if is_null_compared:
            _compare_null(pair, old, new)
        return
    keywords = old.keywords | new.keywords
    if keywords & {"title", "description"}:
        for keyword in ("title", "description"):
            _compare_texts(pair, old, new, keyword)
    is_alike = _compare_types(pair, old, new)
    if is_null_compared:
        _compare_null(pair, old, new)
    if not is_alike:
        return
    if keywords & {"enum", "const"} or old.enumerations or new.enumerations:
        _compare_allowed_values(pair, old, new)
    _compare_limits(pair, old, new)
    _compare_simple_keywords(pair, old, new)
    if keywords & _OF_OBJECTS:
        _compare_object(pair, old, new)
    if keywords & {"items", "prefixItems"}:
        _compare_items(pair, old, new)
    if "dependentRequired" in keywords:
        _compare_dependent_required(pair, old, new)
    rest = keywords - _COMPARED
    for keyword in _UNVALIDATED:
        if keyword in keywords:
            _compare_unvalidated(pair, old, new, keyword)
    if "dependentSchemas" in keywords:
        rest.add("dependentSchemas")
    for keyword in sorted(rest):
        if not keyword.startswith("x-"):
            _compare_keyword(pair, old, new, keyword)


def _compare_texts(pair: ComparedPair, old: ComparedSchema, new: ComparedSchema, keyword: str) -> None:
    before, after = old.first(keyword), new.first(keyword)
    place = (after or before or KeywordValue(None, new.outermost)).place
    old_text, new_text = (found.value if found is not None else None for found in (before, after))
    compare_text(pair, f"{keyword}-changed", place, old_text, new_text)


def _compare_types(pair: ComparedPair, old: ComparedSchema, new: ComparedSchema) -> bool:
    """Compare the types; return whether they overlap, so that the rest is worth comparing."""
    (old_types, old_found), (new_types, new_found) = old.types(), new.types()
    if old_types != new_types and not _is_compared_elsewhere(
        old_types, new_types, old_found, new_found, pair.use
    ):
        found = new_found or old_found
        place = found.place if found is not None else new.outermost if new.is_never else old.outermost
        rule = pair.use.validated(_rule_of_types(old, new, old_types, new_types, pair.use))
        pair.add_change("type-changed", place, _as_written(old_types), _as_written(new_types), rule=rule)
    if old.is_never or new.is_never:
        return False
    if old_types is None or new_types is None or old_types == new_types:
        return True
    return bool(_with_integer(old_types) & _with_integer(new_types))


def _compare_null(pair: ComparedPair, old: ComparedSchema, new: ComparedSchema) -> None:
    old_types, new_types = old.types()[0], new.types()[0]
    if (old_types is None) != (new_types is None):
        return
    old_null, new_null = old.null(), new.null()
    # A value as text cannot be null, and a schema without a type already allowed null.
    is_validated = old_types is not None and not pair.use.is_written_as_text
    pair.add_flag_change(
        ("nullable-added", "nullable-removed"),
        _place_or_none(old_null),
        _place_or_none(new_null),
        rules=(pair.use.widened(is_another_type=True), pair.use.narrowed()) if is_validated else ("", ""),
    )


def _place_or_none(found: KeywordValue | None) -> Place | None:
    return found.place if found is not None else None


def _with_integer(types: frozenset[str]) -> frozenset[str]:
    return types | {"integer"} if "number" in types else types


def _is_compared_elsewhere(
    old_types: frozenset[str] | None,
    new_types: frozenset[str] | None,
    old_found: KeywordValue | None,
    new_found: KeywordValue | None,
    use: Use,
) -> bool:
    """Return whether the types come from alternatives or allowed values, which are compared separately."""
    is_derived = [found is not None and found.value is None for found in (old_found, new_found)]
    if all(is_derived):
        return True
    if True not in is_derived or old_types is None or new_types is None:
        return False
    return _covers(old_types, new_types, use) if is_derived[1] else _covers(new_types, old_types, use)


def _as_written(types: frozenset[str] | None) -> Any:
    """Return types as the value of `type`."""
    if types is None:
        return None
    return next(iter(types)) if len(types) == 1 else sorted(types)


def _rule_of_types(
    old: ComparedSchema,
    new: ComparedSchema,
    old_types: frozenset[str] | None,
    new_types: frozenset[str] | None,
    use: Use,
) -> str:
    """Return the rule for a change from some types to others."""
    if old_types is None or new_types is None:
        # Many documents leave out a type that the other keywords imply, so adding it changes nothing.
        untyped, named = (old, new_types) if old_types is None else (new, old_types)
        if named is not None and _implied_types(untyped) == named:
            return ""
        if use.is_written_as_text and named == frozenset(("string",)):
            return "same-on-the-wire"
        return use.narrowed() if old_types is None else use.widened(is_another_type=True)
    if use.is_written_as_text and ("array" in old_types) != ("array" in new_types):
        # An array of one item looks like the item itself, and with some separators longer arrays do, too.
        return ""
    is_narrowed = not _covers(new_types, old_types, use)
    is_widened = not _covers(old_types, new_types, use)
    if use.is_request:
        return use.narrowed() if is_narrowed else use.widened()
    return use.widened(is_another_type=True) if is_widened else use.narrowed()


def _covers(types: frozenset[str], others: frozenset[str], use: Use) -> bool:
    """Return whether each value of the other types is also a value of these types."""
    allowed = set(types)
    if "number" in allowed:
        allowed.add("integer")
    if "string" in allowed and use.is_written_as_text:
        allowed |= _SCALARS
    return others <= allowed


def _implied_types(schema: ComparedSchema) -> frozenset[str] | None:
    """Return the types that the other keywords imply."""
    if schema.keywords & {*_OF_OBJECTS, "minProperties", "maxProperties"}:
        return frozenset(("object",))
    if schema.keywords & {"items", "prefixItems", "minItems", "maxItems", "uniqueItems"}:
        return frozenset(("array",))
    if schema.keywords & {"pattern", "minLength", "maxLength"}:
        return frozenset(("string",))
    return frozenset(("object",)) if schema.alternatives else None


def _compare_allowed_values(pair: ComparedPair, old: ComparedSchema, new: ComparedSchema) -> None:
    before, after = old.allowed_values(), new.allowed_values()
    if before is None and after is not None:
        pair.add_change("enum-added", after.place, None, after.values, rule=pair.use.narrowed())
    elif before is not None and after is None:
        pair.add_change("enum-removed", before.place, before.values, None, rule=pair.use.widened())
    elif before is not None and after is not None:
        old_index, new_index = index_by_value(before.values), index_by_value(after.values)
        removed = [index for value, index in old_index.items() if value not in new_index]
        added = [index for value, index in new_index.items() if value not in old_index]
        if before.is_constant and after.is_constant and removed:
            rule = pair.use.narrowed() if pair.use.is_request else ""
            values = before.values[0], after.values[0]
            pair.add_change("const-changed", after.place, *values, rule=rule)
            return
        for index in removed:
            place, value = before.places[index], before.values[index]
            pair.add_change("enum-value-removed", place, value, None, rule=pair.use.narrowed())
        for index in added:
            place, value = after.places[index], after.values[index]
            pair.add_change("enum-value-added", place, None, value, rule=pair.use.widened())


def _compare_simple_keywords(pair: ComparedPair, old: ComparedSchema, new: ComparedSchema) -> None:
    """Compare the keywords that each have a single value."""
    keywords = old.keywords | new.keywords
    if "pattern" in keywords:
        rules = pair.use.narrowed(), pair.use.widened()
        pair.add_keyword_change("pattern", _patterns(old), _patterns(new), rules)
    if keywords & {"format", "contentEncoding", "contentMediaType"}:
        pair.add_keyword_change("format", old.format(), new.format())
        for keyword in ("contentEncoding", "contentMediaType"):
            _compare_content_keyword(pair, old, new, keyword)
    if "default" in keywords:
        pair.add_keyword_change("default", old.first("default"), new.first("default"))
    if "deprecated" in keywords:
        flags = _place_or_none(old.flag("deprecated")), _place_or_none(new.flag("deprecated"))
        compare_deprecation(pair, old.outermost, new.outermost, flags)
    for keyword, kind in _FLAGS:
        if keyword in keywords:
            # In the opposite direction the flag hides the property, and `_compare_property` reports that.
            rule = pair.use.validated(
                "same-on-the-wire" if (keyword == "readOnly") != pair.use.is_request else ""
            )
            pair.add_flag_change(
                (f"{kind}-set", f"{kind}-lifted"),
                _place_or_none(old.flag(keyword)),
                _place_or_none(new.flag(keyword)),
                rules=(rule, rule),
            )


def _patterns(schema: ComparedSchema) -> KeywordValue | None:
    found = [pattern for pattern in schema.every("pattern") if isinstance(pattern.value, str)]
    if not found:
        return None
    values = sorted({pattern.value for pattern in found})
    return KeywordValue(values[0] if len(values) == 1 else values, found[0].place)


def _compare_content_keyword(
    pair: ComparedPair, old: ComparedSchema, new: ComparedSchema, keyword: str
) -> None:
    """Compare `contentEncoding` or `contentMediaType`, except for values that count as a format."""
    before, after = (
        None if found is None or found.value in ("base64", "application/octet-stream") else found
        for found in (schema.first(keyword) for schema in (old, new))
    )
    values = before.value if before else None, after.value if after else None
    if values[0] != values[1]:
        place = (after or before or KeywordValue(None, new.outermost)).place
        pair.add_change("constraint-changed", place, *values)


def _compare_items(pair: ComparedPair, old: ComparedSchema, new: ComparedSchema) -> None:
    inner_use = pair.use._replace(form="field" if pair.use.form == "form" else pair.use.form)
    old_prefix, new_prefix = _prefix_items(old), _prefix_items(new)
    for before, after in zip(old_prefix, new_prefix, strict=False):
        pair.add_schemas([before], [after], inner_use)
    if len(old_prefix) != len(new_prefix):
        _compare_keyword(pair, old, new, "prefixItems")
    old_items, new_items = old.under("items", "[]"), new.under("items", "[]")
    if old_items or new_items:
        old_items, new_items = (
            old_items or [empty_schema(new_items[0])],
            new_items or [empty_schema(old_items[0])],
        )
        pair.add_schemas(old_items, new_items, inner_use)


def _prefix_items(schema: ComparedSchema) -> list[Place]:
    found = schema.first("prefixItems")
    if found is None or not isinstance(found.value, list):
        return []
    return [child(found.place, index, f"{found.place.subject}[{index}]") for index in range(len(found.value))]


def _compare_dependent_required(pair: ComparedPair, old: ComparedSchema, new: ComparedSchema) -> None:
    """Compare the properties that are required if other properties are given."""
    old_needs, new_needs = _dependent_required(old), _dependent_required(new)
    if old_needs == new_needs:
        return
    before, after = old.first("dependentRequired"), new.first("dependentRequired")
    place = (after or before or KeywordValue(None, new.outermost)).place
    if pair.use.is_request:
        rule = "request-needs-more" if new_needs - old_needs else "request-needs-less"
    else:
        rule = "response-guarantee-added" if new_needs > old_needs else ""
    values = (found.value if found else None for found in (before, after))
    pair.add_change("constraint-changed", place, *values, rule=pair.use.validated(rule))


def _dependent_required(schema: ComparedSchema) -> set[tuple[str, str]]:
    """Return (property, required property) pairs."""
    return {
        (str(name), str(needed))
        for found in schema.every("dependentRequired")
        if isinstance(found.value, dict)
        for name, names in found.value.items()
        for needed in (names if isinstance(names, list) else ())
    }


def _compare_unvalidated(pair: ComparedPair, old: ComparedSchema, new: ComparedSchema, keyword: str) -> None:
    before, after = old.under(keyword), new.under(keyword)
    if before and after:
        inner_use = pair.use._replace(is_validated=False)
        pair.add_schemas(before, after, inner_use)
    else:
        _compare_keyword(pair, old, new, keyword)


def _compare_keyword(pair: ComparedPair, old: ComparedSchema, new: ComparedSchema, keyword: str) -> None:
    """Compare a keyword without rules by its value."""
    before, after = old.first(keyword), new.first(keyword)
    values = before.value if before else None, after.value if after else None
    if (before is None) != (after is None) or canonical(values[0]) != canonical(values[1]):
        place = (after or before or KeywordValue(None, new.outermost)).place
        pair.add_change("constraint-changed", place, *values)
