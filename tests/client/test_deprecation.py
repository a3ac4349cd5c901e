"""A server that is going to end an operation is heard, once a day."""

import pytest

from tests.documents import get, save_api
from tests.harness import Recorder, json_response, run_cli


def _note(server: Recorder, **headers: str) -> str:
    server.responses["/things"] = json_response(
        [], **{name.replace("_", "-"): text for name, text in headers.items()}
    )
    return run_cli(save_api(get("/things", "listThings"), server=server), "list-things").stderr


@pytest.mark.parametrize(
    ("headers", "said"),
    [
        ({"Deprecation": "@1767225600"}, "`list-things` is deprecated since 2026-01-01\n"),
        ({"Deprecation": "true"}, "`list-things` is deprecated\n"),
        ({"Deprecation": "Thu, 01 Jan 2026 00:00:00 GMT"}, "is deprecated since 2026-01-01\n"),
        ({"Deprecation": "@7258118400"}, "is deprecated from 2200-01-01\n"),
        ({"Sunset": "Wed, 01 Jan 2200 00:00:00 GMT"}, "`list-things` ends on 2200-01-01\n"),
        ({"Sunset": "Thu, 01 Jan 2026 00:00:00 GMT"}, "`list-things` ended on 2026-01-01\n"),
        (
            {
                "Deprecation": "@1767225600",
                "Sunset": "Wed, 01 Jan 2200 00:00:00 GMT",
                "Link": '</end>; rel="sunset"',
            },
            "is deprecated since 2026-01-01 and ends on 2200-01-01; see http://127.0.0.1:",
        ),
    ],
)
def test_the_headers_are_a_sentence(server: Recorder, headers: dict[str, str], said: str) -> None:
    """With the days, and the page that the server names."""
    assert said in _note(server, **headers)


@pytest.mark.parametrize(
    "headers", [{"Deprecation": "soon"}, {"Sunset": "@x"}, {"Deprecation": "@999999999999"}, {}]
)
def test_what_cannot_be_read_is_no_note(server: Recorder, headers: dict[str, str]) -> None:
    """Nor is a date that no calendar has."""
    assert "" == _note(server, **headers)


def test_it_is_said_once_a_day(server: Recorder) -> None:
    """For each operation."""
    assert "is deprecated" in _note(server, Deprecation="true")
    assert "" == _note(server, Deprecation="true")
