"""A collection as one HTML page: a list of the operations, then each with its inputs, responses and example."""

from collections.abc import Iterator
from functools import cache
from html import escape

from markdown_it import MarkdownIt

from dynacli.features.export.collection import Collection, ExportedRequest, Folder, file_stem, http_text
from dynacli.text.html_document import html_document, html_table, html_text
from dynacli.text.terminal import visible

_STYLE = """
nav ul { columns: 20rem; padding-left: 1.2rem } article { border-top: 1px solid var(--line); margin-top: 2rem }
h3 { margin-bottom: .2rem } .text { max-width: 50rem } a { color: inherit }
"""
_LONGEST = 50_000
"""Maximum characters of a description that is read as Markdown."""


def files_of(collection: Collection) -> dict[str, str]:
    """Return the page."""
    title = f"{collection.name} {collection.version}".strip()
    servers = [
        (
            html_text(surroundings.name),
            "<br>".join(f"<code>{html_text(url)}</code>" for url in surroundings.values.values()),
        )
        for surroundings in collection.surroundings
    ]
    parts = [
        f"<h1>{html_text(title)}</h1>",
        _markdown(collection.description),
        html_table(("server", "URL"), servers),
        _navigation(collection),
        *(part for folder in collection.folders for part in _folder_section(folder)),
    ]
    return {f"{file_stem(collection.name)}.html": html_document(title, parts, _STYLE)}


@cache
def _reader() -> MarkdownIt:
    # HTML of the document is escaped, and images are not loaded. markdown-it makes no links to scripts.
    return MarkdownIt("commonmark", {"html": False}).enable("table").disable("image")


def _markdown(text: str) -> str:
    shown = visible(text.strip())
    if not shown:
        return ""
    if len(shown) > _LONGEST:
        return f"<pre>{escape(shown)}</pre>"
    return f'<div class="text">{_reader().render(shown)}</div>'


def _navigation(collection: Collection) -> str:
    lists = []
    for folder in collection.folders:
        links = "".join(
            f'<li><a href="#{escape(request.name)}">{html_text(request.title)}</a></li>\n'
            for request in folder.requests
        )
        lists.append(f"<p>{html_text(folder.title)}</p>\n<ul>\n{links}</ul>\n")
    return f"<nav>\n{''.join(lists)}</nav>"


def _folder_section(folder: Folder) -> Iterator[str]:
    if folder.name:
        yield f"<h2>{html_text(folder.title)}</h2>"
        yield _markdown(folder.description)
    yield from map(_request_section, folder.requests)


def _request_section(request: ExportedRequest) -> str:
    inputs = [
        (
            f"<code>{html_text(input_.name)}</code>",
            html_text(input_.location),
            html_text(input_.takes),
            "yes" if input_.is_needed else "",
            html_text(input_.description),
        )
        for input_ in request.inputs
    ]
    responses = [(html_text(status), html_text(text)) for status, text in request.responses.items()]
    parts = [
        f'<article id="{escape(request.name)}">',
        f"<h3>{html_text(request.title)}</h3>",
        f'<p class="name">{html_text(f"{request.method} {request.path}")}</p>',
        _markdown(request.notes),
        html_table(("input", "in", "takes", "required", ""), inputs),
        html_table(("response", ""), responses),
        "" if request.lacking else f"<pre>{html_text(http_text(request))}</pre>",
        "</article>",
    ]
    return "\n".join(filter(None, parts))
