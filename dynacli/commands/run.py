"""What one run knows: its surroundings and the standard options, wherever they were given."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from dynacli.catalog.api import Api
from dynacli.catalog.apis import open_api
from dynacli.environment import Environment
from dynacli.errors import UsageError

if TYPE_CHECKING:
    from dynacli.commands.reporting import CallReport

__all__ = ["Run"]


class Run:
    """One run of the program.

    Attributes:
        env: Streams, variables, directories.
        options: The standard options by name; those after the operation win over those before the API.
        has_sent: Whether a request to an API may be on its way.
        report: What the report of a call will hold, where one is asked for.

    Args:
        words: The command line, for the options that matter before the words behind the API are parsed.
    """

    def __init__(self, env: Environment, words: Sequence[str] = ()) -> None:
        self.env = env
        self._words = tuple(words)
        self.options: dict[str, Any] = {}
        self.has_sent = False
        self.report: CallReport | None = None
        self._apis: dict[str, Api] = {}

    def option(self, name: str, default: Any = None) -> Any:
        """Return a standard option's value; `default` where it was not given."""
        value = self.options.get(name)
        return default if value is None or value == () else value

    @property
    def output_format(self) -> str:
        """The output format that was asked for."""
        return str(self.option("output", "auto"))

    @property
    def error_format(self) -> str:
        """`text` or `json`."""
        return str(self.option("error_format") or self.env.variables.get("DYNACLI_ERROR_FORMAT") or "text")

    @property
    def allow_refs(self) -> list[str]:
        """The origins and directories that references may lead to, wherever on the command line they were given."""
        given = list(self.option("allow_ref", ()))
        for number, word in enumerate(self._words):
            flag, _, value = word.partition("=")
            if flag == "--allow-ref":
                given.append(value or next(iter(self._words[number + 1 :]), ""))
        return [place for one in given if (place := _place(one))]

    def api(self, word: str) -> Api:
        """Return the API that a word names, opened once a run."""
        if word not in self._apis:
            # The operation, and with it what stands behind it, is only known when the API is open.
            refresh = bool(self.option("refresh")) or "--refresh" in self._words
            offline = bool(self.option("offline")) or "--offline" in self._words
            api = open_api(word, self.env, refresh=refresh, offline=offline, allow_refs=self.allow_refs)
            self._apis[word] = api
            if api.warning is not None:
                self.warn(
                    f"{api.warning.what}; the revision of "
                    f"{_date(api.pointer.get('fetched_at'))} is used instead"
                )
            for note in api.notes:
                self.warn(note)
        return self._apis[word]

    def warn(self, text: str, **details: Any) -> None:
        """Write a warning to standard error.

        Args:
            details: Further fields of the JSON form, for programs.
        """
        from dynacli.output.problems import write_warning

        write_warning(self.env, text, self.error_format, details)

    def note(self, text: str) -> None:
        """Write a line to standard error that nobody has to do anything about."""
        if self.error_format == "json":
            self.warn(text)
            return
        from dynacli.output.problems import write_note

        write_note(self.env, text)

    def close(self) -> None:
        """Close what was opened."""
        for api in self._apis.values():
            api.catalog.close()
        self._apis.clear()


def _place(word: str) -> str:
    """Return the origin or directory in a word; empty where it is none, which is said when the option is parsed."""
    from dynacli.commands.places import parse_place

    try:
        return parse_place(word)
    except UsageError:
        return ""


def _date(seconds: Any) -> str:
    from datetime import UTC, datetime

    if not isinstance(seconds, int | float):
        return "an earlier day"
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%d")
