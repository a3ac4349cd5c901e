"""Several files that a person asks for by naming their directory."""

import os
from collections.abc import Mapping

from dynacli.errors import FileError
from dynacli.files import cannot_be_written, check_links, write_named_file

__all__ = ["write_named_files"]


def write_named_files(directory: str, files: Mapping[str, bytes]) -> None:
    """Write files into a directory that a person named; directories that are missing are made.

    A symbolic link below the directory is followed only within it: it may have come with a clone or an archive.

    Args:
        files: Path below the directory, with `/` → content.

    Raises:
        FileError: A file cannot be written. If one of the paths is at fault, none is.
    """
    paths = {os.path.join(directory, *name.split("/")): data for name, data in files.items()}
    root = os.path.realpath(directory)
    for path in paths:
        try:
            check_links(path)
            if os.path.commonpath([root, os.path.realpath(path)]) != root:
                raise FileError(
                    f"`{path}` cannot be written",
                    reason="a symbolic link leads out of the directory that you name",
                    hint="remove the link, or name another directory",
                )
        except (OSError, ValueError) as error:
            raise cannot_be_written(path, error) from error
    for path, data in paths.items():
        try:
            os.makedirs(os.path.dirname(path) or os.curdir, exist_ok=True)
        except OSError as error:
            raise cannot_be_written(path, error) from error
        write_named_file(path, data)
