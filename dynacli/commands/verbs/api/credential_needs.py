"""Which credentials the operations of an API need, and which variables give them."""

from collections.abc import Iterator, Sequence

from dynacli.auth.credential_variables import Variables, prefix_of
from dynacli.auth.credentials import needed_variables
from dynacli.environment import Environment
from dynacli.library.configuration.configuration import DEMO, Configuration
from dynacli.library.opened_api import OpenedApi
from dynacli.model.operation import SecurityScheme

__all__ = ["needs_of"]

_Scheme = tuple[str, str, str, str, str]

_MOST_SHOWN = 12


def needs_of(api: OpenedApi, name: str, env: Environment) -> Iterator[str]:
    """Yield a line for each way to sign in, if there is one: its schemes, what they want, and the variables.

    Args:
        name: How the API is registered.
    """
    alternatives: dict[tuple[_Scheme, ...], int] = {}
    operations = [api.catalog.operation(one.name) for one in api.catalog.summaries()]
    for operation in operations:
        for one in {tuple(map(_plain, each)) for each in operation.security if each}:
            alternatives[one] = alternatives.get(one, 0) + 1
    if not alternatives:
        return
    others = [prefix_of(one) for one in (*Configuration(env).apis(), DEMO) if one != name]
    variables = Variables(prefix_of(name), env.variables, others)
    shown = sorted(alternatives, key=lambda one: (-alternatives[one], one))
    for number, alternative in enumerate(shown[:_MOST_SHOWN]):
        label = "         or: " if number else "Credentials: "
        yield label + _told([SecurityScheme(*one) for one in alternative], variables, env)
    if len(shown) > _MOST_SHOWN:
        yield f"  and {len(shown) - _MOST_SHOWN} more ways"
    free = sum(not one.security or not all(one.security) for one in operations)
    if free:
        yield f"{free:,} of {len(operations):,} operations {'needs' if free == 1 else 'need'} none"


def _plain(scheme: SecurityScheme) -> _Scheme:
    """Return what tells a scheme from others: the scopes that an operation asks for do not change who signs in."""
    return scheme.name, scheme.type, scheme.scheme, scheme.location, scheme.parameter


def _told(alternative: Sequence[SecurityScheme], variables: Variables, env: Environment) -> str:
    what = " with ".join(f"{one.name} ({_kind(one)})" for one in alternative)
    names = needed_variables(alternative, variables)
    if not names:
        return f"{what}: not supported yet; give the header that it needs with -H"
    state = " (set)" if all(env.variables.get(name) for name in names) else ""
    return f"{what}: set {' and '.join(names)}{state}"


def _kind(scheme: SecurityScheme) -> str:
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
