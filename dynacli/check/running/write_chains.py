"""The chains of a check that may write: each thing is created, read, changed, and removed in any case."""

from collections.abc import Mapping, Sequence
from typing import Any, Protocol
from urllib.parse import quote

from dynacli.check.check_records import INVENTED, Exchange, Value
from dynacli.check.planning.call_order import placeholders
from dynacli.check.planning.chains import Chain
from dynacli.check.planning.created_resources import is_done, made_path, new_id
from dynacli.check.planning.harvest import Fits
from dynacli.check.planning.linked_values import Links
from dynacli.check.running.judge_answers import GONE
from dynacli.client.described_operation import DescribedOperation
from dynacli.urls import without_query

__all__ = ["Writing"]


class _Caller(Protocol):
    """What makes single calls."""

    is_interrupted: bool

    def call(
        self, described: DescribedOperation, path: Sequence[Value], *, is_vital: bool
    ) -> Exchange | None:
        """Make a call with these values in its path; None where it cannot be made."""

    def skip(self, name: str, why: str) -> None:
        """Note why an operation is not called."""

    def fits(self, described: DescribedOperation) -> Fits:
        """Return what says whether a parameter takes a value."""

    def known(self, described: DescribedOperation) -> set[str]:
        """Return what stands at the end of an operation's path for things that earlier answers listed."""

    def links(self, described: DescribedOperation) -> Links:
        """Return the links of an operation's answers."""


