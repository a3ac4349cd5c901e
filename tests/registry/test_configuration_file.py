"""`config.toml` belongs to the person: dynacli changes the lines that it is about, and no others."""

import os
from pathlib import Path
from typing import Any

import pytest

from dynacli.registry.configuration_text import edited
from tests.documents import pets, save
from tests.dry_runs import dry_run
from tests.harness import run_cli

BY_HAND = """\
# My APIs, kept by hand.
colour = "never"   # of another program

# The shop
[apis.shop] # since May
source = "/shop.json" # where it is
note = "foreign"
origins = [
    # the first
    "https://a.example",
]

# The zoo, which is slow
[apis.zoo]
source = "/zoo.json"

[other.table]
text = '''
[apis.shop]
'''

# The end
"""


def _config(home: Path) -> Path:
    return home / "config" / "config.toml"


def _written(home: Path, text: str) -> Path:
    path = _config(home)
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(text.encode())
    return path


RENAMED = BY_HAND.replace("[apis.shop] # since", "[apis.market] # since", 1)
SHOP = BY_HAND[BY_HAND.index("[apis.shop]") : BY_HAND.index("\n# The zoo")]
ZOO = BY_HAND[BY_HAND.index("[apis.zoo]") : BY_HAND.index("\n[other.table]")]


@pytest.mark.parametrize(
    ("text", "change", "expected"),
    [
        (BY_HAND, ("shop", None, "market"), RENAMED),
        (BY_HAND, ("shop", None), BY_HAND.replace(SHOP, "", 1)),
        (BY_HAND, ("zoo", None), BY_HAND.replace(ZOO, "", 1)),
        (
            BY_HAND,
            ("zoo", {"source": "/zoo.json", "origins": []}),
            BY_HAND.replace(ZOO, ZOO + "origins = []\n", 1),
        ),
        (
            BY_HAND,
            ("shop", {"source": "/new.json"}),
            BY_HAND.replace('"/shop.json" #', '"/new.json" #', 1),
        ),
        ("", ("shop", {"source": "/s"}), '[apis.shop]\nsource = "/s"\n'),
        ("# mine\n", ("shop", {"source": "/s"}), '# mine\n\n[apis.shop]\nsource = "/s"\n'),
        ('[apis.shop]\nsource = "/s"\n', ("shop", None), ""),
        ('[apis.shop]\r\nsource = "/s"\r\n# tail\r\n', ("shop", None, "new"), None),
        ('[apis."shop"]\nsource = "/s"\n', ("shop", None, "new"), '[apis.new]\nsource = "/s"\n'),
        ('[ apis . shop ]\nsource = "/s"', ("shop", None, "new"), '[ apis . new ]\nsource = "/s"'),
        (
            '[apis.shop]\nsource = "/s"\n[apis.shop.headers]\na = "b"\n[apis.shop2]\nsource = "/t"\n',
            ("shop", None, "new"),
            '[apis.new]\nsource = "/s"\n[apis.new.headers]\na = "b"\n[apis.shop2]\nsource = "/t"\n',
        ),
        (
            '[apis.shop]\nsource = "/s"\n[apis.shop.headers]\na = "b"\n[apis.shop2]\nsource = "/t"\n',
            ("shop", None),
            '[apis.shop2]\nsource = "/t"\n',
        ),
    ],
    ids=[
        "rename",
        "remove",
        "remove-last",
        "add-key",
        "change-value",
        "empty",
        "comment-alone",
        "remove-only",
        "windows-lines",
        "quoted",
        "spaced",
        "rename-with-table-below",
        "remove-with-table-below",
    ],
)
def test_a_change_touches_its_own_lines(
    text: str, change: tuple[str, dict[str, object] | None, str], expected: str | None
) -> None:
    """Comments, foreign keys, spacing and line ends stay exactly as they were."""
    assert (text.replace("shop", "new") if expected is None else expected) == edited(text, *change)


