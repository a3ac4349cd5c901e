"""Writing data to standard output or a file: HTTP bodies, and the results of dynacli's own verbs.

A pipe gets the bytes as they came; a terminal gets readable text that cannot control it.
"""

from collections.abc import Callable
from typing import Any

from dynacli.environment import Environment
from dynacli.errors import UsageError
from dynacli.output.standard_error import write_stderr
from dynacli.output.stream_body import write_bytes
from dynacli.text.terminal import Painter, terminal_width, visible, visible_painted

__all__ = ["FORMATS", "check_format", "write_body", "write_data"]

FORMATS = ("auto", "json", "yaml", "raw", "text")


def check_format(output_format: str) -> None:
    """Check that an output format is one of `FORMATS` or `@FILE`.

    Raises:
        UsageError: The format is unknown.
    """
    if output_format in FORMATS or (output_format[:1] == "@" and len(output_format) > 1):
        return
    known = ", ".join(f"`{name}`" for name in FORMATS)
    raise UsageError(
        f"`{output_format}` is not an output format",
        why="`@` is followed by the name of a file" if output_format == "@" else "",
        hint=f"Use one of {known}, or `@FILE` for a file",
    )


def write_body(env: Environment, body: bytes, media_type: str, output_format: str) -> None:
    """Write the body of an HTTP answer.

    Args:
        env: The surroundings of the run.
        body: The content, after transfer and content codings are undone.
        media_type: The value of `Content-Type` (RFC 9110, section 8.3); empty where there is none.
        output_format: One of `FORMATS`, or `@FILE`. `raw` and `@FILE` write the exact bytes, and so does `auto`
            to a pipe; on a terminal `auto` is `text`. `json` and `yaml` convert. `text` indents JSON, writes other
            text as it is, and for binary content a line on standard error.

    Raises:
        UsageError: The format is unknown, or the content cannot be shown in it.
        FileError: The file or standard output cannot be written.
        BrokenPipeError: The reader of standard output is gone.
    """
    check_format(output_format)
    if output_format[0] == "@":
        _write_named(output_format, body)
        return
    if not body:
        return
    if output_format == "raw" or (output_format == "auto" and not env.stdout_is_terminal):
        write_bytes(env, body)
        return

    from dynacli.text.content_kind import decoded, is_json

    text = decoded(body, media_type)
    if text is None:
        _write_binary_note(env, body, media_type, output_format)
    elif output_format == "yaml":
        _write_body_yaml(env, body, text, is_json=is_json(media_type, text))
    elif is_json(media_type, text):
        _write_body_json(env, body, text)
    elif output_format == "json":
        import json

        _write_json_text(env, json.dumps(text, ensure_ascii=False))
    else:
        _write_plain(env, text)


def write_data(
    env: Environment, value: Any, output_format: str, text: Callable[[Painter, int], str] | None = None
) -> None:
    """Write the result of one of dynacli's own verbs.

    A list of objects is written as JSON with an object per line, so that tools for lines work on it, too.

    Args:
        env: The surroundings of the run.
        value: The JSON value.
        output_format: One of `FORMATS`, or `@FILE`.
        text: Makes the form for a person from a painter and a width in columns, for `text` and for `auto` on a
            terminal. It makes foreign text `visible` before it paints around it.

    Raises:
        UsageError: The format is unknown.
        FileError: The file or standard output cannot be written.
        BrokenPipeError: The reader of standard output is gone.
    """
    check_format(output_format)
    if output_format[0] == "@":
        _write_named(output_format, (_json_of(value) + "\n").encode("utf-8", "backslashreplace"))
    elif text is not None and (
        output_format == "text" or (output_format == "auto" and env.stdout_is_terminal)
    ):
        made = text(Painter.for_stdout(env), terminal_width(env, env.stdout))
        _write_text(env, visible_painted(made) if env.stdout_is_terminal else made)
    elif output_format == "yaml":
        from dynacli.text.yaml_text import yaml_of

        _write_plain(env, yaml_of(value))
    else:
        _write_json_text(env, _json_of(value))


def _json_of(value: Any) -> str:
    import json

    if not (isinstance(value, list) and value and all(isinstance(item, dict) for item in value)):
        return json.dumps(value, ensure_ascii=False, indent=2)
    lines = (json.dumps(item, ensure_ascii=False, separators=(",", ":")) for item in value)
    return "[\n" + ",\n".join(lines) + "\n]"


def _write_body_json(env: Environment, body: bytes, text: str) -> None:
    from dynacli.text.json_text import reindent

    try:
        laid_out = reindent(text)
    except ValueError:
        _write_unparsed(env, body, text)
    else:
        _write_json_text(env, laid_out)


def _write_body_yaml(env: Environment, body: bytes, text: str, *, is_json: bool) -> None:
    from dynacli.text.yaml_text import yaml_of, yaml_of_json

    try:
        converted = yaml_of_json(text) if is_json else yaml_of(text)
    except ValueError:
        _write_unparsed(env, body, text)
    except RecursionError as error:
        raise UsageError(
            "The answer cannot be shown as YAML",
            why="it is nested too deeply",
            hint="use `-o json`, which has no such limit",
        ) from error
    else:
        _write_plain(env, converted)


def _write_unparsed(env: Environment, body: bytes, text: str) -> None:
    if env.stdout_is_terminal:
        _write_plain(env, text)
    else:
        write_bytes(env, body)
    write_stderr(env, "Note: the answer is called JSON but is not; it is shown as it came")


def _write_binary_note(env: Environment, body: bytes, media_type: str, output_format: str) -> None:
    name = f"`{visible(media_type, keep='')}`" if media_type else "of no declared type"
    size = f"{len(body):,} bytes"
    if output_format in {"json", "yaml"}:
        raise UsageError(
            f"The answer cannot be shown as {output_format.upper()}",
            why=f"it is binary: {name}, {size}",
            hint="use `-o @FILE` to keep it in a file, or `-o raw` for the bytes",
        )
    write_stderr(
        env,
        f"The answer is binary ({name}, {size}) and is not shown here\n"
        "  do: `-o @FILE` keeps it in a file, `-o raw` writes the bytes anyway",
    )


def _write_json_text(env: Environment, text: str) -> None:
    if env.stdout_is_terminal:
        from dynacli.text.json_text import colourise, escape_unsafe

        text = colourise(escape_unsafe(text), Painter.for_stdout(env))
    _write_text(env, text)


def _write_plain(env: Environment, text: str) -> None:
    if env.stdout_is_terminal:
        text = visible(text.replace("\r\n", "\n"))
    _write_text(env, text)


def _write_text(env: Environment, text: str) -> None:
    if not text.endswith("\n"):
        text += "\n"
    # JSON and YAML are always UTF-8; only a terminal has an encoding of its own.
    encoding = (env.stdout_is_terminal and env.stdout.encoding) or "utf-8"
    write_bytes(env, text.encode(encoding, "backslashreplace"))


def _write_named(output_format: str, data: bytes) -> None:
    from pathlib import Path

    from dynacli.files import write_named_file

    write_named_file(Path(output_format[1:]), data)
