"""The error that a keyword of JSON Schema finds in a value."""

from typing import Any

from jsonschema.exceptions import ValidationError  # type: ignore[import-untyped]

from dynacli.validation.judging_notes import JudgingNotes

__all__ = ["MAX_ERRORS", "SchemaError", "note_rest", "schema_error", "unexpected"]

MAX_ERRORS = 1_000
"""The largest number of errors that are listed for the members of one value."""


class SchemaError(ValidationError):  # type: ignore[misc]
    """An error of a keyword, with the names that its message needs.

    Attributes:
        names: The properties, items or branches that the error is about.
    """

    names: tuple[str, ...] = ()


def schema_error(message: str, *names: str, **details: Any) -> SchemaError:
    """Return an error; jsonschema adds the details that are not given, such as the instance."""
    error = SchemaError(message, **details)
    error.names = names
    return error


def unexpected(names: list[str], instance: dict[str, Any], notes: JudgingNotes) -> SchemaError:
    """Return the error of properties that are not allowed; of more than `MAX_ERRORS`, only of the first."""
    if len(names) > MAX_ERRORS:
        note_rest(notes, instance)
    return schema_error("unexpected properties", *names[:MAX_ERRORS])


def note_rest(notes: JudgingNotes, instance: Any) -> None:
    """Note that the rest of an array or object was not judged, because it has too many errors already."""
    kind = "array" if isinstance(instance, list) else "object"
    notes.add_unchecked(f"the rest of an {kind} that has over {MAX_ERRORS:,} errors")
