"""What changed in a document as a whole."""

from typing import Any

from dynacli.changes.comparing.compare_operations import compare_path_items, operations_of_item
from dynacli.changes.comparing.compare_security import Credentials
from dynacli.changes.comparing.compare_servers import compare_servers
from dynacli.changes.comparing.compare_texts import compare_texts
from dynacli.changes.comparing.compared_document import Place, Side, below, members
from dynacli.changes.comparing.comparison import Comparison, Pair
from dynacli.changes.reported_values import identity

__all__ = ["compare_documents"]

_SAME = "same-on-the-wire"
_DECIDING = {"type", "in", "name", "scheme"}
"""What says where a credential is written, and how; of `type: http`, the scheme in any case."""


def compare_documents(run: Comparison, credentials: Credentials) -> Pair:
    """Return the pair of two documents, without their operations."""
    pair = Pair()
    _compare_info(run, pair)
    compare_servers(run, pair, run.old.at("servers"), run.new.at("servers"))
    _compare_schemes(run, pair, credentials)
    _compare_tags(run, pair)
    _compare_webhooks(run, pair)
    return pair


def _compare_info(run: Comparison, pair: Pair) -> None:
    was, now = (side.at("openapi")._replace(subject="document") for side in (run.old, run.new))
    if was.node != now.node:
        run.tell(pair, "specification-changed", now, was.node, now.node, rule=_SAME)
    old, new = (side.at("info")._replace(subject="document") for side in (run.old, run.new))
    was, now = below(old, "version", "version"), below(new, "version", "version")
    if was.node != now.node:
        run.tell(
            pair, "version-changed", now if now.node is not None else was, was.node, now.node, rule=_SAME
        )
    compare_texts(run, pair, old, new, ("title", "summary", "description"))
    for word in ("termsOfService", "contact", "license"):
        was, now = below(old, word), below(new, word)
        if identity(was.node) != identity(now.node):
            run.tell(
                pair, "info-changed", now if now.node is not None else was, was.node, now.node, rule=_SAME
            )


def _compare_schemes(run: Comparison, pair: Pair, credentials: Credentials) -> None:
    was, now = (dict(_schemes(side)) for side in (run.old, run.new))
    renamed = {old: new for new, old in credentials.renamed.items()}
    for name, place in now.items():
        former = was.get(credentials.renamed.get(name, name))
        if former is None:
            run.tell(pair, "security-scheme-added", place, None, place.node, rule="credentials-accepted")
        else:
            _compare_scheme(run, pair, former, place)
    for name, place in was.items():
        if name not in now and name not in renamed:
            # Those who ask for it say so themselves.
            run.tell(pair, "security-scheme-removed", place, place.node, None)


def _schemes(side: Side) -> "list[tuple[str, Place]]":
    return [
        (name, side.followed(place)._replace(subject=f"security scheme {name}"))
        for name, place in members(side.at("components", "securitySchemes"))
    ]


def _compare_scheme(run: Comparison, pair: Pair, old: Place, new: Place) -> None:
    if not isinstance(old.node, dict) or not isinstance(new.node, dict):
        return
    compare_texts(run, pair, old, new, ("description",))
    compare_deprecated = old.node.get("deprecated") is True, new.node.get("deprecated") is True
    if compare_deprecated[0] != compare_deprecated[1]:
        kind = "deprecated" if compare_deprecated[1] else "deprecation-lifted"
        run.tell(pair, kind, below(new, "deprecated"), *compare_deprecated, rule=_SAME)
    words = [word for word in dict.fromkeys((*new.node, *old.node)) if _is_compared(str(word))]
    if _plain("type", old.node.get("type")) != _plain("type", new.node.get("type")):
        words = ["type"]
    for word in words:
        was, now = below(old, word), below(new, word)
        if word == "flows":
            _compare_flows(run, pair, was, now)
        elif _plain(word, was.node) != _plain(word, now.node):
            _tell_scheme(run, pair, was, now, "credentials-rejected" if word in _DECIDING else "")


def _is_compared(word: str) -> bool:
    return word not in {"description", "deprecated", "bearerFormat"} and not word.startswith("x-")


def _tell_scheme(run: Comparison, pair: Pair, was: Place, now: Place, rule: str = "") -> None:
    place = now if now.node is not None else was
    run.tell(pair, "security-scheme-changed", place, was.node, now.node, rule=rule)


def _compare_flows(run: Comparison, pair: Pair, old: Place, new: Place) -> None:
    """Compare where tokens are fetched, and for which scopes; what a scope is for is told in words."""
    flows = [dict(members(one)) for one in (old, new)]
    for name in dict.fromkeys((*flows[1], *flows[0])):
        was, now = below(old, name), below(new, name)
        if not isinstance(was.node, dict) or not isinstance(now.node, dict):
            if identity(was.node) != identity(now.node):
                _tell_scheme(run, pair, was, now, "credentials-accepted" if was.node is None else "")
            continue
        for word in dict.fromkeys((*now.node, *was.node)):
            one, other = below(was, word), below(now, word)
            if word == "scopes" and isinstance(one.node, dict) and isinstance(other.node, dict):
                for scope in dict.fromkeys((*other.node, *one.node)):
                    if (scope in one.node) != (scope in other.node):
                        rule = "credentials-accepted" if scope in other.node else ""
                        _tell_scheme(run, pair, below(one, scope), below(other, scope), rule)
            elif _is_compared(str(word)) and identity(one.node) != identity(other.node):
                _tell_scheme(run, pair, one, other)


def _plain(word: str, value: Any) -> bytes:
    if word == "scheme" and isinstance(value, str):
        value = value.lower()  # RFC 9110, section 11.1
    return identity(value)


def _compare_tags(run: Comparison, pair: Pair) -> None:
    was, now = (_tags(side) for side in (run.old, run.new))
    for name, place in now.items():
        if name not in was:
            run.tell(pair, "tag-added", place, None, name, rule=_SAME)
        else:
            compare_texts(run, pair, was[name], place, ("summary", "description"))
    for name, place in was.items():
        if name not in now:
            run.tell(pair, "tag-removed", place, name, None, rule=_SAME)


def _tags(side: Side) -> dict[str, Place]:
    listed = side.at("tags")
    found: dict[str, Place] = {}
    for index, one in enumerate(listed.node if isinstance(listed.node, list) else ()):
        if isinstance(one, dict) and isinstance(name := one.get("name"), str):
            found.setdefault(name, below(listed, index, f"tag {name}"))
    return found


def _compare_webhooks(run: Comparison, pair: Pair) -> None:
    was, now = (_webhooks(side) for side in (run.old, run.new))
    for key, (item, place) in now.items():
        if key in was:
            compare_path_items(run, pair, *was[key], item, place)
        else:
            run.tell(pair, "webhook-added", place, None, key)
    for key, (_, place) in was.items():
        if key not in now:
            run.tell(pair, "webhook-removed", place, key, None, rule="webhook-gone")


def _webhooks(side: Side) -> dict[str, tuple[Place, Place]]:
    found: dict[str, tuple[Place, Place]] = {}
    for word in ("webhooks", "x-webhooks"):
        for name, raw in members(side.at(word)):
            for one in operations_of_item(side, name, raw):
                key = f"{one.key.method} {name}"
                found.setdefault(key, (one.item, one.place._replace(subject=f"webhook {name}")))
    return found
