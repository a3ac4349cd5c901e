"""`check --write` finds nothing in a mock with state, so that each tests the other."""

import os
from pathlib import Path

import pytest

from tests.features.mock.mocked import mocked
from tests.harness import run_cli
from tests.real_documents import own_and_real

_REAL = (
    *(
        "adyen-management-v3.yaml",
        "box.json",
        "chromadb.json",
        "datadog-v1.yaml",
        "discord.json",
        "figma.yaml",
    ),
    *("digitalocean/DigitalOcean-public.v2.yaml", "github.json"),
    *("gitea.json", "hcloud.json", "httpbin.json", "klaviyo.json", "meilisearch.json", "museum.yaml"),
    *("netlify.yml", "petstore3.yaml", "qdrant.json", "redocly-cafe-3.2.yaml", "scalar-galaxy-3.1.yaml"),
    *("twilio-api-v2010.json", "xero-accounting.yaml"),
    *("learn-openapis/v2.0/json/petstore-expanded.json", "learn-openapis/v3.0/petstore-expanded.yaml"),
    *(f"readme-oas-examples/{name}.yaml" for name in ("petstore-expanded", "petstore", "readme", "security")),
    *(f"readme-oas-examples-3.1/{name}.yaml" for name in ("petstore", "security")),
)
"""Documents with a resource that can be created, read and deleted."""
_LONG = frozenset(
    {"box.json", "DigitalOcean-public.v2.yaml", "github.json", "klaviyo.json", "xero-accounting.yaml"}
)
"""Those that take minutes: `DYNACLI_TEST_ALL=1` runs them, too."""
# Before a test begins: in a test no variable of dynacli's is left.
_RUNS_ALL = bool(os.environ.get("DYNACLI_TEST_ALL"))
_EXCUSED = {
    # Four operations have one path, and only its fragment tells them apart.
    "box.json": {"get-shared-items-folders", "get-shared-items-web-links", "get-shared-items-app-items"},
    # No example of the list of users has the user whom another example names, and no 404 is documented.
    "github.json": {
        "packages-list-docker-migration-conflicting-packages-for-user",
        "activity-list-events-for-authenticated-user",
        "activity-list-public-events-for-user",
        "users-list-followers-for-user",
        "users-list-following-for-user",
        "gists-list-for-user",
        "users-list-gpg-keys-for-user",
        "users-list-public-keys-for-user",
        "orgs-list-for-user",
        "packages-list-packages-for-user",
        "projects-list-for-user",
        "activity-list-received-events-for-user",
        "activity-list-received-public-events-for-user",
        "repos-list-for-user",
        "users-list-social-accounts-for-user",
        "users-list-ssh-signing-keys-for-user",
        "activity-list-repos-watched-by-user",
    },
    # The branches of a `oneOf` allow the same values.
    "klaviyo.json": {
        *("create-campaign", "get-campaign", "update-campaign", "get-campaign-for-campaign-message"),
    },
    # The example of a body has the id of an item in the examples of the list, and no conflict is documented.
    "meilisearch.json": {"create-index"},
    # The document has no success.
    "petstore.yaml": {"add-pet", "delete-order"},
}
"""Name of a document → operations with findings, because the document contradicts itself."""


@pytest.mark.sampled(0)
@pytest.mark.parametrize("path", own_and_real(["bookshop.yaml"], _REAL))
def test_a_writing_check_finds_nothing(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What a check creates is there for its other calls, and everything matches the document."""
    if path.name in _LONG and not _RUNS_ALL:
        pytest.skip("it takes minutes")
    for name in ("TOKEN", "KEY", "USERNAME", "PASSWORD"):
        monkeypatch.setenv(f"DYNACLI_{name}", "any")
    with mocked(str(path), is_stateful=True) as running:
        base = f"http://127.0.0.1:{running.port}"
        words = ("--server", base + running.base_path, "--accept-origin", base, "--validate", "strict")
        result = run_cli("check", str(path), *words, "--write", "--yes", "-o", "json", "--parallel", "1")
    excused = _EXCUSED.get(path.name, set())
    assert [] == [
        (row["operation"], finding["message"])
        for row in result.json
        for finding in row["findings"]
        if row["operation"] not in excused
    ]
    assert not [exchange for exchange in running.reported if exchange.recorded.response is None]
    assert {
        exchange.recorded.response.status for exchange in running.reported if exchange.recorded.response
    } <= {*range(200, 500)}
    assert any(exchange.source.startswith("state") for exchange in running.reported)
