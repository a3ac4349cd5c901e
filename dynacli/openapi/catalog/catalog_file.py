"""A compiled document: an SQLite file that the writer renames when it is complete, opened read-only and immutable.

Readers need no lock on the file, and a crash leaves no partial file. Reading a damaged file raises a
`DamagedCatalogError`, and the caller compiles the document again. Operations, components and metadata have checksums,
because SQLite detects a missing page but not a changed byte.

A row of an operation leaves out default values, and values that operations share. Rows are read by explicit code
instead of a generic decoder, because each call reads one.
"""

from __future__ import annotations

import json
import os
import sqlite3
import zlib
from _thread import allocate_lock
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

from dynacli.openapi.model.operation import (
    Body,
    Choice,
    DocumentedResponse,
    Field,
    MediaType,
    Operation,
    OperationSummary,
    Parameter,
    SecurityScheme,
    Server,
    ValueType,
)
from dynacli.record import defaults_of

if TYPE_CHECKING:
    from dynacli.openapi.model.overview import Overview
    from dynacli.openapi.model.resources import Resource

_PREFIX = "file:" if os.name == "nt" else "file://"
"""Start of the URI of an absolute path for SQLite; after two slashes, SQLite reads a drive of Windows as a host."""

_FLAGS = ("is_required", "is_deprecated", "is_needed")
_REST: tuple[Any, ...] = (0, "", "", "")
FORMAT = 34
"""Version of the format; it is part of the file name, so that versions of dynacli can share a cache."""
_META = frozenset(
    {
        "openapi",
        "dialect",
        "title",
        "version",
        "uri",
        "json_schema_dialect",
        "servers",
        "operations",
    }
)
# Ways to name an operation, the most reliable first.
BY_NAME, BY_ALIAS, BY_ID, BY_ID_IN_ANY_CASE = range(4)
_FETCHED = 100
"""Number of rows of a long list to read at a time."""
_LONGEST = 1 << 28
"""Maximum size of a value, in bytes: larger than any document, and small enough for memory."""


class OperationRows:
    """Makes the rows of a document's operations, which refer by number to values that they share.

    Shared values are parameters, responses, the options of media types, and the common fields of a Path Item Object.

    Args:
        keep: Function that stores a value and returns its number, which is the same for equal values.
    """

    def __init__(self, keep: Callable[[Any], int]) -> None:
        self._keep = keep
        # The keys contain ids of objects. The values refer to these objects, so that no id is used again.
        self._numbers: dict[tuple[int, ...], tuple[Any, int]] = {}

    def operation(self, operation: Operation) -> dict[str, Any]:
        """Return the row of an operation."""
        defaults = defaults_of(Operation)
        row: dict[str, Any] = {}
        for name, value in operation.__dict__.items():
            if name in defaults and value == defaults[name]:
                continue
            if name in {"parameters", "responses"}:
                row[name] = [self._number(item) for item in value]
            else:
                row[name] = self._body(value) if name == "body" else _as_json(value)
        return row

    def _body(self, body: Body) -> dict[str, Any]:
        return {
            "content": [
                {"name": media_type.name, "options": self._options(media_type)} for media_type in body.content
            ],
            "is_required": body.is_required,
        }

    def part(self, part: Mapping[str, Any]) -> dict[str, Any]:
        """Return the row of the part of the document that describes an operation."""
        shared = part["path_item"]
        return {**part, "path_item": self._number(shared)} if shared else dict(part)

    def _number(self, value: Any) -> int:
        return self._number_of((id(value),), value, lambda: _as_json(value))

    def _options(self, media_type: MediaType) -> int:
        parts = media_type.value, media_type.fields, media_type.choices
        key = (*map(id, parts), media_type.is_cut)
        return self._number_of(key, parts, lambda: _options_row(media_type))

    def _number_of(self, key: tuple[int, ...], value: Any, row: Callable[[], Any]) -> int:
        if key not in self._numbers:
            self._numbers[key] = value, self._keep(row())
        return self._numbers[key][1]


