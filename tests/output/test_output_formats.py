"""Each output format says exactly what the response said."""

import io
import json
import os
import subprocess
import sys
from collections.abc import Callable
from typing import Any

import pytest
import yaml
import yaml_rs
from hypothesis import given
from hypothesis import strategies as st

from dynacli.environment import Environment
from dynacli.errors import DynacliError, FileError, FormatError, UsageError
from dynacli.output.output_format import FORMATS, OutputFormat, check_format, form_of
from dynacli.output.render import write_content, write_data
from dynacli.output.standard_error import write_error, write_warning
from dynacli.text.json_text import reindent
from dynacli.text.terminal import Painter
from dynacli.text.yaml_text import yaml_of, yaml_of_json


def written(write: Callable[..., None], *arguments: Any) -> tuple[bytes, str]:
    """Call a writer with an environment of its own; return what went to stdout and to stderr."""
    stdout = io.TextIOWrapper(io.BytesIO(), encoding="ascii")
    stderr = io.StringIO()
    write(Environment(stdout=stdout, stderr=stderr, variables={}), *arguments)
    return stdout.buffer.getvalue(), stderr.getvalue()


@pytest.mark.parametrize(
    ("text", "laid_out"),
    [
        ("[]", "[]"),
        (" { } ", "{}"),
        ("1.10", "1.10"),
        ("1e400", "1e400"),
        ("-0", "-0"),
        ("123456789012345678901234567890", "123456789012345678901234567890"),
        ('"\\u00e9\\/ü"', '"\\u00e9\\/ü"'),
        ('{"a":1,"a":2}', '{\n  "a": 1,\n  "a": 2\n}'),
        (
            '[1,[],{"x" : [null , true]},"]"]',
            '[\n  1,\n  [],\n  {\n    "x": [\n      null,\n      true\n    ]\n  },\n  "]"\n]',
        ),
    ],
    ids=["array", "object", "decimal", "huge", "minus-zero", "big", "escapes", "equal-keys", "nested"],
)
def test_json_is_laid_out_and_not_touched(text: str, laid_out: str) -> None:
    """JSON gets new white space, and every scalar and key stays as it came."""
    assert laid_out == reindent(text)


@pytest.mark.parametrize(
    "text",
    [
        *(
            "",
            " ",
            "{",
            "[",
            "]",
            "[1",
            "[1,]",
            '{"a"}',
            '{"a":}',
            '{"a":1,}',
            "{1:2}",
            "[1 2]",
            "1 2",
            "[}",
            '{"a":1]',
        ),
        *(
            "NaN",
            "Infinity",
            "01",
            "1.",
            ".5",
            "+1",
            "1e",
            "-",
            "truex",
            "True",
            "'a'",
            '"a',
            '"\\x"',
            '"\\u12"',
        ),
        *('"a\nb"', "[1],", ",", "{,}", "[,1]", '{"a":1 "b":2}', '["a":1]', "1.2.3", "\ufeff1", "\xa01"),
    ],
    ids=repr,
)
def test_what_is_not_json_is_refused(text: str) -> None:
    """Text that the grammar of RFC 8259 does not allow is an error."""
    with pytest.raises(ValueError, match="not JSON"):
        reindent(text)


def test_depth_has_no_limit() -> None:
    """Twenty thousand levels are laid out, in memory that does not grow with the square."""
    text = '{"a":[' * 10_000 + "1,2" + "]}" * 10_000
    laid_out = reindent(text)
    assert text == "".join(laid_out.split())
    assert len(laid_out) < 1_000_000


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=20,
)


@given(json_values)
def test_json_layout_is_the_usual_one(value: Any) -> None:
    """The layout is the one of Python's `json` with two spaces, for every value."""
    usual = json.dumps(value, indent=2, ensure_ascii=False)
    assert usual == reindent(json.dumps(value, ensure_ascii=False))


@given(st.text(alphabet='{}[]",:1-.eEtrufalsn \\\n', max_size=12))
def test_json_grammar_is_the_parsers(text: str) -> None:
    """A text is laid out exactly when a parser takes it."""
    try:
        json.loads(text)
        is_json = True
    except ValueError:
        is_json = False
    try:
        reindent(text)
        is_laid_out = True
    except ValueError:
        is_laid_out = False
    assert is_json == is_laid_out


