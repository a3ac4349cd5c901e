"""The arguments that give a body: options of its fields, `--body`, `--set`, `--file`, files and `--editor`."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from dynacli.client.described_operation import DescribedOperation
from dynacli.client.inputs.build_body import (
    check_takes_options,
    decoded_json_text,
    encode_form_body,
    encodings_of,
    example_body,
    holds_a_value,
    selected,
)
from dynacli.client.inputs.call_inputs import CallInputs, ParameterKey
from dynacli.client.inputs.collect_values import check_missing, collect_parameters
from dynacli.commands.call.input_files import InputFiles
from dynacli.commands.run import Run
from dynacli.environment import Environment, invocation
from dynacli.errors import UsageError
from dynacli.http.semantics import is_form, is_json, is_json_lines, is_multipart
from dynacli.openapi.model.media_types import is_built
from dynacli.openapi.model.operation import ANY_BODY, Field
from dynacli.openapi.schema.flatten_schema import FlatSchema, flatten
from dynacli.openapi.schema.option_fields import find_field, option_words, parse_steps, part_of
from dynacli.options.standard_options import Options
from dynacli.record import replace
from dynacli.request.assemble_body import Assignment, assemble
from dynacli.request.convert_words import convert_all, json_value

if TYPE_CHECKING:
    from dynacli.commands.call.editor import EditedText
    from dynacli.http.payload import ByteSource
    from dynacli.openapi.schema.form_encoding import Encodings, PropertyEncoding

_SUFFIXES = {
    "xml": ".xml",
    "yaml": ".yaml",
    "html": ".html",
    "csv": ".csv",
    "jsonl": ".jsonl",
    "ndjson": ".jsonl",
}
"""Part of a media type → suffix of the draft file, from which an editor recognizes the syntax."""


def read_body_words(
    run: Run,
    described: DescribedOperation,
    parameters: Mapping[ParameterKey, Any],
    field_words: Sequence[tuple[Field, list[str]]],
    whole: CallInputs,
    *,
    is_strict: bool,
) -> tuple[DescribedOperation, CallInputs, EditedText | None]:
    """Return the operation with the media type to send, the inputs, and the draft of a body from an editor.

    Args:
        parameters: The values of the parameters.
        field_words: The values for fields of the body.
        whole: The inputs of `--inputs`. Other options override them.
        is_strict: Whether values must match the document.

    Raises:
        UsageError: An argument is invalid.
        FileError: An input file cannot be read.
    """
    options, body = run.options, whole.body
    files = InputFiles(run.env, run.check_input_file, is_edited=options.editor)
    is_chosen = bool(options.content_type or whole.content_type) or described.operation.body is not ANY_BODY
    if options.body is not None and not is_chosen:
        body, media_type = files.undeclared_body(options.body)
        described = described.sending(media_type)
    name = _name_of_media_type(described)
    encodings = None
    if is_form(name) or is_multipart(name):
        encodings = encodings_of(described, has_examples=options.example or options.editor)
    assignments = []
    fields = described.media_type.fields if described.media_type is not None else ()
    for field, words in field_words:
        option = f"--{field.option}"
        value = value_of_field(
            files, field, words, encodings, is_multipart(name), is_strict=is_strict, fields=fields
        )
        assignments.append(Assignment(field.path, value, option))
    if options.set:
        assignments.extend(_read_assignments(options.set, described, is_strict=is_strict))
    if options.set_file:
        assignments.extend(_read_set_files(files, options.set_file, described, is_strict=is_strict))
    if options.file:
        assignments.extend(_read_parts(files, options.file))
    if options.body is None:
        assignments = [*_not_given(whole.assignments, assignments), *assignments]
    elif is_chosen:
        body = files.body(options.body, name)
    check_takes_options(described, assignments)
    inputs = CallInputs(
        parameters,
        tuple(assignments),
        body,
        wants_example=options.example,
        content_type=options.content_type or whole.content_type,
        part_headers=_part_headers(options.part_header),
        boundary=_boundary(options, name),
        has_examples=options.example or options.editor,
    )
    if not options.editor:
        return described, inputs, None
    check_missing(described, collect_parameters(described, inputs, is_strict=is_strict)[1])
    draft = _edit_body(run.env, options, described, inputs, is_strict=is_strict)
    return described, replace(inputs, assignments=(), body=draft.content, is_complete=True), draft


def _not_given(assignments: Iterable[Assignment], given: Iterable[Assignment]) -> Iterator[Assignment]:
    """Yield the assignments that no given assignment overrides, at the same location or above it."""
    places = [assignment.path for assignment in given]
    for assignment in assignments:
        if not any(assignment.path[: len(place)] == place for place in places):
            yield assignment


def _name_of_media_type(described: DescribedOperation) -> str:
    return described.media_type.name if described.media_type is not None else ""


def value_of_field(
    files: InputFiles,
    field: Field,
    words: list[str],
    encodings: Encodings | None,
    has_parts: bool,
    *,
    is_strict: bool,
    fields: Sequence[Field] = (),
) -> Any:
    """Return the value for a field of the body. In a form and a multipart body it may be a file.

    Args:
        fields: The options of the body.
    """
    option = f"--{field.option}"
    if encodings is not None:
        is_item = len(field.path) == 2 and field.path[1].startswith("[")
        if len(field.path) == 1 or is_item:
            encoding = encodings.of(field.path[0])
            is_list = field.value.type == "array" and not is_item
            is_named = any(word.startswith("@") for word in words)
            if encoding.takes_file and (is_named or not encoding.takes_text):
                return _file_value(files, words, encoding, option, is_list=is_list)
        elif has_parts and field.value.format == "binary" and words[-1].startswith("@"):
            raise UsageError(
                f"{option} cannot be a file",
                reason="It is part of a JSON value, and JSON cannot contain the bytes of a file",
                hint="Only a top-level property of a multipart body can be a file",
            )
    return convert_all(words, field.value, option, is_strict=is_strict, fields=fields)


def _part_headers(words: Sequence[str]) -> tuple[tuple[tuple[str, str], str], ...]:
    headers = []
    for word in words:
        part, _, rest = word.partition(":")
        name, colon, value = rest.partition(":")
        if not part or not name.strip() or not colon:
            raise UsageError("Invalid value of --part-header", hint="Write `--part-header PART:NAME:VALUE`")
        headers.append(((part, name.strip().lower()), value.strip()))
    return tuple(headers)


def _boundary(options: Options, media_type: str) -> str:
    """Return the boundary of `--content-type`, or the fixed one of a dry run; else empty."""
    if not is_multipart(media_type):
        return ""
    from dynacli.request.form_body import PREVIEW_BOUNDARY, boundary_in

    return boundary_in(options.content_type) or (PREVIEW_BOUNDARY if options.dry_run else "")


def _edit_body(
    env: Environment, options: Options, described: DescribedOperation, inputs: CallInputs, *, is_strict: bool
) -> EditedText:
    """Let the user write the body in an editor, starting from the given and the required fields. Return the draft."""
    from dynacli.commands.call.editor import write_draft

    name = _name_of_media_type(described)
    content = inputs.body if inputs.body is not None else b""
    if not isinstance(content, bytes):
        raise UsageError(f"A body of `{name}` that comes from a file cannot be edited")
    text = content.decode("utf-8", "surrogateescape")
    if is_built(name) and (inputs.body is None or inputs.assignments):
        text = _json_skeleton(described, text, inputs.assignments)
    elif inputs.body is None:
        text = _text_skeleton(described)

    def check(saved: bytes) -> None:
        if not is_built(name) or not holds_a_value(saved, name):
            return
        value = json_value(decoded_json_text(saved), "the body")
        if is_form(name) or is_multipart(name):
            encode_form_body(described, value, inputs, is_strict=is_strict)

    is_value = is_built(name) and (not text or holds_a_value(text.encode("utf-8", "surrogateescape"), name))
    return write_draft(env, text, _suffix(name, is_value=is_value), check, may_ask=not options.no_input)


def _json_skeleton(described: DescribedOperation, text: str, assignments: Sequence[Assignment]) -> str:
    base = json_value(text, "--body") if text else None
    if not text:
        selection = selected(described, assemble(None, assignments), assignments, is_final=False)
        try:
            base = example_body(described, selection.overlay)
        except UsageError:
            base = None  # without an example the draft has only the given fields
    value = selected(described, assemble(base, assignments), assignments, is_final=False).value
    if is_json_lines(_name_of_media_type(described)) and isinstance(value, list):
        return "".join(f"{json.dumps(item, ensure_ascii=False)}\n" for item in value)
    return json.dumps({} if value is None else value, ensure_ascii=False, indent=2) + "\n"


def _text_skeleton(described: DescribedOperation) -> str:
    try:
        example = example_body(described, True)
    except UsageError:
        return ""
    return example if isinstance(example, str) else ""


def _suffix(name: str, *, is_value: bool) -> str:
    if is_json_lines(name):
        return ".jsonl"
    if is_value:
        return ".json"
    return next((suffix for kind, suffix in _SUFFIXES.items() if kind in name.lower()), ".txt")


def _read_assignments(
    words: Iterable[str], described: DescribedOperation, *, is_strict: bool
) -> list[Assignment]:
    """Return the assignments of the values of `--set`.

    Args:
        words: The values, each as `PATH=JSON`.
        is_strict: Whether an unknown location is an error.

    Raises:
        UsageError: A value has no path, its JSON is invalid, or the schema has no such location.
    """
    assignments = []
    for word in words:
        place, equals, value = word.partition("=")
        path = _steps_of_place(described, place, "--set", is_strict=is_strict) if equals else ()
        if not path:
            raise UsageError(
                f"`--set {word}` cannot be read",
                hint="Write `--set PATH=JSON`, for example `--set 'name=\"x\"'` or `--set tags.0=null`",
            )
        assignments.append(Assignment(path, json_value(value, f"--set {place}"), f"--set {place}"))
    return assignments


def _steps_of_place(
    described: DescribedOperation, place: str, option: str, *, is_strict: bool
) -> tuple[str, ...]:
    """Return the path of a location in the body; empty if the string is not a path.

    Args:
        option: The option that names the location.

    Raises:
        UsageError: The schema has no such location, and `is_strict` is set.
    """
    steps = parse_steps(place)
    schema, resolve = described.body_schema(), described.resolve
    field = find_field(schema, resolve, place) if place else None
    if field is None and steps and is_strict:
        raise _no_such_place(place, steps, schema, described, option)
    return field.path if field is not None else steps


def _read_set_files(
    files: InputFiles, words: Iterable[str], described: DescribedOperation, *, is_strict: bool
) -> Iterator[Assignment]:
    """Yield the assignments of the values of `--set-file`.

    Args:
        words: The values, each as `PATH=FILE`.
        is_strict: Whether an unknown location is an error.

    Raises:
        UsageError: A value is malformed, the schema has no such location, or a file is not UTF-8.
        FileError: A file cannot be read.
        RefusedError: `read` makes the call and allows no files.
    """
    for word in words:
        place, _, name = word.partition("=")
        option = f"--set-file {place}"
        path = _steps_of_place(described, place, "--set-file", is_strict=is_strict) if name else ()
        if not path:
            raise UsageError(
                f"`--set-file {word}` cannot be read",
                hint="Write `--set-file PATH=FILE`, for example `--set-file notes=notes.md`",
            )
        content = files.content(name, f"--set-file {word}", f"the file of `{option}`")
        if _is_base64(described, path):
            from base64 import b64encode

            yield Assignment(path, b64encode(content).decode("ascii"), option)
            continue
        try:
            yield Assignment(path, content.decode("utf-8"), option)
        except UnicodeDecodeError as error:
            raise UsageError(
                f"The file of `{option}` is not text in UTF-8",
                reason=f"Byte {error.start + 1:,} of `{name}` is 0x{content[error.start]:02x}, "
                "and the document does not say that the field is base64",
                hint="Give the field itself, or convert the file first",
            ) from None


def _is_base64(described: DescribedOperation, path: tuple[str, ...]) -> bool:
    """Return whether a field of the body takes bytes as base64.

    That is `format: byte` or `contentEncoding: base64`. In JSON it is also `format: binary`: JSON has no other bytes.
    """
    from dynacli.openapi.document.json_trees import list_or_empty

    schema = described.body_schema()
    for step in path:
        schema = _schema_at(flatten(schema, described.resolve), step)
    formats = {"byte", "binary"} if is_json(_name_of_media_type(described)) else {"byte"}
    pending, seen = [schema], set[int]()
    while pending:
        node = described.follow(pending.pop())
        if not isinstance(node, dict) or id(node) in seen:
            continue
        seen.add(id(node))
        if node.get("format") in formats or node.get("contentEncoding") == "base64":
            return True
        pending += [
            item for keyword in ("allOf", "anyOf", "oneOf") for item in list_or_empty(node.get(keyword))
        ]
    return False


def _no_such_place(
    place: str, steps: tuple[str, ...], schema: Any, described: DescribedOperation, option: str
) -> UsageError:
    """Return the error for an unknown path, with similar paths."""
    from difflib import get_close_matches

    from dynacli.openapi.model.wording import did_you_mean

    resolve = described.resolve
    flat, reached, missing = flatten(schema, resolve), "", steps[0] if steps else place
    for step in steps:
        missing = step
        inner = _schema_at(flat, step)
        if inner is None:
            break
        flat = flatten(inner, resolve)
        reached = f"{reached}{step}" if step.startswith("[") else f"{reached}.{step}".lstrip(".")
    parent = f"`{reached}`" if reached else "the body"
    names = [*flat.properties, *option_words(flat.properties).values()]
    prefix = f"{reached}." if reached else ""
    near = list(dict.fromkeys(f"{prefix}{name}" for name in get_close_matches(missing, names, 3, 0.6)))
    if near:
        hint = did_you_mean([f"{option} {path}=..." for path in near])
    elif flat.properties:
        known = ", ".join(f"`{name}`" for name in list(flat.properties)[:8])
        hint = f"{parent[0].upper()}{parent[1:]} has {known}" + (", ..." if len(flat.properties) > 8 else "")
    else:
        hint = f"See what it takes: `{invocation('describe', described.api.name)} {described.operation.name}`"
    reason = f"{parent} is not an array" if missing.startswith("[") else f"{parent} has no `{missing}`"
    return UsageError(
        f"`{option} {place}` does not match a field of the body",
        reason=reason[0].upper() + reason[1:],
        hint=f"{hint}; `--validate off` sends it anyway",
        near=near,
    )


def _schema_at(flat: FlatSchema, step: str) -> Any:
    """Return the schema of a property, by its name or option, or of the items; None if there is none."""
    if step.startswith("["):
        return flat.items
    names = {word: name for name, word in option_words(flat.properties).items()}
    name = step if step in flat.properties else names.get(step)
    if name is not None:
        return flat.properties[name]
    part = part_of(flat, step)
    return None if part is False else part


def _file_value(
    files: InputFiles, words: list[str], encoding: PropertyEncoding, option: str, *, is_list: bool
) -> Any:
    """Return the value of a property that is a file.

    Args:
        is_list: Whether the property is an array, so that each argument is an item.

    Raises:
        FileError: A file cannot be read.
        UsageError: An argument names no file, and the property takes only files.
    """
    values = [_file_or_value(files, word, encoding, option) for word in (words if is_list else words[-1:])]
    return values if is_list else values[0]


def _read_parts(files: InputFiles, words: Iterable[str]) -> list[Assignment]:
    """Return the parts that the values of `--file` give. A name may be repeated.

    Raises:
        FileError: A file cannot be read.
        UsageError: A value does not name a part and a file.
    """
    parts: dict[str, list[ByteSource]] = {}
    for word in words:
        name, _, content = word.partition("=")
        if not name or not content.startswith("@"):
            raise UsageError(
                f"`--file {word[:60]}` is not `NAME=@FILE`",
                reason="The document does not name the parts of this body, so each file needs a name",
                hint="Write `--file NAME=@FILE`",
            )
        parts.setdefault(name, []).append(files.part(content[1:], f"--file {name}"))
    return [
        Assignment((name,), sources if len(sources) > 1 else sources[0], f"--file {name}")
        for name, sources in parts.items()
    ]


def _file_or_value(files: InputFiles, word: str, encoding: PropertyEncoding, option: str) -> Any:
    if word.startswith("@@"):
        return word[1:]
    if word.startswith("@"):
        return files.part(word[1:], option)
    if encoding.takes_text:
        return word
    raise UsageError(
        f"{option} takes a file",
        reason=f"There is no `@` before `{word[:60]}`",
        hint=f"Write `{option} @{word[:60] or 'FILE'}`, or `{option} @-` for standard input",
    )
