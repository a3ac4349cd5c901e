"""The error that a keyword of JSON Schema finds in a value."""

from collections.abc import Iterator
from typing import Any

from jsonschema.exceptions import ValidationError  # type: ignore[import-untyped]

from dynacli.validation.judging_notes import JudgingNotes

__all__ = [
    "MAX_ERRORS",
    "SchemaError",
    "is_documented_example",
    "is_minor",
    "note_rest",
    "schema_error",
    "unexpected",
]

MAX_ERRORS = 1_000
"""The largest number of errors that are listed for the members of one value."""

_MAX_HELD = 10_000
"""The largest number of errors that are held for them, those by the alternatives that they do not fit included."""


class SchemaError(ValidationError):  # type: ignore[misc]
    """An error of a keyword, with the names that its message needs.

    Attributes:
        names: The properties, items or branches that the error is about.
        is_minor: Whether a value with this error still fits its schema, as the schema's author means it.
    """

    names: tuple[str, ...] = ()
    is_minor = False


def schema_error(message: str, *names: str, is_minor: bool = False, **details: Any) -> SchemaError:
    """Return an error; jsonschema adds the details that are not given, such as the instance."""
    error = SchemaError(message, **details)
    error.names, error.is_minor = names, is_minor
    return error


def is_minor(error: ValidationError) -> bool:
    """Return whether a value with an error still fits its schema, as the schema's author means it.

    Such an error makes no branch of `oneOf` or `anyOf` another one's loser: the value is judged by the branch, and has
    the error besides.
    """
    return bool(getattr(error, "is_minor", False))


def is_documented_example(error: ValidationError) -> bool:
    """Return whether an error is about a value that the document itself gives as an example of its place."""
    return bool(getattr(error, "is_example", False))


def limited(found: Iterator[ValidationError]) -> Iterator[ValidationError]:
    """Yield errors of the members of one value, until there are too many; the rest can be taken from the iterator."""
    held = 0
    for count, error in enumerate(found, start=1):
        yield error
        held += _held(error)
        if count >= MAX_ERRORS or held >= _MAX_HELD:
            return


def _held(error: ValidationError) -> int:
    return 1 + sum(map(_held, error.context))


def unexpected(names: list[str], instance: dict[str, Any], notes: JudgingNotes) -> SchemaError:
    """Return the error of properties that are not allowed; of more than `MAX_ERRORS`, only of the first."""
    if len(names) > MAX_ERRORS:
        note_rest(notes, instance)
    return schema_error("unexpected properties", *names[:MAX_ERRORS])


def note_rest(notes: JudgingNotes, instance: Any) -> None:
    """Note that the rest of an array or object was not judged, because it has too many errors already."""
    kind = "array" if isinstance(instance, list) else "object"
    notes.add_unchecked(f"the rest of an {kind} that has over {MAX_ERRORS:,} errors")
