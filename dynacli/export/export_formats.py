"""The forms of an export, and what writes each."""

from importlib import import_module
from typing import NamedTuple

from dynacli.export.collection import Collection

__all__ = ["FORMATS", "Format"]


class Format(NamedTuple):
    """A form of an export.

    Args:
        module: The module of this package, without its underscore, whose `files_of` writes it.
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
        files: dict[str, str] = import_module(f"dynacli.export._{self.module}").files_of(collection)
        return files


FORMATS = {
    "postman": Format("postman_collection", "application/json"),
    "insomnia": Format("insomnia_export", "application/json"),
    "bruno": Format("bruno_directory", "", is_directory=True),
    "har": Format("har_file", "application/json"),
    "hurl": Format("hurl_file", "text/plain; charset=utf-8"),
    "markdown": Format("markdown_page", "text/markdown; charset=utf-8"),
    "html": Format("html_documentation", "text/html; charset=utf-8"),
}
