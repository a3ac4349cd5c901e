"""Which credentials a call carries, and where in the request they go.

The operation's security requirement decides (OpenAPI 3.0.4, "Security Requirement Object":
the alternatives are tried in their order, all schemes of one go together);
the values come from the environment and from nowhere else.
"""

import re
from base64 import b64encode
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from urllib.parse import quote

from dynacli.auth.secret import Secret
from dynacli.catalog.model import SecurityScheme
from dynacli.errors import AuthError
from dynacli.request.model import Request

__all__ = ["Credential", "attach", "find_credentials", "needed_variables"]

_OTHERS = re.compile(r"[^A-Z0-9]+")


@dataclass(frozen=True)
class Credential:
    """A header, query parameter or cookie that signs a call in.

    Args:
        location: `header`, `query` or `cookie`.
        value: What stands there.
        parts: The secrets that the value is made of, for masking.
    """

    scheme: str
    location: str
    name: str
    value: Secret
    parts: tuple[Secret, ...]


def find_credentials(
    security: Sequence[Sequence[SecurityScheme]],
    prefix: str,
    variables: Mapping[str, str],
    given: frozenset[str] = frozenset(),
) -> tuple[Credential, ...]:
    """Return the credentials of the first alternative that is complete.

    Args:
        security: The operation's alternatives; none: nothing is needed.
        prefix: Of the variables, for example `DYNACLI_GITHUB`.
        variables: The environment.
        given: Names of headers in lower case that the person gave, which stand in for a scheme.

    Raises:
        AuthError: No alternative is complete, or a value cannot be sent.
    """
    if not security:
        return ()
    is_anonymous_allowed = False
    for alternative in security:
        if not alternative:
            is_anonymous_allowed = True
            continue
        found = [_credential(scheme, alternative, prefix, variables, given) for scheme in alternative]
        if all(one is not None for one in found):
            return tuple(one for one in found if isinstance(one, Credential))
    if is_anonymous_allowed:
        return ()
    choices = [needed_variables(alternative, prefix) for alternative in security]
    unsupported = [scheme for alternative in security for scheme in alternative if not _is_supported(scheme)]
    hint = "Set " + ", or ".join(" and ".join(f"`{name}`" for name in names) for names in choices if names)
    if not any(choices):
        hint = "Give the header that it needs with `-H 'NAME: VALUE'`"
    raise AuthError(
        "The operation needs a credential, and there is none",
        why="It asks for "
        + " or ".join(" with ".join(f"`{one.name}`" for one in each) for each in security)
        + (f"; `{unsupported[0].name}` is not supported yet" if unsupported else ""),
        hint=hint,
    )


def needed_variables(alternative: Sequence[SecurityScheme], prefix: str) -> list[str]:
    """Return the names of the variables that would satisfy an alternative; none for one that cannot be."""
    if not all(_is_supported(scheme) for scheme in alternative):
        return []
    names: list[str] = []
    for scheme in alternative:
        if not _is_alone(scheme, alternative):
            names.append(_own_variable(scheme, prefix))
        elif _kind(scheme) == "basic":
            names.extend([f"{prefix}_USERNAME", f"{prefix}_PASSWORD"])
        else:
            names.append(f"{prefix}_{'KEY' if _kind(scheme) == 'apiKey' else 'TOKEN'}")
    return names


def _credential(
    scheme: SecurityScheme,
    alternative: Sequence[SecurityScheme],
    prefix: str,
    variables: Mapping[str, str],
    given: frozenset[str],
) -> Credential | bool | None:
    """Return the credential, True when a header that was given stands in for it, None when there is none."""
    kind = _kind(scheme)
    header = scheme.parameter if kind == "apiKey" else "Authorization"
    if header.lower() in given and (kind != "apiKey" or scheme.location == "header"):
        return True
    if not _is_supported(scheme):
        return None
    own = _own_variable(scheme, prefix)
    is_alone = _is_alone(scheme, alternative)
    if kind == "basic":
        pair = _value(variables, own)
        if not pair and is_alone:
            user = _value(variables, f"{prefix}_USERNAME")
            password = variables.get(f"{prefix}_PASSWORD", "")
            pair = f"{user}:{password}" if user or password else ""
        if not pair:
            return None
        encoded = b64encode(pair.encode()).decode()
        password = pair.partition(":")[2]
        parts = (Secret(encoded), Secret(pair), *([Secret(password)] if password else []))
        return Credential(scheme.name, "header", "Authorization", Secret(f"Basic {encoded}"), parts)
    generic = f"{prefix}_{'KEY' if kind == 'apiKey' else 'TOKEN'}"
    value = _value(variables, own) or (_value(variables, generic) if is_alone else "")
    if not value:
        return None
    secret = Secret(value)
    if kind == "apiKey":
        return Credential(scheme.name, scheme.location, scheme.parameter, secret, (secret,))
    return Credential(scheme.name, "header", "Authorization", Secret(f"Bearer {value}"), (secret,))


def _kind(scheme: SecurityScheme) -> str:
    if scheme.type == "http":
        return scheme.scheme
    return "bearer" if scheme.type in {"oauth2", "openIdConnect"} else scheme.type


def _is_supported(scheme: SecurityScheme) -> bool:
    kind = _kind(scheme)
    if kind == "apiKey":
        return bool(scheme.parameter) and scheme.location in {"header", "query", "cookie"}
    return kind in {"bearer", "basic"}


def _is_alone(scheme: SecurityScheme, alternative: Sequence[SecurityScheme]) -> bool:
    return sum(_kind(one) == _kind(scheme) for one in alternative) == 1


def _own_variable(scheme: SecurityScheme, prefix: str) -> str:
    return f"{prefix}_{_OTHERS.sub('_', scheme.name.upper()).strip('_')}"


def _value(variables: Mapping[str, str], name: str) -> str:
    # A line break at the end comes from `$(cat FILE)` in other shells and from files; it is never meant.
    value = variables.get(name, "").rstrip("\r\n")
    if any(char < " " or char == "\x7f" for char in value):
        raise AuthError(
            f"The value of `{name}` holds a control character", hint="Set it again, without line breaks"
        )
    try:
        value.encode("latin-1")
    except UnicodeEncodeError:
        raise AuthError(
            f"The value of `{name}` holds a character that a request cannot carry", hint="Set it again"
        ) from None
    return value


def attach(request: Request, credentials: Sequence[Credential]) -> Request:
    """Return the request with its credentials; a header that the person gave stays as it is."""
    url, headers = request.url, list(request.headers)
    present = {name.lower() for name, _ in headers}
    for credential in credentials:
        value = credential.value.reveal()
        if credential.location == "query":
            separator = "&" if "?" in url else "?"
            url += f"{separator}{quote(credential.name, safe='')}={quote(value, safe='')}"
        elif credential.location == "cookie":
            cookie = f"{credential.name}={value}"
            before = [text for name, text in headers if name.lower() == "cookie"]
            headers = [(name, text) for name, text in headers if name.lower() != "cookie"]
            headers.append(("Cookie", "; ".join([*before, cookie])))
        elif credential.name.lower() not in present:
            headers.append((credential.name, value))
    return request._replace(url=url, headers=tuple(headers))
