"""A recorded exchange in the form of a call, with its secrets masked."""

import json
from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

from dynacli.auth.secret import MASK, Masker, Secret
from dynacli.check.check_records import Exchange, PlannedCall
from dynacli.client.answers.mask_body import is_secret_header, password_fields, secret_texts
from dynacli.client.operation_at import delimiter_of, styled_properties, styled_texts
from dynacli.client.sign_request import is_secret_parameter
from dynacli.errors import NetworkError, UsageError
from dynacli.http.built_request import Pair, Request, RequestParts
from dynacli.http.exchange import Answer
from dynacli.http.semantics import essence, is_form, is_json
from dynacli.openapi.model.operation import Operation, Parameter, ValueType
from dynacli.registry.opened_api import OpenedApi
from dynacli.request.convert_words import convert, convert_all
from dynacli.traffic.operation_finder import MatchedOperation
from dynacli.traffic.recorded_request import RecordedAnswer, RecordedExchange
from dynacli.urls import is_secret_name, with_masked_secrets
from dynacli.validation.finding import Verdict
from dynacli.validation.judged_messages import JudgedRequest, JudgedResponse
from dynacli.validation.read_body import UnreadBody

__all__ = ["exchange_of", "judged_answer", "judged_request_of", "keys_of", "masker_of", "secret_names"]


def secret_names(operation: Operation) -> frozenset[str]:
    """Return the names of headers (in lower case), parameters and fields that the document calls secret."""
    names = {name for _, name in operation.api_keys}
    names |= {each.name for each in operation.parameters if is_secret_parameter(each)}
    names |= password_fields(operation)
    return frozenset({*names, *(name.lower() for name in names)})


def keys_of(api: OpenedApi) -> frozenset[str]:
    """Return the names under which the API takes keys in any operation, for what belongs to none of them."""
    schemes = (scheme for sign_in in api.catalog.overview().sign_ins for scheme in sign_in.schemes)
    names = {scheme.parameter for scheme in schemes if scheme.type == "apiKey"}
    return frozenset({*names, *(name.lower() for name in names)})


def masker_of(recorded: RecordedExchange, path_values: Mapping[str, str], names: frozenset[str]) -> Masker:
    """Return what takes the secrets of an exchange out of whatever is shown.

    Args:
        path_values: Name of a path parameter → its percent-encoded text.
        names: Those of `secret_names`.
    """
    return Masker(Secret(text) for text in _secrets(recorded, path_values, names) if text)


def _secrets(
    recorded: RecordedExchange, path_values: Mapping[str, str], names: frozenset[str]
) -> Iterator[str]:
    request, answer = recorded.request, recorded.answer
    for name, value in (*request.headers, *(answer.headers if answer is not None else ())):
        if is_secret_header(name, names):
            yield from _parts_of_header(name.lower(), value)
    parts = urlsplit(request.url)
    yield parts.password or ""
    pairs = [*parse_qsl(parts.query), *((name, unquote(text)) for name, text in path_values.items())]
    yield from (value for name, value in pairs if name in names or (is_secret_name(name) and name != "key"))
    yield from (value for name, value in parse_qsl(parts.query) if name == "key")
    yield from _of_body(recorded.content, request.header("content-type"), names)
    if answer is not None:
        media_type = next((value for name, value in answer.headers if name.lower() == "content-type"), "")
        yield from _of_body(answer.body, media_type, names)


def _parts_of_header(name: str, value: str) -> Iterator[str]:
    yield value
    if name == "set-cookie":
        yield value.partition(";")[0].partition("=")[2].strip()
    elif name == "cookie":
        yield from (pair.partition("=")[2].strip() for pair in value.split(";"))
    else:
        yield value.partition(" ")[2]  # `Bearer TOKEN`


def _of_body(body: bytes | None, media_type: str, names: frozenset[str]) -> Iterator[str]:
    if not body:
        return
    if is_form(essence(media_type)):
        pairs = parse_qsl(body.decode("utf-8", "replace"))
        yield from (value for name, value in pairs if name in names or is_secret_name(name))
    elif is_json(media_type):
        try:
            yield from secret_texts(json.loads(body), names)
        except (ValueError, RecursionError):
            return  # it cannot be read, and so no part of it is shown


class _LostBody(UnreadBody):
    """A body that is not there."""

    def __init__(self, size: int | None, loss: str) -> None:
        super().__init__(size)
        self.reason = loss


