"""Matches the operations of two documents, and compares their servers, credentials, inputs and responses."""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Callable, Iterator, Mapping
from typing import Any, NamedTuple

from dynacli.features.changes._comparing.compared_document import (
    ComparedDocument,
    ComparedSchema,
    Place,
    canonical,
    canonical_without,
    child,
    child_of_either,
    compared_schema,
    members,
    present,
)
from dynacli.features.changes.change_records import OperationKey
from dynacli.features.changes.comparison import (
    REQUEST,
    RESPONSE,
    ComparedPair,
    Comparison,
    Use,
    compare_deprecation,
    compare_texts,
)
from dynacli.http.semantics import essence
from dynacli.openapi.document.json_trees import split
from dynacli.openapi.document.objects import operations_of
from dynacli.openapi.model.operation import IGNORED_HEADERS, default_style, explodes
from dynacli.openapi.references import reference_of

Scopes = dict[str, frozenset[str]]
_REJECTED, _ACCEPTED = "credentials-rejected", "credentials-accepted"
_FORMS = ("application/x-www-form-urlencoded", "multipart/")
_TEXT = re.compile(r"text/.*|.*[/+]xml")
_RANGE = re.compile(r"[^/]*/\*")
_LOCATIONS = ("path", "query", "querystring", "header", "cookie")


Parameters = dict[tuple[str, str], Place]
"""(location, name) → Parameter Object."""


class RequiredSchemes(NamedTuple):
    """Credentials that are required together: a Security Requirement Object.

    Args:
        scopes: Security scheme → the required scopes; empty if no credentials are needed.
    """

    scopes: Scopes
    place: Place

    def suffices_for(self, other: RequiredSchemes) -> bool:
        """Return whether these credentials include everything that another alternative requires."""
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
        """New name → old name of each security scheme that was only renamed."""
        return self._old_names

    def alternatives(
        self, document: ComparedDocument, operation: Place
    ) -> tuple[list[RequiredSchemes], Place]:
        """Return the alternatives of an operation, or an empty one if it requires none, and their location."""
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
                found.append(RequiredSchemes(self._scopes(document, requirement), at))
        return found or [RequiredSchemes({}, place)], place

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


def _compare_security(pair: ComparedPair, credentials: Credentials, old: Place, new: Place) -> None:
    """Compare the credentials that two operations require."""
    old_alternatives, old_place = credentials.alternatives(pair.comparison.old, old)
    new_alternatives, new_place = credentials.alternatives(pair.comparison.new, new)
    was_public, is_public = (
        any(not alternative.scopes for alternative in alternatives)
        for alternatives in (old_alternatives, new_alternatives)
    )
    before, after = (
        [
            _schemes_and_scopes(alternative)
            for alternative in alternatives
            if alternative.place.node is not place.node
        ]
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
            _schemes_and_scopes(alternative),
            None,
            rule=_rule(alternative, new_alternatives),
        )
    for alternative in added:
        pair.add_change(
            "security-alternative-added",
            alternative.place,
            None,
            _schemes_and_scopes(alternative),
            rule=_ACCEPTED,
        )


def _without_equals(
    alternatives: list[RequiredSchemes], others: list[RequiredSchemes]
) -> list[RequiredSchemes]:
    return [
        alternative
        for alternative in alternatives
        if all(alternative.scopes != other.scopes for other in others)
    ]


def _rule(old: RequiredSchemes, new_alternatives: list[RequiredSchemes]) -> str:
    """Return the rule for a client that has the credentials of an old alternative."""
    accepted = [alternative for alternative in new_alternatives if old.suffices_for(alternative)]
    if not accepted:
        return _REJECTED
    # No rule decides if the call is now anonymous: the server may treat it differently.
    return _ACCEPTED if any(alternative.scopes for alternative in accepted) or not old.scopes else ""


def _compare_scopes(
    pair: ComparedPair,
    old: RequiredSchemes,
    new: RequiredSchemes,
    new_alternatives: list[RequiredSchemes],
) -> None:
    for name, scopes in new.scopes.items():
        for scope in sorted(scopes - old.scopes[name]):
            rule = _rule(old, new_alternatives)
            pair.add_change("scope-added", new.place, None, f"{name}: {scope}", rule=rule)
        for scope in sorted(old.scopes[name] - scopes):
            pair.add_change("scope-removed", new.place, f"{name}: {scope}", None, rule=_ACCEPTED)


