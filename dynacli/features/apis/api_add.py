"""`dynacli api add`: finds and reads a document, and writes the API and its options into the configuration."""

from __future__ import annotations

import os
import re
import shlex
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from itertools import islice
from typing import TYPE_CHECKING, Any

import click

from dynacli.auth.credentials import Variables, variables_of
from dynacli.auth.missing_credential import needed_variables, set_variables, variable_choices
from dynacli.client.call_settings import pairs_of, query_pairs
from dynacli.client.credentials.chosen_security import declares_none, own_overlays
from dynacli.client.document_login import ALWAYS, has_credential, login_of
from dynacli.commands.registered_apis import absolute_source
from dynacli.commands.run import Run
from dynacli.environment import Environment, invocation, prefix_of
from dynacli.errors import DocumentError, NetworkError, TimedOutError, UsageError
from dynacli.files import is_url
from dynacli.http.failures import with_api_named
from dynacli.openapi.document.fetched import SIGN_IN, DocumentLogin
from dynacli.openapi.model.overview import SignIn
from dynacli.openapi.model.wording import counted
from dynacli.options.standard_options import SETTINGS, Options
from dynacli.output.standard_error import write_stderr
from dynacli.record import replace
from dynacli.registry.configuration import LOGIN_KEY, Configuration, check_name, profiles_in, texts
from dynacli.registry.open_by_name import open_source
from dynacli.registry.opened_api import OpenedApi
from dynacli.registry.revisions.revisions import OpenRequest, lifetime_of
from dynacli.request.choose_server import choose_server, parse_origin, server_at_document
from dynacli.secrets import secret_in_query, with_masked_query
from dynacli.text.terminal import visible
from dynacli.text.wrapping import quoted, word_or_quoted
from dynacli.urls import origin_of

if TYPE_CHECKING:
    from dynacli.features.apis.discovery.discovered import FoundBase, FoundDocument, TriedUrl

_DOCUMENT = re.compile(r"(\.json|\.ya?ml|openapi|swagger|api-docs)/?(\?.*)?$", re.IGNORECASE)
"""URLs that look like documents: if such a URL requires a credential, dynacli does not search for other documents."""
_MOST_LOCKED = 12
"""Maximum number of URLs to request again with a credential."""
_MOST_READ = 200
"""Maximum number of operations to read in search of operations for trial calls."""
_MOST_TRIED = 5
"""Maximum number of tried URLs to print without `-v`."""
_MOST_SHOWN = 12


def is_login_kept(options: Options, api: OpenedApi) -> bool:
    """Return whether `-H` gave a credential for the document, so that each refresh needs one, too."""
    if not options.header or not is_url(api.location):
        return False
    schemes = api.catalog.components("/components/securitySchemes").values()
    return has_credential(pairs_of(options.header, ":", "--header"), schemes)


def _kept_options(
    options: Options, name: str, known: Mapping[str, Any], own: Mapping[str, Any]
) -> dict[str, Any]:
    """Return the keys to save in the entry or the profile of an API for the options of its calls.

    Args:
        name: Name of the API.
        known: The entry of the API, empty if it has none.
        own: Keys for the options that only `api add` has.

    Raises:
        UsageError: A pair has no separator or is a secret, or the profile does not exist and no option describes it.
    """
    from dynacli.commands.setting_keys import value_of

    given = [option for option in options.given if option in SETTINGS and option.key]
    kept: dict[str, Any] = {**own, **{option.key: getattr(options, option.name) for option in given}}
    kept.pop("headers", None)  # `-H` of `api add` is for fetching the document only
    if options.server_var:
        kept["server_vars"] = pairs_of(options.server_var, "=", "--server-var")
    elif options.server:
        kept["server_vars"] = None
    if options.query:
        pairs = query_pairs(options.query)
        kept["query"] = {key: value_of(("apis", name, "query", key), value, 2) for key, value in pairs}
    if options.timeout is not None and options.timeout.is_integer():
        kept["timeout"] = int(options.timeout)
    if not options.profile:
        return kept
    if not kept and options.profile not in profiles_in(known):
        raise UsageError(
            f"`{name}` has no profile `{options.profile}` with headers for fetching the document",
            reason="`api add` creates a profile only with settings for it",
            hint=f"For example: `--profile {options.profile} --server https://staging.example.com`",
        )
    return {"profiles": {options.profile: kept}} if kept else {}


