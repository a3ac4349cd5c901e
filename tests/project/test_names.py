"""A name means one thing: who searches for it finds one definition, or a few that are easy to tell apart."""

import ast
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

import pytest

import dynacli

_PACKAGE = Path(dynacli.__file__).parent
_MOST_MODULES = 3

_OFTEN = {
    "COMMANDS": "each table of commands has them, and `command_table` joins the tables",
    "files_of": "each format of `dynacli export` has its own, which is found by this name",
    "main": "the entry points of the two programs",
    "run": "the entry points of the two programs",
}
"""Public name that more than one module may define → why."""


def _definitions() -> Iterator[tuple[str, bool, str]]:
    """Yield each name at the top of a module, whether it is a function's, and the module."""
    for path in sorted(_PACKAGE.rglob("*.py")):
        module = ".".join(path.relative_to(_PACKAGE).with_suffix("").parts)
        for node in ast.parse(path.read_text(encoding="utf-8")).body:
            match node:
                case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name):
                    yield name, True, module
                case ast.ClassDef(name=name) | ast.AnnAssign(target=ast.Name(id=name)):
                    yield name, False, module
                case ast.Assign(targets=[*targets]):
                    yield from (
                        (target.id, False, module) for target in targets if isinstance(target, ast.Name)
                    )


@pytest.mark.exhaustive
def test_a_public_name_is_defined_in_one_module() -> None:
    """A second meaning of a public name gets a second word; each exception has a reason."""
    modules: dict[str, set[str]] = defaultdict(set)
    for name, _, module in _definitions():
        if not name.startswith("_"):
            modules[name].add(module)
    repeated = {name: where for name, where in modules.items() if len(where) > 1}
    assert {} == {name: where for name, where in repeated.items() if name not in _OFTEN}
    assert set(_OFTEN) == repeated.keys(), "an exception is no longer needed"


@pytest.mark.exhaustive
def test_a_name_of_a_helper_stands_in_few_modules() -> None:
    """A private function that many modules have is either a missing public one, or its name says too little."""
    modules: dict[str, set[str]] = defaultdict(set)
    for name, is_function, module in _definitions():
        if is_function and name.startswith("_") and not name.startswith("__"):
            modules[name].add(module)
    assert {} == {name: where for name, where in modules.items() if len(where) > _MOST_MODULES}
