"""`dynacli cache`: shows what the cache has of documents, and removes it."""

import time
from typing import Any

import click

from dynacli.commands.run import Run
from dynacli.errors import FileError
from dynacli.output.standard_error import write_stderr
from dynacli.registry.revisions.housekeeping import (
    CachedDocument,
    cached_documents,
    forget_history,
    limit_of,
    registered_directories,
    remove_document,
)
from dynacli.text.terminal import Painter, visible
from dynacli.urls import with_masked_query

__all__ = ["clear_cache", "show_cache"]


@click.pass_obj
def show_cache(run: Run) -> None:
    """Run `cache info`."""
    from dynacli.output.render import write_data

    documents = list(reversed(cached_documents(run.env.cache_dir)))
    names = _names(run)
    rows = [_row(document, names.get(document.directory, [])) for document in documents]
    data: dict[str, Any] = {
        "directory": run.env.cache_dir,
        "bytes": sum(document.size for document in documents),
        "limit": limit_of(run.env),
        "documents": rows,
    }

    def text(paint: Painter, width: int) -> str:  # noqa: ARG001
        lines = [f"{data['directory']}: {_size(data['bytes'])} of {_size(data['limit'])}"]
        for row in rows:
            name = ", ".join(row["apis"]) or visible(row["source"] or "not known any more", keep="")
            count = f"{row['revisions']} revision{'' if row['revisions'] == 1 else 's'}"
            lines.append(f"  {_size(row['bytes']):>9}  {name}  " + paint.dim(f"{count}, used {row['used']}"))
        return "\n".join(lines)

    write_data(run.env, data, run.data_form, text)


def _names(run: Run) -> dict[str, list[str]]:
    """Return directory of a document → names of its APIs; nothing if the configuration cannot be read."""
    try:
        return registered_directories(run.env)
    except FileError as error:
        run.warn(error.message)
        return {}


def _row(document: CachedDocument, names: list[str]) -> dict[str, Any]:
    source = "-" if document.location.startswith("-") else with_masked_query(document.location)
    return {
        "apis": sorted(names),
        "source": source or None,
        "bytes": document.size,
        "revisions": document.revisions,
        "used": time.strftime("%Y-%m-%d", time.gmtime(document.used)),
    }


def _size(count: int) -> str:
    for unit, size in (("GiB", 1 << 30), ("MiB", 1 << 20)):
        if count >= size:
            return f"{count / size:.1f} {unit}"
    return f"{count / 1024:.1f} KiB"


@click.pass_obj
def clear_cache(run: Run, api: str | None, history: bool) -> None:
    """Run `cache clear`."""
    documents = cached_documents(run.env.cache_dir)
    if api is not None:
        from dynacli.registry.open_by_name import find_revisions

        _, revisions = find_revisions(api, run.env)
        documents = [document for document in documents if document.directory == revisions.directory]
    before = sum(document.size for document in documents)
    for document in documents:
        if history:
            from dynacli.registry.revisions.revisions import Revisions

            forget_history(Revisions.in_directory(document.directory, document.location))
        else:
            remove_document(document.directory)
    directories = {document.directory for document in documents}
    left = sum(
        document.size for document in cached_documents(run.env.cache_dir) if document.directory in directories
    )
    write_stderr(run.env, f"{_size(before - left)} freed\n")
    if left and not history:
        raise FileError(
            "Could not remove the whole cache", hint=f"Check the permissions of `{run.env.cache_dir}`"
        )
