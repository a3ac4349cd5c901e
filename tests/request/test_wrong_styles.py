"""A style that openapi-core does not know is validated as the one that is written."""

import warnings
from collections.abc import Iterator
from typing import Any

import pytest

from tests.documents import api_of, get, parameter, save, save_api
from tests.harness import Recorder, Response, Result, assert_ended, run_cli

NUMBERS: dict[str, Any] = {"type": "array", "items": {"type": "integer"}}


@pytest.fixture(autouse=True)
def no_warnings() -> Iterator[None]:
    """Let warnings be what they are for a person, lines on standard error, instead of the errors of the tests."""
    with warnings.catch_warnings(record=True) as found:
        warnings.simplefilter("always")
        yield
    assert [] == [str(warning.message) for warning in found]


def _call(location: str, style: str, schema: dict[str, Any], *words: str) -> Result:
    path = "/a/{x}" if location == "path" else "/a"
    save_api(get(path, "a", parameter("x", schema, location, style=style)))
    run_cli("operations", "./api.json")  # if the style is warned of, once
    return run_cli("./api.json", "a", "--dry-run", "json", *words)


@pytest.mark.sampled(6)
@pytest.mark.parametrize("style", ["cookie", "bogus", "deepObject"])
@pytest.mark.parametrize("location", ["query", "path", "header", "cookie"])
def test_a_value_that_fits_passes_and_another_one_does_not(location: str, style: str) -> None:
    """Both are validated by the type in the document, whatever the style."""
    for words in (("--x", "1", "--x", "2"), ("--x", "3")):
        result = _call(location, style, NUMBERS, *words)
        assert (0, "") == (result.exit_code, result.stderr)
    refused = _call(location, style, {**NUMBERS, "minItems": 2}, "--x", "3")
    assert_ended(refused, 2, "[minItems]")


@pytest.mark.parametrize("style", ["bogus", "form", "deepObject"])
def test_a_header_of_a_response_is_read_in_the_only_style_that_there_is(server: Recorder, style: str) -> None:
    """A header of a response is a finding only if it came and does not fit."""
    header = {"$ref": "#/components/headers/N"}
    response = {"description": "x", "headers": {"X-N": header}}
    made = api_of(
        get("/a", responses={"200": response}),
        server=server,
        components={"headers": {"N": {"style": style, "schema": NUMBERS}}},
    )
    for headers, code in (({}, 0), ({"X-N": "1,2"}, 0), ({"X-N": "1,x"}, 9)):
        server.responses["/a"] = Response(body=b"", headers=headers)
        assert code == run_cli(save(made), "a", "--validate", "strict").exit_code
