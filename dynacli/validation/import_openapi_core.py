"""Importing openapi-core in a third of the time.

`import openapi_core` costs as much as a whole call: it imports pydantic-settings (for two numbers from the
environment), requests and werkzeug's server (judging uses neither), and its unmarshalling half.
So during the import stand-ins take the place of a few modules in `sys.modules`; afterwards they are removed,
and other code of the process imports the real modules.
A test compares verdicts and versions with those of the plain import. Where anything is not as expected here,
openapi-core is imported plainly.
"""

import importlib.util
import sys
import threading
import types
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.machinery import ModuleSpec, PathFinder, SourceFileLoader
from typing import Any

import dynacli

__all__ = ["load_engine"]

_lock = threading.Lock()

# Packages whose `__init__` is not run, because it imports what is not needed; their submodules are the real ones.
_BARE = ("openapi_core", "werkzeug")
# Modules that read settings by pydantic. The stand-ins give the defaults: no environment variable may change a verdict.
_SETTINGS = ("openapi_spec_validator.settings", "openapi_schema_validator.settings")

# Packages that keep references to the stand-ins.
_IMPORTING_STAND_INS = (
    "openapi_core",
    "openapi_spec_validator",
    "openapi_schema_validator",
    "jsonschema_path",
    "werkzeug",
    "dynacli.validation.",
)
# Optional modules that are not needed; None in `sys.modules` makes their import fail, as if they were not installed.
_LEFT_OUT = ("requests", "jsonschema_rs")


def load_engine() -> types.ModuleType:
    """Return `dynacli.validation.openapi_core_setup`, imported the fast way where that works."""
    name = "dynacli.validation.openapi_core_setup"
    with _lock:
        if name in sys.modules:
            return sys.modules[name]
        if not any(module in sys.modules for module in (*_BARE, *_SETTINGS)):
            before = frozenset(sys.modules)
            try:
                with _stand_ins():
                    engine = importlib.import_module(name)
            except (ImportError, AttributeError):
                # Another version needs more than the stand-ins have: start over with the real modules.
                for added in sys.modules.keys() - before:
                    # Other modules stay: other threads may have imported them, and compiled ones cannot start over.
                    if added.startswith(_IMPORTING_STAND_INS):
                        del sys.modules[added]
            else:
                sys.meta_path.insert(0, _Rejoining)
                return engine
        return importlib.import_module(name)


@contextmanager
def _stand_ins() -> Iterator[None]:
    stand_ins: dict[str, Any] = {name: _bare_package(name) for name in _BARE}
    stand_ins["openapi_spec_validator.settings"] = _spec_validator_settings()
    stand_ins["openapi_schema_validator.settings"] = _schema_validator_settings()
    stand_ins.update(dict.fromkeys(name for name in _LEFT_OUT if name not in sys.modules))
    if dynacli.is_own_process and "urllib.request" not in sys.modules:
        # It would import `http.client` and `email` for a function that is never called: nothing is fetched here.
        stand_ins["urllib.request"] = _urllib_request()
    sys.modules.update(stand_ins)
    try:
        yield
    finally:
        for name in stand_ins:
            sys.modules.pop(name, None)


def _urllib_request() -> types.ModuleType:
    module: Any = types.ModuleType("urllib.request")

    def urlopen(*args: Any, **values: Any) -> Any:  # noqa: ARG001
        raise OSError("nothing is fetched while judging")

    module.urlopen = urlopen
    return module  # type: ignore[no-any-return]


class _Rejoining:
    """Finds a package that other code imports later, and sets the submodules on it that are loaded already.

    Python sets a submodule on its package when it loads the submodule; these were set on the stand-in.
    """

    @staticmethod
    def find_spec(name: str, path: Any = None, target: Any = None) -> ModuleSpec | None:
        """Return the spec of one of the packages; for other modules the next finder is asked."""
        if name not in _BARE or path is not None:
            return None
        spec = PathFinder.find_spec(name, None, target)
        if spec is not None and isinstance(spec.loader, SourceFileLoader):
            spec.loader = _RejoiningLoader(spec.loader.name, spec.loader.path)
        return spec


class _RejoiningLoader(SourceFileLoader):
    def exec_module(self, module: types.ModuleType) -> None:
        start = f"{module.__name__}."
        for name, loaded in list(sys.modules.items()):
            if name.startswith(start) and "." not in name.removeprefix(start):
                setattr(module, name.removeprefix(start), loaded)
        super().exec_module(module)


def _bare_package(name: str) -> types.ModuleType:
    spec = importlib.util.find_spec(name)
    if spec is None or spec.submodule_search_locations is None:
        raise ImportError(name)
    package = types.ModuleType(name)
    package.__path__ = list(spec.submodule_search_locations)
    package.__spec__ = spec
    return package


class _SpecValidatorSettings:
    resolved_cache_maxsize = 128
    schema_validator_backend = "jsonschema"


def _spec_validator_settings() -> types.ModuleType:
    module: Any = types.ModuleType("openapi_spec_validator.settings")
    module.OpenAPISpecValidatorSettings = _SpecValidatorSettings
    module.get_resolved_cache_maxsize = lambda: _SpecValidatorSettings.resolved_cache_maxsize
    module.get_schema_validator_backend = lambda: _SpecValidatorSettings.schema_validator_backend
    return module  # type: ignore[no-any-return]


class _SchemaValidatorSettings:
    compiled_validator_cache_max_size = 128


def _schema_validator_settings() -> types.ModuleType:
    module: Any = types.ModuleType("openapi_schema_validator.settings")
    module.OpenAPISchemaValidatorSettings = _SchemaValidatorSettings
    module.get_settings = _SchemaValidatorSettings
    module.reset_settings_cache = lambda: None
    return module  # type: ignore[no-any-return]
