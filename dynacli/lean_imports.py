"""Importing a library without the modules that it imports and dynacli has little or no use for.

A stand-in takes the place of such a module in `sys.modules` while the library is imported. The module itself is
imported when something of it is used, so that the library does the same as without the stand-in.

Where dynacli is not the program, other code may count on what an import brings along: there a library is imported as
everybody does it.
"""

import sys
import threading
import types
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from importlib import import_module
from typing import Any

import dynacli

__all__ = ["DeferredFunctions", "DeferredModule", "import_click", "import_jsonschema_rs", "placed"]

_lock = threading.Lock()


@contextmanager
def placed(stand_ins: Mapping[str, Any]) -> Iterator[None]:
    """Put stand-ins in the place of modules, during a block."""
    replaced = {name: sys.modules[name] for name in stand_ins if name in sys.modules}
    sys.modules.update(stand_ins)
    try:
        yield
    finally:
        for name, module in stand_ins.items():
            if sys.modules.get(name) is module:
                sys.modules.pop(name, None)
        sys.modules.update(replaced)


class DeferredModule(types.ModuleType):
    """A module that is imported when something of it is asked for.

    Args:
        name: The module's name.
        attributes: What it has without being imported.
    """

    def __init__(self, name: str, **attributes: Any) -> None:
        super().__init__(name)
        vars(self).update(attributes)

    def __getattr__(self, name: str) -> Any:
        if name == "__path__":  # `from a import b` asks each module whether it is a package
            raise AttributeError(name)
        return _real(self, name)


class DeferredFunctions(types.ModuleType):
    """A module of functions, which import it when they are called."""

    def __getattr__(self, name: str) -> Callable[..., Any]:
        if name == "__path__":
            raise AttributeError(name)

        def function(*args: Any, **values: Any) -> Any:
            return _real(self, name)(*args, **values)

        return function


def _real(stand_in: types.ModuleType, name: str) -> Any:
    """Return an attribute of the module in whose place a stand-in is, or was."""
    with _lock:
        if sys.modules.get(stand_in.__name__) is stand_in:
            del sys.modules[stand_in.__name__]
    return getattr(import_module(stand_in.__name__), name)


def import_click() -> None:
    """Import click, before any other module does.

    A quarter of the time of `import click` would go to `inspect`, which click asks to tidy texts of help, to `uuid`,
    of which one of its types is made, and to `gettext`, which translates click's own messages.
    """
    if not dynacli.is_own_process or "click" in sys.modules:
        return
    _import_datetime()
    stand_ins = {
        "gettext": DeferredFunctions("gettext"),
        "inspect": DeferredModule("inspect", cleandoc=_cleandoc),
        "uuid": DeferredModule("uuid", UUID=_UUID),
    }
    stand_ins = {name: module for name, module in stand_ins.items() if name not in sys.modules}
    try:
        with placed(stand_ins):
            import_module("click")
    except Exception:  # noqa: BLE001  - nobody knows what another version misses in the stand-ins
        for name in [name for name in sys.modules if name.partition(".")[0] == "click"]:
            del sys.modules[name]
    if "uuid" in stand_ins:
        del stand_ins["uuid"].UUID  # whoever asks for it from now on gets the real one


def _cleandoc(doc: str) -> str:
    """Return what `inspect.cleandoc` returns, for a text of one line without importing it."""
    if "\n" not in doc:
        return doc.expandtabs().lstrip()
    return str(import_module("inspect").cleandoc(doc))


def _import_datetime() -> None:
    """Import the classes of `datetime` that are written in C, which click and sqlite3 use.

    Up to Python 3.11 `import datetime` makes the same classes in Python first, to throw them away.
    """
    if sys.version_info < (3, 12):
        with suppress(ImportError):
            sys.modules.setdefault("datetime", import_module("_datetime"))


class _UUID:
    """The class that click's type of UUIDs converts to, where that type is made."""


def import_jsonschema_rs() -> None:
    """Import jsonschema-rs, before any other module does.

    It asks `email.utils`, which brings nine more modules, for a single date: that of its own build.
    """
    if not dynacli.is_own_process or not {"jsonschema_rs", "email.utils"}.isdisjoint(sys.modules):
        return
    import_module("decimal")  # jsonschema-rs (0.61.0) panics where Ctrl-C comes while it imports it by itself
    with placed({"email.utils": DeferredModule("email.utils", parsedate_to_datetime=lambda _: None)}):
        import_module("jsonschema_rs")
