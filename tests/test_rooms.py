"""The rooms of the package: which may import which, and what no module does."""

import ast
import functools
import re
from collections.abc import Iterable, Iterator
from graphlib import CycleError, TopologicalSorter
from pathlib import Path
from typing import NamedTuple

import pytest

import dynacli

_PACKAGE = Path(dynacli.__file__).parent
_MODULES = sorted(path for path in _PACKAGE.rglob("*.py") if "shipped" not in path.parts)
_FOLDERS = sorted({path.parent for path in _MODULES})
_MAX_LINES = 1_000

FLOORS = {
    "__init__": 0,
    "errors": 0,
    "environment": 0,
    "record": 0,
    "system": 0,
    "files": 0,
    "import_orjson": 0,
    "lean_imports": 0,
    "urls": 0,
    "options": 0,
    "text": 1,
    "secrets": 2,
    "http": 3,
    "openapi.references": 4,
    "openapi.document": 5,
    "openapi.model": 6,
    "openapi.schema": 7,
    "openapi.catalog": 8,
    "media": 9,
    "registry": 10,
    "request": 11,
    "validation": 11,
    "auth": 12,
    "client": 13,
    "output": 13,
    "traffic": 14,
    "guide": 16,
    "commands": 17,
    "features": 18,
    "__main__": 19,
}
"""Package, or module at the top → its layer. Imports lead to lower layers, or stay in the package."""
_GROUPS = {"openapi", "features"}
"""Packages that only hold other packages."""
_BETWEEN_FEATURES = {
    ("explorer", "plans"): "the explorer shows and applies plans",
    ("learn", "proxy"): "`learn --proxy` forwards requests as the proxy does",
    ("proxy", "check"): "the report of the proxy at its end, and its `--learn`, are those of a check",
    ("pytest_plugin", "check"): "the plugin runs the calls of `check` as tests",
}
"""Feature → the one that it imports, with the reason. The list only gets shorter: what two need is core."""
_CORE_TO_FEATURES = {
    ("dynacli.client.api_client", "plans"): "the type of what its method `plan` returns",
}
"""Module of the core → the feature that it imports. All others take one by `feature` of `command_table`."""


def _name(path: Path) -> str:
    parts = path.relative_to(_PACKAGE.parent).with_suffix("").parts
    return ".".join(part for part in parts if part != "__init__")


class _Facts(NamedTuple):
    """What the tests ask of a module; its syntax tree, a thousand times as large, is not kept.

    Args:
        imported: Each module of dynacli that it imports, also within functions and for types alone.
        libraries: The packages that it imports.
        called: The names of the functions and classes that it calls.
        acts: What it does that modules leave to others.
        vanishing: The lines where it catches everything and does nothing about it.
    """

    imported: frozenset[str]
    libraries: frozenset[str]
    called: frozenset[str]
    acts: frozenset[str]
    vanishing: tuple[int, ...]


@functools.cache
def _facts(path: Path) -> _Facts:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    nodes = list(ast.walk(tree))
    imports = [node for node in nodes if isinstance(node, ast.Import | ast.ImportFrom)]
    return _Facts(
        frozenset(_imported_by(path, imports)),
        frozenset(name.partition(".")[0] for node in imports for name in _imported_names(node)),
        frozenset(
            node.func.id for node in nodes if isinstance(node, ast.Call) and isinstance(node.func, ast.Name)
        ),
        frozenset(act for node in nodes for act in _acts(node)),
        tuple(node.lineno for node in nodes if isinstance(node, ast.ExceptHandler) and _is_idle(node)),
    )


def _imported_by(path: Path, nodes: Iterable[ast.AST]) -> Iterator[str]:
    """Yield the modules of dynacli that a module imports."""
    for node in nodes:
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names if alias.name.split(".")[0] == "dynacli")
        elif isinstance(node, ast.ImportFrom):
            assert 0 == node.level, f"{path}: a relative import hides where it leads"
            if (node.module or "").split(".")[0] == "dynacli":
                yield from _targets(str(node.module), [alias.name for alias in node.names])


def _parent(module: str) -> str:
    return module.rpartition(".")[0]


def _feature(module: str) -> str:
    """Return the feature that a module belongs to; empty if it is of the core."""
    return module.split(".")[2] if module.startswith("dynacli.features.") else ""


def _is_idle(handler: ast.ExceptHandler) -> bool:
    catches_all = handler.type is None or ast.unparse(handler.type) in {"Exception", "BaseException"}
    return catches_all and isinstance(handler.body[0], ast.Pass)


def _folder_name(folder: Path) -> str:
    return folder.relative_to(_PACKAGE.parent).as_posix()


