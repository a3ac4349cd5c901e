"""The APIs that a server offers to its client; each call opens its API again, so changes take effect at once."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from copy import copy
from functools import partial
from typing import Any, NamedTuple, Self
from urllib.parse import parse_qsl

from dynacli.auth.references import REFERENCES, resolve_secret
from dynacli.client.api_client import Api
from dynacli.client.call_settings import settings_of
from dynacli.client.damaged_cache import repaired
from dynacli.client.described_operation import DescribedOperation
from dynacli.client.document_login import login_of
from dynacli.client.live_demo import live_demo
from dynacli.client.policy.policy_rules import DENIED, Policy, decide, only_reads
from dynacli.environment import Environment
from dynacli.errors import AuthError, DynacliError, FileError, RefusedError, UsageError
from dynacli.http.exchange import ClientPool
from dynacli.options.command_table import feature, has_feature
from dynacli.options.standard_options import Options
from dynacli.record import replace
from dynacli.registry.configuration import DEMO, Configuration
from dynacli.registry.open_by_name import open_named_api
from dynacli.registry.opened_api import OpenedApi
from dynacli.secrets import Masker, Secret, secrets_in, with_masked_query
from dynacli.urls import split_url

Ask = Callable[[str], bool]
"""Asks the user a question, and returns whether the user agrees."""
_CHANGING = "POST"
"""The method that a tool's description counts instead of a GET that may change something."""
_READ_AT_ONCE = ("env:", "file:")
"""Prefixes of references that dynacli resolves without a keyring, which may ask, and without running a command."""


def _referenced_secrets(env: Environment) -> list[Secret]:
    """Return the values of the variables and files that any API's entry refers to.

    Raises:
        FileError: The configuration cannot be read.
    """
    found = []
    for entry in Configuration(env).apis().values():
        for reference in _references(entry):
            try:
                found.append(Secret(resolve_secret(reference, env).strip()))
            except AuthError:
                continue  # the call that needs the secret reports the error
    return found


def _references(table: Any) -> Iterator[str]:
    for key, value in table.items() if isinstance(table, dict) else ():
        if key in REFERENCES and isinstance(value, str) and value.startswith(_READ_AT_ONCE):
            yield value
        yield from _references(value)


class Pages(NamedTuple):
    """The functions that write the pages of the command line about an API and its operations.

    Args:
        overview: (API) → its overview.
        describe: (API, name of an operation, path of a detail or empty) → the description.
    """

    overview: Callable[[OpenedApi], str]
    describe: Callable[[OpenedApi, str, str], str]


