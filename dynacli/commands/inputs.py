"""The words that were given for an operation → values and a body. What is missing is said all at once."""

import os
from collections.abc import Mapping
from typing import Any

from dynacli.catalog.model import Parameter
from dynacli.commands.operation import Given, OperationCommand
from dynacli.commands.run import Run
from dynacli.commands.usage import example_line
from dynacli.errors import FileError, UsageError
from dynacli.request.body import Assignment, assemble, encode, is_form, is_json
from dynacli.request.values import convert_all, json_value

__all__ = ["Values", "collect_values"]

Key = tuple[str, str]


class Values:
    """What goes into the request.

    Attributes:
        parameters: (location, name) → JSON value.
        body: The encoded body, None where there is none.
        media_type: The body's media type.
    """

    def __init__(self, parameters: Mapping[Key, Any], body: bytes | None, media_type: str) -> None:
        self.parameters = parameters
        self.body = body
        self.media_type = media_type


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
        and not one.value.has_default
    ]
    for one in operation.parameters:
        # A required parameter with a default: the document says what is meant.
        if one.is_required and one.value.has_default:
            parameters.setdefault((one.location, one.name), one.value.default)
    body, media_type = _body(run, command, given, is_strict=is_strict, wants_example=wants_example)
    if is_strict and run.option("body") is None and not wants_example:
        missing.extend(_missing_in_body(command, given, body))
    if missing:
        raise _missing(command, missing)
    return Values(parameters, body, media_type)


def _parameters(given: Given, *, is_strict: bool) -> dict[Key, Any]:
    parameters: dict[Key, Any] = {}
    for parameter, words in given.parameters:
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


def _body(
    run: Run, command: OperationCommand, given: Given, *, is_strict: bool, wants_example: bool
) -> tuple[bytes | None, str]:
    media_type = given.media_type
    if media_type is None:
        return None, ""
    assignments = [
        Assignment(
            one.path, convert_all(words, one.value, f"--{one.option}", is_strict=is_strict), f"--{one.option}"
        )
        for one, words in given.body_fields
    ]
    assignments.extend(_set_assignments(run, command))
    whole = run.option("body")
    is_built = is_json(media_type.name) or is_form(media_type.name)
    base: Any = None
    if whole is not None:
        content = _content(run, str(whole))
        if not is_built or (is_form(media_type.name) and not content.lstrip().startswith(b"{")):
            if assignments:
                raise UsageError(
                    f"A body of `{media_type.name}` is sent as it is; options cannot be laid over it"
                )
            _check_boundary(media_type.name)
            return content, media_type.name
        base = json_value(_decoded(content), "--body")
        if not assignments and is_json(media_type.name):
            return content, media_type.name  # byte for byte as it was given
    elif wants_example and (assignments or _needs_body(command)):
        base = _example_body(command)
        if not is_built and not assignments:
            return _text_body(base, media_type.name), media_type.name
    elif not assignments:
        return None, ""
    encoding = command.raw_media_type().get("encoding") if is_form(media_type.name) else None
    return encode(assemble(base, assignments), media_type.name, encoding), media_type.name


def _check_boundary(media_type: str) -> None:
    """Refuse a multipart body that nobody could take apart (RFC 2046, section 5.1.1)."""
    essence, _, arguments = media_type.lower().partition(";")
    if essence.strip().startswith("multipart/") and "boundary=" not in arguments:
        raise UsageError(
            f"A body of `{media_type}` needs the boundary between its parts",
            why="`--body` is sent as it is, so only you know it",
            hint=f"Name it: `--content-type '{essence.strip()}; boundary=...'`",
        )


def _missing_in_body(command: OperationCommand, given: Given, body: bytes | None) -> list[str]:
    """Return the options that a body built from options lacks, so that they can be named all at once."""
    media_type = given.media_type
    if media_type is None or (body is None and not _needs_body(command)):
        return []
    needed = [one for one in media_type.fields if one.is_needed]
    if body is None:
        return [f"--{one.option}" for one in needed] or ["a body"]
    if not is_json(media_type.name):
        return []
    whole = json_value(_decoded(body), "--body")
    return [f"--{one.option}" for one in needed if not _has(whole, one.path)]


def _has(value: Any, path: tuple[str, ...]) -> bool:
    for index, step in enumerate(path):
        if not isinstance(value, dict):
            # Another value was given where the document has an object: that is for the judge to say.
            return index > 0
        if step not in value:
            return False
        value = value[step]
    return True


def _needs_body(command: OperationCommand) -> bool:
    return command.operation.body is not None and command.operation.body.is_required


def _set_assignments(run: Run, command: OperationCommand) -> list[Assignment]:
    from dynacli.catalog.fields import find_field, parse_steps

    assignments = []
    for text in run.option("set", ()):
        place, equals, value = text.partition("=")
        steps = parse_steps(place)
        if not equals or not steps:
            raise UsageError(
                f"`--set {text}` cannot be read",
                hint="Write `--set PATH=JSON`, for example `--set 'name=\"x\"'` or `--set tags[0]=null`",
            )
        schema = command.raw_media_type().get("schema")
        known = find_field(schema, command.api.catalog.resolve, place)
        path = known.path if known is not None else steps
        assignments.append(Assignment(path, json_value(value, f"--set {place}"), f"--set {place}"))
    return assignments


def _content(run: Run, word: str) -> bytes:
    if word == "-":
        if run.env.stdin_is_terminal:
            raise UsageError("`--body -` reads standard input, and nothing is piped into it")
        try:
            return run.env.read_stdin("the body")
        except (OSError, ValueError) as error:
            raise FileError(
                "The body cannot be read from standard input", why="It is closed or broken"
            ) from error
    if not word.startswith("@"):
        return word.encode("utf-8", "surrogateescape")
    path = os.path.expanduser(word[1:])
    try:
        with open(path, "rb") as file:
            return file.read()
    except (OSError, ValueError) as error:
        why = getattr(error, "strerror", None) or "it is no file name"
        raise FileError(f"The body's file `{word[1:]}` cannot be read", why=why) from error


def _decoded(content: bytes) -> str:
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise UsageError("The value of --body is not JSON", why="It is not text in UTF-8") from None


def _example_body(command: OperationCommand) -> Any:
    from dynacli.catalog.example import NoExampleError
    from dynacli.catalog.example_call import body_example

    try:
        return body_example(command.raw_media_type(), command.api.catalog.resolve, _dialect(command))
    except (NoExampleError, LookupError):
        raise UsageError(
            "No example of the body can be made from the document", hint="Give it whole: `--body JSON`"
        ) from None


def _text_body(example: Any, media_type: str) -> bytes:
    if isinstance(example, str | int | float):
        from dynacli.catalog.example_call import option_text

        return option_text(example).encode()
    raise UsageError(
        f"No example of a body of `{media_type}` can be made", hint="Give it whole: `--body @FILE`"
    )


def _fill_parameters(command: OperationCommand, parameters: dict[Key, Any]) -> None:
    from dynacli.catalog.example import NoExampleError
    from dynacli.catalog.example_call import parameter_example

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
    listed = missing[0] if len(missing) == 1 else ", ".join(missing[:-1]) + f" and {missing[-1]}"
    return UsageError(
        f"`{command.operation.name}` needs {listed}",
        hint=f"For example: {example_line(command.api.name, command.operation)}",
        missing=missing,
    )
