"""What an installation of dynacli brings: each package, its size, and why it is there."""

import re
import tomllib
from collections import defaultdict
from collections.abc import Mapping
from importlib.metadata import Distribution, distribution
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from dynacli.environment import DISTRIBUTION

__all__ = ["extras", "installed_with", "reasons", "size_of"]

_PROJECT = Path(__file__).resolve().parents[2] / "pyproject.toml"
_COMMENTED = re.compile(r'(?m)^    "([A-Za-z0-9_.-]+)[^"]*", +# (.+)$')


def reasons() -> Mapping[str, str]:
    """Return package → the reason for it, as `pyproject.toml` has it beside each direct dependency."""
    listed = _PROJECT.read_text("utf-8").partition("\ndependencies = [\n")[2].partition("\n]\n")[0]
    return {canonicalize_name(name): reason for name, reason in _COMMENTED.findall(listed)}


def installed_with() -> Mapping[str, set[str]]:
    """Return package → the packages that require it, of all that an installation without extras brings."""
    required_by: dict[str, set[str]] = defaultdict(set)
    waiting = [canonicalize_name(DISTRIBUTION)]
    while waiting:
        name = waiting.pop()
        for line in distribution(name).requires or ():
            requirement = Requirement(line)
            if requirement.marker is None or requirement.marker.evaluate({"extra": ""}):
                required = canonicalize_name(requirement.name)
                waiting += [required] * (required not in required_by)
                required_by[required].add(name)
    return required_by


def extras() -> Mapping[str, str]:
    """Return extra → the packages that it adds, without the extras for the development of dynacli."""
    found = tomllib.loads(_PROJECT.read_text("utf-8"))["project"]["optional-dependencies"]
    return {
        extra: ", ".join(Requirement(line).name for line in lines)
        for extra, lines in found.items()
        if extra not in {"docs", "test"}
    }


def size_of(package: Distribution) -> float:
    """Return the size of what a package installs, in MiB; compiled files of Python are not counted."""
    return sum(file.size or 0 for file in package.files or ()) / 2**20