@given(json_values)
def test_yaml_says_the_same(value: Any) -> None:
    """YAML read back, by PyYAML, is the value that was written."""
    assert value == yaml.safe_load(yaml_of(value))


WORDS = [
    "yes",
    "No",
    "on",
    "y",
    "n",
    "null",
    "~",
    "",
    "1",
    "1.0",
    "1e3",
    "0o7",
    "0x1f",
    "1_000",
    "1:30",
    ".5",
]
WORDS += [
    ".inf",
    "2020-01-01",
    "2020-01-01T00:00:00Z",
    "=",
    "<<",
    "- a",
    "a: b",
    "#a",
    "a #b",
    " a ",
    "@x",
    "`",
]
WORDS += [
    "a\nb",
    "a\nb\n",
    "\na",
    " a\nb",
    "a \nb",
    "a\n\n",
    "a\tb\nc",
    "\x85",
    "\u2028x\ny",
    "\x1b",
    "👍",
    "\ufeff",
    "---",
]


@pytest.mark.parametrize("word", WORDS, ids=repr)
def test_yaml_strings_stay_strings(word: str) -> None:
    """A string that looks like something else to YAML 1.1 or 1.2 comes back as the string."""
    text = yaml_of({"k": [word]})
    assert {"k": [word]} == yaml.safe_load(text)
    assert {"k": [word]} == yaml_rs.loads(text, parse_datetime=False)


@pytest.mark.parametrize(
    ("text", "converted"),
    [
        ('{"b":1,"a":[true,null,"ü"]}', "b: 1\na:\n- true\n- null\n- ü\n"),
        ("123456789012345678901234567890", "123456789012345678901234567890\n"),
        ("[1.10,1e400,-2E5,5.0,-0]", "- 1.10\n- 1.0e+400\n- -2.0e+5\n- 5.0\n- -0\n"),
        ('{"t":"one\\ntwo\\n"}', "t: |\n  one\n  two\n"),
        ('"plain"', "plain\n"),
        ('["yes","1e3","\\ud800"]', "- 'yes'\n- '1e3'\n- \"\\uD800\"\n"),
        ("9" * 5000, "9" * 5000 + "\n"),
    ],
    ids=["order", "big", "numbers", "lines", "scalar", "quoted", "endless"],
)
def test_yaml_keeps_order_and_numbers(text: str, converted: Any) -> None:
    """YAML keeps the order of keys, the digits of numbers and every character."""
    assert converted == yaml_of_json(text)


JSON = b'{"a":1.10,"b":"\xc3\xbc"}'


@pytest.mark.parametrize(
    ("body", "media_type", "output_format", "stdout"),
    [
        (JSON, "application/json", "auto", JSON),
        (JSON, "application/json", "raw", JSON),
        (JSON, "application/json", "json", '{\n  "a": 1.10,\n  "b": "ü"\n}\n'.encode()),
        (JSON, "Application/Hal+JSON; charset=utf-8", "json", '{\n  "a": 1.10,\n  "b": "ü"\n}\n'.encode()),
        (b"\xef\xbb\xbf[1]", "application/json", "json", b"[\n  1\n]\n"),
        (JSON, "application/json", "yaml", "a: 1.10\nb: ü\n".encode()),
        (JSON, "", "json", '{\n  "a": 1.10,\n  "b": "ü"\n}\n'.encode()),
        (b"a\r\nb", "text/plain", "auto", b"a\r\nb"),
        (b"a\nb", "text/plain", "json", b'"a\\nb"\n'),
        (b"\xfc", "text/plain; charset=iso-8859-1", "json", '"ü"\n'.encode()),
        (b"\xfc", "text/plain; charset=unicode_escape", "json", b'"\\\\xfc"\n'),
        (b"\xff\x00", "image/png", "auto", b"\xff\x00"),
        (b"<a><b>1</b></a>", "application/xml", "yaml", b"b: '1'\n"),
        (b"ok", "application/octet-stream", "text", b"ok\n"),
        (b"", "application/json", "json", b""),
        (b"", "", "auto", b""),
    ],
    ids=[
        *("auto", "raw", "json", "plus-json", "mark", "yaml", "no-type", "text", "text-as-json", "charset"),
        *("codec-that-is-no-charset", "binary", "xml-as-yaml", "text-in-octets", "empty-json", "empty"),
    ],
)
def test_body_formats(body: bytes, media_type: str, output_format: str, stdout: bytes) -> None:
    """On a pipe `auto` and `raw` are the bytes as they came; `json` and `yaml` convert."""
    assert (stdout, "") == written(write_content, body, media_type, form_of(output_format))


