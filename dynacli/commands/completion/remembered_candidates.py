"""Candidates for the values of inputs from what earlier answers had: ids, with names as their descriptions."""

import os
from collections.abc import Iterator, Sequence

from dynacli.catalog.store.catalog_file import Catalog
from dynacli.environment import Environment
from dynacli.library.history.record_call import api_key
from dynacli.library.history.remembered_ids import remembered_values
from dynacli.model.operation import EACH, Operation, Parameter

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
    words: Sequence[str],
    positional: Sequence[str],
) -> Iterator[tuple[str, str]]:
    """Yield the values that an input may have, each with what it is called.

    Args:
        words: The words behind the operation.
        positional: Those of them that are values of the path.
    """
    source = api_key(os.path.dirname(catalog.path))
    given = _given_in_path(operation, words, positional)
    yield from remembered_values(env, source, operation, parameter, given).items()


def _given_in_path(operation: Operation, words: Sequence[str], positional: Sequence[str]) -> dict[str, str]:
    """Return path parameter → the value that it has in the words."""
    given: dict[str, str] = {}
    rest = list(positional)
    for parameter in operation.parameters:
        if parameter.location != "path":
            continue
        flags = [f"--{name}" for name in (parameter.option, *parameter.aliases)]
        by_option = [word for word in words if word.partition("=")[0] in flags]
        if not by_option:
            if rest:
                given[parameter.name] = rest.pop(0)
        elif "=" in by_option[-1]:
            given[parameter.name] = by_option[-1].partition("=")[2]
        else:
            given[parameter.name] = "".join(words[words.index(by_option[-1]) + 1 :][:1])
    return given
