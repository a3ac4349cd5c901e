"""A recorded request as the arguments that make the same request with dynacli."""

import json
from collections.abc import Iterable, Iterator, Mapping
from itertools import chain
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

from dynacli.client.described_operation import DescribedOperation, choose_media_type
from dynacli.client.inputs.build_body import encodings_of
from dynacli.client.operation_at import delimiter_of, path_options
from dynacli.environment import invocation_words
from dynacli.errors import UsageError
from dynacli.http.semantics import essence, is_form, is_json, is_multipart
from dynacli.openapi.model.operation import Field, MediaType, Parameter
from dynacli.openapi.model.query_names import UNDECLARED_BODY, parameter_named
from dynacli.openapi.model.wording import literal_word, option_pair
from dynacli.record import record
from dynacli.secrets import is_secret_name
from dynacli.text.json_budget import read_limited
from dynacli.traffic.recorded_request import MatchedOperation, RecordedPart, RecordedRequest

_OF_CLIENTS = frozenset(
    (
        *(
            "accept",
            "accept-encoding",
            "accept-language",
            "connection",
            "content-length",
            "content-type",
            "dnt",
        ),
        *(
            "host",
            "origin",
            "pragma",
            "priority",
            "referer",
            "te",
            "transfer-encoding",
            "upgrade-insecure-requests",
        ),
        *("user-agent", "cache-control", "keep-alive", "postman-token"),
    )
)
"""Headers that each client sets itself."""
_OF_BROWSERS = ("sec-", "proxy-", ":")
"""Prefixes of headers that browsers add, and of the pseudo-headers of HTTP/2 (RFC 9113, section 8.3)."""
_MOST_OPTIONS = 8
"""Maximum number of body fields that become options; a larger body is given whole."""
_JSON_TYPES: Mapping[str, type | tuple[type, ...]] = {
    "string": str,
    "boolean": bool,
    "integer": int,
    "number": (int, float),
}


@record
class RequestWords:
    """The arguments that make a request, and notes on the rest.

    Args:
        words: The arguments after the program's name.
        remarks: Notes on parts that were left out or changed.
        credentials: The names of headers, cookies and parameters with a credential, which were left out.
    """

    words: tuple[str, ...]
    remarks: tuple[str, ...]
    credentials: tuple[str, ...]


def words_of_request(found: MatchedOperation, request: RecordedRequest) -> RequestWords:
    """Return the arguments that make a request."""
    return _Words(found, request).words()


