"""Examples in Markdown: the commands of its `console` blocks, and what they print."""

import os
import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

from tests.harness import run_cli

_OF_SHELLS = frozenset("|<>&;$*")
_COMMAND = re.compile(r"(?:.* \\\n)*.*")
"""A command, which goes on in the next line after a backslash."""
_EXIT_CODE = re.compile(r"# exit code (\d+)")


@dataclass(frozen=True)
class Example:
    """A `$` line of a `console` block.

    Attributes:
        command: The command, for a shell.
        shown: The output below it. `...` matches anything, and as a whole line any lines.
        exit_code: The exit code, 0 unless a line `# exit code N` follows.
    """

    command: str
    shown: str
    exit_code: int

    def check(self, places: Mapping[str, str] = MappingProxyType({})) -> None:
        """Run the command, in this process unless it needs a shell, and assert that it prints and exits as shown.

        Args:
            places: What the page shows → what has its place here, such as the URL of a server.
        """
        code, output = self.run(places)
        for shown, here in sorted(places.items(), key=lambda place: -len(place[1])):
            output = output.replace(here, shown)
        assert self.exit_code == code, output
        assert re.fullmatch(self._pattern(), output), output

    def run(self, places: Mapping[str, str]) -> tuple[int, str]:
        """Run the command, and return the exit code and the output, that of standard error last."""
        command = self.command
        for shown, here in places.items():
            command = command.replace(shown, here)
        if command.startswith("dynacli ") and not set(command) & _OF_SHELLS:
            result = run_cli(*shlex.split(command)[1:])
            return result.exit_code, _output(result.stdout, result.stderr)
        program = Path(sys.executable).with_name("dynacli")
        assert program.exists(), "dynacli is not installed beside this interpreter"
        path = f"{program.parent}{os.pathsep}{os.environ['PATH']}"
        run = subprocess.run(
            [shutil.which("sh") or "/bin/sh", "-c", command],
            capture_output=True,
            text=True,
            env={**os.environ, "PATH": path},
            check=False,
        )
        return run.returncode, _output(run.stdout, run.stderr)

    def _pattern(self) -> str:
        lines = [
            r"(?:.*\n)*?.*" if line == "..." else re.escape(line).replace(r"\.\.\.", ".*")
            for line in self.shown.split("\n")
        ]
        return "\n".join(lines)


def _output(stdout: str, stderr: str) -> str:
    return (stdout.replace("\r\n", "\n").rstrip("\n") + "\n" + stderr).strip("\n")


def console_examples(text: str) -> list[Example]:
    """Return the examples of the `console` blocks of a Markdown text, in their order."""
    found = []
    for block in re.findall(r"```console\n(.*?)```", text, re.DOTALL):
        for example in re.split(r"^\$ ", block, flags=re.MULTILINE)[1:]:
            lines = _COMMAND.match(example)
            assert lines is not None
            command, shown = re.sub(r" \\\n +", " ", lines[0]), example[lines.end() :]
            code = _EXIT_CODE.search(shown)
            found.append(Example(command, _EXIT_CODE.sub("", shown).strip("\n"), int(code[1]) if code else 0))
    return found
