"""The standard options of `api add` that the configuration keeps."""

from collections.abc import Iterator, Mapping
from typing import Any

from dynacli.environment import Environment
from dynacli.errors import UsageError
from dynacli.library.configuration.configuration import profiles_in
from dynacli.library.opened_api import OpenedApi
from dynacli.options.standard_options import SETTINGS, Options

__all__ = ["is_login_kept", "kept_options", "kept_servers"]


def is_login_kept(options: Options, api: OpenedApi) -> bool:
    """Return whether the document came with a credential of `-H`, so that later ones are fetched with one, too."""
    from dynacli.client.call_settings import pairs_of
    from dynacli.client.document_login import has_credential

    if not options.header or "://" not in api.location:
        return False
    schemes = api.catalog.components("/components/securitySchemes").values()
    return has_credential(pairs_of(options.header, ":", "--header"), schemes)


def kept_options(
    options: Options, name: str, known: Mapping[str, Any], own: Mapping[str, Any]
) -> dict[str, Any]:
    """Return the keys of an API's entry, or of a profile in it, that keep what the options say of its calls.

    Args:
        name: Of the API.
        known: The entry of the API, empty where it has none.
        own: What the options of `api add` itself say.

    Raises:
        UsageError: A pair has no separator, or the profile does not exist and nothing is said of it.
    """
    from dynacli.client.call_settings import pairs_of

    given = [option for option in options.given if option in SETTINGS and option.key]
    kept: dict[str, Any] = {**own, **{option.key: getattr(options, option.name) for option in given}}
    kept.pop("headers", None)  # those of `api add` are for fetching the document
    if options.server_var:
        kept["server_vars"] = pairs_of(options.server_var, "=", "--server-var")
    elif options.server:
        kept["server_vars"] = None
    if options.timeout is not None and options.timeout.is_integer():
        kept["timeout"] = int(options.timeout)
    if not options.profile:
        return kept
    if not kept and options.profile not in profiles_in(known):
        raise UsageError(
            f"`{name}` has no profile `{options.profile}` whose headers the document could be fetched with",
            why="`api add` writes a profile only with what belongs into it",
            hint=f"Say so, for example `--profile {options.profile} --server https://staging.example.com`",
        )
    return {"profiles": {options.profile: kept}} if kept else {}


def kept_servers(env: Environment, api: OpenedApi) -> Iterator[tuple[str, str]]:
    """Yield each profile that calls of an API go to another server with, empty for none, and the base URL of that.

    Raises:
        FileError: The entry of the API or a profile is malformed.
        UsageError: What is kept does not name a server of the document any more.
    """
    from dynacli.client.profiles import own_settings, profile_of
    from dynacli.request.choose_server import choose_server

    own = own_settings(env, api, ("server", "server_vars"))
    profiles = api.entry.get("profiles", {})
    for name in ("", *(profiles if isinstance(profiles, dict) else ())):
        said = profile_of(env, api, name) if name else own
        if said.keys().isdisjoint(("server", "server_vars")):
            continue
        variables = {
            **({} if "server" in said else own.get("server_vars", {})),
            **said.get("server_vars", {}),
        }
        wanted = str(said.get("server", own.get("server", "")))
        yield name, choose_server(api.servers, api.uri, wanted, variables)