@pytest.mark.parametrize("output_format", ["json", "yaml", "text"])
def test_json_that_does_not_parse_is_not_lost(output_format: str) -> None:
    """A body that is called JSON but is not comes out as it came, with a note beside it."""
    note = "Note: the media type of the response is JSON, but its body is not; it is shown as it came\n"
    assert (b"{'a':\r\n1", note) == written(
        write_content, b"{'a':\r\n1", "application/json", form_of(output_format)
    )


@pytest.mark.parametrize("output_format", ["json", "yaml"])
def test_binary_is_refused_where_it_cannot_be_shown(output_format: str) -> None:
    """A binary response cannot become JSON or YAML: it is written as it came, and the error says what it is."""
    stdout = io.TextIOWrapper(io.BytesIO(), encoding="ascii")
    with pytest.raises(FormatError) as caught:
        write_content(Environment(stdout=stdout), b"\x89PNG\x00", "image/png", form_of(output_format))
    error = caught.value
    assert (
        b"\x89PNG\x00",
        f"The response cannot be shown as {output_format.upper()}",
        "it is binary: `image/png`, 5 bytes",
    ) == (stdout.buffer.getvalue(), error.message, error.reason)


def test_yaml_too_deep_is_refused() -> None:
    """Nesting that the YAML writer cannot follow is an error that names the way out."""
    with pytest.raises(FormatError, match="cannot be shown as YAML"):
        written(write_content, b"[" * 50_000 + b"]" * 50_000, "application/json", OutputFormat("yaml"))


LIST = [{"name": "a", "n": 1}, {"name": "ü", "n": None}]


def people(painter: Painter, width: int) -> str:
    """Make the text for a person that the next test expects."""
    return f"{painter.bold('two')} things in {width} columns"


@pytest.mark.parametrize(
    ("value", "output_format", "text", "stdout"),
    [
        (LIST, "auto", people, "two things in 100000 columns\n"),
        (LIST, "json", people, '[\n{"name":"a","n":1},\n{"name":"ü","n":null}\n]\n'),
        (LIST, "raw", None, '[\n{"name":"a","n":1},\n{"name":"ü","n":null}\n]\n'),
        (LIST, "text", people, "two things in 100000 columns\n"),
        (LIST, "text", None, '[\n{"name":"a","n":1},\n{"name":"ü","n":null}\n]\n'),
        (LIST, "yaml", people, "- name: a\n  'n': 1\n- name: ü\n  'n': null\n"),
        ([], "json", None, "[]\n"),
        ({"a": [1]}, "json", None, '{\n  "a": [\n    1\n  ]\n}\n'),
        ("\udcff", "json", None, '"\\udcff"\n'),
    ],
    ids=["auto", "json", "raw", "text", "no-text", "yaml", "empty", "object", "surrogate"],
)
def test_data_formats(
    value: Any, output_format: str, text: Callable[[Painter, int], str] | None, stdout: str
) -> None:
    """A verb's result is text for people anywhere; as JSON, a list of objects has one per line."""
    assert (stdout.encode(), "") == written(write_data, value, form_of(output_format), text)


@pytest.mark.parametrize("name", [*FORMATS, "@file"])
def test_known_formats_pass(name: str) -> None:
    """A known format or a file is accepted."""
    check_format(name)


@pytest.mark.parametrize("name", ["", "@", "JSON", "Table", "xml"], ids=repr)
def test_unknown_formats_name_the_known_ones(name: str) -> None:
    """An unknown format is a usage error that lists the known ones."""
    with pytest.raises(UsageError) as caught:
        check_format(name)
    known = "`auto`, `json`, `yaml`, `toon`, `agent`, `table`, `csv`, `tsv`, `ndjson`, `lines`, `gron`, `raw`, `text`"
    assert f"Use one of {known}, or `@FILE` for a file" == caught.value.hint


