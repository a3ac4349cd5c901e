"""Estimate the memory for the errors of a value, before jsonschema-rs collects all of them at once.

A schema may apply to one value on many paths, and each error has a copy of its value.
"""

from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

from dynacli.openapi.schema.evaluation._keyword_translations import ENTRY, KIND_OF, UNUSABLE, Plain
from dynacli.openapi.schema.read_schema import json_type

_ERROR = 4_000
"""The bytes of an error without its value; the path to the keyword counts."""
_NODE = 60
"""The bytes of a value in an error, without the characters of a string."""
_MAX_OF_ALL, _MAX_OF_ONE = 60_000_000, 120_000_000
"""Maximum number of bytes for all errors of a value, and for one error with the errors of its branches."""
_MAX_PAIRS = 200_000
"""Maximum number of pairs of a schema and a value to visit."""


_WITHOUT_ERRORS = frozenset({"$defs", "$schema", "if", "minContains", "maxContains", UNUSABLE})
"""Keywords without errors of their own."""


class _Bytes(NamedTuple):
    """The bytes of the errors of a value.

    Args:
        of_all: The bytes of all errors.
        of_first: The bytes of the largest single error, with the errors of its branches.
    """

    of_all: int = 0
    of_first: int = 0


_NOTHING = _Bytes()


class _TooManyPairsError(Exception):
    """Counting errors would visit too many pairs of a schema and a value."""


class ErrorCost:
    """Counts the bytes of the errors that a value may have.

    Args:
        root: The plain schema, with its definitions.
        share: The fraction of the usual time that is left to collect errors.
    """

    def __init__(self, root: Any, share: float = 1.0) -> None:
        self._root, self._of_all = root, int(_MAX_OF_ALL * share)
        self._definitions: Mapping[str, Any] = root.get("$defs", {}) if isinstance(root, dict) else {}
        self._known: dict[tuple[int, int], _Bytes] = {}
        self._entered: list[tuple[Any, Any]] = []
        self._sizes: dict[int, int] = {}

    def entries(self, value: Any) -> tuple[int, int]:
        """Return the allowed entries into counted schemas, to collect all errors of a value and to collect only one.

        Zero means that the errors must not be collected.
        """
        try:
            found, most = self._bytes(self._root, value), 0
            while self._entered:  # counting can add more pairs
                most = max(most, self._bytes(*self._entered.pop()).of_all)
        except (RecursionError, _TooManyPairsError):
            return 0, 0
        each = max(most, _ERROR)
        return max(self._of_all - found.of_all, 0) // each, max(_MAX_OF_ONE - found.of_first, 0) // each

    def _bytes(self, schema: Any, value: Any) -> _Bytes:
        key = id(schema), id(value)
        if key not in self._known:
            if len(self._known) > _MAX_PAIRS:
                raise _TooManyPairsError
            self._known[key] = self._counted(schema, value)
        return self._known[key]

    def _counted(self, schema: Any, value: Any) -> _Bytes:
        if not isinstance(schema, dict):
            return _NOTHING if schema else self._errors(1, value)
        kind = json_type(value)
        is_of_kind = {kind, "number" if kind == "integer" else kind}.__contains__
        found = [
            self._by_keyword(keyword, rule, schema, value, kind)
            for keyword, rule in schema.items()
            if keyword not in KIND_OF or is_of_kind(KIND_OF[keyword])
        ]
        return _together(found)

    def _by_keyword(self, keyword: str, rule: Any, schema: Plain, value: Any, kind: str) -> _Bytes:
        """Return the bytes of the errors that a keyword may cause for a value of its type."""
        match keyword:
            case "$ref" if (number := rule.rpartition("/")[2]) in self._definitions:
                return self._bytes(self._definitions[number], value)
            case "type" if kind in rule or (kind == "integer" and "number" in rule):
                return _NOTHING
            case "allOf":
                return _together(self._bytes(part, value) for part in rule)
            case "then" if isinstance(schema["if"], dict) and ENTRY in schema["if"]:
                if (id(rule), id(value)) not in self._known:
                    self._entered.append((rule, value))
                return self._errors(1, value)
            case "then" | "else":
                return self._bytes(rule, value)
            case "anyOf" | "oneOf":
                return self._of_branches(keyword, [self._bytes(part, value) for part in rule], value)
            case "enum":
                return self._errors(1, value, more=self._size(rule))  # it copies the `enum`, too
            case "required":
                return self._errors(sum(name not in value for name in rule), value)
            case "dependentRequired":
                needed = [name for given, names in rule.items() if given in value for name in names]
                return self._errors(sum(name not in value for name in needed), value)
            case "dependentSchemas":
                return _together(self._bytes(part, value) for name, part in rule.items() if name in value)
            case "propertyNames":
                return _together(self._bytes(rule, name) for name in value)
            case "properties":
                return _together(self._bytes(rule[name], value[name]) for name in value if name in rule)
            case "patternProperties":
                return _together(
                    self._bytes(part, below) for part in rule.values() for below in value.values()
                )
            case "additionalProperties" if rule:
                listed = schema.get("properties", {})
                return _together(self._bytes(rule, value[name]) for name in value if name not in listed)
            case "prefixItems":
                return _together(map(self._bytes, rule, value))
            case "items" if rule:
                return _together(
                    self._bytes(rule, item) for item in value[len(schema.get("prefixItems", ())) :]
                )
            case _:
                return _NOTHING if keyword in _WITHOUT_ERRORS else self._errors(1, value)

    def _of_branches(self, keyword: str, branches: list[_Bytes], value: Any) -> _Bytes:
        """Return the bytes of the error if no branch fits, with the errors of all branches."""
        if keyword == "anyOf" and _NOTHING in branches:
            return _NOTHING  # this branch fits
        whole = self._errors(1, value).of_all + sum(branch.of_all for branch in branches)
        return _Bytes(whole, whole)

    def _errors(self, count: int, value: Any, more: int = 0) -> _Bytes:
        each = _ERROR + self._size(value) + more if count else 0
        return _Bytes(count * each, each)

    def _size(self, value: Any) -> int:
        """Return the bytes of a copy of a value."""
        if not isinstance(value, dict | list):
            return _NODE + (len(value) if isinstance(value, str) else 0)
        size = self._sizes.get(id(value), 0)
        if not size:
            size = _NODE + sum(map(self._size, value.values() if isinstance(value, dict) else value))
            size += sum(map(len, value)) if isinstance(value, dict) else 0
            self._sizes[id(value)] = size
        return size


def _together(found: Iterable[_Bytes]) -> _Bytes:
    """Return the bytes of the errors of several schemas or members together."""
    of_all = of_first = 0
    for each in found:
        of_all, of_first = of_all + each.of_all, max(of_first, each.of_first)
    return _Bytes(of_all, of_first)
