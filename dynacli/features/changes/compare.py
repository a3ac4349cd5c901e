"""Compares two revisions of a document, and decides which changes break a client."""

from collections.abc import Mapping
from typing import Any

from dynacli.features.changes._comparing.compare_operations import (
    ComparedOperation,
    Credentials,
    compare_operations,
    compare_received_requests,
    compare_servers,
    match_operations,
    operations,
    operations_of_item,
)
from dynacli.features.changes._comparing.compare_schemas import compare_schemas
from dynacli.features.changes._comparing.compared_document import (
    ComparedDocument,
    Place,
    canonical,
    child,
    members,
    present,
)
from dynacli.features.changes.change_records import ChangedOperation, Changes
from dynacli.features.changes.comparison import ComparedPair, Comparison, compare_texts

_SAME = "same-on-the-wire"
_DECISIVE_FIELDS = {"type", "in", "name", "scheme"}
"""Fields that decide where and how a credential is sent."""


def compare(old: Mapping[str, Any], new: Mapping[str, Any]) -> Changes:
    """Return all changes from one document to another.

    Args:
        old: The tree of a loaded document: OpenAPI 3, with all references inside it.
        new: The tree of another document, which may have another version of OpenAPI.
    """
    comparison = Comparison(old, new, compare_schemas)
    before, after = operations(comparison.old), operations(comparison.new)
    matched = match_operations(before, after)
    credentials = Credentials(comparison)
    pairs = [
        (old_key, new_key, compare_operations(comparison, credentials, before[old_key], after[new_key]))
        for old_key, new_key in matched
    ]
    document = _compare_documents(comparison, credentials)
    comparison.finish()
    if comparison.is_cut:
        document.add_change("not-compared", Place(None, "", "document"))
    changed = (
        ChangedOperation(old_key, new_key, comparison.changes_of(pair)) for old_key, new_key, pair in pairs
    )
    matched_old, matched_new = {old_key for old_key, _ in matched}, {new_key for _, new_key in matched}
    return Changes(
        added=tuple(key for key in after if key not in matched_new),
        removed=tuple(key for key in before if key not in matched_old),
        changed=tuple(operation for operation in changed if operation.changes),
        document=comparison.changes_of(document),
    )


def _compare_documents(comparison: Comparison, credentials: Credentials) -> ComparedPair:
    """Compare two documents except their operations, and return the pair."""
    pair = ComparedPair(comparison)
    _compare_info(pair)
    compare_servers(pair, pair.comparison.old.at("servers"), pair.comparison.new.at("servers"))
    _compare_security_schemes(pair, credentials)
    _compare_tags(pair)
    compare_received_requests(pair, "webhook", _webhooks(pair.comparison.old), _webhooks(pair.comparison.new))
    return pair


def _compare_info(pair: ComparedPair) -> None:
    documents = pair.comparison.old, pair.comparison.new
    old, new = (document.at("openapi")._replace(subject="document") for document in documents)
    if old.node != new.node:
        pair.add_change("specification-changed", new, old.node, new.node, rule=_SAME)
    old_info, new_info = (document.at("info")._replace(subject="document") for document in documents)
    old, new = child(old_info, "version", "version"), child(new_info, "version", "version")
    if old.node != new.node:
        pair.add_change("version-changed", present(old, new), old.node, new.node, rule=_SAME)
    compare_texts(pair, old_info, new_info, ("title", "summary", "description"))
    for field in ("termsOfService", "contact", "license"):
        old, new = child(old_info, field), child(new_info, field)
        if canonical(old.node) != canonical(new.node):
            pair.add_change("info-changed", present(old, new), old.node, new.node, rule=_SAME)


def _compare_security_schemes(pair: ComparedPair, credentials: Credentials) -> None:
    before, after = _security_schemes(pair.comparison.old), _security_schemes(pair.comparison.new)
    new_names = {old_name: name for name, old_name in credentials.renamed.items()}
    for name, place in after.items():
        former = before.get(credentials.renamed.get(name, name))
        if former is None:
            pair.add_change("security-scheme-added", place, None, place.node, rule="credentials-accepted")
        else:
            _compare_security_scheme(pair, former, place)
    for name, place in before.items():
        if name not in after and name not in new_names:
            # Without a rule, because each operation that required the scheme has a separate change.
            pair.add_change("security-scheme-removed", place, place.node, None)


