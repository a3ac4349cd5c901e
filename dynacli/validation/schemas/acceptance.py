"""Accepting large values by a compiled schema; what it does not accept is left to the keywords.

jsonschema-rs judges a hundred times as fast as the keywords of this room, and says less of what is wrong.
So it only says of what nothing is wrong: a value that it takes breaks no rule, and leaves nothing to note
but what a branch could not be asked that the value does not fit anyway.
"""

from typing import TYPE_CHECKING, Any

from dynacli.validation.schemas.formats import Formats

if TYPE_CHECKING:
    from dynacli.validation.schemas.compiled_schema import CompiledSchema

__all__ = ["Acceptance"]

_LEAST = 2_000
_MOST = 20_000
_MAX_COUNTED = 100_000


class Acceptance:
    """Accepts values of the schemas of one message.

    Args:
        formats: The message's.

    Attributes:
        is_cut: Whether the keywords stopped within an array, because so much was wrong in it.
    """

    def __init__(self, formats: Formats) -> None:
        self._formats = formats
        self.is_cut = False
        self._known: dict[int, _Known] = {}

    def accepts(self, validator: Any, value: Any) -> bool:
        """Return whether a value is valid for certain.

        Where a schema is not worth it, or cannot be compiled, no value is.

        Args:
            validator: Of the schema; it would judge the value otherwise.
        """
        schema = validator.schema
        if not isinstance(schema, dict) or not validator.is_of_openapi:
            return False
        known = self._known.get(id(schema))
        if known is None:
            known = self._known[id(schema)] = _Known(schema)
        if known.compiled is None and not self._is_worth(known, validator, value):
            return False
        return known.compiled is not None and known.compiled.accepts(value)

    def _is_worth(self, known: "_Known", validator: Any, value: Any) -> bool:
        """Compile a schema as soon as its values were as large as what is compiled then.

        In a densely connected document a schema leads to nearly all of it, which takes longer than
        many a value.
        """
        if known.needed == float("inf"):
            return False
        known.seen += _counted(value)
        if known.seen < known.needed:
            return False
        most = min(known.seen // 2, _MOST)
        known.needed = known.seen * 4
        # Loaded by calls with large answers alone.
        from dynacli.validation.schemas.compiled_schema import CompiledSchema
        from dynacli.validation.schemas.plain_schema import PlainSchema, UntranslatableError

        try:
            known.compiled = CompiledSchema(PlainSchema(validator, most), self._formats)
        except (UntranslatableError, RecursionError, ValueError):  # the last one is jsonschema-rs's
            if most == _MOST:
                known.needed = float("inf")
            return False
        return True


class _Known:
    """What is known of a schema.

    Attributes:
        schema: The schema, held so that its identity stays its own.
        seen: How many values were seen for it, with those inside of them.
        needed: How many make it worth compiling.
    """

    def __init__(self, schema: Any) -> None:
        self.schema = schema
        self.seen = 0
        self.needed: float = _LEAST
        self.compiled: CompiledSchema | None = None


def _counted(value: Any) -> int:
    """Return how many values there are in a value, or `_MAX_COUNTED` where there are more."""
    count = 0
    waiting = [value]
    while waiting and count < _MAX_COUNTED:
        one = waiting.pop()
        count += 1
        if isinstance(one, dict):
            waiting.extend(one.values())
        elif isinstance(one, list):
            waiting.extend(one)
    return count
