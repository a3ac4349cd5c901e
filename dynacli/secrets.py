"""Secrets: recognizing them by their names, and masking them in texts, URLs, headers and bodies.

The argument `names` of the functions has further names of secrets, from the document.
"""

from __future__ import annotations

import json
import re
from collections.abc import Container, Iterable, Iterator, Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar
from urllib.parse import unquote

from dynacli.files import is_url

if TYPE_CHECKING:
    from dynacli.errors import DynacliError

MASK = "***"
SECRET_HEADERS = frozenset(("authorization", "cookie", "proxy-authorization", "set-cookie"))
_SECRET_WORDS = frozenset(
    (
        *("accesstoken", "apikey", "auth", "authorization", "authtoken", "credential", "credentials", "jwt"),
        *("key", "passphrase", "passwd", "password", "pwd", "secret", "sig", "signature", "token"),
    )
)
"""Words in the name of a parameter or header whose value is a secret."""
_KINDS_OF_KEYS = frozenset(
    (
        *("access", "account", "api", "app", "auth", "client", "consumer", "encryption", "license", "master"),
        *("private", "secret", "service", "session", "shared", "signing", "subscription", "user"),
    )
)
"""Words that make a name with `key` the name of a secret; an `issue_key` is not secret."""
_OF_PAGES = frozenset(("continuation", "cursor", "next", "page", "previous", "sync"))
"""Words that make a name with `token` the name of a pagination token, which is not secret."""
_ABOUT_SECRETS = frozenset(
    (
        *("count", "expiry", "expires", "id", "ids", "kind", "length", "limit", "method", "name", "policy"),
        *("provider", "scope", "size", "status", "type", "uri", "url", "version"),
    )
)
"""Ends of names whose value describes a secret and is not secret itself: `token_type`."""
_NAME_WORD = re.compile(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])")
_MAY_BE_SECRET = frozenset(
    (
        *("accesskey", "assertion", "bearer", "code", "connectsid", "cred", "creds", "hmac", "mac", "magic"),
        *("otp", "pass", "passcode", "pat", "pin", "psw", "pw", "samlrequest", "samlresponse", "sid", "sign"),
        *("ticket", "tok", "totp", "verifier"),
    )
)
"""Further names whose values may be secrets if no document describes them."""
_MAY_BE_WORDS = frozenset(("access", "digest", "hash", "invitation", "invite", "link", "nonce", "state"))
"""Names whose values may be secrets, unless the value is an ordinary word: `state=open`."""
_CODES = tuple(
    f"{kind}code"
    for kind in (
        *("access", "activation", "auth", "authorization", "backup", "confirm", "confirmation", "coupon"),
        *("device", "invitation", "invite", "login", "mfa", "otp", "pin", "recovery", "reset", "secret"),
        *("security", "sms", "user", "verification", "verify", "voucher"),
    )
)
"""Ends of names whose values may be secrets: `login_code`, but not `country_code`."""
_SHORTEST_NAME = 3
"""Minimum length of a name that means something. For a shorter name, the value decides."""
_PLAIN = re.compile(r"(?=.{1,30}\Z)[a-z]+(?:[A-Z_,-][a-z]+)*")
"""Ordinary words, which are not secrets: `open`, `in_progress`, `versionId`."""
_RANDOM = re.compile(r"(?=.*\d)(?=.*[^\W\d]).{12,}")
"""Text of letters and digits that is too long for a number or a version."""
MAY_HOLD_SECRET = re.compile(
    "[%#@;]|auth|code|cookie|cred|jwt|key|pass|pwd|secret|sess|sid|sig|state|tick|token"
)
"""A quick test, for lower-case text: a documented URL or an argument without a match names no secret."""
_PAIR = re.compile(r"([/?&#;])([^=/?&#;]*)(=?)")
"""The beginning of a pair: in the query, in the fragment, or in a segment of the path (RFC 3986, section 3.3)."""
_AFTER_NAME = re.compile(r"/([^/?#]+)(?=/([^/?#;=]+))")
"""A segment of a path, and the next segment."""
_PAIRS_IN_SETTINGS = frozenset(("headers", "query", "server_vars"))
_USERINFO = r"(://)[^/?#@\s]*@"
_STEP = r"[^.\[\]]+"
_IN_TEXT = r"[A-Za-z_-]+"
_SHORTEST = 4
"""Minimum length of a secret that is masked by value. Shorter ones occur by chance in most texts."""
_QUOTED = r"`[^`]*`|'[^']*'|\"[^\"]*\"|\([^()]*\)"
E = TypeVar("E", bound="DynacliError")


class Secret:
    """A secret whose `str` and `repr` are masked."""

    __slots__ = ("_value",)

    def __init__(self, value: str) -> None:
        self._value = value

    def reveal(self) -> str:
        """Return the secret in plain text, to send it."""
        return self._value

    def __str__(self) -> str:
        return MASK

    def __repr__(self) -> str:
        return f"Secret({MASK})"