class _Words:
    """Collects the arguments that make a request."""

    def __init__(self, found: MatchedOperation, request: RecordedRequest) -> None:
        self._found, self._request, self._operation = found, request, found.operation
        self._remarks = list(request.remarks)
        self._credentials: dict[str, None] = {}
        options = found.server_options
        self._standard = [f"--server={found.base}"] if options is None else list(options)
        self._secrets = {(location, name.lower()) for location, name in found.operation.api_keys}

    def words(self) -> RequestWords:
        """Return the arguments."""
        found, request = self._found, self._request
        if urlsplit(request.url).password:
            self._credentials["the URL"] = None
        options = [*self._query(), *self._headers(), *self._body()]
        inputs = [*_in_path(found), *chain.from_iterable(_separated(option) for option in options)]
        if request.timeout:
            self._standard.append(f"--timeout={request.timeout}")
        if request.output and request.output != "-":
            self._standard.append(f"--output=@{request.output}")
        if found.server_options is None:
            self._remarks.append("The document does not have the server that the request goes to")
        # After the API, an operation's own option hides dynacli's of the same name, so that one comes before the API.
        own = {f"--{name}" for name in self._own_options()}
        ahead = [word for word in self._standard if word.partition("=")[0] in own]
        behind = [word for word in self._standard if word not in ahead]
        words = (
            *ahead,
            *invocation_words(api=found.api.name)[1:],
            self._operation.name,
            *inputs,
            *chain.from_iterable(_separated(word) for word in behind),
        )
        return RequestWords(words, tuple(dict.fromkeys(self._remarks)), tuple(self._credentials))

    def _own_options(self) -> Iterator[str]:
        for parameter in self._operation.parameters:
            yield parameter.option
        for media_type in self._operation.body.content if self._operation.body is not None else ():
            yield from (field.option for field in media_type.fields)

    def _is_credential(self, location: str, name: str) -> bool:
        """Return whether an input holds a credential, and if so note its name."""
        is_known = (location, name.lower()) in self._secrets or name.lower() in {
            "authorization",
            "proxy-authorization",
        }
        if is_known or (is_secret_name(name) and self._parameter(location, name) is None):
            self._credentials[name] = None
            return True
        return False

    def _parameter(self, location: str, name: str) -> Parameter | None:
        parameters = (parameter for parameter in self._operation.parameters if parameter.location == location)
        is_header = location == "header"
        return next(
            (
                parameter
                for parameter in parameters
                if parameter.name == name or (is_header and parameter.name.lower() == name.lower())
            ),
            None,
        )

    def _query(self) -> Iterator[str]:
        pairs = parse_qsl(urlsplit(self._request.url).query, keep_blank_values=True)
        for name, text in pairs:
            if self._is_credential("query", name):
                continue
            named = parameter_named(self._operation, name)
            named = named or parameter_named(self._operation, f"{name.removesuffix('[]')}[]")
            if named is None:
                self._standard.append(f"--query={name}={text}")
                continue
            parameter, inside = named
            if not inside:
                yield from _options_for_text(parameter, text)
                continue
            path, option = tuple(inside.split(".")), f"{parameter.option}.{inside}"
            yield f"--{next((field.option for field in parameter.fields if field.path == path), option)}={text}"

    def _headers(self) -> Iterator[str]:
        for name, text in self._request.headers:
            plain = name.lower()
            if plain == "cookie":
                yield from self._cookies(text)
                continue
            parameter = self._parameter("header", name)
            if self._is_credential("header", name):
                continue
            if parameter is not None:
                yield from _options_for_text(parameter, text)
            elif plain not in _OF_CLIENTS and not plain.startswith(_OF_BROWSERS):
                self._standard.append(f"--header={name}: {text}")

    def _cookies(self, text: str) -> Iterator[str]:
        for pair in text.split(";"):
            name, _, value = pair.strip().partition("=")
            parameter = self._parameter("cookie", name)
            if parameter is not None and not self._is_credential("cookie", name):
                yield f"--{parameter.option}={value}"
            elif name:
                self._credentials[f"the cookie {name}"] = None  # with any name: most cookies are sessions

    def _body(self) -> Iterator[str]:
        request = self._request
        if not (request.body or request.file or request.parts):
            return
        name = essence(request.header("content-type")) if not request.parts else "multipart/form-data"
        if self._operation.body is None:
            yield from self._undeclared_body(name)
            return
        try:
            media_type = choose_media_type(self._operation, name)
        except UsageError:
            media_type = choose_media_type(self._operation, "")
            self._remarks.append(f"The document does not have a body of `{name}`")
        if media_type is None:
            return
        usual = choose_media_type(self._operation, "")
        if usual is not None and usual.name != media_type.name:
            self._standard.append(f"--content-type={media_type.name}")
        if request.file:
            self._standard.append("--body=-" if request.file == "-" else f"--body=@{request.file}")
        elif is_multipart(media_type.name) and not request.parts:
            self._standard.append("--body={}")
        elif request.parts or is_form(media_type.name):
            pairs = parse_qsl(request.body, keep_blank_values=True) if not request.parts else ()
            yield from self._fields(media_type, request.parts or [RecordedPart(*pair) for pair in pairs])
        elif is_json(media_type.name):
            yield from self._json(media_type, request.body)
        else:
            self._standard.append(self._whole_body(request.body))

    def _undeclared_body(self, name: str) -> Iterator[str]:
        """Yield options for a body that the document does not declare; most of it goes into `--body`."""
        request, operation = self._request, self._operation
        described = DescribedOperation(self._found.api, operation).with_any_body()
        if described.media_type is None:
            self._remarks.append(f"A {operation.method} request has no body, and this one is left out")
            return
        self._remarks.append(UNDECLARED_BODY)
        if not (name or request.file or _is_json_text(request.body)):
            name = "text/plain"  # without a media type, `--body` is JSON
        if name and (request.file or not is_json(name) or name != described.media_type.name):
            self._standard.append(f"--content-type={name}")
        if request.file:
            self._standard.append("--body=-" if request.file == "-" else f"--body=@{request.file}")
        elif is_multipart(name):
            texts: dict[str, list[str]] = {}
            for part in self._without_secret_parts(request.parts):
                if not part.file:
                    texts.setdefault(part.name, []).append(part.text)
                elif part.name and "=" not in part.name:
                    yield f"--file={part.name}=@{part.file}"
                else:
                    self._remarks.append(f"No option can name the part `{part.name}`, which is left out")
            body = {name: values if len(values) > 1 else values[0] for name, values in texts.items()}
            self._standard.append(f"--body={_compact(body)}")
        elif is_form(name):
            pairs = (RecordedPart(*pair) for pair in parse_qsl(request.body, keep_blank_values=True))
            sent = [(part.name, part.text) for part in self._without_secret_parts(pairs)]
            self._standard.append(f"--body={urlencode(sent)}")
        elif not name or is_json(name):
            yield from self._json(described.media_type, request.body)
        else:
            self._standard.append(self._whole_body(request.body))

    def _without_secret_parts(self, parts: Iterable[RecordedPart]) -> Iterator[RecordedPart]:
        """Yield the fields of a form whose names do not suggest a secret, and note the names of the others."""
        for part in parts:
            if is_secret_name(part.name):
                self._credentials[f"the field {part.name}"] = None
            else:
                yield part

    def _json(self, media_type: MediaType, text: str) -> Iterator[str]:
        """Yield options for the plain fields of a JSON object; the rest, or a large body, is given whole."""
        try:
            body = self._without_secrets(read_limited(text))
        except RecursionError:
            self._remarks.append("The body is nested too deeply, and is left out")
            self._standard.append("--body=TEXT")
            return
        except ValueError:
            self._remarks.append("The media type of the body is JSON, but the body is not")
            self._standard.append(self._whole_body(text))
            return
        fields = {field.path[0]: field for field in media_type.fields if len(field.path) == 1}
        plain = {}
        if isinstance(body, dict):
            plain = {
                name: body[name] for name in body if name in fields and _is_plain(fields[name], body[name])
            }
        if len(plain) > _MOST_OPTIONS:
            plain = {}
        rest = {name: body[name] for name in body if name not in plain} if plain else body
        if rest or not plain:
            self._standard.append(f"--body={_compact(rest)}")
        for name, value in plain.items():
            yield f"--{fields[name].option}={value if isinstance(value, str) else json.dumps(value)}"

    def _whole_body(self, text: str) -> str:
        """Return the option for a body that is given as text, even if it looks like a file or standard input."""
        if text == "-":
            self._remarks.append("The body `-` would mean standard input: pipe it in with `--body -`")
            return "--body=TEXT"
        return f"--body={literal_word(text)}"

    def _without_secrets(self, value: Any) -> Any:
        """Return a JSON value without the members whose names suggest a secret, and note these names."""
        if isinstance(value, list):
            return [self._without_secrets(item) for item in value]
        if not isinstance(value, dict):
            return value
        secret = [name for name, member in value.items() if isinstance(member, str) and is_secret_name(name)]
        self._credentials.update(dict.fromkeys(f"the field {name}" for name in secret))
        return {name: self._without_secrets(member) for name, member in value.items() if name not in secret}

    def _fields(self, media_type: MediaType, parts: Iterable[RecordedPart]) -> Iterator[str]:
        encodings = encodings_of(
            DescribedOperation(self._found.api, self._operation, media_type), has_examples=False
        )
        known = {field.path[0]: field for field in reversed(media_type.fields) if len(field.path) in {1, 2}}
        for part in self._without_secret_parts(parts):
            name = part.name
            field = known.get(name) or known.get(name.removesuffix("[]"))
            if field is None:
                self._remarks.append(f"The document does not have the field `{name}`, which is left out")
            else:
                text = literal_word(part.text) if encodings.of(field.path[0]).takes_file else part.text
                yield f"--{field.option}={f'@{part.file}' if part.file else text}"


