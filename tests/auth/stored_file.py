"""The file of stored credentials with the one that is in it, read and changed as time would change it."""

import json
from pathlib import Path
from typing import Any


def credentials_file(home: Path) -> Path:
    """Return the path of the file."""
    return home / "state/credentials/credentials.json"


def stored_credential(home: Path) -> dict[str, Any]:
    """Return what is stored, which is one credential."""
    (stored,) = json.loads(credentials_file(home).read_text())["credentials"]
    return dict(stored)


def change_credential(home: Path, **more: Any) -> dict[str, Any]:
    """Change what is stored, and return it."""
    changed = {**stored_credential(home), **more}
    file = credentials_file(home)
    file.write_text(json.dumps({**json.loads(file.read_text()), "credentials": [changed]}))
    return changed


def age_credential(home: Path, seconds: float) -> None:
    """Let what is stored end so many seconds earlier."""
    change_credential(home, expires_at=stored_credential(home)["expires_at"] - seconds)
