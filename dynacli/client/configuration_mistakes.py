"""Mistakes in the configuration. All of it is checked here, while a run reads only the parts that it needs."""

from collections.abc import Callable, Iterator, Mapping
from difflib import get_close_matches
from shlex import split
from typing import Any, NamedTuple

from dynacli.client.call_settings import LEVELS, cache_of, retries_of, seconds_of
from dynacli.client.pages.decide_rule import what_is_wrong_with_rule
from dynacli.client.policy.policy_rules import rules_of
from dynacli.client.profiles import PROFILE_KEYS, key_named_in, wrong_in_profile
from dynacli.environment import Environment, program
from dynacli.errors import FileError, UsageError
from dynacli.http.rate_limit import rate_of
from dynacli.openapi.model.resources import what_is_wrong_with_override
from dynacli.openapi.model.wording import did_you_mean, in_backticks
from dynacli.options.standard_options import OPTIONS_BY_NAME
from dynacli.registry.configuration import DEMO, check_name, is_alias, pairs_in
from dynacli.registry.configuration_text import nearest_line
from dynacli.registry.record_call import HISTORY_MODES
from dynacli.registry.revisions.housekeeping import bytes_of
from dynacli.registry.revisions.revisions import MODES, lifetime_of
from dynacli.request.build_request import check_header
from dynacli.request.choose_server import choose_server, parse_origin
from dynacli.text.filter_value import check_filter
from dynacli.validation.finding_rules import BadIgnoreError, ignores_of

_LISTS = ("allow_refs", "more", "origins", "overlays")
_TEXTS = ("document_login", "pin", "source")
_OWN = ("aliases", "ignore", "pages", "profiles", "refresh", "refresh_after", "resources")
_ENTRY_KEYS = (*PROFILE_KEYS, *_LISTS, *_OWN, *_TEXTS)
_MEANT = {"credential": "auth", "credentials": "auth", "authentication": "auth", "url": "source"}
"""Key that users may expect → the key that dynacli has instead."""
_PARSERS: Mapping[str, Callable[[str], object]] = {
    "rate": rate_of,
    "retries": retries_of,
    "server": lambda server: "://" in server and "{" not in server and choose_server((), "", server),
    "success": lambda text: check_filter(text, "the text"),
    "timeout": seconds_of,
}
"""Key of an API or a profile → function that parses its value."""

KeyPath = tuple[str, ...]


class Mistake(NamedTuple):
    """An invalid part of the configuration.

    Args:
        path: Its key, from the top of the file.
        reason: The mistake, as a clause.
    """

    path: KeyPath
    reason: str

    def text(self, content: str) -> str:
        """Return the mistake with its line in the file.

        Args:
            content: Text of the file.
        """
        line = nearest_line(content, self.path)
        return self.reason if line is None else f"line {line}: {self.reason}"


def mistakes_in(env: Environment, tables: Mapping[str, Any]) -> Iterator[Mistake]:
    """Yield the mistakes in a configuration, in the order of its tables.

    Args:
        tables: Content of the file.
    """
    yield from _unknown_keys((), tables, ("apis", "cache", "cache_limit", "history", "output"))
    if "history" in tables and tables["history"] not in HISTORY_MODES:
        yield Mistake(("history",), f"`history` must be one of {in_backticks(HISTORY_MODES)}")
    if "output" in tables and tables["output"] not in OPTIONS_BY_NAME["output"].values:
        words = in_backticks(OPTIONS_BY_NAME["output"].values)
        yield Mistake(("output",), f"`output` must be one of {words}")
    cache = tables.get("cache", {})
    if not isinstance(cache, dict):
        yield Mistake(("cache",), "`cache` must be a table")
    else:
        yield from _unknown_keys(("cache",), cache, ("limit",))
        if "limit" in cache and bytes_of(cache["limit"]) is None:
            yield Mistake(("cache", "limit"), '`limit` must be a size, for example `"500 MiB"`')
    if "cache_limit" in tables and bytes_of(tables["cache_limit"]) is None:
        yield Mistake(("cache_limit",), '`cache_limit` must be a size, for example `"64 MiB"`')
    apis = tables.get("apis", {})
    if not isinstance(apis, dict):
        yield Mistake(("apis",), "`apis` must be a table, with a table for each API: `[apis.NAME]`")
        return
    for name, entry in apis.items():
        if isinstance(entry, dict):
            yield from _in_entry(env, name, entry)
        else:
            yield Mistake(("apis", name), f"`{name}` must be a table: `[apis.{name}]`")


def _in_entry(env: Environment, name: str, entry: Mapping[str, Any]) -> Iterator[Mistake]:
    path = ("apis", name)
    if name == DEMO:
        yield from _unknown_keys(path, entry, ("aliases",))
        yield from _in_aliases((*path, "aliases"), entry.get("aliases", {}))
        return
    try:
        check_name(name)
    except UsageError as error:
        yield Mistake(path, error.reason or error.message)
    if "source" not in entry and name != program().api:
        yield Mistake(path, f"`{name}` has no `source`, the file or URL of its document")
    yield from _unknown_keys(path, entry, _ENTRY_KEYS)
    for key in _TEXTS:
        if not isinstance(entry.get(key, ""), str):
            yield Mistake((*path, key), f"`{key}` must be a string")
    for key in _LISTS:
        yield from _in_list((*path, key), entry.get(key, []))
    if "refresh" in entry and entry["refresh"] not in MODES:
        yield Mistake((*path, "refresh"), f"`refresh` must be one of {in_backticks(MODES)}")
    if "refresh_after" in entry and lifetime_of(entry) is None:
        yield Mistake(
            (*path, "refresh_after"), '`refresh_after` must be a time such as `"12h"` or `"7d"`, or seconds'
        )
    yield from _in_pages((*path, "pages"), entry.get("pages", {}))
    yield from _in_resources((*path, "resources"), entry.get("resources", {}))
    yield from _in_aliases((*path, "aliases"), entry.get("aliases", {}))
    try:
        ignores_of(entry.get("ignore", []))
    except BadIgnoreError as error:
        yield Mistake((*path, "ignore"), f"`ignore`: {error}")
    yield from _in_table(env, path, {key: entry[key] for key in PROFILE_KEYS if key in entry})
    profiles = entry.get("profiles", {})
    if not isinstance(profiles, dict):
        yield Mistake(
            (*path, "profiles"), f"`profiles` must be tables, each `[apis.{name}.profiles.PROFILE]`"
        )
        return
    for profile, table in profiles.items():
        yield from _in_table(env, (*path, "profiles", profile), table)


