"""The calls that a response leads to: read-only operations that take the id of what it lists, shows or has created.

Paths and names alone decide: `/runs` leads to `/runs/{id}`, and that to `/runs/{id}/trace`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
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
from dynacli.openapi.model.acting_names import is_reading
from dynacli.openapi.model.field_names import NAMING, plain_name, singular
from dynacli.openapi.model.find_items import ENVELOPES, item_values
from dynacli.openapi.model.media_types import success_response, success_schema
from dynacli.openapi.model.operation import Operation, OperationSummary, Parameter, documented_status
from dynacli.openapi.model.path_templates import (
    collection_template,
    item_templates,
    listed_collections,
    parameter_names,
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

_IDS = ("id", "uuid", "identifier", "number")
_LONGEST = 100
"""Characters of a value of a path that a command is suggested with."""
_MOST_OPERATIONS = 50
"""Operations that are looked at: a document can have thousands below one resource, and none that takes its id."""
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
"""Plain names of states that something has only for a while."""
_STATES = ("status", "state")
_STATE = re.compile(r"[\w.-]+")


def next_calls(
    described: DescribedOperation, item: Any, given: Mapping[ParameterKey, Any]
) -> Iterator[tuple[str, list[str]]]:
    """Yield the operations that a response leads to, each with the words of a call: `get-run`, `["r7"]`.

    After a list, and after the creation of an item, these are first the operations on that item, then those below it.
    After one item they are those below it.

    Args:
        described: The operation that got the response.
        item: An item of the list, or the value of the response.
        given: Parameter → value of its call; inputs of the same name get them, too.

    Raises:
        DamagedCatalogError: The catalog cannot be read.
    """
    operation, catalog = described.operation, described.api.catalog
    found = _operations_with_id(catalog, operation.path) if operation.method != "DELETE" else []
    for summary in found[:_MOST_OPERATIONS]:
        if summary.name != operation.name:
            target = DescribedOperation(described.api, catalog.operation(summary.name))
            words = _words_of(target, item, _given_to(target, described, given))
            if words is not None:
                yield summary.name, words


def _operations_with_id(catalog: Catalog, path: str) -> list[OperationSummary]:
    """Return the operations on the item that a response of a path is about, and those below it, in this order."""
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

    found = operations_at(catalog, ("GET",), is_wanted)
    if not found and not is_of_item:
        # `/workflows/{id}/runs` lists what `/runs/{id}` shows, if nothing shows it below the workflow.
        found = operations_at(catalog, ("GET",), is_on_item)
    by_id = operation_by_id(catalog, found[0].path) if found else None
    found = sorted(found, key=lambda summary: not summary.path.rstrip("/").endswith("}"))
    return found if by_id is None else [by_id, *found]


def _given_to(
    target: DescribedOperation, described: DescribedOperation, given: Mapping[ParameterKey, Any]
) -> dict[ParameterKey, Any]:
    """Return parameter → value of an operation, as another call has given them: of a path those of the same place."""
    values = {key: value for key, value in given.items() if key[0] != "path"}
    ours, theirs = described.operation.path, target.operation.path
    places = dict(zip(item_templates(ours), parameter_names(ours), strict=True))
    for place, name in zip(item_templates(theirs), parameter_names(theirs), strict=True):
        if ("path", places.get(place, "")) in given:
            values["path", name] = given["path", places[place]]
    return values


def _words_of(target: DescribedOperation, item: Any, values: Mapping[ParameterKey, Any]) -> list[str] | None:
    """Return the words of a call that takes the id of an item; None if a required input is not known."""
    in_path: list[str] = []
    options: list[str] = []
    for parameter in target.operation.parameters:
        is_in_path = parameter.location == "path"
        if not (is_in_path or parameter.must_be_given):
            continue
        value = values.get(parameter.key)
        if value is None and parameter.name == parameter_names(target.operation.path)[-1]:
            value = _id_of(target, parameter, item)
        if value is None or isinstance(value, dict | list) or not _takes_value(target, parameter, value):
            return None
        text = option_text(value)
        if is_in_path and not text.startswith("-"):
            in_path.append(text)
        else:
            options += option_pair(f"--{parameter.option}", text)
    return [*in_path, *options]


def _id_of(target: DescribedOperation, parameter: Parameter, item: Any) -> Any:
    """Return the value by which a path parameter names an item, which may stand in an envelope; None if it has none."""
    collection = collection_template(target.operation.path, len(parameter_names(target.operation.path)) - 1)
    noun = singular(collection.rpartition("/")[2])
    fits = partial(_takes_value, target)
    members = item.items() if isinstance(item, Mapping) else ()
    inner = [member for key, member in members if plain_name(str(key)) in {noun, *ENVELOPES}]
    holders = [_without_names(holder, parameter) for holder in (item, *inner)]
    return next((value for holder in holders for value in item_values(holder, parameter, noun, fits)), None)


def _takes_value(target: DescribedOperation, parameter: Parameter, value: Any) -> bool:
    """Return whether a parameter takes a value, by its schema: what stands at the same place of a path may differ."""
    schema = target.parameter_schema(parameter)
    if schema is None:
        return True
    is_number = isinstance(value, str) and value.isascii() and value.isdecimal() and len(value) < _MOST_DIGITS
    meanings = (value, int(value)) if is_number else (value,)  # another operation may have read it as a text
    try:
        return any(DocumentSchemas(target.resolve, "request").fits(meant, schema) for meant in meanings)
    except (NoExampleError, RecursionError):
        return False


def _without_names(item: Any, parameter: Parameter) -> Any:
    """Return an item without what it is called, if a parameter takes an id: `{id}` is not the name of a pet."""
    if not isinstance(item, Mapping) or not plain_name(parameter.name).endswith(_IDS):
        return item
    return {key: value for key, value in item.items() if not NAMING.fullmatch(plain_name(str(key)))}


def call_after_creation(call: Call, response: WireResponse) -> tuple[str, list[str]] | None:
    """Return the operation that reads what a call has created, and the words of that call; None if nothing tells it.

    A link is the document's word, `Location` is HTTP's (RFC 9110, section 10.2.2), and an id in the response is a guess
    from paths and names. If the state of what was created is one that passes, the words wait for its end.

    Args:
        call: The call, of an operation that may change something.
        response: Its successful response.
    """
    body = json_of(call.received(response))
    item = body[0] if isinstance(body, list) and len(body) == 1 else body
    # What is sent to an item itself changes it, and creates nothing.
    is_on_item = call.described.operation.path.rstrip("/").endswith("}")
    guessed = () if is_on_item else next_calls(call.described, item, call.values.parameters)
    for name, words in (*_linked_calls(call, response), *_located_calls(call, response), *guessed):
        if all(map(_is_plain, words)):
            reading = DescribedOperation(call.described.api, call.described.api.catalog.operation(name))
            return name, [*words, *_waiting(reading, item)]
    return None


def _linked_calls(call: Call, response: WireResponse) -> Iterator[tuple[str, list[str]]]:
    """Yield the operations that the links of a response read, with the values that they fill a path with."""
    documented = documented_status(response.status, call.described.raw_responses)
    for link in links_of(call.described):
        if link.target is None or link.status != documented:
            continue
        operation = link.target.operation
        try:
            inputs = followed_inputs(link, call, response)
        except FormatError:
            continue
        words = [inputs.parameters.get(("path", name)) for name in parameter_names(operation.path)]
        is_whole = len(words) == len(inputs.parameters) and inputs.body is None and not operation.servers
        if is_reading(operation) and is_whole and _takes_only_path(operation):
            yield operation.name, [option_text(word) for word in words]


def _located_calls(call: Call, response: WireResponse) -> Iterator[tuple[str, list[str]]]:
    """Yield the operation at the URL in `Location`, if that is below the server of the call."""
    from dynacli.client.operation_at import operation_at

    location = response.header("location")
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
    """Return whether a call needs nothing but the values of its path."""
    return operation.body is None and not any(
        parameter.must_be_given for parameter in operation.parameters if parameter.location != "path"
    )


def _is_plain(word: str) -> bool:
    """Return whether a word that a server chose means itself, to a shell, to dynacli and to who reads it."""
    is_name = bool(word.strip(".")) and word[0] not in "-@" and len(word) <= _LONGEST
    return is_name and shell_word(word) == word


def _waiting(reading: DescribedOperation, item: Any) -> list[str]:
    """Return the words that wait for the end of something whose state passes, as the document names its states."""
    schema = success_schema(success_response(reading.raw_responses, reading.follow), reading.follow)
    properties = properties_of(possible_schemas(schema, reading.resolve))
    for field in _STATES:
        state = item.get(field) if isinstance(item, Mapping) else None
        if isinstance(state, str) and _is_unfinished(state):
            found = possible_schemas(properties.get(field), reading.resolve)
            states = [value for part in found for value in part.get("enum") or () if _is_final(value)]
            if states:
                listed = ",".join(f"'{value}'" for value in dict.fromkeys(states))
                return ["--wait", f"contains([{listed}], {field})"]
    return []


def _is_final(state: Any) -> bool:
    return isinstance(state, str) and _STATE.fullmatch(state) is not None and not _is_unfinished(state)


def _is_unfinished(state: str) -> bool:
    return plain_name(state) in _UNFINISHED
