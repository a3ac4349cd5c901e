"""The limits of reading a document, so that no document uses up memory or time."""

from dynacli.text.json_budget import MAX_VALUES

MAX_BYTES = 50 * 1024 * 1024
"""Maximum size of a document in bytes, after decompression."""

MAX_DEPTH = 200
"""Maximum depth of nested objects and lists; the outermost one counts."""

MAX_NODES = MAX_VALUES
"""Maximum number of values in a document, with each YAML alias replaced by its anchor's value."""

MAX_FILES = 10_000
"""Maximum number of other files; `MAX_BYTES` and `DOCUMENT_TOTAL_SECONDS` apply to all files together."""

MAX_REDIRECTS = 10

DOCUMENT_CONNECT_SECONDS = 10.0
DOCUMENT_READ_SECONDS = 30.0
DOCUMENT_TOTAL_SECONDS = 300.0


def in_mebibytes(size: int) -> str:
    """Return a number of bytes as a text in MiB."""
    return f"{size / 1024 / 1024:.0f} MiB"
