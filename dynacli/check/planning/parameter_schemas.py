"""What the document says about the values of an operation's parameters: schemas, examples, and which values fit."""

from collections.abc import Iterator, Mapping
from typing import Any

from dynacli.client.described_operation import DescribedOperation
from dynacli.model.operation import Parameter
from dynacli.schema.document_schemas import DocumentSchemas
from dynacli.schema.documented_values import documented_values_at, example_values_of
from dynacli.schema.example_call import parameter_example
from dynacli.schema.example_value import NoExampleError

__all__ = ["ParameterSchemas"]


class ParameterSchemas:
    """The Parameter Objects of an operation."""

    def __init__(self, described: DescribedOperation) -> None:
        self._described = described

    def fits(self, parameter: Parameter, value: Any) -> bool:
        """Return whether a parameter takes a value, as far as its schema says so."""
        schema = self._described.parameter_schema(parameter)
        if schema is None:
            return True
        try:
            return DocumentSchemas(self._described.resolve, "request").fits(value, schema)
        except (NoExampleError, RecursionError):
            return True  # the judge of the request may tell

    def examples(self, parameter: Parameter) -> Iterator[Any]:
        """Yield the examples that the document has for a parameter, and that its schema allows."""
        raw = self._described.raw_parameters.get(parameter.key, {})
        content = raw.get("content")
        holders = [raw, *(content.values() if isinstance(content, Mapping) else ())]
        values = [
            value
            for holder in holders
            if isinstance(holder, Mapping)
            for value in example_values_of(holder, self._described.resolve)
        ]
        schema = self._described.follow(self._described.parameter_schema(parameter))
        if isinstance(schema, Mapping) and not values:
            examples = schema.get("examples")
            values = [schema["example"]] if "example" in schema else []
            values.extend(examples if isinstance(examples, list) else ())
        yield from (value for value in values if self.fits(parameter, value))

    def schema_values(self, parameter: Parameter) -> Iterator[Any]:
        """Yield the values that the schema of a parameter gives: its examples, `const`, `default` and `enum`."""
        for value in documented_values_at(
            self._described.parameter_schema(parameter), (), self._described.resolve
        ):
            if self.fits(parameter, value):
                yield value

    def invent(self, parameter: Parameter) -> Any:
        """Return a value that fits the schema of a parameter.

        Raises:
            NoExampleError: None can be made.
            LookupError: A reference leads nowhere.
        """
        raw = self._described.raw_parameters.get(parameter.key)
        return parameter_example(parameter, raw, self._described.resolve)
