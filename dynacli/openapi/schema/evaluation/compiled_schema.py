"""Schemas compiled by jsonschema-rs. Only this module decides whether a value is valid, and collects its errors.

jsonschema-rs evaluates plain values directly: values that are not too deep and have no number beyond 64 bits, so that
all JSON libraries read and compare them alike. Other values are copied first.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import suppress
from decimal import Decimal
from functools import cached_property, lru_cache, partial
from math import inf, isinf
from typing import TYPE_CHECKING, Any, NamedTuple
from weakref import WeakMethod, ref

from dynacli.openapi.model.patterns import (
    Patterns,
    PatternTimeoutError,
    UnsupportedPatternError,
    engine_pattern_options,
)
from dynacli.openapi.schema.evaluation._formats import OWN_FORMATS
from dynacli.openapi.schema.evaluation._keyword_translations import ENTRY, LATER, NAMELESS, PATTERN, UNUSABLE
from dynacli.openapi.schema.evaluation.schema_error import BinaryText
from dynacli.openapi.schema.evaluation.translation import PlainSchema, SchemaSource, TooDeepError
from dynacli.openapi.schema.read_schema import Follow, json_type

if TYPE_CHECKING:
    from dynacli.openapi.schema.evaluation._error_builder import Window
    from dynacli.openapi.schema.evaluation.schema_error import SchemaError

_MAX_SCHEMAS, _AT_ONCE = 20_000, 300
"""Maximum number of schemas to translate for one compiled schema, and the number to translate at once."""

_MAX_ENTRIES = 100_000
"""Maximum number of entries into counted schemas for one value, to limit large trees and many alternatives."""

MAX_ERRORS = 1_000
"""Maximum number of listed errors for one value."""

_MAX_HELD = 10_000
"""Maximum number of errors in memory for one value, including errors of alternatives."""

_MAX_COPIED = 1 << 20
"""Maximum number of characters that errors on each level of a value may copy; beyond it, only one error is listed."""

_MAX_MEMBERS = 10_000
"""Maximum number of members of an object, as each may have errors; for larger objects, only one error is listed."""

_LONG_NAME = 100
"""Length from which a name counts, because the path of each error below the name repeats it."""

_MAX_SECONDS = 2.0
"""Maximum time for one value to enter counted schemas, and schemas that are compiled late."""

_MAX_STEPS, _STEPS_SECONDS = 1_000_000_000, 5.0
"""Maximum number of steps for one value, estimated from its size and the schema, and the approximate time for them.

