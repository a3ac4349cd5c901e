"""`--inputs` and `--dry-run inputs`: all inputs of a call as one JSON object."""

from __future__ import annotations

import json
from collections.abc import Mapping
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from dynacli.client.call import Call
from dynacli.client.call_settings import CallSettings
from dynacli.client.described_operation import DescribedOperation
from dynacli.client.inputs.build_body import decoded_json_text
from dynacli.client.inputs.call_inputs import CallInputs
from dynacli.client.inputs.collect_values import is_idempotency_key
from dynacli.client.inputs.query_pairs import input_in_query
from dynacli.client.inputs.read_plain_inputs import (
    body_field,
    encodings_of_body,
    input_key,
    is_whole_body,
    read_given,
    takes_content_type,
    unknown_input,
    whole_body,
    with_given_body,
)
from dynacli.client.sign_request import is_secret_input
from dynacli.commands.call._read_body_words import value_of_field
from dynacli.commands.call.input_files import InputFiles
from dynacli.commands.run import Run
from dynacli.errors import UsageError
from dynacli.http.built_request import Request
from dynacli.http.semantics import is_form, is_json_lines, is_multipart
from dynacli.openapi.document.json_trees import MISSING, leaves
from dynacli.openapi.model.media_types import is_built
from dynacli.openapi.model.operation import Parameter
from dynacli.openapi.model.wording import literal_word
from dynacli.record import replace
from dynacli.request.assemble_body import Assignment, json_text
from dynacli.request.convert_words import json_value
from dynacli.secrets import MASK, Masker

if TYPE_CHECKING:
    from dynacli.http.payload import Payload

_OPTION = "--inputs"


def read_whole_inputs(
    run: Run, described: DescribedOperation, settings: CallSettings
) -> tuple[DescribedOperation, CallInputs]:
    """Return the operation with the media type to send, and the inputs of `--inputs`.

    Raises:
        UsageError: The value is not a JSON object, or has an unknown input or an invalid value.
        FileError: An input file cannot be read.
        RefusedError: `read` makes the call and allows no files.
    """
    opening = InputFiles(run.env, run.check_input_file, is_edited=run.options.editor)
    text = decoded_json_text(opening.word(run.options.inputs or "", _OPTION, "the inputs"), _OPTION)
    values = json_value(text, _OPTION)
    if not isinstance(values, dict):
        raise UsageError(
            f"The value of {_OPTION} is not an object",
            reason="Expected the names of inputs with their values",
            hint=f'For example: `{_OPTION} \'{{"name": "value"}}\'`',
        )
    described, content_type = with_given_body(described, values), run.options.content_type
    if takes_content_type(described.sending(content_type), "content_type"):
        content_type = content_type or str(values.pop("content_type", ""))
    if content_type or described.operation.body is not None:
        described = described.sending(content_type)
    is_whole = is_whole_body(described, "body", values.get("body"))
    body = values.pop("body", MISSING) if is_whole else MISSING
    files = _files(opening, described, values)
    for name, value in values.items():
        key = input_key(described, name)
        # Only the key `query` takes pairs of the query, as an object.
        if key is None or (key == ("query",) and not isinstance(value, Mapping)):
            raise unknown_input(described, name, f"`{name[:60]}` in {_OPTION}")
    plain = CallSettings(level=settings.level)
    described, inputs = read_given(described, values, plain, content_type=content_type)
    content: bytes | Payload | None = None
    if body is not MISSING:
        content, of_body = _body_and_files(opening, described, body)
        files += of_body
    return described, replace(inputs, assignments=(*inputs.assignments, *files), body=content)


def _files(opening: InputFiles, described: DescribedOperation, values: dict[str, Any]) -> list[Assignment]:
    """Remove the inputs that are files, and return their assignments to the body."""
    encodings, media_type = encodings_of_body(described), described.media_type
    found: list[Assignment] = []
    if encodings is None or media_type is None:
        return found
    for name, value in list(values.items()):
        words, option = _words_of(value), f"{_OPTION} {name}"
        if not any(map(_names_file, words)):
            continue
        field = body_field(described, name)
        if is_multipart(media_type.name) and not media_type.fields:  # the document does not name the parts
            files = [word[1:] if word.startswith("@@") else opening.part(word[1:], option) for word in words]
            found.append(Assignment((name,), files if len(files) > 1 else files[0], option))
        elif field is not None:
            of_file = value_of_field(
                opening, field, words, encodings, is_multipart(media_type.name), is_strict=True
            )
            found.append(Assignment(field.path, of_file, option))
        else:
            continue
        del values[name]
    return found


def _words_of(value: Any) -> list[str]:
    listed = value if isinstance(value, list) else [value]
    return listed if all(isinstance(item, str) for item in listed) else []


def _names_file(value: Any) -> bool:
    return isinstance(value, str) and value.startswith("@")


def _body_and_files(
    opening: InputFiles, described: DescribedOperation, body: Any
) -> tuple[bytes | Payload, list[Assignment]]:
    """Return the content of a whole body, and the assignments of its members that are files."""
    name = described.media_type.name if described.media_type is not None else ""
    if _may_be_file(name) and _names_file(body):
        return opening.body(body, name), []
    files = []
    if isinstance(body, dict):
        body = dict(body)
        files = _files(opening, described, body)
    return whole_body(body, name), files


def _may_be_file(media_type: str) -> bool:
    """Return whether `@FILE` is a whole body from a file instead of JSON."""
    return not is_built(media_type) or is_form(media_type) or is_multipart(media_type)


