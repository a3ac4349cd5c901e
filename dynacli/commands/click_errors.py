"""click's errors of the command line → dynacli's."""

import re

import click

from dynacli.errors import DynacliError, FileError, UsageError
from dynacli.model.wording import did_you_mean, near_names

__all__ = ["from_click"]


def from_click(error: click.ClickException) -> DynacliError:
    """Return dynacli's error for an error of click's."""
    help_hint = (
        f"See `{error.ctx.command_path} --help`" if isinstance(error, click.UsageError) and error.ctx else ""
    )
    if isinstance(error, click.NoSuchOption):
        near = list(error.possibilities or ())[:3]
        return UsageError(
            f"There is no option `{error.option_name}`", hint=did_you_mean(near, help_hint), near=near
        )
    if isinstance(error, click.BadOptionUsage):
        # Click has a message, of a switch that got a value; `ArrangedWords.check` raises the error without one.
        if error.message:
            return UsageError(f"The option `{error.option_name}` takes no value", hint="Leave out the value")
        return UsageError(f"The option `{error.option_name}` needs a value", hint=help_hint)
    if isinstance(error, click.MissingParameter) and error.param is not None:
        name = error.param.make_metavar(error.ctx) if error.ctx else error.param.human_readable_name
        return UsageError(f"`{name}` is missing", hint=help_hint)
    if isinstance(error, click.BadParameter) and error.param is not None:
        return UsageError(
            f"`{error.param.opts[-1]}` does not take this value",
            why=error.message.rstrip("."),
            hint=help_hint,
        )
    if isinstance(error, click.FileError):
        return FileError(f"`{error.ui_filename}` cannot be used", why=error.message)
    if error.message == "Missing command." and isinstance(error, click.UsageError) and error.ctx:
        return UsageError(
            f"Nothing is named behind `{error.ctx.command_path}` but options",
            hint=f"Name what to do, and give the options behind it; {help_hint[0].lower()}{help_hint[1:]}",
        )
    word = re.match(r"No such command '(.*)'", error.message, re.DOTALL)
    if word and isinstance(error, click.UsageError) and error.ctx:
        group = error.ctx.command  # click has a suggestion of its own since 8.4, in the message
        near = near_names(word[1], group.list_commands(error.ctx) if isinstance(group, click.Group) else ())
        return UsageError(f"No such command '{word[1]}'", hint=did_you_mean(near, help_hint), near=near)
    return UsageError(error.format_message().rstrip("."), hint=help_hint)
