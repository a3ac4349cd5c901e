"""Turns any OpenAPI document into a command line at run time, and into a Python client: `dynacli.open_api`."""

TYPE_CHECKING = False  # importing `typing` would take longer than the rest of this module
if TYPE_CHECKING:
    from dynacli import errors
    from dynacli.client.api_client import Api, open_api
    from dynacli.client.call import CallEvent
    from dynacli.client.responses.response import Response

__all__ = ["Api", "CallEvent", "Response", "__version__", "errors", "open_api"]

__version__ = "0.1.0"

user_agent = f"dynacli/{__version__}"
"""Value of the header `User-Agent`."""

is_own_process = False
"""Whether dynacli is the program that runs, not a library in another program.

If so, dynacli imports libraries without the parts that it does not use
(see `dynacli.http.import_httpx` and `dynacli.validation.validator`).
"""
_PUBLIC = {
    "Api": "dynacli.client.api_client",
    "CallEvent": "dynacli.client.call",
    "Response": "dynacli.client.responses.response",
    "errors": "dynacli.errors",
    "open_api": "dynacli.client.api_client",
}
"""Public name → its module, imported on first use to keep `import dynacli` fast."""


def version_of_build() -> str:
    """Return the version of dynacli. A build from git adds its commit: `0.1.0 (52d4fcb8ab12 2026-11-30)`."""
    import os

    try:
        with open(os.path.join(os.path.dirname(__file__), "commit.txt"), encoding="ascii") as file:
            return f"{__version__} ({file.read().strip()})"
    except OSError:  # a checkout, or a build without git
        return __version__


def __getattr__(name: str) -> object:
    if name not in _PUBLIC:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    module = import_module(_PUBLIC[name])
    return module if name == "errors" else getattr(module, name)
