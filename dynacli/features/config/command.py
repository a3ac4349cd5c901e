"""`dynacli config`, `ignore` and `policy`: show and change the configuration, and explain what it means for a call."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import TYPE_CHECKING, Any

import click

from dynacli.commands.command_groups import ApiGroup
from dynacli.commands.operation_command import OperationCommand
from dynacli.commands.run import Run
from dynacli.environment import Environment, invocation, program
from dynacli.errors import DynacliError, FileError, RefusedError, UsageError
from dynacli.files import is_url
from dynacli.options.standard_options import Options
from dynacli.registry.configuration import Configuration, check_name, profiles_in, texts
from dynacli.registry.open_by_name import open_from_cache
from dynacli.text.terminal import Painter, visible

if TYPE_CHECKING:
    from dynacli.client.described_operation import DescribedOperation
    from dynacli.commands.call.editor import EditedText

_MOST_NAMED = 5
_WORDS = {"operation": "of", "where": "in the", "pointer": "at", "status": "under the status"}
"""The keys of an exception that say where it holds, with the words before them in messages."""


Setting = tuple[tuple[str, ...], Any]


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
            "Only a person edits the configuration",
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
    """Return the text that a person has saved, which may be edited until it can be used.

    Raises:
        FileError: It cannot, and the person does not go on.
    """
    from dynacli.commands.call.editor import wants_again

    while (wrong := _wrong_in(env, draft.content, before)) is not None:
        if not wants_again(env, wrong):
            raise wrong
        draft.edit(editor, env)
    return draft.content.decode()


def _wrong_in(env: Environment, content: bytes, before: str) -> FileError | None:
    """Return what is wrong with the text of a configuration; None if all of it can be used, or it is as before."""
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


def settings_in(words: Sequence[str], prefix: tuple[str, ...] = ()) -> list[Setting]:
    """Return the key and the value of each word `KEY=VALUE`.

    Args:
        prefix: The table that the keys are in.

    Raises:
        UsageError: A word is not a setting.
    """
    from dynacli.commands.setting_keys import key_path, value_of

    settings = []
    for word in words:
        key, equals, text = word.partition("=")
        if not equals:
            raise UsageError(
                f"`{word}` sets nothing", hint="Write `KEY=VALUE`; `KEY=` without a value removes the key"
            )
        path = (*prefix, *key_path(key.strip()))
        settings.append((path, value_of(path, text.strip(), len(prefix))))
    return settings


def change_settings(run: Run, settings: Sequence[Setting]) -> None:
    """Write settings into the configuration; a value that is None removes its key.

    Raises:
        UsageError: An API is not registered, or what results cannot be used.
        DocumentError: A source is a file that is not there.
        RefusedError: They would change a policy, and no person agreed.
        FileError: The file cannot be changed.
    """
    configuration = Configuration(run.env)
    names = list(dict.fromkeys(path[1] for path, _ in settings if path[0] == "apis"))
    from dynacli.commands.registered_apis import check_registered

    registered = {path[1] for path, value in settings if path[2:] == ("source",) and value}
    for name in names:
        if name in registered:
            check_name(name)
        else:
            check_registered(run.env, name)
            configuration.check_own(name)
        check_policy_change(run, name, [path[2:] for path, _ in settings if path[:2] == ("apis", name)])
    if any(path[2:] == ("source",) and value is None for path, value in settings):
        raise UsageError("An API needs a `source`", hint=f"`{invocation('api remove', 'NAME')}` removes it")
    settings = [
        (path, _checked_source(value) if path[2:] == ("source",) else value) for path, value in settings
    ]
    before = configuration.tables()
    settings = [*settings, *_additions(run, settings)]
    configuration.set_values(settings, lambda text, tables: _check(run.env, before, text, tables))
    for name in dict.fromkeys(
        path[1] for path, _ in settings if path[0] == "apis" and "policy" in path[2:-1]
    ):
        _warn_of_policy(run, name)
    for name in registered & before.get("apis", {}).keys():  # a new one is read by its first use
        _warn_of_source(run, name)


def _checked_source(value: str) -> str:
    """Return a source as `api add` writes it.

    Raises:
        UsageError: It is neither a URL nor the path of a document.
        DocumentError: There is no such file.
    """
    from dynacli.commands.registered_apis import absolute_source
    from dynacli.openapi.document.fetch import read_file

    location = absolute_source(value)
    if not is_url(location):
        read_file(location)
    return location


def _warn_of_source(run: Run, name: str) -> None:
    """Warn if the new source of an API has no document that can be used; its server may run later."""
    try:
        run.open_apart(name, refresh=False, offline=run.options.offline).catalog.close()
    except DynacliError as error:
        reason = f": {error.reason}" if error.reason else ""
        run.warn(f"The document of `{name}` cannot be read now. {error.message}{reason}")


def _additions(run: Run, settings: Sequence[Setting]) -> list[Setting]:
    """Return the settings by which the first policy of an API, set without a person, frees it from no other policy.

    Its document may call the server of another API later.
    """
    from dynacli.client.call_settings import others_with_policy
    from dynacli.client.policy.policy_rules import ADDITIONAL

    if run.may_ask:
        return []
    names = dict.fromkeys(path[1] for path, _ in settings if path[0] == "apis" and path[2:3] == ("policy",))
    return [
        (("apis", name, "policy", ADDITIONAL), True)
        for name in names
        if others_with_policy(run.env, name, run.options.profile)
    ]


def _warn_of_policy(run: Run, name: str) -> None:
    """Write a warning about each entry of the policies of an API that means no operation of its document."""
    from dynacli.client.policy.policy_rules import unknown_in_entry

    entry, api = Configuration(run.env).registered(name) or {}, open_from_cache(name, run.env)
    if api is None:
        return  # the first use reads the document
    try:
        for note in unknown_in_entry(run.env, entry, api.catalog, name):
            run.warn(note)
    finally:
        api.catalog.close()


def check_policy_change(run: Run, name: str, paths: Sequence[tuple[str, ...]] | None = None) -> None:
    """Let a person agree if a policy that an API has is changed or removed; `--yes` does not respond this.

    Args:
        paths: The keys of its entry that are changed; None if the entry is removed.

    Raises:
        RefusedError: No one agreed.
    """
    from dynacli.client.policy.policy_rules import READS

    entry = Configuration(run.env).registered(name) or {}
    owners: dict[tuple[str, ...], Any] = {(): entry}
    owners |= {("profiles", key): profile for key, profile in profiles_in(entry).items()}
    changed = [
        owner
        for owner, table in owners.items()
        if paths is None or any(path[: len(owner) + 1] == (*owner, "policy") for path in paths)
        # One that is empty holds no one back; the first one takes the place of those of others.
        if table.get("policy")
        or ("policy" not in table and paths is not None and _is_bound(run.env, run.options, name, entry))
    ]
    # No other keys of a first policy allow anything: they are for a person to say.
    changed += [path[:-2] for path in paths or () if path[-2:] in {("policy", "apply"), ("policy", READS)}]
    if not changed:
        return
    if run.may_ask:
        from dynacli.commands.questions import agrees

        if agrees(run.env, f"Change the policy of `{name}`, which says which calls are allowed?"):
            return
        raise RefusedError.declined("Nothing was changed")
    place = ".".join(("apis", name, *changed[0], "policy"))
    raise RefusedError(
        f"The policy of `{name}` is not changed",
        reason=f"`[{place}]` says which calls are allowed, so only a person on a terminal changes it",
        hint=f"Edit it in `{Configuration(run.env).path}`",
    )


def _is_bound(env: Environment, options: Options, name: str, entry: Mapping[str, Any]) -> bool:
    """Return whether the policy of another API holds for one that has none."""
    from dynacli.client.call_settings import others_with_policy
    from dynacli.urls import origin_of

    def places(of: Mapping[str, Any]) -> set[str]:
        source = str(of.get("source", ""))
        return {source, *texts(of, "origins"), *([origin_of(source)] if is_url(source) else [])} - {""}

    others = others_with_policy(env, name, options.profile)
    if not others or any(places(entry) & places(other) for other in others.values()):
        return bool(others)
    api = open_from_cache(name, env)
    if api is None:
        return False  # it has no document yet
    from dynacli.client.policy.other_policies import OtherPolicies, documented_bases

    try:
        found = OtherPolicies(env, api, others, options.profile)
        server = str(entry.get("server", ""))
        bases = [*([server] if is_url(server) else []), *documented_bases(api)]
        return found.with_same_document(None) is not None or bool(found.rules_at(bases))
    except RefusedError:
        return True  # the document of one is not at hand, so no one can tell
    finally:
        api.catalog.close()


def _check(env: Environment, before: Mapping[str, Any], text: str, tables: Mapping[str, Any]) -> None:
    """Check that a change makes nothing of the configuration unusable; what was so before is not reason.

    Raises:
        UsageError: It does.
    """
    from dynacli.client.configuration_mistakes import mistakes_in

    known = set(mistakes_in(env, before))
    wrong = [mistake for mistake in mistakes_in(env, tables) if mistake not in known]
    if wrong:
        raise UsageError("Cannot set this value", reason=wrong[0].text(text))


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
    """Check that the keys of an exception that say where it holds have values that can be meant.

    Raises:
        UsageError: One has none.
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
    """Check that there are findings of a rule.

    Raises:
        UsageError: There are none.
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
    """Return the operation that words name as after an API: its name, after its tag, or a method and a path.

    Raises:
        UsageError: They name none.
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
    if rest and not is_path:
        raise UsageError(
            f"`{rest[0]}` is an unexpected argument", hint="Write `policy explain API OPERATION`"
        )
    return command.described
