"""The body of one call: given whole, by options, as an example, or written in an editor."""

import os
from contextlib import suppress
from typing import TYPE_CHECKING, Any, NamedTuple

from dynacli.commands.operation_command import Given, OperationCommand
from dynacli.commands.run import Run
from dynacli.errors import FileError, UsageError
from dynacli.model.media_types import (
    essence,
    is_built,
    is_form,
    is_json,
    is_json_lines,
    is_json_sequence,
    is_multipart,
)
from dynacli.model.operation import Field, MediaType
from dynacli.request.assemble_body import Assignment, assemble, encode
from dynacli.request.convert_words import convert_all, json_value
from dynacli.schema.branch_selection import BranchSelection, select_branches

if TYPE_CHECKING:
    from dynacli.commands.call.call_forms import FormBody
    from dynacli.commands.call.editor import Draft
    from dynacli.request.payload import Payload

__all__ = ["BuiltBody", "build_body", "missing_in_body"]


_WITH_BODY = frozenset({"POST", "PUT", "PATCH"})


class BuiltBody(NamedTuple):
    """The body.

    Args:
        content: As it is sent, None where there is none.
        form: The value that a form or the parts of a multipart body were made of.
        missing: The options that a branch of the schema needs besides those that chose it.
        draft: What a person wrote it in.
    """

    content: "bytes | Payload | None" = None
    media_type: str = ""
    form: Any = None
    missing: tuple[str, ...] = ()
    draft: "Draft | None" = None


def build_body(
    run: Run, command: OperationCommand, given: Given, *, is_strict: bool, wants_example: bool
) -> BuiltBody:
    """Return the body of a call; one without content where there is none.

    Args:
        is_strict: Whether words must fit what the document says.
        wants_example: Whether what is required and was not given is filled in.

    Raises:
        UsageError: A word does not fit, or no such body can be made; nothing is sent.
        FileError: A file that was named cannot be read.
    """
    media_type = given.media_type
    if media_type is None:
        return BuiltBody()
    name, form = media_type.name, None
    if is_form(name) or is_multipart(name):
        from dynacli.commands.call.call_forms import FormBody

        form = FormBody(run, command, name)
    value_of = _field_value if form is None else form.value
    assignments = [
        Assignment(one.path, value_of(one, words, is_strict=is_strict), f"--{one.option}")
        for one, words in given.body_fields
    ]
    if run.option("set"):
        from dynacli.commands.call.assignments import set_assignments

        assignments.extend(set_assignments(run.option("set"), command, is_strict=is_strict))
    if assignments and not is_built(name):
        raise _takes_no_options(command, name)
    whole = run.option("body")
    if run.option("editor"):
        return _written(run, command, name, form, assignments)
    base: Any = None
    if whole is not None:
        content = _content(run, str(whole), name)
        if not isinstance(content, bytes) or not is_built(name) or not _is_value(content, name):
            if assignments:
                raise UsageError(
                    f"A body of `{name}` is sent as it is; options cannot be laid over it",
                    hint="Give its value as JSON, or only options",
                )
            _check_boundary(name)
            return BuiltBody(content, name)
        base = json_value(_decoded(content), "--body")
        if not assignments and is_json(name):
            return BuiltBody(content, name)  # byte for byte as it was given
    elif wants_example and (assignments or _needs_body(command) or run.option("content_type")):
        base = _example_body(
            command, _selected(command, assemble(None, assignments), assignments, is_final=False).overlay
        )
        if not assignments and (not is_built(name) or (form and isinstance(base, str))):
            return BuiltBody(_text_body(command, base, name), name)
    elif wants_example and _is_meant(command):
        try:
            base = _fitting_example(command)
            if not is_built(name) or (form and isinstance(base, str)):
                return BuiltBody(_text_body(command, base, name), name)
        except UsageError:
            return BuiltBody()  # it can be left out
    elif not assignments and not _is_told(command, media_type):
        return BuiltBody()
    selection = _selected(command, assemble(base, assignments), assignments, is_strict=is_strict)
    value = selection.value if whole is not None else _with_defaults(media_type, selection.value)
    if form is None:
        return BuiltBody(encode(value, name), name, missing=selection.missing)
    encoded, name = form.encode(value)
    return BuiltBody(encoded, name, value, selection.missing)


