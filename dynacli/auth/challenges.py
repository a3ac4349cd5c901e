"""Challenges in `WWW-Authenticate` (RFC 9110, section 11.6.1), and HTTP Digest (RFC 7616).

Digest responds to a challenge with a hash, so the password is never sent.
"""

import hashlib
import re
import secrets
import shlex
import threading
from collections.abc import Callable, Iterable
from typing import NamedTuple
from urllib.parse import quote
from weakref import WeakKeyDictionary

from dynacli.auth.credentials import WITH_PASSWORD, is_supported
from dynacli.environment import Environment, program
from dynacli.http.built_request import Request
from dynacli.http.semantics import quoted_string
from dynacli.openapi.model.operation import SecurityScheme
from dynacli.record import replace
from dynacli.secrets import MASK
from dynacli.urls import origin_of, split_url

_WORD = r"[!#$%&'*+.^_`|~0-9A-Za-z-]+"  # a token: RFC 9110, section 5.6.2
_PART = re.compile(
    rf"(?:^|,)[ \t]*(?P<alone>{_WORD})[ \t]*(?=,|$)"  # a scheme without parameters
    rf"|(?<![!#$%&\'*+.^_`|~0-9A-Za-z-])(?:(?P<scheme>{_WORD})[ \t]+)?(?P<name>{_WORD})[ \t]*=[ \t]*"
    r'(?P<value>"(?:[^"\\]|\\.)*"|[^\s,"]*)'
)
_MOST_CHARACTERS = 16_384
LONGEST_WORD = 40
"""Maximum length of the name of a scheme that is shown and sent."""

USUAL_KEY = SecurityScheme("", "apiKey", "", "header", "X-API-Key")
"""The usual API key, for APIs that do not describe theirs."""
_HEADER_NAMES = ("header", "header_name", "name")
"""The parameters of a challenge that may name the header of an API key."""
_HEADER_AS_WORD = r"x-.+|(?!api-key$).+-(?:key|token)"
"""Names of headers that servers write instead of a scheme: `X-Auth-Token`, `Private-Token`."""
_OF_PROXIES = "x-forwarded-"
"""Prefix of headers that proxies write and log, so an API key must not be sent in them."""
_NO_RESPONSE = frozenset({"negotiate", "ntlm", "mutual", "hoba", "vapid", "dpop", "gnap", "hawk", "oauth"})
"""Registered HTTP authentication schemes that need a new credential for each request."""
_HASHES: dict[str, Callable[[bytes], str]] = {
    "SHA-512-256": lambda data: hashlib.new("sha512_256", data).hexdigest(),
    "SHA-256": lambda data: hashlib.sha256(data).hexdigest(),
    "MD5": lambda data: hashlib.md5(data, usedforsecurity=False).hexdigest(),
}
"""Algorithm → function. SHA-512-256 is SHA-512/256 of FIPS 180-4, not a truncated SHA-512."""
_SESSION = "-SESS"


class Asked(NamedTuple):
    """A challenge.

    Args:
        scheme: The authentication scheme, as the server writes it.
        parameters: Name in lower case → value. Of repeated names the first counts.
    """

    scheme: str
    parameters: dict[str, str]


def read_challenges(values: Iterable[str]) -> list[Asked]:
    """Return the challenges of headers in their order, without malformed parts."""
    found: list[Asked] = []
    for value in values:
        is_open = False
        for part in _PART.finditer(value[:_MOST_CHARACTERS]):
            scheme = part["alone"] or part["scheme"]
            if scheme:
                found.append(Asked(scheme, {}))
                is_open = True
            if is_open and part["name"]:
                text = part["value"]
                plain = re.sub(r"\\(.)", r"\1", text[1:-1]) if text.startswith('"') else text
                found[-1].parameters.setdefault(part["name"].lower(), plain)
    return found


def schemes_asked_for(values: Iterable[str]) -> list[SecurityScheme]:
    """Return the security schemes of challenges in their order, without names.

    HTTP has no scheme for API keys, so servers invent one: FastAPI writes `APIKey`, Django REST framework `Token`. If
    it looks like a header or contains `key`, the API key goes in a header, which a parameter may name. Any other
    invented scheme is the prefix of the value in `Authorization`.
    """
    found = []
    for word, parameters in read_challenges(values):
        kind = word.lower()
        if kind in {"bearer", *WITH_PASSWORD}:
            found.append(SecurityScheme("", "http", kind))
        elif (is_header := _names_header(word)) or "key" in kind:
            named = next((parameters[name] for name in _HEADER_NAMES if parameters.get(name)), "")
            scheme = replace(USUAL_KEY, parameter=named or (word if is_header else USUAL_KEY.parameter))
            is_right = is_supported(scheme) and not scheme.parameter.lower().startswith(_OF_PROXIES)
            found.append(scheme if is_right else USUAL_KEY)
        elif kind not in _NO_RESPONSE and len(word) <= LONGEST_WORD:
            found.append(SecurityScheme("", "apiKey", "", "header", "Authorization", prefix=word))
    return found


