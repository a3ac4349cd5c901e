"""What the keywords of this room find wrong with a value."""

from typing import Any

from jsonschema.exceptions import ValidationError  # type: ignore[import-untyped]

from dynacli.validation.judging_session import Session

__all__ = ["MAX_ERRORS", "SchemaError", "note_rest", "schema_error", "unexpected"]

MAX_ERRORS = 1_000
"""How many things that are wrong with what is inside of one value are enough."""


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


def unexpected(names: list[str], instance: dict[str, Any], session: Session) -> SchemaError:
    """Return the error of properties that are not allowed, the first of them if they are too many."""
    if len(names) > MAX_ERRORS:
        note_rest(session, instance)
    return schema_error("unexpected properties", *names[:MAX_ERRORS])


def note_rest(session: Session, instance: Any) -> None:
    """Note that so much was wrong inside of a value that the rest of it was not judged."""
    what = "items of a long array" if isinstance(instance, list) else "properties of a large object"
    session.note(f"{what} that come after so many wrong ones")
