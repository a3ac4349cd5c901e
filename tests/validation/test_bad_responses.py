"""Responses that are not what they say: a finding or a reason why not, the body as it came, the right exit code."""

import json
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import NamedTuple

import pytest

from tests.documents import get, save_api
from tests.harness import Recorder, Response, Result, run_cli

JSON = "application/json"
SCHEMA = {"type": "object", "properties": {"a": {"type": "string"}, "n": {"type": "integer"}}}


class BadResponse(NamedTuple):
    """A response that is not what it says.

    Args:
        code: The exit code at `strict`.
        finding: What is reported of it.
        shown: Format → what is written in it; None if the response cannot be, and is JSON or as it came; in other
            formats the body is as it came.
    """

    body: bytes
    media_type: str
    code: int
    finding: str
    shown: Mapping[str, bytes | None] = MappingProxyType({})


def _shown(
    json_text: bytes, yaml_text: bytes | None, text: bytes | None = None
) -> Mapping[str, bytes | None]:
    """Return what is shown in each format; as text it is the JSON, unless something else is given."""
    return {"json": json_text, "yaml": yaml_text, "text": json_text if text is None else text}


_A = _shown(b'{\n  "a": "x"\n}\n', b"a: x\n")
_ONE = _shown(b'{\n  "a": 1\n}\n', b"a: 1\n")
# Laid out to a depth of a hundred.
_STEPS = [b"  " * level for level in range(100)]
_DEEP = b"\n".join(
    [
        *(step + b"[" for step in _STEPS),
        b"  " * 100 + b"[" * 99_900 + b"]" * 99_899,
        b"  " * 100 + b"]",
        *(step + b"]" for step in reversed(_STEPS)),
        b"",
    ]
)
_NINES = b"9" * 5_000

RESPONSES = {
    "HTML": BadResponse(
        b"<!doctype html><html>", JSON, 9, "the body is an HTML page, not JSON [unreadable-body]"
    ),
    "invalid UTF-8": BadResponse(
        b'{"a": "\xff\xfe"}', JSON, 9, "the body is not text in utf-8 [unreadable-body]"
    ),
    "cut": BadResponse(
        b'{"a": "x", "b": [1,', JSON, 9, "it ends too early, at line 1, column 20 [unreadable-body]"
    ),
    "more behind": BadResponse(
        b'{"a": "x"} more', JSON, 9, "extra data, at line 1, column 12 [unreadable-body]"
    ),
    "NaN": BadResponse(b'{"a": NaN}', JSON, 9, "not JSON, which has no `NaN` [unreadable-body]"),
    "NUL": BadResponse(
        b'{"a": "\0"}', JSON, 9, "invalid control character, at line 1, column 8 [unreadable-body]"
    ),
    "deep": BadResponse(
        b"[" * 100_000 + b"]" * 100_000,
        JSON,
        0,
        "Not validated: the body is nested too deeply",
        _shown(_DEEP, None),
    ),
    "digits": BadResponse(
        b'{"n": ' + _NINES + b"}",
        JSON,
        0,
        "Not validated: the body has a number of 5000 digits",
        _shown(b'{\n  "n": ' + _NINES + b"\n}\n", b"'n': " + _NINES + b"\n"),
    ),
    "lone surrogate": BadResponse(
        b'{"a": "\\ud800"}', JSON, 0, "", _shown(b'{\n  "a": "\\ud800"\n}\n', b'a: "\\uD800"\n')
    ),
    "unknown charset": BadResponse(
        b'{"a": "x"}', f"{JSON}; charset=klingon", 0, "in `klingon`, which is unknown", _A
    ),
    "UTF-16": BadResponse(
        '{"a": 1}'.encode("utf-16"), f"{JSON}; charset=utf-16", 9, "got integer `1` [type]", _ONE
    ),
    "mark of order": BadResponse(b'\xef\xbb\xbf{"a": 1}', JSON, 9, "got integer `1` [type]", _ONE),
    "no media type": BadResponse(
        b"hello",
        "",
        9,
        "there is no media type, and the document has",
        _shown(b'"hello"\n', b"hello\n", b"hello\n"),
    ),
    "malformed media type": BadResponse(
        b'{"a": "x"}', ";;;=\xff", 9, "there is no media type, and the document has", _A
    ),
    "empty": BadResponse(b"", JSON, 9, "the document describes a body, and there is none [missing-body]"),
    "binary": BadResponse(
        b"\x89PNG\0\xff",
        "image/png",
        9,
        "the media type is `image/png`, and the document has",
        {"json": None, "yaml": None, "text": b""},
    ),
    "terminal codes": BadResponse(b'{"n": "\\u001b[31m", "a": "\x9b2J"}', JSON, 9, "[unreadable-body]"),
}
FORMATS = ["auto", "raw", "json", "yaml", "text"]