def _options_row(media_type: MediaType) -> dict[str, Any]:
    row: dict[str, Any] = _as_json(media_type)
    del row["name"]
    return row


def _as_json(value: Any) -> Any:
    if isinstance(value, tuple | list):
        return (
            _field_rows(value)
            if value and isinstance(value[0], Field)
            else [_as_json(item) for item in value]
        )
    if not hasattr(value, "__dict__"):
        return value
    defaults = defaults_of(value.__class__)
    return {
        name: _as_json(item)
        for name, item in value.__dict__.items()
        if name not in defaults or item != defaults[name] or type(item) is not type(defaults[name])
    }


def _field_rows(fields: tuple[Field, ...] | list[Field]) -> list[Any]:
    """Return fields as lists; each leaves out the prefixes that its path and its option share with the field before."""
    rows = []
    path: tuple[str, ...] = ()
    option = ""
    for field in fields:
        steps = _common_length(path, field.path)
        size = _common_length(option, field.option)
        value = _as_json(field.value)
        flags = sum(1 << bit for bit, name in enumerate(_FLAGS) if getattr(field, name))
        row = [
            steps,
            list(field.path[steps:]),
            size,
            field.option[size:],
            value["type"] if value.keys() == {"type"} else value,
            flags,
            field.description,
            field.branch,
            field.below,
        ]
        while row[-1] in ("", 0):
            row.pop()
        rows.append(row)
        path, option = field.path, field.option
    return rows


def _common_length(before: Any, after: Any) -> int:
    """Return the length of the common prefix of two paths or two texts."""
    size = 0
    for left, right in zip(before, after, strict=False):
        if left != right:
            break
        size += 1
    return size


def operation_from_row(row: Mapping[str, Any], shared: Callable[[int], Any]) -> Operation:
    """Return the operation of a row from `OperationRows`.

    Args:
        shared: Function that returns a new copy of the shared value with a number.
    """
    body = row.get("body")
    return Operation(
        name=row["name"],
        operation_id=row["operation_id"],
        method=row["method"],
        path=row["path"],
        summary=row.get("summary", ""),
        description=tuple(row.get("description", ())),
        tags=tuple(row.get("tags", ())),
        is_deprecated=row.get("is_deprecated", False),
        is_hidden=row.get("is_hidden", False),
        aliases=tuple(row.get("aliases", ())),
        parameters=tuple(map(_parameter, map(shared, row.get("parameters", ())))),
        body=None if body is None else Body(_media_types_from(body["content"], shared), body["is_required"]),
        responses=tuple(map(_response_from, map(shared, row.get("responses", ())))),
        security=tuple(tuple(map(_security_scheme, alternative)) for alternative in row.get("security", ())),
        servers=tuple(Server(**item) for item in row.get("servers", ())),
        example=tuple(row.get("example", ())),
        media_headers=row.get("media_headers"),
    )


def _parameter(item: dict[str, Any]) -> Parameter:
    item["value"] = _value_type(item["value"])
    if "aliases" in item:
        item["aliases"] = tuple(item["aliases"])
    if "item_formats" in item:
        item["item_formats"] = tuple(item["item_formats"])
    if "fields" in item:
        item["fields"] = _fields_from(item["fields"])
    return Parameter(**item)


def _media_types_from(rows: list[dict[str, Any]], shared: Callable[[int], Any]) -> tuple[MediaType, ...]:
    # Media types of one body usually share their options.
    known: dict[int, dict[str, Any]] = {}
    for item in rows:
        number = item["options"]
        if number not in known:
            known[number] = _options_from(shared(number))
    return tuple(MediaType(name=item["name"], **known[item["options"]]) for item in rows)


def _options_from(item: dict[str, Any]) -> dict[str, Any]:
    item["value"] = _value_type(item["value"])
    if "fields" in item:
        item["fields"] = _fields_from(item["fields"])
    if "choices" in item:
        item["choices"] = tuple(_choice(part) for part in item["choices"])
    return item


