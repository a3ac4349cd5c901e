"""Make an example value for a schema, for `--example` and for help.

The value is the same every time, and passes validation for all but contrived schemas.
Values in the document come first (`const`, `example`, `examples`, `default`, `enum`), but only if they match the
schema, because invalid examples are common.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from itertools import cycle
from math import ceil, floor, inf, isfinite
from typing import Any, Literal

from dynacli.openapi.document.json_trees import count_values, dict_or_empty, is_same_json, list_or_empty
from dynacli.openapi.model.field_names import MORE_NAMES, plain_name
from dynacli.openapi.model.patterns import (
    Patterns,
    PatternTimeoutError,
    UnsupportedPatternError,
    strict_spelling,
)
from dynacli.openapi.references import REFERENCE, reference_of
from dynacli.openapi.schema.document_schemas import DocumentSchemas, NoExampleError
from dynacli.openapi.schema.read_schema import (
    Discriminator,
    common_types,
    discriminator_of,
    is_number,
    list_of,
    names_in,
    reference_name,
    types_of,
)

# Of two values of these keywords, `ExampleSchema.add` takes the larger or the smaller one.
_LEAST = {"minimum", "minLength", "minItems", "minProperties", "multipleOf"}
_MOST = {"maximum", "maxLength", "maxItems", "maxProperties"}
_VALUES_OF_STEP = 20
"""Number of values of an enumeration whose comparison counts as one step of the budget."""
_COUNTS = {"minLength", "maxLength", "minItems", "maxItems", "minProperties", "maxProperties"}
_NUMBERS = {"minimum", "maximum", "multipleOf"}
_KEYWORDS_OF_TYPES = (
    ("object", ("properties", "required", "additionalProperties", "minProperties", "maxProperties")),
    ("array", ("items", "prefixItems", "minItems", "maxItems", "contains")),
    ("number", ("minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf")),
)
_MOST_CHARACTERS = 10_000
_MOST_PATTERN_CHARACTERS = 4_096
# A value for each format: the formats of JSON Schema 2020-12 ("Validation", section 7.3) and of the
# OpenAPI Format Registry. Names, hosts and addresses are reserved for examples (RFC 2606, 5737, 3849).
_VALUES = {
    "date": "2025-01-01",
    "date-time": "2025-01-01T00:00:00Z",
    "time": "00:00:00Z",
    "duration": "P1D",
    "email": "user@example.com",
    "idn-email": "user@example.com",
    "uuid": "00000000-0000-4000-8000-000000000000",
    "uri": "https://example.com/",
    "url": "https://example.com/",
    "iri": "https://example.com/",
    "uri-reference": "/path",
    "iri-reference": "/path",
    "uri-template": "/path/{id}",
    "hostname": "example.com",
    "idn-hostname": "example.com",
    "ipv4": "192.0.2.1",
    "ipv6": "2001:db8::1",
    "byte": "c3RyaW5n",
    "base64url": "c3RyaW5n",
    "password": "password",
    "regex": "^a$",
    "json-pointer": "/path",
    "relative-json-pointer": "0",
}
# Format → the end at which the value can be made longer, and the text to repeat there.
_LONGER = {
    "email": ("before", "u"),
    "idn-email": ("before", "u"),
    "uri": ("after", "a"),
    "url": ("after", "a"),
    "iri": ("after", "a"),
    "uri-reference": ("after", "h"),
    "hostname": ("before", "w."),
    "byte": ("after", "c3Ry"),
    "password": ("after", "password"),
    "json-pointer": ("after", "h"),
}
_PLAIN = "abcdefghijklmnopqrstuvwxyz0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"
# Unicode properties of ECMA-262 (flag `u`), which Python does not support, with a few members of each.
# Some, such as `Alnum`, are from Java, but common.
_PROPERTIES = {
    **dict.fromkeys(("L", "Letter", "Alpha", "Alphabetic"), "A-Za-z"),
    **dict.fromkeys(("Lu", "Upper"), "A-Z"),
    **dict.fromkeys(("Ll", "Lower"), "a-z"),
    **dict.fromkeys(("N", "Nd", "Digit"), "0-9"),
    **dict.fromkeys(("Z", "Zs"), " "),
    **dict.fromkeys(("P", "Punct"), "!-/"),
    "Alnum": "A-Za-z0-9",
    "XDigit": "0-9A-Fa-f",
    "M": "\u0300-\u036f",
    "S": "$+<=>",
}
_PROPERTY = re.compile(r"\\p\{(\w+)\}")
_MOST_ITEMS = 1_000


@dataclass
class ExampleSchema:
    """The merged schemas of a location in a value, with their `$ref` and `allOf`.

    Attributes:
        refs: The references that were followed, in order.
        keywords: The merged keywords.
        offers: The values in the schemas, each with its rank; 0 is the best.
        choices: The branches of each `anyOf`, `oneOf` and `if` without a chosen branch.
        discriminators: The discriminators, each with the part of `refs` that contains the chosen schema.
        branch: The number of followed references at the last choice of a branch.
    """

    refs: list[str] = field(default_factory=list)
    keywords: dict[str, Any] = field(default_factory=dict)
    offers: list[tuple[int, Any]] = field(default_factory=list)
    choices: list[list[Any]] = field(default_factory=list)
    discriminators: list[tuple[Discriminator, slice]] = field(default_factory=list)
    branch: int = 0

    def copy(self) -> ExampleSchema:
        """Return a copy without offers, for adding a branch."""
        return ExampleSchema(
            [*self.refs], {**self.keywords}, [], [*self.choices], [*self.discriminators], len(self.refs)
        )

    def add(self, schema: Any, schemas: DocumentSchemas, above: frozenset[str]) -> None:
        """Merge a schema into this one.

        Args:
            above: The references that are being followed above this location.

        Raises:
            NoExampleError: The schema contains itself, or no value can match both schemas.
        """
        schemas.spend()
        if schema is False:
            raise NoExampleError("The schema allows no value")
        if not isinstance(schema, dict):
            return
        if (ref := reference_of(schema)) is not None:
            if ref in above:
                raise NoExampleError("The schema contains itself")
            if ref not in self.refs:
                self.refs.append(ref)
                self.add(schemas.target(schema), schemas, above)
            if len(schema) == 1:
                return
        self._add_offers(schema)
        self._add_keywords(schema, above)
        for part in list_of(schema, "allOf"):
            self.add(part, schemas, above)
        for keyword in ("oneOf", "anyOf"):
            if branches := list_of(schema, keyword):
                self.choices.append(branches)
        if "if" in schema:
            then = {"allOf": [schema["if"], schema.get("then", True)]}
            self.choices.append([then, schema.get("else", True)])

    def _add_offers(self, schema: dict[str, Any]) -> None:
        kinds = [
            [schema["const"]] if "const" in schema else [],
            [schema["example"]] if "example" in schema else [],
            list_of(schema, "examples")[:1],
            [schema["default"]] if "default" in schema else [],
            list_of(schema, "enum"),
        ]
        self.offers.extend((rank, value) for rank, values in enumerate(kinds) for value in values)

    def _add_keywords(self, schema: dict[str, Any], above: frozenset[str]) -> None:
        merged = self.keywords
        if types := types_of(schema):
            known = merged.get("type")
            merged["type"] = types if known is None else common_types(known, types)
            if not merged["type"]:
                raise NoExampleError("The schema requires two types at once")
        discriminator = discriminator_of(schema)
        if discriminator is not None:
            # With branches beside the discriminator, one of them is chosen next.
            # Otherwise, the chosen schema inherits from this schema by its `allOf`.
            depth = len(self.refs)
            has_branches = bool(schema.get("oneOf") or schema.get("anyOf"))
            if not has_branches and discriminator.mapping:
                # Only the mapping names the branches: choose one, unless a branch that inherits is chosen already.
                branches = discriminator.branches()
                is_direct = depth - self.branch <= 1
                has_branches = is_direct and above.isdisjoint(map(reference_of, branches))
                self.choices.extend([branches] * has_branches)
            chosen = slice(depth, None) if has_branches else slice(self.branch, max(depth - 1, 0))
            self.discriminators.append((discriminator, chosen))
        self._add_prefix_items(schema)
        for keyword, value in schema.items():
            if not _is_mergeable(keyword, value):
                continue
            if keyword == "required":
                merged[keyword] = list(dict.fromkeys([*merged.get(keyword, []), *names_in(value)]))
            elif keyword == "properties":
                properties = dict(merged.get(keyword, {}))
                for name, part in value.items():
                    properties[name] = {"allOf": [properties[name], part]} if name in properties else part
                merged[keyword] = properties
            elif keyword not in merged:
                merged[keyword] = value
            elif keyword in _LEAST:
                merged[keyword] = max(merged[keyword], value)
            elif keyword in _MOST:
                merged[keyword] = min(merged[keyword], value)
            elif keyword in {"items", "additionalProperties"}:
                merged[keyword] = _both(merged[keyword], value)

    def _add_prefix_items(self, schema: dict[str, Any]) -> None:
        """Merge `prefixItems`; if a list is shorter, the `items` beside it apply to the remaining items."""
        own = list_of(self.keywords, "prefixItems")
        added = list_of(schema, "prefixItems")
        if own or added:
            own_rest, added_rest = (
                _schema_or_any(keywords.get("items")) for keywords in (self.keywords, schema)
            )
            self.keywords["prefixItems"] = [
                _both(
                    own[index] if index < len(own) else own_rest,
                    added[index] if index < len(added) else added_rest,
                )
                for index in range(max(len(own), len(added)))
            ]

    def types_to_try(self) -> list[str]:
        """Return the types to try, null last; if the schema names none, guess them from other keywords."""
        types: list[str] = self.keywords.get("type", [])
        if types:
            return sorted(types, key=lambda name: name == "null")
        for name, keywords in _KEYWORDS_OF_TYPES:
            if any(keyword in self.keywords for keyword in keywords):
                return [name]
        return ["string", "object", "array", "number", "boolean", "null"]

    def discriminator_values(self) -> Iterator[tuple[str, list[str]]]:
        """Yield each discriminating property with its possible values, the likeliest first.

        The value is the mapping's key for the chosen schema, or the schema's name
        (OpenAPI 3.1.1, "Discriminator Object").
        """
        for discriminator, part in self.discriminators:
            chosen = self.refs[part]
            values = [value for ref in chosen for value in discriminator.values_for([ref], "", ())]
            yield discriminator.property, [*values, *map(reference_name, chosen), *discriminator.mapping]


def _is_mergeable(keyword: str, value: Any) -> bool:
    """Return whether a keyword is merged by its value, and this value has the right type."""
    if keyword in _COUNTS:
        return isinstance(value, int) and not isinstance(value, bool) and value >= 0
    if keyword in _NUMBERS:
        return is_number(value)
    if keyword in {"properties", "patternProperties", "dependentRequired"}:
        return isinstance(value, dict)
    if keyword in {"required", "prefixItems", "enum"}:
        return isinstance(value, list)
    return keyword not in {"type", "discriminator", "allOf", "anyOf", "oneOf", REFERENCE}


def _both(schema: Any, other: Any) -> Any:
    """Return the schema of values that match both of two schemas."""
    if False in (schema, other):
        return False
    parts = [part for part in (schema, other) if part is not True]
    return {"allOf": parts} if len(parts) > 1 else next(iter(parts), True)


def _schema_or_any(value: Any) -> Any:
    return value if isinstance(value, dict | bool) else True


def matches_pattern(text: str, pattern: str) -> bool | None:
    """Return whether a pattern matches in a text, as in validation; None if dynacli cannot decide this."""
    try:
        return Patterns().is_found(pattern, text)
    except (UnsupportedPatternError, PatternTimeoutError):
        return None


def _string_value(keywords: Mapping[str, Any]) -> str | None:
    """Return a string that matches `format`, `contentEncoding`, `pattern`, `minLength` and `maxLength`.

    Args:
        keywords: The keywords of a schema.

    Returns:
        The same string for the same keywords, or None if no string was found.
    """
    shortest, longest = keywords.get("minLength"), keywords.get("maxLength")
    shortest = shortest if isinstance(shortest, int) else 0
    longest = longest if isinstance(longest, int) else _MOST_CHARACTERS
    if not 0 <= shortest <= min(longest, _MOST_CHARACTERS):
        return None
    pattern = keywords.get("pattern")
    candidates = _candidates(keywords, shortest, longest)
    if not isinstance(pattern, str):
        return next(_of_length(candidates, shortest, longest), None)
    generated = _from_pattern(pattern, shortest)
    for text in _of_length(candidates, shortest, longest):
        is_match = matches_pattern(text, pattern)
        if is_match:
            return text
        if is_match is None:
            # If dynacli cannot match the pattern, a text generated from it is the best guess.
            return next(_of_length(generated, shortest, longest), text)
    fitting = _of_length(generated, shortest, longest)
    return next((text for text in fitting if matches_pattern(text, pattern)), None)


def _of_length(texts: Iterable[str], shortest: int, longest: int) -> Iterator[str]:
    return (text for text in texts if shortest <= len(text) <= longest)


def _candidates(keywords: Mapping[str, Any], shortest: int, longest: int) -> Iterator[str]:
    name = keywords.get("format")
    if keywords.get("contentEncoding") in ("base64", "base64url"):  # a set would fail for a list
        name = "byte"
    value = _VALUES.get(name) if isinstance(name, str) else None
    if value is not None and isinstance(name, str):
        where, more = _LONGER.get(name, ("", ""))
        if more:
            missing = max(0, shortest - len(value))
            more *= -(-missing // len(more))
        yield more + value if where == "before" else value + more
    plain = "string"
    yield (plain * (-(-shortest // len(plain)) or 1))[: max(shortest, min(longest, len(plain)))]


def _from_pattern(pattern: str, shortest: int) -> Iterator[str]:
    """Yield texts generated from a pattern, with few repetitions first, then with more."""
    readable = _in_python(pattern)
    width = _width(readable)
    if width is None or width > _MOST_CHARACTERS:
        return
    import rstr

    counts = [0, 1, 2, 3, 4, 6, 8, 12, 16, 24, 32, 64, 128, 256]
    for extra in [count for count in counts if count <= max(shortest, 8)] + [shortest]:
        for palette in ("a0A", "aA0!", "0a", "A0"):
            try:
                with _no_warnings():
                    text = rstr.Rstr(_FixedChoices(extra, palette)).xeger(readable)  # type: ignore[arg-type]
            except (KeyError, IndexError, _TooLongError):
                return  # rstr does not support the pattern, a set is empty, or the text would be too long
            yield text
            if len(text) < shortest:  # a pattern that is not anchored allows any text before or after
                yield text + palette[0] * (shortest - len(text))
                yield palette[0] * (shortest - len(text)) + text


class _TooLongError(ValueError):
    pass


class _FixedChoices:
    """Replaces the random numbers in rstr, so that its texts are short, plain and the same every time.

    Args:
        extra: The number of repetitions beyond the minimum of the pattern.
        palette: The characters to take in turns if a pattern allows them.
    """

    def __init__(self, extra: int, palette: str) -> None:
        self.extra = extra
        self.palette = cycle(palette)
        self.choices = 0

    def randint(self, fewest: int, most: int) -> int:
        # rstr stops a repetition at 100, even if the pattern requires more.
        return min(fewest + self.extra, max(fewest, most))

    def choice(self, members: Sequence[Any]) -> Any:
        self.choices += 1
        if self.choices > _MOST_CHARACTERS:  # nested repetitions can be endless
            raise _TooLongError
        if not isinstance(members[0], str):
            return members[0]  # the first alternative of `a|b`
        # The members of a negated set have a random order.
        known = set(members)
        preferred = next(self.palette)
        return next((char for char in (preferred, *_PLAIN) if char in known), None) or min(known)

    def shuffle(self, members: list[Any]) -> None:
        """Leave the order unchanged."""


def _in_python(pattern: str) -> str:
    """Return a pattern in Python's syntax; generated texts are checked with the original pattern later."""
    pieces = []
    is_in_class = False
    for piece in re.split(r"(\\p\{\w+\}|\\.|\[|\])", strict_spelling(pattern), flags=re.DOTALL):
        written = piece
        if piece in {"[", "]"}:
            is_in_class = piece == "["
        elif piece == r"\z":
            written = r"\Z"
        elif (found := _PROPERTY.fullmatch(piece)) and found[1] in _PROPERTIES:
            members = _PROPERTIES[found[1]]
            written = members if is_in_class else f"[{members}]"
        pieces.append(written)
    # Python spells named groups differently.
    return re.sub(r"\\k<(\w+)>", r"(?P=\1)", re.sub(r"\(\?<(?=[A-Za-z_])", "(?P<", "".join(pieces)))


