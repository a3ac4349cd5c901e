"""Chains: the operations that create, read, change and delete one kind of resource, if paths or links show it.

    POST /items, or PUT /items/{id}       creates
    GET /items/{id}                       reads
    PATCH, PUT /items/{id}                change
    DELETE /items/{id}                    deletes

They are the operations of a resource of the document. If several POSTs create the same kind of resource, each has a
chain. Without a POST, a PUT with an invented name creates it, after a GET has shown that the name is unused.

A check runs the chains: it reads, changes and removes each resource that it created, even after an error.
"""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, Protocol
from urllib.parse import quote, unquote

from dynacli.client.described_operation import DescribedOperation
from dynacli.client.links.describe_links import describe_links
from dynacli.client.links.follow_link import ReceivedCall, link_value
from dynacli.features.check._call_planner import ParameterSchemas, ResponseValues
from dynacli.features.check.check_records import INVENTED, Exchange, InputValue
from dynacli.features.check.input_values import (
    OWN_PREFIX,
    fields_of_other_ids,
    known_ids_for_body,
    own_names_for_body,
    unused_name,
)
from dynacli.features.check.operation_validator import GONE
from dynacli.openapi.model.field_names import ID_ENDINGS, is_id_name, plain_name, singular
from dynacli.openapi.model.find_items import item_values
from dynacli.openapi.model.operation import Operation, OperationSummary, Parameter, documented_status
from dynacli.openapi.model.path_templates import item_template, nouns_of, parameter_names, path_template
from dynacli.openapi.model.resources import Resource
from dynacli.record import record, replace
from dynacli.urls import join_url, split_url, without_query

_ENVELOPES = ("data", "result")
_MAX_DEPTH = 3
_NOT_THERE = frozenset({*GONE, 400, 422})
"""Statuses for an id that the server does not know, or that is malformed."""
_SERVER_ERROR = 500


@record
class ResourceChain:
    """The operations on one kind of resource, by their names.

    Args:
        create: The operation that creates a resource.
        item_path: The path of a resource: a template whose parameters have no names, such as `/things/{}`.
        read: The operation that returns it; empty if there is none.
        updates: The operations that change it.
        delete: The operation that deletes it; empty if there is none.
        parent_path: The `item_path` of the chain whose resource contains this one; empty if there is none.
        is_created_by_put: Whether the client chooses the name of the resource.
    """

    create: str
    item_path: str
    read: str = ""
    updates: tuple[str, ...] = ()
    delete: str = ""
    parent_path: str = ""
    is_created_by_put: bool = False

    @property
    def steps(self) -> tuple[str, ...]:
        """All operations, in the order of their calls."""
        return tuple(name for name in (self.create, self.read, *self.updates, self.delete) if name)

    @property
    def changing(self) -> tuple[str, ...]:
        """The operations that change something."""
        return tuple(name for name in self.steps if name != self.read)

    @property
    def on_item(self) -> tuple[str, ...]:
        """The operations on an existing resource."""
        return tuple(name for name in (self.read, *self.updates, self.delete) if name)


def find_chains(
    resources: Iterable[Resource], operations: Iterable[OperationSummary | Operation]
) -> list[ResourceChain]:
    """Return the chains of a document, in the order of the document.

    Args:
        resources: The resources of the document.
        operations: The operations that chains may call.
    """
    by_name = {operation.name: operation for operation in operations}
    found = {
        chain.create: (chain, resource)
        for resource in resources
        if resource.template.endswith("}")
        for chain in _chains_of(resource, by_name)
    }
    parents = {resource.name: resource.parent.resource for _, resource in found.values() if resource.parent}
    paths = {resource.name: chain.item_path for chain, resource in found.values()}
    return [
        replace(found[name][0], parent_path=paths.get(parents.get(found[name][1].name, ""), ""))
        for name in by_name
        if name in found
    ]


