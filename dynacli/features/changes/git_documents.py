"""Documents at git revisions, which are read again each time and not cached."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from dynacli.errors import UsageError
from dynacli.features.changes.git_revision import GIT, open_revision, parse_git_word
from dynacli.files import is_url
from dynacli.openapi.catalog.catalog_file import Catalog
from dynacli.openapi.catalog.catalog_writer import catalog_in_memory
from dynacli.registry.install_revision import compile_with_names
from dynacli.registry.read_sources import DocumentAccess, Layers, SourceReader, compose
from dynacli.secrets import with_masked_query

if TYPE_CHECKING:
    from dynacli.openapi.document.load import Document
    from dynacli.registry.opened_api import OpenedApi


class GitDocument(NamedTuple):
    """A document at a revision.

    Args:
        name: The unique name of the document: `git:COMMIT:PATH`.
        document: The document, with its references resolved.
        catalog: Its operations, in memory.
    """

    name: str
    document: Document
    catalog: Catalog


def open_at_revision(word: str, api: OpenedApi) -> GitDocument:
    """Open the document of a git revision.

    Args:
        word: `git:REV` for the document of the API, with its overlays, or `git:REV:PATH` for any document.
        api: The API. With `git:REV`, the operations have the same names as in the API.

    Raises:
        UsageError: The argument is malformed, the revision does not exist, or the API is not made of one file.
        DocumentError: The file does not exist or is not a document.
        DynacliError: The repository or a file in it cannot be read.
    """
    revision, path = parse_git_word(word)
    asked = api.open_request
    directory, file, layers = os.getcwd(), path, Layers()
    if not path:
        _check_is_file(word, api)
        directory, file = os.path.split(api.location)
        file, layers = f"./{file}", Layers(overlays=asked.overlays)
    with open_revision(directory, revision, asked.env.variables) as tree:
        file = tree.path_of(file)
        opener = tree.opener(file, asked.allow_refs, follows_files=asked.follows_files)
        fetched = opener(Path(tree.root, file).as_uri())
        reader = SourceReader(DocumentAccess(opener), may_fetch=not asked.offline)
        document = compose(fetched, f"{GIT}{revision}:{file}", reader, layers)
        name = f"{GIT}{tree.commit}:{file}"
    compiled = compile_with_names(document, {} if path else api.catalog.given_names(), api.pointer)
    return GitDocument(name, document, catalog_in_memory(compiled, document.problems))


def _check_is_file(word: str, api: OpenedApi) -> None:
    reason = ""
    if api.location.startswith("-") or is_url(api.location):
        reason = f"The document of `{with_masked_query(api.name)}` is not a file"
    elif api.open_request.more:
        reason = f"`{api.name}` is made of several documents"
    if reason:
        raise UsageError(f"`{word}` names no document", reason=reason, hint=f"Add its path: `{word}:PATH`")
