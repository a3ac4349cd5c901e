"""What someone can do who writes into the cache: change what an API looks like, and nothing that a person has said."""

import json
import os
import shutil
from pathlib import Path
from typing import Any

import pytest

from dynacli.openapi.document.fetched import Fetched
from dynacli.registry.revisions.referenced_files import ReferencedFiles, write_archive
from dynacli.registry.revisions.revisions import revision_of
from tests.documents import document, operation, parameter, save_api
from tests.harness import Recorder, Response, recording, run_cli
from tests.served_document import DAY, Served, age

_BEARER = {"b": {"type": "http", "scheme": "bearer"}}
_ID = parameter("id", {"type": "string"}, "path")


def _document(server: str, *parameters: dict[str, Any], **components: Any) -> dict[str, Any]:
    thing = {"get": operation("get-thing", _ID, *parameters), "delete": operation("remove-thing", _ID)}
    made = document({"/things/{id}": thing}, [server], security=[{"b": []}])
    return {**made, "components": {"securitySchemes": _BEARER, **components}}


@pytest.fixture
def served(server: Recorder, monkeypatch: pytest.MonkeyPatch) -> Served:
    """A registered API `shop` whose document is at its own server, and of which nothing is refreshed."""
    monkeypatch.setenv("DYNACLI_REFRESH", "never")
    server.responses["/things/1"] = Response()
    found = Served(server, _document(server.origin))
    assert 0 == run_cli("api", "add", "shop", found.url).exit_code
    return found


