"""The errors that many operations of a document answer with in the same words, so that they are told once."""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from dynacli.model.operation import Operation, Response
from dynacli.model.overview import SharedError
from dynacli.schema.answer_outline import answer_outline

__all__ = ["shared_errors"]

_FEWEST = 3
_PART_OF_ALL = 4
"""An error is shared that one operation in so many has, or a number of operations that nobody reads through."""
_MANY = 10
_MOST_NAMES = 8
_MOST_ERRORS = 40

_Key = tuple[str, str, str]


def shared_errors(
    operations: Iterable[tuple[Operation, Mapping[str, Any]]],
    follow: Callable[[Any], Any],
    resolve: Callable[[str], Any],
) -> tuple[tuple[SharedError, ...], str]:
    """Return the shared errors, and what the most common of those that say it hold.

    Args:
        operations: Each with its Operation Object, references in place.
        follow: Returns what stands at the end of a chain of references; None where it leads nowhere.
        resolve: Returns the target of a reference; raises LookupError where there is none.
    """
    counts: Counter[_Key] = Counter()
    places: dict[_Key, tuple[Mapping[str, Any], str]] = {}
    number = 0
    for operation, part in operations:
        number += 1
        has_success = any(response.status[:1] == "2" for response in operation.responses)
        for response in operation.responses:
            if response.status[:1] in "45" or (response.status == "default" and has_success):
                key = _key(response)
                counts[key] += 1
                places.setdefault(key, (part, response.status))
    least = max(_FEWEST, min(_MANY, number // _PART_OF_ALL))
    common = [key for key, count in counts.most_common(_MOST_ERRORS) if count >= least]
    fields = ""
    for key in common:
        part, status = places[key]
        responses = follow(part.get("responses"))
        raw = follow(responses.get(status)) if isinstance(responses, Mapping) else None
        outline = answer_outline(raw if isinstance(raw, Mapping) else {}, resolve)
        if outline.lines:
            fields = outline.lines[0].text(_MOST_NAMES)
            break
    return tuple(SharedError(*key) for key in sorted(common)), fields


def _key(response: Response) -> _Key:
    return response.status, response.description, response.schema_name
