"""`dynacli policy explain`: what would become of a call, and which rule decides."""

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.documents import delete, operation, parameter, save_api
from tests.harness import assert_ended, run_cli

_ID = parameter("petId", {"type": "integer"}, "path")
_PATHS = {
    "/{name}": {"get": operation("any", parameter("name", {"type": "string"}, "path"))},
    "/pets": {"get": operation("listPets", tags=["store"])},
    "/pets/{petId}": {"delete": operation("deletePet", _ID, tags=["store"])},
}


@pytest.fixture
def written() -> Callable[[str], None]:
    """Writes a policy into the configuration of a registered API."""
    save_api(_PATHS, file="pets.json")
    assert 0 == run_cli("api", "add", "pets", "./pets.json").exit_code
    path = Path(os.environ["DYNACLI_CONFIG_DIR"], "config.toml")
    text = path.read_text()

    def write(policy: str) -> None:
        path.write_text(f"{text}\n[apis.pets.policy]\n{policy}\n" if policy else text)

    return write


@pytest.mark.sampled(5)
@pytest.mark.parametrize(
    ("policy", "words", "decision", "reason", "exit_code"),
    [
        pytest.param("", ["list-pets"], "allowed", "There is no policy", 0, id="none"),
        pytest.param(
            "", ["deletePet"], "allowed", "There is no policy, and a DELETE removes", 0, id="delete"
        ),
        pytest.param(
            *("", ["delete-pet", "--no-input"], "confirmed", "There is no policy, and a DELETE", 11),
            id="nobody-may-be-asked",
        ),
        pytest.param(
            *("deny = ['delete-*']", ["store", "delete-pet"], "denied", "`deny` of `[apis.pets.policy]`", 11),
            id="denied",
        ),
        pytest.param(
            *("allow = ['GET']", ["delete-pet"], "denied", "`allow` of `[apis.pets.policy]` does not", 11),
            id="not-allowed",
        ),
        pytest.param(
            *("allow = ['GET']", ["list-pets"], "allowed", "`allow` of `[apis.pets.policy]` has `GET`", 0),
            id="allowed",
        ),
        pytest.param(
            *("read_only = true", ["DELETE", "/pets/7"], "denied", "has `read_only = true`", 11),
            id="read-only",
        ),
        pytest.param(
            *("deny = ['deletePet']", ["DELETE", "/pets/7/"], "denied", "which matches `delete-pet`", 11),
            id="another-spelling",
        ),
        pytest.param(
            *(
                "deny = ['list-pets']",
                ["GET", "/PETS"],
                "denied",
                "has `list-pets`, which matches `list-pets`",
                11,
            ),
            id="another-spelling-of-a-documented-path",
        ),
        pytest.param(
            *("deny = ['store']", ["list-pets"], "denied", "`deny` of `[apis.pets.policy]` has `store`", 11),
            id="bare-tag",
        ),
        pytest.param(
            *("deny = ['list-pets']", ["HEAD", "/pets"], "denied", "servers handle HEAD like GET", 11),
            id="head",
        ),
        pytest.param(
            *("confirm = ['tag:store']", ["list-pets"], "confirmed", "has `tag:store`", 11),
            id="to-be-confirmed",
        ),
        pytest.param(
            *("confirm = ['tag:store']", ["list-pets", "--yes"], "confirmed", "has `tag:store`", 0),
            id="confirmed",
        ),
        pytest.param(
            *("deny = ['DELETE']", ["list-pets", "-H", "X-HTTP-Method: DELETE"], "denied", "a header", 11),
            id="header",
        ),
    ],
)
def test_it_says_what_would_become_of_a_call(
    policy: str, words: list[str], decision: str, reason: str, exit_code: int, written: Callable[[str], None]
) -> None:
    """As text and as data, and which table, list and word decide."""
    written(policy)
    found = run_cli("policy", "explain", "pets", *words, "-o", "json").json
    assert (decision, exit_code) == (found["decision"], found["exit_code"])
    assert reason in found["reason"]
    text = run_cli("policy", "explain", "pets", *words)
    assert 0 == text.exit_code
    assert reason in text.stdout


def test_it_says_who_would_be_asked(written: Callable[[str], None]) -> None:
    """On a terminal, a person is asked."""
    written("deny = ['POST']")
    terminal = ("stdin", "stderr")
    result = run_cli("policy", "explain", "pets", "delete-pet", terminal=terminal)
    assert (
        "delete-pet (DELETE /pets/{petId}) of pets would be called after the user agrees\n"
        "  No rule of the policy matches, and a DELETE removes something: dynacli asks on a terminal, "
        "and sends it without one\n"
        "  Result: allowed, because `--yes` has agreed\n"
    ) == result.stdout


def test_it_says_where_the_rule_stands(written: Callable[[str], None]) -> None:
    """The file and the line, so that no one has to search."""
    written("deny = [\n  'POST',\n  'delete-*',\n]")
    rule = run_cli("policy", "explain", "pets", "delete-pet", "-o", "json").json["decided_by"]
    path = Path(os.environ["DYNACLI_CONFIG_DIR"], "config.toml")
    assert path == Path(rule["file"])
    assert "  'delete-*'," == path.read_text().splitlines()[rule["line"] - 1]
    assert f"Line {rule['line']} of `{path}`" in run_cli("policy", "explain", "pets", "delete-pet").stdout


