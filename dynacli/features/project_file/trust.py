"""The commands `config trust` and `config untrust`, with which the user decides whether a project file is used."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

import click

from dynacli.commands.run import Run
from dynacli.environment import PROJECT_FILE, Environment, invocation, prefix_of
from dynacli.errors import FileError, RefusedError, UsageError
from dynacli.registry.configuration import Configuration, check_name, pairs_in, profiles_in
from dynacli.system import others_may_write, own_user
from dynacli.text.terminal import visible

if TYPE_CHECKING:
    from dynacli.registry.project import Project


@click.pass_obj
def trust_project(run: Run, file: str | None) -> None:
    """Run `config trust`.

    Raises:
        RefusedError: An agent runs the command, or the user has not agreed.
        FileError: The file cannot be used.
    """
    from dynacli.features.project_file.project_file import read_project, trust
    from dynacli.output.standard_error import write_stderr

    if run.env.is_agent:
        raise RefusedError(
            "Only the user can trust a project file",
            reason="It says where credentials go, and an agent runs this command",
            hint=f"Ask the user to run `{invocation('config trust')}`",
        )
    path, configuration = _project_path(run.env, file), Configuration(run.env)
    shown, project = visible(path, keep=""), read_project(path, configuration.own_names(), check_name)
    _check_values(run.env, path, project.text, project.tables)
    lines = _project_lines(run.env, project, configuration.own_names())
    write_stderr(run.env, "".join(f"{visible(line, keep='')}\n" for line in lines))
    if not run.options.yes:
        _ask(run, shown)
    trust(run.env, path, project.digest)
    run.note(f"Trusted: {shown}, until its content changes")


def _ask(run: Run, path: str) -> None:
    """Ask the user to trust the file.

    Raises:
        RefusedError: The user does not agree, or dynacli cannot ask.
    """
    if not run.may_ask:
        raise RefusedError(
            f"`{path}` is not trusted",
            reason="There is no terminal to ask on",
            hint="If you have read what it adds, add `--yes`",
        )
    from dynacli.commands.questions import agrees

    if not agrees(run.env, f"Trust this content of {path}?"):
        raise RefusedError.declined(f"`{path}` is not trusted")


@click.pass_obj
def distrust_project(run: Run, file: str | None) -> None:
    """Run `config untrust`."""
    from dynacli.features.project_file.project_file import distrust

    path = _project_path(run.env, file, is_to_be_used=False)
    said = "No longer trusted" if distrust(run.env, path) else "It was not trusted"
    run.note(f"{said}: {visible(path, keep='')}")


def _project_path(env: Environment, given: str | None, *, is_to_be_used: bool = True) -> str:
    """Return the path of the project file, with resolved symbolic links of its directory.

    Raises:
        UsageError: The given file has another name.
        FileError: The project file does not exist, or would never be used.
    """
    if given is None:
        if not env.project_file:
            raise FileError(
                f"There is no `{PROJECT_FILE}` here",
                reason="It is looked for in this directory and those above it, up to the one with `.git`, and never in "
                "your home directory or above it",
                hint="Name it, or its directory",
            )
        return env.project_file
    if os.path.basename(given) == PROJECT_FILE:
        given = os.path.dirname(given) or os.curdir
    elif not os.path.isdir(given):
        raise UsageError(
            f"`{given}` is not a project file or a directory",
            reason=f"A project file is called `{PROJECT_FILE}`",
            hint="Name it, or its directory",
        )
    directory = os.path.realpath(given)
    path = os.path.join(directory, PROJECT_FILE)
    if is_to_be_used and not env.may_hold_project(directory):
        raise FileError(
            f"`{visible(path, keep='')}` is never used",
            reason="A project file is not read in your home directory or above it",
            hint=f"Your own configuration is `{Configuration(env).path}`",
        )
    return path


def _check_values(env: Environment, path: str, text: str, tables: Mapping[str, Any]) -> None:
    """Check the values of a project file.

    Raises:
        FileError: A value is invalid.
    """
    from dynacli.client.configuration_mistakes import mistakes_in

    wrong = next(mistakes_in(env, tables), None)
    if wrong is not None:
        raise FileError(
            f"The project file `{visible(path, keep='')}` cannot be used",
            reason=visible(wrong.text(text), keep=""),
            hint="Fix the file",
        )


def _project_lines(env: Environment, project: Project, own: tuple[str, ...]) -> Iterator[str]:
    """Yield what a project file adds, all of it, and then which credentials would go where.

    Args:
        own: The names of the user's own APIs.
    """
    entries = project.tables.get("apis", {})
    yield f"{project.path} adds {'1 API' if len(entries) == 1 else f'{len(entries)} APIs'}:"
    for name, entry in entries.items():
        yield ""
        yield f"{name} (not used: you have an API of this name)" if name in own else name
        for key, value in _table_values(entry):
            yield f"  {key} = {value}"
    yield ""
    for name, entry in entries.items():
        if name not in own:
            yield from _credentials(env, name, entry, own)
    if _is_of_others(project.path):
        yield "Another user can change the documents of this directory at any time."


def _is_of_others(path: str) -> bool:
    """Return whether a user besides this one and root owns a file or its directory, or can write there."""
    found = [os.stat(item) for item in (path, os.path.dirname(path))]
    return any(
        entry.st_uid not in {own_user(), 0} or others_may_write(entry, stat.S_IWOTH) for entry in found
    )


def _table_values(table: Mapping[str, Any], start: str = "") -> Iterator[tuple[str, str]]:
    """Yield the key and the value of all that a table says, as TOML writes them."""
    import tomlkit

    for key, value in table.items():
        if isinstance(value, dict) and value:
            yield from _table_values(value, f"{start}{key}.")
        else:
            yield f"{start}{key}", tomlkit.item(value).as_string()


def _credentials(
    env: Environment, name: str, entry: Mapping[str, Any], own: tuple[str, ...]
) -> Iterator[str]:
    """Yield where the credentials of an API would go, and the variables that they would come from."""
    from urllib.parse import urlsplit

    from dynacli.urls import is_loopback

    origins = _origins(entry)
    bare = [
        origin
        for origin in origins
        if origin.startswith("http:") and not is_loopback(urlsplit(origin).hostname or "")
    ]
    places = [f"{origin} (not encrypted)" if origin in bare else origin for origin in origins]
    prefix = f"{prefix_of(name)}_"
    others = tuple(f"{item}_" for item in map(prefix_of, own) if item.startswith(prefix))
    there = sorted(
        variable
        for variable in env.variables
        if variable.startswith(prefix) and not variable.startswith(others)
    )
    variables = [
        f"{reference} (set)" if env.variables.get(reference) else reference
        for reference in dict.fromkeys([*_references(entry), *there])
    ]
    yield f"Credentials of {name}"
    yield from _labelled_lines(
        "go to", places or ["no server yet: you are asked before the first call that sends one"]
    )
    yield from _labelled_lines("from", [*variables, f"every variable that begins with {prefix}"])


def _labelled_lines(label: str, values: list[str]) -> Iterator[str]:
    """Yield a line for each value, the first one with the label."""
    for value in values:
        yield f"  {label.ljust(7)}{value}"
        label = ""


def _origins(entry: Mapping[str, Any]) -> list[str]:
    """Return the origins that credentials of an API go to without a question: of its document and its servers."""
    from dynacli.request.choose_server import written_origin
    from dynacli.urls import origin_of

    found = [origin_of(entry["source"])] if "://" in entry["source"] else []
    for profile in ({}, *profiles_in(entry).values()):
        server = str(profile.get("server", entry.get("server", "")))
        kept = {} if "server" in profile else pairs_in(entry, "server_vars")
        found.append(written_origin(server, {**kept, **pairs_in(profile, "server_vars")}))
    return list(dict.fromkeys(filter(None, found)))


def _references(table: Mapping[str, Any]) -> Iterator[str]:
    """Yield the variables that the references in a table name."""
    from dynacli.auth.references import REFERENCES

    for key, value in table.items():
        if isinstance(value, dict):
            yield from _references(value)
        elif key in REFERENCES:
            yield value.removeprefix("env:")
