"""Plans and prepares the calls of one operation, with values from the most reliable source.

Earlier responses supply the ids of items in a collection, links, and fields with the same name. Preparing a planned
call builds its body, validates its request and finds its credentials.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import chain, islice, zip_longest
from typing import Any, NamedTuple

from dynacli.client.call import Call
from dynacli.client.call_settings import CallSettings
from dynacli.client.described_operation import DescribedOperation
from dynacli.client.engine.call_engine import Engine
from dynacli.client.inputs.call_inputs import CallInputs, CallValues, ParameterKey, QueryPair
from dynacli.client.inputs.collect_values import is_idempotency_key, new_idempotency_key
from dynacli.client.inputs.query_pairs import input_in_query, with_pairs
from dynacli.errors import AuthError, DynacliError, RefusedError, UsageError
from dynacli.features.check.check_records import INVENTED, Exchange, InputValue, PlannedCall
from dynacli.features.check.operation_validator import OperationValidator
from dynacli.openapi.model.field_names import GENERAL_NAMES, ID_ENDINGS, is_id_name, plain_name, singular
from dynacli.openapi.model.find_items import ENVELOPES, Fits, fitting_value, item_values, items_of, takes_id
from dynacli.openapi.model.operation import Operation, Parameter
from dynacli.openapi.model.path_templates import (
    collection_template,
    item_templates,
    listed_collections,
    nouns_of,
    parameter_names,
    path_template,
    picked_noun,
    resource_template,
)
from dynacli.openapi.model.wording import enumerated
from dynacli.openapi.schema.document_schemas import DocumentSchemas, NoExampleError
from dynacli.openapi.schema.documented_values import documented_values_at, example_values_of
from dynacli.openapi.schema.example_call import option_text, parameter_example
from dynacli.openapi.schema.option_fields import find_field
from dynacli.request.assemble_body import Assignment
from dynacli.request.convert_words import convert_all
from dynacli.secrets import Masker

_MAX_NODES = 5_000
_MAX_VALUES_OF_A_NAME = 5
_MAX_ITEMS = 20
_MAX_LISTS = 5
_NAMING_ENDINGS = ("code", "key", "name", "slug")
_MAX_SETS = 200
_MAX_PLACES = 1_000
_MAX_SPARE = 20
_METHODS_WITH_BODY = frozenset({"PATCH", "POST", "PUT", "QUERY"})


_Place = tuple[str, tuple[Any, ...]]
"""The beginning of a path up to a parameter, as a template, and the values of the parameters in it."""
_Values = dict[ParameterKey, InputValue]


class ParameterSchemas:
    """The Parameter Objects of an operation."""

    def __init__(self, described: DescribedOperation) -> None:
        self._described = described

    def fits(self, parameter: Parameter, value: Any) -> bool:
        """Return whether the schema of a parameter allows a value, or cannot decide it."""
        schema = self._described.parameter_schema(parameter)
        if schema is None:
            return True
        try:
            return DocumentSchemas(self._described.resolve, "request").fits(value, schema)
        except (NoExampleError, RecursionError):
            return True  # the validation of the request decides later

    def examples(self, parameter: Parameter) -> Iterator[Any]:
        """Yield the examples of a parameter in the document that its schema allows."""
        raw = self._described.raw_parameters.get(parameter.key, {})
        content = raw.get("content")
        holders = [raw, *(content.values() if isinstance(content, Mapping) else ())]
        values = [
            value
            for holder in holders
            if isinstance(holder, Mapping)
            for value in example_values_of(holder, self._described.resolve)
        ]
        schema = self._described.follow(self._described.parameter_schema(parameter))
        if isinstance(schema, Mapping) and not values:
            examples = schema.get("examples")
            values = [schema["example"]] if "example" in schema else []
            values.extend(examples if isinstance(examples, list) else ())
        yield from (value for value in values if self.fits(parameter, value))

    def schema_values(self, parameter: Parameter) -> Iterator[Any]:
        """Yield the values in the schema of a parameter: examples, `const`, `default` and `enum`."""
        for value in documented_values_at(
            self._described.parameter_schema(parameter), (), self._described.resolve
        ):
            if self.fits(parameter, value):
                yield value

    def invent(self, parameter: Parameter) -> Any:
        """Return a value that fits the schema of a parameter.

        Raises:
            NoExampleError: No fitting value was found.
            LookupError: A reference has no target.
        """
        raw = self._described.raw_parameters.get(parameter.key)
        return parameter_example(parameter, raw, self._described.resolve)


class _ItemList(NamedTuple):
    """The items that a response lists.

    Args:
        operation_name: The operation that responded.
        path_values: The values of the path parameters of that call, in order.
        items: The items.
        noun: Singular noun for an item, taken from the path.
    """

    operation_name: str
    path_values: tuple[Any, ...]
    items: list[Any]
    noun: str


class ResponseValues:
    """The values of the responses so far, in order of arrival."""

    def __init__(self) -> None:
        self._known_places: dict[_Place, str] = {}
        self._unknown_places: set[_Place] = set()
        self._lists: dict[str, list[_ItemList]] = {}
        self._nearby_lists: dict[str, list[_ItemList]] = {}
        self._fields: dict[str, list[tuple[Any, str]]] = {}
        self._links: dict[str, list[tuple[InputValue, ...]]] = {}

    def add_response(self, operation: Operation, exchange: Exchange) -> None:
        """Store the values of a successful response."""
        body = exchange.response_json()
        if body is None:
            return
        sent = exchange.planned.path_values
        names = parameter_names(operation.path)
        collection, nearby, segment = listed_collections(operation.path)
        items = items_of(body, plain_name(segment))
        if items and all(name in sent for name in names):
            found = _ItemList(operation.name, tuple(sent[name] for name in names), items, singular(segment))
            _keep(self._lists, collection, found)
            if nearby:
                _keep(self._nearby_lists, nearby, found._replace(noun=singular(nearby.rpartition("/")[2])))
        above = collection.rpartition("/")[0]
        for name, value in _plain_fields(body, nouns_of(f"{above}/{segment}")):
            values = self._fields.setdefault(name, [])
            if len(values) < _MAX_VALUES_OF_A_NAME and all(value != other for other, _ in values):
                values.append((value, operation.name))

    def add_created(
        self, create: str, item_path: str, path: tuple[Any, ...], body: Any
    ) -> Callable[[], None]:
        """Put a created resource first in its collection and among fields; return a function that undoes this.

        Args:
            create: The operation that created the resource.
            item_path: The path of such a resource: a template whose parameters have no names.
            path: The values of its path parameters.
            body: The body of the response to its creation.
        """
        collection = item_path.rpartition("/")[0]
        nouns = nouns_of(collection)
        fields = body if isinstance(body, Mapping) else {}
        fields = next((field for key, field in fields.items() if _is_envelope(key, field)), fields)
        plain = {plain_name(str(key)): value for key, value in fields.items() if isinstance(value, str | int)}
        named = {ending: plain[ending] for ending in ID_ENDINGS if ending in plain}
        if path[-1] not in named.values():
            named["id"] = path[-1]
        found = _ItemList(create, path[:-1], [named], nouns[0])
        lists = self._lists.setdefault(resource_template(collection), [])
        lists.insert(0, found)
        values = {noun + ending: value for noun in nouns for ending, value in named.items()}
        for name, value in values.items():
            self._fields.setdefault(name, []).insert(0, (value, create))

        def forget() -> None:
            lists.remove(found)
            for name, value in values.items():
                self._fields[name] = [item for item in self._fields[name] if item[0] != value]
            for place in [*self._known_places]:
                if place[0].startswith(item_path) and place[1][: len(path)] == path:
                    del self._known_places[place]

        return forget

    def add_status(self, operation: Operation, exchange: Exchange, *, is_unknown: bool) -> None:
        """Store whether the server knows the values in a path, by the status of a response.

        Args:
            is_unknown: Whether the status says that nothing exists at the path.
        """
        sent, names = exchange.planned.path_values, parameter_names(operation.path)
        values = [sent[name] for name in names if name in sent]
        if not names or len(self._known_places) > _MAX_PLACES or len(values) < len(names):
            return
        if any(isinstance(value, list | Mapping) for value in values):
            return  # one status about several resources at once shows nothing about each
        places = _places_in_path(operation.path, values)
        if exchange.is_success:
            for place in places:
                self._known_places.setdefault(place, operation.name)
        elif is_unknown and path_template(operation.path).removesuffix("/").endswith("}"):
            self._unknown_places.add(places[-1])

    def add_link(self, target: str, values: tuple[InputValue, ...]) -> None:
        """Store the values that a link of a response supplies for another operation."""
        known = self._links.setdefault(target, [])
        if len(known) < _MAX_LISTS and values not in known:
            known.append(values)

    def from_links(self, operation_name: str) -> list[tuple[InputValue, ...]]:
        """Return the values that links supply for an operation, a set for each response."""
        return self._links.get(operation_name, [])

    def for_path(self, operation: Operation, fits: Fits) -> list[tuple[InputValue, ...]]:
        """Return sets of path values that belong together: an item, and the path of its collection.

        The server may accept only the id of an item, or only its name. So values that were successful elsewhere come
        first, and values that the server does not know come last.
        """

        def order(values: tuple[InputValue, ...]) -> tuple[bool, int, bool]:
            places = _places_in_path(operation.path, [value.value for value in values])
            is_unknown = not self._unknown_places.isdisjoint(places)
            return is_unknown, -len(values), places[-1] not in self._known_places

        return sorted(islice(self._sets_for_path(operation, fits), _MAX_SETS), key=order)

    def _sets_for_path(self, operation: Operation, fits: Fits) -> Iterator[tuple[InputValue, ...]]:
        names = parameter_names(operation.path)
        parameters = {
            parameter.name: parameter for parameter in operation.parameters if parameter.location == "path"
        }
        for index in reversed(range(len(names))):
            if names[index] not in parameters:
                continue
            collection = collection_template(operation.path, index)
            lists = list(self._lists_of(collection, parameters[names[index]]))
            if not lists and not index:
                lists = list(self._lists_called(picked_noun(operation.path, index)))
            for found in lists:
                items = found.items[:_MAX_ITEMS]
                values = [
                    list(item_values(item, parameters[names[index]], found.noun, fits)) for item in items
                ]
                # First the best identifier of each item, then the second best of each, and so on.
                for column in zip_longest(*values):
                    for value in column:
                        if value is not None:
                            yield _path_values(names, (*found.path_values, value), found.operation_name)
            template = item_templates(operation.path)[index]
            for (known, path), source in self._known_places.items():
                if known == template and fits(parameters[names[index]], path[-1]):
                    yield _path_values(names, path, source)

    def _lists_of(self, collection: str, parameter: Parameter) -> Iterator[_ItemList]:
        """Yield the lists of a collection; for `/flows/name/{name}`, also the lists of `/flows`."""
        yield from self._lists_at(collection)
        above, _, segment = collection.rpartition("/")
        by, noun = plain_name(segment).removeprefix("by"), singular(above.rpartition("/")[2])
        if plain_name(parameter.name) in {by, noun + by}:
            yield from self._lists_at(above)

    def _lists_at(self, collection: str) -> Iterator[_ItemList]:
        yield from self._lists.get(resource_template(collection), ())
        yield from self._nearby_lists.get(resource_template(collection), ())

    def _lists_called(self, noun: str) -> Iterator[_ItemList]:
        """Yield the lists of items with this noun, at any path without parameters."""
        for lists in (self._lists, self._nearby_lists):
            yield from (
                found
                for list_ in lists.values()
                for found in list_
                if found.noun == noun and not found.path_values
            )

    def from_fields(self, parameter: Parameter, fits: Fits) -> Iterator[InputValue]:
        """Yield the values of fields with the name of a parameter, from all responses.

        A number counts only if the parameter is named like an id: any other number may be some amount.
        """
        name = plain_name(parameter.name)
        if name in GENERAL_NAMES:
            return
        yield from self._ids_of_items(parameter, fits)
        for value, source in self.fields_called(name):
            if not isinstance(value, str) and not is_id_name(parameter.name):
                continue
            fitting = fitting_value(value, parameter, fits)
            if fitting is not None:
                yield InputValue(parameter.location, parameter.name, fitting, "response", source)

    def _ids_of_items(self, parameter: Parameter, fits: Fits) -> Iterator[InputValue]:
        """Yield the ids of listed items for a parameter that has their noun and takes a number or a UUID.

        Any other string, such as `project`, may be a name instead of an id.
        """
        if not takes_id(parameter.value):
            return
        for found in self._lists_called(plain_name(parameter.name)):
            for item in found.items[:_MAX_ITEMS]:
                value = next(item_values(item, parameter, found.noun, fits), None)
                if value is not None:
                    yield InputValue(
                        parameter.location, parameter.name, value, "response", found.operation_name
                    )

    def fields_called(self, name: str) -> Iterator[tuple[Any, str]]:
        """Yield the values of fields, each with the operation whose response has it.

        Args:
            name: The plain name of the fields. For `tenantname`, strings of fields `tenant` follow.
        """
        yield from self._fields.get(name, ())
        for ending in _NAMING_ENDINGS:
            owner = name.removesuffix(ending)
            if owner and owner != name:
                yield from (found for found in self._fields.get(owner, ()) if isinstance(found[0], str))
        owner = name.removesuffix("identifier")
        for ending in ID_ENDINGS if owner != name else ():
            yield from self._fields.get(owner + ending, ())

    def known_ids(self, operations: Iterable[DescribedOperation]) -> dict[str, bool]:
        """Return each known id for the ends of the operations' paths → whether a response contained it.

        Otherwise, a call with that id succeeded, but the id may have been a guess.
        """
        ids: dict[str, bool] = {}
        for described in operations:
            names = parameter_names(described.operation.path)
            found = self.for_path(described.operation, ParameterSchemas(described).fits)
            for values in found:
                if len(values) == len(names):
                    place = _places_in_path(described.operation.path, [value.value for value in values])[-1]
                    name, is_named = str(values[-1].value), self._known_places.get(place) != values[-1].source
                    ids[name] = ids.get(name, False) or is_named
        return ids


def _is_envelope(key: Any, value: Any) -> bool:
    return plain_name(str(key)) in ENVELOPES and isinstance(value, Mapping)


def _keep(lists: dict[str, list[_ItemList]], collection: str, found: _ItemList) -> None:
    known = lists.setdefault(resource_template(collection), [])
    if len(known) < _MAX_LISTS:
        known.append(found)


def _places_in_path(path: str, values: Sequence[Any]) -> list[_Place]:
    """Return the beginnings of a path, up to each parameter that has a value."""
    templates = zip(item_templates(path), values, strict=False)
    return [(template, tuple(values[: number + 1])) for number, (template, _) in enumerate(templates)]


def _path_values(names: Iterable[str], values: Iterable[Any], source: str) -> tuple[InputValue, ...]:
    pairs = zip(names, values, strict=False)
    return tuple(InputValue("path", name, value, "response", source) for name, value in pairs)


def _plain_fields(body: Any, nouns: tuple[str, ...]) -> Iterator[tuple[str, Any]]:
    """Yield (plain name, value) of each string and number in a response; for `id` and similar names, also `runid`.

    Args:
        nouns: Nouns for an item of the response.
    """
    waiting: list[tuple[Any, tuple[str, ...]]] = [(body, nouns)]
    for _ in range(_MAX_NODES):
        if not waiting:
            return
        node, owners = waiting.pop(0)
        if isinstance(node, Mapping):
            for key, value in node.items():
                name = plain_name(str(key))
                if isinstance(value, Mapping | list):
                    waiting.append((value, owners if name in ENVELOPES else (singular(name),)))
                elif isinstance(value, str | int | float) and not isinstance(value, bool):
                    yield name, value
                    if name in ID_ENDINGS:
                        yield from ((owner + name, value) for owner in owners)
        elif isinstance(node, list):
            for value in node[:_MAX_ITEMS]:
                if isinstance(value, Mapping | list):
                    waiting.append((value, owners))
                elif isinstance(value, str):
                    yield from ((owner, value) for owner in owners)  # in `{"tags": ["x"]}`, `x` is a `tag`


class OperationPlan(NamedTuple):
    """The calls of an operation.

    Args:
        calls: The calls to make.
        spare_calls: Calls to make one by one, as long as all other calls get 404 or 410.
        skip_reason: Reason why there are no calls; empty if there are calls.
    """

    calls: Sequence[PlannedCall] = ()
    spare_calls: Sequence[PlannedCall] = ()
    skip_reason: str = ""


class CallPlanner:
    """Plans the calls of one operation.

    Args:
        responses: The values of earlier responses.
        preset: The values that you set for the operation.
        max_calls: Maximum number of calls of the operation.
        created: For an operation that may change something, a set of path values for each resource that this check
            created; the operation is called on no other resource. None for a read-only operation.
        body_values: Values for fields of the body, unless you set the field.
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
        """Return the calls, the simplest first, or the reason why there are none."""
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
        # Each further example makes another call, with the other values of the simplest call.
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
        """Return the calls with these values, without those that repeat an earlier one."""
        calls: list[PlannedCall] = []
        for values in value_sets:
            call = PlannedCall(self._operation.name, tuple(values.values()))
            if _sent_values(call) not in [_sent_values(other) for other in calls]:
                calls.append(call)
        return calls

    def _skip_reason(self, missing: list[str]) -> str:
        """Return the reason why there is no call, and what to do about it."""
        if self._is_reading:
            listed = enumerated([f"`{name}`" for name in missing])
            return f"no value is known for {listed}: give one with `--set`"
        words = " ".join(f"--set {name}=..." for name in missing)
        return (
            "it may change a resource that this check did not create; "
            f"to call it anyway, name the resource: `{words}`"
        )

    def _further_values(self, values: list[InputValue]) -> list[InputValue]:
        """Return the values of an input that need another call: further set values, or further examples."""
        first = values[0]
        origins = {"set", "example"} if self._is_reading else {"set"}
        if first.origin not in origins or first.location == "body":
            return []
        return [value for value in values[1:] if value.origin == first.origin and value.value != first.value]

    def _fitting_sets(self) -> Iterator[_Values]:
        """Yield sets of values that belong together: values of a link, then an item with the path of its collection.

        For an operation that may change something, yield only the paths of created resources.
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
        """Yield values for a required input, the most reliable first.

        Args:
            together: A set of values that belong together.
        """
        key = parameter.key
        yield from (value for value in self._preset if value.key == key)
        if key in together:
            yield together[key]
        if not self._is_reading and parameter.location == "path":
            return
        # A POST may get examples and invented values, but never the name of an existing resource.
        may_guess = self._is_reading or self._operation.method == "POST"
        if self._is_reading:
            yield from self._responses.from_fields(parameter, self._schemas.fits)
        for value in self._schemas.examples(parameter) if may_guess else ():
            yield InputValue(*key, value, "example")
        for value in self._schemas.schema_values(parameter):
            yield InputValue(*key, value, "default")
        # The items of an array with an `enum` come from the `enum`, so they are not invented.
        is_listed = parameter.value.items is not None and bool(parameter.value.items.enum)
        if may_guess or is_listed:
            try:
                invented = self._schemas.invent(parameter)
            except (NoExampleError, LookupError):
                return
            yield InputValue(*key, invented, "default" if is_listed else INVENTED)

    def _optional_examples(self) -> Iterator[InputValue]:
        """Yield the examples of optional inputs: the first one of each, then the second one of each, and so on."""
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


class NotCalledError(Exception):
    """A call that cannot be made.

    Args:
        kind: `values`, `request`, `auth` or `refused`, as in `CheckedOperation.skip_kind`.
        error: The error that a single call would raise.
    """

    def __init__(self, kind: str, error: DynacliError) -> None:
        super().__init__(error.message)
        self.kind, self.error = kind, error

    @property
    def reason(self) -> str:
        """The error on one line, with its hint."""
        texts = (self.error.message, self.error.reason, self.error.hint)
        return ". ".join(" ".join(text.split()) for text in texts if text)


class _NotAllowedError(UsageError):
    """The document does not allow the request that was planned."""


def prepare_call(
    engine: Engine,
    described: DescribedOperation,
    planned: PlannedCall,
    settings: CallSettings,
    content_type: str,
    validator: OperationValidator | None = None,
) -> Call:
    """Return a call whose request is built, validated and signed.

    Args:
        content_type: The requested media type of bodies; empty for the preferred one.
        validator: Validates the request; None if validation is off.

    Raises:
        NotCalledError: The call cannot be made.
    """
    masker = Masker()
    # The request is validated here. The target of a documented redirect shows nothing about the operation.
    settings = replace(settings, level="off", ends_with_redirects=True)
    try:
        values = call_values(described, planned, settings, content_type)
        call = engine.prepare(described, values, settings, is_signed=False)
        masker = call.signed.masker
        # Before signing, so that an invalid request is reported before a missing credential.
        _check_allowed(call, validator)
        call.sign()
    except DynacliError as error:
        kinds = {AuthError: "auth", RefusedError: "refused", _NotAllowedError: "request"}
        kind = next((name for type_, name in kinds.items() if isinstance(error, type_)), "values")
        raise NotCalledError(kind, masker.mask_error(error)) from error
    return call


def _check_allowed(call: Call, validator: OperationValidator | None) -> None:
    if validator is None:
        return
    from dynacli.client.call_validator import validated_request
    from dynacli.client.responses.validation_text import findings_text

    validation = validator.request(validated_request(call.request, call.values))
    if not validation.is_valid:
        reason = findings_text(call.described.api, validation.findings)
        raise _NotAllowedError("The document does not allow the request", reason=reason)


def call_values(
    described: DescribedOperation, planned: PlannedCall, settings: CallSettings, content_type: str = ""
) -> CallValues:
    """Return the values from which the request of a planned call is built.

    Args:
        settings: Settings with the query parameters that are added to all calls.
        content_type: The requested media type of the body; empty for the preferred one.

    Raises:
        UsageError: The body cannot be built.
    """
    parameters = {value.key: value.value for value in planned.values if value.location != "body"}
    operation = described.operation
    given = {value.key for value in planned.values if value.origin == "set"}
    for parameter in operation.parameters:
        if is_idempotency_key(parameter) and parameter.key not in given:
            # An example would be the same in each call, so the server would ignore all calls after the first.
            key = new_idempotency_key(parameter)
            if key is not None and not planned.probe:
                parameters[parameter.key] = key
    query: tuple[QueryPair, ...] = ()
    if settings.default_query:
        named = [input_in_query(described, name) for name, _ in settings.default_query]
        chosen = {item[0].key for item in named if item is not None} - given if not planned.probe else set()
        parameters = {key: value for key, value in parameters.items() if key not in chosen}
        inputs = with_pairs(described, CallInputs(parameters), settings)
        parameters, query = dict(inputs.parameters), inputs.query
    if operation.body is None:
        return CallValues(parameters, query=query)
    from dynacli.client.inputs.build_body import build_body

    described = _with_required_body(described).sending(content_type)
    assignments = []
    for value in planned.values:
        if value.location == "body":
            field = find_field(described.body_schema(), described.resolve, value.name)
            if field is not None:
                option = f"--{field.option}"
                converted = convert_all([option_text(value.value)], field.value, option)
                assignments.append(Assignment(field.path, converted, option))
    inputs = CallInputs(parameters, tuple(assignments), wants_example=True, content_type=content_type)
    try:
        body = build_body(described, inputs, is_strict=True)
    except UsageError:
        if operation.body.is_required or assignments:
            raise
        return CallValues(parameters, query=query)  # an optional body without an example is left out
    return CallValues(parameters, body.content, body.media_type, body.form, query)


def _with_required_body(described: DescribedOperation) -> DescribedOperation:
    """Return the operation with a required body, even if it is optional in the document.

    Many documents forget `required`, whose default is false (OpenAPI 3.1.1, "Request Body Object").
    """
    operation = described.operation
    if operation.body is None or operation.method not in _METHODS_WITH_BODY:
        return described
    return DescribedOperation(
        described.api, replace(operation, body=replace(operation.body, is_required=True))
    )
