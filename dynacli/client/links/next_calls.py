"""Next calls after a response: read-only operations that take the id of the listed, shown or created resource.

They are found by paths and names: after `/runs` comes `/runs/{id}`, and after that `/runs/{id}/trace`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

from dynacli.client.call import Call, base_url_of
from dynacli.client.described_operation import DescribedOperation
from dynacli.client.inputs.call_inputs import ParameterKey
from dynacli.client.links.follow_link import followed_inputs, json_of, links_of
from dynacli.client.operation_at import operation_by_id
from dynacli.errors import FormatError
from dynacli.openapi.catalog.catalog_file import Catalog, operations_at
from dynacli.openapi.document.json_trees import MISSING, split
from dynacli.openapi.document.json_trees import follow as follow_steps
from dynacli.openapi.model.acting_names import is_reading
from dynacli.openapi.model.field_names import NAMING, plain_name, singular
from dynacli.openapi.model.find_items import ENVELOPES, fitting_value, item_values
from dynacli.openapi.model.media_types import success_response, success_schema
from dynacli.openapi.model.operation import Operation, OperationSummary, Parameter, documented_status
from dynacli.openapi.model.path_templates import (
    collection_template,
    item_template,
    item_templates,
    listed_collections,
    parameter_names,
    path_template,
    path_values,
    resource_template,
)
from dynacli.openapi.model.wording import option_pair, shell_word
from dynacli.openapi.schema.document_schemas import DocumentSchemas, NoExampleError
from dynacli.openapi.schema.example_call import option_text
from dynacli.openapi.schema.read_schema import possible_schemas, properties_of
from dynacli.urls import join_url, split_url

if TYPE_CHECKING:
    from dynacli.http.exchange import WireResponse
    from dynacli.openapi.model.resources import Resource

_IDS = ("id", "uuid", "identifier", "number")
_LONGEST = 100
"""Maximum length of a path value in a suggested command."""
_MOST_OPERATIONS = 50
"""Maximum number of operations to try. A document can have thousands below one resource that do not take its id."""
_MOST_DIGITS = 20
_UNFINISHED = frozenset(
    (
        *(
            "accepted",
            "building",
            "created",
            "creating",
            "enqueued",
            "executing",
            "initializing",
            "inprogress",
        ),
        *("new", "pending", "preparing", "processing", "provisioning", "queued", "requested", "running"),
        *("scheduled", "started", "starting", "submitted", "waiting", "working"),
    )
)
"""Plain names of temporary states."""
_STATES = ("status", "state")
_STATE = re.compile(r"[\w.-]+")


def next_calls(
    described: DescribedOperation, item: Any, given: Mapping[ParameterKey, Any]
) -> Iterator[tuple[str, list[str]]]:
    """Yield the operations that may follow a response, each with the arguments of a call: `get-run`, `["r7"]`.

    After a list or the creation of an item, operations on that item come first, then those below it. After a single
    item, only operations below it follow.

    Args:
        described: The operation of the response.
        item: An item of the list, or the value of the response.
        given: Parameter → value in its call. Inputs of the same name get these values, too.

    Raises:
        DamagedCatalogError: The catalog is damaged.
    """
    if described.operation.method == "DELETE":
        return
    catalog, resource = described.api.catalog, _resource_of_items(described)
    identity = resource.identity if resource is not None else None
    steps = split(identity.field) if identity is not None else ()
    of_resource = _operations_on_item(catalog, resource) if resource is not None else []
    found = list(_calls_of(of_resource, described, item, given, steps))
    yield from found or _calls_of(
        _operations_with_id(catalog, described.operation.path), described, item, given, ()
    )


def _calls_of(
    summaries: Sequence[OperationSummary],
    described: DescribedOperation,
    item: Any,
    given: Mapping[ParameterKey, Any],
    identity: Sequence[str],
) -> Iterator[tuple[str, list[str]]]:
    """Yield the operations that can be called for an item, each with the arguments of a call."""
    for summary in summaries[:_MOST_OPERATIONS]:
        if summary.name != described.operation.name:
            target = DescribedOperation(described.api, described.api.catalog.operation(summary.name))
            arguments = _arguments_of(target, item, given_to(target, described, given), identity)
            if arguments is not None:
                yield summary.name, arguments


def _resource_of_items(described: DescribedOperation) -> Resource | None:
    """Return the resource that an operation lists or creates, if its items have a path; None if there is none."""
    name = described.operation.name
    for resource in described.api.catalog.resources_of(name) if described.is_documented else ():
        names = (*(listed.operation for listed in resource.lists), *resource.create)
        if name in names and name not in resource.change and resource.template.endswith("}"):
            return resource
    return None


def _operations_on_item(catalog: Catalog, resource: Resource) -> list[OperationSummary]:
    """Return the operations on the item of a resource, then those below it."""
    template = resource.template

    def is_wanted(path: str) -> bool:
        is_below = item_template(path) == template or path_template(path).startswith(f"{template}/")
        return is_below and path.count("{") == template.count("{")

    summaries = operations_at(catalog, ("GET",), is_wanted)
    by_id = operation_by_id(catalog, summaries[0].path) if summaries else None
    summaries.sort(key=lambda summary: item_template(summary.path) != template)
    return summaries if by_id is None else [by_id, *summaries]


def _operations_with_id(catalog: Catalog, path: str) -> list[OperationSummary]:
    """Return the operations on the item of a response, then those below it."""
    listed = listed_collections(path)
    is_of_item = listed.collection.endswith("}")
    above = listed.collection.rpartition("/")[0] if is_of_item else listed.collection
    collections = {resource_template(collection) for collection in (above, listed.nearby) if collection}
    count = above.count("{}") + 1

    def is_wanted(path: str) -> bool:
        is_as_long = len(parameter_names(path)) == count
        return is_as_long and resource_template(collection_template(path, count - 1)) in collections

    def is_on_item(path: str) -> bool:
        is_alone = len(parameter_names(path)) == 1 and path.rstrip("/").endswith("}")
        return is_alone and collection_template(path, 0).rpartition("/")[2] == listed.segment

    summaries = operations_at(catalog, ("GET",), is_wanted)
    if not summaries and not is_of_item:
        # `/workflows/{id}/runs` lists runs that `/runs/{id}` shows, unless there is a path below the workflow.
        summaries = operations_at(catalog, ("GET",), is_on_item)
    by_id = operation_by_id(catalog, summaries[0].path) if summaries else None
    summaries = sorted(summaries, key=lambda summary: not summary.path.rstrip("/").endswith("}"))
    return summaries if by_id is None else [by_id, *summaries]


def given_to(
    target: DescribedOperation, described: DescribedOperation, given: Mapping[ParameterKey, Any]
) -> dict[ParameterKey, Any]:
    """Return parameter → value for a target, from another call. Path values are matched by the path before them."""
    values = {key: value for key, value in given.items() if key[0] != "path"}
    ours, theirs = described.operation.path, target.operation.path
    positions = dict(zip(item_templates(ours), parameter_names(ours), strict=True))
    for place, name in zip(item_templates(theirs), parameter_names(theirs), strict=True):
        if ("path", positions.get(place, "")) in given:
            values["path", name] = given["path", positions[place]]
    return values


def _arguments_of(
    target: DescribedOperation, item: Any, values: Mapping[ParameterKey, Any], identity: Sequence[str]
) -> list[str] | None:
    """Return the arguments of a call with the id of an item; None if a required input is unknown.

    Args:
        identity: The steps to the id in an item; empty if they are unknown.
    """
    in_path: list[str] = []
    options: list[str] = []
    for parameter in target.operation.parameters:
        is_in_path = parameter.location == "path"
        if not (is_in_path or parameter.must_be_given):
            continue
        value = values.get(parameter.key)
        if value is None and parameter.name == parameter_names(target.operation.path)[-1]:
            value = _id_of(target, parameter, item, identity)
        if value is None or isinstance(value, dict | list) or not _takes_value(target, parameter, value):
            return None
        text = option_text(value)
        if is_in_path and not text.startswith("-"):
            in_path.append(text)
        else:
            options += option_pair(f"--{parameter.option}", text)
    return [*in_path, *options]


def _id_of(target: DescribedOperation, parameter: Parameter, item: Any, identity: Sequence[str]) -> Any:
    """Return the id of an item for a path parameter, also from inside an envelope; None if it has none."""
    collection = collection_template(target.operation.path, len(parameter_names(target.operation.path)) - 1)
    noun = singular(collection.rpartition("/")[2])
    fits = partial(_takes_value, target)
    members = item.items() if isinstance(item, Mapping) else ()
    inner = [member for key, member in members if plain_name(str(key)) in {noun, *ENVELOPES}]
    for holder in (item, *inner) if identity else ():
        own = follow_steps(holder, identity)
        value = None if own is MISSING else fitting_value(own, parameter, fits)
        if value is not None:
            return value
    holders = [_without_names(holder, parameter) for holder in (item, *inner)]
    return next((value for holder in holders for value in item_values(holder, parameter, noun, fits)), None)


def _takes_value(target: DescribedOperation, parameter: Parameter, value: Any) -> bool:
    """Return whether a parameter accepts a value. Parameters in the same position of a path may differ in type."""
    schema = target.parameter_schema(parameter)
    if schema is None:
        return True
    is_number = isinstance(value, str) and value.isascii() and value.isdecimal() and len(value) < _MOST_DIGITS
    meanings = (
        (value, int(value)) if is_number else (value,)
    )  # the other operation may declare it as a string
    try:
        return any(DocumentSchemas(target.resolve, "request").fits(meant, schema) for meant in meanings)
    except (NoExampleError, RecursionError):
        return False


def _without_names(item: Any, parameter: Parameter) -> Any:
    """Return an item without its name, if a parameter takes an id: `{id}` is not the name of a pet."""
    if not isinstance(item, Mapping) or not plain_name(parameter.name).endswith(_IDS):
        return item
    return {key: value for key, value in item.items() if not NAMING.fullmatch(plain_name(str(key)))}


def call_after_change(call: Call, response: WireResponse) -> tuple[str, list[str]] | None:
    """Return the operation that reads a created or changed resource, with the arguments of a call.

    A link of the document is tried first, then `Location` (RFC 9110, section 10.2.2). After PATCH and PUT follows the
    URL of the call itself; after a request to a collection, an id in the response, which is a guess. If the state of
    the resource is temporary, the arguments wait for its end.

    Args:
        call: Call of an operation that may change data.
        response: Its successful response.

    Returns:
        None if the operation is unknown.
    """
    body = json_of(call.received(response))
    item = body[0] if isinstance(body, list) and len(body) == 1 else body
    # A request to an item changes it, and creates no resource.
    is_on_item = call.described.operation.path.rstrip("/").endswith("}")
    guessed = () if is_on_item else next_calls(call.described, item, call.values.parameters)
    places = [response.header("location")]
    if is_on_item and call.described.operation.method in ("PATCH", "PUT"):
        places.append(call.signed.shown.url)
    located = (found for place in places for found in _located_calls(call, place))
    for name, arguments in (*_linked_calls(call, response), *located, *guessed):
        if all(map(_is_plain, arguments)):
            reading = DescribedOperation(call.described.api, call.described.api.catalog.operation(name))
            return name, [*arguments, *_wait_arguments(reading, item)]
    return None


def _linked_calls(call: Call, response: WireResponse) -> Iterator[tuple[str, list[str]]]:
    """Yield the read-only operations in links of a response, with the path values that the links provide."""
    documented = documented_status(response.status, call.described.raw_responses)
    for link in links_of(call.described):
        if link.target is None or link.status != documented:
            continue
        operation = link.target.operation
        try:
            inputs = followed_inputs(link, call, response)
        except FormatError:
            continue
        arguments = [inputs.parameters.get(("path", name)) for name in parameter_names(operation.path)]
        is_whole = len(arguments) == len(inputs.parameters) and inputs.body is None and not operation.servers
        if is_reading(operation) and is_whole and _takes_only_path(operation):
            yield operation.name, [option_text(word) for word in arguments]


def _located_calls(call: Call, location: str) -> Iterator[tuple[str, list[str]]]:
    """Yield the operation that reads a URL, absolute or relative to the call's, if it is on the server of the call."""
    from dynacli.client.operation_at import operation_at

    base = split_url(base_url_of(call.described, call.settings))
    try:
        url = split_url(join_url(call.signed.shown.url, location))
    except ValueError:
        return
    path = url.path.removeprefix(base.path.rstrip("/"))
    is_below = location and url[:2] == base[:2] and path.startswith("/")
    at = operation_at(call.described.api.catalog, "GET", path) if is_below else None
    values = path_values(at[0].path, path) if at is not None else None
    if at is not None and values and _takes_only_path(at[0]):
        yield at[0].name, [unquote(value) for value in values.values()]


