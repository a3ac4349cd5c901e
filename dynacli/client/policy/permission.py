"""Whether a call may be made: decided by the policy, and where it is to be confirmed by the person, before it is built.

Without a policy, a person on a terminal is asked about each DELETE; where there is no terminal it is sent, so that
scripts work, and where there is one and nobody may be asked, it wants `--yes`.
"""

from collections.abc import Mapping
from typing import TYPE_CHECKING

from dynacli.client.described_operation import DescribedOperation
from dynacli.client.policy.method_overrides import asked_by_headers
from dynacli.client.policy.policy_rules import ALLOWED, CONFIRMED, DENIED, Decision, decide
from dynacli.environment import invocation
from dynacli.errors import RefusedError
from dynacli.methods import SAFE_METHODS

if TYPE_CHECKING:
    from dynacli.client.call_settings import CallSettings, Consent
    from dynacli.client.policy.path_readings import Sent
    from dynacli.http.built_request import Request

__all__ = ["changing", "decision_on", "denial", "is_asked_about", "obey", "permit", "permit_in_doubt"]

_DESTROYING = "DELETE"
_NOTHING: Mapping[str, str] = {}


def decision_on(
    described: DescribedOperation,
    settings: "CallSettings",
    asked: Mapping[str, str] = _NOTHING,
    sent: "Sent | None" = None,
) -> Decision:
    """Return what the policy says of an operation.

    Args:
        asked: Method that the request asks for besides its own → by what.
        sent: What else the request says; None before it is built.
    """
    if settings.policy is None:
        return Decision(ALLOWED)
    return decide(
        settings.policy,
        described.api.catalog,
        described.operation,
        methods={**asked_by_headers(settings.headers), **asked},
        is_documented=described.is_documented,
        sent=sent,
    )


def denial(described: DescribedOperation, settings: "CallSettings") -> RefusedError | None:
    """Return why the policy never lets an operation be called; None where it does."""
    decision = decision_on(described, settings)
    return _refused(described, decision) if decision.verdict == DENIED else None


def is_asked_about(described: DescribedOperation, settings: "CallSettings") -> bool:
    """Return whether a person on a terminal is asked before an operation is called, unless `--yes` was given."""
    decision = decision_on(described, settings)
    return decision.verdict == CONFIRMED or (
        decision.verdict == ALLOWED and _is_delicate(described, decision)
    )


def permit(
    described: DescribedOperation,
    settings: "CallSettings",
    asked: Mapping[str, str] = _NOTHING,
    sent: "Sent | None" = None,
) -> None:
    """Let an operation be called where the policy does, and the person where one is to be asked.

    Args:
        asked: Method that the request asks for besides its own → by what.
        sent: What else the request says; None before it is built.

    Raises:
        RefusedError: It is not called: it may change something where nothing is to be, the policy denies it, or
            nobody agreed.
    """
    if settings.reads_only_by:
        _check_that_it_reads(described, settings, asked)
    obey(decision_on(described, settings, asked, sent), described, settings, asked)


def permit_in_doubt(
    described: DescribedOperation,
    settings: "CallSettings",
    request: "Request",
    methods: Mapping[str, str],
    sent: "Sent",
) -> None:
    """Let a request be sent that may ask for any method: only if no policy is about one of them.

    Args:
        methods: Method → why the request may ask for it.

    Raises:
        RefusedError: A policy is, or only operations are called that read.
    """
    if settings.reads_only_by:
        _check_that_it_reads(described, settings, methods)
    decisions = [decision_on(described, settings, methods, sent)]
    if settings.others is not None:
        decisions.append(settings.others.decision(request.method, request.url, methods, sent.values))
    for decision in decisions:
        if decision.verdict != ALLOWED:
            obey(decision, described, settings, methods)


