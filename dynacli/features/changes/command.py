"""`dynacli changes`, and `api history`, `rollback`, `pin`, `unpin`: the stored revisions of documents.

They compare, list and remove revisions, and pin one. The configuration has the pinned revision, because you may remove
the cache at any time.
"""

from __future__ import annotations

import time
from contextlib import ExitStack
from typing import TYPE_CHECKING, Any, NamedTuple

import click

from dynacli.commands.document_notes import (
    SHOWN_DIGITS,
    find_revision,
    installed_text,
    lost_revision,
    open_cached_revision,
    revision_before,
)
from dynacli.commands.help_pages.operation_list import operation_row
from dynacli.commands.registered_apis import check_registered
from dynacli.commands.run import Run
from dynacli.environment import Environment, invocation
from dynacli.errors import DocumentError, MismatchError, UsageError
from dynacli.files import looks_like_source
from dynacli.openapi.model.wording import enumerated
from dynacli.options.command import MARKDOWN
from dynacli.output.standard_error import write_stderr
from dynacli.registry.configuration import Configuration
from dynacli.registry.news import find_pending, take_news
from dynacli.registry.open_by_name import find_revisions
from dynacli.registry.opened_api import OpenedApi
from dynacli.registry.revisions.revisions import OpenRequest, Revisions
from dynacli.secrets import with_masked_query
from dynacli.text.terminal import Painter, visible
from dynacli.text.wrapping import quoted

if TYPE_CHECKING:
    from dynacli.features.changes.change_records import Changes, OperationKey
    from dynacli.features.changes.change_report import RowOf
    from dynacli.openapi.catalog.catalog_file import Catalog
    from dynacli.output.output_format import OutputFormat


class _ComparedRevision(NamedTuple):
    """One of the two revisions that are compared.

    Args:
        revision: The name of the revision; `git:COMMIT:PATH` in a git repository.
        tree: The document.
        rows: The rows of its operations in lists of operations.
    """

    revision: str
    tree: dict[str, Any]
    rows: dict[OperationKey, dict[str, Any]]


@click.pass_obj
def show_changes(
    run: Run,
    api: str,
    since: str | None,
    until: str | None,
    breaking: bool,
    texts: bool,
    fail_on: str | None,
) -> None:
    """Run `changes`."""
    from dynacli.features.changes.compare import compare
    from dynacli.registry.read_sources import without_collector

    with without_collector(), ExitStack() as stack:
        opened = run.api(api)
        new = _compared(run, opened, until, stack) if until else _compared_revision(opened)
        if since:
            old = _compared(run, opened, since, stack)
        else:
            before = _open_before(opened, new.revision, stack)
            old = _compared_revision(before) if before is not None else new
        changes = compare(old.tree, new.tree)
    _forget_news(opened)
    if old is new:
        run.note(f"`{opened.name}` has only one revision, so there is nothing to compare")
    # After the note, the text "nothing changed" would only confuse.
    if old is not new or run.options.output_format == MARKDOWN or not _is_text_for_people(run.data_format):
        _write_changes(run, changes.breaking if breaking else changes, old, new, has_texts=texts)
    if fail_on:
        _check_gate(opened.name, changes, fail_on, old.rows.get, new.rows.get)


def _is_text_for_people(form: OutputFormat) -> bool:
    from dynacli.output.render import is_for_people

    return is_for_people(form) and not form.is_of_value


def _write_changes(
    run: Run, changes: Changes, old: _ComparedRevision, new: _ComparedRevision, *, has_texts: bool
) -> None:
    from dynacli.features.changes.change_report import changes_json, changes_markdown, changes_text
    from dynacli.output.render import write_data

    rows = old.rows.get, new.rows.get
    if run.options.output_format == MARKDOWN:
        from dynacli.output.output_format import OutputFormat
        from dynacli.output.render import write_plain

        markdown = changes_markdown(changes, *rows, has_texts=has_texts)
        write_plain(run.env, markdown, OutputFormat(file=run.options.output_file))
        return
    write_data(
        run.env,
        changes_json(changes, old.revision, new.revision, *rows),
        run.data_format,
        lambda paint, width: changes_text(changes, *rows, paint, width, has_texts=has_texts),
    )


