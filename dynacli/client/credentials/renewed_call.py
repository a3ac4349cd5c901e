"""A call whose token is refused although it has not ended: the token is refreshed, and a safe call made once more."""

from collections.abc import Callable

from dynacli.http.send import RENDER_LIMIT, Answer, Pieces, Receive

__all__ = ["send_renewing"]


class _AgainError(Exception):
    """The token was refreshed; nothing of the answer was read."""


def send_renewing(
    send: Callable[[Receive], Answer],
    receive: Receive | None,
    renew: Callable[[], bool],
    sign_again: Callable[[], None],
    *,
    is_safe: bool,
) -> Answer:
    """Send a request, and once more where the server answers 401 and there is a new token then.

    What changes something is not sent again: the server may have done a part of it. Where the token cannot be
    refreshed, the server's own answer tells what is wrong.

    Args:
        send: Sends the request, and reads its answer by a function.
        receive: That function; without it the body is kept as a whole.
        renew: Refreshes the token; returns whether there is a new one.
        sign_again: Puts it into the request.
        is_safe: Whether the request changes nothing.
    """

    def keep(_: Answer, pieces: Pieces) -> bytes:
        return b"".join(pieces.up_to(RENDER_LIMIT, "Write it to a file: `-o @FILE`"))

    read = receive or keep

    def read_first(answer: Answer, pieces: Pieces) -> bytes:
        if answer.status == 401:
            with pieces.call.connections.pause():
                is_renewed = renew()
            if is_renewed and is_safe:
                raise _AgainError
        return read(answer, pieces)

    try:
        return send(read_first)
    except _AgainError:
        sign_again()
        return send(read)
