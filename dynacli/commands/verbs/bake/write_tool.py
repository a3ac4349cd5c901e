"""The forms of a tool of one API: an executable file, and a directory that pip and pipx install."""

import io
import os
import re
import sys
from pprint import pformat
from typing import Any
from zipfile import ZipFile

from dynacli import __version__
from dynacli.commands.verbs.bake.baked_tool import AUTHORITIES, BakedTool
from dynacli.environment import DISTRIBUTION
from dynacli.errors import FileError, UsageError
from dynacli.files import cannot_be_written, write_named_file
from dynacli.output.written_files import write_named_files

__all__ = ["depends_on_another_project", "write_executable", "write_package"]

_LONGEST_SHEBANG = 127
"""Bytes that every Linux reads of the first line: https://man7.org/linux/man-pages/man2/execve.2.html."""

_MAIN = """# {name}: a command line made by dynacli {made_by}, which has to be installed for {python}:
# its package is {distribution}.
import os
import sys

TOOL = {tool}

if __name__ == "__main__":
    # The archive, from which nothing else is imported.
    file = os.path.abspath(sys.path.pop(0))
    try:
        from dynacli.baked.run_baked import run
    except ModuleNotFoundError as error:
        sys.stderr.write(
            "Error: {name} needs dynacli, which is not installed for this Python\\n"
            f"  why: {{error}}\\n  do: {{sys.executable}} -m pip install {distribution}\\n"
        )
        sys.exit(2)

    code = f"import runpy; runpy.run_path({{file!r}}, run_name='__main__')"
    run({{**TOOL, "inside": file, "code": code}})
"""
_PACKAGE = '''"""{name}: a command line made by dynacli {made_by}; baking it again replaces this file."""

import os

__version__ = "{version}"

TOOL = {tool}


def run() -> None:
    """Run as a program."""
    from dynacli.baked.run_baked import run as run_tool

    inside = os.path.join(os.path.dirname(os.path.abspath(__file__)), "document.zip")
    run_tool({{**TOOL, "inside": inside, "code": "from {module} import run; run()"}})
'''
_PYPROJECT = """[build-system]
requires = ["hatchling>=1.27"]
build-backend = "hatchling.build"

[project]
name = "{name}-cli"
description = "A command line for {name}, made by dynacli"
dynamic = ["version"]
requires-python = ">=3.11"
dependencies = ["{distribution}~={made_by}"]

[project.scripts]
{name} = "{module}:run"

[tool.hatch.version]
path = "{module}/__init__.py"

[tool.hatch.build.targets.wheel]
packages = ["{module}"]
# They are parts of the program, whatever `.gitignore` says of archives and certificates.
artifacts = ["{module}/document.zip", "{module}/ca.pem"]
"""


def write_executable(tool: BakedTool, file: str) -> None:
    """Write the tool as one file that its owner, and whoever may read it, can run.

    Raises:
        DynacliError: It cannot be written, or the cache has lost the document.
    """
    first_line = f"#!{sys.executable}"
    if len(os.fsencode(first_line)) > _LONGEST_SHEBANG or " " in first_line:
        first_line = "#!/usr/bin/env python3"
    text = _MAIN.format(
        name=tool.program.name,
        made_by=__version__,
        distribution=DISTRIBUTION,
        python=sys.executable,
        tool=_literal(tool.fields),
    )
    content = _archive(tool, {"__main__.py": text})
    write_named_file(file, os.fsencode(f"{first_line}\n") + content)
    try:
        mode = os.stat(file).st_mode
        os.chmod(file, mode | (mode & 0o444) >> 2)
    except OSError as error:
        raise cannot_be_written(file, error) from error


def write_package(tool: BakedTool, directory: str) -> list[str]:
    """Write the tool as a directory that pip installs, and return the files of it that were there and are kept.

    Raises:
        DynacliError: It cannot be written, or the cache has lost the document.
    """
    name = tool.program.name
    module = f"{re.sub(r'[^a-z0-9]', '_', name)}_cli"
    if module[0].isdigit():
        raise UsageError(
            f"`{name}` cannot be the name of a package",
            why="The name of a Python module begins with a letter",
        )
    version = re.match(r"v?(\d+(?:\.\d+)*)", tool.program.version)
    text = _PACKAGE.format(
        name=name,
        made_by=__version__,
        version=version[1] if version else "0",
        tool=_literal(tool.fields),
        module=module,
    )
    project = _PYPROJECT.format(name=name, module=module, distribution=DISTRIBUTION, made_by=__version__)
    files = {f"{module}/__init__.py": text.encode(), f"{module}/document.zip": _archive(tool, {})}
    if tool.authorities:
        files[f"{module}/{AUTHORITIES}"] = tool.authorities
    # People add dependencies and commands of their own to it.
    path = os.path.join(directory, "pyproject.toml")
    is_kept = os.path.lexists(path)
    write_named_files(directory, files if is_kept else {**files, "pyproject.toml": project.encode()})
    return [path] if is_kept else []


def depends_on_another_project(path: str) -> bool:
    """Return whether a `pyproject.toml` depends on `dynacli`, as packages of earlier versions did."""
    try:
        with open(path, encoding="utf-8") as file:
            return (
                re.search(r"""["']\s*dynacli\s*(?:[\["'<>=!~;@(]|$)""", file.read(), re.MULTILINE) is not None
            )
    except (OSError, ValueError):
        return False


def _literal(fields: dict[str, Any]) -> str:
    return pformat(fields, indent=4, sort_dicts=False)


def _archive(tool: BakedTool, texts: dict[str, str]) -> bytes:
    file = io.BytesIO()
    try:
        with ZipFile(file, "w") as archive:
            for name, text in texts.items():
                archive.writestr(name, text)
            tool.write_document(archive)
    except OSError as error:
        raise FileError("The tool cannot be put together", why=error.strerror or "") from error
    return file.getvalue()
