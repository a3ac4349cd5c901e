"""A collection as an HTTP Archive: requests alone, without credentials, times and responses."""

from dynacli.errors import UsageError
from dynacli.features.export.collection import (
    Collection,
    Entry,
    ExportedBody,
    ExportedRequest,
    file_stem,
    url_with_query,
)
from dynacli.output.har import HarCall, har_of
from dynacli.secrets import MASK


def files_of(collection: Collection) -> dict[str, str]:
    """Return the file of the archive.

    Raises:
        UsageError: The document names no server, but a HAR needs complete URLs.
    """
    text = har_of(_call(request, collection.variables) for request in collection.requests())
    return {f"{file_stem(collection.name)}.har": text}


def _call(request: ExportedRequest, variables: dict[str, str]) -> HarCall:
    base = variables.get(request.server, "")
    if not base:
        raise UsageError(
            "A HAR has whole URLs, and the document names no server",
            hint="Name one: `--server https://api.example.com`",
        )
    query = ((entry.name, _masked_value(entry)) for entry in request.sent_query())
    body: ExportedBody | None = request.body
    content = body.content if body is not None else None
    return HarCall(
        request.name,
        0.0,
        0.0,
        request.method,
        url_with_query(base + request.filled_path, query),
        tuple((sent_header.name, _masked_value(sent_header)) for sent_header in request.sent_headers()),
        body=content,
        body_size=len(content or b""),
    )


def _masked_value(entry: Entry) -> str:
    return entry.value + MASK if entry.variable else entry.value
