"""Schemas that jsonschema-rs has compiled: the only place that says whether a value is valid, and why it is not.

A value is evaluated as jsonschema-rs takes it. Plain values, which all JSON libraries read and compare alike, are not
too deep and have no numbers beyond 64 bits; others are copied.
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
"""How many schemas are translated for one that is compiled, and so many at once, as `PlainSchema` takes them."""

_MAX_ENTRIES = 100_000
"""How often counted schemas may be entered for one value: a tree of so many nodes, or too many alternatives."""

MAX_ERRORS = 1_000
"""The largest number of errors that are listed for one value."""

_MAX_HELD = 10_000
"""The largest number of errors that are held for a value, those by the alternatives that it does not fit included."""

_MAX_COPIED = 1 << 20
"""Characters that an error on each level of a value would copy: more of them, and only the first error is listed."""

_MAX_MEMBERS = 10_000
"""Members of an object: each could have errors, so of a larger object only the first error is listed."""

_LONG_NAME = 100
"""Characters of a name that count, because the path of each error below the name repeats it."""

_MAX_SECONDS = 2.0
"""The time of one value in which counted schemas, and those that are compiled late, may be entered."""

_MAX_STEPS, _STEPS_SECONDS = 1_000_000_000, 5.0
"""The most steps for one value, as its size and the schema tell before, and about the time that they take.

jsonschema-rs cannot be interrupted. So if less time is left for a message, it may take fewer steps in proportion, and
its errors fewer bytes. The guarantee: no value is evaluated after the end of the time, and one that was begun before
takes no longer than was left by this estimate. A slow machine may exceed it. Reading a body and compiling its schemas
do not count: they have limits of their own.
"""

_FEW_STEPS = 1_000
"""So few steps for each part of a value need no count of its parts."""

TOO_DEEP = "the value or its schema is nested too deeply"
TOO_LONG = "it takes too long to validate all of the value"

_MAX_REASONS = 100
LIMIT = 9_000_000_000_000_000_000
"""The largest absolute value of a plain number: orjson reads integers of more than 64 bits as floats."""
MAX_LEVELS = 100
"""The largest depth of a value: compiled code walks a value on a stack without a limit of its own."""
_USUAL_LEVELS = 16
"""The depth of most values: what checks so few levels takes a fifth of the time and the memory to compile."""
_MAX_LENGTH = 1 << 24
"""The largest text that is made to stand for bytes."""


Later = Callable[[str], "CompiledSchema | None"]
"""Reference → its target, compiled; None if it cannot be."""


class ValidationNotes:
    """The notes of one message: keywords take them in the midst of a schema, if nothing can be returned.

    Attributes:
        not_validated: Reasons why something could not be validated, each once; a stream may give any number of them.
        failures: The same, if the document's own schema is to blame.
        count: How many notes were taken. It tells whether all of a value was validated.
        is_out_of_time: Whether a value of the message took too long, so that the rest gets no time of its own.
        end: The time by `time.perf_counter` after which nothing of the message is validated.
        undefined_formats: The formats that the document's version does not define, and that say nothing there.

    Args:
        is_swagger: Whether the document is written in Swagger 2.0.
    """

    def __init__(self, *, is_swagger: bool = False) -> None:
        # JSON Schema got them after Swagger 2.0, in whose documents they are names of any format.
        self.undefined_formats = frozenset({"duration", "time"} if is_swagger else ())
        self.not_validated: dict[str, None] = {}
        self.failures: dict[str, None] = {}
        self.count = 0
        self.is_out_of_time = False
        self.end = inf

    @cached_property
    def patterns(self) -> Patterns:
        """Decides regular expressions within the message's time."""
        patterns = Patterns()
        patterns.end = self.end
        return patterns

    def begin(self, end: float = inf) -> None:
        """Begin the notes of another message, with a full budget for its regular expressions.

        Args:
            end: The time by `time.perf_counter` after which nothing of it is validated.
        """
        self.not_validated.clear()
        self.failures.clear()
        self.is_out_of_time = False
        self.end = end
        if "patterns" in vars(self):  # few documents have any
            self.patterns.end = end
            self.patterns.renew()

    def add_not_validated(self, reason: str) -> None:
        """Note that something was not validated."""
        if len(self.not_validated) < _MAX_REASONS:
            self.not_validated.setdefault(reason)
        self.count += 1

    def add_failure(self, reason: str) -> None:
        """Note that something was not validated because the document is wrong there."""
        if len(self.failures) < _MAX_REASONS:
            self.failures.setdefault(reason)
        self.count += 1


