"""`dynacli bake`: writes a separate command-line program for one API, as an executable file or as a package.

The program contains its name, the registration of its API, and the compiled document.
"""

from __future__ import annotations

import io
import json
import os
import re
import shutil
import sys
import tempfile
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import replace
from importlib.metadata import PackageNotFoundError, distribution, requires
from pathlib import Path
from pprint import pformat
from shlex import quote
from typing import TYPE_CHECKING, Any, NamedTuple
from zipfile import ZipFile

import click

from dynacli import __version__
from dynacli.auth.tls_login import authorities_in, certificate_path
from dynacli.commands.run import Run
from dynacli.environment import DISTRIBUTION, Environment, Program, how_to_install, invocation
from dynacli.errors import DocumentError, FileError, UsageError
from dynacli.files import cannot_be_written, is_url, write_named_file, write_named_files
from dynacli.openapi.document.fetched import Fetched
from dynacli.openapi.model.wording import did_you_mean, near_names
from dynacli.options.command_table import COMMANDS
from dynacli.options.standard_options import OPTIONS_BY_KEY, Options
from dynacli.registry.configuration import DEMO, Configuration, check_name
from dynacli.registry.opened_api import OpenedApi
from dynacli.registry.read_sources import Layers, without_collector
from dynacli.registry.revisions.referenced_files import (
    INSIDE,
    ReferencedFiles,
    add_to_archive,
    pack_document,
    write_archive,
)
from dynacli.registry.revisions.revisions import revision_of, write_file_list

if TYPE_CHECKING:
    from dynacli.openapi.catalog.compiler.compile_document import Compiled

_MOST_NAMED = 5
_PAIRS = frozenset(("headers", "query"))
_KEPT = (
    *(
        "source",
        "more",
        "overlays",
        "refresh",
        "refresh_after",
        "allow_refs",
        "ca",
        "origins",
        "pages",
        "policy",
    ),
    "ignore",
)
_AUTHORITIES = "ca.pem"
"""Name of the file with the certificates of `ca` in a package."""
_OF_FILES = ("parts", "size", "mtime_ns", "ctime_ns", "checked_ns")
"""Members of a pointer that reveal a changed file. A package omits them, because it contains no such file."""
_OF_POINTER = (
    *(
        "revision",
        "uri",
        "etag",
        "last_modified",
        "fetched_at",
        "max_age",
        "allow_refs",
        "more",
        "overlays",
        "bytes",
    ),
    *("title", "version", "root", *_OF_FILES),
)
_LONGEST_SHEBANG = 127
"""Bytes that every Linux reads of the first line: https://man7.org/linux/man-pages/man2/execve.2.html."""
_MAIN = """# {name}: a command line made by dynacli {made_by}, which has to be installed for {python}:
# its package is {distribution}.
import os
import sys

TOOL = {tool}

if __name__ == "__main__":
    # The archive, from which nothing else is imported.
    file = os.path.abspath(sys.path.pop(0))
    try:
        from dynacli.features.bake.baked import run
    except ModuleNotFoundError as error:
        sys.stderr.write(
            "error: {name} needs dynacli, which is not installed for this Python\\n"
            f"  reason: {{error}}\\n  hint: {{sys.executable}} -m pip install . (in its checkout)\\n"
        )
        sys.exit(2)

    code = f"import runpy; runpy.run_path({{file!r}}, run_name='__main__')"
    run({{**TOOL, "inside": file, "code": code}})
"""
_PACKAGE = '''"""{name}: a command line made by dynacli {made_by}; baking it again replaces this file."""

{imports}

__version__ = "{version}"

TOOL = {tool}


def run() -> None:
    """Run as a program."""
    inside = os.path.join(os.path.dirname(os.path.abspath(__file__)), "document.zip")
{vendored}    from dynacli.features.bake.baked import run as run_tool

    run_tool({{**TOOL, "inside": inside, "code": "from {module} import run; run()"}})
'''
_VENDORED = "_vendored"
"""Name of the folder with dynacli in a package."""
_FIND_VENDORED = f"""    sys.path.insert(0, os.path.join(os.path.dirname(inside), "{_VENDORED}"))
"""
_PYPROJECT = """[build-system]
requires = ["hatchling>=1.27"]
build-backend = "hatchling.build"

[project]
name = "{name}-cli"
description = "A command line for {name}, made by dynacli"
dynamic = ["version"]
requires-python = ">=3.11"
dependencies = {dependencies}

[project.scripts]
{name} = "{module}:run"

[tool.hatch.version]
path = "{module}/__init__.py"

[tool.hatch.build.targets.wheel]
packages = ["{module}"]
# They are parts of the program, whatever `.gitignore` says of archives and certificates.
artifacts = ["{module}/document.zip", "{module}/ca.pem", "{module}/_vendored"]
"""


