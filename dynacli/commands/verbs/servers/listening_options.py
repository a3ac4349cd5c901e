"""The options that say where a server listens."""

import click

__all__ = ["listening_options"]


def listening_options(port: int) -> list[click.Option]:
    """Return `--port` and `--host`.

    Args:
        port: The port where none is given.
    """
    return [
        click.Option(["--port"], type=click.IntRange(0, 65535), default=port, show_default=True),
        click.Option(
            ["--host"],
            default="127.0.0.1",
            show_default=True,
            help="where to listen; 0.0.0.0 lets other machines in",
        ),
    ]
