"""Names of fields, parameters and path segments: which ones are ids, and which ones name the same resource."""

import re
from collections.abc import Container, Iterable

ID_ENDINGS = ("id", "uuid", "identifier", "key", "slug", "name", "number", "code")
"""Endings of the names of fields that identify a resource."""
IDENTIFYING = re.compile(r"id|uid|uuid|guid|key|number|sha")
NAMING = re.compile(r"(?:display|full|user|first|last)?name|title|label|login|slug|subject|summary|email")
"""Patterns of the plain names of fields that identify an item (`IDENTIFYING`) or contain its name (`NAMING`)."""
OWN_ID = re.compile(r"[a-z0-9](?:[_-]id|Id|ID)$")
"""Pattern of names such as `runId`; the first field that matches is usually the id of the item."""
_PLAIN_IDS = frozenset({"id", "identifier", "uuid"})
_SEARCH_VERBS = frozenset({"all", "filter", "find", "get", "list", "lookup", "paginate", "query", "search"})
_WORD = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|[0-9]+")
GENERAL_NAMES = frozenset(
    {
        *ID_ENDINGS,
        *("type", "kind", "status", "state", "version", "value", "title", "date", "data"),
        *("description", "message", "url", "uri", "href", "link", "path", "method", "origin"),
        *("text", "content", "format", "language", "lang", "q", "query", "search", "filter"),
        *("fields", "sort", "order", "from", "to", "start", "end", "since", "until"),
        *(
            "page",
            "perpage",
            "pagesize",
            "size",
            "limit",
            "offset",
            "cursor",
            "next",
            "count",
            "total",
            "first",
        ),
    }
)
"""Plain names that many resources use, so that they do not show the resource of a value."""

MORE_NAMES = frozenset(
    (
        *(
            "hasmore",
            "hasnext",
            "nextpage",
            "hasnextpage",
            "hasmoreitems",
            "moreitems",
            "more",
            "moreavailable",
        ),
        *("hasmoreresults", "moreresults", "hasadditionalpages", "hasmorepages", "hasmoredata"),
    )
)
"""Plain names of fields that say whether more pages follow."""


def names_another_thing(name: str, nouns: Container[str]) -> bool:
    """Return whether a field contains ids of a resource: `id`, `runId`, `user_ids`; not `name`, and not `paid`.

    Args:
        nouns: The nouns of the API: `project_name` counts if `project` is a noun, `first_name` does not.
    """
    words = words_of_name(name)
    last = singular(words[-1]) if words else ""
    return last in _PLAIN_IDS or (last in ID_ENDINGS and owner_name(singular(name)) in nouns)


def plain_name(name: str) -> str:
    """Return the letters and digits of a name in lower case, so that `run_id` and `runId` are the same."""
    return re.sub(r"[^a-z0-9]", "", name.lower())


def identifying_fields(names: Iterable[str]) -> list[str]:
    """Return the fields that may identify an item, the likeliest first."""
    listed = list(names)
    plain = {name: plain_name(name) for name in listed}
    ids = [name for name in listed if IDENTIFYING.fullmatch(plain[name])]
    own = [name for name in listed if OWN_ID.search(name)][:1]
    return [*ids, *own, *(name for name in listed if NAMING.fullmatch(plain[name]))]


def words_of_name(name: str) -> list[str]:
    """Return the parts of a name in lower case: `find`, `by` and `status` for `findByStatus`."""
    return [word.lower() for word in _WORD.findall(name)]


def is_search_name(name: str) -> bool:
    """Return whether a name, such as the last segment of a path, is of a search: `findByStatus`."""
    words = words_of_name(name)
    return bool(words) and words[0] in _SEARCH_VERBS


def singular(name: str) -> str:
    """Return the plain name in the singular: `run` for `Runs`."""
    plain = plain_name(name)
    if plain.endswith("ies"):
        return plain[:-3] + "y"
    if plain.endswith(("sses", "xes", "ches", "shes", "statuses", "viruses", "bonuses", "campuses")):
        return plain[:-2]
    return plain[:-1] if plain.endswith("s") and not plain.endswith("ss") else plain


def owner_name(name: str) -> str:
    """Return the plain name of the resource that an id belongs to: `run` for `run_id`; empty if the name has none."""
    plain = plain_name(name)
    ending = next((item for item in sorted(ID_ENDINGS, key=len, reverse=True) if plain.endswith(item)), "")
    return plain.removesuffix(ending) if ending else ""


def is_id_name(name: str) -> bool:
    """Return whether a name has the ending of an id."""
    return plain_name(name).endswith(ID_ENDINGS)
