"""The schemas of `oneOf` and `anyOf`: which of the old ones is which of the new ones."""

from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

from dynacli.changes.comparing.compared_document import Place, Side
from dynacli.changes.comparing.compared_schema import View, view
from dynacli.changes.comparing.comparison import Comparison, Pair, Use
from dynacli.changes.reported_values import identity
from dynacli.document.pointer import MISSING, follow, split

__all__ = ["compare_alternatives"]

_MOST_ASKED = 400
"""Of a choice of many by many that have no names in common, no more are compared to find the same ones."""
_ALIKE = 0.5

_SAYING = {
    "type",
    "properties",
    "required",
    "items",
    "enum",
    "const",
    "format",
    "additionalProperties",
    "not",
}

Compare = Any
Branch = tuple[Place, ...]


def compare_alternatives(
    run: Comparison, pair: Pair, old: View, new: View, use: Use, compare: Compare
) -> bool:
    """Compare the choices of two schemas; return whether nothing else of them has to be compared, but null.

    That is so where one became a choice that the other is part of.

    Args:
        compare: Compares two schemas.
    """
    if len(old.groups) != len(new.groups):
        if _became_choice(run, pair, old, new, use, compare):
            return True
        for group in new.groups[len(old.groups) :]:
            # Whether what was sent fits one of them is hard to tell.
            rule = "" if use.is_request else use.narrowed()
            run.tell(pair, "alternatives-added", group.place, None, group.place.node, rule=rule, use=use)
        for group in old.groups[len(new.groups) :]:
            rule = use.widened()
            run.tell(pair, "alternatives-removed", group.place, group.place.node, None, rule=rule, use=use)
    for one, other in zip(old.groups, new.groups, strict=False):
        if one.keyword != other.keyword:
            # What fits one of them fits any of them.
            rule = use.widened() if other.keyword == "anyOf" else "" if use.is_request else use.narrowed()
            run.tell(
                pair, "alternatives-changed", other.place, one.keyword, other.keyword, rule=rule, use=use
            )
        was, now = ([(place,) for place in group.branches] for group in (one, other))
        _Match(run, pair, was, now, use, compare).tell(other.place.subject)
    _compare_discriminators(run, pair, old, new, use)
    return False


def _became_choice(run: Comparison, pair: Pair, old: View, new: View, use: Use, compare: Compare) -> bool:
    """Tell of a schema that became one of several, or was one of several and is the only one."""
    one, other = (old, new) if new.groups else (new, old)
    is_only_choice = len(other.groups) == 1 and not any(part.node.keys() & _SAYING for part in other.parts)
    if one.groups or one.listed or one.is_silent or not is_only_choice:
        return False
    branches = [(place,) for place in other.groups[0].branches]
    sides = ([one.places], branches) if one is old else (branches, [one.places])
    match = _Match(run, pair, sides[0], sides[1], use._replace(has_null_apart=True), compare)
    if not match.pairs:
        return False
    match.tell(new.home.subject)
    return True


