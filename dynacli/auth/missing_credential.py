"""Missing credentials: their description, their environment variables, and the error for a call without them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from dynacli.auth.credentials import (
    MUTUAL_TLS,
    WITH_PASSWORD,
    Alternative,
    Variables,
    generic_word,
    has_login,
    is_known,
    is_only_of_its_kind,
    is_supported,
    kind_of,
)
from dynacli.environment import invocation
from dynacli.errors import AuthError
from dynacli.openapi.model.operation import SecurityScheme
from dynacli.text.terminal import visible

if TYPE_CHECKING:
    from dynacli.auth.credential_store import StoredCredential


def wanted_by(scheme: SecurityScheme) -> str:
    """Return the description of the secrets that a scheme requires."""
    if kind_of(scheme) in WITH_PASSWORD:
        return "user name and password"
    if scheme.has_password_flow:
        return "user name and password, or an OAuth 2 access token"
    match scheme.type:
        case "http":
            return (
                "a bearer token" if scheme.scheme == "bearer" else f"HTTP {visible(scheme.scheme, keep='')}"
            )
        case "apiKey":
            return f"an API key in {visible(f'{scheme.location} `{scheme.parameter}`', keep='')}"
        case "oauth2":
            return "an OAuth 2 access token"
        case "openIdConnect":
            return "an OpenID Connect token"
        case "mutualTLS":
            return "a client certificate"
    return "not defined in the document"


def needed_variables(alternative: Alternative, variables: Variables | str) -> list[str]:
    """Return the names of the variables that would satisfy an alternative; empty if it is not supported.

    Args:
        alternative: The schemes of the alternative.
        variables: The variables of the API, or only their prefix.
    """
    if isinstance(variables, str):
        variables = Variables(variables)
    if not all(is_supported(scheme) and kind_of(scheme) != MUTUAL_TLS for scheme in alternative):
        return []
    names: list[str] = []
    for scheme in alternative:
        if not is_only_of_its_kind(scheme, alternative):
            names.append(variables.own(scheme.name))
        elif kind_of(scheme) in WITH_PASSWORD:
            names.extend(variables.login())
        else:
            names.append(variables.generic(generic_word(scheme)))
    return names


def variable_choices(security: Iterable[Alternative], variables: Variables | str) -> list[list[str]]:
    """Return the sets of variables that would each satisfy one of the alternatives.

    Args:
        security: The alternatives.
        variables: As for `needed_variables`.
    """
    if isinstance(variables, str):
        variables = Variables(variables)
    found = []
    for alternative in security:
        found.append(needed_variables(alternative, variables))
        if any(scheme.has_password_flow for scheme in alternative):
            found.append([*variables.login()])
    return [names for index, names in enumerate(found) if names and names not in found[:index]]


def set_variables(alternative: Alternative, variables: Variables) -> list[str]:
    """Return the names of the set variables that satisfy an alternative; empty if one of them is missing."""
    found: list[str] = []
    for scheme in alternative:
        if not is_known(scheme):
            continue
        own = variables.own(scheme.name)
        names = [own]
        if not variables.is_set(own) and is_only_of_its_kind(scheme, alternative):
            is_pair = kind_of(scheme) in WITH_PASSWORD
            names = [*variables.login()] if is_pair else [variables.generic(generic_word(scheme))]
        names = [name for name in names if variables.is_set(name)]
        if not names and has_login([(scheme,)], variables):
            names = [*variables.login()]
        if not names or not is_supported(scheme) or kind_of(scheme) == MUTUAL_TLS:
            return []
        found += names
    return found


def missing_credential(security: Sequence[Alternative], variables: Variables, api: str) -> AuthError:
    """Return the error for a call whose required credential is missing.

    Args:
        security: The alternatives of the operation.
        variables: The variables of the API.
        api: Name of the API if it is registered; else empty.
    """
    choices = variable_choices(security, variables)
    listed = dict.fromkeys(" and ".join(f"`{name}`" for name in names) for names in choices)
    unsupported = [scheme for alternative in security for scheme in alternative if not is_supported(scheme)]
    certified = [scheme for schemes in security for scheme in schemes if kind_of(scheme) == MUTUAL_TLS]
    if listed:
        hint = (f"Sign in with `{invocation('auth login', api)}`, or set " if api else "Set ") + ", or ".join(
            listed
        )
    elif certified and api:
        table = f"[apis.{api}.auth.{certified[0].name}]"
        hint = f"Name the files of a certificate in the configuration: `cert` and `cert_key` in `{table}`"
    else:
        hint = "Give the header that it needs with `-H 'NAME: VALUE'`"
    asked = (" with ".join(f"`{scheme.name}`" for scheme in alternative) for alternative in security)
    return AuthError(
        "The operation needs a credential, and there is none",
        reason="It asks for "
        + " or ".join(dict.fromkeys(asked))  # a scheme may be listed repeatedly, with different scopes
        + (f"; `{unsupported[0].name}` is not supported yet" if unsupported else ""),
        hint=hint,
    )


def without_credential(api: str) -> str:
    """Return the hint for a server that needs no credential although its document requires one.

    Args:
        api: Name of the API if it is registered; else empty.
    """
    always = f", always: `{invocation('api set', api)} auth=never`" if api else ""
    return f"if the server needs none: `--auth none`{always}"


def expired_credential(kept: StoredCredential) -> AuthError:
    """Return the error, with the detail `state`, for a stored credential that has expired and cannot be refreshed."""
    return AuthError(
        f"The stored credential for `{visible(kept.scheme, keep='')}` has expired",
        hint=f"Sign in again: `{kept.sign_in_line()}`",
        state="expired",
    )
