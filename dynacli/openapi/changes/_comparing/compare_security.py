"""Compares the servers and the credentials that two operations require."""

from collections.abc import Mapping
from typing import Any, NamedTuple

from dynacli.openapi.changes._comparing.compared_document import (
    ComparedDocument,
    Place,
    canonical,
    child,
    members,
    present,
)
from dynacli.openapi.changes.comparison import Comparison, Pair

__all__ = ["Credentials", "compare_security", "compare_servers"]

Scopes = dict[str, frozenset[str]]
_REJECTED, _ACCEPTED = "credentials-rejected", "credentials-accepted"


class Alternative(NamedTuple):
    """Credentials that are required together: a Security Requirement Object.

    Args:
        scopes: Security scheme → the required scopes; empty if no credentials are needed.
    """

    scopes: Scopes
    place: Place

    def suffices_for(self, other: "Alternative") -> bool:
        """Return whether these credentials include all that another alternative requires."""
        return all(
            name in self.scopes and scopes <= self.scopes[name] for name, scopes in other.scopes.items()
        )


class Credentials:
    """The credentials that the operations of both documents require.

    Security schemes that differ only in their names count as one.
    """

    def __init__(self, comparison: Comparison) -> None:
        self._comparison = comparison
        old, new = _security_schemes(comparison.old), _security_schemes(comparison.new)
        self._old_names = {}
        by_content = {canonical(scheme): name for name, scheme in old.items() if name not in new}
        for name, scheme in new.items():
            if name not in old and (former := by_content.pop(canonical(scheme), None)) is not None:
                self._old_names[name] = former

    @property
    def renamed(self) -> Mapping[str, str]:
        """New name → old name of the security schemes that were only renamed."""
        return self._old_names

    def alternatives(self, document: ComparedDocument, operation: Place) -> tuple[list[Alternative], Place]:
        """Return the alternatives of an operation, and where they stand; an empty one if none are required."""
        own = child(operation, "security")
        has_own = isinstance(operation.node, dict) and "security" in operation.node
        place = (own if has_own else document.at("security"))._replace(subject="security")
        requirements = [place.node] if isinstance(place.node, dict) else place.node
        if not isinstance(requirements, list):
            requirements = []
        found = []
        for index, requirement in enumerate(requirements):
            if isinstance(requirement, dict):
                at = child(place, index, "security") if requirements is place.node else place
                found.append(Alternative(self._scopes(document, requirement), at))
        return found or [Alternative({}, place)], place

    def _scopes(self, document: ComparedDocument, requirement: Mapping[str, Any]) -> Scopes:
        old_names = self._old_names if document is self._comparison.new else {}
        return {
            old_names.get(str(name), str(name)): frozenset(
                scope for scope in (scopes if isinstance(scopes, list) else ()) if isinstance(scope, str)
            )
            for name, scopes in requirement.items()
        }


def _security_schemes(document: ComparedDocument) -> dict[str, Any]:
    """Return each security scheme without its description."""
    found = {}
    for name, place in members(document.at("components", "securitySchemes")):
        node = document.resolve(place).node
        if isinstance(node, dict):
            found[name] = {key: value for key, value in node.items() if key != "description"}
    return found


