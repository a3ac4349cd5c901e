"""Validates exchanges of other programs like calls, and shows them without secrets."""

import time
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qsl, unquote

from dynacli.auth.credentials import is_supported, kind_of
from dynacli.client.call_settings import CallSettings
from dynacli.client.described_operation import DescribedOperation
from dynacli.client.operation_at import delimiter_of, styled_properties, styled_texts
from dynacli.client.responses.validation_text import findings_json, findings_text, short_findings_text
from dynacli.client.secret_names import password_names
from dynacli.client.sign_request import is_secret_input
from dynacli.errors import UsageError
from dynacli.http.built_request import Pair, RequestParts
from dynacli.http.exchange import values_of
from dynacli.http.json_objects import begins_with_two_objects, may_be_objects
from dynacli.openapi.model.operation import Operation, Parameter, SecurityScheme, ValueType
from dynacli.openapi.model.query_names import is_declared
from dynacli.record import record, replace
from dynacli.registry.opened_api import OpenedApi
from dynacli.request.convert_words import convert, convert_all
from dynacli.secrets import (
    Masker,
    Secret,
    body_secrets,
    is_secret_header,
    is_secret_name,
    mask_url,
    secret_pieces,
)
from dynacli.text.terminal import Painter, visible
from dynacli.traffic.recorded_request import (
    MatchedOperation,
    RecordedExchange,
    RecordedResponse,
)
from dynacli.urls import split_url
from dynacli.validation.finding import ValidationResult, broken_off_validation
from dynacli.validation.read_body import UnreadBody
from dynacli.validation.validate_by_level import LevelValidator
from dynacli.validation.validated_messages import ValidatedRequest, ValidatedResponse


def secret_names_of(api: OpenedApi, operation: Operation) -> frozenset[str]:
    """Return the names of headers (in lower case), parameters and fields that the document calls secret."""
    names = {name for _, name in operation.api_keys}
    names |= {parameter.name for parameter in operation.parameters if is_secret_input(parameter)}
    names |= password_names(DescribedOperation(api, operation))
    return frozenset({*names, *(name.lower() for name in names)})


def _keys_of(api: OpenedApi) -> frozenset[str]:
    """Return the names of all API keys of the API, for requests without an operation."""
    schemes = (scheme for sign_in in api.catalog.overview().sign_ins for scheme in sign_in.schemes)
    names = {scheme.parameter for scheme in schemes if scheme.type == "apiKey"}
    return frozenset({*names, *(name.lower() for name in names)})


def masker_of(recorded: RecordedExchange, path_values: Mapping[str, str], names: frozenset[str]) -> Masker:
    """Return a masker for the secrets of an exchange.

    Args:
        recorded: The exchange.
        path_values: Name of a path parameter → its percent-encoded text.
        names: The names from `secret_names_of`.
    """
    request, response = recorded.request, recorded.response
    parts = split_url(request.url)
    found = [parts.password or ""]
    for name, value in (*request.headers, *(response.headers if response is not None else ())):
        if is_secret_header(name, names):
            found += secret_pieces(value, name)
    found += (value for name, value in parse_qsl(parts.query) if name in names or is_secret_name(name))
    for name, text in path_values.items():
        if name in names or is_secret_name(name, in_path=True):
            found.append(unquote(text))
    for body in (recorded.content, response.body if response is not None else None):
        found += body_secrets(body or b"", names)
    return Masker(map(Secret, filter(None, found)))


class _LostBody(UnreadBody):
    """A body that is missing in the recording."""

    def __init__(self, size: int | None, loss: str) -> None:
        super().__init__(size)
        self.reason = loss


def _validated_request_of(recorded: RecordedExchange, match: MatchedOperation) -> ValidatedRequest:
    """Return the request for the validator."""
    request, parts = recorded.request, request_parts(recorded, match)
    loss = recorded.content_loss
    body: Any = _LostBody(None, loss) if loss else recorded.content
    querystring = next(
        (parameter for parameter in match.operation.parameters if parameter.location == "querystring"), None
    )
    query = split_url(request.url).query
    return ValidatedRequest(
        path={name: unquote(text) for name, text in match.path_values.items()},
        query=[(pair.name, pair.value) for pair in parts.query],
        headers=parts.headers,
        cookies=[(pair.name, pair.value) for pair in parts.cookies],
        media_type=request.header("content-type"),
        body=body,
        values=dict(_values(match, parts)),
        querystring=(querystring.name, query) if querystring is not None and query else None,
    )


