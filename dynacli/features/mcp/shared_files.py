"""The files that an agent may use: those below one directory, which the user chose.

A path has no `..`, no hidden name and no link, so it cannot leave the directory. An existing file is never written.
"""

from __future__ import annotations

import os
import shutil
import stat
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from tempfile import TemporaryDirectory
from typing import IO, Any

from dynacli.client.described_operation import DescribedOperation
from dynacli.client.inputs.read_plain_inputs import encodings_of_body
from dynacli.environment import Environment
from dynacli.errors import FileError, UsageError
from dynacli.files import make_directory
from dynacli.openapi.model.media_types import is_built

_LONGEST_NAME = 1_000
_MOST_DIRECTORIES = 20
_NO_LINK = getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_CLOEXEC", 0) | getattr(os, "O_BINARY", 0)
_AT_ONCE = getattr(os, "O_NONBLOCK", 0)
_DIRECTORY = getattr(os, "O_DIRECTORY", 0)
_FORBIDDEN = frozenset('\\:<>"|?*')
"""Characters that Windows gives a meaning in names."""
_CAN_WALK = os.open in os.supports_dir_fd


class SharedFiles:
    """The files below a directory.

    Args:
        directory: The directory.

    Raises:
        FileError: The directory does not exist.
    """

    def __init__(self, directory: str) -> None:
        if not os.path.isdir(directory):
            raise FileError(
                f"`{directory}` is not a directory", hint="Create it, or name another one with `--files`"
            )
        self._directory = os.path.realpath(directory)

    @contextmanager
    def uploads(self, described: DescribedOperation, inputs: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
        """Yield inputs with open files instead of the names of files.

        A name is the value of an input that takes only files, or `@NAME` for an input that takes other text, too.

        Args:
            described: The operation, with the media type of its body.

        Raises:
            UsageError: A name is not allowed.
            FileError: A file cannot be read.
        """
        with ExitStack() as stack:

            def opened(value: Any) -> Any:
                return stack.enter_context(self.read(value.removeprefix("@")))

            given: dict[str, Any] = {}
            for name, value in inputs.items():
                takes = _takes_file(described, name)
                many = value if isinstance(value, list) else [value]
                is_file = takes and all(
                    isinstance(item, str) and (takes == "only" or item.startswith("@")) for item in many
                )
                files = [opened(item) for item in many] if is_file else []
                given[name] = (files if isinstance(value, list) else files[0]) if is_file else value
            yield given

    @contextmanager
    def read(self, name: str) -> Iterator[_NamedFile]:
        """Open a file for reading.

        Raises:
            UsageError: The name is not allowed.
            FileError: The file cannot be read.
        """
        try:
            descriptor = self._open(name, os.O_RDONLY | _AT_ONCE)
        except OSError as error:
            raise _unusable(name, "be read", error) from error
        with open(descriptor, "rb") as file:
            if not stat.S_ISREG(os.fstat(descriptor).st_mode):
                raise FileError(f"`{name}` cannot be read", reason="It is not a regular file")
            yield _NamedFile(file, name.rpartition("/")[2])

    @contextmanager
    def saving(self, env: Environment, name: str) -> Iterator[str]:
        """Yield the path of a temporary file, whose content goes into a new file after the block.

        The file is not created if the block fails, or does not write the temporary file.

        Raises:
            UsageError: The name is not allowed.
            FileError: The file exists, or cannot be written.
        """
        self._check_new(name)
        make_directory(env.state_dir)
        with TemporaryDirectory(prefix="mcp-", dir=env.state_dir) as directory:
            path = os.path.join(directory, "download")
            yield path
            if os.path.exists(path):
                self._copy(path, name)

    def _check_new(self, name: str) -> None:
        """Check before a call that a new file with this name can be created."""
        try:
            self._open(name, os.O_RDONLY | _AT_ONCE)
        except FileNotFoundError:
            path = os.path.join(self._directory, *name.split("/")[:-1])
            if os.path.isdir(path):
                return
            raise FileError(f"`{name}` cannot be written", reason="Its directory does not exist") from None
        except OSError as error:
            raise _unusable(name, "be written", error) from error
        raise _taken(name)

    def _copy(self, path: str, name: str) -> None:
        try:
            descriptor = self._open(name, os.O_WRONLY | os.O_CREAT | os.O_EXCL)
            with open(descriptor, "wb") as target, open(path, "rb") as source:
                shutil.copyfileobj(source, target)
        except FileExistsError as error:
            raise _taken(name) from error
        except OSError as error:
            raise _unusable(name, "be written", error) from error

    def _open(self, name: str, flags: int) -> int:
        """Open a file below the directory, without following a link in any part of its path.

        Raises:
            UsageError: The name is not allowed.
            OSError: The file cannot be opened.
        """
        *directories, last = _parts_of(name)
        if not _CAN_WALK:
            path = os.path.join(self._directory, *directories, last)
            if os.path.realpath(path) != path:
                raise OSError("It is a link")
            return os.open(path, flags | _NO_LINK, 0o600)
        at = os.open(self._directory, os.O_RDONLY | _DIRECTORY)
        try:
            for part in directories:
                below = os.open(part, os.O_RDONLY | _DIRECTORY | _NO_LINK, dir_fd=at)
                os.close(at)
                at = below
            return os.open(last, flags | _NO_LINK, 0o600, dir_fd=at)
        finally:
            os.close(at)


class _NamedFile:
    """An open file with a name of its own, which a form sends.

    Args:
        file: The file.
        name: The last part of its name.
    """

    def __init__(self, file: IO[bytes], name: str) -> None:
        self._file, self.name = file, name

    def __getattr__(self, attribute: str) -> Any:
        return getattr(self._file, attribute)


def _parts_of(name: str) -> list[str]:
    """Return the parts of a name, separated by `/`.

    Raises:
        UsageError: The name is not allowed.
    """
    parts = name.split("/")
    is_plain = name.isprintable() and not _FORBIDDEN.intersection(name)
    if (
        not is_plain
        or len(name) > _LONGEST_NAME
        or len(parts) > _MOST_DIRECTORIES
        or any(not part or part.startswith(".") or part != part.strip() for part in parts)
    ):
        raise UsageError(
            f"`{name[:60]}` is not the name of a file here",
            reason="A name is relative to the directory of `--files`, without `..` and hidden names",
            hint="Write a name such as `report.pdf` or `reports/may.pdf`",
        )
    return parts


def _takes_file(described: DescribedOperation, name: str) -> str:
    """Return `only` for an input that takes files alone, `too` if it also takes other text; empty for other inputs."""
    media_type = described.media_type
    if media_type is None:
        return ""
    if name == "body" and not media_type.fields and not is_built(media_type.name):
        is_text = media_type.name.startswith("text/")
        return "too" if is_text or "*" in media_type.name else "only"
    encodings = encodings_of_body(described)
    if encodings is None:
        return ""
    for spelled in (name, name.replace("_", "-")):
        for field in media_type.fields:
            if spelled in {field.option, ".".join(field.path)} and len(field.path) == 1:
                encoding = encodings.of(field.path[0])
                return "" if not encoding.takes_file else "too" if encoding.takes_text else "only"
    return "too" if not media_type.fields else ""


def _taken(name: str) -> FileError:
    return FileError(
        f"`{name}` exists", reason="Only new files are written", hint="Choose another name for `save`"
    )


def _unusable(name: str, what: str, error: OSError) -> FileError:
    reason = (
        "It does not exist" if isinstance(error, FileNotFoundError) else "It is a link, or cannot be opened"
    )
    return FileError(
        f"`{name}` cannot {what}", reason=reason, hint="Name a file below the directory of `--files`"
    )
