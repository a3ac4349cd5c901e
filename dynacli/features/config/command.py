"""`dynacli config`, `ignore` and `policy`: show and change the configuration, and explain what it means for a call."""

from __future__ import annotations

import os
from collections.abc import Mapping
from contextlib import suppress
from typing import TYPE_CHECKING, Any

import click

from dynacli.commands.change_settings import change_settings, settings_in
from dynacli.commands.command_groups import ApiGroup
from dynacli.commands.operation_command import OperationCommand
from dynacli.commands.run import Run
from dynacli.environment import Environment, invocation, program
from dynacli.errors import FileError, RefusedError, UsageError
from dynacli.registry.configuration import Configuration
from dynacli.text.terminal import Painter, visible

if TYPE_CHECKING:
    from dynacli.client.described_operation import DescribedOperation
    from dynacli.commands.call.editor import EditedText

_MOST_NAMED = 5
_WORDS = {"operation": "of", "where": "in the", "pointer": "at", "status": "under the status"}
"""Key that limits an exception → the text before its value in messages."""


@click.pass_obj
def show_path(run: Run) -> None:
    """Run `config path`."""
    configuration = Configuration(run.env)
    click.echo(configuration.path, file=run.env.stdout)
    with suppress(FileError):  # the path of a broken configuration is what is wanted
        state = configuration.project_state()
        if state is not None and state.project is not None:
            run.note(f"Project file: {state.path}")


@click.pass_obj
def show_values(run: Run, key: str | None) -> None:
    """Run `config get`."""
    from dynacli.commands.setting_keys import key_path, masked_setting
    from dynacli.output.render import write_data

    path = key_path(key) if key is not None else ()
    found: Any = Configuration(run.env).tables()
    for part in path:
        if not isinstance(found, Mapping) or part not in found:
            raise UsageError(
                f"`{key}` is not set",
                hint=f"`{invocation('config get')}` shows what is set; `{invocation('help config')}` lists keys",
            )
        found = found[part]
    value = masked_setting(found, path)
    write_data(run.env, value, run.data_format, lambda paint, width: _setting_text(value, paint, width))


def _setting_text(value: Any, paint: Painter, width: int) -> str:  # noqa: ARG001
    """Return a value as people read it: a text as it is, everything else as TOML."""
    import tomlkit

    if isinstance(value, str):
        return visible(value)
    return visible(
        tomlkit.dumps(value).rstrip("\n") if isinstance(value, dict) else tomlkit.item(value).as_string()
    )


@click.pass_obj
def set_values(run: Run, settings: tuple[str, ...]) -> None:
    """Run `config set`."""
    words = list(settings)
    if len(words) == 2 and "=" not in words[0]:
        words = [f"{words[0]}={words[1]}"]
    change_settings(run, settings_in(words))


@click.pass_obj
def edit_file(run: Run) -> None:
    """Run `config edit`."""
    from dynacli.commands.call.editor import EditedText, editor_words

    configuration = Configuration(run.env)
    if run.env.is_agent:
        raise RefusedError(
            "Only the user can edit the configuration",
            hint=f"`{invocation('config set')} KEY=VALUE` sets a key",
        )
    hint = f"`{invocation('config set')} KEY=VALUE` sets a key without one"
    editor = editor_words(run.env, "config edit", may_ask=not run.options.no_input, hint=hint)
    before = configuration.text()
    draft = EditedText(before, ".toml")
    draft.edit(editor, run.env)
    try:
        after = _usable_text(run.env, draft, editor, before)
        if after != before:
            configuration.replace(before, after)
    except BaseException:
        run.warn(f"Your text is saved in `{draft.path}`; the configuration is unchanged")
        raise
    draft.discard()
    if after == before:
        run.note(f"Nothing was changed in {os.path.basename(configuration.path)}")


def _usable_text(env: Environment, draft: EditedText, editor: list[str], before: str) -> str:
    """Return the text that the user has saved; let the user edit it again until it is valid.

    Raises:
        FileError: The text is invalid, and the user does not edit it again.
    """
    from dynacli.commands.call.editor import wants_again

    while (wrong := _wrong_in(env, draft.content, before)) is not None:
        if not wants_again(env, wrong):
            raise wrong
        draft.edit(editor, env)
    return draft.content.decode()


def _wrong_in(env: Environment, content: bytes, before: str) -> FileError | None:
    """Return the error for an invalid text of a configuration; None if it is valid or unchanged."""
    import tomllib

    from dynacli.client.configuration_mistakes import mistakes_in

    try:
        text = content.decode()
        tables = tomllib.loads(text) if text != before else {}
    except UnicodeDecodeError:
        mistakes = ["it is not UTF-8"]
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        mistakes = [f"it is not TOML: {error}"]
    else:
        mistakes = [mistake.text(text) for mistake in mistakes_in(env, tables)]
    if not mistakes:
        return None
    more = f", and {len(mistakes) - _MOST_NAMED} more" if len(mistakes) > _MOST_NAMED else ""
    return FileError(
        f"What was saved is not a configuration that {program().name} can use",
        reason="; ".join(mistakes[:_MOST_NAMED]) + more,
        hint=f"Fix it: `{invocation('config edit')}`; `{invocation('help config')}` has the keys",
    )


