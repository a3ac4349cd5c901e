"""References of a document on this machine lead to files of a directory that the person allowed, and to no other."""

import json
import os
import time
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.documents import document, load_file, operation, save_files
from tests.harness import Recorder, Response, Result, assert_ended, run_cli

TOY = {"type": "object", "required": ["name"], "properties": {"name": {"type": "string"}}}


def _body(schema: Any) -> dict[str, Any]:
    return {"content": {"application/json": {"schema": schema}}}


def _with_toy(ref: str = "../common/toy.yaml") -> dict[str, Any]:
    """Return a document whose one body is in another file."""
    paths = {
        "/toys": {"post": operation("makeToy", requestBody={"$ref": ref})},
        "/ok": {"get": operation("ok")},
    }
    return document(paths)


@pytest.fixture
def spec() -> Path:
    """A document in `spec` that refers to a file in `common`, both written a while ago."""
    path = save_files({"spec/api.json": _with_toy(), "common/toy.yaml": _body(TOY)})
    _age(path, Path("common/toy.yaml"))
    return path


def _age(*paths: Path) -> None:
    before = time.time_ns() - 60_000_000_000
    for path in paths:
        os.utime(path, ns=(before, before))


def _make(api: str, *words: str) -> Result:
    return run_cli(api, "make-toy", "--name", "ball", *words, "--dry-run", "json")


def test_a_file_of_an_allowed_directory_is_read(spec: Path) -> None:
    """With the directory allowed the operation works; without it, it says what would allow it."""
    refused = _make(str(spec))
    assert (8, "") == (refused.exit_code, refused.stdout)
    assert f"add `--allow-ref {Path('common').resolve()}`" in refused.stderr
    for value in ("common", "./common/", "spec/../common", str(Path("common").resolve())):
        made = _make(str(spec), "--allow-ref", value)
        assert (0, {"name": "ball"}) == (made.exit_code, json.loads(made.json["body"]))
    assert 8 == _make(str(spec)).exit_code


def test_the_value_of_the_hint_can_be_copied(monkeypatch: pytest.MonkeyPatch) -> None:
    """It is quoted for a shell, and means the same in another directory."""
    import shlex

    save_files({"spec/api.json": _with_toy("../my%20parts/toy.yaml"), "my parts/toy.yaml": _body(TOY)})
    api = str(Path("spec/api.json").resolve())
    hint = _make(api).stderr.partition("add `")[2].partition("`")[0]
    monkeypatch.chdir("/")
    assert 0 == _make(api, *shlex.split(hint)).exit_code


def test_an_allowed_file_may_refer_further(spec: Path) -> None:
    """To its neighbours, back to the document, and no further than is allowed."""
    save_files(
        {
            "common/toy.yaml": _body({"allOf": [{"$ref": "deep/base.json"}, {"$ref": "../spec/own.json"}]}),
            "common/deep/base.json": {"type": "object", "properties": {"far": {"$ref": "../../far.json"}}},
            "spec/own.json": TOY,
            "far.json": {"type": "string"},
        }
    )
    document = load_file(spec, str(Path("common").resolve()))
    names = [Path(file.uri.removeprefix("file://")).name for file in document.files]
    assert ["api.json", "toy.yaml", "base.json", "own.json"] == names
    ((message, _),) = document.warnings
    assert "far.json" in message
    assert "outside of the document's directory" in message


