"""Search for operations by a task in plain words, and errors for unknown operations and tags."""

from collections.abc import Iterable, Iterator

from dynacli.environment import invocation
from dynacli.errors import DocumentError, DynacliError, FileError, UsageError
from dynacli.openapi.model.kebab_names import kebab
from dynacli.openapi.model.operation import OperationSummary
from dynacli.openapi.model.wording import did_you_mean, listed_near, near_names, telling
from dynacli.record import record, replace
from dynacli.registry.configuration import Configuration
from dynacli.registry.opened_api import OpenedApi
from dynacli.text.wrapping import quoted, word_or_quoted

_TIE = 0.01
"""Maximum difference of scores that count as equal."""
_MOST_FOUND = 3
SLIP = 0.85
"""Minimum similarity (ratio of `difflib`) of two names if one is probably a typo of the other."""


@record
class Hit:
    """An operation in the results of a search.

    Args:
        api: Name of its API.
        name: Its name.
        method: Its upper-case method.
        path: Its path as in the document.
        summary: Summary in the document; empty if there is none.
        score: Relevance, from 0 to about 1.7, or higher if the query names the operation. Scores of different APIs are
            comparable.
        reasons: Parts of the score, each with a text.
        calls: Number of its calls in the history; 0 if no other hit has the same score, because then it is not read.
    """

    api: str
    name: str
    method: str
    path: str
    summary: str
    score: float
    reasons: tuple[tuple[str, float], ...]
    calls: int = 0

    @property
    def is_fitting(self) -> bool:
        """True if the operation matches the query, and is not only the nearest one."""
        from dynacli.openapi.catalog.rank_operations import FITTING

        return self.score >= FITTING

    def explanation(self) -> str:
        """Return a line that explains the score."""
        parts = " ".join(f"{part:+.2f} {text}," for text, part in self.reasons if round(part, 2))
        times = "once" if self.calls == 1 else f"{self.calls} times"
        usage = (
            f"; before others with this score, because it was recently called {times}" if self.calls else ""
        )
        return f"{self.api} {self.name}: {self.score:.2f} = {parts.rstrip(',')}{usage}"


def search_operations(apis: Iterable[OpenedApi], words: str, most: int = 5) -> list[Hit]:
    """Return the operations that match a query, the best first. Hidden operations are left out.

    Operations named by the query come first: by name, operationId, or method and path. Among equal scores, the
    operation with more recent calls in the history comes first.

    Args:
        apis: APIs to search.
        words: The query.
        most: Maximum number of results.

    Raises:
        UsageError: The query has no usable words.
        DamagedCatalogError: A catalog is damaged.
    """
    from dynacli.openapi.catalog.rank_operations import has_words, rank_operations

    hits: list[Hit] = []
    searched: dict[str, OpenedApi] = {}
    for api in apis:
        searched[api.name] = api
        for ranked in rank_operations(api.catalog, words, 2 * most):
            operation = ranked.operation
            hits.append(
                Hit(
                    api.name,
                    operation.name,
                    operation.method,
                    operation.path,
                    operation.summary,
                    ranked.score,
                    ranked.reasons,
                )
            )
    if not hits and not has_words(words):
        raise UsageError(
            "There is nothing to search for",
            reason="The query has only common words",
            hint=f"Name a task: `{invocation('search')} create a user`",
        )
    hits.sort(key=lambda hit: -hit.score)
    return _by_usage(searched, hits, most)[:most]


def _by_usage(apis: dict[str, OpenedApi], hits: list[Hit], most: int) -> list[Hit]:
    """Return hits with equally good ones at the top sorted by their usage.

    Args:
        most: Number of hits that are needed.
    """
    ordered: list[Hit] = []
    while len(ordered) < min(most, len(hits)):
        rest = hits[len(ordered) :]
        ties = [hit for hit in rest if rest[0].score - hit.score <= _TIE]
        ordered += _most_called_first(apis, ties) if len(ties) > 1 else ties
    return ordered


def _most_called_first(apis: dict[str, OpenedApi], ties: list[Hit]) -> list[Hit]:
    from dynacli.registry.call_history import called_operations
    from dynacli.registry.record_call import api_key

    usage: dict[tuple[str, str], tuple[int, int]] = {}
    for name in {hit.api: None for hit in ties}:
        api = apis[name]
        wanted = [hit.name for hit in ties if hit.api == name]
        counts = called_operations(api.open_request.env, api_key(api.revisions.directory), wanted)
        usage |= {(name, operation): calls for operation, calls in counts.items()}
    never = (0, 0)
    ties.sort(key=lambda hit: usage.get((hit.api, hit.name), never), reverse=True)
    return [replace(hit, calls=usage.get((hit.api, hit.name), never)[0]) for hit in ties]


def unknown_tag(api: OpenedApi, word: str) -> UsageError:
    """Return the error for an unknown tag, with similar tags."""
    tags = list(api.catalog.tags())
    near = near_names(kebab(word) or word, tags)
    return UsageError(
        f"No operation has the tag `{word}`",
        reason=f"The tags are {listed_near(kebab(word) or word, tags)}" if tags else "There are no tags",
        hint=did_you_mean(near, f"See them all: `{invocation('operations', api.name)}`"),
        near=near,
    )


