"""The content of a project file, and whether it is used."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from dynacli.environment import invocation
from dynacli.errors import FileError
from dynacli.record import record
from dynacli.text.terminal import visible

TRUSTED: Final = "is trusted"
UNTRUSTED: Final = "is not trusted"
CHANGED: Final = "has changed since it was trusted"
BROKEN: Final = "cannot be used"
"""States of a project file."""


@record
class Project:
    """The content of a project file.

    Args:
        path: Its path, the symbolic links of its directory resolved.
        digest: The SHA-256 of its content, in hexadecimal.
        text: Its content.
        tables: The same, read.
        apis: Name → entry of its APIs; the paths in them are absolute, and inside the project.
    """

    path: str
    digest: str
    text: str
    tables: Mapping[str, Any]
    apis: Mapping[str, dict[str, Any]]


@record
class ProjectState:
    """The state of the project file of the current directory.

    Args:
        path: Its path.
        state: `TRUSTED`, `UNTRUSTED`, `CHANGED` or `BROKEN`.
        project: What it says; None unless it is used.
        error: Why it cannot be used, if it was trusted.
    """

    path: str
    state: str
    project: Project | None = None
    error: FileError | None = None

    @property
    def reason(self) -> str:
        """Why it is not used, in a sentence without its period."""
        path = visible(self.path, keep="")
        if self.error is not None:
            return f"`{path}` is not used: {self.error.reason}"
        return f"`{path}` is not used, because it {self.state}"

    @property
    def hint(self) -> str:
        """The command that makes dynacli use the file."""
        if self.error is not None:
            return f"{self.error.hint}; then `{invocation('config trust')}`"
        return f"See what it adds, and trust it: `{invocation('config trust')}`"
