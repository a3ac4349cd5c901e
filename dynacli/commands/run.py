"""What one run knows: its surroundings and the standard options, wherever they were given."""

import time
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from dynacli.environment import Environment
from dynacli.errors import DynacliError, UsageError
from dynacli.library.open_by_name import open_api
from dynacli.library.opened_api import OpenedApi

if TYPE_CHECKING:
    from dynacli.commands.call.call_report import CallReport

__all__ = ["Run"]

_SECONDS = 20.0
"""How long a person who mistyped a name waits at most for a document that may have it."""


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
        self._apis: dict[str, OpenedApi] = {}
        self._replaced: list[OpenedApi] = []

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
        given = [*self.option("allow_ref", ()), *self._values_of("--allow-ref")]
        return [place for one in given if (place := _place(one))]

    @property
    def profile(self) -> str | None:
        """The profile that was asked for, wherever on the command line."""
        return self.option("profile") or next(iter(self._values_of("--profile")), None)

    def _values_of(self, option: str) -> Iterator[str]:
        for number, word in enumerate(self._words):
            flag, _, value = word.partition("=")
            if flag == option:
                yield value or next(iter(self._words[number + 1 :]), "")

    def api(self, word: str) -> OpenedApi:
        """Return the API that a word names, opened once a run."""
        if word not in self._apis:
            # The operation, and with it what stands behind it, is only known when the API is open.
            refresh = bool(self.option("refresh")) or "--refresh" in self._words
            api = open_api(
                word,
                self.env,
                refresh=refresh,
                offline=self.is_offline,
                allow_refs=self.allow_refs,
                authorize=lambda challenge: self._log_in(word, challenge),
            )
            self._apis[word] = api
            self._tell(api)
        return self._apis[word]

    @property
    def is_offline(self) -> bool:
        """Whether nothing may be fetched."""
        return bool(self.option("offline")) or "--offline" in self._words

    def _log_in(self, word: str, challenge: str) -> Mapping[str, str]:
        from dynacli.client.document_login import login_of

        return login_of(self.env, word, profile=self.profile)(challenge)

    def _tell(self, api: OpenedApi) -> None:
        """Warn of what a person should know of a document before its operations are used."""
        if api.needs_freshness_notes:
            from dynacli.commands.freshness_notes import freshness_notes

            for note in freshness_notes(api):
                self.warn(note)
        for note in api.notes:
            self.warn(note)

    def asked_again(self, api: OpenedApi) -> OpenedApi | None:
        """Return an API whose document was asked for once more, because it lacks something; None where it still does.

        A document that is on this machine, held, or was asked for within the last minute lacks it for good.
        """
        from dynacli.library.revisions.freshness import MINUTE, is_due
        from dynacli.library.revisions.open_request import NEVER
        from dynacli.library.revisions.pending_document import last_failure

        open_request = api.open_request
        if (
            open_request is None
            or "://" not in api.location
            or self.is_offline
            or open_request.mode == NEVER
            or open_request.pin
        ):
            return None
        failure = last_failure(api.revisions)
        has_just_failed = failure is not None and 0 <= time.time() - failure.at < MINUTE
        if api.is_new or has_just_failed or not is_due(api.pointer, time.time(), MINUTE):
            return None
        word = next(word for word, one in self._apis.items() if one is api)
        try:
            again = open_api(
                word,
                self.env,
                refresh=True,
                allow_refs=self.allow_refs,
                authorize=lambda challenge: self._log_in(word, challenge),
                is_asked=False,
                seconds=_SECONDS,
            )
        except DynacliError as error:
            if failure is None or not api.is_due:  # else it was told already
                self.warn(f"The document could not be refreshed: {error.what}")
            return None
        self._apis[word] = again
        self._replaced.append(api)
        self._tell(again)
        return again

    def end(self) -> None:
        """Do what can wait until the command has printed: start refreshes that are due, tell what is new."""
        from dynacli.library.revisions.open_request import BLOCKING, NEVER

        if self._apis:
            from dynacli.library.configuration.configuration import Configuration

            Configuration(self.env).sweep()
        for api in self._apis.values():
            api.note_use()
            open_request = api.open_request
            if open_request is None or api.failure is not None:
                continue
            if api.is_due and not (
                open_request.offline
                or open_request.refresh
                or open_request.pin
                or open_request.mode in {BLOCKING, NEVER}
            ):
                from dynacli.commands.background_refresh import begin_refresh

                begin_refresh(api, self.env, self.profile)
            if self.env.stderr_is_terminal and self.error_format == "text" and api.has_news:
                from dynacli.commands.freshness_notes import tell_news

                tell_news(api, self.note)

    def warn(self, text: str, **details: Any) -> None:
        """Write a warning to standard error.

        Args:
            details: Further fields of the JSON form, for programs.
        """
        from dynacli.output.error_messages import write_warning

        write_warning(self.env, text, self.error_format, details)

    def note(self, text: str) -> None:
        """Write a line to standard error that nobody has to do anything about."""
        if self.error_format == "json":
            self.warn(text)
            return
        from dynacli.output.error_messages import write_note

        write_note(self.env, text)

    def close(self) -> None:
        """Close what was opened."""
        for api in (*self._apis.values(), *self._replaced):
            api.catalog.close()
        self._apis.clear()
        self._replaced.clear()


def _place(word: str) -> str:
    """Return the origin or directory in a word; empty where it is none, which is said when the option is parsed."""
    from dynacli.commands.reference_places import parse_place

    try:
        return parse_place(word)
    except UsageError:
        return ""
