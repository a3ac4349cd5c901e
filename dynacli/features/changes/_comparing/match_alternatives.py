"""Compares `oneOf` and `anyOf`, after matching each old alternative with the new one that it became."""

from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

from dynacli.features.changes._comparing.compared_document import (
    ComparedDocument,
    ComparedSchema,
    KeywordValue,
    Place,
    canonical,
    compared_schema,
)
from dynacli.features.changes.comparison import ComparedPair
from dynacli.openapi.document.json_trees import MISSING, follow, split
from dynacli.openapi.references import reference_of
from dynacli.openapi.schema.read_schema import discriminator_of

_MOST_COMPARED = 400
"""Maximum number of comparisons between alternatives without common names."""
_ALIKE = 0.5

_ASSERTIONS = {
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

Branch = tuple[Place, ...]


def compare_alternatives(pair: ComparedPair, old: ComparedSchema, new: ComparedSchema) -> bool:
    """Compare the `oneOf` and `anyOf` of two schemas; return whether only null is left to compare.

    This is true if a schema became alternatives that include it, or the reverse.
    """
    use = pair.use
    if len(old.alternatives) != len(new.alternatives):
        if _became_alternatives(pair, old, new):
            return True
        for added in new.alternatives[len(old.alternatives) :]:
            # dynacli cannot tell whether the values that clients send match one of them.
            rule = "" if use.is_request else use.narrowed()
            pair.add_change("alternatives-added", added.place, None, added.place.node, rule=rule)
        for removed in old.alternatives[len(new.alternatives) :]:
            pair.add_change(
                "alternatives-removed", removed.place, removed.place.node, None, rule=use.widened()
            )
    for before, after in zip(old.alternatives, new.alternatives, strict=False):
        if before.keyword != after.keyword:
            # `anyOf` allows more than `oneOf`: a value that matches exactly one branch matches at least one.
            is_narrowed = after.keyword == "oneOf"
            rule = use.widened() if not is_narrowed else "" if use.is_request else use.narrowed()
            pair.add_change("alternatives-changed", after.place, before.keyword, after.keyword, rule=rule)
        old_branches, new_branches = (
            [(place,) for place in alternatives.branches] for alternatives in (before, after)
        )
        match = _Match(pair, old_branches, new_branches)
        match.add_changes(after.place.subject)
    _compare_discriminators(pair, old, new)
    return False


def _became_alternatives(pair: ComparedPair, old: ComparedSchema, new: ComparedSchema) -> bool:
    """Compare a schema with alternatives if it became one of them, or the reverse; return whether it did."""
    single, several = (old, new) if new.alternatives else (new, old)
    is_nothing_else = len(several.alternatives) == 1 and not any(
        part.node.keys() & _ASSERTIONS for part in several.parts
    )
    if single.alternatives or single.enumerations or single.allows_anything or not is_nothing_else:
        return False
    branches = [(place,) for place in several.alternatives[0].branches]
    old_branches = [single.places] if single is old else branches
    new_branches = branches if single is old else [single.places]
    inner = pair.with_use(pair.use._replace(is_null_compared_elsewhere=True))
    match = _Match(inner, old_branches, new_branches)
    if not match.pairs:
        return False
    match.add_changes(new.outermost.subject)
    return True


class _Match:
    """Matches old alternatives with new ones: by name, then by content, then by likeness.

    Attributes:
        pairs: The old and the new alternative of each match.
        removed: The old alternatives without a match.
        added: The new alternatives without a match.
    """

    def __init__(self, pair: ComparedPair, old: Sequence[Branch], new: Sequence[Branch]) -> None:
        self._pair, self._comparison, self._use = pair, pair.comparison, pair.use
        self._comparisons_left = _MOST_COMPARED
        self._old, self._new = old, new
        self.pairs: list[tuple[Branch, Branch]] = []
        self.removed, self.added = list(old), list(new)
        for match in (self._by_reference, self._by_content, self._by_likeness):
            for before, after in match():
                self.removed.remove(before)
                self.added.remove(after)
                self.pairs.append((before, after))

    def add_changes(self, subject: str) -> None:
        """Add a change for each alternative without a match, and queue the comparison of the matches."""
        use = self._use
        for before, after in self.pairs:
            self._pair.add(self._branch_pair(before, after))
        for removed in self.removed:
            rule = use.narrowed()
            if use.is_request and use.is_validated:
                # The values that clients send may match another alternative.
                outcome = self._best_outcome((removed, after) for after in self._new)
                rule = use.widened() if outcome else "" if outcome is None else rule
            place = removed[0]._replace(subject=subject)
            self._pair.add_change("alternative-removed", place, place.node, None, rule=rule)
        for added in self.added:
            rule = use.widened()
            if not use.is_request and self._best_outcome((before, added) for before in self._old):
                rule = use.narrowed()
            place = added[0]._replace(subject=subject)
            self._pair.add_change("alternative-added", place, None, place.node, rule=rule)

    def _branch_pair(self, old: Branch, new: Branch) -> ComparedPair | None:
        return self._comparison.pair_of_schemas(old, new, self._use)

    def _best_outcome(self, branches: Iterable[tuple[Branch, Branch]]) -> bool | None:
        """Return whether one of the pairs has only harmless changes; None if that is uncertain."""
        best: bool | None = False
        for old, new in branches:
            self._comparisons_left -= 1
            if self._comparisons_left < 0:
                return None
            is_harmless = self._comparison.is_harmless(self._branch_pair(old, new))
            if is_harmless:
                return True
            if is_harmless is None:
                best = None
        return best

    def _by_reference(self) -> list[tuple[Branch, Branch]]:
        """Match alternatives that refer to components with the same name."""
        named = {ref: new for new in self.added if (ref := _component_pointer(self._comparison.new, new))}
        found = []
        for old in self.removed:
            ref = _component_pointer(self._comparison.old, old)
            if ref in named:
                found.append((old, named.pop(ref)))
        return found

    def _by_content(self) -> list[tuple[Branch, Branch]]:
        """Match alternatives that are the same to a client."""
        found: list[tuple[Branch, Branch]] = []
        left = list(self.added)
        for old in self.removed:
            for new in left:
                self._comparisons_left -= 1
                if self._comparisons_left < 0:
                    return found
                if self._comparison.is_without_change(self._branch_pair(old, new)):
                    found.append((old, new))
                    left.remove(new)
                    break
        return found

    def _are_different_components(self, old: Branch, new: Branch) -> bool:
        """Return whether two alternatives are different components, because one of them exists in both documents."""
        old_ref, new_ref = (
            _component_pointer(self._comparison.old, old),
            _component_pointer(self._comparison.new, new),
        )
        return bool(old_ref and new_ref) and (
            _exists(self._comparison.new, old_ref) or _exists(self._comparison.old, new_ref)
        )

    def _by_likeness(self) -> list[tuple[Branch, Branch]]:
        """Match the most similar of the rest; with equal numbers in both documents, even unlike ones."""
        old, new = self.removed, self.added
        if len(old) * len(new) > _MOST_COMPARED:
            return []
        old_features = [_features(self._comparison.old, branch) for branch in old]
        new_features = [_features(self._comparison.new, branch) for branch in new]
        scored = sorted(
            (
                (_likeness(old_features[i], new_features[j]), -abs(i - j), -i, -j)
                for i in range(len(old))
                for j in range(len(new))
                if not self._are_different_components(old[i], new[j])
            ),
            reverse=True,
        )
        least = 0 if len(old) == len(new) > 1 or len(self._old) == len(self._new) else _ALIKE
        found: dict[int, int] = {}
        for score, _, i, j in scored:
            if -i not in found.values() and -j not in found and score >= least:
                found[-j] = -i
        return [(old[i], new[j]) for j, i in sorted(found.items())]


def _exists(document: ComparedDocument, pointer: str) -> bool:
    return follow(document.tree, split(pointer)) is not MISSING


def _component_pointer(document: ComparedDocument, branch: Branch) -> str:
    """Return the pointer of the component to which an alternative refers; empty if it refers to none."""
    node = branch[0].node
    ref = reference_of(node) if len(branch) == 1 else None
    target = document.target(ref) if ref is not None else None
    return target.pointer if target is not None else ""


class _Features(NamedTuple):
    """The features of an alternative, to measure its likeness to another one.

    Args:
        types: The types of its values.
        tags: Property → its only allowed value, such as a discriminator.
        others: All other features.
    """

    types: frozenset[str]
    tags: dict[str, bytes]
    others: set[tuple[str, Any]]


def _features(document: ComparedDocument, branch: Branch) -> _Features:
    schema = compared_schema(document, branch)
    properties = schema.properties()
    others: set[tuple[str, Any]] = {("property", name) for name in properties}
    others.update(
        ("keyword", keyword) for keyword in schema.keywords & {"items", "additionalProperties", "format"}
    )
    if (allowed := schema.allowed_values()) is not None:
        others.update(("value", canonical(value)) for value in allowed.values)
    if (title := schema.first("title")) is not None and isinstance(title.value, str):
        others.add(("title", title.value))
    tags = {}
    for name, places in properties.items():
        allowed = compared_schema(document, places).allowed_values()
        if allowed is not None and len(allowed.values) == 1:
            tags[name] = canonical(allowed.values[0])
    return _Features(schema.types()[0] or frozenset(), tags, others)


def _likeness(old: _Features, new: _Features) -> float:
    """Return the likeness of two alternatives, 0 or more; a negative number if they cannot match."""
    shared_tags = old.tags.keys() & new.tags.keys()
    if any(old.tags[name] != new.tags[name] for name in shared_tags):
        return -1.0
    if old.types and new.types and not old.types & new.types:
        return -1.0
    every = old.others | new.others
    likeness = len(old.others & new.others) / len(every) if every else 0.0
    return likeness + _ALIKE if shared_tags else likeness


def _compare_discriminators(pair: ComparedPair, old: ComparedSchema, new: ComparedSchema) -> None:
    before, after = old.first("discriminator"), new.first("discriminator")
    found = after or before
    if found is not None and _discriminator(before) != _discriminator(after):
        values = (keyword.value if keyword else None for keyword in (before, after))
        pair.add_change("discriminator-changed", found.place, *values)


def _discriminator(found: KeywordValue | None) -> Any:
    """Return the comparable parts of a discriminator: everything except the targets of its mapping."""
    discriminator = discriminator_of({"discriminator": found.value}) if found is not None else None
    if discriminator is None:
        return None
    return discriminator.property, {*discriminator.mapping}, discriminator.default
