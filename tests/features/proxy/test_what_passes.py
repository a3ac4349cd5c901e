"""What passes through `dynacli proxy` is not altered, and goes on while it comes."""

import gzip
import json
import socket
from typing import Any

from tests.documents import operation, parameter, save_api
from tests.features.proxy.through_proxy import exchanged, raw_server, through_proxy

_ITEM = {"type": "object", "required": ["id"], "properties": {"id": {"type": "integer"}}}
_JSON = {"application/json": {"schema": _ITEM}}
_RESPONSES = {"200": {"description": "", "content": _JSON}}


def _document() -> str:
    get = operation("getItem", parameter("id", {"type": "integer"}, "path"), responses=_RESPONSES)
    post = operation("addItem", responses=_RESPONSES)
    post["requestBody"] = {"content": {**_JSON, "application/octet-stream": {}}}
    return save_api(
        {"/items/{id}": {"get": get, "head": {**get, "operationId": "headItem"}}, "/items": {"post": post}}
    )


def _read(sock: socket.socket, size: int) -> bytes:
    content = b""
    while len(content) < size:
        content += sock.recv(size - len(content))
    return content


_BODY = gzip.compress(b'{"id": 1}', mtime=0)
_CLIENTS_HEAD = (
    b"POST /items?a=%2F+b&&c=&%zz=\x7e HTTP/1.1\r\nhOST: 127.0.0.1:1\r\nX-Odd: b\r\nx-odd:  a \r\n"
    b"cookie: a=1; b=%20\r\nConnection: close, x-hop\r\nX-Hop: 1\r\nKeep-Alive: 5\r\nUpgrade: h2c\r\n"
    b"Authorization: Bearer %b\r\nContent-Encoding: gzip\r\n"
    b"Content-Type: application/json\r\ncontent-length: %d\r\n\r\n"
)
_PASSED_HEAD = (
    b"POST /v1/items?a=%2F+b&&c=&%zz=\x7e HTTP/1.1\r\nhOST: %b\r\nX-Odd: b\r\nx-odd:  a \r\ncookie: a=1; b=%20\r\n"
    b"Authorization: Bearer %b\r\n"
    b"Content-Encoding: gzip\r\nContent-Type: application/json\r\ncontent-length: %d\r\n\r\n"
)


def _filled(head: bytes, *values: Any) -> bytes:
    """Fill a head in that has `%2F` and its like besides the places."""
    for place, value in zip((b"%b",) * (len(values) - 1) + (b"%d",), values, strict=True):
        head = head.replace(place, value if isinstance(value, bytes) else str(value).encode(), 1)
    return head


def test_a_request_and_its_response_are_not_altered(canary: str) -> None:
    """The order, spelling and repetition of headers, the target, encodings, the reason: all but what is hop by hop."""
    response = (
        b"HTTP/1.1 200 Just Fine\r\nSet-Cookie: a=1\r\nX-B: \xe9\r\nset-cookie: b=2\r\n"
        b"Content-Type: application/json\r\nLocation: http://elsewhere/\r\n"
        b"Content-Encoding: gzip\r\nContent-Length: %d\r\n\r\n"
    ) % len(_BODY)
    responses: list[bytes] = []

    def talk(sock: socket.socket, _: bytes) -> bytes:
        body = _read(sock, len(_BODY))
        sock.sendall(response.replace(b"\r\nLoc", b"\r\nKeep-Alive: 9\r\nLoc") + _BODY)
        return body

    def client(port: int) -> None:
        head = _filled(_CLIENTS_HEAD, canary.encode(), len(_BODY))
        responses.append(exchanged(port, head + _BODY))

    with raw_server(talk) as server:
        result = through_proxy(client, _document(), "--upstream", f"{server.origin}/v1/", "-o", "json")
    host = server.origin.removeprefix("http://").encode()
    assert _filled(_PASSED_HEAD, host, canary.encode(), len(_BODY)) + _BODY == server.got[0]
    assert response.replace(b"\r\n\r\n", b"\r\nConnection: close\r\n\r\n") + _BODY == responses[0]
    row = json.loads(result.stdout)
    # The document has no such parameters, which only `exact` finds; the bodies were decoded to be validated.
    assert (0, "add-item", 200, [], []) == (
        result.exit_code,
        *(row[key] for key in ("operation", "status", "findings", "not_validated")),
    )


