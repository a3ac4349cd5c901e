"""Responses from the state of a mock: what clients created is listed, read, changed and deleted."""

from __future__ import annotations

import datetime as dt
import hashlib
import json
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, suppress
from copy import deepcopy
from random import Random
from threading import Lock
from typing import Any
from urllib.parse import quote, unquote

from dynacli.features.mock._item_shapes import ItemShape, put_in, unwrapped
from dynacli.features.mock._kept_items import FullStateError, KeptItem, KeptItems, NoItemError
from dynacli.features.mock._list_pages import ListPages, origin_of_request
from dynacli.features.mock._made_ids import id_candidates
from dynacli.features.mock._mock_responses import (
    ChosenResponse,
    MadeResponse,
    MockResponses,
    Preferences,
    ProblemError,
)
from dynacli.features.mock._patches import PatchError, json_patched, merged
from dynacli.features.mock._request_values import request_schema, request_value
from dynacli.http.semantics import essence
from dynacli.openapi.document.json_trees import MISSING, follow, split
from dynacli.openapi.model.field_names import plain_name, singular
from dynacli.openapi.model.find_items import naming_fields
from dynacli.openapi.model.operation import Operation, Parameter
from dynacli.openapi.model.path_templates import (
    enclosing_items,
    item_template,
    item_templates,
    parameter_names,
)
from dynacli.openapi.model.resources import Resource
from dynacli.openapi.schema.document_schemas import DocumentSchemas, NoExampleError
from dynacli.openapi.schema.example_value import example_value
from dynacli.openapi.schema.read_schema import is_marked, possible_schemas, value_types_of
from dynacli.record import record, replace
from dynacli.registry.opened_api import OpenedApi
from dynacli.traffic.recorded_request import MatchedOperation, RecordedExchange
from dynacli.urls import split_url

_SOURCE = "state"
_FORMAT = "dynacli_mock_state"
"""Member that marks the state of a mock, with the version of its format."""
_HEADER = "Dynacli-State"
"""The response header of a change that could not be saved."""
_JSON_PATCH = "application/json-patch+json"  # RFC 6902
_MERGE_PATCH = "application/merge-patch+json"  # RFC 7396
_ID = "id"
_ALTERNATIVES = re.compile(r"[-_]or[-_]|Or(?=[A-Z])")
"""The separator in the name of a parameter such as `id_or_name`."""
_TIMES = ("date-time", "date")
_MOST_IDS = 10_000
"""Number of ids to try for a new item."""
_SEED = 20
"""Seed of the random ids, which are the same in each run."""


@record
class _Target:
    """The part of a request that selects items.

    Args:
        resource: The resource of its operation.
        role: `list`, `read`, `create`, `change`, `put` or `delete`.
        id: The id in the path; empty if the path selects no item, and for a single object.
        within: Template of an enclosing item → its id.
    """

    resource: Resource
    role: str
    id: str
    within: Mapping[str, str]


class StateError(ValueError):
    """JSON is not the state of a mock; the message has the reason."""


