"""`dynacli api history`, `rollback`, `pin` and `unpin`: list the revisions of a document, and hold one of them.

Which revision is held is in the configuration, since the cache may be removed at any time.
"""

import time
from typing import Any

import click

from dynacli.commands._document_notes import SHOWN_DIGITS, find_revision, installed_text, revision_before
from dynacli.commands._subcommands.api.api_add import check_registered
from dynacli.commands.run import Run
from dynacli.environment import Environment, invocation
from dynacli.errors import DocumentError, UsageError
from dynacli.output.standard_error import write_stderr
from dynacli.registry.configuration import Configuration
from dynacli.registry.news import find_pending
from dynacli.registry.open_by_name import find_revisions
from dynacli.registry.revisions.revisions import OpenRequest, Revisions
from dynacli.text.terminal import Painter, visible
from dynacli.text.wrapping import quoted

__all__ = ["pin", "rollback", "show_history", "unpin"]


@click.pass_obj
def show_history(run: Run, api: str) -> None:
    """List the revisions of an API, the latest first."""
    from dynacli.output.render import write_data

    open_request, revisions = find_revisions(api, run.env)
    current = revisions.current()
    in_use = _in_use(open_request, revisions, current)
    history = revisions.history() or ([current] if current is not None else [])
    if not history:
        raise DocumentError(
            f"The cache has no revision of `{api}`", hint=f"Fetch it: `{invocation('operations', api)}`"
        )
    rows = [_row(pointer, in_use, open_request.pin) for pointer in history]
    pending = find_pending(revisions)
    if pending is not None:
        held_back = {"held_back": list(pending.reasons)}
        rows.insert(0, {**_row(pending.pointer, in_use, open_request.pin), **held_back})

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

    write_data(run.env, rows, run.data_form, text)


def _row(pointer: dict[str, Any], in_use: str, pin: str) -> dict[str, Any]:
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
    """Hold the revision before the one that is in use, or the revision that is named."""
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
    """Hold the revision that is in use, or the one that is named."""
    check_registered(run.env, name)
    open_request, revisions = find_revisions(name, run.env)
    if revision:
        pointer: dict[str, Any] | None = find_revision(revisions, revision, name)
    else:
        api = run.api(name)
        api.is_due = False  # a revision that is held is not refreshed
        in_use = _in_use(open_request, revisions, api.pointer)
        pointer = revisions.pointer_to(in_use) or revisions.current()
    if pointer is None:
        raise DocumentError(f"The cache has no revision of `{name}`")
    _hold(run.env, name, open_request, revisions, pointer)


def _hold(
    env: Environment, name: str, open_request: OpenRequest, revisions: Revisions, pointer: dict[str, Any]
) -> None:
    """Open a revision to see that it works, and write into the configuration that it is held.

    Raises:
        DocumentError: The revision is no longer in the cache.
        FileError: The configuration cannot be written.
    """
    from dynacli.registry.revise import open_cached

    revision = pointer["revision"]
    api = open_cached(open_request, revisions, pointer)
    if api is None:
        raise DocumentError(
            f"The revision `{revision[:SHOWN_DIGITS]}` of `{name}` is no longer in the cache",
            hint=f"List the others: `{invocation('api history', name)}`",
        )
    api.catalog.close()
    _mark(revisions, revision, is_pinned=True)
    Configuration(env).edit(name, {"pin": revision})
    if (
        open_request.pin != revision
    ):  # last, so that the held revision is marked even if the process dies on the way
        _mark(revisions, open_request.pin, is_pinned=False)
    write_stderr(
        env,
        f"{name}: the revision {revision[:SHOWN_DIGITS]} of {installed_text(pointer)} is pinned and not refreshed; "
        f"`{invocation('api unpin', name)}` follows the latest again\n",
    )


def _mark(revisions: Revisions, revision: str, *, is_pinned: bool) -> None:
    """Mark in the cache whether a revision must be kept; which one is used, the configuration says."""
    pointer = revisions.pointer_to(revision) if revision else None
    if pointer is None and revision:
        pointer = revisions.current()  # a revision of an older dynacli has no pointer of its own
    if pointer is None or pointer["revision"] != revision:
        return
    marked = {"installed_at": time.time(), **pointer, "is_pinned": is_pinned}
    try:
        revisions.write_state(f"{revision}.json", marked)
    except OSError:
        return  # nothing is removed from a cache that cannot be written


@click.pass_obj
def unpin(run: Run, name: str) -> None:
    """Go on with the latest revision."""
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
