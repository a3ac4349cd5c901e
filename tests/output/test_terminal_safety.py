"""Text from outside cannot drive or deceive the terminal, and a pipe gets exact bytes."""

import io
import json
import os
import pty
import termios
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from dynacli.environment import Environment
from dynacli.errors import FormatError, UsageError
from dynacli.output.output_format import OutputFormat, form_of
from dynacli.output.render import write_content, write_data
from dynacli.output.standard_error import write_error, write_stderr, write_warning
from dynacli.text.json_text import colourise, escape_unsafe, reindent
from dynacli.text.terminal import Painter, cell_width, terminal_width, unsafe, visible, visible_painted

# What a hostile server would send: window title, clipboard, cursor, C1 CSI, bidi override, a tag, a bell.
OSC = "\x1b]0;owned\x07"
ATTACK = f"{OSC}\x1b]52;c;ZWNobw==\x1b\\\x1b[2J\x9b31m\u202egnp\u2066\u200b\U000e0041\x7f\r"
RAW = ["\x1b]", "\x1b[2J", "\x9b", "\u202e", "\u2066", "\u200b", "\U000e0041", "\x7f", "\x07", "\x1b\\"]


@contextmanager
def terminal(variables: dict[str, str] | None = None) -> Iterator[tuple[Environment, Callable[[], str]]]:
    """Give an environment on a new pseudo-terminal, and a function that returns what was shown."""
    leader, follower = pty.openpty()
    settings = termios.tcgetattr(follower)
    settings[1] &= ~termios.OPOST  # the terminal's own line ends would be in the way of whole comparisons
    termios.tcsetattr(follower, termios.TCSANOW, settings)
    streams = [os.fdopen(os.dup(follower), "w", encoding="utf-8") for _ in range(2)]
    env = Environment(stdout=streams[0], stderr=streams[1], variables={"TERM": "xterm"} | (variables or {}))

    def shown() -> str:
        for stream in streams:
            stream.close()
        os.close(follower)
        seen = b""
        while True:
            try:
                part = os.read(leader, 65536)
            except OSError:  # Linux says EIO when the last writer is gone
                break
            if not part:
                break
            seen += part
        return seen.decode("utf-8")

    try:
        yield env, shown
    finally:
        os.close(leader)


@pytest.mark.exhaustive
def test_every_character_that_drives_a_terminal_is_escaped_wherever_it_stands() -> None:
    """No control character gets through, even one that the interpreter calls printable."""
    found = [char for char in map(chr, range(0x110000)) if unsafe().match(char)]
    assert 6000 < len(found)
    assert [] == [
        char for char in found if char in visible(f"caf\xe9{char}\n") or char in visible(f"a{char}")
    ]


@contextmanager
def pipe() -> Iterator[tuple[Environment, Callable[[], bytes]]]:
    """Give an environment whose standard output is a pipe, and a function that returns its bytes."""
    reader, writer = os.pipe()
    stream = os.fdopen(writer, "w", encoding="utf-8")

    def received() -> bytes:
        stream.close()
        with open(reader, "rb", closefd=False) as file:
            return file.read()

    try:
        yield Environment(stdout=stream, stderr=io.StringIO(), variables={}), received
    finally:
        os.close(reader)


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("plain, 1.5 €, ü, 中, 👍🏽", "plain, 1.5 €, ü, 中, 👍🏽"),
        ("a\nb\tc", "a\nb\tc"),
        ("a\r\n", "a\\r\n"),
        ("\x1b[31mred", "\\x1b[31mred"),
        ("\x00\x07\x08\x0b\x0c\x7f", "\\x00\\x07\\x08\\x0b\\x0c\\x7f"),
        ("\x80\x9b\x9d\x9f", "\\x80\\x9b\\x9d\\x9f"),
        (
            "\u061c\u200e\u200f\u202a\u202e\u2066\u2069",
            "\\u061c\\u200e\\u200f\\u202a\\u202e\\u2066\\u2069",
        ),
        ("\u2028\u2029", "\\u2028\\u2029"),
        ("\u200b\u2060\ufeff", "\\u200b\\u2060\\ufeff"),
        ("\U000e0041\U000e007f", "\\U000e0041\\U000e007f"),
        ("a\xad\u034f\u3164\ufe00b\ufe0f", "a\\xad\\u034f\\u3164\\ufe00b\\ufe0f"),
        ("\u2764\ufe0f 1\ufe0f\u20e3 \u2764\ufe0f\ufe0f", "\u2764\ufe0f 1\ufe0f\u20e3 \u2764\ufe0f\\ufe0f"),
        ("\ud800\udc1b", "\\ud800\\udc1b"),
    ],
    ids=[
        "clean",
        "line-and-tab",
        "return",
        "escape",
        "c0-and-del",
        "c1",
        "bidi",
        "separators",
        "zero-width",
        "tags",
        "unseen",
        "emoji",
        "surrogates",
    ],
)
def test_unsafe_characters_become_escapes(text: str, shown: str) -> None:
    """Every character that drives or deceives a terminal is written as an escape, all others stay."""
    assert shown == visible(text)