def _choice(item: dict[str, Any]) -> Choice:
    if "branches" in item:
        item["branches"] = tuple(tuple(branch) for branch in item["branches"])
    return Choice(**item)


def _fields_from(rows: list[list[Any]]) -> tuple[Field, ...]:
    fields = []
    path: tuple[str, ...] = ()
    option = ""
    for steps, rest, size, text, value, *more in rows:
        path, option = (*path[:steps], *rest), option[:size] + text
        flags, description, branch, below = [*more, *_REST[len(more) :]]
        fields.append(
            Field(
                path,
                option,
                ValueType(value) if isinstance(value, str) else _value_type(value),
                bool(flags & 1),
                bool(flags & 2),
                description,
                bool(flags & 4),
                branch,
                below,
            )
        )
    return tuple(fields)


def _value_type(item: dict[str, Any]) -> ValueType:
    if "enum" in item:
        item["enum"] = tuple(item["enum"])
    if "items" in item:
        item["items"] = _value_type(item["items"])
    return ValueType(**item)


def _response_from(item: dict[str, Any]) -> DocumentedResponse:
    if "media_types" in item:
        item["media_types"] = tuple(item["media_types"])
    return DocumentedResponse(**item)


def _security_scheme(item: dict[str, Any]) -> SecurityScheme:
    if "scopes" in item:
        item["scopes"] = tuple(item["scopes"])
    return SecurityScheme(**item)


class DamagedCatalogError(Exception):
    """The file of a compiled document is truncated, overwritten, or of another kind.

    Args:
        path: The file.
    """

    def __init__(self, path: str) -> None:
        super().__init__(path)
        self.path = path


