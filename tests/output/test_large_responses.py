"""What a small response becomes in memory is bounded: its values are counted before it is read."""

import json
import resource
import subprocess
import sys

import pytest

from dynacli.text.json_budget import MAX_VALUES, TooManyValuesError, check_values
from tests.documents import pets, save
from tests.harness import Recorder, Response, assert_ended, json_response, run_cli

_MANY = b"[" + b"[]," * (MAX_VALUES // 2) + b"[]]"


@pytest.mark.sampled(3)
@pytest.mark.parametrize(
    ("text", "is_too_many"),
    [
        (b"[" + b"1," * (MAX_VALUES - 2) + b"1]", False),
        (b"[" + b"1," * MAX_VALUES + b"1]", True),
        (b"[" * (MAX_VALUES + 1), True),
        (b'{"a":' * (MAX_VALUES + 1), True),
        (b'["' + b",[{" * MAX_VALUES + b'"]', False),
        (b'["' + b'\\"' * MAX_VALUES + b',"]', False),
        (b'["\\\\",' + b"1," * MAX_VALUES + b"1]", True),
    ],
    ids=["as many", "more", "lists", "objects", "in a string", "escaped quotes", "an escaped escape"],
)
def test_values_are_counted_outside_of_strings(text: bytes, *, is_too_many: bool) -> None:
    """Commas and brackets in strings are no values, however the strings are escaped."""
    for spelled in (text, text.decode()):
        found = False
        try:
            check_values(spelled)
        except TooManyValuesError:
            found = True
        assert is_too_many == found


@pytest.mark.parametrize("words", [("-f", "length(@)"), ("-o", "table"), ("-o", "yaml"), ("-o", "lines")])
def test_a_response_of_too_many_values_is_printed_as_it_came(
    words: tuple[str, ...], server: Recorder
) -> None:
    """Whatever would have to read all of it says so with the exit code 13, and the response is not lost."""
    server.responses["/pets"] = Response(body=_MANY)
    result = run_cli(save(pets("1", server.origin)), "list-pets", *words)
    assert (13, _MANY.decode()) == (result.exit_code, result.stdout)
    assert f"it has more than {MAX_VALUES:,} values" in result.stderr
    assert f"Not validated: the body has more than {MAX_VALUES:,} values" in result.stderr


@pytest.mark.parametrize("words", [("-o", "json"), ("--validate", "strict"), ("--all",)])
def test_a_response_of_too_many_values_may_pass(words: tuple[str, ...], server: Recorder) -> None:
    """If nothing has to read it, it is printed unchanged."""
    server.responses["/pets"] = Response(body=_MANY)
    result = run_cli(save(pets("1", server.origin)), "list-pets", *words)
    assert (0, _MANY.decode()) == (result.exit_code, result.stdout)


def test_a_document_of_too_many_values_is_refused_before_it_is_read() -> None:
    """The limit is the one of documents in YAML, and an error of the document."""
    text = json.dumps(pets("1")).removesuffix("}") + ', "x-more": ' + _MANY.decode() + "}"
    result = run_cli(save(text), "--help")
    assert_ended(result, 8, f"more than {MAX_VALUES:,} values")


@pytest.mark.exhaustive
@pytest.mark.no_cover
def test_too_little_memory_is_no_defect(server: Recorder) -> None:
    """A process that gets no more memory says so, and gives the response back as far as it has come."""
    server.responses["/pets"] = json_response([{"a": "b" * 9}] * 300_000)
    api = save(pets("1", server.origin))
    run_cli(api, "--help")
    most = 320 << 20

    def limit() -> None:
        resource.setrlimit(resource.RLIMIT_AS, (most, most))

    program = [sys.executable, "-m", "dynacli", api, "list-pets", "-o", "yaml"]
    found = subprocess.run(program, capture_output=True, text=True, preexec_fn=limit, check=False)
    assert 13 == found.returncode, found.stderr
    assert "not enough memory" in found.stderr, found.stderr