def _width(pattern: str) -> int | None:
    """Return the length of the shortest text that a pattern matches; None if Python cannot read the pattern."""
    if len(pattern) > _MOST_PATTERN_CHARACTERS:
        return None
    from re import _parser

    try:
        with _no_warnings():
            return int(_parser.parse(pattern).getwidth()[0])
    except (re.error, OverflowError, RecursionError):
        return None


@contextmanager
def _no_warnings() -> Iterator[None]:
    """Silence the warnings of `re` about sets such as `[[a]`, which a later version may read differently."""
    import warnings

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield


def _numbers_for(keywords: Mapping[str, Any], *, is_integer: bool) -> Iterator[float]:
    """Yield numbers near 1 and near the bounds of a schema, the simplest first; they may not match the schema.

    Args:
        keywords: The keywords of a schema in the normal form.
        is_integer: Whether the numbers must be integers.
    """
    with suppress(
        OverflowError
    ):  # a number of the schema, or one calculated from it, is too large for a float
        for number in _number_candidates(keywords):
            if isinstance(number, float) and not isfinite(number):
                continue
            if number == int(number):
                yield int(number)
            elif not is_integer:
                yield number


def _number_candidates(keywords: Mapping[str, Any]) -> Iterator[float]:
    yield from (1, 0)
    names = ("minimum", "exclusiveMinimum", "maximum", "exclusiveMaximum")
    bounds = [keywords[name] for name in names if is_number(keywords.get(name))]
    step = keywords.get("multipleOf")
    step = step if is_number(step) and step > 0 else None
    if step is not None:
        yield step
    for bound in bounds:
        unit = 1 if step is None else step
        yield bound
        for nearest in (floor(bound / unit), ceil(bound / unit)):
            for count in (nearest, nearest + 1, nearest - 1):
                yield _times(count, unit)
    if bounds:
        yield sum(bounds) / len(bounds)
        yield from (bound + change for bound in bounds for change in (0.5, -0.5, 0.01, -0.01))