def _chains_of(
    resource: Resource, by_name: Mapping[str, OperationSummary | Operation]
) -> Iterator[ResourceChain]:
    """Yield a chain for each POST that creates a resource, or for the PUT of an item if there is none.

    The path of the POST must show all enclosing resources. Another operation must show what was created. A POST that
    belongs to the resource by the name of its collection alone needs a read operation and a deletion.
    """
    path, collection = resource.template, resource.template.removesuffix("/{}")
    read, delete = (name if name in by_name else "" for name in (resource.read or "", resource.delete or ""))
    updates = tuple(name for name in resource.change if name in by_name)
    is_shown = bool(read or delete or any(by_name[name].method != "POST" for name in updates))
    is_created = False
    for create in (by_name[name] for name in resource.create if name in by_name):
        above = item_template(create.path)
        is_named_alike = above != collection and above.rpartition("/")[2] == collection.rpartition("/")[2]
        is_complete = path.count("{}") - 1 <= above.count("{}")
        is_certain = is_shown if not is_named_alike else bool(read and delete)
        if create.method == "POST" and is_complete and is_certain:
            is_created = True
            yield ResourceChain(create.name, path, read, updates, delete)
    put = next((name for name in updates if by_name[name].method == "PUT"), "")
    if put and read and delete and not is_created:
        others = tuple(name for name in updates if name != put)
        yield ResourceChain(put, path, read, others, delete, is_created_by_put=True)


class ResponseLinks:
    """The links in the responses of one operation."""

    def __init__(self, described: DescribedOperation) -> None:
        self._documented = [response.status for response in described.operation.responses]
        self._links = describe_links(described)

    @property
    def targets(self) -> tuple[str, ...]:
        """The names of the operations that are targets of the links."""
        return tuple(dict.fromkeys(link["operation"] for link in self._links.values() if link["operation"]))

    def values(self, exchange: Exchange) -> Iterator[tuple[str, tuple[InputValue, ...]]]:
        """Yield the linked operation and the values for it, for each link that applies to a response."""
        if exchange.response is None:
            return
        status = documented_status(exchange.response.status, self._documented)
        sent = {value.key: value.value for value in exchange.planned.values}
        call = ReceivedCall(
            exchange.request, sent, exchange.sent_json, exchange.response, exchange.response_json
        )
        for link in self._links.values():
            if link["operation"] is None or link["status"] != status:
                continue
            values = []
            for fill in link["fills"]:
                value = link_value(fill["from"], call)
                if value is not None and fill["in"] != "body":
                    values.append(
                        InputValue(fill["in"], fill["name"], value, "link", exchange.operation_name)
                    )
            if values:
                yield link["operation"], tuple(values)


def _unused_id(described: DescribedOperation) -> Any:
    """Return a random id that is almost certainly unused; None if the document allows none.

    Args:
        described: An operation on one resource.
    """
    import secrets
    from uuid import uuid4

    last = parameter_names(described.operation.path)[-1]
    fits = ParameterSchemas(described).fits
    for parameter in described.operation.parameters:
        if parameter.location == "path" and parameter.name == last:
            ids: tuple[Any, ...] = (unused_name(), str(uuid4()))
            if is_id_name(last):  # not for an amount: `/delay/{delay}` would wait that long
                ids += (10**8 + secrets.randbelow(10**8),)
            return next((id_ for id_ in ids if fits(parameter, id_)), None)
    return None


def _created_paths(
    exchange: Exchange,
    create: DescribedOperation,
    links: ResponseLinks,
    on_item: list[DescribedOperation],
    *,
    can_confirm: bool = False,
) -> list[tuple[Any, ...]]:
    """Return the possible path values of a resource that a POST created, the most reliable first; empty if unknown.

    The server may know only one of them: the path may need the id of the resource, or its name.

    Args:
        exchange: The call that created it.
        create: The operation of that call.
        links: The links in the responses of that operation.
        on_item: The operations on such a resource; they have the same path, except for the names of parameters.
        can_confirm: Whether the resource is read before it is changed. Otherwise, a name in the request counts only if
            the check invented it.
    """
    if not on_item:
        return []
    sent = exchange.planned.path_values
    # The path of an item may lack the resource in which it was created.
    above = len(parameter_names(on_item[0].operation.path)) - 1
    parent = tuple(map(sent.get, parameter_names(create.operation.path)))[:above]
    ids = dict.fromkeys(_created_ids(exchange, links, on_item, can_confirm=can_confirm))
    return [(*parent, value) for value in ids]


