"""Signs in where the document itself is behind a login: with the credentials of its API, at its own origin only.

Nothing is sent before the server has asked for it, unless a person has said so: by a header, or in the configuration.
"""

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from dynacli.environment import Environment
from dynacli.errors import AuthError

if TYPE_CHECKING:
    from dynacli.document.fetched import Authorize

__all__ = ["ALWAYS", "LOGIN_KEY", "has_credential", "login_of"]

LOGIN_KEY = "document_login"
"""The key of an API's entry that says when its document is fetched with a credential; by default when a server asks."""
ALWAYS = "always"


def login_of(
    env: Environment,
    name: str,
    headers: Iterable[str] = (),
    profile: str | None = None,
    *,
    is_new: bool = False,
) -> "Authorize":
    """Return what gives the credentials for the document of an API.

    Nothing is looked up before it is needed, which it seldom is.

    Args:
        name: Of the API, registered or about to be; a URL where it has none.
        headers: What the person gave with `-H` for the document itself, such as `X-API-Key: abc`.
        profile: The name of the profile whose headers go along; by default that of the environment.
        is_new: Whether the API is about to be registered, so that an earlier entry says nothing of its document.
    """

    def authorize(challenge: str | None) -> dict[str, str]:
        given = _given(headers)
        if challenge is None and (is_new or not _is_always_wanted(env, name)):
            return given
        if challenge is None and has_credential(given, _schemes_at_hand(env, name)):
            return given
        own = {**_of_profile(env, name, profile), **_credential(env, name, (challenge or "").lower())}
        if challenge is None and not own:
            raise _missing(name)
        return {**own, **given}

    return authorize


def has_credential(names: Iterable[str], schemes: Iterable[Any]) -> bool:
    """Return whether one of some headers holds a credential.

    Args:
        names: The names of the headers.
        schemes: The Security Scheme Objects of the document, whose API keys may be in headers of any name.
    """
    from dynacli.auth.credentials import is_key_header
    from dynacli.client.sign_request import SECRET_HEADERS
    from dynacli.urls import is_secret_name

    keys = {scheme["name"].lower() for scheme in schemes if is_key_header(scheme)}
    return any(name.lower() in SECRET_HEADERS | keys or is_secret_name(name) for name in names)


def _is_always_wanted(env: Environment, name: str) -> bool:
    from dynacli.library.configuration.configuration import Configuration

    return Configuration(env).apis().get(name, {}).get(LOGIN_KEY) == ALWAYS


def _missing(name: str) -> AuthError:
    from dynacli.auth.credentials import prefix_of

    return AuthError(
        f"The document of `{name}` is fetched with a credential, and none is set",
        why="It was registered with a header of `-H`, which is kept nowhere; without it, the document may be another",
        hint=f"Set {prefix_of(name)}_TOKEN, or give the header: `dynacli api refresh {name} -H NAME:VALUE`; "
        f"or take `{LOGIN_KEY}` out of `[apis.{name}]` in `config.toml`",
    )


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

    from dynacli.auth.credentials import ADHOC, prefix_of, variables_of
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
    from dynacli.auth.credentials import is_key_header

    return next((scheme["name"] for scheme in _schemes_at_hand(env, name) if is_key_header(scheme)), "")


def _schemes_at_hand(env: Environment, name: str) -> list[Any]:
    """Return the Security Scheme Objects of the document at hand; none where there is none."""
    from contextlib import closing

    from dynacli.catalog.store.catalog_file import DamagedCatalogError
    from dynacli.errors import DynacliError
    from dynacli.library.open_by_name import find_revisions

    try:
        _, revisions = find_revisions(name, env)
        pointer = revisions.current()
        catalog = revisions.open_catalog(pointer) if pointer is not None else None
        if catalog is None:
            return []
        with closing(catalog):
            return list(catalog.components("/components/securitySchemes").values())
    except (DynacliError, DamagedCatalogError):
        return []
