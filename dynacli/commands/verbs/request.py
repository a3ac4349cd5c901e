"""`dynacli request`: a call to any path of an API's server, whether the document has it or not."""

import click

from dynacli.commands.run import Run
from dynacli.commands.verbs.read import ApiCalls
from dynacli.environment import invocation
from dynacli.errors import UsageError

__all__ = ["RequestGroup"]


class RequestGroup(ApiCalls):
    """The APIs, of which paths are called by their method."""

    def begin(self, run: Run, words: list[str]) -> None:  # noqa: ARG002
        """Check that the words are a method and a path."""
        if not words[2:3] or not words[2].startswith("/"):
            raise UsageError(
                "A request needs an API, a method and a path",
                why=f"`{words[2]}` does not begin with `/`" if words[2:3] else "",
                hint=f"For example: `{invocation('request', 'demo')} GET /workflows`",
            )

    def page(self, ctx: click.Context) -> str:  # noqa: ARG002
        """Return the help page."""
        return (
            f"Usage: {invocation('request', 'API')} METHOD PATH [OPTIONS]\n\n"
            "  Make a call to any path, with the API's server and credentials; a query may stand in the path.\n"
            "  Where an operation of the document has the method and the path, it is that operation, with "
            "its options,\n"
            f"  and is judged; else nothing is, and a body is given with --body. `{invocation(api='API')} "
            "METHOD PATH` is the same."
        )
