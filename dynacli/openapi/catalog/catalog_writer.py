"""Writes a compiled document atomically, with its search index."""

from __future__ import annotations

import hashlib
import json
import sqlite3
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping
from itertools import chain
from typing import TYPE_CHECKING, Any

from dynacli.http.semantics import SAFE_METHODS
from dynacli.openapi.catalog._search_words import (
    ACTING,
    AMBIGUOUS,
    GENERIC,
    STOP_WORDS,
    OperationWords,
    action_of,
    names_several,
    rarity,
    stem,
    words_of,
)
from dynacli.openapi.catalog.catalog_file import (
    BY_ALIAS,
    BY_ID,
    BY_ID_IN_ANY_CASE,
    BY_NAME,
    Catalog,
    OperationRows,
    pack,
)
from dynacli.openapi.catalog.vocabulary import stem_rows
from dynacli.openapi.document.json_trees import dict_or_empty
from dynacli.openapi.model.operation import Operation
from dynacli.openapi.model.overview import OVERVIEW
from dynacli.openapi.references import follow_reference, reference_of
from dynacli.record import replace

if TYPE_CHECKING:
    from dynacli.openapi.catalog.compiler.compile_document import Compiled, CompiledOperation
    from dynacli.openapi.document.load import Problem
    from dynacli.openapi.document.references.place_origins import Move

_SEPARATORS = str.maketrans("#.:", "   ")
_MINE = frozenset({"me", "my", "authenticated", "current", "self"})
_EMPTY = STOP_WORDS | {"v", "api", "rest", "json", "id", "ids", "sid", *"0123456789"}
"""Terms of paths and names that have no meaning for a search."""
_TRANSPARENT = frozenset(
    {"content", "contents", "data", "detail", "details", "info", "actions", "relationships"}
)
"""Last steps of a path that mean the same resource as the step before them."""
_BULK = frozenset({"bulk", "batch", "many", "multiple", "mass"})
_LISTING = frozenset({"list", "lists", "all", "multiple"})
_READING = frozenset({"list", "get", "search"})
_BEHIND_NOUN = frozenset(
    {"by", "for", "from", "in", "of", "on", "to", "with", "that", "at", "as", "per", "and"}
)
"""Terms that end the noun of a name."""
_SUMMARY_LENGTH = 60
"""Length, in characters, of the beginning of a summary in which verbs are found."""
_DEPTH = 2
"""Depth of nested objects whose fields are indexed; arrays do not count."""
_MOST_NESTED = 40
"""Maximum depth of nested schemas, including references and branches."""
_BRANCHES = ("allOf", "oneOf", "anyOf")
_NAME, _PATH, _SUMMARY, _TAGS = 0.5, 0.45, 0.55, 0.25
_DESCRIPTION, _INPUTS, _CHOICES, _BODY, _RESPONSE = 0.2, 0.12, 0.12, 0.12, 0.06
"""Weight of a term by its location in an operation. Choices are the values of enumerations."""
_HALF = 0.3
"""Sum of the weights at which the match is one half."""
_MOST_CHOICES = 40
"""Maximum length of an indexed enumeration; longer ones are lists of currencies, languages and similar values."""
_WEAK = (_DESCRIPTION, _INPUTS, _CHOICES, _BODY, _RESPONSE)
_MOST = (200, 200, 200, 100, 100)
"""Maximum number of stems of each weak location; in some documents each operation refers to nearly all schemas."""
_SAMPLE = 100
"""Approximate number of operations from which the frequent stems of a document are found."""
_USUAL = 0.5
"""Share of the sampled operations above which a stem is too frequent to be indexed in weak locations."""
_TABLES = """
    CREATE TABLE meta (key TEXT PRIMARY KEY, value BLOB) WITHOUT ROWID;
    CREATE TABLE operations (
        id INTEGER PRIMARY KEY, name TEXT, operation_id TEXT, method TEXT, path TEXT,
        tags TEXT, summary TEXT, is_deprecated INTEGER, is_hidden INTEGER, words TEXT
    );
    CREATE TABLE stems (stem TEXT PRIMARY KEY, operations INTEGER, matches TEXT) WITHOUT ROWID;
    CREATE TABLE details (id INTEGER PRIMARY KEY, operation BLOB, part BLOB);
    CREATE TABLE shared (id INTEGER PRIMARY KEY, value BLOB);
    CREATE TABLE names (key TEXT, rank INTEGER, id INTEGER, PRIMARY KEY (key, rank)) WITHOUT ROWID;
    CREATE TABLE tags (key TEXT PRIMARY KEY, name TEXT, description TEXT) WITHOUT ROWID;
    CREATE TABLE lock (method TEXT, path TEXT, name TEXT, PRIMARY KEY (method, path)) WITHOUT ROWID;
    CREATE TABLE components (pointer TEXT PRIMARY KEY, value BLOB);
    CREATE TABLE resources (id INTEGER PRIMARY KEY, path TEXT, value BLOB);
    CREATE INDEX resource_paths ON resources (path);
    CREATE TABLE uses (operation TEXT, resource INTEGER, PRIMARY KEY (operation, resource)) WITHOUT ROWID;
    CREATE TABLE files (id INTEGER PRIMARY KEY, uri TEXT, name TEXT);
    CREATE TABLE origins (first TEXT PRIMARY KEY, places BLOB) WITHOUT ROWID;
    CREATE TABLE warnings (message TEXT, pointer TEXT, line INTEGER, column INTEGER, file INTEGER);
    CREATE TABLE problems (message TEXT, pointer TEXT, file INTEGER);
"""
_ORIGINS = 200
"""Number of origins to compress together; a converted document has thousands of similar ones."""


