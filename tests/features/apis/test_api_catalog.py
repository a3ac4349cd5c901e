"""`api catalog` gives the registered APIs to other programs, in a form that dynacli itself finds documents by."""

import json
from pathlib import Path

from dynacli.features.apis.discovery._leads import read_linkset
from tests.documents import api_of, get, save, save_api
from tests.harness import Recorder, Response, run_cli


def test_the_catalog(server: Recorder) -> None:
    """Each API has where its calls go and its description; one whose document cannot be had is told and left out."""
    whole = api_of(get("/pets", "listPets"), server="/v1")
    server.responses["/openapi.json"] = Response(
        200, json.dumps(whole).encode(), {"Content-Type": "application/json"}
    )
    run_cli("api", "add", "online", f"{server.origin}/openapi.json")
    run_cli(
        "api",
        "add",
        "local",
        save_api(get("/pets", "a"), server="https://api.example.com/v2"),
    )
    run_cli("api", "add", "gone", save(whole, "gone.json"))
    Path("gone.json").unlink()
    run_cli("cache", "clear")
    result = run_cli("api", "catalog")
    assert result.exit_code == 0
    assert "gone is left out" in result.stderr
    local, online = result.json["linkset"]
    assert ("https://api.example.com/v2", f"{server.origin}/v1") == (local["anchor"], online["anchor"])
    assert [f"{server.origin}/openapi.json"] == [link["href"] for link in online["service-desc"]]
    assert local["service-desc"][0]["href"].startswith("file:///")
    assert [link["href"] for link in (*local["service-desc"], *online["service-desc"])] == [
        lead.reference for lead in read_linkset(result.json)
    ]
    assert (0, "") == (run_cli("api", "catalog", "--out", "catalog.json").exit_code, "")
    assert result.json == json.loads(Path("catalog.json").read_text(encoding="utf-8"))


def test_no_apis() -> None:
    """Without any the catalog is empty."""
    assert {"linkset": []} == run_cli("api", "catalog").json
