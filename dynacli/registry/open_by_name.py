"""Opens an API by its registered name, a URL, a path, `-`, or `demo`.

A warm run opens the catalog after one `stat` for each file of the document, or a look at the clock for a document at
a URL. A document is read and compiled only if it is new or changed, and waited for only if the cache has none.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterable, Iterator
from typing import TYPE_CHECKING, NamedTuple

from dynacli.environment import Environment, invocation, program, variable
from dynacli.errors import DynacliError, FileError, UsageError
from dynacli.files import is_url, looks_like_source
from dynacli.openapi.catalog.catalog_file import DamagedCatalogError
from dynacli.options.command_table import COMMAND_NAMES
from dynacli.record import record, replace
from dynacli.registry.configuration import DEMO, Configuration, is_name
from dynacli.registry.opened_api import OpenedApi
from dynacli.registry.revisions.revisions import (
    BACKGROUND,
    BLOCKING,
    MODES,
    OpenRequest,
    Revisions,
    are_referenced_files_unchanged,
    facts_of,
    is_as_compiled,
    is_compiled_as_asked,
    is_due,
    is_unchanged,
    lifetime_of,
    referenced_files,
)

if TYPE_CHECKING:
    from dynacli.openapi.document.fetched import DocumentLogin


def open_named_api(
    word: str,
    env: Environment,
    *,
    refresh: bool = False,
    offline: bool = False,
    allow_refs: Iterable[str] = (),
    follows_files: bool = True,
    login: Callable[[], DocumentLogin] | None = None,
    is_asked: bool = True,
    seconds: float | None = None,
) -> OpenedApi:
    """Return the API of a name, URL or path.

    Args:
        refresh: Whether the document is read or fetched again first.
        offline: Whether nothing may be fetched.
        allow_refs: The origins and absolute directories beside the document's own that its references
            may lead to; a registered API has those of its entry besides.
        follows_files: Whether its references may lead to the files of its own directory.
        login: Returns what signs in at the document's own origin, if the server wants that.
        is_asked: Whether it is the person who asks for the refresh.
        seconds: A limit for fetching below the built-in one.

    Raises:
        UsageError: No API has this name.
        DocumentError: The document cannot be used.
        NetworkError: The document cannot be fetched.
        FileError: The cache or the configuration cannot be used.
    """
    open_request, source = make_open_request(word, env)
    open_request = replace(
        open_request,
        refresh=refresh,
        is_asked=refresh and is_asked,
        seconds=seconds,
        offline=offline,
        allow_refs=tuple(sorted({*open_request.allow_refs, *allow_refs})),
        follows_files=follows_files,
        login=login or open_request.login,
    )
    return _open(open_request, word, source)


def is_unregistered_file(word: str, env: Environment) -> bool:
    """Return whether an argument is the path of a document that no registered API has.

    Raises:
        UsageError: The word is a malformed URL.
        FileError: The configuration cannot be used.
    """
    if not looks_like_source(word):
        return False
    from pathlib import Path

    from dynacli.openapi.document.source import parse_source

    source = parse_source(word, Path.cwd())
    return source.kind == "file" and not Configuration(env).has_document(source.location)


class DocumentFiles(NamedTuple):
    """The files of this machine that the document of a registered API is read from.

    Args:
        name: The name of the API.
        files: The absolute paths: of its documents, its overlays, and what they refer to, whether it exists or not.
        folders: The directories whose files it may refer to, if that is not known: it has changed since it was read.
    """

    name: str
    files: tuple[str, ...]
    folders: tuple[str, ...] = ()


def registered_files(env: Environment) -> Iterator[DocumentFiles]:
    """Yield the files of each registered API.

    Raises:
        FileError: The configuration cannot be used.
    """
    for name in Configuration(env).apis():
        try:
            open_request, revisions = find_revisions(name, env)
        except DynacliError:
            continue  # nothing is read from a source that is malformed
        layers = (revisions.location, *open_request.more, *open_request.overlays)
        own = tuple(filter(os.path.isabs, layers))
        pointer = revisions.current()
        known = None
        if pointer is not None and is_compiled_as_asked(open_request, pointer):
            known = referenced_files(revisions.directory, pointer)
        if own[:1] == layers[:1] and pointer is not None:
            facts = tuple(map(pointer.get, ("size", "mtime_ns", "ctime_ns")))
            known = known if facts_of(revisions.location) == facts else None
        if known is None:
            places = (*map(os.path.dirname, own), *open_request.allow_refs) if own else ()
            yield DocumentFiles(name, own, tuple(filter(os.path.isabs, places)))
        else:
            yield DocumentFiles(name, (*own, *known))


@record
class PreviousRevision:
    """The revision of an API that was current before it was refreshed.

    Args:
        names: (method, path) → name of its operations.
    """

    revision: str
    names: dict[tuple[str, str], str]


def refresh_api(
    word: str,
    env: Environment,
    allow_refs: Iterable[str] = (),
    *,
    is_accepted: bool = False,
    login: Callable[[], DocumentLogin] | None = None,
) -> tuple[OpenedApi, PreviousRevision | None]:
    """Read or fetch the document of a registered API again, and return the API with what it was before.

    Args:
        is_accepted: Whether the document replaces the current one whatever it changes.

    Raises:
        DynacliError: As for `open_named_api`.
    """
    open_request, source = make_open_request(word, env)
    open_request = replace(
        open_request,
        refresh=True,
        is_asked=True,
        allow_refs=tuple(sorted({*open_request.allow_refs, *allow_refs})),
        is_accepted=is_accepted,
        login=login or open_request.login,
    )
    before = None
    old = _open_unrefreshed(open_request, source)
    if old is not None:
        try:
            names = {(row.method, row.path): row.name for row in old.catalog.summaries()}
            before = PreviousRevision(old.pointer["revision"], names)
        except DamagedCatalogError:
            pass  # there is nothing to compare with; the new document is compiled anyway
        finally:
            old.catalog.close()
    return _open(open_request, word, source), before


def open_from_cache(word: str, env: Environment) -> OpenedApi | None:
    """Return an API from the cache, even if its source is gone; None if the cache does not have it.

    Raises:
        UsageError: No API has this name.
        FileError: The configuration cannot be used.
    """
    open_request, source = make_open_request(word, env)
    return _open_unrefreshed(open_request, source) if source != "-" else None


def find_revisions(word: str, env: Environment) -> tuple[OpenRequest, Revisions]:
    """Return the revisions of the document of a name, URL or path, even if its source is gone.

    Raises:
        UsageError: No API has this name, or its source is malformed.
        FileError: The configuration cannot be used.
    """
    open_request, source = make_open_request(word, env)
    return open_request, _revisions_of(open_request, source)


def make_open_request(word: str, env: Environment) -> tuple[OpenRequest, str]:
    """Return the request to open an API by its argument and its configuration, and the source of the document.

    Raises:
        UsageError: No API has this name.
        FileError: The configuration cannot be used.
    """
    open_request, source = OpenRequest(word, env), word
    if word == DEMO:
        from dynacli.registry.demo_facts import document_path

        return open_request, document_path()
    if not looks_like_source(word):
        configuration = Configuration(env)
        entry = configuration.registered(word)
        if entry is None:
            raise _unknown_name(configuration, word)
        open_request = replace(
            open_request,
            allow_refs=tuple(sorted(configuration.allow_refs(entry))),
            more=configuration.locations(entry, "more"),
            overlays=configuration.locations(entry, "overlays"),
            lifetime=lifetime_of(entry) if "refresh_after" in entry else None,
            pin=str(entry.get("pin", "")),
            is_registered=True,
            entry=entry,
        )
        source = entry["source"]
    # The variable was set for this run, the entry some day before.
    mode = env.setting("REFRESH") or open_request.entry.get("refresh")
    wrong = tuple(_wrong_settings(open_request)) if mode or "refresh_after" in open_request.entry else ()
    mode = mode if mode in MODES else BACKGROUND
    return replace(open_request, mode=mode, wrong_settings=wrong), source


def _wrong_settings(open_request: OpenRequest) -> Iterator[str]:
    listed = ", ".join(f"`{mode}`" for mode in MODES)
    asked_for = open_request.env.setting("REFRESH")
    if asked_for and asked_for not in MODES:
        yield f"`{variable('REFRESH')}` is `{asked_for}`; it must be one of {listed}"
    if "refresh" in open_request.entry and open_request.entry["refresh"] not in MODES:
        yield f"`refresh` in the configuration must be one of {listed}"
    if "refresh_after" in open_request.entry and open_request.lifetime is None:
        yield '`refresh_after` in the configuration must be a time such as `"12h"` or `"7d"`, or seconds'


def _unknown_name(configuration: Configuration, word: str) -> DynacliError:
    from dynacli.openapi.model.wording import did_you_mean, near_names

    if word in COMMAND_NAMES:
        return UsageError(f"`{word}` is reserved for a command that this version does not have yet")
    if configuration.has_entry(word):
        return FileError(
            f"The entry of `{word}` in the configuration has no `source`",
            hint=f'Write `source = "..."` under `[apis.{word}]` in `{configuration.path}`',
        )
    near = near_names(word, [*configuration.apis(), DEMO])
    reason = "It is not registered, and not a URL or a path (which has a `/` or ends in .json, .yaml or .yml)"
    hint = f"Register it: `{invocation('api add')} {word if is_name(word) else 'NAME'} SOURCE`"
    reason, hint = configuration.why_missing(reason, hint)
    return UsageError(
        f"There is no API `{word}`",
        reason=reason,
        hint=did_you_mean(near, hint),
        near=near,
    )


def _open(open_request: OpenRequest, word: str, source: str) -> OpenedApi:
    if word == DEMO:
        return _open_file(open_request, source, source)
    try:
        return open_source(open_request, source)
    except DynacliError as error:
        if not open_request.is_registered or open_request.refresh:
            raise
        api = _open_unrefreshed(open_request, source)
        if api is None:
            raise
        # A broken document must not replace a working one.
        api.warning = error
        return api


def open_source(open_request: OpenRequest, source: str) -> OpenedApi:
    """Return the API of the document at a source: a URL, a path, or `-`."""
    if source != "-" and not is_url(source):
        return _open_file(open_request, os.path.normpath(os.path.join(os.getcwd(), source)), source)
    if source.startswith(("http://", "https://", "unix:")):
        # Most URLs are written as the cache knows them; to normalize the others costs imports.
        api = _open_url(
            open_request,
            Revisions(open_request.env.cache_dir, source, open_request.more, open_request.overlays),
        )
        if api is not None:
            return api
    from pathlib import Path

    from dynacli.openapi.document.source import parse_source

    parsed = parse_source(source, Path.cwd())
    if parsed.kind == "file":
        return _open_file(open_request, parsed.location, source)
    if parsed.kind == "stdin":
        from dynacli.registry.revise import open_stdin

        return open_stdin(open_request, parsed)
    api = _open_url(
        open_request,
        Revisions(open_request.env.cache_dir, parsed.location, open_request.more, open_request.overlays),
    )
    if api is not None:
        return api
    from dynacli.registry._fetch_when_due import fetch_when_due

    return fetch_when_due(open_request, parsed)


def _open_url(open_request: OpenRequest, revisions: Revisions) -> OpenedApi | None:
    """Return the API as the cache has it; None if its document has to be fetched or compiled first."""
    pinned = _open_pinned(open_request, revisions) if open_request.pin else None
    if pinned is not None:
        return pinned
    pointer = revisions.current()
    if pointer is None:
        return None
    is_over = is_due(pointer, open_request.lifetime)
    if not open_request.offline and (
        open_request.refresh
        or (is_over and open_request.mode == BLOCKING)
        or not is_as_compiled(open_request, revisions, pointer)
    ):
        return None
    catalog = revisions.open_catalog(pointer)
    if catalog is None:
        return None
    api = OpenedApi(open_request, revisions, catalog, pointer)
    api.is_due = is_over
    return api


def _open_file(open_request: OpenRequest, path: str, word: str) -> OpenedApi:
    revisions = Revisions(open_request.env.cache_dir, path, open_request.more, open_request.overlays)
    pinned = _open_pinned(open_request, revisions) if open_request.pin else None
    if pinned is not None:
        return pinned
    pointer = revisions.current()
    # Before anything is read: a change from here on has a later time.
    checked_ns = time.time_ns()
    facts = facts_of(path)
    if (
        pointer is not None
        and not open_request.refresh
        and is_unchanged(pointer, facts)
        and is_compiled_as_asked(open_request, pointer)
        and are_referenced_files_unchanged(revisions.directory, pointer)
    ):
        catalog = revisions.open_catalog(pointer)
        if catalog is not None:
            return OpenedApi(open_request, revisions, catalog, pointer)
    if pointer is not None and program().inside and not any(facts) and not open_request.refresh:
        # The file is where the tool was made; here is the document that came with it.
        from dynacli.registry.revise import open_cached

        api = open_cached(open_request, revisions, pointer)
        if api is not None:
            return api
    from dynacli.registry.revise import reread_file

    size, mtime_ns, ctime_ns = facts
    remembered = {
        "source": word,
        "checked_ns": checked_ns,
        "size": size,
        "mtime_ns": mtime_ns,
        "ctime_ns": ctime_ns,
    }
    return reread_file(open_request, revisions, path, remembered)


def _open_pinned(open_request: OpenRequest, revisions: Revisions) -> OpenedApi | None:
    """Return the API of the revision that is pinned; None if the cache has lost it."""
    pointer = revisions.pointer_to(open_request.pin)
    if pointer is None:
        return None
    catalog = revisions.open_catalog(pointer)
    if catalog is not None:
        return OpenedApi(open_request, revisions, catalog, pointer)
    from dynacli.registry.revise import open_cached

    return open_cached(open_request, revisions, pointer)


def _open_unrefreshed(open_request: OpenRequest, source: str) -> OpenedApi | None:
    """Return the API as the cache has it, whatever has become of its source; None if the cache has nothing."""
    from dynacli.registry.revise import open_cached

    try:
        revisions = _revisions_of(open_request, source)
    except UsageError:
        return None
    pointer = revisions.current()
    return open_cached(open_request, revisions, pointer) if pointer is not None else None


def _revisions_of(open_request: OpenRequest, source: str) -> Revisions:
    from pathlib import Path

    from dynacli.openapi.document.source import parse_source

    location = parse_source(source, Path.cwd()).location
    return Revisions(open_request.env.cache_dir, location, open_request.more, open_request.overlays)