def _schemes_and_scopes(alternative: RequiredSchemes) -> dict[str, list[str]]:
    return {name: sorted(scopes) for name, scopes in alternative.scopes.items()}


def compare_servers(pair: ComparedPair, old: Place, new: Place) -> None:
    """Compare two lists of servers by their URLs.

    A missing or empty list means one server at `/` (OpenAPI 3.1.1, "OpenAPI Object").
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
    """Return the defaults and allowed values of a server's variables, for comparison."""
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


def _compare_body(pair: ComparedPair, old: Place, new: Place) -> None:
    """Compare the bodies of two operations."""
    before, after = pair.comparison.old.resolve(old), pair.comparison.new.resolve(new)
    had_body, has_body = (isinstance(body.node, dict) for body in (before, after))
    was_required, is_required = (
        body.node.get("required") is True if isinstance(body.node, dict) else False
        for body in (before, after)
    )
    rule = ("request-needs-more" if is_required else "request-needs-less") if pair.use.is_request else ""
    if has_body and not had_body:
        pair.add_change("body-added", after, None, after.node, rule=pair.use.validated(rule))
    elif had_body and not has_body:
        pair.add_change("body-removed", before, before.node, None)
    elif had_body:
        if was_required != is_required:
            kind = "body-required" if is_required else "body-optional"
            place = child_of_either(before, after, "required")
            pair.add_change(kind, place, was_required, is_required, rule=rule)
        pair.add_places(_compare_both_bodies, before, after)


def _compare_both_bodies(pair: ComparedPair, old: Place, new: Place) -> None:
    compare_texts(pair, old, new, ("description",))
    _compare_content(pair, old, new)


def _compare_content(pair: ComparedPair, old: Place, new: Place) -> None:
    """Compare the media types of two bodies, responses, parameters or headers."""
    before, after = _media_types_by_name(old), _media_types_by_name(new)
    only_old, only_new = dict(before), dict(after)
    matched = [(name, name) for name in before if name in after]
    for name, _ in matched:
        del only_old[name], only_new[name]
    for name in tuple(only_old):
        # The same media type with other parameters, such as another charset.
        match = next((other for other in only_new if essence(other) == essence(name)), None)
        if match is not None:
            names = _spelling(only_old[name]), _spelling(only_new[match])
            pair.add_change("media-type-changed", only_new[match], *names)
            matched.append((name, match))
            del only_old[name], only_new[match]
    for name, place in only_old.items():
        rule = pair.use.validated(
            "request-allows-less" if pair.use.is_request else "response-guarantee-removed"
        )
        # Clients can do without a media type that has no schema. The conversion of 2.0 adds one to every response.
        is_covered = any(_is_in_range(name, other) for other in after) or (
            not after and not _has_schema(pair.comparison.old, place)
        )
        pair.add_change("media-type-removed", place, _spelling(place), None, rule="" if is_covered else rule)
    for place in only_new.values():
        rule = pair.use.validated("request-allows-more" if pair.use.is_request else "")
        pair.add_change("media-type-added", place, None, _spelling(place), rule=rule)
    for name, match in matched:
        inner_use = pair.use
        if pair.use.form == "json" and essence(match).startswith(_FORMS):
            inner_use = pair.use._replace(form="form")
        elif pair.use.form == "json" and _TEXT.fullmatch(essence(match)):
            inner_use = pair.use._replace(form="text")
        pair.add_places(_compare_media_type, before[name], after[match], inner_use)


def _media_types_by_name(place: Place) -> dict[str, Place]:
    """Return the Media Type Objects under `content`, by their names in lower case and without spaces."""
    found: dict[str, Place] = {}
    for name, media_type in members(child(place, "content")):
        key = re.sub(r"\s+", "", name).lower()
        found.setdefault(key, media_type._replace(subject=place.subject))
    return found


def _spelling(media_type: Place) -> str:
    """Return the name of a media type as the document spells it."""
    return split(media_type.pointer)[-1]


