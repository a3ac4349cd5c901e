"""`dynacli export` and `dynacli history export`: export operations and calls for other programs."""

import os

import click

from dynacli.commands.run import Run
from dynacli.environment import invocation, variable
from dynacli.errors import UsageError
from dynacli.features.export.collection import BASE_URL, EXPORT_FORMATS, Collection, Format
from dynacli.files import write_named_file, write_named_files
from dynacli.openapi.model.wording import enumerated
from dynacli.registry.call_history import filtered_calls

_EXPORTED = ("har", "hurl", "postman")
_MOST_NAMED = 5


@click.pass_obj
def export_calls(
    run: Run, api: str | None, form: str | None, failed: bool, since: str | None, out: str | None
) -> None:
    """Run `history export`."""
    from dynacli.features.export.make_collection import calls_collection
    from dynacli.output.har import har_call, har_of

    if form is None:
        listed = ", ".join(f"`{item}`" for item in _EXPORTED)
        raise UsageError("`--as` is missing", hint=f"Give `--as` one of {listed}")
    rows = list(filtered_calls(run.env, api, failed=failed, since=since, with_messages=True))
    if not rows:
        raise UsageError("The history has no such call", hint=f"`{invocation('history')}` lists the calls")
    calls = [har_call(row) for row in reversed(rows)]
    names = [row.call.api for row in reversed(rows)]
    is_archive = form == "har"
    made = {"history.har": har_of(calls)} if is_archive else {}
    files = made or EXPORT_FORMATS[form].files(calls_collection(calls, names))
    _write_files(run, files, EXPORT_FORMATS[form], _named_output(run, out))
    bare = sum(not row.call.messages for row in rows)
    if bare:
        run.note(
            f"Of {bare} of {len(rows)} calls only method and URL are stored; `{variable('HISTORY')}=full` stores all"
        )


def _write_export(run: Run, collection: Collection, form: Format, out: str | None) -> None:
    """Write an export.

    Args:
        out: A file, or a directory; None for standard output.

    Raises:
        UsageError: The format is a directory and `--out` is missing, or `-o` names a format.
        FileError: A file cannot be written.
    """
    out = _named_output(run, out)
    if form.is_directory and out is None:
        raise UsageError("This format is a directory of files", hint="Add `--out DIRECTORY`")
    _write_files(run, form.files(collection), form, out)


def _named_output(run: Run, out: str | None) -> str | None:
    """Return the file or directory in `--out FILE` or `-o @FILE`; None for standard output.

    Raises:
        UsageError: Both options are given, or `-o` names a format.
    """
    output = run.output_format()
    if output.format != "auto" or (out is not None and output.file):
        raise UsageError(
            "The output options cannot be combined",
            reason="An export has its own format and one destination",
            hint="Give either `--out FILE` or `-o @FILE`",
        )
    return out or output.file or None


def _write_files(run: Run, files: dict[str, str], form: Format, out: str | None) -> None:
    """Write all files of an export into a directory, or the first one to a file or to standard output.

    Raises:
        FileError: A file cannot be written.
    """
    is_directory = out is not None and (out.endswith(("/", os.sep)) or os.path.isdir(out))
    if out is None:
        from dynacli.output.render import write_content

        content = _as_bytes(next(iter(files.values())))
        write_content(run.env, content, form.media_type, run.output_format())
    elif is_directory or form.is_directory:
        write_named_files(out, {name: _as_bytes(text) for name, text in files.items()})
        run.note(f"Written: {len(files)} file{'s' * (len(files) > 1)} in {out}")
        if form.is_directory and (left := _left_over(out, files)):
            # A program that runs a whole directory would send them, too. They may be yours, so they stay.
            run.note(
                f"Files of no operation in this export, left unchanged: {enumerated(left, most=_MOST_NAMED)}"
            )
    else:
        write_named_file(out, _as_bytes(next(iter(files.values()))))
        run.note(f"Written: {out}")


def _left_over(directory: str, files: dict[str, str]) -> list[str]:
    """Return request files in a directory that this export did not write, such as files of an earlier export."""
    endings = tuple({os.path.splitext(name)[1] for name in files} - {".json"})
    found = (
        os.path.relpath(os.path.join(folder, name), directory)
        for folder, _, names in os.walk(directory)
        for name in names
        if name.endswith(endings)
    )
    return sorted(name for name in found if name.replace(os.sep, "/") not in files)


def _as_bytes(text: str) -> bytes:
    # UTF-8 has no bytes for lone surrogates, which JSON can hold.
    return text.encode("utf-8", "replace")


@click.pass_obj
def export_api(run: Run, api: str, form: str | None, only: tuple[str, ...], out: str | None) -> None:
    """Run `export`."""
    from dynacli.client.call_settings import settings_of
    from dynacli.client.search_operations import chosen_operations
    from dynacli.features.export.make_collection import make_collection
    from dynacli.record import replace

    if form is None:
        listed = ", ".join(f"`{item}`" for item in EXPORT_FORMATS)
        raise UsageError("`--to` is missing", hint=f"Give `--to` one of {listed}")
    opened = run.api(api)
    settings = replace(settings_of(run.env, opened, run.call_options), level="warn")
    with run.reading_document(api, "Making examples from"):
        collection = make_collection(opened, chosen_operations(opened, only), settings)
    _write_export(run, collection, EXPORT_FORMATS[form], out)
    if not collection.variables.get(BASE_URL):
        run.note(f"The document names no server: set the variable `{BASE_URL}`, or add `--server URL`")
    lacking = [request for request in collection.requests() if request.lacking]
    for request in lacking:
        run.note(f"{request.name} has no example: {request.lacking}")
