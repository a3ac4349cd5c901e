"""Downloads of a Python program: into a file, and on with what is there of it."""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import dynacli
from dynacli.client.api_client import Api
from dynacli.errors import FileError, HttpError, NetworkError
from tests.documents import operation, parameter, save_api
from tests.harness import Recorder, Response

_TYPE = "application/octet-stream"
_CONTENT = b"content" * 100
_HEADERS = {"Content-Type": _TYPE, "ETag": '"v1"'}
_BROKEN = Response(200, _CONTENT[:50], {**_HEADERS, "Content-Length": "700", "Connection": "close"})


@pytest.fixture
def api(server: Recorder) -> Iterator[Api]:
    """An API with a file, which may have at most 600 bytes."""
    schema: dict[str, Any] = {"type": "string", "format": "binary", "maxLength": 600}
    responses = {"200": {"description": "", "content": {_TYPE: {"schema": schema}}}}
    get = operation("get-file", parameter("id", {"type": "integer"}), responses=responses)
    with dynacli.open_api(save_api({"/file": {"get": get}}, server=server)) as opened:
        yield opened


@pytest.mark.parametrize("resume", [False, True])
def test_a_response_goes_into_a_file(api: Api, server: Recorder, resume: bool) -> None:
    """It is validated by its size, and not held in memory."""
    server.responses["/file"] = Response(200, _CONTENT, _HEADERS)
    response = api.download("get-file", Path("out"), id=3, resume=resume)
    assert (200, b"", _CONTENT, "/file?id=3") == (
        response.status,
        response.content,
        Path("out").read_bytes(),
        server.last.target,
    )
    assert ["maxLength"] == [finding.rule for finding in response.findings]


def test_a_download_goes_on(api: Api, server: Recorder) -> None:
    """The rest is asked for, and a file that got shorter is downloaded again."""
    server.responses["/file"] = _BROKEN
    with pytest.raises(NetworkError):
        api.download("get-file", "out", resume=True)
    assert 50 == os.path.getsize("out.part")
    rest = {**_HEADERS, "Content-Range": "bytes 50-699/700"}
    server.responses["/file"] = Response(206, _CONTENT[50:], rest)
    response = api.download("get-file", "out", resume=True)
    assert (206, (), _CONTENT) == (response.status, response.findings, Path("out").read_bytes())
    assert ["bytes=50-"] == server.last.headers["range"]


@pytest.mark.parametrize(("size", "status"), [(50, 206), (20, 200)], ids=["complete", "shorter"])
def test_nothing_is_missing(api: Api, server: Recorder, size: int, status: int) -> None:
    """416 says how much there is: as much as the part has, or less."""
    server.responses["/file"] = _BROKEN
    with pytest.raises(NetworkError):
        api.download("get-file", "out", resume=True)
    server.responses["/file"] = lambda request: (
        Response(416, b"", {"Content-Range": f"bytes */{size}"})
        if "range" in request.headers
        else Response(200, _CONTENT[:size], _HEADERS)
    )
    response = api.download("get-file", "out", resume=True)
    assert (status, _CONTENT[:size]) == (response.status, Path("out").read_bytes())


def test_what_is_no_success_is_no_file(api: Api, server: Recorder) -> None:
    """Its body is that of the response, and a file that is there stays."""
    Path("out").write_bytes(b"mine")
    server.responses["/file"] = Response(404, b"none", {"Content-Type": "text/plain"})
    response = api.download("get-file", "out")
    assert (404, b"none", b"mine") == (response.status, response.content, Path("out").read_bytes())
    with pytest.raises(HttpError):
        response.raise_for_status()
    server.responses["/file"] = Response(200, _CONTENT, _HEADERS)
    with pytest.raises(FileError):
        api.download("get-file", "nowhere/out")