def _names_header(word: str) -> bool:
    """Return whether the scheme of a challenge is the name of a header."""
    return len(word) <= LONGEST_WORD and re.fullmatch(_HEADER_AS_WORD, word.lower()) is not None


class Challenge(NamedTuple):
    """A Digest challenge.

    Args:
        realm: The realm, as the server writes it.
        nonce: The random text of the server.
        algorithm: The algorithm, as the server writes it; `MD5` if it names none.
        qop: `auth`, or empty if the server supports only RFC 2069.
        opaque: Text that the server wants back; None for none.
        is_utf8: Whether user name and password are encoded in UTF-8.
        has_user_hash: Whether the server accepts a hash instead of the user name.
        is_stale: Whether the last response was correct, but its nonce too old.
    """

    realm: str
    nonce: str
    algorithm: str = "MD5"
    qop: str = ""
    opaque: str | None = None
    is_utf8: bool = False
    has_user_hash: bool = False
    is_stale: bool = False


def challenges_in(headers: Iterable[tuple[str, str]]) -> tuple[list[Challenge], str]:
    """Return the Digest challenges that dynacli supports, and the reason if there is none.

    They are in the order of the server, which prefers the first (RFC 7616, section 3.7).

    Args:
        headers: (name, value) of the headers of a response with the status 401.
    """
    found: list[Challenge] = []
    reasons: list[str] = []
    asked = read_challenges(value for name, value in headers if name.lower() == "www-authenticate")
    for parameters in (
        item.parameters for item in asked if item.scheme.lower() == "digest" and item.parameters
    ):
        algorithm = parameters.get("algorithm") or "MD5"
        qops = {word.strip().lower() for word in parameters.get("qop", "").split(",")} - {""}
        if not _is_known(algorithm):
            known = "MD5, SHA-256 and SHA-512-256"
            reasons.append(f"its algorithm is `{algorithm[:40]}`, and {program().name} knows {known}")
        elif qops and "auth" not in qops:
            reasons.append(
                f"it asks for `auth-int`, a hash of the body, which {program().name} does not give"
            )
        elif not parameters.get("nonce"):
            reasons.append("its challenge has no nonce")
        else:
            found.append(
                Challenge(
                    parameters.get("realm", ""),
                    parameters["nonce"],
                    algorithm,
                    "auth" if qops else "",
                    parameters.get("opaque"),
                    parameters.get("charset", "").lower() == "utf-8",
                    parameters.get("userhash", "").lower() == "true",
                    parameters.get("stale", "").lower() == "true",
                )
            )
    return found, "" if found else (reasons or ["it has no challenge for Digest"])[0]


def _is_known(algorithm: str) -> bool:
    # OpenSSL has SHA-512/256 since version 1.1.1. Python may be built with another library that lacks it.
    plain = _hash_name(algorithm)
    return plain in _HASHES and (plain != "SHA-512-256" or "sha512_256" in hashlib.algorithms_available)


def _hash_name(algorithm: str) -> str:
    return algorithm.upper().removesuffix(_SESSION)


