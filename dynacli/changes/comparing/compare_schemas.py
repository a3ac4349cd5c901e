"""Two schemas: what a value may be, for which use."""

from collections.abc import Sequence
from typing import Any

from dynacli.changes.comparing.compare_bounds import LIMIT_WORDS, compare_limits
from dynacli.changes.comparing.compare_properties import compare_object
from dynacli.changes.comparing.compare_texts import compare_deprecation, compare_text
from dynacli.changes.comparing.compared_document import Place, anything, below
from dynacli.changes.comparing.compared_schema import Found, View, view
from dynacli.changes.comparing.comparison import Comparison, Pair, Use
from dynacli.changes.comparing.match_alternatives import compare_alternatives
from dynacli.changes.reported_values import by_value, identity

__all__ = ["compare_schemas", "pair_of_schemas"]

_SCALARS = frozenset(("string", "number", "integer", "boolean"))

_UNJUDGED = ("not", "if", "then", "else", "contains", "propertyNames", "contentSchema", "unevaluatedItems")
"""Schemas that a value is not simply held to: what changes in them is told without a verdict."""
_OBJECT = frozenset(
    ("properties", "required", "additionalProperties", "unevaluatedProperties", "patternProperties")
)
_FLAGS = (("readOnly", "read-only"), ("writeOnly", "write-only"))
_COMPARED = (
    LIMIT_WORDS
    | _OBJECT
    | frozenset(_UNJUDGED)
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
    # What is no part of what a client sends or gets, or has no meaning of its own.
    | frozenset(("example", "examples", "externalDocs", "$comment", "$schema", "$id", "$anchor"))
    | frozenset(("$dynamicAnchor", "$defs", "definitions", "contentMediaType", "$vocabulary"))
)


def pair_of_schemas(run: Comparison, old: Place, new: Place, use: Use) -> Pair | None:
    """Return the pair of two schemas; None where they are plainly the same."""
    return run.places(compare_schemas, [old], [new], use)


def compare_schemas(
    run: Comparison, pair: Pair, old_places: Sequence[Place], new_places: Sequence[Place], use: Use
) -> None:
    """Compare two sets of schemas that hold together."""
    old, new = view(run.old, old_places), view(run.new, new_places)
    is_null_compared = not use.has_null_apart
    use = use._replace(has_null_apart=False)
    if old.unread != new.unread:
        # What is not known cannot be compared.
        where = below(new.home if new.unread else old.home, "$ref")
        refs = (", ".join(one.unread) or None for one in (old, new))
        run.tell(pair, "constraint-changed", where, *refs, use=use)
        return
    if compare_alternatives(run, pair, old, new, use, compare_schemas):
        # One became a choice that the other is part of: nothing else is left to be compared.
        if is_null_compared:
            _compare_null(run, pair, old, new, use)
        return
    words = old.words | new.words
    if words & {"title", "description"}:
        for word in ("title", "description"):
            _compare_words(run, pair, old, new, word, use)
    is_alike = _compare_types(run, pair, old, new, use)
    if is_null_compared:
        _compare_null(run, pair, old, new, use)
    if not is_alike:
        return
    if words & {"enum", "const"} or old.listed or new.listed:
        _compare_values(run, pair, old, new, use)
    compare_limits(run, pair, old, new, use)
    _compare_plain(run, pair, old, new, use)
    if words & _OBJECT:
        compare_object(run, pair, old, new, use, compare_schemas)
    if words & {"items", "prefixItems"}:
        _compare_items(run, pair, old, new, use)
    if "dependentRequired" in words:
        _compare_dependent(run, pair, old, new, use)
    rest = words - _COMPARED
    for word in _UNJUDGED:
        if word in words:
            _compare_unjudged(run, pair, old, new, word, use)
    if "dependentSchemas" in words:
        rest.add("dependentSchemas")
    for word in sorted(rest):
        if not word.startswith("x-"):
            _compare_word(run, pair, old, new, word, use)


def _compare_words(run: Comparison, pair: Pair, old: View, new: View, word: str, use: Use) -> None:
    first, second = old.first(word), new.first(word)
    place = (second or first or Found(None, new.home)).place
    was, now = (one.value if one is not None else None for one in (first, second))
    compare_text(run, pair, f"{word}-changed", place, was, now, use=use)


def _compare_types(run: Comparison, pair: Pair, old: View, new: View, use: Use) -> bool:
    """Compare the types; return whether they have something in common, so that the rest is worth a look."""
    (was, was_at), (now, now_at) = old.types(), new.types()
    if was != now and not _is_told_elsewhere(was, now, was_at, now_at, use):
        where = now_at or was_at
        place = where.place if where is not None else new.home if new.is_never else old.home
        rule = _rule_of_types(old, new, was, now, use)
        run.tell(pair, "type-changed", place, _shown(was), _shown(now), rule=use.judged(rule), use=use)
    is_alike = was is None or now is None or bool(_wide(was) & _wide(now)) or was == now
    return is_alike and not old.is_never and not new.is_never


