"""What a finished call says on a terminal."""

import pytest

from tests.documents import get, parameter, post, save_api
from tests.harness import RecordedRequest, Recorder, Response, json_response, run_cli


@pytest.mark.sampled(3)
@pytest.mark.parametrize(
    ("expression", "said"),
    [
        ("status == 'pass'", "pass after 3 calls, "),
        ('status != `"pending"`', "pass after 3 calls, "),
        ("status == 'pass' && number > `1`", "true after 3 calls, "),
        ("contains(['pass'], status)", "true after 3 calls, "),
    ],
)
def test_a_wait_says_how_long_it_took(server: Recorder, expression: str, said: str) -> None:
    """With the value of the one name that it waited for; a pipe is told nothing."""

    def respond(_request: RecordedRequest) -> Response:
        return json_response({"status": "pass" if len(server.requests) % 3 == 0 else "pending", "number": 2})

    server.responses["/run"] = respond
    words = (save_api(get("/run", "getRun"), server=server), "get-run", "--wait", expression)
    pause = ("--wait-interval", "0.01", "--validate", "off")
    assert said in run_cli(*words, *pause, terminal=("stderr",)).stderr
    assert "after 3 calls" not in run_cli(*words, *pause).stderr


def test_a_single_call_is_no_wait(server: Recorder) -> None:
    """Nothing is said."""
    server.responses["/run"] = json_response({"status": "pass"})
    api = save_api(get("/run", "getRun"), server=server)
    assert "" == run_cli(api, "get-run", "--wait", "status == 'pass'", terminal=("stderr",)).stderr


def test_people_are_told_how_to_read_what_they_created(server: Recorder) -> None:
    """With the id; a pipe is told nothing."""
    item = {"type": "object", "required": ["id"], "properties": {"id": {"type": "string"}}}
    created = {"201": {"description": "", "content": {"application/json": {"schema": item}}}}
    read = {"200": {"description": "", "content": {"application/json": {"schema": item}}}}
    api = save_api(
        post("/pets", "createPet", body={"type": "object"}, responses=created),
        get("/pets/{id}", "getPet", parameter("id", {"type": "string"}, "path"), responses=read),
        server=server,
    )
    server.responses["/pets"] = json_response({"id": "rex"}, 201)
    line = f"next: dynacli {api} get-pet rex\n"
    assert line in run_cli(api, "create-pet", "--body", "{}", terminal=("stderr",)).stderr
    assert "" == run_cli(api, "create-pet", "--body", "{}").stderr
