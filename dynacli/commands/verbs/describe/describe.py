"""`dynacli describe`: shows all that the document says of an operation, or of a field of it."""

from collections.abc import Callable
from typing import Any

import click

from dynacli.commands.command_groups import Verb
from dynacli.commands.run import Run
from dynacli.commands.verbs.verb_options import LISTING_OF_DOCUMENT
from dynacli.library.opened_api import OpenedApi
from dynacli.text.terminal import Painter

__all__ = ["command"]

Text = Callable[[Painter, int], str]


def _describe(run: Run, api: str, operation: tuple[str, ...], card: bool) -> None:
    from dynacli.client.unknown_operation import unknown_operation
    from dynacli.commands.verbs.describe.description import describe_field, describe_operation
    from dynacli.errors import UsageError
    from dynacli.output.render import write_data

    opened = run.api(api)
    words = list(operation)
    tag = opened.catalog.tag(words[0]) if len(words) > 1 else ""
    if tag:
        words.pop(0)
    name = opened.catalog.find(words[0], tag)
    if name is None and not tag and (description := _webhook(opened, words)):
        write_data(run.env, description[0], run.options.output_form, description[1])
        return
    if name is None:
        if run.fetch_again(opened) is not None:  # it may have appeared a moment ago
            _describe(run, api, operation, card)
            return
        raise unknown_operation(opened, words[0], tag)
    if len(words) > 2:
        raise UsageError(
            f"`{words[2]}` is one word too many", hint="Write `describe API OPERATION [FIELD.PATH]`"
        )
    if card:
        if len(words) == 2:
            raise UsageError("A card is of a whole operation", hint=f"Leave out `{words[1]}`, or `--card`")
        data, text = _card(opened, name, run.options.profile)
    elif len(words) == 2:
        data, text = describe_field(opened, name, words[1])
    else:
        data, text = describe_operation(opened, name)
    write_data(run.env, data, run.options.output_form, text)


def _card(opened: OpenedApi, name: str, profile: str) -> tuple[Any, Text]:
    from dynacli.client.cards.card_text import card_text
    from dynacli.client.cards.operation_card import operation_card

    card = operation_card(opened, name, profile=profile)
    return card.as_json(), lambda _paint, _width: card_text(card)


def _webhook(opened: OpenedApi, words: list[str]) -> tuple[Any, Text] | None:
    """Return the description of the webhook that the words name, for `webhooks` of all; None where there is none.

    Raises:
        UsageError: A field of a webhook is asked for, which cannot be described by itself.
    """
    from dynacli.commands.help.webhook_list import find_webhook, webhook_lines, webhooks_of
    from dynacli.commands.verbs.describe.incoming_requests import describe_webhook, webhook_text
    from dynacli.errors import UsageError

    rows = webhooks_of(opened)
    # A webhook that has the name of an operation is meant by `webhooks.NAME`.
    row = find_webhook(rows, words[0].removeprefix("webhooks."))
    if not rows or (row is None and words[0] != "webhooks"):
        return None
    if len(words) > 1:
        raise UsageError(f"`{words[1]}` is one word too many", hint="A webhook is described as a whole")
    if row is None:
        entries = [{key: webhook[key] for key in ("name", "methods", "summary")} for webhook in rows]
        return entries, lambda paint, width: "\n".join(webhook_lines(rows, width, paint))
    data = describe_webhook(opened, row)
    resolve = opened.catalog.resolve
    return data, lambda paint, width: webhook_text(data, resolve, paint, width)


command = Verb(
    "describe",
    params=[
        click.Argument(["api"]),
        click.Argument(["operation"], nargs=-1, required=True, metavar="OPERATION [FIELD.PATH]"),
        click.Option(["--card"], is_flag=True, help="Show the least that a first correct call needs."),
    ],
    options=LISTING_OF_DOCUMENT,
    callback=click.pass_obj(_describe),
    help="Show all of one operation: parameters, body, answers, security, servers, links, callbacks and an "
    "example. The name of a webhook, or `webhooks`, shows what the server sends. With FIELD.PATH, such as "
    "`schedule.cron`, `answer.rows.id` or a parameter's name, that field alone.",
)
