"""Derives the resources of a document from the paths and responses of its operations.

    GET /pets                   lists
    POST /pets                  creates
    GET /pets/{id}              reads
    PATCH, PUT /pets/{id}       change
    DELETE /pets/{id}           deletes; without it `POST /pets/{id}/delete`, `/remove` or `/archive`

Paths are compared without the names of their parameters, and without a `/` or `.json` at their end. A fact without
evidence is None.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from dynacli.openapi.catalog._search_words import names_several
from dynacli.openapi.catalog.compiler._given_facts import GivenFacts, wrong_name
from dynacli.openapi.document.json_trees import join, split
from dynacli.openapi.model.field_names import is_search_name, plain_name, singular, words_of_name
from dynacli.openapi.model.find_items import ENVELOPES, ID_NAMES, WRAPPERS, KnownItems
from dynacli.openapi.model.kebab_names import kebab
from dynacli.openapi.model.links import links_in, path_and_method_of
from dynacli.openapi.model.media_types import success_response, success_schema
from dynacli.openapi.model.operation import Operation
from dynacli.openapi.model.path_templates import enclosing_items, item_template, parameter_names
from dynacli.openapi.model.resources import (
    OVERRIDE,
    ChangeTime,
    Resource,
    ResourceId,
    ResourceList,
    ResourceParent,
    what_is_wrong_with_override,
)
from dynacli.openapi.model.runtime_expressions import Expression, parse_expression
from dynacli.openapi.references import follow_reference, reference_of
from dynacli.openapi.schema.read_schema import (
    Resolve,
    list_of,
    names_in,
    other_properties,
    possible_schemas,
    properties_of,
    value_types_of,
)
from dynacli.openapi.schema.response_fields import items_of_schema
from dynacli.record import replace

_ITEM_METHODS = ("GET", "PUT", "PATCH", "DELETE")
_UPDATES = ("PATCH", "PUT")
_DELETING_ENDS = ("delete", "remove", "archive")
_DELETING_PATHS = tuple(f"/{{}}/{end}" for end in _DELETING_ENDS)
_HOLDER = re.compile(r"/[^/{}]+(?:/\{\})+(?=/[^/{}]+$)")
"""The resource that contains the collection at the end of a path."""
_CREATING = frozenset({"create", "add", "new", "insert", "register", "make"})
_SEARCHING = frozenset({"search", "query", "list", "find", "filter", "lookup", "get", "fetch", "retrieve"})
_IDS_WITHOUT_REQUIRED = {"string": ("slug", "name", "login", "code", "key"), "integer": ("number",)}
"""Type of a parameter → usual names of ids. They count if the document requires no field of an item."""
_REQUIRED_IDS = ("id", "uuid", "key", "number", "slug", "name", "login", "code")
_CHANGED = re.compile(
    r"(?:last)?(updated?|modif(?:ied|y|ication)|changed?|edited)(?:at|on|time|date|datetime|timestamp|ts|utc|dateutc)*"
    r"|(?:date|time|timestamp)(?:last)?(updated?|modified|changed|edited)"
)
_SINCE = re.compile(r"(?:min|from|since|after|start)?(.*?)(?:since|after|gte?|from|min|start|ge)?")
_SPEAKS_OF_CHANGES = re.compile(r"updat|modif|chang|edited", re.IGNORECASE)
_BESIDE_ONE = frozenset({"included", "links", "messages", "errors", "warnings"})
"""Plain names of lists that occur beside a single object."""
_NO_VALUES = frozenset({"array", "boolean", "object"})
"""Types of fields that are neither an id nor a time."""
_MOST_ABOVE = 2
"""Maximum number of parameters between a collection and its items."""


@dataclass
class _Shape:
    """The value of a successful response.

    Args:
        known: Its items; None if the document does not describe it.
        item: Schema of an item of a list.
        value: Schema of the whole value.
    """

    known: KnownItems | None
    item: Any
    value: Any

    @property
    def is_list(self) -> bool:
        """True if it is certainly a list."""
        return self.known is not None and self.known.holder in {"array", "object"}

    @property
    def is_one(self) -> bool:
        """True if it is described, and not as a list."""
        return self.known is not None and not self.is_list

    @property
    def items_pointer(self) -> str | None:
        """JSON pointer to the items; None if unknown."""
        return join(self.known.steps) if self.is_list and self.known is not None else None


@dataclass
class _Found:
    """A resource while it is derived.

    Args:
        template: The template of an item, or of the list or the single object.
        is_item: Whether the template selects one of several items.
        collection: The template of its collection; empty for a single object.
    """

    template: str
    path: str
    is_item: bool
    collection: str
    lists: list[tuple[Operation, _Shape]] = field(default_factory=list)
    read: Operation | None = None
    create: list[Operation] = field(default_factory=list)
    change: list[Operation] = field(default_factory=list)
    delete: Operation | None = None
    name: str = ""
    parent: "_Found | None" = None
    parent_parameter: str | None = None
    parent_reason: str = ""
    given: GivenFacts = field(default_factory=lambda: GivenFacts(_ignore))

    @property
    def names(self) -> set[str]:
        """The names of the operations that list, create or change it."""
        lists = [operation for operation, _ in self.lists]
        return {operation.name for operation in (*lists, *self.create, *self.change)}


@dataclass
class _IdLink:
    """A link that passes a value to the last path parameter of an operation.

    Args:
        source: The operation with the link.
        target: The operation that the value is for.
        value: The expression for the value.
    """

    source: Operation
    target: Operation
    value: Expression


def compile_resources(
    operations: Iterable[tuple[Operation, Mapping[str, Any]]],
    resolve: Resolve,
    configured: Mapping[str, Any],
    warn: Callable[..., None],
    uri: str,
) -> tuple[Resource, ...]:
    """Return the resources of a document, the ones with most facts first.

    Args:
        operations: Each operation with its Operation Object, which has unresolved references.
        resolve: Returns the target of a reference; raises LookupError if there is none.
        configured: Name of a resource → the facts that the configuration gives.
        warn: Called with a message and the steps of the pointer to its location.
        uri: URI of the document.
    """
    return _Derivation(operations, resolve, configured, warn, uri).resources()


def _ignore(message: str, *steps: str) -> None:
    """Ignore a warning; a resource gets its facts later."""


class _Shapes:
    """Reads the responses of operations; equal responses are read once."""

    def __init__(self, parts: Mapping[str, Mapping[str, Any]], resolve: Resolve) -> None:
        self._parts = parts
        self._resolve = resolve
        self._shapes: dict[str, _Shape] = {}

    def override(self, operation: Operation) -> Any:
        """Return the facts that the document gives with the extension; None without it."""
        return self._parts[operation.name].get(OVERRIDE)

    def links(self) -> Iterator[tuple[str, Mapping[str, Any]]]:
        """Yield the name of each operation with a link in a response, and the Link Object."""
        without: set[str] = set()

        def follow_once(value: Any) -> Any:
            reference = reference_of(value)
            if reference is None or reference in without:
                return value
            target = self.follow(value)
            if isinstance(target, Mapping) and "links" not in target and "content" in target:
                without.add(reference)
            return target

        for name, part in self._parts.items():
            for _, _, _, link in links_in(self.follow(part.get("responses")), follow_once):
                yield name, link

    def follow(self, value: Any) -> Any:
        """Return the last target of a chain of references."""
        return follow_reference(value, self._resolve)

    def of(self, operation: Operation) -> _Shape:
        """Return the shape of an operation's response."""
        if operation.name not in self._shapes:
            self._shapes[operation.name] = self._read(operation)
        return self._shapes[operation.name]

    def _read(self, operation: Operation) -> _Shape:
        schema = self.value(operation)
        given = self.override(operation)
        items = given.get("items") if isinstance(given, Mapping) else None
        if isinstance(items, str) and not what_is_wrong_with_override("items", items):
            shape = self.with_items(_Shape(None, None, schema), items)
            if shape is not None and shape.item is not None:
                return shape
        if schema is None:
            return _Shape(None, None, None)
        known = self._without_included(items_of_schema(schema, self._resolve, operation.path), schema)
        item = None
        if known is not None and known.holder in {"array", "object"}:
            item = self._item_at(schema, known)
        return _Shape(known, item, schema)

    def with_items(self, shape: _Shape, pointer: str) -> _Shape | None:
        """Return a shape whose items are at a pointer; None if the document has another type there."""
        known = KnownItems(split(pointer))
        schema, is_described = self.at(shape.value, known.steps)
        types = self.types(schema)
        if is_described and types and "array" not in types:
            return None
        return _Shape(known, self._item_at(shape.value, known), shape.value)

    def at(self, schema: Any, steps: Iterable[str]) -> tuple[Any, bool]:
        """Return the schema at the end of some steps, and whether the document describes all of them."""
        for step in steps:
            properties = self.properties(schema)
            if step not in properties:
                return None, False
            schema = properties[step]
        return schema, True

    def _without_included(self, known: KnownItems | None, schema: Any) -> KnownItems | None:
        """Return the items of a response, without a list of other objects beside a single one (JSON:API `included`)."""
        if known is None or not known.steps or plain_name(known.steps[0]) not in _BESIDE_ONE:
            return known
        properties = self.properties(schema)
        has_one = any(
            plain_name(name) in ENVELOPES and "object" in self.types(inner)
            for name, inner in properties.items()
        )
        return replace(known, holder="none") if has_one else known

    def value(self, operation: Operation) -> Any:
        """Return the schema of an operation's successful response; None if it has none."""
        responses = self.follow(self._parts[operation.name].get("responses"))
        return success_schema(success_response(responses, self.follow), self.follow)

    def _item_at(self, schema: Any, known: KnownItems) -> Any:
        for step in known.steps:
            schema = self.properties(schema).get(step)
        for part in possible_schemas(schema, self._resolve):
            inner = [part["items"]] if "items" in part else []
            inner = other_properties(part) if known.holder == "object" else inner
            if inner:
                return inner[0]
        return None

    def properties(self, schema: Any) -> dict[str, Any]:
        """Return name → schema of the properties of a schema."""
        return properties_of(possible_schemas(schema, self._resolve))

    def required(self, schema: Any) -> set[str]:
        """Return the names of the required properties of a schema."""
        return {
            name
            for part in possible_schemas(schema, self._resolve)
            for name in names_in(part.get("required"))
        }

    def types(self, schema: Any) -> list[str]:
        """Return the types of a schema, except null."""
        return value_types_of(possible_schemas(schema, self._resolve))

    def formats(self, schema: Any) -> set[str]:
        """Return the values of `format` in a schema."""
        return {str(part["format"]) for part in possible_schemas(schema, self._resolve) if "format" in part}

    def names(self, schema: Any) -> set[str]:
        """Return the references of a schema that describe the same object."""
        found: set[str] = set()
        waiting = [schema]
        while waiting and len(found) < _MOST_ABOVE * 4:
            part = waiting.pop()
            reference = reference_of(part)
            if reference is not None and reference not in found:
                found.add(reference)
                with_target = self.follow({"$ref": reference})
                waiting += (
                    [with_target] if isinstance(with_target, Mapping) and "allOf" in with_target else []
                )
            elif isinstance(part, Mapping):
                waiting += [branch for branch in list_of(part, "allOf") if len(list_of(part, "allOf")) == 1]
        return found

    def one(self, operation: Operation, noun: str) -> tuple[tuple[str, ...], Any]:
        """Return the steps to the object in a response, and its schema; an envelope is opened."""
        schema = self.value(operation)
        properties = self.properties(schema)
        for name, inner in properties.items():
            plain = plain_name(name)
            is_envelope = plain in ENVELOPES or singular(name) == noun
            if is_envelope and "id" not in properties and "object" in self.types(inner):
                return (name,), inner
        return (), schema