def _is_in_range(name: str, media_range: str) -> bool:
    """Return whether a range such as `*/*` includes a media type."""
    return media_range == "*/*" or bool(
        _RANGE.fullmatch(media_range) and essence(name).startswith(media_range[:-1])
    )


def _compare_media_type(pair: ComparedPair, old: Place, new: Place) -> None:
    for keyword in ("schema", "itemSchema"):
        before, after = child(old, keyword), child(new, keyword)
        had_schema, has_schema = (isinstance(schema.node, dict | bool) for schema in (before, after))
        if had_schema and has_schema:
            pair.add_schemas([before], [after])
        elif had_schema and _says_more_than_bytes(compared_schema(pair.comparison.old, [before])):
            pair.add_change("schema-removed", before, before.node, None)
        elif has_schema and _says_more_than_bytes(compared_schema(pair.comparison.new, [after])):
            pair.add_change("schema-added", after, None, after.node)
    for keyword in ("encoding", "prefixEncoding", "itemEncoding"):
        _compare_encodings(pair, child(old, keyword), child(new, keyword))


def _has_schema(document: ComparedDocument, media_type: Place) -> bool:
    resolved = document.resolve(media_type)
    return any(isinstance(child(resolved, keyword).node, dict) for keyword in ("schema", "itemSchema"))


def _says_more_than_bytes(schema: ComparedSchema) -> bool:
    """Return whether a schema describes more than raw bytes. OpenAPI 3.1 describes raw bytes without a schema."""
    found = schema.format()
    is_bytes = (
        found is not None and found.value == "binary" and schema.keywords <= {"type", "format", "description"}
    )
    return not schema.allows_anything and not is_bytes


def _compare_encodings(pair: ComparedPair, old: Place, new: Place) -> None:
    if old.node is None and new.node is None:
        return
    if not isinstance(old.node, dict) or not isinstance(new.node, dict):
        if canonical(old.node or {}) != canonical(new.node or {}):
            pair.add_change("encoding-changed", present(old, new), old.node, new.node)
        return
    for name in dict.fromkeys((*new.node, *old.node)):
        before, after = child(old, name), child(new, name)
        if canonical_without(before.node, "headers") != canonical_without(after.node, "headers"):
            place = present(before, after)
            place = place._replace(subject=f"{place.subject}.{name}")
            pair.add_change("encoding-changed", place, before.node, after.node)


def _parameters_with_those_of_path(document: ComparedDocument, item: Place, operation: Place) -> Parameters:
    """Return the parameters of an operation, including the parameters of its path."""
    found: Parameters = {}
    for holder in (item, operation):
        array = child(holder, "parameters")
        for index in range(len(array.node) if isinstance(array.node, list) else 0):
            place = document.resolve(child(array, index))
            node = place.node if isinstance(place.node, dict) else {}
            location, name = node.get("in"), node.get("name")
            if location not in _LOCATIONS or not isinstance(name, str):
                continue
            key = location, name.lower() if location == "header" else name
            if key[0] == "header" and key[1] in IGNORED_HEADERS:
                continue
            found[key] = place._replace(subject=f"{location} parameter {name}")
    return found


def _compare_parameters(pair: ComparedPair, old: Parameters, new: Parameters, paths: tuple[str, str]) -> None:
    """Compare the parameters of two operations.

    Args:
        paths: The old and the new path.
    """
    new_names = _new_names(*paths)
    only_old = {
        ("path", new_names.get(name, name)) if location == "path" else (location, name): place
        for (location, name), place in old.items()
    }
    movable: dict[str, deque[tuple[str, str]]] = {}  # name in lower case → keys
    for location, name in only_old:
        if location != "path" and (location, name) not in new:
            movable.setdefault(name.lower(), deque()).append((location, name))
    for key, after in new.items():
        before = only_old.pop(key, None)
        if before is None and key[0] != "path" and (candidates := movable.get(key[1].lower())):
            old_key = candidates.popleft()
            before = only_old.pop(old_key)
            pair.add_change(
                "parameter-moved", child(after, "in"), old_key[0], key[0], rule="request-encoding-changed"
            )
        if before is None:
            _report_added(pair, after)
            continue
        old_name, new_name = before.node.get("name"), child(after, "name")
        if old_name != new_name.node and key[0] == "path":
            pair.add_change("parameter-renamed", new_name, old_name, new_name.node, rule="same-on-the-wire")
        pair.add_places(_compare_parameter, before, after)
    for before in only_old.values():
        pair.add_change("parameter-removed", before, before.node, None)