def _forge(home: Path, served: Served, forged: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> None:
    """Put into the cache what dynacli itself would make of another document at the same URL."""
    before = served.recorder.responses["/openapi.json"]
    served.has(forged)
    monkeypatch.setenv("DYNACLI_CACHE_DIR", str(home / "other"))
    assert 0 == run_cli("shop").exit_code
    monkeypatch.setenv("DYNACLI_CACHE_DIR", str(home / "cache"))
    shutil.rmtree(home / "cache")
    (home / "other").rename(home / "cache")
    served.recorder.responses["/openapi.json"] = before
    served.recorder.requests.clear()


def _deletes(server: Recorder) -> int:
    return sum(request.method == "DELETE" for request in server.requests)


def test_nothing_there_stands_for_the_configuration(home: Path, served: Served) -> None:
    """A policy holds, and no command runs, whatever a file in the cache says that the configuration says."""
    path, ran = home / "config" / "config.toml", home / "ran"
    with path.open("a") as file:
        file.write('[apis.shop.policy]\ndeny = ["DELETE"]\n')
    stat = path.stat()
    entry = {"source": served.url, "auth": {"b": {"token": f"command:touch {ran}"}}}
    stamp = [stat.st_dev, stat.st_ino, stat.st_size, stat.st_mtime_ns, stat.st_ctime_ns]
    forged = json.dumps([str(path), stamp, {"apis": {"shop": entry}}])
    (home / "cache" / "configuration.json").write_text(forged)
    exit_codes = [
        run_cli("shop", *words).exit_code for words in (("remove-thing", "1", "--yes"), ("get-thing", "1"))
    ]
    assert ([11, 10], 0, False) == (exit_codes, _deletes(served.recorder), ran.exists())


@pytest.mark.usefixtures("served")
def test_opening_writes_nothing_of_the_configuration_there(home: Path) -> None:
    """The cache has documents alone."""
    path = home / "config" / "config.toml"
    os.utime(path, (1_000_000_000, 1_000_000_000))
    assert 0 == run_cli("shop").exit_code
    assert ["documents"] == os.listdir(home / "cache")


@pytest.mark.parametrize("kind", ["variable", "stored", "configured"])
def test_no_credential_goes_elsewhere(
    home: Path, served: Served, kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A forged catalog names another server; the origins that a person accepted are not in the cache."""
    if kind == "stored":
        signed_in = run_cli(
            "auth", "login", "shop", "--with-token", "--store", "file", stdin=b"canary-of-the-store"
        )
        assert 0 == signed_in.exit_code
    elif kind == "configured":
        with (home / "config" / "config.toml").open("a") as file:
            file.write('[apis.shop.auth.b]\ntoken = "env:SHOP"\n')
        monkeypatch.setenv("SHOP", "canary-of-the-configuration")
    else:
        monkeypatch.setenv("DYNACLI_SHOP_TOKEN", "canary-of-the-variable")
    with recording() as other:
        other.responses["/things/1"] = Response()
        _forge(home, served, _document(other.origin), monkeypatch)
        refused = run_cli("shop", "get-thing", "1")
    assert (11, []) == (refused.exit_code, other.requests), refused.stderr


def test_a_base_that_the_cache_names_is_accepted_by_nobody(
    home: Path, served: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A relative server counts from the URI in the pointer, and the accepted origin from the configuration."""
    served.has(_document("/"))
    assert 0 == run_cli("api", "refresh", "shop").exit_code
    monkeypatch.setenv("DYNACLI_SHOP_TOKEN", "canary-of-the-variable")
    with recording() as other:
        other.responses["/things/1"] = Response()
        for path in (home / "cache").rglob("*.json"):
            path.write_text(
                path.read_text().replace(f'"uri": "{served.url}"', f'"uri": "{other.origin}/openapi.json"')
            )
        refused = run_cli("shop", "get-thing", "1")
    assert (11, []) == (refused.exit_code, other.requests), refused.stderr


def test_a_policy_about_methods_holds(home: Path, served: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    """Names and tags are the document's; methods and `read_only` hold whatever the cache calls an operation."""
    with (home / "config" / "config.toml").open("a") as file:
        file.write('[apis.shop.policy]\ndeny = ["DELETE"]\n')
    forged = _document(served.recorder.origin)
    forged["paths"]["/things/{id}"]["delete"]["operationId"] = "get-thing"
    forged["paths"]["/things/{id}"]["get"]["operationId"] = "remove-thing"
    _forge(home, served, forged, monkeypatch)
    monkeypatch.setenv("DYNACLI_SHOP_TOKEN", "canary-of-the-variable")
    assert 11 == run_cli("shop", "get-thing", "1", "--yes").exit_code
    assert 0 == _deletes(served.recorder)


def test_a_value_that_the_cache_names_reads_no_file(
    home: Path, served: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A default of `@FILE` in a forged catalog is that text."""
    secret = home / "secret"
    secret.write_text("canary-of-a-file")
    word = parameter("word", {"type": "string", "default": f"@{secret}"}, required=True)
    _forge(home, served, _document(served.recorder.origin, word), monkeypatch)
    monkeypatch.setenv("DYNACLI_SHOP_TOKEN", "canary-of-the-variable")
    run_cli("shop", "get-thing", "1")
    assert "canary-of-a-file" not in str(served.recorder.requests)


def test_what_references_may_lead_to_is_not_in_the_cache(home: Path, served: Served) -> None:
    """A refresh in the background asks no host that a forged pointer allows."""
    with recording() as other:
        other.responses["/part.json"] = Response(200, b'{"type": "string"}')
        (pointer,) = (home / "cache").rglob("current.json")
        pointer.write_text(json.dumps({**json.loads(pointer.read_text()), "allow_refs": [other.origin]}))
        parts = {"Part": {"$ref": f"{other.origin}/part.json"}}
        served.has(_document(served.recorder.origin, schemas=parts))
        age(home, 8 * DAY)
        run_cli("__refresh", "shop")
    assert (2, []) == (len(served.asked), other.requests)


@pytest.mark.parametrize("number", ["7", "x"])
def test_an_archive_does_not_say_what_is_read(home: Path, number: str) -> None:
    """A forged archive with further files than the configuration has counts as lost."""
    name = save_api()
    assert 0 == run_cli("api", "add", "shop", name).exit_code
    (pointer,) = (home / "cache").rglob("current.json")
    found = json.loads(pointer.read_text())
    content = Path(name).read_bytes()
    files = ReferencedFiles({f"{found['uri']}#{number}": Fetched(b"{}", uri=found["uri"])})
    revision = revision_of(content, files, found["uri"])
    write_archive(str(pointer.with_name(f"{revision}.parts.zip")), files)
    pointer.with_name(f"{revision}.document").write_bytes(content)
    forged = {**found, "revision": revision, "root": revision_of(content), "parts": "", "size": 1}
    pointer.write_text(json.dumps(forged))
    result = run_cli("shop")
    assert 0 == result.exit_code, result.stderr
