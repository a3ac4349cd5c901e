"""The judge of the exchanges of an API that others made: its judges of operations are made when they are needed."""

from dynacli.auth.credentials import is_supported, kind_of
from dynacli.check._running.operation_judge import broken_off_verdict, judge_cut_answer
from dynacli.check.recordings._recorded_call import judged_answer, judged_request_of
from dynacli.client.call_settings import CallSettings
from dynacli.openapi.model.operation import Operation, SecurityScheme
from dynacli.registry.opened_api import OpenedApi
from dynacli.traffic.operation_finder import MatchedOperation
from dynacli.traffic.recorded_request import RecordedAnswer, RecordedExchange
from dynacli.validation.finding import Verdict
from dynacli.validation.judge_by_level import JudgeByLevel
from dynacli.validation.judged_messages import JudgedRequest

__all__ = ["ExchangeJudge"]


def _sent_credentials(request: JudgedRequest, operation: Operation) -> frozenset[str]:
    """Return the names of the operation's security schemes for which a request has a credential, right or wrong."""
    schemes = {scheme.name: scheme for alternative in operation.security for scheme in alternative}
    return frozenset(name for name, scheme in schemes.items() if _has_credential(request, scheme))


def _has_credential(request: JudgedRequest, scheme: SecurityScheme) -> bool:
    kind = kind_of(scheme)
    if kind == "mutualTLS" or not is_supported(scheme):
        return True  # a certificate is no part of the request, and nobody knows what an unknown scheme sends
    headers = {name.lower(): value for name, value in request.headers.items()}
    if kind != "apiKey":
        # Where two schemes are wanted together, each has a header of its own, and both are joined here.
        parts = (part.strip().partition(" ") for part in headers.get("authorization", "").split(","))
        return any(given.lower() == kind and credential.strip() for given, _, credential in parts)
    match scheme.location:
        case "header":
            return bool(headers.get(scheme.parameter.lower()))
        case "query":
            return any(name == scheme.parameter and value for name, value in request.query)
        case _:
            return any(name == scheme.parameter and value for name, value in request.cookies)


class ExchangeJudge:
    """Judges exchanges, of which one at a time.

    Args:
        settings: The level, and the findings that the configuration switches off.
    """

    def __init__(self, api: OpenedApi, settings: CallSettings) -> None:
        self._api, self._settings = api, settings
        self._judges: dict[str, JudgeByLevel] = {}

    def exchange(
        self, recorded: RecordedExchange, match: MatchedOperation, *, is_whole: bool = False
    ) -> Verdict:
        """Return the verdict on the request and on the answer, if there is one.

        Args:
            is_whole: The same as for `request`.
        """
        verdict = self.request(recorded, match, is_whole=is_whole)
        if recorded.answer is not None:
            verdict.join(self.answer(recorded.answer, match))
        if recorded.is_broken_off:
            on_end = broken_off_verdict(self._judge(match).responses_place)
            self._settings.set_apart(on_end, match.operation)
            verdict.join(on_end)
        return verdict

    def request(
        self, recorded: RecordedExchange, match: MatchedOperation, *, is_whole: bool = False
    ) -> Verdict:
        """Return the verdict on a request.

        Args:
            is_whole: Whether the request is there as it was sent, so that it is a finding if it lacks a credential;
                recordings leave credentials out.
        """
        sent = judged_request_of(recorded, match)
        if is_whole:
            credentials = _sent_credentials(sent, match.operation)
            # What has its credentials may be accepted without asking openapi-core.
            if not any(
                credentials.issuperset(scheme.name for scheme in each) for each in match.operation.security
            ):
                sent = sent._replace(credentials=credentials)
        verdict = self._judge(match).request(sent)
        self._settings.set_apart(verdict, match.operation)
        return verdict

    def answer(self, answer: RecordedAnswer, match: MatchedOperation) -> Verdict:
        """Return the verdict on an answer."""
        verdict = self._judge(match).response(judged_answer(answer))
        if answer.body is not None and answer.loss:
            judge_cut_answer(verdict, answer.loss, has_body=bool(answer.body))
        self._settings.set_apart(verdict, match.operation, answer.status)
        return verdict

    def _judge(self, match: MatchedOperation) -> JudgeByLevel:
        operation = match.operation
        if operation.name not in self._judges:
            is_exact = self._settings.level == "exact"
            # What is plainly right is accepted at `strict`, too, with the same verdict: a recording may have a million
            # exchanges, and openapi-core takes milliseconds for each.
            self._judges[operation.name] = JudgeByLevel(
                self._api.catalog, operation, may_accept=not is_exact, is_exact=is_exact
            )
        return self._judges[operation.name]