def obey(
    decision: Decision,
    described: DescribedOperation,
    settings: "CallSettings",
    asked: Mapping[str, str] = _NOTHING,
) -> None:
    """Let an operation be called where a decision does, and the person where one is to be asked.

    Raises:
        RefusedError: It is denied, or nobody agreed.
    """
    consent = settings.consent
    if decision.verdict == DENIED:
        raise _refused(described, decision)
    # Whoever agrees to a call has not agreed to one of the same operation by another method.
    name = " as ".join((described.operation.name, *asked))
    if consent.is_given or name in consent.agreed:
        return
    is_confirmed = decision.verdict == CONFIRMED
    if not is_confirmed and not _is_delicate(described, decision, asked):
        return
    if consent.ask is None and not is_confirmed and not consent.is_required:
        return
    if consent.ask is not None and consent.waiting is not None:
        consent.waiting.append(lambda settings: obey(decision, described, settings, asked))
        return
    if consent.ask is None or not consent.ask(_question(described, decision)):
        raise _unconfirmed(described, settings, decision, was_asked=consent.ask is not None)
    consent.agreed.add(name)


def _check_that_it_reads(
    described: DescribedOperation, settings: "CallSettings", asked: Mapping[str, str]
) -> None:
    methods = {described.operation.method: "", **asked_by_headers(settings.headers), **asked}
    for method, source in methods.items():
        if method not in SAFE_METHODS:
            raise changing(described, method, settings.reads_only_by, settings.consent, source)


def changing(
    described: DescribedOperation, method: str, by: str, consent: "Consent", source: str = ""
) -> RefusedError:
    """Return the error for an operation that may change something, where only those are called that read.

    Args:
        method: Its own, or the one that the request asks for in its place.
        by: What lets only operations be called that read, as messages name it.
        source: By what the request asks for it; empty where it is its own.
    """
    name = described.operation.name
    begin = f"{source[:1].upper()}{source[1:]} asks for" if source else "Its method is"
    return RefusedError(
        f"`{name}` is not called by {by}",
        why=f"{begin} {method}, which may change something",
        hint=consent.hint_on_reading.format(line=invocation(api=described.api.name), operation=name),
    )


def _is_delicate(
    described: DescribedOperation, decision: Decision, asked: Mapping[str, str] = _NOTHING
) -> bool:
    """Return whether an operation removes something, and no list of a policy allows it by name."""
    return _DESTROYING in (described.operation.method, *asked) and not decision.place


def _question(described: DescribedOperation, decision: Decision) -> str:
    wish = f" ({decision.reason})" if decision.place else ""
    return f"Call {_title(described)}?{wish}"


def _title(described: DescribedOperation) -> str:
    operation = described.operation
    place = f"{operation.method} {operation.path}"
    name = f"`{operation.name}`" if operation.name == place else f"`{operation.name}` ({place})"
    return f"{name} of `{described.api.name}`"


def _refused(described: DescribedOperation, decision: Decision) -> RefusedError:
    operation = described.operation
    return RefusedError(
        f"`{operation.name}` is not called: the policy denies it",
        why=decision.reason,
        hint=f"Only a person changes a policy, in `config.toml`; `{_explaining(described)}` says what holds",
        policy=policy_json(decision),
    )


def _unconfirmed(
    described: DescribedOperation, settings: "CallSettings", decision: Decision, *, was_asked: bool
) -> RefusedError:
    operation = described.operation
    if was_asked:
        return RefusedError("Nothing was sent", why=f"Nobody agreed to call `{operation.name}`")
    why = decision.reason if decision.place else f"Its method is {_DESTROYING}, which removes something"
    return RefusedError(
        f"`{operation.name}` is to be confirmed, and nobody can be asked",
        why=why,
        hint=settings.consent.hint,
        policy=policy_json(decision),
    )


def _explaining(described: DescribedOperation) -> str:
    from shlex import quote

    name = described.operation.name
    words = [quote(name)] if described.is_documented else name.split(" ", 1)
    return " ".join([invocation("policy explain", described.api.name), *words])


def policy_json(decision: Decision) -> dict[str, str | None]:
    """Return a decision as data."""
    return {
        "decision": decision.verdict,
        "table": decision.place or None,
        "list": decision.key or None,
        "entry": decision.word or None,
    }
