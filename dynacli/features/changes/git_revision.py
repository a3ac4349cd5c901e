"""The files of a git repository at a revision, read by `git cat-file` without running programs of the repository.

A repository is untrusted, and its configuration can name programs. `cat-file` runs none of them: it uses no hook,
filter, textconv or index, and no pager, because its output is a pipe. The environment of the process switches off the
rest. Above all, git must not fetch missing objects of a partial clone, because that would start programs of a remote
(`git help git`, "SECURITY").
"""

from __future__ import annotations

import os
import re
import shutil
import threading
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from typing import IO, TYPE_CHECKING, NamedTuple, cast

from dynacli.errors import DocumentError, RefusedError, TimedOutError, UsageError
from dynacli.openapi.document.fetch import AllowedFiles, AllowedOpener
from dynacli.openapi.document.limits import MAX_BYTES, in_mebibytes
from dynacli.openapi.document.source import Source

if TYPE_CHECKING:
    import subprocess

GIT = "git:"
"""Prefix of an argument that names a git revision."""

_KEPT = frozenset(
    {
        "GIT_CONFIG_GLOBAL",
        "GIT_CONFIG_SYSTEM",
        "GIT_CONFIG_NOSYSTEM",
        "GIT_CEILING_DIRECTORIES",
        "GIT_DISCOVERY_ACROSS_FILESYSTEM",
    }
)
"""Variables that git keeps. They tell it where to search for a repository and for your configuration.

`GIT_DIR` and similar ones are left out: a hook sets them, and git would use its repository for every document.
"""
_SAFE = {
    "LC_ALL": "C",
    "GIT_TERMINAL_PROMPT": "0",
    "GIT_OPTIONAL_LOCKS": "0",
    # git 2.44 and later fetch nothing because of the first variable. Older ones fail because the second allows no
    # protocol.
    "GIT_NO_LAZY_FETCH": "1",
    "GIT_ALLOW_PROTOCOL": "",
}
_OPTIONS = ("-c", "core.fsmonitor=false", "-c", f"core.hooksPath={os.devnull}")
_SECONDS = 30.0
"""Time limit of git, in seconds, to find the repository or the revision."""
_COMPLETION_SECONDS = 1.0
_MOST_NAMES = 200
"""Maximum number of revisions that completion offers."""
_MOST_HEADER = 64 * 1024
_FOUND = re.compile(rb"([0-9a-f]{40,64}) (blob|tree|commit|tag) (\d{1,18})\n")
_NOT_FOUND = re.compile(rb"(symlink|dangling|loop|notdir) (\d{1,18})\n")
_LINKS = {
    b"symlink": "It is a symbolic link that leads out of the repository",
    b"dangling": "It is a symbolic link, and its target is missing",
    b"loop": "It is a symbolic link to itself",
}


class GitWord(NamedTuple):
    """An argument that names a document at a git revision: `git:REV` or `git:REV:PATH`.

    Args:
        revision: The revision, by git's rules (`git help revisions`).
        path: Path from the top of the repository, or with `./` or `../` from the working directory; empty for none.
    """

    revision: str
    path: str


def parse_git_word(word: str) -> GitWord:
    """Parse an argument that begins with `git:`.

    Raises:
        UsageError: The revision or the path is missing, or the argument has control characters.
    """
    # A revision can have colons in braces: `HEAD@{2026-01-31 10:00}`, `main^{/fix: names}`.
    revision, colon, path = re.fullmatch(
        r"((?:\{[^}]*\}?|[^:{])*)(:?)(.*)", word[len(GIT) :], re.DOTALL
    ).groups()  # type: ignore[union-attr]  # it matches any text
    if not revision or (colon and not path):
        missing = "PATH" if revision else "revision"
        raise UsageError(
            f"`{word}` has no {missing}",
            hint="Write `git:REV` for the same document, or `git:REV:PATH`, such as `git:main:openapi.yaml`",
        )
    if not word.isprintable():
        raise UsageError("A git revision has a control character")
    return GitWord(revision, path)