def without_given_pairs(
    described: DescribedOperation, whole: CallInputs, settings: CallSettings
) -> CallInputs:
    """Return the inputs of `--inputs` without those that `--query` overrides."""
    names = {name for name, _ in settings.query}
    given = {found[0].key for name in names if (found := input_in_query(described, name)) is not None}
    parameters = {key: value for key, value in whole.parameters.items() if key not in given}
    return replace(
        whole, parameters=parameters, query=tuple(pair for pair in whole.query if pair.name not in names)
    )


def check_unmasked(inputs: CallInputs, whole: CallInputs) -> None:
    """Check that no value is masked, as `--dry-run inputs` prints secrets.

    Args:
        inputs: All inputs of the call.
        whole: The inputs of `--inputs`, which other options may override.

    Raises:
        UsageError: A value is `***`.
    """
    given = [(name, value) for (_, name), value in inputs.parameters.items()]
    given += [(".".join(assignment.path), assignment.value) for assignment in inputs.assignments]
    places = {assignment.path for assignment in inputs.assignments}
    if isinstance(whole.body, bytes) and inputs.body is whole.body:
        with suppress(ValueError, RecursionError):
            given += [
                (".".join(path), item)
                for path, item in leaves(json.loads(whole.body), enters_arrays=True)
                if path not in places
            ]
    for name, value in given:
        if value == MASK or (isinstance(value, list) and MASK in value):
            raise UsageError(
                f"`{name}` in {_OPTION} is masked",
                reason="`--dry-run inputs` does not print secrets",
                hint="Give its value, or its option beside `--inputs`",
            )


def inputs_json(call: Call, masker: Masker, *, shows_secrets: bool) -> dict[str, Any]:
    """Return the inputs of a call in the format of `--inputs`.

    Args:
        masker: Masker of the secrets of the call.
        shows_secrets: Whether to print secrets unmasked.
    """
    described, values, given = call.described, call.values, call.given
    found: dict[str, Any] = {}
    for parameter in described.operation.parameters:
        if parameter.key not in values.parameters:
            continue
        if is_idempotency_key(parameter) and (given is None or parameter.key not in given.parameters):
            continue  # each call gets a new key
        value = values.parameters[parameter.key]
        is_hidden = is_secret_input(parameter) and not shows_secrets
        found[_key_of_parameter(described, parameter)] = MASK if is_hidden else value
    pairs: dict[str, list[Any]] = {}
    for pair in values.query:
        if not pair.is_default:
            pairs.setdefault(pair.name, []).extend(
                pair.value if isinstance(pair.value, list) else [pair.value]
            )
    if pairs:
        found["query"] = {name: listed[0] if len(listed) == 1 else listed for name, listed in pairs.items()}
    if given is not None and given.content_type and values.body is not None:
        found["content_type"] = given.content_type
    body = _body_of(call, shows_secrets=shows_secrets)
    if body is not MISSING:
        found["body"] = body
    for name in found:
        is_taken = name == "content_type" and not takes_content_type(described, name)
        if is_taken or (name == "body" and body is not MISSING and not is_whole_body(described, name, body)):
            raise UsageError(
                "These inputs cannot be printed",
                reason=f"`{name}` would be read as the field of that name",
                hint="Give the fields instead of the whole body, and no `--content-type`",
            )
    masked: dict[str, Any] = found if shows_secrets else masker.mask_value(found)
    return masked


def _key_of_parameter(described: DescribedOperation, parameter: Parameter) -> str:
    """Return the key of a parameter, with its location if its option is also a special key such as `query`."""
    others = {"query", *(("body",) if described.media_type is not None else ())}
    return f"{parameter.location}.{parameter.word}" if parameter.option in others else parameter.option


def _body_of(call: Call, *, shows_secrets: bool) -> Any:
    """Return the body of a call as a JSON value, or `@FILE` for a file; `MISSING` without a body."""
    from dynacli.client.secret_names import without_passwords
    from dynacli.text.exact_json import read_json

    described, values = call.described, call.values
    content: Any = values.body
    if content is None:
        return MISSING
    if values.form is not None:
        content = json_text(_with_names(values.form, described)).encode("utf-8", "surrogatepass")
    elif not isinstance(content, bytes):
        return f"@{content.pieces[0].name}"
    if not shows_secrets:
        plain = replace(values, form=None, body=content)
        shown = without_passwords(described, plain, Request("", "", body=content))[0].body
        content = shown if isinstance(shown, bytes) else content
    name = described.media_type.name if described.media_type is not None else ""
    text = content.decode("utf-8", "surrogateescape")
    if not is_built(name):
        return literal_word(text)
    try:
        is_list = is_json_lines(name)
        return [read_json(line) for line in text.splitlines() if line] if is_list else read_json(text)
    except (ValueError, RecursionError):
        return literal_word(text) if _may_be_file(name) else text


def _with_names(value: Any, described: DescribedOperation) -> Any:
    """Return the value of a form with the names of its files. Strings are escaped so that they name no file."""
    encodings = encodings_of_body(described)

    def named(member: Any, *, takes_file: bool) -> Any:
        if isinstance(member, list):
            return [named(item, takes_file=takes_file) for item in member]
        if hasattr(member, "chunks"):
            return f"@{member.name}"
        return literal_word(member) if takes_file and isinstance(member, str) else member

    if not isinstance(value, Mapping) or encodings is None:
        return value
    return {name: named(member, takes_file=encodings.of(name).takes_file) for name, member in value.items()}
