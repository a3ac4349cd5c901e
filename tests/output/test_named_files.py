"""A file that the user names is complete or untouched."""

import errno
import os
import resource
import stat
import sys
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest

from dynacli.commands.read_line import read_words, standard_bindings
from dynacli.environment import Environment
from dynacli.errors import FileError
from dynacli.files import write_named_file, write_named_files
from dynacli.output.output_format import OutputFormat
from dynacli.output.render import write_content, write_data
from tests.documents import pets, save
from tests.harness import run_cli


@pytest.fixture(autouse=True)
def usual_umask() -> Iterator[None]:
    """Give every test the same umask."""
    before = os.umask(0o022)
    yield
    os.umask(before)


@pytest.mark.parametrize(
    ("is_private", "permissions"), [(True, 0o600), (False, 0o644)], ids=["private", "shared"]
)
def test_permissions_are_right_from_the_start(tmp_path: Path, is_private: bool, permissions: int) -> None:
    """A private file is for its user alone; any other follows the umask."""
    write_named_file(tmp_path / "f", b"data", is_private=is_private)
    assert b"data" == (tmp_path / "f").read_bytes()
    assert permissions == stat.S_IMODE((tmp_path / "f").stat().st_mode)


@pytest.mark.parametrize(
    ("before", "after"), [(0o600, 0o600), (0o755, 0o644), (0o640, 0o640)], ids=["private", "program", "group"]
)
def test_replacing_never_loosens_permissions(tmp_path: Path, before: int, after: int) -> None:
    """A file that was private stays private."""
    file = tmp_path / "f"
    file.write_bytes(b"old")
    file.chmod(before)
    write_named_file(file, b"new")
    assert (b"new", after) == (file.read_bytes(), stat.S_IMODE(file.stat().st_mode))


@pytest.mark.parametrize(
    ("name", "reason", "hint"),
    [
        (
            "missing/f",
            "`{0}/missing` is not a directory",
            "Create the directory first: `mkdir -p {0}/missing`",
        ),
        ("file/f", "`{0}/file` is not a directory", "Create the directory first: `mkdir -p {0}/file`"),
        ("a b/f", "`{0}/a b` is not a directory", "Create the directory first: `mkdir -p '{0}/a b'`"),
        ("folder", "it is a directory", "name a file"),
        ("x" * 300, "the name is too long", "name a file in another directory"),
        ("loop", "its symbolic links run in a circle", "name a file in another directory"),
        ("nul\0", "no file can have this name", ""),
    ],
    ids=["no-directory", "file-as-directory", "quotes", "directory-in-the-way", "long-name", "loop", "null"],
)
def test_what_stands_in_the_way_is_named(tmp_path: Path, name: str, reason: str, hint: str) -> None:
    """A file that cannot be written is exit code 12 with the reason, and nothing is left over."""
    (tmp_path / "file").touch()
    (tmp_path / "folder").mkdir()
    (tmp_path / "loop").symlink_to("loop")
    before = sorted(tmp_path.rglob("*"))
    with pytest.raises(FileError) as caught:
        write_named_file(tmp_path / name, b"data")
    message = f"`{tmp_path / name}` cannot be written"
    assert (message, reason.format(tmp_path), hint.format(tmp_path), 12) == (
        caught.value.message,
        caught.value.reason,
        caught.value.hint,
        caught.value.exit_code,
    )
    assert before == sorted(tmp_path.rglob("*"))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Give a directory with nothing in it."""
    folder = tmp_path / "folder"
    folder.mkdir()
    return folder


@pytest.mark.parametrize("step", ["fsync", "replace"])
def test_a_failing_step_leaves_the_old_file(folder: Path, monkeypatch: pytest.MonkeyPatch, step: str) -> None:
    """When a step fails the old content is still there and no temporary file is."""
    file = folder / "f"
    file.write_bytes(b"old")

    def fail(*_args: object) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    with monkeypatch.context() as patched:
        patched.setattr(os, step, fail)
        with pytest.raises(FileError) as caught:
            write_named_file(file, b"new")
    assert "no space is left on the disk" == caught.value.reason
    assert ([file], b"old") == (list(folder.iterdir()), file.read_bytes())


def test_a_size_limit_leaves_the_old_file(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A write that stops half-way leaves the old content and no temporary file."""
    file = folder / "f"
    file.write_bytes(b"old")
    monkeypatch.setattr(sys, "dont_write_bytecode", True)  # see tests/registry/surroundings.py
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (4096, before[1]))
    try:
        with pytest.raises(FileError) as caught:
            write_named_file(file, b"x" * 10_000)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert "it would be larger than a file may be here" == caught.value.reason
    assert ([file], b"old") == (list(folder.iterdir()), file.read_bytes())