def _new_names(old_path: str, new_path: str) -> dict[str, str]:
    """Return old name → new name of the path parameters, matched by their order in the path."""
    names = [re.findall(r"\{([^{}]*)\}", path) for path in (old_path, new_path)]
    return dict(zip(*names, strict=True)) if len(names[0]) == len(names[1]) else {}


def _report_added(pair: ComparedPair, place: Place) -> None:
    if place.node["in"] == "path":
        rule = ""  # the path has the parameter anyway, so only its description was missing
    elif place.node.get("required") is True:
        rule = "" if _has_default(pair.comparison.new, place) else "request-needs-more"
    else:
        rule = "request-needs-less"
    pair.add_change("parameter-added", place, None, place.node, rule=rule)


def _has_default(document: ComparedDocument, place: Place) -> bool:
    schema = child(place, "schema")
    return isinstance(schema.node, dict) and compared_schema(document, [schema]).first("default") is not None


def _compare_parameter(pair: ComparedPair, old: Place, new: Place) -> None:
    location = new.node["in"]
    was_required, is_required = (place.node.get("required") is True for place in (old, new))
    if was_required != is_required and location != "path":
        kind, rule = "parameter-optional", "request-needs-less"
        if is_required:
            kind = "parameter-required"
            rule = "" if _has_default(pair.comparison.new, new) else "request-needs-more"
        place = child_of_either(old, new, "required")
        pair.add_change(kind, place, was_required, is_required, rule=rule)
    _compare_style(pair, old, new, location)
    _compare_value(pair, old, new)


def _compare_value(pair: ComparedPair, old: Place, new: Place) -> None:
    """Compare the values of a parameter or header, and its texts."""
    compare_deprecation(pair, old, new)
    compare_texts(pair, old, new, ("description",))
    old_schema, new_schema = child(old, "schema"), child(new, "schema")
    had_schema, has_schema = (isinstance(schema.node, dict | bool) for schema in (old_schema, new_schema))
    if had_schema and has_schema:
        pair.add_schemas([old_schema], [new_schema], pair.use._replace(form="text"))
    elif "content" in old.node and "content" in new.node:
        _compare_content(pair, old, new)
    elif has_schema and "content" not in old.node:
        pair.add_change("schema-added", new_schema, None, new_schema.node)
    elif had_schema and "content" not in new.node:
        pair.add_change("schema-removed", old_schema, old_schema.node, None)


def _compare_style(pair: ComparedPair, old: Place, new: Place, location: str) -> None:
    before, after = _style(old, location), _style(new, location)
    # The first difference decides, because another style changes the meaning of the keywords after it.
    keyword = next(
        (
            keyword
            for keyword in ("content", "style", "explode", "allowReserved")
            if before.get(keyword) != after.get(keyword)
        ),
        "",
    )
    if not keyword:
        return
    types = [_types(pair.comparison.old, old), _types(pair.comparison.new, new)]
    if keyword == "explode" and all(type_ is not None and not type_ & {"array", "object"} for type_ in types):
        return  # `explode` does not change a single value
    place = (
        child(new, keyword) if keyword in new.node else child(old, keyword) if keyword in old.node else new
    )
    if keyword == "allowReserved" or (keyword == "explode" and None in types):
        rule = ""
    else:
        rule = "request-encoding-changed" if pair.use.is_request else "response-type-changed"
    pair.add_change(
        "style-changed", place, _style_part(before, keyword), _style_part(after, keyword), rule=rule
    )


def _style_part(style: Mapping[str, object], keyword: str) -> dict[str, object]:
    """Return the changed keyword of a style; after a change of `content`, also the `style`."""
    return {
        name: value
        for name, value in style.items()
        if name == keyword or (keyword == "content" and name == "style")
    }


def _types(document: ComparedDocument, place: Place) -> frozenset[str] | None:
    schema = child(place, "schema")
    return compared_schema(document, [schema]).types()[0] if isinstance(schema.node, dict) else None


