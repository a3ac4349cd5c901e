"""Errors of the command line: unknown names, ambiguous options, and options without effect."""

import itertools
import os
from collections.abc import Iterable, Sequence
from shlex import join, quote

import click

from dynacli.client.described_operation import DescribedOperation
from dynacli.client.inputs.find_input import how_to_sign_in
from dynacli.client.policy.policy_rules import DENIED
from dynacli.commands.read_line import CommandLine
from dynacli.commands.run import Run
from dynacli.environment import invocation, invocation_words, program
from dynacli.errors import DynacliError, FileError, UsageError
from dynacli.openapi.model.wording import did_you_mean, near_names, shell_line
from dynacli.options.command import Argument
from dynacli.options.standard_options import OPTIONS_BY_FLAG, Option
from dynacli.secrets import is_secret_name

_PLAN_FILE = "change.json"
_INSTEAD_OF_ARGUMENT = {
    "bake": "Name the API with `--api API`, and the file with `--out FILE`",
    "changes": "Name the older document with `--since OLD`",
}
"""Name of a command → hint for a common unexpected argument."""


def from_click(error: click.ClickException) -> DynacliError:
    """Return a click error, which a command of another package raised, as an error of dynacli."""
    if isinstance(error, click.FileError):
        return FileError(f"`{error.ui_filename}` cannot be used", reason=error.message)
    ctx = error.ctx if isinstance(error, click.UsageError) else None
    hint = f"See `{ctx.command_path} --help`" if ctx is not None else ""
    return UsageError(error.format_message().rstrip("."), hint=hint)


def unknown_option(flag: str, known: Iterable[str], hint: str) -> UsageError:
    """Return the error for an unknown option of a command.

    Args:
        known: The options of the command.
        hint: The hint if no option is similar.
    """
    from difflib import get_close_matches

    long = [name for name in known if name.startswith("--")]  # `-o` would be near to `--to`
    near = get_close_matches(flag, long) if flag.startswith("--") else []
    if is_secret_name(flag):
        near, hint = [], how_to_sign_in()
    return UsageError(f"There is no option `{flag}`", hint=did_you_mean(near, hint), near=near)


def unknown_command(name: str, names: Iterable[str], hint: str) -> UsageError:
    """Return the error for an unknown command of a group.

    Args:
        names: Names of the commands of the group.
        hint: The hint if no name is similar.
    """
    near = near_names(name, names)
    return UsageError(f"No such command '{name}'", hint=did_you_mean(near, hint), near=near)


def missing_argument(argument: Argument, hint: str) -> UsageError:
    """Return the error for a missing required argument."""
    values = f"{{{'|'.join(argument.values)}}}" if argument.values else ""
    name = argument.metavar or (values or argument.name.upper()) + "..." * argument.is_multiple
    return UsageError(f"`{name}` is missing", hint=hint)


def argument_as_value(error: UsageError, path: str, line: CommandLine) -> UsageError:
    """Return the error for a missing argument, with a command that works if an option has it as its value.

    Args:
        error: The error if no option that may be given alone has a value.
        path: The command with the program's name.
        line: The arguments after the command.
    """
    for word in line.given:
        if word.end - word.start == 2 and word.value and word.may_be_alone:
            own = (
                [word.flag] if other is word else other.words
                for other in line.given
                if other.option is not None and not other.option.group
            )
            command = shell_line([*path.split(), word.value, *itertools.chain(*own)])
            error.reason = f"`{word.value}` is the value of `{word.flag}`"
            error.hint = f"Write it before `{word.flag}`: `{command}`"
    return error


def surplus_argument(command: str, words: Sequence[str], hint: str) -> UsageError:
    """Return the error for unexpected arguments.

    Args:
        command: Name of the command.
    """
    instead = _INSTEAD_OF_ARGUMENT.get(command, "")
    return UsageError(
        f"`{' '.join(words)}` is an unexpected argument", hint=f"{instead}. {hint}" if instead else hint
    )


def ambiguous_option(described: DescribedOperation, flag: str, own: str) -> UsageError:
    """Return the error for a standard option after an operation that has an input of the same name.

    Args:
        flag: The standard option, including `--`.
        own: The flag of the operation's own input.
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


def name_namesakes(error: UsageError, flags: Sequence[str]) -> None:
    """Add to an error which of the given options are the operation's and not dynacli's.

    Args:
        flags: The options of the operation that have the names of standard options.
    """
    names = " and ".join(f"`{flag}`" for flag in flags)
    is_own, stand = (
        ("is the operation's own option", "stands")
        if len(flags) == 1
        else ("are the operation's own options", "stand")
    )
    place = "operation" if program().api else "API"
    note = f"{names} {is_own} here; {program().name}'s {stand} before the {place}"
    error.hint = f"{error.hint}{' ' if error.hint[-1] in '?.' else '; '}{note}" if error.hint else note


def unused_option(verb: str, option: Option) -> UsageError:
    """Return the error for an option that has no effect on a command."""
    return UsageError(
        f"`{verb}` does not accept `{option.flags[-1]}`",
        reason=f"It has no effect on `{verb}`",
        hint=f"Leave it out; `{invocation(verb)} --help` lists the options that it accepts",
    )


def offer_plan(run: Run, error: DynacliError) -> None:
    """Suggest the same command with `--plan`, for a call that needs confirmation and cannot get it.

    Args:
        error: The refusal by the policy.
    """
    is_call = run.asked is not None or run.first_argument == "batch"
    if error.details["policy"]["decision"] == DENIED or not is_call:
        return
    file = "-" if os.path.lexists(_PLAN_FILE) else _PLAN_FILE
    # Before the API, because the operation may have an input with this name.
    error.try_ = join([program().name, "--plan", file, *run.words])
    applying = f"`{invocation('plan apply')}`"
    how = f"The command below writes a plan, which the user reads and applies by {applying}"
    error.hint = how if run.env.is_agent or not error.hint else f"{error.hint}. {how}"
