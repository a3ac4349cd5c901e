"""A probe is prepared, sent, and judged by whether the server refuses it."""

import re
from collections.abc import Sequence
from dataclasses import replace

from dynacli.check.check_records import Exchange, PlannedCall
from dynacli.check.planning.plan_probes import documented_methods, invalid_calls
from dynacli.check.running.operation_judge import OperationJudge
from dynacli.check.running.prepare_call import call_values
from dynacli.client.call import Call, request_of
from dynacli.client.call_settings import CallSettings
from dynacli.client.described_operation import DescribedOperation
from dynacli.client.inputs.call_inputs import CallValues
from dynacli.client.policy.permission import denial
from dynacli.client.sign_request import SECRET_HEADERS, Signed, unsigned
from dynacli.client.validate_call import judged_request
from dynacli.environment import Environment
from dynacli.errors import DynacliError
from dynacli.http.send import Answer, Budget, Receive, Retries, send
from dynacli.model.operation import OperationSummary
from dynacli.validation.findings.finding import Finding, Verdict

__all__ = ["UnsignedCall", "judge_probe", "prepare_probe"]

_METHODS = ("TRACE", "OPTIONS")
_HARMLESS = frozenset({"HEAD", "OPTIONS", "TRACE", "CONNECT"})
"""Methods that servers have of themselves."""
_NOT_ALLOWED = 405


class UnsignedCall:
    """A call that is sent as it is, without credentials.

    Attributes:
        signed: The request.
        values: What it was built of.
    """

    def __init__(self, signed: Signed, values: CallValues, settings: CallSettings) -> None:
        self.signed, self.values, self._settings = signed, values, settings

    def send(self, receive: Receive) -> Answer:
        """Send the request and return the answer.

        Raises:
            DynacliError: No answer comes.
        """
        budget, retries = Budget(self._settings.timeout), Retries(rate=self._settings.rate)
        return send(self.signed.request, budget, lambda: None, receive, retries=retries, tls=self.signed.tls)


def prepare_probe(
    env: Environment,
    described: DescribedOperation,
    planned: PlannedCall,
    settings: CallSettings,
    judge: OperationJudge,
    operations: Sequence[OperationSummary],
) -> tuple[PlannedCall, Call | UnsignedCall, Finding | None] | None:
    """Return a probe that can be sent, with what is wrong with its request; None where there is none.

    Args:
        operations: All operations of the document.
    """
    try:
        if planned.probe == "request":
            return _invalid_call(env, described, planned, settings, judge)
        call = _unsigned_call(env, described, planned, settings)
    except DynacliError:
        return None  # what cannot be built is not asked for
    if planned.probe == "method":
        documented = {each.method for each in operations if each.path == described.operation.path}
        method = next((each for each in _METHODS if each not in documented), None)
        if method is None:
            return None
        other = replace(described.operation, method=method)
        if denial(DescribedOperation(described.api, other), settings) is not None:
            return None
        request, shown = (each._replace(method=method) for each in call.signed[:2])
        call.signed = call.signed._replace(request=request, shown=shown)
    return planned, call, None


def _unsigned_call(
    env: Environment, described: DescribedOperation, planned: PlannedCall, settings: CallSettings
) -> UnsignedCall:
    operation = described.operation
    keys = {name.lower() for _, name in operation.api_keys}
    headers = [pair for pair in settings.headers if pair[0].lower() not in SECRET_HEADERS | keys]
    settings = replace(settings, headers=tuple(headers))
    values = call_values(described, planned, "")
    request = request_of(described, settings, values)
    return UnsignedCall(unsigned(operation, request, settings, env), values, settings)


def _invalid_call(
    env: Environment,
    described: DescribedOperation,
    planned: PlannedCall,
    settings: CallSettings,
    judge: OperationJudge,
) -> tuple[PlannedCall, Call, Finding] | None:
    """Return the first call of those that may be wrong whose request the document does not allow."""
    for wrong in invalid_calls(described.operation, planned):
        try:
            values = call_values(described, wrong, "")
            verdict = judge.request(judged_request(request_of(described, settings, values), values))
        except DynacliError:
            continue  # a value that cannot even be written
        if verdict.findings:
            call = Call(env, described, values, replace(settings, level="off"))
            return wrong, call, verdict.findings[0]
    return None


def judge_probe(
    exchange: Exchange,
    described: DescribedOperation,
    settings: CallSettings,
    judge: OperationJudge,
    operations: Sequence[OperationSummary],
    wrong: Finding | None,
) -> Exchange:
    """Return a probe with its verdict: findings where the server does what it ought to refuse.

    Args:
        operations: All operations of the document.
        wrong: What is wrong with the request.
    """
    answer, verdict = exchange.answer, Verdict()
    if answer is not None:
        if exchange.planned.probe == "method":
            verdict.extend(_method_findings(exchange, answer, described, judge, operations))
        elif exchange.is_success and wrong is not None:
            message = f"the answer is {answer.status}, although {wrong.message}"
            verdict.extend([replace(wrong, rule="accepted-invalid-request", message=message)])
        elif exchange.is_success:
            message = f"the answer is {answer.status} without the credential that the document asks for"
            place = judge.responses_place
            verdict.extend(
                [Finding("response", "ignored-security", "status", message, None, answer.status, *place)]
            )
        settings.set_apart(verdict, described.operation, answer.status)
    return replace(exchange, verdict=verdict)


def _method_findings(
    exchange: Exchange,
    answer: Answer,
    described: DescribedOperation,
    judge: OperationJudge,
    operations: Sequence[OperationSummary],
) -> list[Finding]:
    method, place = exchange.request.method, judge.responses_place
    documented = documented_methods(exchange, described.operation.path, operations)
    listed = ", ".join(f"`{each}`" for each in sorted(documented))
    if exchange.is_success and method not in {"OPTIONS", *documented}:
        message = (
            f"`{method}` is answered with {answer.status}, and the document has only {listed} for this path"
        )
        return [Finding("response", "undocumented-method", "status", message, None, answer.status, *place)]
    allowed = re.findall(r"[A-Z]+", answer.header("allow").upper())
    if answer.status == _NOT_ALLOWED and not allowed:
        message = "405 comes without `Allow`, which says what is allowed (RFC 9110, section 15.5.6)"
        return [Finding("response", "missing-allow", "header/Allow", message, None, None, *place)]
    if answer.status != _NOT_ALLOWED and not (exchange.is_success and method == "OPTIONS"):
        return []
    more = [each for each in dict.fromkeys(allowed) if each not in documented | _HARMLESS]
    if not more:
        return []
    named = ", ".join(f"`{each}`" for each in more)
    message = f"`Allow` names {named}, and the document has only {listed} for this path"
    return [
        Finding("response", "undocumented-method", "header/Allow", message, None, ", ".join(more), *place)
    ]
