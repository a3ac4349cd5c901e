"""A request body with files as words of a curl command, which reads the files itself.

See https://curl.se/docs/manpage.html#-F
"""

from shlex import quote

from dynacli.http.payload import Payload, as_text
from dynacli.request.multipart_body import Multipart, Part

__all__ = ["payload_words"]


def payload_words(payload: Payload) -> list[str] | None:
    """Return the words for a body, quoted for a POSIX shell; None where curl has no words for it."""
    if isinstance(payload, Multipart):
        is_form_data = payload.media_type.lower().startswith("multipart/form-data")
        words = [_part(part) for part in payload.parts] if is_form_data else [None]
        # Without a word for a body, curl would send a GET.
        return None if None in words or not words else [word for word in words if word is not None]
    if len(payload.pieces) != 1 or isinstance(payload.pieces[0], bytes):
        return None
    return ["--data-binary", quote(f"@{payload.pieces[0].name}")]


def _part(part: Part) -> str | None:
    # curl splits at the first `=`, and has no escape for a `=` in the name.
    if not part.name or "=" in part.name:
        return None
    more = "".join(f";headers={_quoted(f'{name}: {value}')}" for name, value in part.headers)
    if not isinstance(part.content, bytes):
        name = f";filename={_quoted(part.file_name)}" if part.file_name is not None else ""
        content = f"@{_quoted(part.content.name)}" if part.content.name != "-" else "@-"
        return f"-F {quote(f'{part.name}={content};type={part.media_type}{name}{more}')}"
    text = as_text(part.content, "\0")
    if text == "\0":
        return None
    if part.file_name is None and not part.media_type and not more:
        return f"--form-string {quote(f'{part.name}={text}')}"
    # Outside quotes, `@` and `<` at the beginning mean a file, and `;` ends the content.
    name = f";filename={_quoted(part.file_name)}" if part.file_name is not None else ""
    media_type = f";type={part.media_type}" if part.media_type else ""
    return f"-F {quote(f'{part.name}={_quoted(text)}{media_type}{name}{more}')}"


def _quoted(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'