class StatefulResponses:
    """Responds from the items that it remembers.

    Args:
        responses: Makes the bodies of responses, and the documented errors.
        is_empty: Whether to begin without the items of the document's examples.

    Attributes:
        changes: Number of requests that may have changed something.
        not_saved: Why the file with the state could not be written; empty if it could.
    """

    def __init__(self, api: OpenedApi, responses: MockResponses, *, is_empty: bool = False) -> None:
        self._api, self._responses = api, responses
        self._has_examples = self._began_with_examples = not is_empty
        self._beginning: Any = None
        self._lock = Lock()
        self.changes, self.not_saved = 0, ""
        self._resources: dict[str, tuple[tuple[Resource, str], ...]] = {}
        self._by_template: dict[str, Resource | None] = {}
        self._shapes: dict[tuple[str, ...], ItemShape | None] = {}
        self._examples: dict[str, list[Any]] = {}
        self._pages: dict[tuple[str, str], ListPages] = {}
        self._id_fields: dict[str, tuple[str, ...]] = {}
        self._items = KeptItems()
        self._given: frozenset[str] = frozenset()
        self._seeded: set[tuple[str, tuple[tuple[str, str], ...]]] = set()
        self._numbers: dict[str, int] = {}
        self._random = Random(_SEED)  # noqa: S311  - no secret

    def respond(
        self,
        match: MatchedOperation,
        received: RecordedExchange,
        preferences: Preferences,
        accept: Sequence[str],
    ) -> MadeResponse | None:
        """Return the response to a valid request; None if the state does not concern it.

        Raises:
            ProblemError: The request gets an error that is not in the document.
        """
        if preferences != Preferences():
            return None
        with self._lock:  # another thread writes the state to a file
            before = self.changes
            made = self._responded(match, received, accept)
            if made is None or self.changes == before or made.response.status >= 400 or not self.not_saved:
                return made
        reason = self.not_saved.encode("ascii", "replace").decode()
        headers = (*made.response.headers, (_HEADER, f"not saved: {reason}"))
        response = replace(made.response, headers=headers)
        return replace(made, response=response, source=f"{made.source}; not saved")

    def _responded(
        self, match: MatchedOperation, received: RecordedExchange, accept: Sequence[str]
    ) -> MadeResponse | None:
        target = self._target(match, received)
        if target is None or not self._is_kept(target.resource):
            return None
        try:
            missing = self._missing_parent(target, match.operation)
            if missing:
                return self._error(match, accept, (404,), missing)
            self._begin(target.resource, target.within)
            self.changes += target.role not in ("list", "read")
            match target.role:
                case "list":
                    return self._listed(target, match, received, accept)
                case "create":
                    return self._created(target, match, received, accept)
                case "put" | "change":
                    return self._changed(target, match, received, accept)
                case "delete":
                    return self._deleted(target, match, received, accept)
                case _:
                    return self._read(target, match, accept)
        except FullStateError as error:
            raise ProblemError(507, str(error)) from error
        except NoItemError as error:
            raise ProblemError(422, str(error)) from error
        except NoExampleError:
            return None  # no response with the item can be made

    # The whole state

    def content(self) -> tuple[int, bytes]:
        """Return the state as JSON, and the number of changes that it contains."""
        with self._lock:
            items = {
                name: [
                    {"id": item.id, "in": item.within, "value": item.value}
                    for item in self._items.list(name, {})
                ]
                for name in self._items.resources()
            }
            begun = [{"resource": name, "in": dict(scope)} for name, scope in sorted(self._seeded)]
            whole = {
                _FORMAT: 1,
                "examples": self._has_examples,
                "items": items,
                "begun": begun,
                "numbers": self._numbers,
            }
            text = json.dumps(whole, ensure_ascii=False, indent=1) + "\n"
            try:
                return self.changes, text.encode()
            except UnicodeEncodeError:  # a lone surrogate, which JSON can escape and UTF-8 cannot have
                return self.changes, json.dumps(whole, indent=1).encode() + b"\n"

    def begin_with(self, whole: Any) -> list[str]:
        """Begin with a state, also after each reset, and return what of it does not fit the document.

        Raises:
            StateError: The value is not the state of a mock.
        """
        left_out = self.replace(whole)
        self._beginning = whole
        return left_out

    def replace(self, whole: Any) -> list[str]:
        """Replace the state, and return a message about each part that does not fit the document.

        Raises:
            StateError: The value is not the state of a mock. The earlier state stays.
        """
        items, begun, numbers = _parts_of_state(whole)
        known = {resource.name: resource for resource in self._api.catalog.resources()}
        left_out = []
        kept = KeptItems()
        for name, rows in items.items():
            if name not in known:
                left_out.append(f"The document has no resource `{name}`: {len(rows)} objects are left out")
                continue
            for row in rows:
                item = KeptItem(row["id"], deepcopy(row["value"]), dict(row["in"]))
                if any(other.within == item.within for other in kept.alike(name, item.id)):
                    left_out.append(f"`{name}` has `{item.id}` twice: one is left out")
                    continue
                try:
                    kept.add(name, item)
                except (FullStateError, NoItemError) as error:
                    raise StateError(str(error)) from error
        with self._lock:
            self._items = kept
            self._numbers = {key: number for key, number in numbers.items() if key.partition("/")[0] in known}
            self._seeded = {
                (entry["resource"], tuple(entry["in"].items()))
                for entry in begun
                if entry["resource"] in known
            }
            self._has_examples = whole.get("examples") is True and self._began_with_examples
            self._examples.clear()
            self._given = frozenset(kept.resources())
            self.changes += 1
        return left_out

    def reset(self) -> None:
        """Begin again with what the mock began with."""
        if self._beginning is not None:
            self.replace(self._beginning)
            return
        with self._lock:
            self._items, self._numbers, self._seeded = KeptItems(), {}, set()
            self._has_examples, self._given = self._began_with_examples, frozenset()
            self._random = Random(_SEED)  # noqa: S311  - no secret
            self._examples.clear()
            self.changes += 1

    def _target(self, match: MatchedOperation, received: RecordedExchange) -> _Target | None:
        operation = match.operation
        values = [unquote(match.path_values.get(name, "")) for name in parameter_names(operation.path)]
        by_template = dict(zip(item_templates(operation.path), values, strict=True))
        self._use_ids(operation, by_template)
        for resource, role in self._roles(operation):
            template = resource.template
            if role == "list" or (role == "create" and template not in by_template):
                return _Target(resource, role, "", by_template)
            if not template.endswith("}"):
                return _Target(resource, role, "", by_template)
            if template in by_template:
                within = {key: text for key, text in by_template.items() if key != template}
                return _Target(resource, role, by_template[template], within)
            if role in ("put", "change") and item_template(operation.path) == _collection(resource):
                body = self._body_item(resource, match, received)
                id_ = self._id_of(resource, body) if isinstance(body, dict) else None
                if id_:
                    return _Target(resource, role, id_, by_template)
        return None

    def _use_ids(self, operation: Operation, by_template: dict[str, str]) -> None:
        """Replace the values of parameters such as `id_or_name` by the ids of the items that they select."""
        for name, (template, text) in zip(parameter_names(operation.path), by_template.items(), strict=False):
            fields = _ALTERNATIVES.split(name)
            resource = self._resource_at(template) if len(fields) > 1 else None
            if resource is None or resource.template != template or not self._is_kept(resource):
                continue
            within = {key: by_template[key] for key in enclosing_items(template) if key in by_template}
            self._begin(resource, within)
            if self._items.find(resource.name, text, within) is None:
                items = self._items.list(resource.name, within)
                chosen = (
                    item for item in items if text in [_scalar(item.value.get(name)) for name in fields]
                )
                by_template[template] = next((item.id for item in chosen), text)

    def _roles(self, operation: Operation) -> tuple[tuple[Resource, str], ...]:
        name = operation.name
        if name not in self._resources:
            found = self._api.catalog.resources_of(name)
            roles = tuple((resource, role) for resource in found if (role := _role(resource, operation)))
            self._resources[name] = roles or tuple(self._roles_by_body(operation))
        return self._resources[name]

    def _roles_by_body(self, operation: Operation) -> Iterator[tuple[Resource, str]]:
        """Yield the resources that the body of an operation at a collection changes, or whose items it creates.

        The body of `PUT /pets` names the item. The body of `POST /pets/createWithList` is an array of the bodies that
        `POST /pets` takes.
        """
        path = item_template(operation.path)
        for resource in self._api.catalog.resources():
            collection = _collection(resource)
            if not collection or collection not in (path, path.rpartition("/")[0]):
                continue
            if operation.method in ("PUT", "PATCH") and path == collection:
                yield resource, "put" if operation.method == "PUT" else "change"
            elif (
                operation.method == "POST"
                and not path.endswith("}")
                and self._takes_several(resource, operation)
            ):
                yield resource, "create"

    def _takes_several(self, resource: Resource, operation: Operation) -> bool:
        """Return whether the body of an operation is an array of the bodies that create an item."""
        body = request_schema(self._responses.description(self._match_of(operation.name)))
        parts = possible_schemas(body.schema, body.resolve) if body is not None else ()
        items = [part["items"] for part in parts if "items" in part]
        single = (
            request_schema(self._responses.description(self._match_of(name))) for name in resource.create
        )
        return any(body is not None and body.schema in items for body in single)

    def _is_kept(self, resource: Resource) -> bool:
        """Return whether the state knows the items of a resource: clients can create some, or the document has some."""
        is_given = resource.create or resource.name in self._given or self._is_single(resource)
        return bool(is_given or self._example_items(resource))

    @staticmethod
    def _is_single(resource: Resource) -> bool:
        return not resource.template.endswith("}") and not resource.lists

    def _missing_parent(self, target: _Target, operation: Operation) -> str:
        """Return a message about the enclosing item that does not exist; empty if all exist."""
        path = item_template(operation.path)
        templates = item_templates(operation.path)
        values = {key: target.within.get(key, target.id) for key in templates}
        for template in enclosing_items(path):
            parent = self._resource_at(template)
            if parent is None or template == target.resource.template or template not in values:
                continue
            if parent.template != template or not self._is_kept(parent):
                continue
            index = templates.index(template)
            within = {key: values[key] for key in templates[:index]}
            self._begin(parent, within)
            name = plain_name(parameter_names(operation.path)[index])
            if not self._has_parent(parent, values[template], within, name):
                return f"The mock has no {parent.name} `{values[template]}`"
        return ""

    def _has_parent(self, parent: Resource, text: str, within: Mapping[str, str], name: str) -> bool:
        """Return whether an enclosing item exists, by its id or by the field that a path parameter is named after."""
        if self._items.find(parent.name, text, within) is not None:
            return True
        fields = (
            member
            for item in self._items.list(parent.name, within)
            if isinstance(item.value, dict)
            for key, member in item.value.items()
            if plain_name(key) == name
        )
        return any(_scalar(member) == text for member in fields)

    def _resource_at(self, template: str) -> Resource | None:
        if template not in self._by_template:
            self._by_template[template] = self._api.catalog.resource_at(template)
        return self._by_template[template]

    # The beginning

    def _begin(self, resource: Resource, within: Mapping[str, str]) -> None:
        """Add the items of the document's examples, once in each enclosing item."""
        enclosing = [key for key in enclosing_items(resource.template) if key in within]
        scope = {key: within[key] for key in reversed(enclosing)}
        key = resource.name, tuple(scope.items())
        if key in self._seeded:
            return
        self._seeded.add(key)
        if self._is_single(resource):
            has_none = next(self._items.list(resource.name, scope), None) is None
            if has_none and not (resource.create and self._may_be_missing(resource)):
                self._items.add(resource.name, KeptItem("", self._single_value(resource), scope))
            return
        for number, value in enumerate(self._example_items(resource), 1):
            id_ = self._id_of(resource, value)
            id_ = str(number) if id_ is None else id_
            if self._items.find(resource.name, id_, scope) is None:
                self._items.add(resource.name, KeptItem(id_, deepcopy(value), dict(scope)))

    def _may_be_missing(self, resource: Resource) -> bool:
        """Return whether the document has a response for a single object that does not exist."""
        operation = self._api.catalog.operation(resource.read) if resource.read is not None else None
        return operation is None or any(response.status == "404" for response in operation.responses)

    def _single_value(self, resource: Resource) -> dict[str, Any]:
        """Return the value of a single object at the beginning; empty if its response has no object."""
        match = self._match_of(resource.read) if resource.read is not None else None
        shape = self._shape(resource, match.operation.name) if match is not None else None
        if match is not None and shape is not None:
            for value in self._responses.values(match):
                found = shape.item_of(value)
                if isinstance(found, dict):
                    return deepcopy(found)
        return {}

    def _example_items(self, resource: Resource) -> list[Any]:
        if not self._has_examples:
            return []
        if resource.name not in self._examples:
            found: list[Any] = []
            for entry in resource.lists:
                if entry.items is not None:
                    found += self._examples_of_list(entry.operation, split(entry.items))
            self._examples[resource.name] = found
        return self._examples[resource.name]

    def _examples_of_list(self, name: str, steps: tuple[str, ...]) -> list[Any]:
        for value in self._responses.values(self._match_of(name), only_examples=True):
            items = follow(value, steps)
            if isinstance(items, list):
                return [item for item in items if isinstance(item, dict)]
        return []

    def _match_of(self, name: str) -> MatchedOperation:
        return MatchedOperation(self._api, self._api.catalog.operation(name), "", {}, ())

    # The operations

    def _listed(
        self, target: _Target, match: MatchedOperation, received: RecordedExchange, accept: Sequence[str]
    ) -> MadeResponse | None:
        shape = self._shape(target.resource, match.operation.name)
        if shape is None or not shape.is_list:
            return None
        key = target.resource.name, match.operation.name
        if key not in self._pages:
            self._pages[key] = ListPages(self._responses.description(match), shape)
        items = list(self._items.list(target.resource.name, target.within))
        page = self._pages[key].page(items, received)
        made = self._responses.with_value(
            match,
            self._success(match),
            accept,
            lambda: shape.body(page.items, page.beside, page.absent),
            _source(page.ignored),
            page.headers,
        )
        if made is None or not page.added:
            return made
        response = made.response
        kept = (header for header in response.headers if header[0].lower() not in _header_names(page.added))
        return replace(made, response=replace(response, headers=(*kept, *page.added)))

    def _read(self, target: _Target, match: MatchedOperation, accept: Sequence[str]) -> MadeResponse | None:
        item = self._items.find(target.resource.name, target.id, target.within)
        if item is None:
            return self._no_item(target, match, accept)
        return self._with_item(target.resource, match, accept, item)

    def _created(
        self, target: _Target, match: MatchedOperation, received: RecordedExchange, accept: Sequence[str]
    ) -> MadeResponse | None:
        resource = target.resource
        body = self._body_item(resource, match, received)
        bodies = body if isinstance(body, list) else [body]
        if not bodies or not all(isinstance(body, dict) for body in bodies):
            return None
        with ExitStack() as undo:  # of several items, all are created or none
            items = []
            for body in bodies:
                id_ = target.id or self._id_of(resource, body)
                within = self._within_of(target, body)
                if id_ and self._items.find(resource.name, id_, within) is not None:
                    detail = f"The mock already has a {resource.name} `{id_}`"
                    return self._error(match, accept, (409, 422, 400), detail)
                items.append(self._new_item(target, match.operation, body, id_, within))
                self._items.add(resource.name, items[-1])
                undo.callback(self._items.remove, resource.name, items[-1])
            made = self._with_item(resource, match, accept, items[-1], received, items)
            undo.pop_all()
        return made

    def _changed(
        self, target: _Target, match: MatchedOperation, received: RecordedExchange, accept: Sequence[str]
    ) -> MadeResponse | None:
        resource = target.resource
        item = self._items.find(resource.name, target.id, target.within)
        if item is None:
            if target.role == "put" and self._may_put_create(resource, match.operation):
                return self._created(target, match, received, accept)
            return self._no_item(target, match, accept)
        if self._is_other_version(match, received, item):
            return self._error(match, accept, (412,), "The item has changed since you read it")
        try:
            value = self._changed_value(resource, match, received, item)
        except PatchError as error:
            return self._error(match, accept, (409, 422) if error.is_conflict else (400, 422), str(error))
        if isinstance(value, dict):
            if resource.changed_at is not None and item.value != value:
                self._touch(value, split(resource.changed_at.field))
            self._items.change(item, value)
        return self._with_item(resource, match, accept, item)

    def _changed_value(
        self, resource: Resource, match: MatchedOperation, received: RecordedExchange, item: KeptItem
    ) -> Any:
        """Return the new value of an item; None if the request has no object.

        Raises:
            PatchError: A JSON Patch cannot be applied.
        """
        media_type = essence(received.request.header("content-type"))
        if media_type == _JSON_PATCH:
            patched = json_patched(item.value, self._body_item(resource, match, received))
            if isinstance(patched, dict):
                return self._with_id(resource, item, patched)
            raise PatchError("The item must be an object", is_conflict=True)
        body = self._body_item(resource, match, received)
        if not isinstance(body, dict):
            return None
        if match.operation.method == "PUT":
            writable = self._writable(resource, match)
            kept = {name: member for name, member in item.value.items() if name not in writable}
            return self._with_id(resource, item, {**kept, **body})
        shape = self._shape(resource, match.operation.name) or self._shape(resource, resource.read or "")

        def keeps_null(name: str) -> bool:
            if media_type == _MERGE_PATCH or shape is None or name not in shape.properties:
                return False
            return DocumentSchemas(shape.resolve, "response").fits(None, shape.properties[name])

        return self._with_id(resource, item, merged(item.value, body, keeps_null))

    def _writable(self, resource: Resource, match: MatchedOperation) -> set[str]:
        """Return the names of the members that a request may write."""
        described = self._responses.description(match)
        body = request_schema(described)
        shape = ItemShape(body.schema if body is not None else True, described.resolve, resource)
        schemas = DocumentSchemas(described.resolve)
        return {
            name
            for name, schema in shape.properties.items()
            if not is_marked(schema, "readOnly", schemas.follow)
        }

    def _with_id(self, resource: Resource, item: KeptItem, value: dict[str, Any]) -> dict[str, Any]:
        """Return a changed value with the id of the item, which no request changes."""
        steps = self._id_steps(resource)
        if steps:
            before = follow(item.value, steps)
            if before is not MISSING and follow(value, steps) != before:
                value = deepcopy(value)
                put_in(value, steps, before)
        return value

    @staticmethod
    def _touch(value: dict[str, Any], steps: tuple[str, ...]) -> None:
        before = follow(value, steps)
        if isinstance(before, str):
            put_in(value, steps, _now(has_time="T" in before or ":" in before))

    def _is_other_version(self, match: MatchedOperation, received: RecordedExchange, item: KeptItem) -> bool:
        """Return whether a request wants to change another version of an item, if the document has versions."""
        wanted = received.request.header("if-match").strip()
        names = {parameter.name.lower() for parameter in match.operation.parameters}
        if not wanted or wanted == "*" or not ("if-match" in names or self._has_etag(match)):
            return False
        return _etag(item) not in {tag.strip().removeprefix("W/") for tag in wanted.split(",")}

    def _has_etag(self, match: MatchedOperation) -> bool:
        documented = self._success(match)
        return any(plain_name(str(name)) == "etag" for name in documented.raw.get("headers") or {})

    def _deleted(
        self, target: _Target, match: MatchedOperation, received: RecordedExchange, accept: Sequence[str]
    ) -> MadeResponse | None:
        resource = target.resource
        item = self._items.find(resource.name, target.id, target.within)
        if item is None:
            return self._no_item(target, match, accept)
        if self._is_other_version(match, received, item):
            return self._error(match, accept, (412,), "The item has changed since you read it")
        made = self._with_item(resource, match, accept, item)
        self._items.remove(resource.name, item)
        path = {**target.within, resource.template: item.id}
        for name in self._items.resources():
            for inner in list(self._items.list(name, {})):
                if all(inner.within.get(key) == text for key, text in path.items()):
                    self._items.remove(name, inner)
        return made

    def _no_item(self, target: _Target, match: MatchedOperation, accept: Sequence[str]) -> MadeResponse:
        named = f" `{target.id}`" if target.id else ""
        return self._error(match, accept, (404,), f"The mock has no {target.resource.name}{named}")

    def _error(
        self, match: MatchedOperation, accept: Sequence[str], statuses: Sequence[int], detail: str
    ) -> MadeResponse:
        made = self._responses.failure(match, statuses, accept)
        if made is None:
            raise ProblemError(422 if 422 in statuses else statuses[0], detail)
        return made

    def _with_item(
        self,
        resource: Resource,
        match: MatchedOperation,
        accept: Sequence[str],
        item: KeptItem,
        creation: RecordedExchange | None = None,
        items: Sequence[KeptItem] = (),
    ) -> MadeResponse | None:
        """Return the response with an item.

        Args:
            creation: The request that created the item; None if it existed.
            items: All items for a response that is an array, if there are more.
        """
        shape = self._shape(resource, match.operation.name)
        headers: dict[str, str | None] = {"etag": _etag(item)}
        if creation is not None:
            host = creation.request.header("host")
            headers["location"] = self._location(resource, item, match.base, host)
        return self._responses.with_value(
            match,
            self._success(match, is_new=creation is not None),
            accept,
            lambda: (
                shape.body(item.value, items=[entry.value for entry in items]) if shape is not None else None
            ),
            _SOURCE,
            headers,
        )

    @staticmethod
    def _location(resource: Resource, item: KeptItem, base: str, host: str) -> str | None:
        """Return the URL of an item; None if its path needs an unknown value."""
        path = resource.path.partition("#")[0]
        for name, template in zip(parameter_names(path), item_templates(path), strict=True):
            text = item.id if template == resource.template else item.within.get(template)
            if text is None:
                return None
            path = path.replace(f"{{{name}}}", quote(text, safe=""), 1)
        return f"{origin_of_request(host)}{split_url(base).path.rstrip('/')}{path}"

    def _success(self, match: MatchedOperation, *, is_new: bool = False) -> ChosenResponse:
        return self._responses.documented_success(match, (201,) if is_new else ())

    def _may_put_create(self, resource: Resource, operation: Operation) -> bool:
        return operation.name in resource.create or any(
            response.status == "201" for response in operation.responses
        )

    # Items

    def _shape(self, resource: Resource, name: str) -> ItemShape | None:
        key = resource.name, name
        if key not in self._shapes:
            match = self._match_of(name)
            schema = self._responses.schema_of(match, self._success(match))
            pointer = next((entry.items for entry in resource.lists if entry.operation == name), None)
            steps = split(pointer) if pointer is not None else None
            resolve = self._responses.description(match).resolve
            self._shapes[key] = None if schema is None else ItemShape(schema, resolve, resource, steps=steps)
        return self._shapes[key]

    def _shapes_of(self, resource: Resource, name: str) -> Iterator[ItemShape]:
        """Yield the shapes of an item in the responses of an operation, the read operation and the lists."""
        names = (name, resource.read, *(entry.operation for entry in resource.lists))
        for other in dict.fromkeys(filter(None, names)):
            shape = self._shape(resource, other)
            if shape is not None:
                yield shape

    def _body_item(self, resource: Resource, match: MatchedOperation, received: RecordedExchange) -> Any:
        shape = self._shape(resource, match.operation.name)
        properties = {
            name: schema
            for known in self._shapes_of(resource, match.operation.name)
            for name, schema in known.properties.items()
        }
        body = request_value(self._responses.description(match), received, properties)
        names = shape.properties if shape is not None else {}
        return unwrapped(body, resource, names, shape.steps if shape is not None else ())

    def _within_of(self, target: _Target, body: Mapping[str, Any]) -> dict[str, str]:
        within = dict(target.within)
        parent = target.resource.parent
        if parent is not None and parent.field is not None:
            holder = next(
                (key for key in map(self._template_of, [parent.resource]) if key and key not in within), None
            )
            given = _scalar(follow(body, split(parent.field)))
            if holder and given is not None:
                within[holder] = given
        # `/rrsets/{rr_name}/{rr_type}` needs two fields of an item.
        texts = {plain_name(str(key)): _scalar(member) for key, member in body.items()}
        path = target.resource.path
        for name, template in zip(parameter_names(path), item_templates(path), strict=True):
            if template in within or template == target.resource.template or self._resource_at(template):
                continue
            fields = (field for field, text in texts.items() if text and plain_name(name).endswith(field))
            given = texts.get(max(fields, key=len, default=""))
            if given:
                within[template] = given
        return within

    def _template_of(self, name: str) -> str:
        found = (resource for resource in self._api.catalog.resources() if resource.name == name)
        return next((resource.template for resource in found), "")

    def _id_of(self, resource: Resource, value: Mapping[str, Any]) -> str | None:
        """Return the id in an item as text; None if it has none."""
        steps = self._id_steps(resource)
        found = _scalar(follow(value, steps)) if steps else None
        if found is not None or resource.identity is not None:
            return found
        fields = {plain_name(str(key)): member for key, member in value.items()}
        return next(filter(None, (_scalar(fields.get(name)) for name in self._naming(resource))), None)

    def _id_steps(self, resource: Resource) -> tuple[str, ...]:
        """Return the steps to the id in an item; empty if no field is known."""
        if resource.identity is not None:
            return split(resource.identity.field)
        if resource.name not in self._id_fields:
            names = {
                plain_name(name): name
                for operation in reversed((*resource.create, *filter(None, (resource.read,))))
                for shape in self._shapes_of(resource, operation)
                for name in shape.properties
            }
            known = next((names[name] for name in self._naming(resource) if name in names), None)
            self._id_fields[resource.name] = () if known is None else (known,)
        return self._id_fields[resource.name]

    def _naming(self, resource: Resource) -> list[str]:
        """Return the plain names of the fields that may be the id in the path of an item, the likeliest first."""
        parameter = self._id_parameter(resource)
        if parameter is None:
            return []
        noun = singular(resource.name.rpartition("-")[2])
        return naming_fields(parameter.name, parameter.description, noun)

    def _new_item(
        self,
        target: _Target,
        operation: Operation,
        body: Mapping[str, Any],
        id_: str | None,
        within: dict[str, str],
    ) -> KeptItem:
        resource = target.resource
        value = deepcopy(dict(body))
        shapes = list(self._shapes_of(resource, operation.name))
        self._set_parent(target, shapes, value)
        steps = self._id_steps(resource)
        id_value = self._made_id(resource, shapes, steps[:1], id_, within)
        if steps and not self._id_of(resource, value):
            put_in(value, steps, id_value)
        for shape in shapes:
            self._add_made(shape, value)
        if steps != (_ID,) and _ID in value and _ID not in body:  # a second id, which is unique, too
            value[_ID] = self._made_id(resource, shapes, (_ID,), None, within)
        return KeptItem(id_ or str(id_value), value, within)

    def _set_parent(self, target: _Target, shapes: Sequence[ItemShape], value: dict[str, Any]) -> None:
        parent = target.resource.parent
        text = list(target.within.values())[-1] if target.within else ""
        if parent is None or parent.field is None or not text:
            return
        steps = split(parent.field)
        for shape in shapes:
            if steps[0] in shape.properties and len(steps) == 1 and steps[0] not in value:
                schema = shape.properties[steps[0]]
                value[steps[0]] = _as_type(text, value_types_of(possible_schemas(schema, shape.resolve)))
                return

    def _add_made(self, shape: ItemShape, value: dict[str, Any]) -> None:
        """Add the members that the server makes: required and read-only ones, and dates."""
        schemas = shape.schemas
        for name, schema in shape.properties.items():
            if name in value or schemas.is_hidden(schema):
                continue
            facts = list(possible_schemas(schema, shape.resolve))
            formats = {part.get("format") for part in facts}
            if not formats.isdisjoint(_TIMES) and _is_made_time(name):
                value[name] = _now("date-time" in formats)
            elif is_marked(schema, "readOnly", schemas.follow):
                with suppress(NoExampleError):
                    value[name] = shape.made_member(name)
        with suppress(NoExampleError):
            completed = shape.completed_item(value)
            for name, member in completed.items() if isinstance(completed, dict) else ():
                value.setdefault(name, member)

    def _made_id(
        self,
        resource: Resource,
        shapes: Sequence[ItemShape],
        names: Sequence[str],
        given: str | None,
        within: Mapping[str, str],
    ) -> Any:
        """Return a new id for an item, of the type that its field and the path want.

        Args:
            names: The name of its field; empty if no field is known.
            given: The id that the client gives as text.
        """
        shape = next((shape for step in names for shape in shapes if step in shape.properties), None)
        schema: Any = shape.properties[names[0]] if shape is not None else True
        of_path, resolve = self._id_in_path(resource)
        facts, path_facts = (list(possible_schemas(part, resolve)) for part in (schema, of_path))
        types, path_types = value_types_of(facts), value_types_of(path_facts)
        types = types or path_types
        if given:
            return _as_type(given, types)
        is_second = tuple(names) == (_ID,) != self._id_steps(resource)
        if not is_second and not set(types).isdisjoint(path_types):
            schema = {"allOf": [schema, of_path]}
        kinds = {*types, *path_types, *(part.get("format") for part in (*facts, *path_facts))}
        schemas = DocumentSchemas(resolve, "response")
        example = None
        with suppress(NoExampleError):
            example = example_value(schema, resolve, direction="response")
        key = f"{resource.name}/{_ID}" if is_second else resource.name
        fitting: Any = None
        for _ in range(_MOST_IDS):
            self._numbers[key] = number = self._numbers.get(key, 0) + 1
            for candidate in id_candidates(resource.name, number, self._random, kinds, example):
                if not schemas.fits(candidate, schema):
                    continue
                if self._items.find(resource.name, str(candidate), within) is None:
                    return candidate
                fitting = candidate
            if fitting is None:
                break
        if fitting is not None:
            raise FullStateError(f"No further id of a {resource.name} could be made")
        return resource.name if example is None else example

    def _id_in_path(self, resource: Resource) -> tuple[Any, Callable[[str], Any]]:
        """Return the schema of the path parameter with the id, and the function that resolves its references."""
        parameter, name = self._id_parameter(resource), _item_operation(resource)
        if parameter is None or name is None:
            return True, self._api.catalog.resolve
        described = self._responses.description(self._match_of(name))
        schema = described.parameter_schema(parameter)
        return True if schema is None else schema, described.resolve

    def _id_parameter(self, resource: Resource) -> Parameter | None:
        name = _item_operation(resource)
        if name is None:
            return None
        operation = self._api.catalog.operation(name)
        names = parameter_names(operation.path)
        return next(
            (
                parameter
                for parameter in operation.parameters
                if names and parameter.location == "path" and parameter.name == names[-1]
            ),
            None,
        )


