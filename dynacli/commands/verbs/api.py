"""`dynacli api`: the registered APIs."""

from collections.abc import Iterable, Mapping
from typing import Any

import click

from dynacli.catalog.api import Api
from dynacli.catalog.apis import open_api, refresh_api
from dynacli.catalog.configuration import Configuration, check_name, texts
from dynacli.commands.options import STANDARD_OPTIONS, click_options
from dynacli.commands.run import Run
from dynacli.commands.verb import Verb, VerbGroup
from dynacli.document.source import with_masked_query
from dynacli.errors import DynacliError, UsageError
from dynacli.output.terminal import Painter, visible

__all__ = ["command"]

DAY = 86_400


def _add(ctx: click.Context, name: str, source: str) -> None:
    run: Run = ctx.obj
    check_name(name)
    configuration = Configuration(run.env)
    known = configuration.apis().get(name)
    entry_source = _absolute(source)
    if known is not None and known["source"] != entry_source:
        raise UsageError(
            f"There is an API `{name}` already, with another document",
            why=f"Its document is `{with_masked_query(known['source'])}`",
            hint=f"Choose another name, or remove it first: `dynacli api remove {name}`",
        )
    known = known or {}
    accepted = _accepted(run)
    allow_refs = _with(configuration, known, run.allow_refs)
    allowed = {*configuration.allow_refs(known), *run.allow_refs}
    api = open_api(entry_source, run.env, refresh=True, allow_refs=allowed)
    try:
        origins = sorted({*api.origins, *texts(known, "origins"), *accepted})
        entry = {"source": entry_source, "origins": origins}
        configuration.edit(name, {**entry, "allow_refs": allow_refs} if allow_refs else entry)
        _say_added(run, api, name)
    finally:
        api.catalog.close()


def _with(configuration: Configuration, entry: dict[str, Any], places: Iterable[str]) -> list[str]:
    """Return what an entry has in `allow_refs`, as a person wrote it, and further places."""
    known = configuration.allow_refs(entry)
    return [*texts(entry, "allow_refs"), *sorted({*places} - {*known})]


def _accepted(run: Run) -> list[str]:
    from dynacli.request.servers import parse_origin

    return [parse_origin(one) for one in run.option("accept_origin", ())]


def _absolute(source: str) -> str:
    """Return the source as the configuration keeps it: it must mean the same from any directory."""
    if source == "-":
        raise UsageError("Standard input cannot be registered", hint="Write the document to a file first")
    from pathlib import Path

    from dynacli.document.source import looks_like_source, parse_source

    if not looks_like_source(source):
        raise UsageError(
            f"`{source}` is neither a URL nor a path",
            why="A path has a `/` or ends in .json, .yaml or .yml",
            hint=f"Write `./{source}` for a file of this directory",
        )
    return parse_source(source, Path.cwd()).location


def _say_added(run: Run, api: Api, name: str) -> None:
    from dynacli.output.terminal import write_stderr

    meta = api.catalog.meta
    about = f"{meta['title']} {meta['version']}".strip() or "an API without a title"
    write_stderr(run.env, f"{name}: {visible(about, keep='')}, {_counted(meta['operations'])}\n")
    # It is new to this name, whether or not it was compiled before.
    api.name, api.is_new = name, True
    for note in api.notes:
        run.warn(note)
    variables = _variables(api, name)
    if variables:
        write_stderr(run.env, f"Credentials: set {' or '.join(variables)}\n")
    write_stderr(run.env, f"Try: dynacli {name} --help\n")


def _counted(operations: int | None) -> str:
    return "1 operation" if operations == 1 else f"{operations} operations"


def _variables(api: Api, name: str) -> list[str]:
    """Return the variables that hold the credentials of this API's operations."""
    from dynacli.auth.credentials import needed_variables

    prefix = "DYNACLI_" + "".join(char if char.isalnum() else "_" for char in name.upper())
    found: dict[str, None] = {}
    for one in api.catalog.summaries()[:50]:
        for alternative in api.catalog.operation(one.name).security:
            names = needed_variables(alternative, prefix)
            if names:
                found[" and ".join(names)] = None
    return list(found)