def _targets(module: str, names: list[str]) -> Iterator[str]:
    """Yield what `from module import names` loads: submodules if the names are such."""
    directory = _PACKAGE.parent.joinpath(*module.split("."))
    for name in names:
        yield f"{module}.{name}" if _is_module(directory / name) else module


@functools.cache
def _is_module(path: Path) -> bool:
    return path.with_name(f"{path.name}.py").is_file() or path.is_dir()


def _room(module: str) -> str:
    """Return the package of a module, or the module itself if it is at the top."""
    steps = module.split(".")[1:]
    return ".".join(steps[: 2 if steps[:1] and steps[0] in _GROUPS else 1]) or "__init__"


@pytest.mark.exhaustive
def test_imports_lead_down_the_floors() -> None:
    """A module imports from its own room, and from rooms below it."""
    surplus = {
        (_name(path), module)
        for path in _MODULES
        if _name(path) != "dynacli"  # its lazy exports lead up on purpose
        for module in _facts(path).imported
        if not _may_import(_room(_name(path)), _room(module))
        if (_name(path), _feature(module)) not in _CORE_TO_FEATURES
        if (_name(path), module) != ("dynacli.features.bake.baked", "dynacli.__main__")  # a program, too
    }
    assert set() == surplus


def test_a_feature_imports_no_other_feature() -> None:
    """So each can be read, changed and removed alone; the exceptions have a reason, and each of them is used."""
    found = {
        (_feature(_name(path)), _feature(module))
        for path in _MODULES
        for module in _facts(path).imported
        if _feature(_name(path)) and _feature(module)
    }
    assert _BETWEEN_FEATURES.keys() == {(user, used) for user, used in found if user != used}


def test_the_core_imports_no_feature() -> None:
    """It takes one by its name, as late as it needs it, and works without the others."""
    found = {
        (_name(path), _feature(module))
        for path in _MODULES
        for module in _facts(path).imported
        if _feature(module) and not _feature(_name(path))
    }
    assert _CORE_TO_FEATURES.keys() == found


def test_a_private_module_is_imported_by_its_package_alone() -> None:
    """What begins with an underscore can change without a look at other packages."""
    leaks = {
        (_name(path), module)
        for path in _MODULES
        for module in _facts(path).imported
        if not _name(path).startswith(_owner(module))
    }
    assert set() == leaks


def _owner(module: str) -> str:
    """Return the package that may import a module: the one around its first private step, else dynacli."""
    steps = module.split(".")
    private = (at for at, step in enumerate(steps) if step.startswith("_") and not step.startswith("__"))
    return ".".join(steps[: next(private, 1)])


def test_what_only_its_package_imports_is_private() -> None:
    """So a listing of a folder shows what others use."""
    users: dict[str, set[str]] = {}
    for path in _MODULES:
        for module in _facts(path).imported:
            users.setdefault(module, set()).add(_parent(_name(path)))
    surplus = {
        name
        for path in _MODULES
        if "." in (name := _name(path)).removeprefix("dynacli.") and path.name != "__init__.py"
        if not _feature(name)  # a folder of its own says it
        if "._" not in name and users.get(name, set()) <= {_parent(name)}
    }
    assert _BY_NAME == surplus


_BY_NAME = {
    "dynacli.commands.subcommands.help",
    "dynacli.commands.subcommands.operations",
}
"""Modules that the table of commands names."""
_ENTRY_POINTS = {"dynacli.features.bake.baked", "dynacli.features.pytest_plugin.plugin"}
"""Modules that a program imports by their names."""


_LISTED = re.compile(r"^__all__ = (\[[^]]*\])", re.MULTILINE)
_IMPORTED = re.compile(r"^ *from (dynacli[\w.]*) import (\([^)]*\)|.+)", re.MULTILINE)
_FOR_PYTHON_USERS = {"dynacli", "dynacli.errors", "dynacli.client.call"}
"""Modules that list the public API, and the events of a call."""
_TAKEN_ON = {"dynacli.http.import_httpx", "dynacli.import_orjson", "dynacli.validation._openapi_core_setup"}
"""Modules that list what they import for others: libraries, leaner, and what needs openapi-core, late and in one."""


@pytest.mark.exhaustive
def test_a_public_name_is_used_elsewhere() -> None:
    """Other modules import it, tests among them, or take it from a module or a table; else it has an underscore."""
    tests = Path(__file__).parent
    texts = {path: path.read_text(encoding="utf-8") for path in (*_MODULES, *tests.rglob("*.py"))}
    imported: set[tuple[str, str]] = set()
    taken: set[str] = set()
    for path, text in texts.items():
        found = _IMPORTED.findall(text)
        imported.update((module, name) for module, names in found for name in re.findall(r"\w+", names))
        taken.update(re.findall(r"[.:\"](\w+)" if tests in path.parents else r"[.:](\w+)", text))
    surplus = {
        (_name(path), name)
        for path in _MODULES
        for name in _public_names(path, texts[path])
        if (_name(path), name) not in imported and name not in taken
    }
    assert set() == surplus


