"""Compiles the overview of a document, so that its page does not read all operations."""

import re
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from dynacli.openapi.catalog._search_words import action_of, names_several, stem
from dynacli.openapi.model.acting_names import acting_word
from dynacli.openapi.model.field_names import singular
from dynacli.openapi.model.kebab_names import kebab
from dynacli.openapi.model.operation import DocumentedResponse, Operation, SecurityScheme
from dynacli.openapi.model.overview import MOST_TAGS, Overview, SharedError, SignIn, TagCount
from dynacli.openapi.schema.response_outline import response_outline
from dynacli.record import replace
from dynacli.text.terminal import visible
from dynacli.text.wrapping import short_sentence

_MOST_CHARACTERS = 100
"""Maximum length of a tag's description in an overview, in characters."""
_MOST_ABOUT = 150
"""Maximum length of the sentence about the document, in characters; it may take two lines."""
_LONGEST_CALL = 60
"""Maximum length of the arguments of the proposed first call, in characters."""
_MOST_WORDS = 7
"""Maximum number of terms in a summary that is proposed as a query."""
_WORD = re.compile(r"[a-z0-9][a-z0-9-]*")
_TITLE_END = re.compile(r"[.:;(]")
_VERBS_OF_LIST = {"GET": "list", "POST": "create"}
_VERBS_OF_ITEM = {"GET": "show", "DELETE": "delete", "PUT": "update", "PATCH": "update"}
_FEWEST = 3
_PART_OF_ALL = 4
"""An error is shared if a quarter of the operations has it, at least `_FEWEST`; `_MANY` operations are enough."""
_MANY = 10
_MOST_NAMES = 8
_MOST_ERRORS = 40


_Key = tuple[str, str, str]


def compile_overview(
    operations: Sequence[Operation],
    description: str,
    tag_descriptions: Mapping[str, str],
    webhooks: int = 0,
) -> Overview:
    """Return the overview of a document.

    Args:
        operations: The operations in document order.
        description: The first sentence of the document's description.
        tag_descriptions: Name of a tag → the first sentence of its description.
        webhooks: Number of webhooks.
    """
    shown = [operation for operation in operations if not operation.is_hidden]
    counts: Counter[str] = Counter()
    names: dict[str, str] = {}
    for operation in shown:
        words = {kebab(name) or name: name for name in operation.tags}
        for word, name in words.items():
            names.setdefault(word, name)
        counts.update(list(words))
    proposable = [operation for operation in shown if not operation.is_deprecated] or shown
    first_look = _first_look(proposable)
    first_change = _first_change(proposable, first_look, max(counts, key=counts.__getitem__, default=""))
    wished = first_change or first_look
    return Overview(
        len(shown),
        sum(not operation.tags for operation in shown),
        webhooks,
        len(counts),
        tuple(
            TagCount(word, count, _described_word(word, names[word], tag_descriptions))
            for word, count in counts.most_common(MOST_TAGS)
        ),
        short_sentence(description, _MOST_ABOUT),
        _sign_ins(operations),
        sum(_is_anonymous(operation) for operation in operations),
        first_look,
        _first_look([operation for operation in proposable if _is_anonymous(operation)]),
        first_change,
        next((_wish(operation) for operation in proposable if operation.name == wished), ""),
    )


def _wish(operation: Operation) -> str:
    """Return a query for an operation, such as `create pet`; empty if neither summary nor path suggests one."""
    title = _title_as_wish(operation)
    if title:
        return title
    *above, last = operation.path.partition("?")[0].strip("/").split("/")
    is_item = last.startswith("{") and bool(above)
    noun = (above[-1] if is_item else last).lower()
    thing = singular(noun)
    verb = _VERBS_OF_ITEM.get(operation.method) if is_item else _VERBS_OF_LIST.get(operation.method)
    if not verb or not noun.isalpha() or not names_several(noun):
        return ""  # only a plural is surely a collection
    return f"{verb} {noun if verb == 'list' else thing}"


def _title_as_wish(operation: Operation) -> str:
    """Return a short summary that begins with a verb, in lower case: `create a project`; empty for other summaries."""
    words = _WORD.findall(_TITLE_END.split(operation.summary.lower(), maxsplit=1)[0])
    is_wish = operation.summary.isascii() and 1 < len(words) <= _MOST_WORDS and action_of(stem(words[0]))
    return " ".join(words) if is_wish else ""


