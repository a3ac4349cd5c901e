"""The policy of an API or a profile, as the configuration has it, and what it says of an operation.

| list | what it means |
|---|---|
| `deny` | such operations are never called |
| `allow` | if the list is there, no others are called |
| `read_only = true` | nothing is called that may change something |
| `confirm` | a person agrees to each call, or `--yes` has |
| `reads` | GET and POST operations that change nothing, as a person says: they count as read-only |
| `apply = "agent"` | an agent may apply plans, too; it changes nothing else |

The first row of these that holds wins, whether it is the API's own or that of a profile.
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
"""What can become of a call: it is made, made once a person agrees, or never made."""
READS = "reads"
"""The list of operations that only read though their method or their name says otherwise."""
_LISTS = ("allow", "confirm", "deny", READS)
READ_ONLY = "read_only"
ADDITIONAL = "additional"
"""The key of a policy that does not free its API from those of others; one set without a person has it."""
_BAKED = "policies"
_EXACT = frozenset({"allow", READS})
"""The lists that allow: what is unclear is not in them."""
_APPLY, _AGENT, _PERSON = "apply", "agent", "person"
_TAG = "tag:"
_NOTHING: Mapping[str, str] = {}
_WILD = frozenset("*?[")
_HEAD, _GET, _OPTIONS, _POST = "HEAD", "GET", "OPTIONS", "POST"
LISTED_METHODS = frozenset({_GET, _HEAD, _POST})
"""The methods of the operations that `reads` may list."""
_METHODS = frozenset({*SAFE_METHODS, "POST", "PUT", "PATCH", "DELETE", "CONNECT"})


@record
class Rules:
    """One table of a policy.

    Args:
        place: Its header in the configuration, without brackets.
        allow: The words of `allow`; None if the list is not there, so that everything is allowed.
        confirm: The words of `confirm`.
        deny: The words of `deny`.
        reads: The words of `reads`.
        is_read_only: Whether nothing is called that may change something.
        applied_by: Who may apply plans: `agent` for agents, too, or `person`; empty if it does not say so.
    """

    place: str
    allow: tuple[str, ...] | None = None
    confirm: tuple[str, ...] = ()
    deny: tuple[str, ...] = ()
    reads: tuple[str, ...] = ()
    is_read_only: bool = False
    applied_by: str = ""

    def as_table(self) -> dict[str, Any]:
        """Return it as a table of the configuration."""
        table = {"allow": self.allow, "confirm": self.confirm, "deny": self.deny, READS: self.reads}
        lists = {key: list(words) for key, words in table.items() if words is not None}
        applied = {_APPLY: self.applied_by} if self.applied_by else {}
        return {**lists, READ_ONLY: self.is_read_only, **applied}

    def words(self) -> Iterator[tuple[str, str]]:
        """Yield (list, word) for each word of the lists."""
        lists = {"deny": self.deny, "allow": self.allow or (), "confirm": self.confirm, READS: self.reads}
        for key, words in lists.items():
            yield from ((key, word) for word in words)


@record
class Policy:
    """What a person says of the calls of an API.

    Args:
        tables: The rules of the API, then those of the profile.
    """

    tables: tuple[Rules, ...]

    @property
    def lets_agents_apply(self) -> bool:
        """Whether an agent may apply plans: a table says so, and none says something else."""
        return {rules.applied_by for rules in self.tables} - {""} == {_AGENT}

    @property
    def names_operations(self) -> bool:
        """Whether it tells operations of one method apart."""
        return any(word not in _METHODS for rules in self.tables for _, word in rules.words())

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
            name: Of the API.
            entry: That of the API in the configuration.

        Raises:
            FileError: One of them cannot be used; nothing is called then.
        """
        places = ((entry, f"apis.{name}"), (profile, f"apis.{name}.profiles.{profile_name}"))
        tables = [
            rules_of(env, table["policy"], f"{place}.policy") for table, place in places if "policy" in table
        ]
        # Those that `bake` has taken along; no configuration takes their place.
        tables += [rules_of(env, table, f"apis.{name}.{_BAKED}") for table in entry.get(_BAKED, ())]
        return cls(tuple(tables)) if tables else None


