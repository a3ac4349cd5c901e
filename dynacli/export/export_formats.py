"""The forms of an export, and what writes each."""

from importlib import import_module
from typing import NamedTuple

from dynacli.export.collection import Collection

__all__ = ["FORMATS", "Format"]


class Format(NamedTuple):
    """A form of an export.

    Args:
        module: The module of this room whose `files_of` writes it.
        media_type: Of the main file.
        is_directory: Whether it is a directory, of which no file stands for all.
    """

    module: str
    media_type: str
    is_directory: bool = False

    def files(self, collection: Collection) -> dict[str, str]:
        """Return file name, with `/` between its parts → text; the first file stands for all.

        Raises:
            UsageError: The form cannot hold the collection.
        """
        files: dict[str, str] = import_module(f"dynacli.export.{self.module}").files_of(collection)
        return files


FORMATS = {
    "har": Format("har_file", "application/json"),
    "postman": Format("postman_collection", "application/json"),
}
