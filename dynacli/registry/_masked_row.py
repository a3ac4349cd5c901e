"""A row of the history without secrets, found by their names and in URLs.

It is the last mask before a call is stored, and the first when it is read again: an older version may have stored a
secret that is known to be one today.
"""

import json
import re
from collections.abc import Iterator
from itertools import pairwise
from typing import Any

from dynacli.openapi.model.operation import is_documented_name
from dynacli.secrets import (
    MASK,
    Masker,
    Secret,
    is_secret_header,
    mask_header,
    mask_text,
    mask_url,
    secret_values,
    with_masked_query,
)

_HEADER = re.compile(r"(?:-H|--header=)?([^:=\s]+):")


def masked_texts(
    words: str, api: str, operation: str, url: str, messages: str | None
) -> dict[str, str | None]:
    """Return the texts of a call without secrets, by the names that `RecordedCall` has for them."""
    row = _MaskedRow(json.loads(words), api, operation, url)
    return {
        "words": json.dumps(list(row.words())),
        "api": with_masked_query(api),
        "operation": row.text(operation),
        "url": row.text(url),
        "messages": messages and json.dumps(row.value(json.loads(messages))),
    }


class _MaskedRow:
    """Takes the secrets out of one call.

    A document describes the inputs of its operations. Nothing describes a path that it does not have, so more is
    taken for a secret there.
    """

    def __init__(self, words: list[str], api: str, operation: str, url: str) -> None:
        self._is_documented = is_documented_name(operation)
        self._api, self._words = api, words
        values = set[str]()
        if not self._is_documented:
            pairs = (f"?{_pairs_in(word)}" for word in words if "=" in word and not _is_location(word))
            locations = (url, *filter(_is_location, words), *pairs)
            values.update(text for location in locations for text in secret_values(location))
        self._masker = Masker(map(Secret, values))

    def words(self) -> Iterator[str]:
        """Yield the command line."""
        for before, word in pairwise(("", *self._words)):
            header = _HEADER.match(word)
            is_header = word.startswith(("-H", "--header=")) or before in {"-H", "--header"}
            if word == self._api:
                yield with_masked_query(word)
            elif is_header and header is not None and is_secret_header(header[1]) and MASK not in word:
                yield f"{header[0]} {MASK}"
            elif self._is_documented or _is_location(word) or "=" not in word:
                yield self.text(word)
            else:
                pairs = _pairs_in(word)
                start = word.removesuffix(pairs)
                yield self._masker.mask(start + mask_url(f"?{pairs}", is_documented=False)[1:])

    def text(self, text: str) -> str:
        """Return a text, which may be a URL or a path."""
        if self._is_documented or _is_location(text):
            text = mask_url(text, is_documented=self._is_documented)
        return self._masker.mask(text)

    def value(self, value: Any, name: str = "") -> Any:
        """Return the messages of the call, or a part of them, which has a name."""
        if isinstance(value, dict):
            return {name: self.value(member, name) for name, member in value.items()}
        if isinstance(value, list) and len(value) == 2 and all(isinstance(item, str) for item in value):
            return [value[0], mask_header(value[0], self.text(value[1]))]
        if isinstance(value, list):
            return [self.value(item) for item in value]
        if isinstance(value, str):
            return self.text(mask_text(value, ()) if name == "body" else value)
        return value


def _is_location(word: str) -> bool:
    return "://" in word or word.startswith("/") or " /" in word


def _pairs_in(word: str) -> str:
    """Return the pairs of a query or form in an argument: `sid=...`, `--query=sid=...`; empty if there are none."""
    pairs = word.partition("=")[2] if word.startswith("--") else word
    return pairs if "=" in pairs else ""
