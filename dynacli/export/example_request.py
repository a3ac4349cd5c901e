"""The example of an operation as a request of a collection: built as `--example` builds it, and judged."""

from collections.abc import Sequence
from contextlib import suppress
from typing import Any
from urllib.parse import parse_qsl

from dynacli.auth.credentials import is_supported, kind_of
from dynacli.auth.oauth.oauth_flow import flows_of
from dynacli.client.call import CallJudge
from dynacli.client.call_settings import CallSettings
from dynacli.client.described_operation import DescribedOperation
from dynacli.client.description.operation_description import OperationDescription
from dynacli.client.inputs.call_inputs import CallInputs, CallValues, collect_values, is_idempotency_key
from dynacli.errors import DynacliError
from dynacli.export.collection import (
    Authorization,
    Body,
    Entry,
    ExportedRequest,
    Part,
    file_stem,
    stable_id,
    variable_name,
)
from dynacli.http.built_request import Request
from dynacli.model.lenient_reading import text_or_empty
from dynacli.model.media_types import essence, is_form
from dynacli.model.operation import SecurityScheme
from dynacli.record import replace
from dynacli.request.build_request import build_request
from dynacli.request.multipart_body import PREVIEW_BOUNDARY, Multipart

__all__ = ["example_request"]

_LARGEST = 1 << 20
_ANYWHERE = "http://localhost"
_OF_CONNECTION = frozenset({"authorization", "cookie"})


def example_request(
    described: DescribedOperation, settings: CallSettings, server: str, base_url: str
) -> ExportedRequest:
    """Return the request of an operation's example; without one it says why there is none.

    Args:
        server: The variable that holds the URL of its server.
        base_url: The URL itself; empty where it is not known.
    """
    described = described.sending("")
    operation = described.operation
    raw = described.part["operation"]
    made = ExportedRequest(
        operation.name,
        operation.summary or operation.name,
        operation.method,
        operation.path.partition("#")[0].partition("?")[0],
        description=text_or_empty(raw.get("description")) or operation.summary,
        authorizations=_authorizations(described, base_url),
        server=server,
        is_deprecated=operation.is_deprecated,
        successes=tuple(each.status for each in operation.responses if each.status.startswith("2")),
        inputs=OperationDescription(described).inputs,
        answers={each.status: each.description for each in operation.responses},
    )
    try:
        values = _example_values(described)
        request = build_request(
            operation,
            base_url or _ANYWHERE,
            values.parameters,
            values.body,
            values.media_type,
            settings.headers,
        )
        judging = CallJudge(described, request, values, settings)
        judging.judge_request()
        judging.check()
        body = _body(values)
    except DynacliError as error:
        return replace(made, lacking=" ".join(error.message.split()))
    return replace(
        made,
        path_values=request.parts.path,
        query=_query(request, made.authorizations),
        headers=tuple(_headers(described, request, made.authorizations, settings)),
        body=body,
    )


def _example_values(described: DescribedOperation) -> CallValues:
    """Return the values of the example, which are the same each time.

    Raises:
        UsageError: None can be made.
    """
    keys = {
        (each.location, each.name): stable_id("idempotency-key", described.operation.name)
        for each in described.operation.parameters
        if is_idempotency_key(each) and each.value.type in {"string", "any"}
    }
    inputs = CallInputs(keys, wants_example=True, boundary=PREVIEW_BOUNDARY, has_examples=True)
    return collect_values(described, inputs, is_strict=True)


def _query(request: Request, authorizations: Sequence[Authorization]) -> tuple[Entry, ...]:
    keys = {each.scheme.parameter for each in authorizations if each.location == "query"}
    texts = [pair.encoded for pair in request.parts.query if pair.name not in keys]
    if request.parts.querystring:
        texts.extend(request.parts.querystring[1].split("&"))
    pairs = (text.partition("=") for text in texts if text)
    return tuple(Entry(name, value) for name, _, value in pairs)


def _headers(
    described: DescribedOperation,
    request: Request,
    authorizations: Sequence[Authorization],
    settings: CallSettings,
) -> list[Entry]:
    """Return the headers; a value that is a credential becomes a variable."""
    from dynacli.urls import is_secret_name

    keys = {each.scheme.parameter.lower() for each in authorizations if each.location == "header"}
    new = {each.name.lower() for each in described.operation.parameters if is_idempotency_key(each)}
    typed = {name.lower() for name, _ in settings.headers}
    headers = []
    for name, value in request.headers:
        lowered = name.lower()
        if lowered in keys:
            continue
        is_secret = lowered in typed and (lowered in _OF_CONNECTION or is_secret_name(name))
        if is_secret:
            headers.append(Entry(name, "", variable_name(name)))
        else:
            headers.append(Entry(name, value, is_new=lowered in new))
    return headers


def _body(values: CallValues) -> Body | None:
    """Return the body.

    Raises:
        FileError: A file of it cannot be read.
    """
    if values.body is None:
        return None
    content = values.body if isinstance(values.body, bytes) else values.body.whole(_LARGEST) or b""
    body = Body(values.media_type, content)
    if isinstance(values.body, Multipart) and essence(values.media_type) == "multipart/form-data":
        if not any(part.headers for part in values.body.parts):
            return replace(body, parts=tuple(map(_part, values.body.parts)))
    elif is_form(values.media_type):
        text = content.decode("ascii", "replace")
        with suppress(ValueError):
            pairs = tuple(parse_qsl(text, keep_blank_values=True, strict_parsing=bool(text)))
            return replace(body, form=pairs)
    return body


def _part(part: Any) -> Part:
    content = part.content if isinstance(part.content, bytes) else b"".join(part.content.chunks())
    try:
        text = content.decode()
    except UnicodeDecodeError:
        text = None
    # The programs read a file of this name: it is never a path of the document's, nor a name with a dot.
    file_name = part.file_name if part.file_name is None else file_stem(part.file_name)
    return Part(part.name or "", text, part.media_type, file_name)


def _authorizations(described: DescribedOperation, base_url: str) -> tuple[Authorization, ...]:
    """Return what the first alternative that can be written wants; nothing where none is wanted."""
    for alternative in described.operation.security:
        if alternative and all(map(is_supported, alternative)):
            made = [_authorization(described, scheme, base_url) for scheme in alternative]
            return tuple(each for each in made if each.kind != "mutualTLS")
    return ()


def _authorization(described: DescribedOperation, scheme: SecurityScheme, base_url: str) -> Authorization:
    kind = kind_of(scheme)
    if scheme.type in {"oauth2", "openIdConnect"}:
        kind = "oauth2"
        key = scheme.name.replace("~", "~0").replace("/", "~1")
        found = described.follow(described.api.catalog.component(f"/components/securitySchemes/{key}")[1])
        flows = flows_of(found, f"{base_url}/") if isinstance(found, dict) else ()
        if flows:
            flow = flows[0]
            return Authorization(
                scheme, kind, variable_name(scheme.name), flow.authorization_url, flow.token_url, flow.kind
            )
    return Authorization(scheme, kind, variable_name(scheme.name))