class Decision(NamedTuple):
    """What a policy says of an operation.

    Args:
        effect: `ALLOWED`, `CONFIRMED` or `DENIED`.
        place: The table that decides, as `Rules.place` has it; empty if no table says anything.
        key: The list or key in it.
        word: The word of the list; empty if it is one that is missing, or `key` is not a list.
        other: The documented operation whose rule it is, if a server may take the request for that one.
        override: What asks for another method than the operation's own, and which; empty if nothing does.
    """

    effect: str
    place: str = ""
    key: str = ""
    word: str = ""
    other: str = ""
    override: str = ""

    @property
    def path(self) -> tuple[str, ...]:
        """The parts of the key that decides, from the top of the configuration."""
        _, name, *rest = self.place.removesuffix(".policy").split(".", 3)
        return ("apis", name, *rest, "policy", self.key)

    @property
    def reason(self) -> str:
        """The rule that decides, in a sentence without its period."""
        if not self.place:
            return "No policy has a rule for it"
        if self.key == READ_ONLY:
            reason = f"`[{self.place}]` has `read_only = true`, and it may change something"
        elif self.word:
            reason = f"`{self.key}` of `[{self.place}]` has `{self.word}`"
        else:
            reason = f"`{self.key}` of `[{self.place}]` does not have it"
        if self.other:
            reason += f", which means `{self.other}`; the server may take the request for that one"
        return f"{reason}; {self.override}" if self.override else reason


def rules_of(env: Environment, table: Any, place: str) -> Rules:
    """Return the rules of a table of the configuration.

    Args:
        place: Its header in the configuration, without brackets.

    Raises:
        FileError: It cannot be used.
    """

    def wrong(reason: str) -> FileError:
        return malformed(env, f"`[{place}]`", reason, place.split(".")[1])

    if not isinstance(table, dict):
        raise wrong(f"it must be a table: `[{place}]`, with {_listed_keys()}")
    for key, value in table.items():
        if key in {READ_ONLY, ADDITIONAL}:
            if not isinstance(value, bool):
                raise wrong(f"`{key}` is `true` or `false`")
        elif key == _APPLY:
            if value not in (_AGENT, _PERSON):
                raise wrong(f'`{key}` is `"{_AGENT}"` or `"{_PERSON}"`')
        elif key not in _LISTS:
            raise wrong(f"`{key}` is not known, only {_listed_keys()}")
        elif not isinstance(value, list) or not all(isinstance(word, str) for word in value):
            raise wrong(
                f'`{key}` must be a list of strings, for example `{key} = ["DELETE", "tag:admin", "delete-*"]`'
            )
        elif any(not word.removeprefix(_TAG).strip() for word in value):
            raise wrong(f"a string in `{key}` is empty")
        elif key == READS and any(word.upper() in _METHODS for word in value):
            raise wrong(f"`{key}` lists operations and tags, no methods")
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
    """Return whether the entry of an API has a policy instead of those of other APIs with the same server."""
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
    """Return whether a call changes nothing: by method and name, or because `reads` lists all that a server may read.

    Args:
        policy: None if the configuration does not say what may be called.
        catalog: The document.
        is_documented: Whether the document has the operation.
        sent: What else the request says; None before it is built.
    """
    method = operation.method.upper()
    meant: list[Operation | OperationSummary] = [operation]
    if method in NAMED_METHODS:
        # A value or another spelling may lead to another GET of the document: `get-pad deleteAll`.
        others = possible_operations_at(catalog, _GET, sent.paths, sent.values) if sent is not None else []
        meant = [item for item in others if not is_reading(item)]
        meant += [] if is_reading(operation, is_documented=is_documented) else [operation]
        if not meant:
            return True
    elif method in SAFE_METHODS:
        return True
    words = [word for rules in policy.tables for word in rules.reads] if policy is not None else []
    if not words or method not in LISTED_METHODS or not is_documented:
        return False
    if sent is not None and method == _POST:
        fitting = {path: possible_operations_at(catalog, method, (path,), sent.values) for path in sent.paths}
        known = tuple(path for path, found in fitting.items() if found)
        # A path below a shorter base URL ends with a known one; a path that does not comes from a header or a field.
        ends = tuple(path for path in known if path.strip("/"))
        if not known or not all(path in known or path.endswith(ends) for path in fitting):
            return False
        meant += chain.from_iterable(fitting.values())
    return all(any(_is_meant(word, catalog, item, method) for word in words) for item in meant)