def test_a_text_stream_in_place_of_stdout_works() -> None:
    """If a caller replaced standard output by text, bytes that are not UTF-8 become escapes."""
    stream = io.StringIO()
    write_content(Environment(stdout=stream, variables={}), b"\xc3\xbc\xff", "text/plain", OutputFormat())
    assert "ü\\xff" == stream.getvalue()


def test_what_was_printed_before_stays_before() -> None:
    """Text that a caller printed earlier keeps its place before the bytes."""
    stream = io.TextIOWrapper(io.BufferedWriter(io.FileIO(os.memfd_create("out"), "r+")), encoding="utf-8")
    stream.write("before ")
    write_content(Environment(stdout=stream, variables={}), b"after", "text/plain", OutputFormat())
    with stream:
        assert b"before after" == os.pread(stream.fileno(), 100, 0)


def test_a_full_disk_is_a_file_error() -> None:
    """A full disk under standard output is exit code 12, and the interpreter adds nothing as it ends."""
    program = (
        "from dynacli.environment import Environment\n"
        "from dynacli.errors import FileError\n"
        "from dynacli.output.output_format import OutputFormat\n"
        "from dynacli.output.render import write_content\n"
        "try:\n    write_content(Environment(), b'data', 'text/plain', OutputFormat())\n"
        "except FileError as error:\n    raise SystemExit(f'{error.exit_code} {error.reason}')\n"
    )
    with open("/dev/full", "w") as full:
        run = subprocess.run(
            [sys.executable, "-c", program], stdout=full, stderr=subprocess.PIPE, check=False
        )
    assert (1, b"12 no space is left on the disk\n") == (run.returncode, run.stderr)


@pytest.mark.parametrize("is_missing", [False, True], ids=["closed", "none"])
def test_a_closed_standard_output_is_a_file_error(monkeypatch: pytest.MonkeyPatch, is_missing: bool) -> None:
    """Standard output that was closed, or that the program was started without, is exit code 12."""
    stream = io.StringIO()
    stream.close()
    monkeypatch.setattr(sys, "stdout", None if is_missing else stream)
    with pytest.raises(FileError, match="cannot be written") as caught:
        write_content(Environment(variables={}), b"x", "text/plain", OutputFormat())
    assert "it is closed" == caught.value.reason


def test_a_broken_pipe_passes_through() -> None:
    """A reader that went away is for the program's one place to deal with."""
    reader, writer = os.pipe()
    os.close(reader)
    with open(writer, "wb", buffering=0) as raw:
        stream = io.TextIOWrapper(io.BufferedWriter(raw))
        with pytest.raises(BrokenPipeError):
            write_content(Environment(stdout=stream, variables={}), b"x", "text/plain", OutputFormat())
        stream.detach().detach()


@pytest.mark.parametrize(
    ("error", "text"),
    [
        (UsageError("no"), "error: no\n  hint: `dynacli help errors usage` explains errors of this kind\n"),
        (
            FileError("no", reason="because"),
            "error: no\n  reason: because\n  hint: `dynacli help errors file` explains errors of this kind\n",
        ),
        (
            UsageError("no", reason="because", hint="`do this`"),
            "error: no\n  reason: because\n  hint: `do this`\n",
        ),
        (UsageError("no\nmore", hint="a\nb"), "error: no\n       more\n  hint: a\n        b\n"),
    ],
    ids=["what", "reason", "all", "lines"],
)
def test_errors_have_three_parts(error: DynacliError, text: str) -> None:
    """An error says what failed, why, and what to do, or else which page explains it; standard output stays empty."""
    assert (b"", text) == written(write_error, error, "text")


def test_errors_for_programs_are_one_line() -> None:
    """With the format `json` an error or a warning is a line of JSON."""
    error = UsageError("no\n\x1b\x7fü", reason="w", where=1)
    line = (
        '{"error": {"kind": "usage", "message": "no\\n\\u001b\\u007f\\u00fc", "reason": "w", "hint": "",'
        ' "exit_code": 2, "retryable": false, "try": null, "summary": null, "where": 1,'
        ' "help": "dynacli help errors usage"}}\n'
    )
    assert (b"", line) == written(write_error, error, "json")
    assert (b"", '{"warning": {"message": "w"}}\n') == written(write_warning, "w", "json")
    assert (b"", "warning: w\n") == written(write_warning, "w")
