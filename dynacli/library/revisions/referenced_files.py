"""The files of a document beside the one that was named, kept in one archive for each revision.

They are what a lost catalog is compiled from again, and where the lines of messages are looked up,
when nothing may be fetched. An archive that is damaged counts as absent.
"""

import json
import zipfile
import zlib
from collections.abc import Iterable, Mapping
from io import BytesIO
from types import MappingProxyType
from typing import Any, NamedTuple

from dynacli.document.fetched import Fetched
from dynacli.errors import DocumentError, DynacliError, RefusedError
from dynacli.files import write_file

__all__ = ["MissingFile", "ReferencedFiles", "read_part", "read_parts", "write_parts"]

_INDEX = "index.json"
_MAX_BYTES = 1 << 30
"""The size of what an archive may hold, decompressed; what dynacli reads is far less."""

_DAMAGE = (
    OSError,
    EOFError,
    AttributeError,
    LookupError,
    TypeError,
    ValueError,
    RuntimeError,  # an encrypted member; `NotImplementedError` and `RecursionError` are of its kind
    zipfile.BadZipFile,
    zlib.error,
)


class MissingFile(NamedTuple):
    """Why a file could not be read, as the error said it.

    Args:
        is_refused: Whether it may not be read.
    """

    is_refused: bool
    what: str
    why: str
    hint: str

    def error(self) -> DynacliError:
        """Return the error again."""
        kind = RefusedError if self.is_refused else DocumentError
        return kind(self.what, why=self.why, hint=self.hint)


class ReferencedFiles(NamedTuple):
    """The other files of one revision of a document.

    Args:
        found: The absolute URI that was asked for → what was there.
        missing: The absolute URI of each that could not be read → why.
    """

    found: Mapping[str, Fetched]
    missing: Mapping[str, MissingFile] = MappingProxyType({})


def write_parts(path: str, parts: ReferencedFiles) -> None:
    """Write an archive, complete or not at all.

    Raises:
        OSError: It cannot be written.
    """
    rows = [
        {
            "uri": uri,
            "base": one.uri,
            "media_type": one.media_type,
            "etag": one.etag,
            "last_modified": one.last_modified,
        }
        for uri, one in parts.found.items()
    ]
    target = BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        missing = {uri: list(one) for uri, one in parts.missing.items()}
        archive.writestr(_INDEX, json.dumps({"found": rows, "missing": missing}))
        for number, one in enumerate(parts.found.values()):
            archive.writestr(str(number), one.content)
    write_file(path, target.getvalue())


def read_parts(path: str) -> ReferencedFiles | None:
    """Return all that an archive holds; None where it is not there, or not whole."""
    try:
        with zipfile.ZipFile(path) as archive:
            if sum(member.file_size for member in archive.infolist()) > _MAX_BYTES:
                return None
            rows, missing = _index(archive)
            found = {row["uri"]: _fetched(row, archive.read(str(number))) for number, row in enumerate(rows)}
    except _DAMAGE:
        return None
    return ReferencedFiles(found, missing)


def read_part(path: str, uri: str) -> bytes | None:
    """Return the bytes of one of the files in an archive; None where they cannot be had."""
    try:
        with zipfile.ZipFile(path) as archive:
            rows, _ = _index(archive)
            number = next(n for n, row in enumerate(rows) if uri in (row["uri"], row["base"]))
            return archive.read(str(number))
    except (*_DAMAGE, StopIteration):
        return None


def _index(archive: zipfile.ZipFile) -> tuple[list[dict[str, str]], dict[str, MissingFile]]:
    """Return the rows of the files that were found, and what is known of those that were not.

    Raises:
        ValueError: It is not the index of such an archive.
    """
    index = json.loads(archive.read(_INDEX))
    rows = index["found"]
    missing = {uri: MissingFile(bool(one[0]), *one[1:]) for uri, one in index["missing"].items()}
    if not all(_are_texts(one[1:]) for one in missing.values()) or not all(
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