class _Match:
    """Which of the old alternatives is which of the new ones.

    Attributes:
        pairs: Old and new one of each that is the same or like the other.
    """

    def __init__(
        self,
        run: Comparison,
        pair: Pair,
        old: Sequence[Branch],
        new: Sequence[Branch],
        use: Use,
        compare: Compare,
    ) -> None:
        self._run, self._pair, self._use, self._compare = run, pair, use, compare
        self._left = _MOST_ASKED
        self._old, self._new = old, new
        self.pairs: list[tuple[Branch, Branch]] = []
        self.gone, self.come = list(old), list(new)
        for match in (self._by_reference, self._by_content, self._by_likeness):
            for one, other in match():
                self.gone.remove(one)
                self.come.remove(other)
                self.pairs.append((one, other))

    def tell(self, subject: str) -> None:
        """Tell what came and went, and have those compared that are in both."""
        use = self._use._replace(has_null_apart=False)
        for one, other in self.pairs:
            self._pair.add(self._run.places(self._compare, one, other, self._use))
        for one in self.gone:
            rule = use.narrowed()
            if use.is_request and use.is_judged:
                # What was sent by it may fit another one.
                best = self._best((one, other) for other in self._new)
                rule = use.widened() if best else "" if best is None else rule
            place = one[0]._replace(subject=subject)
            self._run.tell(self._pair, "alternative-removed", place, place.node, None, rule=rule, use=use)
        for other in self.come:
            rule = use.widened()
            if not use.is_request and self._best((one, other) for one in self._old):
                rule = use.narrowed()
            place = other[0]._replace(subject=subject)
            self._run.tell(self._pair, "alternative-added", place, None, place.node, rule=rule, use=use)

    def _best(self, pairs: Iterable[tuple[Branch, Branch]]) -> bool | None:
        """Return True where one of some pairs breaks nothing, None where that is not sure, False where all break."""
        best: bool | None = False
        for one, other in pairs:
            self._left -= 1
            if self._left < 0:
                return None
            harmless = self._run.is_harmless(self._run.places(self._compare, one, other, self._use))
            if harmless:
                return True
            if harmless is None:
                best = None
        return best

    def _by_reference(self) -> list[tuple[Branch, Branch]]:
        """Match those that are called alike."""
        named = {ref: one for one in self.come if (ref := _reference(self._run.new, one))}
        found = []
        for one in self.gone:
            ref = _reference(self._run.old, one)
            if ref in named:
                found.append((one, named.pop(ref)))
        return found

    def _by_content(self) -> list[tuple[Branch, Branch]]:
        """Match those between which a client notices no difference."""
        found: list[tuple[Branch, Branch]] = []
        left = list(self.come)
        for one in self.gone:
            for other in left:
                self._left -= 1
                if self._left < 0:
                    return found
                pair = self._run.places(self._compare, one, other, self._use)
                if self._run.is_without_change(pair):
                    found.append((one, other))
                    left.remove(other)
                    break
        return found

    def _are_others(self, one: Branch, other: Branch) -> bool:
        """Return whether two alternatives are components of which both documents have one, so that none is renamed."""
        old, new = _reference(self._run.old, one), _reference(self._run.new, other)
        return bool(old and new) and (_exists(self._run.new, old) or _exists(self._run.old, new))

    def _by_likeness(self) -> list[tuple[Branch, Branch]]:
        """Match the rest by what they are like; where as many are left on both sides, all that can be."""
        old, new = self.gone, self.come
        if len(old) * len(new) > _MOST_ASKED:
            return []
        was, now = (
            [_features(side, one) for one in some]
            for side, some in ((self._run.old, old), (self._run.new, new))
        )
        scored = sorted(
            (
                (_likeness(was[i], now[j]), -abs(i - j), -i, -j)
                for i in range(len(old))
                for j in range(len(new))
                if not self._are_others(old[i], new[j])
            ),
            reverse=True,
        )
        least = 0 if len(old) == len(new) > 1 or len(self._old) == len(self._new) else _ALIKE
        found: dict[int, int] = {}
        for score, _, i, j in scored:
            if -i not in found.values() and -j not in found and score >= least:
                found[-j] = -i
        return [(old[i], new[j]) for j, i in sorted(found.items())]


def _exists(side: Side, pointer: str) -> bool:
    return follow(side.tree, split(pointer)) is not MISSING


def _reference(side: Side, branch: Branch) -> str:
    node = branch[0].node
    ref = node.get("$ref") if isinstance(node, dict) and len(branch) == 1 else None
    target = side.target(ref) if isinstance(ref, str) else None
    return target.pointer if target is not None else ""


class _Features(NamedTuple):
    """What an alternative is like.

    Args:
        types: Of its values.
        tags: Properties with one value each, by which alternatives are told apart.
        words: Anything else that it may have in common with another one.
    """

    types: frozenset[str]
    tags: dict[str, bytes]
    words: set[tuple[str, Any]]


def _features(side: Side, branch: Branch) -> _Features:
    seen = view(side, branch)
    properties = seen.properties()
    words: set[tuple[str, Any]] = {("property", name) for name in properties}
    words.update(("keyword", word) for word in seen.words & {"items", "additionalProperties", "format"})
    if (values := seen.values()) is not None:
        words.update(("value", identity(one)) for one in values.values)
    if (title := seen.first("title")) is not None and isinstance(title.value, str):
        words.add(("title", title.value))
    tags = {}
    for name, places in properties.items():
        listed = view(side, places).values()
        if listed is not None and len(listed.values) == 1:
            tags[name] = identity(listed.values[0])
    return _Features(seen.types()[0] or frozenset(), tags, words)


def _likeness(one: _Features, other: _Features) -> float:
    """Return a number from 0 on; below 0 where the one cannot be the other."""
    shared = one.tags.keys() & other.tags.keys()
    if any(one.tags[name] != other.tags[name] for name in shared):
        return -1.0
    if one.types and other.types and not one.types & other.types:
        return -1.0
    likeness = len(one.words & other.words) / len(one.words | other.words) if one.words | other.words else 0.0
    return likeness + _ALIKE if shared else likeness


def _compare_discriminators(run: Comparison, pair: Pair, old: View, new: View, use: Use) -> None:
    first, second = old.first("discriminator"), new.first("discriminator")
    if _told(first) != _told(second):
        place = second or first
        if place is not None:
            run.tell(
                pair,
                "discriminator-changed",
                place.place,
                first.value if first else None,
                second.value if second else None,
                use=use,
            )


def _told(found: Any) -> Any:
    """Return what a discriminator says, whatever its schemas are called."""
    if found is None or not isinstance(found.value, dict):
        return None
    mapping = found.value.get("mapping")
    values = {str(key) for key in mapping} if isinstance(mapping, dict) else set()
    return found.value.get("propertyName"), values, found.value.get("defaultMapping")
