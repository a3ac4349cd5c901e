"""`dynacli stubs`: writes type stubs for Python programs."""

import os
from collections.abc import Iterator

import click

from dynacli.commands.run import Run
from dynacli.environment import invocation
from dynacli.errors import MismatchError, UsageError
from dynacli.files import write_named_files
from dynacli.openapi.model.wording import counted

_FOLDER = "dynacli_apis"
_ENDING = ".pyi"


@click.pass_obj
def write_stubs(run: Run, api: str, out: str | None, check: bool, only: tuple[str, ...]) -> None:
    """Run `stubs`."""
    from dynacli.client.search_operations import chosen_operations
    from dynacli.features.stubs.stub_files import api_stub, package_files

    if not out:
        raise UsageError("The directory is missing", hint="Add `--out DIRECTORY`, such as `--out typings`")
    opened = run.api(api)
    chosen = list(chosen_operations(opened, only)) if only else list(opened.catalog.summaries())
    stub = api_stub(opened, chosen)
    name = f"{_FOLDER}/{stub.module}{_ENDING}"
    apis = {opened.name, *_written_apis(out, stub.module)}
    texts = {name: stub.text, f"{_FOLDER}/__init__{_ENDING}": "", **package_files(apis)}
    # UTF-8 has no bytes for lone surrogates, which JSON can hold.
    files = {path: text.encode("utf-8", "replace") for path, text in texts.items()}
    if check:
        outdated = [path for path, content in files.items() if _content(os.path.join(out, path)) != content]
        if outdated:
            raise MismatchError(
                f"`{outdated[0]}` is not what the document gives now",
                reason=f"{counted(len(outdated), 'file')} of {len(files)} differ or are missing",
                hint=f"Write them again: `{invocation('stubs', opened.name)} --out {out}`",
            )
        return
    write_named_files(out, files)
    for left_out in stub.left_out:
        run.note(f"`{left_out}` has no method, because Python does not accept its name; use `api.call`")
    path = os.path.join(out, name)
    run.note(f"{path}: {stub.operations:,} operations, {stub.types:,} types")


def _written_apis(out: str, own: str) -> Iterator[str]:
    """Yield the APIs whose stubs are in the directory."""
    from dynacli.features.stubs.stub_files import api_in, module_of

    folder = os.path.join(out, _FOLDER)
    for name in sorted(os.listdir(folder)) if os.path.isdir(folder) else ():
        module = name.removesuffix(_ENDING)
        content = _content(os.path.join(folder, name)) if name.endswith(_ENDING) and module != own else None
        found = api_in(content.decode("utf-8", "replace")) if content else ""
        if found and module_of(found) == module:
            yield found


def _content(path: str) -> bytes | None:
    try:
        with open(path, "rb") as file:
            return file.read()
    except OSError:
        return None
