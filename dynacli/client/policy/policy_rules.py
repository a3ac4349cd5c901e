"""The policy of an API or a profile in the configuration, and its decisions on operations.

| key | meaning |
|---|---|
| `deny` | these operations are never called |
| `allow` | if the list exists, other operations are not called |
| `read_only = true` | operations that may change data are not called |
| `confirm` | the user confirms each call, or gives `--yes` |
| `reads` | GET and POST operations that count as read-only |
| `apply = "agent"` | agents may apply plans; calls are not affected |

The first matching row wins, whether it is in the table of the API or of a profile.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from fnmatch import fnmatchcase
from itertools import chain
from typing import Any, NamedTuple

from dynacli.client.profiles import malformed
from dynacli.client.readings import (
    Sent,
    is_path_of,
    methods_in,
    operations_with_methods,
    path_steps_of,
    possible_operations_at,
)
from dynacli.environment import Environment
from dynacli.errors import FileError
from dynacli.http.semantics import SAFE_METHODS
from dynacli.openapi.catalog.catalog_file import Catalog
from dynacli.openapi.model.acting_names import NAMED_METHODS, is_reading
from dynacli.openapi.model.kebab_names import is_tag_meant, kebab
from dynacli.openapi.model.operation import Operation, OperationSummary
from dynacli.openapi.model.path_templates import path_template
from dynacli.record import record, replace
from dynacli.registry.configuration import profiles_in

ALLOWED, CONFIRMED, DENIED = "allowed", "confirmed", "denied"
"""Effects of a decision: the call is made, made after confirmation, or not made."""
READS = "reads"
"""Key of the operations that are read-only, although their methods or names suggest a change."""
_LISTS = ("allow", "confirm", "deny", READS)
READ_ONLY = "read_only"
ADDITIONAL = "additional"
"""Key of a policy that applies in addition to those of other APIs. dynacli sets it if no user is present."""
_BAKED = "policies"
_EXACT = frozenset({"allow", READS})
"""Lists that allow operations. Ambiguous entries do not match them."""
_APPLY, _AGENT, _PERSON = "apply", "agent", "person"
_TAG = "tag:"
_NOTHING: Mapping[str, str] = {}
_WILD = frozenset("*?[")
_HEAD, _GET, _OPTIONS, _POST = "HEAD", "GET", "OPTIONS", "POST"
LISTED_METHODS = frozenset({_GET, _HEAD, _POST})
"""Methods of operations that `reads` may list."""
_METHODS = frozenset({*SAFE_METHODS, "POST", "PUT", "PATCH", "DELETE", "CONNECT"})


@record
class Rules:
    """A table of a policy.

    Args:
        place: Header of the table in the configuration, without brackets.
        allow: Entries of `allow`; None if the list is missing, so that everything is allowed.
        confirm: Entries of `confirm`.
        deny: Entries of `deny`.
        reads: Entries of `reads`.
        is_read_only: True if operations that may change data are not called.
        applied_by: `agent` if agents may apply plans, too, or `person`; empty if the key is missing.
    """

    place: str
    allow: tuple[str, ...] | None = None
    confirm: tuple[str, ...] = ()
    deny: tuple[str, ...] = ()
    reads: tuple[str, ...] = ()
    is_read_only: bool = False
    applied_by: str = ""

    def as_table(self) -> dict[str, Any]:
        """Return the rules as a table of the configuration."""
        table = {"allow": self.allow, "confirm": self.confirm, "deny": self.deny, READS: self.reads}
        lists = {key: list(entries) for key, entries in table.items() if entries is not None}
        applied = {_APPLY: self.applied_by} if self.applied_by else {}
        return {**lists, READ_ONLY: self.is_read_only, **applied}

    def words(self) -> Iterator[tuple[str, str]]:
        """Yield (list, entry) for each entry of the lists."""
        lists = {"deny": self.deny, "allow": self.allow or (), "confirm": self.confirm, READS: self.reads}
        for key, entries in lists.items():
            yield from ((key, entry) for entry in entries)


@record
class Policy:
    """The rules for calls of an API.

    Args:
        tables: Tables of the API, then of the profile.
    """

    tables: tuple[Rules, ...]

    @property
    def lets_agents_apply(self) -> bool:
        """True if agents may apply plans: at least one table allows it, and none disagrees."""
        return {rules.applied_by for rules in self.tables} - {""} == {_AGENT}

    @property
    def names_operations(self) -> bool:
        """True if an entry is more specific than a method."""
        return any(entry not in _METHODS for rules in self.tables for _, entry in rules.words())

    @classmethod
    def of(
        cls,
        env: Environment,
        name: str,
        entry: Mapping[str, Any],
        profile: Mapping[str, Any],
        profile_name: str,
    ) -> Policy | None:
        """Return the policy of an API and a profile; None if neither has one.

        Args:
            name: Name of the API.
            entry: Entry of the API in the configuration.

        Raises:
            FileError: A table is invalid. Then no operation is called.
        """
        places = ((entry, f"apis.{name}"), (profile, f"apis.{name}.profiles.{profile_name}"))
        tables = [
            rules_of(env, table["policy"], f"{place}.policy") for table, place in places if "policy" in table
        ]
        # Tables that `bake` has included. The configuration cannot replace them.
        tables += [rules_of(env, table, f"apis.{name}.{_BAKED}") for table in entry.get(_BAKED, ())]
        return cls(tuple(tables)) if tables else None


class Decision(NamedTuple):
    """The decision of a policy on an operation.

    Args:
        effect: `ALLOWED`, `CONFIRMED` or `DENIED`.
        place: Deciding table, as in `Rules.place`; empty if no table has a rule.
        key: Deciding list or key of the table.
        word: Matching entry of the list; empty if none matches or if `key` is not a list.
        other: Documented operation that the rule is for, if a server may take the request for that operation.
        override: Further method and its source, if the rule is for another method; else empty.
    """

    effect: str
    place: str = ""
    key: str = ""
    word: str = ""
    other: str = ""
    override: str = ""

    @property
    def path(self) -> tuple[str, ...]:
        """Path to the deciding key in the configuration."""
        _, name, *rest = self.place.removesuffix(".policy").split(".", 3)
        return ("apis", name, *rest, "policy", self.key)

    @property
    def reason(self) -> str:
        """The deciding rule, as a sentence without its period."""
        if not self.place:
            return "No policy has a rule for it"
        if self.key == READ_ONLY:
            reason = f"`[{self.place}]` has `read_only = true`, and the operation may change data"
        elif self.word:
            reason = f"`{self.key}` of `[{self.place}]` has `{self.word}`"
        else:
            reason = f"`{self.key}` of `[{self.place}]` does not include it"
        if self.other:
            reason += f", which matches `{self.other}`; the server may take the request for that operation"
        return f"{reason}; {self.override}" if self.override else reason


def rules_of(env: Environment, table: Any, place: str) -> Rules:
    """Return the rules of a table in the configuration.

    Args:
        place: Header of the table, without brackets.

    Raises:
        FileError: The table is invalid.
    """

    def wrong(reason: str) -> FileError:
        return malformed(env, f"`[{place}]`", reason, place.split(".")[1])

    if not isinstance(table, dict):
        raise wrong(f"it must be a table: `[{place}]`, with {_listed_keys()}")
    for key, value in table.items():
        if key in {READ_ONLY, ADDITIONAL}:
            if not isinstance(value, bool):
                raise wrong(f"`{key}` must be `true` or `false`")
        elif key == _APPLY:
            if value not in (_AGENT, _PERSON):
                raise wrong(f'`{key}` must be `"{_AGENT}"` or `"{_PERSON}"`')
        elif key not in _LISTS:
            raise wrong(f"`{key}` is not a known key. Known keys: {_listed_keys()}")
        elif not isinstance(value, list) or not all(isinstance(entry, str) for entry in value):
            raise wrong(
                f'`{key}` must be a list of strings, for example `{key} = ["DELETE", "tag:admin", "delete-*"]`'
            )
        elif any(not entry.removeprefix(_TAG).strip() for entry in value):
            raise wrong(f"`{key}` has an empty string")
        elif key == READS and any(entry.upper() in _METHODS for entry in value):
            raise wrong(f"`{key}` must list operations and tags, not methods")
    return Rules(
        place,
        tuple(table["allow"]) if "allow" in table else None,
        tuple(table.get("confirm", ())),
        tuple(table.get("deny", ())),
        tuple(table.get(READS, ())),
        table.get(READ_ONLY, False),
        table.get(_APPLY, ""),
    )


def stands_alone(entry: Mapping[str, Any]) -> bool:
    """Return whether an API has its own policy, which replaces those of other APIs with the same server."""
    policy = entry.get("policy")
    return "policy" in entry and not (isinstance(policy, dict) and policy.get(ADDITIONAL))


def _listed_keys() -> str:
    return "`allow`, `confirm`, `deny`, `read_only`, `reads`, `additional` and `apply`"


def only_reads(
    policy: Policy | None,
    catalog: Catalog,
    operation: Operation | OperationSummary,
    *,
    is_documented: bool = True,
    sent: Sent | None = None,
) -> bool:
    """Return whether a call is read-only, by its method and name or because `reads` lists the operation.

    With `reads`, all operations must be listed for which a server may take the request.

    Args:
        policy: The policy; None if the configuration has none.
        catalog: The document.
        is_documented: True if the document has the operation.
        sent: Paths and values of the request; None before it is built.
    """
    method = operation.method.upper()
    meant: list[Operation | OperationSummary] = [operation]
    if method in NAMED_METHODS:
        # A value or another spelling may lead to another GET operation: `get-pad deleteAll`.
        others = possible_operations_at(catalog, _GET, sent.paths, sent.values) if sent is not None else []
        meant = [item for item in others if not is_reading(item)]
        meant += [] if is_reading(operation, is_documented=is_documented) else [operation]
        if not meant:
            return True
    elif method in SAFE_METHODS:
        return True
    entries = [entry for rules in policy.tables for entry in rules.reads] if policy is not None else []
    if not entries or method not in LISTED_METHODS or not is_documented:
        return False
    if sent is not None and method == _POST:
        fitting = {path: possible_operations_at(catalog, method, (path,), sent.values) for path in sent.paths}
        known = tuple(path for path, found in fitting.items() if found)
        # Paths below a shorter base URL end with a known path. Any other path comes from a header or a field.
        ends = tuple(path for path in known if path.strip("/"))
        if not known or not all(path in known or path.endswith(ends) for path in fitting):
            return False
        meant += chain.from_iterable(fitting.values())
    return all(any(_matches(entry, catalog, item, method) for entry in entries) for item in meant)


def decide(
    policy: Policy,
    catalog: Catalog,
    operation: Operation | OperationSummary,
    *,
    methods: Mapping[str, str] = _NOTHING,
    is_documented: bool = True,
    sent: Sent | None = None,
) -> Decision:
    """Return the decision on an operation, and on all operations for which a server may take its request.

    Args:
        catalog: The document.
        methods: Further method that the server may execute → source of that method in the request.
        is_documented: True if the document has the operation. If it has not, the path may be another spelling of a
            documented one. So what is denied or confirmed for any operation of its method applies, too.
        sent: Paths and values of the request; None before it is built.
    """
    own = operation.method.upper()  # many servers ignore the case of methods
    reads = only_reads(policy, catalog, operation, is_documented=is_documented, sent=sent)
    decisions = list(_matches_operation(policy, catalog, operation, own, reads=reads))
    if not policy.names_operations and not methods and own != _HEAD:
        return strictest(decisions)
    paths, values = (sent.paths, sent.values) if sent is not None else ((operation.path,), None)
    for path in paths:
        # Entries with a path apply to the sent path. Patterns of names do not.
        readings = _readings(policy, catalog, [_unnamed_operation(own, path)], own, "", is_in_doubt=True)
        decisions += [reading for reading in readings if " /" in reading.word]
    steps = [path_steps_of(path) for path in paths]
    is_clear = is_documented and None not in steps
    if not is_documented and own != _OPTIONS:
        # Many servers run the same code for all methods, or treat unknown methods as GET.
        known = possible_operations_at(catalog, _GET if own == _HEAD else own, paths, values)
        if not known:
            methods_there = methods_in(catalog)
            alike = [
                summary
                for method in methods_there
                for summary in possible_operations_at(catalog, method, paths, values)
            ]
            if own not in _METHODS:
                alike = alike or operations_with_methods(catalog, methods_there)
            reason = f"the document does not have {own} there"
            decisions += _readings(policy, catalog, alike, own, reason, is_in_doubt=True)
    if is_documented and sent is not None:
        fitting = possible_operations_at(catalog, own, paths, values)
        is_among = any(summary.name == operation.name for summary in fitting)
        decisions += _readings(policy, catalog, fitting, own, "", is_in_doubt=is_among, reads=reads)
        depth = len(path_steps_of(operation.path) or ())
        if not fitting and any(step is not None and len(step) < depth for step in steps):
            # An empty value makes the path shorter, so that no documented operation fits.
            decisions += _readings(policy, catalog, [_unnamed_operation(own, operation.path)], own, "")
    asked = {method.upper(): f"{source} asks for {method.upper()}" for method, source in methods.items()}
    asked.pop(own, None)
    if own == _HEAD:
        asked.setdefault(_GET, f"servers handle {_HEAD} like {_GET}")
    for method, reason in asked.items():
        is_like = method == _GET and _GET not in map(str.upper, methods)
        meant: Sequence[Operation | OperationSummary] = possible_operations_at(catalog, method, paths, values)
        meant = meant or [_unnamed_operation(method, path) for path in paths]
        decisions += _readings(policy, catalog, meant, method, reason, is_in_doubt=is_like)
    if not is_clear:
        for summary in operations_with_methods(catalog, {own, *asked}):
            decisions += _readings(
                policy,
                catalog,
                [summary],
                summary.method.upper(),
                asked.get(summary.method, ""),
                is_in_doubt=True,
            )
    return strictest(decisions)


def _unnamed_operation(method: str, path: str) -> Operation:
    return Operation(f"{method} {path}", "", method, path)


def _readings(
    policy: Policy,
    catalog: Catalog,
    operations: Iterable[Operation | OperationSummary],
    method: str,
    reason: str,
    *,
    is_in_doubt: bool = False,
    reads: bool = False,
) -> Iterator[Decision]:
    """Yield the decisions on operations for which a server may take a request.

    Args:
        reason: Source of the method; empty for the method of the request itself.
        is_in_doubt: True to yield only denials and confirmations by an entry, not a missing entry of `allow`.
        reads: As in `_matches_operation`.
    """
    for operation in operations:
        for match in _matches_operation(policy, catalog, operation, method, reads=reads):
            if not is_in_doubt or match.key in {"confirm", "deny"}:
                other = operation.name if isinstance(operation, OperationSummary) else ""
                yield match._replace(other=other, override=reason)


def strictest(decisions: Iterable[Decision]) -> Decision:
    """Return the strictest decision; allowed if there is none."""
    order = (DENIED, CONFIRMED, ALLOWED)
    return min(decisions, key=lambda decision: order.index(decision.effect), default=Decision(ALLOWED))


def _matches_operation(
    policy: Policy,
    catalog: Catalog,
    operation: Operation | OperationSummary,
    method: str,
    *,
    reads: bool = False,
) -> Iterator[Decision]:
    """Yield the decisions of each table on an operation and a method, the strictest of each table first.

    Args:
        reads: True if the operation counts as read-only.
    """
    for rules in policy.tables:
        for entry in rules.deny:
            if _matches(entry, catalog, operation, method, is_strict=True):
                yield Decision(DENIED, rules.place, "deny", entry)
        allowing = next(
            (entry for entry in rules.allow or () if _matches(entry, catalog, operation, method)), None
        )
        if rules.allow is not None and allowing is None:
            yield Decision(DENIED, rules.place, "allow")
        if rules.is_read_only and not (reads or is_reading(operation, method)):
            yield Decision(DENIED, rules.place, READ_ONLY)
        for entry in rules.confirm:
            if _matches(entry, catalog, operation, method, is_strict=True):
                yield Decision(CONFIRMED, rules.place, "confirm", entry)
        if allowing is not None:
            yield Decision(ALLOWED, rules.place, "allow", allowing)


def _matches(
    entry: str,
    catalog: Catalog,
    operation: Operation | OperationSummary,
    method: str,
    *,
    is_strict: bool = False,
) -> bool:
    """Return whether an entry of a list matches an operation.

    Args:
        is_strict: True for lists that restrict. Then an entry may also be a method in lower case, or a tag without
            `tag:`. Ambiguous entries restrict, but allow nothing.
    """
    if entry == method or (is_strict and entry.upper() == method):
        return True
    if is_strict and any(entry == tag or kebab(entry) == kebab(tag) for tag in operation.tags):
        return True
    if entry.startswith(_TAG):
        pattern = entry.removeprefix(_TAG)
        return any(is_tag_meant(pattern, tag) for tag in operation.tags)
    if " /" in entry:
        return _matches_path(entry, operation, method, is_strict=is_strict)
    names = {operation.name, operation.operation_id}
    if _WILD.isdisjoint(entry):
        return entry in names or catalog.find(entry) == operation.name
    return any(fnmatchcase(name, entry) for name in names if name)


def _matches_path(
    entry: str, operation: Operation | OperationSummary, method: str, *, is_strict: bool
) -> bool:
    """Return whether `METHOD /path` matches an operation; if strict, in all spellings of the path."""
    named, _, path = entry.partition(" ")
    if named != method:
        return False
    return (
        is_path_of(path, operation.path)
        if is_strict
        else path_template(path) == path_template(operation.path)
    )


def with_paths(
    rules: Rules, catalog: Catalog, paths_of: Callable[[OperationSummary], Iterable[str]]
) -> Rules:
    """Return rules for paths of another document, from rules for the operations of this document.

    Args:
        paths_of: Returns the paths of an operation in the other document.
    """
    summaries = catalog.summaries()

    def lines(entry: str, *, is_strict: bool) -> list[str]:
        return [
            f"{summary.method} {path}"
            for summary in summaries
            if _matches(entry, catalog, summary, "", is_strict=is_strict)
            for path in paths_of(summary)
        ]

    def strict(entries: Iterable[str]) -> tuple[str, ...]:
        return tuple(
            dict.fromkeys(line for entry in entries for line in (entry, *lines(entry, is_strict=True)))
        )

    def exact(entries: Iterable[str]) -> tuple[str, ...]:
        # A name could belong to another operation there.
        return tuple(dict.fromkeys(line for entry in entries for line in lines(entry, is_strict=False)))

    allow = None
    if rules.allow is not None:
        allow = (*(entry for entry in rules.allow if entry in _METHODS), *exact(rules.allow))
    confirm, deny = strict(rules.confirm), strict(rules.deny)
    return replace(rules, allow=allow, confirm=confirm, deny=deny, reads=exact(rules.reads))


def unknown_words(policy: Policy, catalog: Catalog) -> list[tuple[str, str, str]]:
    """Return (place, list, entry) for each entry that matches no operation of a document and is not a method."""
    return [
        (rules.place, key, entry)
        for rules in policy.tables
        if not rules.place.endswith(f".{_BAKED}")  # these entries are for another API
        for key, entry in rules.words()
        if entry.upper() not in _METHODS and not _is_known(entry, key, catalog)
    ]


def _is_known(entry: str, key: str, catalog: Catalog) -> bool:
    """Return whether an entry matches an operation. All operations are read only for a pattern or a path."""
    if catalog.find(entry) is not None:
        return True
    is_tag = entry.startswith(_TAG)
    if is_tag or key not in _EXACT:
        name = entry.removeprefix(_TAG)
        if any(kebab(name) == tag or (is_tag and fnmatchcase(tag, name)) for tag in catalog.tags()):
            return True
    if is_tag or (_WILD.isdisjoint(entry) and " /" not in entry):
        return False
    return any(
        _matches(entry, catalog, summary, summary.method, is_strict=True)
        for summary in catalog.each_summary()
    )


def unknown_in_entry(env: Environment, entry: Mapping[str, Any], catalog: Catalog, name: str) -> list[str]:
    """Return the warnings of `unknown_notes` about the policies of an API and its profiles.

    Args:
        entry: Entry of the API in the configuration.
        name: Name of the API.

    Raises:
        FileError: A policy is invalid.
    """
    policies = (
        Policy.of(env, name, entry, profile, key) for key, profile in {"": {}, **profiles_in(entry)}.items()
    )
    notes = (unknown_notes(policy, catalog, name) for policy in policies if policy is not None)
    return list(dict.fromkeys(chain.from_iterable(notes)))


def unknown_notes(policy: Policy, catalog: Catalog, name: str) -> Iterator[str]:
    """Yield a warning about each entry that matches no operation of an API.

    Args:
        name: Name of the API.
    """
    for place, key, entry in unknown_words(policy, catalog):
        is_tag = key in _EXACT and kebab(entry) in catalog.tags()
        hint = f"; `{_TAG}{entry}` means its tag" if is_tag else ""
        yield f"`{entry}` in `{key}` of `[{place}]` matches no operation of `{name}`{hint}"
