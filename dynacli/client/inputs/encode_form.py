"""The value of a form or of a multipart body, written as its bytes."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from dynacli.client.described_operation import DescribedOperation
from dynacli.errors import UsageError
from dynacli.http.payload import Payload
from dynacli.http.semantics import is_multipart
from dynacli.openapi.schema.form_encoding import Encodings
from dynacli.request.assemble_body import json_text
from dynacli.request.form_body import Multipart, encode_form, make_parts

if TYPE_CHECKING:
    from dynacli.client.inputs.call_inputs import CallInputs

__all__ = ["encode_form_body", "encodings_of"]


def encodings_of(described: DescribedOperation, *, has_examples: bool) -> Encodings:
    """Return how the document wants each property of the body written.

    Args:
        has_examples: Whether values may come from the document's examples.
    """
    name = described.media_type.name if described.media_type is not None else ""
    return Encodings(
        described.raw_media_type(),
        described.resolve,
        described.version,
        is_multipart=is_multipart(name),
        has_examples=has_examples,
    )


def encode_form_body(
    described: DescribedOperation, value: Any, inputs: "CallInputs", *, is_strict: bool
) -> tuple[bytes | Payload, str]:
    """Return the body and its media type, with a boundary where there are parts.

    Args:
        is_strict: Whether a member that holds the delimiter of its list is refused.

    Raises:
        UsageError: The value cannot be written the way the document asks for.
    """
    name = described.media_type.name if described.media_type is not None else ""
    encodings = encodings_of(described, has_examples=inputs.has_examples)
    if not is_multipart(name):
        return encode_form(value, name, encodings.of, json_text, is_strict=is_strict), name

    unknown = [
        part for (part, _), _ in inputs.part_headers if not isinstance(value, Mapping) or part not in value
    ]
    if unknown:
        raise UsageError(
            f"There is no part `{unknown[0]}` for the header of `--part-header`",
            hint="Name the part as the document spells it, and give its content too",
        )
    plain_name = name.partition(";")[0].strip()
    if isinstance(value, list) and plain_name.lower() == "multipart/form-data":
        value = None  # its parts all need a name (RFC 7578, section 4.2)
    parts = make_parts(value, encodings, dict(inputs.part_headers), is_strict=is_strict)
    multipart = Multipart(parts, plain_name, inputs.boundary or _random_boundary())
    return multipart, multipart.media_type


def _random_boundary() -> str:
    import secrets

    return secrets.token_hex(16)
