"""JSON and YAML are read alike, by content, and errors say file, line and column."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dynacli.errors import DocumentError
from dynacli.openapi.document.fetched import Fetched
from dynacli.openapi.document.limits import MAX_DEPTH
from dynacli.openapi.document.load import load
from dynacli.openapi.document.parse import _read_with_pyyaml, is_meant_as_json, parse_document, read_yaml
from dynacli.openapi.document.plain_json import check_version, to_plain
from tests.sampling import examples

HEAD = "openapi: 3.0.3\n"


def _parse(content: bytes, *, name: str) -> Any:
    return parse_document(content, name=name).tree


def _message(content: bytes, name: str = "api.yaml") -> str:
    with pytest.raises(DocumentError) as caught:
        load(content, name)
    error = caught.value
    return "\n".join(part for part in (error.message, error.reason, error.hint) if part)


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (b'{"openapi": 1}', True),
        (b'\n\t {\n "openapi": 1}', True),
        (b"{}", True),
        (b"{", True),
        (b"[1]", True),
        (b"{openapi: 1}", False),
        (b"{'openapi': 1}", False),
        (b"openapi: 1", False),
        (b"# {}\n{}", False),
        (b"--- {}", False),
    ],
)
def test_the_content_decides_between_json_and_yaml(content: bytes, expected: bool) -> None:
    """A text is JSON when it starts as JSON does; neither its name nor its media type counts."""
    assert expected is is_meant_as_json(content)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32"])
@pytest.mark.parametrize(
    "text", ['{"openapi": "3.0.3", "x": "é😀"}', "openapi: 3.0.3\nx: é😀\n"], ids=["json", "yaml"]
)
def test_unicode_encodings_are_understood(text: str, encoding: str) -> None:
    """UTF-8, UTF-16 and UTF-32 are read, with or without a byte order mark if there is one."""
    assert {"openapi": "3.0.3", "x": "é😀"} == _parse(text.encode(encoding), name="a")


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("200", 200),
        ("'200'", "200"),
        ("08012", 8012),
        ("1.5", 1.5),
        ("1e3", 1000.0),
        ("0x1F", 31),
        ("0o17", 15),
        ("12:30", "12:30"),
        ("12:30:45", "12:30:45"),
        ("2020-01-01", "2020-01-01"),
        ("2020-01-01T00:00:00Z", "2020-01-01T00:00:00Z"),
        ("yes", "yes"),
        ("no", "no"),
        ("on", "on"),
        ("y", "y"),
        ("true", True),
        ("True", True),
        ("null", None),
        ("~", None),
        ("", None),
        ("=", "="),
        (".inf", sys.float_info.max),
        ("-.inf", -sys.float_info.max),
        (".nan", None),
        ("1" + "0" * 30, 1e30),
        ("1" * 5000, sys.float_info.max),
        ("!unknown {a: 1}", {"a": 1}),
        ("!unknown [1]", [1]),
        ("!!str 1", "1"),
        ("!unknown text", "text"),
        ("!!python/name:os.system x", "x"),
        ("!!binary aGVsbG8=", "aGVsbG8="),
    ],
)
def test_both_yaml_readers_agree(written: str, expected: Any) -> None:
    """A scalar is what YAML 1.2 and JSON say, whichever of the two readers has it."""
    content = f"{HEAD}x: {written}\n"
    assert [("x", expected)] == list(read_yaml(content.encode(), "a")[0].items())[1:]
    assert [("x", expected)] == list(to_plain(_read_with_pyyaml(content, "a", None), "a").items())[1:]


def test_keys_that_are_numbers_become_strings() -> None:
    """A response code written without quotes is the string that OpenAPI means."""
    content = f"{HEAD}x: {{200: a, true: b, null: c, 1.5: d, 2020-01-01: e}}\n"
    expected = {"200": "a", "true": "b", "null": "c", "1.5": "d", "2020-01-01": "e"}
    assert expected == _parse(content.encode(), name="a")["x"]


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        ("b: &b {p: 1, q: 1}\nx:\n  <<: *b\n  q: 2\n", {"p": 1, "q": 2}),
        ("b: &b {p: 1}\nc: &c {p: 2, r: 3}\nx:\n  <<: [*b, *c]\n", {"p": 1, "r": 3}),
        ("b: &b {p: 1}\nc: &c {<<: *b, q: 2}\nx: {<<: *c}\n", {"p": 1, "q": 2}),
        ("x: {<<: text}\n", {"<<": "text"}),
    ],
    ids=["one", "several", "nested", "no merge"],
)
def test_merge_keys_are_applied(content: str, expected: Any) -> None:
    """`<<` takes over what another mapping has, own keys and earlier mappings first."""
    assert expected == _parse((HEAD + content).encode(), name="a")["x"]


def _twice(key: str, pointer: str) -> tuple[str, str]:
    return f"Duplicate key `{key}`; the last value counts", pointer


@pytest.mark.parametrize(
    ("content", "expected", "warnings"),
    [
        (f"{HEAD}x: 1\nx: 2\n", {"x": 2}, [_twice("x", "/x")]),
        (
            f"{HEAD}x: {{y: 1, y: 2}}\nz: 1\nz: 2\n",
            {"x": {"y": 2}, "z": 2},
            [_twice("z", "/z"), _twice("y", "/x/y")],
        ),
        (f"{HEAD}200: 1\n'200': 2\n", {"200": 2}, [_twice("200", "/200")]),
        (f"{HEAD}x: &a {{y: 1}}\nz: *a\n", {"x": {"y": 1}, "z": {"y": 1}}, []),
        (
            f"{HEAD}x: &a {{y: 1, y: 2}}\nz: [*a, !unknown {{y: 3}}, !unknown [4]]\n",
            {"x": {"y": 2}, "z": [{"y": 2}, {"y": 3}, [4]]},
            [_twice("y", "/x/y")],
        ),
        ('{"openapi": "3.0.3", "x": 1, "x": 2}', {"x": 2}, [_twice("x", "/x")]),
        (
            '{"openapi": "3.0.3", "x": [{"a/b": 1, "a/b" : 2}]}',
            {"x": [{"a/b": 2}]},
            [_twice("a/b", "/x/0/a~1b")],
        ),
        ('{"openapi": "3.0.3", "x": {"y": 1}, "x": {"z": 2}}', {"x": {"z": 2}}, [_twice("x", "/x")]),
        (
            '{"openapi": "3.0.3", "x\\\\": 1, "y": ":", "z": "\\": \\":"}',
            {"x\\": 1, "y": ":", "z": '": ":'},
            [],
        ),
        (
            '{"openapi": "3.0.3", "x\\\\": 1, "x\\\\": 2, "y": "\\":"}',
            {"x\\": 2, "y": '":'},
            [_twice("x\\", "/x\\")],
        ),
        ('{"openapi": "3.0.3", "x": 1, "\\u0078": 2}', {"x": 2}, [_twice("x", "/x")]),
    ],
    ids=lambda value: value[-30:] if isinstance(value, str) else "",
)
def test_a_key_given_twice_is_warned_of(
    content: str, expected: dict[str, Any], warnings: list[tuple[str, str]]
) -> None:
    """The last one counts, in YAML and in JSON; each has a warning with its place, and nothing else has one."""
    parsed = parse_document(content.encode(), name="a")
    assert {"openapi": "3.0.3", **expected} == parsed.tree
    assert sorted(warnings) == sorted(parsed.warnings)


@given(
    st.recursive(
        st.none() | st.text(max_size=6),
        lambda inner: st.dictionaries(st.text(max_size=6), inner, max_size=4),
        max_leaves=12,
    )
)
def test_json_without_duplicate_keys_has_no_warning(value: Any) -> None:
    """Whatever keys and strings hold: colons, quotes, backslashes."""
    for text in (
        json.dumps({"openapi": "3.0.3", "x": value}),
        json.dumps({"openapi": "3.0.3", "x": value}, indent=1),
    ):
        assert () == parse_document(text.encode("utf-8", "surrogatepass"), name="a").warnings


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (
            b'{\n  "openapi": "3.0.3",\n  "info": {"title": "Pets",},\n  "paths": {}\n}\n',
            (
                "`api.json` cannot be read at line 3, column 27\n"
                "JSON has no comma before `}`\n"
                '  3 |   "info": {"title": "Pets",},\n'
                "                                ^\n"
                "Remove the comma"
            ),
        ),
        (
            b'{"openapi": "3.0.3",\n "info": {"title"',
            (
                "`api.json` cannot be read at line 2, column 18\n"
                "The text ends before the JSON does; it may be cut off\n"
                '  2 |  "info": {"title"\n'
                "                       ^"
            ),
        ),
        (
            b"openapi: 3.0.3\ninfo:\n  title: Pets\n\tversion: 1\n",
            (
                "`api.json` cannot be read at line 4, column 1\n"
                "YAML is indented with spaces; this is a tab\n"
                "  4 |  version: 1\n"
                "      ^"
            ),
        ),
        (
            b"openapi: 3.0.3\ninfo:\n  title: Pets: the API\n",
            (
                "`api.json` cannot be read at line 3, column 14\n"
                "A `:` is not allowed here; quote the text that holds it\n"
                "  3 |   title: Pets: the API\n"
                "                   ^"
            ),
        ),
        (
            b'{"openapi": "' + b"x" * 500 + b"\x01" + b"y" * 500 + b'"}',
            (
                "`api.json` cannot be read at line 1, column 514\n"
                "A control character in a string must be escaped, as `\\n` or `\\t`\n"
                f"  1 | {'x' * 50} {'y' * 49}\n"
                f"{' ' * 56}^"
            ),
        ),
    ],
    ids=["trailing comma", "cut off", "tab", "colon", "long line"],
)
def test_errors_show_the_place(content: bytes, expected: str) -> None:
    """A text that cannot be read gives file, line, column, the reason and the line with a mark."""
    assert expected == _message(content, "api.json")


@pytest.mark.parametrize(
    ("value", "why"),
    [
        ("// one\n1", "JSON has no comments"),
        ("/* one */ 1", "JSON has no comments"),
        ("'a'", "JSON strings have double quotes"),
        ("NaN", "`NaN` is not a JSON number"),
        ("-Infinity", "`Infinity` is not a JSON number"),
        ("True", "JSON has `true`, in lower case"),
        ("None", "JSON has `null`"),
        ("undefined", "`undefined` is not a JSON value"),
    ],
)
def test_what_other_languages_have_is_named(value: str, why: str) -> None:
    """The error says what JSON has in its place."""
    assert why == _message(f'{{"openapi": "3.0.3", "x": {value}}}'.encode(), "a").splitlines()[1]


@pytest.mark.parametrize(
    ("content", "line", "why"),
    [
        ("x: *a\n", 2, "This alias has no anchor before it"),
        ("x: [1, 2\n", 2, "A `]` or `}` is missing before this"),
        ("x: {a: 1\ny: 2\n", 3, "A `]` or `}` is missing before this"),
        ("x: 'a\n", 3, "A quoted text is not closed, or is wrongly indented"),
        ("x: @a\n", 2, "A plain value cannot start with this character; quote it"),
        (f"x:\n{' ' * 260}- y: [1\n", 4, "A `]` or `}` is missing before this"),
    ],
)
def test_a_mistake_in_yaml_is_named(content: str, line: int, why: str) -> None:
    """With the line at which a reader sees it, even if the text is so far right that its depth is counted first."""
    first, second, *_ = _message(f"{HEAD}{content}".encode(), "a").splitlines()
    assert (True, why) == (first.startswith(f"`a` cannot be read at line {line}, "), second)


@pytest.mark.parametrize("content", ["x: &a [*a]\n", "x: &a\n  b: {c: *a}\n", "x: &a [1]\ny: &a [*a]\n"])
def test_an_alias_inside_of_itself_is_refused(content: str) -> None:
    """Readers make null of it, or a value without end; an alias after its anchor is a plain value."""
    first, second, *_ = _message(f"{HEAD}{content}".encode(), "a").splitlines()
    assert ("`a` has an alias that contains itself", True) == (
        first,
        second.startswith("`*a` is inside `&a`"),
    )
    plain = f"{HEAD}paths: {{}}\nx: &a [1]\ny: [*a, '*a &a']\n"
    assert [[1], "*a &a"] == _parse(plain.encode(), name="a")["y"]


@pytest.mark.parametrize("content", ["---\n- 1\n---\n- 2\n", "---\nx: 1\n---\ny: 2\n"])
def test_several_documents_in_a_text_are_refused(content: str) -> None:
    """No one knows which one is meant."""
    assert "`a` holds several YAML documents" in _message(content.encode(), "a")


def test_errors_have_their_place_for_programs() -> None:
    """The JSON form of an error has line and column as numbers."""
    with pytest.raises(DocumentError) as caught:
        load(b'{"openapi": "3.0.3",\n}', "api.json")
    assert (8, 1, 20) == tuple(
        caught.value.as_json()["error"][key] for key in ("exit_code", "line", "column")
    )


@pytest.mark.parametrize(
    ("field", "value", "expected"),
    [
        ("openapi", "3.0.0", "3.0"),
        ("openapi", "3.0.4", "3.0"),
        ("openapi", "3.1.1", "3.1"),
        ("openapi", "3.1.0-rc1", "3.1"),
        ("openapi", "3.1", "3.1"),
        ("openapi", 3.0, "3.0"),
        ("openapi", "3.2.0", "3.2"),
        ("swagger", "2.0", "2.0"),
        ("swagger", 2.0, "2.0"),
        ("swagger", 2, "2.0"),
    ],
)
def test_supported_versions(field: str, value: Any, expected: str) -> None:
    """2.0 and 3.0 to 3.2 are supported, with any patch number, and as the number that YAML makes of `3.0`."""
    assert expected == check_version({field: value})


@pytest.mark.parametrize(
    "tree",
    [
        {"swagger": "1.2"},
        {"swagger": "2.5"},
        {"openapi": "3.3.0"},
        {"openapi": "3.10.0"},
        {"openapi": "30.1"},
        {"openapi": "4.0.0"},
        {"openapi": "three"},
        {"openapi": None},
        {},
        [],
        None,
    ],
    ids=repr,
)
def test_other_versions_are_refused(tree: Any) -> None:
    """Any other version is a document error."""
    with pytest.raises(DocumentError):
        check_version(tree)


def test_the_version_becomes_text() -> None:
    """`openapi: 3.0`, a number in YAML, is text in the loaded tree."""
    assert "3.0.0" == load(b"openapi: 3.0\n", "a").tree["openapi"]


def test_a_loaded_document_knows_its_base() -> None:
    """The base of a document is where it was fetched from, unless another one is given."""
    fetched = Fetched(b'{"openapi": "3.1.0"}', uri="https://api.example.com/openapi.json")
    assert "https://api.example.com/openapi.json" == load(fetched, "a").uri
    assert "https://other.example/" == load(fetched, "a", "https://other.example/").uri


@pytest.mark.parametrize("extra", [0, 1], ids=["at", "over"])
@pytest.mark.parametrize("form", ["json", "flow", "block"])
def test_depth_is_limited(form: str, extra: int) -> None:
    """200 levels can be read, in any form; more are refused."""
    depth = MAX_DEPTH - 1 + extra
    inner = "[" * depth + "]" * depth
    content = {
        "json": f'{{"openapi": "3.0.3", "x": {inner}}}',
        "flow": f"{HEAD}x: {inner}\n",
        "block": f"{HEAD}x:\n" + "- " * depth + "1\n",
    }[form]
    if extra == 0:
        assert "x" in _parse(content.encode(), name="a")
    else:
        assert "`a` is nested deeper than 200 levels" == _message(content.encode(), "a")


def test_two_million_values_are_the_limit() -> None:
    """More than 2,000,000 values are refused, whether written out or by aliases."""
    written = b'{"openapi": "3.0.3", "x": [' + b"1," * 2_000_000 + b"1]}"
    row = ", ".join("1" * 2_000)
    aliased = f"{HEAD}x: &x [{row}]\ny: [{', '.join(['*x'] * 1_001)}]\n".encode()
    for content in (written, aliased):
        assert "more than 2,000,000 values" in _message(content)


TEXTS = st.text(st.characters(exclude_categories=["Cs"]))
NUMBERS = st.integers(-(2**63), 2**64 - 1) | st.floats(allow_nan=False, allow_infinity=False)
JSON_VALUES = st.recursive(
    st.none() | st.booleans() | NUMBERS | TEXTS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXTS, inner, max_size=4),
    max_leaves=20,
)


@settings(deadline=None, max_examples=examples(50))
@given(JSON_VALUES)
def test_json_reads_what_was_written(value: Any) -> None:
    """Any JSON value comes back as it was written, by the fast reader and by the lenient one."""
    written = orjson.dumps({"openapi": "3.0.3", "x": value})
    assert value == _parse(written, name="a")["x"]
    # A lone surrogate sends it through the standard library.
    lenient = written[:-1] + b', "y": "\\ud800"}'
    assert {"openapi": "3.0.3", "x": value, "y": "\ufffd"} == _parse(lenient, name="a")


@settings(deadline=None, max_examples=examples(80))
@given(
    st.binary(max_size=60)
    | st.text(max_size=60).map(str.encode)
    | st.sampled_from([b"{", b"a:\n - [", b"? - !"])
)
def test_any_bytes_are_read_or_refused(content: bytes) -> None:
    """Whatever bytes come, the response is plain JSON or a document error."""
    for given_content in (content, b"openapi: 3.0.3\nx: " + content, b'{"openapi": "3.0.3", "x": ' + content):
        try:
            tree = _parse(given_content, name="a")
        except DocumentError as error:
            assert 8 == error.exit_code  # noqa: PT017
        else:
            assert tree == json.loads(orjson.dumps(tree))


def test_reading_the_source_costs_nothing() -> None:
    """A warm run imports `source` alone: no HTTP client, no parser, no resolver comes with it."""
    code = "import sys, dynacli.openapi.document.source; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    loaded = {name.partition(".")[0] for name in done.stdout.split()}
    assert set() == loaded & {
        "httpx",
        "orjson",
        "yaml",
        "yaml_rs",
        "prance",
        "jsonschema_rs",
        "ssl",
        "dataclasses",
    }


def test_loading_never_imports_the_validator() -> None:
    """The official schemas are read without importing the package that ships them."""
    document = Path(__file__).parents[3] / "hostile" / "recursive-schema.json"
    code = (
        "import sys; from dynacli.openapi.document.load import load;"
        f"d = load(open({str(document)!r}, 'rb').read(), 'a'); d.problems; d.resolved; print(*sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    loaded = {name.partition(".")[0] for name in done.stdout.split()}
    assert set() == loaded & {"openapi_spec_validator", "openapi_core", "jsonschema", "requests", "httpx"}


@pytest.mark.exhaustive
def test_yaml_is_read_in_threads_that_end() -> None:
    """The first one that reads YAML may end before the next one begins."""
    code = (
        "from threading import Thread; from dynacli.openapi.document.parse import read_yaml;"
        "content = b''.join(b'key%d: [value, {a: 1.5}]\\n' % index for index in range(200));"
        "threads = (Thread(target=read_yaml, args=(content, 'a')) for _ in range(100));"
        "[(thread.start(), thread.join()) for thread in threads]"
    )
    assert 0 == subprocess.run([sys.executable, "-c", code], check=False).returncode