@pytest.mark.parametrize(
    ("policy", "decision", "code"),
    [("deny = ['deletePet']", "denied", 11), ("confirm = ['DELETE']", "confirmed", 11)],
)
def test_it_says_what_holds_at_the_servers_of_another_api(
    policy: str, decision: str, code: int, written: Callable[[str], None]
) -> None:
    """A document that calls the same server is bound by the policy of the registered one."""
    written(policy)
    save_api(
        delete("/pets/{other}", "gone", parameter("other", {"type": "integer"}, "path")), file="other.json"
    )
    found = run_cli("policy", "explain", "./other.json", "gone", "-o", "json").json
    assert (decision, code, "apis.pets.policy") == (
        found["decision"],
        found["exit_code"],
        found["decided_by"]["table"],
    )


def test_words_without_meaning_are_warnings(written: Callable[[str], None]) -> None:
    """A typo in a list is reported; a method that no operation has is none."""
    written("deny = ['delete-pest', 'tag:shop', 'POST', 'deletePet']\nconfirm = ['x*']")
    result = run_cli("policy", "explain", "pets", "list-pets", "-o", "json")
    unknown = [(row["list"], row["entry"]) for row in result.json["unknown"]]
    assert [("deny", "delete-pest"), ("deny", "tag:shop"), ("confirm", "x*")] == unknown
    assert "`delete-pest` in `deny` of `[apis.pets.policy]` matches no operation of `pets`" in result.stderr
    doctor = run_cli("doctor", "pets")
    assert 0 == doctor.exit_code
    assert "`tag:shop` in `deny` of `[apis.pets.policy]` matches no operation of `pets`" in doctor.stderr
    assert "policy pets" in doctor.stdout


@pytest.mark.parametrize(
    ("policy", "code"),
    [
        pytest.param("deny = ['deletePet']", 0, id="right"),
        pytest.param("deny = 1", 12, id="wrong"),
        pytest.param("[apis.pets.profiles.p.policy]\ndeny = ['GET']", 0, id="of-a-profile"),
        pytest.param("[apis.pets.profiles.p.policy]\nread_only = 1", 12, id="wrong-of-a-profile"),
        pytest.param("[apis.pets.profiles.p]\ntimeout = 3", 0, id="a-profile-without"),
    ],
)
def test_the_doctor_reads_policies(policy: str, code: int, written: Callable[[str], None]) -> None:
    """Those of profiles, too; one that cannot be used is an error."""
    written(policy)
    assert code == run_cli("doctor").exit_code


@pytest.mark.parametrize(
    ("words", "message"),
    [
        pytest.param(["list-pests"], "has no operation `list-pests`", id="unknown"),
        pytest.param(["store"], "has no operation `store`", id="tag"),
        pytest.param(["store", "nothing"], "has no operation `nothing`", id="unknown-of-a-tag"),
        pytest.param(["list-pets", "more"], "`more` is an unexpected argument", id="too-much"),
        pytest.param(["GET", "/a/{b}"], "has no operation `GET /a/{b}`", id="placeholder"),
    ],
)
def test_what_is_no_operation_is_an_error(
    words: list[str], message: str, written: Callable[[str], None]
) -> None:
    """As it is of a call."""
    written("")
    result = run_cli("policy", "explain", "pets", *words)
    assert_ended(result, 2, message)


_WARNING = "warning: `{}` in `{}` of `[apis.pets.policy]` matches no operation of `pets`"


@pytest.mark.sampled(4)
@pytest.mark.parametrize(
    ("key", "entry", "hint"),
    [
        ("deny", "delete-pest", ""),
        ("confirm", "x*", ""),
        ("deny", "tag:shop", ""),
        ("allow", "store", "; `tag:store` means its tag"),
        ("deny", "store", None),
        ("deny", "Store", None),
        ("allow", "tag:st*", None),
        ("allow", "*", None),
        ("deny", "deletepet", None),
        ("deny", "PURGE-NOT", ""),
        ("deny", "PATCH", None),
    ],
)
def test_an_entry_that_means_nothing_is_warned_about(
    key: str, entry: str, hint: str | None, written: Callable[[str], None]
) -> None:
    """When it is set, and once in each run that uses the API; `doctor` says it, too."""
    written("")
    expected = _WARNING.format(entry, key) + hint if hint is not None else ""
    for words in (
        ("api", "set", "pets", f"policy.{key}={entry}"),
        ("operations", "pets"),
        ("pets", "list-pets", "--dry-run"),
        ("doctor", "pets"),
        ("policy", "explain", "pets", "list-pets"),
    ):
        lines = run_cli(*words).stderr.splitlines()
        assert [expected][: bool(expected)] == [line for line in lines if "matches no operation" in line]
