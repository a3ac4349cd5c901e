"""The files that a document refers to, with its overlays and the documents joined to it: an archive per revision.

A lost catalog is compiled from them again, and the lines of messages are looked up in them, without fetching
anything. An archive that is damaged counts as absent. Most documents are a single file, and have none: `zipfile` is
imported where one is read or written.
"""

import json
import zlib
from collections.abc import Iterable, Mapping
from io import BytesIO
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, NamedTuple

from dynacli.document.fetched import Fetched
from dynacli.errors import DocumentError, DynacliError, RefusedError
from dynacli.files import write_file
from dynacli.regular_files import regular_file

if TYPE_CHECKING:
    from zipfile import ZipFile

__all__ = [
    "MissingFile",
    "ReferencedFiles",
    "archive_damage",
    "read_archive",
    "read_archived_file",
    "write_archive",
]

_INDEX = "index.json"
_MAX_BYTES = 1 << 30
"""How much an archive may hold, decompressed; what dynacli writes is far less."""


class MissingFile(NamedTuple):
    """A file that could not be read, and why, in the words of the error.

    Args:
        is_refused: Whether dynacli may not read it.
    """

    is_refused: bool
    message: str
    why: str
    hint: str

    def error(self) -> DynacliError:
        """Return the error that was raised for it."""
        error = RefusedError if self.is_refused else DocumentError
        return error(self.message, why=self.why, hint=self.hint)


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


def archive_damage() -> tuple[type[Exception], ...]:
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
        OSError: It cannot be written.
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
        archive.writestr(_INDEX, json.dumps({"found": rows, "missing": missing}))
        for number, file in enumerate(files.found.values()):
            archive.writestr(str(number), file.content)
    write_file(path, target.getvalue())


def read_archive(path: str) -> ReferencedFiles | None:
    """Return all files of an archive; None where it is lost or damaged."""
    from zipfile import ZipFile

    try:
        with open(path, "rb", opener=regular_file) as file, ZipFile(file) as archive:
            if sum(member.file_size for member in archive.infolist()) > _MAX_BYTES:
                return None
            rows, missing = _read_index(archive)
            found = {row["uri"]: _fetched(row, archive.read(str(number))) for number, row in enumerate(rows)}
    except archive_damage():
        return None
    return ReferencedFiles(found, missing)


def read_archived_file(path: str, uri: str) -> bytes | None:
    """Return the bytes of one file of an archive; None where they are lost.

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
    except archive_damage():
        return None


def _read_index(archive: "ZipFile") -> tuple[list[dict[str, str]], dict[str, MissingFile]]:
    """Return a row for each file in the archive, and URI → why it is missing for the others.

    Raises:
        ValueError: It is not the index of such an archive.
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
