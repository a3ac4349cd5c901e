"""`dynacli document`: the document of an API as it was fetched."""

import click

from dynacli.commands.options import STANDARD_OPTIONS, click_options
from dynacli.commands.run import Run
from dynacli.commands.verb import Verb

__all__ = ["command"]


def _document(ctx: click.Context, api: str, *, resolved: bool) -> None:
    run: Run = ctx.obj
    from dynacli.errors import DocumentError
    from dynacli.output.render import check_format, write_body, write_data

    check_format(run.output_format)
    opened = run.api(api)
    content = opened.content()
    if content is None:
        raise DocumentError(
            "The document's text is not in the cache any more", hint="Get it again with `--refresh`"
        )
    if resolved:
        from dynacli.document.fetch import Fetched
        from dynacli.document.load import load

        document = load(Fetched(content, uri=opened.uri), opened.name)
        write_data(run.env, document.resolved, run.output_format, None)
        return
    is_json = content.lstrip()[:1] in {b"{", b"["}
    write_body(
        run.env, content, "application/json" if is_json else "text/yaml; charset=utf-8", run.output_format
    )


command = Verb(
    "document",
    params=[
        click.Argument(["api"]),
        click.Option(
            ["--resolved"],
            is_flag=True,
            help="with references replaced by what they lead to; recursive ones stay",
        ),
        *click_options(STANDARD_OPTIONS),
    ],
    callback=click.pass_context(_document),
    help="Print the document of API as it was fetched.",
)