def _security_schemes(document: ComparedDocument) -> dict[str, Place]:
    return {
        name: document.resolve(place)._replace(subject=f"security scheme {name}")
        for name, place in members(document.at("components", "securitySchemes"))
    }


def _compare_security_scheme(pair: ComparedPair, old: Place, new: Place) -> None:
    if not isinstance(old.node, dict) or not isinstance(new.node, dict):
        return
    compare_texts(pair, old, new, ("description",))
    was_deprecated, is_deprecated = (place.node.get("deprecated") is True for place in (old, new))
    if was_deprecated != is_deprecated:
        kind = "deprecated" if is_deprecated else "deprecation-lifted"
        pair.add_change(kind, child(new, "deprecated"), was_deprecated, is_deprecated, rule=_SAME)
    fields = [field for field in dict.fromkeys((*new.node, *old.node)) if _is_compared(str(field))]
    if _comparable("type", old.node.get("type")) != _comparable("type", new.node.get("type")):
        fields = ["type"]
    for field in fields:
        before, after = child(old, field), child(new, field)
        if field == "flows":
            _compare_flows(pair, before, after)
        elif _comparable(field, before.node) != _comparable(field, after.node):
            rule = "credentials-rejected" if field in _DECISIVE_FIELDS else ""
            _report_scheme_change(pair, before, after, rule)


def _is_compared(field: str) -> bool:
    return field not in {"description", "deprecated", "bearerFormat"} and not field.startswith("x-")


def _report_scheme_change(pair: ComparedPair, old: Place, new: Place, rule: str = "") -> None:
    place = present(old, new)
    pair.add_change("security-scheme-changed", place, old.node, new.node, rule=rule)


def _compare_flows(pair: ComparedPair, old: Place, new: Place) -> None:
    """Compare the URLs and scopes of OAuth flows, but not the descriptions of scopes."""
    names = (name for place in (new, old) for name, _ in members(place))
    for name in dict.fromkeys(names):
        old_flow, new_flow = child(old, name), child(new, name)
        if not isinstance(old_flow.node, dict) or not isinstance(new_flow.node, dict):
            if canonical(old_flow.node) != canonical(new_flow.node):
                rule = "credentials-accepted" if old_flow.node is None else ""
                _report_scheme_change(pair, old_flow, new_flow, rule)
            continue
        for field in dict.fromkeys((*new_flow.node, *old_flow.node)):
            before, after = child(old_flow, field), child(new_flow, field)
            if field == "scopes" and isinstance(before.node, dict) and isinstance(after.node, dict):
                for scope in dict.fromkeys((*after.node, *before.node)):
                    if (scope in before.node) != (scope in after.node):
                        rule = "credentials-accepted" if scope in after.node else ""
                        _report_scheme_change(pair, child(before, scope), child(after, scope), rule)
            elif _is_compared(str(field)) and canonical(before.node) != canonical(after.node):
                _report_scheme_change(pair, before, after)


def _comparable(field: str, value: Any) -> bytes:
    if field == "scheme" and isinstance(value, str):
        value = value.lower()  # RFC 9110, section 11.1
    return canonical(value)


def _compare_tags(pair: ComparedPair) -> None:
    before, after = _tags_by_name(pair.comparison.old), _tags_by_name(pair.comparison.new)
    for name, place in after.items():
        if name not in before:
            pair.add_change("tag-added", place, None, name, rule=_SAME)
        else:
            compare_texts(pair, before[name], place, ("summary", "description"))
    for name, place in before.items():
        if name not in after:
            pair.add_change("tag-removed", place, name, None, rule=_SAME)


def _tags_by_name(document: ComparedDocument) -> dict[str, Place]:
    array = document.at("tags")
    found: dict[str, Place] = {}
    for index, tag in enumerate(array.node if isinstance(array.node, list) else ()):
        if isinstance(tag, dict) and isinstance(name := tag.get("name"), str):
            found.setdefault(name, child(array, index, f"tag {name}"))
    return found


def _webhooks(document: ComparedDocument) -> dict[str, ComparedOperation]:
    found: dict[str, ComparedOperation] = {}
    for field in ("webhooks", "x-webhooks"):
        for name, item in members(document.at(field)):
            for webhook in operations_of_item(document, name, item):
                place = webhook.place._replace(subject=f"webhook {name}")
                found.setdefault(f"{webhook.key.method} {name}", webhook._replace(place=place))
    return found
