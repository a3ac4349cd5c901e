"""A call without its secrets, for the history: command line, URL and messages.

Secrets are the credentials of the call and inputs that are secret by the document or by their names. Headers, server
variables and parts of the body can be secret, too.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

from dynacli.client.call import Call
from dynacli.client.secret_names import password_names
from dynacli.client.sign_request import is_secret_input
from dynacli.secrets import (
    MASK,
    Masker,
    Secret,
    body_secrets,
    is_secret_header,
    is_secret_path,
    mask_header,
    mask_text,
    mask_url,
    may_be_secret,
    secret_pieces,
    secret_texts,
    secret_values,
)
from dynacli.urls import origin_of, url_at

if TYPE_CHECKING:
    from dynacli.client.inputs.call_inputs import TypedWords
    from dynacli.http.exchange import WireResponse

_RANDOM = re.compile(r"(?=.*\d)(?=.*[^\W\d]).{12,}")
"""Characters of random text: it has letters and digits, and is too long for a number or a version."""
_LARGEST = 256 * 1024
"""Size of the largest body that is saved, in bytes."""


class MaskedCall:
    """Masks the secrets in everything that is saved of one call.

    Attributes:
        masker: Masks all secrets of the call in a string by their values.
        secrets: Secret inputs besides the credentials, as strings.
    """

    def __init__(self, call: Call, typed: TypedWords) -> None:
        self._masked: dict[str, str] = {}
        self._call = call
        self._operation = call.described.operation
        self._passwords = frozenset(password_names(call.described))
        self._names = set(self._passwords)
        self._is_in_path = False
        values = list(self._secret_texts(call))
        self._masked.update(dict.fromkeys(values, MASK))
        for header in typed.headers:
            self._mask_pair(header, ":", values)
        for pair in typed.assignments:
            self._mask_pair(pair, "=", values)
        for header in typed.part_headers:
            part, colon, rest = header.partition(":")
            name, _, value = rest.partition(":")
            if is_secret_header(name.strip()):
                values.append(value.strip())
                self._masked[header] = f"{part}{colon}{name}:{MASK}"
        for text in typed.texts:
            if text and text[0] not in "@-":
                self._masked[text] = mask_text(text, self._names)
        self.secrets = [value for value in values if value]
        self.masker: Masker = call.signed.masker.extended(map(Secret, values))

    def _secret_texts(self, call: Call) -> Iterator[str]:
        """Yield the secret values of all inputs, and note the names of the inputs."""
        for parameter in self._operation.parameters:
            value = call.values.parameters.get(parameter.key)
            if value is not None and is_secret_input(parameter):
                self._names.update((parameter.name, parameter.option))
                self._names.update(field.path[-1] for field in filter(is_secret_input, parameter.fields))
                self._is_in_path = self._is_in_path or parameter.location == "path"
                yield from secret_texts({parameter.name: value}, self._names)
        sent = call.signed.request.parts
        for pair in sent.query if sent.added else ():
            if pair.name in sent.added and may_be_secret(pair.name, pair.value):
                yield pair.value
        if not call.described.is_documented:
            yield from secret_values(call.signed.request.url)
        body = call.values.body
        if isinstance(body, bytes):
            yield from body_secrets(body, self._names, is_documented=call.described.is_documented)
        if call.values.form is not None:
            yield from secret_texts(call.values.form, self._names)

    def _mask_pair(self, pair: str, separator: str, values: list[str]) -> None:
        """Mask the value of `NAME:VALUE` or `PATH=JSON`, if it is or contains a secret."""
        name, separated, value = pair.partition(separator)
        if not separated:
            return
        if is_secret_path(name, self._names):
            values.extend(secret_pieces(value.strip()))
            self._masked[pair] = f"{name}{separated}{MASK}"
        elif separator == "=":
            self._masked[pair] = f"{name}{separated}{mask_text(value, self._names)}"

    def words(self, words: Sequence[str]) -> list[str]:
        """Return the arguments of the command line without secrets."""
        return [self.masker.mask(self._masked_argument(word)) for word in words]

    def _masked_argument(self, word: str) -> str:
        if word in self._masked:
            return self._masked[word]
        flag, equals, value = word.partition("=") if word.startswith("--") else ("", "", word)
        if equals and value in self._masked:
            return f"{flag}={self._masked[value]}"
        if word.startswith("-H") and word[2:] in self._masked:
            return f"-H{self._masked[word[2:]]}"
        if value[:1] in ("{", "["):
            return f"{flag}{equals}{mask_text(value, self._names)}"
        return mask_url(word, self._names)

    @property
    def url(self) -> str:
        """URL of the request without secrets."""
        url = self._call.signed.shown.url
        if self._is_in_path:  # a short secret cannot be distinguished from the rest of the path
            query = url.partition("?")[2]
            url = url_at(origin_of(url), self._operation.path) + (f"?{query}" if query else "")
        return self.masker.mask(mask_url(url, self._names))

    def messages(self, response: WireResponse | None) -> str:
        """Return the request and the response as JSON, without large bodies.

        Args:
            response: The response; None if there is none.
        """
        from dynacli.request import preview

        known, signed = self._passwords, self._call.signed
        body = signed.request.body
        is_kept = isinstance(body, bytes) and len(body) <= _LARGEST
        request = signed.shown._replace(body=body if is_kept else None)
        kept: dict[str, Any] = {"request": {**preview.as_json(request), "size": _size_of(body)}}
        kept["request"]["url"] = mask_url(request.url, known)
        _mask(kept["request"], self.masker, known, signed.secret_headers)
        if response is not None:
            content = response.body if len(response.body) == response.size <= _LARGEST else b""
            shown = preview.as_json(signed.shown._replace(body=content or None))
            kept["response"] = {
                "status": response.status,
                "reason": response.reason,
                "http_version": response.http_version,
                "headers": [[name, value] for name, value in response.headers],
                "body": shown["body"],
                "body_base64": shown["body_base64"],
            }
            _mask(kept["response"], signed.response_masker(response.headers), known, signed.secret_headers)
        return json.dumps(self.masker.mask_value(kept))


def _size_of(body: Any) -> int | None:
    if body is None:
        return 0
    return len(body) if isinstance(body, bytes) else body.length


def _mask(message: dict[str, Any], masker: Masker, names: frozenset[str], headers: frozenset[str]) -> None:
    """Mask the secrets in the headers and the body of a message."""
    message["headers"] = [
        [name, mask_header(name, masker.mask(value), headers)] for name, value in message["headers"]
    ]
    if message["body"]:
        message["body"] = masker.mask(mask_text(message["body"], names))