class ServedApis:
    """The APIs of a server, until it ends.

    Args:
        words: Names, files or URLs of the APIs; none for all registered APIs.
        options: Options of the command line for all calls.
        is_writing: Whether clients may call operations that change something.

    Attributes:
        profile: The profile that the user chose for all calls; empty if a client can choose one.
    """

    def __init__(
        self, env: Environment, words: tuple[str, ...], options: Options, *, is_writing: bool
    ) -> None:
        self.env, self.options, self.is_writing = env, options, is_writing
        self.profile = options.in_force("profile", env)
        # A URL may contain secrets, so clients see and use the masked one.
        self._words = {with_masked_query(word): word for word in words}
        self._end = ExitStack()
        self._demo: OpenedApi | None = None

    def __enter__(self) -> Self:
        """Open each named API, so that a wrong name is an error at once; the demo API stays open."""
        with ExitStack() as failing:
            failing.callback(self._end.close)
            for name in self._words:
                if name == DEMO:
                    shipped = open_named_api(DEMO, self.env)
                    self._end.callback(shipped.catalog.close)
                    self._demo = self._end.enter_context(live_demo(self.env, shipped))[0]
                else:
                    with self.opened(name):
                        pass
            failing.pop_all()
        return self

    def __exit__(self, *_: object) -> None:
        """End the demo API."""
        self._end.close()

    @property
    def names(self) -> list[str]:
        """The names of the APIs, read from the configuration each time if the user named none.

        Raises:
            FileError: The configuration cannot be read.
        """
        return list(self._words) or sorted(Configuration(self.env).apis())

    def mirrors(self) -> dict[str, str]:
        """Return name → path of the mirrors of the APIs, which `sync` has made."""
        if not has_feature("sql"):
            return {}
        words = {name: self._words.get(name, name) for name in self.names}
        found: dict[str, str] = feature("sql.mirrors").mirrors_of(self.env, words, self.profile)
        return found

    def check(self, name: str) -> str:
        """Return the name of an API that is served.

        Args:
            name: The name; empty for the only API.

        Raises:
            UsageError: The server does not offer the API, or the name is empty and there are several.
        """
        names = self.names
        if not name and len(names) == 1:
            return names[0]
        if name in names:
            return name
        listed = ", ".join(f"`{name}`" for name in names[:20]) + (" and more" if len(names) > 20 else "")
        message = f"There is no API `{name}` here" if name else "No API is named"
        raise UsageError(
            message, reason=f"There are {listed}" if names else "No API is registered", near=names[:20]
        )

    @contextmanager
    def opened(self, name: str) -> Iterator[OpenedApi]:
        """Open the document of an API for a block that makes no calls."""
        if name == DEMO and self._demo is not None:
            yield self._demo
            return
        word = self._words.get(name, name)
        api = open_named_api(word, self.env, login=lambda: login_of(self.env, word, is_bound=True))
        try:
            yield api
            api.note_use()
        finally:
            api.catalog.close()

    @contextmanager
    def callable(self, name: str, profile: str, clients: ClientPool, ask: Ask | None = None) -> Iterator[Api]:
        """Open an API for calls.

        Args:
            profile: The profile; empty for the one of the options.
            clients: The HTTP clients of the calls.
            ask: Asks the user a question about a call; None if the client cannot.
        """
        options = replace(self.options, profile=profile) if profile else self.options
        if ask is not None and options.terms.consent is not None:
            consent = copy(options.terms.consent)  # an agreement is for one call
            consent.ask, consent.agreed = ask, set()
            options = replace(options, terms=replace(options.terms, consent=consent))
        kept = self._demo if name == DEMO else None
        with Api(self._words.get(name, name), self.env, options, clients=clients, opened=kept) as api:
            yield api

    def refusal(self, api: OpenedApi, operation: str) -> RefusedError | None:
        """Return the error of a call that its method or a policy forbids; None if the operation can be called."""
        described = DescribedOperation(api, api.catalog.operation(operation))
        try:
            settings_of(self.env, api, self.options).permit(described)
        except RefusedError as error:
            return error
        return None

    def masker(self) -> Masker:
        """Return a masker of all secrets that dynacli can read without a keyring and without running a command."""
        queries = (split_url(word).query for word in self._words.values())
        in_urls = [Secret(value) for query in queries for _, value in parse_qsl(query)]
        found = [*in_urls, *secrets_in(self.env.variables, self.options.header, self.options.query)]
        with suppress(
            FileError
        ):  # nothing is called while the configuration cannot be read, which each error says
            found += _referenced_secrets(self.env)
        return Masker(found)

    def callable_methods(self) -> set[str]:
        """Return the methods of all operations that clients may call; assume the worst if an API cannot be read."""
        if not self.is_writing:
            return {"GET"}  # any other operation that may be called is as safe
        methods: set[str] = set()
        for name in self.names:
            try:
                methods |= repaired(self.env, partial(self._methods_of, name))
            except DynacliError:
                methods |= {"POST", "DELETE"}
        return methods

    def _methods_of(self, name: str) -> set[str]:
        with self.opened(name) as api:
            policy = self.policy(api)
            return {
                summary.method if only_reads(policy, api.catalog, summary) else _CHANGING
                for summary in api.catalog.each_summary()
                if policy is None or decide(policy, api.catalog, summary).effect != DENIED
            }

    def policy(self, api: OpenedApi) -> Policy | None:
        """Return the policy of an API; None if the configuration has none."""
        return settings_of(self.env, api, self.options).policy

    def callable_operations(self, api: OpenedApi) -> list[str]:
        """Return the names of the operations that clients may call, perhaps after a confirmation."""
        policy = self.policy(api)
        return [
            summary.name
            for summary in api.catalog.each_summary()
            if not summary.is_hidden
            and (self.is_writing or only_reads(policy, api.catalog, summary))
            and (policy is None or decide(policy, api.catalog, summary).effect != DENIED)
        ]