def _times(count: int, unit: float) -> float:
    # 3 * 0.1 is 0.30000000000000004; rounded, it is 0.3.
    return count * unit if isinstance(unit, int) else round(float(count) * unit, 12)


def example_value(
    schema: Any,
    resolve: Callable[[str], Any],
    *,
    direction: Literal["request", "response"] = "request",
    required_only: bool = True,
    depth: float = inf,
) -> Any:
    """Return a JSON value for a schema.

    Args:
        schema: A Schema Object in the normal form with its `$ref`s, or a boolean.
        resolve: Returns the target of an internal `$ref`, such as `#/components/schemas/Pet`.
        direction: Requests have no `readOnly` properties, and responses no `writeOnly` ones, if they are valid without.
        required_only: Whether objects have only their required properties.
        depth: Number of nested references up to which objects also have optional properties.

    Returns:
        The value; as a last resort, a value that matches several branches of a `oneOf`.

    Raises:
        NoExampleError: The schema allows no value, or only values that simple rules cannot make.
    """
    return made_value(
        schema,
        DocumentSchemas(resolve, direction),
        lambda schemas: ExampleMaker(schemas, required_only, depth),
    )


def made_value(
    schema: Any, schemas: DocumentSchemas, maker_of: Callable[[DocumentSchemas], ExampleMaker]
) -> Any:
    """Return a value from a maker for the schemas of a document, or for more lenient versions of these schemas.

    Args:
        maker_of: Returns the maker for some schemas.

    Raises:
        NoExampleError: The schema allows no value, or only values that simple rules cannot make.
    """
    failure = NoExampleError("No example found for this schema")
    try:
        for maker in _makers(schemas, maker_of):
            try:
                value = maker.make(schema)
                if not maker.trusts_parts or maker.schemas.fits(value, schema):
                    return value
            except NoExampleError as error:
                failure = error
        raise failure
    except RecursionError as error:
        raise NoExampleError("The schema is nested too deeply") from error


