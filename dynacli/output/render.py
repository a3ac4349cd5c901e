"""Writing data to standard output or a file: HTTP bodies, and the results of dynacli's own commands.

A pipe gets the unchanged bytes. A terminal gets readable text that cannot control it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

from dynacli.environment import Environment
from dynacli.errors import FormatError
from dynacli.http.semantics import ReceivedBody, is_structured
from dynacli.output.output_format import OutputFormat
from dynacli.output.standard_error import write_stderr
from dynacli.output.standard_output import blocks, write_bytes, written_text
from dynacli.record import replace
from dynacli.text.terminal import Painter, terminal_width, visible, visible_painted

if TYPE_CHECKING:
    from dynacli.output.agent_text import DescribeAround

_UNLIMITED = 100_000
_NO_JSON = "Note: the media type of the response is JSON, but its body is not; it is shown as it came"


def write_content(env: Environment, content: bytes, media_type: str, form: OutputFormat) -> None:
    """Write content that is not a response, as `write_body` does, with the same errors."""
    write_body(env, ReceivedBody(content, media_type), form)


def write_body(
    env: Environment,
    body: ReceivedBody,
    form: OutputFormat,
    *,
    head: Mapping[str, Any] | None = None,
    around: DescribeAround | None = None,
) -> None:
    """Write the body of an HTTP response.

    Args:
        env: The environment of the run.
        body: The content and its value.
        form: The output settings. `raw` and a file get the exact bytes, and so does `auto` in a pipe. On a terminal,
            `auto` is a `table` if the items of the body are objects, else `text`. `text` indents JSON, writes other
            text unchanged, and reports binary content on standard error. All other formats convert the value.
        head: Status and headers, if the result is one object with them and the value of the body.
        around: Returns the text that `agent` writes around the data; None for counts only.

    Raises:
        FormatError: The content cannot be shown in this format. It was written as JSON, or unchanged.
        FileError: The file or standard output cannot be written.
        BrokenPipeError: The reader of standard output is gone.
    """
    try:
        if form.format == "agent":
            from dynacli.output.agent_text import write_body_for_agent

            write_body_for_agent(env, body, form, head=head, around=around)
        elif head is not None:
            _write_whole(env, body, form, head)
        else:
            _write_body(env, body, form)
    except MemoryError:
        pass  # leaving this block frees the frames of the exception, and the memory that they hold
    else:
        return
    hint = "`-o raw` passes it on as it comes"
    raise FormatError(
        f"The response cannot be {_wanted(form)}", reason="there is not enough memory", hint=hint
    )


def items_of_table(env: Environment, body: ReceivedBody, form: OutputFormat) -> int:
    """Return the number of items of a body that `auto` prints as a table; 0 if it prints no table.

    It prints a table on a terminal if the response is a success and all items are objects.
    """
    may_be_table = form.format == "auto" and form.may_be_table and not (form.filter or form.file)
    if not may_be_table or not env.stdout_is_terminal or env.is_agent:
        return 0
    from dynacli.media.body_value import NoValueError, body_items
    from dynacli.openapi.model.find_items import Items

    def count() -> int:
        try:
            found = body_items(body)
        except NoValueError:
            return 0
        items = found.values if isinstance(found, Items) else []
        return len(items) if all(isinstance(item, dict) for item in items) else 0

    counted: int = body.derived("items_of_table", count)
    return counted


def _write_body(env: Environment, body: ReceivedBody, form: OutputFormat) -> None:
    content, media_type = body.content, body.media_type
    if items_of_table(env, body, form):
        from contextlib import suppress

        with suppress(FormatError):  # items that do not form a table were written as JSON
            _write_formed(env, body, replace(form, format="table"))
        return
    if form.is_of_value or (form.format in {"json", "yaml"} and is_structured(media_type)):
        _write_formed(env, body, form)
        return
    if form.file and form.format in {"auto", "raw"}:
        from dynacli.files import write_named_file

        write_named_file(form.file, content)
        return
    if not content:
        return
    if form.format == "raw" or (form.format == "auto" and not env.stdout_is_terminal):
        write_bytes(env, content)
        return

    from dynacli.text.body_text import decoded, is_json_content

    text = decoded(content, media_type)
    if text is None and is_structured(media_type):
        _write_readable(env, body, form)
    elif text is None:
        _write_binary(env, body, form)
    elif form.format == "yaml":
        _write_body_yaml(env, content, text, form, is_json=is_json_content(media_type, text))
    elif is_json_content(media_type, text):
        _write_body_json(env, content, text, form)
    elif form.format == "json":
        import json

        _write_json_text(env, json.dumps(text, ensure_ascii=False), form)
    else:
        write_plain(env, text, form)


def _write_formed(env: Environment, body: ReceivedBody, form: OutputFormat) -> None:
    """Write a body in a format that needs its value."""
    if not body.content:
        return
    from dynacli.media.body_value import NoValueError, TooDeepBodyError, exact_value
    from dynacli.output.written_items import write_value

    instead, hint = form.unfiltered(), "It is printed as it came"
    try:
        value = exact_value(body)
    except TooDeepBodyError as error:
        reason = str(error)
        instead, hint = form.unfiltered("json"), "It is printed as JSON, which has no such limit"
    except NoValueError as error:
        reason, hint = str(error), error.hint or hint
    else:
        write_value(env, value, form, body=body)
        return
    write_body(env, body, instead)
    raise FormatError(f"The response cannot be {_wanted(form)}", reason=reason, hint=hint)


def _write_readable(env: Environment, body: ReceivedBody, form: OutputFormat) -> None:
    """Write a body of CBOR or MessagePack as JSON, for reading."""
    from dynacli.media.body_value import NoValueError, exact_value
    from dynacli.output.written_items import write_value

    try:
        value = exact_value(body)
    except NoValueError as error:
        if not env.is_quiet:
            write_stderr(env, f"Note: {error}" + (f"\n  hint: {error.hint}" if error.hint else ""))
        _write_binary(env, body, form)
    else:
        write_value(env, value, form)


def _write_whole(env: Environment, body: ReceivedBody, form: OutputFormat, head: Mapping[str, Any]) -> None:
    """Write one object of status, headers and body."""
    from dynacli.media.body_value import shown_value
    from dynacli.output.written_items import write_value

    value = {**head, "body": shown_value(body)}
    write_value(env, value, form, body=body, is_one=True)


def _wanted(form: OutputFormat) -> str:
    return f"shown as `{form.format}`" if not form.filter else "filtered"


def write_data(
    env: Environment, value: Any, form: OutputFormat, text: Callable[[Painter, int], str] | None = None
) -> None:
    """Write the result of one of dynacli's own commands.

    As JSON, a list of objects has one object per line, so that line-based tools can read it.

    Args:
        env: The environment of the run.
        value: The JSON value.
        form: The output settings. `auto` and `text` print text for reading, also in a pipe, uncoloured and complete.
        text: Makes this text from a painter and a width in columns. It makes foreign text `visible` before painting.
            None if the value is always printed as JSON.

    Raises:
        FormatError: The value cannot be shown in this format. It was written as JSON.
        FileError: The file or standard output cannot be written.
        BrokenPipeError: The reader of standard output is gone.
    """
    if form.is_of_value:
        from dynacli.output.written_items import write_value

        # An object of dynacli is shown as a whole, even if it contains lists.
        write_value(env, value, form, is_one=form.format == "agent" and isinstance(value, dict))
    elif text is not None and is_for_people(form):
        made = text(Painter.for_stdout(env), list_width(env))
        _write_text(env, visible_painted(made) if env.stdout_is_terminal else made, form)
    elif form.format == "yaml":
        from dynacli.text.yaml_text import yaml_of

        write_plain(env, yaml_of(value), form)
    else:
        _write_json_text(env, _json_of(value), form)


def is_for_people(form: OutputFormat) -> bool:
    """Return whether the results of dynacli's own commands are written as text."""
    return not form.file and form.format in {"auto", "text"}


