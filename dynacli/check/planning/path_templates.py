"""Path templates, compared whatever their parameters are called: `/runs/{id}` and `/runs/{runId}` are the same path."""

import re
from collections.abc import Iterable

from dynacli.check.planning.field_names import singular

__all__ = [
    "collection_template",
    "item_templates",
    "nouns_of",
    "nouns_of_paths",
    "parameter_names",
    "path_template",
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


def _without_query(path: str) -> str:
    return path.partition("#")[0].partition("?")[0]
