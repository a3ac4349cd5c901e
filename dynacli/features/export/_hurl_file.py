"""A collection as a file for hurl: one request after the other, each with its success status.

The grammar: https://hurl.dev/docs/grammar.html
"""

import re
from base64 import b64encode
from collections.abc import Iterable, Iterator

from dynacli.features.export.collection import (
    Authorization,
    Collection,
    Entry,
    ExportedBody,
    ExportedPart,
    ExportedRequest,
    file_stem,
    url_with_query,
    variable_in_braces,
)
from dynacli.http.semantics import is_json
from dynacli.text.terminal import visible

_ESCAPED = re.compile(r"[\\#{}\x00-\x1f\x7f]")
_BETWEEN_TICKS = re.compile(r"[\\`{}\x00-\x1f\x7f]")
_IN_NAME = re.compile(r"[^A-Za-z0-9_.\[\]@$-]")


def files_of(collection: Collection) -> dict[str, str]:
    """Return the file."""
    head = [f"{collection.name} {collection.version}".strip()]
    if collection.variables:
        head.append("Variables, each given by `--variable NAME=VALUE` or `--secret NAME=VALUE`:")
        head.extend(f"  {name}={value}" for name, value in collection.variables.items())
    blocks = ["\n".join(_comments(head))]
    for folder in collection.folders:
        if folder.name:
            blocks.append("\n".join(_comments([f"== {folder.name} ==", *folder.description.splitlines()])))
        blocks.extend("\n".join(_hurl_lines(request)) for request in folder.requests)
    return {f"{file_stem(collection.name)}.hurl": "\n\n".join(blocks) + "\n"}


def _comments(lines: Iterable[str]) -> Iterator[str]:
    for text in lines:
        # A carriage return would end the comment, too.
        yield f"# {visible(text, keep='')}".rstrip()


def _hurl_lines(request: ExportedRequest) -> Iterator[str]:
    notes = request.notes.splitlines()
    reported = [request.title, *([""] if notes and notes != [request.title] else [])]
    yield from _comments([*reported, *(notes if notes != [request.title] else [])])
    made = list(_request_lines(request))
    # A request without an example would fail, so it becomes a comment to complete.
    yield from (f"# {line}" for line in made) if request.lacking else made


def _request_lines(request: ExportedRequest) -> Iterator[str]:
    covered = next(
        (authorization for authorization in request.authorizations if authorization.has_password), None
    )
    query = ((_in_url(entry.name), _hurl_value(entry, in_url=True)) for entry in request.sent_query(covered))
    base = variable_in_braces(request.server) + _in_url(request.filled_path)
    yield f"{request.method} {url_with_query(base, query)}"
    has_form = request.body is not None and _is_form(request.body)
    for header in request.sent_headers(covered, without_type=has_form):
        yield f"{_hurl_name(header.name)}: {_hurl_value(header)}"
    yield from _option_lines(covered)
    yield from _body_lines(request.body) if request.body is not None else ()
    if len(request.successes) == 1 and request.successes[0].isdecimal():
        yield f"HTTP {request.successes[0]}"
    else:
        yield from ("HTTP *", "[Asserts]", "status >= 200", "status < 300")


def _option_lines(covered: Authorization | None) -> Iterator[str]:
    if covered is None:
        return
    username, password = map(variable_in_braces, covered.variables)
    if covered.kind == "digest":
        yield from ("[Options]", "digest: true", f"user: {username}:{password}")
    else:
        yield from ("[BasicAuth]", f"{username}: {password}")


def _is_form(body: ExportedBody) -> bool:
    """Return whether a body can be written as the fields of a form. In hurl, only files have a media type."""
    if body.parts is not None:
        return all(part.file_name is not None or not part.media_type for part in body.parts)
    return body.form is not None


def _body_lines(body: ExportedBody) -> Iterator[str]:
    if body.form is not None:
        yield "[Form]"
        yield from (f"{_hurl_name(name)}: {_hurl_text(value)}" for name, value in body.form)
    elif body.parts is not None and _is_form(body):
        yield "[Multipart]"
        yield from (f"{_hurl_name(part.name)}: {_hurl_part(part)}" for part in body.parts)
    elif is_json(body.media_type) and body.laid_out is not None and "```" not in body.laid_out:
        yield from ("```json", *body.without_templates.splitlines(), "```")
    elif body.text is not None and body.text.encode() == body.content:
        yield f"`{_BETWEEN_TICKS.sub(_escape, body.text)}`"
    else:
        yield f"base64,{b64encode(body.content).decode()};"


def _hurl_part(part: ExportedPart) -> str:
    if part.file_name is None:
        return _hurl_text(part.text or "")
    media_type = f" {_hurl_text(part.media_type)}" if part.media_type else ""
    return f"file,{_hurl_text(part.file_name)};{media_type}"


def _in_url(text: str) -> str:
    return text.replace("{{", "%7B%7B").replace("}}", "%7D%7D").replace("#", "%23")


def _hurl_name(text: str) -> str:
    return _IN_NAME.sub(_escape, text)


def _hurl_text(text: str) -> str:
    """Return a value as hurl reads it; plain blanks at its ends would be cut."""
    made = _ESCAPED.sub(_escape, text)
    stripped = made.strip(" ")
    if len(stripped) == len(made):
        return made
    start = len(made) - len(made.lstrip(" "))
    return r"\u{20}" * start + stripped + r"\u{20}" * (len(made) - start - len(stripped))


def _escape(found: re.Match[str]) -> str:
    return f"\\u{{{ord(found[0]):x}}}"


def _hurl_value(entry: Entry, *, in_url: bool = False) -> str:
    if entry.is_new:
        return "{{newUuid}}"
    text = _in_url(entry.value) if in_url else _hurl_text(entry.value) if not entry.variable else entry.value
    return text + variable_in_braces(entry.variable) if entry.variable else text
