"""`dynacli config trust` and `config untrust`: which project file may be used, decided by a person who has seen it."""

import os
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

import click

from dynacli.commands.run import Run
from dynacli.environment import PROJECT_FILE, Environment, invocation, prefix_of
from dynacli.errors import FileError, RefusedError, UsageError
from dynacli.registry.configuration import Configuration, profiles_in
from dynacli.text.terminal import visible

if TYPE_CHECKING:
    from dynacli.registry.project_file import Project

__all__ = ["distrust_project", "trust_project"]


@click.pass_obj
def trust_project(run: Run, file: str | None) -> None:
    """Run `config trust`.

    Raises:
        RefusedError: An agent runs it, or no one agreed.
        FileError: The file cannot be used.
    """
    from dynacli.output.standard_error import write_stderr
    from dynacli.registry.project_file import trust

    if run.env.is_agent:
        raise RefusedError(
            "Only a person trusts a project file",
            reason="It says where credentials go, and an agent runs this command",
            hint=f"Ask a person to run `{invocation('config trust')}`",
        )
    path = _path(run.env, file)
    configuration = Configuration(run.env)
    project = configuration.read_project(path)
    _check_values(run.env, path, project.text, project.tables)
    write_stderr(
        run.env,
        "".join(
            f"{visible(line, keep='')}\n" for line in _lines(run.env, project, [*configuration.own_apis()])
        ),
    )
    if not run.options.yes:
        _ask(run, path)
    trust(run.env, path, project.digest)
    run.note(f"Trusted: {path}, until its content changes")


def _ask(run: Run, path: str) -> None:
    """Let a person agree.

    Raises:
        RefusedError: No one did.
    """
    if not run.may_ask:
        raise RefusedError(
            f"`{path}` is not trusted",
            reason="There is no terminal to ask on",
            hint="If you have read what it adds, add `--yes`",
        )
    from dynacli.commands._questions import agrees

    if not agrees(run.env, f"Trust this content of {path}?"):
        raise RefusedError.declined(f"`{path}` is not trusted")


@click.pass_obj
def distrust_project(run: Run, file: str | None) -> None:
    """Run `config untrust`."""
    from dynacli.registry.project_file import distrust

    path = _path(run.env, file, is_to_be_used=False)
    run.note(f"No longer trusted: {path}" if distrust(run.env, path) else f"It was not trusted: {path}")


def _path(env: Environment, given: str | None, *, is_to_be_used: bool = True) -> str:
    """Return the path of the project file that is meant, the symbolic links of its directory resolved.

    Raises:
        UsageError: A file with another name is meant.
        FileError: There is none, or it would never be used.
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
            f"`{path}` is never used",
            reason="A project file is not read in your home directory or above it",
            hint=f"Your own configuration is `{Configuration(env).path}`",
        )
    return path


def _check_values(env: Environment, path: str, text: str, tables: Mapping[str, Any]) -> None:
    """Check that no run would find a value that it cannot use.

    Raises:
        FileError: One would.
    """
    from dynacli.client.configuration_mistakes import mistakes_in

    wrong = next(mistakes_in(env, tables), None)
    if wrong is not None:
        raise FileError(
            f"The project file `{path}` cannot be used", reason=wrong.text(text), hint="Fix the file"
        )


def _lines(env: Environment, project: "Project", own: list[str]) -> Iterator[str]:
    """Yield what a project file adds, all of it, and which credentials would go where."""
    count = len(project.apis)
    yield f"{project.path} adds {'1 API' if count == 1 else f'{count} APIs'}:"
    for name, entry in project.tables.get("apis", {}).items():
        yield ""
        yield f"{name}, which is not used, because you have an API of this name" if name in own else name
        for key, value in _values(entry):
            yield f"  {key} = {value}"
        if name not in own:
            yield from _credentials(env, name, entry, own)


def _values(table: Mapping[str, Any], start: str = "") -> Iterator[tuple[str, str]]:
    """Yield the key and the value of all that a table says, as TOML writes them."""
    import tomlkit

    for key, value in table.items():
        if isinstance(value, dict) and value:
            yield from _values(value, f"{start}{key}.")
        else:
            yield f"{start}{key}", tomlkit.item(value).as_string()


def _credentials(env: Environment, name: str, entry: Mapping[str, Any], own: list[str]) -> Iterator[str]:
    """Yield where the credentials of an API would go, and the variables that they would come from."""
    from urllib.parse import urlsplit

    from dynacli.urls import is_loopback

    origins = _origins(entry)
    if not origins:
        yield "  Credentials go to no server yet: you are asked before the first call that sends one."
    for origin in origins:
        is_bare = origin.startswith("http:") and not is_loopback(urlsplit(origin).hostname or "")
        bare = ", which is not encrypted" if is_bare else ""
        yield f"  Credentials go to {origin}{bare}"
    yield "  from these variables:"
    prefix = f"{prefix_of(name)}_"
    others = tuple(f"{each}_" for each in map(prefix_of, own) if each.startswith(prefix))
    there = sorted(
        each
        for each, value in env.variables.items()
        if value and each.startswith(prefix) and not each.startswith(others)
    )
    for variable in dict.fromkeys([*_references(entry), *there]):
        yield f"    {variable}{' (set)' if env.variables.get(variable) else ''}"
    yield f"    all others that begin with {prefix}"


def _origins(entry: Mapping[str, Any]) -> list[str]:
    """Return the origins that credentials of an API go to without a question: of its document and its servers."""
    from dynacli.request.choose_server import written_origin
    from dynacli.urls import origin_of

    found = [origin_of(entry["source"])] if "://" in entry["source"] else []
    for profile in ({}, *profiles_in(entry).values()):
        server = str(profile.get("server", entry.get("server", "")))
        kept = {} if "server" in profile else entry.get("server_vars", {})
        found.append(written_origin(server, {**kept, **profile.get("server_vars", {})}))
    return list(dict.fromkeys(filter(None, found)))


def _references(table: Mapping[str, Any]) -> Iterator[str]:
    """Yield the variables that the references in a table name."""
    from dynacli.auth.references import REFERENCES

    for key, value in table.items():
        if isinstance(value, dict):
            yield from _references(value)
        elif key in REFERENCES:
            yield value.removeprefix("env:")