class Writing:
    """Runs chains.

    Attributes:
        remains: What was created and is still there, or may be: a sentence each.

    Args:
        caller: Makes the calls.
        commands: The operations by name.
        chains: Those to run.
    """

    def __init__(
        self, caller: _Caller, commands: Mapping[str, DescribedOperation], chains: Sequence[Chain]
    ) -> None:
        self._caller, self._commands, self._chains = caller, commands, chains
        self.remains: list[str] = []

    def run(self) -> None:
        """Run the chains one after the other; those inside of another one while its thing is there.

        Raises:
            KeyboardInterrupt: Ctrl-C was pressed; what was created is removed before.
        """
        items = {one.item for one in self._chains}
        for chain in self._chains:
            if chain.inside not in items:
                self._stop_if_interrupted()
                self._run(chain, (), "")

    def _run(self, chain: Chain, around: tuple[Any, ...], source: str) -> None:
        """Run a chain.

        Args:
            around: The values of the path of what the thing is a part of, as far as this check made it.
            source: The operation that made that.
        """
        described = self._commands[chain.create]
        given = _values(described, around, source)
        if chain.is_named:
            given = self._free_place(chain, given)
            if not given:
                return
        known = set().union(*map(self._caller.known, self._items(chain)))
        try:
            exchange = self._caller.call(described, given, is_vital=True)
        except BaseException:
            self.remains.append(f"`{chain.create}` was interrupted and may have created something")
            raise
        if exchange is None or not is_done(exchange):
            self._not_created(chain, exchange)
            self._stop_if_interrupted()
            return
        path = self._path(chain, exchange)
        if path is not None and str(path[-1]) in known:
            why = f"the answer of `{chain.create}` speaks of `{path[-1]}`, which was there before"
            self._skip(chain, exchange.masker.mask(why))
            self._stop_if_interrupted()
            return
        if path is None:
            where = without_query(exchange.shown.url)
            self.remains.append(
                f"`{chain.create}` created something at {where}, and its answer does not say what it is called"
            )
            self._skip(chain, "the answer of the creation does not say what was created")
            self._stop_if_interrupted()
            return
        try:
            self._stop_if_interrupted()
            for name in (chain.read, *chain.updates):
                if name in self._commands:
                    self._step(name, path, chain.create)
            if chain.updates and chain.read in self._commands:
                self._step(chain.read, path, chain.create)
            for inner in self._chains:
                if inner.inside == chain.item:
                    self._run(inner, path, chain.create)
        finally:
            self._remove(chain, exchange, path)

    def _step(
        self, name: str, path: tuple[Any, ...], source: str, *, is_vital: bool = False
    ) -> Exchange | None:
        described = self._commands[name]
        return self._caller.call(described, _values(described, path, source), is_vital=is_vital)

    def _items(self, chain: Chain) -> list[DescribedOperation]:
        """Return the operations on one thing."""
        return [self._commands[name] for name in chain.on_item if name in self._commands]

    def _free_place(self, chain: Chain, given: list[Value]) -> list[Value]:
        """Return the values of a path where nothing is yet; none where there is no such place."""
        described, read = self._commands[chain.create], self._commands[chain.read]
        value = new_id(described, self._caller.fits(described))
        if value is None:
            self._skip(chain, "no name can be made up for something new", with_creation=True)
            return []
        names = placeholders(read.operation.path)
        around = [Value("path", name, *_rest(one)) for name, one in zip(names, given, strict=False)]
        asked = [*around, Value("path", names[-1], value, INVENTED)]
        exchange = self._caller.call(read, asked, is_vital=False)
        if exchange is None or exchange.answer is None or exchange.answer.status not in GONE:
            self._skip(chain, f"`{chain.read}` does not say that a name is free", with_creation=True)
            return []
        sent = {one.name: one for one in exchange.planned.values if one.location == "path"}
        own = placeholders(described.operation.path)
        return [Value("path", name, *_rest(sent[other])) for name, other in zip(own, names, strict=True)]

    def _path(self, chain: Chain, exchange: Exchange) -> tuple[Any, ...] | None:
        """Return the values of the path of a new thing; None where they are not known."""
        create = self._commands[chain.create]
        if chain.is_named:
            sent = {one.name: one.value for one in exchange.planned.values if one.location == "path"}
            return tuple(map(sent.get, placeholders(create.operation.path)))
        items = self._items(chain)
        if not items:
            return None
        links = self._caller.links(create)
        return made_path(exchange, create, links, items, self._caller.fits(items[0]))

    def _remove(self, chain: Chain, created: Exchange, path: tuple[Any, ...]) -> None:
        where = without_query(created.shown.url).removesuffix("/")
        if not chain.is_named:
            where = created.masker.mask(f"{where}/{quote(str(path[-1]), safe='')}")
        made = f"`{chain.create}` created {where}"
        if not chain.delete:
            self.remains.append(f"{made}, and the document has nothing that removes it")
            return
        try:
            exchange = self._step(chain.delete, path, chain.create, is_vital=True)
        except BaseException:
            self.remains.append(f"{made}, and it was not removed")
            raise
        if exchange is None:
            self.remains.append(f"{made}, and `{chain.delete}` could not be called")
        elif exchange.answer is None:
            self.remains.append(f"{made}, and `{chain.delete}` got no answer")
        elif not is_done(exchange):
            status = exchange.answer.status
            self.remains.append(f"{made}, and `{chain.delete}` answered {status}")

    def _not_created(self, chain: Chain, exchange: Exchange | None) -> None:
        if exchange is not None and exchange.answer is None:
            where = without_query(exchange.shown.url)
            self.remains.append(f"`{chain.create}` got no answer and may have created something at {where}")
        self._skip(chain, f"`{chain.create}` created nothing that it could be called for")

    def _skip(self, chain: Chain, why: str, *, with_creation: bool = False) -> None:
        for name in (chain.create if with_creation else "", *chain.updates, chain.delete):
            if name:
                self._caller.skip(name, why)
        for inner in self._chains:
            if inner.inside == chain.item:
                self._caller.skip(inner.create, why)
                self._skip(inner, why)

    def _stop_if_interrupted(self) -> None:
        if self._caller.is_interrupted:
            raise KeyboardInterrupt


def _rest(value: Value) -> tuple[Any, str, str]:
    return value.value, value.origin, value.source


def _values(described: DescribedOperation, path: Sequence[Any], source: str) -> list[Value]:
    """Return the values of a path, by position: `/things/{id}` and `/things/{thingId}/parts` name the same one."""
    names = placeholders(described.operation.path)
    return [
        Value("path", name, value, "answer", source)
        for name, value in zip(names, path, strict=False)
        if value is not None
    ]
