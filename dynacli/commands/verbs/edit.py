"""`dynacli edit`: a resource is read, changed in an editor, and sent back."""

import click

from dynacli.commands.run import Run
from dynacli.commands.verbs.read import ApiCalls
from dynacli.environment import invocation

__all__ = ["EditGroup"]


class EditGroup(ApiCalls):
    """The APIs, of which an operation that reads is called, and the one that belongs to it."""

    def begin(self, run: Run, words: list[str]) -> None:  # noqa: ARG002
        """Let the answer of the call be edited."""
        from dynacli.commands.call.edit_resource import edit_resource

        run.act = edit_resource

    def page(self, ctx: click.Context) -> str:  # noqa: ARG002
        """Return the help page."""
        return (
            f"Usage: {invocation('edit', 'API')} OPERATION [ARGUMENTS] [OPTIONS]\n\n"
            "  Call an operation that reads a thing (GET), change the answer in $VISUAL or $EDITOR, look "
            "at the difference,\n"
            "  and send it by the PATCH or PUT of the same path; with If-Match where the answer had an ETag.\n"
            f"  --yes sends it without asking. For example: {invocation('edit', 'demo')} get-workflow WORKFLOW_ID"
        )
