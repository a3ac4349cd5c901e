"""The inputs of a call, and the values that its request is built of."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from dynacli.record import record

if TYPE_CHECKING:
    from dynacli.http.payload import Payload
    from dynacli.request.assemble_body import Assignment

ParameterKey = tuple[str, str]
"""The location of a parameter (`path`, `query`, `header`, `cookie`, `querystring`) and its name in the document."""


class QueryPair(NamedTuple):
    """A pair of the query that is not a parameter of the operation.

    Args:
        name: Its name on the wire, decoded.
        value: A JSON value: a text, or several in a list.
        is_default: Whether the configuration gives it to all calls.
    """

    name: str
    value: Any
    is_default: bool = False


@record
class CallInputs:
    """What the caller gives for one call.

    Args:
        parameters: The values of parameters.
        assignments: The values of places in the body, applied to the whole body if there is one.
        body: The whole body, as text or bytes; None if none is given.
        wants_example: Whether what is required and was not given is filled in.
        is_complete: Whether what the body lacks is not reported, because a person wrote it in an editor.
        content_type: The media type of the body that was asked for; empty for the preferred one.
        part_headers: ((part, header), value) for the parts of a multipart body.
        boundary: Between the parts of a multipart body; empty for a random one.
        has_examples: Whether headers of parts may be filled from the document's examples.
        query: The pairs of the query that are no parameters.
    """

    parameters: Mapping[ParameterKey, Any]
    assignments: tuple[Assignment, ...] = ()
    body: bytes | Payload | None = None
    wants_example: bool = False
    is_complete: bool = False
    content_type: str = ""
    part_headers: tuple[tuple[tuple[str, str], str], ...] = ()
    boundary: str = ""
    has_examples: bool = False
    query: tuple[QueryPair, ...] = ()


@record
class CallValues:
    """The values that a request is built of.

    Args:
        parameters: The JSON values of parameters.
        body: The encoded body, None if there is none.
        media_type: The body's media type; empty if there is no body.
        form: The value that a form or the parts of a multipart body were made of; None for other bodies.
        query: The pairs of the query that are no parameters.
    """

    parameters: Mapping[ParameterKey, Any]
    body: bytes | Payload | None = None
    media_type: str = ""
    form: Any = None
    query: tuple[QueryPair, ...] = ()


@record
class TypedWords:
    """What a person typed for a call besides its inputs.

    Args:
        headers: `NAME: VALUE` each.
        part_headers: `PART:NAME: VALUE` each.
        assignments: `NAME=VALUE` of variables of the server, and `PATH=JSON` of the body.
        texts: The whole body, and all inputs as JSON, or where they come from; empty if no one gave them.
    """

    headers: Sequence[str] = ()
    part_headers: Sequence[str] = ()
    assignments: Sequence[str] = ()
    texts: Sequence[str] = ()
