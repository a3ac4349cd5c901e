"""The id of a resource that a call created, and the resources that a check has created and not removed yet."""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any
from urllib.parse import unquote, urljoin, urlsplit

from dynacli.check._answer_values import AnswerValues, ParameterSchemas
from dynacli.check.check_records import Exchange, InputValue
from dynacli.check.planning.body_values import OWN_PREFIX, unused_name
from dynacli.check.planning.resource_chains import AnswerLinks, ResourceChain, find_chains
from dynacli.client.described_operation import DescribedOperation
from dynacli.openapi.model.field_names import ID_ENDINGS, is_id_name, plain_name, singular
from dynacli.openapi.model.find_items import item_values
from dynacli.openapi.model.operation import Parameter
from dynacli.openapi.model.path_templates import parameter_names, path_template

__all__ = ["CreatedResources", "created_paths", "naming_fields", "unused_id"]

_ENVELOPES = ("data", "result")
_MAX_DEPTH = 3


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
            ids: tuple[Any, ...] = (unused_name(), str(uuid4()))
            if is_id_name(last):  # `/delay/{delay}` takes an amount, and would wait as long
                ids += (10**8 + secrets.randbelow(10**8),)
            return next((each for each in ids if fits(parameter, each)), None)
    return None


def created_paths(
    exchange: Exchange,
    create: DescribedOperation,
    links: AnswerLinks,
    on_item: list[DescribedOperation],
    *,
    can_confirm: bool = False,
) -> list[tuple[Any, ...]]:
    """Return values of the path of a resource that a POST created, in order; none where nothing says them.

    The surest come first. Of several the server may know only one: a path may want the name of a thing, or its id.

    Args:
        exchange: The call that created it.
        create: The operation of that call.
        links: The links of that operation's answers.
        on_item: The operations on such a resource; all have the same path, by whatever names.
        can_confirm: Whether the resource is read before it is changed. Otherwise a name that was sent counts only where
            it is one that nothing had before.
    """
    if not on_item:
        return []
    sent = exchange.planned.path_values
    # An item may be at a path without what it was created in.
    above = len(parameter_names(on_item[0].operation.path)) - 1
    parent = tuple(map(sent.get, parameter_names(create.operation.path)))[:above]
    ids = dict.fromkeys(_created_ids(exchange, links, on_item, can_confirm=can_confirm))
    return [(*parent, value) for value in ids]


def naming_fields(on_item: list[DescribedOperation]) -> list[str]:
    """Return the plain names of the fields of a new resource that its path names it by, besides `name`."""
    names = ["name"]
    for described in on_item[:1]:
        parameter, noun = _last_parameter(described), _noun(described)
        if parameter is not None:
            name = plain_name(parameter.name)
            # An id is the server's to give, unless the path asks for a name, a key or a slug.
            endings = [each for each in ("name", "key", "slug", "code") if name.endswith(each)]
            names.extend(each for ending in endings for each in (ending, noun + ending))
    return list(dict.fromkeys(names))


def _created_ids(
    exchange: Exchange, links: AnswerLinks, on_item: list[DescribedOperation], *, can_confirm: bool
) -> Iterator[Any]:
    """Yield the values that the last parameter of a created resource's path may have.

    A link is the document's word, `Location` is HTTP's (RFC 9110, section 15.3.2), a field of the answer is a guess,
    and what was sent is the name that the resource was asked to have.
    """
    names = {each.operation.name: parameter_names(each.operation.path)[-1] for each in on_item}
    for target, values in links.values(exchange):
        for value in values:
            if target in names and value.location == "path" and value.name == names[target]:
                yield value.value
                return
    parameter, noun = _last_parameter(on_item[0]), _noun(on_item[0])
    if parameter is None:
        return
    fits = ParameterSchemas(on_item[0]).fits
    text = _id_in_location(exchange, on_item[0].operation.path)
    number = int(text) if text.isascii() and text.isdigit() and len(text) < 20 else None
    for each in (text, number):
        if each not in {"", None} and fits(parameter, each):
            yield each
            return
    for item in _candidates(exchange.answer_json(), noun):
        yield from item_values(item, parameter, noun, fits)
    for value in item_values(_naming_part(exchange.sent_json, parameter, noun), parameter, noun, fits):
        if can_confirm or str(value).startswith(OWN_PREFIX):
            yield value


def _last_parameter(described: DescribedOperation) -> Parameter | None:
    last = parameter_names(described.operation.path)[-1]
    parameters = described.operation.parameters
    return next((each for each in parameters if each.location == "path" and each.name == last), None)


