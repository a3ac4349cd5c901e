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
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from dynacli.openapi.catalog._search_words import names_several
from dynacli.openapi.document.json_trees import join
from dynacli.openapi.model.field_names import is_search_name, plain_name, singular, words_of_name
from dynacli.openapi.model.find_items import ENVELOPES, WRAPPERS, KnownItems
from dynacli.openapi.model.kebab_names import kebab
from dynacli.openapi.model.media_types import success_response, success_schema
from dynacli.openapi.model.operation import Operation
from dynacli.openapi.model.path_templates import parameter_names, path_template
from dynacli.openapi.model.resources import (
    OVERRIDE,
    ChangeTime,
    Resource,
    ResourceId,
    ResourceList,
    ResourceParent,
)
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


def compile_resources(
    operations: Iterable[tuple[Operation, Mapping[str, Any]]],
    resolve: Resolve,
) -> tuple[Resource, ...]:
    """Return the resources of a document, the ones with most facts first.

    Args:
        operations: Each operation with its Operation Object, which has unresolved references.
        resolve: Returns the target of a reference; raises LookupError if there is none.
    """
    return _Derivation(operations, resolve).resources()


class _Shapes:
    """Reads the responses of operations; equal responses are read once."""

    def __init__(self, parts: Mapping[str, Mapping[str, Any]], resolve: Resolve) -> None:
        self._parts = parts
        self._resolve = resolve
        self._shapes: dict[str, _Shape] = {}

    def overrides(self, operations: Iterable[Operation | None]) -> Mapping[str, Any]:
        """Return the facts that the document gives with the extension; an operation that reads wins."""
        found: dict[str, Any] = {}
        for operation in operations:
            given = {} if operation is None else self._parts[operation.name].get(OVERRIDE)
            found.update(given if isinstance(given, Mapping) else {})
        return found

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
        if schema is None:
            return _Shape(None, None, None)
        known = self._without_included(items_of_schema(schema, self._resolve, operation.path), schema)
        item = None
        if known is not None and known.holder in {"array", "object"}:
            item = self._item_at(schema, known)
        return _Shape(known, item, schema)

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


def _template(path: str) -> str:
    return path_template(path).removesuffix("/").removesuffix(".json")


