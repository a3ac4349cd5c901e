"""The words that were given for an operation → values and a body. What is missing is said all at once."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from dynacli.commands.help.usage_lines import example_line
from dynacli.commands.operation_command import Given, OperationCommand
from dynacli.commands.run import Run
from dynacli.errors import UsageError
from dynacli.model.operation import Parameter
from dynacli.request.assemble_body import Assignment, assemble
from dynacli.request.convert_words import convert_all, is_given_as_text

if TYPE_CHECKING:
    from dynacli.commands.call.editor import Draft
    from dynacli.request.payload import Payload

__all__ = ["Values", "collect_values"]

Key = tuple[str, str]


class Values:
    """What goes into the request.

    Attributes:
        parameters: (location, name) → JSON value.
        body: The encoded body, None where there is none.
        media_type: The body's media type.
        form: The value that a form or the parts of a multipart body were made of; None for other bodies.
        draft: What a person wrote the body in, to be removed once it is sent.
    """

    def __init__(
        self,
        parameters: Mapping[Key, Any],
        body: "bytes | Payload | None",
        media_type: str,
        form: Any = None,
        draft: "Draft | None" = None,
    ) -> None:
        self.parameters = parameters
        self.body = body
        self.media_type = media_type
        self.form = form
        self.draft = draft


def collect_values(run: Run, command: OperationCommand, given: Given, *, is_strict: bool) -> Values:
    """Return the values of a call.

    Args:
        is_strict: Whether words must fit what the document says; `--validate off` asks for no.

    Raises:
        UsageError: A word does not fit, or something required is missing.
        FileError: A file that was named cannot be read.
    """
    operation = command.operation
    parameters = _parameters(given, is_strict=is_strict)
    wants_example = bool(run.option("example"))
    if wants_example:
        _fill_parameters(command, parameters)
    missing = [
        _called(one)
        for one in operation.parameters
        if one.is_required
        and (one.location, one.name) not in parameters
        and (is_strict or one.location == "path")
        and not one.value.has_known_default
    ]
    for one in operation.parameters:
        # A required parameter with a default: the document says what is meant.
        if one.is_required and one.value.has_known_default:
            parameters.setdefault((one.location, one.name), one.value.default)
    is_written = bool(run.option("editor"))
    if missing and is_written:
        raise _missing(command, missing)  # before anyone has written a body
    body = None
    if given.media_type is not None:
        # What makes bodies is not imported by the calls that have none.
        from dynacli.commands.call.call_body import build_body, missing_in_body

        body = build_body(run, command, given, is_strict=is_strict, wants_example=wants_example)
        if is_strict and run.option("body") is None and not wants_example and not is_written:
            missing.extend(missing_in_body(command, given, body))
    if missing:
        raise _missing(command, missing)
    if body is None:
        return Values(parameters, None, "")
    return Values(parameters, body.content, body.media_type, body.form, body.draft)


def _parameters(given: Given, *, is_strict: bool) -> dict[Key, Any]:
    parameters: dict[Key, Any] = {}
    for parameter, words in given.parameters:
        if is_given_as_text(parameter, words):
            value: Any = words[-1]
        else:
            value = convert_all(words, parameter.value, _called(parameter), is_strict=is_strict)
        parameters[(parameter.location, parameter.name)] = value
    inside: dict[Key, list[Assignment]] = {}
    for parameter, one, words in given.parameter_fields:
        option = f"--{one.option}"
        value = convert_all(words, one.value, option, is_strict=is_strict)
        inside.setdefault((parameter.location, parameter.name), []).append(
            Assignment(one.path, value, option)
        )
    for key, assignments in inside.items():
        parameters[key] = assemble(parameters.get(key), assignments)
    return parameters


def _fill_parameters(command: OperationCommand, parameters: dict[Key, Any]) -> None:
    from dynacli.schema.example_call import parameter_example
    from dynacli.schema.example_value import NoExampleError

    raw = {(one.get("in"), one.get("name")): one for one in reversed(command.raw_parameters())}
    for one in command.operation.parameters:
        key = (one.location, one.name)
        if not one.is_required or key in parameters:
            continue
        try:
            parameters[key] = parameter_example(
                one, raw.get(key), command.api.catalog.resolve, _dialect(command)
            )
        except (NoExampleError, LookupError):
            continue  # it is then named as missing


def _dialect(command: OperationCommand) -> Any:
    return command.api.catalog.meta["dialect"]


def _called(parameter: Parameter) -> str:
    if parameter.location == "path":
        return parameter.option.removeprefix("path.").upper().replace("-", "_")
    return f"--{parameter.option}"


def _missing(command: OperationCommand, missing: list[str]) -> UsageError:
    from dynacli.model.wording import enumerated

    return UsageError(
        f"`{command.operation.name}` needs {enumerated(missing)}",
        hint=f"For example: {example_line(command.api.name, command.operation)}",
        missing=missing,
    )
