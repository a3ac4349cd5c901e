"""`dynacli cache`: shows and clears the cached documents and the stored responses."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import click

from dynacli.commands.run import Run
from dynacli.errors import FileError, UsageError
from dynacli.openapi.model.wording import counted
from dynacli.output.standard_error import write_stderr
from dynacli.registry.open_by_name import find_revisions
from dynacli.registry.revisions.housekeeping import (
    CachedDocument,
    cached_documents,
    forget_history,
    limit_of,
    registered_directories,
    remove_document,
)
from dynacli.registry.revisions.revisions import OpenRequest, Revisions
from dynacli.secrets import with_masked_query
from dynacli.text.terminal import Painter, visible

if TYPE_CHECKING:
    from dynacli.features.cache.stored_responses import ResponseStore


@click.pass_obj
def show_cache(run: Run, responses: bool) -> None:
    """Run `cache info`."""
    from dynacli.output.render import write_data

    if responses:
        _show_responses(run)
        return
    documents = list(reversed(cached_documents(run.env.cache_dir)))
    names = _names(run)
    rows = [_document_row(document, names.get(document.directory, [])) for document in documents]
    data: dict[str, Any] = {
        "directory": run.env.cache_dir,
        "bytes": sum(document.size for document in documents),
        "limit": limit_of(run.env),
        "documents": rows,
    }

    def text(paint: Painter, width: int) -> str:  # noqa: ARG001
        lines = [f"{data['directory']}: {_size_text(data['bytes'])} of {_size_text(data['limit'])}"]
        for row in rows:
            name = ", ".join(row["apis"]) or visible(row["source"] or "not known any more", keep="")
            count = f"{row['revisions']} revision{'' if row['revisions'] == 1 else 's'}"
            lines.append(
                f"  {_size_text(row['bytes']):>9}  {name}  " + paint.dim(f"{count}, used {row['used']}")
            )
        return "\n".join(lines)

    write_data(run.env, data, run.data_format, text)


def _show_responses(run: Run) -> None:
    from dynacli.features.cache.stored_responses import ResponseStore, response_limit
    from dynacli.output.render import write_data

    store = ResponseStore(run.env)
    with _using_responses(store):
        responses, size = store.usage()
    limit = response_limit(run.env)
    data = {
        "directory": store.directory,
        "bytes": size,
        "limit": limit,
        "responses": responses,
    }

    def text(paint: Painter, width: int) -> str:  # noqa: ARG001
        return (
            f"{store.directory}: {_size_text(size)} of {_size_text(limit)}, {counted(responses, 'response')}"
        )

    write_data(run.env, data, run.data_format, text)


@contextmanager
def _using_responses(store: ResponseStore) -> Iterator[None]:
    """Turn an operating system error into an error message.

    Raises:
        FileError: The stored responses cannot be read or removed.
    """
    try:
        yield
    except OSError as error:
        raise FileError(
            "The stored responses cannot be used",
            reason=str(error),
            hint=f"Check the permissions of `{store.directory}`",
        ) from error


def _names(run: Run) -> dict[str, list[str]]:
    """Return directory of a document → names of its APIs; empty, with a warning, if the configuration is unreadable."""
    try:
        return registered_directories(run.env)
    except FileError as error:
        run.warn(error.message)
        return {}


def _document_row(document: CachedDocument, names: list[str]) -> dict[str, Any]:
    source = "-" if document.location.startswith("-") else with_masked_query(document.location)
    return {
        "apis": sorted(names),
        "source": source or None,
        "bytes": document.size,
        "revisions": document.revisions,
        "used": time.strftime("%Y-%m-%d", time.gmtime(document.used)),
    }


def _size_text(count: int) -> str:
    for unit, size in (("GiB", 1 << 30), ("MiB", 1 << 20)):
        if count >= size:
            return f"{count / size:.1f} {unit}"
    return f"{count / 1024:.1f} KiB"


@click.pass_obj
def clear_cache(run: Run, api: str | None, history: bool, responses: bool) -> None:
    """Run `cache clear`."""
    if history and responses:
        raise UsageError("`--history` and `--responses` exclude each other", hint="Give one of them")
    found = find_revisions(api, run.env) if api is not None else None
    freed = 0
    if not history:
        freed += _clear_responses(run, found)
    if not responses:
        freed += _clear_documents(run, found, is_of_history=history)
    write_stderr(run.env, f"{_size_text(freed)} freed\n")


def _clear_responses(run: Run, api: tuple[OpenRequest, Revisions] | None) -> int:
    """Remove the stored responses of one API or of all APIs, and return the number of freed bytes.

    Raises:
        FileError: The stored responses cannot be removed.
    """
    from dynacli.features.cache.stored_responses import ResponseStore

    if not os.path.isdir(run.env.responses_dir):
        return 0
    store = ResponseStore(run.env)
    with _using_responses(store):
        directory = store.directory_of(api[0].name, api[1].directory) if api is not None else ""
        size = store.usage(directory).size
        store.clear(directory)
    return size


def _clear_documents(run: Run, api: tuple[OpenRequest, Revisions] | None, *, is_of_history: bool) -> int:
    """Remove documents, or only their earlier revisions, and return the number of freed bytes.

    Raises:
        FileError: A document could not be removed.
    """
    documents = cached_documents(run.env.cache_dir)
    if api is not None:
        documents = [document for document in documents if document.directory == api[1].directory]
    before = sum(document.size for document in documents)
    for document in documents:
        if is_of_history:
            forget_history(Revisions.in_directory(document.directory, document.location))
        else:
            remove_document(document.directory)
    directories = {document.directory for document in documents}
    left = sum(
        document.size for document in cached_documents(run.env.cache_dir) if document.directory in directories
    )
    if left and not is_of_history:
        raise FileError(
            "Could not remove the whole cache", hint=f"Check the permissions of `{run.env.cache_dir}`"
        )
    return before - left
