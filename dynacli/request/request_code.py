"""A request as code that reads its files itself: options of curl for the body, or a Python program."""

from collections.abc import Iterator
from shlex import quote

from dynacli.http.built_request import Request
from dynacli.http.payload import Payload, as_text
from dynacli.http.semantics import quoted_string
from dynacli.request.form_body import Multipart, Part
from dynacli.urls import socket_of, url_on_the_wire

_STDIN = "sys.stdin.buffer"


def payload_words(payload: Payload) -> list[str] | None:
    """Return the curl options for a body, quoted for a POSIX shell; None if curl has no options for it."""
    if isinstance(payload, Multipart):
        is_form_data = payload.media_type.lower().startswith("multipart/form-data")
        words = [_curl_part(part) for part in payload.parts] if is_form_data else [None]
        # Without an option for a body, curl would send a GET.
        return None if None in words or not words else [word for word in words if word is not None]
    if len(payload.pieces) != 1 or isinstance(payload.pieces[0], bytes):
        return None
    return ["--data-binary", quote(f"@{payload.pieces[0].name}")]


def _curl_part(part: Part) -> str | None:
    # curl splits at the first `=`, and cannot escape a `=` in the name.
    if not part.name or "=" in part.name:
        return None
    more = "".join(f";headers={quoted_string(f'{name}: {value}')}" for name, value in part.headers)
    if not isinstance(part.content, bytes):
        name = f";filename={quoted_string(part.file_name)}" if part.file_name is not None else ""
        content = f"@{quoted_string(part.content.name)}" if part.content.name != "-" else "@-"
        return f"-F {quote(f'{part.name}={content};type={part.media_type}{name}{more}')}"
    text = as_text(part.content, "\0")
    if text == "\0":
        return None
    if part.file_name is None and not part.media_type and not more:
        return f"--form-string {quote(f'{part.name}={text}')}"
    # Without quotes, `@` or `<` at the beginning means a file, and `;` ends the content.
    name = f";filename={quoted_string(part.file_name)}" if part.file_name is not None else ""
    media_type = f";type={part.media_type}" if part.media_type else ""
    return f"-F {quote(f'{part.name}={quoted_string(text)}{media_type}{name}{more}')}"


def python_code(request: Request) -> str:
    """Return the request as a Python program, which opens files by their names."""
    is_multipart = isinstance(request.body, Multipart) and has_code(request.body)
    socket = socket_of(request.url)
    client = [f"client = httpx.Client(transport=httpx.HTTPTransport(uds={socket!r}))"] if socket else []
    lines = [
        "import httpx",
        "",
        *client,
        f"response = {'client' if socket else 'httpx'}.request(",
        f"    {request.method!r},",
        f"    {url_on_the_wire(request.url)!r},",
    ]
    headers = [
        f"        ({name!r}, {_header(value)}),"
        for name, value in request.headers
        # httpx makes its own boundary.
        if not (is_multipart and name.lower() == "content-type")
    ]
    if headers:
        lines += ["    headers=[", *headers, "    ],"]
    lines += _python_body(request.body)
    if any(_STDIN in line for line in lines):
        lines.insert(0, "import sys\n")
    return "\n".join([*lines, ")", "print(response.status_code)", "print(response.text)", ""])


def has_code(body: Payload) -> bool:
    """Return whether a body with files can be written as code that opens the files."""
    if isinstance(body, Multipart):
        is_form_data = body.media_type.lower().startswith("multipart/form-data")
        return is_form_data and all(part.name is not None for part in body.parts)
    return len(body.pieces) == 1 and not isinstance(body.pieces[0], bytes)


def _header(value: str) -> str:
    # httpx encodes text as ASCII, but headers are Latin-1 (RFC 9110, section 5.5).
    return repr(value) if value.isascii() else repr(value.encode("latin-1"))


def _python_body(body: bytes | Payload | None) -> Iterator[str]:
    if body is None:
        return
    if isinstance(body, bytes):
        try:
            text = body.decode()
        except UnicodeDecodeError:
            yield f"    content={body!r},"
        else:
            yield f"    content={text!r},"
    elif isinstance(body, Multipart) and has_code(body):
        yield "    files=["
        yield from (f"        ({part.name!r}, {_python_part(part)})," for part in body.parts)
        yield "    ],"
    elif has_code(body):
        yield f"    content={_opened(body.pieces[0])},"
    else:
        yield f"    content={body.abbreviated()!r},"


def _python_part(part: Part) -> str:
    """Return the Python tuple of a part: its file name, content, media type and further headers."""
    items = [repr(part.file_name), _opened(part.content), repr(part.media_type or "text/plain")]
    if part.headers:
        items.append(repr(dict(part.headers)))
    return f"({', '.join(items)})"


def _opened(content: object) -> str:
    """Return the Python expression for the content of a part: its bytes, or an opened file."""
    if isinstance(content, bytes):
        return repr(content)
    name = getattr(content, "name", "")
    return _STDIN if name == "-" else f"open({name!r}, 'rb')"