class Masker:
    """Replaces secrets in texts: plain, and as JSON or a URL encodes them.

    Args:
        secrets: The secrets to replace.
        quoted: Further secrets, of any length, that may be ordinary words. They are replaced only in quotes.
    """

    def __init__(self, secrets: Iterable[Secret] = (), quoted: Iterable[str] = ()) -> None:
        forms: set[str] = set()
        for secret in secrets:
            value = secret.reveal()
            if len(value) >= _SHORTEST:
                from urllib.parse import quote, quote_plus  # most runs have no secret to mask

                forms.update((value, json.dumps(value)[1:-1], json.dumps(value, ensure_ascii=False)[1:-1]))
                forms.update((quote(value, safe=""), quote(value, safe="*"), quote(value), quote_plus(value)))
        # Longest first, because a secret may be a part of another one.
        self._forms = sorted(forms, key=len, reverse=True)
        self._quoted = sorted(quoted, key=len, reverse=True)

    def extended(self, secrets: Iterable[Secret]) -> Masker:
        """Return a masker that also replaces these secrets."""
        return self.joined(Masker(secrets))

    def joined(self, other: Masker) -> Masker:
        """Return a masker that also replaces the secrets of another masker."""
        masker = Masker()
        masker._forms = sorted({*self._forms, *other._forms}, key=len, reverse=True)
        masker._quoted = sorted({*self._quoted, *other._quoted}, key=len, reverse=True)
        return masker

    @property
    def forms(self) -> tuple[str, ...]:
        """The texts that are replaced anywhere, longest first."""
        return tuple(self._forms)

    def mask(self, text: str) -> str:
        """Return the text without secrets."""
        for form in self._forms:
            text = text.replace(form, MASK)
        if self._quoted:
            words = rf"(?<![\w-])(?:{'|'.join(map(re.escape, self._quoted))})(?![\w-])"
            text = re.sub(_QUOTED, lambda quote: re.sub(words, MASK, quote[0]), text)
        return self._mask_cut(text) if self._forms and "..." in text else text

    def mask_bytes(self, content: bytes) -> bytes:
        """Return bytes without secrets; all other bytes stay, even if they are not text."""
        return self.mask(content.decode("utf-8", "surrogateescape")).encode("utf-8", "surrogateescape")

    def mask_headers(self, headers: Iterable[tuple[str, str]]) -> tuple[tuple[str, str], ...]:
        """Return headers without secrets in their values."""
        return tuple((name, self.mask(value)) for name, value in headers)

    def finds(self, content: bytes) -> bool:
        """Return whether UTF-8 bytes contain a secret."""
        return any(form.encode("utf-8", "surrogatepass") in content for form in self._forms)

    def _mask_cut(self, text: str) -> str:
        """Return a text with the beginnings of secrets masked in shortened values (`abc...`)."""
        pieces = text.split("...")
        for number, piece in enumerate(pieces[:-1]):
            longest = max(self._cut_length(piece, form) for form in self._forms)
            if longest:
                pieces[number] = piece[:-longest] + MASK
        return "...".join(pieces)

    @staticmethod
    def _cut_length(text: str, form: str) -> int:
        """Return the number of characters at the end of a text that begin a secret; 0 if fewer than four."""
        at = text.find(form[:_SHORTEST], max(0, len(text) - len(form)))
        while at >= 0:
            if form.startswith(text[at:]):
                return len(text) - at
            at = text.find(form[:_SHORTEST], at + 1)
        return 0

    def mask_value(self, value: Any) -> Any:
        """Return a JSON value without secrets."""
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
        """Mask the secrets in the texts and details of an error, which may quote the server. Return the error."""
        texts = (error.message, error.reason, error.hint, error.try_)
        error.message, error.reason, error.hint, error.try_ = map(self.mask, texts)
        error.details = self.mask_value(error.details)
        error.args = (error.message,)
        return error


def is_secret_name(name: str, *, in_path: bool = False) -> bool:
    """Return whether a parameter or header with this name has a secret value: `api_key`, `X-Auth-Token`.

    Args:
        in_path: Whether this is the name of a path parameter: `?key=` is a secret, `/kv/{key}` is not.
    """
    if in_path and name.lower() == "key":
        return False
    words = list(map(str.lower, _NAME_WORD.findall(name)))
    secret = _SECRET_WORDS.intersection(words)
    if not secret or words[-1] in _ABOUT_SECRETS:
        return False
    if secret == {"key"}:
        return len(words) == 1 or not _KINDS_OF_KEYS.isdisjoint(words)
    return secret != {"token"} or _OF_PAGES.isdisjoint(words)