def _list(ctx: click.Context) -> None:
    run: Run = ctx.obj
    from dynacli.output.render import check_format, write_data

    check_format(run.output_format)
    rows = [_row(run, name, entry) for name, entry in sorted(Configuration(run.env).apis().items())]

    def text(paint: Painter, width: int) -> str:  # noqa: ARG001
        if not rows:
            return "No API is registered yet: dynacli api add NAME SOURCE"
        column = max(len(row["name"]) for row in rows) + 2
        return "\n".join(
            f"{row['name'].ljust(column)}{_about(row)}  {paint.dim(visible(row['source'], keep=''))}"
            for row in rows
        )

    write_data(run.env, rows, run.output_format, text)


def _about(row: dict[str, Any]) -> str:
    if row["revision"] is None:
        return "not read yet"
    about = visible(f"{row['title']} {row['version']}".strip(), keep="")
    return ", ".join(part for part in (about, _counted(row["operations"])) if part)


def _row(run: Run, name: str, entry: dict[str, Any]) -> dict[str, Any]:
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
        # A list fetches nothing: a server that hangs would hold up all of it.
        api = open_api(name, run.env, offline=True)
    except DynacliError as error:  # one that cannot be opened does not hide the others
        run.warn(f"`{name}`: {error.what}")
        return row
    if api.warning is not None:
        run.warn(f"`{name}`: {api.warning.what}")
    try:
        return {**row, **_facts(api)}
    finally:
        api.catalog.close()


def _facts(api: Api) -> dict[str, Any]:
    import time
    from datetime import UTC, datetime

    meta, fetched = api.catalog.meta, api.pointer.get("fetched_at")
    age = time.time() - fetched if isinstance(fetched, int | float) else None
    is_file = "://" not in api.location  # looked at just now, as standard input is
    return {
        "title": meta["title"],
        "version": meta["version"],
        "openapi": meta["openapi"],
        "operations": meta["operations"],
        "fetched_at": datetime.fromtimestamp(float(fetched or 0), UTC).isoformat(timespec="seconds")
        if age is not None
        else None,
        "fresh": api.warning is None and (is_file or (age is not None and age < DAY)),
        "revision": api.pointer["revision"],
    }


def _show(ctx: click.Context, api: str) -> None:
    run: Run = ctx.obj
    from dynacli.output.render import check_format, write_data

    check_format(run.output_format)
    opened = run.api(api)
    warnings, problems = opened.catalog.warnings(), opened.problems()
    files = len(opened.catalog.files())
    data = {
        "name": opened.name,
        "source": "-" if api == "-" else with_masked_query(opened.location),
        **_facts(opened),
        "files": files,
        "servers": opened.catalog.meta["servers"],
        "origins": list(opened.origins),
        "allow_refs": opened.pointer.get("allow_refs", []),
        "warnings": warnings,
        "problems": problems,
    }

    def text(paint: Painter, width: int) -> str:  # noqa: ARG001
        from dynacli.commands.remarks import distinct

        title = f"{paint.bold(visible(data['title'] or opened.name, keep=''))} {visible(data['version'], keep='')}"
        lines = [
            title.rstrip(),
            f"  document    {visible(data['source'], keep='')}{_others(files)}",
            f"  {_kind(data['openapi'])}     {visible(data['openapi'], keep='')}, {_counted(data['operations'])}",
            f"  fetched     {data['fetched_at']}, revision {data['revision']}",
            *(f"  server      {visible(one['url'], keep='')}" for one in data["servers"]),
            *(f"  credentials go to {origin}" for origin in opened.origins),
            *(f"  references may lead to {visible(origin, keep='')}" for origin in data["allow_refs"]),
        ]
        for heading, rows in (("Could not be used as it stands", warnings), ("Not valid OpenAPI", problems)):
            if rows:
                lines.extend(["", paint.bold(f"{heading} ({len(rows)})")])
                lines.extend(_place(row, more) for row, more in distinct(rows))
        if not warnings and not problems:
            lines.extend(["", "The document is valid."])
        return "\n".join(lines)

    write_data(run.env, data, run.output_format, text)


