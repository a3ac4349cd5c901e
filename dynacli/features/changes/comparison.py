"""The comparison of two documents: pairs of locations, each compared once, with their changes.

A pair is a location in the old document, a location in the new document, and the use of their values. Comparing a pair
finds its changes and the pairs below it. So a component that a thousand operations use is compared once for requests
and once for responses. A queue of pairs ends recursive schemas and avoids deep recursion.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any, NamedTuple, TypeVar

from dynacli.features.changes._comparing.compared_document import (
    ComparedDocument,
    KeywordValue,
    Place,
    canonical,
    child,
    present,
    shortened_for_report,
)
from dynacli.features.changes.change_records import Change
from dynacli.import_orjson import orjson
from dynacli.openapi.document.json_trees import MISSING, follow, split
from dynacli.openapi.references import last_of_references, references_of

_MOST_NODES = 3_000_000
"""Maximum number of nodes to search for unchanged parts. Beyond it, dynacli compares everything."""

_NESTED = (dict, list)
_BREAKING = {
    "operation-gone": "An operation is removed, or has another method or path.",
    "request-needs-more": "A request needs another parameter, body or property, which has no default.",
    "request-allows-less": (
        "A request can no longer have a value: a type, null, a listed value, an alternative, a media type, a"
        " value within a wider limit, an undescribed property."
    ),
    "request-encoding-changed": "A parameter has another style or location.",
    "response-guarantee-removed": (
        "A response no longer guarantees a successful status, a media type, a required property or a header."
    ),
    "response-type-changed": "A value in a response can have a new type, or be null.",
    "credentials-rejected": (
        "The same credentials no longer suffice: a call needs more, or they are sent in another way."
    ),
    "webhook-gone": "A webhook or a callback is no longer sent.",
}
_HARMLESS = {
    "request-needs-less": "A request can leave out what was required, or can have an additional input.",
    "request-allows-more": "A request can have values that were refused.",
    "response-guarantee-added": "A response has something in addition, or always has what it sometimes had.",
    "response-values-removed": "A response has fewer of the possible values.",
    "credentials-accepted": "All credentials that sufficed still do.",
    "same-on-the-wire": (
        "Requests and responses stay the same: a deprecation, a description, a version, a further server, the"
        " name of a path parameter."
    ),
}
_MOST_PAIRS = 200_000
"""Maximum number of pairs. Two recursive schemas that repeat after different numbers of steps make many pairs."""
_DEEPEST_QUESTION = 12
_COMPONENTS = "/components/"
_MOST_STEPS = 4
_UNKNOWN = Change("not-compared", "")
_SAME = "same-on-the-wire"
_SUNSET = "x-sunset"


_Places = TypeVar("_Places")


class _UnchangedParts:
    """Finds equal values that also mean the same, because they refer to no changed value.

    Args:
        old: The old document.
        new: The new document.
    """

    def __init__(self, old: ComparedDocument, new: ComparedDocument) -> None:
        self._old, self._new = old, new
        self._left = _MOST_NODES
        self._known: dict[int, bool] = {}
        self._touched_refs = self._find_touched_refs()

    def is_same(self, old: Any, new: Any) -> bool:
        """Return whether two values, one of each document, surely mean the same."""
        return self._left > 0 and _is_equal(old, new) and not self._is_touched(new)

    def _find_touched_refs(self) -> set[str]:
        """Return the references of the new document whose targets changed, directly or through other references."""
        users: dict[str, set[str]] = {}
        touched: set[str] = set()
        tree = self._new.tree
        waiting = list(self._refs_in([tree.get(key) for key in ("paths", "webhooks", "x-webhooks")]))
        seen = set(waiting)
        while waiting:
            ref = waiting.pop()
            old, new = self._old.target(ref), self._new.target(ref)
            if new is None:
                if old is not None:
                    touched.add(ref)
                continue
            inner_refs = self._refs_in(new.node)
            if old is None or not _is_equal(old.node, new.node):
                touched.add(ref)
            for inner in inner_refs:
                users.setdefault(inner, set()).add(ref)
                if inner not in seen:
                    seen.add(inner)
                    waiting.append(inner)
        spreading = list(touched)
        while spreading:
            for user in users.get(spreading.pop(), ()):
                if user not in touched:
                    touched.add(user)
                    spreading.append(user)
        return touched

    def _refs_in(self, node: Any) -> set[str]:
        """Return the references in a value. References in examples are included, which is harmless."""
        found: set[str] = set()
        stack = [node]
        while stack and self._left > 0:
            self._left -= 1
            current = stack.pop()
            values: list[Any] = current if isinstance(current, list) else []
            if isinstance(current, dict):
                found.update(references_of(current))
                values = list(current.values())
            stack.extend([value for value in values if isinstance(value, _NESTED)])
        return found

    def _is_touched(self, node: Any) -> bool:
        """Return whether a value contains a touched reference; each value is searched once."""
        if not isinstance(node, _NESTED) or not self._touched_refs:
            return False
        known = self._known.get(id(node))
        if known is None:
            known = isinstance(node, dict) and self._is_touched_itself(node)
            for value in node.values() if isinstance(node, dict) else node:
                # No early exit, so that the results for all parts are stored.
                if isinstance(value, _NESTED) and self._is_touched(value):
                    known = True
            self._known[id(node)] = known
        return known

    def _is_touched_itself(self, node: dict[str, Any]) -> bool:
        return not self._touched_refs.isdisjoint(references_of(node))


def _is_equal(old: Any, new: Any) -> bool:
    """Return whether two values are equal in JSON, where true is not 1."""
    if old != new:
        return False
    try:
        return orjson.dumps(old) == orjson.dumps(new) or _sorted(old) == _sorted(new)
    except (TypeError, RecursionError):  # an integer of many digits, a lone surrogate, or deep nesting
        return False


def _sorted(value: Any) -> bytes:
    return orjson.dumps(value, option=orjson.OPT_SORT_KEYS)


class _Rule(NamedTuple):
    """A rule about changes.

    Args:
        is_breaking: Whether the changes break a client; if not, they surely break none.
        sentence: The rule as a sentence, for help and the manual.
    """

    is_breaking: bool
    sentence: str


CHANGE_RULES = {
    **{name: _Rule(is_breaking=True, sentence=sentence) for name, sentence in _BREAKING.items()},
    **{name: _Rule(is_breaking=False, sentence=sentence) for name, sentence in _HARMLESS.items()},
}


class Use(NamedTuple):
    """The use of a value: its direction, its serialization, and whether rules apply to its changes.

    Args:
        direction: `request` for a value that a client sends, `response` for a value that it receives; empty for
            other parts of the document.
        form: Serialization of the value: `json`; `form` for the fields of a form; `field` for a single field as text;
            `text` for a parameter or header.
        is_validated: Whether rules apply to a change; in a `not` or an `if`, none does.
        is_null_compared_elsewhere: Whether null is compared together with the alternatives that contain the schema.
    """

    direction: str
    form: str = "json"
    is_validated: bool = True
    is_null_compared_elsewhere: bool = False

    @property
    def is_request(self) -> bool:
        """Whether a client sends the value."""
        return self.direction == "request"

    @property
    def is_written_as_text(self) -> bool:
        """Whether a number looks like any other text, so that its type is invisible."""
        return self.form in {"field", "text"}

    def narrowed(self) -> str:
        """Return the rule for a change that allows fewer values."""
        if not self.is_validated:
            return ""
        return "request-allows-less" if self.is_request else "response-values-removed"

    def widened(self, *, is_another_type: bool = False) -> str:
        """Return the rule for a change that allows more values."""
        if not self.is_validated:
            return ""
        if self.is_request:
            return "request-allows-more"
        return "response-type-changed" if is_another_type else ""

    def validated(self, rule: str) -> str:
        """Return a rule; empty if rules do not apply to this use."""
        return rule if self.is_validated else ""

    def reversed(self) -> Use:
        """Return the same use in the opposite direction, such as for the response to a webhook."""
        return self._replace(direction="response" if self.is_request else "request")


REQUEST, RESPONSE, _NO_USE = Use("request"), Use("response"), Use("")


class ComparedPair:
    """Two locations to compare, and their changes.

    Attributes:
        comparison: The comparison that the pair belongs to.
        use: The use of the values.
        changes: The changes in these two locations.
        below: The pairs of locations inside them.
        compare: Function that compares the locations; None after it was called.
    """

    __slots__ = ("below", "changes", "compare", "comparison", "use")

    def __init__(self, comparison: Comparison, use: Use = _NO_USE) -> None:
        self.comparison, self.use = comparison, use
        self.changes: list[Change] = []
        self.below: list[ComparedPair] = []
        self.compare: Callable[[], None] | None = None

    def with_use(self, use: Use) -> ComparedPair:
        """Return the pair with another use; it shares its changes and the pairs below with this one."""
        pair = ComparedPair(self.comparison, use)
        pair.changes, pair.below = self.changes, self.below
        return pair

    def add_places(self, compare: Compare[Place], old: Place, new: Place, use: Use | None = None) -> None:
        """Queue the comparison of two locations below this pair, unless they are surely the same.

        Args:
            use: The use of their values; by default, the use of this pair.
        """
        self.add(self.comparison.pair_of_places(compare, old, new, use or self.use))

    def add_schemas(self, old: Sequence[Place], new: Sequence[Place], use: Use | None = None) -> None:
        """Queue the comparison of two lists of schemas below this pair; the schemas of a list apply together."""
        self.add(self.comparison.pair_of_schemas(old, new, use or self.use))

    def add(self, pair: ComparedPair | None) -> None:
        """Add a pair below this one."""
        if pair is not None:
            self.below.append(pair)

    def add_change(
        self, kind: str, place: Place, from_: Any = None, to: Any = None, *, rule: str = ""
    ) -> None:
        """Add a change.

        Args:
            kind: A key of `KINDS`.
            place: Location of the change.
            from_: The old value, of any size.
            to: The new value, of any size.
            rule: The key of `CHANGE_RULES` that decides whether it breaks a client; empty for none.
        """
        values = shortened_for_report(from_), shortened_for_report(to)
        self.changes.append(self.comparison.change(kind, place, *values, rule, self.use.direction))

    def add_flag_change(
        self,
        kinds: tuple[str, str],
        old: Place | None,
        new: Place | None,
        *,
        rules: tuple[str, str] = ("", ""),
        value: bool = True,
    ) -> None:
        """Add a change if only one of the documents sets a flag.

        Args:
            kinds: The kind if only the new document sets the flag, and the kind if only the old one does.
            old: Location of the flag in the old document; None if it is not set.
            new: Location of the flag in the new document; None if it is not set.
            rules: The rules for the two kinds.
            value: The value of a flag that is set.
        """
        if old is None and new is not None:
            self.add_change(kinds[0], new, not value, value, rule=rules[0])
        elif old is not None and new is None:
            self.add_change(kinds[1], old, value, not value, rule=rules[1])

    def add_keyword_change(
        self,
        keyword: str,
        old: KeywordValue | None,
        new: KeywordValue | None,
        rules: tuple[str, str] = ("", ""),
    ) -> None:
        """Add a change if a keyword was added, removed or changed.

        Args:
            keyword: Prefix of the kinds: `pattern` for `pattern-added`, `-removed` and `-changed`.
            rules: The rules for an added keyword and for a removed one.
        """
        if old is None and new is not None:
            self.add_change(f"{keyword}-added", new.place, None, new.value, rule=rules[0])
        elif old is not None and new is None:
            self.add_change(f"{keyword}-removed", old.place, old.value, None, rule=rules[1])
        elif old is not None and new is not None and canonical(old.value) != canonical(new.value):
            self.add_change(f"{keyword}-changed", new.place, old.value, new.value)


Compare = Callable[[ComparedPair, _Places, _Places], None]
"""Function that compares two locations, or the schemas of two lists, and adds the changes to a pair."""


class Comparison:
    """The comparison of two documents, with all its pairs.

    Args:
        old: The tree of the old document.
        new: The tree of the new document.
        compare_schemas: Function that compares the schemas that apply together in each document.

    Attributes:
        is_cut: Whether the comparison is incomplete, because there were too many pairs.
    """

    def __init__(self, old: Any, new: Any, compare_schemas: Compare[Sequence[Place]]) -> None:
        self._compare_schemas = compare_schemas
        self.old, self.new = ComparedDocument(old), ComparedDocument(new)
        self.unchanged = _UnchangedParts(self.old, self.new)
        self.is_cut = False
        self._pairs: dict[Any, ComparedPair] = {}
        self._waiting: list[ComparedPair] = []
        self._known: dict[Any, Change] = {}
        self._depth = 0

    def pair_of_places(
        self, compare: Compare[Place], old: Place, new: Place, use: Use
    ) -> ComparedPair | None:
        """Return the pair of two locations; None if they are surely the same or there are too many pairs."""
        if self.unchanged.is_same(old.node, new.node):
            return None
        old, new = self.old.resolve(old), self.new.resolve(new)
        if self.unchanged.is_same(old.node, new.node):
            return None
        return self._pair((compare, old.pointer, new.pointer, use), compare, old, new, use)

    def pair_of_schemas(self, old: Sequence[Place], new: Sequence[Place], use: Use) -> ComparedPair | None:
        """Return the pair of two lists of schemas, which each apply together; None as for `pair_of_places`."""
        if len(old) == len(new) and all(
            self.unchanged.is_same(old_schema.node, new_schema.node)
            for old_schema, new_schema in zip(old, new, strict=True)
        ):
            return None
        if len(old) == len(new) == 1:
            # The target of a reference is compared once for all references to it.
            old_schema, new_schema = _target(self.old, old[0]), _target(self.new, new[0])
            if self.unchanged.is_same(old_schema.node, new_schema.node):
                return None
            subject = ""
            if old_schema.pointer != new_schema.pointer and not self._is_renamed(old_schema, new_schema):
                # The reference has another target, so the change belongs to the referring schema. Without the limit,
                # the subject of a recursive schema would grow forever.
                subject = new[0].subject if _step_count(new[0].subject) <= _MOST_STEPS else ""
            if subject:
                old_schema, new_schema = (
                    old_schema._replace(subject=subject),
                    new_schema._replace(subject=subject),
                )
            key = old_schema.pointer, new_schema.pointer, use, subject
            return self._pair(key, self._compare_schemas, (old_schema,), (new_schema,), use)
        pointers = (tuple(place.pointer for place in places) for places in (old, new))
        return self._pair((*pointers, use), self._compare_schemas, old, new, use)

    def _is_renamed(self, old: Place, new: Place) -> bool:
        """Return whether a component was renamed: the new document no longer has the old name."""
        is_both = old.pointer.startswith(_COMPONENTS) and new.pointer.startswith(_COMPONENTS)
        return is_both and follow(self.new.tree, split(old.pointer)) is MISSING

    def _pair(
        self, key: Any, compare: Compare[_Places], old: _Places, new: _Places, use: Use
    ) -> ComparedPair | None:
        """Return the pair of a key, and queue it the first time; None if there are too many pairs."""
        known = self._pairs.get(key)
        if known is not None:
            return known
        if len(self._pairs) >= _MOST_PAIRS:
            self.is_cut = True
            return None
        pair = ComparedPair(self, use)
        pair.compare = lambda: compare(pair, old, new)
        self._pairs[key] = pair
        self._waiting.append(pair)
        return pair

    def change(self, kind: str, place: Place, from_: Any, to: Any, rule: str, direction: str) -> Change:
        """Return a change; equal changes are the same object, so that a report can group them by operation."""
        key = kind, place.pointer, place.subject, direction, rule, orjson.dumps([from_, to])
        change = self._known.get(key)
        if change is None:
            breaking = CHANGE_RULES[rule].is_breaking if rule else None
            change = Change(kind, place.pointer, from_, to, breaking, rule, direction, place.subject)
            self._known[key] = change
        return change

    def finish(self) -> None:
        """Compare all queued pairs, and the pairs below them."""
        while self._waiting:
            _compare_once(self._waiting.pop())

    def is_without_change(self, pair: ComparedPair | None) -> bool:
        """Return whether a client notices no change in a pair and below; False if such checks nest too deeply."""
        return next(self._noticed(pair), None) is None

    def is_harmless(self, pair: ComparedPair | None) -> bool | None:
        """Return whether no change in a pair and below breaks a client; None if no rule decides about a change."""
        outcome: bool | None = True
        for change in self._noticed(pair):
            if change.breaking is not False:
                outcome = None
            if change.breaking:
                return False
        return outcome

    def _noticed(self, pair: ComparedPair | None) -> Iterator[Change]:
        """Yield the changes in a pair and all pairs below it, except changes of texts."""
        if pair is None:
            return
        if self._depth >= _DEEPEST_QUESTION:
            yield _UNKNOWN
            return
        self._depth += 1
        try:
            for inner in _with_all_below(pair):
                _compare_once(inner)
                yield from (change for change in inner.changes if not change.is_text)
        finally:
            self._depth -= 1

    def changes_of(self, pair: ComparedPair) -> tuple[Change, ...]:
        """Return the changes in a pair and in all pairs below it, each once."""
        found: dict[int, Change] = {}
        for inner in _with_all_below(pair):
            for change in inner.changes:
                found[id(change)] = change
        return tuple(found.values())


def _target(document: ComparedDocument, place: Place) -> Place:
    """Follow a chain of references, as long as the `$ref` is the only keyword of the schema."""
    return last_of_references(place, document.existing_target, _value_without_siblings)


def _value_without_siblings(place: Place) -> Any:
    return place.node if isinstance(place.node, dict) and len(place.node) == 1 else None


def _compare_once(pair: ComparedPair) -> None:
    compare, pair.compare = pair.compare, None
    if compare is not None:
        compare()


def _with_all_below(pair: ComparedPair) -> Iterator[ComparedPair]:
    """Yield a pair and all pairs below it, each once."""
    seen = {id(pair)}
    stack = [pair]
    while stack:
        current = stack.pop()
        yield current
        for inner in reversed(current.below):
            if id(inner) not in seen:
                seen.add(id(inner))
                stack.append(inner)


def _step_count(subject: str) -> int:
    return subject.count(".") + subject.count("[")


def compare_texts(pair: ComparedPair, old: Place, new: Place, fields: tuple[str, ...]) -> None:
    """Compare text fields of two objects, such as `summary` and `description`."""
    for field in fields:
        before, after = child(old, field), child(new, field)
        place = present(before, after)
        compare_text(pair, f"{field}-changed", place, before.node, after.node)


def compare_text(pair: ComparedPair, kind: str, place: Place, old: Any, new: Any) -> None:
    """Compare two texts, and ignore differences in line breaks and spaces."""
    before, after = (" ".join(text.split()) if isinstance(text, str) else None for text in (old, new))
    if (before or None) != (after or None):
        pair.add_change(kind, place, before, after, rule=_SAME)


def compare_deprecation(
    pair: ComparedPair, old: Place, new: Place, flags: tuple[Place | None, Place | None] | None = None
) -> None:
    """Compare the deprecation of two objects, and their dates of removal (`x-sunset`).

    Args:
        flags: Locations of `deprecated: true` in the old and the new schema, None for an unset flag; by default, the
            member `deprecated` of the objects.
    """
    if flags is None:
        found = child(old, "deprecated"), child(new, "deprecated")
        flags = found[0] if found[0].node is True else None, found[1] if found[1].node is True else None
    pair.add_flag_change(("deprecated", "deprecation-lifted"), *flags, rules=(_SAME, _SAME))
    old_date, new_date = child(old, _SUNSET), child(new, _SUNSET)
    before, after = (date.node if isinstance(date.node, str) else None for date in (old_date, new_date))
    if before != after:
        place = new_date if after is not None else old_date
        pair.add_change("sunset-changed", place, before, after)
