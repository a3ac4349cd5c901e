"""The calls of one operation, with values from the surest source that has some."""

from collections.abc import Iterator, Sequence
from itertools import chain, islice
from typing import Any, NamedTuple

from dynacli.check._response_values import ParameterSchemas, ResponseValues
from dynacli.check.check_records import INVENTED, InputValue, PlannedCall
from dynacli.client.described_operation import DescribedOperation
from dynacli.client.inputs.call_inputs import ParameterKey
from dynacli.openapi.model.field_names import plain_name
from dynacli.openapi.model.operation import Parameter
from dynacli.openapi.model.wording import enumerated
from dynacli.openapi.schema.example_value import NoExampleError

__all__ = ["CallPlanner", "OperationPlan"]

_MAX_SPARE = 20

_Values = dict[ParameterKey, InputValue]


class OperationPlan(NamedTuple):
    """The calls of an operation.

    Args:
        calls: The calls to make.
        spare_calls: Calls to make one by one, as long as the server knows nothing of what the others ask for.
        skip_reason: Why there are no calls; empty where there are some.
    """

    calls: Sequence[PlannedCall] = ()
    spare_calls: Sequence[PlannedCall] = ()
    skip_reason: str = ""


class CallPlanner:
    """Plans the calls of one operation.

    Args:
        responses: The values of earlier responses.
        preset: The values that the person set for the operation.
        max_calls: How many calls the operation may have.
        created: For an operation that may change something, values that name what this check created, a set for
            each resource; no other resource is guessed then. None for an operation that only reads.
        body_values: Values for fields of the body, unless the person set the field.
    """

    def __init__(
        self,
        described: DescribedOperation,
        responses: ResponseValues,
        preset: Sequence[InputValue],
        max_calls: int,
        created: Sequence[tuple[InputValue, ...]] | None = None,
        body_values: Sequence[InputValue] = (),
    ) -> None:
        self._operation, self._schemas = described.operation, ParameterSchemas(described)
        self._responses, self._preset, self._max_calls = responses, preset, max_calls
        set_fields = {plain_name(value.name) for value in preset if value.location == "body"}
        self._body_values = [value for value in body_values if plain_name(value.name) not in set_fields]
        self._created, self._is_reading = created or (), created is None

    def plan(self) -> OperationPlan:
        """Return the calls, the plainest first; or none, and why not."""
        sets = list(islice(self._fitting_sets(), _MAX_SPARE))
        candidates = {
            parameter.key: list(self._candidates(parameter, sets[0] if sets else {}))
            for parameter in self._operation.parameters
            if parameter.is_required or parameter.location == "path"
        }
        missing = [name for (_, name), values in candidates.items() if not values]
        if missing:
            return OperationPlan(skip_reason=self._skip_reason(missing))
        for value in (*self._body_values, *self._preset):
            candidates.setdefault(value.key, []).append(value)
        plainest = {key: values[0] for key, values in candidates.items()}
        # Each further example is a call that has the values of the plainest call otherwise.
        further = [value for values in candidates.values() for value in self._further_values(values)]
        spare = [
            {**plainest, value.key: value}
            for first, *others in candidates.values()
            for value in others
            if value.location == "path" and value.origin == "example" and first.origin in {"response", "link"}
        ]
        if self._is_reading:
            further.extend(value for value in self._optional_examples() if value.key not in plainest)
            spare.extend({**plainest, **values} for values in sets[1:])
        calls = self._distinct_calls([plainest, *({**plainest, value.key: value} for value in further)])
        calls = calls[: self._max_calls]
        sent = [_sent_values(call) for call in calls]
        spare_calls = [call for call in self._distinct_calls(spare) if _sent_values(call) not in sent]
        return OperationPlan(calls, spare_calls[: self._max_calls - len(calls)])

    def _distinct_calls(self, value_sets: Sequence[_Values]) -> list[PlannedCall]:
        """Return the calls with these values, leaving out those that send the same as an earlier one."""
        calls: list[PlannedCall] = []
        for values in value_sets:
            call = PlannedCall(self._operation.name, tuple(values.values()))
            if _sent_values(call) not in [_sent_values(other) for other in calls]:
                calls.append(call)
        return calls

    def _skip_reason(self, missing: list[str]) -> str:
        """Return why there is no call, and what to do."""
        if self._is_reading:
            listed = enumerated([f"`{name}`" for name in missing])
            return f"nothing is known for {listed}: give it with `--set`"
        words = " ".join(f"--set {name}=..." for name in missing)
        return (
            "it may change something, and is not called on what this check did not create, "
            f"unless you say on what: give `{words}`"
        )

    def _further_values(self, values: list[InputValue]) -> list[InputValue]:
        """Return the values of an input that make a call of their own: those that are set, else the examples."""
        first = values[0]
        origins = {"set", "example"} if self._is_reading else {"set"}
        if first.origin not in origins or first.location == "body":
            return []
        return [value for value in values[1:] if value.origin == first.origin and value.value != first.value]

    def _fitting_sets(self) -> Iterator[_Values]:
        """Yield values that belong together: those of a link, then an item of a collection with its path.

        For an operation that may change something they are the paths of created resources alone.
        """
        preset = {value.key: value.value for value in self._preset}
        parameters = {parameter.key: parameter for parameter in self._operation.parameters}
        fits = self._schemas.fits
        sets = chain(
            self._responses.from_links(self._operation.name), self._responses.for_path(self._operation, fits)
        )
        for values in sets if self._is_reading else self._created:
            found = {value.key: value for value in values if value.key in parameters}
            if not found or not all(fits(parameters[key], value.value) for key, value in found.items()):
                continue
            if all(preset.get(key, value.value) == value.value for key, value in found.items()):
                yield found

    def _candidates(self, parameter: Parameter, together: _Values) -> Iterator[InputValue]:
        """Yield values for an input that must be there, the surest first.

        Args:
            together: Values that belong together.
        """
        key = parameter.key
        yield from (value for value in self._preset if value.key == key)
        if key in together:
            yield together[key]
        if not self._is_reading and parameter.location == "path":
            return
        # A POST may be given what the document makes up, and never the name of a resource that is there already.
        may_guess = self._is_reading or self._operation.method == "POST"
        if self._is_reading:
            yield from self._responses.from_fields(parameter, self._schemas.fits)
        for value in self._schemas.examples(parameter) if may_guess else ():
            yield InputValue(*key, value, "example")
        for value in self._schemas.schema_values(parameter):
            yield InputValue(*key, value, "default")
        # An array of words that the document lists is made of the document's own words.
        is_listed = parameter.value.items is not None and bool(parameter.value.items.enum)
        if may_guess or is_listed:
            try:
                invented = self._schemas.invent(parameter)
            except (NoExampleError, LookupError):
                return
            yield InputValue(*key, invented, "default" if is_listed else INVENTED)

    def _optional_examples(self) -> Iterator[InputValue]:
        """Yield the examples of the inputs that may be left out: the first of each, then the second, ..."""
        examples: list[tuple[Parameter, list[Any]]] = [
            (parameter, list(self._schemas.examples(parameter)))
            for parameter in self._operation.parameters
            if not parameter.is_required and parameter.location != "path" and not parameter.is_deprecated
        ]
        for number in range(self._max_calls):
            for parameter, values in examples:
                if number < len(values):
                    yield InputValue(*parameter.key, values[number], "example")


def _sent_values(call: PlannedCall) -> list[tuple[str, str, Any]]:
    """Return the values that a call sends, without their origins."""
    return [(value.location, value.name, value.value) for value in call.values]
