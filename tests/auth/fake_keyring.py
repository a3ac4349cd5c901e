"""A keyring in memory, or in a file, in the place of the system's."""

import json
from pathlib import Path

import keyring.backend
import keyring.errors

__all__ = ["Keyring"]


class Keyring(keyring.backend.KeyringBackend):
    """A keyring that takes no more than Windows' does for a password: 1,280 characters.

    Args:
        path: The file that what it keeps is written to; None for none.
    """

    priority = 5

    def __init__(self, path: Path | None = None) -> None:
        self.path = path
        self.kept: dict[str, str] = json.loads(path.read_text()) if path and path.exists() else {}
        self.writes = self.reads = 0

    def get_password(self, service: str, username: str) -> str | None:
        self.reads += 1
        return self.kept.get(f"{service} {username}")

    def set_password(self, service: str, username: str, password: str) -> None:
        if len(password) > 1280:
            raise keyring.errors.PasswordSetError("too long")
        self.writes += 1
        self.kept[f"{service} {username}"] = password
        self._write()

    def delete_password(self, service: str, username: str) -> None:
        if self.kept.pop(f"{service} {username}", None) is None:
            raise keyring.errors.PasswordDeleteError("not there")
        self._write()

    def _write(self) -> None:
        if self.path:
            self.path.with_suffix(".new").write_text(json.dumps(self.kept))
            self.path.with_suffix(".new").rename(self.path)
