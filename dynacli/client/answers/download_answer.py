"""A call of a Python program whose answer goes into a file."""

from collections.abc import Callable
from contextlib import AbstractContextManager

from dynacli.client.call import Call
from dynacli.client.described_operation import DescribedOperation
from dynacli.client.engine.call_engine import Engine, MadeCall
from dynacli.client.inputs.call_inputs import CallInputs
from dynacli.files import replace_named_file
from dynacli.http.send import FILE_LIMIT, RENDER_LIMIT, Answer, Pieces
from dynacli.record import replace
from dynacli.transport.partial_download import OutdatedPartError, PartialDownload
from dynacli.validation.bodies.read_forms import UnreadBody

__all__ = ["download_answer"]

_PARTIAL = 206


class _SavedBody(UnreadBody):
    """A body that went into a file."""

    reason = "the body of a download is judged by its size alone"


def download_answer(
    engine: Engine, described: DescribedOperation, inputs: CallInputs, path: str, *, is_resumed: bool
) -> MadeCall:
    """Make a call, and write the body of a success into a file.

    Args:
        path: The file; it is whole at the end, or as it was.
        is_resumed: Whether what came of it is kept where it breaks off, and gone on with.

    Raises:
        DynacliError: The call fails, or the file cannot be written.
    """
    settings = engine.settings
    call = engine.prepare(described, inputs)
    if not is_resumed:
        return _made(engine, call, path, None)
    url = call.request.url
    while True:
        partial = PartialDownload(path, url)
        with partial.held() as headers:
            asking = replace(settings, headers=(*settings.headers, *headers))
            call = engine.prepare(described, call.values, asking)
            try:
                return _made(engine, call, path, partial)
            except OutdatedPartError:
                continue  # the part is gone, so that the next answer is of the whole


def _made(engine: Engine, call: Call, path: str, partial: PartialDownload | None) -> MadeCall:
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

    answer = engine.send(call, receive)
    if partial is not None and partial.is_part:
        return engine.judge(call, replace(answer, status=_PARTIAL), is_part=True)
    return engine.judge(call, answer, _SavedBody(answer.size) if is_saved and answer.size else None)
