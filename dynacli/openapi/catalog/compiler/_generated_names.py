"""Short names for operations whose operationId was generated from a function, a method and a path.

FastAPI generates `read_item_items__item_id__get` from the function `read_item` for `GET /items/{item_id}`. Springfox
generates `listUsingGET` from `list`, and Litestar `ItemsItemIdReadItem` from `read_item`. The name of the function
becomes the name of the operation if it is unique.
"""

import re
from collections import Counter, defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from typing import NamedTuple

from dynacli.openapi.model.kebab_names import kebab, under_tag

NameKey = tuple[str, str]

_SAY_NOTHING = frozenset(
    {
        *("get", "post", "put", "patch", "delete", "head", "options", "trace", "query", "list", "create"),
        *("read", "update", "remove", "add", "set", "find", "search", "fetch", "index", "show", "edit"),
        *("view", "retrieve", "destroy", "all", "one", "by", "id", "api", "v1", "v2", "v3"),
    }
)
"""Terms that are too vague for a name: `list-items-get` says more than `list`."""


class NamedOperation(NamedTuple):
    """An operation and the text that names it.

    Args:
        operation_id: The operationId; empty if there is none.
        wanted: The text from which its full name is made.
        tags: Its tags, as they are written.
    """

    method: str
    path: str
    operation_id: str
    wanted: str
    tags: Sequence[str] = ()


def names_without_tags(
    operations: Sequence[NamedOperation], short: Mapping[NameKey, str], reserved: Collection[str]
) -> dict[NameKey, str]:
    """Return (method, path) → the short name, without the tag at its beginning if it has one.

    A name keeps its tag if another operation would have the same name.

    Args:
        short: (method, path) → the short name from `short_names`.
        reserved: Names that an operation cannot have.
    """
    usual = {
        (operation.method, operation.path): short.get((operation.method, operation.path))
        or kebab(operation.wanted)
        for operation in operations
    }
    bare: dict[NameKey, str] = {}
    for operation in operations:
        key = operation.method, operation.path
        name = under_tag(usual[key], kebab(operation.tags[0])) if operation.tags else usual[key]
        if name != usual[key]:
            bare[key] = name
    wanted = Counter([*usual.values(), *bare.values()])
    taken = {key: name for key, name in bare.items() if wanted[name] == 1 and name not in reserved}
    return {**short, **taken}


def short_names(
    operations: Iterable[NamedOperation], is_of_another: Callable[[str, str, str], bool]
) -> dict[NameKey, str]:
    """Return (method, path) → the short name, for the operations of a document that have one.

    If a function has several paths, the shortest path gets its name, and the others add the difference:
    `delete-project` and `delete-project-by-name`. If the shortest path has a step that another path lacks, all add
    the difference: `search-a` and `search-b`. If a short name is the full name of another operation, none gets it.

    Args:
        is_of_another: Returns for a name, a method and a path whether an earlier revision gave the name to another
            operation.
    """
    short: dict[NameKey, tuple[str, str]] = {}
    owners: dict[str, set[NameKey]] = defaultdict(set)
    operations = list(operations)
    is_path_first = _is_path_first(operations)
    for operation in operations:
        key = operation.method, operation.path
        whole = kebab(operation.wanted)
        owners[whole].add(key)
        if operation.wanted == operation.operation_id and (
            name := _without_method_and_path(operation, is_path_first)
        ):
            short[key] = name, whole
            owners[name].add(key)
    # Operations with the same operationId get no short name: the operationId shows where their names come from.
    short = {key: found for key, found in short.items() if len(owners[found[1]]) == 1}
    given: dict[NameKey, str] = {}
    sharing: dict[str, list[NameKey]] = defaultdict(list)
    for key, (name, _) in short.items():
        sharing[name].append(key)
    for name, keys in sharing.items():
        if owners[name] != set(keys):
            continue
        keys.sort(key=lambda key: (is_of_another(name, *key), key[1].count("/"), len(key[1])))
        for key in keys:
            # The first one gets the plain name if its path has no step that another path lacks.
            is_plain = key == keys[0] and (len(keys) == 1 or not _literal_steps(key[1], keys[1:]))
            longer = name if is_plain else f"{name}-{_difference(key, keys)}"
            owners[longer].add(key)
            is_free = is_plain or owners[longer] == {key}
            if is_free and not is_of_another(longer, *key):
                given[key] = longer
    return given


def _literal_steps(path: str, others: Iterable[NameKey]) -> list[str]:
    """Return the literal steps of a path that at least one other path lacks."""
    known = [set(other.split("/")) for _, other in others]
    steps = [step for step in path.split("/") if "{" not in step and kebab(step)]
    return [kebab(step) for step in steps if not all(step in words for words in known)]


def _difference(key: NameKey, keys: Sequence[NameKey]) -> str:
    """Return how an operation differs from the others of its function: by steps of its path, or else by its method."""
    others = [item for item in keys if item != key]
    literal = _literal_steps(key[1], others)
    known = {step for _, other in others for step in other.split("/")}
    # One step that no other path has is enough.
    reporting = [step for step in literal if step not in map(kebab, known)]
    named = [f"by-{kebab(step)}" for step in key[1].split("/") if "{" in step and step not in known]
    return "-".join(reporting[:1] or literal or named or [key[0].lower()])


def _is_path_first(operations: Sequence[NamedOperation]) -> bool:
    """Return whether each operationId begins with its path, including the parameters, as Litestar generates it.

    https://docs.litestar.dev/2/usage/openapi/schema_generation.html
    """
    given = [operation for operation in operations if operation.operation_id]
    return any("{" in named.path for named in given) and all(
        kebab(named.operation_id).startswith(_path_words(named)) for named in given
    )


def _path_words(operation: NamedOperation) -> str:
    """Return a path as the prefix of a name; empty for the root."""
    words = kebab(operation.path.partition("#")[0])
    return f"{words}-" if words else ""


def _without_method_and_path(operation: NamedOperation, is_path_first: bool) -> str:
    """Return an operationId without its method and path; empty if it has none, or if the rest is too vague."""
    name, method = kebab(operation.operation_id), operation.method.lower()
    path = _path_words(operation)
    if is_path_first:
        plain = name.removeprefix(path)
        # A single term may need the path: `upload` of `/pets/{id}`.
        if "-" not in plain and not path.endswith(f"-{plain}-") and path != f"{plain}-":
            return ""
    else:
        plain = name.removesuffix(f"-{path}{method}")
        if plain == name:
            plain = re.sub(rf"-using-{re.escape(method)}(-\d+)?$", "", name)
    return plain if plain != name and not _SAY_NOTHING.issuperset(plain.split("-")) else ""
