"""Sources of ids: for each input, the operation that lists its values, and the field with them."""

from collections.abc import Container, Iterable, Iterator, Mapping
from shlex import quote

from dynacli.client.described_operation import DescribedOperation
from dynacli.environment import invocation
from dynacli.http.semantics import SAFE_METHODS
from dynacli.openapi.catalog.catalog_file import operations_at
from dynacli.openapi.document.json_trees import split
from dynacli.openapi.model.field_names import (
    GENERAL_NAMES,
    ID_ENDINGS,
    owner_name,
    plain_name,
    singular,
    words_of_name,
)
from dynacli.openapi.model.find_items import naming_fields, takes_id
from dynacli.openapi.model.links import links_in
from dynacli.openapi.model.media_types import success_response
from dynacli.openapi.model.operation import EACH, Field, Operation, Parameter
from dynacli.openapi.model.path_templates import (
    ListingOperations,
    collection_template,
    item_templates,
    parameter_names,
)
from dynacli.openapi.schema.response_outline import response_outline
from dynacli.registry.opened_api import OpenedApi

_CREATING = ("POST", "PUT")
_CREATING_VERBS = frozenset(("add", "create", "insert", "make", "new", "register"))
_MOST_LISTING = 4
"""Maximum number of operations whose responses are searched for the ids of an input."""
_MOST_LINKING = 8
"""Maximum number of operations whose links are read."""
_RESPONSE = "$response.body"
_ALIKE = 3
"""Number of letters that a segment of a path shares with the name of a matching resource."""
_ALONE = ("id", "uuid", "identifier")
"""Endings of input names that refer to listed resources. Inputs in paths need no such ending."""


def input_sources(
    api: OpenedApi, operation: Operation, inputs: Iterable[Parameter | Field]
) -> dict[str, str]:
    """Return option → source of its values, such as `list-runs rows[].id`, if names and paths reveal it.

    Args:
        inputs: The inputs whose sources are wanted.
    """
    wanted = list(_inputs_with_ids(operation, inputs))
    sources = _sources_in_resources(api, operation, wanted)
    wanted = [(input_, name) for input_, name in wanted if input_.option not in sources]
    if not wanted:
        return sources
    nouns = _nouns_of_path(operation.path)
    resources = {*nouns.values(), *(owner_name(name) or plain_name(name) for _, name in wanted)} - {""}
    first_letters = _possible_first_letters(resources)
    listing = ListingOperations(
        operations_at(api.catalog, SAFE_METHODS, lambda path: _first_letters(path) in first_letters)
    )
    of_path = listing.sources_of(operation)
    for input_, name in wanted:
        is_in_path = isinstance(input_, Parameter) and input_.location == "path"
        names = of_path.get(name, []) if is_in_path else listing.lists_of(name)
        names = [source for source in names if source != operation.name]
        if not names:
            continue
        noun = owner_name(name) or (nouns.get(name, "") if is_in_path else plain_name(name))
        fields = naming_fields(name, input_.description, noun)
        # `/view/project` returns a part of a project, and `/projects` lists projects.
        for source in names[:_MOST_LISTING]:
            location = _location_of_ids(api, source, fields)
            if location is not None:
                sources[input_.option] = f"{source} {location}".rstrip()
                break
    if any(input_.option not in sources for input_, _ in wanted):
        linked = _linked_sources(api, operation, first_letters)
        sources |= {
            input_.option: linked[input_.option]
            for input_, _ in wanted
            if input_.option in linked.keys() - sources
        }
    return sources


def _sources_in_resources(
    api: OpenedApi, operation: Operation, wanted: Iterable[tuple[Parameter | Field, str]]
) -> dict[str, str]:
    """Return option → source of its values, for the path parameters that select an item of a resource."""
    templates = dict(zip(parameter_names(operation.path), item_templates(operation.path), strict=True))
    sources = {}
    for input_, name in wanted:
        is_in_path = isinstance(input_, Parameter) and input_.location == "path" and name in templates
        resource = api.catalog.resource_at(templates[name]) if is_in_path else None
        if resource is None or resource.identity is None:
            continue
        for listed in resource.lists:
            if listed.operation == operation.name or listed.items is None:
                continue
            described = DescribedOperation(api, api.catalog.operation(listed.operation))
            known = described.known_items
            if described.operation.is_hidden or known is None or known.holder == "object":
                continue
            # `/attachments/{fileName}` takes a name even if `/attachments/{id}` is the path of an item.
            own = [field for field in known.names if plain_name(field) == plain_name(name)]
            field = own[:1] or split(resource.identity.field)
            items = ".".join(split(listed.items))
            sources[input_.option] = f"{listed.operation} {items}[].{'.'.join(field)}"
            break
    return sources


