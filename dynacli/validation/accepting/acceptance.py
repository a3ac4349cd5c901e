"""Accepting large values while openapi-core judges; values that are not accepted are judged by its keywords.

jsonschema-rs judges a hundred times as fast as the keywords, but says less about errors.
So jsonschema-rs only decides whether a value is certainly valid: the keywords would find no error in such a value,
and take no note, except about branches that the value does not fit.
"""

from typing import TYPE_CHECKING, Any

from dynacli.catalog.store.catalog_file import DamagedCatalogError
from dynacli.model.patterns import Patterns

if TYPE_CHECKING:
    from dynacli.validation.accepting.compiled_schema import CompiledSchema
    from dynacli.validation.accepting.plain_schema import SchemaSource

__all__ = ["Acceptance", "source_of"]

_MIN_VALUES = 2_000
_MAX_SCHEMAS = 20_000
_MAX_COUNTED = 100_000


class Acceptance:
    """Accepts values that are certainly valid, by the schemas of one message.

    Args:
        patterns: Decides regular expressions within the time of the message.

    Attributes:
        is_cut: Whether the keyword `items` stopped within an array that had too many errors.
    """

    def __init__(self, patterns: Patterns) -> None:
        self._patterns = patterns
        self.is_cut = False
        self._states: dict[int, _SchemaState] = {}

    def accepts(self, validator: Any, value: Any) -> bool:
        """Return whether a value is certainly valid; False where the schema is not, or cannot be, compiled.

        Args:
            validator: The validator of the schema, by which values are judged that are not accepted.
            value: The JSON value.
        """
        schema = validator.schema
        if not isinstance(schema, dict) or not validator.version:
            return False
        state = self._states.get(id(schema))
        if state is None:
            state = self._states[id(schema)] = _SchemaState(schema)
        if state.compiled is None and not self._compile_if_worth_it(state, validator, value):
            return False
        return state.compiled is not None and state.compiled.accepts(value)

    def _compile_if_worth_it(self, state: "_SchemaState", validator: Any, value: Any) -> bool:
        """Compile a schema once its values were larger than the schema, and return whether it was compiled.

        In a densely connected document a schema reaches most other schemas, and compiling them takes longer
        than judging a small value.
        """
        if state.needed == float("inf"):
            return False
        state.seen += _counted(value)
        if state.seen < state.needed:
            return False
        max_schemas = min(state.seen // 2, _MAX_SCHEMAS)
        state.needed = state.seen * 4
        # Imported only by calls with large answers.
        from dynacli.validation.accepting.compiled_schema import CompiledSchema
        from dynacli.validation.accepting.plain_schema import PlainSchema, UntranslatableError

        try:
            plain = PlainSchema(validator.schema, source_of(validator), max_schemas)
            state.compiled = CompiledSchema(plain, self._patterns)
        except (UntranslatableError, RecursionError, ValueError):  # jsonschema-rs raises `ValueError`
            if max_schemas == _MAX_SCHEMAS:
                state.needed = float("inf")
            return False
        return True


def source_of(validator: Any) -> "SchemaSource":
    """Return what the schema of a validator means beside its own text."""
    from dynacli.validation.accepting.plain_schema import SchemaSource

    resolver = validator._resolver  # noqa: SLF001  - jsonschema's own keywords use it, too

    def follow(reference: str) -> tuple[Any, Any]:
        try:
            found = resolver.lookup(reference)
        except (RecursionError, DamagedCatalogError):
            raise
        except Exception as error:
            raise LookupError(reference) from error
        if found.resolver._base_uri != resolver._base_uri:  # noqa: SLF001  - there is no public way
            raise LookupError(reference)
        return found.contents, follow

    kind = type(validator)
    return SchemaSource(kind.version, kind.direction, follow, is_normal=False)


class _SchemaState:
    """The state of a schema, which is compiled when that is worth it.

    Attributes:
        schema: The schema, held so that no other object can get its identity.
        seen: The number of values that were judged by it, nested ones included.
        needed: The number of values that make compiling worth it.
        compiled: The compiled schema; None where it is not compiled.
    """

    def __init__(self, schema: Any) -> None:
        self.schema = schema
        self.seen = 0
        self.needed: float = _MIN_VALUES
        self.compiled: CompiledSchema | None = None


def _counted(value: Any) -> int:
    """Return the number of values in a value, itself included, up to `_MAX_COUNTED`."""
    count = 0
    waiting = [value]
    while waiting and count < _MAX_COUNTED:
        nested = waiting.pop()
        count += 1
        if isinstance(nested, dict):
            waiting.extend(nested.values())
        elif isinstance(nested, list):
            waiting.extend(nested)
    return count
