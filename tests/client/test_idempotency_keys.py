"""An operation that declares the header `Idempotency-Key` gets a new value for each call."""

from typing import Any

import pytest

from tests.documents import operation, parameter, post, save_api
from tests.harness import Recorder, Response, run_cli

_KEY = parameter("Idempotency-Key", {"type": "string"}, "header")


@pytest.mark.parametrize(
    ("schema", "length"),
    [
        ({"type": "string"}, 36),
        ({}, 36),
        ({"type": "string", "format": "uuid", "pattern": "^[0-9a-f-]+$"}, 36),
        ({"type": "string", "maxLength": 32}, 32),
        ({"type": "string", "maxLength": 8}, 0),
        ({"type": "string", "minLength": 64}, 0),
        ({"type": "string", "enum": ["a"]}, 0),
        ({"type": "string", "pattern": "^k"}, 0),
        ({"type": "integer"}, 0),
    ],
    ids=str,
)
def test_a_key_is_made_that_fits(server: Recorder, schema: dict[str, Any], length: int) -> None:
    """An operation that declares the header gets a value that its schema allows, if a random one can be."""
    key = parameter("idempotency-key", schema, "header")
    api = save_api(post("/a", "post-a", key), server=server)
    server.responses["/a"] = Response()
    assert 0 == run_cli(api, "post-a").exit_code
    assert length == len("".join(server.last.headers.get("idempotency-key", [])))


def test_all_tries_of_a_call_have_one_key(server: Recorder) -> None:
    """The next call has another one, `-v` shows it, and a value that was given stays."""
    busy = iter((503, 503))
    server.responses["/a"] = lambda _: Response(next(busy, 200))
    api = save_api(post("/a", "post-a", _KEY), server=server)
    result = run_cli(api, "post-a", "-v")
    run_cli(api, "post-a")
    keys = [request.headers["idempotency-key"] for request in server.requests]
    assert (True, 2) == (keys[0] == keys[1] == keys[2], len({str(key) for key in keys}))
    assert f"> Idempotency-Key: {keys[0][0]}" in result.stderr
    for words in (("--idempotency-key", "mine"), ("-H", "Idempotency-Key: mine")):
        run_cli(api, "post-a", *words)
        assert ["mine"] == server.last.headers["idempotency-key"]


def test_each_call_of_a_check_has_a_key_of_its_own(server: Recorder) -> None:
    """With the example of the document the server would take them for the same call."""
    key = {**_KEY, "required": True, "example": "same"}
    paths = {f"/{name}": {"post": operation(f"post-{name}", key)} for name in "ab"}
    server.responses.update({path: Response() for path in paths})
    run_cli("check", save_api(paths, server=server), "--operation", "post-*", "--yes")
    keys = ["".join(request.headers["idempotency-key"]) for request in server.requests]
    assert (2, {36}) == (len(set(keys)), set(map(len, keys)))
    run_cli("check", "./api.json", "--operation", "post-a", "--set", "idempotency-key=mine")
    assert ["mine"] == server.last.headers["idempotency-key"]


def test_a_required_key_is_made_too(server: Recorder) -> None:
    """It is nothing that a person has to give."""
    api = save_api(post("/a", "post-a", {**_KEY, "required": True}), server=server)
    assert 0 == run_cli(api, "post-a", "--dry-run").exit_code
