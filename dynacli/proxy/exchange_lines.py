"""What became of an exchange that passed, as a line for a person and as an object for a program."""

from typing import Any

from dynacli.check.recordings.judge_recording import JudgedExchange
from dynacli.check.recordings.told_exchange import ToldExchange
from dynacli.library.opened_api import OpenedApi
from dynacli.proxy.passed_exchange import PassedExchange
from dynacli.text.terminal import Painter
from dynacli.traffic.recorded_request import RecordedExchange

__all__ = ["ToldPassage"]


class ToldPassage(ToldExchange):
    """An exchange that passed as it is told: with why it was refused, or what broke it off.

    Args:
        judged: None where it belongs to no operation; without a verdict where it was not looked at.
    """

    def __init__(
        self,
        api: OpenedApi,
        passed: PassedExchange,
        recorded: RecordedExchange,
        judged: JudgedExchange | None,
    ) -> None:
        match, verdict = (None, None) if judged is None else (judged.match, judged.verdict)
        sizes = passed.body.size, passed.answer_body.size
        super().__init__(api, recorded, match, verdict, passed.target, sizes)
        self._passed, self._judged = passed, judged

    def members(self) -> dict[str, Any]:
        """Return why it was refused, and what broke it off."""
        return {"refused": self._passed.refusal or None, "error": self._error() or None}

    def unchecked(self) -> list[str]:
        """Return the reasons why something was not judged, first why the whole was not."""
        reasons = [self._passed.skipped] if self._passed.skipped else []
        return list(dict.fromkeys([*reasons, *super().unchecked()]))

    def _error(self) -> str:
        passed = self._passed
        if passed.error or passed.is_complete or passed.refusal:
            return passed.error
        return f"{passed.ended_by or 'the server'} ended it early"

    def outcome(self, paint: Painter) -> str:
        """Return what is to be said of it, in a few words."""
        passed, count = self._passed, len(self.verdict.findings)
        words = []
        if passed.refusal:
            words.append(paint.yellow(f"refused: {self.shown(passed.refusal)}"))
        elif error := self._error():
            words.append(paint.yellow(self.shown(error)))
        if count:
            words.append(paint.red(f"{count:,} findings" if count > 1 else "1 finding"))
        unchecked = self.unchecked()
        if unchecked:
            more = f", and {len(unchecked) - 1} more" if len(unchecked) > 1 else ""
            words.append(f"not all judged: {self.shown(unchecked[0])}{more}")
        if not words and self.has_verdict:
            is_judged = self._judged is not None and self._judged.is_judged
            words.append(paint.green("ok") if is_judged else "not judged: the status is not documented")
        return ", ".join(words)