def is_plain(value: Any) -> bool:
    """Return whether all JSON libraries read and compare a value alike: it is not deep, and has no huge number."""
    try:
        return bool(_plain_values(_USUAL_LEVELS).is_valid(value) or _plain_values(MAX_LEVELS).is_valid(value))
    except ValueError:
        return False  # a text that stands for bytes


@lru_cache
def _plain_values(depth: int) -> Any:
    """Return what accepts plain values up to a depth."""
    from jsonschema_rs import Draft202012Validator

    # jsonschema-rs takes an infinite number (`1e400`) as one of no type.
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
        binary: The texts in it that stand for bytes.
        names: Name of a property → the name that it stands for.
        is_cut: Whether what is deeper than `MAX_LEVELS` is missing.
    """

    value: Any
    binary: frozenset[str] = frozenset()
    names: Mapping[str, str] = {NAMELESS: ""}
    is_cut: bool = False


def _prepared_value(value: Any, longest: int) -> Prepared:
    """Return a JSON value that jsonschema-rs can evaluate, unless it has a text with a lone surrogate.

    Args:
        value: The value.
        longest: The length of a text beyond which the length makes no difference.
    """
    return Prepared(value) if is_plain(value) else _copied_value(value, longest)


def _copied_value(value: Any, longest: int) -> Prepared:
    """Return a copy of a JSON value that jsonschema-rs can evaluate; the arguments are those of `_prepared_value`."""
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
    """Return the errors of jsonschema-rs, which makes all of them at once; of a value that is costly the first one."""
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
            # jsonschema-rs takes no lone surrogates; the replacement character is as invalid in formats as they are.
            return value.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
        if isinstance(value, float) and isinf(value):
            return Decimal("1e400").copy_sign(
                Decimal(value)
            )  # a number of JSON that Python reads as infinite
        if isinstance(value, dict | list) and level >= MAX_LEVELS:
            self.is_cut = True
            return None
        if isinstance(value, dict):
            return {self._name(name): self.of(below, level + 1) for name, below in value.items()}
        if isinstance(value, list):
            return [self.of(item, level + 1) for item in value]
        return float(value) if isinstance(value, float) else value

    def _name(self, name: str) -> str:
        """Return a name that is not empty, as jsonschema-rs leaves empty ones out of paths."""
        changed: str = self.of(name, 0) or NAMELESS
        if changed != name:
            self.names[changed] = name
        return changed


class EntryCount:
    """Counts how often counted schemas are entered, and the time; shared by the schemas that evaluate one value.

    Attributes:
        left: How often they may still be entered.
        end: The time after which none may be entered.
    """

    left, end = _MAX_ENTRIES, inf

    @property
    def is_used_up(self) -> bool:
        """Whether no schema may be entered anymore."""
        return self.left < 0 or time.perf_counter() > self.end


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
        keywords: dict[str, Any] = {
            ENTRY: partial(_Keyword, _weakly(self._enter)),
            LATER: partial(_Keyword, _weakly(self._is_valid_later)),
            UNUSABLE: partial(_Keyword, _weakly(self._note)),
        }
        return Draft202012Validator(
            root,
            formats=OWN_FORMATS
            | {name: partial(is_found, name.removeprefix(PATTERN)) for name in self._plain.patterns},
            # No other patterns are left for it: those of texts are formats.
            pattern_options=engine_pattern_options() if self._plain.spellings else None,
            # Their errors have no evaluation path (0.61), so only what finds none is a keyword of our own.
            keywords=keywords,
            validate_formats=True,
            # RFC 5321's "Mailbox" has no name before the address; `Ann <ann@example.com>` is RFC 5322's.
            email_options=EmailOptions(allow_display_text=False),
            mask="value",  # the texts of its errors are not used, and would repeat the value twice
        )

    @cached_property
    def _without_items(self) -> tuple[Any, Any]:
        root = self._plain.without_items()
        return root, self._make(root)

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
        """Yield the errors of a value that is not valid, of long lists so many that it is enough."""
        # Imported for those values alone that are wrong.
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

    def _of(self, written: Any) -> CompiledSchema:
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
    """A keyword of our own, with the value that it has in a schema.

    jsonschema-rs calls its type with the schema that has it, its value and its path. Its types ask for classes, but
    anything that can be called will do, and a class for each schema would be garbage that only the collector finds.
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