jsonschema-rs cannot be interrupted. If less time is left for a message, the limits of steps and of bytes for errors
shrink in proportion. dynacli evaluates no value after the end of this time. An evaluation that started earlier ends in
time by this estimate, but a slow machine may exceed it. Reading a body and compiling its schemas have separate limits.
"""

_FEW_STEPS = 1_000
"""Number of steps for each part of a value up to which the parts are not counted."""

TOO_DEEP = "the value or its schema is nested too deeply"
TOO_LONG = "it takes too long to validate all of the value"

_MAX_REASONS = 100
LIMIT = 9_000_000_000_000_000_000
"""Maximum absolute value of a plain number, because orjson reads integers of more than 64 bits as floats."""
MAX_LEVELS = 100
"""Maximum depth of a value, because compiled code walks through values on a stack without a limit."""
_USUAL_LEVELS = 16
"""The depth of most values; a check of so few levels compiles in a fifth of the time and memory."""
_MAX_LENGTH = 1 << 24
"""Maximum length of a text that replaces bytes."""


Later = Callable[[str], "CompiledSchema | None"]
"""Reference → its compiled target; None if it cannot be compiled."""


class ValidationNotes:
    """Notes about the parts of one message that were not validated, which keywords record during an evaluation.

    Attributes:
        not_validated: The reasons why parts were not validated, each once.
        failures: The same reasons, if the document's own schema has an error.
        count: The number of recorded notes. It shows whether a whole value was validated.
        is_out_of_time: Whether a value of the message took too long, so that the rest gets no more time.
        end: The time by `time.perf_counter` after which no part of the message is validated.
        undefined_formats: The formats that the document's version does not define, so that they restrict nothing.

    Args:
        is_swagger: Whether the document is written in Swagger 2.0.
    """

    def __init__(self, *, is_swagger: bool = False) -> None:
        # JSON Schema defined these formats after Swagger 2.0, whose documents may use the names for any format.
        self.undefined_formats = frozenset({"duration", "time"} if is_swagger else ())
        self.not_validated: dict[str, None] = {}
        self.failures: dict[str, None] = {}
        self.count = 0
        self.is_out_of_time = False
        self.end = inf

    @cached_property
    def patterns(self) -> Patterns:
        """The matcher of regular expressions, within the time of the message."""
        patterns = Patterns()
        patterns.end = self.end
        return patterns

    def begin(self, end: float = inf) -> None:
        """Clear the notes for another message, with a full budget for its regular expressions.

        Args:
            end: The time by `time.perf_counter` after which no part of it is validated.
        """
        self.not_validated.clear()
        self.failures.clear()
        self.is_out_of_time = False
        self.end = end
        if "patterns" in vars(self):  # few documents have any
            self.patterns.end = end
            self.patterns.renew()

    def add_not_validated(self, reason: str) -> None:
        """Record the reason why a part was not validated."""
        if len(self.not_validated) < _MAX_REASONS:
            self.not_validated.setdefault(reason)
        self.count += 1

    def add_failure(self, reason: str) -> None:
        """Record that a part was not validated because of an error in the document."""
        if len(self.failures) < _MAX_REASONS:
            self.failures.setdefault(reason)
        self.count += 1


def is_plain(value: Any) -> bool:
    """Return whether a value is not too deep and has no huge number, so that all JSON libraries read it alike."""
    try:
        return bool(_plain_values(_USUAL_LEVELS).is_valid(value) or _plain_values(MAX_LEVELS).is_valid(value))
    except ValueError:
        return False  # the value contains a `BinaryText`


@lru_cache
def _plain_values(depth: int) -> Any:
    """Return a validator that accepts plain values up to a depth."""
    from jsonschema_rs import Draft202012Validator

    # For jsonschema-rs, an infinite number (`1e400`) has no type.
    limits = {"minimum": -LIMIT, "maximum": LIMIT}
    kinds = ["null", "boolean", "number", "string"]
    levels: dict[str, Any] = {
        str(level): {
            **limits,
            "type": [*kinds, "array", "object"],
            "propertyNames": {"minLength": 1},
            "items": {"$ref": f"#/$defs/{level + 1}"},
            "additionalProperties": {"$ref": f"#/$defs/{level + 1}"},
        }
        for level in range(depth)
    }
    levels[str(depth)] = {**limits, "type": kinds}
    return Draft202012Validator({"$ref": "#/$defs/0", "$defs": levels})


class Prepared(NamedTuple):
    """A JSON value that jsonschema-rs can evaluate.

    Args:
        value: The value.
        binary: The texts in it that replace bytes.
        names: Changed name of a property → the original name.
        is_cut: Whether parts deeper than `MAX_LEVELS` are missing.
    """

    value: Any
    binary: frozenset[str] = frozenset()
    names: Mapping[str, str] = {NAMELESS: ""}
    is_cut: bool = False


def _prepared_value(value: Any, longest: int) -> Prepared:
    """Return a JSON value that jsonschema-rs can evaluate, except for texts with a lone surrogate.

    Args:
        value: The value.
        longest: A length of texts that is greater than all limits.
    """
    return Prepared(value) if is_plain(value) else _copied_value(value, longest)


def _copied_value(value: Any, longest: int) -> Prepared:
    """Return a copy of a JSON value that jsonschema-rs can evaluate; see `_prepared_value` for the arguments."""
    copy = _Copy(longest)
    return Prepared(copy.of(value, 0), frozenset(copy.binary), copy.names, copy.is_cut)


def _is_costly(value: Any) -> bool:
    """Return whether listing all errors of a value could take too much time or memory."""
    left, pending = _MAX_COPIED, [(value, 1, 0)]
    while pending and left >= 0:
        part, level, names = pending.pop()
        left -= names
        if isinstance(part, str):
            left -= len(part) * level
        elif isinstance(part, dict):
            if len(part) > _MAX_MEMBERS:
                return True
            for name, below in part.items():
                longer = names + (len(name) if len(name) > _LONG_NAME else 0)
                pending.append((below, level + 1, longer))
        elif isinstance(part, list):
            pending += [(item, level + 1, names) for item in part]
    return left < 0


def _raw_errors(validator: Any, value: Any, is_costly: bool) -> list[Any]:
    """Return the errors of jsonschema-rs, which collects all at once; for a costly value only the first error."""
    from jsonschema_rs import ValidationError

    if not is_costly:
        return list(validator.iter_errors(value))
    try:
        validator.validate(value)
    except ValidationError as error:
        return [error]
    return []


class _Copy:
    def __init__(self, longest: int) -> None:
        self.binary: set[str] = set()
        self.names = {NAMELESS: ""}
        self.is_cut = False
        self._longest = longest

    def of(self, value: Any, level: int) -> Any:
        if isinstance(value, BinaryText):
            text = "\0" * min(len(value), self._longest, _MAX_LENGTH)
            self.binary.add(text)
            return text
        if isinstance(value, str):
            # jsonschema-rs refuses lone surrogates. The replacement character is equally invalid in all formats.
            return value.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
        if isinstance(value, float) and isinf(value):
            return Decimal("1e400").copy_sign(Decimal(value))  # a JSON number that Python reads as infinite
        if isinstance(value, dict | list) and level >= MAX_LEVELS:
            self.is_cut = True
            return None
        if isinstance(value, dict):
            return {self._name(name): self.of(below, level + 1) for name, below in value.items()}
        if isinstance(value, list):
            return [self.of(item, level + 1) for item in value]
        return float(value) if isinstance(value, float) else value

    def _name(self, name: str) -> str:
        """Return a name that is not empty, because jsonschema-rs leaves empty names out of paths."""
        changed: str = self.of(name, 0) or NAMELESS
        if changed != name:
            self.names[changed] = name
        return changed


class EntryCount:
    """The remaining entries and time for one value; all schemas that evaluate the value share it.

    Attributes:
        left: The remaining number of entries into counted schemas.
        end: The time after which no counted schema may be entered.
    """

    left, end = _MAX_ENTRIES, inf

    @property
    def is_used_up(self) -> bool:
        """Whether the entries or the time are used up."""
        return self.left < 0 or time.perf_counter() > self.end


class CompiledSchema:
    """A schema compiled by jsonschema-rs.

    Args:
        schema: The plain form of the schema.
        written: The schema as written in the document.
        notes: Gets the reasons why parts could not be evaluated.
        later: Compiles the targets of the references that `schema` leaves for later.
        entries: The remaining entries, shared with the schemas that are compiled later.
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
        keywords: dict[str, Any] = {
            ENTRY: partial(_Keyword, _weakly(self._enter)),
            LATER: partial(_Keyword, _weakly(self._is_valid_later)),
            UNUSABLE: partial(_Keyword, _weakly(self._note)),
        }
        return Draft202012Validator(
            root,
            formats=OWN_FORMATS
            | {name: partial(is_found, name.removeprefix(PATTERN)) for name in self._plain.patterns},
            # Only `patternProperties` has patterns for jsonschema-rs, because `pattern` became a format.
            pattern_options=engine_pattern_options() if self._plain.spellings else None,
            # Errors of custom keywords have no evaluation path (0.61), so these keywords report no errors.
            keywords=keywords,
            validate_formats=True,
            # RFC 5321's "Mailbox" has no name before the address; `Ann <ann@example.com>` is RFC 5322's.
            email_options=EmailOptions(allow_display_text=False),
            mask="value",  # dynacli does not use the texts of the errors, which would repeat the value twice
        )

    @cached_property
    def _without_items(self) -> tuple[Any, Any]:
        root = self._plain.without_items()
        return root, self._make(root)

    def is_valid(self, value: Any) -> bool:
        """Return whether a value is valid; notes name the parts that could not be evaluated.

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
        now = time.perf_counter()
        share = min((self._notes.end - now) / _STEPS_SECONDS, 1.0)
        if share <= 0:
            self._note_time()
            return True
        count, pending = 0, [value] if self._plain.steps > _FEW_STEPS * share else []
        while pending:
            part = pending.pop()
            count += 1
            if isinstance(part, dict | list):
                pending += part.values() if isinstance(part, dict) else part
        most = _MAX_STEPS * share
        if self._plain.steps * count > most and self._plain.most_steps * count > most:
            self._note_time()
            return True
        self._entries.left = 0 if self._notes.is_out_of_time else _MAX_ENTRIES
        self._entries.end = min(now + _MAX_SECONDS, self._notes.end)
        return bool(self._validator.is_valid(value))

    def errors(self, value: Any) -> list[SchemaError]:
        """Return the errors of a value, in the order of the document's keywords.

        Raises:
            TooDeepError: The schema is too large.
        """
        try:
            return self._errors(value, _prepared_value(value, self._plain.longest))
        except UnicodeEncodeError:
            return self._errors(value, _copied_value(value, self._plain.longest))

    def _errors(self, value: Any, prepared: Prepared) -> list[SchemaError]:
        self._too_long.clear()
        self._binary = prepared.binary
        if self._is_valid(prepared.value):
            if prepared.is_cut:
                self._notes.add_not_validated(TOO_DEEP)
            return []
        if not self._plain.is_whole:
            return self._of(self._written).errors(value)
        return self._limited(list(self._found(value, prepared)))

    def _found(self, value: Any, prepared: Prepared) -> Iterator[SchemaError]:
        """Yield the errors of an invalid value; stop after enough errors in long lists."""
        # Imported only if a value is invalid.
        from dynacli.openapi.schema.evaluation._error_builder import Window, windows_of

        is_by_item = self._plain.is_by_item
        windows = windows_of(prepared.value) if is_by_item else iter([(prepared.value, Window())])
        count = held = 0
        for part, window in windows:
            if time.perf_counter() > self._notes.end:
                self._note_time()
                return
            for error in self._explained(
                self._plain.root, self._validator, value, prepared._replace(value=part), window
            ):
                yield error
                count, held = count + 1, held + sum(1 for _ in error.all_within())
            if count > MAX_ERRORS or held > _MAX_HELD:
                break
        if window.lists and self._plain.limits_lists:
            yield from self._explained(*self._without_items, value, prepared, window._replace(is_whole=True))

    def _explained(
        self, root: Any, validator: Any, value: Any, part: Prepared, window: Window
    ) -> list[SchemaError]:
        from dynacli.openapi.schema.evaluation._error_builder import ErrorBuilder
        from dynacli.openapi.schema.evaluation._error_cost import ErrorCost

        before, now = self._notes.count, time.perf_counter()
        share = min(max(self._notes.end - now, 0.0) / _STEPS_SECONDS, 1.0)
        self._entries.left = 0 if self._notes.is_out_of_time else _MAX_ENTRIES
        self._entries.end = min(now + _MAX_SECONDS, self._notes.end)
        is_valid = bool(window.lists) and validator.is_valid(part.value)
        of_all, of_one = (1, 1) if is_valid else ErrorCost(root, share).entries(part.value)
        is_costly = not is_valid and (not of_all or _is_costly(part.value))
        self._entries.left = min(self._entries.left, of_one if is_costly else of_all)
        raw = [] if is_valid or not of_one else _raw_errors(validator, part.value, is_costly)
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
        if not of_one and not self._notes.is_out_of_time:
            self._notes.add_not_validated("a value that does not match, because it may have too many errors")
        elif is_costly and errors:
            self._notes.add_not_validated(
                "the rest of a value that may have too many errors, after the first"
            )
        if built.is_too_long:
            self._note_time()
        if part.is_cut:
            kept = [error for error in errors if len(error.path) < MAX_LEVELS]
            if len(kept) < len(errors) or not kept:
                self._notes.add_not_validated(TOO_DEEP)
            return kept
        return errors

    def _limited(self, found: list[SchemaError]) -> list[SchemaError]:
        """Return the first errors of a value, and record a note if there are more."""
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

    def _of(self, written: Any) -> CompiledSchema:
        """Return a compiled schema of the same document without parts left for later; each is compiled once."""
        key = id(written)  # a safe key, because the compiled schema holds `written`
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
        if self._entries.is_used_up:
            self._note_time()
            return False
        return True

    def _note_time(self) -> None:
        self._notes.is_out_of_time = True
        self._notes.add_not_validated(TOO_LONG)

    def _is_valid_later(self, reference: str, value: Any) -> bool:
        if self._entries.is_used_up:
            self._note_time()
            return True
        target = self._later(reference) if self._later is not None else None
        if target is None:
            self._notes.add_not_validated(TOO_DEEP)
            return True
        return bool(target._validator.is_valid(value))  # noqa: SLF001  - same class; the count of entries continues

    def _note(self, value: tuple[str, bool, str], instance: Any) -> bool:
        text, is_fault, kind = value
        if kind and json_type(instance) not in {kind, "integer" if kind == "number" else kind}:
            return True
        (self._notes.add_failure if is_fault else self._notes.add_not_validated)(text)
        return True


class CompiledSchemas:
    """Compiles the schemas of a document, each once.

    Args:
        source: The version of the schemas, the direction, and the targets of references.
        notes: Gets the reasons why parts could not be evaluated.
        most: Maximum number of schemas to translate in total.
    """

    def __init__(self, source: SchemaSource, notes: ValidationNotes, most: int = sys.maxsize) -> None:
        self._source, self._notes, self._left = source, notes, most
        self._entries = EntryCount()
        self._known: dict[int, tuple[Any, CompiledSchema | None]] = {}

    @property
    def is_used_up(self) -> bool:
        """Whether the remaining number of schemas to translate may be too small for one value."""
        return self._left < _MAX_SCHEMAS

    def compiled(self, schema: Any, follow: Follow | None = None) -> CompiledSchema | None:
        """Return a compiled schema; None if it cannot be compiled.

        Args:
            schema: The schema.
            follow: Follows its references; None to use `follow` of the source.
        """
        key = id(schema)
        if key not in self._known:
            # Store the schema, too, so that no other object gets its id.
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
    """Return a function that calls a method without keeping its object alive.

    The garbage collector cannot see into the validators of jsonschema-rs (0.61). So a schema that its own validator
    refers to would never be freed.
    """
    weak = WeakMethod(method)

    def call(*values: Any) -> bool:
        held = weak()
        return held is None or held(*values)

    return call


class _Keyword:
    """A custom keyword, with its value in a schema.

    jsonschema-rs calls the type of a keyword with the schema, the value of the keyword, and its path. Its annotations
    require classes, but accept any callable. Classes would be garbage that only the collector frees.
    https://github.com/Stranger6667/jsonschema/blob/master/crates/jsonschema-py/README.md

    Args:
        check: (value of the keyword, value that is evaluated) → whether it is valid.
    """

    def __init__(self, check: Callable[[Any, Any], bool], _: Any, value: Any, __: Any) -> None:
        self._check, self._value = check, value

    def validate(self, instance: Any) -> None:
        """Raise ValueError if a value is invalid."""
        if not self._check(self._value, instance):
            raise ValueError
