"""A value for the header `Idempotency-Key`, by which a server knows that a request came before.

See https://datatracker.ietf.org/doc/draft-ietf-httpapi-idempotency-key-header/
"""

from uuid import uuid4

from dynacli.model.operation import Parameter

__all__ = ["new_idempotency_key"]


def new_idempotency_key(parameter: Parameter) -> str | None:
    """Return a new value for a call; None where the document wants something else than any unique text.

    Args:
        parameter: The header of that name.
    """
    value, limits = parameter.value, parameter.value.limits or {}
    is_uuid = value.format == "uuid"
    if value.type not in {"string", "any"} or value.enum or ("pattern" in limits and not is_uuid):
        return None
    key = uuid4()
    text = str(key)
    if limits.get("maxLength", len(text)) < len(text):
        text = key.hex
    return text if limits.get("minLength", 0) <= len(text) <= limits.get("maxLength", len(text)) else None
