"""Turns any OpenAPI document into a command line, at run time."""

__all__ = ["__version__", "is_own_process"]

__version__ = "0.1.0"

is_own_process = False
"""Whether dynacli is the program that runs, rather than code in somebody else's process.

Then libraries are imported for dynacli alone, without the parts that it has no use for
(see `dynacli.wire.import_httpx` and `dynacli.validation.import_openapi_core`).
"""