def _noun(described: DescribedOperation) -> str:
    """Return what a resource is called, as the last word before the last parameter of its path says."""
    collection = re.sub(r"/?\{[^{}]*\}/?$", "", described.operation.path)
    return singular(collection.rpartition("/")[2])


def _naming_part(sent: Any, parameter: Parameter, noun: str) -> Mapping[str, Any]:
    """Return the fields of a body that say how the new resource is to be called, as the path would call it."""
    if not isinstance(sent, Mapping):
        return {}
    name = plain_name(parameter.name)
    endings = [ending for ending in ID_ENDINGS if name.endswith(ending)] or list(ID_ENDINGS)
    wanted = {name, *endings, *(noun + ending for ending in endings)}
    return {str(key): value for key, value in sent.items() if plain_name(str(key)) in wanted}


def _candidates(body: Any, noun: str, depth: int = 0) -> Iterator[Any]:
    """Yield the parts of an answer that may be the resource.

    They are the member that is called like it, what an envelope holds, the answer itself, and any other member.
    """
    if isinstance(body, list):
        body = body[0] if len(body) == 1 else None
    if not isinstance(body, Mapping):
        if body is not None:
            yield body  # the id alone
        return
    members = [(key, value) for key, value in body.items() if isinstance(value, Mapping)]
    yield from (value for key, value in members if singular(str(key)) == noun)
    for name in _ENVELOPES if depth < _MAX_DEPTH else ():
        if isinstance(body.get(name), Mapping | list):
            yield from _candidates(body[name], noun, depth + 1)
    yield body
    yield from (value for _, value in members)


def _id_in_location(exchange: Exchange, path: str) -> str:
    """Return the last segment of the URL in `Location` (RFC 9110, section 10.2.2); empty where it has another path.

    The URL may be relative to that of the request, or, as many servers mean it, to the collection.
    """
    location = exchange.answer.header("location") if exchange.answer is not None else ""
    if not location:
        return ""
    asked = exchange.request.url.partition("?")[0].rstrip("/")
    pieces = re.split(r"\{[^{}]*\}", path.removesuffix("/"))
    pattern = "([^/]+)".join(map(re.escape, pieces)) + "/?$"
    for base in (asked, f"{asked}/"):
        try:
            found = re.search(pattern, urlsplit(urljoin(base, location)).path)
        except ValueError:
            return ""
        if found is not None:
            return unquote(found.groups()[-1])
    # Behind a proxy, what stands before the collection may differ.
    *_, collection, value = ["", "", *urlsplit(location).path.rstrip("/").split("/")]
    is_same = collection != "" and collection == path.rstrip("/").rpartition("/")[0].rpartition("/")[2]
    return unquote(value) if is_same else ""


class CreatedResources:
    """Remembers the paths of created resources.

    Args:
        operations: The operations that are called, by name.
        changing_names: The names of those that may change something and were named by the person.
        links: Operation → the links of its answers.
        answers: The values of earlier answers.
    """

    def __init__(
        self,
        operations: Mapping[str, DescribedOperation],
        changing_names: Iterable[str],
        links: Mapping[str, AnswerLinks],
        answers: AnswerValues,
    ) -> None:
        self._operations, self._links, self._answers = operations, links, answers
        names = set(changing_names)
        linked_to = {name: each.targets for name, each in links.items()}
        chains = find_chains([each.operation for each in operations.values()], linked_to) if names else []
        self._chains: dict[str, ResourceChain] = {
            chain.create: chain for chain in chains if chain.create in names and not chain.is_created_by_put
        }
        self._paths: list[tuple[ResourceChain, tuple[object, ...]]] = []

    def add(self, exchange: Exchange) -> None:
        """Remember what a call created, unless its answer is about a resource that was there before."""
        chain = self._chains.get(exchange.operation_name)
        if chain is None or not exchange.is_success:
            return
        on_item = [self._operations[name] for name in chain.on_item if name in self._operations]
        paths = created_paths(exchange, self._operations[chain.create], self._links[chain.create], on_item)
        if paths and str(paths[0][-1]) not in self._answers.known_ids(on_item):
            self._paths.append((chain, paths[0]))

    def path_values(self, described: DescribedOperation) -> Sequence[tuple[InputValue, ...]]:
        """Return values for the beginning of an operation's path that name created resources, the longest first."""
        template = path_template(described.operation.path).removesuffix("/")
        names = parameter_names(described.operation.path)
        found = [
            tuple(
                InputValue("path", name, value, "answer", chain.create)
                for name, value in zip(names, path, strict=False)
            )
            for chain, path in self._paths
            if template == chain.item_path
            or template.startswith((f"{chain.item_path}/", f"{chain.item_path}:"))
        ]
        return sorted(found, key=len, reverse=True)
