"""Secrets: a type that never shows its value, and a masker that replaces secrets in whatever is printed."""

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, TypeVar

from dynacli.environment import program
from dynacli.errors import DynacliError
from dynacli.options.standard_options import setting_variables
from dynacli.urls import is_secret_name

MASK = "***"
_SHORTEST = 4
"""Characters; a shorter secret is not masked by value, because it would occur by chance in most texts."""

_QUOTED = r"`[^`]*`|'[^']*'|\"[^\"]*\"|\([^()]*\)"

E = TypeVar("E", bound=DynacliError)


class Secret:
    """A secret whose `str` and `repr` are masked."""

    __slots__ = ("_value",)

    def __init__(self, value: str) -> None:
        self._value = value

    def reveal(self) -> str:
        """Return the secret itself, for sending it."""
        return self._value

    def __str__(self) -> str:
        return MASK

    def __repr__(self) -> str:
        return f"Secret({MASK})"


class Masker:
    """Replaces secrets in texts, as they are and as JSON or a URL encodes them.

    Args:
        quoted: Words that sentences have, too: they are replaced only in quotes, however short they are.
    """

    def __init__(self, secrets: Iterable[Secret] = (), quoted: Iterable[str] = ()) -> None:
        forms: set[str] = set()
        for secret in secrets:
            value = secret.reveal()
            if len(value) >= _SHORTEST:
                from urllib.parse import quote, quote_plus  # most runs have nothing to mask

                forms.update((value, json.dumps(value)[1:-1], json.dumps(value, ensure_ascii=False)[1:-1]))
                forms.update((quote(value, safe=""), quote(value, safe="*"), quote(value), quote_plus(value)))
        # The longest first: a secret may be a part of another.
        self._forms = sorted(forms, key=len, reverse=True)
        self._quoted = sorted(quoted, key=len, reverse=True)

    def extended(self, secrets: Iterable[Secret]) -> "Masker":
        """Return a masker that replaces these secrets, too."""
        return self.joined(Masker(secrets))

    def joined(self, other: "Masker") -> "Masker":
        """Return a masker that replaces the secrets of another one, too."""
        masker = Masker()
        masker._forms = sorted({*self._forms, *other._forms}, key=len, reverse=True)  # noqa: SLF001  - its own class
        masker._quoted = sorted({*self._quoted, *other._quoted}, key=len, reverse=True)  # noqa: SLF001  - as above
        return masker

    def mask(self, text: str) -> str:
        """Return the text without secrets."""
        for form in self._forms:
            text = text.replace(form, MASK)
        if self._quoted:
            words = rf"(?<![\w-])(?:{'|'.join(map(re.escape, self._quoted))})(?![\w-])"
            text = re.sub(_QUOTED, lambda quote: re.sub(words, MASK, quote[0]), text)
        return self._mask_cut(text) if self._forms and "..." in text else text

    def finds(self, content: bytes) -> bool:
        """Return whether a content in UTF-8 holds a secret."""
        return any(form.encode("utf-8", "surrogatepass") in content for form in self._forms)

    def _mask_cut(self, text: str) -> str:
        """Return a text whose shortened values (`abc...`) show no beginning of a secret."""
        pieces = text.split("...")
        for number, piece in enumerate(pieces[:-1]):
            longest = max(self._cut_length(piece, form) for form in self._forms)
            if longest:
                pieces[number] = piece[:-longest] + MASK
        return "...".join(pieces)

    @staticmethod
    def _cut_length(text: str, form: str) -> int:
        """Return how many characters at the end of a text are the beginning of a secret; 0 for fewer than four."""
        at = text.find(form[:_SHORTEST], max(0, len(text) - len(form)))
        while at >= 0:
            if form.startswith(text[at:]):
                return len(text) - at
            at = text.find(form[:_SHORTEST], at + 1)
        return 0

    def mask_value(self, value: Any) -> Any:
        """Return a JSON value without secrets; the value itself if there are none to look for."""
        if not (self._forms or self._quoted):
            return value
        if isinstance(value, str):
            return self.mask(value)
        if isinstance(value, dict):
            return {self.mask_value(key): self.mask_value(item) for key, item in value.items()}
        if isinstance(value, list | tuple):
            return [self.mask_value(item) for item in value]
        return value

    def mask_error(self, error: E) -> E:
        """Mask the secrets in an error, whose texts may quote the server, and return the error."""
        texts = (error.message, error.reason, error.hint, error.try_)
        error.message, error.reason, error.hint, error.try_ = map(self.mask, texts)
        error.details = self.mask_value(error.details)
        error.args = (error.message,)
        return error


def secrets_in(
    variables: Mapping[str, str], headers: Iterable[str] = (), query: Iterable[str] = ()
) -> list[Secret]:
    """Return whatever may be a secret in variables, in headers like `Authorization: Bearer abc`, and in pairs."""
    own, no_secrets = f"{program().prefix}_", setting_variables()
    secrets = [
        Secret(value.strip())
        for name, value in variables.items()
        if name.startswith(own) and name not in no_secrets
    ]
    for header in headers:
        secrets.extend(map(Secret, secret_pieces(header.partition(":")[2].strip())))
    pairs = (pair.partition("=") for pair in query)
    secrets.extend(Secret(value) for name, _, value in pairs if is_secret_name(name))
    return secrets


def secret_pieces(value: str, name: str = "") -> Iterator[str]:
    """Yield a secret value and the parts of it that are secrets by themselves.

    These are the value without its quotes, the text after the scheme in `Bearer TOKEN` (RFC 9110, section 11.4), and
    the value of each cookie in `a=1; b=2`.

    Args:
        name: The header that has the value. The attributes of a cookie in `Set-Cookie` (RFC 6265, section 4.1.1), such
            as `Path`, are no secrets.
    """
    yield value
    yield value.strip('"')
    pairs = value.split(";")
    if name.lower() == "set-cookie":
        pairs = pairs[:1]
    else:
        yield value.partition(" ")[2]
    yield from (pair.partition("=")[2].strip() for pair in pairs)
