"""An example of a body that no options build, written as its media type wants it."""

from base64 import urlsafe_b64encode
from typing import Any

from dynacli.errors import UsageError
from dynacli.http.semantics import essence
from dynacli.openapi.model.media_types import is_object_of_bytes
from dynacli.openapi.schema.example_call import option_text
from dynacli.request.assemble_body import json_text

__all__ = ["text_body"]


def text_body(example: Any, media_type: str, schema: Any) -> bytes:
    """Return an example of a body that options cannot build: a text as it is, of a token its claims.

    Args:
        schema: The schema of the body in the normal form; None if it has none.

    Raises:
        UsageError: The value has no form in the media type.
    """
    if isinstance(example, str | int | float):
        return option_text(example).encode()
    if essence(media_type) == "application/jwt":
        return _unsecured_token(example)
    if is_object_of_bytes(schema or {}):
        return b"string"
    raise UsageError(
        f"No example of a body of `{media_type}` can be made", hint="Give it whole: `--body @FILE`"
    )


def _unsecured_token(claims: Any) -> bytes:
    """Return a token of some claims without a signature (RFC 7519, section 6)."""
    parts = (urlsafe_b64encode(json_text(part).encode()).rstrip(b"=") for part in ({"alg": "none"}, claims))
    return b".".join([*parts, b""])
