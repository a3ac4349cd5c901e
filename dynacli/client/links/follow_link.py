"""Following a link: make the next call with values from a call and its response.

The values are given by runtime expressions (OpenAPI 3.2.0, "Runtime Expressions").
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.parse import unquote

from dynacli.client.call import Call, base_url_of
from dynacli.client.call_settings import CallSettings
from dynacli.client.described_operation import DescribedOperation
from dynacli.client.inputs.call_inputs import CallInputs
from dynacli.client.inputs.collect_values import collect_parameters
from dynacli.client.links.describe_links import describe_links
from dynacli.client.policy.policy_rules import only_reads
from dynacli.client.sign_request import is_accepted_origin
from dynacli.environment import invocation
from dynacli.errors import DynacliError, FormatError, RefusedError, UsageError
from dynacli.http.semantics import ReceivedBody, is_json
from dynacli.openapi.model.media_types import is_built
from dynacli.openapi.model.operation import Server, documented_status
from dynacli.openapi.model.runtime_expressions import Expression, parse_expression, split_template
from dynacli.openapi.model.wording import enumerated
from dynacli.openapi.schema.documented_values import walk_value
from dynacli.record import replace
from dynacli.request.assemble_body import json_text
from dynacli.urls import origin_of

if TYPE_CHECKING:
    from dynacli.client.inputs.call_inputs import CallValues
    from dynacli.http.built_request import Request
    from dynacli.http.exchange import WireResponse


class ReceivedCall(NamedTuple):
    """A call and its response, for evaluating expressions.

    Args:
        request: The request. Its URL is the value of `$url`.
        sent: Location and name of a parameter → its JSON value.
        sent_json: JSON value from which the body was built; None if there is none.
        response: The response.
        response_json: Returns the JSON value of the response; None if there is none.
    """

    request: Request
    sent: Mapping[tuple[str, str], Any]
    sent_json: Any
    response: WireResponse
    response_json: Callable[[], Any]


def json_of(body: ReceivedBody) -> Any:
    """Return the JSON value of a body; None if it is not JSON."""
    if not is_json(body.media_type):
        return None
    try:
        return body.value("plain", json.loads)
    except (ValueError, RecursionError):
        return None


def sent_json(values: CallValues) -> Any:
    """Return the JSON value from which the body of a call was built; None if there is none."""
    if values.form is not None:
        return values.form
    body = values.body
    return json_of(ReceivedBody(body, values.media_type)) if isinstance(body, bytes) else None


def received_call(call: Call, response: WireResponse, response_json: Callable[[], Any]) -> ReceivedCall:
    """Return a call and its response for evaluating expressions. `$url` has no credentials.

    Args:
        response_json: Returns the value of the response; None if there is none.
    """
    request = call.signed.request._replace(url=call.signed.shown.url)
    return ReceivedCall(request, call.values.parameters, sent_json(call.values), response, response_json)


def link_value(source: Any, call: ReceivedCall) -> Any:
    """Return the value that a link takes from a call; None if it is missing.

    Args:
        source: An expression, a string with embedded expressions, or a constant.
    """
    expression = parse_expression(source)
    if expression is not None:
        return next(expression_values(expression, call), None)
    if not isinstance(source, str):
        return source
    texts = []
    for piece in split_template(source):
        value = piece if isinstance(piece, str) else next(expression_values(piece, call), None)
        if value is None:
            return None
        texts.append(str(value))
    return "".join(texts)


def expression_values(expression: Expression, call: ReceivedCall) -> Iterator[Any]:
    """Yield the value of an expression, if it has one."""
    request, response = call.request, call.response
    sent = {(location, name.lower()): value for (location, name), value in call.sent.items()}
    match expression.message, expression.source:
        case "", "url":
            yield request.url
        case "", "method":
            yield request.method
        case "", "statusCode":
            yield response.status
        case "request", "body":
            yield from walk_value(call.sent_json, expression.steps)
        case "request", "path":
            if expression.name in request.parts.path:
                text = unquote(request.parts.path[expression.name])
                yield sent.get(("path", expression.name.lower()), text)
        case "request", location:
            if (location, expression.name.lower()) in sent:
                yield sent[location, expression.name.lower()]
        case "response", "body":
            yield from walk_value(call.response_json(), expression.steps)
        case "response", "header":
            if response.header(expression.name):
                yield response.header(expression.name)


class FollowedLink(NamedTuple):
    """A link in the responses of an operation.

    Args:
        name: Its name in the document.
        status: Status of the responses with the link: a code, a range or `default`, as in the document.
        target: The linked operation, with the link's own server if it has one; None if it does not exist.
        fills: Inputs that it provides, as in `describe_links`.
        note: A problem with the link; empty if there is none.
    """

    name: str
    status: str
    target: DescribedOperation | None
    fills: tuple[dict[str, Any], ...]
    note: str

    @property
    def names(self) -> tuple[str, str]:
        """Names for following the link: its own name, and the name after the status."""
        return self.name, f"{self.status}.{self.name}"


def links_of(described: DescribedOperation) -> list[FollowedLink]:
    """Return the links in all responses of an operation."""
    links = []
    for key, link in describe_links(described).items():
        status = link["status"]
        target = None
        if link["operation"] is not None:
            operation = described.api.catalog.operation(link["operation"])
            server = link.get("server")
            if isinstance(server, dict) and isinstance(server.get("url"), str):
                variables = server.get("variables")
                own = Server(server["url"], variables=variables if isinstance(variables, dict) else {})
                operation = replace(operation, servers=(own,))
            target = DescribedOperation(described.api, operation).sending("")
        name = key.removeprefix(f"{status}.")
        links.append(FollowedLink(name, status, target, tuple(link["fills"]), link.get("note", "")))
    return links


def check_links(
    described: DescribedOperation,
    names: Sequence[str],
    settings: CallSettings,
    *,
    is_read_only: bool = False,
    wants_example: bool = False,
) -> list[DescribedOperation]:
    """Check before sending that links can be followed one after another, as far as the document shows.

    Args:
        described: The operation whose response has the first link.
        is_read_only: True to refuse operations that may change data.
        wants_example: True to fill required inputs with examples if no link provides them.

    Returns:
        Possible operations of the last link.

    Raises:
        UsageError: A link does not exist, has no target, or does not provide a required input.
        RefusedError: A link refers to an operation that may change data, or to another server.
    """
    operations = [described]
    for name in names:
        candidates = [
            (operation, link)
            for operation in operations
            for link in links_of(operation)
            if name in link.names
        ]
        if not candidates:
            raise _no_link(operations, name)
        errors = [
            _error_of(described, link, settings, is_read_only=is_read_only, wants_example=wants_example)
            for described, link in candidates
        ]
        refused = [error for error in errors if isinstance(error, RefusedError)]
        wrong = [error for error in errors if error is not None]
        if refused or len(wrong) == len(errors):
            raise [*refused, *wrong][0]
        operations = [link.target for _, link in candidates if link.target is not None]
    return operations


def _no_link(operations: Sequence[DescribedOperation], name: str) -> UsageError:
    names = enumerated([f"`{operation.operation.name}`" for operation in operations], "or")
    links = [link for operation in operations for link in links_of(operation)]
    return UsageError(
        f"{names} has no link `{name}`",
        reason=f"It has {_listed_links(links)}" if links else "The document has no links for its responses",
        hint=f"`{invocation('describe', operations[0].api.name)} {operations[0].operation.name}` shows them"
        if links
        else "",
        links=[link.name for link in links],
    )


def _listed_links(links: Sequence[FollowedLink]) -> str:
    return enumerated(list(dict.fromkeys(f"`{link.name}` ({link.status})" for link in links)))


def _error_of(
    described: DescribedOperation,
    link: FollowedLink,
    settings: CallSettings,
    *,
    is_read_only: bool,
    wants_example: bool,
) -> DynacliError | None:
    """Return the error if a link cannot be followed; None if the document shows no problem."""
    target = link.target
    if target is None:
        return UsageError(f"The link `{link.name}` cannot be followed", reason=link.note)
    operation = target.operation
    if is_read_only and not only_reads(settings.policy, target.api.catalog, operation):
        return RefusedError(
            f"`{invocation('read')}` does not follow the link `{link.name}`",
            reason=f"`{operation.name}` may change data: its method is {operation.method}",
            hint="Follow the link without `read`",
        )
    try:
        settings.permit(target)
    except RefusedError as refusal:
        return refusal
    filled = {(fill["in"], fill["name"]): fill["from"] for fill in link.fills}
    given = CallInputs({key: value for key, value in filled.items() if key[0] != "body"})
    missing = collect_parameters(target, given, is_strict=settings.level != "off")[1]
    if operation.body is not None and operation.body.is_required and ("body", "") not in filled:
        missing.append("a body")
    if missing and not wants_example:
        return UsageError(
            f"The link `{link.name}` cannot be followed",
            reason=f"`{operation.name}` needs {enumerated(missing)}, which the link does not provide",
            hint=f"Make the two calls yourself: `{invocation('describe', target.api.name)} {described.operation.name}`"
            " shows the second one",
        )
    origin = origin_of(base_url_of(target, settings_for(link, settings)))
    if not is_accepted_origin(target.api, settings, origin) and origin != origin_of(
        base_url_of(described, settings)
    ):
        return RefusedError(
            f"The link `{link.name}` is not followed to `{origin}`",
            reason="The document would send values of the response to another server",
            hint=f"If you trust it: `--accept-origin {origin}`",
            origin=origin,
        )
    return None


def settings_for(link: FollowedLink, settings: CallSettings) -> CallSettings:
    """Return the settings of the next call, without variables that the link's server does not have."""
    servers = link.target.operation.servers if link.target is not None else ()
    if settings.server or not servers:
        return settings
    known = [pair for pair in settings.server_variables if f"{{{pair[0]}}}" in servers[0].url]
    return replace(settings, server_variables=tuple(known))


