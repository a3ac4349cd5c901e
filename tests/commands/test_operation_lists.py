"""Lists of operations show name, method, path and summary."""

import pytest

from tests.documents import delete, get, parameter, save_api
from tests.harness import run_cli

LONG = "/tenants/{tenant}/projects/{project}/" + "deeper/" * 12 + "end"


@pytest.fixture(name="api")
def _api() -> str:
    in_path = [parameter(name, {"type": "string"}, "path") for name in ("tenant", "project")]
    return save_api(
        get("/pets", "listPets", summary="List\n", tags=["pets"]),
        get("/toys", "listToys", summary="List", tags=["pets"], deprecated=True),
        delete(LONG, "endIt", *in_path, summary="End what has begun", tags=["pets"]),
    )


def test_operations_with_one_summary_are_told_apart(api: str) -> None:
    """Method and path stand between the name and the summary, which is one line; in a pipe nothing is cut."""
    lines = run_cli("operations", api, "-o", "text").stdout.splitlines()
    assert [
        ["list-pets", "GET", "/pets", '"List"'],
        ["list-toys", "GET", "/toys", '"List"', "(deprecated)"],
        ["end-it", "DELETE", LONG, '"End', "what", "has", 'begun"'],
    ] == [line.split() for line in lines]


@pytest.mark.parametrize("width", [60, 80, 100, 120])
def test_a_list_fits_the_width(api: str, monkeypatch: pytest.MonkeyPatch, width: int) -> None:
    """If there is no room for a path and a summary, both are cut, and neither is left out; a pipe has them whole."""
    monkeypatch.setenv("COLUMNS", str(width))
    monkeypatch.setenv("NO_COLOR", "1")
    lines = run_cli(api, "pets", "--help", terminal=("stdout",)).stdout.splitlines()
    line = next(line for line in lines if line.startswith("  end-it"))
    assert width >= len(line)
    assert "DELETE /tenants/" in line
    assert "End what" in line
    for words in (["pets"], ["pets", "--help"]):
        assert f'DELETE {LONG}  "End what has begun"' in run_cli(api, *words).stdout
