"""The properties of two object schemas."""

from collections.abc import Sequence
from typing import Any

from dynacli.changes.comparing.compared_document import Place, Side, anything, below
from dynacli.changes.comparing.compared_schema import View, view
from dynacli.changes.comparing.comparison import Comparison, Pair, Use

__all__ = ["compare_object"]

Compare = Any


def compare_object(run: Comparison, pair: Pair, old: View, new: View, use: Use, compare: Compare) -> None:
    """Compare what an object may and must have.

    Args:
        compare: Compares two schemas.
    """
    was, now = old.properties(), new.properties()
    had, has = old.required(), new.required()
    inner = use
    if use.form in {"form", "field"}:
        inner = use._replace(form="field" if use.form == "form" else "json")
    for name, places in now.items():
        if name in was:
            _compare_property(run, pair, was[name], places, (name in had, name in has), inner, compare)
        else:
            _tell_added(
                run,
                pair,
                places,
                use,
                is_new_need=name in has and name not in had,
                was_closed=old.closed() is not None,
            )
    for name, places in was.items():
        if name not in now:
            _tell_removed(
                run, pair, places, use, was_required=name in had, is_closed=new.closed() is not None
            )
    _compare_unlisted(run, pair, (was.keys() | now.keys()), had, has, use)
    _compare_others(run, pair, old, new, inner, compare)
    _compare_by_pattern(run, pair, old, new, inner, compare)


def _is_hidden(seen: View, use: Use) -> bool:
    """Return whether a property is not sent in this direction: read-only in a request, write-only in an answer."""
    return seen.flag("readOnly" if use.is_request else "writeOnly") is not None


def _compare_property(
    run: Comparison,
    pair: Pair,
    old: Sequence[Place],
    new: Sequence[Place],
    required: tuple[bool, bool],
    use: Use,
    compare: Compare,
) -> None:
    is_same_need = required[0] == required[1]
    inner = run.places(compare, old, new, use)
    if is_same_need and inner is None:
        return
    one, other = view(run.old, old), view(run.new, new)
    was_hidden, is_hidden = _is_hidden(one, use), _is_hidden(other, use)
    if was_hidden and is_hidden:
        return
    if was_hidden != is_hidden:
        _tell_hidden(run, pair, one, other, required, use, is_hidden=is_hidden)
        return
    if not is_same_need:
        _tell_need(
            run, pair, new[0], use, is_required=required[1], has_default=other.first("default") is not None
        )
    pair.add(inner)


def _tell_hidden(
    run: Comparison,
    pair: Pair,
    old: View,
    new: View,
    required: tuple[bool, bool],
    use: Use,
    *,
    is_hidden: bool,
) -> None:
    """Tell of a property that is not sent any more in this direction, or that is now."""
    word, kind = ("readOnly", "read-only") if use.is_request else ("writeOnly", "write-only")
    if is_hidden:
        found = new.flag(word)
        rule = "answer-promises-less" if required[0] and not use.is_request else ""
    else:
        found = old.flag(word)
        if not use.is_request:
            rule = "answer-promises-more"
        elif required[1]:
            rule = "" if new.first("default") is not None else "request-needs-more"
        else:
            rule = "request-needs-less"
    if found is not None:
        kind = f"{kind}-set" if is_hidden else f"{kind}-lifted"
        run.tell(pair, kind, found.place, not is_hidden, is_hidden, rule=use.judged(rule), use=use)


def _tell_need(
    run: Comparison, pair: Pair, place: Place, use: Use, *, is_required: bool, has_default: bool
) -> None:
    if is_required:
        rule = ("" if has_default else "request-needs-more") if use.is_request else "answer-promises-more"
    else:
        rule = "request-needs-less" if use.is_request else "answer-promises-less"
    kind = "property-required" if is_required else "property-optional"
    run.tell(pair, kind, place, not is_required, is_required, rule=use.judged(rule), use=use)


def _tell_added(
    run: Comparison, pair: Pair, places: Sequence[Place], use: Use, *, is_new_need: bool, was_closed: bool
) -> None:
    seen = view(run.new, places)
    if _is_hidden(seen, use):
        return
    if not use.is_request:
        rule = "" if was_closed else "answer-promises-more"
    elif is_new_need:
        rule = "" if seen.first("default") is not None else "request-needs-more"
    else:
        rule = "request-needs-less"
    run.tell(pair, "property-added", places[0], None, places[0].node, rule=use.judged(rule), use=use)


def _tell_removed(
    run: Comparison, pair: Pair, places: Sequence[Place], use: Use, *, was_required: bool, is_closed: bool
) -> None:
    if _is_hidden(view(run.old, places), use):
        return
    if use.is_request:
        # What is not described is ignored by most servers, and refused by some.
        rule = "request-allows-less" if is_closed else ""
    else:
        rule = "answer-promises-less" if was_required else ""
    run.tell(pair, "property-removed", places[0], places[0].node, None, rule=use.judged(rule), use=use)


def _compare_unlisted(
    run: Comparison, pair: Pair, listed: set[str], had: dict[str, Place], has: dict[str, Place], use: Use
) -> None:
    """Compare what is required and described nowhere."""
    for name, place in has.items():
        if name not in had and name not in listed:
            _tell_need(run, pair, place, use, is_required=True, has_default=False)
    for name, place in had.items():
        if name not in has and name not in listed:
            _tell_need(run, pair, place, use, is_required=False, has_default=False)


def _compare_others(run: Comparison, pair: Pair, old: View, new: View, use: Use, compare: Compare) -> None:
    """Compare what properties may be that are not described."""
    was, now = old.closed(), new.closed()
    if was is None and now is not None:
        run.tell(
            pair,
            "additional-properties-refused",
            now.place,
            from_=True,
            to=False,
            rule=use.narrowed(),
            use=use,
        )
        return
    if was is not None and now is None:
        run.tell(
            pair,
            "additional-properties-allowed",
            was.place,
            from_=False,
            to=True,
            rule=use.widened(),
            use=use,
        )
        return
    if was is not None:
        return
    for word in ("additionalProperties", "unevaluatedProperties"):
        before, after = old.under(word, ".*"), new.under(word, ".*")
        if before or after:
            pair.add(run.places(compare, before or [anything(after[0])], after or [anything(before[0])], use))


def _compare_by_pattern(
    run: Comparison, pair: Pair, old: View, new: View, use: Use, compare: Compare
) -> None:
    was, now = (_by_pattern(side, seen) for side, seen in ((run.old, old), (run.new, new)))
    for pattern, places in now.items():
        if pattern in was:
            pair.add(run.places(compare, was[pattern], places, use))
        else:
            rule = use.narrowed() if old.closed() is None else use.widened()
            run.tell(pair, "constraint-changed", places[0], None, places[0].node, rule=rule, use=use)
    for pattern, places in was.items():
        if pattern not in now:
            rule = use.widened() if new.closed() is None else use.narrowed()
            run.tell(pair, "constraint-changed", places[0], places[0].node, None, rule=rule, use=use)


def _by_pattern(side: Side, seen: View) -> dict[str, list[Place]]:
    found: dict[str, list[Place]] = {}
    if side.is_3_0:  # has no such keyword
        return found
    for one in seen.every("patternProperties"):
        for pattern, schema in one.value.items() if isinstance(one.value, dict) else ():
            place = below(one.place, pattern, f"{one.place.subject}./{pattern}/")
            found.setdefault(str(pattern), []).append(place._replace(node=schema))
    return found