def _validated_response(response: RecordedResponse) -> ValidatedResponse:
    """Return the response for the validator."""
    content_type = ", ".join(value for name, value in response.headers if name.lower() == "content-type")
    body = _LostBody(response.size, response.loss) if response.body is None else response.body
    validated = ValidatedResponse(response.status, response.headers, content_type, body)
    is_stream = (
        not values_of(response.headers, "content-length")
        and may_be_objects(response.status, content_type)
        and begins_with_two_objects(iter((response.body or b"",)), [])
    )
    return validated.as_json_lines() if is_stream else validated


def request_parts(recorded: RecordedExchange, match: MatchedOperation) -> RequestParts:
    """Return the parameters of a recorded request, by their locations."""
    request = recorded.request
    query = [
        Pair(name, value, f"{name}={value}")
        for name, value in parse_qsl(split_url(request.url).query, keep_blank_values=True)
    ]
    headers: dict[str, str] = {}
    cookies: list[Pair] = []
    for name, value in request.headers:
        if name.lower() == "cookie":
            cookies.extend(_cookies(value))
        else:
            headers[name] = f"{headers[name]}, {value}" if name in headers else value
    added = frozenset(pair.name for pair in query if not is_declared(match.operation, pair.name))
    return RequestParts(dict(match.path_values), tuple(query), headers, tuple(cookies), added=added)


def _cookies(text: str) -> Iterator[Pair]:
    for piece in text.split(";"):
        name, equals, value = piece.strip().partition("=")
        if equals:
            yield Pair(name, unquote(value), f"{name}={value}")


def recorded_values(recorded: RecordedExchange, match: MatchedOperation) -> dict[tuple[str, str], Any]:
    """Return the values of the declared parameters of a recorded request: (location, name) → value."""
    return dict(_values(match, request_parts(recorded, match)))


def _values(match: MatchedOperation, parts: RequestParts) -> Iterator[tuple[tuple[str, str], Any]]:
    """Yield the values of parameters, if their texts are unambiguous. Their texts take precedence."""
    headers = {name.lower(): value for name, value in parts.headers.items()}
    for parameter in match.operation.parameters:
        name = parameter.name
        match parameter.location:
            case "path":
                if name in parts.path and not parameter.media_type:
                    yield ("path", name), _path_value(parameter, parts.path[name])
                continue
            case "query":
                texts = [pair.value for pair in parts.query if pair.name == name]
            case "header":
                texts = [headers[name.lower()]] if name.lower() in headers else []
            case "cookie":
                texts = [pair.value for pair in parts.cookies if pair.name == name]
            case _:
                texts = []
        if texts and not parameter.media_type and parameter.value.type != "object":
            yield (parameter.location, name), _recorded_value(parameter, texts)


def _path_value(parameter: Parameter, encoded: str) -> Any:
    properties = styled_properties(parameter, encoded) if parameter.value.type == "object" else None
    if properties is None:
        return _converted(parameter, styled_texts(parameter, encoded))
    types = {field.path[0]: field.value for field in parameter.fields if len(field.path) == 1}
    return {
        name: convert(text, types.get(name, ValueType()), parameter.option, is_strict=False)
        for name, text in properties.items()
    }


def _recorded_value(parameter: Parameter, texts: list[str]) -> Any:
    if parameter.value.type == "array" and not (parameter.explode and parameter.location == "query"):
        texts = [item for text in texts for item in text.split(delimiter_of(parameter.style))]
    return _converted(parameter, texts)


def _converted(parameter: Parameter, texts: list[str]) -> Any:
    try:
        return convert_all(texts, parameter.value, parameter.option, is_strict=False)
    except UsageError:
        return texts[-1]


