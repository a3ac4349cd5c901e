"""The response cache: stored responses in the cache directory, and calls that use them.

| part | content |
|---|---|
| file | one response: a line with its digest, a line of JSON with its status and headers, and its body |
| directory | API, origin and path of the URL, segment by segment, then the rest of the key |
| file name | values of the request headers in `Vary` |

A key in the state directory hashes all of these names and the digest. So no name reveals a URL or a credential, not
even by guessing. dynacli ignores files that it did not write, or that were moved.

`dynacli.http.caching` decides which responses are stored and reused.
"""

from __future__ import annotations

import json
import os
import stat
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager, contextmanager, suppress
from typing import TYPE_CHECKING, NamedTuple, Protocol
from urllib.parse import unquote

from dynacli import __version__
from dynacli.environment import Environment
from dynacli.errors import FileError, NetworkError
from dynacli.files import (
    cannot_be_written,
    check_own,
    hold_lock,
    locked,
    make_directory,
    make_own_directory,
    regular_file,
    secret_key,
    sweep,
    write_file,
)
from dynacli.http.built_request import Request
from dynacli.http.caching import (
    CacheSpec,
    Headers,
    StoredHead,
    age_of,
    asked_directives,
    conditions_of,
    freshened,
    is_cacheable_request,
    may_reuse,
    may_store,
    stored_headers,
    varying_names,
)
from dynacli.http.exchange import MIB, WireResponse, values_of
from dynacli.http.send import Pieces
from dynacli.record import replace
from dynacli.registry.configuration import DEMO, Configuration
from dynacli.urls import join_url, origin_of, split_url

try:
    # `hashlib` imports this module and OpenSSL, which takes 5 ms to load.
    from _blake2 import blake2b
except ImportError:
    from hashlib import blake2b

if TYPE_CHECKING:
    from dynacli.client.call_settings import CallSettings
    from dynacli.client.call_validator import CallValidator
    from dynacli.client.described_operation import DescribedOperation
    from dynacli.client.sign_request import Signed
    from dynacli.http.send import Receive
    from dynacli.registry.opened_api import OpenedApi

wall_clock = time.time

LARGEST = 32 * MIB
"""Size of the largest stored body in bytes."""
_TOO_LARGE = f"{LARGEST // MIB} MiB"
_DEFAULT_LIMIT = 256 * MIB
_BLOCK = 4096
"""Size of a block on most disks in bytes: smaller files take as much space."""
_ROOM = 0.9
"""Share of the limit that stays in use after the oldest responses are removed."""
_MOST_SEGMENTS = 40
_MOST_VARIANTS = 20
_MOST_HEAD = 256 * 1024
_PATIENCE = 0.5
"""Seconds to wait for another process that stores a response."""
_OF_PATH, _OF_KEY = 16, 32
"""Characters in the names of directories for a segment of a path, and for the rest of a key."""
_RESERVED = 4 * MIB
"""Bytes that a process reserves after its first response, because counting each one takes as long as storing it."""
_reserved: dict[str, int] = {}
"""Directory of a store → bytes that this process has reserved and not used yet."""
_NOT_OF_KEY = frozenset({"cache-control", "pragma"})
"""Request headers that limit the age of a response. They do not select a response."""
_ENDING = ".response"
_NOT_MODIFIED = 304


class StoredResponse(NamedTuple):
    """A stored response.

    Args:
        path: Path of its file.
        head: Its status and headers.
        body: Its body.
    """

    path: str
    head: StoredHead
    body: bytes


class Usage(NamedTuple):
    """Disk usage of the stored responses of an API.

    Args:
        responses: Number of responses.
        size: Size on disk in bytes.
    """

    responses: int
    size: int


