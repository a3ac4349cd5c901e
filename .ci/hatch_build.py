"""What hatchling adds to a build: the commit that it is made from, and the manual pages (share/man)."""

import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

_COMMIT = "dynacli/commit.txt"
"""In a source distribution and in a wheel: the commit and its date."""


class BuildHook(BuildHookInterface[Any]):
    """Adds files to a wheel and to a source distribution, from which the same wheel can be built without git."""

    _made = ""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Make the files; an editable installation gets none, since they would be of another commit soon."""
        if version == "editable":
            return
        self._made = tempfile.mkdtemp()
        commit = _commit_of(self.root)
        if commit:
            build_data["force_include"][self._write("commit.txt", f"{commit}\n")] = _COMMIT
        if self.target_name == "wheel":
            sys.path.insert(0, self.root)
            from dynacli.features.man_pages.man_pages import man_pages

            for name, page in man_pages(self.metadata.version, commit.partition(" ")[2]).items():
                build_data["shared_data"][self._write(name, page)] = f"share/man/man1/{name}"

    def finalize(self, version: str, build_data: dict[str, Any], artifact_path: str) -> None:  # noqa: ARG002
        """Remove the files, which the build has copied."""
        if self._made:
            shutil.rmtree(self._made)

    def _write(self, name: str, text: str) -> str:
        path = Path(self._made, name)
        path.write_text(text, encoding="utf-8")
        return str(path)


def _commit_of(root: str) -> str:
    """Return the commit of a checkout and its date, or what a source distribution says of it; empty if nothing does."""
    if not os.path.exists(os.path.join(root, ".git")):  # git would find a repository around the sources
        said = Path(root, _COMMIT)
        return said.read_text(encoding="utf-8").strip() if said.is_file() else ""
    try:
        commit, date = _git(root, "log", "-1", "--abbrev=12", "--format=%h %cs").split()
        changed = _git(root, "status", "--porcelain", "--untracked-files=no")
    except (OSError, subprocess.CalledProcessError):
        return ""
    return f"{commit}-dirty {date}" if changed else f"{commit} {date}"


def _git(root: str, *words: str) -> str:
    # A hook of git that builds has variables with another repository.
    variables = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}
    command = ["git", "-C", root, *words]
    return subprocess.run(command, env=variables, check=True, capture_output=True, text=True).stdout
