"""The schemas of a document, for making and choosing examples."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from functools import cached_property
from typing import Any

from dynacli.openapi.references import REFERENCE
from dynacli.openapi.schema.evaluation.compiled_schema import CompiledSchemas, ValidationNotes
from dynacli.openapi.schema.evaluation.translation import SchemaSource, TooDeepError
from dynacli.openapi.schema.read_schema import LEFT_OUT, Direction, Follow, is_marked

_MOST_STEPS = 50_000
_MOST_SCHEMAS = 30_000


class NoExampleError(ValueError):
    """No value for a schema was found: it allows no value, or only values that simple rules cannot make."""


def _following(resolve: Callable[[str], Any]) -> Follow:
    """Return a `Follow`; the target of a dangling reference is a schema that allows all values.

    The function does not refer to the schemas that use it, so that they are freed without the garbage collector.
    """

    def follow(ref: str) -> tuple[Any, Any]:
        try:
            return resolve(ref), follow
        except (LookupError, ValueError, TypeError):
            return True, follow

    return follow


class DocumentSchemas:
    """The schemas of a document in one direction, in the normal form.

    Attributes:
        follow: Follows references; the target of a dangling reference is a schema that allows all values.

    Args:
        resolve: Returns the target of an internal `$ref`.
        direction: The direction of values: requests have no `readOnly` properties, responses no `writeOnly` ones.
        may_overlap: Whether a value may match several branches of a `oneOf`.
        keeps_hidden: Whether values may have the properties that the direction leaves out.
    """

    def __init__(
        self,
        resolve: Callable[[str], Any],
        direction: Direction = "request",
        *,
        may_overlap: bool = False,
        keeps_hidden: bool = False,
    ) -> None:
        self._resolve, self.direction = resolve, direction
        self.follow = _following(resolve)
        self._may_overlap, self._keeps_hidden = may_overlap, keeps_hidden
        self._steps_left = _MOST_STEPS
        self._has_hidden = False

    def lenient(self) -> Iterator[DocumentSchemas]:
        """Yield more lenient versions of these schemas, each with a new budget of steps.

        The first version allows the properties that the direction leaves out, if there are any. The next ones allow
        overlapping branches, too.
        """
        for may_overlap in (False, True):
            for keeps_hidden in (False, True)[: 1 + self._has_hidden]:
                if may_overlap or keeps_hidden:
                    yield DocumentSchemas(
                        self._resolve, self.direction, may_overlap=may_overlap, keeps_hidden=keeps_hidden
                    )

    def spend(self, steps: int = 1) -> None:
        """Count steps, because some documents would take too long.

        Raises:
            NoExampleError: The budget of 50,000 steps is used up.
        """
        self._steps_left -= steps
        if self._steps_left < 0:
            raise NoExampleError("The schema has too many cases to try")

    def target(self, schema: Mapping[str, Any]) -> Any:
        """Return the target of a schema's `$ref`; if it has none, a schema that allows all values."""
        return self.follow(schema[REFERENCE])[0]

    def is_hidden(self, schema: Any) -> bool:
        """Return whether a property is left out in this direction, because it is `readOnly` or `writeOnly`."""
        if self._keeps_hidden or not is_marked(schema, LEFT_OUT[self.direction], self.follow):
            return False
        self._has_hidden = True
        return True

    def fits(self, value: Any, schema: Any) -> bool:
        """Return whether a value is valid; it counts as valid if its schema cannot be evaluated.

        Args:
            value: A JSON value.
            schema: A Schema Object, or a boolean.

        Raises:
            NoExampleError: Too many schemas were compiled already.
        """
        if isinstance(schema, bool):
            return schema
        if not isinstance(schema, dict):
            return True
        if self._compiled.is_used_up:
            raise NoExampleError("There are too many schemas to try")
        compiled = self._compiled.compiled(schema)
        try:
            return compiled is None or compiled.is_valid(value)
        except TooDeepError:
            return True

    @cached_property
    def _compiled(self) -> CompiledSchemas:
        # The meaning of the normal form is the same in each version, but only 3.2 has all keywords.
        source = SchemaSource(
            "3.2",
            self.direction,
            self.follow,
            refuses_hidden=not self._keeps_hidden,
            may_overlap=self._may_overlap,
        )
        return CompiledSchemas(source, ValidationNotes(), _MOST_SCHEMAS)