def decide(
    policy: Policy,
    catalog: Catalog,
    operation: Operation | OperationSummary,
    *,
    methods: Mapping[str, str] = _NOTHING,
    is_documented: bool = True,
    sent: Sent | None = None,
) -> Decision:
    """Return what a policy says of an operation, and of all that a server may take its request for.

    Args:
        catalog: The document.
        methods: Further method that the server may take the call for → what asks for it.
        is_documented: Whether the document has the operation. If it has not, the path may be one of the document's
            in another spelling, so that what is denied or confirmed of any operation of its method is so for it, too.
        sent: What else the request says; None before it is built.
    """
    own = operation.method.upper()  # many servers read methods in any case of letters
    reads = only_reads(policy, catalog, operation, is_documented=is_documented, sent=sent)
    found = list(_matches_operation(policy, catalog, operation, own, reads=reads))
    if not policy.names_operations and not methods and own != _HEAD:
        return strictest(found)
    paths, values = (sent.paths, sent.values) if sent is not None else ((operation.path,), None)
    for path in paths:
        # What names a path is about the one that is sent; the pattern of a name is not.
        readings = _readings(policy, catalog, [_unnamed_operation(own, path)], own, "", is_in_doubt=True)
        found += [reading for reading in readings if " /" in reading.word]
    steps = [path_steps_of(path) for path in paths]
    is_clear = is_documented and None not in steps
    if not is_documented and own != _OPTIONS:
        # Many servers run one function for all methods, or take one that they do not know for GET.
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
            found += _readings(policy, catalog, alike, own, reason, is_in_doubt=True)
    if is_documented and sent is not None:
        fitting = possible_operations_at(catalog, own, paths, values)
        is_among = any(summary.name == operation.name for summary in fitting)
        found += _readings(policy, catalog, fitting, own, "", is_in_doubt=is_among, reads=reads)
        depth = len(path_steps_of(operation.path) or ())
        if not fitting and any(step is not None and len(step) < depth for step in steps):
            # An empty value leaves another path, which the document does not have.
            found += _readings(policy, catalog, [_unnamed_operation(own, operation.path)], own, "")
    asked = {method.upper(): f"{source} asks for {method.upper()}" for method, source in methods.items()}
    asked.pop(own, None)
    if own == _HEAD:
        asked.setdefault(_GET, f"servers do for {_HEAD} what they do for {_GET}")
    for method, reason in asked.items():
        is_like = method == _GET and _GET not in map(str.upper, methods)
        meant: Sequence[Operation | OperationSummary] = possible_operations_at(catalog, method, paths, values)
        meant = meant or [_unnamed_operation(method, path) for path in paths]
        found += _readings(policy, catalog, meant, method, reason, is_in_doubt=is_like)
    if not is_clear:
        for summary in operations_with_methods(catalog, {own, *asked}):
            found += _readings(
                policy,
                catalog,
                [summary],
                summary.method.upper(),
                asked.get(summary.method, ""),
                is_in_doubt=True,
            )
    return strictest(found)


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
    """Yield what a policy says of operations that a server may take a request for.

    Args:
        reason: What asks for the method; empty for that of the request.
        is_in_doubt: Whether only what is denied or confirmed counts, and not what is not allowed.
        reads: As in `_matches_operation`.
    """
    for operation in operations:
        for match in _matches_operation(policy, catalog, operation, method, reads=reads):
            if not is_in_doubt or match.key in {"confirm", "deny"}:
                other = operation.name if isinstance(operation, OperationSummary) else ""
                yield match._replace(other=other, override=reason)


def strictest(decisions: Iterable[Decision]) -> Decision:
    """Return the decision that wins; without any, what none is about is allowed."""
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
    """Yield what each table says of an operation that is called by a method, the strictest of each first.

    Args:
        reads: Whether the policy says that the operation only reads.
    """
    for rules in policy.tables:
        for word in rules.deny:
            if _is_meant(word, catalog, operation, method, is_strict=True):
                yield Decision(DENIED, rules.place, "deny", word)
        allowing = next(
            (word for word in rules.allow or () if _is_meant(word, catalog, operation, method)), None
        )
        if rules.allow is not None and allowing is None:
            yield Decision(DENIED, rules.place, "allow")
        if rules.is_read_only and not (reads or is_reading(operation, method)):
            yield Decision(DENIED, rules.place, READ_ONLY)
        for word in rules.confirm:
            if _is_meant(word, catalog, operation, method, is_strict=True):
                yield Decision(CONFIRMED, rules.place, "confirm", word)
        if allowing is not None:
            yield Decision(ALLOWED, rules.place, "allow", allowing)


