"""Messages that mean one thing to the proxy and another to the server after it are refused, and where others end."""

import socket
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dynacli.features.proxy._messages import (
    MAX_HEAD,
    BadMessageError,
    MessageBody,
    RequestHead,
    ResponseMessageHead,
    request_body,
    response_body,
)
from tests.documents import get, save_api
from tests.features.proxy.through_proxy import exchanged, raw_server, through_proxy

_START = b"POST / HTTP/1.1\r\nHost: a\r\n"
_BAD_REQUESTS = {
    "a length and chunks": _START + b"Content-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n",
    "two lengths": _START + b"Content-Length: 3\r\nContent-Length: 4\r\n\r\n",
    "two lengths that are the same": _START + b"Content-Length: 3\r\nContent-Length: 3\r\n\r\n",
    "a list of lengths": _START + b"Content-Length: 3, 3\r\n\r\n",
    "a length with a sign": _START + b"Content-Length: +3\r\n\r\n",
    "a length in other digits": _START + "Content-Length: \u0663\r\n\r\n".encode(),
    "a length that is no number": _START + b"Content-Length: 0x3\r\n\r\n",
    "an empty length": _START + b"Content-Length: \r\n\r\n",
    "another encoding": _START + b"Transfer-Encoding: gzip, chunked\r\n\r\n",
    "an encoding that hides": _START + b"Transfer-Encoding: xchunked\r\n\r\n",
    "chunks twice": _START + b"Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n",
    "chunks of HTTP/1.0": b"POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n",
    "a folded line": _START + b"X-A: b\r\n c\r\n\r\n",
    "a blank before the colon": _START + b"Content-Length : 3\r\n\r\n",
    "a blank before the first name": b"POST / HTTP/1.1\r\n Host: a\r\n\r\n",
    "no name": _START + b": b\r\n\r\n",
    "no colon": _START + b"X-A\r\n\r\n",
    "a name that is none": _START + b"X(A): b\r\n\r\n",
    "a line that ends with LF": _START + b"X-A: b\nContent-Length: 3\r\n\r\n",
    "lines that end with LF": b"GET / HTTP/1.1\nHost: a\n\n",
    "a CR inside": _START + b"X-A: b\rContent-Length: 3\r\n\r\n",
    "a NUL": _START + b"X-A: b\0\r\n\r\n",
    "no host": b"GET / HTTP/1.1\r\n\r\n",
    "two hosts": _START + b"HOST: b\r\n\r\n",
    "a blank in the target": b"GET /a b HTTP/1.1\r\nHost: a\r\n\r\n",
    "two blanks": b"GET  / HTTP/1.1\r\nHost: a\r\n\r\n",
    "another version": b"GET / HTTP/2.0\r\nHost: a\r\n\r\n",
    "no version": b"GET /\r\n\r\n",
    "a head that has no end": _START + b"X-A: " + b"a" * MAX_HEAD,
    "a head that is too large": _START + b"X-A: " + b"a" * MAX_HEAD + b"\r\n\r\n",
}


@pytest.mark.parametrize("message", _BAD_REQUESTS.values(), ids=_BAD_REQUESTS)
def test_a_request_that_can_be_misread_is_refused(message: bytes) -> None:
    """Whatever the RFCs leave to the recipient, another recipient may have decided otherwise."""
    with pytest.raises(BadMessageError):
        RequestHead.taken(bytearray(message))


_OK = b"HTTP/1.1 200 OK\r\n"
_BAD_RESPONSES = {
    "a length and chunks": _OK + b"Content-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n",
    "two lengths": _OK + b"Content-Length: 3\r\nContent-Length: 4\r\n\r\n",
    "a folded line": _OK + b"X-A: b\r\n\tc\r\n\r\n",
    "lines that end with LF": b"HTTP/1.1 200 OK\nContent-Length: 0\n\n",
    "a status of two digits": b"HTTP/1.1 20 OK\r\n\r\n",
    "another protocol": b"ICY 200 OK\r\n\r\n",
}


@pytest.mark.parametrize("message", _BAD_RESPONSES.values(), ids=_BAD_RESPONSES)
def test_a_response_that_can_be_misread_is_refused(message: bytes) -> None:
    """The client might find another response in it."""
    with pytest.raises(BadMessageError):
        ResponseMessageHead.taken(bytearray(message))


_BAD_CHUNKS = {
    "more than announced": b"3\r\nabcd\r\n0\r\n\r\n",
    "a size with a sign": b"+3\r\nabc\r\n0\r\n\r\n",
    "a size of Python": b"0x3\r\nabc\r\n0\r\n\r\n",
    "a line that ends with LF": b"3\nabc\r\n0\r\n\r\n",
    "a chunk that ends with LF": b"3\r\nabc\n0\r\n\r\n",
    "an extension with LF": b"3;a\nb\r\nabc\r\n0\r\n\r\n",
    "trailers that are none": b"0\r\nX A: b\r\n\r\n",
    "a line without an end": b"3;" + b"a" * MAX_HEAD,
    "trailers without an end": b"0\r\nX-A: " + b"a" * MAX_HEAD,
}


