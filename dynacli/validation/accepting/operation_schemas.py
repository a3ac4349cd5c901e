"""The part of the document that describes an operation, and its schemas, compiled when they are needed."""

from collections.abc import Mapping
from functools import cached_property
from typing import Any

from dynacli.catalog.store.catalog_file import Catalog
from dynacli.model.operation import Operation
from dynacli.schema.evaluation.compiled_schema import CompiledSchema, CompiledSchemas
from dynacli.schema.evaluation.judging_notes import JudgingNotes
from dynacli.schema.evaluation.translation import SchemaSource, TooDeepError
from dynacli.schema.read_schema import Direction, Follow

__all__ = ["OperationSchemas"]

_MAX_HOPS = 50


class OperationSchemas:
    """An operation's part of the document.

    Args:
        catalog: The components are read from it when a reference leads to them.
        operation: The operation.

    Attributes:
        method: The operation's method.
        version: The version of OpenAPI.
        size_read: The size of the JSON that was judged by them.
    """

    def __init__(self, catalog: Catalog, operation: Operation) -> None:
        self._catalog = catalog
        self.method = operation.method
        self.size_read = 0
        part = catalog.part(operation.name)
        self._operation: Mapping[str, Any] = part["operation"]
        self._path_item: Mapping[str, Any] = part["path_item"]
        self.version: Any = catalog.meta["dialect"]
        self._dialect = str(catalog.meta["json_schema_dialect"] or "")
        # Reference → its target, so that several schemas that refer to one read it once.
        self._targets: dict[str, Any] = {}
        self._compiled: dict[Direction, CompiledSchemas] = {}
        self._notes = JudgingNotes(is_swagger=str(catalog.meta["openapi"]).strip().startswith("2"))

    def begin(self) -> None:
        """Begin another message, with a full budget for its regular expressions."""
        self._notes.begin()

    def target(self, reference: str) -> Any:
        """Return the target of a reference.

        Raises:
            LookupError: It leads nowhere, or is no reference at all.
        """
        if not isinstance(reference, str):
            raise LookupError(reference)  # noqa: TRY004  - it leads nowhere, like one that is text
        if reference not in self._targets:
            self._targets[reference] = self._catalog.resolve(reference)
        return self._targets[reference]

    def _follow(self, reference: str) -> tuple[Any, Follow]:
        return self.target(reference), self._follow

    def object_of(self, value: Any) -> Mapping[str, Any] | None:
        """Return an object of the document, its Reference Objects followed; None where it is no object.

        Raises:
            LookupError: A reference leads nowhere.
        """
        for _ in range(_MAX_HOPS):
            if not isinstance(value, Mapping):
                return None
            if "$ref" not in value:
                return value
            value = self.target(value["$ref"])
        return None

    @cached_property
    def parameters(self) -> list[Mapping[str, Any] | None]:
        """The parameters of the operation; None for one that is no object.

        Raises:
            LookupError: A reference leads nowhere.
        """
        known: dict[Any, Mapping[str, Any] | None] = {}
        for holder in (self._path_item, self._operation):
            listed = holder.get("parameters", [])
            if not isinstance(listed, list):
                known[None] = None
                continue
            for value in listed:
                parameter = self.object_of(value)
                if parameter is None or not isinstance(parameter.get("name"), str):
                    known[None] = None
                else:
                    # The operation's own parameter replaces that of the path item.
                    known[parameter["name"], str(parameter.get("in"))] = parameter
        return list(known.values())

    @property
    def request_body(self) -> Any:
        """The operation's `requestBody`, its references in place; None where it has none."""
        return self._operation.get("requestBody")

    @property
    def responses(self) -> Any:
        """The operation's `responses`, their references in place; None where it has none."""
        return self._operation.get("responses")

    def accepts(self, schema: Any, value: Any, direction: Direction) -> bool:
        """Return whether a value is certainly valid.

        Args:
            schema: The Schema Object in the normal form, its references in place.
            value: The JSON value.
            direction: The direction of the message that has the value.
        """
        compiled = self.compiled(schema, direction)
        if schema is True or compiled is None:
            return schema is True
        before = self._notes.count
        try:
            return compiled.is_valid(value) and self._notes.count == before
        except (TooDeepError, RecursionError):
            return False

    def compiled(self, schema: Any, direction: Direction) -> CompiledSchema | None:
        """Return a schema compiled, once for each direction; None where it cannot be."""
        if not isinstance(schema, dict):
            return None
        if direction not in self._compiled:
            source = SchemaSource(
                self.version,
                direction,
                self._follow,
                self._dialect,
                self._notes.undefined_formats,
            )
            self._compiled[direction] = CompiledSchemas(source, self._notes)
        return self._compiled[direction].compiled(schema)
