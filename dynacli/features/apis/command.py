"""`dynacli api`: registers APIs, and shows, refreshes and changes the registered ones."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

import click

from dynacli.client.document_login import ALWAYS, login_of
from dynacli.commands.registered_apis import check_registered
from dynacli.commands.run import Run
from dynacli.environment import Environment, invocation
from dynacli.errors import AuthError, DynacliError, UsageError
from dynacli.features.apis.api_add import allowed_places, is_login_kept, kept_servers
from dynacli.files import is_url, write_named_file
from dynacli.openapi.document.source import shown_file
from dynacli.openapi.model.wording import counted
from dynacli.output.standard_error import write_stderr
from dynacli.registry.configuration import LOGIN_KEY, Configuration, check_name, profiles_in
from dynacli.registry.news import take_news
from dynacli.registry.open_by_name import open_named_api, refresh_api
from dynacli.registry.opened_api import OpenedApi
from dynacli.request.choose_server import choose_server
from dynacli.secrets import with_masked_query
from dynacli.text.terminal import Painter, visible
from dynacli.text.wrapping import quoted
from dynacli.urls import without_query

if TYPE_CHECKING:
    from dynacli.auth.credential_store import CredentialStore


@click.pass_obj
def list_apis(run: Run) -> None:
    """Run `api list`."""
    from dynacli.output.render import write_data

    configuration = Configuration(run.env)
    rows = [
        {**_api_row(run, name, entry), "configuration": configuration.path_of(name)}
        for name, entry in sorted(configuration.apis().items())
    ]

    def text(paint: Painter, width: int) -> str:  # noqa: ARG001
        if not rows:
            return f"No API is registered yet: {invocation('api add')} NAME SOURCE"
        column = max(len(row["name"]) for row in rows) + 2
        return "\n".join(
            f"{row['name'].ljust(column)}{_api_line(row)}  {paint.dim(visible(_source_and_project(run, row), keep=''))}"
            for row in rows
        )

    write_data(run.env, rows, run.data_format, text)


def _source_and_project(run: Run, row: dict[str, Any]) -> str:
    """Return the location of an API's document, and the project file that registers the API, if one does."""
    is_own = row["configuration"] != run.env.project_file
    return str(row["source"]) if is_own else f"{row['source']}, from {shown_file(row['configuration'])}"


def _api_line(row: dict[str, Any]) -> str:
    if row["revision"] is None:
        return "not read yet"
    about = quoted(f"{row['title']} {row['version']}".strip())
    return ", ".join(part for part in (about, counted(row["operations"], "operation")) if part)


def _api_row(run: Run, name: str, entry: dict[str, Any]) -> dict[str, Any]:
    row: dict[str, Any] = {
        "name": name,
        "source": with_masked_query(entry["source"]),
        "title": None,
        "version": None,
        "openapi": None,
        "operations": None,
        "fetched_at": None,
        "fresh": False,
        "revision": None,
    }
    try:
        # Offline, so that one server that hangs does not delay the whole list.
        api = open_named_api(name, run.env, offline=True)
    except DynacliError as error:  # the other APIs are listed anyway
        run.warn(f"`{name}`: {error.message}")
        return row
    if api.warning is not None:
        run.warn(f"`{name}`: {api.warning.message}")
    try:
        return {**row, **_facts(api)}
    finally:
        api.catalog.close()


def _facts(api: OpenedApi) -> dict[str, Any]:
    import time
    from datetime import UTC, datetime

    meta, fetched = api.catalog.meta, api.pointer.get("fetched_at")
    age = time.time() - fetched if isinstance(fetched, int | float) else None
    is_file = not is_url(api.location)  # opening has just read a file or standard input
    is_pinned = bool(api.open_request.pin)
    return {
        # Some servers change the title or the version each time; the pointer has the latest without a new revision.
        "title": api.pointer.get("title", meta["title"]),
        "version": api.pointer.get("version", meta["version"]),
        "openapi": meta["openapi"],
        "operations": meta["operations"],
        "fetched_at": datetime.fromtimestamp(float(fetched or 0), UTC).isoformat(timespec="seconds")
        if age is not None
        else None,
        "fresh": api.warning is None and not is_pinned and (is_file or (age is not None and not api.is_due)),
        "revision": api.pointer["revision"],
    }