def authorization(challenge: Challenge, pair: str, method: str, uri: str, cnonce: str, count: int) -> str:
    """Return the header `Authorization` for a challenge.

    Args:
        challenge: The challenge of the server.
        pair: `USERNAME:PASSWORD`.
        method: Method of the request.
        uri: The path with its query, as it is sent.
        cnonce: A random text of the client.
        count: Number of requests that have used the challenge, including this one.
    """
    user, _, password = pair.partition(":")
    digest = _HASHES[_hash_name(challenge.algorithm)]

    def hashed(*parts: str) -> str:
        text = ":".join(parts)
        try:
            return digest(text.encode("utf-8" if challenge.is_utf8 else "latin-1"))
        except UnicodeEncodeError:
            return digest(text.encode())

    secret = hashed(user, challenge.realm, password)
    if challenge.algorithm.upper().endswith(_SESSION):
        secret = hashed(secret, challenge.nonce, cnonce)
    number = f"{count:08x}"
    middle = [challenge.nonce, number, cnonce, challenge.qop] if challenge.qop else [challenge.nonce]
    fields = []
    if challenge.has_user_hash:
        fields.append(("username", quoted_string(hashed(user, challenge.realm))))
    elif user.isascii():
        fields.append(("username", quoted_string(user)))
    else:
        fields.append(("username*", f"UTF-8''{quote(user, safe='')}"))
    fields += [
        ("realm", quoted_string(challenge.realm)),
        ("uri", quoted_string(uri)),
        ("algorithm", challenge.algorithm),
        ("nonce", quoted_string(challenge.nonce)),
        ("response", quoted_string(hashed(secret, *middle, hashed(method, uri)))),
    ]
    if challenge.qop:
        fields += [("nc", number), ("cnonce", quoted_string(cnonce)), ("qop", challenge.qop)]
    elif challenge.algorithm.upper().endswith(_SESSION):
        fields.append(("cnonce", quoted_string(cnonce)))
    if challenge.opaque is not None:
        fields.append(("opaque", quoted_string(challenge.opaque)))
    if challenge.has_user_hash:
        fields.append(("userhash", "true"))
    return "Digest " + ", ".join(f"{name}={value}" for name, value in fields)


class _Session:
    """The latest challenge of an origin, with the number of requests that used it."""

    def __init__(self) -> None:
        self.challenge: Challenge | None = None
        self._count = 0
        self._lock = threading.Lock()

    def take(self, challenge: Challenge) -> None:
        """Use this challenge from now on."""
        with self._lock:
            self.challenge, self._count = challenge, 0

    def next(self) -> tuple[Challenge | None, int]:
        """Return the challenge, and the number of the next request that uses it."""
        with self._lock:
            self._count += 1
            return self.challenge, self._count


_sessions: WeakKeyDictionary[Environment, dict[tuple[str, str], _Session]] = WeakKeyDictionary()
"""Environment → (origin, user name and password) → session, because one challenge serves many calls."""


class DigestLogin:
    """Adds Digest credentials to the requests of one call to one origin, after the server's challenge.

    Before the challenge, a streamed body such as a file is left out, as curl does, because the server would discard it.

    Attributes:
        refusal: The reason why dynacli did not respond to a challenge; empty if it did, or if there was none.
    """

    def __init__(self, env: Environment, pair: str, origin: str) -> None:
        self.refusal = ""
        self._pair, self._origin = pair, origin
        self._session = _sessions.setdefault(env, {}).setdefault((origin, pair), _Session())
        self._responses = 0
        self._sent: Challenge | None = None
        self._is_body_left_out = False
        self._must_send_body = False

    def curl_words(self, *, shows_secrets: bool) -> list[str]:
        """Return the arguments with which curl signs in by itself, quoted for a POSIX shell."""
        user = self._pair.partition(":")[0]
        return ["--digest", "-u", shlex.quote(self._pair if shows_secrets else f"{user}:{MASK}")]

    def signed(self, request: Request) -> Request:
        """Return a request with credentials, if a challenge is known. Return a request to another origin unchanged."""
        if origin_of(request.url) != self._origin:
            return request
        self._sent, count = self._session.next()
        is_stream = not isinstance(request.body, bytes | None)
        self._is_body_left_out = is_stream and self._sent is None and not self._must_send_body
        if self._sent is None:
            return request._replace(body=None) if self._is_body_left_out else request
        parts = split_url(request.url)
        uri = f"{parts.path or '/'}?{parts.query}" if parts.query else parts.path or "/"
        header = authorization(self._sent, self._pair, request.method, uri, secrets.token_hex(16), count)
        return request._replace(headers=(*request.headers, ("Authorization", header)))

    def wants_again(self, request: Request, status: int, headers: Iterable[tuple[str, str]]) -> bool:
        """Return whether a request must be signed and sent again after a response.

        Args:
            request: The request without credentials.
            status: Status of the response.
            headers: Headers of the response.
        """
        if origin_of(request.url) != self._origin:
            return False
        if status != 401:
            self._must_send_body = True
            return self._is_body_left_out
        challenges, self.refusal = challenges_in(headers)
        if not challenges:
            return False
        # The challenge of an earlier call may be too old, even if the server does not say so. If the server refuses
        # the response to the challenge of this call, that is final, unless the response was only too late.
        is_final = self._responses > 0 and not (challenges[0].is_stale and self._responses == 1)
        if is_final or not (self._is_body_left_out or _can_repeat(request)):
            return False
        self._responses += 1
        self._session.take(challenges[0])
        return True


def _can_repeat(request: Request) -> bool:
    return isinstance(request.body, bytes | None) or request.body.rewind()
