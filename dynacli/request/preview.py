"""A request as text, for `--dry-run` and for looking at what was sent."""

from collections.abc import Callable
from typing import Any

from dynacli.request.model import Request

__all__ = ["as_curl", "as_http", "as_json"]

Mask = Callable[[str], str]


def as_http(request: Request, mask: Mask) -> str:
    """Return the request as it looks on the wire (RFC 9112)."""
    _, _, rest = request.url.partition("://")
    host, slash, path = rest.partition("/")
    lines = [
        f"{request.method} {slash}{path} HTTP/1.1" if slash else f"{request.method} / HTTP/1.1",
        f"Host: {host}",
    ]
    lines.extend(f"{name}: {value}" for name, value in request.headers)
    if request.body is not None:
        lines.append(f"Content-Length: {len(request.body)}")
    head = mask("\r\n".join(lines)).replace("\r\n", "\n")
    body, encoded = _body(request.body)
    if encoded is not None:
        body = f"[{len(request.body or b'')} bytes]"
    return f"{head}\n\n{mask(body)}\n" if body else f"{head}\n\n"


def as_json(request: Request, mask: Mask) -> dict[str, Any]:
    """Return the request in the shape of `--dry-run json`."""
    body, encoded = _body(request.body)
    return {
        "method": request.method,
        "url": mask(request.url),
        "headers": [[name, mask(value)] for name, value in request.headers],
        "body": mask(body) if body is not None else None,
        "body_base64": encoded,
    }


def as_curl(request: Request, mask: Mask) -> str:
    """Return a command for curl, quoted for a POSIX shell."""
    from shlex import quote

    words = ["curl"]
    if request.method == "HEAD":
        words.append("--head")
    elif request.method != ("GET" if request.body is None else "POST"):
        words.extend(["-X", request.method])
    # curl reads `[` and `{` in a URL as ranges unless it is told not to.
    if any(char in request.url for char in "[]{}"):
        words.append("--globoff")
    words.append(quote(mask(request.url)))
    for name, value in request.headers:
        words.extend(["-H", quote(mask(f"{name}: {value}"))])
    body, encoded = _body(request.body)
    if encoded is not None:
        decoded = f"printf %s {quote(encoded)} | base64 -d | "
        return decoded + " ".join([*words, "--data-binary", "@-"])
    if body is not None:
        words.extend(["--data-raw", quote(mask(body))])
    return " ".join(words)


def _body(body: bytes | None) -> tuple[Any, str | None]:
    """Return the body as text, or its Base64 form where it is none."""
    if body is None:
        return None, None
    try:
        return body.decode(), None
    except UnicodeDecodeError:
        from base64 import b64encode

        return None, b64encode(body).decode()
