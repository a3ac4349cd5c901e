"""A library that is imported lean sees placeholders, no one else does, and each works as what it stands for."""

import sys
import threading
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from dynacli.lean_imports import DeferredFunctions, DeferredModule, import_lean, is_alone, placed

_FILES = {
    "dear/__init__.py": "price = 7",
    "dear/part.py": "price = 8\nclass Base: kind = 'real'\ndef double(of): return 2 * of",
    "lib/inner/__init__.py": "",
    "lib/inner/other.py": "word = 'own'",
}
"""The library `lib`, and the package `dear`, which it imports and hardly uses."""


@pytest.fixture
def write(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """A function that writes the library with a module of its own; its modules are forgotten after the test."""
    before = set(sys.modules)

    def written(**modules: str) -> None:
        files = _FILES | {f"lib/{name.replace('_of_', '/')}.py": text for name, text in modules.items()}
        for name, text in files.items():
            (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
            (tmp_path / name).write_text(text)

    monkeypatch.syspath_prepend(tmp_path)
    yield written
    for name in set(sys.modules) - before:
        if name.partition(".")[0] in {"dear", "lib"}:
            del sys.modules[name]


def _loaded() -> list[str]:
    return sorted(name for name in sys.modules if name.partition(".")[0] == "dear")


@pytest.mark.parametrize(
    ("statement", "loaded"),
    [
        ("import dear; found = dear.price", []),
        ("import dear as it; found = it.price", []),
        ("from dear import price as found", []),
        ("import dear.part; found = dear.part.price", ["dear"]),
        ("import dear.part as part; found = part.price", ["dear"]),
        ("from dear import part; found = part.price", ["dear"]),
        ("from dear.part import price as found", []),
        ("def late():\n    import dear.part\n    return dear.part.price\nfound = late()", ["dear"]),
    ],
)
def test_every_statement_gives_the_stand_in(write: Any, statement: str, loaded: list[str]) -> None:
    """Whichever way a module is imported, its placeholder is what the library sees, and no one else sees it."""
    write(__init__=statement)
    whole = "dear.part" not in statement and "import part" not in statement
    stand_ins = {"dear" if whole else "dear.part": DeferredModule("dear", price="stand-in")}
    assert "stand-in" == import_lean("lib", stand_ins, {"lib"}).found
    assert loaded == _loaded()
    assert 8 == import_module("dear.part").price


@pytest.mark.parametrize(
    ("statement", "found"),
    [
        ("from .other import word as found", "stand-in"),
        ("from . import other; found = other.word", "stand-in"),
        ("from ..inner.other import word as found", "stand-in"),
        ("from .. import top as found", "lib"),
    ],
)
def test_relative_imports_find_stand_ins_as_well(write: Any, statement: str, found: str) -> None:
    """A relative import gives the library's own module, or what stands in for that."""
    write(__init__="top = 'lib'", inner_of_it=statement)
    stand_in = DeferredModule("lib.inner.other", word="stand-in")
    assert found == import_lean("lib.inner.it", {"lib.inner.other": stand_in}, {"lib"}).found
    assert "lib.inner.other" not in sys.modules


@pytest.mark.parametrize("statement", ["import dear", "import dear.part", "from dear import part"])
def test_a_module_can_be_made_to_be_missing(write: Any, statement: str) -> None:
    """The library finds that the package is not installed, though it is."""
    write(__init__=f"try:\n    {statement}\nexcept ModuleNotFoundError as error:\n    found = error.name")
    assert "dear" == import_lean("lib", {"dear": None}, {"lib"}).found
    assert [] == _loaded()


def test_what_is_loaded_already_is_used(write: Any) -> None:
    """No placeholder takes the place of a module that other code has imported before."""
    write(__init__="from dear import price as found")
    import_module("dear")
    assert 7 == import_lean("lib", {"dear": DeferredModule("dear", price="stand-in")}, {"lib"}).found


def test_a_stand_in_imports_its_module_when_it_needs_it(write: Any) -> None:
    """A name that the placeholder does not have comes from the real module, and one that nothing has is an error."""
    write(__init__="import dear.part as part")
    library = import_lean("lib", {"dear.part": DeferredModule("dear.part", price="stand-in")}, {"lib"})
    assert ["dear"] == _loaded()
    assert (6, "stand-in") == (library.part.double(3), library.part.price)
    assert ["dear", "dear.part"] == _loaded()
    with pytest.raises(AttributeError, match="has no attribute 'absent'"):
        _ = library.part.absent


def test_functions_and_classes_wait_until_they_are_called(write: Any) -> None:
    """They stand in annotations and among base classes before that, also as attributes of attributes."""
    write(
        __init__="from dear.part import Base, double\n"
        "def late(one: Base | None, *more: Base[int]) -> None: ...\n"
        "class Own(Base): own = 1\n"
        "call = double"
    )
    library = import_lean("lib", {"dear.part": DeferredFunctions("dear.part")}, {"lib"})
    assert [] == _loaded()
    assert (1, (object,)) == (library.Own.own, library.Own.__bases__)
    assert (8, "real") == (library.call(4), library.Base().kind)
    assert ["dear", "dear.part"] == _loaded()
    assert "AB" == DeferredFunctions("builtins").str.upper("ab")
    for stand_in in (DeferredFunctions("dear"), DeferredModule("dear")):
        assert not hasattr(stand_in, "__path__"), "`from dear import x` would take it for a package"
    assert not hasattr(library.Base, "__wrapped__")


def test_a_deferred_package_runs_when_something_of_it_is_used(write: Any) -> None:
    """Its submodules can be imported before, and it runs once."""
    write(__init__="import dear\nruns = []", inner_of_late="import lib; lib.runs.append(1)\nname = 'late'")
    library = import_lean("lib", {}, {"lib", "dear"}, deferred={"dear"})
    assert "price" not in vars(library.dear)
    assert 8 == library.dear.part.price
    assert "price" not in vars(library.dear)
    assert not hasattr(library.dear, "__wrapped__")
    assert (7, 7) == (library.dear.price, vars(library.dear)["price"])
    with pytest.raises(AttributeError):
        _ = library.dear.absent


def test_the_plain_import_follows_one_that_fails(write: Any) -> None:
    """A library that needs more than a placeholder has is imported with the real modules, its parts included."""
    write(__init__="from .inner import it\nfound = it.found", inner_of_it="from dear import price as found")
    assert 7 == import_lean("lib", {"dear": None}, {"lib"}).found
    assert 7 == sys.modules["lib.inner.it"].found
    assert ["dear"] == _loaded()


def test_an_error_of_the_library_itself_is_raised(write: Any) -> None:
    """What fails with the real modules, too, is not matter of placeholders."""
    write(__init__="import dear\nraise LookupError(str(dear.price))")
    with pytest.raises(LookupError, match=r"^7$"):
        import_lean("lib", {"dear": DeferredModule("dear", price="stand-in")}, {"lib"})
    assert "lib" not in sys.modules


def test_another_thread_imports_the_real_modules(write: Any) -> None:
    """Only the thread that imports the library sees placeholders."""
    write(
        __init__="import threading\nfrom dear import price as found\n"
        "def run():\n    import other_lib\n"
        "thread = threading.Thread(target=run)\nthread.start()\nthread.join()\n"
    )
    path = Path(sys.path[0])
    (path / "other_lib.py").write_text("from dear import price as found")
    stand_ins = {"dear": DeferredModule("dear", price="stand-in")}
    library = import_lean("lib", stand_ins, {"lib", "other_lib"})
    assert ("stand-in", 7) == (library.found, sys.modules.pop("other_lib").found)


def test_what_is_placed_goes_away_again(monkeypatch: pytest.MonkeyPatch) -> None:
    """A placeholder is among the modules only within the block, unless something took its place there."""
    stand_in, real = ModuleType("placed_module"), ModuleType("placed_module")
    with placed("placed_module", stand_in):
        assert import_module("placed_module") is stand_in
    assert "placed_module" not in sys.modules
    with placed("placed_module", stand_in):
        monkeypatch.setitem(sys.modules, "placed_module", real)
    assert sys.modules["placed_module"] is real


def test_a_program_with_another_thread_is_not_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    """The modules of a process are changed only if no other thread can see it."""
    monkeypatch.setattr("dynacli.is_own_process", True)
    end = threading.Event()
    thread = threading.Thread(target=end.wait)
    thread.start()
    assert not is_alone()
    end.set()
    thread.join()