def test_every_control_character_is_covered() -> None:
    """No C0, DEL, C1 or format character of Unicode's bidi algorithm passes but line feed and tab."""
    dangerous = [chr(c) for c in [*range(0x20), *range(0x7F, 0xA0), 0x61C, 0x200E, 0x200F]]
    dangerous += [chr(c) for c in [*range(0x202A, 0x202F), *range(0x2066, 0x206A), *range(0xE0000, 0xE0080)]]
    assert ["\t", "\n"] == [c for c in dangerous if visible(c) == c]


@pytest.mark.parametrize(
    ("keep", "shown"), [("", "a\\nb\\tc\\r"), ("\n", "a\nb\\tc\\r"), ("\n\t\r", "a\nb\tc\r")], ids=repr
)
def test_kept_characters_are_chosen_by_the_caller(keep: str, shown: str) -> None:
    """`keep` names the control characters that stay."""
    assert shown == visible("a\nb\tc\r", keep=keep)


@pytest.mark.parametrize(
    ("media_type", "body"),
    [
        ("application/json", json.dumps({ATTACK: [ATTACK]}, ensure_ascii=False)),
        ("application/problem+json; charset=utf-8", json.dumps(ATTACK, ensure_ascii=False)),
        ("application/json", '{"broken": "' + ATTACK),
        ("text/plain", ATTACK),
        ("text/html; charset=utf-8", f"<p>{ATTACK}</p>"),
        ("application/octet-stream", f"\x00{ATTACK}"),
        (f"image/{OSC}", ATTACK),
        ("", ATTACK),
    ],
    ids=[
        "json",
        "json-string",
        "not-json",
        "text",
        "html",
        "binary",
        "hostile-type",
        "no-type",
    ],
)
@pytest.mark.parametrize("output_format", ["auto", "json", "yaml", "text"])
def test_no_body_reaches_the_terminal_raw(media_type: str, body: str, output_format: str) -> None:
    """No escape sequence of a body reaches a terminal in any readable format."""
    with terminal() as (env, shown):
        try:
            write_content(env, body.encode(), media_type, form_of(output_format))
        except FormatError as error:
            write_error(env, error, "text")
        seen = shown()
    assert seen
    assert [] == [raw for raw in RAW if raw in seen]
    assert "\r" not in seen


@pytest.mark.parametrize("error_format", ["text", "json"])
def test_no_message_reaches_the_terminal_raw(error_format: str) -> None:
    """Errors and warnings make what they quote visible, in both formats."""
    with terminal() as (env, shown):
        write_error(env, UsageError(ATTACK, reason=ATTACK, hint=ATTACK, **{ATTACK: ATTACK}), error_format)
        write_warning(env, ATTACK, error_format)
        write_stderr(env, ATTACK)
        write_stderr(env, ATTACK, painted=True)
        seen = shown()
    assert [] == [raw for raw in RAW if raw in seen]


