"""The limits of reading a document, which keep any document from using up memory or time."""

from dynacli.text.json_budget import MAX_VALUES

MAX_BYTES = 50 * 1024 * 1024
"""The largest size of a document, after decompression."""

MAX_DEPTH = 200
"""How deep objects and lists may be nested, the outermost one included."""

MAX_NODES = MAX_VALUES
"""How many values a document may have, with each YAML alias replaced by its anchor's value."""

MAX_FILES = 10_000
"""How many other files a document may refer to; `MAX_BYTES` and `DOCUMENT_TOTAL_SECONDS` hold for all together."""

MAX_REDIRECTS = 10

DOCUMENT_CONNECT_SECONDS = 10.0
DOCUMENT_READ_SECONDS = 30.0
DOCUMENT_TOTAL_SECONDS = 300.0


def in_mebibytes(size: int) -> str:
    """Return a size as messages show it."""
    return f"{size / 1024 / 1024:.0f} MiB"