@click.pass_obj
def show_api(run: Run, api: str) -> None:
    """Run `api show`."""
    from dynacli.output.render import write_data

    opened = run.api(api)
    warnings, problems = opened.catalog.warnings(), opened.problems()
    files = len(opened.catalog.files())
    data = {
        "name": opened.name,
        "source": "-" if api == "-" else with_masked_query(opened.location),
        **_facts(opened),
        "configuration": Configuration(run.env).path_of(opened.name) if opened.is_registered else None,
        "files": files,
        "servers": opened.catalog.meta["servers"],
        "calls_go_to": _kept_servers(run, opened),
        "origins": list(opened.origins),
        "allow_refs": opened.pointer.get("allow_refs", []),
        "warnings": warnings,
        "problems": problems,
    }

    def text(paint: Painter, width: int) -> str:  # noqa: ARG001
        from dynacli.commands.document_notes import by_message

        title = quoted(f"{data['title']} {data['version']}".strip())
        title = paint.bold(title or visible(opened.name, keep=""))
        operations = counted(data["operations"], "operation")
        lines = [
            title,
            f"  document    {visible(data['source'], keep='')}{_other_files(files)}",
            f"  {_kind(data['openapi'])}     {visible(data['openapi'], keep='')}, {operations}",
            f"  fetched     {data['fetched_at']}, revision {data['revision']}",
            *([f"  from        {visible(data['configuration'], keep='')}"] if data["configuration"] else []),
            *(f"  server      {visible(server['url'], keep='')}" for server in data["servers"]),
            *(f"  calls go to {_with_profile(row)}" for row in data["calls_go_to"]),
            *(f"  credentials go to {origin}" for origin in opened.origins),
            *(f"  references may lead to {visible(origin, keep='')}" for origin in data["allow_refs"]),
        ]
        for heading, rows in (("Worked around", warnings), ("Not valid OpenAPI", problems)):
            if rows:
                lines.extend(["", paint.heading(f"{heading} ({len(rows)})")])
                lines.extend(_message_line(row, more) for row, more in by_message(rows))
        if not warnings and not problems:
            lines.extend(["", "The document is valid."])
        return "\n".join(lines)

    write_data(run.env, data, run.data_format, text)


def _kept_servers(run: Run, api: OpenedApi) -> list[dict[str, str | None]]:
    """Return the configured servers with their profiles; warn if one of them cannot be used."""
    try:
        return [{"profile": name or None, "server": url} for name, url in kept_servers(run.env, api)]
    except DynacliError as error:  # the document is shown anyway
        run.warn(error.message)
        return []


def _with_profile(row: Mapping[str, Any]) -> str:
    suffix = f", with `--profile {row['profile']}`" if row["profile"] else ""
    return visible(f"{row['server']}{suffix}", keep="")


def _kind(version: str) -> str:
    """Return the name of the specification, which was Swagger before version 3.0."""
    return "Swagger" if version.startswith("2") else "OpenAPI"


def _other_files(files: int) -> str:
    if files < 2:
        return ""
    return " and 1 other file" if files == 2 else f" and {files - 1:,} other files"


def _message_line(row: Mapping[str, Any], more: int) -> str:
    from dynacli.commands.document_notes import more_places, place_parts

    place = ", ".join(place_parts(row))
    return f"  {visible(row['message'], keep='')} ({visible(place, keep='')}{more_places(more)})"


@click.pass_obj
def refresh_document(run: Run, name: str, accept: bool) -> None:
    """Run `api refresh`."""
    check_registered(run.env, name)
    if run.options.allow_ref:
        Configuration(run.env).check_own(name)
    entry = Configuration(run.env).apis()[name]
    if run.options.offline and entry["source"].lower().startswith(("http:", "https:", "unix:")):
        raise UsageError(
            f"`{name}` cannot be refreshed offline",
            reason="Its document is at a URL",
            hint="Leave out `--offline`",
        )
    if entry.get("pin"):
        raise UsageError(
            f"`{name}` is pinned to a revision, so it cannot be refreshed",
            hint=f"Unpin it: `{invocation('api unpin', name)}`",
        )
    from dynacli.client.call_settings import settings_of

    login = login_of(run.env, name, run.options.header, run.options.profile or None)
    with run.reading_document(name):
        api, before = refresh_api(
            name, run.env, run.options.allow_ref, is_accepted=accept, login=lambda: login
        )
    try:
        configuration = Configuration(run.env)
        changes: dict[str, Any] = {}
        if run.options.allow_ref:
            entry = configuration.registered(name) or {}
            changes["allow_refs"] = allowed_places(configuration, entry, run.options.allow_ref)
        if is_login_kept(run.options, api):
            changes[LOGIN_KEY] = ALWAYS
        if changes:
            configuration.edit(name, changes)
        for note in api.notes:
            run.warn(note)
        names = {(operation.method, operation.path): operation.name for operation in api.catalog.summaries()}
        unchanged = ", unchanged" if before is not None and before.revision == api.pointer["revision"] else ""
        write_stderr(
            run.env,
            f"{name}: {counted(len(names), 'operation')}, revision {api.pointer['revision']}{unchanged}\n",
        )
        if before is not None:
            _report_changes(run.env, name, api, names, before.names)
        profile = run.options.in_force("profile", run.env)
        if not profile or profile in profiles_in(api.entry):
            settings_of(run.env, api, run.call_options)  # an invalid setting would make every call fail
    finally:
        api.catalog.close()


