"""The words that were given for an operation, as the inputs of a call."""

from typing import TYPE_CHECKING, Any, NamedTuple

from dynacli.client.described_operation import DescribedOperation
from dynacli.client.inputs.call_inputs import CallInputs, ParameterKey, input_name
from dynacli.commands.run import Run
from dynacli.model.operation import Field, Parameter
from dynacli.request.convert_words import convert_all, is_given_as_text

if TYPE_CHECKING:
    from dynacli.commands.call.editor import Draft

__all__ = ["GivenWords", "read_inputs"]


class GivenWords(NamedTuple):
    """The words that were given for one operation.

    Args:
        parameters: (parameter, words).
        parameter_fields: (parameter, field inside of it, words).
        body_fields: (field of the body, words).
    """

    parameters: list[tuple[Parameter, list[str]]]
    parameter_fields: list[tuple[Parameter, Field, list[str]]]
    body_fields: list[tuple[Field, list[str]]]


def read_inputs(
    run: Run, described: DescribedOperation, given: GivenWords, *, is_strict: bool
) -> tuple[CallInputs, "Draft | None"]:
    """Return the inputs of a call, and the draft that a person wrote its body in.

    Args:
        is_strict: Whether words must fit what the document says; the level `off` asks for no.

    Raises:
        UsageError: A word does not fit.
        FileError: A file that was named cannot be read.
    """
    parameters = _parameters(given, is_strict=is_strict)
    if described.media_type is None:
        return CallInputs(parameters, wants_example=run.options.example), None
    # The modules that make bodies are not imported by the calls that have none.
    from dynacli.commands.call.read_body_words import read_body_words

    return read_body_words(run, described, parameters, given.body_fields, is_strict=is_strict)


def _parameters(given: GivenWords, *, is_strict: bool) -> dict[ParameterKey, Any]:
    parameters: dict[ParameterKey, Any] = {}
    for parameter, words in given.parameters:
        if is_given_as_text(parameter, words):
            value: Any = words[-1]
        else:
            value = convert_all(words, parameter.value, input_name(parameter), is_strict=is_strict)
        parameters[(parameter.location, parameter.name)] = value
    if not given.parameter_fields:
        return parameters
    from dynacli.request.assemble_body import Assignment, assemble

    inside: dict[ParameterKey, list[Assignment]] = {}
    for parameter, field, words in given.parameter_fields:
        option = f"--{field.option}"
        value = convert_all(words, field.value, option, is_strict=is_strict)
        inside.setdefault((parameter.location, parameter.name), []).append(
            Assignment(field.path, value, option)
        )
    for key, assignments in inside.items():
        parameters[key] = assemble(parameters.get(key), assignments)
    return parameters
