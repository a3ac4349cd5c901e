"""Docstrings and comments name modules, functions and classes of dynacli and its libraries that exist."""

import ast
import importlib
import re
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

import pytest

_ROOT = Path(__file__).resolve().parents[2]
_REFERENCE = re.compile(r"`([A-Za-z_]\w*(?:\.[A-Za-z_]\w*)+)(?:\(\))?`")
_FILE = re.compile(r".*\.(?:json|toml|ts)")
_EXAMPLES = {"Pet.name", "Place.tags", "api.example.com", "auth.bearer", "rows.id"}
"""Names in examples that begin as a module or a class does."""


class _Module(NamedTuple):
    """What a module defines, and what its texts refer to.

    Args:
        names: The names that it defines or imports, also those in its classes and functions.
        classes: The names of its classes.
        references: Names with a dot in its docstrings and comments.
    """

    names: set[str]
    classes: set[str]
    references: list[str]


def _module(source: str) -> _Module:
    names, classes = set(), set()
    references = _REFERENCE.findall("\n".join(re.findall(r"#.*", source)))
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
            references += _REFERENCE.findall(str(node.value.value))
        elif isinstance(node, ast.ClassDef | ast.FunctionDef):
            names.add(node.name)
            if isinstance(node, ast.ClassDef):
                classes.add(node.name)
        elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            names.add(node.id)
        elif isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Store):
            names.add(node.attr)
        elif isinstance(node, ast.alias):
            names.add((node.asname or node.name).partition(".")[0])
    return _Module(names, classes, references)


def _stale_references(sources: Mapping[str, str]) -> list[str]:
    """Return the references of modules to names that do not exist.

    A reference begins with a package, a module or a class. Other names with a dot are files, or fields of examples.

    Args:
        sources: Name → text of each module.
    """
    modules = {name: _module(source) for name, source in sources.items()}
    classes = set().union(*(module.classes for module in modules.values()))
    names = set().union(*(module.names for module in modules.values()))
    parts_of_names = {part.removeprefix("_") for name in modules for part in name.split(".")}

    def is_stale(reference: str) -> bool:
        parts = reference.split(".")
        if parts[0] in classes:
            return parts[1] not in names
        is_module = parts[0].removeprefix("_") in parts_of_names
        if not (is_module or parts[0][0].isupper()) or reference in _EXAMPLES or _FILE.fullmatch(reference):
            return False
        for end in range(len(parts), 0, -1):
            ending = "." + ".".join(parts[:end])
            found = [module for name, module in modules.items() if f".{name}".endswith(ending)]
            if found and (end == len(parts) or any(parts[end] in module.names for module in found)):
                return False
        return not _is_of_library(parts)

    return [
        f"{name}: {reference}"
        for name, module in modules.items()
        for reference in module.references
        if is_stale(reference)
    ]


def _is_of_library(parts: list[str]) -> bool:
    try:
        value = importlib.import_module(parts[0])
        for end, part in enumerate(parts[1:], start=2):
            if not hasattr(value, part):
                importlib.import_module(".".join(parts[:end]))
            value = getattr(value, part)
    except (ImportError, AttributeError):
        return False
    return True


@pytest.mark.exhaustive
def test_references_in_the_code_exist() -> None:
    """A module, function or class that a docstring or comment names was not renamed or removed."""
    sources = {
        ".".join(path.relative_to(_ROOT).with_suffix("").parts).removesuffix(".__init__"): path.read_text(
            encoding="utf-8"
        )
        for path in (_ROOT / "dynacli").rglob("*.py")
    }
    assert "dynacli.urls" in sources
    stale = _stale_references(sources)
    assert [] == stale, "\n".join(stale)


@pytest.mark.parametrize(
    ("reference", "is_stale"),
    [
        ("shop.pets.find", False),
        ("pets.find", False),
        ("_pets.Cat.meow", False),
        ("Cat.meow", False),
        ("rows.id", False),
        ("config.toml", False),
        ("pathlib.Path.resolve", False),
        ("pets.gone", True),
        ("Cat.gone", True),
        ("Dog.bark", True),
        ("shop.gone.find", True),
    ],
)
def test_a_stale_reference_is_found(reference: str, *, is_stale: bool) -> None:
    """The test above tells names of the code from fields of an example."""
    pets = "def find():\n    pass\nclass Cat:\n    def meow(self):\n        pass\n"
    sources = {"shop": f'"""See `{reference}()`."""', "shop.pets": pets, "shop._pets": pets}
    assert is_stale == bool(_stale_references(sources))