@click.pass_obj
def bake(
    run: Run,
    name: str,
    api: str,
    only: tuple[str, ...],
    without: tuple[str, ...],
    name_style: str,
    package: bool,
    vendor: bool,
    before: str | None,
    after: str | None,
    out: str | None,
) -> None:
    """Run `bake`."""
    check_name(name)
    if vendor and not package:
        raise UsageError("`--vendor` puts dynacli into a package", hint="Add `--package`")
    hooks = [(kind, hook) for kind, hook in (("before", before), ("after", after)) if hook]
    for kind, hook in hooks:
        if not re.fullmatch(r"[A-Za-z_][\w.]*:[A-Za-z_]\w*", hook):
            raise UsageError(f"`{hook}` is not a function", hint=f"Write `--{kind} PACKAGE.MODULE:FUNCTION`")
    options = _ToolOptions(
        api or _registered(run, name),
        only,
        without,
        run.options.profile,
        name_style == "short",
        package,
        hooks=tuple(hooks),
    )
    tool = _baked_tool(run.env, name, run.api(options.api), options)
    file = out or name
    kept: list[str] = []
    if package:
        kept = _write_package(tool, file, _own_files() if vendor else {})
    else:
        _write_executable(tool, file)
    hidden = tool.hidden
    for operation, place in hidden[:_MOST_NAMED]:
        run.warn(
            f"`{name} {operation}` is the command of that name; the operation is `{name} {place}`, "
            f"or `{name} {tool.program.api} {operation}`"
        )
    if len(hidden) > _MOST_NAMED:
        run.warn(f"and {len(hidden) - _MOST_NAMED} more operations have the name of a command")
    run.note(f"Written: {file}")
    for path in kept:
        run.note(f"`{path}` exists and is unchanged")
        if path.endswith(_VENDORED):
            run.warn(f"The program does not use `{path}`: remove it, or add `--vendor`")
        if _depends_on(path, "dynacli"):
            run.warn(
                f"`{path}` depends on `dynacli`, which is another project: write `{DISTRIBUTION}` instead"
            )
        if vendor and _depends_on(path, DISTRIBUTION):
            run.warn(
                f"`{path}` depends on `{DISTRIBUTION}`, too: move the file away to have it written again"
            )
    if package:
        run.note(f"Install it: pipx install {quote(file if '/' in file else f'./{file}')}")
        if not vendor:
            run.note(f"It installs `{DISTRIBUTION}` from your package index: put it there, or add `--vendor`")


def _registered(run: Run, name: str) -> str:
    """Return the name of the program if an API is registered under that name.

    Raises:
        UsageError: No API is registered under that name.
    """
    names = Configuration(run.env).apis()
    if name in names:
        return name
    near = near_names(name, names)
    wanted = f"Name the API: `{invocation('bake', name)} --api API`"
    raise UsageError(
        "`--api` is missing",
        reason=f"There is no registered API `{name}`",
        hint=f"{did_you_mean(near)} {wanted}" if near else wanted,
        near=near,
    )


def _lost_document(api: OpenedApi) -> DocumentError:
    """Return the error for an API if the cache does not have its whole document."""
    return DocumentError(
        f"The document of `{api.name}` was removed from the cache", hint="Fetch it again: `--refresh`"
    )


