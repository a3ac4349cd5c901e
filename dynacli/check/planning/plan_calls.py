"""The calls of one operation, with values from the surest place that has them."""

from collections.abc import Iterator, Mapping, Sequence
from itertools import chain, islice
from typing import Any, NamedTuple

from dynacli.check.check_records import INVENTED, Planned, Value
from dynacli.check.planning.harvest import Harvest
from dynacli.client.described_operation import DescribedOperation, schema_of_parameter
from dynacli.model.operation import Parameter
from dynacli.model.wording import enumerated
from dynacli.schema.documented_values import documented_values_at, example_values_of, follow_reference
from dynacli.schema.example_call import parameter_example
from dynacli.schema.example_value import NoExampleError
from dynacli.schema.schema_matcher import SchemaMatcher

__all__ = ["Calls", "Plan"]

_Key = tuple[str, str]
_MOST_SPARE = 20


class Calls(NamedTuple):
    """The calls of an operation.

    Args:
        planned: Those to make.
        spare: Those to make one by one, as long as the server knows nothing of what the others ask for.
        missing: Why there are none.
    """

    planned: list[Planned] = []  # noqa: RUF012  - nobody changes it
    spare: list[Planned] = []  # noqa: RUF012
    missing: str = ""


class Plan:
    """Plans the calls of one operation.

    Args:
        described: The operation.
        harvest: What earlier answers gave.
        given: What the person gave for it.
        most: How many calls it may have.
        made: For an operation that may change something, the values that name what this check made itself,
            a set for each; nothing else is guessed then. None for one that only reads.
    """

    def __init__(
        self,
        described: DescribedOperation,
        harvest: Harvest,
        given: list[Value],
        most: int,
        made: Sequence[tuple[Value, ...]] | None = None,
    ) -> None:
        self._described, self._harvest, self._given, self._most = described, harvest, given, most
        self._made = made
        self._raw = {
            (one.get("in", ""), one.get("name", "")): one for one in reversed(described.raw_parameters())
        }
        self._parameters = described.operation.parameters

    def calls(self) -> Calls:
        """Return the calls, the plainest first; or none, and why not."""
        name = self._described.operation.name
        sets = list(islice(self._together(), _MOST_SPARE))
        offers = {
            (one.location, one.name): list(self._offers(one, sets[0] if sets else {}))
            for one in self._parameters
            if one.is_required or one.location == "path"
        }
        missing = [name for (_, name), values in offers.items() if not values]
        if missing:
            return Calls(missing=self._missing(missing))
        for value in self._given:
            offers.setdefault((value.location, value.name), []).append(value)
        plain = {key: values[0] for key, values in offers.items()}
        plans = [plain]
        # Each further example is a call, which has of all else what the plainest has.
        plans.extend(
            {**plain, key: value} for key, values in offers.items() for value in self._further(values)
        )
        if self._made is None:
            plans.extend({**plain, key: value} for key, value in self._optional() if key not in plain)
        calls = [Planned(name, tuple(values.values())) for values in plans]
        others = [{**plain, **one} for one in sets[1:]] if self._made is None else []
        others[:0] = [
            {**plain, key: value}
            for key, values in offers.items()
            for value in values[1:]
            if value.origin == "example" and key[0] == "path" and values[0].origin in {"answer", "link"}
        ]
        spare = [Planned(name, tuple(values.values())) for values in others]
        calls = _distinct(calls)[: self._most]
        spare = [one for one in _distinct(spare) if _sent(one) not in [_sent(call) for call in calls]]
        return Calls(calls, spare[: self._most - len(calls)])

    def _missing(self, names: list[str]) -> str:
        """Return why there is no call, and what to do."""
        if self._made is None:
            wanted = enumerated([f"`{name}`" for name in names])
            return f"nothing is known for {wanted}: give it with `--set`"
        words = " ".join(f"--set {name}=..." for name in names)
        return (
            "it may change something, and is not called on what this check did not create, "
            f"unless you say on what: give `{words}`"
        )

    def _further(self, values: list[Value]) -> list[Value]:
        """Return the values of an input that make a call of their own: what was given, else the examples."""
        first = values[0]
        same = [one for one in values[1:] if one.origin == first.origin and one.value != first.value]
        origins = {"set", "example"} if self._made is None else {"set"}
        return same if first.origin in origins and first.location != "body" else []

    def _together(self) -> Iterator[dict[_Key, Value]]:
        """Yield values that belong together: those of a link, then an item of a collection with its path."""
        given = {(one.location, one.name): one.value for one in self._given}
        known = {(one.location, one.name): one for one in self._parameters}
        seen = chain(
            self._harvest.linked(self._described.operation.name),
            self._harvest.of_path(self._described.operation, self.fits),
        )
        sets = seen if self._made is None else iter(self._made)
        for values in sets:
            found = {(one.location, one.name): one for one in values if (one.location, one.name) in known}
            if not found or not all(self.fits(known[key], one.value) for key, one in found.items()):
                continue
            if all(given.get(key, one.value) == one.value for key, one in found.items()):
                yield found

    def _offers(self, one: Parameter, together: Mapping[_Key, Value]) -> Iterator[Value]:
        """Yield values for an input that must be there, the surest first."""
        key = one.location, one.name
        yield from (value for value in self._given if (value.location, value.name) == key)
        if key in together:
            yield together[key]
        if self._made is not None and one.location == "path":
            return
        # What something is called that is there already is no value for what may change it.
        may_name = self._made is None
        may_guess = may_name or self._described.operation.method == "POST"
        if may_name:
            yield from self._harvest.named(one, self.fits)
        for value in self._examples(one) if may_guess else ():
            yield Value(one.location, one.name, value, "example")
        for value in documented_values_at(self._schema(one), (), self._described.api.catalog.resolve):
            if self.fits(one, value):
                yield Value(one.location, one.name, value, "default")
        # One of the words that the document lists is nobody's invention.
        is_listed = one.value.items is not None and bool(one.value.items.enum)
        if not (may_guess or is_listed):
            return
        try:
            made = parameter_example(
                one, self._raw.get(key), self._described.api.catalog.resolve, self._dialect
            )
        except (NoExampleError, LookupError):
            return
        yield Value(one.location, one.name, made, "default" if is_listed else INVENTED)

    def _optional(self) -> Iterator[tuple[_Key, Value]]:
        """Yield the examples of the inputs that may be left out: the first of each, then the second, ..."""
        waiting = [
            (one, list(self._examples(one)))
            for one in self._parameters
            if not one.is_required and one.location != "path" and not one.is_deprecated
        ]
        for number in range(self._most):
            for one, values in waiting:
                if number < len(values):
                    value = Value(one.location, one.name, values[number], "example")
                    yield (one.location, one.name), value

    def _examples(self, one: Parameter) -> Iterator[Any]:
        """Yield the examples that the document has for a parameter, and that its schema allows."""
        resolve = self._described.api.catalog.resolve
        described = self._raw.get((one.location, one.name), {})
        content = described.get("content")
        holders = [described, *(content.values() if isinstance(content, Mapping) else ())]
        found = [
            value
            for holder in holders
            if isinstance(holder, Mapping)
            for value in example_values_of(holder, resolve)
        ]
        schema = follow_reference(self._schema(one), resolve)
        if isinstance(schema, Mapping) and not found:
            several = schema.get("examples")
            found = [schema["example"]] if "example" in schema else []
            found.extend(several if isinstance(several, list) else ())
        yield from (value for value in found if self.fits(one, value))

    def _schema(self, one: Parameter) -> Any:
        described = self._raw.get((one.location, one.name))
        return schema_of_parameter(described) if described is not None else None

    def fits(self, one: Parameter, value: Any) -> bool:
        """Return whether a parameter takes a value, as far as its schema says so."""
        schema = self._schema(one)
        if schema is None:
            return True
        try:
            return SchemaMatcher(self._described.api.catalog.resolve, "request", self._dialect).matches(
                value, schema
            )
        except (NoExampleError, RecursionError):
            return True  # nobody can say whether it fits; the judge of the request may

    @property
    def _dialect(self) -> Any:
        return self._described.api.catalog.meta["dialect"]


def _sent(planned: Planned) -> list[tuple[str, str, Any]]:
    """Return what of a call is sent, wherever it is from."""
    return [(one.location, one.name, one.value) for one in planned.values]


def _distinct(calls: list[Planned]) -> list[Planned]:
    found: list[Planned] = []
    for one in calls:
        if _sent(one) not in [_sent(other) for other in found]:
            found.append(one)
    return found