def _makers(
    schemas: DocumentSchemas, maker_of: Callable[[DocumentSchemas], ExampleMaker]
) -> Iterator[ExampleMaker]:
    """Yield the makers to try: the quickest first, then makers for more lenient schemas."""
    quick = maker_of(schemas)
    quick.trusts_parts = True
    yield quick
    yield maker_of(schemas)
    yield from map(maker_of, schemas.lenient())


def example_value_for_parameter(
    parameter: dict[str, Any],
    resolve: Callable[[str], Any],
) -> Any:
    """Return a JSON value for a parameter.

    If the parameter's own `example` or `examples` match its schema, they override the examples in the schema
    (OpenAPI 3.1.1 and 3.0.4, "Parameter Object").

    Args:
        parameter: A Parameter Object, or a reference to one.

    Returns:
        The value, before it is written in the parameter's style.

    Raises:
        NoExampleError: The schema allows no value, or only values that simple rules cannot make.
    """
    schemas = DocumentSchemas(resolve, "request")
    if reference_of(parameter) is not None:
        parameter = dict_or_empty(schemas.target(parameter))
    content = dict_or_empty(parameter.get("content"))
    media_type = dict_or_empty(next(iter(content.values()), None))
    schema = (media_type if content else parameter).get("schema", True)
    try:
        for value in (*_own_examples(parameter, schemas), *_own_examples(media_type, schemas)):
            if schemas.fits(value, schema):
                return value
    except RecursionError as error:
        raise NoExampleError("The schema is nested too deeply") from error
    return example_value(schema, resolve)


