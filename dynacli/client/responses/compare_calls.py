"""Comparing one read-only call on two servers, or now and earlier, with the help of the document.

Values that change with every response are left out: times, request ids, tokens, and URLs of each server.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from dynacli.client.call import Call, Page, base_url_of
from dynacli.client.described_operation import DescribedOperation
from dynacli.client.engine.call_engine import Engine, read_finite
from dynacli.client.inputs.call_inputs import CallInputs
from dynacli.client.responses.compare_responses import (
    TIME,
    ComparedResponse,
    ComparisonRules,
    Difference,
    ResponseComparison,
    Step,
    ValueSteps,
    compare_responses,
)
from dynacli.errors import NetworkError, UsageError
from dynacli.files import is_url
from dynacli.http.exchange import RENDER_LIMIT, WireResponse
from dynacli.http.semantics import ReceivedBody, essence
from dynacli.media.body_value import NoValueError, exact_value
from dynacli.media.text_values import BodySchema
from dynacli.openapi.document.json_trees import MISSING
from dynacli.openapi.model.field_names import plain_name, words_of_name
from dynacli.openapi.model.operation import documented_status
from dynacli.openapi.schema.read_schema import list_of, mapping_of, other_properties, possible_schemas
from dynacli.record import replace
from dynacli.secrets import Masker, is_secret_header, mask_fields
from dynacli.text.body_text import decoded
from dynacli.text.json_budget import is_deep
from dynacli.urls import origin_of, split_url

if TYPE_CHECKING:
    from dynacli.client.call_settings import CallSettings
    from dynacli.options.standard_options import Options

from typing import TYPE_CHECKING

from dynacli.client.call_settings import CallSettings
from dynacli.client.responses.compare_responses import (
    ignored_place,
)
from dynacli.options.standard_options import Options

_DEEPEST = 100
"""Maximum depth at which schemas are searched, and at which values are shown."""
_TIMES = re.compile(
    r"date|expires|lastmodified|age|retryafter|x?ratelimitreset|x?(?:runtime|responsetime|processtime)|servertiming"
)
"""Plain names of headers with times (RFC 9110, sections 6.6.1, 8.8.2 and 10.2.3; RFC 9111, section 5)."""
_ENTITY_TAG = "etag"
"""Plain name of a header whose value depends on the server (RFC 9110, section 8.8.3)."""
_TIME_WORDS = frozenset(
    (
        "at",
        "time",
        "timestamp",
        "date",
        "created",
        "updated",
        "modified",
        "started",
        "ended",
        "expires",
        "seen",
    )
)
"""Last words of field names whose large numbers are times: `createdAt`, `expires`."""
_FIRST_TIME = 1_000_000_000
"""Minimum number that is taken for a time in seconds or smaller units since 1970. It is in 2001."""
_REQUEST_ID = re.compile(r".*(?:requestid|correlationid|traceid)|traceparent|cfray")
"""Plain names of headers that identify a request (W3C Trace Context, section 3.2)."""


def is_changing_header(name: str, schema: Any = None) -> bool:
    """Return whether a header differs with every response or server: a time, a request id, a token or an entity tag.

    Args:
        schema: Its schema in the document.
    """
    plain = plain_name(name)
    is_time = isinstance(schema, Mapping) and schema.get("format") == "date-time"
    return (
        is_time
        or _TIMES.fullmatch(plain) is not None
        or _REQUEST_ID.fullmatch(plain) is not None
        or plain == _ENTITY_TAG
        or is_secret_header(name)
    )


def time_places(body: BodySchema) -> Callable[[ValueSteps], bool]:
    """Return a function that tells whether a location in a body has the format `date-time` in the document.

    Args:
        body: Schema of the body. Steps start at the body.
    """
    schemas_at = schemas_by_place(body)
    return lambda steps: any(schema.get("format") == "date-time" for schema in schemas_at(steps))


def schemas_by_place(body: BodySchema) -> Callable[[ValueSteps], list[Mapping[str, Any]]]:
    """Return a function that finds the possible schemas of a location in a body; none if it is too deep.

    Args:
        body: As in `time_places`.
    """
    known: dict[ValueSteps, list[Mapping[str, Any]]] = {}

    def schemas_at(steps: ValueSteps) -> list[Mapping[str, Any]]:
        if steps not in known:
            parts = [body.schema]
            if steps:
                parts = [part for schema in schemas_at(steps[:-1]) for part in _below(schema, steps[-1])]
            known[steps] = [found for part in parts for found in possible_schemas(part, body.resolve)]
        return known[steps]

    def found_at(steps: ValueSteps) -> list[Mapping[str, Any]]:
        # All items of a list share their schemas.
        steps = tuple(0 if isinstance(step, int) else step for step in steps)
        return schemas_at(steps) if len(steps) <= _DEEPEST else []

    return found_at


def _below(schema: Mapping[str, Any], step: Step) -> list[Any]:
    """Return the schemas inside a schema for a member, or for any item."""
    if isinstance(step, int):
        return [*list_of(schema, "prefixItems"), *([schema["items"]] if "items" in schema else [])]
    properties = mapping_of(schema, "properties")
    return [properties[step]] if step in properties else other_properties(schema)


class ReceivedResponse(NamedTuple):
    """A response to be compared.

    Args:
        label: Its name in messages, such as its URL, without secrets.
        response: The response; for several pages the first one.
        masker: Masks the secrets of the call.
        value: Merged body of several pages; `MISSING` for the body of the response.
        note: Note on the pages: why there is only one, or that items are missing; empty for none.
    """

    label: str
    response: WireResponse
    masker: Masker
    value: Any = MISSING
    note: str = ""


def compare_calls(
    described: DescribedOperation,
    left: ReceivedResponse,
    right: ReceivedResponse,
    rules: ComparisonRules,
    *,
    is_masked: bool = False,
) -> ResponseComparison:
    """Return the differences between the responses of two calls, without secrets.

    Args:
        is_masked: As in `compare_responses`.
    """
    responses = left.response, right.response
    declared = _declared_headers(described, {response.status for response in responses})
    is_same = left.value is right.value and left.response.body == right.response.body

    def value_of(side: ReceivedResponse) -> Any:
        return compared_body(described.received(side.response)) if side.value is MISSING else side.value

    compared = [
        ComparedResponse(
            side.response.status,
            _compared_headers(side.response, declared),
            MISSING if is_same else value_of(side),
        )
        for side in (left, right)
    ]
    times = [
        time_places(described.response_schema(response.status, response.headers)) for response in responses
    ]
    changing = {name for name, schema in declared.items() if is_changing_header(name, schema)}
    is_own_url = _own_urls(left.response.url, right.response.url)

    def is_changing(difference: Difference) -> bool:
        (part, *steps), values = difference.steps, (difference.left, difference.right)
        if part == "headers" and steps[0] in changing:
            return True
        if not (isinstance(difference.left, str) and isinstance(difference.right, str)):
            return _are_time_numbers(steps, values)
        return is_own_url(*values) or (
            part == "body"
            and (all(map(TIME.fullmatch, values)) or any(is_time(tuple(steps)) for is_time in times))
        )

    steps, field = described.listed_resource or ((), "")
    rules = replace(rules, identity=(("body", *steps), field))
    found = compare_responses(*compared, rules=rules, is_changing=is_changing, is_masked=is_masked)
    masker = left.masker.joined(right.masker)
    return found._replace(
        differences=[without_secrets(difference, masker) for difference in found.differences]
    )


def _own_urls(left_url: str, right_url: str) -> Callable[[str, str], bool]:
    """Return a function that tells whether two strings differ only by the URL of their servers.

    Args:
        left_url: URL of the left call.
        right_url: URL of the right call.
    """
    (left, left_path), (right, right_path) = (
        (origin_of(url), split_url(url).path.split("/")) for url in (left_url, right_url)
    )
    # The common end of both paths belongs to the operation. The rest is the base path of each server.
    while left_path and right_path and left_path[-1] == right_path[-1]:
        del left_path[-1], right_path[-1]
    bases = {
        ("/".join((left, *left_path[1:])), "/".join((right, *right_path[1:]))),
        (left, right),
        (left.rpartition("//")[2], right.rpartition("//")[2]),
    }

    def is_same(text: str, other: str) -> bool:
        return any(_with_base(text, base, other_base) == other for base, other_base in bases)

    return is_same


def _are_time_numbers(steps: Sequence[Step], values: tuple[Any, Any]) -> bool:
    """Return whether two numbers are times in seconds or smaller units, by the name of their field."""
    name = next((step for step in reversed(steps) if isinstance(step, str)), "")
    return not _TIME_WORDS.isdisjoint(words_of_name(name)[-1:]) and all(
        isinstance(value, int | float) and value >= _FIRST_TIME for value in values
    )


def _with_base(text: str, base: str, other: str) -> str:
    """Return a text with one base URL replaced by another, if it is a whole origin or a prefix of a path."""
    return (
        re.sub(rf"(?<![\w.@%-]){re.escape(base)}(?![\w.:~%-])", lambda _: other, text)
        if base in text
        else text
    )


def _declared_headers(described: DescribedOperation, statuses: set[int]) -> dict[str, Any]:
    """Return name → schema for the headers that the document declares for some statuses."""
    responses, declared = described.raw_responses, dict[str, Any]()
    for status in sorted(statuses):
        response = described.follow(responses.get(documented_status(status, responses)))
        headers = response.get("headers") if isinstance(response, Mapping) else None
        for name, reference in headers.items() if isinstance(headers, Mapping) else ():
            header = described.follow(reference)
            schema = header.get("schema") if isinstance(header, Mapping) else None
            declared.setdefault(str(name), described.follow(schema))
    return declared


def _compared_headers(response: WireResponse, declared: Mapping[str, Any]) -> dict[str, str]:
    """Return the headers that are compared: the declared ones, and the media type."""
    came = {name.lower() for name, _ in response.headers}
    found = {name: response.header(name) for name in declared if name.lower() in came}
    media_type = essence(response.header("content-type"))
    return {"Content-Type": media_type, **found} if media_type else found


def compared_body(body: ReceivedBody) -> Any:
    """Return the value of a body; a string for other text, the size and the digest for binary data."""
    content = body.content
    if not content:
        return MISSING
    try:
        return exact_value(body)
    except NoValueError:
        text = decoded(content, body.media_type)
    if text is not None:
        return text
    from hashlib import sha256

    return {"bytes": len(content), "sha256": sha256(content).hexdigest()}


def without_secrets(difference: Difference, masker: Masker) -> Difference:
    """Return a difference without the secrets of the calls and of fields with secret names.

    Args:
        masker: Masks the secrets of both calls.
    """
    name = str(difference.steps[-1])

    def masked(value: Any) -> Any:
        if is_deep(value, _DEEPEST - 1):
            return f"(nested more than {_DEEPEST} levels deep)"
        return masker.mask_value(mask_fields({name: value})[name])

    return difference._replace(
        left=masked(difference.left), right=masked(difference.right), item=masker.mask(difference.item)
    )


def options_of_other(options: Options, against: str) -> Options:
    """Return the options of the same call on another server.

    Args:
        against: Name of a profile, or URL of the server.
    """
    there = replace(options, server=against if is_url(against) else "", server_var=())
    return there if is_url(against) else replace(there, profile=against)


def check_other_server(described: DescribedOperation, settings: CallSettings) -> None:
    """Check before sending that the server of `--against` can be called.

    Args:
        settings: Settings of the calls to it.

    Raises:
        UsageError: Its URL is invalid.
    """
    try:
        base_url_of(described, settings)
    except UsageError as error:
        error.hint = error.hint.replace("`--server ", "`--against ")
        raise


def receive(engine: Engine, call: Call) -> ReceivedResponse:
    """Send a call, and return its response with its whole body, without validation.

    Raises:
        FormatError: The response is a stream of events, which may be endless.
        NetworkError: The body is too large, or the call failed.
        DynacliError: The call failed.
    """
    response = engine.send(call, read_finite)
    if engine.history is not None:
        engine.history.note_response(call, response)
    signed = call.signed
    return ReceivedResponse(
        signed.masker.mask(signed.shown.url), response, signed.response_masker(response.headers)
    )


class ComparedPages(NamedTuple):
    """The pages of a list that are compared as one response.

    Args:
        max_items: Number of items to compare; None for all.
        is_keyset_asked: True to request pages by ids, if the API has no other pagination.
    """

    max_items: int | None = None
    is_keyset_asked: bool = False

    @property
    def switches(self) -> tuple[str, ...]:
        """Options of the command line that fetch these pages."""
        return ("--all",) if self.max_items is None else ("--max-items", str(self.max_items))


class Side:
    """A server with its prepared call. Both sides are prepared before anything is sent.

    Attributes:
        engine: Makes the calls, with the settings of this server.

    Args:
        described: The operation, with the media type of its body.

    Raises:
        DynacliError: The call cannot be prepared.
    """

    def __init__(self, engine: Engine, described: DescribedOperation, inputs: CallInputs) -> None:
        self.engine, self._described, self._inputs = engine, described, inputs
        self._call = engine.prepare(described, inputs)

    def response(self, pages: ComparedPages | None = None) -> ReceivedResponse:
        """Make the call, and return the response.

        Args:
            pages: Pages to fetch and merge; None for a single response.

        Raises:
            UsageError: The response may have several lists.
            DynacliError: As in `receive`.
        """
        return receive(self.engine, self._call) if pages is None else self._list(pages)

    def _list(self, pages: ComparedPages) -> ReceivedResponse:
        from dynacli.client.pages.merged_pages import merged_value
        from dynacli.client.pages.page_loop import PageLoop

        # The request was validated when it was prepared, and responses are not validated.
        self.engine = self.engine.with_settings(replace(self.engine.settings, level="off"))
        loop = PageLoop(
            self.engine,
            self._described,
            self._inputs,
            reading="exact",
            max_items=pages.max_items,
            is_keyset_asked=pages.is_keyset_asked,
        )
        loop.check_list()
        fetched, size = list[Page](), 0
        for page in loop:
            size += page.response.size
            if size > RENDER_LIMIT:
                raise NetworkError(
                    f"The pages of `{self._described.operation.name}` are larger than {RENDER_LIMIT >> 20} MiB",
                    hint="Compare fewer items: `--max-items N`",
                )
            fetched.append(page)
        first, last = fetched[0], fetched[-1]
        signed = first.call.signed
        masker = signed.response_masker(first.response.headers)
        for page in fetched[1:]:
            masker = masker.joined(page.call.signed.response_masker(page.response.headers))
        label = signed.masker.mask(signed.shown.url)
        received = ReceivedResponse(label, first.response, masker, note=loop.note)
        if not last.response.is_success:
            return received._replace(response=last.response)
        if loop.items is None:
            return received
        items = [item for page in fetched for item in page.items or ()]
        return received._replace(value=merged_value(first.value, last.value, loop.items, items))


def comparison_rules(options: Options) -> ComparisonRules:
    """Return the rules of a comparison from the options."""
    return ComparisonRules(tuple(map(ignored_place, options.ignore)), options.all_values)