def _kind(version: str) -> str:
    """Return what documents of a version are called: until 3.0 the specification was named Swagger."""
    return "Swagger" if version.startswith("2") else "OpenAPI"


def _others(files: int) -> str:
    if files < 2:
        return ""
    return " and 1 other file" if files == 2 else f" and {files - 1:,} other files"


def _place(row: Mapping[str, Any], more: int) -> str:
    from dynacli.commands.remarks import more_places
    from dynacli.document.file_names import shown_file

    spot = f":{row['line']}:{row['column']}" if row["line"] else ""
    place = ", ".join(part for part in (f"{shown_file(row['file'])}{spot}", row["pointer"]) if part)
    return f"  {visible(row['message'], keep='')} ({visible(place, keep='')}{more_places(more)})"


def _refresh(ctx: click.Context, name: str) -> None:
    run: Run = ctx.obj
    from dynacli.output.terminal import write_stderr

    _registered(run, name)
    api, before = refresh_api(name, run.env, run.allow_refs)
    try:
        if run.allow_refs:
            configuration = Configuration(run.env)
            entry = configuration.apis().get(name, {})
            configuration.edit(name, {"allow_refs": _with(configuration, entry, run.allow_refs)})
        for note in api.notes:
            run.warn(note)
        after = {(one.method, one.path): one.name for one in api.catalog.summaries()}
        unchanged = ", unchanged" if before is not None and before.revision == api.pointer["revision"] else ""
        write_stderr(
            run.env,
            f"{name}: {_counted(len(after))}, revision {api.pointer['revision']}{unchanged}\n",
        )
        if before is None:
            return
        new = [after[key] for key in after if key not in before.names]
        gone = [before.names[key] for key in before.names if key not in after]
        for title, names in (("new", new), ("gone", gone)):
            if names:
                listed = ", ".join(names[:10]) + (f" and {len(names) - 10} more" if len(names) > 10 else "")
                write_stderr(run.env, f"  {title}: {listed}\n")
    finally:
        api.catalog.close()


def _remove(ctx: click.Context, name: str) -> None:
    run: Run = ctx.obj
    _registered(run, name)
    Configuration(run.env).edit(name, None)


def _rename(ctx: click.Context, name: str, new_name: str) -> None:
    run: Run = ctx.obj
    check_name(new_name)
    _registered(run, name)
    configuration = Configuration(run.env)
    if configuration.has_entry(new_name):
        raise UsageError(f"There is an API `{new_name}` already")
    configuration.edit(name, None, new_name=new_name)


def _registered(run: Run, name: str) -> None:
    registered = Configuration(run.env).apis()
    if name not in registered:
        known = ", ".join(f"`{one}`" for one in sorted(registered))
        raise UsageError(
            f"`{name}` is not a registered API",
            why=f"Registered are: {known}" if known else "None is registered yet",
        )


def _verb(name: str, arguments: list[str], function: Any, text: str) -> Verb:
    return Verb(
        name,
        params=[*(click.Argument([one]) for one in arguments), *click_options(STANDARD_OPTIONS)],
        callback=click.pass_context(function),
        help=text,
    )


command = VerbGroup(
    "api",
    help="The registered APIs.",
    options=STANDARD_OPTIONS,
    commands=[
        _verb(
            "add",
            ["name", "source"],
            _add,
            "Register the API of the document at SOURCE, a URL or a file, as NAME.",
        ),
        _verb("list", [], _list, "List the registered APIs."),
        _verb("show", ["api"], _show, "Show what is known of an API and of its document."),
        _verb("refresh", ["name"], _refresh, "Read or fetch the document again."),
        _verb("remove", ["name"], _remove, "Remove an API from the configuration."),
        _verb("rename", ["name", "new_name"], _rename, "Give an API another name."),
    ],
)
