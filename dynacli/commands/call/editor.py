"""`--editor`: write the body in an editor.

The draft is JSON. Some tools use YAML with comments instead. dynacli sends the saved text unchanged, so there is no
doubt whether `no` is a string.
"""

import os
import shlex
import signal
import subprocess
import tempfile
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from dynacli.environment import Environment
from dynacli.errors import DynacliError, FileError, UsageError

_PAST = 1_000_000_000
"""Modification time of a draft before editing: old enough that saving changes it on every file system."""


class EditedText:
    """A text that the user edits, in a file that exists until the text is sent.

    Attributes:
        path: Path of the file, which only its owner can read.
        content: The saved text.
    """

    def __init__(self, text: str, suffix: str) -> None:
        try:
            self._directory = tempfile.mkdtemp(prefix="dynacli-")  # 0700
            self.path = os.path.join(self._directory, f"body{suffix}")
            with open(self.path, "xb", opener=lambda name, flags: os.open(name, flags, 0o600)) as file:
                file.write(text.encode("utf-8", "surrogateescape"))
        except OSError as error:
            raise FileError(
                "Cannot create the file for the body",
                reason=error.strerror or "",
                hint="Set `TMPDIR` to a writable directory",
            ) from error
        self.content = b""

    def discard(self) -> None:
        """Remove the file, and any files that an editor left beside it."""
        import shutil

        shutil.rmtree(self._directory, ignore_errors=True)

    def kept(self) -> str:
        """Return the sentence that names the file with the text."""
        return f"What you wrote is kept in `{self.path}`; `--body @{shlex.quote(self.path)}` sends it"

    def edit(self, editor: list[str], env: Environment) -> bool:
        """Open the editor and wait. Return whether the text was saved.

        Raises:
            UsageError: The editor cannot be started, or exits with an error.
            FileError: The file is missing or cannot be read.
        """
        os.utime(self.path, (_PAST, _PAST))
        before = os.stat(self.path)
        # If standard output is a pipe, the editor draws on standard error.
        stdout = None if env.stdout_is_terminal else 2
        try:
            with _interrupts_ignored():
                code = subprocess.run([*editor, self.path], stdout=stdout, check=False).returncode
        except (OSError, ValueError) as error:
            raise UsageError(
                f"The editor `{editor[0]}` cannot be started",
                reason=getattr(error, "strerror", None) or "It is not the name of a program",
                hint="Set `VISUAL` or `EDITOR`, for example `EDITOR=nano`",
            ) from None
        if code:
            raise UsageError(
                f"The editor `{editor[0]}` ended with {code}, so nothing was sent",
                reason="An exit code other than 0 means failure",
            )
        try:
            after = os.stat(self.path)
            with open(self.path, "rb") as file:
                self.content = file.read()
        except OSError as error:
            raise FileError("The saved body cannot be read", reason=error.strerror or "") from error
        return (before.st_mtime_ns, before.st_ino, before.st_size) != (
            after.st_mtime_ns,
            after.st_ino,
            after.st_size,
        )


def write_draft(
    env: Environment,
    text: str,
    suffix: str,
    check: Callable[[bytes], object],
    *,
    may_ask: bool,
    asked_by: str = "--editor",
) -> EditedText:
    """Open an editor with a text, and return the saved draft.

    Args:
        text: The initial text.
        suffix: Suffix of the file name, from which editors recognize the syntax.
        check: Raises a UsageError if the saved text is invalid. The user may then edit it again.
        may_ask: Whether dynacli may ask the user.
        asked_by: The option or command that needs the editor, for messages.

    Raises:
        UsageError: The editor or a terminal is missing, nothing was saved, or the saved text is invalid.
        FileError: The text cannot be written or read.
    """
    editor = editor_words(
        env, asked_by, may_ask=may_ask, hint="Give the body by `--body @FILE`, or by options"
    )
    draft = EditedText(text, suffix)
    try:
        is_saved = draft.edit(editor, env)
        while is_saved and draft.content.strip():
            try:
                check(draft.content)
            except UsageError as error:
                if not wants_again(env, error):
                    raise UsageError(
                        error.message, reason=error.reason, hint=f"{draft.kept()} after you fix it"
                    ) from None
                draft.edit(editor, env)
                continue
            return draft
    except UsageError:
        if not draft.content.strip():
            draft.discard()
        raise
    except BaseException:
        draft.discard()
        raise
    draft.discard()
    reason = "The body was left empty" if is_saved else "The editor was left without saving"
    raise UsageError("Nothing was sent", reason=reason, hint="To send the body as it is shown, save it")


def editor_words(env: Environment, asked_by: str, *, may_ask: bool, hint: str) -> list[str]:
    """Return the command that starts the user's editor.

    Args:
        may_ask: Whether dynacli may ask the user.
        asked_by: The option or command that needs the editor, for messages.
        hint: An alternative that needs no editor.

    Raises:
        UsageError: No editor is configured, or dynacli has no terminal.
    """
    if not may_ask:
        raise UsageError(f"`{asked_by}` needs an editor, but `--no-input` forbids questions", hint=hint)
    if not env.stdin_is_terminal or not (env.stdout_is_terminal or env.stderr_is_terminal):
        raise UsageError(f"`{asked_by}` needs a terminal", reason="There is no terminal", hint=hint)
    text = env.variables.get("VISUAL") or env.variables.get("EDITOR") or ""
    try:
        words = shlex.split(text)
    except ValueError:
        raise UsageError(
            "Cannot read the name of the editor", reason="`VISUAL` or `EDITOR` has an unclosed quote"
        ) from None
    if not words:
        raise UsageError(
            f"`{asked_by}` needs an editor",
            reason="Neither `VISUAL` nor `EDITOR` is set",
            hint=f"Set one, for example `EDITOR=nano`. {hint}",
        )
    return words


def wants_again(env: Environment, error: DynacliError) -> bool:
    """Ask whether to edit an invalid text again."""
    from dynacli.output.standard_error import write_stderr, write_warning

    write_warning(env, f"{error.message}: {error.reason}" if error.reason else error.message, "text")
    write_stderr(env, "Edit it again? [Y/n] ")
    response = env.stdin.readline()
    if not response.endswith("\n"):
        write_stderr(env, "\n")
        return False
    return response.strip().lower() in {"", "y", "yes"}


@contextmanager
def _interrupts_ignored() -> Iterator[None]:
    """Leave Ctrl-C to the editor. A handler that is a function is not inherited by the editor, unlike SIG_IGN."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.signal(signal.SIGINT, lambda *_: None)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)
