"""Examples in Markdown: the commands of its `console` blocks, and what they print."""

import os
import re
import shlex
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from tests.harness import run_cli

__all__ = ["Example", "console_examples"]

_OF_SHELLS = frozenset("|<>&;$*")
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

    def check(self) -> None:
        """Run the command, in this process unless it needs a shell, and assert that it prints and exits as shown."""
        if self.command.startswith("dynacli ") and not set(self.command) & _OF_SHELLS:
            result = run_cli(*shlex.split(self.command)[1:])
            self._compare(result.exit_code, result.stdout, result.stderr)
            return
        program = Path(sys.executable).with_name("dynacli")
        assert program.exists(), "dynacli is not installed beside this interpreter"
        path = f"{program.parent}{os.pathsep}{os.environ['PATH']}"
        run = subprocess.run(
            [shutil.which("sh") or "/bin/sh", "-c", self.command],
            capture_output=True,
            text=True,
            env={**os.environ, "PATH": path},
            check=False,
        )
        self._compare(run.returncode, run.stdout, run.stderr)

    def _compare(self, code: int, stdout: str, stderr: str) -> None:
        output = (stdout.replace("\r\n", "\n").rstrip("\n") + "\n" + stderr).strip("\n")
        assert self.exit_code == code, output
        assert re.fullmatch(self._pattern(), output), output

    def _pattern(self) -> str:
        lines = [
            r"(?:.*\n)*?.*" if line == "..." else re.escape(line).replace(r"\.\.\.", ".*")
            for line in self.shown.split("\n")
        ]
        return "\n".join(lines)


def console_examples(text: str) -> list[Example]:
    """Return the examples of the `console` blocks of a Markdown text, in their order."""
    found = []
    for block in re.findall(r"```console\n(.*?)```", text, re.DOTALL):
        for example in re.split(r"^\$ ", block, flags=re.MULTILINE)[1:]:
            command, _, shown = example.partition("\n")
            code = _EXIT_CODE.search(shown)
            found.append(Example(command, _EXIT_CODE.sub("", shown).strip("\n"), int(code[1]) if code else 0))
    return found