def _sent_credentials(request: ValidatedRequest, operation: Operation) -> frozenset[str]:
    """Return the names of the operation's security schemes for which a request has any credential, even a wrong one."""
    schemes = {scheme.name: scheme for alternative in operation.security for scheme in alternative}
    return frozenset(name for name, scheme in schemes.items() if _has_credential(request, scheme))


def _has_credential(request: ValidatedRequest, scheme: SecurityScheme) -> bool:
    kind = kind_of(scheme)
    if kind == "mutualTLS" or not is_supported(scheme):
        return True  # a certificate is not a part of the request, and the credential of an unknown scheme is unknown
    headers = {name.lower(): value for name, value in request.headers.items()}
    if kind != "apiKey":
        # With two schemes, the request has two such headers, which are joined here.
        parts = (part.strip().partition(" ") for part in headers.get("authorization", "").split(","))
        return any(given.lower() == kind and credential.strip() for given, _, credential in parts)
    match scheme.location:
        case "header":
            return bool(headers.get(scheme.parameter.lower()))
        case "query":
            return any(name == scheme.parameter and value for name, value in request.query)
        case _:
            return any(name == scheme.parameter and value for name, value in request.cookies)


class ExchangeValidator:
    """Validates exchanges, one at a time.

    Args:
        settings: The level, and the findings that the configuration suppresses.
    """

    def __init__(self, api: OpenedApi, settings: CallSettings) -> None:
        self._api, self._settings = api, settings
        self._validators: dict[str, LevelValidator] = {}

    def exchange(
        self, recorded: RecordedExchange, match: MatchedOperation, *, is_whole: bool = False
    ) -> ValidationResult:
        """Return the validation result for the request, and for the response if there is one.

        Args:
            recorded: The exchange.
            match: The operation of the request.
            is_whole: As for `request`.
        """
        validation = self.request(recorded, match, is_whole=is_whole)
        if recorded.response is not None:
            validation.join(self.response(recorded.response, match))
        if recorded.is_broken_off:
            on_end = broken_off_validation(self._validator(match).responses_place)
            self._settings.set_apart(on_end, match.operation)
            validation.join(on_end)
        return validation

    def request(
        self, recorded: RecordedExchange, match: MatchedOperation, *, is_whole: bool = False
    ) -> ValidationResult:
        """Return the validation result for a request.

        Args:
            recorded: The exchange.
            match: The operation of the request.
            is_whole: Whether the request is complete, so that a missing credential is a finding. Recordings leave out
                credentials.
        """
        sent = _validated_request_of(recorded, match)
        if is_whole:
            credentials = _sent_credentials(sent, match.operation)
            # A request with its credentials may be accepted without openapi-core.
            if not any(
                credentials.issuperset(scheme.name for scheme in item) for item in match.operation.security
            ):
                sent = sent._replace(credentials=credentials)
        validation = self._validator(match).request(sent)
        self._settings.set_apart(validation, match.operation)
        return validation

    def response(self, response: RecordedResponse, match: MatchedOperation) -> ValidationResult:
        """Return the validation result for a response."""
        validation = self._validator(match).response(_validated_response(response))
        if response.body is not None and response.loss:
            validation.note_cut_body(response.loss, has_body=bool(response.body))
        self._settings.set_apart(validation, match.operation, response.status)
        return validation

    def _validator(self, match: MatchedOperation) -> LevelValidator:
        operation = match.operation
        if operation.name not in self._validators:
            is_exact = self._settings.level == "exact"
            # The quick check for valid messages is used at `strict`, too, with the same result: a recording may have a
            # million exchanges, and openapi-core takes milliseconds for each.
            self._validators[operation.name] = LevelValidator(
                self._api.catalog, operation, may_accept=not is_exact, is_exact=is_exact
            )
        return self._validators[operation.name]


@record
class ValidatedExchange:
    """An exchange of an operation.

    Args:
        validation: The result for request and response; None if validation is off.
        is_validated: Whether the document describes the response.
    """

    match: MatchedOperation
    validation: ValidationResult | None
    is_validated: bool


