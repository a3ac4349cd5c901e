"""`dynacli changes`: what a document gained, lost and changed from one revision to another."""

from contextlib import ExitStack
from dataclasses import replace
from typing import TYPE_CHECKING, Any, NamedTuple

import click

from dynacli.commands.command_groups import Verb
from dynacli.commands.operation_json import operation_row
from dynacli.commands.read_options import click_options
from dynacli.commands.revision_names import SHOWN_DIGITS, find_revision, revision_before
from dynacli.commands.run import Run
from dynacli.commands.standard_options import CHANGES_OPTIONS, MARKDOWN
from dynacli.errors import DocumentError
from dynacli.library.opened_api import OpenedApi
from dynacli.library.revisions.pending_document import find_pending

if TYPE_CHECKING:
    from dynacli.changes.change_records import Changes, OperationKey

__all__ = ["command"]


class _Side(NamedTuple):
    """One of the two documents.

    Args:
        revision: The name of its revision.
        tree: The document.
        rows: Its operations, as lists have them.
    """

    revision: str
    tree: dict[str, Any]
    rows: "dict[OperationKey, dict[str, Any]]"


def _changes(
    ctx: click.Context, api: str, since: str | None, until: str | None, breaking: bool, texts: bool
) -> None:
    run: Run = ctx.obj
    from dynacli.catalog.compiler.garbage_collection import without_collector
    from dynacli.changes.change_json import changes_json
    from dynacli.changes.change_markdown import changes_markdown
    from dynacli.changes.change_text import changes_text
    from dynacli.changes.compare import compare
    from dynacli.output.render import write_data
    from dynacli.text.terminal import visible

    with without_collector(), ExitStack() as stack:
        opened = run.api(api)
        after = _named(run, opened, until, stack) if until else opened
        before = _named(run, opened, since, stack) if since else _before(opened, after, stack)
        if before is None:
            run.note(f"There is only one revision of `{opened.name}` yet: nothing to compare it with")
        new = _side(after)
        old = _side(before) if before is not None else new
        found = compare(old.tree, new.tree)
    _forget_news(opened)
    if breaking:
        found = _only_breaking(found)
    rows = old.rows.get, new.rows.get
    if run.options.output == MARKDOWN:
        markdown = changes_markdown(found, *rows, has_texts=texts)
        run.env.stdout.write((visible(markdown) if run.env.stdout_is_terminal else markdown) + "\n")
        return
    write_data(
        run.env,
        changes_json(found, old.revision, new.revision, *rows),
        run.options.output,
        lambda paint, width: changes_text(found, *rows, paint, width, has_texts=texts),
    )


def _only_breaking(found: "Changes") -> "Changes":
    """Return what breaks a client, and nothing else."""
    changed = (
        replace(one, changes=tuple(each for each in one.changes if each.breaking)) for one in found.changed
    )
    return replace(
        found,
        added=(),
        changed=tuple(one for one in changed if one.changes),
        document=tuple(one for one in found.document if one.breaking),
    )


def _before(opened: OpenedApi, after: OpenedApi, stack: ExitStack) -> OpenedApi | None:
    pointer = revision_before(opened.revisions, after.pointer["revision"])
    if pointer is None or pointer["revision"] == after.pointer["revision"]:
        return None
    return _of(opened, pointer, stack)


def _named(run: Run, opened: OpenedApi, word: str, stack: ExitStack) -> OpenedApi:
    """Return the revision or the other document that a word means."""
    from dynacli.document.source import looks_like_source

    if looks_like_source(word):
        return run.api(word)
    held = find_pending(opened.revisions)
    # What was kept aside can be looked at before anybody takes it.
    others = () if held is None else (held.pointer,)
    return _of(opened, find_revision(opened.revisions, word, opened.name, others), stack)


def _of(opened: OpenedApi, pointer: dict[str, Any], stack: ExitStack) -> OpenedApi:
    """Return another revision of an API.

    Raises:
        DocumentError: It is lost.
    """
    from dynacli.library.revise import open_cached

    api = open_cached(opened.open_request, opened.revisions, pointer)
    if api is None:
        raise _lost(pointer["revision"])
    stack.callback(api.catalog.close)
    return api


def _side(api: OpenedApi) -> _Side:
    """Return a document with its operations.

    Raises:
        DocumentError: Its text is lost.
    """
    from dynacli.changes.change_records import OperationKey

    document = api.document()
    if document is None:
        raise _lost(api.pointer["revision"])
    rows = {
        OperationKey(one.method, one.path): operation_row(api.name, one) for one in api.catalog.summaries()
    }
    return _Side(api.pointer["revision"], document.tree, rows)


def _lost(revision: str) -> DocumentError:
    return DocumentError(
        f"The document of the revision `{revision[:SHOWN_DIGITS]}` is not in the cache any more",
        hint="See what is: `dynacli api history API`",
    )


def _forget_news(opened: OpenedApi) -> None:
    """Count what was to be told as told: it is told here in full."""
    from dynacli.library.news import take_news

    take_news(opened.revisions)


_REVISION = "the first digits of a revision (`dynacli api history API`), or a document: a URL or a path"


class _ChangesVerb(Verb):
    """Its help lists the rules of breaking."""

    def format_epilog(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002
        from dynacli.changes.breaking_rules import RULES

        with formatter.section("A client breaks (!), by these rules and no others"):
            rows = [(name, rule.sentence) for name, rule in RULES.items() if rule.is_breaking]
            formatter.write_dl(rows)
        formatter.write_paragraph()
        formatter.write_text("What is surely harmless has no mark; all else is a fact without a verdict (?).")
        formatter.write_text("`dynacli help changes` has more.")


command = _ChangesVerb(
    "changes",
    params=[
        click.Argument(["api"]),
        click.Option(["--since"], metavar="REVISION", help=f"compare with {_REVISION}; else the one before"),
        click.Option(["--until"], metavar="REVISION", help="compare that one, instead of the one in use"),
        click.Option(["--breaking"], is_flag=True, help="only what breaks a client"),
        click.Option(["--texts"], is_flag=True, help="also where only words for people changed"),
        *click_options(CHANGES_OPTIONS),
    ],
    callback=click.pass_context(_changes),
    help="Show what the document of API gained, lost and changed since the revision before. "
    "`-o markdown` writes it for a changelog, `-o json` for programs.",
)