def _is_meant(
    word: str,
    catalog: Catalog,
    operation: Operation | OperationSummary,
    method: str,
    *,
    is_strict: bool = False,
) -> bool:
    """Return whether a word of a list means an operation.

    Args:
        is_strict: Whether a method may be written in lower case, although it may be the name of an operation, too, and
            a tag without `tag:`. What is unclear forbids, and allows nothing.
    """
    if word == method or (is_strict and word.upper() == method):
        return True
    if is_strict and any(word == tag or kebab(word) == kebab(tag) for tag in operation.tags):
        return True
    if word.startswith(_TAG):
        pattern = word.removeprefix(_TAG)
        return any(is_tag_meant(pattern, tag) for tag in operation.tags)
    if " /" in word:
        return _is_path_meant(word, operation, method, is_strict=is_strict)
    names = {operation.name, operation.operation_id}
    if _WILD.isdisjoint(word):
        return word in names or catalog.find(word) == operation.name
    return any(fnmatchcase(name, word) for name in names if name)


def _is_path_meant(
    word: str, operation: Operation | OperationSummary, method: str, *, is_strict: bool
) -> bool:
    """Return whether `METHOD /path` means an operation; a path forbids in all its spellings, and allows in its own."""
    named, _, path = word.partition(" ")
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
    """Return rules that say of paths what they say of the operations of a document, for another document.

    Args:
        paths_of: Returns the paths that an operation has in the other document.
    """
    summaries = catalog.summaries()

    def lines(word: str, *, is_strict: bool) -> list[str]:
        return [
            f"{summary.method} {path}"
            for summary in summaries
            if _is_meant(word, catalog, summary, "", is_strict=is_strict)
            for path in paths_of(summary)
        ]

    def strict(words: Iterable[str]) -> tuple[str, ...]:
        return tuple(dict.fromkeys(line for word in words for line in (word, *lines(word, is_strict=True))))

    def exact(words: Iterable[str]) -> tuple[str, ...]:
        # A name may be that of another operation there.
        return tuple(dict.fromkeys(line for word in words for line in lines(word, is_strict=False)))

    allow = None
    if rules.allow is not None:
        allow = (*(word for word in rules.allow if word in _METHODS), *exact(rules.allow))
    confirm, deny = strict(rules.confirm), strict(rules.deny)
    return replace(rules, allow=allow, confirm=confirm, deny=deny, reads=exact(rules.reads))


def unknown_words(policy: Policy, catalog: Catalog) -> list[tuple[str, str, str]]:
    """Return (place, list, word) of the words that mean no operation of a document, methods aside."""
    return [
        (rules.place, key, word)
        for rules in policy.tables
        if not rules.place.endswith(f".{_BAKED}")  # they are those of another API
        for key, word in rules.words()
        if word.upper() not in _METHODS and not _is_known(word, key, catalog)
    ]


def _is_known(word: str, key: str, catalog: Catalog) -> bool:
    """Return whether a word means an operation; all of them are looked at only for a pattern or a path."""
    if catalog.find(word) is not None:
        return True
    is_tag = word.startswith(_TAG)
    if is_tag or key not in _EXACT:
        name = word.removeprefix(_TAG)
        if any(kebab(name) == tag or (is_tag and fnmatchcase(tag, name)) for tag in catalog.tags()):
            return True
    if is_tag or (_WILD.isdisjoint(word) and " /" not in word):
        return False
    return any(
        _is_meant(word, catalog, summary, summary.method, is_strict=True)
        for summary in catalog.each_summary()
    )


def unknown_in_entry(env: Environment, entry: Mapping[str, Any], catalog: Catalog, name: str) -> list[str]:
    """Return the warnings of `unknown_notes` about the policies of an API and of its profiles.

    Args:
        entry: Of the API in the configuration.
        name: Of the API.

    Raises:
        FileError: A policy cannot be read.
    """
    policies = (
        Policy.of(env, name, entry, profile, key) for key, profile in {"": {}, **profiles_in(entry)}.items()
    )
    notes = (unknown_notes(policy, catalog, name) for policy in policies if policy is not None)
    return list(dict.fromkeys(chain.from_iterable(notes)))


def unknown_notes(policy: Policy, catalog: Catalog, name: str) -> Iterator[str]:
    """Yield a warning about each word that means no operation of an API.

    Args:
        name: Of the API.
    """
    for place, key, word in unknown_words(policy, catalog):
        is_tag = key in _EXACT and kebab(word) in catalog.tags()
        hint = f"; `{_TAG}{word}` means its tag" if is_tag else ""
        yield f"`{word}` in `{key}` of `[{place}]` matches no operation of `{name}`{hint}"
