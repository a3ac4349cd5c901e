"""A request as text, for `--dry-run` and for reports: JSON, HTTP, or a curl command."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from dynacli.http.built_request import Request
from dynacli.urls import socket_of, url_on_the_wire

if TYPE_CHECKING:
    from dynacli.http.payload import Payload


def as_http(request: Request) -> str:
    """Return the request as HTTP/1.1 text (RFC 9112)."""
    _, _, rest = url_on_the_wire(request.url).partition("://")
    host, slash, path = rest.partition("/")
    lines = [
        f"{request.method} {slash}{path} HTTP/1.1" if slash else f"{request.method} / HTTP/1.1",
        f"Host: {host}",
    ]
    lines.extend(f"{name}: {value}" for name, value in request.headers)
    if isinstance(request.body, bytes):
        lines.append(f"Content-Length: {len(request.body)}")
    elif request.body is not None:
        length = request.body.length
        lines.append("Transfer-Encoding: chunked" if length is None else f"Content-Length: {length}")
    head = "\n".join(lines)
    body, encoded = _body_and_base64(request.body)
    if encoded is not None and isinstance(request.body, bytes):
        body = f"[{len(request.body)} bytes]"
    return f"{head}\n\n{body}\n" if body else f"{head}\n\n"


def as_json(request: Request) -> dict[str, Any]:
    """Return the request as `--dry-run json` writes it."""
    body, encoded = _body_and_base64(request.body)
    return {
        "method": request.method,
        "url": request.url,
        "headers": [[name, value] for name, value in request.headers],
        "body": body,
        "body_base64": encoded,
    }


def as_curl(request: Request, options: Sequence[str] = ()) -> str:
    """Return a curl command, quoted for a POSIX shell.

    Args:
        request: The request.
        options: Further options of curl, already quoted.
    """
    from shlex import quote

    words = ["curl", *options]
    if request.method == "HEAD":
        words.append("--head")
    elif request.method != ("GET" if request.body is None else "POST"):
        words.extend(["-X", quote(request.method)])  # it may contain `|` and "`" (RFC 9110, section 9.1)
    # curl treats `[` and `{` in a URL as ranges without `--globoff`.
    if any(char in request.url for char in "[]{}"):
        words.append("--globoff")
    if socket := socket_of(request.url):
        words.extend(["--unix-socket", quote(socket)])
    words.append(quote(url_on_the_wire(request.url)))
    body_words = None
    if not isinstance(request.body, bytes | None):
        from dynacli.request.request_code import payload_words

        body_words = payload_words(request.body)
    for name, value in request.headers:
        if body_words and name.lower() == "content-type" and "boundary=" in value:
            continue  # curl makes its own boundary
        # With `NAME:`, curl leaves out the header. With `NAME;`, it sends the header without a value.
        words.extend(["-H", quote(f"{name}: {value}" if value else f"{name};")])
    if body_words is not None:
        return " ".join([*words, *body_words])
    body, encoded = _body_and_base64(request.body)
    if encoded is not None:
        decoded = f"printf %s {quote(encoded)} | base64 -d | "
        return decoded + " ".join([*words, "--data-binary", "@-"])
    if body is not None:
        words.extend(["--data-raw", quote(body)])
    return " ".join(words)


def _body_and_base64(body: bytes | Payload | None) -> tuple[Any, str | None]:
    """Return the body as text, or in Base64 if it is not text. The text names files instead of including them."""
    if body is None:
        return None, None
    if not isinstance(body, bytes):
        return body.abbreviated(), None
    try:
        text = body.decode()
    except UnicodeDecodeError:
        text = "\0"
    if "\0" not in text:  # command-line arguments cannot contain NUL
        return text, None
    from base64 import b64encode

    return None, b64encode(body).decode()