class _Derivation:
    def __init__(
        self,
        operations: Iterable[tuple[Operation, Mapping[str, Any]]],
        resolve: Resolve,
        configured: Mapping[str, Any],
        warn: Callable[..., None],
        uri: str,
    ) -> None:
        self._configured, self._warn = configured, warn
        pairs = list(operations)
        self._operations = [operation for operation, _ in pairs]
        self._shapes = _Shapes({operation.name: part for operation, part in pairs}, resolve)
        self._templates = {operation.name: item_template(operation.path) for operation in self._operations}
        self._at: dict[tuple[str, str], Operation] = {}
        for operation in self._operations:
            self._at.setdefault((operation.method, self._templates[operation.name]), operation)
        self._paths = list(dict.fromkeys(self._templates.values()))
        self._known_paths = frozenset(self._paths)
        self._used: set[str] = set()
        self._by_template: dict[str, _Found] = {}
        self._links = list(self._id_links(uri))

    def _id_links(self, uri: str) -> Iterator[_IdLink]:
        """Yield the links of the document that pass a value of a response to the last parameter of a path."""
        by_name = {operation.name: operation for operation in self._operations}
        by_id = {operation.operation_id: operation for operation in reversed(self._operations)}
        by_path = {(operation.path, operation.method): operation for operation in self._operations}
        for name, link in self._shapes.links():
            wanted, ref, parameters = (link.get(key) for key in ("operationId", "operationRef", "parameters"))
            target = by_id.get(wanted) if isinstance(wanted, str) else None
            if target is None and isinstance(ref, str):
                path, method = path_and_method_of(ref, uri) or ("", "")
                target = by_path.get((path, method.upper()))
            if (
                target is None
                or not target.path.rstrip("/").endswith("}")
                or not isinstance(parameters, Mapping)
            ):
                continue
            last = parameter_names(target.path)[-1]
            value = parse_expression(parameters.get(last, parameters.get(f"path.{last}")))
            if value is not None and value.message == "response":
                yield _IdLink(by_name[name], target, value)

    def resources(self) -> tuple[Resource, ...]:
        """Return the resources."""
        for path in self._paths:
            if path.endswith("/{}"):
                self._add_item(path)
            elif path.endswith(_DELETING_PATHS):
                self._add_item_of_deletion(path.rpartition("/")[0])
        for found in list(self._by_template.values()):
            self._add_collection(found)
        self._add_linked()
        for path in self._paths:
            if not path.endswith("}"):
                self._add_single(path)
        self._add_further_lists()
        for found in self._by_template.values():
            self._add_shallow_creation(found)
            self._add_creation_by_put(found)
        order = {name: number for number, name in enumerate(self._paths)}
        all_found = sorted(self._by_template.values(), key=lambda item: order.get(item.template, len(order)))
        for found in all_found:
            self._find_parent(found)
        for found in all_found:
            self._add_documented_facts(found)
        self._name(all_found)
        self._add_configured_facts(all_found)
        for found in all_found:
            self._take_parent(found, all_found)
        return tuple(sorted(map(self._made, all_found), key=_known_facts, reverse=True))

    def _get(self, method: str, template: str) -> Operation | None:
        return self._at.get((method, template))

    def _add_item_of_deletion(self, template: str) -> None:
        """Add an item without an operation at its own path, if there is a POST that creates and one that deletes it."""
        collection = template.removesuffix("/{}")
        delete = self._deletion(template)
        if template not in self._known_paths and delete is not None and ("POST", collection) in self._at:
            found = _Found(template, delete.path.rpartition("/")[0], True, collection, delete=delete)
            self._by_template[template] = found

    def _deletion(self, template: str) -> Operation | None:
        deleting = (("DELETE", template), *(("POST", f"{template}/{end}") for end in _DELETING_ENDS))
        return next((self._at[key] for key in deleting if key in self._at), None)

    def _add_item(self, template: str) -> None:
        collection = self._collection_of(template)
        on_item = [entry for method in _ITEM_METHODS if (entry := self._get(method, template))]
        if not on_item and self._get("POST", collection) is not None:
            on_item = [entry for entry in (self._get("POST", template),) if entry is not None]
        if not on_item:
            return
        read = self._get("GET", template)
        if (
            read is not None
            and on_item == [read]
            and self._is_plain_list(read)
            and not self._is_listed(collection)
        ):
            return
        found = _Found(template, on_item[0].path, True, collection, read=read)
        found.change = [entry for method in _UPDATES if (entry := self._get(method, template))]
        post = self._get("POST", template)
        if post is not None and not found.change and not self._is_search(post):
            found.change = [post]
        found.delete = self._deletion(template)
        self._by_template[template] = found

    def _is_listed(self, collection: str) -> bool:
        """Return whether a GET on a collection may list its items."""
        listing = self._get("GET", collection)
        return listing is not None and not self._shapes.of(listing).is_one

    def _collection_of(self, template: str) -> str:
        collection = template
        for _ in range(_MOST_ABOVE):
            collection = collection.removesuffix("/{}")
            if not collection.endswith("}"):
                return collection
            if collection in self._known_paths:
                return ""
        return ""

    def _add_collection(self, found: _Found) -> None:
        collection = found.collection
        if not collection:
            return
        listing = self._get("GET", collection)
        if listing is not None and self._is_listed(collection):
            self._add_list(found, listing)
        post = self._get("POST", collection)
        if post is not None and not self._is_search(post):
            found.create.append(post)
        elif post is not None:
            self._add_list(found, post)
        put = self._get("PUT", collection)
        if put is not None and not found.create:
            found.create.append(put)

    def _add_linked(self) -> None:
        """Add the operations that link to an item: a POST that creates it, and a list of such items."""
        collections = {found.collection for found in self._by_template.values()}
        for link in self._links:
            template = self._templates[link.source.name]
            found = self._by_template.get(self._templates[link.target.name])
            if found is None or template in collections or template in self._by_template:
                continue
            if self._shapes.of(link.source).is_list and (
                link.source.method == "GET" or self._is_search(link.source)
            ):
                self._add_list(found, link.source)
            elif (
                link.source.method == "POST"
                and link.source not in found.create
                and template.count("{}") == found.template.count("{}") - 1
            ):
                found.create.append(link.source)

    def _add_list(self, found: _Found, operation: Operation) -> None:
        if operation.name not in self._used:
            self._used.add(operation.name)
            found.lists.append((operation, self._shapes.of(operation)))

    def _is_search(self, operation: Operation) -> bool:
        """Return whether a POST lists instead of creating: its response is a list, and its name or path says so."""
        segment = self._templates[operation.name].rpartition("/")[2]
        words = {*words_of_name(segment), *operation.name.split("-")}
        return (
            _CREATING.isdisjoint(words)
            and not _SEARCHING.isdisjoint(words)
            and self._shapes.of(operation).is_list
        )

    def _add_single(self, template: str) -> None:
        """Add a single object: `GET /org` with PATCH, PUT, POST or DELETE."""
        read = self._get("GET", template)
        if read is None or read.name in self._used:
            return
        changing = [entry for method in _UPDATES if (entry := self._get(method, template))]
        post, delete = self._get("POST", template), self._get("DELETE", template)
        # A PUT may replace a whole list. PATCH and DELETE at the path of a list are about a single object with lists.
        is_one = delete is not None or any(entry.method == "PATCH" for entry in changing)
        if self._shapes.of(read).is_list and (not is_one or self._is_plain_list(read)):
            return
        is_collection = any(found.collection == template for found in self._by_template.values())
        if not (changing or delete or post) or (is_collection and not changing):
            return
        if post is not None and self._is_search(post):
            post = None
        found = _Found(template, read.path, False, "", read=read, change=changing, delete=delete)
        if post is not None and not is_collection:
            creates = bool(changing or delete) or not _CREATING.isdisjoint(post.name.split("-"))
            (found.create if creates else found.change).append(post)
        self._by_template[template] = found

    def _is_plain_list(self, operation: Operation) -> bool:
        """Return whether a response is a list, or has one in a usual wrapper or under the name of the path."""
        shape = self._shapes.of(operation)
        if not shape.is_list or shape.known is None:
            return False
        steps = shape.known.steps
        names = {*WRAPPERS, plain_name(self._templates[operation.name].rpartition("/")[2])}
        return not steps or (len(steps) == 1 and plain_name(steps[0]) in names)

    def _add_further_lists(self) -> None:
        """Add each list that has no item path below it to the resource of its items, or as a resource."""
        collections = {
            found.collection: found for found in reversed(self._by_template.values()) if found.collection
        }
        by_schema: dict[str, list[_Found]] = {}
        for found in self._by_template.values():
            if found.is_item and found.read is not None:
                noun = singular(found.collection.rpartition("/")[2])
                for name in self._shapes.names(self._shapes.one(found.read, noun)[1]):
                    by_schema.setdefault(name, []).append(found)
        for operation in self._operations:
            if operation.method not in {"GET", "POST"} or operation.name in self._used:
                continue
            template = self._templates[operation.name]
            if operation.method == "POST" and not self._is_search(operation):
                continue
            if template in self._by_template or not self._shapes.of(operation).is_list:
                continue
            owner = self._owner_of_list(operation, template, collections, by_schema)
            if owner is not None:
                self._add_list(owner, operation)
            elif operation.method == "GET" and self._lists_objects(operation):
                post, put = self._get("POST", template), self._get("PUT", template)
                if not (post or put) and self._is_part(operation):
                    continue
                found = _Found(template, operation.path, False, template)
                if post is not None and not self._is_search(post):
                    found.create.append(post)
                elif put is not None:
                    found.create.append(put)
                self._add_list(found, operation)
                self._by_template[template] = found

    def _is_part(self, operation: Operation) -> bool:
        """Return whether a list is a part of one item, and its entries are no items: `GET /runs/{}/trace`."""
        template = self._templates[operation.name]
        segment = template.rpartition("/")[2]
        says_list = names_several(plain_name(segment)) or not _SEARCHING.isdisjoint(
            {*words_of_name(segment), operation.name.partition("-")[0]} - {"get"}
        )
        names = set(map(plain_name, self._shapes.properties(self._shapes.of(operation).item)))
        return "{}" in template and not says_list and names.isdisjoint(ID_NAMES)

    def _lists_objects(self, operation: Operation) -> bool:
        item = self._shapes.of(operation).item
        return "object" in self._shapes.types(item)

    def _owner_of_list(
        self,
        operation: Operation,
        template: str,
        collections: Mapping[str, _Found],
        by_schema: Mapping[str, Sequence[_Found]],
    ) -> _Found | None:
        above, _, segment = template.rpartition("/")
        if is_search_name(segment) and above in collections:
            return collections[above]
        shallow = template
        while (shorter := _HOLDER.sub("", shallow)) != shallow:
            shallow = shorter
            if shallow in collections:
                return collections[shallow]
        names = self._shapes.names(self._shapes.of(operation).item)
        owners = {id(found): found for name in names for found in by_schema.get(name, ())}
        return next(iter(owners.values())) if len(owners) == 1 else None

    def _add_shallow_creation(self, found: _Found) -> None:
        """Add the POST on a collection in the parent, which creates items at another path."""
        if found.create or not found.is_item or not found.collection:
            return
        segment = found.collection.rpartition("/")[2]
        wanted = self._shapes.names(self._shapes.value(found.read)) if found.read is not None else set()
        for operation in self._operations:
            template = self._templates[operation.name]
            if operation.method != "POST" or template == found.collection:
                continue
            if template.rpartition("/")[2] != segment or f"{template}/{{}}" in self._by_template:
                continue
            if template in self._by_template or self._is_search(operation):
                continue
            shallow, is_below = template, False
            while (shorter := _HOLDER.sub("", shallow)) != shallow:
                shallow = shorter
                is_below = is_below or shallow == found.collection
            creates_same = not wanted.isdisjoint(self._shapes.names(self._shapes.value(operation)))
            if is_below or creates_same:
                found.create.append(operation)

    def _add_creation_by_put(self, found: _Found) -> None:
        if found.create or not found.is_item:
            return
        put = self._get("PUT", found.template)
        if put is None:
            return
        has_created = any(response.status == "201" for response in put.responses)
        if has_created or not _CREATING.isdisjoint(put.name.split("-")):
            found.create.append(put)

    def _find_parent(self, found: _Found) -> None:
        for path, reason in self._paths_of(found):
            for template in enclosing_items(item_template(path)):
                parent = self._by_template.get(template)
                if parent is not None and parent is not found and parent.is_item:
                    found.parent = parent
                    found.parent_parameter = parameter_names(path)[template.count("{}") - 1]
                    found.parent_reason = f"{reason} below `{parent.path}`"
                    return

    def _paths_of(self, found: _Found) -> Iterator[tuple[str, str]]:
        """Yield the paths that may begin with the path of the parent, each with the beginning of a sentence."""
        yield found.path, f"`{found.path}` is"
        for operation in found.create:
            yield operation.path, f"`{operation.name}` creates it"

    def _add_documented_facts(self, found: _Found) -> None:
        found.given = GivenFacts(self._warn)
        lists = sorted(found.lists, key=lambda entry: self._rank(found, entry[0]))
        for operation in dict.fromkeys((found.read, *(operation for operation, _ in lists))):
            value = None if operation is None else self._shapes.override(operation)
            if operation is not None and value is not None:
                steps = ("paths", operation.path, operation.method.lower(), OVERRIDE)
                found.given.add_documented(operation.name, value, steps)

    def _add_configured_facts(self, all_found: Sequence[_Found]) -> None:
        by_name = {found.name: found for found in all_found}
        for name, table in self._configured.items():
            found = by_name.get(name)
            if found is None:
                self._warn(f"`resources.{name}` in the configuration is ignored: there is no such resource")
                continue
            found.given.add_configured(name, table)
            others = by_name.keys() - {name}
            given = found.given.find("name", partial(wrong_name, taken=others))
            found.name = kebab(given.value) if given is not None else found.name

    def _take_parent(self, found: _Found, all_found: Sequence[_Found]) -> None:
        """Replace the derived parent by the given one, with the parameter that takes its id."""
        by_name = {other.name: other for other in all_found}

        def wrong(name: str) -> str:
            above: _Found | None = by_name.get(name)
            if above is None:
                return f"there is no resource `{name}`"
            seen: list[_Found] = []
            while above is not None and above not in seen:
                seen.append(above)
                above = above.parent
            return f"`{name}` is not above `{found.name}`" if any(one is found for one in seen) else ""

        given = found.given.find("parent", wrong)
        if given is None:
            return
        parent = found.parent = by_name[given.value]
        found.parent_reason, found.parent_parameter = given.reason, None
        for path, _ in self._paths_of(found):
            if parent.template in enclosing_items(item_template(path)):
                found.parent_parameter = parameter_names(path)[parent.template.count("{}") - 1]
                return

    def _name(self, all_found: Sequence[_Found]) -> None:
        nouns = {
            plain_name(segment)
            for found in all_found
            for segment in [_last_literal(found.template)[1]]
            if segment
        }
        given = self._given_names(all_found)
        for found in all_found:
            before, last = _last_literal(found.template)
            name = _singular_kebab(last) or "resource"
            if before and plain_name(before) not in nouns and names_several(plain_name(before)):
                name = f"{_singular_kebab(before)}-{name}"
            found.name = name
        counts: dict[str, int] = {}
        for found in all_found:
            counts[found.name] = counts.get(found.name, 0) + 1
        plain = {id(found): found.name for found in all_found}
        for found in all_found:
            found.name = given[id(found)] or found.name
        outermost = _outermost(all_found)
        for found in all_found:
            is_first = outermost.get(plain[id(found)]) is found
            if given[id(found)]:
                continue
            if counts[plain[id(found)]] > 1 and found.parent is not None and not is_first:
                found.name = f"{plain[id(found.parent)]}-{plain[id(found)]}"
        taken: set[str] = set()
        first = sorted(all_found, key=lambda found: outermost.get(plain[id(found)]) is not found)
        for found in sorted(first, key=lambda found: not given[id(found)]):
            name, number = found.name, 2
            while found.name in taken:
                found.name = f"{name}-{number}"
                number += 1
            taken.add(found.name)

    def _given_names(self, all_found: Sequence[_Found]) -> dict[int, str]:
        taken: set[str] = set()
        names: dict[int, str] = {}
        for found in all_found:
            given = found.given.find("name", partial(wrong_name, taken=taken))
            names[id(found)] = kebab(given.value) if given is not None else ""
            taken.add(names[id(found)])
        return names

    def _made(self, found: _Found) -> Resource:
        found.lists.sort(key=lambda entry: self._rank(found, entry[0]))
        self._take_items(found)
        lists = [ResourceList(operation.name, shape.items_pointer) for operation, shape in found.lists]
        steps, item = self._item_of(found)
        identity, id_reason = self._identity(found, steps, item)
        parent, parent_reason = self._parent(found, steps, item)
        changed_at, change_reason = self._changed_at(found, steps, item)
        return Resource(
            name=found.name,
            path=found.path,
            main_list=lists[0] if lists else None,
            more_lists=tuple(lists[1:]),
            read=found.read.name if found.read else None,
            create=tuple(dict.fromkeys(operation.name for operation in found.create)),
            change=tuple(operation.name for operation in found.change),
            delete=found.delete.name if found.delete else None,
            identity=identity,
            parent=parent,
            changed_at=changed_at,
            because={"id": id_reason, "parent": parent_reason, "changed_at": change_reason},
        )

    def _take_items(self, found: _Found) -> None:
        """Replace the derived items of the main list by the given ones."""
        if not found.lists:
            found.given.find("items", lambda _: "no operation lists it")
            return
        operation, shape = found.lists[0]

        def wrong(pointer: str) -> str:
            is_list = self._shapes.with_items(shape, pointer) is not None
            return "" if is_list else f"`{operation.name}` has no list at `{pointer}`"

        given = found.given.find("items", wrong)
        if given is not None:
            found.lists[0] = operation, self._shapes.with_items(shape, given.value) or shape

    def _wrong_field(self, item: Any, pointer: str) -> str:
        """Return why a field of an item cannot be an id or a time, as a clause; empty if it can."""
        schema, _ = self._shapes.at(item, split(pointer))
        types = self._shapes.types(schema)
        return f"`{pointer}` is {types[0]}" if types and set(types) <= _NO_VALUES else ""

    def _rank(self, found: _Found, operation: Operation) -> tuple[bool, int]:
        return self._templates[operation.name] != found.collection, operation.path.count("{")

    def _item_of(self, found: _Found) -> tuple[tuple[str, ...], Any]:
        for _, shape in found.lists:
            if self._shapes.properties(shape.item):
                return (), shape.item
        if found.read is not None:
            return self._shapes.one(found.read, singular(_last_literal(found.template)[1]))
        return (), None

    def _identity(self, found: _Found, steps: tuple[str, ...], item: Any) -> tuple[ResourceId | None, str]:
        if not (found.is_item or found.lists):
            found.given.find("id", lambda _: "there is only one")
            return None, "There is only one"
        properties = self._shapes.properties(item)
        parameter = self._id_parameter(found)
        given = found.given.find("id", lambda pointer: self._wrong_field(item, pointer))
        if given is not None:
            return ResourceId(given.value, parameter), given.reason
        for link in self._links:
            if link.target is found.read and link.source.name in found.names:
                inner = self._linked_field(found, link, item)
                if inner:
                    reason = (
                        f"A link of `{link.source.name}` passes `{'.'.join(inner)}` to `{link.target.name}`"
                    )
                    return ResourceId(join((*steps, *inner)), parameter), reason
        if not properties:
            return None, "The document describes no fields of an item"
        if parameter is not None:
            name = _named_like(parameter, found, properties, self._shapes.required(item))
            if name is not None:
                reason = f"Items have `{name}`, and the path has `{{{parameter}}}`"
                return ResourceId(join((*steps, name)), parameter), reason
        required = self._shapes.required(item)
        types = self._parameter_types(found, parameter)
        plain = {plain_name(name): name for name in reversed(list(properties))}
        for wanted in _REQUIRED_IDS:
            name = plain.get(wanted)
            if name in required and self._takes(types, properties[name]):
                return ResourceId(join((*steps, name)), parameter), f"Items have the required field `{name}`"
        if "id" in plain and (parameter is None or plain_name(parameter).endswith("id")):
            return ResourceId(join((*steps, plain["id"])), parameter), f"Items have `{plain['id']}`"
        usual = [name for kind in types for name in _IDS_WITHOUT_REQUIRED.get(kind, ()) if name in plain]
        if usual and not required and self._takes(types, properties[plain[usual[0]]]):
            reason = f"Items have `{plain[usual[0]]}`, and the document requires no field of them"
            return ResourceId(join((*steps, plain[usual[0]])), parameter), reason
        return None, "No field of an item fits the path"

    def _linked_field(self, found: _Found, link: _IdLink, item: Any) -> tuple[str, ...]:
        """Return the steps to the field of an item that a link passes on; empty if an item does not have it."""
        inner = link.value.steps if link.value.source == "body" else ()
        around = {*ENVELOPES, *WRAPPERS, singular(_last_literal(found.template)[1])}
        around |= {step for _, shape in found.lists for step in (shape.known.steps if shape.known else ())}
        while inner and not self._shapes.at(item, inner)[1]:
            is_around = inner[0].isdecimal() or inner[0] in around or plain_name(inner[0]) in around
            inner = inner[1:] if is_around else ()
        return inner

    def _id_parameter(self, found: _Found) -> str | None:
        if found.is_item:
            return parameter_names(found.path)[-1]
        beginning = f"{found.template}/{{}}"
        for operation in self._operations:
            if self._templates[operation.name].startswith(beginning):
                return parameter_names(operation.path)[found.template.count("{}")]
        return None

    def _parameter_types(self, found: _Found, name: str | None) -> set[str]:
        for operation in (found.read, *found.change, found.delete):
            for parameter in operation.parameters if operation is not None else ():
                if parameter.location == "path" and parameter.name == name:
                    return {parameter.value.type}
        return {"any"}

    def _takes(self, types: set[str], schema: Any) -> bool:
        own = self._shapes.types(schema)
        return (
            "any" in types or not own or not types.isdisjoint(own) or ("number" in types and "integer" in own)
        )

    def _parent(self, found: _Found, steps: tuple[str, ...], item: Any) -> tuple[ResourceParent | None, str]:
        if found.parent is None:
            return None, "No other resource contains its path, and none has a collection that creates it"
        properties = self._shapes.properties(item)
        pointer = self._parent_field(found, properties)
        reason = found.parent_reason
        if pointer is not None:
            reason += f", and items have `{'.'.join(pointer)}`"
        field_ = None if pointer is None else join((*steps, *pointer))
        return ResourceParent(found.parent.name, found.parent_parameter, field_), reason

    def _parent_field(self, found: _Found, properties: Mapping[str, Any]) -> tuple[str, ...] | None:
        parent = found.parent
        if parent is None:
            return None
        noun = singular(_last_literal(parent.template)[1])
        parameter = plain_name(found.parent_parameter or "")
        ids = [f"{noun}{ending}" for ending in ("id", "uuid", "key", "number", "slug", "name", "code")]
        wanted = [*([parameter] if parameter not in _REQUIRED_IDS else []), *ids]
        plain = {plain_name(name): name for name in reversed(list(properties))}
        for name in wanted:
            if name in plain and "object" not in self._shapes.types(properties[plain[name]]):
                return (plain[name],)
        if noun in plain:
            inner = self._shapes.properties(properties[plain[noun]])
            for name in ("id", "uuid", "key", "number", "slug", "name", "login", "code"):
                if name in inner:
                    return plain[noun], name
        return None

    def _changed_at(self, found: _Found, steps: tuple[str, ...], item: Any) -> tuple[ChangeTime | None, str]:
        given = found.given.find("changed-at", lambda pointer: self._wrong_field(item, pointer))
        if given is not None:
            since, reason = self._since(found, given.reason)
            return ChangeTime(given.value, since), reason
        for name, schema in self._shapes.properties(item).items():
            match = _CHANGED.fullmatch(plain_name(name))
            if match and "date-time" in self._shapes.formats(schema):
                since, reason = self._since(found, f"Items have the time `{name}`")
                return ChangeTime(join((*steps, name)), since), reason
        found.given.find("since", lambda _: "items have no time of a change")
        return None, "Items have no time whose name says that it changes"

    def _since(self, found: _Found, reason: str) -> tuple[str | None, str]:
        """Return the parameter that selects items by the time of their change, and the whole evidence."""
        in_queries = {
            parameter.name
            for operation, _ in found.lists
            for parameter in operation.parameters
            if parameter.location == "query"
        }
        given = found.given.find(
            "since", lambda name: "" if name in in_queries else f"no list has the query parameter `{name}`"
        )
        if given is not None:
            return given.value, f"{reason}; {given.reason[0].lower()}{given.reason[1:]} of `{given.value}`"
        since = self._derived_since(found)
        return since, f"{reason}, and the list has `{since}`" if since else reason

    def _derived_since(self, found: _Found) -> str | None:
        for operation, _ in found.lists[:1]:
            in_query = [parameter for parameter in operation.parameters if parameter.location == "query"]
            for parameter in in_query:
                plain = plain_name(parameter.name)
                stem = _SINCE.fullmatch(plain)
                if stem and stem[1] != plain and _CHANGED.fullmatch(stem[1]):
                    return parameter.name
            for parameter in in_query:
                if plain_name(parameter.name) == "since" and _SPEAKS_OF_CHANGES.search(parameter.description):
                    return parameter.name
        return None


