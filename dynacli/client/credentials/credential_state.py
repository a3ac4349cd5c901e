"""Whether the credential that an operation asks for is there, as far as that is known without reading a secret."""

from typing import Any

from dynacli.auth.credentials import variables_of
from dynacli.auth.missing_credential import needed_variables, set_variables
from dynacli.client.credentials.signed_in import signed_in
from dynacli.environment import Environment, invocation
from dynacli.library.configuration.configuration import DEMO
from dynacli.library.opened_api import OpenedApi
from dynacli.model.operation import Operation

__all__ = ["credential_state"]


def credential_state(
    env: Environment, api: OpenedApi, operation: Operation, profile: str = ""
) -> dict[str, Any] | None:
    """Return `{"scheme", "state", "hint"}` of the credential that a call would carry; None where it needs none.

    The state is `present`, `missing` or `expired`. Several schemes that are used together are named as one. The hint
    says how to sign in; it is None where that has been done, or there is no way but a header.

    Args:
        profile: The name of the profile; empty for none.

    Raises:
        FileError: The configuration cannot be read.
    """
    if not operation.security or not all(operation.security):
        return None
    variables = variables_of(env, api.prefix)
    states = {}
    for alternative in operation.security:
        name = " with ".join(scheme.name for scheme in alternative)
        # The stand-in has a key for each command that runs it.
        if set_variables(alternative, variables) or api.name == DEMO:
            return _state(name, "present")
        found = signed_in(env, api, profile, [alternative])
        if found.words:
            return _state(name, "present")
        states[name] = "expired" if found.expired else "missing"
    name = next((name for name, state in states.items() if state == "expired"), next(iter(states)))
    login = invocation("auth login", api.name) if api.is_registered else ""
    needed = next(filter(None, (needed_variables(each, variables) for each in operation.security)), [])
    return _state(name, states[name], login or (f"set {' and '.join(needed)}" if needed else None))


def _state(scheme: str, state: str, hint: str | None = None) -> dict[str, Any]:
    return {"scheme": scheme, "state": state, "hint": hint}
