"""The headers of an answer of a mock, as the document describes them."""

from collections.abc import Iterator, Mapping
from contextlib import suppress
from typing import Any

from dynacli.client.described_operation import DescribedOperation
from dynacli.errors import UsageError
from dynacli.model.lenient_reading import dict_or_empty
from dynacli.model.operation import explodes, style_of
from dynacli.request.assemble_body import json_text
from dynacli.request.parameter_serialization import serialize_header
from dynacli.schema.example_value import NoExampleError, example_value_for_parameter

__all__ = ["documented_headers"]

_OF_THE_CONNECTION = frozenset(
    {"content-type", "content-length", "content-encoding", "transfer-encoding", "connection", "keep-alive"}
    | {"date", "trailer", "upgrade", "te"}
)
"""Headers that say how the body is sent, which the document cannot know; of `Content-Type` it has to say nothing."""


def documented_headers(described: DescribedOperation, answer: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Yield the documented headers of an answer, each with its example or a value made of its schema.

    Args:
        answer: The Response Object.
    """
    for name, raw in dict_or_empty(answer.get("headers")).items():
        header = dict_or_empty(described.follow(raw))
        if str(name).lower() in _OF_THE_CONNECTION:
            continue
        with suppress(NoExampleError, UsageError):  # no value, or none that a header can hold
            value = example_value_for_parameter(header, described.resolve)
            if header.get("content"):
                value = value if isinstance(value, str) else json_text(value)
            style = style_of("header", header.get("style"))
            text = serialize_header(
                str(name), value, style=style, explode=explodes(style, header.get("explode")), is_strict=False
            )
            if text:
                yield str(name), text
