"""One run of the program: its surroundings, its options, and the APIs that it has opened."""

from collections.abc import Mapping
from typing import Any

from dynacli.commands.read_options import Options
from dynacli.environment import Environment
from dynacli.errors import DynacliError
from dynacli.library.open_by_name import open_api
from dynacli.library.opened_api import OpenedApi

__all__ = ["Run"]

_SECONDS = 20.0
"""How long a person who mistyped a name waits at most for a document that may have it."""


class Run:
    """One run of the program.

    Attributes:
        env: Streams, variables, directories.
        options: The standard options that click has read so far.
        ahead: The options among the words that click has not read yet; None where it has read all of them.
    """

    def __init__(self, env: Environment) -> None:
        self.env = env
        self.options = Options()
        self.ahead: Options | None = None
        self._apis: dict[str, OpenedApi] = {}
        self._replaced: list[OpenedApi] = []

    @property
    def known(self) -> Options:
        """All options as far as they are known."""
        return self.options if self.ahead is None else self.options.followed_by(self.ahead)

    @property
    def error_format(self) -> str:
        """`text` or `json`."""
        return self.known.error_format or self.env.variables.get("DYNACLI_ERROR_FORMAT") or "text"

    def api(self, word: str) -> OpenedApi:
        """Return the API that a word names, opened once a run."""
        if word not in self._apis:
            known = self.known
            api = open_api(
                word,
                self.env,
                refresh=known.refresh,
                offline=known.offline,
                allow_refs=known.allow_ref,
                authorize=lambda challenge: self._log_in(word, challenge),
            )
            self._apis[word] = api
            self._tell(api)
        return self._apis[word]

    def _log_in(self, word: str, challenge: str) -> Mapping[str, str]:
        from dynacli.client.document_login import login_of

        return login_of(self.env, word, profile=self.known.profile or None)(challenge)

    def _tell(self, api: OpenedApi) -> None:
        """Warn of what a person should know of a document before its operations are used."""
        if api.needs_freshness_notes:
            from dynacli.commands.freshness_notes import freshness_notes

            for note in freshness_notes(api):
                self.warn(note)
        for note in api.notes:
            self.warn(note)

    def asked_again(self, api: OpenedApi) -> OpenedApi | None:
        """Return an API whose document was fetched again because it lacks something; None if that changes nothing."""
        from dynacli.library.revisions.pending_document import last_failure

        if self.known.offline or not api.may_be_outdated:
            return None
        failure = last_failure(api.revisions)
        word = next(word for word, opened in self._apis.items() if opened is api)
        try:
            again = open_api(
                word,
                self.env,
                refresh=True,
                allow_refs=self.known.allow_ref,
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
        for api in self._apis.values():
            api.note_use()
            if api.is_refresh_wanted:
                from dynacli.library.background_refresh import begin_refresh

                begin_refresh(api, self.env, self.known.profile)
            if api.failure is not None:
                continue
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
