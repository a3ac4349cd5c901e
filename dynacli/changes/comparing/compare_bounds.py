"""Compares the limits of two schemas: bounds, lengths, counts, multiples, uniqueness."""

from decimal import Decimal, InvalidOperation
from typing import Any, NamedTuple

from dynacli.changes.comparing.compared_document import Place
from dynacli.changes.comparing.compared_schema import ComparedSchema
from dynacli.changes.comparing.comparison import Pair

__all__ = ["LIMIT_KEYWORDS", "compare_limits"]

_LEAST = ("minLength", "minItems", "minProperties")
_MOST = ("maxLength", "maxItems", "maxProperties")
_BOUNDS = (("minimum", "exclusiveMinimum", 1), ("maximum", "exclusiveMaximum", -1))
LIMIT_KEYWORDS = frozenset(
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


class _Limit(NamedTuple):
    """A limit.

    Args:
        value: The value for the report.
        order: A key for comparing: the higher, the tighter.
        place: The place of the limit in the document.
    """

    value: Any
    order: Any
    place: Place


def compare_limits(pair: Pair, old: ComparedSchema, new: ComparedSchema) -> None:
    """Compare the limits of two schemas."""
    keywords = (old.keywords | new.keywords) & LIMIT_KEYWORDS
    if not keywords:
        return
    for keyword in (*_LEAST, *_MOST):
        if keyword in keywords:
            _report(pair, _count(old, keyword), _count(new, keyword))
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


def _report(pair: Pair, old: _Limit | None, new: _Limit | None) -> None:
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


def _report_multiple(pair: Pair, old: _Limit | None, new: _Limit | None) -> None:
    if old is None or new is None:
        _report(pair, old, new)
    elif old.order != new.order:
        if _divides(old.order, new.order):
            kind, rule = "limit-tightened", pair.use.narrowed()
        elif _divides(new.order, old.order):
            kind, rule = "limit-loosened", pair.use.widened()
        else:
            # Some values are newly refused and others newly allowed: a request loses, a response gains.
            kind, rule = "limit-changed", pair.use.narrowed() if pair.use.is_request else ""
        pair.add_change(kind, new.place, old.value, new.value, rule=rule)


def _tightest(limits: list[_Limit]) -> _Limit | None:
    return max(limits, key=lambda limit: limit.order, default=None)


def _count(schema: ComparedSchema, keyword: str) -> _Limit | None:
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
        # For integers, "above 0" and "from 1 on" are the same.
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
        # By the decimal digits as they are written: 0.3 is a multiple of 0.1.
        return Decimal(str(value)) % Decimal(str(divisor)) == 0
    except (InvalidOperation, ValueError):
        return False


def _is_number(value: Any) -> bool:
    if isinstance(value, float):
        return value - value == 0  # neither infinite nor NaN
    return isinstance(value, int) and not isinstance(value, bool)
