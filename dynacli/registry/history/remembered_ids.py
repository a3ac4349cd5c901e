"""The ids and names that earlier responses had, as values for the inputs of later calls."""

import json
import sqlite3
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from dynacli.environment import Environment
from dynacli.errors import FileError
from dynacli.openapi.model.field_names import owner_name, plain_name, singular
from dynacli.openapi.model.find_items import item_values, items_of
from dynacli.openapi.model.operation import Operation, Parameter
from dynacli.openapi.model.path_templates import (
    collection_template,
    item_templates,
    listed_collections,
    parameter_names,
)
from dynacli.record import replace
from dynacli.registry.history.history_file import remembered_rows
from dynacli.registry.history.record_call import MOST_REMEMBERED, AnsweredPath

__all__ = ["remembered_values"]

_NAMES = ("name", "title", "displayname", "label", "fullname", "summary")
"""Plain names of the fields that say what an item is called, the likeliest first."""

_Values = dict[str, str]
"""Value → what it is the id of, as a person calls it; empty where that is not known."""


def remembered_values(
    env: Environment, source: str, operation: Operation, parameter: Parameter, given: Mapping[str, str]
) -> _Values:
    """Return the values that an input may have, by what earlier responses listed; the latest come first.

    Args:
        source: The document, as `api_key` tells.
        parameter: Any input whose values may be ids; for a field of the body, what it would be as a parameter.
        given: Path parameter → its value, of those that are given.
    """
    try:
        rows = remembered_rows(env, source)
    except (sqlite3.Error, FileError, OSError):
        return {}
    seen = _Seen(parameter)
    responses = list(_read(rows))
    names = parameter_names(operation.path)
    if parameter.location == "path" and parameter.name in names:
        index = names.index(parameter.name)
        before = [given.get(name) for name in names[:index]]
        item, collection = item_templates(operation.path)[index], collection_template(operation.path, index)
        for response in responses:
            if _agree(before, response.values):
                seen.add_response(item, collection, response)
    if not seen.values:
        for response in responses:
            seen.add_namesakes(response)
    return seen.values


class _Response(NamedTuple):
    """What a response tells of ids, as in `AnsweredPath`.

    Args:
        body: The reduced response; None where it says nothing.
        is_creation: Whether it may be the response to the creation of one item.
        is_gone: Whether the last item of the path is not there any more.
    """

    template: str
    values: list[str]
    body: Any
    is_creation: bool
    is_gone: bool


def _read(rows: list[AnsweredPath]) -> Iterator[_Response]:
    for row in rows:
        try:
            body = json.loads(row.body) if row.body else None
            is_creation = row.query.startswith("POST ")
            yield _Response(row.template, json.loads(row.path_values), body, is_creation, row.body is None)
        except ValueError:
            continue


def _agree(before: list[str | None], values: list[str]) -> bool:
    """Return whether the values of a path are those that are given, as far as they are."""
    return all(wanted in (None, value) for wanted, value in zip(before, values, strict=False))


class _Seen:
    """The values that were found so far, the latest first."""

    def __init__(self, parameter: Parameter) -> None:
        self.values: _Values = {}
        if parameter.value.type == "array":  # each of its values is one id
            parameter = replace(parameter, name=singular(parameter.name))
        self._parameter = parameter
        self._owner = owner_name(parameter.name)
        self._gone: set[str] = set()

    def add_response(self, item: str, collection: str, response: _Response) -> None:
        """Add what a response tells of the items of a collection.

        Args:
            item: The template of one item.
            collection: The template of the collection.
        """
        template, values = response.template, response.values
        index = item.count("{}") - 1
        if template == item:
            self._add_item(response)
        elif template.startswith(f"{item}/"):
            self._add(values[index], "")
        listed = listed_collections(template)
        if len(values) == index and collection in (listed.collection, listed.nearby):
            segment = listed.segment if collection == listed.collection else collection.rpartition("/")[2]
            self._add_list(response, listed.segment, singular(segment))

    def add_namesakes(self, response: _Response) -> None:
        """Add what a response tells of the things that the input has in its name: `workflow` for `workflowId`."""
        template = response.template
        if not self._owner:
            return
        if template.endswith("}"):
            if (
                singular(collection_template(template, len(response.values) - 1).rpartition("/")[2])
                == self._owner
            ):
                self._add_item(response)
            return
        segment = listed_collections(template).segment
        if singular(segment) == self._owner:
            self._add_list(response, segment, self._owner)

    def _add_item(self, response: _Response) -> None:
        value = response.values[-1]
        if not response.is_gone:
            self._add(value, _name_of(response.body, value))
        elif value not in self.values:  # it was not made again later
            self._gone.add(value)

    def _add_list(self, response: _Response, segment: str, noun: str) -> None:
        body = response.body
        if response.is_creation and self._add_items([body], noun):
            return
        self._add_items(items_of(body, plain_name(segment)), noun)

    def _add_items(self, items: list[Any], noun: str) -> bool:
        """Add the values of items; return whether there were any."""
        found = False
        for item in items:
            value = next(item_values(item, self._parameter, noun, _fits), None)
            if value is not None:
                found = True
                self._add(str(value), _name_of(item, str(value)))
        return found

    def _add(self, value: str, name: str) -> None:
        if value in self._gone or (value not in self.values and len(self.values) >= MOST_REMEMBERED):
            return
        self.values[value] = self.values.get(value) or name


def _fits(parameter: Parameter, value: Any) -> bool:
    kind = (parameter.value.items or parameter.value).type
    return isinstance(value, int if kind == "integer" else str) or kind not in {"integer", "string"}


def _name_of(item: Any, value: str) -> str:
    """Return what an item is called, by the likeliest of its fields; empty where none says more than its id."""
    if not isinstance(item, Mapping):
        return ""
    fields = {plain_name(str(key)): each for key, each in item.items() if isinstance(each, str)}
    named = (key for key in fields if key.endswith(_NAMES))
    found = next((key for key in (*_NAMES, *named) if fields.get(key)), "")
    return fields[found] if found and fields[found] != value else ""
