"""A document that a Python program has opened, with the parts that its calls share."""

import threading
from collections.abc import Callable
from contextlib import ExitStack
from types import TracebackType
from typing import Self, TypeVar

from dynacli.client.call_settings import settings_of
from dynacli.client.damaged_cache import beyond_repair, discard
from dynacli.client.described_operation import DescribedOperation
from dynacli.client.engine.call_engine import Engine
from dynacli.environment import Environment
from dynacli.errors import UsageError
from dynacli.http.exchange import ClientPool
from dynacli.openapi.catalog.catalog_file import DamagedCatalogError
from dynacli.openapi.model.operation import Operation, OperationSummary
from dynacli.options.standard_options import Options
from dynacli.registry.configuration import DEMO
from dynacli.registry.open_by_name import open_named_api as open_document
from dynacli.registry.opened_api import OpenedApi

_T = TypeVar("_T")


class OpenDocument:
    """An open document, with its operations, settings, connections and validators.

    Attributes:
        name: A registered name, or the source of the document.
        notes: Notes on the document, for example on operations that are left out.

    Args:
        clients: Makes the connections; None to create them here.
        opened: The document if it is open already. It is not closed with this object. None to open it.
    """

    def __init__(
        self,
        source: str,
        env: Environment,
        options: Options,
        *,
        clients: ClientPool | None = None,
        opened: OpenedApi | None = None,
    ) -> None:
        self.name = source
        self._env, self._options = env, options
        self._lock = threading.RLock()
        self._clients = clients or ClientPool()
        self._operations: dict[str, DescribedOperation] = {}
        self._is_closed = False
        self._open = ExitStack()
        self._opened = opened or self._open_document()
        try:
            self._settings = settings_of(env, self._opened, options)
        except BaseException:
            self._open.close()
            raise
        self._engine = Engine(env, self._settings, clients=self._clients, lock=self._lock)
        self.notes: tuple[str, ...] = tuple(self._opened.notes)

    def _open_document(self) -> OpenedApi:
        from dynacli.client.document_login import login_of

        opened = open_document(
            self.name,
            self._env,
            login=lambda: login_of(
                self._env,
                self.name,
                profile=self._options.profile or None,
                is_bound=self._options.terms.is_bound,
            ),
        )
        self._open.callback(opened.catalog.close)
        self._open.callback(opened.note_use)
        if self.name == DEMO:
            from dynacli.client.live_demo import live_demo

            opened, _ = self._open.enter_context(live_demo(self._env, opened))
        elif opened.is_refresh_wanted:
            from dynacli.registry.background_refresh import begin_refresh

            begin_refresh(
                opened, self._env, self._options.profile or None, is_bound=self._options.terms.is_bound
            )
        return opened

    def __enter__(self) -> Self:
        """Return the API itself."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        """Close the API."""
        self.close()

    def __repr__(self) -> str:
        """Return the name, and whether the API is closed."""
        from dynacli.secrets import with_masked_query

        return f"<Api {with_masked_query(self.name)}{' (closed)' if self._is_closed else ''}>"

    def close(self) -> None:
        """Close the connections and the catalog; calling it again does nothing."""
        with self._lock:
            self._is_closed = True
            self._forget()
            self._clients.close()
            self._open.close()

    def _forget(self) -> None:
        self._operations.clear()
        self._engine.forget()

    @property
    def operations(self) -> tuple[OperationSummary, ...]:
        """All operations in the order of the document.

        Raises:
            UsageError: The API is closed.
        """
        return self._with_repair(lambda: tuple(self._catalog_of().catalog.summaries()))

    def operation(self, name: str) -> Operation:
        """Return an operation with its parameters, body, responses, servers and security requirements.

        Args:
            name: The operation's name, or its operationId.

        Raises:
            UsageError: The operation is unknown, or the API is closed.
            DocumentError: The document has the operation, but it cannot be called.
        """
        return self._with_repair(lambda: self._described(name).operation)

    def _described(self, name: str) -> DescribedOperation:
        opened = self._catalog_of()
        with self._lock:
            if name not in self._operations:
                key = opened.catalog.find(name)
                if key is None:
                    from dynacli.client.search_operations import unknown_operation

                    raise unknown_operation(opened, name)
                self._operations[name] = DescribedOperation(opened, opened.catalog.operation(key))
            return self._operations[name]

    def _catalog_of(self) -> OpenedApi:
        if self._is_closed:
            raise UsageError(
                f"The API `{self.name}` is closed", hint="Open it again: `dynacli.open_api(...)`"
            )
        return self._opened

    def _with_repair(self, work: Callable[[], _T]) -> _T:
        """Return the result of a function, which is called again with a new catalog if the catalog is damaged."""
        for _ in range(2):
            try:
                return work()
            except DamagedCatalogError as damage:
                with self._lock:
                    self._forget()
                    self._open.close()
                    if not discard(damage):
                        break
                    self._opened = self._open_document()
        raise beyond_repair(self._env)