def test_an_interrupt_leaves_the_old_file(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Ctrl-C in the middle leaves the old content and no temporary file."""
    file = folder / "f"
    file.write_bytes(b"old")

    def interrupt(*_args: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(os, "fsync", interrupt)
    with pytest.raises(KeyboardInterrupt):
        write_named_file(file, b"new")
    assert ([file], b"old") == (list(folder.iterdir()), file.read_bytes())


def test_a_link_of_ones_own_is_followed(tmp_path: Path) -> None:
    """A symbolic link stays one, and the file after it gets the data, even one that is not there yet."""
    (tmp_path / "folder").mkdir()
    (tmp_path / "link").symlink_to("folder/target")
    for data in (b"first", b"second"):
        write_named_file(tmp_path / "link", data)
        assert data == (tmp_path / "folder/target").read_bytes()
    assert (tmp_path / "link").is_symlink()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can make a link of another user")
def test_a_foreign_link_is_refused(tmp_path: Path) -> None:
    """A symbolic link that another user made leads nowhere."""
    victim = tmp_path / "victim"
    victim.write_bytes(b"old")
    (tmp_path / "link").symlink_to(victim)
    os.lchown(tmp_path / "link", 12345, 12345)
    with pytest.raises(FileError) as caught:
        write_named_file(tmp_path / "link", b"new")
    assert ("it is a symbolic link that another user made", b"old") == (
        caught.value.reason,
        victim.read_bytes(),
    )


def test_a_device_stays_a_device(tmp_path: Path) -> None:
    """A device or a named pipe is written to, never replaced by a file."""
    os.mkfifo(tmp_path / "pipe")
    reader = os.open(tmp_path / "pipe", os.O_RDONLY | os.O_NONBLOCK)
    try:
        write_named_file(tmp_path / "pipe", b"data")
        assert b"data" == os.read(reader, 100)
    finally:
        os.close(reader)
    assert (tmp_path / "pipe").is_fifo()


def test_bodies_and_data_go_to_a_named_file(tmp_path: Path) -> None:
    """`-o @FILE` keeps a body's exact bytes, and a verb's data as JSON; standard output stays empty."""
    with (tmp_path / "stdout").open("w") as stream:
        env = Environment(stdout=stream, variables={})
        write_content(env, b"\x00\xff\x1b", "image/png", OutputFormat(file=f"{tmp_path}/body"))
        write_data(env, {"b": 1, "a": "ü"}, OutputFormat(file=f"{tmp_path}/data"), lambda *_: "text")
    assert b"\x00\xff\x1b" == (tmp_path / "body").read_bytes()
    assert '{\n  "b": 1,\n  "a": "ü"\n}\n' == (tmp_path / "data").read_text(encoding="utf-8")
    assert "" == (tmp_path / "stdout").read_text()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can make a link of another user")
@pytest.mark.parametrize("is_several", [False, True])
def test_a_foreign_link_in_the_place_of_a_directory_is_refused(tmp_path: Path, is_several: bool) -> None:
    """A symbolic link of another user is not followed anywhere in a path."""
    (tmp_path / "theirs").mkdir()
    (tmp_path / "link").symlink_to("theirs")
    os.lchown(tmp_path / "link", 12345, 12345)
    write = (
        partial(write_named_files, files={"file": b"new"})
        if is_several
        else partial(write_named_file, data=b"new")
    )
    with pytest.raises(FileError, match="link` cannot be written"):
        write(str(tmp_path / ("link" if is_several else "link/file")))
    assert [] == list((tmp_path / "theirs").iterdir())


@pytest.mark.parametrize("name", ["folder", "folder/file"])
def test_files_of_a_directory_stay_in_it(tmp_path: Path, name: str) -> None:
    """A link below a directory that leads out of it is refused before a file is written; one within it is followed."""
    made, elsewhere = tmp_path / "made", tmp_path / "elsewhere"
    (made / name).parent.mkdir(parents=True)
    elsewhere.mkdir()
    (elsewhere / "file").write_bytes(b"old")
    (made / name).symlink_to(elsewhere / "file" if name.endswith("file") else elsewhere)
    with pytest.raises(FileError) as caught:
        write_named_files(str(made), {"first": b"1", "folder/file": b"2"})
    assert "a symbolic link leads out of the directory that you name" == caught.value.reason
    assert (b"old", False) == ((elsewhere / "file").read_bytes(), (made / "first").exists())
    (made / name).unlink()
    (made / "inside").mkdir()
    (made / name).symlink_to(made / "inside/file" if name.endswith("file") else made / "inside")
    write_named_files(str(made), {"first": b"1", "folder/file": b"2"})
    assert b"2" == (made / "inside/file").read_bytes()


@pytest.mark.parametrize(
    ("words", "form"),
    [
        ("-o csv -o @out", "csv@out"),
        ("-o @out -o csv", "csv@out"),
        ("-o csv@out", "csv@out"),
        ("-o json -o csv -o @other -o @out", "csv@out"),
        ("-o csv@out -o lines", "lines@out"),
        ("-o csv", "csv"),
        ("-o @out", "@out"),
        ("-o csv@mail@host", "csv@mail@host"),
    ],
)
def test_a_format_and_a_file_are_given_together_or_apart(words: str, form: str) -> None:
    """None of them is lost: the last format and the last file count."""
    assert form == read_words(words.split(), standard_bindings()).options.output


@pytest.mark.exhaustive
def test_a_format_in_a_file_is_what_standard_output_has() -> None:
    """Also if one of both options is before the API."""
    words = ("demo", "list-workflows", "--columns", "id,name")
    expected = run_cli(*words, "-o", "csv").stdout_bytes
    for number, (before, after) in enumerate([("@{}", "csv"), ("csv", "@{}"), ("json", "csv@{}")]):
        assert "" == run_cli("-o", before.format(number), *words, "-o", after.format(number)).stdout
        assert expected == Path(str(number)).read_bytes()


@pytest.mark.exhaustive
@pytest.mark.parametrize(("command", "format_"), [("changes", "markdown"), ("check", "html")])
def test_the_own_format_of_a_command_goes_into_a_file(command: str, format_: str) -> None:
    """So does that of any other."""
    word = save(pets())
    more = ("--since", word) if command == "changes" else ("--server", "http://127.0.0.1:9", "--no-fail")
    result = run_cli(command, word, *more, "-o", format_, "-o", "@page")
    assert ("", True) == (result.stdout, Path("page").stat().st_size > 10), result.stderr