@pytest.mark.parametrize(
    "text",
    [
        'apis = {shop = {source = "/s"}, zoo = {source = "/z"}}\n',
        '[apis]\nshop.source = "/s"\nzoo.source = "/z"\n',
        '[apis]\nshop = {source = "/s"}\nzoo = {source = "/z"}\n',
        'apis.shop.source = "/s"\napis.zoo.source = "/z"\n',
        '[apis.shop]\nsource = "/s"\n[x]\n[apis.zoo]\nsource = "/z"\n',
    ],
    ids=["inline", "dotted", "inline-entries", "dotted-top", "apart"],
)
def test_any_way_of_writing_it_can_be_changed(text: str) -> None:
    """TOML has many ways to write a table; each is understood or left alone, none is spoiled."""
    import tomllib

    before = tomllib.loads(text)
    entries = before.pop("apis")
    cases: list[tuple[Any, dict[str, Any]]] = [
        (("shop", None, "new"), {"new": entries["shop"], "zoo": entries["zoo"]}),
        (("shop", None), {"zoo": entries["zoo"]}),
        (("shop", {"source": "/n"}), {**entries, "shop": {"source": "/n"}}),
        (("more", {"source": "/m"}), {**entries, "more": {"source": "/m"}}),
    ]
    refused = []
    for change, expected in cases:
        try:
            assert {**before, "apis": expected} == tomllib.loads(edited(text, *change)), change
        except ValueError as error:
            assert "The syntax of the APIs is too unusual to change it safely; edit the file" == str(error)  # noqa: PT017
            refused.append(change)
    assert len(refused) < 2


def test_commands_keep_what_was_written_by_hand(home: Path) -> None:
    """Adding, renaming and removing in a file full of comments leaves the file as it was."""
    path = _written(home, BY_HAND)
    save(pets())
    assert 0 == run_cli("api", "add", "mine", "./api.json").exit_code
    assert 0 == run_cli("api", "rename", "mine", "ours").exit_code
    added = f'\n[apis.ours]\nsource = "{Path("api.json").absolute()}"\norigins = []\n'
    for line in added.split():
        assert line in path.read_text()
    assert 0 == run_cli("api", "remove", "ours").exit_code
    assert BY_HAND.split() == path.read_text().split()


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ('[apis.shop\nsource = "/s"\n', "(at line 1, column 11)"),
        ("ok = 1\n[apis.shop]\nsource = \n", "(at line 3, column 10)"),
        ("[apis.shop]\nsource = 'a'\nsource = 'b'\n", "(at line 3, column 13)"),
    ],
)
def test_broken_toml_is_named_with_its_line(text: str, reason: str, home: Path) -> None:
    """A file that is not TOML ends whatever needs it with 12, and is never overwritten."""
    path = _written(home, text)
    save(pets())
    for words in (
        ("shop", "list-pets"),
        ("api", "list"),
        ("api", "add", "mine", "./api.json"),
        ("api", "remove", "shop"),
    ):
        result = run_cli(*words, "--error-format", "json")
        assert (12, f"The configuration `{path}` cannot be read") == (
            result.exit_code,
            result.error["message"],
        )
        assert reason in result.error["reason"]
        assert result.error["hint"]
    assert text == path.read_text()


@pytest.mark.sampled(4)
@pytest.mark.parametrize("kind", ["toml", "bytes", "directory", "nested", "apis-is-text", "entry-is-text"])
def test_help_and_more_work_with_any_configuration(kind: str, home: Path) -> None:
    """Help, version, completion and the demo need no configuration."""
    path = _written(home, "")
    if kind == "directory":
        path.unlink()
        path.mkdir()
    else:
        content = {
            "toml": b"[apis.shop\n",
            "bytes": b"\xff\xfe\x00",
            "nested": b"a = " + b"[" * 5000,
            "apis-is-text": b"apis = 'text'\n",
            "entry-is-text": b"[apis]\nshop = 'text'\n[apis.zoo]\nsource = 5\n",
        }[kind]
        path.write_bytes(content)
    save(pets())
    for words in (
        ("--help",),
        ("--version",),
        ("__complete", "bash", ""),
        ("__complete", "bash", "shop", ""),
        ("./api.json", "--help"),
        ("./api.json", "list-pets", "--help"),
        ("operations", "demo"),
        ("demo", "--help"),
        ("help",),
    ):
        result = run_cli(*words)
        assert (0, "") == (result.exit_code, result.stderr), words
    result = run_cli("shop", "list-pets")
    assert result.exit_code in {2, 12}
    assert "defect" not in result.stderr


def test_an_entry_without_a_source_is_named(home: Path) -> None:
    """An entry that was begun and not finished is told from one that is not there."""
    _written(home, "[apis.shop]\nsauce = '/s'\n")
    result = run_cli("shop", "list-pets", "--error-format", "json")
    assert (12, "The entry of `shop` in the configuration has no `source`") == (
        result.exit_code,
        result.error["message"],
    )
    assert "`shop`" not in run_cli("api", "list").stdout


