"""Running servers in the test's process, and servers and clients that show each byte."""

import contextlib
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from tests.harness import Result, free_port, run_cli

_PATIENCE = 20.0


def through_proxy(client: Callable[[int], None], *words: str, port: int = 0) -> Result:
    """Run `dynacli proxy` as `until_interrupted` does."""
    return until_interrupted(client, "proxy", *words, port=port)


def until_interrupted(client: Callable[[int], None], *words: str, port: int = 0) -> Result:
    """Run a verb that serves as long as a client needs it, and end it as Ctrl-C does.

    Args:
        client: Called in a thread, with the port of the server.
        words: The verb and the words before `--port N`.
        port: 0 for a free one.
    """
    port = port or free_port()
    failures, over = list[BaseException](), threading.Event()

    def use() -> None:
        try:
            _wait_for(port, over)
            if not over.is_set():
                client(port)
        except BaseException as error:  # noqa: BLE001  - raised again below
            failures.append(error)
        if not over.is_set():
            os.kill(os.getpid(), signal.SIGINT)

    thread = threading.Thread(target=use)
    thread.start()
    try:
        result = run_cli(*words, "--port", str(port))
    finally:
        over.set()
        thread.join()
    if failures:
        raise failures[0]
    return result


def _wait_for(port: int, over: threading.Event) -> None:
    end = time.monotonic() + _PATIENCE
    while not over.wait(0.01):
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port)):
            return
        assert time.monotonic() < end, "the server does not listen"


@contextlib.contextmanager
def own_process(*words: str, port: int = 0) -> Iterator[tuple[int, subprocess.Popen[bytes]]]:
    """Run the proxy in a process of its own, and yield its port, by default a free one."""
    port = port or free_port()
    command = [sys.executable, "-m", "dynacli", "proxy", *words, "--port", str(port)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert process.stderr is not None
        assert b"passes on to" in process.stderr.readline()
        try:
            yield port, process
        finally:
            process.send_signal(signal.SIGINT)
            process.communicate(timeout=30)


def exchanged(port: int, sent: bytes) -> bytes:
    """Send bytes over a connection, and return all that comes back until its end."""
    with socket.create_connection(("127.0.0.1", port), timeout=_PATIENCE) as sock:
        sock.sendall(sent)
        return b"".join(iter(lambda: sock.recv(1 << 16), b""))


@dataclass
class RawServer:
    """A server that notes each byte.

    Attributes:
        got: What came over each connection.
    """

    origin: str
    got: list[bytes] = field(default_factory=list)


@contextlib.contextmanager
def raw_server(talk: Callable[[socket.socket, bytes], bytes]) -> Iterator[RawServer]:
    """Run a server until the end of the block, which responds to one request a connection.

    Args:
        talk: Called with a connection and the head of a request; reads the rest if there is any, responses, and returns
            what it has read.
    """
    listener = socket.create_server(("127.0.0.1", 0))
    server = RawServer(f"http://127.0.0.1:{listener.getsockname()[1]}")

    threads: list[threading.Thread] = []

    def response(sock: socket.socket) -> None:
        with sock, contextlib.suppress(ConnectionError):
            head = b""
            while not head.endswith(b"\r\n\r\n") and (piece := sock.recv(1)):
                head += piece
            if head:
                server.got.append(head + talk(sock, head))

    def serve() -> None:
        while True:
            try:
                sock, _ = listener.accept()
            except OSError:
                return  # the end of the block
            threads.append(threading.Thread(target=response, args=(sock,)))
            threads[-1].start()

    threads.append(threading.Thread(target=serve))
    threads[0].start()
    try:
        yield server
    finally:
        # Closing alone does not end `accept` in another thread.
        listener.shutdown(socket.SHUT_RDWR)
        listener.close()
        for thread in threads:
            thread.join()