def _take_along(api: OpenedApi) -> tuple[OpenedApi, dict[str, bytes]]:
    """Return an API as it is inside a package, and the local overlays and further documents that the package includes.

    Returns:
        The API, and URL in the package → content of each included file. A document from a file is moved to the root
        directory, so that the package does not depend on the directory where it was made.

    Raises:
        UsageError: A further document refers to other files of this machine.
        DocumentError: The document was removed from the cache.
    """
    layers = Layers.of(api.pointer)
    paths = [place for place in (*layers.more, *layers.overlays) if not is_url(place)]
    content, files = api.content(), api.referenced_files()
    if content is None or files is None:
        raise _lost_document(api)
    folder = "" if is_url(api.location) else api.uri[: api.uri.rfind("/") + 1]

    def moved_uri(uri: str) -> str:
        return f"file:///{uri.removeprefix(folder)}" if folder and uri.startswith(folder) else uri

    urls: dict[str, str] = {}
    contents: dict[str, bytes] = {}
    found: dict[str, Fetched] = {}
    for key, file in files.found.items():
        uri, mark, owner = key.partition("#")
        path = next((path for path in paths if mark and uri == Path(path).as_uri()), None)
        if path is None:
            if owner and uri.startswith("file:"):
                raise _refers_to_files(uri)
            found[moved_uri(key)] = replace(file, uri=moved_uri(file.uri))
            continue
        # The URL contains the revision, so that the cache of an installed tool does not return older content.
        urls[path] = f"{INSIDE}{revision_of(file.content)}/{os.path.basename(path)}"
        contents[urls[path]] = file.content
        found[f"{urls[path]}#{owner}"] = replace(file, uri=urls[path])
    moved = ReferencedFiles(found, {moved_uri(uri): missing for uri, missing in files.missing.items()})
    pointer = {
        **{key: value for key, value in api.pointer.items() if key not in _OF_FILES},
        "uri": moved_uri(api.uri),
        "more": [urls.get(place, place) for place in layers.more],
        "overlays": [urls.get(place, place) for place in layers.overlays],
        "revision": revision_of(content, moved, moved_uri(api.uri)),
    }
    inside = OpenedApi(api.open_request, api.revisions, api.catalog, pointer, content, moved)
    if folder:
        inside.name = os.path.basename(api.location)
    return inside, contents


def _refers_to_files(uri: str) -> UsageError:
    from dynacli.openapi.document.source import file_name, shown_file

    return UsageError(
        "A package cannot include the files that a further document refers to",
        reason=f"One of them is `{shown_file(file_name(uri))}`",
        hint="Write the further document into one file (`document FILE --bundled -o @FILE`), and register that",
    )


class _ToolOptions(NamedTuple):
    """The options of `bake` that describe the tool.

    Args:
        api: The API, as the command line names it.
        only: Tags and operations to include; empty for all.
        without: Tags and operations to leave out.
        profile: The profile whose settings the tool gets; empty for none.
        is_short: Whether to drop the tag at the start of operation names that stay unique.
        is_package: Whether the tool can be installed, also on other machines.
        hooks: `before` and `after` → `MODULE:FUNCTION`.
    """

    api: str
    only: tuple[str, ...] = ()
    without: tuple[str, ...] = ()
    profile: str = ""
    is_short: bool = False
    is_package: bool = False
    hooks: tuple[tuple[str, str], ...] = ()


