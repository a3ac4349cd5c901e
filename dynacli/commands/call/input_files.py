"""The input files of a call, and standard input."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import TYPE_CHECKING

from dynacli.environment import Environment
from dynacli.errors import FileError, UsageError
from dynacli.http.semantics import essence, is_form, is_json, is_multipart, is_structured

if TYPE_CHECKING:
    from dynacli.http.payload import ByteSource, Payload

from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from dynacli.http.payload import Readable


_BODY = "the body"
_JSON = "application/json"
_MAX_VALIDATED = 1024 * 1024
"""Maximum size of a text that is read first for validation. A longer text is sent unvalidated."""


class InputFiles:
    """Opens the input files of a call, and standard input.

    Args:
        env: The environment with standard input.
        check: Raises an error for a file that the command must not read.
        is_edited: Whether the body is opened in an editor.
    """

    def __init__(self, env: Environment, check: Callable[[str], None], *, is_edited: bool) -> None:
        self._env, self._check, self._is_edited = env, check, is_edited

    def body(self, word: str, media_type: str) -> bytes | Payload:
        """Return the content of `--body`. If it is neither JSON nor a form, it may be read while it is sent.

        Raises:
            FileError: The file cannot be read.
            RefusedError: `read` makes the call and allows no files.
            UsageError: Standard input is a terminal, or was used already.
        """
        if word.startswith("@@"):
            return word[1:].encode("utf-8", "surrogateescape")
        has_boundary = "boundary=" in media_type.lower()
        is_read_first = (
            is_json(media_type) or is_form(media_type) or (is_multipart(media_type) and not has_boundary)
        )
        if not is_read_first and (word == "-" or word.startswith("@")):
            return self._unchanged(word.removeprefix("@"), media_type)
        return self.word(word, "--body", _BODY)

    def undeclared_body(self, word: str) -> tuple[bytes | Payload, str]:
        """Return the content of `--body` and its media type if the document declares no body.

        A string is JSON. The suffix of a file decides its media type. With an unknown suffix, and for standard input,
        a JSON object or array is JSON, and anything else is `application/octet-stream`.

        Raises:
            FileError: The file cannot be read.
            RefusedError: `read` makes the call and allows no files.
            UsageError: Standard input is a terminal, or was used already.
        """
        from dynacli.http.payload import Payload
        from dynacli.request.form_body import media_type_of_file
        from dynacli.text.json_budget import is_json_tree

        if word != "-" and (not word.startswith("@") or word.startswith("@@")):
            return self.body(word, _JSON), _JSON
        source = self._open(word.removeprefix("@"), _BODY)
        media_type = media_type_of_file(source.name)
        if media_type:
            return self.body(word, media_type), media_type
        small = self._small_content(source)
        if small is not None and is_json_tree(small):
            return small, _JSON
        return (Payload([source]) if small is None else small), "application/octet-stream"

    def word(self, word: str, option: str, use: str) -> bytes:
        """Return the content that the value of an option gives: a string, a file (`@FILE`) or standard input (`-`).

        Args:
            use: Name of the content for messages: `the body`.

        Raises:
            FileError: The file or standard input cannot be read.
            RefusedError: `read` makes the call and allows no files.
            UsageError: Standard input is a terminal, or was used already.
        """
        if word == "-":
            if self._env.stdin_is_terminal:
                raise UsageError(f"`{option} -` reads standard input, but nothing is piped into it")
            try:
                return self._env.read_stdin(use)
            except (OSError, ValueError) as error:
                raise FileError(
                    f"{use[0].upper()}{use[1:]} cannot be read from standard input",
                    reason="It is closed or broken",
                ) from error
        if not word.startswith("@"):
            return word.encode("utf-8", "surrogateescape")
        called = f"{use}'s file" if use == _BODY else f"the file of `{option}`"
        return self.content(word[1:], word, called)

    def content(self, name: str, given: str, called: str) -> bytes:
        """Return the content of a file.

        Args:
            given: The argument as typed, for the error of `read`.
            called: Name of the file for messages.

        Raises:
            FileError: The file cannot be read.
            RefusedError: `read` makes the call and allows no files.
        """
        self._check(given)
        try:
            with open(os.path.expanduser(name), "rb") as file:
                return file.read()
        except (OSError, ValueError) as error:
            reason = getattr(error, "strerror", None) or "it is not a file name"
            raise FileError(f"Cannot read {called} `{name}`", reason=reason) from error

    def _unchanged(self, word: str, media_type: str) -> bytes | Payload:
        """Return a body that is sent unchanged, and may be read while it is sent.

        A small body is read first if its media type is validated.

        Args:
            word: The path, or `-`.
        """
        from dynacli.http.payload import Payload

        source = self._open(word, _BODY)
        small = self._small_content(source) if _is_validated(media_type) else None
        return Payload([source]) if small is None else small

    def _small_content(self, source: ByteSource) -> bytes | None:
        """Return the content of a source if it is small enough to be read first; else None."""
        if source.name == "-":
            from dynacli.http.payload import begins_with

            text, is_whole = begins_with(self._env.open_stdin(_BODY), "-", _MAX_VALIDATED)
            return text if is_whole else None
        is_small = source.size is not None and source.size <= _MAX_VALIDATED
        return b"".join(source.chunks()) if is_small else None

    def part(self, word: str, option: str) -> ByteSource:
        """Return the file, or standard input for `-`, that an option gives as part of the body.

        Raises:
            FileError: The file cannot be read.
            RefusedError: `read` makes the call and allows no files.
            UsageError: Standard input is a terminal or was used already, or the body is opened in an editor.
        """
        if self._is_edited:
            raise UsageError(
                f"{option} cannot be a file if `--editor` is given",
                reason="The editor shows the body as JSON, which cannot contain the bytes of a file",
                hint="Save the body to a file, and give it with `--body @FILE` instead of `--editor`",
            )
        return self._open(word, f"the content of {option}")

    def _open(self, word: str, use: str) -> ByteSource:
        from dynacli.http.payload import StreamUpload, open_upload

        if word != "-":
            self._check(f"@{word}")
            return open_upload(os.path.expanduser(word), word)
        if self._env.stdin_is_terminal:
            raise UsageError(
                f"{use[0].upper()}{use[1:]} comes from standard input, but nothing is piped into it"
            )
        return StreamUpload(self._env.open_stdin(use), "-")


def _is_validated(media_type: str) -> bool:
    name = essence(media_type)
    return name.startswith("text/") or "json" in name or is_structured(name)


@contextmanager
def opened_input(env: Environment, word: str, use: str) -> Iterator[Readable]:
    """Open a file, or standard input for `-`, for the length of the block.

    Args:
        use: The use of standard input, for messages.

    Raises:
        UsageError: Nothing is piped into standard input.
        FileError: The input cannot be read.
    """
    if word == "-" and env.stdin_is_terminal:
        raise UsageError("`-` reads standard input, but nothing is piped into it")
    try:
        if word == "-":
            yield env.open_stdin(use)
        else:
            with open(os.path.expanduser(word), "rb") as file:
                yield file
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or "it is not a file name"
        raise FileError(f"`{word}` cannot be read", reason=reason) from error