def _api(server: Recorder, response: BadResponse) -> str:
    responses = {"200": {"description": "", "content": {JSON: {"schema": SCHEMA}}}}
    headers = {"Content-Type": response.media_type} if response.media_type else {}
    server.responses["/a"] = Response(body=response.body, headers=headers)
    return save_api(get("/a", "get-a", responses=responses), server=server)


def _check(result: Result, response: BadResponse, form: str = "auto") -> None:
    assert (13 if response.shown.get(form, b"") is None else response.code) == result.exit_code, result.stderr
    assert "Traceback" not in result.stderr
    assert not any(sign in result.stderr for sign in ("\x9b", "\x1b[31m[", "\0"))
    if response.finding:
        assert 1 == " ".join(result.stderr.split()).count(" ".join(response.finding.split()))
    else:
        assert "" == result.stderr


@pytest.mark.sampled(3)
@pytest.mark.parametrize("form", FORMATS)
@pytest.mark.parametrize("name", RESPONSES)
def test_a_bad_response_on_a_pipe(server: Recorder, name: str, form: str) -> None:
    """The body is printed as it came, or converted if possible; a defect of it is reported once."""
    response = RESPONSES[name]
    result = run_cli(_api(server, response), "get-a", "--validate", "strict", "-o", form)
    _check(result, response, form)
    shown = response.shown.get(form, response.body)
    if shown is None:
        shown = response.shown["json"] or response.body
    assert shown == result.stdout_bytes


@pytest.mark.sampled(6)
@pytest.mark.parametrize("name", RESPONSES)
def test_a_bad_response_in_a_file(server: Recorder, name: str) -> None:
    """The body is in the file as it came, and a defect of it is reported once."""
    response = RESPONSES[name]
    result = run_cli(_api(server, response), "get-a", "--validate", "strict", "-o", "@out")
    _check(result, response)
    assert (response.body, b"") == (Path("out").read_bytes(), result.stdout_bytes)


@pytest.mark.sampled(6)
@pytest.mark.parametrize("form", ["auto", "json"])
@pytest.mark.parametrize("name", RESPONSES)
def test_a_bad_response_on_a_terminal(server: Recorder, name: str, form: str) -> None:
    """Nothing in it drives the terminal, and the same is said."""
    response = RESPONSES[name]
    words = (_api(server, response), "get-a", "--validate", "strict", "-o", form)
    result = run_cli(*words, terminal=("stdout", "stderr"))
    _check(result, response, form)
    shown = result.stdout_bytes.decode()
    assert not any(sign in shown for sign in ("\x9b", "\0", "\x1b[31m"))


@pytest.mark.sampled(3)
@pytest.mark.parametrize("name", RESPONSES)
def test_a_bad_response_in_a_report(server: Recorder, name: str) -> None:
    """A report has the finding or the reason, and the exit code is the same."""
    response = RESPONSES[name]
    words = ("--validate", "strict", "--report", "json=report.json")
    result = run_cli(_api(server, response), "get-a", *words)
    _check(result, response)
    assert response.body == result.stdout_bytes
    report = json.loads(Path("report.json").read_text())
    assert (response.code == 0, 200) == (report["valid"], report["status"])
    assert bool(response.finding) is bool(report["findings"] or report["not_validated"])