def _parts_of_state(
    whole: Any,
) -> tuple[dict[str, list[dict[str, Any]]], list[dict[str, Any]], dict[str, int]]:
    """Return the items, the scopes that have begun, and the numbers of a state.

    Raises:
        StateError: The value is not the state of a mock.
    """

    def is_scope(value: Any) -> bool:
        return isinstance(value, dict) and all(isinstance(text, str) for text in value.values())

    if not isinstance(whole, dict) or whole.get(_FORMAT) != 1:
        raise StateError(f"It has no member `{_FORMAT}` with the value 1")
    items, begun, numbers = whole.get("items"), whole.get("begun", []), whole.get("numbers", {})
    if not isinstance(items, dict) or not all(isinstance(rows, list) for rows in items.values()):
        raise StateError("Its member `items` must be an object with lists")
    for name, rows in items.items():
        for row in rows:
            is_item = isinstance(row, dict) and isinstance(row.get("id"), str)
            if not (is_item and isinstance(row.get("value"), dict) and is_scope(row.setdefault("in", {}))):
                raise StateError(f"An object of `{name}` must have `id`, `in` and `value`")
    if not isinstance(begun, list) or not all(
        isinstance(entry, dict) and isinstance(entry.get("resource"), str) and is_scope(entry.get("in"))
        for entry in begun
    ):
        raise StateError("Its member `begun` must be a list of objects with `resource` and `in`")
    if not isinstance(numbers, dict) or not all(type(number) is int for number in numbers.values()):
        raise StateError("Its member `numbers` must be an object with integers")
    return items, begun, numbers