def _naming_fields(on_item: list[DescribedOperation]) -> list[str]:
    """Return the plain names of fields that may name a new resource: `name`, and those that its path suggests."""
    names = ["name"]
    for described in on_item[:1]:
        parameter, noun = _last_parameter(described), _noun(described)
        if parameter is not None:
            name = plain_name(parameter.name)
            # The server chooses an id, unless the path parameter is a name, key, slug or code.
            endings = [item for item in ("name", "key", "slug", "code") if name.endswith(item)]
            names.extend(item for ending in endings for item in (ending, noun + ending))
    return list(dict.fromkeys(names))


def _created_ids(
    exchange: Exchange, links: ResponseLinks, on_item: list[DescribedOperation], *, can_confirm: bool
) -> Iterator[Any]:
    """Yield possible values for the last path parameter of a created resource.

    The sources are a link in the document, then `Location` (RFC 9110, section 15.3.2), then fields of the response, and
    last the name in the request. The first two are certain, so they end the search.
    """
    names = {described.operation.name: parameter_names(described.operation.path)[-1] for described in on_item}
    for target, values in links.values(exchange):
        for value in values:
            if target in names and value.location == "path" and value.name == names[target]:
                yield value.value
                return
    parameter, noun = _last_parameter(on_item[0]), _noun(on_item[0])
    if parameter is None:
        return
    fits = ParameterSchemas(on_item[0]).fits
    text = _id_in_location(exchange, on_item[0].operation.path)
    number = int(text) if text.isascii() and text.isdigit() and len(text) < 20 else None
    for member in (text, number):
        if member not in {"", None} and fits(parameter, member):
            yield member
            return
    for item in _candidates(exchange.response_json(), noun):
        yield from item_values(item, parameter, noun, fits)
    for value in item_values(_naming_part(exchange.sent_json, parameter, noun), parameter, noun, fits):
        if can_confirm or str(value).startswith(OWN_PREFIX):
            yield value


def _last_parameter(described: DescribedOperation) -> Parameter | None:
    last = parameter_names(described.operation.path)[-1]
    parameters = described.operation.parameters
    return next(
        (parameter for parameter in parameters if parameter.location == "path" and parameter.name == last),
        None,
    )


def _noun(described: DescribedOperation) -> str:
    """Return the noun for a resource: the singular of the last segment before the last parameter of its path."""
    collection = re.sub(r"/?\{[^{}]*\}/?$", "", described.operation.path)
    return singular(collection.rpartition("/")[2])


def _naming_part(sent: Any, parameter: Parameter, noun: str) -> Mapping[str, Any]:
    """Return the fields of a body that may contain the identifier of the new resource."""
    if not isinstance(sent, Mapping):
        return {}
    name = plain_name(parameter.name)
    endings = [ending for ending in ID_ENDINGS if name.endswith(ending)] or list(ID_ENDINGS)
    wanted = {name, *endings, *(noun + ending for ending in endings)}
    return {str(key): value for key, value in sent.items() if plain_name(str(key)) in wanted}


def _candidates(body: Any, noun: str, depth: int = 0) -> Iterator[Any]:
    """Yield the parts of a response that may be the resource.

    They are members with its noun as the name, the content of an envelope, the response itself, and all other members.
    """
    if isinstance(body, list):
        body = body[0] if len(body) == 1 else None
    if not isinstance(body, Mapping):
        if body is not None:
            yield body  # the body may be just the id
        return
    members = [(key, value) for key, value in body.items() if isinstance(value, Mapping)]
    yield from (value for key, value in members if singular(str(key)) == noun)
    for name in _ENVELOPES if depth < _MAX_DEPTH else ():
        if isinstance(body.get(name), Mapping | list):
            yield from _candidates(body[name], noun, depth + 1)
    yield body
    yield from (value for _, value in members)


