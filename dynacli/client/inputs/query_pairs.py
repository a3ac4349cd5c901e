"""Inputs by their names in the query: `--query NAME=VALUE`, the query of a path, and `query` in Python.

Declared names are inputs as usual. Other pairs are sent unchanged, because many documents are incomplete.
"""

from collections.abc import Iterable, Mapping
from typing import Any

from dynacli.client.call_settings import CallSettings
from dynacli.client.described_operation import DescribedOperation
from dynacli.client.inputs.call_inputs import CallInputs, ParameterKey, QueryPair
from dynacli.client.inputs.collect_values import input_name
from dynacli.errors import UsageError
from dynacli.openapi.document.json_trees import MISSING, follow
from dynacli.openapi.model.operation import Field, Parameter
from dynacli.openapi.model.query_names import (
    UNDECLARED_BODY,
    fixed_names,
    is_declared,
    parameter_named,
    undeclared_text,
)
from dynacli.record import replace
from dynacli.request.assemble_body import Assignment, assemble
from dynacli.request.convert_words import convert_all, convert_parameter


def with_pairs(
    described: DescribedOperation,
    inputs: CallInputs,
    settings: CallSettings,
    given: Iterable[tuple[str, Any]] = (),
) -> CallInputs:
    """Return the inputs of a call with query pairs added.

    Args:
        inputs: The other inputs.
        settings: Settings with the pairs of all calls.
        given: Names and values of the pairs of this call: strings, or any JSON values for undeclared names.

    Raises:
        UsageError: An input is given twice, a pair is a fixed part of the path, or a value is invalid.
    """
    pairs = [QueryPair(*pair) for pair in (*settings.query, *given)]
    names = {pair.name for pair in pairs}
    defaults = [QueryPair(*pair, is_default=True) for pair in settings.default_query if pair[0] not in names]
    declared: dict[str, tuple[Parameter, Field | None, list[str]]] = {}
    others: list[QueryPair] = []
    for pair in (*defaults, *pairs):
        found = input_in_query(described, pair.name)
        if found is None:
            if _may_be_added(described, pair):
                others.append(pair)
            continue
        parameter, field = found
        option = field.option if field is not None else parameter.option
        if not _is_given(inputs, parameter, field):
            declared.setdefault(option, (parameter, field, []))[2].append(pair.value)
        elif not pair.is_default:
            raise given_twice(pair.name, option)
    parameters = dict(inputs.parameters)
    for parameter, field, words in declared.values():
        _give(parameters, parameter, field, words, is_strict=settings.level != "off")
    return replace(inputs, parameters=parameters, query=tuple(others))


def _is_given(inputs: CallInputs, parameter: Parameter, field: Field | None) -> bool:
    value = inputs.parameters.get(parameter.key, MISSING)
    return value is not MISSING if field is None else follow(value, field.path) is not MISSING


def _give(
    parameters: dict[ParameterKey, Any],
    parameter: Parameter,
    field: Field | None,
    words: list[str],
    *,
    is_strict: bool,
) -> None:
    """Set the value of a parameter or of one of its fields."""
    if field is None:
        option = input_name(parameter)
        parameters[parameter.key] = convert_parameter(parameter, words, option, is_strict=is_strict)
        return
    option = f"--{field.option}"
    value = convert_all(words, field.value, option, is_strict=is_strict, fields=parameter.fields)
    assignment = Assignment(field.path, value, option)
    parameters[parameter.key] = assemble(parameters.get(parameter.key), [assignment])


def for_further_calls(settings: CallSettings) -> CallSettings:
    """Return settings for calls whose inputs dynacli fills. Their own values override the pairs of all calls."""
    names = {name for name, _ in settings.query}
    defaults = (pair for pair in settings.default_query if pair[0] not in names)
    return replace(settings, query=(), default_query=(*defaults, *settings.query))


def _may_be_added(described: DescribedOperation, pair: QueryPair) -> bool:
    """Return whether a pair is added to the query. A default is left out if it is a fixed part of the path.

    Raises:
        UsageError: The pair is a fixed part of the path, or its value is an object.
    """
    if pair.name in fixed_names(described.operation):
        if pair.is_default:
            return False
        raise UsageError(
            f"`{pair.name}` cannot be added to the query",
            reason=f"It is a fixed part of `{described.operation.path}`",
        )
    if isinstance(pair.value, Mapping):
        raise UsageError(
            f"The value of `{pair.name}` in the query must not be an object",
            reason="The document does not declare it, so its format is unknown",
            hint="Give a string, or a list of strings",
        )
    return True


def given_twice(name: str, option: str) -> UsageError:
    """Return the error for an input that is given both by its name in the query and by its option."""
    return UsageError(f"`--query {name}` and `--{option}` are the same input", hint="Give it once", pair=name)


def input_in_query(described: DescribedOperation, name: str) -> tuple[Parameter, Field | None] | None:
    """Return the parameter, and its field if any, for a name in the query; None if there is none."""
    found = parameter_named(described.operation, name)
    if found is None:
        return None
    if not found[1]:
        return found[0], None
    from dynacli.client.inputs.find_input import find_input

    parameter, field = find_input(described, f"{found[0].option}.{found[1]}")
    return (parameter, field) if parameter is not None else None


def undeclared_notes(described: DescribedOperation, pairs: Iterable[QueryPair], level: str) -> list[str]:
    """Return notes on query pairs and on a body that the document does not declare.

    Args:
        level: Level of validation. There are no notes at `off`, and findings instead of notes at `exact`.
    """
    if level in {"off", "exact"} or not described.is_documented:
        return []
    names = dict.fromkeys(pair.name for pair in pairs if not pair.is_default)
    operation = described.operation
    notes = [undeclared_text(operation, name) for name in names if not is_declared(operation, name)]
    return [*notes, UNDECLARED_BODY] if described.has_undeclared_body else notes
