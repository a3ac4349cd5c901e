"""Commands of other packages: click commands that stand under the entry point `dynacli.commands`."""

from typing import TYPE_CHECKING

from dynacli.errors import UsageError

if TYPE_CHECKING:
    import click

__all__ = ["further_command", "further_names"]

_GROUP = "dynacli.commands"


def further_names() -> list[str]:
    """Return the names of the commands that installed packages have."""
    from importlib.metadata import entry_points

    return sorted({each.name for each in entry_points(group=_GROUP)})


def further_command(name: str) -> "click.Command | None":
    """Return the command that an installed package has under a name; None where none has.

    Raises:
        UsageError: It cannot be imported, or is no command.
    """
    from importlib.metadata import entry_points

    import click

    for found in entry_points(group=_GROUP, name=name):
        try:
            command = found.load()
        except (ImportError, AttributeError) as error:
            raise UsageError(
                f"The command `{name}` cannot be imported",
                why=f"`{found.value}`: {error}",
                hint="Install the package that has it again",
            ) from error
        if not isinstance(command, click.Command):
            raise UsageError(f"`{name}` is no command", why=f"`{found.value}` is no command of click")
        return command
    return None
