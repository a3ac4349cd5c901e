"""The words `@FILE` and `@-`: contents of files and of standard input, which are read while they are sent."""

import os
from collections.abc import Iterable
from typing import Any

from dynacli.commands.run import Run
from dynacli.errors import UsageError
from dynacli.http.payload import Payload, Source
from dynacli.model.media_types import essence
from dynacli.request.assemble_body import Assignment
from dynacli.schema.form_encoding import PropertyEncoding

__all__ = ["body_content", "file_value", "read_parts"]

_BODY = "the body"
_MAX_JUDGED = 1024 * 1024
"""Bytes up to which a text is read first, so that it can be judged; a longer text is sent without being judged."""


def _open_source(run: Run, word: str, use: str) -> Source:
    """Return the file or the standard input that `@FILE` or `@-` names.

    Args:
        word: The path, or `-` for standard input.
        use: What standard input is used for, for messages.

    Raises:
        FileError: The file cannot be read.
        RefusedError: The call is made by `read`, which takes no files.
        UsageError: Standard input is a terminal, or is used for something else.
    """
    from dynacli.transport.upload import StreamUpload, open_upload

    if word != "-":
        run.check_input_file(f"@{word}")
        return open_upload(os.path.expanduser(word), word)
    if run.env.stdin_is_terminal:
        raise UsageError(f"{use[0].upper()}{use[1:]} comes from standard input, and nothing is piped into it")
    return StreamUpload(run.env.open_stdin(use), "-")


def file_value(run: Run, words: list[str], encoding: PropertyEncoding, option: str, *, is_list: bool) -> Any:
    """Return the value of a property whose content is a file.

    Args:
        is_list: Whether the property is an array: each word is then an item of it.

    Raises:
        FileError: A file cannot be read.
        UsageError: A word names no file, and the property takes nothing else.
    """
    values = [_file(run, word, encoding, option) for word in (words if is_list else words[-1:])]
    return values if is_list else values[0]


def read_parts(run: Run, words: Iterable[str]) -> list[Assignment]:
    """Return the parts that the values of `--file` give; one name may be given several times.

    Raises:
        FileError: A file cannot be read.
        UsageError: A word does not name a part and a file.
    """
    parts: dict[str, list[Source]] = {}
    for word in words:
        name, _, content = word.partition("=")
        if not name or not content.startswith("@"):
            raise UsageError(
                f"`--file {word[:60]}` is not `NAME=@FILE`",
                why="The document does not name the parts of this body, so that each file is given with a name",
                hint="Write `--file NAME=@FILE`",
            )
        parts.setdefault(name, []).append(_opened(run, content[1:], f"--file {name}"))
    return [
        Assignment((name,), sources if len(sources) > 1 else sources[0], f"--file {name}")
        for name, sources in parts.items()
    ]


def _opened(run: Run, name: str, option: str) -> Source:
    if run.options.editor:
        raise UsageError(
            f"{option} cannot be a file together with `--editor`",
            why="An editor shows the body as JSON, which has no form for the bytes of a file",
            hint="Save what you write, and give it by `--body @FILE` beside the file",
        )
    return _open_source(run, name, f"the content of {option}")


def _file(run: Run, word: str, encoding: PropertyEncoding, option: str) -> Any:
    if word.startswith("@@"):
        return word[1:]
    if word.startswith("@"):
        return _opened(run, word[1:], option)
    if encoding.takes_text:
        return word
    raise UsageError(
        f"{option} takes a file",
        why=f"There is no `@` before `{word[:60]}`",
        hint=f"Write `{option} @{word[:60] or 'FILE'}`, or `{option} @-` for standard input",
    )


def body_content(run: Run, word: str, media_type: str) -> bytes | Payload:
    """Return the body that `--body` names, which is sent unchanged and read while it is sent.

    A small text is read first, because texts are judged.

    Args:
        word: `@FILE` or `-`.

    Raises:
        FileError: The file cannot be read.
        UsageError: Standard input is a terminal, or is used for something else.
    """
    source = _open_source(run, word.removeprefix("@"), _BODY)
    if not _is_judged(media_type):
        return Payload([source])
    if source.name == "-":
        from dynacli.transport.upload import begins_with

        text, is_whole = begins_with(run.env.open_stdin(_BODY), "-", _MAX_JUDGED)
        return text if is_whole else Payload([source])
    if source.size is not None and source.size <= _MAX_JUDGED:
        return b"".join(source.chunks())
    return Payload([source])


def _is_judged(media_type: str) -> bool:
    name = essence(media_type)
    return name.startswith("text/") or "json" in name
