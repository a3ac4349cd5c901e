"""Builds the wheel, installs it with pip, pipx and uv, and tries the demo with each, away from the checkout.

The package of a command line of its own is baked by the one, and installed by pipx and pip.

`python -m tests.project.try_wheel`, in an environment with the extra `test`, pipx and uv (`pip install pipx uv`).
`.ci/run` runs the tests against the wheel.
"""

import os
import shlex
import subprocess
import sys
import tempfile
from pathlib import Path

__all__: list[str] = []

_ROOT = Path(__file__).resolve().parents[2]
_DEMO = ("demo", "search-runs", "--range", "7d", "--status", "fail", "--page-size", "1")


def _run(*command: str | Path, directory: Path, **variables: str | Path) -> None:
    """Run a command to its end, and show it.

    Raises:
        CalledProcessError: It does not end with 0.
    """
    words = [str(word) for word in command]
    sys.stdout.write(f"$ {shlex.join(words)}\n")
    sys.stdout.flush()
    environment = {**os.environ, **{name: str(value) for name, value in variables.items()}}
    subprocess.run(words, cwd=directory, env=environment, check=True)


def _try_demo(program: Path, directory: Path) -> None:
    """Run the demo as someone does who has just installed the program."""
    home = Path(tempfile.mkdtemp(dir=directory))
    kept = {f"DYNACLI_{name.upper()}_DIR": home / name for name in ("cache", "config", "state")}
    _run(program, *_DEMO, directory=home, HOME=home, **kept)


def _try_wheel(directory: Path) -> None:
    pip = (sys.executable, "-m", "pip")
    flags = ("--no-deps", "--no-build-isolation", "--quiet", "--wheel-dir", directory)
    _run(*pip, "wheel", *flags, _ROOT, directory=directory)
    wheel = next(directory.glob("dynacli_openapi-*.whl"))

    uv = {"UV_TOOL_DIR": directory / "uv", "UV_TOOL_BIN_DIR": directory / "uv-bin"}
    with_this_python = ("install", "--quiet", "--python", sys.executable, wheel)
    _run(sys.executable, "-m", "uv", "tool", *with_this_python, directory=directory, **uv)
    _try_demo(directory / "uv-bin" / "dynacli", directory)

    pipx = {"PIPX_HOME": directory / "pipx", "PIPX_BIN_DIR": directory / "pipx-bin"}
    _run(sys.executable, "-m", "pipx", *with_this_python, directory=directory, **pipx)
    _try_demo(directory / "pipx-bin" / "dynacli", directory)

    programs = directory / "pip" / "bin"
    _run(sys.executable, "-m", "venv", "--without-pip", directory / "pip", directory=directory)
    _run(*pip, "--python", programs / "python", "install", "--quiet", wheel, directory=directory)
    _try_demo(programs / "dynacli", directory)

    # The package needs dynacli, whose wheel is at hand.
    found = {"PIP_FIND_LINKS": directory, "UV_FIND_LINKS": directory}
    source = _ROOT / "cache" / "armature.json"
    bake = ("bake", "armature", "--api", source, "--package", "--out", directory / "armature")
    _run(programs / "dynacli", *bake, directory=directory, HOME=directory)
    package = ("install", "--quiet", "--python", sys.executable, directory / "armature")
    _run(sys.executable, "-m", "pipx", *package, directory=directory, **pipx, **found)
    _try_tool(directory / "pipx-bin" / "armature", directory)
    into_pip = ("--python", programs / "python", "install", "--quiet", directory / "armature")
    _run(*pip, *into_pip, directory=directory, **found)
    _try_tool(programs / "armature", directory)


def _try_tool(program: Path, directory: Path) -> None:
    """Look at the operations of a command line of its own, without a network, and build a request."""
    home = Path(tempfile.mkdtemp(dir=directory))
    words = (
        "search-runs",
        "--range",
        "7d",
        "--dry-run",
        "curl",
        "--offline",
        "--server",
        "https://api.example",
    )
    _run(program, *words, directory=home, HOME=home, ARMATURE_TOKEN="t")
    assert ["armature"] == [path.name for path in (home / ".cache").iterdir()]


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as name:
        try:
            _try_wheel(Path(name))
        except subprocess.CalledProcessError as error:
            sys.exit(f"Exit code {error.returncode}")