def _id_in_location(exchange: Exchange, path: str) -> str:
    """Return the last segment of the URL in `Location` (RFC 9110, section 10.2.2); empty if it has another path.

    The URL may be relative to the URL of the request, or to the collection, as many servers do it.
    """
    location = exchange.response.header("location") if exchange.response is not None else ""
    if not location:
        return ""
    asked = exchange.request.url.partition("?")[0].rstrip("/")
    pieces = re.split(r"\{[^{}]*\}", path.removesuffix("/"))
    pattern = "([^/]+)".join(map(re.escape, pieces)) + "/?$"
    for base in (asked, f"{asked}/"):
        try:
            found = re.search(pattern, split_url(join_url(base, location)).path)
        except ValueError:
            return ""
        if found is not None:
            return unquote(found.groups()[-1])
    # A proxy may change the part of the path before the collection.
    *_, collection, value = ["", "", *split_url(location).path.rstrip("/").split("/")]
    is_same = collection != "" and collection == path.rstrip("/").rpartition("/")[0].rpartition("/")[2]
    return unquote(value) if is_same else ""


class CreatedResources:
    """Remembers the paths of resources that were created outside of chains.

    Args:
        operations: The called operations, by name.
        changing_names: The names of operations that you selected although they may change something.
        links: Operation → the links in its responses.
        responses: The values of earlier responses.
    """

    def __init__(
        self,
        operations: Mapping[str, DescribedOperation],
        changing_names: Iterable[str],
        links: Mapping[str, ResponseLinks],
        responses: ResponseValues,
    ) -> None:
        self._operations, self._links, self._responses = operations, links, responses
        names = set(changing_names)
        called = [described.operation for described in operations.values()]
        catalogs = [described.api.catalog for described in operations.values()][: len(names)]
        chains = [chain for catalog in catalogs[:1] for chain in find_chains(catalog.resources(), called)]
        self._chains: dict[str, ResourceChain] = {
            chain.create: chain for chain in chains if chain.create in names and not chain.is_created_by_put
        }
        self._paths: list[tuple[ResourceChain, tuple[object, ...]]] = []

    def add(self, exchange: Exchange) -> None:
        """Remember the resource that a call created, unless its response names a known resource."""
        chain = self._chains.get(exchange.operation_name)
        if chain is None or not exchange.is_success:
            return
        on_item = [self._operations[name] for name in chain.on_item if name in self._operations]
        paths = _created_paths(exchange, self._operations[chain.create], self._links[chain.create], on_item)
        if paths and str(paths[0][-1]) not in self._responses.known_ids(on_item):
            self._paths.append((chain, paths[0]))

    def path_values(self, described: DescribedOperation) -> Sequence[tuple[InputValue, ...]]:
        """Return path values of created resources for the beginning of an operation's path, the longest first."""
        template = path_template(described.operation.path).removesuffix("/")
        names = parameter_names(described.operation.path)
        found = [
            tuple(
                InputValue("path", name, value, "response", chain.create)
                for name, value in zip(names, path, strict=False)
            )
            for chain, path in self._paths
            if template == chain.item_path
            or template.startswith((f"{chain.item_path}/", f"{chain.item_path}:"))
        ]
        return sorted(found, key=len, reverse=True)


class ChainCaller(Protocol):
    """The part of `CheckRun` that chains need: it makes single calls."""

    is_interrupted: bool

    def call(
        self,
        described: DescribedOperation,
        path_values: Sequence[InputValue],
        *,
        body_values: Sequence[InputValue] = (),
        is_vital: bool = False,
        may_repeat: bool = False,
    ) -> Exchange | None:
        """Make a call with these values in its path and body; return None if it cannot be made."""

    def unanswered_reads(self, item_path: str) -> list[DescribedOperation]:
        """Return the read-only operations below the path of an item that have no successful call so far.

        Args:
            item_path: The path of the item, with the names of its parameters.
        """

    def answerable_reads(self, item_path: str) -> list[DescribedOperation]:
        """Return the read-only operations on one kind of resource that may succeed with values from new responses.

        Args:
            item_path: The path of such a resource.
        """

    def skip(self, name: str, reason: str) -> None:
        """Record the reason why an operation is not called."""


