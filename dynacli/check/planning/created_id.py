"""The id of a resource that a call created: by a link of the answer, by `Location`, or in the body."""

import re
from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import unquote, urlsplit

from dynacli.check.check_records import Exchange
from dynacli.check.planning.answer_links import AnswerLinks
from dynacli.check.planning.answer_values import item_values
from dynacli.check.planning.field_names import is_id_name, singular
from dynacli.check.planning.parameter_schemas import ParameterSchemas
from dynacli.check.planning.path_templates import parameter_names
from dynacli.client.described_operation import DescribedOperation

__all__ = ["created_path", "unused_id"]


def unused_id(described: DescribedOperation) -> Any:
    """Return a random id that hardly anything is called by yet; None where the document allows none.

    Args:
        described: An operation on one resource.
    """
    import secrets
    from uuid import uuid4

    last = parameter_names(described.operation.path)[-1]
    fits = ParameterSchemas(described).fits
    for parameter in described.operation.parameters:
        if parameter.location == "path" and parameter.name == last:
            ids: tuple[Any, ...] = (f"dynacli-check-{secrets.token_hex(4)}", str(uuid4()))
            if is_id_name(last):  # `/delay/{delay}` takes an amount, and would wait as long
                ids += (10**8 + secrets.randbelow(10**8),)
            return next((each for each in ids if fits(parameter, each)), None)
    return None


def created_path(
    exchange: Exchange, create: DescribedOperation, links: AnswerLinks, on_item: list[DescribedOperation]
) -> tuple[Any, ...] | None:
    """Return the values of the path of a resource that a POST created, in order; None where nothing says them.

    Args:
        exchange: The call that created it.
        create: The operation of that call.
        links: The links of that operation's answers.
        on_item: The operations on such a resource; all have the same path, by whatever names.
    """
    if not on_item:
        return None
    value = _created_id(exchange, links, on_item)
    sent = exchange.planned.path_values
    return None if value is None else (*map(sent.get, parameter_names(create.operation.path)), value)


def _created_id(exchange: Exchange, links: AnswerLinks, on_item: list[DescribedOperation]) -> Any:
    """Return the last value of a created resource's path; None where nothing says it.

    A link is the document's word, `Location` is HTTP's (RFC 9110, section 15.3.2), a field of the body is a guess.
    """
    names = {each.operation.name: parameter_names(each.operation.path)[-1] for each in on_item}
    for target, values in links.values(exchange):
        for value in values:
            if target in names and value.location == "path" and value.name == names[target]:
                return value.value
    first = on_item[0].operation
    last = names[first.name]
    parameters = (each for each in first.parameters if each.location == "path" and each.name == last)
    parameter = next(parameters, None)
    if parameter is None:
        return None
    fits = ParameterSchemas(on_item[0]).fits
    text = _id_in_location(exchange, first.path)
    number = int(text) if text.isascii() and text.isdigit() and len(text) < 20 else None
    for each in (text, number):
        if each not in {"", None} and fits(parameter, each):
            return each
    collection = re.sub(r"/?\{[^{}]*\}/?$", "", first.path)
    noun = singular(collection.rpartition("/")[2])
    items = _candidates(exchange.answer_json(), noun)
    return next((each for item in items for each in item_values(item, parameter, noun, fits)), None)


def _candidates(body: Any, noun: str) -> Iterator[Any]:
    """Yield the parts of an answer that may be the resource: the member that is called like it, itself, any member."""
    if not isinstance(body, Mapping):
        if body is not None and not isinstance(body, list):
            yield body  # the id alone
        return
    members = [(key, value) for key, value in body.items() if isinstance(value, Mapping)]
    yield from (value for key, value in members if singular(str(key)) == noun)
    yield body
    yield from (value for _, value in members)


def _id_in_location(exchange: Exchange, path: str) -> str:
    """Return the last segment of the URL in `Location` (RFC 9110, section 10.2.2); empty where it has another path."""
    location = exchange.answer.header("location") if exchange.answer is not None else ""
    if not location:
        return ""
    try:
        location_path = urlsplit(location).path
    except ValueError:
        return ""
    pieces = re.split(r"\{[^{}]*\}", path.removesuffix("/"))
    pattern = "([^/]+)".join(map(re.escape, pieces)) + "/?$"
    found = re.search(pattern, location_path)
    if found is None:  # relative to the collection, or by another route
        return ""
    return unquote(found.groups()[-1])
