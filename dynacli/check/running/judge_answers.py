"""What a check says of one operation's answers: the judge's verdict, strict about statuses, fair to made-up values."""

from typing import Any

from dynacli.check.check_records import Planned
from dynacli.check.planning.linked_values import documented_answer
from dynacli.client.call_settings import CallSettings
from dynacli.library.opened_api import OpenedApi
from dynacli.model.operation import Operation
from dynacli.transport.send import Answer
from dynacli.validation.findings.finding import Verdict
from dynacli.validation.judge import Judge, JudgedResponse

__all__ = ["GONE", "UNSIGNED", "Judgement"]

GONE = frozenset({404, 410})
"""Statuses by which a server says that it has nothing of that name."""
UNSIGNED = frozenset({401, 403})
"""Statuses by which a server asks for another credential."""
_TOO_MANY = 429
_REAL = frozenset({"set", "link", "answer"})


class Judgement:
    """Judges the calls of one operation.

    Args:
        settings: The level, and the findings that the configuration switches off.
    """

    def __init__(self, api: OpenedApi, operation: Operation, settings: CallSettings) -> None:
        self._operation, self._settings = operation, settings
        self._judge = Judge(api.catalog, operation)
        self._documented = [one.status for one in operation.responses]

    def request(self, sent: Any) -> Verdict:
        """Return what in a request the document does not allow."""
        verdict = self._judge.request(sent)
        self._settings.set_apart(verdict, self._operation)
        return verdict

    def response(self, planned: Planned, answer: Answer, *, cut: str = "") -> Verdict | None:
        """Return what in an answer breaks the document; None where nothing is judged.

        Args:
            cut: Why the body is only a beginning; empty where it is all of it.

        OpenAPI asks documents "to cover a successful operation response and any known errors" (3.1.1, "Responses
        Object"). A check is there to get errors known, so any status that is not documented is a finding,
        but for those that the check itself brings about.
        """
        if self._settings.level == "off":
            return None
        is_documented = bool(documented_answer(answer.status, self._documented))
        excuse = "" if is_documented else self._excuse(planned, answer.status)
        answered = JudgedResponse(
            answer.status,
            answer.headers,
            answer.header("content-type"),
            answer.body,
            tuple(status for status, _ in answer.hops),
        )
        # Of a status that is not documented nothing else can be judged, whatever the level.
        is_exact = self._settings.level == "exact" or not (is_documented or excuse)
        verdict = self._judge.response(answered, is_exact=is_exact)
        if cut:
            if not answer.body:  # a stream may have nothing to say for a while
                verdict.findings[:] = [one for one in verdict.findings if one.rule != "missing-body"]
            verdict.unchecked.append(cut)
        if excuse:
            verdict.findings[:] = [one for one in verdict.findings if one.rule != "undocumented-status"]
            verdict.unchecked[:] = [f"the status {answer.status} is not documented, and {excuse}"]
        self._settings.set_apart(verdict, self._operation, answer.status)
        return verdict

    def says_something(self, answer: Answer) -> bool:
        """Return whether the document has anything to judge an answer by; what a redirect leads to is not described."""
        last = documented_answer(answer.status, self._documented)
        if not answer.hops or last not in {"", "default"}:
            return bool(last)
        first = documented_answer(answer.hops[0][0], self._documented)
        return bool(last) and first in {"", "default"}

    def _excuse(self, planned: Planned, status: int) -> str:
        """Return why a status says nothing of the document; empty where it does."""
        if status in GONE and any(one.origin not in _REAL for one in planned.values):
            return "may only say that there is nothing of the value that was made up for the call"
        if status in UNSIGNED and self._operation.security:
            return "only says something of the credential"
        return "only says that the check was too fast" if status == _TOO_MANY else ""