def is_secret_header(name: str, names: Container[str] = ()) -> bool:
    """Return whether the value of a header, or of an input with this name, is a secret.

    Args:
        names: Further names of secrets, in lower case.
    """
    plain = name.strip().lower()
    return plain in SECRET_HEADERS or plain in names or "session" in plain or is_secret_name(name)


def is_secret_setting(path: Sequence[str]) -> bool:
    """Return whether a key of the configuration sets a header, variable or query pair with a secret value."""
    return not _PAIRS_IN_SETTINGS.isdisjoint(path[2:-1]) and is_secret_header(path[-1])


def is_secret_path(path: str, names: Container[str] = ()) -> bool:
    """Return whether a header, an option, or a field such as `login.token` has a secret value."""
    steps = re.findall(_STEP, path.strip("-"))
    return bool(steps) and is_secret_header(steps[-1].strip(), names)


def may_be_secret(name: str, value: str) -> bool:
    """Return whether a pair of a query may be a secret if no document describes it: `sid=...`, `code=...`.

    Args:
        name: Name of the pair; empty if it has only a value.
        value: The value, encoded as in the query.
    """
    plain = "".join(filter(str.isalnum, re.split(r"[.\[]", name)[-1])).lower()
    if is_secret_header(name) or plain in _MAY_BE_SECRET or "sess" in plain or plain.endswith(_CODES):
        return True
    text = unquote(value)
    if not plain or plain in _MAY_BE_WORDS:
        return _PLAIN.fullmatch(text) is None
    if len(plain) < _SHORTEST_NAME and _RANDOM.fullmatch(text):
        return True
    # A value may be an encoded URL, with a query.
    return text != value and bool(secret_values(f"?{text}"))


def secret_pieces(value: str, name: str = "") -> Iterator[str]:
    """Yield a secret value and its parts that are secrets, too.

    The parts are the value without its quotes, the text after the scheme in `Bearer TOKEN` (RFC 9110, section 11.4),
    and the value of each cookie in `a=1; b=2`.

    Args:
        name: The header that has the value. The attributes in `Set-Cookie`, such as `Path`, are not secrets (RFC 6265,
            section 4.1.1).
    """
    yield value
    yield value.strip('"')
    pairs = value.split(";")
    if name.lower() == "set-cookie":
        pairs = pairs[:1]
    else:
        yield value.partition(" ")[2]
    yield from (pair.partition("=")[2].strip() for pair in pairs)


def secrets_in(
    variables: Mapping[str, str], headers: Iterable[str] = (), query: Iterable[str] = ()
) -> list[Secret]:
    """Return possible secrets of a run: values of variables, headers (`Authorization: Bearer abc`) and query pairs."""
    from dynacli.environment import program
    from dynacli.options.standard_options import setting_variables  # most calls do not need it

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


def secret_texts(value: Any, names: Container[str], name: str = "", *, guesses: bool = True) -> Iterator[str]:
    """Yield the texts in a JSON value that are secrets by the names of their fields.

    Args:
        value: The JSON value.
        names: Further names of secret fields.
        name: Name of the value itself, if it is the value of a field or parameter.
        guesses: Whether a name such as `token` suffices, without the document.
    """
    if isinstance(value, Mapping):
        for key, member in value.items():
            yield from secret_texts(member, names, str(key), guesses=guesses)
    elif isinstance(value, list | tuple):
        for item in value:
            yield from secret_texts(item, names, name, guesses=guesses)
    elif _is_secret_field(name, value, names, guesses) and str(value):
        yield str(value)


def body_secrets(body: str | bytes, names: Container[str], *, is_documented: bool = True) -> Iterator[str]:
    """Yield the secrets in a body of JSON, as `secret_texts` does, or in a form; nothing for other bodies.

    Args:
        is_documented: Whether a document describes the body. If not, more names of a form count as names of secrets.
    """
    try:
        yield from secret_texts(_read_json(body), names)
    except (ValueError, RecursionError):
        from urllib.parse import parse_qsl

        text = body if isinstance(body, str) else body.decode("utf-8", "replace")
        if not _is_form(text):
            return
        yield from (value for name, value in parse_qsl(text) if name in names or is_secret_name(name))
        yield from () if is_documented else secret_values(f"?{text}")


def _is_secret_field(name: str, value: Any, names: Container[str], guesses: bool) -> bool:
    if isinstance(value, str):
        return name in names or (guesses and is_secret_name(name))
    return name in names and type(value) in {int, float}


def _is_form(text: str) -> bool:
    return "=" in text and not any(map(str.isspace, text))


def _read_json(text: str | bytes) -> Any:
    from dynacli.text.json_budget import read_limited  # most calls have no body

    return read_limited(text)


def secret_values(url: str) -> list[str]:
    """Return the possible secrets in a URL, or in a path with a query, that no document describes."""
    return [unquote(url[found.start : found.end]) for found in _secrets_of(url, is_documented=False)]


