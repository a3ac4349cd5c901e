"""How strictly calls are judged, which findings do not count, and what a profile says.

What comes first decides:

| | level | profile |
|---|---|---|
| 1 | `--validate` | `--profile` |
| 2 | `DYNACLI_VALIDATE` | `DYNACLI_PROFILE` |
| 3 | `validate` of the profile | |
| 4 | `validate` of the API's entry | |
| 5 | `warn` | |
"""

from typing import TYPE_CHECKING, Any

from dynacli.commands.run import Run
from dynacli.errors import FileError, UsageError
from dynacli.library.opened_api import OpenedApi
from dynacli.model.operation import Operation
from dynacli.record import record

if TYPE_CHECKING:
    from dynacli.validation.findings.finding_rules import Ignore

__all__ = ["DEFAULT_LEVEL", "LEVELS", "Settings", "settings_of"]

LEVELS = ("off", "warn", "strict", "exact")
DEFAULT_LEVEL = "warn"


@record
class Settings:
    """How the calls of one API are judged.

    Args:
        level: One of `LEVELS`.
        ignores: The findings that do not count.
    """

    level: str = DEFAULT_LEVEL
    ignores: "tuple[Ignore, ...]" = ()

    @property
    def is_strict(self) -> bool:
        """Whether a finding is a failure."""
        return self.level in {"strict", "exact"}

    def apply(self, verdict: Any, operation: Operation, status: int | None = None) -> Any:
        """Return a verdict in which the findings that do not count are apart.

        Args:
            verdict: Changed in place; None where nothing was judged.
            operation: The configuration may call it by its name or its operationId.
            status: The answer's, None for a request.
        """
        if self.ignores and verdict is not None:
            from dynacli.validation.findings.finding_rules import suppress

            suppress(verdict, self.ignores, (operation.name, operation.operation_id), status)
        return verdict


def settings_of(run: Run, api: OpenedApi, *, default: str = DEFAULT_LEVEL) -> Settings:
    """Return how the calls of an API are judged.

    Where there is a profile, its options are those of the run from here on.

    Raises:
        UsageError: There is no such profile, or the environment names no level.
        FileError: The API's entry in the configuration is malformed.
    """
    profile: dict[str, Any] = {}
    if run.option("profile") or run.env.variables.get("DYNACLI_PROFILE"):
        from dynacli.client.profiles import profile_of, use_profile

        profile = profile_of(run, api)
        use_profile(run, profile)
    level = _level(run, api, profile) or default
    entries = api.entry.get("ignore")
    if level == "off" or entries is None:
        return Settings(level)
    from dynacli.validation.findings.finding_rules import BadIgnoreError, ignores_of

    try:
        return Settings(level, ignores_of(entries))
    except BadIgnoreError as error:
        raise malformed(run, f"`ignore` of `{api.name}`", str(error)) from error


def _level(run: Run, api: OpenedApi, profile: dict[str, Any]) -> str:
    """Return the level that somebody asks for; empty where nobody does."""
    given = run.option("validate")
    if given is not None:
        return str(given)
    # An empty variable is as good as none.
    given = run.env.variables.get("DYNACLI_VALIDATE")
    listed = ", ".join(f"`{level}`" for level in LEVELS)
    if given:
        if given not in LEVELS:
            raise UsageError(
                f"`{given}` in `DYNACLI_VALIDATE` is not a level of validation", hint=f"Use one of {listed}"
            )
        return given
    for entry, place in ((profile, f"a profile of `{api.name}`"), (api.entry, f"`{api.name}`")):
        level = entry.get("validate")
        if level is not None:
            if level not in LEVELS:
                raise malformed(run, f"`validate` of {place}", f"it is one of {listed}")
            return str(level)
    return ""


def malformed(run: Run, what: str, why: str) -> FileError:
    """Return the error for a part of the configuration that cannot be used.

    Args:
        what: The part, as messages call it.
    """
    from dynacli.library.configuration.configuration import Configuration

    path = Configuration(run.env).path
    return FileError(
        f"{what[:1].upper()}{what[1:]} in the configuration cannot be used",
        why=why,
        hint=f"Mend it in `{path}`",
    )
