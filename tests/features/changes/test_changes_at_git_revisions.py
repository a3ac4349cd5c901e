"""`dynacli changes --since git:REV`: documents of real repositories, also of hostile ones."""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest
import yaml

from dynacli.features.changes import git_revision
from tests.documents import api_of, document, get, ref, save, save_api, serve
from tests.harness import Recorder, Result, assert_ended, run_cli

Git = Callable[..., str]

_NAME = {"type": "object", "properties": {"name": {"type": "string"}}}
_NUMBER = {"type": "object", "properties": {"name": {"type": "integer"}}}
_TIGHTER = "! pet.name is `integer`, was `string` (response)"


def _document(reference: str = "schemas/pet.json") -> dict[str, Any]:
    content = {"application/json": {"schema": {"$ref": reference}}}
    responses = {"200": {"description": "OK", "content": content}}
    return api_of(get("/pets", "listPets", responses=responses))


@pytest.fixture
def git(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Git:
    """Run git in a new repository, whose first commit has a document in `api/`, with a schema of its own."""
    for name in [name for name in os.environ if name.startswith("GIT_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", str(tmp_path / "gitconfig"))
    monkeypatch.setenv("GIT_CONFIG_NOSYSTEM", "1")
    (tmp_path / "gitconfig").write_text(
        "[user]\nname = n\nemail = n@example.com\n[init]\ndefaultBranch = main\n"
    )
    repository = tmp_path / "repository"
    (repository / "api/schemas").mkdir(parents=True)
    monkeypatch.chdir(repository)

    def run(*words: str) -> str:
        done = subprocess.run(("git", *words), cwd=repository, check=True, capture_output=True, text=True)
        return done.stdout.strip()

    save(_document(), "api/openapi.json")
    save(_NAME, "api/schemas/pet.json")
    run("init", "-q")
    _commit(run)
    return run


def _commit(git: Git) -> None:
    git("add", "-A")
    git("commit", "-qm", "fix: names")


def _changes(*words: str, api: str = "api/openapi.json") -> Result:
    return run_cli("changes", api, *words)


@pytest.mark.usefixtures("git")
def test_the_references_are_read_at_the_revision() -> None:
    """The document is unchanged, and the schema in another file is not."""
    assert "nothing changed\n" == _changes("--since", "git:main").stdout
    save(_NUMBER, "api/schemas/pet.json")
    result = _changes("--since", "git:main", "--fail-on", "breaking")
    assert 9 == result.exit_code
    assert _TIGHTER in result.stdout


def test_two_revisions_are_compared(git: Git) -> None:
    """`--until` takes a git revision, too; the document in the working tree does not count."""
    save(_NUMBER, "api/schemas/pet.json")
    _commit(git)
    save({}, "api/schemas/pet.json")
    result = _changes("--since", "git:main~1", "--until", "git:main")
    assert _TIGHTER in result.stdout
    assert "`--until` with a git revision needs `--since`" in _changes("--until", "git:main").stderr


@pytest.mark.sampled(3)
@pytest.mark.parametrize(
    "word",
    [
        "git:main",
        "git:HEAD@{0}",
        "git:main^{/fix: names}",
        "git:v1",
        "git:main:api/openapi.json",
        "git:main:./api/openapi.json",
        "git:HEAD@{2 days ago}:api/../api/openapi.json",
    ],
)
def test_a_revision_is_named_by_the_rules_of_git(word: str, git: Git) -> None:
    """The JSON has the commit and the path, as a word that names the same document later."""
    git("tag", "-am", "first", "v1")
    result = _changes("--since", word, "-o", "json")
    assert 0 == result.exit_code
    name = json.loads(result.stdout)["from"]
    assert f"git:{git('rev-parse', 'HEAD')}:api/openapi.json" == name
    assert name == json.loads(_changes("--since", name, "-o", "json").stdout)["from"]


def _completed(word: str, *, api: str = "api/openapi.json") -> list[str]:
    return run_cli("__complete", "bash", "changes", api, *word.split(" ")).stdout.split()


@pytest.mark.parametrize(
    ("word", "expected"),
    [
        ("--since git:", ["git:HEAD", "git:feat/pets", "git:main", "git:v1"]),
        ("--until git:feat/", ["git:feat/pets"]),
        ("--since=git:m", ["--since=git:main"]),
        ("--since git:*", []),
        ("--since gitt", []),
    ],
)
def test_revisions_are_completed(word: str, expected: list[str], git: Git) -> None:
    """They are those of the repository that has the document; a name with special characters of shells is left out."""
    for name in ("feat/pets", "evil$(id)"):
        git("branch", name)
    git("tag", "v1")
    assert expected == _completed(word)


def test_without_a_repository_nothing_is_completed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The document is in no repository, there is no document, or git is not installed."""
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path.parent))
    save(_document(), "openapi.json")
    assert [] == _completed("--since git:", api="./openapi.json")
    assert [] == _completed("--since git:", api="./no/openapi.json")
    assert [] == _completed("--since git:", api="https://api.example.com/openapi.json")
    monkeypatch.setenv("PATH", "")
    assert [] == _completed("--since git:", api="./openapi.json")


def test_the_document_is_found_from_any_directory(
    git: Git, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its own directory counts: through a link, in a second working tree, and not the variables of a hook."""
    git("worktree", "add", "-q", str(tmp_path / "second"))
    (tmp_path / "link").symlink_to(tmp_path / "repository/api")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("GIT_DIR", str(tmp_path / "elsewhere"))
    for api in ("repository/api/openapi.json", "link/openapi.json", "second/api/openapi.json"):
        assert (0, "nothing changed\n") == (
            (result := _changes("--since", "git:main", api=api)).exit_code,
            result.stdout,
        )


def test_a_bare_repository_is_read(git: Git, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A path leads to the document, although no file of it is there."""
    git("clone", "-q", "--bare", ".", str(tmp_path / "bare.git"))
    monkeypatch.chdir(tmp_path / "bare.git")
    result = _changes(
        "--since", "git:main:api/openapi.json", api=str(tmp_path / "repository/api/openapi.json")
    )
    assert "nothing changed\n" == result.stdout


def test_the_overlays_of_an_api_apply_to_its_revision(git: Git) -> None:
    """The names of operations are those of the API, too."""
    save(
        {"overlay": "1.0.0", "actions": [{"target": "$.paths.*.get", "update": {"x-cli-name": "all"}}]},
        "o.json",
    )
    assert 0 == run_cli("api", "add", "pets", "./api/openapi.json", "--overlay", "o.json").exit_code
    save(_NUMBER, "api/schemas/pet.json")
    assert "  all  GET /pets" in _changes("--since", "git:main", api="pets").stdout
    assert git("status", "--porcelain", "--", "api").endswith("pet.json")


@pytest.mark.sampled(5)
@pytest.mark.parametrize(
    ("exit_code", "word", "message"),
    [
        (2, "git:", "`git:` has no revision"),
        (2, "git::api/openapi.json", "`git::api/openapi.json` has no revision"),
        (2, "git:main:", "`git:main:` has no PATH"),
        (2, "git:ma\nin", "A git revision has a control character"),
        (2, "git:nope", "has no revision `nope`"),
        (2, "git:--all", "has no revision `--all`"),
        (2, "git:--batch-all-objects:x.json", "has no revision `--batch-all-objects`"),
        (2, "git:HEAD^{tree}", "has no revision `HEAD^{tree}`"),
        (2, "git:main:../x.json", "`../x.json` is not a file of the repository"),
        (2, "git:main:/etc/passwd", "`/etc/passwd` is not a file of the repository"),
        (8, "git:main:api", "`api` is a directory at `main`"),
        (8, "git:main:none.json", "There is no file `none.json` at `main`"),
        (8, "git:main:api/openapi.json/x", "There is no file `api/openapi.json/x` at `main`"),
        (8, "git:main:api/schemas/pet.json", "`git:main:api/schemas/pet.json`"),
    ],
)
@pytest.mark.usefixtures("git")
def test_a_word_that_names_no_document_is_refused(exit_code: int, word: str, message: str) -> None:
    """The error says what is missing: the revision, the file, or a document in it."""
    result = _changes("--since", word)
    assert (exit_code, "") == (result.exit_code, result.stdout)
    assert message in result.stderr


def test_only_a_file_has_the_same_path_at_a_revision(git: Git, server: Recorder) -> None:
    """A URL, standard input and several documents need a path."""
    url = serve(server, _document())
    save_api(file="more.json")
    assert 0 == run_cli("api", "add", "two", "./api/openapi.json", "./more.json").exit_code
    for api, reason in ((url, "is not a file"), ("two", "is made of several documents")):
        result = _changes("--since", "git:main", api=api)
        assert 2 == result.exit_code
        assert reason in result.stderr
        assert "hint: Add its path: `git:main:PATH`" in result.stderr
    piped = run_cli("changes", "-", "--since", "git:main", stdin=json.dumps(document({})).encode())
    assert_ended(piped, 2, "The document of `-` is not a file")
    assert git("status", "--porcelain")


def test_a_directory_outside_of_a_repository_is_refused(git: Git, tmp_path: Path) -> None:
    """Its parents are looked at by git, and have none."""
    save(_document(), tmp_path / "alone.json")
    result = _changes("--since", "git:main", api=str(tmp_path / "alone.json"))
    assert 8 == result.exit_code
    assert f"`{tmp_path}` is not in a git repository" in result.stderr
    assert git("log", "--oneline")


@pytest.mark.skipif(os.geteuid() != 0, reason="gives a directory to another user")
def test_the_repository_of_another_user_is_refused(git: Git, tmp_path: Path) -> None:
    """The person decides, by the `safe.directory` of git."""
    os.chown(tmp_path / "repository", 12345, -1)
    result = _changes("--since", "git:main")
    assert 11 == result.exit_code
    assert "belongs to another user" in result.stderr
    git("config", "--global", "--add", "safe.directory", str(tmp_path / "repository"))
    assert 0 == _changes("--since", "git:main").exit_code


_SECRET = {"type": "string", "description": "S3CRET"}


@pytest.mark.sampled(4)
@pytest.mark.parametrize(
    ("reference", "link", "reason"),
    [
        ("link.json", "schemas/pet.json", ""),
        ("folder/pet.json", "schemas", ""),
        ("link.json", "../common.json", ""),
        ("link.json", "../../outside.json", "a symbolic link that leads out of the repository"),
        ("link.json", "{outside}", "a symbolic link that leads out of the repository"),
        ("link.json", "link.json", "a symbolic link to itself"),
        ("link.json", "nowhere.json", "a symbolic link, and its target is missing"),
        ("../../outside.json", "", "outside of the document's directory"),
        ("../common.json", "", "outside of the document's directory"),
        ("{outside}", "", "outside of the document's directory"),
        ("module/pet.json", "", "There is no file `api/module/pet.json` at `main`"),
    ],
)
def test_references_stay_in_the_revision(
    reference: str, link: str, reason: str, git: Git, tmp_path: Path
) -> None:
    """A symbolic link leads to files of the revision; nothing outside of the repository is read, nor a submodule."""
    outside = save(_SECRET, tmp_path / "outside.json")
    save(_NAME, "common.json")
    save(_document(reference.format(outside=outside)), "api/openapi.json")
    if link:
        Path("api", reference.partition("/")[0]).symlink_to(link.format(outside=outside))
    if "module" in reference:
        git("update-index", "--add", "--cacheinfo", f"160000,{git('rev-parse', 'HEAD')},api/module")
        git("commit", "-qam", "submodule")
    else:
        _commit(git)
    save_api(file="api/openapi.json")
    result = _changes("--since", "git:main", "-o", "json")
    assert 0 == result.exit_code
    assert "S3CRET" not in result.stdout + result.stderr
    assert reason in " ".join(result.stderr.split()) if reason else not result.stderr


def test_an_allowed_directory_is_read_at_the_revision(git: Git, tmp_path: Path) -> None:
    """`--allow-ref` allows a directory of the repository, and none outside of it."""
    save(_NAME, "pet.json")
    outside = save(_SECRET, tmp_path / "outside.json")
    save_api(get("/a", body=ref("A")), schemas={"A": {}}, file="x.json")
    save(_document("../pet.json"), "api/openapi.json")
    _commit(git)
    save(_NUMBER, "pet.json")
    assert _TIGHTER in _changes("--since", "git:main", "--allow-ref", ".").stdout
    save(_document(f"file://{outside}"), "api/openapi.json")
    _commit(git)
    result = _changes("--since", "git:main", "--allow-ref", str(tmp_path))
    assert f"It is outside of the repository `{tmp_path / 'repository'}`" in " ".join(result.stderr.split())


def test_the_workflow_of_the_manual_runs(git: Git, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its steps write the summary of the run, and the step that compares fails on a breaking change."""
    page = files("dynacli.features.changes").joinpath("changes.md").read_text(encoding="utf-8")
    blocks = [block.partition("```")[0] for block in page.split("```yaml\n")[1:]]
    workflow = yaml.safe_load(next(block for block in blocks if "jobs:" in block))
    steps = workflow["jobs"]["changes"]["steps"]
    compare, copy = (
        step["run"] for step in steps if "changes.md" in step.get("run", "") and "env" not in step
    )
    Path("openapi.yaml").write_text(json.dumps(_document("api/schemas/pet.json")))
    _commit(git)
    git("update-ref", "refs/remotes/origin/main", "HEAD")
    save(_NUMBER, "api/schemas/pet.json")
    monkeypatch.setenv("GITHUB_BASE_REF", "main")
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", str(tmp_path / "summary.md"))
    monkeypatch.setenv("PATH", f"{Path(sys.executable).parent}:{os.environ['PATH']}")
    codes = [subprocess.run(("bash", "-e", "-c", line), check=False).returncode for line in (compare, copy)]
    assert [9, 0] == codes
    assert "### Breaking changes\n\n- **`list-pets`** `GET /pets`\n" in (tmp_path / "summary.md").read_text()


def _trap(path: Path) -> str:
    """Return a program that leaves a mark."""
    path.write_text(f"#!/bin/sh\ntouch {path}.sprung\nexit 1\n")
    path.chmod(0o700)
    return str(path)


def test_nothing_of_a_hostile_repository_is_run(git: Git, tmp_path: Path) -> None:
    """Its configuration, attributes and hooks name programs; git itself runs one of them at `git status`."""
    trap = _trap(tmp_path / "trap")
    programs = (
        "core.fsmonitor",
        "core.pager",
        "core.sshCommand",
        "core.editor",
        "core.gitProxy",
        "core.alternateRefsCommand",
        "diff.external",
        "diff.x.textconv",
        "diff.x.command",
        "filter.x.smudge",
        "filter.x.clean",
        "filter.x.process",
        "gpg.program",
        "credential.helper",
        "pager.cat-file",
        "pager.rev-parse",
        "uploadpack.packObjectsHook",
    )
    for key in programs:
        git("config", key, trap)
    for alias in ("cat-file", "rev-parse"):
        git("config", f"alias.{alias}", f"!{trap}")
    Path(".git/info/attributes").write_text("* filter=x diff=x\n")
    for hook in ("post-index-change", "reference-transaction", "post-checkout", "pre-auto-gc"):
        Path(".git/hooks", hook).symlink_to(trap)
    save(_NUMBER, "api/schemas/pet.json")
    assert _TIGHTER in _changes("--since", "git:main").stdout
    assert ["git:HEAD", "git:main"] == _completed("--since git:")
    assert not Path(f"{trap}.sprung").exists()
    subprocess.run(("git", "status"), check=False, capture_output=True)
    assert Path(f"{trap}.sprung").exists()


def test_a_partial_clone_is_not_completed(git: Git, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """To fetch what it lacks, git would run the program of the remote."""
    git("config", "uploadpack.allowFilter", "true")
    partial = tmp_path / "partial"
    git("clone", "-q", "--no-checkout", "--filter=blob:none", f"file://{tmp_path}/repository", str(partial))
    monkeypatch.chdir(partial)
    trap = _trap(tmp_path / "trap")
    subprocess.run(("git", "config", "remote.origin.uploadpack", trap), check=True)
    result = _changes("--since", "git:main:api/openapi.json", api="../repository/api/openapi.json")
    assert 8 == result.exit_code
    # Since git 2.44 the file is missing; an older git fails to fetch it.
    assert "There is no file" in result.stderr or "nothing is fetched" in result.stderr
    assert not Path(f"{trap}.sprung").exists()
    subprocess.run(("git", "cat-file", "-p", "main:api/openapi.json"), check=False, capture_output=True)
    assert Path(f"{trap}.sprung").exists()


@pytest.mark.usefixtures("git")
def test_a_large_file_is_not_read(monkeypatch: pytest.MonkeyPatch) -> None:
    """The size comes first, so that the limit of documents holds before the content comes."""
    monkeypatch.setattr(git_revision, "MAX_BYTES", 200)
    result = _changes("--since", "git:main")
    assert 8 == result.exit_code
    assert ":api/openapi.json` is larger than" in result.stderr


@pytest.mark.usefixtures("git")
@pytest.mark.parametrize("slow", ["rev-parse", "cat-file"])
def test_git_has_a_time_limit(slow: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A run never waits for git without an end."""
    (tmp_path / "bin").mkdir()
    program = tmp_path / "bin/git"
    program.write_text(
        f'#!/bin/sh\ncase "$*" in *{slow}*) exec sleep 60;; *) exec {shutil.which("git")} "$@";; esac\n'
    )
    program.chmod(0o700)
    monkeypatch.setenv("PATH", f"{tmp_path / 'bin'}:{os.environ['PATH']}")
    monkeypatch.setattr(git_revision, "_SECONDS", 0.3)
    result = _changes("--since", "git:main")
    assert 7 == result.exit_code
    assert "git took too long" in result.stderr


@pytest.mark.usefixtures("git")
def test_a_program_in_the_directory_is_not_git(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A relative directory in PATH does not count; without git the error says so."""
    trap = _trap(tmp_path / "trap")
    Path("git").symlink_to(trap)
    for path in (".", str(tmp_path)):
        monkeypatch.setenv("PATH", path)
        result = _changes("--since", "git:main")
        assert 8 == result.exit_code
        assert "git is not installed" in result.stderr
    assert not Path(f"{trap}.sprung").exists()
