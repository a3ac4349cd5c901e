"""Signs in where the document itself is behind a login: with the credentials of its API, at its own origin only.

Nothing is sent before the server has asked for it.
"""

from collections.abc import Iterable
from typing import TYPE_CHECKING

from dynacli.environment import Environment

if TYPE_CHECKING:
    from dynacli.document.fetched import Authorize

__all__ = ["login_of"]


def login_of(
    env: Environment, name: str, headers: Iterable[str] = (), profile: str | None = None
) -> "Authorize":
    """Return what gives the credentials for the document of an API.

    Nothing is looked up before it is needed, which it seldom is.

    Args:
        name: Of the API, registered or about to be; a URL where it has none.
        headers: What the person gave with `-H` for the document itself, such as `X-API-Key: abc`.
        profile: The name of the profile whose headers go along; by default that of the environment.
    """

    def authorize(challenge: str) -> dict[str, str]:
        given = _given(headers)
        return {**_of_profile(env, name, profile), **_credential(env, name, challenge.lower()), **given}

    return authorize


def _given(headers: Iterable[str]) -> dict[str, str]:
    from dynacli.client.call_settings import pairs_of
    from dynacli.request.build_request import check_header

    given = pairs_of(headers, ":", "--header")
    for name, value in given.items():
        check_header(name, value)
    return given


def _of_profile(env: Environment, name: str, profile: str | None) -> dict[str, str]:
    from dynacli.client.profiles import headers_in
    from dynacli.library.configuration.configuration import Configuration
    from dynacli.request.build_request import check_header

    entry = Configuration(env).apis().get(name, {})
    found = headers_in(entry, profile or env.variables.get("DYNACLI_PROFILE", ""))
    for header, value in found.items():
        check_header(header, value)
    return found


def _credential(env: Environment, name: str, challenge: str) -> dict[str, str]:
    """Return the header of the credential that the environment has, and that the challenge asks for."""
    from base64 import b64encode

    from dynacli.auth.credential_variables import ADHOC, prefix_of, variables_of
    from dynacli.library.configuration.configuration import is_name

    variables = variables_of(env, prefix_of(name) if is_name(name) else ADHOC)
    token = variables.value(variables.generic("TOKEN"))
    user, password = (variables.text(variables.generic(word)) for word in ("USERNAME", "PASSWORD"))
    pair = b64encode(f"{user}:{password}".encode()).decode() if user or password else ""
    if token and not (pair and "basic" in challenge and "bearer" not in challenge):
        return {"Authorization": f"Bearer {token}"}
    if pair:
        return {"Authorization": f"Basic {pair}"}
    key = variables.value(variables.generic("KEY"))
    header = _key_header(env, name) if key else ""
    return {header: key} if header else {}


def _key_header(env: Environment, name: str) -> str:
    """Return the header that an API key goes into by the document at hand; empty where it names none."""
    from contextlib import closing

    from dynacli.auth.credentials import is_key_header
    from dynacli.catalog.store.catalog_file import DamagedCatalogError
    from dynacli.errors import DynacliError
    from dynacli.library.open_by_name import find_revisions

    try:
        _, revisions = find_revisions(name, env)
        pointer = revisions.current()
        catalog = revisions.open_catalog(pointer) if pointer is not None else None
        if catalog is None:
            return ""
        with closing(catalog):
            schemes = catalog.components("/components/securitySchemes").values()
    except (DynacliError, DamagedCatalogError):
        return ""
    return next((scheme["name"] for scheme in schemes if is_key_header(scheme)), "")
