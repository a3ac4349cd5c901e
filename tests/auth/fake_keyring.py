"""A keyring in memory, or in a file, instead of the system's."""

import json
from pathlib import Path

import keyring.backend
import keyring.errors


class Keyring(keyring.backend.KeyringBackend):
    """A keyring that takes no more than Windows' does for a password: 1,280 characters.

    Args:
        path: The file that what it keeps is written to; None for none.
    """

    priority = 5

    def __init__(self, path: Path | None = None) -> None:
        self.path = path
        self.kept: dict[str, str] = {}
        self.writes = self.reads = 0
        self._read()

    def get_password(self, service: str, username: str) -> str | None:
        self._read()
        self.reads += 1
        return self.kept.get(f"{service} {username}")

    def set_password(self, service: str, username: str, password: str) -> None:
        if len(password) > 1280:
            raise keyring.errors.PasswordSetError("too long")
        self._read()
        self.writes += 1
        self.kept[f"{service} {username}"] = password
        self._write()

    def delete_password(self, service: str, username: str) -> None:
        self._read()
        if self.kept.pop(f"{service} {username}", None) is None:
            raise keyring.errors.PasswordDeleteError("not there")
        self._write()

    def _read(self) -> None:
        """Read what other processes may have written."""
        if self.path and self.path.exists():
            self.kept = json.loads(self.path.read_text())

    def _write(self) -> None:
        if self.path:
            self.path.with_suffix(".new").write_text(json.dumps(self.kept))
            self.path.with_suffix(".new").rename(self.path)
