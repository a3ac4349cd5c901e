"""Path templates, compared without the names of parameters, and the operations that list the values of parameters.

`/runs/{id}` and `/runs/{runId}` are the same path. A value of `runId` in `/workflows/{id}/runs/{runId}` is an item of
`/workflows/{id}/runs`, and `ID` in `/message/{ID}` is an item of `/messages`. If no operation has that path, any
collection with the noun of the parameter counts: `/projects/{}/runs` for `/runs/{run_id}`, `/mailbox/messages` for
`/message/{ID}`. This module does not search for values by the names of fields.
"""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple

from dynacli.openapi.model.field_names import ID_ENDINGS, is_search_name, owner_name, plain_name, singular
from dynacli.openapi.model.operation import Operation, OperationSummary

_PLACEHOLDER = re.compile(r"\{([^{}]*)\}")


def parameter_names(path: str) -> list[str]:
    """Return the names of a path's parameters, in order."""
    return _PLACEHOLDER.findall(path)


def path_template(path: str) -> str:
    """Return a path without the names of its parameters, its query and its fragment: `/runs/{}/trace`."""
    return _PLACEHOLDER.sub("{}", _without_query(path))


def item_template(path: str) -> str:
    """Return a path as resources are compared: without names of parameters, and without `/` or `.json` at its end."""
    return path_template(path).removesuffix("/").removesuffix(".json")


def collection_template(path: str, index: int) -> str:
    """Return the template of the collection that a parameter picks an item from: the path before the parameter.

    Args:
        index: The index of the parameter in the path; if it is out of range, the result is empty.
    """
    plain = _without_query(path)
    found = list(_PLACEHOLDER.finditer(plain))
    return path_template(plain[: found[index].start()]).removesuffix("/") if index < len(found) else ""


def resource_template(collection: str) -> str:
    """Return a collection's template with a singular last segment: `/message` for `/messages` and for `/message`.

    `GET /messages` lists the items of `/message/{ID}`.
    """
    above, slash, segment = collection.rpartition("/")
    return collection if collection.endswith("}") else f"{above}{slash}{singular(segment)}"


def picked_noun(path: str, index: int) -> str:
    """Return the noun of a path parameter: `run` for `{run_id}`, `message` for `/message/{ID}`; empty if unknown."""
    name = parameter_names(path)[index]
    segment = collection_template(path, index).rpartition("/")[2]
    is_bare = plain_name(name) in (*ID_ENDINGS, singular(segment)) and not segment.endswith("}")
    return owner_name(name) or (singular(segment) if is_bare else "")


class ListedCollections(NamedTuple):
    """The collections that the response of a path may list.

    Args:
        collection: The template of the path itself, without a slash at its end.
        nearby: The collection above, if the path selects items of it; else empty.
        segment: The segment that names the items.
    """

    collection: str
    nearby: str
    segment: str


def listed_collections(path: str) -> ListedCollections:
    """Return the collections that the response of a path may list.

    `/pets/findByStatus` lists the resources of `/pets/{id}`, as `/pets` would; `/pets/tags` does not.
    """
    collection = path_template(path).removesuffix("/")
    above, _, segment = collection.rpartition("/")
    if not above or collection.endswith("}") or _is_other_collection(segment):
        return ListedCollections(collection, "", segment)
    # The items of `/pets/search` are pets.
    return ListedCollections(
        collection, above, above.rpartition("/")[2] if is_search_name(segment) else segment
    )


def _is_other_collection(segment: str) -> bool:
    """Return whether the last segment of a path is a separate collection: `tags`, but not `findByStatus`."""
    plain = plain_name(segment)
    return singular(segment) != plain and not is_search_name(segment) and "by" not in plain


def item_templates(path: str) -> list[str]:
    """Return the template of the item that each parameter of a path selects: the path up to the parameter."""
    plain = _without_query(path)
    return [path_template(plain[: found.end()]) for found in _PLACEHOLDER.finditer(plain)]