def unknown_operation(api: OpenedApi, word: str, tag: str = "") -> DynacliError:
    """Return the error for an unknown operation, with similar names.

    If the catalog leaves the operation out, this is an error of the document, with the reason.
    """
    from difflib import get_close_matches
    from shlex import quote

    from dynacli.openapi.catalog.rank_operations import has_strange_words
    from dynacli.openapi.catalog.vocabulary import StemIndex, Vocabulary

    wanted = kebab(word) or word
    for row in api.catalog.meta.get("left_out", ()):
        if wanted in row["names"]:
            return DocumentError(
                f"`{api.name}` cannot call `{word}`",
                reason=row["reason"],
                hint=f"See the details of the document: `{invocation('api show', api.name)}`",
            )
    gone = next((key for key, name in api.catalog.given_names().items() if name == wanted), None)
    if gone is not None and not tag and api.catalog.find(wanted) is None:
        # A removed operation keeps its name, so that no other operation takes it.
        return UsageError(
            f"`{api.name}` has no operation `{word}` any more",
            reason=f"It was the name of `{' '.join(gone)}`, which was removed from the document",
            hint=f"See them all: `{invocation('operations', api.name)}`",
            near=[],
        )
    aliases = {} if tag else _aliases(api)
    if word in aliases:
        called = aliases[word].split(" ")[0]
        return UsageError(
            f"`{api.name}` has no operation `{called}`, which your alias `{word}` calls",
            reason=f"The alias is for `{aliases[word]}`",
            hint=f"Set it again: `{invocation('alias set', api.name)} {word} LINE`, or remove it: "
            f"`{invocation('alias remove', api.name)} {word}`",
            near=near_names(called, [summary.name for summary in api.catalog.each_summary()]),
        )
    listed = {summary.name: summary for summary in api.catalog.each_summary(tag) if not summary.is_hidden}
    searched = f"`{api.name}`" + (f", tag `{tag}`," if tag else "")
    if not listed:
        return UsageError(
            f"{searched} has no operations",
            reason="Its document describes none that can be called",
            hint=f"See the details of the document: `{invocation('api show', api.name)}`",
        )
    near = get_close_matches(wanted, listed, _MOST_FOUND, 0.6)
    parts = set(wanted.split("-"))
    near = near or [name for name in listed if parts <= set(name.split("-"))][:_MOST_FOUND]
    hint = did_you_mean(near, f"See them all: `{invocation('operations', api.name)}`")
    # A name that is not a typo may consist of words that describe a task.
    hits = [] if get_close_matches(wanted, listed, 1, SLIP) else _hits_for_name(api, word)
    if not near and not any(hit.is_fitting for hit in hits):
        hits = []  # they have nothing in common with the name
    if hits:
        # An unknown word is probably a typo, so the most similar name comes before hits for the other words.
        mistyped = (
            near[:1]
            if has_strange_words(wanted.replace("-", " "), Vocabulary(StemIndex(api.catalog)))
            else []
        )
        meant = {hit.name: hit for hit in hits}
        near = list(dict.fromkeys([*mistyped, *meant, *near]))[:_MOST_FOUND]
        lines = [_operation_line(meant.get(name) or listed[name]) for name in near]
        hint = "\n".join(["The most similar operations:", *lines])
    if not tag and (meant_tags := get_close_matches(wanted, api.catalog.tags(), 1, 0.8)):
        hint = f"Did you mean the tag `{meant_tags[0]}`?\n{hint}"
        near = [*meant_tags, *near][:_MOST_FOUND]
    if meant_aliases := get_close_matches(word, aliases, 1, 0.8):
        hint = f"Did you mean your alias `{meant_aliases[0]}`?\n{hint}"
        near = [*meant_aliases, *near][:_MOST_FOUND]
    error = UsageError(
        f"{searched} has no operation `{word}`",
        reason="It is not a name, an operationId or a tag of the document",
        hint=hint,
        near=near,
    )
    if hits:
        error.try_ = f"{invocation('search', api.name)} {quote(search_words_of(word))}"
    return error


def _aliases(api: OpenedApi) -> dict[str, str]:
    """Return name → line of the aliases of an API."""
    try:
        return Configuration(api.open_request.env).aliases(api.name)
    except FileError:  # a command that needs the configuration reports the error
        return {}


def search_words_of(name: str) -> str:
    """Return the words of a name as a query."""
    return kebab(name).replace("-", " ") or name


def _operation_line(operation: Hit | OperationSummary) -> str:
    path, summary = word_or_quoted(operation.path), quoted(telling(operation.summary, operation.name))
    return f"{operation.name}  {operation.method} {path}  {summary}".rstrip()


def _hits_for_name(api: OpenedApi, word: str) -> list[Hit]:
    """Return the operations that a search for the words of a name finds."""
    try:
        return search_operations([api], search_words_of(word), _MOST_FOUND)
    except UsageError:  # the name has no words to search for
        return []


def chosen_operations(api: OpenedApi, words: Iterable[str]) -> Iterator[OperationSummary]:
    """Yield the operations with the given names or tags, in the order of the document; by default all visible ones.

    Raises:
        UsageError: A word is neither an operation nor a tag.
    """
    catalog = api.catalog
    names: set[str] = set()
    for word in words:
        name, tag = catalog.find(word), catalog.tag(word)
        if name is not None:
            names.add(name)
        elif tag:
            names.update(summary.name for summary in catalog.each_summary(tag))
        else:
            raise unknown_operation(api, word)
    for summary in catalog.each_summary():
        if summary.name in names if words else not summary.is_hidden:
            yield summary