@pytest.mark.parametrize("message", _BAD_CHUNKS.values(), ids=_BAD_CHUNKS)
def test_chunks_that_can_be_misread_are_refused(message: bytes) -> None:
    """Another recipient would see the end of the body elsewhere."""
    body = request_body(_chunked())
    with pytest.raises(BadMessageError):
        body.take(bytearray(message))


def _chunked() -> RequestHead:
    head = RequestHead.taken(bytearray(_START + b"Transfer-Encoding: Chunked\r\n\r\n"))
    assert head is not None
    return head


_NEXT = b"GET /next"


def _taken(body: MessageBody, message: bytes, cuts: list[int]) -> tuple[bytes, bytes, bytes]:
    """Let a message come in pieces; return it as it came, its content, and what is left."""
    received, raw, content = bytearray(), b"", b""
    edges = [0, *sorted(cut % (len(message) + 1) for cut in cuts), len(message)]
    for start, end in pairwise(edges):
        received += message[start:end]
        came, inside = body.take(received)
        raw, content = raw + came, content + inside
    return raw, content, bytes(received)


@given(
    st.lists(st.binary(min_size=1, max_size=20)),
    st.sampled_from([b"", b";a=b", b" ;a", b'; a="b c"']),
    st.sampled_from([b"", b"X-T: 1\r\n", b"X-T: 1\r\nx-t:\r\n"]),
    st.lists(st.integers(0, 1000), max_size=5),
)
def test_chunks_come_as_they_were_sent(
    pieces: list[bytes], extension: bytes, trailers: bytes, cuts: list[int]
) -> None:
    """Each byte of the framing is kept, the content is what is inside, and what follows is left, however it comes."""
    chunks = b"".join(b"%x%b\r\n%b\r\n" % (len(piece), extension, piece) for piece in pieces)
    message = chunks + b"0%b\r\n%b\r\n" % (extension, trailers)
    body = request_body(_chunked())
    assert (message, b"".join(pieces), _NEXT) == _taken(body, message + _NEXT, cuts)
    assert body.is_over


_ENDS = [
    (b"Content-Length: 3", b"GET", 200, b"abc", b"d"),
    (b"Content-Length: 0", b"GET", 200, b"", b"abcd"),
    (b"Content-Length: 3", b"HEAD", 200, b"", b"abcd"),
    (b"Transfer-Encoding: chunked", b"HEAD", 200, b"", b"abcd"),
    (b"Content-Length: 3", b"GET", 304, b"", b"abcd"),
    (b"Content-Length: 3", b"GET", 204, b"", b"abcd"),
    (b"X-A: b", b"GET", 200, b"abcd", b""),
]


@pytest.mark.parametrize(("line", "method", "status", "expected", "left"), _ENDS)
def test_where_a_response_ends(line: bytes, method: bytes, status: int, expected: bytes, left: bytes) -> None:
    """RFC 9112, section 6.3: by its method and status before what its headers say."""
    head = ResponseMessageHead.taken(bytearray(b"HTTP/1.1 %d A\r\n%b\r\n\r\n" % (status, line)))
    assert head is not None
    raw, _, rest = _taken(response_body(head, method), b"abcd", [1, 2])
    assert (expected, left) == (raw, rest)


def test_requests_behind_each_other_are_answered_in_their_order() -> None:
    """A client may send the next ones before the first gets a response, and close its side; a bad one is the last."""
    seen: list[bytes] = []

    def talk(sock: socket.socket, head: bytes) -> bytes:
        sock.sendall(b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 3\r\n\r\n" + head[4:7])
        return b""

    def client(port: int) -> None:
        requests = b"".join(
            b"GET /%d/ HTTP/1.1\r\nHost: localhost\r\n\r\n" % number for number in range(10, 30)
        )
        with socket.create_connection(("127.0.0.1", port), timeout=20) as sock:
            sock.sendall(requests)
            sock.shutdown(socket.SHUT_WR)
            seen.append(b"".join(iter(lambda: sock.recv(1 << 16), b"")))
        seen.append(exchanged(port, requests + b"GET / HTTP/1.1\r\n x\r\n\r\n" + requests))

    api = save_api(get("/{n}/", "get-n"))
    with raw_server(talk) as server:
        through_proxy(client, api, "--upstream", server.origin, "--no-fail")
    responses = b"".join(
        b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\n/%d" % number for number in range(10, 30)
    )
    assert responses == seen[0]
    assert seen[1].startswith(responses + b"HTTP/1.1 400 Bad Request\r\n")
    assert 21 == seen[1].count(b"HTTP/1.1 ")
