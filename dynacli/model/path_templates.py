"""Path templates, compared whatever their parameters are called: `/runs/{id}` and `/runs/{runId}` are the same path."""

import re
from collections.abc import Iterable, Sequence
from typing import NamedTuple
from urllib.parse import unquote

from dynacli.model.field_names import ID_ENDINGS, is_search_name, owner_name, plain_name, singular

__all__ = [
    "ListedCollections",
    "collection_template",
    "item_templates",
    "listed_collections",
    "nouns_of",
    "nouns_of_paths",
    "parameter_names",
    "path_template",
    "path_values",
    "picked_noun",
    "resource_template",
]

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
    """The collections that the answer of a path may list.

    Args:
        collection: The template of the path itself, without a slash at its end.
        nearby: The collection above, where the path chooses from that one; else empty.
        segment: The segment that says what the items are.
    """

    collection: str
    nearby: str
    segment: str


def listed_collections(path: str) -> ListedCollections:
    """Return which collections the answer of a path may list.

    `/pets/findByStatus` lists the resources of `/pets/{id}`, as `/pets` would; `/pets/tags` does not.
    """
    collection = path_template(path).removesuffix("/")
    above, _, segment = collection.rpartition("/")
    if not above or collection.endswith("}") or _is_other_collection(segment):
        return ListedCollections(collection, "", segment)
    # `/pets/search` answers with pets.
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
    """Return the percent-encoded values that a path has in the places of a template; None where it does not fit."""
    if template.count("/") != path.count("/"):
        return None  # before a path of thousands of steps is split for each operation
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
        # Each piece has a character at least, the one behind the text included.
        at = word.rfind(text, len(first) + 1, max(end - 1, 0))
        if at < 0:
            return None
        pieces.append(word[at + len(text) : end])
        end = at
    pieces.append(word[len(first) : end])
    return pieces[::-1] if pieces[-1] else None


def _without_query(path: str) -> str:
    return path.partition("#")[0].partition("?")[0]
