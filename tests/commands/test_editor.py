"""`--editor`: a body that is written in a person's own editor, here a script."""

import json
import os
import re
import shlex
import stat
from pathlib import Path
from typing import Any

import pytest

from tests.documents import parameter, post, save_api
from tests.harness import Recorder, Result, run_cli

BODY = {
    "type": "object",
    "required": ["name", "kind"],
    "properties": {
        "name": {"type": "string"},
        "kind": {"type": "string", "enum": ["a", "b"]},
        "note": {"type": "string"},
        "size": {"type": "integer"},
    },
}
TERMINAL = ("stdin", "stderr")

pytestmark = pytest.mark.usefixtures("drafts")


@pytest.fixture
def editor(monkeypatch: pytest.MonkeyPatch) -> Path:
    """Let the editor be a script; return the directory for what it shows and what it saves.

    It copies what it was given to `shown`, and saves `saved1`, the second time `saved2`, as far as there are.
    """
    here = Path("it")
    here.mkdir()
    script = here / "editor with spaces"
    script.write_text(
        "#!/bin/sh\n"
        f"cd {shlex.quote(str(here.resolve()))}\n"
        'echo x >> times; n=$(wc -l < times | tr -d " ")\n'
        'shift; cp "$1" shown; ls -l "$1" > mode; echo "$1" > path\n'
        'if [ -f "saved$n" ]; then cp "saved$n" "$1"; fi\n'
        'if [ -f status ]; then exit "$(cat status)"; fi\n'
    )
    script.chmod(0o700)
    monkeypatch.setenv("EDITOR", f"{shlex.quote(str(script.resolve()))} --wait")
    return here


def _write(body: Any = BODY, media_type: str = "application/json") -> str:
    return save_api(
        post("/a", "a", parameter("q", {"type": "string"}, required=True), body=body, media_type=media_type)
    )


def _edit(*words: str, stdin: bytes = b"", terminal: tuple[str, ...] = TERMINAL) -> Result:
    dry = ("--dry-run", "json", "-o", "json")
    return run_cli(*dry, "./api.json", "a", "--q", "1", "--editor", *words, stdin=stdin, terminal=terminal)


def _body(result: Result) -> str:
    assert 0 == result.exit_code, result.stderr
    text: str = result.json["body"]
    return text


def test_what_was_saved_is_sent_as_it_is(editor: Path, drafts: Path) -> None:
    """Not a blank is changed, and no file is left."""
    _write()
    (editor / "saved1").write_text('{"name":  "é", "kind": "a"}\n')
    assert '{"name":  "é", "kind": "a"}\n' == _body(_edit())
    assert [] == list(drafts.iterdir())


def test_the_editor_begins_with_what_is_required_and_what_was_given(editor: Path) -> None:
    """A skeleton of JSON, in which the options stand already; `--body` is shown as it was given."""
    _write()
    (editor / "saved1").write_text('{"name": "x", "kind": "a"}')
    _edit("--size", "3", "--kind", "b")
    assert {"name": "string", "kind": "b", "size": 3} == json.loads((editor / "shown").read_text())
    (editor / "saved2").write_text('{"name": "x", "kind": "a"}')
    _edit("--body", '{"name":   "n"}')
    assert '{"name":   "n"}' == (editor / "shown").read_text()


def test_the_text_is_private(editor: Path, drafts: Path) -> None:
    """No one else can read the file, nor list its directory."""
    _write()
    (editor / "saved1").write_text("{")
    _edit(stdin=b"n\n")
    assert (editor / "mode").read_text().startswith("-rw-------")
    (directory,) = drafts.iterdir()
    assert 0o700 == stat.S_IMODE(directory.stat().st_mode)
    assert "body.json" == Path((editor / "path").read_text().strip()).name


@pytest.mark.parametrize(
    ("saved", "reason"),
    [(None, "The editor was left without saving"), ("", "The body was left empty"), (" \n", "left empty")],
)
def test_nothing_is_sent_without_a_text(editor: Path, drafts: Path, saved: str | None, reason: str) -> None:
    """An editor that is left without saving, or an empty file, ends the call with 2."""
    _write()
    if saved is not None:
        (editor / "saved1").write_text(saved)
    result = _edit()
    assert (2, "") == (result.exit_code, result.stdout)
    assert "Nothing was sent" in result.stderr
    assert reason in result.stderr
    assert [] == list(drafts.iterdir())


def test_a_text_that_is_no_json_can_be_edited_again(editor: Path, drafts: Path) -> None:
    """The mistake is told with its line, and the second try is sent."""
    _write()
    (editor / "saved1").write_text('{"name": "x",\n "kind": }')
    (editor / "saved2").write_text('{"name": "x", "kind": "b"}')
    result = _edit(stdin=b"\n")
    assert '{"name": "x", "kind": "b"}' == _body(result)
    assert "at line 2, column 10" in result.stderr
    assert '{"name": "x",\n "kind": }' == (editor / "shown").read_text()
    assert [] == list(drafts.iterdir())


