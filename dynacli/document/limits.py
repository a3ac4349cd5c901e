"""The limits that a document is read under, so that none can use up memory or time."""

MAX_BYTES = 50 * 1024 * 1024
"""The size of a document after decompression."""

MAX_DEPTH = 200
"""How deep objects and lists may be nested, the outermost counted."""

MAX_NODES = 2_000_000
"""How many values a document may have, counted after YAML aliases are replaced."""

MAX_FILES = 10_000
"""How many other files a document may be made of; `MAX_BYTES` and `TOTAL_SECONDS` hold for all together."""

MAX_REDIRECTS = 10

CONNECT_SECONDS = 10.0
READ_SECONDS = 30.0
TOTAL_SECONDS = 300.0


def in_mebibytes(size: int) -> str:
    """Return a size as messages show it."""
    return f"{size / 1024 / 1024:.0f} MiB"
