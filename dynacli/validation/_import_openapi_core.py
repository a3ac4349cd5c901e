"""Importing openapi-core in a quarter of the time, if dynacli is the program.

`import openapi_core` costs more than a whole call. Most of it is for what dynacli does itself or never does:
evaluating schemas, resolving references, validating documents, fetching, reading settings, and unmarshalling.
So its modules see placeholders, which import the real ones if something of them is called, and its `__init__` is run
when something of it is used. A test compares findings and versions with those of the plain import.
"""

import sys
import threading
import types
from importlib import import_module
from typing import Any

import dynacli
from dynacli.lean_imports import DeferredFunctions, DeferredModule, import_lean

__all__ = ["load_engine"]

_lock = threading.Lock()

# Its `__init__` imports what is not needed; its submodules are the real ones.
_DEFERRED = ("openapi_core",)
_PACKAGES = frozenset({*_DEFERRED, "jsonschema_path", "dynacli.validation._document_path"})

_NOT_CALLED = (
    *("email.message", "email.parser", "jsonschema._format", "jsonschema._utils", "jsonschema.exceptions"),
    *("jsonschema.protocols", "jsonschema.validators", "jsonschema_path.handlers"),
    *("jsonschema_path.handlers.protocols", "jsonschema_path.readers", "jsonschema_path.retrievers"),
    *(
        "more_itertools",
        "openapi_schema_validator",
        "openapi_spec_validator",
        "openapi_spec_validator.versions",
    ),
    *("openapi_spec_validator.validation.types", "openapi_spec_validator.versions.datatypes", "referencing"),
    *("referencing._core", "referencing.jsonschema", "werkzeug.datastructures", "xml.etree.ElementTree"),
)
"""The modules that only few calls need."""


def load_engine() -> types.ModuleType:
    """Return `dynacli.validation._openapi_core_setup`, imported the fast way if dynacli is the program."""
    name = "dynacli.validation._openapi_core_setup"
    with _lock:
        if name in sys.modules or not dynacli.is_own_process or not sys.modules.keys().isdisjoint(_PACKAGES):
            return import_module(name)
        stand_ins: dict[str, Any] = {module: DeferredFunctions(module) for module in _NOT_CALLED}
        stand_ins[
            "xml.etree.ElementTree"
        ].ParseError = SyntaxError  # it is caught, and is a subclass of this one
        # openapi-core makes places of empty documents, for which jsonschema-path would need `referencing`.
        stand_ins["jsonschema_path"] = DeferredModule("dynacli.validation._document_path")
        return import_lean(name, stand_ins, _PACKAGES, deferred=_DEFERRED)
