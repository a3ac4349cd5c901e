"""Candidates for the values of inputs from what earlier answers had: ids, with names as their descriptions."""

import os
from collections.abc import Iterator

from dynacli.catalog.store.catalog_file import Catalog
from dynacli.environment import Environment
from dynacli.library.history.record_call import api_key
from dynacli.library.history.remembered_ids import remembered_values
from dynacli.model.operation import EACH, Operation, Parameter
from dynacli.options.parsed_words import ParsedWords

__all__ = ["input_called", "remembered_candidates"]


def input_called(operation: Operation, flag: str) -> Parameter | None:
    """Return the input that an option gives, a field of the body as if it were a parameter; None where it is none."""
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
        line: The words behind the operation.
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