class _Derivation:
    def __init__(self, operations: Iterable[tuple[Operation, Mapping[str, Any]]], resolve: Resolve) -> None:
        pairs = list(operations)
        self._operations = [operation for operation, _ in pairs]
        self._shapes = _Shapes({operation.name: part for operation, part in pairs}, resolve)
        self._templates = {operation.name: _template(operation.path) for operation in self._operations}
        self._at: dict[tuple[str, str], Operation] = {}
        for operation in self._operations:
            self._at.setdefault((operation.method, self._templates[operation.name]), operation)
        self._paths = list(dict.fromkeys(self._templates.values()))
        self._known_paths = frozenset(self._paths)
        self._used: set[str] = set()
        self._by_template: dict[str, _Found] = {}

    def resources(self) -> tuple[Resource, ...]:
        """Return the resources."""
        for path in self._paths:
            if path.endswith("/{}"):
                self._add_item(path)
        for found in list(self._by_template.values()):
            self._add_collection(found)
        for path in self._paths:
            if not path.endswith("}"):
                self._add_single(path)
        self._add_further_lists()
        for found in self._by_template.values():
            self._add_shallow_creation(found)
            self._add_creation_by_put(found)
        order = {name: number for number, name in enumerate(self._paths)}
        all_found = sorted(self._by_template.values(), key=lambda item: order[item.template])
        for found in all_found:
            self._find_parent(found)
        self._name(all_found)
        names = {found.name for found in all_found}
        made = [self._corrected(found, self._made(found), names) for found in all_found]
        return tuple(sorted(made, key=_known_facts, reverse=True))

    def _get(self, method: str, template: str) -> Operation | None:
        return self._at.get((method, template))

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
        deleting = (("DELETE", template), *(("POST", f"{template}/{end}") for end in _DELETING_ENDS))
        found.delete = next((self._at[key] for key in deleting if key in self._at), None)
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
                found = _Found(template, operation.path, False, template)
                post = self._get("POST", template)
                if post is not None and not self._is_search(post):
                    found.create.append(post)
                self._add_list(found, operation)
                self._by_template[template] = found

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
        for template in _item_prefixes(found.template):
            parent = self._by_template.get(template)
            if parent is not None and parent is not found and parent.is_item:
                found.parent = parent
                names = parameter_names(found.path)
                found.parent_parameter = names[template.count("{}") - 1]
                found.parent_reason = f"`{found.path}` is below `{parent.path}`"
                return
        for operation in found.create:
            for template in _item_prefixes(self._templates[operation.name]):
                parent = self._by_template.get(template)
                if parent is not None and parent is not found and parent.is_item:
                    found.parent = parent
                    found.parent_parameter = parameter_names(operation.path)[template.count("{}") - 1]
                    found.parent_reason = f"`{operation.name}` creates it below `{parent.path}`"
                    return

    def _name(self, all_found: Sequence[_Found]) -> None:
        nouns = {
            plain_name(segment)
            for found in all_found
            for segment in [_last_literal(found.template)[1]]
            if segment
        }
        given = {id(found): self._given_name(found) for found in all_found}
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
            if counts[plain[id(found)]] > 1 and found.parent is not None and not is_first:
                found.name = f"{plain[id(found.parent)]}-{plain[id(found)]}"
        taken: set[str] = set()
        for found in sorted(all_found, key=lambda found: outermost.get(plain[id(found)]) is not found):
            name, number = found.name, 2
            while found.name in taken:
                found.name = f"{name}-{number}"
                number += 1
            taken.add(found.name)

    def _overrides(self, found: _Found) -> Mapping[str, Any]:
        return self._shapes.overrides((*(operation for operation, _ in found.lists), found.read))

    def _given_name(self, found: _Found) -> str:
        name = self._overrides(found).get("name")
        return kebab(name) if isinstance(name, str) else ""

    def _corrected(self, found: _Found, made: Resource, names: Collection[str]) -> Resource:
        """Return a resource with the facts that the document gives with the extension; wrong values do not count."""
        given = self._overrides(found)
        because = dict(made.because or {})
        said = f"The document says so (`{OVERRIDE}`)"
        field_, changed_at, items = (_pointer(given.get(key)) for key in ("id", "changed-at", "items"))
        if field_:
            made = replace(made, identity=ResourceId(field_, self._id_parameter(found)))
            because["id"] = said
        since = given.get("since")
        if changed_at or since:
            derived = made.changed_at or ChangeTime(changed_at or "")
            in_query = {
                parameter.name
                for operation, _ in found.lists
                for parameter in operation.parameters
                if parameter.location == "query"
            }
            time = changed_at or derived.field
            if time:
                made = replace(
                    made, changed_at=ChangeTime(time, since if since in in_query else derived.since)
                )
                because["changed_at"] = said
        if items is not None and made.main_list is not None:
            made = replace(made, main_list=replace(made.main_list, items=items))
        parent = given.get("parent")
        if isinstance(parent, str) and parent in names and parent != made.name:
            derived_parent = made.parent or ResourceParent(parent, None)
            made = replace(made, parent=replace(derived_parent, resource=parent))
            because["parent"] = said
        return replace(made, because=because)

    def _made(self, found: _Found) -> Resource:
        lists = [
            ResourceList(operation.name, shape.items_pointer)
            for operation, shape in sorted(found.lists, key=lambda entry: self._rank(found, entry[0]))
        ]
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

    def _rank(self, found: _Found, operation: Operation) -> tuple[bool, int]:
        return self._templates[operation.name] != found.collection, operation.path.count("{")

    def _item_of(self, found: _Found) -> tuple[tuple[str, ...], Any]:
        for _, shape in sorted(found.lists, key=lambda entry: self._rank(found, entry[0])):
            if self._shapes.properties(shape.item):
                return (), shape.item
        if found.read is not None:
            return self._shapes.one(found.read, singular(_last_literal(found.template)[1]))
        return (), None

    def _identity(self, found: _Found, steps: tuple[str, ...], item: Any) -> tuple[ResourceId | None, str]:
        if not (found.is_item or found.lists):
            return None, "There is only one"
        properties = self._shapes.properties(item)
        parameter = self._id_parameter(found)
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
        for name, schema in self._shapes.properties(item).items():
            match = _CHANGED.fullmatch(plain_name(name))
            if match and "date-time" in self._shapes.formats(schema):
                since = self._since(found)
                reason = f"Items have the time `{name}`"
                reason += f", and the list has `{since}`" if since else ""
                return ChangeTime(join((*steps, name)), since), reason
        return None, "Items have no time whose name says that it changes"

    def _since(self, found: _Found) -> str | None:
        for operation, _ in sorted(found.lists, key=lambda entry: self._rank(found, entry[0]))[:1]:
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


def _pointer(value: Any) -> str | None:
    """Return a JSON pointer that a document gives; None if the value is something else."""
    return value if isinstance(value, str) and (not value or value.startswith("/")) else None


def _item_prefixes(template: str) -> Iterator[str]:
    """Yield the beginnings of a template that end with a parameter, the longest first, without the template."""
    steps = template.split("/")
    for end in range(len(steps) - 1, 0, -1):
        if steps[end - 1] == "{}":
            yield "/".join(steps[:end])


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
    ids = {"id": "id", "uuid": "uuid"}
    return next((plain[rest] for ending, rest in ids.items() if own.endswith(ending) and rest in plain), None)