def _compare_null(run: Comparison, pair: Pair, old: View, new: View, use: Use) -> None:
    was, now = old.types()[0], new.types()[0]
    was_null, now_null = old.null(), new.null()
    if (was_null is None) == (now_null is None) or (was is None) != (now is None):
        return
    # On text there is no null, and where no type is named it could stand before.
    is_judged = was is not None and not use.is_written_as_text
    if now_null is not None:
        rule = use.widened(is_another_type=True) if is_judged else ""
        run.tell(pair, "nullable-added", now_null.place, from_=False, to=True, rule=rule, use=use)
    elif was_null is not None:
        rule = use.narrowed() if is_judged else ""
        run.tell(pair, "nullable-removed", was_null.place, from_=True, to=False, rule=rule, use=use)


def _wide(types: frozenset[str]) -> frozenset[str]:
    return types | {"integer"} if "number" in types else types


def _is_told_elsewhere(
    was: frozenset[str] | None,
    now: frozenset[str] | None,
    was_at: Found | None,
    now_at: Found | None,
    use: Use,
) -> bool:
    """Return whether types differ as alternatives or listed values do, which are compared by themselves."""
    derived = [one is not None and one.value is None for one in (was_at, now_at)]
    if all(derived):
        return True
    if True not in derived or was is None or now is None:
        return False
    return _covers(was, now, use) if derived[1] else _covers(now, was, use)


def _shown(types: frozenset[str] | None) -> Any:
    """Return types as a document writes them."""
    if types is None:
        return None
    return next(iter(types)) if len(types) == 1 else sorted(types)


def _rule_of_types(
    old: View, new: View, was: frozenset[str] | None, now: frozenset[str] | None, use: Use
) -> str:
    if was is None or now is None:
        # Many documents leave out what the other keywords say: naming it changes nothing.
        unnamed, named = (old, now) if was is None else (new, was)
        if named is not None and _implied(unnamed) == named:
            return ""
        if use.is_written_as_text and named == frozenset(("string",)):
            return "same-on-the-wire"
        return use.narrowed() if was is None else use.widened(is_another_type=True)
    if use.is_written_as_text and ("array" in was) != ("array" in now):
        # One item is written as a value is, and some separators are as well.
        return ""
    is_narrowed = not _covers(now, was, use)
    is_widened = not _covers(was, now, use)
    if use.is_request:
        return use.narrowed() if is_narrowed else use.widened()
    return use.widened(is_another_type=True) if is_widened else use.narrowed()


def _covers(types: frozenset[str], others: frozenset[str], use: Use) -> bool:
    """Return whether a value of any of the other types is of one of these."""
    allowed = set(types)
    if "number" in allowed:
        allowed.add("integer")
    if "string" in allowed and use.is_written_as_text:
        allowed |= _SCALARS
    return others <= allowed


def _implied(seen: View) -> frozenset[str] | None:
    """Return the types that the other keywords speak of."""
    if seen.words & {*_OBJECT, "minProperties", "maxProperties"}:
        return frozenset(("object",))
    if seen.words & {"items", "prefixItems", "minItems", "maxItems", "uniqueItems"}:
        return frozenset(("array",))
    if seen.words & {"pattern", "minLength", "maxLength"}:
        return frozenset(("string",))
    return frozenset(("object",)) if seen.groups else None


def _compare_values(run: Comparison, pair: Pair, old: View, new: View, use: Use) -> None:
    was, now = old.values(), new.values()
    if was is None and now is not None:
        run.tell(pair, "enum-added", now.place, None, now.values, rule=use.narrowed(), use=use)
    elif was is not None and now is None:
        run.tell(pair, "enum-removed", was.place, was.values, None, rule=use.widened(), use=use)
    elif was is not None and now is not None:
        before, after = by_value(was.values), by_value(now.values)
        gone = [index for value, index in before.items() if value not in after]
        come = [index for value, index in after.items() if value not in before]
        if was.is_constant and now.is_constant and gone:
            rule = use.narrowed() if use.is_request else ""
            run.tell(pair, "const-changed", now.place, was.values[0], now.values[0], rule=rule, use=use)
            return
        for index in gone:
            value = was.values[index]
            run.tell(pair, "enum-value-removed", was.places[index], value, None, rule=use.narrowed(), use=use)
        for index in come:
            value = now.values[index]
            run.tell(pair, "enum-value-added", now.places[index], None, value, rule=use.widened(), use=use)


