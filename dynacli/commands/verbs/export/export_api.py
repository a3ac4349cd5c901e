"""`dynacli export`: writes the operations of an API in the form of another program."""

import click

from dynacli.commands.run import Run
from dynacli.commands.verbs.export.written_export import write_export
from dynacli.errors import UsageError
from dynacli.export.collection import BASE_URL
from dynacli.export.export_formats import FORMATS

__all__ = ["export_api"]


@click.pass_obj
def export_api(run: Run, api: str, form: str | None, only: tuple[str, ...], out: str | None) -> None:
    """Run `export`."""
    from dynacli.client.call_settings import settings_of
    from dynacli.client.chosen_operations import chosen_operations
    from dynacli.export.make_collection import make_collection
    from dynacli.record import replace

    if form is None:
        listed = ", ".join(f"`{each}`" for each in FORMATS)
        raise UsageError("Nothing says for which program", hint=f"Give `--to` one of {listed}")
    opened = run.api(api)
    settings = replace(settings_of(run.env, opened, run.call_options), level="warn")
    with run.reading_document(api, "Making examples from"):
        collection = make_collection(opened, chosen_operations(opened, only), settings)
    write_export(run, collection, FORMATS[form], out)
    if not collection.variables.get(BASE_URL):
        run.note(f"No server is known: give the variable `{BASE_URL}` a value, or `--server URL` here")
    lacking = [request for request in collection.requests() if request.lacking]
    for request in lacking:
        run.note(f"{request.name} is without an example: {request.lacking}")