def _style(place: Place, location: str) -> Mapping[str, object]:
    """Return the keywords for the serialization of a value, with their defaults."""
    media_type = next(iter(_media_types_by_name(place)), "")
    if media_type:
        return {"content": media_type}
    style = place.node.get("style")
    style = style if isinstance(style, str) else default_style(location)
    explode = explodes(style, place.node.get("explode"))
    return {"style": style, "explode": explode, "allowReserved": place.node.get("allowReserved") is True}


def _compare_headers(pair: ComparedPair, old: Place, new: Place) -> None:
    """Compare the headers of two responses."""
    before, after = _headers_by_name(pair.comparison.old, old), _headers_by_name(pair.comparison.new, new)
    for name, place in after.items():
        if name in before:
            pair.add_places(_compare_header, before[name], place)
        else:
            rule = "response-guarantee-added"
            pair.add_change("header-added", place, None, place.node, rule=rule)
    for name, place in before.items():
        if name not in after:
            was_required = isinstance(place.node, dict) and place.node.get("required") is True
            rule = "response-guarantee-removed" if was_required else ""
            pair.add_change("header-removed", place, place.node, None, rule=rule)


def _headers_by_name(document: ComparedDocument, place: Place) -> dict[str, Place]:
    found: dict[str, Place] = {}
    for name, header in members(child(place, "headers")):
        if name.lower() != "content-type":  # it must be ignored (OpenAPI 3.1.1, "Response Object")
            found.setdefault(name.lower(), document.resolve(header)._replace(subject=f"header {name}"))
    return found


def _compare_header(pair: ComparedPair, old: Place, new: Place) -> None:
    if not isinstance(old.node, dict) or not isinstance(new.node, dict):
        return
    was_required, is_required = (place.node.get("required") is True for place in (old, new))
    if was_required != is_required:
        kind = "header-required" if is_required else "header-optional"
        rule = "response-guarantee-added" if is_required else "response-guarantee-removed"
        place = child_of_either(old, new, "required")
        pair.add_change(kind, place, was_required, is_required, rule=rule)
    _compare_style(pair, old, new, "header")
    _compare_value(pair, old, new)


def _compare_responses(pair: ComparedPair, old: Place, new: Place) -> None:
    """Compare two Responses Objects.

    Args:
        pair: Pair with the use of the responses. The client sends the response to a webhook.
    """
    before, after = _by_status(old), _by_status(new)
    for status, place in after.items():
        if status in before:
            pair.add_places(_compare_response, before[status], place)
        else:
            # Without a rule, because a range may have allowed the status before.
            pair.add_change("response-added", place, None, status)
    for status, place in before.items():
        if status not in after:
            is_covered = f"{status[:1]}XX" in after or "default" in after
            is_success = status.startswith("2") and not pair.use.is_request
            rule = "response-guarantee-removed" if is_success and not is_covered else ""
            pair.add_change("response-removed", place, status, None, rule=rule)


def _by_status(place: Place) -> dict[str, Place]:
    found = {}
    for name, response in members(place):
        status = name if name == "default" else name.upper()
        found[status] = response._replace(subject=f"response {status}")
    return found


def _compare_response(pair: ComparedPair, old: Place, new: Place) -> None:
    compare_texts(pair, old, new, ("summary", "description"))
    if not pair.use.is_request:
        _compare_headers(pair, old, new)
    _compare_content(pair, old, new)
    _compare_links(pair, child(old, "links"), child(new, "links"))


def _compare_links(pair: ComparedPair, old: Place, new: Place) -> None:
    before, after = dict(members(old)), dict(members(new))
    for name, place in after.items():
        subject = f"link {name}"
        if name not in before:
            link, rule = place._replace(subject=subject), "response-guarantee-added"
            pair.add_change("link-added", link, None, place.node, rule=rule)
            continue
        old_link, new_link = pair.comparison.old.resolve(before[name]), pair.comparison.new.resolve(place)
        if canonical_without(old_link.node, "description") != canonical_without(new_link.node, "description"):
            link = new_link._replace(subject=subject)
            pair.add_change("link-changed", link, old_link.node, new_link.node)
    for name, place in before.items():
        if name not in after:
            link = place._replace(subject=f"link {name}")
            pair.add_change("link-removed", link, place.node, None)