def _compare_plain(run: Comparison, pair: Pair, old: View, new: View, use: Use) -> None:
    """Compare the keywords that have one value each."""
    words = old.words | new.words
    if "pattern" in words:
        rules = use.narrowed(), use.widened()
        _told(run, pair, "pattern", _patterns(old), _patterns(new), use, rules)
    if words & {"format", "contentEncoding", "contentMediaType"}:
        _told(run, pair, "format", old.format(), new.format(), use)
        for word in ("contentEncoding", "contentMediaType"):
            _compare_content(run, pair, old, new, word, use)
    if "default" in words:
        _told(run, pair, "default", old.first("default"), new.first("default"), use)
    if "deprecated" in words:
        compare_deprecation(
            run, pair, old.home, new.home, (old.flag("deprecated"), new.flag("deprecated")), use
        )
    for word, kind in _FLAGS:
        if word in words:
            was, now = old.flag(word), new.flag(word)
            # In the other direction it is about properties, which are compared with it.
            rule = "same-on-the-wire" if (word == "readOnly") != use.is_request else ""
            if was is None and now is not None:
                run.tell(pair, f"{kind}-set", now.place, from_=False, to=True, rule=use.judged(rule), use=use)
            elif was is not None and now is None:
                run.tell(
                    pair, f"{kind}-lifted", was.place, from_=True, to=False, rule=use.judged(rule), use=use
                )


def _patterns(seen: View) -> Found | None:
    found = [one for one in seen.every("pattern") if isinstance(one.value, str)]
    if not found:
        return None
    values = sorted({one.value for one in found})
    return Found(values[0] if len(values) == 1 else values, found[0].place)


def _told(
    run: Comparison,
    pair: Pair,
    kind: str,
    was: Found | None,
    now: Found | None,
    use: Use,
    rules: tuple[str, str] = ("", ""),
) -> None:
    """Tell of a keyword that came, went or has another value.

    Args:
        rules: For one that came and one that went.
    """
    if was is None and now is not None:
        run.tell(pair, f"{kind}-added", now.place, None, now.value, rule=rules[0], use=use)
    elif was is not None and now is None:
        run.tell(pair, f"{kind}-removed", was.place, was.value, None, rule=rules[1], use=use)
    elif was is not None and now is not None and identity(was.value) != identity(now.value):
        run.tell(pair, f"{kind}-changed", now.place, was.value, now.value, use=use)


def _compare_content(run: Comparison, pair: Pair, old: View, new: View, word: str, use: Use) -> None:
    """Compare `contentEncoding` or `contentMediaType`, unless it is told as a format."""
    found = [None if one.side.is_3_0 else one.first(word) for one in (old, new)]
    was, now = (
        None if one is None or one.value in ("base64", "application/octet-stream") else one for one in found
    )
    if (was.value if was else None) != (now.value if now else None):
        place = (now or was or Found(None, new.home)).place
        values = (was.value if was else None, now.value if now else None)
        run.tell(pair, "constraint-changed", place, *values, use=use)


def _compare_items(run: Comparison, pair: Pair, old: View, new: View, use: Use) -> None:
    inner = use._replace(form="field" if use.form == "form" else use.form)
    firsts = [_prefix(one) for one in (old, new)]
    count = min(map(len, firsts))
    for index in range(count):
        pair.add(run.places(compare_schemas, firsts[0][index], firsts[1][index], inner))
    if len(firsts[0]) != len(firsts[1]):
        _compare_word(run, pair, old, new, "prefixItems", use)
    items = [one.under("items", "[]") for one in (old, new)]
    if items[0] or items[1]:
        pair.add(
            run.places(
                compare_schemas,
                items[0] or [anything(items[1][0])],
                items[1] or [anything(items[0][0])],
                inner,
            )
        )


def _prefix(seen: View) -> list[list[Place]]:
    found = seen.first("prefixItems")
    if found is None or not isinstance(found.value, list):
        return []
    return [
        [below(found.place, index, f"{found.place.subject}[{index}]")] for index in range(len(found.value))
    ]


def _compare_dependent(run: Comparison, pair: Pair, old: View, new: View, use: Use) -> None:
    """Compare which properties must be there as others are."""
    was, now = (_dependent(one) for one in (old, new))
    if was == now:
        return
    first, second = old.first("dependentRequired"), new.first("dependentRequired")
    place = (second or first or Found(None, new.home)).place
    if now - was:
        rule = "request-needs-more" if use.is_request else "answer-promises-more" if now > was else ""
    else:
        rule = "request-needs-less" if use.is_request else ""
    values = (one.value if one else None for one in (first, second))
    run.tell(pair, "constraint-changed", place, *values, rule=use.judged(rule), use=use)


def _dependent(seen: View) -> set[tuple[str, str]]:
    return {
        (str(name), str(other))
        for one in seen.every("dependentRequired")
        if isinstance(one.value, dict)
        for name, others in one.value.items()
        for other in (others if isinstance(others, list) else ())
    }


def _compare_unjudged(run: Comparison, pair: Pair, old: View, new: View, word: str, use: Use) -> None:
    was, now = old.under(word), new.under(word)
    if was and now:
        pair.add(run.places(compare_schemas, was, now, use._replace(is_judged=False)))
    else:
        _compare_word(run, pair, old, new, word, use)


def _compare_word(run: Comparison, pair: Pair, old: View, new: View, word: str, use: Use) -> None:
    """Compare a keyword that no rule is about by its value alone."""
    was, now = old.first(word), new.first(word)
    before, after = was.value if was else None, now.value if now else None
    if (was is None) != (now is None) or identity(before) != identity(after):
        place = (now or was or Found(None, new.home)).place
        run.tell(pair, "constraint-changed", place, before, after, use=use)
