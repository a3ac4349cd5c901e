"""The registered APIs and their settings in `config.toml`, written by the user or by `dynacli api`."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from dynacli.environment import Environment, invocation, program
from dynacli.errors import FileError, UsageError
from dynacli.files import check_own, is_url, locked, make_directory, regular_file, sweep, write_file
from dynacli.options.command_table import COMMAND_NAMES, feature, has_feature

if TYPE_CHECKING:
    from dynacli.registry.project import ProjectState

DEMO = "demo"
LOGIN_KEY = "document_login"
"""The key of an API's entry that says when its document is fetched with a credential; by default when a server asks."""

_NAME = re.compile(r"[a-z0-9][a-z0-9_-]{0,62}")
PAIRS = ("headers", "query", "server_vars")
"""The keys of an API or a profile whose value is a table of names and texts."""


_known: dict[str, tuple[list[int], dict[str, Any]]] = {}
"""Path → what tells the file from all others, and from itself after a change, and what it says: as this process has
read it."""


def is_name(word: str) -> bool:
    """Return whether a text can be the name of a registered API."""
    return bool(_NAME.fullmatch(word)) and word != DEMO


def check_name(name: str) -> None:
    """Check a name before it is registered.

    Raises:
        UsageError: An API cannot have this name.
    """
    if name in COMMAND_NAMES:
        raise UsageError(
            f"`{name}` is a command of dynacli and cannot be the name of an API", hint="Choose another"
        )
    if not _NAME.fullmatch(name):
        raise UsageError(
            f"`{name}` cannot be the name of an API",
            reason="A name has lower-case letters, digits, `-` and `_`, and starts with a letter or digit",
        )


def texts(entry: Mapping[str, Any], key: str) -> tuple[str, ...]:
    """Return the texts of a list in an entry; any other value is ignored."""
    values = entry.get(key)
    return tuple(value for value in values if isinstance(value, str)) if isinstance(values, list) else ()