class ChainRunner:
    """Runs chains.

    Attributes:
        leftovers: A sentence for each created resource that was not removed, or may exist.

    If several operations create the same kind of resource, its updates and parts are tested on the first resource
    that can be created.

    Args:
        caller: Makes the calls.
        operations: The operations, by name.
        chains: The chains to run.
        responses: The values of the responses so far.
        links: Operation → the links in its responses.
    """

    def __init__(
        self,
        caller: ChainCaller,
        operations: Mapping[str, DescribedOperation],
        chains: Sequence[ResourceChain],
        responses: ResponseValues,
        links: Mapping[str, ResponseLinks],
    ) -> None:
        self._caller, self._operations, self._chains = caller, operations, chains
        self._responses, self._links = responses, links
        self.leftovers: list[str] = []
        self._tried: set[str] = set()
        self._done: set[str] = set()
        item_paths = {chain.item_path for chain in chains}
        self._tops = [chain for chain in chains if chain.parent_path not in item_paths]
        self._wanted: dict[str, set[str]] = {}
        self._nested: set[tuple[str, str]] = set()

    def run(self) -> None:
        """Run the chains one after the other.

        A chain for parts of a resource runs while that resource exists. So does a chain whose body needs its id.

        Raises:
            KeyboardInterrupt: Ctrl-C was pressed, after which the created resources were deleted.
        """
        alone = [chain for chain in self._tops if not any(self._wants(chain, of) for of in self._tops)]
        for chain in (*alone, *self._tops):
            if chain.create not in self._tried:
                self._stop_if_interrupted()
                self._run_chain(chain, (), "")

    def _wants(self, chain: ResourceChain, other: ResourceChain) -> bool:
        """Return whether the body of a creation has a field for the id of a resource of another chain."""
        if chain.create not in self._wanted:
            fields = fields_of_other_ids(self._operations[chain.create])
            self._wanted[chain.create] = {plain_name(field.rpartition(".")[2]) for field in fields}
        nouns = nouns_of(other.item_path.rpartition("/")[0])
        return not self._wanted[chain.create].isdisjoint(
            noun + ending for noun in nouns for ending in ID_ENDINGS
        )

    def _dependents(self, chain: ResourceChain) -> Iterator[ResourceChain]:
        """Yield the chains that need the id of the created resource, each once, unless they created one before."""
        for other in self._tops:
            pair = other.create, chain.create
            if other.create not in self._done and pair not in self._nested and self._wants(other, chain):
                self._nested.add(pair)
                yield other

    def _run_chain(self, chain: ResourceChain, parent: tuple[Any, ...], parent_source: str) -> None:
        """Run a chain.

        Args:
            parent: The path values of the enclosing resource if this check created it; else empty.
            parent_source: The operation that created the enclosing resource.
        """
        create = self._operations[chain.create]
        path_values = _values_for_path(create, parent, parent_source)
        if chain.is_created_by_put:
            path_values = self._unused_path(chain, path_values)
            if not path_values:
                return
        self._tried.add(chain.create)
        known_ids = self._responses.known_ids(self._on_item(chain))
        body_values = known_ids_for_body(create, self._responses)
        if not chain.is_created_by_put:
            body_values += own_names_for_body(create, _naming_fields(self._on_item(chain)))
        try:
            creation = self._caller.call(create, path_values, body_values=body_values, is_vital=True)
        except BaseException:
            self.leftovers.append(f"`{chain.create}` was interrupted and may have created something")
            raise
        paths = self._paths_of_created(chain, creation, known_ids)
        if creation is None or not paths:
            self._stop_if_interrupted()
            others = (item.create for item in self._chains if item.item_path == chain.item_path)
            if self._tried.issuperset(others):  # no other chain can create an enclosing resource
                for part in self._parts(chain):  # so use an existing one, if one is known
                    self._run_chain(part, (), "")
            return
        self._done.add(chain.create)
        path, forget = paths[0], _do_nothing
        try:
            self._stop_if_interrupted()
            path = self._read(chain, paths)
            forget = self._responses.add_created(
                chain.create, chain.item_path, path, creation.response_json()
            )
            updates = [name for name in chain.updates if name in self._operations and name not in self._done]
            for name in updates:
                self._call_on_item(name, path, chain.create)
            self._done.update(updates)
            if updates and chain.read in self._operations:
                self._call_on_item(chain.read, path, chain.create)
            item_path = self._on_item(chain)[0].operation.path
            for described in self._caller.unanswered_reads(item_path):
                self._call_on_item(described.operation.name, path, chain.create)
            for part in self._parts(chain):
                self._run_chain(part, path, chain.create)
            for dependent in self._dependents(chain):
                self._run_chain(dependent, (), "")
            for described in self._caller.answerable_reads(chain.item_path):
                self._caller.call(described, ())
        finally:
            forget()
            self._delete(chain, creation, path)

    def _parts(self, chain: ResourceChain) -> list[ResourceChain]:
        """Return the chains for parts of a chain's resource, except chains that have created something already."""
        parts = [part for part in self._chains if part.parent_path == chain.item_path]
        return [part for part in parts if part.create not in self._done]

    def _read(self, chain: ResourceChain, paths: Sequence[tuple[Any, ...]]) -> tuple[Any, ...]:
        """Read the created resource, and return the first of the possible paths that the server knows.

        If the server knows none, return the most reliable one. Another path counts only if the response contains the
        most reliable value, too: otherwise it may belong to another resource.
        """
        if chain.read not in self._operations:
            return paths[0]
        for path in paths:
            exchange = self._call_on_item(chain.read, path, chain.create)
            if exchange is None or exchange.response is None:
                break
            if exchange.is_success and (
                path is paths[0] or _speaks_of(exchange.response_json(), paths[0][-1])
            ):
                return path
            if not exchange.is_success and exchange.response.status not in _NOT_THERE:
                break
        return paths[0]

    def _on_item(self, chain: ResourceChain) -> list[DescribedOperation]:
        return [self._operations[name] for name in chain.on_item if name in self._operations]

    def _call_on_item(
        self, name: str, path: tuple[Any, ...], source: str, *, is_removal: bool = False
    ) -> Exchange | None:
        described = self._operations[name]
        path_values = _values_for_path(described, path, source)
        return self._caller.call(described, path_values, is_vital=is_removal, may_repeat=is_removal)

    def _unused_path(self, chain: ResourceChain, parent_values: list[InputValue]) -> list[InputValue]:
        """Return path values for a PUT where no resource exists; empty if no such path was found."""
        create, read = self._operations[chain.create], self._operations[chain.read]
        unused = _unused_id(create)
        if unused is None:
            self._skip(chain, "no name for a new resource can be made up", with_creation=True)
            return []
        names = parameter_names(read.operation.path)
        path_values = [_renamed(value, name) for name, value in zip(names, parent_values, strict=False)]
        path_values.append(InputValue("path", names[-1], unused, INVENTED))
        exchange = self._caller.call(read, path_values, is_vital=False)
        if exchange is None or exchange.response is None or exchange.response.status not in GONE:
            self._skip(chain, f"`{chain.read}` does not say that a name is free", with_creation=True)
            return []
        sent = {value.name: value for value in exchange.planned.values if value.location == "path"}
        create_names = parameter_names(create.operation.path)
        return [
            _renamed(sent[name], create_name) for create_name, name in zip(create_names, names, strict=True)
        ]

    def _paths_of_created(
        self, chain: ResourceChain, creation: Exchange | None, known_ids: Mapping[str, bool]
    ) -> list[tuple[Any, ...]]:
        """Return the possible path values of a created resource; empty if they are unknown, with a recorded reason.

        Args:
            creation: The call that creates it; None if it could not be made.
            known_ids: Id of each resource that existed before → whether a response contained it.
        """
        if creation is None or not creation.is_success:
            status = creation.response.status if creation is not None and creation.response is not None else 0
            if creation is not None and (not status or status >= _SERVER_ERROR):
                where = without_query(creation.shown.url)
                how = f"responded with {status}" if status else "got no response"
                self.leftovers.append(f"`{chain.create}` {how} and may have created something at {where}")
            self._skip(chain, f"`{chain.create}` created nothing that it could be called for")
            return []
        create = self._operations[chain.create]
        if chain.is_created_by_put:
            paths = [tuple(map(creation.planned.path_values.get, parameter_names(create.operation.path)))]
        else:
            paths = _created_paths(
                creation,
                create,
                self._links[chain.create],
                self._on_item(chain),
                can_confirm=chain.read in self._operations,
            )
        if not paths:
            where = without_query(creation.shown.url)
            self.leftovers.append(
                f"`{chain.create}` created something at {where}, and its response does not say what it is called"
            )
            self._skip(chain, "the response of the creation does not say what was created")
        elif str(paths[0][-1]) in known_ids:
            reason = f"the response of `{chain.create}` names `{paths[0][-1]}`, which was there before"
            self._skip(chain, creation.masker.mask(reason))
            if not known_ids[str(paths[0][-1])]:
                self.leftovers.append(
                    f"{_created_text(chain, creation, paths[0])}, or it was there before: an earlier call with that id"
                    " succeeded, so it was not removed"
                )
            return []
        return [path for path in paths if str(path[-1]) not in known_ids]

    def _delete(self, chain: ResourceChain, creation: Exchange, path: tuple[Any, ...]) -> None:
        created = _created_text(chain, creation, path)
        if not chain.delete:
            self.leftovers.append(f"{created}, and the document has nothing that removes it")
            return
        try:
            exchange = self._call_on_item(chain.delete, path, chain.create, is_removal=True)
        except BaseException:
            self.leftovers.append(f"{created}, and it was not removed")
            raise
        if exchange is None:
            self.leftovers.append(f"{created}, and `{chain.delete}` could not be called")
        elif exchange.response is None:
            self.leftovers.append(f"{created}, and `{chain.delete}` got no response")
        elif not exchange.is_success:
            self.leftovers.append(
                f"{created}, and `{chain.delete}` responded with {exchange.response.status}"
            )
        elif self._operations[chain.delete].operation.path.rstrip("/").endswith("/archive"):
            self.leftovers.append(f"{created}, which is archived and not removed")

    def _skip(self, chain: ResourceChain, reason: str, *, with_creation: bool = False) -> None:
        """Record the reason why the other operations of a chain are not called."""
        for name in (chain.create if with_creation else "", *chain.updates, chain.delete):
            if name:
                self._caller.skip(name, reason)

    def _stop_if_interrupted(self) -> None:
        if self._caller.is_interrupted:
            raise KeyboardInterrupt


