"""The HTTP library, imported without its own command line.

Where rich and pygments are installed, `import httpx` loads both for a program that nobody runs here,
and takes more than twice as long.
httpx does without when that part cannot be imported, so for the time of the import it cannot.
"""

import sys

__all__ = ["httpx"]

_COMMAND_LINE = "httpx._main"

if "httpx" in sys.modules:
    import httpx
else:
    sys.modules[_COMMAND_LINE] = None  # type: ignore[assignment]  # an ImportError for who asks for it
    try:
        import httpx
    finally:
        del sys.modules[_COMMAND_LINE]
