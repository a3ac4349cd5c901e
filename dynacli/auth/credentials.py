"""Which credentials a call carries, and where in the request they go.

The operation's security requirement decides (OpenAPI 3.0.4, "Security Requirement Object":
the alternatives are tried in their order, all schemes of one go together);
the values come from the environment and from nowhere else.
"""

import re
from base64 import b64encode
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any
from urllib.parse import quote

from dynacli.auth.credential_variables import Variables
from dynacli.auth.secret import MASK, Secret
from dynacli.errors import AuthError
from dynacli.model.operation import SecurityScheme
from dynacli.record import record
from dynacli.request.built_request import Request

__all__ = ["Credential", "attach", "find_credentials", "is_key_header", "needed_variables", "places_of"]

Alternative = Sequence[SecurityScheme]
Places = frozenset[tuple[str, str]]
"""(location, name) of what a request has already; names of headers in lower case."""

_TOKEN = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")  # RFC 9110, section 5.6.2
_NOT_FOR_CREDENTIALS = frozenset(
    {"host", "content-length", "transfer-encoding", "connection", "accept", "content-type"}
)


@record
class Credential:
    """A header, query parameter or cookie that signs a call in.

    Args:
        location: `header`, `query` or `cookie`.
        word: What stands before the secret, for example `Bearer`; empty for none.
        value: The secret as it is sent.
        parts: The secrets that the value is made of, for masking.
    """

    scheme: str
    location: str
    name: str
    word: str
    value: Secret
    parts: tuple[Secret, ...]

    def masked(self) -> "Credential":
        """Return it without its secret, for showing the request."""
        return replace(self, value=Secret(MASK), parts=())


def places_of(request: Request) -> Places:
    """Return what a request has already: a credential that stands there was given by the person."""
    places = {("header", name.lower()) for name, _ in request.headers}
    places.update(("query", pair.name) for pair in request.parts.query)
    for text in (value for name, value in request.headers if name.lower() == "cookie"):
        places.update(("cookie", pair.partition("=")[0].strip()) for pair in text.split(";"))
    return frozenset(places)


def find_credentials(
    security: Sequence[Alternative],
    variables: Variables,
    given: Places = frozenset(),
) -> tuple[Credential, ...]:
    """Return the credentials of the first alternative that is complete.

    Args:
        security: The operation's alternatives; none: nothing is needed.
        variables: Those of the API.
        given: What the person gave, which stands in for a scheme.

    Raises:
        AuthError: No alternative is complete, or a value cannot be sent.
    """
    # An alternative with a scheme that nobody can know counts when no other one does.
    for alternative in sorted(security, key=lambda one: not all(map(_is_known, one))):
        found = [_credential(scheme, alternative, variables, given) for scheme in alternative]
        if alternative and all(one is not None for one in found):
            return tuple(one for one in found if isinstance(one, Credential))
    if not security or any(not alternative for alternative in security):
        return ()  # anonymous calls are allowed
    raise _missing(security, variables)


def _missing(security: Sequence[Alternative], variables: Variables) -> AuthError:
    choices = [needed_variables(alternative, variables) for alternative in security]
    listed = dict.fromkeys(" and ".join(f"`{name}`" for name in names) for names in choices if names)
    unsupported = [scheme for alternative in security for scheme in alternative if not _is_supported(scheme)]
    return AuthError(
        "The operation needs a credential, and there is none",
        why="It asks for "
        + " or ".join(" with ".join(f"`{one.name}`" for one in each) for each in security)
        + (f"; `{unsupported[0].name}` is not supported yet" if unsupported else ""),
        hint="Set " + ", or ".join(listed)
        if listed
        else "Give the header that it needs with `-H 'NAME: VALUE'`",
    )


def needed_variables(alternative: Alternative, variables: Variables | str) -> list[str]:
    """Return the names of the variables that would satisfy an alternative; none for one that cannot be.

    Args:
        variables: Those of the API, or their prefix alone.
    """
    if isinstance(variables, str):
        variables = Variables(variables)
    if not all(_is_supported(scheme) for scheme in alternative):
        return []
    names: list[str] = []
    for scheme in alternative:
        if not _is_alone(scheme, alternative):
            names.append(variables.own(scheme.name))
        elif _kind(scheme) == "basic":
            names.extend([variables.generic("USERNAME"), variables.generic("PASSWORD")])
        else:
            names.append(variables.generic(_generic_word(scheme)))
    return names


