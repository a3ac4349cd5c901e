"""The group of one API: its operations, by name, operationId, or tag and name. None is built before it is called."""

import click

from dynacli.commands.operation_command import OperationCommand
from dynacli.commands.standard_options import INPUT_OPTIONS, STANDARD_OPTIONS
from dynacli.commands.verb_commands import VerbGroup
from dynacli.errors import DocumentError, DynacliError, UsageError
from dynacli.library.opened_api import OpenedApi

__all__ = ["ApiGroup"]


class ApiGroup(VerbGroup):
    """An API, or one tag of it.

    Args:
        api: The API.
        tag: The kebab form of the tag; empty for the whole API.
    """

    def __init__(self, api: OpenedApi, tag: str = "") -> None:
        super().__init__(tag or api.name, options=(*INPUT_OPTIONS, *STANDARD_OPTIONS))
        self.api = api
        self.tag = tag

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002
        """Return the names of the operations."""
        return [one.name for one in self.api.catalog.summaries(self.tag) if not one.is_hidden]

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002
        """Return the command of an operation, or the group of a tag."""
        name = self.api.catalog.find(cmd_name, self.tag)
        if name is not None:
            return OperationCommand(self.api, self.api.catalog.operation(name))
        tag = "" if self.tag else self.api.catalog.tag(cmd_name)
        return ApiGroup(self.api, tag) if tag else None

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Return the command that the first word means.

        Raises:
            UsageError: It means none.
        """
        word = args[0]
        # A tag that is called like an operation: the word behind it decides.
        tag = self.api.catalog.tag(word) if not self.tag and len(args) > 1 else ""
        if tag and self.api.catalog.find(args[1], tag) is not None:
            return tag, ApiGroup(self.api, tag), args[1:]
        command = self.get_command(ctx, word)
        if command is None:
            # It may have appeared a moment ago.
            again = ctx.obj.asked_again(self.api)
            if again is not None:
                return ApiGroup(again, self.tag).resolve_command(ctx, args)
            raise unknown_operation(self.api, word, self.tag)
        return command.name, command, args[1:]

    def get_help(self, ctx: click.Context) -> str:
        """Return the help page."""
        from dynacli.commands.help.api_help import api_help

        return api_help(ctx.obj.env, self.api, self.tag)


def unknown_operation(api: OpenedApi, word: str, tag: str = "") -> DynacliError:
    """Return the error for a word that is no operation, with the names that come near.

    An operation that the catalog leaves out is an error of the document, with the reason.
    """
    from difflib import get_close_matches

    from dynacli.model.kebab_names import kebab

    wanted = kebab(word) or word
    for row in api.catalog.meta.get("left_out", ()):
        if wanted in row["names"]:
            return DocumentError(
                f"`{api.name}` cannot call `{word}`",
                why=row["why"],
                hint=f"See what is known of the document: `dynacli api show {api.name}`",
            )
    gone = next((key for key, name in api.catalog.lock().items() if name == wanted), None)
    if gone is not None and not tag and api.catalog.find(wanted) is None:
        # The name is kept for it: it may come back, and no other operation is to be called by mistake.
        return UsageError(
            f"`{api.name}` has no operation `{word}` any more",
            why=f"It was the name of `{' '.join(gone)}`, which the document does not have now",
            hint=f"See them all: `dynacli operations {api.name}`",
            near=[],
        )
    names = [one.name for one in api.catalog.summaries(tag) if not one.is_hidden]
    where = f"`{api.name}`" + (f", tag `{tag}`," if tag else "")
    if not names:
        return UsageError(
            f"{where} has no operations",
            why="Its document describes none that can be called",
            hint=f"See what is known of the document: `dynacli api show {api.name}`",
        )
    near = get_close_matches(wanted, names, 3, 0.6)
    if not near:
        parts = set(wanted.split("-"))
        near = [name for name in names if parts <= set(name.split("-"))][:3]
    return UsageError(
        f"{where} has no operation `{word}`",
        why="It is no name, no operationId and no tag of the document",
        hint=f"Did you mean {' or '.join(f'`{name}`' for name in near)}?"
        if near
        else f"See them all: `dynacli operations {api.name}`",
        near=near,
    )
