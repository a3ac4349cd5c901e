"""`dynacli doctor`: whether dynacli can work here, and what is wrong with the documents that it knows."""

import os
from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

import click

from dynacli.commands.command_groups import Verb
from dynacli.commands.read_options import click_options
from dynacli.commands.run import Run
from dynacli.commands.standard_options import STANDARD_OPTIONS
from dynacli.environment import Environment
from dynacli.errors import DocumentError, DynacliError, FileError
from dynacli.library.configuration.configuration import Configuration
from dynacli.library.open_by_name import open_api
from dynacli.library.opened_api import OpenedApi
from dynacli.text.terminal import Painter, visible

__all__ = ["command"]

_MOST_SHOWN = 50
"""Lines of one kind for one document as text; the JSON form has all."""


class _Check(NamedTuple):
    """One thing that was looked at.

    Args:
        message: What was found; where it is not right, what and why.
        error: What is wrong; None where nothing is.
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
        warnings: What of it is not used as it stands.
        problems: Where it is not valid OpenAPI.
    """

    name: str
    source: str
    warnings: list[dict[str, Any]]
    problems: list[dict[str, Any]]


def _doctor(ctx: click.Context, api: str | None) -> None:
    run: Run = ctx.obj
    from dynacli.output.render import write_data

    checks = [_versions(), _libraries(), _cache(run.env)]
    configuration, known = _configuration(run.env)
    checks.insert(2, configuration)
    documents = []
    for name in [api] if api is not None else known:
        check, document = _document(run, name)
        checks.append(check)
        documents.extend([document] if document is not None else [])
    data = {"checks": [one.row for one in checks], "documents": [one._asdict() for one in documents]}
    write_data(run.env, data, run.options.output, lambda paint, _: _text(paint, checks, documents))
    _end(checks)


def _end(checks: list[_Check]) -> None:
    """End the run with the code of what is broken.

    Raises:
        DynacliError: Something is.
    """
    broken = [one for one in checks if one.error is not None]
    if not broken:
        return
    # Without the files of its own nothing else can be told for sure.
    first = next((one for one in broken if isinstance(one.error, FileError)), broken[0])
    error = first.error
    more = f", and {len(broken) - 1} more" if len(broken) > 1 else ""
    if error is not None:
        raise type(error)(f"{error.what}{more}", why=error.why, hint=error.hint)


def _versions() -> _Check:
    import platform

    from dynacli import __version__

    system = platform.system() or "an unknown system"
    return _Check("dynacli", f"{__version__}, Python {platform.python_version()} on {system}")


def _libraries() -> _Check:
    """Return which versions of the libraries are installed, and whether one is missing."""
    import re
    from importlib.metadata import PackageNotFoundError, requires, version

    try:
        wanted = [one for one in requires("dynacli") or () if "extra ==" not in one]
    except PackageNotFoundError:
        return _Check("libraries", "not known: dynacli is not installed as a package")
    found, missing = [], []
    for one in sorted(wanted):
        name = re.split(r"[^A-Za-z0-9._-]", one, maxsplit=1)[0]
        try:
            found.append(f"{name} {version(name)}")
        except PackageNotFoundError:
            missing.append(name)
    if missing:
        message = f"Libraries are missing: {', '.join(missing)}"
        return _Check("libraries", message, FileError(message, hint="Install dynacli again"))
    return _Check("libraries", ", ".join(found))


def _configuration(env: Environment) -> tuple[_Check, list[str]]:
    """Return whether the configuration can be read, and the names of the APIs in it."""
    configuration = Configuration(env)
    try:
        names = sorted(configuration.apis())
    except FileError as error:
        return _Check("configuration", _told(error), error), []
    if not os.path.exists(configuration.path):
        return _Check("configuration", f"none yet; `{configuration.path}` is made by `dynacli api add`"), []
    count = "1 API" if len(names) == 1 else f"{len(names)} APIs"
    return _Check("configuration", f"{configuration.path}, {count}"), names


def _cache(env: Environment) -> _Check:
    """Return whether the cache can be written: a file is made in it and removed."""
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
            why=error.strerror or str(error),
            hint="Free some space, mend its permissions, or name another directory in `DYNACLI_CACHE_DIR`",
        )
        return _Check("cache", _told(failure), failure)
    return _Check("cache", f"{directory}, {_size(directory):.1f} MB")


