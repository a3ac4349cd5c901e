"""The credentials that two operations ask for."""

from collections.abc import Mapping
from typing import Any, NamedTuple

from dynacli.changes.comparing.compared_document import Place, Side, below, members
from dynacli.changes.comparing.comparison import Comparison, Pair
from dynacli.changes.reported_values import identity

__all__ = ["Credentials", "compare_security"]

Scopes = dict[str, frozenset[str]]
_REJECTED, _ACCEPTED = "credentials-rejected", "credentials-accepted"


class Alternative(NamedTuple):
    """Credentials that go together.

    Args:
        scopes: Scheme → the scopes that are asked for; empty: none are needed.
    """

    scopes: Scopes
    place: Place

    def suffices_for(self, other: "Alternative") -> bool:
        """Return whether who has these has what another alternative asks for."""
        return all(
            name in self.scopes and scopes <= self.scopes[name] for name, scopes in other.scopes.items()
        )


class Credentials:
    """What the operations of both documents ask for.

    Security schemes that are the same but for their names count as one.
    """

    def __init__(self, run: Comparison) -> None:
        self._run = run
        old, new = (_schemes(side) for side in (run.old, run.new))
        self._names = {}
        by_content = {identity(one): name for name, one in old.items() if name not in new}
        for name, one in new.items():
            if name not in old and (former := by_content.pop(identity(one), None)) is not None:
                self._names[name] = former

    @property
    def renamed(self) -> Mapping[str, str]:
        """New name → old name of the schemes that only their names tell apart."""
        return self._names

    def of(self, side: Side, operation: Place) -> tuple[list[Alternative], Place]:
        """Return the alternatives of an operation, and where they stand; one without schemes where none are needed."""
        own = below(operation, "security")
        place = (
            own if isinstance(operation.node, dict) and "security" in operation.node else side.at("security")
        )
        place = place._replace(subject="security")
        listed = [place.node] if isinstance(place.node, dict) else place.node
        if not isinstance(listed, list):
            listed = []
        found = []
        for index, one in enumerate(listed):
            if isinstance(one, dict):
                at = below(place, index, "security") if listed is place.node else place
                found.append(Alternative(self._scopes(side, one), at))
        return found or [Alternative({}, place)], place

    def _scopes(self, side: Side, requirement: Mapping[str, Any]) -> Scopes:
        names = self._names if side is self._run.new else {}
        return {
            names.get(str(name), str(name)): frozenset(
                one for one in (scopes if isinstance(scopes, list) else ()) if isinstance(one, str)
            )
            for name, scopes in requirement.items()
        }


def _schemes(side: Side) -> dict[str, Any]:
    """Return what each security scheme is, without the words for people."""
    found = {}
    for name, place in members(side.at("components", "securitySchemes")):
        node = side.followed(place).node
        if isinstance(node, dict):
            found[name] = {key: one for key, one in node.items() if key != "description"}
    return found


def compare_security(run: Comparison, pair: Pair, credentials: Credentials, old: Place, new: Place) -> None:
    """Compare what two operations ask for."""
    was, was_at = credentials.of(run.old, old)
    now, now_at = credentials.of(run.new, new)
    was_public, is_public = (any(not one.scopes for one in each) for each in (was, now))
    before, after = (
        [_shown(one) for one in each if one.place.node is not place.node]
        for each, place in ((was, was_at), (now, now_at))
    )
    if was_public and not is_public:
        run.tell(pair, "secured", now_at, before, after, rule=_REJECTED)
        return
    if is_public and not was_public:
        place = now_at if now_at.node is not None else was_at
        run.tell(pair, "made-public", place, before, after, rule=_ACCEPTED)
        return
    left = [one for one in was if all(one.scopes != other.scopes for other in now)]
    right = [one for one in now if all(one.scopes != other.scopes for other in was)]
    for one in list(left):
        partner = next((other for other in right if other.scopes.keys() == one.scopes.keys()), None)
        if partner is not None:
            right.remove(partner)
            left.remove(one)
            _compare_scopes(run, pair, one, partner, now)
    for one in left:
        run.tell(pair, "security-alternative-removed", one.place, _shown(one), None, rule=_rule(one, now))
    for one in right:
        run.tell(pair, "security-alternative-added", one.place, None, _shown(one), rule=_ACCEPTED)


def _rule(one: Alternative, now: list[Alternative]) -> str:
    """Return what becomes of who has what an alternative asked for."""
    accepted = [other for other in now if one.suffices_for(other)]
    if not accepted:
        return _REJECTED
    # Who is let in without credentials may be somebody else than with them.
    return _ACCEPTED if any(other.scopes for other in accepted) or not one.scopes else ""


def _compare_scopes(
    run: Comparison, pair: Pair, old: Alternative, new: Alternative, now: list[Alternative]
) -> None:
    for name, scopes in new.scopes.items():
        for scope in sorted(scopes - old.scopes[name]):
            run.tell(pair, "scope-added", new.place, None, f"{name}: {scope}", rule=_rule(old, now))
        for scope in sorted(old.scopes[name] - scopes):
            run.tell(pair, "scope-removed", new.place, f"{name}: {scope}", None, rule=_ACCEPTED)


def _shown(one: Alternative) -> dict[str, list[str]]:
    return {name: sorted(scopes) for name, scopes in one.scopes.items()}
