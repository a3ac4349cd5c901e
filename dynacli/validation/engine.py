"""Importing openapi-core in a third of the time.

`import openapi_core` costs as much as a whole call: it brings pydantic-settings (for two numbers that
come from the environment), requests and werkzeug's server (neither is used to judge), and its
unmarshalling half.
So for the time of the import a few names in `sys.modules` are taken by stand-ins; afterwards they are gone,
and any other code of the process imports the real ones.
A test holds verdicts and versions against the plain import; when anything is not as expected here,
the plain import is the way back.
"""

import importlib.util
import sys
import threading
import types
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from dynacli.validation import openapi

__all__ = ["load_engine"]

_lock = threading.Lock()

# Packages whose `__init__` imports what is not needed; their submodules are the real ones.
_BARE = ("openapi_core", "werkzeug")
# What these modules give, without pydantic: the defaults, as no environment variable may change a verdict.
_SETTINGS = ("openapi_spec_validator.settings", "openapi_schema_validator.settings")


def load_engine() -> "types.ModuleType | openapi":  # type: ignore[valid-type]
    """Return `dynacli.validation.openapi`, imported the fast way where that works."""
    name = "dynacli.validation.openapi"
    with _lock:
        if name in sys.modules:
            return sys.modules[name]
        if not any(one in sys.modules for one in (*_BARE, *_SETTINGS)):
            before = set(sys.modules)
            try:
                with _stand_ins():
                    return importlib.import_module(name)
            except (ImportError, AttributeError):
                # Another version asks for more than the stand-ins have: start over with the real ones.
                for added in set(sys.modules) - before:
                    del sys.modules[added]
        return importlib.import_module(name)


@contextmanager
def _stand_ins() -> Iterator[None]:
    stand_ins: dict[str, Any] = {name: _bare_package(name) for name in _BARE}
    stand_ins["openapi_spec_validator.settings"] = _spec_validator_settings()
    stand_ins["openapi_schema_validator.settings"] = _schema_validator_settings()
    if "requests" not in sys.modules:
        stand_ins["requests"] = None  # an ImportError, for which jsonschema-path has an answer
    sys.modules.update(stand_ins)
    try:
        yield
    finally:
        for name in stand_ins:
            sys.modules.pop(name, None)


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
