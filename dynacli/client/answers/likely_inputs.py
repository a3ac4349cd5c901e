"""Which inputs of a call an error of the server is about: those that it names, or what the path says is not there."""

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

from dynacli.client.call import Call
from dynacli.client.cards.input_sources import input_sources
from dynacli.client.inputs.call_inputs import input_name
from dynacli.client.sign_request import is_secret_parameter
from dynacli.model.field_names import plain_name
from dynacli.model.operation import EACH, Field, Parameter
from dynacli.model.wording import enumerated
from dynacli.text.content_kind import decoded, is_json

if TYPE_CHECKING:
    from dynacli.transport.send import Answer

__all__ = ["likely_inputs", "missing_thing"]

_MOST_NAMED = 4
_MAX_BODY = 1024 * 1024
_MAX_NODES = 2_000
_NAMING = ("pointer", "parameter", "field", "param", "property", "propertyPath", "loc", "header", "attribute")
"""The keys of an error object that name an input: RFC 9457 and JSON:API (`pointer`, `parameter`, `header`), FastAPI
(`loc`), GitHub, Google and many others (`field`), Stripe (`param`)."""
_LISTS = ("errors", "fieldErrors", "field_errors", "validationErrors", "validation_errors", "violations")
"""The keys of an object whose own keys are the names of inputs, as Rails and ASP.NET write it."""
_BESIDE_NAME = frozenset({"reason", "message", "detail"})
_LOCATIONS = frozenset({"path", "query", "header", "cookie", "body"})
_STEP = re.compile(r"[^.\[\]/]+")


class _Place(NamedTuple):
    """Where an error says that the request is wrong.

    Args:
        location: `query`, `body` and the like; empty where it does not say so.
        steps: The names that lead there.
    """

    location: str
    steps: tuple[str, ...]


def likely_inputs(call: Call, answer: "Answer") -> list[str]:
    """Return what messages call the inputs that an error names: `OWNER`, `--state`; at most four.

    Only what the document knows is named, never the server's own words.
    """
    text = decoded(answer.body, answer.header("content-type")) if 0 < len(answer.body) <= _MAX_BODY else None
    if text is None or not is_json(answer.header("content-type"), text):
        return []
    try:
        tree = json.loads(text)
    except (ValueError, RecursionError):
        return []
    named = (_input_at(call, place) for place in _places(tree))
    return list(dict.fromkeys(name for name in named if name))[:_MOST_NAMED]


def _places(tree: Any) -> Iterator[_Place]:
    """Yield the places that an error object names, in its order."""
    left, nodes = [tree], 0
    while left and nodes < _MAX_NODES:
        node = left.pop(0)
        nodes += 1
        if isinstance(node, list):
            left = [*node, *left]
        elif isinstance(node, Mapping):
            yield from _named_by(node)
            left = [*(value for value in node.values() if isinstance(value, list | Mapping)), *left]


def _named_by(node: Mapping[str, Any]) -> Iterator[_Place]:
    for key in _NAMING:
        if key in node:
            yield from _place(node[key], key)
    if isinstance(node.get("name"), str) and not _BESIDE_NAME.isdisjoint(node):
        yield from _place(node["name"], "name")  # `invalid-params` of RFC 7807
    for key in _LISTS:
        if isinstance(node.get(key), Mapping):
            for name in node[key]:
                yield from _place(name, "field")
    for name, value in node.items():
        # Django: {"name": ["This field is required."]}
        if isinstance(value, list) and value and all(isinstance(each, str) for each in value):
            yield from _place(name, "field")


def _place(value: Any, key: str) -> Iterator[_Place]:
    if isinstance(value, list):
        steps = tuple(str(step) for step in value if isinstance(step, str | int))
    elif isinstance(value, str):
        steps = tuple(step.replace("~1", "/").replace("~0", "~") for step in _STEP.findall(value.strip("#$")))
    else:
        return
    if key in {"header", "parameter"}:
        yield _Place("header" if key == "header" else "", steps)
    elif steps[:1] and steps[0] in _LOCATIONS and len(steps) > 1:
        yield _Place(steps[0], steps[1:])
    elif steps:
        yield _Place("", steps)


def _input_at(call: Call, place: _Place) -> str:
    """Return what messages call the input at a place; empty where the operation has none."""
    described = call.described
    for parameter in described.operation.parameters:
        is_there = place.location in {"", parameter.location}
        if is_there and place.steps and plain_name(parameter.name) == plain_name(place.steps[0]):
            return input_name(parameter)
    if place.location not in {"", "body"} or described.media_type is None:
        return ""
    fields = described.media_type.fields
    # JSON:API puts `/data/attributes` in front, and some servers the name of the thing.
    for start in range(len(place.steps)):
        for length in range(len(place.steps), start, -1):
            found = _field_at(fields, place.steps[start:length])
            if found:
                return found
    return ""


def _field_at(fields: Iterable[Field], steps: tuple[str, ...]) -> str:
    wanted = [EACH if step.isdecimal() else plain_name(step) for step in steps]
    numbers = [step for step in steps if step.isdecimal()]
    for field in fields:
        if wanted == [step if step == EACH else plain_name(step) for step in field.path]:
            option = field.option
            for number in numbers:
                option = option.replace(EACH, f".{number}", 1)
            return f"--{option.replace(EACH, '.0')}"
    return ""


def missing_thing(call: Call) -> str:
    """Return which arguments of a path lead to nothing, and where their values come from; empty without arguments."""
    parameters = [each for each in call.described.operation.parameters if each.location == "path"]
    told = [_told(call, each) for each in parameters]
    sources = input_sources(call.described.api, call.described.operation, parameters)
    if not told:
        return ""
    if not sources:
        return f"Check {enumerated(told)}"
    names = list(dict.fromkeys(f"`{source}`" for source in sources.values()))
    return (
        f"Check {enumerated(told)}; {enumerated(names)} {'has' if len(names) == 1 else 'have'} what there is"
    )


def _told(call: Call, parameter: Parameter) -> str:
    value = call.values.parameters.get((parameter.location, parameter.name))
    is_shown = isinstance(value, str | int) and not is_secret_parameter(parameter)
    return f"{input_name(parameter)} (`{str(value)[:60]}`)" if is_shown else input_name(parameter)