def list_width(env: Environment) -> int:
    """Return the width of dynacli's own lists, which is unlimited in a pipe, so that `grep` finds everything."""
    return terminal_width(env, env.stdout) if env.stdout_is_terminal else _UNLIMITED


def _json_of(value: Any) -> str:
    import json

    if not (isinstance(value, list) and value and all(isinstance(item, dict) for item in value)):
        return json.dumps(value, ensure_ascii=False, indent=2)
    lines = (json.dumps(item, ensure_ascii=False, separators=(",", ":")) for item in value)
    return "[\n" + ",\n".join(lines) + "\n]"


def _write_body_json(env: Environment, body: bytes, text: str, form: OutputFormat) -> None:
    from dynacli.text.json_budget import TooManyValuesError, check_values
    from dynacli.text.json_text import reindent

    try:
        check_values(text)  # each value may take a line, with two hundred spaces
        laid_out = reindent(text)
    except TooManyValuesError as error:
        _write_unparsed(env, body, text, f"Note: the response is shown as it came: {error}")
    except ValueError:
        _write_unparsed(env, body, text, _NO_JSON)
    else:
        _write_json_text(env, laid_out, form)


def _write_body_yaml(env: Environment, body: bytes, text: str, form: OutputFormat, *, is_json: bool) -> None:
    from dynacli.text.json_budget import TooManyValuesError
    from dynacli.text.yaml_text import yaml_of, yaml_of_json

    try:
        converted = yaml_of_json(text) if is_json else yaml_of(text)
    except TooManyValuesError as error:
        _write_body_json(env, body, text, form)
        raise FormatError("The response cannot be shown as YAML", reason=str(error)) from error
    except ValueError:
        _write_unparsed(env, body, text, _NO_JSON)
    except RecursionError as error:
        _write_body_json(env, body, text, form)
        raise FormatError(
            "The response cannot be shown as YAML",
            reason="it is nested too deeply",
            hint="It is printed as JSON, which has no such limit",
        ) from error
    else:
        write_plain(env, converted, form)


