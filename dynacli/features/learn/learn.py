"""Learns a document from traffic, which is read several times instead of being stored."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence

from dynacli.errors import DocumentError, UsageError
from dynacli.features.learn.exchanges import BrokenExchangeError, ObservedExchange, observed_exchange
from dynacli.features.learn.observed_operations import ObservedOperation
from dynacli.features.learn.path_templates import ObservedPaths
from dynacli.http.semantics import is_json
from dynacli.record import record
from dynacli.registry.opened_api import OpenedApi
from dynacli.traffic.recorded_request import RecordedExchange
from dynacli.urls import origin_of, split_url

Traffic = Callable[[], Iterable[RecordedExchange | None]]
"""Returns the exchanges from the first one on, each time that it is called; None for one that cannot be read."""
_UNREADABLE = "an entry is damaged or truncated"


@record
class LearnedTraffic:
    """The operations of a server, and what became of the exchanges.

    Args:
        operations: Each operation, as its exchanges show it.
        server: The base URL of the server.
        used: Number of exchanges that it describes.
        others: Origin → number of exchanges with other servers.
        broken: Reason → number of exchanges that cannot be described.
    """

    operations: tuple[ObservedOperation, ...]
    server: str
    used: int
    others: Counter[str]
    broken: Counter[str]


def learn_traffic(traffic: Traffic, server: str = "", templates: Sequence[str] = ()) -> LearnedTraffic:
    """Return what the exchanges with one server have in common.

    Args:
        traffic: The exchanges.
        server: The base URL of the server; empty for the server with the most responses of JSON.
        templates: Path templates of the user.

    Raises:
        DocumentError: No exchange can be used.
    """
    origins, json_origins = Counter[str](), Counter[str]()
    count = unreadable = 0
    for recorded in traffic():
        count += 1
        if recorded is None:
            unreadable += 1
            continue
        exchange = observed_exchange(recorded)
        if exchange is not None:
            origins[exchange.origin] += 1
            json_origins[exchange.origin] += _has_json(recorded)
    base = server
    if not base and origins:
        base = min(origins, key=lambda origin: (-json_origins[origin], -origins[origin], origin))
    selection = _Selection(traffic, base)
    paths = ObservedPaths(templates)
    for exchange in selection:
        paths.add(exchange)
    if words := paths.slugs():
        for exchange in selection:
            paths.see(exchange, words)
    found = paths.templates()
    operations: dict[tuple[str, str], ObservedOperation] = {}
    broken = Counter({_UNREADABLE: unreadable} if unreadable else {})
    for exchange in selection:
        template = found.of(exchange.steps)
        key = template.path, exchange.method
        operation = operations.get(key) or ObservedOperation(exchange.method, template.path)
        try:
            operation.add(exchange)
        except BrokenExchangeError as error:
            broken[str(error)] += 1
            continue
        operation.is_guessed |= template.is_guessed
        operations[key] = operation
    known = {path for (path, _), operation in operations.items() if _is_known(operation)}
    kept = [operation for (path, _), operation in operations.items() if path in known]
    used = sum(operation.exchanges for operation in kept)
    if not kept:
        raise _nothing_learned(count, base, server, origins)
    others = Counter({origin: number for origin, number in origins.items() if origin != origin_of(base)})
    return LearnedTraffic(tuple(kept), base, used, others, broken)


def _is_known(operation: ObservedOperation) -> bool:
    """Return whether the server knows the path: a response is not a 404."""
    return any(status != 404 for status in operation.responses)


def _has_json(recorded: RecordedExchange) -> bool:
    headers = recorded.response.headers if recorded.response is not None else ()
    return any(name.lower() == "content-type" and is_json(value) for name, value in headers)


def base_url(server: str) -> str:
    """Return a base URL without a slash at its end.

    Raises:
        UsageError: The text is not the URL of a server.
    """
    try:
        origin = origin_of(server)
    except ValueError:
        origin = ""
    if not origin.startswith(("http://", "https://")) or origin.endswith("//"):
        raise UsageError(
            f"`{server}` is not the URL of a server", hint="Give one such as `https://shop.example/api`"
        )
    return f"{origin}{split_url(server).path.rstrip('/')}"


class _Selection:
    """The exchanges with one server, each time that they are iterated."""

    def __init__(self, traffic: Traffic, base: str) -> None:
        self._traffic = traffic
        self._origin = origin_of(base) if base else ""
        path = split_url(base).path if base else ""
        self._prefix = tuple(path.split("/")[1:]) if path else ()

    def __iter__(self) -> Iterator[ObservedExchange]:
        size = len(self._prefix)
        for recorded in self._traffic():
            exchange = observed_exchange(recorded) if recorded is not None else None
            if exchange is None or exchange.origin != self._origin or exchange.steps[:size] != self._prefix:
                continue
            if size:
                exchange.steps = exchange.steps[size:] or ("",)
            yield exchange


def _nothing_learned(count: int, base: str, server: str, origins: Counter[str]) -> DocumentError:
    if server and origins:
        listed = ", ".join(f"{origin} ({number:,})" for origin, number in origins.most_common(4))
        return DocumentError(
            f"No exchange is with `{base}`",
            reason=f"The recording has {listed}",
            hint="Give another `--server`",
        )
    return DocumentError(
        "There is no exchange to learn from",
        reason=f"Of {count:,} exchanges, none is a call of an API with a response",
        hint="Record calls of the API: HTML pages, scripts, redirects and preflights do not count",
    )


def count_invalid(api: OpenedApi, traffic: Traffic, server: str) -> int:
    """Return the number of exchanges with a server that do not match the document of an API at the level `exact`."""
    from dynacli.client.call_settings import CallSettings
    from dynacli.traffic.recorded_request import OperationFinder, find_operation
    from dynacli.traffic.validate_exchange import ExchangeValidator

    finder, invalid = OperationFinder(api, [server]), 0
    validator = ExchangeValidator(api, CallSettings(level="exact"))
    for exchange in _Selection(traffic, server):
        match = find_operation([finder], exchange.recorded.request, is_any_server=True)
        if match is not None:
            invalid += bool(validator.exchange(exchange.recorded, match).findings)
    return invalid