def link_of_response(described: DescribedOperation, name: str, status: int) -> FollowedLink | None:
    """Return the named link of a response; None if there is none.

    Args:
        status: Status of the response.
    """
    documented = documented_status(status, [response.status for response in described.operation.responses])
    for link in links_of(described):
        if name in link.names and link.status == documented:
            return link
    return None


def followed_inputs(
    link: FollowedLink, call: Call, response: WireResponse, *, wants_example: bool = False
) -> CallInputs:
    """Return the inputs of the next call of a link.

    Args:
        call: The previous call.
        response: Its response.
        wants_example: True to fill required inputs with examples if the link does not provide them.

    Raises:
        FormatError: The response lacks a value that the link needs.
    """
    responded = received_call(call, response, lambda: json_of(call.received(response)))
    parameters: dict[tuple[str, str], Any] = {}
    body: bytes | None = None
    for fill in link.fills:
        value = link_value(fill["from"], responded)
        # An empty value would end the path early, where the server could have another operation.
        is_empty = fill["in"] == "path" and value == ""
        if value is None or is_empty:
            target_name = "the body" if fill["in"] == "body" else f"`{fill['name']}`"
            raise FormatError(
                f"The link `{link.name}` cannot be followed",
                reason=f"The value of {target_name} comes from `{fill['from']}`, which is "
                + ("empty" if is_empty else "missing"),
                hint="The response is printed",
            )
        if fill["in"] == "body":
            body = _body_of_value(value, link)
        else:
            parameters[fill["in"], fill["name"]] = value
    return CallInputs(parameters, body=body, wants_example=wants_example)


def missing_link(described: DescribedOperation, name: str, status: int) -> FormatError:
    """Return the error for a response without a link that the document has for other statuses."""
    links = links_of(described)
    statuses = [link.status for link in links if name in link.names]
    documented = documented_status(status, [response.status for response in described.operation.responses])
    there = [link for link in links if link.status == documented]
    return FormatError(
        f"The response has no link `{name}`",
        reason=f"Its status is {status}, and the document has the link for {enumerated(statuses)}",
        hint=f"Responses with this status have {_listed_links(there)}"
        if there
        else "The response is printed",
    )


def _body_of_value(value: Any, link: FollowedLink) -> bytes:
    media_type = link.target.media_type if link.target is not None else None
    if isinstance(value, str) and (media_type is None or not is_built(media_type.name)):
        return value.encode("utf-8", "surrogatepass")
    return json_text(value).encode("utf-8", "surrogatepass")
