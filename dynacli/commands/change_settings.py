"""Changes of the configuration by commands. Values are checked, and the user must confirm changes of a policy."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from dynacli.commands.run import Run
from dynacli.environment import Environment, invocation
from dynacli.errors import DynacliError, RefusedError, UsageError
from dynacli.files import is_url
from dynacli.options.standard_options import Options
from dynacli.registry.configuration import DEMO, Configuration, check_name, profiles_in, texts
from dynacli.registry.open_by_name import open_from_cache

Setting = tuple[tuple[str, ...], Any]


def settings_in(words: Sequence[str], prefix: tuple[str, ...] = ()) -> list[Setting]:
    """Return the key and the value of each argument `KEY=VALUE`.

    Args:
        prefix: Path of the table that contains the keys.

    Raises:
        UsageError: An argument is not `KEY=VALUE`, or the key or the value is invalid.
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
    """Write settings to the configuration. The value None removes a key.

    Raises:
        UsageError: An API is not registered, or the resulting configuration is invalid.
        DocumentError: The file of a source does not exist.
        RefusedError: The change affects a policy, and the user did not confirm it.
        FileError: The file cannot be changed.
    """
    configuration = Configuration(run.env)
    names = list(dict.fromkeys(path[1] for path, _ in settings if path[0] == "apis"))
    from dynacli.commands.registered_apis import check_registered

    registered = {path[1] for path, value in settings if path[2:] == ("source",) and value}
    for name in names:
        if name in registered:
            check_name(name)
        elif name != DEMO:
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
    for name in registered & before.get("apis", {}).keys():  # a new API is read on first use
        _warn_of_source(run, name)


def _checked_source(value: str) -> str:
    """Return a source as `api add` stores it.

    Raises:
        UsageError: The source is neither a URL nor the path of a document.
        DocumentError: The file does not exist.
    """
    from dynacli.commands.registered_apis import absolute_source
    from dynacli.openapi.document.fetch import read_file

    location = absolute_source(value)
    if not is_url(location):
        read_file(location)
    return location


def _warn_of_source(run: Run, name: str) -> None:
    """Warn if the document of a new source cannot be read. The server may be started later."""
    try:
        run.open_apart(name, refresh=False, offline=run.options.offline).catalog.close()
    except DynacliError as error:
        reason = f": {error.reason}" if error.reason else ""
        run.warn(f"The document of `{name}` cannot be read now. {error.message}{reason}")


def _additions(run: Run, settings: Sequence[Setting]) -> list[Setting]:
    """Return the settings that keep policies of other APIs in force when an API gets its first policy without a user.

    The document of the API may call the servers of those other APIs later.
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
    """Print a warning about each entry of an API's policies that matches no operation."""
    from dynacli.client.policy.policy_rules import unknown_in_entry

    entry, api = Configuration(run.env).registered(name) or {}, open_from_cache(name, run.env)
    if api is None:
        return  # the document is read on first use
    try:
        for note in unknown_in_entry(run.env, entry, api.catalog, name):
            run.warn(note)
    finally:
        api.catalog.close()


def check_policy_change(run: Run, name: str, paths: Sequence[tuple[str, ...]] | None = None) -> None:
    """Ask for confirmation before a policy changes or is removed. `--yes` does not confirm this.

    Args:
        paths: The keys of the API that change; None if the API is removed.

    Raises:
        RefusedError: The user did not confirm the change.
    """
    from dynacli.client.policy.policy_rules import READS

    entry = Configuration(run.env).registered(name) or {}
    owners: dict[tuple[str, ...], Any] = {(): entry}
    owners |= {("profiles", key): profile for key, profile in profiles_in(entry).items()}
    changed = [
        owner
        for owner, table in owners.items()
        if paths is None or any(path[: len(owner) + 1] == (*owner, "policy") for path in paths)
        # An empty policy restricts nothing. A first policy replaces the policies of other APIs with the same server.
        if table.get("policy")
        or ("policy" not in table and paths is not None and _is_bound(run.env, run.options, name, entry))
    ]
    # A first policy must not allow calls by `apply` or `reads`: only the user may allow these.
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
        reason=f"`[{place}]` says which calls are allowed, so only a user on a terminal can change it",
        hint=f"Edit it in `{Configuration(run.env).path}`",
    )


def _is_bound(env: Environment, options: Options, name: str, entry: Mapping[str, Any]) -> bool:
    """Return whether the policy of another API applies to an API without one."""
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
        return False  # the API has no document yet
    from dynacli.client.policy.other_policies import OtherPolicies, documented_bases

    try:
        found = OtherPolicies(env, api, others, options.profile)
        server = str(entry.get("server", ""))
        bases = [*([server] if is_url(server) else []), *documented_bases(api)]
        return found.with_same_document(None) is not None or bool(found.rules_at(bases))
    except RefusedError:
        return True  # a document is missing, so assume the stricter case
    finally:
        api.catalog.close()


def _check(env: Environment, before: Mapping[str, Any], text: str, tables: Mapping[str, Any]) -> None:
    """Check that a change adds no mistake to the configuration. Earlier mistakes are ignored.

    Raises:
        UsageError: The change adds a mistake.
    """
    from dynacli.client.configuration_mistakes import mistakes_in

    known = set(mistakes_in(env, before))
    wrong = [mistake for mistake in mistakes_in(env, tables) if mistake not in known]
    if wrong:
        raise UsageError("Cannot set this value", reason=wrong[0].text(text))
