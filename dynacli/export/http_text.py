"""A request of a collection as the text of HTTP, with variables in double braces."""

from collections.abc import Iterable

from dynacli.export.collection import Entry, ExportedRequest

__all__ = ["http_text"]


def http_text(request: ExportedRequest) -> str:
    """Return the request with a whole URL in its first line, as the editors' clients for HTTP read it."""
    query = "&".join(f"{each.name}={_value(each)}" for each in request.sent_query())
    lines = [f"{request.method} {{{{{request.server}}}}}{request.filled_path}{'?' if query else ''}{query}"]
    lines.extend(_header_lines(request.sent_headers()))
    body = ""
    if request.body is not None:
        text = request.body.laid_out
        body = f"[{len(request.body.content)} bytes]" if text is None else text
    return "\n".join(lines) + (f"\n\n{body}" if body else "") + "\n"


def _header_lines(headers: Iterable[Entry]) -> Iterable[str]:
    return (f"{each.name}: {_value(each)}" for each in headers)


def _value(entry: Entry) -> str:
    return f"{entry.value}{{{{{entry.variable}}}}}" if entry.variable else entry.value
