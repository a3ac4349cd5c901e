"""The overlay that makes a document match responses (Overlay Specification 1.0.0).

The responses are validated again by the changed document, until no findings remain, or no change of the document
fixes the rest.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import cached_property
from http import HTTPStatus
from operator import attrgetter
from types import MappingProxyType
from typing import Any, NamedTuple, cast, get_args

from dynacli.errors import DocumentError, InternalError
from dynacli.features.check.check_records import CheckedOperation, Exchange
from dynacli.files import is_url
from dynacli.http.semantics import best_match, is_json, is_sequence, split_media_type
from dynacli.openapi.catalog.catalog_file import Catalog
from dynacli.openapi.document.json_trees import (
    MISSING,
    copy_json,
    dict_or_empty,
    follow,
    is_same_json,
    list_or_empty,
    split,
)
from dynacli.openapi.document.overlay import actions_between, apply_overlay
from dynacli.openapi.model.operation import Operation, documented_status
from dynacli.openapi.model.query_names import is_declared
from dynacli.openapi.model.wording import enumerated
from dynacli.openapi.references import end_of_references, reference_of
from dynacli.openapi.schema.infer_schema import (
    add_property,
    allow_any_name,
    drop_required,
    infer_schema,
    infer_text_schema,
    widen_schema,
)
from dynacli.openapi.schema.observed_shape import MAX_NAMES, SchemaDialect
from dynacli.record import record
from dynacli.registry.opened_api import OpenedApi
from dynacli.secrets import Masker, is_secret_name
from dynacli.text.terminal import visible
from dynacli.urls import without_query
from dynacli.validation.finding import Finding
from dynacli.validation.operation_document import locate, operation_document, pointer_below
from dynacli.validation.streamed_body import read_items
from dynacli.validation.validated_messages import ValidatedResponse
from dynacli.validation.validator import Validator

_UNDOCUMENTED_STATUS = ("undocumented-status", "status")
_MISSING_BODY = ("missing-body", "")
_MEDIA_TYPE = re.compile(r"[a-z0-9!#$%&'+.^_`|~-]+/[a-z0-9!#$%&'+.^_`|~-]+")
"""A media type in lower case without `*` (RFC 9110, sections 5.6.2 and 8.3.1)."""
_MAX_HOPS = 50
_PARAMETER = "undocumented-parameter"
_BODY_RULES = {"undocumented-status", "undocumented-media-type", "undocumented-body"}
_NAMED_EDITS = _BODY_RULES | {"property", "undocumented-header", _PARAMETER}
"""Kinds of edits that add a member; the location of their note ends with the name of the member."""
_HOLDERS: Mapping[str, tuple[str, ...]] = {
    "property": ("properties",),
    "undocumented-media-type": ("content",),
    "undocumented-body": ("content",),
    "undocumented-header": ("headers",),
    _PARAMETER: ("parameters",),
}
"""Kind of edit → path from its location to the object that gets the new member."""
_MAX_LISTED = 4
_MAX_ROUNDS = 6
"""Maximum number of rounds. A change may reveal further findings, such as those inside a new property."""


_Steps = tuple[str, ...]
_Notes = dict[tuple[str, ...], list[str]]
"""Path in the document → texts about the changes there."""


class ObservedResponse:
    """A response to learn from.

    Args:
        operation_name: The name of the called operation.
        method: The method of the operation, in upper case.
        path: The path template of the operation.
        status: The status of the response.
        headers: The headers of the response.
        body: The decoded body.
        masker: Masks the secrets of the call, so that the overlay contains none.
        ignored: (rule, pointer) of findings that must not change the document.
        query: Name → values of query parameters that the server accepted and the document does not declare.
    """

    def __init__(
        self,
        operation_name: str,
        method: str,
        path: str,
        status: int,
        headers: tuple[tuple[str, str], ...],
        body: bytes,
        masker: Masker,
        ignored: frozenset[tuple[str, str]] = frozenset(),
        query: Mapping[str, list[str]] = MappingProxyType({}),
    ) -> None:
        self.operation_name = operation_name
        self.method = method
        self.path = path
        self.status = status
        self.headers = {name.lower(): value for name, value in headers}
        self.body = body
        self.masker = masker
        self.ignored = ignored
        self.query = query

    @property
    def content_type(self) -> str:
        """The value of `Content-Type`; empty if the header is missing."""
        return self.headers.get("content-type", "")

    @property
    def media_type(self) -> str:
        """The media type in lower case; empty if there is no valid one."""
        name = split_media_type(self.content_type)[0]
        return name if _MEDIA_TYPE.fullmatch(name) else ""

    @property
    def is_sequence(self) -> bool:
        """Whether the body is a sequence of values."""
        return is_sequence(self.media_type)

    @cached_property
    def value(self) -> Any:
        """The body as a JSON value, or as a list for a sequence; `MISSING` if a schema cannot describe it."""
        from dynacli.validation.read_body import NotValidatedError, UnreadableError, read_json_body

        name, parameters = split_media_type(self.content_type)
        try:
            if self.is_sequence:
                value = self.masker.mask_value(read_items(name, parameters, self.body))
            elif is_json(name):
                value = self.masker.mask_value(read_json_body(self.body, parameters))
            else:
                return MISSING
        except (UnreadableError, NotValidatedError, RecursionError):
            return MISSING
        return value if _is_writable(value) else MISSING

    def at(self, pointer: str) -> Any:
        """Return the value at the pointer of a finding; `MISSING` if it is unknown."""
        if pointer.startswith("header/"):
            name = pointer.split("/")[1].lower()
            return self.masker.mask(self.headers[name]) if name in self.headers else MISSING
        if pointer and not pointer.startswith("/"):
            return MISSING
        return follow(self.value, split(pointer)) if self.value is not MISSING else MISSING


def _is_writable(value: Any) -> bool:
    """Return whether a JSON value can be written to a file: a lone surrogate cannot be encoded."""
    import json

    try:
        json.dumps(value, ensure_ascii=False, default=str).encode()
    except UnicodeEncodeError:
        return False
    return True


def observed_responses(operations: Iterable[CheckedOperation]) -> list[ObservedResponse]:
    """Return the validated responses of a check."""
    responses = []
    for checked in operations:
        operation = checked.operation
        for exchange in checked.exchanges:
            response, validation = exchange.response, exchange.validation
            if response is None or validation is None:
                continue
            ignored = {(finding.rule, finding.pointer) for finding, _ in validation.suppressed}
            if all(
                (finding.rule, finding.pointer) != _UNDOCUMENTED_STATUS for finding in validation.findings
            ):
                # The check excused the status: after a 404 for an invented value, the document may be right.
                ignored.add(_UNDOCUMENTED_STATUS)
            if exchange.cut_reason and not response.body:
                ignored.add(_MISSING_BODY)
            responses.append(
                ObservedResponse(
                    operation.name,
                    operation.method,
                    operation.path,
                    response.status,
                    response.headers,
                    response.body,
                    exchange.masker,
                    frozenset(ignored),
                    _accepted_pairs(operation, exchange) if exchange.is_success else {},
                )
            )
    return responses


def _accepted_pairs(operation: Operation, exchange: Exchange) -> dict[str, list[str]]:
    """Return name → values of undeclared query parameters, except secrets."""
    found: dict[str, list[str]] = {}
    parts = exchange.request.parts
    for pair in parts.query:
        is_learned = pair.name in parts.added and not is_secret_name(pair.name)
        if is_learned and not is_declared(operation, pair.name):
            found.setdefault(pair.name, []).append(pair.value)
    return found


class _DocumentPart(NamedTuple):
    """A part of the document.

    Args:
        pointer: The JSON pointer to it in the merged document, after following all references.
        node: Its value; None if the document has none.
    """

    pointer: str
    node: Any

    def child(self, *steps: str | int) -> _DocumentPart:
        """Return a child node, without following its references."""
        pointer, node = self
        for step in steps:
            pointer = pointer_below(pointer, step)
            try:
                node = node[step]
            except (KeyError, IndexError, TypeError):
                node = None
        return _DocumentPart(pointer, node)


class _ResponseDescription:
    """The description of the responses of one operation in the document.

    Args:
        catalog: The compiled document.
        operation: The operation.
    """

    def __init__(self, catalog: Catalog, operation: Operation) -> None:
        self._document, steps = operation_document(catalog, operation)
        self._version: str = catalog.meta["dialect"]
        self._operation_steps = ["paths", operation.path, *steps]

    def operation(self) -> _DocumentPart:
        """Return the Operation Object."""
        return self._part(self._operation_steps)

    def responses(self) -> _DocumentPart:
        """Return the Responses Object."""
        return self.follow(self.operation().child("responses"))

    def response(self, status: int) -> _DocumentPart | None:
        """Return the Response Object of a status; None if the status is undocumented."""
        responses = self.responses()
        if not isinstance(responses.node, Mapping):
            return None
        key = documented_status(status, responses.node)
        return self.follow(responses.child(key)) if key else None

    def header(self, status: int, name: str) -> _DocumentPart | None:
        """Return the Header Object of a response; None if the header is undocumented."""
        response = self.response(status)
        headers = self.follow(response.child("headers")) if response is not None else None
        if headers is None or not isinstance(headers.node, Mapping):
            return None
        key = next((key for key in headers.node if str(key).lower() == name.lower()), None)
        return self.follow(headers.child(key)) if key is not None else None

    def body_schema(self, status: int, content_type: str) -> _DocumentPart | None:
        """Return the Schema Object of a body, or of its items; None if the document has none."""
        response = self.response(status)
        content = self.follow(response.child("content")) if response is not None else None
        if content is None or not isinstance(content.node, Mapping):
            return None
        key = best_match(content_type, map(str, content.node))
        media_type = self.follow(content.child(key)) if key is not None else None
        if media_type is None or not isinstance(media_type.node, Mapping):
            return None
        for keyword in ("itemSchema", "schema"):
            if keyword in media_type.node:
                return media_type.child(keyword)
        return None

    def object_schema(
        self, schema: _DocumentPart, value: Any, steps: tuple[str, ...]
    ) -> _DocumentPart | None:
        """Return the schema to which a new property of an object can be added; None if there is none.

        Args:
            schema: The schema of the body.
            value: The body.
            steps: Path from the body to the object.
        """
        schemas = list(self._schemas(schema, value, frozenset()))
        for step in steps:
            children = [child for schema in schemas for child in _child_schemas(schema, value, step)]
            value = value[int(step)] if isinstance(value, list) else value[step]
            schemas = [schema for child in children for schema in self._schemas(child, value, frozenset())]
        with_properties = [schema for schema in schemas if isinstance(schema.node.get("properties"), Mapping)]
        return next(iter([*with_properties, *schemas]), None)

    def follow(self, part: _DocumentPart) -> _DocumentPart:
        """Return the part at the end of a chain of references."""
        try:
            return end_of_references(part, self._target, attrgetter("node"))
        except LookupError:
            return _DocumentPart(part.pointer, None)

    def _target(self, reference: str) -> _DocumentPart:
        from urllib.parse import unquote

        if not reference.startswith("#"):
            return _DocumentPart("", None)
        return self._part(list(split(unquote(reference.removeprefix("#")))))

    def _part(self, steps: list[Any]) -> _DocumentPart:
        pointer = locate(self._document, steps).pointer
        node: Any = self._document
        for step in split(pointer):
            try:
                node = node[int(step)] if isinstance(node, list) else node[step]
            except (KeyError, IndexError, TypeError, ValueError):
                return _DocumentPart(pointer, None)
        return _DocumentPart(pointer, node)

    def _schemas(self, schema: _DocumentPart, value: Any, above: frozenset[str]) -> Iterator[_DocumentPart]:
        """Yield the schemas that apply to a value: the schema itself, its references, and its fitting branches.

        Args:
            above: The pointers of the enclosing schemas, to stop at cycles.
        """
        if schema.pointer in above or not isinstance(schema.node, Mapping) or len(above) > _MAX_HOPS:
            return
        above |= {schema.pointer}
        if (ref := reference_of(schema.node)) is not None:
            yield from self._schemas(self._target(ref), value, above)
            if self._version < "3.1":
                return  # OpenAPI 3.0 ignores keywords beside the reference
        yield schema
        for branch in _branches(schema, "allOf"):
            yield from self._schemas(branch, value, above)
        for keyword in ("oneOf", "anyOf"):
            alternatives = [
                list(self._schemas(branch, value, above)) for branch in _branches(schema, keyword)
            ]
            if alternatives:
                yield from max(alternatives, key=lambda schemas: _nearness(schemas, value))


def _branches(schema: _DocumentPart, keyword: str) -> list[_DocumentPart]:
    branches = list_or_empty(schema.node.get(keyword))
    return [schema.child(keyword, index) for index in range(len(branches))]


def _child_schemas(schema: _DocumentPart, value: Any, step: str) -> Iterator[_DocumentPart]:
    """Yield the subschemas for a member or an item of a value."""
    node = schema.node
    if isinstance(value, list):
        if int(step) < len(list_or_empty(node.get("prefixItems"))):
            yield schema.child("prefixItems", int(step))
        elif isinstance(node.get("items"), Mapping):
            yield schema.child("items")
        return
    properties = node.get("properties")
    if isinstance(properties, Mapping) and step in properties:
        yield schema.child("properties", step)
        return
    for keyword in ("additionalProperties", "unevaluatedProperties"):
        if isinstance(node.get(keyword), Mapping):
            yield schema.child(keyword)


def _nearness(schemas: list[_DocumentPart], value: Any) -> tuple[int, int]:
    """Return a sort key for `max`: the higher it is, the better an alternative fits a value.

    Violated constants and missing required names count first, then the number of known names.
    """
    if not isinstance(value, Mapping):
        return 0, len(schemas)
    wrong = known = 0
    for schema in schemas:
        properties = schema.node.get("properties")
        for name, property_schema in properties.items() if isinstance(properties, Mapping) else ():
            if name not in value:
                continue
            known += 1
            if isinstance(property_schema, Mapping):
                enum = property_schema.get("enum")
                allowed = [property_schema["const"]] if "const" in property_schema else enum
                wrong += isinstance(allowed, list) and value[name] not in allowed
        wrong += sum(name not in value for name in list_or_empty(schema.node.get("required")))
    return -wrong, known


class _Observed(NamedTuple):
    """An observed value for an edit.

    Args:
        value: The JSON value that the document does not allow; `MISSING` or None if the edit needs only the name.
        response: The response that contains it.
    """

    value: Any
    response: ObservedResponse


class _DocumentEdits:
    """Collects and applies edits of the document.

    Args:
        tree: The document, which is changed.
        steps_to: Function from a JSON pointer to the path in this document; None for a location in another file.
        dialect: The version of OpenAPI of the document.
    """

    def __init__(
        self, tree: dict[str, Any], steps_to: Callable[[str], _Steps | None], dialect: SchemaDialect
    ) -> None:
        self._tree, self._steps_to, self._dialect = tree, steps_to, dialect
        # (path to the location, kind of edit, name of the affected member)
        self._edits: dict[tuple[_Steps, str, str], list[_Observed]] = {}

    def add(self, description: _ResponseDescription, response: ObservedResponse, finding: Finding) -> None:
        """Add the edit that fixes a finding, if there is one."""
        rule, pointer = finding.rule, finding.pointer
        if rule in _BODY_RULES:
            self._add_body(description, response, rule)
        elif rule == "undocumented-property":
            self._add_property(description, response, pointer)
        elif rule == _PARAMETER:
            name = pointer.partition("/")[2]
            self._collect(description.operation().pointer, rule, name, response.query[name], response)
        elif rule in {"missing-header", "undocumented-header"}:
            self._add_header(description, response, rule, pointer.partition("/")[2])
        else:
            schema_pointer, _, keyword = finding.schema_pointer.rpartition("/")
            value = response.at(pointer)
            if rule == "type" and keyword != "type" and pointer.startswith("header/"):
                # The text of the header has no value of its type, so it was not validated by the schema.
                header = description.header(response.status, pointer.split("/")[1])
                schema = description.follow(header.child("schema")) if header is not None else None
                if schema is not None:
                    self._collect(schema.pointer, "type", "", value, response)
            elif rule in {"additionalProperties", "unevaluatedProperties"} and keyword == rule:
                self._collect(schema_pointer, "property", split(pointer)[-1], value, response)
            elif rule == "required":
                self._collect(schema_pointer, rule, str(finding.expected), None, response)
            elif keyword == rule or (rule == "type" and keyword in {"anyOf", "oneOf"}):
                self._collect(schema_pointer, keyword, "", value, response)

    def _add_body(self, description: _ResponseDescription, response: ObservedResponse, rule: str) -> None:
        media_type = response.media_type
        if rule == "undocumented-status":
            holder, name = description.responses(), str(response.status)
        else:
            documented = description.response(response.status)
            if documented is None or not media_type:
                return  # a document cannot describe a body without a media type
            holder, name = documented, media_type
        if holder.node is None:
            return
        self._collect(holder.pointer, rule, name, response.value, response)
        if self._dialect == "2.0" and media_type:
            # Swagger 2.0 has one list of media types for all responses of an operation.
            self._collect(description.operation().pointer, "produces", media_type, None, response)

    def _add_property(
        self, description: _ResponseDescription, response: ObservedResponse, pointer: str
    ) -> None:
        *steps, name = split(pointer)
        schema = description.body_schema(response.status, response.content_type)
        value = response.at(pointer)
        if schema is None or value is MISSING:
            return
        body = response.value
        if response.is_sequence and steps and dict_or_empty(schema.node).get("type") != "array":
            # The schema describes an item, not the whole sequence.
            body, steps = body[int(steps[0])], steps[1:]
        place = description.object_schema(schema, body, tuple(steps))
        if place is not None:
            self._collect(place.pointer, "property", name, value, response)

    def _add_header(
        self, description: _ResponseDescription, response: ObservedResponse, rule: str, name: str
    ) -> None:
        if rule == "missing-header":
            place = description.header(response.status, name)
        else:
            place = description.response(response.status)
        if place is not None:
            self._collect(place.pointer, rule, name, response.at(f"header/{name}"), response)

    def _collect(self, pointer: str, kind: str, name: str, value: Any, response: ObservedResponse) -> None:
        steps = self._steps_to(pointer)
        if steps is not None and isinstance(follow(self._tree, steps), dict):
            self._edits.setdefault((steps, kind, name), []).append(_Observed(value, response))

    def apply(self) -> tuple[dict[str, Any], dict[_Steps, list[str]]]:
        """Return the changed document, and path in the document → texts about the changes there."""
        required: dict[_Steps, list[str]] = {}
        property_counts: Counter[_Steps] = Counter()
        property_values: dict[_Steps, list[Any]] = {}
        for (steps, kind, name), observed in self._edits.items():
            if kind == "required":
                required.setdefault(steps, []).append(name)
            elif kind == "property":
                property_counts[steps] += 1
                property_values.setdefault(steps, []).extend(_observed_values(observed))
        notes: dict[_Steps, list[str]] = {}
        for (steps, kind, name), observed in self._edits.items():
            node = follow(self._tree, steps)
            values = _observed_values(observed)
            if kind == "required":
                names = required.pop(steps, [])  # the first edit of a location drops all names at once
                text = drop_required(node, names) if names else ""
            elif kind == "property":
                if property_counts[steps] > MAX_NAMES:
                    text = allow_any_name(node, property_values.pop(steps, []), self._dialect)
                else:
                    text = add_property(node, name, values, self._dialect) if values else ""
            elif kind in _BODY_RULES:
                text = self._describe_body(node, kind, name, observed)
            elif kind == "produces":
                text = self._add_media_type(node, name)
            elif kind == _PARAMETER:
                text = self._add_parameter(node, name, values)
            elif kind in {"missing-header", "undocumented-header"}:
                text = self._describe_header(node, kind, name, values)
            else:
                text = widen_schema(node, kind, values, self._dialect) if values else ""
            if text:
                place = steps + _HOLDERS.get(kind, ()) + ((name,) if kind in _NAMED_EDITS else ())
                notes.setdefault(place, []).append(f"{text} ({_sources_text(observed)})")
        return self._tree, notes

    def _describe_body(self, node: dict[str, Any], kind: str, name: str, observed: list[_Observed]) -> str:
        content = self._body_content(observed)
        if kind == "undocumented-status":
            if name in node:
                return ""
            node[name] = {"description": _phrase(int(name)), **content}
            return "added"
        if not content or (self._dialect == "2.0" and "schema" in node):
            return ""
        if self._dialect == "2.0":
            node.update(content)
        else:
            node["content"] = {**dict_or_empty(node.get("content")), **content["content"]}
        return "added"

    def _body_content(self, observed: list[_Observed]) -> dict[str, Any]:
        """Return the members of a Response Object for the observed bodies."""
        by_media_type: dict[str, list[ObservedResponse]] = {}
        for _, response in observed:
            if response.body and response.media_type:
                by_media_type.setdefault(response.media_type, []).append(response)
        content = {
            name: self._media_type_object(name, responses) for name, responses in by_media_type.items()
        }
        if self._dialect != "2.0":
            return {"content": content} if content else {}
        return next(({"schema": entry["schema"]} for entry in content.values() if "schema" in entry), {})

    def _media_type_object(self, name: str, responses: list[ObservedResponse]) -> dict[str, Any]:
        values = [response.value for response in responses if response.value is not MISSING]
        if values and responses[0].is_sequence:
            schema = infer_schema([item for value in values for item in value], self._dialect)
            return {"itemSchema": schema} if self._dialect >= "3.2" else {"schema": schema}
        if values:
            return {"schema": infer_schema(values, self._dialect)}
        is_text = name.startswith("text/") and not responses[0].is_sequence
        return {"schema": {"type": "string"}} if is_text else {}

    def _add_media_type(self, node: dict[str, Any], name: str) -> str:
        produces = list_or_empty(node.get("produces", self._tree.get("produces")))
        if name in produces:
            return ""
        node["produces"] = [*produces, name]
        return f"adds the media type {name}"

    def _add_parameter(self, node: dict[str, Any], name: str, values: list[list[str]]) -> str:
        """Add a query parameter, which is an array if a request repeated it."""
        schema = infer_text_schema(text for texts in values for text in texts)
        is_swagger = self._dialect == "2.0"
        if any(len(texts) > 1 for texts in values):
            schema = {
                "type": "array",
                "items": schema,
                **({"collectionFormat": "multi"} if is_swagger else {}),
            }
        described = schema if is_swagger else {"schema": schema}
        node["parameters"] = [
            *list_or_empty(node.get("parameters")),
            {"name": name, "in": "query", **described},
        ]
        return "added"

    def _describe_header(self, node: dict[str, Any], kind: str, name: str, values: list[Any]) -> str:
        if kind == "missing-header":
            node["required"] = False
            return "may be absent"
        schema = infer_text_schema(map(str, values))
        header = schema if self._dialect == "2.0" else {"schema": schema}
        node["headers"] = {**dict_or_empty(node.get("headers")), name: header}
        return "added"


def _observed_values(observed: list[_Observed]) -> list[Any]:
    return [item.value for item in observed if item.value is not MISSING]


def _sources_text(observed: list[_Observed]) -> str:
    names = [f"`{name}`" for name in dict.fromkeys(response.operation_name for _, response in observed)]
    return f"responses of {enumerated(names, most=_MAX_LISTED)}"


def _phrase(status: int) -> str:
    try:
        return HTTPStatus(status).phrase
    except ValueError:
        return f"Status {status}"


class _Mismatch(NamedTuple):
    """A finding on a response, with the description of the responses in the document."""

    response: ObservedResponse
    description: _ResponseDescription
    finding: Finding


@record
class LearnedOverlay:
    """The result of learning from responses.

    Args:
        overlay: The overlay; None if there is nothing that it could change.
        unmended: (name of the operation, finding) of each finding that an overlay cannot fix.
    """

    overlay: dict[str, Any] | None
    unmended: tuple[tuple[str, Finding], ...] = ()


def learn_overlay(api: OpenedApi, responses: Iterable[ObservedResponse]) -> LearnedOverlay:
    """Return the overlay that makes a document match responses at the level `exact`.

    Raises:
        DocumentError: The text of the document was removed from the cache, or cannot be parsed.
    """
    return _OverlayLearner(api, list(responses)).learn()


def overlay_text(overlay: dict[str, Any], file: str) -> bytes:
    """Return an overlay as the text of a file: JSON if the name ends with `.json`, else YAML.

    If it contains characters that an editor or a terminal may not show, all characters except ASCII are escaped.
    """
    import json

    from dynacli.text.yaml_text import yaml_of

    def text(*, is_ascii: bool) -> str:
        if file.lower().endswith(".json"):
            return json.dumps(overlay, indent=2, ensure_ascii=is_ascii) + "\n"
        return yaml_of(overlay, is_ascii=is_ascii)

    written = text(is_ascii=False)
    return (written if visible(written) == written else text(is_ascii=True)).encode(
        "utf-8", "backslashreplace"
    )


class _OverlayLearner:
    def __init__(self, api: OpenedApi, responses: list[ObservedResponse]) -> None:
        from dynacli.openapi.document.parse import parse_document

        content = api.content()
        if content is None:
            raise DocumentError(
                "The document's text is not in the cache any more",
                hint="Fetch it again with `--refresh`",
            )
        self._api, self._responses = api, responses
        self._original: dict[str, Any] = parse_document(content, name=api.name).tree
        self._notes: _Notes = {}

    def learn(self) -> LearnedOverlay:
        tree, catalog = self._original, self._api.catalog
        mismatches = self._validate(catalog)
        for _ in range(_MAX_ROUNDS):
            if not mismatches:
                break
            changed, notes = _changed(tree, catalog, mismatches)
            changed_catalog = self._compile(changed) if notes else None
            if changed_catalog is None:
                break
            for steps, texts in notes.items():
                self._notes.setdefault(steps, []).extend(texts)
            self._close(catalog)
            tree, catalog = changed, changed_catalog
            mismatches = self._validate(catalog)
        self._close(catalog)
        unmended = tuple((mismatch.response.operation_name, mismatch.finding) for mismatch in mismatches)
        return LearnedOverlay(self._overlay(tree), unmended)

    def _close(self, catalog: Catalog) -> None:
        if catalog is not self._api.catalog:
            catalog.close()

    def _validate(self, catalog: Catalog) -> list[_Mismatch]:
        """Return all findings on all responses."""
        names = {(summary.method, summary.path): summary.name for summary in catalog.summaries()}
        validators: dict[str, tuple[Validator, _ResponseDescription]] = {}
        mismatches: list[_Mismatch] = []
        for response in self._responses:
            name = names.get((response.method, response.path))
            if name is None:
                continue  # the change has made the operation unusable
            if name not in validators:
                operation = catalog.operation(name)
                validators[name] = Validator(catalog, operation), _ResponseDescription(catalog, operation)
            validator, description = validators[name]
            validated = ValidatedResponse(
                response.status, response.headers, response.content_type, response.body
            )
            operation = catalog.operation(name)
            mismatches.extend(
                _Mismatch(response, description, Finding("request", _PARAMETER, f"query/{pair}", ""))
                for pair in response.query
                if not is_declared(operation, pair)
            )
            mismatches.extend(
                _Mismatch(response, description, finding)
                for finding in validator.response(validated, is_exact=True).findings
                if (finding.rule, finding.pointer) not in response.ignored
            )
        return mismatches

    def _compile(self, tree: dict[str, Any]) -> Catalog | None:
        """Compile a changed document; return None if it is unusable."""
        import json

        from dynacli.openapi.catalog.catalog_writer import catalog_in_memory
        from dynacli.openapi.catalog.compiler.compile_document import compile_document

        try:
            document = self._api.document(json.dumps(tree).encode())
        except DocumentError:
            return None
        return catalog_in_memory(compile_document(document), []) if document is not None else None

    def _overlay(self, tree: dict[str, Any]) -> dict[str, Any] | None:
        actions = actions_between(self._original, tree, self._notes)
        if not actions:
            return None
        meta = self._api.catalog.meta
        overlay = {
            "overlay": "1.0.0",
            "info": {
                "title": f"What the responses of {meta['title'] or self._api.name} say",
                "version": "1.0.0",
            },
            **self._extends(),
            "actions": actions,
        }
        if not is_same_json(apply_overlay(self._original, overlay), tree):
            raise InternalError("the new overlay does not have the intended effect")
        return overlay

    def _extends(self) -> dict[str, str]:
        uri = self._api.uri
        return {"extends": without_query(uri)} if is_url(uri) else {}


def _changed(
    tree: dict[str, Any], catalog: Catalog, mismatches: list[_Mismatch]
) -> tuple[dict[str, Any], _Notes]:
    """Return the document with an edit for each finding, and the notes about the edits."""

    def steps_to(pointer: str) -> tuple[str, ...] | None:
        file, pointer_in_file = catalog.place(pointer)
        steps = split(pointer_in_file)
        return steps if file == 0 and follow(tree, steps) is not MISSING else None

    version = str(tree.get("openapi", tree.get("swagger")))[:3]
    dialect = cast(
        "SchemaDialect", version if version in get_args(SchemaDialect) else catalog.meta["dialect"]
    )
    edits = _DocumentEdits(copy_json(tree), steps_to, dialect)
    for mismatch in mismatches:
        edits.add(mismatch.description, mismatch.response, mismatch.finding)
    return edits.apply()