class ComparedOperation(NamedTuple):
    """An operation with its location in the document.

    Args:
        item: Its Path Item Object.
        place: Its Operation Object.
    """

    key: OperationKey
    item: Place
    place: Place


def operations(document: ComparedDocument) -> dict[OperationKey, ComparedOperation]:
    """Return the operations of a document, in the order of the document."""
    found: dict[OperationKey, ComparedOperation] = {}
    for path, item in members(document.resolve(document.at("paths"))):
        for operation in operations_of_item(document, path, item):
            found.setdefault(operation.key, operation)
    return found


def operations_of_item(document: ComparedDocument, path: str, place: Place) -> Iterator[ComparedOperation]:
    """Yield the operations of a Path Item Object.

    Args:
        path: Key of the item: a path, the name of a webhook, or the expression of a callback.
        place: The item, which may be a reference.
    """
    # Fields beside a `$ref` belong to the path, too (OpenAPI 3.1.1, "Path Item Object").
    node = place.node
    items = [place] if reference_of(node) is not None and len(node) > 1 else []
    for item in (*items, document.resolve(place)):
        for entry in operations_of(item.node) if isinstance(item.node, Mapping) else ():
            operation = item
            for step in entry.steps:
                operation = child(operation, step, "operation")
            if isinstance(operation.node, dict) and not entry.fault:
                yield ComparedOperation(OperationKey(entry.method, path), item, operation)


def match_operations(
    old: Mapping[OperationKey, ComparedOperation], new: Mapping[OperationKey, ComparedOperation]
) -> list[tuple[OperationKey, OperationKey]]:
    """Return the old and the new key of the operations that both documents have, in the order of the new document.

    Operations match by method and path. Otherwise they match if only the names of path parameters differ, or by
    operationId.
    """
    found = {key: key for key in new if key in old}
    only_old = {key: operation for key, operation in old.items() if key not in found}
    only_new = {key: operation for key, operation in new.items() if key not in found}
    for identify in (_path_pattern, _operation_id):
        before, after = _unique(only_old, identify), _unique(only_new, identify)
        for identity, key in after.items():
            if identity in before:
                found[key] = before[identity]
                del only_old[before[identity]], only_new[key]
    return [(found[key], key) for key in new if key in found]


def _unique(
    keyed: Mapping[OperationKey, ComparedOperation], identify: Callable[[ComparedOperation], str]
) -> dict[str, OperationKey]:
    """Return identity → key of each operation with a unique identity."""
    found: dict[str, OperationKey] = {}
    shared: set[str] = set()
    for key, operation in keyed.items():
        identity = identify(operation)
        if identity in found:
            shared.add(identity)
        if identity:
            found[identity] = key
    return {identity: key for identity, key in found.items() if identity not in shared}


def _path_pattern(operation: ComparedOperation) -> str:
    return f"{operation.key.method} {re.sub(r'[{][^{}]*[}]', '{}', operation.key.path)}"


def _operation_id(operation: ComparedOperation) -> str:
    found = operation.place.node.get("operationId")
    return found if isinstance(found, str) else ""


def compare_operations(
    comparison: Comparison, credentials: Credentials, old: ComparedOperation, new: ComparedOperation
) -> ComparedPair:
    """Compare two operations, and return their pair."""
    pair = ComparedPair(comparison)
    if _path_pattern(old) != _path_pattern(new):
        keys = (f"{operation.key.method} {operation.key.path}" for operation in (old, new))
        pair.add_change("operation-moved", new.place, *keys, rule="operation-gone")
    old_id, new_id = child(old.place, "operationId"), child(new.place, "operationId")
    if old_id.node != new_id.node:
        pair.add_change("operation-renamed", present(old_id, new_id), old_id.node, new_id.node)
    _compare_security(pair, credentials, old.place, new.place)
    old_servers, new_servers = _own_servers(old), _own_servers(new)
    if old_servers is not None or new_servers is not None:
        compare_servers(
            pair, old_servers or comparison.old.at("servers"), new_servers or comparison.new.at("servers")
        )
    if old.key == new.key and _is_same(comparison, old, new):
        return pair
    _compare_descriptions(pair, old.place, new.place)
    if old.key != new.key or not _is_same(comparison, old, new, "parameters"):
        before = _parameters_with_those_of_path(comparison.old, old.item, old.place)
        after = _parameters_with_those_of_path(comparison.new, new.item, new.place)
        _compare_parameters(pair.with_use(REQUEST), before, after, (old.key.path, new.key.path))
    _compare_messages(pair, old.place, new.place, REQUEST)
    return pair


