"""`dynacli doctor`: checks the installation, the configuration and the documents."""

import os
from collections.abc import Iterable
from typing import Any, NamedTuple

import click

from dynacli import version_of_build
from dynacli.commands.run import Run
from dynacli.environment import (
    DISTRIBUTION,
    Environment,
    how_to_install,
    invocation,
    program,
    variable,
)
from dynacli.errors import DocumentError, DynacliError, FileError, UsageError
from dynacli.openapi.model.wording import counted
from dynacli.registry.configuration import Configuration, profiles_in
from dynacli.registry.opened_api import OpenedApi
from dynacli.text.terminal import Painter, visible

_MOST_SHOWN = 50
"""Maximum number of messages of each kind for a document in the text; the JSON output has all."""


class _Check(NamedTuple):
    """The result of one check.

    Args:
        name: The subject of the check, such as `cache`.
        message: The result; if the check failed, the problem and its reason.
        error: The error; None if the check passed.
    """

    name: str
    message: str
    error: DynacliError | None = None

    @property
    def row(self) -> dict[str, Any]:
        return {"name": self.name, "ok": self.error is None, "message": self.message}


class _Document(NamedTuple):
    """A document that could be read.

    Args:
        warnings: The problems that dynacli works around.
        problems: The locations that are not valid OpenAPI.
    """

    name: str
    source: str
    warnings: list[dict[str, Any]]
    problems: list[dict[str, Any]]


@click.pass_obj
def examine(run: Run, api: str | None) -> None:
    """Run `doctor`."""
    from dynacli.output.render import write_data

    configuration, known = _configuration(run.env)
    checks = [_versions(), _libraries(), _http_library(), configuration, _cache(run.env), _history(run.env)]
    checks += _project(run.env)
    documents = []
    for name in [api] if api is not None else known:
        check, document = _document(run, name)
        checks.append(check)
        documents.extend([document] if document is not None else [])
    checks += [check for name in known for check in _policies(run, name) if api in (None, name)]
    data = {
        "checks": [check.row for check in checks],
        "documents": [document._asdict() for document in documents],
    }
    write_data(run.env, data, run.data_format, lambda paint, _: _checks_text(paint, checks, documents))
    _raise_first_error(checks)


def _raise_first_error(checks: list[_Check]) -> None:
    """Raise the error of a failed check, if one failed. The error of a file has precedence.

    Raises:
        DynacliError: A check failed.
    """
    errors = [check.error for check in checks if check.error is not None]
    if not errors:
        return
    # If dynacli's own files cannot be used, that may be the cause of the other errors.
    error = next((error for error in errors if isinstance(error, FileError)), errors[0])
    more = f", and {len(errors) - 1} more" if len(errors) > 1 else ""
    raise type(error)(f"{error.message}{more}", reason=error.reason, hint=error.hint)


def _versions() -> _Check:
    import platform

    system = platform.system() or "an unknown system"
    runs = program()
    version = f"{runs.version}, by dynacli {version_of_build()}" if runs.version else version_of_build()
    return _Check(runs.name, f"{version}, Python {platform.python_version()} on {system}")


def _libraries() -> _Check:
    """Check that all libraries are installed; the message has their versions."""
    import re
    from importlib.metadata import PackageNotFoundError, requires, version

    try:
        requirements = [
            requirement for requirement in requires(DISTRIBUTION) or () if "extra ==" not in requirement
        ]
    except PackageNotFoundError:
        return _Check("libraries", "not known: dynacli is not installed as a package")
    installed, missing = [], []
    for requirement in sorted(requirements):
        name = re.split(r"[^A-Za-z0-9._-]", requirement, maxsplit=1)[0]
        if name == "httpx":
            continue  # httpx2 may replace it, and the HTTP library has its own check
        try:
            installed.append(f"{name} {version(name)}")
        except PackageNotFoundError:
            missing.append(name)
    if missing:
        message = f"Libraries are missing: {', '.join(missing)}"
        return _Check("libraries", message, FileError(message, hint=f"Install it again: {how_to_install()}"))
    try:
        version("dynacli")
    except PackageNotFoundError:
        return _Check("libraries", ", ".join(installed))
    message = (
        f"The package `dynacli` is installed, too; its files have the same names as files of `{DISTRIBUTION}`"
    )
    hint = f"`pip uninstall dynacli {DISTRIBUTION}`, then {how_to_install()}"
    return _Check("libraries", message, FileError(message, hint=hint))