def _words_of_operation(operation: Operation) -> OperationWords:
    """Return the stems of an operation, without `reported`."""
    path = _Path(operation)
    name = _apart(words_of(operation.name), path.noun)
    target = _stems([*path.noun, *(word for word in path.verb if word not in GENERIC)])
    context = _stems([word for step in path.before for word in step])
    known = {*target, *context}
    method = operation.method.lower()
    unsaid = GENERIC | _MINE | _LISTING | _TRANSPARENT | {method}
    reported = [word for word in name if word not in unsaid]
    nouns = {*_stems(path.noun), *context}
    actions = _actions(operation, path, name, nouns)
    return OperationWords(
        target,
        context,
        tuple(stem for stem in _stems(reported) if stem not in known),
        actions,
        not _MINE.isdisjoint(name) or "me" in path.steps or path.steps[:1] == ["user"],
        _is_many(operation.method, path, name, actions),
        operation.method == "POST",
        operation.is_deprecated,
        len(operation.path),
    )


def _apart(name: list[str], noun: list[str]) -> list[str]:
    """Return a name with a joined verb and noun separated: `putsynonyms`."""
    joined = "".join(noun)
    parts = []
    for word in name:
        verb = word.removesuffix(joined)
        parts += [verb, *noun] if joined and verb != word and verb in GENERIC else [word]
    return parts


