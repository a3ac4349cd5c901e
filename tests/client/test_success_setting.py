"""The setting `success`: a 2xx whose body says that the call failed is an error."""

import json
import re
from pathlib import Path

import pytest

import dynacli
from dynacli.errors import HttpError
from tests.documents import pets, register
from tests.harness import Recorder, Response, json_response, run_cli

_REFUSED = {"code": 1, "message": "padID does not exist", "data": None}
_SUCCESS = "success=code == `0`"


@pytest.fixture(name="shop")
def _shop(server: Recorder) -> Recorder:
    """The API `shop`, whose responses say with `code` whether the call failed."""
    register("shop", pets("1", server.origin))
    server.responses["/pets"] = json_response(_REFUSED)
    assert 0 == run_cli("api", "set", "shop", _SUCCESS).exit_code
    return server


@pytest.mark.sampled(3)
@pytest.mark.usefixtures("shop")
@pytest.mark.parametrize(
    "words",
    [
        (),
        ("-o", "table"),
        ("-o", "json"),
        ("--all",),
        ("-f", "[].id"),
        ("--validate", "off"),
        ("--wait", "data"),
    ],
)
def test_a_body_that_says_that_the_call_failed_is_an_error(words: tuple[str, ...]) -> None:
    """The exit code is 4, the reason is the server's sentence, and the whole response is on standard output."""
    result = run_cli("shop", "list-pets", *words, "--error-format", "json")
    assert (4, "http") == (result.exit_code, result.error["kind"])
    assert 'The server says: "padID does not exist"' == result.error["reason"]
    assert "code == `0`" in result.error["hint"]
    assert _REFUSED == result.json


def test_a_body_that_says_that_the_call_went_well_is_none(shop: Recorder) -> None:
    """Neither is a body that has no value, which says nothing."""
    for response in (json_response({"code": 0, "data": []}), Response(204, b"", {})):
        shop.responses["/pets"] = response
        assert 0 == run_cli("shop", "list-pets", "--validate", "off").exit_code
    shop.responses["/pets"] = json_response(_REFUSED, 500)
    assert 5 == run_cli("shop", "list-pets", "--validate", "off").exit_code


def test_a_body_without_what_the_expression_is_about_is_an_error(shop: Recorder) -> None:
    """A function that fails on it is no success either."""
    assert 0 == run_cli("api", "set", "shop", "success=length(errors) == `0`").exit_code
    assert 4 == run_cli("shop", "list-pets", "--validate", "off").exit_code
    shop.responses["/pets"] = json_response({"errors": []})
    assert 0 == run_cli("shop", "list-pets", "--validate", "off").exit_code


@pytest.mark.usefixtures("shop")
def test_a_failure_is_one_for_batch_check_history_and_python() -> None:
    """Whatever makes calls knows it as it knows a 4xx."""
    Path("rows.ndjson").write_text("{}\n")
    batch = run_cli("batch", "shop", "list-pets", "rows.ndjson", "--validate", "off")
    assert 4 == json.loads(batch.stdout)["exit_code"]
    assert 0 != batch.exit_code
    run_cli("shop", "list-pets", "--validate", "off")
    assert "list-pets" in run_cli("history", "--failed").stdout
    with dynacli.open_api("shop") as shop_api:
        response = shop_api.call("list-pets")
    with pytest.raises(HttpError, match="says that the call failed"):
        response.raise_for_status()
    checked = run_cli("check", "shop", "--operation", "list-pets").stdout
    assert re.search(r'Failed, as the body says\n +list-pets: "padID does not exist"', checked), checked
    assert "only failures" in checked


@pytest.mark.usefixtures("shop")
@pytest.mark.parametrize("cache", ["10m", "auto", "revalidate"])
def test_a_failure_is_not_stored(shop: Recorder, cache: str) -> None:
    """The next call asks the server again; nor does a stored failure count that came before the setting."""
    failed = Response(
        200,
        json.dumps(_REFUSED).encode(),
        {"Content-Type": "application/json", "ETag": '"1"', "Cache-Control": "max-age=600"},
    )
    words = ("shop", "list-pets", "--validate", "off", "--cache", cache)
    assert 0 == run_cli("api", "set", "shop", "success=@").exit_code
    shop.responses["/pets"] = failed
    assert 0 == run_cli(*words).exit_code  # it is stored
    assert 0 == run_cli("api", "set", "shop", _SUCCESS).exit_code
    shop.responses["/pets"] = lambda request: Response(304) if "If-None-Match" in request.headers else failed
    assert [4, 4, 4] == [run_cli(*words).exit_code for _ in range(3)]
    asked = len(shop.requests)
    shop.responses["/pets"] = json_response(
        {"code": 0, "data": []}, ETag='"2"', **{"Cache-Control": "max-age=600"}
    )
    assert (0, asked + 1) == (run_cli(*words).exit_code, len(shop.requests))
    assert "If-None-Match" not in shop.last.headers


@pytest.mark.usefixtures("shop")
def test_a_failure_of_a_python_call_has_its_exit_code_in_the_history() -> None:
    """As the command line has it."""
    with dynacli.open_api("shop", validate="off") as shop_api:
        shop_api.call("list-pets")
    assert [4] == [row["exit_code"] for row in run_cli("history", "-o", "json").json]


@pytest.mark.usefixtures("shop")
def test_a_profile_has_its_own_expression() -> None:
    """It counts before the expression of the API."""
    assert 0 == run_cli("api", "set", "shop", "success=code == `1`", "--profile", "old").exit_code
    assert 0 == run_cli("shop", "list-pets", "--validate", "off", "--profile", "old").exit_code


@pytest.mark.parametrize("expression", ["code ==", "nope(@)", "code = 0", "'"])
def test_a_wrong_expression_is_refused_when_it_is_set(shop: Recorder, expression: str) -> None:
    """With 2, and the configuration stays as it is."""
    result = run_cli("api", "set", "shop", f"success={expression}", "--error-format", "json")
    assert 2 == result.exit_code
    assert "`success`" in result.error["message"] + result.error["reason"]
    assert 4 == run_cli("shop", "list-pets", "--validate", "off").exit_code
    assert shop.requests
