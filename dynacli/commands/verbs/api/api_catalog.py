"""`dynacli api catalog`: the registered APIs as a catalog that other programs read."""

from typing import Any

import click

from dynacli.commands.run import Run
from dynacli.errors import DynacliError, UsageError
from dynacli.library.configuration.configuration import Configuration
from dynacli.library.opened_api import OpenedApi
from dynacli.request.choose_server import choose_server
from dynacli.urls import without_query

__all__ = ["write_catalog"]


@click.pass_obj
def write_catalog(run: Run, out: str | None) -> None:
    """Write the catalog, a set of links as JSON (RFC 9727, section 5; RFC 9264, section 4.2)."""
    from dynacli.output.render import write_data

    contexts = []
    for name in sorted(Configuration(run.env).apis()):
        try:
            contexts.append(_context(name, run.api(name)))
        except DynacliError as error:
            run.warn(f"{name} is left out: {error.message}")
    catalog = {"linkset": contexts}
    if out is None:
        write_data(run.env, catalog, run.data_form)
        return
    import json

    from dynacli.files import write_named_file

    write_named_file(out, (json.dumps(catalog, ensure_ascii=False, indent=2) + "\n").encode())


def _context(name: str, api: OpenedApi) -> dict[str, Any]:
    """Return the links of an API: its anchor is where its calls go, else its document.

    Raises:
        DynacliError: The document cannot be opened.
    """
    document = api.location if "://" in api.location else f"file://{api.location}"
    try:
        anchor = choose_server(api.servers, api.uri)
    except UsageError:  # relative to nothing, or with a variable that has no value
        anchor = document
    content = (api.content() or b"").lstrip()
    kind = "json" if content[:1] == b"{" else "yaml"
    title = f"{api.catalog.meta['title'] or name} {api.catalog.meta['version']}".strip()
    return {
        "anchor": anchor,
        "service-desc": [
            {"href": without_query(document), "type": f"application/vnd.oai.openapi+{kind}", "title": title}
        ],
    }