def _is_same(
    comparison: Comparison, old: ComparedOperation, new: ComparedOperation, keyword: str = ""
) -> bool:
    """Return whether two operations, or their values of one keyword, are surely the same."""
    shared = (operation.item.node.get("parameters") for operation in (old, new))
    own = (operation.place.node.get(keyword) if keyword else operation.place.node for operation in (old, new))
    return comparison.unchanged.is_same(*own) and comparison.unchanged.is_same(*shared)


def _own_servers(operation: ComparedOperation) -> Place | None:
    """Return the servers of an operation or of its path; None if the document's servers apply."""
    for holder in (operation.place, operation.item):
        place = child(holder, "servers")
        if isinstance(place.node, list) and place.node:
            return place
    return None


def _compare_descriptions(pair: ComparedPair, old: Place, new: Place) -> None:
    """Compare deprecation, texts and tags."""
    compare_deprecation(pair, old, new)
    compare_texts(pair, old, new, ("summary", "description"))
    old_tags, new_tags = child(old, "tags"), child(new, "tags")
    before, after = (
        [tag for tag in tags.node if isinstance(tag, str)] if isinstance(tags.node, list) else []
        for tags in (old_tags, new_tags)
    )
    if set(before) != set(after):
        place = present(old_tags, new_tags)
        pair.add_change("tags-changed", place, before, after, rule="same-on-the-wire")


def _compare_messages(pair: ComparedPair, old: Place, new: Place, use: Use) -> None:
    """Compare bodies, responses and callbacks.

    Args:
        use: The use of the body; responses have the opposite direction.
    """
    old_body, new_body = (child(operation, "requestBody", "body") for operation in (old, new))
    if old_body.node is not None or new_body.node is not None:
        _compare_body(pair.with_use(use), old_body, new_body)
    received = pair.with_use(use.reversed())
    _compare_responses(received, child(old, "responses"), child(new, "responses"))
    if use.is_request:
        before, after = _callbacks(pair.comparison.old, old), _callbacks(pair.comparison.new, new)
        compare_received_requests(pair, "callback", before, after)


def _callbacks(document: ComparedDocument, operation: Place) -> dict[str, ComparedOperation]:
    """Return the requests that a server sends because of an operation, by name, method and expression."""
    found = {}
    for name, callback in members(child(operation, "callbacks")):
        for expression, item in members(document.resolve(callback)):
            for request in operations_of_item(document, expression, item):
                place = request.place._replace(subject=f"callback {name}")
                found[f"{name} {request.key.method} {expression}"] = request._replace(place=place)
    return found


def compare_received_requests(
    pair: ComparedPair, noun: str, old: Mapping[str, ComparedOperation], new: Mapping[str, ComparedOperation]
) -> None:
    """Compare webhooks or callbacks: the client receives their requests and sends the responses.

    Args:
        noun: `webhook` or `callback`.
        old: Name for the report → request, for the old document.
        new: The same for the new document.
    """
    for key, request in new.items():
        if key in old:
            _compare_received_request(pair, old[key], request)
        else:
            pair.add_change(f"{noun}-added", request.place, None, key)
    for key, request in old.items():
        if key not in new:
            pair.add_change(f"{noun}-removed", request.place, key, None, rule="webhook-gone")


def _compare_received_request(pair: ComparedPair, old: ComparedOperation, new: ComparedOperation) -> None:
    is_same = pair.comparison.unchanged.is_same
    if is_same(old.place.node, new.place.node) and is_same(old.item.node, new.item.node):
        return
    compare_deprecation(pair, old.place, new.place)
    compare_texts(pair, old.place, new.place, ("summary", "description"))
    _compare_messages(pair, old.place, new.place, RESPONSE)
