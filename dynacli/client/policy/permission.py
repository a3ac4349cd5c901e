"""Whether a call may be made: decided by the policy, and if it is to be confirmed by the person, before it is built.

Without a policy, a person on a terminal is asked about each DELETE; if there is no terminal it is sent, so that
scripts work, and if there is one and no one may be asked, it wants `--yes`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, NamedTuple

from dynacli.client.described_operation import DescribedOperation
from dynacli.client.policy.policy_rules import (
    ALLOWED,
    CONFIRMED,
    DENIED,
    LISTED_METHODS,
    READ_ONLY,
    READS,
    Decision,
    decide,
    only_reads,
)
from dynacli.client.readings import asked_by_headers
from dynacli.environment import Consent, invocation
from dynacli.errors import RefusedError
from dynacli.http.semantics import SAFE_METHODS
from dynacli.openapi.model.acting_names import acting_word

if TYPE_CHECKING:
    from dynacli.client.policy.policy_rules import Policy
    from dynacli.client.readings import Sent

_DESTROYING = "DELETE"
_NOTHING: Mapping[str, str] = {}


class Bounds(NamedTuple):
    """What decides whether a call may be made.

    Args:
        policy: What may be called; None if the configuration does not say.
        headers: (name, value) of headers that are sent with each call, which may ask for another method.
        consent: Whether a person agrees to calls that are to be confirmed.
        reads_only_by: What lets only operations be called that change nothing, as messages name it; empty if
            nothing does.
    """

    policy: Policy | None
    headers: tuple[tuple[str, str], ...]
    consent: Consent
    reads_only_by: str


def decision_on(
    described: DescribedOperation,
    bounds: Bounds,
    asked: Mapping[str, str] = _NOTHING,
    sent: Sent | None = None,
) -> Decision:
    """Return what the policy says of an operation.

    Args:
        asked: Method that the request asks for besides its own → by what.
        sent: What else the request says; None before it is built.
    """
    if bounds.policy is None:
        return Decision(ALLOWED)
    return decide(
        bounds.policy,
        described.api.catalog,
        described.operation,
        methods={**asked_by_headers(bounds.headers), **asked},
        is_documented=described.is_documented,
        sent=sent,
    )


def denial(described: DescribedOperation, bounds: Bounds) -> RefusedError | None:
    """Return why the policy never lets an operation be called; None if it does."""
    decision = decision_on(described, bounds)
    return _refused(described, decision) if decision.effect == DENIED else None


def is_asked_about(described: DescribedOperation, bounds: Bounds) -> bool:
    """Return whether a person on a terminal is asked before an operation is called, unless `--yes` was given."""
    decision = decision_on(described, bounds)
    return decision.effect == CONFIRMED or (decision.effect == ALLOWED and _is_delicate(described, decision))


def permit(
    described: DescribedOperation,
    bounds: Bounds,
    asked: Mapping[str, str] = _NOTHING,
    sent: Sent | None = None,
) -> None:
    """Let an operation be called if the policy does, and the person if one is to be asked.

    Args:
        asked: Method that the request asks for besides its own → by what.
        sent: What else the request says; None before it is built.

    Raises:
        RefusedError: It is not called: it may change something if nothing is to be, the policy denies it, or
            no one agreed.
    """
    if bounds.reads_only_by:
        check_that_it_reads(described, bounds, asked, sent)
    obey(decision_on(described, bounds, asked, sent), described, bounds.consent, asked)


def obey(
    decision: Decision,
    described: DescribedOperation,
    consent: Consent,
    asked: Mapping[str, str] = _NOTHING,
) -> None:
    """Let an operation be called if a decision does, and the person if one is to be asked.

    Raises:
        RefusedError: It is denied, or no one agreed.
    """
    if decision.effect == DENIED:
        raise _refused(described, decision)
    # Whoever agrees to a call has not agreed to one of the same operation by another method.
    name = " as ".join((described.operation.name, *asked))
    if consent.is_given or name in consent.agreed:
        return
    is_confirmed = decision.effect == CONFIRMED
    if not is_confirmed and not _is_delicate(described, decision, asked):
        return
    if consent.ask is None and not is_confirmed and not consent.is_required:
        return
    if consent.ask is not None and consent.waiting is not None:
        consent.waiting.append(lambda consent: obey(decision, described, consent, asked))
        return
    if consent.ask is None or not consent.ask(_question(described, decision)):
        raise _unconfirmed(described, consent, decision, was_asked=consent.ask is not None)
    consent.agreed.add(name)


def check_that_it_reads(
    described: DescribedOperation,
    bounds: Bounds,
    asked: Mapping[str, str] = _NOTHING,
    sent: Sent | None = None,
) -> None:
    """Refuse an operation that may change something, and a request that may ask for such a method.

    Args:
        asked: Method that the request asks for besides its own → by what.
        sent: What else the request says; None before it is built.

    Raises:
        RefusedError: It may change something.
    """
    operation = described.operation
    further = {**asked_by_headers(bounds.headers), **asked}
    for method, source in further.items():
        if method not in SAFE_METHODS:
            raise _changing(described, method, bounds, f"{source[:1].upper()}{source[1:]} asks for")
    is_reading = only_reads(
        bounds.policy, described.api.catalog, operation, is_documented=described.is_documented, sent=sent
    )
    if not is_reading:
        raise _changing(described, operation.method, bounds, "Its method is", acting_word(operation))


def _changing(
    described: DescribedOperation, method: str, bounds: Bounds, begin: str, word: str = ""
) -> RefusedError:
    """Return the error for an operation that may change something, if only those are called that read.

    Args:
        method: Its own, or the one that the request asks for in its place.
        begin: The sentence before the method.
        word: The word that says that a GET changes something.
    """
    reason = f"{begin} {method}, which may change something"
    if method in SAFE_METHODS:
        cause = f"`{word}` says" if word else "the document has an operation at this path whose name says"
        reason = f"{begin} {method}, but {cause} that it may change something"
    name = described.operation.name
    hint = bounds.consent.hint_on_reading.format(line=invocation(api=described.api.name), operation=name)
    return RefusedError(
        f"`{name}` is not called by {bounds.reads_only_by}",
        reason=reason,
        hint=". ".join(filter(None, (hint, _hint_on_reads(described, bounds.policy)))),
    )


def _hint_on_reads(described: DescribedOperation, policy: Policy | None) -> str:
    """Return how a person says that an operation only reads; empty if no one can, or a person has said so."""
    from shlex import quote

    from dynacli.registry.configuration import Configuration

    api, operation = described.api, described.operation
    is_own = api.name in Configuration(api.open_request.env).own_apis()
    is_said = only_reads(policy, api.catalog, operation)
    if operation.method.upper() not in LISTED_METHODS or not described.is_documented or not is_own or is_said:
        return ""
    # `api set` writes a whole list.
    tables = policy.tables if policy is not None else ()
    before = [word for rules in tables if rules.place == f"apis.{api.name}.policy" for word in rules.reads]
    line = invocation("api set", api.name)
    setting = quote(f"policy.{READS}={','.join(dict.fromkeys((*before, operation.name)))}")
    return f"If it changes nothing, a person can say so on a terminal: `{line} {setting}`"


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
    from dynacli.registry.configuration import Configuration

    operation = described.operation
    file = Configuration(described.api.open_request.env).file_name_of(decision.path[1])
    hint = f"Only a person can change a policy, in `{file}`; `{_explaining(described)}` shows it"
    if decision.key == READ_ONLY and operation.method in LISTED_METHODS:
        hint += f". `{READS}` lists operations that change nothing: `{invocation('help policy')}`"
    return RefusedError(
        f"`{operation.name}` is not called: the policy denies it",
        reason=decision.reason,
        hint=hint,
        policy=_policy_json(decision),
    )


def _unconfirmed(
    described: DescribedOperation, consent: Consent, decision: Decision, *, was_asked: bool
) -> RefusedError:
    operation = described.operation
    if was_asked:
        return RefusedError.declined("Nothing was sent")
    reason = decision.reason if decision.place else f"Its method is {_DESTROYING}, which removes something"
    return RefusedError(
        f"`{operation.name}` needs confirmation, and there is no terminal to ask on",
        reason=reason,
        hint=consent.hint,
        policy=_policy_json(decision._replace(effect=CONFIRMED)),  # a DELETE needs it without a rule, too
    )


def _explaining(described: DescribedOperation) -> str:
    from shlex import quote

    name = described.operation.name
    words = [quote(name)] if described.is_documented else name.split(" ", 1)
    return " ".join([invocation("policy explain", described.api.name), *words])


def _policy_json(decision: Decision) -> dict[str, str | None]:
    """Return a decision as data."""
    return {
        "decision": decision.effect,
        "table": decision.place or None,
        "list": decision.key or None,
        "entry": decision.word or None,
    }