def _in_table(env: Environment, path: KeyPath, table: Any) -> Iterator[Mistake]:
    """Yield the mistakes in the keys that entries of APIs and profiles share."""
    if not isinstance(table, dict):
        yield Mistake(path, f"`{'.'.join(path)}` must be a table")
        return
    wrong = wrong_in_profile(table)
    if wrong:
        yield Mistake(key_named_in(path, wrong), wrong)
    else:
        yield from _unreadable_values(path, table)
    for key, words in (("validate", LEVELS), ("output", OPTIONS_BY_NAME["output"].values)):
        if key in table and table[key] not in words:
            yield Mistake((*path, key), f"`{key}` must be one of {in_backticks(words)}")
    if isinstance(table.get("cache"), str):
        try:
            cache_of(table["cache"])
        except UsageError as error:
            yield Mistake((*path, "cache"), f"`cache`: {error.reason}")
    if "policy" in table:
        try:
            rules_of(env, table["policy"], ".".join((*path, "policy")))
        except FileError as error:
            yield Mistake(key_named_in((*path, "policy"), error.reason), f"`policy`: {error.reason}")


def _unreadable_values(path: KeyPath, table: Mapping[str, Any]) -> Iterator[Mistake]:
    """Yield settings with the right type and an invalid value."""
    for key in _PARSERS.keys() & table.keys():
        try:
            _PARSERS[key](str(table[key]))
        except UsageError as error:
            why = f"{error.message}: {error.reason}" if error.reason else error.message
            yield Mistake((*path, key), f"`{key}`: {why}. {error.hint}")
    for name, value in pairs_in(table, "headers").items():
        try:
            check_header(name, value)
        except UsageError as error:
            yield Mistake((*path, "headers", name), f"`headers`: {error.message}")


def _in_list(path: KeyPath, values: Any) -> Iterator[Mistake]:
    key = path[-1]
    if not isinstance(values, list) or not all(isinstance(value, str) for value in values):
        yield Mistake(path, f"`{key}` must be a list of strings")
        return
    checks: dict[str, Callable[[str], object]] = {
        "origins": parse_origin,
        "allow_refs": lambda word: "://" in word and parse_origin(word),
    }
    for value in values:
        try:
            checks.get(key, str)(value)
        except UsageError:
            yield Mistake(
                path, f"`{key}` has `{value}`, which is not an origin such as `https://api.example.com`"
            )


def _in_pages(path: KeyPath, tables: Any) -> Iterator[Mistake]:
    if not isinstance(tables, dict):
        yield Mistake(path, "`pages` must be tables, each `[apis.NAME.pages.OPERATION]`")
        return
    for operation, table in tables.items():
        wrong = what_is_wrong_with_rule(table)
        if wrong:
            yield Mistake((*path, operation), f"`pages.{operation}`: {wrong}")


def _in_resources(path: KeyPath, tables: Any) -> Iterator[Mistake]:
    is_table = isinstance(tables, dict)
    for name, table in tables.items() if is_table else ():
        if not isinstance(table, dict):
            is_table = False
            continue
        for key, value in table.items():
            wrong = what_is_wrong_with_override(key, value)
            if wrong:
                yield Mistake((*path, name, key), f"`resources.{name}`: {wrong}")
    if not is_table:
        yield Mistake(path, "`resources` must be tables, each `[apis.NAME.resources.RESOURCE]`")


def _in_aliases(path: KeyPath, table: Any) -> Iterator[Mistake]:
    if not isinstance(table, dict):
        yield Mistake(path, f"`aliases` must be a table: `[apis.{path[1]}.aliases]`")
        return
    for name, line in table.items():
        if not is_alias(name):
            yield Mistake(
                (*path, name),
                f"`{name}` cannot be the name of an alias, which has lower-case letters, digits, `-` and `_`",
            )
        elif not isinstance(line, str) or not line.strip():
            yield Mistake((*path, name), f"`aliases.{name}` must be the arguments of a call, as a string")
        else:
            try:
                split(line)
            except ValueError as error:
                yield Mistake((*path, name), f"`aliases.{name}` cannot be read: {error}")


def _unknown_keys(path: KeyPath, table: Mapping[str, Any], known: tuple[str, ...]) -> Iterator[Mistake]:
    for key in table:
        if key not in known:
            meant = _MEANT.get(key.lower(), "")
            near = [meant] if meant in known else get_close_matches(key, known, 1, 0.6)
            more = f". {did_you_mean(near)}" if near else f". Known keys: {in_backticks(sorted(known))}"
            yield Mistake((*path, key), f"`{key}` is not a known key{more}")