def _described_word(word: str, name: str, descriptions: Mapping[str, str]) -> str:
    about = short_sentence(descriptions.get(name, ""), _MOST_CHARACTERS)
    if about:
        return about
    is_shown_by_word = name.lower().replace(" ", "-").replace("_", "-") == word
    return "" if is_shown_by_word else visible(name[:_MOST_CHARACTERS], keep="")


def _sign_ins(operations: Sequence[Operation]) -> tuple[SignIn, ...]:
    counts: Counter[tuple[tuple[str, ...], ...]] = Counter()
    schemes: dict[tuple[tuple[str, ...], ...], tuple[SecurityScheme, ...]] = {}
    for operation in operations:
        keys = set()
        for alternative in filter(None, operation.security):
            plain = tuple(replace(scheme, scopes=()) for scheme in alternative)
            key = tuple(
                (scheme.name, scheme.type, scheme.scheme, scheme.location, scheme.parameter)
                for scheme in plain
            )
            schemes[key] = plain
            keys.add(key)
        counts.update(keys)
    most_used_first = sorted(counts, key=lambda key: (-counts[key], key))
    return tuple(SignIn(schemes[key], counts[key]) for key in most_used_first)


def _is_anonymous(operation: Operation) -> bool:
    return not operation.security or not all(operation.security)


def _first_look(operations: Sequence[Operation]) -> str:
    """Return the name of the read-only operation with the shortest example; empty if even that is too long."""
    # An operation with other servers may send the call to a server that the overview does not show.
    looks = [
        operation
        for operation in operations
        if operation.method == "GET" and not operation.servers and not acting_word(operation)
    ]
    best = min(looks, key=_length_of_example, default=None)
    return "" if best is None or _length_of_example(best) > _LONGEST_CALL else best.name


def _length_of_example(operation: Operation) -> int:
    return len(" ".join(operation.example))


def _first_change(operations: Sequence[Operation], first_look: str, tag: str) -> str:
    """Return the name of another operation to look at, preferably one with a clear summary and a body.

    Args:
        tag: The tag with most operations, which are preferred to others.
    """
    others = [operation for operation in operations if operation.name != first_look]
    best = min(
        others,
        key=lambda operation: (
            not _title_as_wish(operation),
            not _wish(operation),
            operation.body is None,
            operation.method != "POST",
            tag not in map(kebab, operation.tags),
        ),
        default=None,
    )
    return "" if best is None else best.name


def shared_errors(
    operations: Iterable[tuple[Operation, Mapping[str, Any]]],
    follow: Callable[[Any], Any],
    resolve: Callable[[str], Any],
) -> tuple[tuple[SharedError, ...], str]:
    """Return the shared errors, and the fields of the most common one that documents them.

    Args:
        operations: Each operation with its Operation Object, which has unresolved references.
        follow: Returns the last target of a chain of references; None if there is none.
        resolve: Returns the target of a reference; raises LookupError if there is none.
    """
    counts: Counter[_Key] = Counter()
    places: dict[_Key, tuple[Mapping[str, Any], str]] = {}
    number = 0
    for operation, part in operations:
        number += 1
        has_success = any(response.status[:1] == "2" for response in operation.responses)
        for response in operation.responses:
            if response.status[:1] in "45" or (response.status == "default" and has_success):
                key = _key_of_response(response)
                counts[key] += 1
                places.setdefault(key, (part, response.status))
    least = max(_FEWEST, min(_MANY, number // _PART_OF_ALL))
    common = [key for key, count in counts.most_common(_MOST_ERRORS) if count >= least]
    fields = ""
    for key in common:
        part, status = places[key]
        responses = follow(part.get("responses"))
        raw = follow(responses.get(status)) if isinstance(responses, Mapping) else None
        outline = response_outline(raw if isinstance(raw, Mapping) else {}, resolve)
        if outline.lines:
            fields = outline.lines[0].text(_MOST_NAMES)
            break
    return tuple(SharedError(*key) for key in sorted(common)), fields


def _key_of_response(response: DocumentedResponse) -> _Key:
    return response.status, response.description, response.schema_name
