"""The check that a name is that of a registered API."""

from dynacli.commands.run import Run
from dynacli.environment import invocation
from dynacli.errors import UsageError
from dynacli.library.configuration.configuration import Configuration
from dynacli.model.wording import did_you_mean, listed_near, near_names

__all__ = ["check_registered"]


def check_registered(run: Run, name: str) -> None:
    """Check that an API is registered.

    Raises:
        UsageError: No API of this name is registered.
    """
    registered = Configuration(run.env).apis()
    if name not in registered:
        near = near_names(name, sorted(registered))
        known = listed_near(name, sorted(registered))
        raise UsageError(
            f"`{name}` is not a registered API",
            why=f"Registered are: {known}" if known else "None is registered yet",
            hint=did_you_mean(near, f"Register it: `{invocation('api add')} NAME SOURCE`"),
        )
