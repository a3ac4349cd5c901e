"""What the keywords of this room find wrong with a value."""

from typing import Any

from jsonschema.exceptions import ValidationError  # type: ignore[import-untyped]

__all__ = ["SchemaError", "schema_error"]


class SchemaError(ValidationError):  # type: ignore[misc]
    """What breaks a schema, with what a message needs to know of it.

    Attributes:
        names: The properties that it is about.
    """

    names: tuple[str, ...] = ()


def schema_error(message: str, *names: str, **details: Any) -> SchemaError:
    """Return an error; what is not among the details is added by whoever asked the keyword."""
    error = SchemaError(message, **details)
    error.names = names
    return error
