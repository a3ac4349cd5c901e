"""`dynacli changes`: shows what a document gained, lost and changed from one revision to another."""

from contextlib import ExitStack
from dataclasses import replace
from typing import TYPE_CHECKING, Any, NamedTuple

import click

from dynacli.commands._document_notes import SHOWN_DIGITS, find_revision, revision_before
from dynacli.commands._subcommands.operations import operation_row
from dynacli.commands.run import Run
from dynacli.environment import invocation
from dynacli.errors import DocumentError
from dynacli.options.command import MARKDOWN
from dynacli.registry.news import find_pending
from dynacli.registry.opened_api import OpenedApi

if TYPE_CHECKING:
    from dynacli.openapi.changes.change_records import Changes, OperationKey

__all__ = ["show_changes"]


class _ComparedRevision(NamedTuple):
    """One of the two revisions that are compared.

    Args:
        revision: The name of the revision.
        tree: The document.
        rows: The entries of its operations in lists.
    """

    revision: str
    tree: dict[str, Any]
    rows: "dict[OperationKey, dict[str, Any]]"


@click.pass_obj
def show_changes(
    run: Run, api: str, since: str | None, until: str | None, breaking: bool, texts: bool
) -> None:
    from dynacli.openapi.changes.change_report import changes_json, changes_markdown, changes_text
    from dynacli.openapi.changes.compare import compare
    from dynacli.output.render import write_data
    from dynacli.registry.read_sources import without_collector
    from dynacli.text.terminal import visible

    with without_collector(), ExitStack() as stack:
        opened = run.api(api)
        after = _open_named(run, opened, until, stack) if until else opened
        before = _open_named(run, opened, since, stack) if since else _open_before(opened, after, stack)
        if before is None:
            run.note(f"`{opened.name}` has only one revision, so there is nothing to compare")
        new = _compared_revision(after)
        old = _compared_revision(before) if before is not None else new
        changes = compare(old.tree, new.tree)
    _forget_news(opened)
    if breaking:
        changes = _only_breaking(changes)
    rows = old.rows.get, new.rows.get
    if run.options.output == MARKDOWN:
        markdown = changes_markdown(changes, *rows, has_texts=texts)
        run.env.stdout.write((visible(markdown) if run.env.stdout_is_terminal else markdown) + "\n")
        return
    write_data(
        run.env,
        changes_json(changes, old.revision, new.revision, *rows),
        run.data_form,
        lambda paint, width: changes_text(changes, *rows, paint, width, has_texts=texts),
    )


def _only_breaking(changes: "Changes") -> "Changes":
    """Return the changes that break a client."""
    operations = (
        replace(operation, changes=tuple(change for change in operation.changes if change.breaking))
        for operation in changes.changed
    )
    return replace(
        changes,
        added=(),
        changed=tuple(operation for operation in operations if operation.changes),
        document=tuple(change for change in changes.document if change.breaking),
    )


def _open_before(opened: OpenedApi, after: OpenedApi, stack: ExitStack) -> OpenedApi | None:
    pointer = revision_before(opened.revisions, after.pointer["revision"])
    if pointer is None or pointer["revision"] == after.pointer["revision"]:
        return None
    return _open_revision(opened, pointer, stack)


def _open_named(run: Run, opened: OpenedApi, word: str, stack: ExitStack) -> OpenedApi:
    """Return the revision, or the other document, that a word names."""
    from dynacli.openapi.document.source import looks_like_source

    if looks_like_source(word):
        return run.api(word)
    pending = find_pending(opened.revisions)
    # A document that was held back can be compared before it is accepted.
    others = () if pending is None else (pending.pointer,)
    return _open_revision(opened, find_revision(opened.revisions, word, opened.name, others), stack)


def _open_revision(opened: OpenedApi, pointer: dict[str, Any], stack: ExitStack) -> OpenedApi:
    """Return another revision of an API.

    Raises:
        DocumentError: It is no longer in the cache.
    """
    from dynacli.registry.revise import open_cached

    api = open_cached(opened.open_request, opened.revisions, pointer)
    if api is None:
        raise _lost(pointer["revision"])
    stack.callback(api.catalog.close)
    return api


def _compared_revision(api: OpenedApi) -> _ComparedRevision:
    """Return a revision with its document and operations.

    Raises:
        DocumentError: The document is no longer in the cache.
    """
    from dynacli.openapi.changes.change_records import OperationKey

    document = api.document()
    if document is None:
        raise _lost(api.pointer["revision"])
    rows = {
        OperationKey(operation.method, operation.path): operation_row(api.name, operation)
        for operation in api.catalog.summaries()
    }
    return _ComparedRevision(api.pointer["revision"], document.tree, rows)


def _lost(revision: str) -> DocumentError:
    return DocumentError(
        f"The document of the revision `{revision[:SHOWN_DIGITS]}` is no longer in the cache",
        hint=f"List the others: `{invocation('api history', 'API')}`",
    )


def _forget_news(opened: OpenedApi) -> None:
    """Forget the news about the document, which this verb shows in full."""
    from dynacli.registry.news import take_news

    take_news(opened.revisions)
