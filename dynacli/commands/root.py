"""The top of the command line: standard options, then an API or a verb; each is loaded when it is named."""

from importlib import import_module

import click

from dynacli.commands.api_group import ApiGroup
from dynacli.commands.run import Run
from dynacli.commands.standard_options import INPUT_OPTIONS, STANDARD_OPTIONS
from dynacli.commands.verb_commands import VerbGroup

__all__ = ["make_root"]

# Verb → the module in `dynacli.commands.verbs` that has its command.
_MODULES = {
    "api": "api.api",
    "cache": "cache",
    "changes": "changes",
    "check": "check",
    "completion": "completion",
    "demo": "demo",
    "describe": "describe.describe",
    "doctor": "doctor",
    "document": "document",
    "help": "help",
    "operations": "operations",
}


class Root(VerbGroup):
    """`dynacli`."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002
        """Return the verbs."""
        return sorted(_MODULES)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Return a verb's command, or the group of an API."""
        if cmd_name in _MODULES:
            module = import_module(f"dynacli.commands.verbs.{_MODULES[cmd_name]}")
            command: click.Command = module.command
            return command
        return ApiGroup(ctx.obj.api(cmd_name))

    def get_help(self, ctx: click.Context) -> str:
        """Return the help page."""
        from dynacli.commands.help.root_help import root_help

        return root_help(ctx.obj.env)


def make_root(run: Run) -> Root:
    """Return the root command of one run."""
    return Root(
        "dynacli",
        options=(*INPUT_OPTIONS, *STANDARD_OPTIONS),
        context_settings={"obj": run, "help_option_names": ["-h", "--help"]},
    )
