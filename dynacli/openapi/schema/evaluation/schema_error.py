"""The error that a keyword of JSON Schema finds in a value."""

from collections.abc import Iterator, Sequence
from typing import Any

__all__ = ["SchemaError"]


class SchemaError:
    """An error of a keyword.

    Args:
        validator: The keyword; empty for the schema `false`.
        validator_value: The value of the keyword, as the document has it.
        instance: The wrong value.
        schema: The schema that has the keyword.
        path: The steps from the value that was evaluated to the wrong one.
        schema_path: The steps from the schema to the keyword, with `$ref` for each reference.
        message: What the keyword itself says; most sentences are made of the rest.
        names: The properties, items or branches that the error is about.
        is_minor: Whether a value with this error still fits its schema, as the schema's author means it.
        is_example: Whether the document itself gives the value as an example of its place.
        tags: (property, branches, index) of the discriminators that chose a branch on the way.
        context: For `oneOf` and `anyOf` the errors by the branches; their paths start at this error's value and
            keyword.
        order: The position of the keyword in the document, by which errors are sorted.

    Attributes:
        parent: The error in whose context this one is; None for others.
    """

    def __init__(
        self,
        validator: str,
        validator_value: Any = None,
        instance: Any = None,
        *,
        schema: Any = None,
        path: Sequence[str | int] = (),
        schema_path: Sequence[str | int] = (),
        message: str = "",
        names: tuple[str, ...] = (),
        is_minor: bool = False,
        tags: tuple[tuple[str, list[Any], int], ...] = (),
        context: Sequence["SchemaError"] = (),
        order: tuple[int, ...] = (),
    ) -> None:
        self.validator, self.validator_value = validator, validator_value
        self.instance, self.schema = instance, schema
        self.path, self.schema_path = list(path), list(schema_path)
        self.message, self.names, self.tags, self.order = message, names, tags, order
        self.is_minor, self.is_example = is_minor, False
        self.context = list(context)
        self.parent: SchemaError | None = None
        for error in self.context:
            error.parent = self

    @property
    def is_of_item(self) -> bool:
        """Whether the wrong value is in an item of a list."""
        return any(isinstance(step, int) for step in self.path)

    @property
    def absolute_path(self) -> list[str | int]:
        """The steps to the wrong value from the one that was evaluated."""
        return [*(self.parent.absolute_path if self.parent else ()), *self.path]

    @property
    def absolute_schema_path(self) -> list[str | int]:
        """The steps to the keyword from the schema that was evaluated."""
        return [*(self.parent.absolute_schema_path if self.parent else ()), *self.schema_path]

    def all_within(self) -> Iterator["SchemaError"]:
        """Yield the error and those of its branches, however nested."""
        yield self
        for error in self.context:
            yield from error.all_within()