def _item_operation(resource: Resource) -> str | None:
    """Return the name of an operation on one item; None if there is none."""
    return resource.read or resource.delete or next(iter(resource.change), None)


def _collection(resource: Resource) -> str:
    """Return the template of the collection of a resource; empty if no path selects an item."""
    template = resource.template
    return template.rpartition("/")[0] if template.endswith("}") else ""


def _role(resource: Resource, operation: Operation) -> str:
    name = operation.name
    if any(entry.operation == name and entry.items is not None for entry in resource.lists):
        return "list"
    if name == resource.read:
        return "read"
    if name == resource.delete:
        return "delete"
    is_change = name in resource.change
    if operation.method == "PUT" and (is_change or name in resource.create):
        return "put"
    return "change" if is_change else "create" if name in resource.create else ""


def _source(ignored: Sequence[str]) -> str:
    listed = ", ".join(f"`{name}`" for name in ignored)
    return f"{_SOURCE}; ignores {listed}" if listed else _SOURCE


def _header_names(headers: Sequence[tuple[str, str]]) -> set[str]:
    return {name.lower() for name, _ in headers}


def _etag(item: KeptItem) -> str:
    content = json.dumps(item.value, sort_keys=True, default=str).encode("utf-8", "replace")
    return f'"{hashlib.sha256(content).hexdigest()[:16]}"'


def _scalar(value: Any) -> str | None:
    """Return a string or an integer as text; None for other values."""
    if isinstance(value, bool) or not isinstance(value, str | int):
        return None
    return str(value)


def _as_type(text: str, types: Sequence[str]) -> Any:
    """Return the text of an id as a value of the first type that it fits."""
    if "string" not in types and ("integer" in types or "number" in types):
        with suppress(ValueError):
            return int(text)
    return text


def _is_made_time(name: str) -> bool:
    plain = plain_name(name)
    return plain.startswith(("created", "updated", "modified", "changed", "lastmodified", "lastupdated"))


def _now(has_time: bool) -> str:
    now = dt.datetime.now(dt.UTC)
    return (
        now.isoformat(timespec="milliseconds").replace("+00:00", "Z") if has_time else now.date().isoformat()
    )
