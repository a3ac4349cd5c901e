"""`dynacli read`: a prefix that a script or an agent can be allowed, since its calls change nothing."""

import pytest

from tests.documents import document, operation, save
from tests.harness import Answer, Recorder, run_cli

METHODS = ("get", "head", "options", "trace", "post", "put", "patch", "delete")
SAFE = ("get", "head", "options", "trace")


@pytest.fixture
def things(server: Recorder) -> str:
    """A document that has an operation of each method."""
    paths = {"/things": {method: operation(f"{method}Thing", tags=["things"]) for method in METHODS}}
    server.answers["/things"] = Answer(body=b"{}")
    return save(document(paths, [server.origin]), "api.json")


@pytest.mark.parametrize("method", METHODS)
def test_what_may_change_something_is_refused(method: str, things: str, server: Recorder) -> None:
    """Only safe methods are called; the others are refused before anything else is looked at."""
    words = ["read", things, f"{method}-thing", *([] if method in SAFE else ["--no-such-option"])]
    result = run_cli(*words)
    assert (0 if method in SAFE else 11, int(method in SAFE)) == (result.exit_code, len(server.requests))
    if method not in SAFE:
        assert "may change something" in result.stderr


@pytest.mark.parametrize(
    ("words", "code"),
    [
        pytest.param(["things", "get-thing"], 0, id="by-tag"),
        pytest.param(["things", "post-thing"], 11, id="by-tag-refused"),
        pytest.param(["GET", "/things"], 0, id="by-path"),
        pytest.param(["POST", "/things"], 11, id="by-path-refused"),
        pytest.param(["post-thing", "--dry-run"], 11, id="not-even-shown"),
        pytest.param(["post-thing", "--help"], 0, id="its-help"),
    ],
)
def test_an_operation_is_named_as_without_it(words: list[str], code: int, things: str) -> None:
    """Everything behind `read` is what stands behind `dynacli`."""
    assert code == run_cli("read", things, *words).exit_code


def test_the_stand_in_can_be_read() -> None:
    """`demo` is an API here, whose server nobody can keep running by it."""
    assert 0 == run_cli("read", "demo", "list-workflows").exit_code
    assert 11 == run_cli("read", "demo", "create-workflow", "--name", "x").exit_code
    assert 2 == run_cli("read", "demo", "serve").exit_code


def test_no_verb_is_read() -> None:
    """A verb behind `read` is an API that there is not."""
    result = run_cli("read", "cache", "clear")
    assert 2 == result.exit_code
    assert "prefix" in run_cli("read", "--help").stdout


@pytest.mark.parametrize("header", ["X-HTTP-Method-Override", "x-method-override", "X-HTTP-Method"])
def test_a_header_makes_no_other_method_of_it(header: str, server: Recorder) -> None:
    """A GET with such a header, from an option or an input of the document, is refused: servers may delete."""
    declared = [{"name": header, "in": "header", "schema": {"type": "string"}}]
    paths = {"/a": {"get": operation("getA")}, "/b": {"get": operation("getB", parameters=declared)}}
    api = save(document(paths, [server.origin]), "api.json")
    server.answers["/a"] = server.answers["/b"] = Answer()
    by_option = run_cli("read", api, "get-a", "-H", f"{header}: DELETE")
    by_input = run_cli("read", api, "get-b", f"--{header.lower()}", "delete")
    assert (11, 11, 0) == (by_option.exit_code, by_input.exit_code, len(server.requests))
    assert "A header asks for DELETE, which may change something" in by_option.stderr
    assert 0 == run_cli("read", api, "get-b", f"--{header.lower()}", "GET").exit_code


def test_it_chooses_no_origin_for_a_credential(server: Recorder) -> None:
    """Another server gets the request without the credential, and no option of the call accepts its origin."""
    server.answers["/a"] = Answer()
    api = save(document({"/a": {"get": operation("getA")}}, ["https://api.example.com"]))
    words = (api, "get-a", "--server", server.origin, "--accept-origin", server.origin)
    result = run_cli("read", *words)
    assert (11, 0) == (result.exit_code, len(server.requests))
    assert server.origin in result.stderr
    assert (0, 0) == (run_cli(*words).exit_code, run_cli("read", *words[:4]).exit_code)