def kept_servers(env: Environment, api: OpenedApi) -> Iterator[tuple[str, str]]:
    """Yield each profile that sets a server, and its base URL; the profile is empty for the entry itself.

    Raises:
        FileError: The entry of the API or a profile is malformed.
        UsageError: The document no longer has the configured server.
    """
    from dynacli.client.profiles import own_settings, profile_of

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


@click.pass_obj
def add(
    run: Run,
    name: str,
    source: tuple[str, ...],
    overlay: tuple[str, ...],
    refresh_after: str | None,
    no_discovery: bool,
    ca: str | None,
) -> None:
    """Register an API.

    Raises:
        UsageError: The name, a source or an option is invalid.
        DocumentError: No document was found, or dynacli cannot use it.
    """
    check_name(name)
    sources = [absolute_source(word) for word in source]
    for location in (*sources, run.options.server):
        _check_holds_no_secret(location, name)
    entry: dict[str, Any] = {"source": sources[0]}
    if sources[1:]:
        entry["more"] = sources[1:]
    configuration = Configuration(run.env)
    known = configuration.own_apis().get(name, {})
    own = own_overlays(run.env, configuration.locations(known, "overlays")) if known else []
    if overlay or own:
        given = [os.path.abspath(os.path.expanduser(path)) for path in overlay]
        entry["overlays"] = list(dict.fromkeys([*given, *own]))
    if refresh_after is not None:
        if lifetime_of({"refresh_after": refresh_after}) is None:
            raise UsageError(
                f"`{refresh_after}` is an invalid time for --refresh-after",
                hint="Give a number with `s`, `m`, `h` or `d`, for example `12h`",
            )
        entry["refresh_after"] = refresh_after
    authorities = os.path.abspath(os.path.expanduser(ca)) if ca else ""
    kept = _kept_options(run.options, name, known, {"ca": authorities} if ca else {})
    accepted = [parse_origin(origin) for origin in run.options.accept_origin]
    allowed = {*configuration.allow_refs(known), *run.options.allow_ref}
    login = login_of(
        run.env,
        name,
        run.options.header,
        run.options.profile or None,
        new_source=sources[0],
        ca=authorities,
    )
    open_request = OpenRequest(
        name,
        run.env,
        refresh=True,
        is_asked=True,
        offline=run.options.offline,
        allow_refs=tuple(sorted(allowed)),
        more=tuple(sources[1:]),
        overlays=tuple(entry.get("overlays", ())),
        login=lambda: login,
    )
    try:
        api = _open_or_search(run, open_request, entry, may_search=not (no_discovery or run.options.offline))
    except NetworkError as error:
        with_api_named(error, name, sources[0])
        raise
    is_added = False
    try:
        if known and known["source"] != entry["source"]:
            raise UsageError(
                f"The API `{name}` already exists, with another document",
                reason=f"Its document is `{with_masked_query(known['source'])}`",
                hint=f"Choose another name, or remove it first: `{invocation('api remove', name)}`",
            )
        entry["origins"] = sorted({*api.origins, *texts(known, "origins"), *accepted})
        places = allowed_places(configuration, known, run.options.allow_ref)
        if places:
            entry["allow_refs"] = places
        if is_login_kept(run.options, api):
            entry[LOGIN_KEY] = ALWAYS
        # Documents and overlays of an earlier `api add` no longer apply.
        entry |= {key: None for key in ("more", "overlays", LOGIN_KEY) if key in known and key not in entry}
        _check_server(run.options, api)
        instead = _server_at_document(run.options, api, known)
        if instead and run.may_ask and not run.options.yes and not run.options.profile:
            _write_elsewhere(run.env, api)
            from dynacli.commands.questions import agrees

            if agrees(run.env, f"Send the calls to {instead}?"):
                kept, instead = {**kept, "server": instead}, ""
        base = _base_without_servers(run.options, api, known, sources, login)
        if base.path and not run.options.profile and base.url != origin_of(api.uri):
            kept = {**kept, "server": base.url}
        hidden = run.env.project_file if name in configuration.project_apis() else ""
        configuration.edit(name, entry | kept)
        is_added = True
        _write_summary(run, api, name, instead)
        _write_base(run, api, name, base)
        if hidden:
            run.note(f"It is used instead of `{name}` of {visible(hidden, keep='')}")
    finally:
        api.catalog.close()
        if not is_added and api.is_new and len(api.revisions.history()) == 1:
            from dynacli.registry.revisions.housekeeping import remove_document

            # On a full disk a document counts as new although another API has it in the cache.
            if entry["source"] not in {other.get("source") for other in configuration.apis().values()}:
                remove_document(api.revisions.directory)


