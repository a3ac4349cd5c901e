"""The overlays and further documents that a package takes along, because they are files of this machine."""

import os
from dataclasses import replace
from pathlib import Path

from dynacli.document.fetched import Fetched
from dynacli.errors import DocumentError, UsageError
from dynacli.library.compose_document import Layers
from dynacli.library.opened_api import OpenedApi
from dynacli.library.revisions.document_inside import INSIDE
from dynacli.library.revisions.referenced_files import ReferencedFiles
from dynacli.library.revisions.revisions import revision_of

__all__ = ["lost_document", "take_along"]


def lost_document(api: OpenedApi) -> DocumentError:
    """Return the error for an API of whose document the cache has lost a part."""
    return DocumentError(
        f"The document of `{api.name}` is not in the cache any more", hint="Fetch it again: `--refresh`"
    )


def take_along(api: OpenedApi) -> tuple[OpenedApi, dict[str, bytes]]:
    """Return an API as it is inside a package, which takes along the overlays and further documents of this machine.

    Returns:
        The API, made of them under the URLs that they have there, and URL → content of each.

    Raises:
        UsageError: A further document refers to other files of this machine.
        DocumentError: The cache has lost the document.
    """
    layers = Layers.of(api.pointer)
    paths = [place for place in (*layers.more, *layers.overlays) if "://" not in place]
    if not paths:
        return api, {}
    content, files = api.content(), api.referenced_files()
    if content is None or files is None:
        raise lost_document(api)
    urls: dict[str, str] = {}
    contents: dict[str, bytes] = {}
    found: dict[str, Fetched] = {}
    for key, file in files.found.items():
        uri, mark, owner = key.partition("#")
        path = next((each for each in paths if mark and uri == Path(each).as_uri()), None)
        if path is None:
            if owner and uri.startswith("file:"):
                raise _refers_to_files(uri)
            found[key] = file
            continue
        # With another content it is another file, which the cache of an installed tool does not have yet.
        urls[path] = f"{INSIDE}{revision_of(file.content)}/{os.path.basename(path)}"
        contents[urls[path]] = file.content
        found[f"{urls[path]}#{owner}"] = replace(file, uri=urls[path])
    moved = ReferencedFiles(found, files.missing)
    pointer = {
        **api.pointer,
        "more": [urls.get(place, place) for place in layers.more],
        "overlays": [urls.get(place, place) for place in layers.overlays],
        "revision": revision_of(content, moved, api.uri),
    }
    return OpenedApi(api.open_request, api.revisions, api.catalog, pointer, content, moved), contents


def _refers_to_files(uri: str) -> UsageError:
    from dynacli.document.file_names import file_name, shown_file

    return UsageError(
        "A package cannot take along the files that a further document refers to",
        why=f"One of them is `{shown_file(file_name(uri))}`",
        hint="Write the further document into one file (`document FILE --bundled -o @FILE`), and register that",
    )
