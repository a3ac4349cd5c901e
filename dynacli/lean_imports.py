"""Importing a library without the slow modules that it imports and dynacli hardly uses.

The modules of such a library get their own builtin `__import__`, which returns placeholders. `sys.modules` holds no
placeholder, so no other module and no other thread sees one. A placeholder imports its real module on first use, so
the library still works in full.

If dynacli is a library in another program, imports are ordinary, because other code may rely on their side effects.
"""

from __future__ import annotations

import builtins
import sys
import threading
import types
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from importlib import import_module
from importlib.machinery import ModuleSpec, PathFinder, SourceFileLoader
from typing import Any

import dynacli

_lock = threading.RLock()


class _Finder:
    """Finds the modules of packages for one thread, and loads them with an `__import__` that returns placeholders.

    The arguments are the same as for `import_lean`.
    """

    def __init__(
        self, stand_ins: Mapping[str, Any], packages: Collection[str], deferred: Collection[str]
    ) -> None:
        self._packages, self._deferred = packages, deferred
        self._thread = threading.get_ident()
        self._stand_ins: dict[str, Any] = {}
        self._tops: set[str] = set()
        for name, stand_in in stand_ins.items():
            if name not in sys.modules:
                self._stand_ins[name] = stand_in
                self._tops.add(name.partition(".")[0])

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: types.ModuleType | None = None
    ) -> ModuleSpec | None:
        """Return the spec of a module of the packages; None for other modules, so that Python asks the next finder."""
        if fullname.partition(".")[0] not in self._packages or threading.get_ident() != self._thread:
            return None
        spec = PathFinder.find_spec(fullname, path, target)
        if spec is not None and isinstance(spec.loader, SourceFileLoader):
            if fullname in self._deferred:
                spec.loader = _DeferringLoader(spec.loader.name, spec.loader.path)
            else:
                spec.loader = _Loader(spec.loader.name, spec.loader.path, self._import)
        return spec

    def _import(
        self,
        name: str,
        module: Mapping[str, Any] | None = None,
        local: Mapping[str, Any] | None = None,
        wanted: Sequence[str] = (),
        level: int = 0,
    ) -> Any:
        """Import a module as `__import__` does, or return its placeholder."""
        package = str(module["__package__"]).rsplit(".", level - 1)[0] if level and module else ""
        full = f"{package}.{name}".rstrip(".") if level else name
        top, _, rest = full.partition(".")
        if top not in self._tops:
            return __import__(name, module, local, wanted, level)
        if top in self._stand_ins:
            self._stand_in(top)  # a package that must look missing has no modules, either
        if full in self._stand_ins:
            if wanted:
                return self._stand_in(full)
            # `import a.b` binds `a`, and `import a.b as c` reads `b` from it.
            return (
                _with_modules(__import__(top), {rest: self._stand_in(full)}) if rest else self._stand_in(full)
            )
        hidden = self._stand_ins.keys() & [f"{full}.{item}" for item in wanted or ()]
        if not hidden:
            return __import__(name, module, local, wanted, level)
        inner = {inside.rpartition(".")[2]: self._stand_in(inside) for inside in hidden}
        __import__(name, module, local, [item for item in wanted if item not in inner], level)
        return _with_modules(import_module(full), inner)

    def _stand_in(self, name: str) -> Any:
        if self._stand_ins[name] is None:
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)
        return self._stand_ins[name]


class _Loader(SourceFileLoader):
    """Loads a module with a special `__import__`."""

    def __init__(self, name: str, path: str, import_module: Callable[..., Any]) -> None:
        super().__init__(name, path)
        self._import_module = import_module

    def create_module(self, spec: ModuleSpec) -> types.ModuleType:
        """Return an empty module whose `__builtins__` have the special `__import__`."""
        # Done here because `exec_module` would add a frame to each level of imports. CPython keeps frames in chunks of
        # 16 KiB, and a loop that crosses the end of a chunk maps and unmaps memory at each turn (`push_chunk`).
        module = types.ModuleType(spec.name)
        vars(module)["__builtins__"] = {**vars(builtins), "__import__": self._import_module}
        return module


class _DeferringLoader(SourceFileLoader):
    """Loads a package whose `__init__` runs on first use; its submodules can be imported before."""

    def exec_module(self, module: types.ModuleType) -> None:
        """Run nothing yet."""
        module.__class__ = _DeferredPackage

    def run(self, module: types.ModuleType) -> None:
        """Run the `__init__`."""
        super().exec_module(module)


class _DeferredPackage(types.ModuleType):
    def __getattr__(self, name: str) -> Any:
        loader = vars(self)["__loader__"]
        if name.startswith("__") or not isinstance(loader, _DeferringLoader):
            raise AttributeError(name)
        from importlib.util import find_spec

        if find_spec(f"{self.__name__}.{name}"):  # for `from package import submodule`
            return import_module(f"{self.__name__}.{name}")
        with _lock:
            if type(self) is _DeferredPackage:
                self.__class__ = types.ModuleType  # type: ignore[assignment]
                loader.run(self)
        return getattr(self, name)


def _with_modules(package: types.ModuleType, modules: Mapping[str, Any]) -> types.ModuleType:
    """Return a copy of a package that has other submodules."""
    copy = types.ModuleType(package.__name__)
    vars(copy).update(vars(package), **modules)
    return copy


