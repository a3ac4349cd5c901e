"""The lines of `-v` on standard error: the heads of the request and the answer, with secrets masked."""

from collections.abc import Iterable

from dynacli.auth.secret import MASK
from dynacli.client.sign_request import Signed
from dynacli.commands.run import Run
from dynacli.output.standard_error import write_stderr
from dynacli.transport.send import Answer

__all__ = ["show_answer", "show_request", "show_size"]


def show_request(run: Run, signed: Signed) -> None:
    """Show the head of the request."""
    lines = [f"> {signed.shown.method} {signed.shown.url}", *_headers(">", signed, signed.shown.headers)]
    write_stderr(run.env, signed.masker.mask("\n".join(lines)))


def show_answer(run: Run, signed: Signed, answer: Answer) -> None:
    """Show the head of the answer, and the redirects before it."""
    lines = [f"< {status} {url}" for status, url in answer.hops]
    lines.append(f"< {answer.http_version} {answer.status} {answer.reason}".rstrip())
    lines.extend(_headers("<", signed, answer.headers))
    write_stderr(run.env, signed.masker.mask("\n".join(lines)))


def show_size(run: Run, answer: Answer) -> None:
    """Show the size of the answer, and how long the call took."""
    write_stderr(run.env, f"* {answer.size} bytes in {answer.seconds * 1000:.0f} ms")


def _headers(mark: str, signed: Signed, headers: Iterable[tuple[str, str]]) -> list[str]:
    return [
        f"{mark} {name}: {MASK if name.lower() in signed.secret_headers else value}"
        for name, value in headers
    ]