def _open_or_search(
    run: Run, open_request: OpenRequest, entry: dict[str, Any], *, may_search: bool
) -> OpenedApi:
    """Return the API of the document at the source, or of one that a search finds.

    Args:
        entry: The entry of the API; its source becomes the URL of a document that was found.
        may_search: Whether to search for a document if the source is not one.
    """
    source = entry["source"]
    may_search = may_search and source.startswith(("http://", "https://"))
    unusable: DocumentError | None = None
    if not may_search or _DOCUMENT.search(source):
        try:
            return _open(run, open_request, source)
        except DocumentError as error:
            unusable = error
            if not may_search or error.details.get("status") in SIGN_IN or "is_sign_in" in error.details:
                raise
    from dynacli.features.apis.discovery.discovered import TriedUrl, Way
    from dynacli.features.apis.discovery.search_origin import discover

    try:
        with run.reading_document(open_request.name, "Looking for"):
            discovery = discover(source, login=open_request.login())
    except DocumentError as error:
        tried = [TriedUrl(**details) for details in error.details.get("tried", ())]
        if len(tried) > 1:
            _write_tried(run.env, run.options, tried)
        locked = error.details.pop("locked", [])
        for place in error.details.pop("silent", [])[:1]:
            _check_holds_no_secret(place, open_request.name)
            with suppress(DocumentError, NetworkError, TimedOutError):
                api = _open(run, open_request, place)  # with the time limit of a URL that was given
                entry["source"] = place
                return api
        if not locked:
            raise
        return _open_locked(run, open_request, entry, locked)
    found = discovery.documents[0]
    is_given = found.way is Way.GIVEN
    if is_given and unusable is not None:
        raise unusable  # the source itself is the document
    if not is_given:
        _write_tried(run.env, run.options, discovery.tried)
        entry["source"] = found.url
        _check_holds_no_secret(found.url, open_request.name)
    if len(discovery.documents) > 1:
        _write_several(run.env, open_request.name, discovery.documents)
    return _open(run, replace(open_request, at_hand=found.fetched), entry["source"])


def _open_locked(
    run: Run, open_request: OpenRequest, entry: dict[str, Any], places: Sequence[str]
) -> OpenedApi:
    """Return the API of the first document at URLs that require a credential; `entry` gets its URL.

    Raises:
        DocumentError: A URL refuses the credential, there is no credential, or no URL has a document.
    """
    refusal: DocumentError | None = None
    for place in places[:_MOST_LOCKED]:
        _check_holds_no_secret(place, open_request.name)
        try:
            api = _open(run, open_request, place)
        except DocumentError as error:
            if error.details.get("status") in SIGN_IN:
                add_again = f"`{invocation('api add', open_request.name)} {shlex.quote(place)}`"
                error.hint = f"{error.hint}. Then: {add_again}"
                raise
            refusal = error
        else:
            entry["source"] = place
            return api
    raise refusal or DocumentError("No document was found")


def _write_several(env: Environment, name: str, documents: Sequence[FoundDocument]) -> None:
    """Print the documents that were found, why dynacli uses the first one, and how to use the others."""
    from dynacli.features.apis.discovery.discovery_report import lines_of_found

    useful = [document for document in documents if document.has_response]
    reason = ""
    if documents[0].has_response and len(useful) < len(documents):
        reason = ": the server knows no operation of " + ("the other" if len(documents) == 2 else "the last")
    _write_lines(
        env, f"There are several documents, and the first is taken{reason}", lines_of_found(documents)
    )
    others = [shlex.quote(document.url) for document in useful or documents]
    words = " ".join(others) if len(others) > 1 else shlex.quote(documents[1].url)
    label = "All of them in one API" if len(others) == len(documents) else "Those that respond in one API"
    label = label if len(others) > 1 else "To take the other"
    write_stderr(env, f"{label}: {invocation('api add')} {name} {visible(words, keep='')}\n")


def _check_holds_no_secret(location: str, name: str) -> None:
    """Check that a URL can be written into the configuration.

    Raises:
        UsageError: Its query holds a secret.
    """
    secret = secret_in_query(location) if is_url(location) else ""
    if secret:
        raise UsageError(
            f"The parameter `{visible(secret, keep='')}` of the URL holds a secret, and no secret is stored",
            reason="`config.toml` is a file that you read, copy and share",
            hint=f"Leave it out of the URL, and set {prefix_of(name)}_TOKEN or give a header with -H; if the server "
            "takes it only in the query, save the document to a file and add that",
        )


