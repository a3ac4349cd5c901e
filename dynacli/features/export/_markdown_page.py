"""A collection as one page of Markdown: each operation with its inputs, its responses, and its example as HTTP."""

import re
from collections.abc import Iterable, Iterator

from dynacli.features.export.collection import Collection, ExportedRequest, Folder, file_stem, http_text
from dynacli.text.markdown import plain_line
from dynacli.text.terminal import visible, visible_line

_EVEN = r"(?<!\\)((?:\\\\)*)"
"""Pattern before a character that no backslash escapes."""
_ACTIVE = re.compile(
    rf"""{_EVEN}(
      <(?=[A-Za-z/!?])                                           # HTML, and links in angle brackets
    | !(?=\[)                                                    # an image, which is loaded
    | \](?=[(:]\s*<?(?!https?:|mailto:)[^\s/?\#)]{{0,40}}[:&])   # a link to a script
    )""",
    re.IGNORECASE | re.VERBOSE,
)


def files_of(collection: Collection) -> dict[str, str]:
    """Return the page."""
    blocks = [
        f"# {plain_line(collection.name)} {plain_line(collection.version)}".rstrip(),
        _prose(collection.description),
    ]
    blocks.append(_server_table(collection))
    for folder in collection.folders:
        blocks.extend(_folder_lines(folder))
    return {f"{file_stem(collection.name)}.md": "\n\n".join(filter(None, map(str.strip, blocks))) + "\n"}


def _prose(markdown: str) -> str:
    """Return a text of the document as Markdown that makes no viewer run or load anything."""
    return _ACTIVE.sub(r"\1\\\2", visible(markdown))


def _markdown_code(text: str) -> str:
    """Return text as code, in more backticks than any row of them in the text (CommonMark, "Code spans")."""
    line, ticks = visible_line(text), "`"
    while ticks in line:
        ticks += "`"
    is_padded = line.startswith("`") or line.endswith("`")
    return f"{ticks} {line} {ticks}" if is_padded else f"{ticks}{line}{ticks}"


def _markdown_table(head: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    names = list(head)
    lines = [names, ["---"] * len(names), *map(list, rows)]
    # A `|` ends a cell even in code (GitHub Flavored Markdown, "Tables").
    texts = (" | ".join(cell.replace("|", r"\|") for cell in line) for line in lines)
    return "\n".join(f"| {text} |" for text in texts)


def _server_table(collection: Collection) -> str:
    rows = [
        [
            plain_line(surroundings.name),
            " ".join(_markdown_code(url) for url in surroundings.values.values() if url),
        ]
        for surroundings in collection.surroundings
    ]
    return _markdown_table(("server", "URL"), rows) if rows else ""


def _folder_lines(folder: Folder) -> Iterator[str]:
    if folder.name:
        yield f"## {plain_line(folder.title)}"
        yield _prose(folder.description)
    for request in folder.requests:
        yield from _markdown_lines(request)


def _markdown_lines(request: ExportedRequest) -> Iterator[str]:
    yield f"### {plain_line(request.title)}"
    yield _markdown_code(f"{request.method} {request.path}")
    yield _prose(request.notes)
    if request.inputs:
        rows = (
            [
                _markdown_code(input_.name),
                input_.location,
                plain_line(input_.takes),
                "yes" if input_.is_needed else "",
                plain_line(input_.description),
            ]
            for input_ in request.inputs
        )
        yield _markdown_table(("input", "in", "takes", "required", ""), rows)
    if request.responses:
        rows = ([plain_line(status), plain_line(text)] for status, text in request.responses.items())
        yield _markdown_table(("response", ""), rows)
    if not request.lacking:
        yield _fenced(http_text(request))


def _fenced(text: str) -> str:
    fence = "```"
    while fence in text:
        fence += "`"
    return f"{fence}http\n{visible(text).rstrip()}\n{fence}"
