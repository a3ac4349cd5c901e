"""The text of a parameter that has `content`, which is written in a media type instead of a style."""

import json
from collections.abc import Mapping
from typing import Any, NoReturn

from dynacli.environment import program
from dynacli.errors import UsageError
from dynacli.model.media_types import is_form, is_json
from dynacli.model.operation import Parameter

__all__ = ["parameter_text"]


def parameter_text(parameter: Parameter, value: Any) -> str:
    """Return the value of a parameter as text in the parameter's media type.

    Where the schema does not ask for a string, a string is taken for text that is in the media type already,
    which is how values that no option can build are given.

    Args:
        parameter: A parameter with a media type: JSON (also `+json`), a form or `text/*`.
        value: A JSON value; null is written where the media type has it.

    Returns:
        The text, not yet encoded for its place in the request.

    Raises:
        UsageError: The media type cannot be written, or cannot hold such a value.
    """
    name = parameter.media_type
    is_text = name.lower().startswith("text/") and not is_json(name)
    if isinstance(value, str) and (parameter.value.type != "string" or not is_json(name)):
        return value
    if is_json(name):
        try:
            # A header is Latin-1, and JSON can escape all other characters.
            return json.dumps(
                value, ensure_ascii=parameter.location == "header", separators=(",", ":"), allow_nan=False
            )
        except ValueError:
            _refuse(parameter, "It holds a number that JSON cannot write")
    if is_form(name) and isinstance(value, Mapping):
        return _form(parameter, value)
    if is_text and not isinstance(value, Mapping | list) and value is not None:
        return value if isinstance(value, str) else json.dumps(value)
    if is_form(name) or is_text:
        why, hint = f"`{name}` cannot hold {'null' if value is None else 'such a value'}", ""
    else:
        why = f"The document writes it in `{name}`, which {program().name} does not write"
        hint = "Give it as text that is in this media type already"
    return _refuse(parameter, why, hint)


def _form(parameter: Parameter, value: Mapping[str, Any]) -> str:
    from dynacli.request.form_body import encode_form
    from dynacli.schema.form_encoding import Encodings

    media = {"encoding": parameter.encoding or {}}
    encodings = Encodings(media, _resolve_nothing, "3.2", is_multipart=False)
    return encode_form(value, parameter.media_type, encodings.of, _json_text).decode()


def _resolve_nothing(ref: str) -> Any:
    raise LookupError(ref)


def _json_text(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def _refuse(parameter: Parameter, why: str, hint: str = "") -> NoReturn:
    raise UsageError(
        f"The {parameter.location} parameter `{parameter.name}` cannot be sent", why=why, hint=hint
    )