def _takes_only_path(operation: Operation) -> bool:
    """Return whether a call needs only the values in its path."""
    return operation.body is None and not any(
        parameter.must_be_given for parameter in operation.parameters if parameter.location != "path"
    )


def _is_plain(word: str) -> bool:
    """Return whether an argument from a server is safe: not quoted by a shell, and not special to dynacli."""
    is_name = bool(word.strip(".")) and word[0] not in "-@" and len(word) <= _LONGEST
    return is_name and shell_word(word) == word


def _wait_arguments(reading: DescribedOperation, item: Any) -> list[str]:
    """Return arguments that wait until a resource leaves its temporary state, by the states in the document."""
    schema = success_schema(success_response(reading.raw_responses, reading.follow), reading.follow)
    properties = properties_of(possible_schemas(schema, reading.resolve))
    for field in _STATES:
        state = item.get(field) if isinstance(item, Mapping) else None
        if isinstance(state, str) and _is_unfinished(state):
            schemas = possible_schemas(properties.get(field), reading.resolve)
            states = [value for part in schemas for value in part.get("enum") or () if _is_final(value)]
            if states:
                listed = ",".join(f"'{value}'" for value in dict.fromkeys(states))
                return ["--wait", f"contains([{listed}], {field})"]
    return []


def _is_final(state: Any) -> bool:
    return isinstance(state, str) and _STATE.fullmatch(state) is not None and not _is_unfinished(state)


def _is_unfinished(state: str) -> bool:
    return plain_name(state) in _UNFINISHED
