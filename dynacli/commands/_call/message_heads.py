"""The lines of `-v` on standard error: the heads of the request and the response, with secrets masked."""

from collections.abc import Iterable
from typing import TYPE_CHECKING

from dynacli.auth.secret import MASK
from dynacli.client.sign_request import Signed
from dynacli.environment import Environment
from dynacli.http.exchange import Response
from dynacli.output.standard_error import write_stderr

if TYPE_CHECKING:
    from dynacli.validation.finding import Verdict

__all__ = ["show_judges", "show_request", "show_response", "show_size", "write_head"]


def show_request(env: Environment, signed: Signed) -> None:
    """Show the head of the request."""
    lines = [f"> {signed.shown.method} {signed.shown.url}", *_headers(">", signed, signed.shown.headers)]
    write_stderr(env, signed.masker.mask("\n".join(lines)))


def show_response(env: Environment, signed: Signed, response: Response) -> None:
    """Show the head of the response, and the redirects before it."""
    lines = [f"< {status} {url}" for status, url in response.hops]
    lines.append(f"< {response.http_version} {response.status} {response.reason}".rstrip())
    lines.extend(_headers("<", signed, response.headers))
    write_stderr(env, signed.masker.mask("\n".join(lines)))


def write_head(env: Environment, signed: Signed, response: Response) -> None:
    """Write the head of the response to standard output, as `--include` asks for."""
    from dynacli.output.stream_body import write_bytes
    from dynacli.text.terminal import visible

    lines = [f"{response.http_version} {response.status} {response.reason}".rstrip()]
    lines.extend(line.removeprefix(" ") for line in _headers("", signed, response.headers))
    text = signed.masker.mask("\n".join(lines)) + "\n\n"
    write_bytes(env, (visible(text) if env.stdout_is_terminal else text).encode("utf-8", "backslashreplace"))


def show_size(env: Environment, response: Response) -> None:
    """Show the size of the response, and how long the call took."""
    write_stderr(env, f"* {response.size} bytes in {response.seconds * 1000:.0f} ms")


def show_judges(env: Environment, request: "Verdict", response: "Verdict") -> None:
    """Show whether openapi-core judged, or compiled schemas accepted what is beyond doubt."""
    by = ["compiled schemas" if verdict.is_accepted else "openapi-core" for verdict in (request, response)]
    parts = [f"the request and the response by {by[0]}"]
    if by[0] != by[1]:
        parts = [f"the request by {by[0]}", f"the response by {by[1]}"]
    write_stderr(env, f"* validated: {', '.join(parts)}")


def _headers(mark: str, signed: Signed, headers: Iterable[tuple[str, str]]) -> list[str]:
    return [
        f"{mark} {name}: {MASK if name.lower() in signed.secret_headers else value}"
        for name, value in headers
    ]