def _http_library() -> _Check:
    """Check that there is an HTTP library; the message has the version of the one that is used."""
    from importlib.metadata import version

    try:
        from dynacli.http.import_httpx import httpx
    except UsageError as error:
        return _Check("HTTP library", _message(error), error)
    return _Check("HTTP library", f"{httpx.__name__} {version(httpx.__name__)}")


def _configuration(env: Environment) -> tuple[_Check, list[str]]:
    """Check that the configuration can be read; return the names of its APIs with the check."""
    configuration = Configuration(env)
    try:
        names = sorted(configuration.apis())
    except FileError as error:
        return _Check("configuration", _message(error), error), []
    if not os.path.exists(configuration.path):
        maker = invocation("config set" if program().api else "api add")
        return _Check("configuration", f"none yet; `{configuration.path}` is made by `{maker}`"), names
    wrong = _mistakes(env, configuration)
    if wrong is not None:
        return _Check("configuration", _message(wrong), wrong), names
    count = counted(len(configuration.own_apis()), "API")
    return _Check("configuration", f"{configuration.path}, {count}"), names


def _project(env: Environment) -> Iterable[_Check]:
    """Check the project file of this directory, if there is one. An untrusted file is not an error."""
    try:
        state = Configuration(env).project_state()
    except FileError:
        return  # the check of the configuration reports the error
    if state is None:
        return
    if state.error is not None:
        yield _Check("project file", state.reason, state.error)
    elif state.project is None:
        yield _Check("project file", state.reason)
    else:
        yield _Check("project file", f"{state.path}, {counted(len(state.project.apis), 'API')}")


def _mistakes(env: Environment, configuration: Configuration) -> FileError | None:
    """Return the error about invalid keys and values in the configuration; policies have separate checks."""
    from dynacli.client.configuration_mistakes import mistakes_in

    text = configuration.text()
    found = [mistake for mistake in mistakes_in(env, configuration.tables()) if "policy" not in mistake.path]
    if not found:
        return None
    return FileError(
        f"`{configuration.path}` has unknown keys or values",
        reason="; ".join(mistake.text(text) for mistake in found),
        hint=f"`{invocation('config edit')}` changes it; `{invocation('help config')}` has the keys",
    )


def _cache(env: Environment) -> _Check:
    """Check that the cache is writable, by creating a temporary file in it."""
    import tempfile

    from dynacli.files import make_directory

    directory = env.cache_dir
    try:
        make_directory(directory)
        with tempfile.TemporaryFile(dir=directory) as file:
            file.write(b"dynacli")
    except OSError as error:
        failure = FileError(
            f"The cache `{directory}` cannot be written",
            reason=error.strerror or str(error),
            hint=f"Free some space, fix its permissions, or set another directory in `{variable('CACHE_DIR')}`",
        )
        return _Check("cache", _message(failure), failure)
    return _Check("cache", f"{directory}, {_size_of_directory(directory):.1f} MB")


def _history(env: Environment) -> _Check:
    """Check that the history can be read; the message has the number of its calls."""
    from dynacli.registry.call_history import read_calls
    from dynacli.registry.record_call import history_path

    try:
        return _Check("history", f"{history_path(env)}, {counted(sum(1 for _ in read_calls(env)), 'call')}")
    except FileError as error:
        return _Check("history", _message(error), error)


def _size_of_directory(directory: str) -> float:
    size = 0
    for folder, _, names in os.walk(directory):
        for name in names:
            try:
                size += os.lstat(os.path.join(folder, name)).st_size
            except OSError:  # another process has just replaced it
                continue
    return size / 1e6


