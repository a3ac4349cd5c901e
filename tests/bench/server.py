"""A server that responds at once, whatever it is asked: `python -m tests.bench.server BODY...`.

It responds with the file whose name without its suffix is a segment of the path, else with the first; with 304 if a
request has a condition. After `--no-tag`, responses have no validator.
It writes its port on standard output and ends with the process that started it, by its standard input.
"""

import socket
import sys
import threading
from pathlib import Path

__all__: list[str] = []


_TAG = 'ETag: "1"\r\n'
_NOT_MODIFIED = f"HTTP/1.1 304 Not Modified\r\n{_TAG}\r\n".encode()


def _serve(listener: socket.socket, responses: dict[str, bytes]) -> None:
    while True:
        connection, _ = listener.accept()
        threading.Thread(target=_response, args=(connection, responses), daemon=True).start()


def _response(connection: socket.socket, responses: dict[str, bytes]) -> None:
    with connection:
        heard = b""
        while chunk := connection.recv(65536):
            heard += chunk
            if heard.endswith(b"\r\n\r\n"):  # it is only asked by GET
                path = heard.split(b" ", 2)[1].decode("ascii").partition("?")[0]
                named = [name for name in path.split("/") if name in responses]
                is_known = b"\r\nif-none-match:" in heard.lower()
                whole = responses[named[0] if named else next(iter(responses))]
                connection.sendall(_NOT_MODIFIED if is_known else whole)
                heard = b""


def _written(body: bytes, tag: str) -> bytes:
    head = f"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n{tag}Content-Length: {len(body)}\r\n\r\n"
    return head.encode() + body


def _main() -> None:
    words = [word for word in sys.argv[1:] if word != "--no-tag"]
    tag = "" if "--no-tag" in sys.argv else _TAG
    responses = {Path(word).stem: _written(Path(word).read_bytes(), tag) for word in words}
    listener = socket.create_server(("127.0.0.1", 0), backlog=64)
    threading.Thread(target=_serve, args=(listener, responses), daemon=True).start()
    sys.stdout.write(f"{listener.getsockname()[1]}\n")
    sys.stdout.flush()
    sys.stdin.read()


if __name__ == "__main__":
    _main()
