"""Decode JSON and YAML files, and parse them into plain JSON values."""

import codecs
import json
import re
import sys
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass
from functools import cache
from math import isfinite
from typing import Any, NoReturn

from dynacli.errors import DocumentError
from dynacli.openapi.document.json_trees import join
from dynacli.openapi.document.limits import MAX_DEPTH, MAX_NODES
from dynacli.openapi.document.plain_json import (
    check_is_not_markup,
    check_is_openapi,
    check_limits,
    to_plain,
    too_deep,
    too_many_nodes,
)
from dynacli.text.json_budget import TooManyValuesError, check_values

_MAX_EXCERPT = 100

# UTF-32 comes before UTF-16, because its byte order mark starts with the mark of UTF-16.
_MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_MAGIC = (
    (b"\x1f\x8b", "gzip data"),
    (b"PK\x03\x04", "a ZIP archive"),
    (b"%PDF-", "a PDF file"),
    (b"\x89PNG", "a PNG image"),
    (b"SQLite format 3", "an SQLite database"),
)
_MAX_WARNINGS = 1000
# The end of a key: a quote and a colon. An escaped quote is within a string, so a colon after it ends no key.
_KEY = re.compile(rb'(?<!\\)"[ \t\r\n]*+:')
_SPACED = re.compile(rb'"[ \t\r\n]++:')
_STRING = re.compile(rb'"(?:[^"\\]++|\\.)*+"', re.DOTALL)
_FOREIGN = (
    ("//", "JSON has no comments"),
    ("/*", "JSON has no comments"),
    ("#", "JSON has no comments"),
    ("'", "JSON strings have double quotes"),
    ("NaN", "`NaN` is not a JSON number"),
    ("Infinity", "`Infinity` is not a JSON number"),
    ("-Infinity", "`-Infinity` is not a JSON number"),
    ("True", "JSON has `true`, in lower case"),
    ("False", "JSON has `false`, in lower case"),
    ("None", "JSON has `null`"),
    ("undefined", "`undefined` is not a JSON value"),
)
_TAG = "tag:yaml.org,2002:"
_PLAIN_SCALARS = (
    ("bool", r"^(?:true|True|TRUE|false|False|FALSE)$", [*"tTfF"]),
    ("null", r"^(?:~|null|Null|NULL|)$", ["~", "n", "N", ""]),
    ("int", r"^(?:[-+]?[0-9]+|0o[0-7]+|0x[0-9a-fA-F]+)$", [*"-+0123456789"]),
    (
        "float",
        r"^(?:[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?|[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN))$",
        [*"-+0123456789."],
    ),
    ("merge", r"^<<$", ["<"]),
)
"""Tag of a plain scalar, its pattern, and its possible first characters (YAML 1.2.2, section 10.3.2)."""
# yaml-rs (0.1.6) limits the depth of `[[[` itself, but thousands of `- - -` crash the whole process.
# A level of a block takes at least one column, or half a column if a list is not indented below its key.
_FAR_RIGHT = re.compile(rf"^[ \t?:-]{{{MAX_DEPTH}}}", re.MULTILINE)
_SEPARATOR = re.compile(r"^---(\s|$)", re.MULTILINE)
_ANCHOR = re.compile(r"&([^\s,\[\]{}]+)")
_ALIAS = re.compile(r"\*([^\s,\[\]{}]+)")
_POSITION = re.compile(r"at line (\d+), column (\d+)")
_LEADING_TAB = re.compile(r"^ *\t", re.MULTILINE)
# A phrase in the messages of both parsers → the reason in dynacli's message.
_REASONS = (
    ("tab", "YAML is indented with spaces; this is a tab"),
    ("unknown anchor", "This alias has no anchor before it"),
    ("undefined alias", "This alias has no anchor before it"),
    ("mapping values are not allowed", "A `:` is not allowed here; quote the text that holds it"),
    ("found another document", "A second YAML document starts here"),
    ("unexpected character", "A plain value cannot start with this character; quote it"),
    ("cannot start any token", "A plain value cannot start with this character; quote it"),
    ("unhashable", "A key cannot be a list or an object"),
    ("quoted scalar", "A quoted text is not closed, or is wrongly indented"),
    ("control characters", "A control character is not allowed in YAML"),
    ("indentation", "The indentation is wrong"),
    ("block mapping", "The indentation is wrong, or a `:` is missing"),
    ("expected ','", "A `]` or `}` is missing before this"),
    ("flow", "A `]` or `}` is missing"),
)


