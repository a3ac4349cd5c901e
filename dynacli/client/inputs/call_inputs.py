"""The inputs of a call, and the values from which its request is built."""

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
    """A query pair that is not a parameter of the operation.

    Args:
        name: Its decoded name.
        value: A JSON value: a string, or a list of strings.
        is_default: True if the configuration adds it to all calls.
    """

    name: str
    value: Any
    is_default: bool = False


@record
class CallInputs:
    """The inputs that the caller gives for one call.

    Args:
        parameters: Values of parameters.
        assignments: Values of single fields of the body, which override those of `body`.
        body: The whole body, as text or bytes; None if it is not given.
        wants_example: True to fill required inputs that are missing with examples.
        is_complete: True if missing fields of the body are not reported, because the user wrote it in an
            editor.
        content_type: Requested media type of the body; empty for the preferred one.
        part_headers: ((part, header), value) for the parts of a multipart body.
        boundary: Boundary of a multipart body; empty for a random one.
        has_examples: True if headers of parts may be filled from the document's examples.
        query: Query pairs that are not parameters.
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
    """The values from which a request is built.

    Args:
        parameters: JSON values of the parameters.
        body: The encoded body; None if there is none.
        media_type: Media type of the body; empty if there is no body.
        form: Value from which a form or a multipart body was built; None for other bodies.
        query: Query pairs that are not parameters.
    """

    parameters: Mapping[ParameterKey, Any]
    body: bytes | Payload | None = None
    media_type: str = ""
    form: Any = None
    query: tuple[QueryPair, ...] = ()


@record
class TypedWords:
    """The arguments of a call besides its inputs, as the user typed them.

    Args:
        headers: `NAME: VALUE` each.
        part_headers: `PART:NAME: VALUE` each.
        assignments: `NAME=VALUE` of server variables, and `PATH=JSON` of the body.
        texts: The whole body and all inputs as JSON, or their sources; empty if not given.
    """

    headers: Sequence[str] = ()
    part_headers: Sequence[str] = ()
    assignments: Sequence[str] = ()
    texts: Sequence[str] = ()