def _check_gate(name: str, changes: Changes, fail_on: str, old_row_of: RowOf, new_row_of: RowOf) -> None:
    """Fail if there are changes that `--fail-on` does not allow.

    Args:
        name: The name of the API.
        fail_on: `breaking` or `any`.
        old_row_of: Rows of the old revision, for removed operations.
        new_row_of: Rows of the new revision.

    Raises:
        MismatchError: The document has such changes, or the documents were too large to compare completely.
    """
    from dynacli.features.changes.change_report import changes_named

    shown = f"`{with_masked_query(name)}`"
    if not changes.is_complete:
        raise MismatchError(
            f"{shown} was not compared whole",
            reason="The two documents are too large to compare",
            hint="The changes that were found are listed above",
        )
    found = changes.breaking if fail_on == "breaking" else changes.without_texts
    if found:
        raise MismatchError(
            f"Changes of {shown} break clients" if fail_on == "breaking" else f"{shown} has changed",
            reason=changes_named(found, old_row_of, new_row_of),
            hint=f"The changes are listed above; `{invocation('help changes')}` has the rules",
        )


def _open_before(opened: OpenedApi, after: str, stack: ExitStack) -> OpenedApi | None:
    from dynacli.features.changes.git_revision import GIT

    if after.startswith(GIT):
        raise UsageError(
            "`--until` with a git revision needs `--since`",
            hint="Name the earlier revision, for example `--since git:main`",
        )
    pointer = revision_before(opened.revisions, after)
    if pointer is None or pointer["revision"] == after:
        return None
    return open_cached_revision(opened, pointer, stack)


def _compared(run: Run, opened: OpenedApi, word: str, stack: ExitStack) -> _ComparedRevision:
    """Open the revision, git revision or other document that an argument names."""
    from dynacli.features.changes.git_revision import GIT

    if not word.startswith(GIT):
        return _compared_revision(_open_named(run, opened, word, stack))
    from dynacli.features.changes.git_documents import open_at_revision

    with run.reading_document(word):
        found = open_at_revision(word, opened)
    stack.callback(found.catalog.close)
    known = {row["message"] for row in opened.catalog.warnings()}
    problems = dict.fromkeys(
        row["message"] for row in found.catalog.warnings() if row["message"] not in known
    )
    if problems:  # dynacli reported the shared ones when the document was new
        run.warn(f"`{word}`: {enumerated([*problems], most=1)}")
    return _ComparedRevision(found.name, found.document.tree, _operation_rows(opened.name, found.catalog))


def _open_named(run: Run, opened: OpenedApi, word: str, stack: ExitStack) -> OpenedApi:
    """Open the revision or other document that an argument names."""
    if looks_like_source(word):
        return run.api(word)
    pending = find_pending(opened.revisions)
    # You can compare a document that was held back before you accept it.
    others = () if pending is None else (pending.pointer,)
    return open_cached_revision(opened, find_revision(opened.revisions, word, opened.name, others), stack)


def _compared_revision(api: OpenedApi) -> _ComparedRevision:
    """Return a revision with its document and operations.

    Raises:
        DocumentError: The document was removed from the cache.
    """
    document = api.document()
    if document is None:
        raise lost_revision(api.pointer["revision"])
    return _ComparedRevision(api.pointer["revision"], document.tree, _operation_rows(api.name, api.catalog))


def _operation_rows(name: str, catalog: Catalog) -> dict[OperationKey, dict[str, Any]]:
    """Return the rows of an API's operations in lists of operations."""
    from dynacli.features.changes.change_records import OperationKey

    return {
        OperationKey(operation.method, operation.path): operation_row(name, operation)
        for operation in catalog.summaries()
    }


def _forget_news(opened: OpenedApi) -> None:
    """Forget the news about the document, which this command shows in full."""
    take_news(opened.revisions)


@click.pass_obj
def show_history(run: Run, api: str) -> None:
    """Run `api history`."""
    from dynacli.output.render import write_data

    open_request, revisions = find_revisions(api, run.env)
    current = revisions.current()
    in_use = _in_use(open_request, revisions, current)
    history = revisions.history() or ([current] if current is not None else [])
    if not history:
        raise DocumentError(
            f"The cache has no revision of `{api}`", hint=f"Fetch it: `{invocation('operations', api)}`"
        )
    rows = [_revision_row(pointer, in_use, open_request.pin) for pointer in history]
    pending = find_pending(revisions)
    if pending is not None:
        held_back = {"held_back": list(pending.reasons)}
        rows.insert(0, {**_revision_row(pending.pointer, in_use, open_request.pin), **held_back})

    def text(paint: Painter, width: int) -> str:  # noqa: ARG001
        lines = []
        for row in rows:
            mark = "*" if row["current"] else "!" if row["held_back"] else " "
            title = quoted(f"{row['title'] or ''} {row['version'] or ''}".strip())
            count = "" if row["operations"] is None else f"{row['operations']:,} operations"
            about = ", ".join(part for part in (title, count) if part)
            notes = ["pinned"] if row["pinned"] else []
            if row["held_back"]:
                notes.append(f"held back: {visible('; '.join(row['held_back']), keep='')}")
            note = f"  {paint.dim(', '.join(notes))}" if notes else ""
            lines.append(f"{mark} {row['revision'][:SHOWN_DIGITS]}  {row['since']}  {about}{note}".rstrip())
        return "\n".join(lines)

    write_data(run.env, rows, run.data_format, text)


