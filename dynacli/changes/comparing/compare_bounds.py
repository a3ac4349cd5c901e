"""Limits of a value: bounds, lengths, counts, multiples, uniqueness."""

from decimal import Decimal, InvalidOperation
from typing import Any, NamedTuple

from dynacli.changes.comparing.compared_document import Place
from dynacli.changes.comparing.compared_schema import View
from dynacli.changes.comparing.comparison import Comparison, Pair, Use

__all__ = ["LIMIT_WORDS", "compare_limits"]

_LEAST = ("minLength", "minItems", "minProperties")
_MOST = ("maxLength", "maxItems", "maxProperties")
_BOUNDS = (("minimum", "exclusiveMinimum", 1), ("maximum", "exclusiveMaximum", -1))
LIMIT_WORDS = frozenset(
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


class Limit(NamedTuple):
    """One limit.

    Args:
        value: As the report has it.
        order: The higher, the tighter.
        place: Where it stands.
    """

    value: Any
    order: Any
    place: Place


def compare_limits(run: Comparison, pair: Pair, old: View, new: View, use: Use) -> None:
    """Compare the limits of two schemas."""
    words = (old.words | new.words) & LIMIT_WORDS
    if not words:
        return
    for word in words & {*_LEAST, *_MOST}:
        _tell(run, pair, _count(old, word), _count(new, word), use)
    if words & {"minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum"}:
        is_whole = old.types()[0] == new.types()[0] == frozenset(("integer",))
        for plain, exclusive, sign in _BOUNDS:
            was, now = (_bound(one, plain, exclusive, sign, is_whole=is_whole) for one in (old, new))
            _tell(run, pair, was, now, use)
    if "uniqueItems" in words:
        _tell(run, pair, _unique(old), _unique(new), use)
    if "multipleOf" in words:
        _tell_multiple(run, pair, _multiple(old), _multiple(new), use)


def _tell(run: Comparison, pair: Pair, old: Limit | None, new: Limit | None, use: Use) -> None:
    if old is None and new is not None:
        run.tell(pair, "limit-added", new.place, None, new.value, rule=use.narrowed(), use=use)
    elif old is not None and new is None:
        run.tell(pair, "limit-removed", old.place, old.value, None, rule=use.widened(), use=use)
    elif old is not None and new is not None and old.order != new.order:
        is_tighter = new.order > old.order
        kind, rule = ("limit-tightened", use.narrowed()) if is_tighter else ("limit-loosened", use.widened())
        run.tell(pair, kind, new.place, old.value, new.value, rule=rule, use=use)


def _tell_multiple(run: Comparison, pair: Pair, old: Limit | None, new: Limit | None, use: Use) -> None:
    if old is None or new is None:
        _tell(run, pair, old, new, use)
    elif old.order != new.order:
        if _divides(old.order, new.order):
            kind, rule = "limit-tightened", use.narrowed()
        elif _divides(new.order, old.order):
            kind, rule = "limit-loosened", use.widened()
        else:
            # Some multiples of the one are none of the other: less to send, and more to get.
            kind, rule = "limit-changed", use.narrowed() if use.is_request else ""
        run.tell(pair, kind, new.place, old.value, new.value, rule=rule, use=use)


def _count(seen: View, word: str) -> Limit | None:
    sign = 1 if word in _LEAST else -1
    limits = [
        Limit(one.value, one.value * sign, one.place)
        for one in seen.every(word)
        if _is_number(one.value) and (sign < 0 or one.value > 0)
    ]
    return max(limits, key=lambda one: one.order, default=None)


def _bound(seen: View, plain: str, exclusive: str, sign: int, *, is_whole: bool) -> Limit | None:
    """Return the tightest bound on one side; in the dialect of 3.0 the other keyword is a flag."""
    limits = []
    for part in seen.parts:
        value, other = part.node.get(plain), part.node.get(exclusive)
        place = part._replace(pointer=f"{part.pointer}/{plain}")
        if _is_number(value):
            limits.append(_limit(value, place, sign, is_open=other is True, is_whole=is_whole))
        if _is_number(other):
            place = part._replace(pointer=f"{part.pointer}/{exclusive}")
            limits.append(_limit(other, place, sign, is_open=True, is_whole=is_whole))
    return max(limits, key=lambda one: one.order, default=None)


def _limit(value: Any, place: Place, sign: int, *, is_open: bool, is_whole: bool) -> Limit:
    shown = {"exclusive": value} if is_open else value
    if is_whole and is_open and value == int(value):
        # Above 0 and from 1 on are the same for integers.
        return Limit(shown, ((value + sign) * sign, False), place)
    return Limit(shown, (value * sign, is_open), place)


def _unique(seen: View) -> Limit | None:
    found = seen.flag("uniqueItems")
    return None if found is None else Limit(found.value, 1, found.place)


def _multiple(seen: View) -> Limit | None:
    for one in seen.every("multipleOf"):
        if _is_number(one.value) and one.value > 0:
            return Limit(one.value, one.value, one.place)
    return None


def _divides(divisor: Any, value: Any) -> bool:
    try:
        # In the numbers as they are written: 0.3 is a multiple of 0.1.
        return Decimal(str(value)) % Decimal(str(divisor)) == 0
    except (InvalidOperation, ValueError):
        return False


def _is_number(value: Any) -> bool:
    if isinstance(value, float):
        return value - value == 0  # neither infinite nor none
    return isinstance(value, int) and not isinstance(value, bool)