def test_a_verb_in_the_configuration_shadows_nothing(home: Path) -> None:
    """An entry that is called like a verb does not change what the verb means."""
    _written(home, '[apis.demo]\nsource = "/none.json"\n[apis.api]\nsource = "/none.json"\n')
    assert [] == run_cli("api", "list", "-o", "json").json
    assert 23 == len(run_cli("operations", "demo", "-o", "json").json)


@pytest.mark.parametrize("source", ["{cwd}/api.json", "../../here/api.json", "~/../here/api.json", "{uri}"])
def test_a_source_written_by_hand_is_found(
    source: str, home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A path in the file starts from the file, `~` is the home, and it means the same from any directory."""
    path = Path(save(pets())).absolute()
    _written(home, f'[apis.shop]\nsource = "{source.format(cwd=os.getcwd(), uri=path.as_uri())}"\n')
    for directory in (tmp_path, home, "/"):
        monkeypatch.chdir(directory)
        assert (0, "") == (dry_run("shop").exit_code, dry_run("shop").stderr)
    path.unlink()
    assert 0 == dry_run("shop").exit_code
    assert "is used instead" in dry_run("shop").stderr


def test_a_link_to_the_file_stays_a_link(home: Path, tmp_path: Path) -> None:
    """Who keeps the configuration elsewhere and links to it finds the change there."""
    kept = tmp_path / "dotfiles.toml"
    kept.write_text("# kept elsewhere\n")
    link = _config(home)
    link.parent.mkdir()
    link.symlink_to(kept)
    save(pets())
    assert 0 == run_cli("api", "add", "shop", "./api.json").exit_code
    assert link.is_symlink()
    assert kept.read_text().startswith("# kept elsewhere\n\n[apis.shop]\n")


def test_the_file_is_for_its_owner_alone(home: Path) -> None:
    """What dynacli makes can be read by no one else."""
    save(pets())
    assert 0 == run_cli("api", "add", "shop", "./api.json").exit_code
    assert (0o700, 0o600) == (
        _config(home).parent.stat().st_mode & 0o777,
        _config(home).stat().st_mode & 0o777,
    )


def test_a_directory_that_is_a_file_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    """If the configuration cannot be kept, `api add` says why, with 12."""
    save(pets())
    monkeypatch.setenv("DYNACLI_CONFIG_DIR", str(Path("api.json").absolute()))
    result = run_cli("api", "add", "shop", "./api.json", "--error-format", "json")
    assert (12, "Not a directory") == (result.exit_code, result.error["reason"])
    assert 12 == dry_run().exit_code  # there may be a policy in it


@pytest.mark.parametrize("mode", [0o620, 0o602, 0o666, 0o622])
def test_a_file_that_others_can_write_is_not_used(mode: int, home: Path) -> None:
    """It runs commands and says where credentials go, so calls and changes exit with 12 and name the remedy."""
    save(pets())
    assert 0 == run_cli("api", "add", "shop", "./api.json").exit_code
    before = _config(home).read_text()
    _config(home).chmod(mode)
    for words in (("shop", "list-pets"), ("api", "set", "shop", "timeout=5"), ("config", "get")):
        result = run_cli(*words, "--error-format", "json")
        assert (12, "other users can write") == (result.exit_code, result.error["reason"][:21]), words
        assert f"`chmod go-w {_config(home)}`" in result.error["hint"]
    assert before == _config(home).read_text()
    _config(home).chmod(0o644)
    assert 0 == run_cli("api", "set", "shop", "timeout=5").exit_code


@pytest.mark.skipif(os.name == "nt" or os.geteuid() != 0, reason="only root gives files away")
def test_a_file_of_another_user_is_not_used(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The administrator may have made it, who can change any file anyway."""
    save(pets())
    assert 0 == run_cli("api", "add", "shop", "./api.json").exit_code
    os.chown(_config(home), 12345, 12345)
    result = run_cli("api", "show", "shop", "--error-format", "json")
    assert 12 == result.exit_code
    assert "which belongs to the user 12345" in result.error["reason"]
    monkeypatch.setattr("dynacli.system.own_user", lambda: 12345)
    assert 0 == run_cli("api", "show", "shop").exit_code
    os.chown(_config(home), 0, 0)
    assert 0 == run_cli("api", "show", "shop").exit_code