class ResponseStore:
    """The files of stored responses.

    Raises:
        OSError: From any method: the directory cannot be used, or another user can write to it.
        FileError: The directory of the cache or of the state is missing.
    """

    def __init__(self, env: Environment) -> None:
        self._env, self.directory = env, env.responses_dir
        self._key = b""

    def digest(self, *parts: object, size: int = 8) -> str:
        """Return a digest of JSON values, which cannot be computed without the key."""
        content = json.dumps(parts).encode()
        return blake2b(content, key=self._secret_key(), digest_size=size).hexdigest()

    def _secret_key(self) -> bytes:
        """Return the key, and create it if it is missing."""
        if not self._key:
            directory = self._env.state_dir
            make_own_directory(directory, may_be_link=True)
            path = os.path.join(directory, "responses.key")
            self._key = secret_key(path, "making the key of stored responses")
        return self._key

    def check(self) -> None:
        """Check that the directory, if it exists, belongs to the user and that no other user can write to it."""
        with suppress(FileNotFoundError):
            found = os.lstat(self.directory)
            if not stat.S_ISDIR(found.st_mode):
                raise NotADirectoryError(f"`{self.directory}` is not a directory")
            check_own(found, self.directory)

    def below(self, directory: str, origin: str, segments: Iterable[str]) -> str:
        """Return the directory of the responses of a path.

        Args:
            directory: Directory of its API.
            segments: Decoded segments of the path.
        """
        return os.path.join(directory, *(self.digest(part) for part in (origin, *segments)))

    def directory_of(self, api: str, document: str) -> str:
        """Return the directory of an API's responses.

        Args:
            api: Name of the API.
            document: Directory of its document in the cache.
        """
        return os.path.join(self.directory, self.digest(api, document))

    def find(self, directory: str, headers: Headers) -> StoredResponse | None:
        """Return the latest response in a directory that fits the request; None if none does.

        Args:
            headers: Headers of the request.
        """
        self.check()
        try:
            names = os.listdir(directory)
        except (FileNotFoundError, NotADirectoryError):
            return None
        found = [self._read(os.path.join(directory, name), headers) for name in names]
        return max(filter(None, found), key=lambda stored: stored.head.received_at, default=None)

    def _read(self, path: str, headers: Headers) -> StoredResponse | None:
        """Return the response in a file; None if the file is damaged, or the request differs in a header of `Vary`."""
        if not path.endswith(_ENDING):
            return None
        try:
            with open(path, "rb", opener=regular_file) as file:
                digest, line = file.readline(_BLOCK).strip(), file.readline(_MOST_HEAD)
                head = json.loads(line)
                if path != os.path.join(os.path.dirname(path), self._variant(head["vary"], headers)):
                    return None
                body = file.read(LARGEST + 1)
            if digest != self._seal(path, line, body):
                return None
            head.pop("vary")
            # Older versions may have stored secret headers.
            headers = stored_headers(tuple((name, value) for name, value in head.pop("headers")))
            return StoredResponse(path, StoredHead(**head, headers=headers), body)
        except (OSError, ValueError, TypeError, LookupError, RecursionError):
            return None  # the next response replaces it

    def _variant(self, names: Iterable[str], headers: Headers) -> str:
        """Return the name of the file for a request, from the values of the headers in `Vary`."""
        values = [[name, [value.strip() for value in values_of(headers, name)]] for name in names]
        return self.digest([[name, ", ".join(found)] for name, found in values], size=16) + _ENDING

    def _seal(self, path: str, line: bytes, body: bytes) -> bytes:
        """Return the digest of a file's content and of its relative path."""
        seal = blake2b(key=self._secret_key(), digest_size=32)
        for part in (os.path.relpath(path, self.directory).encode() + b"\n", line, body):
            seal.update(part)
        return seal.hexdigest().encode()

    def save(self, directory: str, headers: Headers, head: StoredHead, body: bytes) -> str:
        """Store a response, unless other processes keep the store locked.

        Args:
            headers: Headers of the request.

        Returns:
            The limit that the response exceeds, in words; empty if it exceeds none.
        """
        limit = response_limit(self._env)
        names = varying_names(head.headers) or ()
        line = json.dumps({**head.__dict__, "vary": names}).encode() + b"\n"
        path = os.path.join(directory, self._variant(names, headers))
        if len(line) >= _MOST_HEAD or len(body) > LARGEST:
            return _TOO_LARGE
        self.check()
        content = self._seal(path, line, body) + b"\n" + line + body
        size = _on_disk(len(content))
        if size > limit:
            return f"`cache_limit`, {limit:,} bytes"
        with self._lock() as is_alone:
            if not is_alone:
                return ""
            self._make_room(limit, size)
            with suppress(FileNotFoundError):  # another process has just removed the directory
                make_directory(directory)
                sweep(directory)
                for stored in sorted(_files(directory))[: -_MOST_VARIANTS + 1]:
                    os.unlink(stored.path)
                write_file(path, content, is_lasting=False)
        return ""

    def _lock(self) -> AbstractContextManager[bool]:
        """Lock the store during the block, and yield whether that succeeded."""
        return hold_lock(os.path.join(self.directory, "lock"), _PATIENCE)

    def _make_room(self, limit: int, size: int) -> None:
        """Make room for a file: remove the oldest files if the store would exceed the limit.

        The file `size` has an upper bound of the used space, so that files are rarely counted.
        """
        left = _reserved.get(self.directory)
        if left is not None and size <= left:
            _reserved[self.directory] = left - size
            return
        more = 0 if left is None else _RESERVED
        path = os.path.join(self.directory, "size")
        taken = limit
        with suppress(OSError, ValueError), open(path, "rb", opener=regular_file) as file:
            taken = int(file.read(20))
        if taken > limit - size - more:
            more = 0
        if not 0 <= taken <= limit - size:
            taken = self._shrink(int(limit * _ROOM) - size)
        write_file(path, str(taken + size + more).encode(), is_lasting=False)
        _reserved[self.directory] = more

    def _shrink(self, goal: int) -> int:
        """Remove the oldest responses until the rest takes at most `goal` bytes, and return its size."""
        found: list[_StoredFile] = []
        directories: list[str] = []
        for directory, below, _ in os.walk(self.directory, topdown=False):
            sweep(directory)
            found += _files(directory)
            directories += [os.path.join(directory, name) for name in below]
        taken = sum(stored.size for stored in found)
        for stored in sorted(found):
            if taken <= goal:
                break
            with suppress(FileNotFoundError):  # another process has just removed it
                os.unlink(stored.path)
            taken -= stored.size
        for directory in directories:
            with suppress(OSError):  # it is not empty
                os.rmdir(directory)
        return taken

    def forget(self, origin: str, segments: list[str]) -> None:
        """Remove the responses of a path, of the paths above it, and of the paths below it."""
        import shutil

        with self._lock():  # proceed without the lock, too: outdated responses must go
            for name in _names(self.directory, _OF_PATH):
                directory = os.path.join(self.directory, name)
                for end in range(len(segments)):
                    above = self.below(directory, origin, segments[:end])
                    for key in _names(above, _OF_KEY):
                        shutil.rmtree(os.path.join(above, key), ignore_errors=True)
                shutil.rmtree(self.below(directory, origin, segments), ignore_errors=True)

    def usage(self, directory: str = "") -> Usage:
        """Return the disk usage of all responses, or of one API if its directory is given."""
        top = directory or self.directory
        found = [stored for place, _, _ in os.walk(top) for stored in _files(place)]
        return Usage(len(found), sum(stored.size for stored in found))

    def clear(self, directory: str = "") -> None:
        """Remove all responses, or those of one API if its directory is given."""
        import shutil

        self.check()
        with locked(self.directory, "changing the stored responses"):
            with suppress(FileNotFoundError):
                os.unlink(os.path.join(self.directory, "size"))
            for name in _names(self.directory, _OF_PATH):
                path = os.path.join(self.directory, name)
                if directory in ("", path):
                    shutil.rmtree(path)