class ShownExchange:
    """An exchange as a server reports it. Subclasses override `outcome`, `members` and `not_validated`.

    Attributes:
        recorded: The exchange.
        validation: The result for request and response; empty if validation is off.
        has_validation: Whether a message was validated.
        masker: The masker for the secrets of the exchange.

    Args:
        match: The operation of the request; None if there is none.
        target: Path and query, as they were sent.
        sizes: Sizes of both bodies in bytes, as they were sent.
    """

    def __init__(
        self,
        api: OpenedApi,
        recorded: RecordedExchange,
        match: MatchedOperation | None,
        validation: ValidationResult | None,
        target: str,
        sizes: tuple[int, int],
    ) -> None:
        self._api, self.recorded, self._match, self._sizes = api, recorded, match, sizes
        self.validation, self.has_validation = validation or ValidationResult(), validation is not None
        names = _keys_of(api) if match is None else secret_names_of(api, match.operation)
        if not (self.validation.findings or self.validation.tolerated or self.validation.suppressed):
            # Bodies are searched for secrets only if a part of them is printed.
            response = recorded.response and replace(recorded.response, body=b"")
            recorded = replace(recorded, content=None, response=response)
        self.masker = masker_of(recorded, match.path_values if match is not None else {}, names)
        self._target = self.masker.mask(mask_url(target, names))

    def outcome(self, paint: Painter) -> str:
        """Return a short text for the outcome."""
        raise NotImplementedError

    def members(self) -> dict[str, Any]:
        """Return further members of the data, with their secrets."""
        raise NotImplementedError

    def not_validated(self) -> list[str]:
        """Return the reasons for parts that were not validated."""
        return list(dict.fromkeys([*self.validation.failures, *self.validation.not_validated]))

    def row(self) -> dict[str, Any]:
        """Return the exchange as JSON."""
        recorded, validation, mask = self.recorded, self.validation, self.masker.mask_value
        suppressed = [{**finding.as_json(), "reason": reason} for finding, reason in validation.suppressed]
        return {
            "at": datetime.fromtimestamp(recorded.started, UTC).isoformat(timespec="milliseconds"),
            "api": self._api.name,
            "operation": self._match.operation.name if self._match is not None else None,
            "method": recorded.request.method,
            "path": self._target,
            "status": recorded.response.status if recorded.response is not None else None,
            "seconds": round(recorded.seconds, 4),
            "request_bytes": self._sizes[0],
            "response_bytes": self._sizes[1],
            "valid": not validation.findings if self.has_validation else None,
            "findings": mask(findings_json(self._api, validation.findings)) if validation.findings else [],
            "tolerated": mask([finding.as_json() for finding in validation.tolerated]),
            "suppressed": mask(suppressed),
            "not_validated": mask(self.not_validated()),
            **mask(self.members()),
        }

    def lines(self, paint: Painter, *, is_verbose: bool) -> str:
        """Return the exchange as text: a line, with the findings below it.

        Args:
            paint: The painter.
            is_verbose: Whether to show all findings with their locations in the document.
        """
        recorded = self.recorded
        status = str(recorded.response.status) if recorded.response is not None else "---"
        name = self._match.operation.name if self._match is not None else "not in the document"
        pieces = [
            paint.dim(time.strftime("%H:%M:%S", time.localtime(recorded.started))),
            paint.bold(visible(recorded.request.method, keep="")),
            visible(self._target, keep=""),
            paint.red(status) if status[0] in "5-" else status,
            paint.cyan(visible(name, keep="")),
            f"{recorded.seconds * 1000:.0f} ms",
            self.outcome(paint),
        ]
        line = "  ".join(filter(None, pieces))
        findings = self.validation.findings
        if not findings:
            return line
        text = findings_text(self._api, findings) if is_verbose else short_findings_text(findings)
        reported = visible(self.masker.mask(text)).splitlines()
        return "\n".join([line, *(f"    {item}" for item in reported)])

    def shown(self, text: str) -> str:
        """Return a text on one `visible` line, without secrets."""
        return visible(self.masker.mask(text), keep="")