def _outermost(all_found: Sequence[_Found]) -> dict[str, _Found]:
    """Return name → the resource of this name whose path has fewer parameters than the others, if there is one."""
    by_name: dict[str, list[_Found]] = {}
    for found in sorted(all_found, key=lambda found: found.template.count("{}")):
        by_name.setdefault(found.name, []).append(found)
    return {
        name: first
        for name, (first, *others) in by_name.items()
        if not others or others[0].template.count("{}") > first.template.count("{}")
    }


def _known_facts(resource: Resource) -> int:
    row = resource.row()
    return sum(bool(row[key]) for key in ("list", "read", "create", "change", "delete", "id", "parent"))


def _last_literal(template: str) -> tuple[str, str]:
    """Return the last literal segment of a template, and the literal directly before it; empty if there is none."""
    steps = [step for step in template.split("/") if step]
    while steps and "{" in steps[-1]:
        steps.pop()
    if not steps:
        return "", ""
    before = steps[-2] if len(steps) > 1 and "{" not in steps[-2] else ""
    return before, steps[-1]


def _singular_kebab(segment: str) -> str:
    """Return a segment in kebab case with its last word in the singular."""
    *words, last = kebab(segment).split("-")
    return "-".join([*words, singular(last) if names_several(last) else last])


def _named_like(
    parameter: str, found: _Found, properties: Mapping[str, Any], required: set[str]
) -> str | None:
    """Return the property with the name of a parameter, also without the resource's name; None if there is none."""
    if parameter in properties:
        return parameter
    plain = {plain_name(name): name for name in reversed(list(properties))}
    own = plain_name(parameter)
    if own in plain:
        return plain[own]
    noun = _singular_kebab(_last_literal(found.template)[1])
    for word in (plain_name(noun), noun.rpartition("-")[2]):
        rest = own.removeprefix(word) if word else own
        name = plain.get(rest) if rest != own else None
        if name is not None and (rest == "id" or not required or name in required):
            return name
    last = words_of_name(parameter)[-1:]
    if last and last[0] in plain and (not required or plain[last[0]] in required):
        return plain[last[0]]
    if "id" in words_of_name(parameter) and "id" in plain:  # `idOrName`
        return plain["id"]
    ids = {"id": "id", "uuid": "uuid", "identifier": "id"}
    return next((plain[rest] for ending, rest in ids.items() if own.endswith(ending) and rest in plain), None)
