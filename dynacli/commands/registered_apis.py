"""Checks of the name and the source of an API."""

from dynacli.environment import Environment, invocation
from dynacli.errors import UsageError
from dynacli.files import looks_like_source
from dynacli.openapi.document.source import parse_source
from dynacli.openapi.model.wording import did_you_mean, listed_near, near_names
from dynacli.registry.configuration import Configuration


def check_registered(env: Environment, name: str) -> None:
    """Check that an API is registered.

    Raises:
        UsageError: No API with this name is registered.
    """
    configuration = Configuration(env)
    registered = configuration.apis()
    if name not in registered:
        near = near_names(name, sorted(registered))
        known = listed_near(name, sorted(registered))
        reason = f"Registered APIs: {known}" if known else "No API is registered yet"
        hint = f"Register it: `{invocation('api add')} NAME SOURCE`"
        reason, hint = configuration.why_missing(reason, hint)
        raise UsageError(
            f"`{name}` is not a registered API",
            reason=reason,
            hint=did_you_mean(near, hint),
        )


def absolute_source(source: str) -> str:
    """Return a source as the configuration stores it, independent of the working directory.

    Raises:
        UsageError: The source is neither a URL nor the path of a document.
    """
    if source == "-":
        raise UsageError("Standard input cannot be registered", hint="Save the document to a file first")
    from pathlib import Path

    if not looks_like_source(source):
        is_host = "." in source or ":" in source
        raise UsageError(
            f"`{source}` is neither a URL nor the path of a document",
            reason="A path has a `/` or ends in .json, .yaml or .yml",
            hint=f"If it is a host, write `https://{source}`"
            if is_host
            else f"Write `./{source}` for a file of this directory",
        )
    return parse_source(source, Path.cwd()).location
