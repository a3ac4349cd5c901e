"""What a check made itself by operations that were named: those may be called on it that change something."""

from collections.abc import Callable, Iterable, Mapping, Sequence

from dynacli.check.check_records import Exchange, Value
from dynacli.check.planning.call_order import placeholders, template
from dynacli.check.planning.chains import Chain, chains_of
from dynacli.check.planning.created_resources import is_done, made_path
from dynacli.check.planning.harvest import Fits
from dynacli.check.planning.linked_values import Links
from dynacli.client.described_operation import DescribedOperation

__all__ = ["Made"]


class Made:
    """Remembers what was made.

    Args:
        commands: The operations that are called, by name.
        named: Those that may change something and were named by the person.
        links: Operation → the links of its answers.
        fits: Returns what says whether a parameter of an operation takes a value.
        known: Returns what stands at the end of an operation's path for things that earlier answers listed.
    """

    def __init__(
        self,
        commands: Mapping[str, DescribedOperation],
        named: Iterable[str],
        links: Mapping[str, Links],
        *,
        fits: Callable[[DescribedOperation], Fits],
        known: Callable[[DescribedOperation], set[str]],
    ) -> None:
        self._commands, self._links, self._fits, self._known = commands, links, fits, known
        linked = {name: one.targets for name, one in links.items()}
        names = set(named)
        operations = [one.operation for one in commands.values()]
        chains = chains_of(operations, linked) if names else []
        self._chains: dict[str, Chain] = {
            one.create: one for one in chains if one.create in names and not one.is_named
        }
        self._paths: list[tuple[str, tuple[object, ...], str]] = []

    def take(self, exchange: Exchange) -> None:
        """Take note of what a creation made, unless it speaks of what was there before."""
        chain = self._chains.get(exchange.operation)
        if chain is None or not is_done(exchange):
            return
        items = [self._commands[name] for name in chain.on_item if name in self._commands]
        if not items:
            return
        links = self._links[exchange.operation]
        path = made_path(exchange, self._commands[chain.create], links, items, self._fits(items[0]))
        known = set().union(*map(self._known, items))
        if path is not None and str(path[-1]) not in known:
            self._paths.append((chain.item, path, chain.create))

    def values(self, described: DescribedOperation) -> Sequence[tuple[Value, ...]]:
        """Return values for the beginning of an operation's path that name what was made, the longest first."""
        place = template(described.operation.path).removesuffix("/")
        names = placeholders(described.operation.path)
        found = [
            tuple(
                Value("path", name, value, "answer", source) for name, value in zip(names, path, strict=False)
            )
            for item, path, source in self._paths
            if place == item or place.startswith((f"{item}/", f"{item}:"))
        ]
        return sorted(found, key=len, reverse=True)
