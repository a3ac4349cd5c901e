"""`dynacli describe`: shows all that the document says of an operation, or of a field of it."""

from typing import TYPE_CHECKING, Any, NamedTuple

import click

from dynacli.commands.run import Run
from dynacli.registry.opened_api import OpenedApi
from dynacli.text.terminal import Painter

if TYPE_CHECKING:
    from dynacli.commands._subcommands.describe.field_description import Text

__all__ = ["describe"]


class _Asked(NamedTuple):
    """What a person asked for beside the operation."""

    summary: bool
    depth: int | None
    everything: bool
    like: str | None


@click.pass_obj
def describe(
    run: Run,
    api: str,
    operation: tuple[str, ...],
    summary: bool,
    depth: int | None,
    everything: bool,
    like: str | None,
) -> None:
    """Run `describe`."""
    from dynacli.output.render import write_data

    asked = _Asked(summary, depth, everything, like)
    data, text = _description(run, run.api(api), operation, asked)

    def page(paint: Painter, width: int) -> str:
        run.note_quotes()
        return text(paint, width)

    write_data(run.env, data, run.data_form, page)


def _description(
    run: Run, opened: OpenedApi, operation: tuple[str, ...], asked: _Asked
) -> "tuple[Any, Text]":
    from dynacli.client.search_operations import unknown_operation
    from dynacli.errors import UsageError

    words = list(operation)
    tag = opened.catalog.tag(words[0]) if len(words) > 1 else ""
    if tag:
        words.pop(0)
    name = opened.catalog.find(words[0], tag)
    if name is None and not tag and (description := _webhook(opened, words)):
        return description
    if name is None:
        newer = run.fetch_again(opened)  # it may have appeared a moment ago
        if newer is not None:
            return _description(run, newer, operation, asked)
        raise unknown_operation(opened, words[0], tag)
    if len(words) > 2:
        raise UsageError(
            f"`{words[2]}` is an unexpected argument", hint="Write `describe API OPERATION [FIELD.PATH]`"
        )
    if len(words) == 2 and (asked.summary or asked.like is not None):
        subject = "A summary" if asked.summary else "A comparison"
        option = "--summary" if asked.summary else "--like"
        raise UsageError(f"{subject} needs a whole operation", hint=f"Leave out `{words[1]}`, or `{option}`")
    if asked.summary:
        return _summary(opened, name, run.options.profile)
    if asked.like is not None:
        return _likeness(opened, name, asked.like)
    from dynacli.commands._subcommands.describe.field_description import EVERYTHING, detail_of_depth
    from dynacli.commands._subcommands.describe.operation_text import described_details

    detail = EVERYTHING if asked.everything else None
    if asked.depth is not None:
        detail = detail_of_depth(asked.depth)
    return described_details(opened, name, *words[1:], detail=detail)


def _summary(opened: OpenedApi, name: str, profile: str) -> "tuple[Any, Text]":
    from dynacli.client.operation_summary import operation_summary, summary_text

    summary = operation_summary(opened, name, profile=profile)
    return summary.as_json(), lambda paint, _: summary_text(summary, paint)


def _likeness(opened: OpenedApi, name: str, other: str) -> "tuple[Any, Text]":
    """Return how an operation differs from another one of its API.

    Raises:
        UsageError: There is no such operation.
    """
    from dynacli.client.described_operation import DescribedOperation
    from dynacli.client.search_operations import unknown_operation
    from dynacli.commands._subcommands.describe.operation_text import difference_lines, differences

    found = opened.catalog.find(other)
    if found is None:
        raise unknown_operation(opened, other)
    first, second = (
        DescribedOperation(opened, opened.catalog.operation(each)).sending("") for each in (name, found)
    )
    data = differences(first, second)
    return data, lambda paint, width: "\n".join(difference_lines(data, paint, width))


def _webhook(opened: OpenedApi, words: list[str]) -> "tuple[Any, Text] | None":
    """Return the description of the webhook that the words name, for `webhooks` of all; None if there is none.

    Raises:
        UsageError: A field of a webhook is asked for, which cannot be described by itself.
    """
    from dynacli.client.documented_parts import describe_webhook
    from dynacli.commands._help.operation_list import find_webhook, webhook_lines, webhooks_of
    from dynacli.commands._subcommands.describe.operation_text import webhook_text
    from dynacli.errors import UsageError

    rows = webhooks_of(opened)
    # A webhook that has the name of an operation is meant by `webhooks.NAME`.
    row = find_webhook(rows, words[0].removeprefix("webhooks."))
    if not rows or (row is None and words[0] != "webhooks"):
        return None
    if len(words) > 1:
        raise UsageError(f"`{words[1]}` is an unexpected argument", hint="Webhooks have no field paths")
    if row is None:
        entries = [{key: webhook[key] for key in ("name", "methods", "summary")} for webhook in rows]
        return entries, lambda paint, width: "\n".join(webhook_lines(rows, width, paint))
    data = describe_webhook(opened, row)
    resolve = opened.catalog.resolve
    return data, lambda paint, width: webhook_text(data, resolve, paint, width)