def _written(
    run: Run, command: OperationCommand, name: str, form: "FormBody | None", assignments: list[Assignment]
) -> BuiltBody:
    """Return the body that a person writes in an editor, beginning with what was given and what is required."""
    from dynacli.commands.call.editor import write_draft

    whole = run.option("body")
    content = b"" if whole is None else _content(run, str(whole), name)
    if not isinstance(content, bytes):
        raise UsageError(f"A body of `{name}` that is a file is not written in an editor")
    text = content.decode("utf-8", "surrogateescape")
    if is_built(name) and (whole is None or assignments):
        text = _skeleton(command, name, text, assignments)
    elif whole is None:
        text = _text_skeleton(command)

    def check(saved: bytes) -> Any:
        if not is_built(name) or not _is_value(saved, name):
            return None
        value = json_value(_decoded(saved), "the body")
        return value if form is None else form.encode(value)

    draft = write_draft(run.env, text, _suffix(name), check, may_ask=not run.option("no_input"))
    saved = draft.content
    if not is_built(name) or is_json(name) or not _is_value(saved, name):
        return BuiltBody(saved, name, draft=draft)
    value = json_value(_decoded(saved), "the body")
    if form is None:
        return BuiltBody(encode(value, name), name, draft=draft)
    encoded, name = form.encode(value)
    return BuiltBody(encoded, name, value, draft=draft)


def _skeleton(command: OperationCommand, name: str, text: str, assignments: list[Assignment]) -> str:
    import json

    base = json_value(text, "--body") if text else None
    if not text:
        selection = _selected(command, assemble(None, assignments), assignments, is_final=False)
        try:
            base = _example_body(command, selection.overlay)
        except UsageError:
            base = None  # the person knows what to write
    value = _selected(command, assemble(base, assignments), assignments, is_final=False).value
    if is_json_lines(name) and isinstance(value, list):
        return "".join(f"{json.dumps(one, ensure_ascii=False)}\n" for one in value)
    return json.dumps({} if value is None else value, ensure_ascii=False, indent=2) + "\n"


def _text_skeleton(command: OperationCommand) -> str:
    try:
        example = _example_body(command, True)
    except UsageError:
        return ""
    return example if isinstance(example, str) else ""


def _suffix(name: str) -> str:
    kinds = {
        "xml": ".xml",
        "yaml": ".yaml",
        "html": ".html",
        "csv": ".csv",
        "jsonl": ".jsonl",
        "ndjson": ".jsonl",
    }
    if is_json_lines(name):
        return ".jsonl"
    if is_built(name):
        return ".json"
    return next((suffix for kind, suffix in kinds.items() if kind in name.lower()), ".txt")


def _is_told(command: OperationCommand, media_type: MediaType) -> bool:
    """Return whether a required body can be made of what the document tells alone: all that it needs has a default."""
    needed = [one for one in media_type.fields if one.is_needed]
    return (
        _needs_body(command)
        and is_built(media_type.name)
        and bool(needed)
        and all(one.value.has_known_default for one in needed)
    )


def _with_defaults(media_type: MediaType, value: Any) -> Any:
    """Return a body with the defaults of what it needs and nobody gave, as of parameters that are required."""
    if value is not None and not isinstance(value, dict):
        return value
    made: dict[str, Any] = {} if value is None else value
    for one in media_type.fields:
        if not (one.is_needed and one.value.has_known_default):
            continue
        holder: Any = made
        for step in one.path[:-1]:
            holder = holder.setdefault(step, {}) if isinstance(holder, dict) else None
        if isinstance(holder, dict):
            holder.setdefault(one.path[-1], one.value.default)
    return made or value


def _selected(
    command: OperationCommand,
    value: Any,
    assignments: list[Assignment],
    *,
    is_strict: bool = True,
    is_final: bool = True,
) -> BranchSelection:
    """Return what a body is of, where its schema leaves a choice."""
    if not assignments:
        return BranchSelection(value, (), True)
    sources = {one.path: one.source for one in assignments}
    resolve = command.api.catalog.resolve
    return select_branches(
        command.body_schema(), resolve, value, sources, is_strict=is_strict, is_final=is_final
    )


def _field_value(one: Field, words: list[str], *, is_strict: bool) -> Any:
    """Return the value of a body option."""
    return convert_all(words, one.value, f"--{one.option}", is_strict=is_strict)


def _is_value(content: bytes, media_type: str) -> bool:
    """Return whether a whole body is a JSON value that is still to be written in the media type."""
    if is_json(media_type):
        return True
    starts = {b"["} if is_json_lines(media_type) or is_json_sequence(media_type) else {b"{", b"["}
    return content.lstrip()[:1] in starts


def _takes_no_options(command: OperationCommand, media_type: str) -> UsageError:
    body = command.operation.body
    others = [one.name for one in body.content if is_built(one.name)] if body is not None else []
    hint = "Give it whole: `--body @FILE`, or `--body -` for standard input"
    if others:
        hint += f"; options build `--content-type {others[0]}`"
    return UsageError(f"A body of `{media_type}` is sent as it is given; options cannot build it", hint=hint)


