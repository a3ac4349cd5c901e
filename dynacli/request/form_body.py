"""Encodes a form: `application/x-www-form-urlencoded`.

OpenAPI 3.0.4, 3.1.1 and 3.2.0, "Encoding the `x-www-form-urlencoded` Media Type".
"""

from collections.abc import Callable, Mapping
from typing import Any

from dynacli.errors import UsageError
from dynacli.http.built_request import Pair
from dynacli.model.media_types import is_json
from dynacli.request.parameter_serialization import WrittenParameter, serialize_query
from dynacli.schema.form_encoding import PropertyEncoding

__all__ = ["encode_form", "styled_pairs"]

_NO_ENCODING = PropertyEncoding()


def encode_form(
    body: Any,
    media_type: str,
    encoding_of: Callable[[str], PropertyEncoding],
    write_json: Callable[[Any], str],
    *,
    is_strict: bool = True,
) -> bytes:
    """Return the bytes of a form.

    Args:
        body: An object; properties that are null are left out, because a form has no null.
        encoding_of: Returns how the property of a name is written.
        write_json: Returns a value as JSON.
        is_strict: Whether a member that holds the delimiter of its list is refused.

    Raises:
        UsageError: The body is no object, or a property cannot be written as the document prescribes.
    """
    if not isinstance(body, Mapping):
        raise UsageError(
            f"A body of `{media_type}` is made of named values",
            hint="Give a JSON object, or the text of the form as it is",
        )
    pairs = [
        pair
        for name, value in body.items()
        for pair in _pairs(name, value, encoding_of(name), write_json, is_strict=is_strict)
    ]
    return "&".join(pair.encoded for pair in pairs).encode()


def _pairs(
    name: str,
    value: Any,
    encoding: PropertyEncoding,
    write_json: Callable[[Any], str],
    *,
    is_strict: bool,
) -> tuple[Pair, ...]:
    """Return the pairs of a property.

    A property with a style is written like a query parameter. Without a style the media type decides:
    an object is written as JSON by default, and an array as a pair for each item.
    """
    if value is None:
        return ()
    if encoding.style:
        return styled_pairs(name, value, encoding, is_strict=is_strict)
    declared = encoding.media_types[0] if encoding.media_types else ""
    if declared and is_json(declared):
        return styled_pairs(name, write_json(value), _NO_ENCODING)
    pairs: list[Pair] = []
    for item in value if isinstance(value, list) else [value]:
        if isinstance(item, Mapping | list):
            if declared:
                raise UsageError(
                    f"The property `{name}` of the form cannot be sent",
                    why=f"The document has it written as `{declared}`, which is not made from JSON values here",
                    hint="Give the text as a string, or the whole form: `--body @FILE`",
                )
            item = write_json(item)  # noqa: PLW2901
        pairs.extend(styled_pairs(name, item, _NO_ENCODING))
    return tuple(pairs)


def styled_pairs(
    name: str, value: Any, encoding: PropertyEncoding, *, is_strict: bool = True
) -> tuple[Pair, ...]:
    """Return the pairs of a property that is written like a query parameter.

    The style applies to arrays and objects only, and a scalar is always written as `name=value`:
    documents give the same style to all properties, although the styles for arrays and objects do not define scalars.

    Raises:
        UsageError: The style does not define such a value.
    """
    is_scalar = not isinstance(value, Mapping | list)
    style = "form" if is_scalar or not encoding.style else encoding.style
    explode = encoding.explode if encoding.style else True
    try:
        if encoding.item_formats:
            from dynacli.request.parameter_serialization import join_inner_lists

            written = WrittenParameter("query", name, style, explode, is_strict)
            value = join_inner_lists(written, value, encoding.item_formats)
        return serialize_query(
            name,
            value,
            style=style,
            explode=explode,
            allow_reserved=encoding.allow_reserved,
            is_strict=is_strict,
        )
    except UsageError as error:
        raise UsageError(
            f"The property `{name}` of the body cannot be sent", why=error.why, hint=error.hint
        ) from None
