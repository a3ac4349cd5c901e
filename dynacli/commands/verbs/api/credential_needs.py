"""The lines of `api add` about credentials: which ones the operations need, and which variables hold them."""

from collections.abc import Iterator

from dynacli.auth.credentials import Variables, variables_of
from dynacli.auth.missing_credential import needed_variables, set_variables, variable_choices
from dynacli.client.credentials.sign_in import wanted_by
from dynacli.environment import Environment, invocation, prefix_of
from dynacli.library.opened_api import OpenedApi
from dynacli.model.overview import SignIn
from dynacli.text.wrapping import word_or_quoted

__all__ = ["credential_lines"]

_MOST_SHOWN = 12


def credential_lines(api: OpenedApi, name: str, env: Environment) -> Iterator[str]:
    """Yield a line for each way to sign in: its security schemes, and the variables that hold the credentials.

    Args:
        name: The name under which the API is registered.
    """
    overview = api.catalog.overview()
    if not overview.sign_ins:
        return
    variables = variables_of(env, prefix_of(name))
    for number, sign_in in enumerate(overview.sign_ins[:_MOST_SHOWN]):
        label = "         or: " if number else "Credentials: "
        yield label + _sign_in_text(sign_in, variables)
    if len(overview.sign_ins) > _MOST_SHOWN:
        yield f"  and {len(overview.sign_ins) - _MOST_SHOWN} more ways"
    needed = [needed_variables(sign_in.schemes, variables) for sign_in in overview.sign_ins]
    if any(needed) and not any(set_variables(sign_in.schemes, variables) for sign_in in overview.sign_ins):
        yield f"Sign in: {invocation('auth login', name)}"
    anonymous, operations = overview.anonymous, api.catalog.meta["operations"]
    if anonymous:
        yield f"{anonymous:,} of {operations:,} operations {'needs' if anonymous == 1 else 'need'} none"


def _sign_in_text(sign_in: SignIn, variables: Variables) -> str:
    schemes = " with ".join(
        f"{word_or_quoted(scheme.name)} ({wanted_by(scheme)})" for scheme in sign_in.schemes
    )
    choices = variable_choices([sign_in.schemes], variables)
    if not choices and any(scheme.type == "mutualTLS" for scheme in sign_in.schemes):
        return f"{schemes}: name it in the configuration, as `{invocation('help credentials')}` says"
    if not choices:
        return f"{schemes}: not supported yet; give the header that it needs with -H"
    state = " (set)" if set_variables(sign_in.schemes, variables) else ""
    return f"{schemes}: set {', or '.join(' and '.join(names) for names in choices)}{state}"
