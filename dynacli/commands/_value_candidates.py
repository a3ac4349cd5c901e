"""Candidates from responses: ids that earlier ones had, with names as descriptions, and the links to follow."""

import os
from collections.abc import Iterator, Mapping
from functools import partial
from typing import Any

from dynacli.environment import Environment
from dynacli.openapi.catalog.catalog_file import Catalog
from dynacli.openapi.model.operation import EACH, Operation, Parameter
from dynacli.options.parsed_words import ParsedWords
from dynacli.registry.call_history import remembered_values
from dynacli.registry.record_call import api_key

__all__ = ["input_called", "link_names", "remembered_candidates"]


def input_called(operation: Operation, flag: str) -> Parameter | None:
    """Return the input that an option gives, a field of the body as if it were a parameter; None if it is none."""
    word = flag.removeprefix("--")
    for parameter in operation.parameters:
        if word in (parameter.option, *parameter.aliases):
            return parameter
    for media_type in operation.body.content if operation.body is not None else ():
        for field in media_type.fields:
            if field.option == word:
                name = next((step for step in reversed(field.path) if step != EACH), word)
                return Parameter(name, "body", word, field.value)
    return None


def remembered_candidates(
    env: Environment,
    catalog: Catalog,
    operation: Operation,
    parameter: Parameter,
    line: ParsedWords,
) -> Iterator[tuple[str, str]]:
    """Yield the values that an input may have, each with what it is called.

    Args:
        line: The words after the operation.
    """
    source = api_key(os.path.dirname(catalog.path))
    given = _given_in_path(operation, line)
    yield from remembered_values(env, source, operation, parameter, given).items()


def _given_in_path(operation: Operation, line: ParsedWords) -> dict[str, str]:
    """Return path parameter → the value that it has in the words."""
    given: dict[str, str] = {}
    rest = line.positional
    for parameter in operation.parameters:
        if parameter.location != "path":
            continue
        by_option = line.values_of([f"--{name}" for name in (parameter.option, *parameter.aliases)])
        if by_option:
            given[parameter.name] = by_option[-1]
        elif rest:
            given[parameter.name] = rest.pop(0)
    return given


def link_names(catalog: Catalog, name: str, line: ParsedWords) -> Iterator[tuple[str, str]]:
    """Yield each link that can be followed next: its name, and what it leads to.

    Args:
        name: The name of the operation.
        line: The words after it, in which links may be followed already.
    """
    from dynacli.client.links.linked_operation import linked_operation

    operations = [name]
    for followed in filter(None, line.values_of(("--follow",))):
        found = [link for each in operations for key, link in _links(catalog, each) if key == followed]
        targets = (linked_operation(catalog, link, "") for link in found)
        operations = list(dict.fromkeys(each for each in targets if each is not None))
    for operation in operations:
        for key, link in _links(catalog, operation):
            yield key, str(link.get("description") or link.get("operationId") or "")


def _links(catalog: Catalog, name: str) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Yield the links of an operation's responses by name."""
    from dynacli.client.links.linked_operation import links_in
    from dynacli.openapi.schema.documented_values import follow_reference

    follow = partial(follow_reference, resolve=catalog.resolve)
    for _, _, key, link in links_in(follow(catalog.part(name)["operation"].get("responses")), follow):
        yield key, link
