"""The line of a key of the configuration, for messages."""

import time

import pytest

from dynacli.registry.configuration_text import line_of

_TEXT = '''# the APIs
[apis.a]
source = "x"
policy.deny = ["DELETE"]

[apis.b.policy]
allow = [
    "GET",  # reads
    # nothing else
    "tag:x",
]
read_only = true
[apis.c]
policy = {confirm = ["PUT"]}
[apis.d]
text = """
[apis.e]
"""
'''


@pytest.mark.parametrize(
    ("path", "word", "expected"),
    [
        ("apis.a.source", "", 3),
        ("apis.a.policy.deny", "DELETE", 4),
        ("apis.b.policy.allow", "tag:x", 10),
        ("apis.b.policy.allow", "", 7),
        ("apis.b.policy.allow", "absent", 7),
        ("apis.b.policy.read_only", "", 12),
        ("apis.c.policy.confirm", "PUT", 14),
        ("apis.d.text", "", 16),
        ("apis.e", "", None),
    ],
)
@pytest.mark.parametrize("end", ["\n", "\r\n"], ids=["lf", "crlf"])
def test_a_key_has_a_line(path: str, word: str, expected: int | None, end: str) -> None:
    """Whether its table, or the dotted or inline way of writing it, stands there; of a list, that of the word."""
    assert expected == line_of(_TEXT.replace("\n", end), path.split("."), word)


def test_what_is_no_toml_has_no_lines() -> None:
    """So that a message does not name a wrong one."""
    assert line_of("[apis.a\nb = 1\n", ("apis", "a")) is None


@pytest.mark.exhaustive
def test_a_line_that_takes_too_long_to_find_is_not_looked_for() -> None:
    """A value of thousands of lines holds no error up: the message has no line then."""
    text = 'before = 1\nlong = """' + "\n" * 20_000 + '"""\n'
    started = time.process_time()
    assert line_of(text, ("long",)) is None
    assert time.process_time() - started < 5