class Catalog:
    """A compiled document, open for reading.

    Args:
        path: The SQLite file.
        db: A database in memory; `path` is then only its name.

    Raises:
        DamagedCatalogError: Any method raises it if the file is damaged.
    """

    def __init__(self, path: str, db: sqlite3.Connection | None = None) -> None:
        self.path = path
        self._db = db or _open(path)
        # A validator may still read in its thread when a failed call closes the file. Without the lock, SQLite crashes.
        self._lock = allocate_lock()
        self._meta: dict[str, Any] | None = None
        self._origins: dict[str, dict[str, tuple[int, str]]] = {}

    def close(self) -> None:
        """Close the file, after any read in another thread."""
        with self._lock:
            self._db.close()

    def check(self, *, whole: bool = False) -> None:
        """Check the part of the file that each run reads.

        Args:
            whole: Whether to check every page of the file, which is slow.

        Raises:
            DamagedCatalogError: The file is damaged.
        """
        if not _META.issubset(self.meta) or (whole and self.rows("PRAGMA quick_check(1)") != [("ok",)]):
            raise DamagedCatalogError(self.path)

    def rows(self, sql: str, *values: Any) -> list[Any]:
        """Return the rows of a query."""
        try:
            with self._lock:
                return self._db.execute(sql, values).fetchall()
        except (sqlite3.Error, UnicodeDecodeError, OverflowError) as error:
            raise DamagedCatalogError(self.path) from error

    def _each_row(self, sql: str, *values: Any) -> Iterator[Any]:
        """Yield the rows of a query, read in small batches to save memory."""
        cursor = None
        while True:
            try:
                with self._lock:
                    cursor = cursor or self._db.execute(sql, values)
                    rows = cursor.fetchmany(_FETCHED)
            except (sqlite3.Error, UnicodeDecodeError, OverflowError) as error:
                raise DamagedCatalogError(self.path) from error
            if not rows:
                return
            yield from rows

    def _texts(self, rows: list[Any], columns: int) -> list[Any]:
        """Return the rows if their first columns are text; else the file is damaged."""
        for row in rows:
            if not {str}.issuperset(map(type, row[:columns])):
                raise DamagedCatalogError(self.path)
        return rows

    def _json(self, text: str) -> Any:
        try:
            return json.loads(text)
        except (ValueError, TypeError, RecursionError) as error:
            raise DamagedCatalogError(self.path) from error

    def _unpacked(self, packed: Any) -> Any:
        try:
            return json.loads(unpack(packed))
        except (ValueError, RecursionError) as error:
            raise DamagedCatalogError(self.path) from error

    @property
    def meta(self) -> dict[str, Any]:
        """The metadata of the document: title, version, servers, ..."""
        if self._meta is None:
            rows = self.rows("SELECT key, value FROM meta")
            self._meta = {key: self._unpacked(value) for key, value in rows}
        return self._meta

    def find(self, word: str, tag: str = "") -> str | None:
        """Return the name of an operation; None if there is none.

        Args:
            word: Its name, an alias, or its operationId in any case.
            tag: A tag, in kebab case, that the operation must have. `word` may then leave out the prefix of the tag.
        """
        for candidate in self._candidates(word, tag) if tag else (word,):
            rows = self.rows(
                "SELECT operations.name, operations.tags FROM names JOIN operations USING (id)"
                " WHERE (key = ? AND rank < ?) OR (key = ? AND rank = ?) ORDER BY rank",
                candidate,
                BY_ID_IN_ANY_CASE,
                candidate.casefold(),
                BY_ID_IN_ANY_CASE,
            )
            for name, tags in self._texts(rows, 2):
                if not tag or tag in self.tag_keys(tags):
                    return str(name)
        return self._find_among(word, tag) if tag else None

    def _candidates(self, word: str, tag: str) -> list[str]:
        """Return the possible full names of an operation that the user names after its tag."""
        from dynacli.openapi.model.kebab_names import tag_prefixes

        return [word, *(f"{prefix}{word}" for prefix in tag_prefixes(tag))]

    def _find_among(self, word: str, tag: str) -> str | None:
        """Return the operation of a tag with this operationId if an operation of another tag has the name.

        Return None if several operations of the tag match.
        """
        from dynacli.openapi.model.kebab_names import kebab

        plain = kebab(word)
        if not plain or self.find(plain) is None:  # no operation has the name
            return None
        names = [row.name for row in self.summaries(tag) if kebab(row.operation_id) == plain]
        return names[0] if len(names) == 1 else None

    def tag_keys(self, tags: str) -> list[str]:
        """Return, in kebab case, the tags in a row of an operation."""
        from dynacli.openapi.model.kebab_names import kebab

        return [kebab(tag) for tag in self._tags(tags)]

    def _tags(self, text: str) -> tuple[str, ...]:
        tags = self._json(text)
        if not isinstance(tags, list) or not all(isinstance(tag, str) for tag in tags):
            raise DamagedCatalogError(self.path)
        return tuple(tags)

    def operation(self, name: str) -> Operation:
        """Return the operation with exactly this name."""
        row = self._unpacked(self._detail(name, "operation"))
        try:
            numbers = {*row.get("parameters", ()), *row.get("responses", ())}
            for media_type in (row.get("body") or {}).get("content", ()):
                numbers.add(media_type["options"])
            return operation_from_row(row, self._shared(numbers).__getitem__)
        except (KeyError, TypeError, AttributeError, ValueError) as error:
            raise DamagedCatalogError(self.path) from error

    def _shared(self, numbers: Iterable[int]) -> dict[int, Any]:
        """Return number → value of the shared values with these numbers."""
        # SQLite limits the number of placeholders, so the numbers are in the statement.
        listed = ",".join(map(str, map(int, numbers)))
        rows = self.rows(f"SELECT id, value FROM shared WHERE id IN ({listed})")  # noqa: S608
        return {number: self._unpacked(value) for number, value in rows}

    def part(self, name: str) -> dict[str, Any]:
        """Return the part of the document that describes an operation: `path_item` and `operation`.

        References are not resolved, and schemas are in the normal form.
        """
        part: dict[str, Any] = self._unpacked(self._detail(name, "part"))
        if isinstance(part["path_item"], int):
            number = part["path_item"]
            try:
                part["path_item"] = self._shared([number])[number]
            except KeyError as error:
                raise DamagedCatalogError(self.path) from error
        return part

    def _detail(self, name: str, column: str) -> Any:
        rows = self.rows(
            f"SELECT details.{column} FROM operations JOIN details USING (id) WHERE name = ?",  # noqa: S608
            name,
        )
        if not rows:
            raise DamagedCatalogError(self.path)
        return rows[0][0]

    def summaries(self, tag: str = "") -> list[OperationSummary]:
        """Return the summaries of all operations, or of the operations of a tag, in the order of the document.

        Args:
            tag: The tag, as written or in kebab case; empty for all operations.
        """
        return list(self.each_summary(tag))

    def each_summary(self, tag: str = "", numbers: Iterable[int] | None = None) -> Iterator[OperationSummary]:
        """Yield the summaries of operations in the order of the document.

        Args:
            tag: The tag or group of tags of the operations, as written or in kebab case; empty for any.
            numbers: The numbers of the operations; None for any.
        """
        chosen = "" if numbers is None else f"WHERE id IN ({','.join(map(str, numbers))})"
        rows = self._each_row(
            "SELECT name, operation_id, method, path, tags, summary, is_deprecated, is_hidden"  # noqa: S608
            f" FROM operations {chosen} ORDER BY id"
        )
        wanted = {tag, *self._tags_below(tag)} if tag else set()
        for row in rows:
            name, operation_id, method, path, tags, summary, deprecated, hidden = self._texts([row], 6)[0]
            names = self._tags(tags)
            if not tag or tag in names or not wanted.isdisjoint(self.tag_keys(tags)):
                yield OperationSummary(
                    name, operation_id, method, path, names, summary, bool(deprecated), bool(hidden)
                )

    def _tags_below(self, tag: str) -> set[str]:
        """Return the tags below a tag or group in the tree of the tags, in kebab case."""
        if not self.meta.get("tag_tree"):
            return set()
        from dynacli.openapi.model.tag_tree import tag_tree

        return tag_tree(self.meta).below(tag)

    def longest(self, tag: str = "") -> tuple[int, int]:
        """Return the lengths of the longest name and the longest path, of all operations or of one tag."""
        if tag:
            sizes = [(len(operation.name), len(operation.path)) for operation in self.each_summary(tag)]
        else:
            sizes = self.rows(
                "SELECT ifnull(max(length(name)), 0), ifnull(max(length(path)), 0) FROM operations"
            )
        return max((name for name, _ in sizes), default=0), max((path for _, path in sizes), default=0)

    def has_name(self, name: str) -> bool:
        """Return whether an operation has exactly this name."""
        return bool(self.rows("SELECT 1 FROM operations WHERE name = ?", name))

    def parameters_behind(self, path: str) -> list[str]:
        """Return the names of the parameters that directly follow a path in the document: `id` for `/runs`."""
        beginning = f"{path}/{{"
        rows = self.rows(
            "SELECT DISTINCT path FROM operations WHERE path >= ? AND path < ?",
            beginning,
            beginning + "\U0010ffff",
        )
        return [row[0][len(beginning) :].partition("}")[0] for row in self._texts(rows, 1)]

    def overview(self) -> Overview:
        """Return the overview of the document."""
        from dynacli.openapi.model.overview import OVERVIEW, overview_from_row

        try:
            return overview_from_row(self.component(OVERVIEW)[1])
        except (KeyError, TypeError, ValueError) as error:
            raise DamagedCatalogError(self.path) from error

    def resources(self) -> tuple[Resource, ...]:
        """Return the resources of the document, the ones with most facts first."""
        return self._resources("SELECT value FROM resources ORDER BY id")

    def resources_of(self, operation: str) -> tuple[Resource, ...]:
        """Return the resources that an operation lists, reads, creates, changes or deletes, the fullest first."""
        return self._resources(
            "SELECT value FROM uses JOIN resources ON id = resource WHERE operation = ? ORDER BY id",
            operation,
        )

    def resource_at(self, path: str) -> Resource | None:
        """Return the resource whose item or list has a path, spelled with any parameters; None if there is none."""
        from dynacli.openapi.model.path_templates import item_template

        found = self._resources("SELECT value FROM resources WHERE path = ? ORDER BY id", item_template(path))
        return next(iter(found), None)

    def _resources(self, query: str, *values: str) -> tuple[Resource, ...]:
        from dynacli.openapi.model.resources import resource_of_row

        try:
            return tuple(resource_of_row(self._unpacked(row[0])) for row in self.rows(query, *values))
        except (KeyError, TypeError, ValueError) as error:
            raise DamagedCatalogError(self.path) from error

    def names(self, prefix: str = "") -> list[tuple[str, str]]:
        """Return the name and summary of each operation whose name has the prefix, without hidden ones."""
        # U+10FFFF sorts after every name. A range uses the index, and LIKE would have wildcards.
        rows = self.rows(
            "SELECT name, summary FROM operations WHERE name >= ? AND name < ? AND NOT is_hidden ORDER BY name",
            prefix,
            prefix + "\U0010ffff",
        )
        return [(name, summary) for name, summary in self._texts(rows, 2)]

    def tags(self) -> dict[str, tuple[str, str]]:
        """Return tag in kebab case → (name, first sentence of the description), for the tags that operations have."""
        rows = self._texts(self.rows("SELECT * FROM tags"), 3)
        return {key: (name, description) for key, name, description in rows}

    def tag(self, word: str) -> str:
        """Return a tag in kebab case, given in kebab case or as written; empty if no operation has it."""
        tags = self.tags()
        keys = [key for key, (name, _) in tags.items() if word.lower() in (key, name.lower())]
        return word if word in tags else next(iter(keys), "")

    def resolve(self, ref: str) -> Any:
        """Return the target of an internal reference, with schemas in the normal form.

        Raises:
            LookupError: The target does not exist.
        """
        if not ref.startswith("#/"):
            raise LookupError(ref)
        pointer = ref[1:]
        if "%" in pointer:
            from urllib.parse import unquote

            pointer = unquote(pointer)
        steps = pointer.split("/")
        stored = 4 if steps[1] == "components" else len(steps)
        found, value = self.component("/".join(steps[:stored]))
        if not found:
            raise LookupError(ref)
        for step in steps[stored:]:
            try:
                key = step.replace("~1", "/").replace("~0", "~")
                value = value[int(key)] if isinstance(value, list) else value[key]
            except (KeyError, IndexError, TypeError, ValueError) as error:
                raise LookupError(ref) from error
        return value

    def component(self, pointer: str) -> tuple[bool, Any]:
        """Return whether a component exists at a JSON pointer, and its value with schemas in the normal form."""
        rows = self.rows("SELECT value FROM components WHERE pointer = ?", pointer)
        return (True, self._unpacked(rows[0][0])) if rows else (False, None)

    def components(self, pointer: str) -> dict[str, Any]:
        """Return name → value of the components of one kind, for example `/components/securitySchemes`."""
        rows = self.rows(
            "SELECT pointer, value FROM components WHERE pointer >= ? AND pointer < ?",
            pointer + "/",
            pointer + "0",
        )
        return {
            name[len(pointer) + 1 :]: self._unpacked(value)
            for name, value in self._texts(rows, 1)
            if "/" not in name[len(pointer) + 1 :]
        }

    def has_below(self, pointer: str) -> bool:
        """Return whether at least one component exists below a JSON pointer."""
        rows = self.rows(
            "SELECT 1 FROM components WHERE pointer >= ? AND pointer < ? LIMIT 1",
            pointer + "/",
            pointer + "0",
        )
        return bool(rows)

    def given_names(self) -> dict[tuple[str, str], str]:
        """Return (method, path) → name, for all operations of this and earlier revisions."""
        rows = self._texts(self.rows("SELECT * FROM lock"), 3)
        return {(method, path): name for method, path, name in rows}

    def warnings(self) -> list[dict[str, Any]]:
        """Return the warnings about parts of the document that dynacli ignored or changed, with their locations."""
        rows = self.rows(
            "SELECT message, warnings.pointer, name, line, column"
            " FROM warnings LEFT JOIN files ON files.id = warnings.file ORDER BY warnings.rowid"
        )
        return [
            {"message": message, "file": file, "line": line, "column": column, "pointer": pointer}
            for message, pointer, file, line, column in self._texts(rows, 3)
        ]

    def files(self) -> list[tuple[str, str]]:
        """Return the URI and name of each file of the document; the first file is the document itself."""
        rows = self._texts(self.rows("SELECT uri, name FROM files ORDER BY id"), 2)
        return [(uri, name) for uri, name in rows]

    def place(self, pointer: str) -> tuple[int, str]:
        """Return the number of the file that contains a part of the document, and the JSON pointer in that file."""
        start = pointer
        while True:
            origin = self._origin(start)
            if origin is not None:
                return origin[0], origin[1] + pointer[len(start) :]
            if not start:
                return 0, pointer
            start = start.rpartition("/")[0]

    def _origin(self, pointer: str) -> tuple[int, str] | None:
        rows = self.rows("SELECT * FROM origins WHERE first <= ? ORDER BY first DESC LIMIT 1", pointer)
        for first, places in rows:
            if first not in self._origins:
                known = {at: (file, origin) for at, file, origin in self._unpacked(places)}
                self._origins[first] = known
            return self._origins[first].get(pointer)
        return None

    def problems(self) -> list[tuple[str, int, str]]:
        """Return the parts of the document that are not valid OpenAPI: message, number of the file, JSON pointer."""
        rows = self._texts(self.rows("SELECT message, pointer, file FROM problems"), 2)
        return [(message, int(file), pointer) for message, pointer, file in rows]


