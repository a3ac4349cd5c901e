"""An example of a body that no options build, written as its media type wants it: as text or as XML."""

from base64 import urlsafe_b64encode
from collections.abc import Callable
from contextlib import suppress
from typing import Any

from dynacli.errors import UsageError
from dynacli.http.semantics import essence, is_xml, is_yaml
from dynacli.media.xml_value import NoXmlError, xml_text
from dynacli.openapi.model.media_types import is_object_of_bytes
from dynacli.openapi.schema.example_call import option_text
from dynacli.request.assemble_body import json_text

__all__ = ["text_body"]


def text_body(example: Any, media_type: str, schema: Any, resolve: Callable[[str], Any]) -> bytes:
    """Return an example of a body: a text as it is, any other value as XML or YAML.

    Args:
        schema: The schema of the body in the normal form; None if it has none.
        resolve: Returns the target of an internal `$ref`.

    Raises:
        UsageError: The value has no form in the media type.
    """
    if isinstance(example, str | int | float):
        return option_text(example).encode()
    if essence(media_type) == "application/jwt":
        return _unsecured_token(example)
    if is_object_of_bytes(schema or {}):
        return b"string"
    if is_xml(media_type):
        with suppress(NoXmlError):  # said below
            return xml_text(example, schema, resolve).encode()
    if is_yaml(media_type):
        return option_text(example).encode()  # JSON is YAML (YAML 1.2.2, section 1.2)
    raise UsageError(
        f"No example of a body of `{media_type}` can be made", hint="Give it whole: `--body @FILE`"
    )


def _unsecured_token(claims: Any) -> bytes:
    """Return a token of some claims without a signature (RFC 7519, section 6)."""
    parts = (urlsafe_b64encode(json_text(part).encode()).rstrip(b"=") for part in ({"alg": "none"}, claims))
    return b".".join([*parts, b""])