def _revision_row(pointer: dict[str, Any], in_use: str, pin: str) -> dict[str, Any]:
    revision = pointer["revision"]
    return {
        "revision": revision,
        "since": installed_text(pointer),
        "title": pointer.get("title"),
        "version": pointer.get("version"),
        "operations": pointer.get("operations"),
        "current": revision == in_use,
        "pinned": revision == pin,
        "held_back": [],
    }


def _in_use(open_request: OpenRequest, revisions: Revisions, current: dict[str, Any] | None) -> str:
    if open_request.pin and revisions.pointer_to(open_request.pin) is not None:
        return open_request.pin
    return current["revision"] if current is not None else ""


@click.pass_obj
def rollback(run: Run, name: str, revision: str | None) -> None:
    """Run `api rollback`."""
    check_registered(run.env, name)
    open_request, revisions = find_revisions(name, run.env)
    in_use = _in_use(open_request, revisions, revisions.current())
    pointer = find_revision(revisions, revision, name) if revision else revision_before(revisions, in_use)
    if pointer is None:
        raise UsageError(
            f"`{name}` has no revision before `{in_use[:SHOWN_DIGITS]}`",
            hint=f"See `{invocation('api history', name)}`",
        )
    _hold(run.env, name, open_request, revisions, pointer)


@click.pass_obj
def pin(run: Run, name: str, revision: str | None) -> None:
    """Run `api pin`."""
    check_registered(run.env, name)
    open_request, revisions = find_revisions(name, run.env)
    if revision:
        pointer: dict[str, Any] | None = find_revision(revisions, revision, name)
    else:
        api = run.api(name)
        api.is_due = False  # the pinned revision must not be refreshed
        in_use = _in_use(open_request, revisions, api.pointer)
        pointer = revisions.pointer_to(in_use) or revisions.current()
    if pointer is None:
        raise DocumentError(f"The cache has no revision of `{name}`")
    _hold(run.env, name, open_request, revisions, pointer)


def _hold(
    env: Environment, name: str, open_request: OpenRequest, revisions: Revisions, pointer: dict[str, Any]
) -> None:
    """Check that a revision can be opened, and pin it in the configuration.

    Raises:
        DocumentError: The revision was removed from the cache.
        FileError: The configuration cannot be written.
    """
    from dynacli.registry.revise import open_cached

    revision = pointer["revision"]
    api = open_cached(open_request, revisions, pointer)
    if api is None:
        raise DocumentError(
            f"The revision `{revision[:SHOWN_DIGITS]}` of `{name}` was removed from the cache",
            hint=f"List the others: `{invocation('api history', name)}`",
        )
    api.catalog.close()
    _mark(revisions, revision, is_pinned=True)
    Configuration(env).edit(name, {"pin": revision})
    if (
        open_request.pin != revision
    ):  # last, so that the pinned revision is marked even if the process is killed
        _mark(revisions, open_request.pin, is_pinned=False)
    write_stderr(
        env,
        f"{name}: the revision {revision[:SHOWN_DIGITS]} of {installed_text(pointer)} is pinned and not refreshed; "
        f"`{invocation('api unpin', name)}` follows the latest again\n",
    )


def _mark(revisions: Revisions, revision: str, *, is_pinned: bool) -> None:
    """Mark in the cache whether a revision is pinned, so that cleaning up does not remove it."""
    pointer = revisions.pointer_to(revision) if revision else None
    if pointer is None and revision:
        pointer = revisions.current()  # older versions of dynacli wrote no pointer for each revision
    if pointer is None or pointer["revision"] != revision:
        return
    marked = {"installed_at": time.time(), **pointer, "is_pinned": is_pinned}
    try:
        revisions.write_state(f"{revision}.json", marked)
    except OSError:
        return  # a read-only cache loses no revision, so it needs no mark


@click.pass_obj
def unpin(run: Run, name: str) -> None:
    """Run `api unpin`."""
    check_registered(run.env, name)
    open_request, revisions = find_revisions(name, run.env)
    if not open_request.pin:
        write_stderr(run.env, f"{name}: no revision is pinned\n")
        return
    Configuration(run.env).edit(name, {"pin": None})
    _mark(revisions, open_request.pin, is_pinned=False)
    current = revisions.current()
    latest = (
        f"the revision {current['revision'][:SHOWN_DIGITS]} of {installed_text(current)}"
        if current is not None
        else "the latest"
    )
    write_stderr(run.env, f"{name}: goes on with {latest}\n")
