"""Resumable downloads, and the name that a server gives to a file.

Until FILE is complete, FILE.part has its first bytes, and FILE.part.json has the source and the version of the file.
"""

import hashlib
import json
import os
import re
import unicodedata
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from email.utils import mktime_tz, parsedate_tz
from typing import IO, Any
from urllib.parse import unquote, unquote_to_bytes

from dynacli.environment import program
from dynacli.errors import DynacliError, FileError, NetworkError
from dynacli.files import (
    cannot_be_written,
    check_named_file,
    finish_named_file,
    followed_links,
    hold_lock,
    regular_file,
    write_file,
)
from dynacli.http.exchange import WireResponse, stated_length
from dynacli.http.semantics import header_text
from dynacli.http.send import Pieces
from dynacli.urls import split_url

_CONTENT_RANGE = re.compile(r"bytes (?:(\d{1,18})-(\d{1,18})|\*)/(\d{1,18}|\*)", re.ASCII)
_PARTIAL, _NOT_SATISFIABLE = 206, 416
_LONGEST = 200
"""Maximum length of a name in bytes. With the endings of temporary files it stays below 255, the usual limit."""
_PARAMETER = re.compile(r';\s*(filename\*?)\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^\s;"]+))', re.IGNORECASE)
_NOT_ON_WINDOWS = re.compile(r'[<>:"|?*]')
_DEVICES = re.compile(
    r"(?:con|prn|aux|nul|conin\$|conout\$|(?:com|lpt)[\d\u00b9\u00b2\u00b3]) *(?:\..*)?", re.IGNORECASE
)
"""Names of devices on Windows, with any ending. Superscript digits count as digits.

https://learn.microsoft.com/windows/win32/fileio/naming-a-file
"""
_UNKNOWN = "download"


class OutdatedPartError(DynacliError):
    """The existing part does not match the file any more and was removed. The call can be repeated."""


class PartialDownload:
    """A file that is downloaded in parts.

    Attributes:
        had: Number of bytes that an earlier call downloaded and that are still valid.
        is_part: Whether the response is only a part of the file, so it cannot be validated.

    Args:
        path: Path of the file, as the user gave it.
        url: URL of the file.
    """

    def __init__(self, path: str, url: str) -> None:
        self._path, self._part = path, f"{followed_links(path)}.part"
        self._note = f"{self._part}.json"
        self._url = hashlib.sha256(url.encode("utf-8", "surrogatepass")).hexdigest()
        self._known: dict[str, Any] = {}
        self.had = 0
        self.is_part = False

    @contextmanager
    def held(self) -> Iterator[Sequence[tuple[str, str]]]:
        """Lock the part for other processes during the block.

        Yields:
            The headers that request the missing bytes.

        Raises:
            FileError: Another process is writing the part, or it cannot be written.
        """
        try:
            check_named_file(self._path)
            # With the permissions of a new file, and without following a link that another user may have made.
            flags = os.O_CREAT | os.O_WRONLY | getattr(os, "O_NOFOLLOW", 0)
            os.close(os.open(self._part, flags, 0o666))
        except (OSError, ValueError) as error:
            raise cannot_be_written(self._part, error) from error
        # Windows does not rename an open file, and a locked file cannot be written through a second handle.
        lock = f"{self._part}.lock" if os.name == "nt" else self._part
        try:
            with hold_lock(lock, 0, is_needed=False) as is_alone:
                if not is_alone:
                    raise FileError(
                        f"`{self._part}` is being written",
                        reason=f"Another {program().name} downloads the same file",
                        hint="Wait for it, or name another file",
                    )
                self._read_note()
                try:
                    yield self._headers()
                finally:
                    if not self._known:
                        self._remove()
        finally:
            if lock != self._part:
                with suppress(OSError):  # another process holds it
                    os.unlink(lock)

    def _read_note(self) -> None:
        """Read the source and the version of the part.

        Raises:
            FileError: The file is not a part that dynacli wrote.
        """
        known, size = None, os.path.getsize(self._part)
        with suppress(OSError, ValueError), open(self._note, "rb", opener=regular_file) as file:
            known = json.loads(file.read(65536))
        if not isinstance(known, dict):
            if size:
                raise FileError(
                    f"`{self._part}` is in the way",
                    reason=f"It is not a part of a download that {program().name} has begun",
                    hint="Move or remove it, or name another file",
                )
        elif known.get("url") == self._url and known.get("validator") and size:
            self._known, self.had = known, size

    def _headers(self) -> list[tuple[str, str]]:
        # Ranges count the bytes as they are sent (RFC 9110, section 14), so they must not be encoded.
        headers = [("Accept-Encoding", "identity")]
        if self.had:
            headers += [("Range", f"bytes={self.had}-"), ("If-Range", str(self._known["validator"]))]
        return headers

    def _remove(self) -> None:
        for path in (self._note, self._part):
            with suppress(OSError):
                os.unlink(path)
        self._known, self.had = {}, 0

    def is_there(self, response: WireResponse) -> bool:
        """Return whether the server reports that the part is complete; if so, rename it to the file.

        Raises:
            OutdatedPartError: The part does not match the file of the server any more.
            FileError: The file cannot be written.
        """
        found = _CONTENT_RANGE.fullmatch(response.header("content-range"))
        if response.status != _NOT_SATISFIABLE or not self.had:
            return False
        if found is None or found[1] or found[3] != str(self.had) or self._differs(response):
            self._remove()
            raise OutdatedPartError("The downloaded part does not belong to the file any more")
        self.is_part = True
        self._finish()
        return True

    @contextmanager
    def written(self, response: WireResponse, pieces: Pieces) -> Iterator[Callable[[bytes], None]]:
        """Append the body of a response to the part, or restart the part. When the block ends, the file is complete.

        If the block fails, the part stays for the next call, if the response has a validator (`ETag`, `Last-Modified`).

        Raises:
            NetworkError: The response is not the requested part, or is incomplete.
            FileError: The file cannot be written.
        """
        total = self._total(response, pieces)
        try:
            with open(self._part, "ab" if self.is_part else "wb", buffering=0) as file:
                yield lambda piece: _write(file, piece, self._part)
                os.fsync(file.fileno())
                size = file.tell()
        except OSError as error:
            raise cannot_be_written(self._part, error) from error
        if total is not None and size != total:
            raise NetworkError(
                f"`{self._path}` is not complete",
                reason=f"The server sent {size} of {total} bytes",
                hint="Resume it with `--resume`",
            )
        self._finish()

    def _total(self, response: WireResponse, pieces: Pieces) -> int | None:
        """Check that a response is the whole file or the missing part, and return the total size; None if unknown."""
        if response.status == _PARTIAL:
            found = _CONTENT_RANGE.fullmatch(response.header("content-range"))
            if found is None or found[1] is None or not self.had or int(found[1]) != self.had:
                raise self._other_part("it does not begin at the requested byte")
            total = None if found[3] == "*" else int(found[3])
            if self._differs(response) or (
                self._known.get("size") is not None and total not in {None, self._known["size"]}
            ):
                raise self._other_part("it is of another version of the file")
            self.is_part = True
            return total or self._known.get("size") or int(found[2]) + 1
        total = None if pieces.is_encoded else stated_length(response)
        validator = "" if pieces.is_encoded else _validator(response)
        known = {"url": self._url, "validator": validator, "size": total}
        try:
            write_file(self._note, json.dumps(known).encode())
        except OSError as error:
            raise cannot_be_written(self._note, error) from error
        self._known, self.had = known if validator else {}, 0
        return total

    def _other_part(self, reason: str) -> NetworkError:
        self._remove()
        return NetworkError(
            f"The server did not resume `{self._path}`",
            reason=f"The response is not the rest of the file: {reason}",
            hint="Try again: the next call restarts the download",
        )

    def _differs(self, response: WireResponse) -> bool:
        """Return whether the validator of a response shows another version of the file."""
        validator = str(self._known.get("validator", ""))
        name = "etag" if validator.startswith('"') else "last-modified"
        found = response.header(name)
        return bool(found) and found != validator

    def _finish(self) -> None:
        finish_named_file(self._part, self._path)
        self._known = {}  # `held` removes the leftover files