class _BakedTool(NamedTuple):
    """A tool before it is written.

    Args:
        program: Its identity and settings.
        compiled: The document inside; None if the tool needs none.
        api: The API, as it is inside the tool.
        layers: URL → content of each included overlay and further document.
        authorities: The included certificates of `ca`; empty for none.
        is_package: Whether the tool can be installed, also on other machines.
    """

    program: Program
    compiled: Compiled | None
    api: OpenedApi
    layers: Mapping[str, bytes]
    authorities: bytes
    is_package: bool

    @property
    def fields(self) -> dict[str, Any]:
        """The fields of the program that differ from their defaults."""
        usual, named = Program(), vars(self.program)
        return {
            key: dict(value) if key in {"entry", "hooks"} else value
            for key, value in named.items()
            if key in Program.__match_args__ and value != getattr(usual, key)
        }

    @property
    def hidden(self) -> list[tuple[str, str]]:
        """Name, and method with path, of each operation whose name is also the name of a command."""
        if self.compiled is None:
            return []
        operations = (operation.operation for operation in self.compiled.operations)
        return [
            (operation.name, f"{operation.method} {operation.path}")
            for operation in operations
            if operation.name in COMMANDS and COMMANDS[operation.name].is_of_tool
        ]

    def write_document(self, archive: ZipFile) -> None:
        """Write the document into the archive of the tool.

        Raises:
            DocumentError: The document was removed from the cache.
            OSError: The archive or a temporary file cannot be written.
        """
        if self.compiled is None:
            return
        from dynacli.openapi.catalog.catalog_writer import write_catalog

        revisions, pointer, content = self.api.revisions, self.api.pointer, self.api.content()
        if content is None:
            raise _lost_document(self.api)
        kept = {key: pointer[key] for key in _OF_POINTER if key in pointer}
        revision = pointer["revision"]
        files = {f"{revision}.document": content}
        with tempfile.TemporaryDirectory() as directory:
            write_catalog(
                os.path.join(directory, os.path.basename(revisions.catalog_path(revision))),
                self.compiled,
                [],
                revision,
            )
            archived = revisions.archive_path(revision)
            taken = self.api.referenced_files() if self.is_package else None
            if taken is not None and not taken.is_empty:
                write_archive(os.path.join(directory, os.path.basename(archived)), taken)
                # An empty list, because none of these files exists on the machine that runs the tool.
                kept["parts"] = write_file_list(directory, {})
            elif "parts" in pointer:
                for path in (archived, os.path.join(revisions.directory, "current.parts.json")):
                    with suppress(FileNotFoundError):
                        shutil.copy(path, directory)
            for name in os.listdir(directory):
                files[name] = Path(directory, name).read_bytes()
        source = str(self.program.entry["source"])
        place = revisions.location if is_url(source) or os.path.isabs(source) else source
        pack_document(
            archive,
            {**kept, "location": place, "operations": len(self.compiled.operations)},
            files,
            self.layers,
        )


def _baked_tool(env: Environment, name: str, api: OpenedApi, options: _ToolOptions) -> _BakedTool:
    """Return the tool with a valid name.

    Raises:
        UsageError: The API is standard input, its source may contain a secret, or `--only` or `--except` names neither
            an operation nor a tag.
        DocumentError: The document was removed from the cache.
        FileError: The configuration or the certificates of `ca` cannot be read.
    """
    is_demo = options.api == DEMO
    if options.api == "-":
        raise UsageError(
            "A program cannot read its document from standard input", hint="Name a file or a URL with `--api`"
        )
    entry = {} if is_demo else _entry(env, api, options)
    layers: Mapping[str, bytes] = {}
    authorities = b""
    if options.is_package and not is_demo:
        api, layers = _take_along(api)
        if layers:
            entry |= {key: api.pointer[key] for key in ("more", "overlays") if api.pointer[key]}
        if "ca" in entry:
            authorities = authorities_in(env, entry["ca"])
            entry["ca"] = _AUTHORITIES
        if not is_url(entry.get("source", "://")):
            # The path would be wrong on other machines, and the tool has the document inside.
            entry["source"] = os.path.basename(entry["source"])
    program = Program(
        name=name,
        api=DEMO if is_demo else name,
        version=str(api.catalog.meta["version"] or "0"),
        entry=entry,
        hooks=dict(options.hooks),
        only=_tags_and_operations(api, options.only),
        without=_tags_and_operations(api, options.without),
        is_short=options.is_short,
        fetched_at=0.0 if is_demo else api.pointer.get("fetched_at", 0.0),
    )
    compiled = None if is_demo else _compiled(api, program)
    return _BakedTool(program, compiled, api, layers, authorities, options.is_package)


def _compiled(api: OpenedApi, program: Program) -> Compiled:
    from dynacli.openapi.catalog.compiler.compile_document import compile_document
    from dynacli.registry.install_revision import selection_of

    with without_collector():
        document = api.document()
        if document is None:
            raise _lost_document(api)
        selection = selection_of(program)
        # Short names differ from the usual ones, so the compiler chooses them again.
        names = {} if selection.is_short else api.catalog.given_names()
        compiled = compile_document(document, names, selection)
    if not compiled.operations:
        raise UsageError("The program would have no operation", hint="Change `--only` and `--except`")
    return compiled