def listing_command(api: OpenedApi, source: str) -> str:
    """Return the command that lists the values of a source; empty if no call without inputs lists them.

    Args:
        source: A source from `input_sources`.
    """
    from dynacli.secrets import with_masked_query  # imported late: help does not need it

    name, _, path = source.partition(" ")
    operation = api.catalog.operation(name)
    takes_inputs = operation.body is not None or any(
        parameter.must_be_given for parameter in operation.parameters
    )
    if takes_inputs or operation.method not in SAFE_METHODS or "[]" not in path:
        return ""
    return f"{invocation(api=with_masked_query(api.name))} {name} -f {quote(path)}"


def _linked_sources(api: OpenedApi, operation: Operation, first_letters: Container[str]) -> dict[str, str]:
    """Return option → the operation whose response links to this one, and the field with the value.

    To save time, this reads only operations that create a resource in the path.
    """
    creating = operations_at(api.catalog, _CREATING, lambda path: _first_letters(path) in first_letters)
    sources: dict[str, str] = {}
    for summary in creating[:_MOST_LINKING]:
        described = DescribedOperation(api, api.catalog.operation(summary.name))
        if not any(links_in(described.raw_responses, described.follow)):
            continue
        # Imported late: this module also makes examples, which is slow, and most documents have no link.
        from dynacli.client.links.describe_links import describe_links, linked_names

        if operation.name not in (target for _, target in linked_names(described)):
            continue
        links = (link for link in describe_links(described).values() if link["operation"] == operation.name)
        for fill in (fill for link in links for fill in link["fills"]):
            expression, _, pointer = str(fill["from"]).partition("#/")
            if expression == _RESPONSE:
                sources.setdefault(
                    fill["option"].removeprefix("--"), f"{summary.name} {pointer.replace('/', '.')}"
                )
    return sources


def _inputs_with_ids(
    operation: Operation, inputs: Iterable[Parameter | Field]
) -> Iterator[tuple[Parameter | Field, str]]:
    """Yield the inputs that may refer to a listed resource, with their names."""
    in_path = set(parameter_names(operation.path))
    created = _created_resources(operation)
    for input_ in inputs:
        name = input_.name if isinstance(input_, Parameter) else input_.path[-1]
        source = input_.value.items if input_.value.items is not None else input_.value
        is_in_path = isinstance(input_, Parameter) and input_.location == "path" and name in in_path
        plain = plain_name(name)
        is_id = plain.endswith(_ALONE) and bool(owner_name(name))
        is_thing = takes_id(source) and plain not in GENERAL_NAMES
        if not is_in_path and owner_name(name) in created and _is_of_whole(input_):
            continue  # no list has a new id yet
        if not source.enum and (is_in_path or is_id or is_thing):
            yield input_, name


def _created_resources(operation: Operation) -> set[str]:
    """Return possible names of the resource that an operation creates: `artifact` for `POST /artifacts`."""
    last = operation.path.rstrip("/").rpartition("/")[2]
    verb, *noun = words_of_name(last) or [""]
    if verb in _CREATING_VERBS and noun:  # `/createGroupPad` creates a pad
        return {singular("".join(noun)), singular(noun[-1])}
    is_collection = operation.method == "POST" and not parameter_names(f"/{last}")
    return {singular(last)} if is_collection else set()


def _is_of_whole(input_: Parameter | Field) -> bool:
    """Return whether an input is a parameter, or a property at the top of the body or of its items."""
    return isinstance(input_, Parameter) or len([step for step in input_.path if step != EACH]) == 1


def _first_letters(path: str) -> str:
    """Return the first letters of the last segment of a path, for a quick selection before the exact one."""
    return path.rstrip("/").rpartition("/")[2][:_ALIKE].lower()


def _possible_first_letters(resources: Iterable[str]) -> set[str]:
    """Return the first letters that a segment may have if it is named after a resource."""
    # Singular and plural share their first letters. A name may span two segments: `promptversion`.
    sizes = range(1, _ALIKE + 1)
    return {
        resource[at : at + size] for resource in resources for at in range(len(resource)) for size in sizes
    }


def _nouns_of_path(path: str) -> Mapping[str, str]:
    """Return path parameter → name of the resource that it selects."""
    names = parameter_names(path)
    return {
        name: singular(collection_template(path, index).rpartition("/")[2])
        for index, name in enumerate(names)
    }


def _location_of_ids(api: OpenedApi, name: str, fields: list[str]) -> str | None:
    """Return the location of an item's id in the response of an operation; None if the response has no list."""
    described = DescribedOperation(api, api.catalog.operation(name))
    response = success_response(described.raw_responses, described.follow)
    for line in response_outline(response, described.resolve).lines:
        if not line.place.endswith("[]"):
            continue
        plain = {plain_name(name): name for name in reversed(line.names)}
        for field in fields:
            if field in plain and not plain[field].endswith(("[]", "{}")):
                return f"{line.place}.{plain[field]}"
        return None if any(item in plain for item in ID_ENDINGS) or len(line.names) > 1 else line.place

    items = described.known_items
    return ".".join((*items.steps, "keys")) if items is not None and items.holder == "object" else None
