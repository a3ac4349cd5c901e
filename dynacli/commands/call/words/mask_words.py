"""The words of a call without secrets, for the history: those of options, headers, bodies and URLs."""

import json
import re
from collections.abc import Container, Iterator, Sequence
from contextlib import suppress

from dynacli.auth.secret import MASK, Secret
from dynacli.client.answers.mask_body import is_secret_header, mask_text, password_fields, secret_texts
from dynacli.client.call import Call
from dynacli.client.sign_request import is_secret_parameter, is_secret_value
from dynacli.options.standard_options import Options
from dynacli.urls import with_masked_query, with_masked_secrets

__all__ = ["MaskedWords", "mask_word"]

_USERINFO = re.compile(r"(://)[^/?#@\s]*@")
_STEP = re.compile(r"[^.\[\]]+")


class MaskedWords:
    """Masks the words of one call.

    Attributes:
        masker: Takes all secrets of the call out of a text by their values.

    Args:
        options: The standard options that were given.
    """

    def __init__(self, options: Options, call: Call) -> None:
        self._masked: dict[str, str] = {}
        self._operation, self._api = call.described.operation, call.described.api.name
        self._names = password_fields(self._operation)
        self._is_in_path = False
        values = list(self._secret_texts(call))
        self._masked.update(dict.fromkeys(values, MASK))
        for header in options.header:
            self._mask_pair(header, ":", values)
        for pair in (*options.server_var, *options.set):
            self._mask_pair(pair, "=", values)
        for header in options.part_header:
            part, colon, rest = header.partition(":")
            name, _, value = rest.partition(":")
            if is_secret_header(name.strip()):
                values.append(value.strip())
                self._masked[header] = f"{part}{colon}{name}:{MASK}"
        if options.body and options.body[0] not in "@-":
            self._masked[options.body] = mask_text(options.body, self._names)
        self.masker = call.signed.masker.extended(map(Secret, values))

    def _secret_texts(self, call: Call) -> Iterator[str]:
        """Yield the texts of all inputs that are secrets, and note their names."""
        for parameter in self._operation.parameters:
            value = call.values.parameters.get(parameter.key)
            if value is not None and is_secret_parameter(parameter):
                self._names.add(parameter.name)
                self._names.update(
                    field.path[-1]
                    for field in parameter.fields
                    if is_secret_value(field.path[-1], field.value)
                )
                self._is_in_path = self._is_in_path or parameter.location == "path"
                yield from secret_texts({parameter.name: value}, self._names)
        body = call.values.body
        if isinstance(body, bytes):
            with suppress(ValueError, RecursionError):
                yield from secret_texts(json.loads(body), self._names)
        if call.values.form is not None:
            yield from secret_texts(call.values.form, self._names)

    def _mask_pair(self, pair: str, separator: str, values: list[str]) -> None:
        """Mask the value of `NAME:VALUE` or `PATH=JSON`, where it is a secret or holds one."""
        name, found, value = pair.partition(separator)
        last = (_STEP.findall(name) or [""])[-1].strip()
        if not found:
            return
        if last in self._names or is_secret_header(last):
            values.extend({value.strip(), value.strip().strip('"'), value.strip().partition(" ")[2]})
            self._masked[pair] = f"{name}{found}{MASK}"
        elif separator == "=":
            self._masked[pair] = f"{name}{found}{mask_text(value, self._names)}"

    def words(self, words: Sequence[str]) -> list[str]:
        """Return the words of the command line, with the secrets masked that no credential of the call is."""
        return [self._word(word) for word in words]

    def _word(self, word: str) -> str:
        if word in self._masked:
            return self._masked[word]
        if word == self._api:  # whatever stands in the query of a document's URL may be a secret
            return with_masked_query(word)
        flag, equals, value = word.partition("=")
        if equals and flag.startswith("--") and value in self._masked:
            return f"{flag}={self._masked[value]}"
        if word.startswith("-H") and word[2:] in self._masked:
            return f"-H{self._masked[word[2:]]}"
        return mask_word(word, self._names)

    def url(self, url: str) -> str:
        """Return the URL of the request without secrets."""
        if self._is_in_path:  # a short one cannot be told from the rest of the path
            head, _, query = url.partition("?")
            origin = "/".join(head.split("/")[:3])
            url = f"{origin}{self._operation.path}" + (f"?{query}" if query else "")
        return self.masker.mask(with_masked_secrets(url, self._names))


def mask_word(word: str, names: Container[str]) -> str:
    """Return a word with the secrets masked that it has if it is a URL.

    Args:
        names: The names of further parameters that are secrets.
    """
    return with_masked_secrets(_USERINFO.sub(rf"\1{MASK}@", word), names)