def _tags_and_operations(api: OpenedApi, words: Iterable[str]) -> tuple[str, ...]:
    """Return tags in kebab case, and operations by method and path, because names may differ in a later document.

    Raises:
        UsageError: An argument names neither an operation nor a tag.
    """
    from dynacli.client.search_operations import unknown_operation

    found = []
    for word in words:
        name, tag = api.catalog.find(word), api.catalog.tag(word)
        if name is not None:
            operation = api.catalog.operation(name)
            found.append(f"{operation.method} {operation.path}")
        elif tag:
            found.append(tag)
        else:
            raise unknown_operation(api, word)
    return tuple(found)


def _entry(env: Environment, api: OpenedApi, options: _ToolOptions) -> dict[str, Any]:
    from dynacli.secrets import is_secret_header, with_masked_query

    configuration = Configuration(env)
    known = (configuration.registered(options.api) if api.is_registered else None) or {}
    entry = {key: known[key] for key in (*_KEPT, *OPTIONS_BY_KEY) if key in known}
    if options.profile:
        from dynacli.client.profiles import profile_of

        chosen = profile_of(env, api, options.profile)
        tables = {key: {**entry.get(key, {}), **chosen[key]} for key in _PAIRS if key in chosen}
        entry |= {key: chosen[key] for key in (*OPTIONS_BY_KEY, "ca") if key in chosen} | tables
    for key in _PAIRS & entry.keys():  # other people may get the program, so it contains no secret
        entry[key] = {name: value for name, value in entry[key].items() if not is_secret_header(name)}
    policies = _policies(env, api, options, known)
    if policies:
        entry["policies"] = policies
    entry["source"] = known.get("source", api.location)
    further = {key: configuration.locations(known, key) for key in ("more", "overlays")}
    entry |= {key: list(found) for key, found in further.items() if found}
    if "ca" in entry:
        entry["ca"] = certificate_path(env, entry["ca"])
    if entry["source"] != with_masked_query(str(entry["source"])):
        raise UsageError(
            "The URL of the document may contain a secret, which the program would reveal",
            hint="Register the API with a URL without a query, or with a file",
        )
    return entry


def _policies(
    env: Environment, api: OpenedApi, options: _ToolOptions, known: Mapping[str, Any]
) -> list[dict[str, Any]]:
    """Return the tables of all policies that apply to calls of the API, except its own policy."""
    from dynacli.client.call_settings import settings_of
    from dynacli.client.policy.other_policies import documented_bases
    from dynacli.client.policy.policy_rules import Policy, stands_alone

    settings = settings_of(env, api, Options(profile=options.profile))
    own = Policy.of(env, api.name, {key: known[key] for key in ("policy",) if key in known}, {}, "")
    count = len(own.tables) if own is not None else 0
    rules = list(settings.policy.tables[count:]) if settings.policy is not None else []
    if settings.others is not None and not stands_alone(known):
        named = [settings.server] if is_url(settings.server) else []
        rules += settings.others.rules_at([*named, *documented_bases(api)])
    return [rule.as_table() for rule in rules]


def _write_executable(tool: _BakedTool, file: str) -> None:
    """Write the tool as one executable file for everyone who may read it.

    Raises:
        DynacliError: The file cannot be written, or the document was removed from the cache.
    """
    first_line = f"#!{sys.executable}"
    if len(os.fsencode(first_line)) > _LONGEST_SHEBANG or " " in first_line:
        first_line = "#!/usr/bin/env python3"
    text = _MAIN.format(
        name=tool.program.name,
        made_by=__version__,
        distribution=DISTRIBUTION,
        python=sys.executable,
        tool=_python_literal(tool.fields),
    )
    content = _archive(tool, {"__main__.py": text})
    write_named_file(file, os.fsencode(f"{first_line}\n") + content)
    try:
        mode = os.stat(file).st_mode
        os.chmod(file, mode | (mode & 0o444) >> 2)
    except OSError as error:
        raise cannot_be_written(file, error) from error


