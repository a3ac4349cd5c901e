"""What a creation says of the thing that it made: by a link, by `Location`, or in its body."""

import re
from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import unquote, urlsplit

from dynacli.check.check_records import Exchange
from dynacli.check.planning.call_order import placeholders
from dynacli.check.planning.harvest import Fits, is_called_like_an_id, read_json, singular, value_of_item
from dynacli.check.planning.linked_values import Links
from dynacli.client.described_operation import DescribedOperation

__all__ = ["created_id", "is_done", "made_path", "new_id"]


def is_done(exchange: Exchange) -> bool:
    """Return whether an answer says that it was done."""
    return exchange.answer is not None and 200 <= exchange.answer.status < 300


def new_id(described: DescribedOperation, fits: Fits) -> Any:
    """Return a value that nothing is called by yet, as likely as can be; None where no value fits.

    Args:
        described: An operation on one thing.
    """
    import secrets
    from uuid import uuid4

    last = placeholders(described.operation.path)[-1]
    for parameter in described.operation.parameters:
        if parameter.location == "path" and parameter.name == last:
            offers: tuple[Any, ...] = (f"dynacli-check-{secrets.token_hex(4)}", str(uuid4()))
            if is_called_like_an_id(last):  # `/delay/{delay}` takes an amount, and would wait as long
                offers += (10**8 + secrets.randbelow(10**8),)
            return next((one for one in offers if fits(parameter, one)), None)
    return None


def made_path(
    exchange: Exchange, create: DescribedOperation, links: Links, items: list[DescribedOperation], fits: Fits
) -> tuple[Any, ...] | None:
    """Return the values of the path of a new thing, in order; None where they are not known.

    Args:
        exchange: The creation, by a POST to the collection.
        create: Its operation.
    """
    sent = {one.name: one.value for one in exchange.planned.values if one.location == "path"}
    value = created_id(exchange, links, items, fits)
    return None if value is None else (*map(sent.get, placeholders(create.operation.path)), value)


def created_id(exchange: Exchange, links: Links, items: list[DescribedOperation], fits: Fits) -> Any:
    """Return the value that stands for a new thing at the end of its path; None where nothing says it.

    A link is the document's word, `Location` is HTTP's (RFC 9110, section 15.3.2), what stands in the body a guess.

    Args:
        exchange: The creation.
        links: Those of its operation's answers.
        items: The operations on one such thing; all have the same path, by whatever names.
        fits: Says whether a parameter of the first of them takes a value.
    """
    path = items[0].operation.path
    names = {one.operation.name: placeholders(one.operation.path)[-1] for one in items}
    for target, values in links.values(exchange):
        for value in values:
            if target in names and value.location == "path" and value.name == names[target]:
                return value.value
    last = placeholders(path)[-1]
    parameter = next(
        (one for one in items[0].operation.parameters if one.location == "path" and one.name == last), None
    )
    if parameter is None:
        return None
    located = _located(exchange, path)
    number = int(located) if located.isascii() and located.isdigit() and len(located) < 20 else None
    for one in (located, number):
        if one not in {"", None} and fits(parameter, one):
            return one
    collection = re.sub(r"/?\{[^{}]*\}/?$", "", path)
    noun = singular(collection.rpartition("/")[2])
    found = (value_of_item(item, parameter, noun, fits) for item in _candidates(read_json(exchange), noun))
    return next((one for one in found if one is not None), None)


def _candidates(body: Any, noun: str) -> Iterator[Any]:
    """Yield the objects of an answer that may be the thing: inside what is called like it, itself, inside of it."""
    if not isinstance(body, Mapping):
        if body is not None and not isinstance(body, list):
            yield body  # the id alone
        return
    inside = [(key, value) for key, value in body.items() if isinstance(value, Mapping)]
    yield from (value for key, value in inside if singular(str(key)) == noun)
    yield body
    yield from (value for _, value in inside)


def _located(exchange: Exchange, path: str) -> str:
    """Return the last part of the URL in `Location` (RFC 9110, section 10.2.2), where it is one of such a path."""
    location = exchange.answer.header("location") if exchange.answer is not None else ""
    if not location:
        return ""
    try:
        there = urlsplit(location).path
    except ValueError:
        return ""
    pieces = re.split(r"\{[^{}]*\}", path.removesuffix("/"))
    pattern = "([^/]+)".join(map(re.escape, pieces)) + "/?$"
    found = re.search(pattern, there)
    if found is None:  # relative to the collection, or by another route
        return ""
    return unquote(found.groups()[-1])
