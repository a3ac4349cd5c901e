"""Finds the parameters in the paths of an API.

A segment whose text alone shows that it is an identifier, such as a number or a UUID, is a parameter. Other segments
are slugs: names that people read. A slug is a parameter only if the responses show it. At least three slugs at one
location must have responses with the same required properties, and the slugs must be values in bodies.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from typing import Any, NamedTuple
from urllib.parse import unquote

from dynacli.features.learn.exchanges import BrokenExchangeError, ObservedExchange
from dynacli.openapi.model.field_names import plain_name, singular
from dynacli.openapi.model.path_templates import path_values
from dynacli.openapi.schema.observed_shape import identifier_kind
from dynacli.record import record
from dynacli.secrets import MASK, is_secret_name

_PARAMETER = "{}"
_FEWEST_SLUGS = 3
"""Minimum number of slugs at one location that make a parameter."""
_MOST_SLUGS = 20_000
"""Maximum number of slugs to look for in bodies."""
_LONGEST_SLUG = 200
_NEVER = re.compile(
    r"v\d+(?:\.\d+)*(?:alpha|beta)?\d*|me|self|latest|current|new|default|all|search|count|stats|mine|today|now|edit",
    re.IGNORECASE,
)
"""Slugs that are no values of a parameter."""
_BASE = re.compile(r"api|rest|v\d+(?:\.\d+)*(?:alpha|beta)?\d*", re.IGNORECASE)
"""Segments before the first slug of a path that says what the path is about."""
_NAME = re.compile(r"[A-Za-z][A-Za-z0-9]*")

_Steps = tuple[str, ...]


def _marked_steps(steps: _Steps) -> _Steps:
    """Return the segments of a path with the marker of a parameter for each identifier."""
    return tuple(
        _PARAMETER if _is_identifier(step, steps[number - 1] if number else "") else step
        for number, step in enumerate(steps)
    )


def _is_identifier(step: str, before: str) -> bool:
    text = unquote(step)
    if identifier_kind(text) or text == MASK:
        return True
    # A segment after `tokens` may be a token that looks like a slug.
    return bool(before) and is_secret_name(before, in_path=True) and any(map(str.isdigit, text))


def first_literal(steps: Sequence[str]) -> str:
    """Return the first segment that says what a path is about; empty if there is none."""
    return next((step for step in steps if step and step != _PARAMETER and not _BASE.fullmatch(step)), "")


class _Read(NamedTuple):
    """The shape that all responses to GET at a path share.

    Args:
        names: The required names of the object, or of the objects of a list, after `[]`.
    """

    names: frozenset[str]


_Shape = tuple[int, frozenset[str]]
"""The number of segments of a path, and the required names in the responses to GET."""


def _read_of(value: Any) -> _Read | None:
    if isinstance(value, dict):
        return _Read(frozenset(value))
    if isinstance(value, list):
        items = [item for item in value if isinstance(item, dict)]
        common = frozenset.intersection(*map(frozenset, items)) if items else frozenset()
        return _Read(frozenset({"[]", *common}))
    return None


class ObservedPaths:
    """The paths of a server, and what their responses have in common.

    Args:
        templates: The path templates that the user gave.
    """

    def __init__(self, templates: Iterable[str] = ()) -> None:
        given = sorted(set(templates), key=lambda template: (template.count("{"), template))
        self._given = [tuple(template.split("/")[1:]) for template in given]
        self._reads: dict[_Steps, _Read | None] = {}
        self._seen: set[str] = set()

    def template_given(self, steps: _Steps) -> _Steps | None:
        """Return the template of the user for a path; None if there is none."""
        path = "/".join(steps)
        fitting = (given for given in self._given if len(given) == len(steps))
        return next((given for given in fitting if path_values("/".join(given), path) is not None), None)

    def add(self, exchange: ObservedExchange) -> None:
        """Take the path of an exchange into account."""
        if self.template_given(exchange.steps) is not None:
            return
        steps = _marked_steps(exchange.steps)
        found = None
        if exchange.method == "GET" and exchange.is_success:
            try:
                found = _read_of(exchange.response_body.value)
            except BrokenExchangeError:
                return
        known = self._reads.get(steps)
        if known is not None and found is not None:
            found = _Read(known.names & found.names)
        self._reads[steps] = found or known

    def slugs(self) -> frozenset[str]:
        """Return the slugs that may be values of a parameter."""
        found: set[str] = set()
        for slugs in _slug_groups(self._reads).values():
            found.update(map(unquote, slugs))
        for steps in self._reads:
            # Two slugs may identify one resource: `/repos/octocat/hello-world`.
            found.update(unquote(steps[at]) for at in range(2, len(steps)) if _is_plural(steps[at - 2]))
        return frozenset(found if len(found) <= _MOST_SLUGS else ())

    def see(self, exchange: ObservedExchange, slugs: frozenset[str]) -> None:
        """Note which of the slugs are values in the bodies of an exchange."""
        try:
            bodies = exchange.request_body.value, exchange.response_body.value
        except BrokenExchangeError:
            return
        self._seen |= slugs.intersection(_scalars(bodies))

    def templates(self) -> PathTemplates:
        """Return the templates of all paths."""
        merged = _Merger(self._reads, self._seen)
        merged.merge()
        return PathTemplates(self, merged.parameters)


def _scalars(value: Any) -> Iterator[str]:
    stack = [value]
    while stack:
        found = stack.pop()
        if isinstance(found, str):
            yield found
        elif isinstance(found, dict):
            stack.extend(found.values())
        elif isinstance(found, list | tuple):
            stack.extend(found)


def _slug_groups(paths: Iterable[_Steps]) -> dict[_Steps, set[str]]:
    """Return a beginning of paths → the slugs that follow it, if they may be values."""
    groups: dict[_Steps, set[str]] = defaultdict(set)
    starts = {first_literal(steps) for steps in paths}
    for steps in paths:
        for number, step in enumerate(steps):
            if number and _may_be_value(step, starts):
                groups[steps[:number]].add(step)
    return {before: slugs for before, slugs in groups.items() if _is_collection(before)}


def _may_be_value(step: str, starts: set[str]) -> bool:
    return (
        bool(step)
        and step != _PARAMETER
        and step not in starts
        and not _NEVER.fullmatch(step)
        and len(step) <= _LONGEST_SLUG
    )


def _is_collection(before: _Steps) -> bool:
    """Return whether the items of a collection may follow: after a plural, or after its parameter."""
    last = before[-1] if before else ""
    if last == _PARAMETER:
        return len(before) > 1 and before[-2] != _PARAMETER and _is_plural(before[-2])
    return _is_plural(last)


def _is_plural(slug: str) -> bool:
    return singular(slug) != plain_name(slug)


class _Merger:
    """Finds slugs that are values of a parameter.

    Attributes:
        parameters: A beginning of paths, with parameters → the slugs after it that are values.
    """

    def __init__(self, reads: Mapping[_Steps, _Read | None], seen: AbstractSet[str]) -> None:
        self._reads, self._seen = dict(reads), seen
        self.parameters: dict[_Steps, set[str]] = {}

    def merge(self) -> None:
        """Merge slugs, from the first segment to the last."""
        depth = max(map(len, self._reads), default=0)
        for length in range(1, depth):
            children: dict[_Steps, dict[str, set[_Shape]]] = defaultdict(lambda: defaultdict(set))
            for steps, read in self._reads.items():
                if len(steps) > length:
                    shapes = children[steps[:length]][steps[length]]
                    if read is not None and read.names:
                        shapes.add((len(steps), read.names))
            found = {
                before: merged
                for before, slugs in _slug_groups(self._reads).items()
                if len(before) == length and (merged := self._merged(before, slugs, children[before]))
            }
            if found:
                self.parameters.update(found)
                self._rename(found, length)

    def _merged(self, before: _Steps, slugs: set[str], shapes: Mapping[str, set[_Shape]]) -> set[str]:
        """Return the slugs after a beginning of paths that are values.

        Args:
            before: The beginning.
            slugs: The slugs that may be values.
            shapes: Segment after the beginning → the shapes of the responses below it.
        """
        if before[-1] == _PARAMETER and (before in self._reads or before[:-1] not in self.parameters):
            return set()  # a resource is read by one parameter, unless two slugs identify it
        by_shape: dict[_Shape, set[str]] = defaultdict(set)
        for slug in slugs:
            for shape in shapes[slug]:
                by_shape[shape].add(slug)
        merged: set[str] = set()
        for shape, alike in by_shape.items():
            shown = {slug for slug in alike if unquote(slug) in self._seen}
            # Beside identifiers with the same response, one slug is enough.
            is_beside = shape in shapes.get(_PARAMETER, ())
            if len(shown) >= (1 if is_beside else _FEWEST_SLUGS):
                merged |= alike
        return merged

    def _rename(self, parameters: Mapping[_Steps, set[str]], at: int) -> None:
        """Replace the slugs at one depth by the marker of a parameter."""
        renamed: dict[_Steps, _Read | None] = {}
        for steps, read in self._reads.items():
            if len(steps) > at and steps[at] in parameters.get(steps[:at], ()):
                steps = (*steps[:at], _PARAMETER, *steps[at + 1 :])  # noqa: PLW2901
            known = renamed.get(steps)
            both = _Read(known.names & read.names) if known is not None and read is not None else None
            renamed[steps] = both or read or known
        self._reads = renamed


@record
class PathTemplate:
    """A path template.

    Args:
        path: The template: `/orders/{orderId}`.
        is_guessed: Whether a parameter was recognized by the responses, and not by its text.
    """

    path: str
    is_guessed: bool


class PathTemplates:
    """The template of each path.

    Args:
        paths: The paths.
        parameters: A beginning of paths, with parameters → the slugs after it that are values.
    """

    def __init__(self, paths: ObservedPaths, parameters: Mapping[_Steps, set[str]]) -> None:
        self._paths, self._parameters = paths, parameters

    def of(self, steps: _Steps) -> PathTemplate:
        """Return the template of a path."""
        given = self._paths.template_given(steps)
        if given is not None:
            return PathTemplate("/" + "/".join(given), is_guessed=False)
        found: _Steps = ()
        is_guessed = False
        for step in _marked_steps(steps):
            is_value = step in self._parameters.get(found, ())
            is_guessed |= is_value
            found = (*found, _PARAMETER if is_value else step)
        return PathTemplate("/" + "/".join(_named(found)), is_guessed)


def _named(steps: _Steps) -> Iterator[str]:
    """Yield the segments of a template, with a name for each parameter: `orders`, `{orderId}`."""
    taken: set[str] = set()
    before = ""
    for step in steps:
        if step != _PARAMETER:
            before = step
            yield step.replace("{", "%7B").replace("}", "%7D")
            continue
        name = _parameter_name(before)
        number = 2
        while name in taken:
            name = f"{_parameter_name(before)}{number}"
            number += 1
        taken.add(name)
        yield f"{{{name}}}"


def _parameter_name(before: str) -> str:
    """Return the name of the parameter after a literal segment: `orderId` for `orders`."""
    slugs = _NAME.findall(unquote(before))
    if not slugs:
        return "id"
    *first, last = slugs
    name = "".join([*first, singular_name(last)][:1]) + "".join(
        slug[:1].upper() + slug[1:] for slug in [*first, singular_name(last)][1:]
    )
    return f"{name[:1].lower()}{name[1:]}Id"


def singular_name(slug: str) -> str:
    """Return a slug in the singular, in its own case: `runStep` for `runSteps`."""
    plain = plain_name(slug)
    found = singular(slug)
    if found == plain or len(plain) != len(slug):
        return slug
    kept = len(found) - 1 if found.endswith("y") and not plain.startswith(found) else len(found)
    return slug[:kept] + found[kept:]