def enclosing_items(template: str) -> Iterator[str]:
    """Yield the beginnings of a template that end with a parameter, the longest first, without the template."""
    steps = template.split("/")
    for end in range(len(steps) - 1, 0, -1):
        if steps[end - 1] == "{}":
            yield "/".join(steps[:end])


def nouns_of(template: str) -> tuple[str, ...]:
    """Return the nouns for an item of a collection: `version` and `promptversion` for `/prompts/{}/versions`."""
    *above, segment = template.split("/")
    noun, words = singular(segment), [word for word in above if word and "{" not in word]
    return (noun, singular(words[-1]) + noun) if "{" in template and words else (noun,)


def nouns_of_paths(paths: Iterable[str]) -> set[str]:
    """Return the nouns of an API: the fixed segments of its paths, in the singular."""
    segments = {segment for path in paths for segment in path_template(path).split("/")}
    return {singular(segment) for segment in segments if segment and "{" not in segment}


def path_values(template: str, path: str) -> dict[str, str] | None:
    """Return the percent-encoded values of a template's parameters in a path; None if the path does not match."""
    if template.count("/") != path.count("/"):
        return None  # splitting a path of thousands of steps for each operation would be slow
    from urllib.parse import unquote  # help compares only templates and does not need it

    steps, given = template.split("/"), path.split("/")
    values: dict[str, str] = {}
    for step, word in zip(steps, given, strict=True):
        if step == word or ("%" in word and unquote(word) == step):
            continue
        if "{" not in step:
            return None
        found = _between(_PLACEHOLDER.split(step)[::2], word)
        if found is None:
            return None
        values.update(zip(_PLACEHOLDER.findall(step), found, strict=True))
    return values


def _between(texts: Sequence[str], word: str) -> list[str] | None:
    """Return the values between the fixed texts of a segment, the first ones as long as possible; None if none match.

    A regular expression with `(.+)` between the texts returns the same, but its time grows as a power of the length.
    """
    first, *middle, last = texts
    if len(word) <= len(first) + len(last) or not (word.startswith(first) and word.endswith(last)):
        return None
    pieces, end = [], len(word) - len(last)
    for text in reversed(middle):
        # Each piece has at least one character, also the piece after this text.
        at = word.rfind(text, len(first) + 1, max(end - 1, 0))
        if at < 0:
            return None
        pieces.append(word[at + len(text) : end])
        end = at
    pieces.append(word[len(first) : end])
    return pieces[::-1] if pieces[-1] else None


def _without_query(path: str) -> str:
    return path.partition("#")[0].partition("?")[0]


class ListingOperations:
    """Operations whose responses may be lists, by the paths and nouns of their collections.

    Args:
        operations: The operations, the preferred ones first.
    """

    def __init__(self, operations: Iterable[OperationSummary | Operation]) -> None:
        self._by_path: dict[str, list[str]] = {}
        self._by_resource: dict[str, list[str]] = {}
        self._by_noun: dict[str, list[str]] = {}
        for operation in operations:
            template = path_template(operation.path).removesuffix("/")
            self._by_path.setdefault(template, []).append(operation.name)
            self._by_resource.setdefault(resource_template(template), []).append(operation.name)
            for noun in nouns_of(template) if not template.endswith("}") else ():
                self._by_noun.setdefault(noun, []).append(operation.name)

    def sources_of(self, operation: OperationSummary | Operation) -> Mapping[str, list[str]]:
        """Return path parameter → names of other operations that list its values, if there are any."""
        found = {}
        for index, parameter in enumerate(parameter_names(operation.path)):
            collection = collection_template(operation.path, index)
            for names in (
                self._by_path.get(collection, ()),
                self._by_resource.get(resource_template(collection), ()),
                self._by_noun.get(picked_noun(operation.path, index), ()),
            ):
                others = [name for name in names if name != operation.name]
                if others:
                    found[parameter] = others
                    break
        return found

    def lists_of(self, name: str) -> list[str]:
        """Return the names of the operations that list values of an input named `workflowId` or `workflow`."""
        return self._by_noun.get(owner_name(name) or plain_name(name), [])
