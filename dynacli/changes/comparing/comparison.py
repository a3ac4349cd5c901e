"""The comparison itself: pairs of places, each compared once, and what is found in each.

A pair is a place of the old document, a place of the new one, and what their values are used for.
Comparing a pair finds its own changes and names the pairs below it. So a component that a thousand operations use
is compared once for requests and once for answers, recursive schemas end, and nothing is nested deeper than the
documents are.
"""

from collections.abc import Callable, Iterator, Sequence
from typing import Any, NamedTuple, TypeVar

import orjson

from dynacli.changes.breaking_rules import RULES
from dynacli.changes.change_records import Change
from dynacli.changes.comparing.compared_document import Place, Side
from dynacli.changes.comparing.unchanged_parts import Touched
from dynacli.changes.reported_values import shortened
from dynacli.document.pointer import MISSING, follow, split

__all__ = ["REQUEST", "RESPONSE", "Comparison", "Pair", "Use"]

_MOST_PAIRS = 200_000
"""Recursive schemas whose periods differ make the product of both many pairs."""
_DEEPEST_QUESTION = 12
_COMPONENTS = "/components/"
_MOST_STEPS = 4
_UNKNOWN = Change("not-compared", "")

_OldNew = TypeVar("_OldNew")


class Use(NamedTuple):
    """What a value is used for.

    Args:
        where: `request` for what a client sends, `response` for what it gets.
        form: How the value is written: `json`; `form`, the fields of a form; `field`, one of them as text;
            `text`, a parameter or header.
        is_judged: Whether what changes is better or worse for a client in a way that can be told;
            in a `not` or an `if` it cannot.
        has_null_apart: Whether null is looked at elsewhere: it stands beside a choice, and not in what is chosen.
    """

    where: str
    form: str = "json"
    is_judged: bool = True
    has_null_apart: bool = False

    @property
    def is_request(self) -> bool:
        """Whether a client sends it."""
        return self.where == "request"

    @property
    def is_written_as_text(self) -> bool:
        """Whether a number is written as any text is, so that its type cannot be seen."""
        return self.form in {"field", "text"}

    def narrowed(self) -> str:
        """Return the rule about a value that can be less than it could."""
        if not self.is_judged:
            return ""
        return "request-allows-less" if self.is_request else "answer-holds-less"

    def widened(self, *, is_another_type: bool = False) -> str:
        """Return the rule about a value that can be more than it could."""
        if not self.is_judged:
            return ""
        if self.is_request:
            return "request-allows-more"
        return "answer-holds-other" if is_another_type else ""

    def judged(self, rule: str) -> str:
        """Return a rule, unless nothing here can be judged."""
        return rule if self.is_judged else ""

    def reversed(self) -> "Use":
        """Return the use of what goes the other way, as in a webhook."""
        return self._replace(where="response" if self.is_request else "request")


REQUEST, RESPONSE = Use("request"), Use("response")


class Pair:
    """Two places that were compared, or are about to be.

    Attributes:
        own: The changes found in them.
        below: The pairs that they led to.
        work: Compares them; None when that was done or is being done.
    """

    __slots__ = ("below", "own", "work")

    def __init__(self, work: Callable[[], None] | None = None) -> None:
        self.own: list[Change] = []
        self.below: list[Pair] = []
        self.work = work

    def add(self, pair: "Pair | None") -> None:
        """Take a pair as one that this one led to."""
        if pair is not None:
            self.below.append(pair)


Compare = Callable[["Comparison", Pair, _OldNew, _OldNew, Use], None]


