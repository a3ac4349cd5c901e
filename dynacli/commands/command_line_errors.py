"""Errors of the command line: those of click as dynacli's, options that two have, options without a use."""

import os
import re
from collections.abc import Sequence
from shlex import join, quote

import click

from dynacli.client.described_operation import DescribedOperation
from dynacli.client.inputs.find_input import how_to_sign_in
from dynacli.client.policy.policy_rules import DENIED
from dynacli.commands.run import Run
from dynacli.environment import invocation, invocation_words, program
from dynacli.errors import DynacliError, FileError, UsageError
from dynacli.openapi.model.wording import did_you_mean, near_names
from dynacli.options.parsed_words import parse, standard_rules
from dynacli.options.standard_options import OPTIONS_BY_FLAG, Option
from dynacli.secrets import is_secret_name

_PLAN_FILE = "change.json"


def from_click(error: click.ClickException) -> DynacliError:
    """Return dynacli's error for an error of click's."""
    help_hint = (
        f"See `{error.ctx.command_path} --help`" if isinstance(error, click.UsageError) and error.ctx else ""
    )
    if isinstance(error, click.NoSuchOption):
        near = list(error.possibilities or ())[:3]
        if is_secret_name(error.option_name):
            near, help_hint = [], how_to_sign_in()
        return UsageError(
            f"There is no option `{error.option_name}`", hint=did_you_mean(near, help_hint), near=near
        )
    if isinstance(error, click.BadOptionUsage):
        # Click has a message, of a switch that got a value; `_read_options` raises the error without one.
        if error.message:
            return UsageError(f"The option `{error.option_name}` takes no value", hint="Leave out the value")
        return UsageError(f"The option `{error.option_name}` needs a value", hint=help_hint)
    if isinstance(error, click.MissingParameter) and error.param is not None:
        name = error.param.make_metavar(error.ctx) if error.ctx else error.param.human_readable_name
        return UsageError(f"`{name}` is missing", hint=help_hint)
    if isinstance(error, click.BadParameter) and error.param is not None:
        return UsageError(
            f"`{error.param.opts[-1]}` has an invalid value",
            reason=error.message.rstrip("."),
            hint=help_hint,
        )
    if isinstance(error, click.FileError):
        return FileError(f"`{error.ui_filename}` cannot be used", reason=error.message)
    if error.message == "Missing command." and isinstance(error, click.UsageError) and error.ctx:
        return UsageError(
            f"Missing subcommand after `{error.ctx.command_path}`",
            hint=f"Give the options after the subcommand; {help_hint[0].lower()}{help_hint[1:]}",
        )
    word = re.match(r"No such command '(.*)'", error.message, re.DOTALL)
    if word and isinstance(error, click.UsageError) and error.ctx:
        group = error.ctx.command  # click has a suggestion of its own since 8.4, in the message
        near = near_names(word[1], group.list_commands(error.ctx) if isinstance(group, click.Group) else ())
        return UsageError(f"No such command '{word[1]}'", hint=did_you_mean(near, help_hint), near=near)
    surplus = re.match(r"Got unexpected extra arguments? \((.*)\)", error.message, re.DOTALL)
    if surplus and isinstance(error, click.UsageError) and error.ctx:
        hint = _INSTEAD_OF_ARGUMENT.get(error.ctx.command.name or "", "")
        return UsageError(
            f"`{surplus[1]}` is an unexpected argument", hint=f"{hint}. {help_hint}" if hint else help_hint
        )
    return UsageError(error.format_message().rstrip("."), hint=help_hint)


_INSTEAD_OF_ARGUMENT = {
    "bake": "Name the API with `--api API`, and the file with `--out FILE`",
    "changes": "Name the older document with `--since OLD`",
}
"""Name of a command → how what people give as a further argument is given."""


def ambiguous_option(described: DescribedOperation, flag: str, own: str) -> UsageError:
    """Return the error for a standard option after an operation that has an input of the same name.

    Args:
        flag: The standard option, with its `--`.
        own: The flag of the operation's input.
    """
    standard = OPTIONS_BY_FLAG[flag]
    needs_value = standard.takes_value and not standard.value_alone
    name, *api = invocation_words(api=quote(described.api.name))
    words = [name, flag, *([standard.metavar] if needs_value else []), *api, described.operation.name]
    place = "operation" if program().api else "API"
    return UsageError(
        f"`{flag}` is ambiguous after `{words[-1]}`",
        reason=f"Both the operation and {program().name} have an option of this name",
        hint=f"The operation's is `{own}`; give {program().name}'s before the {place}: "
        f"`{' '.join(words)} ...`",
        near=[own],
    )


def with_namesakes(error: DynacliError | click.UsageError, flags: Sequence[str]) -> DynacliError:
    """Return an error of a call, which says which of the given options are not dynacli's.

    Args:
        flags: The given options of the operation that have the names of standard options.
    """
    reported = from_click(error) if isinstance(error, click.UsageError) else error
    names = " and ".join(f"`{flag}`" for flag in flags)
    is_own, stand = (
        ("is the operation's own option", "stands")
        if len(flags) == 1
        else ("are the operation's own options", "stand")
    )
    place = "operation" if program().api else "API"
    note = f"{names} {is_own} here; {program().name}'s {stand} before the {place}"
    reported.hint = (
        f"{reported.hint}{' ' if reported.hint[-1] in '?.' else '; '}{note}" if reported.hint else note
    )
    return reported


def unused_option(verb: str, option: Option) -> UsageError:
    """Return the error for an option that changes nothing of what a verb does."""
    return UsageError(
        f"`{verb}` does not accept `{option.flags[-1]}`",
        reason=f"It has no effect on `{verb}`",
        hint=f"Leave it out; `{invocation(verb)} --help` lists the options that it accepts",
    )


def offer_plan(run: Run, error: DynacliError) -> None:
    """Add to the error for a call that no one can confirm the same command with `--plan`, for a person to apply.

    Args:
        error: A refusal by the policy.
    """
    verb = parse(run.words, standard_rules(), stop_at_positional=True).positional[:1]
    is_call = run.asked is not None or verb == ["batch"]
    if error.details["policy"]["decision"] == DENIED or not is_call:
        return
    file = "-" if os.path.lexists(_PLAN_FILE) else _PLAN_FILE
    # Before the API, because an operation may have an input of this name.
    error.try_ = join([program().name, "--plan", file, *run.words])
    applying = f"`{invocation('plan apply')}`"
    how = f"The command below writes a plan, which a person reads and applies by {applying}"
    error.hint = how if run.env.is_agent or not error.hint else f"{error.hint}. {how}"
