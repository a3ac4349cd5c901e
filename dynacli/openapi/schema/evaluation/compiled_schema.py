"""Schemas that jsonschema-rs has compiled: the only place that says whether a value is valid, and why it is not."""

import sys
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import suppress
from functools import cached_property, partial
from typing import TYPE_CHECKING, Any
from weakref import WeakMethod, ref

from dynacli.openapi.model.patterns import (
    PatternTimeoutError,
    UnsupportedPatternError,
    engine_pattern_options,
)
from dynacli.openapi.schema.evaluation._formats import OWN_FORMATS
from dynacli.openapi.schema.evaluation._keyword_translations import ENTRY, LATER, PATTERN, UNUSABLE
from dynacli.openapi.schema.evaluation.prepared_values import (
    MAX_LEVELS,
    Window,
    copied_value,
    is_plain,
    prepared_value,
    windows_of,
)
from dynacli.openapi.schema.evaluation.schema_error import TOO_DEEP, ValidationNotes
from dynacli.openapi.schema.evaluation.translation import PlainSchema, SchemaSource, TooDeepError
from dynacli.openapi.schema.read_schema import Follow, json_type

if TYPE_CHECKING:
    from dynacli.openapi.schema.evaluation.prepared_values import Prepared
    from dynacli.openapi.schema.evaluation.schema_error import SchemaError

_MAX_SCHEMAS, _AT_ONCE = 20_000, 300
"""How many schemas are translated for one that is compiled, and so many at once, as `PlainSchema` takes them."""

_MAX_ENTRIES = 100_000
"""How often counted schemas may be entered for one value: a tree of so many nodes, or too many alternatives."""

MAX_ERRORS = 1_000
"""The largest number of errors that are listed for one value."""

_MAX_HELD = 10_000
"""The largest number of errors that are held for a value, those by the alternatives that it does not fit included."""

Later = Callable[[str], "CompiledSchema | None"]
"""Reference → its target, compiled; None if it cannot be."""


class EntryCount:
    """Counts how often counted schemas are entered; shared by the schemas that evaluate one value.

    Attributes:
        left: How often they may still be entered.
    """

    left = _MAX_ENTRIES


