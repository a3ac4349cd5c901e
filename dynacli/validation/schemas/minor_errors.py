"""Errors that are minor: to the letter of the document the value is wrong, and its author means to allow it."""

from collections.abc import Callable, Iterator
from typing import Any

from jsonschema.exceptions import ValidationError  # type: ignore[import-untyped]

from dynacli.validation.formats import is_iso_duration
from dynacli.validation.schemas.keywords import Keyword

__all__ = ["forgiving_durations", "forgiving_null"]


def forgiving_null(
    errors: Callable[..., Iterator[ValidationError]],
) -> Callable[..., Iterator[ValidationError]]:
    """Return jsonschema's `descend` or `iter_errors`, by which null has minor errors alone where `nullable` stands.

    OpenAPI 3.0.4, "Schema Object": `nullable` adds null to the `type` beside it and to nothing else. Whoever writes it
    beside a `$ref`, an `allOf` or an `enum` means null all the same.
    """

    def errors_forgiving(self: Any, instance: Any, schema: Any = None, *args: Any, **named: Any) -> Any:
        found = errors(self, instance, schema, *args, **named)
        judging = self.schema if schema is None else schema
        if instance is not None or not isinstance(judging, dict) or judging.get("nullable") is not True:
            return found
        return map(_made_minor, found)

    return errors_forgiving


def _made_minor(error: ValidationError) -> ValidationError:
    error.is_minor = True
    return error


def forgiving_durations(keyword: Keyword) -> Keyword:
    """Return the keyword `format`, by which a duration of ISO 8601 that RFC 3339 does not have is a minor error."""

    def format_keyword(validator: Any, name: Any, instance: Any, schema: Any) -> Iterator[ValidationError]:
        for error in keyword(validator, name, instance, schema) or ():
            error.is_minor = name == "duration" and is_iso_duration(instance)
            yield error

    return format_keyword