def _check_server(options: Options, api: OpenedApi) -> None:
    """Check `--server` and `--server-var`.

    Raises:
        UsageError: The document has no such server or variable, or the value is not a URL.
    """
    if options.server or options.server_var:
        values = pairs_of(options.server_var, "=", "--server-var")
        choose_server(api.servers, api.uri, options.server, values)


def _server_at_document(options: Options, api: OpenedApi, known: dict[str, Any]) -> str:
    """Return the likely URL of the API if its document has a placeholder for it; empty if the server is known."""
    if options.server or options.server_var or known.keys() & {"server", "server_vars"}:
        return ""

    return server_at_document(api.servers, api.uri)


def _base_without_servers(
    options: Options, api: OpenedApi, known: dict[str, Any], sources: Sequence[str], login: DocumentLogin
) -> FoundBase:
    """Return the base URL of a document that names no server, as trial calls show it.

    If no trial shows it, the result has no path, and its URL is the given one if that may be the base.
    """
    from dynacli.features.apis.discovery.discovered import FoundBase

    is_known = options.server or options.server_var or known.keys() & {"server", "server_vars"}
    if is_known or api.servers or sources[1:] or not api.uri.startswith(("http://", "https://")):
        return FoundBase()
    from dynacli.features.apis.discovery.base_url import find_base

    given, paths = sources[0], dict[str, Any]()
    reading = (summary for summary in api.catalog.each_summary() if summary.method == "GET")
    for summary in islice(reading, _MOST_READ):
        operation = api.catalog.operation(summary.name)
        if operation.servers:
            continue
        needs_input = any(parameter.is_required for parameter in operation.parameters)
        content: dict[str, Any] = {
            name: {} for response in operation.responses for name in response.media_types
        }
        paths[summary.path] = {
            "get": {
                "operationId": summary.operation_id,
                "parameters": [{"required": needs_input}],
                "responses": {"200": {"content": content}},
            }
        }
    found = FoundBase()
    if not options.offline:
        found = find_base({"paths": paths}, api.uri, (given, api.uri), login)
    if found.url or given == api.uri or _DOCUMENT.search(given) or not is_url(given):
        return found
    below = with_masked_query(given).partition("?")[0].rstrip("/")
    return FoundBase(below if below != origin_of(given) else "")


def _write_base(run: Run, api: OpenedApi, name: str, base: FoundBase) -> None:
    """Print the base URL of a document without servers, unless it is the origin of the document."""
    origin = origin_of(api.uri) if base.url else ""
    if not base.url or base.url == origin:
        return
    missing = "The document names no server"
    if base.path and not run.options.profile:
        reason = f"`GET {visible(base.path, keep='')}` is known there, and not at {origin}"
        write_stderr(run.env, f"{missing}, so calls go to {visible(base.url, keep='')}: {reason}\n")
        return
    line = f"{invocation('api set', name)} {shlex.quote(f'server={base.url}')}"
    run.warn(f"{missing}, so calls go to {origin}. If its paths start at {base.url}: `{line}`")


def _write_elsewhere(env: Environment, api: OpenedApi) -> None:
    """Print that the document came from another origin than its first server."""
    server = quoted(api.servers[0].url)
    write_stderr(env, f"The document came from {origin_of(api.uri)}, and its first server is {server}\n")


def _open(run: Run, open_request: OpenRequest, source: str) -> OpenedApi:
    with run.reading_document(open_request.name):
        return open_source(open_request, source)


def _write_tried(env: Environment, options: Options, tried: Sequence[TriedUrl]) -> None:
    """Print the tried URLs with their results: the most useful ones, or all of them with `-v`."""
    from dynacli.features.apis.discovery.discovery_report import lines_of_tried, most_useful

    shown = tried if options.verbose else most_useful(tried, _MOST_TRIED)
    lines = lines_of_tried(shown)
    if len(shown) < len(tried):
        lines.append(f"and {len(tried) - len(shown)} more; `-v` lists them")
    _write_lines(env, "Looked for a document at", lines)


def _write_lines(env: Environment, heading: str, lines: Sequence[str]) -> None:
    text = "".join(f"  {visible(line, keep='')}\n" for line in lines)
    write_stderr(env, f"{heading}:\n{text}")


def allowed_places(configuration: Configuration, entry: dict[str, Any], places: Iterable[str]) -> list[str]:
    """Return the `allow_refs` of an entry, as they were written, and further locations."""
    known = configuration.allow_refs(entry)
    return [*texts(entry, "allow_refs"), *sorted({*places} - {*known})]