def _public_names(path: Path, text: str) -> set[str]:
    """Return the functions and constants of a module whose names have no underscore.

    A list of them, which would say the same, is for what the names do not say. Types are left out: signatures mention
    them.
    """
    listed = _LISTED.findall(text)
    if _name(path) in _FOR_PYTHON_USERS | _ENTRY_POINTS:
        return set()
    if _name(path) in _TAKEN_ON:
        return {name for names in listed for name in ast.literal_eval(names)}
    assert [] == listed, _name(path)
    return {name for name in _defined(ast.parse(text).body) if name.islower() or name.isupper()}


def _defined(body: list[ast.stmt]) -> Iterator[str]:
    """Yield the functions and constants without an underscore, also those that a module has on some systems alone."""
    for statement in body:
        if isinstance(statement, ast.FunctionDef | ast.AsyncFunctionDef):
            names = {statement.name}
        elif isinstance(statement, ast.Assign | ast.AnnAssign):
            targets = statement.targets if isinstance(statement, ast.Assign) else [statement.target]
            names = {node.id for target in targets for node in ast.walk(target) if isinstance(node, ast.Name)}
        else:
            names = (
                set(_defined([*statement.body, *statement.orelse]))
                if isinstance(statement, ast.If)
                else set()
            )
        yield from (name for name in names if not name.startswith("_"))


def _may_import(room: str, other: str) -> bool:
    of_room, of_other = _floor(room), _floor(other)
    is_below = of_other < of_room or of_other == of_room == 0
    return other == room or is_below or (room.startswith("features") and other.startswith("features"))


def _floor(room: str) -> int:
    return FLOORS["features" if room.startswith("features") else room]


def test_imports_lead_in_no_circle() -> None:
    """Modules that import each other, at the top, within a function or for types, can only be understood together."""
    imports = {
        _name(path): _facts(path).imported - {_name(path), "dynacli"}
        for path in _MODULES
        if _name(path) != "dynacli"  # its lazy exports lead up on purpose
    }
    try:
        TopologicalSorter(imports).prepare()
    except CycleError as error:
        pytest.fail(" → ".join(reversed(error.args[1])))


@pytest.mark.parametrize("folder", [folder for folder in _FOLDERS if folder != _PACKAGE], ids=_folder_name)
def test_a_folder_says_what_is_inside(folder: Path) -> None:
    """An `__init__.py` holds that text and no code, which each import of a module below would run."""
    text = (folder / "__init__.py").read_text(encoding="utf-8")
    assert re.fullmatch(r'"""[A-Z`](?:(?!""").)*\."""\n|"""[A-Z`](?:(?!""").)*\.\n"""\n', text, re.DOTALL)


def test_a_module_can_be_read_in_one_go() -> None:
    """A module that grows past the limit has two subjects."""
    lines = {_name(path): len(path.read_text(encoding="utf-8").splitlines()) for path in _MODULES}
    assert {} == {name: count for name, count in lines.items() if count >= _MAX_LINES}


def test_a_module_neither_prints_nor_ends_the_program_nor_pickles() -> None:
    """Only `output` writes, only the console script ends the program, and nothing stored is ever executed."""
    found = {(_name(path), act) for path in _MODULES for act in _facts(path).acts}
    main = {("dynacli.__main__", "sys.exit"), ("dynacli.__main__", "os._exit")}
    assert set() == found - main - {(_SYSTEM, "os.kill")}


_SYSTEM = "dynacli.system"


def test_a_single_module_knows_what_only_one_system_has() -> None:
    """Both halves stand together: `os.kill(process, 0)` asks whether a process runs, and on Windows ends it."""
    names = {"ctypes", "fcntl", "grp", "msvcrt", "pwd", "resource", "termios", "winreg"}
    assert {_SYSTEM} == {_name(path) for path in _MODULES if names & _facts(path).libraries}


def _acts(node: ast.AST) -> Iterator[str]:
    """Yield what a statement or an expression does that modules leave to others."""
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Name | ast.Attribute):
        called = ast.unparse(node.func)
        if called in {"print", "eval", "exec", "exit", "quit", "os._exit", "os.kill", "sys.exit", "compile"}:
            yield called
    elif isinstance(node, ast.Raise) and node.exc is not None and "SystemExit" in ast.unparse(node.exc):
        yield "SystemExit"
    elif isinstance(node, ast.Import | ast.ImportFrom):
        yield from {"pickle", "marshal", "shelve", "dill"} & set(_imported_names(node))