@click.pass_obj
def ignore(
    run: Run,
    /,
    api: str,
    rule: str,
    operation: str | None,
    reason: str,
    **place: str | None,
) -> None:
    """Run `ignore`."""
    from dynacli.commands.registered_apis import check_registered
    from dynacli.output.standard_error import write_stderr

    check_registered(run.env, api)
    _check_rule(rule)
    if not reason.strip():
        raise UsageError("`--reason` is missing", hint="Say why the findings are expected: `--reason TEXT`")
    item = {"rule": rule, **{key: text for key, text in place.items() if text is not None}}
    _check_place(item)
    if operation is not None:
        opened = run.api(api)
        name = opened.catalog.find(operation)
        if name is None:
            from dynacli.client.search_operations import unknown_operation

            raise unknown_operation(opened, operation)
        item["operation"] = name
    configuration = Configuration(run.env)
    known = configuration.apis()[api].get("ignore")
    for entry in known if isinstance(known, list) else ():
        if isinstance(entry, dict) and {key: entry[key] for key in entry if key != "reason"} == item:
            raise UsageError(
                "These findings are already ignored",
                reason=f"The reason is: {entry.get('reason', '')}",
                hint=f"Change it in `{configuration.path}`",
            )
    configuration.add_table(api, "ignore", {**item, "reason": reason})
    about = "".join(f" {_WORDS[key]} `{visible(item[key], keep='')}`" for key in _WORDS if key in item)
    write_stderr(
        run.env, f"{api}: findings of `{visible(rule, keep='')}`{about} are suppressed from now on\n"
    )


def _check_place(item: dict[str, str]) -> None:
    """Check the values of the keys that limit an exception.

    Raises:
        UsageError: A value is empty or invalid.
    """
    from dynacli.validation.finding_rules import BadIgnoreError, ignores_of

    reason = "".join(f"`{key}` is empty" for key, text in item.items() if not text.strip())
    try:
        ignores_of([{**item, "reason": "-"}])
    except BadIgnoreError as error:
        reason = str(error)
    if reason:
        hint = f"`{invocation('help validate')}` has the keys and their values"
        raise UsageError("This exception is not possible", reason=reason, hint=hint)


def _check_rule(rule: str) -> None:
    """Check that a rule exists.

    Raises:
        UsageError: The rule does not exist.
    """
    from difflib import get_close_matches

    from dynacli.openapi.model.wording import did_you_mean
    from dynacli.validation.finding_rules import FINDING_RULES

    if rule in {"*", *FINDING_RULES}:
        return
    near = get_close_matches(rule, FINDING_RULES, 3, 0.6)
    raise UsageError(
        f"`{rule}` is not a rule of findings",
        reason="A finding ends with its rule, such as `[type]`; `*` means all rules",
        hint=did_you_mean(near),
    )


@click.pass_obj
def explain_decision(run: Run, api: str, operation: tuple[str, ...]) -> None:
    """Run `policy explain`."""
    from dynacli.client.call_settings import settings_of
    from dynacli.features.config.explain_policy import explain_policy
    from dynacli.output.render import write_data

    described = _operation_of_words(run, api, list(operation))
    settings = settings_of(run.env, described.api, run.call_options)
    target = next((word for word in operation[1:2] if word.startswith("/") and "{" not in word), "")
    explanation = explain_policy(described, settings, target)

    def text(paint: Painter, width: int) -> str:  # noqa: ARG001
        first, *more = explanation.sentences()
        return "\n".join([paint.bold(visible(first)), *(f"  {visible(line)}" for line in more)])

    write_data(run.env, explanation.as_json(), run.data_format, text)


def _operation_of_words(run: Run, api: str, words: list[str]) -> DescribedOperation:
    """Return the operation for arguments: its name, a tag and its name, or a method and a path.

    Raises:
        UsageError: The API has no such operation, or there are too many arguments.
    """
    from dynacli.client.search_operations import unknown_operation

    opened = run.api(api)
    group, tag = ApiGroup(opened), ""
    command, rest = group.find_command(words)
    if isinstance(command, ApiGroup) and rest:
        tag, words = command.tag, rest
        command, rest = command.find_command(rest)
    if command is None and run.fetch_again(opened) is not None:  # it may have appeared a moment ago
        return _operation_of_words(run, api, words)
    if command is None and not tag and group.has_path(words):
        command, rest = group.undocumented_command(words)
    if not isinstance(command, OperationCommand):
        raise unknown_operation(opened, words[0], tag)
    is_path = len(words) > 1 and words[1].startswith("/")
    if rest and not is_path and not group.expanded:
        raise UsageError(
            f"`{rest[0]}` is an unexpected argument", hint="Write `policy explain API OPERATION`"
        )
    return command.described
