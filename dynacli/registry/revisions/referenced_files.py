"""The files that a document refers to, with its overlays and the documents joined to it: an archive per revision.

A lost catalog is compiled from them again, and the lines of messages are looked up in them, without fetching
anything. An archive that is damaged counts as absent. Most documents are a single file, and have none: `zipfile` is
imported if one is read or written.

A tool of one API contains its compiled document, which fills the cache before the first fetch. It also contains the
overlays and further documents that were files when the tool was made; URLs that begin with `inside://` name them.
"""

from __future__ import annotations

import json
import os
import zlib
from collections.abc import Iterable, Iterator, Mapping
from io import BytesIO
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, NamedTuple

from dynacli.environment import program
from dynacli.errors import DocumentError, DynacliError, RefusedError
from dynacli.files import regular_file, write_file
from dynacli.openapi.document.fetched import Fetched

if TYPE_CHECKING:
    from zipfile import ZipFile

_INDEX = "index.json"
_MAX_BYTES = 1 << 30
"""Most decompressed bytes of an archive; dynacli writes far smaller ones."""
_FOLDER = "document/"
"""Folder of the files in the archive, under their names in the cache."""
INSIDE = "inside://"
"""The beginning of the URLs of the overlays and further documents in the archive."""
_LAYERS = "layers/"
_POINTER = "current.json"


class MissingFile(NamedTuple):
    """A file that could not be read, with the message of the error.

    Args:
        is_refused: Whether dynacli may not read it.
    """

    is_refused: bool
    message: str
    reason: str
    hint: str

    def error(self) -> DynacliError:
        """Return the error that was raised for it."""
        error = RefusedError if self.is_refused else DocumentError
        return error(self.message, reason=self.reason, hint=self.hint)


class ReferencedFiles(NamedTuple):
    """The files that one revision of a document refers to.

    Args:
        found: The absolute URI in the reference → the file.
        missing: The absolute URI of each file that could not be read → why.
    """

    found: Mapping[str, Fetched]
    missing: Mapping[str, MissingFile] = MappingProxyType({})

    @property
    def is_empty(self) -> bool:
        """Whether the document refers to no other file."""
        return not self.found and not self.missing


def _archive_damage() -> tuple[type[Exception], ...]:
    """Return what reading an archive raises that cannot be read, or is damaged."""
    from zipfile import BadZipFile

    return (
        OSError,
        EOFError,
        AttributeError,
        LookupError,
        TypeError,
        ValueError,
        RuntimeError,  # an encrypted member; `NotImplementedError` and `RecursionError` are of its kind
        BadZipFile,
        zlib.error,
    )


def write_archive(path: str, files: ReferencedFiles) -> None:
    """Write an archive, complete or not at all.

    Raises:
        OSError: The archive cannot be written.
    """
    from zipfile import ZIP_DEFLATED, ZipFile

    rows = [
        {
            "uri": uri,
            "base": file.uri,
            "media_type": file.media_type,
            "etag": file.etag,
            "last_modified": file.last_modified,
        }
        for uri, file in files.found.items()
    ]
    target = BytesIO()
    with ZipFile(target, "w", ZIP_DEFLATED, compresslevel=1) as archive:
        missing = {uri: list(file) for uri, file in files.missing.items()}
        add_to_archive(archive, _INDEX, json.dumps({"found": rows, "missing": missing}).encode())
        for number, file in enumerate(files.found.values()):
            add_to_archive(archive, str(number), file.content)
    write_file(path, target.getvalue())


def read_archive(path: str) -> ReferencedFiles | None:
    """Return all files of an archive; None if it is lost or damaged."""
    from zipfile import ZipFile

    try:
        with open(path, "rb", opener=regular_file) as file, ZipFile(file) as archive:
            if sum(member.file_size for member in archive.infolist()) > _MAX_BYTES:
                return None
            rows, missing = _read_index(archive)
            found = {row["uri"]: _fetched(row, archive.read(str(number))) for number, row in enumerate(rows)}
    except _archive_damage():
        return None
    return ReferencedFiles(found, missing)


def read_archived_file(path: str, uri: str) -> bytes | None:
    """Return the bytes of one file of an archive; None if they are lost.

    Args:
        uri: The URI in the reference, or the file's own.
    """
    from zipfile import ZipFile

    try:
        with open(path, "rb", opener=regular_file) as file, ZipFile(file) as archive:
            rows, _ = _read_index(archive)
            found = (number for number, row in enumerate(rows) if uri in (row["uri"], row["base"]))
            number = next(found, None)
            return None if number is None else archive.read(str(number))
    except _archive_damage():
        return None