def _credential(
    scheme: SecurityScheme, alternative: Alternative, variables: Variables, given: Places
) -> Credential | bool | None:
    """Return the credential, True when something that was given stands in for it, None when there is none."""
    kind = _kind(scheme)
    place = (scheme.location, scheme.parameter) if kind == "apiKey" else ("header", "Authorization")
    if (place[0], place[1].lower() if place[0] == "header" else place[1]) in given:
        return True
    if not _is_known(scheme):
        return True  # the document does not say what it is: there is nothing that could be sent for it
    if not _is_supported(scheme):
        return None
    own, is_alone = variables.own(scheme.name), _is_alone(scheme, alternative)
    if kind == "basic":
        return _basic(scheme, own, variables, is_alone=is_alone)
    name = own
    value = variables.value(own)
    if not value and is_alone:
        name = variables.generic(_generic_word(scheme))
        value = variables.value(name)
    if not value:
        return None
    if place[0] == "cookie" and re.search(r'[\s",;\\]', value):
        raise AuthError(
            f"The value of `{name}` holds a character that a cookie cannot hold",
            why="Cookies have no white space, quotes, commas, semicolons or backslashes (RFC 6265)",
            hint="Set it again",
        )
    secret = Secret(value)
    return Credential(scheme.name, *place, "" if kind == "apiKey" else "Bearer", secret, (secret,))


def _basic(scheme: SecurityScheme, own: str, variables: Variables, *, is_alone: bool) -> Credential | None:
    pair = variables.text(own)
    if pair and ":" not in pair:
        raise AuthError(f"The value of `{own}` has no `:`", hint="Set it to `USERNAME:PASSWORD`")
    if not pair and is_alone:
        name = variables.generic("USERNAME")
        user, password = variables.text(name), variables.text(variables.generic("PASSWORD"))
        if ":" in user:
            raise AuthError(
                f"The value of `{name}` holds a `:`",
                why="It separates the name from the password (RFC 7617, section 2)",
                hint="Set it again",
            )
        pair = f"{user}:{password}" if user or password else ""
    if not pair:
        return None
    encoded = b64encode(pair.encode()).decode()
    password = pair.partition(":")[2]
    parts = (Secret(encoded), Secret(pair), *([Secret(password)] if password else []))
    return Credential(scheme.name, "header", "Authorization", "Basic", Secret(encoded), parts)


def _kind(scheme: SecurityScheme) -> str:
    if scheme.type == "http":
        return scheme.scheme
    return "bearer" if scheme.type in {"oauth2", "openIdConnect"} else scheme.type


def _generic_word(scheme: SecurityScheme) -> str:
    return "KEY" if _kind(scheme) == "apiKey" else "TOKEN"


def _is_known(scheme: SecurityScheme) -> bool:
    """Return whether the scheme is defined, and of a type that there is (OpenAPI 3.2.0, "Security Scheme Object")."""
    return scheme.type in {"http", "apiKey", "oauth2", "openIdConnect", "mutualTLS"}


def _is_supported(scheme: SecurityScheme) -> bool:
    kind = _kind(scheme)
    if kind != "apiKey":
        return kind in {"bearer", "basic"}
    # The document chooses the name, and may not take a header apart by it.
    name = scheme.parameter
    match scheme.location:
        case "header":
            return bool(_TOKEN.fullmatch(name)) and name.lower() not in _NOT_FOR_CREDENTIALS
        case "cookie":
            return bool(_TOKEN.fullmatch(name))
        case "query":
            return bool(name) and name.isprintable()
    return False


def is_key_header(scheme: Any) -> bool:
    """Tell whether a security scheme, as a document has it, is an API key in a header that may be sent."""
    if not isinstance(scheme, Mapping) or scheme.get("type") != "apiKey" or scheme.get("in") != "header":
        return False
    name = scheme.get("name")
    return isinstance(name, str) and bool(_TOKEN.fullmatch(name)) and name.lower() not in _NOT_FOR_CREDENTIALS


def _is_alone(scheme: SecurityScheme, alternative: Alternative) -> bool:
    return sum(_kind(one) == _kind(scheme) for one in alternative) == 1


def attach(request: Request, credentials: Sequence[Credential]) -> Request:
    """Return the request with its credentials; a header that the person gave stays as it is."""
    url, headers = request.url, list(request.headers)
    present = {name.lower() for name, _ in headers}
    for credential in credentials:
        value = credential.value.reveal()
        if credential.location == "query":
            separator = "&" if "?" in url else "?"
            # `*` may stand for itself in a query, and does so where a mask stands for a value.
            url += f"{separator}{quote(credential.name, safe='')}={quote(value, safe='*')}"
        elif credential.location == "cookie":
            cookie = f"{credential.name}={value}"
            before = [text for name, text in headers if name.lower() == "cookie"]
            headers = [(name, text) for name, text in headers if name.lower() != "cookie"]
            headers.append(("Cookie", "; ".join([*before, cookie])))
        elif credential.name.lower() not in present:
            headers.append((credential.name, f"{credential.word} {value}".lstrip()))
    return request._replace(url=url, headers=tuple(headers))
