"""Settings are written into `config.toml` one after the other, once all of them are known to be right."""

from collections.abc import Mapping, Sequence
from typing import Any

from dynacli.commands.run import Run
from dynacli.commands.verbs.config.setting_keys import key_path, value_of
from dynacli.environment import invocation
from dynacli.errors import RefusedError, UsageError
from dynacli.library.configuration.configuration import Configuration, check_name, profiles_in, texts
from dynacli.urls import origin_of

__all__ = ["change_settings", "check_policy_change", "settings_in"]

Setting = tuple[tuple[str, ...], Any]


def settings_in(words: Sequence[str], prefix: tuple[str, ...] = ()) -> list[Setting]:
    """Return the key and the value of each word `KEY=VALUE`.

    Args:
        prefix: The table that the keys are in.

    Raises:
        UsageError: A word is no setting.
    """
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
        RefusedError: They would change a policy, and no person agreed.
        FileError: The file cannot be changed.
    """
    configuration = Configuration(run.env)
    names = list(dict.fromkeys(path[1] for path, _ in settings if path[0] == "apis"))
    from dynacli.commands.verbs.api.registered_apis import check_registered

    registered = {path[1] for path, value in settings if path[2:] == ("source",) and value}
    for name in names:
        if name in registered:
            check_name(name)
        else:
            check_registered(run, name)
        check_policy_change(run, name, [path[2:] for path, _ in settings if path[:2] == ("apis", name)])
    if any(path[2:] == ("source",) and value is None for path, value in settings):
        raise UsageError(
            "An API cannot be without a `source`", hint=f"`{invocation('api remove', 'NAME')}` removes it"
        )
    before = configuration.tables()
    settings = [*settings, *_additions(run, settings)]
    configuration.set_values(settings, lambda text, tables: _check(run, before, text, tables))
    for name in dict.fromkeys(
        path[1] for path, _ in settings if path[0] == "apis" and "policy" in path[2:-1]
    ):
        _warn_of_policy(run, name)


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
    from dynacli.library.open_by_name import open_from_cache

    entry, api = Configuration(run.env).apis().get(name, {}), open_from_cache(name, run.env)
    if api is None:
        return  # the first use reads the document
    try:
        for note in unknown_in_entry(run.env, entry, api.catalog, name):
            run.warn(note)
    finally:
        api.catalog.close()


def check_policy_change(run: Run, name: str, paths: Sequence[tuple[str, ...]] | None = None) -> None:
    """Let a person agree where a policy that an API has is changed or removed; `--yes` does not answer this.

    Args:
        paths: The keys of its entry that are changed; None where the entry is removed.

    Raises:
        RefusedError: Nobody agreed.
    """
    entry = Configuration(run.env).apis().get(name, {})
    owners: dict[tuple[str, ...], Any] = {(): entry}
    owners |= {("profiles", key): profile for key, profile in profiles_in(entry).items()}
    changed = [
        owner
        for owner, table in owners.items()
        if paths is None or any(path[: len(owner) + 1] == (*owner, "policy") for path in paths)
        # One that is empty holds nobody back; the first one takes the place of those of others.
        if table.get("policy")
        or ("policy" not in table and paths is not None and _is_bound(run, name, entry))
    ]
    if not changed:
        return
    if run.may_ask:
        from dynacli.commands.questions import agrees

        if agrees(run.env, f"Change the policy of `{name}`, which says what may be called?"):
            return
        raise RefusedError("Nothing was changed", why="Nobody agreed to it")
    place = ".".join(("apis", name, *changed[0], "policy"))
    raise RefusedError(
        f"The policy of `{name}` is not changed",
        why=f"`[{place}]` says what may be called, so only a person on a terminal changes it",
        hint=f"Edit it in `{Configuration(run.env).path}`",
    )


def _is_bound(run: Run, name: str, entry: Mapping[str, Any]) -> bool:
    """Return whether the policy of another API holds for one that has none."""
    from dynacli.client.call_settings import others_with_policy
    from dynacli.library.open_by_name import open_from_cache

    def places(of: Mapping[str, Any]) -> set[str]:
        source = str(of.get("source", ""))
        return {source, *texts(of, "origins"), *([origin_of(source)] if "://" in source else [])} - {""}

    others = others_with_policy(run.env, name, run.options.profile)
    if not others or any(places(entry) & places(other) for other in others.values()):
        return bool(others)
    api = open_from_cache(name, run.env)
    if api is None:
        return False  # it has no document yet
    from dynacli.client.policy.other_policies import OtherPolicies, documented_bases

    try:
        found = OtherPolicies(run.env, api, others, run.options.profile)
        server = str(entry.get("server", ""))
        bases = [*([server] if "://" in server else []), *documented_bases(api)]
        return found.with_same_document(None) is not None or bool(found.rules_at(bases))
    except RefusedError:
        return True  # the document of one is not at hand, so nobody can tell
    finally:
        api.catalog.close()


def _check(run: Run, before: Mapping[str, Any], text: str, tables: Mapping[str, Any]) -> None:
    """Check that a change makes nothing of the configuration unusable; what was so before is no reason.

    Raises:
        UsageError: It does.
    """
    from dynacli.client.configuration_mistakes import mistakes_in

    known = set(mistakes_in(run.env, before))
    wrong = [mistake for mistake in mistakes_in(run.env, tables) if mistake not in known]
    if wrong:
        raise UsageError("That cannot be set", why=wrong[0].text(text))