def _read_index(archive: ZipFile) -> tuple[list[dict[str, str]], dict[str, MissingFile]]:
    """Return a row for each file in the archive, and URI → why it is missing for the others.

    Raises:
        ValueError: The archive has no valid index.
    """
    index = json.loads(archive.read(_INDEX))
    rows = index["found"]
    missing = {uri: MissingFile(bool(values[0]), *values[1:]) for uri, values in index["missing"].items()}
    if not all(_are_texts(file[1:]) for file in missing.values()) or not all(
        isinstance(row, dict) and _are_texts(row.values()) for row in rows
    ):
        raise ValueError("foreign")
    return rows, missing


def _are_texts(values: Iterable[Any]) -> bool:
    return all(isinstance(value, str) for value in values)


def _fetched(row: dict[str, str], content: bytes) -> Fetched:
    return Fetched(
        content,
        media_type=row["media_type"],
        etag=row["etag"],
        last_modified=row["last_modified"],
        uri=row["base"],
    )


def pack_document(
    archive: ZipFile, pointer: Mapping[str, Any], files: Mapping[str, bytes], layers: Mapping[str, bytes]
) -> None:
    """Write a compiled document into an archive.

    Args:
        pointer: To its revision; `location` is the source that the tool knows.
        files: Name in the cache → content.
        layers: URL → content, of the overlays and further documents that come with it.
    """
    content = json.dumps(pointer).encode()
    for name, data in sorted({**files, _POINTER: content}.items()):
        add_to_archive(archive, f"{_FOLDER}{name}", data)
    for url, data in layers.items():
        add_to_archive(archive, f"{_LAYERS}{url.removeprefix(INSIDE)}", data)


def add_to_archive(archive: ZipFile, name: str, data: bytes) -> None:
    """Write a file into an archive, without the time at which that happens: the same files make the same archive."""
    from zipfile import ZIP_DEFLATED, ZipInfo

    entry = ZipInfo(name)
    entry.external_attr = 0o644 << 16  # the permissions that a program gives it which unpacks it
    archive.writestr(entry, data, ZIP_DEFLATED)


def read_inside(url: str) -> Fetched:
    """Return an overlay or a further document that came with the tool.

    Raises:
        DocumentError: The archive does not have this file.
    """
    from zipfile import ZipFile

    try:
        with ZipFile(program().inside) as archive:
            return Fetched(archive.read(f"{_LAYERS}{url.removeprefix(INSIDE)}"), uri=url)
    except _archive_damage() as error:
        raise DocumentError(
            f"`{url.removeprefix(INSIDE)}` did not come with `{program().name}`",
            reason=f"`{program().inside}` is damaged, or belongs to another version",
            hint="Install it again",
        ) from error


def unpack_document(path: str, location: str) -> tuple[dict[str, Any], dict[str, bytes]] | None:
    """Return the pointer to the document that came with the tool, and its files by their names.

    Damaged files are left out. A missing catalog is compiled again. None means that the document must be fetched.

    Args:
        path: The archive.
        location: Of the document that is asked for; None is returned for another one.
    """
    from zipfile import ZipFile

    try:
        with ZipFile(path) as archive:
            pointer = json.loads(archive.read(f"{_FOLDER}{_POINTER}"))
            if not _points_to(pointer, location):
                return None
            files = dict(_sound_files(archive))
    except _archive_damage():
        return None
    return (pointer, files) if f"{pointer['revision']}.document" in files else None


def _points_to(pointer: Any, location: str) -> bool:
    """Return whether a pointer belongs to the document at a location; a path may be relative to the configuration."""
    if not isinstance(pointer, dict) or not isinstance(pointer.get("revision"), str):
        return False
    source = pointer.get("location", "")
    return bool(source) and (location == source or location.endswith(f"{os.sep}{source}"))


def _sound_files(archive: ZipFile) -> Iterator[tuple[str, bytes]]:
    for name in archive.namelist():
        base = name.removeprefix(_FOLDER)
        if base in {name, _POINTER} or os.path.basename(base) != base:
            continue
        try:
            yield base, archive.read(name)
        except _archive_damage():
            continue