def test_a_forgetful_caller_lets_nothing_but_colour_through() -> None:
    """Text that was painted is still cleaned of everything but a painter's own sequences."""
    painted = Painter(enabled=True).bold("a") + OSC
    assert "\x1b[1ma\x1b[22m\\x1b]0;owned\\x07" == visible_painted(painted)
    with terminal() as (env, shown):
        write_data(env, None, OutputFormat("text"), lambda painter, _: painter.red(ATTACK))
        seen = shown()
    assert [] == [raw for raw in RAW if raw in seen]


@pytest.mark.parametrize("output_format", ["auto", "raw"])
@pytest.mark.parametrize("media_type", ["application/json", "text/plain", "image/png", ""], ids=repr)
def test_a_pipe_gets_exact_bytes(output_format: str, media_type: str) -> None:
    """On a pipe the bytes pass as they came, whatever they are."""
    body = bytes(range(256)) + ATTACK.encode() + b'{"a": 1.10}'
    with pipe() as (env, received):
        write_content(env, body, media_type, form_of(output_format))
        assert body == received()


def test_raw_is_raw_on_a_terminal_too() -> None:
    """The writer itself writes raw bytes to a terminal, too: whether it may is decided before."""
    with terminal() as (env, shown):
        write_content(env, ATTACK.encode(), "text/plain", OutputFormat("raw"))
        assert ATTACK == shown()


def test_messages_are_visible_in_a_pipe_too() -> None:
    """Standard error that is not a terminal is often a log that a terminal shows later."""
    stream = io.StringIO()
    write_error(Environment(stderr=stream, variables={}), UsageError(OSC), "text")
    assert "error: \\x1b]0;owned\\x07\n" == stream.getvalue().partition("  hint")[0]


COLOURED = (
    "{\n"
    '  \x1b[36m"a"\x1b[39m: [\n    \x1b[33m1.10\x1b[39m,\n    \x1b[1mnull\x1b[22m\n  ],\n'
    '  \x1b[36m"b"\x1b[39m: \x1b[32m"true 1"\x1b[39m\n}\n'
)


@pytest.mark.parametrize(
    ("variables", "shown"),
    [
        ({}, COLOURED),
        ({"NO_COLOR": "1"}, '{\n  "a": [\n    1.10,\n    null\n  ],\n  "b": "true 1"\n}\n'),
        ({"TERM": "dumb"}, '{\n  "a": [\n    1.10,\n    null\n  ],\n  "b": "true 1"\n}\n'),
    ],
    ids=["colour", "no-color", "dumb"],
)
def test_json_is_coloured_where_colour_is_allowed(variables: dict[str, str], shown: str) -> None:
    """A terminal gets JSON laid out and coloured; `NO_COLOR` and a dumb terminal get it plain."""
    with terminal(variables) as (env, seen):
        write_content(env, b'{"a":[1.10,null],"b":"true 1"}', "application/json", OutputFormat())
        assert shown == seen()


def test_json_on_a_terminal_can_be_copied_back() -> None:
    """The escapes that keep a terminal safe are JSON's own, so that the text still says the same."""
    value = {"k\u202e": "\x7f\x9b\U000e0041ü"}
    text = json.dumps(value, ensure_ascii=False)
    assert value == json.loads(escape_unsafe(text))
    assert '{"k\\u202e": "\\u007f\\u009b\\udb40\\udc41ü"}' == escape_unsafe(text)


def test_colours_add_nothing_else() -> None:
    """Without its colours, coloured JSON is the JSON."""
    text = reindent(r'{"a\"b":["\\",-1.5e+3,true,{}],"c":"x\\\"y: 1"}')
    coloured = colourise(text, Painter(enabled=True))
    for code in ("36", "39", "32", "33", "1", "22"):
        coloured = coloured.replace(f"\x1b[{code}m", "")
    assert text == coloured