KeyWarning = tuple[str, str]
"""A sentence about a key, and the JSON pointer of the key."""


def to_utf8(content: bytes, name: str) -> bytes:
    """Convert a text to UTF-8 without a byte order mark.

    JSON is UTF-8 (RFC 8259, section 8.1). YAML is UTF-8, UTF-16 or UTF-32 (YAML 1.2.2, section 5.2).
    Files from Windows often start with a byte order mark.

    Raises:
        DocumentError: The content is binary, or text in another encoding.
    """
    for magic, kind in _MAGIC:
        if content.startswith(magic):
            raise DocumentError(f"`{name}` is {kind}, not an OpenAPI document")
    encoding = "utf-8"
    for mark, marked in _MARKS:
        if content.startswith(mark):
            content, encoding = content[len(mark) :], marked
            while content.startswith(mark):  # some editors add a second mark
                content = content[len(mark) :]
            break
    else:
        # The first character is ASCII, so a zero beside it shows UTF-16 without a mark (RFC 4627, section 3).
        if content[1:2] == b"\0":
            encoding = "utf-16-le"
        elif content[:1] == b"\0":
            encoding = "utf-16-be"
    try:
        text = content.decode(encoding)
    except UnicodeDecodeError as error:
        if encoding != "utf-8" or b"\0" in content:
            raise DocumentError(f"`{name}` is binary data, not an OpenAPI document") from error
        _fail_at(
            content.decode("utf-8", "replace"),
            len(content[: error.start].decode()),
            name,
            "This is not UTF-8",
            hint=f"If it is in an older encoding, convert it: `iconv -f WINDOWS-1252 -t UTF-8 {name}`",
        )
    if "\0" in text:
        raise DocumentError(f"`{name}` is binary data, not an OpenAPI document")
    return content if encoding == "utf-8" else text.encode()


def _fail_at(text: str, position: int, name: str, reason: str, *, hint: str = "", **details: Any) -> NoReturn:
    """Raise an error that quotes a line of a text and marks a position in it.

    Args:
        position: The index of the first invalid character.
        name: The name of the document in messages.
        hint: The hint of the error; may be empty.
        details: More fields of the error in JSON.
    """
    position = min(position, len(text))
    line = text.count("\n", 0, position) + 1
    start = text.rfind("\n", 0, position) + 1
    end = text.find("\n", start)
    column = position - start + 1
    raise DocumentError(
        f"`{name}` cannot be read at line {line}, column {column}",
        reason=f"{reason}\n{_excerpt(text[start : end if end >= 0 else len(text)], line, column)}",
        hint=hint,
        line=line,
        column=column,
        **details,
    )


def _offset_of(text: str, line: int, column: int) -> int:
    """Return the index of a 1-based line and column."""
    start = 0
    for _ in range(line - 1):
        start = text.find("\n", start) + 1
        if not start:
            return len(text)
    return min(start + max(column - 1, 0), len(text))


