"""Building the body of a call: from a whole value, from assignments to it, or from an example."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from typing import TYPE_CHECKING, Any, NamedTuple

from dynacli.client.described_operation import DescribedOperation
from dynacli.errors import UsageError
from dynacli.http.semantics import (
    essence,
    is_form,
    is_json,
    is_json_lines,
    is_json_sequence,
    is_multipart,
    is_sequence,
    is_structured,
    is_xml,
    is_yaml,
)
from dynacli.openapi.model.media_types import is_built
from dynacli.openapi.model.operation import MediaType
from dynacli.openapi.schema.option_fields import BranchSelection, select_branches
from dynacli.request.assemble_body import Assignment, assemble, encode, json_text
from dynacli.request.convert_words import json_value

if TYPE_CHECKING:
    from collections.abc import Sequence

    from dynacli.client.inputs.call_inputs import CallInputs
    from dynacli.http.payload import Payload
    from dynacli.openapi.schema.document_schemas import DocumentSchemas
    from dynacli.openapi.schema.form_encoding import Encodings


class BuiltBody(NamedTuple):
    """A body that was built.

    Args:
        content: The bytes to send; None if there is no body.
        media_type: Its media type, with the boundary of a multipart body.
        form: Value from which a form or a multipart body was built.
        missing: Options that the selected branch of the schema requires, but that are not given.
    """

    content: bytes | Payload | None = None
    media_type: str = ""
    form: Any = None
    missing: tuple[str, ...] = ()


def build_body(described: DescribedOperation, inputs: CallInputs, *, is_strict: bool) -> BuiltBody:
    """Return the body of a call. Its content is None if the call has no body.

    Args:
        described: The operation, with the media type of its body.
        is_strict: True if a value that matches no branch of the schema is an error.

    Raises:
        UsageError: The body cannot be built.
    """
    media_type = described.media_type
    if media_type is None:
        return BuiltBody()
    name, assignments, whole = media_type.name, inputs.assignments, inputs.body
    is_encoded = is_form(name) or is_multipart(name)
    is_text = is_encoded or is_yaml(name) or is_xml(name)
    check_takes_options(described, assignments)
    base: Any = None
    if whole is not None:
        may_be_yaml = is_yaml(name) and bool(assignments)
        is_value = isinstance(whole, bytes) and is_built(name) and holds_a_value(whole, name)
        if not isinstance(whole, bytes) or not (is_value or may_be_yaml):
            if assignments:
                raise UsageError(
                    f"Options cannot change parts of a body of `{name}`",
                    hint="Give the body as JSON, or give only options",
                )
            _check_boundary(name)
            return BuiltBody(whole, name)
        if not assignments and (is_json(name) or is_yaml(name)):
            if is_json(name):
                json_value(decoded_json_text(whole), "--body")
            return BuiltBody(whole, name)  # unchanged, byte for byte
        base = _yaml_body(whole, name) if may_be_yaml else json_value(decoded_json_text(whole), "--body")
    elif inputs.wants_example and (assignments or _needs_body(described) or inputs.content_type):
        fitting = selected(described, assemble(None, assignments), assignments, is_final=False)
        base = _example_parts(example_body(described, fitting.overlay), described, assignments)
        if not assignments and (not is_built(name) or (is_text and isinstance(base, str))):
            return BuiltBody(_text_body(described, base, name), name)
    elif inputs.wants_example and _is_body_expected(described):
        try:
            base = _example_parts(_fitting_example(described), described, ())
            if not is_built(name) or (is_text and isinstance(base, str)):
                return BuiltBody(_text_body(described, base, name), name)
        except UsageError:
            return BuiltBody()  # the body is optional
    elif not assignments and not _has_all_defaults(described, media_type):
        return BuiltBody()
    selection = selected(described, assemble(base, assignments), assignments, is_strict=is_strict)
    value = selection.value if whole is not None else _with_defaults(media_type, selection.value)
    if is_structured(name) and not is_encoded:
        content = encode(value, name, described.sent_schema)
        return BuiltBody(content, name, value, selection.missing)
    if not is_encoded:
        return BuiltBody(encode(value, name), name, missing=selection.missing)

    encoded, name = encode_form_body(described, value, inputs, is_strict=is_strict)
    return BuiltBody(encoded, name, value, selection.missing)


def _yaml_body(content: bytes, media_type: str) -> Any:
    from dynacli.media.body_value import NoValueError, body_value

    try:
        return body_value(content, media_type)
    except NoValueError as error:
        raise UsageError("The value of --body is not YAML", reason=str(error)) from error


def selected(
    described: DescribedOperation,
    value: Any,
    assignments: Sequence[Assignment],
    *,
    is_strict: bool = True,
    is_final: bool = True,
) -> BranchSelection:
    """Return the branches of the schema that a body selects, if the schema has alternatives."""
    if not assignments:
        return BranchSelection(value, (), True)
    sources = {assignment.path: assignment.source for assignment in assignments}
    return select_branches(
        described.body_schema(), described.resolve, value, sources, is_strict=is_strict, is_final=is_final
    )


def _has_all_defaults(described: DescribedOperation, media_type: MediaType) -> bool:
    """Return whether a required body can be built from defaults alone."""
    needed = [field for field in media_type.fields if field.is_needed]
    return (
        _needs_body(described)
        and is_built(media_type.name)
        and bool(needed)
        and all(field.value.has_known_default for field in needed)
    )


def _with_defaults(media_type: MediaType, value: Any) -> Any:
    """Return a body with defaults for missing required fields, as for required parameters."""
    if value is not None and not isinstance(value, dict):
        return value
    made: dict[str, Any] = {} if value is None else value
    for field in media_type.fields:
        if not (field.is_needed and field.value.has_known_default):
            continue
        holder: Any = made
        for step in field.path[:-1]:
            holder = holder.setdefault(step, {}) if isinstance(holder, dict) else None
        if isinstance(holder, dict):
            holder.setdefault(field.path[-1], field.value.default)
    return made or value


def _example_parts(example: Any, described: DescribedOperation, assignments: Sequence[Assignment]) -> Any:
    """Return the example of a body. A form without named parts gets a part `file`."""
    media_type = described.media_type
    is_named = media_type is None or essence(media_type.name) != "multipart/form-data" or media_type.fields
    if is_named or (isinstance(example, dict) and (example or assignments)):
        return example
    return None if assignments else {"file": example or ""}


def holds_a_value(content: bytes, media_type: str) -> bool:
    """Return whether a whole body is a JSON value that must still be converted to the media type."""
    if is_json(media_type):
        return True
    starts = {b"["} if is_json_lines(media_type) or is_json_sequence(media_type) else {b"{", b"["}
    return content.lstrip()[:1] in starts


def check_takes_options(described: DescribedOperation, assignments: Sequence[Assignment]) -> None:
    """Refuse options for a body that cannot be built from them.

    Raises:
        UsageError: Such options are given.
    """
    media_type, body = described.media_type, described.operation.body
    if not assignments or media_type is None or is_built(media_type.name):
        return
    others = (
        [media_type.name for media_type in body.content if is_built(media_type.name)]
        if body is not None
        else []
    )
    hint = "Give the whole body: `--body @FILE`, or `--body -` for standard input"
    if others:
        hint += f"; options build `--content-type {others[0]}`"
    raise UsageError(f"Options cannot build a body of `{media_type.name}`", hint=hint)


def _check_boundary(media_type: str) -> None:
    """Refuse a multipart body without a boundary, which no server can split (RFC 2046, section 5.1.1)."""
    name, _, arguments = media_type.lower().partition(";")
    if name.strip().startswith("multipart/") and "boundary=" not in arguments:
        raise UsageError(
            f"A body of `{media_type}` needs the boundary between its parts",
            reason="`--body` is sent as it is, so only you know it",
            hint=f"Name it: `--content-type '{name.strip()}; boundary=...'`",
        )


def missing_in_body(described: DescribedOperation, body: BuiltBody) -> list[str]:
    """Return the options that a body built from options lacks, to report all of them together."""
    media_type = described.media_type
    if media_type is None or (body.content is None and not _needs_body(described)):
        return []
    needed = [field for field in media_type.fields if field.is_needed]
    if body.content is None:
        return [f"--{field.option}" for field in needed] or ["a body"]
    whole = body.form
    if whole is None and isinstance(body.content, bytes) and is_json(media_type.name):
        whole = json_value(decoded_json_text(body.content), "--body")
    lacking = [f"--{field.option}" for field in needed if whole is not None and not _has(whole, field.path)]
    return list(dict.fromkeys([*lacking, *body.missing]))


def _has(value: Any, path: tuple[str, ...]) -> bool:
    for index, step in enumerate(path):
        if not isinstance(value, dict):
            # The value is not an object as in the document. Validation reports that.
            return index > 0
        if step not in value:
            return False
        value = value[step]
    return True


def _needs_body(described: DescribedOperation) -> bool:
    return described.operation.body is not None and described.operation.body.is_required


def _is_body_expected(described: DescribedOperation) -> bool:
    from dynacli.openapi.schema.example_call import is_body_meant

    body = described.follow(described.part["operation"].get("requestBody"))
    return is_body_meant(described.operation.method, body)


def decoded_json_text(content: bytes, option: str = "--body") -> str:
    """Return the text of a JSON value.

    Args:
        option: Option with the value.

    Raises:
        UsageError: The value is not UTF-8.
    """
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise UsageError(f"The value of {option} is not JSON", reason="It is not UTF-8 text") from None


def example_body(described: DescribedOperation, overlay: Any, schemas: DocumentSchemas | None = None) -> Any:
    """Return an example of the body.

    Args:
        described: The operation.
        overlay: A further schema that the example should match, if possible.
        schemas: Evaluator of the schema, if the caller needs it, too.

    Raises:
        UsageError: No example can be made.
    """
    from dynacli.openapi.schema.document_schemas import NoExampleError
    from dynacli.openapi.schema.example_call import body_example

    media, schema = described.raw_media_type(), described.body_schema()
    choices = [{"allOf": [schema, overlay]}] * (overlay is not True) + [schema]
    if described.version == "3.2" and described.media_type and is_sequence(described.media_type.name):
        # There, `schema` describes the whole sequence as an array, so only arrays are valid alternatives.
        choices = [kind for choice in choices for kind in ({"type": "array", "allOf": [choice]}, choice)]
    for wanted in choices:
        try:
            return body_example({**media, "schema": wanted}, described.resolve, schemas)
        except (NoExampleError, LookupError):
            continue
    raise UsageError(
        "No example of the body can be made from the document", hint="Give the whole body: `--body JSON`"
    )


def _fitting_example(described: DescribedOperation) -> Any:
    """Return an example that matches the schema.

    Raises:
        UsageError: No example can be made, for example if every value matches two alternatives at once.
    """
    from dynacli.openapi.schema.document_schemas import DocumentSchemas, NoExampleError

    schemas = DocumentSchemas(described.resolve, "request")
    example, fits = example_body(described, True, schemas), False
    with suppress(NoExampleError, RecursionError):
        fits = schemas.fits(example, described.body_schema())
    if not fits:
        raise UsageError("No example of the body can be made from the document")
    return example


def _text_body(described: DescribedOperation, example: Any, media_type: str) -> bytes:
    from dynacli.openapi.schema.example_call import text_body

    return text_body(example, media_type, described.body_schema())


def encodings_of(described: DescribedOperation, *, has_examples: bool) -> Encodings:
    """Return the encodings of the body's properties according to the document.

    Args:
        has_examples: True if values may come from the document's examples.
    """
    from dynacli.openapi.schema.form_encoding import Encodings

    name = described.media_type.name if described.media_type is not None else ""
    return Encodings(
        described.raw_media_type(),
        described.resolve,
        described.version,
        is_multipart=is_multipart(name),
        has_examples=has_examples,
    )


def encode_form_body(
    described: DescribedOperation, value: Any, inputs: CallInputs, *, is_strict: bool
) -> tuple[bytes | Payload, str]:
    """Return the encoded body and its media type, with a boundary if there are parts.

    Args:
        is_strict: True to refuse list items that contain the delimiter of the list.

    Raises:
        UsageError: The value cannot be encoded as the document requires.
    """
    from dynacli.request.form_body import Multipart, encode_form, make_parts

    name = described.media_type.name if described.media_type is not None else ""
    encodings = encodings_of(described, has_examples=inputs.has_examples)
    if not is_multipart(name):
        return encode_form(value, name, encodings.of, json_text, is_strict=is_strict), name

    unknown = [
        part for (part, _), _ in inputs.part_headers if not isinstance(value, Mapping) or part not in value
    ]
    if unknown:
        raise UsageError(
            f"`--part-header` names the part `{unknown[0]}`, which the body does not have",
            hint="Spell the part as in the document, and give its content",
        )
    plain_name = name.partition(";")[0].strip()
    if isinstance(value, list) and plain_name.lower() == "multipart/form-data":
        value = None  # without names there are no parts (RFC 7578, section 4.2)
    parts = make_parts(value, encodings, dict(inputs.part_headers), is_strict=is_strict)
    multipart = Multipart(parts, plain_name, inputs.boundary or _random_boundary())
    return multipart, multipart.media_type


def _random_boundary() -> str:
    import secrets

    return secrets.token_hex(16)