def judged_request_of(recorded: RecordedExchange, match: MatchedOperation) -> JudgedRequest:
    """Return the request as it is judged."""
    request, parts = recorded.request, _parts(recorded, match)
    loss = recorded.content_loss
    body: Any = _LostBody(None, loss) if loss else recorded.content
    querystring = next((each for each in match.operation.parameters if each.location == "querystring"), None)
    query = urlsplit(request.url).query
    return JudgedRequest(
        path={name: unquote(text) for name, text in match.path_values.items()},
        query=[(pair.name, pair.value) for pair in parts.query],
        headers=parts.headers,
        cookies=[(pair.name, pair.value) for pair in parts.cookies],
        media_type=request.header("content-type"),
        body=body,
        values=dict(_values(match, parts)),
        querystring=(querystring.name, query) if querystring is not None and query else None,
    )


def judged_answer(answer: RecordedAnswer) -> JudgedResponse:
    """Return an answer as it is judged."""
    content_type = ", ".join(value for name, value in answer.headers if name.lower() == "content-type")
    body = _LostBody(answer.size, answer.loss) if answer.body is None else answer.body
    return JudgedResponse(answer.status, answer.headers, content_type, body)


def exchange_of(
    recorded: RecordedExchange, match: MatchedOperation, verdict: Verdict | None, *, is_judged: bool
) -> Exchange:
    """Return an exchange as reports take it, its secrets masked in what is shown.

    Args:
        verdict: On the request and the answer; None where nothing is judged.
        is_judged: Whether the document describes the answer.
    """
    request, names = recorded.request, secret_names(match.operation)
    masker = masker_of(recorded, match.path_values, names)
    whole = Request(request.method, request.url, request.headers, recorded.content, _parts(recorded, match))
    headers = tuple(
        (name, MASK if is_secret_header(name, names) else masker.mask(value))
        for name, value in request.headers
    )
    answer = recorded.answer
    return Exchange(
        PlannedCall(match.operation.name),
        whole,
        whole._replace(url=masker.mask(with_masked_secrets(request.url, names)), headers=headers),
        masker,
        None
        if answer is None
        else Answer(
            answer.status,
            answer.reason,
            answer.http_version,
            request.url,
            answer.headers,
            answer.body or b"",
            recorded.seconds,
            size=answer.size or 0,
        ),
        NetworkError("No answer was recorded", reason=masker.mask(recorded.error))
        if answer is None
        else None,
        verdict,
        recorded.seconds,
        started=recorded.started,
        cut_reason=answer.loss if answer is not None else "",
        is_judged=is_judged,
    )


def _parts(recorded: RecordedExchange, match: MatchedOperation) -> RequestParts:
    request = recorded.request
    query = [
        Pair(name, value, f"{name}={value}")
        for name, value in parse_qsl(urlsplit(request.url).query, keep_blank_values=True)
    ]
    headers: dict[str, str] = {}
    cookies: list[Pair] = []
    for name, value in request.headers:
        if name.lower() == "cookie":
            cookies.extend(_cookies(value))
        else:
            headers[name] = f"{headers[name]}, {value}" if name in headers else value
    return RequestParts(dict(match.path_values), tuple(query), headers, tuple(cookies))


def _cookies(text: str) -> Iterator[Pair]:
    for piece in text.split(";"):
        name, equals, value = piece.strip().partition("=")
        if equals:
            yield Pair(name, unquote(value), f"{name}={value}")


def _values(match: MatchedOperation, parts: RequestParts) -> Iterator[tuple[tuple[str, str], Any]]:
    """Yield the values that the texts of parameters stand for, where that is plain; the texts count before them."""
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
            yield (parameter.location, name), _value(parameter, texts)


def _path_value(parameter: Parameter, encoded: str) -> Any:
    properties = styled_properties(parameter, encoded) if parameter.value.type == "object" else None
    if properties is None:
        return _converted(parameter, styled_texts(parameter, encoded))
    types = {field.path[0]: field.value for field in parameter.fields if len(field.path) == 1}
    return {
        name: convert(text, types.get(name, ValueType()), parameter.option, is_strict=False)
        for name, text in properties.items()
    }


def _value(parameter: Parameter, texts: list[str]) -> Any:
    if parameter.value.type == "array" and not (parameter.explode and parameter.location == "query"):
        texts = [item for text in texts for item in text.split(delimiter_of(parameter.style))]
    return _converted(parameter, texts)


def _converted(parameter: Parameter, texts: list[str]) -> Any:
    try:
        return convert_all(texts, parameter.value, parameter.option, is_strict=False)
    except UsageError:
        return texts[-1]