def _write_unparsed(env: Environment, body: bytes, text: str, note: str) -> None:
    if env.stdout_is_terminal:
        _write_text(env, visible(text.replace("\r\n", "\n")), OutputFormat())
    else:
        write_bytes(env, body)
    if not env.is_quiet:
        write_stderr(env, note)


def _write_binary(env: Environment, body: ReceivedBody, form: OutputFormat) -> None:
    from dynacli.media.body_value import binary_name

    named = binary_name(body.content, body.media_type)
    if form.format not in {"json", "yaml"}:
        write_stderr(
            env,
            f"The response is binary ({named}) and is not shown here\n"
            "  hint: `-o @FILE` keeps it in a file, `-o raw --yes` writes the bytes anyway",
        )
        return
    write_body(env, body, form.unfiltered())
    raise FormatError(
        f"The response cannot be shown as {form.format.upper()}",
        reason=f"it is binary: {named}",
        hint="use `-o @FILE` to keep it in a file",
    )


def _write_json_text(env: Environment, text: str, form: OutputFormat) -> None:
    if env.stdout_is_terminal and not form.file:
        from dynacli.text.json_text import colourise, escape_unsafe

        text = colourise(escape_unsafe(text), Painter.for_stdout(env))
    _write_text(env, text, form)


def write_plain(env: Environment, text: str, form: OutputFormat) -> None:
    """Write text, without control characters on a terminal.

    Raises:
        FileError: The file or standard output cannot be written.
        BrokenPipeError: The reader of standard output is gone.
    """
    if env.stdout_is_terminal and not form.file:
        text = visible(text.replace("\r\n", "\n"))
    _write_text(env, text, form)


def _write_text(env: Environment, text: str, form: OutputFormat) -> None:
    with written_text(env, form) as write:
        write(text if text.endswith("\n") else f"{text}\n")


def write_rows(
    env: Environment,
    rows: Iterable[Mapping[str, Any]],
    form: OutputFormat,
    lines: Callable[[Painter, int], Iterable[str]],
) -> None:
    """Write the rows of one of dynacli's own lists, with the same output as `write_data` for the list.

    Args:
        env: The environment of the run.
        rows: JSON objects.
        form: As for `write_data`.
        lines: Makes the lines for reading, from a painter and a width in columns.

    Raises:
        FormatError: The rows cannot be shown in this format. They were written as JSON.
        FileError: The file or standard output cannot be written.
        BrokenPipeError: The reader of standard output is gone.
    """
    if form.filter or form.format == "agent":
        write_data(env, list(rows), form)
    elif is_for_people(form):
        made = lines(Painter.for_stdout(env), list_width(env))
        pieces = _text_pieces(made, visible_painted if env.stdout_is_terminal else str)
        with written_text(env, form) as write:
            for block in blocks(pieces):
                write(block)
    else:
        from dynacli.output.written_items import write_items

        write_items(env, rows, form)


def _text_pieces(lines: Iterable[str], shown: Callable[[str], str]) -> Iterator[str]:
    line = None
    for line in lines:
        yield f"{shown(line)}\n"
    if line is None:
        yield "\n"