def compare_security(pair: Pair, credentials: Credentials, old: Place, new: Place) -> None:
    """Compare the credentials that two operations require."""
    old_alternatives, old_place = credentials.alternatives(pair.comparison.old, old)
    new_alternatives, new_place = credentials.alternatives(pair.comparison.new, new)
    was_public, is_public = (
        any(not alternative.scopes for alternative in alternatives)
        for alternatives in (old_alternatives, new_alternatives)
    )
    before, after = (
        [_shown(alternative) for alternative in alternatives if alternative.place.node is not place.node]
        for alternatives, place in ((old_alternatives, old_place), (new_alternatives, new_place))
    )
    if was_public and not is_public:
        pair.add_change("secured", new_place, before, after, rule=_REJECTED)
        return
    if is_public and not was_public:
        place = present(old_place, new_place)
        pair.add_change("made-public", place, before, after, rule=_ACCEPTED)
        return
    removed = _without_equals(old_alternatives, new_alternatives)
    added = _without_equals(new_alternatives, old_alternatives)
    for alternative in list(removed):
        partner = next((other for other in added if other.scopes.keys() == alternative.scopes.keys()), None)
        if partner is not None:
            added.remove(partner)
            removed.remove(alternative)
            _compare_scopes(pair, alternative, partner, new_alternatives)
    for alternative in removed:
        pair.add_change(
            "security-alternative-removed",
            alternative.place,
            _shown(alternative),
            None,
            rule=_rule(alternative, new_alternatives),
        )
    for alternative in added:
        pair.add_change(
            "security-alternative-added", alternative.place, None, _shown(alternative), rule=_ACCEPTED
        )


def _without_equals(alternatives: list[Alternative], others: list[Alternative]) -> list[Alternative]:
    return [
        alternative
        for alternative in alternatives
        if all(alternative.scopes != other.scopes for other in others)
    ]


def _rule(old: Alternative, new_alternatives: list[Alternative]) -> str:
    """Return the rule for a client that has the credentials of an old alternative."""
    accepted = [alternative for alternative in new_alternatives if old.suffices_for(alternative)]
    if not accepted:
        return _REJECTED
    # No result if the call is now anonymous: it may be treated unlike one with credentials.
    return _ACCEPTED if any(alternative.scopes for alternative in accepted) or not old.scopes else ""


def _compare_scopes(
    pair: Pair, old: Alternative, new: Alternative, new_alternatives: list[Alternative]
) -> None:
    for name, scopes in new.scopes.items():
        for scope in sorted(scopes - old.scopes[name]):
            rule = _rule(old, new_alternatives)
            pair.add_change("scope-added", new.place, None, f"{name}: {scope}", rule=rule)
        for scope in sorted(old.scopes[name] - scopes):
            pair.add_change("scope-removed", new.place, f"{name}: {scope}", None, rule=_ACCEPTED)


def _shown(alternative: Alternative) -> dict[str, list[str]]:
    return {name: sorted(scopes) for name, scopes in alternative.scopes.items()}


def compare_servers(pair: Pair, old: Place, new: Place) -> None:
    """Compare two lists of servers by their URLs.

    A list that is missing or empty is one server at `/` (OpenAPI 3.1.1, "OpenAPI Object").
    """
    before, after = _by_url(old), _by_url(new)
    for url, place in after.items():
        if url not in before:
            pair.add_change("server-added", place, None, url, rule="same-on-the-wire")
        elif _variables(before[url].node) != _variables(place.node):
            variables = child(place, "variables")
            pair.add_change(
                "server-changed",
                variables if variables.node is not None else place,
                _member(before[url].node, "variables"),
                variables.node,
            )
    for url, place in before.items():
        if url not in after:
            pair.add_change("server-removed", place, url, None)


def _by_url(place: Place) -> dict[str, Place]:
    found: dict[str, Place] = {}
    for index, server in enumerate(place.node if isinstance(place.node, list) else ()):
        url = server.get("url") if isinstance(server, dict) else None
        if isinstance(url, str):
            found.setdefault(url.rstrip("/") or "/", child(place, index, f"server {url}"))
    return found or {"/": place._replace(node=None, subject="server /")}


def _variables(server: Any) -> bytes:
    """Return the comparable parts of a server's variables: defaults and allowed values, no descriptions."""
    variables = _member(server, "variables")
    if not isinstance(variables, dict):
        return canonical({})
    return canonical(
        {
            name: [_member(variable, "default"), _member(variable, "enum")]
            for name, variable in sorted(variables.items(), key=str)
        }
    )


def _member(node: Any, key: str) -> Any:
    return node.get(key) if isinstance(node, dict) else None
