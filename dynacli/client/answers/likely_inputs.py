"""Which inputs of a call an error of the server is about: those that it names, or what the path says is not there."""

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

from dynacli.client.call import Call
from dynacli.client.cards.input_sources import input_sources
from dynacli.client.described_operation import DescribedOperation
from dynacli.client.inputs.call_inputs import input_name
from dynacli.client.sign_request import is_secret_parameter
from dynacli.document.pointer import unescaped
from dynacli.model.field_names import plain_name
from dynacli.model.operation import EACH, Parameter, of_first_items
from dynacli.model.wording import enumerated
from dynacli.text.content_kind import decoded, is_json

if TYPE_CHECKING:
    from types import UnionType

    from dynacli.http.send import Answer

__all__ = ["likely_inputs", "missing_thing"]

_MOST_NAMED = 4
_MAX_BODY = 1024 * 1024
_MAX_NODES = 2_000
_NAMING = (
    *("pointer", "parameter", "field", "param", "property", "propertyPath", "loc", "header", "attribute"),
    *("path", "instancePath", "dataPath"),
)
"""The keys of an error object that name an input: RFC 9457 and JSON:API (`pointer`, `parameter`, `header`), FastAPI
(`loc`), GitHub, Google, Spring and many others (`field`), Stripe (`param`), Jakarta's validation (`propertyPath`), zod
and express-validator (`path`), Ajv (`instancePath`, `dataPath`)."""
_LISTS = ("errors", "fieldErrors", "field_errors", "validationErrors", "validation_errors", "violations")
"""The keys of an object whose own keys are the names of inputs, as Rails and ASP.NET write it."""
_BESIDE_NAME = frozenset({"reason", "message", "detail"})
_LOCATIONS = frozenset({"path", "query", "header", "cookie", "body"})
_STEP = re.compile(r"[^.\[\]/]+")
_LONGEST_SENTENCE = 500
_NAMES_IN_PROSE = (
    re.compile(r"[`'\"\u2018\u201c]([A-Za-z][\w.\[\]-]*)[`'\"\u2019\u201d]"),  # the parameter 'page_size'
    # `name: is too short`, and as Rails writes it: `Page size must be a number`
    re.compile(
        r"(?:^|[.;,:!\n] ?)([A-Za-z][\w.\[\]-]*(?: [a-z]\w*){0,2}?)"
        r"(?:: | (?:is|are|must|can|can't|cannot|could|should|has|have|may|does|needs|was|not|already|too)\b)"
    ),
    re.compile(r"\b([a-z]+(?:_[a-z0-9]+)+|[a-z]+(?:[A-Z][a-z0-9]+)+)\b"),  # no words of any sentence
)
"""How sentences name an input."""


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
    inputs = _Inputs(call.described)
    named = [name for place in _places(tree) if (name := inputs.at(place))]
    return list(dict.fromkeys(named or _in_prose(inputs, tree)))[:_MOST_NAMED]


def _places(tree: Any) -> Iterator[_Place]:
    """Yield the places that an error object names, in its order."""
    for node in _nodes(tree, list | Mapping):
        if isinstance(node, Mapping):
            yield from _named_by(node)


def _nodes(tree: Any, kinds: "type | UnionType" = object) -> Iterator[Any]:
    """Yield what is in an error, in its order, the outer before the inner; not more than is soon looked at.

    Args:
        kinds: What is yielded of the values of objects.
    """
    left = [tree]
    for _ in range(_MAX_NODES):
        if not left:
            return
        node = left.pop()
        yield node
        if isinstance(node, list):
            left += reversed(node)
        elif isinstance(node, Mapping):
            left += reversed([value for value in node.values() if isinstance(value, kinds)])


def _named_by(node: Mapping[str, Any]) -> Iterator[_Place]:
    for key in _NAMING:
        # In an error of Spring, `path` is that of the URL.
        if key in node and not (key == "path" and str(node[key]).startswith("/")):
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
        steps = tuple(map(unescaped, _STEP.findall(value.strip("#$"))))
    else:
        return
    if key in {"header", "parameter"}:
        yield _Place("header" if key == "header" else "", steps)
    elif steps[:1] and steps[0] in _LOCATIONS and len(steps) > 1:
        yield _Place(steps[0], steps[1:])
    elif steps:
        yield _Place("", steps)


class _Inputs:
    """The inputs of an operation by what servers may call them: an error can name a great many places."""

    def __init__(self, described: DescribedOperation) -> None:
        self._parameters: dict[tuple[str, str], Parameter] = {}
        self._options: dict[tuple[str, ...], str] = {}
        self._namesakes: dict[str, list[str]] = {}
        for parameter in described.operation.parameters:
            for location in ("", parameter.location):
                self._parameters.setdefault((location, plain_name(parameter.name)), parameter)
        for field in described.media_type.fields if described.media_type is not None else ():
            path = tuple(step if step == EACH else plain_name(step) for step in field.path)
            self._options.setdefault(path, field.option)
            self._namesakes.setdefault(path[-1], []).append(field.option)
        self._deepest = max(map(len, self._options), default=0)

    def at(self, place: _Place) -> str:
        """Return what messages call the input at a place; empty where the operation has none."""
        steps = place.steps
        parameter = self._parameters.get((place.location, plain_name(steps[0]))) if steps else None
        if parameter is not None:
            return input_name(parameter)
        if place.location not in {"", "body"}:
            return ""
        wanted = [EACH if step.isdecimal() else plain_name(step) for step in steps]
        # JSON:API puts `/data/attributes` in front, and some servers the name of the thing.
        for start in range(len(steps)):
            for end in range(min(start + self._deepest, len(steps)), start, -1):
                option = self._options.get(tuple(wanted[start:end]))
                if option is not None:
                    return _with_numbers(option, filter(str.isdecimal, steps[start:end]))
        return ""

    def only(self, name: str) -> str:
        """Return what messages call the field of a name, where it is the only one: `cron` is `schedule.cron`."""
        options = self._namesakes.get(plain_name(name), [])
        return f"--{of_first_items(options[0])}" if len(options) == 1 else ""


def _with_numbers(option: str, numbers: Iterable[str]) -> str:
    for number in numbers:
        option = option.replace(EACH, f".{number}", 1)
    return f"--{of_first_items(option)}"


def _in_prose(inputs: _Inputs, tree: Any) -> Iterator[str]:
    """Yield what messages call the inputs that the sentences of an error name."""
    for text in _texts(tree):
        for name in (name for pattern in _NAMES_IN_PROSE for name in pattern.findall(text)):
            steps = tuple(_STEP.findall(name))
            told = inputs.at(_Place("", steps)) or (inputs.only(name) if len(steps) == 1 else "")
            if told:
                yield told


def _texts(tree: Any) -> Iterator[str]:
    """Yield the texts in an error, the short ones, which may be sentences."""
    for node in _nodes(tree):
        if isinstance(node, str) and len(node) <= _LONGEST_SENTENCE:
            yield node


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
    value = call.values.parameters.get(parameter.key)
    is_shown = isinstance(value, str | int) and not is_secret_parameter(parameter)
    return f"{input_name(parameter)} (`{str(value)[:60]}`)" if is_shown else input_name(parameter)