@pytest.mark.parametrize("response", [b"n\n", b""])
def test_a_text_that_cannot_be_sent_is_kept(editor: Path, response: bytes) -> None:
    """Who does not want to go on finds the text where the message says."""
    _write()
    (editor / "saved1").write_text("{oops")
    result = _edit(stdin=response)
    assert 2 == result.exit_code
    kept = re.search(r"--body @(\S+?)`", result.stderr)
    assert kept is not None
    assert "{oops" == Path(kept[1]).read_text()


def test_a_text_that_the_document_or_the_server_refuses_is_kept(editor: Path, server: Recorder) -> None:
    """Whatever ends the call, the text is not lost."""
    api = _write()
    (editor / "saved1").write_text('{"name": 1, "kind": "a"}')
    (editor / "saved2").write_text('{"name": "x", "kind": "a"}')
    for saved, code in ((1, 2), (2, 4)):
        words = ("--server", server.origin, api, "a", "--q", "1", "--editor")
        result = run_cli(*words, terminal=("stdin", "stderr"))
        assert code == result.exit_code
        kept = re.search(r"kept\s+in\s+`(\S+?)`", result.stderr)
        assert kept is not None
        assert (editor / f"saved{saved}").read_text() == Path(kept[1]).read_text()
    assert b'{"name": "x", "kind": "a"}' == server.last.body


def test_what_is_missing_besides_is_said_before_the_editor_opens(editor: Path) -> None:
    """No one writes a body for a call that cannot be made."""
    api = _write()
    result = run_cli(api, "a", "--editor", terminal=TERMINAL)
    assert 2 == result.exit_code
    assert "needs --q" in result.stderr
    assert not (editor / "shown").exists()


def test_another_media_type_is_written_as_it_is(editor: Path) -> None:
    """HTML has no check, and no skeleton but its example."""
    _write({"type": "string"}, "text/html")
    (editor / "saved1").write_text("<x>\n")
    result = _edit()
    assert "<x>\n" == _body(result)
    assert "string" == (editor / "shown").read_text()
    assert (editor / "path").read_text().strip().endswith(".html")


def test_a_form_is_written_as_json(editor: Path) -> None:
    """What was saved is then written as the form, and a body of XML alike."""
    _write(BODY, "application/x-www-form-urlencoded")
    (editor / "saved1").write_text('{"name": "x y", "kind": "a"}')
    assert "name=x%20y&kind=a" == _body(_edit())
    (editor / "times").unlink()
    _write(BODY, "application/xml")
    assert "<root><name>x y</name><kind>a</kind></root>" == _body(_edit())
    assert (editor / "path").read_text().strip().endswith(".json")


@pytest.mark.parametrize(
    ("value", "message"),
    [
        (None, "`--editor` needs an editor"),
        (" ", "`--editor` needs an editor"),
        ("'vi", "Cannot read the name of the editor"),
        ("/no/such/editor -x", "The editor `/no/such/editor` cannot be started"),
        ("false", "The editor `false` ended with 1, so nothing was sent"),
    ],
)
def test_an_editor_that_cannot_be_used_is_a_mistake(
    monkeypatch: pytest.MonkeyPatch, drafts: Path, value: str | None, message: str
) -> None:
    """Exit 2, with what to do; `VISUAL` wins over `EDITOR`."""
    _write()
    if value is not None:
        monkeypatch.setenv("EDITOR", "true")
        monkeypatch.setenv("VISUAL", value)
        if value == " ":
            monkeypatch.delenv("EDITOR")
    result = _edit()
    assert (2, "") == (result.exit_code, result.stdout)
    assert message in result.stderr
    assert [] == list(drafts.iterdir())


@pytest.mark.parametrize("terminal", [(), ("stdout", "stderr"), ("stdin",)])
def test_without_a_terminal_no_editor_opens(editor: Path, terminal: tuple[str, ...]) -> None:
    """A script does not hang: exit 2."""
    _write()
    result = _edit(terminal=terminal)
    assert 2 == result.exit_code
    assert "`--editor` needs a terminal" in result.stderr
    assert not (editor / "shown").exists()


def test_no_input_opens_no_editor(editor: Path) -> None:
    """`--no-input` says that nothing is asked."""
    _write()
    result = _edit("--no-input")
    assert 2 == result.exit_code
    assert "`--no-input` forbids questions" in result.stderr
    assert not (editor / "shown").exists()


def test_the_editor_draws_on_standard_error_where_the_output_is_a_pipe(editor: Path) -> None:
    """The response goes into the pipe, and the editor does not."""
    script = shlex.split(os.environ["EDITOR"])[0]
    Path(script).write_text(Path(script).read_text() + "echo drawn\n")
    _write()
    (editor / "saved1").write_text('{"name": "x", "kind": "a"}')
    result = _edit(terminal=("stdin", "stderr"))
    assert '{"name": "x", "kind": "a"}' == _body(result)
