"""A probe is prepared, sent, and judged by whether the server refuses it."""

import re
from collections.abc import Sequence
from dataclasses import replace

from dynacli.check._running.operation_judge import OperationJudge
from dynacli.check._running.prepare_call import call_values
from dynacli.check.check_records import Exchange, PlannedCall
from dynacli.check.planning.plan_probes import documented_methods, invalid_calls
from dynacli.client.call import Call
from dynacli.client.call_judge import judged_request
from dynacli.client.call_settings import CallSettings
from dynacli.client.described_operation import DescribedOperation
from dynacli.client.engine.call_engine import Engine
from dynacli.client.policy.permission import denial
from dynacli.client.sign_request import SECRET_HEADERS
from dynacli.errors import DynacliError
from dynacli.http.exchange import Answer
from dynacli.openapi.model.operation import OperationSummary
from dynacli.validation.finding import Finding, Verdict

__all__ = ["judge_probe", "prepare_probe"]

_METHODS = ("TRACE", "OPTIONS")
_HARMLESS = frozenset({"HEAD", "OPTIONS", "TRACE", "CONNECT"})
"""Methods that servers have of themselves."""
_NOT_ALLOWED = 405


def prepare_probe(
    engine: Engine,
    described: DescribedOperation,
    planned: PlannedCall,
    judge: OperationJudge,
    operations: Sequence[OperationSummary],
) -> tuple[PlannedCall, Call, Finding | None] | None:
    """Return a probe that can be sent, with what is wrong with its request; None where there is none.

    Args:
        operations: All operations of the document.
    """
    try:
        if planned.probe == "request":
            return _invalid_call(engine, described, planned, judge)
        method = ""
        if planned.probe == "method":
            documented = {each.method for each in operations if each.path == described.operation.path}
            method = next((each for each in _METHODS if each not in documented), "")
            other = DescribedOperation(described.api, replace(described.operation, method=method))
            if not method or denial(other, engine.settings.bounds) is not None:
                return None
        return planned, _unsigned_call(engine, described, planned, method), None
    except DynacliError:
        return None  # what cannot be built is not asked for


def _unsigned_call(engine: Engine, described: DescribedOperation, planned: PlannedCall, method: str) -> Call:
    """Return a call without credentials.

    Args:
        method: The method in the place of the operation's; empty for that itself.
    """
    settings = engine.settings
    keys = {name.lower() for _, name in described.operation.api_keys}
    headers = [pair for pair in settings.headers if pair[0].lower() not in SECRET_HEADERS | keys]
    settings = replace(settings, headers=tuple(headers), level="off", retries=0)
    call = engine.prepare(described, call_values(described, planned, ""), settings, is_signed=False)
    if method:
        request, shown = (each._replace(method=method) for each in call.signed[:2])
        call.signed = call.signed._replace(request=request, shown=shown)
    return call


def _invalid_call(
    engine: Engine, described: DescribedOperation, planned: PlannedCall, judge: OperationJudge
) -> tuple[PlannedCall, Call, Finding] | None:
    """Return the first call of those that may be wrong whose request the document does not allow."""
    settings = replace(engine.settings, level="off")
    for wrong in invalid_calls(described.operation, planned):
        try:
            values = call_values(described, wrong, "")
            call = engine.prepare(described, values, settings, is_signed=False)
            verdict = judge.request(judged_request(call.request, values))
        except DynacliError:
            continue  # a value that cannot even be written
        if verdict.findings:
            call.sign()
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
