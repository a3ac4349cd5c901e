"""A server that answers at once, whatever it is asked: `python -m tests.bench.server BODY`.

It writes its port on standard output and ends with the process that started it, by its standard input.
"""

import socket
import sys
import threading
from pathlib import Path

__all__: list[str] = []


def _serve(listener: socket.socket, answer: bytes) -> None:
    while True:
        connection, _ = listener.accept()
        threading.Thread(target=_answer, args=(connection, answer), daemon=True).start()


def _answer(connection: socket.socket, answer: bytes) -> None:
    with connection:
        heard = b""
        while chunk := connection.recv(65536):
            heard += chunk
            if heard.endswith(b"\r\n\r\n"):  # it is only asked by GET
                connection.sendall(answer)
                heard = b""


def _main() -> None:
    body = Path(sys.argv[1]).read_bytes()
    head = f"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
    listener = socket.create_server(("127.0.0.1", 0), backlog=64)
    threading.Thread(target=_serve, args=(listener, head.encode() + body), daemon=True).start()
    sys.stdout.write(f"{listener.getsockname()[1]}\n")
    sys.stdout.flush()
    sys.stdin.read()


if __name__ == "__main__":
    _main()