class _Path:
    """The path of an operation, split into its parts.

    Attributes:
        steps: The steps, split also at `#`, `.` and `:`.
        ends_in_one: Whether the path selects one item, by a parameter or by a term such as `me`.
        noun: The last step that is a noun, split into terms.
        verb: The step after the noun if it is a verb, split into terms.
        before: The steps before the noun, without parameters, each split into terms.
        doing: Action of the verb; empty if there is none.
    """

    def __init__(self, operation: Operation) -> None:
        self.steps = _path_steps(operation.path)
        literals = [words_of(step) for step in self.steps if not step.startswith("{")]
        self.ends_in_one = bool(self.steps) and self.steps[-1].startswith("{")
        self.noun = literals.pop() if literals else []
        if len(self.noun) == 1 and self.noun[0] in _MINE and literals:
            self.noun, self.ends_in_one = literals.pop(), True  # `/users/me`
        # `/messages/bulk-delete`
        self.step = [word for word in self.noun if word not in _BULK] or self.noun
        self.doing = self._doing(operation.method)
        self.verb: list[str] = []
        if self._is_one_of(GENERIC) and literals:
            self.noun = literals.pop()  # `/users.list`
        if self.doing and literals:
            self.verb, self.noun = self.noun, literals.pop()
        if self._is_one_of(_TRANSPARENT) and literals:
            self.noun = literals.pop()
        self.before = literals

    def _is_one_of(self, words: frozenset[str]) -> bool:
        return len(self.noun) == 1 and self.noun[0] in words and not self.ends_in_one

    def _doing(self, method: str) -> str:
        """Return the action of the last step, such as `reboot` of `/servers/{id}/reboot`; empty if it is not a verb."""
        if len(self.steps) < 2 or self.ends_in_one or not self.noun or method == "DELETE":
            return ""
        if self.noun[-1].endswith("s") and (len(self.step) == 1 or self.step[0] in AMBIGUOUS):
            return ""
        if method in SAFE_METHODS:
            return "search" if len(self.noun) == 1 and action_of(stem(self.noun[0])) == "search" else ""
        return action_of(stem(self.step[0])) or (ACTING if self.steps[-2] == "actions" else "")

    @property
    def is_plural(self) -> bool:
        """Whether the noun is plural."""
        return bool(self.noun) and names_several(self.noun[-1])


def _path_steps(path: str) -> list[str]:
    """Return the steps of a path, including a method after a dot or a colon: `/users.list`, `/runs/{id}:archive`."""
    steps: list[str] = []
    for part in path.split("/"):
        found = (
            [part] if part.startswith("{") and part.endswith("}") else part.translate(_SEPARATORS).split(" ")
        )
        steps += [step for step in found if step and step not in {"json", "xml"}]
    return steps


