"""Which operations a server may take a path for: servers differ in what they ignore in the spelling of a path.

Many ignore the case of letters, empty steps, a slash at the end, what follows a `;`, or dots and blanks at the end of a
step (IIS), decode `%2F` before they look for the route, or take a backslash for a slash.
"""

from collections.abc import Iterable, Mapping
from typing import NamedTuple
from urllib.parse import parse_qsl, unquote
from weakref import WeakKeyDictionary

from dynacli.catalog.store.catalog_file import Catalog
from dynacli.model.operation import OperationSummary
from dynacli.model.path_templates import path_values
from dynacli.record import record

__all__ = ["Sent", "is_path_of", "methods_in", "operations_at", "operations_of", "steps_of"]


@record
class Sent:
    """What a request says of its operation besides its method.

    Args:
        paths: Its path below each base URL that it may belong to, as it is sent.
        values: (location, name) → value of its query and its headers, header names in small letters.
    """

    paths: tuple[str, ...]
    values: Mapping[tuple[str, str], str]


class _Template(NamedTuple):
    """The path of an operation.

    Args:
        steps: As `steps_of` returns them.
        variables: How many of them have a parameter.
    """

    steps: tuple[str, ...]
    variables: int
    summary: OperationSummary


_templates: WeakKeyDictionary[Catalog, dict[str, list[_Template]]] = WeakKeyDictionary()
"""Catalog → method → its paths."""


def steps_of(path: str) -> tuple[str, ...] | None:
    """Return the steps of a path in the spelling that all spellings of it share; None if that is not clear."""
    text = unquote(path.partition("#")[0].partition("?")[0])
    if unquote(text) != text or not text.isprintable():
        return None
    steps = []
    for word in text.replace("\\", "/").split("/"):
        step = word.partition(";")[0].rstrip(" ")
        if step.startswith(".") and not step.strip(". "):
            if step != ".":
                return None  # a step back
            continue
        if plain := step.rstrip(". ").casefold():
            steps.append(plain)
    return tuple(steps)


def is_path_of(template: str, path: str) -> bool:
    """Return whether a server may take a path for one of a template."""
    fixed, steps = steps_of(template), steps_of(path)
    return fixed is not None and steps is not None and len(fixed) == len(steps) and _fits(fixed, steps)


def operations_of(catalog: Catalog, methods: Iterable[str]) -> list[OperationSummary]:
    """Return the operations of some methods, in upper case."""
    return [each.summary for method in methods for each in _templates_of(catalog).get(method, ())]


def methods_in(catalog: Catalog) -> list[str]:
    """Return the methods of all operations, in upper case."""
    return list(_templates_of(catalog))


def operations_at(
    catalog: Catalog, method: str, paths: Iterable[str], values: Mapping[tuple[str, str], str] | None = None
) -> list[OperationSummary]:
    """Return the operations of a method that a server may take a path for: of those that fit, the most literal ones.

    Args:
        method: In upper case.
        values: As in `Sent`; None if they are not known yet.
    """
    found: list[OperationSummary] = []
    for path in paths:
        steps = steps_of(path)
        if steps is None:
            continue
        fitting = [
            each
            for each in _templates_of(catalog).get(method, ())
            if len(each.steps) == len(steps)
            and _fits(each.steps, steps)
            and _agrees(catalog, each.summary, values)
        ]
        fewest = min((each.variables for each in fitting), default=0)
        found += [each.summary for each in fitting if each.variables == fewest]
    return found


def _templates_of(catalog: Catalog) -> dict[str, list[_Template]]:
    if catalog not in _templates:
        found: dict[str, list[_Template]] = {}
        for summary in catalog.each_summary():
            steps = steps_of(summary.path) or ()
            variables = sum("{" in step for step in steps)
            found.setdefault(summary.method.upper(), []).append(_Template(steps, variables, summary))
        _templates[catalog] = found
    return _templates[catalog]


def _fits(template: tuple[str, ...], steps: tuple[str, ...]) -> bool:
    # Many servers ignore the ending of the last step: `/pets.json`.
    *first, last = zip(template, steps, strict=True) if template else [("", "")]
    return all(
        step == word or ("{" in step and path_values(step, word) is not None) for step, word in first
    ) and (
        last[0] == last[1]
        or last[1].startswith(f"{last[0]}.")
        or ("{" in last[0] and path_values(*last) is not None)
    )


def _agrees(
    catalog: Catalog, summary: OperationSummary, values: Mapping[tuple[str, str], str] | None
) -> bool:
    """Return whether the query and the headers of a request are those of an operation that shares its path.

    Documents have `/messages?action=send`, and `/#Action=A` beside `/#Action=B`, each with a parameter of one value.
    """
    path, mark, _ = summary.path.partition("#")
    fixed = parse_qsl(path.partition("?")[2], keep_blank_values=True)
    if not (mark or fixed):
        return True
    if values is None or any(values.get(("query", name)) != value for name, value in fixed):
        return False
    if not mark:
        return True
    for parameter in catalog.operation(summary.name).parameters:
        if parameter.is_required and parameter.location in {"query", "header"} and parameter.value.enum:
            name = parameter.name.lower() if parameter.location == "header" else parameter.name
            if values.get((parameter.location, name)) not in parameter.value.enum:
                return False
    return True