def _size(directory: str) -> float:
    size = 0
    for folder, _, names in os.walk(directory):
        for name in names:
            try:
                size += os.lstat(os.path.join(folder, name)).st_size
            except OSError:  # another process has just replaced it
                continue
    return size / 1e6


def _document(run: Run, name: str) -> tuple[_Check, _Document | None]:
    """Return whether the document of an API can be used, and what is wrong with it; nothing is fetched."""
    refresh = run.options.refresh
    label = f"document {name}"
    try:
        api = open_api(name, run.env, refresh=refresh, offline=not refresh, allow_refs=run.options.allow_ref)
    except DocumentError as error:
        if "not in the cache" in error.what:
            error = DocumentError(error.what, hint="Fetch it: `--refresh`")
        return _Check(label, _told(error), error), None
    except DynacliError as error:
        return _Check(label, _told(error), error), None
    try:
        # Every page of what is kept: damage that is found here is mended by the run that follows.
        api.catalog.check(whole=True)
        document = _Document(api.name, _source(api), api.catalog.warnings(), api.problems())
        counted = _counted(api, document)
        if api.warning is None:
            return _Check(label, counted), document
        message = f"{_told(api.warning)}; an earlier revision of it is used: {counted}"
        return _Check(label, message, api.warning), document
    finally:
        api.catalog.close()


def _source(api: OpenedApi) -> str:
    from dynacli.urls import with_masked_query

    return "-" if api.name == "-" else with_masked_query(api.location)


def _counted(api: OpenedApi, document: _Document) -> str:
    operations = api.catalog.meta["operations"]
    parts = [
        (operations, "operation"),
        (len(document.warnings), "warning"),
        (len(document.problems), "place that is not valid OpenAPI"),
    ]
    told = [
        f"{number:,} {word if number == 1 else word.replace('place that is', 'places that are', 1)}"
        + ("" if number == 1 or "place" in word else "s")
        for number, word in parts
        if number or word == "operation"
    ]
    return ", ".join(told)


def _told(error: DynacliError) -> str:
    why = error.why.partition("\n")[0]
    return f"{error.what}: {why}" if why else error.what


def _text(paint: Painter, checks: list[_Check], documents: list[_Document]) -> str:
    column = min(max(len(visible(one.name, keep="")) for one in checks), 32) + 2
    lines = []
    for one in checks:
        mark = "ok    " if one.error is None else paint.bold("BROKEN")
        lines.append(
            f"{mark}  {visible(one.name, keep='').ljust(column - 2)}  {visible(one.message, keep='')}"
        )
    for document in documents:
        lines.extend(_section(paint, document, "not used as it stands", document.warnings))
        lines.extend(
            _section(paint, document, "not valid OpenAPI, and used as far as it can be", document.problems)
        )
    return "\n".join(lines)


def _section(paint: Painter, document: _Document, heading: str, rows: list[dict[str, Any]]) -> Iterable[str]:
    if not rows:
        return
    yield ""
    yield paint.bold(f"{visible(document.name, keep='')}: {heading} ({len(rows)})")
    from dynacli.commands.repeated_remarks import distinct, more_places

    remarks = list(distinct(rows))
    for row, more in remarks[:_MOST_SHOWN]:
        yield f"  {_place(row)}{more_places(more)}  {visible(row['message'], keep='')}"
    if len(remarks) > _MOST_SHOWN:
        yield f"  and {len(remarks) - _MOST_SHOWN} more: `-o json` has them all"


def _place(row: Mapping[str, Any]) -> str:
    """Return a place as editors open it, and its JSON pointer."""
    from dynacli.document.file_names import shown_file

    spot = f":{row['line']}:{row['column']}" if row["line"] else ""
    return visible(
        " ".join(part for part in (f"{shown_file(row['file'])}{spot}", row["pointer"]) if part), keep=""
    )


command = Verb(
    "doctor",
    params=[click.Argument(["api"], required=False), *click_options(STANDARD_OPTIONS)],
    callback=click.pass_context(_doctor),
    help="Look whether dynacli can work here, and what is wrong with the documents of all APIs, or of API.",
)