def _stems(words: list[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(stem(word) for word in words if word not in _EMPTY))


def _is_many(method: str, path: _Path, name: list[str], actions: dict[str, float]) -> bool:
    if method in SAFE_METHODS or not _READING.isdisjoint(actions):
        return actions.get("list", 0.0) > 0.9
    if method == "POST":
        return not _BULK.isdisjoint(name)
    is_plural = path.is_plural or names_several(_noun(name, 0))
    return is_plural and not path.ends_in_one and not path.doing


def _actions(operation: Operation, path: _Path, name: list[str], nouns: set[str]) -> dict[str, float]:
    """Return action → certainty of an operation, from its method, the end of its path, its name and its summary."""
    at = _verb_at(name, operation.method.lower(), nouns)
    verbs = _verbs(operation, name, at)
    is_safe = operation.method in SAFE_METHODS
    is_many = names_several(_noun(name, at))
    if not is_safe and _reads(operation.method, path, name, at):
        is_search = path.doing == "search" or (at is not None and action_of(stem(name[at])) == "search")
        actions = {"list": 1.0} if is_many else {"get": 0.9}
        actions |= {"search": 1.0 if is_search else 0.5, ACTING: 0.4}
        is_safe = True
    elif path.doing and not is_safe:
        actions = {path.doing: 1.0, ACTING: 0.8}
    elif path.doing:
        actions = {"search": 1.0, "list": 1.0, "get": 0.3}
    elif is_safe:
        actions = _reading(operation, path, name, is_many=is_many)
    else:
        actions = _writing(operation.method, ends_in_one=path.ends_in_one)
    verbs = [verb for verb in verbs if verb == "search" or (verb in _READING) == is_safe]
    if operation.method == "DELETE":
        return {**dict.fromkeys(verbs, 0.6), **actions}
    if verbs and not is_safe and actions.keys().isdisjoint(verbs):
        actions = {done: 0.5 * surely for done, surely in actions.items()}
    for verb in verbs:
        if not (is_safe and verb == "get" and "list" in actions):
            actions[verb] = 1.0
    return actions


def _reads(method: str, path: _Path, name: list[str], at: int | None) -> bool:
    """Return whether a POST is probably read-only: `POST /users/search`."""
    if method != "POST":
        return False
    verb = name[at] if at is not None else ""
    return path.doing in _READING or (verb not in AMBIGUOUS and action_of(stem(verb)) in {"list", "get"})


def _noun(name: list[str], at: int | None) -> str:
    """Return the last term of a name before a preposition: `runs` of `list-runs-for-repo`; empty if there is none."""
    noun = ""
    for word in name[0 if at is None else at + 1 :]:
        if word in _BEHIND_NOUN:
            break
        noun = word
    return noun


def _reading(operation: Operation, path: _Path, name: list[str], *, is_many: bool) -> dict[str, float]:
    if path.ends_in_one and not is_many:
        return {"get": 1.0}
    summary = words_of(operation.summary[:_SUMMARY_LENGTH])[:4]
    if path.is_plural or is_many or not _LISTING.isdisjoint((*name, *summary)):
        return {"list": 1.0, "get": 0.3}
    return {"get": 0.9, "list": 0.5}


def _writing(method: str, *, ends_in_one: bool) -> dict[str, float]:
    if method == "POST":
        return {"update": 0.5, "create": 0.5, ACTING: 0.5} if ends_in_one else {"create": 0.9, ACTING: 0.4}
    return {
        "DELETE": {"delete": 1.0},
        "PATCH": {"update": 1.0},
        "PUT": {"update": 0.9, "create": 0.5, ACTING: 0.4},
    }.get(method, {ACTING: 1.0})


def _verb_at(name: list[str], method: str, nouns: set[str]) -> int | None:
    """Return the index of the verb in a name; None if it has none."""
    verbs = [
        at
        for at, word in enumerate(name)
        if word != method and not word.endswith("s") and action_of(stem(word))
    ]
    sure = (at for at in verbs if stem(name[at]) not in nouns and (at == 0 or name[at] not in AMBIGUOUS))
    return next(sure, 0 if verbs[:1] == [0] else None)


def _verbs(operation: Operation, name: list[str], at: int | None) -> list[str]:
    """Return the actions of the verbs of an operation's name and summary."""
    found = [] if at is None else [action_of(stem(name[at]))]
    summary = words_of(operation.summary[:_SUMMARY_LENGTH])[:2]
    if summary == ["set", "up"]:
        found.append("create")
    elif summary and action_of(stem(summary[0])):
        found.append(action_of(stem(summary[0])))
    return found


class _ResponseNames:
    """Finds the names of the fields in responses; caches the fields of each component.

    Args:
        components: JSON pointer → component.
    """

    def __init__(self, components: Mapping[str, Any]) -> None:
        self._components = components
        self._known: dict[tuple[str, int], tuple[str, ...]] = {}
        self._nesting = 0

    def of_operation(self, part: Mapping[str, Any]) -> Iterator[str]:
        """Yield the names of the fields of the responses with status 2xx."""
        responses = part["operation"].get("responses")
        for status, response in responses.items() if isinstance(responses, Mapping) else ():
            if str(status)[:1] == "2":
                content = self._followed(response).get("content")
                for media in content.values() if isinstance(content, Mapping) else ():
                    yield from self._names(self._followed(media).get("schema"), _DEPTH)

    def _followed(self, value: Any) -> Mapping[str, Any]:
        return dict_or_empty(follow_reference(value, lambda ref: self._components.get(ref[1:])))

    def _names(self, schema: Any, depth: int) -> tuple[str, ...]:
        """Return the names of the fields of a schema, and of the schemas within it."""
        if not isinstance(schema, Mapping) or self._nesting > _MOST_NESTED:
            return ()
        self._nesting += 1
        reference = reference_of(schema)
        if reference is not None:
            names = self._names_behind(reference, depth)
        else:
            names = tuple(dict.fromkeys(self._own_names(schema, depth)))
        self._nesting -= 1
        return names

    def _names_behind(self, reference: str, depth: int) -> tuple[str, ...]:
        key = reference, depth
        if key not in self._known:
            self._known[key] = ()  # a schema may refer to itself
            self._known[key] = self._names(self._components.get(reference[1:]), depth)
        return self._known[key]

    def _own_names(self, schema: Mapping[str, Any], depth: int) -> Iterator[str]:
        properties = schema.get("properties")
        if isinstance(properties, Mapping):
            yield from map(str, properties)
            for value in properties.values() if depth > 1 else ():
                yield from self._names(value, depth - 1)
        yield from self._names(schema.get("items"), depth)
        for keyword in _BRANCHES:
            branches = schema.get(keyword)
            for branch in branches if isinstance(branches, list) else ():
                yield from self._names(branch, depth)


def _search_index(compiled: Compiled) -> tuple[dict[str, dict[int, float]], list[str | None]]:
    """Return the search index of a document's operations.

    Returns:
        Stem → number of an operation → match; and `OperationWords.as_text` for each operation, None if it is hidden.
    """
    index: dict[str, dict[int, float]] = defaultdict(dict)
    for number, matches in enumerate(_stem_weights(compiled)):
        for item, match in matches.items():
            index[item][number] = match
    counts = {item: len(found) for item, found in index.items()}
    operations = len(compiled.operations)
    texts: list[str | None] = []
    for entry in compiled.operations:
        words = _words_of_operation(entry.operation)
        reported = (sum(rarity(counts.get(stem), operations) for stem in stems) for stems in words.stems)
        is_hidden = entry.operation.is_hidden
        texts.append(None if is_hidden else replace(words, reported=tuple(reported)).as_text())
    return index, texts


def _stem_weights(compiled: Compiled) -> Iterator[dict[str, float]]:
    """Yield stem → match for each operation.

    Descriptions, inputs, bodies and responses add only stems that the name, path, summary and tags do not have. They
    do not add stems that are frequent in the document.
    """
    words, responses = _Words(), _ResponseNames(compiled.components)
    operations = compiled.operations
    usual: Counter[str] = Counter()
    sample = operations[:: len(operations) // _SAMPLE + 1]
    for entry in sample:
        for column in _mentions(entry, words, responses):
            usual.update(iter(column))
    too_usual = {
        stem for stem, count in usual.items() if count > _USUAL * len(sample) and len(sample) > _SAMPLE // 2
    }
    for entry in operations:
        operation = entry.operation
        strong = (
            words.stems([operation.name, operation.operation_id, *operation.aliases]),
            words.stems(_literals(operation.path)),
            words.stems([operation.summary]),
            words.stems(operation.tags),
        )
        reported: dict[str, float] = {}
        for weight, stems in zip((_NAME, _PATH, _SUMMARY, _TAGS), strong, strict=True):
            reported.update((stem, reported.get(stem, 0.0) + weight) for stem in stems)
        known = too_usual | reported.keys()
        for weight, stems, most in zip(_WEAK, _mentions(entry, words, responses), _MOST, strict=True):
            mentioned = [stem for stem in stems if stem not in known][:most]
            known.update(mentioned)
            reported.update(dict.fromkeys(mentioned, weight))
        yield {item: weight / (weight + _HALF) for item, weight in reported.items()}


def _mentions(
    entry: CompiledOperation, words: _Words, responses: _ResponseNames
) -> Iterator[dict[str, None]]:
    """Yield the stems of the weak locations: description, inputs, choices, body, response."""
    operation = entry.operation
    yield words.stems(_texts_of_blocks(operation.description))
    yield words.stems(_input_texts(operation))
    yield words.stems(_choices(operation))
    yield words.stems(_body_texts(operation))
    yield words.stems(responses.of_operation(entry.part))


class _Words(dict[str, tuple[str, ...]]):
    """Text → its stems; a cache, because operations share many texts."""

    def __missing__(self, text: str) -> tuple[str, ...]:
        stems = self[text] = tuple(map(stem, words_of(text)))
        return stems

    def stems(self, texts: Iterable[str]) -> dict[str, None]:
        """Return the unique stems of some texts, in order, as the keys of a dictionary."""
        return dict.fromkeys(chain.from_iterable(map(self.__getitem__, texts)))


def _literals(path: str) -> Iterator[str]:
    """Yield the steps of a path that are not parameters."""
    return (step for step in path.split("/") if not step.startswith("{"))


def _texts_of_blocks(blocks: Any) -> Iterator[str]:
    """Yield the texts of a description, including its lists, quotes and tables, which are nested lists."""
    for block in blocks:
        if isinstance(block, str):
            yield block
        elif isinstance(block, list | tuple):
            yield from _texts_of_blocks(block)


def _input_texts(operation: Operation) -> Iterator[str]:
    for parameter in operation.parameters:
        yield parameter.name
        yield parameter.description
        for field in parameter.fields:
            yield field.path[-1]


def _body_texts(operation: Operation) -> Iterator[str]:
    for media_type in operation.body.content if operation.body else ():
        for field in media_type.fields:
            yield from field.path
            yield field.description


def _choices(operation: Operation) -> Iterator[str]:
    for parameter in operation.parameters:
        yield from _enumerated(parameter.value)
    for media_type in operation.body.content if operation.body else ():
        for field in media_type.fields:
            yield from _enumerated(field.value)


def _enumerated(value: Any) -> Iterator[str]:
    for holder in (value, value.items):
        if holder is not None and len(holder.enum) <= _MOST_CHOICES:
            yield from (choice for choice in holder.enum if isinstance(choice, str))


def write_catalog(path: str, compiled: Compiled, problems: Iterable[Problem], revision: str = "") -> None:
    """Write a compiled document atomically.

    Args:
        path: Path of the file; its directory must exist.
        problems: Problems in the document that make it invalid OpenAPI.
        revision: Name of the revision, by which a reader can tell it from others.

    Raises:
        OSError: The file cannot be written.
        sqlite3.Error: SQLite cannot write the file, for example because the disk is full.
    """
    from dynacli.files import replace_file

    with replace_file(path) as file:
        db = sqlite3.connect(file.name, isolation_level=None)
        try:
            _fill(db, compiled, problems, {"revision": revision} if revision else {})
        finally:
            db.close()


def catalog_in_memory(compiled: Compiled, problems: Iterable[Problem]) -> Catalog:
    """Return a compiled document in memory, for use if no file can be written."""
    db = sqlite3.connect(":memory:", isolation_level=None, check_same_thread=False)
    _fill(db, compiled, problems, {})
    return Catalog(":memory:", db)


def _fill(
    db: sqlite3.Connection, compiled: Compiled, problems: Iterable[Problem], more: Mapping[str, str]
) -> None:
    from dataclasses import asdict

    # No other process sees the file before it is renamed, so it needs no journal and only one sync at the end.
    # On average, a row leaves half a page empty, so pages are as small as possible without a loss of time. Components
    # have row ids: a table without them moves most of a large row to separate pages, which would waste a sixth of the
    # file (https://www.sqlite.org/withoutrowid.html).
    db.executescript(
        "PRAGMA page_size = 1024; PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF;" + _TABLES
    )
    db.execute("BEGIN")
    db.executemany(
        "INSERT INTO meta VALUES (?, ?)",
        [(key, _packed(value)) for key, value in (*compiled.meta.items(), *more.items())],
    )
    _write_operations(db, compiled)
    db.executemany(
        "INSERT INTO lock VALUES (?, ?, ?)",
        ((method, path, name) for (method, path), name in compiled.given_names.items()),
    )
    db.executemany(
        "INSERT OR IGNORE INTO components VALUES (?, ?)",
        ((pointer, _packed(value)) for pointer, value in compiled.components.items()),
    )
    db.execute("INSERT INTO components VALUES (?, ?)", (OVERVIEW, _packed(asdict(compiled.overview))))
    db.executemany(
        "INSERT INTO resources VALUES (?, ?, ?)",
        (
            (number, resource.template, _packed(resource.row()))
            for number, resource in enumerate(compiled.resources)
        ),
    )
    db.executemany(
        "INSERT INTO uses VALUES (?, ?)",
        (
            (operation, number)
            for number, resource in enumerate(compiled.resources)
            for operation in resource.operations
        ),
    )
    db.executemany(
        "INSERT INTO warnings VALUES (?, ?, ?, ?, ?)",
        (
            (warning.message, warning.pointer, warning.line, warning.column, warning.file)
            for warning in compiled.warnings
        ),
    )
    db.executemany(
        "INSERT INTO files VALUES (?, ?, ?)",
        ((number, uri, name) for number, (uri, name) in enumerate(compiled.files)),
    )
    db.executemany(
        "INSERT INTO origins VALUES (?, ?)",
        ((block[0][0], _packed(block)) for block in _blocks(compiled.origins)),
    )
    db.executemany(
        "INSERT INTO problems VALUES (?, ?, ?)",
        ((problem.message, problem.pointer, problem.file) for problem in problems),
    )
    db.execute("CREATE INDEX by_name ON operations (name)")
    db.execute("COMMIT")


def _write_operations(db: sqlite3.Connection, compiled: Compiled) -> None:
    from dynacli.openapi.model.kebab_names import kebab

    names: dict[tuple[str, int], int] = {}
    shared: dict[bytes, int] = {}

    def keep(value: Any) -> int:
        """Write a shared value and return its number; keep only a digest in memory."""
        text = _stored_json(value)
        digest = hashlib.sha256(text.encode("utf-8", "surrogatepass")).digest()
        if digest not in shared:
            shared[digest] = len(shared)
            db.execute("INSERT INTO shared VALUES (?, ?)", (shared[digest], pack(text)))
        return shared[digest]

    rows = OperationRows(keep)
    given = set(compiled.given_names.values())
    tags: dict[str, str] = {}
    stems, words = _search_index(compiled)
    for number, entry in enumerate(compiled.operations):
        operation = entry.operation
        db.execute(
            "INSERT INTO operations VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (
                number,
                operation.name,
                operation.operation_id,
                operation.method,
                operation.path,
                _stored_json(operation.tags),
                operation.summary,
                operation.is_deprecated,
                operation.is_hidden,
                words[number],
            ),
        )
        db.execute(
            "INSERT INTO details VALUES (?, ?, ?)",
            (number, _packed(rows.operation(operation)), _packed(rows.part(entry.part))),
        )
        names[(operation.name, BY_NAME)] = number
        for alias in operation.aliases:
            names.setdefault((alias, BY_ALIAS), number)
        # An operationId must not take over a name that belongs, or belonged, to another operation.
        operation_id, folded = operation.operation_id, operation.operation_id.casefold()
        if operation_id and (operation_id == operation.name or operation_id not in given):
            names.setdefault((operation_id, BY_ID), number)
        if folded and (folded == operation.name or folded not in given):
            names.setdefault((folded, BY_ID_IN_ANY_CASE), number)
        for tag in operation.tags:
            tags.setdefault(kebab(tag), tag)
    db.executemany(
        "INSERT INTO names VALUES (?, ?, ?)", ((key, rank, number) for (key, rank), number in names.items())
    )
    db.executemany("INSERT INTO stems VALUES (?, ?, ?)", stem_rows(stems))
    db.executemany(
        "INSERT INTO tags VALUES (?, ?, ?)",
        ((key, tag, compiled.tags.get(tag, "")) for key, tag in tags.items() if key),
    )


def _packed(value: Any) -> bytes:
    return pack(_stored_json(value))


def _stored_json(value: Any) -> str:
    from dynacli.import_orjson import orjson

    try:
        return orjson.dumps(value, option=orjson.OPT_NON_STR_KEYS).decode()
    except TypeError:  # orjson refuses integers beyond 64 bits and lone surrogates
        return json.dumps(value, default=_encodable)


def _encodable(value: Any) -> Any:
    from dataclasses import asdict, is_dataclass

    if is_dataclass(value) and not isinstance(value, type):
        return asdict(value)
    return str(value)  # a YAML document may have dates and sets, for which JSON has no type


def _blocks(origins: Iterable[Move]) -> Iterator[list[tuple[str, int, str]]]:
    moves = sorted((move.pointer, move.file, move.origin) for move in origins)
    for start in range(0, len(moves), _ORIGINS):
        yield moves[start : start + _ORIGINS]