class CompiledSchema:
    """A schema that jsonschema-rs has compiled.

    Args:
        schema: The schema in the form of plain JSON Schema.
        written: The schema as the document has it.
        notes: Gets the reasons why something could not be evaluated.
        later: Compiles the targets of the references that `schema` leaves for later.
        entries: Shared with the schemas that are compiled later.
    """

    def __init__(
        self,
        schema: PlainSchema,
        written: Any,
        notes: ValidationNotes,
        later: Later | None = None,
        entries: EntryCount | None = None,
    ) -> None:
        self._plain, self._written, self._notes = schema, written, notes
        self._later, self._entries = later, entries or EntryCount()
        self._binary: Collection[str] = ()
        self._too_long: set[str] = set()
        self._wholes: dict[int, CompiledSchema] = {}
        self._validator = self._make(schema.root)

    def _make(self, root: Any) -> Any:
        from jsonschema_rs import Draft202012Validator, EmailOptions

        is_found = _weakly(self._is_found)
        return Draft202012Validator(
            root,
            formats=OWN_FORMATS
            | {name: partial(is_found, name.removeprefix(PATTERN)) for name in self._plain.patterns},
            pattern_options=engine_pattern_options(),
            # Their errors have no evaluation path (0.61), so only what finds none is a keyword of our own.
            keywords=_keywords(
                {
                    ENTRY: _weakly(self._enter),
                    LATER: _weakly(self._is_valid_later),
                    UNUSABLE: _weakly(self._note),
                }
            ),
            validate_formats=True,
            # RFC 5321's "Mailbox" has no name before the address; `Ann <ann@example.com>` is RFC 5322's.
            email_options=EmailOptions(allow_display_text=False),
        )

    @cached_property
    def _without_items(self) -> Any:
        return self._make(self._plain.without_items())

    def is_valid(self, value: Any) -> bool:
        """Return whether a value is valid; notes say what of it could not be evaluated.

        Raises:
            TooDeepError: The schema is too large.
        """
        if is_plain(value):
            self._binary = ()
            with suppress(UnicodeEncodeError):  # a lone surrogate
                is_valid = self._is_valid(value)
                if is_valid or not self._plain.has_hidden:
                    return is_valid
        return not self.errors(value)

    def _is_valid(self, value: Any) -> bool:
        self._entries.left = _MAX_ENTRIES
        return bool(self._validator.is_valid(value))

    def errors(self, value: Any) -> "list[SchemaError]":
        """Return the errors of a value, in the order of the document's keywords.

        Raises:
            TooDeepError: The schema is too large.
        """
        try:
            return self._errors(value, prepared_value(value, self._plain.longest))
        except UnicodeEncodeError:
            return self._errors(value, copied_value(value, self._plain.longest))

    def _errors(self, value: Any, prepared: "Prepared") -> "list[SchemaError]":
        self._too_long.clear()
        self._binary = prepared.binary
        if self._is_valid(prepared.value):
            if prepared.is_cut:
                self._notes.add_not_validated(TOO_DEEP)
            return []
        if not self._plain.is_whole:
            return self._of(self._written).errors(value)
        return self._limited(list(self._found(value, prepared)))

    def _found(self, value: Any, prepared: "Prepared") -> "Iterator[SchemaError]":
        """Yield the errors of a value that is not valid, of long lists so many that it is enough."""
        is_by_item = self._plain.is_by_item
        windows = windows_of(prepared.value) if is_by_item else iter([(prepared.value, Window())])
        count = held = 0
        for part, window in windows:
            for error in self._explained(self._validator, value, prepared._replace(value=part), window):
                yield error
                count, held = count + 1, held + sum(1 for _ in error.all_within())
            if count > MAX_ERRORS or held > _MAX_HELD:
                break
        if window.lists and self._plain.limits_lists:
            yield from self._explained(self._without_items, value, prepared, window._replace(is_whole=True))

    def _explained(
        self, validator: Any, value: Any, part: "Prepared", window: "Window"
    ) -> "list[SchemaError]":
        # Imported for those values alone that are wrong.
        from dynacli.openapi.schema.evaluation._error_builder import ErrorBuilder

        before = self._notes.count
        self._entries.left = _MAX_ENTRIES
        raw = (
            [] if window.lists and validator.is_valid(part.value) else list(validator.iter_errors(part.value))
        )
        built = ErrorBuilder(
            self._plain,
            value,
            part.names,
            window,
            self._too_long,
            lambda schema, member: self._of(schema).errors(member),
            is_noted=self._notes.count != before,
        )
        errors = built.errors(raw)
        if built.is_too_long:
            self._notes.add_not_validated("it takes too long to validate all of the value")
        if part.is_cut:
            kept = [error for error in errors if len(error.path) < MAX_LEVELS]
            if len(kept) < len(errors) or not kept:
                self._notes.add_not_validated(TOO_DEEP)
            return kept
        return errors

    def _limited(self, found: "list[SchemaError]") -> "list[SchemaError]":
        """Return the first errors of a value, and note if there are more."""
        errors: list[SchemaError] = []
        left = MAX_ERRORS
        for error in sorted(found, key=lambda error: error.order):
            size = len(error.names) or 1
            if size > left:
                kind = "array" if isinstance(error.instance, list) or error.is_of_item else "object"
                self._notes.add_not_validated(f"the rest of an {kind} that has over {MAX_ERRORS:,} errors")
                error.names = error.names[:left]
                return [*errors, error] if error.names else errors
            errors.append(error)
            left -= size
        return errors

    def _of(self, written: Any) -> "CompiledSchema":
        """Return a schema of the same document without parts left for later; it is compiled once."""
        key = id(written)  # the compiled schema holds it
        if key not in self._wholes:
            plain = self._plain.whole(written)
            self._wholes[key] = CompiledSchema(plain, written, self._notes, None, self._entries)
        return self._wholes[key]

    def _is_found(self, pattern: str, text: str) -> bool:
        if text in self._binary:
            self._notes.add_not_validated("the bytes of a file are not compared with a `pattern`")
            return True
        try:
            return self._notes.patterns.is_found(pattern, text)
        except UnsupportedPatternError as error:
            self._notes.add_not_validated(str(error))
            return True
        except PatternTimeoutError:
            self._too_long.add(pattern)
            return False

    def _enter(self, _: Any, __: Any) -> bool:
        self._entries.left -= 1
        return self._entries.left >= 0

    def _is_valid_later(self, reference: str, value: Any) -> bool:
        target = self._later(reference) if self._later is not None else None
        if target is None:
            self._notes.add_not_validated(TOO_DEEP)
            return True
        return bool(target._validator.is_valid(value))  # noqa: SLF001  - of the same class; the count of entries goes on

    def _note(self, value: tuple[str, bool, str], instance: Any) -> bool:
        text, is_fault, kind = value
        if kind and json_type(instance) not in {kind, "integer" if kind == "number" else kind}:
            return True
        (self._notes.add_failure if is_fault else self._notes.add_not_validated)(text)
        return True


