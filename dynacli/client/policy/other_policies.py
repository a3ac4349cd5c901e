"""Policies of registered APIs that also apply to calls under another name of the same document or server.

An API with its own policy (`[apis.NAME.policy]`, not only in a profile) obeys that one alone. So a user can register
one server under two names, with two policies. Without such a policy, an API, file or URL obeys

- the policies of all registered APIs with the same document, and
- the policies of all APIs to whose servers a request goes. Their documents determine the operation.

The second rule also applies to an API with its own policy, if a request goes to a server outside its document.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from functools import cached_property, lru_cache
from itertools import islice, product
from typing import Any

from dynacli.client.described_operation import DescribedOperation
from dynacli.client.operation_at import operation_at
from dynacli.client.policy.permission import obey
from dynacli.client.policy.policy_rules import ALLOWED, Decision, Policy, Rules, decide, strictest, with_paths
from dynacli.client.readings import Sent, SentValues, path_steps_of
from dynacli.environment import Consent, Environment, invocation
from dynacli.errors import RefusedError, UsageError
from dynacli.files import is_url
from dynacli.http.built_request import Request
from dynacli.openapi.catalog.catalog_file import Catalog
from dynacli.openapi.model.operation import Operation, OperationSummary, Server
from dynacli.registry.configuration import profiles_in, texts
from dynacli.registry.open_by_name import open_from_cache
from dynacli.registry.opened_api import OpenedApi
from dynacli.request.choose_server import choose_server
from dynacli.urls import is_served, origin_of, server_of, split_url

_MOST_BASES = 200
"""Maximum number of base URLs from one server with variables."""


class OtherPolicies:
    """The policies of other registered APIs.

    Args:
        api: The API that is called.
        entries: Name → entry of the other APIs.
        profile: Name of the profile for calls; empty for none.
        has_own: True if the API has its own policy.

    Raises:
        FileError: One of the policies is invalid.
    """

    def __init__(
        self,
        env: Environment,
        api: OpenedApi,
        entries: Mapping[str, Mapping[str, Any]],
        profile: str,
        *,
        has_own: bool = False,
    ) -> None:
        tables: list[Rules] = []
        self._own = {server_of(url) for url in documented_bases(api)} if has_own else set()
        self._guarded: list[_GuardedServers] = []
        for name, entry in entries.items():
            own = profiles_in(entry).get(profile, {})
            if not _is_of_document(entry, api.location):
                self._guarded.append(_GuardedServers(env, name, entry, own, profile))
            elif not has_own and (policy := Policy.of(env, name, entry, own, profile)) is not None:
                tables += policy.tables
        self._of_same_document = tuple(tables)

    def with_same_document(self, policy: Policy | None) -> Policy | None:
        """Return a policy together with the policies of APIs with the same document; None if there are no rules."""
        tables = (*(policy.tables if policy is not None else ()), *self._of_same_document)
        return Policy(tables) if tables else None

    def permit(
        self,
        described: DescribedOperation,
        consent: Consent,
        request: Request,
        asked: Mapping[str, str],
        values: SentValues | None,
    ) -> None:
        """Apply the policies of the APIs to whose servers a request goes.

        Args:
            asked: Further method that the server may execute → source of that method in the request.
            values: As in `Sent`.

        Raises:
            RefusedError: A policy denies the request, or it requires a confirmation that was not given.
        """
        decision = self.decision(request.method, request.url, asked, values)
        if decision.place:
            obey(decision, described, consent, asked)

    def decision(
        self,
        method: str,
        url: str,
        asked: Mapping[str, str],
        values: SentValues | None = None,
    ) -> Decision:
        """Return the decision of the APIs to whose servers a request goes.

        Args:
            url: URL of the request. Its path may be a template of the document.
            asked: Further method that the server may execute → source of that method in the request.
            values: As in `Sent`; None before the request is built.
        """
        if self._own and server_of(url) in self._own:
            return Decision(ALLOWED)
        return strictest(
            decision
            for guarded in self._guarded
            for decision in guarded.decisions(method, url, asked, values)
        )

    def rules_at(self, urls: Sequence[str]) -> list[Rules]:
        """Return the rules of other policies for the servers of an API, as rules for paths.

        Args:
            urls: Base URLs of the API. The paths are relative to them.
        """
        return [rules for guarded in self._guarded for rules in guarded.rules_at(urls)]


def documented_bases(api: OpenedApi) -> list[str]:
    """Return the base URLs in the document of an API, for all listed values of server variables."""
    return list(_documented_bases(api.servers, api.uri))


@lru_cache(maxsize=64)
def _documented_bases(servers: tuple[Server, ...], uri: str) -> tuple[str, ...]:
    # Cached, because all calls of an API share them.
    bases: dict[str, None] = {}
    for server in servers:
        choices: list[list[tuple[str, str] | None]] = [
            [(name, str(value)) for value in variable.get("enum") or ()] or [None]
            for name, variable in (server.variables or {}).items()
            if f"{{{name}}}" in server.url
        ]
        for chosen in islice(product(*choices), _MOST_BASES):
            with suppress(UsageError):  # without a default, a variable needs input
                bases[choose_server([server], uri, "", dict(filter(None, chosen)))] = None
    return tuple(bases)


def _is_of_document(entry: Mapping[str, Any], location: str) -> bool:
    """Return whether an entry has the document at a location."""
    source = str(entry["source"])
    if is_url(location) or is_url(source):
        return source == location
    return os.path.realpath(source) == os.path.realpath(location)


class _GuardedServers:
    """The servers of a registered API, and the rules of its policy for requests to them."""

    def __init__(
        self,
        env: Environment,
        name: str,
        entry: Mapping[str, Any],
        profile: Mapping[str, Any],
        profile_name: str,
    ) -> None:
        self._env, self._name, self._entry = env, name, entry
        self._profile, self._profile_name = profile, profile_name

    @cached_property
    def _policy(self) -> Policy:
        """The policy, read only when a request needs it, so that an invalid policy stops no other requests."""
        policy = Policy.of(self._env, self._name, self._entry, self._profile, self._profile_name)
        return policy if policy is not None else Policy(())

    @cached_property
    def _bases(self) -> frozenset[str]:
        """Base URLs of calls of the API."""
        tables = (self._entry, *profiles_in(self._entry).values())
        urls = [str(table.get("server", "")) for table in tables]
        urls = [url for url in urls if is_served(url)]
        with self._opened() as api:
            urls += documented_bases(api) if api is not None else []
        known = {origin_of(url) for url in urls}
        return frozenset(
            {*urls, *(origin for origin in texts(self._entry, "origins") if origin not in known)}
        )

    @contextmanager
    def _opened(self) -> Iterator[OpenedApi | None]:
        api = open_from_cache(self._name, self._env)
        try:
            yield api
        finally:
            if api is not None:
                api.catalog.close()

    def rules_at(self, urls: Sequence[str]) -> list[Rules]:
        """Return the rules of the policy for paths below base URLs; none if the URLs are on other servers."""
        paths = [
            (split_url(own).path.rstrip("/"), split_url(url).path.rstrip("/"))
            for own in self._bases
            for url in urls
            if server_of(own) == server_of(url)
        ]
        paths = [
            (own, path)
            for own, path in paths
            if f"{own}/".startswith(f"{path}/") or f"{path}/".startswith(f"{own}/")
        ]
        if not paths:
            return []

        def paths_of(summary: OperationSummary) -> list[str]:
            whole = ((f"{own}{summary.path}", path) for own, path in paths)
            return [item[len(path) :] for item, path in whole if item.startswith(f"{path}/")]

        with self._opened() as api:
            if api is None:
                raise self._lost(urls[0])
            return [with_paths(rules, api.catalog, paths_of) for rules in self._policy.tables]

    def _lost(self, url: str) -> RefusedError:
        return RefusedError(
            f"The policy of `{self._name}` applies to `{origin_of(url)}`, but its document is not in the cache",
            reason="The policy is about operations, which the document defines",
            hint=f"Fetch it: `{invocation('api refresh', self._name)}`",
        )

    def decisions(
        self,
        method: str,
        url: str,
        asked: Mapping[str, str],
        values: SentValues | None,
    ) -> Iterator[Decision]:
        """Yield the decision on a request; nothing if it goes to another server or path."""
        server, path = server_of(url), split_url(url).path
        bases = [split_url(base).path.rstrip("/") for base in self._bases if server_of(base) == server]
        # Several APIs may share an origin, each below its own path.
        steps = path_steps_of(path)
        if steps is not None:  # otherwise the server may resolve the path to any other
            own = [(base, path_steps_of(base) or ()) for base in bases]
            bases = [base for base, before in own if steps[: len(before)] == before]
        bases.sort(key=len, reverse=True)
        if not bases:
            return
        with self._opened() as api:
            if api is None:
                raise self._lost(url)
            yield self._decision(api.catalog, method, path, bases, asked, values)

    def _decision(
        self,
        catalog: Catalog,
        method: str,
        path: str,
        bases: Sequence[str],
        asked: Mapping[str, str],
        values: SentValues | None,
    ) -> Decision:
        paths = [path[len(base) :] for base in bases if path.startswith(f"{base}/")]
        matches = (operation_at(catalog, method, below) for below in (*paths, path))
        matched = next((match[0] for match in matches if match is not None), None)
        operation = matched or Operation(f"{method} {path}", "", method, path)
        sent = Sent(tuple(paths or [path]), values)
        return decide(
            self._policy, catalog, operation, methods=asked, is_documented=matched is not None, sent=sent
        )