def _do_nothing() -> None:
    """Forget nothing, because no resource was added yet."""


def _created_text(chain: ResourceChain, creation: Exchange, path: tuple[Any, ...]) -> str:
    """Return a sentence about the created resource, without secrets: "`create` created http://host/items/1"."""
    url = without_query(creation.shown.url).removesuffix("/")
    if not chain.is_created_by_put:
        url = creation.masker.mask(f"{url}/{quote(str(path[-1]), safe='')}")
    return f"`{chain.create}` created {url}"


def _speaks_of(body: Any, value: Any) -> bool:
    """Return whether a JSON response contains a value at any depth."""
    waiting, text = [body], str(value)
    while waiting:
        node = waiting.pop()
        if isinstance(node, Mapping):
            waiting.extend(node.values())
        elif isinstance(node, list):
            waiting.extend(node)
        elif str(node) == text:
            return True
    return False


def _renamed(value: InputValue, name: str) -> InputValue:
    return InputValue("path", name, value.value, value.origin, value.source)


def _values_for_path(described: DescribedOperation, path: Sequence[Any], source: str) -> list[InputValue]:
    """Return path values by position, because the same parameter may have another name in another path."""
    return [
        InputValue("path", name, value, "response", source)
        for name, value in zip(parameter_names(described.operation.path), path, strict=False)
        if value is not None
    ]