def _write_summary(run: Run, api: OpenedApi, name: str, instead: str) -> None:
    """Print a summary of the API that was added.

    Args:
        instead: Likely URL of the API if its first server is a placeholder; else empty.
    """
    meta = api.catalog.meta
    about = quoted(f"{meta['title']} {meta['version']}".strip()) or "an API without a title"
    write_stderr(run.env, f"{name}: {about}, {counted(meta['operations'], 'operation')}\n")
    if api.warning is not None:
        from dynacli.commands.document_notes import freshness_notes

        for note in freshness_notes(api):
            run.warn(note)
    # The document is new under this name, even if it was compiled before.
    api.name, api.is_new = name, True
    for note in api.notes:
        run.warn(note)

    if instead:
        _write_elsewhere(run.env, api)
        line = f"{invocation('api set', name)} {shlex.quote(f'server={instead}')}"
        write_stderr(run.env, f"To call it there: {line}, or --server {shlex.quote(instead)} with a call\n")
    for line in _credential_lines(api, name, run.env):
        write_stderr(run.env, f"{visible(line, keep='')}\n")
    if is_login_kept(run.options, api):
        line = visible(f"{invocation('auth login', name)}{_own_scheme_words(run.options, api)}", keep="")
        write_stderr(run.env, f"The header is for the document alone. To sign calls: {line}\n")
    write_stderr(run.env, f"Try: {invocation(api=name)} --help\n")


def _own_scheme_words(options: Options, api: OpenedApi) -> str:
    """Return the arguments of `auth login NAME` for the header of `-H`; empty if the document declares a scheme."""
    if not declares_none(api):
        return ""
    header, value = next(iter(pairs_of(options.header, ":", "--header").items()))
    kind = value.split(" ")[0].lower()
    if header.lower() == "authorization" and kind in {"basic", "bearer"}:
        return f" --scheme {kind}"
    return f" --scheme apikey --name {shlex.quote(header)}"


def _credential_lines(api: OpenedApi, name: str, env: Environment) -> Iterator[str]:
    """Yield a line for each way to sign in: its security schemes, and the variables that hold the credentials.

    Args:
        name: The name under which the API is registered.
    """
    overview = api.catalog.overview()
    if not overview.sign_ins:
        return
    variables, origin = variables_of(env, prefix_of(name)), _foreign_origin(api)
    for number, sign_in in enumerate(overview.sign_ins[:_MOST_SHOWN]):
        label = "         or: " if number else "Credentials: "
        yield label + _sign_in_text(sign_in, variables)
    if len(overview.sign_ins) > _MOST_SHOWN:
        yield f"  and {len(overview.sign_ins) - _MOST_SHOWN} more ways"
    needed = [needed_variables(sign_in.schemes, variables) for sign_in in overview.sign_ins]
    if any(needed) and not any(set_variables(sign_in.schemes, variables) for sign_in in overview.sign_ins):
        yield f"Sign in: {invocation('auth login', name)}"
    if any(needed) and origin:
        yield f"If you trust {origin} with it: {invocation('api set', name)} {shlex.quote(f'origins={origin}')}"
    anonymous, operations = overview.anonymous, api.catalog.meta["operations"]
    if anonymous:
        yield f"{anonymous:,} of {operations:,} operations {'needs' if anonymous == 1 else 'need'} none"


def _foreign_origin(api: OpenedApi) -> str:
    """Return the origin of the first server if you have not accepted it for credentials yet; else empty."""
    with suppress(UsageError):  # a server that is only a path, or has variables without values
        origin = origin_of(choose_server(api.servers, api.uri, "", {}))
        return "" if origin in api.origins else origin
    return ""


def _sign_in_text(sign_in: SignIn, variables: Variables) -> str:
    from dynacli.auth.missing_credential import wanted_by

    schemes = " with ".join(
        f"{word_or_quoted(scheme.name)} ({wanted_by(scheme)})" for scheme in sign_in.schemes
    )
    choices = variable_choices([sign_in.schemes], variables)
    if not choices and any(scheme.type == "mutualTLS" for scheme in sign_in.schemes):
        return f"{schemes}: name it in the configuration, as `{invocation('help auth-config')}` says"
    if not choices:
        return f"{schemes}: not supported yet; give the header that it needs with -H"
    state = " (set)" if set_variables(sign_in.schemes, variables) else ""
    return f"{schemes}: set {', or '.join(' and '.join(names) for names in choices)}{state}"
