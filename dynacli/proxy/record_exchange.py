"""A passed exchange in the form of a recorded one, so that both are judged in the same way."""

from dynacli.check.running.answer_reader import complete_items
from dynacli.http.encodings import BadEncodingError, TooLargeError, decode_whole
from dynacli.http.exchange import RENDER_LIMIT
from dynacli.http.semantics import essence, is_sequence
from dynacli.proxy.message_head import Headers
from dynacli.proxy.passed_exchange import CopiedBody, PassedExchange
from dynacli.traffic.recorded_request import RecordedAnswer, RecordedExchange, RecordedRequest

__all__ = ["recorded_exchange"]


def recorded_exchange(passed: PassedExchange) -> RecordedExchange:
    """Return a passed exchange as a recording has it, its bodies decoded."""
    request = RecordedRequest(passed.method, passed.url, _texts(passed.headers))
    content, loss = _decoded(passed.body, passed.headers)
    return RecordedExchange(
        request,
        content or None,
        loss,
        _answer(passed) if passed.status else None,
        passed.error or (passed.ended_by and f"{passed.ended_by} came first"),
        passed.started,
        passed.seconds,
        passed.is_broken_off,
    )


def _answer(passed: PassedExchange) -> RecordedAnswer:
    headers = _texts(passed.answer_headers)
    body, loss = _decoded(passed.answer_body, passed.answer_headers)
    if not passed.is_complete and not loss:
        media_type = essence(_header(passed.answer_headers, b"content-type"))
        body = complete_items(body or b"", media_type) if is_sequence(media_type) else None
        ended_by = passed.ended_by or "the server"
        loss = f"{ended_by} ended the answer early: only what came before is judged"
    size = passed.answer_body.size
    return RecordedAnswer(passed.status, passed.reason, passed.http_version, headers, body, size, loss)


def _texts(headers: Headers) -> tuple[tuple[str, str], ...]:
    return tuple((name.decode("latin-1"), value.decode("latin-1")) for name, value in headers)


def _header(headers: Headers, name: bytes) -> str:
    return b", ".join(value for key, value in headers if key.lower() == name).decode("latin-1")


def _decoded(body: CopiedBody, headers: Headers) -> tuple[bytes | None, str]:
    """Return a body without its content encoding, or None and why it cannot be judged."""
    if body.loss or not body.size:
        return (None, body.loss) if body.loss else (b"", "")
    encodings = _header(headers, b"content-encoding").split(",")
    try:
        return decode_whole(body.content, encodings, RENDER_LIMIT), ""
    except TooLargeError:
        return (
            None,
            f"the body is larger than {RENDER_LIMIT // 1024 // 1024} MiB without its content encoding",
        )
    except BadEncodingError as error:
        return None, f"the body cannot be decoded: {error}"
