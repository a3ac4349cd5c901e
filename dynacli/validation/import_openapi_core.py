"""Importing openapi-core in half of the time, if dynacli is the program.

`import openapi_core` costs as much as a whole call: it imports pydantic-settings (for two numbers from the
environment), requests and werkzeug's server (validating uses neither), and its unmarshalling half.
So its modules see stand-ins for those, and the two packages whose `__init__` brings most of it run theirs
when something of it is used. A test compares findings and versions with those of the plain import.
"""

import sys
import threading
import types
from importlib import import_module
from typing import Any

import dynacli
from dynacli.lean_imports import DeferredFunctions, import_lean

__all__ = ["load_engine"]

_lock = threading.Lock()

# Packages whose `__init__` imports what is not needed; their submodules are the real ones.
_DEFERRED = ("openapi_core", "werkzeug")
_PACKAGES = frozenset(
    {*_DEFERRED, "jsonschema", "jsonschema_path", "openapi_schema_validator", "openapi_spec_validator"}
)


def load_engine() -> types.ModuleType:
    """Return `dynacli.validation.openapi_core_setup`, imported the fast way if dynacli is the program."""
    name = "dynacli.validation.openapi_core_setup"
    with _lock:
        if name in sys.modules or not dynacli.is_own_process or not sys.modules.keys().isdisjoint(_PACKAGES):
            return import_module(name)
        stand_ins = {
            # Modules that read settings by pydantic. The stand-ins give the defaults: no environment variable may
            # change a finding.
            "openapi_spec_validator.settings": _spec_validator_settings(),
            "openapi_schema_validator.settings": _schema_validator_settings(),
            # Optional; nothing is fetched here.
            "requests": None,
            "openapi_spec_validator.schemas.backend.jsonschema_rs": _no_backend(),
            "urllib.request": DeferredFunctions("urllib.request"),
        }
        return import_lean(name, stand_ins, _PACKAGES, deferred=_DEFERRED)


def _no_backend() -> types.ModuleType:
    """Return the module of a backend that is not used; the real one imports jsonschema-rs."""
    module: Any = DeferredFunctions("openapi_spec_validator.schemas.backend.jsonschema_rs")
    module.has_jsonschema_rs_validators = lambda: False
    return module  # type: ignore[no-any-return]


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