def test_a_single_module_says_what_a_secret_is() -> None:
    """The mask and the names of secrets are written once, so what is a secret for one output is one for each."""
    parts = ('"***"', '"passwd"')
    writing = {
        _name(path) for path in _MODULES if any(part in path.read_text(encoding="utf-8") for part in parts)
    }
    assert {"dynacli.secrets"} == writing


def test_a_single_module_sends_requests() -> None:
    """Calls, documents, probes and tokens have one client, so a rule about redirects or sizes holds for all of them."""
    users = {_name(path) for path in _MODULES if "open_client" in path.read_text(encoding="utf-8")}
    assert {"dynacli.http.exchange", "dynacli.http.send"} == users


def test_a_single_module_imports_the_http_library() -> None:
    """Every other module takes httpx from there, so that httpx2 can be in its place, and h11, imported as lean.

    The proxy alone speaks HTTP without a library, because each would alter what passes.
    """
    importing = {(_name(path), name) for path in _MODULES for name in _facts(path).libraries}
    libraries = {"httpx", "httpx2", "httpcore", "httpcore2", "h11"}
    assert {"dynacli.http.import_httpx"} == {module for module, name in importing if name in libraries}


def _imported_names(node: ast.Import | ast.ImportFrom) -> list[str]:
    return [alias.name for alias in node.names] if isinstance(node, ast.Import) else [node.module or ""]


def test_the_engine_alone_makes_and_records_calls() -> None:
    """Whoever else did would forget a listener, a mask, or the history; a series of calls is a loop over the engine."""
    engine = "dynacli.client.engine.call_engine"
    making = {
        (_name(path), name) for path in _MODULES for name in _facts(path).called & {"Call", "record_call"}
    }
    assert {(engine, "Call"), (engine, "record_call")} == making


def test_a_module_lets_no_exception_vanish() -> None:
    """An `except` that catches everything does something about it."""
    assert set() == {f"{_name(path)}, line {line}" for path in _MODULES for line in _facts(path).vanishing}


_OF_DYNACLI_ALONE = {
    *(
        "dynacli.commands.help_pages.command_help",
        "dynacli.features.demo.command",
        "dynacli.commands.demo_api",
        "dynacli.openapi.document.fetch",
    ),
    *(
        "dynacli.guide.pages",
        "dynacli.registry.background_refresh",
        "dynacli.features.completion.command",
        "dynacli.features.man_pages.man_pages",
    ),
    # Help pages turn the name into that of the program.
    "dynacli.options._core_commands",
    *(name for name in map(_name, _MODULES) if re.fullmatch(r"dynacli\.features\.\w+\.entry", name)),
}
"""The modules whose texts are about dynacli itself, or turn its name into that of the program."""
_LINES_OF_DYNACLI = re.compile(r"`dynacli |\bdynacli [a-z]+ [A-Z{`]|DYNACLI_[A-Z]")


@pytest.mark.exhaustive
def test_a_command_line_or_variable_that_people_see_has_the_name_of_the_program() -> None:
    """A tool that `dynacli bake` has made has its own: `invocation` and `variable` of `environment` make both."""
    named = {
        f"{_name(path)}, line {line}: {text}"
        for path in _MODULES
        if _name(path) not in _OF_DYNACLI_ALONE
        and not _name(path).startswith("dynacli.features.pytest_plugin")
        if _LINES_OF_DYNACLI.search(path.read_text(encoding="utf-8"))
        for line, text in _texts(path)
        if _LINES_OF_DYNACLI.search(text)
    }
    assert set() == named


def _texts(path: Path) -> Iterator[tuple[int, str]]:
    """Yield the texts of a module and their lines, without docstrings."""
    nodes: list[ast.AST] = [ast.parse(path.read_text(encoding="utf-8"))]
    while nodes:
        node = nodes.pop()
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield node.lineno, node.value
        is_docstring = isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
        nodes.extend(() if is_docstring else ast.iter_child_nodes(node))


def test_no_module_is_called_by_what_it_is_not_about() -> None:
    """A module is one noun of the field; a drawer for everything has no name."""
    drawers = {"utils", "util", "helpers", "helper", "common", "misc", "manager", "managers"}
    assert set() == {part for path in _MODULES for part in _name(path).split(".")} & drawers


def test_every_room_is_in_the_table() -> None:
    """A new room, or a module beside the rooms, is a decision."""
    rooms = {_room(_name(path)) for path in _MODULES} - _GROUPS
    assert set(FLOORS) == {
        room.partition(".")[0] if room.startswith("features") else room for room in rooms
    } | {"features"}


_MOST_READERS = 22


def test_few_modules_spell_the_keyword_of_references() -> None:
    """Whether a value is a reference, and where it leads, is asked of `openapi.references`."""
    readers = [_name(path) for path in _MODULES if '"$ref"' in path.read_text(encoding="utf-8")]
    assert len(readers) <= _MOST_READERS, readers