def test_links_out_of_an_allowed_directory_are_refused(
    spec: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """What counts is where a file is, not how it is reached; a link to the directory itself is the directory."""
    outside = tmp_path_factory.mktemp("outside")
    (outside / "toy.yaml").write_text(yaml.safe_dump(_body(TOY)))
    Path("common/toy.yaml").unlink()
    Path("common/toy.yaml").symlink_to(outside / "toy.yaml")
    refused = _make(str(spec), "--allow-ref", "common")
    assert_ended(refused, 8, f"`--allow-ref {outside.resolve()}`")
    assert 0 == _make(str(spec), "--allow-ref", str(outside)).exit_code
    Path("link").symlink_to(outside)
    assert 0 == _make(str(spec), "--allow-ref", "link").exit_code


@pytest.mark.parametrize("value", ["common", "alias"])
def test_a_change_in_an_allowed_directory_is_noticed(spec: Path, value: str) -> None:
    """Whatever the directory was called: a changed file, one that goes, and one that comes."""
    Path("alias").symlink_to("common")
    words = ("--allow-ref", value)
    assert 0 == _make(str(spec), *words).exit_code
    file = Path("common/toy.yaml")
    titled = {"type": "object", "properties": {"title": {"type": "string"}}}
    file.write_text(yaml.safe_dump(_body(titled)))
    _age(file)
    assert "--title" in run_cli(str(spec), "make-toy", "--help", *words).stdout
    file.unlink()
    gone = _make(str(spec), *words)
    assert_ended(gone, 8, "There is no file")
    file.write_text(yaml.safe_dump(_body(TOY)))
    assert 0 == _make(str(spec), *words).exit_code


def test_a_registered_api_remembers_the_directory(spec: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """`api add --allow-ref DIRECTORY` keeps it in a form that means the same anywhere; the network is not needed."""
    common = str(Path("common").resolve())
    assert 0 == run_cli("api", "add", "toys", str(spec), "--allow-ref", "common").exit_code
    monkeypatch.chdir("/")
    assert 0 == _make("toys", "--offline").exit_code
    assert [common] == run_cli("api", "show", "toys", "-o", "json").json["allow_refs"]
    bundled = run_cli("document", "toys", "--bundled", "-o", "json")
    assert (0, "") == (bundled.exit_code, bundled.stderr)
    assert _body(TOY) == bundled.json["components"]["requestBodies"]["toy"]


def test_a_directory_in_the_configuration_starts_from_it(spec: Path, home: Path) -> None:
    """A person writes a path as in a shell; a refresh that allows one more keeps it as it was written."""
    config = home / "config" / "config.toml"
    config.parent.mkdir()
    near = os.path.relpath("common", config.parent)
    config.write_text(
        f"[apis.toys]\nsource = {json.dumps(str(spec))}\nallow_refs = [{json.dumps(near)}] # ours\n"
    )
    assert 0 == _make("toys").exit_code
    Path("more").mkdir()
    assert 0 == run_cli("api", "refresh", "toys", "--allow-ref", "more").exit_code
    assert f'allow_refs = ["{near}", "{Path("more").resolve()}"]' in config.read_text()
    assert 0 == _make("toys").exit_code


@pytest.mark.parametrize(
    ("value", "reason"),
    [
        pytest.param("common/toy.yaml", "is a file", id="a file"),
        pytest.param("nowhere", "There is no directory", id="not there"),
        pytest.param("example.com", "There is no directory", id="a host without its scheme"),
        pytest.param("  ", "neither an origin nor a directory", id="blank"),
    ],
)
def test_a_value_that_is_no_directory_is_an_error_of_usage(spec: Path, value: str, reason: str) -> None:
    """It ends with exit code 2 before anything is read."""
    result = run_cli(str(spec), "ok", "--allow-ref", value)
    assert (2, "") == (result.exit_code, result.stdout)
    assert "The value of `--allow-ref` is neither an origin nor a directory" in result.stderr
    assert reason in result.stderr


def test_a_remote_document_never_reaches_a_directory(server: Recorder) -> None:
    """Files of this machine are for documents of this machine, whatever is allowed."""
    ref = save_files({"common/toy.yaml": _body(TOY)}).as_uri()
    server.responses["/api.json"] = Response(
        200, json.dumps(_with_toy(ref)).encode(), {"Content-Type": "application/json"}
    )
    url = f"{server.origin}/api.json"
    result = _make(url, "--allow-ref", "common")
    assert 8 == result.exit_code
    assert "a remote document must not refer to local files" in result.stderr
    stdin = json.dumps(_with_toy(ref)).encode()
    assert 8 == run_cli("-", "make-toy", "--allow-ref", "common", stdin=stdin).exit_code


def test_a_refused_file_is_not_looked_at(spec: Path) -> None:
    """The message is the same whether the file exists or not."""
    before = [message for message, _ in load_file(spec).warnings]
    Path("common/toy.yaml").unlink()
    assert before == [message for message, _ in load_file(spec).warnings]
