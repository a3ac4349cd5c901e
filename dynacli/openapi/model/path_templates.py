"""Path templates, compared whatever their parameters are called, and the operations that list their values.

`/runs/{id}` and `/runs/{runId}` are the same path. A value of `runId` in `/workflows/{id}/runs/{runId}` is an item of
`/workflows/{id}/runs`, and `ID` in `/message/{ID}` one of `/messages`. If nothing lists at that path, it is any
collection that is called like what the parameter names: `/projects/{}/runs` for `/runs/{run_id}`, `/mailbox/messages`
for `/message/{ID}`.
Values that are found by the name of a field alone can come from any operation, and are left out here.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from dynacli.openapi.model.field_names import ID_ENDINGS, is_search_name, owner_name, plain_name, singular
from dynacli.openapi.model.operation import Operation, OperationSummary

_PLACEHOLDER = re.compile(r"\{([^{}]*)\}")


def parameter_names(path: str) -> list[str]:
    """Return the names of a path's parameters, in order."""
    return _PLACEHOLDER.findall(path)


def path_template(path: str) -> str:
    """Return a path with its parameters unnamed, without query and fragment: `/runs/{}/trace`."""
    return _PLACEHOLDER.sub("{}", _without_query(path))


def collection_template(path: str, index: int) -> str:
    """Return the template of the collection that a parameter picks an item of: what stands before the parameter.

    Args:
        index: The number of the parameter among those of the path; an index out of range has no collection.
    """
    plain = _without_query(path)
    found = list(_PLACEHOLDER.finditer(plain))
    return path_template(plain[: found[index].start()]).removesuffix("/") if index < len(found) else ""


def resource_template(collection: str) -> str:
    """Return a collection's template with a singular last segment: `/message` for `/messages` and for `/message`.

    `GET /messages` lists what `/message/{ID}` picks from.
    """
    above, slash, segment = collection.rpartition("/")
    return collection if collection.endswith("}") else f"{above}{slash}{singular(segment)}"


def picked_noun(path: str, index: int) -> str:
    """Return what a path parameter names: `run` for `{run_id}`, `message` for `/message/{ID}`; empty if unknown."""
    name = parameter_names(path)[index]
    segment = collection_template(path, index).rpartition("/")[2]
    is_bare = plain_name(name) in (*ID_ENDINGS, singular(segment)) and not segment.endswith("}")
    return owner_name(name) or (singular(segment) if is_bare else "")


class ListedCollections(NamedTuple):
    """The collections that the response of a path may list.

    Args:
        collection: The template of the path itself, without a slash at its end.
        nearby: The collection above, if the path chooses from that one; else empty.
        segment: The segment that says what the items are.
    """

    collection: str
    nearby: str
    segment: str


def listed_collections(path: str) -> ListedCollections:
    """Return which collections the response of a path may list.

    `/pets/findByStatus` lists the resources of `/pets/{id}`, as `/pets` would; `/pets/tags` does not.
    """
    collection = path_template(path).removesuffix("/")
    above, _, segment = collection.rpartition("/")
    if not above or collection.endswith("}") or _is_other_collection(segment):
        return ListedCollections(collection, "", segment)
    # `/pets/search` responds with pets.
    return ListedCollections(
        collection, above, above.rpartition("/")[2] if is_search_name(segment) else segment
    )


def _is_other_collection(segment: str) -> bool:
    """Return whether the last segment of a path names a collection of its own, instead of choosing from one."""
    plain = plain_name(segment)
    return singular(segment) != plain and not is_search_name(segment) and "by" not in plain


def item_templates(path: str) -> list[str]:
    """Return for each parameter of a path the template of what it names: the path up to its end."""
    plain = _without_query(path)
    return [path_template(plain[: found.end()]) for found in _PLACEHOLDER.finditer(plain)]


def nouns_of(template: str) -> tuple[str, ...]:
    """Return what an item of a collection is called: `version`, and `promptversion` for `/prompts/{}/versions`."""
    *above, segment = template.split("/")
    noun, words = singular(segment), [word for word in above if word and "{" not in word]
    return (noun, singular(words[-1]) + noun) if "{" in template and words else (noun,)


def nouns_of_paths(paths: Iterable[str]) -> set[str]:
    """Return what the things of an API are called, as far as its paths say so."""
    segments = {segment for path in paths for segment in path_template(path).split("/")}
    return {singular(segment) for segment in segments if segment and "{" not in segment}


def path_values(template: str, path: str) -> dict[str, str] | None:
    """Return the percent-encoded values that a path has in the places of a template; None if it does not fit."""
    if template.count("/") != path.count("/"):
        return None  # before a path of thousands of steps is split for each operation
    from urllib.parse import unquote  # help, which compares templates alone, does without it

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
    """Return the pieces of a word between texts, the first ones as long as possible; None if the texts differ.

    A regular expression with `(.+)` between the texts returns the same, but takes a power of the length of the word.
    """
    first, *middle, last = texts
    if len(word) <= len(first) + len(last) or not (word.startswith(first) and word.endswith(last)):
        return None
    pieces, end = [], len(word) - len(last)
    for text in reversed(middle):
        # Each piece has a character at least, the one after the text included.
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
    """Operations whose responses may list things, by the paths and nouns of their collections.

    Args:
        operations: The operations, in the order in which they are preferred.
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
        """Return path parameter → the names of the other operations that list its values, if there are any."""
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
        """Return the operations that list what an input of a name, such as `workflowId` or `workflow`, names."""
        return self._by_noun.get(owner_name(name) or plain_name(name), [])