@contextmanager
def open_revision(directory: str, revision: str, variables: Mapping[str, str]) -> Iterator[GitRevision]:
    """Open a revision of the repository that contains a directory, for the duration of a block.

    Args:
        directory: The absolute path of a directory in the repository.
        revision: The revision, by git's rules.
        variables: The environment variables.

    Raises:
        UsageError: The repository has no such revision.
        DocumentError: git is not installed, or the directory is not in a repository.
        RefusedError: The repository belongs to another user.
        TimedOutError: git takes too long.
    """
    git = _Git(directory, variables)
    try:
        asked = git.run("rev-parse", "--show-prefix")
    except OSError as error:
        raise DocumentError(f"Cannot run git in `{directory}`", reason=error.strerror or "") from error
    if asked.returncode:
        raise _no_repository(directory, asked.stderr)
    prefix = os.fsdecode(asked.stdout.removesuffix(b"\n")).rstrip("/")
    root = os.path.realpath(directory).removesuffix(prefix).rstrip(os.sep) or os.sep
    import subprocess  # other documents need no git

    process = subprocess.Popen(
        (*git.command, "cat-file", "--batch", "--follow-symlinks"),
        cwd=root,
        env=git.environment,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
    )
    try:
        yield GitRevision(process, root, prefix, revision)
    finally:
        process.kill()
        for stream in (process.stdin, process.stdout):
            with suppress(OSError):
                cast("IO[bytes]", stream).close()
        process.wait()


def revision_names(directory: str, start: str, variables: Mapping[str, str]) -> list[str]:
    """Return the branches, tags and remote branches, and `HEAD`, whose names begin with a text, for completion.

    Args:
        directory: The absolute path of a directory in the repository.
        variables: The environment variables.

    Raises:
        DocumentError: git is not installed.
        TimedOutError: git takes too long.
        OSError: git cannot run in the directory.
    """
    pattern = re.sub(r"[\\*?\[]", r"\\\g<0>", start) + "*"
    kinds = ("--branches", "--tags", "--remotes")
    asked = _Git(directory, variables).run(
        "rev-parse",
        "--symbolic",
        "HEAD",
        *(f"{kind}={pattern}" for kind in kinds),
        seconds=_COMPLETION_SECONDS,
    )
    names = os.fsdecode(asked.stdout).split()[:_MOST_NAMES] if asked.returncode == 0 else []
    return [name for name in dict.fromkeys(names) if name.startswith(start)]


class _Git:
    """git in a directory, with options and variables that keep the repository from running programs.

    Attributes:
        command: The program and its options.
        environment: Its environment variables.

    Raises:
        DocumentError: git is not installed.
    """

    def __init__(self, directory: str, variables: Mapping[str, str]) -> None:
        program = shutil.which("git", path=variables.get("PATH"))
        if program is None or not os.path.isabs(program):  # a `git` in the directory itself is untrusted
            raise DocumentError("git is not installed", hint="Install git, or give a file or a URL")
        self.command = (program, *_OPTIONS)
        kept = {name: value for name, value in variables.items() if name[:4] != "GIT_" or name in _KEPT}
        self.environment = {**kept, **_SAFE}
        self._directory = directory

    def run(self, *words: str, seconds: float | None = None) -> subprocess.CompletedProcess[bytes]:
        """Run a command of git, and wait for it.

        Raises:
            TimedOutError: git takes too long.
            OSError: git cannot run in the directory.
        """
        import subprocess

        seconds = seconds or _SECONDS
        try:
            return subprocess.run(
                (*self.command, *words),
                cwd=self._directory,
                env=self.environment,
                stdin=subprocess.DEVNULL,
                capture_output=True,
                timeout=seconds,
                check=False,
            )
        except subprocess.TimeoutExpired:
            raise TimedOutError("git took too long", reason=f"The limit is {seconds:g} s") from None


def _no_repository(directory: str, said: bytes) -> DocumentError | RefusedError:
    if b"dubious ownership" in said:
        return RefusedError(
            f"The repository around `{directory}` is not read",
            reason="It belongs to another user",
            hint="If you trust it: `git help config` explains `safe.directory`",
        )
    return DocumentError(f"`{directory}` is not in a git repository", hint="Give a file or a URL")


