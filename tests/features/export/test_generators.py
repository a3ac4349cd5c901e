"""What `dynacli document` prints, given to programs that generate from documents, validate them and mock them."""

import json
import os
import urllib.request
from pathlib import Path

import pytest

from dynacli.registry.demo_facts import API_KEYS, DemoServer
from tests.harness import run_cli
from tests.npm_programs import program, run_program
from tests.request.prism import ask

pytestmark = [pytest.mark.exhaustive, pytest.mark.outside]

# Before a test begins: in a test no variable of dynacli's is left.
_GENERATOR = Path(os.environ.get("DYNACLI_TEST_GENERATOR", ""))


def _document(source: str = "demo") -> str:
    """Write the document of the demo API as one file, and return its name."""
    made = run_cli("document", source, "--bundled")
    assert 0 == made.exit_code, made.stderr
    Path("demo.json").write_text(made.stdout, encoding="utf-8")
    return "demo.json"


def test_the_types_compile() -> None:
    """What openapi-typescript makes of it is right for a strict compiler."""
    generate, compile_ = program("openapi-typescript"), program("tsc")
    made = run_program(generate, _document(), "-o", "demo.ts")
    assert 0 == made.returncode, made.stderr
    ended = run_program(compile_, "--noEmit", "--strict", "demo.ts")
    assert 0 == ended.returncode, ended.stdout
    assert "searchRuns" in Path("demo.ts").read_text(encoding="utf-8")


def test_the_linters_find_no_error() -> None:
    """Redocly and Spectral warn at most."""
    redocly, spectral = program("redocly"), program("spectral")
    name = _document()
    ended = run_program(redocly, "lint", name)
    assert 0 == ended.returncode, ended.stdout + ended.stderr
    Path(".spectral.yaml").write_text('extends: ["spectral:oas"]\n', encoding="utf-8")
    ended = run_program(spectral, "lint", "--fail-severity=error", name)
    assert 0 == ended.returncode, ended.stdout + ended.stderr


def test_prism_mocks_it() -> None:
    """Prism reads it, and accepts the example of each operation."""
    program("prism")
    report = ask(Path(_document()), "demo")
    assert "" == report.refusal
    assert ([], []) == (report.reasons, report.unanswered)
    assert report.called == report.accepted > 20


_LIST_RUNS = """
import sys, openapi_client as client
url, key = sys.argv[1:]
with client.ApiClient(client.Configuration(host=url, access_token=key)) as connection:
    response = client.RunsApi(connection).search_runs(page_size=3)
print(*(run.id for run in response.rows))
"""


def test_generated_clients(stand_in: DemoServer) -> None:
    """The client for TypeScript compiles, and the one for Python lists the runs of the demo API."""
    if not _GENERATOR.name:
        pytest.skip(
            "openapi-generator is not installed (set DYNACLI_TEST_GENERATOR to the folder that has it)"
        )
    compile_, jar = program("tsc"), str(_GENERATOR / "openapi-generator-cli.jar")
    generate = ("java", "-XX:TieredStopAtLevel=1", "-jar", jar, "generate")
    name = _document(stand_in.document_url)
    for language in ("python", "typescript-fetch"):
        made = run_program(*generate, "-g", language, "-i", name, "-o", language)
        assert 0 == made.returncode, made.stdout + made.stderr
    ended = run_program(compile_, "--noEmit", "--strict", "--target", "es2020", "typescript-fetch/index.ts")
    assert 0 == ended.returncode, ended.stdout
    python, key = str(_GENERATOR / "python" / "bin" / "python"), API_KEYS["owner"]
    url = f"{stand_in.origin}/api/armature/v1"
    listed = run_program(python, "-c", _LIST_RUNS, url, key, PYTHONPATH="python")
    assert 0 == listed.returncode, listed.stderr
    request = urllib.request.Request(f"{url}/runs?pageSize=3", headers={"Authorization": f"Bearer {key}"})
    with urllib.request.urlopen(request) as response:
        assert [run["id"] for run in json.load(response)["rows"]] == listed.stdout.split()