def _own_files() -> dict[str, bytes]:
    """Return path → content of each file of dynacli, with the paths of a wheel.

    Raises:
        UsageError: dynacli is not installed as a package, so its dependencies are unknown.
        FileError: A file cannot be read.
    """
    import dynacli
    from dynacli.registry.demo_facts import document_path

    try:
        installed = distribution(DISTRIBUTION)
    except PackageNotFoundError as error:
        raise UsageError(
            "dynacli cannot be put into a package", reason="It is not installed", hint=how_to_install()
        ) from error
    package = Path(dynacli.__file__).parent
    paths = {
        path.relative_to(package.parent).as_posix(): path for path in package.rglob("*") if path.is_file()
    }
    paths["dynacli/shipped/armature.json"] = Path(document_path())
    information = [path for path in installed.files or () if path.parts[0].endswith(".dist-info")]
    paths |= {
        str(path): Path(str(path.locate())) for path in information if path.name in {"METADATA", "LICENSE"}
    }
    try:
        return {name: path.read_bytes() for name, path in sorted(paths.items()) if path.suffix != ".pyc"}
    except OSError as error:
        raise FileError(f"`{error.filename}` cannot be read", reason=error.strerror or "") from error


def _write_package(tool: _BakedTool, directory: str, own: Mapping[str, bytes]) -> list[str]:
    """Write the tool as a directory for pip, and return the existing files that were left unchanged.

    Args:
        own: Path → content of the files of dynacli to include; empty for a package that depends on dynacli.

    Raises:
        DynacliError: The directory cannot be written, or the document was removed from the cache.
    """
    name = tool.program.name
    module = f"{re.sub(r'[^a-z0-9]', '_', name)}_cli"
    if module[0].isdigit():
        raise UsageError(
            f"`{name}` cannot be the name of a package",
            reason="The name of a Python module must begin with a letter",
        )
    version = re.match(r"v?(\d+(?:\.\d+)*)", tool.program.version)
    text = _PACKAGE.format(
        name=name,
        made_by=__version__,
        version=version[1] if version else "0",
        tool=_python_literal(tool.fields),
        module=module,
        imports="import os\nimport sys" if own else "import os",
        vendored=_FIND_VENDORED if own else "",
    )
    needed = [f"{DISTRIBUTION}~={__version__}"]
    if own:
        needed = [text for text in requires(DISTRIBUTION) or () if "extra ==" not in text]
    project = _PYPROJECT.format(name=name, module=module, dependencies=json.dumps(needed, indent=4))
    files = {f"{module}/__init__.py": text.encode(), f"{module}/document.zip": _archive(tool, {})}
    files |= {f"{module}/{_VENDORED}/{path}": content for path, content in own.items()}
    if tool.authorities:
        files[f"{module}/{_AUTHORITIES}"] = tool.authorities
    # An existing `pyproject.toml` stays, because you may have added dependencies and commands.
    path = os.path.join(directory, "pyproject.toml")
    is_kept = os.path.lexists(path)
    write_named_files(directory, files if is_kept else {**files, "pyproject.toml": project.encode()})
    vendored = os.path.join(directory, module, _VENDORED)
    kept = {path: is_kept, vendored: not own and os.path.lexists(vendored)}
    return [path for path, is_there in kept.items() if is_there]


def _depends_on(path: str, name: str) -> bool:
    """Return whether a `pyproject.toml` depends on a distribution; earlier versions wrote `dynacli`."""
    try:
        with open(path, encoding="utf-8") as file:
            return (
                re.search(rf"""["']\s*{name}\s*(?:[\["'<>=!~;@(]|$)""", file.read(), re.MULTILINE) is not None
            )
    except (OSError, ValueError):
        return False


def _python_literal(fields: dict[str, Any]) -> str:
    return pformat(fields, indent=4, sort_dicts=False)


def _archive(tool: _BakedTool, texts: dict[str, str]) -> bytes:
    file = io.BytesIO()
    try:
        with ZipFile(file, "w") as archive:
            for name, text in texts.items():
                add_to_archive(archive, name, text.encode())
            tool.write_document(archive)
    except OSError as error:
        raise FileError("Cannot build the program", reason=error.strerror or "") from error
    return file.getvalue()
