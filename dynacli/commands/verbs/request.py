"""`dynacli request`: a call to any path of an API's server, whether the document has it or not."""

import click

from dynacli.commands.verbs.read import ApiCalls
from dynacli.environment import invocation
from dynacli.errors import UsageError

__all__ = ["RequestGroup"]


class RequestGroup(ApiCalls):
    """The APIs, of which paths are called by their method."""

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Return the command that the words name."""
        if not args[2:3] or not args[2].startswith("/"):
            raise UsageError(
                "A request needs an API, a method and a path",
                why=f"`{args[2]}` does not begin with `/`" if args[2:3] else "",
                hint=f"For example: `{invocation('request', 'demo')} GET /workflows`",
            )
        return super().resolve_command(ctx, args)

    def page(self) -> str:
        """Return the help page."""
        return (
            f"Usage: {invocation('request', 'API')} METHOD PATH [OPTIONS]\n\n"
            "  Make a call to any path, with the API's server and credentials; a query may stand in the path.\n"
            "  Where an operation of the document has the method and the path, it is that operation, with "
            "its options,\n"
            f"  and is judged; else nothing is, and a body is given with --body. `{invocation(api='API')} "
            "METHOD PATH` is the same."
        )
