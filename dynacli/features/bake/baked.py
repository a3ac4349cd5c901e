"""The program of a baked tool: dynacli for one API, with its own name, variables and directories."""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from dynacli.environment import Program, become
from dynacli.record import replace

if TYPE_CHECKING:
    from dynacli.environment import Environment


def run(tool: Mapping[str, Any]) -> None:
    """Run a baked tool as a program, and exit the interpreter.

    Args:
        tool: The fields of `Program`.
    """
    from dynacli.__main__ import run as run_program

    run_program(lambda: main(tool, sys.argv[1:]))


def main(tool: Mapping[str, Any], words: list[str], env: Environment | None = None) -> int:
    """Run a baked tool in this process, and return its exit code.

    Args:
        tool: As in `run`.
        words: The arguments of its command line.
        env: Streams and variables; None to use the process's own.
    """
    import dynacli
    from dynacli.__main__ import main as run_words

    known = tuple(Program.__match_args__)  # a later version may have written other fields, too
    new = Program(**{key: value for key, value in tool.items() if key in known})
    if "ca" in new.entry:
        # In a package the file is beside the archive. An executable has an absolute path, which `join` keeps.
        path = os.path.join(os.path.dirname(new.inside), new.entry["ca"])
        new = replace(new, entry={**new.entry, "ca": path})
    agent = dynacli.user_agent
    # RFC 9110, section 5.6.2.
    version = re.sub(r"[^!#$%&'*+.^_`|~0-9A-Za-z-]", "_", new.version) or "0"
    before = become(new)
    dynacli.user_agent = f"{new.name}/{version} {agent}"
    try:
        return run_words(words, env)
    finally:
        become(before)
        dynacli.user_agent = agent
