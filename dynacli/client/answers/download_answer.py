"""A call of a Python program whose answer goes into a file."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import TYPE_CHECKING

from dynacli.client.call import Call, request_of
from dynacli.client.call_settings import CallSettings
from dynacli.files import replace_named_file
from dynacli.http.send import FILE_LIMIT, RENDER_LIMIT, Answer, Pieces
from dynacli.record import replace
from dynacli.transport.partial_download import OutdatedPartError, PartialDownload
from dynacli.validation.bodies.read_forms import UnreadBody

if TYPE_CHECKING:
    from dynacli.http.exchange import ClientPool

__all__ = ["download_answer"]

_PARTIAL = 206


class _SavedBody(UnreadBody):
    """A body that went into a file."""

    reason = "the body of a download is judged by its size alone"


def download_answer(
    prepare: Callable[[CallSettings], Call],
    settings: CallSettings,
    path: str,
    clients: "ClientPool",
    *,
    is_resumed: bool,
) -> tuple[Call, Answer, bytes | UnreadBody | None]:
    """Make a call, and write the body of a success into a file.

    Args:
        prepare: Returns the call that is made with some settings.
        path: The file; it is whole at the end, or as it was.
        is_resumed: Whether what came of it is kept where it breaks off, and gone on with.

    Returns:
        The call, its answer, and the body as it can be judged; None where the answer is only the rest of the file.

    Raises:
        DynacliError: The call fails, or the file cannot be written.
    """
    call = prepare(settings)
    if not is_resumed:
        return _sent(call, clients, path, None)
    url = request_of(call.described, settings, call.values).url
    while True:
        partial = PartialDownload(path, url)
        with partial.held() as headers:
            call = prepare(replace(settings, headers=(*settings.headers, *headers)))
            try:
                return _sent(call, clients, path, partial)
            except OutdatedPartError:
                continue  # the part is gone, so that the next answer is of the whole


def _sent(
    call: Call, clients: "ClientPool", path: str, partial: PartialDownload | None
) -> tuple[Call, Answer, bytes | UnreadBody | None]:
    is_saved = False

    def opened(answer: Answer, pieces: Pieces) -> AbstractContextManager[Callable[[bytes], None]]:
        return replace_named_file(path) if partial is None else partial.written(answer, pieces)

    def receive(answer: Answer, pieces: Pieces) -> bytes:
        nonlocal is_saved
        if partial is not None and partial.is_there(answer):
            return b""
        if not 200 <= answer.status < 300:
            return b"".join(pieces.up_to(RENDER_LIMIT))
        with opened(answer, pieces) as write:
            # A compressed body may be a bomb: only such a body is limited.
            for piece in pieces.up_to(FILE_LIMIT) if pieces.is_encoded else pieces:
                write(piece)
        is_saved = True
        return b""

    answer = call.send(receive, clients=clients)
    if partial is not None and partial.is_part:
        return call, replace(answer, status=_PARTIAL), None
    return call, answer, _SavedBody(answer.size) if is_saved and answer.size else answer.body
