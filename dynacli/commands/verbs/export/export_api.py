"""`dynacli export`: writes the operations of an API in the form of another program."""

import click

from dynacli.commands.command_groups import Verb
from dynacli.commands.run import Run
from dynacli.commands.verbs.export.written_export import write_export
from dynacli.commands.verbs.verb_options import named_options
from dynacli.errors import UsageError
from dynacli.export.collection import BASE_URL
from dynacli.export.export_formats import FORMATS

__all__ = ["command"]


def _export(run: Run, api: str, form: str | None, only: tuple[str, ...], out: str | None) -> None:
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


command = Verb(
    "export",
    params=[
        click.Argument(["api"]),
        click.Option(["form", "--to"], type=click.Choice(list(FORMATS)), help="the program it is for"),
        click.Option(
            ["--only"],
            multiple=True,
            metavar="OPERATION|TAG",
            help="these operations alone; may be repeated",
        ),
        click.Option(
            ["--out"],
            metavar="FILE|DIRECTORY",
            help="into a file, or into files of a directory, and not to standard output",
        ),
    ],
    options=named_options(("profile", "allow_ref", "refresh", "server", "server_var")),
    callback=click.pass_obj(_export),
    help="Write the operations of API for another program: a request each, with an example that the document allows, "
    "in folders by tag. Credentials are variables without a value.",
)