def _excerpt(line_text: str, line: int, column: int) -> str:
    """Return a line with a caret under a column; a long line is cut to the part around the column."""
    left = max(0, min(column - 1 - _MAX_EXCERPT // 2, len(line_text) - _MAX_EXCERPT))
    # Each character takes one column, so that the caret is below the right one.
    shown = "".join(c if c.isprintable() else " " for c in line_text[left : left + _MAX_EXCERPT])
    gutter = f"  {line} | "
    return f"{gutter}{shown}\n{' ' * (len(gutter) + column - 1 - left)}^"


def safe_loader() -> Any:
    """Return PyYAML's safe loader, in C if this PyYAML includes it."""
    import yaml

    return getattr(yaml, "CSafeLoader", yaml.SafeLoader)


def compose_nodes(text: str | bytes) -> Any:
    """Return the root node of a YAML text; None if the text is empty or PyYAML refuses it."""
    import yaml

    try:
        return yaml.compose(text, Loader=safe_loader())
    except yaml.YAMLError:
        return None


def _json_duplicates(content: bytes, keys: int) -> tuple[KeyWarning, ...]:
    """Return a warning for each duplicate key of a valid JSON text.

    orjson does not report duplicate keys. Most texts have none, and counting the keys shows this quickly.

    Args:
        keys: The number of keys in the values that were parsed from the text.
    """
    # The quick count is wrong if an escaped backslash ends a key, or a string starts with a colon.
    if b'\\\\"' not in content and _most_keys(content) == keys:
        return ()
    if _STRING.sub(b"", content).count(b":") == keys:
        return ()
    return _warnings(_pointers(json.loads(content, object_pairs_hook=_ParsedObject, parse_int=float)))


def _most_keys(content: bytes) -> int:
    """Return the maximum number of keys in a JSON text that has no escaped backslash before a quote."""
    if _SPACED.search(content):
        return sum(1 for _ in _KEY.finditer(content))
    return content.count(b'":') - content.count(b'\\":')  # the same count, many times as fast


class _ParsedObject(dict[str, Any]):
    """A JSON object that records its duplicate keys."""

    def __init__(self, pairs: list[tuple[str, Any]]) -> None:
        super().__init__(pairs)
        self.twice: list[str] = []
        seen: set[str] = set()
        for key, _ in pairs if len(self) < len(pairs) else ():
            if key in seen:
                self.twice.append(key)
            seen.add(key)


def _pointers(tree: Any) -> Iterable[tuple[str | int, ...]]:
    stack: list[tuple[Any, tuple[str | int, ...]]] = [(tree, ())]
    while stack:
        node, steps = stack.pop()
        if isinstance(node, _ParsedObject):
            yield from ((*steps, key) for key in dict.fromkeys(node.twice))
            stack.extend((value, (*steps, key)) for key, value in reversed(node.items()))
        elif isinstance(node, list):
            stack.extend((node[index], (*steps, index)) for index in reversed(range(len(node))))


def _yaml_duplicates(text: str) -> tuple[KeyWarning, ...]:
    """Return a warning for each duplicate key of a valid YAML text.

    This parses the text again with PyYAML, which is slow.
    """
    return _warnings(_node_pointers(compose_nodes(text)))


def _node_pointers(root: Any) -> Iterable[tuple[str | int, ...]]:
    import yaml

    stack: list[tuple[Any, tuple[str | int, ...]]] = [(root, ())]
    seen: set[int] = set()
    while stack:
        node, steps = stack.pop()
        if id(node) in seen:  # an alias
            continue
        seen.add(id(node))
        below: list[tuple[Any, tuple[str | int, ...]]] = []
        if isinstance(node, yaml.MappingNode):
            keys: set[str] = set()
            for key, value in node.value:
                name = str(key.value)
                if name in keys:
                    yield (*steps, name)
                keys.add(name)
                below.append((value, (*steps, name)))
        elif isinstance(node, yaml.SequenceNode):
            below.extend((item, (*steps, index)) for index, item in enumerate(node.value))
        stack.extend(reversed(below))


def _warnings(keys: Iterable[tuple[str | int, ...]]) -> tuple[KeyWarning, ...]:
    warnings: dict[KeyWarning, None] = {}
    for steps in keys:
        key = str(steps[-1])[:80]
        warnings[f"Duplicate key `{key}`; the last value counts", join(steps)] = None
        if len(warnings) == _MAX_WARNINGS:
            break
    return tuple(warnings)


def _read_json(content: bytes, name: str) -> tuple[Any, tuple[KeyWarning, ...]]:
    """Return the value of a JSON text (RFC 8259) in UTF-8, and warnings.

    The last of duplicate keys counts, with a warning.

    Raises:
        DocumentError: The text is not JSON, or exceeds a limit.
    """
    from dynacli.import_orjson import orjson

    try:
        check_values(content)
    except TooManyValuesError:
        raise too_many_nodes(name) from None
    try:
        tree = orjson.loads(content)
    except orjson.JSONDecodeError as refusal:
        tree = _read_leniently(content, name, refusal)
    keys = check_limits(tree, name)
    return tree, _json_duplicates(content, keys)


def _read_leniently(content: bytes, name: str, refusal: json.JSONDecodeError) -> Any:
    """Parse JSON that orjson refuses, such as large integers, with the standard library; otherwise raise an error."""
    text = content.decode()
    try:
        tree = json.loads(text, parse_int=_to_number, parse_constant=_refuse_constant)
    except RecursionError as error:
        raise too_deep(name) from error
    except ValueError:  # a mistake, or a constant such as `NaN`, which is not JSON
        _explain_json(text, _offset_of(text, refusal.lineno, refusal.colno), name)
    return to_plain(tree, name)


def _to_number(word: str) -> int | float:
    # Python refuses integers of thousands of digits, because converting them takes quadratic time.
    return int(word) if len(word) < 400 else float(word)


def _refuse_constant(word: str) -> NoReturn:
    raise ValueError(word)


def _explain_json(text: str, position: int, name: str) -> NoReturn:
    rest = text[position:].lstrip(" \t\r\n")
    before = text[:position].rstrip(" \t\r\n")
    # The position may be at the comma or after it.
    after_comma = rest[1:].lstrip() if rest.startswith(",") else rest
    has_comma = rest.startswith(",") or before.endswith(",")
    if not rest:
        _fail_at(text, len(before), name, "The text ends before the JSON does; it may be cut off")
    if has_comma and after_comma.startswith(("}", "]")):
        _fail_at(
            text, position, name, f"JSON has no comma before `{after_comma[0]}`", hint="Remove the comma"
        )
    for start, reason in _FOREIGN:
        if rest.startswith(start):
            _fail_at(text, position, name, reason)
    if rest[0] < " " or text[position] < " ":
        _fail_at(text, position, name, "A control character in a string must be escaped, as `\\n` or `\\t`")
    if before.endswith(("}", "]")) and _is_complete(before):
        _fail_at(text, position, name, "The JSON has ended before this")
    _fail_at(text, position, name, "This is not JSON")


def _is_complete(text: str) -> bool:
    try:
        json.loads(text)
    except (ValueError, RecursionError):
        return False
    return True


def read_yaml(content: bytes, name: str) -> tuple[Any, tuple[KeyWarning, ...]]:
    """Return the value of a YAML text in UTF-8, and warnings.

    The last of duplicate keys counts, as in JSON, with a warning.

    Raises:
        DocumentError: The text is not YAML, exceeds a limit, or holds several YAML documents.
    """
    text = content.decode()
    if _FAR_RIGHT.search(text):
        _check_depth(text, name)
    _check_aliases(text, name)
    is_shared = False  # yaml-rs makes a separate value for each alias
    try:
        tree, has_duplicates = _read_with_yaml_rs(text)
    except ImportError:
        tree, has_duplicates, is_shared = _read_with_pyyaml(text, name, None), True, True
    except ValueError as refusal:
        tree, has_duplicates, is_shared = _read_with_pyyaml(text, name, str(refusal)), True, True
    is_sequence = isinstance(tree, list)
    if is_sequence and _SEPARATOR.search(text) and not text.lstrip().startswith(("-\n", "- ", "[")):
        raise DocumentError(
            f"`{name}` holds several YAML documents",
            hint="Split the file at its `---` lines and give one part",
        )
    clashes: list[str] = []
    plain = to_plain(tree, name, clashes, is_consumed=not is_shared)
    return plain, _yaml_duplicates(text) if has_duplicates or clashes else ()


def _check_aliases(text: str, name: str) -> None:
    """Refuse an alias inside the node that it refers to, because yaml-rs (0.1.6) reads such an alias as null.

    Raises:
        DocumentError: The text has such an alias.
    """
    if set(_ANCHOR.findall(text)).isdisjoint(_ALIAS.findall(text)):
        return
    import yaml

    from dynacli.text.terminal import visible

    around: list[str | None] = []
    with suppress(yaml.YAMLError):  # reading the text reports such errors
        for event in yaml.parse(text, Loader=_loader_class(None)):
            if isinstance(event, yaml.CollectionStartEvent):
                around.append(event.anchor)
            elif isinstance(event, yaml.CollectionEndEvent):
                around.pop()
            elif isinstance(event, yaml.AliasEvent) and event.anchor in around:
                anchor = visible(event.anchor or "")
                line = f", line {event.start_mark.line + 1}" if event.start_mark is not None else ""
                raise DocumentError(
                    f"`{name}` has an alias that contains itself",
                    reason=f"`*{anchor}` is inside `&{anchor}`{line}",
                    hint="Use a `$ref` for a recursive schema",
                )


def _import_yaml_rs() -> None:
    """Import `yaml_rs` in a thread that does not end.

    Its allocator crashes the process after the end of the thread that imported it, in the next thread that uses it
    (https://github.com/microsoft/mimalloc/issues/1287). Servers read documents in threads that come and go.
    """
    from threading import Event, Thread, current_thread, main_thread

    if "yaml_rs" in sys.modules or current_thread() is main_thread():
        return
    is_imported = Event()

    def import_and_stay() -> None:
        with suppress(ImportError):
            import yaml_rs  # noqa: F401
        is_imported.set()
        Event().wait()

    Thread(target=import_and_stay, name="dynacli-yaml", daemon=True).start()
    is_imported.wait()


def _read_with_yaml_rs(text: str) -> tuple[Any, bool]:
    """Return the value of a text, and whether an object has duplicate keys."""
    _import_yaml_rs()
    import yaml_rs

    limits = yaml_rs.AliasLimits(max_total_replayed_events=MAX_NODES)
    try:
        return yaml_rs.loads(text, parse_datetime=False, alias_limits=limits), False
    except yaml_rs.YAMLDecodeError as error:
        if not str(error).startswith("duplicate mapping key"):
            raise
    tree = yaml_rs.loads(
        text,
        parse_datetime=False,
        alias_limits=limits,
        duplicate_key_policy=yaml_rs.DuplicateKeyPolicy.LastWins,
    )
    return tree, True


def read_exact_yaml(content: bytes, name: str, number: Callable[[str], float]) -> Any:
    """Return the value of a YAML text in UTF-8, with exact numbers.

    Args:
        number: Makes a number from its decimal text.

    Raises:
        DocumentError: The text is not YAML, exceeds a limit, or holds several YAML documents.
    """
    return to_plain(_read_with_pyyaml(content.decode(), name, None, number), name, scalar=_as_it_is)


def _as_it_is(value: Any) -> Any:
    """Return a scalar as a JSON value; infinite numbers and not-a-number become null, because JSON lacks them."""
    if type(value) is float and not isfinite(value):
        return None
    return value if isinstance(value, str | int | float | None) else str(value)


def _read_with_pyyaml(
    text: str, name: str, refusal: str | None, number: Callable[[str], float] | None = None
) -> Any:
    import yaml

    loader = _loader_class(number)
    try:
        # Loading recurses in C, and a text that is too deep crashes the process. So count the events first.
        _check_events(yaml.parse(text, Loader=loader), name)
        return yaml.load(text, Loader=loader)  # noqa: S506 - made from the safe loader
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        position = (mark.line + 1, mark.column + 1) if mark else (1, 1)
        _explain_yaml(text, _position_in(refusal) or position, name, f"{refusal or ''} {error.problem or ''}")
    except yaml.YAMLError:
        _explain_yaml(text, _position_in(refusal) or (1, 1), name, refusal or "")
    except (ValueError, RecursionError) as error:
        raise DocumentError(f"Cannot read `{name}` as YAML") from error


@cache
def _loader_class(number: Callable[[str], float] | None = None) -> Any:
    """Return PyYAML's safe loader with the plain scalars of YAML 1.2 instead of 1.1.

    Args:
        number: Makes a number from its decimal text; None for Python's `int` and `float`.
    """
    import yaml

    base: Any = safe_loader()

    class Loader(base):  # type: ignore[misc]
        yaml_implicit_resolvers: dict[str, Any] = {}  # noqa: RUF012 - PyYAML's own way to configure

    def to_int(_: Any, node: Any) -> float:
        if number is not None and node.value[:2] not in ("0o", "0x"):
            return number(node.value)
        try:
            return int(node.value, 0 if node.value[:2] in ("0o", "0x") else 10)
        except ValueError:  # more digits than Python converts to an integer
            return float(node.value)

    def to_float(loader: Any, node: Any) -> Any:
        is_finite = node.value.lower().lstrip("+-") not in {".inf", ".nan"}
        return number(node.value) if number and is_finite else loader.construct_yaml_float(node)

    def to_text(_: Any, node: Any) -> str:
        return str(node.value)

    def untagged(loader: Any, _: str, node: Any) -> Any:
        if isinstance(node, yaml.MappingNode):
            return loader.construct_mapping(node, deep=True)
        if isinstance(node, yaml.SequenceNode):
            return loader.construct_sequence(node, deep=True)
        return node.value

    for name, pattern, first_characters in _PLAIN_SCALARS:
        Loader.add_implicit_resolver(f"{_TAG}{name}", re.compile(pattern), first_characters)
    Loader.add_constructor(f"{_TAG}bool", lambda _, node: node.value.lower() == "true")
    Loader.add_constructor(f"{_TAG}int", to_int)
    Loader.add_constructor(f"{_TAG}float", to_float)
    Loader.add_constructor(f"{_TAG}timestamp", to_text)
    Loader.add_constructor(f"{_TAG}binary", to_text)
    # An unknown tag leaves the value as it is; no tag makes PyYAML run code.
    Loader.add_multi_constructor("", untagged)
    return Loader


def _check_depth(text: str, name: str) -> None:
    """Raise an error if a text is nested too deeply, without building its values."""
    import yaml

    try:
        _check_events(yaml.parse(text, Loader=safe_loader()), name)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark
        _explain_yaml(text, (mark.line + 1, mark.column + 1) if mark else (1, 1), name, error.problem or "")
    except yaml.YAMLError:
        _explain_yaml(text, (1, 1), name, "")


def _check_events(events: Any, name: str) -> None:
    import yaml

    depth = 0
    for count, event in enumerate(events):
        if isinstance(event, yaml.CollectionStartEvent):
            depth += 1
        elif isinstance(event, yaml.CollectionEndEvent):
            depth -= 1
        if depth > MAX_DEPTH:
            raise too_deep(name)
        if count > 2 * MAX_NODES:
            raise too_many_nodes(name)


def _position_in(refusal: str | None) -> tuple[int, int] | None:
    match = _POSITION.search(refusal or "")
    return (int(match[1]), int(match[2])) if match else None


def _explain_yaml(text: str, line_and_column: tuple[int, int], name: str, problem: str) -> NoReturn:
    if "recursion limit" in problem or "nesting depth" in problem:
        raise too_deep(name)
    position = _offset_of(text, *line_and_column)
    line_start = text.rfind("\n", 0, position) + 1
    lead = text[line_start:position] or text[position : position + 1]
    if "\t" in lead and not lead.strip():
        problem = "tab"
    tab = _LEADING_TAB.search(text, line_start) if "tab" in problem else None
    if tab:
        # yaml-rs points at the end of the value before the tab.
        position = tab.end() - 1
    reason = next((reason for phrase, reason in _REASONS if phrase in problem), "This is not YAML")
    _fail_at(text, position, name, reason)


@dataclass(frozen=True, slots=True)
class Parsed:
    """A parsed file.

    Args:
        tree: Plain JSON values: string keys, finite numbers, valid Unicode.
        content: The text in UTF-8, without a byte order mark. Positions are offsets in it.
        warnings: Sentences about duplicate keys, each with the JSON pointer of the key.
    """

    tree: Any
    content: bytes
    warnings: tuple[tuple[str, str], ...] = ()


def parse_document(content: bytes, *, name: str) -> Parsed:
    """Parse an OpenAPI document of any version.

    Args:
        content: The bytes of the document; they show whether it is JSON or YAML.
        name: The name of the document in messages: its path or URL.

    Raises:
        DocumentError: The content is empty, cannot be read, exceeds a limit, or is not an OpenAPI document.
    """
    parsed = parse_file(content, name=name)
    check_is_openapi(parsed.tree, name)
    return parsed


def parse_file(content: bytes, *, name: str) -> Parsed:
    """Parse any JSON or YAML, such as a file that a document is split into.

    Args:
        content: The bytes of the file; they show whether it is JSON or YAML.
        name: The name of the file in messages: its path or URL.

    Raises:
        DocumentError: The file is empty, cannot be read, or exceeds a limit.
    """
    text = to_utf8(content, name)
    if not text.strip():
        raise DocumentError(f"`{name}` is empty")
    check_is_not_markup(text, name)
    tree, warnings = _read_json(text, name) if is_meant_as_json(text) else read_yaml(text, name)
    return Parsed(tree, text, warnings)


def is_meant_as_json(content: bytes) -> bool:
    """Return whether a text is meant as JSON: it starts with `[`, or with `{` before a quote, `}` or a comment.

    `{openapi: 3.0.0}` is YAML in flow style.
    """
    start = content[:4000].lstrip()
    if start.startswith(b"["):
        return True
    return start.startswith(b"{") and (start[1:].lstrip()[:1] or b'"') in b'"}/'
