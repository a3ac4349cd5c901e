"""The words that give a body: options of its fields, `--body`, `--set` and `--editor`."""

import json
import os
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from dynacli.client.described_operation import DescribedOperation
from dynacli.client.inputs.build_body import (
    check_takes_options,
    decoded,
    example_body,
    holds_a_value,
    selected,
)
from dynacli.client.inputs.call_inputs import CallInputs, ParameterKey, check_missing, collect_parameters
from dynacli.commands.run import Run
from dynacli.errors import FileError, UsageError
from dynacli.model.media_types import is_built, is_form, is_json, is_json_lines, is_multipart
from dynacli.model.operation import Field
from dynacli.record import replace
from dynacli.request.assemble_body import Assignment, assemble
from dynacli.request.convert_words import convert_all, json_value

if TYPE_CHECKING:
    from dynacli.commands.call.words.editor import Draft
    from dynacli.http.payload import Payload
    from dynacli.schema.form_encoding import Encodings

__all__ = ["read_body_words"]

_SUFFIXES = {
    "xml": ".xml",
    "yaml": ".yaml",
    "html": ".html",
    "csv": ".csv",
    "jsonl": ".jsonl",
    "ndjson": ".jsonl",
}
"""Part of a media type → the suffix of the file that an editor opens, by which it knows the syntax."""


def read_body_words(
    run: Run,
    described: DescribedOperation,
    parameters: Mapping[ParameterKey, Any],
    field_words: Sequence[tuple[Field, list[str]]],
    *,
    is_strict: bool,
) -> tuple[CallInputs, "Draft | None"]:
    """Return the inputs of a call that has a body, and the draft that a person wrote the body in.

    Args:
        parameters: The values of the parameters.
        field_words: The words for fields of the body.
        is_strict: Whether words must fit the document.

    Raises:
        UsageError: A word does not fit; nothing is sent.
        FileError: A file that was named cannot be read.
    """
    options, name = run.options, _media_type(described)
    encodings = None
    if is_form(name) or is_multipart(name):
        from dynacli.client.inputs.encode_form import encodings_of

        encodings = encodings_of(described, has_examples=options.example or options.editor)
    assignments = []
    for field, words in field_words:
        option = f"--{field.option}"
        value = _field_value(run, field, words, encodings, is_multipart(name), is_strict=is_strict)
        assignments.append(Assignment(field.path, value, option))
    if options.set:
        from dynacli.commands.call.words.read_assignments import read_assignments

        assignments.extend(read_assignments(options.set, described, is_strict=is_strict))
    if options.file:
        from dynacli.commands.call.words.read_file_words import read_parts

        assignments.extend(read_parts(run, options.file))
    check_takes_options(described, assignments)
    inputs = CallInputs(
        parameters,
        tuple(assignments),
        _content(run, options.body, name) if options.body is not None else None,
        wants_example=options.example,
        content_type=options.content_type,
        part_headers=_part_headers(options.part_header),
        boundary=_boundary(run, name),
        has_examples=options.example or options.editor,
    )
    if not options.editor:
        return inputs, None
    check_missing(described, collect_parameters(described, inputs, is_strict=is_strict)[1])
    draft = _edit_body(run, described, inputs, is_strict=is_strict)
    return replace(inputs, assignments=(), body=draft.content, is_complete=True), draft


def _media_type(described: DescribedOperation) -> str:
    return described.media_type.name if described.media_type is not None else ""


def _field_value(
    run: Run,
    field: Field,
    words: list[str],
    encodings: "Encodings | None",
    has_parts: bool,
    *,
    is_strict: bool,
) -> Any:
    """Return the value of an option of the body; in a form and a multipart body it may be files."""
    option = f"--{field.option}"
    if encodings is not None:
        is_item = len(field.path) == 2 and field.path[1].startswith("[")
        if len(field.path) == 1 or is_item:
            encoding = encodings.of(field.path[0])
            is_list = field.value.type == "array" and not is_item
            is_named = any(word.startswith("@") for word in words)
            if encoding.takes_file and (is_named or not encoding.takes_text):
                from dynacli.commands.call.words.read_file_words import file_value

                return file_value(run, words, encoding, option, is_list=is_list)
        elif has_parts and field.value.format == "binary" and words[-1].startswith("@"):
            raise UsageError(
                f"{option} cannot be a file",
                why="It is a part of a JSON value, which has no form for the bytes of a file",
                hint="Only a property of its own in a multipart body can be a file",
            )
    return convert_all(words, field.value, option, is_strict=is_strict)