def sqlite_uri(path: str, query: str) -> str:
    """Return the URI of a database for SQLite (https://www.sqlite.org/uri.html).

    Args:
        query: The way to open it, such as `mode=ro`.
    """
    quoted = os.path.abspath(path).replace("%", "%25").replace("?", "%3f").replace("#", "%23")
    return f"{_PREFIX}{quoted}?{query}"


def _open(path: str) -> sqlite3.Connection:
    if not os.path.isfile(path):  # SQLite would block on a named pipe
        raise DamagedCatalogError(path)
    try:
        # The validator reads in another thread, and the lock serializes reads.
        uri = sqlite_uri(path, "mode=ro&immutable=1")
        return sqlite3.connect(uri, uri=True, check_same_thread=False)
    except sqlite3.Error as error:
        raise DamagedCatalogError(path) from error


def pack(text: str) -> bytes:
    """Return a text compressed for storage, with a checksum (RFC 1950, section 2.2)."""
    # Higher levels take longer and save only 5 % more.
    return zlib.compress(text.encode("utf-8", "surrogatepass"), 1)


def unpack(packed: Any) -> str:
    """Return the text of a packed value.

    Raises:
        ValueError: The value is damaged or too long.
    """
    reader = zlib.decompressobj()
    try:
        text = reader.decompress(packed, _LONGEST)
    except (TypeError, zlib.error) as error:
        raise ValueError(str(error)) from error
    if not reader.eof or reader.unused_data:
        raise ValueError("it is cut, too long, or has something after it")
    return text.decode("utf-8", "surrogatepass")


def operations_at(
    catalog: Catalog, methods: Iterable[str], is_wanted: Callable[[str], bool]
) -> list[OperationSummary]:
    """Return the operations with one of the methods and a wanted path, in the order of the document.

    Hidden operations are left out.

    Args:
        is_wanted: Function that returns whether a path is wanted.

    Raises:
        DamagedCatalogError: The compiled document is damaged.
    """
    marks = ",".join(f"'{method}'" for method in sorted(methods) if method.isalpha())
    rows = catalog.rows(f"SELECT id, path FROM operations WHERE NOT is_hidden AND method IN ({marks})")  # noqa: S608
    numbers = [number for number, path in rows if is_wanted(str(path))]
    return list(catalog.each_summary(numbers=numbers)) if numbers else []
