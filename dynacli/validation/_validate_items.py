"""Validates a sequence: each item as it arrives, and all items as an array, if possible without storing them."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, NamedTuple

from dynacli.openapi.references import REFERENCE
from dynacli.openapi.schema.evaluation.compiled_schema import ValidationNotes
from dynacli.openapi.schema.evaluation.schema_error import SchemaError
from dynacli.validation.read_body import NotValidatedError, UnreadableError, ValidatedValue
from dynacli.validation.streamed_body import KEPT, MAX_FINDINGS, BrokenOffError, Item

_MAX_WRONG_BYTES = 8 * 1024 * 1024  # an error keeps its value in memory
_MAX_NOTED_ITEMS = 20
_MAX_UNREADABLE = 10
_MAX_UNLISTED = 10_000  # validating a wrong item takes a hundred times as long as a right one
_FIRST_ITEMS = 5
# Keywords of an array that need only one item at a time, or the number of items.
_WITHOUT_ALL_ITEMS = frozenset({"type", "items", "minItems", "maxItems", "nullable"})
_ANNOTATIONS = frozenset(
    {"$comment", "title", "description", "example", "examples", "default", "deprecated", "externalDocs"}
    | {"readOnly", "writeOnly", "xml"}
)


class PlacedSchema(NamedTuple):
    """A schema and its location in the document.

    Args:
        steps: The steps from the Media Type Object to the schema.
        schema: The unresolved schema.
        target: The target of its `$ref`; the schema itself if it has none.
        errors: Returns the errors of a value.
    """

    steps: tuple[str, ...]
    schema: Any
    target: Any
    errors: Callable[[Any], list[Any]]


def is_any_text(schema: Any) -> bool:
    """Return whether every text is valid by a schema."""
    if not isinstance(schema, Mapping) or schema.get("format", "binary") != "binary":
        return False
    return _keywords(schema) <= {"type", "format", "nullable"}


def sequence_errors(
    items: Iterable[Item],
    of_items: list[PlacedSchema],
    of_all: PlacedSchema | None,
    notes: ValidationNotes,
    body_values: list[ValidatedValue],
    *,
    is_stream: bool = False,
    is_either: bool = False,
) -> list[Any]:
    """Return the errors of a sequence, at most `MAX_FINDINGS` of its items.

    Args:
        items: The items, which may be read one at a time.
        of_items: The schemas for each item.
        of_all: The schema for the array of all items; None if there is none.
        notes: Collects the reasons for parts that were not validated.
        body_values: A list to which the validated values are added.
        is_stream: Whether to store at most `KEPT` bytes for keywords that need all items at once.
        is_either: Whether the sequence is valid if either the items or the array have no errors.
    """
    keep = KEPT if is_stream else None
    sequence = _Sequence(of_items, of_all, notes, body_values, keep, is_either=is_either)
    try:
        for item in items:
            sequence.add(item)
    except BrokenOffError:
        notes.add_not_validated(f"the response broke off after its first {sequence.count} items")
        sequence.end(is_whole=False)
    else:
        sequence.end(is_whole=True)
    return sequence.errors


class _Sequence:
    """The state of validating a sequence: the errors so far, and the items that are stored for the whole array."""

    def __init__(
        self,
        of_items: list[PlacedSchema],
        of_all: PlacedSchema | None,
        notes: ValidationNotes,
        body_values: list[ValidatedValue],
        keep: int | None,
        *,
        is_either: bool,
    ) -> None:
        self.errors: list[Any] = []
        self.count = 0
        self._of_items, self._of_all = of_items, of_all
        self._notes, self._body_values = notes, body_values
        self._keep = keep
        self._is_either = is_either
        self._needing_all = _needing_all(of_all, of_items)
        self._kept: list[Any] | None = [] if self._needing_all else None
        self._first: list[Any] = []
        self._kept_bytes = self._wrong_bytes = 0
        self._is_readable = True
        self._unlisted = self._noted_items = self._unreadable_items = 0
        self._is_over = False

    def add(self, item: Item) -> None:
        """Validate the next item."""
        index, self.count = self.count, self.count + 1
        if item.error is not None:
            self._note_unreadable(index, item.error)
            return
        value = item.value
        if isinstance(value, bytes):
            self._is_readable = False
            self._notes.add_not_validated("parts that are neither JSON nor text cannot be validated")
            return
        if self._of_all is not None:
            self._hold(value, item.size)
        if self._of_items and not self._is_over:
            self._validate(index, value, item.size)

    def _validate(self, index: int, value: Any, size: int) -> None:
        notes = self._notes
        # Patterns have a time limit for each message, and each item counts as a message.
        notes.patterns.renew()
        try:
            if self._is_full():
                self._unlisted += any(schema.errors(value) for schema in self._of_items)
                self._is_over = self._unlisted >= _MAX_UNLISTED
            else:
                self._body_values.append(ValidatedValue(self._of_items[0].schema, value, f"/{index}"))
                self._take(self._errors(index, value), size)
        except RecursionError:
            self._note_item(f"item {index} or its schema is nested too deeply")
        if notes.patterns.is_used_up or notes.is_out_of_time:
            # The other items might take as long, and there may be many.
            task = "match the patterns" if notes.patterns.is_used_up else "validate them"
            notes.add_not_validated(f"item {index + 1} and those after it: it takes too long to {task}")
            self._is_over = True

    def _errors(self, index: int, value: Any) -> list[Any]:
        found = []
        for schema in self._of_items:
            for error in schema.errors(value):
                error.path.insert(0, index)
                error.schema_path[:0] = schema.steps
                found.append(error)
        return found

    def _is_full(self) -> bool:
        return len(self.errors) >= MAX_FINDINGS or self._wrong_bytes > _MAX_WRONG_BYTES

    def _take(self, found: list[Any], size: int) -> None:
        if not found:
            return
        self._wrong_bytes += size
        left = MAX_FINDINGS - len(self.errors)
        self.errors.extend(found[:left])
        self._unlisted += len(found) > left

    def _note_unreadable(self, index: int, error: UnreadableError | NotValidatedError) -> None:
        self._is_readable = False
        if isinstance(error, NotValidatedError):
            self._note_item(str(error))
            return
        if self._is_full():
            self._unlisted += 1
            return
        if self._is_over:
            return
        if index == self._unreadable_items == _MAX_UNREADABLE:
            # The body is probably something else, such as an HTML page with many lines.
            self._notes.add_not_validated(
                f"item {index} and those after it: none of the items before can be read"
            )
            self._is_over = True
            return
        self._unreadable_items += 1
        self.errors.append(SchemaError("unreadable-body", path=(index,), message=str(error)))

    def _note_item(self, reason: str) -> None:
        self._noted_items += 1
        if self._noted_items <= _MAX_NOTED_ITEMS:
            self._notes.add_not_validated(reason)

    def _hold(self, value: Any, size: int) -> None:
        if len(self._first) < _FIRST_ITEMS:
            self._first.append(value)
        if self._kept is None:
            return
        self._kept_bytes += size
        if self._keep is not None and self._kept_bytes > self._keep:
            self._kept = None
            return
        self._kept.append(value)

    def end(self, *, is_whole: bool) -> None:
        """Validate the array of all items, after the last one.

        Args:
            is_whole: Whether the sequence is complete.
        """
        if self._is_either and is_whole and self._fits_as_a_whole():
            self.errors.clear()
            return
        if self._noted_items > _MAX_NOTED_ITEMS:
            more = self._noted_items - _MAX_NOTED_ITEMS
            self._notes.add_not_validated(f"{more:,} more items cannot be validated, either")
        if self._unlisted:
            self._notes.add_not_validated(
                f"only the first {len(self.errors):,} findings of the items are listed: "
                f"{'at least ' if self._is_over else ''}{self._unlisted:,} more items do not match the document"
            )
        if self._of_all is None or not is_whole or self._is_either:
            return
        if not self._needing_all:
            self.errors.extend(_count_errors(self._of_all, self.count, self._first))
        elif not self._is_readable:
            return
        elif self._kept is not None:
            self._validate_all(self._of_all, self._kept)
        else:
            self.errors.extend(_count_errors(self._of_all, self.count, self._first))
            named = ", ".join(f"`{name}`" for name in sorted(self._needing_all))
            size = f"{KEPT // 1024 // 1024} MiB"
            self._notes.add_not_validated(
                f"{named} needs all items at once, and the stream is larger than {size}"
            )

    def _fits_as_a_whole(self) -> bool:
        self._notes.patterns.renew()
        if self._of_all is None or self._kept is None or not self._is_readable:
            return False
        return not self._of_all.errors(self._kept)

    def _validate_all(self, schema: PlacedSchema, values: list[Any]) -> None:
        self._notes.patterns.renew()
        if not self._of_items:
            self._body_values.append(ValidatedValue(schema.schema, values, ""))
        has_item_errors = any(placed.steps == (*schema.steps, "items") for placed in self._of_items)
        for error in schema.errors(values):
            path = [step for step in error.schema_path if step != REFERENCE]
            if has_item_errors and path[:1] == ["items"]:
                continue  # this schema has already validated the item
            error.schema_path[:0] = schema.steps
            self.errors.append(error)


def _keywords(schema: Mapping[str, Any]) -> set[str]:
    return {key for key in map(str, schema) if key not in _ANNOTATIONS and not key.startswith("x-")}


def _needing_all(of_all: PlacedSchema | None, of_items: list[PlacedSchema]) -> set[str]:
    """Return the keywords in the schema of the array that need all items at once."""
    if of_all is None:
        return set()
    keywords: set[str] = set()
    for schema in (of_all.schema, of_all.target):
        if not isinstance(schema, Mapping):
            if schema is not True:
                return {"schema"}
            continue
        keywords |= _keywords(schema)
    target = of_all.target if isinstance(of_all.target, Mapping) else {}
    if of_all.target is not of_all.schema:
        keywords.discard(REFERENCE)
    without_all = set(_WITHOUT_ALL_ITEMS)
    if not any(placed.steps == (*of_all.steps, "items") for placed in of_items):
        without_all.discard("items")
    kind = target.get("type", "array")
    if "array" not in (kind if isinstance(kind, list) else [kind]):
        without_all.discard("type")
    return keywords - without_all


def _count_errors(of_all: PlacedSchema, count: int, first: list[Any]) -> Iterator[SchemaError]:
    """Yield the errors in the number of items."""
    schema = of_all.target if isinstance(of_all.target, Mapping) else {}
    for keyword, is_wrong in (("minItems", int.__lt__), ("maxItems", int.__gt__)):
        limit = schema.get(keyword)
        if isinstance(limit, int) and not isinstance(limit, bool) and is_wrong(count, limit):
            path = (*of_all.steps, keyword)
            yield SchemaError(keyword, limit, _CutArray(first, count), schema=schema, schema_path=path)


class _CutArray(list[Any]):
    """The first items of an array, with the length of the whole."""

    def __init__(self, first: list[Any], count: int) -> None:
        super().__init__(first)
        self._count = count

    def __len__(self) -> int:
        return self._count