def _part_headers(words: Sequence[str]) -> tuple[tuple[tuple[str, str], str], ...]:
    headers = []
    for word in words:
        part, _, rest = word.partition(":")
        name, colon, value = rest.partition(":")
        if not part or not name.strip() or not colon:
            raise UsageError(
                "A value of --part-header cannot be read", hint="Write `--part-header PART:NAME:VALUE`"
            )
        headers.append(((part, name.strip().lower()), value.strip()))
    return tuple(headers)


def _boundary(run: Run, media_type: str) -> str:
    """Return the boundary between parts: that of `--content-type`, in a preview always the same one; else empty."""
    if not is_multipart(media_type):
        return ""
    from dynacli.request.multipart_body import PREVIEW_BOUNDARY, boundary_in

    return boundary_in(run.options.content_type) or (PREVIEW_BOUNDARY if run.options.dry_run else "")


def _content(run: Run, word: str, media_type: str) -> "bytes | Payload":
    """Return the content that `--body` gives; where it is neither JSON nor a form, it is read while it is sent."""
    if word.startswith("@@"):
        return word[1:].encode("utf-8", "surrogateescape")
    has_boundary = "boundary=" in media_type.lower()
    is_read_first = (
        is_json(media_type) or is_form(media_type) or (is_multipart(media_type) and not has_boundary)
    )
    if not is_read_first and (word == "-" or word.startswith("@")):
        from dynacli.commands.call.words.read_file_words import body_content

        return body_content(run, word, media_type)
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
    if run.is_read_only:
        run.check_input_file(word)
    path = os.path.expanduser(word[1:])
    try:
        with open(path, "rb") as file:
            return file.read()
    except (OSError, ValueError) as error:
        why = getattr(error, "strerror", None) or "it is no file name"
        raise FileError(f"The body's file `{word[1:]}` cannot be read", why=why) from error


def _edit_body(run: Run, described: DescribedOperation, inputs: CallInputs, *, is_strict: bool) -> "Draft":
    """Return the draft that a person writes in an editor, which begins with the given and the required fields."""
    from dynacli.commands.call.words.editor import write_draft

    name = _media_type(described)
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
        value = json_value(decoded(saved), "the body")
        if is_form(name) or is_multipart(name):
            from dynacli.client.inputs.encode_form import encode_form_body

            encode_form_body(described, value, inputs, is_strict=is_strict)

    return write_draft(run.env, text, _suffix(name), check, may_ask=not run.options.no_input)


def _json_skeleton(described: DescribedOperation, text: str, assignments: Sequence[Assignment]) -> str:
    base = json_value(text, "--body") if text else None
    if not text:
        selection = selected(described, assemble(None, assignments), assignments, is_final=False)
        try:
            base = example_body(described, selection.overlay)
        except UsageError:
            base = None  # without an example the editor begins with the given fields alone
    value = selected(described, assemble(base, assignments), assignments, is_final=False).value
    if is_json_lines(_media_type(described)) and isinstance(value, list):
        return "".join(f"{json.dumps(item, ensure_ascii=False)}\n" for item in value)
    return json.dumps({} if value is None else value, ensure_ascii=False, indent=2) + "\n"


def _text_skeleton(described: DescribedOperation) -> str:
    try:
        example = example_body(described, True)
    except UsageError:
        return ""
    return example if isinstance(example, str) else ""


def _suffix(name: str) -> str:
    if is_json_lines(name):
        return ".jsonl"
    if is_built(name):
        return ".json"
    return next((suffix for kind, suffix in _SUFFIXES.items() if kind in name.lower()), ".txt")
