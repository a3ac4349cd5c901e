"""What the cache has of the document of an API, for completion: nothing is fetched, and nothing is compiled."""

import os

from dynacli.catalog.store.catalog_file import Catalog
from dynacli.environment import Environment
from dynacli.errors import UsageError
from dynacli.library.configuration.configuration import DEMO, Configuration
from dynacli.library.revisions.revisions import Revisions
from dynacli.options.command_table import COMMANDS

__all__ = ["cached_catalog", "cached_revisions"]


def cached_catalog(env: Environment, word: str) -> Catalog | None:
    """Return the catalog that the cache has of an API, however old it is; None where there is none."""
    cached = cached_revisions(env, word)
    if cached is None:
        return None
    revisions, pin = cached
    pointer = (revisions.pointer_to(pin) if pin else None) or revisions.current()
    return revisions.open_catalog(pointer) if pointer is not None else None


def cached_revisions(env: Environment, word: str) -> tuple[Revisions, str] | None:
    """Return the revisions of the API that a word names, and the one that is held, or empty; None for no API."""
    more: tuple[str, ...] = ()
    overlays: tuple[str, ...] = ()
    pin = ""
    if word == DEMO:
        from dynacli.demo.demo_facts import document_path

        source = document_path()
    elif "/" in word or word.lower().endswith((".json", ".yaml", ".yml")):
        source = word
    else:
        configuration = Configuration(env)
        entry = None if word in COMMANDS else configuration.apis().get(word)
        if entry is None:
            return None
        source, pin = entry["source"], str(entry.get("pin", ""))
        if "more" in entry or "overlays" in entry:
            more, overlays = configuration.more(entry), configuration.overlays(entry)
    location = source if "://" in source else os.path.normpath(os.path.join(os.getcwd(), source))
    revisions = Revisions(env.cache_dir, location, more, overlays)
    if location == source and revisions.current() is None:
        revisions = Revisions(env.cache_dir, _location(source), more, overlays)
    return revisions, pin


def _location(url: str) -> str:
    """Return a URL in the form under which the cache has its document."""
    from pathlib import Path

    from dynacli.document.source import parse_source

    try:
        return parse_source(url, Path.cwd()).location
    except UsageError:
        return url
