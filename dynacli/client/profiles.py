"""Profiles: named options of an API in the configuration (`[apis.NAME.profiles.PROFILE]`)."""

import re
from collections.abc import Iterable
from typing import Any

from dynacli.environment import Environment, invocation
from dynacli.errors import FileError, UsageError
from dynacli.openapi.model.wording import did_you_mean, listed_near, near_names
from dynacli.options.standard_options import OPTIONS_BY_KEY
from dynacli.registry.configuration import PAIRS, pairs_in
from dynacli.registry.opened_api import OpenedApi
from dynacli.secrets import SECRET_HEADERS, is_secret_name

PROFILE_KEYS = tuple(sorted(("auth", "ca", "policy", "success", *OPTIONS_BY_KEY)))
_NAMED = re.compile(r"`([^`]+)`")
_SIGNS = ("document", "always", "never")


def profile_of(env: Environment, api: OpenedApi, given: str) -> dict[str, Any]:
    """Return the requested profile; empty if a variable names one and the API is not registered.

    Args:
        given: Name that the caller gives; empty for the name in `DYNACLI_PROFILE`.

    Raises:
        UsageError: The profile does not exist.
        FileError: The profile is invalid.
    """
    name = given or env.setting("PROFILE")
    if not api.is_registered:
        if not given:
            return {}  # files, URLs and the demo API have no profiles, so the variable does not apply to them
        raise UsageError(
            f"There is no profile `{name}`",
            reason=f"`{api.name}` is not a registered API, and only those have profiles",
            hint=f"Register it with `{invocation('api add')}`, or leave out `--profile`",
        )
    profiles = api.entry.get("profiles", {})
    if not isinstance(profiles, dict):
        raise malformed(
            env,
            f"`profiles` of `{api.name}`",
            f"they must be tables, each `[apis.{api.name}.profiles.NAME]`",
            api.name,
        )
    if name not in profiles:
        from dynacli.registry.configuration import Configuration

        file = Configuration(env).file_name_of(api.name)
        near = near_names(name, sorted(profiles))
        listed = listed_near(name, sorted(profiles))
        raise UsageError(
            f"`{api.name}` has no profile `{name}`",
            reason=f"It has {listed}" if listed else "It has none",
            hint=did_you_mean(near, "Name one of them")
            if listed
            else f"Write `[apis.{api.name}.profiles.{name}]` in `{file}`",
            near=near or sorted(profiles),
        )
    profile = profiles[name]
    wrong = wrong_in_profile(profile)
    if wrong:
        place = ("apis", api.name, "profiles", name)
        raise malformed(env, f"the profile `{name}` of `{api.name}`", wrong, api.name, place)
    return _with_texts(profile)


def own_settings(env: Environment, api: OpenedApi, keys: Iterable[str]) -> dict[str, Any]:
    """Return the settings in the entry of an API, which profiles can override.

    Args:
        keys: Keys of profiles that are also allowed in the entry.

    Raises:
        FileError: The entry is invalid.
    """
    own = {key: api.entry[key] for key in keys if key in api.entry}
    wrong = wrong_in_profile(own)
    if wrong:
        raise malformed(env, f"the entry of `{api.name}`", wrong, api.name, ("apis", api.name))
    return _with_texts(own)


def _with_texts(table: dict[str, Any]) -> dict[str, Any]:
    return {**table, **{key: pairs_in(table, key) for key in PAIRS if key in table}}