def secret_in_query(url: str) -> str:
    """Return the name of the first parameter of a URL with the name of a secret; empty if there is none."""
    return next((found.name for found in _secrets_of(url)), "")


def holds_secret(url: str) -> bool:
    """Return whether a text is a URL with a password, or with a secret in its query."""
    if "://" not in url:
        return False
    user = url.partition("://")[2].partition("/")[0].rpartition("@")[0]
    return ":" in user or bool(secret_in_query(url))


def mask_header(name: str, value: str, names: Container[str] = ()) -> str:
    """Return the value of a header, masked if it is a secret. The authentication scheme stays: `Bearer ***`.

    Args:
        names: Further names of secrets, in lower case.
    """
    if not is_secret_header(name, names):
        return value
    scheme, space, _ = value.partition(" ")
    return f"{scheme} {MASK}" if space and name.lower().endswith("authorization") else MASK


def mask_fields(value: Any, names: frozenset[str] = frozenset(), *, guesses: bool = True) -> Any:
    """Return a JSON value with its secret fields masked, as their names tell.

    Args:
        names: Further names of secret fields.
        guesses: As in `mask_text`.
    """
    if isinstance(value, dict):
        return {
            key: MASK
            if _is_secret_field(key, member, names, guesses)
            else mask_fields(member, names, guesses=guesses)
            for key, member in value.items()
        }
    if isinstance(value, list):
        return [mask_fields(item, names, guesses=guesses) for item in value]
    return value


def mask_text(text: str, names: Iterable[str], *, guesses: bool = True) -> str:
    """Return a body, or a part of it, with its secret fields masked, as their names tell.

    Text that is neither JSON nor a form is masked as a whole if it contains the name of a secret.

    Args:
        names: Further names of secret fields.
        guesses: Whether a name such as `token` suffices, without the document.
    """
    known = frozenset(names)
    try:
        value = _read_json(text)
    except (ValueError, RecursionError):
        words = re.findall(_IN_TEXT, text)
        if not guesses and known.isdisjoint(words):
            return text
        if _is_form(text):
            return mask_url(f"?{text}", known)[1:]
        found = any(map(is_secret_name, words)) or not known.isdisjoint(words)
        return MASK if found else text
    masked = mask_fields(value, known, guesses=guesses)
    return text if masked == value else json.dumps(masked, ensure_ascii=False)


def with_masked_query(location: str) -> str:
    """Return the location of a document with the values of a URL's query masked, because they may be secrets."""
    head, mark, query = location.partition("?")
    if not mark or not is_url(head):
        return location
    pieces = (piece.partition("=") for piece in query.split("&"))
    return head + mark + "&".join(f"{name}={MASK}" if is_pair else MASK for name, is_pair, _ in pieces)


def mask_url(url: str, names: Container[str] = (), *, is_documented: bool = True) -> str:
    """Return a URL, or a path with a query, with its userinfo and its secrets masked.

    Args:
        names: Further names of secret parameters.
        is_documented: Whether a document describes the path. If not, more names count as names of secrets.
    """
    if is_documented and not names and MAY_HOLD_SECRET.search(url.lower()) is None:
        return url
    shown, end = "", 0
    for found in sorted(_secrets_of(url, names, is_documented=is_documented)):
        shown += f"{url[end : found.start]}{MASK}"
        end = found.end
    return re.sub(_USERINFO, rf"\1{MASK}@", shown + url[end:])


class _SecretInUrl(NamedTuple):
    """The start, the end and the name of a secret in a URL; the name may be empty."""

    start: int
    end: int
    name: str


def _secrets_of(
    url: str, names: Container[str] = (), *, is_documented: bool = True
) -> Iterator[_SecretInUrl]:
    """Yield the secrets of a URL, and last those that are segments of its path."""
    path, end = re.split("[?#]", url, maxsplit=1)[0], 0
    for pair in _PAIR.finditer(url):
        is_alone = not pair[3]
        if pair.start() < end or (is_alone and (is_documented or pair[1] not in "?&#")):
            continue
        start = pair.start(2) if is_alone else pair.end()
        # In a query, only `&` ends a secret. In the path, more characters do.
        value = re.split("[/;?#]" if start <= len(path) else "&", url[start:], maxsplit=1)[0]
        name = "" if is_alone else unquote(pair[2])
        is_secret = is_secret_name if is_documented else partial(may_be_secret, value=value)
        if value and (name in names or is_secret(name)):
            end = start + len(value)
            yield _SecretInUrl(start, end, name)
    for segments in () if is_documented else _AFTER_NAME.finditer(path):
        if is_secret_name(unquote(segments[1]).removesuffix("s")) and _RANDOM.fullmatch(unquote(segments[2])):
            yield _SecretInUrl(*segments.span(2), "")