def _own_examples(holder: dict[str, Any], schemas: DocumentSchemas) -> Iterator[Any]:
    """Yield the examples of a Parameter or Media Type Object."""
    if "example" in holder:
        yield holder["example"]
    for example in map(dict_or_empty, dict_or_empty(holder.get("examples")).values()):
        target = dict_or_empty(schemas.target(example)) if reference_of(example) is not None else example
        if "value" in target:
            yield target["value"]


class ExampleMaker:
    """Makes example values, location by location.

    A subclass can override `offers`, `branches` and `values` to choose other values. Values must match their schemas.

    Attributes:
        trusts_parts: Whether to skip the validation of nested objects and arrays, which would compile each schema.
            Most of them are valid. A caller that sets this validates the whole value.
    """

    def __init__(self, schemas: DocumentSchemas, required_only: bool, depth: float = inf) -> None:
        self.schemas = schemas
        self.required_only, self.depth = required_only, depth
        self.trusts_parts = False

    def make(self, schema: Any, above: frozenset[str] = frozenset()) -> Any:
        """Return a value for a schema; null is the last resort.

        Args:
            above: The references that are being followed above this location.

        Raises:
            NoExampleError: No value was found.
        """
        self.schemas.spend()
        try:
            merged = ExampleSchema()
            merged.add(schema, self.schemas, above)
            return self._solve(merged, schema, above)
        except NoExampleError:
            if self.schemas.fits(None, schema):
                return None
            raise

    def _solve(self, merged: ExampleSchema, schema: Any, above: frozenset[str]) -> Any:
        """Return a value for a merged schema that also matches the schema as written."""
        offers = self.offers(merged)
        steps = 0
        for number, offer in enumerate(offers):
            if number == 1:  # usually the first offer matches
                # Each value of an enumeration is compared with all values.
                steps = 1 + count_values(offers) // _VALUES_OF_STEP
            self.schemas.spend(steps)
            value = self._visible(offer, merged)
            if value is not None and self._fits(value, schema):
                return value
        if not merged.choices:
            return self._build(merged, schema, above)
        branches = merged.choices.pop(0)
        failure = NoExampleError("No branch of the schema allows a value")
        for branch in self.branches(branches):
            chosen = merged.copy()
            try:
                chosen.add(branch, self.schemas, above)
                return self._solve(chosen, schema, above)
            except NoExampleError as error:
                failure = error
        raise failure

    def _fits(self, value: Any, schema: Any) -> bool:
        return (self.trusts_parts and isinstance(value, dict | list)) or self.schemas.fits(value, schema)

    def offers(self, merged: ExampleSchema) -> list[Any]:
        """Return the values in the document for a location, the best first."""
        return [offer for _, offer in sorted(merged.offers, key=lambda ranked: ranked[0])]

    def branches(self, branches: list[Any]) -> list[Any]:
        """Return the branches in the order to try them."""
        return branches

    def _visible(self, value: Any, merged: ExampleSchema) -> Any:
        """Return an offered value without the properties that this direction leaves out."""
        properties = merged.keywords.get("properties")
        if not isinstance(value, dict) or not properties:
            return value
        hidden = {name for name in value if self.schemas.is_hidden(properties.get(name))}
        return {name: member for name, member in value.items() if name not in hidden} if hidden else value

    def _build(self, merged: ExampleSchema, schema: Any, above: frozenset[str]) -> Any:
        below = above.union(merged.refs)
        failure = NoExampleError("No example found for this schema")
        for type_name in merged.types_to_try():
            try:
                for value in self.values(type_name, merged, below):
                    if self._fits(value, schema):
                        return value
            except NoExampleError as error:
                failure = error
        raise failure

    def values(self, type_name: str, merged: ExampleSchema, below: frozenset[str]) -> Iterator[Any]:
        """Yield values of a type, the likeliest first; they may not match the schema.

        Args:
            below: The references that are being followed at this location.
        """
        keywords = merged.keywords
        match type_name:
            case "string":
                if (text := _string_value(keywords)) is not None:
                    yield text
            case "integer" | "number":
                yield from _numbers_for(keywords, is_integer=type_name == "integer")
            case "boolean":
                yield from (True, False)
            case "null":
                yield None
            case "array":
                yield from self._arrays(keywords, below)
            case "object":
                comes_short = self.required_only or len(below) > self.depth
                for is_short in (comes_short, not comes_short):
                    value = self._object(keywords, below, is_short=is_short)
                    yield from self._discriminated(value, merged)
                    yield value

    def _arrays(self, keywords: dict[str, Any], below: frozenset[str]) -> Iterator[list[Any]]:
        fewest, most = keywords.get("minItems", 0), keywords.get("maxItems", _MOST_ITEMS)
        if fewest > _MOST_ITEMS:
            raise NoExampleError("The array has too many items")
        prefix = list_or_empty(keywords.get("prefixItems"))
        part = keywords.get("contains", keywords.get("items", True))
        parts = prefix[:most] + [part] * (fewest - len(prefix))
        # Prefer an item, because it shows more than an empty array. An empty array ends a recursion.
        if not parts and most > 0 and "items" in keywords:
            try:
                yield [self.make(keywords["items"], below)]
            except NoExampleError:
                yield []
        if not parts and "contains" in keywords:
            parts = [keywords["contains"]]
        items = [self.make(part, below) for part in parts]
        if keywords.get("uniqueItems") is True:
            items = self._distinct(items, parts)
        yield items
        if "contains" in keywords and "items" in keywords:
            yield [self.make({"allOf": [keywords["items"], part]}, below) for part in parts]

    def _distinct(self, items: list[Any], parts: list[Any]) -> list[Any]:
        """Return the items with duplicates changed, so that all are different."""
        distinct: list[Any] = []
        for item, part in zip(items, parts, strict=True):
            for candidate in self._variants(item, part, len(items)):
                is_known = any(is_same_json(candidate, other) for other in distinct)
                if not is_known and self.schemas.fits(candidate, part):
                    distinct.append(candidate)
                    break
            else:
                raise NoExampleError("The items cannot all be different")
        return distinct

    def _variants(self, item: Any, part: Any, count: int) -> Iterator[Any]:
        yield item
        merged = ExampleSchema()
        merged.add(part, self.schemas, frozenset())
        yield from list_or_empty(merged.keywords.get("enum"))
        if isinstance(item, bool) or item is None:
            yield from (True, False, None)
        elif isinstance(item, str):
            for digits in map(str, range(1, count + 1)):
                yield item + digits
                yield item[: -len(digits)] + digits
                yield digits + item[len(digits) :]
        elif isinstance(item, int | float):
            step = merged.keywords.get("multipleOf", 1)
            for number in range(1, count + 1):
                yield item + number * step
                yield item - number * step
        elif isinstance(item, list):
            yield from ([], [*item, *item])
        else:
            properties = merged.keywords.get("properties", {})
            for name, value in item.items():
                for other in self._variants(value, properties.get(name, True), count):
                    yield {**item, name: other}

    def _object(self, keywords: dict[str, Any], below: frozenset[str], *, is_short: bool) -> dict[str, Any]:
        properties: dict[str, Any] = keywords.get("properties", {})
        visible = {name: part for name, part in properties.items() if not self.schemas.is_hidden(part)}
        hidden = properties.keys() - visible.keys()
        required = [name for name in keywords.get("required", []) if name not in hidden]
        value: dict[str, Any] = {}
        for name, part in visible.items():
            if name in required:
                value[name] = self._property(name, part, below)
            elif not is_short or len(value) < keywords.get("minProperties", 0):
                with suppress(NoExampleError):
                    value[name] = self._property(name, part, below)
        others = keywords.get("additionalProperties", True)
        for name in required:
            if name not in value:
                value[name] = self.make(self._additional_schema(keywords, name), below)
        self._add_dependent(value, keywords, visible, below)
        fewest = keywords.get("minProperties", 0)
        if not is_short and not properties and isinstance(others, dict):
            fewest = max(fewest, 1)
        for number in range(1, _MOST_ITEMS):
            if len(value) >= fewest:
                break
            value.setdefault(f"key{number}", self.make(others, below))
        return value

    def _property(self, name: str, part: Any, below: frozenset[str]) -> Any:
        """Return the value of a property; an example of a response is the last page, unless the document says not."""
        value = self.make(part, below)
        is_last = value is True and self.schemas.direction == "response" and plain_name(name) in MORE_NAMES
        if not is_last or not self.schemas.fits(False, part):
            return value
        merged = ExampleSchema()
        merged.add(part, self.schemas, below)
        return any(offer is True for offer in self.offers(merged))

    def _add_dependent(
        self, value: dict[str, Any], keywords: dict[str, Any], visible: dict[str, Any], below: frozenset[str]
    ) -> None:
        """Add the properties that `dependentRequired` requires."""
        dependent = keywords.get("dependentRequired")
        waiting = list(value) if isinstance(dependent, dict) else []
        while waiting:
            for name in names_in(dependent.get(waiting.pop())) if isinstance(dependent, dict) else ():
                if name not in value:
                    value[name] = self.make(visible.get(name, True), below)
                    waiting.append(name)

    def _additional_schema(self, keywords: dict[str, Any], name: str) -> Any:
        """Return the schema of a property that `properties` does not name."""
        patterns = keywords.get("patternProperties")
        for pattern, part in patterns.items() if isinstance(patterns, dict) else ():
            if matches_pattern(name, pattern):
                return part
        return keywords.get("additionalProperties", True)

    def _discriminated(self, value: dict[str, Any], merged: ExampleSchema) -> Iterator[dict[str, Any]]:
        """Yield an object with its discriminating properties set, if their schemas allow the values."""
        changed = dict(value)
        for name, tags in merged.discriminator_values():
            part = merged.keywords.get("properties", {}).get(name, True)
            tag = next((tag for tag in tags if self.schemas.fits(tag, part)), None)
            if tag is not None:
                changed[name] = tag
        if changed != value:
            yield changed