def _document(run: Run, name: str) -> tuple[_Check, _Document | None]:
    """Check that the document of an API is usable, and return it with the check. Only `--refresh` fetches it."""
    from dynacli.client.credentials.chosen_security import unknown_schemes_of_entry
    from dynacli.commands.typed_line import typed_masker

    refresh = run.options.refresh
    label = f"document {typed_masker(run).mask(name)}"
    try:
        api = run.open_apart(name, refresh=refresh, offline=not refresh)
    except DocumentError as error:
        if "not in the cache" in error.message:
            error = DocumentError(error.message, hint="Fetch it: `--refresh`")
        return _Check(label, _message(error), error), None
    except DynacliError as error:
        return _Check(label, _message(error), error), None
    try:
        # If the cached file is damaged anywhere, the run starts again without it.
        api.catalog.check(whole=True)
        for note in unknown_schemes_of_entry(api):
            run.warn(f"`{name}`: {note}")
        document = _Document(api.name, _document_source(api), api.catalog.warnings(), api.problems())
        counts = _counts(api, document)
        if api.warning is None:
            return _Check(label, counts), document
        message = f"{_message(api.warning)}; an earlier revision of it is used: {counts}"
        return _Check(label, message, api.warning), document
    finally:
        api.catalog.close()


def _policies(run: Run, name: str) -> Iterable[_Check]:
    """Check the policies of a registered API and its profiles; an entry without a matching operation is a warning."""
    from dynacli.client.policy.policy_rules import unknown_in_entry

    entry = Configuration(run.env).apis()[name]
    if not any("policy" in profile for profile in (entry, *profiles_in(entry).values())):
        return
    try:
        api = run.open_apart(name, refresh=False, offline=True)
    except DynacliError:
        return  # the check of its document reports the error
    try:
        notes = unknown_in_entry(run.env, entry, api.catalog, name)
        for note in notes:
            run.warn(note)
        said = "some of its words mean no operation" if notes else "each of its words means an operation"
        yield _Check(f"policy {name}", said)
    except FileError as error:
        yield _Check(f"policy {name}", _message(error), error)
    finally:
        api.catalog.close()


def _document_source(api: OpenedApi) -> str:
    from dynacli.secrets import with_masked_query

    return "-" if api.name == "-" else with_masked_query(api.location)


def _counts(api: OpenedApi, document: _Document) -> str:
    operations = api.catalog.meta["operations"]
    counts = [
        (operations, "operation", "operations"),
        (len(document.warnings), "warning", "warnings"),
        (len(document.problems), "part that is not valid OpenAPI", "parts that are not valid OpenAPI"),
    ]
    return ", ".join(
        f"{count:,} {singular if count == 1 else plural}"
        for count, singular, plural in counts
        if count or singular == "operation"
    )


def _message(error: DynacliError) -> str:
    reason = error.reason.partition("\n")[0]
    return f"{error.message}: {reason}" if reason else error.message


def _checks_text(paint: Painter, checks: list[_Check], documents: list[_Document]) -> str:
    width = min(max(len(visible(check.name, keep="")) for check in checks), 32)
    lines = []
    for check in checks:
        mark = "ok    " if check.error is None else paint.bold("BROKEN")
        lines.append(
            f"{mark}  {visible(check.name, keep='').ljust(width)}  {visible(check.message, keep='')}"
        )
    for document in documents:
        lines.extend(_document_section(paint, document, "worked around", document.warnings))
        lines.extend(
            _document_section(
                paint, document, "not valid OpenAPI, and used as far as it can be", document.problems
            )
        )
    return "\n".join(lines)


def _document_section(
    paint: Painter, document: _Document, heading: str, rows: list[dict[str, Any]]
) -> Iterable[str]:
    if not rows:
        return
    yield ""
    yield paint.bold(f"{visible(document.name, keep='')}: {heading} ({len(rows)})")
    from dynacli.commands.document_notes import by_message, more_places, place_parts

    messages = list(by_message(rows))
    for row, more in messages[:_MOST_SHOWN]:
        place = visible(" ".join(place_parts(row)), keep="")
        yield f"  {place}{more_places(more)}  {visible(row['message'], keep='')}"
    if len(messages) > _MOST_SHOWN:
        yield f"  and {len(messages) - _MOST_SHOWN} more: `-o json` has them all"