class CompiledSchemas:
    """Compiles the schemas of a document, each once.

    Args:
        source: What they mean, and where their references lead.
        notes: Gets the reasons why something could not be evaluated.
        most: How many schemas are translated in all.
    """

    def __init__(self, source: SchemaSource, notes: ValidationNotes, most: int = sys.maxsize) -> None:
        self._source, self._notes, self._left = source, notes, most
        self._entries = EntryCount()
        self._known: dict[int, tuple[Any, CompiledSchema | None]] = {}

    @property
    def is_used_up(self) -> bool:
        """Whether fewer schemas may still be translated than one value may need."""
        return self._left < _MAX_SCHEMAS

    def compiled(self, schema: Any, follow: Follow | None = None) -> CompiledSchema | None:
        """Return a schema compiled; None if it cannot be.

        Args:
            schema: The schema.
            follow: Follows its references; None for those of the source.
        """
        key = id(schema)
        if key not in self._known:
            # The schema is held so that no other object can get its identity.
            self._known[key] = schema, self._compile(schema, follow or self._source.follow)
        return self._known[key][1]

    def _compile(self, schema: Any, follow: Follow) -> CompiledSchema | None:
        holder = ref(self)

        def later(reference: str) -> CompiledSchema | None:
            schemas = holder()
            try:
                return schemas.compiled(*follow(reference)) if schemas is not None else None
            except LookupError:
                return None

        source = self._source._replace(follow=follow)
        try:
            plain = PlainSchema(schema, source, min(_MAX_SCHEMAS, self._left), _AT_ONCE)
        except (TooDeepError, RecursionError):
            return None
        self._left -= plain.size
        return CompiledSchema(plain, schema, self._notes, later, self._entries)


def _weakly(method: Callable[..., bool]) -> Callable[..., bool]:
    """Return a function that calls a method and does not keep its object alive.

    The garbage collector does not look into the validators of jsonschema-rs (0.61): a schema whose own validator held
    it would never be freed.
    """
    weak = WeakMethod(method)

    def call(*values: Any) -> bool:
        held = weak()
        return held is None or held(*values)

    return call


class _Keyword:
    """A keyword of our own, with the value that it has in a schema."""

    def __init__(self, check: Callable[[Any, Any], bool], value: Any) -> None:
        self._check, self._value = check, value

    def validate(self, instance: Any) -> None:
        """Raise ValueError if a value is invalid."""
        if not self._check(self._value, instance):
            raise ValueError


def _keywords(checks: Mapping[str, Callable[[Any, Any], bool]]) -> dict[str, Any]:
    """Return what makes keywords, as jsonschema-rs takes them.

    Its types ask for classes, but anything that can be called will do, and a class for each schema would be garbage
    that only the collector finds.
    https://github.com/Stranger6667/jsonschema/blob/master/crates/jsonschema-py/README.md

    Args:
        checks: Keyword → (value of the keyword, value that is evaluated) → whether it is valid.
    """

    def keyword(_: Any, value: Any, path: list[str | int]) -> _Keyword:
        return _Keyword(checks[str(path[-1])], value)

    return dict.fromkeys(checks, keyword)