def _report_changes(
    env: Environment,
    name: str,
    api: OpenedApi,
    names: Mapping[tuple[str, str], str],
    before: Mapping[tuple[str, str], str],
) -> None:
    """Print which operations a refresh added, removed and changed.

    Args:
        names: Method and path of each operation → its name.
        before: The same for the previous revision.
    """
    new = [named for key, named in names.items() if key not in before]
    gone = [named for key, named in before.items() if key not in names]
    for title, some in (("new", new), ("gone", gone)):
        if some:
            more = f" and {len(some) - 10} more" if len(some) > 10 else ""
            write_stderr(env, f"  {title}: {', '.join(some[:10])}{more}\n")
    news = take_news(api.revisions)
    if news is not None and (news.changed or not (new or gone)):
        changed = counted(news.changed, "operation") if news.changed else "the document itself"
        write_stderr(env, f"  changed: {changed} ({invocation('changes', name)})\n")


@click.pass_obj
def set_keys(run: Run, name: str, settings: tuple[str, ...]) -> None:
    """Run `api set`."""
    from dynacli.commands.change_settings import change_settings, settings_in

    profile = ("profiles", run.options.profile) if run.options.profile else ()
    change_settings(run, settings_in(settings, ("apis", name, *profile)))


@click.pass_obj
def remove_api(run: Run, name: str) -> None:
    """Run `api remove`."""
    from dynacli.commands.change_settings import check_policy_change

    check_registered(run.env, name)
    configuration = Configuration(run.env)
    configuration.check_own(name)
    check_policy_change(run, name)
    configuration.edit(name, None)
    _with_credentials(run, lambda store: store.remove_api(name))


@click.pass_obj
def rename_api(run: Run, name: str, new_name: str) -> None:
    """Run `api rename`."""
    check_name(new_name)
    check_registered(run.env, name)
    configuration = Configuration(run.env)
    if configuration.has_entry(new_name):
        raise UsageError(f"The API `{new_name}` already exists")
    configuration.edit(name, None, new_name=new_name)
    _with_credentials(run, lambda store: store.rename_api(name, new_name))


def _with_credentials(run: Run, change: Callable[[CredentialStore], None]) -> None:
    """Change the credential store; warn if that fails."""
    from dynacli.auth.credential_store import CredentialStore

    try:
        change(CredentialStore(run.env))
    except AuthError as error:
        run.warn(f"{error.message}: {error.reason}")


@click.pass_obj
def write_link_set(run: Run, out: str | None) -> None:
    """Run `api catalog`: print or write a JSON link set (RFC 9727, section 5; RFC 9264, section 4.2)."""
    from dynacli.output.render import write_data

    contexts = []
    for name in sorted(Configuration(run.env).apis()):
        try:
            contexts.append(_context(name, run.api(name)))
        except DynacliError as error:
            run.warn(f"{name} is left out: {error.message}")
    catalog = {"linkset": contexts}
    if out is None:
        write_data(run.env, catalog, run.data_format)
        return
    import json

    write_named_file(out, (json.dumps(catalog, ensure_ascii=False, indent=2) + "\n").encode())


def _context(name: str, api: OpenedApi) -> dict[str, Any]:
    """Return the links of an API. Its anchor is the URL of its server, or of its document if no server is known.

    Raises:
        DynacliError: The document cannot be opened.
    """
    document = api.location if is_url(api.location) else f"file://{api.location}"
    try:
        anchor = choose_server(api.servers, api.uri)
    except UsageError:  # relative to nothing, or with a variable that has no value
        anchor = document
    content = (api.content() or b"").lstrip()
    kind = "json" if content[:1] == b"{" else "yaml"
    title = f"{api.catalog.meta['title'] or name} {api.catalog.meta['version']}".strip()
    return {
        "anchor": anchor,
        "service-desc": [
            {"href": without_query(document), "type": f"application/vnd.oai.openapi+{kind}", "title": title}
        ],
    }