def profiles_in(entry: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    """Return name → table of the profiles in an entry; any other value is ignored."""
    found = entry.get("profiles")
    tables = found.items() if isinstance(found, dict) else ()
    return {name: table for name, table in tables if isinstance(table, dict)}


def pairs_in(table: Mapping[str, Any], key: str) -> dict[str, str]:
    """Return name → text of the pairs in a table; any other value is ignored.

    A number, `true` or `false` has the text that it is sent as.
    """
    pairs = table.get(key)
    return {
        name: str(value).lower() if isinstance(value, bool) else str(value)
        for name, value in (pairs.items() if isinstance(pairs, dict) else ())
        if isinstance(value, str | int | float)
    }


def is_alias(word: str) -> bool:
    """Return whether a text can be the name of an alias."""
    return bool(_NAME.fullmatch(word))


class Configuration:
    """The file `config.toml` in the configuration directory, which users may edit by hand.

    Each process parses it once, which takes 2 to 4 ms. No copy of it is in the cache, which is trusted less.

    Raises:
        FileError: From any method, when the file cannot be read or written.
    """

    def __init__(self, env: Environment) -> None:
        self._env = env
        self.path = os.path.join(env.config_dir, "config.toml")

    def apis(self) -> dict[str, dict[str, Any]]:
        """Return name → entry of the registered APIs; their sources mean the same from any directory.

        Those of a trusted project file are among them, unless the person has one of that name.
        """
        return {**self.project_apis(), **self.own_apis()}

    def registered(self, name: str) -> dict[str, Any] | None:
        """Return the entry of a registered API, as `apis` has it; None if there is none of that name."""
        own = self._entries()
        return self._usable(name, own[name]) if name in own else self.project_apis().get(name)

    def own_apis(self) -> dict[str, dict[str, Any]]:
        """Return name → entry of the APIs of the file itself."""
        return {
            name: usable
            for name, entry in self._entries().items()
            if (usable := self._usable(name, entry)) is not None
        }

    def project_apis(self) -> dict[str, dict[str, Any]]:
        """Return name → entry of the APIs that a trusted project file registers."""
        state = self.project_state()
        if state is None or state.project is None:
            return {}
        own = self._entries()
        return {name: entry for name, entry in state.project.apis.items() if name not in own}

    def project_state(self) -> ProjectState | None:
        """Return what has become of the project file of the working directory; None if there is none."""
        if not self._env.project_file or not has_feature("project_file"):
            return None
        state: ProjectState = feature("project_file.project_file").project_state(
            self._env, self.own_names(), check_name
        )
        return state

    def unused_project(self) -> ProjectState | None:
        """Return what has become of the project file if it is not used; None if it is, or there is none."""
        state = self.project_state()
        return state if state is not None and state.project is None else None

    def why_missing(self, reason: str, hint: str) -> tuple[str, str]:
        """Return the reason and the hint of an error about an API that is not there: it may be in the project file.

        Args:
            reason: The reason if there is no project file that is not used.
            hint: The hint for that case.
        """
        unused = self.unused_project()
        return (reason, hint) if unused is None else (unused.reason, unused.hint)

    def own_names(self) -> tuple[str, ...]:
        """Return the names that have an entry in the file itself, usable or not, and the name of the demo API."""
        return (*self._entries(), DEMO)

    def has_document(self, path: str) -> bool:
        """Return whether a registered API has the document at a path, or joins it to its own.

        Args:
            path: Absolute and normalized.
        """
        return any(
            path in (os.path.normpath(entry["source"]), *self.locations(entry, "more"))
            for entry in self.apis().values()
        )

    def path_of(self, name: str) -> str:
        """Return the path of the file that has the entry of an API."""
        return self._env.project_file if name in self.project_apis() else self.path

    def file_name_of(self, name: str) -> str:
        """Return the name of the file that has the entry of an API, without its directory."""
        return os.path.basename(self.path_of(name))

    def text_of(self, name: str) -> str:
        """Return the text of the file that has the entry of an API; empty if there is none."""
        state = self.project_state()
        if state is not None and state.project is not None and name in self.project_apis():
            return state.project.text
        return self.text()

    def allow_refs(self, entry: dict[str, Any]) -> tuple[str, ...]:
        """Return the origins and absolute directories that an API's document may refer to."""
        found = texts(entry, "allow_refs")
        if not found:
            return ()
        from dynacli.openapi.document.source import allowed_place

        directory = os.path.dirname(os.path.abspath(self.path))
        return tuple(allowed_place(word, directory) for word in found)

    def locations(self, entry: dict[str, Any], key: str) -> tuple[str, ...]:
        """Return the URLs and absolute paths of the further documents of an API.

        Args:
            key: `more` for those that make one API together with the entry's `source`, `overlays` for those that
                override it.
        """
        return tuple(map(self._locate, texts(entry, key)))

    def entry(self, name: str) -> Mapping[str, Any]:
        """Return the entry of an API, which may not be registered yet; empty if there is none."""
        own = self._table("apis").get(name)
        if own is None:
            return self.project_apis().get(name, {})
        return own if isinstance(own, dict) else {}

    def has_entry(self, name: str) -> bool:
        """Return whether the file itself has an entry of that name, usable or not."""
        return name in self._entries()

    def aliases(self, name: str) -> dict[str, str]:
        """Return name → line of the aliases of an API, or of the demo API; any other value is ignored."""
        found = self.entry(name).get("aliases")
        lines = found.items() if isinstance(found, dict) else ()
        return {word: line for word, line in lines if is_alias(word) and isinstance(line, str)}

    def cache(self) -> dict[str, Any]:
        """Return the settings under `[cache]`."""
        return self._table("cache")

    def setting(self, name: str) -> Any:
        """Return the value of a key at the top of the file; None if it is not there."""
        try:
            return self._tables().get(name)
        except FileNotFoundError:
            return None
        except (OSError, ValueError, RecursionError) as error:
            raise FileError(
                f"The configuration `{self.path}` cannot be read",
                reason=_reason(error),
                hint=_hint(error, self.path) or "Fix the file, or move it away",
            ) from error

    def _entries(self) -> dict[str, Any]:
        found, runs = self._table("apis"), program()
        if not runs.entry:
            return found
        own = found.get(runs.api)
        return {runs.api: {**runs.entry, **(own if isinstance(own, dict) else {})}}

    def _usable(self, name: str, entry: Any) -> dict[str, Any] | None:
        """Return an entry of the file with its source located; None if it is not an entry of an API."""
        if name in COMMAND_NAMES or not isinstance(entry, dict) or not isinstance(entry.get("source"), str):
            return None
        return {**entry, "source": self._locate(entry["source"])}

    def _table(self, name: str) -> dict[str, Any]:
        entries = self.setting(name)
        return entries if isinstance(entries, dict) else {}

    def _tables(self) -> dict[str, Any]:
        # Taken before the file is read: if it changes meanwhile, the stamp is an old one and counts for nothing.
        found = os.stat(self.path)
        stamp = [found.st_dev, found.st_ino, found.st_size, found.st_mtime_ns, found.st_ctime_ns]
        known = _known.get(self.path)
        if known is None or known[0] != stamp:
            import tomllib

            with open(self.path, "rb", opener=regular_file) as file:
                opened = os.fstat(file.fileno())
                # Each call comes here: whether the file is the user's own is asked in full only if it may not be.
                if opened.st_mode & 0o022 or opened.st_uid != getattr(os, "geteuid", int)():
                    check_own(opened, self.path, may_be_of_root=True)
                known = _known[self.path] = stamp, tomllib.load(file)
        return known[1]

    def _locate(self, source: str) -> str:
        # A path is written as in a shell, and starts from the directory of the file.
        if is_url(source) or os.path.isabs(source):
            return source
        directory = os.path.dirname(os.path.abspath(self.path))
        return os.path.normpath(os.path.join(directory, os.path.expanduser(source)))

    def check_own(self, name: str) -> None:
        """Check that an API is not one of the project file, which dynacli does not change.

        Raises:
            UsageError: The API is in the project file.
        """
        if name in self.project_apis():
            raise UsageError(
                f"`{name}` is not in your configuration and cannot be changed there",
                reason=f"It is from `{self._env.project_file}`",
                hint=f"Change that file, then trust it again: `{invocation('config trust')}`",
            )

    def accept_origin(self, name: str, origin: str, known: Sequence[str]) -> None:
        """Let the credentials of a registered API go to one more origin from now on.

        Args:
            known: The origins that they may go to already.
        """
        if name in self.project_apis():
            feature("project_file.project_file").accept_origin(self._env, name, origin)
        else:
            self.edit(name, {"origins": list(dict.fromkeys([*known, origin]))})

    def edit(self, name: str, entry: dict[str, Any] | None, *, new_name: str = "") -> None:
        """Write, remove (None) or rename the entry of an API; comments and everything else stay as they are."""
        from dynacli.registry.configuration_text import edited

        if entry is None or "source" not in entry:
            self.check_own(name)
        self._change(lambda text: edited(text, name, entry, new_name))

    def add_table(self, name: str, key: str, table: dict[str, str]) -> None:
        """Add a table to a list in the entry of an API, `[[apis.NAME.KEY]]`; everything else stays as it is."""
        from dynacli.registry.configuration_text import with_table

        self.check_own(name)
        self._change(lambda text: with_table(text, name, key, table))

    def tables(self) -> dict[str, Any]:
        """Return all that the file says; nothing if there is none."""
        self.setting("")
        try:
            return self._tables()
        except FileNotFoundError:
            return {}

    def text(self) -> str:
        """Return the text of the file; empty if there is none."""
        try:
            return _read_own_file(self.path)
        except FileNotFoundError:
            return ""
        except (OSError, ValueError) as error:
            raise FileError(
                f"The configuration `{self.path}` cannot be read",
                reason=_reason(error),
                hint=_hint(error, self.path),
            ) from error

    def set_values(
        self, values: Sequence[tuple[tuple[str, ...], Any]], check: Callable[[str, dict[str, Any]], None]
    ) -> None:
        """Set the values of keys, or remove those whose value is None; everything else stays as it is.

        Args:
            check: Raises an error if what results cannot be used; it is given the text that the file would have, and
                its tables.
        """
        from dynacli.registry.configuration_text import with_values

        def changed(text: str) -> str:
            result, tables = with_values(text, values)
            check(result, tables)
            return result

        self._change(changed)

    def replace(self, before: str, after: str) -> None:
        """Write another text instead of the one that was read.

        Raises:
            FileError: The new text is not TOML, or the file was changed meanwhile.
        """
        import tomllib

        def changed(text: str) -> str:
            if text != before:
                raise ValueError("it was changed meanwhile")
            tomllib.loads(after)
            return after

        self._change(changed)

    def _change(self, changed: Callable[[str], str]) -> None:
        directory = os.path.dirname(self.path)
        try:
            make_directory(directory)
            with locked(directory, "changing the configuration"):
                try:
                    text = _read_own_file(self.path)
                except FileNotFoundError:
                    text = ""
                # Many people have their configuration elsewhere, and only a link to it here.
                write_file(os.path.realpath(self.path), changed(text).encode())
                self.sweep()
        except (OSError, ValueError, RecursionError) as error:
            raise FileError(
                f"The configuration `{self.path}` cannot be changed",
                reason=_reason(error),
                hint=_hint(error, self.path),
            ) from error

    def sweep(self) -> None:
        """Remove the unfinished files of edits that were killed."""
        with suppress(OSError):
            sweep(*os.path.split(os.path.realpath(self.path)))


def _read_own_file(path: str) -> str:
    """Return the text of the file, which names commands to run and says where credentials go.

    Raises:
        OSError: The file cannot be read, or other users can change it.
        ValueError: The file is not UTF-8.
    """
    with open(path, encoding="utf-8", newline="", opener=regular_file) as file:
        check_own(os.fstat(file.fileno()), path, may_be_of_root=True)
        return file.read()


def _hint(error: Exception, path: str) -> str:
    """Return how to take the right to write from others if that is the error; else nothing."""
    if not isinstance(error, PermissionError) or error.errno is not None:
        return ""
    from shlex import quote

    return f"Own the file, and let only yourself change it: `chmod go-w {quote(path)}`"


def _reason(error: Exception) -> str:
    if isinstance(error, OSError):
        return error.strerror or str(error)
    if isinstance(error, UnicodeDecodeError):
        return f"it is not UTF-8 (at byte {error.start})"
    return "it is nested too deeply" if isinstance(error, RecursionError) else str(error)
