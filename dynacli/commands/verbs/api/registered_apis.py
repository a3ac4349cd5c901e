"""The check that a name is that of a registered API."""

from dynacli.commands.run import Run
from dynacli.errors import UsageError
from dynacli.library.configuration.configuration import Configuration

__all__ = ["check_registered"]


def check_registered(run: Run, name: str) -> None:
    """Check that an API is registered.

    Raises:
        UsageError: No API of this name is registered.
    """
    registered = Configuration(run.env).apis()
    if name not in registered:
        known = ", ".join(f"`{registered_name}`" for registered_name in sorted(registered))
        raise UsageError(
            f"`{name}` is not a registered API",
            why=f"Registered are: {known}" if known else "None is registered yet",
        )