def _compact(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def _is_json_text(text: str) -> bool:
    try:
        read_limited(text)
    except RecursionError:
        return True
    except ValueError:
        return False
    return True


def _in_path(found: MatchedOperation) -> list[str]:
    """Return the arguments for the path: positional if all of them can be, else options."""
    order = [parameter.option for parameter in found.operation.parameters if parameter.location == "path"]
    options = path_options(found.operation, found.path_values)
    given = dict(option[2:].split("=", 1) for option in options)
    if (
        len(given) == len(options)
        and list(given) == order
        and not any(not value or value.startswith("-") for value in given.values())
    ):
        return [given[option] for option in order]
    return options


def _separated(option: str) -> list[str]:
    flag, _, value = option.partition("=")
    # An option that has these values may also have no value, so its value must be joined to it.
    return option_pair(flag, value, is_joined=value in {"true", "false", ""})


def _options_for_text(parameter: Parameter, text: str) -> Iterator[str]:
    """Yield the options for one text of a parameter, with an option for each item of a list."""
    delimiter = delimiter_of(parameter.style)
    is_list = parameter.value.type == "array" and not (parameter.explode and parameter.location == "query")
    for item in text.split(delimiter) if is_list and text else [text]:
        yield f"--{parameter.option}={item}"


def _is_plain(field: Field, value: Any) -> bool:
    """Return whether an option can give exactly this value."""
    kind = _JSON_TYPES.get(field.value.type)
    if (
        kind is None
        or not isinstance(value, kind)
        or (isinstance(value, bool) and field.value.type != "boolean")
    ):
        return False
    return not isinstance(value, str) or (not value.startswith("@") and "\0" not in value)
