"""`dynacli config`: the configuration file is shown and changed."""

import os
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import click

from dynacli.commands.run import Run
from dynacli.environment import invocation, program
from dynacli.errors import FileError, RefusedError, UsageError
from dynacli.library.configuration.configuration import Configuration
from dynacli.text.terminal import Painter, visible

if TYPE_CHECKING:
    from dynacli.commands.call.words.editor import Draft

__all__ = ["edit_file", "set_values", "show_path", "show_values"]

_MOST_NAMED = 5


@click.pass_obj
def show_path(run: Run) -> None:
    """Run `config path`."""
    click.echo(Configuration(run.env).path, file=run.env.stdout)


@click.pass_obj
def show_values(run: Run, key: str | None) -> None:
    """Run `config get`."""
    from dynacli.commands.verbs.config.setting_keys import key_path, shown_value
    from dynacli.output.render import write_data

    path = key_path(key) if key is not None else ()
    found: Any = Configuration(run.env).tables()
    for part in path:
        if not isinstance(found, Mapping) or part not in found:
            raise UsageError(
                f"`{key}` is not set",
                hint=f"See what is: `{invocation('config get')}`; what could be: `{invocation('help configuration')}`",
            )
        found = found[part]
    value = shown_value(found, path)
    write_data(run.env, value, run.data_form, lambda paint, width: _text(value, paint, width))


def _text(value: Any, paint: Painter, width: int) -> str:  # noqa: ARG001
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
    from dynacli.commands.verbs.config.change_settings import change_settings, settings_in

    words = list(settings)
    if len(words) == 2 and "=" not in words[0]:
        words = [f"{words[0]}={words[1]}"]
    change_settings(run, settings_in(words))


@click.pass_obj
def edit_file(run: Run) -> None:
    """Run `config edit`."""
    from dynacli.commands.call.words.editor import Draft, editor_words

    configuration = Configuration(run.env)
    if run.env.is_agent:
        raise RefusedError(
            "The configuration is edited by a person",
            hint=f"`{invocation('config set')} KEY=VALUE` sets a key",
        )
    hint = f"`{invocation('config set')} KEY=VALUE` sets a key without one"
    editor = editor_words(run.env, "config edit", may_ask=not run.options.no_input, hint=hint)
    before = configuration.text()
    draft = Draft(before, ".toml")
    draft.edit(editor, run.env)
    try:
        after = _usable_text(run, draft, editor, before)
        if after != before:
            configuration.replace(before, after)
    except BaseException:
        run.warn(f"What you wrote is kept in `{draft.path}`, and the configuration is as it was")
        raise
    draft.discard()
    if after == before:
        run.note(f"Nothing was changed in {os.path.basename(configuration.path)}")


def _usable_text(run: Run, draft: "Draft", editor: list[str], before: str) -> str:
    """Return the text that a person has saved, which may be edited until it can be used.

    Raises:
        FileError: It cannot, and the person does not go on.
    """
    from dynacli.commands.call.words.editor import wants_again

    while (wrong := _wrong_in(run, draft.content, before)) is not None:
        if not wants_again(run.env, wrong):
            raise wrong
        draft.edit(editor, run.env)
    return draft.content.decode()


def _wrong_in(run: Run, content: bytes, before: str) -> FileError | None:
    """Return what is wrong with the text of a configuration; None where all of it can be used, or it is as before."""
    import tomllib

    from dynacli.client.configuration_mistakes import mistakes_in

    try:
        text = content.decode()
        tables = tomllib.loads(text) if text != before else {}
    except UnicodeDecodeError:
        mistakes = ["it is not UTF-8"]
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        mistakes = [f"it is no TOML: {error}"]
    else:
        mistakes = [mistake.text(text) for mistake in mistakes_in(run.env, tables)]
    if not mistakes:
        return None
    more = f", and {len(mistakes) - _MOST_NAMED} more" if len(mistakes) > _MOST_NAMED else ""
    return FileError(
        f"What was saved is no configuration that {program().name} can use",
        why="; ".join(mistakes[:_MOST_NAMED]) + more,
        hint=f"Edit it again: `{invocation('config edit')}`; `{invocation('help configuration')}` has the keys",
    )