class Comparison:
    """All pairs of two documents.

    Args:
        old: The tree of the old document.
        new: The tree of the new one.

    Attributes:
        is_cut: Whether there were too many pairs.
    """

    def __init__(self, old: Any, new: Any) -> None:
        self.old, self.new = Side(old), Side(new)
        self.touched = Touched(self.old, self.new)
        self.is_cut = False
        self._pairs: dict[Any, Pair] = {}
        self._waiting: list[Pair] = []
        self._known: dict[Any, Change] = {}
        self._depth = 0

    def pair(self, compare: "Compare[Place]", old: Place, new: Place, use: Use) -> Pair | None:
        """Return the pair of two places; None where they are plainly the same."""
        if self.touched.is_same(old.node, new.node):
            return None
        old, new = self.old.followed(old), self.new.followed(new)
        if self.touched.is_same(old.node, new.node):
            return None
        return self._at((compare, old.pointer, new.pointer, use), compare, old, new, use)

    def places(
        self,
        compare: "Compare[Sequence[Place]]",
        old: Sequence[Place],
        new: Sequence[Place],
        use: Use,
    ) -> Pair | None:
        """Return the pair of two sets of schemas that hold together; None where they are plainly the same."""
        if len(old) == len(new) and all(
            self.touched.is_same(one.node, other.node) for one, other in zip(old, new, strict=True)
        ):
            return None
        if len(old) == len(new) == 1:
            # What is referred to is compared once, whoever refers to it.
            first, second = self._alone(self.old, old[0]), self._alone(self.new, new[0])
            if self.touched.is_same(first.node, second.node):
                return None
            subject = ""
            if first.pointer != second.pointer and not self._is_renamed(first, second):
                # Not what is referred to is another one, but what refers to it; in recursive schemas it has no end.
                subject = new[0].subject if _steps(new[0].subject) <= _MOST_STEPS else ""
            if subject:
                first, second = first._replace(subject=subject), second._replace(subject=subject)
            return self._at(
                (compare, first.pointer, second.pointer, use, subject), compare, (first,), (second,), use
            )
        key = compare, tuple(one.pointer for one in old), tuple(one.pointer for one in new), use
        return self._at(key, compare, old, new, use)

    def _is_renamed(self, old: Place, new: Place) -> bool:
        """Return whether two components are one with another name: the former is not there any more."""
        is_both = old.pointer.startswith(_COMPONENTS) and new.pointer.startswith(_COMPONENTS)
        return is_both and follow(self.new.tree, split(old.pointer)) is MISSING

    def _alone(self, side: Side, place: Place) -> Place:
        """Return what a schema refers to, where nothing counts beside the reference."""
        for _ in range(100):
            node = place.node
            if not isinstance(node, dict) or not isinstance(node.get("$ref"), str):
                return place
            target = side.target(node["$ref"]) if side.is_3_0 or len(node) == 1 else None
            if target is None:
                return place
            place = target
        return place

    def _at(self, key: Any, compare: "Compare[_OldNew]", old: _OldNew, new: _OldNew, use: Use) -> Pair | None:
        known = self._pairs.get(key)
        if known is not None:
            return known
        if len(self._pairs) >= _MOST_PAIRS:
            self.is_cut = True
            return None
        made = Pair()
        made.work = lambda: compare(self, made, old, new, use)
        self._pairs[key] = made
        self._waiting.append(made)
        return made

    def finish(self) -> None:
        """Compare all pairs that wait, and those that they lead to."""
        while self._waiting:
            self._do(self._waiting.pop())

    @staticmethod
    def _do(pair: Pair) -> None:
        work, pair.work = pair.work, None
        if work is not None:
            work()

    def is_without_change(self, pair: Pair | None) -> bool:
        """Return whether a client can notice nothing in a pair and below; False where that is too much to ask."""
        return next(self._noticed(pair), None) is None

    def is_harmless(self, pair: Pair | None) -> bool | None:
        """Return whether nothing in a pair and below it breaks; None where there is something without a verdict."""
        verdict: bool | None = True
        for change in self._noticed(pair):
            if change.breaking is not False:
                verdict = None
            if change.breaking:
                return False
        return verdict

    def _noticed(self, pair: Pair | None) -> Iterator[Change]:
        """Yield the changes in a pair and all below it but those of texts."""
        if pair is None:
            return
        if self._depth >= _DEEPEST_QUESTION:
            yield _UNKNOWN
            return
        self._depth += 1
        try:
            for one in self._each(pair):
                self._do(one)
                yield from (change for change in one.own if not change.is_text)
        finally:
            self._depth -= 1

    @staticmethod
    def _each(pair: Pair) -> Iterator[Pair]:
        seen = {id(pair)}
        stack = [pair]
        while stack:
            one = stack.pop()
            yield one
            for inner in reversed(one.below):
                if id(inner) not in seen:
                    seen.add(id(inner))
                    stack.append(inner)

    def changes_of(self, pair: Pair) -> tuple[Change, ...]:
        """Return what was found in a pair and in all below it, each change once."""
        found: dict[int, Change] = {}
        for one in self._each(pair):
            for change in one.own:
                found[id(change)] = change
        return tuple(found.values())

    def tell(
        self,
        pair: Pair,
        kind: str,
        place: Place,
        from_: Any = None,
        to: Any = None,
        *,
        rule: str = "",
        use: Use | None = None,
    ) -> None:
        """Add a change to a pair.

        Args:
            place: Where it is.
            from_: The old value, of any size.
            to: The new one.
            rule: What tells whether it breaks.
        """
        from_, to = shortened(from_), shortened(to)
        where = use.where if use is not None else ""
        key = kind, place.pointer, place.subject, where, rule, orjson.dumps([from_, to])
        change = self._known.get(key)
        if change is None:
            breaking = RULES[rule].is_breaking if rule else None
            change = Change(kind, place.pointer, from_, to, breaking, rule, where, place.subject)
            self._known[key] = change
        pair.own.append(change)


def _steps(subject: str) -> int:
    return subject.count(".") + subject.count("[")