def _write(file: IO[bytes], piece: bytes, path: str) -> None:
    rest = memoryview(piece)
    try:
        while rest:
            rest = rest[file.write(rest) or 0 :]
    except OSError as error:
        raise cannot_be_written(path, error) from error


def _validator(response: WireResponse) -> str:
    """Return the strong `ETag` or `Last-Modified` that identifies the version of a file; empty if there is none."""
    etag = response.header("etag").strip()
    if re.fullmatch(r'"[\x21\x23-\x7e\x80-\xff]*"', etag):
        return etag
    modified, date = (parsedate_tz(response.header(name)) for name in ("last-modified", "date"))
    if modified is None or date is None:
        return ""
    try:
        # The file may change twice within one second (RFC 9110, section 8.8.2.2).
        is_strong = mktime_tz(date) - mktime_tz(modified) >= 1
    except (ValueError, OverflowError):
        return ""
    return response.header("last-modified").strip() if is_strong else ""


def download_name(disposition: str, url: str) -> str:
    """Return the name of a file: the name in `Content-Disposition`, else the last segment of the URL's path.

    The name has no directory, no leading dot or hyphen and no control characters, and is allowed on Windows.

    Args:
        disposition: Value of `Content-Disposition`; empty if there is none.
        url: URL of the file.
    """
    found = {key.lower(): quoted or token for key, quoted, token in _PARAMETER.findall(f";{disposition}")}
    segment = unquote(split_url(url).path.rstrip("/").rpartition("/")[2])
    names = (_extended(found.get("filename*", "")), _parameter_text(found.get("filename", "")), segment)
    return next(filter(None, map(_safe, names)), _UNKNOWN)


def _extended(value: str) -> str:
    """Return the text of an extended value such as `UTF-8'en'na%C3%AFve`; empty for other values."""
    charset, _, rest = value.partition("'")
    _, quote, text = rest.partition("'")
    if not quote or charset.lower() not in {"utf-8", "iso-8859-1"}:
        return ""
    return unquote_to_bytes(text).decode(charset, "replace")


def _parameter_text(value: str) -> str:
    """Return the text of a quoted value in a header."""
    return header_text(re.sub(r"\\(.)", r"\1", value))


def _safe(name: str) -> str:
    """Return a name without harmful parts, which may be empty."""
    name = unicodedata.normalize("NFC", re.split(r"[/\\]", name)[-1])
    # Remove control, format (bidi) and private characters, and surrogates: they can disguise a name.
    name = "".join(letter for letter in name if not unicodedata.category(letter).startswith("C"))
    name = _NOT_ON_WINDOWS.sub("_", name).lstrip(".- ").rstrip(". ")
    if _DEVICES.fullmatch(name):
        name = f"_{name}"
    while len(name.encode()) > _LONGEST:
        stem, dot, ending = name.rpartition(".")
        name = stem[:-1] + dot + ending if stem and len(ending) <= 10 else name[:-1]
    return name
