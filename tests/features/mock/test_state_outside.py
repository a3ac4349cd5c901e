"""Schemathesis uses a mock with state: what it created is there, and what it deleted is gone."""

import os
import subprocess
from pathlib import Path

import pytest

from tests.features.mock.mocked import mocked
from tests.real_documents import own_and_real

# Before a test begins: in a test no variable of dynacli's is left.
_INTERPRETER = os.environ.get("DYNACLI_TEST_SCHEMATHESIS", "")
_CHECKS = (
    *("not_a_server_error", "content_type_conformance", "response_schema_conformance"),
    *("use_after_free", "ensure_resource_availability"),
)
_SECONDS = 20
_WITHOUT_404 = frozenset({"bookshop.yaml"})
"""Documents that do not say what happens if an item does not exist."""


@pytest.mark.outside
@pytest.mark.sampled(0, 1)
@pytest.mark.parametrize("path", own_and_real(["bookshop.yaml"], ["museum.yaml", "petstore3.yaml"]))
def test_schemathesis_finds_nothing(path: Path) -> None:
    """In its stateful phase, which links the operations that create, read, change and delete an item."""
    if not Path(_INTERPRETER).is_file():
        pytest.skip(
            "Schemathesis is not installed (set DYNACLI_TEST_SCHEMATHESIS to an interpreter that has it)"
        )
    checks = [*_CHECKS, *([] if path.name in _WITHOUT_404 else ["status_code_conformance"])]
    with mocked(str(path), is_stateful=True) as running:
        run = subprocess.run(
            [
                *(
                    Path(_INTERPRETER).with_name("st"),
                    "run",
                    path,
                    "--url",
                    f"http://127.0.0.1:{running.port}{running.base_path}",
                ),
                *("--phases", "stateful", "--mode", "positive", "--checks", ",".join(checks)),
                *("--max-time", str(_SECONDS), "--seed", "1", "--generation-database", "none", "--no-color"),
                *(
                    "-H",
                    "Authorization: Bearer any"
                    if path.name != "museum.yaml"
                    else "Authorization: Basic YTpi",
                ),
                *("-H", "api_key: any", "-H", "X-Api-Key: any"),
            ],
            capture_output=True,
            text=True,
            timeout=20 * _SECONDS,
            check=False,
        )
    assert 0 == run.returncode, run.stdout[-10_000:] + run.stderr[-2_000:]
    from_state = {
        exchange.recorded.request.method
        for exchange in running.reported
        if exchange.source.startswith("state")
    }
    assert {"GET", "POST", "DELETE"} <= from_state
