"""Answers that are not what they say: a finding or a reason why not, the body as it came, the right exit code."""

import json
from pathlib import Path

import pytest

from tests.documents import document, operation, save
from tests.harness import Answer, Recorder, Result, run_cli

JSON = "application/json"
SCHEMA = {"type": "object", "properties": {"a": {"type": "string"}, "n": {"type": "integer"}}}

# name → (body, media type, the exit code at `strict`, what is said of it)
ANSWERS: dict[str, tuple[bytes, str, int, str]] = {
    "HTML": (b"<!doctype html><html>", JSON, 9, "the body is an HTML page, not JSON [unreadable-body]"),
    "invalid UTF-8": (b'{"a": "\xff\xfe"}', JSON, 9, "the body is not text in utf-8 [unreadable-body]"),
    "cut": (b'{"a": "x", "b": [1,', JSON, 9, "it ends too early, at line 1, column 20 [unreadable-body]"),
    "more behind": (b'{"a": "x"} more', JSON, 9, "extra data, at line 1, column 12 [unreadable-body]"),
    "NaN": (b'{"a": NaN}', JSON, 9, "not JSON, which has no `NaN` [unreadable-body]"),
    "NUL": (b'{"a": "\0"}', JSON, 9, "invalid control character, at line 1, column 8 [unreadable-body]"),
    "deep": (b"[" * 20_000 + b"]" * 20_000, JSON, 0, "Not judged: the body is nested too deeply"),
    "digits": (b'{"n": ' + b"9" * 5_000 + b"}", JSON, 0, "Not judged: the body has a number of 5000 digits"),
    "lone surrogate": (b'{"a": "\\ud800"}', JSON, 0, ""),
    "unknown charset": (b'{"a": "x"}', f"{JSON}; charset=klingon", 0, "in `klingon`, which is unknown"),
    "UTF-16": ('{"a": 1}'.encode("utf-16"), f"{JSON}; charset=utf-16", 9, "got integer `1` [type]"),
    "mark of order": (b'\xef\xbb\xbf{"a": 1}', JSON, 9, "got integer `1` [type]"),
    "no media type": (b"hello", "", 9, "there is no media type, and the document has"),
    "malformed media type": (b'{"a": "x"}', ";;;=\xff", 9, "there is no media type, and the document has"),
    "empty": (b"", JSON, 9, "the document describes a body, and there is none [missing-body]"),
    "binary": (b"\x89PNG\0\xff", "image/png", 9, "the media type is `image/png`, and the document has"),
    "terminal codes": (b'{"n": "\\u001b[31m", "a": "\x9b2J"}', JSON, 9, "[unreadable-body]"),
}
FORMATS = ["auto", "raw", "json", "yaml", "text", "@out"]


def _api(server: Recorder, name: str) -> str:
    body, media_type, _, _ = ANSWERS[name]
    responses = {"200": {"description": "", "content": {JSON: {"schema": SCHEMA}}}}
    server.answers["/a"] = Answer(body=body, headers={"Content-Type": media_type} if media_type else {})
    return save(document({"/a": {"get": operation("get-a", responses=responses)}}, [server.origin]))


def _check(result: Result, name: str, code: int) -> None:
    told = ANSWERS[name][3]
    assert code == result.exit_code, result.stderr
    assert "Traceback" not in result.stderr
    assert not any(sign in result.stderr for sign in ("\x9b", "\x1b[31m[", "\0"))
    if told:
        assert 1 == result.stderr.count(told)
    else:
        assert "" == result.stderr


@pytest.mark.sampled(40)
@pytest.mark.parametrize("form", FORMATS)
@pytest.mark.parametrize("name", ANSWERS)
def test_a_bad_answer_on_a_pipe(server: Recorder, name: str, form: str) -> None:
    """The body comes out as it came, or converted where that can be done; what is wrong with it is said once."""
    api, (body, _, code, _) = _api(server, name), ANSWERS[name]
    result = run_cli(api, "get-a", "--validate", "strict", "-o", form)
    is_unwritten = (name, form) in {("binary", "json"), ("binary", "yaml"), ("deep", "yaml")}
    _check(result, name, 12 if is_unwritten else code)
    is_unread = "[unreadable-body]" in ANSWERS[name][3]
    if form == "@out":
        assert (body, b"") == (Path("out").read_bytes(), result.stdout_bytes)
    elif form in {"auto", "raw"} or is_unread:
        assert body == result.stdout_bytes
    elif is_unwritten or (name, form) == ("binary", "text"):
        assert b"" == result.stdout_bytes
    elif form == "json" and name in {"UTF-16", "mark of order", "lone surrogate", "unknown charset"}:
        assert {"a"} == set(result.json)
    else:
        assert bool(body) is bool(result.stdout_bytes)


@pytest.mark.sampled(17)
@pytest.mark.parametrize("form", ["auto", "json"])
@pytest.mark.parametrize("name", ANSWERS)
def test_a_bad_answer_on_a_terminal(server: Recorder, name: str, form: str) -> None:
    """Nothing in it drives the terminal, and the same is said."""
    api, (_, _, code, _) = _api(server, name), ANSWERS[name]
    result = run_cli(api, "get-a", "--validate", "strict", "-o", form, terminal=("stdout", "stderr"))
    _check(result, name, 12 if (name, form) == ("binary", "json") else code)
    shown = result.stdout_bytes.decode()
    assert not any(sign in shown for sign in ("\x9b", "\0", "\x1b[31m"))


@pytest.mark.parametrize("name", ANSWERS)
def test_a_bad_answer_in_a_report(server: Recorder, name: str) -> None:
    """A report has the finding or the reason, and the exit code is the same."""
    api, (body, _, code, told) = _api(server, name), ANSWERS[name]
    result = run_cli(api, "get-a", "--validate", "strict", "--report", "json=report.json")
    _check(result, name, code)
    assert body == result.stdout_bytes
    report = json.loads(Path("report.json").read_text())
    assert (code == 0, 200) == (report["valid"], report["status"])
    assert bool(told) is bool(report["findings"] or report["unchecked"])