def wrong_in_profile(profile: Any) -> str:
    """Return the first mistake in a profile, as a clause; empty if it is valid."""
    if not isinstance(profile, dict):
        return "it must be a table"
    unknown = sorted(profile.keys() - set(PROFILE_KEYS))
    if unknown:
        return (
            f"`{unknown[0]}` is not a known key. Known keys: {', '.join(f'`{key}`' for key in PROFILE_KEYS)}"
        )
    for key in PAIRS:
        table = profile.get(key, {})
        if not isinstance(table, dict):
            return f"`{key}` must be a table of strings"
        others = table.keys() - pairs_in(profile, key).keys()
        if others:
            return f"`{min(others)}` of `{key}` must be a string, a number, `true` or `false`"
    secret = [name for name in profile.get("headers", {}) if name.strip().lower() in SECRET_HEADERS]
    for name in (*secret, *filter(is_secret_name, profile.get("query", {}))):
        return f"`{name}` is a secret, which must not be stored here: see `{invocation('help auth')}`"
    server, timeout = profile.get("server", ""), profile.get("timeout", 1)
    if isinstance(server, bool) or not isinstance(server, str | int):
        return "`server` must be a URL, or the index, name or description of one of the document's"
    if isinstance(timeout, bool) or not isinstance(timeout, int | float):
        return "`timeout` must be a number of seconds"
    retries, rate = profile.get("retries", 0), profile.get("rate", "")
    if isinstance(retries, bool) or not isinstance(retries, int) or retries < 0:
        return "`retries` must be a number, at least 0"
    if not isinstance(rate, str):
        return '`rate` must be a string such as `"5/s"`'
    if "auth" in profile and (wrong := _what_is_wrong_with_auth(profile["auth"])):
        return wrong
    if profile.get("http_version", "2") not in ("1.1", "2"):
        return '`http_version` must be `"1.1"` or `"2"`'
    if not isinstance(profile.get("cache", ""), str):
        return '`cache` must be a string such as `"10m"`'
    if not isinstance(profile.get("output", ""), str):
        return "`output` must be the name of an output format"
    if not isinstance(profile.get("success", ""), str):
        return '`success` must be a JMESPath expression such as "code == `0`"'
    ca = profile.get("ca", "ca.pem")
    if not isinstance(ca, str) or not ca:
        return "`ca` must be the name of a file"
    return ""


def key_named_in(place: tuple[str, ...], reason: str) -> tuple[str, ...]:
    """Return the key that a clause is about, if it names one: `` `token` of `auth.bearer` is ... ``.

    Args:
        place: Key of the table that the clause is about.
    """
    names = _NAMED.findall(reason)
    if len(names) > 1 and f"`{names[0]}` of `{names[1]}`" in reason:
        return (*place, *names[1].split(".", 1), names[0])
    return (*place, names[0]) if names else place


def _what_is_wrong_with_auth(auth: Any) -> str:
    listed = ", ".join(f"`{word}`" for word in _SIGNS)
    if isinstance(auth, str):
        return "" if auth in _SIGNS else f"`auth` must be one of {listed}, or a table"
    if not isinstance(auth, dict):
        return f"`auth` must be one of {listed}, or a table"
    for scheme, table in auth.items():
        if scheme == "when" and isinstance(table, str):
            if table not in _SIGNS:
                return f"`when` of `auth` must be one of {listed}"
        elif not isinstance(table, dict):
            return f"`{scheme}` of `auth` must be a table: see `{invocation('help auth-config')}`"
        else:
            from dynacli.auth.references import what_is_wrong_with

            if wrong := what_is_wrong_with(scheme, table):
                return wrong
    return ""


def signing_of(*entries: Any) -> dict[str, Any]:
    """Return when calls are signed, and security scheme → its table in the configuration.

    Args:
        entries: Values of `auth` in the API's entry and in its profile, or None. The last one wins.
    """
    signs, tables = "", dict[str, dict[str, Any]]()
    for auth in entries:
        if isinstance(auth, str):
            signs = auth
        elif isinstance(auth, dict):
            signs = auth["when"] if isinstance(auth.get("when"), str) else signs
            for scheme, table in auth.items():
                if isinstance(table, dict):
                    tables[scheme] = {**tables.get(scheme, {}), **table}
    return {"signs": signs, "auth_tables": tables}


def malformed(env: Environment, part: str, reason: str, api: str, place: tuple[str, ...] = ()) -> FileError:
    """Return the error for an invalid part of the configuration.

    Args:
        part: The part, as messages name it.
        api: API whose entry has it.
        place: Key of the part. The error gives the line of the key that `reason` names.
    """
    from dynacli.registry.configuration import Configuration

    configuration = Configuration(env)
    path = configuration.path_of(api)
    if place:
        from dynacli.registry.configuration_text import (
            nearest_line,
        )  # imported late, because it imports tomlkit

        line = nearest_line(configuration.text_of(api), key_named_in(place, reason))
        reason = reason if line is None else f"line {line}: {reason}"
    return FileError(
        f"{part[:1].upper()}{part[1:]} in the configuration cannot be used",
        reason=reason,
        hint=f"Fix it in `{path}`",
    )
