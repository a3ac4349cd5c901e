"""Judging what comes item by item: each item as it passes, the whole by what can be said without keeping it."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, NamedTuple

from dynacli.validation.bodies.read_body import UncheckedError, UnreadableError
from dynacli.validation.bodies.sequences import Item
from dynacli.validation.judging_session import Session
from dynacli.validation.schemas.keywords import SchemaError
from dynacli.validation.streamed_body import KEPT, MAX_FINDINGS, BrokenOffError

__all__ = ["Place", "is_any_text", "sequence_errors"]

_MAX_WRONG = 8 * 1024 * 1024  # an error holds the value that it is about
_MAX_NOTES = 20
_MAX_UNREADABLE = 10
_MAX_COUNTED = 10_000  # what is wrong takes a hundred times as long as what is right
_SHOWN = 5
# What is judged item by item, by their number, or not at all.
_COUNTED = frozenset({"type", "items", "minItems", "maxItems", "nullable"})
_SAYS_NOTHING = frozenset(
    {"$comment", "title", "description", "example", "examples", "default", "deprecated", "externalDocs"}
    | {"readOnly", "writeOnly", "xml"}
)


class Place(NamedTuple):
    """A schema in the document.

    Args:
        steps: They lead to it from the Media Type Object.
        schema: As it is written.
        target: What its `$ref` leads to; the same where it has none.
        errors: Returns how a value breaks it.
    """

    steps: tuple[str, ...]
    schema: Any
    target: Any
    errors: Callable[[Any], list[Any]]


def is_any_text(schema: Any) -> bool:
    """Return whether a schema is met by each text."""
    if not isinstance(schema, Mapping) or schema.get("format", "binary") != "binary":
        return False
    return _keywords(schema) <= {"type", "format", "nullable"}


def sequence_errors(
    items: Iterable[Item],
    of_items: list[Place],
    of_all: Place | None,
    session: Session,
    body_schemas: list[tuple[Any, Any, str]],
    *,
    is_stream: bool = False,
) -> list[Any]:
    """Return what breaks the schemas of a sequence, at most `MAX_FINDINGS` of the items.

    Args:
        of_items: The schemas that each item is judged by.
        of_all: The schema that all of them are judged by, as if they were an array.
        session: Takes the notes.
        body_schemas: Gets (schema, value, where the value stands) of what was judged.
        is_stream: Whether no more than `KEPT` bytes of them are kept, for keywords that need all of them.
    """
    sequence = _Sequence(of_items, of_all, session, body_schemas, KEPT if is_stream else None)
    try:
        for item in items:
            sequence.add(item)
    except BrokenOffError:
        session.note(f"the answer broke off: what stands behind its first {sequence.count} items")
        sequence.end(is_whole=False)
    else:
        sequence.end(is_whole=True)
    return sequence.errors


class _Sequence:
    """What is known of the items so far."""

    def __init__(
        self,
        of_items: list[Place],
        of_all: Place | None,
        session: Session,
        body_schemas: list[tuple[Any, Any, str]],
        keep: int | None,
    ) -> None:
        self.errors: list[Any] = []
        self.count = 0
        self._of_items, self._of_all = of_items, of_all
        self._session, self._body_schemas = session, body_schemas
        self._keep = keep
        self._needing_all = _needing_all(of_all, of_items)
        self._kept: list[Any] | None = [] if self._needing_all else None
        self._first: list[Any] = []
        self._size = self._wrong_size = 0
        self._is_readable = True
        self._more_wrong = self._notes = self._unreadable_items = 0
        self._is_over = False

    def add(self, item: Item) -> None:
        """Judge one more."""
        index, self.count = self.count, self.count + 1
        if item.error is not None:
            self._note_unreadable(index, item.error)
            return
        value = item.value
        if isinstance(value, bytes):
            self._is_readable = False
            self._session.note("parts that are neither JSON nor text cannot be judged")
            return
        if self._of_all is not None:
            self._hold(value, item.size)
        if self._of_items and not self._is_over:
            self._judge(index, value, item.size)

    def _judge(self, index: int, value: Any, size: int) -> None:
        session = self._session
        # They share a time per message, and each item is one.
        session.patterns.renew()
        try:
            if self._is_full():
                self._more_wrong += any(one.errors(value) for one in self._of_items)
                self._is_over = self._more_wrong >= _MAX_COUNTED
            else:
                self._body_schemas.append((self._of_items[0].schema, value, f"/{index}"))
                self._take(self._errors(index, value), size)
        except RecursionError:
            self._note(f"item {index} or its schema is nested too deeply")
        if session.patterns.is_used_up:
            # Each item may take its time, and there may be many of them.
            session.note(f"item {index + 1} and those behind it: it takes too long to match the patterns")
            self._is_over = True

    def _errors(self, index: int, value: Any) -> list[Any]:
        found = []
        for place in self._of_items:
            for error in place.errors(value):
                error.path.appendleft(index)
                error.schema_path.extendleft(reversed(place.steps))
                found.append(error)
        return found

    def _is_full(self) -> bool:
        return len(self.errors) >= MAX_FINDINGS or self._wrong_size > _MAX_WRONG

    def _take(self, found: list[Any], size: int) -> None:
        if not found:
            return
        self._wrong_size += size
        left = MAX_FINDINGS - len(self.errors)
        self.errors.extend(found[:left])
        self._more_wrong += len(found) > left

    def _note_unreadable(self, index: int, error: UnreadableError | UncheckedError) -> None:
        self._is_readable = False
        if isinstance(error, UncheckedError):
            self._note(str(error))
            return
        if self._is_full():
            self._more_wrong += 1
            return
        if self._is_over:
            return
        if index == self._unreadable_items == _MAX_UNREADABLE:
            # A page of HTML, for one, has many lines.
            self._session.note(f"item {index} and those behind it: none of those before them can be read")
            self._is_over = True
            return
        self._unreadable_items += 1
        details = {"validator": "unreadable-body", "validator_value": None, "instance": None}
        self.errors.append(SchemaError(str(error), path=(index,), **details))

    def _note(self, reason: str) -> None:
        self._notes += 1
        if self._notes <= _MAX_NOTES:
            self._session.note(reason)

    def _hold(self, value: Any, size: int) -> None:
        if len(self._first) < _SHOWN:
            self._first.append(value)
        if self._kept is None:
            return
        self._size += size
        if self._keep is not None and self._size > self._keep:
            self._kept = None
            return
        self._kept.append(value)

    def end(self, *, is_whole: bool) -> None:
        """Judge what is about all of them.

        Args:
            is_whole: Whether the last item came.
        """
        if self._notes > _MAX_NOTES:
            self._session.note(f"{self._notes - _MAX_NOTES:,} more items cannot be judged, either")
        if self._more_wrong:
            self._session.note(
                f"only the first {len(self.errors):,} findings of the items are listed: "
                f"{'at least ' if self._is_over else ''}{self._more_wrong:,} more items break the document"
            )
        if self._of_all is None or not is_whole:
            return
        if not self._needing_all:
            self.errors.extend(_of_number(self._of_all, self.count, self._first))
        elif not self._is_readable:
            return
        elif self._kept is not None:
            self._judge_all(self._of_all, self._kept)
        else:
            self.errors.extend(_of_number(self._of_all, self.count, self._first))
            named = ", ".join(f"`{name}`" for name in sorted(self._needing_all))
            size = f"{KEPT // 1024 // 1024} MiB"
            self._session.note(f"{named} needs all items at once, and the stream is larger than {size}")

    def _judge_all(self, place: Place, values: list[Any]) -> None:
        self._session.patterns.renew()
        if not self._of_items:
            self._body_schemas.append((place.schema, values, ""))
        is_told = any(one.steps == (*place.steps, "items") for one in self._of_items)
        for error in place.errors(values):
            path = [step for step in error.schema_path if step != "$ref"]
            if is_told and path[:1] == ["items"]:
                continue
            error.schema_path.extendleft(reversed(place.steps))
            self.errors.append(error)


def _keywords(schema: Mapping[str, Any]) -> set[str]:
    return {key for key in map(str, schema) if key not in _SAYS_NOTHING and not key.startswith("x-")}


def _needing_all(place: Place | None, of_items: list[Place]) -> set[str]:
    """Return the keywords of a schema that are judged by all items at once."""
    if place is None:
        return set()
    keywords: set[str] = set()
    for one in (place.schema, place.target):
        if not isinstance(one, Mapping):
            if one is not True:
                return {"schema"}
            continue
        keywords |= _keywords(one)
    target = place.target if isinstance(place.target, Mapping) else {}
    if place.target is not place.schema:
        keywords.discard("$ref")
    counted = set(_COUNTED)
    if not any(one.steps == (*place.steps, "items") for one in of_items):
        counted.discard("items")
    kind = target.get("type", "array")
    if "array" not in (kind if isinstance(kind, list) else [kind]):
        counted.discard("type")
    return keywords - counted


def _of_number(place: Place, count: int, first: list[Any]) -> Iterator[SchemaError]:
    """Yield what is wrong with the number of items."""
    schema = place.target if isinstance(place.target, Mapping) else {}
    for keyword, is_wrong in (("minItems", int.__lt__), ("maxItems", int.__gt__)):
        limit = schema.get(keyword)
        if isinstance(limit, int) and not isinstance(limit, bool) and is_wrong(count, limit):
            details: dict[str, Any] = {"validator": keyword, "validator_value": limit, "schema": schema}
            path = (*place.steps, keyword)
            yield SchemaError("another number", instance=_Counted(first, count), schema_path=path, **details)


class _Counted(list[Any]):
    """The beginning of an array that is longer."""

    def __init__(self, first: list[Any], count: int) -> None:
        super().__init__(first)
        self._count = count

    def __len__(self) -> int:
        return self._count
