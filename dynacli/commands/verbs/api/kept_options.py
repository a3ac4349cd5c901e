"""The standard options of `api add`: those that the configuration keeps, and those that mean nothing there."""

from collections.abc import Mapping
from typing import Any

from dynacli.commands.read_options import Options
from dynacli.commands.standard_options import INPUT_OPTIONS, PART_OPTIONS, STANDARD_OPTIONS
from dynacli.errors import UsageError

__all__ = ["TAKEN_OPTIONS", "check_options", "kept_options"]

_OF_CALLS = frozenset(("output", "report", "dry_run", "show_secrets", "no_fail"))
TAKEN_OPTIONS = tuple(option for option in STANDARD_OPTIONS if option.name not in _OF_CALLS)
"""The standard options that `api add` has a use for."""


def check_options(options: Options) -> None:
    """Check that no option is given which is about a call, and would be forgotten.

    Raises:
        UsageError: There is such an option.
    """
    for option in (*STANDARD_OPTIONS, *INPUT_OPTIONS, *PART_OPTIONS):
        if option not in TAKEN_OPTIONS and getattr(options, option.name) != getattr(Options, option.name):
            raise UsageError(
                f"`api add` has no use for `{option.flags[-1]}`",
                why="It is about a call or its answer, and `api add` makes no call that it could be about",
                hint="Leave it out, and give it to the call",
            )


def kept_options(options: Options, name: str, known: Mapping[str, Any]) -> dict[str, Any]:
    """Return the keys of an API's entry, or of a profile in it, that keep what the options say of its calls.

    Args:
        name: Of the API.
        known: The entry of the API, empty where it has none.

    Raises:
        UsageError: A pair has no separator, or the profile does not exist and nothing is said of it.
    """
    from dynacli.client.call_settings import pairs_of

    kept: dict[str, Any] = {}
    if options.server:
        kept |= {"server": options.server, "server_vars": None}
    if options.server_var:
        kept["server_vars"] = pairs_of(options.server_var, "=", "--server-var")
    if options.timeout is not None:
        kept["timeout"] = int(options.timeout) if options.timeout.is_integer() else options.timeout
    if options.validate:
        kept["validate"] = options.validate
    if not options.profile:
        return kept
    profiles = known.get("profiles", {})
    if not kept and not (isinstance(profiles, dict) and options.profile in profiles):
        raise UsageError(
            f"`{name}` has no profile `{options.profile}` whose headers the document could be fetched with",
            why="`api add` writes a profile only with what belongs into it",
            hint=f"Say so, for example `--profile {options.profile} --server https://staging.example.com`",
        )
    return {"profiles": {options.profile: kept}} if kept else {}
