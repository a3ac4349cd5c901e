"""`dynacli learn`: writes an OpenAPI document from traffic."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Sequence
from contextlib import closing
from typing import TYPE_CHECKING, Any

import click

from dynacli.commands.run import Run
from dynacli.environment import invocation
from dynacli.errors import DocumentError, FileError, UsageError
from dynacli.openapi.model.wording import counted, enumerated

if TYPE_CHECKING:
    from dynacli.features.learn.learn import LearnedTraffic, Traffic
    from dynacli.features.learn.make_document import LearnedDocument
    from dynacli.features.learn.sources import HarFiles, HistoryCalls, PassedTraffic

_MOST_LISTED = 4


@click.pass_obj
def learn_document(
    run: Run,
    files: tuple[str, ...],
    out: str | None,
    into: str | None,
    server: str | None,
    path: tuple[str, ...],
    history: str | None,
    proxy: str | None,
    port: int,
    host: str,
) -> None:
    """Run `learn`."""
    from dynacli.features.learn.learn import base_url
    from dynacli.features.learn.sources import PassedTraffic

    _check_arguments(files, out, into, history, proxy)
    for template in path:
        if not template.startswith("/"):
            raise UsageError(f"`{template}` is not a path template", hint="Give one such as `/users/{name}`")
    if out is not None and os.path.lexists(out):
        raise FileError(
            f"`{out}` exists",
            reason="`--out` writes a new file only",
            hint=f"Add to it with `--into {out}`, or give another name",
        )
    if into is not None and into != "-":
        _existing_document(into)  # before the traffic, which may take hours
    base = base_url(server or proxy or "") if server or proxy else ""
    with closing(_traffic(run, files, history, proxy, host, port)) as traffic:
        if isinstance(traffic, PassedTraffic) and not traffic.count:
            run.note("No request passed, so no document is written")
        elif into is not None:
            _learn_into(run, traffic, into, base, path)
        else:
            _learn_new(run, traffic, str(out), base, path)


def _check_arguments(
    files: tuple[str, ...], out: str | None, into: str | None, history: str | None, proxy: str | None
) -> None:
    sources = [bool(files), history is not None, proxy is not None]
    if sum(sources) != 1:
        raise UsageError(
            "The traffic is missing" if not any(sources) else "The traffic has several sources",
            hint="Give HAR files, `--history API|URL` or `--proxy URL`",
        )
    if (out is None) == (into is None):
        raise UsageError(
            "The file is missing" if out is None else "`--out` and `--into` exclude each other",
            hint="Add `--out FILE` for a new document, or `--into FILE` to add to one",
        )


def _traffic(
    run: Run, files: tuple[str, ...], history: str | None, proxy: str | None, host: str, port: int
) -> HarFiles | HistoryCalls | PassedTraffic:
    from dynacli.features.learn.learn import base_url
    from dynacli.features.learn.sources import HarFiles, HistoryCalls, passed_traffic

    if proxy is not None:
        return passed_traffic(run, base_url(proxy), host, port)
    return HistoryCalls(run, history) if history is not None else HarFiles(run, files)


def _learn_new(run: Run, traffic: Traffic, out: str, base: str, templates: Sequence[str]) -> None:
    from dynacli.features.learn.document_text import document_text
    from dynacli.features.learn.learn import learn_traffic
    from dynacli.features.learn.make_document import make_document
    from dynacli.files import replace_named_file

    learned = learn_traffic(traffic, base, templates)
    document = make_document(learned.operations, learned.server)
    with replace_named_file(out, may_replace=False) as write:
        write(document_text(document, out))
    _note_result(run, out, learned, document)


def _learn_into(run: Run, traffic: Traffic, into: str, base: str, templates: Sequence[str]) -> None:
    from dynacli.features.learn.document_text import merged_text
    from dynacli.features.learn.learn import count_invalid, learn_traffic
    from dynacli.features.learn.make_document import make_document
    from dynacli.features.learn.merge_document import merged_document
    from dynacli.files import write_named_file
    from dynacli.openapi.schema.observed_shape import COMMON_RULES

    content, tree = _existing_document(into)
    known = [str(template) for template in tree.get("paths") or {}]
    learned = learn_traffic(traffic, base or _first_server(tree), [*templates, *known])
    document = make_document(learned.operations, learned.server)
    common = make_document(learned.operations, learned.server, COMMON_RULES)
    merged = merged_document(tree, document.tree, common.tree)
    added = {steps: reason for steps, reason in document.reviews.items() if not _has(tree, steps)}
    text = merged_text(content, into, merged, added)
    if text != content:
        write_named_file(into, text)
    _note_result(run, into, learned, document)
    if invalid := count_invalid(run.api(os.path.abspath(into)), traffic, learned.server):
        run.note(
            f"{counted(invalid, 'exchange')} do not match what you wrote in `{into}`; "
            f"`{invocation('validate')}` shows why"
        )


def _existing_document(into: str) -> tuple[bytes, dict[str, Any]]:
    """Return the text and the value of a document that exists."""
    from dynacli.openapi.document.parse import parse_document

    try:
        with open(into, "rb") as file:
            content = file.read()
    except OSError as error:
        raise FileError(f"`{into}` cannot be read", reason=error.strerror or "") from error
    tree = parse_document(content, name=into).tree
    if str(tree.get("openapi", ""))[:3] not in {"3.1", "3.2"}:
        raise DocumentError(
            f"`{into}` is not of OpenAPI 3.1 or 3.2",
            reason="Its schemas are written in another way",
            hint="Write a new document with `--out`",
        )
    return content, tree


def _first_server(tree: dict[str, Any]) -> str:
    servers = tree.get("servers")
    url = (
        servers[0].get("url")
        if isinstance(servers, list) and servers and isinstance(servers[0], dict)
        else ""
    )
    return (
        str(url).rstrip("/") if str(url).startswith(("http://", "https://")) and "{" not in str(url) else ""
    )


def _has(tree: Any, steps: Sequence[str]) -> bool:
    for step in steps:
        if not isinstance(tree, dict) or step not in tree:
            return False
        tree = tree[step]
    return True


def _note_result(run: Run, file: str, learned: LearnedTraffic, document: LearnedDocument) -> None:
    """Report what was learned, and what was left out."""
    text = (
        f"{file}: {counted(document.operations, 'operation')} from {counted(learned.used, 'exchange')} "
        f"with {learned.server}"
    )
    if document.reviews:
        text += (
            f"; {len(document.reviews):,} need{'s' if len(document.reviews) == 1 else ''} a look (`# review`)"
        )
    run.note(text)
    if learned.broken:
        run.note(
            f"{counted(learned.broken.total(), 'exchange')} left out: {_counted_reasons(learned.broken)}"
        )
    if learned.others:
        listed = [f"{origin} ({count:,})" for origin, count in learned.others.most_common(_MOST_LISTED)]
        run.note(
            f"Other servers, not used: {enumerated(listed, most=_MOST_LISTED)}; `--server URL` chooses one"
        )


def _counted_reasons(reasons: Counter[str]) -> str:
    listed = [f"{reason} ({count:,})" if count > 1 else reason for reason, count in reasons.most_common()]
    return enumerated(listed, most=_MOST_LISTED)
