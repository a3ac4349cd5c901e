"""Builds the source distribution and the wheel, installs both, and tries the demo with each, away from the checkout.

pip, pipx, `uv tool` and `uvx` install them. The package of a command line of its own is baked, and installed, too.

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
_PIP = (sys.executable, "-m", "pip")
_UV = (sys.executable, "-m", "uv", "tool")
_WITH_THIS_PYTHON = ("--quiet", "--python", sys.executable)


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


def _try_demo(program: Path | tuple[str, ...], directory: Path, **variables: Path) -> None:
    """Run the demo as someone does who has just installed the program."""
    home = Path(tempfile.mkdtemp(dir=directory))
    kept = {f"DYNACLI_{name.upper()}_DIR": home / name for name in ("cache", "config", "state")}
    words = program if isinstance(program, tuple) else (program,)
    _run(*words, *_DEMO, directory=home, HOME=home, **kept, **variables)


def _try_archive(archive: Path, directory: Path) -> Path:
    """Install a wheel or a source distribution with each installer, and return the environment that pip made."""
    directory.mkdir()
    uv = {"UV_TOOL_DIR": directory / "uv", "UV_TOOL_BIN_DIR": directory / "uv-bin"}
    _run(*_UV, "install", *_WITH_THIS_PYTHON, archive, directory=directory, **uv)
    _try_demo(directory / "uv-bin" / "dynacli", directory)
    cache = {"UV_CACHE_DIR": Path(os.environ.get("UV_CACHE_DIR", Path.home() / ".cache" / "uv"))}
    _try_demo((*_UV, "run", *_WITH_THIS_PYTHON, "--from", str(archive), "dynacli"), directory, **cache)

    pipx = {
        "PIPX_HOME": directory / "pipx",
        "PIPX_BIN_DIR": directory / "pipx-bin",
        "PIPX_MAN_DIR": directory / "man",
    }
    _run(sys.executable, "-m", "pipx", "install", *_WITH_THIS_PYTHON, archive, directory=directory, **pipx)
    _try_demo(directory / "pipx-bin" / "dynacli", directory)
    assert (directory / "man" / "man1" / "dynacli-check.1").exists()

    made = directory / "pip"
    _run(sys.executable, "-m", "venv", "--without-pip", made, directory=directory)
    _run(*_PIP, "--python", made / "bin" / "python", "install", "--quiet", archive, directory=directory)
    _try_demo(made / "bin" / "dynacli", directory)
    assert (made / "share" / "man" / "man1" / "dynacli.1").exists()
    _run(made / "bin" / "dynacli", "--version", directory=directory)
    return made


def _try_all(directory: Path) -> None:
    _run(sys.executable, "-m", "hatchling", "build", "-d", directory, directory=_ROOT)
    (wheel,) = directory.glob("dynacli_openapi-*.whl")
    (sources,) = directory.glob("dynacli_openapi-*.tar.gz")
    _try_archive(sources, directory / "of-sources")
    made = _try_archive(wheel, directory / "of-wheel")

    # The one package needs dynacli, whose wheel is at hand; the other has it.
    found = {"PIP_FIND_LINKS": directory, "UV_FIND_LINKS": directory}
    bake = ("bake", "armature", "--api", _ROOT / "cache" / "armature.json", "--package", "--out")
    _run(made / "bin" / "dynacli", *bake, directory / "armature", directory=directory, HOME=directory)
    pipx = {"PIPX_HOME": directory / "pipx", "PIPX_BIN_DIR": directory / "pipx-bin"}
    package = ("install", *_WITH_THIS_PYTHON, directory / "armature")
    _run(sys.executable, "-m", "pipx", *package, directory=directory, **pipx, **found)
    _try_tool(directory / "pipx-bin" / "armature", directory)
    _run(
        made / "bin" / "dynacli", *bake, directory / "whole", "--vendor", directory=directory, HOME=directory
    )
    uv = {"UV_TOOL_DIR": directory / "uv", "UV_TOOL_BIN_DIR": directory / "uv-bin"}
    _run(*_UV, "install", *_WITH_THIS_PYTHON, directory / "whole", directory=directory, **uv)
    _try_tool(directory / "uv-bin" / "armature", directory)


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
            _try_all(Path(name))
        except subprocess.CalledProcessError as error:
            sys.exit(f"Exit code {error.returncode}")
