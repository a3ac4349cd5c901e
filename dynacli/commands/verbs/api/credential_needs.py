"""The lines of `api add` about credentials: which ones the operations need, and which variables hold them."""

from collections.abc import Iterator, Sequence

from dynacli.auth.credential_variables import Variables, prefix_of
from dynacli.auth.credentials import needed_variables
from dynacli.environment import Environment
from dynacli.library.configuration.configuration import DEMO, Configuration
from dynacli.library.opened_api import OpenedApi
from dynacli.model.operation import SecurityScheme

__all__ = ["credential_lines"]

_Scheme = tuple[str, str, str, str, str]
"""Name, type, scheme, location and parameter of a security scheme."""

_MOST_SHOWN = 12


def credential_lines(api: OpenedApi, name: str, env: Environment) -> Iterator[str]:
    """Yield a line for each way to sign in: its security schemes, and the variables that hold the credentials.

    Args:
        name: The name under which the API is registered.
    """
    alternatives: dict[tuple[_Scheme, ...], int] = {}
    operations = [api.catalog.operation(summary.name) for summary in api.catalog.summaries()]
    for operation in operations:
        for alternative in {
            tuple(map(_without_scopes, schemes)) for schemes in operation.security if schemes
        }:
            alternatives[alternative] = alternatives.get(alternative, 0) + 1
    if not alternatives:
        return
    others = [prefix_of(other) for other in (*Configuration(env).apis(), DEMO) if other != name]
    variables = Variables(prefix_of(name), env.variables, others)
    most_used_first = sorted(alternatives, key=lambda alternative: (-alternatives[alternative], alternative))
    for number, alternative in enumerate(most_used_first[:_MOST_SHOWN]):
        label = "         or: " if number else "Credentials: "
        yield label + _alternative_text([SecurityScheme(*scheme) for scheme in alternative], variables, env)
    if len(most_used_first) > _MOST_SHOWN:
        yield f"  and {len(most_used_first) - _MOST_SHOWN} more ways"
    free = sum(not operation.security or not all(operation.security) for operation in operations)
    if free:
        yield f"{free:,} of {len(operations):,} operations {'needs' if free == 1 else 'need'} none"


def _without_scopes(scheme: SecurityScheme) -> _Scheme:
    """Return a scheme without the scopes that an operation asks for, which do not change how to sign in."""
    return scheme.name, scheme.type, scheme.scheme, scheme.location, scheme.parameter


def _alternative_text(alternative: Sequence[SecurityScheme], variables: Variables, env: Environment) -> str:
    schemes = " with ".join(f"{scheme.name} ({_credential_text(scheme)})" for scheme in alternative)
    names = needed_variables(alternative, variables)
    if not names:
        return f"{schemes}: not supported yet; give the header that it needs with -H"
    state = " (set)" if all(env.variables.get(name) for name in names) else ""
    return f"{schemes}: set {' and '.join(names)}{state}"


def _credential_text(scheme: SecurityScheme) -> str:
    match scheme.type:
        case "http":
            return {"basic": "user name and password", "bearer": "a bearer token"}.get(
                scheme.scheme, f"HTTP {scheme.scheme}"
            )
        case "apiKey":
            return f"an API key in {scheme.location} `{scheme.parameter}`"
        case "oauth2":
            return "an OAuth 2 access token"
        case "openIdConnect":
            return "an OpenID Connect token"
        case "mutualTLS":
            return "a client certificate"
    return "not defined in the document"