class _StoredFile(NamedTuple):
    """A file of the store, with its time of writing, its size on disk and its path."""

    written: float
    size: int
    path: str


def _files(directory: str) -> Iterator[_StoredFile]:
    """Yield the response files in a directory, even while another process removes some."""
    with suppress(FileNotFoundError), os.scandir(directory) as entries:
        for entry in entries:
            if entry.name.endswith(_ENDING) and entry.is_file(follow_symlinks=False):
                found = entry.stat(follow_symlinks=False)
                yield _StoredFile(found.st_mtime, _on_disk(found.st_size), entry.path)


def _names(directory: str, length: int) -> list[str]:
    """Return the entries of a directory whose names have the given length; none if it does not exist."""
    with suppress(FileNotFoundError, NotADirectoryError):
        return [name for name in os.listdir(directory) if len(name) == length]
    return []


def _on_disk(size: int) -> int:
    return -(-size // _BLOCK) * _BLOCK


def response_limit(env: Environment) -> int:
    """Return the limit for stored responses in bytes, which is the default if the setting is invalid.

    Raises:
        FileError: The configuration cannot be read.
    """
    from dynacli.registry.revisions.housekeeping import bytes_of

    limit = bytes_of(Configuration(env).setting("cache_limit"))
    return _DEFAULT_LIMIT if limit is None else limit


class SignedCall(Protocol):
    """The parts of a call that the cache uses.

    Attributes:
        env: Environment of the run.
        described: The operation.
        settings: Settings of the call.
        request: The request without its credentials.
        signed: The request with its credentials.
        validating: Validator of the request; None if nothing is validated.
    """

    env: Environment
    described: DescribedOperation
    settings: CallSettings
    request: Request
    signed: Signed
    validating: CallValidator | None


class CachedCall:
    """A call whose response may come from the store, or be stored.

    If the store is unusable or too small, this is reported, and the call continues without it.

    Args:
        call: The call, with its credentials.
        spec: Rules for storing and reusing responses.
        report: Called with a message if the store is unusable, or the response is too large for it.
    """

    def __init__(self, call: SignedCall, spec: CacheSpec, report: Callable[[str], object]) -> None:
        self._call, self._spec, self._report = call, spec, report
        self._store = ResponseStore(call.env)
        self._directory = ""
        self._stored: StoredResponse | None = None
        self._pending: tuple[StoredHead, bytes] | None = None

    def reusable(self) -> tuple[WireResponse, Pieces] | None:
        """Return a stored response and its body if the server need not be asked; else None.

        Raises:
            NetworkError: No response can be used, and nothing may be sent.
        """
        request, asked = self._call.signed.request, asked_directives(self._call.signed.request.headers)
        self.look_up()
        stored, now = self._stored, wall_clock()
        if stored is not None and may_reuse(self._spec, stored.head, asked, now):
            validating = self._call.validating
            if validating is not None and not validating.has_begun and stored.head.valid == self._validity():
                validating.accept()
            response = self._response(stored.head, "hit", age_of(stored.head, now))
            return response, StoredPieces(request, stored.body)
        if self._spec.is_offline or "only-if-cached" in asked:
            name = self._call.described.operation.name
            raise NetworkError(
                f"No stored response of `{name}`",
                reason="`--offline` sends nothing, and no response to this request is stored"
                if self._spec.is_offline
                else "The request says `only-if-cached`, and no fresh response to it is stored",
                hint="Make the call once without it",
            )
        return None

    def look_up(self) -> None:
        """Find the stored response for the request."""
        request = self._call.signed.request
        self._stored, self._directory = None, ""
        if not is_cacheable_request(request.method, request.headers, request.body):
            return
        with self._reporting():
            self._directory = self._directory_of_request()
            self._stored = self._store.find(self._directory, request.headers) if self._directory else None

    def _directory_of_request(self) -> str:
        """Return the directory for responses to the request; empty if the path is too long."""
        call, store = self._call, self._store
        request, settings, api = call.signed.request, call.settings, call.described.api
        origin, segments = _origin_and_segments(request.url, api)
        if len(segments) > _MOST_SEGMENTS:
            return ""
        target = split_url(call.request.url)._replace(scheme="", netloc="").geturl()
        # All headers are in the key: the `Vary` of many servers omits the header for a tenant or a language.
        names = sorted({name.lower() for name, _ in call.request.headers} - _NOT_OF_KEY)
        given = [(name, values_of(call.request.headers, name)) for name in names]
        key = store.digest(request.method, target, given, settings.profile, call.signed.account(), size=16)
        top = store.directory_of(api.name, api.revisions.directory)
        return os.path.join(store.below(top, origin, segments), key)

    def _response(self, head: StoredHead, cache: str, age: float) -> WireResponse:
        """Return a stored response without its body, with its age (RFC 9111, section 5.1)."""
        headers = tuple(pair for pair in head.headers if pair[0].lower() != "age")
        if cache == "hit":
            headers = (*headers, ("Age", str(int(age))))
        url = self._call.signed.request.url
        return WireResponse(
            head.status, head.reason, head.http_version, url, headers, b"", 0.0, cache=cache, age=age
        )

    def exchange(self, receive: Receive, send: Callable[[Receive, Headers], WireResponse]) -> WireResponse:
        """Send the request, and return the response, or the stored one if the server confirms it.

        Args:
            receive: Reads the body of the response.
            send: Sends the request with further headers.

        Raises:
            DynacliError: The call failed.
        """
        try:
            return self._exchange(receive, send)
        except _OtherResponseError:
            self._stored = None
            return self._exchange(receive, send)

    def _exchange(self, receive: Receive, send: Callable[[Receive, Headers], WireResponse]) -> WireResponse:
        stored = self._stored
        conditions = () if stored is None else conditions_of(stored.head)
        requested_at, request = wall_clock(), self._call.signed.request
        shown: WireResponse | None = None
        read: Pieces | None = None

        def received(response: WireResponse, pieces: Pieces) -> bytes:
            nonlocal shown, read
            now = wall_clock()
            if stored is not None and conditions and response.status == _NOT_MODIFIED:
                head = freshened(stored.head, response.headers, requested_at, now)
                if head is None or response.hops:
                    raise _OtherResponseError
                self._take(head, stored.body)
                shown = self._response(head, "revalidated", age_of(head, now))
                read = StoredPieces(request, stored.body)
                return receive(shown, read)
            shown, read = replace(response, cache="miss" if self._directory else ""), pieces
            is_stored = self._directory and not response.hops and not response.is_json_lines
            if not is_stored or not may_store(self._spec, response.status, response.headers, now):
                return receive(shown, read)
            read = copied = _CopiedPieces(pieces)
            body = receive(shown, copied)
            if copied.is_large:
                self._report_large(_TOO_LARGE)
            if copied.is_whole:
                status, version = (response.status, response.reason), response.http_version
                head = StoredHead(*status, version, stored_headers(response.headers), requested_at, now)
                self._take(head, bytes(copied.content))
            return body

        response = send(received, conditions)
        if shown is None or read is None:
            return response
        kept = {name: getattr(shown, name) for name in ("status", "reason", "headers", "cache", "age")}
        return replace(response, **kept, size=read.size)

    def _take(self, head: StoredHead, body: bytes) -> None:
        """Remember a response for storing after validation, unless it contains a credential of the call."""
        masker = self._call.signed.masker
        if self._directory and not masker.finds(json.dumps(head.headers).encode() + b"\n" + body):
            self._pending = head, body

    def leave_out(self) -> None:
        """Store no response, and remove the stored one, because the body says that the call failed."""
        self._pending = None
        if self._stored is not None:
            with self._reporting(), suppress(FileNotFoundError):
                os.unlink(self._stored.path)

    def store(self, *, is_valid: bool) -> None:
        """Store the response of the call, if it was remembered for that.

        Args:
            is_valid: True if validation of request and response found nothing to report.
        """
        if self._pending is not None:
            head, body = self._pending
            self._pending = None
            with self._reporting():
                head = replace(head, valid=self._validity() if is_valid else "")
                large = self._store.save(self._directory, self._call.signed.request.headers, head, body)
                if large:
                    self._report_large(large)

    def _report_large(self, limit: str) -> None:
        self._report(f"The response is not stored in the cache: it is larger than {limit}")

    def _validity(self) -> str:
        """Return a digest of the request, the document and the level of validation."""
        call, described = self._call, self._call.described
        parts = call.request.parts
        pairs = [[(pair.name, pair.value) for pair in found] for found in (parts.query, parts.cookies)]
        request = (parts.path, *pairs, parts.headers, parts.querystring)
        document = [described.api.pointer.get(key) for key in ("revision", "uri", "more", "overlays")]
        by = (__version__, document, described.operation.name, call.settings.level)
        return self._store.digest(*by, *request, size=16)

    @contextmanager
    def _reporting(self) -> Iterator[None]:
        """Report an unusable store, and continue without it."""
        try:
            yield
        except (OSError, FileError) as error:
            self._directory = ""
            self._report(
                f"The response cache cannot be used: {_why_not_written(error)}\nThe call continues without it"
            )


def _why_not_written(error: OSError | FileError) -> str:
    if isinstance(error, FileError):
        return error.message
    return cannot_be_written("", error).reason if error.errno else str(error)


class _OtherResponseError(Exception):
    """Raised if a 304 refers to another response than the stored one."""


class StoredPieces(Pieces):
    """A body from the store."""

    def __init__(self, request: Request, content: bytes) -> None:
        self.request, self._content = request, content
        self.size, self.waits_forever = 0, False
        # `Content-Length` may be the size of the encoded body.
        self.is_encoded = True

    def _decoded(self) -> Iterator[bytes]:
        self.size = len(self._content)
        yield self._content

    def wait_forever(self) -> None:
        """Do nothing: a stored body is complete."""

    def cut(self) -> None:
        """Do nothing: a stored body has no connection."""


class _CopiedPieces(Pieces):
    """A body that is copied while it is read.

    Attributes:
        content: Bytes read so far; empty if the body is too large to be stored.
        is_whole: True if `content` is the whole body.
        is_large: True if the body is too large to be stored.

    Args:
        pieces: The body. Nothing of it was read yet.
    """

    def __init__(self, pieces: Pieces) -> None:
        super().__init__(pieces.call, pieces.request, pieces._response)  # noqa: SLF001  - its own class
        self.content, self.is_whole, self.is_large = bytearray(), False, False
        self._read = pieces._ahead  # noqa: SLF001

    def _decoded(self) -> Iterator[bytes]:
        for piece in self._read or super()._decoded():
            if not self.is_large:
                self.content += piece
                self.is_large = len(self.content) > LARGEST
            if self.is_large:
                self.content.clear()
            yield piece
        self.is_whole = not self.is_large


def _origin_and_segments(url: str, api: OpenedApi) -> tuple[str, list[str]]:
    """Return the origin of a URL and the decoded segments of its path, without a trailing slash.

    The origin of the demo API is a fixed name, because its port changes with each run.
    """
    segments = split_url(url).path.strip("/").split("/")
    origin = DEMO if api.name == DEMO else origin_of(url)
    return origin, [unquote(segment) for segment in segments if segment]


def forget_changed(call: SignedCall, response: WireResponse) -> None:
    """Remove the stored responses that a call may have invalidated (RFC 9111, section 4.4).

    These are the responses of its URL, of `Location` and `Content-Location` at the same origin, and of all paths above
    and below. An unusable store is ignored, because its responses are not reused.
    """
    url, api = call.signed.request.url, call.described.api
    origin, segments = _origin_and_segments(url, api)
    changed = [segments]
    for value in (response.header("location"), response.header("content-location")):
        with suppress(ValueError):
            if value and origin_of(target := join_url(url, value)) == origin_of(url):
                changed.append(_origin_and_segments(target, api)[1])
    with suppress(OSError, FileError):
        store = ResponseStore(call.env)
        store.check()
        for found in changed:
            store.forget(origin, found)