class GitRevision:
    """A commit, and the files in it.

    Attributes:
        root: The absolute path of the top directory, with symbolic links resolved.
        prefix: Relative path from there to the directory that the revision was opened for; empty for the top.
        commit: The hash of the commit.

    Args:
        process: A running `git cat-file --batch`.
        revision: The revision, as you wrote it.

    Raises:
        UsageError: The repository has no such revision.
    """

    def __init__(self, process: subprocess.Popen[bytes], root: str, prefix: str, revision: str) -> None:
        self._process = process
        self._revision = revision
        self.root = root
        self.prefix = prefix
        response = self._ask(f"{revision}^{{commit}}", _SECONDS)
        if response.kind != b"commit":
            raise UsageError(
                f"The repository `{root}` has no revision `{revision}`",
                reason="git knows no commit of this name, or several",
                hint="A shallow clone lacks most revisions. Fetch it, for example: `git fetch origin main`",
            )
        self.commit = response.name.decode()

    def path_of(self, written: str) -> str:
        """Return a path relative to the top directory, by git's rules.

        Raises:
            UsageError: The path is outside of the repository.
        """
        is_relative = written.startswith(("./", "../"))
        path = os.path.normpath(os.path.join(self.prefix if is_relative else "", written))
        if path in (".", "..") or path.startswith(("../", "/")):
            raise UsageError(
                f"`{written}` is not a file of the repository `{self.root}`",
                hint="A path starts at the top of the repository, and with `./` in the working directory",
            )
        return path

    def opener(self, path: str, allowed: Iterable[str], *, follows_files: bool) -> AllowedOpener:
        """Return a function that reads a document of the revision, and the files to which it may refer.

        Args:
            path: The path of the document from the top directory.
            allowed: Further origins and directories, as for `allowed_files`.
            follows_files: As for `allowed_files`.
        """
        location = os.path.join(self.root, path)
        return _FilesAtRevision(self, location, tuple(allowed), follows_files=follows_files).open

    def read(self, path: str, seconds: float) -> bytes:
        """Return the bytes of a file.

        Args:
            path: Path from the top directory.
            seconds: Time limit of git.

        Raises:
            DocumentError: The file does not exist at the revision, or is too large.
            TimedOutError: git takes too long.
        """
        response = self._ask(f"{self.commit}:{path}", seconds)
        if response.kind == b"blob":
            return response.content
        shown = f"`{path}`"
        if response.kind == b"tree":
            raise DocumentError(
                f"{shown} is a directory at `{self._revision}`", hint="Give the file of the document in it"
            )
        raise DocumentError(
            f"There is no file {shown} at `{self._revision}`",
            reason=_LINKS.get(response.kind, ""),
            hint="A path starts at the top of the repository, and with `./` in the working directory",
        )

    def _ask(self, name: str, seconds: float) -> _Response:
        """Ask git for an object by its name.

        Raises:
            DocumentError: The object is too large, or git fails.
            TimedOutError: git takes too long.
        """
        stdin, stdout = cast("IO[bytes]", self._process.stdin), cast("IO[bytes]", self._process.stdout)
        if "\n" in name:  # git would read two names
            return _Response(b"missing")
        late = threading.Event()

        def stop() -> None:
            late.set()
            self._process.kill()

        timer = threading.Timer(seconds, stop)
        timer.start()
        try:
            with suppress(BrokenPipeError):
                stdin.write(os.fsencode(name) + b"\n")
                stdin.flush()
            header = stdout.readline(_MOST_HEADER)
            if header.endswith((b" missing\n", b" ambiguous\n")):
                return _Response(b"missing")
            found = _FOUND.fullmatch(header) or _NOT_FOUND.fullmatch(header)
            size = int(found.groups()[-1]) if found else 0
            if size > MAX_BYTES:
                self._process.kill()
                raise DocumentError(f"`{name}` is larger than {in_mebibytes(MAX_BYTES)}")
            content = stdout.read(size + 1)[:-1] if found else b""
        finally:
            timer.cancel()
        if late.is_set():
            raise TimedOutError("git took too long", reason=f"`{name}` was not read in time")
        if found is None or len(content) != size:
            raise DocumentError(
                f"git cannot read `{name}`",
                reason="The clone may be damaged, or a partial one, which lacks files; nothing is fetched",
            )
        if found.re is _NOT_FOUND:
            return _Response(found[1])
        return _Response(found[2], found[1], content)


class _Response(NamedTuple):
    """The response of git to a name.

    Args:
        kind: The type of the object, or the reason why there is none.
        name: The hash of the object; empty if there is none.
        content: The bytes of the object.
    """

    kind: bytes
    name: bytes = b""
    content: bytes = b""


class _FilesAtRevision(AllowedFiles):
    """The files to which a document at a revision may refer.

    The rules for local files apply. git reads the content, and follows symbolic links within the revision.
    """

    def __init__(
        self, revision: GitRevision, path: str, allowed: tuple[str, ...], *, follows_files: bool
    ) -> None:
        super().__init__(Source("file", path, ""), allowed, None, follows_files=follows_files)
        self._at = revision
        if follows_files:  # without resolving the symbolic links of the working tree
            self.own = (os.path.join(os.path.dirname(path), ""),)

    def resolve(self, path: str) -> str:
        return os.path.normpath(path)

    def read(self, path: str, seconds: float) -> bytes:
        inside = os.path.join(self._at.root, "")
        if not path.startswith(inside):
            raise RefusedError(
                f"`{path}` is not read", reason=f"It is outside of the repository `{self._at.root}`"
            )
        return self._at.read(path.removeprefix(inside), seconds)
