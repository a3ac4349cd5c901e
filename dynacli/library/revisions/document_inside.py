"""The compiled document that came with a tool of one API: it is what the cache has before anything was fetched.

The overlays and further documents that were files where the tool was made come with it, and have URLs of their own.
Most runs have no document inside: `zipfile` is imported where there is one.
"""

import json
import os
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from dynacli.document.fetched import Fetched
from dynacli.environment import program
from dynacli.errors import DocumentError
from dynacli.library.revisions.referenced_files import archive_damage

if TYPE_CHECKING:
    from zipfile import ZipFile

__all__ = ["FOLDER", "INSIDE", "pack_document", "read_inside", "unpack_document"]

FOLDER = "document/"
"""Where the files stand in the archive, under their names in the cache."""

INSIDE = "inside://"
"""The beginning of the URLs of the overlays and further documents in the archive."""
_LAYERS = "layers/"

_POINTER = "current.json"


def pack_document(
    archive: "ZipFile", pointer: Mapping[str, Any], files: Mapping[str, bytes], layers: Mapping[str, bytes]
) -> None:
    """Write a compiled document into an archive.

    Args:
        pointer: To its revision; `location` is the source that the tool knows.
        files: Name in the cache → content.
        layers: URL → content, of the overlays and further documents that come with it.
    """
    from zipfile import ZIP_DEFLATED

    content = json.dumps(pointer).encode()
    for name, data in {**files, _POINTER: content}.items():
        archive.writestr(f"{FOLDER}{name}", data, ZIP_DEFLATED)
    for url, data in layers.items():
        archive.writestr(f"{_LAYERS}{url.removeprefix(INSIDE)}", data, ZIP_DEFLATED)


def read_inside(url: str) -> Fetched:
    """Return an overlay or a further document that came with the tool.

    Raises:
        DocumentError: It is not there.
    """
    from zipfile import ZipFile

    try:
        with ZipFile(program().inside) as archive:
            return Fetched(archive.read(f"{_LAYERS}{url.removeprefix(INSIDE)}"), uri=url)
    except archive_damage() as error:
        raise DocumentError(
            f"`{url.removeprefix(INSIDE)}` did not come with `{program().name}`",
            why=f"`{program().inside}` is damaged or another one",
            hint="Install it again",
        ) from error


def unpack_document(path: str, location: str) -> tuple[dict[str, Any], dict[str, bytes]] | None:
    """Return the pointer to the document that came with the tool, and its files by their names.

    What is damaged is left out: the catalog is compiled again, and without the document, None, it is fetched.

    Args:
        path: The archive.
        location: Of the document that is asked for; None is returned for another one.
    """
    from zipfile import ZipFile

    try:
        with ZipFile(path) as archive:
            pointer = json.loads(archive.read(f"{FOLDER}{_POINTER}"))
            if not _is_of(pointer, location):
                return None
            files = dict(_sound_files(archive))
    except archive_damage():
        return None
    return (pointer, files) if f"{pointer['revision']}.document" in files else None


def _is_of(pointer: Any, location: str) -> bool:
    """Return whether the pointer is that of the document at a location; a path may be relative to the configuration."""
    if not isinstance(pointer, dict) or not isinstance(pointer.get("revision"), str):
        return False
    source = pointer.get("location", "")
    return bool(source) and (location == source or location.endswith(f"{os.sep}{source}"))


def _sound_files(archive: "ZipFile") -> Iterator[tuple[str, bytes]]:
    for name in archive.namelist():
        base = name.removeprefix(FOLDER)
        if base in {name, _POINTER} or os.path.basename(base) != base:
            continue
        try:
            yield base, archive.read(name)
        except archive_damage():
            continue