def _check_boundary(media_type: str) -> None:
    """Refuse a multipart body that nobody could take apart (RFC 2046, section 5.1.1)."""
    essence, _, arguments = media_type.lower().partition(";")
    if essence.strip().startswith("multipart/") and "boundary=" not in arguments:
        raise UsageError(
            f"A body of `{media_type}` needs the boundary between its parts",
            why="`--body` is sent as it is, so only you know it",
            hint=f"Name it: `--content-type '{essence.strip()}; boundary=...'`",
        )


def missing_in_body(command: OperationCommand, given: Given, body: BuiltBody) -> list[str]:
    """Return the options that a body built from options lacks, so that they can be named all at once."""
    media_type = given.media_type
    if media_type is None or (body.content is None and not _needs_body(command)):
        return []
    needed = [one for one in media_type.fields if one.is_needed]
    if body.content is None:
        return [f"--{one.option}" for one in needed] or ["a body"]
    whole = body.form
    if whole is None and isinstance(body.content, bytes) and is_json(media_type.name):
        whole = json_value(_decoded(body.content), "--body")
    lacking = [f"--{one.option}" for one in needed if whole is not None and not _has(whole, one.path)]
    return list(dict.fromkeys([*lacking, *body.missing]))


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


def _is_meant(command: OperationCommand) -> bool:
    """Return whether a call is hardly meant without a body, though the document does not say that it is required.

    `required` is false where it is not written (OpenAPI 3.1.1, "Request Body Object"), which many documents forget
    where the body is what a method is for. One that says `false` means it.
    """
    described = command.follow(command.part["operation"].get("requestBody"))
    return (
        command.operation.method in _WITH_BODY
        and isinstance(described, dict)
        and described.get("required") is None
    )


def _content(run: Run, word: str, media_type: str) -> "bytes | Payload":
    """Return what `--body` gives; what is neither JSON nor a form is sent as it is read."""
    has_boundary = "boundary=" in media_type.lower()
    is_read = is_json(media_type) or is_form(media_type) or (is_multipart(media_type) and not has_boundary)
    if not is_read and (word == "-" or word.startswith("@")):
        from dynacli.commands.call.uploads import content_of

        return content_of(run, word, media_type)
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


def _example_body(command: OperationCommand, overlay: Any) -> Any:
    """Return the example; `overlay` is a schema that it should fit besides its own, if there is such a value."""
    from dynacli.schema.example_call import body_example
    from dynacli.schema.example_value import NoExampleError

    media, schema = command.raw_media_type(), command.body_schema()
    catalog = command.api.catalog
    for wanted in [{"allOf": [schema, overlay]}] * (overlay is not True) + [schema]:
        try:
            return body_example({**media, "schema": wanted}, catalog.resolve, catalog.meta["dialect"])
        except (NoExampleError, LookupError):
            continue
    raise UsageError(
        "No example of the body can be made from the document", hint="Give it whole: `--body JSON`"
    )


def _fitting_example(command: OperationCommand) -> Any:
    """Return an example that is surely one.

    Raises:
        UsageError: None can be made, as where two alternatives are so wide that whatever fits one fits both.
    """
    from dynacli.schema.example_value import NoExampleError
    from dynacli.schema.schema_matcher import SchemaMatcher

    catalog = command.api.catalog
    example, fits = _example_body(command, True), False
    with suppress(NoExampleError, RecursionError):
        fits = SchemaMatcher(catalog.resolve, "request", catalog.meta["dialect"]).matches(
            example, command.body_schema()
        )
    if not fits:
        raise UsageError("No example of the body can be made from the document")
    return example


def _text_body(command: OperationCommand, example: Any, media_type: str) -> bytes:
    """Return an example of a body that no options build: a text as it is, a value as XML or YAML, if it is that."""
    from dynacli.schema.example_call import option_text
    from dynacli.schema.xml_text import is_xml, xml_text

    if isinstance(example, str | int | float):
        return option_text(example).encode()
    if is_xml(media_type):
        from dynacli.schema.example_value import NoExampleError
        from dynacli.schema.schema_matcher import SchemaMatcher

        catalog = command.api.catalog
        try:
            reading = SchemaMatcher(catalog.resolve, "request", catalog.meta["dialect"])
            return xml_text(example, command.body_schema(), reading).encode()
        except (NoExampleError, RecursionError):
            pass  # said below
    if essence(media_type).endswith(("yaml", "yml")):
        return option_text(example).encode()  # JSON is YAML (YAML 1.2.2, section 1.2)
    raise UsageError(
        f"No example of a body of `{media_type}` can be made", hint="Give it whole: `--body @FILE`"
    )
