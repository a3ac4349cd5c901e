"""The reader of YAML as OpenAPI means it (YAML 1.2, core schema), which says where and why a text is not YAML.

yaml-rs parses first: it is fast and limits aliases and depth itself.
PyYAML's C parser, with the scalars of YAML 1.2, tries the texts that yaml-rs refuses.
"""

import re
from functools import cache
from typing import Any, NoReturn

from dynacli.document.limits import MAX_DEPTH, MAX_NODES
from dynacli.document.reading.duplicate_keys import KeyWarning, yaml_duplicates
from dynacli.document.reading.plain_json import to_plain, too_deep, too_many_nodes
from dynacli.document.reading.source_text import fail_at, offset_of
from dynacli.document.reading.yaml_nodes import safe_loader
from dynacli.errors import DocumentError

__all__ = ["read_yaml"]

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
"""Tag of a plain scalar, its pattern, and the characters that it starts with (YAML 1.2.2, section 10.3.2)."""


def read_yaml(content: bytes, name: str) -> tuple[Any, tuple[KeyWarning, ...]]:
    """Return the value of a YAML text in UTF-8, and warnings.

    Of a key that is given twice the last counts, as in JSON, with a warning.

    Raises:
        DocumentError: The text is not YAML, is over a limit, or holds several YAML documents.
    """
    text = content.decode()
    if _FAR_RIGHT.search(text):
        _check_depth(text, name)
    is_shared = False  # yaml-rs makes a value of its own for each alias
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
    return plain, yaml_duplicates(text) if has_duplicates or clashes else ()


# yaml-rs (0.1.6) limits the depth of `[[[` itself, but thousands of `- - -` make it end the whole process.
# A level of a block takes at least a column, or half a column where a list stands under its key.
_FAR_RIGHT = re.compile(rf"^[ \t?:-]{{{MAX_DEPTH}}}", re.MULTILINE)
_SEPARATOR = re.compile(r"^---(\s|$)", re.MULTILINE)


def _read_with_yaml_rs(text: str) -> tuple[Any, bool]:
    """Return the value of a text, and whether an object has a key twice."""
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


def _read_with_pyyaml(text: str, name: str, refusal: str | None) -> Any:
    import yaml

    loader = _loader_class()
    try:
        # Loading recurses in C, where too deep a text would end the whole process: the events are counted first.
        _check_events(yaml.parse(text, Loader=loader), name)
        return yaml.load(text, Loader=loader)  # noqa: S506 - made from the safe loader
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        place = (mark.line + 1, mark.column + 1) if mark else (1, 1)
        _explain(text, _place_in(refusal) or place, name, f"{refusal or ''} {error.problem or ''}")
    except yaml.YAMLError:
        _explain(text, _place_in(refusal) or (1, 1), name, refusal or "")
    except (ValueError, RecursionError) as error:
        raise DocumentError(f"`{name}` is not YAML that can be read") from error


@cache
def _loader_class() -> Any:
    """Return PyYAML's safe C loader with the plain scalars of YAML 1.2 instead of 1.1."""
    import yaml

    base: Any = safe_loader()

    class Loader(base):  # type: ignore[misc]
        yaml_implicit_resolvers: dict[str, Any] = {}  # noqa: RUF012 - PyYAML's own way to configure

    def to_int(_: Any, node: Any) -> int | str:
        try:
            return int(node.value, 0 if node.value[:2] in ("0o", "0x") else 10)
        except ValueError:  # more digits than Python converts
            return str(node.value)

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
    Loader.add_constructor(f"{_TAG}timestamp", to_text)
    Loader.add_constructor(f"{_TAG}binary", to_text)
    # An unknown tag leaves the value as it is; no tag makes PyYAML run code.
    Loader.add_multi_constructor("", untagged)
    return Loader


def _check_depth(text: str, name: str) -> None:
    """Raise an error where a text is nested too deep, without building its values."""
    import yaml

    try:
        _check_events(yaml.parse(text, Loader=safe_loader()), name)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark
        _explain(text, (mark.line + 1, mark.column + 1) if mark else (1, 1), name, error.problem or "")
    except yaml.YAMLError:
        _explain(text, (1, 1), name, "")


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


_PLACE = re.compile(r"at line (\d+), column (\d+)")


def _place_in(refusal: str | None) -> tuple[int, int] | None:
    place = _PLACE.search(refusal or "")
    return (int(place[1]), int(place[2])) if place else None


_LEADING_TAB = re.compile(r"^ *\t", re.MULTILINE)

# A phrase in the messages of both parsers → the reason that a person reads.
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


def _explain(text: str, place: tuple[int, int], name: str, problem: str) -> NoReturn:
    if "recursion limit" in problem or "nesting depth" in problem:
        raise too_deep(name)
    position = offset_of(text, *place)
    line_start = text.rfind("\n", 0, position) + 1
    lead = text[line_start:position] or text[position : position + 1]
    if "\t" in lead and not lead.strip():
        problem = "tab"
    tab = _LEADING_TAB.search(text, line_start) if "tab" in problem else None
    if tab:
        # yaml-rs points at the end of the value before the tab.
        position = tab.end() - 1
    why = next((reason for phrase, reason in _REASONS if phrase in problem), "This is not YAML")
    fail_at(text, position, name, why)