def test_errors_are_red_on_a_terminal() -> None:
    """The labels have a colour, and the command to try is bold."""
    error = UsageError("no", reason="w1\nw2", hint="h")
    error.try_ = "dynacli x"
    with terminal() as (env, shown):
        write_error(env, error, "text")
        write_warning(env, "careful\nreally")
        seen = shown()
    assert (
        "\x1b[1m\x1b[31merror:\x1b[39m\x1b[22m no\n  reason: w1\n          w2\n  \x1b[36mhint:\x1b[39m h\n"
        "  \x1b[36mtry:\x1b[39m \x1b[1mdynacli x\x1b[22m\n"
        "\x1b[33mwarning:\x1b[39m careful\n         really\n"
    ) == seen


def test_a_long_message_is_wrapped_on_a_terminal() -> None:
    """Its lines hang below the first one; a command stays whole, and so does each line of a log."""
    hint = f"{'word ' * 14}`dynacli api add NAME` {'more ' * 4}".strip()
    with terminal() as (env, shown):
        write_error(env, UsageError("no", hint=hint), "text")
        lines = shown().replace("\x1b[36m", "").replace("\x1b[39m", "").splitlines()[1:]
    assert [
        f"  hint: {' '.join(['word'] * 14)}",
        "        `dynacli api add NAME` more more more more",
    ] == lines
    log = io.StringIO()
    write_error(Environment(stderr=log, variables={}), UsageError("no", hint=hint), "text")
    assert f"  hint: {hint}" == log.getvalue().splitlines()[1]


class _Broken(io.StringIO):
    def write(self, _text: str) -> int:
        raise BrokenPipeError


@pytest.mark.parametrize("make", [lambda: None, _Broken, io.StringIO], ids=["none", "broken", "closed"])
def test_a_lost_standard_error_is_survived(make: Callable[[], Any]) -> None:
    """Without a standard error a message is lost, and nothing else happens."""
    stream = make()
    if type(stream) is io.StringIO:
        stream.close()
    env = Environment(stderr=stream, variables={})
    write_stderr(env, "x")
    write_error(env, UsageError("x"), "text")
    assert not env.stderr_is_terminal


def test_a_narrow_encoding_is_survived() -> None:
    """Characters that standard error cannot encode become escapes."""
    stream = io.TextIOWrapper(io.BytesIO(), encoding="ascii")
    write_stderr(Environment(stderr=stream, variables={}), "ü\u4e2d")
    assert b"\\xfc\\u4e2d\n" == stream.buffer.getvalue()


@pytest.mark.parametrize(
    ("columns", "width"),
    [("", 80), ("100", 100), ("1", 40), ("9999", 120), ("0", 80), ("-5", 80), ("x", 80), ("9" * 5000, 80)],
    ids=["none", "given", "narrow", "wide", "zero", "negative", "word", "endless"],
)
def test_width_has_limits(columns: str, width: int) -> None:
    """`COLUMNS` counts within 40 to 120; without a terminal and without it, 80 does."""
    env = Environment(stdout=io.StringIO(), variables={"COLUMNS": columns} if columns else {})
    assert width == terminal_width(env, env.stdout)


def test_width_is_the_terminals() -> None:
    """A terminal is asked how wide it is."""
    with terminal() as (env, shown):
        termios.tcsetwinsize(env.stdout.fileno(), (24, 97))
        assert 97 == terminal_width(env, env.stdout)
        assert "" == shown()


@pytest.mark.parametrize(
    ("text", "width"),
    [("abc", 3), ("中文", 4), ("é", 1), ("", 0)],
    ids=["ascii", "wide", "combining", "empty"],
)
def test_cells_are_counted(text: str, width: int) -> None:
    """Wide characters take two cells, combining ones none."""
    assert width == cell_width(text)