class DeferredModule(types.ModuleType):
    """A placeholder that imports its module when another attribute is read.

    Args:
        name: Name of the module.
        attributes: The attributes that need no import.
    """

    def __init__(self, name: str, **attributes: Any) -> None:
        super().__init__(name)
        vars(self).update(attributes)

    def __getattr__(self, name: str) -> Any:
        if name == "__path__":  # `from a import b` asks each module whether it is a package
            raise AttributeError(name)
        return _real(self, name)


class DeferredFunctions(types.ModuleType):
    """A placeholder for a module of functions and classes, which imports the module when one of them is called."""

    def __getattr__(self, name: str) -> _DeferredName:
        if name == "__path__":
            raise AttributeError(name)
        return _DeferredName(self, name)


class _DeferredName:
    """An attribute of a placeholder. It can be called, and used in annotations and as a base class."""

    def __init__(self, module: types.ModuleType, *names: str) -> None:
        self._module, self._names = module, names

    def __call__(self, *args: Any, **values: Any) -> Any:
        found = _real(self._module, self._names[0])
        for name in self._names[1:]:
            found = getattr(found, name)
        return found(*args, **values)

    def __getattr__(self, name: str) -> _DeferredName:
        if name.startswith("__"):
            raise AttributeError(name)
        return _DeferredName(self._module, *self._names, name)

    def __getitem__(self, _: Any) -> _DeferredName:
        return self

    def __or__(self, _: Any) -> _DeferredName:
        return self

    def __mro_entries__(self, _: tuple[Any, ...]) -> tuple[type, ...]:
        return ()


def _real(stand_in: types.ModuleType, name: str) -> Any:
    """Return an attribute of the real module of a placeholder."""
    with _lock:
        if sys.modules.get(stand_in.__name__) is stand_in:
            del sys.modules[stand_in.__name__]
    return getattr(import_module(stand_in.__name__), name)


def import_lean(
    name: str, stand_ins: Mapping[str, Any], packages: Collection[str], *, deferred: Collection[str] = ()
) -> types.ModuleType:
    """Import a library whose modules see placeholders, or import it as usual if that fails.

    The modules also see the placeholders in later imports inside their functions.

    Args:
        name: The module to import.
        stand_ins: Name of a module → its placeholder, or None if the module must look missing. A module that is
            already loaded is not replaced.
        packages: The top-level packages whose modules see the placeholders. If the import fails, they are imported
            again.
        deferred: The packages whose `__init__` runs on first use.
    """
    before = frozenset(sys.modules)
    finder = _Finder(stand_ins, packages, deferred)
    sys.meta_path.insert(0, finder)
    try:
        return import_module(name)
    except Exception:  # noqa: BLE001  - another version may need any attribute that a placeholder lacks
        # The import below uses the real modules, and raises the error if it has another cause.
        for added in sys.modules.keys() - before:
            # Other modules stay: other threads may have imported them, and compiled modules cannot be imported twice.
            if added in packages or added.partition(".")[0] in packages:
                del sys.modules[added]
    finally:
        sys.meta_path.remove(finder)
    return import_module(name)


def import_click() -> None:
    """Import click, before any other module does.

    A quarter of the time of `import click` would go to three modules: `inspect` for indentation of help texts, `uuid`
    for one type, and `gettext` for translations. That is 5 to 7 ms of the CPU time of help (43 ms) and of `search`
    (63 ms).
    """
    if not dynacli.is_own_process or "click" in sys.modules:
        return
    uuid = DeferredModule("uuid", UUID=_UUID)
    stand_ins = {
        "gettext": DeferredFunctions("gettext"),
        "inspect": DeferredModule("inspect", cleandoc=_cleandoc),
        "uuid": uuid,
    }
    import_lean("click", stand_ins, {"click"})
    del vars(uuid)["UUID"]  # click uses the real one from now on


def _cleandoc(doc: str) -> str:
    """Return the result of `inspect.cleandoc`; for a text of one line, without importing `inspect`."""
    if "\n" not in doc:
        return doc.expandtabs().lstrip()
    return str(import_module("inspect").cleandoc(doc))


class _UUID:
    """A placeholder for `uuid.UUID`, which click names in the annotations of a type."""


def import_jsonschema_rs() -> None:
    """Import jsonschema-rs, before any other module does.

    jsonschema-rs imports `email.utils`, with nine further modules, only to parse the date of its build. A compiled
    module sees placeholders only in `sys.modules`, so this is done only if no other thread can see them there.
    """
    if not is_alone() or not {"jsonschema_rs", "email.utils"}.isdisjoint(sys.modules):
        return
    import_module("decimal")  # jsonschema-rs (0.61.0) panics if Ctrl-C interrupts its own import of `decimal`
    with placed("email.utils", DeferredModule("email.utils", parsedate_to_datetime=lambda _: None)):
        import_module("jsonschema_rs")


def is_alone() -> bool:
    """Return whether dynacli is the program, and no other thread runs."""
    return dynacli.is_own_process and threading.active_count() == 1


@contextmanager
def placed(name: str, stand_in: types.ModuleType) -> Iterator[None]:
    """Put a placeholder for a module that is not loaded into `sys.modules` during the block; only if `is_alone`."""
    sys.modules[name] = stand_in
    try:
        yield
    finally:
        if sys.modules.get(name) is stand_in:
            del sys.modules[name]