_FORMS = {
    "head without a length": (
        b"HEAD /items/1 HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nX-A: 1\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nX-A: 1\r\nConnection: close\r\n\r\n",
    ),
    "304 with the length of what is not sent": (
        b"GET /items/1 HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n",
        b'HTTP/1.1 304 Not Modified\r\nETag: "a"\r\nContent-Length: 9\r\n\r\n',
        b'HTTP/1.1 304 Not Modified\r\nETag: "a"\r\nContent-Length: 9\r\nConnection: close\r\n\r\n',
    ),
    "an interim response, chunks and trailers": (
        b"GET /items/1 HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n",
        (
            b"HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\nHTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n"
            b'Trailer: X-T\r\n\r\n8\r\n{"id":1}\r\n0\r\nX-T: 2\r\n\r\n'
        ),
        (
            b"HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\nHTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n"
            b"Trailer: X-T\r\nConnection: close\r\n\r\n"
            b'8\r\n{"id":1}\r\n0\r\nX-T: 2\r\n\r\n'
        ),
    ),
    "no chunks to a client that speaks HTTP/1.0": (
        b"GET /items/1 HTTP/1.0\r\n\r\n",
        b'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n8\r\n{"id":1}\r\n0\r\nX-T: 2\r\n\r\n',
        b'HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n{"id":1}',
    ),
    "a response that ends with its connection": (
        b"GET http://localhost/items/1?x HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n",
        b'HTTP/1.0 200 OK\r\n\r\n{"id":1}',
        b'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n8\r\n{"id":1}\r\n0\r\n\r\n',
    ),
}
"""What is meant → request, the server's response, and what the client gets."""


def test_the_forms_of_responses() -> None:
    """Each passes as the client understands it."""
    waiting = [response for _, response, _ in _FORMS.values()]
    responses: list[bytes] = []

    def talk(sock: socket.socket, _: bytes) -> bytes:
        sock.sendall(waiting.pop(0))
        return b""

    def client(port: int) -> None:
        responses.extend(exchanged(port, request) for request, _, _ in _FORMS.values())

    with raw_server(talk) as server:
        through_proxy(client, _document(), "--upstream", server.origin)
    assert {name: expected for name, (_, _, expected) in _FORMS.items()} == dict(
        zip(_FORMS, responses, strict=True)
    )


def test_pieces_pass_while_they_come() -> None:
    """The upstream gets a part of a request before the rest is there, and the client a part of the response."""
    seen: list[bytes] = []
    head = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 8\r\n\r\n"

    def talk(sock: socket.socket, _: bytes) -> bytes:
        sock.sendall(b"HTTP/1.1 100 Continue\r\n\r\n")
        body = _read(sock, 11)  # `6\r\n{"id":\r\n`
        sock.sendall(head + b"{")
        body += _read(sock, 12)
        sock.sendall(b'"id":1}')
        return body

    def client(port: int) -> None:
        with socket.create_connection(("127.0.0.1", port), timeout=10) as sock:
            sock.sendall(
                b"POST /items HTTP/1.1\r\nHost: localhost\r\nExpect: 100-continue\r\nTransfer-Encoding: chunked\r\n"
                b"Content-Type: application/json\r\n\r\n"
            )
            seen.append(_read(sock, 25))
            sock.sendall(b'6\r\n{"id":\r\n')
            seen.append(_read(sock, len(head) + 1))
            sock.sendall(b"2\r\n1}\r\n0\r\n\r\n")
            seen.append(_read(sock, 7))

    with raw_server(talk) as server:
        result = through_proxy(client, _document(), "--upstream", server.origin, "-o", "json")
    assert [
        b"HTTP/1.1 100 Continue\r\n\r\n",
        head + b"{",
        b'"id":1}',
    ] == seen
    assert b'6\r\n{"id":\r\n2\r\n1}\r\n0\r\n\r\n' == server.got[0].partition(b"\r\n\r\n")[2]
    assert [] == json.loads(result.stdout)["findings"]
